//! What `activation` promises.

use crate::tables::run_with;
use siyu::error::Code;

const JOINED: &str = "customer,time\n\
    quick,2025-05-01 10:00\nquick,2025-05-20\n\
    slow,2025-05-02\n\
    silent,2025-05-10\n\
    new,2025-05-30\n\
    earlier,2025-05-28\n\
    buyer,2025-05-27\n";
const EVENTS: &str = "customer,time,event\n\
    quick,2025-05-01 09:00,open\n\
    slow,2025-05-12,click\nslow,2025-05-22,click\n\
    silent,2025-05-10,joined\n\
    earlier,2025-05-20,open\n\
    stranger,2025-05-20,open\n";
const LOG: &str = "customer,time,amount\nbuyer,2025-05-29,3\nsilent,2025-05-20,-3\n";

fn request(more: &str) -> String {
    format!(
        r#"{{"analysis":"activation","inputs":{{"joined":"joined","events":"events","log":"log"}},
            "options":{{"at":"2025-05-31","actions":["open","click"]{more}}}}}"#
    )
}

const TABLES: [(&str, &str); 3] = [("joined", JOINED), ("events", EVENTS), ("log", LOG)];

#[test]
fn whoever_did_nothing_for_three_days_is_listed_the_latest_first() {
    let answer = run_with(&TABLES, &request("")).unwrap();
    // `earlier` did something before joining only; `new` joined the day before.
    assert_eq!(answer.customers(), ["earlier", "silent"]);
    assert_eq!(answer.numbers("days"), [3.0, 21.0]);
    assert_eq!([answer.at("/result/waiting"), answer.at("/result/tooEarly")], [2, 1]);
    assert_eq!(answer.at("/result/all/customers"), 6);
    assert_eq!(answer.at("/result/all/came"), 3);
    // Day 0: 1 of 6. Day 2: 1 of 4, since `new` was seen for one day. Day 10: 1 of 2.
    let rate = |at: usize| answer.at(&format!("/result/all/rates/{at}/rate")).as_f64();
    assert_eq!(rate(0), Some(1.0 - 5.0 / 6.0));
    assert!((rate(1).unwrap() - (1.0 - 5.0 / 6.0 * 3.0 / 4.0)).abs() < 1e-12);
    assert_eq!(rate(1), rate(2));
    assert_eq!(rate(3), None);
    let reasons = answer.at("/about/leftOut").to_string();
    assert!(reasons.contains("refund-dropped") && reasons.contains("other-event"), "{reasons}");
}

#[test]
fn every_event_counts_unless_actions_are_named_and_a_log_alone_will_do() {
    let all =
        run_with(&TABLES, &request("").replace(r#","actions":["open","click"]"#, "")).unwrap();
    assert_eq!(all.customers(), ["earlier"]);
    let log = request(r#","alertDays":25"#).replace(r#""events":"events","#, "");
    let bought = run_with(&TABLES, &log).unwrap();
    assert_eq!(bought.customers(), ["slow", "quick"]);
    assert_eq!(bought.at("/result/all/came"), 1);
}

#[test]
fn cohorts_are_those_of_joining() {
    let answer = run_with(&TABLES, &request(r#","period":"week","from":"2025-05-05""#)).unwrap();
    let cohorts = answer.at("/result/cohorts").as_array().unwrap();
    let names: Vec<_> = cohorts.iter().map(|cohort| cohort["cohort"].as_str().unwrap()).collect();
    assert_eq!(names, ["2025-05-05", "2025-05-26"]);
    assert_eq!(cohorts[1]["customers"], 3);
    assert_eq!(answer.at("/about/leftOut").as_array().unwrap().last().unwrap()["customers"], 2);
}

#[test]
fn what_cannot_be_told_is_refused() {
    for (more, path) in
        [(r#","alertDays":0"#, "options.alertDays"), (r#","horizons":[5,2]"#, "options.horizons")]
    {
        let error = run_with(&TABLES, &request(more)).unwrap_err();
        assert_eq!(error.path(), Some(path));
    }
    let alone =
        r#"{"analysis":"activation","inputs":{"joined":"joined"},"options":{"at":"2025-05-31"}}"#;
    let error = run_with(&TABLES, alone).unwrap_err();
    assert_eq!(error.code(), Code::UnknownTable);
}
