//! Logistic regression with a ridge penalty, by iteratively reweighted least squares.
//!
//! Newton's steps on `−Σ ln-likelihood + λ/2·Σ β²` (the intercept is not penalised), each halved
//! until the objective falls. With `λ > 0` the objective is strictly convex in the coefficients, so
//! that columns that say the same and groups that can be told apart perfectly have one finite
//! answer. The answer says whether it converged.
//!
//! # References
//! P. McCullagh, J. A. Nelder, "Generalized Linear Models" (1989). S. le Cessie, J. C. van
//! Houwelingen, "Ridge estimators in logistic regression", Applied Statistics 41 (1992).
#![allow(clippy::indexing_slicing)] // Systems are square of `size`, and every index is below it.

use super::matrix::Matrix;
use crate::error::{Code, Error, Result};
use crate::stats::cholesky::Cholesky;
use serde::Serialize;

/// How a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FitStatus {
    /// At the optimum, as far as floats go.
    Converged,
    /// The number of steps was reached before.
    StepLimit,
    /// No step made it better, though it was not at an optimum: without a penalty, groups that can
    /// be told apart perfectly have none.
    NoStep,
    /// Columns say the same, and there is no penalty to choose between them.
    Singular,
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// The logit where every column is 0.
    pub intercept: f64,
    /// Change of the logit per unit of each column.
    pub coefficients: Vec<f64>,
    /// How it ended.
    pub status: FitStatus,
    /// Newton steps taken.
    pub steps: u32,
    /// Largest absolute entry of the gradient of the mean objective at the end.
    pub gradient: f64,
}

impl Logistic {
    /// The logit of a row.
    #[must_use]
    pub fn logit(&self, row: &[f64]) -> f64 {
        self.intercept + row.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum::<f64>()
    }

    /// The probability of a row.
    #[must_use]
    pub fn probability(&self, row: &[f64]) -> f64 {
        sigmoid(self.logit(row))
    }
}

/// `1/(1 + e^−z)`, exact at both ends.
fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + libm::exp(-z)) } else { libm::exp(z) / (1.0 + libm::exp(z)) }
}

/// `ln(1 + e^z)` without overflow.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + libm::log1p(libm::exp(-z.abs()))
}

/// Fits `labels` to `rows`. `penalty` is λ on the sum over rows, so that it weighs less the more
/// rows there are.
///
/// Sums run in the order of rows: to have the same bits for any order, sort the rows first.
///
/// # Errors
/// `invalid-option` if the labels are not as many as the rows, or the penalty is negative or not
/// finite; `not-enough-data` unless both labels occur.
pub fn logistic(
    rows: Matrix<'_>,
    labels: &[bool],
    penalty: f64,
    most_steps: u32,
) -> Result<Logistic> {
    if labels.len() != rows.rows() {
        return Err(Error::new(Code::InvalidOption, "every row needs a label"));
    }
    if !(penalty >= 0.0 && penalty.is_finite()) {
        return Err(Error::new(Code::InvalidOption, "a penalty is zero or more").at_path("penalty"));
    }
    let positive = labels.iter().filter(|label| **label).count();
    if positive == 0 || positive == labels.len() {
        return Err(Error::new(Code::NotEnoughData, "both kinds of rows are needed"));
    }
    let size = rows.columns() + 1;
    let count = labels.len() as f64;
    let mut beta = vec![0.0; size];
    let share = positive as f64 / count;
    beta[0] = libm::log(share / (1.0 - share));
    let mut status = FitStatus::StepLimit;
    let mut now = objective(rows, labels, penalty, &beta);
    let (mut steps, mut largest) = (0, f64::INFINITY);
    while steps < most_steps {
        let (gradient, hessian) = derivatives(rows, labels, penalty, &beta);
        largest = gradient.iter().fold(0.0, |most: f64, g| most.max((g / count).abs()));
        if largest < 1e-10 {
            status = FitStatus::Converged;
            break;
        }
        let Some(curvature) = Cholesky::of(hessian, size, 1e-12) else {
            status = FitStatus::Singular;
            break;
        };
        let step = curvature.solved(gradient);
        steps += 1;
        let mut scale = 1.0;
        let better = (0..40).find_map(|_| {
            let next: Vec<f64> = beta.iter().zip(&step).map(|(b, s)| b - scale * s).collect();
            let value = objective(rows, labels, penalty, &next);
            scale /= 2.0;
            (value <= now).then_some((next, value))
        });
        let Some((next, value)) = better else {
            status = if largest < 1e-7 { FitStatus::Converged } else { FitStatus::NoStep };
            break;
        };
        // The objective stands still in its last bits while the gradient still falls.
        let is_same = next == beta;
        (beta, now) = (next, value);
        if is_same {
            status = if largest < 1e-7 { FitStatus::Converged } else { FitStatus::NoStep };
            break;
        }
    }
    let coefficients = beta.split_off(1);
    Ok(Logistic { intercept: beta[0], coefficients, status, steps, gradient: largest })
}

fn logit(row: &[f64], beta: &[f64]) -> f64 {
    beta[0] + row.iter().zip(&beta[1..]).map(|(x, b)| x * b).sum::<f64>()
}

fn objective(rows: Matrix<'_>, labels: &[bool], penalty: f64, beta: &[f64]) -> f64 {
    let loss = rows.iter().zip(labels).map(|(row, label)| {
        let z = logit(row, beta);
        softplus(if *label { -z } else { z })
    });
    let squares: f64 = beta[1..].iter().map(|b| b * b).sum();
    loss.sum::<f64>() + penalty / 2.0 * squares
}

/// The gradient, and the lower half of the Hessian, row by row.
fn derivatives(
    rows: Matrix<'_>,
    labels: &[bool],
    penalty: f64,
    beta: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let size = beta.len();
    let (mut gradient, mut hessian) = (vec![0.0; size], vec![0.0; size * size]);
    for (row, label) in rows.iter().zip(labels) {
        let p = sigmoid(logit(row, beta));
        let residual = p - f64::from(u8::from(*label));
        let weight = p * (1.0 - p);
        gradient[0] += residual;
        hessian[0] += weight;
        for (at, x) in row.iter().enumerate() {
            gradient[at + 1] += residual * x;
            let line = &mut hessian[(at + 1) * size..][..at + 2];
            line[0] += weight * x;
            let weighted = weight * x;
            for (slot, other) in line[1..].iter_mut().zip(row) {
                *slot += weighted * other;
            }
        }
    }
    for at in 1..size {
        gradient[at] += penalty * beta[at];
        hessian[at * size + at] += penalty;
    }
    (gradient, hessian)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn one_group_of_two_has_the_odds_of_its_counts() {
        // x = 0: 1 of 4; x = 1: 3 of 4. Without penalty b₀ = ln(1/3), b₁ = ln 9.
        let rows = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
        let labels = [true, false, false, false, true, true, true, false];
        let fit = logistic(Matrix::new(&rows, 1).unwrap(), &labels, 0.0, 50).unwrap();
        assert_eq!(fit.status, FitStatus::Converged);
        assert!((fit.intercept - (1.0_f64 / 3.0).ln()).abs() < 1e-9);
        assert!((fit.coefficients[0] - 9.0_f64.ln()).abs() < 1e-9);
        assert!((fit.probability(&[1.0]) - 0.75).abs() < 1e-9);
    }

    /// At the penalised optimum `Σ (y − p)·x = λ·β` and `Σ (y − p) = 0`.
    #[test]
    fn the_optimum_meets_its_equations() {
        let mut random = Random::new(5, 0);
        let (mut rows, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..500 {
            let (a, b) = (random.normal(), random.normal());
            labels.push(random.unit() < sigmoid(0.5 + 1.5 * a - b));
            rows.extend([a, b, a + b]);
        }
        let matrix = Matrix::new(&rows, 3).unwrap();
        let fit = logistic(matrix, &labels, 2.0, 50).unwrap();
        assert_eq!(fit.status, FitStatus::Converged);
        let mut sums = [0.0; 4];
        for (row, label) in matrix.iter().zip(&labels) {
            let residual = f64::from(u8::from(*label)) - fit.probability(row);
            sums[0] += residual;
            row.iter().zip(&mut sums[1..]).for_each(|(x, sum)| *sum += residual * x);
        }
        assert!(sums[0].abs() < 1e-6);
        for (sum, b) in sums[1..].iter().zip(&fit.coefficients) {
            assert!((sum - 2.0 * b).abs() < 1e-6, "{sum} {b}");
        }
    }

    #[test]
    fn what_can_be_told_apart_perfectly_is_finite_with_a_penalty_and_said_without() {
        let rows = [-2.0, -1.0, 1.0, 2.0];
        let labels = [false, false, true, true];
        let matrix = Matrix::new(&rows, 1).unwrap();
        let ridge = logistic(matrix, &labels, 1.0, 50).unwrap();
        assert_eq!(ridge.status, FitStatus::Converged);
        assert!(ridge.coefficients[0].is_finite() && ridge.coefficients[0] > 0.0);
        let free = logistic(matrix, &labels, 0.0, 12).unwrap();
        assert_ne!(free.status, FitStatus::Converged);
    }

    #[test]
    fn equal_columns_are_singular_without_a_penalty_and_share_with_one() {
        let rows = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0];
        let labels = [false, false, true, false];
        let matrix = Matrix::new(&rows, 2).unwrap();
        assert_eq!(logistic(matrix, &labels, 0.0, 50).unwrap().status, FitStatus::Singular);
        let shared = logistic(matrix, &labels, 1.0, 50).unwrap();
        assert!((shared.coefficients[0] - shared.coefficients[1]).abs() < 1e-12);
    }

    #[test]
    fn one_kind_of_rows_is_no_question() {
        let rows = Matrix::new(&[1.0, 2.0], 1).unwrap();
        assert_eq!(logistic(rows, &[true, true], 1.0, 9).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(logistic(rows, &[true], 1.0, 9).unwrap_err().code(), Code::InvalidOption);
    }
}
