//! The fast, non-cryptographic hash over typed values that names the data in a report: the same
//! rows give the same fingerprint however the bytes arrived. It proves nothing against an
//! attacker.

use std::hash::Hasher;

use twox_hash::XxHash64;

use super::block::{Block, Column};

/// XXH64 per column over its little-endian values, in row order.
#[derive(Debug, Clone)]
pub struct Fingerprint {
    columns: Vec<XxHash64>,
    rows: u64,
}

impl Fingerprint {
    /// For a table with this many mapped columns.
    #[must_use]
    pub fn new(columns: usize) -> Self {
        Fingerprint {
            columns: (0..columns).map(|at| XxHash64::with_seed(at as u64)).collect(),
            rows: 0,
        }
    }

    /// Adds the rows of one block. Money counts with its value, not with its block's scale.
    pub fn update(&mut self, block: &Block) {
        self.rows += block.rows() as u64;
        for (hash, column) in self.columns.iter_mut().zip(block.columns()) {
            match column {
                Column::Codes(values) => write(hash, values, |v| v.to_le_bytes()),
                Column::Times(values) => write(hash, values, |v| v.to_le_bytes()),
                Column::Money { values, scale } => {
                    let factor = 10i64.pow(6 - u32::from((*scale).min(6)));
                    write(hash, values, |v| v.wrapping_mul(factor).to_le_bytes());
                }
                Column::Numbers { values, valid } => {
                    for (row, value) in values.iter().enumerate() {
                        hash.write_u8(u8::from(valid.get(row)));
                        hash.write_u64(value.to_bits());
                    }
                }
            }
        }
    }

    /// The hash of all rows and of the ids behind the codes (`dictionaries` in schema order).
    #[must_use]
    pub fn finish<'a>(&self, dictionaries: impl Iterator<Item = (&'a [u8], &'a [u32])>) -> u64 {
        let mut all = XxHash64::with_seed(self.rows);
        for column in &self.columns {
            all.write_u64(column.finish());
        }
        for (bytes, ends) in dictionaries {
            all.write(bytes);
            write(&mut all, ends, |v| v.to_le_bytes());
        }
        all.finish()
    }
}

/// Feeds values through a small buffer, since one call per value costs more than the hash.
fn write<T: Copy, const N: usize>(
    hash: &mut XxHash64,
    values: &[T],
    to_bytes: impl Fn(T) -> [u8; N],
) {
    let mut buffer = [0u8; 1024];
    for chunk in values.chunks(1024 / N) {
        for (slot, value) in buffer.chunks_exact_mut(N).zip(chunk) {
            slot.copy_from_slice(&to_bytes(*value));
        }
        hash.write(buffer.get(..chunk.len() * N).unwrap_or_default());
    }
}
