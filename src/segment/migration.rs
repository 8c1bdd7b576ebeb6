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
use crate::segment::population::{Population, unfinished};
use crate::segment::rfm::groups::{Group, GroupOptions, NO_GROUP};
use crate::segment::rfm::score::ScoreOptions;
use crate::segment::rfm::{Rfm, RfmOptions};
use crate::segment::transitions::Transitions;
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

fn usual_confidence() -> f64 {
    0.95
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
}

/// The running analysis.
#[derive(Debug)]
pub struct Migration {
    options: MigrationOptions,
    before: Rfm,
    after: Rfm,
    is_first_done: bool,
    answer: Option<(MigrationResult, [Vec<u8>; 2], Vec<u32>)>,
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
        if !(options.confidence > 0.0 && options.confidence < 1.0) {
            return Err(Error::new(Code::InvalidOption, "a confidence lies between 0 and 1")
                .at_path("confidence"));
        }
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
        Ok(Migration { options, before, after, is_first_done: false, answer: None })
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
            return Ok(Progress { done: part.done.min(part.total), total: 2 * part.total + 1 });
        }
        let part = self.after.finish(budget).map_err(|error| at(error, "to"))?;
        let total = 2 * part.total + 1;
        if part.is_finished() {
            self.answer = Some(self.result()?);
            return Ok(Progress { done: total, total });
        }
        Ok(Progress { done: part.total + part.done, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<MigrationResult, MigrationOptions>> {
        let (result, [from, to], codes) = self.answer.take().ok_or_else(unfinished)?;
        let length = codes.len();
        let columns = vec![
            NamedColumn { name: "customer", values: Population::ids(&codes, names)? },
            NamedColumn { name: "from", values: Values::U8(from) },
            NamedColumn { name: "to", values: Values::U8(to) },
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
    fn result(&self) -> Result<(MigrationResult, [Vec<u8>; 2], Vec<u32>)> {
        let (early, early_groups) = self.before.grouped().ok_or_else(unfinished)?;
        let (late, late_groups) = self.after.grouped().ok_or_else(unfinished)?;
        let names = &late_groups.groups;
        let mut changes: Vec<GroupChange> = names
            .iter()
            .map(|group| GroupChange { group: group.clone(), before: 0, after: 0, entered: 0 })
            .collect();
        let count = names.len();
        let mut spent = vec![0_i128; count * count];
        let (mut from, mut to) = (Vec::new(), Vec::new());
        let (mut before, mut after) = (Vec::new(), Vec::new());
        // Both lists are in the order of codes, and nobody in the early one is missing in the late.
        let mut earlier =
            early.codes.iter().zip(&early_groups.codes).zip(&early.monetary).peekable();
        for ((code, group), money) in late.codes.iter().zip(&late_groups.codes).zip(&late.monetary)
        {
            while earlier.next_if(|((other, _), _)| *other < code).is_some() {}
            let known = earlier.next_if(|((other, _), _)| *other == code);
            let old = known.map_or(NO_GROUP, |((_, group), _)| *group);
            from.push(old);
            to.push(*group);
            if let Some(change) = changes.get_mut(usize::from(old)) {
                change.before += 1;
            }
            if let Some(change) = changes.get_mut(usize::from(*group)) {
                change.after += 1;
                change.entered += u64::from(known.is_none());
            }
            let (Some((_, old_money)), true) = (known, old != NO_GROUP && *group != NO_GROUP)
            else {
                continue;
            };
            before.push(u32::from(old));
            after.push(u32::from(*group));
            if let Some(sum) = spent.get_mut(usize::from(old) * count + usize::from(*group)) {
                // Both scales are that of the table's blocks read so far.
                *sum += at_scale(*money, late.scale, late.scale)
                    - at_scale(*old_money, early.scale, late.scale);
            }
        }
        let transitions = Transitions::new(&before, &after, count)?;
        let mut moves = Vec::new();
        for (from, row) in transitions.counts.iter().enumerate() {
            let all: u64 = row.iter().sum();
            for (to, customers) in row.iter().enumerate().filter(|(_, customers)| **customers > 0) {
                let sum = spent.get(from * count + to).copied().unwrap_or(0);
                moves.push(Move {
                    from: from as u8,
                    to: to as u8,
                    customers: *customers,
                    share: *customers as f64 / all as f64,
                    interval: proportion_interval(
                        *customers,
                        all,
                        self.options.confidence,
                        ProportionInterval::Wilson,
                    )?,
                    revenue: crate::table::money::to_f64(sum, late.scale),
                });
            }
        }
        let compared = before.len() as u64;
        let stayed = transitions.stayed();
        let result = MigrationResult {
            groups: changes,
            moves,
            compared,
            stayed,
            stayed_share: (compared > 0).then(|| stayed as f64 / compared as f64),
        };
        Ok((result, [from, to], late.codes.clone()))
    }
}

/// Minor units of one scale in those of a finer one.
fn at_scale(minor: i64, scale: u8, finer: u8) -> i128 {
    i128::from(minor) * 10_i128.pow(u32::from(finer.saturating_sub(scale)))
}
