//! What choosing by a score brings: gain curves, areas, tenths, values of policies, and whether
//! effects differ at all, each with its interval.
//!
//! Everything is a mean over units of an *effect of a unit* `ψ` whose expectation is the effect there,
//! times a weight that the order alone decides. With `μ₁, μ₀` models that did not see the unit, `T`
//! whether it was treated and `e` the chance of that,
//! `ψ = μ₁ − μ₀ + T(Y − μ₁)/e − (1 − T)(Y − μ₀)/(1 − e)`: right whatever the models are, as `e` is
//! known, and the less noisy the better they are. Units are put in order within their fold, since
//! scores of different models are no common scale; equal scores share what stands at their places.
//!
//! Where each fold's order was learned from the other folds, any two folds meet twice: the one's noise
//! in the order of the other and the other's in the order of the one. Where there is nothing but noise,
//! the variance of a mean that the order decides is therefore twice what it seems to be; where the order
//! is sure it is what it seems. Intervals and p-values here count the part that the order decides twice.
//!
//! # References
//! See [`super`]. Areas and their spread: Yadlowsky and others (2025), section 3, with weights `1 − u`
//! (area under the curve) and `½ − u` (above the line of chance).
#![allow(clippy::indexing_slicing)] // Lists have a place for every unit, fold or share.

use serde::Serialize;

use crate::stats::order::sort_rows;
use crate::stats::proportion::Interval;
use crate::stats::special::error::{normal, normal_quantile};

/// A number that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its interval by the normal law.
    pub interval: Interval,
}

impl Estimate {
    /// With a standard error and the normal law's quantile.
    #[must_use]
    pub fn new(value: f64, error: f64, z: f64) -> Estimate {
        Estimate { value, interval: Interval { low: value - z * error, high: value + z * error } }
    }

    /// The same in another unit of measure.
    fn times(self, factor: f64) -> Estimate {
        let ends = [self.interval.low * factor, self.interval.high * factor];
        let interval = Interval { low: ends[0].min(ends[1]), high: ends[0].max(ends[1]) };
        Estimate { value: self.value * factor, interval }
    }

    /// The same, moved.
    fn plus(self, more: f64) -> Estimate {
        let Interval { low, high } = self.interval;
        let interval = Interval { low: low + more, high: high + more };
        Estimate { value: self.value + more, interval }
    }
}

/// Whether effects differ as foretold: the line of measured over foretold effects, each fold around
/// its mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Heterogeneity {
    /// 1 if effects differ as much as foretold, 0 if they do not differ that way.
    pub slope: Estimate,
    /// How likely so large a slope is if effects do not differ that way (one-sided).
    pub p_value: f64,
    /// Whether the p-value is below half of what the confidence leaves: 0.025 of 0.95.
    pub differs: bool,
}

/// A unit as it is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The effect foretold, finite.
    pub score: f64,
    /// `ψ`.
    pub effect: f64,
    /// The part whose models did not see it.
    pub fold: u8,
}

/// Units in order within their folds.
#[derive(Clone, Debug)]
pub struct Gains {
    units: Vec<Judged>,
    /// Of each unit, the share of its fold before it and its equals, and before or among them.
    places: Vec<[f64; 2]>,
    /// Of each unit, what those of its fold down to it gain, per unit of the fold; equals at half.
    above: Vec<f64>,
    folds: usize,
    /// How often more than once the variance counts that the order decides.
    again: f64,
    z: f64,
    tail: f64,
}

/// Weight of a unit if the best `share` are taken.
fn taken(place: [f64; 2], share: f64) -> f64 {
    ((share - place[0]) / (place[1] - place[0])).clamp(0.0, 1.0)
}

impl Gains {
    /// Puts units into order. Each fold from 0 to `folds` has units; `confidence` lies between 0 and
    /// 1; `is_learned` says that the scores of a fold were learned from the others, not brought from
    /// elsewhere.
    #[must_use]
    pub fn new(units: Vec<Judged>, folds: usize, confidence: f64, is_learned: bool) -> Gains {
        let tail = (1.0 - confidence) / 2.0;
        let z = normal_quantile(tail).map_or(0.0, f64::abs);
        let (mut places, mut above) = (vec![[0.0, 1.0]; units.len()], vec![0.0; units.len()]);
        for fold in 0..folds {
            let own = (0..).zip(&units).filter(|(_, unit)| usize::from(unit.fold) == fold);
            let mut order: Vec<(f64, u32)> = own.map(|(at, unit)| (-unit.score, at)).collect();
            sort_rows(&mut order);
            let all = order.len() as f64;
            let (mut before, mut gained) = (0.0, 0.0);
            for run in order.chunk_by(|a, b| a.0 == b.0) {
                let sum: f64 = run.iter().map(|(_, at)| units[*at as usize].effect).sum();
                let after = before + run.len() as f64;
                for (_, at) in run {
                    places[*at as usize] = [before / all, after / all];
                    above[*at as usize] = (gained + sum / 2.0) / all;
                }
                (before, gained) = (after, gained + sum);
            }
        }
        let again = f64::from(u8::from(is_learned));
        Gains { units, places, above, folds, again, z, tail }
    }

    /// A standard error out of that of all and of the part that the order decides.
    #[must_use]
    pub fn widened(&self, all: f64, by_order: f64) -> f64 {
        (all * all + self.again * by_order * by_order).sqrt()
    }

    /// The share of the units of its fold before a unit, equal ones counting half.
    #[must_use]
    pub fn position(&self, unit: usize) -> f64 {
        f64::midpoint(self.places[unit][0], self.places[unit][1])
    }

    /// The quantile of the normal law that the intervals reach to.
    #[must_use]
    pub fn quantile(&self) -> f64 {
        self.z
    }

    /// Of each fold the sums of scores and effects, and the count.
    fn sums(&self) -> Vec<[f64; 3]> {
        let mut sums = vec![[0.0; 3]; self.folds];
        for unit in &self.units {
            let own = &mut sums[usize::from(unit.fold)];
            own[0] += unit.score;
            own[1] += unit.effect;
            own[2] += 1.0;
        }
        sums
    }

    /// Each unit's score less the mean of its fold.
    #[must_use]
    pub fn centred(&self) -> Vec<f64> {
        let sums = self.sums();
        let of = |unit: &Judged| {
            let [score, _, count] = sums[usize::from(unit.fold)];
            unit.score - score / count
        };
        self.units.iter().map(of).collect()
    }

    /// A mean over the units of something, with its spread.
    fn mean(&self, of: impl Fn(usize) -> f64) -> (f64, f64) {
        let count = self.units.len() as f64;
        let mean = (0..self.units.len()).map(&of).sum::<f64>() / count;
        let squares: f64 = (0..self.units.len()).map(|at| (of(at) - mean).powi(2)).sum();
        (mean, (squares / (count - 1.0).max(1.0) / count).sqrt())
    }

    /// The area under the gain curve, and that between it and the line of chance.
    #[must_use]
    pub fn areas(&self) -> [Estimate; 2] {
        let weigh = |at: usize, from: f64| self.units[at].effect * (from - self.position(at));
        // A unit counts by its own effect, and by moving the places of those before it.
        let error = |from: f64| self.mean(|at| weigh(at, from) + self.above[at]).1;
        // Without an order there is no area over chance, whatever the effects are.
        let is_order = self.places.iter().any(|[from, until]| until - from < 1.0);
        let by_order = if is_order { error(0.5) } else { 0.0 };
        let told = |from: f64, error: f64| {
            let error = self.widened(error, by_order);
            Estimate::new(self.mean(|at| weigh(at, from)).0, error, self.z)
        };
        [told(1.0, error(1.0)), told(0.5, by_order)]
    }

    /// The mean effect of units from one share to another; of nobody where they are equal.
    #[must_use]
    pub fn effect(&self, from: f64, until: f64) -> Estimate {
        let weight = |at: usize| taken(self.places[at], until) - taken(self.places[at], from);
        let all: f64 = (0..self.units.len()).map(weight).sum();
        if all <= 0.0 {
            return Estimate::new(0.0, 0.0, 0.0);
        }
        let effect = |at: usize| self.units[at].effect;
        let mean = (0..self.units.len()).map(|at| weight(at) * effect(at)).sum::<f64>() / all;
        // What the order decides is how far weights are from those of all units alike.
        let even = all / self.units.len() as f64;
        let of = |at: usize| {
            let apart = weight(at) - even;
            (weight(at).powi(2) + self.again * apart * apart) * (effect(at) - mean).powi(2)
        };
        let squares: f64 = (0..self.units.len()).map(of).sum();
        let freed = all / (all - 1.0).max(1.0);
        Estimate::new(mean, (squares * freed).sqrt() / all, self.z)
    }

    /// The mean score of units from one share to another.
    #[must_use]
    pub fn foretold(&self, from: f64, until: f64) -> f64 {
        let (mut sum, mut all) = (0.0, 0.0);
        for (unit, place) in self.units.iter().zip(&self.places) {
            let weight = taken(*place, until) - taken(*place, from);
            sum += weight * unit.score;
            all += weight;
        }
        if all > 0.0 { sum / all } else { 0.0 }
    }

    /// At a share the mean effect, the outcomes gained per unit of all, and the money: `value` for
    /// each outcome less `cost` for each unit treated.
    #[must_use]
    pub fn at(&self, share: f64, value: f64, cost: f64) -> [Estimate; 3] {
        let effect = self.effect(0.0, share);
        let gain = effect.times(share);
        [effect, gain, gain.times(value).plus(-cost * share)]
    }

    /// The share with the largest value of `shares` and 0; what choosing a share by the other folds
    /// brings; what treating all brings; and what choosing has over the better of all and nobody.
    #[must_use]
    pub fn best(&self, shares: &[f64], value: f64, cost: f64) -> (f64, [Estimate; 3]) {
        let shares: Vec<f64> = std::iter::once(0.0).chain(shares.iter().copied()).collect();
        let money = |at: usize| value * self.units[at].effect - cost;
        // Of each fold and share, what it brings.
        let mut sums = vec![vec![0.0; shares.len()]; self.folds];
        for (at, unit) in self.units.iter().enumerate() {
            for (sum, share) in sums[usize::from(unit.fold)].iter_mut().zip(&shares) {
                *sum += taken(self.places[at], *share) * money(at);
            }
        }
        // Of equally good shares the smallest.
        let choice = |without: Option<usize>| {
            let (mut best, mut most) = (0.0, 0.0);
            for (place, share) in shares.iter().enumerate() {
                let others = sums.iter().enumerate().filter(|(fold, _)| Some(*fold) != without);
                let sum: f64 = others.map(|(_, sums)| sums[place]).sum();
                if sum > most {
                    (best, most) = (*share, sum);
                }
            }
            best
        };
        let chosen: Vec<f64> = (0..self.folds).map(|fold| choice(Some(fold))).collect();
        let weight = |at: usize| taken(self.places[at], chosen[usize::from(self.units[at].fold)]);
        let even = self.mean(weight).0;
        let by_order = self.mean(|at| (weight(at) - even) * money(at)).1;
        let told = |(value, error): (f64, f64), by_order: f64| {
            Estimate::new(value, self.widened(error, by_order), self.z)
        };
        let all = self.mean(money);
        let rival = if all.0 > 0.0 { 1.0 } else { 0.0 };
        let own = self.mean(|at| weight(at) * money(at));
        let advantage = self.mean(|at| (weight(at) - rival) * money(at));
        (choice(None), [told(own, by_order), told(all, 0.0), told(advantage, by_order)])
    }

    /// Whether effects differ as foretold: the slope of `ψ` over the score, both around the means of
    /// their folds, with White's standard error. `None` where the score tells no units of a fold
    /// apart.
    #[must_use]
    pub fn heterogeneity(&self) -> Option<Heterogeneity> {
        let means = self.sums();
        let apart = |unit: &Judged| {
            let [score, effect, count] = means[usize::from(unit.fold)];
            (unit.score - score / count, unit.effect - effect / count)
        };
        let (mut products, mut squares, mut size) = (0.0, 0.0, 0.0);
        for unit in &self.units {
            let (score, effect) = apart(unit);
            products += score * effect;
            squares += score * score;
            size += unit.score * unit.score;
        }
        // Sums of equal scores miss their mean by rounding.
        if squares <= 1e-20 * size {
            return None;
        }
        let slope = products / squares;
        let of = |unit: &Judged| {
            let (score, effect) = apart(unit);
            (score * (effect - slope * score)).powi(2)
        };
        let error = self.units.iter().map(of).sum::<f64>().sqrt() / squares;
        let error = self.widened(error, error);
        let p_value = if error > 0.0 {
            normal(slope / error).upper
        } else if slope > 0.0 {
            0.0
        } else {
            1.0
        };
        let differs = p_value < self.tail;
        Some(Heterogeneity { slope: Estimate::new(slope, error, self.z), p_value, differs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    /// Units whose effect is `x` times `strength` plus noise, scored by `x` or at random, and the
    /// effects without noise.
    fn drawn(random: &mut Random, count: usize, strength: f64) -> (Vec<Judged>, Vec<f64>) {
        let unit = |at: usize| {
            let x = random.unit();
            let truth = strength * (x - 0.2);
            let effect = truth + 2.0 * random.normal();
            (Judged { score: x, effect, fold: (at % 5) as u8 }, truth)
        };
        (0..count).map(unit).unzip()
    }

    #[test]
    fn areas_by_hand() {
        let unit = |score: f64, effect: f64| Judged { score, effect, fold: 0 };
        let gains = Gains::new(vec![unit(2.0, 4.0), unit(1.0, 0.0)], 1, 0.95, false);
        // The curve goes to 2 at a half, and stays.
        assert!((gains.areas()[0].value - 1.5).abs() < 1e-15);
        assert!((gains.areas()[1].value - 0.5).abs() < 1e-15);
        assert_eq!(gains.at(0.5, 10.0, 1.0).map(|e| e.value), [4.0, 2.0, 19.5]);
        // Equal scores share: the line of chance.
        let gains = Gains::new(vec![unit(1.0, 4.0), unit(1.0, 0.0)], 1, 0.95, false);
        assert_eq!(gains.areas()[1], Estimate::new(0.0, 0.0, 1.0));
        assert_eq!(gains.at(0.5, 1.0, 0.0)[1].value, 1.0);
        assert!(gains.heterogeneity().is_none());
    }

    /// Of 1000 draws, intervals of nominal 95 % hold the truth in 0.93 to 0.97, and where effects do
    /// not differ that is said in at most 0.04 of 0.025 nominal.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        for strength in [0.0, 3.0] {
            let mut random = Random::new(11, 0);
            // Over the unit interval: ∫ strength·(x − 0.2)·(x − ½), by hand a twelfth.
            let truths = [strength * (1.0 / 12.0 + 0.15), strength / 12.0];
            let (mut held, mut differs, draws) = ([0.0_f64; 4], 0.0, 1000);
            for _ in 0..draws {
                let (units, _) = drawn(&mut random, 500, strength);
                let gains = Gains::new(units, 5, 0.95, false);
                let slope = gains.heterogeneity().unwrap();
                let top = gains.effect(0.0, 0.3);
                let told = [
                    (gains.areas()[0], truths[0]),
                    (gains.areas()[1], truths[1]),
                    (slope.slope, strength),
                    (top, strength * 0.65),
                ];
                for (held, (estimate, truth)) in held.iter_mut().zip(told) {
                    let Interval { low, high } = estimate.interval;
                    *held += f64::from(u8::from(low <= truth && truth <= high));
                }
                differs += f64::from(u8::from(slope.differs));
            }
            let shares = held.map(|held| held / f64::from(draws));
            println!("effects that differ by {strength}: held {shares:?}, told {differs}");
            assert!(shares.iter().all(|share| (0.93..=0.97).contains(share)), "{shares:?}");
            assert!(if strength > 0.0 { differs > 990.0 } else { differs < 40.0 });
        }
    }

    #[test]
    fn the_best_share_is_not_too_good_by_choosing() {
        let mut random = Random::new(12, 0);
        let shares: Vec<f64> = (1..=20).map(|part| f64::from(part) / 20.0).collect();
        let (mut value, mut largest) = (0.0, 0.0);
        for _ in 0..300 {
            // No effect anywhere, and no cost: every share is worth 0.
            let (units, _) = drawn(&mut random, 300, 0.0);
            let gains = Gains::new(units, 5, 0.95, false);
            value += gains.best(&shares, 1.0, 0.0).1[0].value / 300.0;
            let most = shares.iter().map(|share| gains.at(*share, 1.0, 0.0)[2].value);
            largest += most.fold(0.0, f64::max) / 300.0;
        }
        println!("chosen by others {value}, by themselves {largest}");
        assert!(value.abs() < 0.02 && largest > 0.05);
        // Where half are worth treating, about that share is found.
        let unit = |at: u32| Judged {
            score: f64::from(at),
            effect: if at % 100 < 50 { 0.0 } else { 2.0 },
            fold: (at / 100) as u8,
        };
        let gains = Gains::new((0..500).map(unit).collect(), 5, 0.95, false);
        let (share, [value, all, advantage]) = gains.best(&shares, 1.0, 0.5);
        assert_eq!((share, value.value, all.value), (0.5, 0.75, 0.5));
        assert!((advantage.value - 0.25).abs() < 1e-12);
    }
}
