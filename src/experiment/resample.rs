//! Intervals and p-values by drawing again: for what has no formula, and to check those that have one.
//!
//! # Method
//! *Poisson bootstrap*: in each replicate every unit counts 0, 1, 2 … times, a Poisson number with mean
//! 1; the interval is that of the middle replicates. How often is a function of seed, replicate, arm and
//! the unit's place alone, so that no replicate is kept, and work may be cut anywhere.
//! *Permutation*: how many of the ways to share the units out among two arms set their means as far
//! apart as they are; all ways where they are few, else random ones, of which the data's own is one.
//!
//! # References
//! N. Chamandy, O. Muralidharan, A. Najmi, S. Naidu, "Estimating uncertainty for massive data
//! streams", Google (2012), the Poisson bootstrap. B. Phipson, G. K. Smyth, "Permutation p-values
//! should never be zero", Statistical Applications in Genetics and Molecular Biology 9 (2010).

use serde::{Deserialize, Serialize};

use super::arms::ArmState;
use super::options::{MetricKind, MetricOptions};
use super::report::MetricResult;
use crate::error::Result;
use crate::job::Progress;
use crate::stats::proportion::Interval;
use crate::stats::quantile::{QuantileType, quantiles};
use crate::stats::random::Random;

/// Ways to share units out up to which all are looked at.
const MOST_WAYS: f64 = 20_000.0;
/// Below this, sums are as far apart as others: they differ by rounding alone.
pub(super) const ROUNDING: f64 = 1e-10;

/// How often is drawn again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResamplingOptions {
    /// Names the random numbers: the same seed on the same rows gives the same answer.
    pub seed: u32,
    /// How often, from 100 to 100,000.
    #[serde(default = "usual_replicates")]
    pub replicates: u32,
}

fn usual_replicates() -> u32 {
    2000
}

/// What is drawn again of an arm, one number per unit: of a ratio a second one below the line.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawn {
    pub(super) values: Vec<f64>,
    pub(super) below: Vec<f64>,
    /// Of a quantile which; `values` ascend then.
    pub(super) quantile: Option<f64>,
}

/// The chances, times 2³², that a Poisson number with mean 1 is at most 0, 1, 2 …
const AT_MOST: [u32; 12] = [
    1_580_030_168,
    3_160_060_337,
    3_950_075_421,
    4_213_413_783,
    4_279_248_373,
    4_292_415_291,
    4_294_609_777,
    4_294_923_276,
    4_294_962_463,
    4_294_966_817,
    4_294_967_252,
    4_294_967_292,
];

/// How often each of `units` units counts in the replicate that `key` names.
fn each_count(key: u64, units: usize, mut add: impl FnMut(usize, u32)) {
    for pair in 0..units.div_ceil(2) {
        let bits = mixed(key.wrapping_add((pair as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        for (at, draw) in [(2 * pair, bits as u32), (2 * pair + 1, (bits >> 32) as u32)] {
            let [a, b, c, d, rest @ ..] = &AT_MOST;
            let mut count = [a, b, c, d].into_iter().map(|most| u32::from(draw >= *most)).sum();
            if draw >= *d {
                count += rest.iter().take_while(|most| draw >= **most).count() as u32;
            }
            if at < units {
                add(at, count);
            }
        }
    }
}

/// Splitmix64's finisher: each bit of the answer depends on all bits given.
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl Drawn {
    /// The metric in one replicate; NaN where it has none.
    fn replicate(&self, seed: u32, arm: usize, replicate: u32) -> f64 {
        let key = mixed(u64::from(seed) << 32 | u64::from(replicate)) ^ mixed(!(arm as u64));
        let units = self.values.len();
        let value = |at: usize| self.values.get(at).copied().unwrap_or(f64::NAN);
        let Some(quantile) = self.quantile else {
            let (mut above, mut below) = (0.0, 0.0);
            // About the first value: no digits are lost far from zero.
            let middle = if self.below.is_empty() { value(0) } else { 0.0 };
            each_count(key, units, |at, count| {
                let own = self.below.get(at).copied().unwrap_or(1.0);
                above += f64::from(count) * (value(at) - middle);
                below += f64::from(count) * own;
            });
            return middle + above / below;
        };
        let mut all = 0_u64;
        each_count(key, units, |_, count| all += u64::from(count));
        let place = quantile * all.saturating_sub(1) as f64;
        let (low, mut seen) = (place as u64, 0);
        let (mut ends, part) = ([f64::NAN; 2], place - place.floor());
        each_count(key, units, |at, count| {
            let next = seen + u64::from(count);
            for (wanted, end) in (low..).zip(&mut ends) {
                if seen <= wanted && wanted < next {
                    *end = value(at);
                }
            }
            seen = next;
        });
        let [below, above] = ends;
        if part > 0.0 { below + part * (above - below) } else { below }
    }
}

/// The replicates so far: of each metric those of each arm, and how many permutations were as far apart.
#[derive(Debug, Default)]
pub(super) struct Redrawn {
    done: u32,
    replicates: Vec<Vec<f64>>,
    far: Vec<u32>,
}

impl Redrawn {
    /// Draws as many replicates as `budget` units allow, one at least; the answer has them with the
    /// last.
    pub(super) fn draw(
        &mut self,
        asked: ResamplingOptions,
        arms: &[ArmState],
        confidence: f64,
        options: &[MetricOptions],
        answer: &mut [MetricResult],
        budget: usize,
    ) -> Result<Progress> {
        let size = arms.len();
        let drawn = |metric: usize, arm: usize| {
            arms.get(arm).and_then(|arm| Some(&arm.metrics.get(metric)?.drawn))
        };
        let means = |metric: usize, arm: usize| {
            let is_mean = options
                .get(metric)
                .is_some_and(|metric| matches!(metric.kind, MetricKind::Mean | MetricKind::Share));
            let both = drawn(metric, 0).zip(drawn(metric, arm)).filter(|_| is_mean && arm > 0);
            let both =
                both.map(|(control, own)| (control.values.as_slice(), own.values.as_slice()));
            both.filter(|(control, own)| !control.is_empty() && !own.is_empty())
        };
        let places =
            || (0..options.len()).flat_map(|metric| (0..size).map(move |arm| (metric, arm)));
        self.replicates.resize(options.len() * size, Vec::new());
        self.far.resize(options.len() * size, 0);
        let work: usize =
            places().filter_map(|(m, a)| drawn(m, a)).map(|d| 2 * d.values.len()).sum();
        let until = asked.replicates.min(self.done + (budget / work.max(1)).max(1) as u32);
        for replicate in self.done..until {
            let held = self.replicates.iter_mut().zip(&mut self.far);
            for ((metric, arm), (values, far)) in places().zip(held) {
                let value = drawn(metric, arm).map(|d| d.replicate(asked.seed, arm, replicate));
                values.push(value.unwrap_or(f64::NAN));
                if let Some((control, own)) = means(metric, arm) {
                    *far += u32::from(is_as_far(control, own, asked.seed, replicate));
                }
            }
        }
        self.done = until;
        if until == asked.replicates {
            let mut found = self.replicates.chunks(size).zip(self.far.chunks(size));
            for (metric, result) in answer.iter_mut().enumerate() {
                let Some((values, far)) = found.next() else { break };
                let others = values.iter().zip(far).enumerate().skip(1);
                for ((arm, (own, far)), comparison) in others.zip(&mut result.comparisons) {
                    let control = values.first().map(Vec::as_slice).unwrap_or_default();
                    comparison.bootstrap_interval = interval(control, own, confidence)?;
                    comparison.permutation_p_value = means(metric, arm).map(|(control, own)| {
                        let drawn = f64::from(far + 1) / f64::from(until + 1);
                        exact(control, own).unwrap_or(drawn)
                    });
                }
            }
        }
        Ok(Progress { done: until.into(), total: asked.replicates.into() })
    }
}

/// The interval of the effect out of what the replicates of both arms show.
fn interval(control: &[f64], other: &[f64], confidence: f64) -> Result<Option<Interval>> {
    let effects: Vec<f64> =
        control.iter().zip(other).map(|(c, t)| t - c).filter(|effect| effect.is_finite()).collect();
    let miss = (1.0 - confidence) / 2.0;
    // Replicates in which an arm has nothing say that there is too little.
    if effects.len() < control.len() {
        return Ok(None);
    }
    let ends = quantiles(&effects, &[miss, 1.0 - miss], QuantileType::Linear)?;
    Ok(ends.and_then(|ends| Some(Interval { low: *ends.first()?, high: *ends.last()? })))
}

/// How far the sum of those of one arm is from what is expected of as many of all.
struct Apart<'a> {
    own: &'a [f64],
    other: &'a [f64],
    mean: f64,
    seen: f64,
}

impl<'a> Apart<'a> {
    fn of(control: &'a [f64], treatment: &'a [f64]) -> Self {
        // The smaller arm: fewer to draw.
        let (own, other) = if treatment.len() <= control.len() {
            (treatment, control)
        } else {
            (control, treatment)
        };
        let first = own.first().copied().unwrap_or(0.0);
        let all = own.iter().chain(other);
        let mean =
            first + all.map(|value| value - first).sum::<f64>() / (own.len() + other.len()) as f64;
        let seen = own.iter().map(|value| value - mean).sum::<f64>().abs();
        Apart { own, other, mean, seen: seen * (1.0 - ROUNDING) }
    }

    fn all(&self) -> impl Iterator<Item = f64> {
        self.own.iter().chain(self.other).map(|value| value - self.mean)
    }
}

/// Whether random arms of the same sizes are as far apart as these.
fn is_as_far(control: &[f64], treatment: &[f64], seed: u32, replicate: u32) -> bool {
    let apart = Apart::of(control, treatment);
    let mut random = Random::new(u64::from(seed), u64::from(replicate));
    let (mut wanted, mut left, mut sum) = (apart.own.len() as u32, 0, 0.0);
    left += (apart.own.len() + apart.other.len()) as u32;
    for value in apart.all() {
        if random.below(left) < wanted {
            sum += value;
            wanted -= 1;
        }
        left -= 1;
    }
    sum.abs() >= apart.seen
}

/// Shows every way to choose `size` of `of` places, ascending, and says so; where these are too many,
/// nothing.
pub(super) fn each_way(of: usize, size: usize, see: &mut dyn FnMut(&[usize])) -> bool {
    let ways = (0..size).fold(1.0, |ways, at| ways * (of - at) as f64 / (at + 1) as f64);
    if ways > MOST_WAYS || size == 0 {
        return false;
    }
    // The places that are chosen, ascending; the next way moves the last that can move.
    let mut chosen: Vec<usize> = (0..size).collect();
    loop {
        see(&chosen);
        let movable = |(place, at): &(usize, &usize)| **at < of - size + place;
        let Some((place, at)) = chosen.iter().enumerate().rev().find(movable) else { break };
        let next = at + 1;
        for (at, held) in (next..).zip(chosen.iter_mut().skip(place)) {
            *held = at;
        }
    }
    true
}

/// A random way to choose `size` of `of` places, ascending.
pub(super) fn random_way(of: usize, size: usize, random: &mut Random, chosen: &mut Vec<usize>) {
    chosen.clear();
    for at in 0..of {
        if (random.below((of - at) as u32) as usize) < size - chosen.len() {
            chosen.push(at);
        }
    }
}

/// The share of all ways that are as far apart; `None` where there are too many.
fn exact(control: &[f64], treatment: &[f64]) -> Option<f64> {
    let apart = Apart::of(control, treatment);
    let values: Vec<f64> = apart.all().collect();
    let (mut all, mut far) = (0.0, 0.0);
    let is_exact = each_way(values.len(), apart.own.len(), &mut |chosen| {
        let sum: f64 = chosen.iter().filter_map(|at| values.get(*at)).sum();
        all += 1.0;
        far += f64::from(u8::from(sum.abs() >= apart.seen));
    });
    is_exact.then(|| far / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_poisson_and_do_not_depend_on_how_many_there_are() {
        let mut seen = [0_u32; 12];
        let mut first = Vec::new();
        each_count(5, 100_001, |at, count| {
            seen[count as usize] += 1;
            if at < 7 {
                first.push(count);
            }
        });
        let mut again = Vec::new();
        each_count(5, 7, |_, count| again.push(count));
        assert_eq!(first, again);
        // Five standard deviations.
        let mut chance = (-1.0_f64).exp();
        for (count, seen) in seen.iter().enumerate().take(6) {
            let expected = 100_001.0 * chance;
            assert!((f64::from(*seen) - expected).abs() < 5.0 * expected.sqrt(), "{count} {seen}");
            chance /= (count + 1) as f64;
        }
    }

    #[test]
    fn few_ways_are_all_looked_at() {
        // scipy.stats.permutation_test of the distance of the means: 2 of 20 ways, and 4 of 35.
        let p = exact(&[1.0, 2.0, 3.0], &[11.0, 12.0, 13.0]).unwrap();
        assert!((p - 0.1).abs() < 1e-15, "{p}");
        let [control, own] = [&[1.0, 4.0, 2.0, 9.0][..], &[7.0, 8.0, 12.0]];
        let p = exact(control, own).unwrap();
        assert!((p - 4.0 / 35.0).abs() < 1e-15, "{p}");
        assert_eq!(exact(control, own), exact(own, control));
        // Drawn, it is as often.
        let far = (0..20_000).filter(|at| is_as_far(control, own, 3, *at)).count() as f64 / 2e4;
        assert!((far - p).abs() < 0.012, "{far}");
        assert_eq!(exact(&[0.0; 40], &[1.0; 40]), None);
    }

    #[test]
    fn replicates_of_quantiles_are_quantiles_of_the_counted() {
        let drawn = Drawn {
            values: vec![1.0, 2.0, 4.0, 8.0, 16.0],
            quantile: Some(0.3),
            ..Drawn::default()
        };
        for replicate in 0..50 {
            let key = mixed(7 << 32 | u64::from(replicate)) ^ mixed(!1);
            let mut counted = Vec::new();
            each_count(key, 5, |at, count| {
                counted.extend(std::iter::repeat_n(drawn.values[at], count as usize));
            });
            let expected = quantiles(&counted, &[0.3], QuantileType::Linear).unwrap();
            let got = drawn.replicate(7, 1, replicate);
            match expected {
                Some(expected) => assert!((got - expected[0]).abs() < 1e-12, "{got} {expected:?}"),
                None => assert!(got.is_nan()),
            }
        }
    }
}
