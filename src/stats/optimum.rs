//! The maximum of a smooth function of a few unbounded variables, and what its curvature says of
//! it: standard errors, how well it is determined, or why there is none.
//!
//! BFGS with halved steps, then Newton's steps with the Hessian by central differences of the
//! gradient, which also gives the covariance. A step into where the function is not finite is
//! halved like any other, never fatal. Variables stay within [`BOUND`] of 0: of a logarithm that is
//! six orders of magnitude either way, so that a maximum at infinity ends there and is named.
//!
//! # References
//! J. Nocedal, S. J. Wright, "Numerical Optimization" (2006), algorithm 6.1 and §3.4. Eigenvalues by
//! Jacobi's rotations: W. H. Press et al., "Numerical Recipes" (2007), §11.1.
#![allow(clippy::indexing_slicing)] // Vectors have `size` entries and matrices `size²`, as they are made here.

use serde::Serialize;

/// How far from 0 a variable may go.
pub const BOUND: f64 = 14.0;

/// A Hessian whose largest eigenvalue is so many times the smallest determines nothing.
const MOST_CONDITION: f64 = 1e9;

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Ending {
    /// At a maximum that the function determines.
    Converged,
    /// The function rises towards an end of a variable's range: the data ask for a simpler model.
    Boundary,
    /// The function hardly changes along some direction: the data do not tell the variables apart.
    Flat,
    /// Neither a maximum nor a reason was found within the steps allowed.
    StepLimit,
}

/// Where a search ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Maximum {
    /// The variables.
    pub point: Vec<f64>,
    /// The function there.
    pub value: f64,
    /// Largest absolute entry of the gradient, divided by the weight of the data.
    pub gradient: f64,
    /// How it ended.
    pub ending: Ending,
    /// Which variable is at the end of its range, or weighs most in the flat direction.
    pub culprit: Option<usize>,
    /// Evaluations of the function.
    pub evaluations: u32,
    /// Largest eigenvalue of the Hessian over the smallest; `None` unless all are below 0.
    pub condition: Option<f64>,
    /// Minus the inverse of the Hessian, row by row: the covariance of the variables if the function
    /// is a log-likelihood. `None` unless [`Ending::Converged`].
    pub covariance: Option<Vec<f64>>,
}

/// A function with its gradient, which it writes into the second slice.
pub type Function<'a> = dyn FnMut(&[f64], &mut [f64]) -> f64 + 'a;

/// Minus a function, over the weight of its data.
struct Search<'a, 'f> {
    function: &'a mut Function<'f>,
    weight: f64,
    size: usize,
    evaluations: u32,
}

/// A point with the value and the gradient there.
#[derive(Clone)]
struct Place {
    point: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl Place {
    fn steepest(&self) -> f64 {
        self.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The highest point that is found from the `starts`, taken one after the other until one converges.
/// `weight` is how many observations the function sums over, so that what counts as flat does not
/// depend on their number. `None` if the function is finite at no start.
pub fn maximum(starts: &[&[f64]], weight: f64, function: &mut Function<'_>) -> Option<Maximum> {
    let size = starts.first()?.len();
    let mut search = Search { function, weight: weight.max(1.0), size, evaluations: 0 };
    let mut best: Option<Maximum> = None;
    for start in starts {
        let Some(found) = search.from(start) else { continue };
        let is_better = best.as_ref().is_none_or(|best| found.value > best.value);
        if is_better || found.ending == Ending::Converged {
            best = Some(found);
        }
        if best.as_ref().is_some_and(|best| best.ending == Ending::Converged) {
            break;
        }
    }
    best.map(|best| Maximum { evaluations: search.evaluations, ..best })
}

impl Search<'_, '_> {
    fn place(&mut self, point: Vec<f64>) -> Option<Place> {
        let mut gradient = vec![0.0; self.size];
        self.evaluations += 1;
        let value = -(self.function)(&point, &mut gradient) / self.weight;
        gradient.iter_mut().for_each(|g| *g /= -self.weight);
        let is_finite = value.is_finite() && gradient.iter().all(|g| g.is_finite());
        is_finite.then_some(Place { point, value, gradient })
    }

    /// A step down along `direction`, halved until it is one.
    fn step(&mut self, from: &Place, direction: &[f64]) -> Option<Place> {
        let longest = direction.iter().fold(0.0, |most: f64, d| most.max(d.abs()));
        let mut length = f64::min(1.0, 1.5 / longest);
        let slope = dot(&from.gradient, direction);
        for _ in 0..50 {
            let moved = from.point.iter().zip(direction);
            let point = moved.map(|(x, d)| (x + length * d).clamp(-BOUND, BOUND)).collect();
            if let Some(next) = self.place(point) {
                // Near the optimum sums over many rows agree to all digits they have, and the gradient
                // decides.
                let slack = 1e-12 * from.value.abs();
                let falls = next.value <= from.value + 1e-4 * length * slope;
                let is_level = next.value <= from.value + slack;
                if falls || (is_level && next.steepest() < from.steepest()) {
                    return Some(next);
                }
            }
            length /= 2.0;
        }
        None
    }

    /// BFGS until the gradient is small or nothing moves.
    fn descend(&mut self, start: Place) -> Place {
        let size = self.size;
        let unit = |scale: f64| -> Vec<f64> {
            (0..size * size).map(|at| if at % (size + 1) == 0 { scale } else { 0.0 }).collect()
        };
        let (mut place, mut inverse, mut is_fresh) = (start, unit(1.0), true);
        for _ in 0..200 {
            if place.steepest() < 1e-7 {
                break;
            }
            let row = |at: usize| -dot(&inverse[at * size..][..size], &place.gradient);
            let mut direction: Vec<f64> = (0..size).map(row).collect();
            if dot(&direction, &place.gradient) >= 0.0 {
                direction = place.gradient.iter().map(|g| -g).collect();
            }
            let Some(next) = self.step(&place, &direction) else {
                if is_fresh {
                    break;
                }
                (inverse, is_fresh) = (unit(1.0), true);
                continue;
            };
            let s: Vec<f64> = next.point.iter().zip(&place.point).map(|(a, b)| a - b).collect();
            let y: Vec<f64> =
                next.gradient.iter().zip(&place.gradient).map(|(a, b)| a - b).collect();
            place = next;
            let curvature = dot(&s, &y);
            if curvature <= 1e-14 * dot(&y, &y) {
                continue;
            }
            if is_fresh {
                (inverse, is_fresh) = (unit(curvature / dot(&y, &y)), false);
            }
            let spread: Vec<f64> =
                (0..size).map(|at| dot(&inverse[at * size..][..size], &y)).collect();
            let factor = 1.0 + dot(&y, &spread) / curvature;
            for (i, si) in s.iter().enumerate() {
                for (j, sj) in s.iter().enumerate() {
                    inverse[i * size + j] +=
                        (factor * si * sj - spread[i] * sj - si * spread[j]) / curvature;
                }
            }
        }
        place
    }

    /// The Hessian by central differences; `None` where the function ends.
    fn hessian(&mut self, at: &Place) -> Option<Vec<f64>> {
        const STEP: f64 = 1e-4;
        let size = self.size;
        let mut hessian = vec![0.0; size * size];
        for column in 0..size {
            let mut shifted = |by: f64| {
                let mut point = at.point.clone();
                point[column] += by;
                self.place(point)
            };
            let (after, before) = (shifted(STEP)?, shifted(-STEP)?);
            for row in 0..size {
                let slope = (after.gradient[row] - before.gradient[row]) / (2.0 * STEP);
                hessian[row * size + column] += slope / 2.0;
                hessian[column * size + row] += slope / 2.0;
            }
        }
        Some(hessian)
    }

    fn from(&mut self, start: &[f64]) -> Option<Maximum> {
        let size = self.size;
        let first = self.place(start.to_vec())?;
        let mut place = self.descend(first);
        let mut curvature = None;
        for _ in 0..20 {
            curvature = self.hessian(&place).map(|hessian| Eigen::of(hessian, size));
            let Some(eigen) = &curvature else { break };
            if place.steepest() < 1e-10 || eigen.smallest() <= 0.0 {
                break;
            }
            let inverse = eigen.inverse();
            let row = |at: usize| -dot(&inverse[at * size..][..size], &place.gradient);
            let direction: Vec<f64> = (0..size).map(row).collect();
            let Some(next) = self.step(&place, &direction) else { break };
            let is_same = next.point == place.point;
            place = next;
            if is_same {
                break;
            }
        }
        let gradient = place.steepest();
        let eigen = curvature?;
        let condition = (eigen.smallest() > 0.0).then(|| eigen.largest() / eigen.smallest());
        let at_end = place.point.iter().position(|x| x.abs() >= BOUND);
        let is_sharp = condition.is_some_and(|condition| condition < MOST_CONDITION);
        let (ending, culprit) = match at_end {
            Some(at) => (Ending::Boundary, Some(at)),
            None if is_sharp && gradient < 1e-7 => (Ending::Converged, None),
            None if is_sharp || gradient >= 1e-5 => (Ending::StepLimit, None),
            None => {
                let at = eigen.weakest();
                // Far out the function levels off towards the end of the range.
                let is_far = place.point[at].abs() > BOUND / 3.0;
                (if is_far { Ending::Boundary } else { Ending::Flat }, Some(at))
            }
        };
        let covariance = (ending == Ending::Converged)
            .then(|| eigen.inverse().iter().map(|entry| entry / self.weight).collect());
        Some(Maximum {
            point: place.point,
            value: -place.value * self.weight,
            gradient,
            ending,
            culprit,
            evaluations: self.evaluations,
            condition,
            covariance,
        })
    }
}

/// Eigenvalues of a symmetric matrix, and its eigenvectors as columns.
struct Eigen {
    size: usize,
    values: Vec<f64>,
    vectors: Vec<f64>,
}

impl Eigen {
    fn of(mut matrix: Vec<f64>, size: usize) -> Eigen {
        let mut vectors: Vec<f64> =
            (0..size * size).map(|at| f64::from(u8::from(at % (size + 1) == 0))).collect();
        for _ in 0..60 {
            let mut rest = 0.0;
            for p in 0..size {
                for q in p + 1..size {
                    let off = matrix[p * size + q];
                    let (low, high) = (matrix[p * size + p], matrix[q * size + q]);
                    rest += off.abs();
                    if off == 0.0 {
                        continue;
                    }
                    let theta = (high - low) / (2.0 * off);
                    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                    let c = 1.0 / (t * t + 1.0).sqrt();
                    let s = t * c;
                    for k in 0..size {
                        let (a, b) = (matrix[k * size + p], matrix[k * size + q]);
                        matrix[k * size + p] = c * a - s * b;
                        matrix[k * size + q] = s * a + c * b;
                    }
                    for k in 0..size {
                        let (a, b) = (matrix[p * size + k], matrix[q * size + k]);
                        matrix[p * size + k] = c * a - s * b;
                        matrix[q * size + k] = s * a + c * b;
                        let (a, b) = (vectors[k * size + p], vectors[k * size + q]);
                        vectors[k * size + p] = c * a - s * b;
                        vectors[k * size + q] = s * a + c * b;
                    }
                }
            }
            if rest == 0.0 {
                break;
            }
        }
        let values = (0..size).map(|at| matrix[at * (size + 1)]).collect();
        Eigen { size, values, vectors }
    }

    fn smallest(&self) -> f64 {
        self.values.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn largest(&self) -> f64 {
        self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The entry that weighs most in the vector of the smallest eigenvalue.
    fn weakest(&self) -> usize {
        let least = self.smallest();
        let column = self.values.iter().position(|value| *value == least).unwrap_or(0);
        let weight = |row: &usize| self.vectors[row * self.size + column].abs();
        (0..self.size).max_by(|a, b| weight(a).total_cmp(&weight(b))).unwrap_or(0)
    }

    fn inverse(&self) -> Vec<f64> {
        let size = self.size;
        let entry = |at: usize| {
            let (row, column) = (at / size, at % size);
            let of = |k: usize| {
                self.vectors[row * size + k] * self.vectors[column * size + k] / self.values[k]
            };
            (0..size).map(of).sum()
        };
        (0..size * size).map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bent_valley_is_walked_to_its_end_with_the_covariance_there() {
        // Rosenbrock, upside down; its Hessian at (1, 1) is [[802, −400], [−400, 200]].
        let mut valley = |x: &[f64], g: &mut [f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            g[0] = 2.0 * a + 400.0 * x[0] * b;
            g[1] = -200.0 * b;
            -a * a - 100.0 * b * b
        };
        let found = maximum(&[&[-1.2, 1.0]], 1.0, &mut valley).unwrap();
        assert_eq!(found.ending, Ending::Converged);
        assert!(found.point.iter().all(|x| (x - 1.0).abs() < 1e-8), "{:?}", found.point);
        let covariance = found.covariance.unwrap();
        for (got, wanted) in covariance.iter().zip([0.5, 1.0, 1.0, 2.005]) {
            assert!((got - wanted).abs() < 1e-4, "{covariance:?}");
        }
    }

    #[test]
    fn what_rises_for_ever_ends_at_the_boundary_and_names_the_variable() {
        let mut rising = |x: &[f64], g: &mut [f64]| {
            g[0] = -2.0 * (x[0] - 2.0);
            g[1] = libm::exp(-x[1]);
            -(x[0] - 2.0) * (x[0] - 2.0) - libm::exp(-x[1])
        };
        let found = maximum(&[&[0.0, 0.0]], 1.0, &mut rising).unwrap();
        assert_eq!((found.ending, found.culprit), (Ending::Boundary, Some(1)));
        assert!(found.covariance.is_none() && (found.point[0] - 2.0).abs() < 1e-4);
    }

    #[test]
    fn what_does_not_tell_two_variables_apart_is_flat() {
        let mut ridge = |x: &[f64], g: &mut [f64]| {
            let sum = x[0] + x[1] - 1.0;
            g.fill(-2.0 * sum);
            -sum * sum
        };
        let found = maximum(&[&[0.0, 0.0]], 1.0, &mut ridge).unwrap();
        assert_eq!(found.ending, Ending::Flat);
    }

    #[test]
    fn steps_into_nowhere_are_halved_and_a_start_in_it_is_passed_over() {
        let mut half = |x: &[f64], g: &mut [f64]| {
            g[0] = 1.0 / x[0] - 1.0;
            libm::log(x[0]) - x[0]
        };
        let found = maximum(&[&[-1.0], &[0.1]], 1.0, &mut half).unwrap();
        assert!((found.point[0] - 1.0).abs() < 1e-9 && found.ending == Ending::Converged);
        assert!(maximum(&[&[-1.0]], 1.0, &mut half).is_none());
    }
}
