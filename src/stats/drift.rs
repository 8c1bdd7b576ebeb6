//! How far two distributions are apart: of classes, and of a number.
//!
//! # References
//! J. Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37 (1991).
//! Population stability index: N. Siddiqi, "Credit Risk Scorecards" (2006). H. Cramér,
//! "Mathematical Methods of Statistics" (1946). N. Smirnov, Annals of Mathematical Statistics 19
//! (1948).

use super::distribution::{chi_squared, kolmogorov_upper};
use super::quantile::{QuantileType, quantiles_of_sorted};
use crate::error::{Code, Error, Result};
use serde::Serialize;

/// A share of zero makes the stability index infinite; it counts as this.
const LEAST_SHARE: f64 = 1e-4;

/// How far the shares of classes moved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClassDrift {
    /// Population stability index `Σ (q − p)·ln(q/p)`, with a share of zero as 0.0001. By custom
    /// below 0.1 is stable and above 0.25 is a shift; it knows nothing of sample size.
    pub psi: f64,
    /// Jensen–Shannon divergence in nats, 0 to ln 2.
    pub jensen_shannon: f64,
    /// Hellinger distance, 0 to 1.
    pub hellinger: f64,
    /// Total variation: half the sum of absolute differences, the share that would have to move.
    pub total_variation: f64,
    /// Pearson's chi-squared of the two rows of counts, without a continuity correction.
    pub chi_squared: f64,
    /// How likely so large a chi-squared is if nothing changed. Trust it where expected counts are
    /// five or more.
    pub p_value: f64,
    /// Cramér's V `√(χ²/N)`: the size of the effect, 0 to 1, whatever the number of rows.
    pub cramers_v: f64,
}

/// Compares the counts of the same classes at two times, `before` and `after`.
///
/// # Errors
/// `invalid-option` if the lists differ in length; `not-enough-data` if one of them is all zero.
pub fn class_drift(before: &[u64], after: &[u64]) -> Result<ClassDrift> {
    if before.len() != after.len() {
        return Err(Error::new(Code::InvalidOption, "both times need the same classes"));
    }
    let total = |counts: &[u64]| counts.iter().map(|count| u128::from(*count)).sum::<u128>() as f64;
    let (n, m) = (total(before), total(after));
    if n == 0.0 || m == 0.0 {
        return Err(Error::new(Code::NotEnoughData, "one of the two times has no rows"));
    }
    let mut drift = ClassDrift {
        psi: 0.0,
        jensen_shannon: 0.0,
        hellinger: 0.0,
        total_variation: 0.0,
        chi_squared: 0.0,
        p_value: 1.0,
        cramers_v: 0.0,
    };
    let mut classes = 0_u32;
    for (first, second) in before.iter().zip(after) {
        if first + second == 0 {
            continue;
        }
        classes += 1;
        let (first, second) = (*first as f64, *second as f64);
        let (p, q) = (first / n, second / m);
        drift.psi += stability(p, q);
        let middle = f64::midpoint(p, q);
        let part = |share: f64| if share > 0.0 { share * libm::log(share / middle) } else { 0.0 };
        drift.jensen_shannon += 0.5 * (part(p) + part(q));
        drift.hellinger += 0.5 * (p.sqrt() - q.sqrt()).powi(2);
        drift.total_variation += 0.5 * (p - q).abs();
        let both = first + second;
        for (count, all) in [(first, n), (second, m)] {
            let expected = both * (all / (n + m));
            drift.chi_squared += (count - expected).powi(2) / expected;
        }
    }
    drift.hellinger = drift.hellinger.sqrt();
    if classes > 1 {
        let tails = chi_squared(f64::from(classes - 1), drift.chi_squared);
        drift.p_value = tails.map_or(0.0, |tails| tails.upper);
    }
    drift.cramers_v = (drift.chi_squared / (n + m)).sqrt();
    Ok(drift)
}

/// The population stability index `Σ (q − p)·ln(q/p)` of counts of the same classes, each share being
/// at least `floor` and the shares not made to add up again.
///
/// # Errors
/// `invalid-option` if the lists differ in length or the floor is not above zero; `not-enough-data`
/// if one of them is all zero.
pub fn population_stability(before: &[f64], after: &[f64], floor: f64) -> Result<f64> {
    if before.len() != after.len() || floor.is_nan() || floor <= 0.0 {
        let hint = "both times need the same classes, and the floor is above zero";
        return Err(Error::new(Code::InvalidOption, hint));
    }
    let (n, m) = (before.iter().sum::<f64>(), after.iter().sum::<f64>());
    if !(n > 0.0 && m > 0.0) {
        return Err(Error::new(Code::NotEnoughData, "one of the two times has no rows"));
    }
    let parts = before.iter().zip(after);
    Ok(parts.map(|(p, q)| stability((p / n).max(floor), (q / m).max(floor))).sum())
}

/// One class's part of the population stability index.
fn stability(p: f64, q: f64) -> f64 {
    let least = |share: f64| if share == 0.0 { LEAST_SHARE } else { share };
    let (p, q) = (least(p), least(q));
    (q - p) * libm::log(q / p)
}

/// How far the distribution of a number moved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SampleDrift {
    /// Population stability index over bins between quantiles of `before`.
    pub psi: f64,
    /// Kolmogorov–Smirnov: the largest distance between the distribution functions.
    pub kolmogorov_smirnov: f64,
    /// How likely so large a distance is if nothing changed, by the limit law. With fewer than
    /// about 50 rows in each sample, or many ties, it is too large.
    pub p_value: f64,
    /// Wasserstein (earth mover's) distance: the area between the distribution functions, in the
    /// unit of the number.
    pub wasserstein: f64,
}

/// Compares two samples of a number. The bins of the stability index lie between the quantiles
/// (type 7) of `before` at `1/bins, 2/bins, …`, each closed below and open above; equal quantiles
/// make one cut.
///
/// # Errors
/// `not-enough-data` if a sample is empty; `type` if a value is not finite; `invalid-option` for
/// fewer than two bins.
pub fn sample_drift(mut before: Vec<f64>, mut after: Vec<f64>, bins: u32) -> Result<SampleDrift> {
    if bins < 2 {
        return Err(
            Error::new(Code::InvalidOption, "a distribution has two bins or more").at_path("bins")
        );
    }
    if before.is_empty() || after.is_empty() {
        return Err(Error::new(Code::NotEnoughData, "one of the two samples has no rows"));
    }
    if before.iter().chain(&after).any(|value| !value.is_finite()) {
        return Err(Error::new(Code::Type, "drift needs finite numbers"));
    }
    before.sort_unstable_by(f64::total_cmp);
    after.sort_unstable_by(f64::total_cmp);
    let shares: Vec<f64> = (1..bins).map(|at| f64::from(at) / f64::from(bins)).collect();
    let mut cuts = quantiles_of_sorted(&before, &shares, QuantileType::Linear)?.unwrap_or_default();
    cuts.dedup();
    let (n, m) = (before.len() as f64, after.len() as f64);
    let below = |values: &[f64], cut: f64| values.partition_point(|value| *value < cut);
    let (mut psi, mut seen) = (0.0, (0, 0));
    let ends = cuts.iter().map(|cut| (below(&before, *cut), below(&after, *cut)));
    for end in ends.chain([(before.len(), after.len())]) {
        psi += stability((end.0 - seen.0) as f64 / n, (end.1 - seen.1) as f64 / m);
        seen = end;
    }
    let (distance, area) = between_functions(&before, &after);
    let scaled = distance * (n * m / (n + m)).sqrt();
    Ok(SampleDrift {
        psi,
        kolmogorov_smirnov: distance,
        p_value: kolmogorov_upper(scaled),
        wasserstein: area,
    })
}

/// The largest distance between the distribution functions of two sorted samples, and the area
/// between them.
fn between_functions(first: &[f64], second: &[f64]) -> (f64, f64) {
    let (n, m) = (first.len() as f64, second.len() as f64);
    let (mut left, mut right) = (first.iter().peekable(), second.iter().peekable());
    let (mut i, mut j) = (0.0, 0.0);
    let (mut largest, mut area) = (0.0_f64, 0.0);
    let mut last: Option<f64> = None;
    loop {
        let value = match (left.peek(), right.peek()) {
            (Some(a), Some(b)) => a.min(**b),
            (Some(a), None) => **a,
            (None, Some(b)) => **b,
            (None, None) => return (largest, area),
        };
        let gap = (i / n - j / m).abs();
        area += last.map_or(0.0, |last| gap * (value - last));
        while left.next_if(|next| **next <= value).is_some() {
            i += 1.0;
        }
        while right.next_if(|next| **next <= value).is_some() {
            j += 1.0;
        }
        largest = largest.max((i / n - j / m).abs());
        last = Some(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moved_is_no_drift() {
        let same = class_drift(&[5, 0, 7], &[50, 0, 70]).unwrap();
        assert_eq!(same.psi, 0.0);
        assert!(same.chi_squared < 1e-25 && same.p_value > 0.999);
        let values = vec![1.0, 2.0, 2.0, 9.0];
        let same = sample_drift(values.clone(), values, 10).unwrap();
        assert_eq!((same.psi, same.kolmogorov_smirnov, same.wasserstein), (0.0, 0.0, 0.0));
        assert_eq!(same.p_value, 1.0);
    }

    #[test]
    fn one_class_cannot_drift() {
        let one = class_drift(&[5, 0], &[9, 0]).unwrap();
        assert_eq!((one.chi_squared, one.p_value, one.cramers_v), (0.0, 1.0, 0.0));
    }

    #[test]
    fn an_equal_column_has_one_cut() {
        let moved = sample_drift(vec![3.0; 20], vec![4.0; 20], 10).unwrap();
        assert_eq!((moved.kolmogorov_smirnov, moved.wasserstein), (1.0, 1.0));
        assert!(moved.psi.is_finite());
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        assert_eq!(class_drift(&[1], &[1, 2]).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(class_drift(&[0], &[1]).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(sample_drift(vec![], vec![1.0], 10).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(sample_drift(vec![f64::NAN], vec![1.0], 10).unwrap_err().code(), Code::Type);
        assert_eq!(sample_drift(vec![1.0], vec![1.0], 1).unwrap_err().code(), Code::InvalidOption);
    }
}
