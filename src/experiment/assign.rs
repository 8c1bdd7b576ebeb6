//! Which unit gets which variant: a hash of the unit's id, so that the answer is the same on every
//! device and every day and nothing has to be stored. Compatible with GrowthBook's hashing (both
//! versions, coverage and namespaces), so that assignments made elsewhere can be checked here.
//!
//! # References
//! GrowthBook SDK specification, "Build your own SDK". G. Fowler, L. C. Noll, K.-P. Vo, FNV-1a,
//! IETF draft-eastlake-fnv.

use crate::error::{Code, Error, Result};

/// FNV-1a of 32 bits over the UTF-16 code units of a text.
#[must_use]
pub fn fnv1a(text: &str) -> u32 {
    fold(OFFSET, text)
}

const OFFSET: u32 = 2_166_136_261;

fn fold(hash: u32, text: &str) -> u32 {
    text.encode_utf16().fold(hash, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(16_777_619))
}

/// Which of the two hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashVersion {
    /// `h(id + seed) mod 1000`: a thousand buckets; experiments with similar seeds are not quite
    /// independent.
    One,
    /// `h(h(seed + id)) mod 10000`: ten thousand buckets, without that bias.
    #[default]
    Two,
}

/// Where a unit stands in `[0, 1)`.
#[must_use]
pub fn bucket(version: HashVersion, seed: &str, unit: &str) -> f64 {
    match version {
        HashVersion::One => f64::from(fold(fnv1a(unit), seed) % 1000) / 1000.0,
        HashVersion::Two => {
            let first = fold(fnv1a(seed), unit);
            f64::from(fnv1a(&first.to_string()) % 10_000) / 10_000.0
        }
    }
}

/// A part of the traffic that experiments share without overlapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    /// Its name.
    pub id: String,
    /// Where the part begins, 0 to 1.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
}

impl Namespace {
    /// Where a unit stands in the namespace, and whether it is in this part.
    #[must_use]
    pub fn place(&self, unit: &str) -> (f64, bool) {
        let at = f64::from(fold(fold(fnv1a(unit), "__"), &self.id) % 1000) / 1000.0;
        (at, self.from <= at && at < self.to)
    }
}

/// The parts of `[0, 1)` that the variants get.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranges(Vec<(f64, f64)>);

impl Ranges {
    /// Ranges of `variants` with these weights, of which the first part `coverage` of each is used.
    /// Coverage is clamped to 0 to 1. Without weights, where their number does not fit, or where
    /// they do not sum to 1 (within 0.01), all variants get the same.
    ///
    /// # Errors
    /// `limit` for more variants than there are buckets; `invalid-option` for none, for a weight
    /// that is negative or a coverage that is not a number.
    pub fn new(variants: usize, coverage: f64, weights: Option<&[f64]>) -> Result<Ranges> {
        if variants > 10_000 {
            return Err(Error::new(Code::Limit, "there are no more than 10,000 buckets"));
        }
        if variants == 0 || coverage.is_nan() {
            return Err(Error::new(
                Code::InvalidOption,
                "an experiment has variants and a coverage",
            ));
        }
        if weights.is_some_and(|weights| weights.iter().any(|weight| *weight < 0.0)) {
            return Err(Error::new(Code::InvalidOption, "weights are 0 or more").at_path("weights"));
        }
        let coverage = coverage.clamp(0.0, 1.0);
        let is_whole = |weights: &&[f64]| {
            weights.len() == variants && (0.99..=1.01).contains(&weights.iter().sum::<f64>())
        };
        let equal = vec![1.0 / variants as f64; variants];
        let weights = weights.filter(is_whole).unwrap_or(&equal);
        let mut start = 0.0;
        let ranges = weights.iter().map(|weight| {
            let from = start;
            start += weight;
            (from, from + coverage * weight)
        });
        Ok(Ranges(ranges.collect()))
    }

    /// Begin and end of each.
    #[must_use]
    pub fn ends(&self) -> &[(f64, f64)] {
        &self.0
    }

    /// The variant whose range holds a bucket; `None` for a unit that is not in the experiment.
    #[must_use]
    pub fn variant(&self, bucket: f64) -> Option<usize> {
        self.0.iter().position(|(from, to)| *from <= bucket && bucket < *to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_the_weights_and_do_not_move() {
        let ranges = Ranges::new(2, 1.0, Some(&[0.9, 0.1])).unwrap();
        let of = |seed: &str| -> Vec<Option<usize>> {
            let bucket = |unit: u32| bucket(HashVersion::Two, seed, &unit.to_string());
            (0..20_000).map(|unit| ranges.variant(bucket(unit))).collect()
        };
        let first = of("a");
        assert_eq!(first, of("a"));
        let second = first.iter().filter(|variant| **variant == Some(1)).count();
        assert!((1800..2200).contains(&second), "{second}");
        // Another seed shares out anew: about a tenth of the second variant stays.
        let both = first.iter().zip(of("b")).filter(|(a, b)| **a == Some(1) && *b == Some(1));
        assert!((100..300).contains(&both.count()));
    }

    #[test]
    fn what_is_no_plan_is_refused() {
        assert!(Ranges::new(0, 1.0, None).is_err());
        assert!(Ranges::new(2, f64::NAN, None).is_err());
        assert!(Ranges::new(2, 1.0, Some(&[-0.5, 1.5])).is_err());
        assert_eq!(Ranges::new(10_001, 1.0, None).unwrap_err().code(), Code::Limit);
    }
}
