//! Instants to local days and dates, in the proleptic Gregorian calendar.
//!
//! A day is a date, not 24 hours: day numbers count local dates since 1970-01-01, so that the
//! difference of two day numbers is a number of calendar days whatever the clocks did between.
//! Conversions follow H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013).

use super::zone::{Span, Zone};

/// Milliseconds of a day of 24 hours.
pub const DAY_MS: i64 = 86_400_000;

/// A calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year; 0 is 1 BC.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Date {
    /// The date, if it exists.
    #[must_use]
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let exists = (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
        exists.then_some(Date { year, month, day })
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn day_number(self) -> i32 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        (era * 146_097 + day_of_era - 719_468) as i32
    }

    /// The date of a day number.
    #[must_use]
    pub fn of_day_number(day: i32) -> Self {
        let shifted = i64::from(day) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month + 2) / 5 + 1) as u8;
        let month = if month < 10 { month + 3 } else { month - 9 } as u8;
        let year = (year_of_era + era * 400) as i32 + i32::from(month <= 2);
        Date { year, month, day }
    }

    /// Milliseconds from 1970-01-01T00:00 to this date's midnight on the same clock.
    #[must_use]
    pub fn local_ms(self) -> i64 {
        i64::from(self.day_number()) * DAY_MS
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Days of a month (28 to 31); 0 for a month that does not exist.
#[must_use]
pub fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.rem_euclid(4) == 0
            && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0) =>
        {
            29
        }
        2 => 28,
        _ => 0,
    }
}

/// Local day numbers of many instants: remembers the stretch of constant offset that it is in.
#[derive(Clone, Debug)]
pub struct LocalDays<'z> {
    zone: &'z Zone,
    span: Span,
}

impl<'z> LocalDays<'z> {
    /// For instants in `zone`.
    #[must_use]
    pub fn new(zone: &'z Zone) -> Self {
        LocalDays { zone, span: zone.span_at(0) }
    }

    /// The local day number of an instant in milliseconds since 1970-01-01T00:00Z.
    #[inline]
    pub fn day_of(&mut self, instant: i64) -> i32 {
        if instant < self.span.from || instant >= self.span.until {
            self.span = self.zone.span_at(instant);
        }
        let local = instant.saturating_add(i64::from(self.span.offset) * 1000);
        // A day is 84,375 times 1,024 ms. From 1970 to the year 2109 that is a division of small numbers,
        // which is a multiplication to the machine.
        match u32::try_from(local >> 10) {
            Ok(parts) => (parts / 84_375) as i32,
            Err(_) => local.div_euclid(DAY_MS) as i32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::zone::Local;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dates_and_day_numbers_agree_with_jiff(day in -4_000_000i32..2_900_000) {
            let date = Date::of_day_number(day);
            prop_assert_eq!(date.day_number(), day);
            let epoch = jiff::civil::date(1970, 1, 1);
            if let Ok(theirs) = epoch.checked_add(jiff::Span::new().days(i64::from(day))) {
                prop_assert_eq!(i32::from(theirs.year()), date.year);
                prop_assert_eq!(theirs.month(), date.month as i8);
                prop_assert_eq!(theirs.day(), date.day as i8);
            }
        }
    }

    /// The quick division of [`LocalDays`] at the ends of days and of what it is for.
    #[test]
    fn a_day_ends_with_its_last_millisecond() {
        let zone = Zone::utc();
        let mut days = LocalDays::new(&zone);
        for day in [-1_000_000, -1, 0, 1, 20_000, 50_902, 50_903, 50_904, 100_000, 2_900_000i64] {
            for instant in [day * DAY_MS, day * DAY_MS + 1, (day + 1) * DAY_MS - 1] {
                assert_eq!(i64::from(days.day_of(instant)), day, "{instant}");
            }
        }
    }

    /// New York 2025: clocks forward 9 March 07:00Z, back 2 November 06:00Z.
    fn new_york() -> Zone {
        Zone::new(
            "America/New_York",
            vec![
                (i64::MIN, -5 * 3600),
                (1_741_503_600_000, -4 * 3600),
                (1_762_063_200_000, -5 * 3600),
            ],
        )
        .unwrap()
    }

    fn local(month: u8, day: u8, hour: i64, minute: i64) -> i64 {
        Date::new(2025, month, day).unwrap().local_ms() + hour * 3_600_000 + minute * 60_000
    }

    #[test]
    fn gaps_move_forward_and_folds_take_the_first() {
        let zone = new_york();
        // 02:30 does not exist on 9 March: with the offset before, it is 03:30 after.
        assert_eq!(zone.instant_of(local(3, 9, 2, 30)), Local::Gap(1_741_505_400_000));
        assert_eq!(zone.instant_of(local(3, 9, 1, 59)), Local::Once(1_741_503_540_000));
        assert_eq!(zone.instant_of(local(3, 9, 3, 0)), Local::Once(1_741_503_600_000));
        // 01:30 stands twice on 2 November: first with summer time.
        assert_eq!(zone.instant_of(local(11, 2, 1, 30)), Local::Fold(1_762_061_400_000));
        assert_eq!(zone.instant_of(local(11, 2, 2, 0)), Local::Once(1_762_066_800_000));
        assert_eq!(zone.instant_of(local(1, 1, 0, 0)), Local::Once(1_735_707_600_000));
    }

    #[test]
    fn every_instant_comes_back_from_its_local_time() {
        let zone = new_york();
        for hour in 0..24 * 365 {
            let instant = 1_735_707_600_000 + hour * 3_600_000;
            let reading = instant + i64::from(zone.offset_at(instant)) * 1000;
            let back = zone.instant_of(reading);
            match back {
                Local::Once(found) => assert_eq!(found, instant),
                Local::Fold(first) => {
                    assert!(instant == first || instant == first + 3_600_000);
                }
                Local::Gap(_) => panic!("a reading that happened is no gap"),
            }
        }
    }

    #[test]
    fn days_are_local() {
        let zone = Zone::fixed("+08:00", 8 * 3600).unwrap();
        let mut days = LocalDays::new(&zone);
        let midnight = Date::new(2025, 6, 1).unwrap().local_ms() - 8 * 3_600_000;
        let day = Date::new(2025, 6, 1).unwrap().day_number();
        assert_eq!(days.day_of(midnight), day);
        assert_eq!(days.day_of(midnight - 1), day - 1);
    }
}
