//! Gradient-boosted trees of a yes-or-no question or of a number, out of histograms.
//!
//! Each round grows one small tree on the gradient and curvature of the log-loss (of numbers the
//! squared error) and adds a part of it. Numbers are cut into at most 64 bins between their quantiles; what is missing goes to the side
//! that fits better; categories are ordered by what they mean for the loss at each node, and the best
//! cut of that order is found, so that a node may send any set of them left. Nothing is random: equal
//! rows in equal order give equal trees.
//!
//! What takes the time is adding rows to histograms. So the bins of a row lie side by side; gradient
//! and curvature are whole numbers of a small unit that share one word and are added at once; of two
//! children only the one with fewer rows is added up, the other is what it leaves of the parent. Cuts
//! are chosen by these sums, values of leaves are computed from the unrounded ones.
//!
//! # References
//! J. H. Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics
//! 29 (2001). T. Chen, C. Guestrin, "XGBoost", KDD 2016 (gain and leaf values, equations 5 to 7).
//! G. Ke and others, "LightGBM", NIPS 2017 (histograms, order of categories). W. D. Fisher, JASA 53
//! (1958): that order holds the best cut. Y. Shi and others, "Quantized training of gradient boosting
//! decision trees", NeurIPS 2022 (whole numbers; here of 31 bits).
#![allow(clippy::indexing_slicing)] // Bins of a column are below `BINS`; rows below `rows`.

use super::logistic::sigmoid;
use super::trees::{Node, Tree, value};
use crate::error::{Code, Error, Result};
use crate::stats::order::{sort_by, sort_rows};

/// Bins of a column at most; where values are missing, one is theirs.
const BINS: usize = 64;
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

/// Rows cut into bins.
#[derive(Clone, Debug)]
pub struct Binned {
    rows: usize,
    columns: Vec<Column>,
    /// The bin of each column, row after row; the column's `missing` where there is no value.
    bins: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Column {
    kind: Kind,
    /// Of numbers, the upper end of each bin but the last.
    cuts: Vec<f64>,
    /// The bin of what is missing; [`BINS`] where that has no place, and nothing is.
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
        let width = columns.len();
        let mut bins = filled(0, rows * width)?;
        let mut cut = |(at, (kind, values)): (usize, &(Kind, Vec<f64>))| {
            let own = bins.iter_mut().skip(at).step_by(width).zip(values);
            let mut cuts = Vec::new();
            if *kind == Kind::Code {
                let missing = MOST_CODES as u8;
                for (bin, value) in own {
                    let is_code = (0.0..f64::from(MOST_CODES)).contains(value);
                    *bin = if is_code { *value as u8 } else { missing };
                }
                return Ok(Column { kind: *kind, cuts, missing });
            }
            let known = values.iter().zip(0..).filter(|(value, _)| !value.is_nan());
            let mut sorted: Vec<(f64, u32)> = collected(known.map(|(v, at)| (*v, at)), rows)?;
            sort_rows(&mut sorted);
            let most = BINS - usize::from(sorted.len() < rows);
            let changes = sorted.windows(2).filter(|pair| pair[0].0 < pair[1].0).count();
            let (mut since, mut left) = (0, sorted.len());
            for (at, pair) in sorted.windows(2).enumerate() {
                since += 1;
                let bins = most - cuts.len();
                // Where there are few distinct values, each has its bin.
                let is_full = changes < most || since * bins >= left;
                if pair[0].0 < pair[1].0 && bins > 1 && is_full {
                    cuts.push(f64::midpoint(pair[0].0, pair[1].0));
                    (since, left) = (0, sorted.len() - at - 1);
                }
            }
            let missing = cuts.len() as u8 + 1;
            for (bin, value) in own {
                let place = || cuts.partition_point(|c| c < value) as u8;
                *bin = if value.is_nan() { missing } else { place() };
            }
            Ok(Column { kind: *kind, cuts, missing })
        };
        let columns = columns.iter().enumerate().map(&mut cut).collect::<Result<_>>()?;
        Ok(Binned { rows, columns, bins })
    }

    /// The bin of a row in a column, below 64: equal values have equal bins.
    #[must_use]
    pub fn bin(&self, row: usize, column: usize) -> usize {
        usize::from(self.bins[row * self.columns.len() + column]) % BINS
    }

    /// The bins of a row.
    fn row(&self, row: u32) -> &[u8] {
        let width = self.columns.len();
        &self.bins[row as usize * width..][..width]
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.bins.capacity()
    }
}

/// Sums of the rows of a node by bin, column after column: the gradient in the upper half of a word,
/// the curvature in the lower. The upper one may be below zero, the lower one never overflows (see
/// [`Booster::weigh`]), so both are added and subtracted at once. Each row has some curvature, so a bin
/// of zero holds none.
type Histogram = Vec<[u64; BINS]>;

/// Gradient and curvature of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    gradient: f64,
    curvature: f64,
}

impl Sum {
    fn less(self, other: Sum) -> Sum {
        Sum {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
        }
    }
}

/// A cut of a node.
#[derive(Clone, Debug)]
struct Cut {
    gain: f64,
    column: usize,
    /// Bins that go left.
    left: u64,
    missing_left: bool,
    /// The last bin on the left, of numbers.
    last: usize,
    sums: [Sum; 2],
    values: [f64; 2],
}

/// Trees that grow round by round.
#[derive(Clone, Debug)]
pub struct Booster {
    growth: Growth,
    /// What is said before any tree: log-odds, or a mean.
    pub base: f64,
    /// The trees so far.
    pub trees: Vec<Tree>,
    /// Log-odds (of numbers, means) of every row so far.
    margins: Vec<f64>,
    /// Rows that are learned from, grouped by node while a tree grows, and those that are not.
    rows: Vec<u32>,
    others: Vec<u32>,
    /// Gradient and curvature of every row, and both as a word of the histogram.
    pairs: Vec<(f64, f64)>,
    words: Vec<u64>,
    /// What one of the word is worth, of the gradient and of the curvature.
    units: [f64; 2],
    /// Rows that go right, while a node is split.
    scratch: Vec<u32>,
    /// Histograms that are not in use.
    spare: Vec<Histogram>,
}

/// A node that grows: its rows from place to place, what they sum to, its value and between which it
/// must lie, and how many decisions may follow.
#[derive(Clone, Copy, Debug)]
struct Growing {
    from: usize,
    until: usize,
    sum: Sum,
    value: f64,
    bounds: [f64; 2],
    depth: u32,
}

/// What rows are to say, each at its place.
#[derive(Clone, Copy, Debug)]
pub enum Goal<'a> {
    /// Yes or no: the loss is minus the log-likelihood, margins are log-odds.
    Labels(&'a [bool]),
    /// Numbers: the loss is half the squared error, margins are means.
    Numbers(&'a [f64]),
}

/// What trees are grown from.
#[derive(Clone, Copy)]
struct Ground<'a> {
    table: &'a Binned,
    weights: Option<&'a [f64]>,
}

impl Booster {
    /// Starts on some rows, each named once, with the share of the wanted among them.
    ///
    /// # Errors
    /// `not-enough-data` unless both labels have weight among the rows; `limit-memory`.
    pub fn new(
        table: &Binned,
        mut rows: Vec<u32>,
        labels: &[bool],
        weights: Option<&[f64]>,
        growth: Growth,
    ) -> Result<Booster> {
        rows.retain(|row| weights.is_none_or(|all| all[*row as usize] > 0.0));
        let weight = |row: u32| weights.map_or(1.0, |all| all[row as usize]);
        let (mut hits, mut all) = (0.0, 0.0);
        for row in &rows {
            hits += if labels[*row as usize] { weight(*row) } else { 0.0 };
            all += weight(*row);
        }
        if !(hits > 0.0 && hits < all) {
            return Err(Error::new(Code::NotEnoughData, "both kinds of rows are needed"));
        }
        Booster::based(table, rows, growth, libm::log(hits / (all - hits)))
    }

    /// Starts on some rows, each named once, with the mean of their numbers, to be grown by
    /// [`advance_to`](Self::advance_to).
    ///
    /// # Errors
    /// `not-enough-data` without rows; `limit-memory`.
    pub fn of_numbers(
        table: &Binned,
        rows: Vec<u32>,
        numbers: &[f64],
        growth: Growth,
    ) -> Result<Booster> {
        if rows.is_empty() {
            return Err(Error::new(Code::NotEnoughData, "there are no rows to learn from"));
        }
        let sum: f64 = rows.iter().map(|row| numbers[*row as usize]).sum();
        let base = sum / rows.len() as f64;
        Booster::based(table, rows, growth, base)
    }

    fn based(table: &Binned, rows: Vec<u32>, growth: Growth, base: f64) -> Result<Booster> {
        let mut is_other = filled(true, table.rows)?;
        rows.iter().for_each(|row| is_other[*row as usize] = false);
        let others = (0..table.rows as u32).filter(|row| is_other[*row as usize]);
        Ok(Booster {
            growth,
            base,
            trees: Vec::new(),
            margins: filled(base, table.rows)?,
            others: collected(others, table.rows - rows.len())?,
            pairs: filled((0.0, 0.0), table.rows)?,
            words: filled(0, table.rows)?,
            units: [1.0; 2],
            scratch: filled(0, rows.len())?,
            spare: Vec::new(),
            rows,
        })
    }

    /// What the trees say of every row of the table, learned from or not: log-odds, or means.
    #[must_use]
    pub fn margins(&self) -> &[f64] {
        &self.margins
    }

    /// Grows one more tree.
    pub fn advance(&mut self, table: &Binned, labels: &[bool], weights: Option<&[f64]>) {
        self.advance_to(table, Goal::Labels(labels), weights);
    }

    /// Grows one more tree, towards labels or numbers.
    pub fn advance_to(&mut self, table: &Binned, goal: Goal<'_>, weights: Option<&[f64]>) {
        let ground = Ground { table, weights };
        self.weigh(goal, weights);
        let bounds = [f64::NEG_INFINITY, f64::INFINITY];
        let (until, depth) = (self.rows.len(), self.growth.depth);
        let histogram = self.histogram(ground, 0, until);
        let all = histogram.first().map_or(0, |bins| bins.iter().fold(0, |a, b| b.wrapping_add(a)));
        let sum = self.told(all);
        let root = Growing { from: 0, until, sum, value: self.leaf(sum, bounds), bounds, depth };
        let mut tree: Tree = Vec::new();
        self.grow(ground, root, Some(histogram), &mut tree);
        for row in &self.others {
            self.margins[*row as usize] += walked(&tree, table, *row);
        }
        self.trees.push(tree);
    }

    /// Gradient and curvature of every row. A unit of the gradient is so large that
    /// all sizes together are 2³⁰ of it, one of the curvature that all are 2³¹; rows are fewer than
    /// 2³¹, and rounding adds one to each at most.
    fn weigh(&mut self, goal: Goal<'_>, weights: Option<&[f64]>) {
        let (mut size, mut all) = (0.0, 0.0);
        for row in &self.rows {
            let at = *row as usize;
            let weight = weights.map_or(1.0, |all| all[at]);
            let pair = match goal {
                Goal::Labels(labels) => {
                    let p = sigmoid(self.margins[at]);
                    (weight * (p - f64::from(u8::from(labels[at]))), weight * p * (1.0 - p))
                }
                Goal::Numbers(numbers) => (weight * (self.margins[at] - numbers[at]), weight),
            };
            self.pairs[at] = pair;
            size += pair.0.abs();
            all += pair.1;
        }
        let unit = |sum: f64, power: u32| (sum / f64::from(power)).max(f64::MIN_POSITIVE);
        self.units = [unit(size, 1 << 30), unit(all, 1 << 31)];
        let [by_gradient, by_curvature] = self.units.map(f64::recip);
        for row in &self.rows {
            let (gradient, curvature) = self.pairs[*row as usize];
            // Above zero while it is cut off.
            let upper = (gradient * by_gradient + 1_073_741_824.5) as i64 - (1 << 30);
            let lower = (curvature * by_curvature) as i64 + 1;
            self.words[*row as usize] = ((upper << 32) + lower) as u64;
        }
    }

    /// What a word is worth.
    fn told(&self, word: u64) -> Sum {
        Sum {
            gradient: f64::from((word >> 32) as i32) * self.units[0],
            curvature: f64::from(word as u32) * self.units[1],
        }
    }

    /// The histogram of the rows from place to place.
    fn histogram(&mut self, ground: Ground<'_>, from: usize, until: usize) -> Histogram {
        let mut histogram = self.spare.pop().unwrap_or_default();
        histogram.clear();
        histogram.resize(ground.table.columns.len(), [0; BINS]);
        for row in &self.rows[from..until] {
            let word = self.words[*row as usize];
            for (column, bin) in histogram.iter_mut().zip(ground.table.row(*row)) {
                let slot = &mut column[usize::from(*bin) % BINS];
                *slot = slot.wrapping_add(word);
            }
        }
        histogram
    }

    /// The value of a leaf before it is made smaller, within its bounds.
    fn leaf(&self, sum: Sum, bounds: [f64; 2]) -> f64 {
        (-sum.gradient / (sum.curvature + self.growth.ridge)).clamp(bounds[0], bounds[1])
    }

    /// What a leaf of this value gains over one of zero, twice.
    fn gain(&self, sum: Sum, value: f64) -> f64 {
        -value * (2.0 * sum.gradient + (sum.curvature + self.growth.ridge) * value)
    }

    /// Grows a node and what stands below; gives the weight of its rows. Without a histogram it is a
    /// leaf.
    fn grow(
        &mut self,
        ground: Ground<'_>,
        node: Growing,
        histogram: Option<Histogram>,
        tree: &mut Tree,
    ) -> f64 {
        let at = tree.len();
        tree.push(Node::default());
        let histogram = histogram.filter(|_| node.depth > 0);
        let cut = histogram.as_ref().and_then(|sums| self.cut(ground.table, sums, node));
        let (Some(cut), Some(mut sums)) = (cut, histogram) else {
            let (value, cover) = self.rest(ground.weights, node);
            tree[at] = Node { value, cover, ..Node::default() };
            return cover;
        };
        let column = &ground.table.columns[cut.column];
        let middle = self.split(ground.table, &cut, node);
        // What was not seen here goes where more rows do.
        let is_more = middle - node.from > node.until - middle;
        let unseen = missing_sum(column, &sums[cut.column]) == 0;
        let missing_left = if unseen { is_more } else { cut.missing_left };
        let mut bounds = [node.bounds, node.bounds];
        if let Kind::Number(direction) = column.kind
            && direction != 0
        {
            let between = f64::midpoint(cut.values[0], cut.values[1]);
            let upper = usize::from(direction > 0);
            (bounds[1 - upper][1], bounds[upper][0]) = (between, between);
        }
        let child = |side: usize| Growing {
            from: if side == 0 { node.from } else { middle },
            until: if side == 0 { middle } else { node.until },
            sum: cut.sums[side],
            value: cut.values[side],
            bounds: bounds[side],
            depth: node.depth - 1,
        };
        let children = [child(0), child(1)];
        let mut histograms = [None, None];
        // Children that cannot be cut need none.
        let most = cut.sums[0].curvature.max(cut.sums[1].curvature);
        if node.depth > 1 && most >= 2.0 * self.growth.least_curvature {
            let fewer = usize::from(is_more);
            let own = self.histogram(ground, children[fewer].from, children[fewer].until);
            for (sum, part) in sums.iter_mut().flatten().zip(own.iter().flatten()) {
                *sum = sum.wrapping_sub(*part);
            }
            histograms[fewer] = Some(own);
            histograms[1 - fewer] = Some(sums);
        } else {
            self.spare.push(sums);
        }
        let (mut places, mut cover) = ([0_u32; 2], 0.0);
        for (side, histogram) in histograms.into_iter().enumerate() {
            places[side] = tree.len() as u32;
            cover += self.grow(ground, children[side], histogram, tree);
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
            missing_left,
            left: places[0],
            right: places[1],
            value: 0.0,
            cover,
        };
        cover
    }

    /// Ends a node as a leaf: adds its value to its rows, and gives it with their weight.
    fn rest(&mut self, weights: Option<&[f64]>, node: Growing) -> (f64, f64) {
        let (mut sum, mut cover) = (Sum::default(), 0.0);
        let rows = &self.rows[node.from..node.until];
        for row in rows {
            let (gradient, curvature) = self.pairs[*row as usize];
            sum.gradient += gradient;
            sum.curvature += curvature;
            cover += weights.map_or(1.0, |all| all[*row as usize]);
        }
        let value = self.leaf(sum, node.bounds) * self.growth.rate;
        for row in rows {
            self.margins[*row as usize] += value;
        }
        (value, cover)
    }

    /// Parts the rows of a node, and gives the place where those on the right begin. Both sides keep
    /// their order, so that sums are added in the order of rows.
    fn split(&mut self, table: &Binned, cut: &Cut, node: Growing) -> usize {
        let width = table.columns.len();
        let (mut left, mut right) = (node.from, 0);
        for place in node.from..node.until {
            let row = self.rows[place];
            let bin = table.bins[row as usize * width + cut.column];
            let is_left = (cut.left >> (bin % BINS as u8) & 1) as usize;
            // Both are written and one counts: what way a row goes cannot be foretold.
            self.rows[left] = row;
            self.scratch[right] = row;
            left += is_left;
            right += 1 - is_left;
        }
        self.rows[left..node.until].copy_from_slice(&self.scratch[..right]);
        left
    }

    /// The cut that gains most, if one does.
    fn cut(&self, table: &Binned, histogram: &Histogram, node: Growing) -> Option<Cut> {
        let Growing { sum, value, bounds, .. } = node;
        let before = self.gain(sum, value);
        let mut best: Option<Cut> = None;
        for (number, (column, words)) in table.columns.iter().zip(histogram).enumerate() {
            let missing = missing_sum(column, words);
            let mut order = [0_u8; BINS];
            let mut count = 0;
            // Empty bins change nothing.
            for (bin, _) in words[..usize::from(column.missing)]
                .iter()
                .enumerate()
                .filter(|(_, word)| **word != 0)
            {
                order[count] = bin as u8;
                count += 1;
            }
            let order = &mut order[..count];
            let direction = match column.kind {
                Kind::Number(direction) => direction,
                Kind::Code => {
                    let mean = |bin: &u8| {
                        let sum = self.told(words[usize::from(*bin)]);
                        sum.gradient / (sum.curvature + CODE_SMOOTHING)
                    };
                    sort_by(order, |a, b| mean(a).total_cmp(&mean(b)));
                    0
                }
            };
            let (mut left, mut bins) = (0_u64, 0_u64);
            for bin in order {
                left = left.wrapping_add(words[usize::from(*bin)]);
                bins |= 1 << *bin;
                for missing_left in [false, true] {
                    if missing_left && missing == 0 {
                        continue;
                    }
                    let (left, bins) = if missing_left {
                        (left.wrapping_add(missing), bins | 1 << column.missing)
                    } else {
                        (left, bins)
                    };
                    let left = self.told(left);
                    let sums = [left, sum.less(left)];
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
                        let last = usize::from(*bin);
                        let left = bins;
                        let column = number;
                        best = Some(Cut { gain, column, left, missing_left, last, sums, values });
                    }
                }
            }
        }
        best
    }

    /// Bytes held on the heap, the trees apart.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.margins.capacity() * (8 + 16 + 8)
            + self.rows.capacity() * 8
            + self.others.capacity() * 4
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

/// The sums of rows whose value is missing.
fn missing_sum(column: &Column, words: &[u64; BINS]) -> u64 {
    words.get(usize::from(column.missing)).copied().unwrap_or(0)
}

/// The value of a binned row.
fn walked(tree: &Tree, table: &Binned, row: u32) -> f64 {
    let (mut at, bins) = (0, table.row(row));
    loop {
        let node = &tree[at];
        let Some(feature) = node.feature else { return node.value };
        let column = &table.columns[feature as usize];
        let bin = bins[feature as usize];
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
        let mut weighed = Booster::new(&binned, all, &labels, Some(&weights), growth).unwrap();
        let twice: Vec<usize> = (0..600).flat_map(|row| vec![row; row % 3]).collect();
        let pick = |(kind, values): &(Kind, Vec<f64>)| {
            (*kind, twice.iter().map(|row| values[*row]).collect())
        };
        let picked: Vec<(Kind, Vec<f64>)> = columns.iter().map(pick).collect();
        let known: Vec<bool> = twice.iter().map(|row| labels[*row]).collect();
        // The same bins, of which the one table has some rows more often.
        let mut again = Binned::new(&picked).unwrap();
        again.columns = binned.columns.clone();
        again.bins = twice.iter().flat_map(|row| binned.row(*row as u32).to_vec()).collect();
        let every = (0..twice.len() as u32).collect();
        let mut repeated = Booster::new(&again, every, &known, None, growth).unwrap();
        for _ in 0..5 {
            weighed.advance(&binned, &labels, Some(&weights));
            repeated.advance(&again, &known, None);
        }
        let margins = twice.iter().map(|row| weighed.margins()[*row]);
        let apart = margins.zip(repeated.margins()).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f64::max) < 1e-9);
    }

    #[test]
    fn numbers_are_learned_as_their_means() {
        let (columns, _) = table(3000);
        let mut random = Random::new(4, 0);
        let truth = |row: usize| {
            let x = columns[0].1[row];
            (if x.is_nan() { 5.0 } else { x }) + 10.0 * (columns[1].1[row] % 2.0)
        };
        let numbers: Vec<f64> = (0..3000).map(|row| truth(row) + random.normal()).collect();
        let binned = Binned::new(&columns).unwrap();
        // Every third row is not learned from.
        let rows = (0..3000).filter(|row| row % 3 != 0).collect();
        let mut booster = Booster::of_numbers(&binned, rows, &numbers, Growth::default()).unwrap();
        (0..200).for_each(|_| booster.advance_to(&binned, Goal::Numbers(&numbers), None));
        let error = |row: usize| (booster.margins()[row] - truth(row)).powi(2);
        let mean = (0..3000).step_by(3).map(error).sum::<f64>() / 1000.0;
        assert!(mean < 0.15, "{mean}");
        let none = Booster::of_numbers(&binned, Vec::new(), &numbers, Growth::default());
        assert_eq!(none.unwrap_err().code(), Code::NotEnoughData);
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
