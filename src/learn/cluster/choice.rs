//! How many clusters, if any: the gap statistic, and how well clusters survive resampling.
//!
//! # References
//! R. Tibshirani, G. Walther, T. Hastie, "Estimating the number of clusters in a data set via the
//! gap statistic", JRSS B 63 (2001) 411–423, with the reference of its section 4 (b). C. Hennig,
//! "Cluster-wise assessment of cluster stability", Computational Statistics & Data Analysis 52
//! (2007) 258–271.
#![allow(clippy::indexing_slicing)] // Squares have p·p entries, and labels are below their most.

use crate::error::{Code, Error, Result};
use crate::learn::matrix::Matrix;
use crate::stats::random::Random;

/// The gap of one number of clusters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Mean over the reference sets of `ln W` less that of the data, where `W` is the sum of squared
    /// distances to the centres: how much tighter the data are clustered than data without clusters
    /// would be.
    pub gap: f64,
    /// Standard deviation of `ln W` over the reference sets, times `√(1 + 1/B)` for their number.
    pub error: f64,
}

/// The gap from the inertia of the data and of each reference set. `None` where an inertia is 0:
/// there are no more distinct rows than clusters.
#[must_use]
pub fn gap(inertia: f64, references: &[f64]) -> Option<Gap> {
    let sets = references.len() as f64;
    if references.is_empty() || inertia <= 0.0 || references.iter().any(|value| *value <= 0.0) {
        return None;
    }
    let logs = || references.iter().map(|value| libm::log(*value));
    let mean = logs().sum::<f64>() / sets;
    let variance = logs().map(|value| (value - mean) * (value - mean)).sum::<f64>() / sets;
    let error = (variance * (1.0 + 1.0 / sets)).sqrt();
    Some(Gap { gap: mean - libm::log(inertia), error })
}

/// Rows without clusters like the given ones: uniform in the box around them whose sides are their
/// principal axes.
#[derive(Clone, Debug)]
pub struct Reference {
    /// Principal axes, one after the other, each of length 1.
    axes: Vec<f64>,
    /// Least and largest coordinate along each.
    ranges: Vec<(f64, f64)>,
    rows: usize,
}

impl Reference {
    /// Finds the box.
    ///
    /// # Errors
    /// `not-enough-data` without rows, `overflow` where a spread is beyond the range of a float.
    pub fn new(rows: Matrix<'_>) -> Result<Self> {
        let (n, p) = (rows.rows(), rows.columns());
        if n == 0 {
            return Err(Error::new(Code::NotEnoughData, "there are no rows"));
        }
        let means: Vec<f64> =
            (0..p).map(|column| rows.column(column).sum::<f64>() / n as f64).collect();
        let mut square = vec![0.0; p * p];
        for row in rows.iter() {
            for i in 0..p {
                for j in 0..=i {
                    square[i * p + j] += (row[i] - means[i]) * (row[j] - means[j]) / n as f64;
                }
            }
        }
        if square.iter().any(|value| !value.is_finite()) {
            return Err(Error::new(Code::Overflow, "the numbers of a column are too large"));
        }
        for i in 0..p {
            for j in 0..i {
                square[j * p + i] = square[i * p + j];
            }
        }
        let axes = principal_axes(square, p);
        let ranges = axes.chunks_exact(p).map(|axis| {
            let along =
                rows.iter().map(|row| row.iter().zip(axis).map(|(x, a)| x * a).sum::<f64>());
            along.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
        });
        Ok(Reference { ranges: ranges.collect(), axes, rows: n })
    }

    /// As many rows as there were, row after row.
    #[must_use]
    pub fn draw(&self, random: &mut Random) -> Vec<f64> {
        let p = self.ranges.len();
        let mut values = vec![0.0; self.rows * p];
        for row in values.chunks_exact_mut(p) {
            for (axis, (low, high)) in self.axes.chunks_exact(p).zip(&self.ranges) {
                let along = low + (high - low) * random.unit();
                row.iter_mut().zip(axis).for_each(|(value, part)| *value += along * part);
            }
        }
        values
    }
}

/// The eigenvectors of a symmetric square, one after the other, by Jacobi's rotations (Golub, Van
/// Loan, *Matrix Computations*, section 8.5).
fn principal_axes(mut square: Vec<f64>, p: usize) -> Vec<f64> {
    let mut axes = vec![0.0; p * p];
    (0..p).for_each(|at| axes[at * p + at] = 1.0);
    let scale: f64 = (0..p).map(|at| square[at * p + at]).sum();
    // Each sweep squares what is left beside the diagonal; ten are far more than are needed.
    for _ in 0..10 {
        for i in 0..p {
            for j in 0..i {
                let beside = square[i * p + j];
                if beside.abs() <= 1e-15 * scale {
                    continue;
                }
                let theta = (square[i * p + i] - square[j * p + j]) / (2.0 * beside);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..p {
                    let (a, b) = (square[k * p + j], square[k * p + i]);
                    (square[k * p + j], square[k * p + i]) = (c * a - s * b, s * a + c * b);
                }
                for k in 0..p {
                    let (a, b) = (square[j * p + k], square[i * p + k]);
                    (square[j * p + k], square[i * p + k]) = (c * a - s * b, s * a + c * b);
                    let (a, b) = (axes[j * p + k], axes[i * p + k]);
                    (axes[j * p + k], axes[i * p + k]) = (c * a - s * b, s * a + c * b);
                }
            }
        }
    }
    axes
}

/// For each cluster of the first partition the largest Jaccard similarity with a cluster of the
/// second, `|both|/|either|`, from 0 to 1. `None` in a list is a row in no cluster; a cluster of the
/// first that has no rows here is 0.
///
/// # Errors
/// `invalid-option` if the lists differ in length.
pub fn jaccard(first: &[Option<u32>], second: &[Option<u32>], clusters: usize) -> Result<Vec<f64>> {
    if first.len() != second.len() {
        return Err(Error::new(Code::InvalidOption, "both partitions need the same rows"));
    }
    let most = |labels: &[Option<u32>]| labels.iter().flatten().max().map_or(0, |most| *most + 1);
    let others = most(second) as usize;
    if most(first) as usize > clusters {
        return Err(Error::new(Code::InvalidOption, "a label is not below the number of clusters"));
    }
    let mut both = vec![0_u64; clusters * others];
    let (mut own, mut other) = (vec![0_u64; clusters], vec![0_u64; others]);
    for pair in first.iter().zip(second) {
        if let Some(a) = pair.0 {
            own[*a as usize] += 1;
        }
        if let Some(b) = pair.1 {
            other[*b as usize] += 1;
        }
        if let (Some(a), Some(b)) = pair {
            both[*a as usize * others + *b as usize] += 1;
        }
    }
    let best = |cluster: usize| {
        let similarity = |at: usize| {
            let common = both[cluster * others + at];
            let either = own[cluster] + other[at] - common;
            if either > 0 { common as f64 / either as f64 } else { 0.0 }
        };
        (0..others).map(similarity).fold(0.0, f64::max)
    };
    Ok((0..clusters).map(best).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::cluster::kmeans::kmeans;

    fn gaps(values: &[f64], columns: usize, most: usize) -> Vec<Gap> {
        let rows = Matrix::new(values, columns).unwrap();
        let reference = Reference::new(rows).unwrap();
        let sets: Vec<Vec<f64>> =
            (0..20).map(|set| reference.draw(&mut Random::new(7, set))).collect();
        let of = |rows: Matrix<'_>, k| kmeans(rows, k, 4, 1).unwrap().inertia;
        (1..=most)
            .map(|k| {
                let drawn: Vec<f64> =
                    sets.iter().map(|set| of(Matrix::new(set, columns).unwrap(), k)).collect();
                gap(of(rows, k), &drawn).unwrap()
            })
            .collect()
    }

    /// The first number whose gap is not clearly below the next one's, as the paper chooses.
    fn first(gaps: &[Gap]) -> usize {
        let is_enough = |pair: &[Gap]| pair[0].gap >= pair[1].gap - pair[1].error;
        gaps.windows(2).position(is_enough).map_or(gaps.len(), |at| at + 1)
    }

    #[test]
    fn three_clouds_are_three_and_one_is_one() {
        let mut random = Random::new(3, 0);
        let mut values = Vec::new();
        for (x, y) in [(0.0, 0.0), (8.0, 0.0), (0.0, 8.0)] {
            for _ in 0..60 {
                values.extend([x + random.normal(), y + random.normal()]);
            }
        }
        assert_eq!(first(&gaps(&values, 2, 6)), 3);
        let one: Vec<f64> = (0..180)
            .flat_map(|_| {
                let x = random.normal() * 5.0;
                [x, x * 0.8 + random.normal()]
            })
            .collect();
        assert_eq!(first(&gaps(&one, 2, 6)), 1);
    }

    #[test]
    fn the_box_lies_along_the_principal_axes() {
        // On a line at 45 degrees: the box is that line.
        let values: Vec<f64> = (0..50).flat_map(|at| [f64::from(at), f64::from(at)]).collect();
        let rows = Matrix::new(&values, 2).unwrap();
        let drawn = Reference::new(rows).unwrap().draw(&mut Random::new(1, 1));
        assert!(drawn.chunks(2).all(|row| (row[0] - row[1]).abs() < 1e-9));
        assert!(drawn.iter().all(|value| (-1e-9..=49.0 + 1e-9).contains(value)));
    }

    #[test]
    fn a_cluster_that_is_found_again_has_similarity_one_and_a_split_one_less() {
        let first = [Some(0), Some(0), Some(0), Some(0), Some(1), None];
        let second = [Some(3), Some(3), Some(3), Some(1), Some(0), Some(0)];
        assert_eq!(jaccard(&first, &second, 2).unwrap(), [0.75, 0.5]);
        assert_eq!(jaccard(&first, &first, 3).unwrap(), [1.0, 1.0, 0.0]);
        assert_eq!(jaccard(&first, &[], 2).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(jaccard(&first, &first, 1).unwrap_err().code(), Code::InvalidOption);
    }

    #[test]
    fn no_spread_has_no_gap() {
        assert_eq!(gap(0.0, &[1.0]), None);
        assert_eq!(gap(1.0, &[1.0, 0.0]), None);
        assert_eq!(gap(1.0, &[]), None);
        let same = [3.0; 8];
        let reference = Reference::new(Matrix::new(&same, 2).unwrap()).unwrap();
        assert!(reference.draw(&mut Random::new(1, 1)).iter().all(|v| (v - 3.0).abs() < 1e-12));
    }
}
