//! What every computation gives back: a small result, typed columns, and an account of itself.
//!
//! Floor 1: rooms fill these in, `analysis.rs` completes them, the boundary carries them over.

use std::borrow::Cow;

use serde::Serialize;

/// The answer of one analysis, in the three parts that travel differently.
#[derive(Debug)]
pub struct Outcome<R, O> {
    /// The small, plain part.
    pub result: R,
    /// Large parts, as typed columns.
    pub sets: Vec<ColumnSet>,
    /// The options with every default filled in.
    pub options: O,
    /// Rows that entered the answer.
    pub rows: u64,
    /// Customers that entered the answer.
    pub customers: u64,
    /// What did not enter it, and why.
    pub left_out: Vec<LeftOut>,
    /// What the reader should know.
    pub warnings: Vec<Warning>,
}

/// The same text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Text {
    /// English.
    pub en: Cow<'static, str>,
    /// Simplified Chinese.
    pub zh: Cow<'static, str>,
}

/// A number as sentences show it: three digits, and all those before the point.
pub(crate) fn short(value: f64) -> String {
    let size = if value == 0.0 { 0.0 } else { libm::floor(libm::log10(value.abs())) };
    format!("{value:.*}", (2.0 - size).clamp(0.0, 9.0) as usize)
}

/// Rows or customers that did not enter the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LeftOut {
    /// Why, as a stable kebab-case name.
    pub reason: &'static str,
    /// How many rows.
    pub rows: u64,
    /// How many customers, where customers as a whole were left out.
    pub customers: u64,
}

impl LeftOut {
    /// What did not enter, by reason, rows and customers, without the reasons that nothing had.
    pub(crate) fn parts(parts: &[(&'static str, u64, u64)]) -> Vec<LeftOut> {
        let met = parts.iter().filter(|(_, rows, customers)| rows + customers > 0);
        met.map(|(reason, rows, customers)| LeftOut { reason, rows: *rows, customers: *customers })
            .collect()
    }

    /// What did not enter, by reason and rows, without the reasons that no row had.
    pub(crate) fn rows(parts: &[(&'static str, u64)]) -> Vec<LeftOut> {
        let parts: Vec<_> = parts.iter().map(|(reason, rows)| (*reason, *rows, 0)).collect();
        LeftOut::parts(&parts)
    }
}

/// Something that is not an error but changes how the numbers read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Warning {
    /// A stable kebab-case code.
    pub code: &'static str,
    /// How often.
    pub count: u64,
    /// One sentence.
    pub hint: String,
}

/// The method that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Method {
    /// Its name in the field.
    pub name: &'static str,
    /// Where it is described.
    pub reference: &'static str,
}

/// One input, as the report names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InputAbout {
    /// The analysis's name for the input.
    pub name: &'static str,
    /// The caller's name for the table.
    pub table: String,
    /// Usable rows in the table.
    pub rows: u64,
    /// Hash of all typed values, 16 hexadecimal digits.
    pub fingerprint: String,
    /// The zone in which days were counted.
    pub zone: String,
    /// How many customers the policy refused, by reason; empty without a policy.
    pub refused: Vec<Refused>,
}

/// Customers whom a policy refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refused {
    /// Why, as a stable kebab-case name.
    pub reason: &'static str,
    /// How many.
    pub customers: u64,
}

impl Refused {
    /// Counts one customer more.
    pub fn count(all: &mut Vec<Refused>, reason: &'static str) {
        match all.iter_mut().find(|one| one.reason == reason) {
            Some(one) => one.customers += 1,
            None => all.push(Refused { reason, customers: 1 }),
        }
    }
}

/// How many rows and customers entered the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Used {
    /// Rows.
    pub rows: u64,
    /// Customers.
    pub customers: u64,
}

/// The account that a report gives of itself.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct About<O> {
    /// The analysis.
    pub analysis: &'static str,
    /// Its version: raised when the same options give other numbers.
    pub version: u32,
    /// The version of Siyu.
    pub engine: &'static str,
    /// The method.
    pub method: Method,
    /// The options with every default filled in: the same run can be repeated from them.
    pub options: O,
    /// The inputs.
    pub inputs: Vec<InputAbout>,
    /// What entered the answer.
    pub used: Used,
    /// What did not, and why.
    pub left_out: Vec<LeftOut>,
    /// What the reader should know.
    pub warnings: Vec<Warning>,
    /// The policy of the gate, `none` if it was open.
    pub policy: String,
    /// What the caller said the computation is for.
    pub purpose: Option<String>,
}

/// A report: the result and its account. Columns travel beside it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report<R, O> {
    /// The small, plain part.
    pub result: R,
    /// The account.
    pub about: About<O>,
}

/// Named columns of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSet {
    /// The set's name, a field of the report in JavaScript.
    pub name: &'static str,
    /// Number of rows.
    pub length: usize,
    /// The columns.
    pub columns: Vec<NamedColumn>,
}

/// One column of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedColumn {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

/// The values of a column of a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Text: all cells one after the other, and where each ends.
    Text {
        /// UTF-8.
        bytes: Vec<u8>,
        /// `ends[row]` is where the cell of `row` ends.
        ends: Vec<u32>,
    },
    /// 64-bit floating point, always finite.
    F64(Vec<f64>),
    /// Small counts and scores.
    U8(Vec<u8>),
    /// Indices into a list of the result.
    U16(Vec<u16>),
}
