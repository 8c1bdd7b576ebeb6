//! Two shares: intervals of their difference, quotient and odds, and tests.
//!
//! # References
//! O. Miettinen, M. Nurminen, Statistics in Medicine 4 (1985). C. P. Farrington, G. Manning,
//! Statistics in Medicine 9 (1990), whose cubic is used. R. G. Newcombe, Statistics in Medicine 17
//! (1998). A. Agresti, B. Caffo, The American Statistician 54 (2000).

use super::Alternative;
use crate::error::{Code, Error, Result};
use crate::stats::distribution::chi_squared;
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::root::root;
use crate::stats::special::error::{normal, normal_quantile};

/// Successes out of trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Successes.
    pub successes: u64,
    /// Trials.
    pub trials: u64,
}

/// How two shares are put in relation, and how the interval is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareInterval {
    /// Difference, each variance at its own share. Too short for few trials.
    Wald,
    /// Difference, with a success and a failure more in each arm.
    AgrestiCaffo,
    /// Difference: Newcombe's out of two Wilson intervals.
    Newcombe,
    /// Difference: all that a score test with both shares fitted under it does not refuse; with
    /// Miettinen and Nurminen's `N/(N − 1)` or without.
    Score(bool),
    /// Quotient, by the score in the same way.
    ScoreRatio(bool),
    /// Quotient, by its logarithm.
    Log,
    /// The same with half a success and a whole trial more in each arm.
    LogAdjusted,
    /// Odds ratio, by its logarithm.
    Logit,
    /// The same with half a unit more in each cell.
    LogitAdjusted,
}

impl Share {
    /// # Errors
    /// `not-enough-data` without trials, `invalid-option` with more successes than trials.
    pub fn new(successes: u64, trials: u64) -> Result<Share> {
        if trials == 0 {
            return Err(Error::new(Code::NotEnoughData, "a share needs at least one trial"));
        }
        if successes > trials {
            return Err(Error::new(Code::InvalidOption, "there are more successes than trials"));
        }
        Ok(Share { successes, trials })
    }

    /// Successes, trials and their quotient as numbers.
    fn numbers(self) -> (f64, f64, f64) {
        let (x, n) = (self.successes as f64, self.trials as f64);
        (x, n, x / n)
    }
}

/// The interval of treatment against control. `None` where it is not defined: a quotient by its
/// logarithm with no success in an arm, odds with an empty cell.
///
/// # Errors
/// `invalid-option` for a confidence out of range.
pub fn interval(
    control: Share,
    treatment: Share,
    kind: ShareInterval,
    confidence: f64,
) -> Result<Option<Interval>> {
    let wilson = |share: Share| {
        proportion_interval(share.successes, share.trials, confidence, ProportionInterval::Wilson)
    };
    let (own_c, own_t) = (wilson(control)?, wilson(treatment)?);
    let z = normal_quantile((1.0 - confidence) / 2.0).map_or(0.0, f64::abs);
    let ((x_c, n_c, p_c), (x_t, n_t, p_t)) = (control.numbers(), treatment.numbers());
    let difference = p_t - p_c;
    let around = |centre: f64, error: f64| {
        Some(Interval { low: centre - z * error, high: centre + z * error })
    };
    let exponential = |centre: f64, square: f64| {
        let logs = around(centre, square.sqrt())?;
        let ends = Interval { low: libm::exp(logs.low), high: libm::exp(logs.high) };
        (logs.low.is_finite() && logs.high.is_finite()).then_some(ends)
    };
    let log_ratio = |more: f64| {
        let (x_c, n_c, x_t, n_t) = (x_c + more, n_c + 2.0 * more, x_t + more, n_t + 2.0 * more);
        let square = 1.0 / x_t - 1.0 / n_t + 1.0 / x_c - 1.0 / n_c;
        exponential(libm::log(x_t / n_t) - libm::log(x_c / n_c), square)
    };
    let log_odds = |more: f64| {
        let [a, b, c, d] = [x_t + more, n_t - x_t + more, x_c + more, n_c - x_c + more];
        exponential(libm::log(a / b) - libm::log(c / d), 1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d)
    };
    let away = |x: f64, y: f64| (x * x + y * y).sqrt();
    Ok(match kind {
        ShareInterval::Wald => {
            around(difference, (p_c * (1.0 - p_c) / n_c + p_t * (1.0 - p_t) / n_t).sqrt())
        }
        ShareInterval::AgrestiCaffo => {
            let part = |x: f64, n: f64| ((x + 1.0) / (n + 2.0), n + 2.0);
            let ((p, n), (q, m)) = (part(x_t, n_t), part(x_c, n_c));
            around(p - q, (p * (1.0 - p) / n + q * (1.0 - q) / m).sqrt())
        }
        ShareInterval::Newcombe => Some(Interval {
            low: difference - away(p_t - own_t.low, own_c.high - p_c),
            high: difference + away(own_t.high - p_t, p_c - own_c.low),
        }),
        ShareInterval::Score(corrected) => {
            let excess = |delta: f64| {
                let q = fitted_under_difference((x_c, n_c), (x_t, n_t), delta);
                let p = (q + delta).clamp(0.0, 1.0);
                let variance = p * (1.0 - p) / n_t + q * (1.0 - q) / n_c;
                let away = difference - delta;
                away * away - z * z * variance * correction(n_c + n_t, corrected)
            };
            // Just off the estimate, where the excess is 0 if neither arm varies.
            let end = |side: f64| {
                let inner = (difference + side * 1e-14).clamp(-1.0, 1.0);
                root(inner, side, &excess).unwrap_or(side)
            };
            Some(Interval { low: end(-1.0), high: end(1.0) })
        }
        ShareInterval::ScoreRatio(corrected) => {
            let excess = |log: f64| {
                let ratio = libm::exp(log);
                let q = fitted_under_ratio((x_c, n_c), (x_t, n_t), ratio);
                let p = (q * ratio).min(1.0);
                let variance = p * (1.0 - p) / n_t + ratio * ratio * q * (1.0 - q) / n_c;
                let away = p_t - ratio * p_c;
                away * away - z * z * variance * correction(n_c + n_t, corrected)
            };
            if x_c == 0.0 && x_t == 0.0 {
                None
            } else {
                // From the estimate outwards; from far away where it is 0 or has no bound.
                let middle = match (x_t > 0.0, x_c > 0.0) {
                    (true, true) => libm::log(p_t / p_c),
                    (false, _) => -40.0,
                    (true, false) => 40.0,
                };
                let end = |side: f64| {
                    let mut step = 0.5;
                    while step < 512.0 && excess(middle + side * step) <= 0.0 {
                        step *= 2.0;
                    }
                    let inner = middle + side * 1e-14;
                    root(inner, middle + side * step, &excess).map_or(side * 700.0, |log| log)
                };
                let low = if x_t == 0.0 { 0.0 } else { libm::exp(end(-1.0)) };
                let high = if x_c == 0.0 { f64::INFINITY } else { libm::exp(end(1.0)) };
                Some(Interval { low, high })
            }
        }
        ShareInterval::Log => log_ratio(0.0),
        ShareInterval::LogAdjusted => log_ratio(0.5),
        ShareInterval::Logit => log_odds(0.0),
        ShareInterval::LogitAdjusted => log_odds(0.5),
    })
}

fn correction(all: f64, corrected: bool) -> f64 {
    if corrected { all / (all - 1.0) } else { 1.0 }
}

/// The control's share at the largest likelihood where treatment's is larger by `delta`.
fn fitted_under_difference((x_c, n_c): (f64, f64), (x_t, n_t): (f64, f64), delta: f64) -> f64 {
    let (all, hits) = (n_c + n_t, x_c + x_t);
    let b = ((2.0 * n_c + n_t) * delta - all - hits) / (3.0 * all);
    let c = ((n_c * delta - all - 2.0 * x_c) * delta + hits) / (3.0 * all);
    let d = x_c * delta * (1.0 - delta) / all;
    let v = b * b * b - 1.5 * b * c + 0.5 * d;
    let u = (b * b - c).max(0.0).sqrt().copysign(v);
    let angle = if u == 0.0 {
        std::f64::consts::FRAC_PI_2
    } else {
        (std::f64::consts::PI + libm::acos((v / (u * u * u)).clamp(-1.0, 1.0))) / 3.0
    };
    let (least, most) = ((-delta).clamp(0.0, 1.0), (1.0 - delta).clamp(0.0, 1.0));
    (2.0 * u * libm::cos(angle) - b).max(least).min(most)
}

/// The control's share at the largest likelihood where treatment's is `ratio` times that.
fn fitted_under_ratio((x_c, n_c): (f64, f64), (x_t, n_t): (f64, f64), ratio: f64) -> f64 {
    let (all, hits) = (n_c + n_t, x_c + x_t);
    let b = ratio * (n_t + x_c) + n_c + x_t;
    let root = (b * b - 4.0 * ratio * all * hits).max(0.0).sqrt();
    (2.0 * hits / (b + root)).min(1.0 / ratio.max(1.0))
}

/// The z test of equal shares with the pooled variance: statistic and p-value. `None` where no unit
/// or every unit is a success, so that nothing varies.
#[must_use]
pub fn pooled_z(control: Share, treatment: Share, alternative: Alternative) -> Option<(f64, f64)> {
    let ((x_c, n_c, p_c), (x_t, n_t, p_t)) = (control.numbers(), treatment.numbers());
    let p = (x_c + x_t) / (n_c + n_t);
    let error = (p * (1.0 - p) * (1.0 / n_c + 1.0 / n_t)).sqrt();
    let z = (p_t - p_c) / error;
    if !z.is_finite() {
        return None;
    }
    let p_value = match alternative {
        Alternative::TwoSided => (2.0 * normal(z.abs()).upper).min(1.0),
        Alternative::Greater => normal(z).upper,
        Alternative::Less => normal(z).lower,
    };
    Some((z, p_value))
}

/// Pearson's test of independence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contingency {
    /// The statistic.
    pub chi_squared: f64,
    /// `(rows − 1)·(columns − 1)`.
    pub degrees: f64,
    /// Its upper tail.
    pub p_value: f64,
}

/// Pearson's test of a table of counts; `yates` takes up to ½ off each distance where there is one
/// degree of freedom.
///
/// # Errors
/// `invalid-option` for rows of different lengths or counts that are negative, `not-enough-data`
/// where a row or a column is empty.
pub fn contingency(table: &[Vec<f64>], yates: bool) -> Result<Contingency> {
    let width = table.first().map_or(0, Vec::len);
    let is_count = |count: &f64| *count >= 0.0 && count.is_finite();
    if table.iter().any(|row| row.len() != width || !row.iter().all(is_count)) {
        return Err(Error::new(Code::InvalidOption, "a table has rows of equally many counts"));
    }
    let rows: Vec<f64> = table.iter().map(|row| row.iter().sum()).collect();
    let column = |at: usize| table.iter().filter_map(|row| row.get(at)).sum::<f64>();
    let columns: Vec<f64> = (0..width).map(column).collect();
    let all: f64 = rows.iter().sum();
    let degrees = (rows.len().saturating_sub(1) * width.saturating_sub(1)) as f64;
    if degrees == 0.0 || rows.iter().chain(&columns).any(|sum| *sum == 0.0) {
        return Err(Error::new(Code::NotEnoughData, "every row and column needs a count"));
    }
    let mut statistic = 0.0;
    for (row, sum) in table.iter().zip(&rows) {
        for (found, of_column) in row.iter().zip(&columns) {
            let expected = sum * of_column / all;
            let mut away = (found - expected).abs();
            if yates && degrees == 1.0 {
                away -= away.min(0.5);
            }
            statistic += away * away / expected;
        }
    }
    let p_value = chi_squared(degrees, statistic).map_or(1.0, |tails| tails.upper);
    Ok(Contingency { chi_squared: statistic, degrees, p_value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(successes: u64, trials: u64) -> Share {
        Share::new(successes, trials).unwrap()
    }

    #[test]
    fn score_intervals_have_an_answer_at_the_ends() {
        let none = interval(share(0, 25), share(0, 20), ShareInterval::Score(true), 0.95);
        let none = none.unwrap().unwrap();
        assert!(none.low < -0.1 && none.high > 0.1 && none.high < 0.3, "{none:?}");
        let all = interval(share(0, 10), share(10, 10), ShareInterval::Score(true), 0.95);
        let all = all.unwrap().unwrap();
        assert!(all.high == 1.0 && all.low > 0.5, "{all:?}");
        let ratio = interval(share(4, 50), share(0, 50), ShareInterval::ScoreRatio(true), 0.95);
        let ratio = ratio.unwrap().unwrap();
        assert!(ratio.low == 0.0 && ratio.high > 0.5 && ratio.high < 2.0, "{ratio:?}");
        let log = interval(share(4, 50), share(0, 50), ShareInterval::Log, 0.95);
        assert_eq!(log.unwrap(), None);
    }

    #[test]
    fn one_unit_per_arm_is_answered() {
        for kind in [ShareInterval::Newcombe, ShareInterval::Score(true), ShareInterval::Wald] {
            let found = interval(share(0, 1), share(1, 1), kind, 0.95).unwrap().unwrap();
            assert!(found.low.is_finite() && found.high.is_finite(), "{kind:?} {found:?}");
        }
        assert!(contingency(&[vec![0.0, 0.0], vec![1.0, 2.0]], false).is_err());
    }
}
