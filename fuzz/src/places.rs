//! Rows shown in place: what a report names is found, however the file comes.

use siyu::read::quality::Severity;
use siyu::read::records::{Finder, Record};
use siyu::read::{Format, Options};

use super::facts::check_error;
use super::files::{self, map, read};
use super::input::{Input, cut};

fn find(pieces: &[&[u8]], options: &Options, rows: &[u64]) -> siyu::error::Result<Vec<Record>> {
    let mut finder = Finder::new(options, rows)?;
    for piece in pieces {
        if finder.push(piece)? {
            break;
        }
    }
    finder.finish()
}

/// Any bytes as a file, and any places of it.
pub fn places(data: &[u8]) {
    let mut input = Input::new(data);
    let json = input.byte();
    let mut options = files::options(&mut input);
    match json % 4 {
        0 => options.format = Format::Json,
        1 => options.format = Format::Ndjson,
        _ => {}
    }
    let (zone, sizes) = (input.zone(), input.sizes());
    let mut rows: Vec<u64> = input.bytes::<4>().into_iter().map(u64::from).collect();
    let mut choices = input.clone();
    let _: [u8; 8] = input.bytes();
    let file = input.rest();
    map(&mut options, &mut choices, file);

    if let Ok((_, quality)) = read(&[file], &options, &zone, 1) {
        for issue in quality.issues.iter().filter(|issue| issue.severity == Severity::Rejected) {
            let found = find(&[file], &options, &issue.rows);
            let found = found.unwrap_or_else(|error| panic!("{issue:?}: {error}"));
            let found: Vec<u64> = found.iter().map(|record| record.row).collect();
            assert_eq!(found, issue.rows, "the rows of {}", issue.code);
            rows.extend(&issue.rows);
        }
    }
    let whole = find(&[file], &options, &rows);
    assert_eq!(find(&cut(file, &sizes), &options, &rows), whole, "pieces are visible, {sizes:?}");
    match &whole {
        Err(error) => check_error(error),
        Ok(found) => {
            assert!(found.iter().all(|record| rows.contains(&record.row)));
            assert!(found.is_sorted_by_key(|record| record.row));
            for record in found {
                assert!(record.cells.len() <= 256);
                assert!(record.cells.iter().all(|cell| cell.chars().count() <= 201));
                // One place alone shows what it shows among others.
                let alone = find(&[file], &options, &[record.row]);
                assert_eq!(alone.as_deref(), Ok(std::slice::from_ref(record)));
            }
        }
    }
}
