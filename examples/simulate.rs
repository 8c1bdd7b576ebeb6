//! Simulations with known truth: `npm run simulate` writes their table into `docs/simulations.md`,
//! `npm run simulate -- --smoke` runs a few of each and checks them loosely, for every change.
//!
//! Each line draws data from a stated truth, lets Siyu answer, and counts how often the answer is
//! right. Seeds are fixed: the same table comes out again.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A tool ends with a message.

#[path = "truths/experiments.rs"]
mod experiments;
#[path = "truths/lives.rs"]
mod lives;
#[path = "truths/redrawn.rs"]
mod redrawn;
#[path = "truths/risk.rs"]
mod risk;
#[path = "truths/uplift.rs"]
mod uplift;

use std::process::ExitCode;
use std::rc::Rc;

use siyu::analysis::{Job, Source};
use siyu::churn::btyd::fit::{Fit, purchases, spend};
use siyu::churn::btyd::gamma_gamma::GammaGamma;
use siyu::churn::btyd::histories::{Counts, counted};
use siyu::churn::btyd::predict::{Outlook, Predictor, Ranged, Spend};
use siyu::churn::btyd::{Family, History, Model};
use siyu::learn::cluster::agreement::agreement;
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::report::{ColumnSet, Values};
use siyu::segment::transitions::Transitions;
use siyu::stats::mean::Sample;
use siyu::stats::proportion::{ProportionInterval, proportion_interval};
use siyu::stats::random::Random;
use siyu::stats::special::Tails;
use siyu::stats::special::beta::inverse_incomplete_beta;
use siyu::stats::special::gamma::inverse_incomplete_gamma;
use siyu::table::zone::Zone;

/// One line of the table.
struct Line {
    claim: &'static str,
    runs: u32,
    /// What was measured, and between which bounds it is wanted.
    figure: f64,
    wanted: (f64, f64),
    is_share: bool,
}

impl Line {
    fn holds(&self, slack: f64) -> bool {
        self.figure >= self.wanted.0 - slack && self.figure <= self.wanted.1 + slack
    }

    fn cells(&self) -> [String; 4] {
        let text = |value: f64| match self.is_share {
            true => format!("{:.1} %", value * 100.0),
            false => format!("{value:.3}"),
        };
        let wanted = match self.wanted {
            (low, high) if high >= 1.0 => format!("≥ {}", text(low)),
            (low, high) => format!("{} – {}", text(low), text(high)),
        };
        [self.claim.to_owned(), self.runs.to_string(), text(self.figure), wanted]
    }
}

fn main() -> ExitCode {
    let is_smoke = std::env::args().any(|argument| argument == "--smoke");
    let only: Option<String> = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    let (clusterings, coverages) = if is_smoke { (8, 400) } else { (200, 2_000) };
    let mut lines: Vec<Line> = Vec::new();
    let all: [fn(u32, u32) -> Vec<Line>; 10] = [
        planted,
        structureless,
        coverage,
        |_, runs| experiments::lines(if runs < 2_000 { 1_000 } else { 20_000 }),
        |_, runs| redrawn::lines(if runs < 2_000 { 200 } else { 2_000 }),
        lifetimes,
        |_, runs| lives::lines(runs),
        |_, runs| risk::lines(if runs < 2_000 { 1 } else { 10 }),
        |_, runs| vec![risk::gaps(if runs < 2_000 { 60 } else { 1_000 })],
        |_, runs| uplift::lines(if runs < 2_000 { 40 } else { 1_000 }),
    ];
    let names = [
        "planted",
        "structureless",
        "coverage",
        "experiments",
        "redrawn",
        "lifetimes",
        "lives",
        "risk",
        "risk-gaps",
        "uplift",
    ];
    for (name, run) in names.iter().zip(all) {
        if only.as_ref().is_none_or(|only| name.starts_with(only.as_str())) {
            let found = run(clusterings, coverages);
            found.iter().for_each(|line| println!("| {} |", line.cells().join(" | ")));
            lines.extend(found);
        }
    }
    if !is_smoke && only.is_none() {
        write(&lines);
    }
    // A few runs scatter: a share of 0.95 in 400 runs has a standard error of 0.011.
    let slack = if is_smoke { 0.045 } else { 0.0 };
    let missed: Vec<&Line> = lines.iter().filter(|line| !line.holds(slack)).collect();
    for line in &missed {
        eprintln!("missed: {}", line.cells().join(", "));
    }
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Puts the table between the two marks of the page.
fn write(lines: &[Line]) {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/simulations.md");
    let text = std::fs::read_to_string(page).unwrap();
    let (begin, end) = ("<!-- table: written by npm run simulate -->\n", "<!-- end of table -->");
    let from = text.find(begin).unwrap() + begin.len();
    let until = text.find(end).unwrap();
    let mut table = "| claim | runs | measured | wanted |\n| --- | --- | --- | --- |\n".to_owned();
    for line in lines {
        table += &format!("| {} |\n", line.cells().join(" | "));
    }
    std::fs::write(page, format!("{}{table}{}", &text[..from], &text[until..])).unwrap();
}

/// What a customer of a simulated shop did: days since the last purchase, purchases, money.
type Customer = (f64, f64, f64);

/// A log in which the customers have these measures, up to rounding.
fn log(customers: &[Customer]) -> String {
    let mut csv = "customer,time,amount\n".to_owned();
    for (at, (recency, purchases, money)) in customers.iter().enumerate() {
        let count = purchases.round().max(1.0) as i32;
        for purchase in 0..count {
            let days = recency.round().max(0.0) as i32 + purchase;
            let day = jiff::civil::date(2025, 6, 30)
                .checked_sub(jiff::Span::new().days(i64::from(days)))
                .unwrap();
            csv += &format!("c{at},{day},{:.2}\n", money.max(0.01 * purchases) / f64::from(count));
        }
    }
    csv
}

fn clusters(csv: &str, more: &str) -> (serde_json::Value, Vec<ColumnSet>) {
    let read: Options = serde_json::from_str(
        r#"{"roles":{"customer":"customer","time":"time","amount":"amount"},"zone":"UTC"}"#,
    )
    .unwrap();
    let table = read_table([csv.as_bytes()], &read, Zone::utc(), 1, 1 << 30).unwrap().0;
    let request =
        format!(r#"{{"analysis":"clusters","options":{{"at":"2025-06-30","seed":1{more}}}}}"#);
    let tables = vec![("log".to_owned(), Source::Loaded(Rc::new(table)))];
    let request = serde_json::from_str(&request).unwrap();
    let job = Job::start(request, tables, Rc::new(Gate::open()), 1 << 30).unwrap();
    let (report, sets) = job.run().unwrap();
    (serde_json::to_value(report).unwrap(), sets)
}

/// Three kinds of customers, apart by some standard deviations in each of the three measures.
fn three_kinds(random: &mut Random, customers: usize) -> (Vec<Customer>, Vec<u32>) {
    // Enough purchases that whole numbers are no kinds of their own.
    let kinds = [(30.0, 3.4, 8.0), (150.0, 2.2, 5.5), (290.0, 2.8, 3.0)];
    let shares = [0.3, 0.5, 0.2];
    let mut truth = Vec::new();
    let made = (0..customers).map(|_| {
        let (mut at, mut left) = (0, random.unit());
        while at < 2 && left >= shares[at] {
            left -= shares[at];
            at += 1;
        }
        truth.push(at as u32);
        let (recency, frequency, money) = kinds[at];
        (
            recency + 12.0 * random.normal(),
            (frequency + 0.2 * random.normal()).exp(),
            (money + 0.3 * random.normal()).exp(),
        )
    });
    (made.collect(), truth)
}

fn planted(runs: u32, _: u32) -> Vec<Line> {
    ["kmeans", "gmm", "hierarchical", "hdbscan", "dbscan"]
        .into_iter()
        .map(|method| {
            // The slower methods in fewer runs.
            let runs = if method == "kmeans" { runs } else { (runs / 4).max(2) };
            let mut recovered = 0_u32;
            for run in 0..runs {
                let mut random = Random::new(u64::from(run), 10);
                let (customers, truth) = three_kinds(&mut random, 400);
                let (report, sets) =
                    clusters(&log(&customers), &format!(r#","method":"{method}""#));
                let Some(Values::U8(labels)) = sets[0].columns.get(1).map(|c| &c.values) else {
                    panic!("the second column holds the clusters")
                };
                let labels: Vec<u32> = labels.iter().map(|label| u32::from(*label)).collect();
                let is_found = labels.len() == truth.len()
                    && report["result"]["isClear"] == true
                    && agreement(&labels, &truth).unwrap().adjusted_rand >= 0.9;
                recovered += u32::from(is_found);
                if !is_found {
                    let result = &report["result"];
                    eprintln!("{method}, run {run}: {} {}", result["tried"], result["unassigned"]);
                }
            }
            Line {
                claim: match method {
                    "kmeans" => {
                        "three planted kinds of customers are found, adjusted Rand ≥ 0.9: `kmeans`"
                    }
                    "gmm" => "the same: `gmm`",
                    "hierarchical" => "the same: `hierarchical`",
                    "hdbscan" => "the same: `hdbscan`",
                    _ => "the same: `dbscan`",
                },
                runs,
                figure: f64::from(recovered) / f64::from(runs),
                wanted: (0.95, 1.0),
                is_share: true,
            }
        })
        .collect()
}

fn structureless(runs: u32, _: u32) -> Vec<Line> {
    type Maker = fn(&mut Random) -> Customer;
    let uniform: Maker = |random| {
        (365.0 * random.unit(), (3.4 * random.unit()).exp(), (2.0 + 6.0 * random.unit()).exp())
    };
    let gaussian: Maker = |random| {
        let (a, b, c) = (random.normal(), random.normal(), random.normal());
        (
            (180.0 + 45.0 * a).clamp(0.0, 365.0),
            (2.0 + 0.6 * b).exp(),
            (6.0 + 0.6 * b + 0.6 * c - 0.2 * a).exp(),
        )
    };
    // Most buy once or twice, amounts have a long tail, and silence is exponential.
    let shop: Maker = |random| {
        let purchases = (0.2 + 1.0 * random.normal()).exp().ceil();
        let basket = (4.0 + 0.8 * random.normal()).exp();
        (-90.0 * (1.0 - random.unit()).ln(), purchases, purchases * basket)
    };
    [
        ("no clear clusters in uniform customers", uniform),
        ("no clear clusters in one Gaussian cloud of customers", gaussian),
        ("no clear clusters in a log-normal shop, most with one or two purchases", shop),
    ]
    .into_iter()
    .zip(20..)
    .map(|((claim, make), stream)| {
        let mut none = 0_u32;
        for run in 0..runs {
            let mut random = Random::new(u64::from(run), stream);
            let customers: Vec<Customer> = (0..400).map(|_| make(&mut random)).collect();
            let (report, _) = clusters(&log(&customers), "");
            let is_none = report["result"]["isClear"] == false;
            none += u32::from(is_none);
            if !is_none {
                eprintln!("{claim}, run {run}: {}", report["result"]["recommendation"]["en"]);
            }
        }
        let figure = f64::from(none) / f64::from(runs);
        Line { claim, runs, figure, wanted: (0.95, 1.0), is_share: true }
    })
    .collect()
}

fn coverage(_: u32, runs: u32) -> Vec<Line> {
    let line = |claim, covers: &mut dyn FnMut(&mut Random) -> (u32, u32), stream: u64| {
        let (mut covered, mut all) = (0_u32, 0_u32);
        for run in 0..runs {
            let (hits, trials) = covers(&mut Random::new(u64::from(run), stream));
            (covered, all) = (covered + hits, all + trials);
        }
        let figure = f64::from(covered) / f64::from(all);
        Line { claim, runs, figure, wanted: (0.93, 0.97), is_share: true }
    };
    let wilson = |part: u64, whole: u64| {
        proportion_interval(part, whole, 0.95, ProportionInterval::Wilson).unwrap()
    };
    let binomial = |random: &mut Random, trials: u64, share: f64| {
        (0..trials).filter(|_| random.unit() < share).count() as u64
    };
    vec![
        line(
            "95 % interval of a tag's accuracy covers it (200 audited, true accuracy 0.85 – 0.98)",
            &mut |random| {
                let truth = 0.85 + 0.13 * random.unit();
                let found = wilson(binomial(random, 200, truth), 200);
                (u32::from(found.low <= truth && truth <= found.high), 1)
            },
            30,
        ),
        line(
            "95 % interval of a segment's share covers it (1,000 customers, true share 0.02 – 0.5)",
            &mut |random| {
                let truth = 0.02 + 0.48 * random.unit();
                let found = wilson(binomial(random, 1_000, truth), 1_000);
                (u32::from(found.low <= truth && truth <= found.high), 1)
            },
            31,
        ),
        line(
            "95 % interval of a segment's mean covers it (200 customers, log-normal amounts, σ = 0.8)",
            &mut |random| {
                let values: Vec<f64> =
                    (0..200).map(|_| (4.0 + 0.8 * random.normal()).exp()).collect();
                let truth = (4.0_f64 + 0.32).exp();
                let found = Sample::of(values.iter().copied()).interval(0.95).unwrap();
                (u32::from(found.low <= truth && truth <= found.high), 1)
            },
            32,
        ),
        line(
            "95 % intervals of migration shares cover them (4 groups of 300, 16 shares a run)",
            &mut |random| {
                let rates = [
                    [0.7, 0.15, 0.1, 0.05],
                    [0.2, 0.5, 0.2, 0.1],
                    [0.1, 0.2, 0.5, 0.2],
                    [0.04, 0.08, 0.18, 0.7],
                ];
                let mut moves = Transitions::none(4);
                for (from, row) in (0..).zip(&rates) {
                    for _ in 0..300 {
                        let (mut to, mut left) = (0, random.unit());
                        while to < 3 && left >= row[to] {
                            left -= row[to];
                            to += 1;
                        }
                        moves.add(from, to as u32).unwrap();
                    }
                }
                let mut hits = 0;
                for (row, truth) in moves.counts.iter().zip(&rates) {
                    let all: u64 = row.iter().sum();
                    for (count, truth) in row.iter().zip(truth) {
                        let found = wilson(*count, all);
                        hits += u32::from(found.low <= *truth && *truth <= found.high);
                    }
                }
                (hits, 16)
            },
            33,
        ),
    ]
}

fn tails(random: &mut Random) -> Tails {
    let lower = random.unit();
    Tails { lower, upper: 1.0 - lower }
}

fn gamma(random: &mut Random, shape: f64, rate: f64) -> f64 {
    inverse_incomplete_gamma(shape, tails(random)).unwrap() / rate
}

/// The life of a customer who was seen for `age`, drawn as the papers tell the model.
fn life(
    random: &mut Random,
    family: Family,
    [r, alpha, third, fourth]: [f64; 4],
    age: f64,
) -> History {
    let rate = gamma(random, r, alpha);
    let (chance, death) = match family {
        Family::ParetoNbd => (0.0, -(1.0 - random.unit()).ln() / gamma(random, third, fourth)),
        _ => (inverse_incomplete_beta(third, fourth, tails(random)).unwrap(), f64::INFINITY),
    };
    let (mut now, mut last, mut count) = (0.0, 0.0, 0);
    let mut is_gone = family == Family::MbgNbd && random.unit() < chance;
    while !is_gone {
        now -= (1.0 - random.unit()).ln() / rate;
        if now > age.min(death) {
            break;
        }
        (last, count) = (now, count + 1);
        is_gone = random.unit() < chance;
    }
    History::new(count, last, age).unwrap()
}

/// How many of the parameters lie in their 95 % intervals; none if the fit did not converge.
fn parameters_held(fit: &Fit, truth: &[f64]) -> u32 {
    let Some(covariance) = &fit.maximum.covariance else { return 0 };
    let size = truth.len();
    let held = fit.parameters.iter().zip(truth).enumerate().filter(|(at, (found, truth))| {
        (*found / *truth).ln().abs() <= 1.959_964 * covariance[at * (size + 1)].sqrt()
    });
    held.count() as u32
}

/// 95 % intervals of buy-till-you-die models over logs of 2,000 customers. A few runs leave out the
/// slowest model.
fn lifetimes(_: u32, runs: u32) -> Vec<Line> {
    const CUSTOMERS: u32 = 2_000;
    const MONEY: [f64; 3] = [6.0, 4.0, 15.0];
    let runs = if runs < 2_000 { 40 } else { 1_000 };
    let mut lines = Vec::new();
    for (family, truth, claims) in [
        (
            Family::BgNbd,
            [0.5, 6.0, 0.8, 2.5],
            [
                "95 % intervals of the parameters of BG/NBD cover them (2,000 customers, 4 a run)",
                "95 % interval of P(alive) of a customer covers it, BG/NBD",
                "95 % interval of the value of a customer covers it, BG/NBD and Gamma-Gamma",
                "95 % intervals of the parameters of Gamma-Gamma cover them (3 a run)",
                "95 % interval of the purchases expected of a customer covers them, BG/NBD",
                "95 % interval of P(alive) half a year later covers it, BG/NBD",
            ],
        ),
        (
            Family::MbgNbd,
            [0.8, 5.0, 0.6, 2.0],
            [
                "95 % intervals of the parameters of MBG/NBD cover them (the same)",
                "95 % interval of P(alive) of a customer covers it, MBG/NBD",
                "95 % interval of the value of a customer covers it, MBG/NBD and Gamma-Gamma",
                "",
                "95 % interval of the purchases expected of a customer covers them, MBG/NBD",
                "95 % interval of P(alive) half a year later covers it, MBG/NBD",
            ],
        ),
        (
            Family::ParetoNbd,
            [0.6, 10.0, 0.7, 12.0],
            [
                "95 % intervals of the parameters of Pareto/NBD cover them (the same)",
                "95 % interval of P(alive) of a customer covers it, Pareto/NBD",
                "95 % interval of the value of a customer covers it, Pareto/NBD and Gamma-Gamma",
                "",
                "95 % interval of the purchases expected of a customer covers them, Pareto/NBD",
                "95 % interval of P(alive) half a year later covers it, Pareto/NBD",
            ],
        ),
    ] {
        if family == Family::ParetoNbd && runs < 1_000 {
            continue;
        }
        let outlook =
            Outlook { steps: 12, length: 4.35, rate: 0.01, margin: 1.0, width: 1.959_964 };
        let probe = Counts { repeats: 3, age: 60, last: 40, money: 0 };
        let history = probe.history(1.0).unwrap();
        let model = Model::new(family, truth).unwrap();
        let money = GammaGamma::new(MONEY[0], MONEY[1], MONEY[2]).unwrap();
        let true_value =
            model.discounted(history, 12, 4.35, 0.01).unwrap() * money.expected(3, 30.0).unwrap();
        let mut held = [0_u32; 6];
        for run in 0..runs {
            let mut random = Random::new(u64::from(run), 7 + family as u64);
            let lives: Vec<History> = (0..CUSTOMERS)
                .map(|at| life(&mut random, family, truth, 40.0 + f64::from(at % 60)))
                .collect();
            let mut paid: Vec<(u32, f64)> = lives
                .iter()
                .filter(|life| life.purchases() > 0.0)
                .map(|life| {
                    let rate = gamma(&mut random, MONEY[1], MONEY[2]);
                    let x = life.purchases();
                    (x as u32, gamma(&mut random, MONEY[0] * x, rate) / x)
                })
                .collect();
            paid.sort_by_key(|row| row.0);
            let fitted = purchases(family, &counted(lives)).unwrap();
            let (found, spent) = spend(&paid).unwrap();
            held[0] += parameters_held(&fitted.1, &truth);
            held[3] += parameters_held(&spent, &MONEY);
            let of_money = Spend::Model(found, spent);
            let predictor = Predictor::new(family, fitted, of_money, outlook, 1.0).unwrap();
            let mut predictor = predictor.at_times(vec![26.0]);
            let told = predictor.customer(&probe, 30.0).unwrap();
            let holds =
                |range: Ranged, truth: f64| u32::from(range.low <= truth && truth <= range.high);
            held[1] += holds(told.alive, model.alive(history));
            held[2] += holds(told.value, true_value);
            held[4] += holds(told.purchases, model.discounted(history, 12, 4.35, 0.0).unwrap());
            held[5] += holds(predictor.later()[0], model.alive_later(history, 26.0).unwrap());
        }
        // Money is drawn alike with all three, and told once.
        for ((claim, held), each) in claims.into_iter().zip(held).zip([4, 1, 1, 3, 1, 1]) {
            if !claim.is_empty() {
                let figure = f64::from(held) / f64::from(each * runs);
                lines.push(Line { claim, runs, figure, wanted: (0.93, 0.97), is_share: true });
            }
        }
    }
    lines
}
