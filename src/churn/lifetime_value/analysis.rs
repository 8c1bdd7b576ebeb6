//! `lifetime-value`: how likely each customer is still there, how much they will buy, what that is
//! worth today, and whether the model may be believed.
//!
//! A log becomes histories (days with a purchase are purchases), a buy-till-you-die model is fitted to
//! them ([`crate::churn::btyd`]), Gamma-Gamma to the money, and both give P(alive), purchases and customer
//! lifetime value, with intervals. The same model is fitted to the days before a split and held
//! against the days after it.
//!
//! When not to use it: subscriptions, whose end is seen; goods bought once; strong seasons. And never
//! without a look at the verdict.

use super::answer::{COLUMNS, LATER_COLUMNS, Sums};
use super::fitted::SpendFit;
use super::options::{Check, LifetimeValueOptions, LifetimeValueResult};
use crate::churn::btyd::check::Holdout;
use crate::churn::btyd::fit::{Fit, purchases, without_dropout};
use crate::churn::btyd::histories::{Counts, PaidDay};
use crate::churn::btyd::predict::{Predictor, Spend};
use crate::churn::btyd::{Family, Model};
use crate::churn::paid_log::PaidLog;
use crate::customers::daily::DailyMoney;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, filled, ids, no_memory, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values};
use crate::stats::confidence::check_confidence;
use crate::stats::optimum::Ending;
use crate::table::period::{Periods, Unit};

/// What two more parameters must add to a log-likelihood to be worth having, by Akaike's criterion.
const TWO_PARAMETERS: f64 = 2.0;

/// A mean month, in days.
pub(super) const MONTH_DAYS: f64 = 30.4375;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
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
    pub(super) options: LifetimeValueOptions,
    pub(super) log: PaidLog,
    pub(super) phase: Phase,
    pub(super) next: usize,
    /// Counts of each customer and the place of their row in the answer, in the order of counts once
    /// all are there.
    pub(super) customers: Vec<(Counts, u32)>,
    pub(super) codes: Vec<u32>,
    pub(super) holdout: Holdout,
    pub(super) fitted: Option<(Model, Fit)>,
    /// Nothing in the log speaks for anybody dropping out.
    pub(super) is_without_dropout: bool,
    pub(super) spend: Option<(Spend, SpendFit)>,
    pub(super) check: Option<Check>,
    pub(super) predictor: Option<Predictor>,
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) sums: Sums,
    pub(super) result: Option<LifetimeValueResult>,
}
impl Analysis for LifetimeValue {
    const NAME: &'static str = "lifetime-value";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Buy-till-you-die model with Gamma-Gamma spend",
        reference: "Fader, P. S., Hardie, B. G. S., Lee, K. L. (2005). Counting Your Customers the Easy \
                    Way. Marketing Science 24, 275–284. Fader, P. S., Hardie, B. G. S. (2013). The \
                    Gamma-Gamma Model of Monetary Value. Note 025. BG/BB: Fader, P. S., Hardie, B. G. S., \
                    Shang, J. (2010). Marketing Science 29, 1086–1108.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = LifetimeValueOptions;
    type Result = LifetimeValueResult;

    fn needs(_options: &LifetimeValueOptions, _input: usize) -> Result<Needs> {
        Ok(PaidLog::needs())
    }

    fn estimate(options: &LifetimeValueOptions, inputs: &[Facts<'_>]) -> u64 {
        // Counts twice (with those of the days held out), distinct histories, and the columns.
        let columns = (COLUMNS.len() + 3 * options.alive_after_days.len()) as u64;
        let of = |log: &Facts<'_>| {
            DailyMoney::estimate(log.rows, log.customers)
                + log.customers * (2 * 48 + 80 + 32 + 8 * columns)
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
        let later = &options.alive_after_days;
        let is_told = later.iter().all(|days| (1..=3650).contains(days))
            && later.is_sorted_by(|one, next| one < next)
            && later.len() <= LATER_COLUMNS.len();
        if !is_told {
            let hint =
                "these are 12 numbers of days at most, each 1 to 3650 and above the one before";
            return Err(Error::new(Code::InvalidOption, hint).at_path("aliveAfterDays"));
        }
        // −0 would be another number in the report.
        options.discount_per_year += 0.0;
        occasions(&mut options)?;
        let LifetimeValueOptions { refunds, zeros, .. } = options;
        let mut log = PaidLog::start(&options.at, refunds, zeros, log)?;
        let periods = periods(&options);
        if options.model == Family::BgBb {
            log.until_last_whole(periods);
        }
        Ok(LifetimeValue {
            options,
            log,
            phase: Phase::Days,
            next: 0,
            customers: Vec::new(),
            codes: Vec::new(),
            holdout: Holdout::new(periods),
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
                self.is_without_dropout = without_dropout(self.options.model, &rows)
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
                for _ in self.column_names() {
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
        let own = self.column_names();
        for (name, values) in own.into_iter().zip(std::mem::take(&mut self.columns)) {
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

/// Days of a unit of time, on average.
fn days_of(unit: Unit) -> f64 {
    match unit {
        Unit::Day => 1.0,
        Unit::Week => 7.0,
        Unit::Month => MONTH_DAYS,
        Unit::Quarter => 3.0 * MONTH_DAYS,
        Unit::Year => 12.0 * MONTH_DAYS,
    }
}

/// Periods in which purchases are one.
fn periods(options: &LifetimeValueOptions) -> Periods {
    let unit = if options.model == Family::BgBb { options.unit } else { Unit::Day };
    Periods { unit, week_start: options.week_start }
}

/// Checks and fills in the options of occasions.
fn occasions(options: &mut LifetimeValueOptions) -> Result<()> {
    let refused = |path: &'static str, hint: &'static str| {
        Err(Error::new(Code::InvalidOption, hint).at_path(path))
    };
    if options.model != Family::BgBb {
        return match options.occasion {
            Some(_) => refused("occasion", "only the model `bg-bb` knows occasions"),
            None => Ok(()),
        };
    }
    let occasion = options.occasion.unwrap_or_default();
    if occasion == Unit::Day {
        return refused("occasion", "with an occasion on each day take one of the other models");
    }
    let half = days_of(occasion) / 2.0;
    let holdout = options.holdout_days.filter(|days| *days > 0);
    let given = [
        ("horizonDays", Some(options.horizon_days)),
        ("aliveAfterDays", options.alive_after_days.first().copied()),
        ("holdoutDays", holdout),
    ];
    let short = given.into_iter().find(|(_, days)| days.is_some_and(|days| f64::from(days) < half));
    if let Some((path, _)) = short {
        return refused(path, "this is less than half an `occasion`");
    }
    (options.occasion, options.unit) = (Some(occasion), occasion);
    Ok(())
}

impl LifetimeValue {
    /// Days of a unit of time.
    pub(super) fn unit_days(&self) -> f64 {
        days_of(self.options.unit)
    }

    /// How many periods of the counts a unit of time has.
    pub(super) fn unit_periods(&self) -> f64 {
        if self.has_occasions() { 1.0 } else { self.unit_days() }
    }

    /// Whether purchases fall on occasions.
    pub(super) fn has_occasions(&self) -> bool {
        self.options.model == Family::BgBb
    }

    /// So many days in the model's unit of time, of occasions in whole ones.
    pub(super) fn units(&self, days: u32) -> f64 {
        let units = f64::from(days) / self.unit_days();
        if self.has_occasions() { libm::round(units) } else { units }
    }

    /// The columns of numbers of this answer.
    fn column_names(&self) -> Vec<&'static str> {
        let later = LATER_COLUMNS.iter().take(self.options.alive_after_days.len());
        COLUMNS.into_iter().chain(later.flatten().copied()).collect()
    }

    /// Periods held out: days, or occasions.
    pub(super) fn held_out(&self) -> u32 {
        let periods = periods(&self.options);
        let now = periods.of_day(self.log.moment.day);
        let first = periods.of_day(self.log.moment.day.saturating_sub_unsigned(self.log.span()));
        let span = now.abs_diff(first);
        let asked = self.options.holdout_days.map(|days| match self.has_occasions() {
            true => self.units(days) as u32,
            false => days,
        });
        asked.unwrap_or(span / 3).min(span)
    }

    /// The day before the first one held out.
    fn split(&self) -> i32 {
        let periods = periods(&self.options);
        let next = periods.of_day(self.log.moment.day).saturating_add(1);
        periods.first_day(next.saturating_sub_unsigned(self.held_out())).saturating_sub(1)
    }

    /// Days held out.
    pub(super) fn holdout_days(&self) -> u32 {
        self.log.moment.day.abs_diff(self.split())
    }

    fn histories(&mut self, budget: usize) -> Result<()> {
        let until = self.next.saturating_add(budget.max(1)).min(self.log.days.customers());
        let mut days: Vec<PaidDay> = Vec::new();
        let (split, periods) = (self.split(), periods(&self.options));
        for code in self.next..until {
            let code = code as u32;
            self.log.days.of(code, &mut days)?;
            let Some(counts) = Counts::of(&days, self.log.moment.day, periods) else {
                self.log.refund_only += u64::from(self.log.days.is_known(code));
                continue;
            };
            self.customers.push((counts, self.codes.len() as u32));
            self.codes.push(code);
            if split < self.log.moment.day {
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
}
