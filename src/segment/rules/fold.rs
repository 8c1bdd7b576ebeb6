//! The keyed fold behind rules: one pass over the log, a few integers per customer.
//!
//! Each distinct choice of rows (time, kind, filters) is a scope, each number that a rule asks
//! for is one or two cells of a scope. A row's scopes are a bit mask, looked up by the stretch of
//! time in which the row lies (the ends of all scopes cut time into few, and a block in time
//! order mostly lies in one) and by its kind. Counts, sums in minor units, minima and maxima are
//! integers, and distinct values are sets, so any order, chunking and number of workers gives the
//! same bits. What a customer's scopes hold lies together, on one line of a cache where it fits:
//! 256 rows at a time are first only looked at, so that they wait for memory together, and then
//! added scope by scope, so that no row asks what is held.
#![allow(clippy::indexing_slicing)] // Row buffers have the block's length; a word is below `stride`, a customer below `known`, which `cover` and `unknown_code` see to.

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

/// Rows added scope by scope at a time: what their customers hold stays in the nearest cache.
const TOGETHER: usize = 256;
/// Words of customers without a row that are copied at a time.
const STARTED: usize = 2048;
/// Words on one line of a cache.
const LINE: usize = 8;
/// Kinds of rows, as bits of [`bit`].
const KINDS: usize = 8;

/// Where a cell is among the words of a customer.
#[derive(Clone, Copy, Debug)]
struct Place {
    word: usize,
    /// Counts share a word, two and two: the bits before this one.
    shift: Option<u32>,
}

/// What rows are added to in one pass, and where that is among the words of a customer.
#[derive(Clone, Copy, Debug, Default)]
struct Kernel {
    scope: usize,
    /// What one row adds to the word with the number of rows.
    one: i64,
    count: usize,
    sum: Option<usize>,
    /// Where the least is; the most follows it.
    extremes: Option<usize>,
    /// Where the first is; the last follows it.
    ends: Option<usize>,
}

/// The words of a customer.
#[derive(Clone, Debug, Default)]
struct Layout {
    /// For each cell where it is.
    places: Vec<Place>,
    /// One for each scope with a cell that needs no set.
    kernels: Vec<Kernel>,
    /// What each word holds, without those that only fill a line: counts first.
    words: Vec<Held>,
    /// Words with counts.
    counts: usize,
    /// Words from one customer to the next.
    stride: usize,
}

impl Layout {
    fn new(cells: &[Cell]) -> Self {
        let is_count = |held: Held| held == Held::Count || held.is_distinct();
        let counts = cells.iter().filter(|cell| is_count(cell.held)).count().div_ceil(2);
        let mut layout = Layout { counts, words: vec![Held::Count; counts], ..Layout::default() };
        let (mut kernels, mut halves): (Vec<Kernel>, usize) = (Vec::new(), 0);
        for (at, cell) in cells.iter().enumerate() {
            let known = cells[..at].iter().position(|known| known == cell);
            if let (Some(known), false) = (known, cell.held.is_distinct()) {
                layout.places.push(layout.places[known]);
                continue;
            }
            let place = Place { word: halves / 2, shift: Some(halves as u32 % 2 * 32) };
            if is_count(cell.held) {
                halves += 1;
            }
            layout.places.push(place);
            if cell.held.is_distinct() {
                continue;
            }
            let at = match kernels.iter().position(|kernel| kernel.scope == cell.scope) {
                Some(at) => at,
                None => {
                    kernels.push(Kernel { scope: cell.scope, ..Kernel::default() });
                    kernels.len() - 1
                }
            };
            let Kernel { one, count, sum, extremes, ends, .. } = &mut kernels[at];
            let words = &mut layout.words;
            let mut take = |of: &mut Option<usize>, held: &[Held]| {
                let first = *of.get_or_insert(words.len());
                if first == words.len() {
                    words.extend_from_slice(held);
                }
                let at = held.iter().position(|held| *held == cell.held);
                Place { word: first + at.unwrap_or(0), shift: None }
            };
            let place = match cell.held {
                Held::Sum => take(sum, &[Held::Sum]),
                Held::Least | Held::Most => take(extremes, &[Held::Least, Held::Most]),
                Held::First | Held::Last => take(ends, &[Held::First, Held::Last]),
                _ => {
                    (*one, *count) = (1 << place.shift.unwrap_or(0), place.word);
                    place
                }
            };
            if let Some(last) = layout.places.last_mut() {
                *last = place;
            }
        }
        layout.kernels = kernels;
        layout.stride = match layout.words.len() {
            words @ 0..=LINE => words.next_power_of_two(),
            words => words,
        };
        layout
    }

    /// What the words of a customer are who has no row yet.
    fn start(&self) -> impl Iterator<Item = i64> {
        let filling = std::iter::repeat_n(0, self.stride - self.words.len());
        self.words.iter().map(|held| held.start()).chain(filling)
    }
}

/// The words of all customers, from the beginning of a line of a cache.
#[derive(Clone, Debug, Default)]
struct Words {
    list: Vec<i64>,
    begin: usize,
}

impl Words {
    fn all(&self) -> &[i64] {
        self.list.get(self.begin..).unwrap_or_default()
    }

    fn all_mut(&mut self) -> &mut [i64] {
        self.list.get_mut(self.begin..).unwrap_or_default()
    }

    /// Makes room for `more` words.
    fn reserve(&mut self, more: usize) -> Result<()> {
        if self.list.capacity() - self.list.len() >= more {
            return Ok(());
        }
        let needed = (self.all().len() + more).max(self.all().len() * 2);
        let mut list: Vec<i64> = Vec::new();
        list.try_reserve_exact(needed + LINE).map_err(|_| no_memory())?;
        let begin = list.as_ptr().align_offset(LINE * size_of::<i64>()).min(LINE);
        list.resize(begin, 0);
        list.extend_from_slice(self.all());
        *self = Words { list, begin };
        Ok(())
    }
}

/// The fold.
#[derive(Clone, Debug)]
pub(super) struct Fold {
    plan: Plan,
    zone: Zone,
    /// The instants at which a scope begins or ends, ascending.
    bounds: Vec<i64>,
    /// For each stretch between them and each choice of kinds, the scopes.
    scopes_of: Vec<u64>,
    /// For each filter the scopes that ask for it.
    filtered: Vec<u64>,
    layout: Layout,
    words: Words,
    /// Customers with rows that no count tells of.
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
            bounds,
            scopes_of,
            filtered,
            layout: Layout::new(&plan.cells),
            words: Words::default(),
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
        let words = Layout::new(&plan.cells).stride as u64;
        customers * (words * 8 + 1) + distinct.saturating_mul(pairs) + events
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
        // In this order: what nobody is known for yet need not be brought to another scale.
        let factor = self.aligned(money.map_or(0, |(_, scale)| scale))?;
        self.cover(rows.known())?;
        self.has_money |= money.is_some();
        let amounts = money.map(|(amounts, _)| amounts);
        let plain = Plain { customers, times, amounts, factor };
        let mut room = std::mem::take(&mut self.room);
        if let Some(scopes) = self.common_scopes(&rows) {
            room.scopes.clear();
            room.scopes.resize(TOGETHER, scopes);
            self.rows += times.len() as u64;
            self.purchase_rows += times.len() as u64;
            self.add_plain(&plain, &room.scopes, None)?;
        } else {
            self.look_at_kinds(&rows, names, customers, times, &mut room)?;
            self.look_at_filters(&rows, names, &mut room)?;
            self.look_at_scopes(&rows, times, &mut room)?;
            for kinds in &room.kinds {
                self.rows += u64::from(kinds & 1);
                self.purchase_rows += u64::from(kinds >> 1 & 1);
            }
            self.add_plain(&plain, &room.scopes, Some(&room.kinds))?;
            self.add_distinct(&rows, customers, times, &room.scopes)?;
            self.add_events(customers, times, &room.scopes)?;
        }
        self.room = room;
        match self.rows > u64::from(u32::MAX) {
            true => Err(Error::new(Code::Limit, "rules count at most 4,294,967,295 rows")),
            false => Ok(()),
        }
    }

    /// The scopes that all rows have alike: of purchases in one stretch of time, of which nothing
    /// else is asked. Mostly that is so where rows come in time order.
    fn common_scopes(&self, rows: &Allowed<'_>) -> Option<u64> {
        let Plan { filters, steps, purchase_events, until, .. } = &self.plan;
        let has_events = purchase_events.is_some() && rows.codes(Role::Event).is_some();
        let asks = has_events || rows.keep().is_some() || !filters.is_empty() || !steps.is_empty();
        if asks || !self.pairs.is_empty() {
            return None;
        }
        let (least, most) = rows.extent(Role::Time)?;
        let stretch = self.stretch(least);
        let has_refunds = rows.extent(Role::Amount).is_some_and(|(least, _)| least < 0);
        let is_common = !has_refunds && most < *until && stretch == self.stretch(most);
        is_common.then(|| self.scopes_of[stretch * KINDS + KINDS - 1])
    }

    /// The stretch of time in which an instant lies.
    fn stretch(&self, time: i64) -> usize {
        self.bounds.partition_point(|bound| *bound <= time)
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
    fn look_at_scopes(&self, rows: &Allowed<'_>, times: &[i64], room: &mut Room) -> Result<()> {
        let Room { kinds, pass, scopes } = room;
        scopes.clear();
        scopes.try_reserve(times.len()).map_err(|_| no_memory())?;
        let (least, most) = rows.extent(Role::Time).unwrap_or_default();
        let (first, last) = (self.stretch(least), self.stretch(most));
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

    /// Adds rows to what needs no set. `scopes` are those of every row, or of as many as are added
    /// together if all rows have the same, and then all are used: `kinds` is `None`.
    fn add_plain(&mut self, rows: &Plain<'_>, scopes: &[u64], kinds: Option<&[u8]>) -> Result<()> {
        let Plain { customers, times, amounts, factor } = rows;
        let Fold { words, seen, layout: Layout { kernels, stride, .. }, .. } = self;
        let (words, mut scaled) = (words.all_mut(), [0; TOGETHER]);
        let mut over = false;
        for begin in (0..customers.len()).step_by(TOGETHER) {
            let part = begin..(begin + TOGETHER).min(customers.len());
            let customers = &customers[part.clone()];
            let scopes = match kinds {
                Some(_) => &scopes[part.clone()],
                None => &scopes[..part.len()],
            };
            let money = match amounts {
                Some(amounts) if *factor == 1 => &amounts[part.clone()],
                Some(amounts) => {
                    for (scaled, amount) in scaled.iter_mut().zip(&amounts[part.clone()]) {
                        *scaled = amount.checked_mul(*factor).ok_or_else(beyond)?;
                    }
                    &scaled[..part.len()]
                }
                None => &scaled[..part.len()],
            };
            // A look first: look-ups that change nothing wait for memory together.
            let (mut last, mut looked, mut is_counted) = (0, 0, false);
            for customer in customers {
                last = last.max(*customer);
                looked ^= words.get(*customer as usize * *stride).copied().unwrap_or(0);
            }
            let (mut some, mut all) = (0, u64::MAX);
            for scopes in scopes {
                some |= scopes;
                all &= scopes;
            }
            std::hint::black_box(looked);
            if last as usize >= seen.len() {
                return Err(unknown_code());
            }
            let lines = Lines { customers, scopes, money, times: &times[part.clone()] };
            let mut whole = Kernel::default();
            for kernel in kernels.iter().filter(|kernel| some >> kernel.scope & 1 == 1) {
                if all >> kernel.scope & 1 == 0 {
                    over |= kernel.add(words, *stride, &lines, false);
                } else if let Some(both) = whole.with(kernel) {
                    whole = both;
                } else {
                    over |= whole.add(words, *stride, &lines, true);
                    is_counted |= whole.one != 0;
                    whole = *kernel;
                }
            }
            over |= whole.add(words, *stride, &lines, true);
            is_counted |= whole.one != 0;
            if !is_counted {
                let kinds = kinds.map(|kinds| &kinds[part]);
                for (at, customer) in customers.iter().enumerate() {
                    seen[*customer as usize] |= kinds.is_none_or(|kinds| kinds[at] != 0);
                }
            }
        }
        if over { Err(beyond()) } else { Ok(()) }
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
                let place = self.layout.places[at];
                let word = *customer as usize * self.layout.stride + place.word;
                let word = self.words.all_mut().get_mut(word).ok_or_else(unknown_code)?;
                *word += i64::from(is_new) << place.shift.unwrap_or(0);
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
        let needed = more * self.layout.stride;
        self.words.reserve(needed)?;
        let list = &mut self.words.list;
        let from = list.len();
        list.extend(self.layout.start());
        // What is copied stays in the nearest cache: only writing goes to memory.
        let most = STARTED / self.layout.stride.max(1) * self.layout.stride;
        while list.len() - from < needed {
            let whole = (list.len() - from).min(most.max(self.layout.stride));
            let copied = whole.min(from + needed - list.len());
            list.extend_from_within(from..from + copied);
        }
        Ok(())
    }

    /// The factor that brings amounts of `scale` to the scale of the cells, which is raised
    /// first if theirs is finer.
    fn aligned(&mut self, scale: u8) -> Result<i64> {
        if scale > self.scale {
            let stride = self.layout.stride.max(1);
            for (at, held) in self.layout.words.iter().enumerate() {
                if held.is_money() {
                    for value in self.words.all_mut().iter_mut().skip(at).step_by(stride) {
                        if *value != held.start() {
                            *value = money::rescaled(*value, self.scale, scale)?;
                        }
                    }
                }
            }
            self.scale = scale;
        }
        Ok(money::power(self.scale - scale))
    }

    /// Adds what another part of the same log gave.
    #[cfg(test)]
    pub(super) fn merge(&mut self, mut other: Fold) -> Result<()> {
        self.cover(other.seen.len())?;
        let scale = self.scale.max(other.scale);
        self.aligned(scale)?;
        other.aligned(scale)?;
        let Layout { words: held, places, stride, .. } = &self.layout;
        let words = self.words.all_mut();
        for (own, theirs) in words.chunks_mut(*stride).zip(other.words.all().chunks(*stride)) {
            for ((own, theirs), held) in own.iter_mut().zip(theirs).zip(held) {
                *own = match held {
                    Held::Least | Held::First => (*own).min(*theirs),
                    Held::Most | Held::Last => (*own).max(*theirs),
                    // No count of two in a word reaches the other: there are fewer rows.
                    Held::Count => own.wrapping_add(*theirs),
                    _ => own.checked_add(*theirs).ok_or_else(beyond)?,
                };
            }
        }
        let distinct =
            self.plan.cells.iter().enumerate().filter(|(_, cell)| cell.held.is_distinct());
        for (((at, _), own), theirs) in distinct.zip(&mut self.pairs).zip(&other.pairs) {
            for (customer, value) in theirs.iter() {
                let known = !own.insert(customer, value)?;
                let place = places[at];
                words[customer as usize * *stride + place.word] -=
                    i64::from(known) << place.shift.unwrap_or(0);
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
        let from = customer as usize * self.layout.stride;
        let counts = self.words.all().get(from..from + self.layout.counts).unwrap_or_default();
        self.seen.get(customer as usize).copied().unwrap_or(false)
            || counts.iter().any(|count| *count != 0)
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
        let mut value = [0];
        self.each(&[customer], at, &mut value, |cell, value| *value = cell);
        value[0]
    }

    /// Gives `tell` the number of each of these customers, and what to make of it: that of nobody
    /// for those whom the log does not have.
    #[inline(always)]
    pub(super) fn each<T>(
        &self,
        customers: &[u32],
        at: usize,
        into: &mut [T],
        mut tell: impl FnMut(i64, &mut T),
    ) {
        let nobody = self.plan.cells.get(at).map_or(0, |cell| cell.held.start());
        let Some(Place { word, shift }) = self.layout.places.get(at).copied() else {
            return into.iter_mut().for_each(|into| tell(nobody, into));
        };
        let (words, stride) = (self.words.all(), self.layout.stride);
        let (shift, mask) = shift.map_or((0, -1), |shift| (shift, i64::from(u32::MAX)));
        for (customer, into) in customers.iter().zip(into) {
            match words.get(*customer as usize * stride + word) {
                Some(word) => tell(*word >> shift & mask, into),
                None => tell(nobody, into),
            }
        }
    }

    pub(super) fn heap_size(&self) -> usize {
        self.words.list.capacity() * 8
            + self.seen.capacity()
            + self.events.capacity() * size_of::<(u32, Event)>()
            + self.pairs.iter().map(Pairs::heap_size).sum::<usize>()
    }
}

/// The rows of a block, as far as they need no set.
struct Plain<'a> {
    customers: &'a [u32],
    times: &'a [i64],
    amounts: Option<&'a [i64]>,
    factor: i64,
}

/// Rows that are added together, with their scopes and with money of the fold's scale.
struct Lines<'a> {
    customers: &'a [u32],
    scopes: &'a [u64],
    money: &'a [i64],
    times: &'a [i64],
}

impl Kernel {
    /// What adds rows that are of both scopes in one pass, if one can: nothing is held twice.
    fn with(&self, other: &Kernel) -> Option<Kernel> {
        let one_of = |own: Option<usize>, other: Option<usize>| match (own, other) {
            (Some(_), Some(_)) => None,
            _ => Some(own.or(other)),
        };
        if self.one != 0 && other.one != 0 && self.count != other.count {
            return None;
        }
        Some(Kernel {
            scope: self.scope,
            one: self.one + other.one,
            count: if self.one == 0 { other.count } else { self.count },
            sum: one_of(self.sum, other.sum)?,
            extremes: one_of(self.extremes, other.extremes)?,
            ends: one_of(self.ends, other.ends)?,
        })
    }

    /// Adds rows to what is held of the scope; whether a sum went beyond what it can hold.
    /// `is_all` says that every row is of the scope.
    fn add(&self, words: &mut [i64], stride: usize, lines: &Lines<'_>, is_all: bool) -> bool {
        macro_rules! choose {
            ($($sum:literal $extremes:literal $ends:literal),+) => {
                match (self.sum.is_some(), self.extremes.is_some(), self.ends.is_some(), is_all) {
                    (false, false, false, _) if self.one == 0 => false,
                    $(
                        ($sum, $extremes, $ends, true) =>
                            self.each::<$sum, $extremes, $ends, true>(words, stride, lines),
                        ($sum, $extremes, $ends, false) =>
                            self.each::<$sum, $extremes, $ends, false>(words, stride, lines),
                    )+
                }
            };
        }
        choose!(
            false false false, false false true, false true false, false true true,
            true false false, true false true, true true false, true true true
        )
    }

    /// Has no branch on what is in a row, since nothing foretells it.
    #[inline(never)]
    fn each<const SUM: bool, const EXTREMES: bool, const ENDS: bool, const ALL: bool>(
        &self,
        words: &mut [i64],
        stride: usize,
        lines: &Lines<'_>,
    ) -> bool {
        let Kernel { scope, one, count, .. } = *self;
        let at = |of: Option<usize>| of.unwrap_or(0);
        let (sum, extremes, ends) = (at(self.sum), at(self.extremes), at(self.ends));
        // What a row outside the scope gives to a least or to a most: nothing.
        let least = |value: i64, is_in: bool| if is_in { value } else { i64::MAX };
        let most = |value: i64, is_in: bool| if is_in { value } else { i64::MIN };
        let mut over = false;
        let rows = lines.customers.iter().zip(lines.scopes).zip(lines.money).zip(lines.times);
        for (((customer, scopes), money), time) in rows {
            let is_in = ALL || scopes >> scope & 1 == 1;
            let own = &mut words[*customer as usize * stride..][..stride];
            if one != 0 {
                own[count] += one & -i64::from(is_in);
            }
            if SUM {
                let (added, beyond) = own[sum].overflowing_add(money & -i64::from(is_in));
                over |= beyond;
                own[sum] = added;
            }
            if EXTREMES {
                let own = &mut own[extremes..extremes + 2];
                own[0] = own[0].min(least(*money, is_in));
                own[1] = own[1].max(most(*money, is_in));
            }
            if ENDS {
                let own = &mut own[ends..ends + 2];
                own[0] = own[0].min(least(*time, is_in));
                own[1] = own[1].max(most(*time, is_in));
            }
        }
        over
    }
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
    /// Which results of a comparison fulfil it: more (1), less (2), equal (4).
    pub(super) fn fulfilled_by(self) -> u8 {
        match self {
            Op::Equal => 4,
            Op::Unequal => 3,
            Op::Less => 2,
            Op::AtMost => 6,
            Op::More => 1,
            Op::AtLeast => 5,
        }
    }

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

    /// Rows that have all their scopes in common are added in another way than others, and the
    /// scopes of rows that are in several at once are added together: neither changes an answer.
    #[test]
    fn rows_in_time_order_give_what_they_give_in_any_order() {
        let mut plan = plan();
        plan.scopes.iter_mut().for_each(|scope| scope.filters.clear());
        plan.filters.clear();
        plan.steps.clear();
        plan.cells.retain(|cell| !cell.held.is_distinct());
        // A scope with the same numbers again, and the same number asked for twice.
        plan.cells.push(Cell { scope: 1, held: Held::Count });
        plan.cells.push(Cell { scope: 0, held: Held::Sum });
        plan.cells.push(Cell { scope: 0, held: Held::Count });
        let mut random = Random::new(9, 0);
        let rows = 2 * crate::table::block::ROWS + 77;
        let mut log: Vec<(u32, i64, i64)> = (0..rows)
            .map(|row| {
                // The last fifth has refunds, rows after the end and customers of its own.
                let late = row > rows * 4 / 5;
                let customer = random.below(700) + if late { 300 } else { 0 };
                let time = (row as f64 / rows as f64 * 1e9) as i64;
                let money = i64::from(random.below(6000)) - if late { 500 } else { 0 };
                (customer, time, money)
            })
            .collect();
        let folded = |log: &[(u32, i64, i64)]| {
            let mut options = Options::default();
            for role in [Role::Customer, Role::Time, Role::Amount] {
                options.roles.set(role, role.as_str());
            }
            options.duplicates = crate::read::options::Duplicates::Keep;
            let mut loader = ColumnLoader::new(&options, Zone::utc(), 1, 1 << 28).unwrap();
            let customers: Vec<u32> = log.iter().map(|row| row.0).collect();
            let times: Vec<f64> = log.iter().map(|row| row.1 as f64).collect();
            let amounts: Vec<f64> = log.iter().map(|row| row.2 as f64 / 100.0).collect();
            loader
                .push(&[
                    (Role::Customer, Values::U32(&customers)),
                    (Role::Time, Values::F64(&times)),
                    (Role::Amount, Values::F64(&amounts)),
                ])
                .unwrap();
            let (table, _) = loader.finish().unwrap();
            let needs = Needs::roles(&[Role::Customer, Role::Time, Role::Amount]);
            let ask = Request { analysis: "test", purpose: None, at: None };
            let grant = Gate::open().ask(ask, &needs, &table.schema).unwrap();
            let ids = table.dictionaries.get(Role::Customer).unwrap();
            let mut fold = Fold::new(plan.clone(), Zone::utc());
            for block in &table.blocks {
                let rows = Allowed::new(block, &grant, ids.len());
                fold.update(rows.with_names(&table.dictionaries)).unwrap();
            }
            let mut found: Vec<(Vec<u8>, bool, Vec<i64>)> = (0..ids.len() as u32)
                .map(|one| {
                    let cells = (0..plan.cells.len()).map(|at| fold.cell(one, at)).collect();
                    (ids.get(one).unwrap().to_vec(), fold.is_seen(one), cells)
                })
                .collect();
            found.sort();
            (found, fold.rows, fold.purchase_rows, fold.skipped)
        };
        let in_order = folded(&log);
        for at in (1..log.len()).rev() {
            log.swap(at, random.below(at as u32 + 1) as usize);
        }
        assert!(in_order == folded(&log));
        // And both are what a plain count gives.
        let of = |wanted: u32| {
            let rows = log.iter().filter(|row| row.0 == wanted && row.1 < 900_000_000);
            let purchases: Vec<_> = rows.filter(|row| row.2 >= 0).collect();
            let sum = purchases.iter().map(|row| row.2).sum::<i64>();
            (purchases.len() as i64, purchases.iter().map(|row| row.1).min().unwrap(), sum)
        };
        for wanted in [0, 5, 700, 999] {
            let own = in_order.0.iter().find(|found| found.0 == wanted.to_string().as_bytes());
            let cells = &own.unwrap().2;
            let place = |held| plan.cells.iter().position(|cell| cell.held == held).unwrap();
            let first = cells[place(Held::First)];
            let sum =
                plan.cells.iter().position(|cell| *cell == Cell { scope: 0, held: Held::Sum });
            assert_eq!((cells[0], first, cells[sum.unwrap()]), of(wanted));
            assert_eq!(cells.last(), cells.first());
        }
    }

    /// Several workers that share the blocks of a log give what one gives, to the bit, whoever
    /// gets which block and whoever is merged first.
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
            let ask = Request { analysis: "test", purpose: None, at: None };
            let grant = Gate::open().ask(ask, &needs, &table.schema).unwrap();
            let known = table.dictionaries.get(Role::Customer).unwrap().len();
            let folded = |blocks: &[usize]| {
                let mut fold = Fold::new(plan(), Zone::utc());
                for block in blocks {
                    let rows = Allowed::new(&table.blocks[*block], &grant, known);
                    fold.update(rows.with_names(&table.dictionaries)).unwrap();
                }
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
                assert!(merged.words.all() == whole.words.all());
                assert!((0..known as u32).all(|one| merged.is_seen(one) == whole.is_seen(one)));
                assert!(sorted(&merged) == sorted(&whole));
            }
        }
    }
}
