//! `activation`: who joined and has done nothing yet, and how soon those who do begin.
//!
//! A customer begins with the day of joining (the earliest row of the list), and is activated with the
//! first event or purchase on that day or later. Who joined too lately to tell counts for as long as
//! they were seen ([`super::cohorts`]).
//!
//! When not to use it: where the log does not hold all that customers can do, and so silence in it is
//! none. For those who fell silent later take `inactivity` or [`super::survival`].

use serde::{Deserialize, Serialize};

use super::cohorts::{ByCohort, CohortRates, Wait, by_cohort, check_horizons};
use super::survival::analysis::CurvePoint;
use crate::customers::activity::{Activity, Events};
use crate::customers::days::ActiveDays;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, collected, ids, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Text, Values};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::order::sort;
use crate::table::block::MISSING;
use crate::table::calendar::LocalDays;
use crate::table::moment::Moment;
use crate::table::period::{Periods, Unit, WeekStart};
use crate::table::role::Role;
use crate::table::zone::Zone;

/// The number of the input `events`; `log` is the next.
const EVENTS: usize = 1;

/// Options of `activation`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivationOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it are
    /// left out, and what has not happened by then is not known.
    pub at: String,
    /// A local day: customers who joined before it are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Customers without an action so many days after joining are listed; 1 to 3,650.
    #[serde(default = "usual_alert")]
    pub alert_days: u32,
    /// The events that are actions (role `event` of the input `events`); all of them if left out.
    /// Name those that customers do themselves: a row that only says that they joined is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<String>>,
    /// Customers who joined in one such period are a cohort.
    #[serde(default)]
    pub period: Unit,
    /// Where weeks begin.
    #[serde(default)]
    pub week_start: WeekStart,
    /// The share with an action is told within each of these days: 1 to 12 ascending numbers, 1 to
    /// 3,650.
    #[serde(default = "usual_horizons")]
    pub horizons: Vec<u32>,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

fn usual_alert() -> u32 {
    3
}

fn usual_horizons() -> Vec<u32> {
    vec![1, 3, 7, 30]
}

/// Result of `activation`. The column set `customers` holds those to be greeted, who joined last first:
/// `customer` and `days` (since joining, without an action).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActivationResult {
    /// All who joined: those with an action, when, and how many have one within each horizon.
    pub all: CohortRates,
    /// Each cohort, the earliest first.
    pub cohorts: Vec<CohortRates>,
    /// The share without an action yet, from day 0 to the last horizon.
    pub curve: Vec<CurvePoint>,
    /// Customers without an action `alertDays` after joining: those listed.
    pub waiting: u64,
    /// Customers without an action who joined less than `alertDays` ago.
    pub too_early: u64,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// Days of actions of one input.
#[derive(Debug, Default)]
struct Actions {
    days: ActiveDays,
    /// The code here of each customer of the list.
    codes: Vec<u32>,
}

/// The running analysis.
#[derive(Debug)]
pub struct Activation {
    options: ActivationOptions,
    periods: Periods,
    zone: Zone,
    moment: Moment,
    from: Option<i32>,
    joined: Activity,
    /// Of the events, and of the log.
    actions: [Actions; 2],
    /// The numbers of the inputs that are there.
    inputs: Vec<usize>,
    rows: u64,
    /// After the moment, denied, refunds, other events.
    left_out: [u64; 4],
    earlier: u64,
    next: usize,
    codes: Vec<u32>,
    waits: Vec<Wait>,
    answer: Option<ActivationResult>,
}

impl Analysis for Activation {
    const NAME: &'static str = "activation";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Time to the first action after Kaplan and Meier",
        reference: "Kaplan, E. L., Meier, P. (1958). Nonparametric Estimation from Incomplete \
                    Observations. JASA 53, 457–481. Dorey, F. J., Korn, E. L. (1987). Statistics in \
                    Medicine 6, 679–687.",
    };
    const INPUTS: &'static [&'static str] = &["joined"];
    const OPTIONAL: &'static [&'static str] = &["events", "log"];

    type Options = ActivationOptions;
    type Result = ActivationResult;

    fn needs(options: &ActivationOptions, input: usize) -> Result<Needs> {
        let needs = Needs::roles(&[Role::Customer, Role::Time]);
        Ok(match input {
            0 => needs,
            EVENTS if options.actions.is_some() => {
                Needs::roles(&[Role::Customer, Role::Time, Role::Event])
            }
            EVENTS => needs,
            _ => needs.and_if_mapped(&[Role::Amount]),
        })
    }

    fn estimate(_options: &ActivationOptions, inputs: &[Facts<'_>]) -> u64 {
        let of = |facts: &Facts<'_>| match facts.input {
            0 => Activity::estimate(facts.rows, facts.customers) + facts.customers * 220,
            _ => ActiveDays::estimate(facts.rows, facts.customers),
        };
        inputs.iter().map(of).sum()
    }

    fn start(options: ActivationOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let (Some(list), Some(_)) = (inputs.first(), inputs.get(1)) else {
            let hint = "`activation` reads who joined, and `events` or a `log` of what they did";
            return Err(Error::new(Code::UnknownTable, hint));
        };
        check_confidence(options.confidence)?;
        check_horizons(&options.horizons)?;
        if !(1..=3650).contains(&options.alert_days) {
            let hint = "between 1 and 3,650 days";
            return Err(Error::new(Code::InvalidOption, hint).at_path("alertDays"));
        }
        let zone = list.schema.zone.clone();
        let moment = Moment::parse(&options.at, &zone).map_err(|error| error.at_path("at"))?;
        let from = options.from.as_ref().map(|text| Moment::parse(text, &zone));
        let from = from.transpose().map_err(|error| error.at_path("from"))?;
        Ok(Activation {
            periods: Periods { unit: options.period, week_start: options.week_start },
            options,
            zone,
            moment,
            from: from.map(|moment| moment.day),
            joined: Activity::new(i64::MAX, moment.until),
            actions: Default::default(),
            inputs: inputs.iter().map(|facts| facts.input).collect(),
            rows: 0,
            left_out: [0; 4],
            earlier: 0,
            next: 0,
            codes: Vec::new(),
            waits: Vec::new(),
            answer: None,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        let customers = rows.codes(Role::Customer);
        let customers = customers.ok_or_else(|| Allowed::refused(Role::Customer))?;
        let times = rows.times().ok_or_else(|| Allowed::refused(Role::Time))?;
        let keep = rows.keep();
        let Some(actions) = input.checked_sub(EVENTS).and_then(|at| self.actions.get_mut(at))
        else {
            return self.joined.update(Events { customers, times, events: None, keep });
        };
        let wanted = self.options.actions.as_ref().filter(|_| input == EVENTS);
        let events = match wanted {
            Some(_) => Some(rows.codes(Role::Event).ok_or_else(|| Allowed::refused(Role::Event))?),
            None => None,
        };
        let names = rows.names().and_then(|names| names.get(Role::Event));
        let amounts = rows.money().filter(|_| input != EVENTS).map(|(amounts, _)| amounts);
        let is_other = |row: usize| {
            let code = events.and_then(|events| events.get(row));
            let name = code.and_then(|code| names?.get(*code)).unwrap_or_default();
            wanted.is_some_and(|wanted| !wanted.iter().any(|action| action.as_bytes() == name))
        };
        let mut local = LocalDays::new(&self.zone);
        for (row, (customer, time)) in customers.iter().zip(times).enumerate() {
            let reasons = [
                *time >= self.moment.until,
                keep.is_some_and(|keep| !keep.get(*customer)),
                amounts.and_then(|amounts| amounts.get(row)).is_some_and(|amount| *amount < 0),
                is_other(row),
            ];
            if let Some(at) = reasons.iter().position(|holds| *holds) {
                self.left_out.iter_mut().skip(at).take(1).for_each(|count| *count += 1);
                continue;
            }
            actions.days.insert(*customer, local.day_of(*time))?;
            self.rows += 1;
        }
        Ok(())
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        let list = names.first().and_then(|names| names.get(Role::Customer));
        let list = list.ok_or_else(|| Allowed::refused(Role::Customer))?;
        for (input, names) in self.inputs.iter().zip(names).skip(1) {
            let ids = names.get(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
            let found = (0..list.len() as u32)
                .map(|code| list.get(code).and_then(|id| ids.find(id)).unwrap_or(MISSING));
            if let Some(actions) = self.actions.get_mut(input - EVENTS) {
                actions.codes = collected(found, list.len())?;
            }
        }
        Ok(Progress { done: 1, total: 1 })
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let days = self.actions.iter().map(|actions| actions.days.len() as u64).sum::<u64>();
        let known = self.joined.seen().len();
        let total = days + known as u64 + 1;
        for actions in &mut self.actions {
            if !actions.days.settle(budget)? {
                return Ok(Progress { done: actions.days.settled() as u64, total });
            }
        }
        if self.next < known {
            self.follow(budget);
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
    ) -> Result<Outcome<ActivationResult, ActivationOptions>> {
        let result = self.answer.take().ok_or_else(unfinished)?;
        let alert = self.options.alert_days;
        let pairs = self.waits.iter().zip(&self.codes);
        let mut waiting: Vec<(u32, u32)> = pairs
            .filter(|(wait, _)| wait.is_over(alert))
            .map(|(w, code)| (w.days, *code))
            .collect();
        sort(&mut waiting);
        let length = waiting.len();
        let codes = collected(waiting.iter().map(|one| one.1), length)?;
        let days = collected(waiting.iter().map(|one| f64::from(one.0)), length)?;
        let columns = vec![
            NamedColumn { name: "customer", values: ids(&codes, names)? },
            NamedColumn { name: "days", values: Values::F64(days) },
        ];
        let list = self.joined.skipped();
        let [after, denied, refunds, others] = self.left_out;
        Ok(Outcome {
            rows: self.joined.rows() + self.rows,
            customers: self.codes.len() as u64,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            left_out: LeftOut::parts(&[
                ("after-at", after + list.after, 0),
                ("denied", denied + list.denied, 0),
                ("refund-dropped", refunds, 0),
                ("other-event", others, 0),
                ("before-from", 0, self.earlier),
            ]),
            warnings: Vec::new(),
            options: self.options,
            result,
        })
    }

    fn heap_size(&self) -> usize {
        let of = |actions: &Actions| actions.days.heap_size() + actions.codes.capacity() * 4;
        self.joined.heap_size()
            + self.actions.iter().map(of).sum::<usize>()
            + self.codes.capacity() * 4
            + self.waits.capacity() * size_of::<Wait>()
    }
}

impl Wait {
    /// Whether it has lasted for so many days, and nothing came.
    fn is_over(&self, days: u32) -> bool {
        !self.came && self.days >= days
    }
}

impl Activation {
    fn follow(&mut self, budget: usize) {
        let known = self.joined.seen().len();
        let until = self.next.saturating_add(budget.max(1)).min(known);
        let mut local = LocalDays::new(&self.zone);
        let mut days = Vec::new();
        for at in self.next..until {
            let Some(seen) = self.joined.seen().get(at).filter(|seen| seen.rows > 0) else {
                continue;
            };
            let begin = local.day_of(seen.first);
            if self.from.is_some_and(|from| begin < from) {
                self.earlier += 1;
                continue;
            }
            let mut first: Option<i32> = None;
            for actions in &self.actions {
                let code = actions.codes.get(at).copied().unwrap_or(MISSING);
                if code == MISSING {
                    continue;
                }
                actions.days.of(code, &mut days);
                let own = days.iter().copied().find(|day| *day >= begin);
                first = first.into_iter().chain(own).min();
            }
            let end = i64::from(first.unwrap_or(self.moment.day));
            let waited = (end - i64::from(begin)).unsigned_abs() as u32;
            self.codes.push(at as u32);
            let cohort = self.periods.of_day(begin);
            self.waits.push(Wait { cohort, days: waited, came: first.is_some() });
        }
        self.next = until;
    }

    fn result(&self) -> Result<ActivationResult> {
        let mut waits = collected(self.waits.iter().copied(), self.waits.len())?;
        let ActivationOptions { horizons, confidence, alert_days, .. } = &self.options;
        let found = by_cohort(&mut waits, self.periods, horizons, *confidence)?;
        let ByCohort { all, cohorts, curve } = found;
        let waiting = waits.iter().filter(|wait| wait.is_over(*alert_days)).count() as u64;
        let too_early = all.customers - all.came - waiting;
        let came = all.came;
        let sentence = Text {
            en: format!(
                "{waiting} customers have done nothing {alert_days} days after joining or longer; \
                 {came} have begun, and {too_early} joined too lately to tell."
            )
            .into(),
            zh: format!(
                "{waiting} 位客户加入满 {alert_days} 天仍没有任何动作；{came} 位已经有了第一次动作，\
                 {too_early} 位加入不久，还不能判断。"
            )
            .into(),
        };
        Ok(ActivationResult { all, cohorts, curve, waiting, too_early, sentence })
    }
}
