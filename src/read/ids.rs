//! Ids and other text cells: kept exactly, only outer blanks go.
//!
//! An id is never a number: leading zeros, digits beyond 2^53 and the words `null` or `NaN`
//! stay as they are. Two doubts are counted and the id is kept: characters that cannot be seen
//! or that turn the reading direction (`control-char`), and the shape that a spreadsheet leaves
//! of a long number (`6.2E+18`, `mangled-id`), where distinct customers may have become one.

use crate::error::{Error, Result};

use super::no_memory;

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
    seen: u32,
    /// Empty while no id raised any.
    by_code: Vec<u8>,
}

impl Doubts {
    /// The doubts about the id behind `code`. Codes come in order of first appearance.
    #[inline]
    pub(super) fn of(&mut self, code: u32, id: &[u8]) -> Result<u8> {
        if code >= self.seen {
            self.look(code, id)?;
        }
        Ok(self.by_code.get(code as usize).copied().unwrap_or(0))
    }

    fn look(&mut self, code: u32, id: &[u8]) -> Result<()> {
        self.seen = code + 1;
        let doubts = doubts(id);
        if doubts != 0 {
            let missing = (code as usize + 1).saturating_sub(self.by_code.len());
            self.by_code.try_reserve(missing).map_err(|_| -> Error { no_memory() })?;
            self.by_code.resize(code as usize, 0);
            self.by_code.push(doubts);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut all = Doubts::default();
        let ids: [&[u8]; 4] = [b"a", b"b\x01", b"c", b"6.2E+18"];
        let expected = [0, CONTROL, 0, MANGLED];
        for _ in 0..2 {
            for (code, id) in ids.iter().enumerate() {
                assert_eq!(all.of(code as u32, id).unwrap(), expected[code]);
            }
        }
    }
}
