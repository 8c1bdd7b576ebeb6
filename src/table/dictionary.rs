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
    /// The short id seen last, as its key, and its code.
    last_short: (u64, u32),
    /// The code of the long id seen last. Its bytes are in the cache, those of a short id would
    /// not be.
    last_long: u32,
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
            last_short: (0, EMPTY),
            last_long: EMPTY,
        }
    }

    /// The code of `id`, new if it was not seen before.
    ///
    /// # Errors
    /// `limit` beyond 4 GB of distinct ids, `limit-memory` if memory cannot be had.
    #[inline]
    pub fn intern(&mut self, id: &[u8]) -> Result<u32> {
        match short_key(id) {
            Some(key) => self.intern_key(key),
            None => {
                if self.last_long == EMPTY || self.slice(self.last_long) != id {
                    self.last_long = self.intern_long(self.hash(id), id)?;
                }
                Ok(self.last_long)
            }
        }
    }

    /// The [`short_key`] of an id, as [`intern`](Self::intern) for the id. Many keys in a tight
    /// loop take less time than as many ids with other work in between, since the look-ups then
    /// wait for memory together.
    ///
    /// # Errors
    /// As [`intern`](Self::intern).
    #[inline]
    pub fn intern_key(&mut self, key: u64) -> Result<u32> {
        // Exports are often sorted by customer.
        if self.last_short.0 != key || self.last_short.1 == EMPTY {
            self.last_short = (key, self.intern_short(key)?);
        }
        Ok(self.last_short.1)
    }

    /// Brings the slots of these keys into the cache, so that [`intern_key`](Self::intern_key)
    /// finds them there: look-ups that decide nothing wait for memory together. Best for some
    /// hundred keys.
    pub fn look_ahead(&self, keys: &[u64]) {
        let Some(mask) = self.short.len().checked_sub(1) else { return };
        let looked = keys
            .iter()
            .fold(0, |looked, key| looked ^ self.short[self.spread(*key) as usize & mask].1);
        std::hint::black_box(looked);
    }

    /// Appends to `codes` the codes of long ids ([`short_key`] is `None`), given one after the
    /// other and by where each ends; `u32::MAX` for those that are not easily found, and so for
    /// all that were not seen. The look-ups of a group wait for memory together: each step
    /// (slot, place, bytes) is done for all of the group before the next step, which
    /// [`intern`](Self::intern) in a loop cannot do.
    ///
    /// # Errors
    /// `limit-memory` if memory cannot be had.
    pub fn find_long_ids(&self, bytes: &[u8], ends: &[usize], codes: &mut Vec<u32>) -> Result<()> {
        const GROUP: usize = 32;
        codes.try_reserve(ends.len()).map_err(|_| no_memory())?;
        let Some(mask) = self.long.len().checked_sub(1) else {
            codes.resize(codes.len() + ends.len(), EMPTY);
            return Ok(());
        };
        let mut start = 0;
        for ends in ends.chunks(GROUP) {
            let mut ids: [&[u8]; GROUP] = [&[]; GROUP];
            for (id, end) in ids.iter_mut().zip(ends) {
                *id = bytes.get(start..*end).unwrap_or_default();
                start = *end;
            }
            let ids = &ids[..ends.len()];
            let hashes: [u64; GROUP] =
                std::array::from_fn(|at| ids.get(at).map_or(0, |id| self.hash(id)));
            // The likely code: that of the first slot if its tag is the same, else of the next.
            let found = hashes.map(|hash| {
                let slot = (hash >> 32) as usize;
                let ((tag, first), (_, next)) =
                    (self.long[slot & mask], self.long[(slot + 1) & mask]);
                if tag == hash as u32 { first } else { next }
            });
            let places = found.map(|code| if code == EMPTY { (0, 0) } else { self.place(code) });
            codes.extend(ids.iter().zip(found).zip(places).map(|((id, code), (from, to))| {
                if code != EMPTY && self.bytes[from..to] == **id { code } else { EMPTY }
            }));
        }
        Ok(())
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
        let (start, end) = self.place(code);
        &self.bytes[start..end]
    }

    /// Where the id of `code` stands in `bytes`.
    fn place(&self, code: u32) -> (usize, usize) {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] as usize };
        (start, self.ends[code] as usize)
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

    #[inline]
    fn intern_short(&mut self, key: u64) -> Result<u32> {
        if self.shorts * 2 >= self.short.len() {
            self.grow_short()?;
        }
        let mask = self.short.len() - 1;
        let mut slot = self.spread(key) as usize;
        loop {
            let (found, code) = self.short[slot & mask];
            if code == EMPTY {
                let bytes = key.to_le_bytes();
                let length = 8 - key.leading_zeros() as usize / 8;
                let code = self.append(&bytes[..length])?;
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

    fn intern_long(&mut self, hash: u64, id: &[u8]) -> Result<u32> {
        if self.longs * 2 >= self.long.len() {
            self.grow_long()?;
        }
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

/// An id of at most eight bytes without a NUL as one integer: its bytes, the first lowest, and
/// zeros. No two such ids share a key; `None` for other ids.
#[inline]
#[must_use]
pub fn short_key(id: &[u8]) -> Option<u64> {
    let key = match id {
        [a, b, c, d, rest @ ..] if rest.len() <= 4 => {
            let low = u32::from_le_bytes([*a, *b, *c, *d]);
            // The last four bytes overlap the first four where the id is shorter than eight.
            let high = id.last_chunk::<4>().map_or(0, |last| u32::from_le_bytes(*last));
            u64::from(low) | u64::from(high) << (8 * rest.len())
        }
        [_, _, _, _, ..] => return None,
        short => short.iter().rev().fold(0, |key, byte| key << 8 | u64::from(*byte)),
    };
    // A zero byte below the id's length is a NUL: the classic test for a zero byte in a word,
    // with the bytes above the length filled.
    let filled = if id.len() < 8 { key | u64::MAX << (8 * id.len()) } else { key };
    let has_nul = filled.wrapping_sub(0x0101_0101_0101_0101) & !filled & 0x8080_8080_8080_8080;
    (has_nul == 0).then_some(key)
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

    proptest! {
        #[test]
        fn a_key_is_the_bytes_of_a_short_id(id in proptest::collection::vec(0u8..4, 0..12)) {
            let expected = (id.len() <= 8 && !id.contains(&0)).then(|| {
                let mut bytes = [0; 8];
                bytes[..id.len()].copy_from_slice(&id);
                u64::from_le_bytes(bytes)
            });
            prop_assert_eq!(short_key(&id), expected);
        }
    }

    proptest! {
        #[test]
        fn long_ids_in_groups_are_found_as_single_ones(
            known in proptest::collection::vec(proptest::collection::vec(0u8..3, 9..12), 0..300),
            wanted in proptest::collection::vec(proptest::collection::vec(0u8..3, 9..12), 0..100),
        ) {
            let mut dictionary = Dictionary::new(3);
            for id in &known {
                dictionary.intern(id).unwrap();
            }
            let mut end = 0;
            let ends: Vec<usize> = wanted
                .iter()
                .map(|id| {
                    end += id.len();
                    end
                })
                .collect();
            let mut codes = Vec::new();
            dictionary.find_long_ids(&wanted.concat(), &ends, &mut codes).unwrap();
            prop_assert_eq!(codes.len(), wanted.len());
            let mut missed = 0;
            for (id, code) in wanted.iter().zip(&codes) {
                let found = dictionary.find(id);
                missed += usize::from(found.is_some() && *code == EMPTY);
                prop_assert!(*code == EMPTY || found == Some(*code));
            }
            // Only ids two and more slots from their own are left to the slow way.
            prop_assert!(missed * 4 <= wanted.len() + 4, "{} of {}", missed, wanted.len());
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
