//! How far two partitions of the same rows agree.
//!
//! # References
//! L. Hubert, P. Arabie, "Comparing partitions", Journal of Classification 2 (1985). N. X. Vinh,
//! J. Epps, J. Bailey, "Information Theoretic Measures for Clusterings Comparison", JMLR 11 (2010).

use std::collections::BTreeMap;

use crate::error::{Code, Error, Result};
use serde::Serialize;

/// Agreement of two partitions, whatever their labels are called.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Agreement {
    /// Adjusted Rand index: pairs of rows that both partitions keep together or apart, less what
    /// chance would give. 1 for the same partition, about 0 for unrelated ones.
    pub adjusted_rand: f64,
    /// Normalised mutual information, over the mean of both entropies: 0 to 1. Not corrected for
    /// chance: many small clusters raise it.
    pub mutual_information: f64,
}

/// Compares two partitions, given as a label per row.
///
/// Where both put all rows into one cluster, or each row into its own, they agree: both measures
/// are 1.
///
/// # Errors
/// `invalid-option` if the lists differ in length, `not-enough-data` if they are empty.
pub fn agreement(first: &[u32], second: &[u32]) -> Result<Agreement> {
    if first.len() != second.len() {
        return Err(Error::new(Code::InvalidOption, "both partitions need the same rows"));
    }
    if first.is_empty() {
        return Err(Error::new(Code::NotEnoughData, "there are no rows"));
    }
    let (mut cells, mut rows, mut columns) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (a, b) in first.iter().zip(second) {
        *cells.entry((*a, *b)).or_insert(0_u64) += 1;
        *rows.entry(*a).or_insert(0_u64) += 1;
        *columns.entry(*b).or_insert(0_u64) += 1;
    }
    let n = first.len() as u64;
    let squares = |counts: &mut dyn Iterator<Item = &u64>| -> u128 {
        counts.map(|count| u128::from(*count) * u128::from(*count)).sum()
    };
    let both = squares(&mut cells.values());
    let (of_first, of_second) = (squares(&mut rows.values()), squares(&mut columns.values()));
    let all = u128::from(n) * u128::from(n);
    // Ordered pairs: together in both, in one only, in none.
    let together = both - u128::from(n);
    let (only_first, only_second) = (of_first - both, of_second - both);
    let apart = all + both - of_first - of_second;
    let adjusted_rand = if only_first == 0 && only_second == 0 {
        1.0
    } else {
        let [together, apart] = [together as f64, apart as f64];
        let [left, right] = [only_first as f64, only_second as f64];
        2.0 * (together * apart - left * right)
            / ((together + left) * (left + apart) + (together + right) * (right + apart))
    };
    let total = n as f64;
    let entropy = |counts: &BTreeMap<u32, u64>| -> f64 {
        counts
            .values()
            .map(|count| *count as f64 / total)
            .map(|share| -share * libm::log(share))
            .sum()
    };
    let information: f64 = cells
        .iter()
        .map(|((a, b), count)| {
            let expected = rows.get(a).copied().unwrap_or(0) as f64
                * columns.get(b).copied().unwrap_or(0) as f64;
            let count = *count as f64;
            count / total * libm::log(count * total / expected)
        })
        .sum();
    let mutual_information = if rows.len() == 1 && columns.len() == 1 {
        1.0
    } else if information <= f64::EPSILON {
        0.0
    } else {
        (information / f64::midpoint(entropy(&rows), entropy(&columns))).min(1.0)
    };
    Ok(Agreement { adjusted_rand, mutual_information })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_clusters_do_not_matter() {
        let found = agreement(&[0, 0, 1, 1, 2], &[7, 7, 3, 3, 9]).unwrap();
        assert_eq!(found, Agreement { adjusted_rand: 1.0, mutual_information: 1.0 });
    }

    #[test]
    fn trivial_partitions_agree_with_themselves_only() {
        let one = [0_u32; 4];
        let each = [0, 1, 2, 3];
        assert_eq!(agreement(&one, &one).unwrap().mutual_information, 1.0);
        assert_eq!(agreement(&each, &each).unwrap().adjusted_rand, 1.0);
        assert_eq!(
            agreement(&one, &each).unwrap(),
            Agreement { adjusted_rand: 0.0, mutual_information: 0.0 }
        );
        assert_eq!(agreement(&[], &[]).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(agreement(&[1], &[]).unwrap_err().code(), Code::InvalidOption);
    }
}
