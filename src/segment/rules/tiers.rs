//! `tiers`: membership levels by spend, who is in which, and how far it is to the next.
//!
//! When not to use it: levels that also ask for something else than spend are segments; write
//! them as rules.

use serde::{Deserialize, Serialize};

use super::members::{Members, Tables};
use super::program::{Check, Expr, Program, Purchases, Source, invalid, needs_of_log};
use super::segments::usual_events;
use super::tree::{Comparison, Measure, Of, Op, Operand, Quantity, Rule, Window};
use crate::customers::purchases::Count;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values};
use crate::segment::population::{Population, no_memory, unfinished};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::table::money;

/// Options of `tiers`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TiersOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out.
    pub at: String,
    /// The levels, lowest first; at most 100.
    pub tiers: Vec<Tier>,
    /// The time whose spend counts, such as `{ "last": "12mo" }`. Absent: all up to the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// A customer is near the next level if so much spend is missing at most. Default: a tenth of
    /// what the next level asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near: Option<f64>,
    /// The events that are purchases, where the role `event` is mapped.
    #[serde(default = "usual_events")]
    pub purchase_events: Vec<String>,
    /// The confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

/// One level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tier {
    /// Its name.
    pub name: String,
    /// The spend from which on a customer has it.
    pub from: f64,
}

/// Result of `tiers`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TiersResult {
    /// Customers with a row up to the reference moment.
    pub population: u64,
    /// Their spend in the time that counts, refunds taken off.
    pub spend: f64,
    /// Those below the first level, then one for each level, lowest first.
    pub tiers: Vec<TierOf>,
}

/// One level, or what is below the first.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TierOf {
    /// Its name; null below the first level.
    pub name: Option<String>,
    /// The spend from which on a customer has it; null below the first level.
    pub from: Option<f64>,
    /// How many have it.
    pub customers: u64,
    /// Their share of all customers.
    pub share: f64,
    /// Wilson's interval of the share.
    pub interval: Interval,
    /// Their spend.
    pub spend: f64,
    /// Their share of all spend; null if that is not above 0.
    pub spend_share: Option<f64>,
    /// How many of them are near the next level; null in the highest.
    pub near: Option<u64>,
}

/// The running analysis.
#[derive(Debug)]
pub struct Tiers {
    options: TiersOptions,
    members: Members,
    is_decided: bool,
}

/// The one rule: to have spent anything in the time that counts, whatever it is.
fn rule(options: &TiersOptions) -> Rule {
    let measure = Measure { of: Of::Amount, window: options.window.clone(), filters: Vec::new() };
    Rule::Compare(Comparison {
        left: Quantity::Measure(measure),
        op: Op::AtLeast,
        right: Operand::Number(0.0),
    })
}

fn compiled<'f, 's>(
    options: &TiersOptions,
    inputs: &'f [Facts<'s>],
) -> Result<(Program, Tables<&'f Facts<'s>>)> {
    let missing = || Error::new(Code::UnknownTable, "`tiers` reads one log");
    let log = inputs.first().ok_or_else(missing)?;
    let purchases = Purchases { count: Count::Row, events: options.purchase_events.clone() };
    let program = Program::compile(&Source {
        at: &options.at,
        log: log.schema,
        customers: None,
        has_tags: false,
        purchases: &purchases,
        rules: &[(String::new(), rule(options))],
    })
    .map_err(|error| match error.path() {
        Some("at") => error,
        _ => error.at_path("window"),
    })?;
    Ok((program, Tables { log, customers: None, tags: None }))
}

impl Analysis for Tiers {
    const NAME: &'static str = "tiers";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Levels by spend",
        reference: "Wilson, E. B. (1927). Probable inference, the law of succession, and \
                    statistical inference. Journal of the American Statistical Association 22, \
                    209–212 (for the intervals).",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = TiersOptions;
    type Result = TiersResult;

    fn needs(options: &TiersOptions, _input: usize) -> Result<Needs> {
        Ok(needs_of_log(std::iter::once(&rule(options)), false))
    }

    fn estimate(options: &TiersOptions, inputs: &[Facts<'_>]) -> u64 {
        // What is wrong with the request is said by `start`.
        compiled(options, inputs).map_or(0, |(program, tables)| Members::estimate(&program, tables))
    }

    fn start(options: TiersOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let tiers = &options.tiers;
        if tiers.is_empty() || tiers.len() > 100 {
            return Err(invalid("give one to a hundred levels").at_path("tiers"));
        }
        for (at, Tier { name, from }) in tiers.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| tiers.get(at));
            let ascends = before.is_none_or(|before| before.from < *from);
            if !from.is_finite() || money::from_f64(*from).is_err() || !ascends {
                return Err(invalid("every level begins above the one before")
                    .at_path(format!("tiers[{at}].from")));
            }
            if name.trim().is_empty() {
                return Err(invalid("a level has a name").at_path(format!("tiers[{at}].name")));
            }
        }
        if options.near.is_some_and(|near| !(near.is_finite() && near >= 0.0)) {
            return Err(invalid("what may be missing is 0 or more").at_path("near"));
        }
        check_confidence(options.confidence)?;
        let (program, tables) = compiled(&options, inputs)?;
        Ok(Tiers { members: Members::new(program, tables)?, options, is_decided: false })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.members.add_log(rows)
    }

    fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        let names = names.first().ok_or_else(unfinished)?;
        let done = self.members.join(Tables { log: names, customers: None, tags: None }, budget)?;
        Ok(Progress { done: u64::from(done), total: 1 })
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        self.is_decided = self.members.decide(budget)?;
        if self.is_decided && self.members.population.is_empty() {
            let hint = "no customer has a row up to this date: is it right?";
            return Err(Error::new(Code::NotEnoughData, hint).at_path("at"));
        }
        let total = self.members.known() as u64 + 1;
        let done = self.members.done() as u64;
        Ok(Progress { done: if self.is_decided { total } else { done }, total })
    }

    fn outcome(self, names: &[AllowedNames<'_>]) -> Result<Outcome<TiersResult, TiersOptions>> {
        if !self.is_decided {
            return Err(unfinished());
        }
        let members = &self.members;
        let Some(Check::Compare { left: Expr::Money(cell), .. }) =
            members.program.leaves.first().map(|leaf| &leaf.check)
        else {
            return Err(unfinished());
        };
        // Money in minor units of six decimals, so that limits and spend compare exactly.
        let finest =
            |minor: i64, scale: u8| i128::from(minor) * i128::from(money::power(6 - scale.min(6)));
        let mut limits = Vec::new();
        for tier in &self.options.tiers {
            let (minor, scale, _) = money::from_f64(tier.from)?;
            limits.push(finest(minor, scale));
        }
        let nears: Vec<i128> = match self.options.near {
            None => limits.iter().map(|limit| limit / 10).collect(),
            Some(near) => {
                let (minor, scale, _) = money::from_f64(near)?;
                vec![finest(minor, scale); limits.len()]
            }
        };
        let count = members.population.len();
        let (mut spends, mut levels, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let reserved =
            spends.try_reserve_exact(count).and_then(|()| levels.try_reserve_exact(count));
        reserved.and_then(|()| missing.try_reserve_exact(count)).map_err(|_| no_memory())?;
        let mut sums = vec![(0u64, 0i128, 0u64); limits.len() + 1];
        for number in &members.population {
            let spend = finest(members.fold.cell(*number, *cell), members.fold.scale());
            let level = limits.partition_point(|limit| *limit <= spend);
            let left = limits.get(level).map_or(0, |limit| limit - spend);
            let is_near = nears.get(level).is_some_and(|near| left <= *near);
            if let Some((customers, sum, near)) = sums.get_mut(level) {
                *customers += 1;
                *sum += spend;
                *near += u64::from(is_near);
            }
            spends.push(money::to_f64(spend, 6));
            levels.push(level as u16);
            missing.push(money::to_f64(left, 6));
        }
        let all: i128 = sums.iter().map(|(_, sum, _)| sum).sum();
        let mut tiers = Vec::new();
        for (at, (customers, sum, near)) in sums.iter().enumerate() {
            let tier = at.checked_sub(1).and_then(|at| self.options.tiers.get(at));
            let kind = ProportionInterval::Wilson;
            tiers.push(TierOf {
                name: tier.map(|tier| tier.name.clone()),
                from: tier.map(|tier| tier.from),
                customers: *customers,
                share: *customers as f64 / count as f64,
                interval: proportion_interval(
                    *customers,
                    count as u64,
                    self.options.confidence,
                    kind,
                )?,
                spend: money::to_f64(*sum, 6),
                spend_share: (all > 0).then(|| *sum as f64 / all as f64),
                near: (at < limits.len()).then_some(*near),
            });
        }
        let columns = vec![
            NamedColumn { name: "customer", values: Population::ids(&members.population, names)? },
            NamedColumn { name: "spend", values: Values::F64(spends) },
            NamedColumn { name: "tier", values: Values::U16(levels) },
            NamedColumn { name: "missing", values: Values::F64(missing) },
        ];
        let skipped = members.fold.skipped;
        let left_out = [("after-at", skipped.after), ("denied", skipped.denied)];
        Ok(Outcome {
            rows: members.fold.rows,
            customers: count as u64,
            result: TiersResult { population: count as u64, spend: money::to_f64(all, 6), tiers },
            sets: vec![ColumnSet { name: "customers", length: count, columns }],
            left_out: LeftOut::rows(&left_out),
            warnings: Vec::new(),
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.members.heap_size()
    }
}
