//! Integer ids to dictionary codes, without writing each as text first.
//!
//! Ids of a dense range are looked up in an array, others in an open-addressing table; both
//! only remember what the dictionary said. The decimal text enters the dictionary when an id
//! comes for the first time, so `7` as a number and `7` as text are the same customer.
#![allow(clippy::indexing_slicing)] // Slots are masked with `len - 1` of a power of two.

use crate::error::Result;
use crate::table::dictionary::Dictionary;

use super::no_memory;

const EMPTY: u32 = u32::MAX;
/// The array may always have this many entries (4 MiB) …
const SMALL: usize = 1 << 20;
/// … and this many for each id that is known, so that it stays in proportion.
const PER_ID: usize = 8;
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// Remembers the codes of integers in one dictionary.
#[derive(Clone, Debug)]
pub(super) struct Integers {
    seed: u64,
    dense: Vec<u32>,
    sparse: Vec<(i64, u32)>,
    sparse_used: usize,
}

impl Integers {
    /// `seed` spreads the table's hashes, as in the dictionary.
    pub(super) fn new(seed: u64) -> Self {
        Integers { seed: seed | 1, dense: Vec::new(), sparse: Vec::new(), sparse_used: 0 }
    }

    /// The code of the decimal text of `id`.
    #[inline]
    pub(super) fn code(&mut self, id: i64, dictionary: &mut Dictionary) -> Result<u32> {
        let index = usize::try_from(id).unwrap_or(usize::MAX);
        match self.dense.get(index) {
            Some(code) if *code != EMPTY => Ok(*code),
            _ => self.look(id, index, dictionary),
        }
    }

    fn look(&mut self, id: i64, index: usize, dictionary: &mut Dictionary) -> Result<u32> {
        if let Some(code) = self.find(id) {
            return Ok(code);
        }
        let mut text = [0u8; 20];
        let code = dictionary.intern(decimal(id, &mut text))?;
        if index >= self.dense.len() && index < SMALL.max(dictionary.len() * PER_ID) {
            let size = (index + 1).next_power_of_two();
            self.dense.try_reserve_exact(size - self.dense.len()).map_err(|_| no_memory())?;
            self.dense.resize(size, EMPTY);
        }
        match self.dense.get_mut(index) {
            Some(slot) => *slot = code,
            None => self.insert(id, code)?,
        }
        Ok(code)
    }

    fn slot(&self, id: i64) -> usize {
        let x = (id as u64 ^ self.seed).wrapping_mul(MULTIPLIER);
        ((x ^ (x >> 29)).wrapping_mul(self.seed) >> 20) as usize
    }

    fn find(&self, id: i64) -> Option<u32> {
        let mask = self.sparse.len().checked_sub(1)?;
        let mut slot = self.slot(id);
        loop {
            match self.sparse[slot & mask] {
                (_, EMPTY) => return None,
                (found, code) if found == id => return Some(code),
                _ => slot += 1,
            }
        }
    }

    fn insert(&mut self, id: i64, code: u32) -> Result<()> {
        if self.sparse_used * 2 >= self.sparse.len() {
            let size = (self.sparse.len() * 2).max(64);
            let mut slots = Vec::new();
            slots.try_reserve_exact(size).map_err(|_| no_memory())?;
            slots.resize(size, (0, EMPTY));
            for (id, code) in std::mem::replace(&mut self.sparse, slots) {
                if code != EMPTY {
                    self.place(id, code);
                }
            }
        }
        self.sparse_used += 1;
        self.place(id, code);
        Ok(())
    }

    /// Puts an id that is not there into a table with room.
    fn place(&mut self, id: i64, code: u32) {
        let mask = self.sparse.len() - 1;
        let mut slot = self.slot(id);
        while self.sparse[slot & mask].1 != EMPTY {
            slot += 1;
        }
        self.sparse[slot & mask] = (id, code);
    }
}

/// The decimal text of an integer.
fn decimal(id: i64, text: &mut [u8; 20]) -> &[u8] {
    let mut rest = id.unsigned_abs();
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if id < 0 {
        at -= 1;
        text[at] = b'-';
    }
    &text[at..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn codes_are_those_of_the_decimal_texts(
            ids in proptest::collection::vec(
                prop_oneof![any::<i64>(), -5i64..5, 0i64..3_000_000], 0..300),
            seed: u64,
        ) {
            let (mut quick, mut plain) = (Dictionary::new(1), Dictionary::new(1));
            let mut integers = Integers::new(seed);
            for id in ids.iter().chain(&ids) {
                let expected = plain.intern(id.to_string().as_bytes()).unwrap();
                prop_assert_eq!(integers.code(*id, &mut quick).unwrap(), expected);
            }
            prop_assert_eq!(quick.as_parts(), plain.as_parts());
        }
    }

    #[test]
    fn one_large_id_does_not_make_a_large_array() {
        let mut integers = Integers::new(3);
        let mut dictionary = Dictionary::new(3);
        integers.code(4_000_000_000, &mut dictionary).unwrap();
        assert!(integers.dense.capacity() <= SMALL);
    }
}
