//! What `repeat-purchase` promises.

use crate::tables::{Answer, run};
use siyu::error::Code;

const LOG: &str = "customer,time,amount\n\
    a,2025-01-05,5\na,2025-01-25,5\na,2025-03-01,5\n\
    b,2025-01-10,5\nb,2025-03-21,5\n\
    c,2025-01-31,5\nc,2025-02-03,-5\n\
    d,2025-03-20,5\nd,2025-03-20,7\n\
    e,2025-03-01,5\ne,2025-03-11,5\n";

fn request(more: &str) -> String {
    format!(r#"{{"analysis":"repeat-purchase","options":{{"at":"2025-03-31"{more}}}}}"#)
}

fn number(answer: &Answer, path: &str) -> f64 {
    answer.at(path).as_f64().unwrap_or_else(|| panic!("{path} is no number"))
}

#[test]
fn who_was_not_seen_long_enough_is_no_failure() {
    let answer = run(LOG, &request("")).unwrap();
    let told: Vec<(f64, f64, f64)> = ["a", "b", "c", "d", "e"]
        .map(|of| ["days", "repeated", "cohort"].map(|name| answer.of(of, name)).into())
        .to_vec();
    let wanted =
        [(20.0, 1.0, 0.0), (70.0, 1.0, 0.0), (59.0, 0.0, 0.0), (11.0, 0.0, 1.0), (10.0, 1.0, 1.0)];
    assert_eq!(told, wanted);
    // Days 10, 20, 70 with 5, 3 and 1 at risk: d was seen for 11 days, c for 59.
    assert!((number(&answer, "/result/all/rates/0/rate") - (1.0 - 0.8 * 2.0 / 3.0)).abs() < 1e-12);
    assert_eq!(answer.at("/result/all/rates/0/known"), 4);
    assert_eq!(answer.at("/result/all/rates/2/rate"), 1.0);
    assert_eq!(answer.at("/result/cohorts/0/cohort"), "2025-01");
    assert_eq!(answer.at("/result/cohorts/1/cohort"), "2025-03");
    assert_eq!(answer.at("/result/cohorts/1/rates/1/rate"), &serde_json::Value::Null);
    // Gaps of 20, 35, 70 and 10 days.
    assert_eq!(answer.at("/result/gaps/gaps"), 4);
    assert_eq!(
        [number(&answer, "/result/gaps/q1"), number(&answer, "/result/gaps/median")],
        [17.5, 27.5]
    );
    assert_eq!(answer.at("/result/cohortGaps/1/median"), 10.0);
    assert_eq!(answer.at("/result/curve/0/survival"), 1.0);
    assert_eq!(answer.at("/result/curve").as_array().unwrap().last().unwrap()["day"], 70);
}

/// lifelines 0.30.0, `KaplanMeierFitter` and `median_survival_times`; numpy's quantiles. CDNOW's log as of 30 June 1997.
#[test]
fn cohorts_of_cdnow_are_those_of_lifelines() {
    let csv = std::fs::read_to_string("tests/data/cdnow_master.csv").unwrap();
    let csv = csv.replacen("id,date,cds,amount", "customer,time,cds#,amount", 1);
    let options =
        r#"{"analysis":"repeat-purchase","options":{"at":"1997-06-30","horizons":[30,60,120]}}"#;
    let answer = run(&csv, options).unwrap();
    let wanted = [
        (
            "all",
            23_570,
            8_020,
            [0.174_586_338_565_974_5, 0.251_548_578_701_739_4, 0.323_943_986_670_886_75],
        ),
        (
            "cohorts/0",
            7_846,
            2_860,
            [0.175_121_080_805_505_48, 0.256_563_854_193_219_37, 0.327_045_628_345_653_7],
        ),
        (
            "cohorts/1",
            8_476,
            2_834,
            [0.175_672_487_022_181_08, 0.248_348_277_489_382_93, 0.314_417_177_914_110_95],
        ),
        (
            "cohorts/2",
            7_248,
            2_326,
            [0.172_737_306_843_266_27, 0.249_862_030_905_077_2, 0.336_763_212_415_377_1],
        ),
    ];
    for (of, customers, came, rates) in wanted {
        let at = |field: &str| format!("/result/{of}/{field}");
        assert_eq!(answer.at(&at("customers")), customers);
        assert_eq!(answer.at(&at("came")), came);
        for (place, rate) in rates.iter().enumerate() {
            let found = number(&answer, &at(&format!("rates/{place}/rate")));
            assert!((found - rate).abs() < 1e-12, "{of}: {found} {rate}");
        }
        assert!(answer.at(&at("medianDays")).is_null());
    }
    let gaps = |of: &str| {
        ["gaps", "q1", "median", "q3"].map(|part| number(&answer, &format!("/result/{of}/{part}")))
    };
    assert_eq!(gaps("gaps"), [17_044.0, 9.0, 22.0, 48.0]);
    assert_eq!(gaps("cohortGaps/1"), [6_068.0, 9.0, 22.0, 47.0]);
}

#[test]
fn periods_and_the_beginning_can_be_chosen() {
    let quarter = run(LOG, &request(r#","period":"quarter""#)).unwrap();
    assert_eq!(quarter.at("/result/cohorts").as_array().map(Vec::len), Some(1));
    assert_eq!(quarter.at("/result/cohorts/0/cohort"), "2025-Q1");
    let later = run(LOG, &request(r#","from":"2025-03-01","period":"week""#)).unwrap();
    assert_eq!(later.at("/result/all/customers"), 2);
    assert_eq!(later.at("/result/cohorts/0/cohort"), "2025-02-24");
    let left = later.at("/about/leftOut").as_array().unwrap();
    assert!(left.iter().any(|part| part["reason"] == "before-from" && part["customers"] == 3));
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let mut rows: Vec<&str> = LOG.lines().skip(1).collect();
    rows.reverse();
    let turned = format!("customer,time,amount\n{}\n", rows.join("\n"));
    let (plain, turned) = (run(LOG, &request("")).unwrap(), run(&turned, &request("")).unwrap());
    assert_eq!(plain.at("/result"), turned.at("/result"));
    assert_eq!(plain.by_customer(), turned.by_customer());
}

#[test]
fn what_cannot_be_told_is_refused() {
    for (more, path) in [
        (r#","horizons":[]"#, "options.horizons"),
        (r#","horizons":[30,30]"#, "options.horizons"),
        (r#","horizons":[0]"#, "options.horizons"),
        (r#","confidence":1"#, "options.confidence"),
        (r#","from":"soon""#, "options.from"),
    ] {
        let error = run(LOG, &request(more)).unwrap_err();
        assert_eq!(error.path(), Some(path), "{more}");
    }
    let none = run(LOG, &request(r#","from":"2025-03-30""#)).unwrap_err();
    assert_eq!(none.code(), Code::NotEnoughData);
    let once = run("customer,time,amount\na,2025-01-01,5\n", &request("")).unwrap();
    assert!(once.at("/result/gaps").is_null() && once.at("/result/all/medianDays").is_null());
    assert_eq!(once.at("/result/all/rates/0/rate"), 0.0);
    assert!(number(&once, "/result/all/rates/0/interval/high") > 0.7);
}
