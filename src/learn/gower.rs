//! Gower's distance between rows of numbers and categories.
//!
//! # Reference
//! J. C. Gower, "A General Coefficient of Similarity and Some of Its Properties", Biometrics 27
//! (1971) 857–871.

use crate::error::{Code, Error, Result};
use crate::learn::matrix::{Categories, Matrix, mismatches};

/// Distances between mixed rows: the mean over all variables of `|a − b|/range` for numbers and
/// 0 or 1 for categories, so always from 0 to 1.
///
/// The range is that of all rows: one extreme value makes all others alike in its column. A
/// column whose values are all equal adds 0 and still counts in the mean.
#[derive(Clone, Debug)]
pub struct Gower<'a> {
    numbers: Option<Matrix<'a>>,
    categories: Option<Categories<'a>>,
    /// Per column of numbers; 0 where it is to add nothing.
    inverse_ranges: Vec<f64>,
}

impl<'a> Gower<'a> {
    /// Finds the range of each column. Either kind of column may be absent.
    ///
    /// # Errors
    /// `invalid-option` if both are absent or have different numbers of rows.
    pub fn new(numbers: Option<Matrix<'a>>, categories: Option<Categories<'a>>) -> Result<Self> {
        let fits = match (numbers, categories) {
            (Some(numbers), Some(categories)) => numbers.rows() == categories.rows(),
            (None, None) => false,
            _ => true,
        };
        if !fits {
            return Err(Error::new(Code::InvalidOption, "both kinds of columns need equal rows"));
        }
        let inverse_ranges = numbers.map_or_else(Vec::new, |rows| {
            let range = |column| {
                let (low, high) = rows
                    .column(column)
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                        (low.min(value), high.max(value))
                    });
                // Halves, so that a range beyond a float's stays finite.
                let half = high / 2.0 - low / 2.0;
                if half > 0.0 { 1.0 / half / 2.0 } else { 0.0 }
            };
            (0..rows.columns()).map(range).collect()
        });
        Ok(Gower { numbers, categories, inverse_ranges })
    }

    /// The distance of two rows, 0 to 1.
    #[must_use]
    pub fn distance(&self, a: usize, b: usize) -> f64 {
        let (mut sum, mut variables) = (0.0, 0);
        if let Some(rows) = self.numbers {
            let parts = rows.row(a).iter().zip(rows.row(b)).zip(&self.inverse_ranges);
            sum += parts.map(|((x, y), inverse)| (x * inverse - y * inverse).abs()).sum::<f64>();
            variables += rows.columns();
        }
        if let Some(rows) = self.categories {
            sum += mismatches(rows.row(a), rows.row(b)) as f64;
            variables += rows.columns();
        }
        sum / variables as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_column_adds_nothing_and_still_counts() {
        let numbers = [1.0, 5.0, 3.0, 5.0];
        let codes = [0, 1];
        let gower = Gower::new(
            Some(Matrix::new(&numbers, 2).unwrap()),
            Some(Categories::new(&codes, 1).unwrap()),
        )
        .unwrap();
        assert!((gower.distance(0, 1) - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(gower.distance(1, 1), 0.0);
    }

    #[test]
    fn columns_of_other_lengths_are_refused() {
        let numbers = Matrix::new(&[1.0, 2.0], 1).unwrap();
        let codes = Categories::new(&[1], 1).unwrap();
        assert_eq!(Gower::new(Some(numbers), Some(codes)).unwrap_err().code(), Code::InvalidOption);
        assert!(Gower::new(None, None).is_err());
    }
}
