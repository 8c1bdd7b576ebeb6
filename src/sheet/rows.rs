//! One sheet as a stream of rows, with the text of each cell.
//!
//! Rows and cells say where they stand, so nothing is made for those that are not there: a
//! sheet with one cell in its last corner costs one row. What the sheet says about its own
//! size is not looked at.

use super::Limits;
use super::formats::Styles;
use super::numbers;
use super::strings::{Rich, Strings, no_string, resolve};
use super::xml::{Tag, Token, Xml};
use crate::error::{Code, Error, Result};

/// The last row and column that a sheet can have.
const LAST_ROW: u32 = 1_048_576;
const LAST_COLUMN: u32 = 16_384;
/// What a cell without a value says: its formula was never computed, as some programs leave it.
const NOT_COMPUTED: &str = "#N/A";

/// One cell that is not empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    /// From 1.
    pub(super) column: u32,
    from: usize,
    to: usize,
    /// Whether it was typed as text.
    pub(super) is_text: bool,
}

/// The cells of one row, from left to right.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// From 1.
    pub(super) number: u32,
    text: String,
    pub(super) cells: Vec<Cell>,
}

impl Row {
    /// The text of a cell of this row.
    pub(super) fn text(&self, cell: &Cell) -> &str {
        self.text.get(cell.from..cell.to).unwrap_or_default()
    }

    /// The cell in a column.
    pub(super) fn at(&self, column: u32) -> Option<&Cell> {
        let found = self.cells.binary_search_by_key(&column, |cell| cell.column);
        found.ok().and_then(|at| self.cells.get(at))
    }

    /// Bytes of all its texts.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Removes every cell.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
    }

    /// Adds a cell to the right of the others.
    pub(super) fn push(&mut self, column: u32, text: &str) {
        let from = self.text.len();
        self.text.push_str(text);
        self.cells.push(Cell { column, from, to: self.text.len(), is_text: true });
    }
}

/// What the cells of all sheets share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) strings: Strings,
    pub(super) styles: Styles,
    pub(super) from_1904: bool,
    pub(super) limits: Limits,
}

/// What came of asking for the next row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A row; it may have no cells.
    Row,
    /// The work is used up in the middle of a row.
    Later,
    /// There are no more rows.
    Over,
}

/// The types of cells. Others are taken for numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Shared,
    Text,
    Flag,
    Error,
    Iso,
    Number,
}

/// The cell that is being read.
#[derive(Clone, Copy, Debug)]
struct Open {
    column: u32,
    kind: Kind,
    style: usize,
    formula: bool,
}

/// A sheet that is being read.
#[derive(Debug)]
pub(super) struct Rows {
    xml: Xml,
    in_data: bool,
    /// Whether all rows are read. What follows is read too, for the checksum.
    past_data: bool,
    over: bool,
    row: Row,
    /// The column of the cell before.
    column: u32,
    open: Option<Open>,
    /// The text of the open cell.
    value: String,
    in_value: bool,
    rich: Option<Rich>,
    /// A shared string that is not reached yet.
    waits_for: Option<usize>,
}

impl Rows {
    pub(super) fn new(xml: Xml) -> Self {
        Rows {
            xml,
            in_data: false,
            past_data: false,
            over: false,
            row: Row::default(),
            column: 0,
            open: None,
            value: String::new(),
            in_value: false,
            rich: None,
            waits_for: None,
        }
    }

    /// The part below.
    pub(super) fn xml(&self) -> &Xml {
        &self.xml
    }

    /// Reads the next row into `row`, for at most `work` tokens.
    ///
    /// # Errors
    /// `parse`, `limit` and `limit-memory`, with the row where one is known.
    pub(super) fn next(
        &mut self,
        shared: &mut Shared,
        row: &mut Row,
        work: &mut u32,
    ) -> Result<Next> {
        let found = self.try_next(shared, row, work);
        found.map_err(|error| match (self.row.number, error.code()) {
            (0, _) | (_, Code::LimitMemory) => error,
            (number, _) => error.at_row(u64::from(number)),
        })
    }

    fn try_next(&mut self, shared: &mut Shared, row: &mut Row, work: &mut u32) -> Result<Next> {
        if let Some(index) = self.waits_for {
            if !shared.strings.reach(index, work)? {
                return Ok(Next::Later);
            }
            self.waits_for = None;
            self.shared_text(index, shared)?;
        }
        while !self.over {
            if *work == 0 {
                return Ok(Next::Later);
            }
            *work -= 1;
            match self.xml.next()? {
                Token::Start { tag, empty } => match (tag.name(), self.in_data) {
                    ("sheetData", false) if !self.past_data => {
                        (self.in_data, self.past_data) = (!empty, empty);
                    }
                    ("row", true) => {
                        let number = match tag.get("r")? {
                            Some(number) => number.trim().parse().ok(),
                            None => self.row.number.checked_add(1),
                        };
                        let number = number.filter(|number| *number <= LAST_ROW);
                        let number = number.ok_or_else(|| wrong_place("row"))?;
                        if number <= self.row.number {
                            return Err(wrong_place("row"));
                        }
                        self.row.clear();
                        self.row.number = number;
                        self.column = 0;
                    }
                    ("c", true) => {
                        let open = opened(&tag, self.column)?;
                        if open.column <= self.column {
                            return Err(wrong_place("cell"));
                        }
                        self.column = open.column;
                        self.value.clear();
                        self.in_value = false;
                        self.rich = None;
                        self.open = (!empty).then_some(open);
                    }
                    (name, true) => {
                        if let Some(open) = &mut self.open {
                            match name {
                                "v" => self.in_value = !empty,
                                "f" => open.formula = true,
                                "is" => self.rich = (!empty).then(Rich::default),
                                _ => {
                                    if let Some(rich) = &mut self.rich {
                                        rich.start(name, empty);
                                    }
                                }
                            }
                        }
                    }
                    _ => {}
                },
                Token::Text(text) => {
                    if self.value.len() + text.len() > shared.limits.record_bytes as usize {
                        return Err(too_long());
                    }
                    match &self.rich {
                        Some(rich) => rich.text(&text, &mut self.value)?,
                        None if self.in_value => self.value.push_str(&text),
                        None => {}
                    }
                }
                Token::End(end) => match end.name() {
                    "c" => {
                        if let Some(open) = self.open.take()
                            && let Some(index) = self.close(open, shared)?
                        {
                            if !shared.strings.reach(index, work)? {
                                self.waits_for = Some(index);
                                return Ok(Next::Later);
                            }
                            self.shared_text(index, shared)?;
                        }
                    }
                    "v" => self.in_value = false,
                    "is" => self.rich = None,
                    "row" if self.in_data => {
                        std::mem::swap(row, &mut self.row);
                        self.row.clear();
                        self.row.number = row.number;
                        return Ok(Next::Row);
                    }
                    "sheetData" => (self.in_data, self.past_data) = (false, true),
                    name => {
                        if let Some(rich) = &mut self.rich {
                            rich.end(name);
                        }
                    }
                },
                Token::Over if self.in_data => {
                    return Err(Error::new(
                        Code::Parse,
                        "the sheet ends in the middle: save it again",
                    ));
                }
                Token::Over => self.over = true,
            }
        }
        Ok(Next::Over)
    }

    /// Adds the text of the cell that ends, unless it is a shared string, whose number is
    /// given back.
    fn close(&mut self, open: Open, shared: &Shared) -> Result<Option<usize>> {
        let from = self.row.text.len();
        let out = &mut self.row.text;
        match open.kind {
            Kind::Shared => {
                let index = self.value.trim().parse().map_err(|_| no_string())?;
                return Ok(Some(index));
            }
            Kind::Text => {
                out.push_str(&self.value);
                resolve(out, from);
            }
            Kind::Flag => match self.value.trim() {
                "" => {}
                "0" | "false" => out.push_str("FALSE"),
                _ => out.push_str("TRUE"),
            },
            Kind::Error | Kind::Iso => out.push_str(self.value.trim()),
            Kind::Number if self.value.is_empty() && open.formula => {
                out.push_str(NOT_COMPUTED);
            }
            Kind::Number if self.value.is_empty() => {}
            Kind::Number => {
                let format = shared.styles.get(open.style);
                numbers::write(&self.value, format, shared.from_1904, out);
            }
        }
        self.added(from, open.kind == Kind::Text, shared)?;
        Ok(None)
    }

    fn shared_text(&mut self, index: usize, shared: &Shared) -> Result<()> {
        let from = self.row.text.len();
        let text = shared.strings.get(index);
        self.row.text.try_reserve(text.len()).map_err(|_| super::no_memory())?;
        self.row.text.push_str(text);
        self.added(from, true, shared)
    }

    /// Makes a cell of what was added to the row's text.
    fn added(&mut self, from: usize, is_text: bool, shared: &Shared) -> Result<()> {
        let to = self.row.text.len();
        if to > shared.limits.record_bytes as usize {
            return Err(too_long());
        }
        if to > from {
            self.row.cells.push(Cell { column: self.column, from, to, is_text });
        }
        Ok(())
    }
}

/// What the tag of a cell says; without a place it stands to the right of the cell before.
fn opened(tag: &Tag<'_>, before: u32) -> Result<Open> {
    let column = match tag.get("r")? {
        Some(place) => place_of(&place).map(|(column, _)| column),
        None => before.checked_add(1).filter(|column| *column <= LAST_COLUMN),
    };
    let kind = match tag.get("t")?.as_deref() {
        Some("s") => Kind::Shared,
        Some("str" | "inlineStr") => Kind::Text,
        Some("b") => Kind::Flag,
        Some("e") => Kind::Error,
        Some("d") => Kind::Iso,
        _ => Kind::Number,
    };
    let style = tag.get("s")?.and_then(|style| style.parse().ok()).unwrap_or(0);
    let column = column.ok_or_else(|| wrong_place("cell"))?;
    Ok(Open { column, kind, style, formula: false })
}

/// Column and row of a place like `AB12`.
pub(super) fn place_of(place: &str) -> Option<(u32, u32)> {
    let place = place.trim().trim_start_matches('$');
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, row) = place.split_at_checked(letters)?;
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let column = letters
        .bytes()
        .fold(0, |sum, letter| sum * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    let row = row.trim_start_matches('$').parse().ok()?;
    (column <= LAST_COLUMN && (1..=LAST_ROW).contains(&row)).then_some((column, row))
}

fn wrong_place(what: &str) -> Error {
    Error::new(
        Code::Parse,
        format!("a {what} of the sheet stands where none can be, or not in order: save it again"),
    )
}

fn too_long() -> Error {
    Error::new(Code::Limit, "a row of the sheet is longer than `limits.recordBytes`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_columns_and_rows() {
        assert_eq!(place_of("A1"), Some((1, 1)));
        assert_eq!(place_of("$AB$12"), Some((28, 12)));
        assert_eq!(place_of("XFD1048576"), Some((16_384, 1_048_576)));
        for wrong in ["", "A", "1", "XFE1", "A0", "A1048577", "ABCD1", "A-1", "元1", "A99999999999"]
        {
            assert_eq!(place_of(wrong), None, "{wrong}");
        }
    }
}
