//! Floor 2: bytes to blocks. Knows formats, encodings and the rules of cells; knows no analysis
//! and no JavaScript.
//!
//! ```text
//! bytes ─► text ─► csv or json ─► rows ─► blocks
//!          UTF-8      cells       typed   + dictionaries, fingerprint, quality report
//! ```
//!
//! * [`options`] – roles, format, limits
//! * `text` – bytes to valid UTF-8; refuses what is no text
//! * `shape` – which format the text has
//! * `csv`, `json` – text to records; a further format is a further file beside them
//! * [`columns`] – columns that are in memory already, by the same rules
//! * `rows` – cells to typed blocks, by the rules of `amount`, `time` and `ids`
//! * [`guess`] – what the columns of an unknown file probably mean
//! * [`profile`] – kinds of exports, and how they were read
//! * [`records`] – single records again, to be shown in place
//! * [`quality`] – what was read, left out, altered or doubtful
//! * [`remedies`] – which option would read what was left out
//!
//! # The cut into blocks
//!
//! The text is cut every [`BYTES`](crate::table::block::BYTES) bytes, and a record belongs to
//! the block in which its first byte stands. Bytes are those of the text as UTF-8, without a
//! byte order mark: after decoding and decompression. Blocks, codes, fingerprint and report are
//! therefore the same for any pieces in which the bytes arrive, and for any thread that reads
//! them.
//!
//! ```
//! use siyu::read::{Options, read_table};
//! use siyu::table::role::Role;
//! use siyu::table::zone::Zone;
//!
//! let file = "buyer,paid_at,paid\nA1,2025-05-28 09:03,¥10.50\nB2,2025-05-29,\"1,200\"\nA1,,3\n";
//! let mut options = Options::default();
//! options.roles.set(Role::Customer, "buyer");
//! options.roles.set(Role::Time, "paid_at");
//! options.roles.set(Role::Amount, "paid");
//! let zone = Zone::fixed("Asia/Shanghai", 8 * 3600)?;
//! let (table, quality) = read_table([file.as_bytes()], &options, zone, 1, 1 << 29)?;
//! assert_eq!(table.rows(), 2);
//! assert_eq!(quality.amount.map(|amount| amount.sum).as_deref(), Some("1210.50"));
//! assert_eq!((quality.issues[0].code, &quality.issues[0].rows[..]), ("date", &[4][..]));
//! # Ok::<(), siyu::error::Error>(())
//! ```

mod amount;
pub mod columns;
mod csv;
mod duplicates;
#[cfg(feature = "decode")]
pub mod file;
pub mod guess;
pub mod gzip;
mod ids;
mod integers;
mod json;
mod lexicon;
mod lookalike;
pub mod options;
pub mod plausible;
pub mod profile;
pub mod quality;
pub mod records;
pub mod remedies;
mod rows;
mod shape;
mod text;
mod time;

use crate::error::{Code, Error, Result};
use crate::table::block::Block;
use crate::table::role::Role;
use crate::table::zone::Zone;
use crate::table::{Dictionaries, Field, Schema, Table};

use quality::{FileUse, Quality, RowCounts, Severity, ZoneUse};
use rows::Rows;
use shape::Shape;
use text::Text;

pub use options::{AttributeColumn, FileOptions, Format, Limits, Options, OtherNames, Roles};
pub use rows::Sink;

/// Larger pieces are taken in parts of this size, which bounds the memory of the window.
const PIECE: usize = 256 << 10;

/// Reads one file, or several one after the other as one table, as a stream of blocks, with
/// memory for one block, one record and the dictionaries.
#[derive(Debug)]
pub struct Reader {
    /// As given for the table.
    options: Options,
    text: Text,
    shape: Shape,
    rows: Rows,
    name: String,
    /// The sheet of a workbook.
    sheet: Option<String>,
    declared: Option<String>,
    /// Whether the current file was begun, by its name or its first bytes.
    begun: bool,
    /// The files before the current one.
    files: Vec<FileUse>,
    /// Bytes of the current file, and of those before.
    bytes: u64,
    bytes_before: u64,
    /// The window is worth another look when it has grown to this: a record that comes in many
    /// small pieces is looked at a logarithmic number of times.
    look_at: usize,
    /// What ended the reading; every further call answers the same.
    failed: Option<Error>,
}

/// What a reader leaves besides its blocks.
#[derive(Debug)]
pub struct Parts {
    /// The mapped columns and the zone.
    pub schema: Schema,
    /// The ids behind the codes.
    pub dictionaries: Dictionaries,
    /// The hash of all typed values.
    pub fingerprint: u64,
}

impl Reader {
    /// A reader for one file. Naive times are read in `zone`; `hash_seed` spreads the
    /// dictionaries' hashes and changes no result.
    ///
    /// # Errors
    /// As [`Options::check`].
    pub fn new(options: &Options, zone: Zone, hash_seed: u64) -> Result<Self> {
        options.check()?;
        Ok(Reader::unchecked(options, fields_of(options), zone, hash_seed))
    }

    fn unchecked(options: &Options, fields: Vec<Field>, zone: Zone, hash_seed: u64) -> Self {
        Reader {
            text: Text::new(options.format),
            shape: Shape::new(options),
            rows: Rows::new(Schema { fields, zone }, options, hash_seed),
            name: String::new(),
            sheet: options.sheet.clone(),
            declared: options.encoding.clone(),
            begun: false,
            files: Vec::new(),
            bytes: 0,
            bytes_before: 0,
            look_at: 0,
            failed: None,
            options: options.clone(),
        }
    }

    /// Begins the next of several files that form one table, or the first, for which it may be
    /// left out. The files follow each other in the order of the table: ids keep their codes,
    /// blocks begin anew. Each file has its own header, in which the columns may stand in any
    /// order and have any of their names.
    ///
    /// # Errors
    /// As [`push`](Self::push) for what is left of the file before, and as [`Options::check`].
    pub fn next_file(&mut self, file: &FileOptions, sink: &mut Sink<'_>) -> Result<()> {
        let result = self.try_next_file(file, sink);
        self.remembered(result)
    }

    fn try_next_file(&mut self, file: &FileOptions, sink: &mut Sink<'_>) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)?;
        if self.begun {
            let file = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
            self.end_of_file(sink).map_err(|error| error.in_file(file))?;
            let ended = self.ended_file(sink)?;
            self.files.push(ended);
        }
        let options = file.over(&self.options);
        options.check_form()?;
        self.text = Text::new(options.format);
        self.shape = Shape::new(&options);
        self.name.clone_from(&file.name);
        self.sheet = options.sheet;
        self.declared = options.encoding;
        self.bytes_before += self.bytes;
        (self.begun, self.bytes, self.look_at) = (true, 0, 0);
        Ok(())
    }

    /// The report on the file that ends.
    fn ended_file(&mut self, sink: &mut Sink<'_>) -> Result<FileUse> {
        let (rows, time) = self.rows.end_file(sink)?;
        let encoding = match (self.text.encoding(), &self.declared) {
            (Some("utf-8") | None, Some(declared)) => Some(declared.clone()),
            (found, _) => found.map(str::to_owned),
        };
        let names = self.shape.columns().iter().map(|column| column.name.as_str());
        // A workbook has no encoding: its text was made on the way here. And only it has sheets.
        let is_sheet = self.shape.format() == "xlsx";
        Ok(FileUse {
            kind: profile::kind_of(self.shape.format(), names),
            name: std::mem::take(&mut self.name),
            format: self.shape.format(),
            encoding: encoding.filter(|_| !is_sheet),
            sheet: self.sheet.take().filter(|_| is_sheet),
            delimiter: self.shape.delimiter().map(|byte| char::from(byte).to_string()),
            header_line: self.shape.header_line(),
            columns: self.shape.columns().to_vec(),
            rows,
            time,
        })
    }

    /// Reads the next bytes of the file, and hands every block that is complete to `sink`.
    ///
    /// # Errors
    /// What is wrong with the file as a whole: `encoding` (with line and byte), `parse` (a
    /// quote that is not closed), `missing-column`, `duplicate-column`, `unsupported`, `limit`,
    /// `limit-memory`; or the error of `sink`. The reader is then at its end. Problems of
    /// single rows are no errors: they are counted in the report. From the second file on the
    /// error says which file it is about; that more files follow the first only the caller knows.
    pub fn push(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)?;
        let result = self.try_push(bytes, sink);
        let result = self.in_file(result);
        self.remembered(result)
    }

    fn try_push(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<()> {
        self.begun = true;
        for piece in bytes.chunks(PIECE) {
            let left = self.options.limits.bytes - self.bytes;
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            let allowed = piece.get(..left).unwrap_or(piece);
            self.bytes += allowed.len() as u64;
            self.text.push(allowed)?;
            if allowed.len() < piece.len() {
                self.look(false, sink)?;
                return Err(Error::new(Code::Limit, "the file is longer than `limits.bytes`"));
            }
            if self.text.window().len() >= self.look_at || self.text.broken().is_some() {
                self.look(false, sink)?;
            }
        }
        Ok(())
    }

    /// Reads what is left and hands the last block to `sink`.
    ///
    /// # Errors
    /// As [`push`](Self::push), and `empty`, `no-rows`, or the code that left most rows out if
    /// no row is usable.
    pub fn finish(&mut self, sink: &mut Sink<'_>) -> Result<Quality> {
        let result = self.try_finish(sink);
        self.remembered(result)
    }

    fn remembered<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    /// Says which of several files an error is about.
    fn in_file<T>(&self, result: Result<T>) -> Result<T> {
        match u32::try_from(self.files.len()) {
            Ok(0) | Err(_) => result,
            Ok(file) => result.map_err(|error| error.in_file(file)),
        }
    }

    fn try_finish(&mut self, sink: &mut Sink<'_>) -> Result<Quality> {
        self.failed.clone().map_or(Ok(()), Err)?;
        self.end_of_file(sink)?;
        let ended = self.ended_file(sink)?;
        self.rows.finish(sink)?;
        let mut files = std::mem::take(&mut self.files);
        files.push(ended);
        Ok(quality_of(&self.rows, files))
    }

    /// Reads what is left of the file.
    fn end_of_file(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let result =
            self.text.finish().and_then(|()| self.look(self.text.broken().is_none(), sink));
        if self.text.told() {
            self.rows.issues.count(Code::Encoding, Severity::Doubtful, None, 1);
        }
        self.in_file(result)
    }

    fn look(&mut self, last: bool, sink: &mut Sink<'_>) -> Result<()> {
        let read = self.shape.read(self.text.window(), last, &mut self.rows, sink);
        let read = read.map_err(|error| match error.byte() {
            _ if self.text.told() && error.code() == Code::MissingColumn => Error::new(
                Code::Encoding,
                "the bytes look like UTF-16, but not with these columns: declare the encoding, or \
                 save the file as UTF-8",
            ),
            // The reader of records counts in the text, the caller in the file.
            Some(byte) => error.at_byte_if(self.text.in_file(byte)),
            None => error,
        })?;
        self.text.consume(read);
        let left = self.text.window();
        self.look_at = left.len() * 2;
        match self.text.broken() {
            None => Ok(()),
            Some(byte) => {
                let ends = left.iter().enumerate().filter(|(at, byte)| match byte {
                    b'\n' => true,
                    b'\r' => left.get(at + 1) != Some(&b'\n'),
                    _ => false,
                });
                let line = self.shape.line() + ends.count() as u64;
                Err(Error::new(
                    Code::Encoding,
                    "these bytes are not valid in the file's encoding; save the file as UTF-8, \
                     or declare its encoding (files of Chinese programs are often gb18030)",
                )
                .at_row(line)
                .at_byte(byte))
            }
        }
    }

    /// The mapped columns and the zone. Names are those of the header once it is read.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.rows.schema
    }

    /// The ids behind the codes of the blocks so far.
    #[must_use]
    pub fn dictionaries(&self) -> &Dictionaries {
        &self.rows.dictionaries
    }

    /// Bytes held by what grows with the table: the dictionaries and what is remembered of
    /// orders.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.rows.heap_size()
    }

    /// The hash of all typed values so far.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.rows.fingerprint()
    }

    /// Bytes taken so far, for progress.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes_before + self.bytes
    }

    /// Schema, dictionaries and fingerprint of all blocks handed over.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        parts_of(self.rows)
    }
}

/// The mapped columns, in the order of the roles, then the attributes in that of their names.
fn fields_of(options: &Options) -> Vec<Field> {
    let mapped = Role::ALL.iter().filter_map(|role| Some((*role, options.roles.get(*role)?)));
    let roles = mapped.map(|(role, name)| Field { role, name: name.to_owned(), attribute: None });
    let attributes = options.attributes().map(|(role, name, column)| Field {
        role,
        name: column.column().to_owned(),
        attribute: Some(name.to_owned()),
    });
    roles.chain(attributes).collect()
}

fn parts_of(rows: Rows) -> Parts {
    let fingerprint = rows.fingerprint();
    Parts { schema: rows.schema, dictionaries: rows.dictionaries, fingerprint }
}

/// The report on a table of these files.
fn quality_of(rows: &Rows, files: Vec<FileUse>) -> Quality {
    let zone = &rows.schema.zone;
    let customers = rows.dictionaries.get(Role::Customer).map(|known| known.len() as u64);
    let first = files.first();
    Quality {
        format: first.map_or("columns", |file| file.format),
        encoding: first.and_then(|file| file.encoding.clone()),
        delimiter: first.and_then(|file| file.delimiter.clone()),
        sheet: first.and_then(|file| file.sheet.clone()),
        header_line: first.and_then(|file| file.header_line),
        columns: first.map_or_else(Vec::new, |file| file.columns.clone()),
        files,
        zone: ZoneUse { name: zone.name().to_owned(), hash: format!("{:016x}", zone.hash()) },
        rows: RowCounts { read: rows.read, used: rows.used(), skipped: rows.read - rows.used() },
        customers,
        time: rows.totals.time(),
        amount: rows.totals.amount(),
        issues: rows.issues.finish(&rows.schema.fields),
    }
}

/// Blocks that are kept in memory, up to a limit.
#[derive(Debug)]
struct Kept {
    blocks: Vec<Block>,
    bytes: usize,
    memory: usize,
}

impl Kept {
    fn new(memory: usize) -> Self {
        Kept { blocks: Vec::new(), bytes: 0, memory }
    }

    fn keep(&mut self, block: Block) -> Result<()> {
        self.bytes += block.heap_size() + size_of::<Block>();
        self.check(0)?;
        self.blocks.try_reserve(1).map_err(|_| no_memory())?;
        self.blocks.push(block);
        Ok(())
    }

    /// Whether the blocks and `more` bytes are within the limit.
    fn check(&self, more: usize) -> Result<()> {
        match self.bytes.saturating_add(more) > self.memory {
            false => Ok(()),
            true => Err(Error::new(
                Code::LimitMemory,
                "the table does not fit into `memoryLimit`; keep it as a source, or raise the \
                 limit",
            )),
        }
    }

    fn finish(mut self, mut parts: Parts) -> Table {
        self.blocks.shrink_to_fit();
        for field in &parts.schema.fields {
            if let Some(dictionary) = parts.dictionaries.get_mut(field.role) {
                dictionary.shrink_to_fit();
            }
        }
        Table {
            schema: parts.schema,
            dictionaries: parts.dictionaries,
            blocks: self.blocks,
            fingerprint: parts.fingerprint,
        }
    }
}

/// Reads one file into a table in memory.
#[derive(Debug)]
pub struct Loader {
    reader: Reader,
    kept: Kept,
}

impl Loader {
    /// A loader that holds at most `memory` bytes of blocks and dictionaries.
    ///
    /// # Errors
    /// As [`Reader::new`].
    pub fn new(options: &Options, zone: Zone, hash_seed: u64, memory: usize) -> Result<Self> {
        Ok(Loader { reader: Reader::new(options, zone, hash_seed)?, kept: Kept::new(memory) })
    }

    /// Reads the next bytes of the file.
    ///
    /// # Errors
    /// As [`Reader::push`], and `limit-memory` over the limit.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        for piece in bytes.chunks(PIECE) {
            self.reader.push(piece, &mut |block| self.kept.keep(block))?;
            self.kept.check(self.reader.heap_size())?;
        }
        Ok(())
    }

    /// Bytes taken so far, for progress.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.reader.bytes()
    }

    /// The table and its report.
    ///
    /// # Errors
    /// As [`Reader::finish`], and `limit-memory` over the limit.
    pub fn finish(mut self) -> Result<(Table, Quality)> {
        let quality = self.reader.finish(&mut |block| self.kept.keep(block))?;
        self.kept.check(self.reader.heap_size())?;
        Ok((self.kept.finish(self.reader.into_parts()), quality))
    }
}

/// Loads a whole file, given in any pieces, into at most `memory` bytes.
///
/// # Errors
/// As [`Reader::push`] and [`Reader::finish`], and `limit-memory`.
pub fn read_table<B: AsRef<[u8]>>(
    pieces: impl IntoIterator<Item = B>,
    options: &Options,
    zone: Zone,
    hash_seed: u64,
    memory: usize,
) -> Result<(Table, Quality)> {
    let mut loader = Loader::new(options, zone, hash_seed, memory)?;
    for piece in pieces {
        loader.push(piece.as_ref())?;
    }
    loader.finish()
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory to read the table")
}

#[cfg(test)]
mod tests;
