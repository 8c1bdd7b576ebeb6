//! A budget in exact decimals: ten times 0.1 fits 1.0, and not one part in 10^30 more. What does
//! not fit is refused before anything is computed, and costs nothing.

use crate::error::{Code, Error, Result};

/// Places behind the point that are kept.
const PLACES: usize = 30;

/// A number of 0 or more with up to 30 places, up to about 3.4 · 10^8; larger ones are the
/// largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(u128);

impl Decimal {
    /// Reads digits with at most one point and an exponent, such as `0.1`, `2` or `1e-6`. Places
    /// beyond the thirtieth are cut, upwards if `up`. `None` for anything else, negative numbers
    /// included.
    #[must_use]
    pub fn parse(text: &str, up: bool) -> Option<Decimal> {
        let text = text.trim();
        let text = text.strip_prefix('+').unwrap_or(text);
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        if digits().next().is_none() || !digits().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        // The place of a digit, counted from the last that is kept.
        let first = whole.len() as i64 - 1 + i64::from(exponent) + PLACES as i64;
        let mut units = 0u128;
        let mut is_cut = false;
        for (digit, place) in digits().zip((i64::MIN..=first).rev()) {
            let digit = u128::from(digit - b'0');
            if digit == 0 {
                continue;
            }
            let unit = match u32::try_from(place) {
                Ok(place) => 10u128.checked_pow(place).unwrap_or(u128::MAX),
                Err(_) => {
                    is_cut |= place < 0;
                    0
                }
            };
            units = units.saturating_add(unit.saturating_mul(digit));
        }
        Some(Decimal(units.saturating_add(u128::from(is_cut && up))))
    }

    /// The value, rounded.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e30
    }

    /// Two integers with this ratio, without a common factor.
    ///
    /// # Errors
    /// `overflow` if they have more than 64 bits.
    pub fn ratio(self) -> Result<(u64, u64)> {
        let (mut a, mut b) = (self.0, 10u128.pow(PLACES as u32));
        while b > 0 {
            (a, b) = (b, a % b);
        }
        let part = |of: u128| {
            u64::try_from(of / a.max(1))
                .map_err(|_| Error::new(Code::Overflow, "this has too many digits"))
        };
        Ok((part(self.0)?, part(10u128.pow(PLACES as u32))?))
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It fits and is charged.
    Granted,
    /// It does not fit; nothing is charged.
    Refused,
    /// It is no number above 0.
    Invalid,
}

/// Spends a budget.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    budget: Decimal,
    spent: Decimal,
}

impl Filter {
    /// A budget of which nothing is spent.
    #[must_use]
    pub fn new(budget: Decimal) -> Self {
        Filter { budget, spent: Decimal(0) }
    }

    /// Charges a request if it fits.
    pub fn request(&mut self, amount: &str) -> Outcome {
        match Decimal::parse(amount, true) {
            None | Some(Decimal(0)) => Outcome::Invalid,
            Some(amount) => match self.spent.0.checked_add(amount.0) {
                Some(spent) if spent <= self.budget.0 => {
                    self.spent = Decimal(spent);
                    Outcome::Granted
                }
                _ => Outcome::Refused,
            },
        }
    }

    /// Charges what was granted before, whether it fits or not.
    pub fn charge(&mut self, amount: &str) {
        let amount = Decimal::parse(amount, true).unwrap_or_default();
        self.spent = Decimal(self.spent.0.saturating_add(amount.0));
    }

    /// What was charged.
    #[must_use]
    pub fn spent(&self) -> Decimal {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(budget: &str, requests: &[&str]) -> Vec<Outcome> {
        let mut filter = Filter::new(Decimal::parse(budget, false).unwrap());
        requests.iter().map(|request| filter.request(request)).collect()
    }

    #[test]
    fn decimals_are_exact() {
        use Outcome::{Granted, Invalid, Refused};
        let mut tenths = vec!["0.1"; 10];
        tenths.push("0.000000000000000000000000000001");
        let mut want = vec![Granted; 10];
        want.push(Refused);
        assert_eq!(outcomes("1.0", &tenths), want);
        assert_eq!(outcomes("1", &["1e-1", "9E-1", "1e-300"]), [Granted, Granted, Refused]);
        assert_eq!(outcomes("1", &["1e400", "1e-40", "2"]), [Refused, Granted, Refused]);
        let wrong = ["", "0", "0.0", "-1", "NaN", "inf", "Infinity", "1..2", ".", "1e", "0x1"];
        assert!(outcomes("1", &wrong).iter().all(|outcome| *outcome == Invalid));
    }

    #[test]
    fn a_ratio_is_in_lowest_terms() {
        let ratio = |text| Decimal::parse(text, true).unwrap().ratio();
        assert_eq!(ratio("0.1").unwrap(), (1, 10));
        assert_eq!(ratio("2.5").unwrap(), (5, 2));
        assert_eq!(ratio("0").unwrap(), (0, 1));
        assert!(ratio("0.1234567890123456789012345").is_err());
    }
}
