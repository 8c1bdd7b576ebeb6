//! Lives with known truth: how often intervals of regressions of lives, of shares by cause, of mean
//! times and of contracts hold it.

use siyu::churn::btyd::fit::renewals;
use siyu::churn::survival::aft::{Distribution, aft};
use siyu::churn::survival::competing::incidences;
use siyu::churn::survival::cox::{Likelihood, Ties};
use siyu::churn::survival::curve::{Life, kaplan_meier, restricted_mean};
use siyu::churn::survival::sample::Sample;
use siyu::stats::random::Random;
use siyu::stats::special::beta::inverse_incomplete_beta;
use siyu::stats::special::error::normal_quantile;

use super::{Line, parameters_held, tails};

/// 97.5 % of a normal distribution.
const WIDTH: f64 = 1.959_964;

/// Intercept, coefficients of a mark and of a bell-shaped number, and `ln σ` of `ln T`.
const TRUTH: [f64; 4] = [3.0, -0.5, 0.3, -0.4];

fn exponential(random: &mut Random) -> f64 {
    -libm::log(1.0 - random.unit())
}

/// A number of the distribution.
fn draw(random: &mut Random, distribution: Distribution) -> f64 {
    match distribution {
        Distribution::Weibull => libm::log(exponential(random)),
        Distribution::LogNormal => {
            normal_quantile(random.unit() + f64::EPSILON / 4.0).unwrap_or(0.0)
        }
        Distribution::LogLogistic => {
            let p = random.unit() + f64::EPSILON / 4.0;
            libm::log(p / (1.0 - p))
        }
    }
}

/// Lives of which a third is first seen late, and about a third not to the end.
fn sample(random: &mut Random, distribution: Distribution, count: usize) -> Sample {
    let (mut lives, mut rows) = (Vec::new(), Vec::new());
    while lives.len() < count {
        let (mark, number) = (f64::from(random.below(2)), random.normal());
        let log = TRUTH[0] + TRUTH[1] * mark + TRUTH[2] * number;
        let end = libm::exp(log + libm::exp(TRUTH[3]) * draw(random, distribution));
        let entry = if random.below(3) == 0 { 8.0 * random.unit() } else { 0.0 };
        // Who ended before is never seen.
        if end <= entry {
            continue;
        }
        let last = entry + 5.0 + 40.0 * random.unit();
        lives.push(Life { entry, time: end.min(last), has_ended: end <= last });
        rows.extend([mark, number]);
    }
    let names = vec!["mark".to_owned(), "number".to_owned()];
    Sample::new(lives, Vec::new(), names, rows).unwrap()
}

/// How many lie within their intervals.
fn held(found: &[f64], covariance: &[f64], truth: &[f64]) -> u32 {
    let size = truth.len();
    let is_held =
        |at: &usize| (found[*at] - truth[*at]).abs() <= WIDTH * covariance[at * (size + 1)].sqrt();
    (0..size).filter(is_held).count() as u32
}

/// Runs with so many intervals each.
fn line(
    claim: &'static str,
    runs: u32,
    stream: u64,
    each: u32,
    mut hits: impl FnMut(&mut Random) -> u32,
) -> Line {
    let all: u32 = (0..runs).map(|run| hits(&mut Random::new(u64::from(run), stream))).sum();
    let figure = f64::from(all) / f64::from(runs * each);
    Line { claim, runs, figure, wanted: (0.93, 0.97), is_share: true }
}

/// The lines. A Weibull time is both an accelerated failure and a proportional hazard: Cox's coefficients
/// are those of the time over −σ.
pub(crate) fn lines(runs: u32) -> Vec<Line> {
    let mut lines = Vec::new();
    let scale = libm::exp(TRUTH[3]);
    let truth = [-TRUTH[1] / scale, -TRUTH[2] / scale];
    for (claim, is_robust) in [
        (
            "95 % intervals of the coefficients of Cox cover them (300 lives, late entries, 2 a run)",
            false,
        ),
        ("the same with robust errors", true),
    ] {
        lines.push(line(claim, runs, 101, 2, |random| {
            let sample = sample(random, Distribution::Weibull, 300);
            let each: Vec<u32> = (0..300).collect();
            let likelihood = Likelihood::new(&sample, Ties::Efron, 0.0).unwrap();
            let cox = likelihood.fit(is_robust.then_some(&each[..])).unwrap();
            held(&cox.coefficients, &cox.covariance, &truth)
        }));
    }
    let row = [1.0, 0.5];
    let log = TRUTH[0] + TRUTH[1] * row[0] + TRUTH[2] * row[1];
    let survival = libm::exp(-libm::exp((libm::log(12.0) - log) / scale));
    let claim = "95 % interval of the survival of a described life covers it, Cox";
    lines.push(line(claim, runs, 102, 1, |random| {
        let sample = sample(random, Distribution::Weibull, 300);
        let cox = Likelihood::new(&sample, Ties::Efron, 0.0).unwrap().fit(None).unwrap();
        let at = cox.curve(&row, 0, &[12.0], 0.95)[0];
        u32::from(at.low <= survival && survival <= at.high)
    }));
    for (claim, distribution, stream) in [
        (
            "95 % intervals of the parameters of Weibull times cover them (300 lives, late entries, 4 a run)",
            Distribution::Weibull,
            103,
        ),
        ("the same of log-normal times", Distribution::LogNormal, 104),
        ("the same of log-logistic times", Distribution::LogLogistic, 105),
    ] {
        lines.push(line(claim, runs, stream, 4, |random| {
            let fit = aft(&sample(random, distribution, 300), distribution).unwrap();
            let mut found = fit.coefficients;
            found.push(libm::log(fit.scale));
            held(&found, &fit.covariance, &TRUTH)
        }));
    }
    let median = libm::exp(log + scale * libm::log(libm::log(2.0)));
    let claim = "95 % interval of the median time of a described life covers it, Weibull";
    lines.push(line(claim, runs, 106, 1, |random| {
        let sample = sample(random, Distribution::Weibull, 300);
        let [_, low, high] = aft(&sample, Distribution::Weibull).unwrap().median(&row, 0.95);
        u32::from(low <= median && median <= high)
    }));
    // Two causes with rates 0.03 and 0.06, seen for 5 to 45.
    let ended = |random: &mut Random| {
        let (first, second) = (exponential(random) / 0.03, exponential(random) / 0.06);
        let (end, seen) = (f64::min(first, second), 5.0 + 40.0 * random.unit());
        let cause = if end > seen { 0 } else { 1 + u32::from(second < first) };
        (Life { entry: f64::NEG_INFINITY, time: end.min(seen), has_ended: cause > 0 }, cause)
    };
    let share = |rate: f64| rate / 0.09 * (1.0 - libm::exp(-0.09 * 15.0));
    let claim = "95 % intervals of the shares that ended by each of two causes cover them (200 lives, 2 a run)";
    lines.push(line(claim, runs, 107, 2, |random| {
        let (lives, causes): (Vec<Life>, Vec<u32>) = (0..200).map(|_| ended(random)).unzip();
        let points = incidences(&lives, &causes, 0.95).unwrap();
        let last = &points[points.partition_point(|point| point.time <= 15.0) - 1];
        let truths = [share(0.03), share(0.06)];
        let holds = last.causes.iter().zip(truths);
        holds.filter(|([_, low, high], truth)| low <= truth && truth <= high).count() as u32
    }));
    let mean = (1.0 - libm::exp(-0.09 * 20.0)) / 0.09;
    let claim = "95 % interval of the mean time within the first 20 covers it (200 lives)";
    lines.push(line(claim, runs, 108, 1, |random| {
        let lives: Vec<Life> = (0..200).map(|_| ended(random).0).collect();
        let points = kaplan_meier(&lives, 0.95).unwrap();
        let (found, variance) = restricted_mean(&points, 20.0).unwrap();
        u32::from((found - mean).abs() <= WIDTH * variance.sqrt())
    }));
    let truth = [0.9, 3.0];
    let claim =
        "95 % intervals of the parameters of sBG cover them (2,000 contracts, 7 renewals, 2 a run)";
    lines.push(line(claim, runs, 109, 2, |random| {
        let mut survivors = vec![0_u64; 8];
        for _ in 0..2_000 {
            let leaves = inverse_incomplete_beta(truth[0], truth[1], tails(random)).unwrap();
            survivors[0] += 1;
            for count in &mut survivors[1..] {
                if random.unit() < leaves {
                    break;
                }
                *count += 1;
            }
        }
        parameters_held(&renewals(&survivors).unwrap().1, &truth)
    }));
    lines
}
