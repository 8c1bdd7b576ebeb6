//! The keyed fold over a purchase log: one small state per customer, exact and order-free.
//!
//! A row is a purchase, a refund (negative amount) or a zero. What counts as one purchase, and
//! what refunds and zeros do, are [`Options`]; each row that does not enter is counted in
//! [`Skipped`]. All of a state is integers, minima and maxima, so any chunking, order and
//! number of workers gives the same bits.

use serde::{Deserialize, Serialize};

use super::pairs::Pairs;
use super::state::{Line, NEW, State, beyond, unknown_code};
use crate::error::{Code, Error, Result};
use crate::privacy::gate::Keep;
use crate::stats::accumulator::{Accumulator, Class};
use crate::table::block::MISSING;
use crate::table::calendar::LocalDays;
use crate::table::money;
use crate::table::zone::Zone;

/// What counts as one purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Count {
    /// Each row.
    Row,
    /// Each distinct order id of a customer; rows without an order id count one by one.
    Order,
    /// Each local calendar day on which the customer bought.
    Day,
}

/// What a negative amount does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Refunds {
    /// It reduces the money, and is no purchase: frequency, first and last stay.
    #[default]
    Net,
    /// The row is ignored.
    Drop,
    /// It is a row like any other.
    Keep,
}

/// What an amount of exactly zero does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Zeros {
    /// It is a purchase (a gift, a sample, a full voucher).
    #[default]
    Keep,
    /// The row is ignored.
    Drop,
}

/// How rows become purchases.
#[derive(Clone, Debug)]
pub struct Options {
    /// What counts as one purchase.
    pub count: Count,
    /// What refunds do.
    pub refunds: Refunds,
    /// What zero amounts do.
    pub zeros: Zeros,
    /// Rows at or after this instant are left out.
    pub until: i64,
    /// The zone of calendar days.
    pub zone: Zone,
}

/// Some rows of a log.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The customer of each row.
    pub customers: &'a [u32],
    /// The instant of each row.
    pub times: &'a [i64],
    /// The amount of each row, in minor units.
    pub amounts: &'a [i64],
    /// Decimals of the amounts.
    pub scale: u8,
    /// The order of each row, needed for [`Count::Order`].
    pub orders: Option<&'a [u32]>,
    /// Which customers' rows may be used; `None` for all.
    pub keep: Option<&'a Keep>,
    /// Number of customers known so far: every code is below.
    pub known: usize,
}

/// Rows that did not enter, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// At or after `until`.
    pub after: u64,
    /// The gate does not let this customer's rows through.
    pub denied: u64,
    /// Refunds, with [`Refunds::Drop`].
    pub refunds: u64,
    /// Zero amounts, with [`Zeros::Drop`].
    pub zeros: u64,
}

impl Skipped {
    pub(crate) fn counter(&mut self, reason: Reason) -> &mut u64 {
        match reason {
            Reason::After => &mut self.after,
            Reason::Refund => &mut self.refunds,
            Reason::Zero => &mut self.zeros,
        }
    }
}

/// What a row is.
pub(crate) enum Row {
    /// A purchase.
    Purchase,
    /// Money back, which is no purchase.
    Refund,
    /// Nothing that is looked at.
    Skipped(Reason),
}

/// Why a row is not looked at.
pub(crate) enum Reason {
    /// It is at or after the end.
    After,
    /// Refunds are dropped.
    Refund,
    /// Zeros are dropped.
    Zero,
}

/// What a row of this time and amount is, up to `until`.
#[inline]
pub(crate) fn admitted(time: i64, amount: i64, until: i64, refunds: Refunds, zeros: Zeros) -> Row {
    if time >= until {
        return Row::Skipped(Reason::After);
    }
    match amount.signum() {
        0 if zeros == Zeros::Drop => Row::Skipped(Reason::Zero),
        -1 => match refunds {
            Refunds::Net => Row::Refund,
            Refunds::Drop => Row::Skipped(Reason::Refund),
            Refunds::Keep => Row::Purchase,
        },
        _ => Row::Purchase,
    }
}

/// How many rows reach their customers' states together: with many customers each row touches
/// another part of memory, and so many states fit into the fastest cache.
const GROUP: usize = 256;

/// The fold.
#[derive(Clone, Debug)]
pub struct Purchases {
    options: Options,
    scale: u8,
    states: Vec<State>,
    pairs: Pairs,
    skipped: Skipped,
}

impl Purchases {
    /// An empty fold.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Purchases {
            options,
            scale: 0,
            states: Vec::new(),
            pairs: Pairs::new(),
            skipped: Skipped::default(),
        }
    }

    /// One state per customer code.
    #[must_use]
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// Decimals of [`State::sum`].
    #[must_use]
    pub fn scale(&self) -> u8 {
        self.scale
    }

    /// Rows that did not enter.
    #[must_use]
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// The options that the fold was made with.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Bytes that a log of this size needs: known before work starts.
    #[must_use]
    pub fn estimate(count: Count, rows: u64, customers: u64) -> u64 {
        let states = customers * size_of::<State>() as u64;
        let pairs = match count {
            Count::Row => 0,
            Count::Order | Count::Day => rows.saturating_mul(2).next_power_of_two() * 8,
        };
        states + pairs
    }

    /// Each row is a purchase.
    fn add_rows(&mut self, rows: Rows<'_>, factor: i64) -> Result<()> {
        let Options { refunds, zeros, until, .. } = self.options;
        let Purchases { states, skipped, .. } = self;
        let groups = rows.customers.chunks(GROUP).zip(rows.times.chunks(GROUP));
        for ((customers, times), amounts) in groups.zip(rows.amounts.chunks(GROUP)) {
            // First only look at the states: look-ups that decide nothing wait for memory together,
            // and the second loop finds all in the cache.
            let looked = customers.iter().fold(0, |looked, customer| {
                looked ^ states.get(*customer as usize).map_or(0, |state| state.rows)
            });
            std::hint::black_box(looked);
            for ((customer, time), amount) in customers.iter().zip(times).zip(amounts) {
                let purchases = match admitted(*time, *amount, until, refunds, zeros) {
                    _ if rows.keep.is_some_and(|keep| !keep.get(*customer)) => {
                        skipped.denied += 1;
                        continue;
                    }
                    Row::Purchase => 1,
                    Row::Refund => 0,
                    Row::Skipped(reason) => {
                        *skipped.counter(reason) += 1;
                        continue;
                    }
                };
                let money = amount.wrapping_mul(factor);
                let line = Line { time: *time, money, purchases };
                states.get_mut(*customer as usize).ok_or_else(unknown_code)?.add(&line)?;
            }
        }
        Ok(())
    }

    /// Orders or days: a purchase is a pair that was not seen before.
    fn add_distinct(&mut self, rows: Rows<'_>, factor: i64) -> Result<()> {
        let Options { count, refunds, zeros, until, ref zone } = self.options;
        let Purchases { states, pairs, skipped, .. } = self;
        let mut days = LocalDays::new(zone);
        let mut orders = rows.orders.unwrap_or_default().iter();
        let lines = rows.customers.iter().zip(rows.times).zip(rows.amounts);
        for ((customer, time), amount) in lines {
            let order = orders.next();
            let is_purchase = match admitted(*time, *amount, until, refunds, zeros) {
                _ if rows.keep.is_some_and(|keep| !keep.get(*customer)) => {
                    skipped.denied += 1;
                    continue;
                }
                Row::Purchase => true,
                Row::Refund => false,
                Row::Skipped(reason) => {
                    *skipped.counter(reason) += 1;
                    continue;
                }
            };
            let is_new = match (count, order) {
                _ if !is_purchase => false,
                (Count::Day, _) => pairs.insert(*customer, days.day_of(*time) as u32)?,
                (_, Some(order)) if *order != MISSING => pairs.insert(*customer, *order)?,
                _ => true,
            };
            let money = amount.wrapping_mul(factor);
            let line = Line { time: *time, money, purchases: u32::from(is_purchase) };
            let state = states.get_mut(*customer as usize).ok_or_else(unknown_code)?;
            state.add(&line)?;
            // `add` counted the row; the order or day may have been counted before.
            state.purchases -= u32::from(is_purchase && !is_new);
        }
        Ok(())
    }

    fn cover(&mut self, known: usize) -> Result<()> {
        if known > self.states.len() {
            let more = known - self.states.len();
            self.states.try_reserve(more).map_err(|_| {
                Error::new(
                    Code::LimitMemory,
                    "there is not enough memory for one state per customer",
                )
            })?;
            self.states.resize(known, NEW);
        }
        Ok(())
    }

    /// The factor that brings amounts of `scale` to this fold's scale; raises the fold's scale
    /// first if theirs is finer.
    fn aligned(&mut self, scale: u8) -> Result<i64> {
        if scale > self.scale {
            for state in &mut self.states {
                state.sum = money::rescaled(state.sum, self.scale, scale)?;
            }
            self.scale = scale;
        }
        Ok(money::power(self.scale - scale))
    }
}

impl Accumulator for Purchases {
    const CLASS: Class = Class::Keyed;
    type Input<'a> = Rows<'a>;
    type Options = ();
    type Output = Vec<State>;

    fn update(&mut self, rows: Rows<'_>) -> Result<()> {
        self.cover(rows.known)?;
        let factor = self.aligned(rows.scale)?;
        // One look at the block replaces one 128-bit multiplication per row; mostly there is none.
        if factor != 1 {
            let amounts = rows.amounts.iter();
            let largest = amounts.map(|amount| amount.unsigned_abs()).max().unwrap_or(0);
            if largest > i64::MAX as u64 / factor as u64 {
                return Err(beyond());
            }
        }
        match self.options.count {
            Count::Row => self.add_rows(rows, factor),
            Count::Order | Count::Day => self.add_distinct(rows, factor),
        }
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.cover(other.states.len())?;
        let factor = self.aligned(other.scale)?;
        let distinct = self.options.count != Count::Row;
        for (mine, theirs) in self.states.iter_mut().zip(&other.states) {
            let sum = theirs.sum.checked_mul(factor).and_then(|sum| mine.sum.checked_add(sum));
            mine.sum = sum.ok_or_else(beyond)?;
            mine.first = mine.first.min(theirs.first);
            mine.last = mine.last.max(theirs.last);
            mine.purchases += theirs.purchases;
            mine.rows = mine.rows.saturating_add(theirs.rows);
        }
        if distinct {
            // A pair that both have seen was counted twice above.
            for (customer, pair) in other.pairs.iter() {
                if !self.pairs.insert(customer, pair)?
                    && let Some(state) = self.states.get_mut(customer as usize)
                {
                    state.purchases -= 1;
                }
            }
        }
        self.skipped.after += other.skipped.after;
        self.skipped.denied += other.skipped.denied;
        self.skipped.refunds += other.skipped.refunds;
        self.skipped.zeros += other.skipped.zeros;
        Ok(())
    }

    fn finish(&self, (): &()) -> Result<Vec<State>> {
        Ok(self.states.clone())
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let Purchases { options, scale, states, pairs, skipped } = self;
        out.push(1);
        out.extend([options.count as u8, options.refunds as u8, options.zeros as u8, *scale]);
        out.extend(options.until.to_le_bytes());
        encode_zone(&options.zone, out);
        let Skipped { after, denied, refunds, zeros } = *skipped;
        for number in [after, denied, refunds, zeros, states.len() as u64] {
            out.extend(number.to_le_bytes());
        }
        for state in states {
            out.extend(state.sum.to_le_bytes());
            out.extend(state.first.to_le_bytes());
            out.extend(state.last.to_le_bytes());
            out.extend(state.purchases.to_le_bytes());
            out.extend(state.rows.to_le_bytes());
        }
        let mut pairs: Vec<(u32, u32)> = pairs.iter().collect();
        pairs.sort_unstable();
        out.extend((pairs.len() as u64).to_le_bytes());
        for (customer, other) in pairs {
            out.extend(customer.to_le_bytes());
            out.extend(other.to_le_bytes());
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let mut input = Input(bytes);
        let [version, count, refunds, zeros, scale] = input.take::<5>()?;
        let count = match count {
            0 => Count::Row,
            1 => Count::Order,
            2 => Count::Day,
            _ => return Err(damaged()),
        };
        let refunds = match refunds {
            0 => Refunds::Net,
            1 => Refunds::Drop,
            2 => Refunds::Keep,
            _ => return Err(damaged()),
        };
        let zeros = match zeros {
            0 => Zeros::Keep,
            1 => Zeros::Drop,
            _ => return Err(damaged()),
        };
        if version != 1 || scale > money::MOST_DECIMALS {
            return Err(damaged());
        }
        let until = i64::from_le_bytes(input.take()?);
        let zone = decode_zone(&mut input)?;
        let skipped = Skipped {
            after: input.u64()?,
            denied: input.u64()?,
            refunds: input.u64()?,
            zeros: input.u64()?,
        };
        let customers = input.length(size_of::<State>())?;
        let mut states = Vec::with_capacity(customers);
        for _ in 0..customers {
            states.push(State {
                sum: i64::from_le_bytes(input.take()?),
                first: i64::from_le_bytes(input.take()?),
                last: i64::from_le_bytes(input.take()?),
                purchases: u32::from_le_bytes(input.take()?),
                rows: u32::from_le_bytes(input.take()?),
            });
        }
        let mut pairs = Pairs::new();
        for _ in 0..input.length(8)? {
            let customer = u32::from_le_bytes(input.take()?);
            pairs.insert(customer, u32::from_le_bytes(input.take()?))?;
        }
        if !input.0.is_empty() {
            return Err(damaged());
        }
        let options = Options { count, refunds, zeros, until, zone };
        Ok(Purchases { options, scale, states, pairs, skipped })
    }

    fn heap_size(&self) -> usize {
        self.states.capacity() * size_of::<State>() + self.pairs.heap_size()
    }
}

fn encode_zone(zone: &Zone, out: &mut Vec<u8>) {
    out.extend((zone.name().len() as u64).to_le_bytes());
    out.extend(zone.name().as_bytes());
    out.extend((zone.changes().len() as u64).to_le_bytes());
    for (instant, offset) in zone.changes() {
        out.extend(instant.to_le_bytes());
        out.extend(offset.to_le_bytes());
    }
}

fn decode_zone(input: &mut Input<'_>) -> Result<Zone> {
    let length = input.length(1)?;
    let name = input.slice(length)?;
    let name = std::str::from_utf8(name).map_err(|_| damaged())?;
    let length = input.length(12)?;
    let mut changes = Vec::with_capacity(length);
    for _ in 0..length {
        changes.push((i64::from_le_bytes(input.take()?), i32::from_le_bytes(input.take()?)));
    }
    Zone::new(name, changes)
}

/// Bytes that are left to decode.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn slice(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(head)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.slice(N)?.try_into().map_err(|_| damaged())
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    /// A number of items of `size` bytes each that the rest can really hold.
    fn length(&mut self, size: usize) -> Result<usize> {
        let length = usize::try_from(self.u64()?).map_err(|_| damaged())?;
        match length.checked_mul(size) {
            Some(bytes) if bytes <= self.0.len() => Ok(length),
            _ => Err(damaged()),
        }
    }
}

fn damaged() -> Error {
    Error::new(Code::Decode, "these bytes are not a purchase state of this version")
}
