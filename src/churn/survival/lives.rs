//! What the analyses of a table of lives share: its cells, its texts, and times that are asked for.

use crate::error::{Code, Error, Result};
use crate::privacy::gate::AttributeValues;
use crate::stats::order::arrangement;

/// # Errors
/// `invalid-option` at the first time that is below zero or infinite.
pub(super) fn check_times(times: &[f64]) -> Result<()> {
    match times.iter().position(|time| !(*time >= 0.0 && time.is_finite())) {
        Some(at) => {
            let path = format!("times[{at}]");
            Err(Error::new(Code::InvalidOption, "a time is zero or more").at_path(path))
        }
        None => Ok(()),
    }
}

/// A cell of a column of numbers; NaN where there is none.
pub(super) fn number(column: &AttributeValues<'_>, row: usize) -> f64 {
    match column {
        AttributeValues::Number(values, valid) if valid.get(row) => {
            values.get(row).copied().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

/// Codes of texts with their texts, by the bytes of these, so that the order of rows changes nothing.
pub(super) fn by_bytes<'t>(codes: &[u32], text: &dyn Fn(u32) -> &'t [u8]) -> Vec<(u32, String)> {
    let mut named: Vec<(u32, String)> = Vec::with_capacity(codes.len());
    let of = |at: usize| codes.get(at).copied().unwrap_or_default();
    for at in arrangement(codes.len(), &|a, b| text(of(a)).cmp(text(of(b)))) {
        let code = of(at as usize);
        named.push((code, String::from_utf8_lossy(text(code)).into_owned()));
    }
    named
}
