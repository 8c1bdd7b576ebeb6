//! Local differential privacy: each customer's answer is changed by chance before anybody sees it,
//! and the whole is estimated from what arrives (Wang et al. 2017, "Locally Differentially Private
//! Protocols for Frequency Estimation").
//!
//! When not to use it: where the rows are in one place anyway, noise on the result is far smaller
//! for the same privacy.

use serde::Serialize;

use super::noise::{Entropy, bernoulli_exp, uniform};
use super::{demand, positive};
use crate::error::Result;

/// What randomised answers among `k` choices are like, and optimised unary encoding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LocalPlan {
    /// Probability of the true answer: e^ε / (e^ε + k − 1).
    pub truth: f64,
    /// Probability of each other answer: 1 / (e^ε + k − 1).
    pub other: f64,
    /// Unary encoding: probability that the customer's own bit is sent as set.
    pub unary_own: f64,
    /// Unary encoding: probability that another bit is: 1 / (e^ε + 1).
    pub unary_other: f64,
    /// Variance for each customer of the estimated count of a choice that nobody has.
    pub variance: f64,
    /// The same for unary encoding: better where k > 3e^ε + 2.
    pub unary_variance: f64,
}

/// The probabilities for `k` choices at `epsilon`.
///
/// # Errors
/// `invalid-option` unless there are two choices and ε is above 0 and at most 500.
pub fn plan(k: u32, epsilon: f64) -> Result<LocalPlan> {
    demand(k >= 2, "choices", "there are at least two choices")?;
    positive(epsilon, "epsilon")?;
    demand(epsilon <= 500.0, "epsilon", "this is at most 500")?;
    let growth = libm::expm1(epsilon);
    let (e, all) = (growth + 1.0, growth + f64::from(k));
    let (truth, other) = (e / all, 1.0 / all);
    Ok(LocalPlan {
        truth,
        other,
        unary_own: 0.5,
        unary_other: 1.0 / (e + 1.0),
        // q(1 − q)/(p − q)², with p − q = (e^ε − 1)q.
        variance: (1.0 - other) / (other * growth * growth),
        unary_variance: 4.0 * e / (growth * growth),
    })
}

/// The number of customers with a choice that `observed` of `n` answers named, without bias. It
/// may lie outside 0 to n: cut it only where it is shown.
///
/// # Errors
/// As [`plan`].
pub fn estimate(k: u32, epsilon: f64, n: f64, observed: f64) -> Result<f64> {
    let LocalPlan { truth, other, .. } = plan(k, epsilon)?;
    Ok((observed - n * other) / (truth - other))
}

/// A customer's answer, changed by chance: exact for ε = `numerator` / `denominator`.
///
/// # Errors
/// `unsupported` without randomness of the platform.
pub fn randomised(
    answer: u32,
    k: u32,
    (numerator, denominator): (u64, u64),
    from: &mut dyn Entropy,
) -> Result<u32> {
    // Propose one of k uniformly; the truth stays with certainty, another with e^−ε.
    loop {
        let proposed = uniform(u128::from(k.max(1)), from)? as u32;
        let stays = proposed == answer
            || bernoulli_exp(u128::from(numerator), u128::from(denominator), from)?;
        if stays {
            return Ok(proposed);
        }
    }
}
