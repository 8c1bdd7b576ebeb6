//! Decimal text to exact money.
//!
//! Always read: an optional sign, digits with an optional point, thousands commas in well-formed
//! groups of three, a mark of the yuan in front (`¥ ￥ CN¥ CNY RMB 人民币`) or behind
//! (`元 CNY RMB 人民币`) or both, and all of it in full-width characters too. By option: the
//! decimal comma, the units 万 and 亿, and the negative amounts of accountants (`(5)`, `5-`,
//! U+2212). Nothing else is: no other currency, percent sign, exponent, word or second sign. A
//! guess about money is worse than a row that is reported.

use super::options::{Decimal, Options};
use crate::table::money::{MOST_DECIMALS, power, round_half_even};

/// The longest text that is looked at.
const LONGEST: usize = 256;

/// What an amount cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    /// `minor · 10^-scale`; `lost` if digits beyond the sixth decimal were rounded away.
    Money { minor: i64, scale: u8, lost: bool },
    /// It is not an amount.
    Not,
    /// It is an amount beyond 64-bit minor units.
    TooLarge,
}

/// How the amounts of a table are written, beyond what is always read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Writing {
    /// The decimal mark is the comma.
    pub(super) comma: bool,
    /// 万 and 亿 are units.
    pub(super) units: bool,
    /// `(5)`, `5-` and U+2212 are negative.
    pub(super) accounting: bool,
}

impl Writing {
    pub(super) fn of(options: &Options) -> Self {
        Writing {
            comma: options.decimal == Decimal::Comma,
            units: options.units,
            accounting: options.accounting,
        }
    }

    /// Reads a trimmed cell.
    #[inline]
    pub(super) fn read(self, text: &[u8]) -> Amount {
        self.plain(text).unwrap_or_else(|| self.general(text))
    }

    /// `-ddd.dd` with at most 18 digits and six decimals, which needs no care about overflow.
    #[inline]
    pub(super) fn plain(self, text: &[u8]) -> Option<Amount> {
        let mark = if self.comma { b',' } else { b'.' };
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        if digits.is_empty() || digits.len() > 18 {
            return None;
        }
        let mut minor = 0i64;
        let mut point = None;
        for (at, byte) in digits.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                minor = minor * 10 + i64::from(digit);
            } else if *byte == mark && point.is_none() {
                point = Some(at + 1);
            } else {
                return None;
            }
        }
        let decimals = point.map_or(0, |point| digits.len() - point);
        if decimals > usize::from(MOST_DECIMALS) || digits.len() == usize::from(point.is_some()) {
            return None;
        }
        let minor = if negative { -minor } else { minor };
        Some(Amount::Money { minor, scale: decimals as u8, lost: false })
    }

    /// Whether an amount that was read would be another one with the other decimal mark, as
    /// `1,234` would.
    #[cold]
    pub(super) fn is_open(self, text: &[u8]) -> bool {
        let mark = if self.comma { b'.' } else { b',' };
        let other = Writing { comma: !self.comma, ..self };
        text.contains(&mark) && matches!(other.read(text), Amount::Money { .. })
    }

    /// Digits with any number of decimals, and perhaps a power of ten: `0.123456789`, `1.2E-05`. The
    /// nearest number in floating point.
    pub(super) fn measure(self, text: &[u8]) -> Option<f64> {
        let mark = if self.comma { b',' } else { b'.' };
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-eE".contains(byte) || *byte == mark;
        if text.len() > LONGEST || !text.iter().all(is_part) {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?.replace(char::from(mark), ".");
        text.parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// Every form.
    #[cold]
    pub(super) fn general(self, text: &[u8]) -> Amount {
        if text.len() > LONGEST {
            return Amount::Not;
        }
        let Ok(text) = std::str::from_utf8(text) else { return Amount::Not };
        let text: String = text.chars().map(half_width).collect();
        self.number(&text).unwrap_or(Amount::Not)
    }

    fn number(self, text: &str) -> Option<Amount> {
        // In front: a sign or an open bracket, and a mark, in either order.
        let (outer, text) = self.signed(text.trim());
        let (marked, text) = match marked_in_front(text) {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        let (inner, text) =
            if outer.is_none() && marked { self.signed(text) } else { (None, text) };
        let mut negative = outer.or(inner);
        // Behind: a mark and a unit.
        let mut text = text;
        if let (true, None, Some(rest)) = (self.accounting, negative, text.strip_suffix('-')) {
            (negative, text) = (Some(true), rest);
        }
        let text = marked_behind(text).map_or(text, str::trim_end);
        let (text, shift) = match self.units {
            true => unit(text),
            false => (text, 0),
        };
        let mark = if self.comma { ',' } else { '.' };
        let (whole, fraction) = text.split_once(mark).unwrap_or((text, ""));
        let whole = self.without_groups(whole)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(fraction) || whole.len() + fraction.len() == 0 {
            return None;
        }
        let negative = negative == Some(true);
        if shift == 0 {
            return Some(exact(&whole, fraction, negative));
        }
        let (up, rest) = fraction.split_at_checked(shift).unwrap_or((fraction, ""));
        Some(exact(&format!("{whole}{up:0<shift$}"), rest, negative))
    }

    /// Whether there is a sign and it is the minus, and the text without.
    fn signed(self, text: &str) -> (Option<bool>, &str) {
        if let Some(rest) = text.strip_prefix('-') {
            return (Some(true), rest);
        }
        if let Some(rest) = text.strip_prefix('+') {
            return (Some(false), rest);
        }
        if self.accounting {
            let brackets = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
            if let Some(rest) = brackets.map(str::trim).or(text.strip_prefix('\u{2212}')) {
                return (Some(true), rest);
            }
        }
        (None, text)
    }

    /// The digits of a whole number, if its separators stand before groups of three and are all
    /// the same.
    fn without_groups(self, whole: &str) -> Option<String> {
        let may_part = |c: &char| match self.comma {
            false => *c == ',',
            true => matches!(c, '.' | ' ' | '\'' | '\u{2019}'),
        };
        let Some(part) = whole.chars().find(|c| !c.is_ascii_digit()) else {
            return Some(whole.to_owned());
        };
        let mut groups = whole.split(part);
        let first = groups.next()?;
        let well_formed = may_part(&part)
            && (1..=3).contains(&first.len())
            && first.bytes().all(|byte| byte.is_ascii_digit())
            && groups.all(|group| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit()));
        well_formed.then(|| whole.replace(part, ""))
    }
}

/// The ASCII form of a full-width or small character, a plain space for the other blanks of
/// input methods and spreadsheets, and one yuan sign for both: what Unicode's compatibility
/// decomposition does to the characters that amounts and dates are written with.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFF01 + 0x21).unwrap_or(c),
        '\u{3000}' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' => ' ',
        '\u{FFE5}' => '¥',
        '\u{FE50}' => ',',
        '\u{FE52}' => '.',
        '\u{FE62}' => '+',
        '\u{FE63}' => '-',
        other => other,
    }
}

fn marked_in_front(text: &str) -> Option<&str> {
    for mark in ["¥", "CN¥", "人民币"] {
        if let Some(rest) = text.strip_prefix(mark) {
            return Some(rest);
        }
    }
    let (front, rest) = text.split_at_checked(3)?;
    is_code(front).then_some(rest)
}

fn marked_behind(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_suffix('元').or(text.strip_suffix("人民币")) {
        return Some(rest);
    }
    let (rest, end) = text.split_at_checked(text.len().checked_sub(3)?)?;
    is_code(end).then_some(rest)
}

fn is_code(text: &str) -> bool {
    text.eq_ignore_ascii_case("CNY") || text.eq_ignore_ascii_case("RMB")
}

/// The text in front of a unit, and how many zeros the unit has.
fn unit(text: &str) -> (&str, usize) {
    for (unit, zeros) in [('万', 4), ('亿', 8)] {
        if let Some(rest) = text.strip_suffix(unit) {
            return (rest.trim_end(), zeros);
        }
    }
    (text, 0)
}

fn exact(whole: &str, fraction: &str, negative: bool) -> Amount {
    let most = usize::from(MOST_DECIMALS);
    let (kept, rest) = fraction.split_at_checked(most).unwrap_or((fraction, ""));
    let rest = rest.trim_end_matches('0');
    let whole = whole.trim_start_matches('0');
    // 38 digits fit into an i128; more are beyond 64 bits anyway.
    if whole.len() + kept.len() > 30 {
        return Amount::TooLarge;
    }
    let all = whole
        .bytes()
        .chain(kept.bytes())
        .fold(0i128, |all, digit| all * 10 + i128::from(digit - b'0'));
    // What decides the rounding: the seventh decimal, and whether anything follows it.
    let minor = match rest.as_bytes() {
        [] => all,
        [seventh, more @ ..] => {
            let tail = i128::from(seventh - b'0') * 10 + i128::from(!more.is_empty());
            round_half_even(all * 100 + tail, 100)
        }
    };
    match i64::try_from(if negative { -minor } else { minor }) {
        Ok(minor) => Amount::Money { minor, scale: kept.len() as u8, lost: !rest.is_empty() },
        Err(_) => Amount::TooLarge,
    }
}

/// Whether a text is an amount, for telling headers and columns apart.
pub(super) fn is_amount(text: &[u8]) -> bool {
    Writing::default().read(text) != Amount::Not
}

/// The exact decimal text of `minor · 10^-scale`, with `scale` decimals.
pub(super) fn text(minor: i128, scale: u8) -> String {
    let unit = i128::from(power(scale));
    let (whole, fraction) = ((minor / unit).abs(), (minor % unit).abs());
    let sign = if minor < 0 { "-" } else { "" };
    match usize::from(scale) {
        0 => format!("{sign}{whole}"),
        width => format!("{sign}{whole}.{fraction:0width$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8]) -> Amount {
        Writing::default().read(text)
    }

    fn money(text: &str) -> (i64, u8) {
        money_in(Writing::default(), text)
    }

    fn money_in(writing: Writing, text: &str) -> (i64, u8) {
        match writing.read(text.as_bytes()) {
            Amount::Money { minor, scale, lost: false } => (minor, scale),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn plain_and_decorated_amounts_are_exact() {
        for (text, expected) in [
            ("10.50", (1050, 2)),
            ("0", (0, 0)),
            ("-0", (0, 0)),
            ("+7", (7, 0)),
            (".5", (5, 1)),
            ("5.", (5, 0)),
            ("9007199254740993", (9_007_199_254_740_993, 0)),
            ("9223372036854775807", (i64::MAX, 0)),
            ("-9223372036854775808", (i64::MIN, 0)),
            ("000000000000000000000000012.5", (125, 1)),
            ("1,234.50", (123_450, 2)),
            ("12,345,678.00", (1_234_567_800, 2)),
            ("¥10.50", (1050, 2)),
            ("￥20.25", (2025, 2)),
            ("-¥1,000", (-1000, 0)),
            ("¥-5", (-5, 0)),
            ("30元", (30, 0)),
            ("30 元", (30, 0)),
            ("CNY 5.25", (525, 2)),
            ("rmb5.25", (525, 2)),
            ("5.25 CNY", (525, 2)),
            ("１２３．４５", (12_345, 2)),
            ("－￥１，２３４", (-1234, 0)),
            ("1.500000000", (1_500_000, 6)),
            ("￥1,234.50元", (123_450, 2)),
            ("¥5元", (5, 0)),
            ("¥ 5", (5, 0)),
            ("¥\u{a0}5", (5, 0)),
            ("人民币 12.50", (1250, 2)),
            ("人民币12元", (12, 0)),
            ("12.5人民币", (125, 1)),
            ("CN¥7.10", (710, 2)),
            ("-5元", (-5, 0)),
            ("CNY -5", (-5, 0)),
            ("１，２３４．５０　元", (123_450, 2)),
            ("﹣5", (-5, 0)),
        ] {
            assert_eq!(money(text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for text in [
            "",
            "-",
            ".",
            "-.",
            "1,23",
            "1,2345",
            "12,34,567",
            ",123",
            "1234,567",
            "1,234,",
            "1.234,56",
            "20,25",
            "1.2.3",
            "1.234.567",
            "NaN",
            "Infinity",
            "-inf",
            "null",
            "N/A",
            "$7",
            "€7",
            "US$7",
            "7%",
            "0x1F",
            "--5",
            "+-5",
            "-¥-5",
            "¥¥5",
            "5元元",
            "¥",
            "元",
            "人民币",
            "- 5",
            "+",
            "5+",
            "5 -",
            "-(5)",
            "()",
            "(-5)",
            "5元/份",
            "约5",
            "5~8",
            "5\u{200f}",
            "\u{200f}5",
            "①",
            "²",
            "1'234",
            "1 234.50",
            "1\u{a0}234",
            "12,34,567.00",
            "1,234,56",
            "1,,234",
            "1.234.567,89",
            "0.5亿",
            "3千",
            "5块",
            "HK$5",
            "JPY 5",
            "5円",
            "USD",
            "１２％",
            "∞",
            "½",
            "1e3",
            "1E+05",
            "1e308",
            "(5)",
            "5-",
            "1.2万",
            "1 234",
            "五",
            "٣",
            "1_000",
            "−5",
        ] {
            assert_eq!(read(text.as_bytes()), Amount::Not, "{text}");
        }
        assert_eq!(read(&[b'1'; 300]), Amount::Not);
    }

    #[test]
    fn the_decimal_comma_is_read_where_it_is_declared() {
        let comma = Writing { comma: true, ..Writing::default() };
        for (text, expected) in [
            ("20,25", (2025, 2)),
            ("-20,25", (-2025, 2)),
            ("1.234,56", (123_456, 2)),
            ("1.234.567,89", (123_456_789, 2)),
            ("1 234,5", (12_345, 1)),
            ("1\u{202f}234,5", (12_345, 1)),
            ("1'234,5", (12_345, 1)),
            ("1’234’567", (1_234_567, 0)),
            ("1.234", (1234, 0)),
            ("20", (20, 0)),
            (",5", (5, 1)),
            ("¥1.234,5元", (12_345, 1)),
        ] {
            assert_eq!(money_in(comma, text), expected, "{text}");
        }
        for text in ["1,234.56", "20.25", "1.23", "1.234'567", "1,2,3", "1  234", "1.2345", ".5"] {
            assert_eq!(comma.read(text.as_bytes()), Amount::Not, "{text}");
        }
    }

    #[test]
    fn units_are_read_where_they_are_declared() {
        let units = Writing { units: true, ..Writing::default() };
        for (text, expected) in [
            ("1.2万", (12_000, 0)),
            ("1.2 万元", (12_000, 0)),
            ("0.5亿", (50_000_000, 0)),
            ("¥1,234.56789万", (123_456_789, 1)),
            ("-3万", (-30_000, 0)),
            ("１．５万", (15_000, 0)),
            (".00001万", (1, 1)),
            ("7.5", (75, 1)),
        ] {
            assert_eq!(money_in(units, text), expected, "{text}");
        }
        for text in ["万", "1.2万亿", "1万2", "万5", "1.2w", "1,2万"] {
            assert_eq!(units.read(text.as_bytes()), Amount::Not, "{text}");
        }
        let both = Writing { comma: true, units: true, accounting: true };
        assert_eq!(money_in(both, "(1,2万)"), (-12_000, 0));
    }

    #[test]
    fn accountants_minus_is_read_where_it_is_declared() {
        let accounting = Writing { accounting: true, ..Writing::default() };
        for text in
            ["(5)", "（5.00）", "( 5 )", "5-", "−5", "¥(5)", "(¥5)", "¥5-", "5元-", "-5", "−¥5"]
        {
            let (minor, scale) = money_in(accounting, text);
            assert_eq!(minor, -5 * power(scale), "{text}");
        }
        for text in ["(-5)", "-5-", "(5-)", "((5))", "(5", "5)", "+5-", "()", "--5", "5--", "-(5)"]
        {
            assert_eq!(accounting.read(text.as_bytes()), Amount::Not, "{text}");
        }
    }

    #[test]
    fn too_large_is_said_and_never_wraps() {
        for text in [
            "9223372036854775808",
            "-9223372036854775809",
            "123456789012345678901234567890.12",
            "99999999999999.9999999",
            &"9".repeat(200),
        ] {
            assert!(
                matches!(
                    read(text.as_bytes()),
                    Amount::TooLarge | Amount::Money { lost: true, .. }
                ),
                "{text}"
            );
        }
        assert_eq!(read(b"9223372036854775808"), Amount::TooLarge);
    }

    #[test]
    fn a_measure_keeps_all_its_decimals() {
        let comma = Writing { comma: true, ..Writing::default() };
        let point = |text: &str| Writing::default().measure(text.as_bytes());
        assert_eq!(point("12.1301301112327"), Some(12.130_130_111_232_7));
        assert_eq!(point("-1.2E-05"), Some(-1.2e-5));
        assert_eq!(comma.measure(b"0,123456789"), Some(0.123_456_789));
        for text in ["", ".", "e5", "1e999", "1,5", "NaN", "inf", "1.2.3", "0x10", "1_0"] {
            assert_eq!(point(text), None, "{text}");
        }
    }

    #[test]
    fn digits_beyond_the_sixth_round_half_to_even_and_are_counted() {
        for (text, minor) in [
            ("0.0000005", 0),
            ("0.0000015", 2),
            ("0.00000150000001", 2),
            ("0.00000050000001", 1),
            ("-0.0000015", -2),
            ("0.1234567", 123_457),
        ] {
            let expected = Amount::Money { minor, scale: 6, lost: true };
            assert_eq!(read(text.as_bytes()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(minor: i64, scale in 0u8..=6) {
            let written = text(i128::from(minor), scale);
            prop_assert_eq!(
                read(written.as_bytes()),
                Amount::Money { minor, scale, lost: false }
            );
        }

        #[test]
        fn the_quick_path_says_what_the_general_one_says(text in "[-+]?[0-9,.]{0,20}") {
            for comma in [false, true] {
                let writing = Writing { comma, ..Writing::default() };
                let text = text.as_bytes();
                prop_assert_eq!(writing.read(text), writing.general(text));
            }
        }

        #[test]
        fn what_is_written_in_any_way_is_read_back(
            minor in -1_000_000_000_000i64..1_000_000_000_000, scale in 0u8..=6,
            comma: bool, grouped: bool, wide: bool, brackets: bool, mark in 0usize..4,
        ) {
            let plain = text(i128::from(minor).abs(), scale);
            let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
            let (part, point) = if comma { ('.', ",") } else { (',', ".") };
            let mut written = String::new();
            for (at, digit) in whole.chars().enumerate() {
                if grouped && at > 0 && (whole.len() - at).is_multiple_of(3) {
                    written.push(part);
                }
                written.push(digit);
            }
            if scale > 0 {
                written = written + point + fraction;
            }
            let (front, behind) = [("", ""), ("¥", ""), ("", "元"), ("CNY ", " RMB")][mark];
            written = format!("{front}{written}{behind}");
            if minor < 0 {
                written = if brackets { format!("({written})") } else { format!("-{written}") };
            }
            if wide {
                written = written
                    .chars()
                    .map(|c| char::from_u32(u32::from(c) + 0xFEE0).filter(|_| c.is_ascii_graphic()).unwrap_or(c))
                    .collect();
            }
            let writing = Writing { comma, units: false, accounting: true };
            let expected = Amount::Money { minor, scale, lost: false };
            prop_assert_eq!(writing.read(written.as_bytes()), expected, "{}", written);
        }

        #[test]
        fn any_text_has_an_answer(text: String, comma: bool, units: bool, accounting: bool) {
            Writing { comma, units, accounting }.read(text.as_bytes());
        }

        #[test]
        fn any_near_amount_has_an_answer(
            text in "[-+(−¥]{0,2}[0-9,. ']{0,8}[万亿元)-]{0,3}", comma: bool, units: bool,
        ) {
            Writing { comma, units, accounting: true }.read(text.as_bytes());
        }
    }
}
