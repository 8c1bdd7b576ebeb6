//! Workbooks that another program's library writes.

use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::*;

fn saved(mut workbook: Workbook) -> Vec<u8> {
    workbook.save_to_buffer().unwrap()
}

#[test]
fn a_plain_table_is_read_like_a_csv_file() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("订单").unwrap();
    let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    sheet.write_row(0, 0, ["buyer", "paid_at", "paid", "备注"]).unwrap();
    let at = ExcelDateTime::from_ymd(2025, 5, 28).unwrap().and_hms(9, 3, 0).unwrap();
    sheet.write(1, 0, "00123").unwrap();
    sheet.write_with_format(1, 1, &at, &moment).unwrap();
    sheet.write(1, 2, 10.5).unwrap();
    sheet.write(1, 3, "says \"hi\", twice\nand more").unwrap();
    sheet.write(3, 0, "B2").unwrap();
    sheet.write_with_format(3, 1, &at, &moment).unwrap();
    sheet.write(3, 2, 1200).unwrap();
    let file = saved(workbook);
    assert_eq!(
        text(file.clone()),
        "buyer,paid_at,paid,备注\n\
         00123,2025-05-28 09:03:00,10.5,\"says \"\"hi\"\", twice\nand more\"\n\
         \n\
         B2,2025-05-28 09:03:00,1200,\n"
    );
    let (table, quality) = table(file, |_| {}).unwrap();
    assert_eq!((table.rows(), quality.amount.unwrap().sum.as_str()), (2, "1210.5"));
    assert_eq!((quality.format, quality.sheet.as_deref()), ("xlsx", Some("订单")));
    assert_eq!((quality.encoding, quality.delimiter, quality.header_line), (None, None, Some(1)));
    assert!(quality.issues.is_empty());
}

#[test]
fn a_row_number_is_that_of_the_sheet() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "Orders\nof May").unwrap();
    sheet.write_row(3, 0, ["buyer", "paid_at", "paid"]).unwrap();
    sheet.write_row(4, 0, ["A\nB", "2025-05-28", "1"]).unwrap();
    sheet.write_row(8, 0, ["C", "not a date", "1"]).unwrap();
    let (_, quality) = table(saved(workbook), |options| options.header = Some(4)).unwrap();
    assert_eq!(quality.header_line, Some(4));
    let date = quality.issues.iter().find(|issue| issue.code == "date").unwrap();
    assert_eq!(date.rows, [9]);
}

#[test]
fn the_guess_finds_a_header_below_a_title_of_several_lines() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.merge_range(0, 0, 0, 2, "Orders\nof May", &Format::new()).unwrap();
    sheet.write_row(2, 0, ["buyer_id", "paid_at", "paid"]).unwrap();
    for row in 3..30 {
        sheet.write_row(row, 0, ["A1", "2025-05-28 10:00:00", "12.50"]).unwrap();
    }
    let sample = text(saved(workbook));
    let options = Options { format: siyu::read::Format::Xlsx, ..Options::default() };
    let guess = siyu::read::guess::guess(sample.as_bytes(), &options).unwrap();
    assert_eq!(guess.header, Some(3));
    assert_eq!(guess.roles.customer.unwrap().column, "buyer_id");
}

#[test]
fn a_header_of_two_levels_becomes_one() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let plain = Format::new();
    sheet.merge_range(0, 0, 0, 3, "Report", &plain).unwrap();
    sheet.merge_range(1, 0, 2, 0, "buyer", &plain).unwrap();
    sheet.merge_range(1, 1, 1, 2, "order", &plain).unwrap();
    sheet.merge_range(1, 3, 2, 3, "note", &plain).unwrap();
    sheet.write_row(2, 1, ["paid at", "paid"]).unwrap();
    sheet.write_row(3, 0, ["A1", "2025-05-28", "10", "x"]).unwrap();
    assert_eq!(
        text(saved(workbook)),
        "Report,,,\n\nbuyer,order / paid at,order / paid,note\nA1,2025-05-28,10,x\n"
    );
}

#[test]
fn merged_cells_of_data_hold_their_value_once() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["buyer", "item"]).unwrap();
    sheet.merge_range(1, 0, 2, 0, "A1", &Format::new()).unwrap();
    sheet.write(1, 1, "pen").unwrap();
    sheet.write(2, 1, "ink").unwrap();
    assert_eq!(text(saved(workbook)), "buyer,item\nA1,pen\n,ink\n");
}

#[test]
fn the_first_sheet_with_data_is_taken_or_the_one_that_is_named() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("empty").unwrap();
    let hidden = workbook.add_worksheet().set_name("hidden").unwrap();
    hidden.write(0, 0, "first").unwrap();
    hidden.set_hidden(true);
    workbook.add_worksheet().set_name("三月").unwrap().write(0, 0, "second").unwrap();
    let file = saved(workbook);
    let read = |name| csv(file.clone(), name, Limits::default());
    assert_eq!(read(None).unwrap(), (Some("hidden".to_owned()), b"first\n".to_vec()));
    assert_eq!(read(Some("三月")).unwrap(), (Some("三月".to_owned()), b"second\n".to_vec()));
    assert_eq!(read(Some("empty")).unwrap(), (None, Vec::new()));
    let error = read(Some("April")).unwrap_err();
    assert_eq!((error.code().as_str(), error.path()), ("missing-sheet", Some("sheet")));
    assert!(error.hint().contains("`empty`, `hidden`, `三月`"), "{error}");
}

#[test]
fn a_cell_in_the_last_corner_costs_nothing() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["buyer", "paid_at", "paid"]).unwrap();
    sheet.write_row(1, 0, ["A1", "2025-05-28", "1"]).unwrap();
    sheet.write(1_048_575, 16_383, "here").unwrap();
    let file = saved(workbook);
    let text = text(file.clone());
    assert!(text.starts_with("buyer,paid_at,paid\nA1,2025-05-28,1\n\n"));
    assert_eq!(text.lines().count(), 1_048_576);
    assert!(text.len() < 1_100_000);
    let (table, quality) = table(file, |_| {}).unwrap();
    // The row of the corner has no customer.
    assert_eq!((table.rows(), quality.rows.read, quality.rows.skipped), (1, 2, 1));
}

#[test]
fn days_count_from_1904_where_the_workbook_says_so() {
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let mut workbook = Workbook::new();
    workbook.add_worksheet().write_with_format(0, 0, 44_343.0, &day).unwrap();
    let file = saved(workbook);
    assert_eq!(text(file.clone()), "2021-05-27\n");
    let file = by_hand::changed(&file, "xl/workbook.xml", |xml| {
        xml.replace("<workbookPr ", "<workbookPr date1904=\"1\" ")
    });
    assert_eq!(text(file), "2025-05-28\n");
}

#[test]
fn number_formats_decide_what_a_number_means() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, (number, format)) in (0..).zip([
        (45_805.377_083_333_33, "yyyy/m/d h:mm"),
        (45_805.0, "yyyy\"年\"m\"月\"d\"日\""),
        (0.377_083_333_333_333, "h:mm AM/PM"),
        (1.5, "[h]:mm"),
        (42.0, "000000"),
        (0.15, "0%"),
        (1234.5, "#,##0.00 \"元\""),
        (45_805.0, "@"),
        (60.0, "yyyy-mm-dd"),
    ]) {
        let format = Format::new().set_num_format(format);
        sheet.write_with_format(0, column, number, &format).unwrap();
    }
    assert_eq!(
        text(saved(workbook)),
        "2025-05-28 09:03:00,2025-05-28,09:03:00,36:00:00,000042,0.15,1234.5,45805,1900-02-29\n"
    );
}

#[test]
fn long_ids_show_whether_they_were_rounded() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["buyer", "paid_at", "paid"]).unwrap();
    sheet.write(1, 0, 1.234_567_890_123_456_8e17).unwrap();
    sheet.write(1, 1, "2025-05-28").unwrap();
    sheet.write(1, 2, 1).unwrap();
    sheet.write(2, 0, "123456789012345678").unwrap();
    sheet.write(2, 1, "2025-05-28").unwrap();
    sheet.write(2, 2, 1).unwrap();
    let file = by_hand::changed(&saved(workbook), "xl/worksheets/sheet1.xml", |xml| {
        // As spreadsheet programs store it.
        let long = "<c r=\"A2\"><v>";
        let (before, after) = xml.split_once(long).unwrap();
        let (_, rest) = after.split_once("</v>").unwrap();
        format!("{before}{long}1.2345678901234568E+17</v>{rest}")
    });
    assert!(text(file.clone()).contains("\n1.2345678901234568E+17,"));
    let (table, quality) = table(file, |_| {}).unwrap();
    assert_eq!(table.rows(), 2);
    assert!(quality.issues.iter().any(|issue| issue.code == "mangled-id" && issue.rows == [2]));
}

#[test]
fn formulas_give_their_stored_results() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, Formula::new("=1+1").set_result("2")).unwrap();
    sheet.write(0, 1, Formula::new("=\"a\"&\"b\"").set_result("ab")).unwrap();
    sheet.write(0, 2, true).unwrap();
    assert_eq!(text(saved(workbook)), "2,ab,TRUE\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Table → workbook → text → table: every text comes back, in steps of any size.
    #[test]
    fn texts_come_back_as_they_were(
        rows in prop::collection::vec(prop::collection::vec("[ -~\n\u{e9}元😀]{0,12}", 1..6), 1..20),
        work in 1u32..400,
    ) {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (number, row) in (0..).zip(&rows) {
            for (column, cell) in (0..).zip(row) {
                sheet.write_string(number, column, cell).unwrap();
            }
        }
        let file = saved(workbook);
        let whole = csv(file.clone(), None, Limits::default()).unwrap();
        prop_assert_eq!(&in_steps(file, work).unwrap(), &whole);
        let trimmed = |row: &[String]| {
            let filled = row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
            row[..filled].to_vec()
        };
        let mut expected: Vec<Vec<String>> = rows.iter().map(|row| trimmed(row)).collect();
        while expected.last().is_some_and(Vec::is_empty) {
            expected.pop();
        }
        let found: Vec<Vec<String>> = records(&whole.1).iter().map(|row| trimmed(row)).collect();
        prop_assert_eq!(found, expected);
    }

    /// Numbers come back to the last bit, dates to the millisecond.
    #[test]
    fn numbers_and_instants_come_back(
        value in prop::num::f64::NORMAL.prop_filter("a sheet has no larger", |v| v.abs() < 1e15 && v.abs() > 1e-6),
        ms in 0i64..(2_958_465 * 86_400_000),
    ) {
        let serial = ms as f64 / 86_400_000.0;
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss.000");
        sheet.write(0, 0, value).unwrap();
        sheet.write_with_format(0, 1, 86_400.0 / 86_400.0 + serial, &moment).unwrap();
        let text = text(saved(workbook));
        let (number, instant) = text.trim_end().split_once(',').unwrap();
        // The writer keeps 16 digits.
        let written: f64 = format!("{value:.15e}").parse().unwrap();
        let read: f64 = number.parse().unwrap();
        prop_assert!(((read - written) / written).abs() < 1e-15, "{} {}", number, value);
        prop_assert!(instant.len() >= 19);
    }
}

/// The records of a text, split by another hand.
fn records(text: &[u8]) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for record in split_rows(text) {
        let mut reader = csv_core::Reader::new();
        let (mut buffer, mut ends) = (vec![0; record.len() + 8], vec![0; record.len() + 8]);
        let mut line = record.clone();
        line.push(b'\n');
        let (_, _, _, count) = reader.read_record(&line, &mut buffer, &mut ends);
        let mut from = 0;
        let cells = ends[..count].iter().map(|end| {
            let cell = String::from_utf8(buffer[from..*end].to_vec()).unwrap();
            from = *end;
            cell
        });
        out.push(cells.collect());
    }
    out
}

/// Rows of a text: line ends outside quotes. (The other hand passes over blank records.)
fn split_rows(text: &[u8]) -> Vec<Vec<u8>> {
    let (mut rows, mut row, mut open) = (Vec::new(), Vec::new(), false);
    for byte in text {
        open ^= *byte == b'"';
        match byte {
            b'\n' if !open => rows.push(std::mem::take(&mut row)),
            _ => row.push(*byte),
        }
    }
    rows
}

#[test]
fn a_workbook_of_another_program_reads_alike() {
    let file = include_bytes!("another_program.xlsx").to_vec();
    let (name, text) = csv(file, None, Limits::default()).unwrap();
    assert_eq!(name.as_deref(), Some("订单 2025"));
    assert_eq!(
        String::from_utf8(text).unwrap(),
        "五月订单,,,,\n\
         \n\
         \n\
         买家,订单 / 付款时间,订单 / 实付,订单 / 订单号,备注\n\
         00123,2025-05-28 09:03:00,10.5,1.234567890123457e+17,\"a, \"\"b\"\"\nc\"\n\
         李四 & 王,2025-05-29,-3,x<y>,TRUE\n\
         00042,2025-05-30 23:59:59.500,0.3,,07:30:00\n\
         E1,1900-01-01 00:00:00,#N/A,#N/A,30:00:00\n"
    );
}
