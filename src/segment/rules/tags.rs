//! `tags`: how good the tags of a shop are: whom they cover, how fresh they are, how often they
//! are right, and where they contradict each other.
//!
//! Tags stand in a table (customer, tag, since when, until when) or are computed by rules. What
//! is right is decided by an audit: a sample of tags that somebody looked at. When not to use it:
//! an audit of tags that were picked by hand, and not at random, says nothing about the others.

use serde::{Deserialize, Serialize};

use super::assigned::{Assignments, State, TAG};
use super::fold::{no_memory, not_granted};
use super::members::{Members, Tables};
use super::program::{Program, Purchases, Source, attributes_of, invalid, needs_of_log};
use super::segments::usual_events;
use super::text::parse;
use super::tree::{Rule, RuleSource};
use crate::customers::matching::Matching;
use crate::customers::purchases::Count;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, AttributeValues, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::population::unfinished;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::order::{sort, sort_by};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::table::block::MISSING;
use crate::table::calendar::LocalDays;
use crate::table::dictionary::Dictionary;
use crate::table::moment::Moment;
use crate::table::role::Role;
use crate::table::zone::Zone;

/// Options of `tags`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagsOptions {
    /// The reference moment: a local day, which still counts whole, or an instant.
    pub at: String,
    /// Tags that are computed by rules, as of the reference moment; they need the input `log`.
    #[serde(default)]
    pub computed: Vec<TagRule>,
    /// Pairs of tags that nobody can have together.
    #[serde(default)]
    pub exclusive: Vec<[String; 2]>,
    /// What is aimed at.
    #[serde(default)]
    pub targets: TagTargets,
    /// A tag is fresh if it was assigned at most so many calendar days ago.
    #[serde(default = "usual_fresh")]
    pub fresh_days: u32,
    /// How many customers there are, if neither `log` nor `customers` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<u64>,
    /// What counts as one purchase, for computed tags. Default: `order` if the role `order` is
    /// mapped, else `row`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// The events that are purchases, for computed tags.
    #[serde(default = "usual_events")]
    pub purchase_events: Vec<String>,
    /// The confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

/// A tag that is computed by a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagRule {
    /// The tag's name.
    pub tag: String,
    /// Who has it. Other computed tags are segments to it.
    pub rule: RuleSource,
}

/// What is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagTargets {
    /// The share of customers who have a tag. Default 0.9.
    pub coverage: f64,
    /// The share of tags that are right. Default 0.95.
    pub accuracy: f64,
}

impl Default for TagTargets {
    fn default() -> Self {
        TagTargets { coverage: 0.9, accuracy: 0.95 }
    }
}

fn usual_fresh() -> u32 {
    30
}

/// Result of `tags`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagsResult {
    /// How many customers there are: those of the log and of the table of customers, or what the
    /// request says; null if nothing says so.
    pub population: Option<u64>,
    /// How many of them have a tag that holds.
    pub tagged: u64,
    /// Their share, against the target. Everyone is counted, so the target is met or not by the
    /// share itself. Null without the number of customers.
    pub coverage: Option<TagShare>,
    /// The share of audited tags that are right, over all tags. The target is met if the whole
    /// interval is above it, missed if the whole interval is below. Null without an audit.
    pub accuracy: Option<TagShare>,
    /// How old the tags are; null if no time of assignment is mapped.
    pub freshness: Option<Freshness>,
    /// Rows of tags that have expired.
    pub expired: u64,
    /// Rows of tags that are assigned only after the reference moment.
    pub later: u64,
    /// Tags that hold, by the number of customers who have them; at most 1,000.
    pub tags: Vec<TagOf>,
    /// Further tags that are not listed.
    pub further_tags: u64,
    /// The pairs that nobody should have together.
    pub conflicts: Vec<Conflict>,
}

/// A share with its interval and its target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagShare {
    /// So many …
    pub count: u64,
    /// … of so many.
    pub of: u64,
    /// `count / of`.
    pub share: f64,
    /// Wilson's interval.
    pub interval: Interval,
    /// What is aimed at; null where nothing is.
    pub target: Option<f64>,
    /// Whether the target is met; null without one.
    pub verdict: Option<Verdict>,
}

/// Whether a target is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not.
    Missed,
    /// The sample is too small to tell.
    Unclear,
}

/// How old tags are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Freshness {
    /// Fresh ones of those that hold and have a time.
    pub fresh: TagShare,
    /// The median age in calendar days: half are at most so old.
    pub median_days: u32,
    /// The age of the oldest.
    pub oldest_days: u32,
}

/// One tag.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagOf {
    /// Its name.
    pub name: String,
    /// Whether a rule computes it.
    pub computed: bool,
    /// How many customers have it.
    pub customers: u64,
    /// Their share of all customers; null if nothing says how many there are.
    pub share: Option<f64>,
    /// How often the audit found it right; null if it was not audited.
    pub accuracy: Option<TagShare>,
}

/// Two tags that nobody should have together.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Conflict {
    /// The pair.
    pub tags: [String; 2],
    /// How many customers have both.
    pub customers: u64,
    /// How many have one or both.
    pub either: u64,
}

/// Inputs, by their numbers.
const TAGS: usize = 0;
const LOG: usize = 1;
const CUSTOMERS: usize = 2;
const AUDIT: usize = 3;

/// The attribute of the audit that says whether the tag is right.
const CORRECT: &str = "correct";

/// The most tags that are listed.
const MOST_LISTED: usize = 1000;

/// The running analysis.
#[derive(Debug)]
pub struct Tags {
    options: TagsOptions,
    moment: Moment,
    zone: Zone,
    present: Vec<usize>,
    assignments: Assignments,
    /// Customer and tag, of those that hold.
    current: Vec<(u32, u32)>,
    ages: Vec<u32>,
    expired: u64,
    later: u64,
    /// Which customers of the log, of the table of customers and of the tags have a row.
    seen: [Vec<bool>; 3],
    /// Wrong and right findings by the audit's code of the tag.
    audited: Vec<[u64; 2]>,
    /// Rows of the audit without a tag or a finding.
    unread: u64,
    denied: u64,
    members: Option<Members>,
    matching: Matching,
    is_decided: bool,
}

fn rules_of(options: &TagsOptions) -> Result<Vec<(String, Rule)>> {
    let mut rules: Vec<(String, Rule)> = Vec::new();
    for (at, TagRule { tag, rule }) in options.computed.iter().enumerate() {
        if tag.trim().is_empty() || rules.iter().any(|(known, _)| known == tag) {
            let hint = "every computed tag has a name of its own";
            return Err(invalid(hint).at_path(format!("computed[{at}].tag")));
        }
        let rule = match rule {
            RuleSource::Text(text) => {
                parse(text).map_err(|error| error.at_path(format!("computed[{at}].rule")))?
            }
            RuleSource::Tree(rule) => rule.clone(),
        };
        rules.push((tag.clone(), rule));
    }
    Ok(rules)
}

fn of<'f, 's>(inputs: &'f [Facts<'s>], number: usize) -> Option<&'f Facts<'s>> {
    inputs.iter().find(|facts| facts.input == number)
}

/// The program of the computed tags, and the tables it reads.
fn compiled<'f, 's>(
    options: &TagsOptions,
    inputs: &'f [Facts<'s>],
) -> Result<Option<(Program, Tables<&'f Facts<'s>>)>> {
    let rules = rules_of(options)?;
    if rules.is_empty() {
        return Ok(None);
    }
    let Some(log) = of(inputs, LOG) else {
        let hint = "computed tags need the input `log`";
        return Err(Error::new(Code::UnknownTable, hint).at_path("computed"));
    };
    let tables = Tables { log, customers: of(inputs, CUSTOMERS), tags: of(inputs, TAGS) };
    let has_orders = log.schema.position(Role::Order).is_some();
    let usual = if has_orders { Count::Order } else { Count::Row };
    let program = Program::compile(&Source {
        at: &options.at,
        log: log.schema,
        customers: tables.customers.map(|facts| facts.schema),
        has_tags: true,
        purchases: &Purchases {
            count: options.count.unwrap_or(usual),
            events: options.purchase_events.clone(),
        },
        rules: &rules,
    })
    .map_err(|error| match error.path().map(str::to_owned) {
        Some(path) if path.starts_with('[') => error.at_path(format!("computed{path}.rule")),
        _ => error,
    })?;
    Ok(Some((program, tables)))
}

impl Analysis for Tags {
    const NAME: &'static str = "tags";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Coverage, freshness, audited accuracy with Wilson intervals, and conflicts of tags",
        reference: "Wilson, E. B. (1927). Probable inference, the law of succession, and \
                    statistical inference. Journal of the American Statistical Association 22, \
                    209–212.",
    };
    const INPUTS: &'static [&'static str] = &["tags"];
    const OPTIONAL: &'static [&'static str] = &["log", "customers", "audit"];

    type Options = TagsOptions;
    type Result = TagsResult;

    fn needs(options: &TagsOptions, input: usize) -> Result<Needs> {
        let rules = rules_of(options)?;
        let rules = rules.iter().map(|(_, rule)| rule);
        Ok(match input {
            TAGS => Assignments::needs(),
            LOG if !options.computed.is_empty() => {
                needs_of_log(rules, options.count == Some(Count::Order))
            }
            LOG => Needs::roles(&[Role::Customer, Role::Time]),
            CUSTOMERS => {
                Needs::roles(&[Role::Customer]).and_attributes_if_mapped(attributes_of(rules))
            }
            _ => Needs::roles(&[Role::Customer]).and_attributes([TAG, CORRECT]),
        })
    }

    fn estimate(options: &TagsOptions, inputs: &[Facts<'_>]) -> u64 {
        let of_rules = match compiled(options, inputs) {
            Ok(Some((program, tables))) => Members::estimate(&program, tables),
            // What is wrong with the request is said by `start`.
            _ => 0,
        };
        let rows = of(inputs, TAGS).map_or(0, |facts| facts.rows);
        let customers: u64 = inputs.iter().map(|facts| facts.customers).sum();
        // A growing list may hold twice what it needs.
        of_rules + rows * (8 + 4) * 2 + customers * 40
    }

    fn start(options: TagsOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let missing = || Error::new(Code::UnknownTable, "`tags` reads a table of tags");
        let tags = of(inputs, TAGS).ok_or_else(missing)?;
        let log = of(inputs, LOG).unwrap_or(tags);
        let zone = log.schema.zone.clone();
        let moment = Moment::parse(&options.at, &zone).map_err(|error| error.at_path("at"))?;
        let is_share = |share: f64| share > 0.0 && share <= 1.0;
        for (name, share) in
            [("coverage", options.targets.coverage), ("accuracy", options.targets.accuracy)]
        {
            if !is_share(share) {
                return Err(
                    invalid("a target is above 0 and at most 1").at_path(format!("targets.{name}"))
                );
            }
        }
        check_confidence(options.confidence)?;
        if let Some(at) = options.exclusive.iter().position(|[left, right]| left == right) {
            return Err(invalid("two different tags exclude each other")
                .at_path(format!("exclusive[{at}]")));
        }
        let members = match compiled(&options, inputs)? {
            Some((program, tables)) => Some(Members::new(program, tables)?),
            None => None,
        };
        Ok(Tags {
            assignments: Assignments::new(tags.schema, moment),
            moment,
            zone,
            present: inputs.iter().map(|facts| facts.input).collect(),
            current: Vec::new(),
            ages: Vec::new(),
            expired: 0,
            later: 0,
            seen: [const { Vec::new() }; 3],
            audited: Vec::new(),
            unread: 0,
            denied: 0,
            members,
            matching: Matching::new(),
            is_decided: false,
            options,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        match input {
            TAGS => {
                self.add_seen(2, rows)?;
                self.add_tags(rows)?;
                self.members.as_mut().map_or(Ok(()), |members| members.add_tags(rows))
            }
            LOG => {
                self.add_seen(0, rows)?;
                self.members.as_mut().map_or(Ok(()), |members| members.add_log(rows))
            }
            CUSTOMERS => {
                self.add_seen(1, rows)?;
                self.members.as_mut().map_or(Ok(()), |members| members.add_customers(rows))
            }
            _ => self.add_audit(rows),
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        let of = |number| self.names(names, number);
        let ids = [TAGS, LOG, CUSTOMERS].into_iter().filter_map(of);
        let ids: Option<Vec<&Dictionary>> = ids.map(|names| names.get(Role::Customer)).collect();
        let ids = ids.ok_or_else(|| Allowed::refused(Role::Customer))?;
        let tables = of(LOG).map(|log| Tables { log, customers: of(CUSTOMERS), tags: of(TAGS) });
        let mut done = self.matching.advance(&ids, budget)?;
        if let (Some(members), Some(tables), true) = (&mut self.members, tables, done) {
            done = members.join(tables, budget)?;
        }
        Ok(Progress { done: u64::from(done), total: 1 })
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        self.is_decided = match &mut self.members {
            Some(members) => members.decide(budget)?,
            None => true,
        };
        if self.is_decided {
            sort(&mut self.current);
            self.current.dedup();
        }
        let known = |members: &Members| (members.done() as u64, members.known() as u64 + 1);
        let (done, total) = self.members.as_ref().map_or((0, 1), known);
        Ok(Progress { done: if self.is_decided { total } else { done }, total })
    }

    fn outcome(mut self, names: &[AllowedNames<'_>]) -> Result<Outcome<TagsResult, TagsOptions>> {
        if !self.is_decided {
            return Err(unfinished());
        }
        let (result, set) = self.result(names)?;
        let skipped = self.members.as_ref().map_or(0, |members| members.fold.skipped.after);
        let left_out = [
            ("after-at", skipped),
            ("denied", self.denied + self.assignments.denied),
            ("no-tag", self.assignments.untagged),
            ("no-finding", self.unread),
        ];
        let mut warnings = Vec::new();
        if self.assignments.unreadable > 0 {
            warnings.push(Warning {
                code: "tag-end",
                count: self.assignments.unreadable,
                hint:
                    "the end of these tags is no date such as 2025-06-01; they count as having none"
                        .to_owned(),
            });
        }
        if result.population.is_none() {
            warnings.push(Warning {
                code: "no-population",
                count: 1,
                hint: "nothing says how many customers there are: give `log`, `customers` or `population`"
                    .to_owned(),
            });
        }
        if let Some(members) = &self.members {
            self.options.count = Some(members.program.count);
        }
        Ok(Outcome {
            rows: self.assignments.rows - self.assignments.untagged,
            customers: set.length as u64,
            result,
            sets: vec![set],
            left_out: LeftOut::rows(&left_out),
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.current.capacity() * 8
            + self.ages.capacity() * 4
            + self.seen.iter().map(Vec::capacity).sum::<usize>()
            + self.matching.heap_size()
            + self.members.as_ref().map_or(0, Members::heap_size)
    }
}

impl Tags {
    fn names<'a, 'n>(
        &self,
        names: &'a [AllowedNames<'n>],
        number: usize,
    ) -> Option<&'a AllowedNames<'n>> {
        names.get(self.present.iter().position(|input| *input == number)?)
    }

    fn add_tags(&mut self, rows: Allowed<'_>) -> Result<()> {
        let Tags { assignments, current, ages, expired, later, moment, zone, .. } = self;
        let mut days = LocalDays::new(zone);
        assignments.read(rows, |row| {
            match row.state {
                State::Expired => *expired += 1,
                State::Later => *later += 1,
                State::Current => {
                    current.try_reserve(1).map_err(|_| no_memory())?;
                    current.push((row.customer, row.tag));
                    if let Some(time) = row.time {
                        ages.try_reserve(1).map_err(|_| no_memory())?;
                        ages.push(moment.day.saturating_sub(days.day_of(time)).max(0) as u32);
                    }
                }
            }
            Ok(())
        })
    }

    /// Which customers have a row up to the reference moment.
    fn add_seen(&mut self, table: usize, rows: Allowed<'_>) -> Result<()> {
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let times = rows.times().filter(|_| table == 0);
        let until = self.moment.until;
        let Some(seen) = self.seen.get_mut(table) else { return Ok(()) };
        let more = rows.known().saturating_sub(seen.len());
        seen.try_reserve(more).map_err(|_| no_memory())?;
        seen.resize(seen.len() + more, false);
        for (row, customer) in customers.iter().enumerate() {
            if rows.keep().is_some_and(|keep| !keep.get(*customer)) {
                // Those of the tags are counted where they are read.
                self.denied += u64::from(table < 2);
            } else if times.and_then(|times| times.get(row)).is_none_or(|time| *time < until)
                && let Some(seen) = seen.get_mut(*customer as usize)
            {
                *seen = true;
            }
        }
        Ok(())
    }

    fn add_audit(&mut self, rows: Allowed<'_>) -> Result<()> {
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let Some(AttributeValues::Text(tags)) = rows.attribute(TAG) else {
            return Err(not_granted(TAG));
        };
        let findings = rows.attribute(CORRECT).ok_or_else(|| not_granted(CORRECT))?;
        let words = rows.names().and_then(|names| names.attribute(CORRECT));
        for (row, (customer, tag)) in customers.iter().zip(tags).enumerate() {
            if rows.keep().is_some_and(|keep| !keep.get(*customer)) {
                self.denied += 1;
                continue;
            }
            let found = match findings {
                AttributeValues::Text(codes) => {
                    codes.get(row).and_then(|code| finding(words?.get(*code)?))
                }
                AttributeValues::Number(values, valid) => {
                    values.get(row).filter(|_| valid.get(row)).map(|value| *value != 0.0)
                }
            };
            let (Some(is_right), true) = (found, *tag != MISSING) else {
                self.unread += 1;
                continue;
            };
            let at = *tag as usize;
            if at >= self.audited.len() {
                self.audited.try_reserve(at + 1 - self.audited.len()).map_err(|_| no_memory())?;
                self.audited.resize(at + 1, [0; 2]);
            }
            if let Some(count) =
                self.audited.get_mut(at).and_then(|both| both.get_mut(usize::from(is_right)))
            {
                *count += 1;
            }
        }
        Ok(())
    }

    /// The computed tags, as common numbers of customers, one list for each tag.
    fn computed(&self, customers: usize) -> Vec<Vec<u32>> {
        let Some(members) = &self.members else { return Vec::new() };
        let number = |own: u32| {
            // Up to the customers of the log an own number is the log's code.
            let from_log = || self.matching.number(1, own);
            match (own as usize) < members.fold.known() {
                true => from_log(),
                false => self.matching.number(customers, members.code(0, own)?),
            }
        };
        let of = |is_in: &Vec<u8>| {
            let held = members.population.iter().zip(is_in).filter(|(_, is_in)| **is_in == 1);
            held.filter_map(|(own, _)| number(*own)).collect()
        };
        members.members.iter().map(of).collect()
    }

    fn result(&mut self, names: &[AllowedNames<'_>]) -> Result<(TagsResult, ColumnSet)> {
        let at_log = self.present.iter().position(|input| *input == LOG);
        let at_customers = self.present.iter().position(|input| *input == CUSTOMERS);
        let len = self.matching.len();
        // Who counts as a customer; with neither table whoever has a tag.
        let at_tags = (at_log.is_none() && at_customers.is_none()).then_some(0);
        let mut counts = vec![false; len];
        for (seen, table) in self.seen.iter().zip([at_log, at_customers, at_tags]) {
            let Some(table) = table else { continue };
            for (code, _) in seen.iter().enumerate().filter(|(_, seen)| **seen) {
                let number = self.matching.number(table, code as u32);
                if let Some(counts) = number.and_then(|number| counts.get_mut(number as usize)) {
                    *counts = true;
                }
            }
        }
        let is_counted = |number: u32| counts.get(number as usize).copied().unwrap_or(false);
        let population = match (at_log, at_customers, self.options.population) {
            (None, None, given) => given,
            _ => Some(counts.iter().filter(|counts| **counts).count() as u64),
        };
        let texts = self.names(names, TAGS).and_then(|names| names.attribute(TAG));
        let word = |texts: Option<&Dictionary>, code: u32| {
            let text = texts.and_then(|texts| texts.get(code)).unwrap_or_default();
            String::from_utf8_lossy(text).into_owned()
        };
        // Tags by name: first those of the table, then the computed ones.
        let mut tags: Vec<(String, bool, Vec<u32>)> = Vec::new();
        let mut at_code: Vec<Option<usize>> = vec![None; texts.map_or(0, Dictionary::len)];
        for (customer, tag) in self.current.iter().filter(|(customer, _)| is_counted(*customer)) {
            let Some(at) = at_code.get_mut(*tag as usize) else { continue };
            let at = *at.get_or_insert_with(|| {
                tags.push((word(texts, *tag), false, Vec::new()));
                tags.len() - 1
            });
            if let Some((.., customers)) = tags.get_mut(at) {
                customers.push(*customer);
            }
        }
        let computed = self.computed(at_customers.unwrap_or(0));
        for (TagRule { tag, .. }, mut customers) in self.options.computed.iter().zip(computed) {
            customers.sort_unstable();
            match tags.iter_mut().find(|(name, ..)| name == tag) {
                Some((_, computed, known)) => {
                    *computed = true;
                    known.extend(customers);
                    known.sort_unstable();
                    known.dedup();
                }
                None => tags.push((tag.clone(), true, customers)),
            }
        }
        let mut number_of_tags = vec![0u32; len];
        let mut number_of_conflicts = vec![0u32; len];
        let raise = |list: &mut Vec<u32>, customers: &[u32]| {
            for customer in customers {
                if let Some(count) = list.get_mut(*customer as usize) {
                    *count += 1;
                }
            }
        };
        tags.iter().for_each(|(.., customers)| raise(&mut number_of_tags, customers));
        let holders = |name: &str| {
            tags.iter().find(|(known, ..)| known == name).map_or(&[][..], |(.., held)| held)
        };
        let mut conflicts = Vec::new();
        for pair in &self.options.exclusive {
            let [left, right] = pair;
            let (left, right) = (holders(left), holders(right));
            let both: Vec<u32> =
                left.iter().copied().filter(|one| right.binary_search(one).is_ok()).collect();
            raise(&mut number_of_conflicts, &both);
            let either = (left.len() + right.len() - both.len()) as u64;
            conflicts.push(Conflict { tags: pair.clone(), customers: both.len() as u64, either });
        }
        let tagged = number_of_tags.iter().filter(|count| **count > 0).count() as u64;
        let coverage =
            match population.filter(|population| *population >= tagged && *population > 0) {
                Some(population) => {
                    let target = self.options.targets.coverage;
                    let mut share = self.share(tagged, population, Some(target))?;
                    share.verdict =
                        Some(if share.share >= target { Verdict::Met } else { Verdict::Missed });
                    Some(share)
                }
                None if population.is_some_and(|population| population < tagged) => {
                    return Err(invalid("more customers than that have a tag")
                        .at_path("options.population"));
                }
                None => None,
            };
        let audit = self.names(names, AUDIT).and_then(|names| names.attribute(TAG));
        let audited: Vec<(String, [u64; 2])> = (0..)
            .zip(&self.audited)
            .filter(|(_, [wrong, right])| wrong + right > 0)
            .map(|(code, both)| (word(audit, code), *both))
            .collect();
        let target = self.options.targets.accuracy;
        let accuracy_of = |[wrong, right]: [u64; 2]| match wrong + right {
            0 => Ok(None),
            all => self.share(right, all, Some(target)).map(Some),
        };
        let all = audited.iter().fold([0, 0], |[wrong, right], (_, own)| {
            let [own_wrong, own_right] = *own;
            [wrong + own_wrong, right + own_right]
        });
        let accuracy = accuracy_of(all)?;
        // An audited tag that nobody has is listed too.
        for (name, _) in &audited {
            if !tags.iter().any(|(known, ..)| known == name) {
                tags.push((name.clone(), false, Vec::new()));
            }
        }
        sort_by(&mut tags, |(left, _, a), (right, _, b)| {
            b.len().cmp(&a.len()).then_with(|| left.cmp(right))
        });
        let mut listed = Vec::new();
        for (name, computed, customers) in tags.iter().take(MOST_LISTED) {
            let found = audited.iter().find(|(known, _)| known == name);
            listed.push(TagOf {
                name: name.clone(),
                computed: *computed,
                customers: customers.len() as u64,
                share: population
                    .filter(|all| *all > 0)
                    .map(|all| customers.len() as f64 / all as f64),
                accuracy: accuracy_of(found.map_or([0, 0], |(_, both)| *both))?,
            });
        }
        let further_tags = tags.len().saturating_sub(MOST_LISTED) as u64;
        let freshness = self.freshness()?;
        let result = TagsResult {
            population,
            tagged,
            coverage,
            accuracy,
            freshness,
            expired: self.expired,
            later: self.later,
            tags: listed,
            further_tags,
            conflicts,
        };
        let numbers: Vec<u32> = (0..len as u32).filter(|number| is_counted(*number)).collect();
        let column = |list: &[u32]| {
            let of = |number: &u32| f64::from(list.get(*number as usize).copied().unwrap_or(0));
            Values::F64(numbers.iter().map(of).collect())
        };
        let columns = vec![
            NamedColumn { name: "customer", values: self.ids(&numbers, names)? },
            NamedColumn { name: "tags", values: column(&number_of_tags) },
            NamedColumn { name: "conflicts", values: column(&number_of_conflicts) },
        ];
        Ok((result, ColumnSet { name: "customers", length: numbers.len(), columns }))
    }

    fn freshness(&mut self) -> Result<Option<Freshness>> {
        self.ages.sort_unstable();
        let (Some(oldest), Some(median)) =
            (self.ages.last().copied(), self.ages.get((self.ages.len().max(1) - 1) / 2).copied())
        else {
            return Ok(None);
        };
        let fresh = self.ages.partition_point(|age| *age <= self.options.fresh_days) as u64;
        let fresh = self.share(fresh, self.ages.len() as u64, None)?;
        Ok(Some(Freshness { fresh, median_days: median, oldest_days: oldest }))
    }

    /// A share with its interval, and the verdict of a sample.
    fn share(&self, count: u64, of: u64, target: Option<f64>) -> Result<TagShare> {
        let interval =
            proportion_interval(count, of, self.options.confidence, ProportionInterval::Wilson)?;
        let verdict = target.map(|target| match interval {
            Interval { low, .. } if low >= target => Verdict::Met,
            Interval { high, .. } if high < target => Verdict::Missed,
            _ => Verdict::Unclear,
        });
        Ok(TagShare { count, of, share: count as f64 / of as f64, interval, target, verdict })
    }

    fn ids(&self, numbers: &[u32], names: &[AllowedNames<'_>]) -> Result<Values> {
        let tables = [TAGS, LOG, CUSTOMERS].into_iter();
        let ids: Vec<&Dictionary> = tables
            .filter_map(|number| self.names(names, number))
            .filter_map(|names| names.get(Role::Customer))
            .collect();
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        ends.try_reserve_exact(numbers.len()).map_err(|_| no_memory())?;
        for number in numbers {
            let id = self.matching.id(&ids, *number).unwrap_or_default();
            bytes.try_reserve(id.len()).map_err(|_| no_memory())?;
            bytes.extend_from_slice(id);
            ends.push(bytes.len() as u32);
        }
        Ok(Values::Text { bytes, ends })
    }
}

/// What an auditor wrote.
fn finding(word: &[u8]) -> Option<bool> {
    let is_one_of =
        |words: &[&str]| words.iter().any(|one| one.as_bytes().eq_ignore_ascii_case(word));
    if is_one_of(&["1", "true", "yes", "y", "right", "correct", "是", "对", "正确", "准确"]) {
        return Some(true);
    }
    let wrong = ["0", "false", "no", "n", "wrong", "incorrect", "否", "错", "错误", "不准确"];
    is_one_of(&wrong).then_some(false)
}
