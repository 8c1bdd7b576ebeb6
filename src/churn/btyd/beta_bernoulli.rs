//! BG/BB: purchases can fall on given occasions only (a yearly appeal, a monthly draw). On each a
//! customer who is there buys with a chance that is beta(alpha, beta) among customers, and before
//! each drops out with one that is beta(gamma, delta).
//!
//! When not to use it: where purchases fall at any time ([`super::geometric`], [`super::pareto`]).
//!
//! # Method
//! The ways in which somebody can have dropped out, before each occasion after the last purchase and
//! before the next one, are told over the chance to be there: each is the one before times a ratio of
//! four numbers, and its gradient a sum of their inverses, so that a history of any length takes no
//! special function for each of its occasions. Somebody who is there on occasion `n + 1` has a chance to
//! drop out that is beta(gamma, delta + n + 1), and so is there `m` occasions later too with
//! `B(gamma, delta + n + 1 + m)/B(gamma, delta + n + 1)`.
//!
//! # References
//! P. S. Fader, B. G. S. Hardie, J. Shang, "Customer-Base Analysis in a Discrete-Time Noncontractual
//! Setting", Marketing Science 29 (2010) 1086–1108, equations 5, 7, 8, 11 and 13.

use super::{History, Odds, beta, digamma_step, gamma, ln_1p_exp, positive};
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

    /// Of a history whose unit of time is an occasion, rounded to whole ones.
    pub(super) fn of(history: History) -> Occasions {
        let count = |x: f64| libm::round(x) as u32;
        let purchases = count(history.purchases);
        let last = count(history.last).max(purchases);
        Occasions { purchases, last, all: count(history.age).max(last) }
    }

    /// Occasions with a purchase.
    #[must_use]
    pub fn purchases(&self) -> u32 {
        self.purchases
    }
}

/// Sums are kept below.
const LARGE: f64 = 1e200;

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

    /// How much likelier it is, as a logarithm, that the customer has dropped out by the next occasion than
    /// not, with its gradient.
    pub(super) fn odds(&self, history: Occasions) -> Odds {
        let BetaBernoulli { alpha, beta, gamma, delta } = *self;
        let [x, last, all] = [history.purchases, history.last, history.all].map(f64::from);
        // The chance to have dropped out before the next occasion, over that to be there; then before
        // each occasion back to the one after the last purchase.
        let (mut way, mut seen) = (gamma / (delta + all), all);
        let mut slopes = [0.0, 0.0, 1.0 / gamma, -1.0 / (delta + all)];
        let (mut sum, mut gradient, mut ln_scale) = (0.0, [0.0; 4], 0.0);
        loop {
            sum += way;
            gradient.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += way * slope);
            if seen <= last {
                break;
            }
            seen -= 1.0;
            let (tried, missed) = (alpha + beta + seen, beta + seen - x);
            let (tossed, stayed) = (gamma + delta + seen + 1.0, delta + seen);
            way *= tried / missed * (tossed / stayed);
            let more = [
                1.0 / tried,
                1.0 / tried - 1.0 / missed,
                1.0 / tossed,
                1.0 / tossed - 1.0 / stayed,
            ];
            slopes.iter_mut().zip(more).for_each(|(slope, more)| *slope += more);
            if sum > LARGE {
                (sum, way) = (sum / LARGE, way / LARGE);
                gradient.iter_mut().for_each(|sum| *sum /= LARGE);
                ln_scale += libm::log(LARGE);
            }
        }
        Odds { ln: ln_scale + libm::log(sum), gradient: gradient.map(|each| each / sum) }
    }

    /// The log-likelihood of a history, in nats.
    #[must_use]
    pub fn log_likelihood(&self, history: Occasions) -> f64 {
        self.likelihood(history).0
    }

    /// The log-likelihood of a history with its gradient.
    pub(super) fn likelihood(&self, history: Occasions) -> (f64, [f64; 4]) {
        let BetaBernoulli { alpha, beta, gamma, delta } = *self;
        let (x, n) = (f64::from(history.purchases), f64::from(history.all));
        let odds = self.odds(history);
        let there = self.ln_bought(x, n - x) + self.ln_there(n + 1.0, false);
        let (bought, stayed) =
            (digamma_step(alpha + beta, n), digamma_step(gamma + delta, n + 1.0));
        let mut gradient = [
            digamma_step(alpha, x) - bought,
            digamma_step(beta, n - x) - bought,
            -stayed,
            digamma_step(delta, n + 1.0) - stayed,
        ];
        let gone = 1.0 / (1.0 + libm::exp(-odds.ln));
        gradient.iter_mut().zip(odds.gradient).for_each(|(all, odds)| *all += gone * odds);
        (there + ln_1p_exp(odds.ln), gradient)
    }

    /// How likely the customer is there on the next occasion, 0 to 1.
    #[must_use]
    pub fn alive(&self, history: Occasions) -> f64 {
        self.odds(history).alive()
    }

    /// Purchases expected on the next `occasions`.
    #[must_use]
    pub fn expected(&self, history: Occasions, occasions: u32) -> f64 {
        let (x, n) = (f64::from(history.purchases), f64::from(history.all));
        self.horizon(x, n, occasions, 0.0).0 * self.alive(history)
    }

    /// Of somebody who is there on the occasion after `all`, on `purchases` of which they bought: purchases
    /// expected on the next `occasions`, and these divided by `(1 + rate)ⁱ` on the one of number `i`.
    pub(super) fn horizon(
        &self,
        purchases: f64,
        all: f64,
        occasions: u32,
        rate: f64,
    ) -> (f64, f64) {
        let BetaBernoulli { alpha, beta, gamma, delta } = *self;
        let mut buys = (alpha + purchases) / (alpha + beta + all);
        let (mut sum, mut discounted, mut factor) = (0.0, 0.0, 1.0);
        for next in 1..=occasions {
            factor /= 1.0 + rate;
            sum += buys;
            discounted += buys * factor;
            let at = all + f64::from(next);
            buys *= (delta + at) / (gamma + delta + at);
        }
        (sum, discounted)
    }

    /// The logarithm of how likely somebody who is there on the occasion after `all` is there `later`
    /// occasions after it too.
    pub(super) fn ln_stays(&self, all: f64, later: f64) -> f64 {
        let stays = |count: f64| beta(self.gamma, self.delta + all + 1.0 + count);
        stays(later) - stays(0.0)
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

    /// The likelihood by its definition: a term for each way in which the history can have come about.
    fn by_definition(model: &BetaBernoulli, history: Occasions) -> f64 {
        let Occasions { purchases, last, all } = history;
        let x = f64::from(purchases);
        let way = |until: u32, leaves: bool| {
            let n = f64::from(until);
            model.ln_bought(x, n - x) + model.ln_there(n, leaves)
        };
        let mut ways = vec![way(all, false)];
        ways.extend((last..all).map(|seen| way(seen, true)));
        ln_sum(&ways)
    }

    #[test]
    fn ratios_of_ways_make_the_likelihood_and_its_gradient() {
        for parameters in [[1.2, 0.75, 0.66, 2.8], [0.05, 8.0, 0.3, 0.9], [40.0, 60.0, 2.0, 90.0]] {
            let at = |[alpha, beta, gamma, delta]: [f64; 4]| {
                BetaBernoulli::new(alpha, beta, gamma, delta).unwrap()
            };
            let model = at(parameters);
            for (x, last, all) in [(0, 0, 0), (0, 0, 6), (2, 3, 9), (9, 9, 9), (30, 31, 2_000)] {
                let history = Occasions::new(x, last, all).unwrap();
                let (value, gradient) = model.likelihood(history);
                let wanted = by_definition(&model, history);
                assert!((value - wanted).abs() < 1e-11 * (1.0 + wanted.abs()), "{value} {wanted}");
                let n = f64::from(all);
                let there = model.ln_bought(f64::from(x), n - f64::from(x))
                    + model.ln_there(n + 1.0, false);
                let alive = libm::exp(there - wanted);
                assert!((model.alive(history) / alive - 1.0).abs() < 1e-10, "{x} {last} {all}");
                for which in 0..4 {
                    let shifted = |by: f64| {
                        let mut moved = parameters;
                        moved[which] *= 1.0 + by;
                        (at(moved).log_likelihood(history), at(moved).odds(history).ln)
                    };
                    let (up, down) = (shifted(1e-5), shifted(-1e-5));
                    let span = 2e-5 * parameters[which];
                    let slopes = [(up.0 - down.0) / span, (up.1 - down.1) / span];
                    let found = [gradient[which], model.odds(history).gradient[which]];
                    for (slope, found) in slopes.into_iter().zip(found) {
                        assert!(
                            (slope - found).abs() < 1e-5 * (1.0 + slope.abs()),
                            "{slope} {found}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn who_stays_is_there_on_the_occasions_on_which_they_are_expected_to_buy() {
        let history = Occasions::new(2, 3, 6).unwrap();
        let buys = (1.204 + 2.0) / (1.204 + 0.75 + 6.0);
        let there = |later: u32| libm::exp(model().ln_stays(6.0, f64::from(later)));
        let sum: f64 = (0..5).map(|later| buys * there(later) * model().alive(history)).sum();
        assert!((sum / model().expected(history, 5) - 1.0).abs() < 1e-12);
        assert!(there(0) == 1.0 && there(5) < there(4));
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
