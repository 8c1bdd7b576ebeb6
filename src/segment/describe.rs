//! `describe`: what is in one numeric column. Counts, moments and exact quantiles.
//!
//! The first look at any export, and the analysis that `CONTRIBUTING.md` builds step by step.
