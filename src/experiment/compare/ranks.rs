//! Mann and Whitney's comparison by ranks: whether treatment tends to be larger, for outcomes whose
//! mean says little.
//!
//! # Reference
//! H. B. Mann, D. R. Whitney, Annals of Mathematical Statistics 18 (1947), with the correction of
//! the variance for ties.

use super::Alternative;
use crate::error::{Code, Error, Result};
use crate::stats::order::sort_rows;
use crate::stats::special::error::normal;

/// How likely the ranks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankLaw {
    /// Normal, the variance corrected for ties, with a continuity correction of ½.
    Asymptotic,
    /// By counting all arrangements, for samples of at most 200 without ties.
    Exact,
}

/// What the ranks say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// Pairs in which treatment is larger, those with equal values for a half.
    pub u: f64,
    /// How likely that is where both follow one law.
    pub p_value: f64,
}

/// Most values per sample for the exact law.
const MOST_EXACT: usize = 200;

/// Compares two samples of finite values.
///
/// # Errors
/// `not-enough-data` for an empty sample, `type` for a value that is not finite, `limit` for exact
/// counting of ties or of more than 200 values.
pub fn mann_whitney(
    control: &[f64],
    treatment: &[f64],
    law: RankLaw,
    alternative: Alternative,
) -> Result<Ranks> {
    let (n, m) = (treatment.len(), control.len());
    if n == 0 || m == 0 {
        return Err(Error::new(Code::NotEnoughData, "ranks need values in both arms"));
    }
    if control.iter().chain(treatment).any(|value| !value.is_finite()) {
        return Err(Error::new(Code::Type, "ranks need finite numbers"));
    }
    // Both zeros are one value.
    let mut all: Vec<(f64, u32)> = treatment.iter().map(|value| (*value + 0.0, 1)).collect();
    all.extend(control.iter().map(|value| (*value + 0.0, 0)));
    sort_rows(&mut all);
    let (mut u, mut below, mut ties) = (0.0, 0.0, 0.0);
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        let own = group.iter().filter(|(_, arm)| *arm == 1).count() as f64;
        let size = group.len() as f64;
        u += own * (below + 0.5 * (size - own));
        below += size - own;
        ties += size * size * size - size;
    }
    let (n_t, n_c) = (n as f64, m as f64);
    let all = n_t + n_c;
    let mirrored = n_t * n_c - u;
    let far = match alternative {
        Alternative::TwoSided => u.max(mirrored),
        Alternative::Greater => u,
        Alternative::Less => mirrored,
    };
    let sides = if alternative == Alternative::TwoSided { 2.0 } else { 1.0 };
    let tail = match law {
        RankLaw::Asymptotic => {
            let variance = n_t * n_c / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
            let z = (far - n_t * n_c / 2.0 - 0.5) / variance.sqrt();
            // Where all values are equal nothing speaks for either side.
            if variance > 0.0 { normal(z).upper } else { 1.0 }
        }
        RankLaw::Exact => {
            if ties > 0.0 || n.max(m) > MOST_EXACT {
                return Err(Error::new(
                    Code::Limit,
                    "arrangements are counted for at most 200 values per arm, without ties",
                ));
            }
            exact_tail(n, m, far as usize)
        }
    };
    Ok(Ranks { u, p_value: (sides * tail).min(1.0) })
}

/// The chance that U is `from` or more: products of `(1 − qʲ)` count the arrangements with each U.
fn exact_tail(n: usize, m: usize, from: usize) -> f64 {
    let (small, large) = (n.min(m), n.max(m));
    let most = n * m;
    // Probabilities in place of counts, so that nothing overflows: each factor
    // (1 − q^(large + j))/(1 − q^j) is scaled by j/(large + j).
    let mut chances = vec![0.0; most + 1];
    if let Some(first) = chances.first_mut() {
        *first = 1.0;
    }
    for j in 1..=small {
        let scale = j as f64 / (large + j) as f64;
        let up = large + j;
        for at in (up..=most).rev() {
            let lower = chances.get(at - up).copied().unwrap_or(0.0);
            if let Some(chance) = chances.get_mut(at) {
                *chance -= lower;
            }
        }
        for at in j..=most {
            let lower = chances.get(at - j).copied().unwrap_or(0.0);
            if let Some(chance) = chances.get_mut(at) {
                *chance += lower;
            }
        }
        chances.iter_mut().for_each(|chance| *chance *= scale);
    }
    // By symmetry from the end where few terms are added.
    let count = (most + 1).saturating_sub(from);
    chances.iter().take(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_samples_are_counted() {
        // 3 against 3, fully apart: one of 20 arrangements on each side.
        let found =
            mann_whitney(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], RankLaw::Exact, Alternative::TwoSided);
        let found = found.unwrap();
        assert_eq!(found.u, 9.0);
        assert!((found.p_value - 0.1).abs() < 1e-14);
        let ties = mann_whitney(&[1.0], &[1.0], RankLaw::Exact, Alternative::Greater);
        assert_eq!(ties.unwrap_err().code(), Code::Limit);
    }

    #[test]
    fn equal_values_speak_for_nobody() {
        let found =
            mann_whitney(&[2.0; 5], &[2.0; 4], RankLaw::Asymptotic, Alternative::TwoSided).unwrap();
        assert_eq!((found.u, found.p_value), (10.0, 1.0));
        assert!(mann_whitney(&[], &[1.0], RankLaw::Asymptotic, Alternative::Less).is_err());
    }
}
