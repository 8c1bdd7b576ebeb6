//! Differential privacy, tested: the law of the noise, the ratio of neighbours, the support of
//! answers, the budget, the randomness. Every check passes for what is shipped and fails for each
//! mistake that is planted (`planted.rs`): a check that finds no planted mistake is none.
//!
//! Seeds are fixed. The power is stated where it matters: with 4,000 answers of each of two
//! neighbours, the ratio finds noise of half the width (ε of 2 for 1) in at least 9 of 10 series,
//! and in none what is shipped.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

mod checks;
mod planted;

use std::process::Command;

use checks::{Mechanism, Row, Seeded, Session, Verdict, budget, fit, fresh, ratio, support};
use planted::{Bug, Careless, Charge, GROUPS, ROWS, UPPER};
use siyu::plain::Value;
use siyu::privacy::dp::accountant::Mechanism as Noise;
use siyu::privacy::dp::groups::{self, GroupCount, NoisyCountsOptions};
use siyu::privacy::dp::noise::{Entropy, gaussian, laplace};
use siyu::privacy::dp::question::Budget;
use siyu::privacy::dp::sums::{self, NoisySumsOptions};
use siyu::privacy::dp::{law, local, quantile};
use siyu::privacy::ledger::Ledger;
use siyu::privacy::task;

fn budget_of(epsilon: &str) -> Budget {
    Budget { epsilon: epsilon.to_owned(), delta: Some("0.5".to_owned()) }
}

fn sums_options(data: &[Row], decimals: u8, epsilon: &str) -> NoisySumsOptions {
    NoisySumsOptions {
        query: "spending by segment".to_owned(),
        groups: (0..GROUPS).map(|group| format!("segment {group}")).collect(),
        amounts: data.iter().map(|row| row.amount).collect(),
        group: Some(data.iter().map(|row| row.group).collect()),
        customer: Some(data.iter().map(|row| row.customer).collect()),
        lower: 0.0,
        upper: UPPER,
        decimals,
        rows_per_customer: ROWS,
        groups_per_customer: 1,
        epsilon: epsilon.to_owned(),
        budget: budget_of("1"),
        ledger: Ledger::default(),
    }
}

/// What is shipped: customers and sums of each group.
fn shipped_in(decimals: u8) -> impl Fn(&[Row], &mut dyn Entropy) -> Vec<f64> {
    move |data: &[Row], from: &mut dyn Entropy| {
        let found = sums::publish(sums_options(data, decimals, "1"), from).unwrap();
        found.groups.iter().flat_map(|group| [group.customers, group.sum]).collect()
    }
}

/// The same with a mistake.
fn with(bug: Bug, unit: f64) -> impl Fn(&[Row], &mut dyn Entropy) -> Vec<f64> {
    move |data: &[Row], from: &mut dyn Entropy| planted::publish(Some(bug), unit, data, from)
}

/// Some customers, and one more with many rows of large amounts in both groups.
fn neighbours() -> [Vec<Row>; 2] {
    let row = |customer, group, amount| Row { customer, group, amount };
    let without =
        vec![row(1, 0, 1.0), row(1, 0, 2.0), row(2, 1, 0.1), row(3, 0, 0.2), row(4, 0, 0.3)];
    let mut with = without.clone();
    with.extend((0..12).map(|at| row(9, at % 2, 1_000.0)));
    [with, without]
}

/// Neighbours that differ by one row of cents.
fn of_cents() -> [Vec<Row>; 2] {
    let row = |customer, group, amount| Row { customer, group, amount };
    let without: Vec<Row> = (0..20).map(|at| row(at, 0, 0.1 * f64::from(at % 7))).collect();
    let mut with = without.clone();
    with.push(row(99, 0, 0.3));
    [with, without]
}

/// The verdict of each check on a mechanism in whole units.
fn by_ratio(of: &dyn Mechanism, seed: u64) -> Verdict {
    let [with, without] = neighbours();
    ratio(of, [&with, &without], (1.0, 0.0), 4_000, &mut Seeded::new(seed, 1))
}

fn by_support(of: &dyn Mechanism, unit: f64) -> Verdict {
    let [with, without] = if unit == 1.0 { neighbours() } else { of_cents() };
    let units = [1.0, unit].repeat(GROUPS);
    support(of, [&with, &without], &units, 3_000, &mut Seeded::new(7, 2))
}

fn by_law(of: &dyn Mechanism) -> Verdict {
    let [_, data] = neighbours();
    let mut from = Seeded::new(7, 3);
    let answers: Vec<Vec<f64>> = (0..20_000).map(|_| of.publish(&data, &mut from)).collect();
    // Group 0 has three customers and 4 (amounts of less than half a unit are none).
    let scales = [(3.0, 2.0), (3.0, 12.0), (1.0, 2.0), (0.0, 12.0)];
    for (at, (truth, scale)) in scales.into_iter().enumerate() {
        let draws: Vec<i128> = answers.iter().map(|answer| (answer[at] - truth) as i128).collect();
        fit(&draws, &|k| law::laplace_mass(scale, k)).map_err(|e| format!("number {at}: {e}"))?;
    }
    Ok(())
}

#[test]
fn without_a_mistake_the_planted_mechanism_is_what_is_shipped() {
    for (decimals, unit) in [(0, 1.0), (2, 100.0)] {
        let shipped = shipped_in(decimals);
        for data in neighbours().into_iter().chain(of_cents()) {
            for seed in 0..50 {
                let one = shipped(&data, &mut Seeded::new(seed, 4));
                let other = planted::publish(None, unit, &data, &mut Seeded::new(seed, 4));
                assert_eq!(one, other);
            }
        }
    }
}

#[test]
fn sums_and_counts_pass_every_check() {
    let shipped = shipped_in(0);
    by_law(&shipped).unwrap();
    by_support(&shipped, 1.0).unwrap();
    by_support(&shipped_in(2), 100.0).unwrap();
    for seed in 0..10 {
        by_ratio(&shipped, seed).unwrap();
    }
}

#[test]
fn noise_of_half_the_width_is_found_at_the_stated_power() {
    let half = with(Bug::SensitivityOffByTwo, 1.0);
    let found = (0..10).filter(|seed| by_ratio(&half, *seed).is_err()).count();
    assert!(found >= 9, "in {found} of 10 series");
    assert!(by_law(&half).is_err());
}

#[test]
fn a_row_in_the_place_of_a_customer_is_found() {
    for seed in 0..3 {
        by_ratio(&with(Bug::RowInPlaceOfCustomer, 1.0), seed).unwrap_err();
    }
}

#[test]
fn a_customer_in_more_groups_than_the_noise_hides_is_found() {
    // What one group too many adds is spread over all numbers: it takes more answers to show.
    let [with_one, without] = neighbours();
    let shows = |of: &dyn Mechanism, seed: u64| {
        ratio(of, [&with_one, &without], (1.0, 0.0), 10_000, &mut Seeded::new(seed, 1)).is_err()
    };
    let unbounded = with(Bug::GroupsUnbounded, 1.0);
    let found = (0..10).filter(|seed| shows(&unbounded, *seed)).count();
    assert!(found >= 9, "in {found} of 10 series");
    assert!((0..3).all(|seed| !shows(&shipped_in(0), seed)));
}

#[test]
fn noise_that_is_used_twice_is_found() {
    let reused = with(Bug::NoiseReused, 1.0);
    by_ratio(&reused, 1).unwrap_err();
    by_support(&reused, 1.0).unwrap_err();
}

#[test]
fn amounts_that_are_cut_after_the_noise_are_found() {
    by_ratio(&with(Bug::ClampAfterNoise, 1.0), 1).unwrap_err();
    by_law(&with(Bug::AnswerCut, 1.0)).unwrap_err();
}

#[test]
fn sums_of_floats_and_noise_of_floats_are_found() {
    by_support(&with(Bug::FloatSum, 100.0), 100.0).unwrap_err();
    by_law(&with(Bug::RoundedNoise, 1.0)).unwrap_err();
    by_support(&with(Bug::NoiseTruncated, 1.0), 1.0).unwrap_err();
}

/// Questions to what is shipped, with the log between them.
struct Shipped(Ledger);

impl Session for Shipped {
    fn ask(&mut self, query: &str, epsilon: &str, from: &mut dyn Entropy) -> Option<Vec<f64>> {
        let [data, _] = neighbours();
        let options = NoisySumsOptions {
            query: query.to_owned(),
            ledger: self.0.clone(),
            ..sums_options(&data, 0, epsilon)
        };
        let found = sums::publish(options, from).ok()?;
        self.0 = found.receipt.ledger;
        Some(found.groups.iter().map(|group| group.sum).collect())
    }
}

#[test]
fn the_budget_is_asked_before_anything_is_drawn() {
    let mut from = Seeded::new(7, 5);
    budget(&|| Box::new(Shipped(Ledger::default())), &mut from).unwrap();
    for charge in [Charge::AfterTheAnswer, Charge::AfterGiving, Charge::InFloats, Charge::NoiseAnew]
    {
        let careless = || -> Box<dyn Session> { Box::new(Careless(charge, 0.0, Vec::new())) };
        assert!(budget(&careless, &mut from).is_err(), "{charge:?}");
    }
}

/// What a process of its own publishes says this variable: the task as it is released, or the same
/// with a seed.
const PROCESS: &str = "SIYU_DP_PROOF_PROCESS";

fn released(seeded: bool) -> String {
    let [data, _] = neighbours();
    if seeded {
        let found = sums::publish(sums_options(&data, 0, "0.01"), &mut Seeded::new(1, 1)).unwrap();
        return serde_json::to_string(&found.groups).unwrap();
    }
    let options = serde_json::to_value(sums_options(&data, 0, "0.01")).unwrap();
    let options: Value = serde_json::from_value(options).unwrap();
    let answer = serde_json::to_value(task::run("noisySums", options).unwrap()).unwrap();
    answer["groups"].to_string()
}

#[test]
fn two_processes_never_draw_the_same_noise() {
    if let Ok(which) = std::env::var(PROCESS) {
        println!("published: {}", released(which == "seeded"));
        return;
    }
    let of = |which: &'static str| {
        move || {
            let program = std::env::current_exe().unwrap();
            let arguments = ["--exact", "two_processes_never_draw_the_same_noise", "--nocapture"];
            let told = Command::new(program).args(arguments).env(PROCESS, which).output().unwrap();
            let text = String::from_utf8(told.stdout).unwrap();
            text.lines().filter(|line| line.contains("published: ")).collect::<String>()
        }
    };
    fresh(&of("released")).unwrap();
    fresh(&of("seeded")).unwrap_err();
}

#[test]
fn samplers_have_their_laws() {
    let mut from = Seeded::new(7, 6);
    let n = 40_000;
    for (numerator, denominator) in [(1, 2), (1, 1), (7, 3), (20, 1)] {
        let mut draw = || laplace(numerator, denominator, &mut from).unwrap();
        let draws: Vec<i128> = (0..n).map(|_| draw()).collect();
        let scale = numerator as f64 / denominator as f64;
        fit(&draws, &|k| law::laplace_mass(scale, k)).unwrap();
        // A tenth more or less is another law.
        fit(&draws, &|k| law::laplace_mass(scale * 1.1, k)).unwrap_err();
        fit(&draws, &|k| law::laplace_mass(scale / 1.1, k)).unwrap_err();
    }
    for (numerator, denominator) in [(1, 4), (1, 1), (9, 2), (400, 1)] {
        let mut draw = || gaussian(numerator, denominator, &mut from).unwrap();
        let draws: Vec<i128> = (0..n).map(|_| draw()).collect();
        let sigma = (numerator as f64 / denominator as f64).sqrt();
        fit(&draws, &|k| law::gaussian_mass(sigma, k)).unwrap();
        fit(&draws, &|k| law::gaussian_mass(sigma * 1.1, k)).unwrap_err();
        fit(&draws, &|k| law::gaussian_mass(sigma / 1.1, k)).unwrap_err();
    }
}

fn counts_options(customers: f64, mechanism: Noise, names_known: bool) -> NoisyCountsOptions {
    NoisyCountsOptions {
        query: "customers".to_owned(),
        groups: vec![GroupCount { name: "g".to_owned(), customers }],
        names_known,
        groups_per_customer: 1,
        mechanism,
        epsilon: "1".to_owned(),
        delta: Some("0.001".to_owned()),
        budget: budget_of("1"),
        ledger: Ledger::default(),
    }
}

/// One group of as many customers as there are rows.
fn counts(mechanism: Noise, wider: f64) -> impl Fn(&[Row], &mut dyn Entropy) -> Vec<f64> {
    move |data: &[Row], from: &mut dyn Entropy| {
        let options = counts_options(data.len() as f64, mechanism, true);
        let found = groups::publish(options, from).unwrap();
        // Another noise on the same scale: half as much of it.
        vec![(data.len() as f64 + (found.groups[0].customers - data.len() as f64) / wider).round()]
    }
}

#[test]
fn counts_of_groups_hold_their_ratio_and_their_delta() {
    let rows = [Row { customer: 0, group: 0, amount: 0.0 }; 8];
    let pair: [&[Row]; 2] = [&rows, &rows[..7]];
    let check = |of: &dyn Mechanism, delta: f64, count: usize| {
        ratio(of, pair, (1.0, delta), count, &mut Seeded::new(7, 7))
    };
    check(&counts(Noise::Laplace, 1.0), 0.0, 8_000).unwrap();
    check(&counts(Noise::Laplace, 2.0), 0.0, 8_000).unwrap_err();
    check(&counts(Noise::Gaussian, 1.0), 0.001, 1_000).unwrap();
    check(&counts(Noise::Gaussian, 4.0), 0.001, 1_000).unwrap_err();
}

#[test]
fn gaussian_noise_holds_its_delta_exactly() {
    // δ of the law itself: Σ max(0, P(k) − e^ε P(k − 1)).
    let delta = |sigma: f64| {
        let mass = |k| law::gaussian_mass(sigma, k);
        (-400i64..=400).map(|k| (mass(k) - 1f64.exp() * mass(k + 1)).max(0.0)).sum::<f64>()
    };
    let found = groups::publish(counts_options(8.0, Noise::Gaussian, true), &mut Seeded::new(7, 8))
        .unwrap();
    // σ from what the answer says of itself: within95 is the least a with P(|X| ≥ a) ≤ 0.05.
    let sigma_least = (1..4_000).map(|at| f64::from(at) / 100.0).find(|sigma| {
        let shown = law::gaussian_accuracy(*sigma, 0.05).unwrap().1;
        shown >= found.within95
    });
    let sigma = sigma_least.unwrap();
    assert!(delta(sigma) <= 0.001, "σ {sigma}: δ {}", delta(sigma));
    assert!(delta(sigma / 2.0) > 0.001);
}

/// Names that come from the data: a group of one customer is shown in a share of at most δ.
fn names_hide(shown: &dyn Fn(&mut dyn Entropy) -> bool, delta: f64) -> Verdict {
    let mut from = Seeded::new(7, 9);
    let n = 200_000u32;
    let hits = (0..n).filter(|_| shown(&mut from)).count() as f64;
    let most = f64::from(n) * delta + 5.0 * (f64::from(n) * delta).sqrt();
    if hits <= most { Ok(()) } else { Err(format!("shown {hits} times, not {most}")) }
}

#[test]
fn names_of_one_customer_stay_hidden() {
    let options = || counts_options(1.0, Noise::Laplace, false);
    let shown =
        |from: &mut dyn Entropy| !groups::publish(options(), from).unwrap().groups.is_empty();
    names_hide(&shown, 0.001).unwrap();
    let threshold = groups::publish(options(), &mut Seeded::new(7, 9)).unwrap().threshold.unwrap();
    let lower =
        |from: &mut dyn Entropy| 1.0 + laplace(1, 1, from).unwrap() as f64 >= threshold - 2.0;
    names_hide(&lower, 0.001).unwrap_err();
}

#[test]
fn quantiles_and_changed_answers_hold_their_ratio() {
    let rows: Vec<Row> =
        (0..9).map(|at| Row { customer: at, group: 0, amount: f64::from(at) }).collect();
    let check = |of: &dyn Mechanism, pair: [&[Row]; 2]| {
        ratio(of, pair, (1.0, 0.0), 6_000, &mut Seeded::new(7, 10))
    };
    let quantile = |factor: u64| {
        move |data: &[Row], from: &mut dyn Entropy| {
            let values = data.iter().map(|row| row.amount as i64).collect();
            vec![quantile::draw(values, 10_000, (0, 10), (factor, 1), from).unwrap() as f64]
        }
    };
    let pair: [&[Row]; 2] = [&rows, &rows[..8]];
    check(&quantile(1), pair).unwrap();
    check(&quantile(5), pair).unwrap_err();
    let local = |factor: u64| {
        move |data: &[Row], from: &mut dyn Entropy| {
            vec![f64::from(local::randomised(data[0].amount as u32, 3, (factor, 1), from).unwrap())]
        }
    };
    let pair: [&[Row]; 2] = [&rows[1..2], &rows[2..3]];
    check(&local(1), pair).unwrap();
    check(&local(2), pair).unwrap_err();
}
