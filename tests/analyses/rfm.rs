//! What `rfm` promises about purchases, refunds, dates, scores and groups.

use crate::tables::{rfm, rfm_request, run};
use siyu::error::Code;

const SHOP: &str = "customer,time,amount,order\n\
    anna,2025-05-01 10:00,100.00,A1\n\
    anna,2025-05-01 10:00,50.00,A1\n\
    anna,2025-05-20 09:00,-30.00,A2\n\
    anna,2025-05-10 23:30,20.50,A3\n\
    bob,2025-04-01,10,B1\n\
    bob,2025-06-15,99,B2\n\
    carl,2025-05-02,-5.00,C1\n\
    dora,2025-05-31 23:59,0,D1\n";

#[test]
fn refunds_reduce_monetary_but_not_frequency() {
    let answer = rfm(SHOP, "");
    assert_eq!(answer.of("anna", "frequency"), 2.0);
    assert_eq!(answer.of("anna", "monetary"), 140.5);
    assert_eq!(answer.of("anna", "mean"), 70.25);
    // The refund of 20 May is no purchase: the last one is that of 10 May.
    assert_eq!(answer.of("anna", "recency"), 21.0);
    assert_eq!(answer.of("anna", "tenure"), 30.0);
}

#[test]
fn refunds_can_be_dropped_or_kept_as_rows() {
    let dropped = rfm(SHOP, r#""refunds":"drop""#);
    assert_eq!(dropped.of("anna", "monetary"), 170.5);
    assert_eq!(dropped.at("/about/leftOut/1/reason"), "refund-dropped");
    assert_eq!(dropped.at("/about/leftOut/1/rows"), 2);
    let kept = rfm(SHOP, r#""refunds":"keep","count":"row""#);
    assert_eq!(kept.of("anna", "frequency"), 4.0);
    assert_eq!(kept.of("anna", "recency"), 11.0);
    assert_eq!(kept.of("carl", "monetary"), -5.0);
}

#[test]
fn an_order_of_several_lines_is_one_purchase() {
    assert_eq!(rfm(SHOP, "").at("/about/options/count"), "order");
    assert_eq!(rfm(SHOP, r#""count":"order""#).of("anna", "frequency"), 2.0);
    assert_eq!(rfm(SHOP, r#""count":"row""#).of("anna", "frequency"), 3.0);
}

#[test]
fn a_day_is_a_local_date() {
    // 23:30 and 00:30 in Shanghai are one UTC day and two local days.
    let csv =
        "customer,time,amount\na,2025-05-01 23:30,1\na,2025-05-02 00:30,1\na,2025-05-02 08:00,1\n";
    assert_eq!(rfm(csv, r#""count":"day""#).of("a", "frequency"), 2.0);
    assert_eq!(rfm(csv, r#""count":"day""#).of("a", "recency"), 29.0);
}

#[test]
fn a_customer_with_refunds_only_is_left_out_and_counted() {
    let answer = rfm(SHOP, "");
    assert!(!answer.customers().contains(&"carl".to_owned()));
    let left_out = answer.at("/about/leftOut").as_array().unwrap();
    let refund_only = left_out.iter().find(|entry| entry["reason"] == "refund-only").unwrap();
    assert_eq!((&refund_only["rows"], &refund_only["customers"]), (&1.into(), &1.into()));
}

#[test]
fn rows_after_the_reference_day_are_left_out_and_that_day_counts_whole() {
    let answer = rfm(SHOP, "");
    assert_eq!(answer.of("bob", "frequency"), 1.0);
    assert_eq!(answer.at("/about/leftOut/0/reason"), "after-at");
    assert_eq!(answer.at("/about/leftOut/0/rows"), 1);
    assert_eq!(answer.of("dora", "recency"), 0.0);
}

#[test]
fn every_row_of_the_table_is_used_or_counted_as_left_out() {
    for more in ["", r#""refunds":"drop""#, r#""zeros":"drop""#, r#""refunds":"keep""#] {
        let answer = rfm(SHOP, more);
        let left_out = answer.at("/about/leftOut").as_array().unwrap();
        let rows: u64 = left_out.iter().map(|entry| entry["rows"].as_u64().unwrap()).sum();
        assert_eq!(rows + answer.at("/about/used/rows").as_u64().unwrap(), 8, "{more}");
    }
}

#[test]
fn zero_amounts_are_purchases_unless_dropped() {
    assert_eq!(rfm(SHOP, "").of("dora", "frequency"), 1.0);
    assert!(!rfm(SHOP, r#""zeros":"drop""#).customers().contains(&"dora".to_owned()));
}

#[test]
fn money_is_exact() {
    let cents: String = (0..1000).map(|row| format!("c{},2025-05-01,0.1\n", row % 3)).collect();
    let answer = rfm(&format!("customer,time,amount\n{cents}"), "");
    assert_eq!(answer.at("/result/totals/revenueText"), "100.0");
    assert_eq!(answer.of("c0", "monetary"), 33.4);
}

#[test]
fn groups_and_cells_add_up_to_all_customers_and_all_money() {
    let rows: String = (0..400)
        .map(|row| {
            format!("c{},2025-0{}-1{},{}.25\n", row % 97, row % 4 + 1, row % 9, row * 7 % 300)
        })
        .collect();
    let csv = format!("customer,time,amount\n{rows}");
    for scheme in ["eight", "eleven"] {
        let answer = rfm(&csv, &format!(r#""groups":{{"scheme":"{scheme}"}}"#));
        let total = answer.at("/result/totals/customers").as_u64().unwrap();
        let revenue = answer.at("/result/totals/revenue").as_f64().unwrap();
        for part in ["/result/groups", "/result/grid/cells"] {
            let parts = answer.at(part).as_array().unwrap();
            let customers: u64 = parts.iter().map(|part| part["customers"].as_u64().unwrap()).sum();
            let money: f64 = parts.iter().map(|part| part["revenue"].as_f64().unwrap()).sum();
            assert_eq!(customers, total, "{scheme} {part}");
            assert!((money - revenue).abs() < 1e-6, "{scheme} {part}");
        }
        let codes = answer.numbers("group");
        for (at, group) in answer.at("/result/groups").as_array().unwrap().iter().enumerate() {
            let counted = codes.iter().filter(|code| **code == at as f64).count() as u64;
            assert_eq!(counted, group["customers"].as_u64().unwrap(), "{scheme} {}", group["key"]);
        }
    }
}

#[test]
fn one_customer_is_scored_and_the_reader_is_told_that_it_means_little() {
    let answer = rfm("customer,time,amount\na,2025-05-01,10\n", "");
    assert_eq!(answer.at("/result/totals/customers"), 1);
    assert_eq!(answer.at("/about/warnings/0/code"), "few-customers");
}

#[test]
fn no_purchase_before_the_reference_day_is_an_error_and_not_an_empty_table() {
    let request = rfm_request("").replace("2025-05-31", "2020-01-01");
    let error = run(SHOP, &request).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::NotEnoughData, Some("options.at")));
}

#[test]
fn weights_change_the_total_score_only() {
    let plain = rfm(SHOP, "");
    let weighted = rfm(SHOP, r#""scoring":{"weights":{"recency":3,"frequency":1,"monetary":0}}"#);
    assert_eq!(plain.numbers("r"), weighted.numbers("r"));
    let (r, f) = (weighted.of("anna", "r"), weighted.of("anna", "f"));
    assert_eq!(weighted.of("anna", "score"), (3.0 * r + f) / 4.0);
}

#[test]
fn own_groups_take_the_first_rule_that_fits() {
    let answer = rfm(
        SHOP,
        r#""groups":{"scheme":"map","map":[{"name":"now","r":[5,5]},{"name":"rich","m":[4,5]}],"otherwise":"rest"}"#,
    );
    let groups = answer.at("/result/groups").as_array().unwrap();
    let keys: Vec<&str> = groups.iter().map(|group| group["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["now", "rich", "rest"]);
}

#[test]
fn a_convention_that_merges_scores_says_so() {
    // Everybody bought once: frequency has one score only.
    let rows: String =
        (0..40).map(|row| format!("c{row},2025-05-{:02},{row}\n", row % 28 + 1)).collect();
    let csv = format!("customer,time,amount\n{rows}");
    let answer = rfm(&csv, r#""scoring":{"convention":"quantile"}"#);
    let warnings = answer.at("/about/warnings").as_array().unwrap();
    let merged = warnings.iter().find(|warning| warning["code"] == "merged-bins").unwrap();
    assert_eq!(merged["count"], 4);
    assert!(merged["hint"].as_str().unwrap().contains("frequency"), "{merged}");
}

#[test]
fn customers_whom_a_convention_does_not_score_are_counted_and_in_no_group() {
    // The rule of R adds one to the maximum, which is no larger then where floats are 8 apart.
    let rows: String = (0..40u64)
        .map(|row| {
            format!("c{row},2025-05-{:02},{}\n", row % 28 + 1, 40_000_000_000_000_000 + row * 8)
        })
        .collect();
    let csv = format!("customer,time,amount\n{rows}");
    let answer = rfm(
        &csv,
        r#""scoring":{"convention":"r-rfm"},"groups":{"scheme":"eight","split":"score"}"#,
    );
    let unscored = answer.numbers("m").iter().filter(|score| **score == 0.0).count();
    let warnings = answer.at("/about/warnings").as_array().unwrap();
    let counted = warnings
        .iter()
        .filter(|warning| warning["code"] == "not-scored")
        .filter(|warning| warning["hint"].as_str().unwrap().contains("monetary"))
        .map(|warning| warning["count"].as_u64().unwrap())
        .sum::<u64>();
    assert!(unscored > 0);
    assert_eq!(counted, unscored as u64);
    for (score, group) in answer.numbers("m").iter().zip(answer.numbers("group")) {
        assert!(*score > 0.0 || group == 255.0);
    }
}
