//! Probabilities of the distributions that tests and intervals need, from the special functions.

use super::special::beta::{incomplete_beta_of_odds, inverse_incomplete_beta};
use super::special::error::{normal, normal_quantile};
use super::special::gamma::{incomplete_gamma, inverse_incomplete_gamma, stirling_error};
use super::special::{Tails, log_ratio_minus};

/// Both tails of the chi-squared distribution with `degrees` of freedom at `x`. `None` unless
/// `degrees > 0` and `x ≥ 0`.
#[must_use]
pub fn chi_squared(degrees: f64, x: f64) -> Option<Tails> {
    incomplete_gamma(degrees / 2.0, x / 2.0)
}

/// Both tails of Student's t distribution with `degrees` of freedom at `t`. `None` unless
/// `degrees > 0` and `t` is finite.
#[must_use]
pub fn student_t(degrees: f64, t: f64) -> Option<Tails> {
    let square = t * t;
    let (x, y) = (degrees / (degrees + square), square / (degrees + square));
    let one_side = incomplete_beta_of_odds(degrees / 2.0, 0.5, x, y)?.lower / 2.0;
    let above = Tails { lower: 1.0 - one_side, upper: one_side };
    Some(if t < 0.0 { above.swapped() } else { above })
}

/// The number that Student's t distribution with `degrees` of freedom exceeds with probability
/// `upper`. `None` unless `degrees > 0` and `0 < upper < 1`.
#[must_use]
pub fn student_t_quantile(degrees: f64, upper: f64) -> Option<f64> {
    if !(upper > 0.0 && upper < 1.0) {
        return None;
    }
    // By symmetry from the smaller tail.
    let tail = upper.min(1.0 - upper);
    let side = if upper > 0.5 { -1.0 } else { 1.0 };
    if let Some(t) = near_normal_quantile(degrees, tail) {
        return Some(side * t);
    }
    // x = degrees/(degrees + t²) and its complement each have their digits where they are small.
    let tails = Tails::of_lower(2.0 * tail);
    let x = inverse_incomplete_beta(degrees / 2.0, 0.5, tails)?;
    let odds = if x > 0.5 {
        let y = inverse_incomplete_beta(0.5, degrees / 2.0, tails.swapped())?;
        y / (1.0 - y)
    } else {
        (1.0 - x) / x
    };
    Some(side * (degrees * odds).sqrt())
}

/// The upper quantile of Student's t where it is near the normal one: Cornish and Fisher's expansion
/// (Abramowitz and Stegun, 26.7.5), mended by Newton's steps. `None` where that is not so near.
fn near_normal_quantile(degrees: f64, tail: f64) -> Option<f64> {
    let z = -normal_quantile(tail)?;
    let square = z * z;
    if !(degrees > 100.0 && degrees > 20.0 * square) {
        return None;
    }
    let terms = [
        (79.0, 776.0, 1482.0, -1920.0, -945.0, 92_160.0),
        (0.0, 3.0, 19.0, 17.0, -15.0, 384.0),
        (0.0, 0.0, 5.0, 16.0, 3.0, 96.0),
        (0.0, 0.0, 0.0, 1.0, 1.0, 4.0),
    ];
    let sum = terms.iter().fold(0.0, |sum, (a, b, c, d, e, divisor)| {
        let own = (((a * square + b) * square + c) * square + d) * square + e;
        (sum + own / divisor) / degrees
    });
    let mut t = z + z * sum;
    for _ in 0..4 {
        let exponent = -0.5 * (degrees + 1.0) * libm::log1p(t * t / degrees);
        let scale = 1.0 - (1.0 - 0.125 / degrees) / (4.0 * degrees);
        let density = scale * libm::exp(exponent) / (2.0 * std::f64::consts::PI).sqrt();
        let step = (student_t(degrees, t)?.upper - tail) / density;
        t += step;
        if step.abs() <= 1e-9 * t {
            return Some(t);
        }
    }
    // At the middle there is nothing to be relative to.
    None
}

/// Both tails of the F distribution with `numerator` and `denominator` degrees of freedom at
/// `x`. `None` unless both are positive and `x ≥ 0` is finite.
#[must_use]
pub fn f_ratio(numerator: f64, denominator: f64, x: f64) -> Option<Tails> {
    let (explained, rest) = (numerator * x, denominator);
    let all = explained + rest;
    incomplete_beta_of_odds(numerator / 2.0, denominator / 2.0, explained / all, rest / all)
}

/// The quantile of the beta distribution with probability `p` below it. `None` unless `a` and `b`
/// are positive and `p` is a probability.
#[must_use]
pub fn beta_quantile(a: f64, b: f64, p: f64) -> Option<f64> {
    (0.0..=1.0).contains(&p).then(|| inverse_incomplete_beta(a, b, Tails::of_lower(p)))?
}

/// The number that the chi-squared distribution with `degrees` of freedom exceeds with probability
/// `upper`. `None` unless `degrees > 0` and `0 ≤ upper ≤ 1`.
#[must_use]
pub fn chi_squared_quantile(degrees: f64, upper: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&upper) {
        return None;
    }
    Some(2.0 * inverse_incomplete_gamma(degrees / 2.0, Tails::of_upper(upper))?)
}

/// Both tails of the noncentral t distribution with `degrees` of freedom and noncentrality `shift`
/// at `t`: of `(Z + shift)/√(χ²/degrees)`. Absolute error below 1e-12. `None` unless `degrees ≥ 1`
/// and the others are finite.
///
/// The integral over `w = ln √(χ²/degrees)` of the normal tail at `t·eʷ − shift`, as a sum over equal
/// steps: the integrand is analytic and falls off on both sides, so that the error falls
/// exponentially with the step.
#[must_use]
pub fn noncentral_t(degrees: f64, shift: f64, t: f64) -> Option<Tails> {
    if !(degrees >= 1.0 && degrees.is_finite() && shift.is_finite() && t.is_finite()) {
        return None;
    }
    let spread = 1.0 / (2.0 * degrees).sqrt();
    let constant = 0.5 * libm::log(degrees / std::f64::consts::PI) - stirling_error(degrees / 2.0);
    // Where the density has fallen by e^−45.
    let low = -(45.0 / degrees + (45.0 / degrees).sqrt());
    let high = libm::log1p(12.0 * spread);
    // Narrower than the density, and than the turn of the normal tail, which is 1/shift wide.
    let step = (0.4 * spread).min(0.12).min(0.4 / (1.0 + shift.abs()));
    let steps = ((high - low) / step).ceil();
    let (mut above, mut below, mut at) = (0.0, 0.0, 0.0);
    while at <= steps {
        let w = low + at * step;
        let excess = libm::expm1(2.0 * w);
        let exponent = 0.5 * degrees * log_ratio_minus(libm::exp(2.0 * w), 1.0, excess);
        let density = libm::exp(constant + exponent);
        let tails = normal(t * libm::exp(w) - shift);
        above += density * tails.upper;
        below += density * tails.lower;
        at += 1.0;
    }
    let [upper, lower] = [above, below].map(|sum| (sum * step).min(1.0));
    Some(Tails { lower, upper })
}

/// The upper tail of Kolmogorov's limit law, `2·Σ (−1)^(k−1)·exp(−2k²λ²)`: how likely the largest
/// distance between two distribution functions, times the root of the effective sample size, is
/// above `lambda` where nothing differs. 1 for a `lambda` of 0 or less.
///
/// Below 1 the series above needs many terms and cancels; there it is its transform
/// `1 − √(2π)/λ·Σ exp(−(2k−1)²π²/(8λ²))`.
#[must_use]
pub fn kolmogorov_upper(lambda: f64) -> f64 {
    use std::f64::consts::{PI, TAU};
    if lambda <= 0.0 {
        return 1.0;
    }
    if lambda < 1.0 {
        let rate = -PI * PI / (8.0 * lambda * lambda);
        let sum: f64 = [1.0, 9.0, 25.0, 49.0].iter().map(|square| libm::exp(rate * square)).sum();
        return 1.0 - TAU.sqrt() / lambda * sum;
    }
    let rate = -2.0 * lambda * lambda;
    let terms = [1.0, -4.0, 9.0, -16.0, 25.0_f64];
    let signed = terms.iter().map(|square| square.signum() * libm::exp(rate * square.abs()));
    (2.0 * signed.sum::<f64>()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64) {
        assert!((got / expected - 1.0).abs() < 1e-12, "{got} {expected}");
    }

    // References: mpmath at 30 digits.
    #[test]
    fn tails_hold_far_out() {
        close(chi_squared(2.0, 100.0).unwrap().upper, (-50.0_f64).exp());
        close(student_t(1.0, 1e6).unwrap().upper, 3.183_098_861_836_847e-7);
        close(student_t(1.0, -1e6).unwrap().lower, 3.183_098_861_836_847e-7);
        // With two degrees in the numerator: (1 + 2x/d)^(−d/2).
        close(f_ratio(2.0, 10.0, 400.0).unwrap().upper, 81.0_f64.powi(-5));
        close(beta_quantile(1.0, 4.0, 1e-9).unwrap(), 2.500_000_000_937_5e-10);
    }

    #[test]
    fn quantiles_of_t_are_those_of_the_tables_and_come_back() {
        // R: qt(0.975, c(1, 4, 30)), 15 digits.
        for (degrees, expected) in
            [(1.0, 12.706_204_736_174_7), (4.0, 2.776_445_105_197_79), (30.0, 2.042_272_456_301_24)]
        {
            let t = student_t_quantile(degrees, 0.025).unwrap();
            assert!((t / expected - 1.0).abs() < 1e-12, "{t} {expected}");
            let other_side = student_t_quantile(degrees, 0.975).unwrap();
            assert!((other_side / -t - 1.0).abs() < 1e-12);
        }
        for upper in [1e-9, 0.001, 0.2, 0.4999, 0.7] {
            let t = student_t_quantile(7.5, upper).unwrap();
            let back = student_t(7.5, t).unwrap().upper;
            assert!((back / upper - 1.0).abs() < 1e-9, "{upper} {back}");
        }
        // Near the normal law, too.
        for degrees in [101.0, 350.0, 4e3, 1e6] {
            for upper in [1e-6, 1e-3, 0.025, 0.2, 0.45, 0.7, 0.99] {
                let t = student_t_quantile(degrees, upper).unwrap();
                let back = student_t(degrees, t).unwrap().upper;
                assert!((back / upper - 1.0).abs() < 1e-12, "{degrees} {upper} {back}");
            }
        }
        // With very many degrees the normal law.
        let many = student_t_quantile(2e9, 0.025).unwrap();
        assert!((many - 1.959_963_985_726_19).abs() < 1e-12, "{many}");
        assert_eq!(student_t_quantile(3.0, 0.0), None);
    }

    #[test]
    fn the_noncentral_t_is_the_central_one_without_shift_and_normal_with_many_degrees() {
        for (degrees, t) in [(1.0, 2.5), (1.3, 9.0), (3.7, -1.0), (40.0, 2.0), (1e7, 1.9)] {
            let (got, expected) =
                (noncentral_t(degrees, 0.0, t).unwrap(), student_t(degrees, t).unwrap());
            assert!((got.upper - expected.upper).abs() < 1e-12, "{degrees} {got:?} {expected:?}");
            assert!((got.lower - expected.lower).abs() < 1e-12, "{degrees} {got:?} {expected:?}");
        }
        let far = noncentral_t(1e9, 3.0, 1.96).unwrap().upper;
        assert!((far - normal(1.96 - 3.0).upper).abs() < 1e-9);
        assert_eq!(noncentral_t(0.5, 0.0, 1.0), None);
    }

    #[test]
    fn quantiles_of_chi_squared_come_back() {
        close(chi_squared_quantile(1.0, 0.05).unwrap(), 3.841_458_820_694_124);
        close(chi_squared_quantile(2.0, 1e-30).unwrap(), 138.155_105_579_642_74);
        assert_eq!(chi_squared_quantile(1.0, 2.0), None);
    }

    #[test]
    fn the_two_series_of_kolmogorov_meet() {
        close(kolmogorov_upper(1.0 - 1e-15), kolmogorov_upper(1.0));
        assert_eq!(kolmogorov_upper(0.0), 1.0);
        assert!(kolmogorov_upper(0.2) <= 1.0 && kolmogorov_upper(40.0) == 0.0);
    }
}
