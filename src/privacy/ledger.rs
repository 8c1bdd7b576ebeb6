//! A log that shows whether it was changed: each entry's hash covers all before it.
//!
//! h₀ is 32 zero bytes; hᵢ = SHA-256(hᵢ₋₁ ‖ canonical JSON of entry i). Canonical: keys sorted by
//! code point, no blanks, UTF-8 unescaped but for what JSON must escape, integers without a
//! fraction. A tail that was cut off does not show by the chain alone: keep the last hash
//! elsewhere and compare it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result};
use crate::plain::Value;
use crate::stats::order::sort_by;

/// The canonical JSON of a value.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(is) => out.push_str(if *is { "true" } else { "false" }),
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e18 => {
            out.push_str(&(*number as i64).to_string());
        }
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::Text(text) => write_text(text, out),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<&(String, Value)> = fields.iter().collect();
            sort_by(&mut fields, |a, b| a.0.cmp(&b.0));
            out.push('{');
            for (at, (name, value)) in fields.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        let escaped = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{C}' => "\\f",
            '\0'..='\u{1F}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
                continue;
            }
            _ => {
                out.push(c);
                continue;
            }
        };
        out.push_str(escaped);
    }
    out.push('"');
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A log: entries and the hash of each, in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ledger {
    /// The entries: objects with a number `seq` each.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<serde_json::Value>"))]
    pub entries: Vec<Value>,
    /// The hashes, in hexadecimal digits.
    pub hashes: Vec<String>,
}

/// What a check of a log found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LedgerCheck {
    /// Whether nothing was found.
    pub intact: bool,
    /// `seq` of the first entry whose hash is another, if there is one.
    pub first_bad: Option<f64>,
    /// Whether the last hash is not the one that was kept elsewhere: entries were cut off.
    pub is_cut: bool,
}

/// The hash of each entry, from the first.
#[must_use]
pub fn hashes(entries: &[Value]) -> Vec<String> {
    let mut before = [0u8; 32];
    let mut one = |entry: &Value| {
        let hash = Sha256::new().chain_update(before).chain_update(canonical(entry));
        before = hash.finalize().into();
        hex(&before)
    };
    entries.iter().map(&mut one).collect()
}

impl Ledger {
    /// Compares every hash with that of its entry, and the last with `head` if it is given.
    #[must_use]
    pub fn check(&self, head: Option<&str>) -> LedgerCheck {
        let found = hashes(&self.entries);
        let same = |at: usize| self.hashes.get(at).map(|hash| hash.to_ascii_lowercase());
        let bad = (0..found.len()).find(|at| same(*at).as_ref() != found.get(*at));
        let number = |at: usize| match self.entries.get(at).and_then(|entry| entry.get("seq")) {
            Some(Value::Number(seq)) => *seq,
            _ => at as f64 + 1.0,
        };
        let none = "0".repeat(64);
        let last = found.last().unwrap_or(&none);
        let is_cut = head.is_some_and(|head| !head.eq_ignore_ascii_case(last))
            || self.hashes.len() > found.len();
        let first_bad = bad.map(number);
        LedgerCheck { intact: first_bad.is_none() && !is_cut, first_bad, is_cut }
    }

    /// Refuses a log that was changed.
    ///
    /// # Errors
    /// `decode`.
    pub fn untouched(&self) -> Result<()> {
        if self.check(None).intact {
            return Ok(());
        }
        Err(Error::new(
            Code::Decode,
            "this log was changed after it was written: its hashes do not fit its entries",
        )
        .at_path("ledger"))
    }

    /// Adds an entry; it gets the next `seq`.
    ///
    /// # Errors
    /// `decode` if the log was changed.
    pub fn append(&mut self, fields: Vec<(String, Value)>) -> Result<()> {
        self.untouched()?;
        let mut entry = vec![("seq".to_owned(), Value::Number(self.entries.len() as f64 + 1.0))];
        entry.extend(fields.into_iter().filter(|(name, _)| name != "seq"));
        self.entries.push(Value::Object(entry));
        self.hashes = hashes(&self.entries);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        for op in ["read", "run", "release"] {
            ledger.append(vec![("op".to_owned(), Value::Text(op.to_owned()))]).unwrap();
        }
        ledger
    }

    #[test]
    fn every_change_shows() {
        let good = ledger();
        assert!(good.check(None).intact && good.check(good.hashes.last().map(|h| &**h)).intact);
        let mut changed = good.clone();
        changed.entries[1] = Value::Object(vec![("seq".to_owned(), Value::Number(2.0))]);
        assert_eq!(changed.check(None).first_bad, Some(2.0));
        assert!(changed.append(Vec::new()).is_err());
        let mut cut = good.clone();
        cut.entries.pop();
        cut.hashes.pop();
        assert!(cut.check(None).intact);
        assert!(cut.check(good.hashes.last().map(|hash| &**hash)).is_cut);
        let mut swapped = good;
        swapped.entries.swap(0, 1);
        swapped.hashes.swap(0, 1);
        assert_eq!(swapped.check(None).first_bad, Some(2.0));
    }

    #[test]
    fn one_value_has_one_form() {
        let value: Value =
            serde_json::from_str("{\"b\":[1.0,-0.0,0.5,null,true],\"a\":\"\\u0001é\\\"\\n\"}")
                .unwrap();
        assert_eq!(canonical(&value), "{\"a\":\"\\u0001é\\\"\\n\",\"b\":[1,0,0.5,null,true]}");
    }
}
