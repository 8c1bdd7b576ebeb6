//! What `experiment` answers.

use serde::Serialize;

use super::decide::Decision;
use super::register::PlanCheck;
use crate::stats::proportion::Interval;

/// Result of `experiment`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExperimentResult {
    /// What to do.
    pub decision: Decision,
    /// Whether the units were shared out as planned; null without units.
    pub sample_ratio: Option<SampleRatio>,
    /// The arms, control first, then by name.
    pub arms: Vec<ArmUnits>,
    /// The metrics, in the order of the options.
    pub metrics: Vec<MetricResult>,
    /// The same within each value of the segments, and of each day; these decide nothing.
    pub segments: Vec<SegmentResult>,
    /// Whether effects differ between the segments of an attribute, or between days.
    pub differences: Vec<SegmentDifference>,
    /// How well each score finds those whom an arm changes.
    pub scores: Vec<ScoreResult>,
    /// Where it departs from its registered plan; null without one.
    pub registered: Option<PlanCheck>,
}

/// The effects within a segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentResult {
    /// The attribute; null of days.
    pub by: Option<String>,
    /// Its value, or the day; null of units without one.
    pub value: Option<String>,
    /// Units.
    pub units: u64,
    /// Whether they were shared out as planned.
    pub sample_ratio: Option<SampleRatio>,
    /// The metrics, in the order of the options. Adjusted p-values count all segments, arms and
    /// metrics that are no guardrails.
    pub metrics: Vec<MetricResult>,
}

/// Whether an effect differs between segments: Cochran's Q over their effects.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentDifference {
    /// The attribute; null of days.
    pub by: Option<String>,
    /// The metric.
    pub metric: String,
    /// The arm.
    pub arm: String,
    /// Cochran's Q.
    pub chi_squared: f64,
    /// Segments with an interval, less one.
    pub degrees: u64,
    /// How likely it is if the effect is the same everywhere.
    pub p_value: f64,
    /// The same, adjusted for all rows of this table.
    pub adjusted_p_value: f64,
}

/// How well a score finds those whom an arm changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScoreResult {
    /// The score.
    pub score: String,
    /// The metric, a share.
    pub metric: String,
    /// The arm.
    pub arm: String,
    /// Units of the arm and the control that have both.
    pub units: u64,
    /// Qini coefficient: 1 is the best order there can be, 0 as good as chance.
    pub qini: Option<f64>,
    /// The same of the uplift curve.
    pub uplift: Option<f64>,
    /// Effect among the 30 % with the largest scores.
    pub top_effect: Option<f64>,
}

/// Units of an arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArmUnits {
    /// Its name.
    pub arm: String,
    /// Units.
    pub units: u64,
    /// The planned share, 0 to 1.
    pub planned: f64,
}

/// Units against the plan.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SampleRatio {
    /// Pearson's statistic.
    pub chi_squared: f64,
    /// Its p-value.
    pub p_value: f64,
    /// The p-value that may be looked at any time; null where an arm has no planned share.
    pub always_valid_p_value: Option<f64>,
    /// Whether the p-value is below 0.001: then no other number can be trusted.
    pub is_mismatch: bool,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetricResult {
    /// Its name.
    pub metric: String,
    /// Its share of variance that the covariate explains; null without one.
    pub explained: Option<f64>,
    /// The value at which it was capped; null if it was not.
    pub cap: Option<f64>,
    /// Each arm, in the order of `arms`.
    pub arms: Vec<ArmValue>,
    /// Each other arm against the control, in the order of `arms`.
    pub comparisons: Vec<ArmComparison>,
}

/// A metric in an arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArmValue {
    /// The arm.
    pub arm: String,
    /// Units with a value.
    pub units: u64,
    /// Units without one.
    pub missing: u64,
    /// The estimate, adjusted if there is a covariate; null without units.
    pub value: Option<f64>,
    /// Its interval: Wilson's of a share, else by Student's law; null below two units.
    pub interval: Option<Interval>,
}

/// An arm against the control in one metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArmComparison {
    /// The arm.
    pub arm: String,
    /// The arm's value less the control's; null where one is.
    pub effect: Option<f64>,
    /// Interval of the effect at one look: Newcombe's of shares, else Welch's. Null where nothing
    /// varies.
    pub interval: Option<Interval>,
    /// Standard error of the effect; null where nothing varies.
    pub error: Option<f64>,
    /// The effect over the control's value before adjustment; null unless that is above 0.
    pub relative: Option<f64>,
    /// Interval of the relative effect by the delta method.
    pub relative_interval: Option<Interval>,
    /// The same by Fieller's theorem, which holds for a noisy baseline too; null where it is
    /// unbounded.
    pub fieller_interval: Option<Interval>,
    /// p-value at one look: Welch's; of shares Pearson's, or Fisher's for few.
    pub p_value: Option<f64>,
    /// Interval of the effect that holds at every look.
    pub always_valid_interval: Option<Interval>,
    /// p-value that may be looked at any time.
    pub always_valid_p_value: Option<f64>,
    /// The p-value that decides, adjusted for the arms and metrics; null of guardrails.
    pub adjusted_p_value: Option<f64>,
    /// The chance that the arm is better: of shares with the prior Beta(1, 1), else with a flat one.
    pub chance_to_beat: Option<f64>,
    /// What choosing the arm is expected to lose, in the unit of the metric.
    pub expected_loss: Option<f64>,
    /// Of a guardrail with a margin: how likely the data is if the arm is worse by the margin or
    /// more, in the mode that decides; of one that stays the same, if it is off by the margin or more
    /// on either side. Null otherwise.
    pub margin_p_value: Option<f64>,
    /// Of a metric with `ranks`: the chance that a unit of the arm has more than one of the control,
    /// equal values counting half.
    pub superiority: Option<f64>,
    /// p-value of Mann and Whitney's test that this chance is one half.
    pub rank_p_value: Option<f64>,
    /// With `resampling`: the interval of the effect by Poisson bootstrap; null where an arm may be
    /// drawn empty.
    pub bootstrap_interval: Option<Interval>,
    /// With `resampling`, of means and shares: how often units that are shared out at random are at
    /// least as far apart.
    pub permutation_p_value: Option<f64>,
    /// The control's part of the squared error, and its degrees of freedom.
    #[serde(skip)]
    pub(super) spread: (f64, f64),
}
