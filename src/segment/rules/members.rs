//! Who is in which segment: the rules of a program over the log, the customers' attributes and
//! their tags. Each number and each condition is a column over some hundred customers at a time,
//! so that what it asks for is looked up once for all of them.

use super::assigned::{Assignments, State};
use super::fold::{Fold, no_memory, passes_text};
use super::program::{Check, Expr, From, Leaf, Node, Program, Right};
use super::sequence::{Event, follows};
use crate::customers::attributes::{AttributeOf, Latest};
use crate::customers::matching::Matching;
use crate::error::{Code, Error, Result};
use crate::job::{Facts, filled};
use crate::privacy::gate::{Allowed, AllowedNames};
use crate::table::block::MISSING;
use crate::table::calendar::LocalDays;
use crate::table::dictionary::Dictionary;
use crate::table::money;
use crate::table::role::Role;
use crate::table::zone::Zone;
use std::iter::repeat_n;

/// The most different tags that the rules of one request may ask for: one bit each.
const MOST_TAGS: usize = 64;

/// One value per input that may be there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tables<T> {
    pub(super) log: T,
    pub(super) customers: Option<T>,
    pub(super) tags: Option<T>,
}

impl<T: Copy> Tables<T> {
    fn all(self) -> impl Iterator<Item = T> {
        [Some(self.log), self.customers, self.tags].into_iter().flatten()
    }
}

/// The rows of a table of customers: who stands in it, and the attributes.
#[derive(Debug)]
struct Profiles {
    latest: Option<Latest>,
    seen: Vec<bool>,
    granted: Vec<String>,
}

/// The tags that rules ask for.
#[derive(Debug)]
struct Tags {
    assignments: Assignments,
    /// For each tag of the table the bit of the rules, if they ask for it.
    bits: Vec<Option<usize>>,
    /// For each customer of the table the tags that hold.
    held: Vec<u64>,
}

/// Customers whose columns are looked at together: they stay in the nearest cache.
const TOGETHER: usize = 512;

/// What a condition is for customers.
#[derive(Debug)]
pub(super) struct Findings {
    /// 1 where it holds, 0 where not, 2 where a value that it needs is missing.
    pub(super) holds: Vec<u8>,
    /// The numbers on its left side, if it has them; NaN where one is missing.
    pub(super) values: Vec<f64>,
}

/// Lists of the customers looked at together, used again for the next ones.
#[derive(Debug, Default)]
pub(super) struct Room {
    flags: Vec<Vec<u8>>,
    numbers: Vec<Vec<f64>>,
    codes: Vec<u32>,
    places: Vec<usize>,
}

/// A list that was used before, if there is one, with `values`.
fn list_of<T>(
    used: &mut Vec<Vec<T>>,
    values: impl Iterator<Item = T>,
    len: usize,
) -> Result<Vec<T>> {
    let mut list = used.pop().unwrap_or_default();
    list.clear();
    list.try_reserve_exact(len).map_err(|_| no_memory())?;
    list.extend(values);
    Ok(list)
}

/// Keeps a list to be used again.
fn give_back<T>(used: &mut Vec<Vec<T>>, list: Vec<T>) {
    if list.capacity() > 0 {
        used.push(list);
    }
}

/// The evaluation of a program.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) program: Program,
    pub(super) fold: Fold,
    zone: Zone,
    log_latest: Option<Latest>,
    log_attributes: Vec<String>,
    profiles: Option<Profiles>,
    tags: Option<Tags>,
    matching: Matching,
    /// For each common number the code in the table of customers, and in that of tags.
    codes: [Vec<u32>; 2],
    attributes: Vec<AttributeOf>,
    /// For each condition on a text whether each text of the attribute passes.
    texts: Vec<Vec<bool>>,
    percentiles: Vec<Option<f64>>,
    /// The events by customer, and where each customer's begin.
    events: Vec<Event>,
    starts: Vec<usize>,
    is_ready: bool,
    /// Everyone with a row in the log, then those who stand only in the table of customers.
    pub(super) population: Vec<u32>,
    /// For each rule 1 for each of the population who is in it.
    pub(super) members: Vec<Vec<u8>>,
    next: usize,
    room: Room,
}

impl Members {
    /// Starts; `tables` are what is known of the inputs.
    pub(super) fn new(program: Program, tables: Tables<&Facts<'_>>) -> Result<Self> {
        if program.tags.len() > MOST_TAGS {
            let hint =
                format!("the rules of one request ask for at most {MOST_TAGS} different tags");
            return Err(Error::new(Code::Limit, hint));
        }
        let until = Some(program.moment.until);
        let names = |from| {
            let all = program.attributes.iter().filter(move |attribute| attribute.from == from);
            all.map(|attribute| attribute.name.clone()).collect::<Vec<String>>()
        };
        let log_attributes = names(From::Log);
        let of_log = log_attributes.iter().map(String::as_str);
        let log_latest = Some(Latest::new(of_log, tables.log.schema, until));
        let profiles = tables.customers.map(|customers| {
            let granted = names(From::Customers);
            let of_customers = granted.iter().map(String::as_str);
            let latest = Some(Latest::new(of_customers, customers.schema, until));
            Profiles { latest, seen: Vec::new(), granted }
        });
        let moment = program.moment;
        let tags = tables.tags.map(|tags| Tags {
            assignments: Assignments::new(tags.schema, moment),
            bits: Vec::new(),
            held: Vec::new(),
        });
        Ok(Members {
            fold: Fold::new(program.plan.clone(), tables.log.schema.zone.clone()),
            zone: tables.log.schema.zone.clone(),
            log_latest,
            log_attributes,
            profiles,
            tags,
            matching: Matching::new(),
            codes: [Vec::new(), Vec::new()],
            attributes: Vec::new(),
            texts: Vec::new(),
            percentiles: Vec::new(),
            events: Vec::new(),
            starts: Vec::new(),
            is_ready: false,
            population: Vec::new(),
            members: vec![Vec::new(); program.roots.len()],
            next: 0,
            room: Room::default(),
            program,
        })
    }

    /// Bytes needed at most.
    pub(super) fn estimate(program: &Program, tables: Tables<&Facts<'_>>) -> u64 {
        let customers: u64 = tables.all().map(|facts| facts.customers).sum();
        let of = |from, facts: &Facts<'_>| {
            let count =
                program.attributes.iter().filter(|attribute| attribute.from == from).count();
            Latest::estimate(count as u64, facts.rows, facts.customers)
        };
        Fold::estimate(&program.plan, tables.log.rows, tables.log.customers)
            + of(From::Log, tables.log)
            + tables.customers.map_or(0, |facts| of(From::Customers, facts))
            + customers * (24 + program.roots.len() as u64)
            + if program.percentiles.is_empty() { 0 } else { customers * 8 }
    }

    /// Adds rows of the log.
    pub(super) fn add_log(&mut self, rows: Allowed<'_>) -> Result<()> {
        check_granted(&self.log_attributes, &rows)?;
        self.fold.update(rows)?;
        match &mut self.log_latest {
            Some(latest) if !self.log_attributes.is_empty() => latest.update(rows),
            _ => Ok(()),
        }
    }

    /// Adds rows of the table of customers.
    pub(super) fn add_customers(&mut self, rows: Allowed<'_>) -> Result<()> {
        let Some(profiles) = &mut self.profiles else { return Ok(()) };
        check_granted(&profiles.granted, &rows)?;
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        cover(&mut profiles.seen, rows.known(), false)?;
        for customer in customers {
            if rows.keep().is_none_or(|keep| keep.get(*customer))
                && let Some(seen) = profiles.seen.get_mut(*customer as usize)
            {
                *seen = true;
            }
        }
        profiles.latest.as_mut().map_or(Ok(()), |latest| latest.update(rows))
    }

    /// Adds rows of the table of tags.
    pub(super) fn add_tags(&mut self, rows: Allowed<'_>) -> Result<()> {
        let Some(Tags { assignments, bits, held }) = &mut self.tags else { return Ok(()) };
        cover(held, rows.known(), 0)?;
        if let Some(texts) = rows.names().and_then(|names| names.attribute(super::assigned::TAG)) {
            while bits.len() < texts.len() {
                let text = texts.get(bits.len() as u32).unwrap_or_default();
                bits.push(self.program.tags.iter().position(|tag| tag.as_bytes() == text));
            }
        }
        assignments.read(rows, |row| {
            let bit = bits.get(row.tag as usize).copied().flatten();
            if let (Some(bit), State::Current, Some(held)) =
                (bit, row.state, held.get_mut(row.customer as usize))
            {
                *held |= 1 << bit;
            }
            Ok(())
        })
    }

    /// Matches the customers of the tables; true once all are.
    pub(super) fn join(&mut self, names: Tables<&AllowedNames<'_>>, budget: usize) -> Result<bool> {
        let dictionaries: Option<Vec<&Dictionary>> =
            names.all().map(|names| names.get(Role::Customer)).collect();
        let dictionaries = dictionaries.ok_or_else(|| Allowed::refused(Role::Customer))?;
        if !self.matching.advance(&dictionaries, budget)? {
            return Ok(false);
        }
        let len = self.matching.len();
        let places = [names.customers.map(|_| 1), names.tags.map(|_| dictionaries.len() - 1)];
        for (codes, place) in self.codes.iter_mut().zip(places) {
            let Some(place) = place else { continue };
            cover(codes, len, MISSING)?;
            let own = dictionaries.get(place).map_or(0, |ids| ids.len() as u32);
            for code in 0..own {
                if let Some(number) = self.matching.number(place, code)
                    && let Some(slot) = codes.get_mut(number as usize)
                {
                    *slot = code;
                }
            }
        }
        let finished =
            |latest: Option<Latest>, names: Option<&AllowedNames<'_>>| match (latest, names) {
                (Some(latest), Some(names)) => latest.finish(names),
                _ => Vec::new(),
            };
        let mut of_log = finished(self.log_latest.take(), Some(names.log)).into_iter();
        let latest = self.profiles.as_mut().and_then(|profiles| profiles.latest.take());
        let mut of_customers = finished(latest, names.customers).into_iter();
        for attribute in &self.program.attributes {
            let next = match attribute.from {
                From::Log => of_log.next(),
                From::Customers => of_customers.next(),
            };
            self.attributes.push(next.map_or(AttributeOf::Text(Vec::new()), |(_, values)| values));
        }
        for leaf in &self.program.leaves {
            self.texts.push(match &leaf.check {
                Check::Text { attribute, test } => {
                    let texts = self.texts_of(*attribute, names);
                    let count = texts.map_or(0, |texts| texts.len() as u32);
                    let text = |code| texts.and_then(|texts| texts.get(code)).unwrap_or_default();
                    (0..count).map(|code| passes_text(test, text(code))).collect()
                }
                _ => Vec::new(),
            });
        }
        Ok(true)
    }

    /// The ids of the population, in its order.
    pub(super) fn ids<'n>(
        &self,
        names: Tables<&AllowedNames<'n>>,
    ) -> impl Iterator<Item = &'n [u8]> {
        let tables: Vec<&'n Dictionary> =
            names.all().filter_map(|names| names.get(Role::Customer)).collect();
        let id = move |number: &u32| self.matching.id(&tables, *number).unwrap_or_default();
        self.population.iter().map(id)
    }

    /// Customers of all tables together.
    pub(super) fn known(&self) -> usize {
        self.matching.len()
    }

    /// How many were asked about so far.
    pub(super) fn done(&self) -> usize {
        self.next
    }

    /// Decides about `budget` customers; true once all are decided.
    pub(super) fn decide(&mut self, budget: usize) -> Result<bool> {
        if !self.is_ready {
            self.make_ready()?;
            self.is_ready = true;
        }
        let until = self.next.saturating_add(budget.max(1)).min(self.population.len());
        let mut members = std::mem::take(&mut self.members);
        let mut room = std::mem::take(&mut self.room);
        let mut held = vec![Vec::new(); self.program.roots.len()];
        let asked = self.population.get(self.next..until).unwrap_or_default();
        for numbers in asked.chunks(TOGETHER) {
            let everyone = list_of(&mut room.flags, repeat_n(1, numbers.len()), numbers.len())?;
            for rule in &self.program.order {
                let Some(root) = self.program.roots.get(*rule) else { continue };
                let is_in = self.node(root, numbers, &everyone, &held, &mut room)?;
                if let Some(held) = held.get_mut(*rule) {
                    *held = is_in;
                }
            }
            for (members, held) in members.iter_mut().zip(&mut held) {
                members.extend_from_slice(held);
                give_back(&mut room.flags, std::mem::take(held));
            }
            give_back(&mut room.flags, everyone);
        }
        self.members = members;
        self.room = room;
        self.next = until;
        Ok(until == self.population.len())
    }

    fn make_ready(&mut self) -> Result<()> {
        let is_in = |number: u32| {
            let code = self.code(0, number).unwrap_or(MISSING);
            let stands = |profiles: &Profiles| profiles.seen.get(code as usize).copied();
            self.fold.is_seen(number) || self.profiles.as_ref().and_then(stands).unwrap_or(false)
        };
        let mut population = Vec::new();
        population.try_reserve_exact(self.matching.len()).map_err(|_| no_memory())?;
        population.extend((0..self.matching.len() as u32).filter(|number| is_in(*number)));
        self.population = population;
        for members in &mut self.members {
            members.try_reserve_exact(self.population.len()).map_err(|_| no_memory())?;
        }
        self.sort_events()?;
        let percentiles: Result<Vec<Option<f64>>> = self
            .program
            .percentiles
            .iter()
            .map(|(expr, share)| {
                let mut values = self.values(expr, &self.population, &mut Room::default())?;
                values.retain(|value| !value.is_nan());
                // The least value that at least this share does not exceed.
                let rank = (share / 100.0 * values.len() as f64).ceil() as usize;
                let at = rank.saturating_sub(1).min(values.len().saturating_sub(1));
                Ok(match values.is_empty() {
                    true => None,
                    false => Some(*values.select_nth_unstable_by(at, f64::total_cmp).1),
                })
            })
            .collect();
        self.percentiles = percentiles?;
        Ok(())
    }

    /// Puts the events into the order of customers.
    fn sort_events(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.fold.events);
        if rows.is_empty() {
            return Ok(());
        }
        cover(&mut self.starts, self.fold.known() + 1, 0)?;
        for (customer, _) in &rows {
            if let Some(count) = self.starts.get_mut(*customer as usize) {
                *count += 1;
            }
        }
        let mut before = 0;
        for start in &mut self.starts {
            before += std::mem::replace(start, before);
        }
        cover(&mut self.events, rows.len(), Event { time: 0, steps: 0 })?;
        let mut places = self.starts.clone();
        for (customer, event) in rows {
            if let Some(place) = places.get_mut(customer as usize) {
                if let Some(slot) = self.events.get_mut(*place) {
                    *slot = event;
                }
                *place += 1;
            }
        }
        for range in self.starts.windows(2) {
            if let [from, to] = range
                && let Some(events) = self.events.get_mut(*from..*to)
            {
                events.sort_unstable();
            }
        }
        Ok(())
    }

    fn events_of(&self, number: u32) -> &[Event] {
        let at = number as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(from), Some(to)) => self.events.get(*from..*to).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The values of an attribute, and a customer's code in its table.
    fn attribute(&self, at: usize, number: u32) -> Option<(&AttributeOf, u32)> {
        let code = match self.program.attributes.get(at)?.from {
            From::Log => number,
            From::Customers => self.code(0, number)?,
        };
        Some((self.attributes.get(at)?, code))
    }

    /// A customer's code in the table of customers (0) or of tags (1), or [`MISSING`].
    pub(super) fn code(&self, table: usize, number: u32) -> Option<u32> {
        self.codes.get(table)?.get(number as usize).copied()
    }

    /// What a cell of the fold says of customers.
    #[inline(always)]
    fn cells(
        &self,
        at: usize,
        numbers: &[u32],
        room: &mut Room,
        mut value: impl FnMut(i64) -> f64,
    ) -> Result<Vec<f64>> {
        let len = numbers.len();
        let mut values = list_of(&mut room.numbers, repeat_n(0.0, len), len)?;
        self.fold.each(numbers, at, &mut values, |cell, into| *into = value(cell));
        Ok(values)
    }

    /// A number of customers; NaN where it is missing.
    fn values(&self, expr: &Expr, numbers: &[u32], room: &mut Room) -> Result<Vec<f64>> {
        let power = money::power(self.fold.scale()) as f64;
        let mut days = LocalDays::new(&self.zone);
        // Money is an integer: its nearest number by a power of ten is what `money::to_f64` says.
        match expr {
            Expr::Count(at) => self.cells(*at, numbers, room, |count| count as f64),
            Expr::Money(at) => self.cells(*at, numbers, room, |minor| minor as f64 / power),
            Expr::Extreme(at, held) => self.cells(*at, numbers, room, |minor| match minor {
                nothing if nothing == held.start() => f64::NAN,
                minor => minor as f64 / power,
            }),
            Expr::Mean(sum, count) => {
                let mut values = self.cells(*sum, numbers, room, |minor| minor as f64 / power)?;
                self.fold.each(numbers, *count, &mut values, |count, mean| {
                    *mean = if count > 0 { *mean / count as f64 } else { f64::NAN };
                });
                Ok(values)
            }
            Expr::Since(at, held) => self.cells(*at, numbers, room, |time| match time {
                nothing if nothing == held.start() => f64::NAN,
                time => f64::from(self.program.moment.day - days.day_of(time)),
            }),
            Expr::Attribute(at) => {
                let values = numbers.iter().map(|number| {
                    let found = self.attribute(*at, *number);
                    found.and_then(|(values, code)| values.number(code)).unwrap_or(f64::NAN)
                });
                list_of(&mut room.numbers, values, numbers.len())
            }
            Expr::Ratio(sides) => {
                let [above, below] = sides.as_ref();
                let mut values = self.values(above, numbers, room)?;
                let others = self.values(below, numbers, room)?;
                for (above, below) in values.iter_mut().zip(&others) {
                    let ratio = *above / below;
                    *above = if ratio.is_finite() { ratio } else { f64::NAN };
                }
                give_back(&mut room.numbers, others);
                Ok(values)
            }
        }
    }

    /// The code of a customer's text.
    pub(super) fn text(&self, attribute: usize, number: u32) -> Option<u32> {
        let (values, code) = self.attribute(attribute, number)?;
        values.text(code)
    }

    /// The threshold of a percentile.
    pub(super) fn percentile(&self, at: usize) -> Option<f64> {
        self.percentiles.get(at).copied().flatten()
    }

    /// For which of these customers a rule holds: 1, else 0. What it says of those who are not
    /// `asked` has no meaning.
    fn node(
        &self,
        node: &Node,
        numbers: &[u32],
        asked: &[u8],
        held: &[Vec<u8>],
        room: &mut Room,
    ) -> Result<Vec<u8>> {
        let mut whole = match node {
            Node::All(nodes) | Node::Any(nodes) => {
                let is_all = matches!(node, Node::All(_));
                // Only who is not decided yet is asked further.
                let mut open = list_of(&mut room.flags, asked.iter().copied(), asked.len())?;
                for node in nodes {
                    let part = self.node(node, numbers, &open, held, room)?;
                    let decides = u8::from(is_all);
                    open.iter_mut().zip(&part).for_each(|(open, part)| *open &= part ^ decides ^ 1);
                    give_back(&mut room.flags, part);
                }
                // Left open are those for whom all hold, or none.
                open.iter_mut().for_each(|open| *open ^= u8::from(!is_all));
                return Ok(open);
            }
            Node::Segment(at) => {
                let held = held.get(*at).map_or(&[][..], Vec::as_slice);
                return list_of(&mut room.flags, held.iter().copied(), held.len());
            }
            Node::Not(node) => self.node(node, numbers, asked, held, room)?,
            Node::Leaf(at) => self.leaf(*at, numbers, asked, room)?,
        };
        let flip = u8::from(matches!(node, Node::Not(_)));
        // A missing value is 2.
        whole.iter_mut().for_each(|holds| *holds = *holds & 1 ^ flip);
        Ok(whole)
    }

    /// The same for a condition: 2 where a value is missing.
    fn leaf(&self, leaf: usize, numbers: &[u32], asked: &[u8], room: &mut Room) -> Result<Vec<u8>> {
        let count: usize = asked.iter().map(|asked| usize::from(*asked)).sum();
        if count * 4 > numbers.len() * 3 {
            let Findings { holds, values } = self.findings(leaf, numbers, Some(asked), room)?;
            give_back(&mut room.numbers, values);
            return Ok(holds);
        }
        // Few enough to look only at them. Without a branch, since nothing foretells who is asked.
        let (mut places, mut few) =
            (std::mem::take(&mut room.places), std::mem::take(&mut room.codes));
        cover(&mut places, numbers.len(), 0)?;
        cover(&mut few, numbers.len(), 0)?;
        let mut next = 0;
        for ((at, number), asked) in numbers.iter().enumerate().zip(asked) {
            if let (Some(place), Some(few)) = (places.get_mut(next), few.get_mut(next)) {
                (*place, *few) = (at, *number);
            }
            next += usize::from(*asked);
        }
        let asked_few = few.get(..next).unwrap_or_default();
        let Findings { holds: found, values } = self.findings(leaf, asked_few, None, room)?;
        let mut holds = list_of(&mut room.flags, repeat_n(0, numbers.len()), numbers.len())?;
        for (at, found) in places.iter().zip(&found) {
            if let Some(holds) = holds.get_mut(*at) {
                *holds = *found;
            }
        }
        give_back(&mut room.flags, found);
        give_back(&mut room.numbers, values);
        (room.places, room.codes) = (places, few);
        Ok(holds)
    }

    /// What a condition is for these customers; if not all are `asked`, others may get 0.
    pub(super) fn findings(
        &self,
        leaf: usize,
        numbers: &[u32],
        asked: Option<&[u8]>,
        room: &mut Room,
    ) -> Result<Findings> {
        let mut holds = list_of(&mut room.flags, std::iter::empty(), numbers.len())?;
        let mut each = |of: &mut dyn FnMut(usize, u32) -> u8| {
            let all = numbers.iter().enumerate();
            holds.extend(all.map(|(at, number)| of(at, *number)));
        };
        let check = self.program.leaves.get(leaf).map(|leaf: &Leaf| &leaf.check);
        let mut values = Vec::new();
        match check {
            Some(Check::Compare { left, op, right }) => {
                values = self.values(left, numbers, room)?;
                let fulfilled_by = op.fulfilled_by();
                // Without a branch, since nothing foretells the values.
                let compare = |left: f64, right: f64| {
                    let result = u8::from(left < right) | u8::from(left == right) << 1;
                    let is_missing = left.is_nan() || right.is_nan();
                    if is_missing { 2 } else { fulfilled_by >> result & 1 }
                };
                let right = match right {
                    Right::Number(number) => *number,
                    Right::Percentile(at) => self.percentile(*at).unwrap_or(f64::NAN),
                    Right::Expr(expr) => {
                        let right = self.values(expr, numbers, room)?;
                        let sides = values.iter().zip(&right);
                        holds.extend(sides.map(|(left, right)| compare(*left, *right)));
                        give_back(&mut room.numbers, right);
                        return Ok(Findings { holds, values });
                    }
                };
                holds.extend(values.iter().map(|left| compare(*left, right)));
            }
            Some(Check::Text { attribute, .. }) => {
                let texts = self.texts.get(leaf).map_or(&[][..], Vec::as_slice);
                each(&mut |_, number| match self.text(*attribute, number) {
                    Some(code) => u8::from(texts.get(code as usize).copied().unwrap_or(false)),
                    None => 2,
                });
            }
            Some(Check::MissingNumber(expr)) => {
                values = self.values(expr, numbers, room)?;
                holds.extend(values.iter().map(|value| u8::from(value.is_nan())));
            }
            Some(Check::MissingText(attribute)) => {
                each(&mut |_, number| u8::from(self.text(*attribute, number).is_none()));
            }
            Some(Check::Tag(bit)) => each(&mut |_, number| {
                let code = self.code(1, number).unwrap_or(MISSING);
                let held = self.tags.as_ref().and_then(|tags| tags.held.get(code as usize));
                u8::from(held.is_some_and(|held| held >> bit & 1 == 1))
            }),
            Some(Check::Sequence(links)) => each(&mut |at, number| {
                let is_asked = asked.is_none_or(|asked| asked.get(at) == Some(&1));
                let until = self.program.moment.until;
                u8::from(is_asked && follows(links, self.events_of(number), until))
            }),
            None => holds.resize(numbers.len(), 0),
        }
        Ok(Findings { holds, values })
    }

    /// All money of each of the population, in minor units; `None` if no amount was read.
    pub(super) fn revenue(&self) -> Result<Option<Vec<i64>>> {
        let Some(cell) = self.program.revenue.filter(|_| self.fold.has_money) else {
            return Ok(None);
        };
        let mut minor = filled(0, self.population.len())?;
        self.fold.each(&self.population, cell, &mut minor, |sum, minor| *minor = sum);
        Ok(Some(minor))
    }

    /// Rows of tags that were left out: denied, without a tag; and ends that cannot be read.
    pub(super) fn tag_rows(&self) -> [u64; 3] {
        self.tags.as_ref().map_or([0; 3], |Tags { assignments, .. }| {
            [assignments.denied, assignments.untagged, assignments.unreadable]
        })
    }

    /// The texts of an attribute.
    pub(super) fn texts_of<'n>(
        &self,
        attribute: usize,
        names: Tables<&AllowedNames<'n>>,
    ) -> Option<&'n Dictionary> {
        let attribute = self.program.attributes.get(attribute)?;
        let names = match attribute.from {
            From::Log => Some(names.log),
            From::Customers => names.customers,
        };
        names?.attribute(&attribute.name)
    }

    pub(super) fn heap_size(&self) -> usize {
        let members: usize = self.members.iter().map(Vec::capacity).sum();
        let codes: usize = self.codes.iter().map(|codes| codes.capacity() * 4).sum();
        self.fold.heap_size()
            + self.log_latest.as_ref().map_or(0, Latest::heap_size)
            + self.matching.heap_size()
            + codes
            + members
            + self.population.capacity() * 4
            + self.events.capacity() * size_of::<Event>()
    }
}

/// The attributes that are mapped must have been granted: rules cannot do without them.
fn check_granted(names: &[String], rows: &Allowed<'_>) -> Result<()> {
    match names.iter().find(|name| rows.attribute(name).is_none()) {
        Some(name) => Err(super::fold::not_granted(name)),
        None => Ok(()),
    }
}

/// Makes a list `len` long, or leaves it longer.
fn cover<T: Clone>(list: &mut Vec<T>, len: usize, value: T) -> Result<()> {
    let more = len.saturating_sub(list.len());
    list.try_reserve(more).map_err(|_| no_memory())?;
    list.resize(list.len() + more, value);
    Ok(())
}
