//! Floor 3: customers → segments.
//!
//! * [`rfm`] – recency, frequency and monetary value as scores and named groups
//! * [`describe`] – what is in one numeric column
//! * [`growth`] – active customers as new, returning, resurrecting and dormant
//! * [`transitions`] – who moved from which segment to which
//! * [`inactivity`] – followers who do nothing
//! * [`coverage`] – which customers their managers reach, by rules that cannot be gamed

pub mod coverage;
pub mod describe;
pub mod growth;
pub mod inactivity;
pub mod rfm;
pub mod transitions;
