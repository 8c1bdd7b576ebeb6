//! Floor 2: log → one row per customer. The keyed fold on which segmentation, lifecycle and
//! lifetime value stand.
//!
//! * [`purchases`] – the mergeable fold: first and last purchase, number of purchases, money
//! * [`state`] – what is known of one customer
//! * [`pairs`] – the set of (customer, order) or (customer, day) that counting distinct orders needs
//! * `by_customer` – entries put into the order of their customers, in steps
//! * [`days`] – the days on which each customer bought
//! * [`product_days`] – the days on which each customer bought each product
//! * [`daily`] – the days on which each customer bought, with their money
//! * [`activity`] – what customers do besides buying
//! * [`attributes`] – the latest value of each attribute
//! * [`matching`] – one numbering of the customers of several tables
//! * [`summary`] – finished customers as columns: recency, frequency, monetary, tenure

pub mod activity;
pub mod attributes;
mod by_customer;
pub mod daily;
pub mod days;
pub mod matching;
pub mod pairs;
pub mod product_days;
pub mod purchases;
pub mod state;
pub mod summary;
