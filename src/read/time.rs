//! Date and time text to instants.
//!
//! Read, with the four-digit year first (1900 to 2100):
//!
//! * `2025-05-28`, `2025/5/28`, `2025.5.28`, `20250528`, `2025年5月28日`
//! * each optionally with a time behind `T` or blanks (behind `日` also directly): `14:03`,
//!   `14:03:22`, `14:03:22.123`, `14时03分`, `14时03分22秒`, `下午2:03`, `上午9点05分`
//! * a time optionally with `Z`, `UTC`, `+08:00`, `+0800` or `+08`
//! * the same in full-width characters
//!
//! Only dates that exist: nothing rolls over. A text without an offset is a clock reading in
//! the table's zone. If the zone skips it, the reading moves forward by the length of the gap;
//! if the zone has it twice, the first is meant. Two-digit years, day-month orders, bare
//! numbers and words are not dates here.

use crate::table::calendar::{DAY_MS, Date};
use crate::table::zone::{Local, Span, Zone};

use super::amount::half_width;

/// The longest text that is looked at.
const LONGEST: usize = 96;
/// Clock readings nearer than this to a change of offset are resolved by the zone itself.
const NEAR_CHANGE_MS: i64 = 27 * 3_600_000;

/// What a time cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// An instant, milliseconds since 1970-01-01T00:00Z.
    Instant(i64),
    /// The zone skips this clock reading; it was moved forward.
    Gap(i64),
    /// The zone has this clock reading twice; this is the first.
    Fold(i64),
    /// It is not a date.
    Not,
    /// It is a date whose day and month could be either way round.
    Ambiguous,
}

impl Time {
    /// An instant, if it lies in the years that are read (with a day to spare at both ends,
    /// since a local date may be in them where UTC's is not).
    #[inline]
    pub(super) fn of(instant: i64) -> Self {
        /// 1899-12-31.
        const FIRST: i64 = -25_568 * DAY_MS;
        /// 2101-01-02.
        const END: i64 = 47_848 * DAY_MS;
        if (FIRST..END).contains(&instant) { Time::Instant(instant) } else { Time::Not }
    }
}

/// A clock reading, and the offset if the text has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    Naive(i64),
    Exact(i64),
}

/// Reads time cells; remembers the last date and the stretch of constant offset it is in.
#[derive(Clone, Debug)]
pub(super) struct Times {
    /// The `YYYY-MM-DD` read last, and its midnight on the local clock.
    last: ([u8; 10], i64),
    span: Option<Span>,
}

impl Times {
    pub(super) fn new() -> Self {
        Times { last: ([0; 10], 0), span: None }
    }

    /// Reads a trimmed cell; `zone` is the same in every call.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8], zone: &Zone) -> Time {
        let reading = match self.iso(text) {
            Some(reading) => reading,
            None => match general(text) {
                Some(reading) => reading,
                None if is_day_month_order(text) => return Time::Ambiguous,
                None => return Time::Not,
            },
        };
        match reading {
            Reading::Exact(instant) => Time::Instant(instant),
            Reading::Naive(local) => self.resolve(local, zone),
        }
    }

    #[inline]
    fn resolve(&mut self, local: i64, zone: &Zone) -> Time {
        if let Some(span) = self.span {
            let instant = local - i64::from(span.offset) * 1000;
            if instant >= span.from.saturating_add(NEAR_CHANGE_MS)
                && instant < span.until.saturating_sub(NEAR_CHANGE_MS)
            {
                return Time::Instant(instant);
            }
        }
        let found = zone.instant_of(local);
        self.span = Some(zone.span_at(found.instant()));
        match found {
            Local::Once(instant) => Time::Instant(instant),
            Local::Gap(instant) => Time::Gap(instant),
            Local::Fold(instant) => Time::Fold(instant),
        }
    }

    /// `YYYY-MM-DD`, optionally with `T` or one blank and `HH:MM:SS`, optionally with `Z`.
    #[inline]
    fn iso(&mut self, text: &[u8]) -> Option<Reading> {
        let (date, rest) = text.split_first_chunk::<10>()?;
        let midnight = if *date == self.last.0 {
            self.last.1
        } else {
            let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = date else { return None };
            let year = i32::from(pair(*y1, *y2)?) * 100 + i32::from(pair(*y3, *y4)?);
            let midnight = midnight(year, pair(*m1, *m2)?, pair(*d1, *d2)?)?;
            self.last = (*date, midnight);
            midnight
        };
        match rest {
            [] => Some(Reading::Naive(midnight)),
            [b'T' | b' ', h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] => {
                let of_day = of_day(pair(*h1, *h2)?, pair(*m1, *m2)?, pair(*s1, *s2)?)?;
                match rest {
                    [] => Some(Reading::Naive(midnight + of_day)),
                    [b'Z'] => Some(Reading::Exact(midnight + of_day)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

#[inline]
fn pair(tens: u8, ones: u8) -> Option<u8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| tens * 10 + ones)
}

/// The local midnight of a usable date.
fn midnight(year: i32, month: u8, day: u8) -> Option<i64> {
    if !(1900..=2100).contains(&year) {
        return None;
    }
    Date::new(year, month, day).map(Date::local_ms)
}

#[inline]
fn of_day(hour: u8, minute: u8, second: u8) -> Option<i64> {
    let exists = hour < 24 && minute < 60 && second < 60;
    let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
    exists.then_some(seconds * 1000)
}

/// Every form.
fn general(text: &[u8]) -> Option<Reading> {
    if text.len() > LONGEST {
        return None;
    }
    let text: String = std::str::from_utf8(text).ok()?.chars().map(half_width).collect();
    let mut rest = Rest(text.trim());
    let (midnight, in_words) = date(&mut rest)?;
    if rest.0.is_empty() {
        return Some(Reading::Naive(midnight));
    }
    let separated = rest.take('T') || rest.blanks();
    if !separated && !in_words {
        return None;
    }
    let of_day = time(&mut rest)?;
    let reading = match offset(&mut rest)? {
        None => Reading::Naive(midnight + of_day),
        Some(seconds) => Reading::Exact(midnight + of_day - seconds * 1000),
    };
    rest.0.is_empty().then_some(reading)
}

/// The midnight, and whether the date ended in `日`.
fn date(rest: &mut Rest<'_>) -> Option<(i64, bool)> {
    let digits = rest.digits();
    if digits.len() == 8 {
        let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?);
        let midnight = midnight(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
        return Some((midnight, false));
    }
    if digits.len() != 4 {
        return None;
    }
    let year = digits.parse().ok()?;
    let (first, second, end) = match rest.next()? {
        '年' => ('年', '月', Some('日')),
        mark @ ('-' | '/' | '.') => (mark, mark, None),
        _ => return None,
    };
    let in_words = first == '年';
    if in_words {
        rest.blanks();
    }
    let month = rest.short_number()?;
    if rest.next()? != second {
        return None;
    }
    if in_words {
        rest.blanks();
    }
    let day = rest.short_number()?;
    if end.is_some_and(|end| !rest.take(end)) {
        return None;
    }
    Some((midnight(year, month, day)?, in_words))
}

/// Milliseconds of the day.
fn time(rest: &mut Rest<'_>) -> Option<i64> {
    let half = match () {
        () if rest.take_text("上午") => Some(0),
        () if rest.take_text("下午") => Some(12),
        () => None,
    };
    if half.is_some() {
        rest.blanks();
    }
    let mut hour = rest.short_number()?;
    if let Some(half) = half {
        // 上午12:05 is five past midnight, 下午12:05 five past noon.
        hour = match hour {
            12 => half,
            0 if half == 12 => return None,
            hour if hour < 12 => hour + half,
            _ => return None,
        };
    }
    let mut second = 0;
    let mut milliseconds = 0;
    let minute = if rest.take(':') {
        let minute = rest.two_digits()?;
        if rest.take(':') {
            second = rest.two_digits()?;
            if rest.take('.') {
                milliseconds = thousandths(rest.digits())?;
            }
        }
        minute
    } else if rest.take('时') || rest.take('点') {
        let minute = rest.short_number()?;
        if !rest.take('分') {
            return None;
        }
        if rest.0.starts_with(|c: char| c.is_ascii_digit()) {
            second = rest.short_number()?;
            if !rest.take('秒') {
                return None;
            }
        }
        minute
    } else {
        return None;
    };
    Some(of_day(hour, minute, second)? + milliseconds)
}

/// The first three of one to nine decimals of a second; the rest is below a millisecond.
fn thousandths(digits: &str) -> Option<i64> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let padded = digits.bytes().chain([b'0'; 2]).take(3);
    Some(padded.fold(0, |all, digit| all * 10 + i64::from(digit - b'0')))
}

/// Seconds east of UTC; `Some(None)` if the text has none.
fn offset(rest: &mut Rest<'_>) -> Option<Option<i64>> {
    if rest.0.is_empty() {
        return Some(None);
    }
    rest.blanks();
    if rest.take('Z') || rest.take_text("UTC") {
        return Some(Some(0));
    }
    let sign = match rest.next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let hours = rest.two_digits()?;
    let minutes = match rest.0.is_empty() {
        true => 0,
        false => {
            rest.take(':');
            rest.two_digits()?
        }
    };
    let possible = hours <= 15 && minutes < 60;
    possible.then(|| Some(sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60)))
}

/// What is left of a text.
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.0.chars();
        let first = chars.next();
        self.0 = chars.as_str();
        first
    }

    fn take(&mut self, wanted: char) -> bool {
        self.0.strip_prefix(wanted).map(|rest| self.0 = rest).is_some()
    }

    fn take_text(&mut self, wanted: &str) -> bool {
        self.0.strip_prefix(wanted).map(|rest| self.0 = rest).is_some()
    }

    /// Skips blanks; whether there were any.
    fn blanks(&mut self) -> bool {
        let rest = self.0.trim_start_matches(' ');
        let some = rest.len() < self.0.len();
        self.0 = rest;
        some
    }

    /// All digits from here.
    fn digits(&mut self) -> &'t str {
        let rest = self.0.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = self.0.get(..self.0.len() - rest.len()).unwrap_or("");
        self.0 = rest;
        digits
    }

    /// One or two digits, no more.
    fn short_number(&mut self) -> Option<u8> {
        let digits = self.digits();
        (1..=2).contains(&digits.len()).then(|| digits.parse().ok()).flatten()
    }

    fn two_digits(&mut self) -> Option<u8> {
        let (digits, rest) = self.0.split_at_checked(2)?;
        self.0 = rest;
        let [tens, ones] = digits.as_bytes() else { return None };
        pair(*tens, *ones)
    }
}

/// `3/4/2025`, `13-04-2025 10:00`: a year, and day and month in front of it.
fn is_day_month_order(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text.get(..text.len().min(LONGEST)).unwrap_or(text)) else {
        return false;
    };
    let mut rest = Rest(text);
    let Some(_) = rest.short_number() else { return false };
    let Some(mark @ ('/' | '-' | '.')) = rest.next() else { return false };
    let Some(_) = rest.short_number() else { return false };
    rest.take(mark) && rest.digits().len() == 4
}

/// Whether a text has one of the forms above, for telling headers and columns apart.
pub(super) fn is_date(text: &[u8]) -> bool {
    general(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shanghai() -> Zone {
        Zone::fixed("+08:00", 8 * 3600).unwrap()
    }

    fn read(text: &str) -> Time {
        Times::new().read(text.as_bytes(), &shanghai())
    }

    fn at(date: (i32, u8, u8), seconds: i64) -> Time {
        let midnight = Date::new(date.0, date.1, date.2).unwrap().local_ms();
        Time::Instant(midnight + seconds * 1000 - 8 * 3_600_000)
    }

    #[test]
    fn year_first_forms_are_read() {
        let day = (2025, 5, 28);
        for (text, seconds) in [
            ("2025-05-28", 0),
            ("2025-5-28", 0),
            ("2025/5/28", 0),
            ("2025.5.28", 0),
            ("20250528", 0),
            ("2025年5月28日", 0),
            ("2025年05月28日", 0),
            ("２０２５年５月２８日", 0),
            ("2025-05-28 23:19:05", 83_945),
            ("2025-05-28T23:19:05", 83_945),
            ("2025-05-28T23:19", 83_940),
            ("2025/5/28 9:03", 32_580),
            ("2025/5/28  9:03:07", 32_587),
            ("20250528 09:03:07", 32_587),
            ("2025年5月28日 23时19分05秒", 83_945),
            ("2025年5月28日23时19分", 83_940),
            ("2025年5月28日 23:19:05", 83_945),
            ("2025-5-28 下午11:19", 83_940),
            ("2025年5月28日下午 2:03", 50_580),
            ("2025-05-28 上午12:05", 300),
            ("2025-05-28 下午12:05", 43_500),
            ("2025-05-28 上午9点05分", 32_700),
            ("2025-05-28T15:19:05Z", 83_945),
            ("2025-05-28 15:19:05 UTC", 83_945),
            ("2025-05-28T23:19:05+08:00", 83_945),
            ("2025-05-28 23:19:05 +0800", 83_945),
            ("2025-05-28T23:19:05+08", 83_945),
            ("2025-05-28T11:19:05-04:00", 83_945),
        ] {
            assert_eq!(read(text), at(day, seconds), "{text}");
        }
        let Time::Instant(ms) = read("2025-05-28T23:19:05.1239Z") else { panic!() };
        assert_eq!(ms % 1000, 123);
    }

    #[test]
    fn what_is_no_date_is_not_made_into_one() {
        for text in [
            "",
            "2025",
            "2025-05",
            "45805",
            "45805.97153",
            "1",
            "60",
            "1748445540",
            "1748445540000",
            "1748445540000000",
            "2025-02-29",
            "2025-13-01",
            "2025-04-31",
            "0000-00-00",
            "2025-05-28 25:61:00",
            "2025-05-28 24:00:00",
            "2025-05-28 23:59:60",
            "25-5-28",
            "5/28/25",
            "68/1/1",
            "2101-01-01",
            "1899-12-31",
            "9999-12-31",
            "-0001-01-01",
            "10000-01-01",
            "2025-05/28",
            "2025-05-28Z",
            "2025-05-28 1",
            "2025-05-28T",
            "2025-05-28x",
            "2025-05-2810:00",
            "today",
            "令和7年5月28日",
            "2025年5月",
            "2025年5月28",
            "2025-05-28 下午14:03",
            "2025-05-28 下午0:03",
            "2025-05-28T10:00:00+99:00",
            "2025-05-28T10:00:00.",
            "2025-05-28T10:0",
            "20250528140322",
            "28 May 2025",
            "2025-05-28 10:00:00 CST",
        ] {
            assert_eq!(read(text), Time::Not, "{text}");
        }
    }

    #[test]
    fn day_month_orders_are_ambiguous_and_not_guessed() {
        for text in ["03/04/2025", "13/04/2025", "04-13-2025", "3.4.2025 10:00"] {
            assert_eq!(read(text), Time::Ambiguous, "{text}");
        }
    }

    #[test]
    fn instants_outside_the_years_that_are_read_are_no_dates() {
        let first = Date::new(1899, 12, 31).unwrap().local_ms();
        let end = Date::new(2101, 1, 2).unwrap().local_ms();
        assert_eq!(Time::of(first), Time::Instant(first));
        assert_eq!(Time::of(first - 1), Time::Not);
        assert_eq!(Time::of(end - 1), Time::Instant(end - 1));
        assert_eq!(Time::of(end), Time::Not);
    }

    #[test]
    fn leap_days_exist_only_in_leap_years() {
        assert_eq!(read("2024-02-29"), at((2024, 2, 29), 0));
        assert_eq!(read("1900-02-29"), Time::Not);
        assert_eq!(read("2000-02-29"), at((2000, 2, 29), 0));
        assert_eq!(read("2100-12-31"), at((2100, 12, 31), 0));
    }

    #[test]
    fn an_answer_does_not_depend_on_the_cell_before() {
        let mut times = Times::new();
        let zone = shanghai();
        for text in ["2025-05-28", "2025-05-29 10:00:00", "2025-02-30", "2025-05-29", "x"] {
            assert_eq!(times.read(text.as_bytes(), &zone), read(text), "{text}");
        }
    }

    /// New York's rule since 2007, with its changes taken from a tz library.
    fn new_york() -> (Zone, jiff::tz::TimeZone) {
        let theirs = jiff::tz::TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        let start: jiff::Timestamp = "1990-01-01T00:00Z".parse().unwrap();
        let mut changes = vec![(i64::MIN, -5 * 3600)];
        for change in theirs.following(start).take(300) {
            changes.push((change.timestamp().as_millisecond(), change.offset().seconds()));
        }
        (Zone::new("America/New_York", changes).unwrap(), theirs)
    }

    proptest! {
        #[test]
        fn clock_readings_resolve_as_in_jiff(
            days in proptest::collection::vec((7_700i32..47_800, 0u8..24, 0u8..60, 0u8..60), 1..20),
            near_change: bool,
        ) {
            let (zone, theirs) = new_york();
            let mut times = Times::new();
            for (mut day, hour, minute, second) in days {
                if near_change {
                    // 9 March and 2 November 2025 and the hours around them.
                    day = if day % 2 == 0 { 20_156 } else { 20_394 };
                }
                let date = Date::of_day_number(day);
                let text = format!("{date} {hour:02}:{minute:02}:{second:02}");
                let civil: jiff::civil::DateTime = text.parse().unwrap();
                let ambiguous = theirs.to_ambiguous_zoned(civil);
                let offset = ambiguous.offset();
                let instant = ambiguous.compatible().unwrap().timestamp().as_millisecond();
                let expected = match offset {
                    jiff::tz::AmbiguousOffset::Unambiguous { .. } => Time::Instant(instant),
                    jiff::tz::AmbiguousOffset::Gap { .. } => Time::Gap(instant),
                    jiff::tz::AmbiguousOffset::Fold { .. } => Time::Fold(instant),
                };
                prop_assert_eq!(times.read(text.as_bytes(), &zone), expected, "{}", text);
            }
        }

        #[test]
        fn instants_with_an_offset_are_read_as_in_jiff(
            seconds in -2_000_000_000i64..4_000_000_000,
            millis in 0i64..1000,
            offset in -56i32..=56,
        ) {
            let offset = jiff::tz::Offset::from_seconds(offset * 900).unwrap();
            let instant = jiff::Timestamp::from_millisecond(seconds * 1000 + millis).unwrap();
            let civil = offset.to_datetime(instant);
            prop_assume!(civil.year() >= 1900 && civil.year() <= 2100);
            let text = instant.display_with_offset(offset).to_string();
            prop_assert_eq!(
                read(&text), Time::Instant(instant.as_millisecond()), "{}", text
            );
        }

        #[test]
        fn any_text_has_an_answer(text: String) {
            read(&text);
        }

        #[test]
        fn any_text_of_the_shape_of_a_date_has_an_answer(
            text in "[!-~]{4}-[!-~]{2}-[!-~]{2}[T ]([!-~]{2}:[!-~]{2}:[!-~]{2}Z?)?",
        ) {
            read(&text);
        }

        #[test]
        fn any_near_date_has_an_answer(text in "[0-9]{1,8}[-/.年]?[0-9]{0,2}[-/.月]?[0-9]{0,3}日?[ T]?(上午|下午)?[0-9]{0,2}[:时]?[0-9]{0,2}分?[Z+-]?[0-9:]{0,5}") {
            read(&text);
        }
    }
}
