//! What holds of every table and every error, whatever was read.

use siyu::error::{Error, Result};
use siyu::read::Options;
use siyu::read::quality::{Quality, Severity};
use siyu::table::Table;
use siyu::table::block::{Block, Column, MISSING};
use siyu::table::role::Role;

/// Room for any input of a fuzzer, and little enough to notice what grows without bound.
pub(crate) const MEMORY: usize = 64 << 20;

/// What is read: a table with its report.
pub(crate) type Read = Result<(Table, Quality)>;

/// All that must be equal when only the way of reading differs.
pub(crate) fn essence(read: &Read) -> std::result::Result<Essence, Error> {
    let (table, quality) = read.as_ref().map_err(Clone::clone)?;
    let ids = Role::ALL.iter().filter_map(|role| {
        let (bytes, ends) = table.dictionaries.get(*role)?.as_parts();
        Some((bytes.to_vec(), ends.to_vec()))
    });
    Ok((table.blocks.clone(), ids.collect(), table.fingerprint, quality.clone()))
}

/// Blocks, ids, fingerprint and report.
pub(crate) type Essence = (Vec<Block>, Vec<(Vec<u8>, Vec<u32>)>, u64, Quality);

/// Checks what is true of every reading.
pub(crate) fn check(read: &Read, options: &Options) {
    match read {
        Ok((table, quality)) => check_table(table, quality, options),
        Err(error) => check_error(error),
    }
}

/// An error has one sentence of bounded length and shows no control characters.
pub(crate) fn check_error(error: &Error) {
    let text = error.to_string();
    let length = text.chars().count();
    assert!(length < 2400, "an error of {length} characters");
    assert!(!error.hint().is_empty(), "{error:?}");
}

fn check_table(table: &Table, quality: &Quality, options: &Options) {
    let rows = quality.rows;
    assert!(table.rows() > 0, "a table without a row");
    assert_eq!(rows.used, table.rows(), "used rows are the table's");
    assert_eq!(rows.read, rows.used + rows.skipped, "a row is used or skipped");
    assert!(rows.read <= options.limits.rows);
    let left_out = quality.issues.iter().filter(|issue| issue.severity == Severity::Rejected);
    let left_out: u64 = left_out.map(|issue| issue.count).sum();
    assert_eq!(left_out, rows.skipped, "every skipped row is counted under one code");
    for issue in &quality.issues {
        let places = issue.rows.len() as u64;
        assert!(places <= issue.count && places <= 5 && issue.count > 0, "{issue:?}");
        // Lines begin anew with every file of a list; of one file no number is given.
        let file = |at: usize| issue.files.get(at).copied().unwrap_or(0);
        let in_order = issue.rows.iter().enumerate().map(|(at, row)| (file(at), *row));
        assert!(in_order.is_sorted(), "places are in order: {issue:?}");
    }
    let customers = table.dictionaries.get(Role::Customer).map(|known| known.len() as u64);
    assert_eq!(quality.customers, customers);
    for role in Role::ALL {
        let Some(known) = table.dictionaries.get(*role) else { continue };
        for code in 0..known.len() as u32 {
            let id = known.get(code).expect("codes are dense");
            let text = std::str::from_utf8(id).expect("ids are text");
            assert!(!id.is_empty() && text.trim() == text, "{text:?} has outer blanks");
            assert!(id.len() <= options.limits.id_bytes.max(32) as usize);
        }
    }
    let (mut sum, mut first, mut last) = (0i128, i64::MAX, i64::MIN);
    for block in &table.blocks {
        assert_eq!(block.columns().len(), table.schema.fields.len());
        for (column, field) in block.columns().iter().zip(&table.schema.fields) {
            assert_eq!(column.len(), block.rows());
            match column {
                Column::Codes(codes) => {
                    let known = table.dictionaries.get(field.role).map_or(0, |d| d.len() as u32);
                    let may_miss = field.role != Role::Customer;
                    let fits = |code: &u32| *code < known || (*code == MISSING && may_miss);
                    assert!(codes.iter().all(fits), "codes of `{}`", field.role);
                }
                Column::Times(times) => {
                    first = first.min(times.iter().copied().min().unwrap_or(first));
                    last = last.max(times.iter().copied().max().unwrap_or(last));
                }
                Column::Money { values, scale } => {
                    let unit = 10i128.pow(6 - u32::from(*scale));
                    sum += values.iter().map(|value| i128::from(*value) * unit).sum::<i128>();
                }
                Column::Numbers { values, .. } => {
                    assert!(values.iter().all(|value| value.is_finite()));
                }
            }
        }
    }
    if let Some(range) = quality.time {
        assert_eq!((range.first, range.last), (first, last));
        // 1899-12-29 and 2101-01-03: a day beyond what any zone makes of the years that are read.
        assert!((-2_209_161_600_000..4_134_153_600_000 + 86_400_000).contains(&first), "{first}");
        assert!((-2_209_161_600_000..4_134_153_600_000 + 86_400_000).contains(&last), "{last}");
    }
    if let Some(amount) = &quality.amount {
        assert_eq!(micros(&amount.sum), sum, "the sum of the report is that of the rows");
    }
}

/// An exact decimal of at most six decimals, in millionths.
pub(crate) fn micros(decimal: &str) -> i128 {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let padded = format!("{whole}{fraction:0<6}");
    padded.parse().expect("an exact decimal")
}
