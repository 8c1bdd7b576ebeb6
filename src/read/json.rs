//! JSON: an array of objects, or one object per line, strictly by RFC 8259.
//!
//! A record is looked at only when its end is in the window, so the answer cannot depend on how
//! the bytes arrived. Nothing is built of a record: its text is checked in one pass without
//! recursion, and of its members only those are taken whose key is mapped. Numbers stay text,
//! so that ids beyond 2^53 stay apart and amounts are exact; `null` and an absent key are a
//! missing cell; `true`, `false`, arrays and objects are no cell (`type`). In an array a mistake
//! of the text ends the reading with its line and byte, as nothing after it can be trusted; in
//! lines it leaves out its line (`parse`).
//!
//! The report names records of an array by their number, from 1, and objects in lines by their
//! line. Keys compare by their trimmed text, as column names of the other formats do.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Code, Error, Result};
use crate::table::block::BYTES;
use crate::table::role::{Kind as Stored, Role};

use super::csv;
use super::ids::trimmed;
use super::options::Options;
use super::quality::{ColumnUse, Severity};
use super::rows::{Cell, Rows, Sink};

/// Records whose keys are listed in the report as columns.
const LISTED: u64 = 100;
/// An exponent beyond this is not written out.
const MOST_SHIFT: i32 = 60;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    Bool,
    Number,
    /// Between its quotes, perhaps with escapes.
    Text {
        escaped: bool,
    },
    List,
    Object,
}

/// A value and where it stands; a text without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Value {
    kind: Kind,
    start: usize,
    end: usize,
}

/// Why a value does not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The text ends first.
    Cut,
    /// What stands here is against the rules.
    Bad(usize),
    /// It is nested deeper than allowed, from here on.
    Deep(usize),
}

type Scan<T> = std::result::Result<T, Stop>;

/// Checks values. `last` says that nothing follows the text.
#[derive(Clone, Debug)]
struct Scanner {
    most_depth: usize,
    /// The brackets that are open.
    open: Vec<u8>,
}

fn blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The first byte at or after `at` that is not white space, or the end.
fn skip(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !blank(*byte)).unwrap_or(rest.len())
}

/// The byte that must stand there next, after white space.
fn next(text: &[u8], at: usize) -> Scan<(usize, u8)> {
    let at = skip(text, at);
    text.get(at).map(|byte| (at, *byte)).ok_or(Stop::Cut)
}

/// The text whose quote opens at `at`; what follows the closing quote begins a byte after it.
fn string(text: &[u8], at: usize) -> Scan<Value> {
    let start = at + 1;
    let mut escaped = false;
    let mut at = start;
    loop {
        match text.get(at).ok_or(Stop::Cut)? {
            b'"' => return Ok(Value { kind: Kind::Text { escaped }, start, end: at }),
            b'\\' => {
                escaped = true;
                match text.get(at + 1).ok_or(Stop::Cut)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                    b'u' => {
                        for digit in at + 2..at + 6 {
                            if !text.get(digit).ok_or(Stop::Cut)?.is_ascii_hexdigit() {
                                return Err(Stop::Bad(digit));
                            }
                        }
                        at += 6;
                    }
                    _ => return Err(Stop::Bad(at + 1)),
                }
            }
            0..0x20 => return Err(Stop::Bad(at)),
            _ => at += 1,
        }
    }
}

fn digits(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len())
}

/// The end of the number at `at`. One that ends with the text may go on unless that is the last.
fn number(text: &[u8], at: usize, last: bool) -> Scan<usize> {
    let some = |from: usize| {
        let end = digits(text, from);
        match text.get(end) {
            None if !last => Err(Stop::Cut),
            None if end == from => Err(Stop::Cut),
            _ if end == from => Err(Stop::Bad(end)),
            _ => Ok(end),
        }
    };
    let start = at + usize::from(text.get(at) == Some(&b'-'));
    let mut end = some(start)?;
    if text.get(start) == Some(&b'0') && end > start + 1 {
        return Err(Stop::Bad(start + 1));
    }
    if text.get(end) == Some(&b'.') {
        end = some(end + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        end = some(end + 1 + sign)?;
    }
    Ok(end)
}

fn word(text: &[u8], at: usize, word: &[u8]) -> Scan<usize> {
    for (index, byte) in word.iter().enumerate() {
        match text.get(at + index) {
            None => return Err(Stop::Cut),
            Some(found) if found != byte => return Err(Stop::Bad(at + index)),
            _ => {}
        }
    }
    Ok(at + word.len())
}

impl Scanner {
    /// A scanner for values nested at most so deep.
    fn new(most_depth: usize) -> Self {
        Scanner { most_depth, open: Vec::new() }
    }

    /// The value at `at`, which is no white space, and where it ends.
    fn value(&mut self, text: &[u8], at: usize, last: bool) -> Scan<(Value, usize)> {
        let whole = |kind, end| Ok((Value { kind, start: at, end }, end));
        match text.get(at).ok_or(Stop::Cut)? {
            b'"' => string(text, at).map(|value| (value, value.end + 1)),
            b'-' | b'0'..=b'9' => number(text, at, last).and_then(|end| whole(Kind::Number, end)),
            b't' => word(text, at, b"true").and_then(|end| whole(Kind::Bool, end)),
            b'f' => word(text, at, b"false").and_then(|end| whole(Kind::Bool, end)),
            b'n' => word(text, at, b"null").and_then(|end| whole(Kind::Null, end)),
            b'{' => self.nested(text, at, last).and_then(|end| whole(Kind::Object, end)),
            b'[' => self.nested(text, at, last).and_then(|end| whole(Kind::List, end)),
            _ => Err(Stop::Bad(at)),
        }
    }

    /// The end of the array or object that opens at `at`.
    fn nested(&mut self, text: &[u8], from: usize, last: bool) -> Scan<usize> {
        self.open.clear();
        let mut at = from;
        loop {
            // A value begins here.
            let (start, byte) = next(text, at)?;
            at = match byte {
                b'{' | b'[' => {
                    if self.open.len() >= self.most_depth {
                        return Err(Stop::Deep(start));
                    }
                    self.open.push(byte);
                    let (first, closing) = next(text, start + 1)?;
                    match (byte, closing) {
                        (b'{', b'}') | (b'[', b']') => {
                            self.open.pop();
                            first + 1
                        }
                        (b'{', _) => {
                            at = key(text, first)?.1;
                            continue;
                        }
                        _ => {
                            at = first;
                            continue;
                        }
                    }
                }
                _ => self.value(text, start, last)?.1,
            };
            // A value ended here; so may what it stands in.
            loop {
                let Some(opened) = self.open.last().copied() else { return Ok(at) };
                let (here, byte) = next(text, at)?;
                match (opened, byte) {
                    (b'{', b'}') | (b'[', b']') => {
                        self.open.pop();
                        at = here + 1;
                    }
                    (b'{', b',') => {
                        let (first, _) = next(text, here + 1)?;
                        at = key(text, first)?.1;
                        break;
                    }
                    (b'[', b',') => {
                        at = here + 1;
                        break;
                    }
                    _ => return Err(Stop::Bad(here)),
                }
            }
        }
    }

    /// The object that opens at `from`: tells each key and value, returns the end.
    fn object(
        &mut self,
        text: &[u8],
        from: usize,
        last: bool,
        tell: &mut dyn FnMut(Value, Value),
    ) -> Scan<usize> {
        let (mut at, byte) = next(text, from + 1)?;
        if byte == b'}' {
            return Ok(at + 1);
        }
        loop {
            let (name, after) = key(text, at)?;
            let (start, _) = next(text, after)?;
            let (value, end) = self.value(text, start, last)?;
            tell(name, value);
            let (here, byte) = next(text, end)?;
            match byte {
                b'}' => return Ok(here + 1),
                b',' => at = next(text, here + 1)?.0,
                _ => return Err(Stop::Bad(here)),
            }
        }
    }
}

/// The key at `at`, and where its value may begin.
fn key(text: &[u8], at: usize) -> Scan<(Value, usize)> {
    if text.get(at).ok_or(Stop::Cut)? != &b'"' {
        return Err(Stop::Bad(at));
    }
    let name = string(text, at)?;
    match next(text, name.end + 1)? {
        (colon, b':') => Ok((name, colon + 1)),
        (other, _) => Err(Stop::Bad(other)),
    }
}

/// Appends the text between quotes with its escapes resolved. False for half of a surrogate
/// pair, which is no character.
fn unescape(text: &[u8], to: &mut Vec<u8>) -> bool {
    let unit = |at: usize| {
        let digits = text.get(at..at + 4).and_then(|digits| std::str::from_utf8(digits).ok())?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let escape = if *byte == b'\\' { text.get(at + 1) } else { None };
        let plain = match escape {
            None => *byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let Some(first) = unit(at + 2) else { return false };
                at += 6;
                let mut scalar = first;
                if (0xD800..0xDC00).contains(&first) {
                    let follows = text.get(at..at + 2) == Some(b"\\u");
                    match unit(at + 2).filter(|_| follows) {
                        Some(second) if (0xDC00..0xE000).contains(&second) => {
                            scalar = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                            at += 6;
                        }
                        _ => return false,
                    }
                }
                let Some(scalar) = char::from_u32(scalar) else { return false };
                to.extend_from_slice(scalar.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            Some(other) => *other,
        };
        to.push(plain);
        at += if escape.is_some() { 2 } else { 1 };
    }
    true
}

/// Appends a number with its exponent written out, if it has one of a reasonable size.
fn write_out(number: &[u8], to: &mut Vec<u8>) {
    let start = to.len();
    let written = || {
        let at = number.iter().position(|byte| matches!(byte, b'e' | b'E'))?;
        let (mantissa, exponent) = number.split_at_checked(at)?;
        let exponent: i32 = std::str::from_utf8(exponent.get(1..)?).ok()?.parse().ok()?;
        if exponent.abs() > MOST_SHIFT {
            return None;
        }
        let (sign, mantissa) = match mantissa.strip_prefix(b"-") {
            Some(rest) => (&b"-"[..], rest),
            None => (&b""[..], mantissa),
        };
        let mut parts = mantissa.splitn(2, |byte| *byte == b'.');
        let (whole, decimals) = (parts.next()?, parts.next().unwrap_or_default());
        let digits = [whole, decimals].concat();
        let point = whole.len() as i32 + exponent;
        let mut text = sign.to_vec();
        for place in point.min(1) - 1..point.max(digits.len() as i32) {
            if place == point {
                text.push(b'.');
            }
            let digit = usize::try_from(place).ok().and_then(|place| digits.get(place));
            text.push(digit.copied().unwrap_or(b'0'));
        }
        Some(text)
    };
    match written() {
        Some(text) => to.extend_from_slice(&text),
        None => to.extend_from_slice(number),
    }
    debug_assert!(to.len() > start);
}

/// What a record has under a mapped key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Absent,
    Once {
        value: Value,
        rank: usize,
    },
    /// More than once: which of them is meant cannot be told.
    Twice {
        rank: usize,
    },
}

/// Where the text of a cell stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    Missing,
    Window(usize, usize),
    Decoded(usize, usize),
    /// A number.
    Number(usize, usize),
}

/// Where the reading of an array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the bracket.
    Start,
    /// After it.
    First,
    /// After a comma.
    Next,
    /// After a record.
    After,
    /// After the closing bracket.
    End,
}

/// Reads a file of JSON records.
#[derive(Clone, Debug)]
pub(super) struct Json {
    flavour: Flavour,
    /// For each field of the schema the names that its key may have, best first.
    names: Vec<Vec<String>>,
    record_bytes: usize,
    most_columns: usize,
    state: State,
    scanner: Scanner,
    /// The line of the first byte that is not yet read, from 1.
    line: u64,
    /// Whether the byte before it was a CR.
    after_cr: bool,
    /// Its position in the text.
    offset: u64,
    /// Objects seen.
    objects: u64,
    /// For each field of the schema whether a key was found for it.
    seen: Vec<bool>,
    found: Vec<Found>,
    places: Vec<Place>,
    decoded: Vec<u8>,
    columns: Vec<ColumnUse>,
    /// The names of `columns`: there may be thousands, and every key is looked up.
    known: BTreeSet<String>,
}

/// Whether text that begins so is JSON, when nobody said what it is: a bracket or brace and what
/// can follow it. `None` if more has to be seen.
pub(super) fn looks_like(text: &[u8], last: bool) -> Option<Option<Flavour>> {
    let Ok((at, first)) = next(text, 0) else { return last.then_some(None) };
    let flavour = match first {
        b'[' => Flavour::Array,
        b'{' => Flavour::Lines,
        _ => return Some(None),
    };
    let Ok((_, second)) = next(text, at + 1) else { return last.then_some(None) };
    let fits = match flavour {
        Flavour::Array => matches!(second, b'{' | b'[' | b']'),
        Flavour::Lines => matches!(second, b'"' | b'}'),
    };
    Some(fits.then_some(flavour))
}

/// The two forms of a file of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// An array of objects.
    Array,
    /// One object per line.
    Lines,
}

impl Flavour {
    /// The name of the format.
    pub(super) fn name(self) -> &'static str {
        match self {
            Flavour::Array => "json",
            Flavour::Lines => "ndjson",
        }
    }
}

impl Json {
    pub(super) fn new(flavour: Flavour, options: &Options) -> Self {
        Json {
            flavour,
            names: csv::names_of(options),
            record_bytes: options.limits.record_bytes as usize,
            most_columns: options.limits.columns as usize,
            state: State::Start,
            // The array itself is the first level.
            scanner: Scanner::new((options.limits.depth as usize).saturating_sub(2)),
            line: 1,
            after_cr: false,
            offset: 0,
            objects: 0,
            seen: Vec::new(),
            found: Vec::new(),
            places: Vec::new(),
            decoded: Vec::new(),
            columns: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    /// The line of the first byte that is not yet read.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The name of the format.
    pub(super) fn format(&self) -> &'static str {
        self.flavour.name()
    }

    /// The keys of the first records, and those that are mapped.
    pub(super) fn columns(&self) -> &[ColumnUse] {
        &self.columns
    }

    /// Reads all records that end in the window; returns how many bytes they have.
    pub(super) fn read(
        &mut self,
        window: &[u8],
        last: bool,
        rows: &mut Rows,
        sink: &mut Sink<'_>,
    ) -> Result<usize> {
        self.seen.resize(rows.schema.fields.len(), false);
        let mut passed = 0;
        let result = match self.flavour {
            Flavour::Lines => self.read_lines(window, last, &mut passed, rows, sink),
            Flavour::Array => self.read_array(window, last, &mut passed, rows, sink),
        };
        self.offset += passed as u64;
        result?;
        if last {
            self.check(rows)?;
        }
        Ok(passed)
    }

    /// Takes note of the bytes up to `to`.
    fn pass(&mut self, window: &[u8], passed: &mut usize, to: usize) {
        let bytes = window.get(*passed..to).unwrap_or_default();
        let mut last = if self.after_cr { b'\r' } else { 0 };
        for byte in bytes {
            self.line += u64::from(*byte == b'\r' || (*byte == b'\n' && last != b'\r'));
            last = *byte;
        }
        self.after_cr = last == b'\r';
        *passed = (*passed).max(to);
    }

    /// An error at a position of the window.
    fn error(&self, window: &[u8], passed: usize, at: usize, code: Code, hint: &str) -> Error {
        let mut there = Json { columns: Vec::new(), known: BTreeSet::new(), ..self.clone() };
        let mut from = passed;
        there.pass(window, &mut from, at);
        Error::new(code, hint.to_owned()).at_row(there.line).at_byte(self.offset + at as u64)
    }

    fn read_array(
        &mut self,
        window: &[u8],
        last: bool,
        passed: &mut usize,
        rows: &mut Rows,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        loop {
            let at = skip(window, *passed);
            self.pass(window, passed, at);
            let Some(byte) = window.get(at).copied() else {
                return match (last, self.state) {
                    (false, _) | (true, State::End) => Ok(()),
                    (true, State::Start) => Err(nothing()),
                    (true, _) => {
                        let hint = "the array is not closed: the file was cut off";
                        Err(self.error(window, *passed, at, Code::Parse, hint))
                    }
                };
            };
            let bad = |code, hint| Err(self.error(window, *passed, at, code, hint));
            match (self.state, byte) {
                (State::Start, b'[') => {
                    self.state = State::First;
                    self.pass(window, passed, at + 1);
                }
                (State::Start, _) => {
                    return match self.scanner.clone().value(window, at, last) {
                        Err(Stop::Cut) if !last && window.len() - at <= self.record_bytes => Ok(()),
                        Err(Stop::Bad(at)) => {
                            Err(self.error(window, *passed, at, Code::Parse, "this is not JSON"))
                        }
                        Err(Stop::Deep(_)) | Ok(_) | Err(Stop::Cut) => bad(
                            Code::Type,
                            "the file must hold an array of objects; one object per line is the \
                             format `ndjson`",
                        ),
                    };
                }
                (State::First, b']') | (State::After, b']') => {
                    self.state = State::End;
                    self.pass(window, passed, at + 1);
                }
                (State::After, b',') => {
                    self.state = State::Next;
                    self.pass(window, passed, at + 1);
                }
                (State::After, _) => {
                    return bad(Code::Parse, "a comma or the end of the array must stand here");
                }
                (State::End, _) => {
                    return bad(Code::Parse, "there is more after the end of the array");
                }
                (State::First | State::Next, _) => {
                    let scanned = self.scan(window, at, last, rows);
                    let end = match scanned {
                        Ok(end) => end,
                        Err(Stop::Bad(at) | Stop::Deep(at)) => at,
                        Err(Stop::Cut) => window.len(),
                    };
                    if end - at > self.record_bytes {
                        let hint = "a record is longer than `limits.recordBytes`";
                        return Err(Error::new(Code::Limit, hint).at_row(self.line));
                    }
                    match scanned {
                        Ok(end) => {
                            rows.begin((self.offset + at as u64) / BYTES, sink)?;
                            let record = window.get(..end).unwrap_or_default();
                            self.add(record, at, rows.read, rows)?;
                            self.state = State::After;
                            self.pass(window, passed, end);
                        }
                        Err(Stop::Cut) if !last => return Ok(()),
                        Err(stop) => {
                            let (code, hint) = match stop {
                                Stop::Deep(_) => {
                                    (Code::Limit, "values are nested deeper than `limits.depth`")
                                }
                                Stop::Cut => (Code::Parse, "the file ends within a record"),
                                Stop::Bad(_) => (Code::Parse, "what stands here is not JSON"),
                            };
                            return Err(self.error(window, *passed, end, code, hint));
                        }
                    }
                }
            }
        }
    }

    fn read_lines(
        &mut self,
        window: &[u8],
        last: bool,
        passed: &mut usize,
        rows: &mut Rows,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        while *passed < window.len() {
            let Some((end, next)) = csv::line(window, *passed, last) else {
                // One byte less: a CR may still be the first half of the line end.
                return self.too_long(window.len() - *passed - 1);
            };
            self.too_long(end - *passed)?;
            let text = window.get(..end).unwrap_or_default();
            let at = skip(text, *passed);
            if at < text.len() {
                rows.begin((self.offset + at as u64) / BYTES, sink)?;
                match self.scan(text, at, true, rows) {
                    Ok(end) if skip(text, end) == text.len() => {
                        self.add(text, at, self.line, rows)?
                    }
                    _ if rows.wanted.is_some() => self.add(text, at, self.line, rows)?,
                    Err(Stop::Deep(_)) => rows.reject(Code::Limit, None, self.line),
                    _ => rows.reject(Code::Parse, None, self.line),
                }
                self.state = State::After;
            }
            self.pass(window, passed, next);
        }
        match last && self.state == State::Start {
            true => Err(nothing()),
            false => Ok(()),
        }
    }

    fn too_long(&self, bytes: usize) -> Result<()> {
        match bytes > self.record_bytes {
            false => Ok(()),
            true => Err(Error::new(Code::Limit, "a line is longer than `limits.recordBytes`")
                .at_row(self.line)),
        }
    }

    /// Finds the end of the value at `at`, and of an object the members that are mapped.
    fn scan(&mut self, text: &[u8], at: usize, last: bool, rows: &Rows) -> Scan<usize> {
        let Json { scanner, found, decoded, columns, objects, most_columns, names, known, .. } =
            self;
        if text.get(at) != Some(&b'{') {
            return scanner.value(text, at, last).map(|(_, end)| end);
        }
        found.clear();
        found.resize(rows.schema.fields.len(), Found::Absent);
        let listed = *objects < LISTED;
        let mut fresh: Vec<String> = Vec::new();
        let scanned = scanner.object(text, at, last, &mut |key, value| {
            let mut name = text.get(key.start..key.end).unwrap_or_default();
            if key.kind == (Kind::Text { escaped: true }) {
                decoded.clear();
                if !unescape(name, decoded) {
                    return;
                }
                name = decoded;
            }
            let name = trimmed(name);
            for (wanted, found) in names.iter().zip(found.iter_mut()) {
                let Some(rank) = rank_of(name, wanted) else { continue };
                *found = match *found {
                    // An exact key goes before those that differ in case.
                    Found::Once { rank: before, .. } | Found::Twice { rank: before }
                        if before < rank =>
                    {
                        continue;
                    }
                    Found::Once { rank: before, .. } if before == rank => Found::Twice { rank },
                    Found::Twice { rank: before } if before == rank => continue,
                    _ => Found::Once { value, rank },
                };
            }
            if listed && columns.len() + fresh.len() < *most_columns {
                let name = String::from_utf8_lossy(name);
                if !known.contains(&*name) {
                    known.insert(name.clone().into_owned());
                    fresh.push(name.into_owned());
                }
            }
        });
        if scanned.is_err() {
            // The record may come again, whole.
            for name in &fresh {
                known.remove(name);
            }
        }
        let end = scanned?;
        columns.extend(fresh.into_iter().map(ColumnUse::dropped));
        Ok(end)
    }

    /// Adds the record at `at` that was scanned last and ends with the text.
    fn add(&mut self, text: &[u8], at: usize, place: u64, rows: &mut Rows) -> Result<()> {
        if let Some(wanted) = &mut rows.wanted {
            if wanted.has(place, 1) {
                let cells = self.cells(text, at);
                wanted.take(place, 1, cells.len(), |at| {
                    cells.get(at).map(Vec::as_slice).unwrap_or_default()
                });
            }
            return Ok(());
        }
        if text.get(at) != Some(&b'{') {
            rows.reject(Code::Type, None, place);
            return Ok(());
        }
        self.objects += 1;
        self.places.clear();
        self.decoded.clear();
        let mut refused = None;
        for (at, found) in self.found.iter().enumerate() {
            let Some(role) = rows.schema.fields.get(at).map(|field| field.role) else { break };
            let (value, rank) = match *found {
                Found::Absent => {
                    self.places.push(Place::Missing);
                    continue;
                }
                Found::Twice { rank } => (None, rank),
                Found::Once { value, rank } => (Some(value), rank),
            };
            if let Some(seen @ false) = self.seen.get_mut(at) {
                *seen = true;
                if rank >= FOLDED {
                    let code = Code::MissingColumn;
                    rows.issues.count(code, Severity::Doubtful, Some(role), place);
                }
            }
            let found = match value.map(|value| place_of(text, value, role, &mut self.decoded)) {
                Some(Ok(place)) => place,
                Some(Err(code)) => {
                    refused = refused.or(Some((code, role)));
                    Place::Missing
                }
                None => {
                    refused = refused.or(Some((Code::DuplicateColumn, role)));
                    Place::Missing
                }
            };
            self.places.push(found);
        }
        if let Some((code, role)) = refused {
            rows.reject(code, Some(role), place);
            return Ok(());
        }
        let cell = |position: usize| match self.places.get(position) {
            Some(Place::Window(start, end)) => {
                Cell::text(text.get(*start..*end).unwrap_or_default())
            }
            Some(Place::Decoded(start, end)) => {
                Cell::text(self.decoded.get(*start..*end).unwrap_or_default())
            }
            Some(Place::Number(start, end)) => {
                Cell::Decimal(self.decoded.get(*start..*end).unwrap_or_default())
            }
            Some(Place::Missing) | None => Cell::Missing,
        };
        rows.add(place, text.get(at..).map(<[u8]>::trim_ascii_end), cell)
    }

    /// All values of the record at `at` as text, in the order of the columns; of what is no
    /// object its own text.
    fn cells(&mut self, text: &[u8], at: usize) -> Vec<Vec<u8>> {
        let mut cells = vec![Vec::new(); self.columns.len()];
        let columns = &self.columns;
        let told = match text.get(at) {
            Some(b'{') => self.scanner.object(text, at, true, &mut |key, value| {
                let mut name = Vec::new();
                unescape(text.get(key.start..key.end).unwrap_or_default(), &mut name);
                let name = trimmed(&name);
                let column = columns.iter().position(|column| column.name.as_bytes() == name);
                let raw = text.get(value.start..value.end).unwrap_or_default();
                if let Some(cell) = column.and_then(|at| cells.get_mut(at)) {
                    cell.clear();
                    match value.kind {
                        Kind::Null => {}
                        Kind::Text { .. } if unescape(raw, cell) => {}
                        _ => {
                            cell.clear();
                            cell.extend_from_slice(raw);
                        }
                    }
                }
            }),
            _ => Err(Stop::Bad(at)),
        };
        match (told, self.scanner.value(text, at, true)) {
            (Ok(_), _) => cells,
            (_, Ok((value, _))) => {
                vec![text.get(value.start..value.end).unwrap_or_default().to_vec()]
            }
            // A line that is not JSON.
            _ => vec![text.get(at..).unwrap_or_default().to_vec()],
        }
    }

    /// Whether every mapped key was found, once the file is at its end.
    fn check(&mut self, rows: &mut Rows) -> Result<()> {
        if rows.read == 0 && rows.issues.file == 0 {
            let hint = "the array is empty: there are no records in it";
            return Err(Error::new(Code::NoRows, hint));
        }
        // Without one object there is no key to miss, and every record says why.
        for (field, seen) in rows.schema.fields.iter().zip(&self.seen) {
            if !seen && self.objects > 0 {
                let names: Vec<&str> =
                    self.columns.iter().map(|column| column.name.as_str()).collect();
                let hint = format!(
                    "no record has this key, which is mapped to `{}`; the keys are {}",
                    field.role,
                    csv::shown(&names)
                );
                return Err(Error::new(Code::MissingColumn, hint).at_column(field.name.trim()));
            }
        }
        let first = rows.issues.file == 0;
        for (field, wanted) in rows.schema.fields.iter_mut().zip(&self.names) {
            let ranked =
                self.columns.iter().enumerate().filter_map(|(at, column)| {
                    Some((rank_of(column.name.as_bytes(), wanted)?, at))
                });
            match ranked.min().and_then(|(_, at)| self.columns.get_mut(at)) {
                Some(column) => {
                    column.read_as(field);
                    // The table has the names of its first file.
                    if first {
                        field.name.clone_from(&column.name);
                    }
                }
                None => {
                    let name = wanted.first().cloned().unwrap_or_default();
                    let mut column = ColumnUse::dropped(name);
                    column.read_as(field);
                    self.columns.push(column);
                }
            }
        }
        Ok(())
    }
}

/// From here on, ranks are of keys that differ in the case of Latin letters.
const FOLDED: usize = 1 << 16;

/// How good a key is for a column that may have the names `wanted`, best first; lower is
/// better.
fn rank_of(key: &[u8], wanted: &[String]) -> Option<usize> {
    let exact = wanted.iter().position(|name| name.as_bytes() == key);
    let folded = || wanted.iter().position(|name| name.as_bytes().eq_ignore_ascii_case(key));
    exact.or_else(|| Some(FOLDED + folded()?))
}

fn nothing() -> Error {
    Error::new(Code::Empty, "there is nothing in the file but white space")
}

/// Where the text of a cell stands, or why the value is none.
fn place_of(
    text: &[u8],
    value: Value,
    role: Role,
    decoded: &mut Vec<u8>,
) -> std::result::Result<Place, Code> {
    let raw = text.get(value.start..value.end).unwrap_or_default();
    let start = decoded.len();
    match value.kind {
        Kind::Null => Ok(Place::Missing),
        Kind::List | Kind::Object => Err(Code::Type),
        // An attribute has `true` as a file of separated values would.
        Kind::Bool if !matches!(role, Role::Attribute(_)) => Err(Code::Type),
        Kind::Text { escaped: true } => match unescape(raw, decoded) {
            true => Ok(Place::Decoded(start, decoded.len())),
            false => Err(Code::EncodingSurrogate),
        },
        Kind::Number if matches!(role.kind(), Stored::Money | Stored::Number) => {
            write_out(raw, decoded);
            Ok(Place::Number(start, decoded.len()))
        }
        Kind::Number | Kind::Bool | Kind::Text { .. } => Ok(Place::Window(value.start, value.end)),
    }
}

/// Keys and values of the first records.
#[derive(Debug)]
pub(super) struct Sample {
    /// All keys, in the order in which they come.
    pub(super) names: Vec<String>,
    /// Of each record the positions of its keys and the values as text.
    pub(super) records: Vec<Vec<(usize, Vec<u8>)>>,
}

/// The objects of a text whose last record may be cut, for guessing. What is no text or number
/// is an empty value.
pub(super) fn sample(text: &[u8], flavour: Flavour, options: &Options, most: usize) -> Sample {
    let mut scanner = Scanner::new((options.limits.depth as usize).saturating_sub(2));
    let mut names: Vec<String> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut records = Vec::new();
    let opened = if flavour == Flavour::Array { skip(text, 0) + 1 } else { 0 };
    let mut at = opened;
    while records.len() < most {
        let begin = skip(text, at);
        let rest = match flavour {
            Flavour::Array => text,
            Flavour::Lines => match csv::line(text, begin, true) {
                Some((end, _)) if begin < text.len() => text.get(..end).unwrap_or_default(),
                _ => break,
            },
        };
        let mut record = Vec::new();
        let scanned = match rest.get(begin) {
            Some(b'{') => scanner.object(rest, begin, false, &mut |key, value| {
                let mut name = Vec::new();
                let mut cell = Vec::new();
                let key = rest.get(key.start..key.end).unwrap_or_default();
                let raw = rest.get(value.start..value.end).unwrap_or_default();
                let _ = match value.kind {
                    Kind::Text { .. } => unescape(raw, &mut cell),
                    Kind::Number => {
                        write_out(raw, &mut cell);
                        true
                    }
                    _ => true,
                };
                if !unescape(key, &mut name) || names.len() >= options.limits.columns as usize {
                    return;
                }
                let name = String::from_utf8_lossy(trimmed(&name)).into_owned();
                let column = *known.entry(name).or_insert_with_key(|name| {
                    names.push(name.clone());
                    names.len() - 1
                });
                record.push((column, cell));
            }),
            _ => scanner.value(rest, begin, false).map(|(_, end)| end),
        };
        match (scanned, flavour) {
            (Ok(end), _) => {
                if !record.is_empty() {
                    records.push(record);
                }
                at = end;
            }
            (Err(_), Flavour::Lines) => {}
            (Err(_), Flavour::Array) => break,
        }
        if flavour == Flavour::Lines {
            at = csv::line(text, begin, true).map_or(text.len(), |(_, next)| next);
        } else {
            let comma = skip(text, at);
            if text.get(comma) != Some(&b',') {
                break;
            }
            at = comma + 1;
        }
    }
    Sample { names, records }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::quality::Quality;
    use crate::read::tests::{essence, fails_as, mapped, shanghai, usual};
    use crate::read::{Format, read_table};
    use crate::table::Table;
    use proptest::prelude::*;
    use serde_json::json;

    fn in_pieces(text: &[u8], size: usize, format: Format) -> Result<(Table, Quality)> {
        let options = Options { format, ..usual() };
        read_table(text.chunks(size), &options, shanghai(), 7, 1 << 28)
    }

    fn read(text: &str) -> Result<(Table, Quality)> {
        in_pieces(text.as_bytes(), 1 << 16, Format::Auto)
    }

    fn codes(text: &str) -> Vec<(&'static str, u64, Vec<u64>)> {
        let (_, quality) = read(text).unwrap();
        quality.issues.into_iter().map(|issue| (issue.code, issue.count, issue.rows)).collect()
    }

    fn ids(text: &str) -> Vec<String> {
        let (table, _) = read(text).unwrap();
        let known = table.dictionaries.get(Role::Customer).unwrap();
        let texts = (0..known.len() as u32).map(|code| known.get(code).unwrap().to_vec());
        texts.map(|id| String::from_utf8(id).unwrap()).collect()
    }

    fn sum(text: &str) -> String {
        read(text).unwrap().1.amount.unwrap().sum
    }

    /// A file of one usable record and another one.
    fn beside(other: &str) -> String {
        format!("[{{\"id\":\"A\",\"time\":\"2025-01-01\",\"amount\":1}},\n{other}]")
    }

    /// Values with the mapped keys among others.
    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(|b| json!(b)),
            any::<i64>().prop_map(|n| json!(n)),
            any::<f64>().prop_map(|n| json!(n)),
            ".{0,6}".prop_map(|t| json!(t)),
            Just(json!("2025-05-28")),
        ];
        let key = prop_oneof![Just("id".to_owned()), Just("time".to_owned()), ".{0,3}"];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(|list| json!(list)),
                proptest::collection::hash_map(key.clone(), inner, 0..4)
                    .prop_map(|object| json!(object)),
            ]
        })
    }

    fn pretty(value: &serde_json::Value) -> String {
        serde_json::to_string_pretty(value).unwrap()
    }

    proptest! {
        #[test]
        fn a_value_ends_where_an_independent_reader_says(value in value(), more in "[ ,\\]}x]{0,3}") {
            for text in [value.to_string(), pretty(&value)] {
                let whole = text.clone() + " " + &more;
                let found = Scanner::new(64).value(whole.as_bytes(), 0, true);
                prop_assert_eq!(found.map(|(_, end)| end), Ok(text.len()));
            }
        }

        #[test]
        fn damage_is_damage_to_an_independent_reader_too(
            value in value(), at in 0usize..200, byte in prop_oneof![
                Just(b'"'), Just(b'\\'), Just(b'{'), Just(b']'), Just(b','), Just(b'0'), Just(b'.'),
                Just(b'e'), Just(b'-'), Just(b'u'), Just(b' '), Just(1u8), Just(b':')],
            cut in any::<bool>(),
        ) {
            let mut text = value.to_string().into_bytes();
            let at = at % text.len();
            if cut { text.truncate(at); } else { text[at] = byte; }
            prop_assume!(std::str::from_utf8(&text).is_ok());
            let theirs = serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok();
            let start = skip(&text, 0);
            let ours = Scanner::new(64)
                .value(&text, start, true)
                .is_ok_and(|(_, end)| skip(&text, end) == text.len());
            prop_assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(&text));
        }

        #[test]
        fn escapes_come_out_as_an_independent_reader_resolves_them(text: String) {
            let mut escaped = String::new();
            for unit in text.encode_utf16() {
                escaped += &format!("\\u{unit:04x}");
            }
            let mut out = Vec::new();
            prop_assert!(unescape(escaped.as_bytes(), &mut out));
            prop_assert_eq!(&out, text.as_bytes());
            let theirs = serde_json::to_string(&text).unwrap();
            out.clear();
            prop_assert!(unescape(&theirs.as_bytes()[1..theirs.len() - 1], &mut out));
            prop_assert_eq!(&out, text.as_bytes());
        }

        #[test]
        fn no_answer_depends_on_the_pieces(
            records in proptest::collection::vec(value(), 0..5),
            lines: bool, spread: bool, end in "[ \r\n\\]x,]{0,3}", size in 1usize..40, cut in 0usize..400,
        ) {
            let parts: Vec<String> = records
                .iter()
                .map(|value| if spread { pretty(value) } else { value.to_string() })
                .collect();
            let text = match lines {
                true => parts.join("\r\n") + &end,
                false => format!("[{}]{end}", parts.join(",")),
            };
            let text = text.as_bytes();
            let text = if cut < text.len() { &text[..cut] } else { text };
            for format in [Format::Auto, Format::Json, Format::Ndjson] {
                prop_assert_eq!(
                    essence(in_pieces(text, size, format)),
                    essence(in_pieces(text, 1 << 16, format))
                );
            }
        }

        #[test]
        fn an_exponent_is_written_out_exactly(mantissa in -99_999i64..99_999, decimals in 0usize..4, exponent in -6i32..7) {
            let digits = format!("{:0>5}", mantissa.abs());
            let (whole, part) = digits.split_at(5 - decimals);
            let sign = if mantissa < 0 { "-" } else { "" };
            let point = if decimals > 0 { "." } else { "" };
            let whole = whole.trim_start_matches('0');
            let whole = if whole.is_empty() { "0" } else { whole };
            let mut out = Vec::new();
            write_out(format!("{sign}{whole}{point}{part}E{exponent:+}").as_bytes(), &mut out);
            let out = String::from_utf8(out).unwrap();
            prop_assert!(!out.contains(['e', 'E']), "{}", out);
            let value = mantissa as f64 * 10f64.powi(exponent - decimals as i32);
            let near = (out.parse::<f64>().unwrap() - value).abs() <= value.abs() * 1e-12;
            prop_assert!(near, "{} is not {}", out, value);
        }
    }

    #[test]
    fn arrays_and_lines_are_told_apart_and_read_alike() {
        let records = [
            r#"{"id":"A1","time":"2025-05-28","amount":10.50,"more":{"x":[1,{}]}}"#,
            r#"{"amount":"1,200","id":7,"time":"2025年5月29日"}"#,
        ];
        let array = read(&format!(" [{}]\n", records.join(",\n"))).unwrap();
        let lines = read(&format!("{}\r\n\n{}", records[0], records[1])).unwrap();
        assert_eq!((array.1.format, lines.1.format), ("json", "ndjson"));
        assert_eq!(array.0.fingerprint, lines.0.fingerprint);
        let amount = array.1.amount.unwrap();
        assert_eq!(
            (amount.sum.as_str(), array.1.delimiter, array.1.header_line),
            ("1210.50", None, None)
        );
        let columns: Vec<_> =
            array.1.columns.iter().map(|column| (column.name.as_str(), column.role)).collect();
        let roles = [Some(Role::Customer), Some(Role::Time), Some(Role::Amount), None];
        let names = ["id", "time", "amount", "more"];
        assert_eq!(columns, names.into_iter().zip(roles).collect::<Vec<_>>());
        let (table, _) = in_pieces(b"[id],{x}\nA,2\n", 3, Format::Auto)
            .map_err(|error| assert_eq!(error.code(), Code::MissingColumn))
            .unwrap_or_else(|()| read(&beside("{}")).unwrap());
        assert_eq!(table.rows(), 1);
    }

    #[test]
    fn ids_beyond_the_exact_numbers_stay_apart() {
        let text = r#"[{"id":9007199254740993,"time":"2025-05-01","amount":10.5},
            {"id":9007199254740992,"time":"2025-05-02","amount":0.1e1},
            {"id":-0,"time":20250503,"amount":-0}]"#;
        assert_eq!(ids(text), ["9007199254740993", "9007199254740992", "-0"]);
        assert_eq!(sum(text), "11.5");
    }

    #[test]
    fn amounts_are_exact_and_what_is_too_large_is_left_out() {
        assert_eq!(
            sum(&beside(r#"{"id":"B","time":"2025-01-01","amount":0.1234565e1}"#)),
            "2.234565"
        );
        let large = beside(r#"{"id":"B","time":"2025-01-01","amount":1E400}"#);
        assert_eq!(codes(&large), [("amount", 1, vec![2])]);
        let tiny = beside(r#"{"id":"B","time":"2025-01-01","amount":1e-9}"#);
        assert_eq!(codes(&tiny), [("precision", 1, vec![2])]);
    }

    #[test]
    fn numbers_have_a_point_whatever_texts_have() {
        let options = Options { decimal: crate::read::options::Decimal::Comma, ..usual() };
        let text = beside(
            r#"{"id":"B","time":"2025-01-01","amount":10.5},
            {"id":"B","time":"2025-01-01","amount":"10,5"}"#,
        );
        let (_, quality) = read_table([text], &options, shanghai(), 7, 1 << 28).unwrap();
        assert_eq!((quality.amount.unwrap().sum.as_str(), quality.issues.len()), ("22.0", 0));
    }

    #[test]
    fn what_is_no_cell_is_not_made_one() {
        for (value, code) in [
            ("true", "type"),
            ("[1]", "type"),
            ("{}", "type"),
            ("null", "missing-id"),
            (r#""""#, "missing-id"),
            (r#""\ud800""#, "encoding-surrogate"),
            (r#""\udc00\ud800""#, "encoding-surrogate"),
        ] {
            let text = beside(&format!(r#"{{"id":{value},"time":"2025-01-01","amount":1}}"#));
            assert_eq!(codes(&text), [(code, 1, vec![2])], "{value}");
        }
        let text = beside(r#"{"time":"2025-01-01","amount":1}"#);
        assert_eq!(codes(&text), [("missing-id", 1, vec![2])]);
        let text = beside(r#"{"id":"B\u0000","time":"2025-01-01","amount":1}"#);
        assert_eq!(codes(&text), [("control-char", 1, vec![2])]);
        assert_eq!(ids(&text), ["A", "B\0"]);
        assert_eq!(codes(&beside("3")), [("type", 1, vec![2])]);
        assert_eq!(codes(&beside("[]")), [("type", 1, vec![2])]);
    }

    #[test]
    fn keys_are_matched_as_columns_are() {
        let trimmed = r#"[{" id ":"A","t\u0069me":"2025-01-01","amount":1}]"#;
        assert_eq!(codes(trimmed), []);
        let folded = r#"[{"ID":"A","Time":"2025-01-01","amount":1},{"id":"B","ID":"C","time":"2025-01-01","amount":1}]"#;
        assert_eq!(ids(folded), ["A", "B"]);
        assert_eq!(
            codes(folded).iter().map(|(code, ..)| *code).collect::<Vec<_>>(),
            ["missing-column"; 2]
        );
        let twice = beside(r#"{"id":"B","id":"C","time":"2025-01-01","amount":1}"#);
        assert_eq!(codes(&twice), [("duplicate-column", 1, vec![2])]);
        let other = beside(
            r#"{"x":1,"x":2,"__proto__":{"id":3},"id":"__proto__","time":"2025-01-01","amount":1}"#,
        );
        assert_eq!(ids(&other), ["A", "__proto__"]);
        let error = read(r#"[{"id":"A","date":"2025-01-01","amount":1}]"#).unwrap_err();
        assert_eq!((error.code(), error.column()), (Code::MissingColumn, Some("time")));
        assert!(error.hint().contains("`date`"), "{error}");
    }

    #[test]
    fn a_document_that_breaks_the_rules_is_refused_where_it_does() {
        let good = "{\"id\":\"A\",\"time\":\"2025-01-01\",\"amount\":1}";
        let g = good.len() as u64;
        for (text, row, byte) in [
            (format!("[{good},\n{good},]"), 2, 2 * g + 4),
            (format!("[{good}\r\n{good}]"), 2, g + 3),
            (format!("[{good}"), 1, g + 1),
            (format!("[{good}]\n[{good}]"), 2, g + 3),
            (format!("[{good},{{\"id\":NaN}}]"), 1, g + 8),
            (format!("[{good},{{\"id\":01}}]"), 1, g + 9),
            (format!("[{good},{{'id':1}}]"), 1, g + 3),
            (format!("[{good},{{\"id\":\"\n\"}}]"), 1, g + 9),
            (format!("[{good},{{\"id\":\"\\x\"}}]"), 1, g + 10),
            (format!("[{good},//\n]"), 1, g + 2),
            (format!("[{good},{{\"id\":\"B"), 1, g + 10),
        ] {
            for (mark, format) in [("", Format::Auto), ("\u{feff}", Format::Json)] {
                let error = in_pieces((mark.to_owned() + &text).as_bytes(), 7, format).unwrap_err();
                fails_as(&error, Code::Parse, Some(row));
                assert_eq!(error.byte(), Some(byte + mark.len() as u64), "{text}");
            }
        }
    }

    #[test]
    fn what_holds_no_records_says_so() {
        for (text, format, code) in [
            ("", Format::Json, Code::Empty),
            ("\u{feff} \n", Format::Ndjson, Code::Empty),
            ("[]", Format::Auto, Code::NoRows),
            (" [ ] ", Format::Json, Code::NoRows),
            ("[1,2]", Format::Json, Code::Type),
            ("[[]]", Format::Auto, Code::Type),
            ("42", Format::Json, Code::Type),
            ("\"id\"", Format::Json, Code::Type),
            ("{\"data\":[]}", Format::Json, Code::Type),
            ("[]\n[]\n", Format::Ndjson, Code::Type),
            ("NaN", Format::Json, Code::Parse),
            ("id,time\nA,2025-01-01", Format::Json, Code::Parse),
            ("id,time\nA,2025-01-01", Format::Ndjson, Code::Parse),
        ] {
            for size in [1, 100] {
                let error = in_pieces(text.as_bytes(), size, format).unwrap_err();
                assert_eq!(error.code(), code, "{text}");
            }
        }
    }

    #[test]
    fn a_bad_line_leaves_out_itself() {
        let good = "{\"id\":\"A\",\"time\":\"2025-01-01\",\"amount\":1}";
        let deep = "[".repeat(100);
        let text =
            format!("{good}\n{{\"id\":\"B\n\n \n{good}{good}\r\n{deep}\n7\n{good} \n{good},");
        let (table, quality) = in_pieces(text.as_bytes(), 11, Format::Ndjson).unwrap();
        assert_eq!((table.rows(), quality.rows.read), (2, 7));
        let issues: Vec<_> = quality.issues.iter().map(|i| (i.code, i.rows.as_slice())).collect();
        assert_eq!(issues, [("limit", &[6][..]), ("parse", &[2, 5, 9]), ("type", &[7])]);
    }

    #[test]
    fn records_are_found_at_the_places_that_the_report_names() {
        let array = r#"[{"id":"A\u0031","x":[1, 2]},7, {"x":null,"id":1e2}]"#;
        let lines = "{\"id\":\"A\"}\n\n{\"id\n{\"id\":\"B\"}\n";
        let found = |text: &str, size: usize, rows: &[u64]| -> Vec<(u64, Vec<String>)> {
            let mut finder = crate::read::records::Finder::new(&Options::default(), rows).unwrap();
            for piece in text.as_bytes().chunks(size) {
                finder.push(piece).unwrap();
            }
            finder.finish().unwrap().into_iter().map(|found| (found.row, found.cells)).collect()
        };
        let row =
            |row, cells: &[&str]| (row, cells.iter().map(|cell| (*cell).to_owned()).collect());
        for size in [1, 100] {
            let all = [row(1, &["A1", "[1, 2]"]), row(2, &["7"]), row(3, &["1e2", ""])];
            assert_eq!(found(array, size, &[1, 2, 3]), all);
            assert_eq!(found(lines, size, &[2, 3, 4]), [row(3, &["{\"id"]), row(4, &["B"])]);
        }
    }

    #[test]
    fn many_keys_are_listed_without_comparing_all_with_all() {
        let keys: String = (0..16_000).map(|key| format!("\"k{key}\":1,")).collect();
        let record = format!("{{{keys}\"id\":\"A\",\"time\":\"2025-05-28\",\"amount\":1}}");
        let file = format!("[{}]", vec![record; 12].join(","));
        let started = std::time::Instant::now();
        let (_, quality) = read(&file).unwrap();
        assert_eq!(quality.columns.len(), 16_003);
        // Less than a second; all with all takes more than half a minute.
        assert!(started.elapsed().as_secs() < 15, "{:?}", started.elapsed());
    }

    #[test]
    fn limits_hold() {
        for text in
            [format!("[{}", "[".repeat(200_000)), format!("[{{\"a\":{}", "[".repeat(100_000))]
        {
            let error = in_pieces(text.as_bytes(), 1 << 16, Format::Auto).unwrap_err();
            assert_eq!(error.code(), Code::Limit);
        }
        let options = Options { format: Format::Json, ..mapped(&[(Role::Customer, "id")]) };
        let limits = crate::read::Limits { depth: 3, record_bytes: 20, ..options.limits };
        let options = Options { limits, ..options };
        let read = |text: &str, size| {
            read_table(text.as_bytes().chunks(size), &options, shanghai(), 7, 1 << 28)
        };
        assert!(read("[{\"id\":\"A\",\"x\":[]}]", 3).is_ok());
        assert_eq!(read("[{\"id\":\"A\",\"x\":[[]]}]", 3).unwrap_err().code(), Code::Limit);
        for size in [1, 100] {
            let long = format!("[{{\"id\":\"{}\"x", "A".repeat(20));
            assert_eq!(read(&long, size).unwrap_err().code(), Code::Limit);
        }
    }
}
