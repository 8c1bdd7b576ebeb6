//! Changes to the input whose effect on the answer is known.

use crate::tables::{Answer, rfm};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Row {
    customer: u32,
    day: u32,
    hour: u32,
    cents: i64,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (0u32..25, 1u32..28, 0u32..24, -2000i64..20_000)
        .prop_map(|(customer, day, hour, cents)| Row { customer, day, hour, cents });
    proptest::collection::vec(row, 1..150)
        .prop_filter("somebody bought", |rows| rows.iter().any(|row| row.cents >= 0))
}

fn text(rows: &[Row], name: impl Fn(u32) -> String, factor: i64) -> String {
    let mut csv = "customer,time,amount\n".to_owned();
    for Row { customer, day, hour, cents } in rows {
        let cents = cents * factor;
        let (sign, cents) = (if cents < 0 { "-" } else { "" }, cents.abs());
        csv += &format!(
            "{},2025-05-{day:02} {hour:02}:15,{sign}{}.{:02}\n",
            name(*customer),
            cents / 100,
            cents % 100
        );
    }
    csv
}

fn plain(customer: u32) -> String {
    format!("c{customer:02}")
}

/// Scores and group of each customer, by id.
fn scores(answer: &Answer) -> Vec<(String, [u64; 4])> {
    let columns = ["r", "f", "m", "group"].map(|name| answer.numbers(name));
    let mut rows: Vec<(String, [u64; 4])> = answer
        .customers()
        .into_iter()
        .enumerate()
        .map(|(row, id)| (id, [0, 1, 2, 3].map(|at| columns[at][row] as u64)))
        .collect();
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_rows_does_not_matter(rows in rows(), shift in 0usize..150) {
        let mut turned = rows.clone();
        turned.rotate_left(shift % rows.len());
        turned.reverse();
        let before = rfm(&text(&rows, plain, 1), "");
        let after = rfm(&text(&turned, plain, 1), "");
        prop_assert_eq!(before.by_customer(), after.by_customer());
        prop_assert_eq!(before.at("/result"), after.at("/result"));
    }

    #[test]
    fn the_names_of_customers_do_not_matter(rows in rows()) {
        let before = rfm(&text(&rows, plain, 1), "");
        let after = rfm(&text(&rows, |customer| format!("会员·{customer:02}·很长的编号"), 1), "");
        prop_assert_eq!(before.at("/result"), after.at("/result"));
        prop_assert_eq!(before.numbers("score"), after.numbers("score"));
    }

    #[test]
    fn the_unit_of_money_does_not_change_scores_or_groups(rows in rows()) {
        let before = rfm(&text(&rows, plain, 1), "");
        let after = rfm(&text(&rows, plain, 1000), "");
        prop_assert_eq!(scores(&before), scores(&after));
    }

    #[test]
    fn equal_customers_get_equal_scores_by_default(rows in rows()) {
        let twins: Vec<Row> = rows
            .iter()
            .flat_map(|row| [row.clone(), Row { customer: row.customer + 50, ..row.clone() }])
            .collect();
        let answer = rfm(&text(&twins, plain, 1), "");
        let by_id = scores(&answer);
        for (id, scores) in &by_id {
            let number: u32 = id[1..].parse().unwrap();
            if number < 50 {
                let twin = by_id.iter().find(|(other, _)| *other == plain(number + 50)).unwrap();
                prop_assert_eq!(*scores, twin.1);
            }
        }
    }

    #[test]
    fn a_later_reference_day_adds_the_same_days_to_everyone(rows in rows(), later in 1u32..300) {
        let csv = text(&rows, plain, 1);
        let before = rfm(&csv, "");
        let at = jiff::civil::date(2025, 5, 31).checked_add(jiff::Span::new().days(i64::from(later)));
        let request = crate::tables::rfm_request("").replace("2025-05-31", &at.unwrap().to_string());
        let after = crate::tables::run(&csv, &request).unwrap();
        let shifted: Vec<f64> =
            before.numbers("recency").iter().map(|days| days + f64::from(later)).collect();
        prop_assert_eq!(after.numbers("recency"), shifted);
        prop_assert_eq!(scores(&before), scores(&after));
    }
}
