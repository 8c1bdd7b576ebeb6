//! Accelerated failure time: by which factor each column stretches the time to an end.
//!
//! `ln T = intercept + x·β + σ·W`, with `W` of minimum extreme values (`T` Weibull), normal (log-normal)
//! or logistic (log-logistic). Lives may be seen from a later entry on: their likelihood is divided by
//! the probability to have lasted until then.
//!
//! The search goes over `γ = β/σ` and `θ = 1/σ`, in which the likelihood without late entries is concave
//! for all three.
//!
//! When not to use it: where the hazard has a shape that none of the three can have. For log-normal and
//! log-logistic hazards rise and fall; a Weibull hazard does one of both.
//!
//! # References
//! J. D. Kalbfleisch, R. L. Prentice, "The Statistical Analysis of Failure Time Data" (2002), §2.2, §3.6.
//! R. J. Olsen, "Note on the Uniqueness of the Maximum Likelihood Estimator for the Tobit Model",
//! Econometrica 46 (1978) 1211–1215.
#![allow(clippy::indexing_slicing)] // Parameters are the columns and two more; matrices are their squares.

use super::concordance::concordance;
use super::cox::{Forecast, Test};
use super::sample::{Sample, dot, quadratic};
use crate::error::{Code, Error, Result};
use crate::stats::peak::{Peak, Trouble, peak};
use crate::stats::special::error::{normal, normal_density, normal_quantile};

/// The distribution of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Weibull: the hazard only rises or only falls.
    Weibull,
    /// Log-normal: the hazard rises and falls.
    LogNormal,
    /// Log-logistic: the same with a heavier tail.
    LogLogistic,
}

/// A fitted regression.
#[derive(Clone, Debug)]
pub struct Aft {
    /// Intercept, and the change of `ln T` per unit of each column.
    pub coefficients: Vec<f64>,
    /// σ.
    pub scale: f64,
    /// The covariance of intercept, coefficients and `ln σ`, row by row: the inverse of the observed
    /// information.
    pub covariance: Vec<f64>,
    /// Logarithm of the likelihood of the times.
    pub log_likelihood: f64,
    /// The same without columns.
    pub null_log_likelihood: f64,
    /// Share of pairs of lives that end in the order told; `None` where no pair counts.
    pub concordance: Option<f64>,
    /// Steps of the search.
    pub steps: u32,
    distribution: Distribution,
}

/// A logarithm of a density or of a survival with its first two derivatives.
type Logarithm = (f64, f64, f64);

impl Distribution {
    /// `ln f(z)`.
    fn density(self, z: f64) -> Logarithm {
        const LN_ROOT_OF_TWO_PI: f64 = 0.918_938_533_204_672_7;
        match self {
            Distribution::Weibull => {
                let power = libm::exp(z);
                (z - power, 1.0 - power, -power)
            }
            Distribution::LogNormal => (-0.5 * z * z - LN_ROOT_OF_TWO_PI, -z, -1.0),
            Distribution::LogLogistic => {
                let (log, slope, bend) = self.survival(z);
                (z + 2.0 * log, 1.0 + 2.0 * slope, 2.0 * bend)
            }
        }
    }

    /// `ln S(z)`.
    fn survival(self, z: f64) -> Logarithm {
        match self {
            Distribution::Weibull => {
                let power = libm::exp(z);
                (-power, -power, -power)
            }
            Distribution::LogNormal => {
                let (log, hazard) = if z < 5.0 {
                    let upper = normal(z).upper;
                    (libm::log(upper), normal_density(z) / upper)
                } else {
                    // Laplace's continued fraction of the hazard: in the tail both parts vanish.
                    let hazard = (1..60).rev().fold(z, |rest, k| z + f64::from(k) / rest);
                    (self.density(z).0 - libm::log(hazard), hazard)
                };
                (log, -hazard, -hazard * (hazard - z))
            }
            Distribution::LogLogistic => {
                let small = libm::exp(-z.abs());
                let p = if z > 0.0 { 1.0 } else { small } / (1.0 + small);
                (-(z.max(0.0) + libm::log1p(small)), -p, -p * (1.0 - p))
            }
        }
    }

    /// The `z` at which the survival is ½.
    fn median(self) -> f64 {
        const LN_LN_2: f64 = -0.366_512_920_581_664_35;
        if self == Distribution::Weibull { LN_LN_2 } else { 0.0 }
    }
}

/// Fits.
///
/// # Errors
/// `invalid-option` for a time of 0, which has no logarithm; `not-identifiable` where columns say the
/// same or one separates the lives that end, with the column's name, or where times do not vary.
pub fn aft(sample: &Sample, distribution: Distribution) -> Result<Aft> {
    if sample.lives.iter().any(|life| life.time <= 0.0) {
        return Err(Error::new(
            Code::InvalidOption,
            "a time of 0 has no logarithm: only Cox takes it",
        ));
    }
    sample.check_columns()?;
    let count = sample.lives.len() as f64;
    // Times near 1 are as good as any.
    let middle = sample.lives.iter().map(|life| libm::log(life.time)).sum::<f64>() / count;
    let found = fit(sample, distribution, middle)?;
    let null = fit(&sample.bare(), distribution, middle)?;
    let size = sample.size();
    let all = size + 2;
    let scale = 1.0 / found.point[size + 1];
    let beta: Vec<f64> = found.point[..=size].iter().map(|x| x * scale).collect();
    let per_unit = |at: usize| 1.0 / sample.spreads[at];
    let back = |values: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let mut raw: Vec<f64> = (0..size).map(|at| values(at + 1) * per_unit(at)).collect();
        raw.insert(0, values(0) - dot(&raw, &sample.centres));
        raw
    };
    let mut coefficients = back(&|at| beta[at]);
    coefficients[0] += middle;
    // Derivatives of (intercept, coefficients, ln σ) by each of (γ, θ), one list for each of these.
    let by = |column: usize| {
        let last = column == size + 1;
        let mut slopes = back(&|at| match () {
            () if last => -beta[at] * scale,
            () if at == column => scale,
            () => 0.0,
        });
        slopes.push(if last { -scale } else { 0.0 });
        slopes
    };
    let slopes: Vec<Vec<f64>> = (0..all).map(by).collect();
    let mut covariance = vec![0.0; all * all];
    for (a, slopes_a) in slopes.iter().enumerate() {
        for (b, slopes_b) in slopes.iter().enumerate() {
            let spread = found.covariance[a * all + b];
            for (at, slot) in covariance.iter_mut().enumerate() {
                *slot += spread * slopes_a[at / all] * slopes_b[at % all];
            }
        }
    }
    let linear: Vec<f64> =
        (0..sample.lives.len()).map(|row| -dot(sample.row(row), &beta[1..])).collect();
    Ok(Aft {
        coefficients,
        scale,
        covariance,
        log_likelihood: found.value,
        null_log_likelihood: null.value,
        concordance: concordance(&sample.lives, &[], &linear),
        steps: found.steps,
        distribution,
    })
}

fn fit(sample: &Sample, distribution: Distribution, middle: f64) -> Result<Peak> {
    let size = sample.size();
    let last = size + 1;
    let start = (0..=last).map(|at| if at == last { 1.0 } else { 0.0 }).collect();
    let mut slopes = vec![0.0; size + 2];
    peak(start, &mut |point, gradient, information| {
        let precision = point[last];
        if precision <= 0.0 {
            return f64::NAN;
        }
        let (mut value, mut ends, mut log_times) = (0.0, 0.0, 0.0);
        for (row, life) in sample.lives.iter().enumerate() {
            let x = sample.row(row);
            let linear = point[0] + dot(x, &point[1..=size]);
            slopes[0] = -1.0;
            slopes[1..=size].iter_mut().zip(x).for_each(|(slope, x)| *slope = -x);
            let mut add = |log_time: f64, sign: f64, of: &dyn Fn(f64) -> Logarithm| {
                let y = log_time - middle;
                let (log, slope, bend) = of(precision * y - linear);
                slopes[last] = y;
                value += sign * log;
                gradient.iter_mut().zip(&slopes).for_each(|(sum, s)| *sum += sign * slope * s);
                super::sample::add_square(information, &slopes, -sign * bend);
            };
            let log_time = libm::log(life.time);
            if life.has_ended {
                add(log_time, 1.0, &|z| distribution.density(z));
                (ends, log_times) = (ends + 1.0, log_times + log_time);
            } else {
                add(log_time, 1.0, &|z| distribution.survival(z));
            }
            if life.entry > 0.0 {
                add(libm::log(life.entry), -1.0, &|z| distribution.survival(z));
            }
        }
        gradient[last] += ends / precision;
        information[last * (size + 3)] += ends / (precision * precision);
        value + ends * libm::log(precision) - log_times
    })
    .map_err(|trouble| match trouble {
        Trouble::Endless(at) | Trouble::Flat(at) if at == last => Error::new(
            Code::NotIdentifiable,
            "the times vary too little, or in no way that tells a scale",
        ),
        // The first variable is the intercept, which no column is.
        Trouble::Endless(at) => sample.trouble(Trouble::Endless(at.wrapping_sub(1))),
        Trouble::Flat(at) => sample.trouble(Trouble::Flat(at.wrapping_sub(1))),
        Trouble::Lost => sample.trouble(trouble),
    })
}

impl Aft {
    /// `intercept + x·β`, and that row with a 1 before it and a 0 behind.
    fn linear(&self, row: &[f64]) -> (f64, Vec<f64>) {
        let mut x = vec![1.0];
        x.extend_from_slice(row);
        let linear = dot(&x, &self.coefficients);
        x.push(0.0);
        (linear, x)
    }

    /// The time by which half of the lives with these columns have ended, with its interval: an
    /// infinite end where it is beyond all numbers.
    #[must_use]
    pub fn median(&self, row: &[f64], confidence: f64) -> [f64; 3] {
        let (linear, mut x) = self.linear(row);
        let log = linear + self.scale * self.distribution.median();
        if let Some(last) = x.last_mut() {
            *last = self.scale * self.distribution.median();
        }
        let reach = self.reach(&x, confidence);
        [libm::exp(log), libm::exp(log - reach), libm::exp(log + reach)]
    }

    fn reach(&self, slopes: &[f64], confidence: f64) -> f64 {
        let z = -normal_quantile((1.0 - confidence) / 2.0).unwrap_or(0.0);
        z * quadratic(&self.covariance, slopes).max(0.0).sqrt()
    }

    /// The curve of a life with these columns, at these times; intervals by the delta method on `z`.
    #[must_use]
    pub fn curve(&self, row: &[f64], times: &[f64], confidence: f64) -> Vec<Forecast> {
        let (linear, mut x) = self.linear(row);
        let at = |time: &f64| {
            if *time <= 0.0 {
                return Forecast { time: *time, survival: 1.0, low: 1.0, high: 1.0 };
            }
            let z = (libm::log(*time) - linear) / self.scale;
            if let Some(last) = x.last_mut() {
                *last = z * self.scale;
            }
            let reach = self.reach(&x, confidence) / self.scale;
            let of = |z: f64| libm::exp(self.distribution.survival(z).0);
            Forecast { time: *time, survival: of(z), low: of(z + reach), high: of(z - reach) }
        };
        times.iter().map(at).collect()
    }

    /// Tests whether all coefficients but the intercept are 0, by the ratio of likelihoods.
    #[must_use]
    pub fn ratio_test(&self) -> Option<Test> {
        let columns = self.coefficients.len() - 1;
        Test::new(2.0 * (self.log_likelihood - self.null_log_likelihood), columns)
    }
}
