//! The zip archive that a workbook is: its parts by name, each inflated piece by piece.
//!
//! `rawzip` finds the parts, `miniz_oxide` inflates them. Nothing is inflated ahead of being
//! read: a part needs 64 KiB, whatever it says about its size. How much may come out of it is
//! limited by its size in the file, and its checksum must hold.

use std::collections::HashMap;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use rawzip::{CompressionMethod, Crc32, ZipArchive};

use super::Limits;
use crate::error::{Code, Error, Result};

/// The window of inflated bytes, a power of two of at least 32 KiB as the format demands.
const WINDOW: usize = 64 << 10;
/// More parts than any program writes.
const MOST_PARTS: usize = 65_536;
/// What may come out of a part, however small it is in the file.
pub(super) const FREE: u64 = 64 << 20;
/// What may come out of a part that is read in one go.
const SMALL: u64 = 16 << 20;

/// Where a part lies in the file.
#[derive(Clone, Copy, Debug)]
struct Place {
    from: usize,
    to: usize,
    stored: bool,
    locked: bool,
    crc: u32,
}

/// The bytes of the file and where its parts are.
#[derive(Debug)]
pub(super) struct Archive {
    bytes: Rc<Vec<u8>>,
    places: HashMap<String, Place>,
    limits: Limits,
}

impl Archive {
    /// Reads the directory of the archive.
    ///
    /// # Errors
    /// `unsupported` for bytes that are no zip archive, `parse` for a damaged one, `limit` for
    /// one with too many parts.
    pub(super) fn new(bytes: Vec<u8>, limits: Limits) -> Result<Self> {
        let bytes = Rc::new(bytes);
        let zip = ZipArchive::from_slice(bytes.as_slice()).map_err(|_| cut())?;
        let mut places = HashMap::new();
        for entry in zip.entries() {
            let entry = entry.map_err(|_| cut())?;
            let Ok(name) = std::str::from_utf8(entry.file_path().as_bytes()) else { continue };
            if places.len() >= MOST_PARTS {
                return Err(Error::new(Code::Limit, "the archive has more than 65,536 parts"));
            }
            let (from, to) =
                zip.get_entry(entry.wayfinder()).map_err(|_| cut())?.compressed_data_range();
            let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) else {
                return Err(cut());
            };
            let method = entry.compression_method();
            let known = [CompressionMethod::STORE, CompressionMethod::DEFLATE].contains(&method);
            let place = Place {
                from,
                to,
                stored: method == CompressionMethod::STORE,
                locked: entry.flags().is_encrypted() || !known,
                crc: entry.crc32(),
            };
            places.insert(normal(name), place);
        }
        Ok(Archive { bytes, places, limits })
    }

    /// Bytes of the file.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(&normal(name))
    }

    /// The part of this name, from its start.
    ///
    /// # Errors
    /// `parse` if there is none, `unsupported` if it is encrypted or packed in a rare way.
    pub(super) fn open(&self, name: &str) -> Result<Part> {
        let place = *self.places.get(&normal(name)).ok_or_else(missing_part)?;
        if place.locked {
            return Err(Error::new(
                Code::Unsupported,
                "a part of the workbook is encrypted, or packed in a way that is not read: save \
                 it again without a password",
            ));
        }
        let size = place.to.saturating_sub(place.from) as u64;
        let inflated = size.saturating_mul(u64::from(self.limits.ratio)).max(FREE);
        Ok(Part {
            bytes: Rc::clone(&self.bytes),
            at: place.from,
            place,
            inflate: (!place.stored).then(|| Box::new(DecompressorOxide::new())),
            window: vec![0; if place.stored { 0 } else { WINDOW }],
            write: 0,
            ready: (0, 0),
            ended: false,
            crc: Crc32::new(),
            out: 0,
            most: inflated.min(self.limits.bytes),
            ratio_is_lower: inflated < self.limits.bytes,
        })
    }

    /// The same for a part that is read in one go, and has to be small.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(super) fn open_small(&self, name: &str) -> Result<Part> {
        let part = self.open(name)?;
        Ok(Part { most: part.most.min(SMALL), ..part })
    }
}

/// Names are compared without case and without a leading slash, as spreadsheet programs do.
fn normal(name: &str) -> String {
    name.trim_start_matches('/').replace('\\', "/").to_ascii_lowercase()
}

/// A part that is being read.
pub(super) struct Part {
    bytes: Rc<Vec<u8>>,
    place: Place,
    /// How far the file is read.
    at: usize,
    inflate: Option<Box<DecompressorOxide>>,
    window: Vec<u8>,
    /// Where in the window the next bytes go.
    write: usize,
    /// What is inflated and not yet consumed.
    ready: (usize, usize),
    ended: bool,
    crc: Crc32,
    out: u64,
    most: u64,
    ratio_is_lower: bool,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("at", &self.at).field("out", &self.out).finish_non_exhaustive()
    }
}

impl Part {
    /// Bytes of the file read so far, and those of the whole part.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.at - self.place.from, self.place.to.saturating_sub(self.place.from))
    }

    fn packed(&self) -> &[u8] {
        self.bytes.get(self.at..self.place.to).unwrap_or_default()
    }

    fn fill(&mut self) -> Result<()> {
        if self.ready.0 < self.ready.1 || self.ended {
            return Ok(());
        }
        let Some(mut inflate) = self.inflate.take() else {
            let length = self.packed().len().min(WINDOW);
            self.ready = (self.at, self.at + length);
            self.at += length;
            self.ended = length == 0;
            return self.note(length);
        };
        while self.ready.0 == self.ready.1 && !self.ended {
            let mut window = std::mem::take(&mut self.window);
            let (status, read, written) =
                decompress(&mut inflate, self.packed(), &mut window, self.write, 0);
            self.window = window;
            self.at += read;
            self.ready = (self.write, self.write + written);
            self.write = (self.write + written) % WINDOW;
            match status {
                TINFLStatus::Done => self.ended = true,
                TINFLStatus::HasMoreOutput => {}
                _ => return Err(damaged()),
            }
            self.note(written)?;
        }
        self.inflate = Some(inflate);
        Ok(())
    }

    /// Counts the bytes that are ready; at the end the checksum must be right.
    fn note(&mut self, length: usize) -> Result<()> {
        self.out += length as u64;
        if self.out > self.most {
            return Err(Error::new(
                Code::Limit,
                match self.ratio_is_lower {
                    true => {
                        "a part of the workbook unpacks to more than `limits.ratio` times its size"
                    }
                    false => "a part of the workbook is longer than `limits.bytes`",
                },
            ));
        }
        let source =
            if self.inflate.is_none() && self.place.stored { &*self.bytes } else { &self.window };
        self.crc.update(source.get(self.ready.0..self.ready.1).unwrap_or_default());
        match self.ended && self.crc.checksum() != self.place.crc {
            true => Err(damaged()),
            false => Ok(()),
        }
    }
}

impl BufRead for Part {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill().map_err(io::Error::other)?;
        let source = if self.place.stored { &*self.bytes } else { &self.window };
        Ok(source.get(self.ready.0..self.ready.1).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.ready.0 = (self.ready.0 + amount).min(self.ready.1);
    }
}

impl Read for Part {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let length = ready.len().min(into.len());
        if let (Some(to), Some(from)) = (into.get_mut(..length), ready.get(..length)) {
            to.copy_from_slice(from);
        }
        self.consume(length);
        Ok(length)
    }
}

pub(super) fn missing_part() -> Error {
    Error::new(Code::Parse, "the workbook lacks one of its parts: save it again")
}

fn cut() -> Error {
    Error::new(Code::Parse, "the archive's directory is damaged or cut off: get the file again")
}

fn damaged() -> Error {
    Error::new(Code::Parse, "a part of the workbook is damaged: get the file again")
}
