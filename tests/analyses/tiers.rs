//! `tiers`: levels by spend, exact at the limits, and what is missing to the next.

use crate::tables::run;
use siyu::error::Code;

const LOG: &str = "customer,time,amount\na,2025-05-01,4999.99\nb,2025-05-02,5000\nc,2025-05-03,0.1\nc,2025-05-04,0.2\n\
    d,2025-04-01,9000\nd,2025-05-20,-100\n";

fn request(more: &str) -> String {
    format!(
        r#"{{"analysis":"tiers","options":{{"at":"2025-05-31","tiers":[{{"name":"金","from":0.3}},{{"name":"白金","from":5000}}]{more}}}}}"#
    )
}

#[test]
fn levels_begin_exactly_at_their_limit() {
    let answer = run(LOG, &request("")).unwrap();
    // 0.1 + 0.2 is 0.3 here.
    assert_eq!(
        ["a", "b", "c", "d"].map(|id| answer.of(id, "spend")),
        [4999.99, 5000.0, 0.3, 8900.0]
    );
    assert_eq!(["a", "b", "c", "d"].map(|id| answer.of(id, "missing")), [0.01, 0.0, 4999.7, 0.0]);
    let tier = |at: usize, name: &str| answer.at(&format!("/result/tiers/{at}/{name}")).clone();
    assert_eq!(
        (tier(0, "customers"), tier(1, "customers"), tier(2, "customers")),
        (0.into(), 2.into(), 2.into())
    );
    assert_eq!((tier(1, "near"), tier(2, "near")), (1.into(), serde_json::Value::Null));
    assert_eq!(tier(2, "spend"), 13_900.0);
}

#[test]
fn only_the_time_that_counts_counts() {
    let answer = run(LOG, &request(r#","window":{"last":"31d"},"near":4999.7"#)).unwrap();
    assert_eq!((answer.of("d", "spend"), answer.of("d", "missing")), (-100.0, 100.3));
    assert_eq!(answer.at("/result/tiers/1/near"), 2);
    assert_eq!(answer.at("/result/spend"), 9900.29);
}

#[test]
fn levels_that_do_not_ascend_are_refused() {
    for (from, to, path) in [
        (r#""from":5000"#, r#""from":0.3"#, "options.tiers[1].from"),
        (r#""name":"金""#, r#""name":"""#, "options.tiers[0].name"),
        (r#""at":"2025-05-31""#, r#""at":"2025-05-31","near":-1"#, "options.near"),
    ] {
        let error = run(LOG, &request("").replace(from, to)).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some(path)));
    }
    let error = run(LOG, &request(r#","window":{"ago":["1d","2d"]}"#)).unwrap_err();
    assert_eq!(error.path(), Some("options.window"));
}
