//! gzip (RFC 1952) to bytes, in steps of bounded size.
//!
//! One implementation for every platform: what a browser's own decompression makes of a file of
//! several members, of padding or of garbage behind the end differs, and it does not say where.
//! Members follow each other directly or after zero bytes; anything else behind the last one is
//! an error, and so are a damaged stream, a wrong checksum and a missing end. What comes out is
//! counted against `limits.bytes` and `limits.ratio` while it comes out.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use crate::error::{Code, Error, Result};

use super::no_memory;
use super::options::Limits;

/// The most bytes of one step.
const STEP: usize = 256 << 10;
/// Up to this length the ratio does not count: small files may repeat themselves.
const FREE: u64 = 4 << 20;
/// A header longer than this has a hostile name or comment in it.
const MOST_HEADER: usize = 1 << 16;

/// Whether a file that begins so is compressed with gzip.
#[must_use]
pub fn is_gzip(first: &[u8]) -> bool {
    first.starts_with(&[0x1F, 0x8B])
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before a header; at least one member was read if `more`.
    Header { more: bool },
    /// In compressed data.
    Body,
    /// Before the checksum and length.
    Trailer,
}

/// Decompresses a file: push bytes, then pull until nothing comes.
pub struct Inflate {
    limits: Limits,
    state: State,
    stream: Box<InflateState>,
    input: Vec<u8>,
    /// How much of `input` is used.
    used: usize,
    /// Bytes of the file before `input`.
    before: u64,
    output: Vec<u8>,
    /// Bytes that came out.
    out: u64,
    crc: Crc,
    /// Checksum and length of this member so far.
    check: u32,
    length: u32,
}

impl std::fmt::Debug for Inflate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflate").field("state", &self.state).field("out", &self.out).finish()
    }
}

impl Inflate {
    /// A decompressor that stops at `limits.bytes` and `limits.ratio`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Inflate {
            limits,
            state: State::Header { more: false },
            stream: InflateState::new_boxed(DataFormat::Raw),
            input: Vec::new(),
            used: 0,
            before: 0,
            output: Vec::new(),
            out: 0,
            crc: Crc::new(),
            check: 0,
            length: 0,
        }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.input.drain(..self.used);
        self.before += self.used as u64;
        self.used = 0;
        self.input.try_reserve(bytes.len()).map_err(|_| no_memory())?;
        self.input.extend_from_slice(bytes);
        Ok(())
    }

    /// The next decompressed bytes, at most 256 KiB; none if more must be pushed first.
    ///
    /// # Errors
    /// `parse` with the byte for what is no gzip, `limit` for what is too long.
    pub fn pull(&mut self) -> Result<&[u8]> {
        if self.output.is_empty() {
            self.output.try_reserve_exact(STEP).map_err(|_| no_memory())?;
            self.output.resize(STEP, 0);
        }
        let mut filled = 0;
        loop {
            let rest = self.input.get(self.used..).unwrap_or_default();
            match self.state {
                State::Header { more } => {
                    if more {
                        let padding = rest.iter().take_while(|byte| **byte == 0).count();
                        self.used += padding;
                    }
                    let rest = self.input.get(self.used..).unwrap_or_default();
                    if rest.is_empty() {
                        break;
                    }
                    match header(rest) {
                        None if rest.len() > MOST_HEADER => {
                            return Err(self.damaged("the header does not end"));
                        }
                        None => break,
                        Some(Err(())) if more => {
                            return Err(self.damaged("there is something else behind its end"));
                        }
                        Some(Err(())) => return Err(self.damaged("the header is damaged")),
                        Some(Ok(length)) => {
                            self.used += length;
                            self.stream.reset(DataFormat::Raw);
                            (self.check, self.length) = (0, 0);
                            self.state = State::Body;
                        }
                    }
                }
                State::Body => {
                    let room = self.output.get_mut(filled..).unwrap_or_default();
                    if room.is_empty() {
                        break;
                    }
                    let result = inflate(&mut self.stream, rest, room, MZFlush::None);
                    let fresh = room.get(..result.bytes_written).unwrap_or_default();
                    self.check = self.crc.with(self.check, fresh);
                    self.length = self.length.wrapping_add(fresh.len() as u32);
                    self.used += result.bytes_consumed;
                    filled += result.bytes_written;
                    self.out += result.bytes_written as u64;
                    self.check_limits()?;
                    match result.status {
                        Ok(MZStatus::StreamEnd) => self.state = State::Trailer,
                        Ok(_) | Err(MZError::Buf) => {
                            if result.bytes_consumed == 0 && result.bytes_written == 0 {
                                break;
                            }
                        }
                        Err(_) => return Err(self.damaged("the data are damaged")),
                    }
                }
                State::Trailer => {
                    let Some((trailer, _)) = rest.split_first_chunk::<8>() else { break };
                    let (sum, length) = trailer.split_at(4);
                    let same =
                        sum == self.check.to_le_bytes() && length == self.length.to_le_bytes();
                    if !same {
                        return Err(self.damaged("its checksum is wrong"));
                    }
                    self.used += 8;
                    self.state = State::Header { more: true };
                }
            }
        }
        Ok(self.output.get(..filled).unwrap_or_default())
    }

    /// Whether the file may end here.
    ///
    /// # Errors
    /// `parse` with the byte if it was cut off.
    pub fn finish(&self) -> Result<()> {
        match self.state {
            State::Header { more: true } if self.used == self.input.len() => Ok(()),
            _ => Err(self.damaged("the file was cut off")),
        }
    }

    fn damaged(&self, what: &str) -> Error {
        Error::new(Code::Parse, format!("gzip: {what}; compress or download the file again"))
            .at_byte(self.before + self.used as u64)
    }

    fn check_limits(&self) -> Result<()> {
        let read = self.before + self.used as u64;
        if self.out > self.limits.bytes {
            return Err(Error::new(Code::Limit, "the file is longer than `limits.bytes`"));
        }
        if self.out > FREE && self.out / read.max(1) >= u64::from(self.limits.ratio.max(1)) {
            return Err(Error::new(
                Code::Limit,
                "the file unpacks to more than `limits.ratio` times its size, as files do that \
                 are made to fill a machine",
            ));
        }
        Ok(())
    }
}

/// The length of the header; an error for what is none, nothing if it is cut.
fn header(bytes: &[u8]) -> Option<std::result::Result<usize, ()>> {
    let wrong = [(0, 0x1F), (1, 0x8B), (2, 8)]
        .iter()
        .any(|(at, wanted)| bytes.get(*at).is_some_and(|byte| byte != wanted));
    let flags = bytes.get(3).copied();
    if wrong || flags.is_some_and(|flags| flags & 0xE0 != 0) {
        return Some(Err(()));
    }
    let flags = flags?;
    let mut at = 10;
    if flags & 4 != 0 {
        let length = u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]);
        at += 2 + usize::from(length);
    }
    for text in [8, 16] {
        if flags & text != 0 {
            at += bytes.get(at..)?.iter().position(|byte| *byte == 0)? + 1;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    (bytes.len() >= at).then_some(Ok(at))
}

/// CRC-32.
struct Crc([u32; 256]);

impl Crc {
    fn new() -> Self {
        Crc(std::array::from_fn(|byte| {
            (0..8).fold(byte as u32, |value, _| {
                if value & 1 == 1 { 0xEDB8_8320 ^ (value >> 1) } else { value >> 1 }
            })
        }))
    }

    /// The checksum `before` with more bytes.
    fn with(&self, before: u32, bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!before, |sum, byte| {
            let index = usize::from(sum as u8 ^ byte);
            self.0.get(index).copied().unwrap_or(0) ^ (sum >> 8)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use miniz_oxide::deflate::compress_to_vec;
    use proptest::prelude::*;

    /// A member with all that a header may have.
    fn member(content: &[u8], flags: u8) -> Vec<u8> {
        let mut file = vec![0x1F, 0x8B, 8, flags, 1, 2, 3, 4, 0, 255];
        if flags & 4 != 0 {
            file.extend([3, 0, 7, 0, 7]);
        }
        if flags & 8 != 0 {
            file.extend(b"orders.csv\0");
        }
        if flags & 16 != 0 {
            file.extend(b"\0");
        }
        if flags & 2 != 0 {
            file.extend([0, 0]);
        }
        file.extend(compress_to_vec(content, 6));
        file.extend(Crc::new().with(0, content).to_le_bytes());
        file.extend((content.len() as u32).to_le_bytes());
        file
    }

    fn unpacked(file: &[u8], piece: usize, limits: Limits) -> Result<Vec<u8>> {
        let mut inflate = Inflate::new(limits);
        let mut out = Vec::new();
        for piece in file.chunks(piece) {
            inflate.push(piece)?;
            loop {
                let part = inflate.pull()?;
                if part.is_empty() {
                    break;
                }
                out.extend_from_slice(part);
            }
        }
        inflate.finish().map(|()| out)
    }

    proptest! {
        #[test]
        fn members_come_out_as_they_went_in(
            parts in proptest::collection::vec((proptest::collection::vec(0u8..4, 0..2000), 0u8..32), 1..4),
            padding in 0usize..3, piece in 1usize..400,
        ) {
            let mut file: Vec<u8> =
                parts.iter().flat_map(|(content, flags)| member(content, *flags)).collect();
            file.resize(file.len() + padding, 0);
            let content: Vec<u8> = parts.iter().flat_map(|(content, _)| content.clone()).collect();
            prop_assert_eq!(unpacked(&file, piece, Limits::default()).unwrap(), content);
        }

        #[test]
        fn damage_never_changes_what_comes_out(content: Vec<u8>, at in 10usize..2000, bit in 0u8..8, piece in 1usize..400) {
            let mut file = member(&content, 0);
            let at = 10 + at % (file.len() - 10);
            file[at] ^= 1 << bit;
            // Some bits of a stream say nothing; all others change what comes out.
            for piece in [piece, 1 << 16] {
                if let Ok(out) = unpacked(&file, piece, Limits::default()) {
                    prop_assert_eq!(&out, &content);
                }
            }
        }
    }

    #[test]
    fn the_checksum_is_the_usual_one() {
        assert_eq!(Crc::new().with(0, b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn what_is_cut_off_or_goes_on_is_an_error_with_its_place() {
        let file = member(b"id,time\nA,2025-01-01\n", 8);
        for cut in 0..file.len() {
            let error = unpacked(&file[..cut], 5, Limits::default()).unwrap_err();
            assert_eq!(error.code(), Code::Parse, "{cut}");
        }
        let error = unpacked(&[&file[..], b"more"].concat(), 5, Limits::default()).unwrap_err();
        assert_eq!((error.code(), error.byte()), (Code::Parse, Some(file.len() as u64)));
    }

    #[test]
    fn limits_hold_before_the_memory_is_taken() {
        let zeros = member(&vec![0; 20 << 20], 0);
        let error = unpacked(&zeros, 1 << 20, Limits::default()).unwrap_err();
        assert!(error.code() == Code::Limit && error.hint().contains("limits.ratio"), "{error}");
        let limits = Limits { ratio: 2000, bytes: 10 << 20, ..Limits::default() };
        let error = unpacked(&zeros, 1 << 20, limits).unwrap_err();
        assert!(error.code() == Code::Limit && error.hint().contains("limits.bytes"), "{error}");
        assert!(unpacked(&zeros, 1 << 20, Limits { ratio: 2000, ..limits }).is_err());
        assert!(unpacked(&member(&vec![0; 3 << 20], 0), 99, Limits::default()).is_ok());
    }
}
