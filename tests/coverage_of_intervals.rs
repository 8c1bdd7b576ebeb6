//! Simulation: the 95 % intervals of segments cover the truth in 93 to 97 % of the runs.
//!
//! ```text
//! cargo test --release --test coverage_of_intervals -- --nocapture
//! ```
//!
//! Each run draws customers of known segments, asks `compare-segments` as everybody does, and looks
//! whether the share, the mean and the two differences that it reports hold the truth. Money is
//! skewed as it is in shops (lognormal, deviation of the logarithm 0.8). Seeds are fixed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

use std::rc::Rc;

use serde_json::Value as Json;
use siyu::analysis::{Job, Source};
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::stats::random::Random;
use siyu::table::zone::Zone;

const RUNS: u64 = 2_000;

fn source(csv: &str, mapping: &str) -> Source {
    let options: Options =
        serde_json::from_str::<siyu::plain::Value>(mapping).unwrap().read().unwrap();
    Source::Loaded(Rc::new(read_table([csv], &options, Zone::utc(), 1, 1 << 28).unwrap().0))
}

/// What one run drew, as the report tells it.
fn report(random: &mut Random, customers: u32, share: f64) -> Json {
    let (mut segments, mut table) =
        ("customer,segment\n".to_owned(), "customer,money,city\n".to_owned());
    for customer in 0..customers {
        let is_in = random.unit() < share;
        segments += &format!("c{customer},{}\n", if is_in { "in" } else { "out" });
        let (log, city) = if is_in { (5.0, 0.6) } else { (4.5, 0.4) };
        let money = (log + 0.8 * random.normal()).exp();
        let city = if random.unit() < city { "A" } else { "B" };
        table += &format!("c{customer},{money:.4},{city}\n");
    }
    let request = r#"{"analysis":"compare-segments","inputs":{"segments":"segments","customers":"customers"},
        "options":{"attributes":["money","city"]}}"#;
    let tables = vec![
        (
            "segments".to_owned(),
            source(
                &segments,
                r#"{"roles":{"customer":"customer"},"attributes":{"segment":"segment"}}"#,
            ),
        ),
        (
            "customers".to_owned(),
            source(
                &table,
                r#"{"roles":{"customer":"customer"},"attributes":{"city":"city","money":{"column":"money","type":"number"}}}"#,
            ),
        ),
    ];
    let request = serde_json::from_str(request).unwrap();
    let job = Job::start(request, tables, Rc::new(Gate::open()), 1 << 28).unwrap();
    serde_json::to_value(job.run().unwrap().0).unwrap()
}

fn holds(interval: &Json, truth: f64) -> bool {
    interval["low"].as_f64().unwrap() <= truth && truth <= interval["high"].as_f64().unwrap()
}

#[test]
fn intervals_of_segments_cover_as_stated() {
    // E of a lognormal: exp(μ + σ²/2).
    let mean = |log: f64| (log + 0.8 * 0.8 / 2.0_f64).exp();
    println!("| customers | share | what | covered of {RUNS} |");
    println!("|---|---|---|---|");
    let mut outside = Vec::new();
    for (customers, share) in [(400, 0.5), (1_000, 0.2)] {
        let mut covered = [0_u32; 4];
        for run in 0..RUNS {
            let mut random = Random::new(20_251_122, run * 2 + u64::from(customers));
            let report = report(&mut random, customers, share);
            let rows = report["result"]["segments"].as_array().unwrap();
            let own = rows.iter().find(|row| row["segment"] == "in").unwrap();
            let money = own["measures"]
                .as_array()
                .unwrap()
                .iter()
                .find(|m| m["measure"] == "money")
                .unwrap();
            let city =
                own["values"].as_array().unwrap().iter().find(|v| v["value"] == "A").unwrap();
            let found = [
                holds(&own["interval"], share),
                holds(&money["interval"], mean(5.0)),
                holds(&money["difference"]["interval"], mean(5.0) - mean(4.5)),
                holds(&city["difference"]["interval"], 0.6 - 0.4),
            ];
            covered.iter_mut().zip(found).for_each(|(count, hit)| *count += u32::from(hit));
        }
        let names = [
            "share (Wilson)",
            "mean money (Student)",
            "difference of means (Welch)",
            "difference of shares (Newcombe)",
        ];
        for (name, count) in names.into_iter().zip(covered) {
            let rate = f64::from(count) / RUNS as f64;
            println!("| {customers} | {share} | {name} | {:.1} % |", rate * 100.0);
            if !(0.93..=0.97).contains(&rate) {
                outside.push(format!("{customers} {share} {name}: {rate}"));
            }
        }
    }
    assert!(outside.is_empty(), "{outside:?}");
}
