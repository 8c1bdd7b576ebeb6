//! What `replenishment` promises.

use std::fmt::Write as _;

use crate::tables::{Answer, run};
use siyu::error::Code;
use siyu::stats::random::Random;

const REQUEST: &str = r#"{"analysis":"replenishment","options":{"at":"2025-12-31"}}"#;

/// Customers with a pace of their own, each of whose last gap is left out; what it was, in days.
fn log(customers: u32) -> (String, Vec<f64>) {
    let mut random = Random::new(21, 0);
    let (mut text, mut wanted) = (String::from("customer,time,product\n"), Vec::new());
    for at in 0..customers {
        let own = 3.3 + 0.4 * random.normal();
        let gaps = 2 + random.below(5);
        let days: Vec<f64> =
            (0..=gaps).map(|_| (own + 0.25 * random.normal()).exp().round().max(1.0)).collect();
        let until: f64 = days.iter().skip(1).sum();
        let first = 20_453.0 - until;
        let mut day = first;
        for gap in days.iter().skip(1).copied().chain([0.0]) {
            let date = siyu::table::calendar::Date::of_day_number(day as i32);
            writeln!(text, "c{at},{:04}-{:02}-{:02},tea", date.year, date.month, date.day).unwrap();
            day += gap;
        }
        wanted.push(days[0]);
    }
    (text, wanted)
}

fn lines(answer: &Answer) -> Vec<String> {
    let columns = ["purchases", "since", "ownGap", "gap", "dueIn", "dueFrom", "dueTo", "state"];
    let line = |customer: &String| {
        format!("{customer} {:?}", columns.map(|name| answer.of(customer, name)))
    };
    let mut rows: Vec<String> = answer.customers().iter().map(line).collect();
    rows.sort();
    rows
}

#[test]
fn four_in_five_next_purchases_fall_into_the_time_of_being_due() {
    let (text, wanted) = log(2_000);
    let answer = run(&text, REQUEST).unwrap();
    let mut inside = 0;
    for (at, wanted) in wanted.iter().enumerate() {
        let of = |name: &str| answer.of(&format!("c{at}"), name);
        let since = of("since");
        assert!(of("dueFrom") <= of("dueIn") && of("dueIn") <= of("dueTo"));
        assert!((of("gap") - since - of("dueIn")).abs() < 1e-9);
        // Whole days: a gap counts if its day does.
        let (from, to) = (of("dueFrom") + since, of("dueTo") + since);
        inside += u32::from(from - 0.5 <= *wanted && *wanted <= to + 0.5);
    }
    let share = f64::from(inside) / 2_000.0;
    assert!((0.77..0.84).contains(&share), "{share}");
    let tea = answer.at("/result/products/0");
    assert_eq!(tea["product"], "tea");
    let median = tea["gaps"]["median"].as_f64().unwrap();
    assert!((median - 3.3_f64.exp()).abs() < 1.5, "{median}");
    // Two thirds of the spread are customers' own: 0.16 of 0.2225.
    let between = tea["gaps"]["between"].as_f64().unwrap();
    assert!((between - 0.72).abs() < 0.06, "{between}");
}

#[test]
fn own_gaps_are_told_and_a_customer_without_leans_on_the_product() {
    let (text, _) = log(200);
    let more = "x,2025-12-01,tea\ny,2025-12-01,tea\ny,2025-12-11,tea\ny,2025-12-11,tea\n";
    let answer = run(&format!("{text}{more}"), REQUEST).unwrap();
    assert_eq!([answer.of("x", "ownGap"), answer.of("x", "purchases")], [0.0, 1.0]);
    let gaps = answer.at("/result/products/0/gaps/median").as_f64().unwrap();
    assert_eq!(answer.of("x", "gap"), gaps);
    assert_eq!([answer.of("y", "ownGap"), answer.of("y", "purchases")], [10.0, 2.0]);
    assert!(answer.of("y", "gap") > 10.0 && answer.of("y", "gap") < gaps);
    assert_eq!(answer.of("y", "since"), 20.0);
}

#[test]
fn neither_the_order_of_rows_nor_a_refund_changes_a_due_day() {
    let (text, _) = log(150);
    let plain = run(&text, REQUEST).unwrap();
    let mut rows: Vec<&str> = text.lines().skip(1).collect();
    rows.reverse();
    let turned = format!("customer,time,product\n{}\n", rows.join("\n"));
    assert_eq!(lines(&plain), lines(&run(&turned, REQUEST).unwrap()));
    let paid: String = text.lines().skip(1).map(|line| format!("{line},5\n")).collect();
    let refunds = format!("customer,time,product,amount\n{paid}c0,2025-12-30,tea,-5\n");
    let refunded = run(&refunds, REQUEST).unwrap();
    assert_eq!(lines(&plain), lines(&refunded));
    assert_eq!(refunded.at("/about/leftOut/0/reason"), "refund-dropped");
}

#[test]
fn what_cannot_be_told_is_refused() {
    let once = "customer,time,product\na,2025-01-01,tea\nb,2025-01-02,tea\n";
    assert_eq!(run(once, REQUEST).unwrap_err().code(), Code::NotEnoughData);
    let wrong = REQUEST.replace("}}", r#","confidence":1}}"#);
    assert_eq!(run(once, &wrong).unwrap_err().path(), Some("options.confidence"));
}
