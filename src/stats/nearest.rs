//! The nearest point of a polytope: which weights, none below 0 and 1 in sum, bring points closest to
//! the origin. What a synthetic control is weighed with.
//!
//! # Method
//! Wolfe's algorithm: a growing and shrinking set of affinely independent points, in whose hull the
//! nearest point is found exactly. It ends after finitely many steps, draws nothing by chance, and gives
//! few weights above 0.
//!
//! # References
//! P. Wolfe, "Finding the nearest point in a polytope", Mathematical Programming 11 (1976).
#![allow(clippy::indexing_slicing)] // Places are those of `points`, or of the chosen ones among them.

use super::cholesky::Cholesky;

/// What is told apart from 0, beside the largest squared length of a point.
const TOLERANCE: f64 = 1e-12;

/// The nearest point to the origin, as weights of the points.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// The weight of each point: at least 0, 1 in all.
    pub weights: Vec<f64>,
    /// Its distance from the origin.
    pub distance: f64,
    /// Whether no other weights are as near.
    pub is_unique: bool,
}

/// Weighs points of equal length so that their mean is nearest to the origin. `None` without points,
/// and for numbers that are not finite.
#[must_use]
pub fn nearest(points: &[Vec<f64>]) -> Option<Nearest> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let largest = points.iter().map(|point| dot(point, point)).fold(0.0, f64::max);
    if points.is_empty() || points.iter().flatten().any(|x| !x.is_finite()) || largest.is_infinite()
    {
        return None;
    }
    if largest == 0.0 {
        let mut weights = vec![0.0; points.len()];
        weights[0] = 1.0;
        return Some(Nearest { weights, distance: 0.0, is_unique: points.len() == 1 });
    }
    let product = |a: &[f64], b: &[f64]| dot(a, b) / largest;
    let mean = |chosen: &[usize], weights: &[f64]| {
        let mut sum = vec![0.0; points[0].len()];
        for (at, weight) in chosen.iter().zip(weights) {
            sum.iter_mut().zip(&points[*at]).for_each(|(sum, x)| *sum += weight * x);
        }
        sum
    };
    let first = (0..points.len())
        .min_by(|a, b| dot(&points[*a], &points[*a]).total_cmp(&dot(&points[*b], &points[*b])))?;
    let (mut chosen, mut weights) = (vec![first], vec![1.0]);
    let mut place = points[first].clone();
    // Each round brings the place nearer; the bound is against rounding alone.
    for _ in 0..20 * (points.len() + place.len()) {
        let along = |at: &usize| product(&place, &points[*at]);
        let next = (0..points.len()).min_by(|a, b| along(a).total_cmp(&along(b)))?;
        let here = product(&place, &place);
        if along(&next) >= here - TOLERANCE
            || here < TOLERANCE * TOLERANCE
            || chosen.contains(&next)
        {
            break;
        }
        let before = (chosen.clone(), weights.clone());
        chosen.push(next);
        weights.push(0.0);
        while let Some(affine) = affine(&chosen, &|a, b| product(&points[a], &points[b])) {
            if affine.iter().all(|weight| *weight > TOLERANCE) {
                weights = affine;
                break;
            }
            // As far towards the affine one as no weight falls below 0; who has none leaves.
            let pairs = || weights.iter().zip(&affine).filter(|(_, to)| **to <= TOLERANCE);
            let step = pairs().map(|(from, to)| from / (from - to)).fold(1.0, f64::min);
            let moved: Vec<f64> =
                weights.iter().zip(&affine).map(|(from, to)| from + step * (to - from)).collect();
            let kept = |at: usize| {
                moved[at] > TOLERANCE
                    && (affine[at] > TOLERANCE || weights[at] / (weights[at] - affine[at]) > step)
            };
            let keep: Vec<usize> = (0..chosen.len()).filter(|at| kept(*at)).collect();
            chosen = keep.iter().map(|at| chosen[*at]).collect();
            weights = keep.iter().map(|at| moved[*at]).collect();
        }
        let found = mean(&chosen, &weights);
        if chosen.is_empty() || product(&found, &found) > here {
            (chosen, weights) = before;
            break;
        }
        place = found;
    }
    let sum: f64 = weights.iter().sum();
    let mut all = vec![0.0; points.len()];
    chosen.iter().zip(&weights).for_each(|(at, weight)| all[*at] = weight / sum);
    let here = product(&place, &place);
    let as_near = points.iter().filter(|point| product(&place, point) <= here + 1e-9).count();
    Some(Nearest {
        weights: all,
        distance: (here * largest).sqrt(),
        is_unique: as_near == chosen.len(),
    })
}

/// The weights, 1 in sum, of the nearest point in the affine hull. `None` where points are affinely
/// dependent, or none is left.
fn affine(chosen: &[usize], product: &dyn Fn(usize, usize) -> f64) -> Option<Vec<f64>> {
    let size = chosen.len();
    let rows = chosen.iter().flat_map(|a| chosen.iter().map(|b| 1.0 + product(*a, *b)));
    let found = Cholesky::of(rows.collect(), size, TOLERANCE)?.solved(vec![1.0; size]);
    let sum: f64 = found.iter().sum();
    (size > 0 && sum > 0.0).then(|| found.iter().map(|weight| weight / sum).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn the_foot_of_a_perpendicular_and_a_corner() {
        let found = nearest(&[vec![1.0, 3.0], vec![1.0, -1.0], vec![5.0, 0.0]]).unwrap();
        let away = |found: f64, wanted: f64| (found - wanted).abs() < 1e-12;
        assert!(found.weights.iter().zip([0.25, 0.75, 0.0]).all(|(weight, to)| away(*weight, to)));
        assert!(away(found.distance, 1.0) && found.is_unique);
        let corner = nearest(&[vec![2.0, 1.0], vec![3.0, 1.0]]).unwrap();
        assert_eq!(corner.weights, [1.0, 0.0]);
        // Around the origin: many weights do.
        let inside =
            nearest(&[vec![1.0, 1.0], vec![-1.0, 1.0], vec![1.0, -1.0], vec![-1.0, -1.0]]).unwrap();
        assert!(inside.distance < 1e-9 && !inside.is_unique);
        assert_eq!(nearest(&[]), None);
        assert_eq!(nearest(&[vec![f64::NAN]]), None);
        assert_eq!(nearest(&[vec![0.0], vec![0.0]]).unwrap().weights, [1.0, 0.0]);
    }

    /// The conditions that hold at the nearest point alone: no point lies before the plane through it.
    #[test]
    fn no_other_point_would_bring_it_nearer() {
        let mut random = Random::new(3, 0);
        for round in 0..200_usize {
            let (size, length) = (1 + round % 23, 1 + round % 7);
            let shift = (round % 3) as f64;
            let points: Vec<Vec<f64>> = (0..size)
                .map(|_| (0..length).map(|_| random.unit() - 0.5 + shift).collect())
                .collect();
            let found = nearest(&points).unwrap();
            assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(found.weights.iter().all(|weight| *weight >= 0.0));
            let mut place = vec![0.0; length];
            for (point, weight) in points.iter().zip(&found.weights) {
                place.iter_mut().zip(point).for_each(|(at, x)| *at += weight * x);
            }
            let along = |p: &[f64]| place.iter().zip(p).map(|(a, b)| a * b).sum::<f64>();
            let here = along(&place);
            assert!((here.sqrt() - found.distance).abs() < 1e-8);
            assert!(points.iter().all(|point| along(point) > here - 1e-9), "{round}");
        }
    }
}
