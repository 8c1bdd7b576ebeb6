//! Floor 2: learning from finished, compact tables. Knows rows of numbers and codes, no customer.
//!
//! * [`matrix`] – the rows that everything here reads
//! * [`scale`] – columns of different units made comparable
//! * [`gower`] – distance between rows of numbers and categories
//! * [`cluster`] – groups of similar rows, and how good they are
//! * [`logistic`], [`boost`], [`trees`] – probabilities out of rows, and what each feature has to do with them
//! * [`calibration`] – scores made into probabilities that come true
//! * [`ranking`] – how well a score puts wanted rows first, and what acting on it earns

pub mod boost;
pub mod calibration;
pub mod cluster;
pub mod gower;
pub mod logistic;
pub mod matrix;
pub mod ranking;
pub mod scale;
pub mod trees;
