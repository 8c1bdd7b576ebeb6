//! The distinct local days on which each customer bought: what rhythms and periods are made of.

use super::by_customer::{ByCustomer, Entry};
use crate::error::{Code, Error, Result};
use crate::stats::accumulator::{Accumulator, Class};
use crate::table::block::MISSING;

/// Pairs of customer and day, and once settled, the ascending days of each customer. Integers
/// only: any order of rows gives the same days.
#[derive(Clone, Debug, Default)]
pub struct ActiveDays {
    pairs: ByCustomer<(u32, i32)>,
}

/// A customer and a day.
impl Entry for (u32, i32) {
    type Value = i32;

    fn customer(&self) -> u32 {
        self.0
    }

    fn value(&self) -> i32 {
        self.1
    }
}

/// Some purchases: whose, and on which local day.
#[derive(Clone, Copy, Debug)]
pub struct DayRows<'a> {
    /// The customer of each.
    pub customers: &'a [u32],
    /// The local day number of each.
    pub days: &'a [i32],
}

impl ActiveDays {
    const VERSION: u8 = 1;

    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a day of a customer.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn insert(&mut self, customer: u32, day: i32) -> Result<()> {
        // The lines of one order follow each other.
        if self.pairs.entries().last() == Some(&(customer, day)) {
            return Ok(());
        }
        self.pairs.insert((customer, day))
    }

    /// All pairs in order, each once.
    fn distinct(&self) -> Vec<(u32, i32)> {
        let mut pairs = self.pairs.entries().to_vec();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// Pairs kept, some of them perhaps twice.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.entries().len()
    }

    /// Whether nobody bought.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.entries().is_empty()
    }

    /// Puts about `budget` pairs into the order of customers; true once all are.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn settle(&mut self, budget: usize) -> Result<bool> {
        self.pairs.settle(budget)
    }

    /// Of the pairs, those that [`settle`](Self::settle) has put into their place.
    #[must_use]
    pub fn settled(&self) -> usize {
        self.pairs.settled()
    }

    /// The ascending distinct days of a customer, into `days`. Once settled.
    pub fn of(&self, customer: u32, days: &mut Vec<i32>) {
        days.clear();
        days.extend_from_slice(self.pairs.of(customer));
        days.sort_unstable();
        days.dedup();
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.pairs.heap_size()
    }

    /// Bytes needed at most.
    #[must_use]
    pub fn estimate(rows: u64, customers: u64) -> u64 {
        ByCustomer::<(u32, i32)>::estimate(rows, customers)
    }
}

/// Update and merge before the first [`settle`](ActiveDays::settle).
impl Accumulator for ActiveDays {
    const CLASS: Class = Class::Keyed;
    type Input<'a> = DayRows<'a>;
    type Options = ();
    /// Each customer with their ascending distinct days.
    type Output = Vec<(u32, Vec<i32>)>;

    fn update(&mut self, rows: DayRows<'_>) -> Result<()> {
        let mut pairs = rows.customers.iter().zip(rows.days);
        pairs.try_for_each(|(customer, day)| self.insert(*customer, *day))
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        let mut pairs = other.pairs.entries().iter();
        pairs.try_for_each(|(customer, day)| self.insert(*customer, *day))
    }

    fn finish(&self, _options: &()) -> Result<Self::Output> {
        let mut answer: Vec<(u32, Vec<i32>)> = Vec::new();
        for (customer, day) in self.distinct() {
            match answer.last_mut().filter(|(last, _)| *last == customer) {
                Some((_, days)) => days.push(day),
                None => answer.push((customer, vec![day])),
            }
        }
        Ok(answer)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(Self::VERSION);
        let pairs = self.distinct();
        out.extend_from_slice(&(pairs.len() as u64).to_le_bytes());
        for (customer, day) in pairs {
            out.extend_from_slice(&customer.to_le_bytes());
            out.extend_from_slice(&day.to_le_bytes());
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let damaged = || Error::new(Code::Decode, "these bytes hold no days of customers");
        let (version, rest) = bytes.split_first().ok_or_else(damaged)?;
        let (count, rest) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (pairs, left) = rest.as_chunks::<8>();
        let is_whole = u64::from_le_bytes(*count) == pairs.len() as u64 && left.is_empty();
        if *version != Self::VERSION || !is_whole {
            return Err(damaged());
        }
        let mut days = ActiveDays::new();
        for pair in pairs {
            let [a, b, c, d, e, f, g, h] = *pair;
            let pair = (u32::from_le_bytes([a, b, c, d]), i32::from_le_bytes([e, f, g, h]));
            if pair.0 == MISSING
                || days.pairs.entries().last().is_some_and(|before| *before >= pair)
            {
                return Err(damaged());
            }
            days.pairs.restore(pair)?;
        }
        Ok(days)
    }

    fn heap_size(&self) -> usize {
        ActiveDays::heap_size(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_come_out_ascending_and_once_whatever_the_order() {
        let rows = [(2, 9), (0, 5), (2, 9), (0, 4), (2, -3), (0, 5)];
        for budget in [1, 2, 100] {
            let mut days = ActiveDays::new();
            for (customer, day) in rows {
                days.insert(customer, day).unwrap();
            }
            while !days.settle(budget).unwrap() {}
            let of = |customer| {
                let mut found = Vec::new();
                days.of(customer, &mut found);
                found
            };
            assert_eq!(of(0), [4, 5]);
            assert_eq!(of(1), [0_i32; 0]);
            assert_eq!(of(2), [-3, 9]);
            assert_eq!(of(3), [0_i32; 0]);
        }
    }

    #[test]
    fn nobody_is_settled_at_once() {
        assert!(ActiveDays::new().settle(1).unwrap());
    }
}
