//! One metric over the arms: what each shows, and each other against the control.

use super::arms::{Measured, estimates};
use super::compare::bayes::{Belief, Beta, Normal, compare_shares as believe_shares};
use super::compare::means::{self, Test};
use super::compare::proportions::Share;
use super::compare::ranks::{RankLaw, mann_whitney};
use super::compare::{Alternative, always_valid};
use super::estimate::Estimate;
use super::options::{
    DecideBy, ExperimentOptions, MetricDirection, MetricKind, MetricOptions, MetricPurpose,
};
use super::report::{ArmComparison, ArmValue, MetricResult};
use crate::error::Result;
use crate::stats::distribution::student_t_quantile;
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::shares::compare_shares;

/// A metric of each arm with its name, the control first.
pub(super) fn compared(
    asked: &ExperimentOptions,
    options: &MetricOptions,
    cap: Option<f64>,
    measured: &[(&str, &Measured)],
) -> Result<MetricResult> {
    let states: Vec<&Measured> = measured.iter().map(|(_, measured)| *measured).collect();
    let (found, explained) = estimates(options, asked.clusters.is_some(), &states);
    let mut arms = Vec::new();
    for ((name, measured), own) in measured.iter().zip(&found) {
        let interval = match measured.share {
            Some((successes, units)) if units > 0 => {
                let kind = ProportionInterval::Wilson;
                Some(proportion_interval(successes, units, asked.confidence, kind)?)
            }
            Some(_) => None,
            None => own.and_then(|own| interval_of(&own, asked.confidence)),
        };
        let is_mean = asked.clusters.is_none()
            && matches!(options.kind, MetricKind::Mean | MetricKind::Share);
        arms.push(ArmValue {
            arm: (*name).to_owned(),
            units: measured.units,
            missing: measured.missing,
            // One unit has a mean, though no spread.
            value: own.map(|own| own.value).or_else(|| measured.stats.mean(0).filter(|_| is_mean)),
            interval,
        });
    }
    let mut comparisons = Vec::new();
    let mut both = measured.iter().zip(found);
    if let Some(((_, control), base)) = both.next() {
        for ((name, other), own) in both {
            comparisons.push(compare(asked, name, options, (control, base), (other, own))?);
        }
    }
    Ok(MetricResult { metric: options.name.clone(), explained, cap, arms, comparisons })
}

fn interval_of(estimate: &Estimate, confidence: f64) -> Option<Interval> {
    let t = student_t_quantile(estimate.count - 1.0, (1.0 - confidence) / 2.0)?;
    let reach = t * estimate.squared_error().sqrt();
    Some(Interval { low: estimate.value - reach, high: estimate.value + reach })
}

fn compare(
    asked: &ExperimentOptions,
    arm: &str,
    options: &MetricOptions,
    (control, base): (&Measured, Option<Estimate>),
    (other, own): (&Measured, Option<Estimate>),
) -> Result<ArmComparison> {
    let confidence = asked.confidence;
    let mut found = ArmComparison { arm: arm.to_owned(), ..ArmComparison::default() };
    if !control.values.is_empty() && !other.values.is_empty() {
        let law = RankLaw::Asymptotic;
        let ranks = mann_whitney(&control.values, &other.values, law, Alternative::TwoSided)?;
        found.superiority = Some(ranks.u / (control.values.len() * other.values.len()) as f64);
        found.rank_p_value = Some(ranks.p_value);
    }
    let Some((base, own)) = base.zip(own) else { return Ok(found) };
    let effect = own.value - base.value;
    found.effect = Some(effect);
    let both = Alternative::TwoSided;
    let welch = means::absolute(&base, &own, Test::Welch, both, confidence);
    found.error = welch.map(|welch| welch.error);
    if let Some(welch) = &welch {
        let is_normal = control.share.is_some();
        let degrees = if is_normal { f64::INFINITY } else { welch.degrees };
        found.spread = (base.squared_error() / (welch.error * welch.error), degrees);
    }
    let is_lower = options.better == MetricDirection::Lower;
    // Turned round where less is better, so that small chances keep their digits.
    let mut belief: Option<Belief> = None;
    if let Some((c, t)) = control.share.zip(other.share) {
        let shares = compare_shares(t, c, confidence)?;
        (found.interval, found.p_value) = (Some(shares.interval), Some(shares.p_value));
        let law =
            |(successes, trials)| Beta::posterior(Share::new(successes, trials).ok()?, 1.0, 1.0);
        belief = law(c)
            .zip(law(t))
            .and_then(|(c, t)| if is_lower { believe_shares(t, c) } else { believe_shares(c, t) });
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
        // With a covariate or strata the quotient is of adjusted values, which Fieller's has not.
        if options.covariate.is_none() && asked.strata.is_none() {
            found.fieller_interval = means::fieller(&base, &own, confidence);
        }
    }
    let tuning = asked.tuning.or(asked.planned_units).unwrap_or(5000.0);
    let units = base.count + own.count;
    let alpha = 1.0 - confidence;
    if let Some(welch) = &welch
        && let Some(valid) = always_valid::asymptotic(welch, units, alpha, tuning)
    {
        found.always_valid_interval = Some(valid.interval);
        found.always_valid_p_value = Some(valid.p_value);
    }
    if let Some(belief) = belief.filter(|_| options.better != MetricDirection::Same) {
        found.chance_to_beat = Some(belief.chance_to_win);
        found.expected_loss = Some(belief.loss_of_treatment);
    }
    if options.purpose == MetricPurpose::Guardrail && options.margin > 0.0 && base.unadjusted > 0.0
    {
        // A margin of a noisy baseline: (t − (1 ± m)·c) has the baseline's noise too.
        let beyond = |is_lower: bool| {
            let factor = if is_lower { 1.0 + options.margin } else { 1.0 - options.margin };
            let limit = Estimate {
                value: base.value + (factor - 1.0) * base.unadjusted,
                variance: base.variance * factor * factor,
                ..base
            };
            match asked.decide {
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
            }
        };
        found.margin_p_value = match options.better {
            MetricDirection::Same => beyond(true).zip(beyond(false)).map(|(p, q)| p.max(q)),
            _ => beyond(is_lower),
        };
    }
    Ok(found)
}
