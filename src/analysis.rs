//! Floor 4: the one list of what Siyu can do, and the one way to do it.
//!
//! A request is plain data: `{ analysis, version, inputs, options, purpose, at }`. Dispatch is in two
//! steps: the name decides the option type, then the options are read with path tracking. A
//! [`Job`] asks the gate, checks memory, drives the analysis step by step over loaded tables or
//! over files that stream by, and completes the report.

use std::rc::Rc;

use serde::{Deserialize, Serialize, Serializer};

use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Calculated, Facts, Progress};
use crate::plain::{Value, nearest};
use crate::privacy::gate::{Allowed, AllowedNames, Gate, Grant, Needs, Request};
use crate::privacy::policy::instant;
use crate::read::{FileOptions, Reader};
use crate::report::{About, ColumnSet, InputAbout, Outcome, Report, Used, Warning};
use crate::table::block::Block;
use crate::table::calendar::Date;
use crate::table::role::Role;
use crate::table::{Dictionaries, Schema, Table};

/// The list. To add an analysis, add its line: to those whose code a page has from the start, or to
/// those whose code it fetches when one of them is first asked for.
macro_rules! analyses {
    (
        first { $($variant:ident => $analysis:ty,)+ }
        later { $($later:ident => $model:ty,)+ }
    ) => {
        analyses! { $($variant => $analysis, false;)+ $($later => $model, true;)+ }
    };
    ($($variant:ident => $analysis:ty, $is_later:literal;)+) => {
        /// Whether the code of an analysis is in the module's second file.
        #[must_use]
        pub fn is_later(name: &str) -> bool {
            false $(|| ($is_later && name == <$analysis>::NAME))+
        }

        /// The names of all analyses.
        pub const NAMES: &[&str] = &[$(<$analysis>::NAME,)+];

        /// A running analysis of any kind.
        enum Running { $($variant(Box<$analysis>),)+ }

        /// The options of any analysis, read and not yet started.
        enum Options { $($variant(<$analysis as Analysis>::Options),)+ }

        /// The report of any analysis.
        #[derive(Debug)]
        pub enum AnyReport {
            $(
                #[doc = concat!("Of `", stringify!($variant), "`.")]
                $variant(Box<Report<<$analysis as Analysis>::Result, <$analysis as Analysis>::Options>>),
            )+
        }

        impl Serialize for AnyReport {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                match self {
                    $(AnyReport::$variant(report) => seam::write::<_, _, $is_later>(&**report, serializer),)+
                }
            }
        }

        /// Each analysis's name, version, inputs, option type and result type, with the types
        /// registered in the two generators (options are read, results are written).
        #[cfg(feature = "schema")]
        #[must_use]
        pub fn schemas(
            read: &mut schemars::SchemaGenerator,
            written: &mut schemars::SchemaGenerator,
        ) -> Vec<AnalysisSchema> {
            vec![$(AnalysisSchema {
                name: <$analysis>::NAME,
                version: <$analysis>::VERSION,
                inputs: <$analysis>::INPUTS,
                optional: <$analysis>::OPTIONAL,
                options: read.subschema_for::<<$analysis as Analysis>::Options>(),
                result: written.subschema_for::<<$analysis as Analysis>::Result>(),
            },)+]
        }

        impl Options {
            fn read(recipe: &mut Recipe) -> Result<Self> {
                let options = std::mem::replace(&mut recipe.options, Value::Null);
                let options = if options == Value::Null { Value::Object(Vec::new()) } else { options };
                $(
                    if recipe.analysis == <$analysis>::NAME {
                        check_version(recipe, <$analysis>::VERSION)?;
                        let read = seam::read::<$analysis, $is_later>(options);
                        return read.map(Options::$variant).map_err(|e| e.inside("options"));
                    }
                )+
                let hint = match nearest(&recipe.analysis, NAMES) {
                    Some(near) => format!("there is no such analysis; did you mean `{near}`?"),
                    None => format!("there is no such analysis; there are {}", NAMES.join(", ")),
                };
                Err(Error::new(Code::UnknownAnalysis, hint).at_path("analysis"))
            }

            /// The names of the inputs, those that must be there and those that may.
            fn inputs(&self) -> [&'static [&'static str]; 2] {
                match self {
                    $(Options::$variant(_) => [<$analysis>::INPUTS, <$analysis>::OPTIONAL],)+
                }
            }

            fn needs(&self, input: usize) -> Result<Needs> {
                match self { $(Options::$variant(o) => seam::needs::<$analysis, $is_later>(o, input),)+ }
            }

            fn estimate(&self, facts: &[Facts<'_>]) -> u64 {
                match self { $(Options::$variant(o) => seam::estimate::<$analysis, $is_later>(o, facts),)+ }
            }

            fn start(self, facts: &[Facts<'_>]) -> Result<Running> {
                Ok(match self {
                    $(Options::$variant(o) => Running::$variant(seam::start::<$analysis, $is_later>(o, facts)?),)+
                })
            }
        }

        impl Running {
            fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
                match self { $(Running::$variant(a) => seam::update::<$analysis, $is_later>(&mut **a, input, rows),)+ }
            }

            fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
                match self { $(Running::$variant(a) => seam::join::<$analysis, $is_later>(&mut **a, names, budget),)+ }
            }

            fn finish(&mut self, budget: usize) -> Result<Progress> {
                match self { $(Running::$variant(a) => seam::finish::<$analysis, $is_later>(&mut **a, budget),)+ }
            }

            fn heap_size(&self) -> usize {
                match self { $(Running::$variant(a) => seam::heap_size::<$analysis, $is_later>(&**a),)+ }
            }

            fn report(self, names: &[AllowedNames<'_>], account: Account) -> Result<(AnyReport, Vec<ColumnSet>)> {
                match self {
                    $(Running::$variant(a) => {
                        let (report, sets) = seam::report::<$analysis, $is_later>(a, names, account)?;
                        Ok((AnyReport::$variant(report), sets))
                    })+
                }
            }
        }
    };
}

analyses! {
    first {
        Rfm => crate::segment::rfm::Rfm,
        Describe => crate::segment::describe::Describe,
        Lifecycle => crate::segment::lifecycle::Lifecycle,
        Migration => crate::segment::migration::Migration,
        Concentration => crate::segment::concentration::Concentration,
        Rfms => crate::segment::rfms::Rfms,
        ValueScore => crate::segment::value_score::ValueScore,
        Inactivity => crate::segment::inactivity::analysis::Inactivity,
        Lrfm => crate::segment::lrfm::Lrfm,
        RfmPeriods => crate::segment::rfm_periods::RfmPeriods,
    }
    later {
        Clusters => crate::segment::clusters::Clusters,
        Coverage => crate::segment::coverage::analysis::CoverageReport,
        CompareSegments => crate::segment::compare::Compare,
        Segments => crate::segment::rules::segments::Segments,
        Tags => crate::segment::rules::tags::Tags,
        Tiers => crate::segment::rules::tiers::Tiers,
        LookAlike => crate::segment::look_alike::LookAlike,
        ChurnRisk => crate::churn::risk::analysis::ChurnRisk,
        LifetimeValue => crate::churn::lifetime_value::analysis::LifetimeValue,
        Survival => crate::churn::survival::analysis::Survival,
        SurvivalRegression => crate::churn::survival::regression::SurvivalRegression,
        CompetingRisks => crate::churn::survival::causes::CompetingRisks,
        Experiment => crate::experiment::analysis::Experiment,
        Uplift => crate::experiment::uplift::analysis::Uplift,
        ExperimentRegister => Calculated<crate::experiment::register::ExperimentRegisterOptions>,
        Bandit => Calculated<crate::experiment::bandit::BanditOptions>,
        MetaAnalysis => Calculated<crate::experiment::meta::MetaAnalysisOptions>,
        PanelEffect => crate::experiment::panel::analysis::PanelEffect,
        Replenishment => crate::churn::replenishment::analysis::Replenishment,
        RepeatPurchase => crate::churn::repeat_purchase::RepeatPurchase,
        Activation => crate::churn::activation::Activation,
        RetentionCurve => Calculated<crate::churn::retention_curve::RetentionCurveOptions>,
        Power => Calculated<crate::experiment::power::PowerOptions>,
        Assign => crate::experiment::allocation::Assign,
    }
}

/// The calls into an analysis. None is copied into the dispatch, which a page has from the start. By their
/// names, in which `IS_LATER` stands, the build tells what only analyses of the second file need
/// (`pkg/build/split.mjs`).
mod seam {
    use super::{
        Account, Allowed, AllowedNames, Analysis, ColumnSet, Facts, Needs, Progress, Report,
    };
    use super::{Result, Serialize, Serializer, Value};

    /// A report and its columns.
    type Reported<A> =
        (Box<Report<<A as Analysis>::Result, <A as Analysis>::Options>>, Vec<ColumnSet>);

    #[inline(never)]
    pub(super) fn read<A: Analysis, const IS_LATER: bool>(options: Value) -> Result<A::Options> {
        options.read()
    }

    #[inline(never)]
    pub(super) fn needs<A: Analysis, const IS_LATER: bool>(
        options: &A::Options,
        input: usize,
    ) -> Result<Needs> {
        A::needs(options, input)
    }

    #[inline(never)]
    pub(super) fn estimate<A: Analysis, const IS_LATER: bool>(
        options: &A::Options,
        facts: &[Facts<'_>],
    ) -> u64 {
        A::estimate(options, facts)
    }

    #[inline(never)]
    pub(super) fn start<A: Analysis, const IS_LATER: bool>(
        options: A::Options,
        facts: &[Facts<'_>],
    ) -> Result<Box<A>> {
        A::start(options, facts).map(Box::new)
    }

    #[inline(never)]
    pub(super) fn update<A: Analysis, const IS_LATER: bool>(
        analysis: &mut A,
        input: usize,
        rows: Allowed<'_>,
    ) -> Result<()> {
        analysis.update(input, rows)
    }

    #[inline(never)]
    pub(super) fn join<A: Analysis, const IS_LATER: bool>(
        analysis: &mut A,
        names: &[AllowedNames<'_>],
        budget: usize,
    ) -> Result<Progress> {
        analysis.join(names, budget)
    }

    #[inline(never)]
    pub(super) fn finish<A: Analysis, const IS_LATER: bool>(
        analysis: &mut A,
        budget: usize,
    ) -> Result<Progress> {
        analysis.finish(budget)
    }

    #[inline(never)]
    pub(super) fn heap_size<A: Analysis, const IS_LATER: bool>(analysis: &A) -> usize {
        analysis.heap_size()
    }

    #[expect(
        clippy::boxed_local,
        reason = "the dispatch hands on the box and never copies what is in it"
    )]
    #[inline(never)]
    pub(super) fn report<A: Analysis, const IS_LATER: bool>(
        analysis: Box<A>,
        names: &[AllowedNames<'_>],
        account: Account,
    ) -> Result<Reported<A>> {
        let (report, sets) = account.complete::<A>(analysis.outcome(names)?);
        Ok((Box::new(report), sets))
    }

    #[inline(never)]
    pub(super) fn write<R: Serialize, S: Serializer, const IS_LATER: bool>(
        report: &R,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        report.serialize(serializer)
    }
}

fn check_version(recipe: &Recipe, newest: u32) -> Result<()> {
    if recipe.version.is_some_and(|version| version != newest) {
        let hint = format!("`{}` has the version {newest} here", recipe.analysis);
        return Err(Error::new(Code::UnknownVersion, hint).at_path("version"));
    }
    Ok(())
}

/// One analysis as the package's types see it.
#[cfg(feature = "schema")]
#[derive(Debug, Serialize)]
pub struct AnalysisSchema {
    /// The name in a request.
    pub name: &'static str,
    /// The version.
    pub version: u32,
    /// The names of the inputs.
    pub inputs: &'static [&'static str],
    /// The names of the inputs that may be left out.
    pub optional: &'static [&'static str],
    /// Reference to the option type.
    pub options: schemars::Schema,
    /// Reference to the result type.
    pub result: schemars::Schema,
}

/// A request as it arrives. `inputs` says which table is which input; it may be left out where
/// there is one of each.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Recipe {
    analysis: String,
    #[serde(default)]
    version: Option<u32>,
    #[serde(default = "null")]
    inputs: Value,
    #[serde(default = "null")]
    options: Value,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    at: Option<String>,
}

fn null() -> Value {
    Value::Null
}

/// A table as a job may use it.
#[derive(Debug)]
pub enum Source {
    /// All of it is in memory.
    Loaded(Rc<Table>),
    /// Its bytes will be pushed again.
    Streamed(Streamed),
}

/// A table whose file streams by.
#[derive(Debug)]
pub struct Streamed {
    /// A fresh reader with the confirmed mapping.
    pub reader: Box<Reader>,
    /// Its files, in order, and how each is read. Empty for one file that is read as the
    /// options say.
    pub files: Vec<FileOptions>,
    /// Usable rows when the file was read first.
    pub rows: u64,
    /// Customers when the file was read first.
    pub customers: u64,
    /// Fingerprint when the file was read first.
    pub fingerprint: u64,
}

/// One input of a job.
struct Input {
    /// Its number to the analysis: its place in all inputs, those left out included.
    number: usize,
    name: &'static str,
    table: String,
    grant: Grant,
    source: Source,
    /// The next block, or the file whose bytes are wanted.
    next: usize,
    /// Whether the reader was told of that file.
    begun: bool,
    ended: bool,
    rows: u64,
}

impl Input {
    fn schema(&self) -> &Schema {
        schema_of(&self.source)
    }

    fn dictionaries(&self) -> &Dictionaries {
        match &self.source {
            Source::Loaded(table) => &table.dictionaries,
            Source::Streamed(streamed) => streamed.reader.dictionaries(),
        }
    }

    fn fingerprint(&self) -> u64 {
        match &self.source {
            Source::Loaded(table) => table.fingerprint,
            Source::Streamed(streamed) => streamed.reader.fingerprint(),
        }
    }
}

fn schema_of(source: &Source) -> &Schema {
    match source {
        Source::Loaded(table) => &table.schema,
        Source::Streamed(streamed) => streamed.reader.schema(),
    }
}

fn facts_of(input: usize, source: &Source) -> Facts<'_> {
    match source {
        Source::Loaded(table) => Facts {
            input,
            schema: &table.schema,
            rows: table.rows(),
            customers: table.dictionaries.get(Role::Customer).map_or(0, |d| d.len() as u64),
        },
        Source::Streamed(streamed) => Facts {
            input,
            schema: streamed.reader.schema(),
            rows: streamed.rows,
            customers: streamed.customers,
        },
    }
}

/// What a step of a job has to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StepReport {
    /// `fold` while rows are read, `finish` while the answer is worked out.
    pub phase: &'static str,
    /// Rows or customers done.
    pub done: u64,
    /// Rows or customers in all.
    pub total: u64,
    /// The table whose bytes are needed next, if one is.
    pub wants: Option<String>,
    /// Which of that table's files, from 0.
    pub file: u32,
    /// Whether the report can be taken.
    pub finished: bool,
}

/// A request on its way to a report.
pub struct Job {
    running: Running,
    inputs: Vec<Input>,
    gate: Rc<Gate>,
    analysis: String,
    purpose: Option<String>,
    consent_at: Option<(i64, Date)>,
    at: usize,
    is_joined: bool,
    finishing: Progress,
    is_finished: bool,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("analysis", &self.analysis).finish_non_exhaustive()
    }
}

impl Job {
    /// Reads a request, asks the gate, and checks that the memory suffices.
    ///
    /// # Errors
    /// Every mistake in the request with its JSON path; `missing-role`, `denied`,
    /// `unknown-table`, `limit-memory`.
    pub fn start(
        request: Value,
        tables: Vec<(String, Source)>,
        gate: Rc<Gate>,
        memory_limit: u64,
    ) -> Result<Job> {
        let mut recipe: Recipe = request.read()?;
        let options = Options::read(&mut recipe)?;
        let consent_at =
            recipe.at.as_deref().map(|text| instant(text).map_err(|e| e.at_path("at")));
        let consent_at = consent_at.transpose()?;
        let purpose = recipe.purpose.as_deref();
        let ask = Request { analysis: &recipe.analysis, purpose, at: consent_at };
        let mut inputs = Vec::new();
        for (number, name, table, source) in assigned(&recipe.inputs, options.inputs(), tables)? {
            let needs = options.needs(number).map_err(|error| error.inside("options"))?;
            let grant = gate
                .ask(ask, &needs, schema_of(&source))
                .map_err(|error| error.in_table(table.as_str()))?;
            let (next, begun, ended, rows) = (0, false, false, 0);
            inputs.push(Input { number, name, table, grant, source, next, begun, ended, rows });
        }
        let facts: Vec<Facts<'_>> =
            inputs.iter().map(|input| facts_of(input.number, &input.source)).collect();
        let needed = options.estimate(&facts);
        let held: u64 = inputs
            .iter()
            .map(|input| match &input.source {
                Source::Loaded(table) => table.heap_size() as u64,
                Source::Streamed(_) => 0,
            })
            .sum();
        if held.saturating_add(needed) > memory_limit {
            return Err(Error::new(
                Code::LimitMemory,
                format!(
                    "this needs about {} MB beside {} MB of tables; raise `memoryLimit` or use fewer rows",
                    needed.div_ceil(1 << 20),
                    held.div_ceil(1 << 20),
                ),
            ));
        }
        let running = options.start(&facts).map_err(|error| error.inside("options"))?;
        let (analysis, purpose) = (recipe.analysis, recipe.purpose);
        Ok(Job {
            running,
            inputs,
            gate,
            analysis,
            purpose,
            consent_at,
            at: 0,
            is_joined: false,
            finishing: Progress::default(),
            is_finished: false,
        })
    }

    /// Works on about `rows` rows or customers.
    ///
    /// # Errors
    /// What the analysis meets; the job is then lost.
    pub fn step(&mut self, rows: usize) -> Result<StepReport> {
        let Job {
            running,
            inputs,
            gate,
            analysis,
            purpose,
            consent_at,
            at,
            is_joined,
            finishing,
            is_finished,
        } = self;
        let Some(input) = inputs.get_mut(*at) else {
            // What an analysis finds wrong is one of its options.
            let inside = |error: Error| match error.path() {
                Some(_) => error.inside("options"),
                None => error,
            };
            let was_joined = *is_joined;
            if !was_joined {
                *finishing = running.join(&names_of(inputs), rows).map_err(inside)?;
                *is_joined = finishing.is_finished();
            }
            // Without rows there is little to do: one step.
            if was_joined || (*is_joined && inputs.is_empty()) {
                *finishing = running.finish(rows).map_err(inside)?;
                *is_finished = finishing.is_finished();
            }
            return Ok(StepReport {
                phase: "finish",
                done: finishing.done,
                total: finishing.total,
                wants: None,
                file: 0,
                finished: *is_finished,
            });
        };
        let request = Request { analysis, purpose: purpose.as_deref(), at: *consent_at };
        let (mut total, mut wants, mut file) = (facts_of(*at, &input.source).rows, None, 0);
        match &input.source {
            Source::Loaded(table) => {
                let customers = table.dictionaries.get(Role::Customer);
                gate.admit_table(request, table, &mut input.grant);
                let known = customers.map_or(0, |customers| customers.len());
                let mut left = rows;
                while let Some(block) = table.blocks.get(input.next) {
                    let rows = Allowed::new(block, &input.grant, known);
                    running.update(input.number, rows.with_names(&table.dictionaries))?;
                    input.next += 1;
                    input.rows += block.rows() as u64;
                    left = left.saturating_sub(block.rows());
                    if left == 0 {
                        break;
                    }
                }
                input.ended = input.next >= table.blocks.len();
            }
            Source::Streamed(_) => {
                total = total.max(input.rows);
                wants = (!input.ended).then(|| input.table.clone());
                file = u32::try_from(input.next).unwrap_or(u32::MAX);
            }
        }
        let done = input.rows;
        if input.ended {
            *at += 1;
        }
        Ok(StepReport { phase: "fold", done, total, wants, file, finished: false })
    }

    /// Adds bytes of the file that the last step wanted.
    ///
    /// # Errors
    /// What the reader or the analysis meets; the job is then lost.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.begin_file()?;
        self.feed(|reader, _, sink| reader.push(bytes, sink))
    }

    /// Says that the file which the last step wanted has ended.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_end(&mut self) -> Result<()> {
        self.begin_file()?;
        let Some(input) = self.inputs.get_mut(self.at) else { return Ok(()) };
        input.next += 1;
        input.begun = false;
        let Source::Streamed(streamed) = &input.source else { return Ok(()) };
        if input.next >= streamed.files.len() {
            input.ended = true;
            self.feed(|reader, _, sink| reader.finish(sink).map(|_| ()))?;
        }
        Ok(())
    }

    /// Tells the reader which file's bytes come now.
    fn begin_file(&mut self) -> Result<()> {
        let Some(input) = self.inputs.get_mut(self.at).filter(|input| !input.begun) else {
            return Ok(());
        };
        input.begun = true;
        let next = input.next;
        self.feed(|reader, files, sink| match files.get(next) {
            Some(file) => reader.next_file(file, sink),
            None => Ok(()),
        })
    }

    fn feed(
        &mut self,
        read: impl FnOnce(
            &mut Reader,
            &[FileOptions],
            &mut dyn FnMut(Block) -> Result<()>,
        ) -> Result<()>,
    ) -> Result<()> {
        let Some(Input { number, source: Source::Streamed(streamed), grant, rows, .. }) =
            self.inputs.get_mut(self.at)
        else {
            return Err(Error::new(Code::Closed, "no bytes are wanted now"));
        };
        let mut blocks = Vec::new();
        let Streamed { reader, files, .. } = streamed;
        read(reader, files, &mut |block| {
            blocks.push(block);
            Ok(())
        })?;
        let (purpose, at) = (self.purpose.as_deref(), self.consent_at);
        let request = Request { analysis: &self.analysis, purpose, at };
        let customers = streamed.reader.dictionaries().get(Role::Customer);
        self.gate.admit(request, customers, grant);
        let known = customers.map_or(0, |customers| customers.len());
        for block in &blocks {
            let allowed = Allowed::new(block, grant, known);
            let names = streamed.reader.dictionaries();
            self.running.update(*number, allowed.with_names(names))?;
            *rows += block.rows() as u64;
        }
        Ok(())
    }

    /// Bytes that the analysis holds now.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.running.heap_size()
    }

    /// The report and its columns, once a step said that it is finished.
    ///
    /// # Errors
    /// `closed` before that, else what the analysis meets.
    pub fn finish(self) -> Result<(AnyReport, Vec<ColumnSet>)> {
        if !self.is_finished {
            return Err(Error::new(Code::Closed, "the job is not finished: call step until it is"));
        }
        let mut warnings = Vec::new();
        let mut abouts = Vec::new();
        for input in &self.inputs {
            let fingerprint = input.fingerprint();
            if let Source::Streamed(streamed) = &input.source
                && streamed.fingerprint != fingerprint
            {
                warnings.push(Warning {
                    code: "source-changed",
                    count: 1,
                    hint: "the file is not the one that was read first: read it again".to_owned(),
                });
            }
            abouts.push(InputAbout {
                name: input.name,
                table: input.table.clone(),
                rows: input.rows,
                fingerprint: format!("{fingerprint:016x}"),
                zone: input.schema().zone.name().to_owned(),
                refused: input.grant.refused().to_vec(),
            });
        }
        let names = names_of(&self.inputs);
        let account = Account {
            inputs: abouts,
            warnings,
            policy: self.gate.policy_name().to_owned(),
            purpose: self.purpose,
        };
        self.running.report(&names, account)
    }

    /// Runs a job over loaded tables to its end.
    ///
    /// # Errors
    /// As [`step`](Self::step) and [`finish`](Self::finish).
    pub fn run(mut self) -> Result<(AnyReport, Vec<ColumnSet>)> {
        while !self.is_finished {
            if let Some(table) = self.step(1 << 20)?.wants {
                return Err(
                    Error::new(Code::Closed, "this table streams: push its bytes").in_table(table)
                );
            }
        }
        self.finish()
    }
}

/// The ids behind the codes of each input, as far as they are granted.
fn names_of(inputs: &[Input]) -> Vec<AllowedNames<'_>> {
    inputs.iter().map(|input| AllowedNames::new(input.dictionaries(), &input.grant)).collect()
}

/// The tables in the order of the analysis's inputs, each with the number and the name of its
/// input. Those that may be left out and are not named are left out.
fn assigned(
    named: &Value,
    [inputs, optional]: [&'static [&'static str]; 2],
    mut tables: Vec<(String, Source)>,
) -> Result<Vec<(usize, &'static str, String, Source)>> {
    let all = || inputs.iter().chain(optional);
    if let Value::Object(fields) = named
        && let Some((unknown, _)) = fields.iter().find(|(name, _)| !all().any(|one| one == name))
    {
        let list: Vec<&str> = all().copied().collect();
        return Err(Error::new(
            Code::UnknownField,
            format!("the inputs of this analysis are {}", list.join(", ")),
        )
        .at_path(format!("inputs.{unknown}")));
    }
    let mut found = Vec::new();
    for (number, input) in all().enumerate() {
        let at = match named.get(input) {
            Some(Value::Text(wanted)) => tables.iter().position(|(name, _)| name == wanted),
            None | Some(Value::Null) if number >= inputs.len() => continue,
            Some(_) => {
                return Err(Error::new(Code::InvalidOption, "an input is the name of a table")
                    .at_path(format!("inputs.{input}")));
            }
            None if inputs.len() == 1 && tables.len() == 1 => Some(0),
            None => None,
        };
        let Some(at) = at else {
            return Err(Error::new(Code::UnknownTable, "name a table that was read")
                .at_path(format!("inputs.{input}")));
        };
        let (name, source) = tables.swap_remove(at);
        found.push((number, *input, name, source));
    }
    Ok(found)
}

/// What a job knows of itself, to complete a report.
struct Account {
    inputs: Vec<InputAbout>,
    warnings: Vec<Warning>,
    policy: String,
    purpose: Option<String>,
}

impl Account {
    fn complete<A: Analysis>(
        mut self,
        outcome: Outcome<A::Result, A::Options>,
    ) -> (Report<A::Result, A::Options>, Vec<ColumnSet>) {
        self.warnings.extend(outcome.warnings);
        let about = About {
            analysis: A::NAME,
            version: A::VERSION,
            engine: env!("CARGO_PKG_VERSION"),
            method: A::METHOD,
            options: outcome.options,
            inputs: self.inputs,
            used: Used { rows: outcome.rows, customers: outcome.customers },
            left_out: outcome.left_out,
            warnings: self.warnings,
            policy: self.policy,
            purpose: self.purpose,
        };
        (Report { result: outcome.result, about }, outcome.sets)
    }
}
