//! The peak of a concave function that brings its second derivatives, by Newton's steps: what
//! regressions of lives are fitted with.
//!
//! Steps are halved until the function does not fall, and damped where it is not concave. Variables
//! should be of columns with a spread of 1, so that 1 is a long way.
//!
//! # Reference
//! J. Nocedal, S. J. Wright, "Numerical Optimization" (2006), §3.4.
#![allow(clippy::indexing_slicing)] // Vectors have `size` entries and matrices `size²`, as they are made here.

use super::cholesky::Cholesky;

/// A pivot that is such a small part of its diagonal holds only rounding.
const LEAST_PIVOT: f64 = 1e-10;

/// More steps than these are never needed where there is a peak.
const MOST_STEPS: u32 = 80;

/// A function of the first slice, which adds its gradient to the second, and minus its second
/// derivatives to the lower half of the third, row by row. Both are zero before.
pub(crate) type Function<'a> = dyn FnMut(&[f64], &mut [f64], &mut [f64]) -> f64 + 'a;

/// The highest point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Peak {
    /// The variables.
    pub(crate) point: Vec<f64>,
    /// The function there.
    pub(crate) value: f64,
    /// Minus its second derivatives: the lower half, row by row.
    pub(crate) information: Vec<f64>,
    /// The inverse of it, whole.
    pub(crate) covariance: Vec<f64>,
    /// Steps taken.
    pub(crate) steps: u32,
}

/// Why there is no peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Some direction in which nothing changes: this variable and those before it go along it.
    Flat(usize),
    /// The function rises for ever; this variable has gone furthest.
    Endless(usize),
    /// The function is not finite at the start, or the steps did not suffice.
    Lost,
}

struct Place {
    point: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    information: Vec<f64>,
}

fn largest(values: &[f64]) -> (usize, f64) {
    let sizes = values.iter().map(|value| value.abs()).enumerate();
    sizes.fold((0, 0.0), |most, next| if next.1 > most.1 { next } else { most })
}

/// Climbs from `start`.
pub(crate) fn peak(start: Vec<f64>, function: &mut Function<'_>) -> Result<Peak, Trouble> {
    let size = start.len();
    let mut place = |point: Vec<f64>| {
        let (mut gradient, mut information) = (vec![0.0; size], vec![0.0; size * size]);
        let value = function(&point, &mut gradient, &mut information);
        let is_finite =
            value.is_finite() && gradient.iter().chain(&information).all(|x| x.is_finite());
        is_finite.then_some(Place { point, value, gradient, information })
    };
    let mut here = place(start).ok_or(Trouble::Lost)?;
    let mut was_sharp = false;
    for steps in 0..MOST_STEPS {
        let factor = Cholesky::pivoted(here.information.clone(), size, LEAST_PIVOT);
        let flat = factor.as_ref().err().copied();
        let factor = match factor {
            Ok(factor) => factor,
            Err(_) => damped(&here.information, size).ok_or(Trouble::Lost)?,
        };
        let step = factor.solved(here.gradient.clone());
        let (furthest, length) = largest(&step);
        let gain: f64 = step.iter().zip(&here.gradient).map(|(step, slope)| step * slope).sum();
        // What it still could gain is nothing, and yet the peak is far: there is none.
        if was_sharp && gain < 1e-8 && (length > 0.3 || flat.is_some()) {
            let runaway = if flat.is_some() { largest(&here.point).0 } else { furthest };
            return Err(Trouble::Endless(runaway));
        }
        let mut scale = 1.0;
        let next = (0..40).find_map(|_| {
            let moved = here.point.iter().zip(&step).map(|(x, step)| x + scale * step).collect();
            scale /= 2.0;
            place(moved).filter(|next| next.value >= here.value - 1e-12 * here.value.abs())
        });
        let is_there = length <= 1e-9 * (1.0 + largest(&here.point).1);
        match (next, flat) {
            (_, Some(column)) if is_there => return Err(Trouble::Flat(column)),
            (next, None) if is_there || next.is_none() && length < 1e-6 => {
                let last = next.unwrap_or(here);
                let Ok(factor) = Cholesky::pivoted(last.information.clone(), size, LEAST_PIVOT)
                else {
                    return Err(Trouble::Lost);
                };
                return Ok(Peak {
                    point: last.point,
                    value: last.value,
                    information: last.information,
                    covariance: factor.inverse(),
                    steps: steps + 1,
                });
            }
            (Some(next), _) => (here, was_sharp) = (next, was_sharp || flat.is_none()),
            (None, _) => return Err(Trouble::Lost),
        }
    }
    // So slowly rises only what has no end.
    Err(if was_sharp { Trouble::Endless(largest(&here.point).0) } else { Trouble::Lost })
}

/// The matrix with as much on its diagonal as makes it positive.
fn damped(matrix: &[f64], size: usize) -> Option<Cholesky> {
    let most = (0..size).fold(0.0, |most: f64, at| most.max(matrix[at * (size + 1)].abs()));
    let mut more = if most > 0.0 { 1e-3 * most } else { 1.0 };
    (0..12).find_map(|_| {
        let mut shifted = matrix.to_vec();
        (0..size).for_each(|at| shifted[at * (size + 1)] += more);
        more *= 10.0;
        Cholesky::of(shifted, size, LEAST_PIVOT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_found_with_its_covariance() {
        // −e^x + 3x − y²: x = ln 3, with the information 3 and 2.
        let found = peak(vec![0.0, 5.0], &mut |x, g, h| {
            (g[0], g[1]) = (3.0 - libm::exp(x[0]), -2.0 * x[1]);
            (h[0], h[3]) = (libm::exp(x[0]), 2.0);
            -libm::exp(x[0]) + 3.0 * x[0] - x[1] * x[1]
        })
        .unwrap();
        assert!((found.point[0] - libm::log(3.0)).abs() < 1e-12 && found.point[1].abs() < 1e-12);
        for (got, wanted) in found.covariance.iter().zip([1.0 / 3.0, 0.0, 0.0, 0.5]) {
            assert!((got - wanted).abs() < 1e-12, "{:?}", found.covariance);
        }
    }

    #[test]
    fn what_has_no_peak_says_why() {
        let flat = peak(vec![0.0, 0.0], &mut |x, g, h| {
            let sum = x[0] + x[1] - 1.0;
            g.fill(-2.0 * sum);
            h.fill(2.0);
            -sum * sum
        });
        assert_eq!(flat, Err(Trouble::Flat(1)));
        // ln of a logistic: rises for ever.
        let endless = peak(vec![0.0], &mut |x, g, h| {
            let p = 1.0 / (1.0 + libm::exp(x[0]));
            (g[0], h[0]) = (p, p * (1.0 - p));
            -libm::log1p(libm::exp(-x[0]))
        });
        assert_eq!(endless, Err(Trouble::Endless(0)));
        assert_eq!(peak(vec![0.0], &mut |_, _, _| f64::NAN), Err(Trouble::Lost));
    }
}
