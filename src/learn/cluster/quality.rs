//! How good a clustering is, from the rows and their labels alone.
//!
//! # References
//! P. J. Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20 (1987). D. L. Davies, D. W. Bouldin,
//! IEEE PAMI 1 (1979). T. Caliński, J. Harabasz, Communications in Statistics 3 (1974).
#![allow(clippy::indexing_slicing)] // Labels are checked to be below the number of clusters.

use crate::error::{Code, Error, Result};
use crate::learn::matrix::{Matrix, squared_distance};

/// The most rows of a silhouette, which compares all pairs: beyond, take a sample.
pub const MOST_ROWS: usize = 20_000;

/// The rows of each cluster. Labels count from 0 without gaps.
fn sizes(rows: Matrix<'_>, labels: &[u32]) -> Result<Vec<usize>> {
    if labels.len() != rows.rows() {
        return Err(Error::new(Code::InvalidOption, "every row needs a label"));
    }
    let clusters = labels.iter().max().map_or(0, |most| *most as usize + 1);
    if clusters < 2 || clusters > labels.len() {
        return Err(Error::new(
            Code::NotEnoughData,
            "quality is defined for two clusters or more, and not more than rows",
        ));
    }
    let mut sizes = vec![0; clusters];
    for label in labels {
        sizes[*label as usize] += 1;
    }
    if sizes.contains(&0) {
        return Err(Error::new(Code::InvalidOption, "labels count from 0 without gaps"));
    }
    Ok(sizes)
}

/// The silhouette of each row: `(b − a)/max(a, b)`, with `a` the mean distance to the other rows
/// of its cluster and `b` that to the nearest other cluster. From −1 (in the wrong cluster) over 0
/// (between two) to 1. 0 for the only row of a cluster, and where both distances are 0.
///
/// # Errors
/// `not-enough-data` for fewer than two clusters, `limit` beyond [`MOST_ROWS`] rows.
pub fn silhouette(rows: Matrix<'_>, labels: &[u32]) -> Result<Vec<f64>> {
    let sizes = sizes(rows, labels)?;
    if rows.rows() > MOST_ROWS {
        return Err(Error::new(
            Code::Limit,
            "a silhouette compares all pairs: take a sample of rows",
        ));
    }
    let mut run = Silhouette { sizes, next: 0, values: Vec::new() };
    while !run.step(rows, labels, usize::MAX) {}
    Ok(run.values)
}

/// A [`silhouette`] cut into steps.
#[derive(Clone, Debug)]
pub struct Silhouette {
    sizes: Vec<usize>,
    next: usize,
    /// Of the rows so far.
    pub values: Vec<f64>,
}

impl Silhouette {
    /// Before the first row.
    ///
    /// # Errors
    /// As [`silhouette`], without its limit.
    pub fn new(rows: Matrix<'_>, labels: &[u32]) -> Result<Self> {
        Ok(Silhouette { sizes: sizes(rows, labels)?, next: 0, values: Vec::new() })
    }

    /// Compares about `budget` pairs of the rows and labels of [`new`](Self::new); true once all
    /// are.
    pub fn step(&mut self, rows: Matrix<'_>, labels: &[u32], budget: usize) -> bool {
        let distance = |a: usize, b: usize| squared_distance(rows.row(a), rows.row(b)).sqrt();
        self.step_by(labels, budget, distance)
    }

    /// The same under another distance of two rows.
    pub fn step_by(
        &mut self,
        labels: &[u32],
        budget: usize,
        distance: impl Fn(usize, usize) -> f64,
    ) -> bool {
        let all = labels.len();
        let until = self.next.saturating_add((budget / all.max(1)).max(1)).min(all);
        let mut sums = vec![0.0; self.sizes.len()];
        for at in self.next..until {
            let own = labels[at] as usize;
            sums.fill(0.0);
            for (other, label) in labels.iter().enumerate() {
                sums[*label as usize] += distance(at, other);
            }
            self.values.push(self.value(own, &sums));
        }
        self.next = until;
        until == all
    }

    fn value(&self, own: usize, sums: &[f64]) -> f64 {
        if self.sizes[own] == 1 {
            return 0.0;
        }
        let within = sums[own] / (self.sizes[own] - 1) as f64;
        let others = sums.iter().zip(&self.sizes).enumerate().filter(|(at, _)| *at != own);
        let between =
            others.map(|(_, (sum, size))| sum / *size as f64).fold(f64::INFINITY, f64::min);
        let larger = within.max(between);
        if larger > 0.0 { (between - within) / larger } else { 0.0 }
    }
}

/// The means of the clusters, one after the other.
fn centroids(rows: Matrix<'_>, labels: &[u32], sizes: &[usize]) -> Vec<f64> {
    let columns = rows.columns();
    let mut sums = vec![0.0; sizes.len() * columns];
    for (row, label) in rows.iter().zip(labels) {
        let at = *label as usize * columns;
        for (sum, value) in sums[at..at + columns].iter_mut().zip(row) {
            *sum += value;
        }
    }
    for (sum, size) in sums.chunks_exact_mut(columns).zip(sizes) {
        sum.iter_mut().for_each(|sum| *sum /= *size as f64);
    }
    sums
}

/// The Davies–Bouldin index: the mean over clusters of the worst `(Sᵢ + Sⱼ)/distance of the
/// centroids`, with `S` the mean distance of a cluster's rows to its centroid. Lower is better;
/// two clusters with the same centroid count as 0.
///
/// # Errors
/// As [`silhouette`], without its limit.
pub fn davies_bouldin(rows: Matrix<'_>, labels: &[u32]) -> Result<f64> {
    let sizes = sizes(rows, labels)?;
    let centroids = centroids(rows, labels, &sizes);
    let columns = rows.columns();
    let centroid = |cluster: usize| &centroids[cluster * columns..(cluster + 1) * columns];
    let mut spreads = vec![0.0; sizes.len()];
    for (row, label) in rows.iter().zip(labels) {
        let cluster = *label as usize;
        spreads[cluster] += squared_distance(row, centroid(cluster)).sqrt();
    }
    for (spread, size) in spreads.iter_mut().zip(&sizes) {
        *spread /= *size as f64;
    }
    let worst = |cluster: usize| {
        let others = (0..sizes.len()).filter(|other| *other != cluster);
        let ratio = |other: usize| {
            let distance = squared_distance(centroid(cluster), centroid(other)).sqrt();
            if distance > 0.0 { (spreads[cluster] + spreads[other]) / distance } else { 0.0 }
        };
        others.map(ratio).fold(0.0, f64::max)
    };
    Ok((0..sizes.len()).map(worst).sum::<f64>() / sizes.len() as f64)
}

/// The Caliński–Harabasz index: between-cluster over within-cluster variance, each over its
/// degrees of freedom. Higher is better. 1 where nothing varies within clusters.
///
/// # Errors
/// As [`silhouette`], without its limit; `not-enough-data` too where every row is its own cluster.
pub fn calinski_harabasz(rows: Matrix<'_>, labels: &[u32]) -> Result<f64> {
    let sizes = sizes(rows, labels)?;
    let (n, k) = (rows.rows(), sizes.len());
    if n == k {
        return Err(Error::new(Code::NotEnoughData, "every row is a cluster of its own"));
    }
    let centroids = centroids(rows, labels, &sizes);
    let columns = rows.columns();
    let mean: Vec<f64> =
        (0..columns).map(|column| rows.column(column).sum::<f64>() / n as f64).collect();
    let parts = centroids.chunks_exact(columns).zip(&sizes);
    let between: f64 =
        parts.map(|(centroid, size)| *size as f64 * squared_distance(centroid, &mean)).sum();
    let of_row = |(row, label): (&[f64], &u32)| {
        let at = *label as usize * columns;
        squared_distance(row, &centroids[at..at + columns])
    };
    let within: f64 = rows.iter().zip(labels).map(of_row).sum();
    if within == 0.0 {
        return Ok(1.0);
    }
    Ok(between * (n - k) as f64 / (within * (k - 1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_separated_clusters_have_a_silhouette_near_one() {
        let values = [0.0, 0.1, 100.0, 100.1];
        let rows = Matrix::new(&values, 1).unwrap();
        assert!(silhouette(rows, &[0, 0, 1, 1]).unwrap().iter().all(|value| *value > 0.99));
        assert!(silhouette(rows, &[0, 1, 0, 1]).unwrap().iter().all(|value| *value < 0.0));
    }

    #[test]
    fn what_has_no_quality_is_refused() {
        let values = [0.0, 0.0, 0.0];
        let rows = Matrix::new(&values, 1).unwrap();
        assert_eq!(silhouette(rows, &[0, 0, 0]).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(silhouette(rows, &[0, 2, 0]).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(silhouette(rows, &[0, 1]).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(calinski_harabasz(rows, &[0, 1, 2]).unwrap_err().code(), Code::NotEnoughData);
    }

    #[test]
    fn equal_rows_have_a_stated_quality() {
        let values = [7.0; 4];
        let rows = Matrix::new(&values, 1).unwrap();
        let labels = [0, 0, 1, 1];
        assert_eq!(silhouette(rows, &labels).unwrap(), [0.0; 4]);
        assert_eq!(davies_bouldin(rows, &labels).unwrap(), 0.0);
        assert_eq!(calinski_harabasz(rows, &labels).unwrap(), 1.0);
    }
}
