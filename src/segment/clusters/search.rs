//! How many clusters there are, if any: fits on the sample, their silhouettes, resamples and
//! reference sets, one small task after the other.

use super::{ClusterMethod, ClustersOptions};
use crate::error::{Code, Error, Result};
use crate::learn::cluster::agreement::agreement;
use crate::learn::cluster::choice::{Gap, Reference, gap, jaccard};
use crate::learn::cluster::dbscan::dbscan;
use crate::learn::cluster::hdbscan::hdbscan;
use crate::learn::cluster::hierarchical::{Linkage, Tree, hierarchical};
use crate::learn::cluster::kmeans::Search as KMeansSearch;
use crate::learn::cluster::kprototypes::{Mixed, Prototypes, kprototypes};
use crate::learn::cluster::mixture::{Fitting, Mixture, MixtureOptions};
use crate::learn::cluster::neighbours::Neighbours;
use crate::learn::cluster::quality::Silhouette;
use crate::learn::matrix::{Categories, Matrix, mismatches, squared_distance};
use crate::stats::quantile::{QuantileType, quantiles};
use crate::stats::random::Random;

/// Starts of each k-means run.
const STARTS: u32 = 4;
/// Resamples for stability.
const RESAMPLES: u64 = 20;
/// Reference sets of the gap statistic.
const REFERENCES: u64 = 20;
/// Rows of the gap statistic at most: every other row of a larger sample, or every third.
const GAP_ROWS: usize = 500;

/// One number of clusters, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) clusters: usize,
    pub(super) fit: Fit,
    pub(super) silhouette: Option<f64>,
    /// Sum of adjusted Rand indices, and of the Jaccard similarities of each cluster.
    rand: f64,
    similar: Vec<f64>,
    pub(super) gap: Option<Gap>,
}

impl Candidate {
    /// Mean adjusted Rand index over the resamples.
    pub(super) fn stability(&self) -> f64 {
        self.rand / RESAMPLES as f64
    }

    /// Mean Jaccard similarity of each cluster over the resamples.
    pub(super) fn similarities(&self) -> Vec<f64> {
        self.similar.iter().map(|sum| sum / RESAMPLES as f64).collect()
    }

    /// That of the least stable cluster.
    pub(super) fn jaccard(&self) -> f64 {
        if self.similar.is_empty() {
            return 0.0;
        }
        self.similarities().into_iter().fold(f64::INFINITY, f64::min)
    }
}

/// A partition of the sample.
#[derive(Clone, Debug, Default)]
pub(super) struct Fit {
    /// The cluster of each row; `None` is noise.
    pub(super) labels: Vec<Option<u32>>,
    /// Centres, of methods that have them.
    pub(super) centres: Vec<f64>,
    pub(super) mixture: Option<Mixture>,
    /// Of methods that know categories.
    pub(super) prototypes: Option<Prototypes>,
    /// Of DBSCAN: who is farther from all core rows than that is noise.
    pub(super) reach: Option<f64>,
}

impl Fit {
    fn clusters(&self) -> usize {
        self.labels.iter().flatten().max().map_or(0, |most| *most as usize + 1)
    }

    /// Labels and rows without noise.
    fn without_noise(&self, rows: Matrix<'_>) -> (Vec<f64>, Vec<u32>) {
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        for (row, label) in rows.iter().zip(&self.labels) {
            if let Some(label) = label {
                values.extend_from_slice(row);
                labels.push(*label);
            }
        }
        (values, labels)
    }
}

/// A fit under way.
#[derive(Debug)]
enum Run {
    KMeans(Box<KMeansSearch>),
    Mixture(Box<Fitting>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Fit {
        k: usize,
    },
    Silhouette {
        at: usize,
    },
    Resample {
        turn: u64,
        at: usize,
    },
    /// The gap's k-means: of the data as set 0, then of the reference sets.
    Spread {
        set: u64,
        k: usize,
    },
    Done,
}

/// Sampled customers.
#[derive(Debug)]
pub(super) struct Sample {
    /// Scaled rows, one number or more each.
    pub(super) numbers: Vec<f64>,
    pub(super) columns: usize,
    /// Categories, row after row.
    pub(super) codes: Vec<u32>,
    pub(super) categories: usize,
}

/// The search.
#[derive(Debug)]
pub(super) struct Search {
    method: ClusterMethod,
    linkage: Linkage,
    radius: Option<f64>,
    neighbours: usize,
    least_size: usize,
    seed: u64,
    /// The least and largest number of clusters to try, and whether it is the caller's own.
    numbers: (usize, usize),
    is_asked: bool,
    sample: Vec<f64>,
    columns: usize,
    /// Categories of the same customers, row after row, how many of them, and what a mismatch costs
    /// in squared units of the numbers.
    codes: Vec<u32>,
    categories: usize,
    pub(super) weight: f64,
    task: Task,
    run: Option<Run>,
    silhouette: Option<(Vec<f64>, Vec<u32>, Silhouette)>,
    /// Rows of this turn's resample, by their place in the sample, and the tree over them.
    drawn: Vec<u32>,
    resample: Vec<f64>,
    drawn_codes: Vec<u32>,
    tree: Option<Tree>,
    thin: Vec<f64>,
    reference: Option<Reference>,
    set: Vec<f64>,
    /// Inertia of the data and of each set, for each number of clusters from 1.
    spreads: Vec<Vec<f64>>,
    pub(super) found: Vec<Candidate>,
    /// The gap of one cluster.
    pub(super) undivided: Option<Gap>,
    pub(super) work: u64,
}

impl Search {
    /// The sample in an order that does not depend on anybody's name.
    pub(super) fn new(options: &ClustersOptions, sample: Sample) -> Self {
        let Sample { numbers: sample, columns, codes, categories } = sample;
        let rows = sample.len() / columns.max(1);
        let weight = options.mismatch_weight.unwrap_or_else(|| usual_weight(&sample, columns));
        let (least, most) = match options.clusters {
            Some(asked) => (usize::from(asked), usize::from(asked)),
            None => (2, usize::from(options.most_clusters)),
        };
        let of_size = |share: usize| (rows / share).max(10);
        Search {
            method: options.method,
            linkage: options.linkage,
            radius: options.radius,
            neighbours: options.least_neighbours.map_or(2 * columns.max(2), usize::from),
            least_size: options.least_size.map_or(of_size(20), usize::from),
            seed: u64::from(options.seed),
            numbers: if options.method.finds_number() { (0, 0) } else { (least, most) },
            is_asked: options.clusters.is_some(),
            sample,
            columns,
            codes,
            categories,
            weight,
            task: Task::Fit { k: if options.method.finds_number() { 0 } else { least } },
            run: None,
            silhouette: None,
            drawn: Vec::new(),
            resample: Vec::new(),
            drawn_codes: Vec::new(),
            tree: None,
            thin: Vec::new(),
            reference: None,
            set: Vec::new(),
            spreads: Vec::new(),
            found: Vec::new(),
            undivided: None,
            work: 0,
        }
    }

    /// Works for about `budget` comparisons of two rows, or one piece of a fit; true once done.
    pub(super) fn step(&mut self, budget: usize) -> Result<bool> {
        let until = self.work + budget.max(1) as u64;
        while self.work < until && self.task != Task::Done {
            let left = (until - self.work) as usize;
            self.task = match self.task {
                Task::Fit { k } => self.fit(k, left)?,
                Task::Silhouette { at } => self.silhouette(at, left)?,
                Task::Resample { turn, at } => self.resample(turn, at, left)?,
                Task::Spread { set, k } => self.spread(set, k, left)?,
                Task::Done => Task::Done,
            };
        }
        Ok(self.task == Task::Done)
    }

    /// A rough number of comparisons in all, to tell progress by.
    pub(super) fn estimate(&self) -> u64 {
        let rows = (self.sample.len() / self.columns.max(1)) as u64;
        let numbers = (self.numbers.1 - self.numbers.0 + 1) as u64;
        let fit = rows * 20 * u64::from(STARTS);
        numbers * (fit + rows * rows + RESAMPLES * fit)
            + REFERENCES * self.numbers.1 as u64 * 20 * rows.min(GAP_ROWS as u64)
    }

    pub(super) fn sample(&self) -> &[f64] {
        &self.sample
    }

    pub(super) fn heap_size(&self) -> usize {
        (self.sample.capacity() + self.resample.capacity() + self.set.capacity()) * 8
    }

    /// A step of a fit to some rows; the fit once it is done.
    fn fit_step(
        &mut self,
        rows: Matrix<'_>,
        codes: &[u32],
        k: usize,
        seed: u64,
        budget: usize,
    ) -> Result<Option<Fit>> {
        let pairs = (rows.rows() * rows.rows()) as u64;
        match self.method {
            ClusterMethod::Kmeans | ClusterMethod::Gmm => {}
            ClusterMethod::Hierarchical => {
                if self.tree.is_none() {
                    self.tree = Some(hierarchical(rows, self.linkage)?);
                    self.work += pairs;
                }
                self.work += rows.rows() as u64;
                let labels = self.tree.as_ref().map(|tree| tree.cut(k)).transpose()?;
                let labels = labels.unwrap_or_default();
                let centres = means(rows, &labels, k);
                let labels = labels.into_iter().map(Some).collect();
                return Ok(Some(Fit { labels, centres, ..Fit::default() }));
            }
            ClusterMethod::Kmodes | ClusterMethod::Kprototypes => {
                // Some passes over all rows, each against all prototypes.
                self.work += (rows.rows() * k) as u64 * u64::from(STARTS) * 10;
                let categories = Some(Categories::new(codes, self.categories)?);
                let data = Mixed { numbers: Some(rows), categories, weight: self.weight };
                let found = kprototypes(data, k, None, STARTS, seed)?;
                let mut is_used = vec![false; k];
                for label in &found.labels {
                    if let Some(used) = is_used.get_mut(*label as usize) {
                        *used = true;
                    }
                }
                if is_used.contains(&false) {
                    let hint = "there are fewer distinct customers than clusters";
                    return Err(Error::new(Code::NotEnoughData, hint));
                }
                let labels = found.labels.into_iter().map(Some).collect();
                let prototypes = Some(found.prototypes);
                return Ok(Some(Fit { labels, prototypes, ..Fit::default() }));
            }
            ClusterMethod::Dbscan => {
                let radius = match self.radius {
                    Some(radius) => radius,
                    None => usual_radius(rows, self.neighbours)?,
                };
                // The same for resamples, in which equal rows lie closer.
                self.radius = Some(radius);
                self.work += pairs;
                let found = dbscan(rows, radius, self.neighbours)?;
                return Ok(Some(Fit {
                    labels: found.labels,
                    reach: Some(radius),
                    ..Fit::default()
                }));
            }
            ClusterMethod::Hdbscan => {
                self.work += pairs;
                let found = hdbscan(rows, self.least_size.max(2), self.neighbours)?;
                return Ok(Some(Fit { labels: found.labels, ..Fit::default() }));
            }
        }
        let run = self
            .run
            .get_or_insert_with(|| Run::KMeans(Box::new(KMeansSearch::new(k, STARTS, seed))));
        match run {
            Run::KMeans(search) => {
                let before = search.work();
                let found = search.step(rows, budget)?;
                self.work += (search.work() - before).max(1);
                let Some(found) = found else { return Ok(None) };
                if self.method == ClusterMethod::Gmm {
                    let options = MixtureOptions {
                        // A hundredth of the spread of a column: equal customers are no component
                        // of infinite density.
                        least_variance: 1e-4,
                        tolerance: 1e-6,
                        most_steps: 500,
                    };
                    let fitting = Fitting::new(rows, &found.centres, &options)?;
                    self.run = Some(Run::Mixture(Box::new(fitting)));
                    return Ok(None);
                }
                self.run = None;
                let labels = found.labels.into_iter().map(Some).collect();
                Ok(Some(Fit { labels, centres: found.centres, ..Fit::default() }))
            }
            Run::Mixture(fitting) => {
                self.work += (rows.rows() * k) as u64;
                let Some(found) = fitting.step(rows)? else { return Ok(None) };
                self.run = None;
                let of_row = |shares: &[f64]| {
                    let most = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    shares.iter().position(|share| *share == most).map(|at| at as u32)
                };
                let labels = found.memberships.chunks(k.max(1)).map(of_row).collect();
                let centres = found.means.clone();
                Ok(Some(Fit { labels, centres, mixture: Some(found), ..Fit::default() }))
            }
        }
    }

    /// What follows the fit of a number.
    fn after(&self, k: usize) -> Task {
        if k < self.numbers.1 {
            return Task::Fit { k: k + 1 };
        }
        if self.found.is_empty() { Task::Done } else { Task::Silhouette { at: 0 } }
    }

    fn fit(&mut self, k: usize, budget: usize) -> Result<Task> {
        let (sample, codes) = (std::mem::take(&mut self.sample), std::mem::take(&mut self.codes));
        let fit = Matrix::seen(&sample, self.columns)
            .and_then(|rows| self.fit_step(rows, &codes, k, self.seed, budget));
        (self.sample, self.codes) = (sample, codes);
        let fit = match fit {
            Ok(None) => return Ok(Task::Fit { k }),
            Ok(Some(fit)) => fit,
            Err(error) if is_out_of_the_question(&error) => {
                self.run = None;
                if self.is_asked {
                    return Err(error.at_path("clusters"));
                }
                self.tree = if k < self.numbers.1 { self.tree.take() } else { None };
                return Ok(self.after(k));
            }
            Err(error) => return Err(error),
        };
        let clusters = fit.clusters();
        self.found.push(Candidate {
            clusters,
            similar: vec![0.0; clusters],
            fit,
            silhouette: None,
            rand: 0.0,
            gap: None,
        });
        if k >= self.numbers.1 {
            self.tree = None;
        }
        Ok(self.after(k))
    }

    fn silhouette(&mut self, at: usize, budget: usize) -> Result<Task> {
        let Some(candidate) = self.found.get_mut(at) else { return Ok(self.first_resample()) };
        if self.silhouette.is_none() {
            let rows = Matrix::seen(&self.sample, self.columns)?;
            let (values, labels) = candidate.fit.without_noise(rows);
            let run = Silhouette::new(Matrix::seen(&values, self.columns)?, &labels);
            let Ok(run) = run else { return Ok(Task::Silhouette { at: at + 1 }) };
            self.silhouette = Some((values, labels, run));
        }
        let Some((values, labels, run)) = &mut self.silhouette else {
            return Ok(Task::Silhouette { at: at + 1 });
        };
        let before = run.values.len();
        let rows = Matrix::seen(values, self.columns)?;
        let is_done = if self.categories > 0 && self.method.knows_categories() {
            // These methods leave nobody out: places are those of the sample.
            let codes = Categories::new(&self.codes, self.categories)?;
            run.step_by(labels, budget, |a, b| {
                let differ = mismatches(codes.row(a), codes.row(b)) as f64;
                (squared_distance(rows.row(a), rows.row(b)) + self.weight * differ).sqrt()
            })
        } else {
            run.step(rows, labels, budget)
        };
        self.work += ((run.values.len() - before) * labels.len()) as u64;
        if !is_done {
            return Ok(Task::Silhouette { at });
        }
        candidate.silhouette = Some(run.values.iter().sum::<f64>() / run.values.len() as f64);
        self.silhouette = None;
        Ok(Task::Silhouette { at: at + 1 })
    }

    fn first_resample(&mut self) -> Task {
        self.draw(0);
        Task::Resample { turn: 0, at: 0 }
    }

    /// Draws the rows of a turn: with replacement, except for methods of density, to which a row
    /// drawn twice is a dense place; they get four rows in five (Hennig's "subsetting").
    fn draw(&mut self, turn: u64) {
        let rows = (self.sample.len() / self.columns.max(1)) as u32;
        let mut random = Random::new(self.seed, 1_000 + turn);
        self.drawn = if self.method.finds_number() {
            (0..rows).filter(|_| random.unit() < 0.8).collect()
        } else {
            (0..rows).map(|_| random.below(rows)).collect()
        };
        let row = |at: &u32| {
            let from = *at as usize * self.columns;
            self.sample.get(from..from + self.columns).unwrap_or_default().iter().copied()
        };
        self.resample = self.drawn.iter().flat_map(row).collect();
        let codes = |at: &u32| {
            let from = *at as usize * self.categories;
            self.codes.get(from..from + self.categories).unwrap_or_default().iter().copied()
        };
        self.drawn_codes = self.drawn.iter().flat_map(codes).collect();
        self.tree = None;
    }

    fn resample(&mut self, turn: u64, at: usize, budget: usize) -> Result<Task> {
        let Some(clusters) = self.found.get(at).map(|candidate| candidate.clusters) else {
            if turn + 1 == RESAMPLES {
                self.tree = None;
                return self.first_spread();
            }
            self.draw(turn + 1);
            return Ok(Task::Resample { turn: turn + 1, at: 0 });
        };
        let next = Task::Resample { turn, at: at + 1 };
        let resample = std::mem::take(&mut self.resample);
        let codes = std::mem::take(&mut self.drawn_codes);
        let fit = Matrix::seen(&resample, self.columns)
            .and_then(|rows| self.fit_step(rows, &codes, clusters, self.seed + 1 + turn, budget));
        (self.resample, self.drawn_codes) = (resample, codes);
        let fit = match fit {
            Ok(None) => return Ok(Task::Resample { turn, at }),
            Ok(Some(fit)) => fit,
            // Too few distinct customers were drawn: as unstable as can be.
            Err(error) if is_out_of_the_question(&error) => {
                self.run = None;
                return Ok(next);
            }
            Err(error) => return Err(error),
        };
        let Some(candidate) = self.found.get_mut(at) else { return Ok(next) };
        let own = |row: &u32| candidate.fit.labels.get(*row as usize).copied().flatten();
        let before: Vec<Option<u32>> = self.drawn.iter().map(own).collect();
        let similar = jaccard(&before, &fit.labels, clusters)?;
        candidate.similar.iter_mut().zip(similar).for_each(|(sum, value)| *sum += value);
        // Noise is a class of its own here.
        let classes = |labels: &[Option<u32>]| -> Vec<u32> {
            labels.iter().map(|label| label.map_or(u32::MAX, |label| label)).collect()
        };
        candidate.rand += agreement(&classes(&before), &classes(&fit.labels))?.adjusted_rand;
        Ok(next)
    }

    fn first_spread(&mut self) -> Result<Task> {
        if self.method.finds_number() || self.method.knows_categories() {
            return Ok(Task::Done);
        }
        let rows = Matrix::seen(&self.sample, self.columns)?;
        let every = rows.rows().div_ceil(GAP_ROWS).max(1);
        self.thin = rows.iter().step_by(every).flatten().copied().collect();
        let thin = Matrix::seen(&self.thin, self.columns)?;
        self.reference = Some(Reference::new(thin)?);
        self.set.clone_from(&self.thin);
        self.spreads = vec![Vec::new(); self.numbers.1];
        Ok(Task::Spread { set: 0, k: 1 })
    }

    fn spread(&mut self, set: u64, k: usize, budget: usize) -> Result<Task> {
        let run = self
            .run
            .get_or_insert_with(|| Run::KMeans(Box::new(KMeansSearch::new(k, STARTS, self.seed))));
        let Run::KMeans(search) = run else { return Ok(Task::Done) };
        let before = search.work();
        let found = search.step(Matrix::seen(&self.set, self.columns)?, budget);
        self.work += (search.work() - before).max(1);
        let inertia = match found {
            Ok(None) => return Ok(Task::Spread { set, k }),
            Ok(Some(found)) => found.inertia,
            Err(error) if is_out_of_the_question(&error) => 0.0,
            Err(error) => return Err(error),
        };
        self.run = None;
        if let Some(spreads) = self.spreads.get_mut(k - 1) {
            spreads.push(inertia);
        }
        // One, and those that were tried.
        let next = if k == 1 { self.numbers.0 } else { k + 1 };
        if next <= self.numbers.1 {
            return Ok(Task::Spread { set, k: next });
        }
        if set == REFERENCES {
            self.gaps();
            return Ok(Task::Done);
        }
        if let Some(reference) = &self.reference {
            self.set = reference.draw(&mut Random::new(self.seed, 2_000 + set));
        }
        Ok(Task::Spread { set: set + 1, k: 1 })
    }

    fn gaps(&mut self) {
        let of = |k: usize| {
            let spreads = self.spreads.get(k.checked_sub(1)?)?;
            let (inertia, references) = spreads.split_first()?;
            gap(*inertia, references)
        };
        self.undivided = of(1);
        let gaps: Vec<Option<Gap>> = self.found.iter().map(|one| of(one.clusters)).collect();
        self.found.iter_mut().zip(gaps).for_each(|(candidate, gap)| candidate.gap = gap);
    }
}

/// Fewer distinct customers than clusters, or a component without any: this number cannot be.
fn is_out_of_the_question(error: &Error) -> bool {
    matches!(error.code(), Code::NotEnoughData | Code::NotIdentifiable)
}

/// The means of labelled rows, cluster after cluster.
fn means(rows: Matrix<'_>, labels: &[u32], clusters: usize) -> Vec<f64> {
    let mut sums = vec![0.0; clusters * rows.columns()];
    let mut counts = vec![0.0_f64; clusters];
    for (row, label) in rows.iter().zip(labels) {
        let at = *label as usize;
        if let Some(count) = counts.get_mut(at) {
            *count += 1.0;
        }
        let sums = sums.iter_mut().skip(at * rows.columns());
        sums.zip(row).for_each(|(sum, value)| *sum += value);
    }
    for (mean, count) in sums.chunks_mut(rows.columns()).zip(counts) {
        mean.iter_mut().for_each(|value| *value /= count.max(1.0));
    }
    sums
}

/// Huang's: half the mean standard deviation of the columns; 1 where none varies.
fn usual_weight(numbers: &[f64], columns: usize) -> f64 {
    let columns = columns.max(1);
    let rows = (numbers.len() / columns).max(1) as f64;
    let spread = |column: usize| {
        let values = || numbers.iter().skip(column).step_by(columns);
        let mean = values().sum::<f64>() / rows;
        (values().map(|value| (value - mean) * (value - mean)).sum::<f64>() / rows).sqrt()
    };
    let mean = (0..columns).map(spread).sum::<f64>() / columns as f64;
    if mean > 0.0 { mean / 2.0 } else { 1.0 }
}

/// The distance within which 95 % of the rows have `neighbours` rows, themselves included.
fn usual_radius(rows: Matrix<'_>, neighbours: usize) -> Result<f64> {
    let tree = Neighbours::new(rows);
    let distances: Vec<f64> = rows.iter().map(|row| tree.kth_distance(row, neighbours)).collect();
    let found = quantiles(&distances, &[0.95], QuantileType::Linear)?;
    let radius = found.and_then(|found| found.first().copied()).unwrap_or(0.0);
    Ok(if radius > 0.0 { radius } else { f64::MIN_POSITIVE })
}
