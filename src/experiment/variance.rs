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
use serde::{Deserialize, Serialize};

/// How a covariate from before takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CovariateUse {
    /// With the one slope of all arms together (CUPED).
    #[default]
    Cuped,
    /// With a slope for each arm (Lin): never less precise in large arms, whatever their sizes.
    ByArm,
    /// As it is, with slope 1: the difference of the changes (difference in differences), for arms
    /// that were not alike before.
    Difference,
}

/// The adjustment by a covariate of before: `y − θ(x − x̄)`, `x̄` the covariate's mean over all arms.
///
/// Of CUPED, θ = cov/var over all units together. Of Lin's adjustment each arm has its own: with its
/// residual variance on `n − 2` degrees, and what is uncertain of `x̄` added, `(θ_t − θ_c)²·var(x)/N`,
/// which with more than two arms is an upper bound. Of a difference of changes θ is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cuped {
    metric: Metric,
    covariate: Metric,
    usage: CovariateUse,
    /// θ of all arms together, of Lin's the mean over the arms; 0 where the covariate does not vary.
    pub theta: f64,
    mean: f64,
    /// The covariate's variance over all units, over their number.
    mean_variance: f64,
    /// The share of the metric's variance that the covariate explains, 0 to 1; 0 where the metric
    /// does not vary.
    pub explained: f64,
}

fn slope(both: f64, square: f64) -> f64 {
    if square > 0.0 { both / square } else { 0.0 }
}

impl Cuped {
    /// From all arms together. `None` below two units in all.
    #[must_use]
    pub fn of(
        arms: &[&UnitStats],
        metric: Metric,
        covariate: Metric,
        usage: CovariateUse,
    ) -> Option<Cuped> {
        let mut all = UnitStats::new();
        for arm in arms {
            all.merge((*arm).clone()).ok()?;
        }
        let (y, x) = (Form::of(&all, metric)?, Form::of(&all, covariate)?);
        let (both, square) = (y.covariance(&x, &all)?, x.covariance(&x, &all)?);
        let own = y.covariance(&y, &all)?;
        let common = slope(both, square);
        let theta = match usage {
            CovariateUse::Cuped => common,
            CovariateUse::Difference => 1.0,
            CovariateUse::ByArm => {
                let slopes = arms.iter().filter_map(|arm| {
                    let (y, x) = (Form::of(arm, metric)?, Form::of(arm, covariate)?);
                    Some(slope(y.covariance(&x, arm)?, x.covariance(&x, arm)?))
                });
                let (sum, count) =
                    slopes.fold((0.0, 0.0), |(sum, n), theta| (sum + theta, n + 1.0));
                if count > 0.0 { sum / count } else { 0.0 }
            }
        };
        let gain =
            if usage == CovariateUse::Difference { 2.0 * both - square } else { common * both };
        let explained = if own > 0.0 { (gain / own).clamp(0.0, 1.0) } else { 0.0 };
        let mean_variance = square / all.count() as f64;
        Some(Cuped { metric, covariate, usage, theta, mean: x.value, mean_variance, explained })
    }

    /// An arm's estimate, adjusted. `None` below two units; of Lin's adjustment, below three.
    #[must_use]
    pub fn estimate(&self, arm: &UnitStats) -> Option<Estimate> {
        let (y, x) = (Form::of(arm, self.metric)?, Form::of(arm, self.covariate)?);
        let (both, square) = (y.covariance(&x, arm)?, x.covariance(&x, arm)?);
        let count = arm.count() as f64;
        let (theta, factor, more) = match self.usage {
            CovariateUse::ByArm if count < 3.0 => return None,
            CovariateUse::ByArm => {
                let theta = slope(both, square);
                let away = theta - self.theta;
                // Of two arms each has half of the difference; squared and doubled, both give all.
                let more = 2.0 * away * away * self.mean_variance * count;
                (theta, (count - 1.0) / (count - 2.0), more)
            }
            _ => (self.theta, 1.0, 0.0),
        };
        let rest = y.covariance(&y, arm)? - 2.0 * theta * both + theta * theta * square;
        Some(Estimate {
            count,
            value: y.value - theta * (x.value - self.mean),
            variance: rest.max(0.0) * factor + more,
            unadjusted: y.value,
        })
    }
}

/// Each arm's mean over strata, weighted by their shares of all units: of each stratum the estimate
/// of every arm. The weights are taken as fixed. `None` for an arm that is missing in a stratum.
#[must_use]
pub fn stratified(strata: &[Vec<Option<Estimate>>], arms: usize) -> Vec<Option<Estimate>> {
    let weight = |stratum: &Vec<Option<Estimate>>| {
        stratum.iter().flatten().map(|estimate| estimate.count).sum::<f64>()
    };
    let all: f64 = strata.iter().map(weight).sum();
    let of_arm = |arm: usize| {
        let (mut count, mut value, mut square, mut plain) = (0.0, 0.0, 0.0, 0.0);
        for stratum in strata {
            let own = (*stratum.get(arm)?)?;
            let share = weight(stratum) / all;
            count += own.count;
            value += share * own.value;
            square += share * share * own.squared_error();
            plain += own.count * own.unadjusted;
        }
        (count > 0.0).then(|| Estimate {
            count,
            value,
            variance: square * count,
            unadjusted: plain / count,
        })
    };
    (0..arms).map(of_arm).collect()
}

/// The effect over strata, each weighted by its share of all units: `(control, treatment)` of each.
/// The weights are taken as fixed, the law as normal. `None` without strata, or where nothing
/// varies.
#[must_use]
pub fn post_stratified(strata: &[(Estimate, Estimate)], confidence: f64) -> Option<Comparison> {
    let strata: Vec<Vec<Option<Estimate>>> =
        strata.iter().map(|(control, treatment)| vec![Some(*control), Some(*treatment)]).collect();
    let [Some(control), Some(treatment)] = stratified(&strata, 2)[..] else { return None };
    let error = (control.squared_error() + treatment.squared_error()).sqrt();
    normal_comparison(treatment.value - control.value, error, confidence)
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
