//! What `panel-effect` is asked, and what it answers.

use serde::{Deserialize, Serialize};

use crate::report::Text;
use crate::stats::confidence::usual_confidence;
use crate::stats::proportion::Interval;
use crate::table::period::{Unit, WeekStart};

/// Options of `panel-effect`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PanelEffectOptions {
    /// The groups that were treated, by name.
    pub treated: Vec<String>,
    /// A local day: the period that holds it is the first with the treatment.
    pub began: String,
    /// Groups that began at other times. They are no controls of the others; `staggered` has the effects
    /// of all beginnings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beginnings: Vec<Beginning>,
    /// What several beginnings are held against.
    #[serde(default)]
    pub comparison: Comparison,
    /// The attribute with the group, a text; without it each customer is a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The attribute with the outcome, a number; without it the amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// What several rows of a group in a period make.
    #[serde(default)]
    pub combine: Combine,
    /// What a period without a row of a group means.
    #[serde(default)]
    pub absent: Absent,
    /// The length of a period.
    #[serde(default)]
    pub period: Unit,
    /// Where weeks begin.
    #[serde(default)]
    pub week_start: WeekStart,
    /// A local day: periods that begin before it are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// A local day, which still counts whole, or an instant: periods that end after it are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Whether chance chose the treated groups.
    #[serde(default)]
    pub randomized: bool,
    /// Periods up to which errors of a single series may go together; `⌊4·(T/100)^(2/9)⌋` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lags: Option<u32>,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// Names the random numbers of the permutation, where there are too many ways to try all.
    #[serde(default)]
    pub seed: u32,
}

/// Groups that began together, at another time than `began`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Beginning {
    /// The groups, by name.
    pub treated: Vec<String>,
    /// A local day: the period that holds it is their first with the treatment.
    pub began: String,
}

/// What several beginnings are held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Comparison {
    /// Groups that were never treated.
    #[default]
    NeverTreated,
    /// These, and in each period those that had not begun by then.
    NotYetTreated,
}

/// What several rows of a group in a period make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Combine {
    /// Their sum.
    #[default]
    Sum,
    /// Their mean.
    Mean,
}

/// What a period without a row of a group means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Absent {
    /// Nothing is known: the group takes no part, and is counted.
    #[default]
    LeaveOut,
    /// Nothing happened: 0, as in a log of purchases.
    Zero,
}

/// Result of `panel-effect`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PanelEffectResult {
    /// Groups of `treated` that take part.
    pub treated: u64,
    /// Groups without the treatment that take part.
    pub controls: u64,
    /// Groups that take no part, since periods of theirs have no row.
    pub unbalanced: u64,
    /// Periods before the treatment, and with it.
    pub before: u64,
    /// Periods from its beginning on.
    pub after: u64,
    /// Against the controls, each with a level of its own; null without controls.
    pub diff_in_diff: Option<DiffInDiff>,
    /// Against a weighted mean of controls; null with fewer than two, or one period before.
    pub synthetic: Option<SyntheticControl>,
    /// Of several beginnings; null of one.
    pub staggered: Option<Staggered>,
    /// Against its own course; of the treated alone, null with controls and where periods are few.
    pub series: Option<InterruptedSeries>,
    /// The periods, in their order.
    pub periods: Vec<PanelPeriod>,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// How far a number may be taken for an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ClaimLabel {
    /// Chance chose who was treated.
    CausalByDesign,
    /// An effect if the assumptions hold, which the data cannot prove.
    UnderAssumptions,
    /// A change in time, which anything may have caused.
    BeforeAfter,
}

/// What has to be believed for the number to be the effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Assumption {
    /// `no-spillover`, `no-anticipation`, `parallel-trends`, `weights-carry-over` or `course-goes-on`.
    pub code: &'static str,
    /// The same in words.
    pub text: Text,
}

/// How far a number may be taken for an effect, and under which assumptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Claim {
    /// How far.
    pub label: ClaimLabel,
    /// What has to be believed.
    pub assumptions: Vec<Assumption>,
}

/// An estimate with what is known of its error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PanelEstimate {
    /// The estimate, in the unit of the outcome.
    pub value: f64,
    /// Standard error; null with fewer than two groups on a side, and where nothing varies.
    pub error: Option<f64>,
    /// Interval by Student's law.
    pub interval: Option<Interval>,
    /// How likely an estimate so far from 0 is where there is no effect.
    pub p_value: Option<f64>,
}

/// The change of the treated less that of the controls.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiffInDiff {
    /// How far it may be taken for an effect.
    pub claim: Claim,
    /// The mean effect over the periods with the treatment, per group and period.
    pub effect: PanelEstimate,
    /// The effect over what the treated would have had; null unless that is above 0.
    pub relative: Option<f64>,
    /// The share of the ways to choose as many groups that differ at least as much: needs no formula,
    /// and holds for few groups.
    pub permutation_p_value: f64,
    /// Before the treatment: by how much more the treated rose per period; null with one period.
    pub slope_before: Option<PanelEstimate>,
    /// The permutation's p-value of that.
    pub slope_permutation_p_value: Option<f64>,
    /// How often groups chosen by chance differ from the others at least as much over all periods
    /// before (squared, around the mean before).
    pub leads_permutation_p_value: Option<f64>,
    /// Whether all differences before are 0: Wald's F, which with few groups and many periods says no
    /// far too often; null where they are too many for the groups.
    pub leads: Option<LeadsTest>,
}

/// The joint test of the differences before the treatment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeadsTest {
    /// F.
    pub f: f64,
    /// How many differences.
    pub numerator: f64,
    /// Groups less one.
    pub denominator: f64,
    /// How likely so large an F is where trends are parallel.
    pub p_value: f64,
}

/// The effects of several beginnings, each held against groups without the treatment alone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Staggered {
    /// How far it may be taken for an effect.
    pub claim: Claim,
    /// The mean of the beginnings' effects, weighted by their groups.
    pub effect: PanelEstimate,
    /// By periods since the beginning; those below 0 show whether the groups went on alike before.
    pub events: Vec<EventEffect>,
    /// By beginning.
    pub beginnings: Vec<BeginningEffect>,
    /// By beginning and period.
    pub cells: Vec<CellEffect>,
    /// What the usual regression would say of all together, and why not to believe it.
    pub two_way: Option<TwoWay>,
}

/// The mean effect so many periods since the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventEffect {
    /// Periods since the beginning; the last one before it (−1) is what all are held against.
    pub offset: i32,
    /// Groups behind it.
    pub groups: u64,
    /// The effect.
    pub effect: PanelEstimate,
    /// The band within which the effects at all times lie together; null without an error.
    pub band: Option<Interval>,
}

/// The mean effect on those that began together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BeginningEffect {
    /// The period in which they began.
    pub began: String,
    /// Its groups.
    pub groups: u64,
    /// The mean effect since.
    pub effect: PanelEstimate,
}

/// The effect on those that began together in one period.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CellEffect {
    /// The period in which they began.
    pub began: String,
    /// The period in which it is seen.
    pub period: String,
    /// The effect.
    pub effect: PanelEstimate,
}

/// A regression with a constant for each group and each period over several beginnings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TwoWay {
    /// Its effect.
    pub effect: f64,
    /// How much weight below 0 it gives to effects of some groups and periods, of 1 in all.
    pub negative_weight: f64,
}

/// The treated less a weighted mean of controls that was like them before.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SyntheticControl {
    /// How far it may be taken for an effect.
    pub claim: Claim,
    /// The mean gap over the periods with the treatment.
    pub effect: f64,
    /// The effect over the synthetic control; null unless that is above 0.
    pub relative: Option<f64>,
    /// Root of the mean squared gap before: how well the control fits.
    pub rmspe_before: f64,
    /// The same from the beginning on.
    pub rmspe_after: f64,
    /// The one over the other; null where the fit before is perfect.
    pub ratio: Option<f64>,
    /// The rank of the ratio among those of the controls, each taken for treated: never below one over
    /// the groups.
    pub p_value: Option<f64>,
    /// The controls, the weightiest first.
    pub donors: Vec<Donor>,
}

/// A control.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Donor {
    /// Its name.
    pub group: String,
    /// Its weight, 0 to 1; 1 in all.
    pub weight: f64,
    /// Its own ratio when it is taken for treated; null where its fit before is perfect.
    pub ratio: Option<f64>,
}

/// A series before and after, with nothing to compare with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InterruptedSeries {
    /// It is none.
    pub claim: Claim,
    /// By how much it rose per period before.
    pub slope_before: f64,
    /// The step at the beginning.
    pub level: PanelEstimate,
    /// By how much more it rises per period since.
    pub slope: PanelEstimate,
    /// The mean of what it has above its former course.
    pub effect: PanelEstimate,
    /// Periods up to which errors may go together.
    pub lags: u32,
}

/// A period.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PanelPeriod {
    /// Its name.
    pub period: String,
    /// Periods since the beginning, below 0 before it.
    pub offset: i32,
    /// Mean of the treated groups.
    pub treated: f64,
    /// Mean of the controls; null without.
    pub controls: Option<f64>,
    /// The difference of the two less that of the last period before (lead or lag); null there.
    pub difference: Option<PanelEstimate>,
    /// The synthetic control, or the former course of a single series; null without either.
    pub expected: Option<f64>,
    /// The treated less what was expected.
    pub gap: Option<f64>,
}

/// The assumptions with these codes.
pub(super) fn claim(label: ClaimLabel, codes: &[&'static str]) -> Claim {
    let assumption = |code: &&'static str| {
        let (en, zh) = match *code {
            "no-spillover" => (
                "What is done to one group changes nothing in the others.",
                "对一组的处理不会影响其他组。",
            ),
            "no-anticipation" => (
                "Nobody behaved differently before it began because it was to come.",
                "处理开始之前，没有人因为预知而改变行为。",
            ),
            "parallel-trends" => (
                "Without the treatment the treated would have changed as the others did.",
                "若没有处理，处理组的变化会与对照组相同。",
            ),
            "weights-carry-over" => (
                "A mixture of controls that was like the treated before would have stayed like them.",
                "事前与处理组相像的对照组合，事后本来也会一直相像。",
            ),
            _ => (
                "Without it the former course would have gone on, and nothing else happened then.",
                "若没有处理，原来的走势会延续，且同期没有其他事情发生。",
            ),
        };
        Assumption { code, text: Text { en: en.into(), zh: zh.into() } }
    };
    Claim { label, assumptions: codes.iter().map(assumption).collect() }
}
