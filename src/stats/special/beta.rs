//! Log-beta, and the incomplete beta function with its inverse.
//!
//! # Method
//! A continued fraction on the side of the mean where it converges in about `√max(a, b)` steps, so
//! that the tail on that side is computed and never subtracted.
//!
//! # References
//! A. R. DiDonato, A. H. Morris, "Algorithm 708: Significant Digit Computation of the Incomplete
//! Beta Function Ratios", ACM TOMS 18 (1992). NIST Digital Library of Mathematical Functions, §8.17.

use super::gamma::stirling_error;
use super::{Tails, increasing_root, log_ratio_minus};

/// `ln B(a, b)` for positive `a` and `b`; `None` elsewhere.
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> Option<f64> {
    let is_good = |value: f64| value > 0.0 && value.is_finite();
    if !(is_good(a) && is_good(b)) {
        return None;
    }
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if large < 10.0 {
        return Some(libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b));
    }
    // ln Γ(large) − ln Γ(large + small) without the difference of two large numbers.
    let ratio = small / large;
    let ratio_of_gammas = (0.5 - large - small) * libm::log1p(ratio)
        - small * (libm::log(large) - 1.0)
        + stirling_error(large)
        - stirling_error(large + small);
    Some(libm::lgamma(small) + ratio_of_gammas)
}

/// `(a + b)·x − a` with `y = 1 − x`: how far `x` is above the mean, times `a + b`. From the smaller
/// of `x` and `y`, which has all its digits.
fn from_mean(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    if x <= y { x.mul_add(n, -a) } else { -y.mul_add(n, -b) }
}

/// `xᵃ·yᵇ/B(a, b)` with `y = 1 − x`: the density of the beta distribution times `x·y`.
fn prefix(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let distance = from_mean(a, b, x, y);
    let deviance =
        a * log_ratio_minus(n * x, a, distance) + b * log_ratio_minus(n * y, b, -distance);
    let at_mean = stirling_error(n) - stirling_error(a) - stirling_error(b);
    (a / n * b / std::f64::consts::TAU).sqrt() * libm::exp(deviance + at_mean)
}

/// `I_x(a, b)/(xᵃ·yᵇ/B(a, b))` below the mean, by the continued fraction of DiDonato and Morris,
/// evaluated by Lentz's method. Below the mean its parts do not cancel.
fn fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    // a·y − b·x + 1.
    let below = 1.0 - from_mean(a, b, x, y);
    let denominator = |m: f64| {
        let first = m + m * (b - m) * x / (a + 2.0 * m - 1.0);
        first + (a + m) * (below + m * (1.0 + y)) / (a + 2.0 * m + 1.0)
    };
    let mut value = away(a * below / (a + 1.0));
    let mut c = value;
    let mut d = 0.0;
    let mut m = 0.0;
    for _ in 0..1_000_000 {
        m += 1.0;
        let shifted = a + 2.0 * m - 1.0;
        let numerator =
            (a + m - 1.0) / shifted * ((a + b + m - 1.0) / shifted) * m * (b - m) * x * x;
        let part = denominator(m);
        d = 1.0 / away(part + numerator * d);
        c = away(part + numerator / c);
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    1.0 / value
}

/// The regularized incomplete beta function `I_x(a, b)`: both tails of the beta distribution at
/// `x`. `None` unless `a` and `b` are positive and finite and `0 ≤ x ≤ 1`.
#[must_use]
pub fn incomplete_beta(a: f64, b: f64, x: f64) -> Option<Tails> {
    incomplete_beta_of_odds(a, b, x, 1.0 - x)
}

/// [`incomplete_beta`] where `x` and its complement `y` are both known: near 1 the complement
/// has digits that `1 − x` has lost.
#[must_use]
pub fn incomplete_beta_of_odds(a: f64, b: f64, x: f64, y: f64) -> Option<Tails> {
    let is_good = |value: f64| value > 0.0 && value.is_finite();
    let is_share = |value: f64| (0.0..=1.0).contains(&value);
    if !(is_good(a) && is_good(b) && is_share(x) && is_share(y)) {
        return None;
    }
    if x == 0.0 {
        return Some(Tails::ABOVE);
    }
    if y == 0.0 {
        return Some(Tails::BELOW);
    }
    Some(beta_tails(a, b, x, y))
}

fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> Tails {
    let prefix = prefix(a, b, x, y);
    // The mean, moved inwards where a parameter is below 1 and the density is high at an end.
    let is_below =
        if a < 1.0 || b < 1.0 { x * (a + b + 2.0) < a + 1.0 } else { from_mean(a, b, x, y) < 0.0 };
    if is_below {
        Tails::of_lower(prefix * fraction(a, b, x, y))
    } else {
        Tails::of_upper(prefix * fraction(b, a, y, x))
    }
}

/// The `x` at which [`incomplete_beta`] has these tails: the quantile of the beta distribution.
/// Only the smaller tail decides. `None` unless `a` and `b` are positive and finite and the tails
/// are probabilities.
#[must_use]
pub fn inverse_incomplete_beta(a: f64, b: f64, tails: Tails) -> Option<f64> {
    let Tails { lower, upper } = tails;
    let is_good = |value: f64| value > 0.0 && value.is_finite();
    let is_share = |value: f64| (0.0..=1.0).contains(&value);
    if !(is_good(a) && is_good(b) && is_share(lower) && is_share(upper)) {
        return None;
    }
    if lower == 0.0 {
        return Some(0.0);
    }
    if upper == 0.0 {
        return Some(1.0);
    }
    // In the log-odds of x, where both ends are far away and a tail is nearly a straight line in
    // its logarithm.
    let of_lower = lower <= upper;
    let mean = libm::log(a / b);
    let root = increasing_root(-745.0, 745.0, mean, |u| {
        let (x, y) = shares(u);
        let found = beta_tails(a, b, x, y);
        let slope = prefix(a, b, x, y);
        if of_lower {
            (libm::log(found.lower) - libm::log(lower), slope / found.lower)
        } else {
            (libm::log(upper) - libm::log(found.upper), slope / found.upper)
        }
    });
    let (x, y) = shares(root);
    let slope = prefix(a, b, x, y);
    if slope == 0.0 {
        return Some(x);
    }
    // The log-odds have fewer digits than x: one step in x itself.
    let found = beta_tails(a, b, x, y);
    let excess = if of_lower { found.lower - lower } else { upper - found.upper };
    Some((x - x * (y * (excess / slope))).clamp(0.0, 1.0))
}

/// `x` and `1 − x` of log-odds.
fn shares(log_odds: f64) -> (f64, f64) {
    let odds = libm::exp(-log_odds.abs());
    let (small, large) = (odds / (1.0 + odds), 1.0 / (1.0 + odds));
    if log_odds < 0.0 { (small, large) } else { (large, small) }
}
