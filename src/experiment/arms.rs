//! The state of each arm in each metric: out of the units' numbers, or as given.

use super::estimate::{Estimate, Metric, Quantile};
use super::folded::no_share;
use super::options::{ArmOptions, ExperimentOptions, GivenValue, MetricKind, MetricOptions};
use super::resample::Drawn;
use super::unit_stats::UnitStats;
use super::units::Units;
use super::variance::{Cuped, caps, stratified};
use crate::error::{Code, Error, Result};
use crate::stats::accumulator::Accumulator;
use crate::stats::order::{sort_by, sort_rows};
use crate::table::block::MISSING;

/// Units of one block, so that sums have one order, and small enough to stay near the processor.
const BLOCK: usize = 4096;

/// What is known of a metric in an arm.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    pub(super) stats: UnitStats,
    /// Of a share that is not adjusted.
    pub(super) share: Option<(u64, u64)>,
    /// Units with a value, and without one.
    pub(super) units: u64,
    pub(super) missing: u64,
    /// The state of each stratum, where there are strata.
    strata: Vec<UnitStats>,
    /// Of a quantile.
    quantile: Option<Estimate>,
    /// The numbers themselves, where ranks are compared.
    pub(super) values: Vec<f64>,
    /// What is drawn again.
    pub(super) drawn: Drawn,
}

/// An arm with each metric.
#[derive(Clone, Debug)]
pub(super) struct ArmState {
    pub(super) name: String,
    pub(super) units: u64,
    /// What was given an arm: units, or groups of them.
    pub(super) assigned: u64,
    pub(super) metrics: Vec<Measured>,
}

/// Which group each unit belongs to: `(segment · strata + stratum) · arms + arm`.
#[derive(Debug)]
pub(super) struct Grouping {
    /// [`MISSING`] for units that take no part.
    groups: Vec<u32>,
    segments: usize,
    strata: usize,
    arms: usize,
}

impl Grouping {
    /// Units in `arms` arms; within each of `segments` and of the strata, if there are any: the place
    /// of each unit's, and how many there are.
    ///
    /// # Errors
    /// `limit-memory` without room for the units.
    pub(super) fn new(
        of_units: &[u32],
        arms: usize,
        segments: Option<(&[u32], usize)>,
        strata: Option<(&[u32], usize)>,
    ) -> Result<Grouping> {
        let mut groups = Vec::new();
        groups.try_reserve_exact(of_units.len()).map_err(|_| no_memory())?;
        groups.extend_from_slice(of_units);
        let mut size = arms;
        for (places, count) in [strata, segments].into_iter().flatten() {
            for (group, place) in groups.iter_mut().zip(places).filter(|(g, _)| **g != MISSING) {
                *group += *place * size as u32;
            }
            size *= count;
        }
        let count = |part: Option<(&[u32], usize)>| part.map_or(1, |(_, count)| count);
        Ok(Grouping { groups, segments: count(segments), strata: count(strata), arms })
    }

    /// The states of the arms in each segment, without metrics.
    pub(super) fn arms(&self, names: &[String], clusters: Option<&[u32]>) -> Vec<Vec<ArmState>> {
        let size = self.strata * self.arms;
        let mut units = vec![0; self.segments * self.arms];
        let mut groups: Vec<(f64, u32)> = Vec::new();
        for (unit, group) in self.groups.iter().enumerate() {
            let at = *group as usize;
            let place = at / size * self.arms + at % self.arms;
            if let Some(count) = units.get_mut(place) {
                *count += 1;
                if let Some(cluster) = clusters.and_then(|clusters| clusters.get(unit)) {
                    groups.push((f64::from(*cluster), place as u32));
                }
            }
        }
        sort_rows(&mut groups);
        groups.dedup();
        let mut assigned = if clusters.is_some() { vec![0; units.len()] } else { units.clone() };
        for (_, place) in &groups {
            if let Some(count) = assigned.get_mut(*place as usize) {
                *count += 1;
            }
        }
        let state = |((name, units), assigned): ((&String, &u64), &u64)| ArmState {
            name: name.clone(),
            units: *units,
            assigned: *assigned,
            metrics: Vec::new(),
        };
        let counts = units.chunks(self.arms).zip(assigned.chunks(self.arms));
        counts
            .map(|(units, assigned)| names.iter().zip(units).zip(assigned).map(state).collect())
            .collect()
    }
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the units")
}

/// The columns of a metric, with what stands in for a number that is not known of before: the mean of
/// those that are.
pub(super) struct Columns<'a> {
    metric: &'a MetricOptions,
    columns: Vec<&'a [f64]>,
    fill: Vec<f64>,
    pub(super) cap: Option<f64>,
    clusters: Option<&'a [u32]>,
    is_drawn: bool,
}

impl<'a> Columns<'a> {
    /// Over the units that have an arm.
    pub(super) fn of(
        metric: &'a MetricOptions,
        options: &'a ExperimentOptions,
        units: &'a Units,
        arms: &[u32],
    ) -> Result<Columns<'a>> {
        let columns: Vec<&[f64]> =
            metric.columns().into_iter().map(|name| units.column(name)).collect();
        let own = metric.own();
        let known = |column: &'a [f64]| {
            let own = column.iter().zip(arms).filter(|(_, arm)| **arm != MISSING);
            own.map(|(value, _)| *value).filter(|value| !value.is_nan())
        };
        let fill = columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let (mut sum, mut count) = (0.0, 0.0);
                for value in known(if at < own { &[] } else { column }) {
                    sum += value;
                    count += 1.0;
                }
                if count > 0.0 { sum / count } else { 0.0 }
            })
            .collect();
        let mut cap = None;
        if let Some((quantile, column)) = metric.cap.zip(columns.first()) {
            let all: Vec<f64> = known(column).collect();
            if !all.is_empty() {
                cap = Some(caps(&all, 0.0, quantile)?.high);
            }
        }
        let clusters = options.clusters.as_deref().map(|name| units.label(name));
        let is_drawn = options.resampling.is_some();
        Ok(Columns { metric, columns, fill, cap, clusters, is_drawn })
    }

    /// The state of each arm in each segment.
    ///
    /// # Errors
    /// `type` for a share of other numbers than 0 and 1; `limit-memory`.
    pub(super) fn measured(&self, grouping: &Grouping) -> Result<Vec<Vec<Measured>>> {
        let own = self.metric.own();
        let size = grouping.segments * grouping.strata * grouping.arms;
        // The units of each group that wait for their block; of clusters all of them.
        let mut found = vec![(Measured::default(), Vec::new()); size];
        let mut rows = Vec::new();
        let first = self.columns.first().copied().unwrap_or_default();
        let below = self.columns.get(1).filter(|_| own == 2);
        for (unit, (group, value)) in grouping.groups.iter().zip(first).enumerate() {
            let Some((measured, list)) = found.get_mut(*group as usize) else { continue };
            let below = below.map_or(0.0, |below| below.get(unit).copied().unwrap_or(f64::NAN));
            if value.is_nan() || below.is_nan() {
                measured.missing += 1;
                continue;
            }
            list.push(unit as u32);
            if list.len() == BLOCK && self.clusters.is_none() {
                self.add(measured, list, &mut rows)?;
                list.clear();
            }
        }
        for (measured, list) in &mut found {
            self.add(measured, list, &mut rows)?;
            let clusters = self.clusters.map(|_| &measured.stats);
            let quantile = self.quantile(&measured.values)?;
            measured.quantile = quantile.and_then(|quantile| quantile.estimate(clusters, 0.0));
            if self.is_drawn {
                measured.drawn.values.clone_from(&measured.values);
                if self.metric.kind == MetricKind::Quantile {
                    measured.drawn.quantile = Some(self.metric.quantile.unwrap_or(0.5));
                    sort_by(&mut measured.drawn.values, f64::total_cmp);
                }
            }
            if !self.metric.ranks {
                measured.values = Vec::new();
            }
        }
        let mut segments = Vec::new();
        for parts in found.chunks_mut(grouping.strata * grouping.arms) {
            let mut arms: Vec<Measured> = Vec::new();
            for arm in 0..grouping.arms {
                let mut whole = Measured::default();
                for (part, _) in parts.iter_mut().skip(arm).step_by(grouping.arms) {
                    whole.stats.merge(part.stats.clone())?;
                    whole.units += part.units;
                    whole.missing += part.missing;
                    whole.values.extend_from_slice(&part.values);
                    whole.quantile = part.quantile;
                    whole.drawn = std::mem::take(&mut part.drawn);
                    whole.share = part.share;
                    if grouping.strata > 1 {
                        whole.strata.push(part.stats.clone());
                    }
                }
                let is_plain = self.metric.kind == MetricKind::Share
                    && self.metric.covariate.is_none()
                    && self.clusters.is_none()
                    && grouping.strata == 1;
                whole.share = if is_plain { Some(whole.share.unwrap_or((0, 0))) } else { None };
                arms.push(whole);
            }
            segments.push(arms);
        }
        Ok(segments)
    }

    fn quantile(&self, values: &[f64]) -> Result<Option<Quantile>> {
        match self.metric.kind {
            MetricKind::Quantile => Quantile::of(values, self.metric.quantile.unwrap_or(0.5)),
            _ => Ok(None),
        }
    }

    /// Adds the units of a group; `rows` is room that is used again.
    fn add(&self, measured: &mut Measured, list: &[u32], rows: &mut Vec<Vec<f64>>) -> Result<()> {
        measured.units += list.len() as u64;
        rows.resize(self.columns.len(), Vec::new());
        for (at, ((row, column), fill)) in
            rows.iter_mut().zip(&self.columns).zip(&self.fill).enumerate()
        {
            let limit = if at == 0 { self.cap.unwrap_or(f64::INFINITY) } else { f64::INFINITY };
            row.clear();
            row.extend(list.iter().map(|unit| {
                let value = column.get(*unit as usize).copied().unwrap_or(f64::NAN);
                let value = if value.is_nan() { *fill } else { value };
                if value > limit { limit } else { value }
            }));
        }
        let Some(first) = rows.first() else { return Ok(()) };
        if self.metric.kind == MetricKind::Share {
            let hits = first.iter().filter(|value| **value == 1.0).count() as u64;
            if first.iter().filter(|value| **value == 0.0).count() as u64 + hits
                != first.len() as u64
            {
                return Err(no_share());
            }
            let (successes, units) = measured.share.unwrap_or((0, 0));
            measured.share = Some((successes + hits, units + first.len() as u64));
        }
        if self.metric.needs_values() || self.is_drawn {
            measured.values.extend_from_slice(first);
        }
        if let (true, 2, Some(below)) = (self.is_drawn, self.metric.own(), rows.get(1)) {
            measured.drawn.below.extend_from_slice(below);
        }
        let quantile = if self.clusters.is_some() { self.quantile(first)? } else { None };
        if let (Some(quantile), Some(first)) = (quantile, rows.first_mut()) {
            // A group of units then counts as many of it as are not above the quantile.
            for value in first {
                *value = f64::from(u8::from(*value <= quantile.value));
            }
        }
        let Some(clusters) = self.clusters else {
            let slices: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
            return measured.stats.update(&slices);
        };
        let mut order: Vec<(f64, u32)> = (list.iter().zip(0..))
            .map(|(unit, at)| (clusters.get(*unit as usize).map_or(0.0, |c| f64::from(*c)), at))
            .collect();
        sort_rows(&mut order);
        let sums = |columns: &[&[f64]]| -> Vec<Vec<f64>> {
            let mut sums = vec![Vec::new(); columns.len() + 1];
            for run in order.chunk_by(|a, b| a.0 == b.0) {
                for (sums, column) in sums.iter_mut().zip(columns) {
                    let values = run.iter().filter_map(|(_, at)| column.get(*at as usize));
                    sums.push(values.sum());
                }
                if let Some(units) = sums.last_mut() {
                    units.push(run.len() as f64);
                }
            }
            sums
        };
        let columns: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let sums = sums(&columns);
        measured.stats.update(&sums.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}

/// What each arm shows of a metric, adjusted as it asks, and the share of its variance that the
/// covariate explains.
pub(super) fn estimates(
    metric: &MetricOptions,
    is_clustered: bool,
    arms: &[&Measured],
) -> (Vec<Option<Estimate>>, Option<f64>) {
    if metric.kind == MetricKind::Quantile {
        return (arms.iter().map(|arm| arm.quantile).collect(), None);
    }
    if arms.iter().any(|arm| arm.share.is_some()) {
        let of = |(successes, units)| Estimate::of_proportion(successes as f64, units as f64);
        return (arms.iter().map(|arm| arm.share.and_then(of)).collect(), None);
    }
    let clustered = is_clustered.then(|| metric.columns().len());
    let strata = arms.iter().map(|arm| arm.strata.len()).max().unwrap_or(0);
    if strata < 2 {
        let states: Vec<&UnitStats> = arms.iter().map(|arm| &arm.stats).collect();
        return adjusted(metric, clustered, &states);
    }
    // Strata in which an arm has too few for a variance, or for a slope, are taken together.
    let least = if metric.covariate.is_some() { 20 } else { 2 };
    let is_thin = |row: &[UnitStats]| {
        row.iter().zip(arms).any(|(state, arm)| arm.units > 0 && state.count() < least)
    };
    let mut rest = vec![UnitStats::new(); arms.len()];
    let mut rows: Vec<Vec<UnitStats>> = Vec::new();
    let join = |into: &mut [UnitStats], row: Vec<UnitStats>| {
        for (into, state) in into.iter_mut().zip(row) {
            // States of one metric always have the same numbers.
            let _ = into.merge(state);
        }
    };
    for at in 0..strata {
        let of = |arm: &&Measured| arm.strata.get(at).cloned().unwrap_or_default();
        let row: Vec<UnitStats> = arms.iter().map(of).collect();
        if is_thin(&row) { join(&mut rest, row) } else { rows.push(row) }
    }
    let units = |row: &Vec<UnitStats>| row.iter().map(UnitStats::count).sum::<u64>();
    match rows.iter_mut().max_by_key(|row| units(row)) {
        Some(largest) if is_thin(&rest) => join(largest, rest),
        _ => rows.push(rest),
    }
    let of_row = |row: &Vec<UnitStats>| {
        adjusted(metric, clustered, &row.iter().collect::<Vec<&UnitStats>>()).0
    };
    let rows: Vec<Vec<Option<Estimate>>> =
        rows.iter().filter(|row| units(row) > 0).map(of_row).collect();
    (stratified(&rows, arms.len()), None)
}

fn adjusted(
    metric: &MetricOptions,
    clustered: Option<usize>,
    states: &[&UnitStats],
) -> (Vec<Option<Estimate>>, Option<f64>) {
    let own: Metric = metric.metric(clustered);
    if metric.covariate.is_none() {
        return (states.iter().map(|state| Estimate::of(state, own)).collect(), None);
    }
    let cuped = Cuped::of(states, own, metric.covariate_metric(clustered), metric.adjust);
    let estimate = |state: &&UnitStats| cuped.as_ref().and_then(|cuped| cuped.estimate(state));
    (states.iter().map(estimate).collect(), cuped.map(|cuped| cuped.explained))
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
    Ok(ArmState { name: arm.arm.clone(), units: arm.units, assigned: arm.units, metrics: found })
}

fn given_value(units: u64, value: &GivenValue, metric: &MetricOptions) -> Result<Measured> {
    let wrong =
        |hint: &'static str, path: &str| Error::new(Code::InvalidOption, hint).at_path(path);
    if metric.cap.is_some() || metric.needs_values() {
        let hint = "caps, quantiles and ranks are of a table of units only";
        return Err(wrong(hint, "mean"));
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
        return Ok(Measured { share, units, ..Measured::default() });
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
    Ok(Measured { stats, units, ..Measured::default() })
}
