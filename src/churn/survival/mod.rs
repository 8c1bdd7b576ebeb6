//! Survival analysis: how long until something happens, where for many it has not happened yet.
//!
//! * [`curve`] – Kaplan–Meier and Nelson–Aalen: the share for whom it has not happened, by time
//! * [`logrank`] – whether it happens sooner in some groups than in others
//! * [`analysis`] – `survival`: time to the first long silence or to the second purchase

pub mod analysis;
pub mod curve;
pub mod logrank;
