//! Floor 3: customers → segments.
//!
//! * [`rfm`] – recency, frequency and monetary value as scores and named groups
//! * [`describe`] – what is in one numeric column

pub mod describe;
pub mod rfm;
