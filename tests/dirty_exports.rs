//! Exports as tools and people leave them, made with known truth (`tests/dirty`): reading finds
//! exactly that truth, row by row and issue by issue, with the lines they are on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.
#![allow(unreachable_pub)] // The generator is shared with an example.

mod dirty;

use std::collections::BTreeMap;

use dirty::{Export, OFFSET, Plan, Row, ZONE};
use proptest::prelude::*;
use siyu::read::quality::{Quality, Severity};
use siyu::read::{FileOptions, Format, Options, Parts, Reader, read_table};
use siyu::table::Table;
use siyu::table::block::Column;
use siyu::table::calendar::{Date, LocalDays};
use siyu::table::role::Role;
use siyu::table::zone::Zone;

fn zone() -> Zone {
    Zone::fixed(ZONE, OFFSET as i32).unwrap()
}

fn options(export: &Export) -> Options {
    let mut options = Options {
        format: if export.format == "tsv" { Format::Tsv } else { Format::Csv },
        encoding: export.encoding.map(str::to_owned),
        header: export.header,
        ..Options::default()
    };
    let names = &export.names;
    options.roles.set(Role::Customer, names.customer.as_str());
    options.roles.set(Role::Time, names.time.as_str());
    options.roles.set(Role::Amount, names.amount.as_str());
    if let Some(order) = &names.order {
        options.roles.set(Role::Order, order.as_str());
    }
    if let Some(direction) = &names.direction {
        options.roles.set(Role::Direction, direction.as_str());
    }
    options
}

/// The bytes as the reader wants them; what is in a declared encoding is decoded outside.
fn text(export: &Export) -> Vec<u8> {
    let Some(label) = export.encoding else { return export.bytes.clone() };
    let from = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
    from.decode(&export.bytes).0.into_owned().into_bytes()
}

fn read(export: &Export, piece: usize) -> (Table, Quality) {
    let bytes = text(export);
    read_table(bytes.chunks(piece), &options(export), zone(), 3, 1 << 28)
        .unwrap_or_else(|error| panic!("{:?}: {error}", export.about))
}

/// The rows of a table in the words of the truth.
fn rows(table: &Table) -> Vec<Row> {
    let ids = table.dictionaries.get(Role::Customer).unwrap();
    let mut days = LocalDays::new(&table.schema.zone);
    let mut rows = Vec::new();
    for block in &table.blocks {
        let column = |role| block.column(table.schema.position(role).unwrap()).unwrap();
        let (Column::Codes(codes), Column::Times(times), Column::Money { values, scale }) =
            (column(Role::Customer), column(Role::Time), column(Role::Amount))
        else {
            panic!("typed columns")
        };
        for ((code, instant), minor) in codes.iter().zip(times).zip(values) {
            rows.push(Row {
                customer: String::from_utf8(ids.get(*code).unwrap().to_vec()).unwrap(),
                instant: *instant,
                day: Date::of_day_number(days.day_of(*instant)).to_string(),
                micros: i128::from(*minor) * 10i128.pow(6 - u32::from(*scale)),
            });
        }
    }
    rows
}

type Issues = BTreeMap<(&'static str, &'static str), (u64, Vec<u64>)>;

/// The issues by code and severity, whatever their column.
fn issues(quality: &Quality) -> Issues {
    let mut found = Issues::new();
    for issue in &quality.issues {
        let severity = match issue.severity {
            Severity::Rejected => "rejected",
            Severity::Changed => "changed",
            Severity::Doubtful => "doubtful",
            Severity::Note => "note",
        };
        let (count, lines) = found.entry((issue.code, severity)).or_default();
        *count += issue.count;
        lines.extend(&issue.rows);
    }
    for (_, lines) in found.values_mut() {
        lines.sort_unstable();
        lines.truncate(5);
    }
    found
}

fn check(seed: u64, plan: Plan, piece: usize) {
    let export = dirty::export(seed, plan);
    let (table, quality) = read(&export, piece);
    let truth = &export.truth;
    let about = format!("seed {seed}, {:?}", export.about);
    assert_eq!(issues(&quality), truth.issues, "{about}");
    let found = rows(&table);
    for (at, (found, expected)) in found.iter().zip(&truth.rows).enumerate() {
        assert_eq!(found, expected, "row {at} of {about}");
    }
    assert_eq!(found.len(), truth.rows.len(), "{about}");
    let (read, used) = (quality.rows.read, quality.rows.used);
    assert_eq!((read, used), (truth.read, truth.rows.len() as u64), "{about}");
    let mut ids: Vec<&str> = truth.rows.iter().map(|row| row.customer.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(quality.customers, Some(ids.len() as u64), "{about}");
    let sum = quality.amount.unwrap().sum;
    let (whole, fraction) = sum.split_once('.').unwrap_or((&sum, ""));
    let sum: i128 = format!("{whole}{fraction:0<6}").parse().unwrap();
    assert_eq!(sum, truth.sum(), "{about}");
}

/// Several exports as one table: the rows of one after those of the other, whatever their
/// names, separators and encodings.
fn check_list(seeds: &[u64], piece: usize) {
    let plan = Plan { rows: 25, told: false };
    let exports: Vec<Export> = seeds.iter().map(|seed| dirty::export(*seed, plan)).collect();
    let mut all = options(&exports[0]);
    // Orders are numbered anew in each.
    all.roles.order = None;
    let mut blocks = Vec::new();
    let mut sink = |block| {
        blocks.push(block);
        Ok(())
    };
    let mut reader = Reader::new(&all, zone(), 5).unwrap();
    for (at, export) in exports.iter().enumerate() {
        let own = options(export);
        let file = FileOptions {
            name: format!("file {at}"),
            format: Some(own.format),
            encoding: own.encoding,
            roles: own.roles,
            ..FileOptions::default()
        };
        reader.next_file(&file, &mut sink).unwrap();
        for piece in text(export).chunks(piece) {
            reader.push(piece, &mut sink).unwrap();
        }
    }
    let quality = reader.finish(&mut sink).unwrap();
    let Parts { schema, dictionaries, fingerprint } = reader.into_parts();
    let table = Table { schema, dictionaries, blocks, fingerprint };
    let found = rows(&table);
    let mut expected = exports.iter().flat_map(|export| &export.truth.rows).peekable();
    for (at, row) in found.iter().enumerate() {
        if expected.next_if(|expected| *expected == row).is_none() {
            // Without the role of the order, a copy is a row.
            assert!(at > 0 && found[at - 1] == *row, "row {at} of {seeds:?}: {row:?}");
        }
    }
    assert_eq!(expected.next(), None, "{seeds:?}");
    assert_eq!(quality.files.len(), exports.len());
    for (file, export) in quality.files.iter().zip(&exports) {
        assert_eq!(file.rows.read, export.truth.read, "{seeds:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_dirty_export_is_read_as_what_it_was_made_from(seed: u64, piece in 1usize..5000) {
        check(seed, Plan { rows: 40, told: true }, piece);
    }

    #[test]
    fn several_dirty_exports_are_one_table(
        seeds in proptest::collection::vec(any::<u64>(), 2..4), piece in 1usize..5000,
    ) {
        check_list(&seeds, piece);
    }
}

#[test]
fn a_long_dirty_export_is_read_as_what_it_was_made_from() {
    for seed in 0..4 {
        check(seed, Plan { rows: 3000, told: true }, 1 << 16);
    }
}

#[test]
fn the_dirt_is_really_there() {
    let mut met: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..300 {
        let export = dirty::export(seed, Plan { rows: 40, told: true });
        for ((code, _), (count, _)) in export.truth.issues {
            *met.entry(code).or_default() += count;
        }
        for about in export.about {
            *met.entry(about).or_default() += 1;
        }
    }
    let expected = [
        "amount",
        "control-char",
        "date",
        "date-ambiguous",
        "duplicate-order",
        "footer",
        "gb18030",
        "gbk",
        "in and out",
        "lookalike-id",
        "mangled-id",
        "missing-column",
        "missing-id",
        "mixed line ends",
        "names in capitals",
        "overflow",
        "parse",
        "pii",
        "preamble",
        "preamble, told",
        "precision",
        "ragged",
        "refund",
        "repeated-header",
        "sep line",
        "utf-16be",
        "utf-16le",
        "utf-8",
        "utf-8 mark",
    ];
    for code in expected {
        assert!(met.get(code).is_some_and(|count| *count >= 5), "{code} in {met:?}");
    }
    assert_eq!(met.len(), expected.len(), "{met:?}");
}
