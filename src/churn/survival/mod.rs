//! Survival analysis: how long until something happens, where for many it has not happened yet.
//!
//! * [`curve`] – Kaplan–Meier and Nelson–Aalen: the share for whom it has not happened, by time
//! * [`logrank`] – whether it happens sooner in some groups than in others
//! * [`competing`] – Aalen–Johansen: the share for whom it has happened, by cause and time
//! * [`sample`], [`cox`], [`aft`] – by how much each column makes it come sooner or later
//! * [`concordance`] – how often it was told right who is first
//! * [`regression`] – `survival-regression`: these regressions of a table of lives
//! * [`causes`] – `competing-risks`: the same of a table with the cause of each end
//! * `lives` – what these two read alike of such a table
//! * [`analysis`] – `survival`: time to the first long silence or to the second purchase

pub mod aft;
pub mod analysis;
pub mod causes;
pub mod competing;
pub mod concordance;
pub mod cox;
pub mod curve;
mod lives;
pub mod logrank;
pub mod regression;
pub mod sample;
