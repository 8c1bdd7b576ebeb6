//! Files of JSON records, beside an independent reading of the same text.

use serde::de::IgnoredAny;
use siyu::error::Code;
use siyu::read::{Format, Limits, Options};
use siyu::table::role::Role;
use siyu::table::zone::Zone;

use super::facts::{check, essence};
use super::files::{NAMES, read};
use super::input::{Input, cut};

/// Any bytes as an array or as lines, in any pieces. Text that serde_json takes is taken, text
/// that it refuses is refused, whole or by line.
pub fn json(data: &[u8]) {
    let mut input = Input::new(data);
    let format = input.pick(&[Format::Json, Format::Ndjson, Format::Auto]);
    let mut options = Options { format, ..Options::default() };
    let names = input.pick(&NAMES);
    let roles = [Role::Customer, Role::Time, Role::Amount, Role::Order];
    let mapped = input.byte();
    for (at, (role, name)) in roles.into_iter().zip(names).enumerate() {
        if mapped >> at & 1 == 0 {
            options.roles.set(role, name);
        }
    }
    let strict = match input.byte() {
        0..=199 => true,
        200..=219 => {
            options.limits = Limits { depth: 3, ..Limits::default() };
            false
        }
        220..=239 => {
            options.limits = Limits { record_bytes: 40, columns: 2, ..Limits::default() };
            false
        }
        _ => {
            options.limits = Limits { rows: 2, id_bytes: 2, ..Limits::default() };
            false
        }
    };
    let (zone, sizes): (Zone, _) = (input.zone(), input.sizes());
    let file = input.rest();
    let whole = read(&[file], &options, &zone, 1);
    check(&whole, &options);
    let pieces = read(&cut(file, &sizes), &options, &zone, 2);
    assert_eq!(essence(&pieces), essence(&whole), "pieces or seed are visible, {sizes:?}");

    let Ok(text) = std::str::from_utf8(file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file)) else {
        return assert!(
            whole.is_err() || file.starts_with(b"\xFF\xFE") || file.starts_with(b"\xFE\xFF")
        );
    };
    let sound = |text: &str| serde_json::from_str::<IgnoredAny>(text).is_ok();
    // Nesting beyond the limit is refused whatever follows it.
    if !strict || options.check().is_err() || deep(text) {
        return;
    }
    match (format, &whole) {
        (Format::Json, Ok(_)) => assert!(sound(text), "what is no JSON was read: {text:?}"),
        (Format::Json, Err(error)) if error.code() == Code::Parse && error.byte().is_some() => {
            assert!(!sound(text), "JSON was refused: {error}: {text:?}");
        }
        (Format::Ndjson, Ok((_, quality))) => {
            let lines = text.split(['\n', '\r']).map(|line| line.trim_matches([' ', '\t']));
            let broken = lines.filter(|line| !line.is_empty() && !sound(line)).count() as u64;
            let counted = quality.issues.iter().filter(|issue| issue.code == "parse");
            // Half of a surrogate pair in a cell is sound by the letter and no text.
            let counted: u64 = counted.map(|issue| issue.count).sum();
            let halves = text.contains("\\u");
            assert!(counted == broken || (halves && counted > broken), "{counted} of {broken}");
        }
        _ => {}
    }
}

fn deep(text: &str) -> bool {
    let mut depth = 0i64;
    text.bytes().any(|byte| {
        depth += i64::from(matches!(byte, b'[' | b'{')) - i64::from(matches!(byte, b']' | b'}'));
        depth > 40
    })
}
