//! How much one customer can change an answer: derived from bounds, never taken from data.

use serde::{Deserialize, Serialize};

use super::demand;
use crate::error::Result;

/// Which data sets count as neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Neighbours {
    /// One customer more or less.
    #[default]
    AddRemove,
    /// One customer in the place of another.
    Substitute,
}

/// Of a number of customers' rows: at most `rows` of each customer count.
#[must_use]
pub fn of_count(rows: u32) -> f64 {
    f64::from(rows)
}

/// Of a sum in which each of at most `rows` values of a customer lies from `lower` to `upper`.
///
/// # Errors
/// `invalid-option` if the bounds are no interval.
pub fn of_sum(neighbours: Neighbours, lower: f64, upper: f64, rows: u32) -> Result<f64> {
    let is_interval = lower <= upper && (upper - lower).is_finite();
    demand(is_interval, "upper", "`lower` and `upper` are the bounds of each value")?;
    let one = match neighbours {
        Neighbours::AddRemove => lower.abs().max(upper.abs()),
        Neighbours::Substitute => upper - lower,
    };
    Ok(f64::from(rows) * one)
}

/// Of counts by group, in the sum of differences and in their root of squares: at most `rows` of
/// a customer's rows count, at most `in_bin` of them in one group.
#[must_use]
pub fn of_histogram(neighbours: Neighbours, rows: u32, in_bin: u32) -> (f64, f64) {
    let in_bin = in_bin.clamp(1, rows.max(1));
    let (full, rest) = (f64::from(rows / in_bin), f64::from(rows % in_bin));
    let (one, two) = (f64::from(rows), f64::from(in_bin).powi(2) * full + rest * rest);
    match neighbours {
        Neighbours::AddRemove => (one, two.sqrt()),
        // The two customers may be in different groups.
        Neighbours::Substitute => (2.0 * one, (2.0 * two).sqrt()),
    }
}
