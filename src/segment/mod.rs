//! Floor 3: customers → segments.
//!
//! * [`rfm`] – recency, frequency and monetary value as scores and named groups
//! * [`rfm_periods`] – the groups at the end of each of several periods
//! * [`rfms`] – the same with what customers do besides buying
//! * [`value_score`] – one number for the worth of a customer, out of four dimensions
//! * [`describe`] – what is in one numeric column
//! * [`lifecycle`] – the stage of each customer, and growth accounting
//! * [`look_alike`] – who resembles the customers of a segment
//! * [`lrfm`] – recency, frequency and money with length and tenure
//! * [`migration`] – who moved between groups from one date to another
//! * [`clusters`] – groups that the customers form by themselves, if they do
//! * [`compare`] – what sets segments apart, how they overlap, how they moved
//! * [`rules`] – conditions on customers in a small language, tags, tiers
//! * [`concentration`] – how much the best customers hold
//! * [`growth`] – active customers as new, returning, resurrecting and dormant
//! * [`transitions`] – who moved from which segment to which
//! * [`inactivity`] – followers who do nothing
//! * [`coverage`] – which customers their managers reach, by rules that cannot be gamed

pub mod clusters;
pub mod compare;
pub mod concentration;
pub mod coverage;
pub mod describe;
mod features;
pub mod growth;
pub mod inactivity;
pub mod lifecycle;
pub mod look_alike;
pub mod lrfm;
pub mod migration;
mod population;
pub mod rfm;
pub mod rfm_periods;
pub mod rfms;
pub mod rules;
pub mod transitions;
pub mod value_score;
