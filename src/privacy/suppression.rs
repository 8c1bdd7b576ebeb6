//! Two-way counts as they may be published: small cells are hidden, and so many others that nobody
//! can work the small ones out from the totals.
//!
//! A hidden cell can be anything that non-negative tables with the shown cells and totals allow: an
//! interval, which is found by the largest flow through the hidden cells. It protects if it has a
//! width and reaches k.

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use crate::error::{Code, Error, Result};
use crate::plain::Value;
use crate::stats::order::sort_by;

/// So many cells that may be hidden are tried in every combination; beyond, hidden cells are added
/// ring by ring, cheapest first.
const ALL_COMBINATIONS: usize = 16;
/// The most rows or columns.
const MOST: usize = 200;

/// Counts by two attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SuppressOptions {
    /// The counts of customers, row by row.
    pub counts: Vec<Vec<u32>>,
    /// Counts from 1 to k − 1 are hidden.
    pub k: u32,
    /// Which table this is: what was published of it before may not differ by fewer than k customers.
    #[serde(default)]
    pub table: Option<String>,
    /// The log of what was published before; empty at first. Only asked if `table` is named.
    #[serde(default)]
    pub ledger: Ledger,
}

/// What another may work out of a hidden cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HiddenCell {
    /// Its row, from 0.
    pub row: u32,
    /// Its column, from 0.
    pub column: u32,
    /// Whether it is hidden for the sake of others.
    pub complementary: bool,
    /// The least that it can be.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// A table that may be published.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Suppressed {
    /// The counts; null where hidden. Empty if nothing protects the small cells.
    pub counts: Vec<Vec<Option<u32>>>,
    /// The sums of the rows; empty if nothing protects the small cells.
    pub row_totals: Vec<u64>,
    /// The sums of the columns.
    pub column_totals: Vec<u64>,
    /// The hidden cells.
    pub hidden: Vec<HiddenCell>,
    /// Whether the small cells are protected. If not, the totals must stay hidden too.
    pub feasible: bool,
    /// The log with this table in it, if `table` was named and there is something to publish: keep
    /// it, and give it with the next table.
    pub ledger: Option<Ledger>,
}

/// A table with which cells are hidden in it.
struct Hiding<'c> {
    counts: &'c [Vec<u32>],
    columns: usize,
    /// Row by row.
    hidden: Vec<bool>,
}

impl Hiding<'_> {
    fn count(&self, cell: usize) -> u64 {
        let (row, column) = (cell / self.columns, cell % self.columns);
        self.counts.get(row).and_then(|row| row.get(column)).map_or(0, |count| u64::from(*count))
    }

    fn is_hidden(&self, cell: usize) -> bool {
        self.hidden.get(cell).copied().unwrap_or(false)
    }

    /// By how much a hidden cell can grow (`up`) or shrink: other cells of its row shrink by it,
    /// cells of their columns grow, and so on back to its column. The largest flow over shortest
    /// ways; a step from a row to a column changes one way, back the other.
    fn slack(&self, cell: usize, up: bool) -> u64 {
        let (rows, columns) = (self.counts.len(), self.columns);
        let (source, sink) = (cell / columns, rows + cell % columns);
        let mut flow = vec![0i64; self.hidden.len()];
        let mut total = 0u64;
        // Room of a step: shrinking a cell stops at 0, growing never.
        let room = |flow: &[i64], at: usize, to_column: bool| -> u64 {
            if at == cell || !self.is_hidden(at) {
                return 0;
            }
            let sent = flow.get(at).copied().unwrap_or(0);
            let value = self.count(at) as i64;
            let now = if up { value - sent } else { value + sent };
            if to_column == up { now.max(0) as u64 } else { u64::MAX }
        };
        loop {
            let mut from: Vec<Option<usize>> = vec![None; rows + columns];
            let mut queue = std::collections::VecDeque::from([source]);
            while let Some(node) = queue.pop_front() {
                let is_row = node < rows;
                for other in if is_row { rows..rows + columns } else { 0..rows } {
                    let at = if is_row {
                        node * columns + other - rows
                    } else {
                        other * columns + node - rows
                    };
                    let is_new = other != source && from.get(other).is_some_and(Option::is_none);
                    if is_new && room(&flow, at, is_row) > 0 {
                        if let Some(slot) = from.get_mut(other) {
                            *slot = Some(node);
                        }
                        queue.push_back(other);
                    }
                }
            }
            let mut steps = Vec::new();
            let mut node = sink;
            while let Some(before) = from.get(node).copied().flatten() {
                let is_row = before < rows;
                let at = if is_row {
                    before * columns + node - rows
                } else {
                    node * columns + before - rows
                };
                steps.push((at, is_row));
                node = before;
            }
            let narrowest = steps.iter().map(|(at, is_row)| room(&flow, *at, *is_row)).min();
            let Some(amount) = narrowest.filter(|_| node == source) else { return total };
            for (at, is_row) in steps {
                if let Some(sent) = flow.get_mut(at) {
                    *sent += if is_row { amount as i64 } else { -(amount as i64) };
                }
            }
            total = total.saturating_add(amount);
        }
    }

    fn interval(&self, cell: usize) -> (u64, u64) {
        let count = self.count(cell);
        (count - self.slack(cell, false).min(count), count + self.slack(cell, true))
    }

    fn protects(&self, primary: &[usize], k: u64) -> bool {
        primary.iter().all(|cell| {
            let (least, most) = self.interval(*cell);
            most > least && most >= k
        })
    }
}

/// Hides what must be hidden, with the fewest other cells, and of those choices the one with the
/// smallest sum (for more than 16 candidates: a choice from which no cell can be taken away).
///
/// # Errors
/// `invalid-option` for a table whose rows have different lengths, or is too large; `denied` if it
/// differs by 1 to k − 1 customers from the same table as it was published before; `decode` if the
/// log was changed.
pub fn suppress(options: &SuppressOptions) -> Result<Suppressed> {
    let SuppressOptions { counts, k, .. } = options;
    let columns = counts.first().map_or(0, Vec::len);
    let fits = counts.iter().all(|row| row.len() == columns) && columns.max(counts.len()) <= MOST;
    if !fits || columns == 0 {
        return Err(Error::new(
            Code::InvalidOption,
            "counts are rows of equal length, at most 200 by 200",
        )
        .at_path("counts"));
    }
    let cells = counts.len() * columns;
    let mut hiding = Hiding { counts, columns, hidden: vec![false; cells] };
    let k64 = u64::from(*k);
    let primary: Vec<usize> =
        (0..cells).filter(|at| (1..k64).contains(&hiding.count(*at))).collect();
    for cell in &primary {
        if let Some(hidden) = hiding.hidden.get_mut(*cell) {
            *hidden = true;
        }
    }
    // Another cell helps only where both its row and its column hide something, so all others
    // are candidates as far as they are not 0.
    let candidates: Vec<usize> =
        (0..cells).filter(|at| hiding.count(*at) > 0 && !hiding.is_hidden(*at)).collect();
    let feasible = choose(&mut hiding, &primary, &candidates, k64);
    let totals = |of: &dyn Fn(usize) -> usize, length: usize| {
        let mut totals = vec![0u64; length];
        for cell in 0..cells {
            if let Some(total) = totals.get_mut(of(cell)) {
                *total += hiding.count(cell);
            }
        }
        totals
    };
    let hidden = (0..cells).filter(|cell| feasible && hiding.is_hidden(*cell)).map(|cell| {
        let (least, most) = hiding.interval(cell);
        HiddenCell {
            row: (cell / columns) as u32,
            column: (cell % columns) as u32,
            complementary: !primary.contains(&cell),
            least: least as f64,
            most: most as f64,
        }
    });
    let shown = counts.iter().enumerate().map(|(row, of_row)| {
        let one = |(column, count): (usize, &u32)| {
            (!hiding.is_hidden(row * columns + column)).then_some(*count)
        };
        of_row.iter().enumerate().map(one).collect()
    });
    let mut found = match feasible {
        true => Suppressed {
            counts: shown.collect(),
            row_totals: totals(&|cell| cell / columns, counts.len()),
            column_totals: totals(&|cell| cell % columns, columns),
            hidden: hidden.collect(),
            feasible,
            ledger: None,
        },
        false => Suppressed {
            counts: Vec::new(),
            row_totals: Vec::new(),
            column_totals: Vec::new(),
            hidden: Vec::new(),
            feasible,
            ledger: None,
        },
    };
    if let (Some(table), true) = (&options.table, feasible) {
        found.ledger = Some(published(&found, table, options)?);
    }
    Ok(found)
}

/// The log with a table that was not published before, or so that nobody is in the difference.
///
/// Two tables of the same people, one of them joined or gone, tell of that one what each alone
/// hides: what both show may be equal or differ by k or more.
fn published(found: &Suppressed, table: &str, options: &SuppressOptions) -> Result<Ledger> {
    let number =
        |count: Option<u64>| count.map_or(Value::Null, |count| Value::Number(count as f64));
    let inner = found.counts.iter().flatten().map(|count| number(count.map(u64::from)));
    let totals = || found.row_totals.iter().chain(&found.column_totals).copied();
    let all: u64 = found.row_totals.iter().sum();
    let cells: Vec<Value> =
        inner.chain(totals().chain([all]).map(|total| number(Some(total)))).collect();
    let mut ledger = options.ledger.clone();
    ledger.untouched()?;
    let text = |text: &str| Value::Text(text.to_owned());
    let entry = vec![
        ("op".to_owned(), text("table")),
        ("table".to_owned(), text(table)),
        ("rows".to_owned(), Value::Number(found.counts.len() as f64)),
        ("cells".to_owned(), Value::List(cells.clone())),
    ];
    let mut is_same = false;
    for before in &ledger.entries {
        let of_table = entry.iter().take(2).all(|(name, value)| before.get(name) == Some(value));
        let (true, Some(Value::List(shown))) = (of_table, before.get("cells")) else { continue };
        let differs = |(one, other): (&Value, &Value)| match (one, other) {
            (Value::Number(one), Value::Number(other)) => {
                (0.5..f64::from(options.k) - 0.5).contains(&(one - other).abs())
            }
            _ => false,
        };
        if before.get("rows") != entry.get(2).map(|(_, rows)| rows) || shown.len() != cells.len() {
            let hint = "this table had another shape before: give it another name";
            return Err(Error::new(Code::InvalidOption, hint).at_path("table"));
        }
        if shown.iter().zip(&cells).any(differs) {
            let hint = "this table was published before and differs by fewer than k customers: who has both could tell of them";
            return Err(Error::new(Code::Denied, hint).at_path("counts"));
        }
        is_same |= *shown == cells;
    }
    if !is_same {
        ledger.append(entry)?;
    }
    Ok(ledger)
}

/// Hides candidates until the primary cells are protected; false if nothing protects them.
fn choose(hiding: &mut Hiding<'_>, primary: &[usize], candidates: &[usize], k: u64) -> bool {
    if hiding.protects(primary, k) {
        return true;
    }
    let set = |hiding: &mut Hiding<'_>, cell: usize, to: bool| {
        if let Some(hidden) = hiding.hidden.get_mut(cell) {
            *hidden = to;
        }
    };
    candidates.iter().for_each(|cell| set(hiding, *cell, true));
    if !hiding.protects(primary, k) {
        return false;
    }
    if candidates.len() <= ALL_COMBINATIONS {
        let mut best: Option<(u32, u64, u32)> = None;
        for chosen in 0u32..1 << candidates.len() {
            let size = chosen.count_ones();
            if best.is_some_and(|(fewest, ..)| size > fewest) {
                continue;
            }
            // The first candidate is the highest bit, so that of equal choices the first stays.
            let is_in = |at: usize| chosen >> (candidates.len() - 1 - at) & 1 == 1;
            let picked = candidates.iter().enumerate().filter(|(at, _)| is_in(*at));
            let sum: u64 = picked.map(|(_, cell)| hiding.count(*cell)).sum();
            let is_better = best.is_none_or(|(fewest, least, before)| {
                (size, sum) < (fewest, least) || ((size, sum) == (fewest, least) && chosen > before)
            });
            if is_better {
                candidates.iter().enumerate().for_each(|(at, cell)| set(hiding, *cell, is_in(at)));
                if hiding.protects(primary, k) {
                    best = Some((size, sum, chosen));
                }
            }
        }
        let chosen = best.map_or(u32::MAX, |(.., chosen)| chosen);
        for (at, cell) in candidates.iter().enumerate() {
            set(hiding, *cell, chosen >> (candidates.len() - 1 - at) & 1 == 1);
        }
        return true;
    }
    // From all hidden: show again what is not needed, the largest counts first.
    let mut order = candidates.to_vec();
    sort_by(&mut order, |a, b| hiding.count(*b).cmp(&hiding.count(*a)));
    for cell in order {
        set(hiding, cell, false);
        if !hiding.protects(primary, k) {
            set(hiding, cell, true);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(counts: &[&[u32]], k: u32) -> Suppressed {
        let counts = counts.iter().map(|row| row.to_vec()).collect();
        suppress(&of(counts, k)).unwrap()
    }

    fn of(counts: Vec<Vec<u32>>, k: u32) -> SuppressOptions {
        SuppressOptions { counts, k, table: None, ledger: Ledger::default() }
    }

    #[test]
    fn totals_do_not_give_a_small_cell_away() {
        let found = table(&[&[3, 40], &[50, 60]], 5);
        assert_eq!(found.hidden.len(), 4);
        assert_eq!((found.hidden[0].least, found.hidden[0].most), (0.0, 43.0));
        assert!(found.hidden[1..].iter().all(|cell| cell.complementary));
    }

    #[test]
    fn what_cannot_be_protected_says_so_and_shows_nothing() {
        let found = table(&[&[3, 17, 25]], 5);
        assert!(!found.feasible && found.row_totals.is_empty() && found.counts.is_empty());
    }

    #[test]
    fn a_large_table_hides_no_more_than_it_must() {
        let rows: Vec<Vec<u32>> =
            (0..8).map(|row| (0..7).map(|column| 20 + row * 7 + column).collect()).collect();
        let mut counts = rows.clone();
        counts[2][3] = 1;
        let found = suppress(&of(counts, 5)).unwrap();
        assert_eq!(found.hidden.len(), 4);
        let none = suppress(&of(rows, 5)).unwrap();
        assert!(none.hidden.is_empty() && none.feasible);
    }

    #[test]
    fn a_table_is_a_table() {
        let bad = |counts| suppress(&of(counts, 5)).unwrap_err();
        assert_eq!(bad(vec![vec![1], vec![1, 2]]).path(), Some("counts"));
        assert_eq!(bad(Vec::new()).path(), Some("counts"));
    }

    #[test]
    fn two_tables_do_not_differ_by_a_few_customers() {
        let first = vec![vec![20, 30], vec![40, 50]];
        let ask = |counts: Vec<Vec<u32>>, ledger: &Ledger| {
            let table = Some("segment by city".to_owned());
            suppress(&SuppressOptions { table, ledger: ledger.clone(), ..of(counts, 5) })
        };
        let log = ask(first.clone(), &Ledger::default()).unwrap().ledger.unwrap();
        assert_eq!(log.entries.len(), 1);
        assert_eq!(ask(first.clone(), &log).unwrap().ledger.unwrap(), log);
        let mut one_gone = first.clone();
        one_gone[1][0] -= 1;
        let error = ask(one_gone, &log).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::Denied, Some("counts")));
        // One more and one less: no total differs, the cells do.
        assert!(ask(vec![vec![21, 29], vec![39, 51]], &log).is_err());
        let later = ask(vec![vec![25, 30], vec![40, 58]], &log).unwrap().ledger.unwrap();
        assert_eq!(later.entries.len(), 2);
        // The first table counts after the second, too.
        assert!(ask(vec![vec![22, 30], vec![40, 50]], &later).is_err());
        let mut forged = later;
        forged.entries.remove(0);
        assert_eq!(ask(first, &forged).unwrap_err().code(), Code::Decode);
    }
}
