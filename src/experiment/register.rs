//! `experiment-register`: plans of experiments, written down before and held against what was analysed
//! after.
//!
//! A register is a [`Ledger`]: entries can be added and nothing else, each hash covers all before it,
//! and a register that was changed is refused. An entry holds a `plan` or a `result`. `experiment` is
//! given its plan by name (`registered`) and says where it departs from it: a metric that was added, a
//! margin that was changed, another primary metric are harmless only if they were meant before the data
//! were seen.
//!
//! What it cannot show: when an entry was made (its date is the caller's word, and is believed as far as
//! the last hash was kept elsewhere at the time), and looks at the data that nobody wrote down.

use serde::{Deserialize, Serialize};

use super::meta::PastEffect;
use super::options::{
    ArmPlan, DecideBy, ExperimentOptions, MetricDirection, MetricOptions, MetricPurpose,
};
use super::report::ArmUnits;
use crate::error::{Code, Error, Result};
use crate::job::Calculation;
use crate::plain::Value;
use crate::privacy::detect::Detector;
use crate::privacy::ledger::{Ledger, canonical};
use crate::report::Method;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::multiplicity::Adjustment;
use crate::table::moment::Moment;
use crate::table::zone::Zone;

/// The plan of an experiment. What it does not say has the default of `experiment`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExperimentPlan {
    /// The name of the experiment.
    pub name: String,
    /// The local day of the entry, as `2026-01-31`.
    pub date: String,
    /// What is expected, and why.
    pub hypothesis: String,
    /// The arm that the others are held against.
    pub control: String,
    /// All arms with their weights.
    pub arms: Vec<ArmPlan>,
    /// What will be measured, the weightiest first, with its purpose and margin.
    pub metrics: Vec<MetricOptions>,
    /// Units planned in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_units: Option<f64>,
    /// Which interval decides.
    #[serde(default)]
    pub decide: DecideBy,
    /// How p-values are adjusted.
    #[serde(default)]
    pub adjustment: Adjustment,
    /// Confidence of the intervals.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// The smallest relative effect of a primary metric that is worth while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worthwhile: Option<f64>,
}

/// What an experiment came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisteredResult {
    /// The name of the experiment, as in its plan.
    pub name: String,
    /// The local day of the entry.
    pub date: String,
    /// What was decided: `ship`, `hold`, `stop` or `run-longer`.
    pub call: String,
    /// The effects with their errors.
    pub effects: Vec<RegisteredEffect>,
    /// Departures from the plan, by code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<String>,
}

/// An effect of an experiment that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisteredEffect {
    /// The metric.
    pub metric: String,
    /// The arm.
    pub arm: String,
    /// The effect.
    pub effect: f64,
    /// Its standard error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<f64>,
}

/// Where an experiment finds its plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Registered {
    /// The register.
    pub register: Ledger,
    /// The name of the experiment in it.
    pub name: String,
    /// The last hash as it was kept elsewhere: without it a cut tail does not show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
}

/// A metric of the experiments in a register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisteredMetric {
    /// The register.
    pub register: Ledger,
    /// The metric, as the results name it.
    pub metric: String,
    /// The last hash as it was kept elsewhere: without it a cut tail does not show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
}

/// An experiment held against its plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanCheck {
    /// The experiment.
    pub name: String,
    /// When it was planned, by its entry.
    pub date: String,
    /// The hash of its plan's entry.
    pub hash: String,
    /// How often it was planned anew afterwards; the first plan counts.
    pub amendments: u64,
    /// Where the analysis departs from the plan; empty if nowhere.
    pub deviations: Vec<Deviation>,
}

/// A departure from the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Deviation {
    /// `primary-changed`, `purpose-changed`, `margin-changed`, `direction-changed`, `metric-added`,
    /// `metric-missing`, `metric-changed`, `control-changed`, `arm-added`, `arm-missing`,
    /// `weights-changed`, `decide-changed`, `adjustment-changed`, `confidence-changed`,
    /// `planned-units-changed` or `worthwhile-changed`.
    pub code: &'static str,
    /// The metric, where it is about one.
    pub metric: Option<String>,
    /// The arm, where it is about one.
    pub arm: Option<String>,
}

/// Options of `experiment-register`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExperimentRegisterOptions {
    /// The register; empty at first.
    #[serde(default)]
    pub register: Ledger,
    /// The last hash as it was kept elsewhere: without it a cut tail does not show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// A plan to be added. A second one of the same name amends it; the first still counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<ExperimentPlan>"))]
    pub plan: Option<Value>,
    /// A result to be added, of an experiment that has a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<RegisteredResult>"))]
    pub result: Option<Value>,
}

/// Result of `experiment-register`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExperimentRegisterResult {
    /// The register with what was added.
    pub register: Ledger,
    /// Its last hash, to be kept elsewhere; null of an empty one.
    pub head: Option<String>,
    /// The experiments in it, in the order of their plans.
    pub experiments: Vec<RegisteredExperiment>,
}

/// An experiment in the register.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegisteredExperiment {
    /// Its name.
    pub name: String,
    /// When it was first planned.
    pub date: String,
    /// What was expected.
    pub hypothesis: String,
    /// How often it was planned anew.
    pub amendments: u64,
    /// Its results, the earliest first.
    pub results: Vec<RegisteredResult>,
}

impl Calculation for ExperimentRegisterOptions {
    const NAME: &'static str = "experiment-register";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "A hash chain of plans and results",
        reference: "Nosek et al. (2018) The preregistration revolution, PNAS 115; Haber, Stornetta \
                    (1991) J. Cryptology 3.",
    };
    type Result = ExperimentRegisterResult;

    fn check(&self) -> Result<()> {
        untouched(&self.register, self.head.as_deref())
    }

    fn answer(&self) -> Result<ExperimentRegisterResult> {
        let mut register = self.register.clone();
        if let Some(plan) = &self.plan {
            let inside = |error: Error| error.inside("plan");
            plan.clone().read::<ExperimentPlan>().and_then(|plan| plan.check()).map_err(inside)?;
            add(&mut register, "plan", plan)?;
        }
        let known = plans(&register).map_err(|error| error.inside("register"))?;
        if let Some(result) = &self.result {
            let read: RegisteredResult =
                result.clone().read().map_err(|error| error.inside("result"))?;
            is_day(&read.date).map_err(|error| error.inside("result"))?;
            if !["ship", "hold", "stop", "run-longer"].contains(&read.call.as_str()) {
                return Err(invalid("result.call", "`ship`, `hold`, `stop` or `run-longer`"));
            }
            if !known.iter().any(|(plan, _)| plan.name == read.name) {
                return Err(invalid("result.name", "no experiment of this name was planned"));
            }
        }
        if let Some(result) = &self.result {
            add(&mut register, "result", result)?;
        }
        let experiments = experiments(&register)?;
        let head = register.hashes.last().cloned();
        Ok(ExperimentRegisterResult { register, head, experiments })
    }
}

fn invalid(path: &str, hint: &'static str) -> Error {
    Error::new(Code::InvalidOption, hint).at_path(path)
}

/// Refuses a register that was changed, or whose last hash is not the one kept elsewhere.
fn untouched(register: &Ledger, head: Option<&str>) -> Result<()> {
    let found = register.check(head);
    if found.intact {
        return Ok(());
    }
    let hint = match found.first_bad {
        Some(seq) => {
            format!("this register was changed from entry {seq} on: its hashes do not fit")
        }
        None => {
            "this register does not end with the hash that was kept: entries were cut off or added"
                .to_owned()
        }
    };
    Err(Error::new(Code::Decode, hint).at_path("register"))
}

/// Plans of the register, each with the hash of its entry.
fn plans(register: &Ledger) -> Result<Vec<(ExperimentPlan, &str)>> {
    let mut found = Vec::new();
    for (entry, hash) in register.entries.iter().zip(&register.hashes) {
        if let Some(plan) = entry.get("plan") {
            found.push((plan.clone().read::<ExperimentPlan>()?, hash.as_str()));
        }
    }
    Ok(found)
}

fn add(register: &mut Ledger, kind: &'static str, value: &Value) -> Result<()> {
    if !Detector::default().find(&canonical(value), None).is_empty() {
        return Err(invalid(kind, "personal information was found in it: leave that out"));
    }
    register.append(vec![(kind.to_owned(), value.clone())])
}

fn is_day(date: &str) -> Result<()> {
    let is_whole = date.len() == 10;
    Moment::parse(date, &Zone::utc())
        .and_then(|_| {
            if is_whole { Ok(()) } else { Err(Error::new(Code::Date, "a day, such as 2026-01-31")) }
        })
        .map_err(|error| error.at_path("date"))
}

impl ExperimentPlan {
    fn check(&self) -> Result<()> {
        is_day(&self.date)?;
        check_confidence(self.confidence)?;
        if self.name.trim().is_empty() || self.hypothesis.trim().is_empty() {
            return Err(invalid("hypothesis", "a plan has a name and says what is expected"));
        }
        if self.metrics.is_empty() {
            return Err(invalid("metrics", "a plan has at least one metric"));
        }
        for (at, metric) in self.metrics.iter().enumerate() {
            metric.check().map_err(|error| error.inside(&format!("metrics[{at}]")))?;
        }
        let is_weight = |arm: &ArmPlan| arm.weight >= 0.0 && arm.weight.is_finite();
        let total: f64 = self.arms.iter().map(|arm| arm.weight).sum();
        let has_control = self.arms.iter().any(|arm| arm.arm == self.control);
        if self.arms.len() < 2 || !has_control || !self.arms.iter().all(is_weight) || total <= 0.0 {
            return Err(invalid("arms", "the control and another arm, with weights from 0 on"));
        }
        Ok(())
    }
}

/// The experiments of a register, in the order of their plans.
fn experiments(register: &Ledger) -> Result<Vec<RegisteredExperiment>> {
    let inside = |error: Error| error.inside("register");
    let mut found: Vec<RegisteredExperiment> = Vec::new();
    for (plan, _) in plans(register).map_err(inside)? {
        match found.iter_mut().find(|of| of.name == plan.name) {
            Some(of) => of.amendments += 1,
            None => found.push(RegisteredExperiment {
                name: plan.name,
                date: plan.date,
                hypothesis: plan.hypothesis,
                amendments: 0,
                results: Vec::new(),
            }),
        }
    }
    for entry in register.entries.iter().filter_map(|entry| entry.get("result")) {
        let result: RegisteredResult = entry.clone().read().map_err(inside)?;
        if let Some(of) = found.iter_mut().find(|of| of.name == result.name) {
            of.results.push(result);
        }
    }
    Ok(found)
}

impl RegisteredMetric {
    /// The effects on the metric out of the last result of each experiment, and how many more of these
    /// have no error. One of several arms has the arm in its name.
    pub(super) fn effects(&self) -> Result<(Vec<PastEffect>, u64)> {
        untouched(&self.register, self.head.as_deref())?;
        let (mut found, mut without_error) = (Vec::new(), 0);
        for experiment in experiments(&self.register)? {
            let last = experiment.results.last().map_or(&[][..], |result| &result.effects);
            let own: Vec<&RegisteredEffect> =
                last.iter().filter(|effect| effect.metric == self.metric).collect();
            for RegisteredEffect { arm, effect, error, .. } in &own {
                let Some(error) = *error else {
                    without_error += 1;
                    continue;
                };
                let name = match own.len() {
                    1 => experiment.name.clone(),
                    _ => format!("{}: {arm}", experiment.name),
                };
                found.push(PastEffect { name, effect: *effect, error });
            }
        }
        Ok((found, without_error))
    }
}

impl Registered {
    /// Whether the register holds, and has such a plan.
    pub(super) fn check(&self) -> Result<()> {
        untouched(&self.register, self.head.as_deref())?;
        if plans(&self.register)?.iter().any(|(plan, _)| plan.name == self.name) {
            return Ok(());
        }
        Err(invalid("name", "no experiment of this name was planned"))
    }

    /// The first plan of the name, and where the analysis departs from it.
    pub(super) fn held(&self, asked: &ExperimentOptions, arms: &[ArmUnits]) -> Option<PlanCheck> {
        let mut own = plans(&self.register).ok()?.into_iter().filter(|(p, _)| p.name == self.name);
        let (plan, hash) = own.next()?;
        Some(PlanCheck {
            deviations: deviations(&plan, asked, arms),
            name: plan.name,
            date: plan.date,
            hash: hash.to_owned(),
            amendments: own.count() as u64,
        })
    }
}

fn deviations(
    plan: &ExperimentPlan,
    asked: &ExperimentOptions,
    arms: &[ArmUnits],
) -> Vec<Deviation> {
    let mut found = Vec::new();
    let mut metric = |code, name: &str| {
        found.push(Deviation { code, metric: Some(name.to_owned()), arm: None });
    };
    let is_primary = |of: &MetricOptions| of.purpose == MetricPurpose::Primary;
    for own in &asked.metrics {
        let Some(planned) = plan.metrics.iter().find(|of| of.name == own.name) else {
            metric(if is_primary(own) { "primary-changed" } else { "metric-added" }, &own.name);
            continue;
        };
        if planned.purpose != own.purpose {
            let changes_primary = is_primary(planned) || is_primary(own);
            metric(if changes_primary { "primary-changed" } else { "purpose-changed" }, &own.name);
        }
        // A primary metric that comes before others now chooses between arms that win.
        let first =
            |of: &[MetricOptions]| of.iter().find(|of| is_primary(of)).map(|of| of.name.clone());
        if is_primary(planned)
            && is_primary(own)
            && first(&asked.metrics).as_ref() == Some(&own.name)
            && first(&plan.metrics).as_ref() != Some(&own.name)
        {
            metric("primary-changed", &own.name);
        }
        if planned.margin != own.margin {
            metric("margin-changed", &own.name);
        }
        if planned.better != own.better {
            metric("direction-changed", &own.name);
        }
        let plain = |of: &MetricOptions| MetricOptions {
            purpose: MetricPurpose::Primary,
            better: MetricDirection::Higher,
            margin: 0.0,
            column: Some(of.value_column().to_owned()),
            ..of.clone()
        };
        if plain(planned) != plain(own) {
            metric("metric-changed", &own.name);
        }
    }
    for planned in &plan.metrics {
        if !asked.metrics.iter().any(|own| own.name == planned.name) {
            metric("metric-missing", &planned.name);
        }
    }
    let mut arm = |code, name: &str| {
        found.push(Deviation { code, metric: None, arm: Some(name.to_owned()) });
    };
    if plan.control != asked.control {
        arm("control-changed", &asked.control);
    }
    let total: f64 = plan.arms.iter().map(|arm| arm.weight).sum();
    for own in arms {
        match plan.arms.iter().find(|of| of.arm == own.arm) {
            None => arm("arm-added", &own.arm),
            Some(of) if (of.weight / total - own.planned).abs() > 1e-9 => {
                arm("weights-changed", &own.arm);
            }
            Some(_) => {}
        }
    }
    for planned in plan.arms.iter().filter(|of| !arms.iter().any(|own| own.arm == of.arm)) {
        arm("arm-missing", &planned.arm);
    }
    let rest = [
        ("decide-changed", plan.decide != asked.decide),
        ("adjustment-changed", plan.adjustment != asked.adjustment),
        ("confidence-changed", plan.confidence != asked.confidence),
        ("planned-units-changed", plan.planned_units != asked.planned_units),
        ("worthwhile-changed", plan.worthwhile != asked.worthwhile),
    ];
    let changed = rest.into_iter().filter(|(_, holds)| *holds);
    found.extend(changed.map(|(code, _)| Deviation { code, metric: None, arm: None }));
    found
}
