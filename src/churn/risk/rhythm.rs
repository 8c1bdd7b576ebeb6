//! What BG/NBD expects of customers at a cut-off: fitted to the days before it, of everybody known by
//! then, and to nothing later.

use super::label::Windows;
use crate::churn::btyd::fit::purchases;
use crate::churn::btyd::histories::{Counts, PaidDay, counted};
use crate::churn::btyd::{Family, History, Model};
use crate::stats::optimum::Ending;
use crate::table::period::{Periods, Unit, WeekStart};

/// Days of the model's unit of time.
const UNIT: f64 = 7.0;
const DAYS: Periods = Periods { unit: Unit::Day, week_start: WeekStart::Monday };

/// What is known of a customer before a cut-off; `None` of one who had not bought.
pub(super) fn history(windows: Windows, days: &[PaidDay]) -> Option<History> {
    Counts::of(days, windows.cutoff.saturating_sub(1), DAYS)?.history(UNIT).ok()
}

/// The model of these histories; `None` where there is none to be had. One at the end of a parameter's
/// range (nobody seems to drop out yet) foretells as well as any.
pub(super) fn learned(histories: Vec<History>) -> Option<Model> {
    let found = purchases(Family::BgNbd, &counted(histories)).ok();
    found.filter(|(_, fit)| fit.maximum.ending != Ending::StepLimit).map(|(model, _)| model)
}

/// How likely a customer is still there, and how many days with a purchase are expected within the
/// horizon, which begins after the gap; missing without a model.
pub(super) fn expected(model: Option<&Model>, windows: Windows, days: &[PaidDay]) -> [f64; 2] {
    let told = || {
        let (model, history) = (model?, history(windows, days)?);
        let until = |days: i32| match days {
            0 => Some(0.0),
            _ => model.expected(history, f64::from(days) / UNIT).ok(),
        };
        let within = until(windows.gap.saturating_add(windows.horizon))? - until(windows.gap)?;
        Some([model.alive(history), within.max(0.0)])
    };
    told().unwrap_or([f64::NAN; 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn days_from_the_cut_off_on_change_nothing() {
        let windows = Windows { cutoff: 200, lookback: 200, gap: 10, horizon: 30 };
        let mut random = Random::new(5, 0);
        let mut people: Vec<Vec<PaidDay>> = Vec::new();
        for _ in 0..400 {
            let (mut day, step, last) =
                (random.below(100) as i32, 3 + random.below(40), 40 + random.below(160) as i32);
            let mut days = vec![(day, 100)];
            while day < last {
                day += 1 + random.below(step) as i32;
                days.push((day, 100));
            }
            people.push(days);
        }
        let model = |people: &[Vec<PaidDay>]| {
            learned(people.iter().filter_map(|days| history(windows, days)).collect())
        };
        let before = model(&people).unwrap();
        let known: Vec<_> = people.iter().map(|d| expected(Some(&before), windows, d)).collect();
        assert!(known.iter().all(|[alive, within]| (0.0..=1.0).contains(alive) && *within >= 0.0));
        // Nobody is expected on more days than there are.
        assert!(known.iter().all(|[_, within]| *within < 30.0));
        for days in &mut people {
            days.extend([(200, 9), (215, 9), (230, 9)]);
        }
        let after = model(&people).unwrap();
        assert_eq!(before, after);
        let again: Vec<_> = people.iter().map(|d| expected(Some(&after), windows, d)).collect();
        assert_eq!(known, again);
        assert!(expected(None, windows, &people[0]).iter().all(|value| value.is_nan()));
    }
}
