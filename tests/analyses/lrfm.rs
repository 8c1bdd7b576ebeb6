//! What `lrfm` promises.

use crate::tables::{run, run_with};
use siyu::error::Code;

const LOG: &str = "customer,time,amount\n\
    a,2025-01-01,10\na,2025-05-01,10\nb,2025-05-20,50\nc,2025-02-01,5\nc,2025-02-11,5\nc,2025-04-01,90\n\
    d,2025-05-30,1\nd,2025-05-30,-1\ne,2024-12-31,7\n";

fn request(more: &str) -> String {
    format!(r#"{{"analysis":"lrfm","options":{{"at":"2025-05-31"{more}}}}}"#)
}

#[test]
fn length_is_the_days_between_the_first_and_the_last_purchase() {
    let answer = run(LOG, &request("")).unwrap();
    let of = |customer: &str| ["length", "recency", "tenure"].map(|name| answer.of(customer, name));
    assert_eq!(of("a"), [120.0, 30.0, 150.0]);
    assert_eq!(of("b"), [0.0, 11.0, 11.0]);
    assert_eq!(of("c"), [59.0, 60.0, 119.0]);
    // A refund is no purchase.
    assert_eq!(of("d"), [0.0, 1.0, 1.0]);
}

#[test]
fn recency_frequency_and_money_have_the_scores_of_rfm() {
    let answer = run(LOG, &request("")).unwrap();
    let rfm = run(LOG, r#"{"analysis":"rfm","options":{"at":"2025-05-31"}}"#).unwrap();
    for customer in rfm.customers() {
        for name in ["r", "f", "m"] {
            assert_eq!(answer.of(&customer, name), rfm.of(&customer, name), "{customer} {name}");
        }
    }
}

#[test]
fn the_total_is_the_weighted_mean_of_five_scores() {
    let weights = r#","weights":{"length":2,"recency":1,"frequency":0,"monetary":1,"tenure":4}"#;
    let answer = run(LOG, &request(weights)).unwrap();
    for customer in answer.customers() {
        let [l, r, m, t] = ["l", "r", "m", "t"].map(|name| answer.of(&customer, name));
        assert_eq!(answer.of(&customer, "score"), (2.0 * l + r + m + 4.0 * t) / 8.0);
    }
    let patterns = answer.at("/result/patterns").as_array().unwrap();
    assert_eq!(patterns.len(), 16);
    let sum: u64 = patterns.iter().map(|row| row["customers"].as_u64().unwrap()).sum();
    assert_eq!(sum, 5);
}

#[test]
fn scores_within_a_value_are_those_of_its_customers_alone() {
    let customers = "customer,city\na,X\nb,X\nc,X\nd,Y\nz,Y\n";
    let within = request(r#","within":"city""#)
        .replace("\"options\"", r#""inputs":{"log":"orders","customers":"customers"},"options""#);
    let answer = run_with(&[("orders", LOG), ("customers", customers)], &within).unwrap();
    let of_x: String = LOG
        .lines()
        .filter(|line| !line.starts_with("d,") && !line.starts_with("e,"))
        .map(|line| format!("{line}\n"))
        .collect();
    let alone = run(&of_x, &request("")).unwrap();
    for customer in ["a", "b", "c"] {
        for name in ["l", "r", "f", "m", "t", "score"] {
            assert_eq!(answer.of(customer, name), alone.of(customer, name), "{customer} {name}");
        }
    }
    let groups = answer.at("/result/groups").as_array().unwrap();
    let named: Vec<_> =
        groups.iter().map(|row| (row["value"].clone(), row["customers"].as_u64())).collect();
    assert_eq!(
        named,
        [("X".into(), Some(3)), ("Y".into(), Some(1)), (serde_json::Value::Null, Some(1))]
    );
    assert_eq!(answer.of("e", "within"), 2.0);
    let turned = {
        let mut lines: Vec<&str> = LOG.lines().skip(1).collect();
        lines.reverse();
        format!("customer,time,amount\n{}\n", lines.join("\n"))
    };
    let after = run_with(&[("orders", &turned), ("customers", customers)], &within).unwrap();
    assert_eq!(answer.by_customer(), after.by_customer());
    assert_eq!(answer.at("/result"), after.at("/result"));
}

#[test]
fn slips_are_named_with_their_place() {
    let refused = |more: &str| {
        let error = run(LOG, &request(more)).unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    assert_eq!(
        refused(r#","convention":"ntile""#),
        (Code::InvalidOption, "options.convention".into())
    );
    assert_eq!(refused(r#","bins":1"#), (Code::InvalidOption, "options.bins".into()));
    assert_eq!(
        refused(r#","weights":{"length":-1}"#),
        (Code::InvalidOption, "options.weights.length".into())
    );
    assert_eq!(refused(r#","within":"city""#), (Code::UnknownTable, "options.within".into()));
}
