//! What regressions of lives read: lives, what is known of each as numbers, and the names of these
//! columns, so that a trouble can name the column.
//!
//! Columns are kept with a mean of 0 and a spread of 1: no likelihood here changes by that, and every
//! column is solved for as well as every other.
#![allow(clippy::indexing_slicing)] // Every row has `size` numbers; rows are as many as lives.

use super::curve::Life;
use crate::error::{Code, Error, Result};
use crate::stats::cholesky::Cholesky;
use crate::stats::peak::Trouble;

/// Lives with their columns.
#[derive(Clone, Debug)]
pub struct Sample {
    pub(super) lives: Vec<Life>,
    /// The stratum of each life; empty if all are in one.
    pub(super) strata: Vec<u32>,
    names: Vec<String>,
    /// Rows of columns, each less its mean and over its spread.
    columns: Vec<f64>,
    pub(super) centres: Vec<f64>,
    pub(super) spreads: Vec<f64>,
}

impl Sample {
    /// Lives, a stratum for each or for none, the names of the columns, and the rows of their numbers.
    ///
    /// # Errors
    /// `not-enough-data` where no life ended; `invalid-option` for a time below 0, one that is not
    /// after its entry, or lengths that differ; `type` for a number that is not finite;
    /// `not-identifiable` with the column's name where it is constant.
    pub fn new(
        lives: Vec<Life>,
        strata: Vec<u32>,
        names: Vec<String>,
        mut columns: Vec<f64>,
    ) -> Result<Sample> {
        let (rows, size) = (lives.len(), names.len());
        if columns.len() != rows * size || !(strata.is_empty() || strata.len() == rows) {
            return Err(Error::new(Code::InvalidOption, "every life needs its columns"));
        }
        if !lives.iter().all(Life::is_sound) {
            return Err(Error::new(
                Code::InvalidOption,
                "a life lasts from its entry to a later time",
            ));
        }
        if !lives.iter().any(|life| life.has_ended) {
            let hint = "nobody's time has ended: all are censored, and nothing tells what ends it";
            return Err(Error::new(Code::NotEnoughData, hint));
        }
        let (mut centres, mut spreads) = (Vec::new(), Vec::new());
        for (at, name) in names.iter().enumerate() {
            let column = || columns.iter().skip(at).step_by(size);
            if !column().all(|x| x.is_finite()) {
                return Err(Error::new(Code::Type, "every number must be finite").at_column(name));
            }
            let centre = column().sum::<f64>() / rows as f64;
            let squares = column().map(|x| (x - centre) * (x - centre)).sum::<f64>();
            let spread = (squares / rows as f64).sqrt();
            if column().all(|x| *x == columns[at]) || spread == 0.0 {
                let hint = format!("the column `{name}` is constant: leave it out");
                return Err(Error::new(Code::NotIdentifiable, hint).at_column(name));
            }
            if !spread.is_finite() {
                let hint = format!("the numbers of `{name}` are too large");
                return Err(Error::new(Code::Overflow, hint).at_column(name));
            }
            centres.push(centre);
            spreads.push(spread);
        }
        for row in columns.chunks_exact_mut(size.max(1)) {
            for (at, x) in row.iter_mut().enumerate() {
                *x = (*x - centres[at]) / spreads[at];
            }
        }
        Ok(Sample { lives, strata, names, columns, centres, spreads })
    }

    /// The same lives without columns.
    pub(super) fn bare(&self) -> Sample {
        Sample {
            names: Vec::new(),
            columns: Vec::new(),
            centres: Vec::new(),
            spreads: Vec::new(),
            ..self.clone()
        }
    }

    /// How many columns.
    #[must_use]
    pub fn size(&self) -> usize {
        self.names.len()
    }

    /// The columns of a life.
    pub(super) fn row(&self, life: usize) -> &[f64] {
        &self.columns[life * self.size()..][..self.size()]
    }

    pub(super) fn stratum(&self, life: usize) -> u32 {
        self.strata.get(life).copied().unwrap_or(0)
    }

    /// Refuses columns of which one says what others say together.
    ///
    /// # Errors
    /// `not-identifiable` with the column's name.
    pub(super) fn check_columns(&self) -> Result<()> {
        let size = self.size();
        let mut products = vec![0.0; size * size];
        for row in self.columns.chunks_exact(size.max(1)) {
            add_square(&mut products, row, 1.0);
        }
        match Cholesky::pivoted(products, size, 1e-10) {
            Ok(_) => Ok(()),
            Err(column) => Err(self.trouble(Trouble::Flat(column))),
        }
    }

    /// What hindered a fit, with the column's name.
    pub(super) fn trouble(&self, trouble: Trouble) -> Error {
        let at = match trouble {
            Trouble::Flat(at) | Trouble::Endless(at) => self.names.get(at),
            Trouble::Lost => None,
        };
        let Some(name) = at else {
            return Error::new(Code::NotIdentifiable, "these lives determine no answer");
        };
        let hint = match trouble {
            Trouble::Flat(_) => format!(
                "the column `{name}` says what the columns before it say together, as far as ends tell: leave one out"
            ),
            _ => format!(
                "the column `{name}` separates lives that end from those that do not, so that its effect has no bound: leave it out, merge rare values, or set a penalty"
            ),
        };
        Error::new(Code::NotIdentifiable, hint).at_column(name)
    }
}

/// Adds `weight·x·xᵀ` to the lower half of a square matrix.
pub(super) fn add_square(matrix: &mut [f64], x: &[f64], weight: f64) {
    for (line, (at, a)) in matrix.chunks_exact_mut(x.len().max(1)).zip(x.iter().enumerate()) {
        for (slot, b) in line[..=at].iter_mut().zip(x) {
            *slot += weight * a * b;
        }
    }
}

/// `Σ aᵢ·bᵢ`.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `xᵀ·A·x` of a whole matrix.
pub(super) fn quadratic(matrix: &[f64], x: &[f64]) -> f64 {
    matrix.chunks_exact(x.len().max(1)).zip(x).map(|(line, x_i)| x_i * dot(line, x)).sum()
}
