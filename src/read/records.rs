//! Single records of a file as they stand there, so that the rows which a quality report names
//! can be shown in place.
//!
//! The file is read once more by the same reader with the same rules (preamble, header,
//! separator, quotes, encoding), which hands over what stands at the wanted places instead of
//! typing it, and is done with the last of them. The answer holds cells of the file: it is for
//! the eyes of its owner, and nothing of it is kept or put into a message.

use crate::error::{Code, Error, Result};
use crate::table::zone::Zone;

use super::Reader;
use super::options::Options;

use serde::Serialize;

/// How many records one question may name.
const MOST_PLACES: usize = 100;
/// How many cells of a record are shown, and how much of each.
const MOST_CELLS: usize = 256;
const CELL_CHARS: usize = 200;

/// What stands at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "FoundRow"))]
pub struct Record {
    /// The place as it was asked for: the line or record number that a quality report gives.
    pub row: u64,
    /// The cells as they stand in the file, outer blanks included; each at most 200 characters
    /// and a `…` where more follow, and at most 256 of them.
    pub cells: Vec<String>,
    /// Whether a cell was shortened or cells were left out.
    pub cut: bool,
}

/// The places that are looked for, and what was found there.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Ascending, each once.
    rows: Vec<u64>,
    /// How many of `rows` were passed.
    passed: usize,
    found: Vec<Record>,
}

impl Wanted {
    /// Whether the record that takes `lines` places from `row` on is looked for. Records come
    /// in ascending order; those that were passed are not found any more.
    pub(super) fn has(&mut self, row: u64, lines: u64) -> bool {
        while self.rows.get(self.passed).is_some_and(|wanted| *wanted < row) {
            self.passed += 1;
        }
        self.rows.get(self.passed).is_some_and(|wanted| *wanted - row < lines)
    }

    /// Takes the record for which [`has`](Self::has) said yes: the first of its cells and
    /// whether there are more.
    pub(super) fn take<'t>(
        &mut self,
        row: u64,
        lines: u64,
        width: usize,
        cell: impl Fn(usize) -> &'t [u8],
    ) {
        let mut cut = width > MOST_CELLS;
        let cells: Vec<String> = (0..width.min(MOST_CELLS))
            .map(|at| {
                let text = String::from_utf8_lossy(cell(at));
                match text.char_indices().nth(CELL_CHARS) {
                    None => text.into_owned(),
                    Some((end, _)) => {
                        cut = true;
                        format!("{}…", text.get(..end).unwrap_or_default())
                    }
                }
            })
            .collect();
        while let Some(wanted) = self.rows.get(self.passed).filter(|w| **w < row + lines) {
            self.found.push(Record { row: *wanted, cells: cells.clone(), cut });
            self.passed += 1;
        }
    }
}

/// Looks for records of one file.
#[derive(Debug)]
pub struct Finder {
    reader: Reader,
}

impl Finder {
    /// A finder for the records at `rows`, in any order: lines of separated values (of a record
    /// that goes over several, any of them), record numbers of other formats. Of the options,
    /// those count that say how the file is to be read, not the roles.
    ///
    /// # Errors
    /// `limit` for more than 100 places, `invalid-option` for the place 0; else as
    /// [`Options::check`].
    pub fn new(options: &Options, rows: &[u64]) -> Result<Self> {
        options.check_form()?;
        if rows.len() > MOST_PLACES {
            return Err(
                Error::new(Code::Limit, "at most 100 rows are shown at once").at_path("places")
            );
        }
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows.dedup();
        if rows.first() == Some(&0) {
            return Err(
                Error::new(Code::InvalidOption, "rows are counted from 1").at_path("places")
            );
        }
        let mut reader = Reader::unchecked(options, Vec::new(), Zone::utc(), 0);
        reader.rows.wanted = Some(Wanted { rows, passed: 0, found: Vec::new() });
        Ok(Finder { reader })
    }

    /// Reads the next bytes of the file; true once nothing is looked for any more.
    ///
    /// # Errors
    /// As [`Reader::push`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool> {
        if self.is_done() {
            return Ok(true);
        }
        // What is wrong behind the last place is not looked at, so it must not depend on the
        // pieces either.
        let result = self.reader.push(bytes, &mut |_| Ok(()));
        if self.is_done() { Ok(true) } else { result.map(|()| false) }
    }

    fn is_done(&self) -> bool {
        self.reader.rows.wanted.as_ref().is_none_or(|wanted| wanted.passed >= wanted.rows.len())
    }

    /// What was found, in the order of the file. Where no record is (blank lines, places behind
    /// the end) there is no answer.
    ///
    /// # Errors
    /// As [`Reader::push`], for the last record of the file.
    pub fn finish(mut self) -> Result<Vec<Record>> {
        if !self.is_done() {
            let result = self.reader.end_of_file(&mut |_| Ok(()));
            if !self.is_done() {
                result?;
            }
        }
        Ok(self.reader.rows.wanted.take().map_or_else(Vec::new, |wanted| wanted.found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::options::Format;
    use crate::read::tests::{shanghai, usual};

    fn found(text: &str, options: &Options, rows: &[u64], piece: usize) -> Result<Vec<Record>> {
        let mut finder = Finder::new(options, rows)?;
        for piece in text.as_bytes().chunks(piece) {
            if finder.push(piece)? {
                break;
            }
        }
        finder.finish()
    }

    fn cells(of: &[Record]) -> Vec<(u64, Vec<&str>)> {
        of.iter().map(|r| (r.row, r.cells.iter().map(String::as_str).collect())).collect()
    }

    #[test]
    fn records_are_found_at_the_places_that_the_report_names() {
        let text = "about this file\n\nid;time;amount\nA;2025-05-01;1\n\n\"B\nC\";x;\" 1\"\"\"\n\
                    D;2025-05-01\nE;2025-05-01;2\n";
        let options = Options { header: Some(3), ..usual() };
        let zone = shanghai();
        let (_, quality) = crate::read::read_table([text], &options, zone, 1, 1 << 20).unwrap();
        let named: Vec<u64> = quality.issues.iter().flat_map(|issue| issue.rows.clone()).collect();
        assert_eq!(named, [6, 8, 1]);
        for piece in [1, 3, 1000] {
            let got = found(text, &options, &named, piece).unwrap();
            let expected = [
                (1, vec!["about this file"]),
                (6, vec!["B\nC", "x", " 1\""]),
                (8, vec!["D", "2025-05-01"]),
            ];
            assert_eq!(cells(&got), expected);
        }
    }

    #[test]
    fn any_line_of_a_record_names_it_and_blank_lines_name_nothing() {
        let text = "id,note\nA,\"1\r\n2\"\n\nB,3\n";
        let got = found(text, &Options::default(), &[99, 5, 4, 3, 3, 2, 1], 2).unwrap();
        let record = vec!["A", "1\r\n2"];
        let expected =
            [(1, vec!["id", "note"]), (2, record.clone()), (3, record), (5, vec!["B", "3"])];
        assert_eq!(cells(&got), expected);
    }

    #[test]
    fn reading_stops_when_the_last_place_was_seen() {
        let long = format!("id\n{}", "A".repeat(90));
        let mut finder = Finder::new(&Options::default(), &[2]).unwrap();
        assert!(!finder.push(long.as_bytes()).unwrap());
        assert!(finder.push(&[b"\n\"never closed,".repeat(20), vec![0xff]].concat()).unwrap());
        assert!(finder.push(b"\xff\xff").unwrap());
        assert_eq!(finder.finish().unwrap().len(), 1);
        let got = found("id\nA\n\"never closed", &Options::default(), &[2], 1).unwrap();
        assert_eq!(cells(&got), [(2, vec!["A"])]);
    }

    #[test]
    fn long_cells_and_wide_records_are_cut_and_say_so() {
        let text = format!("id\n{},b\n{}\nx\n", "长".repeat(201), "y,".repeat(300));
        let got = found(&text, &Options::default(), &[2, 3, 4], 100).unwrap();
        assert_eq!(got[0].cells, ["长".repeat(200) + "…", "b".to_owned()]);
        assert_eq!((got[0].cut, got[1].cut, got[1].cells.len()), (true, true, 256));
        assert_eq!((got[2].cut, got[2].cells.len()), (false, 1));
    }

    #[test]
    fn what_cannot_be_read_cannot_be_shown() {
        let fails = |text: &str, options: &Options, rows: &[u64]| {
            found(text, options, rows, 9).unwrap_err().code()
        };
        let plain = Options::default();
        assert_eq!(fails("a\nb", &plain, &[0]), Code::InvalidOption);
        assert_eq!(fails("a\nb", &plain, &(1..102).collect::<Vec<_>>()), Code::Limit);
        assert_eq!(fails("  ", &plain, &[1]), Code::Empty);
        assert_eq!(fails("a\n\"b", &plain, &[2]), Code::Parse);
        let parquet = Options { format: Format::Parquet, ..plain };
        assert_eq!(fails("a\nb", &parquet, &[2]), Code::Unsupported);
    }
}
