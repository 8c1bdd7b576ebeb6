//! Calendar periods: days, weeks, months, quarters and years as whole numbers that count up without gaps.

use super::calendar::Date;
use serde::{Deserialize, Serialize};

/// The length of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Unit {
    /// A local date.
    Day,
    /// Seven local dates, from `weekStart` on.
    Week,
    /// A calendar month.
    #[default]
    Month,
    /// Three calendar months, the first from January on.
    Quarter,
    /// A calendar year.
    Year,
}

impl Unit {
    /// How many months a period has, where it is made of them.
    fn months(self) -> i32 {
        match self {
            Unit::Year => 12,
            Unit::Quarter => 3,
            _ => 1,
        }
    }
}

/// The first day of a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum WeekStart {
    /// As ISO 8601 has it.
    #[default]
    Monday,
    /// Saturday comes last.
    Sunday,
}

/// Cuts local days into periods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Periods {
    /// Their length.
    pub unit: Unit,
    /// Where weeks begin.
    pub week_start: WeekStart,
}

impl Periods {
    /// The period of a local day number (days since 1970-01-01); neighbours differ by 1.
    #[must_use]
    pub fn of_day(self, day: i32) -> i32 {
        match self.unit {
            Unit::Day => day,
            Unit::Week => (day - self.first_week_day()).div_euclid(7),
            Unit::Month | Unit::Quarter | Unit::Year => {
                let date = Date::of_day_number(day);
                (date.year * 12 + i32::from(date.month) - 1).div_euclid(self.unit.months())
            }
        }
    }

    /// The first local day of a period.
    #[must_use]
    pub fn first_day(self, period: i32) -> i32 {
        match self.unit {
            Unit::Day => period,
            Unit::Week => period * 7 + self.first_week_day(),
            Unit::Month | Unit::Quarter | Unit::Year => {
                let months = period * self.unit.months();
                let (year, month) = (months.div_euclid(12), months.rem_euclid(12) as u8 + 1);
                Date { year, month, day: 1 }.day_number()
            }
        }
    }

    /// The name of a period: `2025-06-01` for days and for weeks by their first day, `2025-06` for
    /// months, `2025-Q2` for quarters, `2025` for years.
    #[must_use]
    pub fn name(self, period: i32) -> String {
        let date = Date::of_day_number(self.first_day(period));
        match self.unit {
            Unit::Day | Unit::Week => date.to_string(),
            Unit::Month => format!("{:04}-{:02}", date.year, date.month),
            Unit::Quarter => format!("{:04}-Q{}", date.year, (date.month - 1) / 3 + 1),
            Unit::Year => format!("{:04}", date.year),
        }
    }

    /// How many days a period has.
    #[must_use]
    pub fn days(self, period: i32) -> i32 {
        match self.unit {
            Unit::Day => 1,
            Unit::Week => 7,
            _ => self.first_day(period + 1) - self.first_day(period),
        }
    }

    /// A day number that begins a week: 1970-01-01 was a Thursday.
    fn first_week_day(self) -> i32 {
        match self.week_start {
            WeekStart::Monday => 4,
            WeekStart::Sunday => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i32 {
        let date: jiff::civil::Date = text.parse().unwrap();
        Date::new(i32::from(date.year()), date.month() as u8, date.day() as u8)
            .unwrap()
            .day_number()
    }

    #[test]
    fn weeks_begin_on_the_asked_day_and_months_on_the_first() {
        let of = |unit, week_start, text: &str| {
            let periods = Periods { unit, week_start };
            periods.name(periods.of_day(day(text)))
        };
        // 2025-06-01 was a Sunday.
        assert_eq!(of(Unit::Week, WeekStart::Monday, "2025-06-01"), "2025-05-26");
        assert_eq!(of(Unit::Week, WeekStart::Sunday, "2025-06-01"), "2025-06-01");
        assert_eq!(of(Unit::Month, WeekStart::Monday, "2025-06-30"), "2025-06");
        assert_eq!(of(Unit::Quarter, WeekStart::Monday, "2025-06-30"), "2025-Q2");
        assert_eq!(of(Unit::Quarter, WeekStart::Monday, "1969-12-31"), "1969-Q4");
        assert_eq!(of(Unit::Year, WeekStart::Monday, "2025-06-30"), "2025");
        assert_eq!(of(Unit::Day, WeekStart::Monday, "1969-12-31"), "1969-12-31");
        assert_eq!(of(Unit::Month, WeekStart::Monday, "1969-12-31"), "1969-12");
    }

    #[test]
    fn periods_follow_each_other_without_gap() {
        for unit in [Unit::Day, Unit::Week, Unit::Month, Unit::Quarter, Unit::Year] {
            let periods = Periods { unit, week_start: WeekStart::Monday };
            for at in day("1999-12-25")..day("2004-03-05") {
                let period = periods.of_day(at);
                let first = periods.first_day(period);
                assert!(first <= at && at < first + periods.days(period));
                assert_eq!(periods.first_day(period + 1), first + periods.days(period));
            }
        }
    }
}
