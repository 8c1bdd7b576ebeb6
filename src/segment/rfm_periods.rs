//! `rfm-periods`: the RFM groups at the end of each of several periods.
//!
//! The log is read once up to the end of every period, customers are scored and grouped at each with
//! the same options, and the sizes of the groups stand side by side, with intervals and with how far
//! they drifted from one period to the next.
//!
//! When not to use it: groups that are cut at means or quantiles of their own date hold about as
//! many customers at every date, whatever the shop does. To see a change of level take the
//! convention `fixed`. For who moved where take `migration`.

use serde::{Deserialize, Serialize};

use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{Method, Outcome};
use crate::segment::population::unfinished;
use crate::segment::rfm::groups::{Group, GroupOptions};
use crate::segment::rfm::score::ScoreOptions;
use crate::segment::rfm::{Rfm, RfmOptions};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::drift::{ClassDrift, class_drift};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::table::calendar::Date;
use crate::table::moment::Moment;
use crate::table::money;
use crate::table::period::{Periods, Unit, WeekStart};

/// Periods at most.
const MOST_PERIODS: u8 = 36;

/// Options of `rfm-periods`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmPeriodsOptions {
    /// The reference moment of the last period: a local day, which still counts whole, or an
    /// instant.
    pub at: String,
    /// How many periods, that of `at` included: 2 to 36.
    #[serde(default = "usual_periods")]
    pub periods: u8,
    /// The length of a period. Earlier periods are looked at from their last local day.
    #[serde(default)]
    pub unit: Unit,
    /// Where weeks begin.
    #[serde(default)]
    pub week_start: WeekStart,
    /// What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// What a negative amount does.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// How measures become scores, in every period.
    #[serde(default)]
    pub scoring: ScoreOptions,
    /// How scores become named groups, in every period.
    #[serde(default)]
    pub groups: GroupOptions,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

fn usual_periods() -> u8 {
    6
}

/// Result of `rfm-periods`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmPeriodsResult {
    /// The groups in display order.
    pub groups: Vec<Group>,
    /// The periods, the earliest first.
    pub periods: Vec<RfmPeriod>,
}

/// One period.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmPeriod {
    /// Its name: a date, or a month.
    pub period: String,
    /// The day from which it was looked at.
    pub day: String,
    /// Customers with a purchase up to that day.
    pub customers: u64,
    /// Purchases within the period; of the first period, up to its end.
    pub purchases: u64,
    /// Money within the period; of the first period, up to its end.
    pub revenue: f64,
    /// Each group, in the order of `groups`; empty where nobody had bought yet.
    pub groups: Vec<RfmPeriodGroup>,
    /// How far the shares of the groups moved since the period before; null for the first, and
    /// where one of the two has nobody in a group.
    pub drift: Option<ClassDrift>,
}

/// One group in one period.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmPeriodGroup {
    /// How many customers.
    pub customers: u64,
    /// Their share of all customers.
    pub share: f64,
    /// Wilson interval of the share.
    pub interval: Interval,
    /// Their money so far.
    pub revenue: f64,
}

/// The running analysis.
#[derive(Debug)]
pub struct RfmPeriods {
    options: RfmPeriodsOptions,
    /// Name, day and analysis of each period.
    runs: Vec<(String, String, Rfm)>,
    next: usize,
    found: Vec<RfmPeriod>,
    groups: Vec<Group>,
    /// Purchases and money up to the period before.
    before: (u64, i128),
}

fn rfm_options(options: &RfmPeriodsOptions, at: &str) -> RfmOptions {
    RfmOptions {
        at: at.to_owned(),
        count: options.count,
        refunds: options.refunds,
        zeros: options.zeros,
        scoring: options.scoring.clone(),
        groups: options.groups.clone(),
    }
}

impl Analysis for RfmPeriods {
    const NAME: &'static str = "rfm-periods";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "RFM at the end of each period",
        reference: "Hughes, A. M. (1994). Strategic Database Marketing. Probus. Wilson (1927) JASA \
                    22.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = RfmPeriodsOptions;
    type Result = RfmPeriodsResult;

    fn needs(options: &RfmPeriodsOptions, input: usize) -> Result<Needs> {
        Rfm::needs(&rfm_options(options, &options.at), input)
    }

    fn estimate(options: &RfmPeriodsOptions, inputs: &[Facts<'_>]) -> u64 {
        let one = Rfm::estimate(&rfm_options(options, &options.at), inputs);
        one.saturating_mul(u64::from(options.periods))
    }

    fn start(options: RfmPeriodsOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let log = inputs
            .first()
            .ok_or_else(|| Error::new(Code::UnknownTable, "`rfm-periods` reads one log"))?;
        if !(2..=MOST_PERIODS).contains(&options.periods) {
            return Err(
                Error::new(Code::InvalidOption, "between 2 and 36 periods").at_path("periods")
            );
        }
        check_confidence(options.confidence)?;
        let moment =
            Moment::parse(&options.at, &log.schema.zone).map_err(|error| error.at_path("at"))?;
        let periods = Periods { unit: options.unit, week_start: options.week_start };
        let last = periods.of_day(moment.day);
        let mut runs = Vec::new();
        for back in (0..i32::from(options.periods)).rev() {
            let period = last - back;
            let day = periods.first_day(period) + periods.days(period) - 1;
            let day = if back == 0 { moment.day } else { day };
            let day = Date::of_day_number(day).to_string();
            let at = if back == 0 { options.at.as_str() } else { day.as_str() };
            let run = Rfm::start(rfm_options(&options, at), inputs)?;
            runs.push((periods.name(period), day, run));
        }
        Ok(RfmPeriods {
            options,
            runs,
            next: 0,
            found: Vec::new(),
            groups: Vec::new(),
            before: (0, 0),
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        self.runs.iter_mut().try_for_each(|(_, _, run)| run.update(input, rows))
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let total = self.runs.len() as u64;
        let is_last = self.next + 1 >= self.runs.len();
        let Some((name, day, run)) = self.runs.get_mut(self.next) else {
            return Ok(Progress { done: total, total });
        };
        let is_done = match run.finish(budget) {
            Ok(progress) => progress.is_finished(),
            // Before the first purchase there is nobody; at the end that is an error.
            Err(error) if error.code() == Code::NotEnoughData && !is_last => {
                self.found.push(RfmPeriod {
                    period: std::mem::take(name),
                    day: std::mem::take(day),
                    customers: 0,
                    purchases: 0,
                    revenue: 0.0,
                    groups: Vec::new(),
                    drift: None,
                });
                self.next += 1;
                return Ok(Progress { done: self.next as u64, total });
            }
            Err(error) => return Err(error),
        };
        if is_done {
            let period = self.period()?;
            self.found.push(period);
            self.next += 1;
        }
        Ok(Progress { done: self.next as u64, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<RfmPeriodsResult, RfmPeriodsOptions>> {
        let (_, _, last) = self.runs.pop().ok_or_else(unfinished)?;
        let last = last.outcome(names)?;
        self.options.count = last.options.count;
        Ok(Outcome {
            result: RfmPeriodsResult { groups: self.groups, periods: self.found },
            sets: Vec::new(),
            options: self.options,
            rows: last.rows,
            customers: last.customers,
            left_out: last.left_out,
            warnings: last.warnings,
        })
    }

    fn heap_size(&self) -> usize {
        self.runs.iter().map(|(_, _, run)| run.heap_size()).sum()
    }
}

impl RfmPeriods {
    fn period(&mut self) -> Result<RfmPeriod> {
        let (name, day, run) = self.runs.get(self.next).ok_or_else(unfinished)?;
        let (summary, grouped) = run.grouped().ok_or_else(unfinished)?;
        let mut sums = vec![(0_u64, 0_i128); grouped.groups.len()];
        for (code, minor) in grouped.codes.iter().zip(&summary.monetary) {
            if let Some((customers, sum)) = sums.get_mut(usize::from(*code)) {
                *customers += 1;
                *sum += i128::from(*minor);
            }
        }
        let all = summary.len() as u64;
        let mut rows = Vec::new();
        for (customers, sum) in &sums {
            rows.push(RfmPeriodGroup {
                customers: *customers,
                share: *customers as f64 / all.max(1) as f64,
                interval: proportion_interval(
                    *customers,
                    all.max(1),
                    self.options.confidence,
                    ProportionInterval::Wilson,
                )?,
                revenue: money::to_f64(*sum, summary.scale),
            });
        }
        let purchases = summary.frequency.iter().map(|count| *count as u64).sum::<u64>();
        let minor: i128 = summary.monetary.iter().map(|minor| i128::from(*minor)).sum();
        // All runs read the same blocks, so that their scales are equal.
        let (old_purchases, old_minor) = self.before;
        let last = self.found.last().map(|last| &last.groups);
        let counts = |groups: &[RfmPeriodGroup]| {
            groups.iter().map(|group| group.customers).collect::<Vec<u64>>()
        };
        let drift = match last {
            Some(last) if last.len() == rows.len() => {
                let (before, after) = (counts(last), counts(&rows));
                let has = |counts: &[u64]| counts.iter().any(|count| *count > 0);
                if has(&before) && has(&after) { Some(class_drift(&before, &after)?) } else { None }
            }
            _ => None,
        };
        let period = RfmPeriod {
            period: name.clone(),
            day: day.clone(),
            customers: all,
            purchases: purchases.saturating_sub(old_purchases),
            revenue: money::to_f64(minor - old_minor, summary.scale),
            groups: rows,
            drift,
        };
        self.groups.clone_from(&grouped.groups);
        self.before = (purchases, minor);
        Ok(period)
    }
}
