//! The units of an experiment table: one row per unit, with its variant and its numbers.
//!
//! A unit that stands in two arms, or in several rows, takes no part and is counted: which of its
//! rows to believe is nothing that can be guessed. Where groups of units were given their arm as a
//! whole, the same holds for a group in two arms.

use crate::error::{Code, Error, Result};
use crate::privacy::gate::{Allowed, AttributeValues};
use crate::report::LeftOut;
use crate::table::block::{Bitmap, MISSING};
use crate::table::calendar::LocalDays;
use crate::table::role::Role;
use crate::table::zone::Zone;

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
    /// The attributes with texts, and for each unit the code of its text.
    labels: Vec<(String, Vec<u32>)>,
    /// The zone, and the local day of each unit, where days are asked for.
    days: Option<(Zone, Vec<u32>)>,
    denied: u64,
    pub(super) rows: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    Unassigned,
    Repeated,
    TwoArms,
    NoCluster,
}

impl Units {
    pub(super) fn new(columns: &[&str], labels: &[&str], zone: Option<Zone>) -> Units {
        let days = zone.map(|zone| (zone, Vec::new()));
        Units { columns: empty(columns), labels: empty(labels), days, ..Units::default() }
    }

    /// A column of numbers by unit; NaN where a unit has none.
    pub(super) fn column(&self, name: &str) -> &[f64] {
        self.columns.iter().find(|(column, _)| column == name).map_or(&[], |(_, column)| column)
    }

    /// The codes of an attribute with texts by unit; [`MISSING`] where a unit has none.
    pub(super) fn label(&self, name: &str) -> &[u32] {
        self.labels.iter().find(|(label, _)| label == name).map_or(&[], |(_, codes)| codes)
    }

    /// The day of each unit, as a day number; nothing unless days were asked for.
    pub(super) fn days(&self) -> Option<&[u32]> {
        self.days.as_ref().map(|(_, days)| days.as_slice())
    }

    pub(super) fn update(&mut self, rows: Allowed<'_>, variant: &str) -> Result<()> {
        let units = rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let variants = variants_of(&rows, variant)?;
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
        let run = units.first().map(|first| *first as usize..*first as usize + units.len());
        let run = run.filter(|run| run.clone().zip(units).all(|(at, unit)| at == *unit as usize));
        for (name, held) in &mut self.columns {
            let (values, valid) = numbers_of(&rows, name)?;
            let known = |row: usize, value: f64| value.is_finite() && valid.get(row);
            // Units that stand in the order in which they were first seen: the usual file.
            if let Some(held) = run.clone().and_then(|run| held.get_mut(run)) {
                for (row, (held, value)) in held.iter_mut().zip(values).enumerate() {
                    if known(row, *value) {
                        *held = *value;
                    }
                }
                continue;
            }
            for (row, (unit, value)) in units.iter().zip(values).enumerate() {
                if let Some(held) = held.get_mut(*unit as usize)
                    && known(row, *value)
                {
                    *held = *value;
                }
            }
        }
        for (name, held) in &mut self.labels {
            let Some(AttributeValues::Text(codes)) = rows.attribute(name) else {
                return Err(Error::new(
                    Code::Type,
                    "segments, strata and clusters are texts: map their attributes without a type",
                )
                .at_column(name.as_str()));
            };
            for (unit, code) in units.iter().zip(codes) {
                if let Some(held) = held.get_mut(*unit as usize) {
                    *held = *code;
                }
            }
        }
        if let Some((zone, held)) = &mut self.days {
            let times = rows.times().ok_or_else(|| Allowed::refused(Role::Time))?;
            let mut local = LocalDays::new(zone);
            for (unit, time) in units.iter().zip(times) {
                if let Some(held) = held.get_mut(*unit as usize) {
                    *held = local.day_of(*time) as u32;
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
        let len = self.variants.len();
        for (_, column) in &mut self.columns {
            column.try_reserve(more).map_err(|_| no_memory())?;
            column.resize(len, f64::NAN);
        }
        let days = self.days.as_mut().map(|(_, days)| days);
        for codes in self.labels.iter_mut().map(|(_, codes)| codes).chain(days) {
            codes.try_reserve(more).map_err(|_| no_memory())?;
            codes.resize(len, MISSING);
        }
        Ok(())
    }

    /// The codes of the variants that have a unit, ascending; one more than `most` if there are more.
    pub(super) fn variants(&self, most: usize) -> Vec<u32> {
        let good = self.variants.iter().zip(&self.flaws).filter(|(_, flaw)| **flaw == Flaw::None);
        let mut codes: Vec<u32> = Vec::new();
        for (code, _) in good {
            if let Err(at) = codes.binary_search(code) {
                codes.insert(at, *code);
                if codes.len() > most {
                    break;
                }
            }
        }
        codes
    }

    /// Takes out units without a group, and those whose group stands in two arms.
    pub(super) fn keep_whole(&mut self, clusters: &str) {
        let Some((_, codes)) = self.labels.iter().find(|(label, _)| label == clusters) else {
            return;
        };
        let most = codes.iter().filter(|code| **code != MISSING).max();
        // Of each group: the arm of its first unit, and whether another has another.
        let mut arms = vec![(MISSING, false); most.map_or(0, |code| *code as usize + 1)];
        for ((code, variant), flaw) in codes.iter().zip(&self.variants).zip(&self.flaws) {
            if let Some((arm, is_split)) = arms.get_mut(*code as usize)
                && *flaw == Flaw::None
            {
                *is_split |= *arm != MISSING && arm != variant;
                *arm = *variant;
            }
        }
        for (code, flaw) in codes.iter().zip(&mut self.flaws).filter(|(_, f)| **f == Flaw::None) {
            match arms.get(*code as usize) {
                None => *flaw = Flaw::NoCluster,
                Some((_, true)) => *flaw = Flaw::TwoArms,
                Some(_) => {}
            }
        }
    }

    /// The arm of each unit, as the place of its variant among `codes`; [`MISSING`] where it takes no
    /// part.
    pub(super) fn arms(&self, codes: &[u32]) -> Vec<u32> {
        let most = codes.iter().max().map_or(0, |code| *code as usize + 1);
        let mut places = vec![MISSING; most];
        for (place, code) in codes.iter().enumerate() {
            if let Some(held) = places.get_mut(*code as usize) {
                *held = place as u32;
            }
        }
        let of = |(code, flaw): (&u32, &Flaw)| match flaw {
            Flaw::None => places.get(*code as usize).copied().unwrap_or(MISSING),
            _ => MISSING,
        };
        self.variants.iter().zip(&self.flaws).map(of).collect()
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
            of("no-cluster", Flaw::NoCluster),
            denied,
        ];
        flawed.into_iter().filter(|part| part.rows > 0).collect()
    }

    pub(super) fn heap_size(&self) -> usize {
        let columns = self.columns.iter().map(|(_, column)| column.capacity()).sum::<usize>();
        let days = self.days.as_ref().map(|(_, days)| days);
        let labels = self.labels.iter().map(|(_, codes)| codes).chain(days);
        let codes = labels.map(Vec::capacity).sum::<usize>();
        columns * 8
            + (codes + self.variants.capacity() + self.seen.capacity()) * 4
            + self.flaws.capacity()
    }
}

/// The codes of the variants of a block.
///
/// # Errors
/// `type` if they are numbers.
pub(super) fn variants_of<'a>(rows: &Allowed<'a>, variant: &str) -> Result<&'a [u32]> {
    match rows.attribute(variant) {
        Some(AttributeValues::Text(variants)) => Ok(variants),
        _ => Err(Error::new(Code::Type, "variants are texts: map the attribute without a type")
            .at_path("variant")),
    }
}

/// The numbers of an attribute in a block, and which are there.
///
/// # Errors
/// `type` if they are texts.
pub(super) fn numbers_of<'a>(rows: &Allowed<'a>, name: &str) -> Result<(&'a [f64], &'a Bitmap)> {
    match rows.attribute(name) {
        Some(AttributeValues::Number(values, valid)) => Ok((values, valid)),
        _ => Err(Error::new(
            Code::Type,
            "metrics and covariates are numbers: map their attributes with the type `number`",
        )
        .at_column(name)),
    }
}

/// Nothing yet under each name, which counts once.
fn empty<T>(names: &[&str]) -> Vec<(String, Vec<T>)> {
    let mut found: Vec<(String, Vec<T>)> = Vec::new();
    for name in names {
        if !found.iter().any(|(known, _)| known == name) {
            found.push(((*name).to_owned(), Vec::new()));
        }
    }
    found
}
