//! Hierarchical clustering: the two nearest clusters become one, again and again.
//!
//! By the nearest-neighbour chain, O(n²) time and memory: the distances of all pairs are kept, so
//! there is a limit of [`MOST_ROWS`] rows.
//!
//! # References
//! F. Murtagh, "A survey of recent advances in hierarchical clustering algorithms", Computer
//! Journal 26 (1983). G. N. Lance, W. T. Williams, Computer Journal 9 (1967). J. H. Ward, JASA 58
//! (1963), with heights as square roots (`ward.D2` in R).
#![allow(clippy::indexing_slicing)] // Rows and clusters are below `n`, pairs below n·(n − 1)/2.

use crate::error::{Code, Error, Result};
use crate::learn::matrix::{Matrix, squared_distance};
use crate::stats::order::sort_by;
use serde::{Deserialize, Serialize};

/// The most rows: 5,000 rows have 12.5 million pairs, 100 MB.
pub const MOST_ROWS: usize = 5_000;

/// The distance between two clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Linkage {
    /// By how much the squared distances to the means grow: round clusters of similar size. The
    /// default.
    #[default]
    Ward,
    /// The mean distance over all pairs.
    Average,
    /// The farthest pair: compact clusters.
    Complete,
    /// The nearest pair: follows chains.
    Single,
}

/// One merge of two clusters. Clusters 0 to n − 1 are the rows; merge `i` makes cluster `n + i`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// The two, the smaller number first.
    pub clusters: (u32, u32),
    /// Their distance.
    pub height: f64,
    /// Rows of the new cluster.
    pub size: u32,
}

/// All merges in the order of their heights: `n − 1` of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// The merges.
    pub merges: Vec<Merge>,
}

/// Builds the tree under Euclidean distance.
///
/// # Errors
/// `not-enough-data` without rows, `limit` beyond [`MOST_ROWS`], `limit-memory`.
pub fn hierarchical(rows: Matrix<'_>, linkage: Linkage) -> Result<Tree> {
    let n = rows.rows();
    if n == 0 {
        return Err(Error::new(Code::NotEnoughData, "there are no rows"));
    }
    if n > MOST_ROWS {
        return Err(Error::new(
            Code::Limit,
            "hierarchical clustering takes 5,000 rows: take a sample",
        ));
    }
    let mut distances: Vec<f64> = Vec::new();
    let no_room =
        |_| Error::new(Code::LimitMemory, "there is no room for the distances of all pairs");
    distances.try_reserve_exact(n * (n - 1) / 2).map_err(no_room)?;
    for a in 0..n {
        distances.extend((0..a).map(|b| squared_distance(rows.row(a), rows.row(b)).sqrt()));
    }
    if distances.iter().any(|distance| !distance.is_finite()) {
        return Err(Error::new(Code::Overflow, "the distances are beyond the range of a number"));
    }
    let pair = |a: usize, b: usize| if a > b { a * (a - 1) / 2 + b } else { b * (b - 1) / 2 + a };
    // A cluster is known by its last row; 0 rows once it is merged away.
    let mut sizes = vec![1_u32; n];
    let mut raw: Vec<(usize, usize, f64)> = Vec::with_capacity(n - 1);
    let mut chain: Vec<usize> = Vec::new();
    for _ in 1..n {
        if chain.is_empty() {
            chain.extend(sizes.iter().position(|size| *size > 0));
        }
        let (a, b, height) = loop {
            let Some(top) = chain.last().copied() else { break (0, 0, 0.0) };
            let before = chain.len().checked_sub(2).map(|at| chain[at]);
            // The one before in the chain wins a tie, so that the chain ends.
            let mut nearest = before.map(|other| (distances[pair(top, other)], other));
            for other in (0..n).filter(|other| *other != top && sizes[*other] > 0) {
                let distance = distances[pair(top, other)];
                if nearest.is_none_or(|(least, _)| distance < least) {
                    nearest = Some((distance, other));
                }
            }
            let Some((distance, other)) = nearest else { break (top, top, 0.0) };
            if before == Some(other) {
                chain.truncate(chain.len() - 2);
                break (other, top, distance);
            }
            chain.push(other);
        };
        let (gone, kept) = (a.min(b), a.max(b));
        raw.push((gone, kept, height));
        let (n_gone, n_kept) = (f64::from(sizes[gone]), f64::from(sizes[kept]));
        for other in (0..n).filter(|other| *other != gone && *other != kept && sizes[*other] > 0) {
            let (x, y) = (distances[pair(gone, other)], distances[pair(kept, other)]);
            distances[pair(kept, other)] = match linkage {
                Linkage::Single => x.min(y),
                Linkage::Complete => x.max(y),
                Linkage::Average => (n_gone * x + n_kept * y) / (n_gone + n_kept),
                Linkage::Ward => {
                    let own = f64::from(sizes[other]);
                    let total = own + n_gone + n_kept;
                    let sum =
                        (own + n_gone) * x * x + (own + n_kept) * y * y - own * height * height;
                    (sum / total).max(0.0).sqrt()
                }
            };
        }
        sizes[kept] += sizes[gone];
        sizes[gone] = 0;
        // Rounding can bring a cluster into the chain twice; what merged may not stay in it.
        if let Some(at) = chain.iter().position(|other| *other == gone || *other == kept) {
            chain.truncate(at);
        }
    }
    // The chain finds merges out of order; a stable sort keeps children before their parents.
    sort_by(&mut raw, |a, b| a.2.total_cmp(&b.2));
    let mut parents: Vec<usize> = (0..n).collect();
    let mut numbers: Vec<(u32, u32)> = (0..n as u32).map(|row| (row, 1)).collect();
    let mut merges = Vec::with_capacity(raw.len());
    for (at, (a, b, height)) in raw.into_iter().enumerate() {
        let (a, b) = (root(&mut parents, a), root(&mut parents, b));
        let (one, two) = (numbers[a], numbers[b]);
        let size = one.1 + two.1;
        merges.push(Merge { clusters: (one.0.min(two.0), one.0.max(two.0)), height, size });
        parents[a] = b;
        numbers[b] = ((n + at) as u32, size);
    }
    Ok(Tree { merges })
}

/// The representative of a row's set.
pub(super) fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

impl Tree {
    /// The partition into `clusters` clusters: labels from 0 in the order of their first row.
    ///
    /// # Errors
    /// `invalid-option` for no clusters, `not-enough-data` for more than rows.
    pub fn cut(&self, clusters: usize) -> Result<Vec<u32>> {
        let n = self.merges.len() + 1;
        if clusters == 0 {
            return Err(Error::new(Code::InvalidOption, "there is at least one cluster"));
        }
        if clusters > n {
            return Err(Error::new(Code::NotEnoughData, "there are more clusters than rows"));
        }
        let mut parents: Vec<usize> = (0..2 * n - 1).collect();
        for (at, merge) in self.merges.iter().take(n - clusters).enumerate() {
            parents[merge.clusters.0 as usize] = n + at;
            parents[merge.clusters.1 as usize] = n + at;
        }
        let mut names = std::collections::HashMap::new();
        let labels = (0..n).map(|row| {
            let next = names.len() as u32;
            *names.entry(root(&mut parents, row)).or_insert(next)
        });
        Ok(labels.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_linkage_follows_a_chain_and_complete_linkage_does_not() {
        let values = [0.0, 1.0, 2.0, 3.0, 10.0];
        let rows = Matrix::new(&values, 1).unwrap();
        let single = hierarchical(rows, Linkage::Single).unwrap();
        assert_eq!(
            single.merges.iter().map(|m| m.height).collect::<Vec<_>>(),
            [1.0, 1.0, 1.0, 7.0]
        );
        let complete = hierarchical(rows, Linkage::Complete).unwrap();
        assert_eq!(complete.merges.last().unwrap().height, 10.0);
        assert_eq!(complete.cut(2).unwrap(), [0, 0, 0, 0, 1]);
    }

    #[test]
    fn equal_rows_merge_at_height_zero() {
        for linkage in [Linkage::Ward, Linkage::Average, Linkage::Complete, Linkage::Single] {
            let values = [3.0; 6];
            let tree = hierarchical(Matrix::new(&values, 2).unwrap(), linkage).unwrap();
            assert!(tree.merges.iter().all(|merge| merge.height == 0.0));
            assert_eq!(tree.cut(3).unwrap(), [0, 1, 2]);
        }
    }

    #[test]
    fn degenerate_input_is_named() {
        let one = [1.0];
        let tree = hierarchical(Matrix::new(&one, 1).unwrap(), Linkage::Ward).unwrap();
        assert_eq!(tree.cut(1).unwrap(), [0]);
        assert_eq!(tree.cut(2).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(tree.cut(0).unwrap_err().code(), Code::InvalidOption);
        let none = Matrix::new(&[], 1).unwrap();
        assert_eq!(hierarchical(none, Linkage::Ward).unwrap_err().code(), Code::NotEnoughData);
        let many = vec![0.0; MOST_ROWS + 1];
        let error = hierarchical(Matrix::new(&many, 1).unwrap(), Linkage::Ward).unwrap_err();
        assert_eq!(error.code(), Code::Limit);
    }
}
