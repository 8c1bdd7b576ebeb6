//! The distinct local days on which each customer bought: what rhythms and periods are made of.

use crate::error::{Code, Error, Result};

/// Pairs of customer and day, and once settled, the ascending days of each customer. Integers
/// only: any order of rows gives the same days.
#[derive(Clone, Debug, Default)]
pub struct ActiveDays {
    pairs: Vec<(u32, i32)>,
    /// Until settled: pairs of each customer; then where each customer's days begin.
    places: Vec<usize>,
    days: Vec<i32>,
    placed: usize,
}

impl ActiveDays {
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
        if self.pairs.last() == Some(&(customer, day)) {
            return Ok(());
        }
        let at = customer as usize;
        if at >= self.places.len() {
            self.places.try_reserve(at + 1 - self.places.len()).map_err(|_| no_memory())?;
            self.places.resize(at + 1, 0);
        }
        if self.pairs.len() == self.pairs.capacity() {
            self.pairs.try_reserve(self.pairs.len().max(1024)).map_err(|_| no_memory())?;
        }
        self.pairs.push((customer, day));
        if let Some(count) = self.places.get_mut(at) {
            *count += 1;
        }
        Ok(())
    }

    /// Pairs kept, some of them perhaps twice.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether nobody bought.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Puts about `budget` pairs into the order of customers; true once all are.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn settle(&mut self, budget: usize) -> Result<bool> {
        if self.placed == 0 {
            // From counts to where each customer's days begin.
            let mut before = 0;
            for place in &mut self.places {
                before += std::mem::replace(place, before);
            }
            self.days.try_reserve_exact(self.pairs.len()).map_err(|_| no_memory())?;
            self.days.resize(self.pairs.len(), 0);
        }
        let until = self.placed.saturating_add(budget.max(1)).min(self.pairs.len());
        for (customer, day) in self.pairs.get(self.placed..until).unwrap_or_default() {
            // The place moves on with each day, and so ends where the next customer begins.
            if let Some(place) = self.places.get_mut(*customer as usize) {
                if let Some(slot) = self.days.get_mut(*place) {
                    *slot = *day;
                }
                *place += 1;
            }
        }
        self.placed = until;
        Ok(until == self.pairs.len())
    }

    /// The ascending distinct days of a customer, into `days`. Once settled.
    pub fn of(&self, customer: u32, days: &mut Vec<i32>) {
        days.clear();
        let at = customer as usize;
        let from = at.checked_sub(1).and_then(|before| self.places.get(before)).copied();
        let until = self.places.get(at).copied().unwrap_or(0);
        days.extend_from_slice(self.days.get(from.unwrap_or(0)..until).unwrap_or_default());
        days.sort_unstable();
        days.dedup();
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.pairs.capacity() * 8 + self.places.capacity() * 8 + self.days.capacity() * 4
    }

    /// Bytes needed at most.
    #[must_use]
    pub fn estimate(rows: u64, customers: u64) -> u64 {
        // A growing list may hold twice what it needs.
        rows * (2 * 8 + 4) + customers * 16
    }
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the customers' days")
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
