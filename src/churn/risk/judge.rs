//! How good the models are on rows that they did not learn from, with intervals, and what acting on
//! them earns.
//!
//! Intervals are percentiles of 200 bootstrap samples of the rows held out, the same samples for both
//! models, so that their difference has an honest one. Probabilities are calibrated on the other rows
//! held out: nobody's calibration has seen their own label. Rates have Wilson's intervals.
//!
//! # Reference
//! B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.
#![allow(clippy::indexing_slicing)] // Lists have a place for every row and every measure.

use super::model::Chosen;
use crate::error::Result;
use crate::learn::calibration::{self, Binning, Calibration, reliability};
use crate::learn::logistic::sigmoid;
use crate::learn::ranking::{Campaign, Curve, Ranked, losses};
use crate::report::Text;
use crate::stats::order::sort_by;
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::quantile::{QuantileType, quantiles};
use crate::stats::random::Random;
use serde::{Deserialize, Serialize};

/// Bootstrap samples.
pub(super) const SAMPLES: usize = 200;
/// Measures of a model: area, average precision, log-loss, Brier score, lift of the best tenth.
const MEASURES: usize = 5;

/// How scores become probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CalibrationKind {
    /// As the model says.
    None,
    /// A line in log-odds: two numbers, for hundreds of customers.
    #[default]
    Platt,
    /// Three numbers, for both ends apart.
    Beta,
    /// Rising steps, for thousands.
    Isotonic,
}

impl CalibrationKind {
    pub(super) fn fit(self, scores: &[f64], labels: &[bool]) -> Result<Calibration> {
        Ok(match self {
            CalibrationKind::None => Calibration::None,
            CalibrationKind::Platt => Calibration::Platt(calibration::platt(scores, labels)?),
            CalibrationKind::Beta => Calibration::Beta(calibration::beta(scores, labels, true)?),
            CalibrationKind::Isotonic => {
                let p: Vec<f64> = scores.iter().map(|score| sigmoid(*score)).collect();
                Calibration::Isotonic(calibration::isotonic(&p, labels)?)
            }
        })
    }
}

/// A number and its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Its interval.
    pub interval: Interval,
}

/// How good one model is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskQuality"))]
pub struct Quality {
    /// Area under the ROC curve: how likely somebody who left scores above somebody who stayed; 0.5
    /// is chance.
    pub area: Measured,
    /// Average precision: area under the precision–recall curve; chance is the share who left.
    pub average_precision: Measured,
    /// Mean log-loss of the probabilities, in nats; less is better.
    pub log_loss: Measured,
    /// Brier score: mean squared error of the probabilities.
    pub brier: Measured,
    /// How many times as many leave among the best tenth as among all.
    pub lift: Measured,
}

/// The best by score, down to a share of all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskReach"))]
pub struct Reach {
    /// Share of the customers, the most likely to leave first.
    pub share: f64,
    /// The least probability among them.
    pub threshold: f64,
    /// Of them, the share that left; equal scores by expectation.
    pub precision: Measured,
    /// Of those who left, the share that is among them.
    pub recall: Measured,
    /// Precision over the share who left of all.
    pub lift: f64,
    /// What contacting them earns for each customer there is.
    pub profit: f64,
}

/// Customers of like probability: what was foretold, and what came.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskReliability"))]
pub struct Reliability {
    /// How many.
    pub customers: u64,
    /// Their mean probability.
    pub expected: f64,
    /// The share of them that left.
    pub actual: Measured,
}

/// One feature alone, which the model must beat to be worth its while.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskRival"))]
pub struct Rival {
    /// Its name.
    pub feature: String,
    /// Area under the ROC curve of a ranking by it.
    pub area: Measured,
    /// Area of the chosen model minus that, on the same samples: an interval above 0 says that the
    /// model is better.
    pub difference: Measured,
}

/// The models on rows that they did not learn from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskHeldOut"))]
pub struct HeldOut {
    /// Rows held out: customers, or customers at the newest cut-off.
    pub customers: u64,
    /// Of them, those who left.
    pub left: u64,
    /// Penalised logistic regression.
    pub logistic: Quality,
    /// Gradient-boosted trees.
    pub trees: Quality,
    /// Area of the trees minus that of the logistic model: an interval beyond 0 is a difference.
    pub area_difference: Measured,
    /// The same of the log-loss; below 0 the trees are better.
    pub log_loss_difference: Measured,
    /// Of a log: days since the last purchase alone, and BG/NBD alone (the purchases that it expects).
    pub rivals: Vec<Rival>,
    /// Of the chosen model: mean probability and share who left in ten bins of equal size.
    pub reliability: Vec<Reliability>,
    /// Expected calibration error over these bins: how far probabilities are off on average.
    pub calibration_error: f64,
    /// The best by score, in twentieths.
    pub reaches: Vec<Reach>,
    /// The choice that earns most; null if to contact nobody does.
    pub best: Option<Reach>,
    /// Expected maximum profit for each customer, over how likely an offer is accepted (Verbraken and
    /// others 2013).
    pub expected_maximum_profit: f64,
    /// The share of customers that it contacts.
    pub contacted: f64,
}

/// What the model does to one group of customers held out. Whoever is to be treated alike looks
/// whether the rates of the groups differ by more than their intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskGroup"))]
pub struct GroupErrors {
    /// The value of the group; null where it is missing.
    pub group: Option<String>,
    /// How many are held out.
    pub customers: u64,
    /// Their mean probability.
    pub expected: f64,
    /// The share of them that left.
    pub actual: Measured,
    /// That share minus their mean probability: above 0 the model promises too little risk. An
    /// interval beyond 0 says that the probabilities of this group are off.
    pub gap: Measured,
    /// Whether fewer than ten of them left or fewer than ten stayed: too few to judge the model by.
    pub is_small: bool,
    /// The share that a contact pays for.
    pub contacted: Measured,
    /// Of those who left, the share that a contact pays for; null if nobody left.
    pub recall: Option<Measured>,
    /// The same of those who stayed; null if nobody did.
    pub false_alarms: Option<Measured>,
    /// Of those for whom a contact pays, the share that left; null if there are none.
    pub precision: Option<Measured>,
}

/// Whether a challenger is better than the champion, by the log-loss and the area under the ROC curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskVerdict"))]
pub enum Verdict {
    /// By one or both its interval is beyond 0, and by none the champion is.
    Better,
    /// Neither interval is beyond 0.
    NoDifference,
    /// By one or both the champion is better, and by none the challenger.
    Worse,
    /// By one the challenger is better, by the other the champion.
    Mixed,
}

/// A model on rows with a label.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskContender"))]
pub struct Contender {
    /// How good it is.
    pub quality: Quality,
    /// Mean probability and share who left in ten bins of equal size.
    pub reliability: Vec<Reliability>,
    /// Expected calibration error over these bins.
    pub calibration_error: f64,
    /// Population stability index of its scores against those of the customers it learned from; null
    /// for a model fitted in this run, which learned from the same table.
    pub score_drift: Option<f64>,
}

/// Two models on the same rows. Differences are those of the challenger minus the champion, on the
/// same bootstrap samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskComparison"))]
pub struct Comparison {
    /// Customers with a label; of a fit of this run, rows held out.
    pub customers: u64,
    /// Of them, those who left.
    pub left: u64,
    /// The option `model`; without it the model fitted in this run, on rows that its fit did not see.
    pub champion: Contender,
    /// The option `challenger`.
    pub challenger: Contender,
    /// Of the area under the ROC curve; above 0 the challenger is better.
    pub area_difference: Measured,
    /// Of the log-loss; below 0 the challenger is better.
    pub log_loss_difference: Measured,
    /// Of the Brier score; below 0 the challenger is better.
    pub brier_difference: Measured,
    /// Whether the challenger is better.
    pub verdict: Verdict,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// A judgement under way.
#[derive(Debug)]
pub(super) struct Judge {
    labels: Vec<bool>,
    scores: [Vec<f64>; 2],
    probabilities: [Vec<f64>; 2],
    ranked: [Ranked; 2],
    /// Features alone, with their names.
    rivals: Vec<(String, Ranked)>,
    samples: Vec<Vec<f64>>,
    random: Random,
    weights: Vec<f64>,
}

impl Judge {
    /// Of rows held out: their turn, their scores by both models and by single features, and their
    /// labels.
    pub(super) fn new(
        turns: &[u8],
        scores: [Vec<f64>; 2],
        rivals: Vec<(String, Vec<f64>)>,
        labels: Vec<bool>,
        kind: CalibrationKind,
        seed: u64,
    ) -> Result<Judge> {
        let mut random = Random::new(seed, 1000);
        // With one turn, its rows are calibrated in two halves.
        let is_one = turns.iter().all(|turn| Some(turn) == turns.first());
        let groups: Vec<u8> = turns
            .iter()
            .map(|turn| if is_one { (random.unit() < 0.5).into() } else { *turn })
            .collect();
        let most = groups.iter().max().copied().unwrap_or(0);
        let calibrated = |scores: &Vec<f64>| -> Result<Vec<f64>> {
            let mut found = vec![0.0; scores.len()];
            for group in 0..=most {
                let others = || groups.iter().enumerate().filter(|(_, own)| **own != group);
                let rest: Vec<f64> = others().map(|(row, _)| scores[row]).collect();
                let known: Vec<bool> = others().map(|(row, _)| labels[row]).collect();
                // Where the others are of one kind, scores are believed.
                let map = kind.fit(&rest, &known).unwrap_or(Calibration::None);
                for (row, _) in groups.iter().enumerate().filter(|(_, own)| **own == group) {
                    found[row] = map.probability(scores[row]);
                }
            }
            Ok(found)
        };
        let [a, b] = &scores;
        Ok(Judge {
            probabilities: [calibrated(a)?, calibrated(b)?],
            ranked: [Ranked::new(a, &labels), Ranked::new(b, &labels)],
            rivals: rivals
                .into_iter()
                .map(|(name, scores)| (name, Ranked::new(&scores, &labels)))
                .collect(),
            samples: Vec::new(),
            random,
            weights: vec![0.0; labels.len()],
            labels,
            scores,
        })
    }

    /// Of two models whose probabilities stand: of each row the label, and by champion and challenger
    /// score and probability.
    pub(super) fn of_models(mut rows: Vec<(bool, [[f64; 2]; 2])>, seed: u64) -> Judge {
        // One order whatever that of the table was, so that samples are the same.
        sort_by(&mut rows, |a, b| {
            let by = |of: usize| a.1[of][0].total_cmp(&b.1[of][0]);
            a.0.cmp(&b.0).then_with(|| by(0)).then_with(|| by(1))
        });
        let labels: Vec<bool> = rows.iter().map(|row| row.0).collect();
        let each = |of: usize, part: usize| rows.iter().map(|row| row.1[of][part]).collect();
        let scores: [Vec<f64>; 2] = [each(0, 0), each(1, 0)];
        Judge {
            probabilities: [each(0, 1), each(1, 1)],
            ranked: [Ranked::new(&scores[0], &labels), Ranked::new(&scores[1], &labels)],
            rivals: Vec::new(),
            samples: Vec::new(),
            random: Random::new(seed, 1001),
            weights: vec![0.0; labels.len()],
            labels,
            scores,
        }
    }

    /// The comparison of the two models. `drifts` are those of their scores.
    pub(super) fn compare(&self, drifts: [Option<f64>; 2], confidence: f64) -> Result<Comparison> {
        let measured = self.measured(confidence)?;
        let contender = |model: usize| -> Result<Contender> {
            let (reliability, calibration_error) = self.bins(model, confidence)?;
            let quality = quality(&measured[model * MEASURES..]);
            let score_drift = drifts[model];
            Ok(Contender { quality, reliability, calibration_error, score_drift })
        };
        let [area, log_loss, brier] = [0, 1, 2].map(|at| measured[2 * MEASURES + at]);
        let gains = [area.interval.low > 0.0, log_loss.interval.high < 0.0];
        let losses = [area.interval.high < 0.0, log_loss.interval.low > 0.0];
        let verdict = match (gains.contains(&true), losses.contains(&true)) {
            (true, false) => Verdict::Better,
            (false, true) => Verdict::Worse,
            (true, true) => Verdict::Mixed,
            (false, false) => Verdict::NoDifference,
        };
        let (en, zh) = match verdict {
            Verdict::Better => ("The challenger is better", "挑战模型更好"),
            Verdict::Worse => ("The challenger is worse", "挑战模型更差"),
            Verdict::Mixed => ("One measure speaks for each model", "两个指标各支持一个模型"),
            Verdict::NoDifference => ("No difference is shown", "看不出差别"),
        };
        let [area_by, low, high] =
            [area.value, area.interval.low, area.interval.high].map(|part| 100.0 * part);
        let loss = log_loss.value;
        Ok(Comparison {
            customers: self.labels.len() as u64,
            left: self.labels.iter().filter(|left| **left).count() as u64,
            champion: contender(0)?,
            challenger: contender(1)?,
            area_difference: area,
            log_loss_difference: log_loss,
            brier_difference: brier,
            verdict,
            sentence: Text {
                en: format!(
                    "{en}: it ranks {area_by:+.1} points of pairs rightly ({low:+.1} to {high:+.1}), \
                     and its log-loss differs by {loss:+.4}."
                )
                .into(),
                zh: format!(
                    "{zh}：排对先后的比例相差 {area_by:+.1} 个百分点（{low:+.1} 到 {high:+.1}），\
                     对数损失相差 {loss:+.4}。"
                )
                .into(),
            },
        })
    }

    fn measures(&self, weights: Option<&[f64]>) -> Vec<f64> {
        let mut all = Vec::with_capacity(2 * MEASURES + 3);
        for model in 0..2 {
            let curve = self.ranked[model].curve(weights);
            let (log, brier) =
                losses(&self.probabilities[model], &self.labels, weights).unwrap_or_default();
            let lift = curve.gain(0.1).unwrap_or(0.0) / 0.1;
            let precision = curve.average_precision().unwrap_or(0.0);
            all.extend([curve.area().unwrap_or(0.5), precision, log, brier, lift]);
        }
        all.extend([0, 2, 3].map(|at| all[MEASURES + at] - all[at]));
        for (_, ranked) in &self.rivals {
            let area = ranked.curve(weights).area().unwrap_or(0.5);
            all.extend([area, all[0] - area, all[MEASURES] - area]);
        }
        all
    }

    /// Draws one more sample; true once all are there.
    pub(super) fn sample(&mut self) -> bool {
        if self.samples.len() < SAMPLES {
            self.weights.fill(0.0);
            let count = self.labels.len() as u32;
            for _ in 0..count {
                self.weights[self.random.below(count) as usize] += 1.0;
            }
            let measures = self.measures(Some(&self.weights));
            self.samples.push(measures);
        }
        self.samples.len() >= SAMPLES
    }

    /// The scores of a model.
    pub(super) fn scores(&self, of: usize) -> impl Iterator<Item = f64> {
        self.scores[of].iter().copied()
    }

    /// Of each row the label, and the score and probability by a model.
    pub(super) fn told(&self, chosen: Chosen) -> impl Iterator<Item = (bool, [f64; 2])> {
        let own = self.scores[chosen as usize].iter().zip(&self.probabilities[chosen as usize]);
        self.labels.iter().zip(own).map(|(left, (score, p))| (*left, [*score, *p]))
    }

    /// Samples so far.
    pub(super) fn done(&self) -> usize {
        self.samples.len()
    }

    /// The better model: the one with less log-loss.
    pub(super) fn better(&self) -> Chosen {
        let loss = |model: usize| {
            losses(&self.probabilities[model], &self.labels, None).map_or(0.0, |losses| losses.0)
        };
        if loss(1) < loss(0) { Chosen::Trees } else { Chosen::Logistic }
    }

    /// The calibration of a model, from all rows held out.
    pub(super) fn calibration(&self, chosen: Chosen, kind: CalibrationKind) -> Result<Calibration> {
        kind.fit(&self.scores[chosen as usize], &self.labels)
    }

    /// The errors of each group: `of` has a group for each row held out, `names` its name.
    pub(super) fn groups(
        &self,
        chosen: Chosen,
        of: &[usize],
        names: &[Option<String>],
        threshold: f64,
        confidence: f64,
    ) -> Result<Vec<GroupErrors>> {
        // Of each group: customers, the sum of probabilities, and for those who stayed and who left
        // how many there are and for how many a contact pays.
        let mut sums = vec![(0.0, 0.0, [[0.0; 2]; 2]); names.len()];
        for ((p, left), group) in
            self.probabilities[chosen as usize].iter().zip(&self.labels).zip(of)
        {
            let (customers, expected, counts) = &mut sums[*group];
            *customers += 1.0;
            *expected += p;
            let own = &mut counts[usize::from(*left)];
            own[0] += 1.0;
            own[1] += f64::from(u8::from(*p >= threshold));
        }
        let of = |hits: f64, of: f64| rate(hits, of, confidence);
        let some = |hits: f64, all: f64| (all > 0.0).then(|| of(hits, all)).transpose();
        let known = names.iter().zip(sums).filter(|(_, (customers, ..))| *customers > 0.0);
        let groups = known.map(|(name, (customers, expected, [stayed, left]))| {
            let contacted = stayed[1] + left[1];
            let (actual, expected) = (of(left[0], customers)?, expected / customers);
            let Interval { low, high } = actual.interval;
            Ok(GroupErrors {
                group: name.clone(),
                customers: customers as u64,
                expected,
                actual,
                gap: Measured {
                    value: actual.value - expected,
                    interval: Interval { low: low - expected, high: high - expected },
                },
                is_small: stayed[0].min(left[0]) < 10.0,
                contacted: of(contacted, customers)?,
                recall: some(left[1], left[0])?,
                false_alarms: some(stayed[1], stayed[0])?,
                precision: some(left[1], contacted)?,
            })
        });
        let mut groups = groups.collect::<Result<Vec<_>>>()?;
        sort_by(&mut groups, |a, b| b.customers.cmp(&a.customers));
        Ok(groups)
    }

    /// The measures with the percentiles of their samples.
    fn measured(&self, confidence: f64) -> Result<Vec<Measured>> {
        let ends = [(1.0 - confidence) / 2.0, f64::midpoint(1.0, confidence)];
        let mut measured = Vec::new();
        for (at, value) in self.measures(None).iter().enumerate() {
            let drawn: Vec<f64> = self.samples.iter().map(|sample| sample[at]).collect();
            let found = quantiles(&drawn, &ends, QuantileType::Linear)?.unwrap_or_default();
            let end = |at: usize| found.get(at).copied().unwrap_or(*value);
            measured
                .push(Measured { value: *value, interval: Interval { low: end(0), high: end(1) } });
        }
        Ok(measured)
    }

    /// What a model's probabilities are worth, in ten bins, and the expected calibration error.
    fn bins(&self, model: usize, confidence: f64) -> Result<(Vec<Reliability>, f64)> {
        let p = &self.probabilities[model];
        let (bins, error) = reliability(p, &self.labels, None, 10, Binning::EqualCount);
        let bins: Result<Vec<Reliability>> = bins
            .into_iter()
            .map(|bin| {
                let actual = rate(bin.actual * bin.customers, bin.customers, confidence)?;
                Ok(Reliability { customers: bin.customers as u64, expected: bin.expected, actual })
            })
            .collect();
        Ok((bins?, error))
    }

    /// The judgement.
    pub(super) fn finish(
        &self,
        chosen: Chosen,
        terms: Campaign,
        confidence: f64,
    ) -> Result<HeldOut> {
        let measured = self.measured(confidence)?;
        let p = &self.probabilities[chosen as usize];
        let curve = Ranked::new(p, &self.labels).curve(None);
        let (bins, calibration_error) = self.bins(chosen as usize, confidence)?;
        let (hit, wrong) = earnings(terms);
        let all = curve.hits + curve.others;
        let reaches: Result<Vec<Reach>> = (1..=20)
            .map(|part| reach(&curve, all * f64::from(part) / 20.0, terms, confidence))
            .collect();
        let (point, _) = curve.best(hit, wrong, 0.0);
        let chosen_weight = point.hits + point.others;
        let best = if chosen_weight > 0.0 {
            Some(reach(&curve, chosen_weight, terms, confidence)?)
        } else {
            None
        };
        let (expected_maximum_profit, contacted) = curve.expected_maximum_profit(terms)?;
        Ok(HeldOut {
            customers: self.labels.len() as u64,
            left: curve.hits as u64,
            logistic: quality(&measured),
            trees: quality(&measured[MEASURES..]),
            area_difference: measured[2 * MEASURES],
            log_loss_difference: measured[2 * MEASURES + 1],
            rivals: self
                .rivals
                .iter()
                .zip(measured[2 * MEASURES + 3..].chunks(3))
                .map(|((feature, _), found)| Rival {
                    feature: feature.clone(),
                    area: found[0],
                    difference: found[1 + chosen as usize],
                })
                .collect(),
            reliability: bins,
            calibration_error,
            reaches: reaches?,
            best,
            expected_maximum_profit,
            contacted,
        })
    }
}

/// The measures of one model.
fn quality(measured: &[Measured]) -> Quality {
    Quality {
        area: measured[0],
        average_precision: measured[1],
        log_loss: measured[2],
        brier: measured[3],
        lift: measured[4],
    }
}

/// What contacting somebody who would leave earns, and what contacting another costs.
pub(super) fn earnings(terms: Campaign) -> (f64, f64) {
    let accepted = terms.alpha / (terms.alpha + terms.beta);
    (accepted * (terms.value - terms.incentive) - terms.contact, terms.incentive + terms.contact)
}

/// A share and its Wilson interval.
fn rate(hits: f64, of: f64, confidence: f64) -> Result<Measured> {
    let trials = (of.round() as u64).max(1);
    let hit = (hits.round() as u64).min(trials);
    let interval = proportion_interval(hit, trials, confidence, ProportionInterval::Wilson)?;
    Ok(Measured { value: hits / of.max(f64::MIN_POSITIVE), interval })
}

/// The best `weight` of all.
fn reach(curve: &Curve, weight: f64, terms: Campaign, confidence: f64) -> Result<Reach> {
    let all = curve.hits + curve.others;
    let hits = curve.hits(weight);
    let at = curve.points.partition_point(|point| point.hits + point.others < weight - 1e-9);
    let (hit, wrong) = earnings(terms);
    Ok(Reach {
        share: weight / all,
        threshold: curve.points.get(at).map_or(0.0, |point| point.score),
        precision: rate(hits, weight, confidence)?,
        recall: rate(hits, curve.hits, confidence)?,
        lift: hits / weight / (curve.hits / all),
        profit: (hit * hits - wrong * (weight - hits)) / all,
    })
}
