//! What `experiment`, `power` and `assign` promise.

use crate::tables::{Answer, run_with};
use siyu::error::{Code, Error};

fn close(got: &serde_json::Value, expected: f64, within: f64) {
    let got = got.as_f64().unwrap_or(f64::NAN);
    assert!((got - expected).abs() <= within * expected.abs(), "{got} {expected}");
}

fn given(options: &str) -> Result<Answer, Error> {
    run_with(&[], &format!(r#"{{"analysis":"experiment","options":{options}}}"#))
}

fn shares(control: (u64, u64), treatment: (u64, u64), more: &str) -> Answer {
    given(&format!(
        r#"{{"control":"a","metrics":[{{"name":"bought","kind":"share"}}],"arms":[
            {{"arm":"a","units":{},"values":[{{"successes":{}}}]}},
            {{"arm":"b","units":{},"values":[{{"successes":{}}}]}}]{more}}}"#,
        control.1, control.0, treatment.1, treatment.0
    ))
    .unwrap()
}

/// Newcombe (1998), table II: 56/70 against 48/80 is 0.0524 to 0.3339.
#[test]
fn counts_alone_are_enough() {
    let answer = shares((48, 80), (56, 70), "");
    let found = answer.at("/result/metrics/0/comparisons/0");
    close(&found["effect"], 0.2, 1e-12);
    close(&found["interval"]["low"], 0.0524, 1e-3);
    close(&found["interval"]["high"], 0.3339, 1e-3);
    close(&found["relative"], 1.0 / 3.0, 1e-12);
    assert!(found["chanceToBeat"].as_f64().unwrap() > 0.99);
    let always = &found["alwaysValidInterval"];
    assert!(always["low"].as_f64() < found["interval"]["low"].as_f64());
    assert_eq!(answer.at("/result/decision/call"), "ship");
    assert_eq!(answer.at("/result/decision/arm"), "b");
    close(answer.at("/result/sampleRatio/pValue"), 0.414_216_178_242_525, 1e-9);
    // Watched, the same data does not decide yet.
    let watched = shares((48, 80), (56, 70), r#","decide":"always-valid""#);
    assert_eq!(watched.at("/result/decision/call"), "run-longer");
    // And neither does it before the planned end.
    let early = shares((48, 80), (56, 70), r#","plannedUnits":1000"#);
    assert_eq!(early.at("/result/decision/reasons/0/code"), "planned-units-missing");
}

/// Eight units with what they spent before.
fn table() -> String {
    let rows = [
        ("u1", "a", 10.0, 8.0),
        ("u2", "a", 12.0, 11.0),
        ("u3", "a", 9.0, 7.0),
        ("u4", "a", 14.0, 13.0),
        ("u5", "b", 13.0, 9.0),
        ("u6", "b", 15.0, 12.0),
        ("u7", "b", 11.0, 8.0),
        ("u8", "b", 16.0, 12.5),
    ];
    let text = rows.map(|(unit, arm, spend, before)| format!("{unit},{arm},{spend},{before}\n"));
    format!("customer,variant,spend#,before#\n{}", text.concat())
}

fn over(csv: &str, options: &str) -> Result<Answer, Error> {
    run_with(
        &[("test", csv)],
        &format!(
            r#"{{"analysis":"experiment","inputs":{{"units":"test"}},"options":{{"control":"a",{options}}}}}"#
        ),
    )
}

#[test]
fn a_covariate_takes_noise_out_without_moving_the_meaning() {
    let plain = over(&table(), r#""metrics":[{"name":"spend"}]"#).unwrap();
    let adjusted = over(&table(), r#""metrics":[{"name":"spend","covariate":"before"}]"#).unwrap();
    let comparison = |answer: &Answer| answer.at("/result/metrics/0/comparisons/0").clone();
    let (plain, own) = (comparison(&plain), comparison(&adjusted));
    close(&plain["effect"], 2.5, 1e-12);
    // t = 2.5/√(2·59/48) on six degrees of freedom, in closed form.
    close(&plain["pValue"], 0.161_938_228_466_283_92, 1e-12);
    let width = |found: &serde_json::Value| {
        found["interval"]["high"].as_f64().unwrap() - found["interval"]["low"].as_f64().unwrap()
    };
    assert!(width(&own) < 0.6 * width(&plain), "{own} {plain}");
    assert!(adjusted.at("/result/metrics/0/explained").as_f64().unwrap() > 0.7);
}

#[test]
fn a_table_and_its_sums_give_the_same_numbers() {
    let units = over(&table(), r#""metrics":[{"name":"spend"}]"#).unwrap();
    let sums = given(
        r#"{"control":"a","metrics":[{"name":"spend"}],"arms":[
            {"arm":"b","units":4,"values":[{"mean":13.75,"variance":4.916666666666667}]},
            {"arm":"a","units":4,"values":[{"mean":11.25,"variance":4.916666666666667}]}]}"#,
    )
    .unwrap();
    for field in ["effect", "pValue", "relative", "expectedLoss", "alwaysValidPValue"] {
        let at = format!("/result/metrics/0/comparisons/0/{field}");
        close(units.at(&at), sums.at(&at).as_f64().unwrap(), 1e-9);
    }
}

#[test]
fn units_in_two_arms_take_no_part_and_are_counted() {
    let csv = format!("{}u1,b,99,1\nu5,b,13,9\nu9,,5,5\n", table());
    let answer = over(&csv, r#""metrics":[{"name":"spend"}]"#).unwrap();
    let units: Vec<u64> =
        (0..2).map(|at| answer.at(&format!("/result/arms/{at}/units")).as_u64().unwrap()).collect();
    assert_eq!(units, [3, 3]);
    let reasons: Vec<(&str, u64)> = answer
        .at("/about/leftOut")
        .as_array()
        .unwrap()
        .iter()
        .map(|part| (part["reason"].as_str().unwrap(), part["customers"].as_u64().unwrap()))
        .collect();
    assert_eq!(reasons, [("two-arms", 1), ("repeated-unit", 1), ("no-variant", 1)]);
}

#[test]
fn a_broken_ratio_stops_every_conclusion() {
    let answer = shares((500, 5000), (900, 5600), "");
    assert_eq!(answer.at("/result/sampleRatio/isMismatch"), true);
    assert_eq!(answer.at("/result/decision/call"), "hold");
    assert_eq!(answer.at("/result/decision/reasons/0/code"), "sample-ratio-mismatch");
    // As planned it is none.
    let plan = r#","plan":[{"arm":"a","weight":0.47},{"arm":"b","weight":0.53}]"#;
    let planned = shares((500, 5000), (900, 5600), plan);
    assert_eq!(planned.at("/result/sampleRatio/isMismatch"), false);
}

#[test]
fn guardrails_hold_back_what_the_primary_metric_would_ship() {
    let with = |complaints: u64, margin: f64| {
        let answer = given(&format!(
            r#"{{"control":"a","metrics":[{{"name":"bought","kind":"share"}},
                {{"name":"complained","kind":"share","purpose":"guardrail","better":"lower","margin":{margin}}}],
            "arms":[{{"arm":"a","units":10000,"values":[{{"successes":1000}},{{"successes":300}}]}},
                {{"arm":"b","units":10000,"values":[{{"successes":1200}},{{"successes":{complaints}}}]}}]}}"#,
        ))
        .unwrap();
        let code = answer.at("/result/decision/reasons/0/code").as_str().unwrap().to_owned();
        (answer.at("/result/decision/call").as_str().unwrap().to_owned(), code)
    };
    assert_eq!(with(900, 0.2), ("stop".to_owned(), "guardrail-harmed".to_owned()));
    assert_eq!(with(310, 0.05), ("hold".to_owned(), "guardrail-unproven".to_owned()));
    assert_eq!(with(290, 0.2), ("ship".to_owned(), "primary-better".to_owned()));
}

#[test]
fn degenerate_data_has_stated_answers() {
    // Nobody and everybody.
    for (control, treatment) in [((0, 50), (0, 60)), ((50, 50), (60, 60)), ((0, 1), (1, 1))] {
        let answer = shares(control, treatment, "");
        let found = answer.at("/result/metrics/0/comparisons/0");
        assert!(found["interval"]["low"].is_number() && found["pValue"].is_number(), "{found}");
    }
    // An empty arm.
    let empty = shares((5, 50), (0, 0), "");
    assert_eq!(empty.at("/result/metrics/0/comparisons/0/effect"), &serde_json::Value::Null);
    assert_eq!(empty.at("/about/warnings/0/code"), "empty-arm");
    // Nothing varies, one unit, a baseline below 0.
    let means = |a: &str, b: &str| {
        given(&format!(
            r#"{{"control":"a","metrics":[{{"name":"profit"}}],"arms":[
                {{"arm":"a",{a}}},{{"arm":"b",{b}}}]}}"#
        ))
        .unwrap()
    };
    let still = r#""units":9,"values":[{"mean":3,"variance":0}]"#;
    let answer = means(still, still);
    assert_eq!(answer.at("/result/metrics/0/comparisons/0/pValue"), &serde_json::Value::Null);
    assert_eq!(answer.at("/about/warnings/0/code"), "nothing-varies");
    let one = means(r#""units":1,"values":[{"mean":3}]"#, still);
    assert_eq!(one.at("/result/metrics/0/arms/0/value"), 3.0);
    assert_eq!(one.at("/result/metrics/0/comparisons/0/effect"), &serde_json::Value::Null);
    let loss = means(
        r#""units":300,"values":[{"mean":-3,"variance":1}]"#,
        r#""units":310,"values":[{"mean":-2.9,"variance":1}]"#,
    );
    assert_eq!(loss.at("/result/metrics/0/comparisons/0/relative"), &serde_json::Value::Null);
    assert_eq!(loss.at("/about/warnings/0/code"), "no-relative-effect");
}

#[test]
fn mistakes_are_refused_with_their_place() {
    let path = |result: Result<Answer, Error>| {
        let error = result.unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    let wrong = |path: &str| (Code::InvalidOption, path.to_owned());
    let of = |metric: &str| over(&table(), &format!(r#""metrics":[{metric}]"#));
    assert_eq!(path(over(&table(), r#""metrics":[]"#)), wrong("options.metrics"));
    let ratio = of(r#"{"name":"spend","kind":"ratio"}"#);
    assert_eq!(path(ratio), wrong("options.metrics[0].denominator"));
    let share = of(r#"{"name":"spend","kind":"share"}"#);
    assert_eq!(path(share), (Code::Type, "options.metrics[0].kind".to_owned()));
    assert_eq!(path(of(r#"{"name":"spend","margin":0.1}"#)), wrong("options.metrics[0].margin"));
    let both = given(r#"{"control":"a","metrics":[{"name":"x"}]}"#);
    assert_eq!(path(both), wrong("options.arms"));
    let successes = given(
        r#"{"control":"a","metrics":[{"name":"x","kind":"share"}],
            "arms":[{"arm":"a","units":3,"values":[{"successes":4}]}]}"#,
    );
    assert_eq!(path(successes), wrong("options.arms[0].values[0].successes"));
    let nobody = run_with(
        &[("test", &table())],
        r#"{"analysis":"experiment","inputs":{"units":"test"},
            "options":{"control":"z","metrics":[{"name":"spend"}]}}"#,
    );
    assert_eq!(path(nobody), wrong("options.control"));
}

fn power(options: &str) -> Result<Answer, Error> {
    run_with(&[], &format!(r#"{{"analysis":"power","options":{options}}}"#))
}

/// Cohen (1988), table 2.4.1: half a standard deviation takes 64 per arm.
#[test]
fn a_plan_says_units_days_and_what_can_be_seen() {
    let mean = power(r#"{"baseline":10,"deviation":10,"effect":0.5,"unitsPerDay":20}"#).unwrap();
    assert_eq!(mean.at("/result/needed/control"), 64.0);
    assert_eq!(mean.at("/result/needed/total"), 128.0);
    assert_eq!(mean.at("/result/needed/days"), 7.0);
    let back = power(r#"{"baseline":10,"deviation":10,"effect":0.5,"units":128}"#).unwrap();
    close(back.at("/result/power"), 0.8015, 1e-3);
    assert!(back.at("/result/detectable").as_f64().unwrap() < 0.5);
    // Half of the variance explained takes half of the units; three arms more.
    let base = power(r#"{"baseline":0.1,"effect":0.1}"#).unwrap();
    let half = power(r#"{"baseline":0.1,"effect":0.1,"explained":0.5}"#).unwrap();
    let units = |answer: &Answer| answer.at("/result/needed/control").as_f64().unwrap();
    assert!((units(&half) / units(&base) - 0.5).abs() < 1e-3);
    assert_eq!(units(&base), 14751.0);
    let looks = power(r#"{"baseline":0.1,"effect":0.1,"looks":5}"#).unwrap();
    close(looks.at("/result/looks/4/z"), 2.031, 1e-3);
    let margin = power(r#"{"baseline":0.1,"margin":0.05}"#).unwrap();
    assert!(units(&margin) > 40_000.0);
}

#[test]
fn a_plan_without_sense_is_refused() {
    for (options, path) in [
        (r#"{"baseline":10,"effect":0.5}"#, "options.baseline"),
        (r#"{"baseline":0.1}"#, "options.effect"),
        (r#"{"baseline":0.1,"effect":0}"#, "options.effect"),
        (r#"{"baseline":0.9,"effect":0.5}"#, "options.effect"),
        (r#"{"baseline":0.1,"effect":0.1,"power":1}"#, "options.power"),
        (r#"{"baseline":0.1,"effect":0.1,"alpha":0}"#, "options.alpha"),
        (r#"{"baseline":5,"deviation":1,"effect":0.1,"units":1}"#, "options.units"),
    ] {
        let error = power(options).unwrap_err();
        assert_eq!(error.path(), Some(path), "{options} {error}");
    }
}

fn assign(more: &str) -> Answer {
    run_with(
        &[],
        &format!(
            r#"{{"analysis":"assign","options":{{"seed":"my-test","variants":[{{"name":"a"}},{{"name":"b"}}]{more}}}}}"#
        ),
    )
    .unwrap()
}

#[test]
fn assignment_does_not_move_and_grows_with_coverage() {
    let ids: Vec<String> = (0..2000).map(|unit| format!("\"u{unit}\"")).collect();
    let units = format!(r#","units":[{}]"#, ids.join(","));
    let all = assign(&units);
    let some = assign(&format!(r#"{units},"coverage":0.3"#));
    let variants = |answer: &Answer| answer.texts("variant");
    assert_eq!(variants(&all).len(), 2000);
    let (mut kept, mut outside) = (0, 0);
    for (before, after) in variants(&some).iter().zip(variants(&all)) {
        if before.is_empty() {
            outside += 1;
        } else {
            assert_eq!(*before, after);
            kept += 1;
        }
    }
    assert_eq!(some.at("/result/outside"), outside);
    assert!((500..700).contains(&kept), "{kept}");
    let first = all.at("/result/variants/0/units").as_u64().unwrap();
    assert!((900..1100).contains(&first), "{first}");
    // The same units as a table.
    let csv = (0..2000).fold("customer,x\n".to_owned(), |csv, unit| csv + &format!("u{unit},1\n"));
    let table = run_with(
        &[("people", &csv)],
        r#"{"analysis":"assign","inputs":{"units":"people"},
            "options":{"seed":"my-test","variants":[{"name":"a"},{"name":"b"}]}}"#,
    )
    .unwrap();
    assert_eq!(variants(&table), variants(&all));
}
