//! The parts as XML: a stream of tokens with what a hostile part could do taken out.
//!
//! `quick-xml` reads the markup. Names are compared without their prefix, so that the strict and
//! the usual namespaces read alike. A document type is refused, and with it every entity but
//! the five of XML: nothing is expanded and nothing is fetched. Depth and the length of a token
//! are bounded.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use quick_xml::events::{BytesEnd, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::archive::Part;
use crate::error::{Code, Error, Result};

/// Elements in elements: a sheet has seven.
const MOST_DEPTH: usize = 256;
/// Bytes of one tag or one run of text. A cell holds at most 32,767 characters.
const MOST_TOKEN: u64 = 1 << 20;

/// What passing over one window of a part costs, in tokens.
pub(super) const WINDOW_WORK: u32 = 1024;

/// What comes next in a part.
#[derive(Debug)]
pub(super) enum Token<'t> {
    /// An element begins; `empty` if it ends at once, without an `End`.
    Start {
        /// Its name and attributes.
        tag: Tag<'t>,
        /// Whether it has no content.
        empty: bool,
    },
    /// An element ends.
    End(End<'t>),
    /// A run of text, which may be empty. A text with references comes in several.
    Text(Cow<'t, str>),
    /// The part is over.
    Over,
}

/// The name and the attributes of an element.
#[derive(Debug)]
pub(super) struct Tag<'t>(BytesStart<'t>);

impl Tag<'_> {
    /// The name without its prefix.
    pub(super) fn name(&self) -> &str {
        local(self.0.name().0)
    }

    /// The value of the attribute of this local name.
    pub(super) fn get(&self, name: &str) -> Result<Option<Cow<'_, str>>> {
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| malformed())?;
            if local(attribute.key.0) != name {
                continue;
            }
            return match attribute.value.contains('&') {
                false => Ok(Some(attribute.value)),
                true => {
                    let value = attribute
                        .normalized_value(XmlVersion::Implicit1_0)
                        .map_err(|_| malformed())?;
                    Ok(Some(Cow::Owned(value.into_owned())))
                }
            };
        }
        Ok(None)
    }
}

/// The end of an element.
#[derive(Debug)]
pub(super) struct End<'t>(BytesEnd<'t>);

impl End<'_> {
    /// The name without its prefix.
    pub(super) fn name(&self) -> &str {
        local(self.0.name().0)
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// A part, guarded against tokens without end.
#[derive(Debug)]
struct Guarded {
    part: Part,
    /// Bytes that the present token has.
    token: u64,
}

impl BufRead for Guarded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.token > MOST_TOKEN {
            let hint = "a tag or text of the workbook is longer than 1 MiB";
            return Err(io::Error::other(Error::new(Code::Limit, hint)));
        }
        self.part.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.token += amount as u64;
        self.part.consume(amount);
    }
}

impl Read for Guarded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.part.read(into)
    }
}

/// A part that is being read as XML.
pub(super) struct Xml {
    reader: Reader<Guarded>,
    token: Vec<u8>,
    depth: usize,
}

impl std::fmt::Debug for Xml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Xml").field("part", &self.reader.get_ref().part).finish_non_exhaustive()
    }
}

impl Xml {
    /// Reads a part from where it is.
    pub(super) fn new(part: Part) -> Self {
        let mut reader = Reader::from_reader(Guarded { part, token: 0 });
        // A part may be entered in the middle; whether elements nest is not what is asked of it.
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        Xml { reader, token: Vec::new(), depth: 0 }
    }

    /// The part below.
    pub(super) fn part(&self) -> &Part {
        &self.reader.get_ref().part
    }

    /// Passes over what is inflated; says whether there was anything.
    ///
    /// # Errors
    /// What the part meets.
    pub(super) fn pass_window(&mut self) -> Result<bool> {
        let part = &mut self.reader.get_mut().part;
        let length = part.fill_buf().map_err(below)?.len();
        part.consume(length);
        Ok(length > 0)
    }

    /// The next token.
    ///
    /// # Errors
    /// `parse` for what is no XML, `unsupported` for a document type, `limit`, and what the
    /// part meets.
    pub(super) fn next(&mut self) -> Result<Token<'_>> {
        self.token.clear();
        self.reader.get_mut().token = 0;
        match self.reader.read_event_into(&mut self.token).map_err(told)? {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > MOST_DEPTH {
                    return Err(Error::new(Code::Limit, "the workbook's parts nest too deep"));
                }
                Ok(Token::Start { tag: Tag(tag), empty: false })
            }
            Event::Empty(tag) => Ok(Token::Start { tag: Tag(tag), empty: true }),
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Token::End(End(end)))
            }
            Event::Text(text) => Ok(Token::Text(text.xml10_content())),
            Event::CData(text) => Ok(Token::Text(text.xml10_content())),
            Event::GeneralRef(name) => {
                if let Some(one) = name.resolve_char_ref().map_err(|_| malformed())? {
                    return Ok(Token::Text(Cow::Owned(one.to_string())));
                }
                match quick_xml::escape::resolve_xml_entity(&name.into_inner()) {
                    Some(text) => Ok(Token::Text(Cow::Borrowed(text))),
                    None => Err(malformed()),
                }
            }
            Event::DocType(_) => Err(Error::new(
                Code::Unsupported,
                "a part of the workbook declares a document type, which no spreadsheet program \
                 does: save it again",
            )),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => Ok(Token::Text(Cow::Borrowed(""))),
            Event::Eof => Ok(Token::Over),
        }
    }
}

/// The error of the part below, or that this is no XML.
fn told(error: quick_xml::Error) -> Error {
    match error {
        quick_xml::Error::Io(io) => own(&io),
        _ => malformed(),
    }
}

/// The error of the part below, out of what carried it.
pub(super) fn below(error: io::Error) -> Error {
    own(&error)
}

fn own(error: &io::Error) -> Error {
    let own = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    own.cloned().unwrap_or_else(malformed)
}

fn malformed() -> Error {
    Error::new(Code::Parse, "a part of the workbook is no valid XML: save it again")
}
