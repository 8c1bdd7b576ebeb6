//! How many units an experiment needs, what effect it can see, and how likely it sees one.
//!
//! # References
//! J. Cohen, "Statistical Power Analysis for the Behavioral Sciences" (1988), with the noncentral t.
//! J. L. Fleiss, "Statistical Methods for Rates and Proportions" (1981), for shares.

use super::compare::Alternative;
use crate::error::{Code, Error, Result};
use crate::stats::distribution::{noncentral_t, student_t_quantile};
use crate::stats::root::root;
use crate::stats::special::error::{normal, normal_quantile};

/// What a test is asked to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// Chance of a false finding.
    pub alpha: f64,
    /// Which side counts.
    pub alternative: Alternative,
}

/// Most units that are looked for.
const MOST_UNITS: f64 = 1e15;

impl Test {
    /// # Errors
    /// `invalid-option` at `alpha` unless it lies between 0 and 1.
    pub fn check(&self) -> Result<()> {
        if self.alpha > 0.0 && self.alpha < 1.0 {
            return Ok(());
        }
        Err(Error::new(Code::InvalidOption, "α lies between 0 and 1").at_path("alpha"))
    }

    /// α in one tail.
    fn tail(&self) -> f64 {
        match self.alternative {
            Alternative::TwoSided => self.alpha / 2.0,
            _ => self.alpha,
        }
    }

    /// Power of a t test: `shift` is the effect over its standard error. `None` below one degree of
    /// freedom.
    #[must_use]
    pub fn power_t(&self, shift: f64, degrees: f64) -> Option<f64> {
        let critical = student_t_quantile(degrees, self.tail())?;
        let above = || noncentral_t(degrees, shift, critical).map(|tails| tails.upper);
        let below = || noncentral_t(degrees, shift, -critical).map(|tails| tails.lower);
        Some(match self.alternative {
            Alternative::TwoSided => (above()? + below()?).min(1.0),
            Alternative::Greater => above()?,
            Alternative::Less => below()?,
        })
    }

    /// Power of a z test. `spread` is the standard error under the null over that under the
    /// alternative (1 where they are the same), `shift` the effect over the latter.
    #[must_use]
    pub fn power_z(&self, shift: f64, spread: f64) -> Option<f64> {
        let critical = normal_quantile(self.tail())?.abs() * spread;
        let (above, below) = (normal(critical - shift).upper, normal(-critical - shift).lower);
        Some(match self.alternative {
            Alternative::TwoSided => (above + below).min(1.0),
            Alternative::Greater => above,
            Alternative::Less => below,
        })
    }
}

/// Two arms of `control` and `ratio·control` units with variances per unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arms {
    /// Treatment's units over control's.
    pub ratio: f64,
    /// Variance per unit in control.
    pub control_variance: f64,
    /// Variance per unit in treatment.
    pub treatment_variance: f64,
}

/// Which degrees of freedom a t test has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Degrees {
    /// `n − 2`.
    Pooled,
    /// Welch and Satterthwaite's.
    Welch,
}

impl Arms {
    fn check(&self) -> Result<()> {
        let is_good = |value: f64| value > 0.0 && value.is_finite();
        if is_good(self.ratio) && is_good(self.control_variance) && is_good(self.treatment_variance)
        {
            return Ok(());
        }
        Err(Error::new(
            Code::InvalidOption,
            "the ratio of the arms and the variance of a unit are above 0",
        ))
    }

    /// Standard error of the difference and degrees of freedom with `control` units there.
    fn error(&self, control: f64, degrees: Degrees) -> (f64, f64) {
        let treatment = self.ratio * control;
        let (a, b) = (self.control_variance / control, self.treatment_variance / treatment);
        let degrees = match degrees {
            Degrees::Pooled => control + treatment - 2.0,
            Degrees::Welch => {
                let (x, y) = (a / (a + b), b / (a + b));
                1.0 / (x * x / (control - 1.0) + y * y / (treatment - 1.0))
            }
        };
        ((a + b).sqrt(), degrees)
    }

    /// The power to see `effect` with `control` units there.
    ///
    /// # Errors
    /// `invalid-option` for an α, ratio or variance out of range, `not-enough-data` below one
    /// degree of freedom.
    pub fn power(&self, test: Test, effect: f64, control: f64, degrees: Degrees) -> Result<f64> {
        test.check()?;
        self.check()?;
        let (error, degrees) = self.error(control, degrees);
        test.power_t(effect / error, degrees).ok_or_else(too_few)
    }

    /// Units of control that see `effect` with this power, not rounded.
    ///
    /// # Errors
    /// As [`power`](Self::power); `invalid-option` for an effect of 0 or on the wrong side, and for
    /// a power that is not above α and below 1.
    pub fn sample_size(
        &self,
        test: Test,
        effect: f64,
        power: f64,
        degrees: Degrees,
    ) -> Result<f64> {
        test.check()?;
        self.check()?;
        check_power(test, power)?;
        check_side(test, effect)?;
        let excess = |control: f64| {
            let (error, degrees) = self.error(control, degrees);
            test.power_t(effect / error, degrees.max(1.0)).unwrap_or(0.0) - power
        };
        // Bracketed from the normal law.
        let z = normal_quantile(test.tail()).map_or(0.0, f64::abs)
            + normal_quantile(power).unwrap_or(0.0);
        let square = self.control_variance + self.treatment_variance / self.ratio;
        let guess = z * z * square / (effect * effect);
        let least = 1.0 + 1e-6 + if self.ratio < 1.0 { 1.0 / self.ratio } else { 1.0 };
        if excess(least) >= 0.0 {
            return Ok(least);
        }
        let mut high = (2.0 * guess).max(2.0 * least);
        while excess(high) < 0.0 && high < MOST_UNITS {
            high *= 2.0;
        }
        root(least, high, &excess).ok_or_else(|| {
            Error::new(Code::InvalidOption, "no number of units sees so small an effect")
        })
    }

    /// The smallest effect that is seen with this power, with `control` units there; negative for
    /// the alternative `less`.
    ///
    /// # Errors
    /// As [`sample_size`](Self::sample_size).
    pub fn detectable(
        &self,
        test: Test,
        control: f64,
        power: f64,
        degrees: Degrees,
    ) -> Result<f64> {
        test.check()?;
        self.check()?;
        check_power(test, power)?;
        let (error, degrees) = self.error(control, degrees);
        let side = if test.alternative == Alternative::Less { -1.0 } else { 1.0 };
        let excess = |shift: f64| {
            test.power_t(side * shift, degrees).map_or(f64::NAN, |found| found - power)
        };
        let mut high = 8.0;
        while excess(high) < 0.0 && high < 1e9 {
            high *= 2.0;
        }
        let shift = root(0.0, high, &excess).ok_or_else(too_few)?;
        Ok(side * shift * error)
    }
}

fn too_few() -> Error {
    Error::new(Code::NotEnoughData, "a test needs more units than two arms of one")
}

fn check_power(test: Test, power: f64) -> Result<()> {
    if power > test.alpha && power < 1.0 {
        return Ok(());
    }
    Err(Error::new(Code::InvalidOption, "power lies above α and below 1").at_path("power"))
}

fn check_side(test: Test, effect: f64) -> Result<()> {
    let is_on_side = match test.alternative {
        Alternative::TwoSided => effect != 0.0,
        Alternative::Greater => effect > 0.0,
        Alternative::Less => effect < 0.0,
    };
    if is_on_side && effect.is_finite() {
        return Ok(());
    }
    Err(Error::new(
        Code::InvalidOption,
        "the effect to be seen is not 0, and on the side that the test looks at",
    )
    .at_path("effect"))
}

/// Two shares: control's, treatment's, and control's units over treatment's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Control's share.
    pub control: f64,
    /// Treatment's share.
    pub treatment: f64,
    /// Control's units over treatment's.
    pub ratio: f64,
}

impl Shares {
    /// # Errors
    /// `invalid-option` unless both shares lie within 0 to 1, not both at one end, and the ratio is
    /// above 0.
    pub fn check(&self) -> Result<()> {
        let is_share = |p: f64| (0.0..=1.0).contains(&p);
        let (null, other) = self.deviations();
        if is_share(self.control)
            && is_share(self.treatment)
            && self.ratio > 0.0
            && null > 0.0
            && other > 0.0
        {
            return Ok(());
        }
        Err(Error::new(
            Code::InvalidOption,
            "shares lie between 0 and 1, also with the effect, and the ratio is above 0",
        ))
    }

    /// Standard deviations of the difference for one unit of treatment: under the null with the
    /// pooled share, and under the alternative.
    fn deviations(&self) -> (f64, f64) {
        let Shares { control, treatment, ratio } = *self;
        let pooled = (treatment + ratio * control) / (1.0 + ratio);
        let null = pooled * (1.0 - pooled) * (1.0 + 1.0 / ratio);
        let other = treatment * (1.0 - treatment) + control * (1.0 - control) / ratio;
        (null.sqrt(), other.sqrt())
    }

    /// The power with `units` of treatment.
    ///
    /// # Errors
    /// As [`check`](Self::check), and for an α out of range.
    pub fn power(&self, test: Test, units: f64) -> Result<f64> {
        test.check()?;
        self.check()?;
        let (null, other) = self.deviations();
        let shift = (self.treatment - self.control) * units.sqrt() / other;
        test.power_z(shift, null / other).ok_or_else(too_few)
    }

    /// Units of treatment that see the difference with this power, not rounded: the formula, which
    /// counts the tail on the side of the difference.
    ///
    /// # Errors
    /// As [`power`](Self::power), for an effect of 0 and a power that is not above α and below 1.
    pub fn sample_size(&self, test: Test, power: f64) -> Result<f64> {
        test.check()?;
        self.check()?;
        check_power(test, power)?;
        let effect = self.treatment - self.control;
        check_side(test, effect)?;
        let (null, other) = self.deviations();
        let critical = normal_quantile(test.tail()).map_or(0.0, f64::abs);
        let reach = critical * null + normal_quantile(power).unwrap_or(0.0) * other;
        Ok(reach * reach / (effect * effect))
    }

    /// The treatment's share above (or, for `less`, below) `control` that is just seen with this
    /// power by `units` of treatment. `None` where no share is.
    ///
    /// # Errors
    /// As [`power`](Self::power).
    pub fn detectable(
        control: f64,
        ratio: f64,
        test: Test,
        units: f64,
        power: f64,
    ) -> Result<Option<f64>> {
        test.check()?;
        check_power(test, power)?;
        let end = if test.alternative == Alternative::Less { 0.0 } else { 1.0 };
        Shares { control, treatment: 0.5 * (control + end), ratio }.check()?;
        let excess = |treatment: f64| {
            let shares = Shares { control, treatment, ratio };
            shares.power(test, units).map_or(f64::NAN, |found| found - power)
        };
        let inner = end + (control - end) * 1e-9;
        Ok(root(control + (end - control) * 1e-12, inner, &excess))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Test = Test { alpha: 0.05, alternative: Alternative::TwoSided };
    const ARMS: Arms = Arms { ratio: 1.0, control_variance: 1.0, treatment_variance: 1.0 };

    /// Cohen (1988), table 2.4.1: d = 0.5, power 0.8, α = 0.05 two-sided takes 64 per arm.
    #[test]
    fn sizes_are_those_of_the_tables() {
        let size = ARMS.sample_size(TEST, 0.5, 0.8, Degrees::Pooled).unwrap();
        assert_eq!(size.ceil(), 64.0);
        let back = ARMS.power(TEST, 0.5, size, Degrees::Pooled).unwrap();
        assert!((back - 0.8).abs() < 1e-9);
        let effect = ARMS.detectable(TEST, size, 0.8, Degrees::Pooled).unwrap();
        assert!((effect - 0.5).abs() < 1e-8);
    }

    #[test]
    fn unequal_arms_have_a_size_too() {
        for ratio in [0.01, 0.5, 2.0, 3.0, 5.0] {
            let arms = Arms { ratio, ..ARMS };
            for degrees in [Degrees::Pooled, Degrees::Welch] {
                let size = arms.sample_size(TEST, 0.2, 0.8, degrees).unwrap();
                let back = arms.power(TEST, 0.2, size, degrees).unwrap();
                assert!((back - 0.8).abs() < 1e-9, "{ratio} {degrees:?} {back}");
            }
        }
    }

    #[test]
    fn what_has_no_answer_is_refused_with_its_place() {
        let path = |error: Error| error.path().map(str::to_owned);
        let size = |effect, power| ARMS.sample_size(TEST, effect, power, Degrees::Welch);
        assert_eq!(path(size(0.0, 0.8).unwrap_err()).as_deref(), Some("effect"));
        assert_eq!(path(size(1.0, 1.0).unwrap_err()).as_deref(), Some("power"));
        let none = Test { alpha: 0.0, ..TEST };
        let refused = ARMS.power(none, 1.0, 9.0, Degrees::Welch).unwrap_err();
        assert_eq!(path(refused).as_deref(), Some("alpha"));
        assert!(ARMS.power(TEST, 1.0, 1.0, Degrees::Pooled).is_err());
        assert!(Shares { control: 0.5, treatment: 1.2, ratio: 1.0 }.power(TEST, 10.0).is_err());
    }
}
