//! The distinct local days on which each customer bought each product.

use super::by_customer::{ByCustomer, Entry};
use crate::error::Result;

/// Purchases by customer, product and day, and once settled, those of each customer. Integers only:
/// any order of rows gives the same days.
#[derive(Clone, Debug, Default)]
pub struct ProductDays {
    rows: ByCustomer<ProductDay>,
}

/// A product that a customer bought on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ProductDay {
    customer: u32,
    product: u32,
    day: i32,
}

impl Entry for ProductDay {
    type Value = (u32, i32);

    fn customer(&self) -> u32 {
        self.customer
    }

    fn value(&self) -> (u32, i32) {
        (self.product, self.day)
    }
}

impl ProductDays {
    /// Adds a purchase.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn insert(&mut self, customer: u32, product: u32, day: i32) -> Result<()> {
        self.rows.insert(ProductDay { customer, product, day })
    }

    /// One more than the highest customer.
    #[must_use]
    pub fn customers(&self) -> usize {
        self.rows.customers()
    }

    /// Puts about `budget` purchases into the order of customers; true once all are. Nothing may be
    /// added after the first call.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn settle(&mut self, budget: usize) -> Result<bool> {
        self.rows.settle(budget)
    }

    /// A customer's products with the days of each, ascending and each once, into `days`. Once settled.
    pub fn of(&self, customer: u32, days: &mut Vec<(u32, i32)>) {
        days.clear();
        days.extend_from_slice(self.rows.of(customer));
        days.sort_unstable();
        days.dedup();
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.rows.heap_size()
    }

    /// Bytes needed at most for so many rows of so many customers.
    #[must_use]
    pub fn estimate(rows: u64, customers: u64) -> u64 {
        ByCustomer::<ProductDay>::estimate(rows, customers)
    }
}
