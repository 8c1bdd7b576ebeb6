//! Floor 3: who will come back, and what that is worth.
//!
//! * [`lifetime_value`] – P(alive), purchases to come and their worth, by customer
//! * [`risk`] – who is leaving, learned from those who left
//! * [`replenishment`] – which product is needed again, and when
//! * [`retention_curve`] – contracts that are renewed: the curve of a cohort, and what is to come
//! * [`survival`] – how long customers stay, and when they buy again
//! * [`btyd`] – buy till you die: models of customers who leave without saying so

pub mod btyd;
pub mod lifetime_value;
mod paid_log;
pub mod replenishment;
pub mod retention_curve;
pub mod risk;
pub mod survival;
