//! Floor 1: mathematics over slices. Knows no table, no customer, no file.
//!
//! [`accumulator`] is the contract of every mergeable statistic; the other files hold one
//! family each, with formula and source in its documentation.

pub mod accumulator;
pub mod moments;
pub mod quantile;
