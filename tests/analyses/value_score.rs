//! What `value-score` promises.

use crate::tables::{Answer, run, run_with};
use siyu::error::Code;

const LOG: &str = "customer,time,amount\n\
    a,2025-05-20,500\na,2025-05-28,400\nb,2025-05-25,70\nb,2025-05-02,30\nc,2024-11-02,20\nd,2025-03-30,30\n";
const EVENTS: &str = "customer,time,event\n\
    a,2025-05-21,share\na,2025-05-22,view\nb,2025-05-22,view\nb,2025-05-23,view\ne,2025-05-29,评论\ne,2025-05-29,view\n";
const RATINGS: &str = "customer,time,quantity\na,2025-05-21,9\na,2025-05-22,10\nb,2025-05-22,3\nd,2025-05-22,7\nc,2025-06-02,1\nc,2025-05-02,\n";

fn request(more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"analysis":"value-score","inputs":{{"log":"orders","events":"events","ratings":"ratings"}},
        "options":{{"at":"2025-05-31"{comma}{more}}}}}"#
    )
}

fn all(more: &str) -> Answer {
    run_with(&[("orders", LOG), ("events", EVENTS), ("ratings", RATINGS)], &request(more)).unwrap()
}

const PARTS: [&str; 6] = [
    "recencyPart",
    "frequencyPart",
    "monetaryPart",
    "behaviourPart",
    "socialPart",
    "sentimentPart",
];

#[test]
fn every_score_is_exactly_the_sum_of_its_parts() {
    for weighting in [
        r#""weighting":"equal""#,
        r#""weighting":"entropy""#,
        r#""weighting":"given","weights":{"transaction":5,"behaviour":1,"social":2,"sentiment":0.3}"#,
    ] {
        let answer = all(weighting);
        for customer in answer.customers() {
            let sum: f64 = PARTS.iter().map(|name| answer.of(&customer, name)).sum();
            let score = answer.of(&customer, "score");
            assert_eq!(sum.to_bits(), score.to_bits(), "{customer} {weighting}");
            assert!((0.0..=100.0 + 1e-9).contains(&score));
        }
        let dimensions = answer.at("/result/dimensions").as_array().unwrap();
        let weights: f64 = dimensions.iter().map(|row| row["weight"].as_f64().unwrap()).sum();
        assert!((weights - 1.0).abs() < 1e-12);
    }
}

#[test]
fn measures_are_ranks_among_all_customers() {
    let answer = all("");
    // a: latest, most money; as many purchases as b. Of four others, e never bought.
    assert_eq!(answer.of("a", "recencyPart"), 100.0 * (0.25 * (1.0 / 3.0)));
    assert_eq!(answer.of("a", "frequencyPart"), 100.0 * (0.25 * (1.0 / 3.0)) * 0.75);
    assert_eq!((answer.of("e", "transaction"), answer.of("e", "isBuyer")), (0.0, 0.0));
    // Views: b has two, a and e one.
    assert_eq!((answer.of("b", "behaviour"), answer.of("a", "behaviour")), (1.0, 0.5));
    // Ratings: a 9.5, d 7, b 3; c and e are not rated.
    assert_eq!(
        (answer.of("a", "sentiment"), answer.of("d", "sentiment"), answer.of("b", "sentiment")),
        (1.0, 0.5, 0.0)
    );
    assert_eq!((answer.of("c", "sentiment"), answer.of("c", "isRated")), (0.5, 0.0));
}

#[test]
fn dimensions_without_data_leave_their_weight_to_the_others() {
    let more =
        r#""weighting":"given","weights":{"transaction":1,"behaviour":7,"social":1,"sentiment":7}"#;
    let request = format!(
        r#"{{"analysis":"value-score","inputs":{{"log":"orders","referrals":"referrals"}},"options":{{"at":"2025-05-31",{more}}}}}"#
    );
    let referrals = "customer,time,order\na,2025-05-01,x\n";
    let answer = run_with(&[("orders", LOG), ("referrals", referrals)], &request).unwrap();
    let weights: Vec<f64> = answer
        .at("/result/dimensions")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["weight"].as_f64().unwrap())
        .collect();
    assert_eq!(weights, [0.5, 0.0, 0.5, 0.0]);
}

#[test]
fn entropy_gives_more_weight_to_what_few_have() {
    let answer = all(r#""weighting":"entropy""#);
    let row = |at: usize| answer.at(&format!("/result/dimensions/{at}")).clone();
    let (transaction, social) = (row(0), row(2));
    assert!(social["entropy"].as_f64() < transaction["entropy"].as_f64());
    assert!(social["weight"].as_f64() > transaction["weight"].as_f64());
}

#[test]
fn bands_hold_everybody_and_equal_customers_are_together() {
    let answer = all("");
    let bands = answer.at("/result/bands").as_array().unwrap();
    let sum: u64 = bands.iter().map(|band| band["customers"].as_u64().unwrap()).sum();
    assert_eq!(sum, 5);
    let share: f64 = bands.iter().map(|band| band["revenueShare"].as_f64().unwrap()).sum();
    assert!((share - 1.0).abs() < 1e-12);
    let equal = run(
        "customer,time,amount\na,2025-05-01,5\nb,2025-05-01,5\nc,2025-05-01,5\n",
        r#"{"analysis":"value-score","options":{"at":"2025-05-31"}}"#,
    )
    .unwrap();
    assert_eq!(equal.numbers("band"), [0.0, 0.0, 0.0]);
    assert_eq!(equal.numbers("score"), [0.0, 0.0, 0.0]);
    assert_eq!(equal.at("/about/warnings/0/code"), "constant-dimension");
    let one = run(
        "customer,time,amount\na,2025-05-01,0\n",
        r#"{"analysis":"value-score","options":{"at":"2025-05-31"}}"#,
    )
    .unwrap();
    assert!(one.at("/result/bands/0/revenueShare").is_null());
}

#[test]
fn row_order_names_and_the_unit_of_money_change_nothing() {
    let before = all("");
    let turned = |csv: &str| {
        let mut lines: Vec<&str> = csv.lines().skip(1).collect();
        lines.reverse();
        format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n"))
    };
    let tables = [turned(LOG), turned(EVENTS), turned(RATINGS)];
    let tables = [("orders", &tables[0][..]), ("events", &tables[1]), ("ratings", &tables[2])];
    let after = run_with(&tables, &request("")).unwrap();
    assert_eq!(before.by_customer(), after.by_customer());
    assert_eq!(before.at("/result"), after.at("/result"));
    let dearer: String = LOG
        .lines()
        .map(|line| {
            if line.starts_with("customer") { format!("{line}\n") } else { format!("{line}000\n") }
        })
        .collect();
    let after =
        run_with(&[("orders", &dearer), ("events", EVENTS), ("ratings", RATINGS)], &request(""))
            .unwrap();
    assert_eq!(before.by_customer(), after.by_customer());
    let renamed =
        [LOG, EVENTS, RATINGS].map(|csv| csv.replace("\na,", "\n会员一,").replace("\nb,", "\nzz,"));
    let tables = [("orders", &renamed[0][..]), ("events", &renamed[1]), ("ratings", &renamed[2])];
    let after = run_with(&tables, &request("")).unwrap();
    assert_eq!(before.numbers("score"), after.numbers("score"));
    assert_eq!(before.at("/result"), after.at("/result"));
}

#[test]
fn slips_are_named_with_their_place() {
    let refused = |more: &str| {
        let error = run(
            LOG,
            &format!(r#"{{"analysis":"value-score","options":{{"at":"2025-05-31",{more}}}}}"#),
        )
        .unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(r#""weighting":"given""#), (Code::MissingField, "options.weights".into()));
    let weights = r#""weights":{"transaction":1,"behaviour":1,"social":1,"sentiment":1}"#;
    assert_eq!(refused(weights), (Code::InvalidOption, "options.weights".into()));
    assert_eq!(
        refused(r#""transaction":{"monetary":-1}"#),
        (Code::InvalidOption, "options.transaction.monetary".into())
    );
    assert_eq!(refused(r#""unrated":2"#), (Code::InvalidOption, "options.unrated".into()));
}
