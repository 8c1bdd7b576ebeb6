//! Several arms against one control: p-values adjusted by what the comparisons share.
//!
//! # Method
//! Comparison `i` of treatment `i` with the control is `T_i = (b_i·Y + √(1 − b_i²)·Z_i)/S`: `Y` is the
//! control's noise, which all share, `b_i²` its share of the squared error, `S` the common estimate of
//! the spread, `χ_ν/√ν`. Given `Y` and `S` the comparisons are independent, so that the chance of any
//! to be beyond `t` is an integral over `Y` and one over `ln S`, by Gauss and Legendre's rule. What is
//! integrated is the chance to be beyond, so that small values keep their digits.
//!
//! # References
//! C. W. Dunnett, "A multiple comparison procedure for comparing several treatments with a control",
//! JASA 50 (1955), and Biometrics 20 (1964) for unequal arms. A. Genz, F. Bretz, "Computation of
//! Multivariate Normal and t Probabilities", Springer (2009), section 2.3.

use super::distribution::student_t_quantile;
use super::legendre::{gauss_legendre, integral};
use super::special::error::{normal, normal_quantile};
use super::special::gamma::ln_gamma;

/// Degrees of freedom from which on the spread is taken for known.
const MANY: f64 = 1e6;

/// The two-sided p-values of comparisons with one control, each adjusted for all of them. `shared`
/// is for each the control's part of its squared error, from 0 to 1 (½ for arms of one size and
/// spread); `degrees` those of the spread, which may be infinite. A p-value stands for the statistic
/// that has it at these degrees. `None` unless all are probabilities, and degrees at least 1.
#[must_use]
pub fn dunnett(p_values: &[f64], shared: &[f64], degrees: f64) -> Option<Vec<f64>> {
    let is_share = |value: &f64| (0.0..=1.0).contains(value);
    let is_good = p_values.len() == shared.len()
        && p_values.iter().chain(shared).all(is_share)
        && degrees >= 1.0;
    let loads: Vec<(f64, f64)> =
        shared.iter().map(|part| (part.sqrt(), (1.0 - part).max(1e-12).sqrt())).collect();
    let rule = gauss_legendre(12);
    let adjusted = |p: &f64| {
        let count = p_values.len() as f64;
        let bound = (*p * count).min(1.0);
        if *p <= 0.0 || *p >= 1.0 || count < 2.0 {
            return Some(bound);
        }
        let t = if degrees < MANY {
            student_t_quantile(degrees, *p / 2.0)?
        } else {
            normal_quantile(*p / 2.0)?.abs()
        };
        // Never below its own, never above Bonferroni's.
        Some(beyond(&loads, degrees, t, &rule).clamp(*p, bound))
    };
    if is_good { p_values.iter().map(adjusted).collect() } else { None }
}

/// The chance that any comparison is beyond `t` on either side.
fn beyond(loads: &[(f64, f64)], degrees: f64, t: f64, rule: &[(f64, f64)]) -> f64 {
    // With the spread `s`: over the control's noise, panel by panel. Both sides are alike.
    let given = |s: f64| {
        let reach = t * s;
        let density = |y: f64| {
            let inside = loads.iter().map(|(shared, own)| {
                let side = |sign: f64| normal((reach + sign * shared * y) / own).upper;
                libm::log1p(-(side(1.0) + side(-1.0)).min(1.0))
            });
            -libm::expm1(inside.sum()) * libm::exp(-0.5 * y * y)
        };
        // As fine as the steepest of the comparisons.
        let steepest = loads.iter().fold(1.0_f64, |least, (_, own)| least.min(*own));
        let width = (1.5 * steepest).clamp(0.02, 1.0);
        let panels = ((10.0 + reach.min(30.0)) / width) as u32;
        let sum: f64 = (0..panels)
            .map(|at| width * f64::from(at))
            .map(|from| integral(rule, from, from + width, &density))
            .sum();
        sum * std::f64::consts::FRAC_2_PI.sqrt()
    };
    if degrees >= MANY {
        return given(1.0);
    }
    // ln S peaks at 0, and with the chance to be beyond, which falls like a normal density, at `low`;
    // its spread is 1/√(2ν) at both, and towards −∞ it falls like e^(νu).
    let low = -0.5 * libm::log1p(t * t / degrees);
    let spread = 1.0 / (2.0 * degrees).sqrt();
    let (from, to) = (low - 7.0 * spread - 20.0 / degrees, 7.0 * spread.min(0.5));
    let half = 0.5 * degrees;
    let constant =
        std::f64::consts::LN_2 + half * libm::log(half) - ln_gamma(half).unwrap_or(f64::NAN);
    let density = |u: f64| {
        libm::exp(constant + degrees * (u - 0.5 * libm::exp(2.0 * u))) * given(libm::exp(u))
    };
    let panels = ((to - from) / (3.0 * spread)).ceil().max(1.0);
    let width = (to - from) / panels;
    (0..panels as u32)
        .map(|at| {
            integral(rule, from + width * f64::from(at), from + width * f64::from(at + 1), &density)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::distribution::student_t;

    fn close(p_values: &[f64], shared: &[f64], degrees: f64, expected: &[f64]) {
        let found = dunnett(p_values, shared, degrees).unwrap();
        for (got, expected) in found.iter().zip(expected) {
            assert!((got - expected).abs() < 2e-9, "{found:?} {expected}");
        }
    }

    #[test]
    fn bounds_are_those_of_the_published_tables() {
        // Dunnett (1964), table of two-sided bounds of 5 %, two decimals.
        for (degrees, count, bound) in
            [(5.0, 2, 3.03), (10.0, 2, 2.57), (20.0, 3, 2.54), (60.0, 4, 2.51), (1e9, 2, 2.21)]
        {
            let own = 2.0 * student_t(degrees, bound).unwrap().upper;
            let found = dunnett(&vec![own; count], &vec![0.5; count], degrees).unwrap();
            assert!((found[0] - 0.05).abs() < 5e-4, "{degrees} {count} {found:?}");
        }
    }

    #[test]
    fn unequal_arms_agree_with_adaptive_quadrature() {
        // SciPy: nested `quad` over the control's noise and the spread.
        let all = [0.01, 0.04, 0.2];
        close(&all, &[0.5; 3], 12.0, &[0.025_684_788_86, 0.097_156_642_74, 0.419_774_452_5]);
        close(&all[..2], &[0.3, 0.6], 7.0, &[0.018_262_057_9, 0.071_221_530_18]);
        let normal = [0.027_379_635_59, 0.102_884_318_7, 0.436_836_129_7];
        close(&all, &[0.5, 0.2, 0.8], f64::INFINITY, &normal);
    }

    #[test]
    fn what_is_known_without_integrals_holds() {
        // Without anything shared they are independent, with all of it they are one.
        close(&[0.02, 0.3], &[0.0, 0.0], f64::INFINITY, &[0.0396, 0.51]);
        let same = dunnett(&[0.02, 0.3], &[1.0, 1.0], f64::INFINITY).unwrap();
        assert!((same[0] - 0.02).abs() < 1e-3 && (same[1] - 0.3).abs() < 1e-3, "{same:?}");
        // Far out it is Bonferroni's, and one alone stays.
        let far = dunnett(&[1e-40, 0.5], &[0.5, 0.5], 1e4).unwrap()[0];
        assert!((far / 2e-40 - 1.0).abs() < 1e-3, "{far}");
        assert_eq!(dunnett(&[0.03], &[0.5], 3.0), Some(vec![0.03]));
        assert_eq!(dunnett(&[0.03], &[], 3.0), None);
        assert_eq!(dunnett(&[f64::NAN], &[0.5], 3.0), None);
    }
}
