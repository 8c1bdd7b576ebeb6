//! Columns in memory, of any type and in any batches.

use siyu::read::Options;
use siyu::read::columns::{ColumnLoader, Values};
use siyu::table::role::Role;
use siyu::table::zone::Zone;

use super::facts::{MEMORY, Read, check, essence};
use super::input::Input;

/// One column, to be cut into batches.
enum Owned {
    Text(Vec<String>),
    Floats(Vec<f64>),
    Naturals(Vec<u32>),
    Integers(Vec<i32>),
}

impl Owned {
    /// `rows` values from as few bytes as will do: odd ones are common, so that the quick paths
    /// and the careful ones alternate.
    fn of(input: &mut Input<'_>, rows: usize) -> Owned {
        match input.byte() % 5 {
            0 => Owned::Floats((0..rows).map(|_| float(input)).collect()),
            1 => Owned::Naturals((0..rows).map(|_| u32::from_le_bytes(input.bytes())).collect()),
            2 => Owned::Integers((0..rows).map(|_| i32::from(input.byte() as i8)).collect()),
            _ => Owned::Text((0..rows).map(|_| text(input)).collect()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Owned::Text(values) => values.len(),
            Owned::Floats(values) => values.len(),
            Owned::Naturals(values) => values.len(),
            Owned::Integers(values) => values.len(),
        }
    }
}

fn float(input: &mut Input<'_>) -> f64 {
    match input.byte() {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => -0.0,
        3 => f64::from_le_bytes(input.bytes()),
        4 => 9_007_199_254_740_992.0,
        5 => 1e300,
        // Milliseconds of this century.
        6..=99 => f64::from(u32::from_le_bytes(input.bytes())) * 1000.0,
        cents => f64::from(cents) / 100.0,
    }
}

fn text(input: &mut Input<'_>) -> String {
    const WORDS: [&str; 12] = [
        "",
        " ",
        "C1",
        "客户",
        "2025-05-28",
        "2025-05-28T10:00:00Z",
        "1,234.50",
        "￥5元",
        "NaN",
        "12345678",
        "123456789",
        "01/02/2025",
    ];
    match input.byte() {
        small @ 0..=63 => WORDS[usize::from(small) % WORDS.len()].to_owned(),
        length => {
            let bytes: Vec<u8> = (0..length % 32).map(|_| input.byte()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
    }
}

fn load(options: &Options, zone: &Zone, columns: &[(Role, Owned)], sizes: &[usize]) -> Read {
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    let mut loader = ColumnLoader::new(options, zone.clone(), 1, MEMORY)?;
    let (mut from, mut sizes) = (0, sizes.iter().cycle());
    while from < rows {
        let to = rows.min(from + sizes.next().copied().unwrap_or(rows));
        let texts: Vec<(Vec<u8>, Vec<u32>)> = columns
            .iter()
            .map(|(_, column)| {
                let (mut bytes, mut ends) = (Vec::new(), Vec::new());
                if let Owned::Text(values) = column {
                    for value in &values[from..to] {
                        bytes.extend_from_slice(value.as_bytes());
                        ends.push(bytes.len() as u32);
                    }
                }
                (bytes, ends)
            })
            .collect();
        let batch: Vec<(Role, Values<'_>)> = columns
            .iter()
            .zip(&texts)
            .map(|((role, column), (bytes, ends))| {
                let values = match column {
                    Owned::Text(_) => Values::Text { bytes, ends },
                    Owned::Floats(values) => Values::F64(&values[from..to]),
                    Owned::Naturals(values) => Values::U32(&values[from..to]),
                    Owned::Integers(values) => Values::I32(&values[from..to]),
                };
                (*role, values)
            })
            .collect();
        loader.push(&batch)?;
        from = to;
    }
    loader.finish()
}

/// Any columns; the answer does not depend on the batches. And any text with any ends.
pub fn columns(data: &[u8]) {
    let mut input = Input::new(data);
    let mut options = Options::default();
    let (zone, sizes, roles, rows) = (input.zone(), input.sizes(), input.byte(), input.byte());
    let bits = u16::from(roles) | u16::from(rows & 3) << 8;
    for role in Role::ALL.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1) {
        options.roles.set(*role.1, role.1.as_str());
    }
    let mapped = || Role::ALL.iter().filter(|role| options.roles.get(**role).is_some());
    let columns: Vec<(Role, Owned)> =
        mapped().map(|role| (*role, Owned::of(&mut input, usize::from(rows)))).collect();
    let whole = load(&options, &zone, &columns, &[usize::MAX >> 1]);
    check(&whole, &options);
    let batches = load(&options, &zone, &columns, &sizes);
    assert_eq!(essence(&batches), essence(&whole), "batches are visible, {sizes:?}");

    // What the boundary hands over need not be sound: bytes that are no text, ends anywhere.
    let ends: [u8; 4] = input.bytes();
    let ends = ends.map(|end| u32::from(end) % 64);
    let bytes = input.rest();
    let unsound = Values::Text { bytes, ends: &ends };
    let batch: Vec<(Role, Values<'_>)> = mapped().map(|role| (*role, unsound)).collect();
    if let Ok(mut loader) = ColumnLoader::new(&options, zone, 1, MEMORY) {
        let sound = std::str::from_utf8(bytes).is_ok_and(|text| {
            ends.is_sorted() && ends.iter().all(|end| text.is_char_boundary(*end as usize))
        });
        assert_eq!(loader.push(&batch).is_ok(), sound, "what is not sound is refused");
        check(&loader.finish(), &options);
    }
}
