//! Gaussian mixtures with full covariances, fitted by expectation and maximisation.
//!
//! Right for elliptic, overlapping groups and where a share of membership is wanted; each
//! component has p·(p+1)/2 + p + 1 numbers, so it needs many more rows than that.
//!
//! # References
//! A. P. Dempster, N. M. Laird, D. B. Rubin, JRSS B 39 (1977). G. Schwarz, Annals of Statistics 6
//! (1978), for the Bayesian information criterion.
#![allow(clippy::indexing_slicing)] // Components are below `k`, and squares have p·p entries.

use crate::error::{Code, Error, Result};
use crate::learn::matrix::Matrix;

/// How a mixture is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct MixtureOptions {
    /// Added to every variance, so that a component on equal rows stays a distribution. In squared
    /// units of the columns.
    pub least_variance: f64,
    /// Stops once a step changes the mean log-likelihood by less.
    pub tolerance: f64,
    /// The most steps.
    pub most_steps: u32,
}

impl Default for MixtureOptions {
    fn default() -> Self {
        MixtureOptions { least_variance: 1e-6, tolerance: 1e-10, most_steps: 10_000 }
    }
}

/// A fitted mixture, components in the order of the start means.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// Share of each component; they sum to 1.
    pub weights: Vec<f64>,
    /// Means, one after the other, each as wide as a row.
    pub means: Vec<f64>,
    /// Covariances, one after the other, each a square in row order.
    pub covariances: Vec<f64>,
    /// Mean log-likelihood of a row, in nats.
    pub mean_log_likelihood: f64,
    /// Bayesian information criterion: lower is better.
    pub bic: f64,
    /// Akaike's information criterion: lower is better.
    pub aic: f64,
    /// Share of each row in each component, row after row; each row sums to 1.
    pub memberships: Vec<f64>,
    /// Steps taken.
    pub steps: u32,
    /// Whether it settled within the most steps.
    pub converged: bool,
}

/// A fit under way, one step of expectation and maximisation after the other.
#[derive(Clone, Debug)]
pub struct Fitting {
    options: MixtureOptions,
    weights: Vec<f64>,
    means: Vec<f64>,
    covariances: Vec<f64>,
    memberships: Vec<f64>,
    last: f64,
    steps: u32,
}

impl Fitting {
    /// From start means, equal weights and identity covariances.
    ///
    /// # Errors
    /// As [`mixture`].
    pub fn new(rows: Matrix<'_>, start: &[f64], options: &MixtureOptions) -> Result<Self> {
        let (n, p) = (rows.rows(), rows.columns());
        let k = start.len() / p;
        if k == 0 || start.len() != k * p || start.iter().any(|value| !value.is_finite()) {
            return Err(Error::new(
                Code::InvalidOption,
                "start means are finite and as wide as the rows",
            ));
        }
        if n < k {
            return Err(Error::new(Code::NotEnoughData, "there are more components than rows"));
        }
        let identity = |at: usize| f64::from(u8::from(at / p == at % p));
        Ok(Fitting {
            options: options.clone(),
            weights: vec![1.0 / k as f64; k],
            means: start.to_vec(),
            covariances: (0..k).flat_map(|_| (0..p * p).map(identity)).collect(),
            memberships: vec![0.0; n * k],
            last: f64::NEG_INFINITY,
            steps: 0,
        })
    }

    /// One step over the rows of [`new`](Self::new); the mixture once it has settled, or after the
    /// most steps.
    ///
    /// # Errors
    /// `not-identifiable` where a component has lost its rows or its covariance is singular.
    pub fn step(&mut self, rows: Matrix<'_>) -> Result<Option<Mixture>> {
        let Fitting { options, weights, means, covariances, memberships, last, steps } = self;
        let likelihood = expect(rows, weights, means, covariances, memberships)?;
        let converged = (likelihood - *last).abs() < options.tolerance;
        if !converged && *steps < options.most_steps {
            *last = likelihood;
            *steps += 1;
            maximise(rows, memberships, options.least_variance, weights, means, covariances)?;
            return Ok(None);
        }
        let (n, p, k) = (rows.rows(), rows.columns(), weights.len());
        let q = (k * p * (p + 1) / 2 + k * p + k - 1) as f64;
        let twice = -2.0 * n as f64 * likelihood;
        Ok(Some(Mixture {
            weights: std::mem::take(weights),
            means: std::mem::take(means),
            covariances: std::mem::take(covariances),
            mean_log_likelihood: likelihood,
            bic: twice + q * libm::log(n as f64),
            aic: twice + 2.0 * q,
            memberships: std::mem::take(memberships),
            steps: *steps,
            converged,
        }))
    }
}

/// Fits `k` components from their start means, equal weights and identity covariances.
///
/// # Errors
/// `not-enough-data` with fewer rows than components, `invalid-option` for means of another width,
/// `not-identifiable` where a component has lost its rows or its covariance is singular.
pub fn mixture(rows: Matrix<'_>, start: &[f64], options: &MixtureOptions) -> Result<Mixture> {
    let mut fitting = Fitting::new(rows, start, options)?;
    loop {
        if let Some(found) = fitting.step(rows)? {
            return Ok(found);
        }
    }
}

/// The component that each row most likely belongs to, the first of equally likely ones.
///
/// # Errors
/// `not-identifiable` for a singular covariance, `overflow` where a likelihood is beyond the range
/// of a float.
pub fn components(
    rows: Matrix<'_>,
    weights: &[f64],
    means: &[f64],
    covariances: &[f64],
) -> Result<Vec<u32>> {
    let mut memberships = vec![0.0; rows.rows() * weights.len()];
    expect(rows, weights, means, covariances, &mut memberships)?;
    let most = |shares: &[f64]| {
        let mut best = 0;
        for (at, share) in shares.iter().enumerate() {
            if *share > shares[best] {
                best = at;
            }
        }
        best as u32
    };
    Ok(memberships.chunks_exact(weights.len()).map(most).collect())
}

/// Fills in the memberships and returns the mean log-likelihood.
fn expect(
    rows: Matrix<'_>,
    weights: &[f64],
    means: &[f64],
    covariances: &[f64],
    memberships: &mut [f64],
) -> Result<f64> {
    let (n, p, k) = (rows.rows(), rows.columns(), weights.len());
    let mut roots = Vec::with_capacity(k);
    for (component, covariance) in covariances.chunks_exact(p * p).enumerate() {
        let root = cholesky(covariance, p)?;
        let log_determinant: f64 = (0..p).map(|at| libm::log(root[at * p + at])).sum();
        let constant = libm::log(weights[component])
            - 0.5 * p as f64 * libm::log(std::f64::consts::TAU)
            - log_determinant;
        roots.push((root, constant));
    }
    let mut whitened = vec![0.0; p];
    let mut total = 0.0;
    for (row, shares) in rows.iter().zip(memberships.chunks_exact_mut(k)) {
        for (component, (root, constant)) in roots.iter().enumerate() {
            let mean = &means[component * p..(component + 1) * p];
            let mut square = 0.0;
            for i in 0..p {
                let known: f64 = (0..i).map(|j| root[i * p + j] * whitened[j]).sum();
                whitened[i] = (row[i] - mean[i] - known) / root[i * p + i];
                square += whitened[i] * whitened[i];
            }
            shares[component] = constant - 0.5 * square;
        }
        let most = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = shares.iter().map(|share| libm::exp(share - most)).sum();
        let log = most + libm::log(sum);
        shares.iter_mut().for_each(|share| *share = libm::exp(*share - log));
        total += log;
    }
    let mean = total / n as f64;
    if mean.is_finite() { Ok(mean) } else { Err(lost()) }
}

fn maximise(
    rows: Matrix<'_>,
    memberships: &[f64],
    least_variance: f64,
    weights: &mut [f64],
    means: &mut [f64],
    covariances: &mut [f64],
) -> Result<()> {
    let (n, p, k) = (rows.rows(), rows.columns(), weights.len());
    for component in 0..k {
        let shares = || memberships.iter().skip(component).step_by(k);
        let size: f64 = shares().sum();
        // Less than a thousandth of a row is no component.
        if size < 1e-3 {
            return Err(lost());
        }
        weights[component] = size / n as f64;
        let mean = &mut means[component * p..(component + 1) * p];
        mean.fill(0.0);
        for (row, share) in rows.iter().zip(shares()) {
            mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += share / size * value);
        }
        let covariance = &mut covariances[component * p * p..(component + 1) * p * p];
        covariance.fill(0.0);
        for (row, share) in rows.iter().zip(shares()) {
            for i in 0..p {
                let scaled = share / size * (row[i] - mean[i]);
                for j in 0..=i {
                    covariance[i * p + j] += scaled * (row[j] - mean[j]);
                }
            }
        }
        for i in 0..p {
            covariance[i * p + i] += least_variance;
            for j in 0..i {
                covariance[j * p + i] = covariance[i * p + j];
            }
        }
    }
    Ok(())
}

fn lost() -> Error {
    Error::new(
        Code::NotIdentifiable,
        "a component lost its rows or its spread: use fewer components, or other start means",
    )
}

/// The lower triangle `L` of `L·Lᵀ`, as a full square.
fn cholesky(square: &[f64], p: usize) -> Result<Vec<f64>> {
    let mut root = vec![0.0; p * p];
    for i in 0..p {
        for j in 0..=i {
            let known: f64 = (0..j).map(|at| root[i * p + at] * root[j * p + at]).sum();
            let rest = square[i * p + j] - known;
            if i != j {
                root[i * p + j] = rest / root[j * p + j];
            } else if rest > 0.0 && rest.is_finite() {
                root[i * p + i] = rest.sqrt();
            } else {
                return Err(lost());
            }
        }
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn a_planted_mixture_is_recovered() {
        let mut random = Random::new(6, 0);
        let mut values = Vec::new();
        for _ in 0..3000 {
            if random.unit() < 0.3 {
                values.push(random.normal() * 0.5 - 4.0);
            } else {
                values.push(random.normal() * 2.0 + 4.0);
            }
        }
        let rows = Matrix::new(&values, 1).unwrap();
        let found = mixture(rows, &[-1.0, 1.0], &MixtureOptions::default()).unwrap();
        assert!(found.converged);
        assert!((found.weights[0] - 0.3).abs() < 0.03, "{:?}", found.weights);
        assert!((found.means[0] + 4.0).abs() < 0.1 && (found.means[1] - 4.0).abs() < 0.2);
        assert!((found.covariances[0] - 0.25).abs() < 0.05);
        assert!((found.covariances[1] - 4.0).abs() < 0.5);
        assert!(found.memberships.chunks(2).all(|row| (row[0] + row[1] - 1.0).abs() < 1e-12));
    }

    #[test]
    fn degenerate_input_is_named() {
        let same = [3.0; 5];
        let rows = Matrix::new(&same, 1).unwrap();
        let one = mixture(rows, &[0.0], &MixtureOptions::default()).unwrap();
        assert!((one.covariances[0] - 1e-6).abs() < 1e-12 && one.bic.is_finite());
        let code =
            |start: &[f64]| mixture(rows, start, &MixtureOptions::default()).unwrap_err().code();
        assert_eq!(code(&[3.0, 1e6]), Code::NotIdentifiable);
        assert_eq!(code(&[0.0; 6]), Code::NotEnoughData);
        assert_eq!(code(&[]), Code::InvalidOption);
        assert_eq!(code(&[f64::NAN]), Code::InvalidOption);
    }
}
