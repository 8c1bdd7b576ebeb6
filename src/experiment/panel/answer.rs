//! What a finished panel says, in every way that there is, with what has to be believed for it.

use super::analysis::PanelEffect;
use super::fit::{Synthetic, course, interrupted, mean};
use super::options::{
    BeginningEffect, CellEffect, ClaimLabel, DiffInDiff, Donor, EventEffect, InterruptedSeries,
    PanelEffectResult, PanelEstimate, PanelPeriod, Staggered, SyntheticControl, TwoWay, claim,
};
use super::staggered::Cell;
use crate::report::{Text, short};
use crate::stats::order::sort_by;

impl PanelEffect {
    pub(super) fn result(&self) -> PanelEffectResult {
        let (panel, options) = (&self.panel, &self.options);
        let treated = course(&panel.treated);
        let has_controls = !panel.controls.is_empty();
        let label = if options.randomized {
            ClaimLabel::CausalByDesign
        } else {
            ClaimLabel::UnderAssumptions
        };
        let claimed = |own: &'static str| {
            let all = ["no-spillover", "no-anticipation", own];
            claim(label, all.get(..if options.randomized { 1 } else { 3 }).unwrap_or_default())
        };
        let after = treated.get(panel.before..).unwrap_or_default();
        let relative = |effect: f64| {
            let without = mean(after) - effect;
            (without > 0.0).then(|| effect / without)
        };
        let (study, leads) = panel.event_study(options.confidence);
        let diff_in_diff = has_controls.then(|| {
            let effect = panel.effect(options.confidence);
            let (permutation_p_value, before) = panel.permutations(options.seed);
            DiffInDiff {
                claim: claimed("parallel-trends"),
                relative: relative(effect.value),
                effect,
                permutation_p_value,
                slope_before: panel.slope_before(options.confidence),
                slope_permutation_p_value: before.map(|[slope, _]| slope),
                leads_permutation_p_value: before.map(|[_, leads]| leads),
                leads,
            }
        });
        let rule = 4.0 * libm::pow(treated.len() as f64 / 100.0, 2.0 / 9.0);
        let lags = options.lags.unwrap_or(rule as u32);
        let single = interrupted(&treated, panel.before, lags as usize, options.confidence)
            .filter(|_| !has_controls);
        let expected = match (&self.synthetic, &single) {
            (Some(synthetic), _) => Some(&synthetic.course),
            (None, Some(single)) => Some(&single.course),
            (None, None) => None,
        };
        let controls = course(&panel.controls);
        let number = |values: &[f64], at: usize| values.get(at).copied();
        let periods: Vec<PanelPeriod> = treated
            .iter()
            .enumerate()
            .map(|(at, own)| {
                let expected = expected.and_then(|values| number(values, at));
                PanelPeriod {
                    period: self.periods.name(self.first + at as i32),
                    offset: at as i32 - panel.before as i32,
                    treated: *own,
                    controls: number(&controls, at),
                    difference: study.get(at).copied().flatten().filter(|_| has_controls),
                    expected,
                    gap: expected.map(|expected| own - expected),
                }
            })
            .collect();
        let gaps = periods.iter().skip(panel.before).filter_map(|period| period.gap);
        let gap = mean(&gaps.collect::<Vec<f64>>());
        let synthetic = self.synthetic.as_ref().map(|found| SyntheticControl {
            claim: claimed("weights-carry-over"),
            effect: gap,
            relative: relative(gap),
            rmspe_before: found.rmspe_before,
            rmspe_after: found.rmspe_after,
            ratio: found.ratio(),
            p_value: found.ratio().map(|own| {
                let as_large = |ratio: &&Option<f64>| ratio.is_none_or(|ratio| ratio >= own);
                let above = self.ratios.iter().filter(as_large).count();
                (above as f64 + 1.0) / (self.ratios.len() as f64 + 1.0)
            }),
            donors: self.donors(found),
        });
        let series = single.map(|found| {
            let [slope_before, level, slope, effect] = found.estimates;
            let claim = claim(ClaimLabel::BeforeAfter, &["course-goes-on"]);
            InterruptedSeries {
                claim,
                slope_before: slope_before.value,
                level,
                slope,
                effect,
                lags,
            }
        });
        let staggered = self.staggered.as_ref().map(|found| {
            let name = |period: usize| self.periods.name(self.first + period as i32);
            let event = |(offset, groups, effect, band)| EventEffect {
                offset,
                groups: groups as u64,
                effect,
                band,
            };
            let beginning = |(began, groups, effect): &(usize, usize, PanelEstimate)| {
                BeginningEffect { began: name(*began), groups: *groups as u64, effect: *effect }
            };
            let cell = |cell: &Cell| CellEffect {
                began: name(cell.began),
                period: name(cell.period),
                effect: cell.effect,
            };
            Staggered {
                claim: claimed("parallel-trends"),
                effect: found.overall,
                events: found.events().into_iter().map(event).collect(),
                beginnings: found.cohorts.iter().map(beginning).collect(),
                cells: found.cells.iter().map(cell).collect(),
                two_way: found
                    .two_way()
                    .map(|(effect, negative_weight)| TwoWay { effect, negative_weight }),
            }
        });
        let compared = staggered.as_ref().map(|found| found.effect);
        let compared = compared.or(diff_in_diff.as_ref().map(|found| found.effect));
        let sentence = match (compared, &series) {
            (Some(effect), _) => sentence(&effect, label),
            (None, Some(found)) => sentence(&found.effect, ClaimLabel::BeforeAfter),
            (None, None) => Text {
                en:
                    "There is nothing to compare with, and too few periods to tell a former course."
                        .into(),
                zh: "没有可比较的对照组，时期也太少，看不出原来的走势。".into(),
            },
        };
        PanelEffectResult {
            treated: panel.treated.len() as u64,
            controls: panel.controls.len() as u64,
            unbalanced: self.unbalanced,
            before: panel.before as u64,
            after: after.len() as u64,
            diff_in_diff,
            synthetic,
            staggered,
            series,
            periods,
            sentence,
        }
    }

    fn donors(&self, found: &Synthetic) -> Vec<Donor> {
        let [_, names] = &self.names;
        let parts = names.iter().zip(&found.weights).zip(&self.ratios);
        let mut donors: Vec<Donor> = parts
            .map(|((group, weight), ratio)| Donor {
                group: group.clone(),
                weight: *weight,
                ratio: *ratio,
            })
            .collect();
        sort_by(&mut donors, |a, b| b.weight.total_cmp(&a.weight));
        donors
    }
}

/// The answer in words.
fn sentence(effect: &PanelEstimate, label: ClaimLabel) -> Text {
    let value = short(effect.value);
    let (en, zh) = match effect.interval {
        Some(interval) => {
            let (low, high) = (short(interval.low), short(interval.high));
            (format!("{value} ({low} to {high})"), format!("{value}（{low} 至 {high}）"))
        }
        None => (value.clone(), value),
    };
    let (en, zh) = match label {
        ClaimLabel::BeforeAfter => (
            format!(
                "Since it began the treated stand {en} above their former course per period; this is a change in time, not proof of an effect."
            ),
            format!(
                "处理开始后，处理组每期比原走势高 {zh}；这只是前后变化，不能证明是处理带来的。"
            ),
        ),
        ClaimLabel::CausalByDesign => (
            format!(
                "The treatment changed the outcome by {en} per group and period; chance chose who was treated."
            ),
            format!("处理使每组每期的结果变化 {zh}；处理组由随机选定。"),
        ),
        ClaimLabel::UnderAssumptions => (
            format!(
                "The treated changed by {en} more than the others per group and period; that is the effect if both would otherwise have gone on alike."
            ),
            format!("处理组每组每期的变化比对照组多 {zh}；若两者本来会同步变化，这就是处理效果。"),
        ),
    };
    Text { en: en.into(), zh: zh.into() }
}
