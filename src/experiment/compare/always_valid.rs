//! Intervals and p-values that hold at every look: confidence sequences. Look as often as you like
//! and stop when you like; the price is a wider interval.
//!
//! # References
//! I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, "Time-uniform central limit
//! theory and asymptotic confidence sequences", Annals of Statistics 52 (2024). S. R. Howard, A.
//! Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence
//! sequences", Annals of Statistics 49 (2021), whose mixtures are named as there.

use super::Comparison;
use crate::stats::proportion::Interval;
use crate::stats::root::root;
use crate::stats::special::beta::{incomplete_beta, ln_beta};
use crate::stats::special::error::normal;
use crate::stats::special::gamma::{incomplete_gamma, ln_gamma};

/// An effect at every look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlwaysValid {
    /// Interval that covers the effect at all looks together.
    pub interval: Interval,
    /// p-value that may be looked at any time.
    pub p_value: f64,
    /// Logarithm of the evidence against no effect.
    pub log_e_value: f64,
    /// The mixture's parameter, from the number of units at which the sequence is tightest.
    pub rho: f64,
}

/// The asymptotic confidence sequence of an effect with its standard error, after `units` of both
/// arms; tightest near `tuning` units. `None` unless all are positive and α lies between 0 and 1.
#[must_use]
pub fn asymptotic(
    comparison: &Comparison,
    units: f64,
    alpha: f64,
    tuning: f64,
) -> Option<AlwaysValid> {
    let Comparison { effect, error, .. } = *comparison;
    if !(units > 0.0 && tuning > 0.0 && error > 0.0 && alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    let twice = -2.0 * libm::log(alpha);
    let square = (twice + libm::log1p(twice)) / tuning;
    let grown = units * square + 1.0;
    let half = error
        * units.sqrt()
        * (2.0 * grown * (0.5 * libm::log(grown) - libm::log(alpha)) / square).sqrt()
        / units;
    let statistic = effect / error;
    let log_e_value =
        square * units * statistic * statistic / (2.0 * grown) - 0.5 * libm::log(grown);
    Some(AlwaysValid {
        interval: Interval { low: effect - half, high: effect + half },
        p_value: libm::exp(-log_e_value).min(1.0),
        log_e_value,
        rho: square.sqrt(),
    })
}

/// The parameter ρ of a mixture that is tightest at the variance `v`.
fn rho(v: f64, alpha: f64) -> f64 {
    let twice = -2.0 * libm::log(alpha);
    v / (twice + libm::log1p(twice))
}

/// A mixture martingale: the logarithm of the evidence that a sum `s` of variance `v` is against a
/// mean of 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mixture {
    /// Sums that are sub-Gaussian, against both sides or against one.
    Normal {
        /// ρ.
        rho: f64,
        /// Above only.
        one_sided: bool,
    },
    /// Sums with exponential tails of scale `c`, above only.
    GammaExponential {
        /// ρ.
        rho: f64,
        /// The scale.
        c: f64,
    },
    /// Sums of values bounded by `−g` and `h`.
    BetaBinomial {
        /// ρ − g·h, or a thousandth of g·h if that is more.
        r: f64,
        /// The bound below.
        g: f64,
        /// The bound above.
        h: f64,
        /// Above only.
        one_sided: bool,
    },
}

impl Mixture {
    /// The normal mixture that is tightest at `v_opt` for `alpha_opt`.
    #[must_use]
    pub fn normal(v_opt: f64, alpha_opt: f64, one_sided: bool) -> Mixture {
        let alpha = if one_sided { 2.0 * alpha_opt } else { alpha_opt };
        Mixture::Normal { rho: rho(v_opt, alpha), one_sided }
    }

    /// The gamma-exponential mixture.
    #[must_use]
    pub fn gamma_exponential(v_opt: f64, c: f64, alpha_opt: f64) -> Mixture {
        Mixture::GammaExponential { rho: rho(v_opt, 2.0 * alpha_opt), c }
    }

    /// The beta-binomial mixture.
    #[must_use]
    pub fn beta_binomial(v_opt: f64, g: f64, h: f64, alpha_opt: f64, one_sided: bool) -> Mixture {
        let alpha = if one_sided { 2.0 * alpha_opt } else { alpha_opt };
        let r = (rho(v_opt, alpha) - g * h).max(1e-3 * g * h);
        Mixture::BetaBinomial { r, g, h, one_sided }
    }

    /// `ln` of the mixture at the sum `s` with variance `v`. `None` outside its domain.
    #[must_use]
    pub fn log_value(&self, s: f64, v: f64) -> Option<f64> {
        let found = match *self {
            Mixture::Normal { rho, one_sided } => {
                let both = 0.5 * libm::log(rho / (v + rho)) + s * s / (2.0 * (v + rho));
                let side = libm::log(2.0 * normal(s / (v + rho).sqrt()).lower);
                if one_sided { both + side } else { both }
            }
            Mixture::GammaExponential { rho, c } => {
                let (square, shape) = (c * c, rho / (c * c));
                let grown = (v + rho) / square;
                let at = (c * s + v) / square;
                let u = at + shape;
                let ln_lower = |a: f64, x: f64| Some(libm::log(incomplete_gamma(a, x)?.lower));
                shape * libm::log(shape) - ln_gamma(shape)? - ln_lower(shape, shape)?
                    + ln_gamma(grown)?
                    + ln_lower(grown, u)?
                    - grown * libm::log(u)
                    + at
            }
            Mixture::BetaBinomial { r, g, h, one_sided } => {
                let (sum, x) = (g + h, if one_sided { h / (g + h) } else { 1.0 });
                let ln_incomplete = |a: f64, b: f64| {
                    Some(ln_beta(a, b)? + libm::log(incomplete_beta(a, b, x)?.lower))
                };
                let (low, high) = (g * sum, h * sum);
                v / (g * h) * libm::log(sum)
                    - (v + h * s) / high * libm::log(g)
                    - (v - g * s) / low * libm::log(h)
                    + ln_incomplete((r + v - g * s) / low, (r + v + h * s) / high)?
                    - ln_incomplete(r / low, r / high)?
            }
        };
        (!found.is_nan()).then_some(found)
    }

    /// The sum at which the evidence reaches `1/alpha`, after the variance `v`. `None` where there is
    /// none below the largest sum that is possible.
    #[must_use]
    pub fn bound(&self, v: f64, alpha: f64) -> Option<f64> {
        let threshold = -libm::log(alpha);
        let excess = |s: f64| self.log_value(s, v).map_or(f64::INFINITY, |log| log - threshold);
        if let Mixture::Normal { rho, one_sided: false } = *self {
            let grown = v + rho;
            return Some((grown * (libm::log(grown / rho) + 2.0 * threshold)).sqrt());
        }
        let mut high = v.max(1e-9).sqrt();
        for _ in 0..100 {
            let value = excess(high);
            if value > 0.0 {
                // Beyond the domain is above the bound: come back to where the evidence is finite.
                let mut low = 0.0;
                while excess(high) == f64::INFINITY {
                    let middle = 0.5 * (low + high);
                    if middle == low || middle == high {
                        return None;
                    }
                    if excess(middle) < 0.0 { low = middle } else { high = middle }
                }
                return root(low, high, &excess);
            }
            high *= 2.0;
        }
        None
    }
}

/// All shares that the beta-binomial sequence does not refuse after `successes` of `trials`; tightest
/// at `tuning` trials. `None` without trials or for α outside 0 to 1.
#[must_use]
pub fn share_interval(
    successes: f64,
    trials: f64,
    alpha: f64,
    tuning: f64,
    alpha_opt: f64,
) -> Option<Interval> {
    if !(trials > 0.0 && (0.0..=trials).contains(&successes) && alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    let threshold = -libm::log(alpha);
    let excess = |p: f64| {
        let unit = p * (1.0 - p);
        let mixture = Mixture::beta_binomial(tuning * unit, p, 1.0 - p, alpha_opt, false);
        mixture
            .log_value(successes - trials * p, trials * unit)
            .map_or(f64::INFINITY, |log| log - threshold)
    };
    let found = successes / trials;
    let middle = found.clamp(1e-9, 1.0 - 1e-9);
    let low = if successes == 0.0 { Some(0.0) } else { root(1e-12, middle, &excess) };
    let high = if successes == trials { Some(1.0) } else { root(middle, 1.0 - 1e-12, &excess) };
    Some(Interval { low: low.unwrap_or(0.0), high: high.unwrap_or(1.0) })
}

/// The polynomial stitched bound after the variance `v`: an explicit curve of the order of the law
/// of the iterated logarithm. `v_min` is where it begins, `c` the scale of exponential tails (0 for
/// sub-Gaussian sums), `s` above 1 and `eta` above 1 shape it. `None` for parameters out of range.
#[must_use]
pub fn poly_stitching(v: f64, alpha: f64, v_min: f64, c: f64, s: f64, eta: f64) -> Option<f64> {
    if !(v_min > 0.0 && alpha > 0.0 && alpha < 1.0 && s > 1.0 && eta > 1.0 && c >= 0.0) {
        return None;
    }
    let v = v.max(v_min);
    let quarter = eta.sqrt().sqrt();
    let k1 = (quarter + 1.0 / quarter) * std::f64::consts::FRAC_1_SQRT_2;
    let k2 = (eta.sqrt() + 1.0) / 2.0;
    let a = s * libm::log(libm::log(eta * v / v_min))
        + libm::log(zeta(s) / (alpha * libm::pow(libm::log(eta), s)));
    let linear = k2 * c * a;
    Some((k1 * k1 * v * a + linear * linear).sqrt() + linear)
}

/// Riemann's zeta for `s > 1`, by Euler and Maclaurin from 20 terms.
fn zeta(s: f64) -> f64 {
    let n = 20.0_f64;
    let first: f64 = (1..20).map(|k| libm::pow(f64::from(k), -s)).sum();
    let at = libm::pow(n, -s);
    // B(2k)/(2k)!.
    let terms = [1.0 / 12.0, -1.0 / 720.0, 1.0 / 30_240.0, -1.0 / 1_209_600.0];
    let (mut rest, mut factor) = (0.0, s * at / n);
    for (k, term) in terms.into_iter().enumerate() {
        rest += term * factor;
        let odd = s + 2.0 * k as f64;
        factor *= (odd + 1.0) * (odd + 2.0) / (n * n);
    }
    first + n * at / (s - 1.0) + 0.5 * at + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeta_is_that_of_the_tables() {
        assert!((zeta(2.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-14);
        assert!((zeta(1.4) - 3.105_547_277_9).abs() < 1e-9, "{}", zeta(1.4));
    }

    #[test]
    fn shares_at_the_ends_have_intervals() {
        for (successes, trials) in [(0.0, 1.0), (1.0, 1.0), (0.0, 500.0), (3.0, 7.0)] {
            let found = share_interval(successes, trials, 0.05, 100.0, 0.05).unwrap();
            assert!(found.low >= 0.0 && found.high <= 1.0 && found.low < found.high, "{found:?}");
        }
        assert_eq!(share_interval(0.0, 0.0, 0.05, 100.0, 0.05), None);
    }
}
