//! Discrete Laplace and discrete Gaussian noise, exact: every probability is the ratio of two
//! integers or comes from coin tosses with such ratios; no floating-point number takes part
//! (Canonne, Kamath, Steinke 2020, "The Discrete Gaussian for Differential Privacy", algorithms
//! 1 to 3).

use crate::error::{Code, Error, Result};

/// Where random bytes come from.
pub trait Entropy {
    /// Eight random bytes.
    ///
    /// # Errors
    /// `unsupported` if there are none.
    fn next(&mut self) -> Result<u64>;
}

/// The platform's generator for keys (`crypto.getRandomValues` in a page). It cannot be seeded.
#[derive(Debug, Default)]
pub struct Platform;

impl Entropy for Platform {
    fn next(&mut self) -> Result<u64> {
        getrandom::u64().map_err(|_| {
            Error::new(Code::Unsupported, "the platform gives no secure random numbers")
        })
    }
}

fn beyond() -> Error {
    Error::new(Code::Overflow, "the noise is beyond the integers: take a smaller scale")
}

/// A number below `bound`, each equally likely.
///
/// # Errors
/// As [`Entropy::next`].
pub fn uniform(bound: u128, from: &mut dyn Entropy) -> Result<u128> {
    // The bits of the bound; a number at or above it is drawn again.
    let bits = 128 - bound.saturating_sub(1).leading_zeros();
    loop {
        let mut drawn = u128::from(from.next()?);
        if bits > 64 {
            drawn = drawn << 64 | u128::from(from.next()?);
        }
        let drawn = if bits == 128 { drawn } else { drawn & ((1u128 << bits) - 1) };
        if drawn < bound || bound == 0 {
            return Ok(drawn);
        }
    }
}

/// True with probability e^−γ, γ = `numerator` / `denominator` (algorithm 1).
///
/// # Errors
/// `overflow` where the integers do not suffice.
pub fn bernoulli_exp(
    mut numerator: u128,
    denominator: u128,
    from: &mut dyn Entropy,
) -> Result<bool> {
    if denominator == 0 {
        return Err(beyond());
    }
    // e^−γ = e^−1 · … · e^−rest.
    while numerator > denominator {
        if !bernoulli_exp_small(1, 1, from)? {
            return Ok(false);
        }
        numerator -= denominator;
    }
    bernoulli_exp_small(numerator, denominator, from)
}

/// For γ from 0 to 1: counts tosses with γ/1, γ/2, γ/3 … until one fails.
fn bernoulli_exp_small(numerator: u128, denominator: u128, from: &mut dyn Entropy) -> Result<bool> {
    let mut count = 1u128;
    loop {
        let bound = denominator.checked_mul(count).ok_or_else(beyond)?;
        if uniform(bound, from)? >= numerator {
            return Ok(count % 2 == 1);
        }
        count += 1;
    }
}

/// Discrete Laplace noise of scale `numerator` / `denominator`: P(k) ∝ e^−|k|/scale
/// (algorithm 2).
///
/// # Errors
/// `overflow` for a scale of 0 or beyond the integers.
pub fn laplace(numerator: u64, denominator: u64, from: &mut dyn Entropy) -> Result<i128> {
    if numerator == 0 || denominator == 0 {
        return Err(beyond());
    }
    let scale = u128::from(numerator);
    loop {
        let part = uniform(scale, from)?;
        if !bernoulli_exp_small(part, scale, from)? {
            continue;
        }
        let mut whole = 0u128;
        while bernoulli_exp_small(1, 1, from)? {
            whole += 1;
        }
        let size = whole.checked_mul(scale).and_then(|size| size.checked_add(part));
        let size = size.ok_or_else(beyond)? / u128::from(denominator);
        let is_negative = uniform(2, from)? == 1;
        if !(is_negative && size == 0) {
            let size = i128::try_from(size).map_err(|_| beyond())?;
            return Ok(if is_negative { -size } else { size });
        }
    }
}

/// Discrete Gaussian noise with parameter σ² = `numerator` / `denominator`: P(k) ∝ e^(−k²/2σ²)
/// (algorithm 3).
///
/// # Errors
/// `overflow` for σ of 0 or beyond about 10^8.
pub fn gaussian(numerator: u64, denominator: u64, from: &mut dyn Entropy) -> Result<i128> {
    if numerator == 0 || denominator == 0 {
        return Err(beyond());
    }
    let (n, d) = (u128::from(numerator), u128::from(denominator));
    // t = ⌊σ⌋ + 1.
    let t = (n / d).isqrt() + 1;
    let scale = u64::try_from(t).map_err(|_| beyond())?;
    // 2σ²t², over d³.
    let below = 2u128.checked_mul(n).and_then(|x| x.checked_mul(d)?.checked_mul(t * t));
    let below = below.ok_or_else(beyond)?;
    loop {
        let drawn = laplace(scale, 1, from)?;
        // γ = (|y| − σ²/t)² / 2σ² = (|y|td − n)² / 2ndt².
        let size = drawn.unsigned_abs().checked_mul(t).and_then(|x| x.checked_mul(d));
        let distance = size.ok_or_else(beyond)?.abs_diff(n);
        let above = distance.checked_mul(distance).ok_or_else(beyond)?;
        if bernoulli_exp(above, below, from)? {
            return Ok(drawn);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::law;
    use super::*;
    use crate::stats::distribution::chi_squared;
    use crate::stats::random::Random;

    /// A seeded source: in tests only.
    pub(crate) struct Seeded(pub(crate) Random);

    impl Entropy for Seeded {
        fn next(&mut self) -> Result<u64> {
            Ok(self.0.next_u64())
        }
    }

    /// The upper tail of the chi-squared statistic of draws against a mass function.
    fn fit(draws: &[i128], mass: impl Fn(i64) -> f64) -> f64 {
        let n = draws.len() as f64;
        let (mut statistic, mut cells, mut rest) = (0.0, 0, 1.0);
        let mut counted = 0;
        for k in -60i64..=60 {
            let expected = mass(k) * n;
            if expected < 20.0 {
                continue;
            }
            let count = draws.iter().filter(|draw| **draw == i128::from(k)).count();
            statistic += (count as f64 - expected).powi(2) / expected;
            cells += 1;
            rest -= mass(k);
            counted += count;
        }
        if rest * n > 20.0 {
            let others = (draws.len() - counted) as f64;
            statistic += (others - rest * n).powi(2) / (rest * n);
            cells += 1;
        }
        chi_squared(f64::from(cells - 1), statistic).unwrap().upper
    }

    const ALPHA: f64 = 1e-6;

    #[test]
    fn draws_have_the_law_they_claim() {
        let mut from = Seeded(Random::new(7, 1));
        for (numerator, denominator) in [(1, 2), (1, 1), (2, 1), (7, 3)] {
            let draws: Vec<i128> =
                (0..40_000).map(|_| laplace(numerator, denominator, &mut from).unwrap()).collect();
            let scale = numerator as f64 / denominator as f64;
            let p = fit(&draws, |k| law::laplace_mass(scale, k));
            assert!(p > ALPHA, "Laplace {scale}: {p}");
        }
        for (numerator, denominator) in [(1, 4), (1, 1), (9, 2), (100, 1)] {
            let draws: Vec<i128> =
                (0..40_000).map(|_| gaussian(numerator, denominator, &mut from).unwrap()).collect();
            let sigma = (numerator as f64 / denominator as f64).sqrt();
            let p = fit(&draws, |k| law::gaussian_mass(sigma, k));
            assert!(p > ALPHA, "Gaussian {sigma}: {p}");
        }
    }

    #[test]
    fn a_law_that_is_off_is_caught() {
        let mut from = Seeded(Random::new(7, 2));
        // A sensitivity that is off by two, rounded noise, and a clamp after it.
        let draws: Vec<i128> = (0..40_000).map(|_| laplace(1, 1, &mut from).unwrap()).collect();
        assert!(fit(&draws, |k| law::laplace_mass(2.0, k)) < ALPHA);
        let clamped: Vec<i128> = draws.iter().map(|draw| (*draw).max(0)).collect();
        assert!(fit(&clamped, |k| law::laplace_mass(1.0, k)) < ALPHA);
        let mut random = Random::new(7, 3);
        let rounded: Vec<i128> = (0..40_000)
            .map(|_| {
                let u = random.unit() - 0.5;
                let size = -libm::log(1.0 - 2.0 * u.abs());
                size.copysign(u).round() as i128
            })
            .collect();
        assert!(fit(&rounded, |k| law::laplace_mass(1.0, k)) < ALPHA);
    }

    /// The share of neighbours' answers at or above a threshold may differ by e^ε only.
    #[test]
    fn neighbours_differ_by_the_ratio_that_is_claimed() {
        let mut from = Seeded(Random::new(7, 4));
        let n = 50_000u32;
        let share = |count: i128, from: &mut Seeded| {
            let above = (0..n).filter(|_| count + laplace(1, 1, from).unwrap() >= 11).count();
            above as f64 / f64::from(n)
        };
        let (with, without) = (share(11, &mut from), share(10, &mut from));
        let ratio = libm::log(with / without);
        assert!((0.94..1.06).contains(&ratio), "{ratio}");
    }

    #[test]
    fn extremes_are_errors_and_not_loops() {
        let mut from = Seeded(Random::new(7, 5));
        assert!(laplace(0, 1, &mut from).is_err() && laplace(1, 0, &mut from).is_err());
        assert!(gaussian(0, 1, &mut from).is_err());
        assert!(gaussian(u64::MAX, 1, &mut from).is_err());
        assert!(laplace(u64::MAX, 1, &mut from).is_ok());
        assert!(gaussian(10u64.pow(12), 1, &mut from).is_ok());
        assert_eq!(laplace(1, u64::MAX, &mut from).unwrap(), 0);
    }

    #[test]
    fn the_platform_gives_other_numbers_each_time() {
        let draw = || laplace(u64::MAX, 1, &mut Platform).unwrap();
        assert_ne!(draw(), draw());
    }
}
