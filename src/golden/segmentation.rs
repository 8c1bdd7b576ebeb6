//! Methods of the cases about segmentation; their names and shapes are those of the file's README.

use std::collections::BTreeMap;

use super::malformed;
use super::methods::field;
use super::zones::zone;
use crate::error::Result;
use crate::learn::cluster::agreement::agreement;
use crate::learn::cluster::dbscan::dbscan as clusters_by_radius;
use crate::learn::cluster::hdbscan::hdbscan as clusters_by_density;
use crate::learn::cluster::hierarchical::{Linkage, hierarchical};
use crate::learn::cluster::kmeans::lloyd;
use crate::learn::cluster::kprototypes::{Mixed, Prototypes, kprototypes as kprototypes_of};
use crate::learn::cluster::mixture::{MixtureOptions, mixture};
use crate::learn::cluster::quality;
use crate::learn::gower::Gower;
use crate::learn::matrix::{Categories, Matrix};
use crate::learn::scale::{Scaler, Scaling};
use crate::segment::coverage::{Added, Assigned, Rules, coverage};
use crate::segment::growth::growth;
use crate::segment::inactivity::{InactivityLimits, inactivity};
use crate::segment::transitions::Transitions;
use crate::stats::concentration::Holdings;
use crate::stats::diversity::diversity;
use crate::stats::drift::{class_drift, sample_drift};
use crate::stats::proportion::{ProportionInterval, proportion_interval};
use crate::table::calendar::LocalDays;
use crate::table::period::{Periods, Unit, WeekStart};
use serde::Deserialize;
use serde_json::{Value, json};

/// Rows as a case has them, in one flat list.
struct Flat<T> {
    values: Vec<T>,
    columns: usize,
}

impl<T> Flat<T> {
    fn new(rows: Vec<Vec<T>>) -> Result<Self> {
        let columns = rows.first().map_or(1, Vec::len);
        if rows.iter().any(|row| row.len() != columns) {
            return Err(malformed("rows of different lengths"));
        }
        Ok(Flat { values: rows.into_iter().flatten().collect(), columns })
    }
}

impl Flat<f64> {
    fn matrix(&self) -> Result<Matrix<'_>> {
        Matrix::new(&self.values, self.columns)
    }

    fn of_case(case: &Value) -> Result<Self> {
        #[derive(Deserialize)]
        #[allow(non_snake_case)] // The cases' own name.
        struct Input {
            X: Vec<Vec<f64>>,
        }
        let input: Input = field(case, "input")?;
        Flat::new(input.X)
    }
}

/// Codes of values by their text, so that any kind of label or category will do.
fn coded<'v>(cells: impl Iterator<Item = &'v Value>) -> Vec<u32> {
    let mut codes = BTreeMap::new();
    cells
        .map(|cell| {
            let next = codes.len() as u32;
            *codes.entry(cell.to_string()).or_insert(next)
        })
        .collect()
}

fn rows_of(values: &[f64], columns: usize) -> Value {
    values.chunks_exact(columns).map(|row| json!(row)).collect()
}

pub(super) fn entropy(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        counts: Vec<u64>,
    }
    let input: Input = field(case, "input")?;
    let found = diversity(&input.counts)?;
    Ok(json!({
        "nats": found.nats,
        "bits": found.bits,
        "normalised": found.normalised,
        "hhi": found.concentration,
        "gini_simpson": found.gini_simpson,
        "perplexity": found.effective_classes,
    }))
}

pub(super) fn concentration(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        value: Vec<f64>,
    }
    let input: Input = field(case, "input")?;
    let fifth = input.value.len().div_ceil(5);
    let holdings = Holdings::new(input.value)?;
    Ok(json!({
        "gini": holdings.gini(),
        "top20_share": holdings.share_of_largest(fifth),
        "lorenz": holdings.lorenz().collect::<Vec<f64>>(),
    }))
}

pub(super) fn proportion_ci(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        k: u64,
        n: u64,
    }
    #[derive(Deserialize)]
    struct Options {
        alpha: f64,
    }
    let Input { k, n } = field(case, "input")?;
    let Options { alpha } = field(case, "options")?;
    let interval = |kind| {
        proportion_interval(k, n, 1.0 - alpha, kind).map(|found| json!([found.low, found.high]))
    };
    Ok(json!({
        "wilson": interval(ProportionInterval::Wilson)?,
        "beta": interval(ProportionInterval::ClopperPearson)?,
        "agresti_coull": interval(ProportionInterval::AgrestiCoull)?,
        "jeffreys": interval(ProportionInterval::Jeffreys)?,
    }))
}

pub(super) fn distribution_drift(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        expected: Vec<u64>,
        actual: Vec<u64>,
    }
    let Input { expected, actual } = field(case, "input")?;
    let found = class_drift(&expected, &actual)?;
    Ok(json!({
        "psi": found.psi,
        "js_divergence": found.jensen_shannon,
        "hellinger": found.hellinger,
        "tv": found.total_variation,
        "chi2": found.chi_squared,
        "chi2_p": found.p_value,
        "cramers_v": found.cramers_v,
    }))
}

pub(super) fn samples_drift(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        expected: Vec<f64>,
        actual: Vec<f64>,
    }
    #[derive(Deserialize)]
    struct Options {
        bins: u32,
    }
    let Input { expected, actual } = field(case, "input")?;
    let Options { bins } = field(case, "options")?;
    let found = sample_drift(expected, actual, bins)?;
    Ok(json!({
        "psi": found.psi,
        "ks": found.kolmogorov_smirnov,
        "ks_p_asymp": found.p_value,
        "wasserstein": found.wasserstein,
    }))
}

pub(super) fn scale(case: &Value) -> Result<Value> {
    let flat = Flat::of_case(case)?;
    let scaled = |scaling| -> Result<Value> {
        let rows = flat.matrix()?;
        Ok(rows_of(&Scaler::fit(rows, scaling)?.scaled(rows), flat.columns))
    };
    Ok(json!({ "standard": scaled(Scaling::Standard)?, "robust": scaled(Scaling::Robust)? }))
}

pub(super) fn partition_agreement(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        a: Vec<Value>,
        b: Vec<Value>,
    }
    let Input { a, b } = field(case, "input")?;
    let found = agreement(&coded(a.iter()), &coded(b.iter()))?;
    Ok(json!({ "ari": found.adjusted_rand, "nmi_arithmetic": found.mutual_information }))
}

pub(super) fn gower_distance(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        num: Vec<Vec<f64>>,
        cat: Vec<Vec<Value>>,
    }
    /// Distances are asked for between so many rows at most.
    const ROWS: usize = 8;
    let Input { num, cat } = field(case, "input")?;
    let rows = num.len().max(cat.len()).min(ROWS);
    let numbers = Flat::new(num)?;
    let columns = cat.first().map_or(1, Vec::len);
    let codes = coded(cat.iter().flatten());
    let categories = Categories::new(&codes, columns)?;
    let present = (!numbers.values.is_empty()).then(|| numbers.matrix()).transpose()?;
    let gower = Gower::new(present, (!codes.is_empty()).then_some(categories))?;
    let row = |a| (0..rows).map(|b| gower.distance(a, b)).collect::<Vec<f64>>();
    Ok(json!({ "D": (0..rows).map(row).collect::<Vec<_>>() }))
}

pub(super) fn kmeans(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        init: Vec<Vec<f64>>,
    }
    #[derive(Deserialize)]
    struct Options {
        max_iter: u32,
    }
    let flat = Flat::of_case(case)?;
    let Input { init } = field(case, "input")?;
    let Options { max_iter } = field(case, "options")?;
    let found = lloyd(flat.matrix()?, Flat::new(init)?.values, max_iter)?;
    Ok(json!({
        "labels": found.labels,
        "inertia": found.inertia,
        "centers": rows_of(&found.centres, flat.columns),
    }))
}

pub(super) fn cluster_quality(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        labels: Vec<Value>,
    }
    let flat = Flat::of_case(case)?;
    let Input { labels } = field(case, "input")?;
    let (rows, labels) = (flat.matrix()?, coded(labels.iter()));
    let samples = quality::silhouette(rows, &labels)?;
    Ok(json!({
        "silhouette": samples.iter().sum::<f64>() / samples.len() as f64,
        "silhouette_samples": samples,
        "davies_bouldin": quality::davies_bouldin(rows, &labels)?,
        "calinski_harabasz": quality::calinski_harabasz(rows, &labels)?,
    }))
}

/// Labels as the cases have them: noise is −1.
fn with_noise(labels: &[Option<u32>]) -> Vec<i64> {
    labels.iter().map(|label| label.map_or(-1, i64::from)).collect()
}

pub(super) fn hdbscan(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        min_cluster_size: usize,
        min_samples: usize,
    }
    let flat = Flat::of_case(case)?;
    let options: Options = field(case, "options")?;
    let found = clusters_by_density(flat.matrix()?, options.min_cluster_size, options.min_samples)?;
    Ok(json!({ "labels": with_noise(&found.labels), "probabilities": found.strengths }))
}

pub(super) fn dbscan(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        eps: f64,
        min_samples: usize,
    }
    let flat = Flat::of_case(case)?;
    let options: Options = field(case, "options")?;
    let found = clusters_by_radius(flat.matrix()?, options.eps, options.min_samples)?;
    let core = found.is_core.iter().enumerate().filter(|(_, core)| **core);
    let core: Vec<usize> = core.map(|(row, _)| row).collect();
    Ok(json!({ "labels": with_noise(&found.labels), "core": core }))
}

pub(super) fn hclust(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        linkage: Linkage,
        cut_k: usize,
    }
    let flat = Flat::of_case(case)?;
    let Options { linkage, cut_k } = field(case, "options")?;
    let tree = hierarchical(flat.matrix()?, linkage)?;
    let heights: Vec<f64> = tree.merges.iter().map(|merge| merge.height).collect();
    // The field has this name for any number of clusters.
    Ok(json!({ "heights": heights, "labels_k3": tree.cut(cut_k)? }))
}

pub(super) fn gmm(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        means_init: Vec<Vec<f64>>,
    }
    #[derive(Deserialize)]
    struct Options {
        reg_covar: f64,
    }
    let flat = Flat::of_case(case)?;
    let Input { means_init } = field(case, "input")?;
    let Options { reg_covar } = field(case, "options")?;
    let options = MixtureOptions { least_variance: reg_covar, ..Default::default() };
    let found = mixture(flat.matrix()?, &Flat::new(means_init)?.values, &options)?;
    let width = flat.columns;
    let squares = found.covariances.chunks_exact(width * width);
    Ok(json!({
        "weights": found.weights,
        "means": rows_of(&found.means, width),
        "covariances": squares.map(|square| rows_of(square, width)).collect::<Vec<_>>(),
        "mean_log_likelihood": found.mean_log_likelihood,
        "bic": found.bic,
        "aic": found.aic,
    }))
}

/// Runs of k-prototypes besides the one from the start that a case gives. The README asks for a cost
/// that is no higher than another program's.
const FURTHER_STARTS: u32 = 30;

/// Codes of several lists of rows, the same for equal values.
fn coded_rows(lists: [&[Vec<Value>]; 2]) -> [Vec<u32>; 2] {
    let (first, second) = (lists[0].iter().flatten(), lists[1].iter().flatten());
    let length = first.clone().count();
    let mut codes = coded(first.chain(second));
    let rest = codes.split_off(length);
    [codes, rest]
}

/// A code may be written as a whole number or with a point.
fn same_number(rows: Vec<Vec<Value>>) -> Vec<Vec<Value>> {
    let plain = |value: Value| value.as_f64().map_or(value, |number| json!(number));
    rows.into_iter().map(|row| row.into_iter().map(plain).collect()).collect()
}

pub(super) fn kmodes(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    #[allow(non_snake_case)] // The cases' own name.
    struct Input {
        X: Vec<Vec<Value>>,
        init: Vec<Vec<Value>>,
    }
    let Input { X, init } = field(case, "input")?;
    let (rows, init) = (same_number(X), same_number(init));
    let columns = rows.first().map_or(1, Vec::len);
    let [codes, start] = coded_rows([&rows, &init]);
    let categories = Some(Categories::new(&codes, columns)?);
    let data = Mixed { numbers: None, categories, weight: 1.0 };
    let start = Prototypes { numbers: Vec::new(), categories: start };
    let found = kprototypes_of(data, init.len(), Some(&start), FURTHER_STARTS, 0)?;
    Ok(json!({ "cost": found.cost }))
}

pub(super) fn kprototypes(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        num: Vec<Vec<f64>>,
        cat: Vec<Vec<Value>>,
        init_num: Vec<Vec<f64>>,
        init_cat: Vec<Vec<Value>>,
    }
    #[derive(Deserialize)]
    struct Options {
        gamma: f64,
    }
    let input: Input = field(case, "input")?;
    let Options { gamma } = field(case, "options")?;
    let clusters = input.init_num.len().max(input.init_cat.len());
    let (rows, init) = (same_number(input.cat), same_number(input.init_cat));
    let columns = rows.first().map_or(1, Vec::len);
    let [codes, start] = coded_rows([&rows, &init]);
    let numbers = Flat::new(input.num)?;
    let data = Mixed {
        numbers: Some(numbers.matrix()?),
        categories: Some(Categories::new(&codes, columns)?),
        weight: gamma,
    };
    let start = Prototypes { numbers: Flat::new(input.init_num)?.values, categories: start };
    let found = kprototypes_of(data, clusters, Some(&start), FURTHER_STARTS, 0)?;
    Ok(json!({ "cost": found.cost }))
}

pub(super) fn lifecycle(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        events: Vec<(String, i64, String)>,
    }
    #[derive(Deserialize)]
    struct Options {
        tz: String,
        unit: Unit,
        #[serde(default)]
        week_start: WeekStart,
    }
    let Input { events } = field(case, "input")?;
    let options: Options = field(case, "options")?;
    let zone = zone(&options.tz)?;
    let mut days = LocalDays::new(&zone);
    let periods = Periods { unit: options.unit, week_start: options.week_start };
    let mut active: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (user, seconds, _) in &events {
        active.entry(user).or_default().push(periods.of_day(days.day_of(seconds * 1000)));
    }
    for list in active.values_mut() {
        list.sort_unstable();
        list.dedup();
    }
    let first = active.values().filter_map(|list| list.first()).min();
    let last = active.values().filter_map(|list| list.last()).max();
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(json!({ "rows": [], "quick_ratio": [] }));
    };
    let flows = growth(*first, *last, active.values().map(Vec::as_slice));
    let rows = flows.iter().zip(*first..).map(|(flow, period)| {
        let dormant = -(flow.dormant as i64);
        json!([periods.name(period), flow.new, flow.returning, flow.resurrecting, dormant])
    });
    Ok(json!({
        "rows": rows.collect::<Vec<_>>(),
        "quick_ratio": flows.iter().map(|flow| flow.quick_ratio()).collect::<Vec<_>>(),
    }))
}

pub(super) fn segment_migration(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        before: Vec<String>,
        after: Vec<String>,
        states: Vec<String>,
    }
    let Input { before, after, states } = field(case, "input")?;
    let codes = |names: &[String]| -> Result<Vec<u32>> {
        let code = |name| states.iter().position(|state| state == name).map(|at| at as u32);
        names.iter().map(|name| code(name).ok_or_else(|| malformed("an unknown state"))).collect()
    };
    let moves = Transitions::new(&codes(&before)?, &codes(&after)?, states.len())?;
    Ok(json!({
        "count": moves.counts,
        "rate": moves.rates(),
        "stayed": moves.stayed(),
        "two_steps": moves.two_steps(),
    }))
}

pub(super) fn inactivity_flags(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        users: Vec<(String, i32, Vec<i32>)>,
    }
    #[derive(Deserialize)]
    struct Options {
        today: i32,
    }
    let Input { users } = field(case, "input")?;
    let Options { today } = field(case, "options")?;
    let mut flags = serde_json::Map::new();
    for (id, joined, interactions) in users {
        let last = interactions.into_iter().max();
        let found = inactivity(today, joined, last, InactivityLimits::default());
        let named = [
            ("activation_alert", found.activation_alert),
            ("sleeping", found.sleeping),
            ("zombie", found.zombie),
        ];
        let raised = named.into_iter().filter(|(_, is_raised)| *is_raised);
        flags.insert(id, raised.map(|(name, _)| json!(name)).collect());
    }
    Ok(json!({ "flags": flags }))
}

pub(super) fn wecom_coverage(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        adds: Vec<(String, String, String, u8, u8)>,
        customers: BTreeMap<String, BTreeMap<String, String>>,
    }
    #[derive(Deserialize)]
    struct Options {
        home_province: String,
    }
    let Input { adds, customers } = field(case, "input")?;
    let Options { home_province } = field(case, "options")?;
    let added: Vec<Added<'_>> = adds
        .iter()
        .map(|(customer, manager, province, verified, account)| Added {
            customer,
            manager,
            province,
            is_verified: *verified != 0,
            has_account: *account != 0,
        })
        .collect();
    let books: Vec<Assigned<'_>> = customers
        .iter()
        .flat_map(|(manager, book)| {
            book.iter().map(move |(customer, segment)| Assigned { manager, customer, segment })
        })
        .collect();
    let found = coverage(&added, &books, &Rules::all(&[&home_province]));
    let covered = found.covered.iter();
    Ok(json!({
        "valid": found.counted.iter().map(|(name, c)| (*name, c.valid)).collect::<BTreeMap<_, _>>(),
        "outside_share": found
            .counted
            .iter()
            .map(|(name, counted)| (*name, counted.outside_share()))
            .collect::<BTreeMap<_, _>>(),
        "coverage": covered
            .map(|((manager, segment), covered)| (format!("{manager}/{segment}"), covered.share()))
            .collect::<BTreeMap<_, _>>(),
    }))
}
