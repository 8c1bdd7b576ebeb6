//! The text of a file by its format: separated values or JSON, told from the first characters
//! unless the caller says which.

use crate::error::Result;

use super::csv::Csv;
use super::json::{self, Flavour, Json};
use super::options::{Format, Options};
use super::quality::ColumnUse;
use super::rows::{Rows, Sink};

/// Reads records of the format that the text has.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// Not enough was seen to tell.
    Undecided(Box<Options>),
    /// Separated values.
    Csv(Box<Csv>),
    /// Objects.
    Json(Box<Json>),
}

/// The flavour of JSON that a text is, if it is; `None` if more has to be seen.
pub(super) fn flavour(format: Format, text: &[u8], last: bool) -> Option<Option<Flavour>> {
    match format {
        Format::Json => Some(Some(Flavour::Array)),
        Format::Ndjson => Some(Some(Flavour::Lines)),
        Format::Auto => json::looks_like(text, last),
        Format::Csv | Format::Tsv | Format::Xlsx | Format::Parquet | Format::Arrow => Some(None),
    }
}

impl Shape {
    pub(super) fn new(options: &Options) -> Self {
        let mut shape = Shape::Undecided(Box::new(options.clone()));
        if options.format != Format::Auto {
            shape.decide(&[], false);
        }
        shape
    }

    fn decide(&mut self, text: &[u8], last: bool) {
        let Shape::Undecided(options) = self else { return };
        match flavour(options.format, text, last) {
            None => {}
            Some(None) => *self = Shape::Csv(Box::new(Csv::new(options))),
            Some(Some(flavour)) => *self = Shape::Json(Box::new(Json::new(flavour, options))),
        }
    }

    /// Reads all records that end in the window; returns how many bytes they have.
    pub(super) fn read(
        &mut self,
        window: &[u8],
        last: bool,
        rows: &mut Rows,
        sink: &mut Sink<'_>,
    ) -> Result<usize> {
        self.decide(window, last);
        match self {
            Shape::Undecided(_) => Ok(0),
            Shape::Csv(csv) => csv.read(window, last, rows, sink),
            Shape::Json(json) => json.read(window, last, rows, sink),
        }
    }

    /// The line on which what is not yet read begins.
    pub(super) fn line(&self) -> u64 {
        match self {
            Shape::Undecided(_) => 1,
            Shape::Csv(csv) => csv.line(),
            Shape::Json(json) => json.line(),
        }
    }

    /// The name of the format.
    pub(super) fn format(&self) -> &'static str {
        match self {
            Shape::Json(json) => json.format(),
            Shape::Csv(csv) => csv.format(),
            Shape::Undecided(_) => "csv",
        }
    }

    /// The field separator, where there is one.
    pub(super) fn delimiter(&self) -> Option<u8> {
        match self {
            Shape::Csv(csv) => csv.delimiter(),
            _ => None,
        }
    }

    /// The line of the header, where there is one.
    pub(super) fn header_line(&self) -> Option<u64> {
        match self {
            Shape::Csv(csv) => csv.header().map(|(line, _)| line),
            _ => None,
        }
    }

    /// The columns, once they are known.
    pub(super) fn columns(&self) -> &[ColumnUse] {
        match self {
            Shape::Csv(csv) => csv.header().map(|(_, columns)| columns).unwrap_or_default(),
            Shape::Json(json) => json.columns(),
            Shape::Undecided(_) => &[],
        }
    }
}
