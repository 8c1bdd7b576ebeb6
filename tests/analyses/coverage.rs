//! What `coverage` promises.

use crate::tables::{Answer, plain, run_tables, run_with, shanghai};
use siyu::error::Code;
use siyu::read::read_table;
use siyu::report::Values;
use std::rc::Rc;

const CONTACTS: &str = "customer,time,manager,province\n\
    k1,2025-05-01,A,SC\n\
    k2,2025-05-02,A,SC\n\
    k3,2025-05-03,A,GD\n\
    k1,2025-05-04,B,SC\n\
    k9,2025-05-05,A,SC\n\
    k5,2025-05-06,A,SC\n\
    k6,2025-06-06,A,SC\n\
    k7,2025-05-07,,SC\n";
const BOOK: &str = "customer,manager,segment,verified,account\n\
    k1,A,private,是,是\nk2,A,private,否,是\nk3,A,mass,是,是\nk4,B,private,是,是\nk5,A,mass,是,否\nk8,A,,是,是\n";

fn request(more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"analysis":"coverage","inputs":{{"contacts":"contacts","book":"book"}},
        "options":{{"at":"2025-05-31","homeProvinces":["SC"]{comma}{more}}}}}"#
    )
}

fn answer(more: &str) -> Answer {
    run_with(&[("contacts", CONTACTS), ("book", BOOK)], &request(more)).unwrap()
}

fn manager(answer: &Answer, name: &str) -> serde_json::Value {
    let rows = answer.at("/result/managers").as_array().unwrap();
    rows.iter().find(|row| row["manager"] == name).unwrap().clone()
}

#[test]
fn each_contact_counts_or_has_a_reason() {
    let answer = answer("");
    assert_eq!(
        (answer.at("/result/contacts"), answer.at("/result/counted")),
        (&6.into(), &2.into())
    );
    let reasons: Vec<(String, u64)> = answer
        .at("/result/reasons")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["reason"].as_str().unwrap().to_owned(), row["contacts"].as_u64().unwrap()))
        .collect();
    let expected = [("not-first", 1), ("not-verified", 1), ("no-account", 1), ("not-own", 1)];
    // k9 stands in no book: it is not known to be verified.
    let expected = expected.map(|(reason, count)| match reason {
        "not-verified" => (reason.to_owned(), count + 1),
        "not-own" => (reason.to_owned(), count - 1),
        _ => (reason.to_owned(), count),
    });
    assert_eq!(reasons, expected);
    assert_eq!(answer.sets[0].name, "notCounted");
    assert_eq!(answer.customers(), ["k2", "k1", "k9", "k5"]);
    assert_eq!(answer.numbers("reason"), [1.0, 0.0, 1.0, 2.0]);
    let Values::Text { bytes, .. } = &answer.sets[0].columns[1].values else { panic!() };
    assert_eq!(bytes, b"ABAA");
    let left = answer.at("/about/leftOut").as_array().unwrap();
    let part = |reason: &str| left.iter().find(|part| part["reason"] == reason).unwrap().clone();
    assert_eq!(part("after-at")["rows"], 1);
    assert_eq!(part("no-manager")["rows"], 1);
    assert_eq!(part("no-manager-or-segment")["customers"], 1);
}

#[test]
fn reach_is_by_manager_and_segment_and_the_share_from_outside_is_held_against_the_limit() {
    let answer = answer("");
    let a = manager(&answer, "A");
    assert_eq!((a["customers"].as_u64(), a["covered"].as_u64()), (Some(4), Some(2)));
    assert_eq!((a["outside"].as_u64(), a["outsideShare"].as_f64()), (Some(1), Some(0.5)));
    assert_eq!((a["isOverLimit"].as_bool(), a["excess"].as_u64()), (Some(true), Some(1)));
    assert_eq!(a["isOnTarget"], true);
    let b = manager(&answer, "B");
    assert_eq!((b["counted"].as_u64(), b["outsideShare"].as_f64()), (Some(0), None));
    assert_eq!((b["coverage"].as_f64(), b["isOnTarget"].as_bool()), (Some(0.0), Some(false)));
    let cells = answer.at("/result/cells").as_array().unwrap();
    let private =
        cells.iter().find(|cell| cell["manager"] == "A" && cell["segment"] == "private").unwrap();
    assert_eq!(private["coverage"], 0.5);
    let interval = &private["interval"];
    assert!(interval["low"].as_f64() < Some(0.5) && interval["high"].as_f64() > Some(0.5));
}

#[test]
fn rules_are_options_and_a_rule_without_data_says_so() {
    let loose = answer(r#""rules":{"first":false,"verified":false,"account":false,"own":false}"#);
    assert_eq!(loose.at("/result/counted"), 6);
    let book = "customer,manager,segment\nk1,A,private\nk2,A,private\nk3,A,mass\n";
    let bare = run_with(&[("contacts", CONTACTS), ("book", book)], &request("")).unwrap();
    let codes: Vec<_> =
        bare.at("/about/warnings").as_array().unwrap().iter().map(|w| w["code"].clone()).collect();
    assert_eq!(codes, ["rule-not-checked", "rule-not-checked"]);
    assert_eq!(bare.at("/result/counted"), 3);
}

#[test]
fn contacts_before_the_period_are_first_contacts_but_count_for_nobody() {
    let answer = answer(r#""from":"2025-05-02""#);
    assert_eq!(
        (answer.at("/result/contacts"), answer.at("/result/counted")),
        (&5.into(), &1.into())
    );
    let left = answer.at("/about/leftOut").as_array().unwrap();
    assert!(left.iter().any(|part| part["reason"] == "before-from" && part["rows"] == 1));
    // Who was reached before is reached.
    assert_eq!(manager(&answer, "A")["covered"], 2);
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let turned = |csv: &str| {
        let mut lines: Vec<&str> = csv.lines().skip(1).collect();
        lines.reverse();
        format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n"))
    };
    let (contacts, book) = (turned(CONTACTS), turned(BOOK));
    let after = run_with(&[("contacts", &contacts), ("book", &book)], &request("")).unwrap();
    let before = answer("");
    assert_eq!(before.at("/result"), after.at("/result"));
    assert_eq!(before.sets, after.sets);
}

#[test]
fn the_planted_contacts_are_told_apart() {
    let read = |file: &str, json: &str| {
        let path = format!("{}/tests/data/social/{file}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        let options = plain(json).read().unwrap();
        Rc::new(read_table([&bytes], &options, shanghai(), 1, 1 << 30).unwrap().0)
    };
    let contacts = read(
        "contacts.csv",
        r#"{"roles":{"customer":"会员编号","time":"添加时间"},"attributes":{"manager":"客户经理","province":"登录省份"},"zone":"Asia/Shanghai"}"#,
    );
    let book = read(
        "customers.csv",
        r#"{"roles":{"customer":"会员编号"},"attributes":{"manager":"客户经理","segment":"客群","verified":"实名","account":"开户"}}"#,
    );
    let request = request("").replace("\"SC\"", "\"四川\"");
    let answer = run_tables(&[("contacts", contacts), ("book", book)], &request).unwrap();
    let truth: serde_json::Value = serde_json::from_slice(
        &std::fs::read(format!("{}/tests/data/social/truth.json", env!("CARGO_MANIFEST_DIR")))
            .unwrap(),
    )
    .unwrap();
    let truth = &truth["contacts"];
    assert_eq!(answer.at("/result/contacts"), &truth["added"]);
    assert_eq!(answer.at("/result/counted"), &truth["valid"]);
    for row in answer.at("/result/reasons").as_array().unwrap() {
        assert_eq!(row["contacts"], truth[row["reason"].as_str().unwrap()], "{row}");
    }
}

#[test]
fn slips_are_named_with_their_place() {
    let refused = |more: &str| {
        let error =
            run_with(&[("contacts", CONTACTS), ("book", BOOK)], &request(more)).unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(r#""target":2"#), (Code::InvalidOption, "options.target".into()));
    assert_eq!(refused(r#""from":"2025-07-01""#), (Code::InvalidOption, "options.from".into()));
    assert_eq!(refused(r#""attributes":{"manager":"boss"}"#).0, Code::MissingRole);
    let empty = run_with(
        &[("contacts", "customer,time,manager\nx,2026-01-01,A\n"), ("book", BOOK)],
        &request(""),
    )
    .unwrap();
    assert_eq!(empty.at("/result/contacts"), 0);
    assert!(!empty.json.to_string().contains("NaN"));
}
