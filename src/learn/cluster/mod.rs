//! Groups of similar rows. One algorithm a file, each with its paper.
//!
//! * [`agreement`] – how far two partitions agree

pub mod agreement;
