//! The Kaplan–Meier estimate of survival with its intervals, and the cumulative hazard of Nelson and
//! Aalen.
//!
//! Intervals are of the complementary logarithm (exponential Greenwood): they stay between 0 and 1 and
//! need no large samples at the ends.
//!
//! When not to use it: where what ends the observation has to do with what is waited for (customers
//! who are not seen any longer because they have left).
//!
//! # References
//! E. L. Kaplan, P. Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53 (1958)
//! 457–481. O. Aalen, Annals of Statistics 6 (1978) 701–726. J. D. Kalbfleisch, R. L. Prentice, "The
//! Statistical Analysis of Failure Time Data" (2002), §1.4.

use crate::error::{Code, Error, Result};
use crate::stats::special::error::normal_quantile;

/// One life, or as much of it as was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Life {
    /// It is seen from after this time on; −∞ from the start.
    pub entry: f64,
    /// It is seen up to this time.
    pub time: f64,
    /// Whether it ended then; otherwise it is not known how it went on.
    pub has_ended: bool,
}

impl Life {
    /// Whether it lasts from its entry to a later time that is finite and not below 0.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.time >= 0.0 && self.time.is_finite() && self.entry < self.time
    }
}

/// The estimates from one time on, up to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The time.
    pub time: f64,
    /// Lives seen just before.
    pub at_risk: u64,
    /// Lives that ended then.
    pub ended: u64,
    /// Lives last seen then that did not end.
    pub censored: u64,
    /// Share of lives that go on beyond.
    pub survival: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Cumulative hazard, Nelson–Aalen.
    pub hazard: f64,
    /// The same with lives that end together taken one after the other (Fleming and Harrington).
    pub hazard_of_ties: f64,
}

/// The curve at time 0 and at every time at which a life was last seen or, where entries are late,
/// first.
///
/// # Errors
/// `not-enough-data` without lives; `invalid-option` for a time below 0 or not finite, or one that is
/// not after its entry.
pub fn kaplan_meier(lives: &[Life], confidence: f64) -> Result<Vec<Point>> {
    if lives.is_empty() {
        return Err(Error::new(Code::NotEnoughData, "there are no lives to follow"));
    }
    if !lives.iter().all(Life::is_sound) {
        return Err(Error::new(Code::InvalidOption, "a life lasts from its entry to a later time"));
    }
    let mut ends: Vec<(f64, bool)> = lives.iter().map(|life| (life.time, life.has_ended)).collect();
    ends.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut entries: Vec<f64> = lives.iter().map(|life| life.entry).collect();
    entries.sort_unstable_by(f64::total_cmp);
    let late = entries.iter().copied().filter(|entry| *entry > 0.0);
    let mut times: Vec<f64> = ends.iter().map(|end| end.0).chain(late).chain([0.0]).collect();
    times.sort_unstable_by(f64::total_cmp);
    times.dedup();
    let z = -normal_quantile((1.0 - confidence) / 2.0).unwrap_or(0.0);
    let (mut survival, mut greenwood, mut hazard, mut hazard_of_ties) = (1.0, 0.0, 0.0, 0.0);
    let mut points = Vec::with_capacity(times.len());
    for time in times {
        let entered =
            entries.partition_point(|entry| *entry < time || (time == 0.0 && *entry <= 0.0));
        let gone = ends.partition_point(|end| end.0 < time);
        let here = ends.get(gone..).unwrap_or_default();
        let here = here.iter().take_while(|end| end.0 == time);
        let (mut ended, mut censored) = (0_u64, 0_u64);
        here.for_each(|end| *(if end.1 { &mut ended } else { &mut censored }) += 1);
        let at_risk = entered.saturating_sub(gone) as u64;
        if ended > 0 {
            let (d, n) = (ended as f64, at_risk as f64);
            survival *= 1.0 - d / n;
            greenwood += d / (n * (n - d));
            hazard += d / n;
            hazard_of_ties += (0..ended).map(|before| 1.0 / (n - before as f64)).sum::<f64>();
        }
        let reach = z * f64::sqrt(greenwood) / libm::log(survival);
        let (low, high) = match survival {
            1.0 => (1.0, 1.0),
            0.0 => (0.0, 0.0),
            _ => (libm::pow(survival, libm::exp(-reach)), libm::pow(survival, libm::exp(reach))),
        };
        points.push(Point {
            time,
            at_risk,
            ended,
            censored,
            survival,
            low,
            high,
            hazard,
            hazard_of_ties,
        });
    }
    Ok(points)
}

/// The first time at which half of the lives or fewer go on; `None` if more do to the end.
#[must_use]
pub fn median(points: &[Point]) -> Option<f64> {
    points.iter().find(|point| point.survival <= 0.5 + 1e-12).map(|point| point.time)
}

/// The mean time within the first `until`, and its variance: the area under the curve, with
/// Greenwood's variance. `None` where the curve ends before and lives still go on.
///
/// # Reference
/// J. O. Irwin, Journal of Hygiene 47 (1949) 188–189; P. Royston, M. K. B. Parmar, BMC Medical Research
/// Methodology 13 (2013) 152.
#[must_use]
pub fn restricted_mean(points: &[Point], until: f64) -> Option<(f64, f64)> {
    let last =
        points.last().filter(|last| until >= 0.0 && until.is_finite() && !last.time.is_nan())?;
    if last.time < until && last.survival > 0.0 {
        return None;
    }
    // Backwards, so that the area behind each time is known there.
    let (mut end, mut area, mut variance) = (until, 0.0, 0.0);
    for point in points.iter().rev().filter(|point| point.time <= until) {
        area += (end - point.time) * point.survival;
        end = point.time;
        let (d, n) = (point.ended as f64, point.at_risk as f64);
        if d > 0.0 && d < n {
            variance += area * area * d / (n * (n - d));
        }
    }
    Some((area, variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(time: f64, has_ended: bool) -> Life {
        Life { entry: f64::NEG_INFINITY, time, has_ended }
    }

    #[test]
    fn lives_that_are_not_seen_to_their_end_count_while_they_are_seen() {
        // 6+, 6, 6, 6, 7, 10: the first four of the classic six-mercaptopurine sample.
        let lives = [
            life(6.0, false),
            life(6.0, true),
            life(6.0, true),
            life(6.0, true),
            life(7.0, true),
            life(10.0, false),
        ];
        let points = kaplan_meier(&lives, 0.95).unwrap();
        let told: Vec<_> = points
            .iter()
            .map(|point| (point.time, point.at_risk, point.ended, point.censored))
            .collect();
        assert_eq!(told, [(0.0, 6, 0, 0), (6.0, 6, 3, 1), (7.0, 2, 1, 0), (10.0, 1, 0, 1)]);
        assert_eq!(points[1].survival, 0.5);
        assert_eq!(points[2].survival, 0.25);
        assert_eq!(median(&points), Some(6.0));
        assert!(points[2].low < 0.25 && points[2].high > 0.25 && points[2].high < 1.0);
        // 3/6 + 1/2, and 1/6 + 1/5 + 1/4 + 1/2.
        assert!((points[3].hazard - 1.0).abs() < 1e-15);
        assert!((points[3].hazard_of_ties - 67.0 / 60.0).abs() < 1e-15);
    }

    #[test]
    fn who_enters_late_is_not_at_risk_before() {
        let late = Life { entry: 5.0, time: 8.0, has_ended: true };
        let points = kaplan_meier(&[life(3.0, true), life(9.0, false), late], 0.95).unwrap();
        let told: Vec<_> = points.iter().map(|point| (point.time, point.at_risk)).collect();
        assert_eq!(told, [(0.0, 2), (3.0, 2), (5.0, 1), (8.0, 2), (9.0, 1)]);
        assert_eq!(points[3].survival, 0.25);
    }

    /// 1, 2, 4+, 5: S = 1, ¾, ½ (to 5), 0; the areas behind 1 and 2 are 9/4 and 3/2.
    #[test]
    fn a_restricted_mean_is_the_area_under_the_curve() {
        let lives = [life(1.0, true), life(2.0, true), life(4.0, false), life(5.0, true)];
        let points = kaplan_meier(&lives, 0.95).unwrap();
        let (mean, variance) = restricted_mean(&points, 5.0).unwrap();
        assert!((mean - 3.25).abs() < 1e-15);
        assert!((variance - (2.25 * 2.25 / 12.0 + 1.5 * 1.5 / 6.0)).abs() < 1e-15);
        assert!((restricted_mean(&points, 1.5).unwrap().0 - 1.375).abs() < 1e-15);
        // Nobody is left after 5: the mean no longer depends on the end.
        assert_eq!(restricted_mean(&points, 9.0), Some((mean, variance)));
        let open = kaplan_meier(&lives[..3], 0.95).unwrap();
        assert!(restricted_mean(&open, 4.0).is_some() && restricted_mean(&open, 4.5).is_none());
        assert_eq!(restricted_mean(&[], 1.0), None);
    }

    #[test]
    fn what_is_no_life_is_refused() {
        assert_eq!(kaplan_meier(&[], 0.95).unwrap_err().code(), Code::NotEnoughData);
        for (entry, time) in [(0.0, -1.0), (0.0, f64::NAN), (3.0, 3.0), (0.0, f64::INFINITY)] {
            let life = Life { entry, time, has_ended: true };
            assert_eq!(kaplan_meier(&[life], 0.95).unwrap_err().code(), Code::InvalidOption);
        }
    }
}
