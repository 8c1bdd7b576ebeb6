//! What `meta-analysis` promises. The numbers are those of `benches/meta_analysis.py`.

use crate::tables::{Answer, run_with};
use serde_json::{Value as Json, json};
use siyu::error::{Code, Result};

/// Thirteen trials of the BCG vaccine (Colditz and others, 1994): logarithms of relative risks.
const EFFECTS: [f64; 13] = [
    -0.889_311_333_92,
    -1.585_388_657_2,
    -1.348_073_148_3,
    -1.441_551_190_02,
    -0.217_547_322_211,
    -0.786_115_585_819,
    -1.620_898_223_6,
    0.011_952_333_523_8,
    -0.469_417_648_738,
    -1.371_344_803_47,
    -0.339_358_828_338,
    0.445_913_400_571,
    -0.017_313_948_216_9,
];
const ERRORS: [f64; 13] = [
    0.570_600_354_893,
    0.441_113_501_718,
    0.644_490_469_571,
    0.141_456_819_921,
    0.226_296_646_395,
    0.083_100_050_877_9,
    0.472_247_019_654,
    0.062_941_077_984_2,
    0.237_558_856_84,
    0.270_231_000_466,
    0.111_410_116_11,
    0.729_729_981_02,
    0.267_216_503_39,
];

fn ask(effects: &[(f64, f64)], more: &Json) -> Result<Answer> {
    let effects: Vec<Json> = effects
        .iter()
        .enumerate()
        .map(|(at, (effect, error))| json!({"name": format!("t{at}"), "effect": effect, "error": error}))
        .collect();
    let mut options = json!({ "effects": effects });
    for (name, value) in more.as_object().unwrap() {
        options[name] = value.clone();
    }
    run_with(&[], &json!({"analysis": "meta-analysis", "options": options}).to_string())
}

fn trials() -> Vec<(f64, f64)> {
    EFFECTS.into_iter().zip(ERRORS).collect()
}

fn is(answer: &Answer, path: &str, wanted: f64, within: f64) {
    let found = answer.at(&format!("/result/{path}")).as_f64().unwrap();
    assert!((found - wanted).abs() <= within * wanted.abs(), "{path}: {found} {wanted}");
}

struct Wanted {
    /// τ², mean, error, p, interval.
    main: [f64; 6],
    prediction: [f64; 2],
    i_squared: f64,
    shrunken: [f64; 13],
    errors: [f64; 13],
}

/// statsmodels 0.15.0 has τ², mean, I² and Hartung and Knapp's error of DerSimonian and Laird; the
/// restricted likelihood is maximised by SciPy, and its τ² of 0.3132 is that of metafor's documentation.
#[test]
fn the_bcg_trials_are_those_of_statsmodels_and_scipy() {
    let wanted = [
        Wanted {
            main: [
                0.308_760_262_862,
                -0.714_117_222_073,
                0.180_696_628_336,
                0.001_920_766_767_05,
                -1.107_821_354_17,
                -0.320_413_089_978,
            ],
            prediction: [-2.000_162_351_81, 0.571_927_907_66],
            i_squared: 0.921_173_468_546,
            shrunken: [
                -0.799_390_973_186,
                -1.248_573_568_69,
                -0.984_429_013_264,
                -1.397_277_187_36,
                -0.288_190_429_51,
                -0.784_540_524_151,
                -1.240_611_733_21,
                0.002_754_440_276_73,
                -0.507_231_548_538,
                -1.245_635_565_58,
                -0.353_841_954_092,
                -0.288_364_470_9,
                -0.148_191_358_745,
            ],
            errors: [
                0.408_749_627_927,
                0.352_476_509_935,
                0.433_418_435_615,
                0.137_524_933_824,
                0.211_153_299_48,
                0.082_281_071_831_3,
                0.367_737_434_785,
                0.062_583_013_980_5,
                0.220_211_350_144,
                0.245_462_300_516,
                0.109_459_083_873,
                0.456_641_828_147,
                0.243_197_306_894,
            ],
        },
        Wanted {
            main: [
                0.313_243_261_126,
                -0.714_532_342_432,
                0.180_791_744_156,
                0.001_920_015_095_58,
                -1.108_443_714_1,
                -0.320_620_970_767,
            ],
            prediction: [-2.009_057_656_28, 0.579_992_971_418],
            i_squared: 0.922_213_845_897,
            shrunken: [
                -0.800_233_562_527,
                -1.251_705_982_37,
                -0.986_903_094_995,
                -1.397_897_696_9,
                -0.287_379_805_942,
                -0.784_571_533_666,
                -1.243_963_467_39,
                0.002_879_247_978_86,
                -0.506_836_359_032,
                -1.247_173_017_01,
                -0.353_658_400_4,
                -0.284_733_710_451,
                -0.146_743_068_903,
            ],
            errors: [
                0.410_045_839_361,
                0.353_302_995_271,
                0.434_967_680_606,
                0.137_573_188_832,
                0.211_328_774_996,
                0.082_291_382_485_8,
                0.368_677_410_506,
                0.062_587_548_307_5,
                0.220_410_526_272,
                0.245_738_702_778,
                0.109_483_382_425,
                0.458_457_992_837,
                0.243_466_078_206,
            ],
        },
    ];
    // A maximum is found to half of the digits by its values.
    for (wanted, (spread, within)) in
        wanted.iter().zip([("dersimonian-laird", 1e-9), ("reml", 1e-6)])
    {
        let answer = ask(&trials(), &json!({ "spread": spread })).unwrap();
        let paths = ["tauSquared", "mean", "error", "pValue", "interval/low", "interval/high"];
        for (path, wanted) in paths.iter().zip(wanted.main) {
            is(&answer, path, wanted, within);
        }
        is(&answer, "prediction/low", wanted.prediction[0], within);
        is(&answer, "prediction/high", wanted.prediction[1], within);
        is(&answer, "iSquared", wanted.i_squared, within);
        is(&answer, "q", 152.233_008_082, 1e-9);
        is(&answer, "qPValue", 1.99676459085e-26, 1e-8);
        for at in 0..13 {
            is(&answer, &format!("effects/{at}/shrunken"), wanted.shrunken[at], 10.0 * within);
            is(&answer, &format!("effects/{at}/error"), wanted.errors[at], within);
        }
    }
}

#[test]
fn winners_come_back_to_the_mean_and_the_least_sure_the_most() {
    let answer =
        ask(&[(0.01, 0.01), (0.02, 0.01), (0.08, 0.03), (0.0, 0.01), (0.05, 0.01)], &json!({}));
    let answer = answer.unwrap();
    let mean = answer.at("/result/mean").as_f64().unwrap();
    let share = |at: usize| {
        let of =
            |field: &str| answer.at(&format!("/result/effects/{at}/{field}")).as_f64().unwrap();
        (of("shrunken") - mean) / (of("effect") - mean)
    };
    assert!(share(2) < share(4) && share(4) < 1.0 && share(2) > 0.0);
    assert!(answer.at("/result/sentence/en").as_str().unwrap().contains("t2, found at 0.0800"));
}

#[test]
fn equal_effects_have_no_spread_and_a_mean_as_sure_as_their_errors() {
    for spread in ["reml", "dersimonian-laird"] {
        let answer = ask(&[(0.5, 0.1), (0.5, 0.1)], &json!({ "spread": spread })).unwrap();
        is(&answer, "mean", 0.5, 1e-12);
        assert_eq!(answer.at("/result/tauSquared"), 0.0);
        assert_eq!(answer.at("/result/iSquared"), 0.0);
        assert_eq!(answer.at("/result/qPValue"), 1.0);
        // Never below the usual error, √(0.01/2).
        is(&answer, "error", 0.005_f64.sqrt(), 1e-12);
        assert!(answer.at("/result/prediction").is_null());
    }
}

/// Whatever the sizes, the answer is one, and finite.
#[test]
fn far_effects_and_tiny_errors_have_an_answer() {
    for (effects, mean) in [
        (vec![(-1e6, 1e-3), (1e6, 1e-3), (0.0, 1e-3)], 0.0),
        (vec![(1e-9, 1e-12), (3e-9, 1e-12)], 2e-9),
        (vec![(5.0, 1e-6), (1.0, 1e6)], 5.0),
    ] {
        let answer = ask(&effects, &json!({})).unwrap();
        let found = answer.at("/result/mean").as_f64().unwrap();
        assert!((found - mean).abs() <= 1e-6 * (1e-3 + mean.abs()), "{found} {mean}");
    }
}

#[test]
fn what_is_no_effect_is_refused() {
    for (effects, more, code, path) in [
        (vec![(1.0, 1.0)], json!({}), Code::NotEnoughData, "options.effects"),
        (vec![(1.0, 1.0), (1.0, 0.0)], json!({}), Code::InvalidOption, "options.effects[1].error"),
        (
            vec![(1e101, 1.0), (1.0, 1.0)],
            json!({}),
            Code::InvalidOption,
            "options.effects[0].effect",
        ),
        (trials(), json!({"confidence": 0}), Code::InvalidOption, "options.confidence"),
    ] {
        let error = ask(&effects, &more).unwrap_err();
        assert_eq!((error.code(), error.path()), (code, Some(path)));
    }
}

/// A register of three experiments with their results, the second one with two arms, the third with a
/// result that was corrected.
fn register() -> Json {
    let mut register = json!({});
    let mut add = |options: Json| {
        let mut options = options;
        if register != json!({}) {
            options["register"] = register.clone();
        }
        let request = json!({"analysis": "experiment-register", "options": options}).to_string();
        register = run_with(&[], &request).unwrap().at("/result/register").clone();
    };
    for name in ["banner", "search", "prices"] {
        add(
            json!({"plan": {"name": name, "date": "2026-01-05", "hypothesis": "more orders", "control": "a",
            "arms": [{"arm": "a", "weight": 1}, {"arm": "b", "weight": 1}, {"arm": "c", "weight": 1}],
            "metrics": [{"name": "bought"}, {"name": "visited"}]}}),
        );
    }
    let mut result = |name: &str, effects: &[(&str, &str, f64, Option<f64>)]| {
        let effects: Vec<Json> = effects
            .iter()
            .map(|(metric, arm, effect, error)| json!({"metric": metric, "arm": arm, "effect": effect, "error": error}))
            .collect();
        add(
            json!({"result": {"name": name, "date": "2026-02-05", "call": "ship", "effects": effects}}),
        );
    };
    result("banner", &[("bought", "b", 0.012, Some(0.010)), ("visited", "b", 0.5, Some(0.1))]);
    result("search", &[("bought", "b", 0.020, Some(0.008)), ("bought", "c", 0.081, Some(0.030))]);
    result("prices", &[("bought", "b", 9.0, Some(0.011))]);
    result("prices", &[("bought", "b", -0.004, Some(0.011)), ("bought", "c", 0.003, None)]);
    register
}

#[test]
fn effects_are_read_from_the_register_as_they_would_be_typed() {
    let ask = |options: Json| {
        run_with(&[], &json!({"analysis": "meta-analysis", "options": options}).to_string())
    };
    let read = ask(json!({"registered": {"register": register(), "metric": "bought"}})).unwrap();
    let typed = ask(json!({"effects": [
        {"name": "banner", "effect": 0.012, "error": 0.010},
        {"name": "search: b", "effect": 0.020, "error": 0.008},
        {"name": "search: c", "effect": 0.081, "error": 0.030},
        {"name": "prices", "effect": -0.004, "error": 0.011}]}))
    .unwrap();
    let names = |answer: &Answer| -> Vec<Json> {
        let all = answer.at("/result/effects").as_array().unwrap();
        all.iter().map(|one| one["name"].clone()).collect()
    };
    // The arm is named where the metric stands for several, with an error or not.
    assert_eq!(names(&read), ["banner", "search: b", "search: c", "prices: b"]);
    for path in ["mean", "error", "tauSquared", "pValue", "prediction", "effects/2/shrunken"] {
        let path = format!("/result/{path}");
        assert_eq!(read.at(&path), typed.at(&path), "{path}");
    }
    assert_eq!(read.at("/result/withoutError"), 1);
    assert_eq!(typed.at("/result/withoutError"), 0);
    // Both together.
    let more = json!({"effects": [{"name": "older", "effect": 0.1, "error": 0.05}],
        "registered": {"register": register(), "metric": "bought"}});
    assert_eq!(names(&ask(more).unwrap())[..2], ["older", "banner"]);
}

#[test]
fn a_changed_register_and_an_unknown_metric_are_refused() {
    let ask = |registered: Json| {
        let options = json!({"registered": registered});
        run_with(&[], &json!({"analysis": "meta-analysis", "options": options}).to_string())
            .unwrap_err()
    };
    let mut changed = register();
    changed["entries"][3]["result"]["effects"][0]["effect"] = json!(0.9);
    let error = ask(json!({"register": changed, "metric": "bought"}));
    assert_eq!((error.code(), error.path()), (Code::Decode, Some("options.registered.register")));
    let error = ask(json!({"register": register(), "metric": "spent"}));
    assert_eq!(
        (error.code(), error.path()),
        (Code::NotEnoughData, Some("options.registered.metric"))
    );
}
