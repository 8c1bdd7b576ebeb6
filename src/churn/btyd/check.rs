//! Does a model fit? It is fitted to the days before a split, and what it expects of the days after
//! is held against what came.

use std::collections::BTreeMap;

use super::Model;
use super::histories::{Counts, PaidDay};
use crate::error::Result;
use crate::table::period::Periods;

/// Customers by their repeat purchases before the split; so many and more are one bin.
const MOST_REPEATS: u32 = 7;

/// Customers who had bought before a split, and what they did after it.
#[derive(Clone, Debug)]
pub struct Holdout {
    periods: Periods,
    /// Counts before the split, periods with a purchase after it, and how many customers had these.
    customers: BTreeMap<(Counts, u32), u32>,
}

/// Customers with so many repeat purchases before the split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Repeat purchases before.
    pub repeats: u32,
    /// Customers.
    pub customers: u64,
    /// Mean days of purchase after.
    pub actual: f64,
    /// Mean days of purchase expected after.
    pub expected: f64,
}

/// What came against what was expected, over all customers.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Customers.
    pub customers: u64,
    /// Days of purchase after the split.
    pub actual: f64,
    /// Those expected.
    pub expected: f64,
    /// Root of the mean squared difference of a customer.
    pub error: f64,
    /// The same for the guess that everybody goes on as fast as before.
    pub naive_error: f64,
    /// By purchases before; the last bin holds all with its number or more.
    pub bins: Vec<Bin>,
}

impl Holdout {
    /// Nobody yet. Purchases of one period are one.
    #[must_use]
    pub fn new(periods: Periods) -> Holdout {
        Holdout { periods, customers: BTreeMap::new() }
    }

    /// Adds a customer with these ascending days, split after the day `split`; days after `until` are
    /// not looked at. Somebody who first bought after the split is not part of it.
    pub fn add(&mut self, days: &[PaidDay], split: i32, until: i32) {
        if let Some(mut counts) = Counts::of(days, split, self.periods) {
            counts.money = 0;
            let periods = days.iter().filter(|day| day.0 > split && day.0 <= until);
            let (mut after, mut last) = (0_u32, None);
            for period in periods.map(|day| self.periods.of_day(day.0)) {
                after += u32::from(last.replace(period) != Some(period));
            }
            let count = self.customers.entry((counts, after)).or_insert(0);
            *count = count.saturating_add(1);
        }
    }

    /// The customers' counts before the split, in ascending order, and how many have each.
    pub fn counts(&self) -> impl Iterator<Item = (Counts, u32)> {
        self.customers.iter().map(|((counts, _), customers)| (*counts, *customers))
    }

    /// Against a model whose unit of time is `length` periods, over a horizon in its unit.
    ///
    /// # Errors
    /// As [`Model::expected`].
    pub fn compare(&self, model: &Model, length: f64, horizon: f64) -> Result<Comparison> {
        let mut bins: Vec<Bin> = Vec::new();
        let (mut squares, mut naive_squares) = (0.0, 0.0);
        let mut known: Option<((u32, u32), f64)> = None;
        for ((counts, after), customers) in &self.customers {
            let history = counts.history(length)?;
            let key = (counts.repeats, counts.age);
            let growth = match known.filter(|(of, _)| *of == key) {
                Some((_, growth)) => growth,
                None => model.growth(history.purchases, history.age, horizon)?,
            };
            known = Some((key, growth));
            let expected = growth * model.alive(history);
            let rate = if history.age > 0.0 { history.purchases / history.age } else { 0.0 };
            let (count, actual) = (f64::from(*customers), f64::from(*after));
            squares += count * (actual - expected) * (actual - expected);
            let missed = actual - rate * horizon;
            naive_squares += count * missed * missed;
            let repeats = counts.repeats.min(MOST_REPEATS);
            if bins.last().is_none_or(|bin| bin.repeats != repeats) {
                bins.push(Bin { repeats, customers: 0, actual: 0.0, expected: 0.0 });
            }
            if let Some(bin) = bins.last_mut() {
                bin.customers += u64::from(*customers);
                bin.actual += count * actual;
                bin.expected += count * expected;
            }
        }
        let sum = |of: &dyn Fn(&Bin) -> f64| -> f64 { bins.iter().map(of).sum() };
        let customers = bins.iter().map(|bin| bin.customers).sum::<u64>();
        let (actual, expected) = (sum(&|bin| bin.actual), sum(&|bin| bin.expected));
        for bin in &mut bins {
            bin.actual /= bin.customers as f64;
            bin.expected /= bin.customers as f64;
        }
        let root = |squares: f64| (squares / customers.max(1) as f64).sqrt();
        let (error, naive_error) = (root(squares), root(naive_squares));
        Ok(Comparison { customers, actual, expected, error, naive_error, bins })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Family;
    use super::*;
    use crate::table::period::{Unit, WeekStart};

    #[test]
    fn purchases_after_the_split_are_held_against_the_model() {
        let days = Periods { unit: Unit::Day, week_start: WeekStart::Monday };
        let mut held = Holdout::new(days);
        held.add(&[(0, 1), (5, 1), (12, 1), (40, 1)], 10, 30);
        held.add(&[(0, 1), (5, 9)], 10, 30);
        held.add(&[(3, 1), (11, 1)], 10, 30);
        held.add(&[(11, 1)], 10, 30);
        let model = Model::new(Family::MbgNbd, [0.5, 6.0, 0.9, 1.6]).unwrap();
        let found = held.compare(&model, 7.0, 20.0 / 7.0).unwrap();
        assert_eq!((found.customers, found.actual), (3, 2.0));
        let bins: Vec<_> =
            found.bins.iter().map(|bin| (bin.repeats, bin.customers, bin.actual)).collect();
        assert_eq!(bins, [(0, 1, 1.0), (1, 2, 0.5)]);
        assert!(found.expected > 0.0 && found.error > 0.0 && found.naive_error > 0.0);
        let own = super::super::History::new(0, 0.0, 1.0).unwrap();
        let expected = model.expected(own, 20.0 / 7.0).unwrap();
        assert!((found.bins[0].expected - expected).abs() < 1e-12);
    }
}
