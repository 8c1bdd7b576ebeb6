//! Headers of several levels: merged cells above others become `upper / lower` names.
//!
//! A sheet names its merged cells after its rows, so they are looked for only if the first rows
//! could be such a header: a gap to the right of a text, with texts below both.

use std::io::BufRead;

use memchr::memmem;

use super::archive::Part;
use super::rows::{Row, place_of};
use super::xml::{Token, WINDOW_WORK, Xml};
use crate::error::Result;

/// Between the levels of a name.
const JOINT: &str = " / ";
/// Rows that one header may have.
const MOST_LEVELS: u32 = 4;
/// Merged cells that are kept: those of the first rows only.
const MOST_MERGES: usize = 16_384;
/// The element that holds the merged cells.
const ELEMENT: &[u8] = b"mergeCells";

/// Some cells merged into one. Rows and columns from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Merge {
    top: u32,
    left: u32,
    bottom: u32,
    right: u32,
}

impl Merge {
    fn of(range: &str) -> Option<Merge> {
        let (first, last) = range.split_once(':')?;
        let ((left, top), (right, bottom)) = (place_of(first)?, place_of(last)?);
        (left <= right && top <= bottom).then_some(Merge { top, left, bottom, right })
    }

    fn has(&self, row: u32, column: u32) -> bool {
        (self.top..=self.bottom).contains(&row) && (self.left..=self.right).contains(&column)
    }

    fn is_wide(&self) -> bool {
        self.left < self.right
    }
}

/// The search for the merged cells of a sheet, in steps.
#[derive(Debug)]
pub(super) struct Search {
    part: Option<Part>,
    xml: Option<Xml>,
    /// The end of the window before, in which the name may have begun.
    tail: Vec<u8>,
    last_row: u32,
    found: Vec<Merge>,
}

impl Search {
    /// Looks through a sheet from its start for cells merged in the rows up to `last_row`.
    pub(super) fn new(part: Part, last_row: u32) -> Self {
        Search { part: Some(part), xml: None, tail: Vec::new(), last_row, found: Vec::new() }
    }

    /// The merged cells, or `None` if the work was used up before.
    pub(super) fn step(&mut self, work: &mut u32) -> Result<Option<Vec<Merge>>> {
        while let Some(part) = &mut self.part {
            if *work == 0 {
                return Ok(None);
            }
            *work = work.saturating_sub(WINDOW_WORK);
            let window = part.fill_buf().map_err(super::xml::below)?;
            if window.is_empty() {
                self.part = None;
                break;
            }
            let length = window.len();
            self.tail.extend_from_slice(window.get(..ELEMENT.len()).unwrap_or(window));
            let past = if memmem::find(&self.tail, ELEMENT).is_some() {
                Some(0)
            } else {
                memmem::find(window, ELEMENT).map(|at| at + ELEMENT.len())
            };
            self.tail.clear();
            self.tail
                .extend(window.get(length.saturating_sub(ELEMENT.len() - 1)..).unwrap_or_default());
            part.consume(past.unwrap_or(length));
            if past.is_some() {
                self.xml = self.part.take().map(Xml::new);
            }
        }
        while let Some(xml) = &mut self.xml {
            if *work == 0 {
                return Ok(None);
            }
            *work -= 1;
            match xml.next()? {
                Token::Start { tag, .. } if tag.name() == "mergeCell" => {
                    if let Some(merge) = tag.get("ref")?.and_then(|range| Merge::of(&range))
                        && merge.top <= self.last_row
                        && self.found.len() < MOST_MERGES
                    {
                        self.found.push(merge);
                    }
                }
                Token::End(end) if end.name() == "mergeCells" => self.xml = None,
                Token::Over => self.xml = None,
                _ => {}
            }
        }
        Ok(Some(std::mem::take(&mut self.found)))
    }
}

/// Whether two rows could be levels of one header: a gap above two texts.
pub(super) fn may_have_levels(rows: &[Row]) -> bool {
    rows.iter().zip(rows.iter().skip(1)).any(|(upper, lower)| {
        let texts = lower.cells.iter().all(|cell| cell.is_text);
        let has_gap = |column| {
            upper.at(column).is_some_and(|cell| cell.is_text)
                && upper.at(column + 1).is_none()
                && lower.at(column).is_some()
                && lower.at(column + 1).is_some()
        };
        lower.number == upper.number + 1
            && texts
            && upper.cells.iter().any(|cell| has_gap(cell.column))
    })
}

/// Joins the levels of the header among the first rows of a sheet, if it has several: the last
/// level gets the whole names, the rows above become blank. Merged titles stay as they are.
pub(super) fn flatten(rows: &mut [Row], merges: &[Merge]) {
    let widest = rows.iter().filter_map(|row| row.cells.last()).map(|cell| cell.column).max();
    for at in 0..rows.len() {
        let Some(first) = rows.get(at) else { return };
        // A title, alone in its row.
        if first.cells.len() < 2
            && !first.cells.iter().any(|cell| spans_part(cell.column, first, merges, widest))
        {
            continue;
        }
        let bottom = bottom_of(first.number, merges);
        if bottom == first.number {
            // The first row with several cells is the header, or is no longer above it.
            return;
        }
        let levels = (bottom - first.number + 1) as usize;
        let Some(block) = rows.get_mut(at..at + levels) else { return };
        let in_order =
            block.iter().zip(first_number(block)..).all(|(row, number)| row.number == number);
        if in_order && block.iter().all(|row| row.cells.iter().all(|cell| cell.is_text)) {
            join(block, merges);
        }
        return;
    }
}

fn first_number(rows: &[Row]) -> u32 {
    rows.first().map_or(0, |row| row.number)
}

/// Whether a cell alone in its row is merged over some columns, but not over all.
fn spans_part(column: u32, row: &Row, merges: &[Merge], widest: Option<u32>) -> bool {
    merges.iter().any(|merge| {
        merge.has(row.number, column)
            && merge.is_wide()
            && merge.left > 1
            && Some(merge.right) <= widest
    })
}

/// The last row of the header that begins in row `top`.
fn bottom_of(top: u32, merges: &[Merge]) -> u32 {
    let mut bottom = top;
    loop {
        let level = merges.iter().filter(|merge| merge.top <= bottom && bottom <= merge.bottom);
        let (mut next, mut wide) = (bottom, false);
        for merge in level.filter(|merge| merge.top >= top) {
            next = next.max(merge.bottom);
            wide |= merge.is_wide() && merge.bottom == bottom;
        }
        let next = if wide { next.max(bottom + 1) } else { next };
        if next == bottom || next - top >= MOST_LEVELS {
            // Without a wide cell there is one level, however high its cells are.
            let levels = merges
                .iter()
                .any(|merge| merge.top >= top && merge.top <= bottom && merge.is_wide());
            return if levels && next == bottom { bottom } else { top };
        }
        bottom = next;
    }
}

/// Writes the names of all levels into the last row.
fn join(block: &mut [Row], merges: &[Merge]) {
    let columns = block.iter().filter_map(|row| row.cells.last()).map(|cell| cell.column).max();
    let mut names = Row::default();
    for column in 1..=columns.unwrap_or(0) {
        let mut name = String::new();
        let mut before = None;
        for row in block.iter() {
            let merge = merges.iter().find(|merge| merge.has(row.number, column));
            let (top, left) = merge.map_or((row.number, column), |merge| (merge.top, merge.left));
            let source = block.iter().find(|row| row.number == top);
            let text = source.and_then(|row| Some(row.text(row.at(left)?))).unwrap_or_default();
            // A cell that is merged downwards, or says the same again, is one level.
            if text.is_empty() || before == Some(text) {
                continue;
            }
            if !name.is_empty() {
                name.push_str(JOINT);
            }
            name.push_str(text.trim());
            before = Some(text);
        }
        if !name.is_empty() {
            names.push(column, &name);
        }
    }
    if let Some((last, above)) = block.split_last_mut() {
        names.number = last.number;
        *last = names;
        above.iter_mut().for_each(Row::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u32, cells: &[&str]) -> Row {
        let mut row = Row::default();
        row.number = number;
        for (column, text) in (1..).zip(cells) {
            if !text.is_empty() {
                row.push(column, text);
            }
        }
        row
    }

    fn names(rows: &[Row]) -> Vec<Vec<&str>> {
        rows.iter().map(|row| row.cells.iter().map(|cell| row.text(cell)).collect()).collect()
    }

    fn merges(ranges: &[&str]) -> Vec<Merge> {
        ranges.iter().map(|range| Merge::of(range).unwrap()).collect()
    }

    #[test]
    fn levels_are_joined_and_cells_merged_downwards_stay_one() {
        let mut rows = [
            row(1, &["Orders of May"]),
            row(2, &["Customer", "Order", "", "Note"]),
            row(3, &["", "Paid at", "Amount", ""]),
            row(4, &["A1", "2025-05-28", "10", "x"]),
        ];
        assert!(may_have_levels(&rows[..3]) || rows[1].at(3).is_none());
        flatten(&mut rows, &merges(&["A1:D1", "A2:A3", "B2:C2", "D2:D3"]));
        assert_eq!(
            names(&rows),
            [
                vec!["Orders of May"],
                vec![],
                vec!["Customer", "Order / Paid at", "Order / Amount", "Note"],
                vec!["A1", "2025-05-28", "10", "x"],
            ]
        );
    }

    #[test]
    fn three_levels_are_three_parts() {
        let mut rows = [
            row(1, &["id", "all", "", ""]),
            row(2, &["", "money", "", "time"]),
            row(3, &["", "gross", "net", ""]),
        ];
        flatten(&mut rows, &merges(&["A1:A3", "B1:D1", "B2:C2", "D2:D3"]));
        assert_eq!(
            names(&rows)[2],
            ["id", "all / money / gross", "all / money / net", "all / time"]
        );
    }

    #[test]
    fn a_title_alone_changes_nothing() {
        let before = [row(1, &["Orders"]), row(2, &["a", "b"]), row(3, &["1", "2"])];
        for ranges in [&["A1:B1"][..], &["A1:B1", "A3:B3"], &["A2:A3"], &[]] {
            let mut rows = before.clone();
            flatten(&mut rows, &merges(ranges));
            assert_eq!(names(&rows), names(&before), "{ranges:?}");
        }
    }

    #[test]
    fn a_gap_above_two_texts_is_worth_a_look() {
        let header = [row(1, &["id", "order", ""]), row(2, &["", "at", "sum"])];
        assert!(may_have_levels(&header));
        let plain = [row(1, &["id", "at", "sum"]), row(2, &["A1", "x", "y"])];
        assert!(!may_have_levels(&plain));
    }
}
