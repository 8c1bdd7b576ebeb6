//! A planned number of looks: bounds on z such that α is spent over all looks together. Two-sided
//! and symmetric; crossing either side counts.
//!
//! # Method
//! The law of the statistic that has not crossed yet is carried from look to look by Gauss and
//! Legendre's rule (Armitage, McPherson and Rowe's recursion), with as many nodes as the step is
//! narrow.
//!
//! # References
//! P. Armitage, C. K. McPherson, B. C. Rowe, JRSS A 132 (1969). S. J. Pocock, Biometrika 64 (1977).
//! P. C. O'Brien, T. R. Fleming, Biometrics 35 (1979). K. K. G. Lan, D. L. DeMets, Biometrika 70
//! (1983). C. Jennison, B. W. Turnbull, "Group Sequential Methods" (2000).

use crate::error::{Code, Error, Result};
use crate::stats::legendre::gauss_legendre;
use crate::stats::root::root;
use crate::stats::special::error::{normal, normal_quantile};

/// How α is spent over the information.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spending {
    /// `4·(1 − Φ(z(α/4)/√t))`: almost nothing early.
    OBrienFleming,
    /// `α·ln(1 + (e − 1)·t)`: evenly.
    Pocock,
    /// `α·t^ρ`.
    Power(f64),
}

/// Bounds that are constants of the number of looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classic {
    /// The same at every look.
    Pocock,
    /// `C·√(K/k)`.
    OBrienFleming,
}

/// Most looks of a design.
pub const MOST_LOOKS: usize = 100;

/// A z beyond which no bound is put: the chance is below 1e-300.
const FAR: f64 = 37.0;

impl Spending {
    /// What has been spent at the share `t` of the information.
    #[must_use]
    pub fn spent(self, alpha: f64, t: f64) -> f64 {
        let t = t.clamp(0.0, 1.0);
        let spent = match self {
            Spending::OBrienFleming => {
                let z = normal_quantile(alpha / 4.0).map_or(FAR, f64::abs);
                if t == 0.0 { 0.0 } else { 4.0 * normal(z / t.sqrt()).upper }
            }
            Spending::Pocock => alpha * libm::log1p((std::f64::consts::E - 1.0) * t),
            Spending::Power(rho) => alpha * libm::pow(t, rho),
        };
        spent.min(alpha)
    }
}

/// A design's looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// The bound on |z| at each look.
    pub z: Vec<f64>,
    /// The α that is spent up to each look.
    pub spent: Vec<f64>,
}

/// The law of the score that no look has stopped: nodes with their mass, at one information.
struct Carried {
    information: f64,
    /// Score and mass.
    nodes: Vec<(f64, f64)>,
}

impl Carried {
    /// The chance to cross `bound` at the next look.
    fn crosses(&self, information: f64, bound: f64) -> f64 {
        let edge = bound * information.sqrt();
        let step = (information - self.information).sqrt();
        let of = |(x, mass): &(f64, f64)| {
            mass * (normal((edge - x) / step).upper + normal((-edge - x) / step).lower)
        };
        self.nodes.iter().map(of).sum()
    }

    /// What stays inside `bound` at the next look.
    fn carried(&self, information: f64, bound: f64) -> Carried {
        let edge = bound.min(12.0) * information.sqrt();
        let step = (information - self.information).sqrt();
        let count = (24.0 + 5.0 * (2.0 * edge / step)).min(1200.0) as usize;
        let density = |score: f64| -> f64 {
            let scale = step * std::f64::consts::TAU.sqrt();
            let of = |(x, mass): &(f64, f64)| {
                let z = (score - x) / step;
                mass * libm::exp(-0.5 * z * z)
            };
            self.nodes.iter().map(of).sum::<f64>() / scale
        };
        let nodes = gauss_legendre(count)
            .into_iter()
            .map(|(x, weight)| (edge * x, edge * weight * density(edge * x)))
            .collect();
        Carried { information, nodes }
    }
}

const START: Carried = Carried { information: 0.0, nodes: Vec::new() };

fn start() -> Carried {
    Carried { nodes: vec![(0.0, 1.0)], ..START }
}

fn check(alpha: f64, fractions: &[f64]) -> Result<()> {
    let ascend = fractions.iter().zip(fractions.iter().skip(1)).all(|(a, b)| a < b);
    let is_share = |t: &f64| *t > 0.0 && *t <= 1.0;
    if fractions.is_empty() || fractions.len() > MOST_LOOKS {
        return Err(Error::new(Code::InvalidOption, "a design has 1 to 100 looks"));
    }
    if !ascend || !fractions.iter().all(is_share) {
        return Err(Error::new(
            Code::InvalidOption,
            "information grows from look to look, from above 0 to at most 1",
        ));
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(Error::new(Code::InvalidOption, "α lies between 0 and 1"));
    }
    Ok(())
}

/// The bounds of a design that spends α by a function.
///
/// # Errors
/// `invalid-option` for shares of information that do not grow within 0 to 1, an α or a ρ out of
/// range, or more than 100 looks.
pub fn bounds(fractions: &[f64], alpha: f64, spending: Spending) -> Result<Bounds> {
    check(alpha, fractions)?;
    if let Spending::Power(rho) = spending
        && !(rho > 0.0 && rho.is_finite())
    {
        return Err(Error::new(Code::InvalidOption, "ρ is above 0"));
    }
    let mut law = start();
    let (mut z, mut spent) = (Vec::new(), Vec::new());
    let mut before = 0.0;
    for t in fractions {
        let now = spending.spent(alpha, *t);
        let wanted = now - before;
        let excess = |bound: f64| law.crosses(*t, bound) - wanted;
        let bound = root(0.0, FAR, &excess).unwrap_or(FAR);
        law = law.carried(*t, bound);
        z.push(bound);
        spent.push(now);
        before = now;
    }
    Ok(Bounds { z, spent })
}

/// The constant of a classic design with equally spaced looks, and its bounds.
///
/// # Errors
/// `invalid-option` for an α out of range, no look or more than 100.
pub fn classic(looks: usize, alpha: f64, design: Classic) -> Result<(f64, Vec<f64>)> {
    let count = looks as f64;
    let fractions: Vec<f64> = (1..=looks.min(MOST_LOOKS + 1)).map(|k| k as f64 / count).collect();
    check(alpha, &fractions)?;
    let bound = |constant: f64, t: f64| match design {
        Classic::Pocock => constant,
        Classic::OBrienFleming => constant / t.sqrt(),
    };
    let crossed = |constant: f64| {
        let mut law = start();
        let mut sum = 0.0;
        for t in &fractions {
            let bound = bound(constant, *t);
            sum += law.crosses(*t, bound);
            law = law.carried(*t, bound);
        }
        sum - alpha
    };
    let low = normal_quantile(alpha / 2.0).map_or(0.0, f64::abs);
    let undefined = || Error::new(Code::InvalidOption, "this α has no bound");
    let constant = if looks == 1 {
        low
    } else {
        root(low * 0.99, low + 6.0, &crossed).ok_or_else(undefined)?
    };
    Ok((constant, fractions.iter().map(|t| bound(constant, *t)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jennison and Turnbull (2000), tables 2.1 and 2.3, α = 0.05.
    #[test]
    fn constants_are_those_of_the_tables() {
        let pocock = [(2, 2.178), (3, 2.289), (4, 2.361), (5, 2.413), (10, 2.555)];
        let fleming = [(2, 1.977), (3, 2.004), (4, 2.024), (5, 2.040), (10, 2.087)];
        for (design, table) in [(Classic::Pocock, pocock), (Classic::OBrienFleming, fleming)] {
            for (looks, expected) in table {
                let (constant, bounds) = classic(looks, 0.05, design).unwrap();
                assert!((constant - expected).abs() < 6e-4, "{design:?} {looks} {constant}");
                assert_eq!(bounds.len(), looks);
            }
        }
        let (one, _) = classic(1, 0.05, Classic::Pocock).unwrap();
        assert!((one - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn looks_that_do_not_grow_are_refused() {
        for fractions in [&[][..], &[0.5, 0.5], &[0.0, 1.0], &[0.5, 1.1], &[f64::NAN]] {
            assert!(bounds(fractions, 0.05, Spending::Pocock).is_err(), "{fractions:?}");
        }
        assert!(bounds(&[1.0], 1.5, Spending::Pocock).is_err());
        assert!(bounds(&[1.0], 0.05, Spending::Power(0.0)).is_err());
        assert!(classic(0, 0.05, Classic::Pocock).is_err());
    }
}
