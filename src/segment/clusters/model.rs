//! The exported model: what assigns customers, now and later, without fitting again.

use serde::{Deserialize, Serialize};

use super::features::Feature;
use crate::error::{Code, Error, Result};
use crate::learn::cluster::kmeans::nearest_centres;
use crate::learn::cluster::mixture::components;
use crate::learn::cluster::neighbours::Neighbours;
use crate::learn::matrix::{Matrix, mismatches, squared_distance};
use crate::learn::scale::Scaler;

/// The cluster of a customer who is in none.
pub(super) const NONE: u8 = u8::MAX;
/// The most attributes of one kind.
pub(super) const MOST_ATTRIBUTES: usize = 20;
/// The most points of a model.
const MOST_POINTS: usize = 5_000;

/// What assigns a customer: transform the measures as [`Feature`] says, scale them, then take the
/// nearest point; with `covariances` the most likely component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Model {
    /// The measures: the first columns, in this order.
    pub features: Vec<Feature>,
    /// The attributes that are numbers: the columns after these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<NumberAttribute>,
    /// The attributes that are texts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
    /// The unit of money in their transform.
    pub money_unit: f64,
    /// What is subtracted from each column, and what it is divided by.
    pub scaler: Scaler,
    /// Scaled centres or means of the clusters, in the order of `clusters`; with `members` those
    /// customers of the sample who are in a cluster.
    pub points: Vec<Vec<f64>>,
    /// The cluster of each point, where a cluster has many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<u8>>,
    /// The text of each attribute of `texts` at each point; null is a missing text. The distance is
    /// that of the numbers, squared, and `mismatchWeight` for each text that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modes: Option<Vec<Vec<Option<String>>>>,
    /// What a text that differs costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatch_weight: Option<f64>,
    /// Whoever is farther than this from every point is in no cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<f64>,
    /// Share of each component of a mixture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Covariance of each component, a square in row order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariances: Option<Vec<Vec<f64>>>,
}

/// An attribute of numbers in a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NumberAttribute {
    /// Its name.
    pub name: String,
    /// What stands for a number that is missing: the median.
    pub fill: f64,
}

impl Model {
    /// The number of columns.
    pub(super) fn width(&self) -> usize {
        self.features.len() + self.numbers.len()
    }

    /// The names of the attributes, numbers first.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        let numbers = self.numbers.iter().map(|number| number.name.as_str());
        numbers.chain(self.texts.iter().map(String::as_str))
    }

    /// How many clusters.
    pub(super) fn clusters(&self) -> usize {
        let of_members =
            |members: &Vec<u8>| members.iter().max().map_or(0, |most| usize::from(*most) + 1);
        self.members.as_ref().map_or(self.points.len(), of_members)
    }

    /// Checks a model that came from outside.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |path: &'static str, hint: &'static str| {
            Err(Error::new(Code::InvalidOption, hint).at_path(path))
        };
        let width = self.width();
        if self.features.len() > Feature::ALL.len() || (width == 0 && self.texts.is_empty()) {
            return wrong("features", "a model has 1 to 5 measures, or attributes");
        }
        if self.numbers.len() > MOST_ATTRIBUTES || self.texts.len() > MOST_ATTRIBUTES {
            return wrong("numbers", "a model has at most 20 attributes of each kind");
        }
        if !self.numbers.iter().all(|number| number.fill.is_finite()) {
            return wrong("numbers", "what stands for a missing number is finite");
        }
        let is_mode = |modes: &Vec<Option<String>>| modes.len() == self.texts.len();
        let has_modes = self
            .modes
            .as_ref()
            .is_some_and(|modes| modes.len() == self.points.len() && modes.iter().all(is_mode));
        if self.texts.is_empty() == self.modes.is_some() || (!self.texts.is_empty() && !has_modes) {
            return wrong("modes", "a text of each attribute at each point");
        }
        if !self.texts.is_empty()
            && !self.mismatch_weight.is_some_and(|weight| weight >= 0.0 && weight.is_finite())
        {
            return wrong("mismatchWeight", "what a text that differs costs: 0 or more");
        }
        let is_finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        if !(self.money_unit > 0.0 && self.money_unit.is_finite()) {
            return wrong("moneyUnit", "the unit of money is above 0");
        }
        let Scaler { centres, spreads } = &self.scaler;
        let is_scaler = centres.len() == width && spreads.len() == width && is_finite(centres);
        if !is_scaler || !spreads.iter().all(|spread| *spread > 0.0 && spread.is_finite()) {
            return wrong("scaler", "a centre and a spread above 0 for each measure");
        }
        let is_point = |point: &Vec<f64>| point.len() == width && is_finite(point);
        if self.points.is_empty() || self.points.len() > MOST_POINTS {
            return wrong("points", "a model has 1 to 5,000 points");
        }
        if !self.points.iter().all(is_point) {
            return wrong("points", "a point has a number for each measure");
        }
        if let Some(members) = &self.members {
            let is_name = |name: &u8| usize::from(*name) < self.points.len() && *name < NONE;
            if members.len() != self.points.len() || !members.iter().all(is_name) {
                return wrong("members", "each point is in a cluster, and these count from 0");
            }
        } else if self.points.len() >= usize::from(NONE) {
            return wrong("points", "a model has at most 254 clusters");
        }
        if self.reach.is_some_and(|reach| !(reach > 0.0 && reach.is_finite())) {
            return wrong("reach", "the reach is above 0");
        }
        match (&self.weights, &self.covariances) {
            (None, None) => Ok(()),
            (Some(weights), Some(squares)) => {
                let is_square =
                    |square: &Vec<f64>| square.len() == width * width && is_finite(square);
                if weights.len() != self.points.len() || !weights.iter().all(|share| *share > 0.0) {
                    return wrong("weights", "a share above 0 for each component");
                }
                if squares.len() != self.points.len() || !squares.iter().all(is_square) {
                    return wrong("covariances", "a square for each component");
                }
                // Singular ones are found here and not in the middle of the work.
                self.assign(&vec![0.0; width], &[], &[])
                    .map(|_| ())
                    .map_err(|e| e.at_path("covariances"))
            }
            _ => wrong("covariances", "weights and covariances come together"),
        }
    }

    /// The cluster of each scaled row, [`NONE`] for none. `ranks` are the texts of each row, and
    /// `modes` those of each point.
    pub(super) fn assign(&self, scaled: &[f64], ranks: &[u32], modes: &[u32]) -> Result<Vec<u8>> {
        let rows = Matrix::new(scaled, self.width().max(1))?;
        if !self.texts.is_empty() {
            let weight = self.mismatch_weight.unwrap_or(1.0);
            let texts = self.texts.len();
            let of = |(row, own): (&[f64], &[u32])| {
                let mut best = (f64::INFINITY, NONE);
                let points = (0_u8..).zip(&self.points).zip(modes.chunks_exact(texts));
                for ((cluster, point), modes) in points {
                    let differ = mismatches(own, modes) as f64;
                    let distance = squared_distance(row, point) + weight * differ;
                    if distance < best.0 {
                        best = (distance, cluster);
                    }
                }
                best.1
            };
            return Ok(rows.iter().zip(ranks.chunks_exact(texts)).map(of).collect());
        }
        let points: Vec<f64> = self.points.iter().flatten().copied().collect();
        if let (Some(weights), Some(covariances)) = (&self.weights, &self.covariances) {
            let squares: Vec<f64> = covariances.iter().flatten().copied().collect();
            let found = components(rows, weights, &points, &squares)?;
            return Ok(found.into_iter().map(|cluster| cluster as u8).collect());
        }
        let Some(members) = &self.members else {
            let found = nearest_centres(rows, &points);
            return Ok(found.into_iter().map(|cluster| cluster as u8).collect());
        };
        let tree = Neighbours::new(Matrix::new(&points, self.width())?);
        let reach = self.reach.unwrap_or(f64::INFINITY);
        let of = |row: &[f64]| {
            let near = tree.nearest(row).filter(|(_, distance)| *distance <= reach);
            near.and_then(|(at, _)| members.get(at as usize).copied()).unwrap_or(NONE)
        };
        Ok(rows.iter().map(of).collect())
    }
}
