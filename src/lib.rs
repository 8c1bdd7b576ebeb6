//! Siyu computes customer segments where the customer data already is.
#![doc = ""]

pub mod error;
pub mod plain;
pub mod stats;
pub mod table;
