//! What the user says about a file: which column means what, and how far reading may go.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Code, Error, Result};
use crate::table::role::{Attribute, Role};

/// How to read one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ReadOptions"))]
pub struct Options {
    /// Which column has which meaning. Columns that are not named here are dropped.
    pub roles: Roles,
    /// Further columns by names of your own choice, such as `city` or `level`: attributes, which
    /// rules, profiles and tests read by these names. An empty cell is a missing value.
    pub attributes: BTreeMap<String, AttributeColumn>,
    /// Other header names of mapped columns, for files that do not have the name in `roles`: the
    /// first that a header has counts. For tables of several files whose headers differ.
    pub other_names: OtherNames,
    /// The format of the bytes. `auto` tells it from the bytes.
    pub format: Format,
    /// The field separator, one ASCII character. Absent: what a `sep=` line says, else a tab
    /// for `tsv`, else the comma, or if the header has none the first of `;`, tab and `|` that
    /// it has.
    pub delimiter: Option<char>,
    /// The encoding that the file was decoded from before it came here, for the report. The
    /// reader itself accepts UTF-8, and UTF-16 with a byte order mark.
    pub encoding: Option<String>,
    /// The line of the header, from 1. Lines before it are skipped and counted. Absent: the
    /// first line that is not blank.
    pub header: Option<u64>,
    /// The sheet of a workbook, by its name. Absent: the first that holds data. Other formats
    /// have none.
    pub sheet: Option<String>,
    /// The name of the zone of times that have no offset. Whoever opens the table makes the
    /// zone of it; the reader gets that as a value and only reports the name.
    pub zone: Option<String>,
    /// The decimal mark of amounts and quantities. With the comma, groups of thousands are
    /// parted by points, blanks or apostrophes.
    pub decimal: Decimal,
    /// Read the units 万 (ten thousand) and 亿 (a hundred million) behind a number: `1.2万` is
    /// 12000. Otherwise such cells are left out.
    pub units: bool,
    /// Read what accountants write for negative amounts: `(5.00)`, `5.00-`, and the minus sign
    /// U+2212. Otherwise such cells are left out.
    pub accounting: bool,
    /// Which dates are read besides those that begin with a four-digit year.
    pub dates: Dates,
    /// What becomes of a record that stands in the file again. Matters only with a column for
    /// the role `order`.
    pub duplicates: Duplicates,
    /// How far reading may go.
    pub limits: Limits,
}

/// The decimal mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Decimal {
    /// `1,234.56`
    #[default]
    #[serde(rename = ".")]
    Point,
    /// `1.234,56`
    #[serde(rename = ",")]
    Comma,
}

/// Dates that could mean several days, and what they mean in this table. Nothing of it is
/// guessed: a cell that needs a field that is absent leaves its row out (`date` or
/// `date-ambiguous`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dates {
    /// The order of year, month and day where the year does not come first with four digits.
    /// With it, English names of months are read too.
    pub order: Option<DateOrder>,
    /// Numbers below 100,000 are day numbers of a spreadsheet; decimals are the time of day.
    pub serial: Option<Serial>,
    /// Numbers of at least nine digits are instants, counted from 1970-01-01T00:00Z.
    pub epoch: Option<Epoch>,
    /// The first of the hundred years that two-digit years stand for, 1900 to 2001: with 1970,
    /// `69` is 2069 and `70` is 1970. Where the order is not said in words, `order` is needed
    /// too.
    pub pivot: Option<u16>,
}

/// The order of year, month and day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DateOrder {
    /// Year, month, day.
    Ymd,
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

/// The first day of a spreadsheet's day numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Serial {
    /// 1 is 1900-01-01, and 60 the 29 February 1900 that never was (and is left out).
    #[serde(rename = "1900")]
    From1900,
    /// 0 is 1904-01-01.
    #[serde(rename = "1904")]
    From1904,
}

/// The unit of numbers that are instants. The number of digits must fit, so that no unit can be
/// taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Epoch {
    /// Seconds: 9 or 10 digits, from 1973-03-03 on.
    S,
    /// Milliseconds: 12 or 13 digits.
    Ms,
    /// Microseconds: 15 or 16 digits.
    Us,
}

/// What becomes of a record that stands in the file again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Duplicates {
    /// A record of an order that is equal to an earlier one in every cell counts once; the
    /// copies are left out and counted (`duplicate-order`).
    #[default]
    Once,
    /// Every record counts.
    Keep,
}

/// The header name of the column that has each role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Roles {
    /// Who: the customer's id, always text. A row without it is left out.
    pub customer: Option<String>,
    /// When: a date or a date with time. A row without a readable one is left out.
    pub time: Option<String>,
    /// How much: money. A row without a readable one is left out.
    pub amount: Option<String>,
    /// Which order the row belongs to. May be empty.
    pub order: Option<String>,
    /// What happened. May be empty.
    pub event: Option<String>,
    /// Which product. May be empty.
    pub product: Option<String>,
    /// How many pieces. May be empty.
    pub quantity: Option<String>,
    /// Through which channel. May be empty.
    pub channel: Option<String>,
    /// In which currency the amount is. Rows in another currency than the first row that is
    /// used are left out (`amount`).
    pub currency: Option<String>,
    /// Whether the amount came in or went out, as bills say it (`收/支`). What went out counts
    /// as negative, like a refund; a row that says neither is left out (`amount`).
    pub direction: Option<String>,
}

impl Roles {
    /// The header name for a role, if it is mapped.
    #[must_use]
    pub fn get(&self, role: Role) -> Option<&str> {
        let name = match role {
            Role::Customer => &self.customer,
            Role::Time => &self.time,
            Role::Amount => &self.amount,
            Role::Order => &self.order,
            Role::Event => &self.event,
            Role::Product => &self.product,
            Role::Quantity => &self.quantity,
            Role::Channel => &self.channel,
            Role::Currency => &self.currency,
            Role::Direction => &self.direction,
            Role::Attribute(_) => return None,
        };
        name.as_deref()
    }

    /// Maps a role to a header name.
    pub fn set(&mut self, role: Role, name: impl Into<String>) {
        let name = Some(name.into());
        match role {
            Role::Customer => self.customer = name,
            Role::Time => self.time = name,
            Role::Amount => self.amount = name,
            Role::Order => self.order = name,
            Role::Event => self.event = name,
            Role::Product => self.product = name,
            Role::Quantity => self.quantity = name,
            Role::Channel => self.channel = name,
            Role::Currency => self.currency = name,
            Role::Direction => self.direction = name,
            // Attributes are mapped by their names.
            Role::Attribute(_) => {}
        }
    }
}

/// Further header names of the column that has each role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OtherNames {
    /// Who.
    pub customer: Vec<String>,
    /// When.
    pub time: Vec<String>,
    /// How much.
    pub amount: Vec<String>,
    /// Which order.
    pub order: Vec<String>,
    /// What happened.
    pub event: Vec<String>,
    /// Which product.
    pub product: Vec<String>,
    /// How many pieces.
    pub quantity: Vec<String>,
    /// Through which channel.
    pub channel: Vec<String>,
    /// In which currency.
    pub currency: Vec<String>,
    /// In or out.
    pub direction: Vec<String>,
}

impl OtherNames {
    /// The further names for a role, best first.
    #[must_use]
    pub fn get(&self, role: Role) -> &[String] {
        match role {
            Role::Customer => &self.customer,
            Role::Time => &self.time,
            Role::Amount => &self.amount,
            Role::Order => &self.order,
            Role::Event => &self.event,
            Role::Product => &self.product,
            Role::Quantity => &self.quantity,
            Role::Channel => &self.channel,
            Role::Currency => &self.currency,
            Role::Direction => &self.direction,
            Role::Attribute(_) => &[],
        }
    }
}

/// The column of an attribute: its header name, for texts, or `{ column, type }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AttributeColumn {
    /// A column of texts.
    Column(String),
    /// A column and what it holds.
    Typed(TypedAttribute),
}

/// The column of an attribute and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TypedAttribute {
    /// The header name of the column.
    pub column: String,
    /// What it holds.
    #[serde(rename = "type", default)]
    pub kind: AttributeType,
    /// Other header names of the column, as in `otherNames`.
    #[serde(default)]
    pub other_names: Vec<String>,
}

/// What an attribute holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AttributeType {
    /// Texts: levels, cities, tags. Numbers are their decimal texts.
    #[default]
    Text,
    /// Numbers, read as amounts are. A cell that is none is a missing value, and counted
    /// (`type`).
    Number,
}

impl AttributeColumn {
    /// The header name of the column.
    #[must_use]
    pub fn column(&self) -> &str {
        match self {
            AttributeColumn::Column(column) => column,
            AttributeColumn::Typed(typed) => &typed.column,
        }
    }

    /// Other header names of the column.
    #[must_use]
    pub fn other_names(&self) -> &[String] {
        match self {
            AttributeColumn::Column(_) => &[],
            AttributeColumn::Typed(typed) => &typed.other_names,
        }
    }

    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> AttributeType {
        match self {
            AttributeColumn::Column(_) => AttributeType::Text,
            AttributeColumn::Typed(typed) => typed.kind,
        }
    }
}

impl<'de> Deserialize<'de> for AttributeColumn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = AttributeColumn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column, or an object with `column` and `type`")
            }

            fn visit_str<E: de::Error>(self, column: &str) -> std::result::Result<Self::Value, E> {
                Ok(AttributeColumn::Column(column.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                TypedAttribute::deserialize(MapAccessDeserializer::new(map))
                    .map(AttributeColumn::Typed)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What is particular to one of several files that form one table. What is absent is as the
/// [`Options`] of the table say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FileOptions {
    /// Its name, for the report.
    pub name: String,
    /// Its format.
    pub format: Option<Format>,
    /// Its field separator.
    pub delimiter: Option<char>,
    /// The encoding that it was decoded from.
    pub encoding: Option<String>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// The line of its header, from 1.
    pub header: Option<u64>,
    /// Its header names of roles that the table has, where they differ.
    pub roles: Roles,
}

impl FileOptions {
    /// The options with which this file is read.
    pub(super) fn over(&self, options: &Options) -> Options {
        let mut roles = options.roles.clone();
        for role in Role::ALL.iter().filter(|role| options.roles.get(**role).is_some()) {
            if let Some(name) = self.roles.get(*role) {
                roles.set(*role, name);
            }
        }
        Options {
            roles,
            format: self.format.unwrap_or(options.format),
            delimiter: self.delimiter.or(options.delimiter),
            encoding: self.encoding.clone().or_else(|| options.encoding.clone()),
            sheet: self.sheet.clone().or_else(|| options.sheet.clone()),
            header: self.header.or(options.header),
            ..options.clone()
        }
    }
}

/// The format of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Format {
    /// Told from the first bytes.
    #[default]
    Auto,
    /// Separated values, by commas unless the header or the options say otherwise.
    Csv,
    /// Separated values, by tabs unless the options say otherwise.
    Tsv,
    /// JSON: an array of objects, whose keys are the columns.
    Json,
    /// JSON: one object per line.
    Ndjson,
    /// A sheet of a workbook. The bytes that come here are its text, as `sheet` (or the package)
    /// made it: separated by commas, a record for each row.
    Xlsx,
    /// Not read: `unsupported`.
    Parquet,
    /// Not read: `unsupported`.
    Arrow,
}

/// How far reading may go. Reaching a limit is an error (`limit`), except for `idBytes`, where
/// only the row is left out. The defaults let every honest file through and keep a hostile one
/// from taking the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limits {
    /// Bytes of the file after decompression. Default 16 GiB.
    pub bytes: u64,
    /// Records, used or not. Default 500 million.
    pub rows: u64,
    /// Columns of the header. Default 16,384, the most that a spreadsheet has.
    pub columns: u32,
    /// Bytes of one record with all its fields. Default 16 MiB. This bounds the memory that
    /// streaming needs.
    pub record_bytes: u32,
    /// Bytes of an id or another text that is kept. A row with a longer one is left out.
    /// Default 1,024.
    pub id_bytes: u32,
    /// Levels of arrays and objects in JSON, of which the array of records and the record are
    /// two. Default 64.
    pub depth: u32,
    /// How many times longer than the compressed file its content may be, once that is longer
    /// than 4 MiB; of a workbook each part, once it is longer than 64 MiB, and the text of the
    /// sheet against the file likewise. Default 200; exports have 5 to 40.
    pub ratio: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 16 << 30,
            rows: 500_000_000,
            columns: 16_384,
            record_bytes: 16 << 20,
            id_bytes: 1024,
            depth: 64,
            ratio: 200,
        }
    }
}

/// The most that `recordBytes` may be, so that positions within a record fit 32 bits.
const MOST_RECORD_BYTES: u32 = 1 << 30;

/// The most attributes that a table may have.
pub const MOST_ATTRIBUTES: usize = 256;

impl Options {
    /// The attributes, in the order of their names: each with its role, its name and its column.
    pub fn attributes(&self) -> impl Iterator<Item = (Role, &str, &AttributeColumn)> {
        (0u16..).zip(&self.attributes).map(|(index, (name, column))| {
            let is_number = column.kind() == AttributeType::Number;
            (Role::Attribute(Attribute { index, is_number }), name.as_str(), column)
        })
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// `missing-field` without any column, `invalid-option` for an impossible separator, header
    /// line or limit, `unsupported` for a format that is not read; each with its path.
    pub fn check(&self) -> Result<()> {
        if self.attributes.is_empty()
            && Role::ALL.iter().all(|role| self.roles.get(*role).is_none())
        {
            return Err(Error::new(Code::MissingField, "map at least one column to a role")
                .at_path("roles"));
        }
        if self.attributes.len() > MOST_ATTRIBUTES {
            let hint = format!("a table has at most {MOST_ATTRIBUTES} attributes");
            return Err(Error::new(Code::Limit, hint).at_path("attributes"));
        }
        if self.attributes.keys().any(|name| name.trim().is_empty()) {
            return Err(
                Error::new(Code::InvalidOption, "an attribute needs a name").at_path("attributes")
            );
        }
        self.check_form()
    }

    /// Checks what says how a file is to be read, apart from the roles.
    pub(super) fn check_form(&self) -> Result<()> {
        match self.format {
            Format::Auto
            | Format::Csv
            | Format::Tsv
            | Format::Json
            | Format::Ndjson
            | Format::Xlsx => {}
            Format::Parquet | Format::Arrow => {
                return Err(Error::new(
                    Code::Unsupported,
                    "this format is not read; export the table as CSV",
                )
                .at_path("format"));
            }
        }
        let separates = |c: char| {
            c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '"' | '\r' | '\n' | '\0')
        };
        if self.delimiter.is_some_and(|c| !separates(c)) {
            return Err(Error::new(
                Code::InvalidOption,
                "a separator is one ASCII character that is no letter, digit, quote or line end",
            )
            .at_path("delimiter"));
        }
        if self.header == Some(0) {
            return Err(
                Error::new(Code::InvalidOption, "lines are counted from 1").at_path("header")
            );
        }
        if self.dates.pivot.is_some_and(|pivot| !(1900..=2001).contains(&pivot)) {
            return Err(Error::new(
                Code::InvalidOption,
                "the hundred years of two-digit years begin between 1900 and 2001",
            )
            .at_path("dates.pivot"));
        }
        if self.limits.record_bytes > MOST_RECORD_BYTES {
            return Err(Error::new(Code::InvalidOption, "a record has at most 1 GiB")
                .at_path("limits.recordBytes"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plain::Value;

    fn read(json: &str) -> Result<Options> {
        serde_json::from_str::<Value>(json).unwrap().read()
    }

    #[test]
    fn options_come_from_plain_data_with_their_defaults() {
        let options = read(
            r#"{"roles":{"customer":"买家","time":"t"},"delimiter":";","limits":{"idBytes":64},
                "decimal":",","dates":{"order":"dmy","serial":"1904","epoch":"ms"}}"#,
        )
        .unwrap();
        assert_eq!((options.decimal, options.units), (Decimal::Comma, false));
        let dates = Dates {
            order: Some(DateOrder::Dmy),
            serial: Some(Serial::From1904),
            epoch: Some(Epoch::Ms),
            pivot: None,
        };
        assert_eq!((options.dates, options.duplicates), (dates, Duplicates::Once));
        assert_eq!(options.roles.get(Role::Customer), Some("买家"));
        assert_eq!(options.delimiter, Some(';'));
        assert_eq!((options.limits.id_bytes, options.limits.columns), (64, 16_384));
        options.check().unwrap();
    }

    #[test]
    fn a_slip_names_its_place() {
        let error = read(r#"{"roles":{"custommer":"a"}}"#).unwrap_err();
        assert_eq!(error.path(), Some("roles.custommer"));
        for (json, code, path) in [
            (r#"{}"#, Code::MissingField, "roles"),
            (r#"{"roles":{"time":"t"},"delimiter":"\""}"#, Code::InvalidOption, "delimiter"),
            (r#"{"roles":{"time":"t"},"delimiter":"，"}"#, Code::InvalidOption, "delimiter"),
            (r#"{"roles":{"time":"t"},"header":0}"#, Code::InvalidOption, "header"),
            (r#"{"roles":{"time":"t"},"format":"parquet"}"#, Code::Unsupported, "format"),
            (
                r#"{"roles":{"time":"t"},"dates":{"pivot":2002}}"#,
                Code::InvalidOption,
                "dates.pivot",
            ),
        ] {
            let error = read(json).unwrap().check().unwrap_err();
            assert_eq!((error.code(), error.path()), (code, Some(path)), "{json}");
        }
    }
}
