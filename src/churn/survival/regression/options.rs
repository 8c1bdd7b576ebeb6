//! What `survival-regression` is asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::churn::survival::aft::Distribution;
use crate::churn::survival::cox::Ties;
use crate::stats::confidence::usual_confidence;

/// Options of `survival-regression`. Columns are attributes of the input `lives`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SurvivalRegressionOptions {
    /// Which regression.
    #[serde(default)]
    pub model: SurvivalModel,
    /// The column of how long each life was followed, numbers of any unit of time.
    pub duration: String,
    /// The column of whether it ended then: numbers, of which 0 is no, or texts with `eventValue`.
    pub event: String,
    /// The text of `event` that says that it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_value: Option<String>,
    /// The column of the time from which on each life was seen, numbers; without it, from the start. A
    /// life may stand in several rows, one for each span in which the columns stay the same (`cox`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// What is held against the ends: numbers, or texts of at most 50 values; 1 to 50 columns.
    pub covariates: Vec<String>,
    /// A column of texts: the hazard of each value has a course of its own (`cox`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strata: Option<String>,
    /// Errors that hold also where rows of one customer hang together, or the model is not quite right
    /// (`cox`).
    #[serde(default)]
    pub robust: bool,
    /// What is done with ends at the same time (`cox`).
    #[serde(default)]
    pub ties: Ties,
    /// Ridge penalty on columns with a spread of 1, zero or more (`cox`): the larger, the closer to 0
    /// are all coefficients.
    #[serde(default)]
    pub penalty: f64,
    /// Lives to draw a curve for.
    #[serde(default)]
    pub profiles: Vec<LifeProfile>,
    /// The times of the curves' points; without them 25 from 0 to the last end.
    #[serde(default)]
    pub times: Vec<f64>,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

/// A regression of lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SurvivalModel {
    /// Cox: ratios of hazards, whatever the hazard's course.
    #[default]
    Cox,
    /// Times are Weibull; its ratios are of times, as of the next two.
    Weibull,
    /// Times are log-normal.
    LogNormal,
    /// Times are log-logistic.
    LogLogistic,
}

/// A life as described; what it does not name has the mean, or the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifeProfile {
    /// What to call it.
    pub name: String,
    /// Values of columns of numbers.
    #[serde(default)]
    pub numbers: BTreeMap<String, f64>,
    /// Values of columns of texts, and of the strata.
    #[serde(default)]
    pub texts: BTreeMap<String, String>,
}

impl SurvivalRegressionOptions {
    pub(super) fn distribution(&self) -> Option<Distribution> {
        match self.model {
            SurvivalModel::Cox => None,
            SurvivalModel::Weibull => Some(Distribution::Weibull),
            SurvivalModel::LogNormal => Some(Distribution::LogNormal),
            SurvivalModel::LogLogistic => Some(Distribution::LogLogistic),
        }
    }

    /// The columns in the order of a row's cells.
    pub(super) fn columns(&self) -> impl Iterator<Item = &String> {
        let first = [&self.duration, &self.event].into_iter();
        first.chain(&self.entry).chain(&self.strata).chain(&self.covariates)
    }

    pub(super) fn first_covariate(&self) -> usize {
        2 + usize::from(self.entry.is_some()) + usize::from(self.strata.is_some())
    }
}
