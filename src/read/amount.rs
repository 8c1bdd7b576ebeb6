//! Decimal text to exact money.
//!
//! Read: an optional sign, digits with an optional point, thousands commas in well-formed
//! groups of three, one mark of the yuan in front (`¥ ￥ CNY RMB`) or behind (`元 CNY RMB`), and
//! all of it in full-width characters too. Nothing else is: no other currency, percent sign,
//! exponent, word, decimal comma or second sign. A guess about money is worse than a row that
//! is reported.

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

/// Reads a trimmed cell.
#[inline]
pub(super) fn read(text: &[u8]) -> Amount {
    plain(text).unwrap_or_else(|| general(text))
}

/// `-ddd.dd` with at most 18 digits and six decimals, which needs no care about overflow.
#[inline]
fn plain(text: &[u8]) -> Option<Amount> {
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
        } else if *byte == b'.' && point.is_none() {
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

fn general(text: &[u8]) -> Amount {
    if text.len() > LONGEST {
        return Amount::Not;
    }
    let Ok(text) = std::str::from_utf8(text) else { return Amount::Not };
    let text: String = text.chars().map(half_width).collect();
    number(&text).unwrap_or(Amount::Not)
}

/// The ASCII form of a full-width character (U+FF01 to U+FF5E), a plain space for the
/// ideographic one, and one yuan sign for both.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFF01 + 0x21).unwrap_or(c),
        '\u{3000}' => ' ',
        '\u{FFE5}' => '¥',
        other => other,
    }
}

fn number(text: &str) -> Option<Amount> {
    let text = text.trim();
    let (sign, text) = signed(text);
    let (mark, text) = match marked_in_front(text) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let (inner, text) = if sign.is_none() { signed(text) } else { (None, text) };
    let negative = sign.or(inner) == Some('-');
    let text = match marked_behind(text) {
        Some(_) if mark => return None,
        Some(rest) => rest.trim_end(),
        None => text,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = without_commas(whole)?;
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || whole.len() + fraction.len() == 0 {
        return None;
    }
    Some(exact(&whole, fraction, negative))
}

fn signed(text: &str) -> (Option<char>, &str) {
    let sign = text.chars().next().filter(|c| matches!(c, '+' | '-'));
    (sign, if sign.is_some() { text.get(1..).unwrap_or("") } else { text })
}

fn marked_in_front(text: &str) -> Option<&str> {
    text.strip_prefix('¥').or_else(|| {
        let (front, rest) = text.split_at_checked(3)?;
        is_code(front).then_some(rest)
    })
}

fn marked_behind(text: &str) -> Option<&str> {
    text.strip_suffix('元').or_else(|| {
        let (rest, end) = text.split_at_checked(text.len().checked_sub(3)?)?;
        is_code(end).then_some(rest)
    })
}

fn is_code(text: &str) -> bool {
    text.eq_ignore_ascii_case("CNY") || text.eq_ignore_ascii_case("RMB")
}

/// The digits of a whole number, if its commas stand before groups of three.
fn without_commas(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let grouped = whole.len() > first.len();
    let well_formed = (!grouped || (1..=3).contains(&first.len()))
        && groups.all(|group| group.len() == 3)
        && whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
    well_formed.then(|| whole.replace(',', ""))
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
    read(text) != Amount::Not
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

    fn money(text: &str) -> (i64, u8) {
        match read(text.as_bytes()) {
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
            "¥5元",
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
            prop_assert_eq!(read(text.as_bytes()), general(text.as_bytes()));
        }

        #[test]
        fn any_text_has_an_answer(text: String) {
            read(text.as_bytes());
        }
    }
}
