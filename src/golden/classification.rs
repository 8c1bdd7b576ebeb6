//! Methods of the cases about who leaves: probabilities, how good they are, why, and what to do.

use super::malformed;
use super::methods::field;
use crate::churn::risk::label::{Standing, Windows};
use crate::error::Result;
use crate::experiment::effects::{Curve, Cut, RankedUnit, Ranking};
use crate::learn::calibration::{self, Binning, Calibration, between, reliability};
use crate::learn::logistic::{FitStatus, Fitting, Logistic, Problem};
use crate::learn::matrix::Matrix;
use crate::learn::ranking::{Campaign, Ranked, area_under_curve, losses};
use crate::learn::trees::{self, Node, Tree};
use crate::stats::drift::population_stability;
use crate::table::moment::Moment;
use crate::table::zone::Zone;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Labels with the probabilities or scores beside them.
#[derive(Deserialize)]
struct Scored {
    y: Vec<u8>,
    #[serde(default)]
    p: Vec<f64>,
    #[serde(default)]
    score: Vec<f64>,
    #[serde(default)]
    query: Vec<f64>,
    weights: Option<Vec<f64>>,
}

fn scored(case: &Value) -> Result<(Scored, Vec<bool>)> {
    let scored: Scored = field(case, "input")?;
    let labels = scored.y.iter().map(|y| *y == 1).collect();
    Ok((scored, labels))
}

/// A number, or the text by which the cases write it.
fn number(value: f64) -> Value {
    match value {
        _ if value.is_finite() => json!(value),
        _ if value.is_nan() => json!("NaN"),
        _ if value > 0.0 => json!("Infinity"),
        _ => json!("-Infinity"),
    }
}

fn defined(value: Option<f64>) -> Value {
    number(value.unwrap_or(f64::NAN))
}

pub(super) fn binary(case: &Value) -> Result<Value> {
    let (Scored { p, weights, .. }, labels) = scored(case)?;
    let weights = weights.as_deref();
    let curve = Ranked::new(&p, &labels).curve(weights);
    let (log_loss, brier) = losses(&p, &labels, weights).unwrap_or((f64::NAN, f64::NAN));
    let (mut lift, mut gain) = (Map::new(), Map::new());
    for share in [0.1, 0.2, 0.5] {
        let found = curve.gain(share);
        lift.insert(share.to_string(), defined(found.map(|gain| gain / share)));
        gain.insert(share.to_string(), defined(found));
    }
    Ok(json!({
        "auc": defined(curve.area()),
        "average_precision": defined(curve.average_precision()),
        "brier": number(brier),
        "log_loss": number(log_loss),
        "ks": defined(curve.kolmogorov_smirnov()),
        "ece10_equal_width": reliability(&p, &labels, weights, 10, Binning::EqualWidth).1,
        "lift": lift,
        "gain": gain,
    }))
}

pub(super) fn profit(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        benefit_tp: f64,
        cost_fp: f64,
        #[serde(default)]
        cost_fn: f64,
    }
    let (Scored { p, .. }, labels) = scored(case)?;
    let Options { benefit_tp, cost_fp, cost_fn } = field(case, "options")?;
    let (point, profit) = Ranked::new(&p, &labels).curve(None).best(benefit_tp, cost_fp, cost_fn);
    let targeted = (point.hits + point.others) as u64;
    Ok(json!({ "profit": profit, "threshold": number(point.score), "targeted": targeted }))
}

pub(super) fn emp(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Options {
        alpha: f64,
        beta: f64,
        clv: f64,
        incentive: f64,
        contact_cost: f64,
    }
    let (Scored { p, .. }, labels) = scored(case)?;
    let Options { alpha, beta, clv, incentive, contact_cost } = field(case, "options")?;
    let terms = Campaign { alpha, beta, value: clv, incentive, contact: contact_cost };
    let (emp, contacted) = Ranked::new(&p, &labels).curve(None).expected_maximum_profit(terms)?;
    Ok(json!({ "emp": emp, "fraction_contacted": contacted }))
}

pub(super) fn platt(case: &Value) -> Result<Value> {
    let (Scored { score, .. }, labels) = scored(case)?;
    let [a, b] = calibration::platt(&score, &labels)?;
    let map = Calibration::Platt([a, b]);
    let first: Vec<f64> = score.iter().take(5).map(|score| map.probability(*score)).collect();
    Ok(json!({ "a": a, "b": b, "fitted_first5": first }))
}

pub(super) fn beta(case: &Value) -> Result<Value> {
    let (Scored { p, .. }, labels) = scored(case)?;
    let is_rising = case.pointer("/options/nonnegative").and_then(Value::as_bool);
    let logits: Vec<f64> = p.iter().map(|p| libm::log(*p) - libm::log1p(-p)).collect();
    let [a, b, c] = calibration::beta(&logits, &labels, is_rising == Some(true))?;
    Ok(json!({ "a": a, "b": b, "c": c }))
}

pub(super) fn isotonic(case: &Value) -> Result<Value> {
    let (Scored { p, query, .. }, labels) = scored(case)?;
    let points = calibration::isotonic(&p, &labels)?;
    let at = |all: &[f64]| all.iter().map(|p| between(&points, *p)).collect::<Vec<f64>>();
    Ok(json!({
        "fitted": at(&p),
        "query": at(&query),
        "x_thresholds": points.iter().map(|point| point[0]).collect::<Vec<f64>>(),
        "y_thresholds": points.iter().map(|point| point[1]).collect::<Vec<f64>>(),
    }))
}

pub(super) fn psi(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        expected: Vec<f64>,
        actual: Vec<f64>,
        edges: Vec<f64>,
    }
    let Input { expected, actual, edges } = field(case, "input")?;
    let count = |values: &[f64]| {
        let mut counts = vec![0.0; edges.len().saturating_sub(1)];
        for value in values {
            let bin = edges.partition_point(|edge| edge <= value).saturating_sub(1);
            let is_last = edges.last() == Some(value);
            if let Some(slot) = counts.get_mut(bin - usize::from(is_last && bin > 0))
                && edges.first().is_some_and(|edge| value >= edge)
            {
                *slot += 1.0;
            }
        }
        counts
    };
    Ok(json!({ "psi": population_stability(&count(&expected), &count(&actual), floor(case))? }))
}

fn floor(case: &Value) -> f64 {
    case.pointer("/options/floor").and_then(Value::as_f64).unwrap_or(1e-6)
}

pub(super) fn uplift(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        y: Vec<u8>,
        uplift: Vec<f64>,
        treatment: Vec<u8>,
    }
    #[derive(Deserialize)]
    struct Options {
        k: f64,
        #[serde(default)]
        strategy: String,
    }
    let Input { y, uplift, treatment } = field(case, "input")?;
    let Options { k, strategy } = field(case, "options")?;
    let unit = |((y, treatment), score): ((&u8, &u8), &f64)| RankedUnit {
        outcome: *y == 1,
        is_treated: *treatment == 1,
        score: *score,
    };
    let units: Vec<RankedUnit> = y.iter().zip(&treatment).zip(&uplift).map(unit).collect();
    let ranking = Ranking::new(&units)?;
    let cut = if strategy == "by_group" { Cut::ByArm } else { Cut::Overall };
    let mut answer = Map::new();
    answer.insert("qini_auc".to_owned(), defined(ranking.coefficient(Curve::Qini)));
    answer.insert("uplift_auc".to_owned(), defined(ranking.coefficient(Curve::Uplift)));
    let at = format!("uplift_at_{}pct", (k * 100.0).round());
    answer.insert(at, defined(ranking.uplift_at(k, cut)));
    Ok(Value::Object(answer))
}

pub(super) fn shapley(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Arrays {
        feature: Vec<i64>,
        threshold: Vec<f64>,
        left: Vec<i64>,
        right: Vec<i64>,
        default_left: Vec<bool>,
        value: Vec<f64>,
        cover: Vec<f64>,
    }
    #[derive(Deserialize)]
    struct Input {
        trees: Vec<Arrays>,
        #[serde(rename = "X")]
        rows: Vec<Vec<Value>>,
        features: usize,
    }
    let Input { trees, rows, features } = field(case, "input")?;
    let tree = |tree: &Arrays| -> Option<Tree> {
        let node = |at: usize| {
            let child = |to: &[i64]| u32::try_from(*to.get(at)?).ok().or(Some(0));
            let is_leaf = *tree.feature.get(at)? < 0 || *tree.left.get(at)? < 0;
            Some(Node {
                feature: if is_leaf { None } else { u32::try_from(*tree.feature.get(at)?).ok() },
                threshold: *tree.threshold.get(at)?,
                codes: Vec::new(),
                missing_left: *tree.default_left.get(at)?,
                left: child(&tree.left)?,
                right: child(&tree.right)?,
                value: *tree.value.get(at)?,
                cover: *tree.cover.get(at)?,
            })
        };
        (0..tree.feature.len()).map(node).collect()
    };
    let trees: Option<Vec<Tree>> = trees.iter().map(tree).collect();
    let trees = trees.ok_or_else(|| malformed("a tree's lists differ in length"))?;
    trees.iter().try_for_each(|tree| trees::check(tree, features))?;
    let (mut phi, mut margin, mut base) = (Vec::new(), Vec::new(), 0.0);
    for row in rows {
        let row: Vec<f64> = row.iter().map(|cell| cell.as_f64().unwrap_or(f64::NAN)).collect();
        let mut parts = vec![0.0; features];
        base = trees.iter().map(|tree| trees::explain(tree, &row, &mut parts)).sum();
        margin.push(trees.iter().map(|tree| trees::value(tree, &row)).sum::<f64>());
        phi.push(parts);
    }
    Ok(json!({ "phi": phi, "base": base, "margin": margin }))
}

pub(super) fn label(case: &Value) -> Result<Value> {
    #[derive(Deserialize)]
    struct Input {
        events: Vec<(String, String)>,
    }
    #[derive(Deserialize)]
    struct Options {
        cutoff: String,
        lookback_days: i32,
        horizon_days: i32,
    }
    let day = |text: &str| Ok(Moment::parse(text.get(..10).unwrap_or(text), &Zone::utc())?.day);
    let Options { cutoff, lookback_days, horizon_days } = field(case, "options")?;
    let windows =
        Windows { cutoff: day(&cutoff)?, lookback: lookback_days, gap: 0, horizon: horizon_days };
    let mut days: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for (id, date) in field::<Input>(case, "input")?.events {
        days.entry(id).or_default().push(day(&date)?);
    }
    let (mut population, mut labels, mut excluded) = (Vec::new(), Map::new(), Map::new());
    for (id, days) in days {
        let reason = match windows.standing(days.into_iter()) {
            Standing::Later => "first event after the cutoff",
            Standing::Inactive => "inactive in the lookback",
            standing => {
                labels.insert(id.clone(), json!(u8::from(standing == Standing::Left)));
                population.push(id);
                continue;
            }
        };
        excluded.insert(id, json!(reason));
    }
    Ok(json!({ "population": population, "label": labels, "excluded": excluded }))
}

/// The rows and labels of a case: given, or what its `features` say of a file.
fn rows(case: &Value) -> Result<(Vec<Vec<f64>>, Vec<f64>)> {
    let Some(text) = case.get("data").and_then(Value::as_str) else {
        #[derive(Deserialize)]
        struct Input {
            #[serde(rename = "X")]
            rows: Vec<Vec<f64>>,
            y: Vec<f64>,
        }
        let Input { rows, y } = field(case, "input")?;
        return Ok((rows, y));
    };
    let said = |name: &str| {
        let text = case.pointer(&format!("/input/{name}")).and_then(Value::as_str);
        text.ok_or_else(|| malformed("the case does not say its columns"))
    };
    let mut lines = text.lines().filter(|line| !line.is_empty());
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').map(str::trim).collect();
    // `name` is a number, `name==level` whether it is that.
    let column = |spec: &str| {
        let (name, level) = spec
            .trim()
            .split_once("==")
            .map_or((spec.trim(), None), |(name, level)| (name, Some(level.to_owned())));
        let at = header.iter().position(|cell| *cell == name);
        at.map(|at| (at, level)).ok_or_else(|| malformed("the file lacks a column"))
    };
    let features: Vec<_> = said("features")?.split(',').map(column).collect::<Result<_>>()?;
    let target = column(said("target")?)?;
    let (mut rows, mut labels) = (Vec::new(), Vec::new());
    for line in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if cells.iter().any(|cell| matches!(*cell, "" | "NA" | "NaN")) {
            continue;
        }
        let value = |(at, level): &(usize, Option<String>)| {
            let cell = cells.get(*at).copied().unwrap_or_default();
            match level {
                Some(level) => Ok(f64::from(u8::from(cell == level))),
                None => cell.parse().map_err(|_| malformed("a cell is no number")),
            }
        };
        rows.push(features.iter().map(value).collect::<Result<_>>()?);
        labels.push(value(&target)?);
    }
    Ok((rows, labels))
}

fn fit(problem: Problem<'_>) -> Result<Logistic> {
    let mut fitting = Fitting::new(problem)?;
    while !fitting.advance(problem, 200) {}
    let fit = fitting.finish(problem);
    match fit.status {
        FitStatus::Converged => Ok(fit),
        FitStatus::Separated => Err(malformed("rows can be told apart perfectly")),
        FitStatus::Singular => Err(malformed("columns say the same")),
        FitStatus::StepLimit | FitStatus::NoStep => Err(malformed("it did not converge")),
    }
}

pub(super) fn logistic(case: &Value) -> Result<Value> {
    let (rows, labels) = rows(case)?;
    // That there is no estimate is an answer.
    Ok(estimates(case, &rows, labels)
        .unwrap_or_else(|error| json!({ "error": error.to_string(), "converged": false })))
}

fn estimates(case: &Value, rows: &[Vec<f64>], labels: Vec<f64>) -> Result<Value> {
    let columns = rows.first().map_or(0, Vec::len);
    let values: Vec<f64> = rows.concat();
    let option = |name: &str| case.pointer(&format!("/options/{name}"));
    let strength = option("C").and_then(Value::as_f64);
    let given = case.pointer("/input/weights").or(option("weights"));
    let mut weights: Option<Vec<f64>> =
        given.and_then(|given| serde_json::from_value(given.clone()).ok());
    if option("class_weight").and_then(Value::as_str) == Some("balanced") {
        let (all, hits) = (labels.len() as f64, labels.iter().sum::<f64>());
        let weight = |label: f64| all / (2.0 * if label == 1.0 { hits } else { all - hits });
        let own = weights.unwrap_or_else(|| vec![1.0; labels.len()]);
        weights = Some(own.iter().zip(&labels).map(|(own, label)| own * weight(*label)).collect());
    }
    let problem = Problem {
        rows: Matrix::new(&values, columns)?,
        targets: &labels,
        weights: weights.as_deref(),
        penalty: strength.map_or(0.0, |strength| 1.0 / strength),
    };
    let model = fit(problem)?;
    let probabilities: Vec<f64> = rows.iter().map(|row| model.probability(row)).collect();
    if strength.is_some() {
        return Ok(json!({
            "intercept": model.intercept,
            "coef": model.coefficients,
            "proba_first5": probabilities.get(..5).unwrap_or(&probabilities),
        }));
    }
    let nothing = vec![0.0; labels.len()];
    let without = Problem { rows: Matrix::new(&nothing, 1)?, penalty: 1.0, ..problem };
    let hits: Vec<bool> = labels.iter().map(|label| *label == 1.0).collect();
    Ok(json!({
        "intercept": model.intercept,
        "coef": model.coefficients,
        "se": problem.standard_errors(&model).ok_or_else(|| malformed("no standard errors"))?,
        "loglik": problem.log_likelihood(&model),
        "loglik_null": without.log_likelihood(&fit(without)?),
        "auc": defined(area_under_curve(&probabilities, &hits)),
    }))
}
