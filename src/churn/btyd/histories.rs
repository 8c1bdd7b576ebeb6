//! From the days on which a customer bought, with their money, to what the models are told: repeat
//! purchases `x`, the last of them `t_x`, the age `T`, and the mean money `m_x` of a repeat.
//!
//! Purchases of one period are one purchase, their money is added. The first period is where a
//! customer's time begins and no repeat. Equal histories are counted and computed once.

use super::History;
use crate::error::Result;
use crate::table::period::Periods;

/// A day on which a customer bought, and the money of this day in minor units.
pub type PaidDay = (i32, i64);

/// What is known of one customer up to a day, in whole periods. Ordered by what the models look at
/// first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counts {
    /// Periods with a purchase after the first.
    pub repeats: u32,
    /// Periods from the first to the day.
    pub age: u32,
    /// Periods from the first to the last.
    pub last: u32,
    /// Money of the repeats together, in minor units.
    pub money: i128,
}

impl Counts {
    /// Of a customer with these ascending days, as of the day `until`, which counts. `None` without a
    /// purchase by then.
    #[must_use]
    pub fn of(days: &[PaidDay], until: i32, periods: Periods) -> Option<Counts> {
        let period = |day: i32| periods.of_day(day);
        let between = |from: i32, to: i32| (i64::from(to) - i64::from(from)).unsigned_abs() as u32;
        let first = period(days.first().filter(|(day, _)| *day <= until)?.0);
        let (mut counts, mut last) =
            (Counts { age: between(first, period(until)), ..Counts::default() }, first);
        for (day, money) in days.iter().take_while(|(day, _)| *day <= until) {
            let at = period(*day);
            counts.repeats += u32::from(at != last);
            if at != first {
                counts.money += i128::from(*money);
            }
            last = at;
        }
        counts.last = between(first, last);
        Some(counts)
    }

    /// The history in time units of `length` periods each.
    ///
    /// # Errors
    /// As [`History::new`].
    pub fn history(&self, length: f64) -> Result<History> {
        let unit = |periods: u32| f64::from(periods) / length;
        History::new(u64::from(self.repeats), unit(self.last), unit(self.age))
    }
}

/// A history, and how many customers have it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// The history.
    pub history: History,
    /// How many have it.
    pub customers: f64,
}

/// Equal histories together, by ascending purchases.
#[must_use]
pub fn counted(mut histories: Vec<History>) -> Vec<Counted> {
    histories.sort_unstable_by(|one, other| {
        let key = |of: &History| [of.purchases, of.age, of.last];
        let pairs = key(one).into_iter().zip(key(other));
        pairs
            .map(|(a, b)| a.total_cmp(&b))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    histories
        .chunk_by(|a, b| a == b)
        .filter_map(|equal| {
            Some(Counted { history: *equal.first()?, customers: equal.len() as f64 })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::period::{Unit, WeekStart};

    fn periods(unit: Unit) -> Periods {
        Periods { unit, week_start: WeekStart::Monday }
    }

    #[test]
    fn a_period_is_one_purchase_and_the_first_is_none() {
        // 1970-01-05 was a Monday: days 4 to 10 are one week.
        let days = [(4, 500), (5, 100), (12, 700), (40, 1)];
        let by_day = Counts::of(&days, 39, periods(Unit::Day)).unwrap();
        assert_eq!(by_day, Counts { repeats: 2, age: 35, last: 8, money: 800 });
        let by_week = Counts::of(&days, 39, periods(Unit::Week)).unwrap();
        assert_eq!(by_week, Counts { repeats: 1, age: 5, last: 1, money: 700 });
        assert_eq!(Counts::of(&days, 3, periods(Unit::Day)), None);
        assert_eq!(by_day.history(7.0).unwrap(), History::new(2, 8.0 / 7.0, 5.0).unwrap());
    }

    #[test]
    fn equal_histories_are_counted_in_one_order() {
        let of = |x, last, age| History::new(x, last, age).unwrap();
        let (a, b, c) = (of(1, 2.0, 9.0), of(0, 0.0, 9.0), of(1, 2.0, 8.0));
        let rows = counted(vec![a, b, c, a, b, a]);
        let found: Vec<_> = rows.iter().map(|row| (row.history, row.customers)).collect();
        assert_eq!(found, [(b, 2.0), (c, 1.0), (a, 3.0)]);
    }
}
