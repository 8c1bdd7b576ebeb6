//! Bytes to valid UTF-8 text, piece by piece.
//!
//! The first bytes decide: a byte order mark names UTF-8 or UTF-16 and is taken off; what is
//! known not to be text (archives, web pages, binary tables) is named and refused; everything
//! else is UTF-8, strictly. Other encodings are decoded outside, before the bytes come here.
//! Invalid bytes are never replaced: two ids that differ only in a damaged byte would become
//! one customer.

use crate::error::{Code, Error, Result};

use super::no_memory;
use super::options::Format;

/// How many bytes the decision looks at.
pub(super) const FIRST: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Undecided,
    Utf8,
    Utf16 { big: bool },
}

/// A window on the text: what is decoded and not yet consumed.
#[derive(Clone, Debug)]
pub(super) struct Text {
    encoding: Encoding,
    /// Valid text up to `valid`, then at most three bytes of a character that is still cut.
    window: Vec<u8>,
    valid: usize,
    /// Undecoded first bytes, and later the cut code unit of UTF-16.
    held: Vec<u8>,
    /// A first half of a surrogate pair.
    high: Option<u16>,
    /// Whether the encoding was told from the bytes alone, and is not UTF-8.
    told: bool,
    /// Bytes of the byte order mark.
    mark: u64,
    /// Bytes of the file that have been decoded.
    decoded: u64,
    /// Where in the file the first invalid byte stands.
    broken: Option<u64>,
}

impl Text {
    /// The text of a sheet is UTF-8, whatever its first cell says; of other bytes the first
    /// decide.
    pub(super) fn new(format: Format) -> Self {
        Text {
            encoding: match format {
                Format::Xlsx => Encoding::Utf8,
                _ => Encoding::Undecided,
            },
            window: Vec::new(),
            valid: 0,
            held: Vec::new(),
            high: None,
            told: false,
            mark: 0,
            decoded: 0,
            broken: None,
        }
    }

    /// The encoding, once it is decided.
    pub(super) fn encoding(&self) -> Option<&'static str> {
        match self.encoding {
            Encoding::Undecided => None,
            Encoding::Utf8 => Some("utf-8"),
            Encoding::Utf16 { big: false } => Some("utf-16le"),
            Encoding::Utf16 { big: true } => Some("utf-16be"),
        }
    }

    /// What is decoded and not yet consumed.
    pub(super) fn window(&self) -> &[u8] {
        self.window.get(..self.valid).unwrap_or_default()
    }

    /// Where in the file decoding had to stop. The text before it is in the window.
    pub(super) fn broken(&self) -> Option<u64> {
        self.broken
    }

    /// Whether the encoding was told from the bytes alone, and is not UTF-8.
    pub(super) fn told(&self) -> bool {
        self.told
    }

    /// Where in the file a byte of the text stands, if that is known without decoding again.
    pub(super) fn in_file(&self, byte: u64) -> Option<u64> {
        (self.encoding == Encoding::Utf8).then_some(self.mark + byte)
    }

    /// Forgets the first `bytes` of the window.
    pub(super) fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.valid);
        self.window.drain(..bytes);
        self.valid -= bytes;
    }

    /// Decodes the next bytes of the file.
    ///
    /// # Errors
    /// `unsupported` for a file that is no text, `limit-memory`. Invalid bytes are no error
    /// here: see [`broken`](Self::broken).
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<()> {
        match self.encoding {
            _ if self.broken.is_some() => Ok(()),
            Encoding::Undecided => {
                let wanted = FIRST.saturating_sub(self.held.len()).min(bytes.len());
                let (first, rest) = bytes.split_at_checked(wanted).unwrap_or((bytes, &[]));
                self.held.extend_from_slice(first);
                if self.held.len() < FIRST {
                    return Ok(());
                }
                self.decide()?;
                self.push(rest)
            }
            Encoding::Utf8 => self.push_utf8(bytes),
            Encoding::Utf16 { big } => self.push_utf16(bytes, big),
        }
    }

    /// Decides with what is there.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(super) fn settle(&mut self) -> Result<()> {
        if self.encoding == Encoding::Undecided { self.decide() } else { Ok(()) }
    }

    /// There are no more bytes.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(super) fn finish(&mut self) -> Result<()> {
        self.settle()?;
        let cut = self.window.len() > self.valid || !self.held.is_empty() || self.high.is_some();
        if cut && self.broken.is_none() {
            let whole = self.window.len() - self.valid + self.held.len();
            let high = if self.high.is_some() { 2 } else { 0 };
            self.broken = Some(self.decoded.saturating_sub(whole as u64 + high));
        }
        Ok(())
    }

    fn decide(&mut self) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        refuse_what_is_no_text(&held)?;
        let (encoding, mark) = match held.as_slice() {
            [0xEF, 0xBB, 0xBF, ..] => (Encoding::Utf8, 3),
            [0xFF, 0xFE, ..] => (Encoding::Utf16 { big: false }, 2),
            [0xFE, 0xFF, ..] => (Encoding::Utf16 { big: true }, 2),
            _ => match utf16_by_nuls(&held) {
                Some(big) => {
                    self.told = true;
                    (Encoding::Utf16 { big }, 0)
                }
                None => (Encoding::Utf8, 0),
            },
        };
        self.encoding = encoding;
        self.mark = mark as u64;
        self.decoded = self.mark;
        self.push(held.get(mark..).unwrap_or_default())
    }

    fn push_utf8(&mut self, bytes: &[u8]) -> Result<()> {
        self.window.try_reserve(bytes.len()).map_err(|_| no_memory())?;
        self.window.extend_from_slice(bytes);
        self.decoded += bytes.len() as u64;
        let fresh = self.window.get(self.valid..).unwrap_or_default();
        match std::str::from_utf8(fresh) {
            Ok(_) => self.valid = self.window.len(),
            Err(error) => {
                if error.error_len().is_some() {
                    let behind = (fresh.len() - error.valid_up_to()) as u64;
                    self.broken = Some(self.decoded - behind);
                }
                self.valid += error.valid_up_to();
            }
        }
        Ok(())
    }

    fn push_utf16(&mut self, bytes: &[u8], big: bool) -> Result<()> {
        // A code unit of two bytes becomes at most three.
        self.window.try_reserve(bytes.len() / 2 * 3 + 8).map_err(|_| no_memory())?;
        for byte in bytes {
            self.decoded += 1;
            let Some(first) = self.held.pop() else {
                self.held.push(*byte);
                continue;
            };
            let unit = if big { [first, *byte] } else { [*byte, first] };
            let unit = u16::from_be_bytes(unit);
            let scalar = match (self.high.take(), unit) {
                (None, 0xD800..=0xDBFF) => {
                    self.high = Some(unit);
                    continue;
                }
                (Some(high), 0xDC00..=0xDFFF) => {
                    0x10000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(unit) - 0xDC00)
                }
                (Some(_), _) => {
                    self.broken = Some(self.decoded.saturating_sub(4));
                    break;
                }
                (None, unit) => u32::from(unit),
            };
            let Some(scalar) = char::from_u32(scalar) else {
                self.broken = Some(self.decoded.saturating_sub(2));
                break;
            };
            self.window.extend_from_slice(scalar.encode_utf8(&mut [0; 4]).as_bytes());
        }
        self.valid = self.window.len();
        Ok(())
    }
}

/// Whether bytes without a mark are UTF-16, and its order: in a table every second byte of the
/// separators, digits and line ends is zero, on one side. Text with a stray NUL is not taken for
/// it, nor is anything with half a surrogate pair.
fn utf16_by_nuls(first: &[u8]) -> Option<bool> {
    let (units, _) = first.as_chunks::<2>();
    let is_ascii = |unit: u16| matches!(unit, 9 | 10 | 13 | 0x20..0x7F);
    let ascii = |big: bool| units.iter().filter(|unit| is_ascii(order(**unit, big))).count();
    let (little, big) = (ascii(false), ascii(true));
    let (most, least) = (little.max(big), little.min(big));
    // Bytes that are UTF-8 as they are must be nearly all letters beside a NUL to be no UTF-8.
    let share = match std::str::from_utf8(first) {
        Err(error) if error.error_len().is_some() => units.len() / 8,
        _ => units.len() * 4 / 5 + 1,
    };
    let whole = units.split_last()?.1.iter().map(|unit| order(*unit, big > little));
    let is_text = char::decode_utf16(whole.clone())
        .enumerate()
        .all(|(at, found)| found.is_ok_and(|c| c != '\0') || at + 2 >= units.len());
    (most >= share.max(3) && most >= least * 3 && is_text).then_some(big > little)
}

fn order(unit: [u8; 2], big: bool) -> u16 {
    if big { u16::from_be_bytes(unit) } else { u16::from_le_bytes(unit) }
}

/// How files begin that people take for tables of text, and what to say. None of them can be
/// the beginning of one.
const NO_TEXT: [(&[u8], &str); 22] = [
    (
        b"PK\x03\x04",
        "this is a zip archive: leave out `format` if it is an .xlsx workbook, else unpack it",
    ),
    (b"PK\x05\x06", "this is an empty zip archive"),
    (
        b"\xD0\xCF\x11\xE0",
        "this is an old .xls workbook: save it as .xlsx, or the sheet as CSV UTF-8",
    ),
    (b"7z\xBC\xAF\x27\x1C", "this is a 7z archive: unpack it first"),
    (b"Rar!\x1A\x07", "this is a RAR archive: unpack it first"),
    (b"\x1F\x8B", "this is compressed with gzip: decompress it first"),
    (b"\x28\xB5\x2F\xFD", "this is compressed with zstd: decompress it first, or use gzip"),
    (b"\xFD7zXZ\0", "this is compressed with xz: decompress it first, or use gzip"),
    (b"BZh91AY&SY", "this is compressed with bzip2: decompress it first, or use gzip"),
    (b"PAR1", "this is a Parquet file: export the table as CSV"),
    (b"ARROW1", "this is an Arrow file: export the table as CSV"),
    (b"\xFF\xFF\xFF\xFF", "this is an Arrow stream: export the table as CSV"),
    (b"ORC\x0A", "this is an ORC file: export the table as CSV"),
    (b"Obj\x01", "this is an Avro file: export the table as CSV"),
    (b"SQLite format 3\0", "this is an SQLite database: export the table as CSV"),
    (b"%PDF-", "this is a PDF document: export the table itself as CSV or .xlsx"),
    (b"{\\rtf", "this is a text document (RTF): export the table as CSV or .xlsx"),
    (b"\x89PNG", "this is an image: export the table itself as CSV or .xlsx"),
    (b"\xFF\xD8\xFF", "this is an image: export the table itself as CSV or .xlsx"),
    (b"GIF8", "this is an image: export the table itself as CSV or .xlsx"),
    (b"II*\0", "this is an image: export the table itself as CSV or .xlsx"),
    (b"MM\0*", "this is an image: export the table itself as CSV or .xlsx"),
];
/// The same for markup, which may follow white space and is written in any case.
const MARKUP: [(&[u8], &str); 8] = [
    (b"<!doctype", WEB_PAGE),
    (b"<html", WEB_PAGE),
    (b"<head", WEB_PAGE),
    (b"<meta", WEB_PAGE),
    (b"<body", WEB_PAGE),
    (b"<table", WEB_PAGE),
    (b"<script", WEB_PAGE),
    (b"<?xml", "this is XML, perhaps a workbook saved as XML: save the sheet as CSV UTF-8"),
];
const WEB_PAGE: &str = "this is a web page, perhaps a login page, or a table that a program saved as a page under \
                        the name of a workbook: open it in a spreadsheet and save it as CSV UTF-8";

/// Names what is no text, or no table of text.
fn refuse_what_is_no_text(first: &[u8]) -> Result<()> {
    let text = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(first).trim_ascii_start();
    let binary = NO_TEXT.iter().find(|(magic, _)| first.starts_with(magic));
    let markup = MARKUP.iter().find(|(tag, _)| {
        text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
    });
    match binary.or(markup) {
        Some((_, hint)) => Err(Error::new(Code::Unsupported, *hint)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(bytes: &[u8], piece: usize) -> Result<(Vec<u8>, Option<u64>)> {
        let mut text = Text::new(Format::Auto);
        for piece in bytes.chunks(piece) {
            text.push(piece)?;
        }
        text.finish()?;
        Ok((text.window().to_vec(), text.broken()))
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    }

    proptest! {
        #[test]
        fn text_comes_through_in_every_encoding_and_cut(text: String, piece in 1usize..9, big: bool) {
            prop_assume!(!text.starts_with('\u{feff}'));
            let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
            let expected = (text.clone().into_bytes(), None);
            prop_assert_eq!(&decoded(&marked, piece).unwrap(), &expected);
            prop_assert_eq!(&decoded(&utf16(&text, big), piece).unwrap(), &expected);
        }

        #[test]
        fn damage_is_found_where_the_standard_library_finds_it(
            bytes: Vec<u8>, lead in 0usize..80, piece in 1usize..9,
        ) {
            // Zeros may mean another encoding.
            prop_assume!(!bytes.contains(&0));
            let bytes = [vec![b'a'; lead + 1], bytes].concat();
            let expected = match std::str::from_utf8(&bytes) {
                Ok(_) => (bytes.clone(), None),
                Err(error) => {
                    let good = error.valid_up_to();
                    (bytes[..good].to_vec(), Some(good as u64))
                }
            };
            prop_assert_eq!(decoded(&bytes, piece).unwrap(), expected);
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_damage_with_its_place() {
        let mut bytes = utf16("ab", false);
        bytes.extend([0x3D, 0xD8, 0x61, 0x00]);
        assert_eq!(decoded(&bytes, 3).unwrap(), (b"ab".to_vec(), Some(6)));
        let mut cut = utf16("ab", true);
        cut.extend([0xD8, 0x3D]);
        assert_eq!(decoded(&cut, 1).unwrap(), (b"ab".to_vec(), Some(6)));
        let mut odd = utf16("ab", true);
        odd.push(0);
        assert_eq!(decoded(&odd, 64).unwrap(), (b"ab".to_vec(), Some(6)));
    }

    #[test]
    fn utf16_without_a_mark_is_told_by_its_nuls() {
        let english = "id,time,amount\nA1,2025-05-28,10.5\n".repeat(9);
        let chinese = "客户编号,下单时间,订单金额\n一月二十,2025-05-28,10.5\n上海,2025-05-29,3\n";
        for text in [english.as_str(), chinese, "客户,时间\n张,2\n", "a,b\n"] {
            for big in [false, true] {
                let bytes = &utf16(text, big)[2..];
                for piece in [1, 7, 1000] {
                    let mut seen = Text::new(Format::Auto);
                    bytes.chunks(piece).for_each(|piece| seen.push(piece).unwrap());
                    seen.finish().unwrap();
                    assert_eq!((seen.window(), seen.told()), (text.as_bytes(), true), "{text}");
                }
            }
        }
        let stray = "id,time\nC0\x001,2025\n".repeat(20);
        for text in [stray.as_bytes(), b"id,t\0", b"\0", b"ab\n\0cd\n\0", english.as_bytes()] {
            assert_eq!(utf16_by_nuls(text), None);
        }
        let gbk = [&b"\xbf\xcd\xbb\xa7,\xca\xb1\xbc\xe4\n"[..], b"C\x001,2025-01-01\n"].concat();
        assert_eq!(utf16_by_nuls(&gbk), None);
    }

    #[test]
    fn what_is_no_text_is_named() {
        let page = b"\n  <!DOCTYPE html><html>";
        let xml = b"\xEF\xBB\xBF<?XML version";
        let magics = NO_TEXT.iter().map(|(magic, _)| *magic);
        for file in magics.chain([&page[..], &xml[..], b"<TABLE border"]) {
            for piece in [1, 64] {
                assert_eq!(decoded(file, piece).unwrap_err().code(), Code::Unsupported);
            }
        }
    }
}
