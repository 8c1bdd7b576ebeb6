//! k-means: rows to the nearest of `k` centres, centres to the mean of their rows, until nothing
//! moves.
//!
//! Right for round groups of similar spread in columns of one scale; wrong for long, nested or
//! very unequal ones, and it always returns `k` groups, there or not.
//!
//! One pass over the rows is an accumulator ([`Pass`]): each block of rows has its own, and blocks
//! join in one fixed tree, so that the same centres come out for any number of workers and any
//! size of step ([`Lloyd`]).
//!
//! # References
//! S. P. Lloyd, "Least squares quantization in PCM", IEEE Trans. Inf. Theory 28 (1982). D. Arthur,
//! S. Vassilvitskii, "k-means++: The advantages of careful seeding", SODA 2007.
#![allow(clippy::indexing_slicing)] // Labels are below `k`, and every list has `k` groups of lanes.

use crate::error::{Code, Error, Result};
use crate::learn::matrix::{Matrix, squared_distance};
use crate::stats::accumulator::{Accumulator, BlockTree, Class};
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

/// Eight centres side by side, one column of them.
type Lane = [f64; LANES];

/// Centres laid out for comparison with one row: groups of eight, column by column.
fn lanes(centres: &[f64], columns: usize) -> Vec<Lane> {
    let groups = (centres.len() / columns).div_ceil(LANES);
    // A centre that is not there is infinitely far away.
    let mut values = vec![[f64::INFINITY; LANES]; groups * columns];
    for (k, centre) in centres.chunks_exact(columns).enumerate() {
        for (column, value) in centre.iter().enumerate() {
            values[k / LANES * columns + column][k % LANES] = *value;
        }
    }
    values
}

/// Rows that are compared together: first all distances, then all choices, so that each loop is
/// one that the compiler turns into vectors.
const TOGETHER: usize = 64;

/// The nearest centres of up to [`TOGETHER`] rows: the first of equally near ones, and its squared
/// distance. Differences, not products: far from the origin `x·x − 2x·c + c·c` would lose the
/// digits that decide.
struct Nearest {
    distances: [Lane; TOGETHER],
    clusters: [u32; TOGETHER],
    least: [f64; TOGETHER],
}

impl Nearest {
    fn new() -> Self {
        Nearest {
            distances: [[0.0; LANES]; TOGETHER],
            clusters: [0; TOGETHER],
            least: [f64::INFINITY; TOGETHER],
        }
    }

    /// For rows of any width; those of up to eight columns have loops of their own, whose ends the
    /// compiler knows. In WebAssembly only the usual three do, to save space.
    fn find(&mut self, values: &[f64], width: usize, lanes: &[Lane]) {
        match if cfg!(target_arch = "wasm32") && width != 3 { 0 } else { width } {
            1 => self.of::<1>(values, lanes),
            2 => self.of::<2>(values, lanes),
            3 => self.of::<3>(values, lanes),
            4 => self.of::<4>(values, lanes),
            5 => self.of::<5>(values, lanes),
            6 => self.of::<6>(values, lanes),
            7 => self.of::<7>(values, lanes),
            8 => self.of::<8>(values, lanes),
            _ => {
                self.begin();
                for (at, group) in lanes.chunks_exact(width).enumerate() {
                    for (row, distances) in values.chunks_exact(width).zip(&mut self.distances) {
                        *distances = squares(row, group);
                    }
                    self.choose(at);
                }
            }
        }
    }

    fn of<const WIDTH: usize>(&mut self, values: &[f64], lanes: &[Lane]) {
        self.begin();
        for (at, group) in lanes.as_chunks::<WIDTH>().0.iter().enumerate() {
            for (row, distances) in values.as_chunks::<WIDTH>().0.iter().zip(&mut self.distances) {
                *distances = squares(row, group);
            }
            self.choose(at);
        }
    }

    fn begin(&mut self) {
        self.clusters.fill(0);
        self.least.fill(f64::INFINITY);
    }

    /// Takes the centres of one group where they are nearer than those before.
    fn choose(&mut self, group: usize) {
        let found = self.clusters.iter_mut().zip(&mut self.least);
        for ((cluster, least), distances) in found.zip(&self.distances) {
            let lower = |a: f64, b: f64| if b < a { b } else { a };
            let [a, b, c, d, e, f, g, h] = *distances;
            let own = lower(lower(lower(a, e), lower(c, g)), lower(lower(b, f), lower(d, h)));
            // Without a branch: which lanes hold the least, then the first of them.
            let mut holds = 0_u32;
            for (lane, distance) in distances.iter().enumerate() {
                holds |= u32::from(*distance == own) << lane;
            }
            if own < *least {
                *cluster = (group * LANES) as u32 + holds.trailing_zeros();
                *least = own;
            }
        }
    }
}

/// The squared distances of a row from eight centres. Inlined, so that a width which the caller
/// knows is known here.
#[inline(always)]
fn squares(row: &[f64], group: &[Lane]) -> Lane {
    let mut sums = [0.0; LANES];
    for (value, lane) in row.iter().zip(group) {
        for (sum, centre) in sums.iter_mut().zip(lane) {
            let difference = value - centre;
            *sum += difference * difference;
        }
    }
    sums
}

/// One pass over some of the rows: which centre is nearest, and what each cluster's rows sum up
/// to. The statistic of class *iterative*: one a pass, all with the same centres.
#[derive(Clone, Debug)]
pub struct Pass {
    columns: usize,
    centres: Vec<f64>,
    lanes: Vec<Lane>,
    sums: Vec<f64>,
    counts: Vec<u64>,
    inertia: f64,
    moved: u64,
    farthest: Farthest,
}

/// The row farthest from its centre, the first of equally far ones.
#[derive(Clone, Debug)]
struct Farthest {
    /// Squared; 0 where no row is away from its centre.
    distance: f64,
    index: u64,
    row: Vec<f64>,
}

impl Farthest {
    fn none() -> Self {
        Farthest { distance: 0.0, index: u64::MAX, row: Vec::new() }
    }
}

/// Some rows of a pass.
#[derive(Debug)]
pub struct PassRows<'a> {
    /// Row after row.
    pub values: &'a [f64],
    /// The index of the first of them among all rows.
    pub first: u64,
    /// Their clusters so far, which become those of the nearest centre.
    pub labels: &'a mut [u32],
}

/// What a pass leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct PassResult {
    /// The centres of the next pass.
    pub centres: Vec<f64>,
    /// Sum of squared distances to the centres of this pass.
    pub inertia: f64,
    /// Rows that changed their cluster.
    pub moved: u64,
}

impl Pass {
    const VERSION: u8 = 1;

    /// For these centres, each `columns` wide.
    #[must_use]
    pub fn new(centres: &[f64], columns: usize) -> Self {
        let columns = columns.max(1);
        Pass {
            columns,
            centres: centres.to_vec(),
            lanes: lanes(centres, columns),
            sums: vec![0.0; centres.len()],
            counts: vec![0; centres.len() / columns],
            inertia: 0.0,
            moved: 0,
            farthest: Farthest::none(),
        }
    }

    /// For the same centres, and no rows yet.
    fn empty(&self) -> Self {
        Pass {
            columns: self.columns,
            centres: self.centres.clone(),
            lanes: self.lanes.clone(),
            sums: vec![0.0; self.sums.len()],
            counts: vec![0; self.counts.len()],
            inertia: 0.0,
            moved: 0,
            farthest: Farthest::none(),
        }
    }
}

impl Accumulator for Pass {
    const CLASS: Class = Class::Iterative;
    type Input<'a> = PassRows<'a>;
    type Options = ();
    type Output = PassResult;

    fn update(&mut self, input: PassRows<'_>) -> Result<()> {
        let PassRows { values, first, labels } = input;
        let width = self.columns;
        let mut nearest = Nearest::new();
        let (mut inertia, mut moved) = (self.inertia, self.moved);
        let parts = values.chunks(TOGETHER * width).zip(labels.chunks_mut(TOGETHER));
        for (part, (values, labels)) in parts.enumerate() {
            nearest.find(values, width, &self.lanes);
            let found = nearest.clusters.iter().zip(&nearest.least);
            let rows = values.chunks_exact(width).zip(labels).zip(found);
            for (at, ((row, label), (cluster, distance))) in rows.enumerate() {
                moved += u64::from(cluster != label);
                *label = *cluster;
                inertia += distance;
                if *distance > self.farthest.distance {
                    self.farthest.distance = *distance;
                    self.farthest.index = first + (part * TOGETHER + at) as u64;
                    self.farthest.row.clear();
                    self.farthest.row.extend_from_slice(row);
                }
                let cluster = *cluster as usize;
                self.counts[cluster] += 1;
                let sums = &mut self.sums[cluster * width..(cluster + 1) * width];
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        }
        (self.inertia, self.moved) = (inertia, moved);
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if self.centres.len() != other.centres.len() || self.columns != other.columns {
            return Err(Error::new(Code::Decode, "passes of other centres do not join"));
        }
        for (sum, other) in self.sums.iter_mut().zip(&other.sums) {
            *sum += other;
        }
        for (count, other) in self.counts.iter_mut().zip(&other.counts) {
            *count += other;
        }
        self.inertia += other.inertia;
        self.moved += other.moved;
        // The first of equally far rows, whichever state saw it.
        let (own, new) = (&self.farthest, &other.farthest);
        let is_equal = new.distance == own.distance;
        if new.distance > own.distance || (is_equal && new.index < own.index) {
            self.farthest = other.farthest;
        }
        Ok(())
    }

    fn finish(&self, _options: &()) -> Result<PassResult> {
        if !self.inertia.is_finite() {
            return Err(Error::new(
                Code::Overflow,
                "the distances are beyond the range of a number",
            ));
        }
        let mut centres = self.centres.clone();
        let parts = centres.chunks_exact_mut(self.columns).zip(&self.counts);
        let mut is_taken = false;
        for ((centre, count), sums) in parts.zip(self.sums.chunks_exact(self.columns)) {
            if *count > 0 {
                centre.iter_mut().zip(sums).for_each(|(centre, sum)| *centre = sum / *count as f64);
            } else if self.farthest.distance > 0.0 && !is_taken {
                // One a pass: the next farthest row is another one after this.
                centre.copy_from_slice(&self.farthest.row);
                is_taken = true;
            }
        }
        Ok(PassResult { centres, inertia: self.inertia, moved: self.moved })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(Self::VERSION);
        out.extend_from_slice(&(self.columns as u64).to_le_bytes());
        out.extend_from_slice(&(self.counts.len() as u64).to_le_bytes());
        out.extend_from_slice(&(self.farthest.row.len() as u64).to_le_bytes());
        for number in self.counts.iter().chain([&self.moved, &self.farthest.index]) {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let numbers = self.centres.iter().chain(&self.sums).chain(&self.farthest.row);
        for number in numbers.chain([&self.inertia, &self.farthest.distance]) {
            out.extend_from_slice(&number.to_bits().to_le_bytes());
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let damaged = || Error::new(Code::Decode, "these bytes hold no pass of k-means");
        let (version, rest) = bytes.split_first().ok_or_else(damaged)?;
        let (words, left) = rest.as_chunks::<8>();
        if *version != Self::VERSION || !left.is_empty() {
            return Err(damaged());
        }
        let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
        let mut size = || words.next().and_then(|size| usize::try_from(size).ok());
        let (columns, clusters, far) = match (size(), size(), size()) {
            (Some(columns), Some(clusters), Some(far)) => (columns, clusters, far),
            _ => return Err(damaged()),
        };
        let cells = columns.checked_mul(clusters).ok_or_else(damaged)?;
        let wanted = cells
            .checked_mul(2)
            .and_then(|cells| cells.checked_add(clusters)?.checked_add(far)?.checked_add(4));
        if columns == 0 || (far != 0 && far != columns) || wanted != Some(words.len()) {
            return Err(damaged());
        }
        let counts: Vec<u64> = words.by_ref().take(clusters).collect();
        let (moved, index) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
        let mut numbers = words.map(f64::from_bits);
        let centres: Vec<f64> = numbers.by_ref().take(cells).collect();
        let sums: Vec<f64> = numbers.by_ref().take(cells).collect();
        let row: Vec<f64> = numbers.by_ref().take(far).collect();
        let (inertia, distance) = (numbers.next().unwrap_or(0.0), numbers.next().unwrap_or(0.0));
        let lanes = lanes(&centres, columns);
        let farthest = Farthest { distance, index, row };
        Ok(Pass { columns, centres, lanes, sums, counts, inertia, moved, farthest })
    }

    fn heap_size(&self) -> usize {
        let numbers = self.centres.capacity() + self.sums.capacity() + self.farthest.row.capacity();
        (numbers + self.counts.capacity() + self.lanes.capacity() * LANES) * 8
    }
}

/// Lloyd's iterations, cut into steps of any size: the cut changes no bit.
#[derive(Debug)]
pub struct Lloyd {
    solution: KMeans,
    most_passes: u32,
    /// Finished blocks of this pass, the block under way, and the next row.
    blocks: BlockTree<Pass>,
    block: Pass,
    next: usize,
    /// Rows compared so far.
    work: u64,
}

impl Lloyd {
    /// Before the first pass.
    ///
    /// # Errors
    /// As [`lloyd`].
    pub fn new(rows: Matrix<'_>, centres: Vec<f64>, most_passes: u32) -> Result<Self> {
        let columns = rows.columns();
        let clusters = check_clusters(rows, centres.len() / columns)?;
        if centres.len() != clusters * columns || centres.iter().any(|value| !value.is_finite()) {
            return Err(Error::new(
                Code::InvalidOption,
                "centres are finite and as wide as the rows",
            ));
        }
        let mut labels = Vec::new();
        labels.try_reserve_exact(rows.rows()).map_err(|_| {
            Error::new(Code::LimitMemory, "there is not enough memory for a label per row")
        })?;
        labels.resize(rows.rows(), u32::MAX);
        let block = Pass::new(&centres, columns);
        let solution = KMeans { labels, centres, inertia: 0.0, passes: 0, converged: false };
        let blocks = BlockTree::new();
        Ok(Lloyd { solution, most_passes: most_passes.max(1), blocks, block, next: 0, work: 0 })
    }

    /// Works on about `budget` rows, which are those of [`new`](Self::new); true once no row moves
    /// or the most passes are done.
    ///
    /// # Errors
    /// `overflow` where distances are beyond the range of a float.
    pub fn step(&mut self, rows: Matrix<'_>, budget: usize) -> Result<bool> {
        let (columns, all) = (rows.columns(), rows.rows());
        let mut left = budget.max(1);
        while left > 0 {
            let until = (self.next / BLOCK + 1).saturating_mul(BLOCK).min(all);
            let until = until.min(self.next.saturating_add(left));
            let labels = &mut self.solution.labels[self.next..until];
            let values = &rows.values()[self.next * columns..until * columns];
            self.block.update(PassRows { values, first: self.next as u64, labels })?;
            left -= until - self.next;
            self.work += (until - self.next) as u64;
            self.next = until;
            if until.is_multiple_of(BLOCK) || until == all {
                let fresh = self.block.empty();
                let index = (until - 1) / BLOCK;
                self.blocks.insert(index as u64, std::mem::replace(&mut self.block, fresh))?;
            }
            if until == all && self.next_pass()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Ends a pass; true if it was the last.
    fn next_pass(&mut self) -> Result<bool> {
        let blocks = std::mem::take(&mut self.blocks);
        let Some(whole) = blocks.into_state()? else { return Ok(true) };
        let PassResult { centres, inertia, moved } = whole.finish(&())?;
        let solution = &mut self.solution;
        solution.passes += 1;
        solution.inertia = inertia;
        solution.converged = moved == 0;
        if solution.converged || solution.passes >= self.most_passes {
            return Ok(true);
        }
        self.block = Pass::new(&centres, self.block.columns);
        solution.centres = centres;
        self.next = 0;
        Ok(false)
    }

    /// Rows compared so far, in all passes.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.work
    }

    /// The solution so far: final once [`step`](Self::step) said so.
    #[must_use]
    pub fn into_solution(self) -> KMeans {
        self.solution
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.solution.labels.capacity() * 4 + self.blocks.heap_size() + self.block.heap_size()
    }
}

/// Lloyd's iterations from the given centres, until no row moves or for `most_passes`. Ties go to
/// the first centre. A cluster that loses all rows gets the row that is farthest from its centre.
///
/// # Errors
/// `invalid-option` for centres of another width; `not-enough-data` without rows or with more
/// centres than rows; `overflow` where distances are beyond the range of a float.
pub fn lloyd(rows: Matrix<'_>, centres: Vec<f64>, most_passes: u32) -> Result<KMeans> {
    let mut run = Lloyd::new(rows, centres, most_passes)?;
    while !run.step(rows, usize::MAX)? {}
    Ok(run.into_solution())
}

/// Draws of which the best is the next centre.
fn draws(clusters: usize) -> usize {
    2 + libm::log(clusters as f64) as usize
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
    let draws = draws(clusters);
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

/// The most passes of one start.
const MOST_PASSES: u32 = 300;

/// The best of some runs from k-means++ centres, each with its own stream of the seed, cut into
/// steps of any size.
#[derive(Debug)]
pub struct Search {
    clusters: usize,
    starts: u32,
    seed: u64,
    begun: u32,
    run: Option<Lloyd>,
    best: Option<KMeans>,
    work: u64,
}

impl Search {
    /// For so many clusters, from so many starts, at least one.
    #[must_use]
    pub fn new(clusters: usize, starts: u32, seed: u64) -> Self {
        let starts = starts.max(1);
        Search { clusters, starts, seed, begun: 0, run: None, best: None, work: 0 }
    }

    /// Rows compared with the centres or with a drawn centre so far.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Works on about `budget` rows, and draws the centres of a start in one piece; the best run
    /// once all are done.
    ///
    /// # Errors
    /// As [`plus_plus`] and [`lloyd`].
    pub fn step(&mut self, rows: Matrix<'_>, budget: usize) -> Result<Option<KMeans>> {
        let Some(run) = &mut self.run else {
            if self.begun == self.starts {
                return Ok(self.best.take());
            }
            let mut random = Random::new(self.seed, u64::from(self.begun));
            let centres = plus_plus(rows, self.clusters, &mut random)?;
            self.run = Some(Lloyd::new(rows, centres, MOST_PASSES)?);
            self.begun += 1;
            self.work += (rows.rows() * self.clusters * draws(self.clusters)) as u64;
            return Ok(None);
        };
        let before = run.work;
        let is_done = run.step(rows, budget)?;
        self.work += run.work - before;
        if is_done
            && let Some(found) = self.run.take().map(Lloyd::into_solution)
            && self.best.as_ref().is_none_or(|best| found.inertia < best.inertia)
        {
            self.best = Some(found);
        }
        if self.run.is_none() && self.begun == self.starts {
            return Ok(self.best.take());
        }
        Ok(None)
    }
}

/// The best of `starts` runs from k-means++ centres, each with its own stream of `seed`.
///
/// # Errors
/// As [`plus_plus`] and [`lloyd`].
pub fn kmeans(rows: Matrix<'_>, clusters: usize, starts: u32, seed: u64) -> Result<KMeans> {
    let mut search = Search::new(clusters, starts, seed);
    loop {
        if let Some(found) = search.step(rows, usize::MAX)? {
            return Ok(found);
        }
    }
}

/// The nearest centre of each row, as [`lloyd`] assigns it.
#[must_use]
pub fn nearest_centres(rows: Matrix<'_>, centres: &[f64]) -> Vec<u32> {
    let (width, lanes) = (rows.columns(), lanes(centres, rows.columns()));
    let mut nearest = Nearest::new();
    let mut labels = Vec::with_capacity(rows.rows());
    for values in rows.values().chunks(TOGETHER * width) {
        nearest.find(values, width, &lanes);
        labels.extend(nearest.clusters.iter().take(values.len() / width));
    }
    labels
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
