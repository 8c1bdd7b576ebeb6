//! Any table, written to a file and read again, is the same table: as CSV by the project's own
//! writer and by an independent one, and as JSON in both forms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

use proptest::prelude::*;
use siyu::privacy::release::{Released, csv};
use siyu::read::quality::Severity;
use siyu::read::{Format, Options, read_table};
use siyu::table::block::{Column, MISSING};
use siyu::table::role::Role;
use siyu::table::zone::Zone;

/// One row: customer, instant in ms, amount in millionths, order (perhaps none).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    customer: String,
    instant: i64,
    micros: i64,
    order: Option<String>,
}

const HEADER: [&str; 4] = ["customer", "time", "amount", "order"];

/// Any text without outer white space, which is not part of a cell.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Z]{1,2}[0-9]{1,6}",
        2 => "[-=+@'\",;|\\\\{}\\[\\]:/ a-z\r\n\t张é𠮷\u{200d}]{1,12}",
        1 => "\\PC{1,20}",
    ]
    .prop_map(|text| text.trim().to_owned())
    .prop_filter("an empty id is none", |text| !text.is_empty())
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        text(),
        // 1900-01-02 to 2100-12-31.
        -2_208_902_400_000i64..4_133_894_400_000,
        prop_oneof![
            Just(0),
            -9_000_000_000_000i64..9_000_000_000_000,
            (-9_999i64..99_999).prop_map(|cents| cents * 10_000)
        ],
        proptest::option::of(text()),
    );
    proptest::collection::vec(row, 1..40).prop_map(|rows| {
        let rows = rows.into_iter();
        rows.map(|(customer, instant, micros, order)| Row { customer, instant, micros, order })
            .collect()
    })
}

fn time_text(ms: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(ms).unwrap())
}

fn amount_text(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    let text = format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn cells(row: &Row) -> [String; 4] {
    let order = row.order.clone().unwrap_or_default();
    [row.customer.clone(), time_text(row.instant), amount_text(row.micros), order]
}

/// Reads a file; nothing of it may be left out or altered.
fn read(file: &[u8], format: Format) -> Vec<Row> {
    let mut options = Options { format, ..Options::default() };
    let roles = [Role::Customer, Role::Time, Role::Amount, Role::Order];
    for (role, name) in roles.into_iter().zip(HEADER) {
        options.roles.set(role, name);
    }
    // Equal orders are part of what must come back.
    options.duplicates = siyu::read::options::Duplicates::Keep;
    let zone = Zone::fixed("Asia/Shanghai", 8 * 3600).unwrap();
    let (table, quality) = read_table(file.chunks(61), &options, zone, 1, 1 << 28)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(file)));
    for issue in &quality.issues {
        let kept = !matches!(issue.severity, Severity::Rejected | Severity::Changed);
        assert!(kept, "{issue:?}: {}", String::from_utf8_lossy(file));
    }
    let id = |role, code: u32| {
        let ids = table.dictionaries.get(role).unwrap();
        String::from_utf8(ids.get(code).unwrap().to_vec()).unwrap()
    };
    let mut rows = Vec::new();
    for block in &table.blocks {
        let [
            Column::Codes(customers),
            Column::Times(times),
            Column::Money { values, scale },
            Column::Codes(orders),
        ] = block.columns()
        else {
            panic!("typed columns")
        };
        for at in 0..block.rows() {
            rows.push(Row {
                customer: id(Role::Customer, customers[at]),
                instant: times[at],
                micros: values[at] * 10i64.pow(6 - u32::from(*scale)),
                order: (orders[at] != MISSING).then(|| id(Role::Order, orders[at])),
            });
        }
    }
    rows
}

/// The table by the writer of every file that leaves.
fn released(rows: &[Row]) -> Vec<u8> {
    let table: Vec<[String; 4]> = rows.iter().map(cells).collect();
    let columns: Vec<(Vec<u8>, Vec<u32>)> = (0..HEADER.len())
        .map(|column| {
            let (mut bytes, mut ends) = (Vec::new(), Vec::new());
            for row in &table {
                bytes.extend_from_slice(row[column].as_bytes());
                ends.push(bytes.len() as u32);
            }
            (bytes, ends)
        })
        .collect();
    let columns: Vec<Released<'_>> =
        columns.iter().map(|(bytes, ends)| Released::Text { bytes, ends }).collect();
    csv(&HEADER.map(str::to_owned), &columns).unwrap()
}

/// The table by an independent writer of CSV.
fn independent(rows: &[Row], delimiter: u8, end: csv_core::Terminator) -> Vec<u8> {
    let mut writer = csv_core::WriterBuilder::new().delimiter(delimiter).terminator(end).build();
    let mut out = Vec::new();
    let mut room = vec![0; 1 << 12];
    let header = HEADER.map(str::to_owned);
    for record in std::iter::once(header).chain(rows.iter().map(cells)) {
        for (at, cell) in record.iter().enumerate() {
            if at > 0 {
                let (_, written) = writer.delimiter(&mut room);
                out.extend_from_slice(&room[..written]);
            }
            let (_, read, written) = writer.field(cell.as_bytes(), &mut room);
            assert_eq!(read, cell.len(), "a cell is shorter than the room");
            out.extend_from_slice(&room[..written]);
        }
        let (_, written) = writer.terminator(&mut room);
        out.extend_from_slice(&room[..written]);
    }
    let (_, written) = writer.finish(&mut room);
    out.extend_from_slice(&room[..written]);
    out
}

fn object(row: &Row, style: u8) -> serde_json::Value {
    let mut object = serde_json::Map::new();
    let put = |object: &mut serde_json::Map<_, _>, at: usize, value| {
        object.insert(HEADER[at].to_owned(), value);
    };
    put(&mut object, 0, serde_json::Value::from(row.customer.clone()));
    put(&mut object, 1, serde_json::Value::from(time_text(row.instant)));
    // Money as a text, or as a number where a binary number holds it.
    let number = row.micros as f64 / 1e6;
    let amount = match style & 1 == 0 && row.micros % 10_000 == 0 {
        true => serde_json::Value::from(number),
        false => serde_json::Value::from(amount_text(row.micros)),
    };
    put(&mut object, 2, amount);
    match (&row.order, style & 2 == 0) {
        (Some(order), _) => put(&mut object, 3, serde_json::Value::from(order.clone())),
        (None, true) => put(&mut object, 3, serde_json::Value::Null),
        (None, false) => {}
    }
    serde_json::Value::Object(object)
}

/// Text of JSON with everything but ASCII escaped.
fn escaped(json: &str) -> String {
    let mut text = String::new();
    for c in json.chars() {
        match c.is_ascii() {
            true => text.push(c),
            false => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    text += &format!("\\u{unit:04X}");
                }
            }
        }
    }
    text
}

/// Whether the release puts an apostrophe in front of a cell, so that no spreadsheet runs it.
fn is_disarmed(written: &[Row], read: &Row, at: usize) -> bool {
    let disarmed = |before: &str, after: &str| {
        before == after
            || (after.strip_prefix('\'') == Some(before)
                && before.contains(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n']))
    };
    let before = &written[at];
    disarmed(&before.customer, &read.customer)
        && disarmed(
            before.order.as_deref().unwrap_or_default(),
            read.order.as_deref().unwrap_or_default(),
        )
        && (before.instant, before.micros) == (read.instant, read.micros)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_released_as_csv_is_read_back(rows in rows()) {
        let found = read(&released(&rows), Format::Csv);
        prop_assert_eq!(found.len(), rows.len());
        for (at, row) in found.iter().enumerate() {
            prop_assert!(is_disarmed(&rows, row, at), "{:?} became {:?}", rows[at], row);
        }
    }

    #[test]
    fn what_another_program_writes_as_csv_is_read(
        rows in rows(),
        delimiter in prop_oneof![Just(b','), Just(b';'), Just(b'\t'), Just(b'|')],
        crlf: bool,
    ) {
        let end = if crlf { csv_core::Terminator::CRLF } else { csv_core::Terminator::Any(b'\n') };
        prop_assert_eq!(read(&independent(&rows, delimiter, end), Format::Auto), rows);
    }

    #[test]
    fn what_another_program_writes_as_json_is_read(
        rows in rows(), style in 0u8..4, pretty: bool, escapes: bool,
    ) {
        // A key that no record has would be a column that is missing.
        let styles = std::iter::once(style & 1).chain(std::iter::repeat(style));
        let objects: Vec<_> = rows.iter().zip(styles).map(|(row, style)| object(row, style)).collect();
        let json = match pretty {
            true => serde_json::to_string_pretty(&objects),
            false => serde_json::to_string(&objects),
        };
        let json = json.unwrap();
        let json = if escapes { escaped(&json) } else { json };
        prop_assert_eq!(&read(json.as_bytes(), Format::Auto), &rows);
        let lines: Vec<String> = objects.iter().map(ToString::to_string).collect();
        let lines = if escapes { escaped(&lines.join("\n")) } else { lines.join("\n") };
        prop_assert_eq!(read(lines.as_bytes(), Format::Auto), rows);
    }
}
