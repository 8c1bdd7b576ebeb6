//! What share of each cohort had done something within so many days, where some were not seen for so
//! long: those count while they were seen, and not as if they never would.
//!
//! The share is that of Kaplan and Meier. Its interval is Wilson's with the number of customers that
//! the share is worth (Dorey and Korn's effective sample size): where everybody was seen for long
//! enough it is Wilson's own, and where nobody did it, or all did, it still has a width.
//!
//! # References
//! F. J. Dorey, E. L. Korn, "Effective sample sizes for confidence intervals for survival
//! probabilities", Statistics in Medicine 6 (1987) 679–687. R. Brookmeyer, J. Crowley, "A Confidence
//! Interval for the Median Survival Time", Biometrics 38 (1982) 29–41.

use serde::Serialize;

use super::survival::analysis::{CurvePoint, told};
use super::survival::curve::{Life, Point, kaplan_meier, median};
use crate::error::{Code, Error, Result};
use crate::stats::order::sort_by;
use crate::stats::proportion::{Interval, wilson};
use crate::stats::special::error::normal_quantile;
use crate::table::period::Periods;

/// Cohorts at most.
const MOST_COHORTS: usize = 400;
/// Points of a curve at most.
const MOST_POINTS: u32 = 120;

/// How long a customer was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// The period in which it began.
    pub(super) cohort: i32,
    /// Days until it came, or until it was last looked for.
    pub(super) days: u32,
    /// Whether it came.
    pub(super) came: bool,
}

/// How many of a cohort did it, and when.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CohortRates {
    /// The period in which its customers began, such as `2025-06`; null for all customers.
    pub cohort: Option<String>,
    /// Customers.
    pub customers: u64,
    /// Of them, those who have done it so far.
    pub came: u64,
    /// Days after which half of them have (Kaplan–Meier); null if that was not seen yet.
    pub median_days: Option<f64>,
    /// Lower end of its interval; null if it was not seen yet.
    pub median_low: Option<f64>,
    /// Upper end; null if it has none yet.
    pub median_high: Option<f64>,
    /// The shares within each of the horizons, in their order.
    pub rates: Vec<RateWithin>,
}

/// A share of a cohort within so many days.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RateWithin {
    /// The days.
    pub within_days: u32,
    /// Customers whose answer is known: they did it within the days, or were seen for all of them.
    pub known: u64,
    /// The share that does it within the days, 0 to 1; null if nobody was seen for so long.
    pub rate: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
}

/// The answer for all customers and for each cohort.
#[derive(Debug)]
pub(super) struct ByCohort {
    pub(super) all: CohortRates,
    pub(super) cohorts: Vec<CohortRates>,
    pub(super) curve: Vec<CurvePoint>,
}

/// Refuses horizons that do not ascend from 1 to 3,650 days, and more than 12.
pub(super) fn check_horizons(horizons: &[u32]) -> Result<()> {
    let ascend = horizons.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    let are_days = horizons.iter().all(|days| (1..=3650).contains(days));
    if ascend && are_days && (1..=12).contains(&horizons.len()) {
        return Ok(());
    }
    let hint = "1 to 12 ascending numbers of days, each from 1 to 3,650";
    Err(Error::new(Code::InvalidOption, hint).at_path("horizons"))
}

/// Of waits, which are put into the order of their cohorts.
///
/// # Errors
/// `not-enough-data` at `at` without anybody; `limit` at `period` with too many cohorts.
pub(super) fn by_cohort(
    waits: &mut [Wait],
    periods: Periods,
    horizons: &[u32],
    confidence: f64,
) -> Result<ByCohort> {
    sort_by(waits, |a: &Wait, b: &Wait| a.cohort.cmp(&b.cohort));
    let Some((all, points)) = rates(waits, None, horizons, confidence)? else {
        let hint = "nobody began up to this date: is it right?";
        return Err(Error::new(Code::NotEnoughData, hint).at_path("at"));
    };
    let mut cohorts = Vec::new();
    for cohort in waits.chunk_by(|a, b| a.cohort == b.cohort) {
        if cohorts.len() == MOST_COHORTS {
            let hint =
                "these are more than 400 cohorts: take a longer period, or begin later (`from`)";
            return Err(Error::new(Code::Limit, hint).at_path("period"));
        }
        let name = cohort.first().map(|wait| periods.name(wait.cohort));
        cohorts.extend(rates(cohort, name, horizons, confidence)?.map(|found| found.0));
    }
    let last = horizons.last().copied().unwrap_or(0);
    Ok(ByCohort { all, cohorts, curve: told(&points, last, last.div_ceil(MOST_POINTS)) })
}

fn rates(
    waits: &[Wait],
    cohort: Option<String>,
    horizons: &[u32],
    confidence: f64,
) -> Result<Option<(CohortRates, Vec<Point>)>> {
    if waits.is_empty() {
        return Ok(None);
    }
    let life = |wait: &Wait| Life {
        entry: f64::NEG_INFINITY,
        time: f64::from(wait.days),
        has_ended: wait.came,
    };
    let lives: Vec<Life> = waits.iter().map(life).collect();
    let points = kaplan_meier(&lives, confidence)?;
    let z = -normal_quantile((1.0 - confidence) / 2.0).unwrap_or(0.0);
    let first = |of: fn(&Point) -> f64| {
        points.iter().find(|point| of(point) <= 0.5 + 1e-12).map(|point| point.time)
    };
    let found = CohortRates {
        cohort,
        customers: waits.len() as u64,
        came: waits.iter().filter(|wait| wait.came).count() as u64,
        median_days: median(&points),
        median_low: first(|point| point.low),
        median_high: first(|point| point.high),
        rates: horizons.iter().map(|days| rate(waits, &points, *days, z)).collect(),
    };
    Ok(Some((found, points)))
}

fn rate(waits: &[Wait], points: &[Point], days: u32, z: f64) -> RateWithin {
    let is_known = |wait: &&Wait| wait.days >= days || wait.came;
    let known = waits.iter().filter(is_known).count() as u64;
    let (mut survival, mut greenwood) = (1.0, 0.0);
    for point in points.iter().take_while(|point| point.time <= f64::from(days)) {
        survival = point.survival;
        let (d, n) = (point.ended as f64, point.at_risk as f64);
        if d < n {
            greenwood += d / (n * (n - d));
        }
    }
    let was_seen = points.last().is_some_and(|last| last.time >= f64::from(days));
    if !was_seen && survival > 0.0 {
        return RateWithin { within_days: days, known, rate: None, interval: None };
    }
    let rate = 1.0 - survival;
    // S·(1 − S) over Greenwood's variance of S.
    let worth =
        if rate > 0.0 && survival > 0.0 { rate / (survival * greenwood) } else { known as f64 };
    let Interval { low, high } = wilson(rate * worth, survival * worth, z);
    let interval = Some(Interval { low: low.clamp(0.0, rate), high: high.clamp(rate, 1.0) });
    RateWithin { within_days: days, known, rate: Some(rate), interval }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::proportion::{ProportionInterval, proportion_interval};
    use crate::stats::random::Random;

    fn wait(days: u32, came: bool) -> Wait {
        Wait { cohort: 0, days, came }
    }

    fn one(waits: &[Wait], days: u32) -> RateWithin {
        rates(waits, None, &[days], 0.95).unwrap().unwrap().0.rates[0]
    }

    #[test]
    fn with_everybody_seen_long_enough_it_is_wilsons() {
        for came in [0, 1, 7, 20] {
            let waits: Vec<Wait> = (0..20)
                .map(|at| if at < came { wait(at + 1, true) } else { wait(40, false) })
                .collect();
            let found = one(&waits, 30);
            let wilson =
                proportion_interval(u64::from(came), 20, 0.95, ProportionInterval::Wilson).unwrap();
            let interval = found.interval.unwrap();
            assert_eq!(found.known, 20);
            assert!((found.rate.unwrap() - f64::from(came) / 20.0).abs() < 1e-12);
            assert!((interval.low - wilson.low).abs() < 1e-12, "{came}");
            assert!((interval.high - wilson.high).abs() < 1e-12, "{came}");
        }
    }

    #[test]
    fn who_was_not_seen_long_enough_is_no_failure() {
        // lifelines 0.30.0, KaplanMeierFitter: S(10) = 0.75, S(20) = 0.375.
        let waits = [wait(10, true), wait(12, false), wait(20, true), wait(30, false)];
        let found = rates(&waits, None, &[10, 20, 30, 31], 0.95).unwrap().unwrap().0;
        let told: Vec<_> = found.rates.iter().map(|rate| (rate.known, rate.rate)).collect();
        assert_eq!(told, [(4, Some(0.25)), (3, Some(0.625)), (3, Some(0.625)), (2, None)]);
        assert_eq!((found.median_days, found.median_high), (Some(20.0), None));
    }

    #[test]
    fn the_median_has_the_interval_of_lifelines() {
        let waits: Vec<Wait> = (1..=30).map(|at| wait(3 * at, at % 3 != 0)).collect();
        let found = rates(&waits, None, &[45], 0.95).unwrap().unwrap().0;
        let told = (found.median_days, found.median_low, found.median_high);
        assert_eq!(told, (Some(60.0), Some(39.0), Some(75.0)));
        assert!((found.rates[0].rate.unwrap() - 0.362_901_996_646_852_96).abs() < 1e-12);
    }

    #[test]
    fn the_interval_covers_the_true_share() {
        let mut random = Random::new(5, 0);
        let (mut inside, mut runs) = (0.0, 0.0);
        for mean in [40.0, 400.0] {
            let truth = 1.0 - (-60.5_f64 / mean).exp();
            for _ in 0..1_000 {
                let waits: Vec<Wait> = (0..60)
                    .map(|_| {
                        let came = (-mean * random.unit().max(1e-300).ln()).round() as u32;
                        let seen = random.below(120);
                        wait(came.min(seen), came <= seen)
                    })
                    .collect();
                let Some(interval) = one(&waits, 60).interval else { continue };
                inside += f64::from(u8::from(interval.low <= truth && truth <= interval.high));
                runs += 1.0;
            }
        }
        assert!((0.935..0.975).contains(&(inside / runs)), "{}", inside / runs);
    }
}
