//! `experiment`: which variant did better, by how much, how surely, and what to do.
//!
//! From a table of units, or from counts and means that were computed elsewhere. Each metric of
//! each arm is held against the control: fixed-horizon and always-valid interval, relative effect,
//! the chance to be better and what choosing it is expected to cost. The sample ratio is looked at
//! first.
//!
//! When not to use it: where units influence each other or were not assigned by chance. A
//! comparison of before and after is no experiment.

use super::arms::{ArmState, Columns, Grouping, Measured, given};
use super::decide::{Finding, decide};
use super::effects::{Curve, Cut, RankedUnit, Ranking};
use super::folded::Folded;
use super::health::{RunningRatio, sample_ratio};
use super::metric::compared;
use super::options::{
    DecideBy, ExperimentOptions, MetricDirection, MetricKind, MetricOptions, MetricPurpose,
};
use super::report::{
    ArmComparison, ArmUnits, ExperimentResult, MetricResult, SampleRatio, ScoreResult,
    SegmentDifference, SegmentResult,
};
use super::resample::{Drawn, Redrawn};
use super::units::Units;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{Method, Outcome, Warning};
use crate::stats::confidence::check_confidence;
use crate::stats::distribution::chi_squared;
use crate::stats::dunnett::dunnett;
use crate::stats::multiplicity::{Adjustment, adjusted};
use crate::stats::order::sort_by;
use crate::stats::proportion::Interval;
use crate::table::block::MISSING;
use crate::table::calendar::Date;
use crate::table::role::Role;

/// Arms that can be compared at once.
const MOST_ARMS: usize = 64;
/// Values of an attribute, or days, within which effects are shown; strata.
const MOST_SEGMENTS: usize = 400;
/// Groups of units in an arm below which their spread is hardly known.
const FEW_CLUSTERS: u64 = 10;
/// Below this p-value the sample ratio is taken for broken: 0.05 would stop one sound experiment
/// in twenty.
const MISMATCH: f64 = 0.001;
/// The running analysis.
#[derive(Debug)]
pub struct Experiment {
    options: ExperimentOptions,
    units: Option<Units>,
    /// In place of `units` where each stands in one row and is not needed again.
    folded: Option<Folded>,
    /// The codes of the variants, and the arm of each unit.
    variants: Vec<u32>,
    arm_names: Vec<String>,
    arms_of_units: Vec<u32>,
    /// The parts that are counted: all units, then within each attribute of segments, then by day;
    /// each metric of each is a step.
    step: usize,
    grouping: Option<Grouping>,
    arms: Vec<ArmState>,
    segments: Vec<Segment>,
    caps: Vec<Option<f64>>,
    answer: Option<ExperimentResult>,
    redrawn: Redrawn,
    warnings: Vec<Warning>,
}

/// The arms within a value of an attribute, or on a day.
#[derive(Debug)]
struct Segment {
    by: Option<String>,
    value: Option<String>,
    arms: Vec<ArmState>,
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
        let roles: &[Role] =
            if options.by_day { &[Role::Customer, Role::Time] } else { &[Role::Customer] };
        let names = std::iter::once(options.variant.as_str()).chain(columns);
        Ok(Needs::roles(roles).and_attributes(
            names.chain(options.labels()).chain(options.scores.iter().map(String::as_str)),
        ))
    }

    fn estimate(options: &ExperimentOptions, inputs: &[Facts<'_>]) -> u64 {
        if inputs.first().is_some_and(|facts| folded(options, facts).is_some()) {
            return 1 << 21;
        }
        let columns: usize = options.metrics.iter().map(|metric| metric.columns().len()).sum();
        // Where the numbers themselves are compared, and of groups of units, they stand there twice.
        let twice = options.clusters.is_some()
            || options.metrics.iter().any(|metric| metric.needs_values() || metric.cap.is_some());
        let redrawn = if options.resampling.is_some() { 2 * columns } else { 0 };
        let more = redrawn + if twice { 3 } else { 0 };
        let numbers = 8 * (columns + options.scores.len() + more);
        let each = numbers + 4 * (options.labels().count() + 2) + 17;
        inputs.iter().map(|facts| facts.customers * each as u64).sum()
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
        options.check(inputs.is_empty())?;
        if let Some(registered) = &options.registered {
            registered.check().map_err(|error| error.inside("registered"))?;
        }
        let folded = inputs.first().and_then(|facts| folded(&options, facts));
        let units = inputs.first().filter(|_| folded.is_none()).map(|facts| {
            let columns = options.metrics.iter().flat_map(MetricOptions::columns);
            let columns: Vec<&str> =
                columns.chain(options.scores.iter().map(String::as_str)).collect();
            let labels: Vec<&str> = options.labels().collect();
            Units::new(&columns, &labels, options.by_day.then(|| facts.schema.zone.clone()))
        });
        let caps = vec![None; options.metrics.len()];
        let mut experiment = Experiment {
            options,
            units,
            folded,
            variants: Vec::new(),
            arm_names: Vec::new(),
            arms_of_units: Vec::new(),
            step: 0,
            grouping: None,
            arms: Vec::new(),
            segments: Vec::new(),
            caps,
            answer: None,
            redrawn: Redrawn::default(),
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
        match (&mut self.folded, &mut self.units) {
            (Some(folded), _) => folded.update(rows, &self.options.variant),
            (_, Some(units)) => units.update(rows, &self.options.variant),
            _ => Ok(()),
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        if let Some(folded) = &self.folded {
            let variants = folded.variants().ok_or_else(too_many_arms)?;
            self.arms = folded.arms(&texts(names, &self.options.variant, &variants))?;
            return Ok(Progress { done: 1, total: 1 });
        }
        let Some(units) = &mut self.units else { return Ok(Progress::default()) };
        if self.step == 0 {
            if let Some(clusters) = &self.options.clusters {
                units.keep_whole(clusters);
            }
            self.variants = units.variants(MOST_ARMS);
            if self.variants.len() > MOST_ARMS {
                return Err(too_many_arms());
            }
            self.arms_of_units = units.arms(&self.variants);
        }
        let count = self.options.metrics.len();
        let (part, at) = (self.step / count, self.step % count);
        if at == 0 {
            self.part(part, names)?;
        }
        if let (Some(units), Some(metric), Some(grouping)) =
            (&self.units, self.options.metrics.get(at), &self.grouping)
        {
            let inside = |error: Error| error.inside(&format!("metrics[{at}]"));
            let columns =
                Columns::of(metric, &self.options, units, &self.arms_of_units).map_err(inside)?;
            if let Some(cap) = self.caps.get_mut(at) {
                *cap = columns.cap;
            }
            let mut measured = columns.measured(grouping).map_err(inside)?.into_iter();
            let first = self.segments.len().saturating_sub(measured.len());
            let places: Vec<&mut Vec<ArmState>> = if part == 0 {
                vec![&mut self.arms]
            } else {
                self.segments.iter_mut().skip(first).map(|segment| &mut segment.arms).collect()
            };
            for (arms, found) in places.into_iter().zip(&mut measured) {
                for (arm, mut measured) in arms.iter_mut().zip(found) {
                    if part > 0 {
                        measured.drawn = Drawn::default();
                    }
                    arm.metrics.push(measured);
                }
            }
        }
        self.step += 1;
        let parts = 1 + self.options.segments.len() + usize::from(self.options.by_day);
        Ok(Progress { done: self.step as u64, total: (parts * count) as u64 })
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        if self.answer.is_none() {
            self.answer = Some(self.result()?);
        }
        match (&self.options.resampling, &mut self.answer) {
            (Some(asked), Some(answer)) => self.redrawn.draw(
                *asked,
                &self.arms,
                self.options.confidence,
                &self.options.metrics,
                &mut answer.metrics,
                budget,
            ),
            _ => Ok(Progress { done: 1, total: 1 }),
        }
    }

    fn outcome(
        mut self,
        _names: &[AllowedNames<'_>],
    ) -> Result<Outcome<ExperimentResult, ExperimentOptions>> {
        let result = self.answer.take().ok_or_else(unfinished)?;
        let units = result.arms.iter().map(|arm| arm.units).sum();
        let (rows, left_out) = match (&self.folded, &self.units) {
            (Some(folded), _) => (folded.used(), folded.left_out()),
            (_, Some(units)) => (units.rows, units.left_out()),
            _ => (0, Vec::new()),
        };
        let out: u64 =
            left_out.iter().filter(|part| part.reason != "denied").map(|part| part.rows).sum();
        Ok(Outcome {
            rows: rows.saturating_sub(out),
            customers: units,
            result,
            sets: Vec::new(),
            left_out,
            warnings: self.warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        let units = self.units.as_ref().map_or(0, Units::heap_size);
        // The arm of each unit, and its group.
        let folded = self.folded.as_ref().map_or(0, Folded::heap_size);
        units + folded + 8 * self.arms_of_units.capacity()
    }
}

impl Experiment {
    /// Begins a part: which group each unit belongs to there, and its arms without metrics.
    fn part(&mut self, part: usize, names: &[AllowedNames<'_>]) -> Result<()> {
        let Some(units) = &self.units else { return Ok(()) };
        let arms = &self.arms_of_units;
        let variants = texts(names, &self.options.variant, &self.variants);
        let strata = match &self.options.strata {
            Some(strata) => Some(places(units.label(strata), arms, "strata")?),
            None => None,
        };
        let by = part.checked_sub(1).map(|at| self.options.segments.get(at).cloned());
        let segments = match &by {
            None => None,
            Some(Some(attribute)) => Some(places(units.label(attribute), arms, "segments")?),
            Some(None) => Some(places(units.days().unwrap_or_default(), arms, "byDay")?),
        };
        let sized =
            |part: &Option<(Vec<u32>, Vec<u32>)>| part.as_ref().map_or(1, |(_, codes)| codes.len());
        if sized(&strata) * sized(&segments) > 4 * MOST_SEGMENTS {
            return Err(Error::new(Code::Limit, "there are too many segments with strata each")
                .at_path("strata"));
        }
        fn parts(part: &Option<(Vec<u32>, Vec<u32>)>) -> Option<(&[u32], usize)> {
            part.as_ref().map(|(places, codes)| (places.as_slice(), codes.len()))
        }
        let grouping = Grouping::new(arms, self.variants.len(), parts(&segments), parts(&strata))?;
        let clusters = self.options.clusters.as_deref().map(|name| units.label(name));
        let mut states = grouping.arms(&variants, clusters).into_iter();
        if let (Some(by), Some((_, codes))) = (by, segments) {
            for (arms, code) in states.zip(codes) {
                let value = match &by {
                    Some(attribute) => texts(names, attribute, &[code]).pop(),
                    None => Some(Date::of_day_number(code as i32).to_string()),
                };
                let value = value.filter(|_| code != MISSING);
                self.segments.push(Segment { by: by.clone(), value, arms });
            }
        } else {
            self.arms = states.next().unwrap_or_default();
        }
        self.grouping = Some(grouping);
        self.arm_names = variants;
        Ok(())
    }

    /// The arms with those that the plan names, control first, then by name.
    fn ordered(&self, mut arms: Vec<ArmState>) -> Vec<ArmState> {
        // Arms of the plan that have no unit are empty ones.
        for plan in &self.options.plan {
            if !arms.iter().any(|arm| arm.name == plan.arm) {
                let metrics = vec![Measured::default(); self.options.metrics.len()];
                let name = plan.arm.clone();
                arms.push(ArmState { name, units: 0, assigned: 0, metrics });
            }
        }
        let control = &self.options.control;
        sort_by(&mut arms, |a, b| {
            (a.name != *control, &a.name).cmp(&(b.name != *control, &b.name))
        });
        arms
    }

    fn result(&mut self) -> Result<ExperimentResult> {
        let control = self.options.control.clone();
        let arms = std::mem::take(&mut self.arms);
        self.arms = self.ordered(arms);
        let mut pairs = self.arms.iter().zip(self.arms.iter().skip(1));
        if pairs.any(|(arm, next)| arm.name == next.name) || self.arms.len() > MOST_ARMS {
            return Err(Error::new(Code::InvalidOption, "arms have different names, at most 64")
                .at_path("arms"));
        }
        if !self.arms.iter().any(|arm| arm.name == control) {
            return Err(Error::new(Code::InvalidOption, "no unit is in an arm of this name")
                .at_path("control"));
        }
        if self.arms.len() < 2 {
            return Err(Error::new(Code::NotEnoughData, "there is no arm beside the control"));
        }
        let weights = self.weights()?;
        let sum: f64 = weights.iter().sum();
        let counts: Vec<u64> = self.arms.iter().map(|arm| arm.assigned).collect();
        let empty = counts.iter().filter(|count| **count == 0).count() as u64;
        self.warn("empty-arm", empty, "an arm without units cannot be compared");
        let has_few = |count: &&u64| **count > 0 && **count < FEW_CLUSTERS;
        let few = match self.options.clusters {
            Some(_) => counts.iter().filter(has_few).count() as u64,
            None => 0,
        };
        self.warn("few-clusters", few, "the spread of fewer than ten groups is hardly known");
        let sample_ratio = ratio(&counts, &weights)?;
        let arms: Vec<ArmUnits> = (self.arms.iter().zip(&weights))
            .map(|(arm, weight)| ArmUnits {
                arm: arm.name.clone(),
                units: arm.units,
                planned: weight / sum,
            })
            .collect();
        let mut metrics = self.metrics(&self.arms)?;
        self.cautions(&metrics);
        self.adjust(&mut metrics);
        let all: u64 = arms.iter().map(|arm| arm.units).sum();
        let has_all = self.options.decide == DecideBy::AlwaysValid
            || self.options.planned_units.is_none_or(|planned| all as f64 >= planned);
        let is_mismatch = sample_ratio.is_some_and(|ratio| ratio.is_mismatch);
        let has_primary =
            self.options.metrics.iter().any(|metric| metric.purpose == MetricPurpose::Primary);
        let findings = self.findings(&metrics);
        let decision = decide(is_mismatch, has_all, has_primary, &findings);
        let scores = self.scores()?;
        let segments = self.within(&weights)?;
        let differences = self.differences(&segments);
        let registered = self.options.registered.as_ref();
        Ok(ExperimentResult {
            registered: registered.and_then(|of| of.held(&self.options, &arms)),
            decision,
            sample_ratio,
            arms,
            metrics,
            segments,
            differences,
            scores,
        })
    }

    /// Each metric of the arms.
    fn metrics(&self, arms: &[ArmState]) -> Result<Vec<MetricResult>> {
        let asked = &self.options;
        let metrics = asked.metrics.iter().zip(&self.caps).enumerate();
        metrics
            .map(|(at, (metric, cap))| {
                let measured: Vec<(&str, &Measured)> = arms
                    .iter()
                    .filter_map(|arm| Some((arm.name.as_str(), arm.metrics.get(at)?)))
                    .collect();
                compared(asked, metric, *cap, &measured)
            })
            .collect()
    }

    fn cautions(&mut self, metrics: &[MetricResult]) {
        let comparisons = || metrics.iter().flat_map(|metric| &metric.comparisons);
        let count = |is: fn(&ArmComparison) -> bool| {
            comparisons().filter(|found| found.effect.is_some() && is(found)).count() as u64
        };
        let still = count(|found| found.interval.is_none());
        self.warn("nothing-varies", still, "where no unit differs there is no interval");
        let unsigned = count(|found| found.relative.is_none());
        self.warn(
            "no-relative-effect",
            unsigned,
            "an effect relative to a baseline of 0 or less has no meaning",
        );
        let missing = metrics.iter().flat_map(|metric| &metric.arms).map(|arm| arm.missing).sum();
        self.warn("missing-values", missing, "units without a value take no part in that metric");
        // Simulated: of skewed amounts the interval of the 90 % quantile covers 96 % where it says 95 %.
        let is_far =
            |metric: &&MetricOptions| metric.quantile.is_some_and(|at| !(0.2..=0.8).contains(&at));
        let far = self.options.metrics.iter().filter(is_far).count() as u64;
        self.warn(
            "careful-quantile",
            far,
            "intervals of quantiles far from the middle are a little wider than they say",
        );
    }

    /// The metrics within each segment, p-values adjusted over all of them.
    fn within(&mut self, weights: &[f64]) -> Result<Vec<SegmentResult>> {
        let mut found = Vec::new();
        for segment in std::mem::take(&mut self.segments) {
            let arms = self.ordered(segment.arms);
            let counts: Vec<u64> = arms.iter().map(|arm| arm.assigned).collect();
            found.push(SegmentResult {
                by: segment.by,
                value: segment.value,
                units: arms.iter().map(|arm| arm.units).sum(),
                sample_ratio: ratio(&counts, weights)?,
                metrics: self.metrics(&arms)?,
            });
        }
        let place = |segment: &SegmentResult| {
            let own = self.options.segments.iter().position(|by| Some(by) == segment.by.as_ref());
            (own.unwrap_or(usize::MAX), segment.value.is_none())
        };
        sort_by(&mut found, |a, b| place(a).cmp(&place(b)).then_with(|| a.value.cmp(&b.value)));
        let mut metrics: Vec<MetricResult> =
            found.iter_mut().flat_map(|segment| std::mem::take(&mut segment.metrics)).collect();
        self.adjust(&mut metrics);
        let mut metrics = metrics.into_iter();
        for segment in &mut found {
            segment.metrics = metrics.by_ref().take(self.options.metrics.len()).collect();
        }
        Ok(found)
    }

    /// Cochran's Q of each metric and arm over the segments of an attribute.
    fn differences(&self, segments: &[SegmentResult]) -> Vec<SegmentDifference> {
        let mut found = Vec::new();
        for own in segments.chunk_by(|a, b| a.by == b.by) {
            let Some(first) = own.first() else { continue };
            for (at, metric) in first.metrics.iter().enumerate() {
                for (arm, comparison) in metric.comparisons.iter().enumerate() {
                    let effects = || {
                        own.iter().filter_map(|segment| {
                            let found = segment.metrics.get(at)?.comparisons.get(arm)?;
                            let error = found.error.filter(|error| *error > 0.0)?;
                            Some((found.effect?, 1.0 / (error * error)))
                        })
                    };
                    let (mut sum, mut weights, mut count) = (0.0, 0.0, 0);
                    for (effect, weight) in effects() {
                        sum += weight * effect;
                        weights += weight;
                        count += 1;
                    }
                    let mean = sum / weights;
                    let q: f64 = effects().map(|(e, w)| w * (e - mean) * (e - mean)).sum();
                    if count > 1
                        && let Some(tails) = chi_squared(f64::from(count - 1), q)
                    {
                        found.push(SegmentDifference {
                            by: first.by.clone(),
                            metric: metric.metric.clone(),
                            arm: comparison.arm.clone(),
                            chi_squared: q,
                            degrees: u64::from(count - 1_u32),
                            p_value: tails.upper,
                            adjusted_p_value: tails.upper,
                        });
                    }
                }
            }
        }
        let p_values: Vec<Option<f64>> = found.iter().map(|row| Some(row.p_value)).collect();
        for (row, p) in found.iter_mut().zip(adjusted(&p_values, self.options.adjustment)) {
            row.adjusted_p_value = p.unwrap_or(row.p_value);
        }
        found
    }

    /// How well each score orders the units of each arm and the control, in every share.
    fn scores(&self) -> Result<Vec<ScoreResult>> {
        let mut found = Vec::new();
        let Some(units) = &self.units else { return Ok(found) };
        let place = |arm: &str| self.arm_names.iter().position(|name| name == arm);
        for score in &self.options.scores {
            let scores = units.column(score);
            for metric in self.options.metrics.iter().filter(|m| m.kind == MetricKind::Share) {
                let outcomes = units.column(metric.value_column());
                let arms = self.arms.iter().map(|arm| arm.name.as_str());
                for arm in arms.filter(|arm| *arm != self.options.control) {
                    let (Some(control), Some(own)) = (place(&self.options.control), place(arm))
                    else {
                        continue;
                    };
                    let all = self.arms_of_units.iter().zip(outcomes).zip(scores);
                    let ranked: Vec<RankedUnit> = all
                        .filter(|((arm, outcome), score)| {
                            (**arm as usize == own || **arm as usize == control)
                                && !outcome.is_nan()
                                && !score.is_nan()
                        })
                        .map(|((arm, outcome), score)| RankedUnit {
                            outcome: *outcome == 1.0,
                            is_treated: *arm as usize == own,
                            score: *score,
                        })
                        .collect();
                    let units = ranked.len() as u64;
                    let ranking = Ranking::new(&ranked).ok();
                    let of = |curve| ranking.as_ref().and_then(|r| r.coefficient(curve));
                    found.push(ScoreResult {
                        score: score.clone(),
                        metric: metric.name.clone(),
                        arm: arm.to_owned(),
                        units,
                        qini: of(Curve::Qini),
                        uplift: of(Curve::Uplift),
                        top_effect: ranking.as_ref().and_then(|r| r.uplift_at(0.3, Cut::ByArm)),
                    });
                }
            }
        }
        Ok(found)
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

    /// The p-value that decides.
    fn deciding(&self, comparison: &ArmComparison) -> Option<f64> {
        match self.options.decide {
            DecideBy::Fixed => comparison.p_value,
            DecideBy::AlwaysValid => comparison.always_valid_p_value,
        }
    }

    fn adjust(&self, metrics: &mut [MetricResult]) {
        // Of segments the metrics stand there again and again.
        let is_guardrail = |at: usize| {
            self.options
                .metrics
                .get(at % self.options.metrics.len().max(1))
                .is_some_and(|metric| metric.purpose == MetricPurpose::Guardrail)
        };
        if self.options.adjustment == Adjustment::Dunnett {
            let families = (0..metrics.len()).filter(|at| !is_guardrail(*at)).count() as f64;
            let own = metrics.iter_mut().enumerate().filter(|(at, _)| !is_guardrail(*at));
            for (_, metric) in own {
                let found = || metric.comparisons.iter().filter(|found| found.p_value.is_some());
                let p_values: Vec<f64> = found().filter_map(|found| found.p_value).collect();
                let shared: Vec<f64> =
                    found().map(|found| found.spread.0.clamp(0.0, 1.0)).collect();
                let degrees = found().fold(f64::INFINITY, |least, found| least.min(found.spread.1));
                let adjusted = dunnett(&p_values, &shared, degrees).unwrap_or_default();
                let with = metric.comparisons.iter_mut().filter(|found| found.p_value.is_some());
                for (found, p) in with.zip(adjusted) {
                    found.adjusted_p_value = Some((p * families).min(1.0));
                }
            }
            return;
        }
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
                    // What stays the same is better or worse nowhere: it is proven or not.
                    found: (is_found && options.better != MetricDirection::Same)
                        .then_some(effect * sign > 0.0),
                    is_safe: options.margin == 0.0
                        || comparison.margin_p_value.is_some_and(|p| p <= alpha),
                    is_too_small: self
                        .options
                        .worthwhile
                        .zip(best_end)
                        .is_some_and(|(worthwhile, end)| end < worthwhile),
                    gain: effect * sign,
                });
            }
        }
        findings
    }
}

/// The fold over rows, where the table and what is asked allow it.
fn folded(options: &ExperimentOptions, facts: &Facts<'_>) -> Option<Folded> {
    Folded::new(options, MOST_ARMS).filter(|_| facts.rows == facts.customers)
}

/// The texts behind the codes of an attribute.
pub(super) fn texts(names: &[AllowedNames<'_>], attribute: &str, codes: &[u32]) -> Vec<String> {
    let texts = names.first().and_then(|names| names.attribute(attribute));
    let text = |code: &u32| texts.and_then(|texts| texts.get(*code)).unwrap_or_default();
    codes.iter().map(|code| String::from_utf8_lossy(text(code)).into_owned()).collect()
}

fn too_many_arms() -> Error {
    let hint = format!("at most {MOST_ARMS} arms can be compared: is this the right attribute?");
    Error::new(Code::Limit, hint).at_path("variant")
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

/// Each unit's place among the distinct codes, and these; units without one have a place too.
///
/// # Errors
/// `limit` if there are too many, `limit-memory` without room.
fn places(codes: &[u32], arms: &[u32], path: &str) -> Result<(Vec<u32>, Vec<u32>)> {
    let mut distinct: Vec<u32> = Vec::new();
    let mut found = Vec::new();
    found
        .try_reserve_exact(codes.len())
        .map_err(|_| Error::new(Code::LimitMemory, "there is not enough memory for the units"))?;
    for (code, arm) in codes.iter().zip(arms) {
        if *arm == MISSING {
            found.push(0);
            continue;
        }
        let place = distinct.iter().position(|known| known == code).unwrap_or_else(|| {
            distinct.push(*code);
            distinct.len() - 1
        });
        if place >= MOST_SEGMENTS {
            return Err(Error::new(
                Code::Limit,
                format!("at most {MOST_SEGMENTS} parts: take an attribute with fewer values"),
            )
            .at_path(path));
        }
        found.push(place as u32);
    }
    Ok((found, distinct))
}
