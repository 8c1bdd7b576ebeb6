//! Cells one by one: what is money and what is a time, and that no way of writing changes it.

use siyu::read::Options;
use siyu::read::columns::{ColumnLoader, Values};
use siyu::read::options::{DateOrder, Dates, Decimal, Epoch, Serial};
use siyu::table::block::Column;
use siyu::table::role::Role;
use siyu::table::zone::Zone;

use super::facts::MEMORY;
use super::files;
use super::input::Input;

/// How many cells of one input are looked at.
const CELLS: usize = 48;
/// The longest cell that is money, in bytes (documented beside the rule).
const LONGEST_AMOUNT: usize = 256;
const LONGEST_TIME: usize = 96;

/// What one cell is read as: the value, and the issues besides; or the code that left it out.
type Answer<T> = Result<(T, Vec<&'static str>), &'static str>;

fn one(role: Role, options: &Options, zone: &Zone, cell: &str) -> Answer<Column> {
    let values = Values::Text { bytes: cell.as_bytes(), ends: &[cell.len() as u32] };
    let mut loader = ColumnLoader::new(options, zone.clone(), 1, MEMORY).expect("good options");
    loader.push(&[(role, values)]).expect("a sound batch");
    let (table, quality) = loader.finish().map_err(|error| error.code().as_str())?;
    let column = table.blocks[0].column(0).expect("a column").clone();
    Ok((column, quality.issues.iter().map(|issue| issue.code).collect()))
}

/// The same cell in a file, between quotes.
fn in_file(role: Role, options: &Options, zone: &Zone, cell: &str) -> Answer<Column> {
    let name = options.roles.get(role).expect("a mapped role");
    let file = format!("{name},\"other\"\n\"{}\",x\n", cell.replace('"', "\"\""));
    let (table, quality) =
        files::read(&[file.as_bytes()], options, zone, 1).map_err(|error| error.code().as_str())?;
    let column = table.blocks[0].column(0).expect("a column").clone();
    Ok((column, quality.issues.iter().map(|issue| issue.code).collect()))
}

/// Minor units at scale 6.
fn money(answer: Answer<Column>) -> Answer<i128> {
    answer.map(|(column, issues)| match column {
        Column::Money { values, scale } => {
            (i128::from(values[0]) * 10i128.pow(6 - u32::from(scale)), issues)
        }
        other => panic!("{other:?}"),
    })
}

fn instant(answer: Answer<Column>) -> Answer<i64> {
    answer.map(|(column, issues)| match column {
        Column::Times(times) => (times[0], issues),
        other => panic!("{other:?}"),
    })
}

/// A text in full-width characters.
fn wide(cell: &str) -> String {
    let wide = |c: char| match c {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
        other => other,
    };
    cell.chars().map(wide).collect()
}

/// `-?d{1,12}(.d{1,6})?` in millionths: all that needs no rule.
fn plain_money(cell: &str) -> Option<i128> {
    let (sign, digits) = cell.strip_prefix('-').map_or((1, cell), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    (all(whole, 12) && all(fraction, 6))
        .then(|| sign * format!("{whole}{fraction:0<6}").parse::<i128>().expect("digits"))
}

/// Money cells.
pub fn amounts(data: &[u8]) {
    let mut input = Input::new(data);
    let choice = input.byte();
    let mut options = Options::default();
    options.roles.set(Role::Amount, "amount");
    options.decimal = if choice & 1 == 1 { Decimal::Comma } else { Decimal::Point };
    options.units = choice & 2 == 2;
    options.accounting = choice & 4 == 4;
    let comma = options.decimal == Decimal::Comma;
    let mark = |exact: &str| if comma { exact.replace('.', ",") } else { exact.to_owned() };
    let zone = Zone::utc();
    let Ok(text) = std::str::from_utf8(input.rest()) else { return };
    let read = |cell: &str| money(one(Role::Amount, &options, &zone, cell));
    for cell in text.split('\n').take(CELLS) {
        let answer = read(cell);
        assert_eq!(
            money(in_file(Role::Amount, &options, &zone, cell)),
            answer,
            "in a file and in memory, {cell:?}"
        );
        let pointed =
            if comma { cell.replace('.', "?").replace(',', ".") } else { cell.to_owned() };
        if let Some(expected) = plain_money(&pointed) {
            assert_eq!(answer.as_ref().map(|(micros, _)| *micros), Ok(expected), "{cell:?}");
        }
        let Ok((micros, issues)) = answer else { continue };
        assert!(cell.chars().any(|c| c.is_numeric()), "{cell:?} has no digit");
        assert!(cell.len() <= LONGEST_AMOUNT || issues.is_empty());
        let sign = if micros < 0 { "-" } else { "" };
        let (whole, fraction) = (micros.abs() / 1_000_000, micros.abs() % 1_000_000);
        let exact = mark(&format!("{sign}{whole}.{fraction:06}"));
        if let Ok((again, _)) = read(&exact) {
            assert_eq!(again, micros, "{cell:?} written as {exact}");
        }
        if cell.trim().len() * 3 <= LONGEST_AMOUNT {
            let found = read(&wide(cell)).map(|(micros, _)| micros);
            assert_eq!(found, Ok(micros), "{cell:?} in full-width characters");
        }
        let signed = cell.contains(['-', '−', '－', '(', '（']);
        let starts = cell.starts_with(|c: char| c.is_ascii_digit());
        if starts && !signed && cell.len() < LONGEST_AMOUNT {
            let negative = read(&format!("-{cell}")).map(|(micros, _)| micros);
            assert_eq!(negative, Ok(-micros), "{cell:?} with a minus");
        }
    }
}

/// Time cells.
pub fn times(data: &[u8]) {
    let mut input = Input::new(data);
    let (zone, choice) = (input.zone(), input.byte());
    let mut options = Options::default();
    options.roles.set(Role::Time, "time");
    options.dates = Dates {
        order: [None, Some(DateOrder::Dmy), Some(DateOrder::Mdy), Some(DateOrder::Ymd)]
            [usize::from(choice & 3)],
        serial: [None, Some(Serial::From1900), Some(Serial::From1904), None]
            [usize::from(choice >> 2 & 3)],
        epoch: [None, Some(Epoch::S), Some(Epoch::Ms), Some(Epoch::Us)]
            [usize::from(choice >> 4 & 3)],
        pivot: [None, Some(1970), Some(1900), Some(2001)][usize::from(choice >> 6 & 3)],
    };
    let Ok(text) = std::str::from_utf8(input.rest()) else { return };
    let read = |cell: &str, zone: &Zone| instant(one(Role::Time, &options, zone, cell));
    for cell in text.split('\n').take(CELLS) {
        let answer = read(cell, &zone);
        let found = instant(in_file(Role::Time, &options, &zone, cell));
        assert_eq!(found, answer, "in a file and in memory, {cell:?}");
        let Ok((ms, _)) = answer else { continue };
        // The instant's own text is read as that instant, in every zone.
        let exact = utc_text(ms);
        if (1900..=2100).contains(&exact[..4].parse::<i32>().unwrap_or(0)) {
            for zone in [&zone, &Zone::utc()] {
                assert_eq!(read(&exact, zone), Ok((ms, vec![])), "{cell:?} is {exact}");
            }
        }
        if cell.trim().len() * 3 <= LONGEST_TIME {
            let found = read(&wide(cell), &zone).map(|(ms, _)| ms);
            assert_eq!(found, Ok(ms), "{cell:?} in full-width characters");
        }
    }
}

/// `YYYY-MM-DDTHH:MM:SS.mmmZ`, by counting years and months: another way than the crate's.
fn utc_text(ms: i64) -> String {
    let (mut days, of_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut year = 1970;
    while days < 0 {
        year -= 1;
        days += if leap(year) { 366 } else { 365 };
    }
    while days >= if leap(year) { 366 } else { 365 } {
        days -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hours, minutes) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (seconds, thousandths) = (of_day / 1000 % 60, of_day % 1000);
    format!(
        "{year:04}-{month:02}-{:02}T{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}Z",
        days + 1
    )
}
