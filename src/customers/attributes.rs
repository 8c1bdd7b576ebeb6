//! One value per customer of each attribute: from a log the latest, from a customer table the
//! one that stands there.
//!
//! A customer's value is that of the latest row that has one. Of rows at the same instant, and
//! in a table without times, the largest counts: of numbers the greatest, of texts the one whose
//! bytes come last. So the order of the rows changes nothing. (The codes of texts depend on that
//! order; texts are therefore compared only at the end, and until then all that compete are
//! remembered: at most one per customer and distinct value.)

use super::state::unknown_code;
use crate::error::{Code, Error, Result};
use crate::privacy::gate::{Allowed, AllowedNames, AttributeValues};
use crate::stats::order::{sort, sort_by};
use crate::table::Schema;
use crate::table::block::{Bitmap, MISSING};
use crate::table::dictionary::Dictionary;
use crate::table::role::{Kind, Role};

/// The latest value of some attributes of every customer of one input.
#[derive(Clone, Debug, Default)]
pub struct Latest {
    /// Rows at or after this instant are left out.
    until: i64,
    columns: Vec<Column>,
}

/// The finished values of one attribute, by the customer's code. Shorter than the customers
/// where the last ones have no value.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeOf {
    /// Codes of the attribute's dictionary, [`MISSING`] where there is no value.
    Text(Vec<u32>),
    /// Numbers; 0 where the bit is not set.
    Number(Vec<f64>, Bitmap),
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    /// The instant of each customer's value; `i64::MIN` where there is none yet.
    times: Vec<i64>,
    values: Held,
}

#[derive(Clone, Debug)]
enum Held {
    Text {
        codes: Vec<u32>,
        /// Customer, instant and code of values that compete with the one held.
        rivals: Vec<(u32, i64, u32)>,
        /// Rivals are thinned out when there are so many.
        limit: usize,
    },
    Number(Vec<f64>),
}

/// No row has this instant, so it stands for "no value".
const NEVER: i64 = i64::MIN;

impl Latest {
    /// Nothing yet of the attributes `names`, as far as `schema` has them. Rows at or after
    /// `until` will be left out; tables without times have none.
    #[must_use]
    pub fn new<'n>(
        names: impl IntoIterator<Item = &'n str>,
        schema: &Schema,
        until: Option<i64>,
    ) -> Self {
        let columns = names.into_iter().filter_map(|name| {
            let values = match schema.attribute(name)?.kind() {
                Kind::Number => Held::Number(Vec::new()),
                _ => Held::Text { codes: Vec::new(), rivals: Vec::new(), limit: 1024 },
            };
            Some(Column { name: name.to_owned(), times: Vec::new(), values })
        });
        Latest { until: until.unwrap_or(i64::MAX), columns: columns.collect() }
    }

    /// Adds the rows of one block. Attributes that the gate did not grant stay without values.
    ///
    /// # Errors
    /// `denied` without the customers, `limit-memory`.
    pub fn update(&mut self, rows: Allowed<'_>) -> Result<()> {
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let times = rows.times();
        let until = self.until;
        let at = |row: usize| times.map_or(0, |times| times.get(row).copied().unwrap_or(NEVER));
        let used = |row: usize, customer: u32| {
            at(row) < until && rows.keep().is_none_or(|keep| keep.get(customer))
        };
        for column in &mut self.columns {
            let Some(values) = rows.attribute(&column.name) else { continue };
            column.reserve(rows.known())?;
            match values {
                AttributeValues::Text(values) => {
                    for (row, (customer, code)) in customers.iter().zip(values).enumerate() {
                        if *code != MISSING && used(row, *customer) {
                            column.add_text(*customer, at(row), *code)?;
                        }
                    }
                }
                AttributeValues::Number(values, valid) => {
                    for (row, (customer, value)) in customers.iter().zip(values).enumerate() {
                        if valid.get(row) && used(row, *customer) {
                            column.add_number(*customer, at(row), *value)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds what another part of the same table gave.
    ///
    /// # Errors
    /// `limit-memory`.
    pub fn merge(&mut self, other: Latest) -> Result<()> {
        for (column, other) in self.columns.iter_mut().zip(other.columns) {
            column.reserve(other.times.len())?;
            match other.values {
                Held::Text { codes, rivals, .. } => {
                    let held = (0..).zip(&other.times).zip(codes).map(|((c, t), v)| (c, *t, v));
                    for (customer, time, code) in held.chain(rivals) {
                        if time != NEVER {
                            column.add_text(customer, time, code)?;
                        }
                    }
                }
                Held::Number(values) => {
                    for ((customer, time), value) in (0..).zip(&other.times).zip(values) {
                        if *time != NEVER {
                            column.add_number(customer, *time, value)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The values of every attribute, with its name, in the order in which they were asked for.
    #[must_use]
    pub fn finish(self, names: &AllowedNames<'_>) -> Vec<(String, AttributeOf)> {
        let finished = self.columns.into_iter().map(|column| {
            let texts = names.attribute(&column.name);
            (column.name, finished(column.times, column.values, texts))
        });
        finished.collect()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        let of = |column: &Column| {
            let values = match &column.values {
                Held::Text { codes, rivals, .. } => codes.capacity() * 4 + rivals.capacity() * 16,
                Held::Number(values) => values.capacity() * 8,
            };
            column.times.capacity() * 8 + values + column.name.capacity()
        };
        self.columns.iter().map(of).sum()
    }

    /// Bytes needed at most for this many attributes: rows at the same instant may each bring
    /// another text.
    #[must_use]
    pub fn estimate(attributes: u64, rows: u64, customers: u64) -> u64 {
        attributes * (customers * 16 * 2 + rows.saturating_sub(customers) * 16 * 2)
    }
}

fn finished(times: Vec<i64>, values: Held, texts: Option<&Dictionary>) -> AttributeOf {
    match values {
        Held::Text { mut codes, rivals, .. } => {
            let text = |code: u32| texts.and_then(|texts| texts.get(code));
            for (customer, time, code) in rivals {
                let at = customer as usize;
                if let (Some(latest), Some(held)) = (times.get(at), codes.get_mut(at))
                    && *latest == time
                    && text(code) > text(*held)
                {
                    *held = code;
                }
            }
            AttributeOf::Text(codes)
        }
        Held::Number(values) => {
            let mut valid = Bitmap::default();
            times.iter().for_each(|time| valid.push(*time != NEVER));
            AttributeOf::Number(values, valid)
        }
    }
}

impl Column {
    fn reserve(&mut self, customers: usize) -> Result<()> {
        let more = customers.saturating_sub(self.times.len());
        if more == 0 {
            return Ok(());
        }
        self.times.try_reserve(more).map_err(|_| no_memory())?;
        self.times.resize(customers, NEVER);
        match &mut self.values {
            Held::Text { codes, .. } => {
                codes.try_reserve(more).map_err(|_| no_memory())?;
                codes.resize(customers, MISSING);
            }
            Held::Number(values) => {
                values.try_reserve(more).map_err(|_| no_memory())?;
                values.resize(customers, 0.0);
            }
        }
        Ok(())
    }

    fn add_text(&mut self, customer: u32, time: i64, code: u32) -> Result<()> {
        let Held::Text { codes, rivals, limit } = &mut self.values else { return Ok(()) };
        let at = customer as usize;
        let (Some(latest), Some(held)) = (self.times.get_mut(at), codes.get_mut(at)) else {
            return Err(unknown_code());
        };
        if time > *latest || *latest == NEVER {
            (*latest, *held) = (time, code);
        } else if time == *latest && code != *held {
            if rivals.len() >= *limit {
                // Those of earlier instants have lost by now, and some stand here twice.
                rivals.retain(|(customer, time, _)| {
                    self.times.get(*customer as usize).is_some_and(|latest| latest == time)
                });
                sort(rivals);
                rivals.dedup();
                *limit = rivals.len().saturating_mul(2).max(*limit);
            }
            rivals.try_reserve(1).map_err(|_| no_memory())?;
            rivals.push((customer, time, code));
        }
        Ok(())
    }

    fn add_number(&mut self, customer: u32, time: i64, value: f64) -> Result<()> {
        let Held::Number(values) = &mut self.values else { return Ok(()) };
        let at = customer as usize;
        let (Some(latest), Some(held)) = (self.times.get_mut(at), values.get_mut(at)) else {
            return Err(unknown_code());
        };
        if time > *latest || *latest == NEVER || (time == *latest && value > *held) {
            (*latest, *held) = (time, value);
        }
        Ok(())
    }
}

impl AttributeOf {
    /// The code of a customer's text, if there is one.
    #[must_use]
    pub fn text(&self, customer: u32) -> Option<u32> {
        match self {
            AttributeOf::Text(codes) => {
                codes.get(customer as usize).copied().filter(|code| *code != MISSING)
            }
            AttributeOf::Number(..) => None,
        }
    }

    /// A customer's number, if there is one.
    #[must_use]
    pub fn number(&self, customer: u32) -> Option<f64> {
        match self {
            AttributeOf::Number(values, valid) if valid.get(customer as usize) => {
                values.get(customer as usize).copied()
            }
            _ => None,
        }
    }
}

/// Texts as places in a list of them, for models: the list, the most frequent first and of equally
/// frequent ones by their bytes, or the list that is `given`; and the place of each code, `NaN` for
/// [`MISSING`], for texts that are not in the list and beyond the first `most`.
///
/// # Errors
/// `limit-memory`.
pub(crate) fn placed(
    codes: &[u32],
    texts: Option<&Dictionary>,
    given: Option<Vec<String>>,
    most: usize,
) -> Result<(Vec<String>, Vec<f64>)> {
    let text = |code: u32| texts.and_then(|texts| texts.get(code)).unwrap_or_default();
    let words = |code: u32| String::from_utf8_lossy(text(code)).into_owned();
    let known = texts.map_or(0, |texts| texts.len()) as u32;
    let mut counts: Vec<(u32, u32)> = (0..known).map(|code| (0, code)).collect();
    for code in codes {
        if let Some((count, _)) = counts.get_mut(*code as usize) {
            *count += 1;
        }
    }
    let mut places = filled(f64::NAN, counts.len())?;
    let levels = if let Some(levels) = given {
        for (place, (_, code)) in places.iter_mut().zip(&counts) {
            let found = levels.iter().position(|level| *level == words(*code));
            *place = found.map_or(f64::NAN, |found| found as f64);
        }
        levels
    } else {
        counts.retain(|(count, _)| *count > 0);
        sort_by(&mut counts, |a, b| b.0.cmp(&a.0).then_with(|| text(a.1).cmp(text(b.1))));
        counts.truncate(most);
        for (at, (_, code)) in counts.iter().enumerate() {
            if let Some(place) = places.get_mut(*code as usize) {
                *place = at as f64;
            }
        }
        counts.iter().map(|(_, code)| words(*code)).collect()
    };
    let place = |code: &u32| places.get(*code as usize).copied().unwrap_or(f64::NAN);
    Ok((levels, collected(codes.iter().map(place), codes.len())?))
}

fn collected<T>(values: impl Iterator<Item = T>, length: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    list.try_reserve_exact(length).map_err(|_| no_memory())?;
    list.extend(values);
    Ok(list)
}

fn filled(value: f64, length: usize) -> Result<Vec<f64>> {
    collected(std::iter::repeat_n(value, length), length)
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the customers' attributes")
}
