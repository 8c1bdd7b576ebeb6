//! What customers are clustered on: the measures, their transforms, and a sample that does not
//! depend on the order of rows or on anybody's name.

use std::collections::{BinaryHeap, HashMap};

use serde::{Deserialize, Serialize};

use crate::customers::summary::Summary;
use crate::error::Result;
use crate::segment::population::{collected, no_memory};
use crate::stats::quantile::{QuantileType, quantiles};
use crate::table::money;

/// What is clustered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Feature {
    /// Days since the last purchase.
    Recency,
    /// Purchases; clustered as `ln`.
    Frequency,
    /// Money; clustered as `sign(m)·ln(1 + |m|/u)`, where the unit `u` is a twentieth of the median
    /// amount, so that the currency does not matter.
    Monetary,
    /// Money per purchase; clustered as `monetary` is.
    Mean,
    /// Days since the first purchase.
    Tenure,
}

impl Feature {
    /// All of them.
    pub const ALL: [Feature; 5] =
        [Feature::Recency, Feature::Frequency, Feature::Monetary, Feature::Mean, Feature::Tenure];

    /// The measure of one customer, in its own unit.
    pub(super) fn of(self, summary: &Summary, customer: usize) -> f64 {
        let number = |column: &[i64]| column.get(customer).map_or(0.0, |value| *value as f64);
        let spent = || {
            let minor = summary.monetary.get(customer).copied().unwrap_or(0);
            money::to_f64(i128::from(minor), summary.scale)
        };
        match self {
            Feature::Recency => number(&summary.recency),
            Feature::Frequency => number(&summary.frequency),
            Feature::Monetary => spent(),
            Feature::Mean => spent() / number(&summary.frequency).max(1.0),
            Feature::Tenure => number(&summary.tenure),
        }
    }

    /// The measure as it is clustered, before scaling.
    pub(super) fn transformed(self, value: f64, unit: f64) -> f64 {
        match self {
            Feature::Recency | Feature::Tenure => value,
            Feature::Frequency => libm::log(value.max(1.0)),
            Feature::Monetary | Feature::Mean => libm::log1p(value.abs() / unit).copysign(value),
        }
    }
}

/// The unit of money: a twentieth of the median amount that is not zero; 1 if all are.
pub(super) fn money_unit(summary: &Summary, customers: &[u32]) -> Result<f64> {
    let amounts = customers.iter().map(|at| Feature::Monetary.of(summary, *at as usize).abs());
    let amounts: Vec<f64> = amounts.filter(|amount| *amount > 0.0).collect();
    let median = quantiles(&amounts, &[0.5], QuantileType::Linear)?;
    let median = median.and_then(|found| found.first().copied()).unwrap_or(0.0);
    Ok(if median > 0.0 { median / 20.0 } else { 1.0 })
}

/// Draws customers so that each is as likely as any other, whatever the order of rows, the names
/// and the size of steps: those with the smallest hash of their own history, the seed, and how many
/// with the same history were met before.
#[derive(Debug)]
pub(super) struct Draw {
    seed: u64,
    most: usize,
    next: usize,
    met: HashMap<u64, u32>,
    chosen: BinaryHeap<(u64, u32)>,
}

impl Draw {
    pub(super) fn new(seed: u64, most: usize) -> Self {
        Draw { seed, most, next: 0, met: HashMap::new(), chosen: BinaryHeap::new() }
    }

    /// Looks at about `budget` customers; all chosen ones in the order of their hashes once done.
    /// `attributes` of a customer's code are part of the history.
    pub(super) fn step(
        &mut self,
        summary: &Summary,
        attributes: impl Fn(u32, &mut dyn FnMut(u64)),
        budget: usize,
    ) -> Result<Option<Vec<u32>>> {
        if self.next == 0 && summary.len() > self.most {
            self.met.try_reserve(summary.len()).map_err(|_| no_memory())?;
        }
        let until = self.next.saturating_add(budget.max(1)).min(summary.len());
        let number = |column: &[i64], at: usize| column.get(at).copied().unwrap_or(0) as u64;
        for at in self.next..until {
            let mut history = 0;
            for column in [&summary.first, &summary.last, &summary.frequency, &summary.monetary] {
                history = mixed(history ^ number(column, at));
            }
            let code = summary.codes.get(at).copied().unwrap_or(0);
            attributes(code, &mut |value| history = mixed(history ^ value));
            let turn = self.met.entry(history).or_insert(0);
            let priority = mixed(mixed(history ^ self.seed) ^ u64::from(*turn));
            *turn += 1;
            if self.chosen.len() < self.most {
                self.chosen.push((priority, at as u32));
            } else if self.chosen.peek().is_some_and(|largest| priority < largest.0) {
                self.chosen.pop();
                self.chosen.push((priority, at as u32));
            }
        }
        self.next = until;
        if until < summary.len() {
            return Ok(None);
        }
        let chosen = std::mem::take(&mut self.chosen).into_sorted_vec();
        collected(chosen.iter().map(|(_, at)| *at), chosen.len()).map(Some)
    }
}

/// SplitMix64's finaliser (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014).
fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
