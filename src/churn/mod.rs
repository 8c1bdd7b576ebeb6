//! Floor 3: who will come back, and what that is worth.
//!
//! * [`btyd`] – buy till you die: models of customers who leave without saying so

pub mod btyd;
