//! A set of pairs of 32-bit numbers, for counting distinct orders or days per customer.
#![allow(clippy::indexing_slicing)] // Every slot is masked with `slots.len() - 1`, a power of two.

use crate::error::{Code, Error, Result};

/// No pair uses this: its customer code would be the code of a missing value.
const EMPTY: u64 = u64::MAX;

/// A set of (customer code, other number). Linear probing, load at most one half.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    slots: Vec<u64>,
    len: usize,
    last: Option<u64>,
}

impl Pairs {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pair; true if it was not there before.
    ///
    /// # Errors
    /// `limit-memory` if the set cannot grow.
    #[inline]
    pub fn insert(&mut self, customer: u32, other: u32) -> Result<bool> {
        let pair = u64::from(customer) << 32 | u64::from(other);
        // The lines of one order usually follow each other.
        if self.last == Some(pair) {
            return Ok(false);
        }
        self.last = Some(pair);
        if self.len * 2 >= self.slots.len() {
            self.grow()?;
        }
        let mask = self.slots.len() - 1;
        let mut slot = spread(pair);
        loop {
            let found = self.slots[slot & mask];
            if found == EMPTY {
                self.slots[slot & mask] = pair;
                self.len += 1;
                return Ok(true);
            }
            if found == pair {
                return Ok(false);
            }
            slot += 1;
        }
    }

    /// Number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All pairs, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.slots
            .iter()
            .filter(|pair| **pair != EMPTY)
            .map(|pair| ((pair >> 32) as u32, *pair as u32))
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.slots.capacity() * 8
    }

    fn grow(&mut self) -> Result<()> {
        let size = (self.slots.len() * 2).max(64);
        let mut slots = Vec::new();
        slots.try_reserve_exact(size).map_err(|_| {
            Error::new(Code::LimitMemory, "there is not enough memory to tell orders apart")
        })?;
        slots.resize(size, EMPTY);
        for pair in self.slots.iter().filter(|pair| **pair != EMPTY) {
            let mut slot = spread(*pair);
            while slots[slot & (size - 1)] != EMPTY {
                slot += 1;
            }
            slots[slot & (size - 1)] = *pair;
        }
        self.slots = slots;
        Ok(())
    }
}

/// Murmur3's 64-bit finaliser (A. Appleby): two multiplies, every bit reaches the low ones.
#[inline]
fn spread(pair: u64) -> usize {
    let x = (pair ^ (pair >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    let x = (x ^ (x >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    (x ^ (x >> 33)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_a_plain_set(pairs in proptest::collection::vec((0u32..50, 0u32..50), 0..2000)) {
            let mut set = Pairs::new();
            let mut plain = std::collections::HashSet::new();
            for (customer, other) in pairs {
                prop_assert_eq!(set.insert(customer, other).unwrap(), plain.insert((customer, other)));
            }
            prop_assert_eq!(set.len(), plain.len());
            prop_assert_eq!(set.iter().collect::<std::collections::HashSet<_>>(), plain);
        }
    }
}
