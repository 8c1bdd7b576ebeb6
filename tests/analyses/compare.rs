//! What `compare-segments` promises.

use crate::tables::{Answer, run_with};
use siyu::error::Code;

/// Forty customers: the first ten in `vip`, of whom five in `north` too; `vip` are older and live
/// in A.
fn customers() -> String {
    (0..40).fold("customer,city,age#\n".to_owned(), |csv, at| {
        let city = if at < 10 || at % 8 == 0 { "A" } else { "B" };
        let age = if at < 10 { 60 + at } else { 30 + at % 7 };
        csv + &format!("c{at:02},{city},{age}\n")
    })
}

fn segments() -> String {
    let vip = (0..10).map(|at| format!("c{at:02},vip\n"));
    let north = (5..25).map(|at| format!("c{at:02},north\n"));
    format!(
        "customer,segment\n{}{}c01,vip\nc39,\n",
        vip.collect::<String>(),
        north.collect::<String>()
    )
}

const LOG: &str = "customer,time,amount\nc00,2025-05-01,100\nc01,2025-05-02,120\nc30,2025-05-03,5\nc31,2025-05-04,7\n";

fn request(inputs: &str, more: &str) -> String {
    format!(
        r#"{{"analysis":"compare-segments","inputs":{{"segments":"segments"{inputs}}},"options":{{{more}}}}}"#
    )
}

fn all(more: &str) -> Answer {
    let (customers, segments) = (customers(), segments());
    let tables = [("segments", &segments[..]), ("customers", &customers), ("orders", LOG)];
    let inputs = r#","customers":"customers","log":"orders""#;
    run_with(
        &tables,
        &request(inputs, &format!(r#""at":"2025-05-31","attributes":["city","age"]{more}"#)),
    )
    .unwrap()
}

fn find<'a>(answer: &'a Answer, segment: &str) -> &'a serde_json::Value {
    let all = answer.at("/result/segments").as_array().unwrap();
    all.iter().find(|row| row["segment"] == segment).unwrap()
}

#[test]
fn a_segment_is_held_against_all_others_in_every_measure_and_value() {
    let answer = all("");
    assert_eq!(answer.at("/result/customers"), 40);
    // North is larger and comes first.
    assert_eq!(answer.at("/result/segments/0/segment"), "north");
    let vip = find(&answer, "vip");
    assert_eq!((vip["customers"].as_u64(), vip["share"].as_f64()), (Some(10), Some(0.25)));
    let age = vip["measures"].as_array().unwrap().iter().find(|m| m["measure"] == "age").unwrap();
    assert_eq!((age["known"].as_u64(), age["mean"].as_f64()), (Some(10), Some(64.5)));
    let difference = &age["difference"];
    assert!(difference["interval"]["low"].as_f64().unwrap() > 20.0);
    assert!(age["adjustedPValue"].as_f64().unwrap() >= difference["pValue"].as_f64().unwrap());
    assert!(age["effect"].as_f64().unwrap() > 3.0);
    let a = vip["values"].as_array().unwrap().iter().find(|v| v["value"] == "A").unwrap();
    assert_eq!((a["customers"].as_u64(), a["share"].as_f64()), (Some(10), Some(1.0)));
    // Of the thirty others 16, 24 and 32 live in A.
    assert_eq!(a["othersShare"].as_f64(), Some(0.1));
    let money =
        vip["measures"].as_array().unwrap().iter().find(|m| m["measure"] == "monetary").unwrap();
    assert_eq!(
        (money["known"].as_u64(), money["mean"].as_f64(), money["othersMean"].as_f64()),
        (Some(2), Some(110.0), Some(6.0))
    );
    let sentence = vip["sentence"]["en"].as_str().unwrap();
    assert!(sentence.starts_with("vip: 10 customers") && sentence.contains("age"), "{sentence}");
    assert!(vip["sentence"]["zh"].as_str().unwrap().contains("位客户"));
}

#[test]
fn p_values_are_adjusted_over_the_whole_report() {
    let p = |more: &str| {
        let answer = all(more);
        let vip = find(&answer, "vip");
        let one = vip["values"][0].clone();
        (
            one["difference"]["pValue"].as_f64().unwrap(),
            one["adjustedPValue"].as_f64().unwrap(),
            answer.at("/result/tests").as_u64().unwrap(),
        )
    };
    let (raw, none, tests) = p(r#","adjustment":"none""#);
    assert_eq!(raw, none);
    let (_, holm, _) = p("");
    let (_, bh, _) = p(r#","adjustment":"bh""#);
    assert!(raw < bh && bh <= holm && holm <= raw * tests as f64, "{raw} {bh} {holm} {tests}");
}

#[test]
fn segments_overlap_by_the_customers_they_share() {
    let answer = all("");
    let overlap = answer.at("/result/overlaps/0");
    assert_eq!(overlap["both"], 5);
    assert_eq!(overlap["jaccard"].as_f64(), Some(5.0 / 25.0));
    assert_eq!(
        (overlap["firstShare"].as_f64(), overlap["secondShare"].as_f64()),
        (Some(0.25), Some(0.5))
    );
    let left = answer.at("/about/leftOut").as_array().unwrap();
    assert!(left.iter().any(|part| part["reason"] == "no-segment" && part["rows"] == 1));
}

#[test]
fn two_dates_tell_how_the_sizes_drifted_and_who_stayed() {
    let before = "customer,segment\na,one\nb,one\nc,two\n";
    let now = "customer,segment\na,one\nb,two\nc,two\nd,three\n";
    let tables = [("segments", now), ("before", before)];
    let answer = run_with(&tables, &request(r#","before":"before""#, "")).unwrap();
    let drift = answer.at("/result/drift");
    assert!(drift["sizes"]["psi"].as_f64().unwrap() > 0.25);
    assert!(drift["sizes"]["jensenShannon"].as_f64().unwrap() > 0.0);
    let names: Vec<_> =
        drift["segments"].as_array().unwrap().iter().map(|s| s["segment"].clone()).collect();
    assert_eq!(names, ["one", "three", "two"]);
    assert_eq!(
        (drift["segments"][0]["stayed"].as_u64(), drift["segments"][0]["jaccard"].as_f64()),
        (Some(1), Some(0.5))
    );
    assert_eq!(answer.at("/about/warnings/0/code"), "nothing-to-compare");
    let same =
        run_with(&[("segments", now), ("before", now)], &request(r#","before":"before""#, ""))
            .unwrap();
    assert_eq!(same.at("/result/drift/sizes/psi"), 0.0);
}

#[test]
fn row_order_and_names_of_customers_change_nothing() {
    let before = all("");
    let turned = |csv: &str| {
        let mut lines: Vec<&str> = csv.lines().skip(1).collect();
        lines.reverse();
        format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n")).replace("c0", "会员")
    };
    let (customers, segments, log) = (turned(&customers()), turned(&segments()), turned(LOG));
    let tables = [("segments", &segments[..]), ("customers", &customers), ("orders", &log)];
    let inputs = r#","customers":"customers","log":"orders""#;
    let after =
        run_with(&tables, &request(inputs, r#""at":"2025-05-31","attributes":["city","age"]"#))
            .unwrap();
    assert_eq!(before.at("/result"), after.at("/result"));
}

#[test]
fn degenerate_segments_have_stated_answers() {
    // Everybody is in it, all are equal, and nobody's attribute is known.
    let tables = [
        ("segments", "customer,segment\na,all\nb,all\n"),
        ("customers", "customer,city,age#\na,,5\nb,,5\n"),
    ];
    let answer = run_with(
        &tables,
        &request(r#","customers":"customers""#, r#""attributes":["city","age"]"#),
    )
    .unwrap();
    let age = answer.at("/result/segments/0/measures/0");
    assert!(age["difference"].is_null() && age["othersMean"].is_null() && age["effect"].is_null());
    assert_eq!(age["mean"], 5.0);
    assert_eq!(
        (answer.at("/result/segments/0/share"), answer.at("/result/tests")),
        (&1.0.into(), &0.into())
    );
    assert!(
        answer.at("/result/segments/0/sentence/en").as_str().unwrap().contains("beyond chance")
    );
    let refused = |csv: &str, more: &str| {
        let error = run_with(&[("segments", csv)], &request("", more)).unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    assert_eq!(refused("customer,segment\na,\n", "").0, Code::NotEnoughData);
    assert_eq!(
        refused("customer,segment\na,x\n", r#""attributes":["city"]"#),
        (Code::UnknownTable, "options.attributes".into())
    );
    assert_eq!(refused("customer,segment\na,x\n", r#""segment":"sgement""#).0, Code::MissingRole);
    let many: String = (0..65).map(|at| format!("a,s{at}\n")).collect();
    assert_eq!(refused(&format!("customer,segment\n{many}"), "").0, Code::Limit);
}
