//! `uplift`: whom does the treatment change, learned from units that were given their arm by chance.
//!
//! * [`options`] – what is asked, and what is answered
//! * `learn` – models that foretell the effect of each unit, which they have not seen
//! * [`gains`] – what choosing by such a score brings, with intervals
//! * [`analysis`] – the two put together over a table
//!
//! # References
//! S. R. Künzel and others, "Metalearners for estimating heterogeneous treatment effects using machine
//! learning", PNAS 116 (2019): S, T and X. E. H. Kennedy, "Towards optimal doubly robust estimation of
//! heterogeneous causal effects", Electronic Journal of Statistics 17 (2023): DR. M. Jaskowski, S.
//! Jaroszewicz, ICML workshop on clinical data (2012), and S. Athey, G. Imbens, PNAS 113 (2016): the
//! transformed outcome. S. Yadlowsky and others, "Evaluating treatment prioritization rules via
//! rank-weighted average treatment effects", JASA 120 (2025): areas with intervals. V. Chernozhukov and
//! others, "Fisher-Schultz lecture: generic machine learning inference on heterogeneous treatment
//! effects", Econometrica 93 (2025): the test of any difference, groups by score.

pub mod analysis;
pub mod gains;
mod learn;
pub mod options;
