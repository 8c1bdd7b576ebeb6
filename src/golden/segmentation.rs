//! Methods of the cases about segmentation; their names and shapes are those of the file's README.

use std::collections::BTreeMap;

use super::malformed;
use super::methods::field;
use crate::error::Result;
use crate::learn::cluster::agreement::agreement;
use crate::learn::gower::Gower;
use crate::learn::matrix::{Categories, Matrix};
use crate::learn::scale::{Scaler, Scaling};
use crate::stats::concentration::Holdings;
use crate::stats::diversity::diversity;
use crate::stats::drift::{class_drift, sample_drift};
use crate::stats::proportion::{ProportionInterval, proportion_interval};
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
