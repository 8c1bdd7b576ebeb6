//! Pareto/NBD: a Poisson stream of purchases whose rate is gamma(r, alpha) among customers, and a
//! death at a rate that is gamma(s, beta) among them, whether they buy or not.
//!
//! When not to use it: as for BG/NBD ([`super::geometric`]).
//!
//! # Method
//! The likelihood holds `∫ s·beta^s·(beta + u)^−(s+1)·(alpha + u)^−(r+x) du` from the last purchase to
//! the age: the chance that the customer died in between. As a Gauss hypergeometric function it
//! overflows for many purchases and cancels where `alpha` and `beta` are far apart; here it is
//! integrated over `y = ln((m + u)/(m + t_x))` with `m = min(alpha, beta)`, in which the logarithm of
//! the integrand is concave and its nearest singularity is π away ([`crate::stats`], `quadrature`).
//! The nodes give the gradient too: it is the integrand's mean of the gradient of its logarithm.
//!
//! Somebody who is there at age `T` has, by Bayes' theorem, a death rate that is gamma(s, beta + T),
//! whatever they bought, and so is there `t` later too with `((beta + T)/(beta + T + t))^s`.
//!
//! # References
//! D. C. Schmittlein, D. G. Morrison, R. Colombo, "Counting Your Customers: Who Are They and What Will
//! They Do Next?", Management Science 33 (1987) 1–24. P. S. Fader, B. G. S. Hardie, "A Note on
//! Deriving the Pareto/NBD Model and Related Expressions", note 009 (2005), equations 17, 19, 27 and
//! 41. P. S. Fader, B. G. S. Hardie, K. L. Lee, "RFM and CLV", JMR 42 (2005), equation 2 (DERT).

use super::{History, Odds, check_horizon, digamma_step, gamma, ln_1p_exp, positive};
use crate::error::{Code, Error, Result};
use crate::stats::quadrature;

/// The model with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pareto {
    r: f64,
    alpha: f64,
    s: f64,
    beta: f64,
}

impl Pareto {
    /// Purchase rates are gamma with shape `r` and rate `alpha`, death rates gamma with shape `s` and
    /// rate `beta`, both rates in units of time.
    ///
    /// # Errors
    /// `invalid-option` at the name of a parameter that is not above 0.
    pub fn new(r: f64, alpha: f64, s: f64, beta: f64) -> Result<Self> {
        positive(&[("r", r), ("alpha", alpha), ("s", s), ("beta", beta)])?;
        Ok(Pareto { r, alpha, s, beta })
    }

    /// The logarithm of how much likelier it is that the customer has died than not, with its
    /// gradient; and the gradient of the log-likelihood's part that is in common.
    fn death(&self, history: History) -> Death {
        let Pareto { r, alpha, s, beta } = *self;
        let History { purchases: x, last, age } = history;
        let silence = age - last;
        // Of the chance to be alive, over that to die at the last purchase.
        let (bought, lived) =
            (libm::log1p(silence / (alpha + last)), libm::log1p(silence / (beta + last)));
        let small = f64::min(alpha, beta);
        let other = f64::max(alpha, beta) + last;
        let (fast, slow) = if alpha <= beta { (r + x, s + 1.0) } else { (s + 1.0, r + x) };
        let start = small + last;
        // f(y) = −(fast − 1)·y − slow·ln((M + u)/(M + t_x)).
        let rate = |y: f64| {
            let grown = start * libm::exp(y);
            fast - 1.0 + slow * grown / (other - start + grown)
        };
        let (mut mass, mut logs, mut inverses) = (0.0, [0.0; 2], [0.0; 2]);
        quadrature::exponential(libm::log1p(silence / start), &rate, &mut |y, weight| {
            let grown = start * libm::expm1(y);
            let slower = libm::log1p(grown / other);
            let value = -(fast - 1.0) * y - slow * slower;
            let weight = weight * libm::exp(value);
            mass += weight;
            for (sum, log) in logs.iter_mut().zip([y, slower]) {
                *sum += weight * log;
            }
            for (sum, base) in inverses.iter_mut().zip([start, other]) {
                *sum += weight / (base + grown);
            }
            value
        });
        let ln_odds = libm::log(s * start / (beta + last) * mass) + s * lived + (r + x) * bought;
        // The order is that of the smaller and the larger of alpha and beta.
        let mut means =
            [logs, inverses].map(|sums| sums.map(|sum| if mass > 0.0 { sum / mass } else { 0.0 }));
        if alpha > beta {
            means.iter_mut().for_each(|pair| pair.swap(0, 1));
        }
        let [[log_alpha, log_beta], [inverse_alpha, inverse_beta]] = means;
        let dead = [
            -log_alpha,
            -(r + x) * inverse_alpha,
            1.0 / s - libm::log1p(last / beta) - log_beta,
            s / beta - (s + 1.0) * inverse_beta,
        ];
        let alive = [
            -bought,
            -(r + x) / (alpha + age),
            -libm::log1p(age / beta),
            s / beta - s / (beta + age),
        ];
        Death { ln_odds, dead, alive }
    }

    /// How much likelier it is, as a logarithm, that the customer has died than not; −∞ where that
    /// cannot be.
    pub(super) fn odds(&self, history: History) -> Odds {
        let Death { ln_odds, dead, alive } = self.death(history);
        let mut gradient = dead;
        gradient.iter_mut().zip(alive).for_each(|(dead, alive)| *dead -= alive);
        Odds { ln: ln_odds, gradient }
    }

    /// The log-likelihood of a history, in nats, with its gradient.
    pub(super) fn likelihood(&self, history: History) -> (f64, [f64; 4]) {
        let Pareto { r, alpha, s, beta } = *self;
        let History { purchases: x, last, age } = history;
        let Death { ln_odds, dead, alive } = self.death(history);
        let value = gamma(r + x)
            - gamma(r)
            - r * libm::log1p(age / alpha)
            - x * libm::log(alpha + age)
            - s * libm::log1p(age / beta)
            + ln_1p_exp(ln_odds);
        let gone = libm::exp(-ln_1p_exp(-ln_odds));
        let mut gradient = alive;
        if gone > 0.0 {
            gradient
                .iter_mut()
                .zip(dead)
                .for_each(|(alive, dead)| *alive += gone * (dead - *alive));
        }
        gradient[0] += digamma_step(r, x) - libm::log1p(last / alpha);
        gradient[1] += r / alpha;
        (value, gradient)
    }

    /// The log-likelihood of a history, in nats.
    #[must_use]
    pub fn log_likelihood(&self, history: History) -> f64 {
        self.likelihood(history).0
    }

    /// How likely the customer is still there at the end of the history, 0 to 1.
    #[must_use]
    pub fn alive(&self, history: History) -> f64 {
        self.odds(history).alive()
    }

    /// Repeat purchases expected within `horizon` of somebody who is there after `purchases` at `age`.
    pub(super) fn growth(&self, purchases: f64, age: f64, horizon: f64) -> f64 {
        let Pareto { r, alpha, s, beta } = *self;
        let longer = libm::log1p(horizon / (beta + age));
        let life = if s == 1.0 { longer } else { -libm::expm1(-(s - 1.0) * longer) / (s - 1.0) };
        (r + purchases) / (alpha + age) * (beta + age) * life
    }

    /// The logarithm of how likely somebody who is there at `age` is there `later` too.
    pub(super) fn ln_stays(&self, age: f64, later: f64) -> f64 {
        -self.s * libm::log1p(later / (self.beta + age))
    }

    /// Repeat purchases expected within `horizon` after the end of the history; [`History::none`] for
    /// a new customer.
    ///
    /// # Errors
    /// `invalid-option` for a horizon below 0.
    pub fn expected(&self, history: History, horizon: f64) -> Result<f64> {
        check_horizon(horizon)?;
        Ok(self.growth(history.purchases, history.age, horizon) * self.alive(history))
    }

    /// Discounted expected residual transactions: all purchases to come, each weighed by
    /// `e^(−rate·time)`. `rate` is continuous, per unit of time.
    ///
    /// # Errors
    /// `invalid-option` for a rate that is not above 0: without one the sum may be endless.
    pub fn discounted(&self, history: History, rate: f64) -> Result<f64> {
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(
                Error::new(Code::InvalidOption, "the discount rate is above 0").at_path("discount")
            );
        }
        let Pareto { r, alpha, s, beta } = *self;
        let History { purchases: x, age, .. } = history;
        // Tricomi's U(1, 2 − s, c): ∫ e^(−c·z)·(1 + z)^−s dz, over y = ln(1 + z).
        let c = rate * (beta + age);
        let mut sum = 0.0;
        let fall = |y: f64| c * libm::exp(y) + s - 1.0;
        quadrature::exponential(f64::INFINITY, &fall, &mut |y, weight| {
            let value = -c * libm::expm1(y) - (s - 1.0) * y;
            sum += weight * libm::exp(value);
            value
        });
        Ok(self.alive(history) * (r + x) / (alpha + age) * (beta + age) * sum)
    }
}

/// The odds of death, and gradients of the logarithms of the chances to have died and not to have,
/// both over that to die at the last purchase.
struct Death {
    ln_odds: f64,
    dead: [f64; 4],
    alive: [f64; 4],
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORIES: [(u64, f64, f64); 5] =
        [(2, 30.4, 38.9), (0, 0.0, 38.9), (90, 30.0, 38.0), (7, 29.4, 29.4), (3, 1.0, 900.0)];

    #[test]
    fn gradients_are_those_of_differences() {
        for parameters in [[0.55, 10.6, 0.61, 11.7], [0.5, 400.0, 0.6, 2.0], [3.0, 2.0, 2.5, 90.0]]
        {
            for (x, last, age) in HISTORIES {
                let history = History::new(x, last, age).unwrap();
                let at = |parameters: [f64; 4]| {
                    let [r, alpha, s, beta] = parameters;
                    Pareto::new(r, alpha, s, beta).unwrap()
                };
                let (_, gradient) = at(parameters).likelihood(history);
                let odds = at(parameters).odds(history);
                for which in 0..4 {
                    let shifted = |by: f64| {
                        let mut moved = parameters;
                        moved[which] *= 1.0 + by;
                        at(moved)
                    };
                    let width = 2e-5 * parameters[which];
                    let (up, down) = (shifted(1e-5), shifted(-1e-5));
                    let slope = (up.log_likelihood(history) - down.log_likelihood(history)) / width;
                    assert!(
                        (gradient[which] - slope).abs() < 1e-6 * slope.abs().max(0.1),
                        "{x} {which}"
                    );
                    if last < age {
                        let slope = (up.odds(history).ln - down.odds(history).ln) / width;
                        assert!((odds.gradient[which] - slope).abs() < 1e-6 * slope.abs().max(0.1));
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_jumps_where_alpha_is_beta_or_s_is_one() {
        let history = History::new(3, 20.0, 30.0).unwrap();
        let at = |alpha: f64, s: f64| Pareto::new(0.5, alpha, s, 10.0).unwrap();
        let near = at(10.0 + 1e-9, 0.6).log_likelihood(history);
        assert!((near - at(10.0, 0.6).log_likelihood(history)).abs() < 1e-8);
        let expected = |s: f64| at(12.0, s).expected(history, 52.0).unwrap();
        assert!((expected(1.0 + 1e-9) - expected(1.0)).abs() < 1e-7);
        assert!((expected(1.0 - 1e-9) - expected(1.0)).abs() < 1e-7);
    }

    #[test]
    fn discounting_is_the_sum_of_small_steps() {
        let model = Pareto::new(0.55, 10.6, 0.61, 11.7).unwrap();
        let history = History::new(2, 30.4, 38.9).unwrap();
        let (mut sum, mut before, rate, step) = (0.0, 0.0, 0.1, 0.02);
        for at in 1..20_000 {
            let end = step * f64::from(at);
            let until = model.expected(history, end).unwrap();
            sum += (until - before) * libm::exp(-rate * (end - step / 2.0));
            before = until;
        }
        assert!((model.discounted(history, rate).unwrap() / sum - 1.0).abs() < 1e-5);
        assert_eq!(model.discounted(history, 0.0).unwrap_err().path(), Some("discount"));
    }
}
