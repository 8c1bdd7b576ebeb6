//! What customers do besides buying: how often each of them did what, and when first and last.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::{Code, Error, Result};
use crate::privacy::gate::Keep;
use crate::table::block::MISSING;

/// Some rows of a log of events.
#[derive(Clone, Copy, Debug)]
pub struct Events<'a> {
    /// The customer of each row.
    pub customers: &'a [u32],
    /// The instant of each row.
    pub times: &'a [i64],
    /// What happened in each row; `None` if the log does not say.
    pub events: Option<&'a [u32]>,
    /// Which customers' rows may be used; `None` for all.
    pub keep: Option<&'a Keep>,
}

/// When a customer was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Instant of the first row.
    pub first: i64,
    /// Instant of the last row.
    pub last: i64,
    /// Number of rows; 0 means never, and then the instants hold nothing.
    pub rows: u32,
}

const NEVER: Seen = Seen { first: i64::MAX, last: i64::MIN, rows: 0 };

/// Rows that did not enter, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// At or after `until`.
    pub after: u64,
    /// The gate does not let this customer's rows through.
    pub denied: u64,
}

/// Counts of events by customer. Integers, minima and maxima only: any order of rows gives the
/// same.
#[derive(Clone, Debug)]
pub struct Activity {
    /// Rows at or after this instant are left out.
    until: i64,
    /// Rows before this instant are seen, but their events are not counted.
    from: i64,
    counts: HashMap<u64, u32, BuildHasherDefault<Spread>>,
    seen: Vec<Seen>,
    skipped: Skipped,
    rows: u64,
}

impl Activity {
    /// Counts events in `from..until`.
    #[must_use]
    pub fn new(from: i64, until: i64) -> Self {
        Activity {
            until,
            from,
            counts: HashMap::default(),
            seen: Vec::new(),
            skipped: Skipped::default(),
            rows: 0,
        }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn update(&mut self, rows: Events<'_>) -> Result<()> {
        for (row, (customer, time)) in rows.customers.iter().zip(rows.times).enumerate() {
            if *time >= self.until {
                self.skipped.after += 1;
                continue;
            }
            if rows.keep.is_some_and(|keep| !keep.get(*customer)) {
                self.skipped.denied += 1;
                continue;
            }
            self.rows += 1;
            let at = *customer as usize;
            if at >= self.seen.len() {
                self.seen.try_reserve(at + 1 - self.seen.len()).map_err(|_| no_memory())?;
                self.seen.resize(at + 1, NEVER);
            }
            if let Some(seen) = self.seen.get_mut(at) {
                seen.first = seen.first.min(*time);
                seen.last = seen.last.max(*time);
                seen.rows = seen.rows.saturating_add(1);
            }
            if *time < self.from {
                continue;
            }
            let event = rows.events.and_then(|events| events.get(row)).copied().unwrap_or(MISSING);
            if self.counts.len() == self.counts.capacity() {
                self.counts.try_reserve(1).map_err(|_| no_memory())?;
            }
            let count = self.counts.entry(u64::from(*customer) << 32 | u64::from(event));
            let count = count.or_insert(0);
            *count = count.saturating_add(1);
        }
        Ok(())
    }

    /// When each customer was seen, by code. Codes beyond the end were never seen.
    #[must_use]
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// Customer, event ([`MISSING`] if the log does not say) and how often, ascending.
    #[must_use]
    pub fn counts(&self) -> Vec<(u32, u32, u32)> {
        let split = |(key, count): (&u64, &u32)| ((*key >> 32) as u32, *key as u32, *count);
        let mut counts: Vec<(u32, u32, u32)> = self.counts.iter().map(split).collect();
        counts.sort_unstable();
        counts
    }

    /// Rows that entered.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows that did not enter.
    #[must_use]
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.counts.capacity() * 17 + self.seen.capacity() * size_of::<Seen>()
    }

    /// Bytes needed at most.
    #[must_use]
    pub fn estimate(rows: u64, customers: u64) -> u64 {
        // A growing table is twice as large as it must be, and the sorted list stands beside it.
        rows * (2 * 17 + 12) + customers * 2 * size_of::<Seen>() as u64
    }
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the customers' events")
}

/// Murmur3's 64-bit finaliser (A. Appleby) for keys of two codes. Codes are dense numbers of our
/// own, so nobody outside can prepare keys that collide more than by chance.
#[derive(Clone, Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        let x = (key ^ (key >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        let x = (x ^ (x >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        self.0 = x ^ (x >> 33);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_by_customer_inside_the_window_whatever_the_order() {
        let rows = [(2, 5, 0), (0, 9, 1), (2, 6, 0), (2, 1, 0), (0, 10, 1), (1, 2, MISSING)];
        for turn in 0..rows.len() {
            let mut turned = rows;
            turned.rotate_left(turn);
            let customers: Vec<u32> = turned.iter().map(|row| row.0).collect();
            let times: Vec<i64> = turned.iter().map(|row| row.1).collect();
            let events: Vec<u32> = turned.iter().map(|row| row.2).collect();
            let mut activity = Activity::new(2, 10);
            activity
                .update(Events {
                    customers: &customers,
                    times: &times,
                    events: Some(&events),
                    keep: None,
                })
                .unwrap();
            assert_eq!(activity.counts(), [(0, 1, 1), (1, MISSING, 1), (2, 0, 2)]);
            assert_eq!(activity.seen()[2], Seen { first: 1, last: 6, rows: 3 });
            assert_eq!(activity.seen()[0].rows, 1);
            assert_eq!(activity.skipped(), Skipped { after: 1, denied: 0 });
        }
    }
}
