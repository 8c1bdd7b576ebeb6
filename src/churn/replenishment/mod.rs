//! When a product will be needed again.
//!
//! * [`analysis`] – the analysis `replenishment`
//! * [`gaps`] – the days between purchases of a product: of one customer, and of all

pub mod analysis;
pub mod gaps;
