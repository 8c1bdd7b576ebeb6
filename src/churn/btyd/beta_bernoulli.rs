//! BG/BB: purchases can fall on given occasions only (a yearly appeal, a monthly draw). On each a
//! customer who is there buys with a chance that is beta(alpha, beta) among customers, and before
//! each drops out with one that is beta(gamma, delta).
//!
//! # References
//! P. S. Fader, B. G. S. Hardie, J. Shang, "Customer-Base Analysis in a Discrete-Time Noncontractual
//! Setting", Marketing Science 29 (2010) 1086–1108, equations 5, 7, 8, 11 and 13.

use super::{beta, digamma_step, gamma, positive};
use crate::error::{Code, Error, Result};

/// The model with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaBernoulli {
    alpha: f64,
    beta: f64,
    gamma: f64,
    delta: f64,
}

/// What is known of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occasions {
    purchases: u32,
    last: u32,
    all: u32,
}

impl Occasions {
    /// `purchases` on `all` occasions, the last of them on occasion `last` (0 without any).
    ///
    /// # Errors
    /// `invalid-option` unless `purchases ≤ last ≤ all`, and `last` is 0 without purchases.
    pub fn new(purchases: u32, last: u32, all: u32) -> Result<Self> {
        if purchases <= last && last <= all && (purchases > 0 || last == 0) {
            return Ok(Occasions { purchases, last, all });
        }
        Err(Error::new(Code::InvalidOption, "no more purchases than occasions up to the last one"))
    }

    /// Occasions with a purchase.
    #[must_use]
    pub fn purchases(&self) -> u32 {
        self.purchases
    }
}

/// `ln Σ eˣ` without overflow.
fn ln_sum(terms: &[f64]) -> f64 {
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    most + libm::log(terms.iter().map(|term| libm::exp(term - most)).sum())
}

impl BetaBernoulli {
    /// Chances to buy are beta with `alpha` and `beta`, chances to drop out beta with `gamma` and
    /// `delta`.
    ///
    /// # Errors
    /// `invalid-option` at the name of a parameter that is not above 0.
    pub fn new(alpha: f64, beta: f64, gamma: f64, delta: f64) -> Result<Self> {
        positive(&[("alpha", alpha), ("beta", beta), ("gamma", gamma), ("delta", delta)])?;
        Ok(BetaBernoulli { alpha, beta, gamma, delta })
    }

    /// `ln` of the chance to have bought on `hits` given occasions and not on `misses`.
    fn ln_bought(&self, hits: f64, misses: f64) -> f64 {
        beta(self.alpha + hits, self.beta + misses) - beta(self.alpha, self.beta)
    }

    /// `ln` of the chance to be there on `count` occasions, and with `leaves` to drop out then.
    fn ln_there(&self, count: f64, leaves: bool) -> f64 {
        let left = f64::from(u8::from(leaves));
        beta(self.gamma + left, self.delta + count) - beta(self.gamma, self.delta)
    }

    /// The logarithms of the chances of each way a history can have come about: to have been there to
    /// the end, or to have dropped out before each occasion after the last purchase. With the numbers
    /// that make it: misses, occasions survived, and whether the customer dropped out.
    fn ways(&self, history: Occasions) -> Vec<(f64, [f64; 3])> {
        let Occasions { purchases, last, all } = history;
        let x = f64::from(purchases);
        let way = |until: u32, leaves: bool| {
            let n = f64::from(until);
            let ln = self.ln_bought(x, n - x) + self.ln_there(n, leaves);
            (ln, [n - x, n, f64::from(u8::from(leaves))])
        };
        let mut ways = vec![way(all, false)];
        ways.extend((last..all).map(|seen| way(seen, true)));
        ways
    }

    /// The log-likelihood of a history, in nats.
    #[must_use]
    pub fn log_likelihood(&self, history: Occasions) -> f64 {
        let terms: Vec<f64> = self.ways(history).iter().map(|way| way.0).collect();
        ln_sum(&terms)
    }

    /// The log-likelihood of a history with its gradient.
    pub(super) fn likelihood(&self, history: Occasions) -> (f64, [f64; 4]) {
        let BetaBernoulli { alpha, beta, gamma, delta } = *self;
        let value = self.log_likelihood(history);
        let x = f64::from(history.purchases);
        let mut gradient = [0.0; 4];
        for (ln, [misses, there, left]) in self.ways(history) {
            let share = libm::exp(ln - value);
            let bought = digamma_step(alpha + beta, x + misses);
            let stayed = digamma_step(gamma + delta, left + there);
            let slopes = [
                digamma_step(alpha, x) - bought,
                digamma_step(beta, misses) - bought,
                digamma_step(gamma, left) - stayed,
                digamma_step(delta, there) - stayed,
            ];
            gradient.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += share * slope);
        }
        (value, gradient)
    }

    /// How likely the customer is there on the next occasion, 0 to 1.
    #[must_use]
    pub fn alive(&self, history: Occasions) -> f64 {
        let (x, n) = (f64::from(history.purchases), f64::from(history.all));
        let there = self.ln_bought(x, n - x) + self.ln_there(n + 1.0, false);
        libm::exp(there - self.log_likelihood(history))
    }

    /// Purchases expected on the next `occasions`.
    #[must_use]
    pub fn expected(&self, history: Occasions, occasions: u32) -> f64 {
        let (x, n) = (f64::from(history.purchases), f64::from(history.all));
        let buys = self.ln_bought(x + 1.0, n - x) - self.log_likelihood(history);
        let on = |next: u32| libm::exp(buys + self.ln_there(n + f64::from(next), false));
        (1..=occasions).map(on).sum()
    }

    /// The probability of `count` purchases on the first `occasions`; 0 for more than these.
    #[must_use]
    pub fn probability(&self, count: u32, occasions: u32) -> f64 {
        if count > occasions {
            return 0.0;
        }
        let (x, n) = (f64::from(count), f64::from(occasions));
        let ways = |of: f64| gamma(of + 1.0) - gamma(x + 1.0) - gamma(of - x + 1.0);
        let mut terms = vec![ways(n) + self.ln_bought(x, n - x) + self.ln_there(n, false)];
        for seen in count..occasions {
            let seen = f64::from(seen);
            terms.push(ways(seen) + self.ln_bought(x, seen - x) + self.ln_there(seen, true));
        }
        libm::exp(ln_sum(&terms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> BetaBernoulli {
        BetaBernoulli::new(1.204, 0.75, 0.657, 2.783).unwrap()
    }

    #[test]
    fn probabilities_sum_to_one_and_their_mean_is_the_expectation() {
        let (mut all, mut mean) = (0.0, 0.0);
        for count in 0..=12 {
            let probability = model().probability(count, 12);
            all += probability;
            mean += f64::from(count) * probability;
        }
        assert!((all - 1.0).abs() < 1e-12 && model().probability(13, 12) == 0.0);
        let new = Occasions::new(0, 0, 0).unwrap();
        assert!((mean / model().expected(new, 12) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn histories_of_a_number_of_purchases_have_its_probability() {
        // Three purchases on five occasions: the last on occasion 3, 4 or 5, in 1, 3 and 6 ways.
        let sum: f64 = [(3, 1.0), (4, 3.0), (5, 6.0)]
            .iter()
            .map(|(last, ways)| {
                ways * model().log_likelihood(Occasions::new(3, *last, 5).unwrap()).exp()
            })
            .sum();
        assert!((sum / model().probability(3, 5) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn histories_that_cannot_be_are_refused() {
        for (purchases, last, all) in [(3, 2, 5), (1, 6, 5), (0, 2, 5)] {
            let error = Occasions::new(purchases, last, all).unwrap_err();
            assert_eq!(error.code(), Code::InvalidOption);
        }
        assert_eq!(BetaBernoulli::new(1.0, 1.0, 1.0, 0.0).unwrap_err().path(), Some("delta"));
    }
}
