//! Number formats: which cells show a date, a time, or digits with leading zeros.
//!
//! A workbook stores a date as a number, and only the cell's number format says that it is one.
//! ECMA-376 part 1, 18.8.30 (formats and their built-in numbers) and 18.8.31 (the codes).

use super::archive::Part;
use super::xml::{Token, Xml};
use crate::error::{Code, Error, Result};

/// What a number in a cell stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    /// A number.
    #[default]
    Number,
    /// A text of digits: it stays as it is stored.
    Text,
    /// A day; the time of day if there is one.
    Day,
    /// A day with its time of day.
    Moment,
    /// A time of day.
    Time,
    /// Hours that may be more than 24.
    Elapsed,
    /// A whole number shown with at least so many digits.
    Digits(u8),
}

impl Format {
    /// What one of the formats that every workbook has shows; those from 27 to 36 and from 50
    /// to 58 are the dates and times of Chinese, Japanese and Korean programs.
    fn built_in(number: u32) -> Format {
        match number {
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Format::Day,
            18..=21 | 32..=35 | 45 | 47 | 55 | 56 => Format::Time,
            22 => Format::Moment,
            46 => Format::Elapsed,
            49 => Format::Text,
            _ => Format::Number,
        }
    }

    /// What a format code shows. Of several sections (`positive;negative;zero;text`) the first
    /// decides.
    pub(super) fn of_code(code: &str) -> Format {
        let (mut days, mut months, mut hours, mut elapsed) = (false, false, false, false);
        let mut shown = String::new();
        let mut chars = code.chars();
        while let Some(one) = chars.next() {
            match one {
                ';' => break,
                '"' => while chars.next().is_some_and(|quoted| quoted != '"') {},
                '\\' | '_' | '*' => {
                    chars.next();
                }
                '[' => {
                    let inner: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    let unit = inner.to_ascii_lowercase();
                    let same = |unit: &str, c| !unit.is_empty() && unit.chars().all(|one| one == c);
                    elapsed |= ['h', 'm', 's'].iter().any(|c| same(&unit, *c));
                }
                _ => {
                    match one.to_ascii_lowercase() {
                        'y' | 'd' => days = true,
                        'm' => months = true,
                        'h' | 's' => hours = true,
                        _ => {}
                    }
                    shown.push(one);
                }
            }
        }
        if shown.eq_ignore_ascii_case("general") {
            return Format::Number;
        }
        match shown.trim() {
            "@" => return Format::Text,
            zeros if zeros.len() > 1 && zeros.bytes().all(|byte| byte == b'0') => {
                return u8::try_from(zeros.len()).map_or(Format::Number, Format::Digits);
            }
            _ => {}
        }
        match (days, months, hours) {
            _ if elapsed && !days => Format::Elapsed,
            (true, _, true) => Format::Moment,
            (true, _, false) | (false, true, false) => Format::Day,
            (false, _, true) => Format::Time,
            (false, false, false) => Format::Number,
        }
    }
}

/// The format of each cell style.
#[derive(Clone, Debug, Default)]
pub(super) struct Styles {
    formats: Vec<Format>,
}

impl Styles {
    /// The format of the style with this number.
    pub(super) fn get(&self, style: usize) -> Format {
        self.formats.get(style).copied().unwrap_or_default()
    }

    /// Reads the part of the styles.
    pub(super) fn read(part: Part) -> Result<Self> {
        let mut xml = Xml::new(part);
        let mut own: Vec<(u32, Format)> = Vec::new();
        let mut formats = Vec::new();
        let mut in_cells = false;
        loop {
            match xml.next()? {
                Token::Start { tag, empty } => match tag.name() {
                    "numFmt" => {
                        let number = tag.get("numFmtId")?.and_then(|id| id.parse().ok());
                        if let (Some(number), Some(code)) = (number, tag.get("formatCode")?) {
                            own.push((number, Format::of_code(&code)));
                        }
                    }
                    "cellXfs" => in_cells = !empty,
                    "xf" if in_cells => {
                        let number = tag.get("numFmtId")?.and_then(|id| id.parse().ok());
                        let number = number.unwrap_or(0);
                        let known = own.iter().find(|(id, _)| *id == number);
                        formats.try_reserve(1).map_err(|_| super::no_memory())?;
                        formats.push(known.map_or(Format::built_in(number), |(_, format)| *format));
                    }
                    _ => {}
                },
                Token::End(end) if end.name() == "cellXfs" => in_cells = false,
                Token::Over => return Ok(Styles { formats }),
                Token::End(_) | Token::Text(_) => {}
            }
            if own.len() > MOST || formats.len() > MOST {
                return Err(Error::new(Code::Limit, "the workbook has more than 65,536 formats"));
            }
        }
    }
}

/// A workbook has at most 65,490 cell styles.
const MOST: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_code_says_what_it_shows() {
        for (code, format) in [
            ("General", Format::Number),
            ("GENERAL", Format::Number),
            ("0.00", Format::Number),
            ("0.00E+00", Format::Number),
            ("#,##0.00_);[Red](#,##0.00)", Format::Number),
            ("\"USD \"#,##0", Format::Number),
            ("[$¥-804]#,##0.00", Format::Number),
            ("[DBNum1][$-804]General", Format::Number),
            ("0\\d", Format::Number),
            ("@", Format::Text),
            ("00000", Format::Digits(5)),
            ("0", Format::Number),
            ("yyyy-mm-dd", Format::Day),
            ("yyyy\"年\"m\"月\"d\"日\"", Format::Day),
            ("[$-409]d\\-mmm\\-yy;@", Format::Day),
            ("mmm", Format::Day),
            ("yyyy/m/d h:mm", Format::Moment),
            ("dd.mm.yyyy hh:mm:ss.000", Format::Moment),
            ("h:mm AM/PM", Format::Time),
            ("mm:ss.0", Format::Time),
            ("[h]:mm:ss", Format::Elapsed),
            ("[Red]yyyy", Format::Day),
            ("\"day\"0", Format::Number),
            ("", Format::Number),
        ] {
            assert_eq!(Format::of_code(code), format, "{code}");
        }
    }

    #[test]
    fn the_built_in_dates_of_chinese_programs_are_dates() {
        assert_eq!(Format::built_in(31), Format::Day);
        assert_eq!(Format::built_in(57), Format::Day);
        assert_eq!(Format::built_in(22), Format::Moment);
        assert_eq!(Format::built_in(0), Format::Number);
    }
}
