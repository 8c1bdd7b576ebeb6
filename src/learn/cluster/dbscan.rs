//! DBSCAN: clusters are what hangs together at a given density; the rest is noise.
//!
//! Right for groups of any shape and about equal density, and where "belongs nowhere" is an
//! answer; wrong where densities differ much (see [`super::hdbscan`]). `radius` is in the unit of
//! the columns, so scale them first.
//!
//! # Reference
//! M. Ester, H.-P. Kriegel, J. Sander, X. Xu, "A density-based algorithm for discovering clusters
//! in large spatial databases with noise", KDD 1996.

use crate::error::{Code, Error, Result};
use crate::learn::cluster::neighbours::Neighbours;
use crate::learn::matrix::Matrix;

/// A solution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dbscan {
    /// The cluster of each row, from 0 in the order of their first core row; `None` is noise.
    pub labels: Vec<Option<u32>>,
    /// Whether a row has at least `least_neighbours` rows within the radius.
    pub is_core: Vec<bool>,
    /// How many clusters.
    pub clusters: u32,
}

/// Rows within `radius` of a core row are in its cluster; a core row has at least
/// `least_neighbours` rows within the radius, itself included. A row that is no core row and
/// within reach of two clusters goes to the one found first. O(n·log n) where neighbourhoods are
/// small, O(n²) where they hold all rows.
///
/// # Errors
/// `not-enough-data` without rows; `invalid-option` for a radius that is not positive or no
/// neighbours.
pub fn dbscan(rows: Matrix<'_>, radius: f64, least_neighbours: usize) -> Result<Dbscan> {
    if rows.rows() == 0 {
        return Err(Error::new(Code::NotEnoughData, "there are no rows"));
    }
    if !(radius > 0.0 && radius.is_finite()) {
        return Err(Error::new(Code::InvalidOption, "the radius is positive").at_path("radius"));
    }
    if least_neighbours == 0 {
        return Err(Error::new(Code::InvalidOption, "a row is its own first neighbour")
            .at_path("leastNeighbours"));
    }
    let tree = Neighbours::new(rows);
    let mut near = Vec::new();
    let is_core: Vec<bool> = rows
        .iter()
        .map(|row| {
            tree.within(row, radius, &mut near);
            near.len() >= least_neighbours
        })
        .collect();
    let mut labels = vec![None; rows.rows()];
    let mut clusters = 0;
    let mut open: Vec<u32> = Vec::new();
    for (start, core) in is_core.iter().enumerate() {
        if !*core || labels.get(start).is_none_or(|label| label.is_some()) {
            continue;
        }
        open.push(start as u32);
        if let Some(label) = labels.get_mut(start) {
            *label = Some(clusters);
        }
        while let Some(at) = open.pop() {
            tree.within(rows.row(at as usize), radius, &mut near);
            for row in &near {
                let Some(label @ None) = labels.get_mut(*row as usize) else { continue };
                *label = Some(clusters);
                if is_core.get(*row as usize).is_some_and(|core| *core) {
                    open.push(*row);
                }
            }
        }
        clusters += 1;
    }
    Ok(Dbscan { labels, is_core, clusters })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_near_rows_is_one_cluster_and_a_far_row_is_noise() {
        let values: Vec<f64> = (0..30).map(f64::from).chain([100.0]).collect();
        let found = dbscan(Matrix::new(&values, 1).unwrap(), 1.0, 3).unwrap();
        assert_eq!(found.clusters, 1);
        assert!(found.labels[..30].iter().all(|label| *label == Some(0)));
        assert_eq!((found.labels[30], found.is_core[0]), (None, false));
    }

    #[test]
    fn degenerate_input_is_named() {
        let same = [2.0; 5];
        let rows = Matrix::new(&same, 1).unwrap();
        assert_eq!(dbscan(rows, 0.1, 5).unwrap().clusters, 1);
        assert_eq!(dbscan(rows, 0.1, 6).unwrap().clusters, 0);
        assert_eq!(dbscan(rows, 0.0, 5).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(dbscan(rows, f64::NAN, 5).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(dbscan(rows, 1.0, 0).unwrap_err().code(), Code::InvalidOption);
        let none = Matrix::new(&[], 1).unwrap();
        assert_eq!(dbscan(none, 1.0, 1).unwrap_err().code(), Code::NotEnoughData);
    }
}
