//! Means, ratios and whatever else has an [`Estimate`]: Welch, Student and z, absolute and relative
//! effects, equivalence and non-inferiority.
//!
//! # References
//! B. L. Welch, Biometrika 34 (1947). E. C. Fieller, JRSS B 16 (1954). D. J. Schuirmann, Journal of
//! Pharmacokinetics and Biopharmaceutics 15 (1987), two one-sided tests.

use super::{Alternative, Comparison};
use crate::experiment::estimate::Estimate;
use crate::stats::distribution::{student_t, student_t_quantile};
use crate::stats::mean::welch_error;
use crate::stats::proportion::Interval;
use crate::stats::special::Tails;
use crate::stats::special::error::{normal, normal_quantile};

/// How the variances of two arms make one error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Test {
    /// Each its own, degrees after Welch and Satterthwaite.
    #[default]
    Welch,
    /// One variance, pooled.
    Student,
    /// Each its own, the normal law.
    Z,
}

/// A standard error and its degrees of freedom.
#[derive(Clone, Copy, Debug)]
struct Spread {
    error: f64,
    degrees: f64,
}

/// Of two variances per unit. `None` where neither varies or an arm has too few units.
fn spread(test: Test, (v_c, n_c): (f64, f64), (v_t, n_t): (f64, f64)) -> Option<Spread> {
    let (a, b) = (v_c / n_c, v_t / n_t);
    let found = match test {
        Test::Student => {
            let degrees = n_c + n_t - 2.0;
            let pooled = ((n_c - 1.0) * v_c + (n_t - 1.0) * v_t) / degrees;
            Spread { error: (pooled * (1.0 / n_c + 1.0 / n_t)).sqrt(), degrees }
        }
        Test::Welch => {
            let (error, degrees) = welch_error((a, n_c), (b, n_t));
            Spread { error, degrees }
        }
        Test::Z => Spread { error: (a + b).sqrt(), degrees: f64::INFINITY },
    };
    let is_good = found.error > 0.0 && found.error.is_finite() && found.degrees > 0.0;
    is_good.then_some(found)
}

impl Spread {
    fn tails(&self, statistic: f64) -> Option<Tails> {
        if self.degrees.is_finite() {
            student_t(self.degrees, statistic)
        } else {
            Some(normal(statistic))
        }
    }

    /// What is exceeded with probability `upper`.
    fn quantile(&self, upper: f64) -> Option<f64> {
        if self.degrees.is_finite() {
            student_t_quantile(self.degrees, upper)
        } else {
            normal_quantile(upper).map(|z| -z)
        }
    }

    /// How far an interval reaches on either side; infinite where it is open.
    fn reach(&self, alternative: Alternative, confidence: f64) -> Option<(f64, f64)> {
        let miss = 1.0 - confidence;
        Some(match alternative {
            Alternative::TwoSided => {
                let q = self.quantile(miss / 2.0)?;
                (q, q)
            }
            Alternative::Greater => (self.quantile(miss)?, f64::INFINITY),
            Alternative::Less => (f64::INFINITY, self.quantile(miss)?),
        })
    }

    fn comparison(
        &self,
        effect: f64,
        alternative: Alternative,
        confidence: f64,
    ) -> Option<Comparison> {
        let statistic = effect / self.error;
        let (below, above) = self.reach(alternative, confidence)?;
        let p_value = match alternative {
            Alternative::TwoSided => (2.0 * self.tails(statistic.abs())?.upper).min(1.0),
            Alternative::Greater => self.tails(statistic)?.upper,
            Alternative::Less => self.tails(statistic)?.lower,
        };
        Some(Comparison {
            effect,
            error: self.error,
            degrees: self.degrees,
            statistic,
            p_value,
            interval: Interval {
                low: effect - below * self.error,
                high: effect + above * self.error,
            },
        })
    }
}

fn absolute_spread(control: &Estimate, treatment: &Estimate, test: Test) -> Option<Spread> {
    spread(test, (control.variance, control.count), (treatment.variance, treatment.count))
}

/// Treatment less control. `None` where nothing varies or an arm has fewer than two units.
#[must_use]
pub fn absolute(
    control: &Estimate,
    treatment: &Estimate,
    test: Test,
    alternative: Alternative,
    confidence: f64,
) -> Option<Comparison> {
    let spread = absolute_spread(control, treatment, test)?;
    spread.comparison(treatment.value - control.value, alternative, confidence)
}

/// Treatment less control, over the control's unadjusted value, by the delta method; the sign is
/// that of the quotient, so that a negative baseline turns it round. `None` as [`absolute`], and
/// where the baseline is 0.
#[must_use]
pub fn relative(
    control: &Estimate,
    treatment: &Estimate,
    alternative: Alternative,
    confidence: f64,
) -> Option<Comparison> {
    let base = control.unadjusted;
    let degrees = absolute_spread(control, treatment, Test::Welch)?.degrees;
    let ratio = treatment.unadjusted / base;
    let square =
        (treatment.squared_error() + control.squared_error() * ratio * ratio) / (base * base);
    let error = square.sqrt();
    if !(error > 0.0 && error.is_finite()) {
        return None;
    }
    Spread { error, degrees }.comparison(
        (treatment.value - control.value) / base,
        alternative,
        confidence,
    )
}

/// Interval of the relative effect by the logarithm of the quotient: `(t/c)·exp(± q·error) − 1`. It
/// never reaches below −1. `None` as [`absolute`], and unless both values are positive.
#[must_use]
pub fn relative_by_logarithm(
    control: &Estimate,
    treatment: &Estimate,
    test: Test,
    alternative: Alternative,
    confidence: f64,
) -> Option<Interval> {
    if control.value <= 0.0 || treatment.value <= 0.0 {
        return None;
    }
    let part = |arm: &Estimate| (arm.variance / (arm.value * arm.value), arm.count);
    let spread = spread(test, part(control), part(treatment))?;
    let (below, above) = spread.reach(alternative, confidence)?;
    let quotient = treatment.value / control.value;
    let at = |reach: f64| quotient * libm::exp(reach * spread.error) - 1.0;
    let low = if below == f64::INFINITY { f64::NEG_INFINITY } else { at(-below) };
    let high = if above == f64::INFINITY { f64::INFINITY } else { at(above) };
    Some(Interval { low, high })
}

/// Fieller's interval of the relative effect: all quotients that the data does not refuse, so that
/// it is right where the delta method is not, with a noisy baseline. `None` as [`absolute`], and
/// where the baseline itself may be 0 at this confidence: the interval is then unbounded.
#[must_use]
pub fn fieller(control: &Estimate, treatment: &Estimate, confidence: f64) -> Option<Interval> {
    let spread = absolute_spread(control, treatment, Test::Welch)?;
    let q = spread.quantile((1.0 - confidence) / 2.0)?;
    let (c, t) = (control.value, treatment.value);
    let (var_c, var_t) = (q * q * control.squared_error(), q * q * treatment.squared_error());
    // (t − ρc)² ≤ q²(var t + ρ² var c), a quadratic in ρ.
    let a = c * c - var_c;
    if a.is_nan() || a <= 0.0 {
        return None;
    }
    let centre = t * c / a;
    let half = (t * t * var_c + c * c * var_t - var_c * var_t).max(0.0).sqrt() / a;
    Some(Interval { low: centre - half - 1.0, high: centre + half - 1.0 })
}

/// Two one-sided tests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equivalence {
    /// Statistic against the lower margin, and its upper tail.
    pub lower: (f64, f64),
    /// Statistic against the upper margin, and its lower tail.
    pub upper: (f64, f64),
    /// The larger of both p-values: below α, the effect lies between the margins.
    pub p_value: f64,
}

/// Whether the effect lies between `low` and `high` (TOST). `None` as [`absolute`].
#[must_use]
pub fn equivalence(
    control: &Estimate,
    treatment: &Estimate,
    test: Test,
    low: f64,
    high: f64,
) -> Option<Equivalence> {
    let spread = absolute_spread(control, treatment, test)?;
    let effect = treatment.value - control.value;
    let (below, above) = ((effect - low) / spread.error, (effect - high) / spread.error);
    let (p, q) = (spread.tails(below)?.upper, spread.tails(above)?.lower);
    Some(Equivalence { lower: (below, p), upper: (above, q), p_value: p.max(q) })
}

/// Whether treatment is worse than control by less than `margin` (above 0): the comparison against
/// that, upper tail. `None` as [`absolute`].
#[must_use]
pub fn non_inferiority(
    control: &Estimate,
    treatment: &Estimate,
    test: Test,
    margin: f64,
    higher_is_better: bool,
    confidence: f64,
) -> Option<Comparison> {
    let effect = treatment.value - control.value;
    let better = if higher_is_better { effect } else { -effect };
    let spread = absolute_spread(control, treatment, test)?;
    spread.comparison(better + margin, Alternative::Greater, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arm(count: f64, mean: f64, variance: f64) -> Estimate {
        Estimate::of_mean(count, mean, variance).unwrap()
    }

    #[test]
    fn tiny_p_values_are_not_zero() {
        let (c, t) = (arm(1e6, 1.0, 1.0), arm(1e6, 1.03, 1.0));
        let found = absolute(&c, &t, Test::Z, Alternative::TwoSided, 0.95).unwrap();
        assert!(found.p_value > 0.0 && found.p_value < 1e-90, "{found:?}");
    }

    #[test]
    fn nothing_that_varies_is_no_comparison() {
        let same = arm(10.0, 3.0, 0.0);
        assert_eq!(absolute(&same, &same, Test::Welch, Alternative::TwoSided, 0.95), None);
        assert_eq!(relative(&arm(9.0, 0.0, 1.0), &same, Alternative::TwoSided, 0.95), None);
        assert_eq!(Estimate::of_mean(1.0, 3.0, 0.0), None);
    }

    /// Fieller solves for the quotients at which `t − ρc` is q errors from 0.
    #[test]
    fn fiellers_ends_are_just_refused() {
        let (c, t) = (arm(40.0, 3.0, 9.0), arm(50.0, 4.0, 16.0));
        let found = fieller(&c, &t, 0.95).unwrap();
        let spread = absolute_spread(&c, &t, Test::Welch).unwrap();
        let q = spread.quantile(0.025).unwrap();
        for end in [found.low, found.high] {
            let rho = end + 1.0;
            let error = (t.squared_error() + rho * rho * c.squared_error()).sqrt();
            assert!((((4.0 - rho * 3.0) / error).abs() - q).abs() < 1e-9);
        }
        assert_eq!(fieller(&arm(40.0, 0.1, 9.0), &t, 0.95), None);
    }
}
