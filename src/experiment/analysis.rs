//! `experiment`: which variant did better, by how much, how surely, and what to do.
//!
//! From a table of units, or from counts and means that were computed elsewhere. Each metric of
//! each arm is held against the control: fixed-horizon and always-valid interval, relative effect,
//! the chance to be better and what choosing it is expected to cost. The sample ratio is looked at
//! first.
//!
//! When not to use it: where units influence each other or were not assigned by chance. A
//! comparison of before and after is no experiment.

use super::arms::{ArmState, Measured, given, measured};
use super::compare::bayes::{Belief, Beta, Normal, compare_shares as believe_shares};
use super::compare::means::{self, Test};
use super::compare::proportions::Share;
use super::compare::{Alternative, always_valid};
use super::decide::{Finding, decide};
use super::estimate::Estimate;
use super::health::{RunningRatio, sample_ratio};
use super::options::{
    DecideBy, ExperimentOptions, MetricDirection, MetricKind, MetricOptions, MetricPurpose,
};
use super::report::{
    ArmComparison, ArmUnits, ArmValue, ExperimentResult, MetricResult, SampleRatio,
};
use super::units::{ArmColumns, Units};
use super::variance::{Cuped, caps};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{Method, Outcome, Warning};
use crate::stats::confidence::check_confidence;
use crate::stats::multiplicity::adjusted;
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::shares::compare_shares;
use crate::table::role::Role;

/// Arms that can be compared at once.
const MOST_ARMS: usize = 64;
/// Below this p-value the sample ratio is taken for broken: 0.05 would stop one sound experiment
/// in twenty.
const MISMATCH: f64 = 0.001;
/// The running analysis.
#[derive(Debug)]
pub struct Experiment {
    options: ExperimentOptions,
    units: Option<Units>,
    arms: Vec<ArmState>,
    caps: Vec<Option<f64>>,
    answer: Option<ExperimentResult>,
    warnings: Vec<Warning>,
}

impl Analysis for Experiment {
    const NAME: &'static str = "experiment";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Welch and score comparisons with CUPED, confidence sequences, beliefs and a sample-ratio test",
        reference: "Welch (1947) Biometrika 34; Newcombe (1998) Stat. Med. 17; Deng et al. (2013) \
                    WSDM; Waudby-Smith et al. (2024) Ann. Stat. 52; Fabijan et al. (2019) KDD.",
    };
    const INPUTS: &'static [&'static str] = &[];
    const OPTIONAL: &'static [&'static str] = &["units"];

    type Options = ExperimentOptions;
    type Result = ExperimentResult;

    fn needs(options: &ExperimentOptions, _input: usize) -> Result<Needs> {
        let columns = options.metrics.iter().flat_map(MetricOptions::columns);
        Ok(Needs::roles(&[Role::Customer])
            .and_attributes(std::iter::once(options.variant.as_str()).chain(columns)))
    }

    fn estimate(options: &ExperimentOptions, inputs: &[Facts<'_>]) -> u64 {
        let columns: usize = options.metrics.iter().map(|metric| metric.columns().len()).sum();
        // Each number twice: by unit and by arm.
        inputs.iter().map(|facts| facts.customers * (16 * columns as u64 + 9)).sum()
    }

    fn start(options: ExperimentOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        check_confidence(options.confidence)?;
        if options.metrics.is_empty() {
            return Err(Error::new(Code::InvalidOption, "an experiment has at least one metric")
                .at_path("metrics"));
        }
        for (at, metric) in options.metrics.iter().enumerate() {
            metric.check().map_err(|error| error.inside(&format!("metrics[{at}]")))?;
        }
        let positive = [
            (options.planned_units, "plannedUnits"),
            (options.tuning, "tuning"),
            (options.worthwhile, "worthwhile"),
        ];
        for (value, path) in positive {
            if value.is_some_and(|value| !(value > 0.0 && value.is_finite())) {
                return Err(Error::new(Code::InvalidOption, "this is above 0").at_path(path));
            }
        }
        if inputs.is_empty() == options.arms.is_empty() {
            return Err(Error::new(
                Code::InvalidOption,
                "give either a table of units or the counts and means of the arms",
            )
            .at_path("arms"));
        }
        let units = (!inputs.is_empty()).then(|| {
            let mut columns: Vec<String> = Vec::new();
            for column in options.metrics.iter().flat_map(MetricOptions::columns) {
                if !columns.iter().any(|known| known == column) {
                    columns.push(column.to_owned());
                }
            }
            Units::new(columns)
        });
        let caps = vec![None; options.metrics.len()];
        let mut experiment = Experiment {
            options,
            units,
            arms: Vec::new(),
            caps,
            answer: None,
            warnings: Vec::new(),
        };
        for (at, arm) in experiment.options.arms.iter().enumerate() {
            let state = given(arm, &experiment.options.metrics)
                .map_err(|error| error.inside(&format!("arms[{at}]")))?;
            experiment.arms.push(state);
        }
        Ok(experiment)
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        match &mut self.units {
            Some(units) => units.update(rows, &self.options.variant),
            None => Ok(()),
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        let Some(units) = &self.units else { return Ok(Progress::default()) };
        let texts = names.first().and_then(|names| names.attribute(&self.options.variant));
        let codes = units.variants();
        if codes.len() > MOST_ARMS {
            return Err(Error::new(
                Code::Limit,
                format!("at most {MOST_ARMS} arms can be compared: is this the right attribute?"),
            )
            .at_path("variant"));
        }
        let mut arms = Vec::new();
        for code in codes {
            let name = texts.and_then(|texts| texts.get(code)).unwrap_or_default();
            let (count, columns) = units.arm(code)?;
            arms.push((String::from_utf8_lossy(name).into_owned(), count, columns));
        }
        arms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let metrics = &self.options.metrics;
        for (at, metric) in metrics.iter().enumerate() {
            if let Some(cap) = metric.cap
                && let Some(column) = units.column(metric.value_column())
            {
                let all: Vec<f64> = arms
                    .iter()
                    .filter_map(|(_, _, columns)| columns.get(column))
                    .flatten()
                    .copied()
                    .filter(|value| !value.is_nan())
                    .collect();
                if let Some(place) = self.caps.get_mut(at)
                    && !all.is_empty()
                {
                    *place = Some(caps(&all, 0.0, cap)?.high);
                }
            }
        }
        self.arms = arms
            .iter()
            .map(|(name, units, _)| ArmState {
                name: name.clone(),
                units: *units,
                metrics: Vec::new(),
            })
            .collect();
        for (at, metric) in metrics.iter().enumerate() {
            let places: Vec<usize> =
                metric.columns().into_iter().filter_map(|name| units.column(name)).collect();
            let cap = self.caps.get(at).copied().flatten();
            let columns: Vec<&ArmColumns> = arms.iter().map(|(_, _, columns)| columns).collect();
            let measured = measured(metric, &places, cap, &columns)
                .map_err(|error| error.inside(&format!("metrics[{at}]")))?;
            for (arm, measured) in self.arms.iter_mut().zip(measured) {
                arm.metrics.push(measured);
            }
        }
        Ok(Progress::default())
    }

    fn finish(&mut self, _budget: usize) -> Result<Progress> {
        if self.answer.is_none() {
            self.answer = Some(self.result()?);
        }
        Ok(Progress { done: 1, total: 1 })
    }

    fn outcome(
        mut self,
        _names: &[AllowedNames<'_>],
    ) -> Result<Outcome<ExperimentResult, ExperimentOptions>> {
        let result = self
            .answer
            .take()
            .ok_or_else(|| Error::new(Code::Closed, "the analysis is not finished"))?;
        let units = result.arms.iter().map(|arm| arm.units).sum();
        let left_out = self.units.as_ref().map(Units::left_out).unwrap_or_default();
        let out: u64 =
            left_out.iter().filter(|part| part.reason != "denied").map(|part| part.rows).sum();
        Ok(Outcome {
            rows: self.units.as_ref().map_or(0, |units| units.rows.saturating_sub(out)),
            customers: units,
            result,
            sets: Vec::new(),
            left_out,
            warnings: self.warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.units.as_ref().map_or(0, Units::heap_size)
    }
}

impl Experiment {
    fn result(&mut self) -> Result<ExperimentResult> {
        let control = self.options.control.clone();
        let twice = (1..self.arms.len()).any(|at| {
            let (before, rest) = self.arms.split_at(at);
            rest.first().is_some_and(|arm| before.iter().any(|other| other.name == arm.name))
        });
        if twice || self.arms.len() > MOST_ARMS {
            return Err(Error::new(Code::InvalidOption, "arms have different names, at most 64")
                .at_path("arms"));
        }
        // Arms of the plan that have no unit are empty ones.
        for plan in &self.options.plan {
            if !self.arms.iter().any(|arm| arm.name == plan.arm) {
                let metrics = vec![Measured::default(); self.options.metrics.len()];
                self.arms.push(ArmState { name: plan.arm.clone(), units: 0, metrics });
            }
        }
        if !self.arms.iter().any(|arm| arm.name == control) {
            return Err(Error::new(Code::InvalidOption, "no unit is in an arm of this name")
                .at_path("control"));
        }
        self.arms.sort_unstable_by(|a, b| {
            (a.name != control, &a.name).cmp(&(b.name != control, &b.name))
        });
        if self.arms.len() < 2 {
            return Err(Error::new(Code::NotEnoughData, "there is no arm beside the control"));
        }
        let weights = self.weights()?;
        let sum: f64 = weights.iter().sum();
        let counts: Vec<u64> = self.arms.iter().map(|arm| arm.units).collect();
        let empty = counts.iter().filter(|count| **count == 0).count() as u64;
        self.warn("empty-arm", empty, "an arm without units cannot be compared");
        let sample_ratio = ratio(&counts, &weights)?;
        let arms: Vec<ArmUnits> = (self.arms.iter().zip(&weights))
            .map(|(arm, weight)| ArmUnits {
                arm: arm.name.clone(),
                units: arm.units,
                planned: weight / sum,
            })
            .collect();
        let mut metrics = Vec::new();
        for at in 0..self.options.metrics.len() {
            if let Some(metric) = self.metric(at)? {
                metrics.push(metric);
            }
        }
        self.adjust(&mut metrics);
        let all: u64 = counts.iter().sum();
        let has_all = self.options.decide == DecideBy::AlwaysValid
            || self.options.planned_units.is_none_or(|planned| all as f64 >= planned);
        let is_mismatch = sample_ratio.is_some_and(|ratio| ratio.is_mismatch);
        let has_primary =
            self.options.metrics.iter().any(|metric| metric.purpose == MetricPurpose::Primary);
        let findings = self.findings(&metrics);
        let decision = decide(is_mismatch, has_all, has_primary, &findings);
        Ok(ExperimentResult { decision, sample_ratio, arms, metrics })
    }

    fn warn(&mut self, code: &'static str, count: u64, hint: &'static str) {
        if count > 0 {
            self.warnings.push(Warning { code, count, hint: hint.to_owned() });
        }
    }

    /// The planned weight of each arm.
    fn weights(&self) -> Result<Vec<f64>> {
        let plan = &self.options.plan;
        if plan.is_empty() {
            return Ok(vec![1.0; self.arms.len()]);
        }
        let of = |arm: &ArmState| {
            let own = plan.iter().find(|plan| plan.arm == arm.name);
            own.map(|plan| plan.weight).filter(|weight| *weight >= 0.0 && weight.is_finite())
        };
        let weights: Option<Vec<f64>> = self.arms.iter().map(of).collect();
        weights.filter(|weights| weights.iter().sum::<f64>() > 0.0).ok_or_else(|| {
            Error::new(Code::InvalidOption, "the plan has a weight of 0 or more for every arm")
                .at_path("plan")
        })
    }

    fn metric(&mut self, at: usize) -> Result<Option<MetricResult>> {
        let Some(options) = self.options.metrics.get(at).cloned() else { return Ok(None) };
        let measured: Vec<(String, Measured)> = self
            .arms
            .iter()
            .filter_map(|arm| Some((arm.name.clone(), arm.metrics.get(at)?.clone())))
            .collect();
        let cuped = options.covariate.as_ref().and_then(|_| {
            let states = measured.iter().map(|(_, measured)| &measured.stats);
            Cuped::of(states, options.metric(), options.covariate_metric())
        });
        let confidence = self.options.confidence;
        let estimate = |measured: &Measured| match (measured.share, &cuped) {
            (Some((successes, units)), _) => {
                Estimate::of_proportion(successes as f64, units as f64)
            }
            (None, Some(cuped)) => cuped.estimate(&measured.stats),
            (None, None) => Estimate::of(&measured.stats, options.metric()),
        };
        let mut arms = Vec::new();
        for (name, measured) in &measured {
            let own = estimate(measured);
            let interval = match measured.share {
                Some((successes, units)) if units > 0 => {
                    let kind = ProportionInterval::Wilson;
                    Some(proportion_interval(successes, units, confidence, kind)?)
                }
                Some(_) => None,
                None => own.and_then(|own| interval_of(&own, confidence)),
            };
            let alone = || measured.stats.mean(0).filter(|_| options.kind != MetricKind::Ratio);
            arms.push(ArmValue {
                arm: name.clone(),
                units: measured.share.map_or(measured.stats.count(), |(_, units)| units),
                missing: measured.missing,
                // One unit has a mean, though no spread.
                value: own.map(|own| own.value).or_else(alone),
                interval,
            });
        }
        let mut comparisons = Vec::new();
        let (mut still, mut unsigned) = (0, 0);
        if let Some(((_, control), others)) = measured.split_first() {
            let base = estimate(control);
            for (name, other) in others {
                let found =
                    self.compare(name, &options, (control, base), (other, estimate(other)))?;
                still += u64::from(found.effect.is_some() && found.interval.is_none());
                unsigned += u64::from(found.effect.is_some() && found.relative.is_none());
                comparisons.push(found);
            }
        }
        self.warn("nothing-varies", still, "where no unit differs there is no interval");
        self.warn(
            "no-relative-effect",
            unsigned,
            "an effect relative to a baseline of 0 or less has no meaning",
        );
        let without: u64 = arms.iter().map(|arm| arm.missing).sum();
        self.warn("missing-values", without, "units without a value take no part in that metric");
        Ok(Some(MetricResult {
            metric: options.name,
            explained: cuped.map(|cuped| cuped.explained),
            cap: self.caps.get(at).copied().flatten(),
            arms,
            comparisons,
        }))
    }

    fn compare(
        &self,
        arm: &str,
        options: &MetricOptions,
        (control, base): (&Measured, Option<Estimate>),
        (other, own): (&Measured, Option<Estimate>),
    ) -> Result<ArmComparison> {
        let confidence = self.options.confidence;
        let mut found = ArmComparison {
            arm: arm.to_owned(),
            effect: None,
            interval: None,
            relative: None,
            relative_interval: None,
            fieller_interval: None,
            p_value: None,
            always_valid_interval: None,
            always_valid_p_value: None,
            adjusted_p_value: None,
            chance_to_beat: None,
            expected_loss: None,
            margin_p_value: None,
        };
        let Some((base, own)) = base.zip(own) else { return Ok(found) };
        let effect = own.value - base.value;
        found.effect = Some(effect);
        let both = Alternative::TwoSided;
        let welch = means::absolute(&base, &own, Test::Welch, both, confidence);
        let is_lower = options.better == MetricDirection::Lower;
        // Turned round where less is better, so that small chances keep their digits.
        let mut belief: Option<Belief> = None;
        if let Some((c, t)) = control.share.zip(other.share) {
            let shares = compare_shares(t, c, confidence)?;
            (found.interval, found.p_value) = (Some(shares.interval), Some(shares.p_value));
            let law = |(successes, trials)| {
                Beta::posterior(Share::new(successes, trials).ok()?, 1.0, 1.0)
            };
            belief = law(c).zip(law(t)).and_then(|(c, t)| {
                if is_lower { believe_shares(t, c) } else { believe_shares(c, t) }
            });
        } else if let Some(welch) = &welch {
            (found.interval, found.p_value) = (Some(welch.interval), Some(welch.p_value));
            let law = Normal::posterior(welch, None);
            let mean = if is_lower { -law.mean } else { law.mean };
            belief = Some(Normal { mean, ..law }.belief());
        }
        if base.unadjusted > 0.0 {
            found.relative = Some(effect / base.unadjusted);
            let relative = means::relative(&base, &own, both, confidence);
            found.relative_interval = relative.map(|relative| relative.interval);
            // With a covariate the quotient is of adjusted values, which Fieller's has not.
            if options.covariate.is_none() {
                found.fieller_interval = means::fieller(&base, &own, confidence);
            }
        }
        let tuning = self.options.tuning.or(self.options.planned_units).unwrap_or(5000.0);
        let units = base.count + own.count;
        let alpha = 1.0 - confidence;
        if let Some(welch) = &welch
            && let Some(valid) = always_valid::asymptotic(welch, units, alpha, tuning)
        {
            found.always_valid_interval = Some(valid.interval);
            found.always_valid_p_value = Some(valid.p_value);
        }
        if let Some(belief) = belief {
            found.chance_to_beat = Some(belief.chance_to_win);
            found.expected_loss = Some(belief.loss_of_treatment);
        }
        if options.purpose == MetricPurpose::Guardrail
            && options.margin > 0.0
            && base.unadjusted > 0.0
        {
            // A margin of a noisy baseline: (t − (1 ± m)·c) has the baseline's noise too.
            let factor = if is_lower { 1.0 + options.margin } else { 1.0 - options.margin };
            let limit = Estimate {
                value: base.value + (factor - 1.0) * base.unadjusted,
                variance: base.variance * factor * factor,
                ..base
            };
            found.margin_p_value = match self.options.decide {
                DecideBy::Fixed => {
                    let side = if is_lower { Alternative::Less } else { Alternative::Greater };
                    means::absolute(&limit, &own, Test::Welch, side, confidence)
                        .map(|test| test.p_value)
                }
                // The two-sided sequence, and nothing on the bad side.
                DecideBy::AlwaysValid => {
                    means::absolute(&limit, &own, Test::Welch, both, confidence).and_then(|test| {
                        let valid = always_valid::asymptotic(&test, units, alpha, tuning)?;
                        let is_good = (test.effect < 0.0) == is_lower;
                        Some(if is_good { valid.p_value } else { 1.0 })
                    })
                }
            };
        }
        Ok(found)
    }

    /// The p-value that decides.
    fn deciding(&self, comparison: &ArmComparison) -> Option<f64> {
        match self.options.decide {
            DecideBy::Fixed => comparison.p_value,
            DecideBy::AlwaysValid => comparison.always_valid_p_value,
        }
    }

    fn adjust(&self, metrics: &mut [MetricResult]) {
        let is_guardrail = |at: usize| {
            self.options
                .metrics
                .get(at)
                .is_some_and(|metric| metric.purpose == MetricPurpose::Guardrail)
        };
        let mut p_values = Vec::new();
        for (at, metric) in metrics.iter().enumerate() {
            for comparison in &metric.comparisons {
                p_values.push(self.deciding(comparison).filter(|_| !is_guardrail(at)));
            }
        }
        let comparisons = metrics.iter_mut().flat_map(|metric| &mut metric.comparisons);
        for (comparison, p) in comparisons.zip(adjusted(&p_values, self.options.adjustment)) {
            comparison.adjusted_p_value = p;
        }
    }

    fn findings<'a>(&'a self, metrics: &'a [MetricResult]) -> Vec<Finding<'a>> {
        let alpha = 1.0 - self.options.confidence;
        let mut findings = Vec::new();
        for (options, metric) in self.options.metrics.iter().zip(metrics) {
            if options.purpose == MetricPurpose::Secondary {
                continue;
            }
            let is_guardrail = options.purpose == MetricPurpose::Guardrail;
            let sign = if options.better == MetricDirection::Lower { -1.0 } else { 1.0 };
            for comparison in &metric.comparisons {
                let Some(effect) = comparison.effect else { continue };
                let p = if is_guardrail {
                    self.deciding(comparison)
                } else {
                    comparison.adjusted_p_value
                };
                let is_found = p.is_some_and(|p| p <= alpha) && effect != 0.0;
                let interval = match self.options.decide {
                    DecideBy::Fixed => comparison.relative_interval,
                    // Relative to the same baseline as the effect.
                    DecideBy::AlwaysValid => comparison.always_valid_interval.and_then(|ends| {
                        let scale = comparison.relative? / effect;
                        Some(Interval { low: ends.low * scale, high: ends.high * scale })
                    }),
                };
                let best_end = interval.map(|ends| if sign > 0.0 { ends.high } else { -ends.low });
                findings.push(Finding {
                    metric: &metric.metric,
                    arm: &comparison.arm,
                    is_guardrail,
                    found: is_found.then_some(effect * sign > 0.0),
                    is_safe: options.margin == 0.0
                        || comparison.margin_p_value.is_some_and(|p| p <= alpha),
                    is_too_small: self
                        .options
                        .worthwhile
                        .zip(best_end)
                        .is_some_and(|(worthwhile, end)| end < worthwhile),
                    chance: comparison.chance_to_beat.unwrap_or(0.0),
                });
            }
        }
        findings
    }
}

fn interval_of(estimate: &Estimate, confidence: f64) -> Option<Interval> {
    let t = crate::stats::distribution::student_t_quantile(
        estimate.count - 1.0,
        (1.0 - confidence) / 2.0,
    )?;
    let reach = t * estimate.squared_error().sqrt();
    Some(Interval { low: estimate.value - reach, high: estimate.value + reach })
}

fn ratio(counts: &[u64], weights: &[f64]) -> Result<Option<SampleRatio>> {
    let Some((chi_squared, p_value)) = sample_ratio(counts, weights)? else { return Ok(None) };
    let running = weights.iter().all(|weight| *weight > 0.0).then(|| {
        let mut running = RunningRatio::new(weights, 10_000.0)?;
        running.add(counts)
    });
    Ok(Some(SampleRatio {
        chi_squared,
        p_value,
        always_valid_p_value: running.transpose()?,
        is_mismatch: p_value < MISMATCH,
    }))
}
