//! Ids and other text cells: kept exactly, only outer blanks go.
//!
//! An id is never a number: leading zeros, digits beyond 2^53 and the words `null` or `NaN`
//! stay as they are. Two doubts are counted and the id is kept: characters that cannot be seen
//! or that turn the reading direction (`control-char`), and the shape that a spreadsheet leaves
//! of a long number (`6.2E+18`, `mangled-id`), where distinct customers may have become one.

use crate::error::Result;
use crate::table::block::MISSING;
use crate::table::dictionary::{Dictionary, short_key};

use super::no_memory;

/// How many ids are looked up together.
const GROUP: usize = 512;
/// Stands for a long id; no short id has this key, since an empty one is missing.
const LONG: u64 = 0;
/// Stands for a missing id; no key, since it is not UTF-8.
const NONE: u64 = u64::MAX;

/// The text without outer white space (Unicode's definition: also the ideographic space of
/// Chinese input and the tab that bill exports put behind long numbers).
#[inline]
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let seen = |byte: &u8| (0x21..0x80).contains(byte);
    if text.first().is_none_or(seen) && text.last().is_none_or(seen) {
        return text;
    }
    std::str::from_utf8(text).map_or(text, |text| text.trim().as_bytes())
}

/// A control character, a line separator or a bidirectional control.
pub(super) const CONTROL: u8 = 1;
/// The shape of a number that a spreadsheet rounded.
pub(super) const MANGLED: u8 = 2;

/// Which doubts an id raises.
pub(super) fn doubts(id: &[u8]) -> u8 {
    let mut doubts = 0;
    if id.iter().any(|byte| !(0x20..0x7F).contains(byte)) {
        let hidden = |c: char| {
            c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        };
        if std::str::from_utf8(id).is_ok_and(|id| id.chars().any(hidden)) {
            doubts |= CONTROL;
        }
    }
    if id.first().is_some_and(u8::is_ascii_digit) && is_mangled(id) {
        doubts |= MANGLED;
    }
    doubts
}

/// `d`, optionally `.d…`, then `E+dd` or more digits.
fn is_mangled(id: &[u8]) -> bool {
    let Some(at) = id.iter().position(|byte| matches!(byte, b'E' | b'e')) else { return false };
    let (mantissa, exponent) = id.split_at(at);
    let Some(exponent) = exponent.get(1..).and_then(|rest| rest.strip_prefix(b"+")) else {
        return false;
    };
    let fraction = match mantissa {
        [b'0'..=b'9'] => true,
        [b'0'..=b'9', b'.', fraction @ ..] => {
            !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    fraction && exponent.len() >= 2 && exponent.iter().all(u8::is_ascii_digit)
}

/// The doubts per dictionary code, looked at once per distinct id.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubts {
    /// Ids looked at.
    seen: usize,
    /// By code; empty while no id raised any.
    by_code: Vec<u8>,
}

impl Doubts {
    /// Looks at the ids that are new in the dictionary since the last time.
    pub(super) fn look(&mut self, dictionary: &Dictionary) -> Result<()> {
        for code in self.seen..dictionary.len() {
            let doubts = dictionary.get(code as u32).map_or(0, doubts);
            if doubts != 0 {
                let missing = (code + 1).saturating_sub(self.by_code.len());
                self.by_code.try_reserve(missing).map_err(|_| no_memory())?;
                self.by_code.resize(code, 0);
                self.by_code.push(doubts);
            }
        }
        self.seen = dictionary.len();
        Ok(())
    }

    /// The doubts about the id behind `code`.
    #[inline]
    pub(super) fn of(&self, code: u32) -> u8 {
        self.by_code.get(code as usize).copied().unwrap_or(0)
    }

    /// Whether no id raised any.
    pub(super) fn is_empty(&self) -> bool {
        self.by_code.is_empty()
    }
}

/// Ids that wait for their codes, in order: looking up many at once is quicker (see
/// [`Dictionary::intern_key`]).
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    keys: Vec<u64>,
    long: Vec<u8>,
    /// Where each long id ends in `long`.
    ends: Vec<usize>,
    /// The codes of those long ids that the dictionary has.
    found: Vec<u32>,
}

impl Waiting {
    /// Appends an id; an empty one is missing.
    #[inline]
    pub(super) fn push(&mut self, id: &[u8]) -> Result<()> {
        let key = match short_key(id) {
            Some(0) => NONE,
            Some(key) => key,
            None => {
                self.long.try_reserve(id.len()).map_err(|_| no_memory())?;
                self.long.extend_from_slice(id);
                push(&mut self.ends, self.long.len())?;
                LONG
            }
        };
        push(&mut self.keys, key)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Turns all into codes, in order. New ids are numbered in the order of their coming.
    pub(super) fn drain(
        &mut self,
        dictionary: &mut Dictionary,
        codes: &mut Vec<u32>,
    ) -> Result<()> {
        codes.try_reserve(self.keys.len()).map_err(|_| no_memory())?;
        dictionary.find_long_ids(&self.long, &self.ends, &mut self.found)?;
        let mut start = 0;
        let mut long = self.ends.iter().zip(&self.found);
        for keys in self.keys.chunks(GROUP) {
            dictionary.look_ahead(keys);
            for key in keys {
                codes.push(match *key {
                    NONE => MISSING,
                    LONG => {
                        let (end, found) = long.next().unwrap_or((&start, &MISSING));
                        let id = self.long.get(start..*end).unwrap_or_default();
                        start = *end;
                        if *found == MISSING { dictionary.intern(id)? } else { *found }
                    }
                    key => dictionary.intern_key(key)?,
                });
            }
        }
        self.found.clear();
        self.keys.clear();
        self.long.clear();
        self.ends.clear();
        Ok(())
    }
}

/// Appends with an error instead of an abort when memory is out.
#[inline]
pub(super) fn push<T>(values: &mut Vec<T>, value: T) -> Result<()> {
    if values.len() == values.capacity() {
        values.try_reserve(1).map_err(|_| no_memory())?;
    }
    values.push(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_waited_have_the_codes_of_those_that_did_not() {
        let ids = ["a", "12345678", "", "123456789", "a", "张三李四", "", "a\0", "123456789"];
        let (mut one, mut many) = (Dictionary::new(1), Dictionary::new(1));
        let mut waiting = Waiting::default();
        let mut codes = Vec::new();
        let mut expected = Vec::new();
        for _ in 0..2 {
            for id in ids.map(str::as_bytes) {
                waiting.push(id).unwrap();
                expected.push(if id.is_empty() { MISSING } else { one.intern(id).unwrap() });
            }
            waiting.drain(&mut many, &mut codes).unwrap();
        }
        assert_eq!(codes, expected);
        assert_eq!(one.as_parts(), many.as_parts());
    }

    #[test]
    fn only_outer_blanks_go() {
        assert_eq!(trimmed(b"  a b\t"), b"a b");
        assert_eq!(trimmed("\u{3000}张三\u{a0}".as_bytes()), "张三".as_bytes());
        assert_eq!(trimmed(b"   "), b"");
        assert_eq!(trimmed(b"\x00A"), b"\x00A");
    }

    #[test]
    fn numbers_that_a_spreadsheet_rounded_are_doubtful_and_others_are_not() {
        for id in ["6.2E+18", "4.30E+15", "1e+05", "6E+18"] {
            assert_eq!(doubts(id.as_bytes()), MANGLED, "{id}");
        }
        for id in ["6.2E+1", "A6.2E+18", "62E+18", "6.E+18", "6.2E18", "6.2E+1x", "2025", "1E"] {
            assert_eq!(doubts(id.as_bytes()), 0, "{id}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_doubtful_and_what_can_is_not() {
        for id in ["C\0", "C\x1b[31m", "C\x07", "C\x7f", "C\u{85}", "C\u{2028}4", "\u{202e}A1"] {
            assert_eq!(doubts(id.as_bytes()), CONTROL, "{id:?}");
        }
        for id in ["张三", "é", "👩\u{200d}🚀", "=cmd|' /C calc'!A0", "__proto__"] {
            assert_eq!(doubts(id.as_bytes()), 0, "{id:?}");
        }
    }

    #[test]
    fn doubts_are_remembered_by_code() {
        let mut dictionary = Dictionary::new(1);
        let mut all = Doubts::default();
        let ids: [&[u8]; 4] = [b"a", b"b\x01", b"c", b"6.2E+18"];
        for id in ids {
            dictionary.intern(id).unwrap();
            all.look(&dictionary).unwrap();
        }
        assert_eq!([0, 1, 2, 3].map(|code| all.of(code)), [0, CONTROL, 0, MANGLED]);
    }
}
