//! Columns of different units made comparable: subtract a centre, divide by a spread.
//!
//! Distances add up all columns. Without scaling the one with the largest numbers, as a rule the
//! money, decides alone which customers are alike.

use crate::error::{Code, Error, Result};
use crate::learn::matrix::Matrix;
use crate::stats::accumulator::Accumulator;
use crate::stats::moments::Moments;
use crate::stats::quantile::{QuantileType, quantiles};
use serde::{Deserialize, Serialize};

/// How a column is scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Scaling {
    /// `(x − median)/(Q3 − Q1)`, quartiles of type 7: a few extreme values change nothing. The
    /// default.
    #[default]
    Robust,
    /// `(x − mean)/σ` with the population standard deviation: right for columns without a long
    /// tail.
    Standard,
    /// As it is.
    None,
}

/// Centre and spread of each column. A spread of zero (all values equal, or half of them, under
/// `Robust`) counts as 1, so that such a column is only moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Scaler {
    /// What is subtracted, per column.
    pub centres: Vec<f64>,
    /// What is divided by, per column; never zero.
    pub spreads: Vec<f64>,
}

impl Scaler {
    /// Finds centre and spread of each column.
    ///
    /// # Errors
    /// `not-enough-data` without rows; `overflow` where a spread is beyond the range of a float.
    pub fn fit(rows: Matrix<'_>, scaling: Scaling) -> Result<Self> {
        if rows.rows() == 0 {
            return Err(Error::new(Code::NotEnoughData, "there are no rows to scale"));
        }
        let mut scaler = Scaler { centres: Vec::new(), spreads: Vec::new() };
        for column in 0..rows.columns() {
            let values: Vec<f64> = rows.column(column).collect();
            let (centre, spread) = match scaling {
                Scaling::Standard => {
                    let mut moments = Moments::new();
                    moments.update(&values)?;
                    let summary = moments.summary();
                    let variance = summary.population_variance;
                    (summary.mean.unwrap_or(0.0), variance.unwrap_or(f64::INFINITY).sqrt())
                }
                Scaling::Robust => {
                    let found = quantiles(&values, &[0.25, 0.5, 0.75], QuantileType::Linear)?;
                    match found.as_deref() {
                        Some([first, median, third]) => (*median, third - first),
                        _ => (0.0, 1.0),
                    }
                }
                Scaling::None => (0.0, 1.0),
            };
            if !spread.is_finite() {
                return Err(Error::new(Code::Overflow, "the numbers of a column are too large"));
            }
            scaler.centres.push(centre);
            scaler.spreads.push(if spread > 0.0 { spread } else { 1.0 });
        }
        Ok(scaler)
    }

    /// The rows scaled, row after row.
    #[must_use]
    pub fn scaled(&self, rows: Matrix<'_>) -> Vec<f64> {
        let parts = self.centres.iter().zip(&self.spreads).cycle();
        rows.values()
            .iter()
            .zip(parts)
            .map(|(value, (centre, spread))| (value - centre) / spread)
            .collect()
    }

    /// A scaled row in the units of the columns again.
    #[must_use]
    pub fn unscaled(&self, row: &[f64]) -> Vec<f64> {
        let parts = self.centres.iter().zip(&self.spreads);
        row.iter().zip(parts).map(|(value, (centre, spread))| value * spread + centre).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_column_becomes_zero_under_every_scaling() {
        let values = [1e9, 0.1, 1e9, 0.1, 1e9, 0.1];
        let rows = Matrix::new(&values, 2).unwrap();
        for scaling in [Scaling::Robust, Scaling::Standard] {
            let scaled = Scaler::fit(rows, scaling).unwrap().scaled(rows);
            assert!(scaled.iter().all(|value| *value == 0.0), "{scaled:?}");
        }
    }

    #[test]
    fn scaling_can_be_undone() {
        let values = [1.0, 10.0, 4.0, 30.0, 2.0, 70.0];
        let rows = Matrix::new(&values, 2).unwrap();
        let scaler = Scaler::fit(rows, Scaling::Robust).unwrap();
        let scaled = scaler.scaled(rows);
        assert_eq!(scaler.unscaled(&scaled[..2]), [1.0, 10.0]);
    }

    #[test]
    fn money_of_any_unit_scales_to_the_same() {
        let yuan = [1.0, 10.0, 4.0, 30.0, 2.0];
        let fen: Vec<f64> = yuan.iter().map(|value| value * 100.0).collect();
        let scaled = |values: &[f64]| {
            let rows = Matrix::new(values, 1).unwrap();
            Scaler::fit(rows, Scaling::Robust).unwrap().scaled(rows)
        };
        assert_eq!(scaled(&yuan), scaled(&fen));
    }

    #[test]
    fn no_rows_and_no_numbers_are_refused() {
        let none = Matrix::new(&[], 2).unwrap();
        assert_eq!(Scaler::fit(none, Scaling::Robust).unwrap_err().code(), Code::NotEnoughData);
        let error = Matrix::new(&[1.0, 2.0, f64::NAN, 4.0], 2).unwrap_err();
        assert_eq!((error.code(), error.row()), (Code::Type, Some(1)));
        let wide = [f64::MAX, f64::MAX, -f64::MAX, -f64::MAX];
        let rows = Matrix::new(&wide, 1).unwrap();
        assert_eq!(Scaler::fit(rows, Scaling::Robust).unwrap_err().code(), Code::Overflow);
    }
}
