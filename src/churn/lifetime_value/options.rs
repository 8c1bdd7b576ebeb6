//! What `lifetime-value` is asked, and what it answers.

use serde::{Deserialize, Serialize};

use super::fitted::{ModelFit, SpendFit};
use crate::churn::btyd::Family;
use crate::customers::purchases::{Refunds, Zeros};
use crate::stats::confidence::usual_confidence;
use crate::stats::proportion::Interval;
use crate::table::period::{Unit, WeekStart};

/// Options of `lifetime-value`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifetimeValueOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out, and predictions begin there.
    pub at: String,
    /// The model of purchases.
    #[serde(default)]
    pub model: Family,
    /// The unit of time of parameters and of the columns `last` and `age`: `day`, `week`, `month`
    /// of 30.4375 days, or `quarter` and `year` of so many months. It changes no prediction. With
    /// `bg-bb` it is the `occasion`.
    #[serde(default = "usual_unit")]
    pub unit: Unit,
    /// With the model `bg-bb`: the period in which there is one occasion to buy, `week`, `month` (the
    /// default), `quarter` or `year` of the calendar. Purchases of one period are one. Days in a period
    /// that has not ended at `at` are left out; days of other options are rounded to whole occasions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasion: Option<Unit>,
    /// With the occasion `week`: the first day of weeks.
    #[serde(default)]
    pub week_start: WeekStart,
    /// How many days ahead purchases and value are told, 1 to 3,650.
    #[serde(default = "usual_horizon")]
    pub horizon_days: u32,
    /// Days after `at` for which P(alive) is told too, in ascending order, 12 at most, each 1 to 3,650:
    /// a customer's curve. It is the chance to be still there then, whatever they buy until then; the
    /// more days, the lower.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alive_after_days: Vec<u32>,
    /// What money loses in value in a year: 0.1 makes 110 of next year 100 of today. From 0 to 10.
    #[serde(default = "usual_discount")]
    pub discount_per_year: f64,
    /// The part of the money that is earned, above 0 and at most 1. With 1, value is discounted money.
    #[serde(default = "usual_margin")]
    pub margin: f64,
    /// How many days before `at` are held out to check the model; 0 for no check. Default: a third of
    /// the days since the first purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_days: Option<u32>,
    /// Customers whose P(alive) is below count as at risk; between 0 and 1.
    #[serde(default = "usual_risk")]
    pub at_risk_below: f64,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// What a negative amount does: netted, it lowers the money of the purchase before it, and is no
    /// purchase.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
}

fn usual_unit() -> Unit {
    Unit::Week
}

fn usual_horizon() -> u32 {
    365
}

fn usual_discount() -> f64 {
    0.1
}

fn usual_margin() -> f64 {
    1.0
}

fn usual_risk() -> f64 {
    0.5
}

/// Result of `lifetime-value`. The column set `customers` holds `customer`, `repeats` (days of purchase
/// after the first; with `bg-bb` occasions), `last` and `age` (units from the first purchase to the last and to `at`),
/// `meanSpend` (money of a repeat), `alive`, `expectedPurchases`, `expectedSpend` (of each of them),
/// `value`, and where the model has standard errors also `aliveLow`, `aliveHigh`, `expectedPurchasesLow`,
/// `expectedPurchasesHigh`, `valueLow`, `valueHigh`. For each of `aliveAfterDays` there are `aliveLater1`
/// (P(alive) after the first of them), `aliveLater1Low`, `aliveLater1High`, and so on.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifetimeValueResult {
    /// Customers with a purchase.
    pub population: u64,
    /// Of them, those who bought on more than one day.
    pub repeaters: u64,
    /// Customers still there, expected: the sum of P(alive).
    pub alive: f64,
    /// The same after each of `aliveAfterDays`.
    pub alive_later: Vec<AliveLater>,
    /// Purchases expected of all over the horizon.
    pub expected_purchases: f64,
    /// Discounted worth of all customers over the horizon.
    pub value: f64,
    /// Interval of the value; null without standard errors.
    pub value_interval: Option<Interval>,
    /// With the model `bg-bb`: the occasions; else null.
    pub occasions: Option<Occasions>,
    /// The model of purchases.
    pub purchases: ModelFit,
    /// The model of money.
    pub spend: SpendFit,
    /// Whether the model foresaw what came.
    pub check: Check,
    /// Customers at risk, and what hangs on them.
    pub at_risk: AtRisk,
    /// Customers in tenths by value, the most valuable first.
    pub deciles: Vec<Decile>,
}
/// Whether the model may be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// The purchases of the days held out are within 10 % of those expected, and customers are
    /// foreseen better than by their own pace so far.
    Good,
    /// Within 25 %, and better than by their own pace.
    Fair,
    /// Farther off, or worse than by their own pace.
    Poor,
    /// Nothing was held out, or too little came to tell.
    Unknown,
}

/// A model fitted to the days before a split, against the days after it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Check {
    /// In one word.
    pub verdict: Verdict,
    /// Days held out.
    pub days: u32,
    /// Customers who had bought before.
    pub customers: u64,
    /// Days of purchase that came after the split.
    pub actual: f64,
    /// Those expected.
    pub expected: f64,
    /// Root of the mean squared difference of a customer.
    pub error: f64,
    /// The same if everybody had gone on at their own pace.
    pub naive_error: f64,
    /// By repeats before the split, 7 standing for 7 and more: customers, mean days of purchase
    /// after it, and those expected.
    pub bins: Vec<CheckBin>,
}

/// Customers with so many repeats before the split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckBin {
    /// Repeats before the split.
    pub repeats: u32,
    /// Customers.
    pub customers: u64,
    /// Mean days of purchase after it.
    pub actual: f64,
    /// Mean expected.
    pub expected: f64,
}

/// The occasions of BG/BB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "LifetimeOccasions")
)]
pub struct Occasions {
    /// Local day on which the last occasion ended that was over at `at`; what is known ends here.
    pub until: String,
    /// Occasions ahead over which purchases and value are told.
    pub ahead: u32,
}

/// Customers still there some days after the reference moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AliveLater {
    /// Days after `at`.
    pub days: u32,
    /// Of the customers of today, those expected to be still there: the sum of the column.
    pub alive: f64,
    /// Its interval; null without standard errors.
    pub interval: Option<Interval>,
}

/// Customers whose P(alive) is below `atRiskBelow`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AtRisk {
    /// How many.
    pub customers: u64,
    /// Their share of all customers, 0 to 1.
    pub share: f64,
    /// What is still expected of them.
    pub value: f64,
    /// What more they would be worth if all of them were surely there.
    pub value_at_risk: f64,
}

/// A tenth of the customers by value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decile {
    /// Customers in it.
    pub customers: u64,
    /// Their value together.
    pub value: f64,
    /// Part of the value of all, 0 to 1; 0 if nobody is worth anything.
    pub share: f64,
    /// Their mean P(alive).
    pub alive: f64,
    /// Purchases expected of them together.
    pub expected_purchases: f64,
}
