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

use self::beta_bernoulli::{BetaBernoulli, Occasions};
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

/// A family of models of purchases.
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
    /// A toss to buy on each of given occasions, and before it a toss to drop out.
    BgBb,
}

impl Family {
    /// The names of the parameters.
    #[must_use]
    pub fn parameters(self) -> [&'static str; 4] {
        match self {
            Family::BgNbd | Family::MbgNbd => ["r", "alpha", "a", "b"],
            Family::ParetoNbd => ["r", "alpha", "s", "beta"],
            Family::BgBb => ["alpha", "beta", "gamma", "delta"],
        }
    }
}

/// A model of purchases, with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// BG/NBD or MBG/NBD.
    Geometric(Geometric),
    /// Pareto/NBD.
    Pareto(Pareto),
    /// BG/BB. All times are occasions and rounded to whole ones, and who is there is so on the next one.
    Occasions(BetaBernoulli),
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
            Family::BgBb => BetaBernoulli::new(first, second, third, fourth).map(Model::Occasions),
        }
    }

    /// The log-likelihood of a history, in nats.
    #[must_use]
    pub fn log_likelihood(&self, history: History) -> f64 {
        match self {
            Model::Geometric(model) => model.log_likelihood(history),
            Model::Pareto(model) => model.log_likelihood(history),
            Model::Occasions(model) => model.log_likelihood(Occasions::of(history)),
        }
    }

    /// How likely the customer is still there at the end of the history, 0 to 1.
    #[must_use]
    pub fn alive(&self, history: History) -> f64 {
        self.odds(history).alive()
    }

    /// How likely the customer is still there `later` than the end of the history, whatever they buy
    /// until then, 0 to 1.
    ///
    /// # Errors
    /// As [`Geometric::expected`].
    pub fn alive_later(&self, history: History, later: f64) -> Result<f64> {
        check_horizon(later)?;
        let stays = self.ln_stays(history.purchases, history.age, later)?;
        Ok(self.alive(history) * libm::exp(stays))
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

    /// Purchases expected in `steps` steps of `length` each (of BG/BB: on so many occasions), those of step `i` divided by
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
        if let Model::Occasions(model) = self {
            // A step is an occasion, whatever its length.
            return Ok(model.horizon(purchases, age, steps, rate));
        }
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
            Model::Occasions(model) => model.odds(Occasions::of(history)),
        }
    }

    /// The logarithm of how likely somebody who is surely there is there `later` too.
    fn ln_stays(&self, purchases: f64, age: f64, later: f64) -> Result<f64> {
        match self {
            Model::Geometric(model) => model.ln_stays(purchases, age, later),
            Model::Pareto(model) => Ok(model.ln_stays(age, later)),
            Model::Occasions(model) => Ok(model.ln_stays(age, libm::round(later))),
        }
    }

    /// Purchases expected within `horizon` of somebody who is surely there.
    fn growth(&self, purchases: f64, age: f64, horizon: f64) -> Result<f64> {
        match self {
            Model::Geometric(model) => model.growth(purchases, age, horizon),
            Model::Pareto(model) => Ok(model.growth(purchases, age, horizon)),
            Model::Occasions(model) => {
                Ok(model.horizon(purchases, age, libm::round(horizon) as u32, 0.0).0)
            }
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

    #[test]
    fn being_there_later_is_what_an_integration_over_the_prior_says() {
        // `python benches/alive_later.py`: 4 and 52 weeks later, at the parameters of CDNOW.
        let table = [
            (Family::BgNbd, (0, 0.0, 27.2), [0.992666817677591, 0.928321294175923]),
            (Family::BgNbd, (2, 30.43, 38.86), [0.704631076615995, 0.531646189416301]),
            (Family::BgNbd, (26, 30.86, 31.0), [0.897468373085259, 0.497761101213977]),
            (Family::MbgNbd, (0, 0.0, 27.2), [0.421131452781982, 0.365939096536766]),
            (Family::MbgNbd, (2, 30.43, 38.86), [0.68168171778759, 0.492748653901823]),
            (Family::MbgNbd, (26, 30.86, 31.0), [0.889345375660623, 0.467925229487542]),
            (Family::ParetoNbd, (0, 0.0, 27.2), [0.360022311885755, 0.228353853366196]),
            (Family::ParetoNbd, (2, 30.43, 38.86), [0.829951834824055, 0.566077719054002]),
            (Family::ParetoNbd, (26, 30.86, 31.0), [0.945174638908584, 0.615689018573023]),
        ];
        for (family, (purchases, last, age), wanted) in table {
            let parameters = match family {
                Family::BgNbd => [0.243, 4.414, 0.793, 2.426],
                Family::MbgNbd => [0.525, 6.183, 0.891, 1.614],
                _ => [0.553, 10.578, 0.606, 11.669],
            };
            let model = Model::new(family, parameters).unwrap();
            let history = History::new(purchases, last, age).unwrap();
            for (later, wanted) in [4.0, 52.0].into_iter().zip(wanted) {
                let found = model.alive_later(history, later).unwrap();
                assert!((found / wanted - 1.0).abs() < 1e-12, "{family:?} {purchases}: {found}");
            }
        }
    }

    /// The mean of `e^(−rate·chance·later)` over a rate and a chance that are distributed as for somebody
    /// who is there: trapezoids over the logarithm of the rate and the log-odds of the chance.
    fn stays_by_integration([r, alpha]: [f64; 2], [a, b]: [f64; 2], later: f64) -> f64 {
        let grid = || (-4000..=4000).map(|at| f64::from(at) * 0.02);
        let rates: Vec<(f64, f64)> = grid()
            .map(|v| (v.exp(), (r * (v + alpha.ln()) - alpha * v.exp() - super::gamma(r)).exp()))
            .filter(|(_, weight)| *weight > 1e-18)
            .collect();
        let chances: Vec<(f64, f64)> = grid()
            .map(|w| {
                let ln = -a * ln_1p_exp(-w) - b * ln_1p_exp(w) - super::beta(a, b);
                ((-ln_1p_exp(-w)).exp(), ln.exp())
            })
            .filter(|(_, weight)| *weight > 1e-18)
            .collect();
        let over = |rate: f64| -> f64 {
            chances.iter().map(|(p, weight)| weight * (-rate * p * later).exp()).sum()
        };
        rates.iter().map(|(rate, weight)| weight * over(*rate)).sum::<f64>() * 0.02 * 0.02
    }

    #[test]
    fn somebody_there_stays_with_the_mean_chance_of_all_they_may_be() {
        for (a, b, x, age, later) in
            [(0.8, 2.4, 3.0, 40.0, 52.0), (2.5, 1.0, 60.0, 5.0, 500.0), (0.4, 0.9, 0.0, 0.0, 3.0)]
        {
            let (r, alpha) = (0.6, 3.0);
            for (family, tosses) in [(Family::BgNbd, x), (Family::MbgNbd, x + 1.0)] {
                let model = Model::new(family, [r, alpha, a, b]).unwrap();
                let found = model.ln_stays(x, age, later).unwrap().exp();
                let wanted = stays_by_integration([r + x, alpha + age], [a, b + tosses], later);
                assert!((found / wanted - 1.0).abs() < 1e-9, "{family:?} {x}: {found} {wanted}");
            }
        }
    }

    #[test]
    fn nobody_comes_back_to_life_and_nobody_leaves_at_once() {
        for family in [Family::BgNbd, Family::MbgNbd, Family::ParetoNbd] {
            let model = Model::new(family, [0.6, 4.0, 0.7, 3.0]).unwrap();
            for history in [(0, 0.0, 30.0), (4, 9.0, 30.0), (3000, 29.9, 30.0)] {
                let history = History::new(history.0, history.1, history.2).unwrap();
                let now = model.alive(history);
                assert_eq!(model.alive_later(history, 0.0).unwrap(), now);
                let mut before = now;
                for later in [1e-6, 1.0, 20.0, 500.0, 2e4] {
                    let at = model.alive_later(history, later).unwrap();
                    assert!(at <= before && at > 0.0, "{family:?} {later}: {at} {before}");
                    before = at;
                }
                assert!(before < 0.5 * now);
            }
            assert_eq!(
                model.alive_later(History::none(), -1.0).unwrap_err().path(),
                Some("horizon")
            );
        }
    }
}
