//! sBG: contracts that are renewed or not. Each customer has a chance to leave at every renewal,
//! which is beta(alpha, beta) among customers: those who are likely to leave go first, so that the
//! retention of a cohort rises although nobody changes.
//!
//! # References
//! P. S. Fader, B. G. S. Hardie, "How to Project Customer Retention", Journal of Interactive
//! Marketing 21 (2007) 76–90, equations 5 to 7. P. S. Fader, B. G. S. Hardie, "Customer-Base
//! Valuation in a Contractual Setting", Marketing Science 29 (2010) 85–93, equation 5.

use super::{beta, digamma_step, positive};
use crate::error::{Code, Error, Result};

/// The model with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShiftedGeometric {
    alpha: f64,
    beta: f64,
}

/// The most terms of the discounted series, at a discount of about 1e-6.
const MOST_TERMS: u32 = 50_000_000;

impl ShiftedGeometric {
    /// Chances to leave are beta with `alpha` and `beta`.
    ///
    /// # Errors
    /// `invalid-option` at the name of a parameter that is not above 0.
    pub fn new(alpha: f64, beta: f64) -> Result<Self> {
        positive(&[("alpha", alpha), ("beta", beta)])?;
        Ok(ShiftedGeometric { alpha, beta })
    }

    /// The share of a cohort that is there after so many renewals.
    #[must_use]
    pub fn survival(&self, renewals: u32) -> f64 {
        libm::exp(beta(self.alpha, self.beta + f64::from(renewals)) - beta(self.alpha, self.beta))
    }

    /// The share of a cohort that leaves at renewal `at`, from 1.
    #[must_use]
    pub fn leaves(&self, at: u32) -> f64 {
        let before = f64::from(at.max(1)) - 1.0;
        libm::exp(beta(self.alpha + 1.0, self.beta + before) - beta(self.alpha, self.beta))
    }

    /// The share of those still there who renew at renewal `at`, from 1.
    #[must_use]
    pub fn retention(&self, at: u32) -> f64 {
        let before = f64::from(at.max(1)) - 1.0;
        (self.beta + before) / (self.alpha + self.beta + before)
    }

    /// Slopes of `ln` of [`Self::survival`] by the logarithms of both parameters.
    pub(crate) fn survival_slopes(&self, renewals: u32) -> [f64; 2] {
        let (stayed, both) = (f64::from(renewals), self.alpha + self.beta);
        let all = digamma_step(both, stayed);
        [-self.alpha * all, self.beta * (digamma_step(self.beta, stayed) - all)]
    }

    /// Slopes of the log-odds of [`Self::retention`] by the same.
    pub(crate) fn odds_slopes(&self, at: u32) -> [f64; 2] {
        [-1.0, self.beta / (self.beta + f64::from(at.max(1)) - 1.0)]
    }

    /// The log-likelihood of a cohort, in nats: how many were there at the start and after each
    /// renewal.
    ///
    /// # Errors
    /// `invalid-option` if the numbers rise, `not-enough-data` with fewer than two.
    pub fn log_likelihood(&self, survivors: &[u64]) -> Result<f64> {
        let Some(last) = survivors.last().filter(|_| survivors.len() > 1) else {
            return Err(Error::new(Code::NotEnoughData, "a cohort needs at least one renewal"));
        };
        let mut sum = 0.0;
        for (pair, at) in survivors.windows(2).zip(1..) {
            let [before, after] = pair else { continue };
            let Some(left) = before.checked_sub(*after) else {
                return Err(Error::new(Code::InvalidOption, "a cohort does not grow"));
            };
            sum += left as f64 * libm::log(self.leaves(at));
        }
        let renewals = survivors.len() as u32 - 1;
        Ok(sum + *last as f64 * libm::log(self.survival(renewals)))
    }

    /// The log-likelihood of a cohort whose numbers do not rise, with its gradient in `gradient`.
    pub(super) fn likelihood(&self, survivors: &[u64], gradient: &mut [f64]) -> f64 {
        let ShiftedGeometric { alpha, beta } = *self;
        // Of ln B(alpha + left, beta + stayed) − ln B(alpha, beta).
        let mut add = |customers: u64, left: f64, stayed: f64| {
            let both = digamma_step(alpha + beta, left + stayed);
            let slopes = [digamma_step(alpha, left) - both, digamma_step(beta, stayed) - both];
            let weight = customers as f64;
            gradient.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += weight * slope);
        };
        let pairs = survivors.iter().zip(survivors.iter().skip(1));
        for ((before, after), at) in pairs.zip(0_u32..) {
            add(before.saturating_sub(*after), 1.0, f64::from(at));
        }
        add(survivors.last().copied().unwrap_or(0), 0.0, survivors.len().max(1) as f64 - 1.0);
        self.log_likelihood(survivors).unwrap_or(f64::NAN)
    }

    /// Discounted renewals to come of a customer in period `period`, from 1, just before the
    /// renewal at its end. `discount` is the rate per period.
    ///
    /// # Errors
    /// `invalid-option` for a discount that is not above 0: without one the sum may be endless.
    pub fn discounted_renewals(&self, period: u32, discount: f64) -> Result<f64> {
        if !(discount > 0.0 && discount.is_finite()) {
            return Err(
                Error::new(Code::InvalidOption, "the discount rate is above 0").at_path("discount")
            );
        }
        // Σ over renewals of the chance to survive them all, the first one undiscounted.
        let factor = 1.0 / (1.0 + discount);
        let (mut sum, mut term) = (0.0, 1.0);
        for renewal in 0..MOST_TERMS {
            term *= self.retention(period.max(1).saturating_add(renewal));
            sum += term;
            term *= factor;
            if term <= f64::EPSILON / 8.0 * sum * (1.0 - factor) {
                return Ok(sum);
            }
        }
        Err(Error::new(Code::InvalidOption, "so small a discount rate does not end")
            .at_path("discount"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_leave_and_those_who_stay_are_all() {
        let model = ShiftedGeometric::new(0.668, 3.806).unwrap();
        let mut left = 0.0;
        for at in 1..40 {
            left += model.leaves(at);
            assert!((left + model.survival(at) - 1.0).abs() < 1e-12);
            assert!(model.retention(at + 1) > model.retention(at));
        }
    }

    #[test]
    fn cohorts_that_cannot_be_are_refused() {
        let model = ShiftedGeometric::new(0.668, 3.806).unwrap();
        assert_eq!(model.log_likelihood(&[9, 10]).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(model.log_likelihood(&[9]).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(model.discounted_renewals(1, 0.0).unwrap_err().path(), Some("discount"));
        assert!(model.discounted_renewals(1, 1e-5).unwrap() > 10.0);
    }
}
