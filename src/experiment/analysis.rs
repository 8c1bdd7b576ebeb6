//! `experiment`: which variant did better, by how much, how surely, and what to do.
//!
//! From a table of units, or from counts and means that were computed elsewhere. Each metric of
//! each arm is held against the control: fixed-horizon and always-valid interval, relative effect,
//! the chance to be better and what choosing it is expected to cost. The sample ratio is looked at
//! first.
//!
//! When not to use it: where units influence each other or were not assigned by chance. A
//! comparison of before and after is no experiment.

use serde::{Deserialize, Serialize};

use super::compare::bayes::{Belief, Beta, Normal, compare_shares as believe_shares};
use super::compare::means::{self, Test};
use super::compare::proportions::Share;
use super::compare::{Alternative, always_valid};
use super::decide::{Decision, Finding, decide};
use super::estimate::{Estimate, Metric};
use super::health::{RunningRatio, sample_ratio};
use super::unit_stats::UnitStats;
use super::units::{ArmColumns, Units};
use super::variance::{Cuped, caps};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{Method, Outcome, Warning};
use crate::stats::accumulator::Accumulator;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::multiplicity::{Adjustment, adjusted};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::shares::compare_shares;
use crate::table::role::Role;

/// Arms that can be compared at once.
const MOST_ARMS: usize = 64;
/// Below this p-value the sample ratio is taken for broken: 0.05 would stop one sound experiment
/// in twenty.
const MISMATCH: f64 = 0.001;
/// Units of one block, so that sums have one order.
const BLOCK: usize = 65_536;

/// Options of `experiment`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExperimentOptions {
    /// The arm that the others are held against.
    pub control: String,
    /// What is measured, the weightiest first.
    pub metrics: Vec<MetricOptions>,
    /// With a table: the attribute with the name of each unit's arm.
    #[serde(default = "usual_variant")]
    pub variant: String,
    /// Without a table: each arm with its counts and means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<ArmOptions>,
    /// The planned share of each arm. Default: all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan: Vec<ArmPlan>,
    /// Units that were planned in all. Until they are there, an interval of fixed horizon does not
    /// decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_units: Option<f64>,
    /// Which interval decides.
    #[serde(default)]
    pub decide: DecideBy,
    /// How p-values are adjusted, over the arms and all metrics that are no guardrails.
    #[serde(default)]
    pub adjustment: Adjustment,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// Units in all at which the always-valid interval is tightest. Default: `plannedUnits`, or 5000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<f64>,
    /// The smallest effect of a primary metric that is worth while, relative to the control: 0.02
    /// for 2 %. Below it an experiment ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worthwhile: Option<f64>,
}

fn usual_variant() -> String {
    "variant".to_owned()
}

/// Which interval decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DecideBy {
    /// That of one look, at the planned end.
    #[default]
    Fixed,
    /// That which holds at every look: for experiments that are watched.
    AlwaysValid,
}

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MetricKind {
    /// The mean per unit.
    #[default]
    Mean,
    /// The share of units that did: 0 or 1 per unit.
    Share,
    /// The sum of one number over the sum of another, such as spend per order.
    Ratio,
}

/// What a metric is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MetricPurpose {
    /// It decides.
    #[default]
    Primary,
    /// It is shown.
    Secondary,
    /// It must not get worse.
    Guardrail,
}

/// Which way is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MetricDirection {
    /// More.
    #[default]
    Higher,
    /// Less.
    Lower,
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetricOptions {
    /// Its name; with a table the attribute that holds it, unless `column` says another.
    pub name: String,
    /// What kind of number it is.
    #[serde(default)]
    pub kind: MetricKind,
    /// The attribute that holds it. Default: `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Of a ratio: the attribute below the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<String>,
    /// An attribute from before the experiment (CUPED): the part of the metric that it explains is
    /// taken out of the noise. Units without it count with its mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariate: Option<String>,
    /// Of a ratio: the attribute below the line of the covariate. Default: the covariate is a mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covariate_denominator: Option<String>,
    /// What it is for.
    #[serde(default)]
    pub purpose: MetricPurpose,
    /// Which way is good.
    #[serde(default)]
    pub better: MetricDirection,
    /// Of a guardrail: how much worse it may be, relative to the control: 0.02 for 2 %. An arm is
    /// shipped only if that is proven. 0 by default: only harm beyond chance is looked for.
    #[serde(default)]
    pub margin: f64,
    /// Values above this quantile of all arms count as that quantile (winsorizing): 0.99 or so for
    /// revenue with a long tail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<f64>,
}

/// The planned share of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArmPlan {
    /// Its name.
    pub arm: String,
    /// Its weight, relative to those of the others.
    pub weight: f64,
}

/// An arm that is given by its counts and means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArmOptions {
    /// Its name.
    pub arm: String,
    /// Units that were assigned to it.
    pub units: u64,
    /// What was measured, in the order of the metrics.
    pub values: Vec<GivenValue>,
}

/// What is given of a metric in an arm: of a share `successes`; else `mean` and `variance`, of a
/// ratio also those of the denominator.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GivenValue {
    /// Units that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successes: Option<u64>,
    /// Mean per unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Sample variance (n − 1) over the units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<f64>,
    /// Of a ratio: the number below the line, or of a mean: the covariate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondValue>,
}

/// A second number of each unit: the denominator of a ratio, or the covariate of a mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecondValue {
    /// Mean per unit.
    pub mean: f64,
    /// Sample variance (n − 1) over the units.
    pub variance: f64,
    /// Sample covariance (n − 1) with the metric's own number.
    pub covariance: f64,
}

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
#[derive(Clone, Debug, PartialEq, Serialize)]
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
    /// more, in the mode that decides; null otherwise.
    pub margin_p_value: Option<f64>,
}

/// What is known of a metric in an arm.
#[derive(Clone, Debug, Default)]
struct Measured {
    stats: UnitStats,
    /// Of a share that is not adjusted.
    share: Option<(u64, u64)>,
    missing: u64,
}

/// An arm with each metric.
#[derive(Clone, Debug)]
struct ArmState {
    name: String,
    units: u64,
    metrics: Vec<Measured>,
}

/// The running analysis.
#[derive(Debug)]
pub struct Experiment {
    options: ExperimentOptions,
    units: Option<Units>,
    arms: Vec<ArmState>,
    caps: Vec<Option<f64>>,
    answer: Option<ExperimentResult>,
    warnings: Vec<Warning>,
}

impl MetricOptions {
    fn value_column(&self) -> &str {
        self.column.as_deref().unwrap_or(&self.name)
    }

    /// The columns of a metric's numbers: its own, the denominator, the covariate, its denominator.
    fn columns(&self) -> Vec<&str> {
        let more = [&self.denominator, &self.covariate, &self.covariate_denominator];
        let more = more.into_iter().filter_map(|name| name.as_deref());
        std::iter::once(self.value_column()).chain(more).collect()
    }

    /// How many numbers come before the covariate.
    fn own(&self) -> usize {
        1 + usize::from(self.kind == MetricKind::Ratio)
    }

    fn metric(&self) -> Metric {
        if self.kind == MetricKind::Ratio { Metric::Ratio(0, 1) } else { Metric::Mean(0) }
    }

    fn covariate_metric(&self) -> Metric {
        let own = self.own();
        if self.covariate_denominator.is_some() {
            Metric::Ratio(own, own + 1)
        } else {
            Metric::Mean(own)
        }
    }

    fn check(&self) -> Result<()> {
        let wrong = |hint: &'static str, path: &str| {
            Err(Error::new(Code::InvalidOption, hint).at_path(path))
        };
        if (self.kind == MetricKind::Ratio) != self.denominator.is_some() {
            return wrong("a ratio has a denominator, and nothing else has", "denominator");
        }
        if self.covariate_denominator.is_some() && self.covariate.is_none() {
            return wrong("this stands below a covariate", "covariateDenominator");
        }
        if !(self.margin >= 0.0 && self.margin.is_finite()) {
            return wrong("a margin is 0 or more", "margin");
        }
        if self.margin > 0.0 && self.purpose != MetricPurpose::Guardrail {
            return wrong("guardrails have margins", "margin");
        }
        match self.cap {
            Some(cap) if !(cap > 0.0 && cap <= 1.0) => wrong("a cap is a quantile up to 1", "cap"),
            Some(_) if self.kind != MetricKind::Mean => wrong("means can be capped", "cap"),
            _ => Ok(()),
        }
    }
}

impl Analysis for Experiment {
    const NAME: &'static str = "experiment";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Welch and score comparisons with CUPED, confidence sequences, beliefs and a sample-ratio test",
        reference: "Welch (1947) Biometrika 34; Newcombe (1998) Stat. Med. 17; Deng et al. (2013) \
                    WSDM; Waudby-Smith et al. (2024) Ann. Stat. 52; Fabijan et al. (2019) KDD.",
    };
    const INPUTS: &'static [&'static str] = &[];
    const OPTIONAL: &'static [&'static str] = &["units"];

    type Options = ExperimentOptions;
    type Result = ExperimentResult;

    fn needs(options: &ExperimentOptions, _input: usize) -> Result<Needs> {
        let columns = options.metrics.iter().flat_map(MetricOptions::columns);
        Ok(Needs::roles(&[Role::Customer])
            .and_attributes(std::iter::once(options.variant.as_str()).chain(columns)))
    }

    fn estimate(options: &ExperimentOptions, inputs: &[Facts<'_>]) -> u64 {
        let columns: usize = options.metrics.iter().map(|metric| metric.columns().len()).sum();
        // Each number twice: by unit and by arm.
        inputs.iter().map(|facts| facts.customers * (16 * columns as u64 + 9)).sum()
    }

    fn start(options: ExperimentOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        check_confidence(options.confidence)?;
        if options.metrics.is_empty() {
            return Err(Error::new(Code::InvalidOption, "an experiment has at least one metric")
                .at_path("metrics"));
        }
        for (at, metric) in options.metrics.iter().enumerate() {
            metric.check().map_err(|error| error.inside(&format!("metrics[{at}]")))?;
        }
        let positive = [
            (options.planned_units, "plannedUnits"),
            (options.tuning, "tuning"),
            (options.worthwhile, "worthwhile"),
        ];
        for (value, path) in positive {
            if value.is_some_and(|value| !(value > 0.0 && value.is_finite())) {
                return Err(Error::new(Code::InvalidOption, "this is above 0").at_path(path));
            }
        }
        if inputs.is_empty() == options.arms.is_empty() {
            return Err(Error::new(
                Code::InvalidOption,
                "give either a table of units or the counts and means of the arms",
            )
            .at_path("arms"));
        }
        let units = (!inputs.is_empty()).then(|| {
            let mut columns: Vec<String> = Vec::new();
            for column in options.metrics.iter().flat_map(MetricOptions::columns) {
                if !columns.iter().any(|known| known == column) {
                    columns.push(column.to_owned());
                }
            }
            Units::new(columns)
        });
        let caps = vec![None; options.metrics.len()];
        let mut experiment = Experiment {
            options,
            units,
            arms: Vec::new(),
            caps,
            answer: None,
            warnings: Vec::new(),
        };
        for (at, arm) in experiment.options.arms.iter().enumerate() {
            let state = given(arm, &experiment.options.metrics)
                .map_err(|error| error.inside(&format!("arms[{at}]")))?;
            experiment.arms.push(state);
        }
        Ok(experiment)
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        match &mut self.units {
            Some(units) => units.update(rows, &self.options.variant),
            None => Ok(()),
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        let Some(units) = &self.units else { return Ok(Progress::default()) };
        let texts = names.first().and_then(|names| names.attribute(&self.options.variant));
        let codes = units.variants();
        if codes.len() > MOST_ARMS {
            return Err(Error::new(
                Code::Limit,
                format!("at most {MOST_ARMS} arms can be compared: is this the right attribute?"),
            )
            .at_path("variant"));
        }
        let mut arms = Vec::new();
        for code in codes {
            let name = texts.and_then(|texts| texts.get(code)).unwrap_or_default();
            let (count, columns) = units.arm(code)?;
            arms.push((String::from_utf8_lossy(name).into_owned(), count, columns));
        }
        arms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let metrics = &self.options.metrics;
        for (at, metric) in metrics.iter().enumerate() {
            if let Some(cap) = metric.cap
                && let Some(column) = units.column(metric.value_column())
            {
                let all: Vec<f64> = arms
                    .iter()
                    .filter_map(|(_, _, columns)| columns.get(column))
                    .flatten()
                    .copied()
                    .filter(|value| !value.is_nan())
                    .collect();
                if let Some(place) = self.caps.get_mut(at)
                    && !all.is_empty()
                {
                    *place = Some(caps(&all, 0.0, cap)?.high);
                }
            }
        }
        self.arms = arms
            .iter()
            .map(|(name, units, _)| ArmState {
                name: name.clone(),
                units: *units,
                metrics: Vec::new(),
            })
            .collect();
        for (at, metric) in metrics.iter().enumerate() {
            let places: Vec<usize> =
                metric.columns().into_iter().filter_map(|name| units.column(name)).collect();
            let cap = self.caps.get(at).copied().flatten();
            let columns: Vec<&ArmColumns> = arms.iter().map(|(_, _, columns)| columns).collect();
            let measured = measured(metric, &places, cap, &columns)
                .map_err(|error| error.inside(&format!("metrics[{at}]")))?;
            for (arm, measured) in self.arms.iter_mut().zip(measured) {
                arm.metrics.push(measured);
            }
        }
        Ok(Progress::default())
    }

    fn finish(&mut self, _budget: usize) -> Result<Progress> {
        if self.answer.is_none() {
            self.answer = Some(self.result()?);
        }
        Ok(Progress { done: 1, total: 1 })
    }

    fn outcome(
        mut self,
        _names: &[AllowedNames<'_>],
    ) -> Result<Outcome<ExperimentResult, ExperimentOptions>> {
        let result = self
            .answer
            .take()
            .ok_or_else(|| Error::new(Code::Closed, "the analysis is not finished"))?;
        let units = result.arms.iter().map(|arm| arm.units).sum();
        let left_out = self.units.as_ref().map(Units::left_out).unwrap_or_default();
        let out: u64 =
            left_out.iter().filter(|part| part.reason != "denied").map(|part| part.rows).sum();
        Ok(Outcome {
            rows: self.units.as_ref().map_or(0, |units| units.rows.saturating_sub(out)),
            customers: units,
            result,
            sets: Vec::new(),
            left_out,
            warnings: self.warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.units.as_ref().map_or(0, Units::heap_size)
    }
}

/// The state of each arm in one metric, out of the units' numbers.
fn measured(
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
fn given(arm: &ArmOptions, metrics: &[MetricOptions]) -> Result<ArmState> {
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

impl Experiment {
    fn result(&mut self) -> Result<ExperimentResult> {
        let control = self.options.control.clone();
        let twice = (1..self.arms.len()).any(|at| {
            let (before, rest) = self.arms.split_at(at);
            rest.first().is_some_and(|arm| before.iter().any(|other| other.name == arm.name))
        });
        if twice || self.arms.len() > MOST_ARMS {
            return Err(Error::new(Code::InvalidOption, "arms have different names, at most 64")
                .at_path("arms"));
        }
        // Arms of the plan that have no unit are empty ones.
        for plan in &self.options.plan {
            if !self.arms.iter().any(|arm| arm.name == plan.arm) {
                let metrics = vec![Measured::default(); self.options.metrics.len()];
                self.arms.push(ArmState { name: plan.arm.clone(), units: 0, metrics });
            }
        }
        if !self.arms.iter().any(|arm| arm.name == control) {
            return Err(Error::new(Code::InvalidOption, "no unit is in an arm of this name")
                .at_path("control"));
        }
        self.arms.sort_unstable_by(|a, b| {
            (a.name != control, &a.name).cmp(&(b.name != control, &b.name))
        });
        if self.arms.len() < 2 {
            return Err(Error::new(Code::NotEnoughData, "there is no arm beside the control"));
        }
        let weights = self.weights()?;
        let sum: f64 = weights.iter().sum();
        let counts: Vec<u64> = self.arms.iter().map(|arm| arm.units).collect();
        let empty = counts.iter().filter(|count| **count == 0).count() as u64;
        self.warn("empty-arm", empty, "an arm without units cannot be compared");
        let sample_ratio = ratio(&counts, &weights)?;
        let arms: Vec<ArmUnits> = (self.arms.iter().zip(&weights))
            .map(|(arm, weight)| ArmUnits {
                arm: arm.name.clone(),
                units: arm.units,
                planned: weight / sum,
            })
            .collect();
        let mut metrics = Vec::new();
        for at in 0..self.options.metrics.len() {
            if let Some(metric) = self.metric(at)? {
                metrics.push(metric);
            }
        }
        self.adjust(&mut metrics);
        let all: u64 = counts.iter().sum();
        let has_all = self.options.decide == DecideBy::AlwaysValid
            || self.options.planned_units.is_none_or(|planned| all as f64 >= planned);
        let is_mismatch = sample_ratio.is_some_and(|ratio| ratio.is_mismatch);
        let has_primary =
            self.options.metrics.iter().any(|metric| metric.purpose == MetricPurpose::Primary);
        let findings = self.findings(&metrics);
        let decision = decide(is_mismatch, has_all, has_primary, &findings);
        Ok(ExperimentResult { decision, sample_ratio, arms, metrics })
    }

    fn warn(&mut self, code: &'static str, count: u64, hint: &'static str) {
        if count > 0 {
            self.warnings.push(Warning { code, count, hint: hint.to_owned() });
        }
    }

    /// The planned weight of each arm.
    fn weights(&self) -> Result<Vec<f64>> {
        let plan = &self.options.plan;
        if plan.is_empty() {
            return Ok(vec![1.0; self.arms.len()]);
        }
        let of = |arm: &ArmState| {
            let own = plan.iter().find(|plan| plan.arm == arm.name);
            own.map(|plan| plan.weight).filter(|weight| *weight >= 0.0 && weight.is_finite())
        };
        let weights: Option<Vec<f64>> = self.arms.iter().map(of).collect();
        weights.filter(|weights| weights.iter().sum::<f64>() > 0.0).ok_or_else(|| {
            Error::new(Code::InvalidOption, "the plan has a weight of 0 or more for every arm")
                .at_path("plan")
        })
    }

    fn metric(&mut self, at: usize) -> Result<Option<MetricResult>> {
        let Some(options) = self.options.metrics.get(at).cloned() else { return Ok(None) };
        let measured: Vec<(String, Measured)> = self
            .arms
            .iter()
            .filter_map(|arm| Some((arm.name.clone(), arm.metrics.get(at)?.clone())))
            .collect();
        let cuped = options.covariate.as_ref().and_then(|_| {
            let states = measured.iter().map(|(_, measured)| &measured.stats);
            Cuped::of(states, options.metric(), options.covariate_metric())
        });
        let confidence = self.options.confidence;
        let estimate = |measured: &Measured| match (measured.share, &cuped) {
            (Some((successes, units)), _) => {
                Estimate::of_proportion(successes as f64, units as f64)
            }
            (None, Some(cuped)) => cuped.estimate(&measured.stats),
            (None, None) => Estimate::of(&measured.stats, options.metric()),
        };
        let mut arms = Vec::new();
        for (name, measured) in &measured {
            let own = estimate(measured);
            let interval = match measured.share {
                Some((successes, units)) if units > 0 => {
                    let kind = ProportionInterval::Wilson;
                    Some(proportion_interval(successes, units, confidence, kind)?)
                }
                Some(_) => None,
                None => own.and_then(|own| interval_of(&own, confidence)),
            };
            let alone = || measured.stats.mean(0).filter(|_| options.kind != MetricKind::Ratio);
            arms.push(ArmValue {
                arm: name.clone(),
                units: measured.share.map_or(measured.stats.count(), |(_, units)| units),
                missing: measured.missing,
                // One unit has a mean, though no spread.
                value: own.map(|own| own.value).or_else(alone),
                interval,
            });
        }
        let mut comparisons = Vec::new();
        let (mut still, mut unsigned) = (0, 0);
        if let Some(((_, control), others)) = measured.split_first() {
            let base = estimate(control);
            for (name, other) in others {
                let found =
                    self.compare(name, &options, (control, base), (other, estimate(other)))?;
                still += u64::from(found.effect.is_some() && found.interval.is_none());
                unsigned += u64::from(found.effect.is_some() && found.relative.is_none());
                comparisons.push(found);
            }
        }
        self.warn("nothing-varies", still, "where no unit differs there is no interval");
        self.warn(
            "no-relative-effect",
            unsigned,
            "an effect relative to a baseline of 0 or less has no meaning",
        );
        let without: u64 = arms.iter().map(|arm| arm.missing).sum();
        self.warn("missing-values", without, "units without a value take no part in that metric");
        Ok(Some(MetricResult {
            metric: options.name,
            explained: cuped.map(|cuped| cuped.explained),
            cap: self.caps.get(at).copied().flatten(),
            arms,
            comparisons,
        }))
    }

    fn compare(
        &self,
        arm: &str,
        options: &MetricOptions,
        (control, base): (&Measured, Option<Estimate>),
        (other, own): (&Measured, Option<Estimate>),
    ) -> Result<ArmComparison> {
        let confidence = self.options.confidence;
        let mut found = ArmComparison {
            arm: arm.to_owned(),
            effect: None,
            interval: None,
            relative: None,
            relative_interval: None,
            fieller_interval: None,
            p_value: None,
            always_valid_interval: None,
            always_valid_p_value: None,
            adjusted_p_value: None,
            chance_to_beat: None,
            expected_loss: None,
            margin_p_value: None,
        };
        let Some((base, own)) = base.zip(own) else { return Ok(found) };
        let effect = own.value - base.value;
        found.effect = Some(effect);
        let both = Alternative::TwoSided;
        let welch = means::absolute(&base, &own, Test::Welch, both, confidence);
        let is_lower = options.better == MetricDirection::Lower;
        // Turned round where less is better, so that small chances keep their digits.
        let mut belief: Option<Belief> = None;
        if let Some((c, t)) = control.share.zip(other.share) {
            let shares = compare_shares(t, c, confidence)?;
            (found.interval, found.p_value) = (Some(shares.interval), Some(shares.p_value));
            let law = |(successes, trials)| {
                Beta::posterior(Share::new(successes, trials).ok()?, 1.0, 1.0)
            };
            belief = law(c).zip(law(t)).and_then(|(c, t)| {
                if is_lower { believe_shares(t, c) } else { believe_shares(c, t) }
            });
        } else if let Some(welch) = &welch {
            (found.interval, found.p_value) = (Some(welch.interval), Some(welch.p_value));
            let law = Normal::posterior(welch, None);
            let mean = if is_lower { -law.mean } else { law.mean };
            belief = Some(Normal { mean, ..law }.belief());
        }
        if base.unadjusted > 0.0 {
            found.relative = Some(effect / base.unadjusted);
            let relative = means::relative(&base, &own, both, confidence);
            found.relative_interval = relative.map(|relative| relative.interval);
            // With a covariate the quotient is of adjusted values, which Fieller's has not.
            if options.covariate.is_none() {
                found.fieller_interval = means::fieller(&base, &own, confidence);
            }
        }
        let tuning = self.options.tuning.or(self.options.planned_units).unwrap_or(5000.0);
        let units = base.count + own.count;
        let alpha = 1.0 - confidence;
        if let Some(welch) = &welch
            && let Some(valid) = always_valid::asymptotic(welch, units, alpha, tuning)
        {
            found.always_valid_interval = Some(valid.interval);
            found.always_valid_p_value = Some(valid.p_value);
        }
        if let Some(belief) = belief {
            found.chance_to_beat = Some(belief.chance_to_win);
            found.expected_loss = Some(belief.loss_of_treatment);
        }
        if options.purpose == MetricPurpose::Guardrail
            && options.margin > 0.0
            && base.unadjusted > 0.0
        {
            // A margin of a noisy baseline: (t − (1 ± m)·c) has the baseline's noise too.
            let factor = if is_lower { 1.0 + options.margin } else { 1.0 - options.margin };
            let limit = Estimate {
                value: base.value + (factor - 1.0) * base.unadjusted,
                variance: base.variance * factor * factor,
                ..base
            };
            found.margin_p_value = match self.options.decide {
                DecideBy::Fixed => {
                    let side = if is_lower { Alternative::Less } else { Alternative::Greater };
                    means::absolute(&limit, &own, Test::Welch, side, confidence)
                        .map(|test| test.p_value)
                }
                // The two-sided sequence, and nothing on the bad side.
                DecideBy::AlwaysValid => {
                    means::absolute(&limit, &own, Test::Welch, both, confidence).and_then(|test| {
                        let valid = always_valid::asymptotic(&test, units, alpha, tuning)?;
                        let is_good = (test.effect < 0.0) == is_lower;
                        Some(if is_good { valid.p_value } else { 1.0 })
                    })
                }
            };
        }
        Ok(found)
    }

    /// The p-value that decides.
    fn deciding(&self, comparison: &ArmComparison) -> Option<f64> {
        match self.options.decide {
            DecideBy::Fixed => comparison.p_value,
            DecideBy::AlwaysValid => comparison.always_valid_p_value,
        }
    }

    fn adjust(&self, metrics: &mut [MetricResult]) {
        let is_guardrail = |at: usize| {
            self.options
                .metrics
                .get(at)
                .is_some_and(|metric| metric.purpose == MetricPurpose::Guardrail)
        };
        let mut p_values = Vec::new();
        for (at, metric) in metrics.iter().enumerate() {
            for comparison in &metric.comparisons {
                p_values.push(self.deciding(comparison).filter(|_| !is_guardrail(at)));
            }
        }
        let comparisons = metrics.iter_mut().flat_map(|metric| &mut metric.comparisons);
        for (comparison, p) in comparisons.zip(adjusted(&p_values, self.options.adjustment)) {
            comparison.adjusted_p_value = p;
        }
    }

    fn findings<'a>(&'a self, metrics: &'a [MetricResult]) -> Vec<Finding<'a>> {
        let alpha = 1.0 - self.options.confidence;
        let mut findings = Vec::new();
        for (options, metric) in self.options.metrics.iter().zip(metrics) {
            if options.purpose == MetricPurpose::Secondary {
                continue;
            }
            let is_guardrail = options.purpose == MetricPurpose::Guardrail;
            let sign = if options.better == MetricDirection::Lower { -1.0 } else { 1.0 };
            for comparison in &metric.comparisons {
                let Some(effect) = comparison.effect else { continue };
                let p = if is_guardrail {
                    self.deciding(comparison)
                } else {
                    comparison.adjusted_p_value
                };
                let is_found = p.is_some_and(|p| p <= alpha) && effect != 0.0;
                let interval = match self.options.decide {
                    DecideBy::Fixed => comparison.relative_interval,
                    // Relative to the same baseline as the effect.
                    DecideBy::AlwaysValid => comparison.always_valid_interval.and_then(|ends| {
                        let scale = comparison.relative? / effect;
                        Some(Interval { low: ends.low * scale, high: ends.high * scale })
                    }),
                };
                let best_end = interval.map(|ends| if sign > 0.0 { ends.high } else { -ends.low });
                findings.push(Finding {
                    metric: &metric.metric,
                    arm: &comparison.arm,
                    is_guardrail,
                    found: is_found.then_some(effect * sign > 0.0),
                    is_safe: options.margin == 0.0
                        || comparison.margin_p_value.is_some_and(|p| p <= alpha),
                    is_too_small: self
                        .options
                        .worthwhile
                        .zip(best_end)
                        .is_some_and(|(worthwhile, end)| end < worthwhile),
                    chance: comparison.chance_to_beat.unwrap_or(0.0),
                });
            }
        }
        findings
    }
}

fn interval_of(estimate: &Estimate, confidence: f64) -> Option<Interval> {
    let t = crate::stats::distribution::student_t_quantile(
        estimate.count - 1.0,
        (1.0 - confidence) / 2.0,
    )?;
    let reach = t * estimate.squared_error().sqrt();
    Some(Interval { low: estimate.value - reach, high: estimate.value + reach })
}

fn ratio(counts: &[u64], weights: &[f64]) -> Result<Option<SampleRatio>> {
    let Some((chi_squared, p_value)) = sample_ratio(counts, weights)? else { return Ok(None) };
    let running = weights.iter().all(|weight| *weight > 0.0).then(|| {
        let mut running = RunningRatio::new(weights, 10_000.0)?;
        running.add(counts)
    });
    Ok(Some(SampleRatio {
        chi_squared,
        p_value,
        always_valid_p_value: running.transpose()?,
        is_mismatch: p_value < MISMATCH,
    }))
}
