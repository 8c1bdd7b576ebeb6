//! Finished customers as columns: what every model of floor 3 starts from.

use super::purchases::Purchases;
use super::state::State;
use crate::error::{Code, Error, Result};
use crate::table::calendar::LocalDays;

/// Customers with at least one purchase, in order of their first row. All columns have the
/// same length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Dictionary codes.
    pub codes: Vec<u32>,
    /// Calendar days from the last purchase to the reference day.
    pub recency: Vec<i64>,
    /// Number of purchases.
    pub frequency: Vec<i64>,
    /// Money in minor units, refunds netted as asked.
    pub monetary: Vec<i64>,
    /// Calendar days from the first purchase to the reference day.
    pub tenure: Vec<i64>,
    /// Instant of the first purchase.
    pub first: Vec<i64>,
    /// Instant of the last purchase.
    pub last: Vec<i64>,
    /// Decimals of the money.
    pub scale: u8,
    /// Rows of these customers.
    pub rows: u64,
    /// Customers with refunds but no purchase: they have no recency, so they are left out.
    pub refund_only: u64,
    /// Rows of those.
    pub refund_only_rows: u64,
}

impl Summary {
    /// Number of customers.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is no customer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Makes room for `customers`.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn reserve(&mut self, customers: usize) -> Result<()> {
        let columns =
            [&mut self.recency, &mut self.frequency, &mut self.monetary, &mut self.tenure];
        let reserved = columns
            .into_iter()
            .chain([&mut self.first, &mut self.last])
            .try_for_each(|column| column.try_reserve_exact(customers))
            .and_then(|()| self.codes.try_reserve_exact(customers));
        reserved.map_err(|_| {
            Error::new(Code::LimitMemory, "there is not enough memory for the customers' columns")
        })
    }

    /// Appends the customers with codes `from..until` of a fold. `day` is the reference day's
    /// number in the fold's zone.
    pub fn append(&mut self, fold: &Purchases, from: usize, until: usize, day: i32) {
        self.scale = fold.scale();
        let mut days = LocalDays::new(&fold.options().zone);
        let states = fold.states().get(from..until.min(fold.states().len())).unwrap_or_default();
        for (at, State { sum, first, last, purchases, rows }) in states.iter().enumerate() {
            if *purchases == 0 {
                self.refund_only += u64::from(*rows > 0);
                self.refund_only_rows += u64::from(*rows);
                continue;
            }
            self.rows += u64::from(*rows);
            self.codes.push((from + at) as u32);
            self.recency.push(i64::from(day) - i64::from(days.day_of(*last)));
            self.frequency.push(i64::from(*purchases));
            self.monetary.push(*sum);
            self.tenure.push(i64::from(day) - i64::from(days.day_of(*first)));
            self.first.push(*first);
            self.last.push(*last);
        }
    }

    /// Bytes that the columns of this many customers need.
    #[must_use]
    pub fn estimate(customers: u64) -> u64 {
        customers * (4 + 6 * 8)
    }
}
