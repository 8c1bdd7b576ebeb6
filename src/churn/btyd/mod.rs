//! Buy till you die: customers purchase at a rate of their own until they drop out, which nobody
//! sees. From how often and how lately somebody bought, the models tell how likely they are still
//! there and how much they will buy.
//!
//! * [`geometric`] – BG/NBD and MBG/NBD: dropping out is a toss after each purchase
//! * [`pareto`] – Pareto/NBD: dropping out is a death at a rate of one's own
//! * [`beta_bernoulli`] – BG/BB: the same where purchases can only fall on given occasions
//! * [`shifted`] – sBG: contracts that are renewed or not
//! * [`gamma_gamma`] – the money of a purchase
//! * [`histories`] – from days with money to what the models are told
//! * [`check`] – what a model expected of days held out, and what came
//! * [`predict`] – probabilities, purchases and value with their intervals
//! * [`fit`] – the parameters that make a log likeliest
//!
//! Log-likelihoods and predictions at given parameters. All is computed in logarithms, so that
//! thousands of purchases and ages of any length neither overflow nor lose digits. Times are in
//! one unit, the same for a history, a horizon and `alpha`; parameters mean nothing without it.

pub mod beta_bernoulli;
pub mod check;
pub mod fit;
pub mod gamma_gamma;
pub mod geometric;
pub mod histories;
pub mod pareto;
pub mod predict;
pub mod shifted;

use self::geometric::{Dropout, Geometric};
use self::pareto::Pareto;
use crate::error::{Code, Error, Result};
use crate::stats::special::beta::ln_beta;
use crate::stats::special::gamma::{digamma, ln_gamma};
use serde::{Deserialize, Serialize};

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

/// A family of models of purchases at any time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Family {
    /// A toss to drop out after each repeat purchase: customers without any are surely there.
    #[default]
    BgNbd,
    /// A toss after each purchase, the first one included.
    MbgNbd,
    /// A death at a rate of one's own.
    ParetoNbd,
}

impl Family {
    /// The names of the parameters.
    #[must_use]
    pub fn parameters(self) -> [&'static str; 4] {
        match self {
            Family::BgNbd | Family::MbgNbd => ["r", "alpha", "a", "b"],
            Family::ParetoNbd => ["r", "alpha", "s", "beta"],
        }
    }
}

/// A model of purchases at any time, with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// BG/NBD or MBG/NBD.
    Geometric(Geometric),
    /// Pareto/NBD.
    Pareto(Pareto),
}

impl Model {
    /// The model with these parameters, in the order of [`Family::parameters`].
    ///
    /// # Errors
    /// `invalid-option` at the name of a parameter that is not above 0.
    pub fn new(family: Family, [first, second, third, fourth]: [f64; 4]) -> Result<Self> {
        let geometric =
            |dropout| Geometric::new(dropout, first, second, third, fourth).map(Model::Geometric);
        match family {
            Family::BgNbd => geometric(Dropout::AfterRepeats),
            Family::MbgNbd => geometric(Dropout::AfterAll),
            Family::ParetoNbd => Pareto::new(first, second, third, fourth).map(Model::Pareto),
        }
    }

    /// The log-likelihood of a history, in nats.
    #[must_use]
    pub fn log_likelihood(&self, history: History) -> f64 {
        match self {
            Model::Geometric(model) => model.log_likelihood(history),
            Model::Pareto(model) => model.log_likelihood(history),
        }
    }

    /// How likely the customer is still there at the end of the history, 0 to 1.
    #[must_use]
    pub fn alive(&self, history: History) -> f64 {
        self.odds(history).alive()
    }

    /// Repeat purchases expected within `horizon` after the end of the history;
    /// [`History::none`] for a new customer.
    ///
    /// # Errors
    /// As [`Geometric::expected`].
    pub fn expected(&self, history: History, horizon: f64) -> Result<f64> {
        check_horizon(horizon)?;
        Ok(self.growth(history.purchases, history.age, horizon)? * self.alive(history))
    }

    /// Purchases expected in `steps` steps of `length` each, those of step `i` divided by
    /// `(1 + rate)ⁱ`: discounted to now, as if paid at the end of their step.
    ///
    /// # Errors
    /// As [`expected`](Self::expected).
    pub fn discounted(&self, history: History, steps: u32, length: f64, rate: f64) -> Result<f64> {
        let (purchases, age) = (history.purchases, history.age);
        let (_, discounted) = self.horizon(purchases, age, steps, length, rate)?;
        Ok(discounted * self.alive(history))
    }

    /// Of somebody who is surely there: purchases expected in all steps, and these discounted.
    fn horizon(
        &self,
        purchases: f64,
        age: f64,
        steps: u32,
        length: f64,
        rate: f64,
    ) -> Result<(f64, f64)> {
        check_horizon(length)?;
        let (mut before, mut sum, mut factor) = (0.0, 0.0, 1.0);
        for step in 1..=steps {
            let until = self.growth(purchases, age, f64::from(step) * length)?;
            factor /= 1.0 + rate;
            sum += (until - before) * factor;
            before = until;
        }
        Ok((before, sum))
    }

    fn odds(&self, history: History) -> Odds {
        match self {
            Model::Geometric(model) => model.odds(history),
            Model::Pareto(model) => model.odds(history),
        }
    }

    /// Purchases expected within `horizon` of somebody who is surely there.
    fn growth(&self, purchases: f64, age: f64, horizon: f64) -> Result<f64> {
        match self {
            Model::Geometric(model) => model.growth(purchases, age, horizon),
            Model::Pareto(model) => Ok(model.growth(purchases, age, horizon)),
        }
    }
}

/// How much likelier it is, as a logarithm, that a customer has gone than not, with the gradient by
/// the parameters; −∞ where a customer cannot have gone.
struct Odds {
    ln: f64,
    gradient: [f64; 4],
}

impl Odds {
    fn alive(&self) -> f64 {
        libm::exp(-ln_1p_exp(self.ln))
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

/// `ψ(a + x) − ψ(a)` of what the callers have checked to be above 0.
fn digamma_step(a: f64, x: f64) -> f64 {
    digamma(a + x).unwrap_or(f64::NAN) - digamma(a).unwrap_or(f64::NAN)
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
