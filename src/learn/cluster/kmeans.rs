//! k-means: rows to the nearest of `k` centres, centres to the mean of their rows, until nothing
//! moves.
//!
//! Right for round groups of similar spread in columns of one scale; wrong for long, nested or
//! very unequal ones, and it always returns `k` groups, there or not.
//!
//! One pass over the rows is an accumulator ([`Pass`]): blocks of rows update their own, and
//! states merge in row order, so that the same centres come out for any number of workers.
//!
//! # References
//! S. P. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28 (1982). D. Arthur,
//! S. Vassilvitskii, "k-means++: The advantages of careful seeding", SODA 2007.
#![allow(clippy::indexing_slicing)] // Labels are below `k`, and every list has `k` groups of lanes.

use crate::error::{Code, Error, Result};
use crate::learn::matrix::{Matrix, squared_distance};
use crate::stats::random::Random;

/// Rows of one block: sums of one block do not depend on the others.
const BLOCK: usize = 65_536;
/// Centres are compared eight at a time.
const LANES: usize = 8;

/// A solution.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeans {
    /// The cluster of each row, from 0.
    pub labels: Vec<u32>,
    /// The centres, one after the other, each as wide as a row.
    pub centres: Vec<f64>,
    /// Sum of squared distances of the rows to their centres.
    pub inertia: f64,
    /// Passes over the rows.
    pub passes: u32,
    /// Whether the last pass moved no row.
    pub converged: bool,
}

/// Centres laid out for comparison with one row: eight centres side by side, column by column.
#[derive(Clone, Debug)]
struct Lanes {
    values: Vec<[f64; LANES]>,
    columns: usize,
}

impl Lanes {
    fn new(centres: &[f64], columns: usize) -> Self {
        let groups = (centres.len() / columns).div_ceil(LANES);
        // A centre that is not there is infinitely far away.
        let mut values = vec![[f64::INFINITY; LANES]; groups * columns];
        for (k, centre) in centres.chunks_exact(columns).enumerate() {
            for (column, value) in centre.iter().enumerate() {
                values[k / LANES * columns + column][k % LANES] = *value;
            }
        }
        Lanes { values, columns }
    }

    /// The nearest centre, the first of equally near ones, and its squared distance.
    #[inline]
    fn nearest(&self, row: &[f64]) -> (u32, f64) {
        let mut best = (0, f64::INFINITY);
        let mut first = 0;
        for group in self.values.chunks_exact(self.columns) {
            let mut distances = [0.0; LANES];
            for (value, lane) in row.iter().zip(group) {
                for (distance, centre) in distances.iter_mut().zip(lane) {
                    let difference = value - centre;
                    *distance += difference * difference;
                }
            }
            for (lane, distance) in distances.into_iter().enumerate() {
                if distance < best.1 {
                    best = (first + lane as u32, distance);
                }
            }
            first += LANES as u32;
        }
        best
    }
}

/// One pass over some of the rows: what each cluster's rows sum up to.
#[derive(Clone, Debug)]
pub struct Pass {
    lanes: Lanes,
    sums: Vec<f64>,
    counts: Vec<u64>,
    inertia: f64,
    moved: u64,
    /// The row farthest from its centre: squared distance and index.
    farthest: (f64, usize),
}

impl Pass {
    /// For these centres.
    #[must_use]
    pub fn new(centres: &[f64], columns: usize) -> Self {
        Pass {
            lanes: Lanes::new(centres, columns.max(1)),
            sums: vec![0.0; centres.len()],
            counts: vec![0; centres.len() / columns.max(1)],
            inertia: 0.0,
            moved: 0,
            farthest: (0.0, 0),
        }
    }

    /// Adds rows, the first of them being row `first` of all; `labels` are theirs, and are changed
    /// to the nearest centre.
    pub fn update(&mut self, rows: &[f64], first: usize, labels: &mut [u32]) {
        let columns = self.lanes.columns;
        for (at, (row, label)) in rows.chunks_exact(columns).zip(labels).enumerate() {
            let (nearest, distance) = self.lanes.nearest(row);
            self.moved += u64::from(nearest != *label);
            *label = nearest;
            self.inertia += distance;
            if distance > self.farthest.0 {
                self.farthest = (distance, first + at);
            }
            let cluster = nearest as usize;
            self.counts[cluster] += 1;
            let sums = &mut self.sums[cluster * columns..(cluster + 1) * columns];
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }

    /// Adds the pass over later rows.
    pub fn merge(&mut self, later: Pass) {
        for (sum, other) in self.sums.iter_mut().zip(later.sums) {
            *sum += other;
        }
        for (count, other) in self.counts.iter_mut().zip(later.counts) {
            *count += other;
        }
        self.inertia += later.inertia;
        self.moved += later.moved;
        if later.farthest.0 > self.farthest.0 {
            self.farthest = later.farthest;
        }
    }
}

/// Lloyd's iterations from the given centres, until no row moves or for `most_passes`. Ties go to
/// the first centre. A cluster that loses all rows gets the row that is farthest from its centre.
///
/// # Errors
/// `invalid-option` for centres of another width; `not-enough-data` without rows or with more
/// centres than rows; `overflow` where distances are beyond the range of a float.
pub fn lloyd(rows: Matrix<'_>, centres: Vec<f64>, most_passes: u32) -> Result<KMeans> {
    let mut state = start(rows, centres)?;
    while !pass(rows, &mut state, most_passes)? {}
    Ok(state)
}

/// The state before the first [`pass`].
///
/// # Errors
/// As [`lloyd`].
pub fn start(rows: Matrix<'_>, centres: Vec<f64>) -> Result<KMeans> {
    let columns = rows.columns();
    let clusters = check_clusters(rows, centres.len() / columns)?;
    if centres.len() != clusters * columns || centres.iter().any(|value| !value.is_finite()) {
        return Err(Error::new(Code::InvalidOption, "centres are finite and as wide as the rows"));
    }
    let labels = vec![u32::MAX; rows.rows()];
    Ok(KMeans { labels, centres, inertia: 0.0, passes: 0, converged: false })
}

/// One pass over all rows; true once nothing moves or `most_passes` are done. In between, the
/// centres are those of the next pass.
///
/// # Errors
/// `overflow` where distances are beyond the range of a float.
pub fn pass(rows: Matrix<'_>, state: &mut KMeans, most_passes: u32) -> Result<bool> {
    let columns = rows.columns();
    let KMeans { labels, centres, .. } = state;
    let mut all = Pass::new(centres, columns);
    let blocks = rows.values().chunks(BLOCK * columns).zip(labels.chunks_mut(BLOCK));
    for (at, (block, labels)) in blocks.enumerate() {
        let mut pass = Pass { lanes: all.lanes.clone(), ..Pass::new(centres, columns) };
        pass.update(block, at * BLOCK, labels);
        all.merge(pass);
    }
    if !all.inertia.is_finite() {
        return Err(Error::new(Code::Overflow, "the distances are beyond the range of a number"));
    }
    state.passes += 1;
    state.inertia = all.inertia;
    state.converged = all.moved == 0;
    if state.converged || state.passes >= most_passes.max(1) {
        return Ok(true);
    }
    let mut is_taken = false;
    for (cluster, count) in all.counts.iter().enumerate() {
        let range = cluster * columns..(cluster + 1) * columns;
        if *count > 0 {
            for (centre, sum) in centres[range.clone()].iter_mut().zip(&all.sums[range]) {
                *centre = sum / *count as f64;
            }
        } else if all.farthest.0 > 0.0 && !is_taken {
            // One a pass: the next farthest row is another one after this.
            centres[range].copy_from_slice(rows.row(all.farthest.1));
            is_taken = true;
        }
    }
    Ok(false)
}

/// `clusters` rows as first centres, by k-means++: each next one with probability proportional to
/// its squared distance from the nearest before it, the best of `2 + ln k` draws.
///
/// # Errors
/// `not-enough-data` with fewer distinct rows than clusters, `invalid-option` for no clusters.
pub fn plus_plus(rows: Matrix<'_>, clusters: usize, random: &mut Random) -> Result<Vec<f64>> {
    check_clusters(rows, clusters)?;
    let first = random.below(rows.rows().min(u32::MAX as usize) as u32) as usize;
    let mut centres = rows.row(first).to_vec();
    let mut nearest: Vec<f64> =
        rows.iter().map(|row| squared_distance(row, rows.row(first))).collect();
    let draws = 2 + libm::log(clusters as f64) as usize;
    for _ in 1..clusters {
        let total: f64 = nearest.iter().sum();
        if total <= 0.0 {
            return Err(Error::new(
                Code::NotEnoughData,
                "there are fewer distinct rows than clusters",
            ));
        }
        let mut best: Option<(f64, Vec<f64>, usize)> = None;
        for _ in 0..draws {
            let wanted = random.unit() * total;
            let mut sum = 0.0;
            let found = nearest.iter().position(|distance| {
                sum += distance;
                sum > wanted
            });
            // Rounding can leave the last positive one.
            let last = || nearest.iter().rposition(|distance| *distance > 0.0);
            let Some(row) = found.or_else(last) else { continue };
            let with: Vec<f64> = nearest
                .iter()
                .zip(rows.iter())
                .map(|(old, other)| old.min(squared_distance(other, rows.row(row))))
                .collect();
            let potential = with.iter().sum();
            if best.as_ref().is_none_or(|(least, ..)| potential < *least) {
                best = Some((potential, with, row));
            }
        }
        if let Some((_, with, row)) = best {
            nearest = with;
            centres.extend_from_slice(rows.row(row));
        }
    }
    Ok(centres)
}

/// The best of `starts` runs from k-means++ centres, each with its own stream of `seed`.
///
/// # Errors
/// As [`plus_plus`] and [`lloyd`].
pub fn kmeans(rows: Matrix<'_>, clusters: usize, starts: u32, seed: u64) -> Result<KMeans> {
    let mut best: Option<KMeans> = None;
    for start in 0..starts.max(1) {
        let centres = plus_plus(rows, clusters, &mut Random::new(seed, u64::from(start)))?;
        let found = lloyd(rows, centres, 300)?;
        if best.as_ref().is_none_or(|best| found.inertia < best.inertia) {
            best = Some(found);
        }
    }
    best.ok_or_else(|| Error::new(Code::InvalidOption, "k-means needs at least one start"))
}

/// The nearest centre of each row, as [`lloyd`] assigns it.
#[must_use]
pub fn nearest_centres(rows: Matrix<'_>, centres: &[f64]) -> Vec<u32> {
    let lanes = Lanes::new(centres, rows.columns());
    rows.iter().map(|row| lanes.nearest(row).0).collect()
}

/// The number of clusters, if there can be so many.
fn check_clusters(rows: Matrix<'_>, clusters: usize) -> Result<usize> {
    if clusters == 0 {
        return Err(Error::new(Code::InvalidOption, "there is at least one cluster").at_path("k"));
    }
    if clusters > rows.rows() {
        return Err(Error::new(Code::NotEnoughData, "there are more clusters than rows"));
    }
    Ok(clusters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blobs(per: usize) -> Vec<f64> {
        let mut random = Random::new(5, 0);
        let mut values = Vec::new();
        for (x, y) in [(0.0, 0.0), (9.0, 0.0), (0.0, 9.0)] {
            for _ in 0..per {
                values.extend([x + random.normal(), y + random.normal()]);
            }
        }
        values
    }

    #[test]
    fn planted_clusters_are_found_for_any_seed() {
        let values = blobs(50);
        let rows = Matrix::new(&values, 2).unwrap();
        for seed in 0..20 {
            let found = kmeans(rows, 3, 3, seed).unwrap();
            let truth: Vec<u32> = (0..150).map(|row| row / 50).collect();
            let agreement = crate::learn::cluster::agreement::agreement(&found.labels, &truth);
            assert_eq!(agreement.unwrap().adjusted_rand, 1.0, "seed {seed}");
            assert!(found.converged);
        }
    }

    #[test]
    fn a_seed_gives_the_same_clusters_again() {
        let values = blobs(30);
        let rows = Matrix::new(&values, 2).unwrap();
        assert_eq!(kmeans(rows, 5, 2, 8).unwrap(), kmeans(rows, 5, 2, 8).unwrap());
    }

    #[test]
    fn a_cluster_that_lost_its_rows_gets_the_farthest() {
        let values = [0.0, 1.0, 2.0, 50.0];
        let rows = Matrix::new(&values, 1).unwrap();
        let found = lloyd(rows, vec![1.0, 900.0], 100).unwrap();
        assert_eq!(found.labels, [0, 0, 0, 1]);
        assert_eq!(found.centres, [1.0, 50.0]);
    }

    #[test]
    fn degenerate_input_is_named() {
        let same = [4.0; 6];
        let rows = Matrix::new(&same, 1).unwrap();
        assert_eq!(kmeans(rows, 2, 1, 0).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(kmeans(rows, 7, 1, 0).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(kmeans(rows, 0, 1, 0).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(kmeans(rows, 1, 1, 0).unwrap().inertia, 0.0);
        let far = [f64::MAX, -f64::MAX];
        let rows = Matrix::new(&far, 1).unwrap();
        assert_eq!(lloyd(rows, vec![0.0], 5).unwrap_err().code(), Code::Overflow);
        let one = [1.0];
        assert_eq!(kmeans(Matrix::new(&one, 1).unwrap(), 1, 1, 0).unwrap().labels, [0]);
    }

    #[test]
    fn more_centres_than_lanes_are_told_apart() {
        let values: Vec<f64> = (0..40).map(|at| f64::from(at / 2) * 10.0).collect();
        let rows = Matrix::new(&values, 1).unwrap();
        let centres: Vec<f64> = (0..20).map(|at| f64::from(at) * 10.0 + 1.0).collect();
        let found = lloyd(rows, centres, 10).unwrap();
        assert_eq!(found.labels, (0..40).map(|at| at / 2).collect::<Vec<u32>>());
        assert_eq!(found.inertia, 0.0);
    }
}
