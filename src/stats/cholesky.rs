//! Cholesky's decomposition of a symmetric positive definite matrix: what regressions are solved with.
#![allow(clippy::indexing_slicing)] // Every index is below the size that the matrix was made with.

/// `A = L·Lᵀ`.
pub(crate) struct Cholesky {
    /// Row by row; only the lower half counts.
    lower: Vec<f64>,
    size: usize,
}

impl Cholesky {
    /// Decomposes a square matrix of this size, given row by row; only its lower half is read.
    /// `None` where a pivot is at most `tolerance` times what stood on the diagonal: it cancelled
    /// away, and holds only rounding. O(size³).
    pub(crate) fn of(matrix: Vec<f64>, size: usize, tolerance: f64) -> Option<Cholesky> {
        Cholesky::pivoted(matrix, size, tolerance).ok()
    }

    /// The same; where there is none, the first row that those before it determine.
    pub(crate) fn pivoted(
        mut matrix: Vec<f64>,
        size: usize,
        tolerance: f64,
    ) -> Result<Cholesky, usize> {
        for column in 0..size {
            let before = matrix[column * size + column];
            let mut diagonal = before;
            for at in 0..column {
                diagonal -= matrix[column * size + at].powi(2);
            }
            if diagonal.is_nan() || diagonal <= tolerance * before.abs() {
                return Err(column);
            }
            let root = diagonal.sqrt();
            matrix[column * size + column] = root;
            for row in column + 1..size {
                let mut sum = matrix[row * size + column];
                for at in 0..column {
                    sum -= matrix[row * size + at] * matrix[column * size + at];
                }
                matrix[row * size + column] = sum / root;
            }
        }
        Ok(Cholesky { lower: matrix, size })
    }

    /// The `x` of `A·x = b`.
    pub(crate) fn solved(&self, mut vector: Vec<f64>) -> Vec<f64> {
        let (lower, size) = (&self.lower, self.size);
        for row in 0..size {
            let sum: f64 = (0..row).map(|at| lower[row * size + at] * vector[at]).sum();
            vector[row] = (vector[row] - sum) / lower[row * size + row];
        }
        for row in (0..size).rev() {
            let sum: f64 = (row + 1..size).map(|at| lower[at * size + row] * vector[at]).sum();
            vector[row] = (vector[row] - sum) / lower[row * size + row];
        }
        vector
    }

    /// `A⁻¹`, row by row.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let mut inverse = Vec::with_capacity(self.size * self.size);
        for column in 0..self.size {
            let mut unit = vec![0.0; self.size];
            unit[column] = 1.0;
            // A column of a symmetric matrix is its row.
            inverse.extend(self.solved(unit));
        }
        inverse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_system_by_hand() {
        // [[4, 2], [2, 5]]: the upper half is not read.
        let found = Cholesky::of(vec![4.0, f64::NAN, 2.0, 5.0], 2, 1e-12).unwrap();
        assert_eq!(found.solved(vec![8.0, 12.0]), [1.0, 2.0]);
        assert_eq!(found.inverse(), [0.3125, -0.125, -0.125, 0.25]);
    }

    #[test]
    fn what_is_singular_or_not_positive_has_no_decomposition() {
        assert!(Cholesky::of(vec![1.0, 0.0, 1.0, 1.0], 2, 1e-12).is_none());
        assert!(Cholesky::of(vec![-1.0], 1, 1e-12).is_none());
        // The third row is the sum of the first two.
        let sum = vec![1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 2.0];
        assert_eq!(Cholesky::pivoted(sum, 3, 1e-12).err(), Some(2));
        assert!(Cholesky::of(vec![f64::NAN], 1, 1e-12).is_none());
    }
}
