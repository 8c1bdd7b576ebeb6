//! Effects on groups over time, from a finished panel: difference in differences, synthetic control and
//! an interrupted series.
//!
//! # Method
//! In a balanced panel with one beginning, least squares with a constant for each group and each period
//! come down to differences of means: each group has one number (its mean after less that before; a
//! period less the last before), and the effect is the mean of these of the treated less that of the
//! controls. Errors clustered by group (CR1) are sums of squares of what each group adds to it, so that
//! no matrix of all groups and periods is needed.

use super::options::{LeadsTest, PanelEstimate};
use crate::experiment::resample::{ROUNDING, each_way, random_way};
use crate::stats::cholesky::Cholesky;
use crate::stats::distribution::{f_ratio, student_t, student_t_quantile};
use crate::stats::nearest::nearest;
use crate::stats::proportion::Interval;
use crate::stats::random::Random;
use crate::stats::regression::{Covariance, LeastSquares, least_squares};

/// Random ways where there are too many to try all.
const REPLICATES: u64 = 2_000;

/// A balanced panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// The outcomes of each treated group, one per period.
    pub treated: Vec<Vec<f64>>,
    /// The same of the controls.
    pub controls: Vec<Vec<f64>>,
    /// Periods before the treatment.
    pub before: usize,
}

/// What each group adds to a difference of means: the treated first.
struct Contrast {
    value: f64,
    parts: Vec<f64>,
}

/// The mean of some numbers; 0 without any.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

pub(super) fn largest<'a>(values: impl Iterator<Item = &'a f64>) -> f64 {
    values.fold(0.0, |most: f64, value| most.max(value.abs()))
}

/// The mean of groups by period.
pub(super) fn course(groups: &[Vec<f64>]) -> Vec<f64> {
    let periods = groups.first().map_or(0, Vec::len);
    let at = |period: usize| groups.iter().filter_map(|group| group.get(period)).sum::<f64>();
    (0..periods).map(|period| at(period) / groups.len() as f64).collect()
}

/// An estimate with Student's law. Without an error where that is 0, but for the rounding of numbers
/// of this size.
pub(super) fn estimate(
    value: f64,
    variance: f64,
    degrees: f64,
    confidence: f64,
    size: f64,
) -> PanelEstimate {
    let error = Some(variance.sqrt()).filter(|error| *error > 1e-12 * size);
    let quantile = student_t_quantile(degrees, (1.0 - confidence) / 2.0);
    let of = |error: f64| {
        let away = error * quantile?;
        let upper = student_t(degrees, (value / error).abs())?.upper;
        Some((Interval { low: value - away, high: value + away }, (2.0 * upper).min(1.0)))
    };
    let found = error.filter(|error| error.is_finite()).and_then(|error| Some((error, of(error)?)));
    PanelEstimate {
        value,
        error: found.map(|found| found.0),
        interval: found.map(|found| found.1.0),
        p_value: found.map(|found| found.1.1),
    }
}

impl Panel {
    fn groups(&self) -> f64 {
        (self.treated.len() + self.controls.len()) as f64
    }

    fn periods(&self) -> usize {
        self.treated.first().map_or(0, Vec::len)
    }

    fn contrast(&self, of: &dyn Fn(&[f64]) -> f64) -> Contrast {
        let numbers =
            |groups: &[Vec<f64>]| -> Vec<f64> { groups.iter().map(|group| of(group)).collect() };
        let (treated, controls) = (numbers(&self.treated), numbers(&self.controls));
        let (own, other) = (mean(&treated), mean(&controls));
        let part = |values: &[f64], mean: f64, sign: f64| -> Vec<f64> {
            values.iter().map(|value| sign * (value - mean) / values.len() as f64).collect()
        };
        let mut parts = part(&treated, own, 1.0);
        parts.extend(part(&controls, other, -1.0));
        Contrast { value: own - other, parts }
    }

    /// `G/(G − 1)·(n − 1)/(n − k)`, of `n` rows of the groups in some periods and `k` coefficients:
    /// one for each group, for each period but one, and those of the treatment. `None` where a side has
    /// fewer than two groups, which would seem not to vary at all.
    fn factor(&self, periods: usize, effects: usize) -> Option<f64> {
        let (groups, rows) = (self.groups(), self.groups() * periods as f64);
        let left = rows - groups - (periods + effects) as f64 + 1.0;
        let is_enough = self.treated.len() > 1 && self.controls.len() > 1 && left > 0.0;
        is_enough.then(|| groups / (groups - 1.0) * (rows - 1.0) / left)
    }

    fn told(&self, contrast: &Contrast, factor: Option<f64>, confidence: f64) -> PanelEstimate {
        let squares: f64 = contrast.parts.iter().map(|part| part * part).sum();
        let (variance, degrees) = (factor.unwrap_or(0.0) * squares, self.groups() - 1.0);
        let size = largest(self.treated.iter().chain(&self.controls).flatten());
        estimate(contrast.value, variance, degrees, confidence, size)
    }

    /// How often groups chosen by chance differ from the others at least as much in some numbers (the
    /// sum of the squares counts): of all ways to choose as many, or of 2,000 random ones where those
    /// are too many.
    fn permuted(&self, of: &dyn Fn(&[f64]) -> Vec<f64>, seed: u32) -> f64 {
        let mut all: Vec<Vec<f64>> =
            self.treated.iter().chain(&self.controls).map(|group| of(group)).collect();
        let means = course(&all);
        for numbers in &mut all {
            numbers.iter_mut().zip(&means).for_each(|(number, mean)| *number -= mean);
        }
        let mut sums = Vec::new();
        let mut apart = |chosen: &[usize]| -> f64 {
            sums.clear();
            sums.resize(means.len(), 0.0);
            for numbers in chosen.iter().filter_map(|at| all.get(*at)) {
                sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
            }
            sums.iter().map(|sum| sum * sum).sum()
        };
        let (count, size) = (all.len(), self.treated.len());
        let seen = apart(&(0..size).collect::<Vec<usize>>()) * (1.0 - ROUNDING);
        let (mut ways, mut far) = (0.0, 0.0);
        let mut see = |chosen: &[usize]| {
            ways += 1.0;
            far += f64::from(u8::from(apart(chosen) >= seen));
        };
        if each_way(count, size, &mut see) {
            return far / ways;
        }
        let mut chosen = Vec::new();
        for at in 0..REPLICATES {
            let mut random = Random::new(u64::from(seed), at);
            random_way(count, size, &mut random, &mut chosen);
            see(&chosen);
        }
        (far + 1.0) / (ways + 1.0)
    }

    /// A group's mean from the beginning on less that before.
    fn change(&self, group: &[f64]) -> f64 {
        let (before, after) = group.split_at(self.before.min(group.len()));
        mean(after) - mean(before)
    }

    /// A group's slope before the treatment.
    fn slope(&self, group: &[f64]) -> f64 {
        let middle = (self.before as f64 - 1.0) / 2.0;
        let (mut both, mut square) = (0.0, 0.0);
        for (at, value) in group.iter().take(self.before).enumerate() {
            let away = at as f64 - middle;
            both += away * value;
            square += away * away;
        }
        both / square
    }

    /// p-values by permutation: of the effect; with two periods before also of the difference of the
    /// slopes there, and of all differences from the mean before.
    #[must_use]
    pub fn permutations(&self, seed: u32) -> (f64, Option<[f64; 2]>) {
        let before = (self.before > 1).then(|| {
            let course = |group: &[f64]| -> Vec<f64> {
                let own = group.get(..self.before).unwrap_or_default();
                own.iter().map(|value| value - mean(own)).collect()
            };
            [self.permuted(&|group| vec![self.slope(group)], seed), self.permuted(&course, seed)]
        });
        (self.permuted(&|group| vec![self.change(group)], seed), before)
    }

    /// The effect of two-way fixed effects.
    #[must_use]
    pub fn effect(&self, confidence: f64) -> PanelEstimate {
        let contrast = self.contrast(&|group| self.change(group));
        self.told(&contrast, self.factor(self.periods(), 1), confidence)
    }

    /// The difference of the slopes before; `None` with fewer than two periods.
    #[must_use]
    pub fn slope_before(&self, confidence: f64) -> Option<PanelEstimate> {
        let contrast = (self.before > 1).then(|| self.contrast(&|group| self.slope(group)))?;
        Some(self.told(&contrast, self.factor(self.before, 1), confidence))
    }

    /// The event study: each period's difference less that of the last before (`None` of that one),
    /// and the joint test of those before. No test where they are more than groups less two: their
    /// covariance then has no inverse.
    #[must_use]
    pub fn event_study(&self, confidence: f64) -> (Vec<Option<PanelEstimate>>, Option<LeadsTest>) {
        let (periods, last) = (self.periods(), self.before.saturating_sub(1));
        let factor = self.factor(periods, periods.saturating_sub(1));
        let at = |group: &[f64], period: usize| group.get(period).copied().unwrap_or(0.0);
        let of = |period: usize| {
            let less = |group: &[f64]| at(group, period) - at(group, last);
            (period != last).then(|| self.contrast(&less))
        };
        let all: Vec<Option<Contrast>> = (0..periods).map(of).collect();
        let leads: Vec<&Contrast> = all.iter().take(last).flatten().collect();
        let test = factor.and_then(|factor| {
            let (size, denominator) = (leads.len(), self.groups() - 1.0);
            if size == 0 || size as f64 > self.groups() - 2.0 {
                return None;
            }
            let product = |a: &Contrast, b: &Contrast| {
                factor * a.parts.iter().zip(&b.parts).map(|(a, b)| a * b).sum::<f64>()
            };
            let rows = leads.iter().flat_map(|a| leads.iter().map(|b| product(a, b)));
            let values: Vec<f64> = leads.iter().map(|lead| lead.value).collect();
            let solved = Cholesky::of(rows.collect(), size, 1e-10)?.solved(values.clone());
            let wald: f64 = solved.iter().zip(&values).map(|(a, b)| a * b).sum();
            let f = wald / size as f64;
            let p_value = f_ratio(size as f64, denominator, f.max(0.0))?.upper;
            Some(LeadsTest { f, numerator: size as f64, denominator, p_value })
        });
        let told = |found: &Option<Contrast>| {
            found.as_ref().map(|contrast| self.told(contrast, factor, confidence))
        };
        (all.iter().map(told).collect(), test)
    }
}

/// A synthetic control.
#[derive(Clone, Debug, PartialEq)]
pub struct Synthetic {
    /// The weight of each donor.
    pub weights: Vec<f64>,
    /// The weighted mean of the donors by period.
    pub course: Vec<f64>,
    /// Root of the mean squared gap before the treatment.
    pub rmspe_before: f64,
    /// The same from its beginning on.
    pub rmspe_after: f64,
    /// Whether no other weights fit as well.
    pub is_unique: bool,
}

impl Synthetic {
    /// The weights, none below 0 and 1 in sum, with which donors come nearest to `target` in the first
    /// `before` periods. `None` without donors or periods.
    #[must_use]
    pub fn of(target: &[f64], donors: &[&[f64]], before: usize) -> Option<Synthetic> {
        let less = |donor: &&[f64]| -> Vec<f64> {
            donor.iter().zip(target).take(before).map(|(a, b)| a - b).collect()
        };
        let points: Vec<Vec<f64>> = donors.iter().map(less).collect();
        let found = nearest(&points).filter(|_| (1..target.len()).contains(&before))?;
        let at = |period: usize| -> f64 {
            let values = donors.iter().filter_map(|donor| donor.get(period));
            values.zip(&found.weights).map(|(value, weight)| value * weight).sum()
        };
        let course: Vec<f64> = (0..target.len()).map(at).collect();
        let squares = |from: usize, to: usize| {
            let gaps = target.iter().zip(&course).map(|(a, b)| (a - b) * (a - b));
            (gaps.skip(from).take(to - from).sum::<f64>() / (to - from) as f64).sqrt()
        };
        Some(Synthetic {
            rmspe_before: squares(0, before),
            rmspe_after: squares(before, target.len()),
            weights: found.weights,
            course,
            is_unique: found.is_unique,
        })
    }

    /// The error after over that before; `None` where that is rounding alone.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.rmspe_before > 1e-9 * largest(self.course.iter()))
            .then(|| self.rmspe_after / self.rmspe_before)
    }
}

/// What a single series shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Interrupted {
    /// Slope before, step, change of the slope, mean above the former course.
    pub estimates: [PanelEstimate; 4],
    /// The former course, by period.
    pub course: Vec<f64>,
}

/// A level, a slope, and what changed in both at the beginning, with Newey and West's errors. `None`
/// with fewer than two periods on a side, or five in all.
#[must_use]
pub fn interrupted(y: &[f64], before: usize, lags: usize, confidence: f64) -> Option<Interrupted> {
    let after = y.len().checked_sub(before).filter(|after| *after > 1 && before > 1)?;
    let time: Vec<f64> = (0..y.len()).map(|at| at as f64 - before as f64).collect();
    let is_after: Vec<f64> = time.iter().map(|at| f64::from(u8::from(*at >= 0.0))).collect();
    // With time counted from the middle of the periods after, the step is the mean effect.
    let fit = |middle: f64| {
        let since = time.iter().zip(&is_after).map(|(at, is)| (at - middle) * is).collect();
        let columns = [vec![1.0; y.len()], time.clone(), is_after.clone(), since];
        least_squares(y, &columns, Covariance::NeweyWest(lags))
    };
    let (whole, centred) = (fit(0.0)?, fit((after as f64 - 1.0) / 2.0)?);
    let one = |fit: &LeastSquares, at: usize| {
        let (value, variance) = fit.coefficients.get(at).zip(fit.variances.get(at))?;
        Some(estimate(*value, *variance, y.len() as f64 - 4.0, confidence, largest(y.iter())))
    };
    let estimates = [one(&whole, 1)?, one(&whole, 2)?, one(&whole, 3)?, one(&centred, 2)?];
    let (level, slope) = (whole.coefficients.first()?, estimates.first()?.value);
    let course = time.iter().map(|at| level + slope * at).collect();
    Some(Interrupted { estimates, course })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Panels of 20 groups of which 4 are treated, with 9 periods before and no effect: of 100, so many
    /// are said to have had other trends before.
    #[test]
    fn the_joint_test_of_many_leads_is_too_eager_and_its_permutation_is_not() {
        let mut random = Random::new(9, 0);
        let (mut by_f, mut by_permutation) = (0, 0);
        let mut groups = |count: usize| -> Vec<Vec<f64>> {
            let mut group = || (0..14).map(|_| random.unit() + random.unit()).collect();
            (0..count).map(|_| group()).collect()
        };
        for _ in 0..200 {
            let panel = Panel { treated: groups(4), controls: groups(16), before: 9 };
            let test = panel.event_study(0.95).1.unwrap();
            let [_, leads] = panel.permutations(1).1.unwrap();
            by_f += u32::from(test.p_value < 0.05);
            by_permutation += u32::from(leads < 0.05);
        }
        assert!((120..160).contains(&by_f), "{by_f}");
        assert!((3..19).contains(&by_permutation), "{by_permutation}");
    }

    #[test]
    fn without_variation_there_is_an_effect_and_no_error() {
        let flat = |level: f64| vec![level, level, level + 1.0, level + 1.0];
        let panel =
            Panel { treated: vec![flat(2.0); 3], controls: vec![vec![1.0; 4]; 3], before: 2 };
        let found = panel.effect(0.95);
        assert_eq!((found.value, found.error, found.p_value), (1.0, None, None));
        assert_eq!(panel.event_study(0.95).1, None);
        let alone = Panel { treated: vec![flat(2.0)], controls: Vec::new(), before: 2 };
        assert!(interrupted(&alone.treated[0], 2, 1, 0.95).is_none());
        let single = interrupted(&[1.0, 2.0, 3.0, 5.0, 6.0], 3, 1, 0.95).unwrap();
        assert!((single.estimates[1].value - 1.0).abs() < 1e-12);
        assert_eq!(single.estimates[1].error, None);
    }

    #[test]
    fn a_perfect_fit_has_no_ratio() {
        let target = [1.0, 2.0, 9.0];
        let found = Synthetic::of(&target, &[&[0.0, 2.0, 3.0], &[2.0, 2.0, 5.0]], 2).unwrap();
        assert_eq!(found.ratio(), None);
        assert!((found.course[2] - 4.0).abs() < 1e-12 && (found.rmspe_after - 5.0).abs() < 1e-12);
        assert!(Synthetic::of(&target, &[], 2).is_none());
    }
}
