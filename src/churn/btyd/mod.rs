//! Buy till you die: customers purchase at a rate of their own until they drop out, which nobody
//! sees. From how often and how lately somebody bought, the models tell how likely they are still
//! there and how much they will buy.
//!
//! * [`geometric`] – BG/NBD and MBG/NBD: dropping out is a toss after each purchase
//! * [`beta_bernoulli`] – BG/BB: the same where purchases can only fall on given occasions
//! * [`shifted`] – sBG: contracts that are renewed or not
//! * [`gamma_gamma`] – the money of a purchase
//!
//! Log-likelihoods and predictions at given parameters. All is computed in logarithms, so that
//! thousands of purchases and ages of any length neither overflow nor lose digits. Times are in
//! one unit, the same for a history, a horizon and `alpha`; parameters mean nothing without it.

pub mod beta_bernoulli;
pub mod gamma_gamma;
pub mod geometric;
pub mod shifted;

use crate::error::{Code, Error, Result};
use crate::stats::special::beta::ln_beta;
use crate::stats::special::gamma::ln_gamma;

/// What is known of a customer: repeat purchases, and two times since the first purchase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct History {
    purchases: f64,
    last: f64,
    age: f64,
}

impl History {
    /// `purchases` after the first one, the last of them at `last` (0 without any), seen until
    /// `age`.
    ///
    /// # Errors
    /// `invalid-option` unless `0 ≤ last ≤ age`, both finite, `last` is 0 without purchases, and the
    /// number is below 2⁵³.
    pub fn new(purchases: u64, last: f64, age: f64) -> Result<Self> {
        if !(last >= 0.0 && last <= age && age.is_finite()) {
            return Err(Error::new(Code::InvalidOption, "the last purchase lies within the age"));
        }
        if (purchases == 0 && last != 0.0) || purchases >= 1 << 53 {
            return Err(Error::new(
                Code::InvalidOption,
                "without repeat purchases none is the last",
            ));
        }
        Ok(History { purchases: purchases as f64, last, age })
    }

    /// A customer just won: what is expected of one without a history.
    #[must_use]
    pub fn none() -> Self {
        History { purchases: 0.0, last: 0.0, age: 0.0 }
    }

    /// Repeat purchases.
    #[must_use]
    pub fn purchases(&self) -> f64 {
        self.purchases
    }
}

/// Refuses a parameter that is not above 0, by its name.
fn positive(parameters: &[(&'static str, f64)]) -> Result<()> {
    match parameters.iter().find(|(_, value)| !(*value > 0.0 && value.is_finite())) {
        Some((name, _)) => {
            Err(Error::new(Code::InvalidOption, "a parameter is above 0").at_path(*name))
        }
        None => Ok(()),
    }
}

/// A horizon is a length of time.
fn check_horizon(horizon: f64) -> Result<()> {
    if horizon >= 0.0 && horizon.is_finite() {
        return Ok(());
    }
    Err(Error::new(Code::InvalidOption, "the horizon is 0 or more").at_path("horizon"))
}

/// `ln(1 + eˣ)` without overflow; `x` may be −∞.
fn ln_1p_exp(x: f64) -> f64 {
    if x > 0.0 { x + libm::log1p(libm::exp(-x)) } else { libm::log1p(libm::exp(x)) }
}

/// `ln Γ` of what the callers have checked to be above 0.
fn gamma(x: f64) -> f64 {
    ln_gamma(x).unwrap_or(f64::NEG_INFINITY)
}

/// `ln B` of what the callers have checked to be above 0.
fn beta(a: f64, b: f64) -> f64 {
    ln_beta(a, b).unwrap_or(f64::NEG_INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_that_cannot_be_is_refused() {
        for (purchases, last, age) in [
            (1, 5.0, 4.0),
            (0, 1.0, 4.0),
            (1, -1.0, 4.0),
            (1, f64::NAN, 4.0),
            (1, 1.0, f64::INFINITY),
        ] {
            let error = History::new(purchases, last, age).unwrap_err();
            assert_eq!(error.code(), Code::InvalidOption, "{purchases} {last} {age}");
        }
        assert!(History::new(3, 4.0, 4.0).is_ok() && History::new(0, 0.0, 0.0).is_ok());
    }
}
