//! P-values adjusted for how many were looked at.
//!
//! # References
//! S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
//! Statistics 6 (1979). Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57
//! (1995).

use crate::stats::order::sort_by;
use serde::{Deserialize, Serialize};

/// How p-values are adjusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Adjustment {
    /// Holm: the chance of even one false finding stays below the mark, whatever the tests have to
    /// do with each other.
    #[default]
    Holm,
    /// Benjamini and Hochberg: of the findings at most this share is expected to be false. Finds
    /// more; for tests that are independent or move together.
    Bh,
    /// As they are.
    None,
}

/// The adjusted p-values, in the order given. Those that are `None` take no part.
#[must_use]
pub fn adjusted(p_values: &[Option<f64>], adjustment: Adjustment) -> Vec<Option<f64>> {
    let mut order: Vec<(f64, usize)> =
        p_values.iter().enumerate().filter_map(|(at, p)| p.map(|p| (p, at))).collect();
    let count = order.len() as f64;
    let mut found = p_values.to_vec();
    if adjustment == Adjustment::None {
        return found;
    }
    sort_by(&mut order, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut set = |at: usize, value: f64| {
        if let Some(place) = found.get_mut(at) {
            *place = Some(value);
        }
    };
    if adjustment == Adjustment::Holm {
        let mut largest = 0.0_f64;
        for (rank, (p, at)) in order.iter().enumerate() {
            largest = largest.max((p * (count - rank as f64)).min(1.0));
            set(*at, largest);
        }
    } else {
        let mut least = 1.0_f64;
        for (rank, (p, at)) in order.iter().enumerate().rev() {
            least = least.min(p * count / (rank + 1) as f64);
            set(*at, least);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") and "BH".
    #[test]
    fn values_are_those_of_r() {
        let p = [0.01, 0.04, 0.03, 0.005].map(Some);
        let close = |adjustment, expected: [f64; 4]| {
            for (got, expected) in adjusted(&p, adjustment).into_iter().zip(expected) {
                assert!((got.unwrap() - expected).abs() < 1e-15);
            }
        };
        close(Adjustment::Holm, [0.03, 0.06, 0.06, 0.02]);
        close(Adjustment::Bh, [0.02, 0.04, 0.04, 0.02]);
        close(Adjustment::None, [0.01, 0.04, 0.03, 0.005]);
    }

    #[test]
    fn what_was_not_tested_takes_no_part() {
        let found = adjusted(&[None, Some(0.5), None], Adjustment::Holm);
        assert_eq!(found, [None, Some(0.5), None]);
        assert!(adjusted(&[], Adjustment::Bh).is_empty());
    }
}
