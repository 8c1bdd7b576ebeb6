//! Floor 3: experiments, from the plan to the decision.
//!
//! * [`design`] – how many units, what effect can be seen, how likely
//! * [`assign`] – which unit gets which variant, the same everywhere
//! * [`health`] – whether the units were shared out as planned
//! * [`unit_stats`] – the one mergeable state of an arm, from which all results derive
//! * [`estimate`] – one arm's mean, proportion, ratio or quantile with its variance
//! * [`variance`] – the same with less noise: CUPED, strata, winsorizing, regression
//! * [`compare`] – two arms: fixed horizon, always valid, in groups of looks, Bayesian
//! * [`resample`] – what drawing again says: bootstrap and permutation
//! * [`effects`] – for whom it works: uplift and Qini
//! * [`uplift`] – learns from an experiment whom the treatment changes (`uplift`)
//! * [`panel`] – what a treatment did to groups that were watched over time (`panel-effect`)
//! * [`register`] – plans that were written down before, and where an analysis departs from its own
//! * [`meta`] – what several experiments say together, and each in their light (`meta-analysis`)
//! * [`bandit`] – how to share the next batch out while it is learned which arm is best
//! * [`decide`] – ship, hold, stop or run longer
//!
//! Eight analyses stand on these: [`uplift`], [`bandit`], [`panel`], [`register`], [`meta`], [`analysis`] (`experiment`: its [`options`], its [`report`],
//! `units` with `arms`, the state of each, or `folded` for tables that need no second look, and `metric`, which compares
//! them), [`power`] and [`allocation`] (`assign`). A kernel here takes sufficient statistics and gives
//! numbers.

pub mod allocation;
pub mod analysis;
mod arms;
pub mod assign;
pub mod bandit;
pub mod compare;
pub mod decide;
pub mod design;
pub mod effects;
pub mod estimate;
mod folded;
pub mod health;
pub mod meta;
mod metric;
pub mod options;
pub mod panel;
pub mod power;
pub mod register;
pub mod report;
pub mod resample;
pub mod unit_stats;
mod units;
pub mod uplift;
pub mod variance;
