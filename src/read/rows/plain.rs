//! Many rows at once, when they are plain: columns in memory of which every value is usable as
//! it is. What is not plain is left to the rules for single rows; both give the same.
//!
//! Values are looked at column by column, so that the loops are tight and the look-ups of ids
//! wait for memory together.

use std::ops::Range;

use crate::error::Result;
use crate::table::block::MISSING;
use crate::table::money::power;
use crate::table::role::{Kind, Role};

use super::super::columns::Values;
use super::super::ids::{is_total, push};
use super::super::no_memory;
use super::super::time::Time;
use super::{Cell, EXACT, Rows, Sink};

/// Adding and taking away this rounds a number below 2^51 to the nearest whole one.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

impl Rows {
    /// Adds the rows `rows` of `columns`, which are in schema order, to `block`, if all of them
    /// are plain; otherwise changes nothing and answers false.
    pub(in crate::read) fn add_plain(
        &mut self,
        block: u64,
        columns: &[Values<'_>],
        rows: Range<usize>,
        sink: &mut Sink<'_>,
    ) -> Result<bool> {
        if block != self.block {
            self.flush(sink)?;
            self.block = block;
        }
        let count = rows.len() as u64;
        let mut minors = std::mem::take(&mut self.minors);
        let scale = match self.read + count > self.limits.rows {
            true => None,
            false => self.plain(columns, rows.clone(), &mut minors)?,
        };
        let fits = match scale {
            None => false,
            Some(scale) => self.stage_amounts(&minors, scale)?,
        };
        if fits {
            let first = self.read + 1;
            self.read += count;
            self.stage_plain(columns, rows, first)?;
            self.count_amounts(&minors, first);
        }
        self.minors = minors;
        Ok(fits)
    }

    /// The scale of the amounts, which go to `minors`, if all rows are plain.
    fn plain(
        &self,
        columns: &[Values<'_>],
        rows: Range<usize>,
        minors: &mut Vec<i64>,
    ) -> Result<Option<u8>> {
        let mut scale = 0;
        minors.clear();
        if self.orders.is_some() || self.currency.is_some() || self.direction.is_some() {
            return Ok(None);
        }
        for (field, values) in self.schema.fields.iter().zip(columns) {
            let optional = field.role != Role::Customer;
            let plain = match (field.role.kind(), *values) {
                (Kind::Text | Kind::Number, Values::U32(_) | Values::I32(_)) => true,
                (Kind::Text, Values::F64(values)) => part(values, &rows)
                    .iter()
                    .all(|value| is_whole(*value) || (optional && value.is_nan())),
                (Kind::Text, Values::Text { .. }) => {
                    rows.clone().all(|row| match values.cell(row) {
                        Cell::Text(id) => {
                            id.len() <= self.limits.id_bytes as usize
                                && (optional || !(id.is_empty() || is_total(id)))
                        }
                        _ => false,
                    })
                }
                (Kind::Time, Values::F64(values)) => {
                    let usable = |ms: &f64| Time::of(floor(*ms)) != Time::Not && !ms.is_nan();
                    part(values, &rows).iter().all(usable)
                }
                (Kind::Money, Values::F64(values)) => {
                    match hundredths(part(values, &rows), minors)? {
                        Some(found) => {
                            scale = found;
                            true
                        }
                        None => false,
                    }
                }
                (Kind::Money, Values::U32(values)) => {
                    whole(part(values, &rows), minors)?;
                    true
                }
                (Kind::Money, Values::I32(values)) => {
                    whole(part(values, &rows), minors)?;
                    true
                }
                (Kind::Number, Values::F64(values)) => {
                    part(values, &rows).iter().all(|value| !value.is_infinite())
                }
                _ => false,
            };
            if !plain {
                return Ok(None);
            }
        }
        Ok(Some(scale))
    }

    /// Adds amounts of one scale at the scale of the block, or rescales the block; false, and
    /// nothing changed, if 64 bits do not suffice.
    fn stage_amounts(&mut self, minors: &[i64], scale: u8) -> Result<bool> {
        let staged = &mut self.staged;
        let target = staged.scale.max(scale);
        let (old, new) = (power(target - staged.scale), power(target - scale));
        let exceed = |values: &[i64], factor: i64| {
            let bound = i64::MAX / factor;
            factor > 1 && values.iter().any(|value| *value > bound || *value < -bound)
        };
        if exceed(&staged.amounts, old) || exceed(minors, new) {
            return Ok(false);
        }
        if old > 1 {
            staged.amounts.iter_mut().for_each(|amount| *amount *= old);
        }
        staged.amounts.try_reserve(minors.len()).map_err(|_| no_memory())?;
        staged.amounts.extend(minors.iter().map(|minor| minor * new));
        staged.scale = target;
        Ok(true)
    }

    /// Counts what is not positive; `first` is the place of the first row.
    fn count_amounts(&mut self, minors: &[i64], first: u64) {
        for (place, minor) in (first..).zip(minors).filter(|(_, minor)| **minor <= 0) {
            self.count_amount(*minor, place);
        }
    }

    /// Adds all columns but the amounts.
    fn stage_plain(
        &mut self,
        columns: &[Values<'_>],
        rows: Range<usize>,
        first: u64,
    ) -> Result<()> {
        let count = rows.len();
        let staged = &mut self.staged;
        if let Some(Values::F64(values)) = self.time.and_then(|at| columns.get(at)) {
            staged.times.try_reserve(count).map_err(|_| no_memory())?;
            staged.times.extend(part(values, &rows).iter().map(|ms| floor(*ms)));
        }
        for numbers in &mut staged.numbers {
            let Some(values) = columns.get(numbers.position) else { continue };
            for row in rows.clone() {
                let value = match values.cell(row) {
                    Cell::Integer(value) => Some(value as f64),
                    Cell::Number(value) => Some(value),
                    Cell::Missing | Cell::Text(_) | Cell::Decimal(_) => None,
                };
                push(&mut numbers.values, value)?;
            }
        }
        if self.customer.is_some() {
            staged.places.try_reserve(count).map_err(|_| no_memory())?;
            staged.places.extend((first..).take(count));
        }
        for at in 0..self.staged.texts.len() {
            self.stage_ids(at, columns, rows.clone())?;
        }
        self.staged.rows += count;
        Ok(())
    }

    fn stage_ids(&mut self, at: usize, columns: &[Values<'_>], rows: Range<usize>) -> Result<()> {
        let position = self.staged.texts.get(at).map_or(0, |text| text.position);
        let Some(values) = columns.get(position) else { return Ok(()) };
        if !matches!(values, Values::Text { .. }) {
            self.settle(at)?;
        }
        let Some(text) = self.staged.texts.get_mut(at) else { return Ok(()) };
        let Some(dictionary) = self.dictionaries.get_mut(text.role) else { return Ok(()) };
        text.codes.try_reserve(rows.len()).map_err(|_| no_memory())?;
        match *values {
            Values::Text { .. } => {
                for row in rows {
                    let Cell::Text(id) = values.cell(row) else { continue };
                    text.waiting.push(id)?;
                }
            }
            Values::U32(values) => {
                for id in part(values, &rows) {
                    text.codes.push(text.integers.code(i64::from(*id), dictionary)?);
                }
            }
            Values::I32(values) => {
                for id in part(values, &rows) {
                    text.codes.push(text.integers.code(i64::from(*id), dictionary)?);
                }
            }
            Values::F64(values) => {
                for id in part(values, &rows) {
                    let code = match id.is_nan() {
                        true => MISSING,
                        false => text.integers.code(*id as i64, dictionary)?,
                    };
                    text.codes.push(code);
                }
            }
        }
        Ok(())
    }
}

fn part<'v, T>(values: &'v [T], rows: &Range<usize>) -> &'v [T] {
    values.get(rows.clone()).unwrap_or_default()
}

/// Whether a number is a whole one that it holds exactly.
fn is_whole(value: f64) -> bool {
    (value as i64) as f64 == value && value.abs() < EXACT
}

/// The largest whole number that is not above, or the nearest end of 64 bits.
fn floor(value: f64) -> i64 {
    let whole = value as i64;
    whole.saturating_sub(i64::from(whole as f64 > value))
}

/// Appends whole amounts.
fn whole<T: Copy + Into<i64>>(values: &[T], minors: &mut Vec<i64>) -> Result<()> {
    minors.try_reserve(values.len()).map_err(|_| no_memory())?;
    minors.extend(values.iter().map(|value| (*value).into()));
    Ok(())
}

/// Appends amounts of at most two decimals and 15 digits at the least scale that holds them,
/// and answers that scale; `None` if there are others. That these are the shortest decimals is
/// argued at [`money::from_f64`](crate::table::money::from_f64).
fn hundredths(values: &[f64], minors: &mut Vec<i64>) -> Result<Option<u8>> {
    minors.try_reserve(values.len()).map_err(|_| no_memory())?;
    let mut all = true;
    minors.extend(values.iter().map(|value| {
        let hundredfold = (value * 100.0 + ROUNDER) - ROUNDER;
        all &= hundredfold.abs() < 1e15 && hundredfold / 100.0 == *value;
        hundredfold as i64
    }));
    if !all {
        return Ok(None);
    }
    let scale = match () {
        () if minors.iter().any(|minor| minor % 10 != 0) => 2,
        () if minors.iter().any(|minor| minor % 100 != 0) => 1,
        () => 0,
    };
    if scale < 2 {
        let factor = power(2 - scale);
        minors.iter_mut().for_each(|minor| *minor /= factor);
    }
    Ok(Some(scale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::money::from_f64;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hundredths_are_the_exact_amounts(
            values in proptest::collection::vec(
                prop_oneof![
                    (-1_000_000_000i64..1_000_000_000).prop_map(|v| v as f64 / 100.0),
                    (-1000i64..1000).prop_map(|v| v as f64 / 10.0),
                    -1000.0f64..1000.0,
                    any::<f64>(),
                ],
                1..4,
            ),
        ) {
            let mut minors = Vec::new();
            if let Some(scale) = hundredths(&values, &mut minors).unwrap() {
                let mut most = 0;
                for (value, minor) in values.iter().zip(&minors) {
                    let (exact, own, lost) = from_f64(*value).unwrap();
                    prop_assert!(!lost && own <= scale);
                    prop_assert_eq!(exact * power(scale - own), *minor);
                    most = most.max(own);
                }
                prop_assert_eq!(most, scale);
            }
        }

        #[test]
        fn floors_are_floors(value in -1e13f64..1e13) {
            prop_assert_eq!(floor(value), value.floor() as i64);
        }
    }

    #[test]
    fn usual_amounts_are_plain() {
        let values: Vec<f64> = (-5000..5000).map(|cents| f64::from(cents) / 100.0).collect();
        assert_eq!(hundredths(&values, &mut Vec::new()).unwrap(), Some(2));
    }
}
