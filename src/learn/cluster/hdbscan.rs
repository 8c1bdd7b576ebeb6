//! HDBSCAN: clusters of any shape and of different densities, with noise and a strength per row.
//!
//! Rows are joined in the order of their mutual reachability, the hierarchy is condensed to splits
//! that leave at least `least_size` rows on both sides, and the clusters that persist longest are
//! chosen ("excess of mass"). The whole is never a cluster: data without structure is all noise.
//!
//! Joining compares all pairs, O(n²) time and O(n) memory: there is a limit of [`MOST_ROWS`] rows.
//!
//! # Reference
//! R. J. G. B. Campello, D. Moulavi, J. Sander, "Density-based clustering based on hierarchical
//! density estimates", PAKDD 2013.
#![allow(clippy::indexing_slicing)] // Rows are below `n`, tree nodes below 2n − 1, clusters pushed.

use crate::error::{Code, Error, Result};
use crate::learn::cluster::hierarchical::root;
use crate::learn::cluster::neighbours::Neighbours;
use crate::learn::matrix::{Matrix, squared_distance};
use crate::stats::order::sort_by;

/// The most rows.
pub const MOST_ROWS: usize = 50_000;
/// Equal rows have a distance of zero; their density counts as the inverse of this.
const LEAST_DISTANCE: f64 = 1e-150;

/// A solution.
#[derive(Clone, Debug, PartialEq)]
pub struct Hdbscan {
    /// The cluster of each row, from 0 in the order of their first row; `None` is noise.
    pub labels: Vec<Option<u32>>,
    /// How firmly each row is in its cluster: 0 (noise) to 1.
    pub strengths: Vec<f64>,
    /// How many clusters.
    pub clusters: u32,
}

/// A cluster of the condensed hierarchy.
struct Cluster {
    parent: Option<usize>,
    /// Density at which it split from its parent.
    birth: f64,
    /// Σ over its rows of (density at which they leave − birth).
    stability: f64,
    /// The largest density at which a row or a child cluster leaves.
    end: f64,
    children: Vec<usize>,
}

/// Clusters with at least `least_size` rows. `neighbours` is how many rows, counting itself, must
/// be near for a row to be dense: more means smoother clusters and more noise.
///
/// # Errors
/// `not-enough-data` without rows, `invalid-option` for a size below 2 or no neighbours, `limit`
/// beyond [`MOST_ROWS`].
pub fn hdbscan(rows: Matrix<'_>, least_size: usize, neighbours: usize) -> Result<Hdbscan> {
    let n = rows.rows();
    if n == 0 {
        return Err(Error::new(Code::NotEnoughData, "there are no rows"));
    }
    if least_size < 2 {
        return Err(
            Error::new(Code::InvalidOption, "a cluster has two rows or more").at_path("leastSize")
        );
    }
    if neighbours == 0 {
        return Err(Error::new(Code::InvalidOption, "a row is its own first neighbour")
            .at_path("neighbours"));
    }
    if n > MOST_ROWS {
        return Err(Error::new(Code::Limit, "HDBSCAN takes 50,000 rows here: take a sample"));
    }
    let tree = Neighbours::new(rows);
    let core: Vec<f64> = rows.iter().map(|row| tree.kth_distance(row, neighbours)).collect();
    let nodes = joined(n, spanning_edges(rows, &core));
    let (clusters, leaves) = condensed(n, &nodes, least_size);
    let chosen = chosen(&clusters);
    let mut names = std::collections::HashMap::new();
    let mut labels = Vec::with_capacity(n);
    let mut strengths = Vec::with_capacity(n);
    for (cluster, density) in leaves {
        let mut at = Some(cluster);
        while let Some(inner) = at.filter(|at| !chosen[*at]) {
            at = clusters[inner].parent;
        }
        let next = names.len() as u32;
        labels.push(at.map(|at| *names.entry(at).or_insert(next)));
        strengths.push(at.map_or(0.0, |at| (density / clusters[at].end).min(1.0)));
    }
    Ok(Hdbscan { labels, strengths, clusters: names.len() as u32 })
}

/// The edges of a least spanning tree of mutual reachability, by Prim's method.
fn spanning_edges(rows: Matrix<'_>, core: &[f64]) -> Vec<(f64, usize, usize)> {
    let n = rows.rows();
    let mut edges = Vec::with_capacity(n.saturating_sub(1));
    let mut nearest = vec![(f64::INFINITY, 0_usize); n];
    let mut outside: Vec<usize> = (1..n).collect();
    let mut at = 0;
    while !outside.is_empty() {
        let mut best = (f64::INFINITY, 0);
        for (place, row) in outside.iter().enumerate() {
            let distance = squared_distance(rows.row(at), rows.row(*row)).sqrt();
            let reach = distance.max(core[at]).max(core[*row]);
            if reach < nearest[*row].0 {
                nearest[*row] = (reach, at);
            }
            if nearest[*row].0 < best.0 {
                best = (nearest[*row].0, place);
            }
        }
        // In row order, so that ties go to the first row.
        at = outside.remove(best.1);
        edges.push((nearest[at].0, nearest[at].1, at));
    }
    sort_by(&mut edges, |a, b| a.0.total_cmp(&b.0));
    edges
}

/// A node of the hierarchy: two nodes and the distance that joins them. Rows are nodes 0 to n − 1.
struct Node {
    children: (usize, usize),
    distance: f64,
    size: usize,
}

fn joined(n: usize, edges: Vec<(f64, usize, usize)>) -> Vec<Node> {
    let mut parents: Vec<usize> = (0..n).collect();
    let mut names: Vec<usize> = (0..n).collect();
    let mut nodes: Vec<Node> = Vec::with_capacity(edges.len());
    for (distance, a, b) in edges {
        let (a, b) = (root(&mut parents, a), root(&mut parents, b));
        let children = (names[a], names[b]);
        let size = |node: usize| if node < n { 1 } else { nodes[node - n].size };
        let size = size(children.0) + size(children.1);
        parents[a] = b;
        names[b] = n + nodes.len();
        nodes.push(Node { children, distance, size });
    }
    nodes
}

/// The condensed clusters (the first is the whole), and for each row the cluster that it leaves
/// last and the density at which it does.
fn condensed(n: usize, nodes: &[Node], least_size: usize) -> (Vec<Cluster>, Vec<(usize, f64)>) {
    let whole =
        Cluster { parent: None, birth: 0.0, stability: 0.0, end: 0.0, children: Vec::new() };
    let mut clusters = vec![whole];
    let mut leaves = vec![(0, 0.0); n];
    let size = |node: usize| if node < n { 1 } else { nodes[node - n].size };
    let mut open = if nodes.is_empty() { Vec::new() } else { vec![(n + nodes.len() - 1, 0)] };
    let mut inside = Vec::new();
    while let Some((node, cluster)) = open.pop() {
        let Node { children, distance, .. } = &nodes[node - n];
        let density = 1.0 / distance.max(LEAST_DISTANCE);
        let both = [children.0, children.1];
        let is_split = both.iter().all(|child| size(*child) >= least_size);
        for child in both {
            if is_split {
                let born = Cluster {
                    parent: Some(cluster),
                    birth: density,
                    stability: 0.0,
                    end: density,
                    children: Vec::new(),
                };
                let name = clusters.len();
                clusters.push(born);
                let parent = &mut clusters[cluster];
                parent.children.push(name);
                parent.stability += (density - parent.birth) * size(child) as f64;
                parent.end = parent.end.max(density);
                open.push((child, name));
            } else if size(child) >= least_size {
                open.push((child, cluster));
            } else {
                // Too small to be anything: its rows leave here.
                inside.push(child);
                while let Some(leaving) = inside.pop() {
                    if leaving >= n {
                        inside
                            .extend([nodes[leaving - n].children.0, nodes[leaving - n].children.1]);
                        continue;
                    }
                    leaves[leaving] = (cluster, density);
                    let parent = &mut clusters[cluster];
                    parent.stability += density - parent.birth;
                    parent.end = parent.end.max(density);
                }
            }
        }
    }
    (clusters, leaves)
}

/// Which clusters persist longest: children replace their parent only if together they are more
/// stable. Children come after their parents in the list.
fn chosen(clusters: &[Cluster]) -> Vec<bool> {
    let mut chosen = vec![false; clusters.len()];
    let mut best: Vec<f64> = vec![0.0; clusters.len()];
    for (at, cluster) in clusters.iter().enumerate().skip(1).rev() {
        let below: f64 = cluster.children.iter().map(|child| best[*child]).sum();
        chosen[at] = cluster.children.is_empty() || below <= cluster.stability;
        best[at] = if chosen[at] { cluster.stability } else { below };
    }
    // What lies inside a chosen one is part of it.
    for at in 1..clusters.len() {
        let mut outer = clusters[at].parent;
        while let Some(parent) = outer {
            if chosen[parent] {
                chosen[at] = false;
            }
            outer = clusters[parent].parent;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn clusters_of_different_density_are_found_beside_noise() {
        let mut random = Random::new(4, 4);
        let mut values = Vec::new();
        for (centre, spread) in [(0.0, 0.1), (50.0, 3.0)] {
            for _ in 0..60 {
                values.extend([centre + spread * random.normal(), spread * random.normal()]);
            }
        }
        values.extend([500.0, 500.0]);
        let found = hdbscan(Matrix::new(&values, 2).unwrap(), 15, 5).unwrap();
        assert_eq!(found.clusters, 2);
        assert_eq!((found.labels[120], found.strengths[120]), (None, 0.0));
        assert!(found.labels[..60].iter().filter(|label| **label == Some(0)).count() > 50);
        assert!(found.strengths.iter().all(|strength| (0.0..=1.0).contains(strength)));
    }

    #[test]
    fn equal_rows_and_few_rows_are_noise() {
        let same = [1.0; 40];
        let found = hdbscan(Matrix::new(&same, 2).unwrap(), 5, 3).unwrap();
        assert_eq!(found.clusters, 0);
        let one = [1.0, 2.0];
        let found = hdbscan(Matrix::new(&one, 2).unwrap(), 5, 3).unwrap();
        assert_eq!((found.labels, found.strengths), (vec![None], vec![0.0]));
    }

    #[test]
    fn two_heaps_of_equal_rows_are_two_clusters_without_infinities() {
        let values: Vec<f64> = std::iter::repeat_n(0.0, 9).chain([7.0; 9]).collect();
        let found = hdbscan(Matrix::new(&values, 1).unwrap(), 4, 3).unwrap();
        assert_eq!(found.clusters, 2);
        assert!(found.strengths.iter().all(|strength| *strength == 1.0));
    }

    #[test]
    fn options_out_of_range_are_named() {
        let values = [1.0, 2.0];
        let rows = Matrix::new(&values, 1).unwrap();
        assert_eq!(hdbscan(rows, 1, 3).unwrap_err().path(), Some("leastSize"));
        assert_eq!(hdbscan(rows, 2, 0).unwrap_err().path(), Some("neighbours"));
        let none = Matrix::new(&[], 1).unwrap();
        assert_eq!(hdbscan(none, 2, 1).unwrap_err().code(), Code::NotEnoughData);
    }
}
