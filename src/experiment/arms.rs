//! The state of each arm in each metric: out of the units' numbers, or as given.

use super::options::{ArmOptions, GivenValue, MetricKind, MetricOptions};
use super::unit_stats::UnitStats;
use super::units::ArmColumns;
use crate::error::{Code, Error, Result};
use crate::stats::accumulator::Accumulator;

/// Units of one block, so that sums have one order.
const BLOCK: usize = 65_536;

/// What is known of a metric in an arm.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) stats: UnitStats,
    /// Of a share that is not adjusted.
    pub(super) share: Option<(u64, u64)>,
    pub(super) missing: u64,
}

/// An arm with each metric.
#[derive(Clone, Debug)]
pub(super) struct ArmState {
    pub(super) name: String,
    pub(super) units: u64,
    pub(super) metrics: Vec<Measured>,
}

/// The state of each arm in one metric, out of the units' numbers.
pub(super) fn measured(
    metric: &MetricOptions,
    places: &[usize],
    cap: Option<f64>,
    arms: &[&ArmColumns],
) -> Result<Vec<Measured>> {
    let own = metric.own();
    // What is not known of before counts with the mean of those of whom it is.
    let fill: Vec<f64> = places
        .iter()
        .map(|place| {
            let known = arms.iter().filter_map(|arm| arm.get(*place)).flatten();
            let (mut sum, mut count) = (0.0, 0.0);
            for value in known.filter(|value| !value.is_nan()) {
                sum += value;
                count += 1.0;
            }
            if count > 0.0 { sum / count } else { 0.0 }
        })
        .collect();
    let mut found = Vec::with_capacity(arms.len());
    for arm in arms {
        let columns: Vec<&[f64]> =
            places.iter().filter_map(|place| arm.get(*place)).map(Vec::as_slice).collect();
        let all = columns.first().map_or(0, |column| column.len());
        let is_known = |unit: usize| {
            let mut numbers = columns.iter().take(own).filter_map(|column| column.get(unit));
            numbers.all(|value| !value.is_nan())
        };
        let used: Vec<usize> = (0..all).filter(|unit| is_known(*unit)).collect();
        let mut stats = UnitStats::new();
        let mut successes = 0;
        for block in used.chunks(BLOCK) {
            let mut values: Vec<Vec<f64>> = Vec::with_capacity(columns.len());
            for (at, (column, fill)) in columns.iter().zip(&fill).enumerate() {
                let of = |unit: &usize| column.get(*unit).copied().unwrap_or(f64::NAN);
                let number = |value: f64| if value.is_nan() { *fill } else { value };
                let limit = if at == 0 { cap.unwrap_or(f64::INFINITY) } else { f64::INFINITY };
                values.push(block.iter().map(|unit| number(of(unit)).min(limit)).collect());
            }
            if metric.kind == MetricKind::Share
                && let Some(column) = values.first()
            {
                if column.iter().any(|value| *value != 0.0 && *value != 1.0) {
                    return Err(Error::new(
                        Code::Type,
                        "a share has 0 or 1 for each unit: take the kind `mean` for other numbers",
                    )
                    .at_path("kind"));
                }
                successes += column.iter().filter(|value| **value == 1.0).count() as u64;
            }
            let slices: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
            stats.update(&slices)?;
        }
        let share = (metric.kind == MetricKind::Share && metric.covariate.is_none())
            .then_some((successes, used.len() as u64));
        found.push(Measured { stats, share, missing: (all - used.len()) as u64 });
    }
    Ok(found)
}

/// The state of an arm that is given by its numbers.
pub(super) fn given(arm: &ArmOptions, metrics: &[MetricOptions]) -> Result<ArmState> {
    if arm.values.len() != metrics.len() {
        return Err(Error::new(Code::InvalidOption, "an arm has one value for each metric")
            .at_path("values"));
    }
    let mut found = Vec::new();
    for (at, (value, metric)) in arm.values.iter().zip(metrics).enumerate() {
        let measured = given_value(arm.units, value, metric)
            .map_err(|error| error.inside(&format!("values[{at}]")))?;
        found.push(measured);
    }
    Ok(ArmState { name: arm.arm.clone(), units: arm.units, metrics: found })
}

fn given_value(units: u64, value: &GivenValue, metric: &MetricOptions) -> Result<Measured> {
    let wrong =
        |hint: &'static str, path: &str| Error::new(Code::InvalidOption, hint).at_path(path);
    if metric.cap.is_some() {
        return Err(wrong("values can be capped in a table of units only", "mean"));
    }
    if metric.kind == MetricKind::Share {
        let successes = value
            .successes
            .filter(|successes| *successes <= units)
            .ok_or_else(|| wrong("a share has successes, not more than units", "successes"))?;
        if value.mean.is_some() || value.second.is_some() || metric.covariate.is_some() {
            return Err(wrong("a share is given by its successes alone", "successes"));
        }
        let share = Some((successes, units));
        return Ok(Measured { share, ..Measured::default() });
    }
    if value.successes.is_some() {
        return Err(wrong("only a share has successes", "successes"));
    }
    let needs_second = metric.kind == MetricKind::Ratio || metric.covariate.is_some();
    if needs_second != value.second.is_some()
        || (metric.kind == MetricKind::Ratio && metric.covariate.is_some())
    {
        return Err(wrong(
            "a ratio has its denominator here, a mean its covariate if the metric names one",
            "second",
        ));
    }
    if units == 0 {
        return Ok(Measured::default());
    }
    let mean = value.mean.ok_or_else(|| wrong("a mean is missing", "mean"))?;
    let variance = match value.variance {
        Some(variance) => variance,
        None if units == 1 => 0.0,
        None => return Err(wrong("the sample variance is missing", "variance")),
    };
    let stats = match value.second {
        None => UnitStats::of_moments(units, &[mean], &[variance]),
        Some(second) => {
            if second.covariance * second.covariance > variance * second.variance * (1.0 + 1e-9) {
                return Err(wrong("no two numbers vary together so much", "second"));
            }
            let products = [variance, second.covariance, second.variance];
            UnitStats::of_moments(units, &[mean, second.mean], &products)
        }
    };
    let stats = stats.map_err(|error| error.at_path("variance"))?;
    Ok(Measured { stats, ..Measured::default() })
}
