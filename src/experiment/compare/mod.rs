//! Two arms against each other. Control is the baseline: an effect is treatment less control, or
//! that over control.
//!
//! * [`means`] – Welch, Student, z; relative effects; equivalence and non-inferiority
//! * [`proportions`] – intervals and tests of shares, of small and of large samples
//! * [`ranks`] – Mann and Whitney
//! * [`bayes`] – chance to beat, expected loss, bandits' weights
//! * [`always_valid`] – intervals that hold at every look
//! * [`group_sequential`] – a planned number of looks

pub mod always_valid;
pub mod bayes;
pub mod group_sequential;
pub mod means;
pub mod proportions;
pub mod ranks;

use crate::stats::proportion::Interval;
use serde::{Deserialize, Serialize};

/// Which side counts against "no effect".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Alternative {
    /// Both.
    #[default]
    TwoSided,
    /// Treatment above control.
    Greater,
    /// Treatment below control.
    Less,
}

/// An effect with its interval. An end that a one-sided interval leaves open is infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The effect.
    pub effect: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom; infinite for the normal law.
    pub degrees: f64,
    /// The effect over its error.
    pub statistic: f64,
    /// How likely so large an effect is where there is none.
    pub p_value: f64,
    /// Confidence interval of the effect.
    pub interval: Interval,
}
