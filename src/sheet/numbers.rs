//! Numbers of cells to text: shortest decimals, and dates out of serial numbers.
//!
//! A serial number counts days, with the time of day as its fraction. In the system of 1900 day
//! 1 is 1 January 1900, and day 60 is 29 February 1900, which never was: it is written as such,
//! and the reader rejects it as every date that is none. In the system of 1904 day 0 is 1
//! January 1904. Times are rounded to the millisecond, which serial numbers hold exactly.

use std::fmt::Write;

use super::formats::Format;

/// The day after the last that a spreadsheet shows, 31 December 9999.
const END: f64 = 2_958_466.0;
/// Days from the system of 1900 to that of 1904.
const SYSTEM_1904: f64 = 1462.0;
const DAY_MS: i64 = 86_400_000;
/// The 60th day of 1900 in serial numbers.
const FALSE_LEAP_DAY: i64 = 60;
/// Days from day 0 of the serial numbers from 61 on, 30 December 1899, to 1 January 1970.
const UNIX: i64 = 25_569;
/// From here on a spreadsheet's 15 digits do not reach the ones: what stands there is a rounded
/// number, most often an id.
const ROUNDED: f64 = 1e15;
/// Below this, decimals would be mostly zeros.
const TINY: f64 = 1e-7;

/// Writes the number that is stored as `stored` in a cell of this format.
pub(super) fn write(stored: &str, format: Format, from_1904: bool, out: &mut String) {
    let stored = stored.trim();
    if format == Format::Text {
        return out.push_str(stored);
    }
    let digits = stored.strip_prefix('-').unwrap_or(stored);
    let plain = (1..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (!digits.starts_with('0') || stored == "0");
    if plain && format == Format::Number {
        return out.push_str(stored);
    }
    match stored.parse::<f64>() {
        // `nan` and `infinity` are names to Rust, and no numbers of a sheet.
        Ok(value) if value.is_finite() => number(stored, value, format, from_1904, out),
        _ => out.push_str(stored),
    }
}

fn number(stored: &str, value: f64, format: Format, from_1904: bool, out: &mut String) {
    let serial = if from_1904 { value + SYSTEM_1904 } else { value };
    let shown = match format {
        Format::Digits(most) if value.fract() == 0.0 && (0.0..ROUNDED).contains(&value) => {
            write!(out, "{value:0>width$}", width = usize::from(most))
        }
        Format::Elapsed if (0.0..END).contains(&value) => {
            let ms = (value * DAY_MS as f64).round() as i64;
            clock(ms, out)
        }
        // Without a day in it, a time of day is one in both systems.
        Format::Time | Format::Day | Format::Moment
            if (0.0..1.0).contains(&value) && value > 0.0 =>
        {
            clock((value * DAY_MS as f64).round() as i64, out)
        }
        Format::Time if value == 0.0 => clock(0, out),
        Format::Day | Format::Moment | Format::Time if (1.0..END).contains(&serial) => {
            date(serial, format, out)
        }
        _ if value == 0.0 => write!(out, "0"),
        _ if (TINY..ROUNDED).contains(&value.abs()) => write!(out, "{value}"),
        _ => write!(out, "{stored}"),
    };
    // Writing to a text cannot fail.
    let _ = shown;
}

/// `2025-05-28`, or with a time of day `2025-05-28 09:03:00`.
fn date(serial: f64, format: Format, out: &mut String) -> std::fmt::Result {
    let ms = (serial * DAY_MS as f64).round() as i64;
    let (days, time) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let (year, month, day) = match days {
        FALSE_LEAP_DAY => (1900, 2, 29),
        _ => civil(days - UNIX + i64::from(days < FALSE_LEAP_DAY)),
    };
    write!(out, "{year:04}-{month:02}-{day:02}")?;
    if format == Format::Day && time == 0 {
        return Ok(());
    }
    out.push(' ');
    clock(time, out)
}

/// `09:03:00`, with milliseconds if there are any.
fn clock(ms: i64, out: &mut String) -> std::fmt::Result {
    let seconds = ms / 1000;
    write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    match ms % 1000 {
        0 => Ok(()),
        rest => write!(out, ".{rest:03}"),
    }
}

/// Year, month and day of a day counted from 1970-01-01, by eras of 400 years that begin in
/// March, so that the leap day is the last of its year.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stored: &str, format: Format) -> String {
        let mut out = String::new();
        write(stored, format, false, &mut out);
        out
    }

    #[test]
    fn numbers_are_their_shortest_decimals() {
        for (stored, text) in [
            ("0", "0"),
            ("-0", "0"),
            ("1001.0", "1001"),
            ("0.10000000000000001", "0.1"),
            ("19.989999999999998", "19.99"),
            ("1.5E3", "1500"),
            ("1E-3", "0.001"),
            ("-12.50", "-12.5"),
            ("007", "7"),
            ("999999999999999", "999999999999999"),
        ] {
            assert_eq!(shown(stored, Format::Number), text, "{stored}");
        }
    }

    #[test]
    fn a_rounded_id_keeps_the_text_that_gives_it_away() {
        for stored in ["1.2345678901234568E+17", "123456789012345678", "1E+300", "1e-9"] {
            assert_eq!(shown(stored, Format::Number), stored);
        }
        for odd in ["nan", "inf", "-infinity", "12x", "1e999", "", "0x10"] {
            assert_eq!(shown(odd, Format::Moment), odd);
        }
    }

    #[test]
    fn serial_numbers_are_local_times() {
        for (stored, format, text) in [
            ("45805", Format::Day, "2025-05-28"),
            ("45805", Format::Moment, "2025-05-28 00:00:00"),
            ("45805.377083333333", Format::Moment, "2025-05-28 09:03:00"),
            ("45805.377083333333", Format::Day, "2025-05-28 09:03:00"),
            ("45805.377083333333", Format::Time, "2025-05-28 09:03:00"),
            ("45805.999999999", Format::Moment, "2025-05-29 00:00:00"),
            ("45805.5000000116", Format::Moment, "2025-05-28 12:00:00.001"),
            ("0.377083333333333", Format::Time, "09:03:00"),
            ("0", Format::Time, "00:00:00"),
            ("1.5", Format::Elapsed, "36:00:00"),
            ("1", Format::Day, "1900-01-01"),
            ("59", Format::Day, "1900-02-28"),
            ("60", Format::Day, "1900-02-29"),
            ("61", Format::Day, "1900-03-01"),
            ("2958465.9", Format::Moment, "9999-12-31 21:36:00"),
            ("2958466", Format::Day, "2958466"),
            ("-1", Format::Day, "-1"),
            ("42", Format::Digits(5), "00042"),
            ("1234567", Format::Digits(5), "1234567"),
            ("4.5", Format::Digits(5), "4.5"),
            ("0123", Format::Text, "0123"),
        ] {
            assert_eq!(shown(stored, format), text, "{stored} as {format:?}");
        }
        let mut out = String::new();
        write("44343", Format::Day, true, &mut out);
        assert_eq!(out, "2025-05-28");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let days = |year: i64, month: i64| match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut expected = (1900, 3, 1);
        for serial in 61..2_958_466 {
            assert_eq!(civil(serial - UNIX), expected);
            let (year, month, day) = expected;
            expected = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                (_, day) if day == days(year, month) => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
        assert_eq!(expected, (10_000, 1, 1));
    }
}
