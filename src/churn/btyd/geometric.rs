//! BG/NBD and MBG/NBD: a Poisson stream of purchases whose rate is gamma(r, alpha) among customers,
//! and after each purchase a toss to drop out, whose chance is beta(a, b). In the modified model
//! there is a toss after the very first purchase too, so that customers without repeat purchases
//! may be gone.
//!
//! When not to use them: subscriptions, whose end is seen ([`super::shifted`]); seasonal purchases,
//! which the constant rate does not know.
//!
//! # Method
//! With `q = ((alpha + T)/(alpha + t_x))^(r + x)·a/(b + x − 1)` (modified: `a/(b + x)`) a customer
//! is alive with `1/(1 + q)`. The expected purchases hold a Gauss hypergeometric function that
//! overflows for many purchases and is 0/0 at `a = 1`; Euler's transformation (DLMF 15.8.1) leaves
//! `C/(a − 1)·[1 − e^(−(a−1)u)·₂F₁(A, a − 1; C; 1 − e^(−u))]` with `u = ln(1 + t/(alpha + T))`,
//! `C = a + b + x − 1` (modified: `a + b + x`) and `A = C − r − x`, and the division by `a − 1` is
//! done term by term.
//!
//! Somebody who is there after `x` purchases at age `T` has, by Bayes' theorem, a rate that is
//! gamma(r + x, alpha + T) and a chance to drop out that is beta(a, b + x) (modified: b + 1 + x). With
//! rate λ and chance p the tosses lost come as a Poisson stream of rate λ·p, so that none is lost within
//! `t` with `e^(−λpt)`; the mean of that over both is Euler's integral (DLMF 15.6.1)
//! `₂F₁(r + x, a; a + b + x; −t/(alpha + T))`, by DLMF 15.8.1 `e^(−(r+x)u)·₂F₁(r + x, b + x; a + b + x;
//! 1 − e^(−u))` with positive terms only.
//!
//! # References
//! P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting Your Customers the Easy Way: An Alternative to
//! the Pareto/NBD Model", Marketing Science 24 (2005) 275–284, equations 4, 8, 9 and 10. E. P.
//! Batislam, M. Denizel, A. Filiztekin, "Empirical validation and comparison of models for customer
//! base analysis", IJRM 24 (2007) 201–209. P. S. Fader, B. G. S. Hardie, "Incorporating
//! time-invariant covariates into the Pareto/NBD and BG/NBD models", note 019 (2007): a customer's
//! own `alpha`, `a` and `b` take the place of these.

use super::{History, Odds, beta, check_horizon, digamma_step, gamma, ln_1p_exp, positive};
use crate::error::{Code, Error, Result};

/// When a customer may drop out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropout {
    /// After each repeat purchase: BG/NBD.
    AfterRepeats,
    /// After each purchase, the first one included: MBG/NBD.
    AfterAll,
}

/// A model with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometric {
    dropout: Dropout,
    r: f64,
    alpha: f64,
    a: f64,
    b: f64,
}

/// What of a log-likelihood depends on the number of purchases alone, with its gradient.
pub(super) struct Counting {
    pub(super) purchases: f64,
    value: f64,
    gradient: [f64; 4],
}

/// The most terms of a series: reached only where a horizon is a million times an age.
const MOST_TERMS: u32 = 10_000_000;

/// Beyond this `(a − 1)u` the series after Euler's transformation overflows.
const MOST_EULER: f64 = 500.0;

impl Geometric {
    /// Rates are gamma with shape `r` and rate `alpha` (in units of time), chances to drop out beta
    /// with `a` and `b`.
    ///
    /// # Errors
    /// `invalid-option` at the name of a parameter that is not above 0.
    pub fn new(dropout: Dropout, r: f64, alpha: f64, a: f64, b: f64) -> Result<Self> {
        positive(&[("r", r), ("alpha", alpha), ("a", a), ("b", b)])?;
        Ok(Geometric { dropout, r, alpha, a, b })
    }

    /// `b`, raised by the toss at the start in the modified model.
    fn stays(&self) -> f64 {
        match self.dropout {
            Dropout::AfterRepeats => self.b,
            Dropout::AfterAll => self.b + 1.0,
        }
    }

    /// How much likelier it is, as a logarithm, that the customer has dropped out than not; −∞ where
    /// that cannot be.
    pub(super) fn odds(&self, history: History) -> Odds {
        let History { purchases: x, last, age } = history;
        if x == 0.0 && self.dropout == Dropout::AfterRepeats {
            return Odds { ln: f64::NEG_INFINITY, gradient: [0.0; 4] };
        }
        let silence = libm::log1p((age - last) / (self.alpha + last));
        let stays = self.stays() + x - 1.0;
        let by_alpha = (self.r + x) * (1.0 / (self.alpha + age) - 1.0 / (self.alpha + last));
        Odds {
            ln: libm::log(self.a / stays) + (self.r + x) * silence,
            gradient: [silence, by_alpha, 1.0 / self.a, -1.0 / stays],
        }
    }

    /// What of the log-likelihood depends on the number of purchases alone.
    pub(super) fn counting(&self, purchases: f64) -> Counting {
        let Geometric { r, a, b, .. } = *self;
        let stays = self.stays() + purchases;
        // ψ(b + …) − ψ(b) and ψ(a + b + …) − ψ(a + b).
        let (from_b, from_both) = (digamma_step(b, stays - b), digamma_step(a + b, stays - b));
        Counting {
            purchases,
            value: gamma(r + purchases) - gamma(r) + beta(a, stays) - beta(a, b),
            gradient: [digamma_step(r, purchases), 0.0, -from_both, from_b - from_both],
        }
    }

    /// The log-likelihood of a history, in nats, with its gradient. `counting` is that of its number
    /// of purchases.
    pub(super) fn likelihood(&self, history: History, counting: &Counting) -> (f64, [f64; 4]) {
        let History { purchases: x, age, .. } = history;
        let longer = libm::log1p(age / self.alpha);
        let odds = self.odds(history);
        let value =
            counting.value - self.r * longer - x * libm::log(self.alpha + age) + ln_1p_exp(odds.ln);
        let gone = 1.0 / (1.0 + libm::exp(-odds.ln));
        let mut gradient = counting.gradient;
        gradient[0] -= longer;
        gradient[1] += self.r / self.alpha - (self.r + x) / (self.alpha + age);
        gradient.iter_mut().zip(odds.gradient).for_each(|(all, odds)| *all += gone * odds);
        (value, gradient)
    }

    /// The log-likelihood of a history, in nats.
    #[must_use]
    pub fn log_likelihood(&self, history: History) -> f64 {
        self.likelihood(history, &self.counting(history.purchases)).0
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
    /// `invalid-option` for a horizon below 0, `not-identifiable` where its series does not end: a
    /// horizon a million times `alpha` and the age together.
    pub fn expected(&self, history: History, horizon: f64) -> Result<f64> {
        check_horizon(horizon)?;
        Ok(self.growth(history.purchases, history.age, horizon)? * self.alive(history))
    }

    /// Repeat purchases expected within `horizon` of somebody who is there after `purchases` at `age`.
    pub(super) fn growth(&self, purchases: f64, age: f64, horizon: f64) -> Result<f64> {
        let c = self.a + self.stays() + purchases - 1.0;
        let u = libm::log1p(horizon / (self.alpha + age));
        let (epsilon, a) = (self.a - 1.0, c - self.r - purchases);
        if epsilon * u > MOST_EULER {
            return Ok(c * growth_of_many(epsilon, self.r + purchases, c, u)?);
        }
        Ok(c * growth(epsilon, a, c, u)?)
    }

    /// The logarithm of how likely somebody who is there after `purchases` at `age` is there `later` too.
    pub(super) fn ln_stays(&self, purchases: f64, age: f64, later: f64) -> Result<f64> {
        let (tries, stays) = (self.r + purchases, self.stays() + purchases);
        let u = libm::log1p(later / (self.alpha + age));
        let ln = ln_series(tries, stays, self.a + stays, -libm::expm1(-u), -tries * u)?;
        // Rounding may leave a little more than surely.
        Ok(ln.min(0.0))
    }

    /// The probability of exactly `count` repeat purchases within `horizon` of the first purchase.
    /// The sum of the probabilities of fewer is taken from 1, so that values below 1e-14 have few
    /// digits.
    ///
    /// # Errors
    /// `invalid-option` for a horizon below 0.
    pub fn probability(&self, count: u32, horizon: f64) -> Result<f64> {
        check_horizon(horizon)?;
        let (x, whole) = (f64::from(count), beta(self.a, self.b));
        let ln_still = -self.r * libm::log1p(horizon / self.alpha);
        let share = horizon / (self.alpha + horizon);
        // Purchases of somebody who cannot drop out: negative binomial.
        let mut weight = libm::exp(ln_still);
        let mut fewer = 0.0;
        for at in 0..count {
            fewer += weight;
            weight *= (self.r + f64::from(at)) / (f64::from(at) + 1.0) * share;
        }
        let alive = libm::exp(beta(self.a, self.stays() + x) - whole) * weight;
        if count == 0 && self.dropout == Dropout::AfterRepeats {
            return Ok(alive);
        }
        let gone = libm::exp(beta(self.a + 1.0, self.stays() + x - 1.0) - whole);
        Ok(alive + gone * f64::max(1.0 - fewer, 0.0))
    }
}

/// `[1 − e^(−εu)·₂F₁(A, ε; C; z)]/ε` with `z = 1 − e^(−u)`, also at `ε = 0`.
fn growth(epsilon: f64, a: f64, c: f64, u: f64) -> Result<f64> {
    let z = -libm::expm1(-u);
    let first = if epsilon == 0.0 { u } else { -libm::expm1(-epsilon * u) / epsilon };
    // ₂F₁ = 1 + ε·S.
    let (mut sum, mut term) = (0.0, a / c * z);
    for n in 1..MOST_TERMS {
        sum += term;
        let n = f64::from(n);
        term *= (a + n) * (epsilon + n) / ((c + n) * (n + 1.0)) * z;
        // What is left is about a geometric series.
        if term.abs() <= f64::EPSILON / 8.0 * sum.abs() * (1.0 - z) {
            return Ok(first - libm::exp(-epsilon * u) * sum);
        }
    }
    Err(Error::new(Code::NotIdentifiable, "the horizon is too long for this age and `alpha`"))
}

/// The same as [`growth`] by the series before Euler's transformation, `[1 − e^(−ru)·₂F₁(r, C − ε; C; z)]/ε`:
/// for a large `ε`, where the other overflows and this one is not 0/0.
fn growth_of_many(epsilon: f64, r: f64, c: f64, u: f64) -> Result<f64> {
    let ln = ln_series(r, c - epsilon, c, -libm::expm1(-u), -r * u)?;
    Ok(-libm::expm1(ln) / epsilon)
}

/// `ln_scale + ln ₂F₁(a, b; c; z)` by its series, all of whose terms are positive. Its sum is kept below
/// 1e200.
fn ln_series(a: f64, b: f64, c: f64, z: f64, mut ln_scale: f64) -> Result<f64> {
    const LARGE: f64 = 1e200;
    let (mut sum, mut term) = (0.0, 1.0);
    for n in 0..MOST_TERMS {
        sum += term;
        let n = f64::from(n);
        term *= (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        if term.abs() <= f64::EPSILON / 8.0 * sum * (1.0 - z) {
            return Ok(ln_scale + libm::log(sum));
        }
        if sum > LARGE {
            (sum, term) = (sum / LARGE, term / LARGE);
            ln_scale += libm::log(LARGE);
        }
    }
    Err(Error::new(Code::NotIdentifiable, "the horizon is too long for this age and `alpha`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(dropout: Dropout, a: f64) -> Geometric {
        Geometric::new(dropout, 0.5, 6.0, a, 1.6).unwrap()
    }

    #[test]
    fn nothing_jumps_at_a_equal_to_one() {
        let history = History::new(3, 20.0, 30.0).unwrap();
        let at = |a: f64| model(Dropout::AfterRepeats, a).expected(history, 52.0).unwrap();
        assert!((at(1.0 + 1e-9) - at(1.0)).abs() < 1e-7 && (at(1.0 - 1e-9) - at(1.0)).abs() < 1e-7);
    }

    #[test]
    fn both_series_agree_and_customers_who_are_all_alike_have_a_finite_expectation() {
        for (a, b, x, u) in
            [(3.0, 2.0, 1.0, 0.4), (20.0, 90.0, 4.0, 2.0), (150.0, 900.0, 40.0, 3.0)]
        {
            let (epsilon, r, c): (f64, f64, f64) = (a - 1.0, 0.6 + x, a + b + x);
            let one = growth(epsilon, c - r, c, u).unwrap();
            let other = growth_of_many(epsilon, r, c, u).unwrap();
            assert!((one / other - 1.0).abs() < 1e-12, "{a} {b}: {one} {other}");
        }
        // The chance to drop out is 0.1 for everybody: more of the same changes little, and nothing overflows.
        let expected = |size: f64, x: u64| {
            let model =
                Geometric::new(Dropout::AfterAll, 0.6, 3.5, 0.1 * size, 0.9 * size).unwrap();
            model.expected(History::new(x, 20.0, 20.0).unwrap(), 52.0).unwrap()
        };
        for x in [1, 30, 900] {
            let (large, larger) = (expected(1e5, x), expected(1e9, x));
            assert!(
                large > 0.5 && large < 10.0 && (large / larger - 1.0).abs() < 2e-2,
                "{x}: {large} {larger}"
            );
            // A toss after each purchase: ten are made on average until one fails.
            assert!(larger < 10.0);
        }
    }

    #[test]
    fn probabilities_sum_to_one_and_their_mean_is_the_expectation() {
        for dropout in [Dropout::AfterRepeats, Dropout::AfterAll] {
            let model = model(dropout, 0.9);
            let (mut all, mut mean) = (0.0, 0.0);
            for count in 0..2_000 {
                let probability = model.probability(count, 26.0).unwrap();
                all += probability;
                mean += f64::from(count) * probability;
            }
            assert!((all - 1.0).abs() < 1e-9, "{dropout:?} {all}");
            let expected = model.expected(History::none(), 26.0).unwrap();
            assert!((mean / expected - 1.0).abs() < 1e-7, "{dropout:?} {mean} {expected}");
        }
    }

    #[test]
    fn a_silence_makes_it_likelier_that_a_customer_is_gone() {
        let model = model(Dropout::AfterRepeats, 0.8);
        let alive = |age: f64| model.alive(History::new(10, 20.0, age).unwrap());
        assert!(alive(20.0) > alive(30.0) && alive(30.0) > alive(300.0) && alive(3000.0) > 0.0);
        // Without repeat purchases there was no toss yet; in the modified model there was one.
        let never = History::new(0, 0.0, 300.0).unwrap();
        assert_eq!(model.alive(never), 1.0);
        assert!(self::model(Dropout::AfterAll, 0.8).alive(never) < 0.7);
    }

    #[test]
    fn parameters_and_horizons_out_of_range_are_named() {
        let error = Geometric::new(Dropout::AfterAll, 1.0, 0.0, 1.0, 1.0).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("alpha")));
        let model = model(Dropout::AfterAll, 1.0);
        for horizon in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(
                model.expected(History::none(), horizon).unwrap_err().path(),
                Some("horizon")
            );
            assert!(model.probability(1, horizon).is_err());
        }
        assert_eq!(model.expected(History::none(), 0.0).unwrap(), 0.0);
        let endless = model.expected(History::none(), 1e300).unwrap_err();
        assert_eq!(endless.code(), Code::NotIdentifiable);
    }
}
