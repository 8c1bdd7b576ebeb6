//! The confidence of intervals as an option: its default and its bounds, one for all analyses.

use crate::error::{Code, Error, Result};

/// 0.95: one interval in twenty misses what it is of.
#[must_use]
pub fn usual_confidence() -> f64 {
    0.95
}

/// Checks a confidence that was asked for.
///
/// # Errors
/// `invalid-option` at `confidence` if it does not lie between 0 and 1, both left out; so also
/// for NaN.
pub fn check_confidence(confidence: f64) -> Result<()> {
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(());
    }
    Err(Error::new(Code::InvalidOption, "a confidence lies between 0 and 1").at_path("confidence"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_the_ends_is_a_confidence() {
        for good in [usual_confidence(), f64::MIN_POSITIVE, 1.0 - f64::EPSILON] {
            check_confidence(good).unwrap();
        }
        for bad in [0.0, 1.0, -0.5, 95.0, f64::NAN, f64::INFINITY] {
            let error = check_confidence(bad).unwrap_err();
            assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("confidence")));
        }
    }
}
