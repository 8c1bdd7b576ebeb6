//! What the columns of an unknown file probably mean, from its header and first rows.
//!
//! A proposal, to be confirmed by whoever knows the data. A column is proposed for a role if
//! its name is a usual one (`lexicon`) and its values can be read as that role needs; a column
//! with a name that says nothing may still be proposed, with little confidence, for what its
//! values look like. Payment time goes before creation time and paid before list price. No
//! column is proposed for two roles. Confidence is a rank, not a probability.

use std::cmp::Ordering;
use std::collections::HashSet;

use serde::Serialize;

use crate::error::{Code, Error, Result};
use crate::privacy::detect;
use crate::table::role::Role;
use crate::table::zone::Zone;

use super::amount::{self, Amount, Writing};
use super::csv::{self, Found, Splitter};
use super::ids::trimmed;
use super::json::{self, Flavour};
use super::lexicon;
use super::options::{DateOrder, Dates, Epoch, Format, Options};
use super::profile::{ProfileMatch, kind_of};
use super::remedies::{self, OptionValue, Remedy, Tally};
use super::rows;
use super::shape;
use super::text::Text;
use super::time::{Time, Times};

/// How many lines may stand before the header.
const MOST_PREAMBLE: usize = 60;
/// How many rows are looked at.
const MOST_ROWS: usize = 2000;
/// How many values of a column that are not read are tried with other options.
const MOST_TRIED: usize = 200;
/// How many values of a column are shown, and how much of each.
const SAMPLES: usize = 5;
const SAMPLE_CHARS: usize = 60;
/// Below this a column is not proposed.
const LEAST: f64 = 0.25;
/// Nothing that rests on values alone is surer than this.
const BY_VALUES: f64 = 0.5;

/// What a proposal rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Reason {
    /// The header names it, and the values say nothing against it.
    Header,
    /// Only the values look like it.
    Values,
    /// The header names it and the values agree.
    Both,
    /// A profile that was recognised says so.
    Profile,
}

/// The column proposed for a role.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuessRole {
    /// The column's name.
    pub column: String,
    /// 0 to 1. From 0.8 it may be used without asking.
    pub confidence: f64,
    /// What it rests on.
    pub reason: Reason,
}

/// The proposals by role; null where no column fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuessRoles {
    /// Who.
    pub customer: Option<GuessRole>,
    /// When.
    pub time: Option<GuessRole>,
    /// How much.
    pub amount: Option<GuessRole>,
    /// Which order.
    pub order: Option<GuessRole>,
    /// What happened.
    pub event: Option<GuessRole>,
    /// Which product.
    pub product: Option<GuessRole>,
    /// How many pieces.
    pub quantity: Option<GuessRole>,
    /// Through which channel.
    pub channel: Option<GuessRole>,
    /// In which currency.
    pub currency: Option<GuessRole>,
    /// In or out.
    pub direction: Option<GuessRole>,
}

impl GuessRoles {
    /// The proposal for a role.
    #[must_use]
    pub fn get(&self, role: Role) -> Option<&GuessRole> {
        match role {
            Role::Customer => self.customer.as_ref(),
            Role::Time => self.time.as_ref(),
            Role::Amount => self.amount.as_ref(),
            Role::Order => self.order.as_ref(),
            Role::Event => self.event.as_ref(),
            Role::Product => self.product.as_ref(),
            Role::Quantity => self.quantity.as_ref(),
            Role::Channel => self.channel.as_ref(),
            Role::Currency => self.currency.as_ref(),
            Role::Direction => self.direction.as_ref(),
            Role::Attribute(_) => None,
        }
    }

    fn set(&mut self, role: Role, found: GuessRole) {
        self.put(role, Some(found));
    }

    pub(super) fn put(&mut self, role: Role, found: Option<GuessRole>) {
        let slot = match role {
            Role::Customer => &mut self.customer,
            Role::Time => &mut self.time,
            Role::Amount => &mut self.amount,
            Role::Order => &mut self.order,
            Role::Event => &mut self.event,
            Role::Product => &mut self.product,
            Role::Quantity => &mut self.quantity,
            Role::Channel => &mut self.channel,
            Role::Currency => &mut self.currency,
            Role::Direction => &mut self.direction,
            Role::Attribute(_) => return,
        };
        *slot = found;
    }
}

/// One column of the file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuessColumn {
    /// The name in the header.
    pub name: String,
    /// Its first values that are not empty, at most five and each at most 60 characters: cells
    /// of the file, for the eyes of its owner only.
    pub samples: Vec<String>,
    /// Personal information that was found in its values, the most frequent first: how the column
    /// is to be treated.
    pub personal: Vec<detect::KindFound>,
}

/// Values of a proposed column that reading would leave out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GuessProblem {
    /// `date`, `date-ambiguous`, `amount` or `missing-id`.
    pub code: &'static str,
    /// The role of the column.
    pub role: Role,
    /// How many of the rows looked at.
    pub rows: u64,
}

/// An option that reading needs besides the roles. To be confirmed, like them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Proposal {
    /// The path of the option: `decimal`, `units`, `accounting`, `dates.order`,
    /// `dates.serial`, `dates.epoch`, `dates.pivot` or `dates`.
    pub option: &'static str,
    /// Its value.
    pub value: OptionValue,
    /// Another value of the option that reads as many, where there is one: nothing in the file
    /// tells the two apart, and only somebody who knows it can.
    pub rival: Option<OptionValue>,
    /// 0 to 1; a rank, not a probability. At most 0.5 where the values fit something else as
    /// well.
    pub confidence: f64,
    /// Why, in a sentence without any cell.
    pub reason: String,
}

/// A proposed mapping, and what reading needs besides.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Guess {
    /// The kind of export: 16 hexadecimal digits that are equal for files of one format with the
    /// same header names, in any order.
    pub kind: String,
    /// Which of the given profiles was recognised, from 0; its options then say how to read the
    /// file. Null if none was.
    pub profile: Option<u32>,
    /// Why it was.
    pub profile_match: Option<ProfileMatch>,
    /// The columns, in the order of the file.
    pub columns: Vec<GuessColumn>,
    /// The proposals.
    pub roles: GuessRoles,
    /// `csv`, `tsv`, `json`, `ndjson` or `xlsx`.
    pub format: &'static str,
    /// The field separator, where there is one.
    pub delimiter: Option<String>,
    /// `utf-8`, `utf-16le` or `utf-16be`.
    pub encoding: String,
    /// The line of the header if it is not the first that is not blank: hand it on as the
    /// option `header`.
    pub header: Option<u64>,
    /// Rows looked at.
    pub rows_sampled: u64,
    /// What would be left out with this mapping.
    pub problems: Vec<GuessProblem>,
    /// Options that would read what would be left out. None where a profile was recognised: its
    /// options say how to read.
    pub proposals: Vec<Proposal>,
    /// The sheets of a workbook, by name in its order; empty for other files.
    pub sheets: Vec<String>,
}

/// Proposes a mapping from the first bytes of a file (some 100 KB are plenty; the last record
/// may be cut). Of the options only `format` and `delimiter` matter. The proposals are for the
/// options as they are by default. Of a workbook this sees the text of one sheet: who opened it
/// knows the names of the others.
///
/// # Errors
/// `empty`; `encoding` and `unsupported` as for reading; `missing-column` if no line looks like
/// a header; `parse` if a quote in the header is not closed.
pub fn guess(sample: &[u8], options: &Options) -> Result<Guess> {
    let mut text = Text::new(options.format);
    text.push(sample)?;
    text.settle()?;
    if let Some(byte) = text.broken() {
        let hint = "these bytes are not valid in the file's encoding; save the file as UTF-8, or \
                    declare its encoding (files of Chinese programs are often gb18030)";
        return Err(Error::new(Code::Encoding, hint).at_byte(byte));
    }
    let encoding = text.encoding().unwrap_or("utf-8").to_owned();
    let window = text.window();
    if let Some(Some(flavour)) = shape::flavour(options.format, window, true) {
        return of_objects(window, flavour, encoding, options);
    }
    let header = find_header(window, options)?;
    let mut splitter = Splitter::new(header.delimiter, options.limits.columns as usize);
    let mut profiles: Vec<Profile> = header.names.iter().map(|name| Profile::new(name)).collect();
    let mut at = header.next;
    let mut rows = 0;
    while let (true, Found::Record(record)) =
        (at < window.len() && rows < MOST_ROWS, splitter.record(window, at, false))
    {
        let is_blank = csv::is_blank(window.get(at..record.end).unwrap_or_default());
        if !is_blank && record.width == header.names.len() {
            rows += 1;
            for (index, profile) in profiles.iter_mut().enumerate() {
                profile.see(trimmed(splitter.cell(window, index)));
            }
        }
        at = record.next;
    }
    let (roles, problems, proposals) = propose(&profiles);
    let format = match options.format {
        Format::Tsv => "tsv",
        Format::Xlsx => "xlsx",
        _ => "csv",
    };
    Ok(Guess {
        kind: kind_of(format, profiles.iter().map(|profile| profile.name.as_str())),
        profile: None,
        profile_match: None,
        columns: columns_of(profiles),
        roles,
        format,
        delimiter: (options.format != Format::Xlsx)
            .then(|| char::from(header.delimiter).to_string()),
        encoding,
        header: header.line,
        rows_sampled: rows as u64,
        problems,
        proposals,
        sheets: Vec::new(),
    })
}

/// The same for objects, whose keys are the columns.
fn of_objects(text: &[u8], flavour: Flavour, encoding: String, options: &Options) -> Result<Guess> {
    let json::Sample { names, records } = json::sample(text, flavour, options, MOST_ROWS);
    if names.is_empty() {
        return Err(match text.iter().all(u8::is_ascii_whitespace) {
            true => Error::new(Code::Empty, "there is nothing in the file but white space"),
            false => Error::new(
                Code::Type,
                "the file must hold an array of objects, or one object per line",
            ),
        });
    }
    let mut profiles: Vec<Profile> = names.iter().map(|name| Profile::new(name)).collect();
    for record in &records {
        let mut cells = vec![&[][..]; names.len()];
        for (column, cell) in record {
            if let Some(slot) = cells.get_mut(*column) {
                *slot = trimmed(cell);
            }
        }
        for (profile, cell) in profiles.iter_mut().zip(cells) {
            profile.see(cell);
        }
    }
    let (roles, problems, proposals) = propose(&profiles);
    Ok(Guess {
        kind: kind_of(flavour.name(), profiles.iter().map(|profile| profile.name.as_str())),
        profile: None,
        profile_match: None,
        columns: columns_of(profiles),
        roles,
        format: flavour.name(),
        delimiter: None,
        encoding,
        header: None,
        rows_sampled: records.len() as u64,
        problems,
        proposals,
        sheets: Vec::new(),
    })
}

fn columns_of(profiles: Vec<Profile>) -> Vec<GuessColumn> {
    let profiles = profiles.into_iter();
    profiles
        .map(|p| GuessColumn { name: p.name, samples: p.samples, personal: p.personal.kinds() })
        .collect()
}

struct Header {
    /// Its line, unless that is the first that is not blank.
    line: Option<u64>,
    names: Vec<String>,
    delimiter: u8,
    /// Where the record after it begins.
    next: usize,
}

/// The first line with several different names of which none is a value, and of which the next
/// record has as many cells. Failing that, the first line, if it could be a single name.
fn find_header(window: &[u8], options: &Options) -> Result<Header> {
    let declared = options.delimiter.and_then(|c| u8::try_from(c).ok());
    let mut declared = match options.format {
        Format::Tsv => declared.or(Some(b'\t')),
        Format::Xlsx => Some(b','),
        _ => declared,
    };
    let next_line = if options.format == Format::Xlsx { csv::sheet_row } else { csv::line };
    let (mut at, mut number, mut seen) = (0, 1, 0);
    let mut first: Option<Header> = None;
    while let (true, Some((end, next))) =
        (at < window.len() && seen < MOST_PREAMBLE, next_line(window, at, true))
    {
        let line = window.get(at..end).unwrap_or_default();
        if let (0, Some(delimiter)) = (seen, csv::sep_line(line)) {
            declared = declared.or(Some(delimiter));
        } else if !csv::is_blank(line) {
            seen += 1;
            let delimiter = declared.unwrap_or_else(|| csv::sniff(line));
            if let Some((names, next, follows)) = names_at(window, at, delimiter, options) {
                let line = (seen > 1).then_some(number);
                let found = Header { line, names, delimiter, next };
                if found.names.len() > 1 && follows && are_names(&found.names) {
                    return Ok(found);
                }
                if seen == 1 && are_names(&found.names) {
                    first = Some(found);
                }
            }
        }
        number += 1;
        at = next;
    }
    match seen {
        0 => Err(Error::new(Code::Empty, "there is nothing in the file but white space")),
        _ => first.ok_or_else(|| {
            Error::new(Code::MissingColumn, "no line looks like a header; add column names")
        }),
    }
}

/// The cells of the record at `at`, where the next begins, and whether that has as many cells
/// (or does not end here).
fn names_at(
    window: &[u8],
    at: usize,
    delimiter: u8,
    options: &Options,
) -> Option<(Vec<String>, usize, bool)> {
    let mut splitter = Splitter::new(delimiter, options.limits.columns as usize);
    let Found::Record(record) = splitter.record(window, at, true) else { return None };
    let usable = !record.malformed && record.width <= options.limits.columns as usize;
    let text = |index| String::from_utf8_lossy(trimmed(splitter.cell(window, index))).into_owned();
    let names: Vec<String> =
        (0..record.width.min(options.limits.columns as usize)).map(text).collect();
    let mut next = record.next;
    while let Some((end, after)) = csv::line(window, next, true) {
        if next >= window.len() || !csv::is_blank(window.get(next..end).unwrap_or_default()) {
            break;
        }
        next = after;
    }
    let follows = match splitter.record(window, next, false) {
        Found::Record(below) => below.width == record.width,
        Found::Cut { .. } => true,
    };
    usable.then_some((names, record.next, follows))
}

/// Whether cells can be column names: mostly there, no value among them, none twice in the way.
fn are_names(cells: &[String]) -> bool {
    let there = cells.iter().filter(|cell| !cell.is_empty());
    let is_value = |cell: &String| {
        let text = cell.as_bytes();
        let dated = Times::new(Dates::default()).read(text, &Zone::utc()) != Time::Not;
        dated || amount::is_amount(text) || cell.contains('\0')
    };
    there.clone().count() * 5 >= cells.len() * 3 && !there.clone().any(is_value)
}

/// What other options make of values that are not read.
#[derive(Debug, Default)]
struct Attempts {
    tried: usize,
    tally: Tally,
}

impl Attempts {
    /// Whether a value is worth trying: it has a digit, and not many were tried.
    fn want(&mut self, value: &[u8]) -> bool {
        let digit = |byte: &u8| byte.is_ascii_digit() || !byte.is_ascii();
        let wanted = self.tried < MOST_TRIED && value.iter().any(digit);
        self.tried += usize::from(wanted);
        wanted
    }

    /// The share of the values tried that the best option reads.
    fn best(&self) -> f64 {
        let rows = self.tally.finish().first().map_or(0, |remedy| remedy.rows);
        if self.tried == 0 { 0.0 } else { rows as f64 / self.tried as f64 }
    }

    /// The options, each with its best value.
    fn proposals(&self, contradicted: bool, into: &mut Vec<Proposal>) {
        let all = self.tally.finish();
        for (at, remedy) in all.iter().enumerate() {
            let same = |other: &&Remedy| other.option == remedy.option;
            if all.iter().take(at).any(|other| same(&other)) {
                continue;
            }
            let share = remedy.rows as f64 / self.tried.max(1) as f64;
            let mut others = all.iter().skip(at + 1).filter(same);
            let rival = others.find(|other| other.rows == remedy.rows).map(|other| other.value);
            let contradicted = contradicted && remedy.option == "decimal";
            let open = rival.is_some() || contradicted;
            let confidence = (if open { 0.5 } else { 0.95 }) * share;
            let more = match (rival, contradicted) {
                (Some(_), _) => "; they fit another value of it as well, and only you can tell",
                (_, true) => "; others have a decimal point",
                _ => "",
            };
            into.push(Proposal {
                option: remedy.option,
                value: remedy.value,
                rival,
                confidence: (confidence * 100.0).round() / 100.0,
                reason: format!(
                    "{} of {} values that are not read {}{more}",
                    remedy.rows,
                    self.tried,
                    looks(remedy.option, remedy.value)
                ),
            });
        }
    }
}

/// What values look like that an option reads.
fn looks(option: &str, value: OptionValue) -> &'static str {
    match (option, value) {
        ("decimal", _) => "have a decimal comma",
        ("units", _) => "have 万 or 亿 behind them",
        ("accounting", _) => "are negative as accountants write it",
        (_, OptionValue::Order(DateOrder::Ymd)) => "fit the order year, month, day",
        (_, OptionValue::Order(DateOrder::Dmy)) => "fit the order day, month, year",
        (_, OptionValue::Order(DateOrder::Mdy)) => "fit the order month, day, year",
        (_, OptionValue::Serial(_)) => "look like day numbers of a spreadsheet",
        (_, OptionValue::Epoch(Epoch::S)) => "look like seconds since 1970",
        (_, OptionValue::Epoch(Epoch::Ms)) => "look like milliseconds since 1970",
        (_, OptionValue::Epoch(Epoch::Us)) => "look like microseconds since 1970",
        _ => "have years of two digits",
    }
}

/// What the values of one column look like.
#[derive(Debug)]
struct Profile {
    name: String,
    samples: Vec<String>,
    rows: usize,
    filled: usize,
    dates: usize,
    ambiguous: usize,
    amounts: usize,
    /// Amounts with a point.
    pointed: usize,
    /// Whole numbers of at most four digits.
    small: usize,
    /// Values that begin with `#`.
    numbered: usize,
    /// Digits only, nine or more.
    long: usize,
    /// Codes or names of currencies.
    coded: usize,
    /// Directions of money, neither included.
    directed: usize,
    /// What would read values that are no dates, and no amounts.
    as_time: Attempts,
    as_amount: Attempts,
    distinct: HashSet<Vec<u8>>,
    times: Times,
    personal: detect::Tally,
}

impl Profile {
    fn new(name: &str) -> Self {
        Profile {
            name: name.to_owned(),
            samples: Vec::new(),
            rows: 0,
            filled: 0,
            dates: 0,
            ambiguous: 0,
            amounts: 0,
            pointed: 0,
            small: 0,
            numbered: 0,
            long: 0,
            coded: 0,
            directed: 0,
            as_time: Attempts::default(),
            as_amount: Attempts::default(),
            distinct: HashSet::new(),
            times: Times::new(Dates::default()),
            personal: detect::Tally::default(),
        }
    }

    fn see(&mut self, value: &[u8]) {
        self.rows += 1;
        if value.is_empty() {
            return;
        }
        self.filled += 1;
        if let Ok(text) = std::str::from_utf8(value) {
            self.personal.see(text, None);
        }
        if self.samples.len() < SAMPLES {
            let shown = String::from_utf8_lossy(value).chars().take(SAMPLE_CHARS).collect();
            self.samples.push(shown);
        }
        match self.times.read(value, &Zone::utc()) {
            Time::Not => {}
            Time::Ambiguous => self.ambiguous += 1,
            _ => self.dates += 1,
        }
        let found = self.times.read(value, &Zone::utc());
        // Short numbers are day numbers of a hundred years ago, and much else.
        let points = value.iter().filter(|byte| **byte == b'.').count();
        let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
        let number = points < 2 && points + digits == value.len();
        let short = number && (value.len() < 5 || !value.iter().take(5).all(u8::is_ascii_digit));
        if matches!(found, Time::Not | Time::Ambiguous) && !short && self.as_time.want(value) {
            let tally = &mut self.as_time.tally;
            remedies::of_time(value, Dates::default(), |option, value| tally.count(option, value));
        }
        if let Amount::Money { scale, .. } = Writing::default().read(value) {
            self.amounts += 1;
            self.pointed += usize::from(scale > 0);
            self.small += usize::from(scale == 0 && value.len() <= 4);
        } else if self.as_amount.want(value) {
            let tally = &mut self.as_amount.tally;
            let writing = Writing::default();
            remedies::of_amount(value, writing, |option, value| tally.count(option, value));
        }
        self.numbered += usize::from(value.first() == Some(&b'#'));
        self.long += usize::from(value.len() >= 9 && value.iter().all(u8::is_ascii_digit));
        let code = value.len() == 3 && value.iter().all(u8::is_ascii_alphabetic);
        self.coded += usize::from(code || rows::is_yuan(value));
        self.directed += usize::from(rows::is_direction(value));
        let start = value.get(..value.len().min(64)).unwrap_or(value);
        self.distinct.insert(start.to_vec());
    }

    fn share(&self, count: usize) -> f64 {
        if self.filled == 0 { 0.0 } else { count as f64 / self.filled as f64 }
    }

    /// How many of the filled rows have a value of their own, 0 to 1.
    fn distinctness(&self) -> f64 {
        self.share(self.distinct.len())
    }

    /// How well the values suit a role, 0 to 1.
    fn fit(&self, role: Role) -> f64 {
        if self.filled == 0 {
            // Nothing speaks against it but that there is nothing.
            return if self.rows == 0 { 1.0 } else { 0.3 };
        }
        let dates = self.share(self.dates + self.ambiguous);
        let no_dates = 1.0 - 0.9 * dates;
        let no_money = 1.0 - 0.8 * self.share(self.pointed);
        match role {
            Role::Time => {
                let known = self.dates + self.ambiguous;
                let others = 1.0 - self.share(known);
                let optional = 0.85 * others * self.as_time.best();
                self.share(self.dates) + 0.9 * self.share(self.ambiguous) + optional
            }
            Role::Amount => {
                let is_id = self.share(self.long) > 0.5;
                let others = 1.0 - self.share(self.amounts);
                let optional = 0.85 * others * self.as_amount.best();
                (self.share(self.amounts) + optional) * no_dates * if is_id { 0.3 } else { 1.0 }
            }
            Role::Quantity => self.share(self.small).max(0.5 * self.share(self.amounts)) * no_dates,
            Role::Customer => {
                // Yes and no are no customers.
                let few = self.rows >= 50 && self.distinct.len() <= 5;
                no_dates * no_money * if few { 0.2 } else { 1.0 }
            }
            Role::Order => {
                let few = self.rows >= 20 && self.distinctness() < 0.1;
                no_dates * no_money * if few { 0.5 } else { 1.0 }
            }
            Role::Event | Role::Channel => {
                let many = self.rows >= 20 && self.distinctness() > 0.5;
                no_dates * no_money * if many { 0.4 } else { 1.0 }
            }
            Role::Product => no_dates * no_money,
            Role::Currency => self.share(self.coded),
            Role::Direction => self.share(self.directed),
            // Their names are the caller's own.
            Role::Attribute(_) => 0.0,
        }
    }

    /// How sure it is that the column has a role, and why.
    fn sureness(&self, role: Role) -> Option<(f64, Reason)> {
        let normal = lexicon::normal(&self.name);
        let fit = self.fit(role);
        if let Some(mut sure) = lexicon::sureness(&normal, role) {
            // Names that say too little alone: `id` is a customer's if ids come again, and an
            // order's `name` has a number sign.
            let again = self.distinctness() < 0.98;
            match (normal.as_str(), role) {
                ("id", Role::Customer) if self.rows >= 20 && !again => sure = 0.3,
                ("name", Role::Order) => {
                    sure = if self.share(self.numbered) > 0.9 { 0.9 } else { 0.0 }
                }
                _ => {}
            }
            let reason = if fit >= 0.9 { Reason::Both } else { Reason::Header };
            return (fit >= 0.3).then_some((sure * (0.4 + 0.6 * fit), reason));
        }
        if lexicon::is_known(&normal) || self.rows < 3 || self.filled * 2 < self.rows {
            return None;
        }
        let sure = match role {
            Role::Time if fit > 0.95 => BY_VALUES,
            Role::Amount if fit > 0.95 && self.share(self.pointed) > 0.3 => 0.8 * BY_VALUES,
            Role::Customer if fit > 0.95 => {
                let again = self.distinctness();
                let likely = self.rows >= 20 && again < 0.95 && again > 0.05;
                if likely { 0.6 * BY_VALUES } else { 0.0 }
            }
            _ => 0.0,
        };
        (sure > 0.0).then_some((sure, Reason::Values))
    }
}

/// The surest pair of role and column first, then the surest of those left, and so on.
/// And the options that go with them.
fn propose(profiles: &[Profile]) -> (GuessRoles, Vec<GuessProblem>, Vec<Proposal>) {
    let mut proposals = Vec::new();
    let unique = |name: &str| {
        !name.is_empty() && profiles.iter().filter(|profile| profile.name == name).count() == 1
    };
    let mut pairs: Vec<(f64, Reason, Role, usize)> = Vec::new();
    for (index, profile) in profiles.iter().enumerate().filter(|(_, p)| unique(&p.name)) {
        for role in Role::ALL {
            if let Some((sure, reason)) = profile.sureness(*role).filter(|(sure, _)| *sure >= LEAST)
            {
                pairs.push((sure, reason, *role, index));
            }
        }
    }
    let mut roles = GuessRoles::default();
    let mut problems: Vec<GuessProblem> = Vec::new();
    // There are few roles: one look at all pairs for each costs less than to sort them.
    while let Some((sure, reason, role, index)) =
        pairs.iter().copied().reduce(|best, pair| match pair.0.total_cmp(&best.0) {
            Ordering::Greater => pair,
            Ordering::Equal if (pair.2, pair.3) < (best.2, best.3) => pair,
            _ => best,
        })
    {
        pairs.retain(|(_, _, other, at)| *other != role && *at != index);
        let Some(profile) = profiles.get(index) else { continue };
        let confidence = (sure * 100.0).round() / 100.0;
        roles.set(role, GuessRole { column: profile.name.clone(), confidence, reason });
        match role {
            Role::Time => profile.as_time.proposals(false, &mut proposals),
            Role::Amount => profile.as_amount.proposals(profile.pointed > 0, &mut proposals),
            _ => {}
        }
        let wrong = match role {
            Role::Customer => [(Code::MissingId, profile.rows - profile.filled), (Code::Date, 0)],
            Role::Time => [
                (Code::Date, profile.rows - profile.dates - profile.ambiguous),
                (Code::DateAmbiguous, profile.ambiguous),
            ],
            Role::Amount => [(Code::Amount, profile.rows - profile.amounts), (Code::Date, 0)],
            _ => continue,
        };
        for (code, rows) in wrong.into_iter().filter(|(_, rows)| *rows > 0) {
            let code = code.as_str();
            let at = problems.partition_point(|before| (before.role, before.code) <= (role, code));
            problems.insert(at, GuessProblem { code, role, rows: rows as u64 });
        }
    }
    (roles, problems, proposals)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn look(text: &str) -> Guess {
        guess(text.as_bytes(), &Options::default()).unwrap()
    }

    /// The proposed columns, in the order of the roles.
    fn proposed(guess: &Guess) -> Vec<(&'static str, &str)> {
        let found = Role::ALL.iter().filter_map(|role| Some((role, guess.roles.get(*role)?)));
        found.map(|(role, found)| (role.as_str(), found.column.as_str())).collect()
    }

    #[test]
    fn exports_of_shops_are_recognised() {
        for (header, row, expected) in [
            (
                "订单编号,买家会员名,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,收货人姓名,\
                 联系手机,订单创建时间,订单付款时间,宝贝标题,宝贝总数量,店铺名称",
                "1234567890123,tb_甲,99.00,0.00,99.00,89.00,交易成功,张三,13800138000,\
                 2025-05-01 10:00:00,2025-05-01 10:01:00,茶杯,1,旗舰店",
                vec![
                    ("customer", "买家会员名"),
                    ("time", "订单付款时间"),
                    ("amount", "买家实际支付金额"),
                    ("order", "订单编号"),
                    ("product", "宝贝标题"),
                    ("quantity", "宝贝总数量"),
                    ("channel", "店铺名称"),
                ],
            ),
            (
                "订单号,商品ID,商品名称,订购数量,下单时间,京东价,订单金额,应付金额,下单帐号,付款确认时间",
                "88888888888,1001,茶杯,2,2025-05-01 10:00:00,30.00,60.00,55.00,jd_甲,2025-05-01 10:02:00",
                vec![
                    ("customer", "下单帐号"),
                    ("time", "付款确认时间"),
                    ("amount", "订单金额"),
                    ("order", "订单号"),
                    ("product", "商品ID"),
                    ("quantity", "订购数量"),
                ],
            ),
            (
                "Name,Email,Financial Status,Paid at,Subtotal,Shipping,Taxes,Total,Discount Amount,\
                 Created at,Lineitem quantity,Lineitem name,Lineitem price,Source",
                "#1001,a@example.com,paid,2025-05-01 10:00:00 +0800,90.00,0.00,0.00,90.00,10.00,\
                 2025-05-01 09:59:00 +0800,1,Cup,100.00,web",
                vec![
                    ("customer", "Email"),
                    ("time", "Paid at"),
                    ("amount", "Total"),
                    ("order", "Name"),
                    ("product", "Lineitem name"),
                    ("quantity", "Lineitem quantity"),
                    ("channel", "Source"),
                ],
            ),
            (
                "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
                "536365,85123A,HOLDER,6,2010-12-01 08:26,2.55,17850,United Kingdom",
                vec![
                    ("customer", "CustomerID"),
                    ("time", "InvoiceDate"),
                    ("amount", "UnitPrice"),
                    ("order", "InvoiceNo"),
                    ("product", "StockCode"),
                    ("quantity", "Quantity"),
                ],
            ),
        ] {
            let text = format!("{header}\n{}", format!("{row}\n").repeat(3));
            assert_eq!(proposed(&look(&text)), expected, "{header}");
        }
    }

    #[test]
    fn clear_files_are_sure_enough_to_be_used_without_asking() {
        for header in ["customer_id,order_date,amount", "客户编号,下单时间,实付金额"] {
            let text = format!("{header}\nC1,2025-05-01,10.5\nC2,2025-05-02,3\nC1,2025-05-03,4\n");
            let guess = look(&text);
            for role in [Role::Customer, Role::Time, Role::Amount] {
                let found = guess.roles.get(role).unwrap();
                assert!(found.confidence >= 0.8 && found.reason == Reason::Both, "{found:?}");
            }
        }
    }

    #[test]
    fn id_is_the_customer_only_if_ids_come_again() {
        let rows = |distinct: usize| {
            let row =
                |n: usize| format!("{:05},1997-01-{:02},{}.77\n", n % distinct, n % 28 + 1, n);
            "id,date,amount\n".to_owned() + &(0..40).map(row).collect::<String>()
        };
        let sure = |distinct| look(&rows(distinct)).roles.customer.map(|found| found.confidence);
        assert!(sure(10).unwrap() >= 0.8);
        assert!(sure(40).is_none_or(|sure| sure < 0.5));
    }

    #[test]
    fn a_few_answers_are_no_customers() {
        let row =
            |n: usize| format!("{},2025-05-01\n", if n.is_multiple_of(3) { "Yes" } else { "No" });
        let text = "phone_service,date\n".to_owned() + &(0..60).map(row).collect::<String>();
        assert_eq!(look(&text).roles.customer, None);
    }

    #[test]
    fn values_alone_propose_little() {
        let row = |n: usize| format!("k{},2025-05-{:02},{}.25,x\n", n % 13, n % 28 + 1, n);
        let text = "foo,bar,baz,qux\n".to_owned() + &(0..40).map(row).collect::<String>();
        let guess = look(&text);
        assert_eq!(proposed(&guess), [("customer", "foo"), ("time", "bar"), ("amount", "baz")]);
        for role in [Role::Customer, Role::Time, Role::Amount] {
            let found = guess.roles.get(role).unwrap();
            assert!(found.confidence <= 0.5 && found.reason == Reason::Values);
        }
    }

    #[test]
    fn a_usual_name_over_unusual_values_is_not_believed() {
        let guess = look("customer,time,amount\nA,soon,many\nB,later,few\n");
        assert_eq!(proposed(&guess), [("customer", "customer")]);
        let guess = look("paid,付款时间\n2025-05-01,12.50\n2025-05-02,13.50\n2025-05-03,1.5\n");
        assert_eq!(guess.roles.amount, None);
        assert_eq!(guess.roles.time, None);
    }

    #[test]
    fn dates_that_would_be_left_out_are_told_before_reading() {
        let guess = look("customer,date,amount\nA,3/4/2025,1\nB,13/4/2025,x\n,today,2\n");
        assert_eq!(guess.roles.time.as_ref().unwrap().column, "date");
        let problems: Vec<_> =
            guess.problems.iter().map(|p| (p.role.as_str(), p.code, p.rows)).collect();
        assert_eq!(
            problems,
            [
                ("customer", "missing-id", 1),
                ("time", "date", 1),
                ("time", "date-ambiguous", 2),
                ("amount", "amount", 1),
            ]
        );
    }

    #[test]
    fn a_header_below_other_lines_is_found() {
        let bill = "\u{feff}微信支付账单明细,,,,,,,,\n微信昵称:[测试],,,,,,,,\n,,,,,,,,\n\
                    ----微信支付账单明细列表----,,,,,,,,\n\
                    交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号\n\
                    2025-05-01 10:00:00,商户消费,张三,茶,收入,¥10.50,零钱,支付成功,\"42000012345\t\"\n";
        let guess = look(bill);
        assert_eq!(guess.header, Some(5));
        assert_eq!(
            proposed(&guess),
            [
                ("customer", "交易对方"),
                ("time", "交易时间"),
                ("amount", "金额(元)"),
                ("order", "交易单号"),
                ("event", "交易类型"),
                ("product", "商品"),
                ("channel", "支付方式"),
                ("direction", "收/支"),
            ]
        );
        assert_eq!(look("\n\nid;date;amount\nA;2025-05-01;1\n").header, None);
    }

    /// The proposed options as `option=value confidence`.
    fn options_of(text: &str) -> Vec<String> {
        let shown = |proposal: &Proposal| {
            assert!(!proposal.reason.is_empty());
            let text = |value: &OptionValue| serde_json::to_string(value).unwrap();
            let rival = proposal.rival.as_ref().map_or(String::new(), |r| format!("|{}", text(r)));
            let value = text(&proposal.value);
            format!("{}={value}{rival} {}", proposal.option, proposal.confidence)
        };
        look(text).proposals.iter().map(shown).collect()
    }

    #[test]
    fn options_are_proposed_for_what_would_be_left_out() {
        for (text, expected) in [
            (
                "客户;日期;金额\nA;2025-05-01;20,25\nB;2025-05-02;1.234,5\n",
                vec!["decimal=\",\" 0.95"],
            ),
            ("客户,日期,金额\nA,2025-05-01,1.2万\nB,2025-05-02,300\n", vec!["units=true 0.95"]),
            ("客户,日期,金额\nA,2025-05-01,(5)\nB,2025-05-02,300\n", vec!["accounting=true 0.95"]),
            ("客户,日期,金额\nA,13/04/2025,5\nB,03/04/2025,3\n", vec!["dates.order=\"dmy\" 0.95"]),
            (
                "客户,日期,金额\nA,01/04/2025,5\nB,03/04/2025,3\n",
                vec!["dates.order=\"dmy\"|\"mdy\" 0.5"],
            ),
            ("客户,日期,金额\nA,45805,5\nB,45806.5,3\n", vec!["dates.serial=\"1900\" 0.95"]),
            ("客户,日期,金额\nA,1748445540,5\nB,1748445541,3\n", vec!["dates.epoch=\"s\" 0.95"]),
            ("客户,日期,金额\nA,25年5月1日,5\n", vec!["dates.pivot=1970 0.95"]),
            ("客户,日期,金额\nA,2025-05-01,5\n", vec![]),
            ("客户;日期;金额\nA;2025-05-01;20,25\nB;2025-05-02;1.5\n", vec!["decimal=\",\" 0.5"]),
        ] {
            assert_eq!(options_of(text), expected, "{text}");
            assert_eq!(look(text).roles.time.unwrap().column, "日期", "{text}");
            assert_eq!(look(text).roles.amount.unwrap().column, "金额", "{text}");
        }
    }

    #[test]
    fn separators_are_told() {
        for (text, delimiter) in [
            ("id;date\nA;2025-05-01\n", ";"),
            ("id\tdate\nA\t2025-05-01\n", "\t"),
            ("sep=|\nid|date\nA|2025-05-01\n", "|"),
            ("id\nA\n", ","),
        ] {
            assert_eq!(look(text).delimiter.as_deref(), Some(delimiter), "{text}");
        }
    }

    #[test]
    fn a_file_without_names_is_an_error() {
        let fails = |text: &str| guess(text.as_bytes(), &Options::default()).unwrap_err().code();
        assert_eq!(fails("C001,2025-05-01,10.50\nC002,2025-05-02,20.25\n"), Code::MissingColumn);
        assert_eq!(fails(" \n\n"), Code::Empty);
        assert_eq!(fails("PK\u{3}\u{4}"), Code::Unsupported);
    }

    #[test]
    fn a_cut_sample_is_no_problem() {
        let text = "客户,日期,金额\n甲,2025-05-01,1.5\n乙,2025-05-02,2.5\n丙,2025";
        for end in 60..text.len() {
            let found = guess(&text.as_bytes()[..end], &Options::default());
            assert!(found.is_ok(), "{end}");
        }
    }

    proptest! {
        #[test]
        fn any_sample_has_an_answer_and_no_column_two_roles(
            header in "(id|date|amount|客户|[a-z,;\"\r\n]){0,8}",
            body in "[a-z0-9,;\"\r\n.-]{0,200}",
        ) {
            let text = format!("{header}\n{body}");
            if let Ok(guess) = guess(text.as_bytes(), &Options::default()) {
                let mut columns: Vec<_> =
                    proposed(&guess).into_iter().map(|(_, column)| column.to_owned()).collect();
                columns.sort();
                let before = columns.len();
                columns.dedup();
                prop_assert_eq!(columns.len(), before);
            }
        }
    }

    #[test]
    fn the_keys_of_objects_are_columns() {
        let array = r#"[{"buyer_id":"A\u0031","pay_time":"2025-05-28 09:00","paid":10.5,"tags":["x"]},
            {"buyer_id":"B2","pay_time":"2025-05-29 10:00","paid":1e1,"note":"cut"#;
        let found = look(array);
        let names: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["buyer_id", "pay_time", "paid", "tags"]);
        assert_eq!(found.columns[0].samples, ["A1"]);
        assert_eq!(
            (found.format, found.delimiter.as_deref(), found.rows_sampled),
            ("json", None, 1)
        );
        assert_eq!(found.roles.time.unwrap().column, "pay_time");
        let lines =
            "{\"buyer_id\":7,\"paid\":2}\r\n\n{broken\n{\"buyer_id\":8,\"at\":\"2025-05-28\"}\n";
        let found = look(lines);
        assert_eq!((found.format, found.rows_sampled), ("ndjson", 2));
        assert_eq!(found.columns[2].samples, ["2025-05-28"]);
    }
}
