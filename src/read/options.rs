//! What the user says about a file: which column means what, and how far reading may go.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::table::role::Role;

/// How to read one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ReadOptions"))]
pub struct Options {
    /// Which column has which meaning. Columns that are not named here are dropped.
    pub roles: Roles,
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
    /// The name of the zone of times that have no offset. Whoever opens the table makes the
    /// zone of it; the reader gets that as a value and only reports the name.
    pub zone: Option<String>,
    /// How far reading may go.
    pub limits: Limits,
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
    /// An array of objects. Not read: `unsupported`.
    Json,
    /// One object per line. Not read: `unsupported`.
    Ndjson,
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
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 16 << 30,
            rows: 500_000_000,
            columns: 16_384,
            record_bytes: 16 << 20,
            id_bytes: 1024,
        }
    }
}

/// The most that `recordBytes` may be, so that positions within a record fit 32 bits.
const MOST_RECORD_BYTES: u32 = 1 << 30;

impl Options {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// `missing-field` without any role, `invalid-option` for an impossible separator, header
    /// line or limit, `unsupported` for a format that is not read; each with its path.
    pub fn check(&self) -> Result<()> {
        if Role::ALL.iter().all(|role| self.roles.get(*role).is_none()) {
            return Err(Error::new(Code::MissingField, "map at least one column to a role")
                .at_path("roles"));
        }
        match self.format {
            Format::Auto | Format::Csv | Format::Tsv => {}
            Format::Json | Format::Ndjson | Format::Parquet | Format::Arrow => {
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
            r#"{"roles":{"customer":"买家","time":"t"},"delimiter":";","limits":{"idBytes":64}}"#,
        )
        .unwrap();
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
        ] {
            let error = read(json).unwrap().check().unwrap_err();
            assert_eq!((error.code(), error.path()), (code, Some(path)), "{json}");
        }
    }
}
