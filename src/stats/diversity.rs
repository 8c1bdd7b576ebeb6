//! How evenly counts spread over classes: Shannon entropy and its kin.
//!
//! # References
//! C. E. Shannon, "A Mathematical Theory of Communication", Bell System Technical Journal 27
//! (1948). E. H. Simpson, "Measurement of Diversity", Nature 163 (1949) 688.

use crate::error::{Code, Error, Result};
use serde::Serialize;

/// What [`diversity`] answers. Shares are of all counts; a class without any takes no part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Diversity {
    /// Shannon entropy `−Σ p·ln p`, in nats.
    pub nats: f64,
    /// The same in bits.
    pub bits: f64,
    /// Entropy as a share of the largest that as many classes can have, `nats/ln k`: 1 if all
    /// classes are equally large; 0 for a single class.
    pub normalised: f64,
    /// Herfindahl–Hirschman index `Σ p²`: 1 for a single class, `1/k` for equal ones.
    pub concentration: f64,
    /// Gini–Simpson index `1 − Σ p²`: how likely two draws are of different classes.
    pub gini_simpson: f64,
    /// `e^nats`: as many equally large classes would have the same entropy.
    pub effective_classes: f64,
}

/// The diversity of the counts of classes.
///
/// The plug-in estimate of entropy is too low by about `(k − 1)/(2n)` where the counts are a
/// sample: do not compare groups of very different size by it.
///
/// # Errors
/// `not-enough-data` if nothing was counted.
pub fn diversity(counts: &[u64]) -> Result<Diversity> {
    let total: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    if total == 0 {
        return Err(Error::new(Code::NotEnoughData, "there is nothing in any class"));
    }
    let total = total as f64;
    let shares = counts.iter().filter(|count| **count > 0).map(|count| *count as f64 / total);
    let classes = shares.clone().count();
    let concentration: f64 = shares.clone().map(|share| share * share).sum();
    let nats =
        if classes == 1 { 0.0 } else { -shares.map(|share| share * libm::log(share)).sum::<f64>() };
    Ok(Diversity {
        nats,
        bits: nats / std::f64::consts::LN_2,
        normalised: if classes == 1 { 0.0 } else { nats / libm::log(classes as f64) },
        concentration,
        gini_simpson: 1.0 - concentration,
        effective_classes: libm::exp(nats),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_class_has_no_diversity() {
        let one = diversity(&[0, 9, 0]).unwrap();
        assert_eq!((one.nats, one.normalised, one.effective_classes), (0.0, 0.0, 1.0));
        assert_eq!((one.concentration, one.gini_simpson), (1.0, 0.0));
        assert_eq!(diversity(&[0, 0]).unwrap_err().code(), Code::NotEnoughData);
    }

    #[test]
    fn equal_classes_have_as_many_effective_ones() {
        let four = diversity(&[u64::MAX; 4]).unwrap();
        assert!((four.effective_classes - 4.0).abs() < 1e-14 && (four.bits - 2.0).abs() < 1e-14);
    }
}
