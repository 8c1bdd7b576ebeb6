//! `migration`: who moved from which RFM group to which between two dates.
//!
//! The same log is read up to both dates, customers are scored and grouped at each with the same
//! options, and the moves are counted, with a Wilson interval for the share of each row and the
//! money behind it.
//!
//! When not to use it: groups that are cut at means or quantiles of the customers of their own date
//! move under a customer who does nothing. For moves against fixed marks use the convention `fixed`.

use serde::{Deserialize, Serialize};

use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values};
use crate::segment::population::{Population, no_memory, unfinished};
use crate::segment::rfm::groups::{Group, GroupOptions, NO_GROUP};
use crate::segment::rfm::score::ScoreOptions;
use crate::segment::rfm::{Rfm, RfmOptions};
use crate::segment::transitions::Transitions;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::table::moment::Moment;

/// Options of `migration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MigrationOptions {
    /// The first date: a local day, which still counts whole, or an instant.
    pub from: String,
    /// The second date, after the first.
    pub to: String,
    /// What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// What a negative amount does.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// How measures become scores, at both dates.
    #[serde(default)]
    pub scoring: ScoreOptions,
    /// How scores become named groups, at both dates.
    #[serde(default)]
    pub groups: GroupOptions,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

/// Result of `migration`. The column set `customers` holds `customer`, `from` and `to` (indices into
/// `groups`, 255 = none) for everybody with a purchase up to the second date.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MigrationResult {
    /// The groups in display order.
    pub groups: Vec<GroupChange>,
    /// Every move that at least one customer made, staying included, by `from`, then `to`.
    pub moves: Vec<Move>,
    /// Customers in a group at both dates.
    pub compared: u64,
    /// Of them, those who are in the group they were in.
    pub stayed: u64,
    /// Share of those who stayed; null if nobody could be compared.
    pub stayed_share: Option<f64>,
    /// Wilson interval of that share.
    pub stayed_interval: Option<Interval>,
}

/// One group at both dates.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupChange {
    /// Name, meaning and suggested action.
    #[serde(flatten)]
    pub group: Group,
    /// Customers at the first date.
    pub before: u64,
    /// Customers at the second date.
    pub after: u64,
    /// Of those at the second date, customers without a purchase up to the first.
    pub entered: u64,
}

/// Customers who were in one group and are in another, or the same.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Move {
    /// Index into `groups` at the first date.
    pub from: u8,
    /// Index into `groups` at the second date.
    pub to: u8,
    /// How many customers.
    pub customers: u64,
    /// Their share of the compared customers of `from`, 0 to 1.
    pub share: f64,
    /// Wilson interval of the share.
    pub interval: Interval,
    /// What they spent between the two dates, in units of money.
    pub revenue: f64,
    /// That, as a share of what all compared customers of `from` spent between the dates; null
    /// where that is not positive.
    pub revenue_share: Option<f64>,
}

/// The running analysis.
#[derive(Debug)]
pub struct Migration {
    options: MigrationOptions,
    before: Rfm,
    after: Rfm,
    is_first_done: bool,
    is_second_done: bool,
    /// Who was met so far, once both dates are done.
    walk: Option<Walk>,
    answer: Option<MigrationResult>,
}

/// A walk over the customers of both dates.
#[derive(Debug)]
struct Walk {
    changes: Vec<GroupChange>,
    moved: Transitions,
    /// What they spent between the dates, in minor units, by `from`, then `to`.
    spent: Vec<i128>,
    from: Vec<u8>,
    to: Vec<u8>,
    /// The next customer of the earlier date.
    earlier: usize,
}

fn rfm_options(options: &MigrationOptions, at: &str) -> RfmOptions {
    RfmOptions {
        at: at.to_owned(),
        count: options.count,
        refunds: options.refunds,
        zeros: options.zeros,
        scoring: options.scoring.clone(),
        groups: options.groups.clone(),
    }
}

impl Analysis for Migration {
    const NAME: &'static str = "migration";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Transition counts with score intervals",
        reference: "Wilson, E. B. (1927). Probable Inference, the Law of Succession, and \
                    Statistical Inference. JASA 22, 209–212.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = MigrationOptions;
    type Result = MigrationResult;

    fn needs(options: &MigrationOptions, input: usize) -> Result<Needs> {
        Rfm::needs(&rfm_options(options, &options.to), input)
    }

    fn estimate(options: &MigrationOptions, inputs: &[Facts<'_>]) -> u64 {
        let customers = inputs.first().map_or(0, |log| log.customers);
        2 * Rfm::estimate(&rfm_options(options, &options.to), inputs) + customers * 6
    }

    fn start(options: MigrationOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        check_confidence(options.confidence)?;
        if let Some(log) = inputs.first() {
            let moment = |text: &str, path: &'static str| {
                Moment::parse(text, &log.schema.zone).map_err(|error| error.at_path(path))
            };
            if moment(&options.from, "from")?.until >= moment(&options.to, "to")?.until {
                return Err(Error::new(Code::InvalidOption, "the second date is after the first")
                    .at_path("to"));
            }
        }
        let before = Rfm::start(rfm_options(&options, &options.from), inputs)?;
        let after = Rfm::start(rfm_options(&options, &options.to), inputs)?;
        Ok(Migration {
            options,
            before,
            after,
            is_first_done: false,
            is_second_done: false,
            walk: None,
            answer: None,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        self.before.update(input, rows)?;
        self.after.update(input, rows)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let at = |error: Error, path: &'static str| match error.path() {
            Some("at") => error.at_path(path),
            _ => error,
        };
        if !self.is_first_done {
            let part = self.before.finish(budget).map_err(|error| at(error, "from"))?;
            self.is_first_done = part.is_finished();
            return Ok(Progress { done: part.done.min(part.total), total: self.units() });
        }
        let part = if self.is_second_done {
            self.walk(budget)?
        } else {
            let part = self.after.finish(budget).map_err(|error| at(error, "to"))?;
            self.is_second_done = part.is_finished();
            Progress { done: part.total + part.done, total: self.units() }
        };
        Ok(part)
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<MigrationResult, MigrationOptions>> {
        let result = self.answer.take().ok_or_else(unfinished)?;
        let walk = self.walk.take().ok_or_else(unfinished)?;
        let (late, _) = self.after.grouped().ok_or_else(unfinished)?;
        let length = late.len();
        let columns = vec![
            NamedColumn { name: "customer", values: Population::ids(&late.codes, names)? },
            NamedColumn { name: "from", values: Values::U8(walk.from) },
            NamedColumn { name: "to", values: Values::U8(walk.to) },
        ];
        // All that the later date leaves out, the earlier one leaves out too.
        let later = self.after.outcome(names)?;
        self.options.count = later.options.count;
        Ok(Outcome {
            result,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            options: self.options,
            rows: later.rows,
            customers: later.customers,
            left_out: later.left_out,
            warnings: later.warnings,
        })
    }

    fn heap_size(&self) -> usize {
        self.before.heap_size() + self.after.heap_size()
    }
}

impl Migration {
    /// Compares about `budget` customers.
    fn walk(&mut self, budget: usize) -> Result<Progress> {
        let (early, early_groups) = self.before.grouped().ok_or_else(unfinished)?;
        let (late, late_groups) = self.after.grouped().ok_or_else(unfinished)?;
        let names = &late_groups.groups;
        let count = names.len();
        let walk = self.walk.get_or_insert_with(|| Walk {
            changes: names
                .iter()
                .map(|group| GroupChange { group: group.clone(), before: 0, after: 0, entered: 0 })
                .collect(),
            moved: Transitions::none(count),
            spent: vec![0; count * count],
            from: Vec::new(),
            to: Vec::new(),
            earlier: 0,
        });
        if walk.from.is_empty() {
            walk.from.try_reserve_exact(late.len()).map_err(|_| no_memory())?;
            walk.to.try_reserve_exact(late.len()).map_err(|_| no_memory())?;
        }
        // Both lists are in the order of codes, and nobody in the early one is missing in the late.
        let customers = late.codes.iter().zip(&late_groups.codes).zip(&late.monetary);
        for ((code, group), money) in customers.skip(walk.from.len()).take(budget.max(1)) {
            while early.codes.get(walk.earlier).is_some_and(|other| other < code) {
                walk.earlier += 1;
            }
            let is_known = early.codes.get(walk.earlier) == Some(code);
            let known = |at: usize| (early_groups.codes.get(at), early.monetary.get(at));
            let old = match is_known.then(|| known(walk.earlier)) {
                Some((Some(group), Some(money))) => Some((*group, *money)),
                _ => None,
            };
            let from = old.map_or(NO_GROUP, |(group, _)| group);
            walk.from.push(from);
            walk.to.push(*group);
            if let Some(change) = walk.changes.get_mut(usize::from(from)) {
                change.before += 1;
            }
            if let Some(change) = walk.changes.get_mut(usize::from(*group)) {
                change.after += 1;
                change.entered += u64::from(old.is_none());
            }
            if from == NO_GROUP || *group == NO_GROUP {
                continue;
            }
            walk.moved.add(u32::from(from), u32::from(*group))?;
            let sum = walk.spent.get_mut(usize::from(from) * count + usize::from(*group));
            if let (Some(sum), Some((_, old_money))) = (sum, old) {
                *sum += i128::from(*money) - at_scale(old_money, early.scale, late.scale);
            }
        }
        let (walked, all, total) = (walk.from.len(), late.len(), self.units());
        if walked < all {
            let done = 2 * self.after.units() + walked as u64;
            return Ok(Progress { done: done.min(total - 1), total });
        }
        self.answer = Some(self.result()?);
        Ok(Progress { done: total, total })
    }

    /// Units of work in all: those of both dates, and one for each customer compared.
    fn units(&self) -> u64 {
        let compared = self.after.grouped().map_or(0, |(late, _)| late.len() as u64);
        2 * self.after.units() + compared + 1
    }

    fn result(&self) -> Result<MigrationResult> {
        let (late, _) = self.after.grouped().ok_or_else(unfinished)?;
        let walk = self.walk.as_ref().ok_or_else(unfinished)?;
        let count = walk.changes.len();
        let mut moves = Vec::new();
        let rows = walk.moved.counts.iter().zip(walk.spent.chunks(count.max(1)));
        for (from, (row, spent)) in rows.enumerate() {
            let all: u64 = row.iter().sum();
            let revenue: i128 = spent.iter().sum();
            let cells = row.iter().zip(spent).enumerate();
            for (to, (customers, sum)) in cells.filter(|(_, (customers, _))| **customers > 0) {
                moves.push(Move {
                    from: from as u8,
                    to: to as u8,
                    customers: *customers,
                    share: *customers as f64 / all as f64,
                    interval: self.interval(*customers, all)?,
                    revenue: crate::table::money::to_f64(*sum, late.scale),
                    revenue_share: (revenue > 0).then(|| *sum as f64 / revenue as f64),
                });
            }
        }
        let compared: u64 = walk.moved.counts.iter().flatten().sum();
        let stayed = walk.moved.stayed();
        let any = compared > 0;
        Ok(MigrationResult {
            groups: walk.changes.clone(),
            moves,
            compared,
            stayed,
            stayed_share: any.then(|| stayed as f64 / compared as f64),
            stayed_interval: if any { Some(self.interval(stayed, compared)?) } else { None },
        })
    }

    fn interval(&self, part: u64, whole: u64) -> Result<Interval> {
        proportion_interval(part, whole, self.options.confidence, ProportionInterval::Wilson)
    }
}

/// Minor units of one scale in those of a finer one.
fn at_scale(minor: i64, scale: u8, finer: u8) -> i128 {
    i128::from(minor) * 10_i128.pow(u32::from(finer.saturating_sub(scale)))
}
