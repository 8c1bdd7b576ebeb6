//! RFM: recency, frequency and monetary value of each customer.

pub mod groups;
pub mod score;
