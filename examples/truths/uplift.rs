//! `uplift` with known truth: how often intervals hold what the order really brings, and how often
//! effects that are the same for all are taken for effects that differ.

use std::fmt::Write as _;
use std::rc::Rc;

use siyu::analysis::{Job, Source};
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::report::Values;
use siyu::stats::random::Random;
use siyu::table::zone::Zone;

use super::Line;

/// Of one trial of 2,000 units, to all of whom the treatment adds 0.05 of success and to a quarter
/// 0.4 times `strength` more: whether effects are said to differ, whether the interval of the area over
/// chance holds what the order really brings, and whether choosing is said to gain over treating all.
fn trial(run: u32, strength: f64) -> [bool; 3] {
    let mut random = Random::new(u64::from(run), 701);
    let mut csv = "id,variant,city,age,noise,bought\n".to_owned();
    let mut truths = Vec::new();
    for unit in 0..2000 {
        let (age, is_city) = (20.0 + 50.0 * random.unit(), random.unit() < 0.5);
        let is_treated = random.unit() < 0.5;
        let is_moved = age > 45.0 && is_city;
        let effect = 0.05 + if is_moved { 0.4 * strength } else { 0.0 };
        let chance = 0.1 + 0.004 * (age - 20.0) + if is_treated { effect } else { 0.0 };
        let bought = u8::from(random.unit() < chance);
        let (arm, city) = (["c", "t"][usize::from(is_treated)], u8::from(is_city));
        writeln!(csv, "u{unit},{arm},k{city},{age:.2},{:.3},{bought}", random.unit()).unwrap();
        truths.push(effect);
    }
    let options = r#"{"roles":{"customer":"id"},"zone":"UTC","attributes":{"variant":"variant",
        "city":"city","age":{"column":"age","type":"number"},
        "noise":{"column":"noise","type":"number"},"bought":{"column":"bought","type":"number"}}}"#;
    let options: Options =
        serde_json::from_str::<siyu::plain::Value>(options).unwrap().read().unwrap();
    let table = read_table([csv.as_bytes()], &options, Zone::utc(), 1, 1 << 30).unwrap().0;
    let request = format!(
        r#"{{"analysis":"uplift","inputs":{{"units":"t"}},"options":{{"control":"c","seed":{run},
        "outcome":"bought","features":["city","age","noise"]}}}}"#
    );
    let tables = vec![("t".to_owned(), Source::Loaded(Rc::new(table)))];
    let request = serde_json::from_str(&request).unwrap();
    let job = Job::start(request, tables, Rc::new(Gate::open()), 1 << 30).unwrap();
    let (report, sets) = job.run().unwrap();
    let report = serde_json::to_value(report).unwrap();
    let column = |name: &str| sets[0].columns.iter().find(|column| column.name == name).unwrap();
    let (Values::Text { bytes, ends }, Values::F64(positions)) =
        (&column("customer").values, &column("position").values)
    else {
        panic!("columns have their types");
    };
    let (mut area, mut from) = (0.0, 0);
    for (end, position) in ends.iter().zip(positions) {
        let id = std::str::from_utf8(&bytes[from..*end as usize]).unwrap();
        from = *end as usize;
        let truth = truths[id[1..].parse::<usize>().unwrap()];
        area += truth * (0.5 - position) / truths.len() as f64;
    }
    let end = |at: &str| report.pointer(&format!("/result/{at}")).unwrap().as_f64().unwrap();
    let held = end("qini/interval/low") <= area && area <= end("qini/interval/high");
    let differs =
        report.pointer("/result/heterogeneity/differs").is_some_and(|differs| *differs == true);
    [differs, held, end("best/advantage/interval/low") > 0.0]
}

/// The lines of `uplift`, `runs` of each.
pub(crate) fn lines(runs: u32) -> Vec<Line> {
    let shares = |strength: f64| {
        let mut shares = [0.0; 3];
        for run in 0..runs {
            for (share, hit) in shares.iter_mut().zip(trial(run, strength)) {
                *share += f64::from(u8::from(hit)) / f64::from(runs);
            }
        }
        shares
    };
    let line = |claim, figure, wanted| Line { claim, runs, figure, wanted, is_share: true };
    let (none, planted) = (shares(0.0), shares(1.0));
    vec![
        line(
            "`uplift`: effects that are the same for all are said to differ",
            none[0],
            (0.0, 0.04),
        ),
        line("choosing is said to gain over treating all, where it cannot", none[2], (0.0, 0.04)),
        line(
            "95 % interval of the area over chance holds it, no differences",
            none[1],
            (0.93, 1.0),
        ),
        line(
            "the same, effects that differ (0.45 for a quarter, else 0.05)",
            planted[1],
            (0.93, 1.0),
        ),
        line("such effects are said to differ", planted[0], (0.9, 1.0)),
    ]
}
