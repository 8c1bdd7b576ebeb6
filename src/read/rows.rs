//! Cells to typed blocks: the rules of every format for what makes a row usable.
//!
//! A row is used if its customer id is there and its time and amount can be read, as far as
//! these roles are mapped. Everything else about it may be missing. Ids enter the dictionaries
//! only when the whole row is usable, so the number of customers is that of the used rows.

mod plain;

use std::borrow::Cow;

use crate::error::{Code, Error, Result};
use crate::table::block::{Bitmap, Block, Column, MISSING};
use crate::table::fingerprint::Fingerprint;
use crate::table::money::{self, power};
use crate::table::role::{Kind, Role};
use crate::table::{Dictionaries, Schema};

use super::amount::{Amount, Writing};
use super::duplicates::{Orders, Seen};
use super::ids::{self, Doubts, Waiting, is_total, push, trimmed};
use super::integers::Integers;
use super::no_memory;
use super::options::{Duplicates, Limits, Options};
use super::quality::{Issues, PLACES, RowCounts, Severity, TimeRange, Totals};
use super::records::Wanted;
use super::remedies;
use super::time::{Time, Times};

/// Whole numbers below this are exact in a 64-bit floating point number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Receives finished blocks.
pub type Sink<'s> = dyn FnMut(Block) -> Result<()> + 's;

/// One value as it comes: text from files, anything from columns in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'t> {
    /// Nothing.
    Missing,
    /// Text without outer blanks, perhaps empty, which is as good as missing.
    Text(&'t [u8]),
    /// A number in digits with a point, whatever the options say of amounts.
    Decimal(&'t [u8]),
    /// A whole number.
    Integer(i64),
    /// Any other number but NaN, infinities and whole numbers from 2^53 included.
    Number(f64),
}

impl<'t> Cell<'t> {
    #[inline]
    pub(super) fn text(text: &'t [u8]) -> Self {
        Cell::Text(trimmed(text))
    }

    #[inline]
    pub(super) fn number(value: f64) -> Self {
        let integer = value as i64;
        if integer as f64 == value && value.abs() < EXACT {
            Cell::Integer(integer)
        } else if value.is_nan() {
            Cell::Missing
        } else {
            Cell::Number(value)
        }
    }

    #[inline]
    fn is_missing(&self) -> bool {
        matches!(self, Cell::Missing | Cell::Text([]))
    }

    /// Why it cannot be an id of at most `longest` bytes.
    #[inline]
    fn refused_as_id(&self, longest: usize) -> Option<Code> {
        match self {
            Cell::Text(text) if text.len() > longest => Some(Code::Limit),
            Cell::Number(value) if value.is_infinite() => Some(Code::Type),
            _ => None,
        }
    }

    /// The text, or the decimal text of a number.
    fn as_bytes(&self) -> Cow<'t, [u8]> {
        match *self {
            Cell::Missing => Cow::Borrowed(b""),
            Cell::Text(text) | Cell::Decimal(text) => Cow::Borrowed(text),
            Cell::Integer(value) => Cow::Owned(value.to_string().into_bytes()),
            Cell::Number(value) => Cow::Owned(value.to_string().into_bytes()),
        }
    }

    #[inline]
    fn amount(&self, writing: Writing) -> Amount {
        match *self {
            Cell::Missing => Amount::Not,
            Cell::Text(text) => writing.read(text),
            Cell::Decimal(text) => Writing::default().read(text),
            Cell::Integer(value) => Amount::Money { minor: value, scale: 0, lost: false },
            Cell::Number(value) => match money::from_f64(value) {
                Ok((minor, scale, lost)) => Amount::Money { minor, scale, lost },
                Err(error) if error.code() == Code::Overflow => Amount::TooLarge,
                Err(_) => Amount::Not,
            },
        }
    }

    /// A number that is not kept to six decimals, as money is: a rate, a weight, a score.
    fn measure(&self, writing: Writing) -> Option<f64> {
        match *self {
            Cell::Text(text) => writing.measure(text),
            Cell::Decimal(text) => Writing::default().measure(text),
            Cell::Number(value) => value.is_finite().then_some(value),
            Cell::Missing | Cell::Integer(_) => None,
        }
    }
}

/// The rows of the block that is being filled, and what the whole table has in common.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) schema: Schema,
    pub(super) dictionaries: Dictionaries,
    pub(super) issues: Issues,
    pub(super) totals: Totals,
    /// For each field the name in the header of the file that is being read.
    pub(super) names: Vec<String>,
    /// Set while single records are looked for: formats then hand those over instead of adding
    /// rows.
    pub(super) wanted: Option<Wanted>,
    /// Records seen, used or not.
    pub(super) read: u64,
    /// Rows of finished blocks.
    used: u64,
    limits: Limits,
    fingerprint: Fingerprint,
    doubts: Doubts,
    times: Times,
    writing: Writing,
    /// Amounts that would be others with the other decimal mark: how many, and the first places.
    open: (u64, Vec<(u32, u64)>),
    block: u64,
    /// The first block of the file that is being read.
    base: u64,
    /// The files before that one.
    earlier: Vec<Earlier>,
    staged: Staged,
    /// Room for the amounts of many rows, used again.
    minors: Vec<i64>,
    customer: Option<usize>,
    time: Option<usize>,
    amount: Option<usize>,
    order: Option<usize>,
    currency: Option<usize>,
    direction: Option<usize>,
    /// The orders so far, if copies count once.
    orders: Option<Orders>,
    /// The currency of the first row that was used, by its usual name.
    main_currency: Option<Vec<u8>>,
}

/// The columns of the block that is being filled; those that are not mapped stay empty. The
/// vectors are used again for every block, which gets copies of exactly the right size.
#[derive(Debug, Default)]
struct Staged {
    rows: usize,
    times: Vec<i64>,
    amounts: Vec<i64>,
    scale: u8,
    /// The columns of numbers, in schema order.
    numbers: Vec<Numbers>,
    /// The text roles, in schema order: the customer first.
    texts: Vec<Text>,
    /// The places of the rows, for doubts about customers.
    places: Vec<u64>,
}

/// One column of numbers.
#[derive(Debug)]
struct Numbers {
    role: Role,
    position: usize,
    values: Vec<Option<f64>>,
}

/// One text column.
#[derive(Debug)]
struct Text {
    role: Role,
    position: usize,
    /// The ids of the last rows, which have no code yet …
    waiting: Waiting,
    /// … and the codes of the rows before.
    codes: Vec<u32>,
    /// Codes of ids that come as numbers.
    integers: Integers,
}

/// A file that was read before the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Earlier {
    rows: RowCounts,
    time: Option<TimeRange>,
    /// The sum of its amounts, at scale 6.
    sum: i128,
}

/// Why a row is left out.
type Reject = (Code, Option<Role>);

impl Rows {
    pub(super) fn new(schema: Schema, options: &Options, seed: u64) -> Self {
        let texts = schema
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.role.is_text())
            .map(|(position, field)| Text {
                role: field.role,
                position,
                waiting: Waiting::default(),
                codes: Vec::new(),
                integers: Integers::new(seed),
            })
            .collect();
        let numbers = schema
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.role.kind() == Kind::Number)
            .map(|(position, field)| Numbers { role: field.role, position, values: Vec::new() })
            .collect();
        Rows {
            dictionaries: Dictionaries::for_schema(&schema, seed),
            issues: Issues::default(),
            totals: Totals::default(),
            names: schema.fields.iter().map(|field| field.name.clone()).collect(),
            wanted: None,
            read: 0,
            used: 0,
            limits: options.limits,
            fingerprint: Fingerprint::new(schema.fields.len()),
            doubts: Doubts::default(),
            times: Times::new(options.dates),
            writing: Writing::of(options),
            open: (0, Vec::new()),
            block: 0,
            base: 0,
            earlier: Vec::new(),
            minors: Vec::new(),
            staged: Staged { texts, numbers, ..Staged::default() },
            customer: schema.position(Role::Customer),
            time: schema.position(Role::Time),
            amount: schema.position(Role::Amount),
            order: schema.position(Role::Order),
            currency: schema.position(Role::Currency),
            direction: schema.position(Role::Direction),
            orders: (options.duplicates == Duplicates::Once
                && schema.position(Role::Order).is_some())
            .then(|| Orders::new(seed)),
            main_currency: None,
            schema,
        }
    }

    /// Announces a record that belongs to `block` of its file; blocks come in ascending order.
    #[inline]
    pub(super) fn begin(&mut self, block: u64, sink: &mut Sink<'_>) -> Result<()> {
        let block = self.base + block;
        if block != self.block {
            self.flush(sink)?;
            self.block = block;
        }
        self.read += 1;
        if self.read > self.limits.rows {
            return Err(Error::new(Code::Limit, "the table has more records than `limits.rows`"));
        }
        Ok(())
    }

    /// Counts the record announced last as left out.
    pub(super) fn reject(&mut self, code: Code, column: Option<Role>, place: u64) {
        self.issues.count(code, Severity::Rejected, column, place);
    }

    /// Adds the record announced last. `cell` gives the value at a schema position; `place` is
    /// the record's line or number; `whole` is the text of the whole record, unmapped cells
    /// included, where there is one.
    #[inline]
    pub(super) fn add<'t>(
        &mut self,
        place: u64,
        whole: Option<&[u8]>,
        cell: impl Fn(usize) -> Cell<'t> + Copy,
    ) -> Result<()> {
        match self.try_add(place, whole, cell)? {
            None => Ok(()),
            Some((code, column)) => {
                let is_name = |(at, name): (usize, &String)| matches!(cell(at), Cell::Text(text) if text == name.as_bytes());
                match self.names.iter().enumerate().all(is_name) {
                    true => self.reject(Code::RepeatedHeader, None, place),
                    false => {
                        self.reject(code, column, place);
                        self.look_for_remedies(code, column, cell);
                    }
                }
                Ok(())
            }
        }
    }

    /// Counts the options that would read the value for which a row was left out.
    #[cold]
    fn look_for_remedies<'t>(
        &mut self,
        code: Code,
        column: Option<Role>,
        cell: impl Fn(usize) -> Cell<'t>,
    ) {
        let Some(role) = column else { return };
        let Some(Cell::Text(text) | Cell::Decimal(text)) = self.schema.position(role).map(cell)
        else {
            return;
        };
        let issues = &mut self.issues;
        let name = |option, value| issues.remedy(code, role, option, value);
        match (code, role) {
            (Code::Amount, Role::Amount) => remedies::of_amount(text, self.writing, name),
            (Code::Date | Code::DateAmbiguous, Role::Time) => {
                remedies::of_time(text, self.times.dates(), name);
            }
            _ => {}
        }
    }

    #[inline]
    fn try_add<'t>(
        &mut self,
        place: u64,
        whole: Option<&[u8]>,
        cell: impl Fn(usize) -> Cell<'t> + Copy,
    ) -> Result<Option<Reject>> {
        // First every reason to leave the row out, since what enters a dictionary stays there.
        let longest = self.limits.id_bytes as usize;
        let customer = self.customer.map(cell);
        if let Some(id) = &customer {
            if id.is_missing() {
                return Ok(Some((Code::MissingId, Some(Role::Customer))));
            }
            if let Some(code) = id.refused_as_id(longest) {
                return Ok(Some((code, Some(Role::Customer))));
            }
        }
        let time = match self.time.map_or(Cell::Integer(0), cell) {
            Cell::Text(text) | Cell::Decimal(text) => self.times.read(text, &self.schema.zone),
            Cell::Integer(ms) => Time::of(ms),
            Cell::Number(ms) => Time::of(ms.floor() as i64),
            Cell::Missing => Time::Not,
        };
        let instant = match time {
            Time::Instant(ms) | Time::Gap(ms) | Time::Fold(ms) => ms,
            Time::Not => return Ok(Some((Code::Date, Some(Role::Time)))),
            Time::Ambiguous => return Ok(Some((Code::DateAmbiguous, Some(Role::Time)))),
        };
        let mut open = false;
        let amount = match self.amount.map_or(Cell::Integer(0), cell) {
            Cell::Text(text) => self.writing.plain(text).unwrap_or_else(|| {
                open = self.writing.is_open(text);
                self.writing.general(text)
            }),
            number => number.amount(self.writing),
        };
        let (mut minor, scale, lost) = match amount {
            Amount::Money { minor, scale, lost } => (minor, scale, lost),
            Amount::Not => return Ok(Some((Code::Amount, Some(Role::Amount)))),
            Amount::TooLarge => return Ok(Some((Code::Overflow, Some(Role::Amount)))),
        };
        for text in self.staged.texts.iter().filter(|text| text.role != Role::Customer) {
            if let Some(code) = cell(text.position).refused_as_id(longest) {
                return Ok(Some((code, Some(text.role))));
            }
        }
        if matches!(customer, Some(Cell::Text(id)) if is_total(id)) {
            return Ok(Some((Code::MissingId, Some(Role::Customer))));
        }
        if let Some(position) = self.direction {
            match money_flow(cell(position)) {
                Some(Flow::In) => {}
                Some(Flow::Out) => minor = if minor > 0 { -minor } else { minor },
                None => return Ok(Some((Code::Amount, Some(Role::Direction)))),
            }
        }
        if let Some(position) = self.currency
            && !self.is_main_currency(cell(position))
        {
            return Ok(Some((Code::Amount, Some(Role::Currency))));
        }
        if self.orders.is_some() {
            match self.look_at_order(whole, instant, minor < 0, cell)? {
                Seen::New => {}
                Seen::Copy => return Ok(Some((Code::DuplicateOrder, Some(Role::Order)))),
                Seen::Conflict => self.doubtful(Code::DuplicateOrder, Role::Order, place),
            }
        }
        // From here on the row is used, unless its amount does not fit beside the others.
        if self.amount.is_some() && !self.stage_amount(minor, scale, lost, place)? {
            return Ok(Some((Code::Overflow, Some(Role::Amount))));
        }
        if open {
            self.open.0 += 1;
            if self.open.1.len() < PLACES {
                self.open.1.push((self.issues.file, place));
            }
        }
        if self.time.is_some() {
            push(&mut self.staged.times, instant)?;
            match time {
                Time::Gap(_) => self.changed(Code::DateGap, Role::Time, place),
                Time::Fold(_) => self.doubtful(Code::DateFold, Role::Time, place),
                _ => {}
            }
        }
        for at in 0..self.staged.numbers.len() {
            self.stage_number_of(at, cell, place)?;
        }
        if self.customer.is_some() || !self.earlier.is_empty() {
            push(&mut self.staged.places, place)?;
        }
        for at in 0..self.staged.texts.len() {
            if let Some(text) = self.staged.texts.get_mut(at) {
                let value = match customer {
                    Some(id) if text.role == Role::Customer => id,
                    _ => cell(text.position),
                };
                match value {
                    Cell::Text(id) | Cell::Decimal(id) => text.waiting.push(id)?,
                    Cell::Missing => text.waiting.push(b"")?,
                    number => self.stage_number(at, number, place)?,
                }
            }
        }
        self.staged.rows += 1;
        Ok(None)
    }

    /// What the record is to the earlier ones of its order.
    fn look_at_order<'t>(
        &mut self,
        whole: Option<&[u8]>,
        instant: i64,
        refund: bool,
        cell: impl Fn(usize) -> Cell<'t> + Copy,
    ) -> Result<Seen> {
        let Some(orders) = &mut self.orders else { return Ok(Seen::New) };
        let order = self.order.map_or(Cell::Missing, cell);
        if order.is_missing() {
            return Ok(Seen::New);
        }
        let customer = self.customer.map_or(Cell::Missing, cell);
        let record = match whole {
            Some(whole) => orders.hash(whole),
            None => {
                let mut mapped = Vec::new();
                for position in 0..self.schema.fields.len() {
                    // No UTF-8 text has this byte.
                    mapped.push(0xFF);
                    mapped.extend_from_slice(&cell(position).as_bytes());
                }
                orders.hash(&mapped)
            }
        };
        orders.see(&order.as_bytes(), &customer.as_bytes(), instant, refund, record)
    }

    /// Whether an amount is in the table's currency; the first row that comes here decides
    /// which that is. An empty cell is in it.
    fn is_main_currency(&mut self, cell: Cell<'_>) -> bool {
        let Cell::Text(text) = cell else { return cell.is_missing() };
        if text.is_empty() {
            return true;
        }
        let usual = match is_yuan(text) {
            true => b"CNY".to_vec(),
            false => text.to_ascii_uppercase(),
        };
        *self.main_currency.get_or_insert_with(|| usual.clone()) == usual
    }

    /// Adds an id that comes as a number to a text column.
    #[inline]
    fn stage_number(&mut self, at: usize, id: Cell<'_>, place: u64) -> Result<()> {
        self.settle(at)?;
        let Some(text) = self.staged.texts.get_mut(at) else { return Ok(()) };
        let Some(dictionary) = self.dictionaries.get_mut(text.role) else { return Ok(()) };
        let role = text.role;
        let (code, exact) = match id {
            Cell::Integer(id) => (text.integers.code(id, dictionary)?, true),
            Cell::Number(id) => (dictionary.intern(id.to_string().as_bytes())?, id.abs() < EXACT),
            Cell::Text(_) | Cell::Decimal(_) | Cell::Missing => (MISSING, true),
        };
        push(&mut text.codes, code)?;
        if role == Role::Customer && !exact {
            // From 2^53 on, neighbouring ids have the same number.
            self.doubtful(Code::MangledId, role, place);
        }
        Ok(())
    }

    /// Gives the ids of a text column that wait for a code their codes.
    fn settle(&mut self, at: usize) -> Result<()> {
        let Some(text) = self.staged.texts.get_mut(at) else { return Ok(()) };
        let Some(dictionary) = self.dictionaries.get_mut(text.role) else { return Ok(()) };
        if text.waiting.is_empty() {
            return Ok(());
        }
        let from = text.codes.len();
        text.waiting.drain(dictionary, &mut text.codes)?;
        if text.role != Role::Customer {
            return Ok(());
        }
        self.doubts.look(dictionary)?;
        if self.doubts.is_empty() {
            return Ok(());
        }
        let fresh = text.codes.iter().zip(&self.staged.places).skip(from);
        for (code, place) in fresh {
            let doubts = self.doubts.of(*code);
            if doubts & ids::MASKED != 0 {
                self.doubts.note(*code, (self.issues.file, *place));
            }
            for (doubt, name) in [
                (ids::CONTROL, Code::ControlChar),
                (ids::MANGLED, Code::MangledId),
                (ids::PERSONAL, Code::Pii),
            ] {
                if doubts & doubt != 0 {
                    let column = Some(Role::Customer);
                    self.issues.count(name, Severity::Doubtful, column, *place);
                }
            }
        }
        Ok(())
    }

    /// Adds the value of a column of numbers; what is no number is a missing value.
    fn stage_number_of<'t>(
        &mut self,
        at: usize,
        cell: impl Fn(usize) -> Cell<'t>,
        place: u64,
    ) -> Result<()> {
        let Some(numbers) = self.staged.numbers.get(at) else { return Ok(()) };
        let (role, cell) = (numbers.role, cell(numbers.position));
        let value = match cell.amount(self.writing) {
            _ if cell.is_missing() => None,
            Amount::Money { minor, scale, lost: false } => Some(money::to_f64(minor.into(), scale)),
            read => match (cell.measure(self.writing), read) {
                (Some(value), _) => Some(value),
                (None, Amount::Money { minor, scale, .. }) => {
                    self.changed(Code::Precision, role, place);
                    Some(money::to_f64(minor.into(), scale))
                }
                (None, _) => {
                    self.changed(Code::Type, role, place);
                    None
                }
            },
        };
        match self.staged.numbers.get_mut(at) {
            Some(numbers) => push(&mut numbers.values, value),
            None => Ok(()),
        }
    }

    /// Adds an amount at the scale of the block, or rescales the block. False if 64 bits do not
    /// suffice.
    #[inline]
    fn stage_amount(&mut self, minor: i64, scale: u8, lost: bool, place: u64) -> Result<bool> {
        let staged = &mut self.staged;
        let minor = if scale == staged.scale {
            minor
        } else if scale < staged.scale {
            match minor.checked_mul(power(staged.scale - scale)) {
                Some(minor) => minor,
                None => return Ok(false),
            }
        } else {
            let factor = power(scale - staged.scale);
            let bound = i64::MAX / factor;
            if staged.amounts.iter().any(|amount| *amount > bound || *amount < -bound) {
                return Ok(false);
            }
            for amount in &mut staged.amounts {
                *amount *= factor;
            }
            staged.scale = scale;
            minor
        };
        push(&mut staged.amounts, minor)?;
        if minor <= 0 {
            self.count_amount(minor, place);
        }
        if lost {
            self.changed(Code::Precision, Role::Amount, place);
        }
        Ok(true)
    }

    /// Counts an amount that is not positive.
    fn count_amount(&mut self, minor: i64, place: u64) {
        if minor == 0 {
            self.totals.zeros += 1;
        } else {
            self.totals.refunds += 1;
            self.doubtful(Code::Refund, Role::Amount, place);
        }
    }

    fn changed(&mut self, code: Code, role: Role, place: u64) {
        self.issues.count(code, Severity::Changed, Some(role), place);
    }

    fn doubtful(&mut self, code: Code, role: Role, place: u64) {
        self.issues.count(code, Severity::Doubtful, Some(role), place);
    }

    /// Hands over the block that is being filled, if it has a row.
    pub(super) fn flush(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        if self.staged.rows == 0 {
            return Ok(());
        }
        for at in 0..self.staged.texts.len() {
            self.settle(at)?;
        }
        self.count_overlap();
        let staged = &mut self.staged;
        self.totals.add_times(&staged.times);
        self.totals.add_amounts(&staged.amounts, staged.scale);
        let mut columns = Vec::with_capacity(self.schema.fields.len());
        for field in &self.schema.fields {
            columns.push(match field.role {
                Role::Time => Column::Times(exact(&staged.times)?),
                Role::Amount => {
                    Column::Money { values: exact(&staged.amounts)?, scale: staged.scale }
                }
                role if role.kind() == Kind::Number => {
                    let numbers = staged.numbers.iter().find(|numbers| numbers.role == role);
                    let found = numbers.map_or(&[][..], |numbers| &numbers.values);
                    let mut values = Vec::new();
                    values.try_reserve_exact(found.len()).map_err(|_| no_memory())?;
                    values.extend(found.iter().map(|value| value.unwrap_or(0.0)));
                    let mut valid = Bitmap::default();
                    found.iter().for_each(|value| valid.push(value.is_some()));
                    Column::Numbers { values, valid }
                }
                role => {
                    let text = staged.texts.iter().find(|text| text.role == role);
                    Column::Codes(exact(text.map_or(&[][..], |text| &text.codes))?)
                }
            });
        }
        staged.places.clear();
        staged.times.clear();
        staged.amounts.clear();
        staged.numbers.iter_mut().for_each(|numbers| numbers.values.clear());
        staged.texts.iter_mut().for_each(|text| text.codes.clear());
        staged.scale = 0;
        self.used += staged.rows as u64;
        staged.rows = 0;
        let block = Block::new(self.block, columns).ok_or_else(|| {
            Error::new(Code::Parse, "the columns of a block have different lengths")
        })?;
        self.fingerprint.update(&block);
        sink(block)
    }

    /// Counts the rows that are to be handed over of whose time an earlier file has rows too.
    fn count_overlap(&mut self) {
        let Staged { times, places, .. } = &self.staged;
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return };
        let ranges = self.earlier.iter().filter_map(|file| file.time);
        let near: Vec<TimeRange> =
            ranges.filter(|range| range.first <= *last && *first <= range.last).collect();
        if near.is_empty() {
            return;
        }
        for (time, place) in times.iter().zip(places) {
            if near.iter().any(|range| (range.first..=range.last).contains(time)) {
                self.issues.count(Code::Overlap, Severity::Note, Some(Role::Time), *place);
            }
        }
    }

    /// Ends a file: what it had, after its last block was handed over. The next record is of
    /// another file, whose blocks are counted from 0 again.
    pub(super) fn end_file(
        &mut self,
        sink: &mut Sink<'_>,
    ) -> Result<(RowCounts, Option<TimeRange>)> {
        self.flush(sink)?;
        let before = self.earlier.iter().fold((0, 0, 0), |(read, used, sum), file| {
            (read + file.rows.read, used + file.rows.used, sum + file.sum)
        });
        let (read, used) = (self.read - before.0, self.used - before.1);
        let rows = RowCounts { read, used, skipped: read - used };
        let time = self.totals.end_file();
        let file = Earlier { rows, time, sum: self.totals.sum() - before.2 };
        if used > 0 && time.is_some() && self.earlier.contains(&file) {
            // So many rows of the same first and last instant and the same sum are no chance.
            self.issues.count_many(Code::Overlap, Severity::Doubtful, None, 1, used);
        }
        self.earlier.push(file);
        self.issues.file += 1;
        self.base = self.block + 1;
        Ok((rows, time))
    }

    /// Hands over the last block.
    ///
    /// # Errors
    /// `no-rows`, or the code that left most rows out, if no row was usable.
    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        self.flush(sink)?;
        if let Some(customers) = self.dictionaries.get(Role::Customer) {
            let places = self.doubts.lookalikes(customers);
            if !places.is_empty() {
                let (severity, column) = (Severity::Doubtful, Some(Role::Customer));
                let count = places.len() as u64;
                self.issues.add(Code::LookalikeId, severity, column, count, &places);
            }
        }
        let (open, places) = &self.open;
        if *open > 0 && self.issues.would_help("decimal") {
            // Others in the column are written with the other mark; these perhaps too.
            let (severity, column) = (Severity::Doubtful, Some(Role::Amount));
            self.issues.add(Code::Amount, severity, column, *open, places);
        }
        if self.used > 0 {
            return Ok(());
        }
        let Some((error, role)) = self.issues.main_rejection() else {
            return Err(Error::new(Code::NoRows, "there is not one row"));
        };
        let field = self.schema.fields.iter().find(|field| Some(field.role) == role);
        Err(match field {
            Some(field) => error.at_column(field.name.as_str()),
            None => error,
        })
    }

    /// Bytes held by what grows with the table besides its blocks.
    pub(super) fn heap_size(&self) -> usize {
        self.dictionaries.heap_size() + self.orders.as_ref().map_or(0, Orders::heap_size)
    }

    /// Rows of the blocks handed over so far.
    pub(super) fn used(&self) -> u64 {
        self.used
    }

    /// The hash of all rows handed over so far.
    pub(super) fn fingerprint(&self) -> u64 {
        let dictionaries =
            self.schema.fields.iter().filter_map(|field| self.dictionaries.get(field.role));
        self.fingerprint.finish(dictionaries.map(|dictionary| dictionary.as_parts()))
    }
}

/// Where money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    In,
    Out,
}

/// What a bill says about the direction of an amount; nothing if it says neither, as `/` and
/// `不计收支` do.
fn money_flow(cell: Cell<'_>) -> Option<Flow> {
    let Cell::Text(text) = cell else { return None };
    let is_one_of =
        |words: &[&str]| words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(text));
    if is_one_of(&["收入", "收", "已收入", "入账", "贷", "in", "income", "credit"]) {
        return Some(Flow::In);
    }
    let out = ["支出", "支", "已支出", "出账", "借", "退款", "out", "expense", "debit", "refund"];
    is_one_of(&out).then_some(Flow::Out)
}

/// Whether a value says where money went, or that it went nowhere.
pub(super) fn is_direction(value: &[u8]) -> bool {
    let neither = ["/", "不计收支", "中性交易", "其他"];
    money_flow(Cell::Text(value)).is_some() || neither.iter().any(|word| word.as_bytes() == value)
}

/// Whether a value is one of the other names of CNY.
pub(super) fn is_yuan(value: &[u8]) -> bool {
    const NAMES: [&str; 7] = ["RMB", "¥", "￥", "CN¥", "元", "人民币", "人民币元"];
    NAMES.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(value))
}

/// A copy without slack.
fn exact<T: Copy>(values: &[T]) -> Result<Vec<T>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(values.len()).map_err(|_| no_memory())?;
    copy.extend_from_slice(values);
    Ok(copy)
}
