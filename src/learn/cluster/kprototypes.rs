//! k-prototypes: clusters of rows that have numbers and categories, or only one of them (then it
//! is k-modes, or k-means).
//!
//! A cluster's prototype is the mean of its numbers and the most frequent code of each category
//! column. The cost is `Σ squared distance + weight·mismatches` over the rows and their
//! prototypes. Rows move one at a time, and only where the cost falls with both prototypes
//! updated (Hartigan's exchange), so that no cluster is ever emptied and no start can fail.
//!
//! # References
//! Z. Huang, "Extensions to the k-Means Algorithm for Clustering Large Data Sets with Categorical
//! Values", Data Mining and Knowledge Discovery 2 (1998). J. A. Hartigan, "Clustering Algorithms"
//! (1975).
#![allow(clippy::indexing_slicing)] // Labels are below `k`; codes are ranks within their column.

use crate::error::{Code, Error, Result};
use crate::learn::matrix::{Categories, Matrix, mismatches, squared_distance};
use crate::stats::random::Random;

/// The rows to be clustered; either kind of column may be absent.
#[derive(Clone, Copy, Debug)]
pub struct Mixed<'a> {
    /// Columns of numbers, scaled.
    pub numbers: Option<Matrix<'a>>,
    /// Columns of categories.
    pub categories: Option<Categories<'a>>,
    /// What one mismatch costs, in squared units of the numbers. Huang proposes half the mean
    /// standard deviation of the number columns.
    pub weight: f64,
}

/// Start prototypes, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prototypes {
    /// The numbers of each.
    pub numbers: Vec<f64>,
    /// The categories of each.
    pub categories: Vec<u32>,
}

/// A solution.
#[derive(Clone, Debug, PartialEq)]
pub struct KPrototypes {
    /// The cluster of each row, from 0.
    pub labels: Vec<u32>,
    /// The prototypes.
    pub prototypes: Prototypes,
    /// The cost, see the file's header.
    pub cost: f64,
}

/// The most passes of one start.
const MOST_PASSES: usize = 200;

impl Mixed<'_> {
    fn rows(&self) -> usize {
        let numbers = self.numbers.map(|rows| rows.rows());
        numbers.or(self.categories.map(|rows| rows.rows())).unwrap_or(0)
    }

    fn check(&self, clusters: usize) -> Result<()> {
        let fits = match (self.numbers, self.categories) {
            (Some(numbers), Some(categories)) => numbers.rows() == categories.rows(),
            (None, None) => false,
            _ => true,
        };
        if !fits {
            return Err(Error::new(Code::InvalidOption, "both kinds of columns need equal rows"));
        }
        if !(self.weight >= 0.0 && self.weight.is_finite()) {
            return Err(Error::new(Code::InvalidOption, "the weight of a mismatch is 0 or more")
                .at_path("weight"));
        }
        if clusters == 0 {
            return Err(
                Error::new(Code::InvalidOption, "there is at least one cluster").at_path("k")
            );
        }
        if clusters > self.rows() {
            return Err(Error::new(Code::NotEnoughData, "there are more clusters than rows"));
        }
        Ok(())
    }

    fn numbers_of(&self, row: usize) -> &[f64] {
        self.numbers.map_or(&[], |rows| rows.row(row))
    }

    fn codes_of(&self, row: usize) -> &[u32] {
        self.categories.map_or(&[], |rows| rows.row(row))
    }

    fn distance(&self, row: usize, numbers: &[f64], codes: &[u32]) -> f64 {
        squared_distance(self.numbers_of(row), numbers)
            + self.weight * mismatches(self.codes_of(row), codes) as f64
    }
}

/// The best of the given start, if there is one, and `starts` seeded ones, in which each next
/// prototype is a row drawn in proportion to its distance from those before.
///
/// # Errors
/// `invalid-option` for no clusters, a negative weight or a start of another shape;
/// `not-enough-data` for more clusters than rows; `overflow`.
pub fn kprototypes(
    data: Mixed<'_>,
    clusters: usize,
    given: Option<&Prototypes>,
    starts: u32,
    seed: u64,
) -> Result<KPrototypes> {
    data.check(clusters)?;
    let widths = (
        data.numbers.map_or(0, |rows| rows.columns()),
        data.categories.map_or(0, |rows| rows.columns()),
    );
    if let Some(start) = given {
        let fits = start.numbers.len() == clusters * widths.0
            && start.categories.len() == clusters * widths.1
            && start.numbers.iter().all(|value| value.is_finite());
        if !fits {
            return Err(Error::new(Code::InvalidOption, "a start has a row for each cluster"));
        }
    }
    let table = Table::new(data);
    let mut best: Option<KPrototypes> = None;
    let seeded = (0..starts.max(u32::from(given.is_none())))
        .map(|start| drawn(data, clusters, &mut Random::new(seed, u64::from(start))));
    for start in given.cloned().into_iter().chain(seeded) {
        let found = exchange(data, &table, clusters, &start, widths);
        if !found.cost.is_finite() {
            return Err(Error::new(
                Code::Overflow,
                "the distances are beyond the range of a number",
            ));
        }
        if best.as_ref().is_none_or(|best| found.cost < best.cost) {
            best = Some(found);
        }
    }
    best.ok_or_else(|| Error::new(Code::InvalidOption, "there is at least one start"))
}

/// Rows as prototypes; where fewer distinct rows than clusters exist, some are equal.
fn drawn(data: Mixed<'_>, clusters: usize, random: &mut Random) -> Prototypes {
    let n = data.rows();
    let mut start = Prototypes::default();
    let mut nearest = vec![f64::INFINITY; n];
    let mut row = random.below(n.min(u32::MAX as usize) as u32) as usize;
    for _ in 0..clusters {
        let (numbers, codes) = (data.numbers_of(row), data.codes_of(row));
        start.numbers.extend_from_slice(numbers);
        start.categories.extend_from_slice(codes);
        for (other, nearest) in nearest.iter_mut().enumerate() {
            *nearest = nearest.min(data.distance(other, numbers, codes));
        }
        let wanted = random.unit() * nearest.iter().sum::<f64>();
        let mut sum = 0.0;
        let found = nearest.iter().position(|distance| {
            sum += distance;
            sum > wanted
        });
        row = found.unwrap_or(row);
    }
    start
}

/// Codes as ranks within their column, so that counts are lists.
struct Table {
    /// Row after row.
    ranks: Vec<u32>,
    /// Per column: the codes in ascending order.
    codes: Vec<Vec<u32>>,
    /// Where the counts of a column begin within those of a cluster; last, their number.
    offsets: Vec<usize>,
}

impl Table {
    fn new(data: Mixed<'_>) -> Self {
        let Some(rows) = data.categories else {
            return Table { ranks: Vec::new(), codes: Vec::new(), offsets: vec![0] };
        };
        let mut codes = vec![Vec::new(); rows.columns()];
        for row in rows.iter() {
            codes.iter_mut().zip(row).for_each(|(codes, code)| codes.push(*code));
        }
        let mut offsets = vec![0];
        for codes in &mut codes {
            codes.sort_unstable();
            codes.dedup();
            offsets.push(offsets[offsets.len() - 1] + codes.len());
        }
        let rank = |(codes, code): (&Vec<u32>, &u32)| codes.partition_point(|c| c < code) as u32;
        let ranks = rows.iter().flat_map(|row| codes.iter().zip(row).map(rank)).collect();
        Table { ranks, codes, offsets }
    }

    fn row(&self, row: usize) -> &[u32] {
        let columns = self.codes.len();
        &self.ranks[row * columns..(row + 1) * columns]
    }
}

/// One cluster's sums and counts.
#[derive(Clone)]
struct Cluster {
    size: usize,
    sums: Vec<f64>,
    counts: Vec<u32>,
    /// Per column: the largest count.
    most: Vec<u32>,
}

impl Cluster {
    /// By how much the cost falls without this row.
    fn saved(&self, numbers: &[f64], ranks: &[u32], table: &Table, weight: f64) -> f64 {
        let size = self.size as f64;
        let mut cost = self.spread_of(numbers) * size / (size - 1.0).max(1.0);
        for (column, rank) in ranks.iter().enumerate() {
            let counts = &self.counts[table.offsets[column]..table.offsets[column + 1]];
            let most = self.most[column];
            let is_only_mode = counts[*rank as usize] == most
                && counts.iter().filter(|count| **count == most).count() == 1;
            cost += if is_only_mode { 0.0 } else { weight };
        }
        cost
    }

    /// By how much the cost rises with this row.
    fn added(&self, numbers: &[f64], ranks: &[u32], table: &Table, weight: f64) -> f64 {
        let size = self.size as f64;
        let mut cost = self.spread_of(numbers) * size / (size + 1.0);
        for (column, rank) in ranks.iter().enumerate() {
            let is_mode = self.counts[table.offsets[column] + *rank as usize] == self.most[column];
            cost += if is_mode { 0.0 } else { weight };
        }
        cost
    }

    fn spread_of(&self, numbers: &[f64]) -> f64 {
        let size = self.size.max(1) as f64;
        numbers.iter().zip(&self.sums).map(|(value, sum)| (value - sum / size).powi(2)).sum()
    }

    fn change(&mut self, numbers: &[f64], ranks: &[u32], table: &Table, joins: bool) {
        let sign = if joins { 1.0 } else { -1.0 };
        self.sums.iter_mut().zip(numbers).for_each(|(sum, value)| *sum += sign * value);
        self.size = if joins { self.size + 1 } else { self.size - 1 };
        for (column, rank) in ranks.iter().enumerate() {
            let counts = &mut self.counts[table.offsets[column]..table.offsets[column + 1]];
            let count = &mut counts[*rank as usize];
            *count = if joins { *count + 1 } else { *count - 1 };
            self.most[column] = counts.iter().max().copied().unwrap_or(0);
        }
    }
}

fn exchange(
    data: Mixed<'_>,
    table: &Table,
    clusters: usize,
    start: &Prototypes,
    widths: (usize, usize),
) -> KPrototypes {
    let n = data.rows();
    let empty = Cluster {
        size: 0,
        sums: vec![0.0; widths.0],
        counts: vec![0; table.offsets[table.codes.len()]],
        most: vec![0; widths.1],
    };
    let mut state = vec![empty; clusters];
    let mut labels = vec![0_u32; n];
    for (row, label) in labels.iter_mut().enumerate() {
        let mut best = (f64::INFINITY, 0);
        for cluster in 0..clusters {
            let numbers = &start.numbers[cluster * widths.0..(cluster + 1) * widths.0];
            let codes = &start.categories[cluster * widths.1..(cluster + 1) * widths.1];
            let distance = data.distance(row, numbers, codes);
            if distance < best.0 {
                best = (distance, cluster);
            }
        }
        *label = best.1 as u32;
        state[best.1].change(data.numbers_of(row), table.row(row), table, true);
    }
    for _ in 0..MOST_PASSES {
        let mut has_moved = false;
        for (row, label) in labels.iter_mut().enumerate() {
            let (numbers, ranks) = (data.numbers_of(row), table.row(row));
            let own = *label as usize;
            if state[own].size < 2 {
                continue;
            }
            let saved = state[own].saved(numbers, ranks, table, data.weight);
            let mut best = (saved * (1.0 - 1e-12) - 1e-300, own);
            for (cluster, other) in state.iter().enumerate().filter(|(at, _)| *at != own) {
                let cost = other.added(numbers, ranks, table, data.weight);
                if cost < best.0 {
                    best = (cost, cluster);
                }
            }
            if best.1 != own {
                state[own].change(numbers, ranks, table, false);
                state[best.1].change(numbers, ranks, table, true);
                *label = best.1 as u32;
                has_moved = true;
            }
        }
        if !has_moved {
            break;
        }
    }
    let mut prototypes = Prototypes::default();
    for (at, cluster) in state.iter().enumerate() {
        if cluster.size == 0 {
            // As many equal rows as that: the start stays.
            prototypes
                .numbers
                .extend_from_slice(&start.numbers[at * widths.0..(at + 1) * widths.0]);
            prototypes
                .categories
                .extend_from_slice(&start.categories[at * widths.1..(at + 1) * widths.1]);
            continue;
        }
        prototypes.numbers.extend(cluster.sums.iter().map(|sum| sum / cluster.size as f64));
        for (column, codes) in table.codes.iter().enumerate() {
            let counts = &cluster.counts[table.offsets[column]..table.offsets[column + 1]];
            // The smallest code of equally frequent ones.
            let mode = counts.iter().position(|count| *count == cluster.most[column]);
            prototypes.categories.extend(mode.and_then(|at| codes.get(at)));
        }
    }
    let cost = labels
        .iter()
        .enumerate()
        .map(|(row, label)| {
            let at = *label as usize;
            let numbers = &prototypes.numbers[at * widths.0..(at + 1) * widths.0];
            data.distance(row, numbers, &prototypes.categories[at * widths.1..(at + 1) * widths.1])
        })
        .sum();
    KPrototypes { labels, prototypes, cost }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_decide_where_numbers_do_not() {
        let numbers = [0.0; 6];
        let codes = [1, 9, 1, 9, 1, 9];
        let data = Mixed {
            numbers: Some(Matrix::new(&numbers, 1).unwrap()),
            categories: Some(Categories::new(&codes, 1).unwrap()),
            weight: 1.0,
        };
        let found = kprototypes(data, 2, None, 4, 0).unwrap();
        assert_eq!(found.cost, 0.0);
        assert!(found.labels.chunks(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn no_start_fails_with_fewer_distinct_rows_than_clusters() {
        let codes = [3; 8];
        let data = Mixed {
            numbers: None,
            categories: Some(Categories::new(&codes, 2).unwrap()),
            weight: 1.0,
        };
        for seed in 0..10 {
            let found = kprototypes(data, 4, None, 1, seed).unwrap();
            assert_eq!((found.cost, found.prototypes.categories.len()), (0.0, 8));
        }
    }

    #[test]
    fn options_out_of_range_are_named() {
        let codes = [1, 2];
        let data = Mixed {
            numbers: None,
            categories: Some(Categories::new(&codes, 1).unwrap()),
            weight: 1.0,
        };
        let code = |data, k| kprototypes(data, k, None, 1, 0).unwrap_err().code();
        assert_eq!(code(data, 0), Code::InvalidOption);
        assert_eq!(code(data, 3), Code::NotEnoughData);
        assert_eq!(code(Mixed { weight: f64::NAN, ..data }, 1), Code::InvalidOption);
        assert_eq!(code(Mixed { categories: None, ..data }, 1), Code::InvalidOption);
        let short = Prototypes { numbers: Vec::new(), categories: vec![1] };
        let error = kprototypes(data, 2, Some(&short), 0, 0).unwrap_err();
        assert_eq!(error.code(), Code::InvalidOption);
    }
}
