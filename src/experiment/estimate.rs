//! One arm as a comparison sees it: an estimate, and the variance that one unit adds to it. All
//! metrics come down to this, so that every comparison works on every kind of metric.
//!
//! # References
//! The delta method for ratios: A. Deng, U. Knoblich, J. Lu, "Applying the delta method in metric
//! analytics", KDD 2018. Quantiles by their interval, and of clustered units: R. Yao et al. and
//! M. Liu et al., "Large-scale online experimentation with quantile metrics", 2019.

use super::unit_stats::UnitStats;
use crate::error::Result;
use crate::stats::quantile::{QuantileType, order_statistics, quantiles};
use crate::stats::special::error::normal_quantile;

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Units.
    pub count: f64,
    /// The estimate: a mean, a share, a ratio, a quantile; adjusted if a covariate is used.
    pub value: f64,
    /// The squared standard error of `value` times `count`.
    pub variance: f64,
    /// The same estimate without the adjustment: what relative effects divide by.
    pub unadjusted: f64,
}

/// What is estimated, by the places of values in a [`UnitStats`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The mean of a value.
    Mean(usize),
    /// The sum of the first over the sum of the second.
    Ratio(usize, usize),
}

/// A metric of an arm with what each unit adds to it, as a linear form of the unit's values (for a
/// ratio `(a − R·b)/b̄`, its first order).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) value: f64,
    weights: [(usize, f64); 2],
}

impl Form {
    /// `None` without units, and for a ratio whose denominator is 0 on average.
    pub(crate) fn of(stats: &UnitStats, metric: Metric) -> Option<Form> {
        match metric {
            Metric::Mean(at) => {
                Some(Form { value: stats.mean(at)?, weights: [(at, 1.0), (at, 0.0)] })
            }
            Metric::Ratio(above, below) => {
                let (numerator, denominator) = (stats.mean(above)?, stats.mean(below)?);
                let value = numerator / denominator;
                let weights = [(above, 1.0 / denominator), (below, -value / denominator)];
                value.is_finite().then_some(Form { value, weights })
            }
        }
    }

    /// The covariance of two forms over the units of `stats`.
    pub(crate) fn covariance(&self, other: &Form, stats: &UnitStats) -> Option<f64> {
        let mut sum = 0.0;
        for (a, x) in self.weights {
            for (b, y) in other.weights {
                sum += x * y * stats.covariance(a, b)?;
            }
        }
        Some(sum)
    }
}

impl Estimate {
    /// A metric of an arm. `None` below two units, and for a ratio whose denominator is 0.
    #[must_use]
    pub fn of(stats: &UnitStats, metric: Metric) -> Option<Estimate> {
        let form = Form::of(stats, metric)?;
        let variance = form.covariance(&form, stats)?.max(0.0);
        let count = stats.count() as f64;
        Some(Estimate { count, value: form.value, variance, unadjusted: form.value })
    }

    /// A mean that is given with its variance. `None` unless all are finite, the variance is not
    /// negative and there are two units.
    #[must_use]
    pub fn of_mean(count: f64, mean: f64, variance: f64) -> Option<Estimate> {
        let is_good = count >= 2.0 && mean.is_finite() && variance >= 0.0 && variance.is_finite();
        is_good.then_some(Estimate { count, value: mean, variance, unadjusted: mean })
    }

    /// A share, with the variance `p·(1 − p)`. `None` without units or with more successes.
    #[must_use]
    pub fn of_proportion(successes: f64, count: f64) -> Option<Estimate> {
        if !(count > 0.0 && (0.0..=count).contains(&successes)) {
            return None;
        }
        let p = successes / count;
        Some(Estimate { count, value: p, variance: p * (1.0 - p), unadjusted: p })
    }

    /// The squared standard error.
    #[must_use]
    pub fn squared_error(&self) -> f64 {
        self.variance / self.count
    }
}

/// A quantile of an arm with its 95 % interval by order statistics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// Values (several per unit where units are clusters).
    pub count: f64,
    /// How many of them the interval is of.
    pub interval_count: f64,
    /// Which quantile, between 0 and 1.
    pub probability: f64,
    /// The quantile.
    pub value: f64,
    /// Lower end of its 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Quantile {
    /// The quantile of type 7 with its interval, out of values themselves. `None` without values.
    ///
    /// # Errors
    /// `limit-memory` if there is no room to count them; `invalid-option` for a probability out of
    /// range.
    pub fn of(values: &[f64], probability: f64) -> Result<Option<Quantile>> {
        let count = values.len() as f64;
        let reach = normal_quantile(0.025).unwrap_or_default().abs()
            * (count * probability * (1.0 - probability)).sqrt();
        let rank = |place: f64| (place - 1.0).max(0.0) as usize;
        let (low, high) = (
            rank((count * probability - reach).floor()),
            rank((count * probability + reach).ceil()),
        );
        let value = quantiles(values, &[probability], QuantileType::Linear)?;
        let ends = order_statistics(values, &[low, high])?;
        Ok(match (value.as_deref(), &ends[..]) {
            (Some([value]), [low, high]) => Some(Quantile {
                count,
                interval_count: count,
                probability,
                value: *value,
                low: *low,
                high: *high,
            }),
            _ => None,
        })
    }

    /// The quantile with the variance that its interval shows, but from 100 values on at least
    /// `least`: 1e-5 in the engine that this follows, 0 for answers that do not hang on the unit.
    /// `clusters` are, per cluster, the values below the quantile and all values. `None` where the
    /// values are too few for a normal law (`n ≤ z²·max(ν/(1 − ν), (1 − ν)/ν)`), where fewer than
    /// 1000 show no spread, and for fewer than two clusters.
    #[must_use]
    pub fn estimate(&self, clusters: Option<&UnitStats>, least: f64) -> Option<Estimate> {
        let nu = self.probability;
        let z = normal_quantile(0.025)?.abs();
        if !(nu > 0.0 && nu < 1.0) || self.count <= z * z * (nu / (1.0 - nu)).max((1.0 - nu) / nu) {
            return None;
        }
        let spread = (self.high - self.low) / (2.0 * z);
        let mut variance = self.interval_count / self.count * (self.count - 1.0) * spread * spread;
        if variance == 0.0 && self.count < 1000.0 {
            return None;
        }
        if self.count >= 100.0 {
            variance = variance.max(least);
        }
        if let Some(clusters) = clusters {
            let share = Estimate::of(clusters, Metric::Ratio(0, 1))?;
            // The variance of the share below the quantile, over what independent values have.
            let of_share = share.variance / share.count;
            variance *= of_share / (nu * (1.0 - nu) / self.count);
        }
        let Quantile { count, value, .. } = *self;
        Some(Estimate { count, value, variance, unadjusted: value })
    }
}
