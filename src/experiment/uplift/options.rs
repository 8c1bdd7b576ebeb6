//! What `uplift` is asked, and what it answers.

use serde::{Deserialize, Serialize};

use super::gains::{Estimate, Heterogeneity};
use crate::report::Text;
use crate::stats::confidence::usual_confidence;
use crate::stats::proportion::Interval;

/// Options of `uplift`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UpliftOptions {
    /// The arm without the treatment.
    pub control: String,
    /// The arm with it. Default: the only other one there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub treatment: Option<String>,
    /// The attribute with the name of each unit's arm.
    #[serde(default = "usual_variant")]
    pub variant: String,
    /// The attribute with what is to be changed, a number: 0 or 1 where it is yes or no, else an
    /// amount. More is better.
    pub outcome: String,
    /// Attributes, numbers or texts, that were known before the treatment. What was written down
    /// later foretells effects that nobody can choose by.
    pub features: Vec<String>,
    /// How effects are learned.
    #[serde(default)]
    pub learner: Learner,
    /// Parts into which the units are dealt, 2 to 20. Each is scored by models of the others.
    #[serde(default = "usual_folds")]
    pub folds: u8,
    /// Names the random stream that deals them.
    #[serde(default)]
    pub seed: u32,
    /// The planned share of the treated among the units of both arms, between 0 and 1. Default: the
    /// share there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propensity: Option<f64>,
    /// What one more of the outcome is worth: 1 where the outcome is the money itself.
    #[serde(default = "usual_value")]
    pub value: f64,
    /// What treating one unit costs, in the same money.
    #[serde(default)]
    pub cost: f64,
    /// The shares of units, best first, at which the curves are told, above 0 and at most 1, rising;
    /// at most 100. Default: each twentieth.
    #[serde(default = "usual_shares")]
    pub shares: Vec<f64>,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

fn usual_variant() -> String {
    "variant".to_owned()
}

fn usual_folds() -> u8 {
    5
}

fn usual_value() -> f64 {
    1.0
}

fn usual_shares() -> Vec<f64> {
    (1..=20).map(|part| f64::from(part) / 20.0).collect()
}

/// How effects are learned; all with the same boosted trees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Learner {
    /// A model of doubly robust effects of single units, themselves out of models of the other half
    /// (Kennedy). Loses least where arms differ in size or outcomes are noisy.
    #[default]
    Dr,
    /// Two models of the outcome, one in each arm; the effect is their difference.
    T,
    /// One model of the outcome that knows the arm; the effect is what changing the arm changes.
    S,
    /// Effects of single units out of the other arm's model, learned in each arm and weighed by its
    /// size (Künzel and others). For arms of very different size.
    X,
    /// A model of the outcome over the chance of its arm, below zero for the control
    /// (Jaskowski and Jaroszewicz). Needs no other model, and is the noisiest.
    Transformed,
}

/// Result of `uplift`. The column set `customers` holds every unit of both arms, the best of
/// each fold first: `customer`, `effect` (foretold by models that did not see the unit), `tenth` (1 to
/// 10) and `position` (share of the units of its fold that are before it, equal ones counting half).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UpliftResult {
    /// Control and treatment.
    pub arms: Vec<UpliftArm>,
    /// Whether the outcome is yes or no.
    pub is_share: bool,
    /// The mean effect of treating a unit.
    pub effect: Estimate,
    /// Whether effects differ between units as foretold; null where the models foretell the same
    /// for all.
    pub heterogeneity: Option<Heterogeneity>,
    /// Area under the gain curve over the share of units, in outcomes per unit: half the mean effect
    /// if units are chosen by chance.
    pub auuc: Estimate,
    /// Area between the gain curve and the line of chance, in outcomes per unit: 0 is chance.
    pub qini: Estimate,
    /// The usual coefficients out of counts: 1 is the best order there can be, 0 chance. Null for
    /// amounts.
    pub coefficients: Option<Coefficients>,
    /// What treating the best part of the units brings, at each share.
    pub curve: Vec<CurvePoint>,
    /// The effect within each tenth by score, the best first.
    pub tenths: Vec<Tenth>,
    /// The best share to treat.
    pub best: BestShare,
    /// The features by how much of the spread of foretold effects each tells alone, most first.
    pub features: Vec<FeatureSpread>,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// The units of an arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UpliftArm {
    /// Its name.
    pub arm: String,
    /// Units.
    pub units: u64,
    /// Their mean outcome.
    pub mean: f64,
}

/// Coefficients of a yes-or-no outcome, with intervals by the normal law out of the
/// spread of 200 Poisson bootstraps over units, widened as the others are. Null where no order is better than chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Coefficients {
    /// Of the Qini curve.
    pub qini: Option<Estimate>,
    /// Of the uplift curve.
    pub auuc: Option<Estimate>,
}

/// What treating the best part of the units brings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CurvePoint {
    /// The part, 0 to 1.
    pub share: f64,
    /// The mean effect among them: the uplift curve.
    pub effect: Estimate,
    /// Outcomes gained per unit of all, treated or not: the Qini curve.
    pub gain: Estimate,
    /// Money gained per unit of all, after the cost: the policy's value.
    pub value: Estimate,
}

/// The units of a tenth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tenth {
    /// 1 is the best.
    pub tenth: u8,
    /// The mean of the effects foretold.
    pub foretold: f64,
    /// The mean effect measured.
    pub effect: Estimate,
}

/// The share to treat, among those of the curve and nobody.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BestShare {
    /// The share with the largest value over all units; 0 where treating nobody is best.
    pub share: f64,
    /// What choosing a share so brings, per unit: each fold takes the share that was best in the
    /// others, so that it is not too good by choosing the largest.
    pub value: Estimate,
    /// Value of treating all.
    pub all: Estimate,
    /// What choosing gains over the better of nobody and all, as the mean says: nobody if treating
    /// all costs more than it brings.
    pub advantage: Estimate,
}

/// What a feature tells of the foretold effects.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeatureSpread {
    /// The feature.
    pub feature: String,
    /// Share of the variance of foretold effects between its values (numbers in up to 64 bins), 0 to
    /// 1, freed of what chance alone gives.
    pub share: f64,
}

/// The answer in words.
pub(super) fn sentence(found: Option<&Heterogeneity>, best: &BestShare) -> Text {
    let percent = (100.0 * best.share).round();
    if !found.is_some_and(|found| found.differs) {
        return Text {
            en: "No evidence that the effect differs between customers: choose by the mean effect, or by chance.".into(),
            zh: "没有证据表明处理效果因客户而异：请按平均效果决定，或随机选择。".into(),
        };
    }
    let Interval { low, .. } = best.advantage.interval;
    let (en, zh) = if best.share == 1.0 || best.share == 0.0 {
        ("choosing among them gains nothing", "挑选客户没有额外收益")
    } else if low > 0.0 {
        ("it brings more than treating all or nobody", "收益高于全部处理或都不处理")
    } else {
        (
            "that it brings more than treating all or nobody is not shown",
            "但尚不能证明其收益高于全部处理或都不处理",
        )
    };
    Text {
        en: format!("The effect differs between customers as foretold. The best share to treat is {percent} %; {en}.").into(),
        zh: format!("处理效果因客户而异，且与模型预测一致。最佳处理比例为 {percent}%，{zh}。").into(),
    }
}
