//! Two shares against each other: difference, interval, and whether it may be chance.
//!
//! # References
//! R. G. Newcombe, "Interval estimation for the difference between independent proportions",
//! Statistics in Medicine 17 (1998), method 10. R. A. Fisher, "Statistical Methods for Research
//! Workers" (1925). K. Pearson, Philosophical Magazine 50 (1900).

use super::discrete::fisher_exact;
use super::proportion::{Interval, ProportionInterval, proportion_interval};
use super::special::error::normal;
use crate::error::Result;
use serde::Serialize;

/// Two shares compared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShareDifference {
    /// The first share less the second.
    pub difference: f64,
    /// Newcombe's interval of the difference, out of the Wilson intervals of both.
    pub interval: Interval,
    /// How likely so large a difference is, either way, if the shares are equal: Pearson's test
    /// where five or more are expected in every cell, else Fisher's.
    pub p_value: f64,
}

/// Compares `successes/trials` of two groups.
///
/// # Errors
/// As [`proportion_interval`]: no trials, more successes than trials, a confidence out of range.
pub fn compare_shares(
    first: (u64, u64),
    second: (u64, u64),
    confidence: f64,
) -> Result<ShareDifference> {
    let wilson = |(successes, trials): (u64, u64)| {
        proportion_interval(successes, trials, confidence, ProportionInterval::Wilson)
    };
    let (a, b) = (wilson(first)?, wilson(second)?);
    let share = |(successes, trials): (u64, u64)| successes as f64 / trials as f64;
    let (p, q) = (share(first), share(second));
    let difference = p - q;
    let away = |x: f64, y: f64| (x * x + y * y).sqrt();
    let interval = Interval {
        low: difference - away(p - a.low, b.high - q),
        high: difference + away(a.high - p, q - b.low),
    };
    Ok(ShareDifference { difference, interval, p_value: p_value(first, second) })
}

fn p_value(first: (u64, u64), second: (u64, u64)) -> f64 {
    let (k, n) = (first.0 as f64, first.1 as f64);
    let (l, m) = (second.0 as f64, second.1 as f64);
    let (hits, all) = (k + l, n + m);
    if hits == 0.0 || hits == all {
        return 1.0;
    }
    let least = n.min(m) * hits.min(all - hits) / all;
    if least < 5.0 {
        return fisher_exact(first, second).unwrap_or(1.0);
    }
    let pooled = hits / all;
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    (2.0 * normal(((k / n - l / m) / error).abs()).upper).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64, within: f64) {
        assert!((got / expected - 1.0).abs() < within, "{got} {expected}");
    }

    /// Newcombe's (1998) table II, method 10: 56/70 − 48/80 is 0.0524 to 0.3339.
    #[test]
    fn the_interval_is_that_of_the_paper() {
        let found = compare_shares((56, 70), (48, 80), 0.95).unwrap();
        assert!((found.interval.low - 0.0524).abs() < 5e-5, "{found:?}");
        assert!((found.interval.high - 0.3339).abs() < 5e-5, "{found:?}");
    }

    /// The tea: 3 of 4 against 1 of 4 has p = 34/70.
    #[test]
    fn small_counts_are_tested_exactly() {
        close(compare_shares((3, 4), (1, 4), 0.95).unwrap().p_value, 34.0 / 70.0, 1e-12);
        close(compare_shares((4, 4), (0, 4), 0.95).unwrap().p_value, 2.0 / 70.0, 1e-12);
        assert_eq!(compare_shares((0, 4), (0, 9), 0.95).unwrap().p_value, 1.0);
        assert_eq!(compare_shares((4, 4), (9, 9), 0.95).unwrap().p_value, 1.0);
    }

    #[test]
    fn large_counts_have_the_chance_of_pearsons_test() {
        // χ² = 7.04 for 56/70 against 48/80: (56·32 − 14·48)²·150/(70·80·104·46).
        let square = (56.0 * 32.0 - 14.0 * 48.0_f64).powi(2) * 150.0 / (70.0 * 80.0 * 104.0 * 46.0);
        let tails = crate::stats::distribution::chi_squared(1.0, square).unwrap();
        let found = compare_shares((56, 70), (48, 80), 0.95).unwrap();
        close(found.p_value, tails.upper, 1e-10);
    }
}
