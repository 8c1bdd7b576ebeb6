//! Everybody: buyers, and the customers who stand only in the events or the referrals.

use serde::{Deserialize, Serialize};

use super::actions::Counted;
use super::social::KINDS;
use crate::error::Result;
use crate::segment::population::{Population, collected, filled};
use crate::table::calendar::LocalDays;
use crate::table::money;
use crate::table::zone::Zone;

/// What becomes of customers without a purchase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum NonBuyers {
    /// They are in a group: not valuable, and recent by their last action.
    #[default]
    Group,
    /// They are left out, and counted.
    LeaveOut,
}

/// The measures of everybody, buyers in the order of their codes and then those who never bought.
/// All columns have the same length.
#[derive(Debug)]
pub(crate) struct Everybody {
    /// The common number of each customer.
    pub(crate) numbers: Vec<u32>,
    /// How many of them bought: they come first.
    pub(crate) buyers: usize,
    /// Days since the last purchase; of those who never bought, since the last action.
    pub(crate) recency: Vec<f64>,
    /// Purchases.
    pub(crate) frequency: Vec<f64>,
    /// Money.
    pub(crate) monetary: Vec<f64>,
    /// Actions of each kind.
    pub(crate) counts: [Vec<u32>; KINDS],
    /// Events of no kind.
    pub(crate) others: Vec<u32>,
    /// Customers who never bought and were left out.
    pub(crate) left_out: u64,
}

/// Joins the finished buyers of a population with the actions of all.
pub(crate) fn everybody(
    population: &Population,
    counted: &Counted,
    zone: &Zone,
    non_buyers: NonBuyers,
) -> Result<Everybody> {
    let summary = &population.summary;
    let buyers = summary.len();
    let mut is_buyer = filled(false, counted.last.len())?;
    for code in &summary.codes {
        if let Some(place) = is_buyer.get_mut(*code as usize) {
            *place = true;
        }
    }
    let acted = counted.last.iter().zip(&is_buyer).zip(0_u32..);
    let others: Vec<(u32, i64)> = acted
        .filter(|((_, is_buyer), _)| !**is_buyer)
        .filter_map(|((last, _), number)| Some((number, (*last)?)))
        .collect();
    let (others, left_out) = match non_buyers {
        NonBuyers::Group => (others, 0),
        NonBuyers::LeaveOut => (Vec::new(), others.len() as u64),
    };
    let all = buyers + others.len();
    let mut days = LocalDays::new(zone);
    let today = i64::from(population.moment().day);
    let later = others.iter().map(|(_, last)| (today - i64::from(days.day_of(*last))) as f64);
    let recency = collected(summary.recency.iter().map(|days| *days as f64).chain(later), all)?;
    let none = || others.iter().map(|_| 0.0);
    let frequency =
        collected(summary.frequency.iter().map(|count| *count as f64).chain(none()), all)?;
    let money = summary.monetary.iter();
    let money = money.map(|minor| money::to_f64(i128::from(*minor), summary.scale));
    let monetary = collected(money.chain(none()), all)?;
    let numbers = summary.codes.iter().copied().chain(others.iter().map(|(number, _)| *number));
    let numbers = collected(numbers, all)?;
    let of_all = |column: &[u32]| {
        let of = |number: &u32| column.get(*number as usize).copied().unwrap_or(0);
        collected(numbers.iter().map(of), all)
    };
    let mut counts: [Vec<u32>; KINDS] = Default::default();
    for (column, all_counts) in counts.iter_mut().zip(&counted.counts) {
        *column = of_all(all_counts)?;
    }
    let others = of_all(&counted.others)?;
    Ok(Everybody { buyers, recency, frequency, monetary, counts, others, left_out, numbers })
}
