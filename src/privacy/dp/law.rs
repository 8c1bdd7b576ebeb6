//! The probabilities of discrete noise, and how far an answer may be off.

use super::{positive, probability};
use crate::error::{Code, Error, Result};
use crate::stats::special::error::normal_quantile;

/// P(X = k) of discrete Laplace noise: (1 − z)/(1 + z) · z^|k|, z = e^(−1/scale).
#[must_use]
pub fn laplace_mass(scale: f64, k: i64) -> f64 {
    let z = libm::exp(-1.0 / scale);
    -libm::expm1(-1.0 / scale) / (1.0 + z) * libm::exp(-(k.unsigned_abs() as f64) / scale)
}

/// The variance of discrete Laplace noise: 2z/(1 − z)².
#[must_use]
pub fn laplace_variance(scale: f64) -> f64 {
    let (z, rest) = (libm::exp(-1.0 / scale), libm::expm1(-1.0 / scale));
    2.0 * z / (rest * rest)
}

/// P(|X| ≥ k) of discrete Laplace noise: 2z^k/(1 + z) for k above 0.
#[must_use]
pub fn laplace_tail(scale: f64, k: u64) -> f64 {
    if k == 0 {
        return 1.0;
    }
    2.0 * libm::exp(-(k as f64) / scale) / (1.0 + libm::exp(-1.0 / scale))
}

/// Σ e^(−k²/2σ²) over all integers.
fn gaussian_total(sigma: f64) -> f64 {
    if sigma > 2.0 {
        // By Poisson's summation, of which the first terms suffice.
        let term = libm::exp(-2.0 * (std::f64::consts::PI * sigma).powi(2));
        return sigma * (2.0 * std::f64::consts::PI).sqrt() * (1.0 + 2.0 * term);
    }
    1.0 + 2.0 * (1..100).map(|k| weight(sigma, f64::from(k))).sum::<f64>()
}

fn weight(sigma: f64, k: f64) -> f64 {
    libm::exp(-k * k / (2.0 * sigma * sigma))
}

/// P(X = k) of discrete Gaussian noise: e^(−k²/2σ²) over its sum.
#[must_use]
pub fn gaussian_mass(sigma: f64, k: i64) -> f64 {
    weight(sigma, k.unsigned_abs() as f64) / gaussian_total(sigma)
}

/// The variance of discrete Gaussian noise: a little below σ² for small σ.
#[must_use]
pub fn gaussian_variance(sigma: f64) -> f64 {
    if sigma > 10.0 {
        return sigma * sigma;
    }
    let sum: f64 = (1..500).map(f64::from).map(|k| k * k * weight(sigma, k)).sum();
    2.0 * sum / gaussian_total(sigma)
}

/// How far continuous noise lies from 0 at most, but for a share `alpha`: Laplace s·ln(1/α).
///
/// # Errors
/// `invalid-option` unless the scale is above 0 and α between 0 and 1.
pub fn laplace_accuracy(scale: f64, alpha: f64) -> Result<(f64, f64)> {
    check(scale, alpha)?;
    let discrete = libm::log(2.0 / (alpha * (1.0 + libm::exp(-1.0 / scale))));
    Ok((scale * -libm::log(alpha), scale * discrete))
}

/// The same for Gaussian noise: σ Φ⁻¹(1 − α/2), and the smallest integer a with P(|X| ≥ a) ≤ α
/// of the discrete one.
///
/// # Errors
/// As [`laplace_accuracy`]; `overflow` for σ beyond 10^6.
pub fn gaussian_accuracy(sigma: f64, alpha: f64) -> Result<(f64, f64)> {
    check(sigma, alpha)?;
    if sigma > 1e6 {
        return Err(
            Error::new(Code::Overflow, "this is told up to a scale of 1,000,000").at_path("scale")
        );
    }
    let continuous = sigma * -normal_quantile(alpha / 2.0).unwrap_or(0.0);
    // From where nothing is left inwards, until what was passed exceeds α.
    let far = (sigma * (2.0 * (45.0 - libm::log(alpha))).sqrt()).ceil().max(1.0);
    let total = gaussian_total(sigma);
    let (mut at, mut passed) = (far, 0.0);
    while at > 0.0 {
        passed += 2.0 * weight(sigma, at) / total;
        if passed > alpha {
            return Ok((continuous, at + 1.0));
        }
        at -= 1.0;
    }
    // Only P(|X| ≥ 0) = 1 is left.
    Ok((continuous, 1.0))
}

fn check(scale: f64, alpha: f64) -> Result<()> {
    positive(scale, "scale")?;
    probability(alpha, "alpha")
}
