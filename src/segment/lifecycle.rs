//! `lifecycle`: the stage of each customer at a date and at the ends of earlier periods, who moved
//! between stages, growth accounting, dormancy and waking up.
//!
//! Stages follow the time since the last purchase. Where they end is fixed in days, or taken from
//! the population's own rhythm: quantiles of the days between purchases, so that a shop of daily
//! bread and one of furniture each get their own marks. On request each customer's own rhythm
//! stretches or shortens them ([`Rhythm::Own`]). Growth accounting tells for each period who is
//! new, returning, resurrecting and dormant ([`super::growth`]).
//!
//! Two walks over the customers, each in steps: one takes the rhythm, the other applies it.
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
use crate::segment::growth::{Flow, Growth};
use crate::segment::population::{Population, PurchaseRules, collected, no_memory, unfinished};
use crate::segment::rfm::groups::Text;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::quantile::{Position, QuantileType};
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
    /// Whether the limits hold for all customers alike or follow each customer's own rhythm.
    #[serde(default)]
    pub rhythm: Rhythm,
    /// For how many periods, that of `at` included, the customers of each stage are told: 1 to 120.
    #[serde(default = "usual_history")]
    pub history: u16,
    /// Silent for so many days or more is dormant, for the wake-up rate.
    #[serde(default = "usual_dormant_days")]
    pub dormant_days: u32,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
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

fn usual_history() -> u16 {
    12
}

fn usual_dormant_days() -> u32 {
    30
}

/// Whose rhythm the limits follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Rhythm {
    /// The same limits for everybody.
    #[default]
    Population,
    /// The limits times the customer's own mean days between purchases over those of all. The own
    /// mean counts two gaps of the population's mean in addition, the posterior mean of an
    /// exponential gap under a gamma prior worth two gaps: a customer with one purchase has the
    /// limits of all, one with twenty their own.
    Own,
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
/// `stages`), `recency` (days since the last purchase), `days` (days with a purchase) and `limit`
/// (days up to which this customer counts as active).
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
    /// The customers of each stage at the end of each of the last periods, by the same limits.
    pub history: Vec<StagesAt>,
    /// Who moved from which stage to which between the last two rows of `history`, staying
    /// included.
    pub moves: Vec<StageMove>,
    /// Customers who have been silent for `dormantDays` or more at `at`.
    pub dormancy: Dormancy,
}

/// The stages at the end of one period.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StagesAt {
    /// The period's name; of the last one, `at` is the end.
    pub period: String,
    /// Customers of each stage, in the order of `stages`.
    pub customers: Vec<u64>,
}

/// Customers who were in one stage and are in another, or the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StageMove {
    /// At the end of the period before.
    pub from: Stage,
    /// At `at`.
    pub to: Stage,
    /// How many customers.
    pub customers: u64,
    /// Their share of the customers of `from`, 0 to 1.
    pub share: f64,
    /// Wilson interval of the share.
    pub interval: Interval,
}

/// Customers who are silent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dormancy {
    /// How many.
    pub customers: u64,
    /// Their share of all customers, 0 to 1.
    pub share: f64,
    /// Wilson interval of the share.
    pub interval: Interval,
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
    /// Customers who had been silent for `dormantDays` or more when the period began.
    pub asleep: u64,
    /// Of them, those who bought in the period.
    pub woken: u64,
    /// `woken/asleep`; null where nobody was asleep.
    pub wake_up_rate: Option<f64>,
    /// Wilson interval of the rate.
    pub wake_up_interval: Option<Interval>,
}

/// The running analysis.
#[derive(Debug)]
pub struct Lifecycle {
    options: LifecycleOptions,
    zone: Zone,
    population: Population,
    days: ActiveDays,
    phase: Phase,
    /// The next customer of a walk, and the units of work behind it.
    next: usize,
    done: u64,
    gaps: Gaps,
    limits: [u32; 3],
    /// Of the second walk.
    walk: Option<Walk>,
    answer: Option<LifecycleResult>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Customers,
    Days,
    Rhythm,
    Stages,
    Result,
    Done,
}

/// How many pairs of neighbouring purchase days are so many days apart, by these days.
#[derive(Clone, Debug, Default)]
struct Gaps(Vec<u64>);

impl Gaps {
    fn add(&mut self, days: &[i32]) -> Result<()> {
        for pair in days.windows(2) {
            let [earlier, later] = pair else { continue };
            let gap = usize::try_from(i64::from(*later) - i64::from(*earlier)).unwrap_or(0);
            if gap >= self.0.len() {
                self.0.try_reserve(gap + 1 - self.0.len()).map_err(|_| no_memory())?;
                self.0.resize(gap + 1, 0);
            }
            if let Some(count) = self.0.get_mut(gap) {
                *count += 1;
            }
        }
        Ok(())
    }

    fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Mean days; `None` without gaps.
    fn mean(&self) -> Option<f64> {
        let sum: u128 =
            (0_u128..).zip(&self.0).map(|(days, count)| days * u128::from(*count)).sum();
        let count = self.count();
        (count > 0).then(|| sum as f64 / count as f64)
    }

    /// The quantile of type 7, in days.
    fn quantile(&self, p: f64) -> f64 {
        let of_rank = |rank: usize| {
            let mut before = 0;
            let at = self.0.iter().position(|count| {
                before += count;
                before > rank as u64
            });
            at.unwrap_or(0) as f64
        };
        let count = usize::try_from(self.count()).unwrap_or(usize::MAX);
        Position::of(count, p, QuantileType::Linear).map_or(0.0, |position| {
            position.between(of_rank(position.lower), of_rank(position.upper))
        })
    }
}

/// What the second walk adds up.
#[derive(Debug)]
struct Walk {
    growth: Growth,
    /// Changes of the number asleep from the period before, and who woke, by period.
    asleep: Vec<i64>,
    woken: Vec<u64>,
    /// The last days of the periods that are told, and the customers of each stage then.
    ends: Vec<i32>,
    counts: Vec<[u64; Stage::ALL.len()]>,
    moves: [[u64; Stage::ALL.len()]; Stage::ALL.len()],
    stages: Vec<u8>,
    days: Vec<f64>,
    active_limits: Vec<f64>,
    sums: [(u64, i128); Stage::ALL.len()],
    silent: u64,
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
            // Four columns of the customers.
            Population::estimate(rules(options), log)
                + ActiveDays::estimate(log.rows, log.customers)
                + log.customers * 33
        };
        inputs.first().map_or(0, of)
    }

    fn start(options: LifecycleOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let log = inputs
            .first()
            .ok_or_else(|| Error::new(Code::UnknownTable, "`lifecycle` reads one log"))?;
        if !(1..=120).contains(&options.history) {
            return Err(
                Error::new(Code::InvalidOption, "between 1 and 120 periods").at_path("history")
            );
        }
        check_confidence(options.confidence)?;
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
            next: 0,
            done: 0,
            gaps: Gaps::default(),
            limits: [0; 3],
            walk: None,
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
        // A unit is a customer or a day of one, in each walk, and once for each period told.
        let customers = self.population.known() as u64;
        let days = self.days.len() as u64;
        let total = customers * (3 + u64::from(self.options.history)) + days * 3 + 1;
        match self.phase {
            Phase::Customers => {
                if self.population.settle(budget)? {
                    self.phase = Phase::Days;
                }
                self.done = self.population.settled() as u64;
            }
            Phase::Days => {
                if self.days.settle(budget)? {
                    self.phase = Phase::Rhythm;
                }
                self.done = customers + self.days.settled() as u64;
            }
            Phase::Rhythm => self.rhythm(budget)?,
            Phase::Stages => self.stages(budget)?,
            Phase::Result => {
                self.answer = Some(self.result()?);
                self.phase = Phase::Done;
            }
            Phase::Done => {}
        }
        let done = if self.phase == Phase::Done { total } else { self.done.min(total - 1) };
        Ok(Progress { done, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<LifecycleResult, LifecycleOptions>> {
        let result = self.answer.take().ok_or_else(unfinished)?;
        let walk = self.walk.take().ok_or_else(unfinished)?;
        let summary = &self.population.summary;
        let length = summary.len();
        let recency = collected(summary.recency.iter().map(|days| *days as f64), length)?;
        let columns = vec![
            NamedColumn { name: "customer", values: Population::ids(&summary.codes, names)? },
            NamedColumn { name: "stage", values: Values::U8(walk.stages) },
            NamedColumn { name: "recency", values: Values::F64(recency) },
            NamedColumn { name: "days", values: Values::F64(walk.days) },
            NamedColumn { name: "limit", values: Values::F64(walk.active_limits) },
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

/// Gaps of the population's mean that a customer's own mean is mixed with.
const PRIOR_GAPS: f64 = 2.0;

/// What is known of a customer at the end of some day.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Days since the last and the first purchase.
    recency: i64,
    tenure: i64,
    /// Days with a purchase.
    count: usize,
    /// Days between the last two of them.
    last_gap: Option<i64>,
}

impl Seen {
    /// At the end of `today`, from ascending days of which at least one is not after it.
    fn at(today: i32, days: &[i32]) -> Option<Seen> {
        let known = days.partition_point(|day| *day <= today);
        let known = days.get(..known)?;
        let (first, last) = (known.first()?, known.last()?);
        let before = known.len().checked_sub(2).and_then(|at| known.get(at));
        let between = |from: i32, to: i32| i64::from(to) - i64::from(from);
        Some(Seen {
            recency: between(*last, today),
            tenure: between(*first, today),
            count: known.len(),
            last_gap: before.map(|before| between(*before, *last)),
        })
    }
}

impl Lifecycle {
    fn periods(&self) -> Periods {
        Periods { unit: self.options.unit, week_start: self.options.week_start }
    }

    /// The first walk: days between purchases.
    fn rhythm(&mut self, budget: usize) -> Result<()> {
        let (mut days, mut left) = (Vec::new(), budget.max(1));
        while let Some(code) = self.population.summary.codes.get(self.next) {
            self.days.of(*code, &mut days);
            self.gaps.add(&days)?;
            self.next += 1;
            self.done += 1 + days.len() as u64;
            left = left.saturating_sub(1 + days.len());
            if left == 0 {
                return Ok(());
            }
        }
        self.limits = self.limits();
        self.walk = Some(self.second_walk()?);
        self.next = 0;
        self.phase = Phase::Stages;
        Ok(())
    }

    fn second_walk(&self) -> Result<Walk> {
        let (summary, periods) = (&self.population.summary, self.periods());
        let today = self.population.moment().day;
        let mut local = LocalDays::new(&self.zone);
        let first = summary.first.iter().min().map_or(today, |instant| local.day_of(*instant));
        let (first, last) = (periods.of_day(first), periods.of_day(today));
        let count = usize::try_from(i64::from(last) - i64::from(first) + 1).unwrap_or(0);
        let told = first.max(last.saturating_sub(i32::from(self.options.history) - 1));
        let end = |period: i32| (periods.first_day(period) + periods.days(period) - 1).min(today);
        let ends: Vec<i32> = (told..=last).map(end).collect();
        let mut walk = Walk {
            growth: Growth::new(first, last),
            asleep: vec![0; count + 1],
            woken: vec![0; count],
            counts: vec![[0; Stage::ALL.len()]; ends.len()],
            ends,
            moves: [[0; Stage::ALL.len()]; Stage::ALL.len()],
            stages: Vec::new(),
            days: Vec::new(),
            active_limits: Vec::new(),
            sums: [(0, 0); Stage::ALL.len()],
            silent: 0,
        };
        let room = |_| no_memory();
        walk.stages.try_reserve_exact(summary.len()).map_err(room)?;
        walk.days.try_reserve_exact(summary.len()).map_err(room)?;
        walk.active_limits.try_reserve_exact(summary.len()).map_err(room)?;
        Ok(walk)
    }

    /// The second walk: stages, growth, sleep.
    fn stages(&mut self, budget: usize) -> Result<()> {
        let Some(mut walk) = self.walk.take() else { return Err(unfinished()) };
        let periods = self.periods();
        let today = self.population.moment().day;
        let mean_gap = self.gaps.mean();
        let (mut days, mut active, mut left) = (Vec::new(), Vec::new(), budget.max(1));
        let summary = &self.population.summary;
        let rows = summary.codes.iter().zip(&summary.monetary).skip(self.next);
        for (code, minor) in rows {
            self.days.of(*code, &mut days);
            active.clear();
            active.extend(days.iter().map(|day| periods.of_day(*day)));
            active.dedup();
            walk.growth.add(&active);
            self.sleep(&mut walk, &days);
            let (mut before, mut stage) = (None, None);
            let mut limit = self.limits;
            for (end, counts) in walk.ends.iter().zip(&mut walk.counts) {
                before = stage;
                stage = Seen::at(*end, &days).map(|seen| {
                    limit = self.own_limits(seen, mean_gap);
                    self.stage_of(seen, limit)
                });
                if let Some(count) = stage.and_then(|stage| counts.get_mut(stage as usize)) {
                    *count += 1;
                }
            }
            // Everybody in the summary has a day up to `at`, which is the last end.
            let stage = stage.unwrap_or(Stage::Lost);
            if let Some(count) = before
                .and_then(|before| walk.moves.get_mut(before as usize))
                .and_then(|row| row.get_mut(stage as usize))
            {
                *count += 1;
            }
            if let Some((customers, sum)) = walk.sums.get_mut(stage as usize) {
                *customers += 1;
                *sum += i128::from(*minor);
            }
            let silence = days.last().map_or(0, |last| i64::from(today) - i64::from(*last));
            walk.silent += u64::from(silence >= i64::from(self.options.dormant_days));
            walk.stages.push(stage as u8);
            walk.days.push(days.len() as f64);
            walk.active_limits.push(f64::from(limit[0]));
            self.next += 1;
            let units = 1 + days.len() + walk.ends.len();
            self.done += units as u64;
            left = left.saturating_sub(units);
            if left == 0 {
                break;
            }
        }
        if self.next == summary.len() {
            self.phase = Phase::Result;
        }
        self.walk = Some(walk);
        Ok(())
    }

    /// Counts the periods that found the customer asleep, and those that woke them.
    fn sleep(&self, walk: &mut Walk, days: &[i32]) {
        let periods = self.periods();
        let count = walk.woken.len();
        let first = walk.growth.first();
        let place = |period: i32| usize::try_from(i64::from(period) - i64::from(first)).ok();
        let silence = i64::from(self.options.dormant_days);
        for (at, day) in days.iter().enumerate() {
            // The first period that begins after so long a silence.
            let awake_until = i64::from(*day) + silence;
            let Ok(begins) = i32::try_from(awake_until) else { continue };
            let mut from = periods.of_day(begins);
            if periods.first_day(from) < begins {
                from += 1;
            }
            // The last period of sleep is that of the next purchase; without one it lasts.
            let next = days.get(at + 1).map(|next| periods.of_day(*next));
            let Some(from) = place(from).filter(|from| *from < count) else { continue };
            let until = next.and_then(place).unwrap_or(count - 1).min(count - 1);
            if from > until {
                continue;
            }
            if let Some(change) = walk.asleep.get_mut(from) {
                *change += 1;
            }
            if let Some(change) = walk.asleep.get_mut(until + 1) {
                *change -= 1;
            }
            if let Some(woken) = next.and_then(place).and_then(|next| walk.woken.get_mut(next)) {
                *woken += 1;
            }
        }
    }

    fn own_limits(&self, seen: Seen, mean_gap: Option<f64>) -> [u32; 3] {
        let (Rhythm::Own, Some(mean)) = (self.options.rhythm, mean_gap) else { return self.limits };
        let gaps = (seen.count - 1) as f64;
        let days = (seen.tenure - seen.recency) as f64;
        let own = (days + PRIOR_GAPS * mean) / (gaps + PRIOR_GAPS);
        self.limits.map(|limit| (f64::from(limit) * own / mean).ceil() as u32)
    }

    fn stage_of(&self, seen: Seen, limits: [u32; 3]) -> Stage {
        let [most_active, most_risk, most_dormant] = limits.map(i64::from);
        let is_active = seen.recency <= most_active;
        if seen.count <= 1 && seen.tenure <= i64::from(self.options.new_days) {
            Stage::New
        } else if is_active && seen.last_gap.is_some_and(|gap| gap > most_dormant) {
            Stage::Returned
        } else if is_active && seen.count as u64 >= u64::from(self.options.loyal_days) {
            Stage::Loyal
        } else if is_active {
            Stage::Active
        } else if seen.recency <= most_risk {
            Stage::AtRisk
        } else if seen.recency <= most_dormant {
            Stage::Dormant
        } else {
            Stage::Lost
        }
    }

    fn interval(&self, part: u64, whole: u64) -> Result<Interval> {
        proportion_interval(part, whole, self.options.confidence, ProportionInterval::Wilson)
    }

    fn result(&self) -> Result<LifecycleResult> {
        let walk = self.walk.as_ref().ok_or_else(unfinished)?;
        let summary = &self.population.summary;
        let (today, periods) = (self.population.moment().day, self.periods());
        let all = summary.len() as u64;
        let stages =
            Stage::ALL.into_iter().zip(walk.sums).map(|(stage, (customers, sum))| StageRow {
                stage,
                name: stage.name(),
                customers,
                customers_share: customers as f64 / all as f64,
                revenue: money::to_f64(sum, summary.scale),
            });
        let (mut period_rows, mut asleep) = (Vec::new(), 0_i64);
        let flows = walk.growth.flows().iter().zip(walk.growth.first()..);
        for ((flow, period), (change, woken)) in flows.zip(walk.asleep.iter().zip(&walk.woken)) {
            asleep += change;
            let count = asleep.unsigned_abs();
            let interval = if count > 0 { Some(self.interval(*woken, count)?) } else { None };
            period_rows.push(PeriodRow {
                period: periods.name(period),
                is_complete: periods.first_day(period) + periods.days(period) - 1 <= today,
                active: flow.active(),
                flow: *flow,
                quick_ratio: flow.quick_ratio(),
                asleep: count,
                woken: *woken,
                wake_up_rate: (count > 0).then(|| *woken as f64 / count as f64),
                wake_up_interval: interval,
            });
        }
        let history = walk.ends.iter().zip(&walk.counts).map(|(end, counts)| StagesAt {
            period: periods.name(periods.of_day(*end)),
            customers: counts.to_vec(),
        });
        let mut moves = Vec::new();
        for (from, row) in Stage::ALL.into_iter().zip(&walk.moves) {
            let whole: u64 = row.iter().sum();
            for (to, customers) in Stage::ALL.into_iter().zip(row) {
                if *customers > 0 {
                    let share = *customers as f64 / whole as f64;
                    let interval = self.interval(*customers, whole)?;
                    moves.push(StageMove { from, to, customers: *customers, share, interval });
                }
            }
        }
        Ok(LifecycleResult {
            stages: stages.collect(),
            limits: self.limits,
            gaps: if self.options.limits.is_some() { 0 } else { self.gaps.count() },
            periods: period_rows,
            history: history.collect(),
            moves,
            dormancy: Dormancy {
                customers: walk.silent,
                share: walk.silent as f64 / all as f64,
                interval: self.interval(walk.silent, all)?,
            },
        })
    }

    /// The limits asked for, or those of the population's rhythm; without a rhythm, usual ones.
    fn limits(&self) -> [u32; 3] {
        if let Some(limits) = self.options.limits {
            return limits;
        }
        if self.gaps.count() < FEW_GAPS {
            return [30, 90, 180];
        }
        let days = |p: f64| self.gaps.quantile(p).ceil() as u32;
        let active = days(0.75);
        let risk = days(0.9).max(active + 1);
        [active, risk, days(0.975).max(risk + 1)]
    }
}
