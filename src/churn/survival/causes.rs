//! `competing-risks`: how many will have left by when, and for which reason.
//!
//! It reads a table of lives that may end for one of several reasons: a subscription that is cancelled,
//! not paid or moved to another plan. For each reason the answer is the share that has ended by it, by
//! time, with lives counted that were not seen to their end.
//!
//! When not to use it: where it is asked how many would leave for one reason if the others were not
//! there; no table of this kind can tell.
#![allow(clippy::indexing_slicing)] // Causes are counted from 1 to as many as there are names.

use serde::{Deserialize, Serialize};

use super::competing::incidences;
use super::curve::Life;
use super::lives::{by_bytes, check_times, number};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, no_memory, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, AttributeValues, Needs};
use crate::report::{LeftOut, Method, Outcome};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::proportion::Interval;
use crate::table::block::MISSING;
use crate::table::role::{Kind, Role};

/// Options of `competing-risks`. Columns are attributes of the input `lives`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompetingRisksOptions {
    /// The column of how long each life was followed, numbers of any unit of time.
    pub duration: String,
    /// The column of why it ended then, texts of at most 20 values; empty where it had not ended.
    pub cause: String,
    /// The text of `cause` that says that it had not ended, besides an empty one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub still_here: Option<String>,
    /// The column of the time from which on each life was seen, numbers; without it, from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The times of the curves' points; without them 25 from 0 to the last time.
    #[serde(default)]
    pub times: Vec<f64>,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

/// Result of `competing-risks`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CompetingRisksResult {
    /// Lives that were followed.
    pub lives: u64,
    /// The causes, by their names.
    pub causes: Vec<CauseCurve>,
    /// The times of the curves' points.
    pub times: Vec<f64>,
    /// The share that goes on beyond each time: with the shares of all causes it sums to 1.
    pub survival: Vec<f64>,
}

/// The share that has ended by one cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CauseCurve {
    /// The cause.
    pub name: String,
    /// Lives that it ended.
    pub ended: u64,
    /// At each of `times`, the share that has ended by it.
    pub shares: Vec<f64>,
    /// The intervals of the shares.
    pub intervals: Vec<Interval>,
}

/// More causes than these are told apart by nobody.
const MOST_CAUSES: usize = 20;

/// The running analysis.
#[derive(Debug)]
pub struct CompetingRisks {
    options: CompetingRisksOptions,
    lives: Vec<Life>,
    codes: Vec<u32>,
    causes: Vec<u32>,
    names: Vec<String>,
    denied: u64,
    missing: u64,
    unsound: u64,
    answer: Option<CompetingRisksResult>,
}

impl Analysis for CompetingRisks {
    const NAME: &'static str = "competing-risks";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Aalen–Johansen estimate of cumulative incidences",
        reference: "Aalen, O. O., Johansen, S. (1978). Scandinavian Journal of Statistics 5, 141–150.",
    };
    const INPUTS: &'static [&'static str] = &["lives"];

    type Options = CompetingRisksOptions;
    type Result = CompetingRisksResult;

    fn needs(options: &CompetingRisksOptions, _input: usize) -> Result<Needs> {
        let columns = [&options.duration, &options.cause].into_iter().chain(&options.entry);
        Ok(Needs::roles(&[Role::Customer]).and_attributes(columns))
    }

    fn estimate(_options: &CompetingRisksOptions, inputs: &[Facts<'_>]) -> u64 {
        // Lives, causes and orders over them, and a point of the curves for each at most.
        inputs.iter().map(|facts| facts.rows * (48 + 24 * MOST_CAUSES as u64)).sum()
    }

    fn start(options: CompetingRisksOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        check_confidence(options.confidence)?;
        check_times(&options.times)?;
        let schema = inputs.first().map(|facts| facts.schema).ok_or_else(|| {
            Error::new(Code::UnknownTable, "`competing-risks` reads a table of lives")
        })?;
        let columns = [("duration", Some(&options.duration)), ("entry", options.entry.as_ref())];
        for (path, column) in columns.into_iter().chain([("cause", Some(&options.cause))]) {
            let Some(column) = column else { continue };
            let is_number = schema.require_attribute(column)?.kind() == Kind::Number;
            if is_number == (path == "cause") {
                let hint = match is_number {
                    true => "causes are texts: map the attribute without a type",
                    false => "times are numbers: map the attribute with the type `number`",
                };
                return Err(Error::new(Code::Type, hint).at_path(path).at_column(column));
            }
        }
        Ok(CompetingRisks {
            options,
            lives: Vec::new(),
            codes: Vec::new(),
            causes: Vec::new(),
            names: Vec::new(),
            denied: 0,
            missing: 0,
            unsound: 0,
            answer: None,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let column = |name: &String| rows.attribute(name);
        let duration = column(&self.options.duration);
        let entries = self.options.entry.as_ref().map(column);
        let Some(AttributeValues::Text(causes)) = rows.attribute(&self.options.cause) else {
            return Err(Error::new(Code::Denied, "a column was not granted"));
        };
        self.lives.try_reserve(customers.len()).map_err(|_| no_memory())?;
        self.causes.try_reserve(customers.len()).map_err(|_| no_memory())?;
        self.codes.try_reserve(customers.len()).map_err(|_| no_memory())?;
        for (row, (code, cause)) in customers.iter().zip(causes).enumerate() {
            if rows.keep().is_some_and(|keep| !keep.get(*code)) {
                self.denied += 1;
                continue;
            }
            let at = |column: &Option<AttributeValues<'_>>| {
                column.as_ref().map_or(f64::NAN, |column| number(column, row))
            };
            let (time, entry) = (at(&duration), entries.as_ref().map_or(f64::NEG_INFINITY, at));
            let life = Life { entry, time, has_ended: false };
            if time.is_nan() || entry.is_nan() {
                self.missing += 1;
            } else if life.is_sound() {
                self.lives.push(life);
                self.codes.push(*code);
                self.causes.push(*cause);
            } else {
                self.unsound += 1;
            }
        }
        Ok(())
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        let texts = names.first().and_then(|names| names.attribute(&self.options.cause));
        let text = |code: u32| texts.and_then(|texts| texts.get(code)).unwrap_or_default();
        let still_here = self.options.still_here.as_ref().map(|text| text.as_bytes());
        let mut places = vec![0_u32; texts.map_or(0, |texts| texts.len())];
        for code in &self.causes {
            if let Some(place) = places.get_mut(*code as usize) {
                *place = 1;
            }
        }
        let known = (0..).zip(&places).filter(|(_, place)| **place > 0).map(|(code, _)| code);
        let codes: Vec<u32> = known.filter(|code| Some(text(*code)) != still_here).collect();
        if codes.len() > MOST_CAUSES {
            let hint = format!("there are {} causes, at most {MOST_CAUSES} are told", codes.len());
            return Err(Error::new(Code::Limit, hint).at_path("cause"));
        }
        places.fill(0);
        for (place, (code, name)) in (1..).zip(by_bytes(&codes, &text)) {
            places[code as usize] = place;
            self.names.push(name);
        }
        for (cause, life) in self.causes.iter_mut().zip(&mut self.lives) {
            *cause = if *cause == MISSING { 0 } else { places[*cause as usize] };
            life.has_ended = *cause > 0;
        }
        Ok(Progress { done: 1, total: 1 })
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
    ) -> Result<Outcome<CompetingRisksResult, CompetingRisksOptions>> {
        let result = self.answer.take().ok_or_else(unfinished)?;
        let left_out =
            [("denied", self.denied), ("missing", self.missing), ("no-life", self.unsound)];
        self.codes.sort_unstable();
        self.codes.dedup();
        Ok(Outcome {
            rows: self.lives.len() as u64,
            customers: self.codes.len() as u64,
            sets: Vec::new(),
            left_out: LeftOut::rows(&left_out),
            warnings: Vec::new(),
            options: self.options,
            result,
        })
    }

    fn heap_size(&self) -> usize {
        self.lives.capacity() * size_of::<Life>()
            + (self.codes.capacity() + self.causes.capacity()) * 4
    }
}

impl CompetingRisks {
    fn result(&self) -> Result<CompetingRisksResult> {
        let points = incidences(&self.lives, &self.causes, self.options.confidence)?;
        let last = points.last().map_or(0.0, |point| point.time);
        let times: Vec<f64> = if self.options.times.is_empty() {
            (0..25).map(|at| last * f64::from(at) / 24.0).collect()
        } else {
            self.options.times.clone()
        };
        let share = |time: f64, cause: usize| {
            let after = points.partition_point(|point| point.time <= time);
            after.checked_sub(1).map_or([0.0; 3], |at| points[at].causes[cause])
        };
        let curve = |(cause, name): (usize, &String)| {
            let shares: Vec<[f64; 3]> = times.iter().map(|time| share(*time, cause)).collect();
            CauseCurve {
                name: name.clone(),
                ended: self.causes.iter().filter(|of| **of as usize == cause + 1).count() as u64,
                shares: shares.iter().map(|[share, ..]| *share).collect(),
                intervals: shares
                    .iter()
                    .map(|[_, low, high]| Interval { low: *low, high: *high })
                    .collect(),
            }
        };
        let causes: Vec<CauseCurve> = self.names.iter().enumerate().map(curve).collect();
        let gone = |at: usize| causes.iter().map(|cause| cause.shares[at]).sum::<f64>();
        let survival = (0..times.len()).map(|at| (1.0 - gone(at)).max(0.0)).collect();
        Ok(CompetingRisksResult { lives: self.lives.len() as u64, causes, times, survival })
    }
}
