//! The bytes of a file to UTF-8: gzip and the encodings that the reader itself does not read.
//! For native programs; in the page the platform decodes, by the same rules.
//!
//! The order of belief: a byte order mark, else the declared encoding, else UTF-16 by its NULs,
//! else strict UTF-8. Where the bytes stop to be ASCII and are not UTF-8, they are taken for
//! GB18030 or Big5, whichever decodes without an error and is the more plausible text, and the
//! report says so (`encoding`). Nothing is ever replaced.

use encoding_rs::{BIG5, Decoder, DecoderResult, Encoding, GB18030, UTF_8};

use crate::error::{Code, Error, Result};
use crate::table::Table;
use crate::table::zone::Zone;

use super::gzip::{Inflate, is_gzip};
use super::plausible::plausibility;
use super::quality::{Issue, Quality, Severity};
use super::{Loader, Options};

/// How much is looked at to tell the encoding.
const SAMPLE: usize = 64 << 10;
/// How much of the beginning must be there before anything is decided.
const FIRST: usize = super::text::FIRST;
/// Bytes of one piece of decoded text.
const PIECE: usize = 256 << 10;

/// Receives UTF-8 text, or bytes that the reader decodes.
pub type Text<'t> = dyn FnMut(&[u8]) -> Result<()> + 't;

/// An encoding that was told from the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    encoding: &'static Encoding,
    /// Where the bytes stop to be UTF-8, and the line of it.
    byte: u64,
    row: u64,
}

enum State {
    /// Too little was seen.
    Start,
    /// The reader's own encodings.
    Plain,
    /// Nothing but ASCII so far.
    Ascii,
    /// From the first other byte on, until there is enough of it.
    Sample,
    Decoding(&'static Encoding, Box<Decoder>),
}

/// Turns the bytes of one file into UTF-8.
pub struct Opener {
    inflate: Option<Option<Box<Inflate>>>,
    limits: super::Limits,
    declared: Option<&'static Encoding>,
    state: State,
    held: Vec<u8>,
    /// Bytes (after decompression) and line ends that were handed on.
    done: u64,
    lines: u64,
    after_cr: bool,
    told: Option<Told>,
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").field("done", &self.done).field("told", &self.told).finish()
    }
}

impl Opener {
    /// For a file that is read with these options.
    ///
    /// # Errors
    /// `invalid-option` for an encoding that is not known.
    pub fn new(options: &Options) -> Result<Self> {
        let declared = match options.encoding.as_deref() {
            None => None,
            Some(label) => Some(Encoding::for_label(label.as_bytes()).ok_or_else(|| {
                let hint = "there is no such encoding: give a label such as utf-8 or gb18030";
                Error::new(Code::InvalidOption, hint).at_path("encoding")
            })?),
        };
        Ok(Opener {
            inflate: None,
            limits: options.limits,
            declared: declared.map(|found| if found == encoding_rs::GBK { GB18030 } else { found }),
            state: State::Start,
            held: Vec::new(),
            done: 0,
            lines: 0,
            after_cr: false,
            told: None,
        })
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// `encoding` with line and byte; `parse` and `limit` of a compressed file; what `to` says.
    pub fn push(&mut self, bytes: &[u8], to: &mut Text<'_>) -> Result<()> {
        if self.inflate.is_none() {
            self.held.extend_from_slice(bytes);
            if self.held.len() < 2 {
                return Ok(());
            }
            let compressed = is_gzip(&self.held);
            self.inflate = Some(compressed.then(|| Box::new(Inflate::new(self.limits))));
            let held = std::mem::take(&mut self.held);
            return self.push(&held, to);
        }
        let Some(Some(mut inflate)) = self.inflate.take() else {
            self.inflate = Some(None);
            return self.take(bytes, to);
        };
        let mut result = inflate.push(bytes);
        while result.is_ok() {
            result = match inflate.pull() {
                Ok([]) => break,
                Ok(part) => self.take(part, to),
                Err(error) => Err(error),
            };
        }
        self.inflate = Some(Some(inflate));
        result
    }

    /// There are no more bytes.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(&mut self, to: &mut Text<'_>) -> Result<()> {
        match self.inflate.take() {
            Some(Some(inflate)) => inflate.finish()?,
            Some(None) => {}
            None => self.inflate = Some(None),
        }
        if let State::Start = self.state {
            self.decide(to)?;
        }
        if let State::Sample = self.state {
            self.tell(to)?;
        }
        if let State::Decoding(..) = self.state {
            self.decode(&[], true, to)?;
        }
        Ok(())
    }

    /// The same for bytes that are decompressed.
    fn take(&mut self, bytes: &[u8], to: &mut Text<'_>) -> Result<()> {
        match self.state {
            State::Plain => to(bytes),
            State::Decoding(..) => self.decode(bytes, false, to),
            State::Start => {
                self.held.extend_from_slice(bytes);
                if self.held.len() >= FIRST { self.decide(to) } else { Ok(()) }
            }
            State::Ascii => {
                // The check of a whole piece goes by words, the search for the place by bytes.
                let other = if bytes.is_ascii() {
                    None
                } else {
                    bytes.iter().position(|byte| !byte.is_ascii())
                };
                let ascii = other.unwrap_or(bytes.len());
                let (before, rest) = bytes.split_at_checked(ascii).unwrap_or((bytes, &[]));
                self.pass(before);
                if !before.is_empty() {
                    to(before)?;
                }
                if rest.is_empty() {
                    return Ok(());
                }
                self.state = State::Sample;
                self.take(rest, to)
            }
            State::Sample => {
                self.held.extend_from_slice(bytes);
                if self.held.len() >= SAMPLE { self.tell(to) } else { Ok(()) }
            }
        }
    }

    fn decide(&mut self, to: &mut Text<'_>) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        let marked = Encoding::for_bom(&held).is_some();
        self.state = match self.declared {
            _ if marked => State::Plain,
            Some(encoding) if encoding == UTF_8 => State::Plain,
            Some(encoding) => decoding(encoding),
            // The reader tells UTF-16 from it.
            None if held.iter().take(FIRST).any(|byte| *byte == 0) => State::Plain,
            None => State::Ascii,
        };
        if held.is_empty() { Ok(()) } else { self.take(&held, to) }
    }

    /// Tells the encoding from what begins with the first byte that is not ASCII.
    fn tell(&mut self, to: &mut Text<'_>) -> Result<()> {
        let held = std::mem::take(&mut self.held);
        let sample = held.get(..SAMPLE).unwrap_or(&held);
        let good = match std::str::from_utf8(sample) {
            Err(error) if error.error_len().is_some() => error.valid_up_to(),
            _ => {
                self.state = State::Plain;
                return to(&held);
            }
        };
        let best = [GB18030, BIG5]
            .into_iter()
            .filter_map(|encoding| Some((encoding, plausibility(&strict(encoding, sample)?))))
            // Of two alike the first.
            .reduce(|best, other| if other.1 > best.1 { other } else { best });
        let Some((encoding, _)) = best else {
            // UTF-8 with an error that the reader places.
            self.state = State::Plain;
            return to(&held);
        };
        let (before, _) = sample.split_at_checked(good).unwrap_or_default();
        let row = self.lines + line_ends(before, self.after_cr) + 1;
        self.told = Some(Told { encoding, byte: self.done + good as u64, row });
        self.state = decoding(encoding);
        self.decode(&held, false, to)
    }

    fn decode(&mut self, bytes: &[u8], last: bool, to: &mut Text<'_>) -> Result<()> {
        let State::Decoding(encoding, mut decoder) =
            std::mem::replace(&mut self.state, State::Start)
        else {
            return Ok(());
        };
        let mut rest = bytes;
        let mut text = vec![0; PIECE];
        let result = loop {
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(rest, &mut text, last);
            rest = rest.get(read..).unwrap_or_default();
            self.done += read as u64;
            let part = text.get(..written).unwrap_or_default();
            self.lines += line_ends(part, self.after_cr);
            self.after_cr = part.last().map_or(self.after_cr, |byte| *byte == b'\r');
            if let (false, Err(error)) = (part.is_empty(), to(part)) {
                break Err(error);
            }
            match result {
                DecoderResult::InputEmpty => break Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let behind = u64::from(length) + u64::from(after);
                    break Err(broken(encoding)
                        .at_row(self.lines + 1)
                        .at_byte(self.done.saturating_sub(behind)));
                }
            }
        };
        self.state = State::Decoding(encoding, decoder);
        result
    }

    fn pass(&mut self, text: &[u8]) {
        self.done += text.len() as u64;
        self.lines += line_ends(text, self.after_cr);
        self.after_cr = text.last().map_or(self.after_cr, |byte| *byte == b'\r');
    }

    /// Adds to a report what this made of its file, which is that one of the table's.
    pub fn report(&self, quality: &mut Quality, file: u32) {
        if let State::Decoding(encoding, _) = self.state {
            let name = Some(encoding.name().to_ascii_lowercase());
            if let Some(used) = quality.files.get_mut(file as usize) {
                used.encoding.clone_from(&name);
            }
            if file == 0 {
                quality.encoding = name;
            }
        }
        if let Some(told) = self.told {
            quality.issues.push(Issue {
                code: Code::Encoding.as_str(),
                severity: Severity::Doubtful,
                count: 1,
                column: None,
                attribute: None,
                rows: vec![told.row],
                files: vec![file],
                remedies: Vec::new(),
            });
        }
    }

    /// An error of reading, with bytes counted in the file. A header that is missing in text
    /// whose encoding was told from the bytes means that it was told wrong.
    #[must_use]
    pub fn placed(&self, error: Error) -> Error {
        let missing = matches!(error.code(), Code::MissingColumn | Code::MissingRole);
        match (self.told, &self.state) {
            (Some(told), _) if missing => Error::new(
                Code::Encoding,
                "the bytes are not UTF-8, and in no other encoding do they have these columns: \
                 name the encoding, or save the file as UTF-8",
            )
            .at_row(told.row)
            .at_byte(told.byte),
            (_, State::Decoding(..)) if error.code() != Code::Encoding => error.at_byte_if(None),
            _ => error,
        }
    }
}

fn decoding(encoding: &'static Encoding) -> State {
    State::Decoding(encoding, Box::new(encoding.new_decoder_without_bom_handling()))
}

fn broken(encoding: &'static Encoding) -> Error {
    let name = encoding.name().to_ascii_lowercase();
    let hint = format!("the bytes are not {name}: name the file's encoding, or save it as UTF-8");
    Error::new(Code::Encoding, hint)
}

/// The text of bytes, if all of them are of the encoding; the last character may be cut.
fn strict(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len())?;
    let mut text = String::new();
    text.try_reserve(room).ok()?;
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut text, false);
    (result == DecoderResult::InputEmpty).then_some(text)
}

/// Line ends in a text: LF, CRLF as one, or CR. `after_cr` says what stands before it.
fn line_ends(text: &[u8], after_cr: bool) -> u64 {
    // A sum of bytes is added up in vectors; so many fit into one.
    let of = |part: &[u8], wanted| part.iter().map(|byte| u8::from(*byte == wanted)).sum::<u8>();
    let count = |wanted: u8| text.chunks(255).map(|part| u64::from(of(part, wanted))).sum::<u64>();
    let pairs = if text.contains(&b'\r') {
        text.windows(2).filter(|pair| pair == b"\r\n").count() as u64
    } else {
        0
    };
    let split = u64::from(after_cr && text.first() == Some(&b'\n'));
    count(b'\n') + count(b'\r') - pairs - split
}

/// Loads a file as [`read_table`](super::read_table) does, of any encoding, compressed or not.
///
/// # Errors
/// As there and as [`Opener::push`].
pub fn read_file<B: AsRef<[u8]>>(
    pieces: impl IntoIterator<Item = B>,
    options: &Options,
    zone: Zone,
    hash_seed: u64,
    memory: usize,
) -> Result<(Table, Quality)> {
    let mut opener = Opener::new(options)?;
    // What the file was in is for the opener to say.
    let plain = Options { encoding: None, ..options.clone() };
    let mut loader = Loader::new(&plain, zone, hash_seed, memory)?;
    let read = || {
        let mut to = |text: &[u8]| loader.push(text);
        for piece in pieces {
            opener.push(piece.as_ref(), &mut to)?;
        }
        opener.finish(&mut to)
    };
    match read().and_then(|()| loader.finish()) {
        Ok((table, mut quality)) => {
            opener.report(&mut quality, 0);
            Ok((table, quality))
        }
        Err(error) => Err(opener.placed(error)),
    }
}
