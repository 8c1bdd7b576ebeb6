//! `panel-effect`: what a treatment did to groups (shops, cities) that were watched over time.
//!
//! * [`options`] – what is asked, and what is answered
//! * [`fit`] – difference in differences, synthetic control, interrupted series, over finished numbers
//! * `staggered` – several beginnings, each by itself, and their means
//! * [`analysis`] – the panel out of rows
//! * `answer` – what it says, all ways put together
//!
//! When not to use it: where units can be given their arm by chance (`experiment` says more, and needs
//! less to be believed).
//!
//! # References
//! M. Bertrand, E. Duflo, S. Mullainathan, "How much should we trust differences-in-differences
//! estimates?", Quarterly Journal of Economics 119 (2004): errors by group. A. Abadie, A. Diamond, J.
//! Hainmueller, "Synthetic control methods for comparative case studies", JASA 105 (2010). A. K. Wagner
//! and others, "Segmented regression analysis of interrupted time series studies", Journal of Clinical
//! Pharmacy and Therapeutics 27 (2002). W. K. Newey, K. D. West, Review of Economic Studies 61 (1994):
//! how many lags.

pub mod analysis;
mod answer;
pub mod fit;
pub mod options;
mod staggered;
