//! How unequally a total is held: Lorenz curve, Gini coefficient, share of the largest.
//!
//! # References
//! C. Gini, "Variabilità e mutabilità" (1912). M. O. Lorenz, "Methods of measuring the
//! concentration of wealth", Publications of the American Statistical Association 9 (1905).

use crate::error::{Code, Error, Result};

/// Values in ascending order with their total, ready for every question of concentration.
///
/// Defined for values of 0 or more with a positive total; a negative value would make shares
/// that fall and a Gini coefficient above 1, so it is refused.
#[derive(Clone, Debug)]
pub struct Holdings {
    sorted: Vec<f64>,
    total: f64,
}

impl Holdings {
    /// Sorts the values.
    ///
    /// # Errors
    /// `not-enough-data` without a positive value; `type` if a value is negative or not finite,
    /// with its row; `overflow` if the total is beyond the range of a float.
    pub fn new(mut values: Vec<f64>) -> Result<Self> {
        if let Some(row) = values.iter().position(|value| !value.is_finite() || *value < 0.0) {
            return Err(Error::new(Code::Type, "concentration needs values of 0 or more")
                .at_row(row as u64));
        }
        values.sort_unstable_by(f64::total_cmp);
        // Small ones first.
        let total: f64 = values.iter().sum();
        if !total.is_finite() {
            return Err(Error::new(Code::Overflow, "the total is beyond the range of a number"));
        }
        if total <= 0.0 {
            return Err(Error::new(Code::NotEnoughData, "nobody holds anything"));
        }
        Ok(Holdings { sorted: values, total })
    }

    /// The total.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The Gini coefficient `Σ (2i − n − 1)·xᵢ / (n·Σx)` over ascending values, `i` from 1: 0 if all
    /// hold the same, `(n − 1)/n` if one holds all. The form for a whole population; a sample
    /// estimate multiplies it by `n/(n − 1)`.
    #[must_use]
    pub fn gini(&self) -> f64 {
        let n = self.sorted.len() as f64;
        // The i-th smallest against the i-th largest: differences are of 0 or more, so nothing
        // cancels.
        let pairs = self.sorted.iter().zip(self.sorted.iter().rev()).take(self.sorted.len() / 2);
        let weights = (0..).map(|at| n - 1.0 - 2.0 * f64::from(at));
        let sum: f64 = pairs.zip(weights).map(|((low, high), weight)| weight * (high - low)).sum();
        sum / (n * self.total)
    }

    /// The share of the total that the `count` largest hold. 1 for all of them or more.
    #[must_use]
    pub fn share_of_largest(&self, count: usize) -> f64 {
        if count >= self.sorted.len() {
            return 1.0;
        }
        let largest = self.sorted.iter().rev().take(count).rev();
        (largest.sum::<f64>() / self.total).min(1.0)
    }

    /// How many of the largest hold at least `share` of the total, from 0 to 1.
    #[must_use]
    pub fn holders_of(&self, share: f64) -> usize {
        let wanted = share * self.total;
        let mut sum = 0.0;
        let enough = self.sorted.iter().rev().position(|value| {
            sum += value;
            sum >= wanted
        });
        enough.map_or(self.sorted.len(), |at| at + 1)
    }

    /// The Lorenz curve: the share of the total that the `i` smallest hold, for `i` from 1 to `n`,
    /// without the 0 in front.
    pub fn lorenz(&self) -> impl Iterator<Item = f64> + '_ {
        self.sorted.iter().scan(0.0, |sum, value| {
            *sum += value;
            Some(*sum / self.total)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_holdings_have_a_gini_of_0_and_one_holder_of_nearly_1() {
        assert_eq!(Holdings::new(vec![3.0; 7]).unwrap().gini(), 0.0);
        assert_eq!(Holdings::new(vec![0.0, 0.0, 0.0, 8.0]).unwrap().gini(), 0.75);
        assert_eq!(Holdings::new(vec![5.0]).unwrap().gini(), 0.0);
    }

    #[test]
    fn what_has_no_concentration_is_refused() {
        let code = |values: &[f64]| Holdings::new(values.to_vec()).unwrap_err().code();
        assert_eq!(code(&[]), Code::NotEnoughData);
        assert_eq!(code(&[0.0]), Code::NotEnoughData);
        assert_eq!(code(&[1.0, -1.0]), Code::Type);
        assert_eq!(code(&[1.0, f64::NAN]), Code::Type);
        assert_eq!(code(&[f64::MAX, f64::MAX]), Code::Overflow);
    }

    #[test]
    fn holders_count_from_the_largest() {
        let holdings = Holdings::new(vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(holdings.holders_of(0.4), 1);
        assert_eq!(holdings.holders_of(0.41), 2);
        assert_eq!(holdings.holders_of(1.0), 4);
        assert_eq!(holdings.share_of_largest(2), 0.7);
    }
}
