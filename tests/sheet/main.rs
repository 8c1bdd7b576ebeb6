//! Workbooks: what a sheet means is what comes out as text, and nothing a file does harms.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

mod by_hand;
mod by_writer;
mod damaged;

use siyu::error::{Error, Result};
use siyu::read::{Format, Options, quality::Quality, read_table};
use siyu::sheet::{Limits, Workbook, csv};
use siyu::table::Table;
use siyu::table::role::Role;
use siyu::table::zone::Zone;

/// The text of the first sheet with data.
fn text(file: Vec<u8>) -> String {
    String::from_utf8(csv(file, None, Limits::default()).unwrap().1).unwrap()
}

fn error(file: Vec<u8>) -> Error {
    csv(file, None, Limits::default()).unwrap_err()
}

/// The same in steps of `work`: name and text.
fn in_steps(file: Vec<u8>, work: u32) -> Result<(Option<String>, Vec<u8>)> {
    let mut workbook = Workbook::open(file, None, Limits::default())?;
    let mut text = Vec::new();
    while !workbook.step(work)? {
        text.extend(workbook.take());
    }
    text.extend(workbook.take());
    Ok((workbook.sheet().map(str::to_owned), text))
}

/// A sheet read as a log with the columns `buyer`, `paid_at`, `paid`.
fn table(file: Vec<u8>, more: impl Fn(&mut Options)) -> Result<(Table, Quality)> {
    let (sheet, text) = csv(file, None, Limits::default())?;
    let mut options = Options { format: Format::Xlsx, sheet, ..Options::default() };
    options.roles.set(Role::Customer, "buyer");
    options.roles.set(Role::Time, "paid_at");
    options.roles.set(Role::Amount, "paid");
    more(&mut options);
    read_table([text], &options, Zone::utc(), 1, 1 << 29)
}
