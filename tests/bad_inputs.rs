//! Reads every file of a folder of hostile and broken files, and checks that what comes of it is
//! what the folder's `manifest.json` allows:
//! `cargo test --release --test bad_inputs -- --nocapture`.
//!
//! The folder is `tests/bad_inputs`, or `SIYU_BAD_INPUTS`; its README says what the fields mean.
//! Prints a line per failed file and, last, `bad inputs: N passed, N failed`. A file that cannot
//! pass yet stands in `tests/bad_inputs/pending.txt`, and one that passes must not. What is
//! promised for pages and exports (`never`) belongs to the tests of those layers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use sha2::Digest;
use siyu::error::{Error, Result};
use siyu::read::file::read_file;
use siyu::read::quality::{Outcome, Quality};
use siyu::read::{Format, Options};
use siyu::table::Table;
use siyu::table::block::Column;
use siyu::table::calendar::{Date, LocalDays};
use siyu::table::role::Role;
use siyu::table::zone::Zone;

/// No file may take longer.
const MOST_TIME: Duration = Duration::from_secs(10);
/// No file may take more memory.
const MOST_MEMORY: usize = 1 << 30;
/// Data in an error text is data of at least this many letters.
const A_FEW: usize = 6;

/// The formats that are read: none of their files may be called unsupported for its format.
const READ: [&str; 5] = ["csv", "tsv", "json", "ndjson", "csv.gz"];

/// The system's allocator, with an account of the most that was held at once.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(held, Ordering::Relaxed);
        // SAFETY: as promised by our caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as promised by our caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Deserialize)]
struct Manifest {
    count: usize,
    files: Vec<Case>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    file: String,
    format: String,
    #[serde(rename = "what")]
    _what: String,
    #[serde(rename = "detail")]
    _detail: String,
    #[serde(rename = "expect")]
    _expect: String,
    accept: Vec<String>,
    mapping: Mapping,
    #[serde(default)]
    options: Declared,
    rows: Option<u64>,
    customers: Option<u64>,
    sum_amount: Option<f64>,
    counts_when: Option<String>,
    ids: Option<BTreeSet<String>>,
    days: Option<Vec<String>>,
    code: Option<String>,
    codes: Option<Vec<String>>,
    #[serde(default)]
    never: Vec<String>,
    bytes: u64,
    sha256: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mapping {
    id: Option<String>,
    date: Option<String>,
    amount: Option<String>,
    order: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    tz: Option<String>,
    encoding: Option<String>,
    /// Netting is the business of analyses; reading keeps every refund.
    #[serde(rename = "refunds")]
    _refunds: Option<String>,
}

/// The zone as a table of its changes from 1900 to 2100.
fn zone(name: &str) -> Zone {
    let theirs = jiff::tz::TimeZone::get(name)
        .unwrap_or_else(|_| panic!("{name} is not among the system's time zones: install tzdata"));
    let start: jiff::Timestamp = "1900-01-01T00:00Z".parse().expect("an instant");
    let end: jiff::Timestamp = "2101-01-01T00:00Z".parse().expect("an instant");
    let mut changes = vec![(i64::MIN, theirs.to_offset(start).seconds())];
    let later = theirs.following(start).take_while(|change| change.timestamp() < end);
    changes.extend(later.map(|c| (c.timestamp().as_millisecond(), c.offset().seconds())));
    Zone::new(name, changes).expect("a zone")
}

fn zone_of(case: &Case) -> Zone {
    zone(case.options.tz.as_deref().unwrap_or("Asia/Shanghai"))
}

fn options_of(case: &Case) -> Options {
    let mut options = Options {
        format: match case.format.as_str() {
            "csv" | "csv.gz" => Format::Csv,
            "tsv" => Format::Tsv,
            "json" => Format::Json,
            "ndjson" => Format::Ndjson,
            "parquet" => Format::Parquet,
            "arrow" | "arrows" => Format::Arrow,
            _ => Format::Auto,
        },
        encoding: case.options.encoding.clone(),
        ..Options::default()
    };
    let mapping = &case.mapping;
    for (role, name) in [
        (Role::Customer, &mapping.id),
        (Role::Time, &mapping.date),
        (Role::Amount, &mapping.amount),
        (Role::Order, &mapping.order),
    ] {
        if let Some(name) = name {
            options.roles.set(role, name);
        }
    }
    options
}

fn read(case: &Case, bytes: &[u8], piece: usize) -> Result<(Table, Quality)> {
    read_file(bytes.chunks(piece), &options_of(case), zone_of(case), 0x5EED, MOST_MEMORY / 2)
}

/// What came of reading, as the manifest speaks of it.
struct Seen {
    outcome: &'static str,
    codes: Vec<&'static str>,
    table: Option<(Table, Quality)>,
    error: Option<Error>,
}

fn seen(result: Result<(Table, Quality)>) -> Seen {
    match result {
        Err(error) => {
            let codes = vec![error.code().as_str()];
            Seen { outcome: "error", codes, table: None, error: Some(error) }
        }
        Ok((table, quality)) => Seen {
            outcome: match quality.outcome() {
                Outcome::Ok => "ok",
                Outcome::Warn => "warn",
            },
            codes: quality.issues.iter().map(|issue| issue.code).collect(),
            table: Some((table, quality)),
            error: None,
        },
    }
}

/// Whether a code is of a family: `date-ambiguous` is of `date`.
fn is_of(code: &str, family: &str) -> bool {
    let family = family.replace('_', "-");
    code.strip_prefix(&family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn ids(table: &Table) -> BTreeSet<String> {
    let dictionary = table.dictionaries.get(Role::Customer).expect("customers");
    (0..dictionary.len() as u32)
        .map(|code| String::from_utf8(dictionary.get(code).expect("an id").to_vec()).expect("text"))
        .collect()
}

fn days(table: &Table) -> Vec<String> {
    let position = table.schema.position(Role::Time).expect("times");
    let mut local = LocalDays::new(&table.schema.zone);
    let mut days = Vec::new();
    for block in &table.blocks {
        let Some(Column::Times(times)) = block.column(position) else { panic!("times") };
        days.extend(times.iter().map(|ms| Date::of_day_number(local.day_of(*ms)).to_string()));
    }
    days
}

/// All that is wrong with what was seen.
fn faults(case: &Case, bytes: &[u8], seen: &Seen) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault: String| {
        if !holds {
            faults.push(fault);
        }
    };
    let outcome = seen.outcome;
    check(case.accept.iter().any(|accepted| accepted == outcome), format!("outcome {outcome}"));
    let not_read = !READ.contains(&case.format.as_str());
    let excused = not_read && outcome == "error" && seen.codes == ["unsupported"];
    let families: Vec<&String> =
        case.codes.as_ref().map_or(case.code.iter().collect(), |codes| codes.iter().collect());
    let named = seen.codes.iter().any(|code| families.iter().any(|family| is_of(code, family)));
    check(
        outcome == "ok" || families.is_empty() || named || excused,
        format!("codes {:?}, not {families:?}", seen.codes),
    );
    if let Some(error) = &seen.error {
        let text = error.to_string();
        let cells = cells(case, bytes);
        check(!cells.iter().any(|cell| text.contains(cell)), format!("shows data: {text}"));
    }
    let Some((table, quality)) = &seen.table else { return faults };
    let rows = table.rows();
    check(rows > 0, "a data set without a row".to_owned());
    check(quality.rows.used == rows, "the report's number of rows".to_owned());
    check(
        quality.rows.read == quality.rows.used + quality.rows.skipped,
        "rows that are neither used nor skipped".to_owned(),
    );
    let json = serde_json::to_string(quality).expect("a report");
    check(!json.contains("NaN") && !json.contains("Infinity"), format!("not finite: {json}"));
    let all = case.counts_when.is_none() || outcome == "ok";
    if let (Some(expected), true) = (case.rows, all) {
        check(rows == expected, format!("{rows} rows, not {expected}"));
    }
    if let (Some(expected), true) = (case.customers, all) {
        let found = quality.customers;
        check(found == Some(expected), format!("{found:?} customers, not {expected}"));
    }
    if let (Some(expected), true) = (case.sum_amount, all) {
        let sum = quality.amount.as_ref().map_or("none", |amount| amount.sum.as_str());
        let near = sum
            .parse()
            .is_ok_and(|sum: f64| (sum - expected).abs() <= 1e-9 * expected.abs().max(1.0));
        check(near, format!("sum {sum}, not {expected}"));
    }
    if let Some(expected) = &case.ids {
        let found = ids(table);
        let right = if all { found == *expected } else { found.is_subset(expected) };
        check(right, format!("ids {found:?}"));
    }
    if let Some(expected) = &case.days {
        let found = days(table);
        // Rows may be left out of some; none may get another day.
        let mut rest = expected.iter();
        let in_order = found.iter().all(|day| rest.any(|expected| expected == day));
        check(if all { found == *expected } else { in_order }, format!("days {found:?}"));
    }
    faults
}

/// What would be data in an error text: the longer cells, without the header.
fn cells(case: &Case, bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mapping = &case.mapping;
    let names: Vec<&String> = [&mapping.id, &mapping.date, &mapping.amount, &mapping.order]
        .into_iter()
        .flatten()
        .collect();
    text.lines()
        .filter(|line| !names.iter().any(|name| line.contains(name.as_str())))
        .flat_map(|line| line.split([',', ';', '\t', '|', '"', '\r', '，']))
        .filter(|cell| cell.chars().count() >= A_FEW)
        .map(str::to_owned)
        .collect()
}

/// `allocation above 64 MiB` in bytes.
fn allocation_limit(never: &[String]) -> usize {
    let limits = never.iter().filter_map(|item| {
        let (number, unit) = item.strip_prefix("allocation above ")?.split_once(' ')?;
        let unit = if unit == "GiB" { 1 << 30 } else { 1 << 20 };
        Some(number.parse::<usize>().expect("a number") * unit)
    });
    limits.min().unwrap_or(MOST_MEMORY)
}

fn time_limit(never: &[String]) -> Duration {
    let slow = never.iter().any(|item| item == "slower than 2 s");
    if slow { Duration::from_secs(2) } else { MOST_TIME }
}

fn run(case: &Case, folder: &Path) -> Vec<String> {
    let bytes = match std::fs::read(folder.join(&case.file)) {
        Ok(bytes) => bytes,
        Err(error) => return vec![error.to_string()],
    };
    let sum: String = sha2::Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    if bytes.len() as u64 != case.bytes || sum != case.sha256 {
        return vec!["these are not the bytes of the manifest".to_owned()];
    }
    let held = HELD.load(Ordering::Relaxed);
    MOST.store(held, Ordering::Relaxed);
    let (tell, told) = mpsc::channel();
    let (own, text) = (case.clone(), bytes.clone());
    std::thread::spawn(move || {
        let start = Instant::now();
        let whole = read(&own, &text, 1 << 16);
        let took = start.elapsed();
        let most = MOST.load(Ordering::Relaxed);
        let essence = |result: &Result<(Table, Quality)>| match result {
            Ok((table, quality)) => Ok((table.blocks.clone(), table.fingerprint, quality.clone())),
            Err(error) => Err(error.clone()),
        };
        let same = text.len() > 1 << 18 || essence(&read(&own, &text, 3)) == essence(&whole);
        tell.send((whole, took, most, same)).expect("somebody listens");
    });
    // A thread that panics hangs up.
    let Ok((result, took, most, same)) = told.recv_timeout(MOST_TIME * 3) else {
        return vec!["a panic, or no end".to_owned()];
    };
    let mut faults = faults(case, &bytes, &seen(result));
    if took > time_limit(&case.never) {
        faults.push(format!("took {took:?}"));
    }
    let most = most.saturating_sub(held);
    if most > allocation_limit(&case.never) {
        faults.push(format!("took {most} bytes of memory"));
    }
    if !same {
        faults.push("another answer in small pieces".to_owned());
    }
    faults
}

#[test]
fn every_file_behaves_as_its_manifest_says() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_inputs");
    let folder = std::env::var_os("SIYU_BAD_INPUTS").map_or_else(|| own.clone(), PathBuf::from);
    let pending = std::fs::read_to_string(own.join("pending.txt")).expect("the pending list");
    let pending: Vec<&str> =
        pending.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).expect("the manifest");
    let manifest: Manifest = serde_json::from_str(&manifest).expect("a manifest");
    assert_eq!(manifest.files.len(), manifest.count);

    println!();
    let (mut passed, mut failed, mut waiting) = (0, 0, 0);
    for case in &manifest.files {
        let faults = run(case, &folder);
        let file = &case.file;
        match (faults.is_empty(), pending.contains(&file.as_str())) {
            (true, false) => passed += 1,
            (false, true) => waiting += 1,
            (true, true) => {
                println!("{file} passes: take it off tests/bad_inputs/pending.txt");
                failed += 1;
            }
            (false, false) => {
                println!("failed {file}: {}", faults.join("; "));
                failed += 1;
            }
        }
    }
    if waiting > 0 {
        println!("{waiting} pending");
    }
    println!("bad inputs: {passed} passed, {failed} failed");
    assert_eq!(failed, 0);
}
