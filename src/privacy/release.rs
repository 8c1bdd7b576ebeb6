//! The one way by which Siyu itself writes results to a file.
//!
//! Cells come from other people's exports, so a spreadsheet that opens the file must see text
//! and never a formula: a cell that begins with `=`, `+`, `-`, `@`, a tab, a line end or one of
//! their full-width forms gets a leading apostrophe, unless all of it is one plain number. (OWASP,
//! "CSV Injection".) To read it back, take one leading apostrophe away. Quoting follows RFC 4180.

use serde::Deserialize;

use super::pseudonym::Pseudonyms;
use crate::error::{Code, Error, Result};

/// Which columns of a file get pseudonyms, and with which key.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
pub struct PseudonymousExport {
    /// The secret key: 64 hexadecimal digits, as the task `newKey` makes them.
    pub key: String,
    /// The version of the key: a new one gives new pseudonyms.
    #[serde(default = "first")]
    pub version: u32,
    /// What the file is for: each purpose has pseudonyms of its own.
    pub purpose: String,
}

fn first() -> u32 {
    1
}

/// One column of a result that may leave.
#[derive(Debug)]
pub enum Released<'a> {
    /// Text: all cells one after the other, and where each ends.
    Text {
        /// The cells.
        bytes: &'a [u8],
        /// `ends[row]` is where the cell of `row` ends.
        ends: &'a [u32],
    },
    /// Numbers, written in their shortest form.
    Numbers(&'a [f64]),
}

impl Released<'_> {
    fn len(&self) -> usize {
        match self {
            Released::Text { ends, .. } => ends.len(),
            Released::Numbers(values) => values.len(),
        }
    }
}

/// A CSV file: UTF-8 with a byte order mark (without it, spreadsheets read Chinese text in the
/// system's old encoding), CRLF line ends, a header row.
///
/// # Errors
/// `type` if columns and names differ in number or length, `limit-memory` without memory.
pub fn csv(names: &[String], columns: &[Released<'_>]) -> Result<Vec<u8>> {
    let rows = columns.first().map_or(0, Released::len);
    if names.len() != columns.len() || columns.iter().any(|column| column.len() != rows) {
        return Err(Error::new(Code::Type, "all columns need a name and the same number of rows"));
    }
    let mut out = Vec::new();
    out.extend_from_slice("\u{feff}".as_bytes());
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(&mut out, name.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    let mut number = String::new();
    for row in 0..rows {
        out.try_reserve(columns.len() * 16)
            .map_err(|_| Error::new(Code::LimitMemory, "the file does not fit into memory"))?;
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            match column {
                Released::Text { bytes, ends } => {
                    let start = match row {
                        0 => 0,
                        row => ends.get(row - 1).copied().unwrap_or(0) as usize,
                    };
                    let end = ends.get(row).copied().unwrap_or(0) as usize;
                    let cell = bytes.get(start..end).ok_or_else(|| {
                        Error::new(Code::Type, "the ends of a text column do not fit its bytes")
                    })?;
                    write_text(&mut out, cell);
                }
                Released::Numbers(values) => {
                    if let Some(value) = values.get(row).filter(|value| value.is_finite()) {
                        use std::fmt::Write as _;
                        number.clear();
                        let _ = write!(number, "{value}");
                        out.extend_from_slice(number.as_bytes());
                    }
                }
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    Ok(out)
}

/// A text column with the pseudonym of each cell in its place; an empty cell stays empty.
///
/// # Errors
/// `type` if the ends do not fit the bytes, `limit-memory` without memory.
pub fn pseudonymised(bytes: &[u8], ends: &[u32], of: &Pseudonyms) -> Result<(Vec<u8>, Vec<u32>)> {
    let no_memory = |_| Error::new(Code::LimitMemory, "the file does not fit into memory");
    let (mut out, mut out_ends) = (Vec::new(), Vec::new());
    out_ends.try_reserve_exact(ends.len()).map_err(no_memory)?;
    let mut start = 0;
    for end in ends {
        let cell = bytes.get(start..*end as usize).ok_or_else(|| {
            Error::new(Code::Type, "the ends of a text column do not fit its bytes")
        })?;
        start = *end as usize;
        out.try_reserve(64).map_err(no_memory)?;
        if !cell.is_empty() {
            out.extend_from_slice(of.of(cell).as_bytes());
        }
        out_ends.push(out.len() as u32);
    }
    Ok((out, out_ends))
}

fn write_text(out: &mut Vec<u8>, cell: &[u8]) {
    let quoted = cell.iter().any(|byte| matches!(byte, b'"' | b',' | b'\r' | b'\n'));
    if quoted {
        out.push(b'"');
    }
    if is_formula(cell) {
        out.push(b'\'');
    }
    for byte in cell {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    if quoted {
        out.push(b'"');
    }
}

/// Whether a spreadsheet might run a cell: it begins with a tab or a line end, or, behind blanks
/// and quotes, with `=`, `+`, `-`, `@` or a full-width form of them. A plain number with at most a
/// minus is none.
#[must_use]
pub fn is_formula(cell: &[u8]) -> bool {
    if matches!(cell.first(), Some(b'\t' | b'\r' | b'\n')) {
        return true;
    }
    let text = String::from_utf8_lossy(cell);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '"');
    match text.chars().next() {
        Some('-') => !is_number(text),
        Some('=' | '+' | '@' | '＝' | '＋' | '－' | '＠') => true,
        _ => false,
    }
}

/// A minus, digits, at most one point between digits, and an exponent.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (digits, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    all_digits(whole) && all_digits(fraction) && all_digits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(cells: &[&str]) -> String {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for cell in cells {
            bytes.extend_from_slice(cell.as_bytes());
            ends.push(bytes.len() as u32);
        }
        let columns = [Released::Text { bytes: &bytes, ends: &ends }];
        String::from_utf8(csv(&["customer".into()], &columns).unwrap()).unwrap()
    }

    #[test]
    fn no_cell_can_be_a_formula() {
        for cell in
            ["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =1"]
        {
            let file = cells(&[cell]);
            let first = file.trim_start_matches('\u{feff}').split("\r\n").nth(1).unwrap();
            let bare = first.trim_start_matches('"');
            assert!(bare.starts_with('\''), "{file:?}");
        }
    }

    #[test]
    fn plain_ids_and_negative_numbers_stay_as_they_are() {
        assert_eq!(
            cells(&["00123", "-12.50", "张三"]),
            "\u{feff}customer\r\n00123\r\n-12.50\r\n张三\r\n"
        );
    }

    #[test]
    fn quotes_commas_and_newlines_are_quoted() {
        assert_eq!(cells(&["a,\"b\"\nc"]), "\u{feff}customer\r\n\"a,\"\"b\"\"\nc\"\r\n");
    }

    #[test]
    fn numbers_are_written_shortest_and_never_as_nan() {
        let columns = [Released::Numbers(&[1.0, -0.5, f64::NAN])];
        let file = csv(&["n".into()], &columns).unwrap();
        assert_eq!(String::from_utf8(file).unwrap(), "\u{feff}n\r\n1\r\n-0.5\r\n\r\n");
    }
}
