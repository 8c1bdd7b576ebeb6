//! Orders that stand in the data twice.
//!
//! A record that is equal to an earlier one of the same order in every cell is a copy: exports
//! overlap, files are joined, an upload is repeated. It counts once. Another record of the order
//! is a line of it, unless customer or time differ, which is a conflict that somebody should
//! look at. A negative amount at another time is the refund of an order and no conflict.
//!
//! What is remembered of each order are hashes: 64 bits of its first record, 32 of the customer
//! and 32 of the time; of each further line 64 bits. At ten million records the chance that any
//! two different ones are taken for copies is below one in a hundred thousand.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use twox_hash::XxHash64;

use crate::error::Result;

use super::no_memory;

/// What a record is to those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The first of its order, or another line of it.
    New,
    /// Equal to an earlier record of its order.
    Copy,
    /// A line of an order of another customer or time.
    Conflict,
}

/// Keys are hashes already.
#[derive(Clone, Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

type Build = BuildHasherDefault<AsItIs>;

/// The first record of an order.
#[derive(Clone, Copy, Debug)]
struct First {
    record: u64,
    customer: u32,
    /// 0 for a refund, whose time says nothing.
    time: u32,
}

/// The orders seen so far.
#[derive(Clone, Debug)]
pub(super) struct Orders {
    seed: u64,
    first: HashMap<u64, First, Build>,
    /// Records that are not the first of their order.
    further: HashSet<u64, Build>,
}

impl Orders {
    /// `seed` spreads the hashes, so that nobody can prepare records that collide.
    pub(super) fn new(seed: u64) -> Self {
        Orders { seed, first: HashMap::default(), further: HashSet::default() }
    }

    /// The hash of a whole record.
    pub(super) fn hash(&self, bytes: &[u8]) -> u64 {
        XxHash64::oneshot(self.seed, bytes)
    }

    /// Adds a record of `order`; `record` is its hash.
    pub(super) fn see(
        &mut self,
        order: &[u8],
        customer: &[u8],
        time: i64,
        refund: bool,
        record: u64,
    ) -> Result<Seen> {
        let key = self.hash(order);
        let customer = self.hash(customer) as u32;
        let time = if refund { 0 } else { self.hash(&time.to_le_bytes()) as u32 | 1 };
        self.first.try_reserve(1).map_err(|_| no_memory())?;
        let first = match self.first.entry(key) {
            Entry::Vacant(free) => {
                free.insert(First { record, customer, time });
                return Ok(Seen::New);
            }
            Entry::Occupied(known) => known.into_mut(),
        };
        if first.record == record {
            return Ok(Seen::Copy);
        }
        let other_time = first.time != time && first.time != 0 && time != 0;
        let conflict = first.customer != customer || other_time;
        if first.time == 0 {
            first.time = time;
        }
        self.further.try_reserve(1).map_err(|_| no_memory())?;
        // Two orders may have equal further records only if a record says less than its order.
        Ok(match self.further.insert(record ^ key) {
            false => Seen::Copy,
            true if conflict => Seen::Conflict,
            true => Seen::New,
        })
    }

    /// Bytes held on the heap.
    pub(super) fn heap_size(&self) -> usize {
        self.first.capacity() * (size_of::<(u64, First)>() + 1)
            + self.further.capacity() * (size_of::<u64>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn copies_lines_refunds_and_conflicts_are_told_apart() {
        let mut orders = Orders::new(3);
        for (order, customer, time, refund, record, expected) in [
            ("1", "A", 5, false, "1,A,5,cup", Seen::New),
            ("1", "A", 5, false, "1,A,5,cup", Seen::Copy),
            ("1", "A", 5, false, "1,A,5,pot", Seen::New),
            ("1", "A", 5, false, "1,A,5,pot", Seen::Copy),
            ("1", "A", 9, true, "1,A,9,-cup", Seen::New),
            ("1", "A", 9, false, "1,A,9,cup", Seen::Conflict),
            ("1", "B", 5, false, "1,B,5,cup", Seen::Conflict),
            ("1", "B", 5, true, "1,B,5,-cup", Seen::Conflict),
            ("2", "A", 7, true, "2,A,7,-cup", Seen::New),
            ("2", "A", 5, false, "2,A,5,cup", Seen::New),
            ("2", "A", 6, false, "2,A,6,cup", Seen::Conflict),
        ] {
            let record = orders.hash(record.as_bytes());
            let seen = orders.see(order.as_bytes(), customer.as_bytes(), time, refund, record);
            assert_eq!(seen.unwrap(), expected, "{order} {customer} {time}");
        }
    }

    proptest! {
        #[test]
        fn copies_are_those_of_a_plain_set(
            records in proptest::collection::vec((0u8..5, 0u8..3, 0u8..3), 0..80), seed: u64,
        ) {
            let mut orders = Orders::new(seed);
            let mut known = std::collections::BTreeSet::new();
            for (order, customer, amount) in records {
                let record = orders.hash(&[order, customer, amount]);
                let seen = orders.see(&[order], &[customer], 0, false, record).unwrap();
                prop_assert_eq!(seen == Seen::Copy, !known.insert((order, customer, amount)));
            }
            prop_assert!(orders.heap_size() >= known.len() * 8);
        }
    }
}
