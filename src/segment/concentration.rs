//! `concentration`: how much of the money the best customers hold.
//!
//! Gini coefficient, shares of the largest, how few hold most, and the Lorenz curve. All exact for
//! the customers in the log.
//!
//! When not to use it: a Gini coefficient does not say who the large customers are, and grows with
//! the time that the log covers. Compare equal spans only.

use serde::{Deserialize, Serialize};

use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{LeftOut, Method, Outcome};
use crate::segment::population::{Population, PurchaseRules, unfinished};
use crate::stats::concentration::Holdings;

/// Options of `concentration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConcentrationOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out.
    pub at: String,
    /// What is held.
    #[serde(default)]
    pub measure: Held,
    /// What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// What a negative amount does.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// The shares of customers, largest first, whose part of the total is reported; each above 0
    /// and at most 1.
    #[serde(default = "usual_shares")]
    pub top: Vec<f64>,
    /// The parts of the total for which the fewest holders are counted; each above 0 and at most 1.
    #[serde(default = "usual_parts")]
    pub parts: Vec<f64>,
}

/// What customers hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Held {
    /// Money.
    #[default]
    Money,
    /// Purchases.
    Purchases,
}

fn usual_shares() -> Vec<f64> {
    vec![0.01, 0.05, 0.1, 0.2, 0.5]
}

fn usual_parts() -> Vec<f64> {
    vec![0.5, 0.8, 0.9]
}

/// Result of `concentration`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ConcentrationResult {
    /// Customers who hold 0 or more.
    pub customers: u64,
    /// What they hold together.
    pub total: f64,
    /// Gini coefficient: 0 if all hold the same, near 1 if one holds all.
    pub gini: f64,
    /// What the largest customers hold.
    pub top: Vec<TopShare>,
    /// How few customers hold a part of the total.
    pub holders: Vec<Holders>,
    /// The Lorenz curve at every hundredth of the customers, from 0 to 1: part of the total held
    /// by the smallest so many.
    pub lorenz: Vec<f64>,
}

/// What the largest customers hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TopShare {
    /// The share of customers that was asked for.
    pub share: f64,
    /// So many customers, rounded up.
    pub customers: u64,
    /// Their part of the total, 0 to 1.
    pub part: f64,
}

/// How few customers hold a part of the total.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Holders {
    /// The part of the total that was asked for.
    pub part: f64,
    /// The fewest customers who hold it.
    pub customers: u64,
    /// Their share of all customers.
    pub share: f64,
}

/// The running analysis.
#[derive(Debug)]
pub struct Concentration {
    options: ConcentrationOptions,
    population: Population,
    answer: Option<(ConcentrationResult, u64)>,
}

fn rules(options: &ConcentrationOptions) -> PurchaseRules {
    PurchaseRules { count: options.count, refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for Concentration {
    const NAME: &'static str = "concentration";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Lorenz curve and Gini coefficient",
        reference: "Lorenz, M. O. (1905). Methods of Measuring the Concentration of Wealth. \
                    Publications of the American Statistical Association 9, 209–219.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = ConcentrationOptions;
    type Result = ConcentrationResult;

    fn needs(options: &ConcentrationOptions, _input: usize) -> Result<Needs> {
        Ok(Population::needs(rules(options)))
    }

    fn estimate(options: &ConcentrationOptions, inputs: &[Facts<'_>]) -> u64 {
        let of = |log: &Facts<'_>| Population::estimate(rules(options), log) + log.customers * 16;
        inputs.first().map_or(0, of)
    }

    fn start(options: ConcentrationOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let log = inputs
            .first()
            .ok_or_else(|| Error::new(Code::UnknownTable, "`concentration` reads one log"))?;
        for (name, shares) in [("top", &options.top), ("parts", &options.parts)] {
            if let Some(at) = shares.iter().position(|share| !(*share > 0.0 && *share <= 1.0)) {
                return Err(Error::new(Code::InvalidOption, "a share is above 0 and at most 1")
                    .at_path(format!("{name}[{at}]")));
            }
        }
        let population = Population::start(&options.at, rules(&options), log)
            .map_err(|error| error.at_path("at"))?;
        Ok(Concentration { options, population, answer: None })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.population.update(rows)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let total = self.population.known() as u64 + 1;
        if self.answer.is_none() && self.population.settle(budget)? {
            self.answer = Some(self.result()?);
        }
        let done = self.population.summary.len() as u64;
        Ok(Progress { done: if self.answer.is_some() { total } else { done }, total })
    }

    fn outcome(
        mut self,
        _names: &[AllowedNames<'_>],
    ) -> Result<Outcome<ConcentrationResult, ConcentrationOptions>> {
        let (result, negative) = self.answer.take().ok_or_else(unfinished)?;
        let mut left_out = self.population.left_out();
        if negative > 0 {
            left_out.push(LeftOut { reason: "negative-total", rows: 0, customers: negative });
        }
        self.options.count = Some(self.population.count());
        Ok(Outcome {
            rows: self.population.summary.rows,
            customers: result.customers,
            result,
            sets: Vec::new(),
            left_out,
            warnings: Vec::new(),
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.population.heap_size()
    }
}

impl Concentration {
    /// The result, and how many customers have a negative total: they hold nothing that could be
    /// shared out.
    fn result(&self) -> Result<(ConcentrationResult, u64)> {
        let mut values = match self.options.measure {
            Held::Money => self.population.money()?,
            Held::Purchases => {
                self.population.summary.frequency.iter().map(|count| *count as f64).collect()
            }
        };
        let all = values.len();
        values.retain(|value| *value >= 0.0);
        let customers = values.len();
        let holdings = Holdings::new(values)?;
        let top = self.options.top.iter().map(|share| {
            let largest = (share * customers as f64).ceil() as usize;
            TopShare {
                share: *share,
                customers: largest as u64,
                part: holdings.share_of_largest(largest),
            }
        });
        let holders = self.options.parts.iter().map(|part| {
            let holders = holdings.holders_of(*part);
            let share = holders as f64 / customers as f64;
            Holders { part: *part, customers: holders as u64, share }
        });
        let curve: Vec<f64> = std::iter::once(0.0).chain(holdings.lorenz()).collect();
        let lorenz = (0..=100).map(|at| {
            // Between two customers the curve is a straight line.
            let place = customers as f64 * f64::from(at) / 100.0;
            let below = place.floor();
            let value = |at: f64| curve.get(at as usize).copied().unwrap_or(1.0);
            let step = value(below + 1.0) - value(below);
            (value(below) + (place - below) * step).clamp(0.0, 1.0)
        });
        let result = ConcentrationResult {
            customers: customers as u64,
            total: holdings.total(),
            gini: holdings.gini(),
            top: top.collect(),
            holders: holders.collect(),
            lorenz: lorenz.collect(),
        };
        Ok((result, (all - customers) as u64))
    }
}
