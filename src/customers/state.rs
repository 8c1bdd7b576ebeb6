//! What is known of one customer, and how one row changes it.

use crate::error::{Code, Error, Result};

/// What is known of one customer, in half a cache line. `purchases == 0` means none yet: then
/// `first` and `last` hold nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(32))]
pub struct State {
    /// Money, refunds netted, in minor units.
    pub sum: i64,
    /// The first purchase.
    pub first: i64,
    /// The last purchase.
    pub last: i64,
    /// Number of purchases.
    pub purchases: u32,
    /// Number of rows that touched the money or the purchases.
    pub rows: u32,
}

pub(super) const NEW: State =
    State { sum: 0, first: i64::MAX, last: i64::MIN, purchases: 0, rows: 0 };

/// What a row says of its customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) time: i64,
    pub(super) money: i64,
    /// 1 for a purchase, 0 for a refund.
    pub(super) purchases: u32,
}

impl State {
    /// Adds one row; what it is was decided before.
    #[inline]
    pub(super) fn add(&mut self, line: &Line) -> Result<()> {
        self.sum = self.sum.checked_add(line.money).ok_or_else(beyond)?;
        self.rows = self.rows.saturating_add(1);
        if line.purchases > 0 {
            self.purchases = self.purchases.saturating_add(1);
            self.first = self.first.min(line.time);
            self.last = self.last.max(line.time);
        }
        Ok(())
    }
}

pub(super) fn beyond() -> Error {
    Error::new(Code::Overflow, "the money of one customer is beyond 9.2 · 10^18 minor units")
}

pub(super) fn unknown_code() -> Error {
    Error::new(Code::Decode, "a row names a customer that the dictionary does not have")
}
