//! `look-alike`: which other customers resemble those of a starting segment.
//!
//! A logistic regression with a ridge penalty tells the starting segment from all others by their
//! purchases and attributes, and ranks the others by it. How good the ranking is comes from
//! customers who were held out: how much more often than chance the best tenth holds members of the
//! segment. Who is held out is drawn by a seed, over customers in the order of their features, so
//! that neither row order nor names matter.
//!
//! When not to use it: the score is a resemblance, not a chance to buy: those outside the segment
//! are no refusals, they were not asked. Features that made the segment (money, for a segment by
//! money) only find it again: leave them out.

use serde::{Deserialize, Serialize};

use crate::customers::attributes::Latest;
use crate::customers::matching::Matching;
use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::learn::logistic::{FitStatus, Logistic, logistic};
use crate::learn::matrix::Matrix;
use crate::learn::ranking::{area_under_curve, hits_among_best};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::features::Features;
use crate::segment::population::{
    Population, PurchaseRules, collected, filled, no_memory, unfinished,
};
use crate::segment::rfm::groups::Text;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::order::sort_by;
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::stats::random::Random;
use crate::table::block::MISSING;
use crate::table::dictionary::Dictionary;
use crate::table::role::Role;

/// The input with attributes of customers.
const CUSTOMERS: usize = 1;
/// The input with purchases.
const LOG: usize = 2;
/// Columns of the model at most.
const MOST_COLUMNS: usize = 200;
/// Members that must be held out, and must be left to learn from, for figures to mean anything.
const FEW: usize = 10;

/// Options of `look-alike`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LookAlikeOptions {
    /// Attributes of `customers` that may be used.
    #[serde(default)]
    pub attributes: Vec<String>,
    /// Measures of the log that are used: of `recency`, `frequency`, `monetary`, `tenure`. Default:
    /// all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measures: Option<Vec<LogMeasure>>,
    /// With a log: the reference moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// With a log: what counts as one purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// With a log: what a negative amount does.
    #[serde(default)]
    pub refunds: Refunds,
    /// With a log: what an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// The share of customers held out to measure the ranking, above 0 and at most 0.5.
    #[serde(default = "usual_held_out")]
    pub held_out: f64,
    /// Names the random stream that draws them.
    #[serde(default)]
    pub seed: u32,
    /// Ridge penalty on standardised columns, above zero.
    #[serde(default = "usual_penalty")]
    pub penalty: f64,
    /// Confidence of the interval, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

fn usual_held_out() -> f64 {
    0.3
}

fn usual_penalty() -> f64 {
    1.0
}

/// A measure of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LogMeasure {
    /// Days since the last purchase.
    Recency,
    /// `ln` of one more than the number of purchases.
    Frequency,
    /// `sign(m)·ln(1 + |m|)` of the money.
    Monetary,
    /// Days since the first purchase.
    Tenure,
}

impl LogMeasure {
    fn name(self) -> &'static str {
        match self {
            LogMeasure::Recency => "recency",
            LogMeasure::Frequency => "frequency",
            LogMeasure::Monetary => "monetary",
            LogMeasure::Tenure => "tenure",
        }
    }
}

/// Result of `look-alike`. The column set `customers` holds everybody outside the starting segment,
/// the most alike first: `customer`, `score` (0 to 1, a resemblance), `rank` (from 1; equal scores
/// share the best of their ranks) and `tenth` (1 to 10).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LookAlikeResult {
    /// Customers of the starting segment.
    pub members: u64,
    /// All others.
    pub prospects: u64,
    /// How the ranking does on customers who were held out; null with too few of them.
    pub held_out: Option<HeldOut>,
    /// The columns of the model, the strongest first.
    pub columns: Vec<ModelColumn>,
    /// How the fit over all customers ended.
    pub status: FitStatus,
    /// The steps it took.
    pub steps: u32,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// The ranking of customers who took no part in the fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HeldOut {
    /// Customers held out.
    pub customers: u64,
    /// Of them, members of the starting segment.
    pub members: u64,
    /// Their share: what a random choice would find.
    pub base_rate: f64,
    /// How likely a member is ranked above another customer, ties counting half: 0.5 is chance.
    pub area: f64,
    /// Each tenth of the ranking, the best first.
    pub tenths: Vec<Tenth>,
}

/// The best customers by rank, up to a share of all held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tenth {
    /// Customers from the best down to the end of this tenth.
    pub customers: u64,
    /// Members among them, equal scores by expectation.
    pub members: f64,
    /// Members per customer, over the base rate: 2 is twice as good as chance.
    pub lift: f64,
    /// Interval of the lift, out of the Wilson interval of the members per customer.
    pub interval: Interval,
    /// Members among them over all members held out.
    pub captured: f64,
}

/// A column of the model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelColumn {
    /// The measure or attribute.
    pub feature: String,
    /// The value of an attribute of texts; null for numbers.
    pub value: Option<String>,
    /// Whether it marks customers of whom the feature is not known.
    pub is_missing: bool,
    /// Change of the logit per standard deviation: above 0 resembles the segment.
    pub coefficient: f64,
    /// The mean of the column.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

/// The running analysis.
#[derive(Debug)]
pub struct LookAlike {
    options: LookAlikeOptions,
    inputs: Vec<usize>,
    members: Vec<u32>,
    rows: u64,
    denied: u64,
    attributes: Option<Latest>,
    population: Option<Population>,
    features: Features,
    is_member: Vec<bool>,
    is_settled: bool,
    answer: Option<(LookAlikeResult, Ranked)>,
    status_of_test: Option<FitStatus>,
}

#[derive(Debug, Default)]
struct Ranked {
    numbers: Vec<u32>,
    scores: Vec<f64>,
    ranks: Vec<f64>,
    tenths: Vec<u8>,
}

/// The table that is learned from: one row per customer, in the order of features.
struct Design {
    columns: Vec<ModelColumn>,
    /// Row by row.
    values: Vec<f64>,
    numbers: Vec<u32>,
    labels: Vec<bool>,
}

fn rules(options: &LookAlikeOptions) -> PurchaseRules {
    PurchaseRules { count: options.count, refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for LookAlike {
    const NAME: &'static str = "look-alike";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Ridge logistic regression, measured on customers held out",
        reference: "le Cessie, S., van Houwelingen, J. C. (1992). Ridge estimators in logistic \
                    regression. Applied Statistics 41. Hanley, McNeil (1982). Radiology 143.",
    };
    const INPUTS: &'static [&'static str] = &["members"];
    const OPTIONAL: &'static [&'static str] = &["customers", "log"];

    type Options = LookAlikeOptions;
    type Result = LookAlikeResult;

    fn needs(options: &LookAlikeOptions, input: usize) -> Result<Needs> {
        Ok(match input {
            CUSTOMERS => Needs::roles(&[Role::Customer]).and_attributes(&options.attributes),
            LOG => Population::needs(rules(options)),
            _ => Needs::roles(&[Role::Customer]),
        })
    }

    fn estimate(options: &LookAlikeOptions, inputs: &[Facts<'_>]) -> u64 {
        let attributes = options.attributes.len() as u64;
        let customers: u64 = inputs.iter().map(|facts| facts.customers).sum();
        let of = |facts: &Facts<'_>| match facts.input {
            LOG => Population::estimate(rules(options), facts),
            CUSTOMERS => Latest::estimate(attributes, facts.rows, facts.customers),
            _ => facts.rows * 8,
        };
        // The table, its sorted copy and the part that is learned from.
        let columns = (attributes * 21 + 8).min(MOST_COLUMNS as u64);
        inputs.iter().map(of).sum::<u64>()
            + Matching::estimate(customers)
            + customers * (16 * (attributes + 4) + 3 * 8 * columns + 64)
    }

    fn start(options: LookAlikeOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let facts = |input: usize| inputs.iter().find(|facts| facts.input == input);
        let invalid = |path: &'static str, hint: &'static str| {
            Err(Error::new(Code::InvalidOption, hint).at_path(path))
        };
        if !(options.held_out > 0.0 && options.held_out <= 0.5) {
            return invalid("heldOut", "the share held out is above 0 and at most 0.5");
        }
        if !(options.penalty > 0.0 && options.penalty.is_finite()) {
            return invalid("penalty", "a penalty is above zero");
        }
        check_confidence(options.confidence)?;
        if facts(CUSTOMERS).is_none() && !options.attributes.is_empty() {
            return Err(Error::new(
                Code::UnknownTable,
                "attributes are columns of the input `customers`, which is not there",
            )
            .at_path("attributes"));
        }
        let population =
            Population::start_if_given(options.at.as_deref(), rules(&options), facts(LOG))?;
        let names = options.attributes.iter().map(String::as_str);
        let attributes = facts(CUSTOMERS).map(|table| Latest::new(names, table.schema, None));
        Ok(LookAlike {
            inputs: inputs.iter().map(|facts| facts.input).collect(),
            options,
            members: Vec::new(),
            rows: 0,
            denied: 0,
            attributes,
            population,
            features: Features::new(),
            is_member: Vec::new(),
            is_settled: false,
            answer: None,
            status_of_test: None,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        if input == LOG {
            return match &mut self.population {
                Some(population) => population.update(rows),
                None => Ok(()),
            };
        }
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let keep = rows.keep();
        let kept = |code: &&u32| keep.is_none_or(|keep| keep.get(**code));
        let count = customers.iter().filter(kept).count();
        self.rows += count as u64;
        self.denied += (customers.len() - count) as u64;
        if input == CUSTOMERS {
            return match &mut self.attributes {
                Some(attributes) => attributes.update(rows),
                None => Ok(()),
            };
        }
        self.members.try_reserve(count).map_err(|_| no_memory())?;
        self.members.extend(customers.iter().filter(kept));
        Ok(())
    }

    fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        let progress = self.features.join(names, budget)?;
        if !progress.is_finished() {
            return Ok(progress);
        }
        let place = self.inputs.iter().position(|input| *input == CUSTOMERS);
        if let (Some(place), Some(latest)) = (place, self.attributes.take())
            && let Some(names) = names.get(place)
        {
            self.features.read_attributes(place, latest, names)?;
        }
        self.is_member = filled(false, self.features.matching.len())?;
        for code in &self.members {
            let number = self.features.matching.number(0, *code).unwrap_or(MISSING);
            if let Some(is_member) = self.is_member.get_mut(number as usize) {
                *is_member = true;
            }
        }
        Ok(progress)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let total = 2;
        if !self.is_settled {
            if let Some(population) = &mut self.population
                && !population.settle(budget)?
            {
                return Ok(Progress { done: 0, total });
            }
            self.is_settled = true;
            let place = self.inputs.iter().position(|input| *input == LOG);
            if let (Some(place), Some(population)) = (place, &self.population) {
                self.features.read_purchases(place, population)?;
            }
            return Ok(Progress { done: 1, total });
        }
        if self.answer.is_none() {
            self.answer = Some(self.result()?);
        }
        Ok(Progress { done: total, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<LookAlikeResult, LookAlikeOptions>> {
        let (result, ranked) = self.answer.take().ok_or_else(unfinished)?;
        let mut warnings = Vec::new();
        if result.held_out.is_none() {
            warnings.push(Warning {
                code: "few-members",
                count: result.members,
                hint: format!("fewer than {FEW} members to hold out or to learn from: the ranking could not be measured"),
            });
        }
        for status in self.status_of_test.into_iter().chain([result.status]) {
            if status != FitStatus::Converged {
                warnings.push(Warning {
                    code: "not-converged",
                    count: u64::from(result.steps),
                    hint: "the fit did not reach its optimum: a larger `penalty` helps".to_owned(),
                });
            }
        }
        if result.held_out.as_ref().is_some_and(|held_out| held_out.area > 0.99) {
            warnings.push(Warning {
                code: "too-good",
                count: result.members,
                hint: "the features tell the segment nearly perfectly: was it made from them?"
                    .to_owned(),
            });
        }
        let mut left_out = self.population.as_ref().map(Population::left_out).unwrap_or_default();
        if self.denied > 0 {
            match left_out.iter_mut().find(|part| part.reason == "denied") {
                Some(part) => part.rows += self.denied,
                None => {
                    left_out.push(LeftOut { reason: "denied", rows: self.denied, customers: 0 });
                }
            }
        }
        let tables: Vec<&Dictionary> =
            names.iter().filter_map(|names| names.get(Role::Customer)).collect();
        let length = ranked.numbers.len();
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        ends.try_reserve_exact(length).map_err(|_| no_memory())?;
        for number in &ranked.numbers {
            let id = self.features.matching.id(&tables, *number).unwrap_or_default();
            bytes.try_reserve(id.len()).map_err(|_| no_memory())?;
            bytes.extend_from_slice(id);
            ends.push(bytes.len() as u32);
        }
        let columns = vec![
            NamedColumn { name: "customer", values: Values::Text { bytes, ends } },
            NamedColumn { name: "score", values: Values::F64(ranked.scores) },
            NamedColumn { name: "rank", values: Values::F64(ranked.ranks) },
            NamedColumn { name: "tenth", values: Values::U8(ranked.tenths) },
        ];
        Ok(Outcome {
            rows: self.rows
                + self.population.as_ref().map_or(0, |population| population.summary.rows),
            customers: result.members + result.prospects,
            result,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            left_out,
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.members.capacity() * 4
            + self.features.heap_size()
            + self.population.as_ref().map_or(0, Population::heap_size)
            + self.attributes.as_ref().map_or(0, Latest::heap_size)
    }
}

impl LookAlike {
    fn result(&mut self) -> Result<(LookAlikeResult, Ranked)> {
        let design = self.design()?;
        let width = design.columns.len();
        let members = design.labels.iter().filter(|label| **label).count();
        let prospects = design.labels.len() - members;
        if members == 0 || prospects == 0 {
            return Err(Error::new(
                Code::NotEnoughData,
                "the starting segment needs members, and customers outside it, with features",
            ));
        }
        let held_out = self.held_out(&design, width)?;
        let all = Matrix::new(&design.values, width)?;
        let fit = logistic(all, &design.labels, self.options.penalty, 100)?;
        let ranked = ranked(&design, all, &fit, prospects)?;
        let mut columns = design.columns;
        for (column, coefficient) in columns.iter_mut().zip(&fit.coefficients) {
            column.coefficient = *coefficient;
        }
        sort_by(&mut columns, |a, b| b.coefficient.abs().total_cmp(&a.coefficient.abs()));
        let result = LookAlikeResult {
            members: members as u64,
            prospects: prospects as u64,
            sentence: sentence(prospects, held_out.as_ref(), columns.first()),
            held_out,
            columns,
            status: fit.status,
            steps: fit.steps,
        };
        Ok((result, ranked))
    }

    /// Fits without the customers held out, and ranks those.
    fn held_out(&mut self, design: &Design, width: usize) -> Result<Option<HeldOut>> {
        let mut random = Random::new(u64::from(self.options.seed), 0);
        let (mut learn, mut test) = (Vec::new(), Vec::new());
        let (mut learn_labels, mut test_labels) = (Vec::new(), Vec::new());
        for (row, label) in design.values.chunks_exact(width).zip(&design.labels) {
            if random.unit() < self.options.held_out {
                test.extend_from_slice(row);
                test_labels.push(*label);
            } else {
                learn.extend_from_slice(row);
                learn_labels.push(*label);
            }
        }
        let count = |labels: &[bool]| labels.iter().filter(|label| **label).count();
        let members = count(&test_labels);
        let is_few = |labels: &[bool]| count(labels) < FEW || labels.len() - count(labels) < FEW;
        if is_few(&test_labels) || is_few(&learn_labels) {
            return Ok(None);
        }
        let fit = logistic(Matrix::new(&learn, width)?, &learn_labels, self.options.penalty, 100)?;
        self.status_of_test = Some(fit.status);
        let scores: Vec<f64> =
            Matrix::new(&test, width)?.iter().map(|row| fit.logit(row)).collect();
        let Some(area) = area_under_curve(&scores, &test_labels) else { return Ok(None) };
        let all = test_labels.len();
        let base_rate = members as f64 / all as f64;
        let mut tenths = Vec::new();
        for tenth in 1..=10 {
            let best = (all * tenth).div_ceil(10);
            let hits = hits_among_best(&scores, &test_labels, best);
            let interval = proportion_interval(
                (hits.round() as u64).min(best as u64),
                best as u64,
                self.options.confidence,
                ProportionInterval::Wilson,
            )?;
            tenths.push(Tenth {
                customers: best as u64,
                members: hits,
                lift: hits / best as f64 / base_rate,
                interval: Interval {
                    low: interval.low / base_rate,
                    high: interval.high / base_rate,
                },
                captured: hits / members as f64,
            });
        }
        let (customers, members) = (all as u64, members as u64);
        Ok(Some(HeldOut { customers, members, base_rate, area, tenths }))
    }

    /// Everybody's standardised row, in the order of the values.
    fn design(&mut self) -> Result<Design> {
        let wanted = &self.options.measures;
        if let Some(wanted) = wanted {
            let has_log = self.population.is_some();
            let is_log =
                |name: &str| ["recency", "frequency", "monetary", "tenure"].contains(&name);
            let mut left = if has_log { 4 } else { 0 };
            self.features.measures.retain(|measure| {
                // The measures of the log stand first, once each.
                let of_log = left > 0 && is_log(&measure.name);
                left -= usize::from(of_log);
                !of_log || wanted.iter().any(|one| one.name() == measure.name)
            });
        }
        let everybody: Vec<u32> = self
            .features
            .everybody
            .iter()
            .zip(0_u32..)
            .filter(|(is_there, _)| **is_there)
            .map(|(_, number)| number)
            .collect();
        let mut rows = filled(MISSING, self.features.everybody.len())?;
        for (row, number) in (0..).zip(&everybody) {
            if let Some(place) = rows.get_mut(*number as usize) {
                *place = row;
            }
        }
        let count = everybody.len();
        let row_of = |number: u32| rows.get(number as usize).copied().unwrap_or(MISSING) as usize;
        // Columns one after the other, not standardised yet.
        let mut raw: Vec<(ModelColumn, Vec<f64>)> = Vec::new();
        let named = |feature: &str, value: Option<&String>, is_missing: bool| ModelColumn {
            feature: feature.to_owned(),
            value: value.cloned(),
            is_missing,
            coefficient: 0.0,
            mean: 0.0,
            deviation: 0.0,
        };
        let has_log = self.population.is_some();
        for measure in &self.features.measures {
            let mut values = filled(f64::NAN, count)?;
            let is_log = has_log && (measure.name == "frequency" || measure.name == "monetary");
            for (value, number) in &measure.sorted {
                if let Some(slot) = values.get_mut(row_of(*number)) {
                    let log = || libm::log1p(value.abs()).copysign(*value);
                    *slot = if is_log { log() } else { *value };
                }
            }
            if values.iter().any(|value| value.is_nan()) {
                let missing = values.iter().map(|value| f64::from(u8::from(value.is_nan())));
                raw.push((named(&measure.name, None, true), missing.collect()));
            }
            raw.push((named(&measure.name, None, false), values));
        }
        for category in &self.features.categories {
            let place =
                |number: &u32| category.places.get(*number as usize).copied().unwrap_or(MISSING);
            let places: Vec<u32> = everybody.iter().map(place).collect();
            let column = |wanted: u32| {
                places.iter().map(|place| f64::from(u8::from(*place == wanted))).collect::<Vec<_>>()
            };
            if places.contains(&MISSING) {
                raw.push((named(&category.name, None, true), column(MISSING)));
            }
            for (at, value) in (0..).zip(&category.values) {
                raw.push((named(&category.name, Some(value), false), column(at)));
            }
        }
        raw.retain_mut(|(column, values)| standardise(column, values));
        if raw.is_empty() {
            return Err(Error::new(
                Code::NotEnoughData,
                "no feature differs between customers: give a log, or `customers` with `attributes`",
            ));
        }
        if raw.len() > MOST_COLUMNS {
            return Err(Error::new(
                Code::Limit,
                format!(
                    "{} columns are more than {MOST_COLUMNS}: name fewer attributes",
                    raw.len()
                ),
            )
            .at_path("attributes"));
        }
        let label = |number: &u32| self.is_member.get(*number as usize).copied().unwrap_or(false);
        let value =
            |row: usize| raw.iter().map(move |(_, values)| values.get(row).copied().unwrap_or(0.0));
        let mut order: Vec<usize> = (0..count).collect();
        // One order whatever the order of rows and the names: customers who stand together are equal.
        sort_by(&mut order, |a, b| {
            let labels = |row: &usize| everybody.get(*row).map(label);
            value(*a)
                .zip(value(*b))
                .map(|(x, y)| x.total_cmp(&y))
                .find(|order| order.is_ne())
                .unwrap_or_else(|| labels(a).cmp(&labels(b)))
        });
        let mut values = Vec::new();
        values.try_reserve_exact(count * raw.len()).map_err(|_| no_memory())?;
        order.iter().for_each(|row| values.extend(value(*row)));
        let numbers: Vec<u32> = collected(
            order.iter().map(|row| everybody.get(*row).copied().unwrap_or(MISSING)),
            count,
        )?;
        let labels = collected(numbers.iter().map(label), count)?;
        let columns = raw.into_iter().map(|(column, _)| column).collect();
        Ok(Design { columns, values, numbers, labels })
    }
}

/// Brings a column to mean 0 and deviation 1; what is not known becomes 0, the mean. False if
/// nothing varies.
fn standardise(column: &mut ModelColumn, values: &mut [f64]) -> bool {
    let mut known: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    known.sort_unstable_by(f64::total_cmp);
    let count = known.len().max(1) as f64;
    column.mean = known.iter().sum::<f64>() / count;
    let squares = known.iter().map(|value| (value - column.mean) * (value - column.mean));
    column.deviation = (squares.sum::<f64>() / count).sqrt();
    if column.deviation.is_nan() || column.deviation <= 1e-12 * column.mean.abs() {
        return false;
    }
    for value in values {
        *value = if value.is_nan() { 0.0 } else { (*value - column.mean) / column.deviation };
    }
    true
}

/// Everybody outside the segment, the most alike first.
fn ranked(design: &Design, rows: Matrix<'_>, fit: &Logistic, prospects: usize) -> Result<Ranked> {
    let all = rows.iter().zip(&design.numbers).zip(&design.labels);
    let others = all.filter(|(_, label)| !**label);
    let mut scored: Vec<(f64, u32)> =
        collected(others.map(|((row, number), _)| (fit.probability(row), *number)), prospects)?;
    // Equal customers stay in the order of the design.
    sort_by(&mut scored, |a, b| b.0.total_cmp(&a.0));
    let mut ranked = Ranked::default();
    let mut rank = 0;
    for (at, (score, number)) in scored.iter().enumerate() {
        if ranked.scores.last() != Some(score) {
            rank = at;
        }
        ranked.numbers.push(*number);
        ranked.scores.push(*score);
        ranked.ranks.push((rank + 1) as f64);
        ranked.tenths.push((rank * 10 / prospects.max(1)) as u8 + 1);
    }
    Ok(ranked)
}

fn sentence(prospects: usize, held_out: Option<&HeldOut>, first: Option<&ModelColumn>) -> Text {
    let (mut en, mut zh) = match held_out.and_then(|held_out| held_out.tenths.first()) {
        Some(best) => (
            format!(
                "Among customers held out, the best tenth holds {:.1} times as many members as chance ({:.1} to {:.1}).",
                best.lift, best.interval.low, best.interval.high
            ),
            format!(
                "在留出的客户中，得分最高的一成所含成员是随机的 {:.1} 倍（{:.1} 至 {:.1}）。",
                best.lift, best.interval.low, best.interval.high
            ),
        ),
        None => (
            "Too few members to measure the ranking.".to_owned(),
            "成员太少，无法检验排序效果。".to_owned(),
        ),
    };
    if let Some(column) = first {
        let value = column.value.as_deref().map_or_else(String::new, |value| format!(" {value}"));
        let (word, wort) =
            if column.coefficient > 0.0 { ("more", "较高") } else { ("less", "较低") };
        en += &format!(" {word} of {}{value} marks the segment most.", column.feature);
        zh += &format!("最能区分的特征：{}{value} {wort}。", column.feature);
    }
    Text {
        en: format!("{prospects} other customers are ranked. {en}").into(),
        zh: format!("已为其他 {prospects} 位客户排序。{zh}").into(),
    }
}
