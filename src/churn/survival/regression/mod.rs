//! `survival-regression`: what makes an end come sooner or later, by how much, all else being equal.
//!
//! It reads a table of lives: how long each was followed, whether it ended then, and what is known of
//! it, as numbers and as texts. By Cox the answer is a ratio of hazards for each column, by one of the
//! accelerated failure times a ratio of times; both with intervals and tests, how well the order of ends
//! is told, and curves for profiles that the caller describes.
//!
//! A text becomes a column for each of its values but the most frequent one, the reference. Rows are put
//! into the order of what stands in them before anything is added up, so that their order in the table
//! changes nothing.
//!
//! When not to use it: with far fewer ends than ten for each column the answer is noise; and it says what
//! goes along with an early end, not what brings it about.
#![allow(clippy::indexing_slicing)] // Rows are `width` cells each, and designs as wide as their names.

mod options;
mod report;

use std::collections::BTreeMap;

pub use options::{LifeProfile, SurvivalModel, SurvivalRegressionOptions};
pub use report::{
    ProfileCurve, ProfilePoint, Proportionality, SurvivalParameter, SurvivalRegressionResult,
    SurvivalTerm,
};

use super::aft::{Aft, aft};
use super::analysis::GroupTest;
use super::cox::{Cox, Forecast, Likelihood, Test};
use super::curve::Life;
use super::lives::{by_bytes, check_times, number};
use super::sample::Sample;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, ids, no_memory, unfinished};
use crate::privacy::gate::{Allowed, AllowedNames, AttributeValues, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values, Warning};
use crate::stats::confidence::check_confidence;
use crate::stats::order::arrangement;
use crate::stats::proportion::Interval;
use crate::stats::special::error::{normal, normal_quantile};
use crate::table::block::MISSING;
use crate::table::role::{Kind, Role};

/// More columns, with one for each value of a text, are not solved for.
const MOST_COLUMNS: usize = 200;

/// More values of a text are no categories.
const MOST_VALUES: usize = 50;

/// A ratio of hazards changes with time if so large a difference is less likely than this.
const UNLIKELY: f64 = 0.05;

/// What a column of the table is to the regression, in the order in which they stand in a row's cells.
#[derive(Clone, Debug)]
struct Given {
    name: String,
    is_text: bool,
    /// The values of a text by their bytes; a cell is an index into them once they are known.
    values: Vec<String>,
}

/// A column of the design.
#[derive(Clone, Copy, Debug)]
struct DesignColumn {
    /// Which covariate.
    covariate: usize,
    /// The index of the value that it marks; `None` for numbers.
    value: Option<usize>,
}

/// The running analysis.
#[derive(Debug)]
pub struct SurvivalRegression {
    options: SurvivalRegressionOptions,
    /// Duration, event, entry and strata if asked for, then the covariates.
    given: Vec<Given>,
    /// Rows of as many cells as `given`: numbers, and codes of texts.
    cells: Vec<f64>,
    codes: Vec<u32>,
    denied: u64,
    missing: u64,
    unsound: u64,
    answer: Option<(SurvivalRegressionResult, Vec<ColumnSet>, Vec<Warning>)>,
}

fn invalid(path: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::new(Code::InvalidOption, hint.into()).at_path(path)
}

impl Analysis for SurvivalRegression {
    const NAME: &'static str = "survival-regression";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Cox regression and accelerated failure time",
        reference: "Cox, D. R. (1972). Regression Models and Life-Tables. JRSS B 34, 187–220.",
    };
    const INPUTS: &'static [&'static str] = &["lives"];

    type Options = SurvivalRegressionOptions;
    type Result = SurvivalRegressionResult;

    fn needs(options: &SurvivalRegressionOptions, _input: usize) -> Result<Needs> {
        Ok(Needs::roles(&[Role::Customer]).and_attributes(options.columns()))
    }

    fn estimate(options: &SurvivalRegressionOptions, inputs: &[Facts<'_>]) -> u64 {
        // Cells, the design of the regression, orders and sums over them.
        let columns = options.columns().count() as u64;
        inputs.iter().map(|facts| facts.rows * (columns * 32 + 160)).sum()
    }

    fn start(options: SurvivalRegressionOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        check_confidence(options.confidence)?;
        if !(1..=MOST_VALUES).contains(&options.covariates.len()) {
            return Err(invalid("covariates", "between 1 and 50 columns"));
        }
        let mut known: Vec<&String> = Vec::new();
        for (at, name) in options.columns().enumerate() {
            if known.contains(&name) {
                let place = (at + options.covariates.len()).checked_sub(options.columns().count());
                let path = place.map_or("strata".to_owned(), |at| format!("covariates[{at}]"));
                return Err(invalid(path, "a column has one part only"));
            }
            known.push(name);
        }
        for (path, is_asked) in [
            ("strata", options.strata.is_some()),
            ("robust", options.robust),
            ("penalty", options.penalty != 0.0),
        ] {
            if is_asked && options.model != SurvivalModel::Cox {
                return Err(invalid(path, "only the model `cox` knows this"));
            }
        }
        if !(options.penalty >= 0.0 && options.penalty.is_finite()) {
            return Err(invalid("penalty", "a penalty is zero or more"));
        }
        check_times(&options.times)?;
        let schema = inputs.first().map(|facts| facts.schema).ok_or_else(|| {
            Error::new(Code::UnknownTable, "`survival-regression` reads a table of lives")
        })?;
        let of = |name: &String| -> Result<Given> {
            let is_text = schema.require_attribute(name)?.kind() != Kind::Number;
            Ok(Given { name: name.clone(), is_text, values: Vec::new() })
        };
        let given: Vec<Given> = options.columns().map(of).collect::<Result<_>>()?;
        let entry = options.entry.is_some();
        for (at, path, is_text) in [
            (Some(0), "duration", false),
            (Some(1), "event", options.event_value.is_some()),
            (entry.then_some(2), "entry", false),
            (options.strata.is_some().then_some(2 + usize::from(entry)), "strata", true),
        ] {
            let Some(given) = at.and_then(|at| given.get(at)) else { continue };
            if given.is_text != is_text {
                let hint = match is_text {
                    true => {
                        "this column holds numbers where texts are needed: map it without a type"
                    }
                    false if path == "event" => "a column of texts needs `eventValue`",
                    false => "this column holds texts: map it with the type `number`",
                };
                return Err(Error::new(Code::Type, hint).at_path(path).at_column(&given.name));
            }
        }
        Ok(SurvivalRegression {
            options,
            given,
            cells: Vec::new(),
            codes: Vec::new(),
            denied: 0,
            missing: 0,
            unsound: 0,
            answer: None,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let columns: Vec<AttributeValues<'_>> =
            self.given.iter().filter_map(|given| rows.attribute(&given.name)).collect();
        let width = self.given.len();
        if columns.len() < width {
            return Err(Error::new(Code::Denied, "a column was not granted"));
        }
        self.cells.try_reserve(customers.len() * width).map_err(|_| no_memory())?;
        self.codes.try_reserve(customers.len()).map_err(|_| no_memory())?;
        for (row, code) in customers.iter().enumerate() {
            if rows.keep().is_some_and(|keep| !keep.get(*code)) {
                self.denied += 1;
                continue;
            }
            let start = self.cells.len();
            for column in &columns {
                let cell = match column {
                    AttributeValues::Text(codes) => codes
                        .get(row)
                        .filter(|code| **code != MISSING)
                        .map_or(f64::NAN, |code| f64::from(*code)),
                    AttributeValues::Number(..) => number(column, row),
                };
                self.cells.push(cell);
            }
            let own = &self.cells[start..];
            let entry = self.options.entry.as_ref().map_or(f64::NEG_INFINITY, |_| own[2]);
            let is_missing = own.iter().any(|cell| cell.is_nan());
            let life = Life { entry, time: own[0], has_ended: false };
            if is_missing || !life.is_sound() {
                *(if is_missing { &mut self.missing } else { &mut self.unsound }) += 1;
                self.cells.truncate(start);
            } else {
                self.codes.push(*code);
            }
        }
        Ok(())
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        let width = self.given.len();
        let first = self.options.first_covariate();
        for (column, given) in self.given.iter_mut().enumerate().filter(|(_, given)| given.is_text)
        {
            let texts = names.first().and_then(|names| names.attribute(&given.name));
            let text = |code: u32| texts.and_then(|texts| texts.get(code)).unwrap_or_default();
            let mut is_there = vec![false; texts.map_or(0, |texts| texts.len())];
            for row in self.cells.chunks_exact(width) {
                is_there[row[column] as usize] = true;
            }
            let codes: Vec<u32> = (0..).zip(&is_there).filter(|at| *at.1).map(|at| at.0).collect();
            if codes.len() > MOST_VALUES && column != 1 {
                let hint = format!(
                    "the column has {} values, at most {MOST_VALUES} are categories",
                    codes.len()
                );
                let path = match column.checked_sub(first) {
                    Some(at) => format!("covariates[{at}]"),
                    None => "strata".to_owned(),
                };
                return Err(Error::new(Code::Limit, hint).at_path(path).at_column(&given.name));
            }
            let mut places = vec![0.0; is_there.len()];
            for (place, (code, name)) in by_bytes(&codes, &text).into_iter().enumerate() {
                places[code as usize] = place as f64;
                given.values.push(name);
            }
            for row in self.cells.chunks_exact_mut(width) {
                row[column] = places[row[column] as usize];
            }
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
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<SurvivalRegressionResult, SurvivalRegressionOptions>> {
        let (result, mut sets, warnings) = self.answer.take().ok_or_else(unfinished)?;
        if let Some(lives) = sets.first_mut() {
            let customer = NamedColumn { name: "customer", values: ids(&self.codes, names)? };
            lives.columns.insert(0, customer);
        }
        let left_out =
            [("denied", self.denied), ("missing", self.missing), ("no-life", self.unsound)];
        let rows = self.codes.len() as u64;
        self.codes.sort_unstable();
        self.codes.dedup();
        Ok(Outcome {
            rows,
            customers: self.codes.len() as u64,
            sets,
            left_out: LeftOut::rows(&left_out),
            warnings,
            options: self.options,
            result,
        })
    }

    fn heap_size(&self) -> usize {
        self.cells.capacity() * 8 + self.codes.capacity() * 4
    }
}

/// A fit of either kind.
enum Fit {
    Cox(Box<Cox>),
    Aft(Box<Aft>),
}

impl SurvivalRegression {
    fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.cells.chunks_exact(self.given.len())
    }

    /// The columns of the design, and for each covariate the value that is its reference.
    fn design(&self) -> Result<(Vec<DesignColumn>, Vec<usize>)> {
        let first = self.options.first_covariate();
        let (mut columns, mut references) = (Vec::new(), Vec::new());
        for (covariate, given) in self.given[first..].iter().enumerate() {
            let mut counts = vec![0_u64; given.values.len()];
            if given.is_text {
                self.rows().for_each(|row| counts[row[first + covariate] as usize] += 1);
            }
            let most = counts.iter().max().copied().unwrap_or(0);
            let reference = counts.iter().position(|count| *count == most).unwrap_or(0);
            references.push(reference);
            if !given.is_text {
                columns.push(DesignColumn { covariate, value: None });
            } else if counts.len() < 2 {
                let hint = format!("the column `{}` has one value only: leave it out", given.name);
                return Err(Error::new(Code::NotIdentifiable, hint).at_column(&given.name));
            }
            let others = (0..counts.len()).filter(|value| *value != reference);
            columns.extend(others.map(|value| DesignColumn { covariate, value: Some(value) }));
        }
        if columns.len() > MOST_COLUMNS {
            let hint = format!(
                "with their values the covariates are {} columns, at most {MOST_COLUMNS}",
                columns.len()
            );
            return Err(Error::new(Code::Limit, hint).at_path("covariates"));
        }
        Ok((columns, references))
    }

    fn result(&mut self) -> Result<(SurvivalRegressionResult, Vec<ColumnSet>, Vec<Warning>)> {
        if self.codes.is_empty() {
            return Err(Error::new(
                Code::NotEnoughData,
                "there is not one life without a missing value",
            ));
        }
        let options = &self.options;
        let first = options.first_covariate();
        let (columns, references) = self.design()?;
        let rows: Vec<&[f64]> = self.rows().collect();
        let order = arrangement(rows.len(), &|a, b| {
            let cells = rows[a].iter().zip(rows[b]);
            cells.fold(std::cmp::Ordering::Equal, |so_far, (a, b)| so_far.then(a.total_cmp(b)))
        });
        let event = match &options.event_value {
            Some(wanted) => match self.given[1].values.iter().position(|value| value == wanted) {
                Some(at) => Some(at as f64),
                None => return Err(invalid("eventValue", "no row has this value")),
            },
            None => None,
        };
        let life = |row: &[f64]| Life {
            entry: options.entry.as_ref().map_or(f64::NEG_INFINITY, |_| row[2]),
            time: row[0],
            has_ended: event.map_or(row[1] != 0.0, |event| row[1] == event),
        };
        let cell = |row: &[f64], column: &DesignColumn| {
            let cell = row[first + column.covariate];
            column.value.map_or(cell, |value| f64::from(u8::from(cell == value as f64)))
        };
        let sorted = || order.iter().map(|row| rows[*row as usize]);
        let lives: Vec<Life> = sorted().map(life).collect();
        let strata: Vec<u32> = match &options.strata {
            Some(_) => sorted().map(|row| row[first - 1] as u32).collect(),
            None => Vec::new(),
        };
        let mut values = Vec::new();
        values.try_reserve_exact(rows.len() * columns.len()).map_err(|_| no_memory())?;
        sorted().for_each(|row| values.extend(columns.iter().map(|column| cell(row, column))));
        let names =
            columns.iter().map(|of| self.given[first + of.covariate].name.clone()).collect();
        let ends: Vec<f64> =
            lives.iter().filter(|life| life.has_ended).map(|life| life.time).collect();
        let last = ends.iter().copied().fold(0.0, f64::max);
        let sample = Sample::new(lives, strata, names, values)?;
        let fit = match options.distribution() {
            Some(distribution) => {
                Fit::Aft(Box::new(aft(&sample, distribution).map_err(|error| {
                    if error.code() == Code::InvalidOption {
                        error.at_column(&options.duration)
                    } else {
                        error
                    }
                })?))
            }
            None => {
                let clusters = options.robust.then(|| {
                    // Numbers from 0 in the order of the rows.
                    let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
                    let number = |row: &u32| {
                        let next = numbers.len() as u32;
                        *numbers.entry(self.codes[*row as usize]).or_insert(next)
                    };
                    order.iter().map(number).collect::<Vec<u32>>()
                });
                let likelihood = Likelihood::new(&sample, options.ties, options.penalty)?;
                Fit::Cox(Box::new(likelihood.fit(clusters.as_deref())?))
            }
        };
        let means: Vec<f64> = sample.centres.clone();
        drop(sample);
        let (all, covariance) = match &fit {
            Fit::Cox(cox) => (&cox.coefficients[..], &cox.covariance),
            Fit::Aft(aft) => (&aft.coefficients[..], &aft.covariance),
        };
        let z = -normal_quantile((1.0 - options.confidence) / 2.0).unwrap_or(0.0);
        let parameter = |estimate: f64, at: usize| {
            let size = (covariance.len() as f64).sqrt() as usize;
            let error = covariance[at * (size + 1)].max(0.0).sqrt();
            let interval = Interval { low: estimate - z * error, high: estimate + z * error };
            SurvivalParameter { estimate, error, interval }
        };
        let skip = all.len() - columns.len();
        let coefficients = &all[skip..];
        let finite = |log: f64| Some(libm::exp(log)).filter(|ratio| ratio.is_finite());
        let mut warnings = Vec::new();
        let mut terms: Vec<SurvivalTerm> = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let given = &self.given[first + column.covariate];
            let coefficient = parameter(coefficients[at], at + skip);
            let Interval { low, high } = coefficient.interval;
            let tail = -(coefficient.estimate / coefficient.error).abs();
            let is_first = at == 0 || columns[at - 1].covariate != column.covariate;
            let proportional = match (&fit, terms.last()) {
                (Fit::Aft(_), _) => None,
                (Fit::Cox(_), Some(before)) if !is_first => before.proportional,
                (Fit::Cox(cox), _) => {
                    let own: Vec<usize> = (at..columns.len())
                        .take_while(|other| columns[*other].covariate == column.covariate)
                        .collect();
                    cox.proportional(&own).map(told)
                }
            };
            if is_first && proportional.is_some_and(|test| test.p < UNLIKELY) {
                warnings.push(Warning {
                    code: "not-proportional",
                    count: 1,
                    hint: format!(
                        "the effect of `{}` changes with time: its ratio is a mean over the time followed; use it as `strata`, or cut the lives into spans",
                        given.name
                    ),
                });
            }
            let value = |at: usize| given.values.get(at).cloned();
            terms.push(SurvivalTerm {
                column: given.name.clone(),
                value: column.value.and_then(value),
                reference: column.value.and_then(|_| value(references[column.covariate])),
                coefficient,
                ratio: finite(coefficient.estimate),
                ratio_interval: finite(high).map(|high| Interval { low: libm::exp(low), high }),
                p: if tail.is_nan() { 1.0 } else { 2.0 * normal(tail).lower },
                proportional,
            });
        }
        if ends.len() < 10 * columns.len() {
            warnings.push(Warning {
                code: "few-events",
                count: ends.len() as u64,
                hint: format!("fewer than ten ends for each of {} columns: coefficients and intervals are rough", columns.len()),
            });
        }
        let mut people = self.codes.clone();
        people.sort_unstable();
        people.dedup();
        if people.len() < rows.len() && !options.robust && options.entry.is_none() {
            warnings.push(Warning {
                code: "several-lives",
                count: (rows.len() - people.len()) as u64,
                hint: "customers with several rows count as so many independent lives: `robust` errors do not take them for independent".to_owned(),
            });
        }
        let every: Vec<usize> = (0..columns.len()).collect();
        let proportional = match &fit {
            Fit::Cox(cox) => cox.proportional(&every).map(told),
            Fit::Aft(_) => None,
        };
        let changes = |test: Option<GroupTest>| test.is_some_and(|test| test.p < UNLIKELY);
        let verdict = match proportional {
            None => Proportionality::Untested,
            Some(_)
                if changes(proportional) || terms.iter().any(|term| changes(term.proportional)) =>
            {
                Proportionality::Changes
            }
            Some(_) => Proportionality::Holds,
        };
        let ratio = |row: &&[f64]| {
            let parts = columns.iter().zip(coefficients.iter().zip(&means));
            let log: f64 = parts.map(|(column, (b, mean))| b * (cell(row, column) - mean)).sum();
            libm::exp(log).min(f64::MAX)
        };
        let ratios =
            NamedColumn { name: "ratio", values: Values::F64(rows.iter().map(ratio).collect()) };
        let mut sets = vec![ColumnSet { name: "lives", length: rows.len(), columns: vec![ratios] }];
        let stratum_names =
            if options.strata.is_some() { &self.given[first - 1].values[..] } else { &[] };
        if let Fit::Cox(cox) = &fit {
            let (mut index, mut times, mut hazards) = (Vec::new(), Vec::new(), Vec::new());
            for stratum in 0..stratum_names.len().max(1) as u32 {
                for time in cox.times(stratum) {
                    index.push(stratum as u16);
                    times.push(time);
                    hazards.push(cox.baseline(stratum, time).min(f64::MAX));
                }
            }
            let length = times.len();
            let columns = vec![
                NamedColumn { name: "stratum", values: Values::U16(index) },
                NamedColumn { name: "time", values: Values::F64(times) },
                NamedColumn { name: "hazard", values: Values::F64(hazards) },
            ];
            sets.push(ColumnSet { name: "baseline", length, columns });
        }
        let times: Vec<f64> = if options.times.is_empty() {
            (0..25).map(|at| last * f64::from(at) / 24.0).collect()
        } else {
            options.times.clone()
        };
        let mut profiles = Vec::new();
        for (at, profile) in options.profiles.iter().enumerate() {
            let (row, stratum) = self
                .profile(profile, &columns, &references, &means)
                .map_err(|error| error.inside(&format!("profiles[{at}]")))?;
            profiles.push(drawn(
                profile.name.clone(),
                &fit,
                &row,
                stratum,
                &times,
                options.confidence,
            ));
        }
        let (log_likelihood, null_log_likelihood, test, concordance) = match &fit {
            Fit::Cox(cox) => (
                cox.log_likelihood,
                cox.null_log_likelihood,
                cox.ratio_test().filter(|_| options.penalty == 0.0),
                cox.concordance,
            ),
            Fit::Aft(aft) => {
                (aft.log_likelihood, aft.null_log_likelihood, aft.ratio_test(), aft.concordance)
            }
        };
        let (intercept, log_scale) = match &fit {
            Fit::Cox(_) => (None, None),
            Fit::Aft(aft) => (
                Some(parameter(all[0], 0)),
                Some(parameter(libm::log(aft.scale), columns.len() + 1)),
            ),
        };
        let result = SurvivalRegressionResult {
            rows: rows.len() as u64,
            events: ends.len() as u64,
            terms,
            intercept,
            log_scale,
            log_likelihood,
            null_log_likelihood,
            test: test.map(told),
            concordance,
            proportional,
            verdict,
            strata: stratum_names.to_vec(),
            profiles,
        };
        Ok((result, sets, warnings))
    }

    /// The design's row of a profile, and its stratum.
    fn profile(
        &self,
        profile: &LifeProfile,
        columns: &[DesignColumn],
        references: &[usize],
        means: &[f64],
    ) -> Result<(Vec<f64>, u32)> {
        let first = self.options.first_covariate();
        let covariates = &self.given[first..];
        let is_named = |name: &String, is_text: bool| {
            covariates.iter().any(|given| given.name == *name && given.is_text == is_text)
        };
        if let Some(name) = profile.numbers.keys().find(|name| !is_named(name, false)) {
            return Err(invalid(
                format!("numbers.{name}"),
                "no covariate of numbers has this name",
            ));
        }
        if let Some(name) =
            profile.numbers.iter().find(|(_, x)| !x.is_finite()).map(|(name, _)| name)
        {
            return Err(invalid(format!("numbers.{name}"), "a number is needed"));
        }
        let strata = self.options.strata.as_ref();
        let place = |given: &Given| match profile.texts.get(&given.name) {
            Some(text) => match given.values.iter().position(|value| value == text) {
                Some(at) => Ok(Some(at)),
                None => Err(invalid(format!("texts.{}", given.name), "no life has this value")),
            },
            None => Ok(None),
        };
        if let Some(name) =
            profile.texts.keys().find(|name| !is_named(name, true) && strata != Some(*name))
        {
            return Err(invalid(format!("texts.{name}"), "no covariate of texts has this name"));
        }
        let stratum = match strata {
            Some(name) => place(&self.given[first - 1])?.ok_or_else(|| {
                invalid(format!("texts.{name}"), "each stratum has a curve of its own: name one")
            })?,
            None => 0,
        };
        let mut row = Vec::new();
        for (column, mean) in columns.iter().zip(means) {
            let given = &covariates[column.covariate];
            row.push(match column.value {
                None => profile.numbers.get(&given.name).copied().unwrap_or(*mean),
                Some(value) => {
                    let own = place(given)?.unwrap_or(references[column.covariate]);
                    f64::from(u8::from(own == value))
                }
            });
        }
        Ok((row, stratum as u32))
    }
}

fn told(test: Test) -> GroupTest {
    let Test { statistic, degrees, p } = test;
    GroupTest { statistic, degrees, p }
}

/// The curve of a row of the design.
fn drawn(
    name: String,
    fit: &Fit,
    row: &[f64],
    stratum: u32,
    times: &[f64],
    confidence: f64,
) -> ProfileCurve {
    let (points, median) = match fit {
        Fit::Aft(aft) => {
            let median =
                aft.median(row, confidence).map(|time| Some(time).filter(|t| t.is_finite()));
            (aft.curve(row, times, confidence), median)
        }
        Fit::Cox(cox) => {
            let steps: Vec<f64> = cox.times(stratum).collect();
            let whole = cox.curve(row, stratum, &steps, confidence);
            let until = |of: &dyn Fn(&Forecast) -> f64| {
                whole.iter().find(|point| of(point) <= 0.5 + 1e-12).map(|point| point.time)
            };
            let median = [until(&|at| at.survival), until(&|at| at.low), until(&|at| at.high)];
            (cox.curve(row, stratum, times, confidence), median)
        }
    };
    let [median, median_low, median_high] = median;
    let point = |at: &Forecast| ProfilePoint {
        time: at.time,
        survival: at.survival,
        interval: Interval { low: at.low, high: at.high },
    };
    ProfileCurve {
        name,
        median,
        median_low,
        median_high,
        points: points.iter().map(point).collect(),
    }
}
