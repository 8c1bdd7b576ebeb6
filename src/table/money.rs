//! Exact money: integer minor units and a scale of 0 to 6 decimals.

use crate::error::{Code, Error, Result};

/// The most decimals that are kept.
pub const MOST_DECIMALS: u8 = 6;

/// The powers of ten up to [`MOST_DECIMALS`].
const POWERS: [i64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// `10^decimals`, for at most six decimals.
#[must_use]
pub fn power(decimals: u8) -> i64 {
    POWERS.get(usize::from(decimals)).copied().unwrap_or(1_000_000)
}

/// `minor` at scale `from`, at the finer scale `to`.
///
/// # Errors
/// `overflow` beyond 64 bits.
pub fn rescaled(minor: i64, from: u8, to: u8) -> Result<i64> {
    minor.checked_mul(power(to.saturating_sub(from))).ok_or_else(overflow)
}

/// The nearest `f64` to `minor · 10^-scale`, correctly rounded while `|minor| < 2^53`.
#[must_use]
pub fn to_f64(minor: i128, scale: u8) -> f64 {
    minor as f64 / power(scale) as f64
}

/// The exact decimal of `minor · 10^-scale`, with all `scale` decimals.
#[must_use]
pub fn to_text(minor: i128, scale: u8) -> String {
    let power = i128::from(power(scale));
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, part) = ((minor / power).unsigned_abs(), (minor % power).unsigned_abs());
    match scale {
        0 => format!("{sign}{whole}"),
        decimals => format!("{sign}{whole}.{part:0width$}", width = usize::from(decimals)),
    }
}

/// Minor units of a finite binary number: its shortest round-trip decimal, rounded half to even
/// beyond six decimals. The flag says whether digits were lost.
///
/// # Errors
/// `amount` for NaN and infinities, `overflow` beyond 64 bits.
pub fn from_f64(value: f64) -> Result<(i64, u8, bool)> {
    if !value.is_finite() {
        return Err(Error::new(Code::Amount, "an amount must be a finite number"));
    }
    // Almost all amounts have at most two decimals: |value·100| below 2^53 that survives the
    // way back is the shortest decimal, since both have at most 15 significant digits.
    let hundredfold = (value * 100.0).round();
    if hundredfold.abs() < 1e15 && hundredfold / 100.0 == value {
        return Ok(trimmed(hundredfold as i64, 2));
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = mantissa.bytes().filter(u8::is_ascii_digit);
    let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
    // value = ±digits · 10^(exponent - places)
    let shift = exponent - places;
    let all = digits.fold(0i128, |all, digit| all * 10 + i128::from(digit - b'0'));
    let all = if value < 0.0 { -all } else { all };
    if shift >= 0 {
        let factor = u32::try_from(shift).ok().and_then(|shift| 10i128.checked_pow(shift));
        let minor = factor.and_then(|factor| all.checked_mul(factor)).ok_or_else(overflow)?;
        return Ok((i64::try_from(minor).map_err(|_| overflow())?, 0, false));
    }
    let decimals = shift.unsigned_abs();
    if decimals <= u32::from(MOST_DECIMALS) {
        return Ok((i64::try_from(all).map_err(|_| overflow())?, decimals as u8, false));
    }
    let cut = 10i128.checked_pow((decimals - u32::from(MOST_DECIMALS)).min(38));
    let minor = cut.map_or(0, |cut| round_half_even(all, cut));
    let (minor, scale) = (i64::try_from(minor).map_err(|_| overflow())?, MOST_DECIMALS);
    Ok((minor, scale, true))
}

/// `numerator / denominator` to the nearest integer, halves to the even one (`denominator > 0`).
#[must_use]
pub fn round_half_even(numerator: i128, denominator: i128) -> i128 {
    let quotient = numerator.div_euclid(denominator);
    let rest = numerator.rem_euclid(denominator);
    // Not twice the rest against the whole: that may be beyond 128 bits.
    match rest.cmp(&(denominator - rest)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient.rem_euclid(2),
    }
}

fn trimmed(minor: i64, scale: u8) -> (i64, u8, bool) {
    if minor % 100 == 0 {
        (minor / 100, scale - 2, false)
    } else if minor % 10 == 0 {
        (minor / 10, scale - 1, false)
    } else {
        (minor, scale, false)
    }
}

fn overflow() -> Error {
    Error::new(Code::Overflow, "an amount or a sum is beyond 9.2 · 10^18 minor units")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_numbers_become_their_shortest_decimals() {
        assert_eq!(from_f64(0.1).unwrap(), (1, 1, false));
        assert_eq!(from_f64(-19.99).unwrap(), (-1999, 2, false));
        assert_eq!(from_f64(1e15).unwrap(), (1_000_000_000_000_000, 0, false));
        assert_eq!(from_f64(0.1 + 0.2).unwrap(), (300_000, 6, true));
        assert_eq!(from_f64(0.000_000_5).unwrap(), (0, 6, true));
        assert_eq!(from_f64(0.000_001_5).unwrap(), (2, 6, true));
        assert_eq!(from_f64(1.0 / 3.0).unwrap(), (333_333, 6, true));
        assert_eq!(from_f64(5e-324).unwrap(), (0, 6, true));
        assert_eq!(from_f64(-1.5e-43).unwrap(), (0, 6, true));
        assert_eq!(from_f64(-0.0).unwrap(), (0, 0, false));
        assert!(from_f64(1e300).is_err());
        assert!(from_f64(f64::NAN).is_err());
    }

    #[test]
    fn text_is_exact() {
        assert_eq!(to_text(-5, 2), "-0.05");
        assert_eq!(to_text(123_456, 2), "1234.56");
        assert_eq!(to_text(7, 0), "7");
        assert_eq!(to_text(i128::from(i64::MIN) * 4, 6), "-36893488147419.103232");
    }

    #[test]
    fn half_rounds_to_even() {
        let rounded: Vec<i128> = [5, 15, 25, -5, -15].map(|n| round_half_even(n, 10)).into();
        assert_eq!(rounded, [0, 2, 2, 0, -2]);
        let large = 10i128.pow(38);
        let rounded = [-1, 1 - large, large / 2].map(|n| round_half_even(n, large));
        assert_eq!(rounded, [0, -1, 0]);
    }
}
