//! Customers whose chance to leave is known: how far the probabilities of `churn-risk` are off, on
//! customers that neither the model nor its calibration had seen, and whether the interval of a group's
//! gap holds how far they are off there.

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

/// Of one region more leave than their features say, of another fewer.
const REGIONS: [(&str, f64); 3] = [("north", 0.0), ("south", 0.5), ("west", -0.5)];

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

/// The report's result.
fn result(text: &str, region: &str, more: &str) -> serde_json::Value {
    let read = format!(
        r##"{{"roles":{{"customer":"customer"}},"attributes":{{"visits":{{"column":"visits#","type":"number"}},"months":{{"column":"months#","type":"number"}},"spend":{{"column":"spend#","type":"number"}},"plan":"plan","gone":"gone"{region}}},"zone":"UTC"}}"##
    );
    let read: Options = serde_json::from_str(&read).unwrap();
    let table = read_table([text.as_bytes()], &read, Zone::utc(), 1, 1 << 30).unwrap().0;
    let request = format!(
        r#"{{"analysis":"churn-risk","inputs":{{"customers":"people"}},"options":{{"label":"gone","attributes":["visits","months","spend","plan"]{more}}}}}"#
    );
    let tables = vec![("people".to_owned(), Source::Loaded(Rc::new(table)))];
    let request = serde_json::from_str(&request).unwrap();
    let job = Job::start(request, tables, Rc::new(Gate::open()), 1 << 30).unwrap();
    serde_json::to_value(job.run().unwrap().0).unwrap()["result"].take()
}

/// The expected calibration error of ten bins of equally many customers held out.
fn error(text: &str, more: &str) -> f64 {
    result(text, "", more)["heldOut"]["calibrationError"].as_f64().unwrap()
}

/// Customers by region, which decides too and is no feature.
fn of_regions(random: &mut Random, customers: u32) -> String {
    let mut text = "customer,visits#,months#,spend#,plan,region,gone\n".to_owned();
    for at in 0..customers {
        let (visits, months) = (random.below(20), random.below(60));
        let (spend, plan) = (random.normal(), random.below(3));
        let (region, more) = REGIONS[random.below(3) as usize];
        let values = [f64::from(visits), f64::from(months), spend, f64::from(plan)];
        let gone = if random.unit() < sigmoid(straight(values) + more) { "yes" } else { "no" };
        let plan = ["basic", "month", "year"][plan as usize];
        writeln!(text, "p{at},{visits},{months},{spend},{plan},{region},{gone}").unwrap();
    }
    text
}

/// The share of all who could be drawn in a region that leave.
fn share(more: f64) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for step in -40..=40 {
        let spend = f64::from(step) * 0.125;
        let weight = (-spend * spend / 2.0).exp();
        for cell in 0..20 * 60 * 3_u32 {
            let (visits, months, plan) = (cell % 20, cell / 20 % 60, cell / 1200);
            let values = [f64::from(visits), f64::from(months), spend, f64::from(plan)];
            sum += weight * sigmoid(straight(values) + more);
            weights += weight;
        }
    }
    sum / weights
}

/// How often the interval of a group's gap holds the share of its population that leaves, less the mean
/// probability that its customers held out were given.
pub(crate) fn gaps(runs: u32) -> Line {
    let shares = REGIONS.map(|(name, more)| (name, share(more)));
    let (mut held, mut all) = (0_u32, 0_u32);
    for run in 0..runs {
        let text = of_regions(&mut Random::new(u64::from(run), 76), 600);
        let told = result(&text, r#","region":"region""#, r#","groupsBy":"region","turns":3"#);
        for group in told["groups"].as_array().unwrap() {
            let (_, share) = shares.iter().find(|(name, _)| group["group"] == *name).unwrap();
            let truth = share - group["expected"].as_f64().unwrap();
            let end = |end: &str| group["gap"]["interval"][end].as_f64().unwrap();
            held += u32::from(end("low") <= truth && truth <= end("high"));
            all += 1;
        }
    }
    Line {
        claim: "95 % interval of a group's `gap` covers it, 600 customers in 3 groups (3 a run)",
        runs,
        figure: f64::from(held) / f64::from(all),
        wanted: (0.93, 0.97),
        is_share: true,
    }
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
