//! What `churn-risk` is asked, and what it answers.

use super::effects::Effect;
use super::judge::{CalibrationKind, Comparison, GroupErrors, HeldOut, Measured};
use super::model::{Chosen, RiskModel};
use crate::customers::purchases::{Refunds, Zeros};
use crate::report::Text;
use crate::stats::confidence::usual_confidence;
use crate::stats::proportion::Interval;
use serde::{Deserialize, Serialize};

/// Which model scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskChoice"))]
pub enum Choice {
    /// The one with less log-loss on rows held out.
    #[default]
    Auto,
    /// Penalised logistic regression.
    Logistic,
    /// Gradient-boosted trees.
    Trees,
}

/// What a campaign against leaving costs and brings, in one unit of money.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CampaignOptions {
    /// What a customer who stays is worth.
    pub value: f64,
    /// What the offer costs when it is taken; customers who would have stayed take it too.
    pub incentive: f64,
    /// What a contact costs.
    pub contact: f64,
    /// The share of those who would leave that the offer keeps, between 0 and 1.
    pub acceptance: f64,
}

impl Default for CampaignOptions {
    /// The terms of Verbraken and others (2013).
    fn default() -> Self {
        CampaignOptions { value: 200.0, incentive: 10.0, contact: 1.0, acceptance: 0.3 }
    }
}

/// Options of `churn-risk`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChurnRiskOptions {
    /// With `customers`: the attribute that says who left. Customers without a value are only scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The value of `label` of those who left; all others stayed. Default: 1 of numbers 0 and 1, or of
    /// texts a usual word such as `yes`, and every other must be a usual word for having stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// With `customers`: the attributes that may be used. What is known only once somebody has left
    /// (a reason for leaving) must not be among them.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// With `customers`: an attribute that says in which turn each customer is held out. Default:
    /// drawn by `seed`, with as many who left in each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns_by: Option<String>,
    /// With `customers`: an attribute with groups of customers, at most 50, whose errors are compared;
    /// it need not be among `attributes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_by: Option<String>,
    /// With `customers`: how many turns are drawn, 2 to 20.
    #[serde(default = "usual_turns")]
    pub turns: u8,
    /// With `log`: the reference moment; risks are those of the days after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// With `log`: who buys nothing for so many days has left, 1 to 3,650.
    #[serde(default = "usual_horizon")]
    pub horizon_days: u16,
    /// With `log`: days between what is known and what is asked, the time to act, 0 to 365.
    #[serde(default)]
    pub gap_days: u16,
    /// With `log`: customers take part who bought in so many days before, 1 to 3,650.
    #[serde(default = "usual_lookback")]
    pub lookback_days: u16,
    /// With `log`: earlier cut-offs that are learned from, 1 to 24; one more is held out.
    #[serde(default = "usual_cutoffs")]
    pub cutoffs: u8,
    /// With `log`: what a negative amount does.
    #[serde(default)]
    pub refunds: Refunds,
    /// With `log`: what an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// Which model scores; both are always fitted.
    #[serde(default)]
    pub choice: Choice,
    /// Ridge penalty of the logistic model on standardised columns, above zero.
    #[serde(default = "usual_penalty")]
    pub penalty: f64,
    /// Decisions on the way to a leaf of a tree at most, 1 to 6.
    #[serde(default = "usual_depth")]
    pub depth: u8,
    /// Whether those who left and those who stayed weigh the same, however few they are.
    #[serde(default)]
    pub balanced: bool,
    /// Features of numbers with which the risk of the trees may only rise.
    #[serde(default)]
    pub rising: Vec<String>,
    /// Features of numbers with which the risk of the trees may only fall.
    #[serde(default)]
    pub falling: Vec<String>,
    /// How scores become probabilities.
    #[serde(default)]
    pub calibration: CalibrationKind,
    /// What a campaign costs and brings.
    #[serde(default)]
    pub campaign: CampaignOptions,
    /// Customers who can be contacted at most; those most likely to leave come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_contacts: Option<u32>,
    /// Names the random stream that draws turns and samples.
    #[serde(default)]
    pub seed: u32,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// A model from an earlier report: customers are scored by it, and nothing is learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<RiskModel>,
    /// Another model from an earlier report. With `model`, `customers` and `label` it is held against
    /// that one on the customers with a label, who must be such as neither model learned from. Without
    /// `model` it is held against the model fitted in this run, on the rows held out: each is scored by
    /// a fit that did not learn from it, and must be such as the challenger did not learn from either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenger: Option<Box<RiskModel>>,
}

fn usual_turns() -> u8 {
    5
}

fn usual_horizon() -> u16 {
    30
}

fn usual_lookback() -> u16 {
    180
}

fn usual_cutoffs() -> u8 {
    3
}

fn usual_penalty() -> f64 {
    1.0
}

fn usual_depth() -> u8 {
    3
}

/// A feature, and what it has to do with the risk.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeatureRole {
    /// Its name.
    pub name: String,
    /// In plain words.
    pub words: Text,
    /// Mean size of what it adds to the score of a customer, in log-odds.
    pub importance: f64,
    /// By how much the log-loss of rows held out rises if the values of this feature are exchanged
    /// between them at random (nats; of at most 4,000 rows); null with an imported model.
    pub held_out: Option<Measured>,
    /// How the mean probability goes with this feature, others as they are, for the eight that
    /// matter most by `heldOut`; a number from its 5 % quantile to that of 95 %. No proof of a cause.
    pub effects: Vec<Effect>,
    /// Area under the ROC curve of this feature alone, 0.5 to 1; null without labels of both kinds.
    pub alone: Option<f64>,
    /// Population stability index of the customers scored against those learned from; by custom
    /// above 0.25 is a shift.
    pub drift: Option<f64>,
}

/// A reason, to which columns of the customers point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskReason"))]
pub struct Reason {
    /// Place of its feature in `features`.
    pub feature: u16,
    /// Whether it raises the risk.
    pub raises: bool,
    /// In plain words.
    pub text: Text,
}

/// Result of `churn-risk`. The column set `customers` holds, the most likely to leave first,
/// `customer`, `probability` (of leaving), `score` (in log-odds, before calibration), `label` (1 left,
/// 0 stayed, 2 unknown), `target` (1 if worth contacting), `reason1` to `reason3` (places in `reasons`),
/// `contribution1` to `contribution3` (what they add to the score), `others` (what all other features
/// add: `baseline` and these four are the score), and of a log `spend` (money up to `at`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChurnRiskResult {
    /// Customers scored.
    pub population: u64,
    /// Those expected to leave: the sum of their probabilities.
    pub expected_to_leave: f64,
    /// Rows learned from: customers, or customers at cut-offs.
    pub learned_from: u64,
    /// Of them, those who left.
    pub left: u64,
    /// The model that scores.
    pub chosen: Chosen,
    /// Trees that were grown; 0 with an imported model.
    pub trees: u32,
    /// How good the models are on rows held out; null with an imported model.
    pub held_out: Option<HeldOut>,
    /// The model, imported or fitted in this run, against its challenger; null without one.
    pub comparison: Option<Comparison>,
    /// The errors of the chosen model in each group of `groupsBy`, the largest first.
    pub groups: Vec<GroupErrors>,
    /// From this probability on a contact pays.
    pub threshold: f64,
    /// Customers worth contacting, as many as `mostContacts` allows.
    pub targets: u64,
    /// What contacting them is expected to earn, by their probabilities.
    pub expected_profit: f64,
    /// Score of the mean customer, in log-odds.
    pub baseline: f64,
    /// Features, the most important first.
    pub features: Vec<FeatureRole>,
    /// Reasons.
    pub reasons: Vec<Reason>,
    /// Population stability index of the scores against those of the customers learned from.
    pub score_drift: Option<f64>,
    /// The model as plain data, for the option `model`; null if it came from there.
    pub model: Option<RiskModel>,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// The answer in words.
pub(super) fn sentence(targets: u64, population: u64, area: Option<Measured>) -> Text {
    let measured = |area: Measured| {
        let Interval { low, high } = area.interval;
        (
            format!(
                " Of two customers held out, one who left and one who stayed, the model ranks the right one higher in {:.0} % of cases ({:.0} to {:.0} %).",
                100.0 * area.value,
                100.0 * low,
                100.0 * high
            ),
            format!(
                "在留出检验中，随机各取一位流失与未流失的客户，模型有 {:.0}% 的把握排对先后（{:.0}% 至 {:.0}%）。",
                100.0 * area.value,
                100.0 * low,
                100.0 * high
            ),
        )
    };
    let (en, zh) = area.map(measured).unwrap_or_default();
    Text {
        en: format!("{targets} of {population} customers are worth contacting.{en}").into(),
        zh: format!("{population} 位客户中有 {targets} 位值得联系。{zh}").into(),
    }
}
