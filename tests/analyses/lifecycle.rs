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
fn stages_are_told_for_earlier_periods_and_moves_between_them() {
    let answer = run(LOG, &request(r#","history":2"#)).unwrap();
    // new, returned, loyal, active, at risk, dormant, lost.
    let history = answer.at("/result/history").as_array().unwrap();
    assert_eq!((history[0]["period"].as_str(), history.len()), (Some("2025-05"), 2));
    assert_eq!(history[0]["customers"].to_string(), "[2,0,0,1,0,1,2]");
    assert_eq!(history[1]["customers"].to_string(), "[1,1,1,1,1,1,1]");
    let moves: Vec<String> = answer
        .at("/result/moves")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{}>{} {}", row["from"], row["to"], row["customers"]).replace('"', ""))
        .collect();
    assert_eq!(
        moves,
        [
            "new>active 1",
            "new>at-risk 1",
            "active>loyal 1",
            "dormant>dormant 1",
            "lost>returned 1",
            "lost>lost 1"
        ]
    );
    assert_eq!(answer.at("/result/moves/0/share"), 0.5);
}

#[test]
fn who_slept_and_who_woke_is_told_by_period() {
    let answer = run(LOG, &request("")).unwrap();
    let periods = answer.at("/result/periods").as_array().unwrap();
    let row = |name: &str| periods.iter().find(|row| row["period"] == name).unwrap();
    // Thirty days of silence are enough: loyal slept from 1 April to 1 May, and woke on that day.
    let numbers = |name: &str| (row(name)["asleep"].as_u64(), row(name)["woken"].as_u64());
    assert_eq!(numbers("2024-01"), (Some(0), Some(0)));
    assert!(row("2024-01")["wakeUpRate"].is_null());
    assert_eq!(numbers("2025-05"), (Some(4), Some(1)));
    assert_eq!(numbers("2025-06"), (Some(4), Some(2)));
    assert_eq!(row("2025-06")["wakeUpRate"], 0.5);
    assert_eq!(answer.at("/result/dormancy/customers"), 3);
    let days = run(LOG, &request(r#","dormantDays":400"#)).unwrap();
    assert_eq!(days.at("/result/dormancy/customers"), 0);
}

#[test]
fn limits_can_follow_each_customers_own_rhythm() {
    let mut log = "customer,time,amount\n".to_owned();
    let last = jiff::civil::date(2025, 6, 5);
    for customer in 0..20 {
        for purchase in 0..10 {
            for (kind, gap) in [("weekly", 7), ("monthly", 30)] {
                let day = last.checked_sub(jiff::Span::new().days(gap * purchase)).unwrap();
                log += &format!("{kind}{customer},{day},3\n");
            }
        }
    }
    let request = |more: &str| {
        let options = format!(r#"{{"at":"2025-06-30","limits":[30,60,120]{more}}}"#);
        format!(r#"{{"analysis":"lifecycle","options":{options}}}"#)
    };
    let same = run(&log, &request("")).unwrap();
    assert_eq!((same.of("weekly0", "stage"), same.of("monthly0", "stage")), (2.0, 2.0));
    // The mean gap is 18.5 days; with two of these the weekly buyers' is 100/11, the others' 307/11.
    let own = run(&log, &request(r#","rhythm":"own""#)).unwrap();
    assert_eq!((own.of("weekly0", "limit"), own.of("monthly0", "limit")), (15.0, 46.0));
    assert_eq!((own.of("weekly0", "stage"), own.of("monthly0", "stage")), (4.0, 2.0));
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
    for (more, path) in
        [(r#","history":0"#, "options.history"), (r#","confidence":1"#, "options.confidence")]
    {
        assert_eq!(run(LOG, &request(more)).unwrap_err().path(), Some(path));
    }
    let early = r#"{"analysis":"lifecycle","options":{"at":"2020-01-01"}}"#;
    assert_eq!(run(LOG, early).unwrap_err().code(), Code::NotEnoughData);
}
