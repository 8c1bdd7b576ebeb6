//! `segments`: who fulfils which rule, how many they are, what they spend, and why.
//!
//! Rules are given as text or as a tree (`docs/rules.md`), or taken from the ready ones. When not
//! to use it: for a score or a rank use `rfm`; for groups that nobody can put into words,
//! `clusters`.

use serde::{Deserialize, Serialize};

use super::members::{Findings, Members, Room, Tables};
use super::presets::{Preset, Words, ready};
use super::program::{
    Check, Node, Program, Purchases, Right, Source, attributes_of, invalid, needs_of_log,
};
use super::text::parse;
use super::tree::{Rule, RuleSource};
use super::words::Tongue;
use crate::customers::purchases::Count;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::plain::nearest;
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::population::{collected, no_memory, unfinished};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::table::dictionary::Dictionary;
use crate::table::money;
use crate::table::role::Role;

/// Options of `segments`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentsOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out.
    pub at: String,
    /// The segments; at most 64 with the ready ones.
    #[serde(default)]
    pub segments: Vec<SegmentRule>,
    /// Ready rules to add. Those that they refer to are added too.
    #[serde(default)]
    pub presets: Vec<Preset>,
    /// What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// The events that are purchases, where the role `event` is mapped. Without it every row is
    /// one. A negative amount is a refund and never a purchase.
    #[serde(default = "usual_events")]
    pub purchase_events: Vec<String>,
    /// The confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
    /// The name of a segment to explain: for every customer each condition with its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<String>,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentRule {
    /// Its name, by which other rules refer to it.
    pub name: String,
    /// The rule: text, or the tree.
    pub rule: RuleSource,
    /// What it is for, in your words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

pub(super) fn usual_events() -> Vec<String> {
    ["order", "purchase", "buy", "pay", "购买", "下单", "支付"].map(str::to_owned).to_vec()
}

/// Result of `segments`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentsResult {
    /// Everyone with a row in the log up to the reference moment, or in the table of customers.
    pub population: u64,
    /// Their money, refunds taken off; null if no amount is mapped or granted.
    pub revenue: Option<f64>,
    /// One for each segment, in the order of the request, ready ones last.
    pub segments: Vec<SegmentOf>,
    /// The conditions of the segment that was to be explained, as columns of the set `reasons`.
    pub explain: Option<Explained>,
}

/// One segment.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentOf {
    /// Its name.
    pub name: String,
    /// The column of the set `customers` that is 1 for those in it.
    pub column: &'static str,
    /// The rule in its usual writing.
    pub rule: String,
    /// What the request says of it.
    pub description: Option<String>,
    /// The rule as a sentence.
    pub sentence: Words,
    /// What a ready rule is called, means and suggests; null for others.
    pub preset: Option<PresetWords>,
    /// How many are in it.
    pub customers: u64,
    /// Their share of all customers.
    pub share: f64,
    /// Wilson's interval of the share, for customers like these.
    pub interval: Interval,
    /// Their money; null if no amount is mapped or granted.
    pub revenue: Option<f64>,
    /// Their share of all money; null without money, or if all money is not above 0.
    pub revenue_share: Option<f64>,
}

/// What a ready rule is called, means and suggests.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PresetWords {
    /// What people call it.
    pub called: Words,
    /// What it means.
    pub meaning: Words,
    /// What to do.
    pub action: Words,
}

/// Why customers are in a segment, or not.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explained {
    /// The segment.
    pub segment: String,
    /// Its conditions, in the order of the rule. Those of segments that it refers to are theirs.
    pub conditions: Vec<ExplainedCondition>,
}

/// One condition of a rule.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExplainedCondition {
    /// The condition in its usual writing.
    pub condition: String,
    /// The column that says whether it holds: 0 no, 1 yes, 2 no because a value is missing.
    pub holds: &'static str,
    /// The column with the value that was compared: a number (0 where it is missing) or a text;
    /// null for conditions without one.
    pub value: Option<&'static str>,
    /// What the value was compared with, where that is one number for all: of a percentile the
    /// value that it has among these customers.
    pub threshold: Option<f64>,
}

macro_rules! numbered {
    ($prefix:literal) => {
        numbered!($prefix: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26
            27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54
            55 56 57 58 59 60 61 62 63 64)
    };
    ($prefix:literal: $($number:literal)+) => {
        [$(concat!($prefix, $number)),+]
    };
}

/// The most segments of one request, and conditions of an explained one.
const MOST: usize = 64;
const MEMBER: [&str; MOST] = numbered!("segment");
const HOLDS: [&str; MOST] = numbered!("holds");
const VALUE: [&str; MOST] = numbered!("value");

/// Inputs, by their numbers.
const LOG: usize = 0;
const CUSTOMERS: usize = 1;
const TAGS: usize = 2;

/// The running analysis.
#[derive(Debug)]
pub struct Segments {
    options: SegmentsOptions,
    rules: Vec<(String, Rule)>,
    members: Members,
    /// The inputs that are there.
    present: Vec<usize>,
    is_decided: bool,
}

/// The rules of a request, with their names, ready ones last.
fn rules_of(options: &SegmentsOptions) -> Result<Vec<(String, Rule)>> {
    let mut rules: Vec<(String, Rule)> = Vec::new();
    for (at, SegmentRule { name, rule, .. }) in options.segments.iter().enumerate() {
        let inside = |error: Error| error.at_path(format!("segments[{at}].rule"));
        if name.trim().is_empty() || rules.iter().any(|(known, _)| known == name) {
            return Err(invalid("every segment has a name of its own")
                .at_path(format!("segments[{at}].name")));
        }
        let rule = match rule {
            RuleSource::Text(text) => parse(text).map_err(inside)?,
            RuleSource::Tree(rule) => rule.clone(),
        };
        rules.push((name.clone(), rule));
    }
    let mut wanted: Vec<&str> = options.presets.iter().map(|preset| preset.name()).collect();
    let mut next = 0;
    while let Some(name) = wanted.get(next).copied() {
        next += 1;
        if rules.iter().any(|(known, _)| known == name) {
            continue;
        }
        let Some(ready) = ready(name) else { continue };
        let rule = parse(ready.rule).map_err(|error| error.at_path("presets"))?;
        let mut others = Vec::new();
        referred(&rule, &mut others);
        wanted.extend(
            super::presets::ALL
                .iter()
                .map(|one| one.name.name())
                .filter(|one| others.iter().any(|other| other == one)),
        );
        rules.push((name.to_owned(), rule));
    }
    if rules.is_empty() {
        return Err(Error::new(Code::MissingField, "give at least one segment, or name a preset")
            .at_path("segments"));
    }
    if rules.len() > MOST {
        let hint = format!("one request has at most {MOST} segments");
        return Err(Error::new(Code::Limit, hint).at_path("segments"));
    }
    Ok(rules)
}

/// The segments that a rule refers to.
fn referred(rule: &Rule, found: &mut Vec<String>) {
    match rule {
        Rule::All(rules) | Rule::Any(rules) => rules.iter().for_each(|rule| referred(rule, found)),
        Rule::Not(rule) => referred(rule, found),
        Rule::Segment(name) => found.push(name.clone()),
        _ => {}
    }
}

fn purchases(options: &SegmentsOptions, log: Option<&Facts<'_>>) -> Purchases {
    let count = options.count.or_else(|| {
        let has_orders = log?.schema.position(Role::Order).is_some();
        has_orders.then_some(Count::Order)
    });
    Purchases { count: count.unwrap_or(Count::Row), events: options.purchase_events.clone() }
}

fn tables<'f, 's>(inputs: &'f [Facts<'s>]) -> Result<Tables<&'f Facts<'s>>> {
    let of = |number| inputs.iter().find(move |facts| facts.input == number);
    let log = of(LOG).ok_or_else(|| Error::new(Code::UnknownTable, "`segments` reads one log"))?;
    Ok(Tables { log, customers: of(CUSTOMERS), tags: of(TAGS) })
}

fn compiled(
    options: &SegmentsOptions,
    rules: &[(String, Rule)],
    tables: Tables<&Facts<'_>>,
) -> Result<Program> {
    Program::compile(&Source {
        at: &options.at,
        log: tables.log.schema,
        customers: tables.customers.map(|facts| facts.schema),
        has_tags: tables.tags.is_some(),
        purchases: &purchases(options, Some(tables.log)),
        rules,
    })
    .map_err(|error| match error.path() {
        // Ready rules come after those of the request.
        Some(path) if path.starts_with('[') => {
            let at: Option<usize> = path
                .get(1..)
                .and_then(|rest| rest.split_once(']'))
                .and_then(|(at, _)| at.parse().ok());
            match at.filter(|at| *at < options.segments.len()) {
                Some(at) => error.at_path(format!("segments[{at}].rule")),
                None => error.at_path("presets"),
            }
        }
        _ => error,
    })
}

impl Analysis for Segments {
    const NAME: &'static str = "segments";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Rules over the customers' log, with Wilson intervals of the shares",
        reference: "Wilson, E. B. (1927). Probable inference, the law of succession, and \
                    statistical inference. Journal of the American Statistical Association 22, \
                    209–212.",
    };
    const INPUTS: &'static [&'static str] = &["log"];
    const OPTIONAL: &'static [&'static str] = &["customers", "tags"];

    type Options = SegmentsOptions;
    type Result = SegmentsResult;

    fn needs(options: &SegmentsOptions, input: usize) -> Result<Needs> {
        let rules = rules_of(options)?;
        let rules = rules.iter().map(|(_, rule)| rule);
        Ok(match input {
            LOG => needs_of_log(rules, options.count == Some(Count::Order)),
            CUSTOMERS => {
                Needs::roles(&[Role::Customer]).and_attributes_if_mapped(attributes_of(rules))
            }
            _ => super::assigned::Assignments::needs(),
        })
    }

    fn estimate(options: &SegmentsOptions, inputs: &[Facts<'_>]) -> u64 {
        let estimated = || {
            let tables = tables(inputs)?;
            let program = compiled(options, &rules_of(options)?, tables)?;
            Ok::<u64, Error>(Members::estimate(&program, tables))
        };
        // What is wrong with the request is said by `start`.
        estimated().unwrap_or(0)
    }

    fn start(options: SegmentsOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let confidence = options.confidence;
        check_confidence(confidence)?;
        let rules = rules_of(&options)?;
        if let Some(name) = &options.explain {
            let names: Vec<&str> = rules.iter().map(|(name, _)| name.as_str()).collect();
            if !names.contains(&name.as_str()) {
                let hint = match nearest(name, &names) {
                    Some(near) => format!("there is no such segment; did you mean `{near}`?"),
                    None => "name one of the segments of this request".to_owned(),
                };
                return Err(invalid(hint).at_path("explain"));
            }
        }
        let tables = tables(inputs)?;
        let program = compiled(&options, &rules, tables)?;
        let members = Members::new(program, tables)?;
        let present = inputs.iter().map(|facts| facts.input).collect();
        Ok(Segments { options, rules, members, present, is_decided: false })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        match input {
            LOG => self.members.add_log(rows),
            CUSTOMERS => self.members.add_customers(rows),
            _ => self.members.add_tags(rows),
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        let names = of_names(&self.present, names)?;
        let done = self.members.join(names, budget)?;
        Ok(Progress { done: u64::from(done), total: 1 })
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        self.is_decided = self.members.decide(budget)?;
        if self.is_decided && self.members.population.is_empty() {
            return Err(Error::new(
                Code::NotEnoughData,
                "no customer has a row up to this date: is it right?",
            )
            .at_path("at"));
        }
        let total = self.members.known() as u64 + 1;
        let done = self.members.done() as u64;
        Ok(Progress { done: if self.is_decided { total } else { done }, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<SegmentsResult, SegmentsOptions>> {
        if !self.is_decided {
            return Err(unfinished());
        }
        let names = of_names(&self.present, names)?;
        let mut sets = vec![self.customers(names)?];
        let explain = match self.options.explain.clone() {
            Some(name) => {
                let (explained, set) = self.explained(&name, names)?;
                sets.push(set);
                Some(explained)
            }
            None => None,
        };
        let result = self.result(explain)?;
        let fold = &self.members.fold;
        let [denied_tags, untagged, unreadable] = self.members.tag_rows();
        let left_out = [
            ("after-at", fold.skipped.after),
            ("denied", fold.skipped.denied + denied_tags),
            ("no-tag", untagged),
        ];
        let left_out = left_out.into_iter().filter(|(_, rows)| *rows > 0);
        let mut warnings = Vec::new();
        if fold.rows > 0 && fold.purchase_rows == 0 {
            warnings.push(Warning {
                code: "no-purchases",
                count: fold.rows,
                hint: "no row is a purchase: say in `purchaseEvents` how purchases are called"
                    .to_owned(),
            });
        }
        if unreadable > 0 {
            warnings.push(Warning {
                code: "tag-end",
                count: unreadable,
                hint:
                    "the end of these tags is no date such as 2025-06-01; they count as having none"
                        .to_owned(),
            });
        }
        self.options.count = Some(self.members.program.count);
        Ok(Outcome {
            rows: fold.rows,
            customers: result.population,
            result,
            sets,
            left_out: left_out
                .map(|(reason, rows)| LeftOut { reason, rows, customers: 0 })
                .collect(),
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.members.heap_size()
    }
}

/// The names of the inputs that are there.
fn of_names<'a, 'n>(
    present: &[usize],
    names: &'a [AllowedNames<'n>],
) -> Result<Tables<&'a AllowedNames<'n>>> {
    let of = |number| {
        let at = present.iter().position(|input| *input == number)?;
        names.get(at)
    };
    let log = of(LOG).ok_or_else(|| Allowed::refused(Role::Customer))?;
    Ok(Tables { log, customers: of(CUSTOMERS), tags: of(TAGS) })
}

impl Segments {
    fn result(&self, explain: Option<Explained>) -> Result<SegmentsResult> {
        let members = &self.members;
        let scale = members.fold.scale();
        let customers = members.population.len() as u64;
        let minor = members.revenue()?;
        let sum = |is_in: Option<&[u8]>| {
            let minor = minor.as_ref()?.iter();
            Some(match is_in {
                // 1 or 0, without a branch.
                Some(is_in) => {
                    let own = minor.zip(is_in).map(|(minor, is_in)| minor & -i64::from(*is_in));
                    own.map(i128::from).sum()
                }
                None => minor.copied().map(i128::from).sum::<i128>(),
            })
        };
        let all = sum(None);
        let mut segments = Vec::new();
        for (at, (name, rule)) in self.rules.iter().enumerate() {
            let is_in = members.members.get(at).map_or(&[][..], Vec::as_slice);
            let count = is_in.iter().filter(|is_in| **is_in == 1).count() as u64;
            let revenue = sum(Some(is_in));
            let interval = proportion_interval(
                count,
                customers,
                self.options.confidence,
                ProportionInterval::Wilson,
            )?;
            let own = self.options.segments.get(at);
            let preset = match own {
                Some(_) => None,
                None => ready(name).map(|ready| PresetWords {
                    called: Words::of(ready.called),
                    meaning: Words::of(ready.meaning),
                    action: Words::of(ready.action),
                }),
            };
            segments.push(SegmentOf {
                name: name.clone(),
                column: MEMBER.get(at).copied().unwrap_or_default(),
                rule: rule.to_string(),
                description: own.and_then(|own| own.description.clone()),
                sentence: Words { zh: Tongue::Zh.sentence(rule), en: Tongue::En.sentence(rule) },
                preset,
                customers: count,
                share: count as f64 / customers as f64,
                interval,
                revenue: revenue.map(|minor| money::to_f64(minor, scale)),
                revenue_share: match (revenue, all) {
                    (Some(own), Some(all)) if all > 0 => Some(own as f64 / all as f64),
                    _ => None,
                },
            });
        }
        let revenue = all.map(|minor| money::to_f64(minor, scale));
        Ok(SegmentsResult { population: customers, revenue, segments, explain })
    }

    fn ids(&self, names: Tables<&AllowedNames<'_>>) -> Result<NamedColumn> {
        let population = &self.members.population;
        let of_log = names.log.get(Role::Customer).map_or(0, Dictionary::len);
        // Those who stand only in the table of customers come last.
        if population.last().is_none_or(|last| (*last as usize) < of_log) {
            let values = crate::job::ids(population, std::slice::from_ref(names.log))?;
            return Ok(NamedColumn { name: "customer", values });
        }
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        ends.try_reserve_exact(population.len()).map_err(|_| no_memory())?;
        for id in self.members.ids(names) {
            bytes.try_reserve(id.len()).map_err(|_| no_memory())?;
            bytes.extend_from_slice(id);
            ends.push(bytes.len() as u32);
        }
        Ok(NamedColumn { name: "customer", values: Values::Text { bytes, ends } })
    }

    /// Who is in which segment.
    fn customers(&mut self, names: Tables<&AllowedNames<'_>>) -> Result<ColumnSet> {
        let mut columns = vec![self.ids(names)?];
        for (name, members) in MEMBER.iter().copied().zip(&self.members.members) {
            let values = collected(members.iter().copied(), members.len())?;
            columns.push(NamedColumn { name, values: Values::U8(values) });
        }
        Ok(ColumnSet { name: "customers", length: self.members.population.len(), columns })
    }

    /// The conditions of a segment, with their values for every customer.
    fn explained(
        &self,
        name: &str,
        names: Tables<&AllowedNames<'_>>,
    ) -> Result<(Explained, ColumnSet)> {
        let members = &self.members;
        let rule = self.rules.iter().position(|(known, _)| known == name).unwrap_or(0);
        let mut leaves = Vec::new();
        if let Some(root) = members.program.roots.get(rule) {
            leaves_of(root, &mut leaves);
        }
        if leaves.len() > MOST {
            let hint = format!("a segment with more than {MOST} conditions cannot be explained");
            return Err(Error::new(Code::Limit, hint).at_path("options.explain"));
        }
        let mut columns = vec![self.ids(names)?];
        let mut conditions = Vec::new();
        let population = &members.population;
        for ((leaf, holds), value) in leaves.iter().zip(HOLDS).zip(VALUE) {
            let Some(condition) = members.program.leaves.get(*leaf) else { continue };
            let Findings { holds: held, values: mut numbers } =
                members.findings(*leaf, population, None, &mut Room::default())?;
            // Where a value is missing its condition says so; the column has a number.
            let missing = numbers.iter_mut().filter(|number| number.is_nan());
            missing.for_each(|number| *number = 0.0);
            columns.push(NamedColumn { name: holds, values: Values::U8(held) });
            let values = match &condition.check {
                Check::Compare { .. } | Check::MissingNumber(_) => Some(Values::F64(numbers)),
                Check::Text { attribute, .. } | Check::MissingText(attribute) => {
                    Some(self.texts(*attribute, names)?)
                }
                Check::Tag(_) | Check::Sequence(_) => None,
            };
            let threshold = match &condition.check {
                Check::Compare { right: Right::Number(number), .. } => Some(*number),
                Check::Compare { right: Right::Percentile(at), .. } => members.percentile(*at),
                _ => None,
            };
            conditions.push(ExplainedCondition {
                condition: condition.text.clone(),
                holds,
                value: values.as_ref().map(|_| value),
                threshold,
            });
            columns.extend(values.map(|values| NamedColumn { name: value, values }));
        }
        let set = ColumnSet { name: "reasons", length: population.len(), columns };
        Ok((Explained { segment: name.to_owned(), conditions }, set))
    }

    /// The texts of an attribute; empty where there is none.
    fn texts(&self, attribute: usize, names: Tables<&AllowedNames<'_>>) -> Result<Values> {
        let texts = self.members.texts_of(attribute, names);
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        ends.try_reserve_exact(self.members.population.len()).map_err(|_| no_memory())?;
        for number in &self.members.population {
            let code = self.members.text(attribute, *number);
            let text = code.and_then(|code| texts?.get(code)).unwrap_or_default();
            bytes.try_reserve(text.len()).map_err(|_| no_memory())?;
            bytes.extend_from_slice(text);
            ends.push(bytes.len() as u32);
        }
        Ok(Values::Text { bytes, ends })
    }
}

/// The conditions below a node, in the order of the rule.
fn leaves_of(node: &Node, found: &mut Vec<usize>) {
    match node {
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|node| leaves_of(node, found)),
        Node::Not(node) => leaves_of(node, found),
        Node::Segment(_) => {}
        Node::Leaf(at) => found.push(*at),
    }
}
