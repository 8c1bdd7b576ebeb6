//! Experiments that are drawn again: how often the interval by Poisson bootstrap misses, and how often a
//! permutation takes nothing for something. By the analysis itself, from rows of text to its report.

use std::fmt::Write as _;
use std::rc::Rc;

use siyu::analysis::{Job, Source};
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::stats::random::Random;
use siyu::table::zone::Zone;

use super::Line;
use super::experiments::{Draw, plain, rate, revenue, visits};

/// How often is drawn again.
const REPLICATES: u32 = 1000;

/// The metric's comparison of two arms of one truth, `units` each.
fn comparison(random: &mut Random, units: usize, draw: Draw, metric: &str) -> serde_json::Value {
    let mut text = "unit,variant,y#,z#\n".to_owned();
    for unit in 0..2 * units {
        let [y, z] = draw(random);
        writeln!(text, "u{unit},{},{y},{z}", ["a", "b"][unit % 2]).unwrap();
    }
    let read = r##"{"roles":{"customer":"unit"},"attributes":{"variant":"variant","y":{"column":"y#","type":"number"},"z":{"column":"z#","type":"number"}},"zone":"UTC"}"##;
    let read: Options = serde_json::from_str(read).unwrap();
    let table = read_table([text.as_bytes()], &read, Zone::utc(), 1, 1 << 30).unwrap().0;
    let seed = random.below(u32::MAX);
    let request = format!(
        r#"{{"analysis":"experiment","inputs":{{"units":"units"}},"options":{{"control":"a","metrics":[{{"name":"y"{metric}}}],"resampling":{{"seed":{seed},"replicates":{REPLICATES}}}}}}}"#
    );
    let tables = vec![("units".to_owned(), Source::Loaded(Rc::new(table)))];
    let request = serde_json::from_str(&request).unwrap();
    let job = Job::start(request, tables, Rc::new(Gate::open()), 1 << 30).unwrap();
    let report = serde_json::to_value(job.run().unwrap().0).unwrap();
    report["result"]["metrics"][0]["comparisons"][0].clone()
}

/// The lines of what is drawn again, `runs` of each.
pub(crate) fn lines(runs: u32) -> Vec<Line> {
    let line = |claim, figure, wanted| Line { claim, runs, figure, wanted, is_share: true };
    // 2,000 runs scatter: four standard errors of a share of 95 % are 2 points.
    let (cover, alarm) = ((0.93, 0.97), (0.03, 0.07));
    let covered = |stream, units, draw: Draw, metric: &str| {
        rate(runs, stream, |random| {
            let found = comparison(random, units, draw, metric);
            let end = |at: &str| found["bootstrapInterval"][at].as_f64().unwrap();
            end("low") <= 0.0 && 0.0 <= end("high")
        })
    };
    let alarmed = |stream, units, draw: Draw| {
        rate(runs, stream, |random| {
            let found = comparison(random, units, draw, "");
            found["permutationPValue"].as_f64().unwrap() <= 0.05
        })
    };
    let ratio = r#","kind":"ratio","denominator":"z""#;
    let median = r#","kind":"quantile","quantile":0.5"#;
    let ninety = r#","kind":"quantile","quantile":0.9"#;
    vec![
        line(
            "95 % interval by Poisson bootstrap covers the difference, 200 bell-shaped units per arm",
            covered(140, 200, plain, ""),
            cover,
        ),
        line(
            "the same, revenue of 1,000 units per arm, one in five buys",
            covered(141, 1000, revenue, ""),
            cover,
        ),
        line(
            "the same, orders per visit of 500 units per arm",
            covered(142, 500, visits, ratio),
            cover,
        ),
        line("the same, medians of 400 bell-shaped units", covered(143, 400, plain, median), cover),
        line(
            "the same, 90 % quantiles of revenue of 1,000 units per arm",
            covered(144, 1000, revenue, ninety),
            cover,
        ),
        line(
            "nothing is taken for something by permutation, 30 bell-shaped units per arm",
            alarmed(145, 30, plain),
            alarm,
        ),
        line(
            "the same, revenue of 200 units per arm, one in five buys",
            alarmed(146, 200, revenue),
            alarm,
        ),
    ]
}
