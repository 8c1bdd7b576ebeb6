//! `inactivity`: followers who never answered, who fell asleep, and who count as valid, by rules of
//! your own, and what the figures become without them.
//!
//! A list of followers with the day they joined is held against a log of what they did. Programmes
//! that are paid by followers want zombies out before rates are computed: how much that moves each
//! rate is part of the answer, so that nobody has to guess whether a better rate came from better
//! work or from a shorter list.
//!
//! When not to use it: silence in one channel is no absence. Give all channels' events, and the
//! purchases, before anybody is removed.

use serde::{Deserialize, Serialize};

use super::{InactivityLimits, inactivity};
use crate::customers::activity::{Activity, Events, Seen};
use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values};
use crate::segment::population::{Population, PurchaseRules, collected, no_memory, unfinished};
use crate::segment::rfm::groups::Text;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::table::block::MISSING;
use crate::table::calendar::{DAY_MS, LocalDays};
use crate::table::dictionary::Dictionary;
use crate::table::moment::Moment;
use crate::table::money;
use crate::table::role::Role;
use crate::table::zone::Zone;

/// The input with what followers did.
const EVENTS: usize = 1;
/// The input with purchases.
const LOG: usize = 2;

/// Options of `inactivity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InactivityOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out.
    pub at: String,
    /// After how many days a flag is raised.
    #[serde(default)]
    pub limits: InactivityLimits,
    /// Who is a valid follower.
    #[serde(default)]
    pub valid: ValidRule,
    /// Which values of `event` are interactions, without regard to case. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactions: Option<Vec<String>>,
    /// What a negative amount of the purchases does.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

/// The standard of a valid follower: so many interactions within so many days up to the reference
/// day, or joined too lately to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValidRule {
    /// Interactions at least.
    pub least: u32,
    /// Within so many days, the reference day included.
    pub days: u32,
    /// Whoever joined at most so many days ago is valid without any.
    pub grace_days: u32,
    /// Whether a purchase ever makes valid too.
    pub buyers: bool,
}

impl Default for ValidRule {
    fn default() -> Self {
        ValidRule { least: 1, days: 90, grace_days: 3, buyers: true }
    }
}

/// Result of `inactivity`. The column set `customers` holds `customer`, `joined` (days since),
/// `lastInteraction` (days since, −1 = never), `interactions` (within the days of the standard),
/// and 0 or 1 for `activationAlert`, `sleeping`, `zombie`, `valid`, `isBuyer`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InactivityResult {
    /// Followers.
    pub followers: u64,
    /// Each flag.
    pub flags: Vec<FlagRow>,
    /// The figures with all followers, and without some of them.
    pub scenarios: Vec<Scenario>,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// A flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Flag {
    /// Joined and never interacted: greet again.
    ActivationAlert,
    /// Interacted, but not for long.
    Sleeping,
    /// Joined long ago and never interacted.
    Zombie,
    /// Meets the standard.
    Valid,
}

/// How many followers have a flag.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlagRow {
    /// The flag.
    pub flag: Flag,
    /// Followers with it.
    pub followers: u64,
    /// Their share of all.
    pub share: f64,
    /// Wilson interval of the share.
    pub interval: Interval,
    /// Of them, those who bought; null without a log.
    pub buyers: Option<u64>,
    /// Their money; null without a log.
    pub revenue: Option<f64>,
}

/// Who is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Kept {
    /// Everybody.
    All,
    /// All but zombies.
    WithoutZombies,
    /// All but zombies and sleepers.
    Awake,
    /// Valid followers.
    Valid,
}

/// The figures of some of the followers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scenario {
    /// Who is kept.
    pub kept: Kept,
    /// Followers who are kept.
    pub followers: u64,
    /// Followers who are dropped.
    pub dropped: u64,
    /// Share of those kept with an interaction within the days of the standard; null if nobody is
    /// kept.
    pub active_share: Option<f64>,
    /// Interactions within those days per follower kept; null if nobody is kept.
    pub interactions_mean: Option<f64>,
    /// Of those kept, those who bought; null without a log.
    pub buyers: Option<u64>,
    /// Their share; null without a log, or if nobody is kept.
    pub buyers_share: Option<f64>,
    /// Money of those kept; null without a log.
    pub revenue: Option<f64>,
    /// Money per follower kept; null without a log, or if nobody is kept.
    pub revenue_mean: Option<f64>,
}

/// The running analysis.
#[derive(Debug)]
pub struct Inactivity {
    options: InactivityOptions,
    zone: Zone,
    moment: Moment,
    /// When each follower was first seen in the list.
    joined: Activity,
    events: Activity,
    /// Whether an event counts, by its code, as far as it was met.
    counts: Vec<Option<bool>>,
    other_events: u64,
    purchases: Option<Population>,
    has_events: bool,
    /// The numbers of the inputs that are there.
    inputs: Vec<usize>,
    /// The list's code of each customer of the events and of the log; `MISSING` if not there.
    followers_of: [Vec<u32>; 2],
    strangers: u64,
    answer: Option<(InactivityResult, Vec<Follower>)>,
}

/// One follower.
#[derive(Clone, Copy, Debug, Default)]
struct Follower {
    code: u32,
    joined: i32,
    last: Option<i32>,
    interactions: u32,
    flags: super::InactivityFlags,
    is_valid: bool,
    purchases: i64,
    money: i64,
}

fn rules(options: &InactivityOptions) -> PurchaseRules {
    PurchaseRules { count: Some(Count::Row), refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for Inactivity {
    const NAME: &'static str = "inactivity";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Inactivity rules and a valid-follower standard",
        reference: "Siyu, docs/analyses/inactivity.md: rules, not a model.",
    };
    const INPUTS: &'static [&'static str] = &["followers"];
    const OPTIONAL: &'static [&'static str] = &["events", "log"];

    type Options = InactivityOptions;
    type Result = InactivityResult;

    fn needs(options: &InactivityOptions, input: usize) -> Result<Needs> {
        Ok(match input {
            EVENTS => match options.interactions {
                Some(_) => Needs::roles(&[Role::Customer, Role::Time, Role::Event]),
                None => Needs::roles(&[Role::Customer, Role::Time]),
            },
            LOG => Population::needs(rules(options)),
            _ => Needs::roles(&[Role::Customer, Role::Time]),
        })
    }

    fn estimate(options: &InactivityOptions, inputs: &[Facts<'_>]) -> u64 {
        let of = |facts: &Facts<'_>| match facts.input {
            LOG => Population::estimate(rules(options), facts) + facts.customers * 4,
            _ => Activity::estimate(facts.rows, facts.customers) + facts.customers * (4 + 48 + 64),
        };
        inputs.iter().map(of).sum()
    }

    fn start(options: InactivityOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let facts = |input: usize| inputs.iter().find(|facts| facts.input == input);
        let list = facts(0)
            .ok_or_else(|| Error::new(Code::UnknownTable, "this reads a list of followers"))?;
        check_confidence(options.confidence)?;
        if options.valid.days == 0 || options.valid.least == 0 {
            return Err(Error::new(Code::InvalidOption, "at least one interaction in one day")
                .at_path("valid"));
        }
        let zone = list.schema.zone.clone();
        let moment = Moment::parse(&options.at, &zone).map_err(|error| error.at_path("at"))?;
        let first = i64::from(moment.day) - i64::from(options.valid.days) + 1;
        let from = zone.instant_of(first * DAY_MS).instant();
        let purchases = facts(LOG)
            .map(|log| Population::start(&options.at, rules(&options), log))
            .transpose()
            .map_err(|error| error.at_path("at"))?;
        Ok(Inactivity {
            options,
            zone,
            moment,
            joined: Activity::new(i64::MAX, moment.until),
            events: Activity::new(from, moment.until),
            counts: Vec::new(),
            other_events: 0,
            purchases,
            has_events: facts(EVENTS).is_some(),
            inputs: inputs.iter().map(|facts| facts.input).collect(),
            followers_of: Default::default(),
            strangers: 0,
            answer: None,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        if input == LOG {
            return match &mut self.purchases {
                Some(purchases) => purchases.update(rows),
                None => Ok(()),
            };
        }
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let times = rows.times().ok_or_else(|| Allowed::refused(Role::Time))?;
        let keep = rows.keep();
        if input != EVENTS {
            return self.joined.update(Events { customers, times, events: None, keep });
        }
        let Some(wanted) = &self.options.interactions else {
            return self.events.update(Events { customers, times, events: None, keep });
        };
        let events = rows.codes(Role::Event).ok_or_else(|| Allowed::refused(Role::Event))?;
        let names = rows.names().and_then(|names| names.get(Role::Event));
        let (mut of_customers, mut of_times) = (Vec::new(), Vec::new());
        for ((customer, time), event) in customers.iter().zip(times).zip(events) {
            if counts(&mut self.counts, wanted, *event, names) {
                of_customers.push(*customer);
                of_times.push(*time);
            } else {
                self.other_events += 1;
            }
        }
        let (customers, times) = (&of_customers, &of_times);
        self.events.update(Events { customers, times, events: None, keep })
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        let list = names.first().and_then(|names| names.get(Role::Customer));
        let list = list.ok_or_else(|| Allowed::refused(Role::Customer))?;
        for (input, names) in self.inputs.iter().zip(names).skip(1) {
            let ids = names.get(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
            let found = (0..ids.len() as u32)
                .map(|code| ids.get(code).and_then(|id| list.find(id)).unwrap_or(MISSING));
            let place = self.followers_of.get_mut(input - 1);
            if let Some(place) = place {
                *place = collected(found, ids.len())?;
            }
        }
        Ok(Progress { done: 1, total: 1 })
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let known = self.purchases.as_ref().map_or(0, Population::known) as u64;
        let total = known + 1;
        if let Some(purchases) = &mut self.purchases
            && (purchases.summary.len() as u64) < known
            && !purchases.settle(budget)?
        {
            return Ok(Progress { done: purchases.summary.len() as u64, total });
        }
        if self.answer.is_none() {
            self.answer = Some(self.result()?);
        }
        Ok(Progress { done: total, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<InactivityResult, InactivityOptions>> {
        let (result, followers) = self.answer.take().ok_or_else(unfinished)?;
        let length = followers.len();
        let codes: Vec<u32> = collected(followers.iter().map(|one| one.code), length)?;
        let today = self.moment.day;
        let ago = |day: i32| f64::from(today) - f64::from(day);
        let numbers = |of: &dyn Fn(&Follower) -> f64| {
            collected(followers.iter().map(of), length).map(Values::F64)
        };
        let bits = |of: &dyn Fn(&Follower) -> bool| {
            collected(followers.iter().map(|one| u8::from(of(one))), length).map(Values::U8)
        };
        let columns = [
            ("customer", Population::ids(&codes, names)?),
            ("joined", numbers(&|one| ago(one.joined))?),
            ("lastInteraction", numbers(&|one| one.last.map_or(-1.0, ago))?),
            ("interactions", numbers(&|one| f64::from(one.interactions))?),
            ("activationAlert", bits(&|one| one.flags.activation_alert)?),
            ("sleeping", bits(&|one| one.flags.sleeping)?),
            ("zombie", bits(&|one| one.flags.zombie)?),
            ("valid", bits(&|one| one.is_valid)?),
            ("isBuyer", bits(&|one| one.purchases > 0)?),
        ];
        let columns = columns.into_iter().map(|(name, values)| NamedColumn { name, values });
        let columns = columns.collect();
        let mut left_out: Vec<LeftOut> =
            self.purchases.as_ref().map(Population::left_out).unwrap_or_default();
        let (list, events) = (self.joined.skipped(), self.events.skipped());
        for (reason, rows, customers) in [
            ("after-at", list.after + events.after, 0),
            ("denied", list.denied + events.denied, 0),
            ("other-event", self.other_events, 0),
            ("not-in-the-list", 0, self.strangers),
        ] {
            match left_out.iter_mut().find(|part| part.reason == reason) {
                Some(part) => part.rows += rows,
                None if rows + customers > 0 => {
                    left_out.push(LeftOut { reason, rows, customers });
                }
                None => {}
            }
        }
        let purchases = self.purchases.as_ref().map_or(0, |purchases| purchases.summary.rows);
        Ok(Outcome {
            result,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            rows: self.joined.rows() + self.events.rows() + purchases,
            customers: length as u64,
            left_out,
            warnings: Vec::new(),
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.joined.heap_size()
            + self.events.heap_size()
            + self.purchases.as_ref().map_or(0, Population::heap_size)
            + self.followers_of.iter().map(|codes| codes.capacity() * 4).sum::<usize>()
    }
}

/// Whether an event is an interaction; asked once per name.
fn counts(
    known: &mut Vec<Option<bool>>,
    wanted: &[String],
    event: u32,
    names: Option<&Dictionary>,
) -> bool {
    let Some(name) = names.and_then(|names| names.get(event)) else { return false };
    let at = event as usize;
    if at >= known.len() {
        known.resize(at + 1, None);
    }
    let Some(place) = known.get_mut(at) else { return false };
    *place.get_or_insert_with(|| {
        let name = String::from_utf8_lossy(name).trim().to_lowercase();
        wanted.iter().any(|wanted| wanted.trim().to_lowercase() == name)
    })
}

impl Inactivity {
    fn result(&mut self) -> Result<(InactivityResult, Vec<Follower>)> {
        let mut followers = self.followers()?;
        let today = self.moment.day;
        let rule = self.options.valid;
        for one in &mut followers {
            one.flags = inactivity(today, one.joined, one.last, self.options.limits);
            let is_new = i64::from(today) - i64::from(one.joined) <= i64::from(rule.grace_days);
            one.is_valid =
                one.interactions >= rule.least || is_new || (rule.buyers && one.purchases > 0);
        }
        if followers.is_empty() {
            return Err(Error::new(
                Code::NotEnoughData,
                "nobody joined up to this date: is it right?",
            )
            .at_path("at"));
        }
        let all = followers.len() as u64;
        let scale = self.purchases.as_ref().map(|purchases| purchases.summary.scale);
        let money_of = |sum: i128| scale.map(|scale| money::to_f64(sum, scale));
        let flag_of = |flag: Flag, one: &Follower| match flag {
            Flag::ActivationAlert => one.flags.activation_alert,
            Flag::Sleeping => one.flags.sleeping,
            Flag::Zombie => one.flags.zombie,
            Flag::Valid => one.is_valid,
        };
        let mut flags = Vec::new();
        for flag in [Flag::ActivationAlert, Flag::Sleeping, Flag::Zombie, Flag::Valid] {
            let sums = Sums::of(followers.iter().filter(|one| flag_of(flag, one)));
            flags.push(FlagRow {
                flag,
                followers: sums.followers,
                share: sums.followers as f64 / all as f64,
                interval: proportion_interval(
                    sums.followers,
                    all,
                    self.options.confidence,
                    ProportionInterval::Wilson,
                )?,
                buyers: scale.map(|_| sums.buyers),
                revenue: money_of(sums.money),
            });
        }
        let scenarios = [Kept::All, Kept::WithoutZombies, Kept::Awake, Kept::Valid].map(|kept| {
            let sums = Sums::of(followers.iter().filter(|one| match kept {
                Kept::All => true,
                Kept::WithoutZombies => !one.flags.zombie,
                Kept::Awake => !one.flags.zombie && !one.flags.sleeping,
                Kept::Valid => one.is_valid,
            }));
            let per = |sum: f64| (sums.followers > 0).then(|| sum / sums.followers as f64);
            Scenario {
                kept,
                followers: sums.followers,
                dropped: all - sums.followers,
                active_share: per(sums.active as f64),
                interactions_mean: per(sums.interactions as f64),
                buyers: scale.map(|_| sums.buyers),
                buyers_share: scale.and_then(|_| per(sums.buyers as f64)),
                revenue: money_of(sums.money),
                revenue_mean: money_of(sums.money).and_then(per),
            }
        });
        let result = InactivityResult {
            followers: all,
            sentence: sentence(all, &flags, &scenarios),
            flags,
            scenarios: scenarios.to_vec(),
        };
        Ok((result, followers))
    }

    /// Everybody in the list, with what they did and bought.
    fn followers(&mut self) -> Result<Vec<Follower>> {
        let mut days = LocalDays::new(&self.zone);
        let listed = self.joined.seen();
        let mut all: Vec<Follower> = Vec::new();
        all.try_reserve_exact(listed.len()).map_err(|_| no_memory())?;
        for (code, seen) in (0_u32..).zip(listed) {
            let joined = if seen.rows > 0 { days.day_of(seen.first) } else { i32::MAX };
            all.push(Follower { code, joined, ..Follower::default() });
        }
        let is_listed = |one: &Follower| one.joined != i32::MAX;
        let [of_events, of_log] = &self.followers_of;
        let mut strangers = 0;
        for (code, seen) in self.events.seen().iter().enumerate() {
            let Seen { last, rows, .. } = *seen;
            if rows == 0 {
                continue;
            }
            let at = of_events.get(code).copied().unwrap_or(MISSING) as usize;
            match all.get_mut(at).filter(|one| is_listed(one)) {
                Some(one) => one.last = Some(days.day_of(last)),
                None => strangers += 1,
            }
        }
        for (code, _, count) in self.events.counts() {
            let at = of_events.get(code as usize).copied().unwrap_or(MISSING) as usize;
            if let Some(one) = all.get_mut(at) {
                one.interactions = one.interactions.saturating_add(count);
            }
        }
        if let Some(purchases) = &self.purchases {
            let summary = &purchases.summary;
            let rows = summary.codes.iter().zip(&summary.frequency).zip(&summary.monetary);
            for ((code, frequency), minor) in rows {
                let at = of_log.get(*code as usize).copied().unwrap_or(MISSING) as usize;
                match all.get_mut(at).filter(|one| is_listed(one)) {
                    Some(one) => (one.purchases, one.money) = (*frequency, *minor),
                    None => strangers += u64::from(!self.has_events),
                }
            }
        }
        self.strangers = strangers;
        all.retain(is_listed);
        Ok(all)
    }
}

/// Exact sums over some followers.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    followers: u64,
    active: u64,
    interactions: u64,
    buyers: u64,
    money: i128,
}

impl Sums {
    fn of<'a>(followers: impl Iterator<Item = &'a Follower>) -> Sums {
        followers.fold(Sums::default(), |sums, one| Sums {
            followers: sums.followers + 1,
            active: sums.active + u64::from(one.interactions > 0),
            interactions: sums.interactions + u64::from(one.interactions),
            buyers: sums.buyers + u64::from(one.purchases > 0),
            money: sums.money + i128::from(one.money),
        })
    }
}

fn sentence(all: u64, flags: &[FlagRow], scenarios: &[Scenario]) -> Text {
    let of = |flag: Flag| flags.iter().find(|row| row.flag == flag);
    let percent = |share: Option<f64>| format!("{:.1}", share.unwrap_or(0.0) * 100.0);
    let zombies = of(Flag::Zombie).map_or(0, |row| row.followers);
    let share = percent(of(Flag::Zombie).map(|row| row.share));
    let active = |kept: Kept| {
        percent(scenarios.iter().find(|row| row.kept == kept).and_then(|row| row.active_share))
    };
    let (before, after) = (active(Kept::All), active(Kept::WithoutZombies));
    Text {
        en: format!(
            "{zombies} of {all} followers ({share} %) never interacted; without them the share of active followers is {after} % instead of {before} %."
        )
        .into(),
        zh: format!(
            "{all} 位粉丝中有 {zombies} 位（{share} %）是从未互动的僵尸粉；清理后活跃占比由 {before} % 变为 {after} %。"
        )
        .into(),
    }
}
