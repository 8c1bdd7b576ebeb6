//! Texts of cells: the workbook's table of shared strings, and what rich text comes down to.
//!
//! The table is read only as far as the cells ask, since its order is that of their first use:
//! a guess at a large workbook then needs the first few strings only.

use super::archive::Part;
use super::xml::{Token, WINDOW_WORK, Xml};
use crate::error::{Code, Error, Result};

/// The text of one string: its runs joined, without the readings (furigana) that stand beside it.
#[derive(Debug, Default)]
pub(super) struct Rich {
    in_text: bool,
    in_reading: bool,
}

impl Rich {
    /// An element inside the string begins.
    pub(super) fn start(&mut self, name: &str, empty: bool) {
        match name {
            "t" => self.in_text = !empty && !self.in_reading,
            "rPh" => self.in_reading = !empty,
            _ => {}
        }
    }

    /// An element inside the string ends.
    pub(super) fn end(&mut self, name: &str) {
        match name {
            "t" => self.in_text = false,
            "rPh" => self.in_reading = false,
            _ => {}
        }
    }

    /// Adds text if it belongs to the string.
    pub(super) fn text(&self, text: &str, out: &mut String) -> Result<()> {
        if self.in_text {
            out.try_reserve(text.len()).map_err(|_| super::no_memory())?;
            out.push_str(text);
        }
        Ok(())
    }
}

/// Resolves `_x000D_`, by which workbooks write characters that XML cannot hold, in what stands
/// from `from` on.
pub(super) fn resolve(text: &mut String, from: usize) {
    let Some(tail) = text.get(from..).filter(|tail| tail.contains("_x")) else { return };
    let mut out = String::with_capacity(tail.len());
    let mut rest = tail;
    while let Some((before, after)) = rest.split_once("_x") {
        out.push_str(before);
        let digits = after.get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let one = digits
            .filter(|_| after.get(4..5) == Some("_"))
            .and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
        rest = match one {
            Some(one) => {
                out.push(one);
                after.get(5..).unwrap_or_default()
            }
            None => {
                out.push_str("_x");
                after
            }
        };
    }
    out.push_str(rest);
    text.truncate(from);
    text.push_str(&out);
}

/// The table of shared strings, as far as it is read.
#[derive(Debug, Default)]
pub(super) struct Strings {
    xml: Option<Xml>,
    text: String,
    ends: Vec<usize>,
    rich: Rich,
    most: u64,
}

impl Strings {
    /// The table in a part; it may take `most` bytes of memory.
    pub(super) fn new(part: Part, most: u64) -> Self {
        Strings { xml: Some(Xml::new(part)), most, ..Strings::default() }
    }

    /// Reads on until the string at `index` is there, or `work` is used up, which is `false`.
    ///
    /// # Errors
    /// `parse` if there are fewer strings, `limit-memory`, and what the part meets.
    pub(super) fn reach(&mut self, index: usize, work: &mut u32) -> Result<bool> {
        while self.ends.len() <= index {
            if *work == 0 {
                return Ok(false);
            }
            *work -= 1;
            let Some(xml) = &mut self.xml else { return Err(no_string()) };
            match xml.next()? {
                Token::Start { tag, empty } => match tag.name() {
                    "si" if empty => self.end_string()?,
                    name => self.rich.start(name, empty),
                },
                Token::Text(text) => self.rich.text(&text, &mut self.text)?,
                Token::End(end) => match end.name() {
                    "si" => self.end_string()?,
                    name => self.rich.end(name),
                },
                Token::Over => self.xml = None,
            }
        }
        Ok(true)
    }

    fn end_string(&mut self) -> Result<()> {
        self.rich = Rich::default();
        resolve(&mut self.text, self.ends.last().copied().unwrap_or(0));
        self.ends.try_reserve(1).map_err(|_| super::no_memory())?;
        self.ends.push(self.text.len());
        let held = self.text.len() + self.ends.len() * size_of::<usize>();
        match held as u64 > self.most {
            false => Ok(()),
            true => Err(super::no_memory()),
        }
    }

    /// Passes over the rest of the table, for the checksum; `false` if the work is used up.
    ///
    /// # Errors
    /// What the part meets.
    pub(super) fn pass(&mut self, work: &mut u32) -> Result<bool> {
        let Some(xml) = &mut self.xml else { return Ok(true) };
        while xml.pass_window()? {
            if *work == 0 {
                return Ok(false);
            }
            *work = work.saturating_sub(WINDOW_WORK);
        }
        Ok(true)
    }

    /// The string at `index`, which was reached before.
    pub(super) fn get(&self, index: usize) -> &str {
        let from = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let to = self.ends.get(index).copied().unwrap_or(0);
        self.text.get(from.unwrap_or(0)..to).unwrap_or_default()
    }
}

pub(super) fn no_string() -> Error {
    Error::new(Code::Parse, "a cell names a text that the workbook does not have: save it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_resolved_and_nothing_else() {
        for (stored, text) in [
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x00e9_", "é"),
            ("_xD800_", "_xD800_"),
            ("_x12", "_x12"),
            ("_x元元_", "_x元元_"),
            ("sku_x1_y", "sku_x1_y"),
        ] {
            let mut out = "kept_x000D_".to_owned();
            let from = out.len();
            out.push_str(stored);
            resolve(&mut out, from);
            assert_eq!(out, format!("kept_x000D_{text}"));
        }
    }
}
