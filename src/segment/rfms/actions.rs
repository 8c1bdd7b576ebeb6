//! The social actions of customers, out of a log of events and a log of referrals, matched with
//! the customers of the purchase log by id.
//!
//! An event counts as what its name says. In a log of referrals `customer` is who invites and
//! `order`, if mapped, the customer id of who is invited. With it an invitation counts once per
//! pair of the two, nobody can invite themselves, and without a role `event` an invitation is
//! accepted when the invited customer's first purchase follows it: it then counts for whoever
//! invited first. Without `order`, each row is one invitation, sent or accepted as `event` says.

use std::collections::BTreeMap;

use super::social::{ActionKind, EventNames, KINDS};
use crate::customers::activity::{Activity, Events, Seen};
use crate::customers::matching::Matching;
use crate::error::{Code, Error, Result};
use crate::job::{Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{LeftOut, Values};
use crate::segment::population::{filled, no_memory};
use crate::table::block::MISSING;
use crate::table::dictionary::Dictionary;
use crate::table::role::Role;

/// The input with events.
pub(crate) const EVENTS: usize = 1;
/// The input with referrals.
pub(crate) const REFERRALS: usize = 2;

/// One invitation.
#[derive(Clone, Copy, Debug)]
struct Invitation {
    inviter: u32,
    invited: u32,
    event: u32,
    time: i64,
}

/// What happened besides purchases, while rows arrive and after.
#[derive(Debug)]
pub(crate) struct Actions {
    names: EventNames,
    from: i64,
    until: i64,
    /// The inputs that are there, ascending; 0 is the purchase log.
    inputs: Vec<usize>,
    events: Activity,
    invitations: Vec<Invitation>,
    /// When each inviter was seen, by code.
    inviters: Vec<Seen>,
    referral_rows: u64,
    /// Whether the referrals say what became of an invitation.
    has_outcomes: bool,
    after: u64,
    denied: u64,
    matching: Matching,
    /// What each event of the event log counts as.
    kinds: Vec<Option<ActionKind>>,
    /// What each event of the referral log counts as.
    outcomes: Vec<Option<ActionKind>>,
    /// The purchase log's code of each invited customer; `MISSING` if not there.
    invited: Vec<u32>,
    /// The referral log's own code of each invited customer, to notice who invites themselves.
    invited_self: Vec<u32>,
    other_events: u64,
    self_invitations: u64,
}

/// The actions of all customers, by common number.
#[derive(Debug)]
pub(crate) struct Counted {
    /// How often each customer did each kind of thing.
    pub(crate) counts: [Vec<u32>; KINDS],
    /// How often each customer did something of no kind: views, clicks.
    pub(crate) others: Vec<u32>,
    /// When each customer last did anything at all, also of no kind.
    pub(crate) last: Vec<Option<i64>>,
}

impl Actions {
    /// The columns of events and referrals.
    pub(crate) fn needs(input: usize) -> Needs {
        match input {
            EVENTS => Needs::roles(&[Role::Customer, Role::Time, Role::Event]),
            _ => Needs::roles(&[Role::Customer, Role::Time])
                .and_if_mapped(&[Role::Order, Role::Event]),
        }
    }

    /// Bytes held at most.
    pub(crate) fn estimate(inputs: &[Facts<'_>]) -> u64 {
        let of = |facts: &Facts<'_>| match facts.input {
            0 => facts.customers * (KINDS as u64 * 4 + 16 + 4),
            EVENTS => {
                Activity::estimate(facts.rows, facts.customers)
                    + Matching::estimate(facts.customers)
                    + facts.customers * (KINDS as u64 * 4 + 16 + 4)
            }
            // The larger of referrals and any other list of customers.
            _ => {
                facts.rows * (2 * 24 + 3 * 48)
                    + Matching::estimate(facts.customers)
                    + facts.customers * (KINDS as u64 * 4 + 16 + 4 + 24)
            }
        };
        inputs.iter().map(of).sum()
    }

    /// Counts actions in `from..until`; customers are noticed before `from` too.
    pub(crate) fn new(names: EventNames, from: i64, until: i64, inputs: &[Facts<'_>]) -> Self {
        let referrals = inputs.iter().find(|facts| facts.input == REFERRALS);
        Actions {
            names,
            from,
            until,
            inputs: inputs.iter().map(|facts| facts.input).collect(),
            events: Activity::new(from, until),
            invitations: Vec::new(),
            inviters: Vec::new(),
            referral_rows: 0,
            has_outcomes: referrals
                .is_some_and(|facts| facts.schema.position(Role::Event).is_some()),
            after: 0,
            denied: 0,
            matching: Matching::new(),
            kinds: Vec::new(),
            outcomes: Vec::new(),
            invited: Vec::new(),
            invited_self: Vec::new(),
            other_events: 0,
            self_invitations: 0,
        }
    }

    /// Whether there is a log of events or of referrals at all.
    pub(crate) fn is_there(&self) -> bool {
        self.inputs.len() > 1
    }

    /// Adds a block of events or referrals.
    pub(crate) fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let times = rows.times().ok_or_else(|| Allowed::refused(Role::Time))?;
        if input == EVENTS {
            let events = rows.codes(Role::Event).ok_or_else(|| Allowed::refused(Role::Event))?;
            let events = Events { customers, times, events: Some(events), keep: rows.keep() };
            return self.events.update(events);
        }
        let (invited, events) = (rows.codes(Role::Order), rows.codes(Role::Event));
        // A policy may have refused what the schema has.
        self.has_outcomes &= events.is_some();
        for (row, (inviter, time)) in customers.iter().zip(times).enumerate() {
            if *time >= self.until {
                self.after += 1;
                continue;
            }
            if rows.keep().is_some_and(|keep| !keep.get(*inviter)) {
                self.denied += 1;
                continue;
            }
            self.referral_rows += 1;
            self.saw(*inviter, *time)?;
            let code = |codes: Option<&[u32]>| {
                codes.and_then(|codes| codes.get(row)).copied().unwrap_or(MISSING)
            };
            if *time >= self.from {
                self.invitations.try_reserve(1).map_err(|_| no_memory())?;
                self.invitations.push(Invitation {
                    inviter: *inviter,
                    invited: code(invited),
                    event: code(events),
                    time: *time,
                });
            }
        }
        Ok(())
    }

    fn saw(&mut self, inviter: u32, time: i64) -> Result<()> {
        let at = inviter as usize;
        if at >= self.inviters.len() {
            self.inviters.try_reserve(at + 1 - self.inviters.len()).map_err(|_| no_memory())?;
            self.inviters.resize(at + 1, Seen { first: i64::MAX, last: i64::MIN, rows: 0 });
        }
        if let Some(seen) = self.inviters.get_mut(at) {
            seen.first = seen.first.min(time);
            seen.last = seen.last.max(time);
            seen.rows = seen.rows.saturating_add(1);
        }
        Ok(())
    }

    /// Matches customers, and reads the names of events.
    pub(crate) fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        let tables = customers_of(names)?;
        let total = tables.iter().skip(1).map(|table| table.len() as u64).sum::<u64>() + 1;
        if !self.matching.advance(&tables, budget)? {
            let done = self.matching.len().saturating_sub(tables.first().map_or(0, |t| t.len()));
            return Ok(Progress { done: (done as u64).min(total - 1), total });
        }
        for (input, names) in self.inputs.iter().zip(names) {
            let events = names.get(Role::Event);
            let kinds = events.map(|events| {
                let all = 0..events.len() as u32;
                all.map(|code| self.names.kind_of(events.get(code).unwrap_or_default())).collect()
            });
            match *input {
                EVENTS => self.kinds = kinds.unwrap_or_default(),
                REFERRALS => {
                    self.outcomes = kinds.unwrap_or_default();
                    let own = names.get(Role::Customer);
                    for id in ids_of(names.get(Role::Order)) {
                        let log = tables.first().and_then(|log| log.find(id));
                        self.invited.push(log.unwrap_or(MISSING));
                        let own = own.and_then(|own| own.find(id));
                        self.invited_self.push(own.unwrap_or(MISSING));
                    }
                }
                _ => {}
            }
        }
        Ok(Progress { done: total, total })
    }

    /// The common number of a customer of the input at `place` among those that are there.
    pub(crate) fn number(&self, place: usize, code: u32) -> Option<u32> {
        self.matching.number(place, code)
    }

    /// Customers of all inputs.
    pub(crate) fn customers(&self) -> usize {
        self.matching.len()
    }

    /// Counts everybody's actions. `first_purchase` gives the instant of a customer's first
    /// purchase by the purchase log's code.
    pub(crate) fn count(&mut self, first_purchase: impl Fn(u32) -> Option<i64>) -> Result<Counted> {
        let customers = self.matching.len();
        let mut counts: [Vec<u32>; KINDS] = Default::default();
        for column in &mut counts {
            *column = filled(0, customers)?;
        }
        let mut counted =
            Counted { counts, others: filled(0, customers)?, last: filled(None, customers)? };
        for (place, input) in self.inputs.clone().into_iter().enumerate() {
            let seen = match input {
                EVENTS => self.events.seen(),
                REFERRALS => &self.inviters,
                _ => continue,
            };
            for (code, seen) in seen.iter().enumerate().filter(|(_, seen)| seen.rows > 0) {
                let Some(at) = self.matching.number(place, code as u32) else { continue };
                if let Some(last) = counted.last.get_mut(at as usize) {
                    *last = Some(last.map_or(seen.last, |other| other.max(seen.last)));
                }
            }
            if input == EVENTS {
                let mut others = 0;
                for (code, event, count) in self.events.counts() {
                    let kind = self.kinds.get(event as usize).copied().flatten();
                    let at = self.matching.number(place, code);
                    match (kind, at) {
                        (Some(kind), Some(at)) => counted.add(kind, at, count),
                        (_, at) => {
                            others += u64::from(count);
                            let at = at.and_then(|at| counted.others.get_mut(at as usize));
                            if let Some(place) = at {
                                *place = place.saturating_add(count);
                            }
                        }
                    }
                }
                self.other_events += others;
            } else {
                self.count_invitations(place, &mut counted, &first_purchase);
            }
        }
        Ok(counted)
    }

    fn count_invitations(
        &mut self,
        place: usize,
        counted: &mut Counted,
        first_purchase: &impl Fn(u32) -> Option<i64>,
    ) {
        // By pair: the first invitation, and whether one was accepted.
        let mut pairs: BTreeMap<(u32, u32), (i64, bool)> = BTreeMap::new();
        // When each invited customer was first invited.
        let mut firsts: BTreeMap<u32, i64> = BTreeMap::new();
        for one in &self.invitations {
            let outcome = self.outcomes.get(one.event as usize).copied().flatten();
            let Some(at) = self.matching.number(place, one.inviter) else { continue };
            if one.invited == MISSING {
                match outcome {
                    _ if !self.has_outcomes => counted.add(ActionKind::InviteSent, at, 1),
                    Some(kind @ (ActionKind::InviteSent | ActionKind::InviteAccepted)) => {
                        counted.add(kind, at, 1);
                    }
                    _ => self.other_events += 1,
                }
                continue;
            }
            if self.invited_self.get(one.invited as usize) == Some(&one.inviter) {
                self.self_invitations += 1;
                continue;
            }
            let pair = pairs.entry((at, one.invited)).or_insert((one.time, false));
            pair.0 = pair.0.min(one.time);
            pair.1 |= outcome == Some(ActionKind::InviteAccepted);
            let first = firsts.entry(one.invited).or_insert(one.time);
            *first = (*first).min(one.time);
        }
        for ((at, invited), (time, is_accepted)) in pairs {
            counted.add(ActionKind::InviteSent, at, 1);
            let came = || {
                let code = self.invited.get(invited as usize).copied()?;
                let bought = first_purchase(code)?;
                let is_first = firsts.get(&invited) == Some(&time);
                Some(is_first && bought >= time)
            };
            if is_accepted || (!self.has_outcomes && came() == Some(true)) {
                counted.add(ActionKind::InviteAccepted, at, 1);
            }
        }
    }

    /// Rows of events and referrals that entered.
    pub(crate) fn rows(&self) -> u64 {
        self.events.rows() + self.referral_rows
    }

    /// What did not enter.
    pub(crate) fn left_out(&self) -> Vec<LeftOut> {
        let skipped = self.events.skipped();
        let parts = [
            ("after-at", skipped.after + self.after),
            ("denied", skipped.denied + self.denied),
            ("other-event", self.other_events),
            ("self-invitation", self.self_invitations),
        ];
        let there = parts.into_iter().filter(|(_, rows)| *rows > 0);
        there.map(|(reason, rows)| LeftOut { reason, rows, customers: 0 }).collect()
    }

    /// The ids of customers, by common number.
    pub(crate) fn ids(&self, numbers: &[u32], names: &[AllowedNames<'_>]) -> Result<Values> {
        let tables = customers_of(names)?;
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        ends.try_reserve_exact(numbers.len()).map_err(|_| no_memory())?;
        for number in numbers {
            let id = self.matching.id(&tables, *number).unwrap_or_default();
            bytes.try_reserve(id.len()).map_err(|_| no_memory())?;
            bytes.extend_from_slice(id);
            ends.push(u32::try_from(bytes.len()).map_err(|_| too_long())?);
        }
        Ok(Values::Text { bytes, ends })
    }

    pub(crate) fn heap_size(&self) -> usize {
        self.events.heap_size()
            + self.invitations.capacity() * size_of::<Invitation>()
            + self.inviters.capacity() * size_of::<Seen>()
            + self.matching.heap_size()
    }
}

impl Counted {
    fn add(&mut self, kind: ActionKind, at: u32, count: u32) {
        let column = self.counts.get_mut(kind as usize);
        if let Some(place) = column.and_then(|column| column.get_mut(at as usize)) {
            *place = place.saturating_add(count);
        }
    }
}

fn too_long() -> Error {
    Error::new(Code::Limit, "the ids of the customers take more than 4 GB")
}

fn customers_of<'a>(names: &[AllowedNames<'a>]) -> Result<Vec<&'a Dictionary>> {
    let of = |names: &AllowedNames<'a>| {
        names.get(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))
    };
    names.iter().map(of).collect()
}

fn ids_of(dictionary: Option<&Dictionary>) -> impl Iterator<Item = &[u8]> {
    let all = 0..dictionary.map_or(0, |dictionary| dictionary.len() as u32);
    all.filter_map(move |code| dictionary.and_then(|dictionary| dictionary.get(code)))
}
