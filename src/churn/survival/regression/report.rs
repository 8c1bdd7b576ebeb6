//! What `survival-regression` answers.

use serde::Serialize;

use crate::churn::survival::analysis::GroupTest;
use crate::stats::proportion::Interval;

/// Result of `survival-regression`. The column set `lives` holds `customer` and `ratio`: the hazard
/// (Cox) or the time of each row over those of a life with the mean of every column. By Cox the set
/// `baseline` holds `stratum` (an index into `strata`), `time` and `hazard`, cumulative, where all columns
/// are 0.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SurvivalRegressionResult {
    /// Rows that were fitted.
    pub rows: u64,
    /// Ends among them.
    pub events: u64,
    /// What each column does.
    pub terms: Vec<SurvivalTerm>,
    /// `ln T` where all columns are 0; null for Cox.
    pub intercept: Option<SurvivalParameter>,
    /// The logarithm of the scale σ of `ln T`; null for Cox.
    pub log_scale: Option<SurvivalParameter>,
    /// Logarithm of the likelihood, for Cox of the partial one.
    pub log_likelihood: f64,
    /// The same without the columns.
    pub null_log_likelihood: f64,
    /// Whether the columns together say anything: the ratio of likelihoods; null with a penalty.
    pub test: Option<GroupTest>,
    /// Share of pairs of lives that end in the order told, 0.5 by chance; null without such pairs.
    pub concordance: Option<f64>,
    /// Whether the ratios of hazards stay the same over time, all together; null but for Cox without a
    /// penalty.
    pub proportional: Option<GroupTest>,
    /// The answer to that in a word.
    pub verdict: Proportionality,
    /// The values of the column `strata`.
    pub strata: Vec<String>,
    /// The curves of the profiles, in their order.
    pub profiles: Vec<ProfileCurve>,
}

/// Whether ratios of hazards stay the same over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Proportionality {
    /// Nothing speaks against it.
    Holds,
    /// One column or more changes its effect with time: its ratio is a mean over the time followed.
    Changes,
    /// It was not tested.
    Untested,
}

/// A number that was estimated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SurvivalParameter {
    /// The estimate.
    pub estimate: f64,
    /// Its standard error.
    pub error: f64,
    /// Its interval.
    pub interval: Interval,
}

/// What a column does, or a value of a column of texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SurvivalTerm {
    /// The column.
    pub column: String,
    /// The value; null for numbers.
    pub value: Option<String>,
    /// The value it is held against; null for numbers.
    pub reference: Option<String>,
    /// Change of the logarithm of the hazard (Cox: above 0 ends sooner) or of the time (the others:
    /// above 0 lasts longer), per unit of the column.
    pub coefficient: SurvivalParameter,
    /// `exp` of it: the ratio of hazards or of times; null beyond all numbers.
    pub ratio: Option<f64>,
    /// Its interval.
    pub ratio_interval: Option<Interval>,
    /// How likely so large a coefficient is where the column does nothing (Wald's test).
    pub p: f64,
    /// Whether the ratio of the column stays the same over time; for a text all its values together.
    pub proportional: Option<GroupTest>,
}

/// The curve of a profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProfileCurve {
    /// Its name.
    pub name: String,
    /// The time by which half of such lives have ended; null if they have not while lives are followed.
    pub median: Option<f64>,
    /// Lower end of its interval.
    pub median_low: Option<f64>,
    /// Upper end.
    pub median_high: Option<f64>,
    /// The curve.
    pub points: Vec<ProfilePoint>,
}

/// A point of a profile's curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProfilePoint {
    /// The time.
    pub time: f64,
    /// The probability to go on beyond.
    pub survival: f64,
    /// Its interval: how well it is known.
    pub interval: Interval,
}
