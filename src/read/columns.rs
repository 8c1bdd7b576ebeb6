//! Columns that are already in memory: typed arrays, or arrays of objects turned into columns.
//!
//! The rules for cells are those of files, and so is the report; a place is the number of the
//! row, from 1. Numbers need no parsing: a time is milliseconds since 1970-01-01T00:00Z, an
//! amount becomes its shortest decimal, an id its decimal text. NaN is a missing value. Blocks
//! are cut every [`ROWS`] rows, wherever a batch ends.

use crate::error::{Code, Error, Result};
use crate::table::block::{Block, ROWS};
use crate::table::role::Role;
use crate::table::zone::Zone;
use crate::table::{Dictionaries, Schema, Table};

use super::options::Options;
use super::profile::kind_of;
use super::quality::{ColumnUse, FileUse, Quality};
use super::rows::{Cell, Rows, Sink};
use super::{Kept, Parts, fields_of, parts_of, quality_of};

/// Rows that are looked at together: few enough to stay in the cache, and so that one odd row
/// slows down only its neighbours.
const STRETCH: usize = 2048;

/// The values of one column of one batch.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Values<'a> {
    /// UTF-8 texts one after the other, and where each ends.
    Text {
        /// All texts.
        bytes: &'a [u8],
        /// Ascending ends, one per row.
        ends: &'a [u32],
    },
    /// Numbers; NaN where there is none.
    F64(&'a [f64]),
    /// Whole numbers.
    U32(&'a [u32]),
    /// Whole numbers.
    I32(&'a [i32]),
}

/// One batch: for each mapped role its values, all of one length. The roles of attributes are
/// in the reader's schema.
pub type Batch<'a> = [(Role, Values<'a>)];

impl<'a> Values<'a> {
    fn len(&self) -> usize {
        match self {
            Values::Text { ends, .. } => ends.len(),
            Values::F64(values) => values.len(),
            Values::U32(values) => values.len(),
            Values::I32(values) => values.len(),
        }
    }

    #[inline]
    pub(super) fn cell(&self, row: usize) -> Cell<'a> {
        let found = match *self {
            Values::Text { bytes, ends } => {
                let end_of = |row: usize| ends.get(row).map(|end| *end as usize);
                let start = row.checked_sub(1).and_then(end_of).unwrap_or(0);
                end_of(row).and_then(|end| bytes.get(start..end)).map(Cell::text)
            }
            Values::F64(values) => values.get(row).map(|value| Cell::number(*value)),
            Values::U32(values) => values.get(row).map(|value| Cell::Integer((*value).into())),
            Values::I32(values) => values.get(row).map(|value| Cell::Integer((*value).into())),
        };
        found.unwrap_or(Cell::Missing)
    }

    /// Whether texts are UTF-8 and cut between characters.
    fn is_sound(&self) -> bool {
        let Values::Text { bytes, ends } = self else { return true };
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        let mut before = 0;
        ends.iter().all(|end| {
            let ascends = *end >= before;
            before = *end;
            ascends && text.is_char_boundary(*end as usize)
        })
    }
}

/// Reads columns batch by batch.
#[derive(Debug)]
pub struct ColumnReader {
    rows: Rows,
    failed: Option<Error>,
}

impl ColumnReader {
    /// A reader for columns with the roles that `options` map (the names are for messages).
    /// Of the other options only those about values matter here: `decimal`, `units`,
    /// `accounting`, `dates`, `duplicates`, `limits.rows` and `limits.idBytes`.
    ///
    /// # Errors
    /// As [`Options::check`].
    pub fn new(options: &Options, zone: Zone, hash_seed: u64) -> Result<Self> {
        options.check()?;
        let schema = Schema { fields: fields_of(options), zone };
        Ok(ColumnReader { rows: Rows::new(schema, options, hash_seed), failed: None })
    }

    /// Reads one batch, and hands every block that is complete to `sink`.
    ///
    /// # Errors
    /// `missing-column` if a mapped role is not in the batch, `type` for a role that is not
    /// mapped, `ragged` for columns of different lengths, `encoding` for texts that are not
    /// UTF-8 or ends that do not ascend, `limit`, `limit-memory`; or the error of `sink`. The
    /// reader is then at its end. Problems of single rows are counted in the report.
    pub fn push(&mut self, batch: &Batch<'_>, sink: &mut Sink<'_>) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)?;
        let result = self.try_push(batch, sink);
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    fn try_push(&mut self, batch: &Batch<'_>, sink: &mut Sink<'_>) -> Result<()> {
        let schema = &self.rows.schema;
        if let Some((role, _)) = batch.iter().find(|(role, _)| schema.position(*role).is_none()) {
            let hint = format!("no column is mapped to the role `{role}`");
            return Err(Error::new(Code::Type, hint));
        }
        let mut columns = Vec::with_capacity(schema.fields.len());
        for field in &schema.fields {
            let Some((_, values)) = batch.iter().find(|(role, _)| *role == field.role) else {
                let hint = format!("the batch has no column for the role `{}`", field.role);
                return Err(Error::new(Code::MissingColumn, hint).at_column(field.name.as_str()));
            };
            if !values.is_sound() {
                let hint = "texts must be UTF-8, and their ends must ascend between characters";
                return Err(Error::new(Code::Encoding, hint).at_column(field.name.as_str()));
            }
            columns.push(*values);
        }
        let length = columns.first().map_or(0, Values::len);
        if columns.iter().any(|values| values.len() != length) {
            return Err(Error::new(Code::Ragged, "the columns have different lengths"));
        }
        let mut row = 0;
        while row < length {
            let block = self.rows.read / ROWS as u64;
            let room = ROWS - (self.rows.read % ROWS as u64) as usize;
            let to = length.min(row + room.min(STRETCH));
            if !self.rows.add_plain(block, &columns, row..to, sink)? {
                for row in row..to {
                    self.rows.begin(block, sink)?;
                    let place = self.rows.read;
                    self.rows.add(place, None, |position| {
                        columns.get(position).map_or(Cell::Missing, |values| values.cell(row))
                    })?;
                }
            }
            row = to;
        }
        Ok(())
    }

    /// Hands the last block to `sink`.
    ///
    /// # Errors
    /// `no-rows`, or the code that left most rows out, if no row is usable.
    pub fn finish(&mut self, sink: &mut Sink<'_>) -> Result<Quality> {
        self.failed.clone().map_or(Ok(()), Err)?;
        let (rows, time) = self.rows.end_file(sink)?;
        self.rows.finish(sink)?;
        let columns = self.rows.schema.fields.iter();
        let columns: Vec<ColumnUse> = columns
            .map(|field| {
                let mut column = ColumnUse::dropped(field.name.clone());
                column.read_as(field);
                column
            })
            .collect();
        let all = FileUse {
            name: String::new(),
            kind: kind_of("columns", columns.iter().map(|column| column.name.as_str())),
            format: "columns",
            encoding: None,
            delimiter: None,
            sheet: None,
            header_line: None,
            columns,
            rows,
            time,
        };
        Ok(quality_of(&self.rows, vec![all]))
    }

    /// The mapped columns and the zone.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.rows.schema
    }

    /// The ids behind the codes of the blocks so far.
    #[must_use]
    pub fn dictionaries(&self) -> &Dictionaries {
        &self.rows.dictionaries
    }

    /// Bytes held by what grows with the table: the dictionaries and what is remembered of
    /// orders.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.rows.heap_size()
    }

    /// Schema, dictionaries and fingerprint of all blocks handed over.
    #[must_use]
    pub fn into_parts(self) -> Parts {
        parts_of(self.rows)
    }
}

/// Reads columns into a table in memory.
#[derive(Debug)]
pub struct ColumnLoader {
    reader: ColumnReader,
    kept: Kept,
}

impl ColumnLoader {
    /// A loader that holds at most `memory` bytes of blocks and dictionaries.
    ///
    /// # Errors
    /// As [`ColumnReader::new`].
    pub fn new(options: &Options, zone: Zone, hash_seed: u64, memory: usize) -> Result<Self> {
        let reader = ColumnReader::new(options, zone, hash_seed)?;
        Ok(ColumnLoader { reader, kept: Kept::new(memory) })
    }

    /// Reads one batch.
    ///
    /// # Errors
    /// As [`ColumnReader::push`], and `limit-memory` over the limit.
    pub fn push(&mut self, batch: &Batch<'_>) -> Result<()> {
        self.reader.push(batch, &mut |block: Block| self.kept.keep(block))?;
        self.kept.check(self.reader.heap_size())
    }

    /// The table and its report.
    ///
    /// # Errors
    /// As [`ColumnReader::finish`], and `limit-memory` over the limit.
    pub fn finish(mut self) -> Result<(Table, Quality)> {
        let quality = self.reader.finish(&mut |block: Block| self.kept.keep(block))?;
        self.kept.check(self.reader.heap_size())?;
        Ok((self.kept.finish(self.reader.into_parts()), quality))
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::Duplicates;
    use super::super::tests::{essence, fails_as, mapped, shanghai, usual};
    use super::*;
    use crate::table::block::{Column, MISSING};
    use proptest::prelude::*;

    fn load(options: &Options, batches: &[&Batch<'_>]) -> Result<(Table, Quality)> {
        let mut loader = ColumnLoader::new(options, shanghai(), 5, 1 << 28)?;
        for batch in batches {
            loader.push(batch)?;
        }
        loader.finish()
    }

    fn texts(of: &[&str]) -> (Vec<u8>, Vec<u32>) {
        let mut ends = Vec::new();
        let mut bytes = Vec::new();
        for text in of {
            bytes.extend(text.as_bytes());
            ends.push(bytes.len() as u32);
        }
        (bytes, ends)
    }

    const DAY: f64 = 1_748_361_600_000.0;

    #[test]
    fn typed_arrays_become_the_columns_that_a_file_with_these_values_gives() {
        let times = [DAY, DAY + 1.5, DAY + 2.0];
        let amounts = [10.5, 3.0, -0.001];
        let batch: &Batch<'_> = &[
            (Role::Amount, Values::F64(&amounts)),
            (Role::Customer, Values::U32(&[7, 12, 7])),
            (Role::Time, Values::F64(&times)),
        ];
        let (table, quality) = load(&usual(), &[batch]).unwrap();
        let file = "id,time,amount\n7,2025-05-28,10.5\n12,2025-05-28T00:00:00.001,3\n\
                    7,2025-05-28 00:00:00.002,-0.001\n";
        let (same, _) = super::super::read_table([file], &usual(), shanghai(), 1, 1 << 20).unwrap();
        assert_eq!((table.fingerprint, &table.blocks), (same.fingerprint, &same.blocks));
        assert_eq!(quality.amount.unwrap().sum, "13.499");
        assert_eq!(quality.format, "columns");
    }

    #[test]
    fn numbers_as_ids_are_their_decimal_texts() {
        let mut options = mapped(&[(Role::Customer, "id"), (Role::Order, "order")]);
        options.duplicates = Duplicates::Keep;
        let (bytes, ends) = texts(&["7", "-3", " 7 ", "1.5", ""]);
        let text = Values::Text { bytes: &bytes, ends: &ends };
        let numbers = Values::F64(&[7.0, -3.0, 7.0, 1.5, f64::NAN]);
        let batch: &Batch<'_> = &[(Role::Customer, text), (Role::Order, numbers)];
        let (table, quality) = load(&options, &[batch]).unwrap();
        let ids = |role| table.dictionaries.get(role).unwrap().as_parts();
        assert_eq!(ids(Role::Customer), ids(Role::Order));
        assert_eq!(quality.rows.skipped, 1);
        let batch: &Batch<'_> = &[
            (Role::Customer, Values::I32(&[5, -5])),
            (Role::Order, Values::F64(&[f64::NAN, -0.0])),
        ];
        let (table, _) = load(&options, &[batch]).unwrap();
        assert_eq!(table.blocks[0].column(1), Some(&Column::Codes(vec![MISSING, 0])));
        assert_eq!(table.dictionaries.get(Role::Order).unwrap().get(0), Some(&b"0"[..]));
        assert_eq!(table.dictionaries.get(Role::Customer).unwrap().get(1), Some(&b"-5"[..]));
    }

    #[test]
    fn copies_of_a_row_count_once_where_there_are_orders() {
        let options =
            mapped(&[(Role::Customer, "id"), (Role::Order, "order"), (Role::Amount, "amount")]);
        let batch: &Batch<'_> = &[
            (Role::Customer, Values::U32(&[7, 7, 7, 8])),
            (Role::Order, Values::U32(&[1, 1, 1, 1])),
            (Role::Amount, Values::F64(&[5.0, 5.0, 6.0, 5.0])),
        ];
        let (table, quality) = load(&options, &[batch]).unwrap();
        let found: Vec<_> =
            quality.issues.iter().map(|issue| (issue.code, issue.rows.clone())).collect();
        assert_eq!(found, [("duplicate-order", vec![2]), ("duplicate-order", vec![4])]);
        assert_eq!(table.rows(), 3);
    }

    #[test]
    fn ids_that_a_number_cannot_hold_are_doubtful() {
        let options = mapped(&[(Role::Customer, "id")]);
        let ids = [9_007_199_254_740_991.0, 9_007_199_254_740_992.0, 1e20, f64::INFINITY];
        let (table, quality) = load(&options, &[&[(Role::Customer, Values::F64(&ids))]]).unwrap();
        let found: Vec<_> =
            quality.issues.iter().map(|issue| (issue.code, issue.rows.clone())).collect();
        assert_eq!(found, [("type", vec![4]), ("mangled-id", vec![2, 3])]);
        assert_eq!(
            table.dictionaries.get(Role::Customer).unwrap().get(2),
            Some(&b"100000000000000000000"[..])
        );
    }

    #[test]
    fn what_is_not_a_number_leaves_its_row_out() {
        let times = [f64::NAN, DAY, DAY, 1e300, DAY, 1_748_361_600.0 * 1e6];
        let amounts = [1.0, f64::NAN, f64::INFINITY, 1.0, 1e300, 1.0];
        let batch: &Batch<'_> = &[
            (Role::Customer, Values::U32(&[1, 2, 3, 4, 5, 6])),
            (Role::Time, Values::F64(&times)),
            (Role::Amount, Values::F64(&amounts)),
        ];
        let error = load(&usual(), &[batch]).unwrap_err();
        fails_as(&error, Code::Date, Some(1));
        let good: &Batch<'_> = &[
            (Role::Customer, Values::U32(&[9])),
            (Role::Time, Values::F64(&[DAY])),
            (Role::Amount, Values::F64(&[1.0])),
        ];
        let (table, quality) = load(&usual(), &[batch, good]).unwrap();
        assert_eq!((table.rows(), quality.customers), (1, Some(1)));
        let found: Vec<_> =
            quality.issues.iter().map(|issue| (issue.code, issue.rows.clone())).collect();
        assert_eq!(found, [("amount", vec![2, 3]), ("date", vec![1, 4, 6]), ("overflow", vec![5])]);
    }

    #[test]
    fn a_time_before_all_times_leaves_its_row_out() {
        for before in [-1e300, -9.3e18, f64::NEG_INFINITY] {
            let batch: &Batch<'_> = &[
                (Role::Customer, Values::U32(&[1, 2])),
                (Role::Time, Values::F64(&[before, DAY])),
                (Role::Amount, Values::F64(&[1.0, 1.0])),
            ];
            let (table, quality) = load(&usual(), &[batch]).unwrap();
            assert_eq!((table.rows(), quality.issues[0].code), (1, "date"));
        }
    }

    #[test]
    fn texts_are_read_as_in_files() {
        let (ids, id_ends) = texts(&["甲", "", "乙"]);
        let (times, time_ends) = texts(&["2025年5月28日", "2025-05-28", "28/5/2025"]);
        let (amounts, amount_ends) = texts(&["￥1,000", "1", "1"]);
        let batch: &Batch<'_> = &[
            (Role::Customer, Values::Text { bytes: &ids, ends: &id_ends }),
            (Role::Time, Values::Text { bytes: &times, ends: &time_ends }),
            (Role::Amount, Values::Text { bytes: &amounts, ends: &amount_ends }),
        ];
        let (table, quality) = load(&usual(), &[batch]).unwrap();
        assert_eq!(table.rows(), 1);
        let codes: Vec<_> = quality.issues.iter().map(|issue| issue.code).collect();
        assert_eq!(codes, ["date-ambiguous", "missing-id"]);
    }

    #[test]
    fn a_batch_that_does_not_fit_is_refused() {
        let id: (Role, Values<'_>) = (Role::Customer, Values::U32(&[1]));
        let options = mapped(&[(Role::Customer, "id"), (Role::Order, "order")]);
        let split = "é".as_bytes();
        for (order, code) in [
            (Values::U32(&[1, 2]), Code::Ragged),
            (Values::Text { bytes: b"ab", ends: &[3] }, Code::Encoding),
            (Values::Text { bytes: split, ends: &[1] }, Code::Encoding),
            (Values::Text { bytes: &[0xFF], ends: &[1] }, Code::Encoding),
        ] {
            fails_as(&load(&options, &[&[id, (Role::Order, order)]]).unwrap_err(), code, None);
        }
        fails_as(&load(&options, &[&[id]]).unwrap_err(), Code::MissingColumn, None);
        let more = [id, (Role::Order, Values::U32(&[1])), (Role::Event, Values::U32(&[1]))];
        fails_as(&load(&options, &[&more]).unwrap_err(), Code::Type, None);
        fails_as(&load(&options, &[]).unwrap_err(), Code::NoRows, None);
    }

    /// One row of numbers: customer, order, time in ms, amount, quantity.
    type Row = (u32, f64, f64, f64, f64);

    fn row() -> impl Strategy<Value = Row> {
        // So seldom that most stretches are plain and some are not.
        let often = |usual: BoxedStrategy<f64>, odd: f64| prop_oneof![20_000 => usual, 1 => Just(odd), 1 => Just(f64::NAN)];
        (
            prop_oneof![0u32..50, any::<u32>()],
            often((0..90).prop_map(f64::from).boxed(), 1e16),
            often((0..4_000_000_000_000i64).prop_map(|ms| ms as f64).boxed(), 1e16),
            often((-5..9_000).prop_map(|cents| f64::from(cents) / 100.0).boxed(), 0.1 + 0.2),
            often((0..9).prop_map(f64::from).boxed(), 0.5),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn columns_give_what_a_file_with_the_same_values_gives(
            rows in proptest::collection::vec(row(), 1..3000),
            stretch in 0usize..3000,
        ) {
            let options = mapped(&[
                (Role::Customer, "id"), (Role::Order, "order"), (Role::Time, "time"),
                (Role::Amount, "amount"), (Role::Quantity, "n"),
            ]);
            let cell = |value: f64| if value.is_nan() { String::new() } else { value.to_string() };
            let mut file = String::from("id,order,time,amount,n\n");
            for (id, order, time, amount, n) in &rows {
                let time = jiff::Timestamp::from_millisecond(*time as i64)
                    .ok()
                    .filter(|_| *time < 1e16 && !time.is_nan())
                    .map_or(String::new(), |time| format!("{time:.3}"));
                let (order, amount, n) = (cell(*order), cell(*amount), cell(*n));
                file += &format!("{id},{order},{time},{amount},{n}\n");
            }
            let ids: Vec<u32> = rows.iter().map(|row| row.0).collect();
            let orders: Vec<f64> = rows.iter().map(|row| row.1).collect();
            let times: Vec<f64> = rows.iter().map(|row| row.2).collect();
            let amounts: Vec<f64> = rows.iter().map(|row| row.3).collect();
            let pieces: Vec<f64> = rows.iter().map(|row| row.4).collect();
            let part = |from: usize, to: usize| [
                (Role::Customer, Values::U32(&ids[from..to])),
                (Role::Order, Values::F64(&orders[from..to])),
                (Role::Time, Values::F64(&times[from..to])),
                (Role::Amount, Values::F64(&amounts[from..to])),
                (Role::Quantity, Values::F64(&pieces[from..to])),
            ];
            let cut = stretch.min(rows.len());
            let found = load(&options, &[&part(0, cut), &part(cut, rows.len())]);
            let expected = super::super::read_table([&file], &options, shanghai(), 1, 1 << 28);
            match (found, expected) {
                (Ok((found, own)), Ok((expected, theirs))) => {
                    prop_assert_eq!(found.fingerprint, expected.fingerprint);
                    prop_assert_eq!((&own.amount, own.time), (&theirs.amount, theirs.time));
                    let issues = |quality: &Quality, header: u64| -> Vec<_> {
                        let places = |rows: &[u64]| rows.iter().map(|row| row - header).collect();
                        let kinds = quality.issues.iter();
                        kinds.map(|i| (i.code, i.count, places(&i.rows))).collect::<Vec<(_, _, Vec<u64>)>>()
                    };
                    prop_assert_eq!(issues(&own, 0), issues(&theirs, 1));
                }
                (Err(found), Err(expected)) => prop_assert_eq!(found.code(), expected.code()),
                (found, expected) => prop_assert!(false, "{found:?} against {expected:?}"),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn batches_do_not_change_the_cut_into_blocks(
            sizes in proptest::collection::vec(1usize..90_000, 1..4),
            odd in 1usize..1000,
        ) {
            let rows: usize = 150_000;
            let ids: Vec<u32> = (0..rows).map(|row| (row * odd % 10_007) as u32).collect();
            let times: Vec<f64> = (0..rows).map(|row| DAY + row as f64 * 60_000.0).collect();
            let amounts: Vec<f64> = (0..rows)
                .map(|row| if row % odd == 7 { f64::NAN } else { row as f64 / 4.0 })
                .collect();
            let batch = |from: usize, to: usize| [
                (Role::Customer, Values::U32(&ids[from..to])),
                (Role::Time, Values::F64(&times[from..to])),
                (Role::Amount, Values::F64(&amounts[from..to])),
            ];
            let whole = essence(load(&usual(), &[&batch(0, rows)]));
            let (mut batches, mut from) = (Vec::new(), 0);
            for size in sizes.iter().cycle() {
                if from == rows {
                    break;
                }
                let to = (from + size).min(rows);
                batches.push(batch(from, to));
                from = to;
            }
            let batches: Vec<&Batch<'_>> = batches.iter().map(|batch| &batch[..]).collect();
            prop_assert_eq!(essence(load(&usual(), &batches)), whole);
        }
    }
}
