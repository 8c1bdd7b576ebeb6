//! `churn-risk`: who is about to leave, how sure that is, why, and whom to contact.
//!
//! Learned either from a table of customers with a label, or from a log: at cut-offs in the past,
//! features are what was known before, and who then bought nothing within the horizon had left. A
//! penalised logistic regression and gradient-boosted trees are always both fitted, and judged on rows
//! that neither learned from: of a table each customer once, in turns; of a log those of the newest
//! cut-off whose horizon has passed. The better one scores.
//!
//! When not to use it: where nobody knows yet who left (`lifetime-value` needs no labels); and a model
//! foretells who leaves, not whom an offer keeps: hold out a part of the targets to learn that.
#![allow(clippy::indexing_slicing)] // Lists have a place for every row or every feature.

use super::effects::Effects;
use super::judge::{Comparison, Judge, SAMPLES};
use super::label::Windows;
use super::learn::{Asked, Learner, TURN};
use super::model::{Chosen, ModelFeature, RiskModel, Spread};
use super::options::{CampaignOptions, Choice, ChurnRiskOptions, ChurnRiskResult};
use super::reasons::Key;
use super::rhythm;
use super::table::{Feature, LOG_FEATURES, Part, Table};
use crate::churn::btyd::{History, Model};
use crate::churn::paid_log::PaidLog;
use crate::customers::attributes::{AttributeOf, Latest};
use crate::customers::daily::DailyMoney;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress, filled, ids, no_memory, unfinished};
use crate::learn::boost::Growth;
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome};
use crate::stats::confidence::check_confidence;
use crate::stats::order::sort;
use crate::stats::random::Random;
use crate::table::money;
use crate::table::role::Role;

/// The input with a log; that with customers is 0.
const LOG: usize = 1;
/// Rows of each kind at least, to learn from.
const FEW: usize = 10;
/// Words for somebody who left.
const WORDS: [&str; 11] =
    ["1", "yes", "y", "true", "churn", "churned", "left", "lost", "是", "流失", "已流失"];
/// Words for somebody who did not.
const STAYED: [&str; 11] =
    ["0", "no", "n", "false", "stayed", "active", "retained", "kept", "否", "未流失", "留存"];
/// Features that alone foretell who leaves, and with which sign.
const RIVALS: [(&str, f64); 2] = [("recencyDays", 1.0), ("expectedPurchaseDays", -1.0)];
/// Groups whose errors are compared, at most.
const MOST_GROUPS: usize = 50;
/// Reasons of each customer.
pub(super) const REASONS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Days,
    Rhythms,
    Rows,
    Prepare,
    Learn,
    Judge,
    Compare,
    Effects,
    Score,
    Done,
}

/// Where rows come from.
#[derive(Debug)]
pub(super) enum Given {
    Log(Box<PaidLog>),
    Customers { attributes: Latest, seen: Vec<bool>, rows: u64, denied: u64 },
}

/// What was told of the customers scored.
#[derive(Debug, Default)]
pub(super) struct Scored {
    /// Rows of the table.
    pub(super) rows: Vec<usize>,
    pub(super) probabilities: Vec<f64>,
    pub(super) scores: Vec<f64>,
    pub(super) keys: Vec<[Option<Key>; REASONS]>,
    pub(super) parts: Vec<[f64; REASONS]>,
    pub(super) others: Vec<f64>,
    /// Sum over customers of the size of each feature's contribution.
    pub(super) importance: Vec<f64>,
    pub(super) baseline: f64,
}

/// The running analysis.
#[derive(Debug)]
pub struct ChurnRisk {
    pub(super) options: ChurnRiskOptions,
    pub(super) given: Given,
    pub(super) phase: Phase,
    pub(super) next: usize,
    pub(super) table: Table,
    pub(super) cutoffs: Vec<(Windows, Part)>,
    /// What was known at the cut-off whose model is learned next, and the models of those before it.
    pub(super) histories: Vec<History>,
    pub(super) rhythms: Vec<Option<Model>>,
    pub(super) learner: Option<Learner>,
    pub(super) judge: Option<Judge>,
    /// The scores of the challenger by code, and its judgement against the model.
    pub(super) challenged: Vec<f64>,
    pub(super) comparison: Option<Judge>,
    /// The rows that `judge` has, with their turns.
    pub(super) held: Vec<(usize, u8)>,
    pub(super) effects: Option<Effects>,
    /// Names of groups, and for each customer of the table the place of the own one.
    pub(super) groups: (Vec<Option<String>>, Vec<usize>),
    pub(super) model: Option<RiskModel>,
    pub(super) scored: Scored,
    pub(super) trees: u32,
    pub(super) converged: bool,
    pub(super) result: Option<(ChurnRiskResult, Vec<NamedColumn>, Vec<u32>)>,
}

/// The attributes that are read: features, label, turns.
fn attributes(options: &ChurnRiskOptions) -> Vec<&str> {
    let features = match &options.model {
        Some(model) => model.features.iter().map(|feature| feature.name.as_str()).collect(),
        None => options.attributes.iter().map(String::as_str).collect::<Vec<_>>(),
    };
    let rival = options.challenger.iter().flat_map(|model| &model.features);
    let features = features.into_iter().chain(rival.map(|feature| feature.name.as_str()));
    let more = options.label.iter().chain(&options.turns_by).chain(&options.groups_by);
    let more = more.map(String::as_str);
    let mut all: Vec<&str> = features.chain(more).collect();
    sort(&mut all);
    all.dedup();
    all
}

/// The distinct values of an attribute as texts, missing ones (`None`) first, and the place among them
/// of each customer's.
fn distinct(
    names: &AllowedNames<'_>,
    name: &str,
    values: &AttributeOf,
    customers: &[u32],
) -> (Vec<Option<String>>, Vec<usize>) {
    let texts = names.attribute(name);
    let text = |code: u32| {
        let text = values.text(code).and_then(|text| texts.and_then(|texts| texts.get(text)));
        let text = text.map(|text| String::from_utf8_lossy(text).into_owned());
        text.or_else(|| values.number(code).map(|number| number.to_string()))
    };
    let own: Vec<Option<String>> = customers.iter().map(|code| text(*code)).collect();
    let mut keys = own.clone();
    sort(&mut keys);
    keys.dedup();
    let places = own.iter().map(|own| keys.binary_search(own).unwrap_or(0)).collect();
    (keys, places)
}

/// The place of a feature that an imported model asks.
fn place(features: &[Feature], wanted: &ModelFeature, path: &'static str) -> Result<usize> {
    let is_it = |feature: &Feature| feature.name == wanted.name && feature.levels == wanted.levels;
    features.iter().position(is_it).ok_or_else(|| {
        let hint = format!("the model asks for `{}`, which is not there as it was", wanted.name);
        Error::new(Code::InvalidOption, hint).at_path(path)
    })
}

/// Puts the features into the order of an imported model.
fn arrange(table: &mut Table, model: &RiskModel, path: &'static str) -> Result<()> {
    let mut features = std::mem::take(&mut table.features);
    for wanted in &model.features {
        let at = place(&features, wanted, path)?;
        table.features.push(features.swap_remove(at));
    }
    Ok(())
}

fn invalid(path: &'static str, hint: &'static str) -> Error {
    Error::new(Code::InvalidOption, hint).at_path(path)
}

impl Analysis for ChurnRisk {
    const NAME: &'static str = "churn-risk";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Penalised logistic regression and gradient-boosted trees, judged on rows held out",
        reference: "le Cessie, S., van Houwelingen, J. C. (1992). Applied Statistics 41. Friedman, J. H. \
                    (2001). Annals of Statistics 29. Lundberg, S. M., Erion, G., Lee, S.-I. (2018). \
                    Verbraken, T., Verbeke, W., Baesens, B. (2013). IEEE TKDE 25.",
    };
    const INPUTS: &'static [&'static str] = &[];
    const OPTIONAL: &'static [&'static str] = &["customers", "log"];

    type Options = ChurnRiskOptions;
    type Result = ChurnRiskResult;

    fn needs(options: &ChurnRiskOptions, input: usize) -> Result<Needs> {
        Ok(if input == LOG {
            PaidLog::needs()
        } else {
            Needs::roles(&[Role::Customer]).and_attributes(attributes(options))
        })
    }

    fn estimate(options: &ChurnRiskOptions, inputs: &[Facts<'_>]) -> u64 {
        let Some(facts) = inputs.first() else { return 0 };
        let (rows, features) = if facts.input == LOG {
            (facts.customers * (u64::from(options.cutoffs) + 2), LOG_FEATURES.len() as u64)
        } else {
            (facts.customers, attributes(options).len() as u64)
        };
        let read = if facts.input == LOG {
            DailyMoney::estimate(facts.rows, facts.customers)
        } else {
            Latest::estimate(features, facts.rows, facts.customers)
        };
        // Values twice while they are sorted, standardised columns, bins, and some lists of rows.
        let columns = if facts.input == LOG { 3 * features } else { (8 * features).min(300) };
        read + rows * (features * 17 + columns * 8 + 400)
    }

    fn start(options: ChurnRiskOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let [facts] = inputs else {
            return Err(Error::new(
                Code::UnknownTable,
                "name one input: `customers`, a table with a label, or `log`",
            ));
        };
        check_confidence(options.confidence)?;
        let days = 1..=3650;
        let CampaignOptions { value, incentive, contact, acceptance } = options.campaign;
        let is_money = |money: f64| money >= 0.0 && money.is_finite();
        let bounds = [
            ("turns", (2..=20).contains(&options.turns)),
            ("horizonDays", days.contains(&options.horizon_days)),
            ("gapDays", options.gap_days <= 365),
            ("lookbackDays", days.contains(&options.lookback_days)),
            ("cutoffs", (1..=24).contains(&options.cutoffs)),
            ("penalty", options.penalty > 0.0 && options.penalty.is_finite()),
            ("depth", (1..=6).contains(&options.depth)),
            ("campaign.value", is_money(value) && value > incentive),
            ("campaign.incentive", is_money(incentive)),
            ("campaign.contact", is_money(contact)),
            ("campaign.acceptance", acceptance > 0.0 && acceptance < 1.0),
        ];
        if let Some((path, _)) = bounds.into_iter().find(|(_, holds)| !holds) {
            let hint = "this is beyond what the option can be: see its documentation";
            return Err(invalid(path, hint));
        }
        if let Some(model) = &options.model {
            model.check()?;
        }
        if let Some(model) = &options.challenger {
            let is_known = options.label.is_some() && facts.input != LOG;
            if options.model.is_some() && !is_known {
                let hint =
                    "an imported `model` is held against a challenger on customers with a `label`";
                return Err(invalid("challenger", hint));
            }
            model.check().map_err(|error| error.at_path("challenger"))?;
        }
        let given = if facts.input == LOG {
            let at =
                options.at.as_deref().ok_or_else(|| invalid("at", "a log needs its moment"))?;
            Given::Log(Box::new(PaidLog::start(at, options.refunds, options.zeros, facts)?))
        } else {
            if options.label.is_none() && options.model.is_none() {
                return Err(invalid("label", "name the attribute that says who left"));
            }
            if options.attributes.is_empty() && options.model.is_none() {
                return Err(invalid("attributes", "name the attributes that may be used"));
            }
            let is_used = |name: &String| options.attributes.contains(name);
            if options.label.as_ref().is_some_and(is_used) {
                return Err(invalid("attributes", "the label cannot foretell itself"));
            }
            let attributes = Latest::new(attributes(&options), facts.schema, None);
            Given::Customers { attributes, seen: Vec::new(), rows: 0, denied: 0 }
        };
        Ok(ChurnRisk {
            options,
            given,
            phase: Phase::Days,
            next: 0,
            table: Table::default(),
            cutoffs: Vec::new(),
            histories: Vec::new(),
            rhythms: Vec::new(),
            learner: None,
            judge: None,
            challenged: Vec::new(),
            comparison: None,
            held: Vec::new(),
            effects: None,
            groups: Default::default(),
            model: None,
            scored: Scored::default(),
            trees: 0,
            converged: true,
            result: None,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        match &mut self.given {
            Given::Log(log) => log.update(rows),
            Given::Customers { attributes, seen, rows: count, denied } => {
                let codes = rows.codes(Role::Customer);
                let codes = codes.ok_or_else(|| Allowed::refused(Role::Customer))?;
                if seen.len() < rows.known() {
                    seen.try_reserve(rows.known() - seen.len()).map_err(|_| no_memory())?;
                    seen.resize(rows.known(), false);
                }
                for code in codes {
                    if rows.keep().is_none_or(|keep| keep.get(*code)) {
                        seen[*code as usize] = true;
                        *count += 1;
                    } else {
                        *denied += 1;
                    }
                }
                attributes.update(rows)
            }
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        if let (Given::Customers { .. }, Some(names)) = (&self.given, names.first()) {
            self.table = self.read(names)?;
            self.phase = Phase::Prepare;
        }
        Ok(Progress::default())
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let turns = u64::from(self.turns());
        let (learned, judged) = ((turns + 1) * TURN, SAMPLES as u64);
        let total = learned + judged + 5 * TURN;
        let done = match self.phase {
            Phase::Days => {
                let Given::Log(log) = &mut self.given else { return Err(unfinished()) };
                if log.days.settle(budget)? {
                    self.table = Table::of_log();
                    self.cutoffs = self.cutoffs()?;
                    self.phase = Phase::Rhythms;
                }
                0
            }
            Phase::Rhythms => {
                self.rhythms(budget)?;
                TURN / 2 * self.rhythms.len() as u64 / self.cutoffs.len().max(1) as u64
            }
            Phase::Rows => {
                self.rows(budget)?;
                TURN / 2
            }
            Phase::Prepare => {
                self.prepare()?;
                TURN
            }
            Phase::Learn => {
                let Some(learner) = &mut self.learner else { return Err(unfinished()) };
                let is_done = learner.advance(budget)?;
                let done = TURN + learner.done().min(learned);
                if is_done {
                    self.judge = Some(self.judge()?);
                    self.phase = Phase::Judge;
                }
                done
            }
            Phase::Judge => {
                let is_imported = self.comparison.is_some();
                let judge = self.comparison.as_mut().or(self.judge.as_mut());
                let Some(judge) = judge else { return Err(unfinished()) };
                let is_done = judge.sample();
                let done = judge.done() as u64;
                if is_done && is_imported {
                    self.phase = Phase::Score;
                } else if is_done {
                    self.choose()?;
                }
                TURN + learned + done
            }
            Phase::Compare => {
                let Some(judge) = &mut self.comparison else { return Err(unfinished()) };
                if judge.sample() {
                    self.phase = Phase::Effects;
                }
                TURN + learned + judged
            }
            Phase::Effects => {
                let (Some(effects), Some(model)) = (&mut self.effects, &self.model) else {
                    return Err(unfinished());
                };
                if effects.advance(&self.table, model, self.options.confidence)? {
                    self.phase = Phase::Score;
                }
                let all = Effects::total(self.table.features.len()).max(1) as u64;
                TURN + learned + judged + effects.done() as u64 * TURN / all
            }
            Phase::Score => {
                self.score(budget)?;
                let all = self.table.rows().max(1) as u64;
                if self.next >= self.table.rows() {
                    self.result = Some(self.result()?);
                    self.phase = Phase::Done;
                }
                3 * TURN + learned + judged + self.next as u64 * TURN / all
            }
            Phase::Done => total,
        };
        let done = if self.phase == Phase::Done { total } else { done.min(total - 1) };
        Ok(Progress { done, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<ChurnRiskResult, ChurnRiskOptions>> {
        let (result, mut columns, codes) = self.result.take().ok_or_else(unfinished)?;
        columns.insert(0, NamedColumn { name: "customer", values: ids(&codes, names)? });
        let (rows, left_out) = match &self.given {
            Given::Log(log) => (log.rows, log.left_out()),
            Given::Customers { rows, denied: 0, .. } => (*rows, Vec::new()),
            Given::Customers { rows, denied, .. } => {
                (*rows, vec![LeftOut { reason: "denied", rows: *denied, customers: 0 }])
            }
        };
        Ok(Outcome {
            rows,
            customers: result.population,
            sets: vec![ColumnSet { name: "customers", length: codes.len(), columns }],
            left_out,
            warnings: self.warnings(&result),
            options: self.options,
            result,
        })
    }

    fn heap_size(&self) -> usize {
        let given = match &self.given {
            Given::Log(log) => log.days.heap_size(),
            Given::Customers { attributes, .. } => attributes.heap_size(),
        };
        given
            + self.table.heap_size()
            + self.learner.as_ref().map_or(0, Learner::heap_size)
            + self.scored.rows.capacity() * 140
            + self.challenged.capacity() * 8
    }
}

impl ChurnRisk {
    fn turns(&self) -> u8 {
        if matches!(self.given, Given::Log(_)) { 1 } else { self.options.turns }
    }

    /// The table of the customers, with labels and turns where they are given.
    fn read(&mut self, names: &AllowedNames<'_>) -> Result<Table> {
        let Given::Customers { attributes, seen, .. } = &mut self.given else {
            return Err(unfinished());
        };
        let latest = std::mem::take(attributes).finish(names);
        let codes: Vec<u32> =
            (0..).zip(seen.iter()).filter(|(_, seen)| **seen).map(|(code, _)| code).collect();
        let options = &self.options;
        // Groups may be features too.
        let is_asked = |name: &String| match &options.model {
            Some(model) => model.features.iter().any(|feature| feature.name == *name),
            None => options.attributes.contains(name),
        };
        let is_feature = |name: &String| {
            let others = [&options.label, &options.turns_by];
            is_asked(name) && others.iter().all(|other| other.as_ref() != Some(name))
        };
        let other = |wanted: &Option<String>| {
            let own = |(name, _): &&(String, AttributeOf)| Some(name) == wanted.as_ref();
            latest.iter().find(own).cloned()
        };
        let (label, turns_by, groups_by) =
            (other(&options.label), other(&options.turns_by), other(&options.groups_by));
        let given = |model: Option<&RiskModel>, name: &str| {
            let mut features = model?.features.iter();
            features.find(|feature| feature.name == name)?.levels.clone()
        };
        if let Some(challenger) = &options.challenger {
            let is_own = |name: &String| challenger.features.iter().any(|own| own.name == *name);
            let own: Vec<_> = latest.iter().filter(|(name, _)| is_own(name)).cloned().collect();
            let levels = |name: &str| given(Some(challenger), name);
            let mut table = Table::of_attributes(codes.clone(), &own, names, &levels)?;
            arrange(&mut table, challenger, "challenger.features")?;
            let most = table.customers.iter().max().map_or(0, |most| *most as usize + 1);
            self.challenged = filled(0.0, most)?;
            let mut row = Vec::new();
            for (at, code) in table.customers.iter().enumerate() {
                table.row(at, &mut row);
                self.challenged[*code as usize] = challenger.score(&row);
            }
        }
        let given = |name: &str| given(options.model.as_ref(), name);
        let features: Vec<_> = latest.into_iter().filter(|(name, _)| is_feature(name)).collect();
        let mut table = Table::of_attributes(codes, &features, names, &given)?;
        if let Some((name, label)) = &label {
            for row in 0..table.rows() {
                table.labels[row] = self.left(names, name, label, table.customers[row])?;
            }
            if table.labels.iter().all(Option::is_none) && options.model.is_none() {
                return Err(
                    Error::new(Code::NotEnoughData, "no customer has a label").at_path("label")
                );
            }
        }
        if let Some((name, turns)) = &turns_by {
            let (keys, own) = distinct(names, name, turns, &table.customers);
            if !(2..=20).contains(&keys.iter().flatten().count()) {
                return Err(invalid("turnsBy", "turns are 2 to 20 distinct values"));
            }
            // Missing ones come first.
            let first = usize::from(keys.first() == Some(&None));
            self.options.turns = (keys.len() - first) as u8;
            for (part, own) in table.parts.iter_mut().zip(own) {
                let turn = own.checked_sub(first);
                *part = turn.map_or(Part::Scored, |turn| Part::Turn(turn as u8));
            }
        }
        if let Some((name, groups)) = &groups_by {
            let (keys, own) = distinct(names, name, groups, &table.customers);
            if keys.len() > MOST_GROUPS {
                let hint = "groups are at most 50 distinct values";
                return Err(invalid("groupsBy", hint));
            }
            let most = table.customers.iter().max().map_or(0, |most| *most as usize + 1);
            let mut of = filled(0, most)?;
            table.customers.iter().zip(own).for_each(|(code, own)| of[*code as usize] = own);
            self.groups = (keys, of);
        }
        Ok(table)
    }

    /// Whether a customer left, by the label.
    fn left(
        &self,
        names: &AllowedNames<'_>,
        name: &str,
        label: &AttributeOf,
        code: u32,
    ) -> Result<Option<bool>> {
        let wanted = self.options.left.as_deref();
        if let Some(number) = label.number(code) {
            return match wanted.map(str::parse::<f64>) {
                Some(Ok(wanted)) => Ok(Some(number == wanted)),
                None if number == 0.0 || number == 1.0 => Ok(Some(number == 1.0)),
                _ => Err(invalid("left", "say which number of the label stands for having left")),
            };
        }
        let texts = names.attribute(name);
        let text = |text: u32| {
            String::from_utf8_lossy(texts.and_then(|t| t.get(text)).unwrap_or_default())
        };
        let Some(own) = label.text(code).map(text) else { return Ok(None) };
        let word = own.trim().to_lowercase();
        let is_of = |words: &[&str]| words.contains(&word.as_str());
        match wanted {
            Some(wanted) => Ok(Some(own == wanted)),
            None if is_of(&WORDS) || is_of(&STAYED) => Ok(Some(is_of(&WORDS))),
            None => Err(invalid("left", "say which value of the label stands for having left")),
        }
    }

    /// Cut-offs of a log: the moment itself, the one held out, and those before it, as far back as
    /// the log goes.
    fn cutoffs(&self) -> Result<Vec<(Windows, Part)>> {
        let Given::Log(log) = &self.given else { return Ok(Vec::new()) };
        let ChurnRiskOptions { horizon_days, gap_days, lookback_days, cutoffs, .. } = self.options;
        let [horizon, gap, lookback] = [horizon_days, gap_days, lookback_days].map(i32::from);
        let now = log.moment.day.saturating_add(1);
        let at = |back: i32| Windows {
            cutoff: now.saturating_sub(back.saturating_mul(horizon + gap)),
            lookback,
            gap,
            horizon,
        };
        let mut all = vec![(at(0), Part::Scored)];
        if self.options.model.is_some() {
            return Ok(all);
        }
        let first = now.saturating_sub(i32::try_from(log.span()).unwrap_or(i32::MAX));
        for back in 1..=i32::from(cutoffs) + 1 {
            let windows = at(back);
            if windows.cutoff < first {
                break;
            }
            let part = if back == 1 { Part::Turn(0) } else { Part::Earlier(back as u8) };
            all.push((windows, part));
        }
        if all.len() < 3 {
            return Err(Error::new(
                Code::NotEnoughData,
                "the log is too short: it must hold two horizons with their gaps, and days before them",
            )
            .at_path("horizonDays"));
        }
        Ok(all)
    }

    /// Learns, cut-off by cut-off, what BG/NBD expects of those known by then.
    fn rhythms(&mut self, budget: usize) -> Result<()> {
        let Given::Log(log) = &self.given else { return Ok(()) };
        let Some((windows, _)) = self.cutoffs.get(self.rhythms.len()) else {
            self.phase = Phase::Rows;
            return Ok(());
        };
        let known = log.days.customers();
        let until = self.next.saturating_add(budget.max(1)).min(known);
        self.histories.try_reserve(until - self.next).map_err(|_| no_memory())?;
        let mut days = Vec::new();
        for code in self.next..until {
            log.days.of(code as u32, &mut days)?;
            self.histories.extend(rhythm::history(*windows, &days));
        }
        self.next = until;
        if until >= known {
            self.rhythms.push(rhythm::learned(std::mem::take(&mut self.histories)));
            self.next = 0;
        }
        Ok(())
    }

    fn rows(&mut self, budget: usize) -> Result<()> {
        let Given::Log(log) = &self.given else { return Ok(()) };
        let until = self.next.saturating_add(budget.max(1)).min(log.days.customers());
        let scale = log.scale;
        let money = |minor: i128| money::to_f64(minor, scale);
        let mut days = Vec::new();
        for code in self.next..until {
            log.days.of(code as u32, &mut days)?;
            self.table.add(code as u32, &days, &self.cutoffs, &self.rhythms, &money);
        }
        self.next = until;
        if until >= log.days.customers() {
            self.phase = Phase::Prepare;
        }
        Ok(())
    }

    fn prepare(&mut self) -> Result<()> {
        self.next = 0;
        self.table.sort()?;
        if let Some(model) = self.options.model.take() {
            arrange(&mut self.table, &model, "model.features")?;
            self.phase = Phase::Score;
            if let Some(challenger) = &self.options.challenger {
                self.comparison = Some(self.duel([&model, challenger])?);
                self.phase = Phase::Judge;
            }
            self.model = Some(model);
            return Ok(());
        }
        if matches!(self.given, Given::Log(_)) {
            self.challenge()?;
        }
        let left = self.table.labels.iter().filter(|label| **label == Some(true)).count();
        let stayed = self.table.labels.iter().filter(|label| **label == Some(false)).count();
        if left < FEW || stayed < FEW {
            return Err(Error::new(
                Code::NotEnoughData,
                format!(
                    "{left} customers who left and {stayed} who stayed; {FEW} of each are needed"
                ),
            ));
        }
        if matches!(self.given, Given::Customers { .. }) && self.options.turns_by.is_none() {
            let mut random = Random::new(u64::from(self.options.seed), 0);
            for kind in [Some(true), Some(false)] {
                let labels = self.table.labels.iter().enumerate();
                let mut rows: Vec<usize> =
                    labels.filter(|(_, label)| **label == kind).map(|(row, _)| row).collect();
                random.shuffle(&mut rows);
                for (at, row) in rows.into_iter().enumerate() {
                    self.table.parts[row] =
                        Part::Turn((at % usize::from(self.options.turns)) as u8);
                }
            }
        }
        let directions = self.directions()?;
        let asked = Asked {
            turns: self.turns(),
            penalty: self.options.penalty,
            growth: Growth { depth: u32::from(self.options.depth), ..Growth::default() },
            balanced: self.options.balanced,
            seed: u64::from(self.options.seed),
        };
        self.learner = Some(Learner::new(&self.table, &directions, asked)?);
        self.phase = Phase::Learn;
        Ok(())
    }

    fn directions(&self) -> Result<Vec<i8>> {
        let mut found = filled(0, self.table.features.len())?;
        let ways = [("rising", &self.options.rising, 1), ("falling", &self.options.falling, -1)];
        for (path, names, way) in ways {
            for name in names {
                let is_it = |feature: &Feature| feature.name == *name && feature.levels.is_none();
                match self.table.features.iter().position(is_it) {
                    Some(at) => found[at] = way,
                    None => return Err(invalid(path, "this is no feature of numbers")),
                }
            }
        }
        Ok(found)
    }

    /// Scores of a challenger on the rows of a log that are held out.
    fn challenge(&mut self) -> Result<()> {
        let Some(challenger) = &self.options.challenger else { return Ok(()) };
        let path = "challenger.features";
        let places = challenger.features.iter().map(|own| place(&self.table.features, own, path));
        let places: Vec<usize> = places.collect::<Result<_>>()?;
        let most = self.table.customers.iter().max().map_or(0, |most| *most as usize + 1);
        self.challenged = filled(0.0, most)?;
        let (mut row, mut own) = (Vec::new(), Vec::new());
        for (at, part) in self.table.parts.iter().enumerate() {
            if *part == Part::Turn(0) {
                self.table.row(at, &mut row);
                own.clear();
                own.extend(places.iter().map(|place| row[*place]));
                self.challenged[self.table.customers[at] as usize] = challenger.score(&own);
            }
        }
        Ok(())
    }

    /// The model fitted in this run and its challenger on the rows held out.
    fn duel_of_fit(&self, judge: &Judge, chosen: Chosen) -> Result<Option<Judge>> {
        let Some(challenger) = &self.options.challenger else { return Ok(None) };
        let told = self.held.iter().zip(judge.told(chosen));
        let rows = told.map(|((row, _), (left, own))| {
            let score = self.challenged[self.table.customers[*row] as usize];
            (left, [own, [score, challenger.calibration.probability(score)]])
        });
        self.duel_on(rows.collect()).map(Some)
    }

    /// A judgement of two models by label, score and probability of each row.
    fn duel_on(&self, rows: Vec<(bool, [[f64; 2]; 2])>) -> Result<Judge> {
        let left = rows.iter().filter(|row| row.0).count();
        if left < FEW || rows.len() - left < FEW {
            let hint = format!(
                "{left} customers who left and {} who stayed; {FEW} of each are needed",
                rows.len() - left
            );
            return Err(Error::new(Code::NotEnoughData, hint).at_path("challenger"));
        }
        Ok(Judge::of_models(rows, u64::from(self.options.seed)))
    }

    /// Champion and challenger on the customers with a label.
    fn duel(&self, models: [&RiskModel; 2]) -> Result<Judge> {
        let (mut rows, mut row) = (Vec::new(), Vec::new());
        for (at, label) in self.table.labels.iter().enumerate() {
            let Some(label) = label else { continue };
            self.table.row(at, &mut row);
            let scores =
                [models[0].score(&row), self.challenged[self.table.customers[at] as usize]];
            let both =
                [0, 1].map(|of| [scores[of], models[of].calibration.probability(scores[of])]);
            rows.push((*label, both));
        }
        self.duel_on(rows)
    }

    /// The comparison with the challenger.
    pub(super) fn compared(&self, champion: &RiskModel) -> Result<Option<Comparison>> {
        let (Some(judge), Some(rival)) = (&self.comparison, &self.options.challenger) else {
            return Ok(None);
        };
        let drift = |model: &RiskModel, of: usize| model.scores.drift(judge.scores(of));
        let is_imported = self.judge.is_none();
        let drifts = [is_imported.then(|| drift(champion, 0)).flatten(), drift(rival, 1)];
        judge.compare(drifts, self.options.confidence).map(Some)
    }

    fn judge(&mut self) -> Result<Judge> {
        let Some(learner) = &self.learner else { return Err(unfinished()) };
        self.converged = learner.converged;
        self.trees = learner.trees();
        let (mut turns, mut labels, mut scores) =
            (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
        // Who bought lately, or is expected to buy, is not about to leave.
        let is_log = matches!(self.given, Given::Log(_));
        let rivals = RIVALS.into_iter().filter(|_| is_log);
        let mut rivals: Vec<(&Feature, f64, Vec<f64>)> = rivals
            .filter_map(|(name, sign)| {
                let feature = self.table.features.iter().find(|feature| feature.name == name)?;
                Some((feature, sign, Vec::new()))
            })
            .collect();
        for (row, part) in self.table.parts.iter().enumerate() {
            let [logistic, trees] = &learner.held;
            if let (Part::Turn(turn), Some(label)) = (part, self.table.labels[row])
                && !logistic[row].is_nan()
            {
                self.held.push((row, *turn));
                turns.push(*turn);
                labels.push(label);
                scores[0].push(logistic[row]);
                scores[1].push(trees[row]);
                let each = rivals.iter_mut();
                each.for_each(|(feature, sign, all)| all.push(*sign * feature.values[row]));
            }
        }
        let rivals = rivals
            .into_iter()
            .filter(|(_, _, all)| !all.iter().any(|score| score.is_nan()))
            .map(|(feature, _, all)| (feature.name.clone(), all))
            .collect();
        let seed = u64::from(self.options.seed);
        Judge::new(&turns, scores, rivals, labels, self.options.calibration, seed)
    }

    fn choose(&mut self) -> Result<()> {
        let (Some(judge), Some(learner)) = (&self.judge, self.learner.take()) else {
            return Err(unfinished());
        };
        let chosen = match self.options.choice {
            Choice::Auto => judge.better(),
            Choice::Logistic => Chosen::Logistic,
            Choice::Trees => Chosen::Trees,
        };
        let calibration = judge.calibration(chosen, self.options.calibration)?;
        self.comparison = self.duel_of_fit(judge, chosen)?;
        let (mut model, turns) = learner.models(chosen, &calibration)?;
        let (mut row, mut scores) = (Vec::new(), Vec::new());
        for (at, _) in self.table.labels.iter().enumerate().filter(|(_, label)| label.is_some()) {
            self.table.row(at, &mut row);
            scores.push(model.score(&row));
        }
        model.scores = Spread::of_numbers(scores.iter().copied())?;
        model.scores.count(scores.into_iter());
        self.model = Some(model);
        let seed = u64::from(self.options.seed);
        self.effects = Some(Effects::new(self.held.clone(), turns, &self.table, seed));
        let is_challenged = self.comparison.is_some();
        self.phase = if is_challenged { Phase::Compare } else { Phase::Effects };
        Ok(())
    }
}
