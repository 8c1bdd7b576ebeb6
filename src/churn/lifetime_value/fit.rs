//! From customers' histories to models of purchases and of money, and whether the model of purchases
//! foresaw the days held out.

use super::analysis::{LifetimeValue, MONTH_DAYS};
use super::fitted::{ModelFit, SpendFit};
use super::options::{Check, CheckBin, LifetimeValueOptions, Verdict};
use crate::churn::btyd::check::{Bin, Comparison};
use crate::churn::btyd::fit::{Fit, purchases, spend};
use crate::churn::btyd::gamma_gamma::GammaGamma;
use crate::churn::btyd::histories::{Counted, Counts};
use crate::churn::btyd::predict::{Outlook, Predictor, Spend};
use crate::error::Result;
use crate::job::unfinished;
use crate::stats::optimum::Ending;
use crate::stats::special::error::normal_quantile;
use crate::table::money;

/// Fewer purchases held out tell nothing.
const FEW_PURCHASES: f64 = 20.0;

/// A mean year, in days.
const YEAR_DAYS: f64 = 365.25;

impl LifetimeValue {
    /// Equal histories together.
    pub(super) fn counted(&self) -> Result<Vec<Counted>> {
        let key = |row: &(Counts, u32)| (row.0.repeats, row.0.age, row.0.last);
        let unit = self.unit_periods();
        let rows = self.customers.chunk_by(|a, b| key(a) == key(b)).filter_map(|rows| {
            let history = rows.first()?.0.history(unit);
            Some(history.map(|history| Counted { history, customers: rows.len() as f64 }))
        });
        rows.collect()
    }

    /// Mean money of a repeat; 0 without any.
    pub(super) fn mean(&self, counts: &Counts) -> f64 {
        money::to_f64(counts.money, self.log.scale) / f64::from(counts.repeats.max(1))
    }

    /// The model of money, and how it is told.
    pub(super) fn money(&self) -> Result<(Spend, SpendFit)> {
        let repeaters: Vec<(u32, f64)> = self
            .customers
            .iter()
            .filter(|(counts, _)| counts.repeats > 0)
            .map(|(counts, _)| (counts.repeats, self.mean(counts)))
            .collect();
        let count = repeaters.len() as f64;
        let mean = repeaters.iter().map(|row| row.1).sum::<f64>() / count.max(1.0);
        let repeats = repeaters.iter().map(|row| f64::from(row.0)).sum::<f64>() / count.max(1.0);
        let moments = repeaters.iter().fold([0.0; 3], |[xx, xm, mm], (x, m)| {
            let (x, m) = (f64::from(*x) - repeats, m - mean);
            [xx + x * x, xm + x * m, mm + m * m]
        });
        let spread = (moments[0] * moments[2]).sqrt();
        let correlation =
            (count >= 3.0 && spread > 0.0 && spread.is_finite()).then(|| moments[1] / spread);
        let usable = |model: &GammaGamma, fit: &Fit| {
            if fit.maximum.ending != Ending::Converged {
                return Some("not-converged");
            }
            model.expected(0, 0.0).is_err().then_some("no-mean")
        };
        let (reason, spend, model) = match spend(&repeaters) {
            Ok((model, fit)) => {
                let told = ModelFit::of(&["p", "q", "v"], &fit, self.width());
                match usable(&model, &fit) {
                    None => (None, Spend::Model(model, fit), Some(told)),
                    reason => (reason, Spend::Mean(mean), Some(told)),
                }
            }
            Err(error) => (Some(error.code().as_str()), Spend::Mean(mean), None),
        };
        Ok((spend, SpendFit { model, reason, mean, correlation }))
    }

    /// Fits to the days before the split, and holds that against the days after it.
    pub(super) fn checked(&self) -> Result<Check> {
        let (days, unit) = (self.holdout_days(), self.unit_periods());
        let rows: Result<Vec<Counted>> = self
            .holdout
            .counts()
            .map(|(counts, customers)| {
                Ok(Counted { history: counts.history(unit)?, customers: f64::from(customers) })
            })
            .collect();
        let mut found = Comparison {
            customers: 0,
            actual: 0.0,
            expected: 0.0,
            error: 0.0,
            naive_error: 0.0,
            bins: Vec::new(),
        };
        let mut verdict = Verdict::Unknown;
        // Before the split there may have been nothing to learn from.
        if let Ok((model, fit)) = purchases(self.options.model, &rows?) {
            found = self.holdout.compare(&model, unit, f64::from(self.held_out()) / unit)?;
            let miss = (found.expected / found.actual - 1.0).abs();
            let is_better = found.error <= found.naive_error;
            let is_fitted = fit.maximum.ending != Ending::StepLimit;
            verdict = if found.actual < FEW_PURCHASES || !is_fitted {
                Verdict::Unknown
            } else if miss <= 0.1 && is_better {
                Verdict::Good
            } else if miss <= 0.25 && is_better {
                Verdict::Fair
            } else {
                Verdict::Poor
            };
        }
        let Comparison { customers, actual, expected, error, naive_error, bins } = found;
        let bin = |bin: &Bin| {
            let Bin { repeats, customers, actual, expected } = *bin;
            CheckBin { repeats, customers, actual, expected }
        };
        let bins = bins.iter().map(bin).collect();
        Ok(Check { verdict, days, customers, actual, expected, error, naive_error, bins })
    }

    /// Half the width of the intervals in standard errors.
    pub(super) fn width(&self) -> f64 {
        let tail = (1.0 - self.options.confidence) / 2.0;
        -normal_quantile(tail).unwrap_or(0.0)
    }

    /// Predictions by the models that stand.
    pub(super) fn predictor(&self) -> Result<Predictor> {
        let (Some(fitted), Some((spend, _))) = (&self.fitted, &self.spend) else {
            return Err(unfinished());
        };
        let LifetimeValueOptions { horizon_days, discount_per_year, margin, .. } = self.options;
        let unit = self.unit_days();
        let (steps, step_days) = if self.has_occasions() {
            (self.units(horizon_days), unit)
        } else {
            let steps = (f64::from(horizon_days) / MONTH_DAYS).ceil().max(1.0);
            (steps, f64::from(horizon_days) / steps)
        };
        let rate = libm::expm1(libm::log1p(discount_per_year) * step_days / YEAR_DAYS);
        let (width, length) = (self.width(), step_days / unit);
        let outlook = Outlook { steps: steps as u32, length, rate, margin, width };
        let later = self.options.alive_after_days.iter().map(|days| self.units(*days));
        let unit = self.unit_periods();
        let told =
            Predictor::new(self.options.model, fitted.clone(), spend.clone(), outlook, unit)?;
        Ok(told.at_times(later.collect()))
    }
}
