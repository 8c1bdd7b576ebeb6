//! Numbers that name a person or an organisation, told by their own rules: check digits, regions
//! and dates of birth. One home for what reading, detection and masking ask.
//!
//! A number that satisfies its rules may still be another number: one order number in eleven
//! satisfies a check of one digit. A number that does not is never one of its kind.

use crate::table::calendar::Date;

/// What a resident identity number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResidentId {
    /// The date of birth.
    pub birth: Date,
    /// Whether the 17th digit is odd; not told of the form with 15 digits.
    pub is_male: Option<bool>,
}

/// The codes of the provinces of GB/T 2260, which begin the codes of all regions.
pub(super) fn is_province(code: u32) -> bool {
    matches!(
        code,
        11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83
    )
}

pub(super) fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |all, digit| {
        digit.is_ascii_digit().then(|| all * 10 + u32::from(digit - b'0'))
    })
}

/// Reads a resident identity number (GB 11643-1999): 18 characters with the check character of
/// ISO 7064, MOD 11-2, or the older 15 digits, which have none. The region's province, and a date
/// of birth that is real and not after `today`, if that is given.
#[must_use]
pub fn resident_id(id: &[u8], today: Option<Date>) -> Option<ResidentId> {
    let (year, rest) = match id.len() {
        18 => {
            let (check, body) = id.split_last()?;
            let sum = body.iter().try_fold(0u32, |sum, digit| {
                digit.is_ascii_digit().then(|| (sum + u32::from(digit - b'0')) * 2 % 11)
            })?;
            let expected = match (12 - sum) % 11 {
                10 => b'X',
                digit => b'0' + digit as u8,
            };
            if !check.eq_ignore_ascii_case(&expected) {
                return None;
            }
            (number(id.get(6..10)?)?, id.get(10..17)?)
        }
        15 => (1900 + number(id.get(6..8)?)?, id.get(8..)?),
        _ => return None,
    };
    number(id.get(2..6)?)?;
    let (month, day) = (number(rest.get(..2)?)?, number(rest.get(2..4)?)?);
    let serial = number(rest.get(4..)?)?;
    let birth = Date::new(year as i32, month as u8, day as u8)?;
    let is_past = today.is_none_or(|today| birth.day_number() <= today.day_number());
    let is_real = is_province(number(id.get(..2)?)?) && (1900..=2100).contains(&year) && is_past;
    is_real.then_some(ResidentId { birth, is_male: (id.len() == 18).then_some(serial % 2 == 1) })
}

/// The symbols of GB 32100 in the order of their values: no I, O, S, V, Z.
const SYMBOLS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Whether a text is a unified social credit code (GB 32100): 18 symbols, of which the last
/// checks the others.
#[must_use]
pub fn is_credit_code(code: &[u8]) -> bool {
    let value = |symbol: &u8| SYMBOLS.iter().position(|known| known == symbol);
    let Some((last, body)) = code.split_last() else { return false };
    let (mut weight, mut sum) = (1, 0);
    for symbol in body {
        let Some(value) = value(symbol) else { return false };
        sum = (sum + value * weight) % 31;
        weight = weight * 3 % 31;
    }
    code.len() == 18 && value(last) == Some((31 - sum) % 31)
}

/// Whether digits satisfy the check of ISO/IEC 7812 (H. P. Luhn's). No digits do not.
#[must_use]
pub fn satisfies_luhn(digits: &[u8]) -> bool {
    let mut sum = 0u32;
    for (at, digit) in digits.iter().rev().enumerate() {
        if !digit.is_ascii_digit() {
            return false;
        }
        let digit = u32::from(digit - b'0');
        sum += if at % 2 == 0 { digit } else { digit * 2 % 10 + digit / 5 };
    }
    !digits.is_empty() && sum.is_multiple_of(10)
}

/// Whether digits may be the number of a payment card: 13 to 19 of them, the first of an
/// industry that issues such cards (3 to 6), not all equal, and the check satisfied.
#[must_use]
pub fn is_card(digits: &[u8]) -> bool {
    (13..=19).contains(&digits.len())
        && matches!(digits.first(), Some(b'3'..=b'6'))
        && digits.iter().any(|digit| Some(digit) != digits.first())
        && satisfies_luhn(digits)
}

/// Whether eleven digits have the shape of a Chinese mobile number.
#[must_use]
pub fn is_mobile(digits: &[u8]) -> bool {
    digits.len() == 11
        && matches!(digits, [b'1', b'3'..=b'9', ..])
        && digits.iter().all(u8::is_ascii_digit)
}

/// Whether a text is an e-mail address: a name, an at sign, and a domain of at least two labels
/// of which the last begins with a letter. Non-Latin names and domains are not told.
#[must_use]
pub fn is_mail(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| *byte == b'@');
    let (Some(name), Some(domain), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let labels = |text: &[u8]| text.split(|byte| *byte == b'.').all(|label| !label.is_empty());
    let last = domain.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    labels(name)
        && labels(domain)
        && name.iter().all(|byte| is_of_mail_name(*byte))
        && domain.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && last.len() < domain.len()
        && last.len() >= 2
        && last.first().is_some_and(u8::is_ascii_alphabetic)
}

/// Whether a character stands in names of e-mail addresses.
pub(super) fn is_of_mail_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+' | b'%')
}

/// The character that stands for another in numbers: full-width and other forms of digits and
/// Latin letters (Unicode's NFKC for these), one for one. Others stay.
#[must_use]
pub fn folded(c: char) -> char {
    let code = u32::from(c);
    let ascii = |first: char, at: u32| char::from_u32(u32::from(first) + at).unwrap_or(c);
    match c {
        '\0'..='\u{9F}' => c,
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => ascii('!', code - 0xFF01),
        '¹' => '1',
        '²' | '³' => ascii('2', code - 0xB2),
        '⁰' | '⁴'..='⁹' => ascii('0', code - 0x2070),
        '₀'..='₉' => ascii('0', code - 0x2080),
        '①'..='⑨' => ascii('1', code - 0x2460),
        '⓪' => '0',
        'Ⅹ' => 'X',
        'ⅹ' => 'x',
        '\u{1D7CE}'..='\u{1D7FF}' => ascii('0', (code - 0x1D7CE) % 10),
        '\u{1FBF0}'..='\u{1FBF9}' => ascii('0', code - 0x1FBF0),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resident_number_says_birth_and_sex() {
        let read = |id: &str| resident_id(id.as_bytes(), Date::new(2026, 1, 1));
        let found = read("11010519491231002X").unwrap();
        assert_eq!((found.birth, found.is_male), (Date::new(1949, 12, 31).unwrap(), Some(false)));
        assert_eq!(read("110105491231002").unwrap().is_male, None);
        for wrong in [
            "",
            "11010519491231002",
            "110105194912310021",
            "990101190001010018",
            "１1010519491231002X",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nobody_is_born_after_today() {
        let id = b"110105203012310029";
        let valid = (b'0'..=b'9').chain([b'X']).find_map(|check| {
            let mut id = *id;
            id[17] = check;
            resident_id(&id, None).map(|_| id)
        });
        assert!(resident_id(&valid.unwrap(), Date::new(2026, 1, 1)).is_none());
    }

    #[test]
    fn one_changed_symbol_breaks_a_code() {
        let code = *b"91310000MA1FL0000N";
        assert!(is_credit_code(&code));
        for place in 0..18 {
            for symbol in SYMBOLS {
                let mut other = code;
                other[place] = *symbol;
                assert_eq!(is_credit_code(&other), other == code);
            }
        }
        assert!(!is_credit_code(b"") && !is_credit_code(&code[..17]));
    }

    #[test]
    fn a_card_is_more_than_its_check_digit() {
        assert!(is_card(b"4111111111111111") && is_card(b"6222020000000000000"));
        assert!(!is_card(b"79927398713") && satisfies_luhn(b"79927398713"));
        assert!(!is_card(b"0000000000000000") && !is_card(b"4444444444444444"));
        assert!(!satisfies_luhn(b"") && !satisfies_luhn(b"4111x"));
    }
}
