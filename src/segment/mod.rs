//! Floor 3: customers → segments.

pub mod rfm;
