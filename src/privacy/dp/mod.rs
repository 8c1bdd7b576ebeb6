//! Differential privacy: what is published changes little, whether or not one customer is there.
//! The unit is the customer.
//!
//! * [`sensitivity`] – how much one customer can change an answer
//! * [`noise`] – exact discrete Laplace and Gaussian noise, from integers and coin tosses alone
//! * [`law`] – the probabilities of that noise, and how far an answer may be off
//! * [`accountant`] – what many answers cost together
//! * [`budget`] – refuses before anything is computed
//! * [`question`] – an answer is paid, or was given before
//! * [`quantile`] – the exponential mechanism
//! * [`local`] – noise at each customer, before anything is collected
//! * [`groups`] – the counts of groups as they may be published
//! * [`sums`] – what customers of groups spend, in all and each
//! * [`experiment`] – units, means and effects of an experiment's arms
//!
//! Floating-point noise identifies the data by its last bits (Mironov 2012), so noise is made of
//! integers only (Canonne, Kamath, Steinke 2020), and randomness comes from the platform: no seed
//! can be given.

pub mod accountant;
pub mod budget;
pub mod experiment;
pub mod groups;
pub mod law;
pub mod local;
pub mod noise;
pub mod quantile;
pub mod question;
pub mod sensitivity;
pub mod sums;

use crate::error::{Code, Error, Result};

/// `invalid-option` at a field, unless `holds`.
pub(crate) fn demand(holds: bool, field: &'static str, hint: &'static str) -> Result<()> {
    match holds {
        true => Ok(()),
        false => Err(Error::new(Code::InvalidOption, hint).at_path(field)),
    }
}

/// A number above zero and finite.
pub(crate) fn positive(value: f64, field: &'static str) -> Result<()> {
    demand(value > 0.0 && value < f64::INFINITY, field, "this is a number above 0")
}

/// A probability between zero and one, neither included.
pub(crate) fn probability(value: f64, field: &'static str) -> Result<()> {
    demand(value > 0.0 && value < 1.0, field, "this is between 0 and 1")
}

/// Bounds of amounts in whole units of the last of `decimals` places, after the unit's size: so
/// many make 1.
pub(crate) fn units(lower: f64, upper: f64, decimals: u8) -> Result<(f64, i64, i64)> {
    demand(decimals <= 4, "decimals", "this is 0 to 4")?;
    demand(lower < upper, "upper", "this is above `lower`")?;
    let unit = f64::from(10u32.pow(decimals.into()));
    let (lower, upper) = ((lower * unit).round(), (upper * unit).round());
    let fits = lower.abs().max(upper.abs()) < 9e15;
    demand(fits && lower < upper, "upper", "the bounds are beyond the integers")?;
    Ok((unit, lower as i64, upper as i64))
}
