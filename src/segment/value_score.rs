//! `value-score`: one number from 0 to 100 for how much a customer is worth, out of four
//! dimensions: what they buy, what they look at, whom they bring, and what they think.
//!
//! Every measure is ranked: its value is the share of all other customers who have strictly less,
//! from 0 to 1, so that no unit and no single large customer decides. A dimension is the weighted
//! mean of its measures, the score the weighted mean of the dimensions, times 100; the score of
//! each customer is exactly the sum of their parts.
//!
//! When not to use it: an index is a convention. It orders customers for attention; it is no
//! forecast of money, and its weights are a judgement, those by entropy included.

use serde::{Deserialize, Serialize};

use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::population::{
    Population, PurchaseRules, collected, filled, no_memory, unfinished,
};
use crate::segment::rfm::groups::Text;
use crate::segment::rfms::actions::Actions;
use crate::segment::rfms::everybody::{NonBuyers, everybody};
use crate::segment::rfms::social::{SocialOptions, social};
use crate::stats::order::sort_by;
use crate::stats::quantile::{QuantileType, quantiles_of_sorted};
use crate::table::calendar::DAY_MS;
use crate::table::role::Role;
use crate::table::zone::Zone;

/// The input with ratings.
const RATINGS: usize = 3;

/// Options of `value-score`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValueScoreOptions {
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
    /// Where the weights of the dimensions come from.
    #[serde(default)]
    pub weighting: Weighting,
    /// The weights, needed with `given` and allowed only there. Only their proportions count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<DimensionWeights>,
    /// How much recency, frequency and money count within the transaction dimension.
    #[serde(default)]
    pub transaction: TransactionWeights,
    /// How actions become the social measure. `days` bounds the behaviour dimension too.
    #[serde(default)]
    pub social: SocialOptions,
    /// What becomes of customers who never bought.
    #[serde(default)]
    pub non_buyers: NonBuyers,
    /// The sentiment of customers without a rating, 0 to 1.
    #[serde(default = "neutral")]
    pub unrated: f64,
}

fn neutral() -> f64 {
    0.5
}

/// Where weights come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Weighting {
    /// Every dimension that has data counts the same.
    #[default]
    Equal,
    /// Yours, in `weights`.
    Given,
    /// By entropy: a dimension in which customers differ more counts more. A dimension that few
    /// customers have at all differs most, whether it matters or not.
    Entropy,
}

/// Weights of the dimensions. Those without data are left out, and the others keep their
/// proportions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DimensionWeights {
    /// Of what they buy.
    pub transaction: f64,
    /// Of what they look at.
    pub behaviour: f64,
    /// Of whom they bring.
    pub social: f64,
    /// Of what they think.
    pub sentiment: f64,
}

/// Weights within the transaction dimension.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TransactionWeights {
    /// Of a recent last purchase.
    pub recency: f64,
    /// Of the number of purchases.
    pub frequency: f64,
    /// Of the money.
    pub monetary: f64,
}

impl Default for TransactionWeights {
    fn default() -> Self {
        TransactionWeights { recency: 1.0, frequency: 1.0, monetary: 1.0 }
    }
}

/// A dimension of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ValueDimension {
    /// What they buy.
    Transaction,
    /// What they look at.
    Behaviour,
    /// Whom they bring.
    Social,
    /// What they think.
    Sentiment,
}

const DIMENSIONS: [ValueDimension; 4] = [
    ValueDimension::Transaction,
    ValueDimension::Behaviour,
    ValueDimension::Social,
    ValueDimension::Sentiment,
];

/// Result of `value-score`. The column set `customers` holds `customer`, `isBuyer`, `isRated`; the
/// dimensions `transaction`, `behaviour`, `social`, `sentiment` (each 0 to 1); the parts
/// `recencyPart`, `frequencyPart`, `monetaryPart`, `behaviourPart`, `socialPart`, `sentimentPart`;
/// their sum in this order, `score` (0 to 100); and `band` (index into `bands`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValueScoreResult {
    /// The dimensions and their weights.
    pub dimensions: Vec<ValueDimensionRow>,
    /// How scores lie.
    pub scores: ScoreSpread,
    /// The customers by score: the best fifth first. Equal scores are in one band.
    pub bands: Vec<ScoreBand>,
    /// What the score says, in one sentence.
    pub sentence: Text,
}

/// One dimension.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ValueDimensionRow {
    /// Which.
    pub dimension: ValueDimension,
    /// Whether there is data for it.
    pub has_data: bool,
    /// Its weight; all weights together are 1.
    pub weight: f64,
    /// Its mean over all customers, 0 to 1.
    pub mean: f64,
    /// Shannon's entropy of how it is spread over customers, over its largest value: 1 if all
    /// have the same, near 0 if one has all. Null where nobody has any, and for one customer.
    pub entropy: Option<f64>,
}

/// How scores lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScoreSpread {
    /// The lowest.
    pub least: f64,
    /// A quarter is at or below (type 7).
    pub lower: f64,
    /// Half is at or below.
    pub median: f64,
    /// Three quarters are at or below.
    pub upper: f64,
    /// The highest.
    pub most: f64,
    /// The mean.
    pub mean: f64,
}

/// Customers with scores in a range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScoreBand {
    /// How many customers.
    pub customers: u64,
    /// Their lowest score; null for an empty band.
    pub least: Option<f64>,
    /// Their highest score; null for an empty band.
    pub most: Option<f64>,
    /// Their money.
    pub revenue: f64,
    /// Their share of all money; null if all money together is not positive.
    pub revenue_share: Option<f64>,
}

/// How many bands there are.
const BANDS: usize = 5;

/// The running analysis.
#[derive(Debug)]
pub struct ValueScore {
    options: ValueScoreOptions,
    zone: Zone,
    has: [bool; 4],
    population: Population,
    actions: Actions,
    ratings: Vec<(u32, f64)>,
    /// The place of the ratings among the inputs that are there.
    rating_place: usize,
    rating_rows: Skipped,
    phase: Phase,
    answer: Option<(ValueScoreResult, Rows)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Skipped {
    after: u64,
    denied: u64,
    missing: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Customers,
    Result,
    Done,
}

#[derive(Debug)]
struct Rows {
    numbers: Vec<u32>,
    buyers: usize,
    rated: Vec<u8>,
    dimensions: [Vec<f64>; 4],
    parts: [Vec<f64>; 6],
    scores: Vec<f64>,
    bands: Vec<u8>,
    left_out: u64,
}

fn rules(options: &ValueScoreOptions) -> PurchaseRules {
    PurchaseRules { count: options.count, refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for ValueScore {
    const NAME: &'static str = "value-score";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Composite index of ranked measures; weights given, equal or by entropy",
        reference: "OECD, JRC (2008). Handbook on Constructing Composite Indicators. Entropy \
                    weights: Zeleny, M. (1982). Multiple Criteria Decision Making.",
    };
    const INPUTS: &'static [&'static str] = &["log"];
    const OPTIONAL: &'static [&'static str] = &["events", "referrals", "ratings"];

    type Options = ValueScoreOptions;
    type Result = ValueScoreResult;

    fn needs(options: &ValueScoreOptions, input: usize) -> Result<Needs> {
        Ok(match input {
            0 => Population::needs(rules(options)),
            RATINGS => Needs::roles(&[Role::Customer, Role::Time, Role::Quantity]),
            _ => Actions::needs(input),
        })
    }

    fn estimate(options: &ValueScoreOptions, inputs: &[Facts<'_>]) -> u64 {
        let log = inputs.iter().find(|facts| facts.input == 0);
        let customers: u64 = inputs.iter().map(|facts| facts.customers).sum();
        let ratings = inputs.iter().find(|facts| facts.input == RATINGS);
        // Measures, dimensions, parts, scores and the copies that ranks are taken from.
        log.map_or(0, |log| Population::estimate(rules(options), log))
            + Actions::estimate(inputs)
            + customers * (24 * 8 + 8)
            + ratings.map_or(0, |ratings| ratings.rows * 32)
    }

    fn start(options: ValueScoreOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let log = inputs
            .iter()
            .find(|facts| facts.input == 0)
            .ok_or_else(|| Error::new(Code::UnknownTable, "this reads a log of purchases"))?;
        check(&options)?;
        let zone = log.schema.zone.clone();
        let population = Population::start(&options.at, rules(&options), log)
            .map_err(|error| error.at_path("at"))?;
        let moment = population.moment();
        let from = options.social.days.map_or(i64::MIN, |days| {
            let first = i64::from(moment.day) - i64::from(days) + 1;
            zone.instant_of(first * DAY_MS).instant()
        });
        let there = |input: usize| inputs.iter().any(|facts| facts.input == input);
        let has = [true, there(1), there(1) || there(2), there(RATINGS)];
        let rating_place = inputs.iter().position(|facts| facts.input == RATINGS);
        let actions = Actions::new(options.social.events.clone(), from, moment.until, inputs);
        Ok(ValueScore {
            options,
            zone,
            has,
            population,
            actions,
            ratings: Vec::new(),
            rating_place: rating_place.unwrap_or(usize::MAX),
            rating_rows: Skipped::default(),
            phase: Phase::Customers,
            answer: None,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        match input {
            0 => self.population.update(rows),
            RATINGS => self.rate(rows),
            _ => self.actions.update(input, rows),
        }
    }

    fn join(&mut self, names: &[AllowedNames<'_>], budget: usize) -> Result<Progress> {
        self.actions.join(names, budget)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let customers = self.actions.customers() as u64;
        let total = customers * 2 + 1;
        let done = match self.phase {
            Phase::Customers => {
                if self.population.settle(budget)? {
                    self.phase = Phase::Result;
                }
                self.population.summary.len() as u64
            }
            Phase::Result => {
                self.answer = Some(self.result()?);
                self.phase = Phase::Done;
                total
            }
            Phase::Done => total,
        };
        Ok(Progress { done: done.min(total), total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<ValueScoreResult, ValueScoreOptions>> {
        let (result, rows) = self.answer.take().ok_or_else(unfinished)?;
        let length = rows.numbers.len();
        let mut warnings = Vec::new();
        for row in result.dimensions.iter().filter(|row| row.has_data && row.entropy.is_none()) {
            warnings.push(Warning {
                code: "constant-dimension",
                count: length as u64,
                hint: format!(
                    "all customers are equal in the dimension {:?}: it tells nobody apart",
                    row.dimension
                )
                .to_lowercase(),
            });
        }
        let mut left_out = self.population.left_out();
        let Skipped { after, denied, missing } = self.rating_rows;
        let ratings = [("after-at", after), ("denied", denied), ("no-rating", missing)];
        let ratings = LeftOut::rows(&ratings);
        // Events of no social kind are behaviour here.
        let actions = self.actions.left_out().into_iter();
        for part in actions.filter(|part| part.reason != "other-event").chain(ratings) {
            match left_out.iter_mut().find(|known| known.reason == part.reason) {
                Some(known) => known.rows += part.rows,
                None => left_out.push(part),
            }
        }
        if rows.left_out > 0 {
            let customers = rows.left_out;
            left_out.push(LeftOut { reason: "never-bought", rows: 0, customers });
        }
        let used = self.population.summary.rows + self.actions.rows() + self.ratings.len() as u64;
        let ids = self.actions.ids(&rows.numbers, names)?;
        let buyers = (0..length).map(|row| u8::from(row < rows.buyers));
        let mut columns = vec![
            ("customer", ids),
            ("isBuyer", Values::U8(collected(buyers, length)?)),
            ("isRated", Values::U8(rows.rated)),
        ];
        let names = ["transaction", "behaviour", "social", "sentiment"];
        columns.extend(names.into_iter().zip(rows.dimensions.map(Values::F64)));
        let names = [
            "recencyPart",
            "frequencyPart",
            "monetaryPart",
            "behaviourPart",
            "socialPart",
            "sentimentPart",
        ];
        columns.extend(names.into_iter().zip(rows.parts.map(Values::F64)));
        columns.push(("score", Values::F64(rows.scores)));
        columns.push(("band", Values::U8(rows.bands)));
        let columns = columns.into_iter().map(|(name, values)| NamedColumn { name, values });
        let columns = columns.collect();
        self.options.count = Some(self.population.count());
        Ok(Outcome {
            result,
            sets: vec![ColumnSet { name: "customers", length, columns }],
            rows: used,
            customers: length as u64,
            left_out,
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.population.heap_size() + self.actions.heap_size() + self.ratings.capacity() * 16
    }
}

fn check(options: &ValueScoreOptions) -> Result<()> {
    let invalid = |path: &str, hint: &'static str| {
        Err(Error::new(Code::InvalidOption, hint).at_path(path.to_owned()))
    };
    match (options.weighting, options.weights) {
        (Weighting::Given, None) => {
            let hint = "`given` weights are named here: transaction, behaviour, social, sentiment";
            return Err(Error::new(Code::MissingField, hint).at_path("weights"));
        }
        (Weighting::Equal | Weighting::Entropy, Some(_)) => {
            return invalid("weights", "weights of your own need `weighting: \"given\"`");
        }
        _ => {}
    }
    let given = options.weights.map(|weights| {
        let DimensionWeights { transaction, behaviour, social, sentiment } = weights;
        [
            ("weights.transaction", transaction),
            ("weights.behaviour", behaviour),
            ("weights.social", social),
            ("weights.sentiment", sentiment),
        ]
    });
    let TransactionWeights { recency, frequency, monetary } = options.transaction;
    let inner = [
        ("transaction.recency", recency),
        ("transaction.frequency", frequency),
        ("transaction.monetary", monetary),
    ];
    for (path, weight) in given.iter().flatten().chain(&inner) {
        if !(weight.is_finite() && *weight >= 0.0) {
            return invalid(path, "a weight is zero or more");
        }
    }
    let total = recency + frequency + monetary;
    if total <= 0.0 || !total.is_finite() {
        return invalid("transaction", "at least one weight is above zero");
    }
    if !(0.0..=1.0).contains(&options.unrated) {
        return invalid("unrated", "a sentiment lies between 0 and 1");
    }
    if options.social.thresholds.is_some() {
        return invalid("social.thresholds", "only the social measure is used here, no score");
    }
    // Any number of bins: thresholds are refused above.
    options.social.check(2).map_err(|error| error.inside("social"))
}

impl ValueScore {
    fn rate(&mut self, rows: Allowed<'_>) -> Result<()> {
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let times = rows.times().ok_or_else(|| Allowed::refused(Role::Time))?;
        let (ratings, valid) =
            rows.numbers(Role::Quantity).ok_or_else(|| Allowed::refused(Role::Quantity))?;
        let until = self.population.moment().until;
        for (row, (customer, time)) in customers.iter().zip(times).enumerate() {
            if *time >= until {
                self.rating_rows.after += 1;
            } else if rows.keep().is_some_and(|keep| !keep.get(*customer)) {
                self.rating_rows.denied += 1;
            } else if let Some(rating) = ratings.get(row).filter(|_| valid.get(row)) {
                self.ratings.try_reserve(1).map_err(|_| no_memory())?;
                self.ratings.push((*customer, *rating));
            } else {
                self.rating_rows.missing += 1;
            }
        }
        Ok(())
    }

    /// The mean rating of each customer by common number.
    fn means(&mut self) -> Result<Vec<Option<f64>>> {
        let mut means = filled(None, self.actions.customers())?;
        // One order whatever the order of rows, so that sums have the same bits.
        sort_by(&mut self.ratings, |a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        for of_one in self.ratings.chunk_by(|a, b| a.0 == b.0) {
            let Some((code, _)) = of_one.first() else { continue };
            let number = self.actions.number(self.rating_place, *code);
            let place = number.and_then(|number| means.get_mut(number as usize));
            if let Some(place) = place {
                let sum: f64 = of_one.iter().map(|(_, rating)| rating).sum();
                *place = Some(sum / of_one.len() as f64);
            }
        }
        Ok(means)
    }

    fn result(&mut self) -> Result<(ValueScoreResult, Rows)> {
        let first = |code: u32| {
            let at = self.population.summary.codes.binary_search(&code).ok()?;
            self.population.summary.first.get(at).copied()
        };
        let counted = self.actions.count(first)?;
        let means = self.means()?;
        let base = everybody(&self.population, &counted, &self.zone, self.options.non_buyers)?;
        let (all, buyers) = (base.numbers.len(), base.buyers);
        let measure = social(&self.options.social, 2, &base.counts)?.measure;
        // Who never bought has no recency of a purchase at all: worse than everybody's.
        let days = base.recency.iter().enumerate();
        let nearness =
            collected(days.map(|(row, days)| if row < buyers { -days } else { f64::MIN }), all)?;
        let others = collected(base.others.iter().map(|count| f64::from(*count)), all)?;
        let rating = |number: &u32| means.get(*number as usize).copied().flatten();
        let ratings: Vec<Option<f64>> = collected(base.numbers.iter().map(rating), all)?;
        let known: Vec<f64> = ratings.iter().flatten().copied().collect();
        let mut ranked = ranks(&known)?.into_iter();
        let unrated = self.options.unrated;
        let sentiment = ratings.iter().map(|rating| match rating {
            Some(_) => ranked.next().unwrap_or(unrated),
            None => unrated,
        });
        let sentiment = collected(sentiment, all)?;
        let inner = self.options.transaction;
        let inner = [inner.recency, inner.frequency, inner.monetary];
        let inner_sum: f64 = inner.iter().sum();
        let bought = [ranks(&nearness)?, ranks(&base.frequency)?, ranks(&base.monetary)?];
        let [near, often, much] = &bought;
        let [recency, frequency, monetary] = inner.map(|weight| weight / inner_sum);
        let transaction = near.iter().zip(often).zip(much);
        let transaction = collected(
            transaction
                .map(|((near, often), much)| recency * near + frequency * often + monetary * much),
            all,
        )?;
        let dimensions = [transaction, ranks(&others)?, ranks(&measure)?, sentiment];
        let entropies = [0, 1, 2, 3].map(|at: usize| {
            dimensions.get(at).and_then(|dimension: &Vec<f64>| entropy(dimension))
        });
        let weights = self.weights(&entropies);
        let parts = self.parts(&dimensions, &bought, [recency, frequency, monetary], weights)?;
        let sum_of = |row: usize| {
            parts.iter().map(|part| part.get(row).copied().unwrap_or(0.0)).sum::<f64>()
        };
        let scores: Vec<f64> = collected((0..all).map(sum_of), all)?;
        let (bands, codes) = self.bands(&scores, buyers)?;
        let rows = DIMENSIONS.into_iter().zip(&dimensions).zip(self.has).zip(weights);
        let rows =
            rows.zip(entropies).map(|((((dimension, values), has_data), weight), entropy)| {
                let mean = sorted(values).iter().sum::<f64>() / all.max(1) as f64;
                ValueDimensionRow { dimension, has_data, weight, mean, entropy }
            });
        let sorted = sorted(&scores);
        let found = quantiles_of_sorted(&sorted, &[0.25, 0.5, 0.75], QuantileType::Linear)?;
        let at = |place: usize| found.as_ref().and_then(|q| q.get(place)).copied().unwrap_or(0.0);
        let spread = ScoreSpread {
            least: sorted.first().copied().unwrap_or(0.0),
            lower: at(0),
            median: at(1),
            upper: at(2),
            most: sorted.last().copied().unwrap_or(0.0),
            mean: sorted.iter().sum::<f64>() / all.max(1) as f64,
        };
        let result = ValueScoreResult {
            dimensions: rows.collect(),
            scores: spread,
            sentence: sentence(all, &spread, bands.first()),
            bands,
        };
        let rated = collected(ratings.iter().map(|rating| u8::from(rating.is_some())), all)?;
        let numbers = base.numbers;
        let left_out = base.left_out;
        let rows =
            Rows { numbers, buyers, rated, dimensions, parts, scores, bands: codes, left_out };
        Ok((result, rows))
    }

    /// The weights of the dimensions; together 1.
    fn weights(&self, entropies: &[Option<f64>; 4]) -> [f64; 4] {
        let equal = self.has.map(f64::from);
        let wanted = match (self.options.weighting, self.options.weights) {
            (Weighting::Given, Some(given)) => {
                [given.transaction, given.behaviour, given.social, given.sentiment]
            }
            (Weighting::Entropy, _) => {
                entropies.map(|entropy| entropy.map_or(0.0, |entropy| (1.0 - entropy).max(0.0)))
            }
            _ => equal,
        };
        let mut weights = [0.0; 4];
        for ((weight, wanted), has) in weights.iter_mut().zip(wanted).zip(self.has) {
            *weight = if has { wanted } else { 0.0 };
        }
        let sum: f64 = weights.iter().sum();
        // Where no dimension tells customers apart, or all weight is on those without data.
        if sum <= 0.0 || !sum.is_finite() {
            let sum: f64 = equal.iter().sum();
            return equal.map(|weight| weight / sum);
        }
        weights.map(|weight| weight / sum)
    }

    fn parts(
        &self,
        dimensions: &[Vec<f64>; 4],
        bought: &[Vec<f64>; 3],
        inner: [f64; 3],
        weights: [f64; 4],
    ) -> Result<[Vec<f64>; 6]> {
        let [transaction, others @ ..] = weights;
        let [_, behaviour, social, sentiment] = dimensions;
        let [near, often, much] = bought;
        let [recency, frequency, monetary] = inner;
        let [of_behaviour, of_social, of_sentiment] = others;
        let part = |values: &[f64], weight: f64| {
            collected(values.iter().map(|value| 100.0 * weight * value), values.len())
        };
        Ok([
            part(near, transaction * recency)?,
            part(often, transaction * frequency)?,
            part(much, transaction * monetary)?,
            part(behaviour, of_behaviour)?,
            part(social, of_social)?,
            part(sentiment, of_sentiment)?,
        ])
    }

    /// Fifths of the customers from the best on: the band of a customer is five times the share of
    /// customers with a strictly higher score.
    fn bands(&self, scores: &[f64], buyers: usize) -> Result<(Vec<ScoreBand>, Vec<u8>)> {
        let sorted = sorted(scores);
        let all = scores.len();
        let band_of = |score: &f64| {
            let higher = all - sorted.partition_point(|other| other <= score);
            (higher * BANDS / all.max(1)).min(BANDS - 1) as u8
        };
        let codes: Vec<u8> = collected(scores.iter().map(band_of), all)?;
        let summary = &self.population.summary;
        let mut sums = [(0_u64, 0_i128, f64::INFINITY, f64::NEG_INFINITY); BANDS];
        let money = summary.monetary.iter().take(buyers).copied().chain(std::iter::repeat(0));
        for ((band, score), minor) in codes.iter().zip(scores).zip(money) {
            if let Some((customers, sum, least, most)) = sums.get_mut(usize::from(*band)) {
                *customers += 1;
                *sum += i128::from(minor);
                *least = least.min(*score);
                *most = most.max(*score);
            }
        }
        let revenue: i128 = sums.iter().map(|(_, sum, _, _)| sum).sum();
        let bands = sums.map(|(customers, sum, least, most)| ScoreBand {
            customers,
            least: (customers > 0).then_some(least),
            most: (customers > 0).then_some(most),
            revenue: crate::table::money::to_f64(sum, summary.scale),
            revenue_share: (revenue > 0).then(|| sum as f64 / revenue as f64),
        });
        Ok((bands.to_vec(), codes))
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// For each value the share of the others that are strictly less, 0 to 1; 0 for a single value.
fn ranks(values: &[f64]) -> Result<Vec<f64>> {
    let sorted = sorted(values);
    let others = (values.len().max(2) - 1) as f64;
    let less = |value: &f64| sorted.partition_point(|other| other < value) as f64 / others;
    collected(values.iter().map(less), values.len())
}

/// Shannon's entropy of shares over its largest value `ln n`. `None` without two customers, and
/// where nobody holds anything.
fn entropy(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let sum: f64 = sorted.iter().sum();
    if sorted.len() < 2 || sum <= 0.0 {
        return None;
    }
    let part = |value: &f64| {
        let share = value / sum;
        if share > 0.0 { -share * libm::log(share) } else { 0.0 }
    };
    let entropy = sorted.iter().map(part).sum::<f64>() / libm::log(sorted.len() as f64);
    Some(entropy.min(1.0))
}

fn sentence(customers: usize, spread: &ScoreSpread, best: Option<&ScoreBand>) -> Text {
    let share = best.and_then(|best| Some((best.customers, best.revenue_share? * 100.0)));
    let (en, zh) = match share {
        Some((best, share)) => (
            format!(" The best {best} bring {share:.1} % of the money."),
            format!("得分最高的 {best} 位贡献 {share:.1} % 的收入。"),
        ),
        None => (String::new(), String::new()),
    };
    let (lower, upper) = (spread.lower, spread.upper);
    Text {
        en: format!(
            "Half of the {customers} customers score between {lower:.1} and {upper:.1} of 100.{en}"
        )
        .into(),
        zh: format!(
            "共 {customers} 位客户，中间一半得分在 {lower:.1} 至 {upper:.1} 之间（满分 100）。{zh}"
        )
        .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_ranks_and_the_best_of_all_has_1() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 9.0, 1.0]).unwrap(), [0.5, 0.0, 0.5, 1.0, 0.0]);
        assert_eq!(ranks(&[7.0]).unwrap(), [0.0]);
        assert!(ranks(&[]).unwrap().is_empty());
    }

    #[test]
    fn entropy_is_1_if_all_have_the_same_and_small_if_one_has_all() {
        assert!((entropy(&[0.3; 8]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(entropy(&[0.0, 0.0, 1.0]), Some(0.0));
        assert_eq!(entropy(&[0.0, 0.0]), None);
        assert_eq!(entropy(&[1.0]), None);
    }
}
