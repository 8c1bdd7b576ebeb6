//! `clusters`: the groups that customers form by themselves, if they do.
//!
//! k-means on recency, frequency and money: counts and money as logarithms, every column scaled
//! robustly, so that no unit and no single large customer decides. The number of clusters is
//! chosen by silhouette and by stability under resampling, both on a seeded sample; where neither
//! is convincing the answer is "no clear clusters", and no labels are made up.
//!
//! When not to use it: customers often form a continuum. Then groups by rule (`rfm`) are honest
//! and clusters are not; `isClear: false` says so.

use serde::{Deserialize, Serialize};

use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::learn::cluster::agreement::agreement;
use crate::learn::cluster::kmeans::{self, KMeans, kmeans as run, nearest_centres};
use crate::learn::cluster::quality::silhouette;
use crate::learn::matrix::Matrix;
use crate::learn::scale::{Scaler, Scaling};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values};
use crate::segment::population::{Population, PurchaseRules, collected, no_memory, unfinished};
use crate::stats::random::Random;

/// Options of `clusters`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClustersOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out.
    pub at: String,
    /// The number of clusters, 2 to 20. Default: chosen from the data, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<u8>,
    /// The largest number of clusters to try, 2 to 20.
    #[serde(default = "usual_most")]
    pub most_clusters: u8,
    /// The mean silhouette from which clusters are clear. 0.5 is where Kaufman and Rousseeuw begin
    /// to speak of a reasonable structure.
    #[serde(default = "usual_silhouette")]
    pub least_silhouette: f64,
    /// The stability from which clusters are clear: the mean adjusted Rand index between the
    /// partition and those found on resampled customers.
    #[serde(default = "usual_stability")]
    pub least_stability: f64,
    /// Names the random streams: the same seed gives the same clusters.
    #[serde(default)]
    pub seed: u32,
    /// What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// What a negative amount does.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
}

fn usual_most() -> u8 {
    8
}

fn usual_silhouette() -> f64 {
    0.5
}

fn usual_stability() -> f64 {
    0.75
}

/// Result of `clusters`. The column set `customers` holds `customer` and `cluster` (index into
/// `clusters`); it is empty where no clusters are clear.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClustersResult {
    /// Whether the clusters are clear. False with clusters means that their number was asked for.
    pub is_clear: bool,
    /// Every number of clusters that was tried.
    pub tried: Vec<Tried>,
    /// The clusters, the largest money per customer first; empty where none are clear.
    pub clusters: Vec<Cluster>,
    /// What assigns a new customer; null where there are no clusters.
    pub model: Option<Model>,
}

/// One number of clusters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tried {
    /// How many clusters.
    pub clusters: u8,
    /// Mean silhouette of the sample, −1 to 1.
    pub silhouette: f64,
    /// Mean adjusted Rand index under resampling, about 0 to 1.
    pub stability: f64,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cluster {
    /// How many customers.
    pub customers: u64,
    /// Their share of all customers, 0 to 1.
    pub customers_share: f64,
    /// Their money.
    pub revenue: f64,
    /// What sets it apart, the largest effect first.
    pub features: Vec<FeatureEffect>,
}

/// How a cluster differs from all other customers in one measure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeatureEffect {
    /// The measure.
    pub feature: Feature,
    /// Mean in the cluster, in the measure's own unit.
    pub mean: f64,
    /// Cohen's d on the scale that was clustered: the difference of the means of cluster and rest
    /// over their pooled standard deviation. 0.2 is small, 0.8 large. Null if nothing varies.
    pub effect: Option<f64>,
}

/// What is clustered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Feature {
    /// Days since the last purchase.
    Recency,
    /// `ln` of the number of purchases.
    Frequency,
    /// `sign(m)·ln(1 + |m|)` of the money.
    Monetary,
}

const FEATURES: [Feature; 3] = [Feature::Recency, Feature::Frequency, Feature::Monetary];

/// What assigns a new customer: scale, then the nearest centre. Columns are recency, frequency and
/// money, transformed as [`Feature`] says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Model {
    /// What is subtracted from each column, and what it is divided by.
    pub scaler: Scaler,
    /// The centres of the clusters in scaled columns, in the order of `clusters`.
    pub centres: Vec<Vec<f64>>,
}

/// The most customers that the number of clusters is chosen on.
const SAMPLE: usize = 1_500;
/// Resamples for stability.
const RESAMPLES: u64 = 10;
/// Starts of each k-means run.
const STARTS: u32 = 4;
/// Passes of the last run over all customers.
const MOST_PASSES: u32 = 100;

/// The running analysis.
#[derive(Debug)]
pub struct Clusters {
    options: ClustersOptions,
    population: Population,
    phase: Phase,
    scaler: Option<Scaler>,
    /// Scaled rows of all customers.
    scaled: Vec<f64>,
    /// Scaled rows of the sample.
    sample: Vec<f64>,
    tried: Vec<(Tried, Vec<f64>)>,
    state: Option<KMeans>,
    answer: Option<(ClustersResult, Vec<u8>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Customers,
    Scale,
    Try(u8),
    Pass,
    Result,
    Done,
}

fn rules(options: &ClustersOptions) -> PurchaseRules {
    PurchaseRules { count: options.count, refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for Clusters {
    const NAME: &'static str = "clusters";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "k-means with silhouette and resampling stability",
        reference: "Arthur, D., Vassilvitskii, S. (2007). k-means++: The Advantages of Careful \
                    Seeding. SODA. Rousseeuw, P. J. (1987). Silhouettes. J. Comput. Appl. Math. 20.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = ClustersOptions;
    type Result = ClustersResult;

    fn needs(options: &ClustersOptions, _input: usize) -> Result<Needs> {
        Ok(Population::needs(rules(options)))
    }

    fn estimate(options: &ClustersOptions, inputs: &[Facts<'_>]) -> u64 {
        let of = |log: &Facts<'_>| {
            // Features, scaled features, labels, money.
            Population::estimate(rules(options), log) + log.customers * (24 + 24 + 4 + 8 + 1)
        };
        inputs.first().map_or(0, of)
    }

    fn start(options: ClustersOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let log = inputs
            .first()
            .ok_or_else(|| Error::new(Code::UnknownTable, "`clusters` reads one log"))?;
        let counts =
            [("clusters", options.clusters), ("mostClusters", Some(options.most_clusters))];
        for (name, count) in counts {
            if count.is_some_and(|count| !(2..=20).contains(&count)) {
                return Err(
                    Error::new(Code::InvalidOption, "between 2 and 20 clusters").at_path(name)
                );
            }
        }
        let marks = [
            ("leastSilhouette", options.least_silhouette),
            ("leastStability", options.least_stability),
        ];
        for (name, mark) in marks {
            if !(-1.0..=1.0).contains(&mark) {
                return Err(
                    Error::new(Code::InvalidOption, "this lies between -1 and 1").at_path(name)
                );
            }
        }
        let population = Population::start(&options.at, rules(&options), log)
            .map_err(|error| error.at_path("at"))?;
        Ok(Clusters {
            options,
            population,
            phase: Phase::Customers,
            scaler: None,
            scaled: Vec::new(),
            sample: Vec::new(),
            tried: Vec::new(),
            state: None,
            answer: None,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.population.update(rows)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let customers = self.population.known() as u64;
        let total = customers * 4 + 1;
        let done = match self.phase {
            Phase::Customers => {
                if self.population.settle(budget)? {
                    self.phase = Phase::Scale;
                }
                self.population.summary.len() as u64
            }
            Phase::Scale => {
                self.scale()?;
                self.phase = self.first_try();
                customers
            }
            Phase::Try(clusters) => {
                self.try_number(clusters)?;
                self.phase = self.after_try(clusters)?;
                customers * 2
            }
            Phase::Pass => {
                let rows = Matrix::new(&self.scaled, FEATURES.len())?;
                let is_done = match &mut self.state {
                    Some(state) => kmeans::pass(rows, state, MOST_PASSES)?,
                    None => true,
                };
                if is_done {
                    self.phase = Phase::Result;
                }
                customers * 3
            }
            Phase::Result => {
                self.answer = Some(self.result()?);
                self.phase = Phase::Done;
                total
            }
            Phase::Done => total,
        };
        Ok(Progress { done: done.min(total), total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<ClustersResult, ClustersOptions>> {
        let (result, labels) = self.answer.take().ok_or_else(unfinished)?;
        let summary = &self.population.summary;
        let codes = if labels.is_empty() { &[][..] } else { &summary.codes };
        let length = codes.len();
        let columns = vec![
            NamedColumn { name: "customer", values: Population::ids(codes, names)? },
            NamedColumn { name: "cluster", values: Values::U8(labels) },
        ];
        self.options.count = Some(self.population.count());
        Ok(Outcome {
            result,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            rows: summary.rows,
            customers: summary.len() as u64,
            left_out: self.population.left_out(),
            warnings: Vec::new(),
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.population.heap_size() + (self.scaled.capacity() + self.sample.capacity()) * 8
    }
}

impl Clusters {
    /// Transforms and scales the columns, and draws the sample.
    fn scale(&mut self) -> Result<()> {
        let summary = &self.population.summary;
        let money = self.population.money()?;
        let customers = summary.len();
        let mut features = Vec::new();
        features.try_reserve_exact(customers * FEATURES.len()).map_err(|_| no_memory())?;
        let measures = summary.recency.iter().zip(&summary.frequency).zip(money);
        for ((recency, frequency), money) in measures {
            let spent = libm::log1p(money.abs()).copysign(money);
            features.extend([*recency as f64, libm::log(*frequency as f64), spent]);
        }
        let rows = Matrix::new(&features, FEATURES.len())?;
        let scaler = Scaler::fit(rows, Scaling::Robust)?;
        self.scaled = scaler.scaled(rows);
        self.scaler = Some(scaler);
        let rows = Matrix::new(&self.scaled, FEATURES.len())?;
        if customers <= SAMPLE {
            self.sample.clone_from(&self.scaled);
        } else {
            // Each customer once, in the order of the log (Knuth's selection sampling).
            let mut random = Random::new(u64::from(self.options.seed), 0);
            let mut left = SAMPLE;
            for (at, row) in rows.iter().enumerate() {
                if random.unit() * ((customers - at) as f64) < left as f64 {
                    self.sample.extend_from_slice(row);
                    left -= 1;
                }
            }
        }
        Ok(())
    }

    fn first_try(&self) -> Phase {
        Phase::Try(self.options.clusters.unwrap_or(2))
    }

    /// Clusters the sample and resamples of it.
    fn try_number(&mut self, clusters: u8) -> Result<()> {
        let sample = Matrix::new(&self.sample, FEATURES.len())?;
        let (count, k) = (sample.rows(), usize::from(clusters));
        let seed = u64::from(self.options.seed);
        let found = match run(sample, k, STARTS, seed) {
            Ok(found) => found,
            // Fewer distinct customers than clusters: this number is out of the question.
            Err(error) if error.code() == Code::NotEnoughData => {
                return if self.options.clusters.is_some() {
                    Err(error.at_path("clusters"))
                } else {
                    Ok(())
                };
            }
            Err(error) => return Err(error),
        };
        let silhouettes = silhouette(sample, &found.labels);
        let mean = silhouettes.map_or(0.0, |all| all.iter().sum::<f64>() / all.len() as f64);
        let (mut sum, mut runs) = (0.0, 0.0);
        for resample in 0..RESAMPLES {
            let mut random = Random::new(seed, 1_000 + resample);
            let drawn: Vec<f64> = (0..count)
                .flat_map(|_| sample.row(random.below(count as u32) as usize).iter().copied())
                .collect();
            let Ok(other) = run(Matrix::new(&drawn, FEATURES.len())?, k, 2, seed + 1 + resample)
            else {
                // Too few distinct customers were drawn: as unstable as can be.
                runs += 1.0;
                continue;
            };
            let labels = nearest_centres(sample, &other.centres);
            sum += agreement(&found.labels, &labels)?.adjusted_rand;
            runs += 1.0;
        }
        let tried = Tried { clusters, silhouette: mean, stability: sum / f64::max(runs, 1.0) };
        self.tried.push((tried, found.centres));
        Ok(())
    }

    fn is_clear(&self, tried: &Tried) -> bool {
        tried.silhouette >= self.options.least_silhouette
            && tried.stability >= self.options.least_stability
    }

    /// The clear number with the best silhouette, or the one that was asked for.
    fn chosen(&self) -> Option<&(Tried, Vec<f64>)> {
        if self.options.clusters.is_some() {
            return self.tried.first();
        }
        let clear = self.tried.iter().filter(|(tried, _)| self.is_clear(tried));
        clear.max_by(|a, b| a.0.silhouette.total_cmp(&b.0.silhouette))
    }

    fn after_try(&mut self, clusters: u8) -> Result<Phase> {
        if self.options.clusters.is_none() && clusters < self.options.most_clusters {
            return Ok(Phase::Try(clusters + 1));
        }
        let Some((_, centres)) = self.chosen() else { return Ok(Phase::Result) };
        let rows = Matrix::new(&self.scaled, FEATURES.len())?;
        self.state = Some(kmeans::start(rows, centres.clone())?);
        Ok(Phase::Pass)
    }

    fn result(&self) -> Result<(ClustersResult, Vec<u8>)> {
        let is_clear = self.chosen().is_some_and(|(tried, _)| self.is_clear(tried));
        let tried = self.tried.iter().map(|(tried, _)| *tried).collect();
        let (Some(state), Some(scaler)) = (&self.state, &self.scaler) else {
            let none = ClustersResult { is_clear, tried, clusters: Vec::new(), model: None };
            return Ok((none, Vec::new()));
        };
        let summary = &self.population.summary;
        let money = self.population.money()?;
        let all = summary.len();
        let mut order = Vec::new();
        for cluster in 0..state.centres.len() / FEATURES.len() {
            let members = state.labels.iter().zip(&money);
            let own = members.filter(|(label, _)| **label as usize == cluster);
            let (count, sum) = own.fold((0_u64, 0.0), |(n, sum), (_, money)| (n + 1, sum + money));
            order.push((cluster as u32, count, sum));
        }
        order.retain(|(_, count, _)| *count > 0);
        let mean = |(_, count, sum): &(u32, u64, f64)| sum / *count as f64;
        order.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
        let place = |label: u32| order.iter().position(|(cluster, ..)| *cluster == label);
        let labels = state.labels.iter().map(|label| place(*label).unwrap_or(0) as u8);
        let labels = collected(labels, all)?;
        let rows = Matrix::new(&self.scaled, FEATURES.len())?;
        let mut clusters = Vec::new();
        for (name, (_, customers, revenue)) in order.iter().enumerate() {
            let raw = |feature: Feature, at: usize| match feature {
                Feature::Recency => summary.recency.get(at).map_or(0.0, |days| *days as f64),
                Feature::Frequency => summary.frequency.get(at).map_or(0.0, |count| *count as f64),
                Feature::Monetary => money.get(at).copied().unwrap_or(0.0),
            };
            let mut features: Vec<FeatureEffect> = FEATURES
                .into_iter()
                .enumerate()
                .map(|(column, feature)| {
                    let own = labels.iter().enumerate().filter(|(_, l)| usize::from(**l) == name);
                    let sum: f64 = own.map(|(at, _)| raw(feature, at)).sum();
                    let effect = effect(rows.column(column), &labels, name as u8);
                    FeatureEffect { feature, mean: sum / *customers as f64, effect }
                })
                .collect();
            let size = |one: &FeatureEffect| one.effect.unwrap_or(0.0).abs();
            features.sort_by(|a, b| size(b).total_cmp(&size(a)));
            let customers_share = *customers as f64 / all as f64;
            clusters.push(Cluster {
                customers: *customers,
                customers_share,
                revenue: *revenue,
                features,
            });
        }
        let centre = |label: u32| {
            let from = label as usize * FEATURES.len();
            state.centres.get(from..from + FEATURES.len()).unwrap_or_default().to_vec()
        };
        let centres = order.iter().map(|(label, ..)| centre(*label)).collect();
        let model = Some(Model { scaler: scaler.clone(), centres });
        Ok((ClustersResult { is_clear, tried, clusters, model }, labels))
    }
}

/// Cohen's d between the rows of one label and all others.
fn effect(values: impl Iterator<Item = f64> + Clone, labels: &[u8], name: u8) -> Option<f64> {
    let mut sums = [(0.0, 0.0); 2];
    for (value, label) in values.clone().zip(labels) {
        let (count, sum) = sums.get_mut(usize::from(*label == name))?;
        *count += 1.0;
        *sum += value;
    }
    let [(n_rest, rest), (n_own, own)] = sums;
    if n_rest == 0.0 || n_own == 0.0 {
        return None;
    }
    let (rest, own) = (rest / n_rest, own / n_own);
    let square = |(value, label): (f64, &u8)| {
        let mean = if *label == name { own } else { rest };
        (value - mean).powi(2)
    };
    let within: f64 = values.zip(labels).map(square).sum();
    let degrees = n_rest + n_own - 2.0;
    let spread = if degrees > 0.0 { (within / degrees).sqrt() } else { 0.0 };
    (spread > 0.0).then(|| (own - rest) / spread)
}
