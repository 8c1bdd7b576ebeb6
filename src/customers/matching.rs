//! One numbering of the customers of several tables, whose own codes differ: customers are the
//! same if their ids are equal, byte for byte.

use crate::error::{Code, Error, Result};
use crate::table::dictionary::Dictionary;

/// Customers of the first table keep their codes; those who stand only in later ones follow, in
/// the order of tables and of their codes there.
#[derive(Clone, Debug, Default)]
pub struct Matching {
    /// Customers of the first table.
    first: usize,
    /// For each later table the common number of each of its codes.
    numbers: Vec<Vec<u32>>,
    /// Table and code of those beyond the first table.
    others: Vec<(u32, u32)>,
    /// The customer to match next: table, code.
    next: (usize, usize),
}

impl Matching {
    /// Nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Matches about `budget` customers; true once all are. `tables` are the same dictionaries in
    /// every call, none of which grows in between.
    ///
    /// # Errors
    /// `limit-memory`; `limit` beyond 2^32 customers in all.
    pub fn advance(&mut self, tables: &[&Dictionary], budget: usize) -> Result<bool> {
        self.first = tables.first().map_or(0, |first| first.len());
        let mut left = budget.max(1);
        loop {
            let (at, mut code) = self.next;
            let Some(table) = tables.get(at + 1) else { return Ok(true) };
            if self.numbers.len() == at {
                let mut numbers = Vec::new();
                numbers.try_reserve_exact(table.len()).map_err(|_| no_memory())?;
                self.numbers.push(numbers);
            }
            let until = code.saturating_add(left).min(table.len());
            left -= until - code;
            while code < until {
                let number = self.number_of(tables, at, code as u32)?;
                if let Some(numbers) = self.numbers.get_mut(at) {
                    numbers.push(number);
                }
                code += 1;
            }
            self.next = if until < table.len() { (at, until) } else { (at + 1, 0) };
            if left == 0 {
                return Ok(self.next.0 + 1 >= tables.len());
            }
        }
    }

    /// The number of a customer of the later table `at`, whose earlier ones are all matched.
    fn number_of(&mut self, tables: &[&Dictionary], at: usize, code: u32) -> Result<u32> {
        let id = tables.get(at + 1).and_then(|table| table.get(code)).unwrap_or_default();
        if let Some(known) = tables.first().and_then(|first| first.find(id)) {
            return Ok(known);
        }
        let earlier = tables.iter().skip(1).take(at).zip(&self.numbers);
        for (table, numbers) in earlier {
            if let Some(number) = table.find(id).and_then(|code| numbers.get(code as usize)) {
                return Ok(*number);
            }
        }
        let number = u32::try_from(self.len())
            .ok()
            .filter(|number| *number < u32::MAX)
            .ok_or_else(|| Error::new(Code::Limit, "the tables have too many customers"))?;
        self.others.try_reserve(1).map_err(|_| no_memory())?;
        self.others.push((at as u32 + 1, code));
        Ok(number)
    }

    /// Number of customers of all tables together.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first + self.others.len()
    }

    /// Whether no table has a customer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The common number of the customer with `code` in table `table` (0 is the first).
    #[must_use]
    pub fn number(&self, table: usize, code: u32) -> Option<u32> {
        match table.checked_sub(1) {
            None => ((code as usize) < self.first).then_some(code),
            Some(at) => self.numbers.get(at)?.get(code as usize).copied(),
        }
    }

    /// The id of a common number.
    #[must_use]
    pub fn id<'a>(&self, tables: &[&'a Dictionary], number: u32) -> Option<&'a [u8]> {
        match (number as usize).checked_sub(self.first) {
            None => tables.first()?.get(number),
            Some(at) => {
                let (table, code) = *self.others.get(at)?;
                tables.get(table as usize)?.get(code)
            }
        }
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        let numbers: usize = self.numbers.iter().map(|numbers| numbers.capacity() * 4).sum();
        numbers + self.others.capacity() * 8
    }

    /// Bytes needed at most for later tables with so many customers in all.
    #[must_use]
    pub fn estimate(customers: u64) -> u64 {
        customers * (4 + 2 * 8)
    }
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory to match the customers of the tables")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionary(ids: &[&str]) -> Dictionary {
        let mut dictionary = Dictionary::new(1);
        for id in ids {
            dictionary.intern(id.as_bytes()).unwrap();
        }
        dictionary
    }

    #[test]
    fn equal_ids_are_one_customer_whatever_their_codes() {
        let tables = [
            dictionary(&["a", "b", "a long id of a customer"]),
            dictionary(&["c", "b", "d"]),
            dictionary(&["d", "a long id of a customer", "e", "c"]),
        ];
        let tables: Vec<&Dictionary> = tables.iter().collect();
        for budget in [1, 2, 3, 100] {
            let mut matching = Matching::new();
            let mut steps = 0;
            while !matching.advance(&tables, budget).unwrap() {
                steps += 1;
                assert!(steps < 100, "it ends");
            }
            let numbers = |table: usize, count: u32| -> Vec<u32> {
                (0..count).map(|code| matching.number(table, code).unwrap()).collect()
            };
            assert_eq!(numbers(0, 3), [0, 1, 2]);
            assert_eq!(numbers(1, 3), [3, 1, 4]);
            assert_eq!(numbers(2, 4), [4, 2, 5, 3]);
            assert_eq!(matching.len(), 6);
            assert_eq!(matching.id(&tables, 5), Some(&b"e"[..]));
            assert_eq!(matching.id(&tables, 1), Some(&b"b"[..]));
            assert_eq!(matching.id(&tables, 6), None);
        }
    }

    #[test]
    fn empty_tables_are_passed_over() {
        let tables = [dictionary(&[]), dictionary(&[]), dictionary(&["x"]), dictionary(&[])];
        let tables: Vec<&Dictionary> = tables.iter().collect();
        let mut matching = Matching::new();
        while !matching.advance(&tables, 1).unwrap() {}
        assert_eq!((matching.len(), matching.number(2, 0)), (1, Some(0)));
        assert!(Matching::new().advance(&[], 1).unwrap());
    }
}
