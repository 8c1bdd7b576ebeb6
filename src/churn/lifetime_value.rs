//! `lifetime-value`: how likely each customer is still there, how much they will buy, what that is
//! worth today, and whether the model may be believed.
//!
//! A log becomes histories (days with a purchase are purchases), a buy-till-you-die model is fitted to
//! them ([`super::btyd`]), Gamma-Gamma to the money, and both give P(alive), purchases and customer
//! lifetime value, with intervals. The same model is fitted to the days before a split and held
//! against the days after it.
//!
//! When not to use it: subscriptions, whose end is seen; goods bought once; strong seasons. And never
//! without a look at the verdict.

use serde::{Deserialize, Serialize};

use super::btyd::check::{Bin, Comparison, Holdout};
use super::btyd::fit::{Fit, purchases, spend, without_dropout};
use super::btyd::gamma_gamma::GammaGamma;
use super::btyd::histories::{Counted, Counts, PaidDay};
use super::btyd::predict::{Outlook, Predictor, Ranged, Spend};
use super::btyd::{Family, Model};
use super::paid_log::PaidLog;
use crate::customers::daily::DailyMoney;
use crate::customers::purchases::{Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, filled, ids, no_memory, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values, Warning};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::optimum::Ending;
use crate::stats::proportion::Interval;
use crate::stats::special::error::normal_quantile;
use crate::table::money;
use crate::table::period::{Periods, Unit, WeekStart};

/// Options of `lifetime-value`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifetimeValueOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out, and predictions begin there.
    pub at: String,
    /// The model of purchases.
    #[serde(default)]
    pub model: Family,
    /// The unit of time of parameters and of the columns `last` and `age`: `day`, `week`, `month`
    /// of 30.4375 days, or `quarter` and `year` of so many months. It changes no prediction.
    #[serde(default = "usual_unit")]
    pub unit: Unit,
    /// How many days ahead purchases and value are told, 1 to 3,650.
    #[serde(default = "usual_horizon")]
    pub horizon_days: u32,
    /// What money loses in value in a year: 0.1 makes 110 of next year 100 of today. From 0 to 10.
    #[serde(default = "usual_discount")]
    pub discount_per_year: f64,
    /// The part of the money that is earned, above 0 and at most 1. With 1, value is discounted money.
    #[serde(default = "usual_margin")]
    pub margin: f64,
    /// How many days before `at` are held out to check the model; 0 for no check. Default: a third of
    /// the days since the first purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_days: Option<u32>,
    /// Customers whose P(alive) is below count as at risk; between 0 and 1.
    #[serde(default = "usual_risk")]
    pub at_risk_below: f64,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// What a negative amount does: netted, it lowers the money of the purchase before it, and is no
    /// purchase.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
}

fn usual_unit() -> Unit {
    Unit::Week
}

fn usual_horizon() -> u32 {
    365
}

fn usual_discount() -> f64 {
    0.1
}

fn usual_margin() -> f64 {
    1.0
}

fn usual_risk() -> f64 {
    0.5
}

/// Result of `lifetime-value`. The column set `customers` holds `customer`, `repeats` (days of purchase
/// after the first), `last` and `age` (units from the first purchase to the last and to `at`),
/// `meanSpend` (money of a repeat), `alive`, `expectedPurchases`, `expectedSpend` (of each of them),
/// `value`, and where the model has standard errors also `aliveLow`, `aliveHigh`, `expectedPurchasesLow`,
/// `expectedPurchasesHigh`, `valueLow`, `valueHigh`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifetimeValueResult {
    /// Customers with a purchase.
    pub population: u64,
    /// Of them, those who bought on more than one day.
    pub repeaters: u64,
    /// Customers still there, expected: the sum of P(alive).
    pub alive: f64,
    /// Purchases expected of all over the horizon.
    pub expected_purchases: f64,
    /// Discounted worth of all customers over the horizon.
    pub value: f64,
    /// Interval of the value; null without standard errors.
    pub value_interval: Option<Interval>,
    /// The model of purchases.
    pub purchases: ModelFit,
    /// The model of money.
    pub spend: SpendFit,
    /// Whether the model foresaw what came.
    pub check: Check,
    /// Customers at risk, and what hangs on them.
    pub at_risk: AtRisk,
    /// Customers in tenths by value, the most valuable first.
    pub deciles: Vec<Decile>,
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelFit {
    /// Its parameters; rates are per `unit`.
    pub parameters: Vec<Parameter>,
    /// Logarithm of the likelihood of all customers, natural.
    pub log_likelihood: f64,
    /// How the search ended. Without `converged` there are no standard errors.
    pub ending: Ending,
    /// The parameter that the data do not determine, where the search ended without a maximum.
    pub culprit: Option<&'static str>,
    /// Largest entry of the gradient of the mean log-likelihood by the logarithms of the parameters.
    pub gradient: f64,
    /// Condition number of the Hessian by these logarithms: from about a million on the parameters can
    /// hardly be told apart.
    pub condition: Option<f64>,
    /// Evaluations of the likelihood.
    pub evaluations: u32,
}

/// What two more parameters must add to a log-likelihood to be worth having, by Akaike's criterion.
const TWO_PARAMETERS: f64 = 2.0;

impl ModelFit {
    /// What a search found; `width` is half that of the intervals, in standard errors.
    pub(super) fn of(names: &[&'static str], fit: &Fit, width: f64) -> ModelFit {
        let size = names.len();
        let covariance = fit.maximum.covariance.as_deref();
        let of = |(at, (name, value)): (usize, (&&'static str, &f64))| {
            let error = covariance.and_then(|entries| entries.get(at * (size + 1)));
            let error = error.map(|variance| variance.max(0.0).sqrt());
            Parameter {
                name,
                value: *value,
                standard_error: error.map(|error| value * error),
                interval: error.map(|error| {
                    let factor = libm::exp(width * error);
                    Interval { low: value / factor, high: value * factor }
                }),
            }
        };
        let maximum = &fit.maximum;
        ModelFit {
            parameters: names.iter().zip(&fit.parameters).enumerate().map(of).collect(),
            log_likelihood: maximum.value,
            ending: maximum.ending,
            culprit: maximum.culprit.and_then(|at| names.get(at).copied()),
            gradient: maximum.gradient,
            condition: maximum.condition,
            evaluations: maximum.evaluations,
        }
    }
}

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Parameter {
    /// Its name in the papers.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Its standard error.
    pub standard_error: Option<f64>,
    /// Its interval, from that of its logarithm.
    pub interval: Option<Interval>,
}

/// The model of money.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpendFit {
    /// Gamma-Gamma; null where it cannot be had.
    pub model: Option<ModelFit>,
    /// Why not: `not-enough-data`, `not-identifiable` (all spend the same), `not-converged`, or
    /// `no-mean` (`q` is 1 or less). Each customer's own mean then takes its place, and that of all
    /// where there is none.
    pub reason: Option<&'static str>,
    /// Mean over repeat buyers of the mean money of a repeat.
    pub mean: f64,
    /// Pearson correlation of repeats and their mean money among repeat buyers: the model supposes 0.
    /// Null with fewer than three of them, or without spread.
    pub correlation: Option<f64>,
}

/// Whether the model may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// The purchases of the days held out are within 10 % of those expected, and customers are
    /// foreseen better than by their own pace so far.
    Good,
    /// Within 25 %, and better than by their own pace.
    Fair,
    /// Farther off, or worse than by their own pace.
    Poor,
    /// Nothing was held out, or too little came to tell.
    Unknown,
}

/// A model fitted to the days before a split, against the days after it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// In one word.
    pub verdict: Verdict,
    /// Days held out.
    pub days: u32,
    /// Customers who had bought before.
    pub customers: u64,
    /// Days of purchase that came after the split.
    pub actual: f64,
    /// Those expected.
    pub expected: f64,
    /// Root of the mean squared difference of a customer.
    pub error: f64,
    /// The same if everybody had gone on at their own pace.
    pub naive_error: f64,
    /// By repeats before the split, 7 standing for 7 and more: customers, mean days of purchase
    /// after it, and those expected.
    pub bins: Vec<CheckBin>,
}

/// Customers with so many repeats before the split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckBin {
    /// Repeats before the split.
    pub repeats: u32,
    /// Customers.
    pub customers: u64,
    /// Mean days of purchase after it.
    pub actual: f64,
    /// Mean expected.
    pub expected: f64,
}

/// Customers whose P(alive) is below `atRiskBelow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AtRisk {
    /// How many.
    pub customers: u64,
    /// Their share of all customers, 0 to 1.
    pub share: f64,
    /// What is still expected of them.
    pub value: f64,
    /// What more they would be worth if all of them were surely there.
    pub value_at_risk: f64,
}

/// A tenth of the customers by value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decile {
    /// Customers in it.
    pub customers: u64,
    /// Their value together.
    pub value: f64,
    /// Part of the value of all, 0 to 1; 0 if nobody is worth anything.
    pub share: f64,
    /// Their mean P(alive).
    pub alive: f64,
    /// Purchases expected of them together.
    pub expected_purchases: f64,
}

/// The columns of numbers, in their order. Those that end in Low or High need standard errors.
const COLUMNS: [&str; 14] = [
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

/// Fewer purchases held out tell nothing.
const FEW_PURCHASES: f64 = 20.0;

/// Correlations of number and money of purchases beyond are warned of.
const MUCH_CORRELATION: f64 = 0.3;

/// A month as a step of discounting, and a year.
const MONTH_DAYS: f64 = 30.4375;
const YEAR_DAYS: f64 = 365.25;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Days,
    Histories,
    Purchases,
    Money,
    Check,
    Customers,
    Result,
    Done,
}

/// The running analysis.
#[derive(Debug)]
pub struct LifetimeValue {
    options: LifetimeValueOptions,
    log: PaidLog,
    phase: Phase,
    next: usize,
    /// Counts of each customer and the place of their row in the answer, in the order of counts once
    /// all are there.
    customers: Vec<(Counts, u32)>,
    codes: Vec<u32>,
    holdout: Holdout,
    fitted: Option<(Model, Fit)>,
    /// Nothing in the log speaks for anybody dropping out.
    is_without_dropout: bool,
    spend: Option<(Spend, SpendFit)>,
    check: Option<Check>,
    predictor: Option<Predictor>,
    columns: Vec<Vec<f64>>,
    sums: Sums,
    result: Option<LifetimeValueResult>,
}

/// What is added up over customers, in the order of their counts.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    alive: f64,
    purchases: f64,
    total: Option<Ranged>,
    risk: AtRisk,
}

impl Analysis for LifetimeValue {
    const NAME: &'static str = "lifetime-value";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Buy-till-you-die model with Gamma-Gamma spend",
        reference: "Fader, P. S., Hardie, B. G. S., Lee, K. L. (2005). Counting Your Customers the Easy \
                    Way. Marketing Science 24, 275–284. Fader, P. S., Hardie, B. G. S. (2013). The \
                    Gamma-Gamma Model of Monetary Value. Note 025.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = LifetimeValueOptions;
    type Result = LifetimeValueResult;

    fn needs(_options: &LifetimeValueOptions, _input: usize) -> Result<Needs> {
        Ok(PaidLog::needs())
    }

    fn estimate(_options: &LifetimeValueOptions, inputs: &[Facts<'_>]) -> u64 {
        // Counts twice (with those of the days held out), distinct histories, and the columns.
        let of = |log: &Facts<'_>| {
            DailyMoney::estimate(log.rows, log.customers)
                + log.customers * (2 * 48 + 80 + 32 + 8 * COLUMNS.len() as u64)
        };
        inputs.first().map_or(0, of)
    }

    fn start(mut options: LifetimeValueOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let log = inputs
            .first()
            .ok_or_else(|| Error::new(Code::UnknownTable, "`lifetime-value` reads one log"))?;
        check_confidence(options.confidence)?;
        let bounds = [
            ("horizonDays", f64::from(options.horizon_days), 1.0, 3650.0),
            ("discountPerYear", options.discount_per_year, 0.0, 10.0),
            ("margin", options.margin, f64::MIN_POSITIVE, 1.0),
            ("atRiskBelow", options.at_risk_below, 0.0, 1.0),
        ];
        for (name, value, low, high) in bounds {
            if !(value >= low && value <= high) {
                let hint = "this is beyond what the option can be: see its documentation";
                return Err(Error::new(Code::InvalidOption, hint).at_path(name));
            }
        }
        // −0 would be another number in the report.
        options.discount_per_year += 0.0;
        let LifetimeValueOptions { refunds, zeros, .. } = options;
        let log = PaidLog::start(&options.at, refunds, zeros, log)?;
        Ok(LifetimeValue {
            options,
            log,
            phase: Phase::Days,
            next: 0,
            customers: Vec::new(),
            codes: Vec::new(),
            holdout: Holdout::default(),
            fitted: None,
            is_without_dropout: false,
            spend: None,
            check: None,
            predictor: None,
            columns: Vec::new(),
            sums: Sums::default(),
            result: None,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.log.update(rows)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let (days, known) = (self.log.days.len() as u64, self.log.days.customers() as u64);
        let total = days + 2 * known + 5;
        let done = match self.phase {
            Phase::Days => {
                if self.log.days.settle(budget)? {
                    self.phase = Phase::Histories;
                    self.codes.try_reserve_exact(known as usize).map_err(|_| no_memory())?;
                    self.customers.try_reserve_exact(known as usize).map_err(|_| no_memory())?;
                }
                self.log.days.settled() as u64
            }
            Phase::Histories => {
                self.histories(budget)?;
                days + self.next as u64
            }
            Phase::Purchases => {
                let rows = self.counted()?;
                let fitted = purchases(self.options.model, &rows)?;
                let found = fitted.1.maximum.value;
                self.is_without_dropout = without_dropout(&rows)
                    .is_ok_and(|simple| found - simple.maximum.value < TWO_PARAMETERS);
                self.fitted = Some(fitted);
                self.phase = Phase::Money;
                days + known + 1
            }
            Phase::Money => {
                self.spend = Some(self.money()?);
                self.phase = Phase::Check;
                days + known + 2
            }
            Phase::Check => {
                self.check = Some(self.checked()?);
                self.next = 0;
                self.predictor = Some(self.predictor()?);
                for _ in COLUMNS {
                    self.columns.push(filled(0.0, self.codes.len())?);
                }
                self.phase = Phase::Customers;
                days + known + 3
            }
            Phase::Customers => {
                self.predict(budget)?;
                days + known + 3 + self.next as u64
            }
            Phase::Result => {
                self.result = Some(self.result()?);
                self.phase = Phase::Done;
                total
            }
            Phase::Done => total,
        };
        Ok(Progress { done: done.min(total), total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<LifetimeValueResult, LifetimeValueOptions>> {
        let result = self.result.take().ok_or_else(unfinished)?;
        let has_errors = result.purchases.ending == Ending::Converged;
        let mut columns = vec![NamedColumn { name: "customer", values: ids(&self.codes, names)? }];
        for (name, values) in COLUMNS.into_iter().zip(std::mem::take(&mut self.columns)) {
            if has_errors || !(name.ends_with("Low") || name.ends_with("High")) {
                columns.push(NamedColumn { name, values: Values::F64(values) });
            }
        }
        let warnings = self.warnings(&result);
        self.options.holdout_days = Some(result.check.days);
        Ok(Outcome {
            rows: self.log.rows,
            customers: result.population,
            sets: vec![ColumnSet { name: "customers", length: self.codes.len(), columns }],
            left_out: self.log.left_out(),
            warnings,
            options: self.options,
            result,
        })
    }

    fn heap_size(&self) -> usize {
        self.log.days.heap_size()
            + self.customers.capacity() * 48
            + self.codes.capacity() * 4
            + self.columns.iter().map(|column| column.capacity() * 8).sum::<usize>()
    }
}

const DAYS: Periods = Periods { unit: Unit::Day, week_start: WeekStart::Monday };

impl LifetimeValue {
    fn unit_days(&self) -> f64 {
        match self.options.unit {
            Unit::Day => 1.0,
            Unit::Week => 7.0,
            Unit::Month => MONTH_DAYS,
            Unit::Quarter => 3.0 * MONTH_DAYS,
            Unit::Year => 12.0 * MONTH_DAYS,
        }
    }

    fn holdout_days(&self) -> u32 {
        self.options.holdout_days.unwrap_or(self.log.span() / 3).min(self.log.span())
    }

    /// The day before the first one held out.
    fn split(&self) -> i32 {
        self.log.moment.day.saturating_sub_unsigned(self.holdout_days())
    }

    fn histories(&mut self, budget: usize) -> Result<()> {
        let until = self.next.saturating_add(budget.max(1)).min(self.log.days.customers());
        let mut days: Vec<PaidDay> = Vec::new();
        let split = self.split();
        for code in self.next..until {
            let code = code as u32;
            self.log.days.of(code, &mut days)?;
            let Some(counts) = Counts::of(&days, self.log.moment.day, DAYS) else {
                self.log.refund_only += u64::from(self.log.days.is_known(code));
                continue;
            };
            self.customers.push((counts, self.codes.len() as u32));
            self.codes.push(code);
            if self.holdout_days() > 0 {
                self.holdout.add(&days, split, self.log.moment.day);
            }
        }
        self.next = until;
        if until < self.log.days.customers() {
            return Ok(());
        }
        if self.customers.is_empty() {
            let hint = "no customer has a purchase up to this date: is it right?";
            return Err(Error::new(Code::NotEnoughData, hint).at_path("at"));
        }
        self.customers.sort_unstable();
        self.phase = Phase::Purchases;
        Ok(())
    }

    /// Equal histories together.
    fn counted(&self) -> Result<Vec<Counted>> {
        let key = |row: &(Counts, u32)| (row.0.repeats, row.0.age, row.0.last);
        let unit = self.unit_days();
        let rows = self.customers.chunk_by(|a, b| key(a) == key(b)).filter_map(|rows| {
            let history = rows.first()?.0.history(unit);
            Some(history.map(|history| Counted { history, customers: rows.len() as f64 }))
        });
        rows.collect()
    }

    /// Mean money of a repeat; 0 without any.
    fn mean(&self, counts: &Counts) -> f64 {
        money::to_f64(counts.money, self.log.scale) / f64::from(counts.repeats.max(1))
    }

    fn money(&self) -> Result<(Spend, SpendFit)> {
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

    fn checked(&self) -> Result<Check> {
        let days = self.holdout_days();
        let unit = self.unit_days();
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
            found = self.holdout.compare(&model, unit, f64::from(days) / unit)?;
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
    fn width(&self) -> f64 {
        let tail = (1.0 - self.options.confidence) / 2.0;
        -normal_quantile(tail).unwrap_or(0.0)
    }

    fn predictor(&self) -> Result<Predictor> {
        let (Some(fitted), Some((spend, _))) = (&self.fitted, &self.spend) else {
            return Err(unfinished());
        };
        let LifetimeValueOptions { horizon_days, discount_per_year, margin, .. } = self.options;
        let (horizon, unit) = (f64::from(horizon_days), self.unit_days());
        let steps = (horizon / MONTH_DAYS).ceil().max(1.0);
        let step_days = horizon / steps;
        let rate = libm::expm1(libm::log1p(discount_per_year) * step_days / YEAR_DAYS);
        let (width, length) = (self.width(), step_days / unit);
        let outlook = Outlook { steps: steps as u32, length, rate, margin, width };
        Predictor::new(self.options.model, fitted.clone(), spend.clone(), outlook, unit)
    }

    fn predict(&mut self, budget: usize) -> Result<()> {
        let mut predictor = self.predictor.take().ok_or_else(unfinished)?;
        let (mut sums, unit) = (self.sums, self.unit_days());
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
            for (column, value) in self.columns.iter_mut().zip(row) {
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

    fn result(&mut self) -> Result<LifetimeValueResult> {
        let (Some((_, fit)), Some((_, spend)), Some(check), Some(total)) =
            (&self.fitted, &self.spend, self.check.take(), self.sums.total)
        else {
            return Err(unfinished());
        };
        let customers = self.customers.len() as u64;
        let mut at_risk = self.sums.risk;
        at_risk.share = at_risk.customers as f64 / customers as f64;
        let has_errors = fit.maximum.covariance.is_some();
        Ok(LifetimeValueResult {
            population: customers,
            repeaters: self.customers.iter().filter(|row| row.0.repeats > 0).count() as u64,
            alive: self.sums.alive,
            expected_purchases: self.sums.purchases,
            value: total.value,
            value_interval: has_errors.then_some(Interval { low: total.low, high: total.high }),
            purchases: ModelFit::of(&self.options.model.parameters(), fit, self.width()),
            spend: spend.clone(),
            check,
            at_risk,
            deciles: self.deciles(),
        })
    }

    fn warnings(&self, result: &LifetimeValueResult) -> Vec<Warning> {
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
        if self.options.horizon_days > self.log.span() {
            warn(
                "long-horizon",
                u64::from(self.options.horizon_days - self.log.span()),
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
