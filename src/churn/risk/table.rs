//! The rows that are learned from and scored: of a customer table one of each customer, of a log one
//! of each customer and cut-off.
#![allow(clippy::indexing_slicing)] // Every column has a place for every row.

use super::label::{Standing, Windows};
use super::rhythm;
use crate::churn::btyd::Model;
use crate::churn::btyd::histories::PaidDay;
use crate::customers::attributes::{AttributeOf, placed};
use crate::error::Result;
use crate::job::{collected, filled};
use crate::learn::boost::MOST_CODES;
use crate::privacy::gate::AllowedNames;
use crate::report::Text;
use crate::stats::order::arrangement;
use crate::table::block::MISSING;
use std::cmp::Ordering;

/// A column of the table.
#[derive(Debug)]
pub(super) struct Feature {
    pub(super) name: String,
    /// Values of a text, the most frequent first; `None` for numbers.
    pub(super) levels: Option<Vec<String>>,
    /// A number or a place in `levels` for each row; `NaN` where it is missing.
    pub(super) values: Vec<f64>,
}

/// What a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Held out in this turn, and learned from in all others.
    Turn(u8),
    /// Learned from, never held out: at so many cut-offs before the one held out.
    Earlier(u8),
    /// Only scored.
    Scored,
}

/// All rows.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) features: Vec<Feature>,
    pub(super) customers: Vec<u32>,
    pub(super) labels: Vec<Option<bool>>,
    pub(super) parts: Vec<Part>,
}

/// Names of the features of a log, and in plain words.
pub(super) const LOG_FEATURES: [(&str, &str, &str); 12] = [
    ("recencyDays", "days since the last purchase", "距上次购买的天数"),
    ("purchaseDays", "days with a purchase", "有购买的天数"),
    ("tenureDays", "days since the first purchase", "距首次购买的天数"),
    ("spend", "money spent", "累计消费"),
    ("meanSpend", "money per day of purchase", "每次购买的平均消费"),
    ("meanGapDays", "usual days between purchases", "平时两次购买相隔的天数"),
    ("overdue", "days since the last purchase, over the usual", "距上次购买的天数与平时间隔之比"),
    ("recentPurchaseDays", "recent days with a purchase", "近期有购买的天数"),
    ("purchaseTrend", "change of days with a purchase", "购买天数的变化"),
    ("spendTrend", "change of money spent", "消费的变化"),
    (
        "alive",
        "how likely still there, by purchases alone (BG/NBD)",
        "仅按购买节奏推算的仍活跃概率（BG/NBD）",
    ),
    (
        "expectedPurchaseDays",
        "days with a purchase expected (BG/NBD)",
        "预期有购买的天数（BG/NBD）",
    ),
];

/// A feature in plain words: those of a log have theirs, others go by their name.
pub(super) fn words(name: &str) -> Text {
    let (_, en, zh) =
        LOG_FEATURES.into_iter().find(|(own, ..)| *own == name).unwrap_or(("", "", ""));
    let of = |words: &'static str| match words {
        "" => name.to_owned().into(),
        words => words.into(),
    };
    Text { en: of(en), zh: of(zh) }
}

/// What is known of a customer at a cut-off; `money` brings minor units to a number.
fn known_at(
    windows: Windows,
    model: Option<&Model>,
    days: &[PaidDay],
    money: &dyn Fn(i128) -> f64,
) -> [f64; 12] {
    let before = days.partition_point(|day| day.0 < windows.cutoff);
    let days = &days[..before];
    let spent = |days: &[PaidDay]| money(days.iter().map(|day| i128::from(day.1)).sum());
    let (first, last) = match (days.first(), days.last()) {
        (Some(first), Some(last)) => (first.0, last.0),
        _ => (windows.cutoff, windows.cutoff),
    };
    let ago = |day: i32| f64::from(windows.cutoff.saturating_sub(day));
    let count = days.len() as f64;
    let since = |length: i32| {
        &days[days.partition_point(|day| day.0 < windows.cutoff.saturating_sub(length))..]
    };
    let recent = since(windows.horizon);
    let both = since(windows.horizon.saturating_mul(2));
    let older = &both[..both.len() - recent.len()];
    let [alive, expected] = rhythm::expected(model, windows, days);
    let gap = if count > 1.0 { (ago(first) - ago(last)) / (count - 1.0) } else { f64::NAN };
    [
        ago(last),
        count,
        ago(first),
        spent(days),
        spent(days) / count.max(1.0),
        gap,
        ago(last) / gap,
        recent.len() as f64,
        recent.len() as f64 - older.len() as f64,
        spent(recent) - spent(older),
        alive,
        expected,
    ]
}

impl Table {
    /// A table without rows for a log.
    pub(super) fn of_log() -> Table {
        let feature = |(name, ..): (&str, _, _)| Feature {
            name: name.to_owned(),
            levels: None,
            values: Vec::new(),
        };
        Table { features: LOG_FEATURES.map(feature).into(), ..Table::default() }
    }

    /// Adds a customer of a log at each cut-off at which they take part.
    pub(super) fn add(
        &mut self,
        customer: u32,
        days: &[PaidDay],
        cutoffs: &[(Windows, Part)],
        models: &[Option<Model>],
        money: &dyn Fn(i128) -> f64,
    ) {
        for ((windows, part), model) in cutoffs.iter().zip(models) {
            let left = match windows.standing(days.iter().map(|day| day.0)) {
                Standing::Later | Standing::Inactive => continue,
                standing => standing == Standing::Left,
            };
            let row = known_at(*windows, model.as_ref(), days, money);
            self.features.iter_mut().zip(row).for_each(|(f, value)| f.values.push(value));
            self.customers.push(customer);
            self.labels.push((*part != Part::Scored).then_some(left));
            self.parts.push(*part);
        }
    }

    /// The attributes of the customers in `customers`, the label apart. With the levels of a model,
    /// those are taken.
    pub(super) fn of_attributes(
        customers: Vec<u32>,
        attributes: &[(String, AttributeOf)],
        names: &AllowedNames<'_>,
        given: &dyn Fn(&str) -> Option<Vec<String>>,
    ) -> Result<Table> {
        let rows = customers.len();
        let mut features = Vec::new();
        for (name, attribute) in attributes {
            let (levels, values) = match attribute {
                AttributeOf::Number(..) => {
                    let number = |code: &u32| attribute.number(*code).unwrap_or(f64::NAN);
                    (None, collected(customers.iter().map(number), rows)?)
                }
                AttributeOf::Text(_) => {
                    let code = |code: &u32| attribute.text(*code).unwrap_or(MISSING);
                    let codes = collected(customers.iter().map(code), rows)?;
                    let (levels, values) =
                        placed(&codes, names.attribute(name), given(name), MOST_CODES as usize)?;
                    (Some(levels), values)
                }
            };
            if let Some(levels) = &levels
                && levels.is_empty()
            {
                continue;
            }
            features.push(Feature { name: name.clone(), levels, values });
        }
        let (labels, parts) = (filled(None, rows)?, filled(Part::Scored, rows)?);
        Ok(Table { features, customers, labels, parts })
    }

    pub(super) fn rows(&self) -> usize {
        self.customers.len()
    }

    /// One row, into `row`.
    pub(super) fn row(&self, at: usize, row: &mut Vec<f64>) {
        row.clear();
        row.extend(self.features.iter().map(|feature| feature.values[at]));
    }

    /// Puts the rows into one order whatever the order and the names of customers: rows that stand
    /// together are equal.
    pub(super) fn sort(&mut self) -> Result<()> {
        let rows = self.rows();
        let order = arrangement(rows, &|a, b| {
            let cells = self.features.iter().map(|f| f.values[a].total_cmp(&f.values[b]));
            let labels = self.labels[a].cmp(&self.labels[b]);
            let parts = self.parts[a].cmp(&self.parts[b]);
            cells.chain([parts, labels]).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        let order = || order.iter().map(|row| *row as usize);
        for feature in &mut self.features {
            feature.values = collected(order().map(|row| feature.values[row]), rows)?;
        }
        self.customers = collected(order().map(|row| self.customers[row]), rows)?;
        self.labels = collected(order().map(|row| self.labels[row]), rows)?;
        self.parts = collected(order().map(|row| self.parts[row]), rows)?;
        Ok(())
    }

    pub(super) fn heap_size(&self) -> usize {
        self.rows() * (self.features.len() * 8 + 8)
    }
}
