//! The reference moment that an analysis is asked for (`at`): a day or an instant, never the
//! clock.

use super::calendar::{DAY_MS, Date};
use super::zone::Zone;
use crate::error::{Code, Error, Result};

/// A reference moment in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The local day number: recency and tenure count calendar days to it.
    pub day: i32,
    /// Rows at or after this instant lie after the moment.
    pub until: i64,
}

impl Moment {
    /// Reads `2025-06-01` (the whole local day counts as before) or an instant such as
    /// `2025-06-01T12:00:00+08:00`; without an offset the clock reading is local to `zone`.
    ///
    /// # Errors
    /// `date` if it is neither, or not a date that exists between 1900 and 2100.
    pub fn parse(text: &str, zone: &Zone) -> Result<Moment> {
        let (date, rest) = text.split_at_checked(10).ok_or_else(not_a_moment)?;
        let date = date_of(date).ok_or_else(not_a_moment)?;
        if rest.is_empty() {
            let day = date.day_number();
            let next = zone.instant_of(date.local_ms() + DAY_MS).instant();
            return Ok(Moment { day, until: next });
        }
        let rest = rest.strip_prefix(['T', ' ']).ok_or_else(not_a_moment)?;
        let (clock, offset) = match rest.find(['Z', '+', '-']) {
            None => (rest, None),
            Some(at) => {
                let (clock, offset) = rest.split_at_checked(at).ok_or_else(not_a_moment)?;
                (clock, Some(offset_of(offset).ok_or_else(not_a_moment)?))
            }
        };
        let local = date.local_ms() + clock_of(clock).ok_or_else(not_a_moment)?;
        let instant = match offset {
            Some(offset) => local - offset,
            None => zone.instant_of(local).instant(),
        };
        let reading = instant + i64::from(zone.offset_at(instant)) * 1000;
        Ok(Moment { day: reading.div_euclid(DAY_MS) as i32, until: instant + 1 })
    }
}

fn not_a_moment() -> Error {
    Error::new(
        Code::Date,
        "give a date such as 2025-06-01, or an instant such as 2025-06-01T12:00:00+08:00",
    )
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let fits = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

fn date_of(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let year = number(year, 4).filter(|year| (1900..=2100).contains(year))?;
    Date::new(year as i32, number(month, 2)? as u8, number(day, 2)? as u8)
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.mmm` as milliseconds of the day.
fn clock_of(text: &str) -> Option<i64> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "000"));
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |part| number(part, 2))?;
    let exists = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    let milliseconds = number(fraction, 3)?;
    exists.then_some(((hour * 60 + minute) * 60 + second) * 1000 + milliseconds)
}

/// `Z`, `+08:00` or `+0800` as milliseconds.
fn offset_of(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, digits) = text.split_at_checked(1)?;
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    let offset = (hours * 60 + minutes) * 60_000;
    (hours <= 23 && minutes < 60).then_some(if sign == "-" { -offset } else { offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_whole_in_its_zone() {
        let zone = Zone::fixed("+08:00", 8 * 3600).unwrap();
        let moment = Moment::parse("2025-06-01", &zone).unwrap();
        assert_eq!(moment.day, Date::new(2025, 6, 1).unwrap().day_number());
        assert_eq!(moment.until, Date::new(2025, 6, 2).unwrap().local_ms() - 8 * 3_600_000);
    }

    #[test]
    fn an_instant_is_the_same_with_any_offset() {
        let zone = Zone::fixed("+08:00", 8 * 3600).unwrap();
        let ways = [
            "2025-06-01T12:00",
            "2025-06-01 12:00:00",
            "2025-06-01T04:00:00.000Z",
            "2025-06-01T06:00+02:00",
        ];
        let all: Vec<Moment> = ways.iter().map(|way| Moment::parse(way, &zone).unwrap()).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:?}");
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "2025",
            "2025-13-01",
            "2025-02-30",
            "01/06/2025",
            "2025-06-01T25:00",
            "2025-06-01X",
            "２０２５-06-01",
        ] {
            let error = Moment::parse(text, &Zone::utc()).unwrap_err();
            assert_eq!(error.code(), Code::Date, "{text}");
        }
    }
}
