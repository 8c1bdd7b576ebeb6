//! Rows waiting for their customer's state.
//!
//! With many customers every row touches another part of memory, and waiting for it costs more
//! than the arithmetic. So rows are first written to one of [`PARTS`] buffers by the high bits
//! of the customer's code, which is a write in sequence; a full buffer then reaches only a
//! 64th of the states, which a cache can hold. (Radix partitioning: Manegold, Boncz and
//! Kersten, "Optimizing Main-Memory Join on Modern Hardware", 2002.)
#![allow(clippy::indexing_slicing)] // `part` is masked below PARTS, a part's fill stays below LINES, and the buffer has PARTS · LINES lines.

use super::state::{Line, State, unknown_code};
use crate::error::{Code, Error, Result};

/// Number of buffers, a power of two.
const PARTS: usize = 64;
/// Lines that a buffer holds.
const LINES: usize = 1024;
/// Up to so many customers all states fit into a cache, and rows go to them directly.
const FEW: usize = 1 << 14;

/// The buffers.
#[derive(Clone, Debug)]
pub(super) struct Staging {
    /// `customer >> shift` is the buffer.
    shift: u32,
    fill: [usize; PARTS],
    /// Allocated when first needed.
    lines: Vec<Line>,
}

impl Staging {
    pub(super) fn new() -> Self {
        Staging { shift: 0, fill: [0; PARTS], lines: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fill.iter().all(|fill| *fill == 0)
    }

    pub(super) fn heap_size(&self) -> usize {
        self.lines.capacity() * size_of::<Line>()
    }

    /// Whether rows of this many customers should go to their states directly. Makes the
    /// buffers ready if not.
    pub(super) fn is_direct(&mut self, states: &mut [State]) -> Result<bool> {
        if states.len() <= FEW {
            return Ok(true);
        }
        if self.lines.is_empty() {
            self.lines.try_reserve_exact(PARTS * LINES).map_err(|_| {
                Error::new(Code::LimitMemory, "there is not enough memory for rows on their way")
            })?;
            self.lines.resize(PARTS * LINES, Line::default());
        }
        while (states.len() - 1) >> self.shift >= PARTS {
            self.settle(states)?;
            self.shift += 1;
        }
        Ok(false)
    }

    #[inline]
    pub(super) fn push(&mut self, line: Line, states: &mut [State]) -> Result<()> {
        let part = (line.customer >> self.shift) as usize & (PARTS - 1);
        let fill = self.fill[part];
        self.lines[part * LINES + fill] = line;
        self.fill[part] = fill + 1;
        if fill + 1 == LINES { self.flush(part, states) } else { Ok(()) }
    }

    pub(super) fn settle(&mut self, states: &mut [State]) -> Result<()> {
        (0..PARTS).try_for_each(|part| self.flush(part, states))
    }

    fn flush(&mut self, part: usize, states: &mut [State]) -> Result<()> {
        let fill = std::mem::take(&mut self.fill[part]);
        let lines = self.lines.get(part * LINES..part * LINES + fill).unwrap_or_default();
        // First only look at the states: look-ups that change nothing wait for memory together,
        // and the second loop finds all in the cache. Takes a third off the time of the fold.
        let looked = lines.iter().fold(0, |looked, line| {
            looked ^ states.get(line.customer as usize).map_or(0, |state| state.rows)
        });
        std::hint::black_box(looked);
        lines.iter().try_for_each(|line| match states.get_mut(line.customer as usize) {
            Some(state) => state.add(line),
            None => Err(unknown_code()),
        })
    }
}
