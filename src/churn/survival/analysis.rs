//! `survival`: how long customers stay, or how long it takes until they buy again, as curves that
//! count customers of whom the end is not known yet for as long as they were seen.
//!
//! A customer's time begins with the first purchase. It ends when a silence has lasted `silenceDays`
//! for the first time, on the day that fulfils it, or with the second day of purchase. Until `at`
//! neither may have happened: then only the time so far is known, and it is counted as such.
//!
//! When not to use it: for the future of one customer; for that take a model of lifetimes.

use serde::{Deserialize, Serialize};

use super::curve::{Life, Point, kaplan_meier, median, restricted_mean};
use super::logrank::logrank;
use crate::churn::btyd::histories::PaidDay;
use crate::churn::paid_log::PaidLog;
use crate::customers::attributes::{AttributeOf, Latest};
use crate::customers::daily::DailyMoney;
use crate::customers::matching::Matching;
use crate::customers::purchases::{Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, filled, ids, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values, Warning};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::proportion::Interval;
use crate::stats::special::error::normal_quantile;
use crate::table::block::MISSING;
use crate::table::dictionary::Dictionary;
use crate::table::role::Role;

/// Options of `survival`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SurvivalOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out, and what has not happened by then is not known.
    pub at: String,
    /// What ends a customer's time.
    #[serde(default)]
    pub event: Event,
    /// So many days without a purchase are a silence, for `event` `silence`; 1 to 3,650.
    #[serde(default = "usual_silence")]
    pub silence_days: u32,
    /// An attribute of the input `customers`, a text: a curve for each of its values, and a test
    /// whether they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Curves are told at every so many days, 1 to 365.
    #[serde(default = "usual_step")]
    pub step_days: u32,
    /// The mean days within the first so many are told, 1 to 3,650.
    #[serde(default = "usual_within")]
    pub within_days: u32,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// What a negative amount does: netted, it is no purchase.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
}

fn usual_silence() -> u32 {
    90
}

fn usual_within() -> u32 {
    365
}

fn usual_step() -> u32 {
    7
}

/// What ends a customer's time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Event {
    /// The first silence of `silenceDays`: the curve is the share of customers who stayed.
    #[default]
    Silence,
    /// The second day of purchase: the curve is the share who have not come back yet.
    Repeat,
}

/// Result of `survival`. The column set `customers` holds `customer`, `days` (how long they were
/// followed) and `ended` (1 if what was waited for came then).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SurvivalResult {
    /// All customers.
    pub all: Curve,
    /// Those of each value of the attribute, by the value; the last one, without a name, those
    /// without a value. Empty without `by`.
    pub groups: Vec<Curve>,
    /// Whether the groups with a value differ; null with fewer than two, or where nothing tells.
    pub test: Option<GroupTest>,
}

/// One curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Curve {
    /// The value of the attribute; null for all, and for customers without one.
    pub name: Option<String>,
    /// Customers.
    pub customers: u64,
    /// Of them, those whose time has ended.
    pub ended: u64,
    /// Days after which half of them have ended; null if fewer ever do while they are followed.
    pub median_days: Option<f64>,
    /// Mean days within the first `withinDays` (the area under the curve, restricted mean): comparable
    /// between groups whatever their curves do. Null if nobody was followed for so long.
    pub mean_days: Option<f64>,
    /// Its interval.
    pub mean_interval: Option<Interval>,
    /// The curve, from day 0 to the last day that anybody was followed.
    pub points: Vec<CurvePoint>,
}

/// A day of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CurvePoint {
    /// Days since the first purchase.
    pub day: u32,
    /// Customers followed for so long, still without an end before this day.
    pub at_risk: u64,
    /// Share of customers whose time goes on beyond this day, 0 to 1 (Kaplan–Meier).
    pub survival: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Cumulative hazard (Nelson–Aalen).
    pub hazard: f64,
}

/// The log-rank test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupTest {
    /// Chi-squared.
    pub statistic: f64,
    /// Its degrees of freedom.
    pub degrees: u32,
    /// How likely so large a difference is where there is none.
    pub p: f64,
}

/// The number of the input `customers`.
const CUSTOMERS: usize = 1;

/// More values of an attribute are no groups.
const MOST_GROUPS: usize = 50;

/// How long a customer was followed, and whether their time ended then.
#[derive(Clone, Copy, Debug)]
struct Followed {
    days: u32,
    has_ended: bool,
}

/// The running analysis.
#[derive(Debug)]
pub struct Survival {
    options: SurvivalOptions,
    log: PaidLog,
    attribute: Option<Latest>,
    matching: Matching,
    /// The group of each code of the log.
    places: Vec<u32>,
    names: Vec<String>,
    is_settled: bool,
    next: usize,
    codes: Vec<u32>,
    lives: Vec<Followed>,
    answer: Option<SurvivalResult>,
}

impl Analysis for Survival {
    const NAME: &'static str = "survival";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Kaplan–Meier curve and log-rank test",
        reference: "Kaplan, E. L., Meier, P. (1958). Nonparametric Estimation from Incomplete \
                    Observations. JASA 53, 457–481.",
    };
    const INPUTS: &'static [&'static str] = &["log"];
    const OPTIONAL: &'static [&'static str] = &["customers"];

    type Options = SurvivalOptions;
    type Result = SurvivalResult;

    fn needs(options: &SurvivalOptions, input: usize) -> Result<Needs> {
        Ok(match input {
            CUSTOMERS => Needs::roles(&[Role::Customer]).and_attributes(&options.by),
            _ => PaidLog::needs(),
        })
    }

    fn estimate(_options: &SurvivalOptions, inputs: &[Facts<'_>]) -> u64 {
        let of = |facts: &Facts<'_>| match facts.input {
            CUSTOMERS => {
                Latest::estimate(1, facts.rows, facts.customers)
                    + Matching::estimate(facts.customers)
            }
            // Lives as they are, as a curve wants them, as a test wants them, and the columns.
            _ => DailyMoney::estimate(facts.rows, facts.customers) + facts.customers * 160,
        };
        inputs.iter().map(of).sum()
    }

    fn start(options: SurvivalOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let facts = |input: usize| inputs.iter().find(|facts| facts.input == input);
        let log = facts(0)
            .ok_or_else(|| Error::new(Code::UnknownTable, "`survival` reads a log of purchases"))?;
        check_confidence(options.confidence)?;
        for (name, days, most) in [
            ("silenceDays", options.silence_days, 3650),
            ("stepDays", options.step_days, 365),
            ("withinDays", options.within_days, 3650),
        ] {
            if !(1..=most).contains(&days) {
                let hint = format!("between 1 and {most} days");
                return Err(Error::new(Code::InvalidOption, hint).at_path(name));
            }
        }
        let attribute = match (&options.by, facts(CUSTOMERS)) {
            (Some(name), Some(table)) => Some(Latest::new([name.as_str()], table.schema, None)),
            (Some(_), None) => {
                return Err(Error::new(
                    Code::UnknownTable,
                    "the attribute is a column of the input `customers`, which is not there",
                )
                .at_path("by"));
            }
            (None, _) => None,
        };
        let log = PaidLog::start(&options.at, options.refunds, options.zeros, log)?;
        Ok(Survival {
            options,
            log,
            attribute,
            matching: Matching::new(),
            places: Vec::new(),
            names: Vec::new(),
            is_settled: false,
            next: 0,
            codes: Vec::new(),
            lives: Vec::new(),
            answer: None,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        if input != CUSTOMERS {
            return self.log.update(rows);
        }
        self.log.count_denied(rows);
        match &mut self.attribute {
            Some(attribute) => attribute.update(rows),
            None => Ok(()),
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        let whole = Progress { done: 1, total: 1 };
        let [log, customers] = names else { return Ok(Progress::default()) };
        let tables: Vec<&Dictionary> =
            names.iter().filter_map(|names| names.get(Role::Customer)).collect();
        if !self.matching.advance(&tables, budget)? {
            return Ok(Progress { done: 0, total: 1 });
        }
        let known = log.get(Role::Customer).map_or(0, |ids| ids.len());
        let count = customers.get(Role::Customer).map_or(0, |ids| ids.len()) as u32;
        self.places = filled(MISSING, known)?;
        let Some((name, values)) =
            self.attribute.take().and_then(|latest| latest.finish(customers).pop())
        else {
            return Ok(whole);
        };
        if matches!(values, AttributeOf::Number(..)) {
            let hint = "groups are of texts: map the attribute without a type";
            return Err(Error::new(Code::Type, hint).at_path("by"));
        }
        let texts = customers.attribute(&name);
        let text = |code: u32| texts.and_then(|texts| texts.get(code)).unwrap_or_default();
        let mut found: Vec<u32> = (0..count).filter_map(|customer| values.text(customer)).collect();
        found.sort_unstable();
        found.dedup();
        found.sort_by(|a, b| text(*a).cmp(text(*b)));
        if found.len() > MOST_GROUPS {
            let hint = format!(
                "the attribute has {} values, at most {MOST_GROUPS} are groups",
                found.len()
            );
            return Err(Error::new(Code::Limit, hint).at_path("by"));
        }
        self.names =
            found.iter().map(|code| String::from_utf8_lossy(text(*code)).into_owned()).collect();
        for customer in 0..count {
            let group =
                values.text(customer).and_then(|code| found.iter().position(|c| *c == code));
            let place = self.matching.number(1, customer);
            if let (Some(group), Some(place)) = (group, place)
                && let Some(slot) = self.places.get_mut(place as usize)
            {
                *slot = group as u32;
            }
        }
        Ok(whole)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let (days, known) = (self.log.days.len() as u64, self.log.days.customers());
        let total = days + known as u64 + 1;
        if !self.is_settled {
            self.is_settled = self.log.days.settle(budget)?;
            return Ok(Progress { done: self.log.days.settled() as u64, total });
        }
        if self.next < known {
            self.follow(budget)?;
            return Ok(Progress { done: days + self.next as u64, total });
        }
        if self.answer.is_none() {
            self.answer = Some(self.result()?);
        }
        Ok(Progress { done: total, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<SurvivalResult, SurvivalOptions>> {
        let result = self.answer.take().ok_or_else(unfinished)?;
        let length = self.codes.len();
        let days = self.lives.iter().map(|life| f64::from(life.days)).collect();
        let ended = self.lives.iter().map(|life| u8::from(life.has_ended)).collect();
        let columns = vec![
            NamedColumn { name: "customer", values: ids(&self.codes, names)? },
            NamedColumn { name: "days", values: Values::F64(days) },
            NamedColumn { name: "ended", values: Values::U8(ended) },
        ];
        let mut warnings = Vec::new();
        if result.all.ended == 0 {
            let hint = "nobody's time has ended: the log is too short, or the silence too long";
            warnings.push(Warning { code: "no-events", count: 1, hint: hint.to_owned() });
        }
        Ok(Outcome {
            rows: self.log.rows,
            customers: length as u64,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            left_out: self.log.left_out(),
            warnings,
            options: self.options,
            result,
        })
    }

    fn heap_size(&self) -> usize {
        self.log.days.heap_size()
            + self.matching.heap_size()
            + (self.places.capacity() + self.codes.capacity()) * 4
            + self.lives.capacity() * size_of::<Followed>()
    }
}

/// The curve at every `step`-th day up to `last`, as far as anybody was followed.
pub(in crate::churn) fn told(points: &[Point], last: u32, step: u32) -> Vec<CurvePoint> {
    let last = points.last().map_or(0, |point| point.time as u32).min(last);
    let at = |day: u32| {
        let after = points.partition_point(|point| point.time <= f64::from(day));
        let known = points.get(after.saturating_sub(1))?;
        // Between two points those of the next one are still followed.
        let next = points.get(after).map_or(0, |next| next.at_risk);
        let is_here = known.time == f64::from(day);
        let Point { survival, low, high, hazard, .. } = *known;
        let at_risk = if is_here { known.at_risk } else { next };
        Some(CurvePoint { day, at_risk, survival, low, high, hazard })
    };
    (0..=last).step_by(step.max(1) as usize).filter_map(at).collect()
}

impl Survival {
    fn follow(&mut self, budget: usize) -> Result<()> {
        let until = self.next.saturating_add(budget.max(1)).min(self.log.days.customers());
        let mut days: Vec<PaidDay> = Vec::new();
        for code in self.next..until {
            let code = code as u32;
            self.log.days.of(code, &mut days)?;
            match self.followed(&days) {
                Some(life) => {
                    self.codes.push(code);
                    self.lives.push(life);
                }
                None => self.log.refund_only += u64::from(self.log.days.is_known(code)),
            }
        }
        self.next = until;
        Ok(())
    }

    /// Of the ascending days of a customer.
    fn followed(&self, days: &[PaidDay]) -> Option<Followed> {
        let first = days.first()?.0;
        let since = |day: i32| (i64::from(day) - i64::from(first)).unsigned_abs() as u32;
        let age = since(self.log.moment.day);
        let end = match self.options.event {
            Event::Repeat => days.get(1).map(|day| since(day.0)),
            Event::Silence => {
                let limit = self.options.silence_days;
                let ends =
                    days.iter().skip(1).map(|day| since(day.0)).chain([age.saturating_add(1)]);
                let starts = days.iter().map(|day| since(day.0));
                // A purchase on the very day would still have broken the silence.
                let silence = starts.zip(ends).find(|(from, to)| to - from > limit);
                silence.map(|(from, _)| from.saturating_add(limit))
            }
        };
        let life = Followed { days: end.unwrap_or(age), has_ended: end.is_some() };
        Some(life)
    }

    fn curve(&self, name: Option<String>, is_in: &dyn Fn(u32) -> bool) -> Result<Option<Curve>> {
        let lives: Vec<Life> = self
            .codes
            .iter()
            .zip(&self.lives)
            .filter(|(code, _)| is_in(self.group(**code)))
            .map(|(_, life)| Life {
                entry: f64::NEG_INFINITY,
                time: f64::from(life.days),
                has_ended: life.has_ended,
            })
            .collect();
        if lives.is_empty() {
            return Ok(None);
        }
        let points = kaplan_meier(&lives, self.options.confidence)?;
        let within = f64::from(self.options.within_days);
        let mean = restricted_mean(&points, within);
        let z = -normal_quantile((1.0 - self.options.confidence) / 2.0).unwrap_or(0.0);
        Ok(Some(Curve {
            name,
            customers: lives.len() as u64,
            ended: lives.iter().filter(|life| life.has_ended).count() as u64,
            median_days: median(&points),
            mean_days: mean.map(|mean| mean.0),
            mean_interval: mean.map(|(mean, variance)| {
                let reach = z * variance.sqrt();
                Interval { low: (mean - reach).max(0.0), high: (mean + reach).min(within) }
            }),
            points: told(
                &points,
                points.last().map_or(0, |point| point.time as u32),
                self.options.step_days,
            ),
        }))
    }

    fn group(&self, code: u32) -> u32 {
        self.places.get(code as usize).copied().unwrap_or(MISSING)
    }

    fn result(&self) -> Result<SurvivalResult> {
        let Some(all) = self.curve(None, &|_| true)? else {
            let hint = "no customer has a purchase up to this date: is it right?";
            return Err(Error::new(Code::NotEnoughData, hint).at_path("at"));
        };
        let (mut groups, mut test) = (Vec::new(), None);
        if self.options.by.is_some() {
            let named = self.names.iter().cloned().map(Some).zip(0..).chain([(None, MISSING)]);
            for (name, group) in named {
                groups.extend(self.curve(name, &|of| of == group)?);
            }
            let pairs = self.codes.iter().zip(&self.lives);
            let mut lives: Vec<(u32, f64, bool)> = pairs
                .map(|(code, life)| (self.group(*code), f64::from(life.days), life.has_ended))
                .filter(|life| life.0 != MISSING)
                .collect();
            test = logrank(&mut lives).ok().map(|found| GroupTest {
                statistic: found.statistic,
                degrees: found.degrees,
                p: found.p,
            });
        }
        Ok(SurvivalResult { all, groups, test })
    }
}
