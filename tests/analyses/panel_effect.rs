//! What `panel-effect` promises. The numbers are those of `benches/panel_effect.py`.

use crate::tables::{Answer, run};
use siyu::error::Code;

const TREATED: &str = r#""treated":["s03","s08","s12","s17"]"#;

fn panel() -> String {
    std::fs::read_to_string("tests/data/panel.csv").unwrap()
}

fn request(more: &str) -> String {
    format!(
        r#"{{"analysis":"panel-effect","inputs":{{"panel":"orders"}},
            "options":{{"began":"2024-02-01","outcome":"sales"{more}}}}}"#
    )
}

fn asked(more: &str) -> String {
    request(&format!(",{TREATED}{more}"))
}

fn is(answer: &Answer, path: &str, wanted: f64, within: f64) {
    let path = format!("/result/{path}");
    let found = answer.at(&path).as_f64().unwrap_or_else(|| panic!("{path} is no number"));
    assert!((found - wanted).abs() <= within * wanted.abs(), "{path}: {found} {wanted}");
}

fn codes(answer: &Answer, of: &str) -> Vec<String> {
    let all = answer.at(&format!("/result/{of}/claim/assumptions")).as_array().unwrap();
    all.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

/// statsmodels 0.15.0: least squares with a constant for each shop and month, errors by shop.
#[test]
fn two_way_fixed_effects_and_the_event_study_are_those_of_statsmodels() {
    let answer = run(&panel(), &asked("")).unwrap();
    for (path, wanted) in [
        ("value", 5.291_486_111_11),
        ("error", 0.604_447_611_175),
        ("pValue", 4.28710451642e-08),
        ("interval/low", 4.026_362_721_29),
        ("interval/high", 6.556_609_500_93),
    ] {
        is(&answer, &format!("diffInDiff/effect/{path}"), wanted, 1e-9);
    }
    let study = [
        0.251_25, -0.483_125, -0.19, 1.752_5, 3.07, 1.243_125, 2.271_875, 2.891_25, 7.335,
        6.541_25, 5.676_25, 6.471_875, 6.436_875,
    ];
    let errors = [
        0.883_426_693_524,
        1.537_796_793_19,
        1.402_176_071_44,
        1.394_612_343_52,
        1.528_782_859_21,
        1.178_680_294_6,
        1.545_258_188,
        1.427_702_420_61,
        1.029_937_354_69,
        1.466_732_550_66,
        1.315_549_235_64,
        1.788_823_172_02,
        1.087_550_690_18,
    ];
    for (at, (value, error)) in study.iter().zip(errors).enumerate() {
        // The last period before is the one that all are held against.
        let at = if at < 8 { at } else { at + 1 };
        is(&answer, &format!("periods/{at}/difference/value"), *value, 1e-9);
        is(&answer, &format!("periods/{at}/difference/error"), error, 1e-9);
    }
    assert!(answer.at("/result/periods/8/difference").is_null());
    assert_eq!(answer.at("/result/periods/9/offset"), 0);
    assert_eq!(answer.at("/result/periods/9/period"), "2024-02");
    for (path, wanted) in [
        ("leads/f", 5.617_518_229_081_858),
        ("leads/pValue", 0.000_971_870_016_364_487_5),
        ("leads/numerator", 8.0),
        ("leads/denominator", 19.0),
        ("slopeBefore/value", 0.225_541_666_667),
        ("slopeBefore/error", 0.168_370_383_814),
        ("slopeBefore/pValue", 0.196_193_458_678),
        // All 4,845 ways to choose four of twenty shops.
        ("permutationPValue", 0.000_206_398_348_813),
        ("slopePermutationPValue", 0.284_829_721_362),
        ("leadsPermutationPValue", 0.186_996_904_025),
    ] {
        is(&answer, &format!("diffInDiff/{path}"), wanted, 1e-8);
    }
    assert_eq!(answer.at("/result/diffInDiff/claim/label"), "under-assumptions");
    assert_eq!(
        codes(&answer, "diffInDiff"),
        ["no-spillover", "no-anticipation", "parallel-trends"]
    );
    assert_eq!(answer.at("/about/warnings/0/code"), "few-clusters");
}

/// cvxpy 1.9.3 with Clarabel: the quadratic program.
#[test]
fn the_synthetic_control_has_the_weights_of_a_quadratic_program() {
    let answer = run(&panel(), &asked("")).unwrap();
    let wanted = [
        ("s02", 0.703_081_451_478),
        ("s20", 0.122_669_658_694),
        ("s16", 0.089_564_523_252_6),
        ("s07", 0.045_197_512_825_3),
        ("s04", 0.020_769_127_358_7),
        ("s19", 0.018_717_726_392_1),
    ];
    for (place, (shop, weight)) in wanted.iter().enumerate() {
        assert_eq!(answer.at(&format!("/result/synthetic/donors/{place}/group")), *shop);
        is(&answer, &format!("synthetic/donors/{place}/weight"), *weight, 1e-4);
    }
    let rest = answer.at("/result/synthetic/donors").as_array().unwrap();
    assert!(rest[wanted.len()..].iter().all(|donor| donor["weight"] == 0.0));
    for (at, gap) in [
        -0.358_985_272_151,
        -0.565_022_377_621,
        -0.081_892_524_562_5,
        0.116_963_870_551,
        0.903_017_411_132,
        -0.145_287_612_447,
        0.078_271_111_879,
        -0.252_460_323_724,
        0.312_377_890_819,
        6.688_933_669_22,
        7.076_826_903_36,
        5.668_526_664_73,
        7.273_811_409_17,
        5.840_710_283_48,
    ]
    .iter()
    .enumerate()
    {
        let found = answer.at(&format!("/result/periods/{at}/gap")).as_f64().unwrap();
        assert!((found - gap).abs() < 1e-5, "{at}: {found} {gap}");
    }
    for (path, wanted) in [
        ("rmspeBefore", 0.404_488_580_974),
        ("rmspeAfter", 6.541_830_573_04),
        ("effect", 6.509_761_785_99),
        ("ratio", 16.173_090_862_8),
        ("pValue", 1.0 / 17.0),
    ] {
        is(&answer, &format!("synthetic/{path}"), wanted, 1e-6);
    }
    let ratio = |shop: &str| {
        let donor = rest.iter().find(|donor| donor["group"] == shop).unwrap();
        donor["ratio"].as_f64().unwrap()
    };
    for (shop, wanted) in [
        ("s01", 2.518_931_412_33),
        ("s02", 0.533_982_872_97),
        ("s04", 1.105_831_154_07),
        ("s05", 6.163_407_586_21),
    ] {
        assert!((ratio(shop) - wanted).abs() < 1e-4, "{shop}");
    }
}

/// statsmodels 0.15.0: least squares with HAC errors, small samples corrected.
#[test]
fn a_single_series_is_before_and_after_with_newey_wests_errors() {
    let rows = panel();
    let one: Vec<&str> =
        rows.lines().filter(|line| line.starts_with("cust") || line.starts_with("s03")).collect();
    let answer = run(&one.join("\n"), &request(r#","treated":["s03"]"#)).unwrap();
    for (path, wanted) in [
        ("slopeBefore", 0.344),
        ("level/value", 2.021_333_333_33),
        ("level/error", 2.704_335_509_33),
        ("level/pValue", 0.472_006_872_612),
        ("slope/value", 1.916),
        ("slope/error", 0.483_705_173_068),
        ("slope/pValue", 0.002_681_709_175),
        ("effect/value", 5.853_333_333_33),
        ("effect/error", 3.362_978_752_02),
        ("lags", 2.0),
    ] {
        is(&answer, &format!("series/{path}"), wanted, 1e-9);
    }
    assert_eq!(answer.at("/result/series/claim/label"), "before-after");
    assert_eq!(codes(&answer, "series"), ["course-goes-on"]);
    assert!(answer.at("/result/diffInDiff").is_null() && answer.at("/result/synthetic").is_null());
    assert!(answer.at("/result/periods/9/expected").is_number());
}

#[test]
fn by_chance_it_is_causal_and_fewer_things_have_to_be_believed() {
    let answer = run(&panel(), &asked(r#","randomized":true"#)).unwrap();
    assert_eq!(answer.at("/result/diffInDiff/claim/label"), "causal-by-design");
    assert_eq!(codes(&answer, "diffInDiff"), ["no-spillover"]);
}

#[test]
fn the_order_of_rows_changes_nothing_and_a_log_is_summed() {
    let log = "customer,time,amount,region\n\
        a,2025-01-02,5,N\nb,2025-01-03,1.25,S\nc,2025-02-01,4,N\nb,2025-02-02,1.5,S\na,2025-02-20,3,N\n\
        b,2025-03-01,2,S\na,2025-03-05,20,N\nd,2025-03-05,9,\nb,2025-04-01,2,S\nc,2025-04-02,22,N\n\
        a,2025-05-01,1,N\n";
    let options = r#"{"analysis":"panel-effect","inputs":{"panel":"orders"},"options":
        {"treated":["N"],"began":"2025-03-09","group":"region","at":"2025-05-15"}}"#;
    let mut rows: Vec<&str> = log.lines().skip(1).collect();
    rows.reverse();
    let turned = format!("customer,time,amount,region\n{}\n", rows.join("\n"));
    let (plain, turned) = (run(log, options).unwrap(), run(&turned, options).unwrap());
    assert_eq!(plain.at("/result"), turned.at("/result"));
    // 5 and 7 before, 20 and 22 since; 1.25 and 1.5, 2 and 2. May has not ended.
    is(&plain, "diffInDiff/effect/value", 15.0 - 0.625, 1e-12);
    is(&plain, "periods/1/treated", 7.0, 0.0);
    // One group on a side seems not to vary: it has no error.
    assert!(plain.at("/result/diffInDiff/effect/interval").is_null());
    let left: Vec<_> = plain.at("/about/leftOut").as_array().unwrap().iter().collect();
    assert_eq!(
        left.iter().map(|of| of["reason"].as_str().unwrap()).collect::<Vec<_>>(),
        ["no-group", "incomplete-period"]
    );
}

#[test]
fn groups_with_gaps_are_counted_or_taken_for_zero() {
    let csv = "customer,time,amount\na,2025-01-02,5\na,2025-02-02,6\nb,2025-01-05,3\nb,2025-02-05,3\nc,2025-02-01,9\n";
    let with = |more: &str| {
        let options = format!(
            r#"{{"analysis":"panel-effect","inputs":{{"panel":"orders"}},
                "options":{{"treated":["a"],"began":"2025-02-01"{more}}}}}"#
        );
        run(csv, &options).unwrap()
    };
    let known = with("");
    assert_eq!(known.at("/result/unbalanced"), 1);
    is(&known, "diffInDiff/effect/value", 1.0, 1e-12);
    let zero = with(r#","absent":"zero""#);
    assert_eq!(zero.at("/result/unbalanced"), 0);
    is(&zero, "diffInDiff/effect/value", 1.0 - 4.5, 1e-12);
}

#[test]
fn what_cannot_be_told_is_refused() {
    let rows = panel();
    for (options, code, path) in [
        (request(r#","treated":[]"#), Code::InvalidOption, "options.treated"),
        (request(r#","treated":["s03","x"]"#), Code::InvalidOption, "options.treated[1]"),
        (asked(r#","confidence":1"#), Code::InvalidOption, "options.confidence"),
        (asked(r#","from":"2024-02-01""#), Code::NotEnoughData, "options.began"),
        (asked(r#","at":"2024-01-31""#), Code::NotEnoughData, "options.began"),
        (asked(r#","at":"soon""#), Code::Date, "options.at"),
    ] {
        let error = run(&rows, &options).unwrap_err();
        assert_eq!((error.code(), error.path()), (code, Some(path)), "{options}");
    }
    let crowd: String = (0..2_001).map(|at| format!("c{at},2025-01-01,1\n")).collect();
    let crowd = format!("customer,time,amount\n{crowd}");
    let options = r#"{"analysis":"panel-effect","inputs":{"panel":"orders"},
        "options":{"treated":["c1"],"began":"2025-01-01"}}"#;
    let error = run(&crowd, options).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::Limit, Some("options.group")));
    let error = run(&rows, &asked(r#","group":"sales""#)).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::Type, Some("options.group")));
    let twice = rows.replace("s05,2023-07-15", "s05,2023-08-15");
    assert_eq!(run(&twice, &asked("")).unwrap().at("/result/unbalanced"), 1);
}
