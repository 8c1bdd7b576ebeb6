//! Gradient-boosted trees of a yes-or-no question, out of histograms.
//!
//! Each round grows one small tree on the gradient and curvature of the log-loss and adds a part of
//! it. Numbers are cut into at most 64 bins between their quantiles; what is missing goes to the side
//! that fits better; categories are ordered by what they mean for the loss at each node, and the best
//! cut of that order is found, so that a node may send any set of them left. Nothing is random: equal
//! rows in equal order give equal trees.
//!
//! # References
//! J. H. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics
//! 29 (2001). T. Chen, C. Guestrin, "XGBoost", KDD 2016 (gain and leaf values, equations 5 to 7).
//! G. Ke and others, "LightGBM", NIPS 2017 (histograms, order of categories). W. D. Fisher, JASA 53
//! (1958): that order holds the best cut.
#![allow(clippy::indexing_slicing)] // Bins of a column are below its number of bins; rows below `rows`.

use super::logistic::sigmoid;
use super::trees::{Node, Tree, value};
use crate::error::{Code, Error, Result};
use crate::stats::order::{sort_by, sort_rows};

/// Bins of numbers at most, the one of missing values apart.
const MOST_BINS: usize = 64;
/// Categories of a column at most; further codes count as missing.
pub const MOST_CODES: u32 = 63;
/// Added to the curvature of a category when categories are put into order: few rows say little.
const CODE_SMOOTHING: f64 = 10.0;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers, and which way the answer may go with them: 1 only up, −1 only down, 0 either way.
    Number(i8),
    /// Codes of categories from 0, as numbers; beyond [`MOST_CODES`] they are missing.
    Code,
}

/// How trees are grown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// Decisions on the way to a leaf at most.
    pub depth: u32,
    /// The part of a tree that is added.
    pub rate: f64,
    /// λ of the leaves.
    pub ridge: f64,
    /// Curvature (for probabilities near a half a quarter of the rows) of a leaf at least.
    pub least_curvature: f64,
}

impl Default for Growth {
    /// Small steps of shallow trees, which suit tables of some thousand customers.
    fn default() -> Self {
        Growth { depth: 3, rate: 0.05, ridge: 1.0, least_curvature: 3.0 }
    }
}

/// Rows cut into bins, column after column.
#[derive(Clone, Debug)]
pub struct Binned {
    rows: usize,
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
struct Column {
    kind: Kind,
    /// Of numbers, the upper end of each bin but the last.
    cuts: Vec<f64>,
    /// The bin of each row; `missing` where there is no value.
    bins: Vec<u8>,
    missing: u8,
}

impl Binned {
    /// Cuts a table, given column after column, `NaN` where a value is missing.
    ///
    /// # Errors
    /// `invalid-option` where columns differ in length; `limit-memory`.
    pub fn new(columns: &[(Kind, Vec<f64>)]) -> Result<Binned> {
        let rows = columns.first().map_or(0, |column| column.1.len());
        if columns.iter().any(|column| column.1.len() != rows) {
            return Err(Error::new(Code::InvalidOption, "columns have equally many rows"));
        }
        let cut = |(kind, values): &(Kind, Vec<f64>)| {
            let mut cuts = Vec::new();
            let mut missing = MOST_CODES as u8;
            if *kind == Kind::Code {
                let code = |value: &f64| {
                    if (0.0..f64::from(MOST_CODES)).contains(value) {
                        *value as u8
                    } else {
                        missing
                    }
                };
                let bins = collected(values.iter().map(code), rows)?;
                return Ok(Column { kind: *kind, cuts, bins, missing });
            }
            let known = values.iter().zip(0..).filter(|(value, _)| !value.is_nan());
            let mut sorted: Vec<(f64, u32)> = collected(known.map(|(v, at)| (*v, at)), rows)?;
            sort_rows(&mut sorted);
            let changes = sorted.windows(2).filter(|pair| pair[0].0 < pair[1].0).count();
            let (mut since, mut left) = (0, sorted.len());
            for (at, pair) in sorted.windows(2).enumerate() {
                since += 1;
                let bins = MOST_BINS - cuts.len();
                // Where there are few distinct values, each has its bin.
                let is_full = changes < MOST_BINS || since * bins >= left;
                if pair[0].0 < pair[1].0 && bins > 1 && is_full {
                    cuts.push(f64::midpoint(pair[0].0, pair[1].0));
                    (since, left) = (0, sorted.len() - at - 1);
                }
            }
            missing = cuts.len() as u8 + 1;
            let bin = |value: &f64| {
                if value.is_nan() { missing } else { cuts.partition_point(|c| c < value) as u8 }
            };
            let bins = collected(values.iter().map(bin), rows)?;
            Ok(Column { kind: *kind, cuts, bins, missing })
        };
        let columns: Vec<Column> = columns.iter().map(cut).collect::<Result<_>>()?;
        Ok(Binned { rows, columns })
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.columns.iter().map(|column| column.bins.capacity()).sum()
    }
}

/// Gradient, curvature and weight of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    gradient: f64,
    curvature: f64,
    rows: f64,
}

impl Sum {
    fn plus(self, other: Sum, sign: f64) -> Sum {
        Sum {
            gradient: self.gradient + sign * other.gradient,
            curvature: self.curvature + sign * other.curvature,
            rows: self.rows + sign * other.rows,
        }
    }
}

/// A cut of a node.
#[derive(Clone, Debug)]
struct Cut {
    gain: f64,
    column: usize,
    /// Bins that go left.
    left: u128,
    /// The last bin on the left, of numbers.
    last: usize,
    sums: [Sum; 2],
    values: [f64; 2],
}

/// Trees that grow round by round.
#[derive(Clone, Debug)]
pub struct Booster {
    growth: Growth,
    /// Log-odds before any tree.
    pub base: f64,
    /// The trees so far.
    pub trees: Vec<Tree>,
    /// Log-odds of every row so far.
    margins: Vec<f64>,
    /// Rows that are learned from, grouped by node while a tree grows.
    rows: Vec<u32>,
    pairs: Vec<(f64, f64)>,
}

impl Booster {
    /// Starts on some rows with the share of the wanted among them.
    ///
    /// # Errors
    /// `not-enough-data` unless both labels have weight among the rows; `limit-memory`.
    pub fn new(
        table: &Binned,
        rows: Vec<u32>,
        labels: &[bool],
        weights: Option<&[f64]>,
        growth: Growth,
    ) -> Result<Booster> {
        let weight = |row: u32| weights.map_or(1.0, |all| all[row as usize]);
        let (mut hits, mut all) = (0.0, 0.0);
        for row in &rows {
            hits += if labels[*row as usize] { weight(*row) } else { 0.0 };
            all += weight(*row);
        }
        if !(hits > 0.0 && hits < all) {
            return Err(Error::new(Code::NotEnoughData, "both kinds of rows are needed"));
        }
        let base = libm::log(hits / (all - hits));
        Ok(Booster {
            growth,
            base,
            trees: Vec::new(),
            margins: filled(base, table.rows)?,
            rows,
            pairs: filled((0.0, 0.0), table.rows)?,
        })
    }

    /// Log-odds of every row of the table, learned from or not.
    #[must_use]
    pub fn margins(&self) -> &[f64] {
        &self.margins
    }

    /// Grows one more tree.
    pub fn advance(&mut self, table: &Binned, labels: &[bool], weights: Option<&[f64]>) {
        let mut all = Sum::default();
        for row in &self.rows {
            let at = *row as usize;
            let weight = weights.map_or(1.0, |all| all[at]);
            let p = sigmoid(self.margins[at]);
            let pair = (weight * (p - f64::from(u8::from(labels[at]))), weight * p * (1.0 - p));
            self.pairs[at] = pair;
            all = all.plus(Sum { gradient: pair.0, curvature: pair.1, rows: weight }, 1.0);
        }
        let mut tree: Tree = Vec::new();
        let bounds = [f64::NEG_INFINITY, f64::INFINITY];
        let mut rows = std::mem::take(&mut self.rows);
        let value = self.leaf(all, bounds);
        self.grow(table, weights, &mut rows, all, value, bounds, self.growth.depth, &mut tree);
        self.rows = rows;
        for row in 0..table.rows {
            self.margins[row] += walked(&tree, table, row);
        }
        self.trees.push(tree);
    }

    /// The value of a leaf before it is made smaller, within its bounds.
    fn leaf(&self, sum: Sum, bounds: [f64; 2]) -> f64 {
        (-sum.gradient / (sum.curvature + self.growth.ridge)).clamp(bounds[0], bounds[1])
    }

    /// What a leaf of this value gains over one of zero, twice.
    fn gain(&self, sum: Sum, value: f64) -> f64 {
        -value * (2.0 * sum.gradient + (sum.curvature + self.growth.ridge) * value)
    }

    #[allow(clippy::too_many_arguments)] // A node is its rows, what they sum to and where they stand.
    fn grow(
        &self,
        table: &Binned,
        weights: Option<&[f64]>,
        rows: &mut [u32],
        sum: Sum,
        value: f64,
        bounds: [f64; 2],
        depth: u32,
        tree: &mut Tree,
    ) {
        let at = tree.len();
        let cover = sum.rows.max(0.0);
        tree.push(Node { value: value * self.growth.rate, cover, ..Node::default() });
        let cut = if depth > 0 { self.cut(table, weights, rows, sum, value, bounds) } else { None };
        let Some(cut) = cut else { return };
        let column = &table.columns[cut.column];
        let goes_left = |row: u32| cut.left >> column.bins[row as usize] & 1 == 1;
        // Both sides keep their order, so that sums are added in the order of rows.
        let (left, right): (Vec<u32>, Vec<u32>) = rows.iter().partition(|row| goes_left(**row));
        let (first, second) = rows.split_at_mut(left.len());
        first.copy_from_slice(&left);
        second.copy_from_slice(&right);
        let mut own = [bounds, bounds];
        if let Kind::Number(direction) = column.kind
            && direction != 0
        {
            let middle = f64::midpoint(cut.values[0], cut.values[1]);
            let upper = usize::from(direction > 0);
            (own[1 - upper][1], own[upper][0]) = (middle, middle);
        }
        let mut children = [0_u32; 2];
        for (side, rows) in [first, second].into_iter().enumerate() {
            children[side] = tree.len() as u32;
            let (sum, value) = (cut.sums[side], cut.values[side]);
            self.grow(table, weights, rows, sum, value, own[side], depth - 1, tree);
        }
        let codes = match column.kind {
            Kind::Code => (0..MOST_CODES).filter(|code| cut.left >> code & 1 == 1).collect(),
            Kind::Number(_) => Vec::new(),
        };
        // Codes that were all missing on the left leave none: then no number is at or below.
        let threshold = match column.kind {
            Kind::Code => -1.0,
            Kind::Number(_) => column.cuts.get(cut.last).copied().unwrap_or(f64::MAX),
        };
        tree[at] = Node {
            feature: Some(cut.column as u32),
            threshold,
            codes,
            missing_left: cut.left >> column.missing & 1 == 1,
            left: children[0],
            right: children[1],
            value: 0.0,
            cover,
        };
    }

    /// The cut that gains most, if one does.
    fn cut(
        &self,
        table: &Binned,
        weights: Option<&[f64]>,
        rows: &[u32],
        sum: Sum,
        value: f64,
        bounds: [f64; 2],
    ) -> Option<Cut> {
        let before = self.gain(sum, value);
        let mut best: Option<Cut> = None;
        let mut histogram = [Sum::default(); MOST_BINS + 2];
        for (number, column) in table.columns.iter().enumerate() {
            histogram.fill(Sum::default());
            for row in rows {
                let slot = &mut histogram[usize::from(column.bins[*row as usize])];
                let (gradient, curvature) = self.pairs[*row as usize];
                slot.gradient += gradient;
                slot.curvature += curvature;
                slot.rows += weights.map_or(1.0, |all| all[*row as usize]);
            }
            let missing = usize::from(column.missing);
            let mut order: Vec<usize> = (0..missing).collect();
            let direction = match column.kind {
                Kind::Number(direction) => direction,
                Kind::Code => {
                    order.retain(|bin| histogram[*bin].rows > 0.0);
                    let mean = |bin: &usize| {
                        histogram[*bin].gradient / (histogram[*bin].curvature + CODE_SMOOTHING)
                    };
                    sort_by(&mut order, |a, b| mean(a).total_cmp(&mean(b)));
                    0
                }
            };
            let (mut left, mut bins) = (Sum::default(), 0_u128);
            for bin in order {
                left = left.plus(histogram[bin], 1.0);
                bins |= 1 << bin;
                for missing_left in [false, true] {
                    if missing_left && histogram[missing].rows == 0.0 {
                        continue;
                    }
                    let (left, bins) = if missing_left {
                        (left.plus(histogram[missing], 1.0), bins | 1 << missing)
                    } else {
                        (left, bins)
                    };
                    let sums = [left, sum.plus(left, -1.0)];
                    if sums.iter().any(|sum| sum.curvature < self.growth.least_curvature) {
                        continue;
                    }
                    let values = sums.map(|sum| self.leaf(sum, bounds));
                    if f64::from(direction) * (values[1] - values[0]) < 0.0 {
                        continue;
                    }
                    let after = self.gain(sums[0], values[0]) + self.gain(sums[1], values[1]);
                    let gain = after - before;
                    if gain > best.as_ref().map_or(1e-9, |best| best.gain) {
                        best =
                            Some(Cut { gain, column: number, left: bins, last: bin, sums, values });
                    }
                }
            }
        }
        let mut best = best?;
        // What was not seen here goes where more rows do.
        let column = &table.columns[best.column];
        if best.sums[0].rows > best.sums[1].rows
            && !rows.iter().any(|row| column.bins[*row as usize] == column.missing)
        {
            best.left |= 1 << column.missing;
        }
        Some(best)
    }

    /// Bytes held on the heap, the trees apart.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.margins.capacity() * 8 + self.rows.capacity() * 4 + self.pairs.capacity() * 16
    }
}

/// A list of `length` values, allocated fallibly.
fn collected<T>(values: impl Iterator<Item = T>, length: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(length)
        .map_err(|_| Error::new(Code::LimitMemory, "there is not enough memory for the trees"))?;
    list.extend(values);
    Ok(list)
}

fn filled<T: Clone>(value: T, length: usize) -> Result<Vec<T>> {
    collected(std::iter::repeat_n(value, length), length)
}

/// The value of a binned row.
fn walked(tree: &Tree, table: &Binned, row: usize) -> f64 {
    let mut at = 0;
    loop {
        let node = &tree[at];
        let Some(feature) = node.feature else { return node.value };
        let column = &table.columns[feature as usize];
        let bin = column.bins[row];
        let left = if bin == column.missing {
            node.missing_left
        } else if column.kind == Kind::Code {
            node.codes.contains(&u32::from(bin))
        } else {
            column
                .cuts
                .get(usize::from(bin))
                .map_or(node.threshold == f64::MAX, |c| *c <= node.threshold)
        };
        at = if left { node.left } else { node.right } as usize;
    }
}

/// Log-odds of a row by trees and their base.
#[must_use]
pub fn margin(base: f64, trees: &[Tree], row: &[f64]) -> f64 {
    base + trees.iter().map(|tree| value(tree, row)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::ranking::area_under_curve;
    use crate::stats::random::Random;

    fn grown(columns: &[(Kind, Vec<f64>)], labels: &[bool], rounds: u32) -> Booster {
        let table = Binned::new(columns).unwrap();
        let rows = (0..labels.len() as u32).collect();
        let mut booster = Booster::new(&table, rows, labels, None, Growth::default()).unwrap();
        (0..rounds).for_each(|_| booster.advance(&table, labels, None));
        booster
    }

    /// A number with missing values, a category, and labels that depend on all of it.
    fn table(rows: usize) -> (Vec<(Kind, Vec<f64>)>, Vec<bool>) {
        let mut random = Random::new(3, 0);
        let (mut number, mut code, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rows {
            let (x, c) = (random.normal(), f64::from(random.below(6)));
            let is_missing = random.unit() < 0.2;
            let odd = if c % 2.0 == 1.0 { 1.5 } else { -1.5 };
            let z = odd + if is_missing { 1.0 } else { -x * x };
            labels.push(random.unit() < sigmoid(z));
            number.push(if is_missing { f64::NAN } else { x });
            code.push(c);
        }
        (vec![(Kind::Number(0), number), (Kind::Code, code)], labels)
    }

    #[test]
    fn what_stands_in_a_row_and_in_its_bins_is_the_same() {
        let (columns, labels) = table(2000);
        let booster = grown(&columns, &labels, 60);
        for (row, margin) in booster.margins().iter().enumerate() {
            let cells: Vec<f64> = columns.iter().map(|(_, values)| values[row]).collect();
            let other = super::margin(booster.base, &booster.trees, &cells);
            assert!((other - margin).abs() < 1e-12);
        }
        booster.trees.iter().for_each(|tree| super::super::trees::check(tree, 2).unwrap());
        assert!(area_under_curve(booster.margins(), &labels).unwrap() > 0.8);
    }

    #[test]
    fn an_answer_that_may_only_rise_does() {
        let mut random = Random::new(9, 0);
        let number: Vec<f64> = (0..3000).map(|_| random.normal()).collect();
        let label = |x: &f64, unit: f64| unit < sigmoid(if *x > 1.0 { -1.0 } else { *x });
        let labels: Vec<bool> = number.iter().map(|x| label(x, random.unit())).collect();
        let booster = grown(&[(Kind::Number(1), number)], &labels, 80);
        let at = |x: f64| margin(booster.base, &booster.trees, &[x]);
        let mut last = f64::NEG_INFINITY;
        for step in -30..30 {
            let now = at(f64::from(step) / 10.0);
            assert!(now >= last);
            last = now;
        }
        assert!(at(0.5) > at(-2.0) + 0.5);
    }

    #[test]
    fn a_whole_weight_is_as_many_rows() {
        let (columns, labels) = table(600);
        let weights: Vec<f64> = (0..600).map(|row| f64::from(row % 3)).collect();
        let binned = Binned::new(&columns).unwrap();
        let growth = Growth::default();
        let all: Vec<u32> = (0..600).collect();
        let mut weighed =
            Booster::new(&binned, all.clone(), &labels, Some(&weights), growth).unwrap();
        let twice = all.into_iter().flat_map(|row| vec![row; (row % 3) as usize]).collect();
        let mut repeated = Booster::new(&binned, twice, &labels, None, growth).unwrap();
        for _ in 0..5 {
            weighed.advance(&binned, &labels, Some(&weights));
            repeated.advance(&binned, &labels, None);
        }
        let apart = weighed.margins().iter().zip(repeated.margins()).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f64::max) < 1e-9);
    }

    #[test]
    fn one_kind_of_rows_and_constant_columns_have_their_answers() {
        let binned = Binned::new(&[(Kind::Number(0), vec![5.0; 40])]).unwrap();
        let one = Booster::new(&binned, vec![0, 1], &[true; 40], None, Growth::default());
        assert_eq!(one.unwrap_err().code(), Code::NotEnoughData);
        let labels: Vec<bool> = (0..40).map(|row| row % 4 == 0).collect();
        let flat = grown(&[(Kind::Number(0), vec![5.0; 40])], &labels, 3);
        assert!((sigmoid(flat.margins()[0]) - 0.25).abs() < 1e-9);
    }
}
