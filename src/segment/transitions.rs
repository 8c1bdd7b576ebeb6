//! Who moved from which state to which: counts, shares, and two steps ahead.

use crate::error::{Code, Error, Result};

/// Moves between states from one time to a later one; `before` is the row, `after` the column.
#[derive(Clone, Debug, PartialEq)]
pub struct Transitions {
    /// Customers, by row.
    pub counts: Vec<Vec<u64>>,
}

impl Transitions {
    /// Counts the moves of customers whose state is known at both times.
    ///
    /// # Errors
    /// `invalid-option` if the lists differ in length or a state is not below `states`.
    pub fn new(before: &[u32], after: &[u32], states: usize) -> Result<Self> {
        if before.len() != after.len() {
            return Err(Error::new(Code::InvalidOption, "both times need the same customers"));
        }
        let mut moves = Transitions::none(states);
        before.iter().zip(after).try_for_each(|(from, to)| moves.add(*from, *to))?;
        Ok(moves)
    }

    /// Nobody yet, in so many states.
    #[must_use]
    pub fn none(states: usize) -> Self {
        Transitions { counts: vec![vec![0; states]; states] }
    }

    /// Adds a customer.
    ///
    /// # Errors
    /// `invalid-option` if a state is not below `states`.
    pub fn add(&mut self, before: u32, after: u32) -> Result<()> {
        let cell = self.counts.get_mut(before as usize).and_then(|row| row.get_mut(after as usize));
        let cell = cell.ok_or_else(|| {
            Error::new(Code::InvalidOption, "a customer is in a state that is not listed")
        })?;
        *cell += 1;
        Ok(())
    }

    /// Each row as shares of its sum; all 0 for a state that nobody was in.
    #[must_use]
    pub fn rates(&self) -> Vec<Vec<f64>> {
        let share = |row: &Vec<u64>| {
            let sum: u64 = row.iter().sum();
            let divisor = sum.max(1) as f64;
            row.iter().map(|count| *count as f64 / divisor).collect()
        };
        self.counts.iter().map(share).collect()
    }

    /// Customers who are where they were.
    #[must_use]
    pub fn stayed(&self) -> u64 {
        self.counts.iter().enumerate().filter_map(|(at, row)| row.get(at)).sum()
    }

    /// The shares after as long a time again, if the same shares keep moving: `rates · rates`. Holds
    /// only if a move depends on nothing but the state before, which real customers break: those
    /// who stayed long tend to stay.
    #[must_use]
    pub fn two_steps(&self) -> Vec<Vec<f64>> {
        let rates = self.rates();
        let cell = |row: &Vec<f64>, to: usize| -> f64 {
            row.iter().zip(&rates).map(|(share, next)| share * next.get(to).unwrap_or(&0.0)).sum()
        };
        rates.iter().map(|row| (0..row.len()).map(|to| cell(row, to)).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_a_state_sum_to_one_or_zero() {
        let moves = Transitions::new(&[0, 0, 1], &[1, 0, 1], 3).unwrap();
        assert_eq!(moves.counts, [[1, 1, 0], [0, 1, 0], [0, 0, 0]]);
        assert_eq!(moves.rates(), [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]);
        assert_eq!(moves.stayed(), 2);
        assert_eq!(moves.two_steps()[0], [0.25, 0.75, 0.0]);
    }

    #[test]
    fn an_unknown_state_is_refused() {
        assert_eq!(Transitions::new(&[3], &[0], 3).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(Transitions::new(&[0, 1], &[0], 3).unwrap_err().code(), Code::InvalidOption);
    }
}
