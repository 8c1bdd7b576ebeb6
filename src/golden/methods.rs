//! The dispatch table: `file/method` → the call of this crate that answers its cases, in the
//! shape of their expectations. To add a method, write its function and one line of
//! [`METHODS`], and take it off `tests/golden/pending.txt`.

use super::malformed;
use crate::error::{Code, Error, Result};
use crate::segment::rfm::groups::{self, Customers, GroupOptions};
use crate::segment::rfm::score::{Closed, Convention, Direction, NOT_SCORED, Rule, score};
use crate::stats::accumulator::Accumulator;
use crate::stats::moments::Moments;
use crate::stats::quantile::{QuantileType, quantiles};
use crate::table::money;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Answers one case; see [`run`](super::run).
pub type Method = fn(&Value) -> Result<Value>;

/// Every method that is here.
pub const METHODS: &[(&str, Method)] = &[
    ("behaviour/quantile", quantile),
    ("behaviour/rfm_eight_groups", rfm_eight_groups),
    ("behaviour/rfm_score", rfm_score),
    ("experiment/moments_merge", moments_merge),
];

/// A typed field of a case.
fn field<T: DeserializeOwned>(case: &Value, name: &str) -> Result<T> {
    let value = case.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|error| malformed(&format!("{name}: {error}")))
}

/// A number that may be undefined, as `churn` and `experiment` write it.
fn number_or_nan(value: Option<f64>) -> Value {
    value.map_or_else(|| json!("NaN"), |value| json!(value))
}

fn quantile(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        x: Vec<f64>,
        p: Vec<f64>,
    }
    let Input { mut x, p } = field(case, "input")?;
    let mut by_type = Map::new();
    for kind in QuantileType::ALL {
        by_type.insert(u8::from(kind).to_string(), json!(quantiles(&mut x, &p, kind)?));
    }
    Ok(Value::Object(by_type))
}

/// The measures of the customers of a case.
#[derive(Deserialize)]
struct Measures {
    recency_days: Vec<f64>,
    frequency: Vec<f64>,
    monetary: Vec<f64>,
}

#[derive(Deserialize)]
struct ScoreChoice {
    #[serde(default)]
    bins: u8,
    thresholds: Option<Thresholds>,
}

#[derive(Deserialize)]
struct Thresholds {
    r: Vec<f64>,
    f: Vec<f64>,
    m: Vec<f64>,
}

fn rfm_score(case: &Value) -> Result<Value> {
    let measures: Measures = field(case, "input")?;
    let choice: ScoreChoice = field(case, "options")?;
    // The README names the conventions as the ids do: rfm.score.<convention>.<data>.
    let id: String = field(case, "id")?;
    let convention = id.split('.').find_map(|name| match name {
        "pandas_qcut_drop" => Some((Convention::Quantile, Closed::Right)),
        "pandas_rank_first" => Some((Convention::RankFirst, Closed::Right)),
        "ntile" => Some((Convention::Ntile, Closed::Right)),
        "cume_dist" => Some((Convention::CumeDist, Closed::Right)),
        "r_rfm" => Some((Convention::RRfm, Closed::Right)),
        "fixed_right_closed" => Some((Convention::Fixed, Closed::Right)),
        "fixed_left_closed" => Some((Convention::Fixed, Closed::Left)),
        _ => None,
    });
    let (convention, closed) = convention.ok_or_else(|| malformed("the id names no convention"))?;
    let column = |values: &[f64], direction, thresholds: Option<&Vec<f64>>| -> Result<Value> {
        let rule = match thresholds {
            Some(thresholds) => Rule::fixed(thresholds, closed)?,
            None => Rule::of_data(convention, choice.bins)?,
        };
        let scores = score(values, direction, rule)?.scores;
        Ok(scores.into_iter().map(|score| (score != NOT_SCORED).then_some(score)).collect())
    };
    let given = choice.thresholds.as_ref();
    Ok(json!({
        "r": column(&measures.recency_days, Direction::LowerIsBetter, given.map(|t| &t.r))?,
        "f": column(&measures.frequency, Direction::HigherIsBetter, given.map(|t| &t.f))?,
        "m": column(&measures.monetary, Direction::HigherIsBetter, given.map(|t| &t.m))?,
    }))
}

fn rfm_eight_groups(case: &Value) -> Result<Value> {
    let measures: Measures = field(case, "input")?;
    let whole = |values: &[f64]| values.iter().map(|value| *value as i64).collect::<Vec<i64>>();
    let minor = |value: &f64| {
        let (minor, scale, rounded) = money::from_f64(*value)?;
        if rounded {
            return Err(Error::new(Code::Precision, "an amount has more than six decimals"));
        }
        money::rescaled(minor, scale, money::MOST_DECIMALS)
    };
    let grouped = groups::assign(
        &GroupOptions::default(),
        5,
        &Customers {
            recency_days: &whole(&measures.recency_days),
            frequency: &whole(&measures.frequency),
            monetary: &measures.monetary.iter().map(minor).collect::<Result<Vec<i64>>>()?,
            ..Default::default()
        },
    )?;
    let name = |code: &u8| {
        let group = grouped.groups.get(usize::from(*code));
        group.map(|group| group.key.replace('-', "_"))
    };
    Ok(json!({ "group": grouped.codes.iter().map(name).collect::<Vec<_>>() }))
}

fn moments_merge(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        chunk_a: Vec<f64>,
        chunk_b: Vec<f64>,
    }
    let chunks: Input = field(case, "input")?;
    let (mut a, mut b) = (Moments::new(), Moments::new());
    a.update(&chunks.chunk_a)?;
    b.update(&chunks.chunk_b)?;
    a.merge(b)?;
    let all = a.summary();
    Ok(json!({
        "n": all.count,
        "mean": number_or_nan(all.mean),
        "variance": number_or_nan(all.variance),
    }))
}
