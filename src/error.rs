//! What can go wrong, as a value: a stable code, the place, and what to do.
//!
//! Every fallible function of the crate returns [`Error`]. The code is part of the public
//! surface (`docs/errors.md` lists them all) and never changes meaning; the sentence may.
//! A message never contains a cell value, so an error can be logged or shown without
//! leaking customer data.

use std::borrow::Cow;
use std::fmt;

/// The result of every fallible function here.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// What kind of error it is. The kebab-case text is the stable public name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code, in the order of `docs/errors.md`.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// The stable kebab-case name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)+ }
            }
        }
    };
}

codes! {
    /// Bytes that are not text in the declared or detected encoding.
    Encoding = "encoding",
    /// Half of a surrogate pair in JSON.
    EncodingSurrogate = "encoding-surrogate",
    /// A record that breaks the rules of its format (an open quote, text after a closing quote).
    Parse = "parse",
    /// The field separator is not what was declared, or cannot be told.
    Delimiter = "delimiter",
    /// A row with another number of fields than the header.
    Ragged = "ragged",
    /// No bytes, or only white space.
    Empty = "empty",
    /// A header, but not one usable row.
    NoRows = "no-rows",
    /// A column that the mapping names is not in the header.
    MissingColumn = "missing-column",
    /// A sheet that the options name is not in the workbook.
    MissingSheet = "missing-sheet",
    /// A column that the mapping names stands in the header twice.
    DuplicateColumn = "duplicate-column",
    /// A header row that stands again among the rows.
    RepeatedHeader = "repeated-header",
    /// Lines before the header, or after the table.
    Preamble = "preamble",
    /// A cell that is not an amount.
    Amount = "amount",
    /// A number beyond what is computed exactly.
    Overflow = "overflow",
    /// Digits that were rounded away.
    Precision = "precision",
    /// Negative amounts.
    Refund = "refund",
    /// A cell that is not a date.
    Date = "date",
    /// A date whose day and month could be either way round.
    DateAmbiguous = "date-ambiguous",
    /// A local time that the zone skips (clocks forward).
    DateGap = "date-gap",
    /// A local time that the zone has twice (clocks back).
    DateFold = "date-fold",
    /// A date after the reference date.
    DateFuture = "date-future",
    /// A row without a customer id.
    MissingId = "missing-id",
    /// An id that a spreadsheet turned into a rounded number.
    MangledId = "mangled-id",
    /// Two ids that look the same and are not.
    LookalikeId = "lookalike-id",
    /// A control character in an id.
    ControlChar = "control-char",
    /// An id that has the shape of personal data.
    Pii = "pii",
    /// The same order more than once.
    DuplicateOrder = "duplicate-order",
    /// Rows of several files that cover the same time.
    Overlap = "overlap",
    /// A value of another type than the column's.
    Type = "type",
    /// A limit that the caller set, or the safe default.
    Limit = "limit",
    /// More memory than `memoryLimit` would be needed.
    LimitMemory = "limit-memory",
    /// A format, or a feature of it, that is not read.
    Unsupported = "unsupported",
    /// The request names an analysis that does not exist.
    UnknownAnalysis = "unknown-analysis",
    /// The request asks for a version of an analysis that does not exist.
    UnknownVersion = "unknown-version",
    /// The request has a field that does not exist.
    UnknownField = "unknown-field",
    /// The request lacks a field that has no default.
    MissingField = "missing-field",
    /// The request has a field whose value is not allowed.
    InvalidOption = "invalid-option",
    /// The request names a table that is not there.
    UnknownTable = "unknown-table",
    /// The analysis needs a role that the table's mapping does not have.
    MissingRole = "missing-role",
    /// The gate refused a column, a purpose or a customer.
    Denied = "denied",
    /// Too few customers or rows for the question.
    NotEnoughData = "not-enough-data",
    /// The data fits many answers equally well.
    NotIdentifiable = "not-identifiable",
    /// The caller cancelled.
    Cancelled = "cancelled",
    /// The handle was closed, or belonged to an engine that was restarted.
    Closed = "closed",
    /// The engine trapped and was replaced; the call was not finished.
    EngineRestarted = "engine-restarted",
    /// The engine's own files could not be loaded.
    EngineLoad = "engine-load",
    /// Encoded state that this version cannot decode.
    Decode = "decode",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One error: code, place, and one sentence of help. Boxed, so that a `Result` stays small.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    code: Code,
    hint: Cow<'static, str>,
    table: Option<String>,
    file: Option<u32>,
    column: Option<String>,
    row: Option<u64>,
    byte: Option<u64>,
    path: Option<String>,
}

impl Error {
    /// A new error. `hint` is one sentence that says what to do; it must not quote a cell. What a
    /// hint names may come from outside, so a hint that is longer than a reader reads is cut.
    #[must_use]
    pub fn new(code: Code, hint: impl Into<Cow<'static, str>>) -> Self {
        let mut hint = hint.into();
        if let Cut { text, more: true } = cut(&hint, HINT) {
            hint = Cow::Owned(format!("{text}…"));
        }
        Error(Box::new(Inner {
            code,
            hint,
            table: None,
            file: None,
            column: None,
            row: None,
            byte: None,
            path: None,
        }))
    }

    /// Adds the table's name.
    #[must_use]
    pub fn in_table(mut self, table: impl Into<String>) -> Self {
        self.0.table = Some(table.into());
        self
    }

    /// Adds which of several files of the table it is, from 0.
    #[must_use]
    pub fn in_file(mut self, file: u32) -> Self {
        self.0.file = Some(file);
        self
    }

    /// Adds the column's name as the file has it.
    #[must_use]
    pub fn at_column(mut self, column: impl Into<String>) -> Self {
        self.0.column = Some(column.into());
        self
    }

    /// Adds the line of the file (1 is the first line), or the row of a table in memory.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Self {
        self.0.row = Some(row);
        self
    }

    /// Adds the byte offset in the file (0 is the first byte).
    #[must_use]
    pub fn at_byte(mut self, byte: u64) -> Self {
        self.0.byte = Some(byte);
        self
    }

    /// The same with this byte offset, or without any.
    #[must_use]
    pub(crate) fn at_byte_if(mut self, byte: Option<u64>) -> Self {
        self.0.byte = byte;
        self
    }

    /// Sets the place in the request, such as `options.groups.map[2].r`.
    #[must_use]
    pub fn at_path(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(path.into());
        self
    }

    /// Puts `segment` in front of the place in the request (`[2]` and `.name` join without
    /// a second dot).
    #[must_use]
    pub fn inside(mut self, segment: &str) -> Self {
        let path = match self.0.path.take() {
            None => segment.to_owned(),
            Some(rest) if rest.starts_with('[') => format!("{segment}{rest}"),
            Some(rest) => format!("{segment}.{rest}"),
        };
        self.0.path = Some(path);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// One sentence that says what to do.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.0.hint
    }

    /// The table, if the error has one.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.0.table.as_deref()
    }

    /// Which of several files of the table, from 0; absent if there is one.
    #[must_use]
    pub fn file(&self) -> Option<u32> {
        self.0.file
    }

    /// The column, if the error has one.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.0.column.as_deref()
    }

    /// The line of the file or the row of the table, if the error has one.
    #[must_use]
    pub fn row(&self) -> Option<u64> {
        self.0.row
    }

    /// The byte offset in the file, if the error has one.
    #[must_use]
    pub fn byte(&self) -> Option<u64> {
        self.0.byte
    }

    /// The place in the request, if the error has one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }
}

/// The longest hint, and the longest name and place that the sentence of an error shows, in
/// characters. The fields themselves keep names and places whole.
const HINT: usize = 1500;
const NAME: usize = 120;
const PLACE: usize = 400;

/// The first characters of a text, shown with an ellipsis if there are more.
struct Cut<'t> {
    text: &'t str,
    more: bool,
}

fn cut(text: &str, limit: usize) -> Cut<'_> {
    let end = text.char_indices().nth(limit).map(|(at, _)| at);
    Cut { text: end.and_then(|end| text.get(..end)).unwrap_or(text), more: end.is_some() }
}

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)?;
        f.write_str(if self.more { "…" } else { "" })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code.as_str())?;
        if let Some(table) = &self.0.table {
            write!(f, " in table {}", cut(table, NAME))?;
        }
        if let Some(file) = self.0.file {
            write!(f, " in file {}", u64::from(file) + 1)?;
        }
        if let Some(column) = &self.0.column {
            write!(f, " in column {}", cut(column, NAME))?;
        }
        if let Some(row) = self.0.row {
            write!(f, " at row {row}")?;
        }
        if let Some(byte) = self.0.byte {
            write!(f, " (byte {byte})")?;
        }
        if let Some(path) = &self.0.path {
            write!(f, " at {}", cut(path, PLACE))?;
        }
        write!(f, ": {}", self.0.hint)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            let text = code.as_str();
            assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{text}");
            assert!(seen.insert(text), "{text} stands twice");
        }
    }

    #[test]
    fn names_from_outside_cannot_make_a_sentence_endless() {
        let long = "名".repeat(9000);
        let error = Error::new(Code::UnknownField, format!("there is no `{long}`"))
            .in_table(long.clone())
            .at_column(long.clone())
            .at_path(long.clone());
        assert!(error.to_string().chars().count() < 2300, "{}", error.to_string().len());
        assert!(error.hint().ends_with('…'));
        assert_eq!((error.column(), error.path()), (Some(&*long), Some(&*long)));
    }

    #[test]
    fn a_path_grows_from_the_inside_out() {
        let error = Error::new(Code::UnknownField, "try `r`")
            .at_path("rr")
            .inside("[2]")
            .inside("map")
            .inside("options");
        assert_eq!(error.path(), Some("options.map[2].rr"));
    }
}
