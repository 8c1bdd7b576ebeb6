//! What `churn-risk` answers once a model stands: scores with their reasons, targets, the report, its
//! columns and warnings.
#![allow(clippy::indexing_slicing)] // Lists have a place for every row or every feature.

use super::analysis::{ChurnRisk, Given, REASONS};
use super::effects::Effects;
use super::judge::earnings;
use super::model::Chosen;
use super::options::{CampaignOptions, ChurnRiskResult, FeatureRole, Reason, sentence};
use super::reasons::Key;
use super::table::{Feature, Part, words};
use crate::error::Result;
use crate::job::unfinished;
use crate::learn::ranking::{Campaign, area_under_curve};
use crate::report::{NamedColumn, Values, Warning};
use crate::stats::order::{arrangement, sort, sort_by};

/// A feature that alone tells who left better than this was probably written down afterwards.
const LEAK: f64 = 0.99;
/// A drift beyond is told.
const MUCH_DRIFT: f64 = 0.25;
/// The beta distribution of an offer's acceptance weighs as much as so many customers.
const ACCEPTANCE_WEIGHT: f64 = 20.0;
/// The feature of a log, and the column, that is the money of a customer.
const SPEND: &str = "spend";
/// The columns of reasons, of what they contribute, and of the others.
const REASON_COLUMNS: [&str; REASONS] = ["reason1", "reason2", "reason3"];
const PART_COLUMNS: [&str; REASONS] = ["contribution1", "contribution2", "contribution3"];

fn terms(options: &CampaignOptions) -> Campaign {
    Campaign {
        alpha: ACCEPTANCE_WEIGHT * options.acceptance,
        beta: ACCEPTANCE_WEIGHT * (1.0 - options.acceptance),
        value: options.value,
        incentive: options.incentive,
        contact: options.contact,
    }
}

impl ChurnRisk {
    pub(super) fn score(&mut self, budget: usize) -> Result<()> {
        let Some(model) = &self.model else { return Err(unfinished()) };
        let is_log = matches!(self.given, Given::Log(_));
        let count = self.table.features.len();
        let (mut row, mut parts) = (Vec::new(), vec![0.0; count]);
        self.scored.importance.resize(count, 0.0);
        let until = self.next.saturating_add((budget / 64).max(1)).min(self.table.rows());
        for at in self.next..until {
            if is_log && self.table.parts[at] != Part::Scored {
                continue;
            }
            self.table.row(at, &mut row);
            let score = model.score(&row);
            let baseline = model.explain(&row, &mut parts);
            let order = arrangement(count, &|a, b| parts[b].abs().total_cmp(&parts[a].abs()));
            let (mut keys, mut own) = ([None; REASONS], [0.0; REASONS]);
            for (place, feature) in order.iter().take(REASONS).enumerate() {
                let feature = *feature as usize;
                let part = parts[feature];
                keys[place] = Some(Key::of(feature, &model.features[feature], row[feature], part));
                own[place] = part;
            }
            let scored = &mut self.scored;
            scored.importance.iter_mut().zip(&parts).for_each(|(sum, part)| *sum += part.abs());
            scored.baseline = baseline;
            scored.rows.push(at);
            scored.probabilities.push(model.calibration.probability(score));
            scored.scores.push(score);
            scored.keys.push(keys);
            scored.parts.push(own);
            scored.others.push(score - baseline - own.iter().sum::<f64>());
        }
        self.next = until;
        Ok(())
    }

    /// How well a feature alone tells who left.
    fn alone(&self, feature: &Feature) -> Option<f64> {
        let known =
            || self.table.labels.iter().zip(&feature.values).filter_map(|(l, v)| Some(((*l)?, *v)));
        let labels: Vec<bool> = known().map(|(label, _)| label).collect();
        let place = |value: f64| if value.is_nan() { 0 } else { value as usize + 1 };
        let scores = |missing: f64| -> Vec<f64> {
            let Some(levels) = &feature.levels else {
                return known().map(|(_, v)| if v.is_nan() { missing } else { v }).collect();
            };
            let mut counts = vec![[0.0_f64; 2]; levels.len() + 1];
            known().for_each(|(label, v)| counts[place(v)][usize::from(label)] += 1.0);
            let rates: Vec<f64> = counts.iter().map(|[a, b]| b / (a + b).max(1.0)).collect();
            known().map(|(_, v)| rates[place(v)]).collect()
        };
        let area = |missing: f64| {
            area_under_curve(&scores(missing), &labels).map(|area| area.max(1.0 - area))
        };
        Some(area(f64::MIN)?.max(area(f64::MAX)?))
    }

    pub(super) fn result(&mut self) -> Result<(ChurnRiskResult, Vec<NamedColumn>, Vec<u32>)> {
        let model = self.model.take().ok_or_else(unfinished)?;
        let scored = std::mem::take(&mut self.scored);
        let count = scored.rows.len();
        let campaign = terms(&self.options.campaign);
        let held_out = match &self.judge {
            Some(judge) => Some(judge.finish(model.chosen, campaign, self.options.confidence)?),
            None => None,
        };
        let (hit, wrong) = earnings(campaign);
        // From here on a contact earns what it costs: p·hit = (1 − p)·wrong.
        let threshold = if hit + wrong > 0.0 { (wrong / (hit + wrong)).min(1.0) } else { 1.0 };
        let of = |(row, _): &(usize, u8)| self.groups.1[self.table.customers[*row] as usize];
        let groups = match &self.judge {
            Some(judge) if !self.groups.0.is_empty() => {
                let (of, names) = (self.held.iter().map(of).collect::<Vec<_>>(), &self.groups.0);
                judge.groups(model.chosen, &of, names, threshold, self.options.confidence)?
            }
            _ => Vec::new(),
        };
        let mut effects = self.effects.take().map(Effects::finish).unwrap_or_default();
        let order =
            arrangement(count, &|a, b| scored.probabilities[b].total_cmp(&scored.probabilities[a]));
        let order: Vec<usize> = order.into_iter().map(|at| at as usize).collect();
        let most = self.options.most_contacts.map_or(usize::MAX, |most| most as usize);
        let (mut targets, mut expected_profit) = (0_u64, 0.0);
        let mut target = Vec::new();
        for at in &order {
            let p = scored.probabilities[*at];
            let has_left = self.table.labels[scored.rows[*at]] == Some(true);
            let is_target = p >= threshold && hit > 0.0 && !has_left && (targets as usize) < most;
            if is_target {
                targets += 1;
                expected_profit += p * hit - (1.0 - p) * wrong;
            }
            target.push(u8::from(is_target));
        }
        let mut features = Vec::new();
        for (at, feature) in self.table.features.iter().enumerate() {
            let values = scored.rows.iter().map(|row| feature.values[*row]);
            let (held_out, effects) = effects.get_mut(at).map(std::mem::take).unwrap_or_default();
            features.push((
                at,
                FeatureRole {
                    name: feature.name.clone(),
                    words: words(&feature.name),
                    importance: scored.importance.get(at).copied().unwrap_or(0.0)
                        / count.max(1) as f64,
                    held_out,
                    effects,
                    alone: self.alone(feature),
                    drift: model.features[at].spread.drift(values),
                },
            ));
        }
        sort_by(&mut features, |a, b| b.1.importance.total_cmp(&a.1.importance));
        let place = |feature: u32| features.iter().position(|(at, _)| *at == feature as usize);
        let mut keys: Vec<Key> = scored.keys.iter().flatten().flatten().copied().collect();
        sort(&mut keys);
        keys.dedup();
        let reason = |key: &Key| {
            let to = place(key.feature).unwrap_or(0) as u16;
            key.reason(&model.features[key.feature as usize], to)
        };
        let reasons: Vec<Reason> = keys.iter().map(reason).collect();
        let of = |values: &[f64]| Values::F64(order.iter().map(|at| values[*at]).collect());
        let label = |at: &usize| match self.table.labels[scored.rows[*at]] {
            Some(left) => u8::from(left),
            None => 2,
        };
        let mut columns = vec![
            NamedColumn { name: "probability", values: of(&scored.probabilities) },
            NamedColumn { name: "score", values: of(&scored.scores) },
            NamedColumn { name: "label", values: Values::U8(order.iter().map(label).collect()) },
            NamedColumn { name: "target", values: Values::U8(target) },
        ];
        for (place, name) in REASON_COLUMNS.into_iter().enumerate() {
            let known = |at: &usize| {
                let key = scored.keys[*at][place].and_then(|key| keys.binary_search(&key).ok());
                key.map_or(u16::MAX, |key| key as u16)
            };
            let values = Values::U16(order.iter().map(known).collect());
            columns.push(NamedColumn { name, values });
        }
        for (place, name) in PART_COLUMNS.into_iter().enumerate() {
            let parts = order.iter().map(|at| scored.parts[*at][place]).collect();
            columns.push(NamedColumn { name, values: Values::F64(parts) });
        }
        columns.push(NamedColumn { name: "others", values: of(&scored.others) });
        if matches!(self.given, Given::Log(_))
            && let Some(spend) = self.table.features.iter().find(|own| own.name == SPEND)
        {
            let money = order.iter().map(|at| spend.values[scored.rows[*at]]).collect();
            columns.push(NamedColumn { name: SPEND, values: Values::F64(money) });
        }
        let codes = order.iter().map(|at| self.table.customers[scored.rows[*at]]).collect();
        let area = held_out.as_ref().map(|held_out| match model.chosen {
            Chosen::Logistic => held_out.logistic.area,
            Chosen::Trees => held_out.trees.area,
        });
        let is_new = held_out.is_some();
        let labels = if is_new { self.table.labels.as_slice() } else { &[] };
        let result = ChurnRiskResult {
            population: count as u64,
            expected_to_leave: scored.probabilities.iter().sum(),
            learned_from: labels.iter().flatten().count() as u64,
            left: labels.iter().flatten().filter(|left| **left).count() as u64,
            chosen: model.chosen,
            trees: self.trees,
            held_out,
            comparison: self.compared(&model)?,
            groups,
            threshold,
            targets,
            expected_profit,
            baseline: scored.baseline,
            features: features.into_iter().map(|(_, feature)| feature).collect(),
            reasons,
            score_drift: model.scores.drift(scored.scores.iter().copied()),
            sentence: sentence(targets, count as u64, area),
            model: None,
        };
        let result = if is_new {
            ChurnRiskResult { model: Some(model), ..result }
        } else {
            self.options.model = Some(model);
            result
        };
        Ok((result, columns, codes))
    }

    pub(super) fn warnings(&self, result: &ChurnRiskResult) -> Vec<Warning> {
        let named = |is: &dyn Fn(&FeatureRole) -> bool| {
            let names = result.features.iter().filter(|f| is(f)).map(|f| f.name.as_str());
            names.collect::<Vec<_>>()
        };
        let leaks = named(&|feature| feature.alone.is_some_and(|area| area > LEAK));
        let moved = named(&|feature| feature.drift.is_some_and(|drift| drift > MUCH_DRIFT));
        let mut warnings = Vec::new();
        let mut warn = |code, count: usize, hint: String| {
            if count > 0 {
                warnings.push(Warning { code, count: count as u64, hint });
            }
        };
        let list = leaks.join(", ");
        warn(
            "leakage",
            leaks.len(),
            format!(
                "alone they tell who left nearly perfectly: were they written down afterwards? {list}"
            ),
        );
        let list = moved.join(", ");
        warn(
            "drift",
            moved.len(),
            format!("the customers scored differ from those learned from: {list}"),
        );
        let hint = "a logistic fit did not reach its optimum: a larger `penalty` helps";
        warn("not-converged", usize::from(!self.converged), hint.to_owned());
        warnings
    }
}
