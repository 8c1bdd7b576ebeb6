//! What `survival` promises.

use crate::tables::{run, run_with};
use siyu::error::Code;

/// Days after 1 January 2025 on which each customer bought. As of 30 June, the 180th day after.
const LOG: &[(&str, &[u32])] = &[
    // Comes every month to the end.
    ("loyal", &[0, 30, 60, 90, 120, 150, 175]),
    // Fell silent after day 40 and came back: it counts as ended on day 130.
    ("back", &[0, 40, 140]),
    // Once, and never again.
    ("once", &[10]),
    // Ninety days are no silence when the ninetieth brings a purchase.
    ("late", &[0, 90, 179]),
    // Not long enough here to be silent.
    ("new", &[100]),
];

fn csv() -> String {
    let first = jiff::civil::date(2025, 1, 1);
    let mut csv = "customer,time,amount\n".to_owned();
    for (customer, days) in LOG {
        for day in *days {
            let day = first.checked_add(jiff::Span::new().days(i64::from(*day))).unwrap();
            csv += &format!("{customer},{day},5\n");
        }
    }
    csv
}

fn request(more: &str) -> String {
    format!(r#"{{"analysis":"survival","options":{{"at":"2025-06-30"{more}}}}}"#)
}

#[test]
fn a_first_long_silence_ends_a_customers_time_and_the_rest_is_not_known_yet() {
    let answer = run(&csv(), &request("")).unwrap();
    let told: Vec<(f64, f64)> = LOG
        .iter()
        .map(|(customer, _)| (answer.of(customer, "days"), answer.of(customer, "ended")))
        .collect();
    assert_eq!(told, [(180.0, 0.0), (130.0, 1.0), (90.0, 1.0), (180.0, 0.0), (80.0, 0.0)]);
    // Four were followed to day 90, and three of these on.
    let points = answer.at("/result/all/points").as_array().unwrap();
    let at = |day: u64| points.iter().find(|point| point["day"] == day).unwrap();
    assert_eq!((at(0)["atRisk"].as_u64(), at(0)["survival"].as_f64()), (Some(5), Some(1.0)));
    assert_eq!((at(84)["atRisk"].as_u64(), at(84)["survival"].as_f64()), (Some(4), Some(1.0)));
    assert_eq!((at(91)["atRisk"].as_u64(), at(91)["survival"].as_f64()), (Some(3), Some(0.75)));
    assert_eq!((at(133)["atRisk"].as_u64(), at(133)["survival"].as_f64()), (Some(2), Some(0.5)));
    assert!((at(133)["hazard"].as_f64().unwrap() - 7.0 / 12.0).abs() < 1e-12);
    let (low, high) = (at(133)["low"].as_f64().unwrap(), at(133)["high"].as_f64().unwrap());
    assert!(0.0 < low && low < 0.5 && 0.5 < high && high < 1.0);
    assert_eq!(answer.at("/result/all/medianDays"), 130.0);
    // Nobody was followed for a year; of the first 150 days 90·1 + 40·¾ + 20·½ are lived.
    assert!(answer.at("/result/all/meanDays").is_null());
    let shorter = run(&csv(), &request(r#","withinDays":150"#)).unwrap();
    assert!((shorter.at("/result/all/meanDays").as_f64().unwrap() - 130.0).abs() < 1e-12);
    let ends = ["low", "high"]
        .map(|end| shorter.at(&format!("/result/all/meanInterval/{end}")).as_f64().unwrap());
    assert!(ends[0] < 130.0 && 130.0 < ends[1] && ends[1] <= 150.0);
    assert_eq!(answer.at("/result/all/ended"), 2);
    assert_eq!(answer.at("/result/groups").as_array().map(Vec::len), Some(0));
}

#[test]
fn the_second_purchase_can_be_what_is_waited_for() {
    let answer = run(&csv(), &request(r#","event":"repeat","stepDays":10"#)).unwrap();
    let told: Vec<(f64, f64)> = LOG
        .iter()
        .map(|(customer, _)| (answer.of(customer, "days"), answer.of(customer, "ended")))
        .collect();
    assert_eq!(told, [(30.0, 1.0), (40.0, 1.0), (170.0, 0.0), (90.0, 1.0), (80.0, 0.0)]);
    // After 90 days 1 of 2 of those still followed: 4/5 · 3/4 · 1/2.
    let survival = answer.at("/result/all/points/9/survival").as_f64().unwrap();
    assert!((survival - 0.3).abs() < 1e-12);
}

#[test]
fn groups_have_curves_of_their_own_and_a_test() {
    let customers = "customer,city\nloyal,B\nback,A\nonce,A\nlate,B\nstranger,C\n";
    let tables = [("orders", csv()), ("customers", customers.to_owned())];
    let tables = tables.each_ref().map(|(name, csv)| (*name, csv.as_str()));
    let asked = r#"{"analysis":"survival","inputs":{"log":"orders","customers":"customers"},
        "options":{"at":"2025-06-30","by":"city"}}"#;
    let answer = run_with(&tables, asked).unwrap();
    let groups = answer.at("/result/groups").as_array().unwrap();
    let told: Vec<_> = groups
        .iter()
        .map(|g| (g["name"].as_str(), g["customers"].as_u64(), g["ended"].as_u64()))
        .collect();
    assert_eq!(
        told,
        [(Some("A"), Some(2), Some(2)), (Some("B"), Some(2), Some(0)), (None, Some(1), Some(0))]
    );
    // A: 1 of 2 of 4 at day 90, 1 of 1 of 3 at day 130. O − E = 2 − 1/2 − 1/3, V = 1/4 + 2/9.
    let wanted = (7.0_f64 / 6.0).powi(2) / (0.25 + 2.0 / 9.0);
    assert!((answer.at("/result/test/statistic").as_f64().unwrap() - wanted).abs() < 1e-12);
    assert_eq!(answer.at("/result/test/degrees"), 1);
    assert!((answer.at("/result/test/p").as_f64().unwrap() - 0.0896).abs() < 1e-3);
}

#[test]
fn neither_order_nor_names_matter() {
    let csv = csv();
    let (header, rows) = csv.split_once('\n').unwrap();
    let mut lines: Vec<&str> = rows.lines().collect();
    lines.reverse();
    let before = run(&csv, &request("")).unwrap();
    let turned = run(&format!("{header}\n{}\n", lines.join("\n")), &request("")).unwrap();
    assert_eq!(turned.json["result"], before.json["result"]);
    assert_eq!(turned.by_customer(), before.by_customer());
}

#[test]
fn what_cannot_be_asked_is_refused_with_its_path() {
    for (more, code, path) in [
        (r#","silenceDays":0"#, Code::InvalidOption, "options.silenceDays"),
        (r#","stepDays":366"#, Code::InvalidOption, "options.stepDays"),
        (r#","withinDays":0"#, Code::InvalidOption, "options.withinDays"),
        (r#","confidence":1"#, Code::InvalidOption, "options.confidence"),
        (r#","by":"city""#, Code::UnknownTable, "options.by"),
    ] {
        let error = run(&csv(), &request(more)).unwrap_err();
        assert_eq!((error.code(), error.path()), (code, Some(path)));
    }
    let early = request("").replace("2025-06-30", "2020-01-01");
    assert_eq!(run(&csv(), &early).unwrap_err().code(), Code::NotEnoughData);
    // Nobody has been silent for ten years: a stated answer.
    let never = run(&csv(), &request(r#","silenceDays":3650"#)).unwrap();
    assert_eq!(never.at("/about/warnings/0/code"), "no-events");
    assert!(never.at("/result/all/medianDays").is_null());
}
