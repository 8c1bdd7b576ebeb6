//! What `inactivity` promises.

use crate::tables::{Answer, run_with};
use siyu::error::Code;

const FOLLOWERS: &str = "customer,time\n\
    awake,2025-01-01\nasleep,2025-01-01\nzombie,2025-01-01\nnewcomer,2025-05-30\nsilent,2025-05-10\n\
    buyer,2025-02-01\nawake,2025-03-01\nlater,2025-06-10\n";
const EVENTS: &str = "customer,time,event\n\
    awake,2025-05-30,open\nawake,2025-04-30,open\nasleep,2025-05-01,open\nasleep,2025-01-02,open\n\
    stranger,2025-05-02,open\nzombie,2025-05-03,push\nawake,2025-06-03,open\n";
const ORDERS: &str =
    "customer,time,amount\nbuyer,2025-05-05,80\nawake,2025-05-05,20\nother,2025-05-05,1\n";

fn request(inputs: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"analysis":"inactivity","inputs":{{"followers":"followers"{inputs}}},
        "options":{{"at":"2025-05-31","interactions":["Open"]{comma}{more}}}}}"#
    )
}

fn all(more: &str) -> Answer {
    let tables = [("followers", FOLLOWERS), ("events", EVENTS), ("orders", ORDERS)];
    run_with(&tables, &request(r#","events":"events","log":"orders""#, more)).unwrap()
}

#[test]
fn every_follower_has_the_flags_of_their_own_days() {
    let answer = all("");
    let flags = |customer: &str| {
        ["activationAlert", "sleeping", "zombie", "valid"]
            .map(|name| answer.of(customer, name) as u8)
    };
    assert_eq!(flags("awake"), [0, 0, 0, 1]);
    // Last seen 30 days ago: the limit counts; within 90 days it is valid all the same.
    assert_eq!(flags("asleep"), [0, 1, 0, 1]);
    assert_eq!(flags("zombie"), [1, 0, 1, 0]);
    assert_eq!(flags("newcomer"), [0, 0, 0, 1]);
    assert_eq!(flags("silent"), [1, 0, 0, 0]);
    // Never opened anything, and bought.
    assert_eq!(flags("buyer"), [1, 0, 1, 1]);
    assert_eq!(answer.at("/result/followers"), 6);
    assert_eq!((answer.of("awake", "joined"), answer.of("awake", "interactions")), (150.0, 2.0));
    assert_eq!(answer.of("zombie", "lastInteraction"), -1.0);
}

#[test]
fn what_dropping_followers_changes_is_told() {
    let answer = all("");
    let scenario =
        |at: usize, name: &str| answer.at(&format!("/result/scenarios/{at}/{name}")).clone();
    assert_eq!(
        (scenario(0, "followers"), scenario(0, "activeShare")),
        (6.into(), (2.0 / 6.0).into())
    );
    assert_eq!((scenario(1, "followers"), scenario(1, "dropped")), (4.into(), 2.into()));
    assert_eq!(scenario(1, "activeShare"), 0.5);
    assert_eq!((scenario(0, "revenue"), scenario(1, "revenue")), (100.0.into(), 20.0.into()));
    assert_eq!(scenario(3, "followers"), 4);
    assert_eq!(answer.at("/result/flags/2/revenue"), 80.0);
    let left = answer.at("/about/leftOut").as_array().unwrap();
    let part = |reason: &str| left.iter().find(|part| part["reason"] == reason).unwrap().clone();
    assert_eq!(part("other-event")["rows"], 1);
    assert_eq!(part("not-in-the-list")["customers"], 1);
    assert_eq!(part("after-at")["rows"], 2);
}

#[test]
fn the_standard_is_an_option() {
    let strict = all(r#""valid":{"least":2,"days":60,"graceDays":0,"buyers":false}"#);
    assert_eq!(strict.at("/result/flags/3/followers"), 1);
    let none = run_with(&[("followers", FOLLOWERS)], &request("", "")).unwrap();
    assert_eq!(none.at("/result/scenarios/0/activeShare"), 0.0);
    assert!(none.at("/result/scenarios/0/revenue").is_null());
}

#[test]
fn a_list_of_zombies_keeps_nobody_and_has_no_rates() {
    let answer =
        run_with(&[("followers", "customer,time\na,2025-01-01\n")], &request("", "")).unwrap();
    assert!(answer.at("/result/scenarios/1/activeShare").is_null());
    assert_eq!(answer.at("/result/scenarios/1/followers"), 0);
    let error =
        run_with(&[("followers", "customer,time\na,2026-01-01\n")], &request("", "")).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::NotEnoughData, Some("options.at")));
    let error =
        run_with(&[("followers", FOLLOWERS)], &request("", r#""valid":{"days":0}"#)).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.valid")));
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let turned = |csv: &str| {
        let mut lines: Vec<&str> = csv.lines().skip(1).collect();
        lines.reverse();
        format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n"))
    };
    let tables = [turned(FOLLOWERS), turned(EVENTS), turned(ORDERS)];
    let tables = [("followers", &tables[0][..]), ("events", &tables[1]), ("orders", &tables[2])];
    let after = run_with(&tables, &request(r#","events":"events","log":"orders""#, "")).unwrap();
    let before = all("");
    assert_eq!(before.at("/result"), after.at("/result"));
    assert_eq!(before.by_customer(), after.by_customer());
}
