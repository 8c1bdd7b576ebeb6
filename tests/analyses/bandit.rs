//! What `bandit` promises. The numbers are those of `benches/bandit.py`, by SciPy's quadrature.

use crate::tables::{Answer, run_with};
use serde_json::{Value as Json, json};
use siyu::error::{Code, Result};

fn ask(arms: &Json, more: &Json) -> Result<Answer> {
    let mut options = json!({ "arms": arms, "batch": 1000 });
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    run_with(&[], &json!({"analysis": "bandit", "options": options}).to_string())
}

fn shares(of: &[(u32, u32)]) -> Json {
    let arm = |(at, (units, hits)): (usize, &(u32, u32))| json!({"arm": format!("a{at}"), "units": units, "successes": hits});
    of.iter().enumerate().map(arm).collect()
}

fn means(of: &[(u32, f64, f64)]) -> Json {
    let arm = |(at, (units, mean, variance)): (usize, &(u32, f64, f64))| json!({"arm": format!("a{at}"), "units": units, "mean": mean, "variance": variance});
    of.iter().enumerate().map(arm).collect()
}

const SHARES: [(u32, u32); 4] = [(1000, 50), (1000, 62), (800, 55), (300, 12)];
const MEANS: [(u32, f64, f64); 3] = [(500, 10.0, 25.0), (480, 10.6, 36.0), (510, 9.5, 20.0)];

fn near(found: &Json, wanted: f64, within: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - wanted).abs() <= within * wanted.abs(), "{found} {wanted}");
}

struct Wanted<'a> {
    arms: Json,
    chances: &'a [f64],
    top_two: &'a [f64],
    bounds: &'a [f64],
    /// Of one unit: by Thompson, by top-two, evenly.
    regret: [f64; 3],
}

#[test]
fn chances_weights_bounds_and_regret_are_those_of_quadrature() {
    let all = [
        Wanted {
            arms: shares(&SHARES),
            chances: &[
                0.019_166_858_488_6,
                0.262_199_471_965,
                0.693_299_208_224,
                0.025_334_461_321_9,
            ],
            top_two: &[
                0.034_901_695_611_7,
                0.433_421_119_21,
                0.485_626_379_62,
                0.046_050_805_558_3,
            ],
            bounds: &[
                0.077_740_486_766_1,
                0.092_093_373_701_1,
                0.104_269_709_752,
                0.093_441_219_270_4,
            ],
            regret: [0.005_115_897_164_79, 0.007_158_672_035_89, 0.015_416_465_152_8],
        },
        Wanted {
            arms: means(&MEANS),
            chances: &[0.044_780_064_534_6, 0.955_009_795_486, 0.000_210_139_979_412],
            top_two: &[0.497_669_309_006, 0.499_990_368_36, 0.002_340_322_633_5],
            bounds: &[10.717_058_486_4, 11.478_213_703_7, 10.135_037_669_4],
            regret: [0.033_626_679_808_7, 0.307_703_427_411, 0.573_194_153_777],
        },
    ];
    for wanted in &all {
        let thompson = ask(&wanted.arms, &json!({})).unwrap();
        let fields =
            [("chanceBest", wanted.chances), ("topTwo", wanted.top_two), ("bound", wanted.bounds)];
        for (field, values) in fields {
            for (at, value) in values.iter().enumerate() {
                near(thompson.at(&format!("/result/arms/{at}/{field}")), *value, 1e-8);
            }
        }
        near(thompson.at("/result/regret"), 1000.0 * wanted.regret[0], 1e-8);
        near(thompson.at("/result/evenRegret"), 1000.0 * wanted.regret[2], 1e-8);
        let two = ask(&wanted.arms, &json!({"policy": "top-two"})).unwrap();
        near(two.at("/result/regret"), 1000.0 * wanted.regret[1], 1e-8);
        assert_eq!(two.at("/result/arms/0/weight"), two.at("/result/arms/0/topTwo"));
    }
}

fn batches(answer: &Answer) -> Vec<u64> {
    let arms = answer.at("/result/arms").as_array().unwrap();
    arms.iter().map(|arm| arm["batch"].as_u64().unwrap()).collect()
}

#[test]
fn a_batch_is_shared_out_whole_and_every_arm_keeps_its_least() {
    let answer = ask(&shares(&SHARES), &json!({"batch": 7})).unwrap();
    assert_eq!(batches(&answer), [0, 2, 5, 0]);
    let least = ask(&shares(&SHARES), &json!({"batch": 1000, "least": 0.1})).unwrap();
    assert!(batches(&least).iter().all(|batch| *batch >= 100));
    assert_eq!(batches(&least).iter().sum::<u64>(), 1000);
    let ucb = ask(&shares(&SHARES), &json!({"policy": "ucb"})).unwrap();
    assert_eq!(batches(&ucb), [0, 0, 1000, 0]);
    let even = ask(&shares(&[(0, 0), (0, 0), (0, 0)]), &json!({"batch": 10})).unwrap();
    assert_eq!(batches(&even), [4, 3, 3]);
}

#[test]
fn where_less_is_better_the_arms_are_turned_round() {
    let turned: Vec<(u32, u32)> =
        SHARES.iter().map(|(units, hits)| (*units, units - hits)).collect();
    let (plain, lower) = (
        ask(&shares(&SHARES), &json!({})).unwrap(),
        ask(&shares(&turned), &json!({"lower": true})).unwrap(),
    );
    assert_eq!(plain.at("/result/regret"), lower.at("/result/regret"));
    assert_eq!(plain.at("/result/arms/1/chanceBest"), lower.at("/result/arms/1/chanceBest"));
    near(lower.at("/result/arms/1/value"), 1.0 - 63.0 / 1002.0, 1e-12);
    let minus: Vec<(u32, f64, f64)> = MEANS.iter().map(|(n, mean, v)| (*n, -mean, *v)).collect();
    let (plain, lower) = (
        ask(&means(&MEANS), &json!({})).unwrap(),
        ask(&means(&minus), &json!({"lower": true})).unwrap(),
    );
    assert_eq!(plain.at("/result/evenRegret"), lower.at("/result/evenRegret"));
    assert_eq!(lower.at("/result/arms/1/value"), -10.6);
}

#[test]
fn certain_arms_and_huge_counts_have_an_answer() {
    for arms in [
        shares(&[(1_000_000_000, 10_000_000), (1_000_000_000, 10_100_000)]),
        shares(&[(10_000, 0), (10_000, 10_000)]),
        means(&[(1_000_000, 0.0, 1.0), (1_000_000, 5.0, 1.0)]),
    ] {
        let answer = ask(&arms, &json!({"policy": "top-two"})).unwrap();
        assert!(answer.at("/result/arms/1/chanceBest").as_f64().unwrap() > 0.999_999);
        let regret = answer.at("/result/regret").as_f64().unwrap();
        assert!(
            regret >= 0.0
                && regret <= 1.000_001 * answer.at("/result/evenRegret").as_f64().unwrap()
        );
    }
}

#[test]
fn what_is_no_arm_is_refused() {
    let mixed = json!([{"arm": "a", "units": 5, "successes": 2}, {"arm": "b", "units": 5, "mean": 1, "variance": 1}]);
    for (arms, more, path) in [
        (shares(&[(5, 2)]), json!({}), "options.arms"),
        (shares(&[(5, 2), (5, 6)]), json!({}), "options.arms[1].successes"),
        (mixed, json!({}), "options.arms[1].successes"),
        (means(&[(5, 2.0, 1.0), (5, 6.0, 0.0)]), json!({}), "options.arms[1].variance"),
        (means(&[(0, 2.0, 1.0), (5, 6.0, 1.0)]), json!({}), "options.arms[0].units"),
        (
            json!([{"arm": "a", "units": 5}, {"arm": "b", "units": 5}]),
            json!({}),
            "options.arms[0].mean",
        ),
        (
            json!([{"arm": "a", "units": 5, "successes": 2}, {"arm": "a", "units": 5, "successes": 2}]),
            json!({}),
            "options.arms[1].arm",
        ),
        (shares(&SHARES), json!({"least": 0.3}), "options.least"),
        (shares(&SHARES), json!({"batch": 0}), "options.batch"),
        (shares(&SHARES), json!({"beta": 2}), "options.beta"),
    ] {
        let error = ask(&arms, &more).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some(path)));
    }
}
