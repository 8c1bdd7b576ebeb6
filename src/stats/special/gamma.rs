//! Log-gamma, digamma, and the incomplete gamma function with its inverse.
//!
//! # Method
//! The incomplete function is the power series below the mode and Legendre's continued fraction
//! above it, so that the smaller tail is always computed and never subtracted. Near the mode of
//! a large `a`, where both need about `√a` terms, it is Temme's uniform expansion.
//!
//! # References
//! NIST Digital Library of Mathematical Functions, §5.11, §8.7, §8.9 and §8.12. N. M. Temme,
//! "The asymptotic expansion of the incomplete gamma functions", SIAM J. Math. Anal. 10 (1979).

use super::error::erfc;
use super::{Tails, increasing_root, log_ratio_minus};

/// `ln Γ(x)` for `x > 0`; `None` elsewhere.
#[must_use]
pub fn ln_gamma(x: f64) -> Option<f64> {
    (x > 0.0 && x.is_finite()).then(|| libm::lgamma(x))
}

/// `ln Γ(x) − [(x − ½)·ln x − x + ½·ln 2π]`, the error of Stirling's formula, for `x > 0`.
pub(crate) fn stirling_error(x: f64) -> f64 {
    if x < 15.0 {
        const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;
        return libm::lgamma(x) - (x - 0.5) * libm::log(x) + x - HALF_LN_TWO_PI;
    }
    // B(2k)/(2k·(2k − 1)) for k = 1, 2, … 8.
    const SERIES: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    let inverse_square = 1.0 / (x * x);
    SERIES.iter().rev().fold(0.0, |sum, term| sum * inverse_square + term) / x
}

/// The digamma function `d ln Γ(x)/dx` for `x > 0`; `None` elsewhere.
///
/// Around its root at 1.4616… the value is written as a multiple of the distance to the root, so
/// that it keeps its relative accuracy down to distances of 1e-15.
#[must_use]
pub fn digamma(x: f64) -> Option<f64> {
    if !(x > 0.0 && x.is_finite()) {
        return None;
    }
    // The root in two parts.
    const ROOT: f64 = 1.461_632_144_968_362_2;
    const REST: f64 = 9.549_995_429_965_697e-17;
    if !(0.9..=2.2).contains(&x) {
        let (mut x, mut sum) = (x, 0.0);
        while x < 12.0 {
            sum -= 1.0 / x;
            x += 1.0;
        }
        return Some(sum + libm::log(x) - digamma_rest(x));
    }
    // ψ(x) = ψ(x) − ψ(root), term by term: 1/(root + k) − 1/(x + k) = distance / product.
    let distance = (x - ROOT) - REST;
    let steps = (0..12).map(f64::from);
    let sum: f64 = steps.map(|k| distance / ((x + k) * (ROOT + k))).sum();
    let (far, far_root) = (x + 12.0, ROOT + 12.0);
    // The differences of even powers beside the logarithm are smooth: their cancellation is
    // relative to terms 1e-3 as large as the first.
    let tail = libm::log1p(distance / far_root) + half_inverse_difference(distance, far, far_root);
    Some(sum + tail - power_differences(distance, far, far_root))
}

/// `1/(2x) + Σ B(2k)/(2k·x^(2k))`: what `ln x` is too large by, for `x ≥ 12`.
fn digamma_rest(x: f64) -> f64 {
    let inverse_square = 1.0 / (x * x);
    let sum = DIGAMMA_SERIES.iter().rev().fold(0.0, |sum, term| sum * inverse_square + term);
    0.5 / x + sum * inverse_square
}

/// B(2k)/(2k) for k = 1, 2, … 8.
const DIGAMMA_SERIES: [f64; 8] = [
    1.0 / 12.0,
    -1.0 / 120.0,
    1.0 / 252.0,
    -1.0 / 240.0,
    1.0 / 132.0,
    -691.0 / 32_760.0,
    1.0 / 12.0,
    -3617.0 / 8160.0,
];

/// `1/(2b) − 1/(2a)` for `a − b = distance`.
fn half_inverse_difference(distance: f64, a: f64, b: f64) -> f64 {
    0.5 * distance / (a * b)
}

/// `Σ B(2k)/(2k)·(a^(−2k) − b^(−2k))` for `a − b = distance`, with the distance as a factor.
fn power_differences(distance: f64, a: f64, b: f64) -> f64 {
    let (u, v) = (1.0 / (a * a), 1.0 / (b * b));
    // u − v, from the distance.
    let step = -distance * (a + b) * u * v;
    // (uᵏ − vᵏ)/(u − v) = Σ u^i·v^(k−1−i), by recurrence: q(k+1) = u·q(k) + vᵏ.
    let (mut quotient, mut power, mut sum) = (1.0, v, 0.0);
    for term in DIGAMMA_SERIES {
        sum += term * quotient;
        quotient = u * quotient + power;
        power *= v;
    }
    step * sum
}

/// `xᵃ·e⁻ˣ/Γ(a)`: the density of the gamma distribution times `x`.
fn prefix(a: f64, x: f64) -> f64 {
    let deviance = a * log_ratio_minus(x, a, x - a);
    (a / std::f64::consts::TAU).sqrt() * libm::exp(deviance - stirling_error(a))
}

/// The regularized incomplete gamma function: both tails of the gamma distribution with shape
/// `a` and scale 1 at `x`. `None` unless `a > 0` and `x ≥ 0`, both finite (`x = ∞` is all below).
#[must_use]
pub fn incomplete_gamma(a: f64, x: f64) -> Option<Tails> {
    if !(a > 0.0 && a.is_finite() && x >= 0.0) {
        return None;
    }
    if x == 0.0 {
        return Some(Tails::ABOVE);
    }
    if x == f64::INFINITY {
        return Some(Tails::BELOW);
    }
    Some(gamma_tails(a, x))
}

fn gamma_tails(a: f64, x: f64) -> Tails {
    if a > 1e4 && ((x - a) / a).abs() < 0.05 {
        return near_mode(a, x);
    }
    let prefix = prefix(a, x);
    if prefix == 0.0 {
        return if x < a { Tails::ABOVE } else { Tails::BELOW };
    }
    if x < a + 1.0 {
        // Σ xᵏ / (a·(a+1)·…·(a+k)); all terms are positive.
        let (mut term, mut sum, mut shape) = (1.0 / a, 1.0 / a, a);
        while term > sum * (f64::EPSILON / 8.0) {
            shape += 1.0;
            term *= x / shape;
            sum += term;
        }
        // Where a is small and x is not, the lower tail is nearly all.
        if prefix * sum > 0.9 && x > 0.5 {
            return Tails::of_upper(prefix * fraction(a, x));
        }
        let lower = (prefix * sum).min(1.0);
        return if x <= 0.5 && lower > 0.9 { small_shape(a, x) } else { Tails::of_lower(lower) };
    }
    Tails::of_upper(prefix * fraction(a, x))
}

/// The upper tail for a small shape and a small `x`, where the lower one is nearly all:
/// `Q = 1 − xᵃ/Γ(a+1)·(1 + a·Σ (−x)ᵏ/(k!·(a+k)))`, each part as its distance from 1.
fn small_shape(a: f64, x: f64) -> Tails {
    // xᵃ/Γ(1+a) − 1.
    let factor = libm::expm1(a * libm::log(x) - ln_gamma_1p(a));
    let (mut sum, mut term, mut k) = (0.0, 1.0, 1.0);
    loop {
        term *= -x / k;
        let next = term / (a + k);
        sum += next;
        if next.abs() <= f64::EPSILON / 8.0 * f64::abs(sum) {
            break;
        }
        k += 1.0;
    }
    let upper = -factor - (1.0 + factor) * a * sum;
    Tails { lower: 1.0 - upper, upper: upper.clamp(0.0, 1.0) }
}

/// `ln Γ(1 + a)` for `0 < a`, relative to `a` where `a` is small.
fn ln_gamma_1p(a: f64) -> f64 {
    if a > 0.1 {
        return libm::lgamma(1.0 + a);
    }
    // −γ·a + Σ ζ(k)·(−a)ᵏ/k.
    const ZETA: [f64; 15] = [
        1.644_934_066_848_226_4,
        1.202_056_903_159_594_2,
        1.082_323_233_711_138_2,
        1.036_927_755_143_37,
        1.017_343_061_984_449_2,
        1.008_349_277_381_922_8,
        1.004_077_356_197_944_3,
        1.002_008_392_826_082_2,
        1.000_994_575_127_818,
        1.000_494_188_604_119_5,
        1.000_246_086_553_308,
        1.000_122_713_347_578_5,
        1.000_061_248_135_058_7,
        1.000_030_588_236_307,
        1.000_015_282_259_408_6,
    ];
    const EULER: f64 = 0.577_215_664_901_532_9;
    let (mut sum, mut power, mut k) = (-EULER * a, a * a, 2.0);
    for zeta in ZETA {
        sum += zeta * power / k;
        power *= -a;
        k += 1.0;
    }
    sum
}

/// Legendre's continued fraction for `Γ(a, x)/(xᵃ·e⁻ˣ)`, evaluated by Lentz's method.
fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut value = d;
    let mut k = 0.0;
    for _ in 0..1_000_000 {
        k += 1.0;
        let step = -k * (k - a);
        b += 2.0;
        d = step * d + b;
        if d.abs() < TINY {
            d = TINY;
        }
        c = b + step / c;
        if c.abs() < TINY {
            c = TINY;
        }
        d = 1.0 / d;
        let change = d * c;
        value *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

/// Temme's expansion: `½·erfc(±η·√(a/2)) ± e^(−aη²/2)/√(2πa)·Σ cₖ(η)·a⁻ᵏ`, with `½η²` the
/// deviance of `x/a`. For `a > 1e4` and `|x/a − 1| < 0.05` the terms left out are below 1e-15.
fn near_mode(a: f64, x: f64) -> Tails {
    const C0: [f64; 9] = [
        -1.0 / 3.0,
        1.0 / 12.0,
        -2.0 / 135.0,
        1.0 / 864.0,
        1.0 / 2835.0,
        -139.0 / 777_600.0,
        1.0 / 25_515.0,
        -571.0 / 261_273_600.0,
        -281.0 / 151_559_100.0,
    ];
    const C1: [f64; 5] = [-1.0 / 540.0, -1.0 / 288.0, 1.0 / 378.0, -77.0 / 77_760.0, 1.0 / 4860.0];
    const C2: [f64; 2] = [25.0 / 6048.0, -139.0 / 51_840.0];
    let half_square = -log_ratio_minus(x, a, x - a);
    let eta = (2.0 * half_square).sqrt().copysign(x - a);
    let series = |terms: &[f64]| terms.iter().rev().fold(0.0, |sum, term| sum * eta + term);
    let correction = series(&C0) + (series(&C1) + series(&C2) / a) / a;
    let rest = libm::exp(-a * half_square) / (std::f64::consts::TAU * a).sqrt() * correction;
    let argument = eta * (a / 2.0).sqrt();
    Tails { lower: 0.5 * erfc(-argument) - rest, upper: 0.5 * erfc(argument) + rest }
}

/// The `x` at which [`incomplete_gamma`] has these tails: the quantile of the gamma distribution
/// with shape `a` and scale 1. Only the smaller tail decides. `None` unless `a > 0` is finite and
/// the tail is a probability.
#[must_use]
pub fn inverse_incomplete_gamma(a: f64, tails: Tails) -> Option<f64> {
    let Tails { lower, upper } = tails;
    if !(a > 0.0 && a.is_finite() && (0.0..=1.0).contains(&lower) && (0.0..=1.0).contains(&upper)) {
        return None;
    }
    if lower == 0.0 {
        return Some(0.0);
    }
    if upper == 0.0 {
        return Some(f64::INFINITY);
    }
    let of_lower = lower <= upper;
    // In ln x, from the leading term of the series, which is a lower bound: P ≤ xᵃ/Γ(a + 1).
    let leading = (libm::log(lower) + libm::lgamma(a + 1.0)) / a;
    let low = leading.min(libm::log(a) - 60.0).max(-800.0);
    let high = libm::log(a + 60.0 * a.sqrt() + 1600.0);
    let start = if of_lower { leading.min(libm::log(a)).max(low) } else { libm::log(a + 1.0) };
    let root = increasing_root(low, high, start, |u| {
        let x = libm::exp(u);
        let found = gamma_tails(a, x);
        let slope = prefix(a, x);
        if of_lower {
            (libm::log(found.lower) - libm::log(lower), slope / found.lower)
        } else {
            (libm::log(upper) - libm::log(found.upper), slope / found.upper)
        }
    });
    let x = libm::exp(root);
    if x == 0.0 || prefix(a, x) == 0.0 {
        return Some(x);
    }
    // ln x has fewer digits than x: one step in x itself.
    let found = gamma_tails(a, x);
    let excess = if of_lower { found.lower - lower } else { upper - found.upper };
    Some(x - x * (excess / prefix(a, x)))
}
