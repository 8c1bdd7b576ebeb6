//! Floor 3: who will come back, and what that is worth.
//!
//! * [`lifetime_value`] – P(alive), purchases to come and their worth, by customer
//! * [`risk`] – who is leaving, learned from those who left
//! * [`replenishment`] – which product is needed again, and when
//! * [`repeat_purchase`] – how many of a cohort buy again within so many days, and how soon
//! * [`activation`] – who joined and has not done anything yet
//! * [`retention_curve`] – contracts that are renewed: the curve of a cohort, and what is to come
//! * [`survival`] – how long customers stay, and when they buy again
//! * [`cohorts`] – shares of a cohort by days, where some were not seen for so long
//! * [`btyd`] – buy till you die: models of customers who leave without saying so

pub mod activation;
pub mod btyd;
pub mod cohorts;
pub mod lifetime_value;
mod paid_log;
pub mod repeat_purchase;
pub mod replenishment;
pub mod retention_curve;
pub mod risk;
pub mod survival;
