//! Dirty exports with known truth: from a seed, a table of orders and a file of it as real tools
//! and real people leave it, together with everything that reading must find in it.
//!
//! The truth is not computed from the file. Customers, instants and amounts are drawn first and
//! then written down in one of many ways; every dirt is put there on purpose, and what it does
//! (kept, left out under a code, used with a doubt) is noted as it is written. So a reader that
//! agrees has understood the file.
//!
//! * `orders` – who paid what and when, and the many ways to write it
//! * `sheet` – rows to a text with separators, quotes, preambles, blank lines, line numbers
//!
//! Used by `tests/dirty_exports.rs` and `examples/dirty_exports.rs`.

mod orders;
mod sheet;

use std::collections::BTreeMap;

/// A file and the truth about it.
#[derive(Debug)]
pub struct Export {
    /// The file.
    pub bytes: Vec<u8>,
    /// `csv` or `tsv`.
    pub format: &'static str,
    /// The encoding that has to be declared, if the bytes do not tell it.
    pub encoding: Option<&'static str>,
    /// The header's name of each column that has a role, as somebody would write it.
    pub names: Names,
    /// The line of the header, if it has to be told.
    pub header: Option<u64>,
    /// What is unusual about the file as a whole, for messages.
    pub about: Vec<&'static str>,
    /// What reading must find.
    pub truth: Truth,
}

/// Names of columns. Without `order` or `direction`, that role is not mapped.
#[derive(Clone, Debug)]
pub struct Names {
    pub customer: String,
    pub time: String,
    pub amount: String,
    pub order: Option<String>,
    pub direction: Option<String>,
}

/// What reading must find.
#[derive(Debug, Default)]
pub struct Truth {
    /// The usable rows, in the order of the file.
    pub rows: Vec<Row>,
    /// Records of the file, usable or not.
    pub read: u64,
    /// By code and severity: how many rows, and the lines of the first five.
    pub issues: BTreeMap<(&'static str, &'static str), (u64, Vec<u64>)>,
}

/// One usable row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The id, exactly.
    pub customer: String,
    /// Milliseconds since 1970-01-01T00:00Z.
    pub instant: i64,
    /// The local day in the export's zone, `YYYY-MM-DD`.
    pub day: String,
    /// The amount in millionths.
    pub micros: i128,
}

impl Truth {
    /// Notes ids that look like another one: `plain` says for an id with an odd form what its
    /// usual one is. Each counts once, with its first row, if another of that form is there too.
    fn note_lookalikes(&mut self, lines: &[u64], plain: impl Fn(&str) -> Option<String>) {
        let mut met = Vec::new();
        let rows = std::mem::take(&mut self.rows);
        for (row, line) in rows.iter().zip(lines) {
            let Some(usual) = plain(&row.customer) else { continue };
            let is_there = rows.iter().any(|other| {
                let looks = plain(&other.customer).unwrap_or_else(|| other.customer.clone());
                other.customer != row.customer && looks == usual
            });
            if is_there && !met.contains(&&row.customer) {
                met.push(&row.customer);
                self.note("lookalike-id", "doubtful", *line);
            }
        }
        self.rows = rows;
    }

    fn note(&mut self, code: &'static str, severity: &'static str, line: u64) {
        let (count, lines) = self.issues.entry((code, severity)).or_default();
        *count += 1;
        if lines.len() < 5 {
            lines.push(line);
        }
    }

    /// The sum of the amounts in millionths.
    pub fn sum(&self) -> i128 {
        self.rows.iter().map(|row| row.micros).sum()
    }
}

/// The zone in which exports are written: this many seconds east of UTC, the whole year.
pub const OFFSET: i64 = 8 * 3600;
/// Its name.
pub const ZONE: &str = "Asia/Shanghai";

/// How an export is made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// About how many rows.
    pub rows: usize,
    /// Whether there may be something that only an option or a further role tells the reader:
    /// the header's line, the direction of money.
    pub told: bool,
}

/// The export of a seed: the same for ever.
pub fn export(seed: u64, plan: Plan) -> Export {
    sheet::write(&mut Dice::new(seed), plan)
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same dice on every machine.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 to `sides` - 1.
    fn below(&mut self, sides: u64) -> u64 {
        self.roll() % sides.max(1)
    }

    /// True once in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}
