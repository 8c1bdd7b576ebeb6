//! The local days on which each customer bought, with the money of each: what models of repeat
//! purchases are told.

use super::by_customer::{ByCustomer, Entry};
use crate::error::{Code, Error, Result};

/// Rows of purchases and refunds by customer and day, and once settled, each customer's paid days.
/// Integers only: any order of rows gives the same.
#[derive(Clone, Debug, Default)]
pub struct DailyMoney {
    rows: ByCustomer<DayMoney>,
}

/// What one customer did on one day.
#[derive(Clone, Copy, Debug)]
struct DayMoney {
    customer: u32,
    /// Twice the day, plus 1 for refunds: they stand behind a day's purchases.
    key: i32,
    money: i64,
}

impl Entry for DayMoney {
    type Value = (i32, i64);

    fn customer(&self) -> u32 {
        self.customer
    }

    fn value(&self) -> (i32, i64) {
        (self.key, self.money)
    }
}

impl DailyMoney {
    /// Adds the money of a row, in minor units. A refund is no purchase: its money belongs to the
    /// latest day of purchase up to its own.
    ///
    /// # Errors
    /// `limit-memory`, `overflow`.
    pub fn insert(&mut self, customer: u32, day: i32, money: i64, is_purchase: bool) -> Result<()> {
        let key = day.saturating_mul(2).saturating_add(i32::from(!is_purchase));
        // The lines of one order follow each other.
        if let Some(last) = self.rows.entries_mut().last_mut()
            && (last.customer, last.key) == (customer, key)
        {
            last.money = last.money.checked_add(money).ok_or_else(beyond)?;
            return Ok(());
        }
        self.rows.insert(DayMoney { customer, key, money })
    }

    /// Multiplies all money so far: it has got more decimals.
    ///
    /// # Errors
    /// `overflow`.
    pub fn scale_up(&mut self, factor: i64) -> Result<()> {
        for entry in self.rows.entries_mut() {
            entry.money = entry.money.checked_mul(factor).ok_or_else(beyond)?;
        }
        Ok(())
    }

    /// Whether something was added of this customer. Once settled.
    #[must_use]
    pub fn is_known(&self, customer: u32) -> bool {
        !self.rows.of(customer).is_empty()
    }

    /// Entries kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.entries().len()
    }

    /// Whether nothing was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.entries().is_empty()
    }

    /// One more than the highest customer.
    #[must_use]
    pub fn customers(&self) -> usize {
        self.rows.customers()
    }

    /// Puts about `budget` entries into the order of customers; true once all are. Nothing may be
    /// added after the first call.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn settle(&mut self, budget: usize) -> Result<bool> {
        self.rows.settle(budget)
    }

    /// Of the entries, those that [`settle`](Self::settle) has put into their place.
    #[must_use]
    pub fn settled(&self) -> usize {
        self.rows.settled()
    }

    /// The ascending days of purchase of a customer with the money of each, into `days`. Once settled.
    ///
    /// # Errors
    /// `overflow`.
    pub fn of(&self, customer: u32, days: &mut Vec<(i32, i64)>) -> Result<()> {
        days.clear();
        let mut own = self.rows.of(customer).to_vec();
        own.sort_unstable();
        // Money of refunds before the first purchase waits for it.
        let mut waiting = 0_i64;
        for (key, money) in own {
            let (day, is_purchase) = (key.div_euclid(2), key.rem_euclid(2) == 0);
            let money = waiting.checked_add(money).ok_or_else(beyond)?;
            match days.last_mut() {
                Some((_, sum)) if !is_purchase => {
                    *sum = sum.checked_add(money).ok_or_else(beyond)?;
                }
                Some((last, sum)) if *last == day => {
                    *sum = sum.checked_add(money).ok_or_else(beyond)?;
                }
                _ if is_purchase => {
                    days.push((day, money));
                    waiting = 0;
                }
                _ => waiting = money,
            }
        }
        Ok(())
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.rows.heap_size()
    }

    /// Bytes needed at most.
    #[must_use]
    pub fn estimate(rows: u64, customers: u64) -> u64 {
        ByCustomer::<DayMoney>::estimate(rows, customers)
    }
}

fn beyond() -> Error {
    Error::new(Code::Overflow, "the money of one customer is beyond 9.2 · 10^18 minor units")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_stands_with_its_day_and_refunds_with_the_purchase_before_them() {
        // Customer 2: a refund before anything, two purchases on day 5, one on day 9, refunds on
        // days 5, 7 and 9.
        let rows = [
            (2, 9, 700, true),
            (0, 4, 100, true),
            (2, 5, 300, true),
            (2, 3, -1, false),
            (2, 7, -20, false),
            (2, 9, -300, false),
            (2, 5, 50, true),
            (3, 8, -9, false),
        ];
        for turn in 0..rows.len() {
            let mut days = DailyMoney::default();
            let mut turned = rows;
            turned.rotate_left(turn);
            for (customer, day, money, is_purchase) in turned {
                days.insert(customer, day, money, is_purchase).unwrap();
            }
            while !days.settle(3).unwrap() {}
            let of = |customer| {
                let mut found = Vec::new();
                days.of(customer, &mut found).unwrap();
                found
            };
            assert_eq!(of(0), [(4, 100)]);
            assert_eq!(of(1), []);
            assert_eq!(of(2), [(5, 329), (9, 400)]);
            assert_eq!(of(3), []);
        }
    }

    #[test]
    fn what_no_integer_holds_is_an_error() {
        let mut days = DailyMoney::default();
        days.insert(0, 1, i64::MAX, true).unwrap();
        assert_eq!(days.insert(0, 1, 1, true).unwrap_err().code(), Code::Overflow);
    }
}
