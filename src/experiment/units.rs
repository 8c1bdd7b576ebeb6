//! The units of an experiment table: one row per unit, with its variant and its numbers.
//!
//! A unit that stands in two arms, or in several rows, takes no part and is counted: which of its
//! rows to believe is nothing that can be guessed.

use crate::error::{Code, Error, Result};
use crate::privacy::gate::{Allowed, AttributeValues};
use crate::report::LeftOut;
use crate::table::block::MISSING;
use crate::table::role::Role;

/// What is known of each unit, by its code.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// The code of its variant; [`MISSING`] where it was not seen.
    variants: Vec<u32>,
    /// Why it takes no part.
    flaws: Vec<Flaw>,
    /// The rows of it that were seen.
    seen: Vec<u32>,
    /// The names of the columns, and for each unit its number or NaN, which no cell can be.
    columns: Vec<(String, Vec<f64>)>,
    denied: u64,
    pub(super) rows: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    Unassigned,
    Repeated,
    TwoArms,
}

/// The numbers of an arm's units, column by column; NaN where a unit has none.
pub(super) type ArmColumns = Vec<Vec<f64>>;

impl Units {
    pub(super) fn new(columns: Vec<String>) -> Units {
        let columns = columns.into_iter().map(|name| (name, Vec::new())).collect();
        Units { columns, ..Units::default() }
    }

    /// Where a column stands.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, _)| column == name)
    }

    pub(super) fn update(&mut self, rows: Allowed<'_>, variant: &str) -> Result<()> {
        let units = rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let Some(AttributeValues::Text(variants)) = rows.attribute(variant) else {
            return Err(Error::new(
                Code::Type,
                "variants are texts: map the attribute without a type",
            )
            .at_path("variant"));
        };
        self.reserve(rows.known())?;
        let kept = |unit: u32| rows.keep().is_none_or(|keep| keep.get(unit));
        // Whether the first row of each unit in this block is the first of all.
        for (unit, variant) in units.iter().zip(variants) {
            if !kept(*unit) {
                self.denied += 1;
                continue;
            }
            let at = *unit as usize;
            self.rows += 1;
            let (Some(held), Some(flaw), Some(seen)) =
                (self.variants.get_mut(at), self.flaws.get_mut(at), self.seen.get_mut(at))
            else {
                continue;
            };
            *seen = seen.saturating_add(1);
            if *seen == 1 {
                *held = *variant;
                *flaw = if *variant == MISSING { Flaw::Unassigned } else { Flaw::None };
            } else if *variant != MISSING && *held != MISSING && held != variant {
                *flaw = Flaw::TwoArms;
            } else if *flaw != Flaw::TwoArms {
                *flaw = Flaw::Repeated;
                *held = if *held == MISSING { *variant } else { *held };
            }
        }
        for (name, held) in &mut self.columns {
            let Some(AttributeValues::Number(values, valid)) = rows.attribute(name) else {
                return Err(Error::new(
                    Code::Type,
                    "metrics and covariates are numbers: map their attributes with the type `number`",
                )
                .at_column(name.as_str()));
            };
            for (row, (unit, value)) in units.iter().zip(values).enumerate() {
                if let Some(held) = held.get_mut(*unit as usize)
                    && valid.get(row)
                    && value.is_finite()
                {
                    *held = *value;
                }
            }
        }
        Ok(())
    }

    fn reserve(&mut self, units: usize) -> Result<()> {
        let more = units.saturating_sub(self.variants.len());
        let no_memory =
            || Error::new(Code::LimitMemory, "there is not enough memory for the units");
        self.variants.try_reserve(more).map_err(|_| no_memory())?;
        self.flaws.try_reserve(more).map_err(|_| no_memory())?;
        self.seen.try_reserve(more).map_err(|_| no_memory())?;
        self.variants.resize(units.max(self.variants.len()), MISSING);
        self.flaws.resize(self.variants.len(), Flaw::Unassigned);
        self.seen.resize(self.variants.len(), 0);
        for (_, column) in &mut self.columns {
            column.try_reserve(more).map_err(|_| no_memory())?;
            column.resize(self.variants.len(), f64::NAN);
        }
        Ok(())
    }

    /// The codes of the variants that have a unit, ascending.
    pub(super) fn variants(&self) -> Vec<u32> {
        let good = self.variants.iter().zip(&self.flaws).filter(|(_, flaw)| **flaw == Flaw::None);
        let mut codes: Vec<u32> = Vec::new();
        for (code, _) in good {
            if let Err(at) = codes.binary_search(code) {
                codes.insert(at, *code);
            }
        }
        codes
    }

    /// The units of a variant: how many, and their numbers.
    pub(super) fn arm(&self, code: u32) -> Result<(u64, ArmColumns)> {
        let is_in = |at: usize| {
            self.variants.get(at) == Some(&code) && self.flaws.get(at) == Some(&Flaw::None)
        };
        let count = (0..self.variants.len()).filter(|at| is_in(*at)).count();
        let mut columns = Vec::with_capacity(self.columns.len());
        for (_, column) in &self.columns {
            let mut values = Vec::new();
            values.try_reserve_exact(count).map_err(|_| {
                Error::new(Code::LimitMemory, "there is not enough memory for the units")
            })?;
            let own = column.iter().enumerate().filter(|(at, _)| is_in(*at));
            values.extend(own.map(|(_, value)| *value));
            columns.push(values);
        }
        Ok((count as u64, columns))
    }

    /// Rows and units that take no part, and why.
    pub(super) fn left_out(&self) -> Vec<LeftOut> {
        let of = |reason: &'static str, wanted: Flaw| {
            let (mut rows, mut customers) = (0, 0);
            for (flaw, seen) in self.flaws.iter().zip(&self.seen) {
                if *flaw == wanted && *seen > 0 {
                    rows += u64::from(*seen);
                    customers += 1;
                }
            }
            LeftOut { reason, rows, customers }
        };
        let denied = LeftOut { reason: "denied", rows: self.denied, customers: 0 };
        let flawed = [
            of("two-arms", Flaw::TwoArms),
            of("repeated-unit", Flaw::Repeated),
            of("no-variant", Flaw::Unassigned),
            denied,
        ];
        flawed.into_iter().filter(|part| part.rows > 0).collect()
    }

    pub(super) fn heap_size(&self) -> usize {
        let columns = self.columns.iter().map(|(_, column)| column.capacity()).sum::<usize>();
        columns * 8
            + self.variants.capacity() * 4
            + self.flaws.capacity()
            + self.seen.capacity() * 4
    }
}
