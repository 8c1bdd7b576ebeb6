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
    /// Without a penalty, and some rows can be told apart perfectly: coefficients grow without end.
    Separated,
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

/// What is fitted: rows, what each says, and how much it weighs.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// The rows.
    pub rows: Matrix<'a>,
    /// The wanted probability of each row: 0 or 1 for labels, between for softened ones.
    pub targets: &'a [f64],
    /// How often each row counts; `None` for once each.
    pub weights: Option<&'a [f64]>,
    /// λ on the sum over rows, so that it weighs less the more rows there are.
    pub penalty: f64,
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
#[must_use]
pub fn sigmoid(z: f64) -> f64 {
    let small = libm::exp(-z.abs());
    (if z >= 0.0 { 1.0 } else { small }) / (1.0 + small)
}

/// `ln(1 + e^z)` without overflow.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + libm::log1p(libm::exp(-z.abs()))
}

/// The labels as targets.
#[must_use]
pub fn targets(labels: &[bool]) -> Vec<f64> {
    labels.iter().map(|label| f64::from(u8::from(*label))).collect()
}

/// Fits `labels` to `rows`, each row once. `penalty` is λ on the sum over rows, so that it weighs less
/// the more rows there are.
///
/// Sums run in the order of rows: to have the same bits for any order, sort the rows first.
///
/// # Errors
/// As [`Fitting::new`].
pub fn logistic(
    rows: Matrix<'_>,
    labels: &[bool],
    penalty: f64,
    most_steps: u32,
) -> Result<Logistic> {
    let targets = targets(labels);
    let problem = Problem { rows, targets: &targets, weights: None, penalty };
    let mut fitting = Fitting::new(problem)?;
    while !fitting.advance(problem, most_steps) {}
    Ok(fitting.finish(problem))
}

/// A fit under way, one of Newton's steps after the other.
#[derive(Clone, Debug)]
pub struct Fitting {
    beta: Vec<f64>,
    now: f64,
    count: f64,
    steps: u32,
    largest: f64,
    status: FitStatus,
}

impl Fitting {
    /// Starts at the share of the wanted.
    ///
    /// # Errors
    /// `invalid-option` if targets or weights are not as many as the rows or out of their range, or
    /// the penalty is negative or not finite; `not-enough-data` unless both kinds of rows have weight.
    pub fn new(problem: Problem<'_>) -> Result<Fitting> {
        let Problem { rows, targets, weights, penalty } = problem;
        if targets.len() != rows.rows() || weights.is_some_and(|w| w.len() != targets.len()) {
            return Err(Error::new(Code::InvalidOption, "every row needs a label"));
        }
        if !(penalty >= 0.0 && penalty.is_finite()) {
            return Err(
                Error::new(Code::InvalidOption, "a penalty is zero or more").at_path("penalty")
            );
        }
        let (mut wanted, mut count) = (0.0, 0.0);
        for (at, target) in targets.iter().enumerate() {
            let weight = problem.weight(at);
            if !((0.0..=1.0).contains(target) && weight >= 0.0 && weight.is_finite()) {
                let hint = "labels are 0 to 1, and weights zero or more";
                return Err(Error::new(Code::InvalidOption, hint).at_row(at as u64));
            }
            wanted += weight * target;
            count += weight;
        }
        if !(wanted > 0.0 && wanted < count) {
            return Err(Error::new(Code::NotEnoughData, "both kinds of rows are needed"));
        }
        let mut beta = vec![0.0; rows.columns() + 1];
        let share = wanted / count;
        beta[0] = libm::log(share / (1.0 - share));
        let now = problem.objective(&beta);
        let (steps, largest, status) = (0, f64::INFINITY, FitStatus::StepLimit);
        Ok(Fitting { beta, now, count, steps, largest, status })
    }

    /// One step, over all rows. True once there is nothing to gain, or `most_steps` were taken.
    pub fn advance(&mut self, problem: Problem<'_>, most_steps: u32) -> bool {
        if self.steps >= most_steps {
            return true;
        }
        let size = self.beta.len();
        let (gradient, hessian) = problem.derivatives(&self.beta);
        self.largest = gradient.iter().fold(0.0, |most: f64, g| most.max((g / self.count).abs()));
        if self.largest < 1e-10 {
            self.status = FitStatus::Converged;
            return true;
        }
        let Some(curvature) = Cholesky::of(hessian, size, 1e-12) else {
            self.status = FitStatus::Singular;
            return true;
        };
        let step = curvature.solved(gradient);
        self.steps += 1;
        let mut scale = 1.0;
        let better = (0..40).find_map(|_| {
            let next: Vec<f64> = self.beta.iter().zip(&step).map(|(b, s)| b - scale * s).collect();
            let value = problem.objective(&next);
            scale /= 2.0;
            (value <= self.now).then_some((next, value))
        });
        // The objective stands still in its last bits while the gradient still falls.
        match better {
            Some((next, value)) if next != self.beta => {
                (self.beta, self.now) = (next, value);
                self.steps >= most_steps
            }
            _ => {
                let near = self.largest < 1e-7;
                self.status = if near { FitStatus::Converged } else { FitStatus::NoStep };
                true
            }
        }
    }

    /// The model as it stands.
    #[must_use]
    pub fn finish(self, problem: Problem<'_>) -> Logistic {
        let Fitting { mut beta, steps, largest, mut status, .. } = self;
        if problem.penalty == 0.0 && problem.is_separated(&beta) {
            status = FitStatus::Separated;
        }
        let coefficients = beta.split_off(1);
        Logistic { intercept: beta[0], coefficients, status, steps, gradient: largest }
    }
}

fn logit(row: &[f64], beta: &[f64]) -> f64 {
    beta[0] + row.iter().zip(&beta[1..]).map(|(x, b)| x * b).sum::<f64>()
}

impl Problem<'_> {
    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    /// Minus the log-likelihood of coefficients that begin with the intercept.
    fn loss(&self, beta: &[f64]) -> f64 {
        let all = self.rows.iter().zip(self.targets).enumerate();
        all.map(|(at, (row, target))| {
            let z = logit(row, beta);
            let of = |share: f64, z: f64| if share > 0.0 { share * softplus(z) } else { 0.0 };
            self.weight(at) * (of(*target, -z) + of(1.0 - target, z))
        })
        .sum()
    }

    fn objective(&self, beta: &[f64]) -> f64 {
        let squares: f64 = beta[1..].iter().map(|b| b * b).sum();
        self.loss(beta) + self.penalty / 2.0 * squares
    }

    /// Natural log-likelihood of a model.
    #[must_use]
    pub fn log_likelihood(&self, model: &Logistic) -> f64 {
        -self.loss(&all_of(model))
    }

    /// Standard errors, the intercept's first, from the observed information; `None` where it is
    /// singular. With a penalty they are those of the penalised curve.
    #[must_use]
    pub fn standard_errors(&self, model: &Logistic) -> Option<Vec<f64>> {
        let beta = all_of(model);
        let inverse = Cholesky::of(self.derivatives(&beta).1, beta.len(), 1e-12)?.inverse();
        Some(inverse.iter().step_by(beta.len() + 1).map(|variance| variance.sqrt()).collect())
    }

    /// Whether one more step would still move a row outwards while it moves none inwards: the sign
    /// of rows that can be told apart (A. Albert, J. A. Anderson, Biometrika 71, 1984).
    fn is_separated(&self, beta: &[f64]) -> bool {
        let (gradient, hessian) = self.derivatives(beta);
        let Some(curvature) = Cholesky::of(hessian, beta.len(), 1e-12) else { return false };
        let step = curvature.solved(gradient);
        let mut farthest = 0.0_f64;
        for (row, target) in self.rows.iter().zip(self.targets) {
            let outwards = -logit(row, &step) * (2.0 * target - 1.0);
            if outwards < -1e-4 {
                return false;
            }
            farthest = farthest.max(outwards);
        }
        farthest > 0.1
    }

    /// The gradient, and the lower half of the Hessian, row by row.
    fn derivatives(&self, beta: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let size = beta.len();
        let (mut gradient, mut hessian) = (vec![0.0; size], vec![0.0; size * size]);
        for (number, (row, target)) in self.rows.iter().zip(self.targets).enumerate() {
            let own = self.weight(number);
            let p = sigmoid(logit(row, beta));
            let residual = own * (p - target);
            let weight = own * (p * (1.0 - p));
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
            gradient[at] += self.penalty * beta[at];
            hessian[at * size + at] += self.penalty;
        }
        (gradient, hessian)
    }
}

fn all_of(model: &Logistic) -> Vec<f64> {
    std::iter::once(model.intercept).chain(model.coefficients.iter().copied()).collect()
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
        for steps in [12, 100] {
            let free = logistic(matrix, &labels, 0.0, steps).unwrap();
            assert_eq!(free.status, FitStatus::Separated);
        }
        // Told apart but for two rows at the same place: only the odds of that place are finite.
        let rows = [-1.0, 0.0, 0.0, 1.0];
        let mixed = [false, false, true, true];
        let free = logistic(Matrix::new(&rows, 1).unwrap(), &mixed, 0.0, 100).unwrap();
        assert_eq!(free.status, FitStatus::Separated);
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
