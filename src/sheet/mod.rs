//! Floor 2: one sheet of a workbook (.xlsx) to the text of separated values. Knows workbooks;
//! knows no roles, no types of columns and no JavaScript.
//!
//! ```text
//! bytes ─► archive ─► xml ─► rows ─► headers ─► CSV, one record per row of the sheet
//!          zip        tokens  + strings, formats, numbers
//! ```
//!
//! The text goes to `read` with the format `xlsx`, so that mapping, rules of cells
//! and the quality report are those of every file. A blank row is a blank record: the number of
//! a record is that of its row in the sheet. Cells say what the sheet shows of them where that
//! is what they mean (dates, leading zeros), and what is stored where rounding would hide
//! something (numbers). `docs/reading.md` has the rules.
//!
//! In the package this is a WebAssembly module of its own, which a page loads when it first
//! meets a workbook. ECMA-376 is the format's standard.

mod archive;
mod formats;
mod headers;
mod numbers;
mod rows;
mod strings;
mod xml;

use crate::error::{Code, Error, Result};

use archive::{Archive, FREE, missing_part};
use formats::Styles;
use headers::Search;
use rows::{Next, Row, Rows, Shared};
use strings::Strings;
use xml::{Token, Xml};

/// Rows that are held back until it is known whether they begin with a header of several levels.
const HEAD_ROWS: usize = 64;
/// Bytes at which no more are held back.
const HEAD_BYTES: usize = 1 << 20;
/// Text at which a step ends: more is not handed over at once.
const PIECE: usize = 1 << 19;
/// Empty columns that part a remark from the table.
const FAR: u32 = 16;
/// How many sheet names an error lists, and how much of each.
const LISTED: usize = 20;

/// How far reading may go. The fields are those of the reader's limits.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes that come out of one part of the workbook, and bytes of the text.
    pub bytes: u64,
    /// How many times its size in the file a part may unpack to (beyond 64 MiB), and how many
    /// times the file's size the text may have.
    pub ratio: u32,
    /// Bytes of one row with all its cells.
    pub record_bytes: u32,
    /// Bytes of memory for the file, its shared texts and what is on its way.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 16 << 30, ratio: 200, record_bytes: 16 << 20, memory: 512 << 20 }
    }
}

/// A sheet of the workbook.
#[derive(Clone, Debug)]
struct Sheet {
    name: String,
    part: String,
}

/// Where the conversion is.
#[derive(Debug)]
enum State {
    /// Between sheets.
    Between,
    /// In the first rows of a sheet.
    Head {
        rows: Box<Rows>,
        head: Vec<Row>,
        bytes: usize,
    },
    /// Looking for merged cells.
    Merges {
        rows: Option<Box<Rows>>,
        head: Vec<Row>,
        search: Box<Search>,
    },
    /// Beyond the first rows.
    Rows(Box<Rows>),
    /// Behind the last row, where the texts that were not asked for are passed over.
    Rest,
    Over,
}

/// A workbook on its way to text.
#[derive(Debug)]
pub struct Workbook {
    archive: Archive,
    /// The names of all sheets.
    names: Vec<String>,
    /// The sheets to look at.
    sheets: Vec<Sheet>,
    /// The sheet to look at next.
    next: usize,
    /// The sheet that is converted.
    chosen: Option<usize>,
    shared: Shared,
    state: State,
    row: Row,
    /// What ended the conversion; every further step answers the same.
    failed: Option<Error>,
    /// Records written.
    records: u32,
    /// Columns of the table: records have at least so many cells.
    width: u32,
    out: Vec<u8>,
    /// Bytes of text, with what was taken away.
    written: u64,
    progress: (u64, u64),
}

impl Workbook {
    /// Opens a workbook. `sheet` names the one to convert; without it, the first that holds
    /// data is taken. Hidden sheets are sheets like the others.
    ///
    /// # Errors
    /// `unsupported` for other files than `.xlsx` workbooks (the hint names what it is),
    /// `missing-sheet`, `parse` for a damaged workbook, `limit` and `limit-memory`.
    pub fn open(bytes: Vec<u8>, sheet: Option<&str>, limits: Limits) -> Result<Self> {
        refuse_what_is_no_zip(&bytes)?;
        if bytes.len() as u64 > limits.memory {
            return Err(no_memory());
        }
        let archive = Archive::new(bytes, limits)?;
        let main = main_part(&archive)?;
        let relations = relations(&archive, &main)?;
        let related =
            |kind: &str| relations.iter().find(|one| one.kind == kind).map(|one| one.part.as_str());
        let (mut sheets, from_1904) = sheets_of(&archive, &main, &relations)?;
        let names = sheets.iter().map(|sheet| sheet.name.clone()).collect();
        if let Some(wanted) = sheet {
            let found = sheets.iter().position(|sheet| sheet.name == wanted);
            let found = found.ok_or_else(|| no_sheet(&sheets))?;
            sheets = vec![sheets.swap_remove(found)];
        }
        let left = limits.memory - archive.len() as u64;
        let strings = match related("sharedStrings") {
            Some(part) => Strings::new(archive.open(part)?, left),
            None => Strings::default(),
        };
        let styles = match related("styles") {
            Some(part) => Styles::read(archive.open_small(part)?)?,
            None => Styles::default(),
        };
        Ok(Workbook {
            archive,
            names,
            sheets,
            next: 0,
            chosen: None,
            shared: Shared { strings, styles, from_1904, limits },
            state: State::Between,
            row: Row::default(),
            failed: None,
            records: 0,
            width: 0,
            out: Vec::new(),
            written: 0,
            progress: (0, 0),
        })
    }

    /// The name of the sheet, once the first that holds data is found.
    #[must_use]
    pub fn sheet(&self) -> Option<&str> {
        self.chosen.and_then(|at| self.sheets.get(at)).map(|sheet| sheet.name.as_str())
    }

    /// The names of all sheets with cells, in the workbook's order, hidden ones included.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Bytes of the sheet in the file that are read, and how many it has.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        self.progress
    }

    /// The text since this was called last.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Works on for about `work` tags and texts of the workbook, or until some text waits to be
    /// taken; says whether the sheet is over.
    ///
    /// # Errors
    /// `parse` for a damaged workbook, `limit`, `limit-memory`; with the row where one is known.
    pub fn step(&mut self, work: u32) -> Result<bool> {
        self.failed.clone().map_or(Ok(()), Err)?;
        let result = self.try_step(work);
        self.failed = result.as_ref().err().cloned();
        result
    }

    fn try_step(&mut self, mut work: u32) -> Result<bool> {
        loop {
            if self.out.len() >= PIECE || work == 0 {
                return Ok(false);
            }
            let state = std::mem::replace(&mut self.state, State::Over);
            self.state = match state {
                State::Between => match self.sheets.get(self.next) {
                    Some(sheet) => {
                        let rows = Box::new(Rows::new(Xml::new(self.archive.open(&sheet.part)?)));
                        self.next += 1;
                        State::Head { rows, head: Vec::new(), bytes: 0 }
                    }
                    None => State::Over,
                },
                State::Head { rows, head, bytes } => self.head(rows, head, bytes, &mut work)?,
                State::Merges { rows, mut head, mut search } => match search.step(&mut work)? {
                    None => State::Merges { rows, head, search },
                    Some(merges) => {
                        headers::flatten(&mut head, &merges);
                        self.begin(rows, &head)?
                    }
                },
                State::Rows(mut rows) => {
                    let mut row = std::mem::take(&mut self.row);
                    let next = rows.next(&mut self.shared, &mut row, &mut work)?;
                    if next == Next::Row {
                        self.write(&row)?;
                    }
                    self.row = row;
                    let (done, size) = rows.xml().part().progress();
                    self.progress = (done as u64, size as u64);
                    match next {
                        Next::Over => State::Rest,
                        Next::Row | Next::Later => State::Rows(rows),
                    }
                }
                State::Rest => match self.shared.strings.pass(&mut work)? {
                    false => State::Rest,
                    true => State::Over,
                },
                State::Over => return Ok(true),
            };
        }
    }

    /// Takes one more of the first rows.
    fn head(
        &mut self,
        mut rows: Box<Rows>,
        mut head: Vec<Row>,
        bytes: usize,
        work: &mut u32,
    ) -> Result<State> {
        let mut row = std::mem::take(&mut self.row);
        let next = rows.next(&mut self.shared, &mut row, work)?;
        let size = row.bytes();
        match next {
            Next::Later => {
                self.row = row;
                return Ok(State::Head { rows, head, bytes });
            }
            Next::Row if row.cells.is_empty() => {
                self.row = row;
                return Ok(State::Head { rows, head, bytes });
            }
            Next::Row => {
                self.chosen = Some(self.next - 1);
                head.push(row);
                if head.len() < HEAD_ROWS && bytes + size < HEAD_BYTES {
                    return Ok(State::Head { rows, head, bytes: bytes + size });
                }
            }
            Next::Over if head.is_empty() => return Ok(State::Between),
            Next::Over => {}
        }
        let rows = (next != Next::Over).then_some(rows);
        let sheet = self.chosen.and_then(|at| self.sheets.get(at));
        match (headers::may_have_levels(&head), sheet, head.last()) {
            (true, Some(sheet), Some(last)) => {
                let search = Box::new(Search::new(self.archive.open(&sheet.part)?, last.number));
                Ok(State::Merges { rows, head, search })
            }
            _ => self.begin(rows, &head),
        }
    }

    /// Writes the first rows.
    fn begin(&mut self, rows: Option<Box<Rows>>, head: &[Row]) -> Result<State> {
        self.width = width_of(head);
        for row in head {
            self.write(row)?;
        }
        Ok(rows.map_or(State::Rest, State::Rows))
    }

    /// Writes the record of a row, and blank ones for the rows that were passed over.
    fn write(&mut self, row: &Row) -> Result<()> {
        if row.cells.is_empty() {
            return Ok(());
        }
        let last = row.cells.last().map_or(0, |cell| cell.column).max(self.width) as usize;
        let blank = row.number.saturating_sub(self.records + 1) as usize;
        let most = blank + last + row.bytes() * 2 + row.cells.len() * 2 + 2;
        self.out.try_reserve(most).map_err(|_| no_memory())?;
        let before = self.out.len();
        self.out.resize(before + blank, b'\n');
        let mut column = 1;
        for cell in &row.cells {
            let gap = cell.column.saturating_sub(column) as usize;
            self.out.resize(self.out.len() + gap, b',');
            column = column.max(cell.column);
            quoted(row.text(cell), &mut self.out);
        }
        self.out.resize(self.out.len() + self.width.saturating_sub(column) as usize, b',');
        self.out.push(b'\n');
        self.records = row.number;
        self.written += (self.out.len() - before) as u64;
        let limits = &self.shared.limits;
        let most = (self.archive.len() as u64).saturating_mul(u64::from(limits.ratio)).max(FREE);
        if self.written > most.min(limits.bytes) {
            return Err(Error::new(
                Code::Limit,
                "the sheet's text is longer than `limits.bytes`, or than `limits.ratio` times \
                 the file",
            )
            .at_row(u64::from(row.number)));
        }
        Ok(())
    }
}

/// The last column of the table that the first rows begin: what stands far to the right of all
/// else is a remark, and no reason to make every record as long.
fn width_of(head: &[Row]) -> u32 {
    let mut columns: Vec<u32> =
        head.iter().flat_map(|row| row.cells.iter().map(|cell| cell.column)).collect();
    columns.sort_unstable();
    let mut width = columns.first().copied().unwrap_or(0);
    for column in columns {
        if column > width + FAR {
            break;
        }
        width = column;
    }
    width
}

/// Converts a sheet in one go: its name, if there is a sheet with data, and the text.
///
/// ```
/// use siyu::sheet::{Limits, csv};
///
/// let other = csv(b"PAR1".to_vec(), None, Limits::default()).unwrap_err();
/// assert_eq!(other.code().as_str(), "unsupported");
/// ```
///
/// # Errors
/// As [`Workbook::open`] and [`Workbook::step`].
pub fn csv(
    bytes: Vec<u8>,
    sheet: Option<&str>,
    limits: Limits,
) -> Result<(Option<String>, Vec<u8>)> {
    let mut workbook = Workbook::open(bytes, sheet, limits)?;
    let mut text = Vec::new();
    loop {
        let over = workbook.step(u32::MAX)?;
        let piece = workbook.take();
        text.try_reserve(piece.len()).map_err(|_| no_memory())?;
        text.extend_from_slice(&piece);
        if over {
            return Ok((workbook.sheet().map(str::to_owned), text));
        }
    }
}

/// Whether the first bytes of a file are those of a zip archive, as a workbook is one.
#[must_use]
pub fn may_be_workbook(first: &[u8]) -> bool {
    first.starts_with(b"PK\x03\x04")
}

/// Writes a cell, in quotes if it needs them.
fn quoted(text: &str, out: &mut Vec<u8>) {
    if memchr::memchr3(b',', b'"', b'\n', text.as_bytes()).is_none() && !text.contains('\r') {
        return out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Names the files that people take for workbooks of this format.
fn refuse_what_is_no_zip(bytes: &[u8]) -> Result<()> {
    let unsupported = |hint: &'static str| Err(Error::new(Code::Unsupported, hint));
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        return unsupported(match memchr::memmem::find(bytes, &name) {
            Some(_) => "the workbook has a password: save it without one",
            None => "this is an old .xls workbook: save it as .xlsx",
        });
    }
    match may_be_workbook(bytes) {
        true => Ok(()),
        false => unsupported("this is no .xlsx workbook: leave out `format`, or save it as .xlsx"),
    }
}

/// A relation of a part to another.
#[derive(Debug)]
struct Relation {
    id: String,
    /// The last word of its type, which is the same in all versions of the standard.
    kind: String,
    part: String,
}

/// The workbook's own part.
fn main_part(archive: &Archive) -> Result<String> {
    let unsupported = |hint: &'static str| Err(Error::new(Code::Unsupported, hint));
    if archive.has("xl/workbook.bin") {
        return unsupported("this is an .xlsb workbook: save it as .xlsx");
    }
    if archive.has("content.xml") && archive.has("mimetype") {
        return unsupported("this is an OpenDocument file: save it as .xlsx, or the sheet as CSV");
    }
    let told = relations(archive, "")?.into_iter().find(|one| one.kind == "officeDocument");
    let main = told.map_or("xl/workbook.xml".to_owned(), |one| one.part);
    match archive.has(&main) {
        true => Ok(main),
        false => unsupported(
            "this is a zip archive and no workbook: unpack it, and read the files in it",
        ),
    }
}

/// What a part is related to; the archive itself is the part without a name.
fn relations(archive: &Archive, part: &str) -> Result<Vec<Relation>> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let name = format!("{folder}/_rels/{file}.rels");
    let mut found = Vec::new();
    if !archive.has(&name) {
        return Ok(found);
    }
    let mut xml = Xml::new(archive.open_small(&name)?);
    loop {
        match xml.next()? {
            Token::Start { tag, .. } if tag.name() == "Relationship" => {
                let (id, kind) = (tag.get("Id")?, tag.get("Type")?);
                if let (Some(id), Some(kind), Some(target)) = (id, kind, tag.get("Target")?) {
                    let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                    found.push(Relation {
                        id: id.into_owned(),
                        kind,
                        part: within(folder, &target),
                    });
                }
            }
            Token::Over => return Ok(found),
            _ => {}
        }
    }
}

/// The part that a target names, seen from a folder.
fn within(folder: &str, target: &str) -> String {
    let from_root = target.starts_with('/');
    let folder = if from_root { "" } else { folder };
    let mut path: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.join("/")
}

/// The sheets that hold cells, in their order, and whether days are counted from 1904.
fn sheets_of(archive: &Archive, main: &str, relations: &[Relation]) -> Result<(Vec<Sheet>, bool)> {
    let mut xml = Xml::new(archive.open_small(main)?);
    let mut sheets = Vec::new();
    let mut from_1904 = false;
    loop {
        match xml.next()? {
            Token::Start { tag, .. } => match tag.name() {
                "sheet" => {
                    let (name, id) = (tag.get("name")?, tag.get("id")?);
                    let related =
                        relations.iter().find(|one| Some(one.id.as_str()) == id.as_deref());
                    let (Some(name), Some(one)) = (name, related) else {
                        return Err(missing_part());
                    };
                    // Sheets of charts and macros have no cells.
                    if one.kind == "worksheet" {
                        sheets.push(Sheet { name: name.into_owned(), part: one.part.clone() });
                    }
                }
                "workbookPr" => {
                    let flag = tag.get("date1904")?;
                    from_1904 = matches!(flag.as_deref(), Some("1" | "true" | "on"));
                }
                _ => {}
            },
            Token::Over if sheets.is_empty() => {
                let hint = "the workbook has no sheet with cells: save the table as CSV";
                return Err(Error::new(Code::Unsupported, hint));
            }
            Token::Over => return Ok((sheets, from_1904)),
            _ => {}
        }
    }
}

fn no_sheet(sheets: &[Sheet]) -> Error {
    let shown: Vec<String> = sheets
        .iter()
        .take(LISTED)
        .map(|sheet| format!("`{}`", sheet.name.escape_debug()))
        .collect();
    let more = match sheets.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let hint = format!(
        "the workbook has no sheet of this name; its sheets are {}{more}",
        shown.join(", ")
    );
    Error::new(Code::MissingSheet, hint).at_path("sheet")
}

fn no_memory() -> Error {
    Error::new(
        Code::LimitMemory,
        "the workbook does not fit into `memoryLimit`: raise it, or save the sheet as CSV",
    )
}
