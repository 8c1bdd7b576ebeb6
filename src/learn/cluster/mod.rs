//! Groups of similar rows. One algorithm a file, each with its paper.
//!
//! * [`kmeans`] – round groups of numbers; [`mixture`] – elliptic ones, with shares
//! * [`kprototypes`] – numbers and categories, or categories alone
//! * [`hierarchical`] – a tree of merges; [`dbscan`] and [`hdbscan`] – density, with noise
//! * [`choice`] – how many, if any; [`quality`] – how good; [`agreement`] – how equal two partitions are
//! * [`neighbours`] – near rows without comparing all pairs

pub mod agreement;
pub mod choice;
pub mod dbscan;
pub mod hdbscan;
pub mod hierarchical;
pub mod kmeans;
pub mod kprototypes;
pub mod mixture;
pub mod neighbours;
pub mod quality;
