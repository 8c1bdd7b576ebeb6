//! Finds personal information in text: numbers with their check digits, shapes, and what a word
//! before a number says it is.
//!
//! Where several readings of one stretch are possible, a word before it beats a check digit, and
//! a check digit beats a mere shape. A number inside a longer run of digits is none; letters
//! around it do not hide it. Full-width and other forms of digits are read as digits (NFKC).
//! Every search is bounded, so that the time is linear in the length of the text.
//!
//! When not to rely on it: bare names are not found, an address only with its road and number,
//! and a number without a check digit (a phone, an id of a messenger) is told by its shape alone.
//! What is not found is not thereby free of personal information.

use serde::{Deserialize, Serialize};

use super::identifier::{
    folded, is_card, is_credit_code, is_mobile, is_of_mail_name, is_province, number, resident_id,
    satisfies_luhn,
};
use crate::stats::order::sort_by;
use crate::table::calendar::Date;

/// A kind of personal information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "PersonalKind"))]
pub enum Kind {
    /// A mobile number of mainland China.
    CnMobile,
    /// A landline number of mainland China, with its area code.
    CnLandline,
    /// A resident identity number of 18 characters.
    CnResidentId,
    /// A unified social credit code: of an organisation, and of a person in business.
    CnUscc,
    /// A payment card.
    BankCard,
    /// The number of a mobile device.
    Imei,
    /// A passport.
    CnPassport,
    /// A travel permit for Hong Kong and Macau.
    HkMacauPermit,
    /// A plate of a car.
    CnPlate,
    /// A postal address with road and number.
    CnAddress,
    /// An e-mail address.
    Email,
    /// An internet address.
    Ip,
    /// A place: latitude and longitude inside China.
    Geo,
    /// A WeChat openid: one customer in one account.
    WechatOpenid,
    /// A WeChat unionid: one customer in all accounts of one owner.
    WechatUnionid,
    /// One of the two, without a word that says which.
    WechatId,
    /// A WeChat account.
    WechatWxid,
    /// A QQ number.
    Qq,
    /// A name. Never found; to be masked where the caller knows it.
    Name,
}

impl Kind {
    /// How columns of it are to be treated, as a proposal: sensitive as the Personal Information
    /// Protection Law of China lists it (art. 28), else an identifier or part of one.
    #[must_use]
    pub fn class(self) -> super::policy::Class {
        use super::policy::Class;
        match self {
            Kind::CnResidentId
            | Kind::BankCard
            | Kind::Geo
            | Kind::CnPassport
            | Kind::HkMacauPermit => Class::Sensitive,
            Kind::CnAddress => Class::QuasiIdentifier,
            _ => Class::Identifier,
        }
    }
}

/// What a find rests on, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Evidence {
    /// Its shape alone.
    Shape,
    /// Its check digit, or a form that little else has.
    Checksum,
    /// A word before it.
    Context,
}

/// One find: `start` inclusive, `end` exclusive, in Unicode scalar values of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entity {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What it rests on.
    pub evidence: Evidence,
}

/// Finds personal information; keeps its memory from text to text.
#[derive(Debug, Default)]
pub struct Detector {
    text: Vec<char>,
    taken: Vec<bool>,
    found: Vec<Entity>,
}

/// One kind over the texts of a column.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KindFound {
    /// What it is.
    pub kind: Kind,
    /// How many texts hold it.
    pub texts: u32,
    /// The share of them among texts that are not empty.
    pub share: f64,
    /// How a column of it is to be treated, as a proposal.
    pub class: super::policy::Class,
}

/// Counts kinds over the texts of a column.
#[derive(Debug, Default)]
pub struct Tally {
    detector: Detector,
    filled: u32,
    kinds: Vec<KindFound>,
}

impl Tally {
    /// Adds a text; what is found in it.
    pub fn see(&mut self, text: &str, today: Option<Date>) -> &[Entity] {
        self.filled += u32::from(!text.is_empty());
        let found = self.detector.find(text, today);
        for (at, entity) in found.iter().enumerate() {
            let is_again = found.iter().take(at).any(|earlier| earlier.kind == entity.kind);
            match self.kinds.iter_mut().find(|known| known.kind == entity.kind) {
                _ if is_again => {}
                Some(known) => known.texts += 1,
                None => {
                    let (kind, class) = (entity.kind, entity.kind.class());
                    self.kinds.push(KindFound { kind, texts: 1, share: 0.0, class });
                }
            }
        }
        found
    }

    /// The kinds, the most frequent first.
    #[must_use]
    pub fn kinds(mut self) -> Vec<KindFound> {
        for kind in &mut self.kinds {
            kind.share = f64::from(kind.texts) / f64::from(self.filled.max(1));
        }
        sort_by(&mut self.kinds, |a, b| b.texts.cmp(&a.texts));
        self.kinds
    }
}

/// The first characters of plates.
const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
/// Names with which addresses begin.
const REGIONS: &str = "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙 江苏 浙江 安徽 福建 江西 山东 河南 湖北 \
     湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙 广西 西藏 宁夏 新疆 香港 澳门";
/// No address is longer, in characters before and behind its road.
const ADDRESS: usize = 48;
/// No name of a mailbox is longer (RFC 5321).
const MAILBOX: usize = 64;

impl Detector {
    /// All that is found, by place; no two overlap. A resident number with a birth after `today`
    /// is none, if that is given.
    pub fn find(&mut self, text: &str, today: Option<Date>) -> &[Entity] {
        self.found.clear();
        if !may_hold(text.as_bytes()) {
            return &self.found;
        }
        self.text.clear();
        self.text.extend(text.chars().map(folded));
        let mut scan = Scan { text: &self.text, today, found: &mut self.found };
        scan.run();
        if self.found.len() > 1 {
            self.settle();
        }
        &self.found
    }

    /// Of finds that overlap the one with the better evidence stays, then the one that was
    /// looked for first.
    fn settle(&mut self) {
        sort_by(&mut self.found, |a, b| b.evidence.cmp(&a.evidence));
        self.taken.clear();
        self.taken.resize(self.text.len(), false);
        let taken = &mut self.taken;
        self.found.retain(|entity| {
            let Some(place) = taken.get_mut(entity.start..entity.end) else { return false };
            let is_free = place.iter().all(|taken| !taken);
            if is_free {
                place.fill(true);
            }
            is_free
        });
        sort_by(&mut self.found, |a, b| a.start.cmp(&b.start));
    }
}

/// Whether a text has what any find needs: an at sign, four digits, a long word, or characters
/// beyond ASCII, which may be digits as well.
fn may_hold(text: &[u8]) -> bool {
    let (mut digits, mut other) = (0, text.len() >= 28);
    for byte in text {
        digits += u32::from(byte.is_ascii_digit());
        other |= matches!(byte, b'@' | b'_') | (*byte >= 0xEF);
    }
    digits >= 1 && (digits >= 3 || !text.is_ascii()) || other
}

struct Scan<'a> {
    text: &'a [char],
    today: Option<Date>,
    found: &'a mut Vec<Entity>,
}

impl Scan<'_> {
    fn at(&self, place: usize) -> char {
        self.text.get(place).copied().unwrap_or('\0')
    }

    /// The character before a place; nothing at the start.
    fn before(&self, place: usize) -> char {
        place.checked_sub(1).map_or('\0', |place| self.at(place))
    }

    /// Where characters that satisfy `is` end, at most `most` after `start`.
    fn end_of(&self, start: usize, most: usize, is: impl Fn(char) -> bool) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        start + rest.iter().take(most).take_while(|c| is(**c)).count()
    }

    /// Where characters that satisfy `is` and end before `end` begin, at most `most` before it.
    fn start_of(&self, end: usize, most: usize, is: impl Fn(char) -> bool) -> usize {
        let before = self.text.get(..end).unwrap_or_default();
        end - before.iter().rev().take(most).take_while(|c| is(**c)).count()
    }

    fn add(&mut self, kind: Kind, start: usize, end: usize, evidence: Evidence) {
        self.found.push(Entity { kind, start, end, evidence });
    }

    /// Whether the last word before a place, behind marks and words like "number", ends with
    /// one of these (in lower case).
    fn says(&self, place: usize, words: &[&str]) -> bool {
        let is_between = |c: char| {
            matches!(c, ' ' | ':' | '=' | '"' | '\'' | '(' | '（' | '#' | '.' | '-' | '_' | '：')
                || matches!(c, '号' | '码' | '是' | '为')
        };
        let end = self.start_of(place, 8, is_between);
        words.iter().any(|word| {
            let mut at = end;
            word.chars().rev().all(|c| {
                let is_it = self.before(at).to_ascii_lowercase() == c;
                at = at.saturating_sub(1);
                is_it
            })
        })
    }

    fn run(&mut self) {
        let mut place = 0;
        let mut words = 0;
        while place < self.text.len() {
            let c = self.at(place);
            if c.is_ascii_digit() {
                let end = self.end_of(place, usize::MAX, |c| c.is_ascii_digit());
                self.digits(place, end);
            }
            // Words of letters, digits, hyphens and underscores are looked at once.
            if place >= words && (c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
                words = self.end_of(place, usize::MAX, |c| {
                    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
                });
                self.word(place, words);
            }
            match c {
                '@' => self.mail(place),
                ':' => self.ip_six(place),
                '路' | '街' | '道' | '巷' | '弄' | '村' | '胡' | '里' | '园' => {
                    self.address(place)
                }
                _ if c >= '\u{4E00}' && PROVINCES.contains(c) => self.plate(place),
                _ => {}
            }
            place = match c.is_ascii_digit() {
                true => self.end_of(place, usize::MAX, |c| c.is_ascii_digit()),
                false => place + 1,
            };
        }
    }

    /// A whole run of digits.
    fn digits(&mut self, start: usize, end: usize) {
        let length = end - start;
        let mut bytes = [0u8; 24];
        for (byte, c) in bytes.iter_mut().zip(self.text.get(start..end).unwrap_or_default()) {
            *byte = *c as u8;
        }
        let digits = bytes.get(..length).unwrap_or_default();
        let is_decimal = self.at(end) == '.' && self.at(end + 1).is_ascii_digit();
        match length {
            11 if is_mobile(digits) && !is_decimal => {
                let start = self.country_before(start);
                self.add(Kind::CnMobile, start, end, Evidence::Shape);
            }
            3 | 4 if self.at(start) == '0' => self.landline(start, end),
            3 => self.mobile_in_groups(start),
            15 if satisfies_luhn(digits) && self.says(start, &["imei"]) => {
                self.add(Kind::Imei, start, end, Evidence::Context);
            }
            17 if matches!(self.at(end), 'X' | 'x') && !self.at(end + 1).is_ascii_digit() => {
                let mut id = [b'X'; 18];
                id.iter_mut().zip(digits).for_each(|(to, from)| *to = *from);
                if resident_id(&id, self.today).is_some() {
                    self.add(Kind::CnResidentId, start, end + 1, Evidence::Checksum);
                }
            }
            18 if resident_id(digits, self.today).is_some() => {
                self.add(Kind::CnResidentId, start, end, Evidence::Checksum);
            }
            _ => {}
        }
        let is_resident = self
            .found
            .last()
            .is_some_and(|last| last.kind == Kind::CnResidentId && last.start == start);
        if is_card(digits) && !is_decimal && !is_resident {
            self.add(Kind::BankCard, start, end, Evidence::Checksum);
        }
        if length == 4 || length == 6 {
            self.card_in_groups(start);
        }
        let is_mailbox = self.at(end) == '@';
        if (5..=11).contains(&length) && !is_decimal && !is_mailbox && self.says(start, &["qq"]) {
            self.add(Kind::Qq, start, end, Evidence::Context);
        }
        if length <= 3 {
            self.ip_four(start);
            self.place(start, end);
        }
        self.credit_code(start);
    }

    /// Where a mobile number begins together with the code of the country before it.
    fn country_before(&self, start: usize) -> usize {
        let gap = self.start_of(start, 1, |c| matches!(c, ' ' | '-'));
        let code = self.start_of(gap, 4, |c| c.is_ascii_digit());
        let digits = self.text.get(code..gap).unwrap_or_default();
        let is_longer = self.before(code).is_ascii_digit();
        match digits {
            ['8', '6'] if self.before(code) == '+' => code - 1,
            ['0', '0', '8', '6'] if !is_longer => code,
            _ => start,
        }
    }

    /// `138 0013 8000`, or with hyphens.
    fn mobile_in_groups(&mut self, start: usize) {
        let mut bytes = [0u8; 11];
        let mut place = start;
        let mut filled = 0;
        for length in [3, 4, 4] {
            if filled > 0 {
                if !matches!(self.at(place), ' ' | '-') {
                    return;
                }
                place += 1;
            }
            if self.end_of(place, length + 1, |c| c.is_ascii_digit()) != place + length {
                return;
            }
            for byte in bytes.iter_mut().skip(filled).take(length) {
                *byte = self.at(place) as u8;
                place += 1;
            }
            filled += length;
        }
        let begin = self.country_before(start);
        // Hyphens that join it to more digits make it part of another number.
        let is_joined = |mark: char, digit: char| mark == '-' && digit.is_ascii_digit();
        let before = self.before(start.saturating_sub(1));
        if is_mobile(&bytes)
            && !is_joined(self.at(place), self.at(place + 1))
            && (begin < start || !is_joined(self.before(start), before))
        {
            self.add(Kind::CnMobile, begin, place, Evidence::Shape);
        }
    }

    /// A card in groups of four, or 4-6-5, parted by blanks or hyphens.
    fn card_in_groups(&mut self, start: usize) {
        let mut digits = [0u8; 20];
        let (mut filled, mut groups, mut place) = (0, 0, start);
        loop {
            let end = self.end_of(place, 8, |c| c.is_ascii_digit());
            let length = end - place;
            if length == 0 || length > 6 || filled + length > 19 {
                return;
            }
            for (to, at) in digits.iter_mut().skip(filled).zip(place..end) {
                *to = self.at(at) as u8;
            }
            filled += length;
            groups += 1;
            place = end;
            let goes_on = matches!(self.at(end), ' ' | '-') && self.at(end + 1).is_ascii_digit();
            if !goes_on {
                break;
            }
            if !matches!((groups, length), (1..=4, 4) | (2, 6)) {
                return;
            }
            place += 1;
        }
        let is_first =
            !(matches!(self.before(start), '-') && self.before(start - 1).is_ascii_digit());
        if groups > 2 && is_first && is_card(digits.get(..filled).unwrap_or_default()) {
            self.add(Kind::BankCard, start, place, Evidence::Checksum);
        }
    }

    /// Area code, hyphen or blank, 7 or 8 digits, of which a blank may part the last four.
    fn landline(&mut self, start: usize, end: usize) {
        let is_area = match end - start {
            3 => matches!(self.at(start + 1), '1' | '2'),
            _ => matches!(self.at(start + 1), '3'..='9'),
        };
        let is_joined = self.before(start) == '-' || self.before(start) == '.';
        if !is_area || is_joined || !matches!(self.at(end), ' ' | '-') {
            return;
        }
        let first = self.end_of(end + 1, 9, |c| c.is_ascii_digit());
        let mut last = first;
        let mut length = first - end - 1;
        if matches!(length, 3 | 4) && self.at(first) == ' ' {
            last = self.end_of(first + 1, 5, |c| c.is_ascii_digit());
            if last - first - 1 != 4 {
                return;
            }
            length += 4;
        }
        if matches!(length, 7 | 8) {
            self.add(Kind::CnLandline, start, last, Evidence::Shape);
        }
    }

    /// A unified social credit code whose first digits begin at `start`: its region, in the
    /// third to eighth place, is one.
    fn credit_code(&mut self, start: usize) {
        let is_of_code = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
        // The first symbol may be a letter (Y), at the beginning of a word.
        for begin in [start.saturating_sub(1), start] {
            let is_letter_first = begin < start;
            if is_letter_first
                && (!self.at(begin).is_ascii_uppercase()
                    || self.before(begin).is_ascii_alphanumeric())
            {
                continue;
            }
            let mut code = [0u8; 18];
            for (to, at) in code.iter_mut().zip(begin..) {
                let c = self.at(at);
                if !is_of_code(c) {
                    return;
                }
                *to = c as u8;
            }
            let end = begin + 18;
            let is_longer = self.at(end).is_ascii_digit()
                || (self.at(end).is_ascii_alphabetic() && self.before(end).is_ascii_alphabetic());
            let region = code.get(2..8).unwrap_or_default();
            let has_region = region.iter().all(u8::is_ascii_digit)
                && region.get(..2).and_then(number).is_some_and(is_province);
            if !is_longer && has_region && is_credit_code(&code) {
                self.add(Kind::CnUscc, begin, end, Evidence::Checksum);
                return;
            }
        }
    }

    /// Four numbers to 255, parted by points, and no longer run of them.
    fn ip_four(&mut self, start: usize) {
        let mut place = start;
        for part in 0..4 {
            if part > 0 {
                if self.at(place) != '.' {
                    return;
                }
                place += 1;
            }
            let end = self.end_of(place, 4, |c| c.is_ascii_digit());
            let value = (place..end).fold(0, |all, at| all * 10 + u32::from(self.at(at)) - 48);
            if !(1..=3).contains(&(end - place)) || value > 255 {
                return;
            }
            place = end;
        }
        let is_longer = matches!(self.before(start), '.' | 'v' | 'V')
            || self.at(place) == '.' && self.at(place + 1).is_ascii_digit();
        if !is_longer && !self.says(start, &["版本", "version", "ver"]) {
            self.add(Kind::Ip, start, place, Evidence::Shape);
        }
    }

    /// The address of version 6 of which this is the first colon.
    fn ip_six(&mut self, colon: usize) {
        let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.');
        if self.before(colon) == ':' && colon > 1 && self.before(colon - 1) != '\0' {
            return;
        }
        let start = self.start_of(colon, 5, |c| c.is_ascii_hexdigit());
        let mut end = self.end_of(start, 46, is_part);
        let text = |end: usize| self.text.get(start..end).unwrap_or_default();
        if self.before(start) == ':' {
            return;
        }
        // A point or a colon that ends a sentence is not part of it.
        while matches!(text(end).last(), Some('.')) {
            end -= 1;
        }
        let colons = text(end).iter().filter(|c| **c == ':').count();
        let is_bounded = !self.before(start).is_ascii_alphanumeric()
            && !self.at(end).is_ascii_alphanumeric()
            && self.at(end) != ':';
        if colons < 2 || !is_bounded || !text(end).iter().any(char::is_ascii_digit) {
            return;
        }
        let address: String = text(end).iter().collect();
        if address.len() > 3 && address.parse::<std::net::Ipv6Addr>().is_ok() {
            self.add(Kind::Ip, start, end, Evidence::Checksum);
        }
    }

    /// A number with decimals: its end, its value, and how many decimals it has.
    fn decimal(&self, start: usize) -> Option<(usize, f64, usize)> {
        let point = self.end_of(start, 4, |c| c.is_ascii_digit());
        if point == start || point > start + 3 || self.at(point) != '.' {
            return None;
        }
        let end = self.end_of(point + 1, 17, |c| c.is_ascii_digit());
        let is_longer = self.at(end) == '.' && self.at(end + 1).is_ascii_digit();
        let text: String = self.text.get(start..end)?.iter().collect();
        let value = text.parse().ok()?;
        (end > point + 1 && !is_longer).then_some((end, value, end - point - 1))
    }

    /// Latitude and longitude inside China.
    fn place(&mut self, start: usize, end: usize) {
        if self.at(end) != '.' || matches!(self.before(start), '.' | '-') {
            return;
        }
        let Some((latitude_end, latitude, fine)) = self.decimal(start) else { return };
        let gap = self.end_of(latitude_end, 1, |c| c == ' ');
        if !matches!(self.at(gap), ',' | '，' | '、' | ';') {
            return;
        }
        let second = self.end_of(gap + 1, 2, |c| c == ' ');
        let Some((end, longitude, finer)) = self.decimal(second) else { return };
        let is_named = || {
            self.says(
                start,
                &["坐标", "纬度", "经纬度", "位置", "定位", "gps", "latlng", "location"],
            )
        };
        let is_inside = (3.0..=54.0).contains(&latitude) && (73.0..=136.0).contains(&longitude);
        // Two amounts in a row have two decimals at most.
        if is_inside && (fine.min(finer) >= 3 || is_named()) {
            self.add(Kind::Geo, start, end, Evidence::Shape);
        }
    }

    /// A whole word of letters, digits, hyphens and underscores.
    fn word(&mut self, start: usize, end: usize) {
        let length = end - start;
        let has =
            |is: fn(&char) -> bool| self.text.get(start..end).unwrap_or_default().iter().any(is);
        if length == 28 && self.at(start) == 'o' && self.before(start) != '@' {
            let keys: [(&[&str], Kind); 2] = [
                (&["openid", "open_id", "open-id"], Kind::WechatOpenid),
                (&["unionid", "union_id", "union-id"], Kind::WechatUnionid),
            ];
            let named = keys.iter().find(|(words, _)| self.says(start, words));
            match named {
                Some((_, kind)) => self.add(*kind, start, end, Evidence::Context),
                // A long word or an address of a page is none.
                None if has(char::is_ascii_digit) && has(char::is_ascii_uppercase) => {
                    self.add(Kind::WechatId, start, end, Evidence::Shape);
                }
                None => {}
            }
        }
        let wxid = ['w', 'x', 'i', 'd', '_'];
        let is_wxid = self.text.get(start..end).is_some_and(|word| word.starts_with(&wxid));
        if is_wxid {
            let last = self.end_of(start + 5, 64, |c| c.is_ascii_alphanumeric());
            if last >= start + 9 {
                self.add(Kind::WechatWxid, start, last, Evidence::Checksum);
            }
        }
        // A letter and eight digits are a document only where a word says so.
        let letter = self.end_of(start, 2, |c| c.is_ascii_alphabetic());
        let digits = self.end_of(letter, 9, |c| c.is_ascii_digit());
        if letter == start + 1 && digits == letter + 8 {
            if self.says(start, &["护照", "passport"]) {
                self.add(Kind::CnPassport, start, digits, Evidence::Context);
            } else if self.says(start, &["通行证"]) {
                self.add(Kind::HkMacauPermit, start, digits, Evidence::Context);
            }
        }
    }

    /// A province, a letter, and five symbols, or six of an electric car.
    fn plate(&mut self, start: usize) {
        if !self.at(start + 1).is_ascii_uppercase() {
            return;
        }
        let gap = usize::from(matches!(self.at(start + 2), '·' | '•' | '-' | ' '));
        let first = start + 2 + gap;
        let is_symbol =
            |c: char| c.is_ascii_digit() || (c.is_ascii_uppercase() && !matches!(c, 'I' | 'O'));
        let end = self.end_of(first, 7, is_symbol);
        let has_digit = (first..end).any(|at| self.at(at).is_ascii_digit());
        if matches!(end - first, 5 | 6) && has_digit && !self.at(end).is_ascii_alphanumeric() {
            self.add(Kind::CnPlate, start, end, Evidence::Checksum);
        }
    }

    /// A name, an at sign, and a domain of at least two labels.
    fn mail(&mut self, at: usize) {
        let is_of_name = |c: char| c.is_ascii() && is_of_mail_name(c as u8);
        let mut start = self.start_of(at, MAILBOX, is_of_name);
        while start < at && matches!(self.at(start), '.' | '-' | '+' | '%') {
            start += 1;
        }
        let is_of_domain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let mut end = self.end_of(at + 1, 255, is_of_domain);
        while matches!(self.before(end), '.' | '-') && end > at {
            end -= 1;
        }
        let text: Vec<u8> =
            self.text.get(start..end).unwrap_or_default().iter().map(|c| *c as u8).collect();
        if super::identifier::is_mail(&text) {
            self.add(Kind::Email, start, end, Evidence::Checksum);
        }
    }

    /// A province, city or district before this road or place, and a number behind it.
    fn address(&mut self, road: usize) {
        let mut place = road + 1;
        if self.at(road) == '胡' {
            if self.at(place) != '同' {
                return;
            }
            place += 1;
        }
        place = self.end_of(place, 1, |c| c == ' ');
        if !self.at(place).is_ascii_digit() && !is_chinese_digit(self.at(place)) {
            return;
        }
        let is_name = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c) || c == '·';
        let is_of_address = |c: char| is_name(c) || c == ' ' || c.is_ascii_digit();
        // Blanks may stand between the parts, other marks may not.
        let mut start = self.start_of(road, ADDRESS, is_of_address);
        let level =
            |c: char| matches!(c, '省' | '市' | '区' | '县' | '州' | '盟' | '旗' | '镇' | '乡');
        let Some(first) = (start + 1..road).find(|at| level(self.at(*at))) else { return };
        let region = (start..first).rev().find(|at| {
            let (one, two) = (self.at(*at), self.at(at + 1));
            REGIONS.split(' ').any(|name| name.chars().eq([one, two]))
        });
        if let Some(region) = region {
            start = region;
        } else {
            // Without a province it begins with the name of its city: at most four characters,
            // behind words like "the address is".
            let lead = (start..first).rev().find(|at| {
                !is_name(self.at(*at))
                    || matches!(self.at(*at), '址' | '在' | '到' | '于' | '是' | '为')
            });
            start = lead.map_or(start, |lead| lead + 1);
        }
        let unit = |c: char| {
            matches!(
                c,
                '号' | '弄'
                    | '巷'
                    | '栋'
                    | '幢'
                    | '座'
                    | '楼'
                    | '层'
                    | '室'
                    | '院'
                    | '单'
                    | '元'
                    | '房'
                    | '户'
                    | '之'
                    | '附'
                    | '-'
            )
        };
        let is_number =
            |c: char| c.is_ascii_digit() || is_chinese_digit(c) || c.is_ascii_uppercase();
        let (mut end, mut has_unit) = (place, false);
        for _ in 0..8 {
            let digits = self.end_of(place, 6, is_number);
            let units = self.end_of(digits, 3, unit);
            // A longer number belongs to something else, such as a phone.
            if digits - place > 5 || digits == place || units == digits {
                break;
            }
            has_unit = true;
            end = units;
            place = units;
        }
        while self.before(end) == '-' {
            end -= 1;
        }
        if has_unit && start < road {
            self.add(Kind::CnAddress, start, end, Evidence::Checksum);
        }
    }
}

fn is_chinese_digit(c: char) -> bool {
    "一二三四五六七八九十百零〇".contains(c)
}
