//! Why a customer scores as they do, in plain words.

use super::model::ModelFeature;
use super::options::Reason;
use super::table::words;
use crate::report::Text;

/// A reason as a number: a feature, where its value lies, and which way it moves the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Place of the feature in the model.
    pub(super) feature: u32,
    /// 0 missing; of numbers 1 low, 2 in the middle, 3 high; of texts 1 more than the place.
    place: u32,
    raises: bool,
}

/// The two cuts between low, middle and high.
fn bounds(feature: &ModelFeature) -> (f64, f64) {
    let cuts = &feature.spread.cuts;
    let cut = |at: usize| cuts.get(at.min(cuts.len().saturating_sub(1))).copied().unwrap_or(0.0);
    (cut(cuts.len() / 3), cut(cuts.len() * 2 / 3))
}

impl Key {
    /// The reason that a contribution is.
    pub(super) fn of(at: usize, feature: &ModelFeature, value: f64, part: f64) -> Key {
        let (low, high) = bounds(feature);
        let place = match &feature.levels {
            _ if value.is_nan() => 0,
            Some(_) => 1 + value as u32,
            None if value >= high => 3,
            None => 1 + u32::from(value >= low),
        };
        Key { feature: at as u32, place, raises: part > 0.0 }
    }

    /// In words; `to` is the place of the feature in the answer.
    pub(super) fn reason(self, feature: &ModelFeature, to: u16) -> Reason {
        let Text { en, zh } = words(&feature.name);
        let (low, high) = bounds(feature);
        let [low, high] = [low, high].map(|cut| (cut * 100.0).round() / 100.0);
        let level = self.place.checked_sub(1).and_then(|at| {
            feature.levels.as_ref().map(|levels| levels.get(at as usize).map_or("", String::as_str))
        });
        let (en, zh) = match (level, self.place) {
            (_, 0) => (format!("{en} is not known"), format!("{zh}未知")),
            (Some(level), _) => (format!("{en}: {level}"), format!("{zh}：{level}")),
            (None, 1) => (format!("{en}: below {low}"), format!("{zh}低于 {low}")),
            (None, 2) => (format!("{en}: {low} to {high}"), format!("{zh}在 {low} 与 {high} 之间")),
            _ => (format!("{en}: {high} or more"), format!("{zh}不低于 {high}")),
        };
        let (up, down) = if self.raises { ("raises", "推高") } else { ("lowers", "降低") };
        Reason {
            feature: to,
            raises: self.raises,
            text: Text {
                en: format!("{en} ({up} the risk)").into(),
                zh: format!("{zh}（{down}风险）").into(),
            },
        }
    }
}
