//! What `panel-effect` promises of several beginnings. The numbers are those of `benches/staggered.py`.

use crate::tables::{Answer, run};
use serde_json::{Value as Json, json};
use siyu::error::{Code, Result};

fn panel() -> String {
    std::fs::read_to_string("tests/data/staggered.csv").unwrap()
}

fn shops(from: u32, to: u32) -> Vec<String> {
    (from..=to).map(|shop| format!("s{shop:02}")).collect()
}

/// The request, with some of its options replaced.
fn ask(more: &Json) -> Result<Answer> {
    let mut options = json!({
        "treated": shops(1, 5), "began": "2024-05-01", "outcome": "sales",
        "beginnings": [{"treated": shops(6, 11), "began": "2024-07-01"},
            {"treated": shops(12, 17), "began": "2024-10-20"}],
    });
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    let request =
        json!({"analysis": "panel-effect", "inputs": {"panel": "orders"}, "options": options});
    run(&panel(), &request.to_string())
}

fn is(found: &Json, wanted: f64) {
    let number = found.as_f64().unwrap_or_else(|| panic!("{found} is no number"));
    assert!((number - wanted).abs() <= 1e-9 * wanted.abs(), "{number} {wanted}");
}

fn estimate_is(found: &Json, [value, error, p_value]: [f64; 3]) {
    is(&found["value"], value);
    is(&found["error"], error);
    is(&found["pValue"], p_value);
}

fn cell<'a>(answer: &'a Answer, began: &str, period: &str) -> &'a Json {
    let cells = answer.at("/result/staggered/cells").as_array().unwrap();
    let found = cells.iter().find(|cell| cell["began"] == began && cell["period"] == period);
    &found.unwrap()["effect"]
}

fn event(answer: &Answer, offset: i32) -> &Json {
    let events = answer.at("/result/staggered/events").as_array().unwrap();
    events.iter().find(|event| event["offset"] == offset).unwrap()
}

/// SciPy 1.17.1: Welch's test of the changes of two sets of shops.
#[test]
fn the_effect_of_each_beginning_in_each_period_is_welchs_difference() {
    let answer = ask(&json!({})).unwrap();
    for (began, period, wanted, [low, high]) in [
        (
            "2024-05",
            "2024-05",
            [2.232, 1.361_692_993_86, 0.138_611_026_156],
            [-0.890_722_095_967, 5.354_722_095_97],
        ),
        (
            "2024-05",
            "2024-12",
            [25.473_428_571_4, 1.350_514_661_28, 5.234_175_880_53e-07],
            [22.243_280_939_8, 28.703_576_203],
        ),
        (
            "2024-07",
            "2024-03",
            [0.245_714_285_714, 1.162_341_350_45, 0.836_837_209_884],
            [-2.345_230_933_72, 2.836_659_505_15],
        ),
        (
            "2024-10",
            "2024-11",
            [4.886_190_476_19, 1.645_183_225_6, 0.013_204_262_073_8],
            [1.249_317_350_38, 8.523_063_602],
        ),
    ] {
        let found = cell(&answer, began, period);
        estimate_is(found, wanted);
        is(&found["interval"]["low"], low);
        is(&found["interval"]["high"], high);
    }
    // The last period before is what each is held against.
    assert_eq!(answer.at("/result/staggered/cells").as_array().unwrap().len(), 3 * 11);
}

/// NumPy: sums of means of the shops that began together, with Satterthwaite's degrees.
#[test]
fn the_means_of_effects_are_those_of_numpy() {
    let answer = ask(&json!({})).unwrap();
    let all = [9.437_317_927_17, 0.529_398_137_581, 3.165_333_650_46e-13];
    estimate_is(answer.at("/result/staggered/effect"), all);
    let own = [
        ("2024-05", 5, [13.845_642_857_1, 0.897_614_250_848, 3.835_346_704_77e-07]),
        ("2024-07", 6, [9.686_746_031_75, 0.791_765_461_473, 3.813_950_364_38e-07]),
        ("2024-10", 6, [5.514_285_714_29, 1.264_809_271_92, 0.001_262_918_234_55]),
    ];
    for (at, (began, groups, wanted)) in own.into_iter().enumerate() {
        let found = answer.at(&format!("/result/staggered/beginnings/{at}"));
        assert_eq!((&found["began"], &found["groups"]), (&json!(began), &json!(groups)));
        estimate_is(&found["effect"], wanted);
    }
    for (offset, groups, wanted) in [
        (-4, 17, [-0.347_142_857_143, 0.814_070_934_693, 0.674_616_932_75]),
        (0, 17, [2.3, 0.717_493_965_854, 0.005_174_185_055_74]),
        (3, 11, [11.668_831_168_8, 0.909_519_276_009, 1.159_194_559_33e-08]),
    ] {
        let found = event(&answer, offset);
        assert_eq!(found["groups"], groups);
        estimate_is(&found["effect"], wanted);
        let (band, interval) = (&found["band"], &found["effect"]["interval"]);
        assert!(band["low"].as_f64() <= interval["low"].as_f64());
        assert!(band["high"].as_f64() >= interval["high"].as_f64());
    }
}

#[test]
fn the_usual_regression_is_told_with_what_is_wrong_with_it() {
    let answer = ask(&json!({})).unwrap();
    is(answer.at("/result/staggered/twoWay/effect"), 6.865_557_294_93);
    is(answer.at("/result/staggered/twoWay/negativeWeight"), 0.032_874_139_010_6);
    // 9.79 was planted: it lies in the interval, and the regression's 6.87 does not.
    let interval = answer.at("/result/staggered/effect/interval");
    assert!(
        interval["low"].as_f64().unwrap() < 9.794 && interval["high"].as_f64().unwrap() > 9.794
    );
    assert!(interval["low"].as_f64().unwrap() > 6.87);
    let warnings = answer.at("/about/warnings").as_array().unwrap();
    let found = warnings.iter().find(|warning| warning["code"] == "several-beginnings").unwrap();
    assert_eq!(found["count"], 3);
    assert_eq!(answer.at("/about/used/customers"), 24);
    let sentence = answer.at("/result/sentence/en").as_str().unwrap();
    assert!(sentence.contains("9.44"), "{sentence}");
}

#[test]
fn those_who_have_not_begun_yet_are_controls_if_asked() {
    let answer = ask(&json!({"comparison": "not-yet-treated"})).unwrap();
    is(answer.at("/result/staggered/effect/value"), 9.285_545_141_13);
    is(&cell(&answer, "2024-05", "2024-06")["value"], 4.811_263_157_89);
    is(&cell(&answer, "2024-05", "2024-12")["value"], 25.473_428_571_4);
    is(&cell(&answer, "2024-10", "2024-03")["value"], -1.141_428_571_43);
    // Without anybody who was never treated the last beginning cannot be told, and the others up to it.
    let rest = shops(12, 24);
    let late = json!({"beginnings": [{"treated": shops(6, 11), "began": "2024-07-01"},
        {"treated": rest, "began": "2024-10-20"}], "comparison": "not-yet-treated"});
    let answer = ask(&late).unwrap();
    let beginnings = answer.at("/result/staggered/beginnings").as_array().unwrap();
    assert_eq!(beginnings.iter().map(|one| &one["groups"]).collect::<Vec<_>>(), [5, 6]);
    assert!(answer.at("/result/diffInDiff").is_null());
}

#[test]
fn the_groups_in_treated_alone_are_compared_as_if_the_others_were_not_there() {
    let answer = ask(&json!({})).unwrap();
    let alone: Vec<String> = panel()
        .lines()
        .filter(|line| {
            let shop = line.get(1..3).and_then(|number| number.parse::<u32>().ok());
            shop.is_none_or(|shop| !(6..=17).contains(&shop))
        })
        .map(str::to_owned)
        .collect();
    let options = json!({"treated": shops(1, 5), "began": "2024-05-01", "outcome": "sales"});
    let request =
        json!({"analysis": "panel-effect", "inputs": {"panel": "orders"}, "options": options});
    let without = run(&alone.join("\n"), &request.to_string()).unwrap();
    for part in ["diffInDiff", "synthetic", "periods"] {
        let part = format!("/result/{part}");
        assert_eq!(answer.at(&part), without.at(&part), "{part}");
    }
    assert!(without.at("/result/staggered").is_null());
}

#[test]
fn what_cannot_be_told_of_several_beginnings_is_refused() {
    let refused = |more: &Json| {
        let error = ask(more).unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    let other =
        |treated: Json, began: &str| json!({"beginnings": [{"treated": treated, "began": began}]});
    assert_eq!(
        refused(&other(json!(["s06", "nowhere"]), "2024-07-01")),
        (Code::InvalidOption, "options.beginnings[0].treated[1]".to_owned())
    );
    assert_eq!(
        refused(&other(json!(["s01"]), "2024-07-01")),
        (Code::InvalidOption, "options.beginnings[0].treated[0]".to_owned())
    );
    assert_eq!(
        refused(&other(json!(["s06"]), "2025-07-01")),
        (Code::NotEnoughData, "options.beginnings[0].began".to_owned())
    );
    assert_eq!(
        refused(&other(json!(shops(6, 24)), "2024-07-01")),
        (Code::InvalidOption, "options.comparison".to_owned())
    );
}
