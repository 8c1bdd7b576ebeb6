//! Rows of numbers and rows of categories, borrowed from one flat slice each.

use crate::error::{Code, Error, Result};

/// Rows of finite numbers, one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matrix<'a> {
    values: &'a [f64],
    columns: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `columns` numbers each.
    ///
    /// # Errors
    /// `invalid-option` without columns or where the last row is not full; `type` if a number is
    /// not finite, with its row.
    pub fn new(values: &'a [f64], columns: usize) -> Result<Self> {
        check_shape(values.len(), columns)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::new(
                Code::Type,
                "every number must be finite: fill or leave out what is missing first",
            )
            .at_row((at / columns) as u64));
        }
        Ok(Matrix { values, columns })
    }

    /// The same rows again, once [`new`](Self::new) has seen that every number is finite: steps of a
    /// long computation do not look at all of them each time.
    ///
    /// # Errors
    /// `invalid-option` without columns or where the last row is not full.
    pub(crate) fn seen(values: &'a [f64], columns: usize) -> Result<Self> {
        check_shape(values.len(), columns)?;
        debug_assert!(values.iter().all(|value| value.is_finite()));
        Ok(Matrix { values, columns })
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// The number of columns, 1 or more.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All numbers, row after row.
    #[must_use]
    pub fn values(&self) -> &'a [f64] {
        self.values
    }

    /// One row; empty beyond the last.
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [f64] {
        self.values.get(row * self.columns..(row + 1) * self.columns).unwrap_or_default()
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::ChunksExact<'a, f64> {
        self.values.chunks_exact(self.columns)
    }

    /// One column, from the first row to the last.
    pub fn column(&self, column: usize) -> impl Iterator<Item = f64> + Clone + 'a {
        self.iter().filter_map(move |row| row.get(column).copied())
    }
}

/// Rows of category codes, one after the other. Codes mean nothing but equal or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Categories<'a> {
    codes: &'a [u32],
    columns: usize,
}

impl<'a> Categories<'a> {
    /// Rows of `columns` codes each.
    ///
    /// # Errors
    /// `invalid-option` without columns or where the last row is not full.
    pub fn new(codes: &'a [u32], columns: usize) -> Result<Self> {
        check_shape(codes.len(), columns)?;
        Ok(Categories { codes, columns })
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.codes.len() / self.columns
    }

    /// The number of columns, 1 or more.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// One row; empty beyond the last.
    #[must_use]
    pub fn row(&self, row: usize) -> &'a [u32] {
        self.codes.get(row * self.columns..(row + 1) * self.columns).unwrap_or_default()
    }

    /// The rows in order.
    pub fn iter(&self) -> std::slice::ChunksExact<'a, u32> {
        self.codes.chunks_exact(self.columns)
    }
}

fn check_shape(cells: usize, columns: usize) -> Result<()> {
    if columns == 0 || !cells.is_multiple_of(columns) {
        return Err(Error::new(Code::InvalidOption, "rows need columns, and equally many each"));
    }
    Ok(())
}

/// Squared Euclidean distance of two rows.
#[must_use]
#[inline]
pub fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// How many places of two rows differ.
#[must_use]
#[inline]
pub fn mismatches(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).filter(|(x, y)| x != y).count()
}
