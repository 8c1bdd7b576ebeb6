//! Confidence intervals of a proportion.
//!
//! # References
//! E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22
//! (1927). C. J. Clopper, E. S. Pearson, Biometrika 26 (1934). A. Agresti, B. A. Coull, The
//! American Statistician 52 (1998). L. D. Brown, T. T. Cai, A. DasGupta, "Interval Estimation for a
//! Binomial Proportion", Statistical Science 16 (2001) 101–133, which compares them.

use super::confidence::check_confidence;
use super::distribution::beta_quantile;
use super::special::Tails;
use super::special::beta::inverse_incomplete_beta;
use super::special::error::normal_quantile;
use crate::error::{Code, Error, Result};
use serde::{Deserialize, Serialize};

/// Which interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ProportionInterval {
    /// Wilson's score interval: covers as stated on average, also for few trials and for shares
    /// near 0 or 1. The default.
    #[default]
    Wilson,
    /// Clopper and Pearson's: never covers less than stated, and so is wide.
    ClopperPearson,
    /// Agresti and Coull's: Wilson's centre with the usual formula around it; a little wider.
    AgrestiCoull,
    /// Equal tails of the posterior under Jeffreys's prior, Beta(½, ½).
    Jeffreys,
    /// Wald's: the estimate and its standard error. Covers far less than stated for few trials and
    /// near 0 or 1; here to compare with.
    Wald,
}

/// A confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The interval of the share `successes/trials` with the given `confidence`, such as 0.95, half
/// of the error on each side. Both ends lie in `[0, 1]`.
///
/// # Errors
/// `not-enough-data` without trials; `invalid-option` if there are more successes than trials or
/// the confidence is not between 0 and 1.
pub fn proportion_interval(
    successes: u64,
    trials: u64,
    confidence: f64,
    kind: ProportionInterval,
) -> Result<Interval> {
    if trials == 0 {
        return Err(Error::new(Code::NotEnoughData, "a share needs at least one trial"));
    }
    if successes > trials {
        return Err(Error::new(Code::InvalidOption, "there are more successes than trials"));
    }
    check_confidence(confidence)?;
    let side = (1.0 - confidence) / 2.0;
    let (k, n) = (successes as f64, trials as f64);
    let misses = (trials - successes) as f64;
    let z = normal_quantile(side).map_or(0.0, f64::abs);
    let square = z * z;
    let undefined = || Error::new(Code::InvalidOption, "this confidence has no interval");
    let interval = match kind {
        ProportionInterval::Wilson => wilson(k, misses, z),
        ProportionInterval::AgrestiCoull => {
            let all = n + square;
            let centre = (k + square / 2.0) / all;
            let half = z * (centre * (1.0 - centre) / all).sqrt();
            Interval { low: centre - half, high: centre + half }
        }
        ProportionInterval::Wald => {
            let half = z * (k * misses / n).sqrt() / n;
            Interval { low: k / n - half, high: k / n + half }
        }
        ProportionInterval::ClopperPearson => {
            let low = if successes == 0 { Some(0.0) } else { beta_quantile(k, misses + 1.0, side) };
            let upper = Tails::of_upper(side);
            let high = if successes == trials {
                Some(1.0)
            } else {
                inverse_incomplete_beta(k + 1.0, misses, upper)
            };
            Interval { low: low.ok_or_else(undefined)?, high: high.ok_or_else(undefined)? }
        }
        ProportionInterval::Jeffreys => {
            let (a, b) = (k + 0.5, misses + 0.5);
            let high = inverse_incomplete_beta(a, b, Tails::of_upper(side));
            Interval {
                low: beta_quantile(a, b, side).ok_or_else(undefined)?,
                high: high.ok_or_else(undefined)?,
            }
        }
    };
    Ok(Interval { low: interval.low.clamp(0.0, 1.0), high: interval.high.clamp(0.0, 1.0) })
}

/// Wilson's interval with the normal quantile `z`, of as many successes and misses as a share is worth:
/// they need not be whole. The ends are not clamped.
#[must_use]
pub fn wilson(successes: f64, misses: f64, z: f64) -> Interval {
    let (n, square) = (successes + misses, z * z);
    let centre = (successes + square / 2.0) / (n + square);
    let half = z * (successes * misses / n + square / 4.0).sqrt() / (n + square);
    Interval { low: centre - half, high: centre + half }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn what_is_no_share_is_refused() {
        let code = |k, n, level| {
            proportion_interval(k, n, level, ProportionInterval::Wilson).unwrap_err().code()
        };
        assert_eq!(code(0, 0, 0.95), Code::NotEnoughData);
        assert_eq!(code(3, 2, 0.95), Code::InvalidOption);
        assert_eq!(code(1, 2, 1.0), Code::InvalidOption);
        assert_eq!(code(1, 2, f64::NAN), Code::InvalidOption);
    }

    #[test]
    fn none_and_all_reach_the_ends() {
        for kind in [ProportionInterval::Wilson, ProportionInterval::ClopperPearson] {
            let none = proportion_interval(0, 50, 0.95, kind).unwrap();
            let all = proportion_interval(50, 50, 0.95, kind).unwrap();
            assert!(none.low.abs() < 1e-15 && (all.high - 1.0).abs() < 1e-15);
            assert!((none.high - (1.0 - all.low)).abs() < 1e-14);
        }
    }

    /// The expected coverage is not 95 % at every share: 93 to 97 % on average over shares.
    #[test]
    fn wilson_intervals_cover_as_stated() {
        let mut random = Random::new(11, 0);
        let mut covered = 0;
        let runs = 4000;
        for _ in 0..runs {
            let share = 0.05 + 0.9 * random.unit();
            let hits = (0..80).filter(|_| random.unit() < share).count() as u64;
            let interval = proportion_interval(hits, 80, 0.95, ProportionInterval::Wilson).unwrap();
            covered += i32::from(interval.low <= share && share <= interval.high);
        }
        let coverage = f64::from(covered) / f64::from(runs);
        assert!((0.93..=0.97).contains(&coverage), "{coverage}");
    }
}
