//! The units of a table in which each stands in one row: folded block by block and not kept. What
//! such a table is asked most, means, shares and ratios of the arms, needs nothing else, and there
//! are tables of which a second copy of every number would not fit.
//!
//! The units of each arm are listed once per chunk of rows; each metric then runs down its columns.
//! Units without the covariate are held apart until its mean over all units is known.

use super::arms::{ArmState, Measured};
use super::options::{ExperimentOptions, MetricKind, MetricOptions};
use super::unit_stats::UnitStats;
use crate::error::{Code, Error, Result};
use crate::privacy::gate::Allowed;
use crate::report::LeftOut;
use crate::stats::accumulator::Accumulator;
use crate::table::block::{Bitmap, MISSING};
use crate::table::role::Role;

/// Rows whose units are listed at a time.
const CHUNK: usize = 8192;
/// The place of a variant that was not seen yet.
const NEW: u8 = u8::MAX;

/// What is known of the units so far.
#[derive(Debug)]
pub(super) struct Folded {
    /// The rows so far, which are the units.
    rows: u64,
    unassigned: u64,
    denied: u64,
    /// The codes of the variants, in the order in which they were seen, and the units of each.
    variants: Vec<(u32, u64)>,
    /// The place among them of each code.
    places: Vec<u8>,
    most_arms: usize,
    has_too_many: bool,
    metrics: Vec<Fold>,
    lists: Lists,
}

/// The rows of each arm in a chunk; room that is used again.
#[derive(Debug, Default)]
struct Lists {
    /// [`CHUNK`] places for each arm.
    rows: Vec<u16>,
    counts: Vec<usize>,
}

impl Lists {
    /// Lists rows from `from` on until one whose variant has no place; answers how many. Not part of
    /// what calls it, so that all it needs stays in registers.
    #[inline(never)]
    fn fill(&mut self, variants: &[u32], places: &[u8], from: usize) -> usize {
        let (rows, counts) = (self.rows.as_mut_slice(), self.counts.as_mut_slice());
        for (at, variant) in variants.iter().enumerate() {
            let place = places.get(*variant as usize).map_or(usize::MAX, |at| usize::from(*at));
            let Some(count) = counts.get_mut(place) else { return at };
            let listed = *count;
            *count = listed + 1;
            if let Some(held) = rows.get_mut(place * CHUNK + listed) {
                *held = (from + at) as u16;
            }
        }
        variants.len()
    }

    fn iter(&self) -> impl Iterator<Item = &[u16]> {
        let arms = self.rows.chunks(CHUNK).zip(&self.counts);
        arms.map(|(rows, count)| rows.get(..*count).unwrap_or_default())
    }
}

/// A metric of each arm.
#[derive(Debug)]
struct Fold {
    /// The attributes of its numbers.
    columns: Vec<String>,
    is_share: bool,
    has_covariate: bool,
    arms: Vec<ArmFold>,
    /// The covariate of units without the metric.
    only_before: UnitStats,
}

/// A metric of an arm: units with all its numbers, those without the covariate, those without the
/// metric; and of a share those with 1, and with 0 or 1.
#[derive(Clone, Debug, Default)]
struct ArmFold {
    whole: UnitStats,
    alone: UnitStats,
    missing: u64,
    hits: u64,
    shares: u64,
}

/// The numbers of an attribute in a block.
type Numbers<'a> = (&'a [f64], &'a Bitmap);

impl Folded {
    /// If the options ask nothing that needs the units themselves.
    pub(super) fn new(options: &ExperimentOptions, most_arms: usize) -> Option<Folded> {
        let is_plain = |metric: &MetricOptions| {
            !metric.needs_values() && metric.cap.is_none() && metric.columns().len() <= 2
        };
        let fits = options.metrics.iter().all(is_plain)
            && options.labels().next().is_none()
            && !options.by_day
            && options.resampling.is_none()
            && options.scores.is_empty();
        let fold = |metric: &MetricOptions| Fold {
            columns: metric.columns().into_iter().map(str::to_owned).collect(),
            is_share: metric.kind == MetricKind::Share,
            has_covariate: metric.covariate.is_some(),
            arms: Vec::new(),
            only_before: UnitStats::new(),
        };
        fits.then(|| Folded {
            rows: 0,
            unassigned: 0,
            denied: 0,
            variants: Vec::new(),
            places: Vec::new(),
            most_arms,
            has_too_many: false,
            metrics: options.metrics.iter().map(fold).collect(),
            lists: Lists::default(),
        })
    }

    pub(super) fn update(&mut self, rows: Allowed<'_>, variant: &str) -> Result<()> {
        let units = rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let variants = super::units::variants_of(&rows, variant)?;
        // Units are numbered as they are first seen.
        let first = self.rows as u32;
        let differs = (0..)
            .zip(units)
            .fold(0, |differs, (at, unit)| differs | (first.wrapping_add(at) ^ unit));
        if differs != 0 {
            return Err(Error::new(
                Code::Parse,
                "a unit stands in two rows where each had one: read the table again",
            ));
        }
        let mut columns = Vec::new();
        for fold in &self.metrics {
            for name in &fold.columns {
                columns.push(super::units::numbers_of(&rows, name)?);
            }
        }
        for (at, chunk) in variants.chunks(CHUNK).enumerate() {
            let from = at * CHUNK;
            self.list(chunk, units.get(from..).unwrap_or_default(), &rows);
            let mut columns = columns.as_slice();
            for fold in &mut self.metrics {
                let (own, rest) = columns.split_at(fold.columns.len());
                fold.add(&self.lists, own, from, chunk.len())?;
                columns = rest;
            }
        }
        self.rows += units.len() as u64;
        Ok(())
    }

    /// Lists the rows of each arm in a chunk.
    fn list(&mut self, variants: &[u32], units: &[u32], rows: &Allowed<'_>) {
        self.lists.counts.fill(0);
        let mut row = 0;
        while let Some((first, rest)) = variants.get(row..).and_then(<[u32]>::split_first) {
            let kept = |at: usize| match rows.keep() {
                None => true,
                Some(keep) => units.get(at).is_some_and(|unit| keep.get(*unit)),
            };
            if !kept(row) {
                self.denied += 1;
                row += 1;
                continue;
            }
            let run = if rows.keep().is_none() { 1 + rest.len() } else { 1 };
            let run = variants.get(row..row + run).unwrap_or_default();
            let listed = self.lists.fill(run, &self.places, row);
            row += listed;
            // A variant that is new has a place then.
            if listed < run.len() && !self.place(variants.get(row).copied().unwrap_or(*first)) {
                row += 1;
            }
        }
        for ((_, units), count) in self.variants.iter_mut().zip(&self.lists.counts) {
            *units += *count as u64;
        }
    }

    /// Gives a new variant its place, unless it is none or there are too many.
    fn place(&mut self, variant: u32) -> bool {
        let place = self.variants.len();
        if variant == MISSING {
            self.unassigned += 1;
            return false;
        }
        if place == self.most_arms {
            self.has_too_many = true;
            return false;
        }
        let code = variant as usize;
        self.places.resize(self.places.len().max(code + 1), NEW);
        if let Some(held) = self.places.get_mut(code) {
            *held = place as u8;
        }
        self.variants.push((variant, 0));
        self.lists.counts.push(0);
        self.lists.rows.resize((place + 1) * CHUNK, 0);
        self.metrics.iter_mut().for_each(|fold| fold.arms.push(ArmFold::default()));
        true
    }

    /// The codes of the variants that have a unit; `None` if there are too many.
    pub(super) fn variants(&self) -> Option<Vec<u32>> {
        let codes = self.variants.iter().map(|(code, _)| *code).collect();
        (!self.has_too_many).then_some(codes)
    }

    /// The arms with each metric, under the names of the variants.
    ///
    /// # Errors
    /// `type` for a share of other numbers than 0 and 1.
    pub(super) fn arms(&self, names: &[String]) -> Result<Vec<ArmState>> {
        let arm = |(name, (_, units)): (&String, &(u32, u64))| ArmState {
            name: name.clone(),
            units: *units,
            assigned: *units,
            metrics: Vec::new(),
        };
        let mut arms: Vec<ArmState> = names.iter().zip(&self.variants).map(arm).collect();
        for (at, fold) in self.metrics.iter().enumerate() {
            let measured = fold.measured().map_err(|e| e.inside(&format!("metrics[{at}]")))?;
            for (arm, measured) in arms.iter_mut().zip(measured) {
                arm.metrics.push(measured);
            }
        }
        Ok(arms)
    }

    /// Rows that may be used.
    pub(super) fn used(&self) -> u64 {
        self.rows - self.denied
    }

    pub(super) fn left_out(&self) -> Vec<LeftOut> {
        let of = |reason, rows, customers| LeftOut { reason, rows, customers };
        let parts =
            [of("no-variant", self.unassigned, self.unassigned), of("denied", self.denied, 0)];
        parts.into_iter().filter(|part| part.rows > 0).collect()
    }

    pub(super) fn heap_size(&self) -> usize {
        let arms = self.variants.len() * (CHUNK * 2 + self.metrics.len() * 400);
        arms + self.places.capacity() + self.metrics.len() * size_of::<Fold>()
    }
}

impl Fold {
    /// The listed rows of one chunk, which begins at row `from` of the columns.
    fn add(
        &mut self,
        lists: &Lists,
        columns: &[Numbers<'_>],
        from: usize,
        length: usize,
    ) -> Result<()> {
        let is_full = columns.iter().all(|(_, valid)| valid.is_full(from, from + length));
        let values: Vec<&[f64]> = columns
            .iter()
            .map(|(values, _)| values.get(from..from + length).unwrap_or_default())
            .collect();
        let has =
            |at: usize, row: u16| columns.get(at).is_none_or(|c| c.1.get(from + usize::from(row)));
        for (list, arm) in lists.iter().zip(&mut self.arms) {
            if is_full {
                arm.add(self.is_share, list, &values)?;
                continue;
            }
            let (mut whole, mut alone, mut before) = (Vec::new(), Vec::new(), Vec::new());
            for row in list {
                let both = (has(0, *row), has(1, *row));
                match both {
                    (true, true) => whole.push(*row),
                    (true, false) if self.has_covariate => alone.push(*row),
                    _ => arm.missing += 1,
                }
                if both == (false, true) && self.has_covariate {
                    before.push(*row);
                }
            }
            arm.add(self.is_share, &whole, &values)?;
            let (first, second) = values.split_at(1);
            arm.count(self.is_share, &alone, first);
            arm.alone.add_listed(&alone, first)?;
            self.only_before.add_listed(&before, second)?;
        }
        Ok(())
    }

    fn measured(&self) -> Result<Vec<Measured>> {
        // What stands in for a covariate that is not known: its mean over all units.
        let mut before = self.only_before.clone();
        for arm in &self.arms {
            before.merge(arm.whole.part(1))?;
        }
        let fill = before.mean(0).unwrap_or(0.0);
        let mut found = Vec::new();
        for arm in &self.arms {
            if arm.shares != arm.whole.count() + arm.alone.count() && self.is_share {
                return Err(no_share());
            }
            let mut measured = Measured::default();
            (measured.stats, measured.missing) = (arm.whole.clone(), arm.missing);
            measured.stats.merge(arm.alone.with(fill))?;
            measured.units = measured.stats.count();
            if self.is_share && !self.has_covariate {
                measured.share = Some((arm.hits, arm.shares));
            }
            found.push(measured);
        }
        Ok(found)
    }
}

impl ArmFold {
    fn add(&mut self, is_share: bool, list: &[u16], values: &[&[f64]]) -> Result<()> {
        self.count(is_share, list, values);
        self.whole.add_listed(list, values)
    }

    fn count(&mut self, is_share: bool, list: &[u16], values: &[&[f64]]) {
        let Some(values) = values.first().filter(|_| is_share) else { return };
        for value in list.iter().filter_map(|row| values.get(usize::from(*row))) {
            self.hits += u64::from(*value == 1.0);
            self.shares += u64::from(*value == 1.0 || *value == 0.0);
        }
    }
}

/// `type`: a share of other numbers than 0 and 1.
pub(super) fn no_share() -> Error {
    Error::new(
        Code::Type,
        "a share has 0 or 1 for each unit: take the kind `mean` for other numbers",
    )
    .at_path("kind")
}
