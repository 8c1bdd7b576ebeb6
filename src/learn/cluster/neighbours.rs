//! Near rows without comparing all pairs: a tree of half-spaces.
//!
//! In up to about ten columns a question costs O(log n) for rows that are not all equal; in many
//! more columns it approaches comparing with all rows.
//!
//! # Reference
//! J. L. Bentley, "Multidimensional binary search trees used for associative searching", CACM 18
//! (1975).

use crate::learn::matrix::{Matrix, squared_distance};

/// Rows of a leaf.
const LEAF: usize = 16;

/// A tree over rows.
#[derive(Clone, Debug)]
pub struct Neighbours<'a> {
    rows: Matrix<'a>,
    order: Vec<u32>,
    nodes: Vec<Node>,
}

/// Rows `from..until` of the order. Parents stand before their children.
#[derive(Clone, Copy, Debug)]
struct Node {
    from: usize,
    until: usize,
    /// Column and value of the cut, and the second child; the first one comes next.
    cut: Option<(usize, f64, usize)>,
}

impl<'a> Neighbours<'a> {
    /// Builds the tree, in O(n·log n).
    #[must_use]
    pub fn new(rows: Matrix<'a>) -> Self {
        let count = rows.rows().min(u32::MAX as usize);
        let mut tree = Neighbours { rows, order: (0..count as u32).collect(), nodes: Vec::new() };
        tree.split(0, count);
        tree
    }

    /// Adds the node of a range and, first, those below it.
    fn split(&mut self, from: usize, until: usize) -> usize {
        let at = self.nodes.len();
        self.nodes.push(Node { from, until, cut: None });
        if until - from <= LEAF {
            return at;
        }
        let rows = self.rows;
        let part = self.order.get_mut(from..until).unwrap_or_default();
        let value = |row: u32, column| rows.row(row as usize).get(column).copied().unwrap_or(0.0);
        let range = |column| {
            let all = part.iter().map(|row| value(*row, column));
            let ends = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            ends.1 / 2.0 - ends.0 / 2.0
        };
        let widest = (0..rows.columns())
            .map(|column| (column, range(column)))
            .max_by(|a, b| a.1.total_cmp(&b.1));
        // Equal rows stay together.
        let Some((column, _)) = widest.filter(|(_, range)| *range > 0.0) else { return at };
        let half = part.len() / 2;
        let key = |row: &u32| value(*row, column);
        let (_, middle, _) = part.select_nth_unstable_by(half, |a, b| key(a).total_cmp(&key(b)));
        let cut = value(*middle, column);
        self.split(from, from + half);
        let second = self.split(from + half, until);
        if let Some(node) = self.nodes.get_mut(at) {
            node.cut = Some((column, cut, second));
        }
        at
    }

    /// Visits all rows that may be within the radius, which `visit` may shrink: it gets a row and
    /// its squared distance, and returns the squared radius from then on.
    fn search(&self, point: &[f64], mut radius: f64, mut visit: impl FnMut(u32, f64) -> f64) {
        // Nodes to visit with a lower bound of their squared distance.
        let mut open = vec![(0_usize, 0.0_f64)];
        while let Some((at, bound)) = open.pop() {
            let Some(node) = self.nodes.get(at).filter(|_| bound <= radius) else { continue };
            if let Some((column, cut, second)) = node.cut {
                let beyond = point.get(column).copied().unwrap_or(0.0) - cut;
                let (near, far) = if beyond < 0.0 { (at + 1, second) } else { (second, at + 1) };
                open.push((far, bound.max(beyond * beyond)));
                open.push((near, bound));
                continue;
            }
            for row in self.order.get(node.from..node.until).unwrap_or_default() {
                radius = visit(*row, squared_distance(point, self.rows.row(*row as usize)));
            }
        }
    }

    /// Puts the rows within `radius` of a point, ascending, into `found`.
    pub fn within(&self, point: &[f64], radius: f64, found: &mut Vec<u32>) {
        found.clear();
        // A little more, so that rounding of the square leaves nobody out.
        let square = radius * radius * (1.0 + 1e-12);
        self.search(point, square, |row, distance| {
            if distance.sqrt() <= radius {
                found.push(row);
            }
            square
        });
        found.sort_unstable();
    }

    /// The nearest row of a point, the first of equally near ones, and its distance; `None` without
    /// rows.
    #[must_use]
    pub fn nearest(&self, point: &[f64]) -> Option<(u32, f64)> {
        let mut best: Option<(u32, f64)> = None;
        self.search(point, f64::INFINITY, |row, distance| {
            let is_better = best.is_none_or(|(other, least)| {
                distance < least || (distance == least && row < other)
            });
            if is_better {
                best = Some((row, distance));
            }
            best.map_or(f64::INFINITY, |(_, least)| least)
        });
        best.map(|(row, distance)| (row, distance.sqrt()))
    }

    /// The distance from a point to the `k`-th nearest row, counting a row at the point itself;
    /// to the farthest if there are fewer rows.
    #[must_use]
    pub fn kth_distance(&self, point: &[f64], k: usize) -> f64 {
        let mut nearest: Vec<f64> = Vec::with_capacity(k.min(self.rows.rows()) + 1);
        self.search(point, f64::INFINITY, |_, distance| {
            let at = nearest.partition_point(|other| *other <= distance);
            if at < k {
                nearest.insert(at, distance);
                nearest.truncate(k);
            }
            if nearest.len() < k { f64::INFINITY } else { nearest.last().copied().unwrap_or(0.0) }
        });
        nearest.last().copied().unwrap_or(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn the_tree_finds_what_comparing_all_pairs_finds() {
        let mut random = Random::new(2, 2);
        // Half of the coordinates are whole, so that there are ties and equal rows.
        let mut draw =
            || (random.normal() * 4.0 * if random.unit() < 0.5 { 1.0 } else { 0.0 }).round();
        let values: Vec<f64> = (0..3 * 400).map(|_| draw()).collect();
        let rows = Matrix::new(&values, 3).unwrap();
        let tree = Neighbours::new(rows);
        let mut found = Vec::new();
        for row in rows.iter() {
            let mut all: Vec<f64> =
                rows.iter().map(|other| squared_distance(row, other).sqrt()).collect();
            tree.within(row, 3.0, &mut found);
            let expected: Vec<u32> = (0..400).filter(|at| all[*at as usize] <= 3.0).collect();
            assert_eq!(found, expected);
            all.sort_by(f64::total_cmp);
            let (at, distance) = tree.nearest(row).unwrap();
            assert_eq!(distance, 0.0);
            assert_eq!(rows.iter().position(|other| other == row), Some(at as usize));
            for k in [1, 2, 7, 400] {
                assert_eq!(tree.kth_distance(row, k), all[k - 1]);
            }
        }
    }
}
