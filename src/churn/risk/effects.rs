//! What features are to a model: how much worse it foretells rows held out once one is taken from it,
//! and how the probability goes with one.
//!
//! A feature is taken away by exchanging its values between rows at random; what the log-loss of the
//! rows held out then rises by is its permutation importance, each row foretold by the model that did
//! not learn from it. Features that say the same as another can stand in for it, so that each of them
//! looks less important than both together are. Partial dependence is the mean probability if every
//! row had one value; it describes the model and proves no cause.
//!
//! # References
//! L. Breiman, "Random forests", Machine Learning 45 (2001), section 10. A. Fisher, C. Rudin, F.
//! Dominici, Journal of Machine Learning Research 20 (2019). J. H. Friedman, Annals of Statistics 29
//! (2001), section 8.2.
#![allow(clippy::indexing_slicing)] // Rows, turns and features are those of the table.

use super::judge::Measured;
use super::model::RiskModel;
use super::table::{Feature, Table};
use crate::error::Result;
use crate::learn::ranking::losses;
use crate::stats::mean::Sample;
use crate::stats::order::arrangement;
use crate::stats::quantile::{QuantileType, quantiles};
use crate::stats::random::Random;
use serde::Serialize;

/// Rows that are looked at, at most.
const MOST_ROWS: usize = 4000;
/// Of them, those that a dependence is the mean of.
const MOST_MEANT: usize = 1000;
/// How often values are exchanged.
const TIMES: u64 = 3;
/// Features with a dependence, the most important.
const SHOWN: usize = 8;
/// Values of a dependence at most.
const VALUES: usize = 11;

/// The mean probability of leaving if all customers had one value of a feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskEffect"))]
pub struct Effect {
    /// The value of a number; null for a text.
    pub value: Option<f64>,
    /// The value of a text; null for a number.
    pub level: Option<String>,
    /// The mean probability.
    pub probability: f64,
}

/// The two of every feature, under way: a feature at a time.
#[derive(Debug)]
pub(super) struct Effects {
    /// Rows of the table and the turn that held them out.
    rows: Vec<(usize, u8)>,
    /// The models of the turns, which did not learn from what they held out.
    models: Vec<RiskModel>,
    /// Log-loss of each row as it is.
    losses: Vec<f64>,
    /// For each feature by how much the loss rises without it.
    rises: Vec<Option<Measured>>,
    /// Features, the most important first, once all are known, and the dependence of the first ones.
    order: Vec<u32>,
    curves: Vec<Vec<Effect>>,
    seed: u64,
}

impl Effects {
    /// Of rows held out with their turns, and the models of the turns.
    pub(super) fn new(
        mut rows: Vec<(usize, u8)>,
        models: Vec<RiskModel>,
        table: &Table,
        seed: u64,
    ) -> Effects {
        if rows.len() > MOST_ROWS {
            Random::new(seed, 2000).shuffle(&mut rows);
            rows.truncate(MOST_ROWS);
        }
        let mut effects = Effects {
            rows,
            models,
            losses: Vec::new(),
            rises: Vec::new(),
            order: Vec::new(),
            curves: Vec::new(),
            seed,
        };
        effects.losses = effects.losses_with(table, |_, _| {});
        effects
    }

    /// The log-loss of each row, after `change` had a row with its place.
    fn losses_with(&self, table: &Table, change: impl Fn(usize, &mut Vec<f64>)) -> Vec<f64> {
        let mut row = Vec::new();
        let each = self.rows.iter().enumerate().map(|(at, (place, turn))| {
            table.row(*place, &mut row);
            change(at, &mut row);
            let model = &self.models[usize::from(*turn)];
            let p = model.calibration.probability(model.score(&row));
            let loss = losses(&[p], &[table.labels[*place] == Some(true)], None);
            loss.map_or(0.0, |(log, _)| log)
        });
        each.collect()
    }

    /// Steps taken.
    pub(super) fn done(&self) -> usize {
        self.rises.len() + self.curves.len()
    }

    /// Steps in all.
    pub(super) fn total(features: usize) -> usize {
        features + features.min(SHOWN)
    }

    /// Looks at one feature more; true once all were. `model` is what learned from all rows.
    pub(super) fn advance(
        &mut self,
        table: &Table,
        model: &RiskModel,
        confidence: f64,
    ) -> Result<bool> {
        let count = table.features.len();
        let next = self.rises.len();
        if next < count {
            self.rises.push(self.rise(table, next, confidence));
        } else {
            if self.order.is_empty() {
                let of = |at: usize| self.rises[at].map_or(0.0, |rise| rise.value);
                self.order = arrangement(count, &|a, b| of(b).total_cmp(&of(a)));
            }
            if let Some(feature) = self.order.get(self.curves.len()) {
                self.curves.push(self.curve(table, *feature as usize, model)?);
            }
        }
        Ok(self.done() >= Effects::total(count))
    }

    /// By how much the log-loss rises once the values of a feature are exchanged.
    fn rise(&self, table: &Table, feature: usize, confidence: f64) -> Option<Measured> {
        let own = &table.features[feature].values;
        let mut sums = vec![0.0; self.rows.len()];
        for time in 0..TIMES {
            let mut values: Vec<f64> = self.rows.iter().map(|(place, _)| own[*place]).collect();
            Random::new(self.seed, 2001 + feature as u64 * TIMES + time).shuffle(&mut values);
            let found = self.losses_with(table, |at, row| row[feature] = values[at]);
            sums.iter_mut().zip(&found).for_each(|(sum, loss)| *sum += loss);
        }
        let rises = sums.iter().zip(&self.losses).map(|(sum, loss)| sum / TIMES as f64 - loss);
        let sample = Sample::of(rises);
        Some(Measured { value: sample.mean, interval: sample.interval(confidence)? })
    }

    /// How the mean probability goes with a feature.
    fn curve(&self, table: &Table, feature: usize, model: &RiskModel) -> Result<Vec<Effect>> {
        let rows = &self.rows[..self.rows.len().min(MOST_MEANT)];
        let column: &Feature = &table.features[feature];
        let values: Vec<f64> = match &column.levels {
            Some(levels) => (0..levels.len().min(VALUES)).map(|level| level as f64).collect(),
            None => {
                let known = rows.iter().map(|(place, _)| column.values[*place]);
                let known: Vec<f64> = known.filter(|value| !value.is_nan()).collect();
                let shares: Vec<f64> =
                    (0..VALUES).map(|at| 0.05 + 0.9 * at as f64 / (VALUES - 1) as f64).collect();
                let mut cuts =
                    quantiles(&known, &shares, QuantileType::Linear)?.unwrap_or_default();
                cuts.dedup();
                cuts
            }
        };
        let mut row = Vec::new();
        let each = values.into_iter().map(|value| {
            let probabilities = rows.iter().map(|(place, _)| {
                table.row(*place, &mut row);
                row[feature] = value;
                model.calibration.probability(model.score(&row))
            });
            let probability = probabilities.sum::<f64>() / rows.len().max(1) as f64;
            let level =
                column.levels.as_ref().and_then(|levels| levels.get(value as usize).cloned());
            Effect { value: level.is_none().then_some(value), level, probability }
        });
        Ok(each.collect())
    }

    /// For each feature by how much the loss rises without it, and its dependence, empty for those
    /// beyond the most important.
    pub(super) fn finish(self) -> Vec<(Option<Measured>, Vec<Effect>)> {
        let mut found: Vec<_> = self.rises.into_iter().map(|rise| (rise, Vec::new())).collect();
        for (feature, curve) in self.order.iter().zip(self.curves) {
            found[*feature as usize].1 = curve;
        }
        found
    }
}
