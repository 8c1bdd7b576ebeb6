//! `lrfm`: RFM with length (days from the first to the last purchase) and tenure (days since the
//! first), scores with weights of your own, and scores within groups of customers.
//!
//! With the weights of length 1 and tenure 0 this is LRFM, with tenure 1 and length 0 RFMT. With
//! `within`, every score is taken among customers who share a value of an attribute, so that a
//! customer of a small town is held against others of small towns.
//!
//! When not to use it: length and frequency go together, and a new customer has neither; where most
//! bought once, length separates only one-time buyers from the rest.

use serde::{Deserialize, Serialize};

use crate::customers::attributes::{AttributeOf, Latest};
use crate::customers::matching::Matching;
use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::population::{Population, PurchaseRules, collected, unfinished};
use crate::segment::rfm::score::{Convention, Cuts, Direction, NOT_SCORED, Rule, score};
use crate::stats::order::sort_by;
use crate::table::block::MISSING;
use crate::table::dictionary::Dictionary;
use crate::table::money;
use crate::table::role::Role;

/// The input with attributes of customers.
const CUSTOMERS: usize = 1;

/// Groups that scores can be taken within.
const MOST_GROUPS: usize = 256;

/// Options of `lrfm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LrfmOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Rows after it
    /// are left out.
    pub at: String,
    /// What counts as one purchase. Default: `order` if the role `order` is mapped, else `row`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// What a negative amount does.
    #[serde(default)]
    pub refunds: Refunds,
    /// What an amount of exactly zero does.
    #[serde(default)]
    pub zeros: Zeros,
    /// How a value becomes a score; not `fixed`, and not those that the order of rows decides.
    #[serde(default)]
    pub convention: Convention,
    /// How many scores there are: 1 is worst, this number is best. From 2 to 10.
    #[serde(default = "usual_bins")]
    pub bins: u8,
    /// How much each score counts in the total.
    #[serde(default)]
    pub weights: LrfmWeights,
    /// An attribute of `customers`: scores are taken among customers with the same value; those
    /// without a value are a group of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

fn usual_bins() -> u8 {
    5
}

/// Weights of the five scores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LrfmWeights {
    /// Of length.
    pub length: f64,
    /// Of recency.
    pub recency: f64,
    /// Of frequency.
    pub frequency: f64,
    /// Of money.
    pub monetary: f64,
    /// Of tenure.
    pub tenure: f64,
}

impl Default for LrfmWeights {
    fn default() -> Self {
        LrfmWeights { length: 1.0, recency: 1.0, frequency: 1.0, monetary: 1.0, tenure: 0.0 }
    }
}

/// Result of `lrfm`. The column set `customers` holds `customer`, `length`, `recency`, `tenure`
/// (days), `frequency`, `monetary`, the scores `l`, `r`, `f`, `m`, `t` (0 = not scored), their
/// weighted mean `score` (0 = not scored) and `within` (index into `groups`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LrfmResult {
    /// The groups within which scores were taken, the largest first; one without a name for all
    /// customers where nothing was asked for.
    pub groups: Vec<LrfmGroup>,
    /// Customers by pattern: length, recency, frequency and money each above the middle of the
    /// scores or not.
    pub patterns: Vec<LrfmPattern>,
}

/// Customers who were scored together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LrfmGroup {
    /// The value of the attribute; null for customers without one.
    pub value: Option<String>,
    /// How many customers.
    pub customers: u64,
    /// Their money.
    pub revenue: f64,
    /// Where each measure was cut into scores; null where values alone do not decide.
    pub cuts: LrfmCuts,
}

/// The cut points of one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LrfmCuts {
    /// Of length, in days.
    pub length: Option<Cuts>,
    /// Of recency, in days.
    pub recency: Option<Cuts>,
    /// Of frequency, in purchases.
    pub frequency: Option<Cuts>,
    /// Of money.
    pub monetary: Option<Cuts>,
    /// Of tenure, in days.
    pub tenure: Option<Cuts>,
}

/// Customers with the same pattern.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LrfmPattern {
    /// The length score is above the middle.
    pub is_long: bool,
    /// The recency score is above the middle.
    pub is_recent: bool,
    /// The frequency score is above the middle.
    pub is_frequent: bool,
    /// The monetary score is above the middle.
    pub is_valuable: bool,
    /// How many customers.
    pub customers: u64,
    /// Their share of all.
    pub customers_share: f64,
    /// Their money.
    pub revenue: f64,
}

/// The running analysis.
#[derive(Debug)]
pub struct Lrfm {
    options: LrfmOptions,
    population: Population,
    attribute: Option<Latest>,
    denied: u64,
    matching: Matching,
    /// By the log's code: the place of the customer's value in `values`, `MISSING` without one.
    places: Vec<u32>,
    values: Vec<String>,
    is_settled: bool,
    answer: Option<(LrfmResult, Columns)>,
}

#[derive(Debug, Default)]
struct Columns {
    measures: [Vec<f64>; 5],
    scores: [Vec<u8>; 5],
    totals: Vec<f64>,
    groups: Vec<u16>,
}

const DIRECTIONS: [Direction; 5] = [
    Direction::HigherIsBetter,
    Direction::LowerIsBetter,
    Direction::HigherIsBetter,
    Direction::HigherIsBetter,
    Direction::HigherIsBetter,
];

fn rules(options: &LrfmOptions) -> PurchaseRules {
    PurchaseRules { count: options.count, refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for Lrfm {
    const NAME: &'static str = "lrfm";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "RFM with length and tenure",
        reference: "Chang, H. H., Tsay, S. F. (2004). Integrating of SOM and K-mean in data mining \
                    clustering. J. Information Management 11. Hughes (1994), Strategic Database \
                    Marketing.",
    };
    const INPUTS: &'static [&'static str] = &["log"];
    const OPTIONAL: &'static [&'static str] = &["customers"];

    type Options = LrfmOptions;
    type Result = LrfmResult;

    fn needs(options: &LrfmOptions, input: usize) -> Result<Needs> {
        Ok(match input {
            CUSTOMERS => Needs::roles(&[Role::Customer]).and_attributes(&options.within),
            _ => Population::needs(rules(options)),
        })
    }

    fn estimate(options: &LrfmOptions, inputs: &[Facts<'_>]) -> u64 {
        let of = |facts: &Facts<'_>| match facts.input {
            CUSTOMERS => {
                Latest::estimate(1, facts.rows, facts.customers)
                    + Matching::estimate(facts.customers)
            }
            // Measures, scores, totals, and the copies of a group.
            _ => {
                Population::estimate(rules(options), facts) + facts.customers * (7 * 8 + 5 + 2 + 24)
            }
        };
        inputs.iter().map(of).sum()
    }

    fn start(options: LrfmOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let facts = |input: usize| inputs.iter().find(|facts| facts.input == input);
        let log = facts(0)
            .ok_or_else(|| Error::new(Code::UnknownTable, "`lrfm` reads a log of purchases"))?;
        if matches!(options.convention, Convention::Ntile | Convention::RankFirst) {
            return Err(Error::new(
                Code::InvalidOption,
                "scores must follow from values alone: take `rank-min`, `cume-dist` or `quantile`",
            )
            .at_path("convention"));
        }
        Rule::of_data(options.convention, options.bins)?;
        let weights = options.weights;
        let named = [
            ("weights.length", weights.length),
            ("weights.recency", weights.recency),
            ("weights.frequency", weights.frequency),
            ("weights.monetary", weights.monetary),
            ("weights.tenure", weights.tenure),
        ];
        for (path, weight) in named {
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(
                    Error::new(Code::InvalidOption, "a weight is zero or more").at_path(path)
                );
            }
        }
        let sum: f64 = named.iter().map(|(_, weight)| weight).sum();
        if !(sum > 0.0 && sum.is_finite()) {
            return Err(Error::new(Code::InvalidOption, "at least one weight is above zero")
                .at_path("weights"));
        }
        let attribute = match (&options.within, facts(CUSTOMERS)) {
            (Some(name), Some(table)) => Some(Latest::new([name.as_str()], table.schema, None)),
            (Some(_), None) => {
                return Err(Error::new(
                    Code::UnknownTable,
                    "the attribute is a column of the input `customers`, which is not there",
                )
                .at_path("within"));
            }
            (None, _) => None,
        };
        let population = Population::start(&options.at, rules(&options), log)
            .map_err(|error| error.at_path("at"))?;
        Ok(Lrfm {
            options,
            population,
            attribute,
            denied: 0,
            matching: Matching::new(),
            places: Vec::new(),
            values: Vec::new(),
            is_settled: false,
            answer: None,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        if input != CUSTOMERS {
            return self.population.update(rows);
        }
        if let (Some(keep), Some(customers)) = (rows.keep(), rows.codes(Role::Customer)) {
            self.denied += customers.iter().filter(|code| !keep.get(**code)).count() as u64;
        }
        match &mut self.attribute {
            Some(attribute) => attribute.update(rows),
            None => Ok(()),
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        let [log, customers] = names else { return Ok(Progress::default()) };
        let ids = |names: &AllowedNames<'_>| names.get(Role::Customer).map(|ids| ids.len());
        let (Some(known), Some(count)) = (ids(log), ids(customers)) else {
            return Err(Allowed::refused(Role::Customer));
        };
        let tables: Vec<&Dictionary> =
            names.iter().filter_map(|names| names.get(Role::Customer)).collect();
        if !self.matching.advance(&tables, budget)? {
            return Ok(Progress { done: 0, total: 1 });
        }
        self.places = collected((0..known).map(|_| MISSING), known)?;
        let Some(latest) = self.attribute.take() else { return Ok(Progress { done: 1, total: 1 }) };
        let Some((name, values)) = latest.finish(customers).pop() else {
            return Ok(Progress { done: 1, total: 1 });
        };
        if matches!(values, AttributeOf::Number(..)) {
            return Err(Error::new(
                Code::Type,
                "scores are taken within texts: map the attribute without a type",
            )
            .at_path("within"));
        }
        let texts = customers.attribute(&name);
        let text = |code: u32| texts.and_then(|texts| texts.get(code)).unwrap_or_default();
        let mut found: Vec<u32> =
            (0..count as u32).filter_map(|customer| values.text(customer)).collect();
        found.sort_unstable();
        found.dedup();
        sort_by(&mut found, |a, b| text(*a).cmp(text(*b)));
        if found.len() >= MOST_GROUPS {
            return Err(Error::new(
                Code::Limit,
                format!(
                    "the attribute has {} values, at most {} can be told apart",
                    found.len(),
                    MOST_GROUPS - 1
                ),
            )
            .at_path("within"));
        }
        let name_of = |code: &u32| String::from_utf8_lossy(text(*code)).into_owned();
        self.values = found.iter().map(name_of).collect();
        for customer in 0..count as u32 {
            let place =
                values.text(customer).and_then(|code| found.iter().position(|c| *c == code));
            let number = self.matching.number(1, customer);
            let slot = number.and_then(|number| self.places.get_mut(number as usize));
            if let (Some(slot), Some(place)) = (slot, place) {
                *slot = place as u32;
            }
        }
        Ok(Progress { done: 1, total: 1 })
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let total = self.population.known() as u64 + 1;
        if !self.is_settled {
            self.is_settled = self.population.settle(budget)?;
            return Ok(Progress { done: self.population.summary.len() as u64, total });
        }
        if self.answer.is_none() {
            self.answer = Some(self.result()?);
        }
        Ok(Progress { done: total, total })
    }

    fn outcome(mut self, names: &[AllowedNames<'_>]) -> Result<Outcome<LrfmResult, LrfmOptions>> {
        let (result, found) = self.answer.take().ok_or_else(unfinished)?;
        let summary = &self.population.summary;
        let length = summary.len();
        let mut columns = vec![("customer", Population::ids(&summary.codes, names)?)];
        let measures = ["length", "recency", "frequency", "monetary", "tenure"];
        columns.extend(measures.into_iter().zip(found.measures.map(Values::F64)));
        let scores = ["l", "r", "f", "m", "t"];
        columns.extend(scores.into_iter().zip(found.scores.map(Values::U8)));
        columns.push(("score", Values::F64(found.totals)));
        columns.push(("within", Values::U16(found.groups)));
        let columns = columns.into_iter().map(|(name, values)| NamedColumn { name, values });
        let columns = columns.collect();
        let few = u64::from(self.options.bins) * 4;
        let small = result.groups.iter().filter(|group| group.customers < few).count();
        let mut warnings = Vec::new();
        if small > 0 {
            warnings.push(Warning {
                code: "few-customers",
                count: small as u64,
                hint: format!("{small} groups have fewer than {few} customers: scores mean little"),
            });
        }
        let mut left_out = self.population.left_out();
        if self.denied > 0 {
            match left_out.iter_mut().find(|part| part.reason == "denied") {
                Some(part) => part.rows += self.denied,
                None => left_out.push(crate::report::LeftOut {
                    reason: "denied",
                    rows: self.denied,
                    customers: 0,
                }),
            }
        }
        self.options.count = Some(self.population.count());
        Ok(Outcome {
            result,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            rows: summary.rows,
            customers: length as u64,
            left_out,
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.population.heap_size()
            + self.attribute.as_ref().map_or(0, Latest::heap_size)
            + self.matching.heap_size()
            + self.places.capacity() * 4
    }
}

impl Lrfm {
    fn result(&self) -> Result<(LrfmResult, Columns)> {
        let summary = &self.population.summary;
        let all = summary.len();
        let floats = |values: &[i64]| collected(values.iter().map(|value| *value as f64), all);
        let between = summary.tenure.iter().zip(&summary.recency);
        let measures = [
            collected(between.map(|(tenure, recency)| (tenure - recency) as f64), all)?,
            floats(&summary.recency)?,
            floats(&summary.frequency)?,
            self.population.money()?,
            floats(&summary.tenure)?,
        ];
        let none = self.values.len();
        let place = |code: &u32| {
            let place = self.places.get(*code as usize).copied().unwrap_or(MISSING);
            if place == MISSING { none } else { place as usize }
        };
        let places: Vec<usize> = collected(summary.codes.iter().map(place), all)?;
        // Rows of each value, and last of those without one.
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); none + 1];
        for (row, place) in places.iter().enumerate() {
            if let Some(rows) = rows.get_mut(*place) {
                rows.push(row);
            }
        }
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let size = |place: &usize| rows.get(*place).map_or(0, Vec::len);
        order.retain(|place| size(place) > 0);
        sort_by(&mut order, |a, b| size(b).cmp(&size(a)));
        let mut found = Columns { measures, ..Columns::default() };
        for column in &mut found.scores {
            *column = collected((0..all).map(|_| NOT_SCORED), all)?;
        }
        found.groups = collected((0..all).map(|_| 0), all)?;
        let mut groups = Vec::new();
        for (at, place) in order.iter().enumerate() {
            let Some(own) = rows.get(*place) else { continue };
            let mut cuts: [Option<Cuts>; 5] = Default::default();
            let columns = found.measures.iter().zip(&mut found.scores).zip(DIRECTIONS);
            for (((measure, scores), direction), cuts) in columns.zip(&mut cuts) {
                let values = own.iter().map(|row| measure.get(*row).copied().unwrap_or(0.0));
                let values: Vec<f64> = collected(values, own.len())?;
                let rule = Rule::of_data(self.options.convention, self.options.bins)?;
                let scored = score(&values, direction, rule)?;
                for (row, score) in own.iter().zip(scored.scores) {
                    if let Some(slot) = scores.get_mut(*row) {
                        *slot = score;
                    }
                }
                *cuts = scored.cuts;
            }
            let mut sum = 0_i128;
            for row in own {
                sum += i128::from(summary.monetary.get(*row).copied().unwrap_or(0));
                if let Some(group) = found.groups.get_mut(*row) {
                    *group = at as u16;
                }
            }
            let [length, recency, frequency, monetary, tenure] = cuts;
            groups.push(LrfmGroup {
                value: self.values.get(*place).cloned(),
                customers: own.len() as u64,
                revenue: money::to_f64(sum, summary.scale),
                cuts: LrfmCuts { length, recency, frequency, monetary, tenure },
            });
        }
        found.totals = self.totals(&found.scores, all)?;
        Ok((LrfmResult { groups, patterns: self.patterns(&found.scores) }, found))
    }

    fn totals(&self, [l, r, f, m, t]: &[Vec<u8>; 5], all: usize) -> Result<Vec<f64>> {
        let LrfmWeights { length, recency, frequency, monetary, tenure } = self.options.weights;
        let sum = length + recency + frequency + monetary + tenure;
        let rows = l.iter().zip(r).zip(f.iter().zip(m)).zip(t);
        let totals = rows.map(|(((l, r), (f, m)), t)| {
            if [l, r, f, m, t].contains(&&NOT_SCORED) {
                return 0.0;
            }
            let [l, r, f, m, t] = [l, r, f, m, t].map(|score| f64::from(*score));
            (length * l + recency * r + frequency * f + monetary * m + tenure * t) / sum
        });
        collected(totals, all)
    }

    fn patterns(&self, [l, r, f, m, _]: &[Vec<u8>; 5]) -> Vec<LrfmPattern> {
        let summary = &self.population.summary;
        let high = |score: u8| u16::from(score) * 2 > u16::from(self.options.bins) + 1;
        let mut sums = [(0_u64, 0_i128); 16];
        let rows = l.iter().zip(r).zip(f.iter().zip(m)).zip(&summary.monetary);
        for (((l, r), (f, m)), minor) in rows {
            let low = [l, r, f, m].map(|score| usize::from(!high(*score)));
            let code = low.iter().fold(0, |code, low| code * 2 + low);
            if let Some((customers, sum)) = sums.get_mut(code) {
                *customers += 1;
                *sum += i128::from(*minor);
            }
        }
        let all = summary.len().max(1) as f64;
        let rows = (0..).zip(sums).map(|(code, (customers, sum))| LrfmPattern {
            is_long: code & 8 == 0,
            is_recent: code & 4 == 0,
            is_frequent: code & 2 == 0,
            is_valuable: code & 1 == 0,
            customers,
            customers_share: customers as f64 / all,
            revenue: money::to_f64(sum, summary.scale),
        });
        rows.collect()
    }
}
