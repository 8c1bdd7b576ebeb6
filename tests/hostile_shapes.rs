//! Files of some megabytes in shapes that make careless readers quadratic: thousands of keys,
//! one endless cell, blanks without end, small pieces. Each is read in a time that grows with
//! its length. Fuzzers do not find these: their inputs are small.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

use std::time::{Duration, Instant};

use siyu::read::guess::guess;
use siyu::read::{Format, Options, read_table};
use siyu::table::role::Role;
use siyu::table::zone::Zone;

/// Each takes about a second in a build for tests on a busy machine; quadratic ones take minutes.
const MOST: Duration = Duration::from_secs(20);

fn check(what: &str, file: &str, format: Format, piece: usize) {
    let mut options = Options { format, ..Options::default() };
    options.roles.set(Role::Customer, "id");
    let started = Instant::now();
    let read = read_table(file.as_bytes().chunks(piece), &options, Zone::utc(), 1, 1 << 30);
    let took = started.elapsed();
    assert!(took < MOST, "{what}: {took:?}");
    if let Err(error) = read {
        assert!(error.to_string().len() < 4000, "{what}: a long message");
    }
    let started = Instant::now();
    let _ = guess(&file.as_bytes()[..file.len().min(1 << 16)], &options);
    let took = started.elapsed();
    assert!(took < MOST, "a guess at {what}: {took:?}");
}

#[test]
fn json_of_any_shape_ends_in_time() {
    let keys: String = (0..16_000).map(|key| format!("\"k{key}\":1,")).collect();
    let record = format!("{{{keys}\"id\":\"A\"}}");
    let many = vec![record.as_str(); 30];
    check("wide objects", &format!("[{}]", many.join(",")), Format::Json, 1 << 16);
    check("wide lines", &many.join("\n"), Format::Ndjson, 1 << 16);
    check("a wide line in small pieces", &record, Format::Ndjson, 16);
    let escapes = "\\u0041".repeat(2_000_000);
    check("escapes", &format!("[{{\"id\":\"{escapes}\"}}]"), Format::Json, 1 << 10);
    let digits = "1".repeat(8_000_000);
    check("a long number", &format!("[{{\"id\":{digits}}}]"), Format::Json, 1 << 10);
    let blanks = " ".repeat(12_000_000);
    check("blanks", &format!("[{blanks}{{\"id\":1}}]"), Format::Json, 256);
    check("open brackets", &"[".repeat(4_000_000), Format::Json, 1 << 12);
    let items = "1,".repeat(6_000_000);
    check("a long list", &format!("[{{\"id\":1,\"x\":[{items}1]}}]"), Format::Json, 1 << 10);
}

#[test]
fn csv_of_any_shape_ends_in_time() {
    let lines = "\n".repeat(8_000_000);
    check("blank lines in front", &format!("{lines}id,x\n1,2\n"), Format::Csv, 256);
    check("blank lines behind", &format!("id,x\n1,2\n{lines}"), Format::Csv, 256);
    let text = "some text, and more\n".repeat(400_000);
    check("lines in front", &format!("{text}id,x\n1,2\n"), Format::Csv, 4096);
    let quotes = "\"\"".repeat(4_000_000);
    check("quotes", &format!("id,x\n{quotes}\n"), Format::Csv, 256);
    check("an open quote", &format!("id,x\n\"{quotes}1"), Format::Csv, 256);
    check("commas", &format!("id,x\nA,{}\n", ",".repeat(12_000_000)), Format::Csv, 256);
    let header = format!("id{}\n", ",a".repeat(16_000));
    let row = format!("A{}\n", ",1".repeat(16_000));
    check("wide rows", &format!("{header}{}", row.repeat(100)), Format::Csv, 1 << 16);
    check("narrow rows under it", &format!("{header}{}", "1\n".repeat(500_000)), Format::Csv, 256);
    let headers = "id,x\n".repeat(1_000_000);
    check("headers", &format!("{headers}A,1\n"), Format::Csv, 1 << 16);
    let long = "x".repeat(200_000);
    let ids: String = (0..40).map(|row| format!("{long}{row},1\n")).collect();
    check("long ids", &format!("id,x\n{ids}"), Format::Csv, 1 << 12);
}
