//! `lifecycle`: the stage of each customer at a date, and growth accounting by period.
//!
//! Stages follow the time since the last purchase. Where they end is fixed in days, or taken from
//! the population's own rhythm: quantiles of the days between purchases, so that a shop of daily
//! bread and one of furniture each get their own marks. Growth accounting tells for each period
//! who is new, returning, resurrecting and dormant ([`super::growth`]).
//!
//! When not to use it: a stage is a rule, not a probability. It does not say whether a silent customer
//! will come back; for that take a model of lifetimes.

use serde::{Deserialize, Serialize};

use crate::customers::days::ActiveDays;
use crate::customers::purchases::{Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::growth::{Flow, growth};
use crate::segment::population::{Population, PurchaseRules, unfinished};
use crate::segment::rfm::groups::Text;
use crate::stats::quantile::{QuantileType, quantiles};
use crate::table::calendar::LocalDays;
use crate::table::money;
use crate::table::period::{Periods, Unit, WeekStart};
use crate::table::role::Role;
use crate::table::zone::Zone;
use std::borrow::Cow;

/// Options of `lifecycle`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifecycleOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out.
    pub at: String,
    /// The periods of growth accounting.
    #[serde(default)]
    pub unit: Unit,
    /// Where weeks begin.
    #[serde(default)]
    pub week_start: WeekStart,
    /// What a negative amount does to the money; it is never a purchase, except with `keep`.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// Where stages end, in days since the last purchase, ascending: active, at risk, dormant.
    /// Beyond is lost. Default: the days between purchases that 75 %, 90 % and 97.5 % of all
    /// repeat purchases stay within.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<[u32; 3]>,
    /// A first purchase so many days ago or fewer, and no second day of purchase: new.
    #[serde(default = "usual_new_days")]
    pub new_days: u32,
    /// Active with so many days of purchase or more: loyal.
    #[serde(default = "usual_loyal_days")]
    pub loyal_days: u32,
}

fn usual_new_days() -> u32 {
    30
}

fn usual_loyal_days() -> u32 {
    3
}

/// A stage of the life of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[repr(u8)]
pub enum Stage {
    /// Came lately and bought on one day only.
    New,
    /// Active again after a silence that had reached `lost`.
    Returned,
    /// Active, and bought on many days.
    Loyal,
    /// Bought within the usual rhythm.
    Active,
    /// Longer silent than most customers between two purchases.
    AtRisk,
    /// Silent for very long.
    Dormant,
    /// Silent for longer than nearly anybody who came back.
    Lost,
}

impl Stage {
    /// All, in the order of their codes.
    pub const ALL: [Stage; 7] = [
        Stage::New,
        Stage::Returned,
        Stage::Loyal,
        Stage::Active,
        Stage::AtRisk,
        Stage::Dormant,
        Stage::Lost,
    ];

    fn name(self) -> Text {
        let (en, zh) = match self {
            Stage::New => ("New", "新客"),
            Stage::Returned => ("Returned", "回流"),
            Stage::Loyal => ("Loyal", "忠诚"),
            Stage::Active => ("Active", "活跃"),
            Stage::AtRisk => ("At risk", "流失预警"),
            Stage::Dormant => ("Dormant", "沉睡"),
            Stage::Lost => ("Lost", "流失"),
        };
        Text { en: Cow::Borrowed(en), zh: Cow::Borrowed(zh) }
    }
}

/// Result of `lifecycle`. The column set `customers` holds `customer`, `stage` (index into
/// `stages`), `recency` (days since the last purchase) and `days` (days with a purchase).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifecycleResult {
    /// The stages, in the order of a life.
    pub stages: Vec<StageRow>,
    /// The limits that were used, in days: active, at risk, dormant.
    pub limits: [u32; 3],
    /// Days between two purchases that the limits were taken from; 0 if they were given.
    pub gaps: u64,
    /// Growth accounting, from the period of the first purchase to that of `at`.
    pub periods: Vec<PeriodRow>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StageRow {
    /// The stage.
    pub stage: Stage,
    /// Display name.
    pub name: Text,
    /// How many customers.
    pub customers: u64,
    /// Their share of all customers, 0 to 1.
    pub customers_share: f64,
    /// Their money so far.
    pub revenue: f64,
}

/// One period.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeriodRow {
    /// Its name: a date, or a month.
    pub period: String,
    /// Whether `at` is its last day or later. In a period that goes on, dormant customers may still
    /// come.
    pub is_complete: bool,
    /// Customers with a purchase.
    pub active: u64,
    /// New, returning, resurrecting and dormant customers.
    #[serde(flatten)]
    pub flow: Flow,
    /// `(new + resurrecting)/dormant`: above 1 the base grows. Null where nobody was lost.
    pub quick_ratio: Option<f64>,
}

/// The running analysis.
#[derive(Debug)]
pub struct Lifecycle {
    options: LifecycleOptions,
    zone: Zone,
    population: Population,
    days: ActiveDays,
    phase: Phase,
    answer: Option<(LifecycleResult, Vec<u8>, Vec<f64>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Customers,
    Days,
    Result,
    Done,
}

fn rules(options: &LifecycleOptions) -> PurchaseRules {
    use crate::customers::purchases::Count;
    // Days are counted apart; rows are the cheapest of the rest.
    PurchaseRules { count: Some(Count::Row), refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for Lifecycle {
    const NAME: &'static str = "lifecycle";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Recency stages by purchase rhythm, and growth accounting",
        reference: "Siyu, docs/analyses/lifecycle.md: rules, not a model.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = LifecycleOptions;
    type Result = LifecycleResult;

    fn needs(options: &LifecycleOptions, _input: usize) -> Result<Needs> {
        Ok(Population::needs(rules(options)))
    }

    fn estimate(options: &LifecycleOptions, inputs: &[Facts<'_>]) -> u64 {
        let of = |log: &Facts<'_>| {
            // Gaps and periods of the customers, and three columns.
            Population::estimate(rules(options), log)
                + ActiveDays::estimate(log.rows, log.customers)
                + log.rows * 12
                + log.customers * 17
        };
        inputs.first().map_or(0, of)
    }

    fn start(options: LifecycleOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let log = inputs
            .first()
            .ok_or_else(|| Error::new(Code::UnknownTable, "`lifecycle` reads one log"))?;
        if let Some([active, risk, dormant]) = options.limits
            && !(active < risk && risk < dormant)
        {
            return Err(Error::new(Code::InvalidOption, "limits ascend: active, at risk, dormant")
                .at_path("limits"));
        }
        let population = Population::start(&options.at, rules(&options), log)
            .map_err(|error| error.at_path("at"))?;
        Ok(Lifecycle {
            options,
            zone: log.schema.zone.clone(),
            population,
            days: ActiveDays::new(),
            phase: Phase::Customers,
            answer: None,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.population.update(rows)?;
        let customers = rows.codes(Role::Customer).unwrap_or_default();
        let times = rows.times().unwrap_or_default();
        let (amounts, _) = rows.money().unwrap_or_default();
        let until = self.population.moment().until;
        let mut local = LocalDays::new(&self.zone);
        for ((customer, time), amount) in customers.iter().zip(times).zip(amounts) {
            let is_purchase = match amount.signum() {
                -1 => self.options.refunds == Refunds::Keep,
                0 => self.options.zeros == Zeros::Keep,
                _ => true,
            };
            if is_purchase && *time < until && rows.keep().is_none_or(|keep| keep.get(*customer)) {
                self.days.insert(*customer, local.day_of(*time))?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let customers = self.population.known() as u64;
        let total = customers * 2 + 2;
        let done = match self.phase {
            Phase::Customers => {
                if self.population.settle(budget)? {
                    self.phase = Phase::Days;
                }
                self.population.summary.len() as u64
            }
            Phase::Days => {
                if self.days.settle(budget)? {
                    self.phase = Phase::Result;
                }
                customers
            }
            Phase::Result => {
                self.answer = Some(self.result()?);
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
    ) -> Result<Outcome<LifecycleResult, LifecycleOptions>> {
        let (result, stages, days) = self.answer.take().ok_or_else(unfinished)?;
        let summary = &self.population.summary;
        let length = summary.len();
        let recency = summary.recency.iter().map(|days| *days as f64).collect();
        let columns = vec![
            NamedColumn { name: "customer", values: Population::ids(&summary.codes, names)? },
            NamedColumn { name: "stage", values: Values::U8(stages) },
            NamedColumn { name: "recency", values: Values::F64(recency) },
            NamedColumn { name: "days", values: Values::F64(days) },
        ];
        let mut warnings = Vec::new();
        if self.options.limits.is_none() && result.gaps < FEW_GAPS {
            warnings.push(Warning {
                code: "few-gaps",
                count: result.gaps,
                hint: format!(
                    "only {} repeat purchases tell the rhythm: 30, 90 and 180 days were used, give `limits` of your own",
                    result.gaps
                ),
            });
        }
        Ok(Outcome {
            result,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            rows: summary.rows,
            customers: length as u64,
            left_out: self.population.left_out(),
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.population.heap_size() + self.days.heap_size()
    }
}

/// Fewer repeat purchases than this tell no rhythm.
const FEW_GAPS: u64 = 30;

impl Lifecycle {
    fn result(&self) -> Result<(LifecycleResult, Vec<u8>, Vec<f64>)> {
        let summary = &self.population.summary;
        let today = self.population.moment().day;
        let periods = Periods { unit: self.options.unit, week_start: self.options.week_start };
        let mut days = Vec::new();
        let (mut gaps, mut counts, mut last_gaps) = (Vec::new(), Vec::new(), Vec::new());
        // The periods of all customers one after the other, and where each customer's end.
        let (mut active, mut ends) = (Vec::new(), Vec::new());
        for code in &summary.codes {
            self.days.of(*code, &mut days);
            let between = days.windows(2).filter_map(|pair| match pair {
                [earlier, later] => Some(f64::from(later - earlier)),
                _ => None,
            });
            let before = gaps.len();
            gaps.extend(between);
            last_gaps.push(gaps.get(before..).and_then(<[f64]>::last).copied());
            counts.push(days.len() as f64);
            let from = active.len();
            for day in &days {
                let period = periods.of_day(*day);
                if active.get(from..).and_then(<[i32]>::last) != Some(&period) {
                    active.push(period);
                }
            }
            ends.push(active.len());
        }
        let limits = self.limits(&gaps)?;
        let [at_most_active, at_most_risk, at_most_dormant] = limits.map(i64::from);
        let stage_of = |recency: i64, tenure: i64, count: f64, last_gap: Option<f64>| {
            let is_active = recency <= at_most_active;
            if count <= 1.0 && tenure <= i64::from(self.options.new_days) {
                Stage::New
            } else if is_active && last_gap.is_some_and(|gap| gap > at_most_dormant as f64) {
                Stage::Returned
            } else if is_active && count >= f64::from(self.options.loyal_days) {
                Stage::Loyal
            } else if is_active {
                Stage::Active
            } else if recency <= at_most_risk {
                Stage::AtRisk
            } else if recency <= at_most_dormant {
                Stage::Dormant
            } else {
                Stage::Lost
            }
        };
        let mut sums = [(0_u64, 0_i128); Stage::ALL.len()];
        let mut stages = Vec::with_capacity(summary.len());
        let measures = summary.recency.iter().zip(&summary.tenure).zip(&summary.monetary);
        for (((recency, tenure), minor), (count, gap)) in
            measures.zip(counts.iter().zip(&last_gaps))
        {
            let stage = stage_of(*recency, *tenure, *count, *gap) as u8;
            if let Some((customers, sum)) = sums.get_mut(usize::from(stage)) {
                *customers += 1;
                *sum += i128::from(*minor);
            }
            stages.push(stage);
        }
        let all = summary.len() as f64;
        let rows = Stage::ALL.into_iter().zip(sums).map(|(stage, (customers, sum))| StageRow {
            stage,
            name: stage.name(),
            customers,
            customers_share: customers as f64 / all,
            revenue: money::to_f64(sum, summary.scale),
        });
        let first = active.iter().min().copied().unwrap_or(0);
        let last = periods.of_day(today);
        let starts = std::iter::once(&0).chain(&ends);
        let of_customers =
            starts.zip(&ends).map(|(from, until)| active.get(*from..*until).unwrap_or_default());
        let flows = growth(first, last, of_customers);
        let period_rows = flows.into_iter().zip(first..).map(|(flow, period)| PeriodRow {
            period: periods.name(period),
            is_complete: periods.first_day(period) + periods.days(period) - 1 <= today,
            active: flow.active(),
            flow,
            quick_ratio: flow.quick_ratio(),
        });
        let result = LifecycleResult {
            stages: rows.collect(),
            limits,
            gaps: if self.options.limits.is_some() { 0 } else { gaps.len() as u64 },
            periods: period_rows.collect(),
        };
        Ok((result, stages, counts))
    }

    /// The limits asked for, or those of the population's rhythm; without a rhythm, usual ones.
    fn limits(&self, gaps: &[f64]) -> Result<[u32; 3]> {
        if let Some(limits) = self.options.limits {
            return Ok(limits);
        }
        if (gaps.len() as u64) < FEW_GAPS {
            return Ok([30, 90, 180]);
        }
        let found = quantiles(gaps, &[0.75, 0.9, 0.975], QuantileType::Linear)?;
        let days = |at: usize| {
            let value = found.as_ref().and_then(|found| found.get(at)).copied().unwrap_or(0.0);
            value.ceil() as u32
        };
        let active = days(0);
        let risk = days(1).max(active + 1);
        Ok([active, risk, days(2).max(risk + 1)])
    }
}
