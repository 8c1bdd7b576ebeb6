//! Floor 2: log → one row per customer. The keyed fold on which segmentation, lifecycle and
//! lifetime value stand.
//!
//! * [`purchases`] – the mergeable fold: first and last purchase, number of purchases, money
//! * [`pairs`] – the set of (customer, order) or (customer, day) that counting distinct orders needs
//! * [`summary`] – finished customers as columns: recency, frequency, monetary, tenure

pub mod pairs;
pub mod purchases;
pub mod summary;
