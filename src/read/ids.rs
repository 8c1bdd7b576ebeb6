//! Ids and other text cells: kept exactly, only outer blanks go.
//!
//! An id is never a number: leading zeros, digits beyond 2^53 and the words `null` or `NaN`
//! stay as they are. Doubts are counted and the id is kept: characters that cannot be seen or
//! that turn the reading direction (`control-char`); the shape that a spreadsheet leaves of a
//! long number (`6.2E+18`, `mangled-id`), where distinct customers may have become one; ids that
//! look like another one (`lookalike-id`), where one customer may have become two; and ids that
//! have the shape of personal data (`pii`).

use crate::error::Result;
use crate::privacy::identifier::{is_mail, is_mobile, resident_id, satisfies_luhn};
use crate::table::block::MISSING;
use crate::table::dictionary::{Dictionary, short_key};

use super::lookalike::plain_form;
use super::no_memory;
use crate::stats::order::sort;

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

/// Personal data in shape: a Chinese mobile number, a resident identity number or a bank card
/// number with the right check digit, or an e-mail address.
pub(super) const PERSONAL: u8 = 4;
/// It has another plain form, so that it may look like another id.
pub(super) const MASKED: u8 = 8;

/// Which doubts an id raises.
pub(super) fn doubts(id: &[u8]) -> u8 {
    let mut doubts = 0;
    if id.iter().any(|byte| !(0x20..0x7F).contains(byte)) {
        let hidden = |c: char| {
            c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        };
        if let Ok(id) = std::str::from_utf8(id) {
            doubts |= if id.chars().any(hidden) { CONTROL } else { 0 };
            doubts |= if plain_form(id).is_some() { MASKED } else { 0 };
        }
    }
    if is_personal(id) {
        doubts |= PERSONAL;
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

/// Whether an id has the shape of personal data. A card must begin as those of a card organisation
/// do, since every tenth order number satisfies a check digit.
fn is_personal(id: &[u8]) -> bool {
    let number = id.strip_prefix(b"+").unwrap_or(id);
    let is_issued = || {
        matches!(
            number,
            [b'4', ..] | [b'5', b'1'..=b'5', ..] | [b'6', b'2', ..] | [b'2', b'2'..=b'7', ..]
        )
    };
    match number.len() {
        11 => is_mobile(number) || is_mail(id),
        13 => number.strip_prefix(b"86").is_some_and(is_mobile) || is_mail(id),
        16..=19 if is_issued() && satisfies_luhn(number) => true,
        18 if resident_id(number, None).is_some() => true,
        _ => is_mail(id),
    }
}

/// Whether an id is the word that stands in front of a sum in reports: such a row sums up
/// others.
#[inline]
pub(super) fn is_total(id: &[u8]) -> bool {
    // 合 总 小 累 本 共 as UTF-8, and the first letters of the English words.
    let may_be =
        matches!(id.first(), Some(0xE5 | 0xE6 | 0xE7 | b't' | b'T' | b's' | b'S' | b'g' | b'G'));
    may_be && id.len() <= 20 && is_total_word(id)
}

#[cold]
fn is_total_word(id: &[u8]) -> bool {
    const WORDS: [&str; 14] = [
        "合计",
        "总计",
        "小计",
        "累计",
        "共计",
        "总合计",
        "本页合计",
        "本页小计",
        "total",
        "totals",
        "grand total",
        "subtotal",
        "sub total",
        "sum",
    ];
    let Ok(text) = std::str::from_utf8(id) else { return false };
    let text = text.trim_end_matches([':', '：']).trim_end();
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// A row: its file and its place there.
type Place = (u32, u64);

/// The doubts per dictionary code, looked at once per distinct id.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubts {
    /// Ids looked at.
    seen: usize,
    /// By code; empty while no id raised any.
    by_code: Vec<u8>,
    /// Codes of ids with another plain form, ascending, and the place of the first row of each.
    masked: Vec<(u32, Option<Place>)>,
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
                if doubts & MASKED != 0 {
                    push(&mut self.masked, (code as u32, None))?;
                }
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

    /// Notes a row of an id with another plain form; rows come in ascending order.
    pub(super) fn note(&mut self, code: u32, place: Place) {
        let at = self.masked.binary_search_by_key(&code, |(code, _)| *code);
        if let Some((_, first)) = at.ok().and_then(|at| self.masked.get_mut(at)) {
            first.get_or_insert(place);
        }
    }

    /// The first places of the ids that look like another one, ascending.
    pub(super) fn lookalikes(&self, dictionary: &Dictionary) -> Vec<Place> {
        let form = |code: u32| {
            let id = dictionary.get(code).and_then(|id| std::str::from_utf8(id).ok());
            id.and_then(plain_form)
        };
        let forms = self.masked.iter().filter_map(|(code, place)| Some((form(*code)?, (*place)?)));
        let mut forms: Vec<(String, Place)> = forms.collect();
        sort(&mut forms);
        let mut places: Vec<Place> = forms
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|alike| {
                let known =
                    |(form, _): &(String, Place)| dictionary.find(form.as_bytes()).is_some();
                alike.len() > 1 || alike.first().is_some_and(known)
            })
            .flatten()
            .map(|(_, place)| *place)
            .collect();
        sort(&mut places);
        places
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
            assert_eq!(doubts(id.as_bytes()) & !MASKED, CONTROL, "{id:?}");
        }
        for id in ["张三", "=cmd|' /C calc'!A0", "__proto__"] {
            assert_eq!(doubts(id.as_bytes()), 0, "{id:?}");
        }
    }

    #[test]
    fn personal_data_is_told_by_its_shape_and_check_digit() {
        for id in [
            "13800138000",
            "+8613800138000",
            "8619912345678",
            "11010519491231002X",
            "11010519491231002x",
            "4111111111111111",
            "6222021234567890128",
            "5555555555554444",
            "li.si+a@mail.example.cn",
            "li.wei@example.com",
        ] {
            assert!(is_personal(id.as_bytes()), "{id}");
        }
        for id in [
            "12800138000",
            "1380013800",
            "138001380001",
            "110105194912310021",
            "110105194913310025",
            "110105188001010011",
            "4111111111111112",
            "9007199254740992",
            "18446744073709551617",
            "1111111111111117",
            "a@b",
            "a@b.c",
            "@example.com",
            "a b@example.com",
            "a@b@example.com",
            "C001",
            "张三@example.com",
        ] {
            assert!(!is_personal(id.as_bytes()), "{id}");
        }
    }

    #[test]
    fn words_for_sums_are_known() {
        for id in
            ["合计", "总计：", "小计:", "本页小计", "Total", "GRAND TOTAL", "subtotal :", "sum"]
        {
            assert!(is_total(id.as_bytes()), "{id}");
        }
        for id in ["合计公司", "Totally", "T", "小明", "sum1", "总", "", "全部", "Total Energies"]
        {
            assert!(!is_total(id.as_bytes()), "{id}");
        }
    }

    #[test]
    fn ids_that_look_like_another_are_found_with_the_row_in_which_they_came_first() {
        let mut dictionary = Dictionary::new(1);
        let mut all = Doubts::default();
        let ids = [
            "A1",
            "A1\u{200b}",
            "Ａ１",
            "é",
            "B",
            "e\u{301}",
            "Ｃ",
            "ﬁ",
            "\u{fb01}x",
            "ﬁx",
            "张三",
        ];
        for (place, id) in (2..).zip(ids.iter().chain(&ids)) {
            let code = dictionary.intern(id.as_bytes()).unwrap();
            all.look(&dictionary).unwrap();
            if all.of(code) & MASKED != 0 {
                all.note(code, (0, place));
            }
        }
        assert_eq!(all.lookalikes(&dictionary), [(0, 3), (0, 4), (0, 5)]);
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
