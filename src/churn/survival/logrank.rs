//! The log-rank test: whether lives of some groups end sooner than those of others.
//!
//! At every time at which a life ends, the ends of each group are held against its share of those at
//! risk; the differences, with the covariance of a draw without replacement, are chi-squared with one
//! degree less than there are groups.
//!
//! When not to use it: where curves cross, early and late differences cancel.
//!
//! # References
//! N. Mantel, "Evaluation of Survival Data and Two New Rank Order Statistics", Cancer Chemotherapy
//! Reports 50 (1966) 163–170. J. D. Kalbfleisch, R. L. Prentice, "The Statistical Analysis of Failure
//! Time Data" (2002), §1.5.
#![allow(clippy::indexing_slicing)] // Groups are counted from 0 and lists made of their number.

use crate::error::{Code, Error, Result};
use crate::stats::distribution::chi_squared;

/// The answer of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogRank {
    /// Chi-squared.
    pub statistic: f64,
    /// Degrees of freedom: the groups that were ever at risk, less one.
    pub degrees: u32,
    /// How likely so large a difference is where there is none.
    pub p: f64,
}

/// Tests lives, each with its group, the time it was seen for, and whether it ended then.
///
/// # Errors
/// `not-enough-data` with fewer than two groups, or where no end can tell them apart.
pub fn logrank(lives: &mut [(u32, f64, bool)]) -> Result<LogRank> {
    lives.sort_unstable_by(|a, b| a.1.total_cmp(&b.1));
    let groups = lives.iter().map(|life| life.0 as usize + 1).max().unwrap_or(0);
    let mut at_risk = vec![0.0; groups];
    lives.iter().for_each(|life| at_risk[life.0 as usize] += 1.0);
    let size = groups.saturating_sub(1);
    let (mut excess, mut covariance) = (vec![0.0; groups], vec![0.0; size * size]);
    for now in lives.chunk_by(|a, b| a.1 == b.1) {
        let all: f64 = at_risk.iter().sum();
        let ends = now.iter().filter(|life| life.2).count() as f64;
        if ends > 0.0 && all > 1.0 {
            now.iter().filter(|life| life.2).for_each(|life| excess[life.0 as usize] += 1.0);
            let spread = ends * (all - ends) / (all - 1.0);
            for i in 0..size {
                let share = at_risk[i] / all;
                for j in 0..size {
                    let same = if i == j { 1.0 } else { 0.0 };
                    covariance[i * size + j] += spread * share * (same - at_risk[j] / all);
                }
            }
            excess.iter_mut().zip(&at_risk).for_each(|(excess, n)| *excess -= ends * n / all);
        }
        now.iter().for_each(|life| at_risk[life.0 as usize] -= 1.0);
    }
    let (statistic, degrees) = quadratic(covariance, &excess[..size]);
    let p = chi_squared(f64::from(degrees), statistic).map(|tails| tails.upper);
    match p {
        Some(p) if degrees > 0 => Ok(LogRank { statistic, degrees, p }),
        _ => Err(Error::new(Code::NotEnoughData, "no end tells two groups apart")),
    }
}

/// `zᵀ·C⁻¹·z` and the rank of `C`, by elimination; what has no spread is passed over.
fn quadratic(mut matrix: Vec<f64>, vector: &[f64]) -> (f64, u32) {
    let size = vector.len();
    let (mut rest, mut sum, mut rank) = (vector.to_vec(), 0.0, 0);
    let scales: Vec<f64> = (0..size).map(|at| matrix[at * (size + 1)]).collect();
    for pivot in 0..size {
        let diagonal = matrix[pivot * (size + 1)];
        if diagonal.is_nan() || diagonal <= 1e-10 * scales[pivot] {
            continue;
        }
        sum += rest[pivot] * rest[pivot] / diagonal;
        rank += 1;
        for row in pivot + 1..size {
            let factor = matrix[row * size + pivot] / diagonal;
            rest[row] -= factor * rest[pivot];
            for column in pivot + 1..size {
                matrix[row * size + column] -= factor * matrix[pivot * size + column];
            }
        }
    }
    (sum, rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_groups_are_the_classic_two_by_two_tables() {
        // Times 1, 2, 3 (group 0) and 4, 5+ (group 1), by hand: O − E of group 0 is
        // 3 − (3/5 + 2/4 + 1/3), V is 6/25 + 1/4 + 2/9.
        let mut lives =
            [(1, 4.0, true), (0, 1.0, true), (0, 3.0, true), (1, 5.0, false), (0, 2.0, true)];
        let found = logrank(&mut lives).unwrap();
        let (excess, variance) = (3.0 - (0.6 + 0.5 + 1.0 / 3.0), 0.24 + 0.25 + 2.0 / 9.0);
        assert!((found.statistic - excess * excess / variance).abs() < 1e-12);
        assert_eq!(found.degrees, 1);
        let mut swapped = lives.map(|(group, time, end)| (1 - group, time, end));
        assert!((logrank(&mut swapped).unwrap().statistic - found.statistic).abs() < 1e-12);
    }

    #[test]
    fn a_group_without_anybody_takes_no_degree() {
        let mut lives = [(0, 1.0, true), (2, 2.0, true), (0, 3.0, true), (2, 4.0, true)];
        assert_eq!(logrank(&mut lives).unwrap().degrees, 1);
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        for lives in [
            &mut [][..],
            &mut [(0, 1.0, true), (0, 2.0, true)],
            &mut [(0, 1.0, false), (1, 2.0, false)],
        ] {
            assert_eq!(logrank(lives).unwrap_err().code(), Code::NotEnoughData);
        }
    }
}
