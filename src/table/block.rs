//! Some rows of every mapped column: the unit in which data moves from a reader to a fold.
//!
//! Columns in memory are cut every [`ROWS`] rows; files are cut at fixed byte positions, a
//! record belonging to the block in which it starts. The cut is therefore a property of the
//! data, never of how the bytes arrived or who read them, which is what makes floating
//! statistics reproducible bit by bit.

/// Rows per block for columns that are already in memory.
pub const ROWS: usize = 65_536;

/// Bytes of a file per block.
pub const BYTES: u64 = 1 << 20;

/// The code of a missing text value in a column that is not required.
pub const MISSING: u32 = u32::MAX;

/// One bit per row: set where the value is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// Appends one bit.
    pub fn push(&mut self, set: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        if let (true, Some(word)) = (set, self.words.last_mut()) {
            *word |= 1 << (self.len % 64);
        }
        self.len += 1;
    }

    /// Whether bit `row` is set; false beyond the end.
    #[must_use]
    pub fn get(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Whether all bits from `from`, a multiple of 64, to before `to` are set.
    #[must_use]
    pub fn is_full(&self, from: usize, to: usize) -> bool {
        let words = self.words.get(from / 64..to / 64).unwrap_or_default();
        to <= self.len
            && words.iter().all(|word| *word == u64::MAX)
            && (to - to % 64..to).all(|row| self.get(row))
    }

    /// Number of bits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no bit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.words.capacity() * 8
    }
}

/// One column of one block.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Dictionary codes; [`MISSING`] where a value that is not required is not there.
    Codes(Vec<u32>),
    /// Milliseconds since 1970-01-01T00:00Z.
    Times(Vec<i64>),
    /// Money in integer minor units.
    Money {
        /// `value · 10^scale`.
        values: Vec<i64>,
        /// Decimals of this block, 0 to 6.
        scale: u8,
    },
    /// Other numbers, always finite; 0 where the bit of `valid` is not set.
    Numbers {
        /// The values.
        values: Vec<f64>,
        /// Which of them are there.
        valid: Bitmap,
    },
}

impl Column {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Column::Codes(values) => values.len(),
            Column::Times(values) => values.len(),
            Column::Money { values, .. } => values.len(),
            Column::Numbers { values, .. } => values.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The least and the greatest of the integers; `None` for columns of others, and without rows.
    fn extent(&self) -> Option<(i64, i64)> {
        let (Column::Times(values) | Column::Money { values, .. }) = self else { return None };
        let first = *values.first()?;
        Some(
            values
                .iter()
                .fold((first, first), |(least, most), value| (least.min(*value), most.max(*value))),
        )
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        match self {
            Column::Codes(values) => values.capacity() * 4,
            Column::Times(values) => values.capacity() * 8,
            Column::Money { values, .. } => values.capacity() * 8,
            Column::Numbers { values, valid } => values.capacity() * 8 + valid.heap_size(),
        }
    }
}

/// Some rows of every mapped column, in schema order.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    index: u64,
    rows: usize,
    columns: Vec<Column>,
    /// For each column between which integers it lies, so that a fold need not look at each.
    extents: Vec<Option<(i64, i64)>>,
}

impl Block {
    /// Block number `index` of its table. All columns must have the same number of rows;
    /// columns are cut to the shortest by no one: a mismatch is a bug of the reader and gives
    /// `None`.
    #[must_use]
    pub fn new(index: u64, columns: Vec<Column>) -> Option<Self> {
        let rows = columns.first().map_or(0, Column::len);
        let is_even = columns.iter().all(|column| column.len() == rows);
        let extents = columns.iter().map(Column::extent).collect();
        is_even.then_some(Block { index, rows, columns, extents })
    }

    /// The position in the fixed cut of the table; blocks without a usable row may be skipped.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The column at a schema position.
    #[must_use]
    pub fn column(&self, position: usize) -> Option<&Column> {
        self.columns.get(position)
    }

    /// The least and the greatest instant, or minor units, of the column at a schema position.
    #[must_use]
    pub fn extent(&self, position: usize) -> Option<(i64, i64)> {
        self.extents.get(position).copied().flatten()
    }

    /// All columns, in schema order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.columns.iter().map(Column::heap_size).sum::<usize>()
            + self.columns.capacity() * size_of::<Column>()
            + self.extents.capacity() * size_of::<Option<(i64, i64)>>()
    }
}
