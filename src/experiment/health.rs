//! Whether the units were shared out as planned. A sample ratio that does not fit the plan says that
//! something is broken, and that no other number of the experiment can be trusted.
//!
//! # References
//! A. Fabijan et al., "Diagnosing sample ratio mismatch in online controlled experiments", KDD 2019.
//! M. Lindon, A. Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022.

use crate::error::{Code, Error, Result};
use crate::stats::discrete::binomial_test;
use crate::stats::distribution::chi_squared;
use crate::stats::special::gamma::ln_gamma;

/// The weights that are above 0, summing to 1, with their counts.
fn planned(observed: &[u64], weights: &[f64]) -> Result<Vec<(u64, f64)>> {
    let sum: f64 = weights.iter().sum();
    let are_weights = weights.iter().all(|weight| *weight >= 0.0) && sum > 0.0 && sum.is_finite();
    if observed.len() != weights.len() || !are_weights {
        return Err(Error::new(
            Code::InvalidOption,
            "each arm has a weight of 0 or more, and not all are 0",
        )
        .at_path("weights"));
    }
    let pairs = observed.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
    Ok(pairs.map(|(count, weight)| (*count, weight / sum)).collect())
}

/// Pearson's test of the counts of arms against the planned weights: statistic and p-value. Arms of
/// weight 0 take no part. `None` without units.
///
/// # Errors
/// `invalid-option` for weights that are not one of 0 or more for each arm.
pub fn sample_ratio(observed: &[u64], weights: &[f64]) -> Result<Option<(f64, f64)>> {
    let pairs = planned(observed, weights)?;
    let all: f64 = pairs.iter().map(|(count, _)| *count as f64).sum();
    if all == 0.0 {
        return Ok(None);
    }
    let part = |(count, weight): &(u64, f64)| {
        let expected = all * weight;
        let away = *count as f64 - expected;
        away * away / expected
    };
    let statistic: f64 = pairs.iter().map(part).sum();
    let degrees = pairs.len().saturating_sub(1) as f64;
    let p_value = chi_squared(degrees, statistic).map_or(1.0, |tails| tails.upper);
    Ok(Some((statistic, p_value)))
}

/// The exact test of two arms: the chance of all counts of the first that are no more likely.
///
/// # Errors
/// `invalid-option` unless there are two arms with weights.
pub fn sample_ratio_exact(observed: &[u64], weights: &[f64]) -> Result<f64> {
    match planned(observed, weights)?.as_slice() {
        [(first, weight), (second, _)] => {
            let all = first.checked_add(*second).ok_or_else(|| {
                Error::new(Code::Overflow, "there are more units than can be counted")
            })?;
            Ok(binomial_test(*first, all, *weight).unwrap_or(1.0))
        }
        _ => Err(Error::new(Code::InvalidOption, "the exact test is of two arms with weights")),
    }
}

/// The test that may be looked at any time: a Dirichlet-multinomial against the planned weights on
/// running counts.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningRatio {
    counts: Vec<u64>,
    weights: Vec<f64>,
    concentration: f64,
    p_value: f64,
}

impl RunningRatio {
    /// Nothing seen yet. The larger the `concentration`, the smaller the deviations it looks for.
    ///
    /// # Errors
    /// `invalid-option` for weights that are not above 0, or a concentration that is not.
    pub fn new(weights: &[f64], concentration: f64) -> Result<Self> {
        let counts = vec![0; weights.len()];
        let pairs = planned(&counts, weights)?;
        if pairs.len() != weights.len() || !(concentration > 0.0 && concentration.is_finite()) {
            return Err(Error::new(
                Code::InvalidOption,
                "weights and concentration of the running test are above 0",
            ));
        }
        let weights = pairs.into_iter().map(|(_, weight)| weight).collect();
        Ok(RunningRatio { counts, weights, concentration, p_value: 1.0 })
    }

    /// Adds the units of a batch; the p-value after it, which never rises.
    ///
    /// # Errors
    /// `invalid-option` unless there is a count for each arm.
    pub fn add(&mut self, batch: &[u64]) -> Result<f64> {
        if batch.len() != self.counts.len() {
            return Err(Error::new(Code::InvalidOption, "a batch has a count for each arm"));
        }
        for (count, more) in self.counts.iter_mut().zip(batch) {
            *count = count.saturating_add(*more);
        }
        self.p_value = self.p_value.min(libm::exp(-self.log_bayes_factor()));
        Ok(self.p_value)
    }

    /// `ln` of the evidence against the plan.
    #[must_use]
    pub fn log_bayes_factor(&self) -> f64 {
        let rise =
            |from: f64, by: f64| ln_gamma(from + by).unwrap_or(0.0) - ln_gamma(from).unwrap_or(0.0);
        let all: f64 = self.counts.iter().map(|count| *count as f64).sum();
        let arms: f64 = (self.counts.iter().zip(&self.weights))
            .map(|(count, weight)| {
                let count = *count as f64;
                rise(self.concentration * weight, count) - count * libm::log(*weight)
            })
            .sum();
        arms - rise(self.concentration, all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arm_without_weight_takes_no_part() {
        let (_, with) = sample_ratio(&[500, 560, 0], &[0.5, 0.5, 0.0]).unwrap().unwrap();
        let (_, without) = sample_ratio(&[500, 560], &[1.0, 1.0]).unwrap().unwrap();
        assert_eq!(with, without);
        assert!((with - 0.065_347).abs() < 1e-5, "{with}");
        assert_eq!(sample_ratio(&[0, 0], &[0.5, 0.5]).unwrap(), None);
        assert!(sample_ratio(&[1], &[0.5, 0.5]).is_err());
        assert!(sample_ratio(&[1, 2], &[0.5, f64::NAN]).is_err());
    }
}
