//! Text ids as dense `u32` codes, numbered in order of first appearance.
//!
//! Two tables side by side: ids of at most eight bytes without a NUL are kept as one integer
//! key beside their code, so that a look-up touches one cache line; longer ids keep a 32-bit
//! tag beside the code and compare bytes. Linear probing, load at most one half. General
//! purpose hash maps lose two to seven times here, since their hash functions need a
//! 64 × 64 → 128 bit multiply that WebAssembly does not have.
#![allow(clippy::indexing_slicing)] // Every slot index is masked with `slots.len() - 1`, a power of two.

use crate::error::{Code, Error, Result};

const EMPTY: u32 = u32::MAX;
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
/// Codes stay below this, so that `u32::MAX` can mean "missing" and "empty".
const MOST_IDS: usize = (u32::MAX - 1) as usize;

/// Text ids as dense codes.
#[derive(Debug, Clone)]
pub struct Dictionary {
    seed: u64,
    /// All ids, one after the other.
    bytes: Vec<u8>,
    /// `ends[code]` is where the id of `code` ends in `bytes`.
    ends: Vec<u32>,
    short: Vec<(u64, u32)>,
    shorts: usize,
    long: Vec<(u32, u32)>,
    longs: usize,
    last: u32,
}

impl Dictionary {
    /// An empty dictionary. `seed` only spreads hashes: a reader of hostile files takes it from
    /// the platform's secure source, so that nobody can prepare ids that collide. Codes do not
    /// depend on it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Dictionary {
            seed: seed | 1,
            bytes: Vec::new(),
            ends: Vec::new(),
            short: Vec::new(),
            shorts: 0,
            long: Vec::new(),
            longs: 0,
            last: EMPTY,
        }
    }

    /// The code of `id`, new if it was not seen before.
    ///
    /// # Errors
    /// `limit` beyond 4 GB of distinct ids, `limit-memory` if memory cannot be had.
    #[inline]
    pub fn intern(&mut self, id: &[u8]) -> Result<u32> {
        // Exports are often sorted by customer.
        if self.last != EMPTY && self.slice(self.last) == id {
            return Ok(self.last);
        }
        let code = match short_key(id) {
            Some(key) => self.intern_short(key, id)?,
            None => self.intern_long(id)?,
        };
        self.last = code;
        Ok(code)
    }

    /// The code of `id`, if it was seen.
    #[must_use]
    pub fn find(&self, id: &[u8]) -> Option<u32> {
        match short_key(id) {
            Some(key) => {
                let mut slot = self.spread(key) as usize;
                let mask = self.short.len().checked_sub(1)?;
                loop {
                    let (found, code) = self.short[slot & mask];
                    if code == EMPTY {
                        return None;
                    }
                    if found == key {
                        return Some(code);
                    }
                    slot += 1;
                }
            }
            None => {
                let hash = self.hash(id);
                let (tag, mut slot) = (hash as u32, (hash >> 32) as usize);
                let mask = self.long.len().checked_sub(1)?;
                loop {
                    let (found, code) = self.long[slot & mask];
                    if code == EMPTY {
                        return None;
                    }
                    if found == tag && self.slice(code) == id {
                        return Some(code);
                    }
                    slot += 1;
                }
            }
        }
    }

    /// The id of `code`, or `None` for a code that was never given out.
    #[must_use]
    pub fn get(&self, code: u32) -> Option<&[u8]> {
        ((code as usize) < self.ends.len()).then(|| self.slice(code))
    }

    /// Number of distinct ids.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no id.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All ids one after the other, and where each ends: the shape in which ids cross to
    /// JavaScript without becoming objects.
    #[must_use]
    pub fn as_parts(&self) -> (&[u8], &[u32]) {
        (&self.bytes, &self.ends)
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.bytes.capacity()
            + self.ends.capacity() * 4
            + self.short.capacity() * size_of::<(u64, u32)>()
            + self.long.capacity() * size_of::<(u32, u32)>()
    }

    /// Gives back memory that growth reserved.
    pub fn shrink_to_fit(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    fn slice(&self, code: u32) -> &[u8] {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] as usize };
        &self.bytes[start..self.ends[code] as usize]
    }

    #[inline]
    fn spread(&self, key: u64) -> u64 {
        let x = (key ^ self.seed).wrapping_mul(MULTIPLIER);
        (x ^ (x >> 29)).wrapping_mul(self.seed) >> 20
    }

    fn hash(&self, id: &[u8]) -> u64 {
        let mut state = self.seed ^ (id.len() as u64).wrapping_mul(MULTIPLIER);
        let mut chunks = id.chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk.iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
            state = (state ^ word).wrapping_mul(MULTIPLIER);
            state ^= state >> 32;
        }
        let word =
            chunks.remainder().iter().rev().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        state = (state ^ word).wrapping_mul(self.seed);
        state ^= state >> 29;
        state = state.wrapping_mul(MULTIPLIER);
        state ^ (state >> 32)
    }

    fn intern_short(&mut self, key: u64, id: &[u8]) -> Result<u32> {
        if self.shorts * 2 >= self.short.len() {
            self.grow_short()?;
        }
        let mask = self.short.len() - 1;
        let mut slot = self.spread(key) as usize;
        loop {
            let (found, code) = self.short[slot & mask];
            if code == EMPTY {
                let code = self.append(id)?;
                self.short[slot & mask] = (key, code);
                self.shorts += 1;
                return Ok(code);
            }
            if found == key {
                return Ok(code);
            }
            slot += 1;
        }
    }

    fn intern_long(&mut self, id: &[u8]) -> Result<u32> {
        if self.longs * 2 >= self.long.len() {
            self.grow_long()?;
        }
        let hash = self.hash(id);
        let mask = self.long.len() - 1;
        let (tag, mut slot) = (hash as u32, (hash >> 32) as usize);
        loop {
            let (found, code) = self.long[slot & mask];
            if code == EMPTY {
                let code = self.append(id)?;
                self.long[slot & mask] = (tag, code);
                self.longs += 1;
                return Ok(code);
            }
            if found == tag && self.slice(code) == id {
                return Ok(code);
            }
            slot += 1;
        }
    }

    fn append(&mut self, id: &[u8]) -> Result<u32> {
        let end = u32::try_from(self.bytes.len() + id.len()).map_err(|_| too_many())?;
        if self.ends.len() >= MOST_IDS {
            return Err(too_many());
        }
        self.bytes.try_reserve(id.len()).map_err(|_| no_memory())?;
        self.ends.try_reserve(1).map_err(|_| no_memory())?;
        self.bytes.extend_from_slice(id);
        self.ends.push(end);
        Ok((self.ends.len() - 1) as u32)
    }

    fn grow_short(&mut self) -> Result<()> {
        let size = (self.short.len() * 2).max(16);
        let mut slots = Vec::new();
        slots.try_reserve_exact(size).map_err(|_| no_memory())?;
        slots.resize(size, (0, EMPTY));
        let old = std::mem::replace(&mut self.short, slots);
        for (key, code) in old {
            if code != EMPTY {
                let mut slot = self.spread(key) as usize;
                while self.short[slot & (size - 1)].1 != EMPTY {
                    slot += 1;
                }
                self.short[slot & (size - 1)] = (key, code);
            }
        }
        Ok(())
    }

    fn grow_long(&mut self) -> Result<()> {
        let size = (self.long.len() * 2).max(16);
        let mut slots = Vec::new();
        slots.try_reserve_exact(size).map_err(|_| no_memory())?;
        slots.resize(size, (0, EMPTY));
        let old = std::mem::replace(&mut self.long, slots);
        for (tag, code) in old {
            if code != EMPTY {
                let mut slot = (self.hash(self.slice(code)) >> 32) as usize;
                while self.long[slot & (size - 1)].1 != EMPTY {
                    slot += 1;
                }
                self.long[slot & (size - 1)] = (tag, code);
            }
        }
        Ok(())
    }
}

/// Ids of at most eight bytes without a NUL, padded with NULs to one integer: no two such ids
/// share a key.
#[inline]
fn short_key(id: &[u8]) -> Option<u64> {
    if id.len() > 8 {
        return None;
    }
    let mut key = 0u64;
    for (at, byte) in id.iter().enumerate() {
        if *byte == 0 {
            return None;
        }
        key |= u64::from(*byte) << (8 * at);
    }
    Some(key)
}

fn too_many() -> Error {
    Error::new(Code::Limit, "the distinct ids of one column exceed 4 GB; split the table")
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the distinct ids of a column")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn codes_are_those_of_a_plain_map(
            ids in proptest::collection::vec(proptest::collection::vec(0u8..4, 0..20), 0..400),
            seed: u64,
        ) {
            let mut dictionary = Dictionary::new(seed);
            let mut plain: Vec<Vec<u8>> = Vec::new();
            for id in &ids {
                let code = dictionary.intern(id).unwrap();
                let expected = plain.iter().position(|known| known == id).unwrap_or_else(|| {
                    plain.push(id.clone());
                    plain.len() - 1
                });
                prop_assert_eq!(code as usize, expected);
            }
            prop_assert_eq!(dictionary.len(), plain.len());
            for (code, id) in plain.iter().enumerate() {
                prop_assert_eq!(dictionary.get(code as u32), Some(id.as_slice()));
                prop_assert_eq!(dictionary.find(id), Some(code as u32));
            }
            prop_assert_eq!(dictionary.find(b"never seen"), None);
        }
    }

    #[test]
    fn leading_zeros_keep_ids_apart() {
        let mut dictionary = Dictionary::new(7);
        assert_eq!(dictionary.intern(b"007").unwrap(), 0);
        assert_eq!(dictionary.intern(b"7").unwrap(), 1);
        assert_eq!(dictionary.intern(b"__proto__").unwrap(), 2);
        assert_eq!(dictionary.intern(b"").unwrap(), 3);
        assert_eq!(dictionary.intern(b"007").unwrap(), 0);
    }
}
