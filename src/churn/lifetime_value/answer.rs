//! What `lifetime-value` answers once its models stand: predictions of each customer, sums over all,
//! the report, its columns and warnings.

use super::analysis::{LifetimeValue, Phase};
use super::fitted::ModelFit;
use super::options::{AliveLater, AtRisk, Decile, LifetimeValueResult, Occasions, Verdict};
use crate::churn::btyd::predict::Ranged;
use crate::error::Result;
use crate::job::unfinished;
use crate::report::Warning;
use crate::stats::optimum::Ending;
use crate::stats::proportion::Interval;
use crate::table::calendar::Date;

/// The columns of numbers, in their order. Those that end in Low or High need standard errors.
pub(super) const COLUMNS: [&str; 14] = [
    "repeats",
    "last",
    "age",
    "meanSpend",
    "alive",
    "aliveLow",
    "aliveHigh",
    "expectedPurchases",
    "expectedPurchasesLow",
    "expectedPurchasesHigh",
    "expectedSpend",
    "value",
    "valueLow",
    "valueHigh",
];

/// The columns of each later time.
pub(super) const LATER_COLUMNS: [[&str; 3]; 12] = [
    ["aliveLater1", "aliveLater1Low", "aliveLater1High"],
    ["aliveLater2", "aliveLater2Low", "aliveLater2High"],
    ["aliveLater3", "aliveLater3Low", "aliveLater3High"],
    ["aliveLater4", "aliveLater4Low", "aliveLater4High"],
    ["aliveLater5", "aliveLater5Low", "aliveLater5High"],
    ["aliveLater6", "aliveLater6Low", "aliveLater6High"],
    ["aliveLater7", "aliveLater7Low", "aliveLater7High"],
    ["aliveLater8", "aliveLater8Low", "aliveLater8High"],
    ["aliveLater9", "aliveLater9Low", "aliveLater9High"],
    ["aliveLater10", "aliveLater10Low", "aliveLater10High"],
    ["aliveLater11", "aliveLater11Low", "aliveLater11High"],
    ["aliveLater12", "aliveLater12Low", "aliveLater12High"],
];

/// Correlations of number and money of purchases beyond are warned of.
const MUCH_CORRELATION: f64 = 0.3;

/// What is added up over customers, in the order of their counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) alive: f64,
    pub(super) purchases: f64,
    pub(super) total: Option<Ranged>,
    pub(super) risk: AtRisk,
}

impl LifetimeValue {
    /// Predictions of some more customers.
    pub(super) fn predict(&mut self, budget: usize) -> Result<()> {
        let mut predictor = self.predictor.take().ok_or_else(unfinished)?;
        let (mut sums, unit) = (self.sums, self.unit_periods());
        let until = self.next.saturating_add(budget.max(1)).min(self.customers.len());
        for (counts, place) in self.customers.get(self.next..until).unwrap_or_default() {
            let mean = self.mean(counts);
            let told = predictor.customer(counts, mean)?;
            let alive = told.alive;
            sums.alive += alive.value;
            sums.purchases += told.purchases.value;
            if alive.value < self.options.at_risk_below {
                sums.risk.customers += 1;
                sums.risk.value += told.value.value;
                sums.risk.value_at_risk += told.value_if_alive - told.value.value;
            }
            let row = [
                f64::from(counts.repeats),
                f64::from(counts.last) / unit,
                f64::from(counts.age) / unit,
                mean,
                alive.value,
                alive.low,
                alive.high,
                told.purchases.value,
                told.purchases.low,
                told.purchases.high,
                told.spend,
                told.value.value,
                told.value.low,
                told.value.high,
            ];
            let later = predictor.later().iter().flat_map(|told| [told.value, told.low, told.high]);
            for (column, value) in self.columns.iter_mut().zip(row.into_iter().chain(later)) {
                if let Some(slot) = column.get_mut(*place as usize) {
                    *slot = value;
                }
            }
        }
        sums.total = Some(predictor.total());
        (self.sums, self.predictor, self.next) = (sums, Some(predictor), until);
        if until == self.customers.len() {
            self.phase = Phase::Result;
        }
        Ok(())
    }

    /// Tenths of the customers by value.
    fn deciles(&self) -> Vec<Decile> {
        let column = |name: &str| {
            let at = COLUMNS.iter().position(|column| *column == name).unwrap_or(0);
            self.columns.get(at).map_or(&[][..], Vec::as_slice)
        };
        let pairs = column("alive").iter().zip(column("expectedPurchases"));
        let mut rows: Vec<[f64; 3]> =
            column("value").iter().zip(pairs).map(|(v, (a, p))| [*v, *a, *p]).collect();
        rows.sort_unstable_by(|one, other| {
            let order = one.iter().zip(other).map(|(one, other)| other.total_cmp(one));
            order.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        let (count, total) = (rows.len(), self.sums.total.map_or(0.0, |total| total.value));
        let tenth = |at: usize| {
            let own = rows.get(count * at / 10..count * (at + 1) / 10).unwrap_or_default();
            let mut decile = Decile { customers: own.len() as u64, ..Decile::default() };
            for [value, alive, purchases] in own {
                decile.value += value;
                decile.alive += alive / own.len() as f64;
                decile.expected_purchases += purchases;
            }
            decile.share = if total > 0.0 { decile.value / total } else { 0.0 };
            decile
        };
        (0..10).map(tenth).collect()
    }

    /// The report.
    pub(super) fn result(&mut self) -> Result<LifetimeValueResult> {
        let (Some((_, fit)), Some((_, spend)), Some(check), Some(total), Some(predictor)) =
            (&self.fitted, &self.spend, self.check.take(), self.sums.total, &self.predictor)
        else {
            return Err(unfinished());
        };
        let customers = self.customers.len() as u64;
        let mut at_risk = self.sums.risk;
        at_risk.share = at_risk.customers as f64 / customers as f64;
        let has_errors = fit.maximum.covariance.is_some();
        let later = self.options.alive_after_days.iter().zip(predictor.later_totals());
        let alive_later = later.map(|(days, Ranged { value, low, high })| AliveLater {
            days: *days,
            alive: value,
            interval: has_errors.then_some(Interval { low, high }),
        });
        Ok(LifetimeValueResult {
            population: customers,
            repeaters: self.customers.iter().filter(|row| row.0.repeats > 0).count() as u64,
            alive: self.sums.alive,
            alive_later: alive_later.collect(),
            expected_purchases: self.sums.purchases,
            value: total.value,
            value_interval: has_errors.then_some(Interval { low: total.low, high: total.high }),
            occasions: self.has_occasions().then(|| Occasions {
                until: Date::of_day_number(self.log.moment.day).to_string(),
                ahead: self.units(self.options.horizon_days) as u32,
            }),
            purchases: ModelFit::of(&self.options.model.parameters(), fit, self.width()),
            spend: spend.clone(),
            check,
            at_risk,
            deciles: self.deciles(),
        })
    }

    /// What the reader should know.
    pub(super) fn warnings(&self, result: &LifetimeValueResult) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut warn = |code: &'static str, count: u64, hint: String| {
            warnings.push(Warning { code, count, hint })
        };
        if result.purchases.ending != Ending::Converged {
            let name = result.purchases.culprit.unwrap_or("the parameters");
            warn(
                "not-converged",
                1,
                format!(
                    "the log does not determine {name}: there are no intervals, and another `model` may do"
                ),
            );
        }
        if self.is_without_dropout {
            warn(
                "no-dropout",
                1,
                "the log fits no worse without anybody dropping out: a P(alive) near 1 is no finding, \
                 `churn-risk` or `lifecycle` tell who has gone silent"
                    .to_owned(),
            );
        }
        if let Some(reason) = result.spend.reason {
            warn("spend-not-modelled", 1, format!("money is the customers' own mean ({reason})"));
        }
        if result.spend.correlation.is_some_and(|r| r.abs() > MUCH_CORRELATION) {
            warn(
                "spend-correlated",
                1,
                "who buys often spends otherwise than who does not: value is off for both"
                    .to_owned(),
            );
        }
        if result.check.verdict == Verdict::Poor {
            warn(
                "poor-fit",
                1,
                "the model did not foresee the days held out: do not rely on its numbers"
                    .to_owned(),
            );
        }
        let later = self.options.alive_after_days.last().copied().unwrap_or(0);
        let farthest = self.options.horizon_days.max(later);
        if farthest > self.log.span() {
            warn(
                "long-horizon",
                u64::from(farthest - self.log.span()),
                "the horizon is longer than the log: the far end is a guess".to_owned(),
            );
        }
        let lost =
            self.customers.iter().filter(|(counts, _)| counts.repeats > 0 && counts.money <= 0);
        let lost = lost.count() as u64;
        if lost > 0 {
            warn(
                "no-positive-spend",
                lost,
                "customers whose repeats left no money said nothing of money".to_owned(),
            );
        }
        warnings
    }
}
