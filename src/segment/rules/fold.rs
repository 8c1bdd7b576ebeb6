//! The keyed fold behind rules: one pass over the log, a few integers per customer.
//!
//! Each distinct choice of rows (time, kind, filters) is a scope, each number that a rule asks
//! for is one or two cells of a scope. A row's scopes are a bit mask, looked up by the stretch of
//! time in which the row lies (the ends of all scopes cut time into few, and a block in time
//! order mostly lies in one) and by its kind. Counts, sums in minor units, minima and maxima are
//! integers, and distinct values are sets, so any order, chunking and number of workers gives the
//! same bits. Rows wait in buffers by the high bits of the customer's code, so that a full buffer
//! reaches only as many cells as a cache can hold (radix partitioning: Manegold, Boncz and Kersten,
//! "Optimizing Main-Memory Join on Modern Hardware", 2002); it is added cell by cell, not row by
//! row, so that no row asks what a cell holds, and cells that no waiting row concerns cost nothing.
#![allow(clippy::indexing_slicing)] // Row buffers have the block's length; a cell is below `stride`, a customer below `known`, which `cover` and `unknown_code` see to; parts are masked.

use super::sequence::Event;
use super::tree::{NumberTest, Op, Test};
use crate::customers::pairs::Pairs;
use crate::error::{Code, Error, Result};
use crate::privacy::gate::{Allowed, AllowedNames, AttributeValues};
use crate::table::block::{Bitmap, MISSING};
use crate::table::calendar::LocalDays;
use crate::table::dictionary::Dictionary;
use crate::table::money;
use crate::table::role::Role;
use crate::table::zone::Zone;

/// The most scopes of one request: one bit each.
pub(super) const MOST_SCOPES: usize = 64;

/// Which rows a scope may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any row.
    Any,
    /// Purchases: rows of a purchase event, if events are mapped, that are no refunds.
    Purchases,
    /// Purchases and refunds.
    Money,
}

/// A choice of rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scope {
    /// First instant.
    pub(super) from: i64,
    /// First instant after it.
    pub(super) to: i64,
    pub(super) kind: Kind,
    /// Filters that must pass, as indices.
    pub(super) filters: Vec<usize>,
}

/// Where a filter finds its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    /// A text role.
    Text(Role),
    /// The quantity.
    Quantity,
    /// The amount.
    Amount,
    /// An attribute of the log.
    Attribute(String),
}

/// A condition on a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowFilter {
    pub(super) field: Field,
    pub(super) test: Test,
}

/// What a cell holds of its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Number of rows.
    Count,
    /// Sum of money.
    Sum,
    /// Least money of a row.
    Least,
    /// Most money of a row.
    Most,
    /// First instant.
    First,
    /// Last instant.
    Last,
    /// Distinct values of a text role; rows without an order count one by one.
    Distinct(Role),
    /// Distinct local days.
    Days,
}

impl Held {
    /// What a cell holds while it has seen no row.
    pub(super) fn start(self) -> i64 {
        match self {
            Held::Least | Held::First => i64::MAX,
            Held::Most | Held::Last => i64::MIN,
            _ => 0,
        }
    }

    fn is_money(self) -> bool {
        matches!(self, Held::Sum | Held::Least | Held::Most)
    }

    fn is_distinct(self) -> bool {
        matches!(self, Held::Distinct(_) | Held::Days)
    }
}

/// One number of every customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) scope: usize,
    pub(super) held: Held,
}

/// What the fold computes.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) scopes: Vec<Scope>,
    pub(super) filters: Vec<RowFilter>,
    pub(super) cells: Vec<Cell>,
    /// Scopes whose rows are kept as events of sequences; the place here is the event's bit.
    pub(super) steps: Vec<usize>,
    /// The events that are purchases, where events are mapped.
    pub(super) purchase_events: Option<Vec<String>>,
    /// Whether amounts are mapped: only they tell refunds from purchases.
    pub(super) has_amounts: bool,
    /// Rows at or after this instant are left out.
    pub(super) until: i64,
}

/// Rows that did not enter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Skipped {
    pub(super) after: u64,
    pub(super) denied: u64,
}

/// Number of buffers of waiting rows, a power of two.
const PARTS: usize = 64;
/// Rows that a buffer holds.
const LINES: usize = 1024;
/// Waiting rows added cell by cell at a time: what their customers hold stays in the nearest cache.
const TOGETHER: usize = 256;
/// Kinds of rows, as bits of [`bit`].
const KINDS: usize = 8;

/// A row on its way to the cells.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    time: i64,
    money: i64,
    scopes: u64,
    customer: u32,
}

/// The fold.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    plan: Plan,
    zone: Zone,
    /// The scopes with cells that need no set.
    plain_scopes: u64,
    /// The instants at which a scope begins or ends, ascending.
    bounds: Vec<i64>,
    /// For each stretch between them and each choice of kinds, the scopes.
    scopes_of: Vec<u64>,
    /// For each filter the scopes that ask for it.
    filtered: Vec<u64>,
    stride: usize,
    cells: Vec<i64>,
    seen: Vec<bool>,
    scale: u8,
    pairs: Vec<Pairs>,
    /// The events of sequences, in the order of the rows.
    pub(super) events: Vec<(u32, Event)>,
    /// For each filter on texts whether each code passes.
    passes: Vec<Vec<bool>>,
    /// Whether each code of the events is a purchase.
    purchases: Vec<bool>,
    /// Rows that were purchases.
    pub(super) purchase_rows: u64,
    pub(super) rows: u64,
    pub(super) skipped: Skipped,
    pub(super) has_money: bool,
    lines: Vec<Line>,
    fill: Vec<usize>,
    shift: u32,
    room: Room,
}

/// Room for one block, used again.
#[derive(Clone, Debug, Default)]
struct Room {
    /// Bits by [`Kind`], 0 for a row that is not used.
    kinds: Vec<u8>,
    /// For each filter whether each row passes.
    pass: Vec<Vec<u8>>,
    /// The row's scopes.
    scopes: Vec<u64>,
}

fn bit(kind: Kind) -> u8 {
    match kind {
        Kind::Any => 1,
        Kind::Purchases => 2,
        Kind::Money => 4,
    }
}

impl Fold {
    pub(super) fn new(plan: Plan, zone: Zone) -> Self {
        let mask = |of: &dyn Fn(&Scope) -> bool| {
            let all = plan.scopes.iter().enumerate();
            all.fold(0, |mask, (at, scope)| mask | u64::from(of(scope)) << at)
        };
        let plain = plan.cells.iter().filter(|cell| !cell.held.is_distinct());
        let plain_scopes = plain.fold(0, |mask, cell| mask | 1 << cell.scope);
        let ends = plan.scopes.iter().flat_map(|scope| [scope.from, scope.to]);
        let mut bounds: Vec<i64> = ends.filter(|end| *end != i64::MIN).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let starts = std::iter::once(i64::MIN).chain(bounds.iter().copied());
        let scopes_of = starts.flat_map(|start| (0..KINDS as u8).map(move |kinds| (start, kinds)));
        let scopes_of = scopes_of
            .map(|(start, kinds)| {
                mask(&|scope| {
                    scope.from <= start && start < scope.to && kinds & bit(scope.kind) != 0
                })
            })
            .collect();
        let filtered = (0..plan.filters.len())
            .map(|filter| mask(&|scope| scope.filters.contains(&filter)))
            .collect();
        let distinct = plan.cells.iter().filter(|cell| cell.held.is_distinct()).count();
        Fold {
            plain_scopes,
            bounds,
            scopes_of,
            filtered,
            stride: plan.cells.len(),
            cells: Vec::new(),
            seen: Vec::new(),
            scale: 0,
            pairs: vec![Pairs::new(); distinct],
            events: Vec::new(),
            passes: vec![Vec::new(); plan.filters.len()],
            purchases: Vec::new(),
            purchase_rows: 0,
            rows: 0,
            skipped: Skipped::default(),
            has_money: false,
            lines: Vec::new(),
            fill: vec![0; PARTS],
            shift: 0,
            room: Room::default(),
            zone,
            plan,
        }
    }

    /// Bytes that a log of this size needs at most.
    pub(super) fn estimate(plan: &Plan, rows: u64, customers: u64) -> u64 {
        let distinct = plan.cells.iter().filter(|cell| cell.held.is_distinct()).count() as u64;
        let pairs = rows.saturating_mul(2).next_power_of_two().saturating_mul(8);
        let events = if plan.steps.is_empty() { 0 } else { rows.saturating_mul(24 * 3) };
        customers * (plan.cells.len() as u64 * 8 + 1)
            + distinct.saturating_mul(pairs)
            + events
            + (PARTS * LINES * size_of::<Line>()) as u64
    }

    /// Adds the rows of one block.
    pub(super) fn update(&mut self, rows: Allowed<'_>) -> Result<()> {
        let refused = |role| move || Allowed::refused(role);
        let customers = rows.codes(Role::Customer).ok_or_else(refused(Role::Customer))?;
        let times = rows.times().ok_or_else(refused(Role::Time))?;
        let names = rows.names();
        let money = rows.money();
        let counts = |scope: &Scope| scope.kind == Kind::Purchases;
        if self.plan.scopes.iter().any(counts) {
            // Without them purchases would be counted wrong, and nobody would know.
            if money.is_none() && self.plan.has_amounts {
                return Err(Allowed::refused(Role::Amount));
            }
            if rows.codes(Role::Event).is_none() && self.plan.purchase_events.is_some() {
                return Err(Allowed::refused(Role::Event));
            }
        }
        self.cover(rows.known())?;
        let factor = self.aligned(money.map_or(0, |(_, scale)| scale))?;
        self.has_money |= money.is_some();
        let mut room = std::mem::take(&mut self.room);
        self.look_at_kinds(&rows, names, customers, times, &mut room)?;
        self.look_at_filters(&rows, names, &mut room)?;
        self.look_at_scopes(times, &mut room)?;
        for (customer, kinds) in customers.iter().zip(&room.kinds) {
            if *kinds != 0 {
                *self.seen.get_mut(*customer as usize).ok_or_else(unknown_code)? = true;
                self.rows += 1;
                self.purchase_rows += u64::from(kinds >> 1 & 1);
            }
        }
        self.add_plain(customers, times, money.map(|(amounts, _)| amounts), factor, &room.scopes)?;
        self.add_distinct(&rows, customers, times, &room.scopes)?;
        self.add_events(customers, times, &room.scopes)?;
        self.room = room;
        Ok(())
    }

    /// Which rows are used, which are purchases and which are money.
    fn look_at_kinds(
        &mut self,
        rows: &Allowed<'_>,
        names: Option<AllowedNames<'_>>,
        customers: &[u32],
        times: &[i64],
        room: &mut Room,
    ) -> Result<()> {
        let until = self.plan.until;
        let keep = rows.keep();
        room.kinds.clear();
        room.kinds.try_reserve(times.len()).map_err(|_| no_memory())?;
        let skipped = &mut self.skipped;
        room.kinds.extend(customers.iter().zip(times).map(|(customer, time)| {
            let denied = keep.is_some_and(|keep| !keep.get(*customer));
            let after = *time >= until;
            skipped.denied += u64::from(denied);
            skipped.after += u64::from(after && !denied);
            if denied || after { 0 } else { 1 | 2 | 4 }
        }));
        if let (Some(events), Some(codes)) = (&self.plan.purchase_events, rows.codes(Role::Event)) {
            let texts = names.and_then(|names| names.get(Role::Event));
            extend(&mut self.purchases, texts, |text| {
                events.iter().any(|event| event.as_bytes() == text)
            })?;
            for (kinds, code) in room.kinds.iter_mut().zip(codes) {
                let is_purchase = self.purchases.get(*code as usize).copied().unwrap_or(false);
                *kinds &= if is_purchase { 7 } else { 1 };
            }
        }
        if let Some((amounts, _)) = rows.money() {
            for (kinds, amount) in room.kinds.iter_mut().zip(amounts) {
                // A refund is money and no purchase, whatever its event is called.
                *kinds = if *amount < 0 && *kinds != 0 { 1 | 4 } else { *kinds };
            }
        }
        Ok(())
    }

    /// Which rows pass which filter.
    fn look_at_filters(
        &mut self,
        rows: &Allowed<'_>,
        names: Option<AllowedNames<'_>>,
        room: &mut Room,
    ) -> Result<()> {
        room.pass.resize(self.plan.filters.len(), Vec::new());
        let filters = self.plan.filters.iter().zip(&mut self.passes).zip(&mut room.pass);
        for ((filter, passes), pass) in filters {
            pass.clear();
            pass.try_reserve(rows.rows()).map_err(|_| no_memory())?;
            let mut by_text = |codes: &[u32], texts: Option<&Dictionary>| -> Result<()> {
                extend(passes, texts, |text| passes_text(&filter.test, text))?;
                let passed =
                    |code: &u32| u8::from(passes.get(*code as usize).copied().unwrap_or(false));
                pass.extend(codes.iter().map(passed));
                Ok(())
            };
            match &filter.field {
                Field::Text(role) => {
                    let codes = rows.codes(*role).ok_or_else(|| Allowed::refused(*role))?;
                    by_text(codes, names.and_then(|names| names.get(*role)))?;
                }
                Field::Attribute(name) => match rows.attribute(name) {
                    Some(AttributeValues::Text(codes)) => {
                        by_text(codes, names.and_then(|names| names.attribute(name)))?;
                    }
                    Some(AttributeValues::Number(values, valid)) => {
                        numbers(pass, values, valid, &filter.test);
                    }
                    None => return Err(not_granted(name)),
                },
                Field::Quantity => {
                    let (values, valid) = rows
                        .numbers(Role::Quantity)
                        .ok_or_else(|| Allowed::refused(Role::Quantity))?;
                    numbers(pass, values, valid, &filter.test);
                }
                Field::Amount => {
                    let (amounts, scale) =
                        rows.money().ok_or_else(|| Allowed::refused(Role::Amount))?;
                    pass.extend(amounts.iter().map(|amount| {
                        let value = money::to_f64(i128::from(*amount), scale);
                        u8::from(passes_number(&filter.test, value))
                    }));
                }
            }
        }
        Ok(())
    }

    /// The scopes of every row, as bits.
    fn look_at_scopes(&self, times: &[i64], room: &mut Room) -> Result<()> {
        let Room { kinds, pass, scopes } = room;
        scopes.clear();
        scopes.try_reserve(times.len()).map_err(|_| no_memory())?;
        let ends = |(least, most): (i64, i64), time: &i64| (least.min(*time), most.max(*time));
        let (least, most) = times.iter().fold((i64::MAX, i64::MIN), ends);
        let stretch = |time: i64| self.bounds.partition_point(|bound| *bound <= time);
        let (first, last) = (stretch(least), stretch(most));
        let inner = self.bounds.get(first..last).unwrap_or_default();
        let of = |stretch: usize, kinds: &u8| self.scopes_of[stretch * KINDS + usize::from(*kinds)];
        match inner.is_empty() {
            true => scopes.extend(kinds.iter().map(|kinds| of(first, kinds))),
            false => scopes.extend(times.iter().zip(kinds.iter()).map(|(time, kinds)| {
                of(first + inner.partition_point(|bound| bound <= time), kinds)
            })),
        }
        for (pass, filtered) in pass.iter().zip(&self.filtered) {
            for (scopes, pass) in scopes.iter_mut().zip(pass) {
                *scopes &= !filtered | 0u64.wrapping_sub(u64::from(*pass));
            }
        }
        Ok(())
    }

    fn add_plain(
        &mut self,
        customers: &[u32],
        times: &[i64],
        amounts: Option<&[i64]>,
        factor: i64,
        scopes: &[u64],
    ) -> Result<()> {
        if self.plain_scopes == 0 {
            return Ok(());
        }
        if self.lines.is_empty() {
            self.lines.try_reserve_exact(PARTS * LINES).map_err(|_| no_memory())?;
            self.lines.resize(PARTS * LINES, Line::default());
        }
        while (self.seen.len().max(1) - 1) >> self.shift >= PARTS {
            self.flush_all()?;
            self.shift += 1;
        }
        for (row, (customer, time)) in customers.iter().zip(times).enumerate() {
            let scopes = scopes[row] & self.plain_scopes;
            if scopes == 0 {
                continue;
            }
            let money = match amounts {
                Some(amounts) if factor == 1 => amounts[row],
                Some(amounts) => amounts[row].checked_mul(factor).ok_or_else(beyond)?,
                None => 0,
            };
            let part = (*customer >> self.shift) as usize & (PARTS - 1);
            let fill = self.fill[part];
            self.lines[part * LINES + fill] =
                Line { time: *time, money, scopes, customer: *customer };
            self.fill[part] = fill + 1;
            if fill + 1 == LINES {
                self.flush(part)?;
            }
        }
        Ok(())
    }

    fn flush(&mut self, part: usize) -> Result<()> {
        let fill = std::mem::take(&mut self.fill[part]);
        let Fold { lines, cells, stride, plan, .. } = self;
        let lines = lines.get(part * LINES..part * LINES + fill).unwrap_or_default();
        for lines in lines.chunks(TOGETHER) {
            // A look first: look-ups that change nothing wait for memory together.
            let (scopes, looked) = lines.iter().fold((0, 0), |(scopes, looked), line| {
                let cell = cells.get(line.customer as usize * *stride).copied().unwrap_or(0);
                (scopes | line.scopes, looked ^ cell)
            });
            std::hint::black_box(looked);
            for (at, cell) in plan.cells.iter().enumerate() {
                if scopes >> cell.scope & 1 == 1 && !cell.held.is_distinct() {
                    add(&mut cells[at..], *stride, *cell, lines)?;
                }
            }
        }
        Ok(())
    }

    fn flush_all(&mut self) -> Result<()> {
        (0..PARTS).try_for_each(|part| self.flush(part))
    }

    fn add_distinct(
        &mut self,
        rows: &Allowed<'_>,
        customers: &[u32],
        times: &[i64],
        scopes: &[u64],
    ) -> Result<()> {
        let mut sets = self.pairs.iter_mut();
        for (at, cell) in
            self.plan.cells.iter().enumerate().filter(|(_, cell)| cell.held.is_distinct())
        {
            let Some(pairs) = sets.next() else { break };
            let codes = match cell.held {
                Held::Distinct(role) => {
                    Some(rows.codes(role).ok_or_else(|| Allowed::refused(role))?)
                }
                _ => None,
            };
            let one_by_one = cell.held == Held::Distinct(Role::Order);
            let mut days = LocalDays::new(&self.zone);
            for (row, customer) in customers.iter().enumerate() {
                if scopes[row] >> cell.scope & 1 == 0 {
                    continue;
                }
                let value =
                    codes.map_or_else(|| days.day_of(times[row]) as u32, |codes| codes[row]);
                let is_new = match codes {
                    Some(_) if value == MISSING => one_by_one,
                    _ => pairs.insert(*customer, value)?,
                };
                let place = *customer as usize * self.stride + at;
                *self.cells.get_mut(place).ok_or_else(unknown_code)? += i64::from(is_new);
            }
        }
        Ok(())
    }

    fn add_events(&mut self, customers: &[u32], times: &[i64], scopes: &[u64]) -> Result<()> {
        if self.plan.steps.is_empty() {
            return Ok(());
        }
        let all = self.plan.steps.iter().fold(0u64, |all, scope| all | 1 << scope);
        for (row, customer) in customers.iter().enumerate() {
            if scopes[row] & all == 0 {
                continue;
            }
            let steps = self.plan.steps.iter().enumerate();
            let bits =
                steps.fold(0u64, |bits, (bit, scope)| bits | (scopes[row] >> scope & 1) << bit);
            if self.events.len() == self.events.capacity() {
                let more = self.events.len().max(1024);
                self.events.try_reserve(more).map_err(|_| no_memory())?;
            }
            self.events.push((*customer, Event { time: times[row], steps: bits }));
        }
        Ok(())
    }

    fn cover(&mut self, known: usize) -> Result<()> {
        let more = known.saturating_sub(self.seen.len());
        if more == 0 {
            return Ok(());
        }
        self.seen.try_reserve(more).map_err(|_| no_memory())?;
        self.seen.resize(known, false);
        self.cells.try_reserve(more * self.stride).map_err(|_| no_memory())?;
        for _ in 0..more {
            self.cells.extend(self.plan.cells.iter().map(|cell| cell.held.start()));
        }
        Ok(())
    }

    /// The factor that brings amounts of `scale` to the scale of the cells, which is raised
    /// first if theirs is finer.
    fn aligned(&mut self, scale: u8) -> Result<i64> {
        if scale > self.scale {
            self.flush_all()?;
            for (at, cell) in
                self.plan.cells.iter().enumerate().filter(|(_, cell)| cell.held.is_money())
            {
                for value in self.cells.iter_mut().skip(at).step_by(self.stride.max(1)) {
                    if *value != cell.held.start() {
                        *value = money::rescaled(*value, self.scale, scale)?;
                    }
                }
            }
            self.scale = scale;
        }
        Ok(money::power(self.scale - scale))
    }

    /// Brings waiting rows to the cells. Everything below holds only after this.
    pub(super) fn settle(&mut self) -> Result<()> {
        self.flush_all()
    }

    /// Adds what another part of the same log gave.
    #[cfg(test)]
    pub(super) fn merge(&mut self, mut other: Fold) -> Result<()> {
        self.settle()?;
        other.settle()?;
        self.cover(other.seen.len())?;
        let scale = self.scale.max(other.scale);
        self.aligned(scale)?;
        other.aligned(scale)?;
        for (customer, theirs) in other.cells.chunks(other.stride.max(1)).enumerate() {
            let own = &mut self.cells[customer * self.stride..][..self.stride];
            for ((own, theirs), cell) in own.iter_mut().zip(theirs).zip(&self.plan.cells) {
                *own = match cell.held {
                    Held::Least | Held::First => (*own).min(*theirs),
                    Held::Most | Held::Last => (*own).max(*theirs),
                    _ => own.checked_add(*theirs).ok_or_else(beyond)?,
                };
            }
        }
        let distinct =
            self.plan.cells.iter().enumerate().filter(|(_, cell)| cell.held.is_distinct());
        for (((at, _), own), theirs) in distinct.zip(&mut self.pairs).zip(&other.pairs) {
            for (customer, value) in theirs.iter() {
                let known = !own.insert(customer, value)?;
                self.cells[customer as usize * self.stride + at] -= i64::from(known);
            }
        }
        for (own, theirs) in self.seen.iter_mut().zip(&other.seen) {
            *own |= theirs;
        }
        self.events.extend(other.events);
        self.rows += other.rows;
        self.purchase_rows += other.purchase_rows;
        self.skipped.after += other.skipped.after;
        self.skipped.denied += other.skipped.denied;
        self.has_money |= other.has_money;
        Ok(())
    }

    /// Whether a customer has a row that is used.
    pub(super) fn is_seen(&self, customer: u32) -> bool {
        self.seen.get(customer as usize).copied().unwrap_or(false)
    }

    /// Customers known so far.
    pub(super) fn known(&self) -> usize {
        self.seen.len()
    }

    /// Decimals of money.
    pub(super) fn scale(&self) -> u8 {
        self.scale
    }

    /// A number of a customer; that of nobody for one the log does not have.
    pub(super) fn cell(&self, customer: u32, at: usize) -> i64 {
        let nobody = || self.plan.cells.get(at).map_or(0, |cell| cell.held.start());
        self.cells.get(customer as usize * self.stride + at).copied().unwrap_or_else(nobody)
    }

    pub(super) fn heap_size(&self) -> usize {
        self.cells.capacity() * 8
            + self.seen.capacity()
            + self.events.capacity() * size_of::<(u32, Event)>()
            + self.pairs.iter().map(Pairs::heap_size).sum::<usize>()
            + self.lines.capacity() * size_of::<Line>()
    }
}

/// Adds waiting rows to one cell of their customers; `cells` begins with that of the first.
fn add(cells: &mut [i64], stride: usize, cell: Cell, lines: &[Line]) -> Result<()> {
    /// `change` gets the cell, the row and whether the row is of its scope: 1 or 0. It has no
    /// branch, since nothing foretells which rows are.
    #[inline(always)]
    fn each(
        cells: &mut [i64],
        (stride, scope): (usize, usize),
        lines: &[Line],
        mut change: impl FnMut(&mut i64, &Line, i64),
    ) {
        for line in lines {
            let cell = &mut cells[line.customer as usize * stride];
            change(cell, line, (line.scopes >> scope & 1) as i64);
        }
    }
    let of = (stride, cell.scope);
    // What a row outside the scope gives to a least or to a most: nothing.
    let up = |value: i64, is_in: i64| if is_in == 1 { value } else { i64::MAX };
    let down = |value: i64, is_in: i64| if is_in == 1 { value } else { i64::MIN };
    let mut over = false;
    match cell.held {
        Held::Count => each(cells, of, lines, |cell, _, is_in| *cell += is_in),
        Held::Sum => each(cells, of, lines, |cell, line, is_in| {
            let (sum, beyond) = cell.overflowing_add(line.money & -is_in);
            over |= beyond;
            *cell = sum;
        }),
        Held::Least => each(cells, of, lines, |cell, line, is_in| {
            *cell = (*cell).min(up(line.money, is_in));
        }),
        Held::Most => each(cells, of, lines, |cell, line, is_in| {
            *cell = (*cell).max(down(line.money, is_in));
        }),
        Held::First => each(cells, of, lines, |cell, line, is_in| {
            *cell = (*cell).min(up(line.time, is_in));
        }),
        Held::Last => each(cells, of, lines, |cell, line, is_in| {
            *cell = (*cell).max(down(line.time, is_in));
        }),
        Held::Distinct(_) | Held::Days => {}
    }
    if over { Err(beyond()) } else { Ok(()) }
}

/// Looks at the texts that came since the last time.
fn extend(
    passes: &mut Vec<bool>,
    texts: Option<&Dictionary>,
    pass: impl Fn(&[u8]) -> bool,
) -> Result<()> {
    let Some(texts) = texts else { return Ok(()) };
    let more = texts.len().saturating_sub(passes.len());
    passes.try_reserve(more).map_err(|_| no_memory())?;
    while passes.len() < texts.len() {
        passes.push(pass(texts.get(passes.len() as u32).unwrap_or_default()));
    }
    Ok(())
}

/// Whether a text passes.
pub(super) fn passes_text(test: &Test, text: &[u8]) -> bool {
    let is_one_of = |values: &[String]| values.iter().any(|value| value.as_bytes() == text);
    match test {
        Test::In(values) => is_one_of(values),
        Test::NotIn(values) => !is_one_of(values),
        // Both are valid UTF-8, so that bytes match only at characters.
        Test::Contains(part) => {
            part.is_empty() || text.windows(part.len()).any(|window| window == part.as_bytes())
        }
        Test::StartsWith(part) => text.starts_with(part.as_bytes()),
        Test::Number(_) => false,
    }
}

/// Whether a number passes.
fn passes_number(test: &Test, number: f64) -> bool {
    match test {
        Test::Number(NumberTest { op, value }) => op.holds(number, *value),
        _ => false,
    }
}

fn numbers(pass: &mut Vec<u8>, values: &[f64], valid: &Bitmap, test: &Test) {
    let all = values.iter().enumerate();
    pass.extend(all.map(|(row, value)| u8::from(valid.get(row) && passes_number(test, *value))));
}

impl Op {
    /// Whether `left op right`.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Op::Equal => left == right,
            Op::Unequal => left != right,
            Op::Less => left < right,
            Op::AtMost => left <= right,
            Op::More => left > right,
            Op::AtLeast => left >= right,
        }
    }
}

/// `denied` for an attribute that is mapped and was not granted.
pub(super) fn not_granted(name: &str) -> Error {
    Error::new(Code::Denied, format!("the attribute `{name}` was not granted"))
}

pub(super) fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the rules' customers")
}

fn unknown_code() -> Error {
    Error::new(Code::Decode, "a row names a customer that the dictionary does not have")
}

fn beyond() -> Error {
    Error::new(Code::Overflow, "the money of one customer is beyond 9.2 · 10^18 minor units")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::gate::{Gate, Needs, Request};
    use crate::read::Options;
    use crate::read::columns::{ColumnLoader, Values};
    use crate::stats::random::Random;

    fn plan() -> Plan {
        let scope = |from, kind, filters: &[usize]| Scope {
            from,
            to: 900_000_000,
            kind,
            filters: filters.to_vec(),
        };
        let of = |scope, held| Cell { scope, held };
        Plan {
            scopes: vec![
                scope(0, Kind::Purchases, &[]),
                scope(400_000_000, Kind::Money, &[]),
                scope(0, Kind::Any, &[0]),
            ],
            filters: vec![RowFilter {
                field: Field::Amount,
                test: Test::Number(NumberTest { op: Op::More, value: 20.0 }),
            }],
            cells: vec![
                of(0, Held::Count),
                of(1, Held::Sum),
                of(2, Held::Least),
                of(1, Held::Most),
                of(0, Held::First),
                of(2, Held::Last),
                of(0, Held::Distinct(Role::Order)),
                of(1, Held::Days),
            ],
            steps: vec![2],
            purchase_events: None,
            has_amounts: true,
            until: 900_000_000,
        }
    }

    /// Several workers that share the blocks of a log give what one gives, to the bit, whoever
    /// gets which block and whoever is merged first: with few customers, whose rows wait until the
    /// end, and with many, whose buffers fill.
    #[test]
    fn any_number_of_workers_merges_into_the_whole() {
        for customers in [50, 30_000] {
            let mut random = Random::new(3, customers);
            let rows = 5 * crate::table::block::ROWS - 999;
            let below = |random: &mut Random, most: f64| (random.unit() * most) as u32;
            let ids: Vec<u32> = (0..rows).map(|_| below(&mut random, customers as f64)).collect();
            let orders: Vec<u32> = (0..rows).map(|_| below(&mut random, 5000.0)).collect();
            let times: Vec<f64> = (0..rows).map(|_| f64::from(below(&mut random, 1e9))).collect();
            // The last block is the first with three decimals.
            let amounts: Vec<f64> = (0..rows)
                .map(|row| {
                    let cents = f64::from(below(&mut random, 6000.0)) - 1000.0;
                    if row > 140_000 { (cents * 10.0 + 5.0) / 1000.0 } else { cents / 100.0 }
                })
                .collect();
            let mut options = Options::default();
            for role in [Role::Customer, Role::Time, Role::Amount, Role::Order] {
                options.roles.set(role, role.as_str());
            }
            options.duplicates = crate::read::options::Duplicates::Keep;
            let mut loader = ColumnLoader::new(&options, Zone::utc(), 1, 1 << 28).unwrap();
            loader
                .push(&[
                    (Role::Customer, Values::U32(&ids)),
                    (Role::Time, Values::F64(&times)),
                    (Role::Amount, Values::F64(&amounts)),
                    (Role::Order, Values::U32(&orders)),
                ])
                .unwrap();
            let (table, _) = loader.finish().unwrap();
            assert_eq!(table.blocks.len(), 5);
            let needs = Needs::roles(&[Role::Customer, Role::Time, Role::Amount, Role::Order]);
            let ask = Request { analysis: "test", purpose: None };
            let grant = Gate::open().ask(ask, &needs, &table.schema).unwrap();
            let known = table.dictionaries.get(Role::Customer).unwrap().len();
            let folded = |blocks: &[usize]| {
                let mut fold = Fold::new(plan(), Zone::utc());
                for block in blocks {
                    let rows = Allowed::new(&table.blocks[*block], &grant, known);
                    fold.update(rows.with_names(&table.dictionaries)).unwrap();
                }
                fold.settle().unwrap();
                fold
            };
            let sorted = |fold: &Fold| {
                let mut events = fold.events.clone();
                events.sort_unstable();
                events
            };
            let whole = folded(&[0, 1, 2, 3, 4]);
            for workers in 1..7 {
                let mut shares = vec![Vec::new(); workers];
                for block in 0..5 {
                    shares[random.below(workers as u32) as usize].push(block);
                }
                let mut folds: Vec<Fold> = shares.iter().map(|blocks| folded(blocks)).collect();
                while folds.len() > 1 {
                    let other = folds.swap_remove(random.below(folds.len() as u32) as usize);
                    let into = random.below(folds.len() as u32) as usize;
                    folds[into].merge(other).unwrap();
                }
                let merged = folds.pop().unwrap();
                assert_eq!((merged.rows, merged.scale), (whole.rows, whole.scale));
                assert_eq!(merged.purchase_rows, whole.purchase_rows);
                assert_eq!(merged.skipped, whole.skipped);
                assert!(merged.cells == whole.cells && merged.seen == whole.seen);
                assert!(sorted(&merged) == sorted(&whole));
            }
        }
    }
}
