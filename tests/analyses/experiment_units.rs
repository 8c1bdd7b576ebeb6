//! What `experiment` promises of tables of units: the Hillstrom e-mail test against independent
//! packages, a generated twin with known truth, and the ways of comparing that need rows.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use siyu::error::{Code, Error};
use siyu::experiment::variance::RegressionDesign;
use siyu::stats::random::Random;
use siyu::stats::regression::Covariance;

use crate::tables::{Answer, run_with};

fn over(csv: &str, control: &str, options: &str) -> Result<Answer, Error> {
    let request = format!(
        r#"{{"analysis":"experiment","inputs":{{"units":"test"}},"options":{{"control":"{control}",{options}}}}}"#
    );
    run_with(&[("test", csv)], &request)
}

fn number(value: &Json) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn close(got: &Json, expected: f64, within: f64) {
    assert!((number(got) - expected).abs() <= within * expected.abs(), "{got} {expected}");
}

fn comparison(answer: &Answer, metric: usize, arm: usize) -> &Json {
    answer.at(&format!("/result/metrics/{metric}/comparisons/{arm}"))
}

fn covers(found: &Json, truth: f64) -> bool {
    number(&found["interval"]["low"]) <= truth && truth <= number(&found["interval"]["high"])
}

fn error(found: &Json) -> f64 {
    number(&found["error"])
}

const HILLSTROM: &str = r#""variant":"segment","segments":["source"],"scores":["history"],"metrics":[
    {"name":"visit","kind":"share"},{"name":"conversion","kind":"share"},
    {"name":"spend","ranks":true},{"name":"adjusted","column":"spend","covariate":"history"}]"#;

/// Numbers of statsmodels, SciPy, tea-tasting and scikit-uplift, as `benches/hillstrom.py` prints
/// them.
#[test]
fn the_hillstrom_test_has_the_numbers_of_independent_packages() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("SIYU_DATA").map_or(beside, PathBuf::from);
    let Ok(file) = std::fs::read_to_string(folder.join("hillstrom_email.csv")) else {
        println!("skipped: hillstrom_email.csv is not here (set SIYU_DATA)");
        return;
    };
    // It has no ids: a row is a unit.
    let csv = |keep: &dyn Fn(&str) -> bool| {
        let mut csv = "customer,recency,history_segment,history#,mens,womens,zip_code,newbie,source,segment,visit#,conversion#,spend#\n".to_owned();
        let rows = file.lines().skip(1).enumerate().filter(|(_, row)| keep(row));
        rows.for_each(|(at, row)| writeln!(csv, "{at},{row}").unwrap());
        csv
    };
    let all = csv(&|_| true);
    let answer = over(&all, "No E-Mail", HILLSTROM).unwrap();
    close(answer.at("/result/sampleRatio/pValue"), 0.903_692_957_6, 1e-9);
    assert_eq!(answer.at("/result/decision/call"), "ship");
    assert_eq!(answer.at("/result/decision/arm"), "Mens E-Mail");
    let expected = [
        (0, 0, 0.076_589_563_65, 0.069_953_308_08, 0.083_226_741_27, 5.685_165_483e-112),
        (0, 1, 0.045_233_106_59, 0.038_894_095_36, 0.051_574_342_96, 3.182_403_159e-44),
        (1, 0, 0.006_805_006_52, 0.005_014_344_671, 0.008_640_723_397, 1.523_223_501e-13),
        (1, 1, 0.003_111_057_511, 0.001_501_657_132, 0.004_745_471_314, 0.000_157_105_129_1),
        (2, 0, 0.769_827_155_9, 0.485_139_732_6, 1.054_514_579, 1.163_814_968e-7),
        (2, 1, 0.424_412_215_9, 0.168_956_789_9, 0.679_867_642, 0.001_129_397_102),
        (3, 0, 0.767_335_775_6, 0.482_709_989_6, 1.051_961_561, 1.270_227_157e-7),
        (3, 1, 0.422_302_585_6, 0.166_892_728_1, 0.677_712_443_1, 0.001_193_074_535),
    ];
    for (metric, arm, effect, low, high, p) in expected {
        let found = comparison(&answer, metric, arm);
        close(&found["effect"], effect, 1e-9);
        close(&found["interval"]["low"], low, 1e-8);
        close(&found["interval"]["high"], high, 1e-8);
        close(&found["pValue"], p, 1e-8);
    }
    close(answer.at("/result/metrics/3/explained"), 0.000_472_149_447_3, 1e-8);
    close(&comparison(&answer, 2, 0)["superiority"], 0.503_400_269_6, 1e-9);
    close(&comparison(&answer, 2, 0)["rankPValue"], 1.581_998_827e-13, 1e-8);
    close(&comparison(&answer, 2, 1)["rankPValue"], 0.000_155_451_666_8, 1e-8);
    // Within channels: effects of visits, and that they do not differ.
    let channels = [
        ("Multichannel", 0.082_936_723_14, 0.047_099_975_39),
        ("Phone", 0.075_604_271_36, 0.044_629_773_75),
        ("Web", 0.075_563_152_1, 0.045_676_522_17),
    ];
    for (at, (channel, mens, womens)) in channels.iter().enumerate() {
        let segment = answer.at(&format!("/result/segments/{at}"));
        assert_eq!(segment["value"], *channel);
        close(&segment["metrics"][0]["comparisons"][0]["effect"], *mens, 1e-9);
        close(&segment["metrics"][0]["comparisons"][1]["effect"], *womens, 1e-9);
    }
    close(answer.at("/result/differences/0/chiSquared"), 0.449_091_862_3, 1e-8);
    close(answer.at("/result/differences/0/pValue"), 0.798_878_882_4, 1e-9);
    close(answer.at("/result/scores/0/qini"), 0.018_433_401_26, 1e-6);
    close(answer.at("/result/scores/0/uplift"), 0.009_578_423_839, 1e-6);
    close(answer.at("/result/scores/1/qini"), 0.002_621_514_068, 1e-6);
    let alone =
        r#""variant":"segment","segments":["source"],"metrics":[{"name":"visit","kind":"share"}]"#;
    let alone = over(&all, "No E-Mail", alone).unwrap();
    let of = |at: usize, arm: usize| {
        alone.at(&format!("/result/segments/{at}/metrics/0/comparisons/{arm}/adjustedPValue"))
    };
    close(of(0, 1), 2.317_867_682e-6, 1e-8);
    close(of(1, 0), 5.438_631_445e-54, 1e-8);
    let strata = r#""variant":"segment","strata":"source","metrics":[{"name":"spend"}]"#;
    let strata = over(&all, "No E-Mail", strata).unwrap();
    close(&comparison(&strata, 0, 0)["effect"], 0.768_567_203_4, 1e-9);
    close(&comparison(&strata, 0, 0)["error"], 0.145_117_927_8, 1e-9);
    close(&comparison(&strata, 0, 1)["effect"], 0.425_720_961_5, 1e-9);
    // Two arms alone: tea-tasting's CUPED, and Lin's regression.
    let two = csv(&|row| !row.contains("Womens E-Mail"));
    let two = over(
        &two,
        "No E-Mail",
        r#""variant":"segment","metrics":[{"name":"spend","covariate":"history"},
        {"name":"lin","column":"spend","covariate":"history","adjust":"by-arm"}]"#,
    )
    .unwrap();
    let found = comparison(&two, 0, 0);
    close(&found["effect"], 0.767_438_499_4, 1e-9);
    close(&found["interval"]["low"], 0.482_812_853_8, 1e-8);
    close(&found["pValue"], 1.265_314_467e-7, 1e-7);
    close(&comparison(&two, 1, 0)["effect"], 0.767_480_234_8, 1e-9);
    close(&comparison(&two, 1, 0)["error"], 0.145_146_188_2, 1e-3);
}

/// A test like Hillstrom's, of which the truth is known: men's mail adds 0.08 to visits, but 0.16 to
/// those of the channel `web` and nothing to others; women's adds nothing. Money goes with that of
/// before (correlation 0.8), and men's mail adds 1.
fn twin(units: u32) -> String {
    let mut random = Random::new(2008, 1);
    let mut csv = "customer,arm,source,day,time,visit#,spend#,before#,score#\n".to_owned();
    for unit in 0..units {
        let arm = ["none", "mens", "womens"][(random.next_u32() % 3) as usize];
        let is_web = random.unit() < 0.5;
        let lift = if arm == "mens" && is_web { 0.16 } else { 0.0 };
        let visit = u8::from(random.unit() < 0.1 + lift);
        let before = random.normal();
        let spend =
            20.0 + 4.0 * before + 3.0 * random.normal() + f64::from(u8::from(arm == "mens"));
        let day = 1 + random.next_u32() % 3;
        let score = f64::from(u8::from(is_web)) + 0.5 * random.unit();
        let channel = if is_web { "web" } else { "shop" };
        writeln!(
            csv,
            "u{unit},{arm},{channel},{day},2025-05-0{day} 23:30,{visit},{spend:.6},{before:.6},{score:.6}"
        )
        .unwrap();
    }
    csv
}

#[test]
fn a_generated_twin_gives_its_truth_back() {
    let csv = twin(24_000);
    let answer = over(&csv, "none", r#""variant":"arm","segments":["source"],"byDay":true,"scores":["score"],
        "metrics":[{"name":"visit","kind":"share"},{"name":"spend","covariate":"before"},
        {"name":"plain","column":"spend"},{"name":"strict","column":"visit","kind":"share","purpose":"secondary"}]"#)
    .unwrap();
    assert!(number(answer.at("/result/sampleRatio/pValue")) > 0.01);
    for (metric, arm, truth) in [(0, 0, 0.08), (0, 1, 0.0), (1, 0, 1.0), (1, 1, 0.0), (2, 0, 1.0)] {
        assert!(covers(comparison(&answer, metric, arm), truth), "{metric} {arm}");
    }
    close(answer.at("/result/metrics/1/explained"), 0.64, 0.05);
    let (adjusted, plain) = (comparison(&answer, 1, 0), comparison(&answer, 2, 0));
    assert!((error(adjusted) / error(plain) - 0.6).abs() < 0.03, "{adjusted} {plain}");
    assert_eq!(answer.at("/result/decision/arm"), "mens");
    // By channel the effect differs, by day it does not.
    let segments = answer.at("/result/segments").as_array().unwrap();
    let values: Vec<(&Json, &Json)> = segments.iter().map(|s| (&s["by"], &s["value"])).collect();
    let text = |text: &str| Json::String(text.to_owned());
    assert_eq!(values[0], (&text("source"), &text("shop")));
    assert_eq!(values[1], (&text("source"), &text("web")));
    assert_eq!(values[2], (&Json::Null, &text("2025-05-01")));
    assert_eq!(values.len(), 5);
    assert!(covers(&segments[0]["metrics"][0]["comparisons"][0], 0.0));
    assert!(covers(&segments[1]["metrics"][0]["comparisons"][0], 0.16));
    let differences = answer.at("/result/differences").as_array().unwrap();
    let differs = |by: &Json, metric: &str| {
        let own =
            |row: &&Json| row["by"] == *by && row["metric"] == *metric && row["arm"] == "mens";
        number(&differences.iter().find(own).unwrap()["adjustedPValue"])
    };
    assert!(differs(&text("source"), "visit") < 1e-9);
    assert!(differs(&Json::Null, "visit") > 0.01);
    // A score that knows the channel finds them; for the mail that does nothing it is noise.
    assert!(number(answer.at("/result/scores/0/qini")) > 0.1);
    close(answer.at("/result/scores/0/topEffect"), 0.16, 0.2);
    assert!(number(answer.at("/result/scores/1/qini")).abs() < 0.1);
}

fn same(a: &Json, b: &Json, path: &str) {
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => {
            a.iter().for_each(|(key, value)| same(value, &b[key], &format!("{path}/{key}")));
        }
        (Json::Array(a), Json::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{path}");
            a.iter()
                .zip(b)
                .enumerate()
                .for_each(|(at, (a, b))| same(a, b, &format!("{path}/{at}")));
        }
        (Json::Number(_), Json::Number(_)) => {
            assert!(
                (number(a) - number(b)).abs() <= 1e-9 * number(a).abs() + 1e-12,
                "{path} {a} {b}"
            );
        }
        _ => assert_eq!(a, b, "{path}"),
    }
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let csv = twin(600);
    let mut lines: Vec<&str> = csv.lines().skip(1).collect();
    Random::new(5, 5).shuffle(&mut lines);
    let shuffled = format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n"));
    let options = r#""variant":"arm","segments":["source"],"byDay":true,"scores":["score"],"strata":"day",
        "metrics":[{"name":"visit","kind":"share"},{"name":"spend","covariate":"before","ranks":true}]"#;
    let [one, other] = [&csv, &shuffled].map(|csv| over(csv, "none", options).unwrap());
    same(one.at("/result"), other.at("/result"), "");
}

#[test]
fn a_unit_in_two_rows_changes_nothing_of_the_others() {
    // Where each unit stands in one row they are folded as they come, else they are kept.
    let mut csv = twin(20_000).replace("visit#", "visit#,orders#");
    let lines: Vec<String> = (csv.lines().skip(1).enumerate())
        .map(|(at, line)| {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            cells.insert(6, (1 + at % 4).to_string());
            if at % 7 == 0 {
                cells[8].clear();
            }
            if at % 11 == 0 || at < 3 {
                cells[7].clear();
            }
            if at % 13 == 0 {
                cells[5].clear();
            }
            if at % 17 == 0 {
                cells[1].clear();
            }
            cells.join(",")
        })
        .collect();
    csv = format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n"));
    let twice = format!("{csv}x,none,web,1,,1,1,1e9,1e9,0\nx,mens,web,1,,0,1,1e9,-1e9,0\n");
    let options = r#""variant":"arm","metrics":[{"name":"visit","kind":"share"},
        {"name":"spend","covariate":"before"},{"name":"far","column":"spend","covariate":"before","adjust":"by-arm"},
        {"name":"each","kind":"ratio","column":"spend","denominator":"orders"},
        {"name":"seen","column":"visit","kind":"share","covariate":"before"},{"name":"before"}]"#;
    let [one, other] = [&csv, &twice].map(|csv| over(csv, "none", options).unwrap());
    same(one.at("/result"), other.at("/result"), "");
    assert_eq!(one.at("/about/leftOut/0/reason"), "no-variant");
    assert_eq!(one.at("/about/used"), other.at("/about/used"));
    assert_eq!(one.at("/about/warnings"), other.at("/about/warnings"));
    // What a share must not be is found there, too.
    let wrong =
        over(&csv, "none", r#""variant":"arm","metrics":[{"name":"spend","kind":"share"}]"#);
    let wrong = wrong.unwrap_err();
    assert_eq!((wrong.code(), wrong.path()), (Code::Type, Some("options.metrics[0].kind")));
    let many = (0..70).map(|at| format!("u{at},{at},1\n")).collect::<String>();
    let wrong = over(
        &format!("customer,arm,y#\n{many}"),
        "0",
        r#""variant":"arm","metrics":[{"name":"y"}]"#,
    );
    let wrong = wrong.unwrap_err();
    assert_eq!((wrong.code(), wrong.path()), (Code::Limit, Some("options.variant")));
}

#[test]
fn drawing_units_again_agrees_with_the_formulas() {
    let csv = twin(3_000).replace("visit#", "visit#,orders#");
    let lines: Vec<String> = (csv.lines().skip(1).enumerate())
        .map(|(at, line)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            cells.insert(6, ["1", "2", "3", "4"][at % 4]);
            cells.join(",")
        })
        .collect();
    let csv = format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n"));
    let with = |more: &str| {
        let options = format!(
            r#""variant":"arm","metrics":[{{"name":"spend"}},{{"name":"visit","kind":"share"}},
            {{"name":"each","kind":"ratio","column":"spend","denominator":"orders"}},
            {{"name":"median","kind":"quantile","column":"spend"}}]{more}"#
        );
        over(&csv, "none", &options).unwrap()
    };
    let found = with(r#","resampling":{"seed":3,"replicates":2000}"#);
    for metric in 0..4 {
        for arm in 0..2 {
            let own = comparison(&found, metric, arm);
            let [low, high] = ["low", "high"].map(|end| number(&own["interval"][end]));
            for end in ["low", "high"] {
                let away = number(&own["bootstrapInterval"][end]) - number(&own["interval"][end]);
                assert!(away.abs() < 0.12 * (high - low), "{metric} {arm} {own}");
            }
            if metric < 2 {
                let away = number(&own["permutationPValue"]) - number(&own["pValue"]);
                assert!(away.abs() < 0.05, "{metric} {arm} {own}");
            } else {
                assert_eq!(own["permutationPValue"], Json::Null);
            }
        }
    }
    // Never 0; the same seed draws the same, another another; what it does not touch stays.
    let p = number(&comparison(&found, 0, 0)["permutationPValue"]);
    assert!(p > 0.0 && (p * 2001.0).fract().abs() < 1e-9, "{p}");
    let again = with(r#","resampling":{"seed":3,"replicates":2000}"#);
    assert_eq!(found.at("/result"), again.at("/result"));
    let other = with(r#","resampling":{"seed":4,"replicates":2000}"#);
    let interval = |answer: &Answer| comparison(answer, 0, 0)["bootstrapInterval"].clone();
    assert_ne!(interval(&found), interval(&other));
    let plain = with("");
    assert_eq!(comparison(&plain, 0, 0)["bootstrapInterval"], Json::Null);
    assert_eq!(found.at("/result/decision"), plain.at("/result/decision"));
    let refused = |more: &str, path: &str| {
        let wrong = over(&csv, "none", &format!(r#""variant":"arm",{more}"#)).unwrap_err();
        assert_eq!((wrong.code(), wrong.path()), (Code::InvalidOption, Some(path)));
    };
    let few = r#""metrics":[{"name":"spend"}],"resampling":{"seed":1,"replicates":9}"#;
    refused(few, "options.resampling.replicates");
    let covariate = r#""metrics":[{"name":"spend","covariate":"before"}],"resampling":{"seed":1}"#;
    refused(covariate, "options.resampling");
}

#[test]
fn what_arms_share_costs_less_than_their_number() {
    let csv = twin(2_400);
    let with = |adjustment: &str, more: &str| {
        let options = format!(
            r#""variant":"arm","adjustment":"{adjustment}","metrics":[{{"name":"spend"}},
            {{"name":"visit","kind":"share"}},{{"name":"before","purpose":"guardrail"}}]{more}"#
        );
        over(&csv, "none", &options)
    };
    let [dunnett, bonferroni] = ["dunnett", "bonferroni"].map(|name| with(name, "").unwrap());
    for metric in 0..2 {
        for arm in 0..2 {
            let [own, most] = [&dunnett, &bonferroni]
                .map(|answer| number(&comparison(answer, metric, arm)["adjustedPValue"]));
            let plain = number(&comparison(&dunnett, metric, arm)["pValue"]);
            let at_least = (2.0 * plain).min(1.0);
            assert!((at_least..=most).contains(&own), "{metric} {arm} {plain} {own} {most}");
        }
    }
    assert_eq!(comparison(&dunnett, 2, 0)["adjustedPValue"], Json::Null);
    let wrong = with("dunnett", r#","decide":"always-valid""#).unwrap_err();
    assert_eq!(wrong.path(), Some("options.adjustment"));
    // Guardrails take no part in segments either.
    let segments = with("holm", r#","segments":["source"]"#).unwrap();
    for at in 0..2 {
        let path = format!("/result/segments/{at}/metrics/2/comparisons/0/adjustedPValue");
        assert_eq!(segments.at(&path), &Json::Null);
    }
}

/// Shops of different sizes that were given their arm as a whole, with their own level.
fn shops(count: u32, more: &str) -> String {
    let mut random = Random::new(7, 7);
    let mut csv = "customer,variant,shop,spend#\n".to_owned();
    for shop in 0..count {
        let level = 3.0 * random.normal();
        for unit in 0..10 + random.below(20) {
            let arm = if shop % 2 == 0 { "a" } else { "b" };
            writeln!(csv, "s{shop}u{unit},{arm},s{shop},{:.6}", 50.0 + level + random.normal())
                .unwrap();
        }
    }
    csv + more
}

#[test]
fn groups_with_one_arm_count_as_one() {
    let csv = shops(60, "");
    let metric = r#""metrics":[{"name":"spend"}]"#;
    let plain = over(&csv, "a", metric).unwrap();
    let whole = over(&csv, "a", &format!(r#""clusters":"shop",{metric}"#)).unwrap();
    let (plain, found) = (comparison(&plain, 0, 0), comparison(&whole, 0, 0));
    close(&found["effect"], number(&plain["effect"]), 1e-12);
    assert!(error(found) > 2.5 * error(plain), "{found} {plain}");
    // As a regression with errors by shop, but for the factor of small samples.
    let (mut y, mut arm, mut shop) = (Vec::new(), Vec::new(), Vec::new());
    for row in csv.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        y.push(cells[3].parse().unwrap());
        arm.push(f64::from(u8::from(cells[1] == "b")));
        shop.push(cells[2][1..].parse().unwrap());
    }
    let design = RegressionDesign {
        covariance: Covariance::Clusters(&shop),
        is_interacted: false,
        confidence: 0.95,
    };
    let regression = design.effect(&y, &arm, &[]).unwrap();
    let n = y.len() as f64;
    let factor = (30.0 / 29.0) / (60.0 / 59.0 * (n - 1.0) / (n - 2.0));
    close(&found["effect"], regression.effect, 1e-10);
    close(&found["error"], regression.error * f64::sqrt(factor), 1e-9);
    // The sample ratio is that of shops, and a shop in two arms takes no part.
    close(whole.at("/result/sampleRatio/pValue"), 1.0, 1e-12);
    let split =
        over(&shops(60, "x1,a,s1,50\nx2,a,,50\n"), "a", &format!(r#""clusters":"shop",{metric}"#))
            .unwrap();
    let reasons: Vec<&Json> =
        split.at("/about/leftOut").as_array().unwrap().iter().map(|part| &part["reason"]).collect();
    assert_eq!(reasons, ["two-arms", "no-cluster"]);
    let few = over(&shops(8, ""), "a", &format!(r#""clusters":"shop",{metric}"#)).unwrap();
    assert_eq!(few.at("/about/warnings/0/code"), "few-clusters");
    let median = r#""metrics":[{"name":"spend","kind":"quantile"}]"#;
    let of_shops = format!(r#""clusters":"shop",{median}"#);
    let [plain, whole] = [median, &of_shops]
        .map(|options| error(comparison(&over(&csv, "a", options).unwrap(), 0, 0)));
    assert!(whole > 2.0 * plain, "{whole} {plain}");
}

#[test]
fn a_slope_for_each_arm_is_the_regression_with_interaction() {
    let csv = twin(900);
    let two: String =
        csv.lines().filter(|row| !row.contains("womens")).map(|row| format!("{row}\n")).collect();
    let answer = over(
        &two,
        "none",
        r#""variant":"arm","metrics":[{"name":"spend","covariate":"before","adjust":"by-arm"}]"#,
    )
    .unwrap();
    let (mut y, mut arm, mut before) = (Vec::new(), Vec::new(), Vec::new());
    for row in two.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        y.push(cells[6].parse().unwrap());
        before.push(cells[7].parse().unwrap());
        arm.push(f64::from(u8::from(cells[1] == "mens")));
    }
    let design =
        RegressionDesign { covariance: Covariance::Hc2, is_interacted: true, confidence: 0.95 };
    let regression = design.effect(&y, &arm, &[before]).unwrap();
    close(&comparison(&answer, 0, 0)["effect"], regression.effect, 1e-10);
    close(&comparison(&answer, 0, 0)["error"], regression.error, 0.02);
}

const SMALL: &str =
    "customer,variant,spend#,before#\nu1,a,1,0\nu2,a,2,2\nu3,a,4,1\nu4,b,3,1\nu5,b,8,1\nu6,b,9,4\n";

#[test]
fn changes_are_compared_ranks_and_medians_too() {
    let of = |metric: &str| {
        let answer =
            over(SMALL, "a", &format!(r#""metrics":[{{"name":"spend",{metric}}}]"#)).unwrap();
        comparison(&answer, 0, 0).clone()
    };
    // Means 7/3 and 20/3, before 1 and 2: (20/3 − 2) − (7/3 − 1).
    close(&of(r#""covariate":"before","adjust":"difference""#)["effect"], 10.0 / 3.0, 1e-12);
    // Pairs in which b is larger: 3 over 1 and 2, 8 and 9 over all.
    let ranks = of(r#""ranks":true"#);
    close(&ranks["superiority"], 8.0 / 9.0, 1e-12);
    close(&ranks["rankPValue"], 0.190_430_263_9, 1e-6);
    // Three values have a median, and too few for its interval.
    let median = of(r#""kind":"quantile""#);
    assert_eq!((&median["effect"], &median["interval"]), (&Json::Null, &Json::Null));
    let csv = twin(3000);
    let answer = over(
        &csv,
        "none",
        r#""variant":"arm","metrics":[{"name":"spend","kind":"quantile","quantile":0.9}]"#,
    )
    .unwrap();
    let mut spends: Vec<Vec<f64>> = vec![Vec::new(); 2];
    for row in csv.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let arm = ["none", "mens"].iter().position(|arm| *arm == cells[1]);
        if let Some(arm) = arm {
            spends[arm].push(cells[6].parse().unwrap());
        }
    }
    let [none, mens] = [0, 1].map(|arm| {
        spends[arm].sort_by(f64::total_cmp);
        let place = 0.9 * (spends[arm].len() - 1) as f64;
        let (low, part) = (place.floor() as usize, place.fract());
        spends[arm][low] + part * (spends[arm][low + 1] - spends[arm][low])
    });
    close(&comparison(&answer, 0, 0)["effect"], mens - none, 1e-9);
    assert!(covers(comparison(&answer, 0, 0), 1.0));
    assert_eq!(answer.at("/about/warnings/0/code"), "careful-quantile");
}

#[test]
fn what_stays_the_same_must_be_proven() {
    let of = |units: u32| {
        let answer = over(
            &twin(units),
            "none",
            r#""variant":"arm","metrics":[{"name":"visit","kind":"share"},
            {"name":"spend","purpose":"guardrail","better":"same","margin":0.1}]"#,
        )
        .unwrap();
        (
            comparison(&answer, 1, 0)["marginPValue"].clone(),
            answer.at("/result/decision/call").clone(),
        )
    };
    // 1 of 20 is within 10 %, which 9,000 units prove and 60 do not.
    let (proven, call) = of(9000);
    assert!(number(&proven) < 0.001 && call == "ship", "{proven} {call}");
    let (open, call) = of(60);
    assert!(number(&open) > 0.05 && call != "ship", "{open} {call}");
}

#[test]
fn thin_parts_and_gaps_have_stated_answers() {
    // A stratum without one arm is taken together with others; without a value is a value.
    let csv = "customer,variant,city,spend#\nu1,a,X,1\nu2,a,X,2\nu3,a,X,4\nu4,b,X,3\nu5,b,X,8\nu6,b,Y,9\nu7,b,,5\nu8,a,,\n";
    let answer =
        over(csv, "a", r#""strata":"city","segments":["city"],"metrics":[{"name":"spend"}]"#)
            .unwrap();
    close(&comparison(&answer, 0, 0)["effect"], 6.25 - 7.0 / 3.0, 1e-12);
    let segments = answer.at("/result/segments").as_array().unwrap();
    let values: Vec<&Json> = segments.iter().map(|segment| &segment["value"]).collect();
    assert_eq!(values, [&Json::from("X"), &Json::from("Y"), &Json::Null]);
    assert_eq!(segments[1]["metrics"][0]["comparisons"][0]["effect"], Json::Null);
    assert_eq!(segments[2]["metrics"][0]["arms"][0]["missing"], 1);
    assert_eq!(answer.at("/result/differences").as_array().unwrap().len(), 0);
}

#[test]
fn what_does_not_go_together_is_refused_with_its_place() {
    let path = |options: &str| {
        let error = over(SMALL, "a", options).unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    let metric = |more: &str| format!(r#""metrics":[{{"name":"spend",{more}}}]"#);
    let wrong = |path: &str| (Code::InvalidOption, format!("options.{path}"));
    assert_eq!(path(&metric(r#""better":"same""#)), wrong("metrics[0].better"));
    assert_eq!(path(&metric(r#""adjust":"by-arm""#)), wrong("metrics[0].adjust"));
    assert_eq!(path(&metric(r#""quantile":0.5"#)), wrong("metrics[0].quantile"));
    assert_eq!(path(&metric(r#""kind":"quantile","quantile":1"#)), wrong("metrics[0].quantile"));
    assert_eq!(
        path(&metric(r#""kind":"quantile","covariate":"before""#)),
        wrong("metrics[0].covariate")
    );
    let strata = format!(r#""strata":"variant",{}"#, metric(r#""kind":"quantile""#));
    assert_eq!(path(&strata), wrong("strata"));
    let ranks = format!(r#""clusters":"variant",{}"#, metric(r#""ranks":true"#));
    assert_eq!(path(&ranks), wrong("clusters"));
    let given = run_with(
        &[],
        r#"{"analysis":"experiment","options":{"control":"a","metrics":[{"name":"x"}],"segments":["city"],
            "arms":[{"arm":"a","units":3,"values":[{"mean":1,"variance":1}]}]}}"#,
    );
    assert_eq!(given.unwrap_err().path(), Some("options.segments"));
    let (code, _) = path(&format!(r#""segments":["spend"],{}"#, metric(r#""kind":"mean""#)));
    assert_eq!(code, Code::Type);
    let (code, _) = path(&format!(r#""byDay":true,{}"#, metric(r#""kind":"mean""#)));
    assert_eq!(code, Code::MissingRole);
}

#[test]
fn numbers_of_a_text_file_keep_all_their_decimals() {
    let csv = "customer,variant,rate#\nu1,a,0.123456789\nu2,a,1.2E-05\nu3,b,0.5\nu4,b,0.25\n";
    let found = over(csv, "a", r#""metrics":[{"name":"rate"}]"#).unwrap();
    let arms = found.at("/result/metrics/0/arms");
    assert_eq!(arms[0]["units"], 2);
    close(&arms[0]["value"], (0.123_456_789 + 1.2e-5) / 2.0, 1e-15);
}
