//! What `experiment-register` promises, and what `experiment` says of a plan.

use crate::tables::{Answer, run_with};
use serde_json::{Value as Json, json};
use siyu::error::{Code, Result};

fn plan() -> Json {
    json!({
        "name": "checkout", "date": "2026-01-05", "hypothesis": "fewer steps, more orders",
        "control": "a", "plannedUnits": 150,
        "arms": [{"arm": "a", "weight": 1}, {"arm": "b", "weight": 1}],
        "metrics": [{"name": "bought", "kind": "share"},
            {"name": "visited", "kind": "share", "purpose": "secondary"},
            {"name": "complained", "kind": "share", "purpose": "guardrail", "better": "lower", "margin": 0.05}],
    })
}

fn register(options: &Json) -> Result<Answer> {
    run_with(&[], &json!({"analysis": "experiment-register", "options": options}).to_string())
}

fn planned() -> Json {
    register(&json!({"plan": plan()})).unwrap().at("/result/register").clone()
}

/// The analysis of the plan, with some fields of the request replaced.
fn analysed(register: &Json, change: impl Fn(&mut Json)) -> Result<Answer> {
    let values = |bought: u64| json!([{"successes": bought}, {"successes": 20}, {"successes": 3}]);
    let mut options = json!({
        "control": "a", "plannedUnits": 150, "metrics": plan()["metrics"],
        "arms": [{"arm": "a", "units": 75, "values": values(40)}, {"arm": "b", "units": 75, "values": values(50)}],
        "registered": {"register": register, "name": "checkout"},
    });
    change(&mut options);
    run_with(&[], &json!({"analysis": "experiment", "options": options}).to_string())
}

fn deviations(answer: &Answer) -> Vec<(String, Option<String>)> {
    let all = answer.at("/result/registered/deviations").as_array().unwrap();
    let text = |one: &Json, field: &str| one[field].as_str().map(str::to_owned);
    all.iter()
        .map(|one| (text(one, "code").unwrap(), text(one, "metric").or(text(one, "arm"))))
        .collect()
}

#[test]
fn an_analysis_as_planned_departs_nowhere() {
    let register = planned();
    let answer = analysed(&register, |_| ()).unwrap();
    assert_eq!(deviations(&answer), []);
    assert_eq!(answer.at("/result/registered/date"), "2026-01-05");
    assert_eq!(answer.at("/result/registered/hash"), &register["hashes"][0]);
    // What is left out has its default on both sides.
    let same = analysed(&register, |options| options["decide"] = json!("fixed")).unwrap();
    assert_eq!(deviations(&same), []);
    let unregistered = analysed(&register, |options| options["registered"] = Json::Null).unwrap();
    assert!(unregistered.at("/result/registered").is_null());
}

#[test]
fn every_departure_is_named() {
    let register = planned();
    type Change = fn(&mut Json);
    let cases: [(Change, &str, Option<&str>); 12] = [
        (|o| o["metrics"][2]["margin"] = json!(0.1), "margin-changed", Some("complained")),
        (|o| o["metrics"][0]["better"] = json!("lower"), "direction-changed", Some("bought")),
        (|o| o["metrics"][1]["purpose"] = json!("primary"), "primary-changed", Some("visited")),
        (|o| o["metrics"][1]["name"] = json!("clicked"), "metric-added", Some("clicked")),
        (|o| o["metrics"][1]["kind"] = json!("mean"), "metric-changed", Some("visited")),
        (|o| o["decide"] = json!("always-valid"), "decide-changed", None),
        (|o| o["adjustment"] = json!("none"), "adjustment-changed", None),
        (|o| o["confidence"] = json!(0.9), "confidence-changed", None),
        (|o| o["plannedUnits"] = json!(100), "planned-units-changed", None),
        (|o| o["worthwhile"] = json!(0.1), "worthwhile-changed", None),
        (|o| o["control"] = json!("b"), "control-changed", Some("b")),
        (
            |o| o["plan"] = json!([{"arm": "a", "weight": 2}, {"arm": "b", "weight": 1}]),
            "weights-changed",
            Some("a"),
        ),
    ];
    for (change, code, about) in cases {
        let answer = analysed(&register, |options| {
            change(options);
            // A mean needs its variance.
            if options["metrics"][1]["kind"] == "mean" {
                for arm in 0..2 {
                    options["arms"][arm]["values"][1] = json!({"mean": 1, "variance": 2});
                }
            }
        });
        let found = deviations(&answer.unwrap());
        assert_eq!(found[0], (code.to_owned(), about.map(str::to_owned)), "{found:?}");
    }
    let swapped = analysed(&register, |options| {
        options["metrics"] = json!([{"name": "visited", "kind": "share"}]);
        for arm in 0..2 {
            options["arms"][arm]["values"] = json!([{"successes": 20}]);
        }
    });
    let found: Vec<String> = deviations(&swapped.unwrap()).into_iter().map(|one| one.0).collect();
    assert_eq!(found, ["primary-changed", "metric-missing", "metric-missing"]);
    let other = analysed(&register, |options| options["arms"][1]["arm"] = json!("c")).unwrap();
    let found: Vec<String> = deviations(&other).into_iter().map(|one| one.0).collect();
    assert_eq!(found, ["arm-added", "arm-missing"]);
}

#[test]
fn a_second_plan_does_not_take_the_place_of_the_first() {
    let mut late = plan();
    late["metrics"][2]["margin"] = json!(0.2);
    let amended = register(&json!({"register": planned(), "plan": late})).unwrap();
    assert_eq!(amended.at("/result/experiments/0/amendments"), 1);
    let answer = analysed(amended.at("/result/register"), |options| {
        options["metrics"][2]["margin"] = json!(0.2);
    });
    let answer = answer.unwrap();
    assert_eq!(deviations(&answer)[0].0, "margin-changed");
    assert_eq!(answer.at("/result/registered/amendments"), 1);
}

#[test]
fn results_follow_plans_and_every_change_shows() {
    let result = json!({"name": "checkout", "date": "2026-02-01", "call": "ship",
        "effects": [{"metric": "bought", "arm": "b", "effect": 0.133, "error": 0.078}],
        "deviations": ["decide-changed"]});
    let done = register(&json!({"register": planned(), "result": result})).unwrap();
    assert_eq!(done.at("/result/experiments/0/results/0/effects/0/effect"), 0.133);
    let (good, head) = (done.at("/result/register"), done.at("/result/head"));
    assert_eq!(head, &good["hashes"][1]);
    assert!(register(&json!({"register": good, "head": head})).is_ok());

    let mut forged = good.clone();
    forged["entries"][0]["plan"]["metrics"][2]["margin"] = json!(0.5);
    let mut cut = good.clone();
    for part in ["entries", "hashes"] {
        cut[part].as_array_mut().unwrap().pop();
    }
    for (changed, head) in [(&forged, &Json::Null), (&cut, head)] {
        let error = register(&json!({"register": changed, "head": head})).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::Decode, Some("options.register")));
        let error = analysed(changed, |options| options["registered"]["head"] = head.clone());
        let error = error.unwrap_err();
        let path = Some("options.registered.register");
        assert_eq!((error.code(), error.path()), (Code::Decode, path));
    }
    let error = analysed(&forged, |_| ()).unwrap_err();
    assert!(error.hint().contains("entry 1"), "{}", error.hint());
}

#[test]
fn what_is_no_plan_is_refused() {
    let with = |field: &str, value: Json| {
        let mut plan = plan();
        plan[field] = value;
        json!({ "plan": plan })
    };
    for (options, path) in [
        (with("date", json!("soon")), "options.plan.date"),
        (with("date", json!("2026-01-05T10:00")), "options.plan.date"),
        (with("hypothesis", json!(" ")), "options.plan.hypothesis"),
        (with("control", json!("z")), "options.plan.arms"),
        (with("metrics", json!([])), "options.plan.metrics"),
        (with("metrics", json!([{"name": "x", "margin": 1}])), "options.plan.metrics[0].margin"),
        (with("hypotesis", json!("x")), "options.plan.hypotesis"),
        (with("hypothesis", json!("call 13800138000 first")), "options.plan"),
        (
            json!({"result": {"name": "x", "date": "2026-01-05", "call": "ship", "effects": []}}),
            "options.result.name",
        ),
        (
            json!({"result": {"name": "x", "date": "2026-01-05", "call": "yes", "effects": []}}),
            "options.result.call",
        ),
    ] {
        assert_eq!(register(&options).unwrap_err().path(), Some(path), "{options}");
    }
    let error = analysed(&planned(), |o| o["registered"]["name"] = json!("other")).unwrap_err();
    assert_eq!(error.path(), Some("options.registered.name"));
}
