//! The shape of one computation: what every analysis of floor 3 implements and `analysis.rs`
//! of floor 4 drives. Stands on the gate, so that rows reach an analysis only as
//! [`Allowed`].
//!
//! Work is cut into steps by its size in rows, never by a clock: the caller measures time and
//! adapts the size.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Code, Error, Result};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{Method, Outcome, Values};
use crate::table::Schema;
use crate::table::role::Role;

/// How far a piece of work is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all.
    pub total: u64,
}

impl Progress {
    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_finished(self) -> bool {
        self.done >= self.total
    }
}

/// What is known of an input before its rows are read: enough to estimate memory.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Which input it is: its place in the analysis's
    /// [`INPUTS`](Analysis::INPUTS), and after those in its [`OPTIONAL`](Analysis::OPTIONAL).
    pub input: usize,
    /// Its columns and its zone.
    pub schema: &'a Schema,
    /// Usable rows.
    pub rows: u64,
    /// Distinct customers.
    pub customers: u64,
}

/// One computation as a value: options in, rows through the gate, a report out.
///
/// An implementation is its own accumulator: `start`, any number of `update`s, `join` and then
/// `finish` until they are finished, `outcome`. An input has one number everywhere: its place in
/// `INPUTS`, and after those in `OPTIONAL`. Lists of facts and of names hold the inputs that are
/// there, in this order.
pub trait Analysis: Sized {
    /// The name in a request.
    const NAME: &'static str;
    /// Raised when the same options on the same data give other numbers.
    const VERSION: u32;
    /// The method, for the report.
    const METHOD: Method;
    /// The names of the inputs, in the order of [`update`](Self::update)'s `input`.
    const INPUTS: &'static [&'static str];
    /// The names of the inputs that may be left out; a request that names none runs without.
    const OPTIONAL: &'static [&'static str] = &[];

    /// The options as requested; unknown fields are refused.
    type Options: DeserializeOwned + Serialize;
    /// The small, plain part of the report.
    type Result: Serialize;

    /// The columns it reads of each input.
    ///
    /// # Errors
    /// An invalid option.
    fn needs(options: &Self::Options, input: usize) -> Result<Needs>;

    /// Bytes it will hold at most beside its inputs.
    fn estimate(options: &Self::Options, inputs: &[Facts<'_>]) -> u64;

    /// Checks the options and starts.
    ///
    /// # Errors
    /// An invalid option, with its path inside the options.
    fn start(options: Self::Options, inputs: &[Facts<'_>]) -> Result<Self>;

    /// Adds the rows of one block of one input.
    ///
    /// # Errors
    /// `overflow`, `limit-memory`.
    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()>;

    /// Matches the customers of several inputs, whose codes differ, by their ids, for about
    /// `budget` of them. Called until finished, when all rows were added. With one input there is
    /// nothing to match.
    ///
    /// # Errors
    /// `limit-memory`.
    fn join(&mut self, _names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        Ok(Progress::default())
    }

    /// Works on the answer for about `budget` customers. Called until finished.
    ///
    /// # Errors
    /// `overflow`, `limit-memory`, `not-enough-data`.
    fn finish(&mut self, budget: usize) -> Result<Progress>;

    /// The answer.
    ///
    /// # Errors
    /// `limit-memory`, `not-enough-data`.
    fn outcome(self, names: &[AllowedNames<'_>]) -> Result<Outcome<Self::Result, Self::Options>>;

    /// Bytes held on the heap now.
    fn heap_size(&self) -> usize;
}

/// A computation that needs no table: its options are all that it reads.
pub trait Calculation: DeserializeOwned + Serialize {
    /// The name in a request.
    const NAME: &'static str;
    /// Raised when the same options give other numbers.
    const VERSION: u32;
    /// The method, for the report.
    const METHOD: Method;

    /// The small, plain part of the report.
    type Result: Serialize;

    /// Bytes it will hold at most.
    fn estimate(&self) -> u64 {
        1 << 20
    }

    /// Refuses options that cannot be, before any work.
    ///
    /// # Errors
    /// An invalid option, with its path inside the options.
    fn check(&self) -> Result<()>;

    /// The answer to options that were checked.
    ///
    /// # Errors
    /// `overflow`, `not-identifiable`; an option that only turns out invalid on the way, with its path.
    fn answer(&self) -> Result<Self::Result>;

    /// Customers or units behind the answer, where the options say so.
    fn customers(&self) -> u64 {
        0
    }
}

/// A running [`Calculation`].
#[derive(Debug)]
pub struct Calculated<C: Calculation> {
    options: C,
    answer: Option<C::Result>,
}

impl<C: Calculation> Analysis for Calculated<C> {
    const NAME: &'static str = C::NAME;
    const VERSION: u32 = C::VERSION;
    const METHOD: Method = C::METHOD;
    const INPUTS: &'static [&'static str] = &[];

    type Options = C;
    type Result = C::Result;

    fn needs(_options: &C, _input: usize) -> Result<Needs> {
        Ok(Needs::default())
    }

    fn estimate(options: &C, _inputs: &[Facts<'_>]) -> u64 {
        options.estimate()
    }

    fn start(options: C, _inputs: &[Facts<'_>]) -> Result<Self> {
        options.check()?;
        Ok(Calculated { options, answer: None })
    }

    fn update(&mut self, _input: usize, _rows: Allowed<'_>) -> Result<()> {
        Ok(())
    }

    fn finish(&mut self, _budget: usize) -> Result<Progress> {
        self.answer = Some(self.options.answer()?);
        Ok(Progress { done: 1, total: 1 })
    }

    fn outcome(self, _names: &[AllowedNames<'_>]) -> Result<Outcome<C::Result, C>> {
        Ok(Outcome {
            result: self.answer.ok_or_else(unfinished)?,
            sets: Vec::new(),
            rows: 0,
            customers: self.options.customers(),
            left_out: Vec::new(),
            warnings: Vec::new(),
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        0
    }
}

/// The ids of some customers of the first input, by their codes.
pub(crate) fn ids(codes: &[u32], names: &[AllowedNames<'_>]) -> Result<Values> {
    texts(Role::Customer, codes, names)
}

/// The texts of a role of the first input, by their codes.
pub(crate) fn texts(role: Role, codes: &[u32], names: &[AllowedNames<'_>]) -> Result<Values> {
    let ids = names.first().and_then(|names| names.get(role));
    let ids = ids.ok_or_else(|| Allowed::refused(role))?;
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    let (all, all_ends) = ids.as_parts();
    ends.try_reserve_exact(codes.len()).map_err(|_| no_memory())?;
    bytes.try_reserve_exact(all.len()).map_err(|_| no_memory())?;
    // Everybody, as they are numbered: that is how they stand already.
    if codes.len() == all_ends.len() && (0..).zip(codes).all(|(at, code): (u32, _)| at == *code) {
        bytes.extend_from_slice(all);
        ends.extend_from_slice(all_ends);
        return Ok(Values::Text { bytes, ends });
    }
    for code in codes {
        bytes.extend_from_slice(ids.get(*code).unwrap_or_default());
        ends.push(u32::try_from(bytes.len()).map_err(|_| no_memory())?);
    }
    Ok(Values::Text { bytes, ends })
}

/// A column of `length` values, allocated fallibly.
pub(crate) fn collected<T>(values: impl Iterator<Item = T>, length: usize) -> Result<Vec<T>> {
    let mut column = Vec::new();
    column.try_reserve_exact(length).map_err(|_| no_memory())?;
    column.extend(values);
    Ok(column)
}

/// A column of `length` times the same value, allocated fallibly.
pub(crate) fn filled<T: Clone>(value: T, length: usize) -> Result<Vec<T>> {
    collected(std::iter::repeat_n(value, length), length)
}

/// `limit-memory` for the columns of the customers.
pub(crate) fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the customers' columns")
}

/// `closed`: an outcome was asked for before the last step.
pub(crate) fn unfinished() -> Error {
    Error::new(Code::Closed, "the analysis is not finished")
}
