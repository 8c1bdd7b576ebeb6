//! Real exports with known totals.

use std::path::{Path, PathBuf};

use crate::tables::{plain, rfm_request, run_on, run_streamed};
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::table::zone::Zone;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn cdnow_has_its_published_totals() {
    let file = std::fs::read(project("tests/data/cdnow_master.csv")).unwrap();
    let mapping: Options =
        plain(r#"{"roles":{"customer":"id","time":"date","amount":"amount"},"zone":"UTC"}"#)
            .read()
            .unwrap();
    let (table, quality) = read_table([&file], &mapping, Zone::utc(), 1, 1 << 30).unwrap();
    assert_eq!((quality.rows.used, quality.rows.skipped), (69_659, 0));
    let request = rfm_request(r#""count":"day""#).replace("2025-05-31", "1998-06-30");
    let answer = run_on(&table.into(), &request, Gate::open(), 1 << 30).unwrap();
    assert_eq!(answer.at("/result/totals/customers"), 23_570);
    assert_eq!(answer.at("/result/totals/revenueText"), "2500315.63");
    assert_eq!(answer.at("/about/leftOut").as_array().map(Vec::len), Some(0));
    // Ids keep their zeros.
    assert_eq!(answer.customers()[0], "00001");
    let streamed = run_streamed(&file, &mapping, Zone::utc(), &request, 65_536, 5000).unwrap();
    assert!(streamed.sets == answer.sets, "streamed and loaded columns differ");
}

/// The UCI Online Retail invoices may not be in the project; they are read in place where they
/// are (beside the project, or in `SIYU_DATA`).
#[test]
fn online_retail_is_read_with_its_cancellations() {
    let folder = std::env::var_os("SIYU_DATA").map_or(project("../shared/data"), PathBuf::from);
    let Ok(file) = std::fs::read(folder.join("online_retail_invoices.csv")) else {
        println!("skipped: online_retail_invoices.csv is not here (set SIYU_DATA)");
        return;
    };
    let mapping: Options = plain(
        r#"{"roles":{"customer":"customer_id","time":"timestamp","amount":"amount","order":"invoice"},"zone":"UTC"}"#,
    )
    .read()
    .unwrap();
    let (table, quality) = read_table([&file], &mapping, Zone::utc(), 1, 1 << 30).unwrap();
    assert_eq!((quality.rows.used, quality.rows.skipped), (22_190, 0));
    assert_eq!(quality.customers, Some(4372));
    let amount = quality.amount.unwrap();
    assert_eq!((amount.refunds, amount.zeros), (3654, 4));
    let request = rfm_request("").replace("2025-05-31", "2011-12-10");
    let answer = run_on(&table.into(), &request, Gate::open(), 1 << 30).unwrap();
    let used = answer.at("/about/used/rows").as_u64().unwrap();
    let left: u64 = answer
        .at("/about/leftOut")
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["rows"].as_u64().unwrap())
        .sum();
    assert_eq!(used + left, 22_190);
}

/// The figures of `docs/analyses/segments.md`, counted beforehand by another program.
#[test]
fn rules_on_cdnow_find_whom_another_program_finds() {
    let file = std::fs::read(project("tests/data/cdnow_master.csv")).unwrap();
    let mapping: Options =
        plain(r#"{"roles":{"customer":"id","time":"date","amount":"amount"},"zone":"UTC"}"#)
            .read()
            .unwrap();
    let (table, _) = read_table([&file], &mapping, Zone::utc(), 1, 1 << 30).unwrap();
    let request = r#"{"analysis":"segments","options":{"at":"1998-06-30","segments":[
        {"name":"recent","rule":"orders(last 90d) >= 2"},
        {"name":"top","rule":"amount > percentile(90)"},
        {"name":"lapsed","rule":"sinceLast > 365"},
        {"name":"top and lapsed","rule":"segment(\"top\") and segment(\"lapsed\")"},
        {"name":"again in a week","rule":"order then order within 7d"}]}}"#;
    let answer = run_on(&table.into(), request, Gate::open(), 1 << 30).unwrap();
    let found: Vec<(u64, f64)> = (0..5)
        .map(|at| {
            let of = |name: &str| answer.at(&format!("/result/segments/{at}/{name}")).clone();
            (of("customers").as_u64().unwrap(), of("revenue").as_f64().unwrap())
        })
        .collect();
    let expected = [
        (1219, 599_599.02),
        (2357, 1_273_728.95),
        (15_220, 650_221.0),
        (184, 76_214.29),
        (3189, 1_115_679.36),
    ];
    assert_eq!(found, expected);
}
