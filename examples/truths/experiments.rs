//! Experiments with known truth: how often intervals miss, how often nothing is taken for something,
//! and how often an effect is seen that a plan says is seen.

use siyu::experiment::compare::always_valid::asymptotic;
use siyu::experiment::compare::group_sequential::{Spending, bounds};
use siyu::experiment::compare::means::{Test, absolute, equivalence, fieller, relative};
use siyu::experiment::compare::proportions::{Share, pooled_z};
use siyu::experiment::compare::ranks::{RankLaw, mann_whitney};
use siyu::experiment::compare::{Alternative, Comparison};
use siyu::experiment::design::{self, Arms, Degrees, Shares};
use siyu::experiment::estimate::{Estimate, Metric, Quantile};
use siyu::experiment::health::RunningRatio;
use siyu::experiment::unit_stats::UnitStats;
use siyu::experiment::variance::{CovariateUse, Cuped, post_stratified};
use siyu::stats::accumulator::Accumulator;
use siyu::stats::proportion::Interval;
use siyu::stats::random::Random;
use siyu::stats::shares::compare_shares;

use super::Line;

/// Draws a unit: up to four numbers.
pub(super) type Draw = fn(&mut Random) -> [f64; 2];

fn arm(random: &mut Random, units: usize, draw: Draw, factor: f64) -> UnitStats {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..units {
        let [a, b] = draw(random);
        first.push(a * factor);
        second.push(b);
    }
    let mut stats = UnitStats::new();
    stats.update(&[&first, &second]).unwrap();
    stats
}

/// A bell-shaped number, and one from before that goes with it (correlation 0.7).
pub(super) fn plain(random: &mut Random) -> [f64; 2] {
    let before = random.normal();
    [10.0 + 0.7 * before + 0.51_f64.sqrt() * random.normal(), before]
}

/// Revenue: one in five buys, lognormal (σ = 1).
pub(super) fn revenue(random: &mut Random) -> [f64; 2] {
    let buys = random.unit() < 0.2;
    [if buys { (3.0 + random.normal()).exp() } else { 0.0 }, 1.0]
}

/// Money of whom one in fifty buys anything.
fn mostly_nothing(random: &mut Random) -> [f64; 2] {
    let buys = random.unit() < 0.02;
    [if buys { (4.0 + random.normal()).exp() } else { 0.0 }, 1.0]
}

/// Groups of 5 to 24 units with a level of their own: sum and units.
fn groups(random: &mut Random) -> [f64; 2] {
    let level = 10.0 + random.normal();
    let units = 5 + random.below(20);
    let sum: f64 = (0..units).map(|_| level + 2.0 * random.normal()).sum();
    [sum, f64::from(units)]
}

/// Orders out of visits: 1 to 8 visits, each unit with a rate of its own.
pub(super) fn visits(random: &mut Random) -> [f64; 2] {
    let visits = 1 + random.below(8);
    let rate = 0.1 + 0.3 * random.unit();
    let orders = (0..visits).filter(|_| random.unit() < rate).count();
    [orders as f64, f64::from(visits)]
}

fn welch(control: &Estimate, treatment: &Estimate) -> Comparison {
    absolute(control, treatment, Test::Welch, Alternative::TwoSided, 0.95).unwrap()
}

pub(super) fn rate(runs: u32, stream: u64, mut event: impl FnMut(&mut Random) -> bool) -> f64 {
    let hit = |run: &u32| event(&mut Random::new(u64::from(*run), stream));
    f64::from((0..runs).filter(hit).count() as u32) / f64::from(runs)
}

fn holds(interval: Interval, truth: f64) -> bool {
    interval.low <= truth && truth <= interval.high
}

/// The lines of experiments, `runs` of each.
pub(crate) fn lines(runs: u32) -> Vec<Line> {
    let line = |claim, figure, wanted| Line { claim, runs, figure, wanted, is_share: true };
    let (alarm, cover, power) = ((0.045, 0.055), (0.945, 0.955), (0.79, 0.81));
    let at_most = (0.0, 0.055);
    let false_alarm = |stream, units: usize, draw: Draw, metric| {
        rate(runs, stream, |random| {
            let arms = [arm(random, units, draw, 1.0), arm(random, units, draw, 1.0)];
            let [c, t] = arms.map(|arm| Estimate::of(&arm, metric).unwrap());
            welch(&c, &t).p_value <= 0.05
        })
    };
    let revenue_covered = |stream, by: fn(&Estimate, &Estimate) -> Interval| {
        rate(runs, stream, |random| {
            let arms = [arm(random, 2000, revenue, 1.0), arm(random, 2000, revenue, 1.1)];
            let [c, t] = arms.map(|arm| Estimate::of(&arm, Metric::Mean(0)).unwrap());
            holds(by(&c, &t), 0.1)
        })
    };
    let mut found = vec![
        line(
            "nothing is taken for something, Welch, 30 bell-shaped units per arm",
            false_alarm(101, 30, plain, Metric::Mean(0)),
            alarm,
        ),
        line(
            "the same, revenue of 2,000 units per arm, one in five buys",
            false_alarm(102, 2000, revenue, Metric::Mean(0)),
            alarm,
        ),
        line(
            "the same, orders per visit of 500 units per arm",
            false_alarm(103, 500, visits, Metric::Ratio(0, 1)),
            alarm,
        ),
        line(
            "the same, CUPED, 200 units per arm, correlation 0.7",
            rate(runs, 104, |random| {
                let arms = [arm(random, 200, plain, 1.0), arm(random, 200, plain, 1.0)];
                let cuped = Cuped::of(
                    &arms.each_ref(),
                    Metric::Mean(0),
                    Metric::Mean(1),
                    CovariateUse::Cuped,
                )
                .unwrap();
                let [c, t] = arms.map(|arm| cuped.estimate(&arm).unwrap());
                welch(&c, &t).p_value <= 0.05
            }),
            alarm,
        ),
        line(
            "95 % interval of +10 % revenue covers it, delta method",
            revenue_covered(105, |c, t| {
                relative(c, t, Alternative::TwoSided, 0.95).unwrap().interval
            }),
            cover,
        ),
        line("the same, Fieller", revenue_covered(105, |c, t| fieller(c, t, 0.95).unwrap()), cover),
        line(
            "95 % interval of two shares (3 % and 3.6 %, 2,000 units per arm) covers the difference",
            rate(runs, 106, |random| {
                let mut hits = |p: f64| (0..2000).filter(|_| random.unit() < p).count() as u64;
                let (c, t) = (hits(0.03), hits(0.036));
                holds(compare_shares((t, 2000), (c, 2000), 0.95).unwrap().interval, 0.006)
            }),
            cover,
        ),
    ];
    found.extend(further(runs, &line, alarm, cover));
    found.extend(watched(runs, &line, at_most, alarm));
    let test = design::Test { alpha: 0.05, alternative: Alternative::TwoSided };
    let shares = Shares { control: 0.1, treatment: 0.13, ratio: 1.0 };
    let units = shares.sample_size(test, 0.8).unwrap().ceil() as u64;
    found.push(line(
        "a planned power of 80 % is reached, shares of 10 % and 13 %",
        rate(runs, 110, |random| {
            let mut share = |p: f64| {
                let hits = (0..units).filter(|_| random.unit() < p).count() as u64;
                Share::new(hits, units).unwrap()
            };
            let (c, t) = (share(0.1), share(0.13));
            pooled_z(c, t, Alternative::TwoSided).unwrap().1 <= 0.05
        }),
        power,
    ));
    let arms = Arms { ratio: 1.0, control_variance: 1.0, treatment_variance: 1.0 };
    let units = arms.sample_size(test, 0.5, 0.8, Degrees::Welch).unwrap().ceil() as usize;
    found.push(line(
        "the same, half a standard deviation",
        rate(runs, 111, |random| {
            let arms = [arm(random, units, plain, 1.0), arm(random, units, plain, 1.0)];
            let [c, mut t] = arms.map(|arm| Estimate::of(&arm, Metric::Mean(0)).unwrap());
            t.value += 0.5;
            welch(&c, &t).p_value <= 0.05
        }),
        power,
    ));
    found
}

/// Fewer buyers, groups, slopes, strata, quantiles, ranks, margins.
fn further(
    runs: u32,
    line: &dyn Fn(&'static str, f64, (f64, f64)) -> Line,
    alarm: (f64, f64),
    cover: (f64, f64),
) -> Vec<Line> {
    let two = |random: &mut Random, units, draw: Draw| {
        [arm(random, units, draw, 1.0), arm(random, units, draw, 1.0)]
    };
    let p_of = |stream, units: usize, draw: Draw, metric| {
        rate(runs, stream, |random| {
            let [c, t] = two(random, units, draw).map(|arm| Estimate::of(&arm, metric).unwrap());
            welch(&c, &t).p_value <= 0.05
        })
    };
    let adjusted = |stream, units, usage| {
        rate(runs, stream, |random| {
            let arms = two(random, units, plain);
            let all = arms.each_ref();
            let cuped = Cuped::of(&all, Metric::Mean(0), Metric::Mean(1), usage).unwrap();
            let [c, t] = arms.map(|arm| cuped.estimate(&arm).unwrap());
            holds(welch(&c, &t).interval, 0.0)
        })
    };
    let quantile = |stream, draw: Draw, probability: f64| {
        rate(runs, stream, |random| {
            let mut one = || {
                let values: Vec<f64> = (0..400).map(|_| draw(random)[0]).collect();
                Quantile::of(&values, probability).unwrap().unwrap().estimate(None, 0.0).unwrap()
            };
            let (c, t) = (one(), one());
            holds(welch(&c, &t).interval, 0.0)
        })
    };
    // Two kinds of units, apart in level and in share; the effect is 0.3 in one and 0 in the other.
    let strata = rate(runs, 124, |random| {
        let mut parts =
            [[UnitStats::new(), UnitStats::new()], [UnitStats::new(), UnitStats::new()]];
        for is_treated in [0, 1] {
            for _ in 0..300 {
                let kind = usize::from(random.unit() < 0.3);
                let lift = if kind == 1 { 0.3 * is_treated as f64 } else { 0.0 };
                let value = 4.0 * kind as f64 + lift + random.normal();
                parts[kind][is_treated].update(&[&[value]]).unwrap();
            }
        }
        let parts = parts.map(|arms| {
            let [c, t] = arms.map(|arm| Estimate::of(&arm, Metric::Mean(0)).unwrap());
            (c, t)
        });
        holds(post_stratified(&parts, 0.95).unwrap().interval, 0.09)
    });
    let ranks = rate(runs, 127, |random| {
        let mut one = || -> Vec<f64> { (0..200).map(|_| revenue(random)[0]).collect() };
        let (c, t) = (one(), one());
        mann_whitney(&c, &t, RankLaw::Asymptotic, Alternative::TwoSided).unwrap().p_value <= 0.05
    });
    // Off by exactly the margin: what is proven to stay the same there is wrong.
    let same = rate(runs, 128, |random| {
        let [c, mut t] =
            two(random, 2000, plain).map(|arm| Estimate::of(&arm, Metric::Mean(0)).unwrap());
        t.value += 0.1;
        equivalence(&c, &t, Test::Welch, -0.1, 0.1).unwrap().p_value <= 0.05
    });
    vec![
        line(
            "nothing is taken for something, Welch, revenue of 10,000 units per arm, one in fifty buys",
            p_of(120, 10_000, mostly_nothing, Metric::Mean(0)),
            alarm,
        ),
        line(
            "the same, 20 groups of 5 to 24 units per arm, given their arm as a whole",
            p_of(121, 20, groups, Metric::Ratio(0, 1)),
            alarm,
        ),
        line(
            "95 % interval with a slope for each arm (Lin) covers it, 100 units per arm",
            adjusted(122, 100, CovariateUse::ByArm),
            cover,
        ),
        line(
            "95 % interval of the difference of changes covers it, 100 units per arm",
            adjusted(123, 100, CovariateUse::Difference),
            cover,
        ),
        line("95 % interval over two strata covers it, 300 units per arm", strata, cover),
        line(
            "95 % interval of the difference of medians covers it, 400 bell-shaped units per arm",
            quantile(125, plain, 0.5),
            cover,
        ),
        line(
            "the same, of 90 % quantiles of revenue, one in five buys",
            quantile(126, revenue, 0.9),
            // On the careful side where values are skewed.
            (0.945, 1.0),
        ),
        line(
            "nothing is taken for something, ranks, revenue of 200 units per arm with many ties",
            ranks,
            alarm,
        ),
        line("what is off by its margin is taken for the same, 2,000 units per arm", same, alarm),
    ]
}

/// What is looked at again and again.
fn watched(
    runs: u32,
    line: &dyn Fn(&'static str, f64, (f64, f64)) -> Line,
    at_most: (f64, f64),
    alarm: (f64, f64),
) -> Vec<Line> {
    const LOOKS: usize = 100;
    // Growing arms, looked at every 50 units per arm.
    let crossed = |stream, stops: &dyn Fn(usize, &Comparison, f64) -> bool| {
        rate(runs, stream, |random| {
            let mut arms = [UnitStats::new(), UnitStats::new()];
            (1..=LOOKS).any(|look| {
                for state in &mut arms {
                    state.merge(arm(random, 50, revenue, 1.0)).unwrap();
                }
                let [c, t] = &arms;
                let mean = |arm| Estimate::of(arm, Metric::Mean(0)).unwrap();
                let (c, t) = (mean(c), mean(t));
                stops(look, &welch(&c, &t), c.count + t.count)
            })
        })
    };
    let planned = bounds(&[0.2, 0.4, 0.6, 0.8, 1.0], 0.05, Spending::OBrienFleming).unwrap().z;
    vec![
        line(
            "always valid: nothing is taken for something at any of 100 looks at growing revenue",
            crossed(107, &|_, found, units| {
                asymptotic(found, units, 0.05, 5000.0).unwrap().p_value <= 0.05
            }),
            at_most,
        ),
        line(
            "the same at five planned looks, O'Brien and Fleming's spending",
            crossed(108, &|look, found, _| {
                look % 20 == 0 && found.statistic.abs() >= planned[look / 20 - 1]
            }),
            alarm,
        ),
        line(
            "a sound sample ratio is taken for broken at any of 100 looks",
            rate(runs, 109, |random| {
                let mut running = RunningRatio::new(&[0.5, 0.5], 10_000.0).unwrap();
                (0..LOOKS).any(|_| {
                    let first = (0..100).filter(|_| random.unit() < 0.5).count() as u64;
                    running.add(&[first, 100 - first]).unwrap() <= 0.05
                })
            }),
            at_most,
        ),
    ]
}
