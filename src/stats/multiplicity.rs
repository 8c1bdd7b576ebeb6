//! P-values adjusted for how many were looked at.
//!
//! # References
//! S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
//! Statistics 6 (1979). Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57
//! (1995). Y. Hochberg, Biometrika 75 (1988). G. Hommel, Biometrika 75 (1988). Z. Šidák, JASA 62
//! (1967). Y. Benjamini, D. Yekutieli, Annals of Statistics 29 (2001).

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
    /// Bonferroni: each times their number. Simple, and never better than Holm.
    Bonferroni,
    /// Šidák: as Bonferroni for tests that are independent; a little better.
    Sidak,
    /// Holm's steps with Šidák's formula, for independent tests.
    HolmSidak,
    /// Hochberg: as Holm from the other end; for tests that are independent or move together.
    Hochberg,
    /// Hommel: finds a little more than Hochberg, under the same condition.
    Hommel,
    /// Benjamini and Yekutieli: as `bh`, whatever the tests have to do with each other.
    By,
    /// Dunnett: arms against one control, by what their comparisons share; over several metrics each
    /// times their number. Finds more than Holm. Plain lists of p-values are adjusted after Holm.
    Dunnett,
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
    let sidak = |p: f64, times: f64| -libm::expm1(times * libm::log1p(-p));
    // Of a step: the adjusted value by rank from 0, before values are made to ascend.
    let harmonic: f64 = match adjustment {
        Adjustment::By => (1..=order.len()).map(|k| 1.0 / k as f64).sum(),
        _ => 1.0,
    };
    let step = |rank: usize, p: f64| {
        let left = count - rank as f64;
        match adjustment {
            Adjustment::Bonferroni => p * count,
            Adjustment::Sidak => sidak(p, count),
            Adjustment::HolmSidak => sidak(p, left),
            Adjustment::Bh | Adjustment::By => p / ((rank + 1) as f64 / count / harmonic),
            _ => p * left,
        }
    };
    match adjustment {
        Adjustment::Bh | Adjustment::By | Adjustment::Hochberg => {
            let mut least = 1.0_f64;
            for (rank, (p, at)) in order.iter().enumerate().rev() {
                least = least.min(step(rank, *p));
                set(*at, least);
            }
        }
        Adjustment::Hommel => {
            let sorted: Vec<f64> = order.iter().map(|(p, _)| *p).collect();
            for ((_, at), p) in order.iter().zip(hommel(&sorted)) {
                set(*at, p);
            }
        }
        _ => {
            let mut largest = 0.0_f64;
            for (rank, (p, at)) in order.iter().enumerate() {
                largest = largest.max(step(rank, *p).min(1.0));
                set(*at, largest);
            }
        }
    }
    found
}

/// Hommel's adjusted values of ascending p-values, by Wright's algorithm (Biometrics 48, 1992).
fn hommel(sorted: &[f64]) -> Vec<f64> {
    let count = sorted.len();
    let simes = |p: &[f64], first: usize, factor: f64| {
        let each = p.iter().enumerate().map(|(at, p)| factor * p / (first + at) as f64);
        each.fold(f64::INFINITY, f64::min)
    };
    let mut adjusted = vec![simes(sorted, 1, count as f64); count];
    for size in (2..count).rev() {
        let (first, last) = sorted.split_at(count - size + 1);
        let factor = size as f64;
        let least = simes(last, 2, factor);
        let mut bound = 0.0;
        for (value, p) in adjusted.iter_mut().zip(first) {
            bound = (factor * p).min(least);
            *value = value.max(bound);
        }
        adjusted.iter_mut().skip(first.len()).for_each(|value| *value = value.max(bound));
    }
    adjusted.iter().zip(sorted).map(|(value, p)| value.max(*p).min(1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") and so on.
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
        close(Adjustment::Hochberg, [0.03, 0.04, 0.04, 0.02]);
        close(Adjustment::Hommel, [0.03, 0.04, 0.04, 0.02]);
        close(Adjustment::Bonferroni, [0.04, 0.16, 0.12, 0.02]);
        close(Adjustment::By, [1.0 / 24.0, 1.0 / 12.0, 1.0 / 12.0, 1.0 / 24.0]);
        close(Adjustment::None, [0.01, 0.04, 0.03, 0.005]);
    }

    #[test]
    fn what_was_not_tested_takes_no_part() {
        let found = adjusted(&[None, Some(0.5), None], Adjustment::Holm);
        assert_eq!(found, [None, Some(0.5), None]);
        assert!(adjusted(&[], Adjustment::Bh).is_empty());
    }
}
