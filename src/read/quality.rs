//! The quality report: what was read, what was left out and why, and what looked odd.
//!
//! Every row that is not used is counted under exactly one code, the first problem found in it.
//! The report holds counts, line numbers and header names, never a cell.

use serde::Serialize;

use super::amount;
use super::remedies::{OptionValue, Remedy, Tally};
use crate::error::{Code, Error};
use crate::table::Field;
use crate::table::role::Role;

/// How many line numbers an issue keeps.
pub(super) const PLACES: usize = 5;

/// What reading did with the rows that an [`Issue`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// The row was left out.
    Rejected,
    /// The row was used with an altered value, as the rule of the code says.
    Changed,
    /// The row was used as it is, but somebody should look at it.
    Doubtful,
    /// For information; alone it does not make the outcome a warning.
    Note,
}

/// One kind of problem in one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Issue {
    /// The error code, in kebab case.
    pub code: &'static str,
    /// What was done.
    pub severity: Severity,
    /// Number of rows.
    pub count: u64,
    /// The role of the column, or null if the problem is the whole row's or an attribute's.
    pub column: Option<Role>,
    /// The name of the attribute, if the problem is one's.
    pub attribute: Option<String>,
    /// The first lines of the file (from 1), rows of the sheet (from 1) or rows of the columns
    /// (from 1) that have it, at most five.
    pub rows: Vec<u64>,
    /// For each of `rows` the file that it is in, as an index into `files`.
    pub files: Vec<u32>,
    /// Read options that would read values of these rows, the one that reads most first. What
    /// they make of the values is for somebody to confirm who knows the data.
    pub remedies: Vec<Remedy>,
}

/// One column of the header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ColumnUse {
    /// The name in the header, without outer blanks.
    pub name: String,
    /// What it was read as; null for a column that was dropped. A column that is mapped to
    /// several roles shows the first.
    pub role: Option<Role>,
    /// The attribute that it was read as, if it was. Of several the first.
    pub attribute: Option<String>,
}

impl ColumnUse {
    /// A column that nothing is mapped to.
    pub(super) fn dropped(name: String) -> Self {
        ColumnUse { name, role: None, attribute: None }
    }

    /// Notes what the column was read as.
    pub(super) fn read_as(&mut self, field: &Field) {
        match &field.attribute {
            Some(name) => drop(self.attribute.get_or_insert_with(|| name.clone())),
            None => drop(self.role.get_or_insert(field.role)),
        }
    }
}

/// Numbers of records, the header not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RowCounts {
    /// Records found; blank lines are none.
    pub read: u64,
    /// Records that became rows of the table.
    pub used: u64,
    /// Records left out: `read - used`.
    pub skipped: u64,
}

/// One file of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileUse {
    /// Its name; empty if it has none.
    pub name: String,
    /// The kind of export that it is, as in a guess.
    pub kind: String,
    /// As in [`Quality`].
    pub format: &'static str,
    /// As in [`Quality`].
    pub encoding: Option<String>,
    /// As in [`Quality`].
    pub delimiter: Option<String>,
    /// As in [`Quality`].
    pub sheet: Option<String>,
    /// As in [`Quality`].
    pub header_line: Option<u64>,
    /// Its header.
    pub columns: Vec<ColumnUse>,
    /// How many of its records were read, used and skipped.
    pub rows: RowCounts,
    /// First and last instant of its used rows; null without that role or without such rows.
    pub time: Option<TimeRange>,
}

/// First and last instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimeRange {
    /// Earliest instant, milliseconds since 1970-01-01T00:00Z.
    pub first: i64,
    /// Latest instant, milliseconds since 1970-01-01T00:00Z.
    pub last: i64,
}

/// The amounts of the used rows, as exact decimals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AmountSummary {
    /// The most decimals of any amount, 0 to 6.
    pub scale: u8,
    /// The sum, with `scale` decimals.
    pub sum: String,
    /// The smallest amount, with `scale` decimals.
    pub min: String,
    /// The largest amount, with `scale` decimals.
    pub max: String,
    /// Number of negative amounts.
    pub refunds: u64,
    /// Number of amounts that are zero.
    pub zeros: u64,
}

/// The zone in which naive times were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ZoneUse {
    /// Its name as given.
    pub name: String,
    /// The hash of its table of offset changes, 16 hexadecimal digits.
    pub hash: String,
}

/// What reading found; of a table of several files, `format`, `encoding`, `delimiter`,
/// `headerLine` and `columns` are those of the first. Equal for equal bytes, however they arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Quality {
    /// `csv`, `tsv`, `xlsx` or `columns`.
    pub format: &'static str,
    /// The encoding of the file: as found, or as declared; null for workbooks and columns in
    /// memory.
    pub encoding: Option<String>,
    /// The field separator; null for workbooks and columns in memory.
    pub delimiter: Option<String>,
    /// The sheet of a workbook; null for other formats.
    pub sheet: Option<String>,
    /// The line of the header (from 1), or its row in the sheet; null for columns in memory.
    pub header_line: Option<u64>,
    /// The zone of naive times.
    pub zone: ZoneUse,
    /// The header.
    pub columns: Vec<ColumnUse>,
    /// The files, in the order in which they were read; columns in memory count as one.
    pub files: Vec<FileUse>,
    /// How many records were read, used and skipped.
    pub rows: RowCounts,
    /// Distinct customers of the used rows; null without that role.
    pub customers: Option<u64>,
    /// First and last instant; null without that role.
    pub time: Option<TimeRange>,
    /// Exact sum and range of the amounts; null without that role.
    pub amount: Option<AmountSummary>,
    /// Problems: rejected rows first, then changed, doubtful, notes; by code and column within.
    pub issues: Vec<Issue>,
}

/// What a data set that was read is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// Nothing to report.
    Ok,
    /// At least one issue that is more than a note.
    Warn,
}

impl Quality {
    /// Whether there is anything to report.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.issues.iter().any(|issue| issue.severity != Severity::Note) {
            true => Outcome::Warn,
            false => Outcome::Ok,
        }
    }
}

/// Issues while they are being counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Issues {
    found: Vec<Found>,
    /// The file that is being read.
    pub(super) file: u32,
}

#[derive(Clone, Debug)]
struct Found {
    code: Code,
    severity: Severity,
    column: Option<Role>,
    count: u64,
    rows: Vec<u64>,
    files: Vec<u32>,
    remedies: Tally,
}

impl Issues {
    /// Counts one row. There are never more kinds than codes times roles, so a list will do.
    #[cold]
    pub(super) fn count(&mut self, code: Code, severity: Severity, column: Option<Role>, row: u64) {
        self.count_many(code, severity, column, row, 1);
    }

    /// Counts several rows of which `row` is the first.
    pub(super) fn count_many(
        &mut self,
        code: Code,
        severity: Severity,
        column: Option<Role>,
        row: u64,
        count: u64,
    ) {
        let known = self
            .found
            .iter_mut()
            .find(|f| f.code == code && f.column == column && f.severity == severity);
        match known {
            Some(found) => {
                found.count += count;
                if found.rows.len() < PLACES {
                    found.rows.push(row);
                    found.files.push(self.file);
                }
            }
            None => self.found.push(Found {
                code,
                severity,
                column,
                count,
                rows: vec![row],
                files: vec![self.file],
                remedies: Tally::default(),
            }),
        }
    }

    /// Counts many rows at once; `places` are the first of them, each with its file.
    pub(super) fn add(
        &mut self,
        code: Code,
        severity: Severity,
        column: Option<Role>,
        count: u64,
        places: &[(u32, u64)],
    ) {
        let (files, rows) = places.iter().copied().take(PLACES).unzip();
        let remedies = Tally::default();
        self.found.push(Found { code, severity, column, count, rows, files, remedies });
    }

    /// Notes that an option would read the value for which a row was left out.
    pub(super) fn remedy(
        &mut self,
        code: Code,
        column: Role,
        option: &'static str,
        value: OptionValue,
    ) {
        let rejected = |f: &&mut Found| {
            f.code == code && f.column == Some(column) && f.severity == Severity::Rejected
        };
        if let Some(found) = self.found.iter_mut().find(rejected) {
            found.remedies.count(option, value);
        }
    }

    /// Whether rows were left out that this option would read.
    pub(super) fn would_help(&self, option: &str) -> bool {
        let helps = |found: &Found| found.remedies.finish().iter().any(|r| r.option == option);
        self.found.iter().any(helps)
    }

    /// The code that rejected most rows; of equals the one met in the earliest row.
    /// With the role of the column that it is about.
    pub(super) fn main_rejection(&self) -> Option<(Error, Option<Role>)> {
        let mut main: Option<&Found> = None;
        for found in self.found.iter().filter(|f| f.severity == Severity::Rejected) {
            let first = |found: &Found| (found.files.first().copied(), found.rows.first().copied());
            let rank = |found: &Found| (found.count, std::cmp::Reverse(first(found)));
            if main.is_none_or(|best| rank(found) > rank(best)) {
                main = Some(found);
            }
        }
        let main = main?;
        let mut error = match main.remedies.finish().first() {
            None => Error::new(main.code, why(main.code)),
            Some(Remedy { option, rows, .. }) => Error::new(
                main.code,
                format!("{}; the option `{option}` can read {rows} of them", why(main.code)),
            ),
        };
        if let Some(row) = main.rows.first() {
            error = error.at_row(*row);
        }
        if let (Some(file), true) = (main.files.first(), self.file > 1) {
            error = error.in_file(*file);
        }
        Some((error, main.column))
    }

    /// Every kind of problem; `fields` know the names of attributes.
    pub(super) fn finish(&self, fields: &[Field]) -> Vec<Issue> {
        let mut issues: Vec<Issue> = Vec::new();
        for found in &self.found {
            let issue = Issue {
                code: found.code.as_str(),
                severity: found.severity,
                count: found.count,
                column: found.column.filter(|role| !matches!(role, Role::Attribute(_))),
                attribute: found.column.and_then(|role| {
                    fields.iter().find(|field| field.role == role)?.attribute.clone()
                }),
                rows: found.rows.clone(),
                files: found.files.clone(),
                remedies: found.remedies.finish(),
            };
            let rank = |issue: &Issue| (issue.severity, issue.code, issue.column);
            let at = issues.partition_point(|before| {
                (rank(before), &before.attribute) <= (rank(&issue), &issue.attribute)
            });
            issues.insert(at, issue);
        }
        issues
    }
}

/// One sentence for a file of which no row is usable.
fn why(code: Code) -> &'static str {
    match code {
        Code::Date => {
            "no row is usable, mostly because its date cannot be read; dates must begin with a \
             four-digit year"
        }
        Code::DateAmbiguous => {
            "no row is usable, mostly because day and month could be either way round; write \
             dates with the year first"
        }
        Code::Amount => "no row is usable, mostly because its amount cannot be read",
        Code::Overflow => "no row is usable, mostly because its amount is too large",
        Code::MissingId => "no row is usable, mostly because its customer id is empty",
        Code::Ragged => {
            "no row is usable, mostly because its number of fields is not that of the header"
        }
        Code::RepeatedHeader => "there is no row, only the header again",
        _ => "no row is usable; the first that was left out is named here",
    }
}

/// Sums of the used rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    /// At scale 6: 10^19 amounts of the largest size fit.
    sum: i128,
    min: i128,
    max: i128,
    scale: u8,
    pub(super) refunds: u64,
    pub(super) zeros: u64,
    amounts: u64,
    time: Option<TimeRange>,
    /// Of the file that is being read.
    file_time: Option<TimeRange>,
}

impl Totals {
    /// First and last instant of the file that was read, and begins the next one.
    pub(super) fn end_file(&mut self) -> Option<TimeRange> {
        self.file_time.take()
    }

    /// The sum of all amounts, at scale 6.
    pub(super) fn sum(&self) -> i128 {
        self.sum
    }

    /// Adds the amounts of one block.
    pub(super) fn add_amounts(&mut self, values: &[i64], scale: u8) {
        let (Some(min), Some(max)) = (values.iter().min(), values.iter().max()) else { return };
        let factor = 10i128.pow(u32::from(6 - scale.min(6)));
        let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
        let (min, max) = (i128::from(*min) * factor, i128::from(*max) * factor);
        self.min = if self.amounts == 0 { min } else { self.min.min(min) };
        self.max = if self.amounts == 0 { max } else { self.max.max(max) };
        self.sum += sum * factor;
        self.scale = self.scale.max(scale);
        self.amounts += values.len() as u64;
    }

    /// Adds the instants of one block.
    pub(super) fn add_times(&mut self, values: &[i64]) {
        let (Some(first), Some(last)) = (values.iter().min(), values.iter().max()) else { return };
        for range in [&mut self.time, &mut self.file_time] {
            let range = range.get_or_insert(TimeRange { first: *first, last: *last });
            range.first = range.first.min(*first);
            range.last = range.last.max(*last);
        }
    }

    pub(super) fn time(&self) -> Option<TimeRange> {
        self.time
    }

    pub(super) fn amount(&self) -> Option<AmountSummary> {
        let text = |value: i128| {
            amount::text(value / 10i128.pow(u32::from(6 - self.scale.min(6))), self.scale)
        };
        (self.amounts > 0).then(|| AmountSummary {
            scale: self.scale,
            sum: text(self.sum),
            min: text(self.min),
            max: text(self.max),
            refunds: self.refunds,
            zeros: self.zeros,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_different_scale_sum_exactly() {
        let mut totals = Totals::default();
        totals.add_amounts(&[1050, -25], 2);
        totals.add_amounts(&[3], 0);
        totals.add_amounts(&[1], 3);
        let summary = totals.amount().unwrap();
        assert_eq!((summary.sum.as_str(), summary.scale), ("13.251", 3));
        assert_eq!((summary.min.as_str(), summary.max.as_str()), ("-0.250", "10.500"));
    }

    #[test]
    fn issues_are_ordered_by_severity_and_keep_five_places() {
        let mut issues = Issues::default();
        issues.count(Code::Precision, Severity::Changed, Some(Role::Amount), 9);
        for line in 2..20 {
            issues.count(Code::Date, Severity::Rejected, Some(Role::Time), line);
        }
        issues.count(Code::Amount, Severity::Rejected, Some(Role::Amount), 3);
        let found = issues.finish(&[]);
        assert_eq!(
            found.iter().map(|i| i.code).collect::<Vec<_>>(),
            ["amount", "date", "precision"]
        );
        assert_eq!((found[1].count, found[1].rows.as_slice()), (18, &[2, 3, 4, 5, 6][..]));
        assert_eq!(issues.main_rejection().unwrap().0.code(), Code::Date);
    }
}
