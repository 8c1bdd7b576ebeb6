//! Scores made into probabilities that come true as often as they say.
//!
//! # References
//! Platt: J. Platt, "Probabilistic outputs for support vector machines" (1999). Isotonic: B. Zadrozny,
//! C. Elkan, KDD 2002, by pool adjacent violators. Beta: M. Kull, T. Silva Filho, P. Flach, AISTATS
//! 2017.

use super::logistic::{Fitting, Logistic, Problem, sigmoid};
use super::matrix::Matrix;
use crate::error::{Code, Error, Result};
use crate::stats::order::arrangement;
use serde::{Deserialize, Serialize};

/// A fitted map from a score in log-odds to a probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Calibration {
    /// The score is believed: `1/(1 + e^−s)`.
    None,
    /// `1/(1 + e^(a·s + b))`: `[a, b]`.
    Platt([f64; 2]),
    /// `logit = a·ln p − b·ln(1 − p) + c` of `p = 1/(1 + e^−s)`: `[a, b, c]`.
    Beta([f64; 3]),
    /// Points `[p, probability]` of a rising line, straight between them and level outside.
    Isotonic(Vec<[f64; 2]>),
}

impl Calibration {
    /// The probability of a score in log-odds.
    #[must_use]
    pub fn probability(&self, score: f64) -> f64 {
        match self {
            Calibration::None => sigmoid(score),
            Calibration::Platt([a, b]) => sigmoid(-(a * score + b)),
            // Logarithms of a probability out of its log-odds keep their digits at both ends.
            Calibration::Beta([a, b, c]) => {
                sigmoid(c - a * log_inverse(score) + b * log_inverse(-score))
            }
            Calibration::Isotonic(points) => between(points, sigmoid(score)),
        }
    }
}

/// `−ln(1/(1 + e^−s))`.
fn log_inverse(score: f64) -> f64 {
    (-score).max(0.0) + libm::log1p(libm::exp(-score.abs()))
}

/// Linear between points of ascending `x`, level outside.
#[must_use]
pub fn between(points: &[[f64; 2]], x: f64) -> f64 {
    let at = points.partition_point(|point| point[0] < x);
    match (at.checked_sub(1).and_then(|before| points.get(before)), points.get(at)) {
        (Some(low), Some(high)) => {
            low[1] + (high[1] - low[1]) * ((x - low[0]) / (high[0] - low[0]))
        }
        (Some(end), None) | (None, Some(end)) => end[1],
        (None, None) => 0.5,
    }
}

fn fitted(columns: usize, values: &[f64], targets: &[f64]) -> Result<Logistic> {
    let rows = Matrix::new(values, columns)?;
    let problem = Problem { rows, targets, weights: None, penalty: 0.0 };
    let mut fitting = Fitting::new(problem)?;
    while !fitting.advance(problem, 100) {}
    Ok(fitting.finish(problem))
}

/// Platt's `[a, b]` of scores, with his softened targets, which keep it finite where labels can be
/// told apart.
///
/// # Errors
/// `not-enough-data` unless both labels occur; `invalid-option` for lists of different length.
pub fn platt(scores: &[f64], labels: &[bool]) -> Result<[f64; 2]> {
    let hits = labels.iter().filter(|label| **label).count() as f64;
    let others = labels.len() as f64 - hits;
    if hits == 0.0 || others == 0.0 {
        return Err(Error::new(Code::NotEnoughData, "both kinds of rows are needed"));
    }
    let (high, low) = ((hits + 1.0) / (hits + 2.0), 1.0 / (others + 2.0));
    let targets: Vec<f64> = labels.iter().map(|label| if *label { high } else { low }).collect();
    let fit = fitted(1, scores, &targets)?;
    Ok([-fit.coefficients.first().copied().unwrap_or(0.0), -fit.intercept])
}

/// The parameters `[a, b, c]` of beta calibration of scores in log-odds. With `is_rising`, `a` and `b`
/// are zero or more, so that a higher score is never a lower probability.
///
/// # Errors
/// As [`platt`].
pub fn beta(scores: &[f64], labels: &[bool], is_rising: bool) -> Result<[f64; 3]> {
    let targets = super::logistic::targets(labels);
    let fit = |with: [bool; 2]| -> Result<[f64; 3]> {
        let columns = usize::from(with[0]) + usize::from(with[1]);
        let of = |score: &f64| {
            let both = [-log_inverse(*score), log_inverse(-score)];
            both.into_iter().zip(with).filter(|(_, with)| *with).map(|(value, _)| value)
        };
        let values: Vec<f64> = scores.iter().flat_map(of).collect();
        let found = fitted(columns, &values, &targets)?;
        let mut slopes = found.coefficients.into_iter();
        let [a, b] = with.map(|with| if with { slopes.next().unwrap_or(0.0) } else { 0.0 });
        Ok([a, b, found.intercept])
    };
    let free = fit([true, true])?;
    let is_fine = |found: &[f64; 3]| found[0] >= 0.0 && found[1] >= 0.0;
    if !is_rising || is_fine(&free) {
        return Ok(free);
    }
    let one = fit(if free[0] < 0.0 { [false, true] } else { [true, false] })?;
    if is_fine(&one) {
        return Ok(one);
    }
    let share = targets.iter().sum::<f64>() / targets.len() as f64;
    Ok([0.0, 0.0, libm::log(share / (1.0 - share))])
}

/// The points of the rising steps that fit best: of each step its first and its last `p`. Equal `p`
/// are averaged first.
///
/// # Errors
/// `invalid-option` for lists of different length; `not-enough-data` for none.
pub fn isotonic(scores: &[f64], labels: &[bool]) -> Result<Vec<[f64; 2]>> {
    if scores.len() != labels.len() {
        return Err(Error::new(Code::InvalidOption, "every row needs a label"));
    }
    if scores.is_empty() {
        return Err(Error::new(Code::NotEnoughData, "there are no rows"));
    }
    let score = |row: usize| scores.get(row).copied().unwrap_or(0.0);
    // First and last `p` of a step, its hits, its rows.
    let mut steps: Vec<(f64, f64, f64, f64)> = Vec::new();
    for row in arrangement(scores.len(), &|a, b| score(a).total_cmp(&score(b))) {
        let (p, hit) = (score(row as usize), labels.get(row as usize) == Some(&true));
        let hit = f64::from(u8::from(hit));
        match steps.last_mut() {
            Some(last) if last.0 == p => (last.2, last.3) = (last.2 + hit, last.3 + 1.0),
            _ => steps.push((p, p, hit, 1.0)),
        }
    }
    let mut pooled: Vec<(f64, f64, f64, f64)> = Vec::new();
    for mut step in steps {
        // Counts are exact, so that equal means are equal.
        while let Some(last) = pooled.pop_if(|last| last.2 * step.3 >= step.2 * last.3) {
            step = (last.0, step.1, last.2 + step.2, last.3 + step.3);
        }
        pooled.push(step);
    }
    let mut points = Vec::with_capacity(2 * pooled.len());
    for (first, last, hits, rows) in pooled {
        points.push([first, hits / rows]);
        if last > first {
            points.push([last, hits / rows]);
        }
    }
    Ok(points)
}

/// A bin of a reliability curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReliabilityBin {
    /// Customers, or the sum of their weights.
    pub customers: f64,
    /// Their mean probability.
    pub expected: f64,
    /// The share that left.
    pub actual: f64,
}

/// Which rows a bin holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binning {
    /// Probabilities of equal width, closed below, the last one at both ends.
    EqualWidth,
    /// Equally many rows by ascending probability; equal probabilities stay in the order of rows.
    EqualCount,
}

/// The reliability curve in `count` bins, without empty ones, and the expected calibration error:
/// the mean over rows of how far a bin's share is from its mean probability.
#[must_use]
pub fn reliability(
    probabilities: &[f64],
    labels: &[bool],
    weights: Option<&[f64]>,
    count: u32,
    binning: Binning,
) -> (Vec<ReliabilityBin>, f64) {
    let value = |row: usize| probabilities.get(row).copied().unwrap_or(0.0);
    let length = probabilities.len().min(labels.len());
    let mut bins = vec![ReliabilityBin::default(); count as usize];
    let order = arrangement(length, &|a, b| value(a).total_cmp(&value(b)));
    for (place, row) in order.into_iter().enumerate() {
        let row = row as usize;
        let at = match binning {
            Binning::EqualWidth => (value(row) * f64::from(count)) as usize,
            Binning::EqualCount => place * count as usize / length.max(1),
        };
        let weight = weights.map_or(1.0, |all| all.get(row).copied().unwrap_or(0.0));
        if let Some(bin) = bins.get_mut(at.min((count as usize).saturating_sub(1))) {
            bin.customers += weight;
            bin.expected += weight * value(row);
            bin.actual += weight * f64::from(u8::from(labels.get(row) == Some(&true)));
        }
    }
    bins.retain(|bin| bin.customers > 0.0);
    let all: f64 = bins.iter().map(|bin| bin.customers).sum();
    let apart: f64 = bins.iter().map(|bin| (bin.expected - bin.actual).abs()).sum();
    for bin in &mut bins {
        bin.expected /= bin.customers;
        bin.actual /= bin.customers;
    }
    (bins, if all > 0.0 { apart / all } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isotonic_steps_rise_and_pool_what_falls() {
        let points = isotonic(&[0.1, 0.2, 0.3, 0.4], &[false, true, false, true]).unwrap();
        assert_eq!(points, [[0.1, 0.0], [0.2, 0.5], [0.3, 0.5], [0.4, 1.0]]);
        assert!((between(&points, 0.15) - 0.25).abs() < 1e-12);
        assert_eq!((between(&points, -1.0), between(&points, 2.0)), (0.0, 1.0));
    }

    #[test]
    fn beta_that_may_not_fall_does_not() {
        let scores = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0];
        let labels = [true, true, false, true, false, false];
        let [a, b, _] = beta(&scores, &labels, true).unwrap();
        assert!(a >= 0.0 && b >= 0.0);
    }

    #[test]
    fn labels_that_can_be_told_apart_have_finite_parameters() {
        let [a, b] = platt(&[-1.0, 1.0], &[false, true]).unwrap();
        assert!(a.is_finite() && a < 0.0 && b.is_finite());
        assert_eq!(platt(&[1.0], &[true]).unwrap_err().code(), Code::NotEnoughData);
    }

    #[test]
    fn reliable_probabilities_have_no_error() {
        let labels = [true, false, true, true];
        let (bins, error) =
            reliability(&[0.5, 0.5, 1.0, 1.0], &labels, None, 10, Binning::EqualWidth);
        assert_eq!((bins.len(), error), (2, 0.0));
        assert_eq!(reliability(&[], &[], None, 10, Binning::EqualCount), (Vec::new(), 0.0));
    }
}
