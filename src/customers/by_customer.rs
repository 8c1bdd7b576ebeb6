//! Entries in the order of their customers: counted as they come, then put into place in steps.

use crate::error::{Code, Error, Result};

/// Something that happened to one customer.
pub(super) trait Entry: Copy {
    /// What is kept of it once its customer is known by its place.
    type Value: Copy + Default;

    /// Whose it is.
    fn customer(&self) -> u32;

    /// What is kept.
    fn value(&self) -> Self::Value;
}

/// Entries of customers, and once settled, those of each customer together, in the order in which
/// they came. A counting sort: O(entries + customers), in steps of any size.
#[derive(Clone, Debug)]
pub(super) struct ByCustomer<E: Entry> {
    entries: Vec<E>,
    /// Until settled: entries of each customer; then where each customer's entries end.
    places: Vec<usize>,
    placed: Vec<E::Value>,
    settled: usize,
}

impl<E: Entry> Default for ByCustomer<E> {
    fn default() -> Self {
        ByCustomer { entries: Vec::new(), places: Vec::new(), placed: Vec::new(), settled: 0 }
    }
}

impl<E: Entry> ByCustomer<E> {
    /// Adds an entry.
    ///
    /// # Errors
    /// `limit-memory`.
    pub(super) fn insert(&mut self, entry: E) -> Result<()> {
        let at = entry.customer() as usize;
        if at >= self.places.len() {
            self.places.try_reserve(at + 1 - self.places.len()).map_err(|_| no_memory())?;
            self.places.resize(at + 1, 0);
        }
        self.restore(entry)?;
        if let Some(count) = self.places.get_mut(at) {
            *count += 1;
        }
        Ok(())
    }

    /// Adds an entry of bytes that are not trusted yet: no room is made for its customer before the
    /// first step of settling.
    ///
    /// # Errors
    /// `limit-memory`.
    pub(super) fn restore(&mut self, entry: E) -> Result<()> {
        if self.entries.len() == self.entries.capacity() {
            self.entries.try_reserve(self.entries.len().max(1024)).map_err(|_| no_memory())?;
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Counts the entries of each customer, where some were restored and not inserted.
    fn count_restored(&mut self) -> Result<()> {
        if self.places.iter().sum::<usize>() == self.entries.len() {
            return Ok(());
        }
        self.places.clear();
        let highest = self.entries.iter().map(Entry::customer).max();
        let customers = highest.map_or(0, |highest| highest as usize + 1);
        self.places.try_reserve_exact(customers).map_err(|_| no_memory())?;
        self.places.resize(customers, 0);
        for entry in &self.entries {
            if let Some(count) = self.places.get_mut(entry.customer() as usize) {
                *count += 1;
            }
        }
        Ok(())
    }

    /// All entries, in the order in which they came.
    #[must_use]
    pub(super) fn entries(&self) -> &[E] {
        &self.entries
    }

    /// The same, to be altered; whose they are may not change.
    pub(super) fn entries_mut(&mut self) -> &mut [E] {
        &mut self.entries
    }

    /// One more than the highest customer that was inserted.
    #[must_use]
    pub(super) fn customers(&self) -> usize {
        self.places.len()
    }

    /// Puts about `budget` entries into the order of customers; true once all are. Nothing may be
    /// added after the first call.
    ///
    /// # Errors
    /// `limit-memory`.
    pub(super) fn settle(&mut self, budget: usize) -> Result<bool> {
        if self.placed.is_empty() && !self.entries.is_empty() {
            self.count_restored()?;
            // From counts to where each customer's entries begin.
            let mut before = 0;
            for place in &mut self.places {
                before += std::mem::replace(place, before);
            }
            self.placed.try_reserve_exact(self.entries.len()).map_err(|_| no_memory())?;
            self.placed.resize(self.entries.len(), E::Value::default());
        }
        let until = self.settled.saturating_add(budget.max(1)).min(self.entries.len());
        for entry in self.entries.get(self.settled..until).unwrap_or_default() {
            // The place moves on with each entry, and so ends where the next customer begins.
            if let Some(place) = self.places.get_mut(entry.customer() as usize) {
                if let Some(slot) = self.placed.get_mut(*place) {
                    *slot = entry.value();
                }
                *place += 1;
            }
        }
        self.settled = until;
        Ok(until == self.entries.len())
    }

    /// Of the entries, those that [`settle`](Self::settle) has put into their place.
    #[must_use]
    pub(super) fn settled(&self) -> usize {
        self.settled
    }

    /// What is kept of a customer's entries; empty for one without any. Once settled.
    #[must_use]
    pub(super) fn of(&self, customer: u32) -> &[E::Value] {
        let at = customer as usize;
        let from = at.checked_sub(1).and_then(|before| self.places.get(before)).copied();
        let until = self.places.get(at).copied().unwrap_or(0);
        self.placed.get(from.unwrap_or(0)..until).unwrap_or_default()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub(super) fn heap_size(&self) -> usize {
        self.entries.capacity() * size_of::<E>()
            + self.places.capacity() * size_of::<usize>()
            + self.placed.capacity() * size_of::<E::Value>()
    }

    /// Bytes needed at most for so many entries of so many customers.
    #[must_use]
    pub(super) fn estimate(entries: u64, customers: u64) -> u64 {
        // A growing list may hold twice what it needs.
        entries * (2 * size_of::<E>() + size_of::<E::Value>()) as u64 + customers * 16
    }
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the customers' days")
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entry for (u32, char) {
        type Value = char;

        fn customer(&self) -> u32 {
            self.0
        }

        fn value(&self) -> char {
            self.1
        }
    }

    #[test]
    fn entries_of_a_customer_stand_together_as_they_came() {
        for budget in [1, 2, 100] {
            let mut entries = ByCustomer::default();
            for entry in [(2, 'c'), (0, 'a'), (2, 'b'), (0, 'z'), (2, 'c')] {
                entries.insert(entry).unwrap();
            }
            while !entries.settle(budget).unwrap() {}
            assert_eq!(entries.of(0), ['a', 'z']);
            assert_eq!(entries.of(1), [' '; 0]);
            assert_eq!(entries.of(2), ['c', 'b', 'c']);
            assert_eq!(entries.of(3), [' '; 0]);
            assert_eq!((entries.customers(), entries.settled()), (3, 5));
        }
    }

    #[test]
    fn what_is_restored_settles_as_what_is_inserted() {
        let mut entries = ByCustomer::default();
        entries.restore((1, 'b')).unwrap();
        entries.insert((0, 'a')).unwrap();
        assert!(entries.settle(9).unwrap());
        assert_eq!((entries.of(0), entries.of(1)), (&['a'][..], &['b'][..]));
    }

    #[test]
    fn nothing_is_settled_at_once() {
        assert!(ByCustomer::<(u32, char)>::default().settle(1).unwrap());
    }
}
