//! Floor 3: customers → segments.
//!
//! * [`rfm`] – recency, frequency and monetary value as scores and named groups

pub mod rfm;
