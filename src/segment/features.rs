//! Features of customers out of several tables: measures of a log of purchases, and the attributes
//! of a table of customers, under one numbering.

use crate::customers::attributes::{AttributeOf, Latest};
use crate::customers::matching::Matching;
use crate::error::Result;
use crate::job::Progress;
use crate::privacy::gate::{Allowed, AllowedNames};
use crate::segment::population::{Population, filled, no_memory};
use crate::stats::order::{sort_by, sort_rows};
use crate::table::block::MISSING;
use crate::table::dictionary::Dictionary;
use crate::table::role::Role;

/// Values of one attribute that are told apart; rarer ones are together.
pub(crate) const MOST_VALUES: usize = 20;

/// A number of every customer.
#[derive(Debug)]
pub(crate) struct Measure {
    pub(crate) name: String,
    /// Customers with a value, by value.
    pub(crate) sorted: Vec<(f64, u32)>,
}

/// A text of every customer.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) name: String,
    /// The place in `values` of each customer's text, `MISSING` if unknown.
    pub(crate) places: Vec<u32>,
    /// Its values, the most frequent first.
    pub(crate) values: Vec<String>,
}

/// The features of everybody.
#[derive(Debug, Default)]
pub(crate) struct Features {
    pub(crate) matching: Matching,
    /// By common number: whether it is a customer. Somebody whom the gate refused is in a
    /// dictionary and has no row.
    pub(crate) everybody: Vec<bool>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) categories: Vec<Category>,
    /// Values of attributes that were too rare to be told apart.
    pub(crate) rare: u64,
}

impl Features {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Matches the customers of all tables; nobody is known to be one yet.
    pub(crate) fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        let tables: Vec<&Dictionary> = names
            .iter()
            .map(|names| names.get(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer)))
            .collect::<Result<_>>()?;
        let total = tables.iter().map(|table| table.len() as u64).sum::<u64>() + 1;
        if !self.matching.advance(&tables, budget)? {
            return Ok(Progress { done: (self.matching.len() as u64).min(total - 1), total });
        }
        self.everybody = filled(false, self.matching.len())?;
        Ok(Progress { done: total, total })
    }

    /// The attributes of the table at `place` as measures and categories. Everybody with a value
    /// is a customer.
    pub(crate) fn read_attributes(
        &mut self,
        place: usize,
        latest: Latest,
        names: &AllowedNames<'_>,
    ) -> Result<()> {
        let count = names.get(Role::Customer).map_or(0, |ids| ids.len()) as u32;
        let numbers: Vec<Option<u32>> =
            (0..count).map(|code| self.matching.number(place, code)).collect();
        let values = latest.finish(names);
        for (name, values) in values {
            match &values {
                AttributeOf::Number(..) => {
                    let mut sorted = Vec::new();
                    sorted.try_reserve_exact(numbers.len()).map_err(|_| no_memory())?;
                    for (code, number) in (0..).zip(&numbers) {
                        if let (Some(value), Some(number)) = (values.number(code), number) {
                            sorted.push((value, *number));
                        }
                    }
                    self.know(sorted.iter().map(|(_, number)| *number));
                    self.measures.push(Measure::new(name, sorted));
                }
                AttributeOf::Text(_) => {
                    let texts = names.attribute(&name);
                    let mut counts = filled(0_u64, texts.map_or(0, |texts| texts.len()))?;
                    let mut codes = filled(MISSING, self.matching.len())?;
                    for (code, number) in (0..).zip(&numbers) {
                        let (Some(text), Some(number)) = (values.text(code), number) else {
                            continue;
                        };
                        if let Some(place) = codes.get_mut(*number as usize) {
                            *place = text;
                        }
                        if let Some(count) = counts.get_mut(text as usize) {
                            *count += 1;
                        }
                    }
                    let known = codes.iter().zip(0..).filter(|(code, _)| **code != MISSING);
                    let known: Vec<u32> = known.map(|(_, number)| number).collect();
                    self.know(known.into_iter());
                    let text =
                        |code: &u32| texts.and_then(|texts| texts.get(*code)).unwrap_or_default();
                    let mut order: Vec<u32> = (0..counts.len() as u32).collect();
                    let often = |code: &u32| counts.get(*code as usize).copied().unwrap_or(0);
                    order.retain(|code| often(code) > 0);
                    sort_by(&mut order, |a, b| {
                        often(b).cmp(&often(a)).then_with(|| text(a).cmp(text(b)))
                    });
                    self.rare += order.len().saturating_sub(MOST_VALUES) as u64;
                    let mut places = filled(MISSING, counts.len())?;
                    for (at, code) in (0..).zip(&order) {
                        if let Some(place) = places.get_mut(*code as usize) {
                            *place = at;
                        }
                    }
                    for code in &mut codes {
                        *code = places.get(*code as usize).copied().unwrap_or(MISSING);
                    }
                    let values = order.iter().take(MOST_VALUES);
                    let values =
                        values.map(|code| String::from_utf8_lossy(text(code)).into_owned());
                    self.categories.push(Category {
                        name,
                        places: codes,
                        values: values.collect(),
                    });
                }
            }
        }
        Ok(())
    }

    pub(crate) fn know(&mut self, numbers: impl Iterator<Item = u32>) {
        for number in numbers {
            if let Some(is_there) = self.everybody.get_mut(number as usize) {
                *is_there = true;
            }
        }
    }

    /// The measures of the log.
    pub(crate) fn read_purchases(&mut self, place: usize, population: &Population) -> Result<()> {
        let summary = &population.summary;
        let number = |code: &u32| self.matching.number(place, *code).unwrap_or(MISSING);
        let numbers: Vec<u32> = summary.codes.iter().map(number).collect();
        let of = |values: &[i64]| -> Vec<(f64, u32)> {
            values.iter().map(|value| *value as f64).zip(numbers.iter().copied()).collect()
        };
        let money = population.money()?;
        let measures = [
            ("recency", of(&summary.recency)),
            ("frequency", of(&summary.frequency)),
            ("monetary", money.into_iter().zip(numbers.iter().copied()).collect()),
            ("tenure", of(&summary.tenure)),
        ];
        let measures = measures.map(|(name, values)| Measure::new(name.to_owned(), values));
        self.know(numbers.into_iter());
        self.measures.splice(0..0, measures);
        Ok(())
    }

    pub(crate) fn heap_size(&self) -> usize {
        let measures = self.measures.iter().map(|measure| measure.sorted.capacity() * 16);
        let categories = self.categories.iter().map(|category| category.places.capacity() * 4);
        self.matching.heap_size() + measures.sum::<usize>() + categories.sum::<usize>()
    }
}

impl Measure {
    pub(crate) fn new(name: String, mut sorted: Vec<(f64, u32)>) -> Self {
        // By value alone: equal values add up the same in any order, so customers' numbers, which
        // depend on the order of rows, do not show.
        sort_rows(&mut sorted);
        Measure { name, sorted }
    }
}
