//! What an analysis promises, from file text to report, through the same door as every caller.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

mod churn_risk;
mod clusters;
mod compare;
mod competing_risks;
mod concentration;
mod coverage;
mod describe;
mod experiment;
mod experiment_units;
mod gate;
mod inactivity;
mod laws;
mod lifecycle;
mod lifetime_value;
mod look_alike;
mod lrfm;
mod metamorphic;
mod migration;
mod policy;
mod real_data;
mod replenishment;
mod requests;
mod retention_curve;
mod rfm;
mod rfm_periods;
mod rfms;
mod segments;
mod steps;
mod survival;
mod survival_regression;
mod tables;
mod tags;
mod tiers;
mod uplift;
mod value_score;
