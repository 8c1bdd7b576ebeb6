//! The shape of one computation: what every analysis of floor 3 implements and `analysis.rs`
//! of floor 4 drives. Stands on the gate, so that rows reach an analysis only as
//! [`Allowed`].
//!
//! Work is cut into steps by its size in rows, never by a clock: the caller measures time and
//! adapts the size.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{Method, Outcome};
use crate::table::Schema;

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
