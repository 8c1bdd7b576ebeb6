//! What several answers cost together: pure ε, zero-concentrated (zCDP), Rényi (RDP, with Poisson
//! subsampling), and the conversion of each to (ε, δ). All of them are upper bounds; the smallest
//! may be claimed.
//!
//! Bun and Steinke 2016 (zCDP), Canonne, Kamath and Steinke 2020 (tight conversion), Balle and Wang
//! 2018 (the Gaussian mechanism), Mironov 2017 and Mironov, Talwar and Zhang 2019 (RDP).

use serde::{Deserialize, Serialize};

use super::{demand, positive, probability};
use crate::error::Result;
use crate::stats::special::error::erfc;

/// ρ + 2√(ρ ln(1/δ)).
#[must_use]
pub fn zcdp_simple(rho: f64, delta: f64) -> f64 {
    rho + 2.0 * (rho * -libm::log(delta)).sqrt()
}

/// The best ε of ρ-zCDP at δ, over all real α > 1, and that α.
#[must_use]
pub fn zcdp_tight(rho: f64, delta: f64) -> (f64, f64) {
    let value = |x: f64| {
        let above = libm::exp(x);
        let order = above + 1.0;
        rho * order + x - libm::log(order) - (libm::log(delta) + libm::log(order)) / above
    };
    let x = smallest(-30.0, 60.0, &value);
    (value(x), libm::exp(x) + 1.0)
}

/// Where a function with one valley is smallest, by the golden section.
fn smallest(mut low: f64, mut high: f64, f: &dyn Fn(f64) -> f64) -> f64 {
    const PART: f64 = 0.618_033_988_749_894_9;
    let (mut left, mut right) = (high - PART * (high - low), low + PART * (high - low));
    let (mut at_left, mut at_right) = (f(left), f(right));
    for _ in 0..90 {
        if at_left < at_right {
            high = right;
            (right, at_right) = (left, at_left);
            left = high - PART * (high - low);
            at_left = f(left);
        } else {
            low = left;
            (left, at_left) = (right, at_right);
            right = low + PART * (high - low);
            at_right = f(right);
        }
    }
    f64::midpoint(low, high)
}

/// The exact δ of the continuous Gaussian mechanism at ε (Balle and Wang, theorem 8):
/// Φ(Δ/2σ − εσ/Δ) − e^ε Φ(−Δ/2σ − εσ/Δ).
#[must_use]
pub fn gaussian_delta(sigma: f64, sensitivity: f64, epsilon: f64) -> f64 {
    let (half, shift) = (sensitivity / (2.0 * sigma), epsilon * sigma / sensitivity);
    let root = std::f64::consts::SQRT_2;
    let left = 0.5 * erfc((shift - half) / root);
    let right = 0.5 * erfc((shift + half) / root);
    // Beyond the doubles the second part is left out: the result is then too large, never too small.
    if right > 0.0 { (left - libm::exp(epsilon) * right).max(0.0) } else { left }
}

/// The smallest σ of the continuous Gaussian mechanism for (ε, δ).
///
/// # Errors
/// `invalid-option` for values out of range.
pub fn gaussian_sigma(epsilon: f64, delta: f64, sensitivity: f64) -> Result<f64> {
    positive(epsilon, "epsilon")?;
    probability(delta, "delta")?;
    positive(sensitivity, "sensitivity")?;
    // δ falls as σ grows.
    let (mut low, mut high) = (-40.0, 60.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if gaussian_delta(libm::exp(middle), 1.0, epsilon) <= delta {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(sensitivity * libm::exp(high))
}

/// Δ√(2 ln(1.25/δ))/ε, which holds for ε below 1 only.
#[must_use]
pub fn gaussian_sigma_classic(epsilon: f64, delta: f64, sensitivity: f64) -> f64 {
    sensitivity * (2.0 * libm::log(1.25 / delta)).sqrt() / epsilon
}

/// ρ of a Gaussian, continuous or discrete: Δ²/2σ².
#[must_use]
pub fn rho_of_gaussian(sigma: f64, sensitivity: f64) -> f64 {
    let ratio = sensitivity / sigma;
    ratio * ratio / 2.0
}

/// ρ of anything that is ε-private: ε²/2.
#[must_use]
pub fn rho_of_pure(epsilon: f64) -> f64 {
    epsilon * epsilon / 2.0
}

/// The composition of `count` ε-private answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PureComposition {
    /// nε, with δ = 0.
    pub basic: f64,
    /// ε√(2n ln(1/δ)) + nε(e^ε − 1) (Dwork, Rothblum, Vadhan 2010).
    pub advanced: f64,
    /// The same with (e^ε − 1)/(e^ε + 1) (as Kairouz, Oh, Viswanath 2015).
    pub optimal_style: f64,
    /// ρ = nε²/2.
    pub rho: f64,
    /// By ρ and the tight conversion.
    pub through_zcdp: f64,
}

/// Composes `count` answers of `epsilon` each, with slack δ.
#[must_use]
pub fn compose_pure(epsilon: f64, count: f64, delta: f64) -> PureComposition {
    let basic = count * epsilon;
    let spread = epsilon * (2.0 * count * -libm::log(delta)).sqrt();
    let growth = libm::expm1(epsilon);
    let rho = count * rho_of_pure(epsilon);
    PureComposition {
        basic,
        advanced: spread + basic * growth,
        optimal_style: spread + basic * libm::tanh(epsilon / 2.0),
        rho,
        through_zcdp: zcdp_tight(rho, delta).0,
    }
}

/// What makes an answer private.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NoiseMechanism"))]
pub enum Mechanism {
    /// Gaussian noise.
    Gaussian,
    /// Laplace noise.
    Laplace,
}

/// RDP of one answer at order α; `multiplier` is the scale over the sensitivity. Gaussian: α/2σ².
/// Laplace: 1/(α−1) · ln(α/(2α−1) e^((α−1)/b) + (α−1)/(2α−1) e^(−α/b)).
#[must_use]
pub fn rdp(mechanism: Mechanism, multiplier: f64, order: f64) -> f64 {
    match mechanism {
        Mechanism::Gaussian => order / (2.0 * multiplier * multiplier),
        Mechanism::Laplace => {
            let below = order - 1.0;
            let whole = 2.0 * order - 1.0;
            let up = below / multiplier + libm::log(order / whole);
            let down = -order / multiplier + libm::log(below / whole);
            log_sum(up, down) / below
        }
    }
}

/// ln(e^a + e^b).
fn log_sum(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + libm::log1p(libm::exp(low - high)) }
}

/// RDP of a Gaussian over a Poisson sample of rate q at an integer order (Mironov, Talwar and Zhang
/// 2019): 1/(α−1) · ln Σ C(α,j)(1−q)^(α−j) q^j e^((j²−j)/2σ²). `None` for other orders, at which
/// no closed form is used.
#[must_use]
pub fn rdp_sampled_gaussian(q: f64, sigma: f64, order: f64) -> Option<f64> {
    if order.fract() != 0.0 || !(2.0..=100_000.0).contains(&order) {
        return None;
    }
    if q >= 1.0 {
        return Some(rdp(Mechanism::Gaussian, sigma, order));
    }
    // The sum without e^… is 1, so what exceeds 1 is summed: its first two terms are 0.
    let (mut choose, mut excess) = (0.0, f64::NEG_INFINITY);
    let (log_q, log_rest) = (libm::log(q), libm::log1p(-q));
    for j in 1..=order as u32 {
        let at = f64::from(j);
        choose += libm::log((order - at + 1.0) / at);
        let grown = (at * at - at) / (2.0 * sigma * sigma);
        if j >= 2 {
            let part = choose + (order - at) * log_rest + at * log_q;
            // ln(e^x − 1), for large x by its leading term.
            let more = if grown > 40.0 { grown } else { libm::log(libm::expm1(grown)) };
            excess = log_sum(excess, part + more);
        }
    }
    Some(log_sum(0.0, excess) / (order - 1.0))
}

/// The smallest ε at δ over some orders, and the order that gives it: rdp + ln(1 − 1/α) −
/// ln(δα)/(α − 1), not below 0. `None` without an order above 1.
#[must_use]
pub fn rdp_to_epsilon(curve: &[(f64, f64)], delta: f64) -> Option<(f64, f64)> {
    let usable = curve.iter().filter(|(order, rdp)| *order > 1.0 && rdp.is_finite());
    let found = usable.map(|(order, rdp)| {
        let below = order - 1.0;
        let epsilon = rdp + libm::log1p(-1.0 / order) - libm::log(delta * order) / below;
        (epsilon.max(0.0), *order)
    });
    found.min_by(|a, b| a.0.total_cmp(&b.0))
}

/// The orders at which RDP is looked at.
pub const ORDERS: [f64; 21] = [
    1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0, 24.0, 32.0, 48.0,
    64.0, 128.0, 256.0, 512.0,
];

/// Several equal answers, to be accounted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NoisyAnswers"))]
pub struct Answers {
    /// The noise.
    pub mechanism: Mechanism,
    /// Its scale (σ, or b) over the sensitivity of the answer.
    pub noise_multiplier: f64,
    /// How many such answers.
    pub count: u32,
    /// The rate of a Poisson sample of customers that each answer is over, for Gaussian noise.
    #[serde(default)]
    pub sampling: Option<f64>,
}

/// What all answers cost together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PrivacyCost"))]
pub struct Cost {
    /// The smallest bound on ε at this δ: what may be claimed.
    pub epsilon: f64,
    /// The failure probability asked for.
    pub delta: f64,
    /// The sum of ε, if all noise is Laplace: holds with δ = 0.
    pub basic: Option<f64>,
    /// Through zCDP, if nothing is sampled.
    pub zcdp: Option<f64>,
    /// Through RDP.
    pub rdp: Option<f64>,
}

/// The cost of answers at δ.
///
/// # Errors
/// `invalid-option` for values out of range.
pub fn cost(answers: &[Answers], delta: f64) -> Result<Cost> {
    probability(delta, "delta")?;
    demand(!answers.is_empty(), "answers", "name at least one answer")?;
    let (mut basic, mut rho) = (Some(0.0), Some(0.0));
    let mut curve: Vec<(f64, f64)> = ORDERS.iter().map(|order| (*order, 0.0)).collect();
    for answer in answers {
        let Answers { mechanism, noise_multiplier: scale, count, sampling } = *answer;
        positive(scale, "answers")?;
        demand(count > 0, "answers", "there is at least one answer")?;
        let is_gaussian = mechanism == Mechanism::Gaussian;
        if let Some(q) = sampling {
            demand(
                is_gaussian && (0.0..=1.0).contains(&q) && q > 0.0,
                "answers",
                "a rate of sampling is above 0, at most 1, and for Gaussian noise",
            )?;
        }
        let count = f64::from(count);
        let each = match is_gaussian {
            true => rho_of_gaussian(scale, 1.0),
            false => rho_of_pure(1.0 / scale),
        };
        rho = rho.filter(|_| sampling.is_none()).map(|rho| rho + count * each);
        basic = basic.filter(|_| !is_gaussian).map(|all| all + count / scale);
        for (order, total) in &mut curve {
            let one = match sampling {
                Some(q) => rdp_sampled_gaussian(q, scale, *order).unwrap_or(f64::INFINITY),
                None => rdp(mechanism, scale, *order),
            };
            *total += count * one;
        }
    }
    let zcdp = rho.map(|rho| zcdp_tight(rho, delta).0.max(0.0));
    let rdp = rdp_to_epsilon(&curve, delta).map(|(epsilon, _)| epsilon);
    let all = [basic, zcdp, rdp].into_iter().flatten();
    let epsilon = all.fold(f64::INFINITY, f64::min);
    Ok(Cost { epsilon, delta, basic, zcdp, rdp })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(mechanism: Mechanism, noise_multiplier: f64, count: u32) -> Answers {
        Answers { mechanism, noise_multiplier, count, sampling: None }
    }

    #[test]
    fn the_claim_is_the_smallest_bound_and_never_below_the_truth() {
        let few = cost(&[answers(Mechanism::Laplace, 10.0, 5)], 1e-6).unwrap();
        assert_eq!(few.epsilon, 0.5);
        let many = cost(&[answers(Mechanism::Laplace, 50.0, 365)], 1e-6).unwrap();
        assert!(many.epsilon < 2.0 && many.epsilon > 1.67, "{many:?}");
        // One Gaussian answer has an exact δ.
        let one = cost(&[answers(Mechanism::Gaussian, 3.0, 1)], 1e-6).unwrap();
        assert!(gaussian_delta(3.0, 1.0, one.epsilon) <= 1e-6);
    }

    #[test]
    fn sampling_helps_and_a_sample_of_all_is_none() {
        let sampled = |q: f64| {
            let mut one = answers(Mechanism::Gaussian, 2.0, 10);
            one.sampling = Some(q);
            cost(&[one], 1e-5).unwrap().epsilon
        };
        let whole = cost(&[answers(Mechanism::Gaussian, 2.0, 10)], 1e-5).unwrap();
        assert!(sampled(0.01) < sampled(0.1) && sampled(0.1) < sampled(1.0));
        assert!((sampled(1.0) - whole.rdp.unwrap()).abs() < 0.5);
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        assert!(cost(&[], 1e-6).is_err());
        assert!(cost(&[answers(Mechanism::Laplace, 0.0, 1)], 1e-6).is_err());
        assert!(cost(&[answers(Mechanism::Laplace, f64::NAN, 1)], 1e-6).is_err());
        assert!(cost(&[answers(Mechanism::Laplace, 1.0, 1)], 0.0).is_err());
        assert!(gaussian_sigma(0.0, 1e-6, 1.0).is_err());
    }
}
