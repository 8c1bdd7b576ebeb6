//! Date and time text to instants.
//!
//! Always read, with the four-digit year first (1900 to 2100):
//!
//! * `2025-05-28`, `2025/5/28`, `2025.5.28`, `20250528`, `2025年5月28日` (or 号)
//! * each optionally with the day of the week in Chinese, which must be the right one
//! * each optionally with a time behind `T` or blanks (behind `日` also directly): `14:03`,
//!   `14:03:22`, `14:03:22.123`, `14时`, `14时03分`, `14时03分22秒`, `下午2:03`, `上午9点05分`,
//!   `2:03 PM`
//! * `20250528140322`
//! * a time optionally with `Z`, `UTC`, `+08:00`, `+0800` or `+08`
//! * the same in full-width characters
//!
//! By option ([`Dates`]): the year at the end or with two digits, English names of months, day
//! numbers of spreadsheets, seconds, milliseconds and microseconds since 1970.
//!
//! Only dates that exist: nothing rolls over. A text without an offset is a clock reading in
//! the table's zone. If the zone skips it, the reading moves forward by the length of the gap;
//! if the zone has it twice, the first is meant. Words, eras and incomplete dates are not dates
//! here.

use crate::table::calendar::{DAY_MS, Date, days_in_month};
use crate::table::zone::{Local, Span, Zone};

use super::amount::half_width;
use super::options::{DateOrder, Dates, Epoch, Serial};

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

/// Reads time cells; remembers the last month and the stretch of constant offset it is in.
#[derive(Clone, Debug)]
pub(super) struct Times {
    /// What is read besides dates that begin with the year.
    dates: Dates,
    month: Month,
    span: Option<Span>,
}

/// The month that was read last: rows of an export are near each other in time.
#[derive(Clone, Copy, Debug)]
struct Month {
    /// `YYYY-MM-`.
    text: [u8; 8],
    /// The midnight before its first day, on the local clock.
    before: i64,
    days: u8,
}

impl Month {
    fn of(text: [u8; 8]) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-'] = text else { return None };
        let year = i32::from(pair(y1, y2)?) * 100 + i32::from(pair(y3, y4)?);
        let month = pair(m1, m2)?;
        let before = midnight(year, month, 1)? - DAY_MS;
        Some(Month { text, before, days: days_in_month(year, month) })
    }
}

impl Times {
    pub(super) fn new(dates: Dates) -> Self {
        Times { dates, month: Month { text: [0; 8], before: 0, days: 0 }, span: None }
    }

    /// What is read besides dates that begin with the year.
    pub(super) fn dates(&self) -> Dates {
        self.dates
    }

    /// Reads a trimmed cell; `zone` is the same in every call.
    #[inline]
    pub(super) fn read(&mut self, text: &[u8], zone: &Zone) -> Time {
        let reading = match self.iso(text) {
            Some(reading) => reading,
            None => match general(text, self.dates) {
                Some(reading) => reading,
                None if self.leaves_order_open() && is_day_month_order(text) => {
                    return Time::Ambiguous;
                }
                None => return Time::Not,
            },
        };
        match reading {
            Reading::Exact(instant) => Time::of(instant),
            Reading::Naive(local) => self.resolve(local, zone),
        }
    }

    /// Whether nobody said which of day and month comes first.
    fn leaves_order_open(&self) -> bool {
        matches!(self.dates.order, None | Some(DateOrder::Ymd))
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
        let (month, rest) = text.split_first_chunk::<8>()?;
        let [d1, d2, rest @ ..] = rest else { return None };
        if *month != self.month.text {
            self.month = Month::of(*month)?;
        }
        let day = pair(*d1, *d2)?;
        if day == 0 || day > self.month.days {
            return None;
        }
        let midnight = self.month.before + i64::from(day) * DAY_MS;
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
fn general(text: &[u8], dates: Dates) -> Option<Reading> {
    if text.len() > LONGEST {
        return None;
    }
    let text: String = std::str::from_utf8(text).ok()?.chars().map(half_width).collect();
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && let Some(reading) = number(text, dates)
    {
        return Some(reading);
    }
    let mut rest = Rest(text);
    let (date, in_words) = match year_first(&mut rest) {
        Some(found) => found,
        None => {
            rest = Rest(text);
            by_option(&mut rest, dates)?
        }
    };
    let midnight = midnight(date.year, date.month, date.day)?;
    if rest.0.is_empty() {
        return Some(Reading::Naive(midnight));
    }
    let mut separated = rest.take('T') || rest.blanks();
    if let Some(weekday) = weekday(&mut rest) {
        // 1970-01-01 was a Thursday, the fourth day from Monday on.
        if weekday != (date.day_number() + 3).rem_euclid(7) {
            return None;
        }
        separated = rest.blanks() || in_words;
        if rest.0.is_empty() {
            return Some(Reading::Naive(midnight));
        }
    }
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

/// What digits with at most one point mean.
fn number(text: &str, dates: Dates) -> Option<Reading> {
    let (whole, fraction) = match text.split_once('.') {
        Some((_, fraction)) if fraction.is_empty() || fraction.contains('.') => return None,
        Some(parts) => parts,
        None => (text, ""),
    };
    if whole.len() == 14 && fraction.is_empty() {
        // The year first, without any mark.
        let (date, clock) = whole.split_at_checked(8)?;
        let (date, _) = year_first(&mut Rest(date))?;
        let mut clock = Rest(clock);
        let (hour, minute, second) =
            (clock.two_digits()?, clock.two_digits()?, clock.two_digits()?);
        let midnight = midnight(date.year, date.month, date.day)?;
        return Some(Reading::Naive(midnight + of_day(hour, minute, second)?));
    }
    match (whole.len(), dates.serial, dates.epoch) {
        (1..=5, Some(serial), _) => serial_day(whole.parse().ok()?, fraction, serial),
        (9 | 10, _, Some(Epoch::S)) => {
            let more = if fraction.is_empty() { 0 } else { thousandths(fraction)? };
            Some(Reading::Exact(whole.parse::<i64>().ok()? * 1000 + more))
        }
        (12 | 13, _, Some(Epoch::Ms)) => Some(Reading::Exact(whole.parse().ok()?)),
        (15 | 16, _, Some(Epoch::Us)) => Some(Reading::Exact(whole.parse::<i64>().ok()? / 1000)),
        _ => None,
    }
}

/// A day number of a spreadsheet, and the time of day as a fraction of 24 hours.
fn serial_day(day: i32, fraction: &str, serial: Serial) -> Option<Reading> {
    /// 1899-12-30: from 1 March 1900 on, the day that never was has been counted.
    const AFTER: i32 = -25_569;
    /// 1904-01-01.
    const FROM_1904: i32 = -24_107;
    let number = match (serial, day) {
        (Serial::From1904, _) => FROM_1904 + day,
        (Serial::From1900, 0 | 60) => return None,
        (Serial::From1900, 1..60) => AFTER + 1 + day,
        (Serial::From1900, _) => AFTER + day,
    };
    let date = Date::of_day_number(number);
    let part: f64 = if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse().ok()? };
    let of_day = (part * DAY_MS as f64).round() as i64;
    Some(Reading::Naive(midnight(date.year, date.month, date.day)? + of_day))
}

/// A date that begins with a four-digit year, and whether it ended in `日`.
fn year_first(rest: &mut Rest<'_>) -> Option<(Date, bool)> {
    let digits = rest.digits();
    if digits.len() == 8 {
        let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?);
        let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
        return Some((date, false));
    }
    if digits.len() != 4 {
        return None;
    }
    let year = digits.parse().ok()?;
    let mark = rest.next()?;
    let (month, day) = match mark {
        '年' => month_and_day(rest)?,
        '-' | '/' | '.' => {
            let month = rest.short_number()?;
            if rest.next()? != mark {
                return None;
            }
            (month, rest.short_number()?)
        }
        _ => return None,
    };
    Some((Date::new(year, month, day)?, mark == '年'))
}

/// `5月28日`, behind `年`.
fn month_and_day(rest: &mut Rest<'_>) -> Option<(u8, u8)> {
    rest.blanks();
    let month = rest.short_number()?;
    if !rest.take('月') {
        return None;
    }
    rest.blanks();
    let day = rest.short_number()?;
    (rest.take('日') || rest.take('号')).then_some((month, day))
}

/// A date that only an option makes one, and whether it ended in `日`.
fn by_option(rest: &mut Rest<'_>, dates: Dates) -> Option<(Date, bool)> {
    let first = Part::take(rest)?;
    if let (Part::Number(year, 2), true) = (first, rest.take('年')) {
        let year = of_two_digits(year, dates.pivot?);
        let (month, day) = month_and_day(rest)?;
        return Some((Date::new(year, month, day)?, true));
    }
    let order = dates.order?;
    let mark = Part::mark(rest)?;
    let second = Part::take(rest)?;
    // The marks are the same; a comma may stand before the year.
    if Part::mark(rest)? != mark {
        return None;
    }
    let third = Part::take(rest)?;
    let (year, month, day) = match (first, second, third) {
        (Part::Month(month), day, year) => (year, month, day),
        (year, Part::Month(month), day) if order == DateOrder::Ymd => (year, month, day),
        (day, Part::Month(month), year) => (year, month, day),
        (year, Part::Number(month, 1..=2), day) if order == DateOrder::Ymd => {
            (year, month as u8, day)
        }
        (day, Part::Number(month, 1..=2), year) if order == DateOrder::Dmy => {
            (year, month as u8, day)
        }
        (Part::Number(month, 1..=2), day, year) if order == DateOrder::Mdy => {
            (year, month as u8, day)
        }
        _ => return None,
    };
    // Where the month has a name, a year of four digits cannot be taken for the day.
    let named = matches!((first, second), (Part::Month(_), _) | (_, Part::Month(_)));
    let (year, day) = match day {
        Part::Number(_, 4) if named => (day, year),
        _ => (year, day),
    };
    let year = match year {
        Part::Number(year, 4) => i32::from(year),
        Part::Number(year, 2) => of_two_digits(year, dates.pivot?),
        _ => return None,
    };
    let Part::Number(day, 1..=2) = day else { return None };
    Some((Date::new(year, month, day as u8)?, false))
}

/// The year of the hundred from `pivot` on that ends in these two digits.
fn of_two_digits(year: u16, pivot: u16) -> i32 {
    let (year, pivot) = (i32::from(year), i32::from(pivot));
    pivot + (year - pivot).rem_euclid(100)
}

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// A number of at most four digits, and how many.
    Number(u16, usize),
    /// A month by its English name.
    Month(u8),
}

impl Part {
    fn take(rest: &mut Rest<'_>) -> Option<Self> {
        let digits = rest.digits();
        if !digits.is_empty() {
            let short = digits.len() <= 2 || digits.len() == 4;
            return short
                .then(|| digits.parse().ok())
                .flatten()
                .map(|n| Part::Number(n, digits.len()));
        }
        const MONTHS: [&str; 12] = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        let after = rest.0.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let word = rest.0.get(..rest.0.len() - after.len())?.to_ascii_lowercase();
        rest.0 = after.strip_prefix('.').unwrap_or(after);
        let names = |month: &str| {
            month == word
                || (word.len() == 3 && month.starts_with(&word))
                || (word == "sept" && month.starts_with(&word))
        };
        let at = MONTHS.iter().position(|month| names(month))?;
        Some(Part::Month(at as u8 + 1))
    }

    /// The mark between two parts; a comma before blanks counts as these.
    fn mark(rest: &mut Rest<'_>) -> Option<char> {
        let comma = rest.take(',');
        if rest.blanks() {
            return Some(' ');
        }
        rest.next().filter(|mark| !comma && matches!(mark, '-' | '/' | '.'))
    }
}

/// The day of the week, 0 for Monday.
fn weekday(rest: &mut Rest<'_>) -> Option<i32> {
    let mut found = Rest(rest.0);
    let bracket = found.take('(');
    if !["周", "星期", "礼拜"].iter().any(|word| found.take_text(word)) {
        return None;
    }
    let day = match found.next()? {
        '天' => 6,
        c => "一二三四五六日".chars().position(|day| day == c)? as i32,
    };
    if bracket && !found.take(')') {
        return None;
    }
    rest.0 = found.0;
    Some(day)
}

/// Milliseconds of the day.
fn time(rest: &mut Rest<'_>) -> Option<i64> {
    let mut half = match () {
        () if rest.take_text("上午") => Some(0),
        () if rest.take_text("下午") => Some(12),
        () => None,
    };
    if half.is_some() {
        rest.blanks();
    }
    let mut hour = rest.short_number()?;
    let (mut minute, mut second, mut milliseconds) = (0, 0, 0);
    if rest.take(':') {
        minute = rest.two_digits()?;
        if rest.take(':') {
            second = rest.two_digits()?;
            if rest.take('.') {
                milliseconds = thousandths(rest.digits())?;
            }
        }
    } else if rest.take('时') || rest.take('点') {
        if rest.0.starts_with(|c: char| c.is_ascii_digit()) {
            minute = rest.short_number()?;
            if !rest.take('分') {
                return None;
            }
        }
        if rest.0.starts_with(|c: char| c.is_ascii_digit()) {
            second = rest.short_number()?;
            if !rest.take('秒') {
                return None;
            }
        }
    } else {
        return None;
    }
    if half.is_none() {
        half = rest.half_of_day();
    }
    if let Some(half) = half {
        // 上午12:05 is five past midnight, 下午12:05 five past noon.
        hour = match hour {
            12 => half,
            0 if half == 12 => return None,
            hour if hour < 12 => hour + half,
            _ => return None,
        };
    }
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

    /// `AM` or `PM`, after blanks or none: the hours to add.
    fn half_of_day(&mut self) -> Option<u8> {
        let (word, rest) = self.0.trim_start_matches(' ').split_at_checked(2)?;
        let half = match () {
            () if word.eq_ignore_ascii_case("am") => 0,
            () if word.eq_ignore_ascii_case("pm") => 12,
            () => return None,
        };
        self.0 = rest;
        Some(half)
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
    general(text, Dates::default()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shanghai() -> Zone {
        Zone::fixed("+08:00", 8 * 3600).unwrap()
    }

    fn read(text: &str) -> Time {
        Times::new(Dates::default()).read(text.as_bytes(), &shanghai())
    }

    fn read_with(dates: Dates, text: &str) -> Time {
        Times::new(dates).read(text.as_bytes(), &shanghai())
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
            ("2025-05-28\u{3000}23:19:05", 83_945),
            ("２０２５－０５－２８　２３：１９：０５", 83_945),
            ("2025-05-28\u{a0}23:19:05", 83_945),
            ("20250528231905", 83_945),
            ("2025年5月28号", 0),
            ("2025年5月28日 周三", 0),
            ("2025-05-28 星期三 23:19:05", 83_945),
            ("2025年5月28日星期三 23:19", 83_940),
            ("2025年5月28日（周三）23:19", 83_940),
            ("2025-05-28 11:19:05 PM", 83_945),
            ("2025-05-28 11:19pm", 83_940),
            ("2025/5/28 12:05 AM", 300),
            ("2025/5/28 12:05 PM", 43_500),
            ("2025/5/28 9:05 AM", 32_700),
            ("2025年5月28日 23时", 82_800),
            ("2025年5月28日下午3点", 54_000),
            ("2025年 5月 28日", 0),
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
            "20250528246000",
            "20250229140322",
            "2025052814032",
            "28 May 2025",
            "May 28, 2025",
            "2025-05-28 10:00:00 CST",
            "2025-05-28 周四",
            "2025-05-28 周八",
            "2025-05-28 (周三",
            "2025-05-28 13:05 PM",
            "2025-05-28 0:05 PM",
            "2025-05-28 下午1:05 PM",
            "2025-05-28 1 PM",
            "民国114年5月28日",
            "114/05/28",
            "昨天",
            "二〇二五年五月二十八日",
            "٢٠٢٥-٠٥-٢٨",
            "\u{200f}2025-05-28",
            "2025-05-28\u{200e}",
            "2025-W22-3",
            "2025-148",
            "5月28日",
            "2025年5月28日 24时",
            "2025-06-31",
            "2025-00-10",
            "2025-10-00",
            "25年5月28日",
            "2025.05",
            "20250528.5",
            "2025--05-28",
            "2025/05-28 10:00",
            "2025-05-28 10:00:60",
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
    fn a_declared_order_is_the_only_one() {
        let order = |order| Dates { order: Some(order), ..Dates::default() };
        let (dmy, mdy) = (order(DateOrder::Dmy), order(DateOrder::Mdy));
        for (dates, text, date, seconds) in [
            (dmy, "28/05/2025", (2025, 5, 28), 0),
            (dmy, "3.4.2025", (2025, 4, 3), 0),
            (dmy, "03-04-2025 10:00", (2025, 4, 3), 36_000),
            (mdy, "03/04/2025", (2025, 3, 4), 0),
            (mdy, "5/28/2025 2:03 PM", (2025, 5, 28), 50_580),
            (mdy, "５／２８／２０２５", (2025, 5, 28), 0),
            (dmy, "28 May 2025", (2025, 5, 28), 0),
            (mdy, "May 28, 2025", (2025, 5, 28), 0),
            (mdy, "Sept. 8, 2025 10:00", (2025, 9, 8), 36_000),
            (dmy, "28-MAY-2025", (2025, 5, 28), 0),
            (dmy, "December 1, 2025", (2025, 12, 1), 0),
            (mdy, "28 May 2025", (2025, 5, 28), 0),
            (dmy, "2025-May-28", (2025, 5, 28), 0),
            (order(DateOrder::Ymd), "2025 May 28", (2025, 5, 28), 0),
            (order(DateOrder::Ymd), "2025 5 28", (2025, 5, 28), 0),
            (dmy, "2025-05-28", (2025, 5, 28), 0),
            (mdy, "2025/4/3", (2025, 4, 3), 0),
        ] {
            assert_eq!(read_with(dates, text), at(date, seconds), "{text}");
        }
        for (dates, text) in [
            (dmy, "04/13/2025"),
            (mdy, "13/04/2025"),
            (dmy, "31/04/2025"),
            (dmy, "3/4-2025"),
            (dmy, "3/4/25"),
            (dmy, "28 Mai 2025"),
            (dmy, "28 Ma 2025"),
            (dmy, "28 May"),
            (dmy, "28,May,2025"),
            (dmy, "1/2/20255"),
            (dmy, "1/300/2025"),
            (dmy, "45805"),
        ] {
            assert_eq!(read_with(dates, text), Time::Not, "{text}");
        }
        assert_eq!(read_with(order(DateOrder::Ymd), "3/4/2025"), Time::Ambiguous);
    }

    #[test]
    fn two_digit_years_are_read_in_the_declared_hundred() {
        let with = |order, pivot| Dates { order, pivot: Some(pivot), ..Dates::default() };
        let (ymd, mdy) = (Some(DateOrder::Ymd), Some(DateOrder::Mdy));
        for (dates, text, date) in [
            (with(ymd, 1970), "25-5-28", (2025, 5, 28)),
            (with(ymd, 1970), "69/1/1", (2069, 1, 1)),
            (with(ymd, 1970), "70/1/1", (1970, 1, 1)),
            (with(ymd, 1901), "00/1/1", (2000, 1, 1)),
            (with(ymd, 1901), "01/1/1", (1901, 1, 1)),
            (with(mdy, 1970), "5/28/25", (2025, 5, 28)),
            (with(Some(DateOrder::Dmy), 1970), "28.5.25", (2025, 5, 28)),
            (with(Some(DateOrder::Dmy), 1970), "28-May-25", (2025, 5, 28)),
            (with(None, 1970), "25年5月28日", (2025, 5, 28)),
        ] {
            assert_eq!(read_with(dates, text), at(date, 0), "{text}");
        }
        assert_eq!(read_with(with(ymd, 1970), "28/5/2025"), Time::Ambiguous);
        for (dates, text) in [
            (with(None, 1970), "25-5-28"),
            (with(ymd, 1970), "5-5-28"),
            (with(ymd, 1970), "128/5/2"),
            (with(mdy, 1970), "28/5/25"),
        ] {
            assert_eq!(read_with(dates, text), Time::Not, "{text}");
        }
    }

    #[test]
    fn spreadsheet_days_are_read_in_the_declared_system() {
        let with = |serial| Dates { serial: Some(serial), ..Dates::default() };
        let (from_1900, from_1904) = (with(Serial::From1900), with(Serial::From1904));
        for (dates, text, date, seconds) in [
            (from_1900, "45805", (2025, 5, 28), 0),
            (from_1900, "45805.5", (2025, 5, 28), 43_200),
            (from_1900, "45805.97152777778", (2025, 5, 28), 83_940),
            (from_1900, "45805.0", (2025, 5, 28), 0),
            (from_1900, "1", (1900, 1, 1), 0),
            (from_1900, "59", (1900, 2, 28), 0),
            (from_1900, "61", (1900, 3, 1), 0),
            (from_1900, "73415", (2100, 12, 31), 0),
            (from_1904, "44343", (2025, 5, 28), 0),
            (from_1904, "0", (1904, 1, 1), 0),
            (from_1900, "20250528", (2025, 5, 28), 0),
        ] {
            assert_eq!(read_with(dates, text), at(date, seconds), "{text}");
        }
        for text in ["0", "60", "60.5", "73416", "99999", "-1", "4580５x", "45805.", ".5", "1.2.3"]
        {
            assert_eq!(read_with(from_1900, text), Time::Not, "{text}");
        }
    }

    #[test]
    fn numbers_since_1970_need_the_digits_of_their_unit() {
        let with = |epoch| Dates { epoch: Some(epoch), ..Dates::default() };
        for (epoch, text, ms) in [
            (Epoch::S, "1748445540", 1_748_445_540_000),
            (Epoch::S, "100000000", 100_000_000_000),
            (Epoch::S, "1748445540.125", 1_748_445_540_125),
            (Epoch::Ms, "1748445540123", 1_748_445_540_123),
            (Epoch::Ms, "1748445540123.0", 1_748_445_540_123),
            (Epoch::Us, "1748445540123456", 1_748_445_540_123),
        ] {
            assert_eq!(read_with(with(epoch), text), Time::Instant(ms), "{text}");
            for other in [Epoch::S, Epoch::Ms, Epoch::Us] {
                if other != epoch {
                    assert_eq!(read_with(with(other), text), Time::Not, "{text}");
                }
            }
        }
        for text in ["45805", "99999999", "17484455400", "9999999999", "-1748445540"] {
            assert_eq!(read_with(with(Epoch::S), text), Time::Not, "{text}");
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
        let mut times = Times::new(Dates::default());
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
            let mut times = Times::new(Dates::default());
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
        fn dates_in_any_declared_form_are_read_back(
            day in 0i32..36_525, second in 0u32..86_400, form in 0usize..7, clock in 0usize..4,
        ) {
            let date = Date::of_day_number(day);
            let Date { year, month, day: d } = date;
            let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            let name = names[usize::from(month) - 1];
            let short = year.rem_euclid(100);
            let (written, order) = match form {
                0 => (format!("{year}年{month}月{d}日"), None),
                1 => (format!("{d:02}/{month:02}/{year}"), Some(DateOrder::Dmy)),
                2 => (format!("{month}-{d}-{year}"), Some(DateOrder::Mdy)),
                3 => (format!("{name} {d}, {year}"), Some(DateOrder::Mdy)),
                4 => (format!("{d}-{name}-{short:02}"), Some(DateOrder::Dmy)),
                5 => (format!("{short:02}.{month}.{d}"), Some(DateOrder::Ymd)),
                _ => (format!("{short:02}年{month}月{d}日"), None),
            };
            let (hour, minute, s) = (second / 3600, second / 60 % 60, second % 60);
            let (twelve, half) = ((hour + 11) % 12 + 1, hour / 12);
            let (clock, seconds) = match clock {
                0 => (String::new(), 0),
                1 => (format!(" {hour}:{minute:02}:{s:02}"), second),
                2 => (format!(" {twelve}:{minute:02} {}", ["AM", "PM"][half as usize]), second - s),
                _ => (format!(" {}{twelve}时{minute}分{s}秒", ["上午", "下午"][half as usize]), second),
            };
            let dates = Dates { order, pivot: Some(1970), ..Dates::default() };
            let expected = at((year, month, d), i64::from(seconds));
            prop_assert_eq!(read_with(dates, &format!("{written}{clock}")), expected);
        }

        #[test]
        fn spreadsheet_days_are_days_after_one_another(day in 61i32..73_416, ms in 0i64..86_400_000) {
            let dates = Dates { serial: Some(Serial::From1900), ..Dates::default() };
            let text = (f64::from(day) + ms as f64 / 86_400_000.0).to_string();
            let Time::Instant(found) = read_with(dates, &text) else { panic!("{text}") };
            let Time::Instant(first) = read_with(dates, "61") else { panic!() };
            prop_assert_eq!(found - first, i64::from(day - 61) * DAY_MS + ms);
        }

        #[test]
        fn any_text_has_an_answer(
            text: String, order in 0usize..4, serial: bool, epoch in 0usize..4, pivot: bool,
        ) {
            let dates = Dates {
                order: [None, Some(DateOrder::Ymd), Some(DateOrder::Dmy), Some(DateOrder::Mdy)][order],
                serial: serial.then_some(Serial::From1900),
                epoch: [None, Some(Epoch::S), Some(Epoch::Ms), Some(Epoch::Us)][epoch],
                pivot: pivot.then_some(1970),
            };
            read_with(dates, &text);
            let digits: String = text.chars().map(|c| char::from(b'-' + (u32::from(c) % 13) as u8)).collect();
            read_with(dates, &digits);
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
