//! What reading a whole file promises, as claims.

use proptest::prelude::*;

use super::options::{DateOrder, Dates, Decimal, Duplicates, Serial};
use super::quality::{Outcome, Severity};
use super::*;
use crate::table::block::{Column, MISSING};

const MEMORY: usize = 1 << 28;

pub(super) fn mapped(roles: &[(Role, &str)]) -> Options {
    let mut options = Options::default();
    for (role, name) in roles {
        options.roles.set(*role, *name);
    }
    options
}

pub(super) fn usual() -> Options {
    mapped(&[(Role::Customer, "id"), (Role::Time, "time"), (Role::Amount, "amount")])
}

pub(super) fn shanghai() -> Zone {
    Zone::fixed("Asia/Shanghai", 8 * 3600).unwrap()
}

fn read(text: impl AsRef<[u8]>, options: &Options) -> Result<(Table, Quality)> {
    read_table([text.as_ref()], options, shanghai(), 7, MEMORY)
}

fn in_pieces(bytes: &[u8], size: usize, options: &Options) -> Result<(Table, Quality)> {
    read_table(bytes.chunks(size), options, shanghai(), 7, MEMORY)
}

/// Everything that must not depend on how the bytes arrived.
pub(super) fn essence(
    result: Result<(Table, Quality)>,
) -> std::result::Result<impl PartialEq + std::fmt::Debug, Error> {
    let (table, quality) = result?;
    let ids: Vec<_> = Role::ALL
        .iter()
        .filter_map(|role| table.dictionaries.get(*role))
        .map(|dictionary| (dictionary.as_parts().0.to_vec(), dictionary.as_parts().1.to_vec()))
        .collect();
    Ok((table.blocks, ids, table.fingerprint, quality))
}

fn codes(quality: &Quality) -> Vec<(&'static str, u64, Vec<u64>)> {
    quality.issues.iter().map(|issue| (issue.code, issue.count, issue.rows.clone())).collect()
}

pub(super) fn fails_as(error: &Error, code: Code, row: Option<u64>) {
    assert_eq!((error.code(), error.row()), (code, row), "{error}");
}

fn fails(text: impl AsRef<[u8]>, options: &Options) -> Error {
    read(text, options).map(|(_, quality)| quality).unwrap_err()
}

#[test]
fn rows_become_typed_columns() {
    let options = mapped(&[
        (Role::Customer, "id"),
        (Role::Time, "time"),
        (Role::Amount, "amount"),
        (Role::Quantity, "n"),
        (Role::Channel, "via"),
    ]);
    let text = "note,via,n,amount,time,id\n\
                x,app,2,10.5,2025-05-28,007\n\
                y,,,3,2025-05-28T09:00:00,7\n\
                z,app,many,0.001,2025-05-29,007\n";
    let (table, quality) = read(text, &options).unwrap();
    let [block] = table.blocks.as_slice() else { panic!("one block") };
    let midnight = 1_748_361_600_000;
    assert_eq!(block.column(0), Some(&Column::Codes(vec![0, 1, 0])));
    assert_eq!(
        block.column(1),
        Some(&Column::Times(vec![midnight, midnight + 9 * 3_600_000, midnight + 86_400_000]))
    );
    assert_eq!(block.column(2), Some(&Column::Money { values: vec![10_500, 3000, 1], scale: 3 }));
    let Some(Column::Numbers { values, valid }) = block.column(3) else { panic!("numbers") };
    assert_eq!(values, &[2.0, 0.0, 0.0]);
    assert_eq!([valid.get(0), valid.get(1), valid.get(2)], [true, false, false]);
    assert_eq!(block.column(4), Some(&Column::Codes(vec![0, MISSING, 0])));
    assert_eq!(codes(&quality), [("type", 1, vec![4])]);
    assert_eq!(quality.customers, Some(2));
    assert_eq!(quality.amount.unwrap().sum, "13.501");
    assert_eq!(quality.columns[0].role, None);
    assert_eq!(quality.columns[5].role, Some(Role::Customer));
}

#[test]
fn every_skipped_row_is_counted_once_with_its_line() {
    let text = "id,time,amount\n\
                A,2025-05-01,1\n\
                ,bad,bad\n\
                \"B\"x,2025-05-01,1\n\
                C,2025-02-30,x\n\
                D,2025-05-01,one\n\
                E,2025-05-01\n\
                id,time,amount\n\
                \" id\",time , amount\n\
                F,2025-05-01,99999999999999999999\n\
                G,01/02/2025,1\n";
    let (table, quality) = read(text, &usual()).unwrap();
    assert_eq!(table.rows(), 1);
    assert_eq!(
        codes(&quality),
        [
            ("amount", 1, vec![6]),
            ("date", 1, vec![5]),
            ("date-ambiguous", 1, vec![11]),
            ("missing-id", 1, vec![3]),
            ("overflow", 1, vec![10]),
            ("parse", 1, vec![4]),
            ("ragged", 1, vec![7]),
            ("repeated-header", 2, vec![8, 9]),
        ]
    );
    let rows = quality.rows;
    assert_eq!((rows.read, rows.used, rows.skipped), (10, 1, 9));
    let counted: u64 = quality.issues.iter().map(|issue| issue.count).sum();
    assert_eq!(counted, rows.skipped);
    assert_eq!(quality.outcome(), Outcome::Warn);
}

#[test]
fn a_rejected_row_leaves_no_customer_behind() {
    let (table, quality) =
        read("id,time,amount\nA,2025-05-01,1\nB,2025-05-01,x\n", &usual()).unwrap();
    assert_eq!(table.dictionaries.get(Role::Customer).unwrap().len(), 1);
    assert_eq!(quality.customers, Some(1));
}

#[test]
fn clean_files_have_nothing_to_report() {
    for text in [
        "id,time,amount\nA,2025-05-01,1\n",
        "\u{feff}id,time,amount\r\nA,2025-05-01,1\r\n",
        "\n \t\nid;time;amount\rA;2025-05-01;1",
        "sep=|\nid|time|amount\nA|2025-05-01|1\n\n",
        "\"id\",\"time\",\"amount\"\n\"A\",\"2025-05-01\",\"1\"\n",
    ] {
        let (table, quality) = read(text, &usual()).unwrap();
        assert_eq!((table.rows(), quality.outcome()), (1, Outcome::Ok), "{text}");
    }
}

#[test]
fn what_is_wrong_with_the_whole_file_is_an_error() {
    let options = usual();
    for (text, code) in [
        ("", Code::Empty),
        (" \r\n\t\n", Code::Empty),
        ("\u{feff}", Code::Empty),
        ("id,time,amount\n", Code::NoRows),
        ("id,time\nA,2025-05-01\n", Code::MissingColumn),
        ("id，time，amount\n", Code::MissingColumn),
        ("id,time,amount,amount\nA,2025-05-01,1,2\n", Code::DuplicateColumn),
        ("ID,Id,time,amount\nA,B,2025-05-01,1\n", Code::DuplicateColumn),
        ("id,time,amount\nA,2025-05-01,1\n\"B,2025-05-02,1\n", Code::Parse),
        ("i\0d\0,\0", Code::Encoding),
        ("id,time,amount\nA,1.5.2025,1\nB,2.5.2025,1\n", Code::DateAmbiguous),
    ] {
        assert_eq!(fails(text, &options).code(), code, "{text:?}");
    }
}

#[test]
fn a_quote_that_is_not_closed_is_named_with_its_line() {
    let error = fails("id,time,amount\n\"A\nB\",2025-05-01,\"1\nC,2025-05-02,1\n", &usual());
    assert_eq!((error.code(), error.row()), (Code::Parse, Some(3)));
}

#[test]
fn invalid_bytes_are_named_with_line_and_byte() {
    let good = b"id,time,amount\nA,2025-05-01,1\n".to_vec();
    let error = fails([&good[..], b"B\xff,2025-05-01,1\n"].concat(), &usual());
    assert_eq!((error.code(), error.row(), error.byte()), (Code::Encoding, Some(3), Some(31)));
    let error = fails([&good[..], b"B,2025-05-01,\xe5\xbc"].concat(), &usual());
    assert_eq!((error.code(), error.row(), error.byte()), (Code::Encoding, Some(3), Some(43)));
}

#[test]
fn a_missing_column_lists_what_there_is_and_shows_no_data() {
    let error = fails("客户,time\nA,2025-05-01\n", &usual());
    assert_eq!(error.column(), Some("id"));
    assert!(error.hint().contains("`客户`, `time`"), "{error}");
    let error = fails("13800138000,2025-05-01,10\n", &usual());
    assert!(!error.to_string().contains("138"), "{error}");
    let error = fails(format!("{},x\n", "n".repeat(5000)), &usual());
    assert!(error.to_string().len() < 300, "{error}");
}

#[test]
fn a_header_that_differs_in_case_is_taken_with_a_warning() {
    let (table, quality) = read(" ID , Time,amount\nA,2025-05-01,1\n", &usual()).unwrap();
    assert_eq!(table.schema.fields[0].name, "ID");
    let doubtful: Vec<_> = quality.issues.iter().map(|i| (i.code, i.severity, i.column)).collect();
    assert_eq!(
        doubtful,
        [
            ("missing-column", Severity::Doubtful, Some(Role::Customer)),
            ("missing-column", Severity::Doubtful, Some(Role::Time)),
        ]
    );
}

#[test]
fn lines_before_a_declared_header_are_skipped_and_noted() {
    let mut options = usual();
    options.header = Some(4);
    let text = "Bill of \"May\nfrom,,\n\nid,time,amount\nA,2025-05-01,1\n";
    let (table, quality) = read(text, &options).unwrap();
    assert_eq!((table.rows(), quality.header_line), (1, Some(4)));
    assert_eq!(codes(&quality), [("preamble", 2, vec![1, 2])]);
    assert_eq!(quality.outcome(), Outcome::Ok);
}

#[test]
fn one_column_may_have_two_roles() {
    let options = mapped(&[(Role::Customer, "id"), (Role::Order, "id")]);
    let (table, _) = read("id\nA\nB\n", &options).unwrap();
    assert_eq!(table.blocks[0].columns().len(), 2);
}

#[test]
fn limits_end_the_reading_and_long_ids_only_their_row() {
    let text = "id,time,amount\nAAAA,2025-05-01,1\nB,2025-05-01,1\n";
    let limited = |change: &dyn Fn(&mut Limits)| {
        let mut options = usual();
        change(&mut options.limits);
        options
    };
    for options in [
        limited(&|limits| limits.bytes = 40),
        limited(&|limits| limits.rows = 1),
        limited(&|limits| limits.columns = 2),
        limited(&|limits| limits.record_bytes = 16),
    ] {
        for size in [1, 7, 100] {
            let error = in_pieces(text.as_bytes(), size, &options).unwrap_err();
            assert_eq!(error.code(), Code::Limit, "{:?}", options.limits);
        }
    }
    let (table, quality) = read(text, &limited(&|limits| limits.id_bytes = 3)).unwrap();
    assert_eq!((table.rows(), codes(&quality)), (1, vec![("limit", 1, vec![2])]));
    let error = read_table([text], &usual(), shanghai(), 7, 100).unwrap_err();
    assert_eq!(error.code(), Code::LimitMemory);
}

#[test]
fn an_error_stays_the_answer() {
    let mut reader = Reader::new(&usual(), shanghai(), 7).unwrap();
    let mut sink = |_| Ok(());
    let first = reader.push(&b"other,names\n".repeat(60), &mut sink).unwrap_err();
    assert_eq!(first.code(), Code::MissingColumn);
    assert_eq!(reader.push(b"id,time,amount\n", &mut sink).unwrap_err(), first);
    assert_eq!(reader.finish(&mut sink).unwrap_err(), first);
}

#[test]
fn clock_changes_are_counted() {
    let changes =
        vec![(i64::MIN, -18_000), (1_741_503_600_000, -14_400), (1_762_063_200_000, -18_000)];
    let zone = Zone::new("America/New_York", changes).unwrap();
    let text = "id,time,amount\nA,2025-03-09 02:30,1\nB,2025-11-02T01:30:00,1\nC,2025-06-01,1\n";
    let (_, quality) = read_table([text], &usual(), zone, 7, MEMORY).unwrap();
    assert_eq!(codes(&quality), [("date-gap", 1, vec![2]), ("date-fold", 1, vec![3])]);
}

#[test]
fn refunds_and_doubtful_ids_are_used_and_counted() {
    let text =
        "id,time,amount\n6.2E+18,2025-05-01,-3\nC\x07,2025-05-01,0\n6.2E+18,2025-05-01,0.0000001\n";
    let (table, quality) = read(text, &usual()).unwrap();
    assert_eq!(table.rows(), 3);
    assert_eq!(
        codes(&quality),
        [
            ("precision", 1, vec![4]),
            ("control-char", 1, vec![3]),
            ("mangled-id", 2, vec![2, 4]),
            ("refund", 1, vec![2]),
        ]
    );
    let amount = quality.amount.unwrap();
    assert_eq!((amount.refunds, amount.zeros), (1, 2));
}

/// What the report of a file says would help, as `option=value rows`, by code.
fn remedies(text: &str, options: &Options) -> Vec<(&'static str, Vec<String>)> {
    let (_, quality) = read(text, options).unwrap();
    let shown = |issue: &quality::Issue| {
        let all = issue.remedies.iter().map(|remedy| {
            let value = serde_json::to_string(&remedy.value).unwrap();
            format!("{}={value} {}", remedy.option, remedy.rows)
        });
        (issue.code, all.collect())
    };
    quality.issues.iter().map(shown).collect()
}

#[test]
fn the_report_says_which_option_would_read_what_was_left_out() {
    let text = "id;time;amount\n\
                A;2025-05-01;7\n\
                B;2025-05-01;20,25\n\
                C;2025-05-01;1.234,5\n\
                D;2025-05-01;1,2万\n\
                E;2025-05-01;(3)\n\
                F;13/04/2025;1\n\
                G;03/04/2025;1\n\
                H;45805;1\n\
                I;yesterday;1\n";
    assert_eq!(
        remedies(text, &usual()),
        [
            ("amount", vec!["decimal=\",\" 2".to_owned(), "accounting=true 1".to_owned()]),
            ("date", vec!["dates.serial=\"1900\" 1".to_owned()]),
            (
                "date-ambiguous",
                vec!["dates.order=\"dmy\" 2".to_owned(), "dates.order=\"mdy\" 1".to_owned()]
            ),
        ]
    );
    let declared = Options {
        decimal: Decimal::Comma,
        accounting: true,
        dates: Dates {
            order: Some(DateOrder::Dmy),
            serial: Some(Serial::From1900),
            ..Dates::default()
        },
        ..usual()
    };
    let (table, quality) = read(text, &declared).unwrap();
    assert_eq!((table.rows(), quality.amount.unwrap().sum.as_str()), (7, "1261.75"));
}

#[test]
fn a_file_of_which_nothing_is_read_says_what_would_help() {
    let error = fails("id;time;amount\nA;2025-05-01;1.234,56\nB;2025-05-02;20,25\n", &usual());
    assert_eq!(error.code(), Code::Amount);
    assert!(error.hint().contains("the option `decimal` can read 2 of them"), "{error}");
}

#[test]
fn thousands_among_decimal_commas_are_doubtful() {
    let text = "id;time;amount\nA;2025-05-01;1,234\nB;2025-05-01;20,25\nC;2025-05-01;7\n";
    let (_, quality) = read(text, &usual()).unwrap();
    let found: Vec<_> =
        quality.issues.iter().map(|i| (i.code, i.severity, i.rows.clone())).collect();
    assert_eq!(
        found,
        [("amount", Severity::Rejected, vec![3]), ("amount", Severity::Doubtful, vec![2])]
    );
    let clean = text.replace("20,25", "20.25");
    assert_eq!(read(clean, &usual()).unwrap().1.outcome(), Outcome::Ok);
}

fn roles_of_a_bill() -> Options {
    mapped(&[
        (Role::Customer, "交易对方"),
        (Role::Time, "交易时间"),
        (Role::Amount, "金额(元)"),
        (Role::Direction, "收/支"),
    ])
}

const BILL: &str = "\u{feff}微信支付账单明细,,,,,,,,\n\
    微信昵称：[测试],,,,,,,,\n\
    起始时间：[2025-05-01 00:00:00] 终止时间：[2025-05-31 23:59:59],,,,,,,,\n\
    ,,,,,,,,\n\
    ----------------------微信支付账单明细列表--------------------,,,,,,,,\n\
    交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态,交易单号\n\
    2025-05-01 10:00:00,商户消费,张三,\"茶\",收入,¥10.50,零钱,支付成功,\"4200000001\t\"\n\
    2025-05-02 11:30:00,商户消费,李四,\"茶,B\",收入,¥20.25,零钱,支付成功,\"4200000002\t\"\n\
    2025-05-03 12:00:00,退款,张三,\"茶\",支出,¥5.25,零钱,已全额退款,\"4200000003\t\"\n\
    2025-05-04 12:00:00,零钱提现,银行,\"/\",/,¥100.00,银行,提现已到账,\"4200000004\t\"\n";

#[test]
fn the_header_of_a_bill_is_found_below_its_title() {
    for size in [1, 7, 1000] {
        let (table, quality) = in_pieces(BILL.as_bytes(), size, &roles_of_a_bill()).unwrap();
        assert_eq!((table.rows(), quality.header_line), (3, Some(6)));
        assert_eq!(
            codes(&quality),
            [("amount", 1, vec![10]), ("preamble", 5, vec![1, 2, 3, 4, 5]), ("refund", 1, vec![9]),]
        );
        assert_eq!(quality.amount.unwrap().sum, "25.50");
    }
}

#[test]
fn lines_around_the_table_of_a_bill_are_counted_and_no_customers() {
    let text = "支付宝交易记录明细查询\r\n\
                账号:[test@example.com]\r\n\
                -----------------------交易记录明细列表-----------------------\r\n\
                交易号    ,交易创建时间 ,交易对方 ,金额（元）,收/支 ,备注 ,\r\n\
                2025050122\t,2025-05-01 10:00:00 ,张三 ,10.50 ,收入 , ,\r\n\
                2025050123\t,2025-05-02 10:00:00 ,李四 ,3.00 ,支出 , ,\r\n\
                2025050124\t,2025-05-02 10:00:00 ,余额宝 ,9.00 ,不计收支 , ,\r\n\
                -----------------------------------------------------------\r\n\
                共3笔记录\r\n\
                已收入:1笔,10.50元\r\n\
                导出时间:[2025-06-01 10:00:00]    用户:测试\r\n";
    let options = mapped(&[
        (Role::Customer, "交易对方"),
        (Role::Time, "交易创建时间"),
        (Role::Amount, "金额（元）"),
        (Role::Direction, "收/支"),
    ]);
    let (table, quality) = read(text, &options).unwrap();
    assert_eq!(table.rows(), 2);
    assert_eq!(
        codes(&quality),
        [
            ("amount", 1, vec![7]),
            ("preamble", 4, vec![8, 9, 10, 11]),
            ("preamble", 3, vec![1, 2, 3]),
            ("refund", 1, vec![6]),
        ]
    );
    assert_eq!(quality.customers, Some(2));
    assert_eq!(quality.rows.read, 7);
}

#[test]
fn a_header_is_looked_for_in_fifty_lines_and_the_best_try_is_named() {
    let title = |lines: usize| "Report of May\n".repeat(lines) + "id,time,amount\nA,2025-05-01,1\n";
    assert_eq!(read(title(49), &usual()).unwrap().1.header_line, Some(50));
    assert_eq!(fails(title(50), &usual()).code(), Code::MissingColumn);
    let error = fails("Report\n\nid,time,paid\nA,2025-05-01,1\n", &usual());
    assert_eq!(
        (error.code(), error.row(), error.column()),
        (Code::MissingColumn, Some(3), Some("amount"))
    );
    let error = fails("id,time,paid\nA,2025-05-01,1\n\"B,2025-05-01,1\n", &usual());
    assert_eq!((error.code(), error.row()), (Code::MissingColumn, Some(1)));
    let error = fails("Report\nid,time,amount,amount\nA,2025-05-01,1,2\n", &usual());
    assert_eq!((error.code(), error.row()), (Code::DuplicateColumn, Some(2)));
    let mut declared = usual();
    declared.header = Some(1);
    assert_eq!(fails(title(1), &declared).code(), Code::MissingColumn);
}

#[test]
fn rows_that_sum_up_others_are_no_customers() {
    let text = "id,time,amount\n\
                A,2025-05-01,1\n\
                合计,,1\n\
                小计：,2025-05-01,1\n\
                Total,2025-05-31,2\n\
                Totally,2025-05-31,2\n";
    let (table, quality) = read(text, &usual()).unwrap();
    assert_eq!(codes(&quality), [("date", 1, vec![3]), ("missing-id", 2, vec![4, 5])]);
    assert_eq!(table.rows(), 2);
}

#[test]
fn the_header_of_a_joined_file_is_known_with_its_mark() {
    let text = "id,time,amount\nA,2025-05-01,1\n\u{feff}id,time,amount\nB,2025-05-01,1\n";
    let (table, quality) = read(text, &usual()).unwrap();
    assert_eq!((table.rows(), codes(&quality)), (2, vec![("repeated-header", 1, vec![3])]));
}

#[test]
fn copies_of_a_record_count_once_and_conflicts_are_reported() {
    let mut options = usual();
    options.roles.set(Role::Order, "order");
    let text = "order,id,time,amount,item\n\
                1,A,2025-05-01,10,cup\n\
                1,A,2025-05-01,10,cup\n\
                1,A,2025-05-01,10,pot\n\
                1,A,2025-05-09,-10,pot\n\
                2,B,2025-05-01,5,cup\n\
                2,B,2025-05-02,5,cup\n\
                2,C,2025-05-01,5,cup\n\
                ,D,2025-05-01,5,cup\n\
                ,D,2025-05-01,5,cup\n";
    for size in [1, 1000] {
        let (table, quality) = in_pieces(text.as_bytes(), size, &options).unwrap();
        assert_eq!(table.rows(), 8);
        assert_eq!(
            codes(&quality),
            [
                ("duplicate-order", 1, vec![3]),
                ("duplicate-order", 2, vec![7, 8]),
                ("refund", 1, vec![5]),
            ]
        );
    }
    options.duplicates = Duplicates::Keep;
    let (table, quality) = read(text, &options).unwrap();
    assert_eq!((table.rows(), codes(&quality)), (9, vec![("refund", 1, vec![5])]));
    let (table, quality) = read(text, &usual()).unwrap();
    assert_eq!((table.rows(), quality.issues.len()), (9, 1));
}

#[test]
fn another_currency_than_the_first_is_left_out() {
    let mut options = usual();
    options.roles.set(Role::Currency, "in");
    let text = "id,time,amount,in\n\
                A,2025-05-01,1,CNY\nB,2025-05-01,2,usd\nC,2025-05-01,4,rmb\nD,2025-05-01,8,\n\
                E,2025-05-01,16,人民币\n";
    let (table, quality) = read(text, &options).unwrap();
    assert_eq!((table.rows(), codes(&quality)), (4, vec![("amount", 1, vec![3])]));
    assert_eq!(quality.issues[0].column, Some(Role::Currency));
    assert_eq!(quality.amount.unwrap().sum, "29");
}

#[test]
fn doubts_about_ids_are_counted_and_merge_nobody() {
    let text = "id,time,amount\n\
                A1,2025-05-01,1\n\
                Ａ１,2025-05-01,1\n\
                A1\u{200b},2025-05-01,1\n\
                13800138000,2025-05-01,1\n\
                李\u{200d}四,2025-05-01,1\n";
    for size in [1, 1000] {
        let (table, quality) = in_pieces(text.as_bytes(), size, &usual()).unwrap();
        assert_eq!((table.rows(), quality.customers), (5, Some(5)));
        assert_eq!(codes(&quality), [("lookalike-id", 2, vec![3, 4]), ("pii", 1, vec![5])]);
    }
}

/// A file of several blocks with most things that can go wrong.
fn long_file() -> Vec<u8> {
    let mut text = String::from("id,time,amount,note\n");
    for row in 0..70_000u32 {
        let id = row.wrapping_mul(2_654_435_761) % 5000;
        let day = 1 + row % 28;
        text += &match row % 97 {
            0 => format!("\"C{id}\",2025-05-{day:02},\"1,234.5\",\"line\none, \"\"two\"\"\"\r\n"),
            1 => format!("C{id},2025-05-{day},¥{row},\r"),
            2 => format!("C{id},2025-02-31,{row},\n"),
            3 => "\n  \n".to_owned(),
            4 => format!("C{id},2025-05-{day:02} 10:00:00,{row}\n"),
            5 => format!("客户{id},2025-05-{day:02}T10:00:00Z,{row}.1234567,x\n"),
            _ => format!("C{id},2025-05-{day:02} 10:{:02}:00,{}.25,\n", row % 60, row % 1000),
        };
    }
    text.into_bytes()
}

#[test]
fn pieces_do_not_change_blocks_codes_fingerprint_or_report() {
    let file = long_file();
    let whole = essence(in_pieces(&file, usize::MAX, &usual())).unwrap();
    for size in [61, 4096, 65_537, 1 << 20] {
        assert_eq!(essence(in_pieces(&file, size, &usual())).unwrap(), whole, "{size}");
    }
}

#[test]
fn blocks_are_cut_at_fixed_bytes_of_the_text() {
    let file = long_file();
    let marked = [b"\xEF\xBB\xBF", &file[..]].concat();
    let (plain, _) = read(&file, &usual()).unwrap();
    let (marked, _) = read(&marked, &usual()).unwrap();
    assert_eq!(plain.blocks, marked.blocks);
    let expected: Vec<u64> = (0..file.len() as u64).step_by(1 << 20).map(|at| at >> 20).collect();
    assert_eq!(plain.blocks.iter().map(Block::index).collect::<Vec<_>>(), expected);
}

#[test]
fn the_hash_seed_changes_nothing() {
    let file = long_file();
    let (one, _) = read_table([&file], &usual(), shanghai(), 1, MEMORY).unwrap();
    let (two, _) = read_table([&file], &usual(), shanghai(), 2, MEMORY).unwrap();
    assert_eq!((one.fingerprint, &one.blocks), (two.fingerprint, &two.blocks));
}

#[test]
fn loaded_blocks_hold_no_slack() {
    let (table, _) = read(long_file(), &usual()).unwrap();
    let columns = table.rows() as usize * (4 + 8 + 8);
    let held: usize = table.blocks.iter().map(Block::heap_size).sum();
    assert!(held < columns + table.blocks.len() * 1024, "{held} for {columns}");
}

proptest! {
    #[test]
    fn no_cut_of_the_bytes_is_visible(
        body in "([AB\",\r\n 1x\u{e9}]|2025-05-01|,){0,60}",
        broken in proptest::option::of(0usize..60),
        sizes in proptest::collection::vec(1usize..20, 1..8),
        limit in prop_oneof![Just(1u32 << 20), 4u32..40],
    ) {
        let mut bytes = ["id,time,amount\n", &body].concat().into_bytes();
        if let Some(byte) = broken.and_then(|at| bytes.get_mut(at + 15)) {
            *byte = 0xFF;
        }
        let mut options = usual();
        options.limits.record_bytes = limit;
        let whole = essence(in_pieces(&bytes, usize::MAX, &options));
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        let cut = essence(read_table(pieces, &options, shanghai(), 7, MEMORY));
        prop_assert_eq!(cut, whole);
    }

    #[test]
    fn any_bytes_have_an_answer(bytes: Vec<u8>, header: bool) {
        let start: &[u8] = if header { b"id,time,amount\n" } else { b"" };
        let _ = read([start, &bytes].concat(), &usual());
    }
}

/// A table of several files, in pieces of `size` bytes.
fn of_files(
    files: &[(&str, FileOptions)],
    size: usize,
    options: &Options,
) -> Result<(Table, Quality)> {
    let mut kept = Kept::new(MEMORY);
    let mut reader = Reader::new(options, shanghai(), 7)?;
    for (text, file) in files {
        reader.next_file(file, &mut |block| kept.keep(block))?;
        for piece in text.as_bytes().chunks(size) {
            reader.push(piece, &mut |block| kept.keep(block))?;
        }
    }
    let quality = reader.finish(&mut |block| kept.keep(block))?;
    Ok((kept.finish(reader.into_parts()), quality))
}

fn named(name: &str) -> FileOptions {
    FileOptions { name: name.to_owned(), ..FileOptions::default() }
}

/// All rows of each column, whatever the blocks; money at scale 6.
fn rows_of(table: &Table) -> Vec<Vec<i128>> {
    let fields = 0..table.schema.fields.len();
    let column = |at| table.blocks.iter().filter_map(move |block| block.column(at));
    let values = |column: &Column| -> Vec<i128> {
        match column {
            Column::Codes(codes) => codes.iter().map(|code| (*code).into()).collect(),
            Column::Times(times) => times.iter().map(|time| (*time).into()).collect(),
            Column::Money { values, scale } => {
                let factor = 10i128.pow(6 - u32::from(*scale));
                values.iter().map(|value| i128::from(*value) * factor).collect()
            }
            Column::Numbers { values, .. } => {
                values.iter().map(|value| value.to_bits().into()).collect()
            }
        }
    };
    fields.map(|at| column(at).flat_map(values).collect()).collect()
}

proptest! {
    #[test]
    fn a_file_that_is_cut_in_two_gives_the_same_columns_fingerprint_and_sums(
        rows in proptest::collection::vec(("[AB]{0,2}", 1u8..40, "[0-9]{1,3}(\\.[0-9]{1,2})?|x"), 1..40),
        cut in 0usize..40,
        size in 1usize..80,
    ) {
        let cut = cut.min(rows.len());
        let line = |(id, day, amount): &(String, u8, String)| format!("{id},2025-05-{day:02},{amount}\n");
        let header = "id,time,amount\n";
        let text = |rows: &[_]| header.to_owned() + &rows.iter().map(line).collect::<String>();
        let (whole, one, two) = (text(&rows), text(&rows[..cut]), text(&rows[cut..]));
        let expected = read(&whole, &usual());
        let files = [(one.as_str(), named("one")), (two.as_str(), named("two"))];
        let found = of_files(&files, size, &usual());
        let same = of_files(&files, 1 << 20, &usual());
        prop_assert_eq!(essence(found).map(|e| format!("{e:?}")), essence(same).map(|e| format!("{e:?}")));
        match (expected, of_files(&files, size, &usual())) {
            (Ok((table, quality)), Ok((other, parts))) => {
                prop_assert_eq!(table.fingerprint, other.fingerprint);
                prop_assert_eq!(rows_of(&table), rows_of(&other));
                prop_assert_eq!((quality.rows, quality.time, quality.customers), (parts.rows, parts.time, parts.customers));
                prop_assert_eq!(&quality.amount, &parts.amount);
                let read: u64 = parts.files.iter().map(|file| file.rows.read).sum();
                prop_assert_eq!(read, parts.rows.read);
                let kinds = |quality: &Quality| quality.issues.iter().filter(|issue| issue.code != "overlap").map(|issue| (issue.code, issue.count)).collect::<Vec<_>>();
                prop_assert_eq!(kinds(&quality), kinds(&parts));
            }
            (expected, found) => prop_assert_eq!(expected.unwrap_err().code(), found.unwrap_err().code()),
        }
    }
}

#[test]
fn each_file_has_its_own_header_separator_and_names() {
    let mut options = usual();
    options.other_names.customer = vec!["买家".to_owned(), "buyer".to_owned()];
    let files = [
        ("id,time,amount\nA,2025-05-01,1\n,2025-05-01,1\n", named("may.csv")),
        (
            "note;AMOUNT;买家;time\nx;2;B;2025-06-01\n;AMOUNT;买家;time\n;x;A;2025-06-02\n",
            named("june.csv"),
        ),
        (
            "bill\nbuyer\tday\tamount\nA\t2025-07-01\t3\n",
            FileOptions {
                header: Some(2),
                encoding: Some("gb18030".to_owned()),
                roles: mapped(&[(Role::Time, "day"), (Role::Order, "unknown")]).roles,
                ..named("july.csv")
            },
        ),
    ];
    let (table, quality) = of_files(&files, 5, &options).unwrap();
    assert_eq!(rows_of(&table)[0], [0, 1, 0]);
    assert_eq!(rows_of(&table)[2], [1_000_000, 2_000_000, 3_000_000]);
    assert_eq!(table.schema.fields[0].name, "id");
    let found: Vec<_> =
        quality.issues.iter().map(|i| (i.code, &i.rows[..], &i.files[..])).collect();
    assert_eq!(
        found,
        [
            ("amount", &[4][..], &[1][..]),
            ("missing-id", &[3][..], &[0][..]),
            ("repeated-header", &[3][..], &[1][..]),
            ("missing-column", &[1][..], &[1][..]),
            ("preamble", &[1][..], &[2][..]),
        ]
    );
    let files: Vec<_> = quality
        .files
        .iter()
        .map(|f| (f.name.as_str(), f.delimiter.as_deref(), f.header_line, f.rows.used))
        .collect();
    assert_eq!(
        files,
        [
            ("may.csv", Some(","), Some(1), 1),
            ("june.csv", Some(";"), Some(1), 1),
            ("july.csv", Some("\t"), Some(2), 1),
        ]
    );
    assert_eq!(quality.files[2].encoding.as_deref(), Some("gb18030"));
    assert_eq!((quality.header_line, quality.delimiter.as_deref()), (Some(1), Some(",")));
}

#[test]
fn what_is_wrong_with_a_file_names_the_file() {
    let may = ("id,time,amount\nA,2025-05-01,1\n", named("may"));
    let fails = |second: &str| {
        let error = of_files(&[may.clone(), (second, named("june"))], 9, &usual()).unwrap_err();
        (error.code(), error.file(), error.row())
    };
    assert_eq!(fails("id,time\nA,2025-05-01\n"), (Code::MissingColumn, Some(1), Some(1)));
    assert_eq!(fails("id,time,amount\n\"A"), (Code::Parse, Some(1), Some(2)));
    assert_eq!(fails(" "), (Code::Empty, Some(1), None));
    let first = of_files(&[("id,time\n", named("may")), may.clone()], 9, &usual()).unwrap_err();
    assert_eq!((first.code(), first.file()), (Code::MissingColumn, Some(0)));
    // Months without a row are no error, a table without one is.
    let none = "id,time,amount\n";
    assert!(of_files(&[may.clone(), (none, named("june"))], 9, &usual()).is_ok());
    let error = of_files(&[(none, named("may")), (none, named("june"))], 9, &usual()).unwrap_err();
    assert_eq!((error.code(), error.file()), (Code::NoRows, None));
    let bad = "id,time,amount\nA,soon,1\n";
    let error = of_files(&[(none, named("may")), (bad, named("june"))], 9, &usual()).unwrap_err();
    assert_eq!((error.code(), error.file(), error.row()), (Code::Date, Some(1), Some(2)));
    let error = of_files(&[(bad, named("may")), (none, named("june"))], 9, &usual()).unwrap_err();
    assert_eq!((error.code(), error.file(), error.row()), (Code::Date, Some(0), Some(2)));
}

#[test]
fn files_that_cover_the_same_time_are_noted_and_equal_files_are_doubtful() {
    let file = |days: &[u8]| {
        let line = |day: &u8| format!("A,2025-05-{day:02},{day}\n");
        "id,time,amount\n".to_owned() + &days.iter().map(line).collect::<String>()
    };
    let overlaps = |files: &[&[u8]]| {
        let texts: Vec<String> = files.iter().map(|days| file(days)).collect();
        let given: Vec<_> = texts.iter().map(|text| (text.as_str(), named(""))).collect();
        let (_, quality) = of_files(&given, 7, &usual()).unwrap();
        let found = quality.issues.into_iter().filter(|issue| issue.code == "overlap");
        found.map(|i| (i.severity, i.count, i.rows, i.files)).collect::<Vec<_>>()
    };
    assert_eq!(overlaps(&[&[1, 5, 9], &[10, 11], &[12]]), []);
    let note = (Severity::Note, 2, vec![3, 4], vec![2, 2]);
    assert_eq!(overlaps(&[&[1, 5], &[9, 11], &[7, 4, 10, 12]]), [note]);
    assert_eq!(
        overlaps(&[&[1, 5], &[5, 1]]),
        [(Severity::Doubtful, 2, vec![1], vec![1]), (Severity::Note, 2, vec![2, 3], vec![1, 1]),]
    );
}
