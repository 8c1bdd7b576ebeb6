//! Cells to typed blocks: the rules of every format for what makes a row usable.
//!
//! A row is used if its customer id is there and its time and amount can be read, as far as
//! these roles are mapped. Everything else about it may be missing. Ids enter the dictionaries
//! only when the whole row is usable, so the number of customers is that of the used rows.

use crate::error::{Code, Error, Result};
use crate::table::block::{Bitmap, Block, Column, MISSING};
use crate::table::fingerprint::Fingerprint;
use crate::table::money::{self, power};
use crate::table::role::Role;
use crate::table::{Dictionaries, Schema};

use super::amount::{self, Amount};
use super::ids::{self, Doubts, trimmed};
use super::no_memory;
use super::options::Limits;
use super::quality::{Issues, Severity, Totals};
use super::time::{Time, Times};

/// Receives finished blocks.
pub type Sink<'s> = dyn FnMut(Block) -> Result<()> + 's;

/// The rows of the block that is being filled, and what the whole table has in common.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) schema: Schema,
    pub(super) dictionaries: Dictionaries,
    pub(super) issues: Issues,
    pub(super) totals: Totals,
    /// Records seen, used or not.
    pub(super) read: u64,
    /// Rows of finished blocks.
    used: u64,
    limits: Limits,
    fingerprint: Fingerprint,
    doubts: Doubts,
    times: Times,
    block: u64,
    pub(super) staged: Staged,
    customer: Option<usize>,
    time: Option<usize>,
    amount: Option<usize>,
    quantity: Option<usize>,
}

/// The columns of the block that is being filled; those that are not mapped stay empty. The
/// vectors are used again for every block, which gets copies of exactly the right size.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) rows: usize,
    pub(super) customers: Vec<u32>,
    pub(super) times: Vec<i64>,
    pub(super) amounts: Vec<i64>,
    pub(super) scale: u8,
    pub(super) quantities: Vec<Option<f64>>,
    /// The other text roles, in schema order.
    pub(super) texts: Vec<Text>,
}

/// One text column besides the customer's.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) role: Role,
    pub(super) position: usize,
    pub(super) codes: Vec<u32>,
}

/// Why a row is left out.
type Reject = (Code, Option<Role>);

impl Rows {
    pub(super) fn new(schema: Schema, limits: Limits, seed: u64) -> Self {
        let texts = schema
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.role.is_text() && field.role != Role::Customer)
            .map(|(position, field)| Text { role: field.role, position, codes: Vec::new() })
            .collect();
        Rows {
            dictionaries: Dictionaries::for_schema(&schema, seed),
            issues: Issues::default(),
            totals: Totals::default(),
            read: 0,
            used: 0,
            limits,
            fingerprint: Fingerprint::new(schema.fields.len()),
            doubts: Doubts::default(),
            times: Times::new(),
            block: 0,
            staged: Staged { texts, ..Staged::default() },
            customer: schema.position(Role::Customer),
            time: schema.position(Role::Time),
            amount: schema.position(Role::Amount),
            quantity: schema.position(Role::Quantity),
            schema,
        }
    }

    /// Announces a record that belongs to `block`; blocks come in ascending order.
    #[inline]
    pub(super) fn begin(&mut self, block: u64, sink: &mut Sink<'_>) -> Result<()> {
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

    /// Adds the record announced last. `cell` gives the text at a schema position; `place` is
    /// its line.
    #[inline]
    pub(super) fn add<'t>(
        &mut self,
        place: u64,
        cell: impl Fn(usize) -> &'t [u8] + Copy,
    ) -> Result<()> {
        match self.try_add(place, cell)? {
            None => Ok(()),
            Some((code, column)) => {
                let again = self
                    .schema
                    .fields
                    .iter()
                    .enumerate()
                    .all(|(at, field)| trimmed(cell(at)) == field.name.as_bytes());
                match again {
                    true => self.reject(Code::RepeatedHeader, None, place),
                    false => self.reject(code, column, place),
                }
                Ok(())
            }
        }
    }

    #[inline]
    fn try_add<'t>(
        &mut self,
        place: u64,
        cell: impl Fn(usize) -> &'t [u8] + Copy,
    ) -> Result<Option<Reject>> {
        let longest = self.limits.id_bytes as usize;
        let id = match self.customer {
            Some(position) => trimmed(cell(position)),
            None => b"",
        };
        if self.customer.is_some() {
            if id.is_empty() {
                return Ok(Some((Code::MissingId, Some(Role::Customer))));
            }
            if id.len() > longest {
                return Ok(Some((Code::Limit, Some(Role::Customer))));
            }
        }
        let time = match self.time.map(|at| trimmed(cell(at))) {
            Some(text) => self.times.read(text, &self.schema.zone),
            None => Time::Instant(0),
        };
        let instant = match time {
            Time::Instant(ms) | Time::Gap(ms) | Time::Fold(ms) => ms,
            Time::Not => return Ok(Some((Code::Date, Some(Role::Time)))),
            Time::Ambiguous => return Ok(Some((Code::DateAmbiguous, Some(Role::Time)))),
        };
        let amount = match self.amount.map(|at| trimmed(cell(at))) {
            Some(text) => amount::read(text),
            None => Amount::Money { minor: 0, scale: 0, lost: false },
        };
        let (minor, scale, lost) = match amount {
            Amount::Money { minor, scale, lost } => (minor, scale, lost),
            Amount::Not => return Ok(Some((Code::Amount, Some(Role::Amount)))),
            Amount::TooLarge => return Ok(Some((Code::Overflow, Some(Role::Amount)))),
        };
        for text in &self.staged.texts {
            if trimmed(cell(text.position)).len() > longest {
                return Ok(Some((Code::Limit, Some(text.role))));
            }
        }
        // From here on the row is used, unless its amount does not fit beside the others.
        if self.amount.is_some() && !self.stage_amount(minor, scale, lost, place)? {
            return Ok(Some((Code::Overflow, Some(Role::Amount))));
        }
        if self.time.is_some() {
            push(&mut self.staged.times, instant)?;
            match time {
                Time::Gap(_) => self.changed(Code::DateGap, Role::Time, place),
                Time::Fold(_) => self.doubtful(Code::DateFold, Role::Time, place),
                _ => {}
            }
        }
        if self.customer.is_some() {
            self.stage_customer(id, place)?;
        }
        if let Some(position) = self.quantity {
            let text = trimmed(cell(position));
            let quantity = match amount::read(text) {
                Amount::Money { minor, scale, .. } => Some(money::to_f64(minor.into(), scale)),
                _ => None,
            };
            if quantity.is_none() && !text.is_empty() {
                self.changed(Code::Type, Role::Quantity, place);
            }
            push(&mut self.staged.quantities, quantity)?;
        }
        for text in &mut self.staged.texts {
            let id = trimmed(cell(text.position));
            let code = match self.dictionaries.get_mut(text.role) {
                Some(dictionary) if !id.is_empty() => dictionary.intern(id)?,
                _ => MISSING,
            };
            push(&mut text.codes, code)?;
        }
        self.staged.rows += 1;
        Ok(None)
    }

    #[inline]
    pub(super) fn stage_customer(&mut self, id: &[u8], place: u64) -> Result<()> {
        let Some(dictionary) = self.dictionaries.get_mut(Role::Customer) else { return Ok(()) };
        let code = dictionary.intern(id)?;
        let doubts = self.doubts.of(code, id)?;
        if doubts & ids::CONTROL != 0 {
            self.doubtful(Code::ControlChar, Role::Customer, place);
        }
        if doubts & ids::MANGLED != 0 {
            self.doubtful(Code::MangledId, Role::Customer, place);
        }
        push(&mut self.staged.customers, code)
    }

    /// Adds an amount at the scale of the block, or rescales the block. False if 64 bits do not
    /// suffice.
    #[inline]
    pub(super) fn stage_amount(
        &mut self,
        minor: i64,
        scale: u8,
        lost: bool,
        place: u64,
    ) -> Result<bool> {
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
            if minor == 0 {
                self.totals.zeros += 1;
            } else {
                self.totals.refunds += 1;
                self.doubtful(Code::Refund, Role::Amount, place);
            }
        }
        if lost {
            self.changed(Code::Precision, Role::Amount, place);
        }
        Ok(true)
    }

    pub(super) fn changed(&mut self, code: Code, role: Role, place: u64) {
        self.issues.count(code, Severity::Changed, Some(role), place);
    }

    pub(super) fn doubtful(&mut self, code: Code, role: Role, place: u64) {
        self.issues.count(code, Severity::Doubtful, Some(role), place);
    }

    /// Hands over the block that is being filled, if it has a row.
    pub(super) fn flush(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        if self.staged.rows == 0 {
            return Ok(());
        }
        let staged = &mut self.staged;
        self.totals.add_times(&staged.times);
        self.totals.add_amounts(&staged.amounts, staged.scale);
        let mut columns = Vec::with_capacity(self.schema.fields.len());
        for field in &self.schema.fields {
            columns.push(match field.role {
                Role::Customer => Column::Codes(exact(&staged.customers)?),
                Role::Time => Column::Times(exact(&staged.times)?),
                Role::Amount => {
                    Column::Money { values: exact(&staged.amounts)?, scale: staged.scale }
                }
                Role::Quantity => {
                    let mut values = Vec::new();
                    values.try_reserve_exact(staged.quantities.len()).map_err(|_| no_memory())?;
                    values.extend(staged.quantities.iter().map(|value| value.unwrap_or(0.0)));
                    let mut valid = Bitmap::default();
                    staged.quantities.iter().for_each(|value| valid.push(value.is_some()));
                    Column::Numbers { values, valid }
                }
                role => {
                    let text = staged.texts.iter().find(|text| text.role == role);
                    Column::Codes(exact(text.map_or(&[][..], |text| &text.codes))?)
                }
            });
        }
        staged.customers.clear();
        staged.times.clear();
        staged.amounts.clear();
        staged.quantities.clear();
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

    /// Hands over the last block.
    ///
    /// # Errors
    /// `no-rows`, or the code that left most rows out, if no row was usable.
    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        self.flush(sink)?;
        match self.used {
            0 => Err(self.issues.main_rejection().unwrap_or_else(|| {
                Error::new(Code::NoRows, "there is a header, but not one row below it")
            })),
            _ => Ok(()),
        }
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

#[inline]
pub(super) fn push<T>(values: &mut Vec<T>, value: T) -> Result<()> {
    if values.len() == values.capacity() {
        values.try_reserve(1).map_err(|_| no_memory())?;
    }
    values.push(value);
    Ok(())
}

/// A copy without slack.
fn exact<T: Copy>(values: &[T]) -> Result<Vec<T>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(values.len()).map_err(|_| no_memory())?;
    copy.extend_from_slice(values);
    Ok(copy)
}
