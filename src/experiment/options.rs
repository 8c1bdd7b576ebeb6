//! What `experiment` is asked.

use serde::{Deserialize, Serialize};

use super::estimate::Metric;
use super::register::Registered;
use super::resample::ResamplingOptions;
use super::variance::CovariateUse;
use crate::error::{Code, Error, Result};
use crate::stats::confidence::usual_confidence;
use crate::stats::multiplicity::Adjustment;

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
    /// With a table: attributes with texts that were known before. The effects within each of their
    /// values are shown as well; they decide nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<String>,
    /// With a table that has times: shows the effects by the local day on which units came in.
    #[serde(default)]
    pub by_day: bool,
    /// With a table: an attribute with texts that were known before. Arms are compared within each
    /// of its values, weighted by all units (post-stratification).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strata: Option<String>,
    /// With a table: the attribute with the group (shop, city, school) that was given its arm as a
    /// whole. Intervals then count groups, not units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clusters: Option<String>,
    /// With a table: attributes with numbers that were known before, by which one could choose whom
    /// to treat: how well each finds those whom an arm changes, in every share.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<String>,
    /// With a table: draws units again, for an interval by Poisson bootstrap of each effect, and for
    /// the p-value of a permutation test of means and shares. Shown beside the others; decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resampling: Option<ResamplingOptions>,
    /// The plan that was registered before: the report says where the analysis departs from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<Registered>,
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
    /// A quantile of the units' numbers, such as the median.
    Quantile,
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
    /// Neither: within its margin it is the same (equivalence, two one-sided tests).
    Same,
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
    /// How the covariate takes part.
    #[serde(default)]
    pub adjust: CovariateUse,
    /// Of a quantile: which, between 0 and 1. Default: 0.5, the median.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantile: Option<f64>,
    /// With a table: also compares ranks (Mann and Whitney).
    #[serde(default)]
    pub ranks: bool,
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

impl ExperimentOptions {
    /// The attributes with texts, beside the variant.
    pub(super) fn labels(&self) -> impl Iterator<Item = &str> {
        let more = [&self.strata, &self.clusters].into_iter().flatten();
        self.segments.iter().chain(more).map(String::as_str)
    }

    /// What only a table has, and what does not go together.
    pub(super) fn check(&self, is_given: bool) -> Result<()> {
        let wrong = |hint: &'static str, path: &str| {
            Err(Error::new(Code::InvalidOption, hint).at_path(path))
        };
        if self.adjustment == Adjustment::Dunnett && self.decide == DecideBy::AlwaysValid {
            return wrong("Dunnett's adjustment is of one look", "adjustment");
        }
        let of_table = [
            (!self.segments.is_empty(), "segments"),
            (self.by_day, "byDay"),
            (self.strata.is_some(), "strata"),
            (self.clusters.is_some(), "clusters"),
            (!self.scores.is_empty(), "scores"),
            (self.resampling.is_some(), "resampling"),
        ];
        for (is_asked, path) in of_table {
            if is_asked && is_given {
                return wrong("this needs a table of units", path);
            }
        }
        let is_plain =
            |metric: &MetricOptions| matches!(metric.kind, MetricKind::Mean | MetricKind::Share);
        if self.strata.is_some() && (self.clusters.is_some() || !self.metrics.iter().all(is_plain))
        {
            return wrong(
                "strata are for means and shares of units that came one by one",
                "strata",
            );
        }
        if let Some(resampling) = &self.resampling {
            if !(100..=100_000).contains(&resampling.replicates) {
                return wrong("between 100 and 100,000 replicates", "resampling.replicates");
            }
            let is_adjusted = self.metrics.iter().any(|metric| metric.covariate.is_some());
            if is_adjusted || self.strata.is_some() || self.clusters.is_some() {
                return wrong(
                    "units are drawn again one by one: without covariates, strata and clusters",
                    "resampling",
                );
            }
        }
        if self.clusters.is_some() && self.metrics.iter().any(|metric| metric.ranks) {
            return wrong("ranks are of units that were given their arm one by one", "clusters");
        }
        Ok(())
    }
}

impl MetricOptions {
    pub(super) fn value_column(&self) -> &str {
        self.column.as_deref().unwrap_or(&self.name)
    }

    /// The columns of a metric's numbers: its own, the denominator, the covariate, its denominator.
    pub(super) fn columns(&self) -> Vec<&str> {
        let more = [&self.denominator, &self.covariate, &self.covariate_denominator];
        let more = more.into_iter().filter_map(|name| name.as_deref());
        std::iter::once(self.value_column()).chain(more).collect()
    }

    /// How many numbers come before the covariate.
    pub(super) fn own(&self) -> usize {
        1 + usize::from(self.kind == MetricKind::Ratio)
    }

    /// Where its numbers stand in a state. Of clusters a state holds the sums of `size` numbers, and
    /// last the units.
    pub(super) fn metric(&self, clustered: Option<usize>) -> Metric {
        match clustered {
            _ if self.kind == MetricKind::Ratio => Metric::Ratio(0, 1),
            Some(size) => Metric::Ratio(0, size),
            None => Metric::Mean(0),
        }
    }

    pub(super) fn covariate_metric(&self, clustered: Option<usize>) -> Metric {
        let own = self.own();
        match clustered {
            _ if self.covariate_denominator.is_some() => Metric::Ratio(own, own + 1),
            Some(size) => Metric::Ratio(own, size),
            None => Metric::Mean(own),
        }
    }

    /// Whether it needs the numbers themselves, beside their moments.
    pub(super) fn needs_values(&self) -> bool {
        self.ranks || self.kind == MetricKind::Quantile
    }

    pub(super) fn check(&self) -> Result<()> {
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
        let is_guardrail = self.purpose == MetricPurpose::Guardrail && self.margin > 0.0;
        if self.better == MetricDirection::Same && !is_guardrail {
            return wrong("what stays the same is a guardrail with a margin", "better");
        }
        if self.adjust != CovariateUse::Cuped && self.covariate.is_none() {
            return wrong("this says how a covariate takes part", "adjust");
        }
        let is_quantile = self.kind == MetricKind::Quantile;
        if self.quantile.is_some_and(|quantile| !(is_quantile && quantile > 0.0 && quantile < 1.0))
        {
            return wrong("a metric of the kind `quantile` has one between 0 and 1", "quantile");
        }
        if is_quantile && self.covariate.is_some() {
            return wrong("a quantile is compared without a covariate", "covariate");
        }
        match self.cap {
            Some(cap) if !(cap > 0.0 && cap <= 1.0) => wrong("a cap is a quantile up to 1", "cap"),
            Some(_) if self.kind != MetricKind::Mean => wrong("means can be capped", "cap"),
            _ => Ok(()),
        }
    }
}
