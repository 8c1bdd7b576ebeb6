//! Targets that read a file from its bytes.

use siyu::error::{Code, Error};
use siyu::read::options::{DateOrder, Decimal, Duplicates, Epoch, Serial};
use siyu::read::{
    FileOptions, Format, Limits, Loader, Options, Parts, Reader, Roles, guess as guessing,
};
use siyu::table::Table;
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
                let role =
                    input.pick(&[Role::Order, Role::Quantity, Role::Direction, Role::Currency]);
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

/// Reads several files as one table.
fn read_list(files: &[(FileOptions, Vec<&[u8]>)], options: &Options, zone: &Zone) -> Read {
    let mut blocks = Vec::new();
    let mut reader = Reader::new(options, zone.clone(), 1)?;
    let mut sink = |block| {
        blocks.push(block);
        Ok(())
    };
    for (at, (file, pieces)) in files.iter().enumerate() {
        reader.next_file(file, &mut sink)?;
        for piece in pieces {
            // Only the caller knows that more files follow the first.
            let placed = |error: Error| match error.file() {
                None if files.len() > 1 => error.in_file(at as u32),
                _ => error,
            };
            reader.push(piece, &mut sink).map_err(placed)?;
        }
    }
    let quality = reader.finish(&mut sink)?;
    let Parts { schema, dictionaries, fingerprint } = reader.into_parts();
    Ok((Table { schema, dictionaries, blocks, fingerprint }, quality))
}

/// Any bytes as a list of files, each with its own format; a list of one is that file.
pub fn list(data: &[u8]) {
    let mut input = Input::new(data);
    let mut options = options(&mut input);
    let (zone, sizes) = (input.zone(), input.sizes());
    let formats = [None, None, Some(Format::Csv), Some(Format::Json), Some(Format::Ndjson)];
    let kinds: [Option<Format>; 3] = std::array::from_fn(|_| input.pick(&formats));
    let shares: [u8; 2] = input.bytes();
    let mapped = input.byte();
    let roles = [Role::Customer, Role::Time, Role::Amount, Role::Order];
    for (at, role) in roles.into_iter().enumerate() {
        if mapped >> at & 1 == 0 {
            options.roles.set(role, NAMES[0][at]);
        }
    }
    let [second, third] = [1, 2].map(|names: usize| {
        let own: [&str; 4] = NAMES[names];
        let mut named = Roles::default();
        for (at, role) in roles.into_iter().enumerate() {
            named.set(role, own[at]);
        }
        named
    });
    let bytes = input.rest();
    let cut_at = |share: u8| bytes.len() * usize::from(share) / 256;
    let (first, last) =
        (cut_at(shares[0]).min(cut_at(shares[1])), cut_at(shares[0].max(shares[1])));
    let named = |name: &str, format, roles: &Roles| FileOptions {
        name: name.to_owned(),
        format,
        roles: roles.clone(),
        ..FileOptions::default()
    };
    let files = [
        (named("first", kinds[0], &Roles::default()), &bytes[..first]),
        (named("second", kinds[1], &second), &bytes[first..last]),
        (named("third", kinds[2], &third), &bytes[last..]),
    ];
    let whole: Vec<_> = files.iter().map(|(file, bytes)| (file.clone(), vec![*bytes])).collect();
    let pieces: Vec<_> =
        files.iter().map(|(file, bytes)| (file.clone(), cut(bytes, &sizes))).collect();
    let read_whole = read_list(&whole, &options, &zone);
    check(&read_whole, &options);
    let read_pieces = read_list(&pieces, &options, &zone);
    assert_eq!(essence(&read_pieces), essence(&read_whole), "pieces are visible, {sizes:?}");

    let only = FileOptions { format: kinds[0], ..FileOptions::default() };
    options.format = kinds[0].unwrap_or(options.format);
    let alone = read(&[bytes], &options, &zone, 1);
    let listed = read_list(&[(only, vec![bytes])], &options, &zone);
    assert_eq!(essence(&listed), essence(&alone), "a list of one is that file");
}
