//! Customers whose chance to leave is known: how far the probabilities of `churn-risk` are off, on
//! customers that neither the model nor its calibration had seen.

use std::fmt::Write as _;
use std::rc::Rc;

use siyu::analysis::{Job, Source};
use siyu::learn::logistic::sigmoid;
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::stats::random::Random;
use siyu::table::zone::Zone;

use super::Line;

/// Customers of a run, of whom each is held out once.
const CUSTOMERS: u32 = 20_000;

/// Log-odds to leave, of visits, months, spend and plan.
type Truth = fn([f64; 4]) -> f64;

/// As a logistic model has it.
fn straight([visits, months, spend, plan]: [f64; 4]) -> f64 {
    0.6 - 0.12 * visits - 0.02 * months + 0.3 * spend + [0.0, 0.8, -0.8][plan as usize]
}

/// Two steps, and a rise that one plan turns round: trees do better.
fn broken([visits, months, spend, plan]: [f64; 4]) -> f64 {
    let step = if visits < 4.0 { 1.5 } else { -0.8 } + if months > 40.0 { 1.0 } else { -0.5 };
    step + if plan == 1.0 { -1.2 * spend } else { 1.2 * spend } - 0.4
}

/// Few leave.
fn rare(values: [f64; 4]) -> f64 {
    straight(values) - 3.0
}

fn people(random: &mut Random, truth: Truth) -> String {
    let mut text = "customer,visits#,months#,spend#,plan,gone\n".to_owned();
    for at in 0..CUSTOMERS {
        let (visits, months) = (f64::from(random.below(20)), f64::from(random.below(60)));
        let (spend, plan) = (random.normal(), random.below(3));
        let chance = sigmoid(truth([visits, months, spend, f64::from(plan)]));
        let gone = if random.unit() < chance { "yes" } else { "no" };
        // Of some the visits are not known.
        let visits = if random.unit() < 0.1 { String::new() } else { visits.to_string() };
        let plan = ["basic", "month", "year"][plan as usize];
        writeln!(text, "p{at},{visits},{months},{spend},{plan},{gone}").unwrap();
    }
    text
}

/// The expected calibration error of ten bins of equally many customers held out.
fn error(text: &str, more: &str) -> f64 {
    let read = r##"{"roles":{"customer":"customer"},"attributes":{"visits":{"column":"visits#","type":"number"},"months":{"column":"months#","type":"number"},"spend":{"column":"spend#","type":"number"},"plan":"plan","gone":"gone"},"zone":"UTC"}"##;
    let read: Options = serde_json::from_str(read).unwrap();
    let table = read_table([text.as_bytes()], &read, Zone::utc(), 1, 1 << 30).unwrap().0;
    let request = format!(
        r#"{{"analysis":"churn-risk","inputs":{{"customers":"people"}},"options":{{"label":"gone","attributes":["visits","months","spend","plan"]{more}}}}}"#
    );
    let tables = vec![("people".to_owned(), Source::Loaded(Rc::new(table)))];
    let request = serde_json::from_str(&request).unwrap();
    let job = Job::start(request, tables, Rc::new(Gate::open()), 1 << 30).unwrap();
    let report = serde_json::to_value(job.run().unwrap().0).unwrap();
    report["result"]["heldOut"]["calibrationError"].as_f64().unwrap()
}

/// The largest error of so many runs.
pub(crate) fn lines(runs: u32) -> Vec<Line> {
    let ask: [(&str, Truth, &str); 6] = [
        ("the largest calibration error of `churn-risk`, 20,000 customers held out", straight, ""),
        ("the same, with steps and an interaction", broken, ""),
        ("the same, one in twenty leaves", rare, ""),
        ("the same, with steps, calibrated by beta", broken, r#","calibration":"beta""#),
        ("the same, by isotonic steps", broken, r#","calibration":"isotonic""#),
        (
            "the same, by the logistic model, whose form is wrong there",
            broken,
            r#","calibration":"isotonic","choice":"logistic""#,
        ),
    ];
    ask.into_iter()
        .zip(70..)
        .map(|((claim, truth, more), stream)| {
            let errors = (0..runs).map(|run| {
                let mut random = Random::new(u64::from(run), stream);
                error(&people(&mut random, truth), more)
            });
            let figure = errors.fold(0.0, f64::max);
            Line { claim, runs, figure, wanted: (0.0, 0.02), is_share: false }
        })
        .collect()
}
