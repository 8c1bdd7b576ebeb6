//! The same effect with less noise: covariates from before the experiment, strata, capped values.
//!
//! # References
//! A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the sensitivity of online controlled
//! experiments by utilizing pre-experiment data" (CUPED), WSDM 2013. W. Lin, Annals of Applied
//! Statistics 7 (2013). L. W. Miratrix, J. S. Sekhon, B. Yu, JRSS B 75 (2013), post-stratification.

use super::compare::Comparison;
use super::estimate::{Estimate, Form, Metric};
use super::unit_stats::UnitStats;
use crate::error::{Code, Error, Result};
use crate::stats::accumulator::Accumulator;
use crate::stats::confidence::check_confidence;
use crate::stats::distribution::student_t_quantile;
use crate::stats::proportion::Interval;
use crate::stats::quantile::{QuantileType, quantiles};
use crate::stats::regression::{Covariance, least_squares};
use crate::stats::special::error::{normal, normal_quantile};

/// The adjustment by a covariate of before, one for all arms: `θ = cov/var` over all units
/// together, and the covariate's mean over all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuped {
    metric: Metric,
    covariate: Metric,
    /// θ; 0 where the covariate does not vary.
    pub theta: f64,
    mean: f64,
    /// The share of the metric's variance that the covariate explains, 0 to 1; 0 where the metric
    /// does not vary.
    pub explained: f64,
}

impl Cuped {
    /// From all arms together. `None` below two units in all.
    #[must_use]
    pub fn of<'a>(
        arms: impl IntoIterator<Item = &'a UnitStats>,
        metric: Metric,
        covariate: Metric,
    ) -> Option<Cuped> {
        let mut all = UnitStats::new();
        for arm in arms {
            all.merge(arm.clone()).ok()?;
        }
        let (y, x) = (Form::of(&all, metric)?, Form::of(&all, covariate)?);
        let (both, square) = (y.covariance(&x, &all)?, x.covariance(&x, &all)?);
        let own = y.covariance(&y, &all)?;
        let theta = if square > 0.0 { both / square } else { 0.0 };
        let explained = if own > 0.0 { (theta * both / own).clamp(0.0, 1.0) } else { 0.0 };
        Some(Cuped { metric, covariate, theta, mean: x.value, explained })
    }

    /// An arm's estimate, adjusted. `None` below two units.
    #[must_use]
    pub fn estimate(&self, arm: &UnitStats) -> Option<Estimate> {
        let (y, x) = (Form::of(arm, self.metric)?, Form::of(arm, self.covariate)?);
        let variance = y.covariance(&y, arm)? - 2.0 * self.theta * y.covariance(&x, arm)?
            + self.theta * self.theta * x.covariance(&x, arm)?;
        Some(Estimate {
            count: arm.count() as f64,
            value: y.value - self.theta * (x.value - self.mean),
            variance: variance.max(0.0),
            unadjusted: y.value,
        })
    }
}

/// The effect over strata, each weighted by its share of all units: `(control, treatment)` of each.
/// The weights are taken as fixed, the law as normal. `None` without strata, or where nothing
/// varies.
#[must_use]
pub fn post_stratified(strata: &[(Estimate, Estimate)], confidence: f64) -> Option<Comparison> {
    let all: f64 = strata.iter().map(|(control, treatment)| control.count + treatment.count).sum();
    let (mut effect, mut square) = (0.0, 0.0);
    for (control, treatment) in strata {
        let weight = (control.count + treatment.count) / all;
        effect += weight * (treatment.value - control.value);
        square += weight * weight * (control.squared_error() + treatment.squared_error());
    }
    normal_comparison(effect, square.sqrt(), confidence)
}

/// A two-sided comparison by the normal law. `None` unless the error is positive.
fn normal_comparison(effect: f64, error: f64, confidence: f64) -> Option<Comparison> {
    if !(error > 0.0 && error.is_finite() && effect.is_finite()) {
        return None;
    }
    let z = normal_quantile((1.0 - confidence) / 2.0)?.abs();
    let statistic = effect / error;
    Some(Comparison {
        effect,
        error,
        degrees: f64::INFINITY,
        statistic,
        p_value: (2.0 * normal(statistic.abs()).upper).min(1.0),
        interval: Interval { low: effect - z * error, high: effect + z * error },
    })
}

/// The effect of a treatment (0 or 1 per row) by least squares on `covariates`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegressionDesign<'a> {
    /// How variances are estimated.
    pub covariance: Covariance<'a>,
    /// Whether each covariate, centred, also enters times the treatment (Lin): the effect is then
    /// that on the average unit, and never less precise than without covariates.
    pub is_interacted: bool,
    /// Confidence of the interval.
    pub confidence: f64,
}

impl RegressionDesign<'_> {
    /// The effect of `treatment` on `y`: by the normal law, with clusters by Student's with one
    /// degree less than there are clusters.
    ///
    /// # Errors
    /// `not-identifiable` where columns say the same or rows are too few, `invalid-option` for a
    /// confidence out of range.
    pub fn effect(
        &self,
        y: &[f64],
        treatment: &[f64],
        covariates: &[Vec<f64>],
    ) -> Result<Comparison> {
        check_confidence(self.confidence)?;
        let mut columns = vec![vec![1.0; y.len()], treatment.to_vec()];
        for covariate in covariates {
            let mean = covariate.iter().sum::<f64>() / covariate.len().max(1) as f64;
            let centred: Vec<f64> = covariate.iter().map(|value| value - mean).collect();
            if self.is_interacted {
                columns.push(centred.iter().zip(treatment).map(|(x, t)| x * t).collect());
            }
            columns.push(centred);
        }
        let undefined = || {
            Error::new(
                Code::NotIdentifiable,
                "the effect has no single answer: columns say the same, or rows are too few",
            )
        };
        let fit = least_squares(y, &columns, self.covariance).ok_or_else(undefined)?;
        let (effect, variance) =
            fit.coefficients.get(1).zip(fit.variances.get(1)).ok_or_else(undefined)?;
        let mut found =
            normal_comparison(*effect, variance.sqrt(), self.confidence).ok_or_else(undefined)?;
        if fit.clusters > 0 {
            let degrees = (fit.clusters - 1) as f64;
            let t =
                student_t_quantile(degrees, (1.0 - self.confidence) / 2.0).ok_or_else(undefined)?;
            let tails = crate::stats::distribution::student_t(degrees, found.statistic.abs())
                .ok_or_else(undefined)?;
            found.degrees = degrees;
            found.p_value = (2.0 * tails.upper).min(1.0);
            found.interval =
                Interval { low: effect - t * found.error, high: effect + t * found.error };
        }
        Ok(found)
    }
}

/// The columns of a covariate that is not known of everybody: its values with 0 for those, and
/// whether it is missing. With nobody missing the second says nothing and is left out.
#[must_use]
pub fn filled(covariate: &[Option<f64>]) -> Vec<Vec<f64>> {
    let values = covariate.iter().map(|value| value.unwrap_or(0.0)).collect();
    let missing: Vec<f64> =
        covariate.iter().map(|value| f64::from(u8::from(value.is_none()))).collect();
    if missing.contains(&1.0) && missing.contains(&0.0) {
        vec![values, missing]
    } else {
        vec![values]
    }
}

/// The caps that winsorizing puts at two quantiles (type 7) of all arms together.
///
/// # Errors
/// `not-enough-data` without values, `invalid-option` for quantiles out of order or range.
pub fn caps(values: &[f64], lower: f64, upper: f64) -> Result<Interval> {
    if !(0.0..=1.0).contains(&lower) || !(0.0..=1.0).contains(&upper) || lower >= upper {
        return Err(Error::new(Code::InvalidOption, "caps are two quantiles, the lower first"));
    }
    match quantiles(values, &[lower, upper], QuantileType::Linear)?.as_deref() {
        Some([low, high]) => Ok(Interval { low: *low, high: *high }),
        _ => Err(Error::new(Code::NotEnoughData, "caps need values")),
    }
}
