//! What a cluster is called: by rule, from what sets it apart.

use std::borrow::Cow;

use super::features::Feature;
use super::{FeatureEffect, TextEffect};
use crate::segment::rfm::groups::Text;

/// From this effect on (half a standard deviation, Cohen's "medium") a measure names a cluster.
const NOTABLE: f64 = 0.5;
/// More words are no name.
const MOST_WORDS: usize = 2;

/// The words of one measure above and below the others.
fn words(feature: Feature, is_high: bool) -> (&'static str, &'static str) {
    match (feature, is_high) {
        (Feature::Recency, false) => ("recent", "近期购买"),
        (Feature::Recency, true) => ("long silent", "久未购买"),
        (Feature::Frequency, true) => ("frequent", "高频"),
        (Feature::Frequency, false) => ("rare", "低频"),
        (Feature::Monetary, true) => ("high spend", "高消费"),
        (Feature::Monetary, false) => ("low spend", "低消费"),
        (Feature::Mean, true) => ("large orders", "高客单"),
        (Feature::Mean, false) => ("small orders", "低客单"),
        (Feature::Tenure, true) => ("long known", "老客"),
        (Feature::Tenure, false) => ("newly known", "新客"),
    }
}

/// A text names a cluster if its share there is larger by this than elsewhere.
const NOTABLE_SHARE: f64 = 0.25;

/// The name, from effects in descending size, then from texts; clusters of the same name are
/// numbered in order.
pub(super) fn named(features: &[FeatureEffect], texts: &[TextEffect], before: &[Text]) -> Text {
    let notable = features.iter().filter_map(|one| {
        let effect = one.effect.filter(|effect| effect.abs() >= NOTABLE)?;
        Some(words(one.feature, effect > 0.0))
    });
    let (mut en, mut zh) = (Vec::new(), Vec::new());
    for (english, chinese) in notable.take(MOST_WORDS) {
        en.push(english);
        zh.push(chinese);
    }
    let typical = texts.iter().filter_map(|one| {
        let more = one.share - one.elsewhere.unwrap_or(0.0);
        one.mode.as_deref().filter(|_| more >= NOTABLE_SHARE)
    });
    for word in typical.take(MOST_WORDS - en.len()) {
        en.push(word);
        zh.push(word);
    }
    if en.is_empty() {
        (en, zh) = (vec!["average"], vec!["普通"]);
    }
    let (en, zh) = (en.join(", "), zh.join("·"));
    let alike = before
        .iter()
        .filter(|text| text.en == en || text.en.strip_prefix(en.as_str()).is_some_and(is_number));
    match alike.count() {
        0 => Text { en: Cow::Owned(en), zh: Cow::Owned(zh) },
        count => {
            let number = count + 1;
            Text {
                en: Cow::Owned(format!("{en} {number}")),
                zh: Cow::Owned(format!("{zh}{number}")),
            }
        }
    }
}

fn is_number(rest: &str) -> bool {
    rest.strip_prefix(' ').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(feature: Feature, effect: f64) -> FeatureEffect {
        FeatureEffect { feature, mean: 0.0, effect: Some(effect) }
    }

    #[test]
    fn the_two_largest_effects_name_a_cluster_and_twins_are_numbered() {
        let features = [
            effect(Feature::Monetary, 2.0),
            effect(Feature::Recency, -0.9),
            effect(Feature::Tenure, 0.8),
        ];
        let first = named(&features, &[], &[]);
        assert_eq!(
            (first.en.as_ref(), first.zh.as_ref()),
            ("high spend, recent", "高消费·近期购买")
        );
        let second = named(&features, &[], std::slice::from_ref(&first));
        assert_eq!(second.en, "high spend, recent 2");
        assert_eq!(named(&features, &[], &[first, second]).en, "high spend, recent 3");
        assert_eq!(named(&[effect(Feature::Mean, 0.4)], &[], &[]).en, "average");
    }
}
