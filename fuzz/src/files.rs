//! Targets that read a file from its bytes.

use siyu::error::Code;
use siyu::read::options::{DateOrder, Decimal, Duplicates, Epoch, Serial};
use siyu::read::{Format, Limits, Loader, Options, guess as guessing};
use siyu::table::role::Role;
use siyu::table::zone::Zone;

use super::facts::{MEMORY, Read, check, check_error, essence};
use super::input::{Input, cut};

/// Names under which the columns of the stored files go.
pub(crate) const NAMES: [[&str; 4]; 3] = [
    ["customer_id", "order_date", "amount", "order_id"],
    ["id", "time", "amount", "n"],
    ["客户编号", "下单时间", "订单金额", "订单编号"],
];

pub(crate) fn read(pieces: &[&[u8]], options: &Options, zone: &Zone, seed: u64) -> Read {
    let mut loader = Loader::new(options, zone.clone(), seed, MEMORY)?;
    for piece in pieces {
        loader.push(piece)?;
    }
    loader.finish()
}

pub(crate) fn options(input: &mut Input<'_>) -> Options {
    let mut options = Options {
        format: input.pick(&[Format::Auto, Format::Csv, Format::Tsv]),
        delimiter: input.pick(&[None, None, None, Some(','), Some(';'), Some('\t'), Some(' ')]),
        header: input.pick(&[None, None, None, Some(1), Some(2), Some(7)]),
        ..Options::default()
    };
    let how = input.byte();
    options.decimal = if how & 1 == 1 { Decimal::Comma } else { Decimal::Point };
    (options.units, options.accounting) = (how & 2 == 2, how & 4 == 4);
    options.duplicates = if how & 8 == 8 { Duplicates::Keep } else { Duplicates::Once };
    if how & 16 == 16 {
        options.dates.order = Some(DateOrder::Dmy);
        options.dates.pivot = Some(1970);
    }
    if how & 32 == 32 {
        options.dates.serial = Some(Serial::From1900);
        options.dates.epoch = Some(Epoch::Ms);
    }
    options.limits = match input.byte() {
        0..=199 => Limits::default(),
        200..=219 => Limits { record_bytes: 32, ..Limits::default() },
        220..=229 => Limits { columns: 3, ..Limits::default() },
        230..=239 => Limits { rows: 3, ..Limits::default() },
        240..=249 => Limits { id_bytes: 3, ..Limits::default() },
        _ => Limits { bytes: 64, record_bytes: 0, ..Limits::default() },
    };
    options
}

/// Roles from fixed names, from what is guessed, or from any columns of the first line.
pub(crate) fn map(options: &mut Options, input: &mut Input<'_>, sample: &[u8]) {
    let way = input.byte();
    let roles = [Role::Customer, Role::Time, Role::Amount];
    let names = NAMES[usize::from(way / 4) % NAMES.len()];
    match way % 4 {
        0 | 1 => {
            for (role, name) in roles.into_iter().zip(names) {
                options.roles.set(role, name);
            }
            if way % 4 == 1 {
                let role = input.pick(&[Role::Order, Role::Quantity, Role::Product]);
                options.roles.set(role, names[3]);
            }
        }
        2 => {
            if let Ok(found) = guessing::guess(sample, options) {
                options.header = found.header.or(options.header);
                for role in Role::ALL {
                    if let Some(proposed) = found.roles.get(*role) {
                        options.roles.set(*role, proposed.column.as_str());
                    }
                }
            }
        }
        _ => {
            let line = sample.split(|byte| matches!(byte, b'\n' | b'\r')).next();
            let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
            let cells: Vec<&str> = line.split([',', ';', '\t', '|']).collect();
            for _ in 0..1 + way / 64 {
                let role = input.pick(Role::ALL);
                options.roles.set(role, input.pick(&cells));
            }
        }
    }
}

/// Any bytes as a file, with any options, in any pieces.
pub fn csv(data: &[u8]) {
    let mut input = Input::new(data);
    let mut options = options(&mut input);
    let (zone, sizes, seed) = (input.zone(), input.sizes(), input.byte());
    let mut choices = input.clone();
    let _: [u8; 8] = input.bytes();
    let file = input.rest();
    map(&mut options, &mut choices, file);

    let whole = read(&[file], &options, &zone, 1);
    check(&whole, &options);
    let pieces = read(&cut(file, &sizes), &options, &zone, u64::from(seed));
    assert_eq!(essence(&pieces), essence(&whole), "pieces or seed are visible, {sizes:?}");
}

/// One text in every encoding that the reader knows: the same table each time. And the same
/// bytes taken as each encoding, right or wrong.
pub fn encodings(data: &[u8]) {
    let mut input = Input::new(data);
    let mut options = options(&mut input);
    let (zone, sizes) = (input.zone(), input.sizes());
    let mut choices = input.clone();
    let _: [u8; 8] = input.bytes();
    let bytes = input.rest();
    map(&mut options, &mut choices, bytes);
    options.limits.bytes = Limits::default().bytes;

    for mark in [&b"\xFF\xFE"[..], b"\xFE\xFF", b"\xEF\xBB\xBF"] {
        let file = [mark, bytes].concat();
        let whole = read(&[&file], &options, &zone, 1);
        check(&whole, &options);
        let pieces = read(&cut(&file, &sizes), &options, &zone, 1);
        assert_eq!(essence(&pieces), essence(&whole), "pieces are visible, {sizes:?}");
        if let (Ok(_), b"\xFF\xFE" | b"\xFE\xFF") = (&whole, mark) {
            let big = mark[0] == 0xFE;
            let units = bytes.chunks(2).map(|pair| match (pair, big) {
                ([first, second], true) => u16::from_be_bytes([*first, *second]),
                ([first, second], false) => u16::from_le_bytes([*first, *second]),
                _ => panic!("half a code unit was read"),
            });
            let sound = char::decode_utf16(units).all(|unit| unit.is_ok());
            assert!(sound, "a damaged text was read");
        }
    }

    // A mark inside the text is a character; one in front is an encoding.
    let text = String::from_utf8_lossy(bytes).into_owned();
    let text = text.trim_start_matches('\u{feff}');
    let wide = |big: bool| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        let bytes = units.map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
        bytes.flatten().collect()
    };
    let marked = format!("\u{feff}{text}").into_bytes();
    let mut expected = essence(&read(&[&marked], &options, &zone, 1));
    if let Ok((.., quality)) = &mut expected {
        quality.encoding = None;
        quality.files.iter_mut().for_each(|file| file.encoding = None);
    }
    for file in [wide(false), wide(true)] {
        let mut found = essence(&read(&cut(&file, &sizes), &options, &zone, 1));
        if let Ok((.., quality)) = &mut found {
            assert!(quality.encoding.take().is_some_and(|name| name.starts_with("utf-16")));
            quality.files.iter_mut().for_each(|file| file.encoding = None);
        }
        // Where an error stands counts in the bytes of the file, which are others.
        match (&found, &expected) {
            (Err(found), Err(expected)) => assert_eq!(found.code(), expected.code()),
            _ => assert_eq!(found, expected, "an encoding is visible"),
        }
    }
}

/// A proposal for any bytes. What it proposes can be read: the columns are there.
pub fn guess(data: &[u8]) {
    let mut input = Input::new(data);
    let mut options = options(&mut input);
    options.header = None;
    let keep = input.bytes::<2>();
    let _: [u8; 4] = input.bytes();
    let sample = input.rest();
    let found = match guessing::guess(sample, &options) {
        Ok(found) => found,
        Err(error) => return check_error(&error),
    };
    assert_eq!(Ok(&found), guessing::guess(sample, &options).as_ref(), "a guess is repeatable");
    assert!(found.columns.iter().all(|column| {
        let short = column.samples.iter().all(|sample| sample.chars().count() <= 60);
        column.samples.len() <= 5 && short
    }));
    for role in Role::ALL {
        let Some(proposed) = found.roles.get(*role) else { continue };
        assert!((0.0..=1.0).contains(&proposed.confidence), "{proposed:?}");
        assert!(found.columns.iter().any(|column| column.name == proposed.column));
        options.roles.set(*role, proposed.column.as_str());
    }
    // A sample is cut anywhere.
    let part = usize::from(u16::from_le_bytes(keep)) % (sample.len() + 1);
    let _ = guessing::guess(&sample[..part], &options);

    if options.check().is_ok() && options.limits == Limits::default() {
        options.header = found.header;
        options.delimiter = found.delimiter.as_ref().and_then(|delimiter| delimiter.chars().next());
        let read = read(&[sample], &options, &Zone::utc(), 1);
        check(&read, &options);
        if let Err(error) = read {
            assert_ne!(error.code(), Code::MissingColumn, "{error}");
        }
    }
}
