//! Gamma-Gamma: the money of a purchase varies around a customer's own mean, and these means vary
//! among customers. A customer's observed mean is drawn towards that of all, the more so the fewer
//! their purchases.
//!
//! When not to use it: where money and number of purchases hang together (check their correlation
//! first), and for amounts of zero or below.
//!
//! # References
//! P. S. Fader, B. G. S. Hardie, "The Gamma-Gamma Model of Monetary Value", note 025 (2013),
//! equations 1a and 5; `v` is its γ. P. S. Fader, B. G. S. Hardie, K. L. Lee, "RFM and CLV: Using
//! Iso-Value Curves for Customer Base Analysis", JMR 42 (2005).

use super::{digamma_step, gamma, positive};
use crate::error::{Code, Error, Result};

/// The model with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaGamma {
    p: f64,
    q: f64,
    v: f64,
}

impl GammaGamma {
    /// A purchase is gamma with shape `p` and a rate of the customer's own; rates are gamma with
    /// shape `q` and rate `v`, in units of money.
    ///
    /// # Errors
    /// `invalid-option` at the name of a parameter that is not above 0.
    pub fn new(p: f64, q: f64, v: f64) -> Result<Self> {
        positive(&[("p", p), ("q", q), ("v", v)])?;
        Ok(GammaGamma { p, q, v })
    }

    /// The log-likelihood of the mean `spend` of so many purchases, in nats. `None` without
    /// purchases or for a mean that is not above 0: the model says nothing of them.
    #[must_use]
    pub fn log_likelihood(&self, purchases: u64, spend: f64) -> Option<f64> {
        if purchases == 0 || !(spend > 0.0 && spend.is_finite()) {
            return None;
        }
        let x = purchases as f64;
        Some(self.likelihood(x, spend, &self.counting(x)).0)
    }

    /// What of the log-likelihood depends on the number of purchases alone, with its gradient.
    pub(super) fn counting(&self, x: f64) -> (f64, [f64; 3]) {
        let GammaGamma { p, q, v } = *self;
        let value =
            gamma(p * x + q) - gamma(p * x) - gamma(q) + q * libm::log(v) + p * x * libm::log(x);
        let by_p = x * (digamma_step(p * x, q) + libm::log(x));
        let by_q = digamma_step(q, p * x) + libm::log(v);
        (value, [by_p, by_q, q / v])
    }

    /// The log-likelihood of the mean `spend` of `x` purchases, both above 0, with its gradient.
    pub(super) fn likelihood(
        &self,
        x: f64,
        spend: f64,
        (value, [by_p, by_q, by_v]): &(f64, [f64; 3]),
    ) -> (f64, [f64; 3]) {
        let GammaGamma { p, q, v } = *self;
        let (ln_spend, rate) = (libm::log(spend), x * spend + v);
        let ln_rate = libm::log(rate);
        let value = value + (p * x - 1.0) * ln_spend - (p * x + q) * ln_rate;
        (value, [by_p + x * (ln_spend - ln_rate), by_q - ln_rate, by_v - (p * x + q) / rate])
    }

    /// The gradient of the logarithm of [`expected`](Self::expected) by the logarithms of the
    /// parameters.
    pub(super) fn slopes(&self, x: f64, spend: f64) -> [f64; 3] {
        let GammaGamma { p, q, v } = *self;
        let freedom = p * x + q - 1.0;
        [1.0 - p * x / freedom, -q / freedom, v / (v + x * spend)]
    }

    /// The mean money of a customer's future purchases, after so many with this mean; that of all
    /// without any.
    ///
    /// # Errors
    /// `not-identifiable` where it has no mean: `p·x + q ≤ 1`. `invalid-option` for a spend below
    /// 0.
    pub fn expected(&self, purchases: u64, spend: f64) -> Result<f64> {
        if !(spend >= 0.0 && spend.is_finite()) {
            return Err(Error::new(Code::InvalidOption, "a mean spend is 0 or more"));
        }
        let x = purchases as f64;
        let freedom = self.p * x + self.q - 1.0;
        if freedom <= 0.0 {
            return Err(Error::new(
                Code::NotIdentifiable,
                "spend has no mean under these parameters: `q` must be above 1",
            ));
        }
        Ok(self.p * (self.v + x * spend) / freedom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_purchases_speak_for_themselves_and_few_for_all() {
        let model = GammaGamma::new(6.25, 3.74, 15.44).unwrap();
        let all = model.expected(0, 0.0).unwrap();
        assert!((model.expected(100_000, 80.0).unwrap() - 80.0).abs() < 0.01);
        let few = model.expected(1, 80.0).unwrap();
        assert!(few < 80.0 && few > all);
    }

    #[test]
    fn what_has_no_answer_says_so() {
        let model = GammaGamma::new(2.0, 0.5, 15.0).unwrap();
        assert_eq!(model.expected(0, 0.0).unwrap_err().code(), Code::NotIdentifiable);
        assert_eq!(model.log_likelihood(0, 5.0), None);
        assert_eq!(model.log_likelihood(3, 0.0), None);
        assert!(model.expected(1, -3.0).is_err());
        assert_eq!(GammaGamma::new(1.0, -1.0, 1.0).unwrap_err().path(), Some("q"));
    }
}
