//! `clusters`: the groups that customers form by themselves, if they do.
//!
//! Measures of customers, money and counts as logarithms, every column scaled robustly, so that no
//! unit and no single large customer decides (`features`). The number of clusters is chosen on a
//! sample by silhouette, by stability under resampling and by the gap statistic (`search`);
//! where they are not convincing the answer is "no clear clusters", and no labels are made up.
//! What assigns a customer is exported, and can be given to assign others later (`model`).
//!
//! When not to use it: customers often form a continuum. Then groups by rule (`rfm`) are honest
//! and clusters are not; `isClear: false` says so.

mod attributes;
mod features;
mod model;
mod names;
mod search;

pub use features::Feature;
pub use model::{Model, NumberAttribute};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::customers::attributes::Latest;
use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::learn::cluster::hierarchical::Linkage;
use crate::learn::cluster::kmeans::Lloyd;
use crate::learn::matrix::Matrix;
use crate::learn::scale::{Scaler, Scaling};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::population::{Population, PurchaseRules, no_memory, unfinished};
use crate::segment::rfm::groups::Text;
use crate::stats::order::sort_by;
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::quantile::{QuantileType, quantiles};
use crate::table::role::Kind;
use attributes::Attributes;
use features::{Draw, money_unit};
use model::{MOST_ATTRIBUTES, NONE};
use search::{Candidate, Sample, Search};

/// How clusters are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ClusterMethod {
    /// Round clusters of similar spread, over all customers. The default.
    #[default]
    Kmeans,
    /// A Gaussian mixture: elliptic clusters that may overlap. Fitted to the sample.
    Gmm,
    /// A tree of merges over the sample, cut; see `linkage`.
    Hierarchical,
    /// Clusters of one density and any shape in the sample, and noise; finds their number.
    Dbscan,
    /// Clusters of different densities in the sample, and noise; finds their number.
    Hdbscan,
    /// Clusters of texts alone: the attributes that are texts. Fitted to the sample.
    Kmodes,
    /// Clusters of measures and texts together. Fitted to the sample.
    Kprototypes,
}

impl ClusterMethod {
    /// Whether the number of clusters comes out, instead of going in.
    fn finds_number(self) -> bool {
        matches!(self, ClusterMethod::Dbscan | ClusterMethod::Hdbscan)
    }

    /// Whether it clusters attributes that are texts.
    fn knows_categories(self) -> bool {
        matches!(self, ClusterMethod::Kmodes | ClusterMethod::Kprototypes)
    }

    /// The most customers that it is fitted to, and its number of clusters chosen on.
    fn sample(self) -> usize {
        match self {
            ClusterMethod::Kmeans | ClusterMethod::Gmm => 1_500,
            // They compare all pairs.
            _ => 1_000,
        }
    }
}

/// Options of `clusters`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClustersOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out.
    pub at: String,
    /// What is clustered, each measure once. Not used by `kmodes`.
    #[serde(default = "usual_features")]
    pub features: Vec<Feature>,
    /// Attributes of the log that are clustered too, by their names: each customer's latest value.
    /// Texts with `kmodes` and `kprototypes` only. A number that is missing counts as the median; a
    /// text that is missing is a category of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
    /// With `kprototypes`: what a text that differs costs, in squared scaled units. Default: half the
    /// mean standard deviation of the measures (Huang).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatch_weight: Option<f64>,
    /// How clusters are found.
    #[serde(default)]
    pub method: ClusterMethod,
    /// A model of an earlier report: customers are assigned by it, and nothing is fitted. Its
    /// measures count; `features`, `method` and the number of clusters are not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Model>,
    /// The number of clusters, 2 to 20. Default: chosen from the data, or none. Not with `dbscan`
    /// and `hdbscan`, which find their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<u8>,
    /// The largest number of clusters to try, 2 to 20.
    #[serde(default = "usual_most")]
    pub most_clusters: u8,
    /// The mean silhouette from which clusters are clear. 0.5 is where Kaufman and Rousseeuw begin
    /// to speak of a reasonable structure. Not asked of `dbscan` and `hdbscan`, whose clusters need
    /// not be round.
    #[serde(default = "usual_silhouette")]
    pub least_silhouette: f64,
    /// The stability from which clusters are clear: of the partition, the mean adjusted Rand index
    /// with those found on resampled customers; and of every cluster, the mean Jaccard similarity
    /// with the most similar one found there. 0.75 is where Hennig begins to speak of a stable
    /// cluster.
    #[serde(default = "usual_stability")]
    pub least_stability: f64,
    /// With `hierarchical`: the distance of two clusters.
    #[serde(default)]
    pub linkage: Linkage,
    /// With `dbscan`: the radius, in scaled units. Default: the distance within which 95 % of the
    /// sample have `leastNeighbours` customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius: Option<f64>,
    /// With `dbscan` and `hdbscan`: how many customers, counting itself, must be near for a
    /// customer to be in a dense place. Default: twice the number of measures, at least 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_neighbours: Option<u16>,
    /// With `hdbscan`: the fewest sampled customers of a cluster. Default: a twentieth of the sample,
    /// at least 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_size: Option<u16>,
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

fn usual_features() -> Vec<Feature> {
    vec![Feature::Recency, Feature::Frequency, Feature::Monetary]
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
/// `clusters`, 255 = in none); it is empty where no clusters are clear.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClustersResult {
    /// Whether the clusters are clear. False with clusters means that their number was asked for.
    /// Null where a model was given: nothing was tried.
    pub is_clear: Option<bool>,
    /// What to make of it, in a sentence.
    pub recommendation: Text,
    /// Every number of clusters that was tried.
    pub tried: Vec<Tried>,
    /// The gap statistic of one cluster, that is of none; null as in `tried`.
    pub undivided: Option<GapRow>,
    /// The clusters, the largest money per customer first; empty where none are clear.
    pub clusters: Vec<Cluster>,
    /// Customers who are in no cluster: noise, or out of the model's reach.
    pub unassigned: u64,
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
    /// Mean silhouette of the sample without noise, −1 to 1; null for fewer than two clusters.
    pub silhouette: Option<f64>,
    /// Mean adjusted Rand index under resampling, about 0 to 1.
    pub stability: f64,
    /// Mean Jaccard similarity of the least stable cluster under resampling, 0 to 1.
    pub jaccard: f64,
    /// The gap statistic of k-means with so many clusters; null with `dbscan` and `hdbscan`, and
    /// where there are no more distinct customers than clusters.
    pub gap: Option<GapRow>,
    /// Bayesian information criterion of a mixture, lower is better; null for other methods.
    pub bic: Option<f64>,
}

/// How much tighter customers are clustered than uniform ones would be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GapRow {
    /// Mean of `ln W` over reference sets less that of the customers.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cluster {
    /// A name by rule, from the two largest effects of half a standard deviation or more.
    pub name: Text,
    /// How many customers.
    pub customers: u64,
    /// Their share of all customers, 0 to 1.
    pub customers_share: f64,
    /// Wilson interval of the share, 95 %.
    pub share_interval: Interval,
    /// Their money.
    pub revenue: f64,
    /// Mean Jaccard similarity under resampling, 0 to 1: from 0.75 on the cluster is stable, below
    /// 0.5 it dissolves. Null where a model was given.
    pub jaccard: Option<f64>,
    /// What sets it apart, the largest effect first.
    pub features: Vec<FeatureEffect>,
    /// The same of attributes that are numbers.
    pub numbers: Vec<NumberEffect>,
    /// The same of attributes that are texts.
    pub texts: Vec<TextEffect>,
}

/// How a cluster differs from all other customers in an attribute of numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NumberEffect {
    /// The attribute.
    pub name: String,
    /// Mean in the cluster, with the median for what is missing.
    pub mean: f64,
    /// As in `features`.
    pub effect: Option<f64>,
}

/// How a cluster differs from all other customers in an attribute of texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextEffect {
    /// The attribute.
    pub name: String,
    /// The most frequent text of the cluster, the first by its bytes of equally frequent ones; null
    /// where it is missing most often.
    pub mode: Option<String>,
    /// Share of the cluster's customers who have it, 0 to 1.
    pub share: f64,
    /// The same share among all other customers; null if there are none.
    pub elsewhere: Option<f64>,
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
    /// over their pooled standard deviation. 0.2 is small, 0.8 large. Null if nothing varies within
    /// both, or there is no rest.
    pub effect: Option<f64>,
}

/// The most customers that quartiles and the unit of money are taken from.
const SCALED: usize = 65_536;
/// Passes of the last run over all customers.
const MOST_PASSES: u32 = 100;

/// The running analysis.
#[derive(Debug)]
pub struct Clusters {
    options: ClustersOptions,
    population: Population,
    phase: Phase,
    draw: Draw,
    money_unit: f64,
    scaler: Option<Scaler>,
    /// Attributes while rows arrive, and after.
    latest: Option<Latest>,
    attributes: Attributes,
    /// Of a model with texts: those of each point, as ranks.
    modes: Vec<u32>,
    /// Sampled customers of the search.
    sampled: Vec<u32>,
    /// Scaled rows of all customers.
    scaled: Vec<f64>,
    search: Option<Search>,
    lloyd: Option<Lloyd>,
    model: Option<Model>,
    /// The cluster of each customer, as the model numbers them.
    labels: Vec<u8>,
    sums: Vec<Sums>,
    /// The next customer of a walk, and the units of work that are behind it.
    next: usize,
    done: u64,
    answer: Option<ClustersResult>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Customers,
    Draw,
    Features,
    Search,
    Lloyd,
    Assign,
    Result,
    Done,
}

/// What is added up of the customers of one cluster.
#[derive(Clone, Debug, Default)]
struct Sums {
    customers: u64,
    minor: i128,
    /// Per column: values, scaled values, their squares.
    columns: Vec<[f64; 3]>,
    /// Per attribute of texts: customers by rank, the last of those whose text is missing.
    texts: Vec<Vec<u64>>,
}

/// The attributes that are read: those of a given model, or those that were asked for.
fn attributes_of(options: &ClustersOptions) -> Vec<&str> {
    match &options.model {
        Some(model) => model.attributes().collect(),
        None => options.attributes.iter().map(String::as_str).collect(),
    }
}

fn rules(options: &ClustersOptions) -> PurchaseRules {
    PurchaseRules { count: options.count, refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for Clusters {
    const NAME: &'static str = "clusters";
    const VERSION: u32 = 2;
    const METHOD: Method = Method {
        name: "Clustering with silhouette, gap statistic and resampling stability",
        reference: "Arthur, D., Vassilvitskii, S. (2007). k-means++. SODA. Tibshirani, R., Walther, \
                    G., Hastie, T. (2001). JRSS B 63. Hennig, C. (2007). Comput. Stat. Data Anal. 52.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = ClustersOptions;
    type Result = ClustersResult;

    fn needs(options: &ClustersOptions, _input: usize) -> Result<Needs> {
        Ok(Population::needs(rules(options)).and_attributes(attributes_of(options)))
    }

    fn estimate(options: &ClustersOptions, inputs: &[Facts<'_>]) -> u64 {
        let of = |log: &Facts<'_>| {
            let attributes = attributes_of(options).len() as u64;
            let columns = Feature::ALL.len() as u64 + attributes;
            // Scaled measures, labels twice, and who was met before while the sample is drawn.
            let per_customer = columns * 8 + 4 + 1 + 24;
            Population::estimate(rules(options), log)
                + Latest::estimate(attributes, log.rows, log.customers)
                + log.customers * per_customer
                + (4 << 20)
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
        let wrong = |path: &str, hint: &'static str| {
            Err(Error::new(Code::InvalidOption, hint).at_path(path))
        };
        if options.clusters.is_some() && options.method.finds_number() {
            return wrong("clusters", "this method finds the number of clusters by itself");
        }
        if options.radius.is_some_and(|radius| !(radius > 0.0 && radius.is_finite())) {
            return wrong("radius", "the radius is above 0");
        }
        if options.least_neighbours == Some(0) {
            return wrong("leastNeighbours", "a customer is its own first neighbour");
        }
        if options.least_size.is_some_and(|size| size < 2) {
            return wrong("leastSize", "a cluster has two customers or more");
        }
        if options.mismatch_weight.is_some_and(|weight| !(weight >= 0.0 && weight.is_finite())) {
            return wrong("mismatchWeight", "a weight is 0 or more");
        }
        check_columns(&options, log)?;
        if let Some(model) = &options.model {
            model.check().map_err(|error| error.inside("model"))?;
        }
        let population = Population::start(&options.at, rules(&options), log)
            .map_err(|error| error.at_path("at"))?;
        let names = attributes_of(&options);
        let until = population.moment().until;
        let latest = Latest::new(names.iter().copied(), log.schema, Some(until));
        Ok(Clusters {
            latest: (!names.is_empty()).then_some(latest),
            attributes: Attributes::default(),
            modes: Vec::new(),
            draw: Draw::new(u64::from(options.seed), SCALED),
            money_unit: 1.0,
            model: options.model.clone(),
            options,
            population,
            phase: Phase::Customers,
            scaler: None,
            sampled: Vec::new(),
            scaled: Vec::new(),
            search: None,
            lloyd: None,
            labels: Vec::new(),
            sums: Vec::new(),
            next: 0,
            done: 0,
            answer: None,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.population.update(rows)?;
        self.latest.as_mut().map_or(Ok(()), |latest| latest.update(rows))
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        if let (Some(latest), Some(names)) = (self.latest.take(), names.first()) {
            self.attributes = Attributes::new(latest, names)?;
        }
        Ok(Progress::default())
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        // A unit is a customer in each phase, or a comparison of two rows of the sample.
        match self.phase {
            Phase::Customers => {
                if self.population.settle(budget)? {
                    self.begin()?;
                }
                self.done = self.population.settled() as u64;
            }
            Phase::Draw => self.draw(budget)?,
            Phase::Features => self.features(budget)?,
            Phase::Search => self.search(budget)?,
            Phase::Lloyd => self.lloyd(budget)?,
            Phase::Assign => self.assign(budget)?,
            Phase::Result => {
                self.answer = Some(self.result()?);
                self.phase = Phase::Done;
            }
            Phase::Done => {}
        }
        let customers = self.population.known() as u64;
        // Passes of k-means are not known before; twenty are usual.
        let passes = if self.options.model.is_none() { 20 } else { 0 };
        let search = self.search.as_ref().map_or(0, Search::estimate);
        let expected = customers * (4 + passes) + search + 1;
        let total = match self.phase {
            Phase::Done => self.done,
            _ => expected.max(self.done + 1),
        };
        Ok(Progress { done: self.done, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<ClustersResult, ClustersOptions>> {
        let result = self.answer.take().ok_or_else(unfinished)?;
        let labels = std::mem::take(&mut self.labels);
        let summary = &self.population.summary;
        let codes = if labels.is_empty() { &[][..] } else { &summary.codes };
        let length = codes.len();
        let columns = vec![
            NamedColumn { name: "customer", values: Population::ids(codes, names)? },
            NamedColumn { name: "cluster", values: Values::U8(labels) },
        ];
        let mut warnings = Vec::new();
        let codes = &summary.codes;
        for number in &self.attributes.numbers {
            let missing = codes.iter().filter(|code| number.known(**code).is_none()).count();
            if missing > 0 {
                warnings.push(Warning {
                    code: "missing-filled",
                    count: missing as u64,
                    hint: "numbers of an attribute that are missing count as its median".to_owned(),
                });
            }
        }
        let used = self.sampled.len();
        if used < summary.len() && self.options.model.is_none() {
            warnings.push(Warning {
                code: "sampled",
                count: used as u64,
                hint: match self.options.method {
                    ClusterMethod::Kmeans => {
                        format!(
                            "the number of clusters was chosen on {used} customers drawn by `seed`"
                        )
                    }
                    _ => format!(
                        "clusters were found among {used} customers drawn by `seed`; the others \
                         follow those nearest to them"
                    ),
                },
            });
        }
        self.options.count = Some(self.population.count());
        Ok(Outcome {
            result,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            rows: summary.rows,
            customers: summary.len() as u64,
            left_out: self.population.left_out(),
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.population.heap_size()
            + self.scaled.capacity() * 8
            + self.labels.capacity()
            + self.latest.as_ref().map_or(0, Latest::heap_size)
            + self.search.as_ref().map_or(0, Search::heap_size)
            + self.lloyd.as_ref().map_or(0, Lloyd::heap_size)
    }
}

impl Clusters {
    /// The measures: of the model if there is one, and none with `kmodes`.
    fn measures(&self) -> &[Feature] {
        match &self.options.model {
            Some(model) => &model.features,
            None if self.options.method == ClusterMethod::Kmodes => &[],
            None => &self.options.features,
        }
    }

    /// Numbers of a row: measures, then attributes; a zero where there are only texts.
    fn width(&self) -> usize {
        (self.measures().len() + self.attributes.numbers.len()).max(1)
    }

    fn begin(&mut self) -> Result<()> {
        let cells = self.population.summary.len() * self.width();
        self.scaled.try_reserve_exact(cells).map_err(|_| no_memory())?;
        self.phase = Phase::Draw;
        let Some(model) = &self.options.model else { return Ok(()) };
        for (number, of_model) in self.attributes.numbers.iter_mut().zip(&model.numbers) {
            number.fill = of_model.fill;
        }
        let texts = &self.attributes.texts;
        let rank = |(text, mode): (&attributes::Texts, &Option<String>)| text.rank(mode.as_deref());
        let modes = model.modes.iter().flatten();
        self.modes = modes.flat_map(|point| texts.iter().zip(point).map(rank)).collect();
        self.money_unit = model.money_unit;
        self.scaler = Some(model.scaler.clone());
        self.phase = Phase::Features;
        Ok(())
    }

    fn draw(&mut self, budget: usize) -> Result<()> {
        let Clusters { population, attributes, draw, .. } = self;
        let summary = &population.summary;
        let more = |customer: u32, add: &mut dyn FnMut(u64)| {
            attributes.numbers.iter().for_each(|number| add(number.of(customer).to_bits()));
            attributes.texts.iter().for_each(|text| add(u64::from(text.of(customer))));
        };
        let drawn = draw.step(summary, more, budget)?;
        self.done += budget.min(summary.len()) as u64;
        let Some(mut drawn) = drawn else { return Ok(()) };
        self.money_unit = money_unit(summary, &drawn)?;
        for number in &mut self.attributes.numbers {
            let code = |at: &u32| summary.codes.get(*at as usize).copied();
            let known = drawn.iter().filter_map(code).filter_map(|code| number.known(code));
            let known: Vec<f64> = known.collect();
            let median = quantiles(&known, &[0.5], QuantileType::Linear)?;
            number.fill = median.and_then(|found| found.first().copied()).unwrap_or(0.0);
        }
        let mut rows = Vec::new();
        drawn.iter().for_each(|at| self.row_of(*at as usize, &mut rows));
        self.scaler = Some(Scaler::fit(Matrix::new(&rows, self.width())?, Scaling::Robust)?);
        drawn.truncate(self.options.method.sample());
        self.sampled = drawn;
        self.phase = Phase::Features;
        Ok(())
    }

    /// Appends a customer's row of numbers, before scaling.
    fn row_of(&self, customer: usize, row: &mut Vec<f64>) {
        let (summary, unit) = (&self.population.summary, self.money_unit);
        let measures = self.measures().iter();
        row.extend(measures.map(|one| one.transformed(one.of(summary, customer), unit)));
        let code = summary.codes.get(customer).copied().unwrap_or(0);
        row.extend(self.attributes.numbers.iter().map(|number| number.of(code)));
        if self.measures().is_empty() && self.attributes.numbers.is_empty() {
            row.push(0.0);
        }
    }

    /// The texts of a customer, as ranks.
    fn ranks_of(&self, customer: usize) -> impl Iterator<Item = u32> {
        let code = self.population.summary.codes.get(customer).copied().unwrap_or(0);
        self.attributes.texts.iter().map(move |text| text.of(code))
    }

    /// Scales about `budget` customers.
    fn features(&mut self, budget: usize) -> Result<()> {
        let Some(scaler) = self.scaler.take() else { return Err(unfinished()) };
        let all = self.population.summary.len();
        let until = self.next.saturating_add(budget.max(1)).min(all);
        let mut row = Vec::new();
        for at in self.next..until {
            row.clear();
            self.row_of(at, &mut row);
            if scaler.centres.len() == row.len() {
                let scales = scaler.centres.iter().zip(&scaler.spreads);
                row.iter_mut().zip(scales).for_each(|(value, (centre, spread))| {
                    *value = (*value - centre) / spread;
                });
            }
            if row.iter().any(|value| !value.is_finite()) {
                let hint = "a measure of a customer is beyond the range of a number";
                return Err(Error::new(Code::Overflow, hint));
            }
            self.scaled.extend_from_slice(&row);
        }
        self.scaler = Some(scaler);
        self.done += (until - self.next) as u64;
        self.next = until;
        if until < all {
            return Ok(());
        }
        self.next = 0;
        if self.options.model.is_some() {
            self.phase = Phase::Assign;
            return Ok(());
        }
        self.search = Some(Search::new(&self.options, self.sample()));
        self.phase = Phase::Search;
        Ok(())
    }

    /// The sampled rows in an order of their values: neither rows nor names decide where a method
    /// starts.
    fn sample(&self) -> Sample {
        let (columns, categories) = (self.width(), self.attributes.texts.len());
        let of = |at: &u32| {
            let from = *at as usize * columns;
            let numbers = self.scaled.get(from..from + columns).unwrap_or_default();
            (numbers, self.ranks_of(*at as usize).collect::<Vec<u32>>())
        };
        let mut rows: Vec<(&[f64], Vec<u32>)> = self.sampled.iter().map(of).collect();
        sort_by(&mut rows, |a, b| {
            let pairs = a.0.iter().zip(b.0);
            let differs = pairs.map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
            differs.unwrap_or_else(|| a.1.cmp(&b.1))
        });
        Sample {
            numbers: rows.iter().flat_map(|row| row.0).copied().collect(),
            columns,
            codes: rows.iter().flat_map(|row| &row.1).copied().collect(),
            categories,
        }
    }

    fn search(&mut self, budget: usize) -> Result<()> {
        let Some(search) = &mut self.search else { return Err(unfinished()) };
        let before = search.work;
        let is_done = search.step(budget)?;
        self.done += search.work - before;
        if !is_done {
            return Ok(());
        }
        let Some(chosen) = self.chosen() else {
            self.phase = Phase::Result;
            return Ok(());
        };
        if self.options.method == ClusterMethod::Kmeans {
            let rows = Matrix::seen(&self.scaled, self.width())?;
            self.lloyd = Some(Lloyd::new(rows, chosen.fit.centres.clone(), MOST_PASSES)?);
            self.phase = Phase::Lloyd;
            return Ok(());
        }
        let modes = chosen.fit.prototypes.as_ref().map(|found| found.categories.clone());
        self.model = Some(self.model_of(chosen)?);
        self.modes = modes.unwrap_or_default();
        self.phase = Phase::Assign;
        Ok(())
    }

    fn lloyd(&mut self, budget: usize) -> Result<()> {
        let width = self.width();
        let Some(lloyd) = &mut self.lloyd else { return Err(unfinished()) };
        let rows = Matrix::seen(&self.scaled, width)?;
        let before = lloyd.work();
        let is_done = lloyd.step(rows, budget)?;
        self.done += lloyd.work() - before;
        if is_done && let Some(lloyd) = self.lloyd.take() {
            self.model = Some(self.exported(lloyd.into_solution().centres)?);
            self.phase = Phase::Assign;
        }
        Ok(())
    }

    /// A model with these points.
    fn exported(&self, points: Vec<f64>) -> Result<Model> {
        let mut scaler = self.scaler.clone().ok_or_else(unfinished)?;
        let mut points: Vec<Vec<f64>> = points.chunks(self.width()).map(<[f64]>::to_vec).collect();
        let numbers = self.attributes.numbers.iter();
        let numbers: Vec<NumberAttribute> = numbers
            .map(|number| NumberAttribute { name: number.name.clone(), fill: number.fill })
            .collect();
        if self.measures().is_empty() && numbers.is_empty() {
            scaler = Scaler { centres: Vec::new(), spreads: Vec::new() };
            points.iter_mut().for_each(Vec::clear);
        }
        Ok(Model {
            features: self.measures().to_vec(),
            numbers,
            texts: Vec::new(),
            modes: None,
            mismatch_weight: None,
            money_unit: self.money_unit,
            scaler,
            points,
            members: None,
            reach: None,
            weights: None,
            covariances: None,
        })
    }

    /// The model of a partition of the sample.
    fn model_of(&self, chosen: &Candidate) -> Result<Model> {
        let sample = self.search.as_ref().map_or(&[][..], |search| search.sample());
        let width = self.width();
        if let Some(prototypes) = &chosen.fit.prototypes {
            let texts = &self.attributes.texts;
            let word =
                |(text, rank): (&attributes::Texts, &u32)| text.word(*rank).map(str::to_owned);
            let point = |ranks: &[u32]| texts.iter().zip(ranks).map(word).collect();
            let modes = prototypes.categories.chunks(texts.len().max(1)).map(point);
            return Ok(Model {
                texts: texts.iter().map(|text| text.name.clone()).collect(),
                modes: Some(modes.collect()),
                mismatch_weight: self.search.as_ref().map(|search| search.weight),
                ..self.exported(prototypes.numbers.clone())?
            });
        }
        if let Some(mixture) = &chosen.fit.mixture {
            let covariances = mixture.covariances.chunks(width * width).map(<[f64]>::to_vec);
            return Ok(Model {
                weights: Some(mixture.weights.clone()),
                covariances: Some(covariances.collect()),
                ..self.exported(mixture.means.clone())?
            });
        }
        let (mut points, mut members) = (Vec::new(), Vec::new());
        for (row, label) in sample.chunks(width).zip(&chosen.fit.labels) {
            if let Some(label) = label {
                points.extend_from_slice(row);
                members.push(*label as u8);
            }
        }
        let model = self.exported(points)?;
        Ok(Model { members: Some(members), reach: chosen.fit.reach, ..model })
    }

    /// Assigns about `budget` customers, and adds up their measures.
    fn assign(&mut self, budget: usize) -> Result<()> {
        let Some(model) = &self.model else { return Err(unfinished()) };
        let summary = &self.population.summary;
        let width = self.width();
        if self.next == 0 {
            self.labels.try_reserve_exact(summary.len()).map_err(|_| no_memory())?;
            let texts = self.attributes.texts.iter().map(|text| vec![0; text.words.len() + 1]);
            let empty =
                Sums { columns: vec![[0.0; 3]; width], texts: texts.collect(), ..Sums::default() };
            // The last one is of those in no cluster.
            self.sums = vec![empty; model.clusters() + 1];
        }
        let until = self.next.saturating_add(budget.max(1)).min(summary.len());
        let rows = self.scaled.get(self.next * width..until * width).unwrap_or_default();
        let ranks: Vec<u32> = (self.next..until).flat_map(|at| self.ranks_of(at)).collect();
        let labels = model.assign(rows, &ranks, &self.modes)?;
        let nobody = self.sums.len() - 1;
        let mut sums = std::mem::take(&mut self.sums);
        for ((label, row), at) in labels.iter().zip(rows.chunks(width)).zip(self.next..) {
            let place = if *label == NONE { nobody } else { usize::from(*label).min(nobody) };
            let Some(sums) = sums.get_mut(place) else { continue };
            sums.customers += 1;
            sums.minor += i128::from(summary.monetary.get(at).copied().unwrap_or(0));
            let code = summary.codes.get(at).copied().unwrap_or(0);
            let measures = self.measures().iter().map(|one| one.of(summary, at));
            let own = measures.chain(self.attributes.numbers.iter().map(|number| number.of(code)));
            for (([values, scaled, squares], own), value) in
                sums.columns.iter_mut().zip(own).zip(row)
            {
                *values += own;
                *scaled += value;
                *squares += value * value;
            }
            for (counts, rank) in sums.texts.iter_mut().zip(self.ranks_of(at)) {
                let missing = counts.len() - 1;
                if let Some(count) = counts.get_mut((rank as usize).min(missing)) {
                    *count += 1;
                }
            }
        }
        self.sums = sums;
        self.labels.extend_from_slice(&labels);
        self.done += (until - self.next) as u64;
        self.next = until;
        if until == summary.len() {
            self.phase = Phase::Result;
        }
        Ok(())
    }

    /// Whether a partition is convincing; `undivided` is the gap of one cluster.
    fn is_clear(&self, candidate: &Candidate) -> bool {
        let stability = candidate.jaccard().min(candidate.stability());
        if candidate.clusters < 2 || stability < self.options.least_stability {
            return false;
        }
        if self.options.method.finds_number() {
            return true;
        }
        let undivided = self.search.as_ref().and_then(|search| search.undivided);
        let is_tighter = match (candidate.gap, undivided) {
            (Some(own), Some(one)) => own.gap - own.error > one.gap,
            // Nothing is left within the clusters: no gap could be larger.
            _ => true,
        };
        is_tighter && candidate.silhouette.is_some_and(|mean| mean >= self.options.least_silhouette)
    }

    /// The clear number with the best silhouette (of a mixture, with the best criterion), or the
    /// one that was asked for.
    fn chosen(&self) -> Option<&Candidate> {
        let found = &self.search.as_ref()?.found;
        if self.options.clusters.is_some() {
            return found.first();
        }
        let quality = |one: &Candidate| match &one.fit.mixture {
            Some(mixture) => -mixture.bic,
            None => one.silhouette.unwrap_or(0.0),
        };
        let clear = found.iter().filter(|one| self.is_clear(one));
        clear.max_by(|a, b| quality(a).total_cmp(&quality(b)))
    }

    fn result(&mut self) -> Result<ClustersResult> {
        let chosen = self.chosen();
        let is_clear = match self.options.model {
            Some(_) => None,
            None => Some(chosen.is_some_and(|one| self.is_clear(one))),
        };
        let row =
            |gap: crate::learn::cluster::choice::Gap| GapRow { value: gap.gap, error: gap.error };
        let tried = self.search.iter().flat_map(|search| &search.found).map(|one| Tried {
            clusters: one.clusters as u8,
            silhouette: one.silhouette,
            stability: one.stability(),
            jaccard: one.jaccard(),
            gap: one.gap.map(row),
            bic: one.fit.mixture.as_ref().map(|mixture| mixture.bic),
        });
        let tried: Vec<Tried> = tried.collect();
        let undivided = self.search.as_ref().and_then(|search| search.undivided).map(row);
        let recommendation = self.recommendation(is_clear, chosen);
        let similarities = chosen.map(Candidate::similarities).unwrap_or_default();
        let none = ClustersResult {
            is_clear,
            recommendation,
            tried,
            undivided,
            clusters: Vec::new(),
            unassigned: 0,
            model: None,
        };
        let Some(model) = self.model.take() else { return Ok(none) };
        // A given model keeps its order; found clusters stand by money per customer.
        let (found, nobody) = self.sums.split_at(self.sums.len().saturating_sub(1));
        let mut order: Vec<usize> = (0..found.len()).collect();
        let sums = |at: usize| found.get(at);
        if self.options.model.is_none() {
            order.retain(|at| sums(*at).is_some_and(|sums| sums.customers > 0));
            let mean = |at: usize| {
                sums(at).map_or(0.0, |sums| sums.minor as f64 / sums.customers.max(1) as f64)
            };
            let means: Vec<f64> = order.iter().map(|at| mean(*at)).collect();
            order = descending(order, &means);
        }
        let mut places = [NONE; 256];
        for (place, at) in (0_u8..).zip(&order) {
            if let Some(slot) = places.get_mut(*at) {
                *slot = place;
            }
        }
        for label in &mut self.labels {
            *label = places.get(usize::from(*label)).copied().unwrap_or(NONE);
        }
        let all = self.population.summary.len() as u64;
        let mut clusters: Vec<Cluster> = Vec::new();
        let mut names = Vec::new();
        for at in &order {
            let Some(own) = sums(*at) else { continue };
            let others = || self.sums.iter().enumerate().filter(|(other, _)| other != at);
            let rest = |column: usize| {
                others().fold((0.0, 0.0, 0.0), |sum, (_, part)| {
                    let [_, scaled, squares] =
                        part.columns.get(column).copied().unwrap_or_default();
                    (sum.0 + part.customers as f64, sum.1 + scaled, sum.2 + squares)
                })
            };
            let of_column = |column: usize| {
                let [values, scaled, squares] =
                    own.columns.get(column).copied().unwrap_or_default();
                let effect = effect((own.customers as f64, scaled, squares), rest(column));
                (values / own.customers.max(1) as f64, effect)
            };
            let mut features: Vec<FeatureEffect> = (0..)
                .zip(&model.features)
                .map(|(column, feature)| {
                    let (mean, effect) = of_column(column);
                    FeatureEffect { feature: *feature, mean, effect }
                })
                .collect();
            let size = |effect: Option<f64>| effect.unwrap_or(0.0).abs();
            let sizes: Vec<f64> = features.iter().map(|one| size(one.effect)).collect();
            features = descending(features, &sizes);
            let mut numbers: Vec<NumberEffect> = (model.features.len()..)
                .zip(&model.numbers)
                .map(|(column, number)| {
                    let (mean, effect) = of_column(column);
                    NumberEffect { name: number.name.clone(), mean, effect }
                })
                .collect();
            let sizes: Vec<f64> = numbers.iter().map(|one| size(one.effect)).collect();
            numbers = descending(numbers, &sizes);
            let elsewhere: u64 = others().map(|(_, part)| part.customers).sum();
            let texts: Vec<TextEffect> = self
                .attributes
                .texts
                .iter()
                .zip(&own.texts)
                .enumerate()
                .map(|(column, (text, counts))| {
                    let most = counts.iter().max().copied().unwrap_or(0);
                    let rank = counts.iter().position(|count| *count == most).unwrap_or(0);
                    let there: u64 =
                        others().filter_map(|(_, part)| part.texts.get(column)?.get(rank)).sum();
                    TextEffect {
                        name: text.name.clone(),
                        mode: text.words.get(rank).cloned(),
                        share: most as f64 / own.customers.max(1) as f64,
                        elsewhere: (elsewhere > 0).then(|| there as f64 / elsewhere as f64),
                    }
                })
                .collect();
            let name = names::named(&features, &texts, &names);
            names.push(name.clone());
            clusters.push(Cluster {
                name,
                customers: own.customers,
                customers_share: own.customers as f64 / all as f64,
                share_interval: proportion_interval(
                    own.customers,
                    all,
                    0.95,
                    ProportionInterval::Wilson,
                )?,
                revenue: crate::table::money::to_f64(own.minor, self.population.summary.scale),
                jaccard: similarities.get(*at).copied(),
                features,
                numbers,
                texts,
            });
        }
        let unassigned = nobody.first().map_or(0, |sums| sums.customers);
        let model = Some(in_order(model, &order, &places));
        Ok(ClustersResult { clusters, unassigned, model, ..none })
    }

    fn recommendation(&self, is_clear: Option<bool>, chosen: Option<&Candidate>) -> Text {
        let text = |en: String, zh: String| Text { en: Cow::Owned(en), zh: Cow::Owned(zh) };
        let quality = |one: &Candidate| {
            let (mean, least) = (one.silhouette.unwrap_or(0.0), one.jaccard());
            (
                format!("silhouette {mean:.2}, stability {least:.2}"),
                format!("轮廓系数 {mean:.2}，稳定性 {least:.2}"),
            )
        };
        match (is_clear, chosen) {
            (None, _) => text(
                "Customers were assigned by the given model.".to_owned(),
                "客户已按给定模型归类。".to_owned(),
            ),
            (Some(true), Some(one)) => {
                let (en, zh) = quality(one);
                let count = one.clusters;
                text(
                    format!("{count} clusters are clear ({en})."),
                    format!("存在 {count} 个清晰的客群（{zh}）。"),
                )
            }
            (Some(false), Some(one)) => {
                let (en, zh) = quality(one);
                let count = one.clusters;
                text(
                    format!("{count} clusters were asked for and are not clear ({en}): use groups by rule for decisions."),
                    format!("按要求分为 {count} 个客群，但界限不清晰（{zh}）：决策请使用规则分群。"),
                )
            }
            (Some(_), None) => text(
                "No clear clusters: customers form a continuum here. Use groups by rule, such as RFM.".to_owned(),
                "没有清晰的客群：客户呈连续分布。请使用规则分群，例如 RFM。".to_owned(),
            ),
        }
    }
}

/// Checks what is clustered: names once each, and texts only where they can be.
fn check_columns(options: &ClustersOptions, log: &Facts<'_>) -> Result<()> {
    let wrong =
        |path: String, hint: &'static str| Err(Error::new(Code::InvalidOption, hint).at_path(path));
    for (at, feature) in options.features.iter().enumerate() {
        if options.features.iter().take(at).any(|before| before == feature) {
            return wrong(format!("features[{at}]"), "each measure once");
        }
    }
    if options.attributes.len() > MOST_ATTRIBUTES {
        return wrong("attributes".to_owned(), "at most 20 attributes");
    }
    if let Some(model) = &options.model {
        let kind = |name: &str| log.schema.attribute(name).map(|role| role.kind());
        let is_number = |number: &NumberAttribute| kind(&number.name) == Some(Kind::Number);
        if !model.numbers.iter().all(is_number) {
            return wrong("model.numbers".to_owned(), "read these attributes as numbers");
        }
        if !model.texts.iter().all(|name| kind(name) == Some(Kind::Text)) {
            return wrong("model.texts".to_owned(), "read these attributes as texts");
        }
        return Ok(());
    }
    let mut texts = 0;
    for (at, name) in options.attributes.iter().enumerate() {
        let path = format!("attributes[{at}]");
        if options.attributes.iter().take(at).any(|before| before == name) {
            return wrong(path, "each attribute once");
        }
        let is_text = log.schema.attribute(name).is_some_and(|role| role.kind() == Kind::Text);
        if is_text && !options.method.knows_categories() {
            return wrong(path, "this attribute holds texts: take `kprototypes` or `kmodes`");
        }
        if !is_text && options.method == ClusterMethod::Kmodes {
            return wrong(path, "`kmodes` clusters texts alone: take `kprototypes`");
        }
        texts += usize::from(is_text);
    }
    if options.method.knows_categories() && texts == 0 {
        return wrong("attributes".to_owned(), "this method needs an attribute that holds texts");
    }
    if options.features.is_empty() && options.attributes.is_empty() {
        return wrong("features".to_owned(), "name at least one measure");
    }
    Ok(())
}

/// The model with its clusters in another order.
fn in_order(mut model: Model, order: &[usize], places: &[u8; 256]) -> Model {
    if let Some(members) = &mut model.members {
        for member in members {
            *member = places.get(usize::from(*member)).copied().unwrap_or(NONE);
        }
        return model;
    }
    let picked = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
        order.iter().filter_map(|at| rows.get(*at).cloned()).collect()
    };
    model.points = picked(&model.points);
    model.modes =
        model.modes.map(|modes| order.iter().filter_map(|at| modes.get(*at).cloned()).collect());
    model.covariances = model.covariances.map(|squares| picked(&squares));
    model.weights = model
        .weights
        .map(|weights| order.iter().filter_map(|at| weights.get(*at).copied()).collect());
    model
}

/// A short list in the order of its keys, the largest first; equal ones stay in order.
fn descending<T>(items: Vec<T>, keys: &[f64]) -> Vec<T> {
    let mut sorted: Vec<(f64, T)> = Vec::with_capacity(items.len());
    for (item, key) in items.into_iter().zip(keys) {
        let place = sorted.iter().position(|(other, _)| other < key).unwrap_or(sorted.len());
        sorted.insert(place, (*key, item));
    }
    sorted.into_iter().map(|(_, item)| item).collect()
}

/// Cohen's d of two groups, each as count, sum and sum of squares.
fn effect(own: (f64, f64, f64), rest: (f64, f64, f64)) -> Option<f64> {
    let degrees = own.0 + rest.0 - 2.0;
    if own.0 == 0.0 || rest.0 == 0.0 || degrees <= 0.0 {
        return None;
    }
    let within = |(count, sum, squares): (f64, f64, f64)| squares - sum * sum / count;
    let all = within(own) + within(rest);
    // What rounding leaves of equal values is no spread.
    if all <= 1e-12 * (own.2 + rest.2) {
        return None;
    }
    Some((own.1 / own.0 - rest.1 / rest.0) / (all / degrees).sqrt())
}
