//! What `lifecycle` promises.

use crate::tables::{options, run, run_streamed, shanghai};
use siyu::error::Code;

const LOG: &str = "customer,time,amount\n\
    new,2025-06-20,5\n\
    loyal,2025-04-01,1\nloyal,2025-05-01,2\nloyal,2025-06-10,3\n\
    active,2025-05-20,4\nactive,2025-06-15,4\n\
    back,2024-01-01,7\nback,2025-06-25,7\n\
    risk,2025-05-10,1\nrisk,2025-05-11,-1\n\
    asleep,2025-02-10,1\n\
    gone,2024-06-01,9\n\
    later,2025-08-01,9\n";

fn request(more: &str) -> String {
    format!(
        r#"{{"analysis":"lifecycle","options":{{"at":"2025-06-30","limits":[30,90,180]{more}}}}}"#
    )
}

#[test]
fn every_customer_is_in_the_stage_of_their_own_history() {
    let answer = run(LOG, &request("")).unwrap();
    let stages = ["new", "returned", "loyal", "active", "at-risk", "dormant", "lost"];
    for (at, stage) in stages.iter().enumerate() {
        assert_eq!(answer.at(&format!("/result/stages/{at}/stage")), *stage);
        assert_eq!(answer.at(&format!("/result/stages/{at}/customers")), 1, "{stage}");
    }
    for (customer, stage) in
        [("new", 0), ("back", 1), ("loyal", 2), ("active", 3), ("risk", 4), ("asleep", 5)]
    {
        assert_eq!(answer.of(customer, "stage"), f64::from(stage), "{customer}");
    }
    assert_eq!(answer.of("gone", "stage"), 6.0);
    assert_eq!(answer.at("/about/leftOut/0/reason"), "after-at");
}

#[test]
fn a_refund_is_no_sign_of_life() {
    let answer = run(LOG, &request("")).unwrap();
    assert_eq!((answer.of("risk", "recency"), answer.of("risk", "days")), (51.0, 1.0));
}

#[test]
fn growth_accounting_closes_from_month_to_month() {
    let answer = run(LOG, &request("")).unwrap();
    let periods = answer.at("/result/periods").as_array().unwrap();
    assert_eq!(periods[0]["period"], "2024-01");
    assert_eq!(periods.last().unwrap()["period"], "2025-06");
    for pair in periods.windows(2) {
        let number = |at: usize, name: &str| pair[at][name].as_u64().unwrap();
        assert_eq!(number(0, "active"), number(1, "returning") + number(1, "dormant"));
    }
    let june = periods.last().unwrap();
    assert_eq!(june["new"], 1);
    assert_eq!(june["returning"], 2);
    assert_eq!(june["resurrecting"], 1);
    assert_eq!(june["dormant"], 1);
    assert_eq!(june["quickRatio"], 2.0);
    assert_eq!(june["isComplete"], true);
}

#[test]
fn limits_come_from_the_populations_rhythm_where_there_is_one() {
    let mut log = "customer,time,amount\n".to_owned();
    for customer in 0..50 {
        for day in [1, 8, 15, 22] {
            log += &format!("c{customer},2025-05-{day:02},3\n");
        }
    }
    let asked = r#"{"analysis":"lifecycle","options":{"at":"2025-06-30"}}"#;
    let answer = run(&log, asked).unwrap();
    assert_eq!(answer.at("/result/limits").to_string(), "[7,8,9]");
    assert_eq!(answer.at("/result/gaps"), 150);
    let few = run(LOG, asked).unwrap();
    assert_eq!(few.at("/result/limits").to_string(), "[30,90,180]");
    assert_eq!(few.at("/about/warnings/0/code"), "few-gaps");
}

#[test]
fn row_order_and_streaming_change_nothing() {
    let mut lines: Vec<&str> = LOG.lines().skip(1).collect();
    let plain = run(LOG, &request("")).unwrap();
    let streamed =
        run_streamed(LOG.as_bytes(), &options(LOG), shanghai(), &request(""), 7, 3).unwrap();
    assert_eq!(plain.at("/result"), streamed.at("/result"));
    assert_eq!(plain.sets, streamed.sets);
    lines.reverse();
    let turned = format!("customer,time,amount\n{}\n", lines.join("\n"));
    assert_eq!(plain.at("/result"), run(&turned, &request("")).unwrap().at("/result"));
}

#[test]
fn options_out_of_range_are_named() {
    let wrong = r#"{"analysis":"lifecycle","options":{"at":"2025-06-30","limits":[30,20,180]}}"#;
    let error = run(LOG, wrong).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.limits")));
    let early = r#"{"analysis":"lifecycle","options":{"at":"2020-01-01"}}"#;
    assert_eq!(run(LOG, early).unwrap_err().code(), Code::NotEnoughData);
}
