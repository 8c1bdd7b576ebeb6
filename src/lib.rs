//! Siyu computes customer segments where the customer data already is.
#![doc = ""]

pub mod error;
pub mod stats;
