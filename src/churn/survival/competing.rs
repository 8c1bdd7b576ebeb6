//! Competing risks: the probability that a life has ended by a time, for each of several causes.
//!
//! The estimate of Aalen and Johansen: at each time the share of those at risk that ends by a cause,
//! of those who are still there. The probabilities of all causes and of going on sum to 1; one minus
//! the curve of Kaplan and Meier with other causes as censored would count too many.
//!
//! When not to use it: where it is asked how many would end by one cause if the others were not there.
//!
//! # References
//! O. O. Aalen, S. Johansen, Scandinavian Journal of Statistics 5 (1978) 141–150. Variance: E. Marubini,
//! M. G. Valsecchi, "Analysing Survival Data from Clinical Trials and Observational Studies" (1995),
//! formula 10.12.
#![allow(clippy::indexing_slicing)] // Causes are counted from 1 to `causes`.

use super::curve::Life;
use crate::error::{Code, Error, Result};
use crate::stats::order::arrangement;
use crate::stats::special::error::normal_quantile;

/// The probabilities from one time on.
#[derive(Clone, Debug, PartialEq)]
pub struct Incidence {
    /// The time.
    pub time: f64,
    /// Lives seen just before.
    pub at_risk: u64,
    /// Of each cause, from the first: probability to have ended by it, and its interval.
    pub causes: Vec<[f64; 3]>,
}

/// Sums of one cause for its variance.
#[derive(Clone, Copy, Default)]
struct Sums {
    incidence: f64,
    greenwood: f64,
    greenwood_incidence: f64,
    greenwood_square: f64,
    own: f64,
    cross: f64,
    cross_incidence: f64,
}

/// The curves of all causes at every time at which a life was last seen. `causes` holds for each life
/// what ended it, from 1, or 0 where it had not ended. Intervals are of `ln −ln`.
///
/// # Errors
/// `not-enough-data` without lives or without an end; `invalid-option` for what is no life, or where
/// causes are not as many as lives.
pub fn incidences(lives: &[Life], causes: &[u32], confidence: f64) -> Result<Vec<Incidence>> {
    let most = causes.iter().copied().max().unwrap_or(0) as usize;
    if causes.len() != lives.len() || !lives.iter().all(Life::is_sound) {
        let hint = "a life lasts from its entry to a later time and has one cause or none";
        return Err(Error::new(Code::InvalidOption, hint));
    }
    if most == 0 {
        return Err(Error::new(Code::NotEnoughData, "nobody's time has ended: all are censored"));
    }
    let z = -normal_quantile((1.0 - confidence) / 2.0).unwrap_or(0.0);
    let by_time = arrangement(lives.len(), &|a, b| lives[a].time.total_cmp(&lives[b].time));
    let by_entry = arrangement(lives.len(), &|a, b| lives[a].entry.total_cmp(&lives[b].entry));
    let (mut survival, mut sums) = (1.0, vec![Sums::default(); most]);
    let (mut gone, mut points) = (0, Vec::new());
    let time_of = |row: u32| lives[row as usize].time;
    for now in by_time.chunk_by(|a, b| time_of(*a) == time_of(*b)) {
        let time = time_of(now[0]);
        let entered = by_entry.partition_point(|row| lives[*row as usize].entry < time);
        let at_risk = entered - gone;
        gone += now.len();
        let mut ends = vec![0.0; most];
        now.iter()
            .filter_map(|row| (causes[*row as usize] as usize).checked_sub(1))
            .for_each(|cause| ends[cause] += 1.0);
        let (n, all) = (at_risk as f64, ends.iter().sum::<f64>());
        for (sums, own) in sums.iter_mut().zip(&ends) {
            sums.incidence += survival * own / n;
            // With the last one gone nothing moves any more, and the term is 0.
            let greenwood = if all < n { all / (n * (n - all)) } else { 0.0 };
            let cross = survival * own / (n * n);
            sums.greenwood += greenwood;
            sums.greenwood_incidence += greenwood * sums.incidence;
            sums.greenwood_square += greenwood * sums.incidence * sums.incidence;
            sums.own += survival * survival * own * (n - own) / (n * n * n);
            sums.cross += cross;
            sums.cross_incidence += cross * sums.incidence;
        }
        survival *= 1.0 - all / n;
        let interval = |sums: &Sums| {
            let i = sums.incidence;
            let variance = i * i * sums.greenwood - 2.0 * i * sums.greenwood_incidence
                + sums.greenwood_square
                + sums.own
                - 2.0 * (i * sums.cross - sums.cross_incidence);
            let log = libm::log(i);
            let reach = z * variance.max(0.0).sqrt() / (i * log);
            if i <= 0.0 || log >= 0.0 {
                return [i, i, i];
            }
            let [a, b] = [reach, -reach].map(|reach| libm::exp(log * libm::exp(reach)));
            [i, a.min(b), a.max(b)]
        };
        let causes = sums.iter().map(interval).collect();
        points.push(Incidence { time, at_risk: at_risk as u64, causes });
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(time: f64, cause: u32) -> Life {
        Life { entry: f64::NEG_INFINITY, time, has_ended: cause > 0 }
    }

    #[test]
    fn causes_and_going_on_sum_to_one() {
        let ends = [(1.0, 1), (1.0, 2), (2.0, 0), (3.0, 1), (3.0, 0), (4.0, 2), (5.0, 1)];
        let lives: Vec<Life> = ends.iter().map(|(time, cause)| life(*time, *cause)).collect();
        let causes: Vec<u32> = ends.iter().map(|end| end.1).collect();
        let points = incidences(&lives, &causes, 0.95).unwrap();
        let curve = super::super::curve::kaplan_meier(&lives, 0.95).unwrap();
        for (point, known) in points.iter().zip(&curve[1..]) {
            let sum: f64 = point.causes.iter().map(|cause| cause[0]).sum();
            assert!((sum - (1.0 - known.survival)).abs() < 1e-15);
            assert!(point.causes.iter().all(|[i, low, high]| low <= i && i <= high));
        }
    }

    /// With one cause it is one minus Kaplan and Meier, and the variance Greenwood's.
    #[test]
    fn one_cause_is_the_curve_of_kaplan_and_meier() {
        let lives = [life(1.0, 1), life(2.0, 0), life(3.0, 1), life(4.0, 1), life(6.0, 0)];
        let points = incidences(&lives, &[1, 0, 1, 1, 0], 0.95).unwrap();
        let [incidence, low, high] = points[3].causes[0];
        // S = 4/5·2/3·1/2, and S²·(1/(5·4) + 1/(3·2) + 1/(2·1)).
        let (survival, greenwood) = (4.0 / 15.0, 1.0 / 20.0 + 1.0 / 6.0 + 0.5);
        assert!((incidence - (1.0 - survival)).abs() < 1e-15);
        let log = libm::log(incidence);
        let reach = 1.959_963_984_540_054 * survival * f64::sqrt(greenwood) / (incidence * log);
        assert!((low - libm::exp(log * libm::exp(-reach))).abs() < 1e-12, "{low} {high}");
        assert!((high - libm::exp(log * libm::exp(reach))).abs() < 1e-12);
    }

    #[test]
    fn without_an_end_there_is_nothing_to_tell() {
        assert_eq!(
            incidences(&[life(1.0, 0)], &[0], 0.95).unwrap_err().code(),
            Code::NotEnoughData
        );
        assert_eq!(incidences(&[], &[], 0.95).unwrap_err().code(), Code::NotEnoughData);
        assert_eq!(
            incidences(&[life(-1.0, 1)], &[1], 0.95).unwrap_err().code(),
            Code::InvalidOption
        );
    }
}
