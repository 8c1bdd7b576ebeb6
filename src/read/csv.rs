//! Separated values: text to records, strictly.
//!
//! RFC 4180 with the liberties that exports take: records end with LF, CRLF or CR, mixed freely
//! outside quotes; blank lines are no records; a `sep=` line may come first. A cell is quoted
//! if its first character is a quote; elsewhere a quote is a character like any other. What
//! RFC 4180 forbids is not repaired: text after a closing quote leaves the record out (`parse`),
//! a quote that is never closed ends the reading (`parse`), and so does nothing else.
//!
//! A record is looked at only when its end is in the window, so the answer cannot depend on how
//! the bytes arrived.
#![allow(clippy::indexing_slicing)] // `seen` has an entry for each of the 256 byte values.

use crate::error::{Code, Error, Result};
use crate::table::block::BYTES;
use crate::table::role::Role;

use super::ids::trimmed;
use super::options::{Format, Options};
use super::quality::{ColumnUse, Severity};
use super::rows::{Cell, Rows, Sink};
use super::{amount, time};

/// In how many lines the header is looked for, if nobody says where it is.
const MOST_PREAMBLE: usize = 50;
/// The separators that are looked for when the header has no comma.
const SNIFFED: [u8; 3] = [b';', b'\t', b'|'];
/// How many header names an error lists, and how much of each.
const LISTED: usize = 20;
const LISTED_CHARS: usize = 24;

/// Splits text into records.
#[derive(Clone, Debug)]
pub(super) struct Splitter {
    delimiter: u8,
    /// The delimiter in each byte of a word.
    delimiters: u64,
    /// The most cells that are kept of one record.
    most_cells: usize,
    cells: Vec<Place>,
    /// Cells in which doubled quotes became single ones.
    unquoted: Vec<u8>,
}

/// Where a cell stands, in the window or among the unquoted ones.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: u32,
    end: u32,
    unquoted: bool,
}

/// What begins at a position of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record; its cells are in the splitter.
    Record(Record),
    /// A record that does not end in the window.
    Cut {
        /// The line, counted from the record's first, of a quote that is still open.
        open_quote: Option<u64>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Where its content ends.
    pub(super) end: usize,
    /// Where the next record begins.
    pub(super) next: usize,
    /// Number of cells, also beyond those kept.
    pub(super) width: usize,
    /// Line ends in it, its own included.
    pub(super) lines: u64,
    /// Whether there is text after a closing quote.
    pub(super) malformed: bool,
}

impl Splitter {
    pub(super) fn new(delimiter: u8, most_cells: usize) -> Self {
        let delimiters = u64::from(delimiter) * ONES;
        Splitter { delimiter, delimiters, most_cells, cells: Vec::new(), unquoted: Vec::new() }
    }

    /// The record that begins at `from`. `last` says that nothing follows the window.
    pub(super) fn record(&mut self, window: &[u8], from: usize, last: bool) -> Found {
        self.cells.clear();
        self.unquoted.clear();
        let mut at = from;
        let mut record = Record { end: from, next: from, width: 0, lines: 1, malformed: false };
        let cut = Found::Cut { open_quote: None };
        loop {
            let cell = if window.get(at) == Some(&b'"') {
                let opened = record.lines - 1;
                match self.quoted(window, at, last, &mut record) {
                    Some((cell, end)) => {
                        at = end;
                        cell
                    }
                    None => return Found::Cut { open_quote: Some(opened) },
                }
            } else {
                let start = at;
                at = self.end_of_plain(window, at);
                Place { start: start as u32, end: at as u32, unquoted: false }
            };
            record.width += 1;
            if record.width <= self.most_cells {
                self.cells.push(cell);
            }
            record.end = at;
            record.next = at + 1;
            match window.get(at) {
                Some(byte) if *byte == self.delimiter => at += 1,
                Some(b'\n') => return Found::Record(record),
                Some(_) => match window.get(at + 1) {
                    Some(b'\n') => return Found::Record(Record { next: at + 2, ..record }),
                    None if !last => return cut,
                    _ => return Found::Record(record),
                },
                None if last => return Found::Record(Record { next: at, ..record }),
                None => return cut,
            }
        }
    }

    #[inline]
    fn end_of_plain(&self, window: &[u8], from: usize) -> usize {
        let (words, _) = window.get(from..).unwrap_or_default().as_chunks::<8>();
        let mut at = from;
        let is_end = |byte: &u8| *byte == self.delimiter || matches!(byte, b'\n' | b'\r');
        for word in words {
            let number = u64::from_le_bytes(*word);
            // Both line ends are low bytes; the few others there are looked at one by one.
            let found = zero_bytes(number ^ self.delimiters) | low_bytes(number);
            if found != 0 {
                let first = found.trailing_zeros() as usize / 8;
                let Some(behind) = word.get(first..) else { break };
                if let Some(more) = behind.iter().position(is_end) {
                    return at + first + more;
                }
            }
            at += 8;
        }
        let rest = window.get(at..).unwrap_or_default();
        at + rest.iter().position(is_end).unwrap_or(rest.len())
    }

    /// The quoted cell that begins at `from`, and where it ends. `None` if its closing quote is
    /// not in the window, or might still be the first of two.
    fn quoted(
        &mut self,
        window: &[u8],
        from: usize,
        last: bool,
        record: &mut Record,
    ) -> Option<(Place, usize)> {
        let first = from + 1;
        let mut at = first;
        let mut doubled = false;
        loop {
            match window.get(at)? {
                b'"' => match window.get(at + 1) {
                    Some(b'"') => {
                        doubled = true;
                        at += 2;
                    }
                    None if !last => return None,
                    _ => break,
                },
                b'\n' => {
                    record.lines += 1;
                    at += 1;
                }
                b'\r' => {
                    // The LF of a CRLF counts for both.
                    record.lines += u64::from(window.get(at + 1) != Some(&b'\n'));
                    at += 1;
                }
                _ => at += 1,
            }
        }
        let content = window.get(first..at).unwrap_or_default();
        let cell = if doubled {
            let start = self.unquoted.len() as u32;
            let mut bytes = content.iter();
            while let Some(byte) = bytes.next() {
                self.unquoted.push(*byte);
                if *byte == b'"' {
                    bytes.next();
                }
            }
            Place { start, end: self.unquoted.len() as u32, unquoted: true }
        } else {
            Place { start: first as u32, end: at as u32, unquoted: false }
        };
        let closed = at + 1;
        let end = self.end_of_plain(window, closed);
        record.malformed |= end > closed;
        Some((cell, end))
    }

    /// The text of cell `index` of the record found last, in the same window.
    #[inline]
    pub(super) fn cell<'t>(&'t self, window: &'t [u8], index: usize) -> &'t [u8] {
        let Some(cell) = self.cells.get(index) else { return &[] };
        let source = if cell.unquoted { &self.unquoted } else { window };
        source.get(cell.start as usize..cell.end as usize).unwrap_or_default()
    }
}

/// A one in each byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The high bit of each byte that is zero. Above the lowest of them, bytes may be marked that
/// are not zero.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// The high bit of each byte below 16. Above the lowest of them, others may be marked.
#[inline]
fn low_bytes(word: u64) -> u64 {
    word.wrapping_sub(16 * ONES) & !word & (ONES << 7)
}

/// The end of the physical line at `from` and the beginning of the next; `None` if it is cut.
pub(super) fn line(window: &[u8], from: usize, last: bool) -> Option<(usize, usize)> {
    let rest = window.get(from..).unwrap_or_default();
    let Some(length) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return last.then_some((window.len(), window.len()));
    };
    let end = from + length;
    match (window.get(end), window.get(end + 1)) {
        (Some(b'\r'), Some(b'\n')) => Some((end, end + 2)),
        (Some(b'\r'), None) if !last => None,
        _ => Some((end, end + 1)),
    }
}

/// The end of the record of a sheet at `from` and the beginning of the next; `None` if it is cut.
/// In a sheet a cell may have several lines, and still stands in one row.
pub(super) fn sheet_row(window: &[u8], from: usize, last: bool) -> Option<(usize, usize)> {
    match Splitter::new(b',', 0).record(window, from, last) {
        Found::Record(record) => Some((record.end, record.next)),
        Found::Cut { .. } => None,
    }
}

/// Lines of a record; a row of a sheet is one, whatever its cells hold.
fn lines_of(sheet: bool, record: Record) -> u64 {
    if sheet { 1 } else { record.lines }
}

/// What a sheet shows where a formula failed. Such a cell has no value.
const FAILED: [&[u8]; 12] = [
    b"#N/A",
    b"#VALUE!",
    b"#REF!",
    b"#DIV/0!",
    b"#NUM!",
    b"#NAME?",
    b"#NULL!",
    b"#SPILL!",
    b"#CALC!",
    b"#FIELD!",
    b"#BLOCKED!",
    b"#GETTING_DATA",
];

fn has_failed(cell: &[u8]) -> bool {
    cell.first() == Some(&b'#') && FAILED.contains(&trimmed(cell))
}

/// Whether a line holds only blanks and tabs, or nothing.
pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// Whether a line is a rule, as bills draw it before and after their table: dashes or equals
/// signs, perhaps with words between, and perhaps with separators behind.
fn is_rule(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    matches!(line, [mark @ (b'-' | b'='), rest @ ..] if rest.iter().take(4).filter(|byte| *byte == mark).count() == 4)
}

/// The separator that a `sep=` line names.
pub(super) fn sep_line(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")).unwrap_or(line);
    let (name, value) = line.split_at_checked(4)?;
    match value {
        [byte] if name.eq_ignore_ascii_case(b"sep=") && *byte != b'"' && byte.is_ascii() => {
            Some(*byte)
        }
        _ => None,
    }
}

/// The separator of a header line, looked for outside quotes.
pub(super) fn sniff(line: &[u8]) -> u8 {
    let mut quoted = false;
    let mut seen = [false; 256];
    for byte in line {
        quoted ^= *byte == b'"';
        seen[usize::from(*byte)] |= !quoted;
    }
    let has = |byte: &u8| seen[usize::from(*byte)];
    if has(&b',') { b',' } else { SNIFFED.into_iter().find(has).unwrap_or(b',') }
}

/// Reads a file of separated values.
#[derive(Clone, Debug)]
pub(super) struct Csv {
    /// Whether the caller said that tabs separate.
    tabs: bool,
    /// Whether this is the text of a sheet: lines are its rows, and a row may be shorter or
    /// longer than the header, since each cell stands in its own column.
    sheet: bool,
    delimiter: Option<u8>,
    header_line: Option<u64>,
    record_bytes: usize,
    most_columns: usize,
    splitter: Option<Splitter>,
    /// The line on which the next record begins, from 1.
    line: u64,
    /// The position of the next record in the text.
    offset: u64,
    /// For each field of the schema the names that its column may have, best first.
    names: Vec<Vec<String>>,
    /// For each field of the schema its column in the file.
    positions: Vec<usize>,
    /// The header as it stands in the file.
    header: Vec<u8>,
    /// Once the header is read: its line and columns.
    found: Option<(u64, Vec<ColumnUse>)>,
    saw_text: bool,
    /// Lines that were taken for the header in vain, and the error of the best of them with the
    /// number of mapped names that it has.
    tried: usize,
    before: Vec<u64>,
    best: Option<(usize, Error)>,
    /// A rule came after the table: what has another width than the header is its footer.
    ended: bool,
}

impl Csv {
    pub(super) fn new(options: &Options) -> Self {
        let declared = options.delimiter.and_then(|c| u8::try_from(c).ok());
        let sheet = options.format == Format::Xlsx;
        let delimiter = declared.or((options.format == Format::Tsv).then_some(b'\t'));
        Csv {
            tabs: options.format == Format::Tsv,
            sheet,
            delimiter: if sheet { Some(b',') } else { delimiter },
            header_line: options.header,
            record_bytes: options.limits.record_bytes as usize,
            most_columns: options.limits.columns as usize,
            splitter: None,
            line: 1,
            offset: 0,
            names: names_of(options),
            positions: Vec::new(),
            header: Vec::new(),
            found: None,
            saw_text: false,
            tried: 0,
            before: Vec::new(),
            best: None,
            ended: false,
        }
    }

    /// The line on which the next record begins.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The name of the format.
    pub(super) fn format(&self) -> &'static str {
        match (self.sheet, self.tabs) {
            (true, _) => "xlsx",
            (false, true) => "tsv",
            (false, false) => "csv",
        }
    }

    /// The separator of the file; a sheet has none.
    pub(super) fn delimiter(&self) -> Option<u8> {
        self.splitter.as_ref().filter(|_| !self.sheet).map(|splitter| splitter.delimiter)
    }

    /// The line of the header and its columns, once it is read.
    pub(super) fn header(&self) -> Option<(u64, &[ColumnUse])> {
        self.found.as_ref().map(|(line, columns)| (*line, columns.as_slice()))
    }

    /// Reads all records that end in the window; returns how many bytes they have.
    pub(super) fn read(
        &mut self,
        window: &[u8],
        last: bool,
        rows: &mut Rows,
        sink: &mut Sink<'_>,
    ) -> Result<usize> {
        let mut at = 0;
        if self.found.is_none() {
            at = self.read_header(window, last, rows)?;
            if self.found.is_none() {
                self.offset += at as u64;
                return match last {
                    true => Err(self.nothing()),
                    false => Ok(at),
                };
            }
        }
        let Some(mut splitter) = self.splitter.take() else { return Ok(at) };
        // Two loops, so that that of text files is not held up by what only sheets need.
        let result = match self.sheet {
            true => self.read_records::<true>(&mut splitter, window, at, last, rows, sink),
            false => self.read_records::<false>(&mut splitter, window, at, last, rows, sink),
        };
        self.splitter = Some(splitter);
        let at = result?;
        self.offset += at as u64;
        Ok(at)
    }

    fn read_records<const SHEET: bool>(
        &mut self,
        splitter: &mut Splitter,
        window: &[u8],
        mut at: usize,
        last: bool,
        rows: &mut Rows,
        sink: &mut Sink<'_>,
    ) -> Result<usize> {
        let positions = std::mem::take(&mut self.positions);
        let width = self.found.as_ref().map_or(0, |(_, columns)| columns.len());
        while at < window.len() {
            let Some(record) = self.next_record(splitter, window, at, last)? else { break };
            let raw = window.get(at..record.end).unwrap_or_default();
            if is_blank(raw) {
            } else if let Some(wanted) = &mut rows.wanted {
                if wanted.has(self.line, lines_of(SHEET, record)) {
                    let cell = |at| splitter.cell(window, at);
                    wanted.take(self.line, lines_of(SHEET, record), record.width, cell);
                }
            } else {
                rows.begin((self.offset + at as u64) / BYTES, sink)?;
                let marked = raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(raw);
                if !SHEET && record.width != width && (self.ended || is_rule(raw)) {
                    self.ended = true;
                    rows.reject(Code::Preamble, None, self.line);
                } else if record.malformed {
                    rows.reject(Code::Parse, None, self.line);
                } else if marked == self.header.as_slice() {
                    rows.reject(Code::RepeatedHeader, None, self.line);
                } else if SHEET {
                    let column = |field: usize| positions.get(field).copied().unwrap_or(usize::MAX);
                    let cell = |field: usize| splitter.cell(window, column(field));
                    for (at, field) in rows.schema.fields.iter().enumerate() {
                        // The others leave their row out.
                        let optional = field.role.is_text() && field.role != Role::Customer;
                        if optional && has_failed(cell(at)) {
                            let severity = Severity::Doubtful;
                            rows.issues.count(Code::Type, severity, Some(field.role), self.line);
                        }
                    }
                    rows.add(self.line, Some(raw), |field| match cell(field) {
                        failed if has_failed(failed) => Cell::Missing,
                        text => Cell::text(text),
                    })?;
                } else if record.width != width {
                    rows.reject(Code::Ragged, None, self.line);
                } else {
                    let column = |field: usize| positions.get(field).copied().unwrap_or(usize::MAX);
                    let cell = |field| Cell::text(splitter.cell(window, column(field)));
                    self.ended = false;
                    rows.add(self.line, Some(raw), cell)?;
                }
            }
            self.line += lines_of(SHEET, record);
            at = record.next;
        }
        self.positions = positions;
        Ok(at)
    }

    /// The record at `at`, unless the window ends before it does.
    #[inline]
    fn next_record(
        &self,
        splitter: &mut Splitter,
        window: &[u8],
        at: usize,
        last: bool,
    ) -> Result<Option<Record>> {
        let open = match splitter.record(window, at, last) {
            Found::Record(record) if record.end - at <= self.record_bytes => {
                return Ok(Some(record));
            }
            // One byte more: a CR may still be the first half of the line end.
            Found::Cut { open_quote } if window.len() - at <= self.record_bytes + 1 => {
                if !last {
                    return Ok(None);
                }
                open_quote
            }
            // Too long: what is wrong is told from the same bytes, whatever came after them.
            _ => {
                let first = window.get(..at + self.record_bytes + 1).unwrap_or(window);
                match splitter.record(first, at, false) {
                    Found::Cut { open_quote } => open_quote,
                    Found::Record(_) => None,
                }
            }
        };
        Err(match open {
            Some(lines) => Error::new(
                Code::Parse,
                "a quote that opens on this line is not closed; close it or double it",
            )
            .at_row(self.line + lines),
            None => Error::new(Code::Limit, "a record is longer than `limits.recordBytes`")
                .at_row(self.line),
        })
    }

    fn nothing(&self) -> Error {
        if let Some((_, error)) = &self.best {
            return error.clone();
        }
        match self.saw_text {
            false => Error::new(Code::Empty, "there is nothing in the file but white space"),
            true => Error::new(Code::NoRows, "the file ends before the line of the header"),
        }
    }

    /// Skips to the header and reads it, if it ends in the window; returns where it got to.
    fn read_header(&mut self, window: &[u8], last: bool, rows: &mut Rows) -> Result<usize> {
        let mut at = 0;
        while at < window.len() {
            let next_line = if self.sheet { sheet_row } else { line };
            let Some((end, next)) = next_line(window, at, last) else {
                // One byte less: a CR may still be the first half of the line end.
                return self.too_long(window.len() - at - 1).map(|()| at);
            };
            self.too_long(end - at)?;
            let text = window.get(at..end).unwrap_or_default();
            let before = self.header_line.is_some_and(|wanted| self.line < wanted);
            if is_blank(text) {
            } else if let (false, Some(delimiter)) = (self.saw_text, sep_line(text)) {
                self.delimiter = self.delimiter.or(Some(delimiter));
            } else if before {
                self.saw_text = true;
                rows.issues.count(Code::Preamble, Severity::Note, None, self.line);
                if let Some(wanted) = &mut rows.wanted
                    && wanted.has(self.line, 1)
                {
                    wanted.take(self.line, 1, 1, |_| text);
                }
            } else {
                let delimiter = self.delimiter.unwrap_or_else(|| sniff(text));
                let mut splitter = Splitter::new(delimiter, self.most_columns + 1);
                // Below the first line, which may be the title of a bill, a header is looked
                // for in single lines.
                let (window, last) = match self.tried {
                    0 => (window, last),
                    _ => (window.get(..end).unwrap_or_default(), true),
                };
                let found = match splitter.record(window, at, last) {
                    Found::Cut { .. } if self.tried > 0 => None,
                    _ => match self.next_record(&mut splitter, window, at, last)? {
                        Some(record) => Some(record),
                        None => return Ok(at),
                    },
                };
                let failed = match found {
                    None => None,
                    Some(record) => match self.map(&splitter, window, at, record, rows) {
                        Ok(()) => {
                            if let Some(wanted) = &mut rows.wanted
                                && wanted.has(self.line, lines_of(self.sheet, record))
                            {
                                let cell = |at| splitter.cell(window, at);
                                wanted.take(
                                    self.line,
                                    lines_of(self.sheet, record),
                                    record.width,
                                    cell,
                                );
                            }
                            self.splitter = Some(splitter);
                            self.line += lines_of(self.sheet, record);
                            let next = if self.tried > 0 { next } else { record.next };
                            self.note_preamble(rows);
                            return Ok(next);
                        }
                        Err(failed) => Some(failed),
                    },
                };
                if let Some((known, error)) = failed {
                    let may_follow = error.code() == Code::MissingColumn;
                    if self.best.as_ref().is_none_or(|(most, _)| known > *most) {
                        self.best = Some((known, error));
                    }
                    if self.header_line.is_some() || self.tried == 0 && !may_follow {
                        return Err(self.nothing());
                    }
                }
                self.tried += 1;
                self.saw_text = true;
                self.before.push(self.line);
                if let Some(wanted) = &mut rows.wanted
                    && wanted.has(self.line, 1)
                {
                    wanted.take(self.line, 1, 1, |_| text);
                }
                if self.tried >= MOST_PREAMBLE {
                    return Err(self.nothing());
                }
            }
            self.line += 1;
            at = next;
        }
        Ok(at)
    }

    /// Counts the lines that were skipped to find the header. Somebody should look whether the
    /// right line was found.
    fn note_preamble(&mut self, rows: &mut Rows) {
        for line in std::mem::take(&mut self.before) {
            rows.issues.count(Code::Preamble, Severity::Doubtful, None, line);
        }
    }

    fn too_long(&self, bytes: usize) -> Result<()> {
        match bytes > self.record_bytes {
            false => Ok(()),
            true => Err(Error::new(Code::Limit, "a line is longer than `limits.recordBytes`")
                .at_row(self.line)),
        }
    }

    /// Finds the mapped columns in the header. An error comes with the number of those that are
    /// there; nothing has changed then.
    fn map(
        &mut self,
        splitter: &Splitter,
        window: &[u8],
        at: usize,
        record: Record,
        rows: &mut Rows,
    ) -> std::result::Result<(), (usize, Error)> {
        let raw = window.get(at..record.end).unwrap_or_default();
        let refused = |error: Error| (0, error);
        if raw.contains(&0) {
            return Err(refused(
                Error::new(
                    Code::Encoding,
                    "the header has NUL characters, as UTF-16 without a byte order mark has; \
                     save the file as UTF-8 or declare its encoding",
                )
                .at_row(self.line),
            ));
        }
        if record.malformed {
            let error = Error::new(Code::Parse, "the header has text after a closing quote");
            return Err(refused(error.at_row(self.line)));
        }
        if record.width > self.most_columns {
            let hint = "there are more columns than `limits.columns`";
            return Err(refused(Error::new(Code::Limit, hint)));
        }
        let names: Vec<&str> = (0..record.width)
            .map(|index| std::str::from_utf8(trimmed(splitter.cell(window, index))).unwrap_or(""))
            .collect();
        let mut located = Vec::new();
        let mut failed = None;
        for (at, field) in rows.schema.fields.iter().enumerate() {
            let wanted = self.names.get(at).map_or(&[][..], Vec::as_slice);
            match locate(wanted, &names, field.role) {
                Ok(found) => located.push(found),
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        if let Some(error) = failed {
            return Err((located.len(), error.at_row(self.line)));
        }
        let mut columns: Vec<ColumnUse> =
            names.iter().map(|name| ColumnUse::dropped((*name).to_owned())).collect();
        let first = rows.issues.file == 0;
        let fields = rows.schema.fields.iter_mut().enumerate();
        for ((at, field), (index, folded)) in fields.zip(located) {
            if folded {
                let code = Code::MissingColumn;
                rows.issues.count(code, Severity::Doubtful, Some(field.role), self.line);
            }
            if let Some(column) = columns.get_mut(index) {
                // The table has the names of its first file.
                if first {
                    field.name.clone_from(&column.name);
                }
                if let Some(name) = rows.names.get_mut(at) {
                    name.clone_from(&column.name);
                }
                column.read_as(field);
            }
            self.positions.push(index);
        }
        self.header = raw.to_vec();
        self.found = Some((self.line, columns));
        Ok(())
    }
}

/// For each mapped column the names that it may have, best first.
pub(super) fn names_of(options: &Options) -> Vec<Vec<String>> {
    let mapped = Role::ALL
        .iter()
        .filter_map(|role| Some((options.roles.get(*role)?, options.other_names.get(*role))));
    let attributes =
        options.attributes().map(|(_, _, column)| (column.column(), column.other_names()));
    let named = |(first, others): (&str, &[String])| {
        let others = others.iter().map(|name| name.trim().to_owned());
        std::iter::once(first.trim().to_owned()).chain(others).collect()
    };
    mapped.chain(attributes).map(named).collect()
}

/// The column that has the first of the `wanted` names; if there is none, one that differs from
/// such a name only in the case of Latin letters, and true.
fn locate(wanted: &[String], names: &[&str], role: Role) -> Result<(usize, bool)> {
    for (folded, wanted) in [false, true].iter().flat_map(|f| wanted.iter().map(move |w| (*f, w))) {
        let is_wanted = |name: &str| match folded {
            false => name == wanted,
            true => name.eq_ignore_ascii_case(wanted),
        };
        let mut found = names.iter().enumerate().filter(|(_, name)| is_wanted(name));
        match (found.next(), found.next()) {
            (Some((index, _)), None) => return Ok((index, folded)),
            (Some(_), Some(_)) => {
                return Err(Error::new(
                    Code::DuplicateColumn,
                    format!("the column for `{role}` stands in the header more than once"),
                )
                .at_column(wanted));
            }
            (None, _) => {}
        }
    }
    let hint = format!("there is no column of this name for `{role}`; {}", listed(names));
    let error = Error::new(Code::MissingColumn, hint);
    Err(wanted.first().map_or(error.clone(), |name| error.at_column(name.as_str())))
}

/// The header in words, unless it looks like data.
fn listed(names: &[&str]) -> String {
    let is_value = |name: &str| {
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        digits > 5 || time::is_date(name.as_bytes()) || amount::is_amount(name.as_bytes())
    };
    if names.iter().any(|name| is_value(name)) {
        return format!("the first line has {} cells and looks like data, not names", names.len());
    }
    format!("the header has {}; if this is not the header, name its line in `header`", shown(names))
}

/// Names for an error: not too many, none too long.
pub(super) fn shown(names: &[&str]) -> String {
    let named = names.iter().filter(|name| !name.is_empty());
    let shown: Vec<String> = named
        .clone()
        .take(LISTED)
        .map(|name| {
            let short: String = name.chars().take(LISTED_CHARS).collect();
            let more = if short.len() < name.len() { "…" } else { "" };
            format!("`{}{more}`", short.escape_debug())
        })
        .collect();
    let more = match named.count().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All records of a text, as the splitter sees them; `None` for a quote that stays open.
    fn split(text: &[u8], delimiter: u8) -> Option<Vec<(Vec<Vec<u8>>, bool)>> {
        let mut splitter = Splitter::new(delimiter, usize::MAX);
        let mut records = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let Found::Record(record) = splitter.record(text, at, true) else { return None };
            let cells = (0..record.width).map(|index| splitter.cell(text, index).to_vec());
            records.push((cells.collect(), record.malformed));
            at = record.next;
        }
        Some(records)
    }

    /// The same from an independent implementation, which skips empty lines and repairs
    /// everything.
    fn oracle(text: &[u8], delimiter: u8) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        let (mut records, mut at) = (Vec::new(), 0);
        loop {
            let (mut output, mut ends) = (vec![0; text.len() + 8], vec![0; text.len() + 8]);
            let (result, read, _, cells) = reader.read_record(&text[at..], &mut output, &mut ends);
            let (result, cells) = match result {
                csv_core::ReadRecordResult::InputEmpty => {
                    let kept = cells;
                    let (result, _, _, more) =
                        reader.read_record(&[], &mut output[0..], &mut ends[kept..]);
                    // The second call writes to the front of what is left of the output.
                    assert_eq!(result, csv_core::ReadRecordResult::End, "text ends in a line end");
                    assert_eq!(more, 0);
                    return records;
                }
                other => (other, cells),
            };
            at += read;
            match result {
                csv_core::ReadRecordResult::Record => {
                    let mut start = 0;
                    let cells = ends[..cells].iter().map(|end| {
                        let cell = output[start..*end].to_vec();
                        start = *end;
                        cell
                    });
                    records.push(cells.collect());
                }
                csv_core::ReadRecordResult::End => return records,
                other => panic!("{other:?}"),
            }
        }
    }

    fn written(records: &[Vec<(String, bool)>], end: &str) -> String {
        let mut text = String::new();
        for record in records {
            for (at, (cell, quote)) in record.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                let must = cell.starts_with('"') || cell.contains([',', '\n', '\r']);
                if *quote || must || record.len() == 1 {
                    text += &format!("\"{}\"", cell.replace('"', "\"\""));
                } else {
                    text += cell;
                }
            }
            text += end;
        }
        text
    }

    proptest! {
        #[test]
        fn well_formed_text_splits_into_what_was_written(
            records in proptest::collection::vec(
                proptest::collection::vec(("[a\" ,\r\n;é]{0,6}", any::<bool>()), 1..5), 0..12),
            end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
        ) {
            let text = written(&records, end);
            let found = split(text.as_bytes(), b',').unwrap();
            prop_assert!(found.iter().all(|(_, malformed)| !malformed));
            let expected: Vec<Vec<Vec<u8>>> = records
                .iter()
                .map(|record| record.iter().map(|(cell, _)| cell.clone().into_bytes()).collect())
                .collect();
            let found: Vec<_> = found.into_iter().map(|(cells, _)| cells).collect();
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!(oracle(text.as_bytes(), b','), expected);
        }

        #[test]
        fn text_without_faults_splits_as_an_independent_reader_splits_it(
            text in "[a\"',;\r\n]{0,24}",
        ) {
            let text = text + "\n";
            let Some(found) = split(text.as_bytes(), b',') else { return Ok(()) };
            prop_assume!(found.iter().all(|(_, malformed)| !malformed));
            let found: Vec<_> = found
                .into_iter()
                .map(|(cells, _)| cells)
                .filter(|cells| *cells != [Vec::<u8>::new()])
                .collect();
            let mut expected = oracle(text.as_bytes(), b',');
            // A line that is only `""` is empty for one of them and not for the other.
            expected.retain(|cells| *cells != [Vec::<u8>::new()]);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_record_is_the_same_in_a_longer_window(text in "[a\",\r\n]{0,16}", more in "[a\",\r\n]{1,4}") {
            let mut splitter = Splitter::new(b',', 100);
            if let Found::Record(record) = splitter.record(text.as_bytes(), 0, false) {
                let longer = text + &more;
                prop_assert_eq!(splitter.record(longer.as_bytes(), 0, false), Found::Record(record));
            }
        }
    }

    #[test]
    fn separators_are_told_from_the_header() {
        for (line, delimiter) in [
            ("a,b;c", b','),
            ("a;b\tc", b';'),
            ("a\tb|c", b'\t'),
            ("a|b", b'|'),
            ("\"a,b\";c", b';'),
            ("alone", b','),
            ("a，b", b','),
        ] {
            assert_eq!(sniff(line.as_bytes()), delimiter, "{line}");
        }
        assert_eq!(sep_line(b"sep=;"), Some(b';'));
        assert_eq!(sep_line(b"\"SEP=\t\""), Some(b'\t'));
        assert_eq!(sep_line(b"sep="), None);
        assert_eq!(sep_line("sep=，".as_bytes()), None);
    }

    #[test]
    fn lines_are_counted_inside_quotes_too() {
        let mut splitter = Splitter::new(b',', 100);
        let text = b"\"a\r\nb\rc\nd\",x\r\n";
        let Found::Record(record) = splitter.record(text, 0, false) else { panic!() };
        assert_eq!((record.lines, record.width, record.next), (4, 2, text.len()));
        let open = splitter.record(b"a,\"b\n", 0, true);
        assert_eq!(open, Found::Cut { open_quote: Some(0) });
    }
}
