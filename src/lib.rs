//! Siyu computes customer segments where the customer data already is.
#![doc = ""]

pub mod customers;
pub mod error;
#[cfg(feature = "golden")]
pub mod golden;
pub mod job;
pub mod plain;
pub mod privacy;
pub mod read;
pub mod report;
pub mod segment;
pub mod stats;
pub mod table;
