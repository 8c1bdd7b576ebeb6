//! RFM: recency, frequency and monetary value of each customer, as scores and as named groups.
//!
//! Hughes, *Strategic Database Marketing* (1994), in the form that the field uses today: each
//! measure is cut into a few scores, and scores are read together as groups with a meaning and
//! an action. [`score`] holds the scoring conventions, [`groups`] the named groups; this file is
//! the analysis: options, the walk from log to answer, and the result.
//!
//! When not to use it: RFM looks back. It ranks customers by what they did, and says nothing
//! about who would have bought anyway; for lifetimes and effects take a model or a test.

pub mod groups;
pub mod score;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::customers::purchases::{Count, Refunds, Zeros};
use crate::customers::summary::Summary;
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::population::{Population, PurchaseRules, collected, unfinished};
use crate::table::money;
use groups::{Customers, Group, GroupOptions, Grouped, NO_GROUP};
use score::{Cuts, Measure, NOT_SCORED, ScoreOptions, Scored};

/// Options of `rfm`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmOptions {
    /// The reference moment: a local day (`2025-06-01`, which still counts whole) or an instant.
    /// Rows after it are left out; recency and tenure count calendar days to it.
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
    /// How measures become scores.
    #[serde(default)]
    pub scoring: ScoreOptions,
    /// How scores become named groups.
    #[serde(default)]
    pub groups: GroupOptions,
}

/// Result of `rfm`. The customers themselves are the column set `customers`: `customer`,
/// `recency` and `tenure` (calendar days from the last and the first purchase), `frequency`
/// (purchases), `monetary` and `mean` (money in all and per purchase), `first` and `last` (ms
/// UTC), the scores `r`, `f`, `m` (0 = not scored), the weighted total `score` (0 = not scored),
/// and `group` (index into `groups`, 255 = none).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RfmResult {
    /// All customers together.
    pub totals: Totals,
    /// The groups in display order, empty ones included.
    pub groups: Vec<GroupRow>,
    /// Where each measure was cut into scores; null where values alone do not decide.
    pub cuts: MeasureCuts,
    /// Customers by recency and frequency score.
    pub grid: Grid,
}

/// All customers together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Totals {
    /// Customers with at least one purchase.
    pub customers: u64,
    /// Their purchases.
    pub purchases: u64,
    /// Their money, refunds as asked.
    pub revenue: f64,
    /// The same, exact to the last digit.
    pub revenue_text: String,
    /// Days, mean over customers.
    pub recency_mean: f64,
    /// Purchases, mean over customers.
    pub frequency_mean: f64,
    /// Money, mean over customers.
    pub monetary_mean: f64,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupRow {
    /// Name, meaning and suggested action.
    #[serde(flatten)]
    pub group: Group,
    /// How many customers.
    pub customers: u64,
    /// Their share of all customers, 0 to 1.
    pub customers_share: f64,
    /// Their money.
    pub revenue: f64,
    /// Their share of all money; null if all money together is not positive.
    pub revenue_share: Option<f64>,
    /// Days, mean; null for an empty group.
    pub recency_mean: Option<f64>,
    /// Purchases, mean; null for an empty group.
    pub frequency_mean: Option<f64>,
    /// Money, mean; null for an empty group.
    pub monetary_mean: Option<f64>,
}

/// The cut points of the three measures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeasureCuts {
    /// Of recency, in days.
    pub recency: Option<Cuts>,
    /// Of frequency, in purchases.
    pub frequency: Option<Cuts>,
    /// Of money.
    pub monetary: Option<Cuts>,
}

/// Customers by recency and frequency score.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Grid {
    /// Scores run from 1 to this.
    pub bins: u8,
    /// Every cell, by `r`, then `f`; those without customers too.
    pub cells: Vec<GridCell>,
}

/// One cell of the grid.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GridCell {
    /// Recency score.
    pub r: u8,
    /// Frequency score.
    pub f: u8,
    /// How many customers.
    pub customers: u64,
    /// Their money.
    pub revenue: f64,
    /// Money, mean; null for an empty cell.
    pub monetary_mean: Option<f64>,
    /// Index into `groups` if all customers of the cell are in one group.
    pub group: Option<u8>,
}

/// The running analysis.
#[derive(Debug)]
pub struct Rfm {
    options: RfmOptions,
    population: Population,
    stage: Stage,
    monetary: Vec<f64>,
    recency: Vec<f64>,
    frequency: Vec<f64>,
    scored: Vec<Scored>,
    grouped: Option<Grouped>,
    answer: Option<(RfmResult, Vec<Warning>)>,
}

/// What `finish` works on next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Customers,
    Score(Measure),
    Groups,
    Result,
    Done,
}

fn rules(options: &RfmOptions) -> PurchaseRules {
    PurchaseRules { count: options.count, refunds: options.refunds, zeros: options.zeros }
}

impl Analysis for Rfm {
    const NAME: &'static str = "rfm";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "RFM",
        reference: "Hughes, A. M. (1994). Strategic Database Marketing. Probus.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = RfmOptions;
    type Result = RfmResult;

    fn needs(options: &RfmOptions, _input: usize) -> Result<Needs> {
        Ok(Population::needs(rules(options)))
    }

    fn estimate(options: &RfmOptions, inputs: &[Facts<'_>]) -> u64 {
        let Some(log) = inputs.first() else { return 0 };
        // Three float columns, six output columns of eight bytes and five of one, the scratch
        // copy of a scoring.
        Population::estimate(rules(options), log) + log.customers * (3 * 8 + 6 * 8 + 5 + 8)
    }

    fn start(options: RfmOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let log =
            inputs.first().ok_or_else(|| Error::new(Code::UnknownTable, "`rfm` reads one log"))?;
        options.scoring.check().map_err(|error| error.inside("scoring"))?;
        options.groups.check(options.scoring.bins).map_err(|error| error.inside("groups"))?;
        let population = Population::start(&options.at, rules(&options), log)
            .map_err(|error| error.at_path("at"))?;
        Ok(Rfm {
            options,
            population,
            stage: Stage::Customers,
            monetary: Vec::new(),
            recency: Vec::new(),
            frequency: Vec::new(),
            scored: Vec::new(),
            grouped: None,
            answer: None,
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.population.update(rows)
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let customers = self.population.known();
        // One unit per customer and stage: summary, three scorings, groups, result.
        let total = self.units();
        let done = match self.stage {
            Stage::Customers => {
                if self.population.settle(budget)? {
                    self.stage = Stage::Score(Measure::Recency);
                }
                self.population.settled() as u64
            }
            Stage::Score(measure) => {
                let summary = &self.population.summary;
                let scale = summary.scale;
                let (values, column, next, part): (Vec<f64>, _, _, u64) = match measure {
                    Measure::Recency => (
                        floats(&summary.recency, |days| days as f64)?,
                        &mut self.recency,
                        Stage::Score(Measure::Frequency),
                        2,
                    ),
                    Measure::Frequency => (
                        floats(&summary.frequency, |purchases| purchases as f64)?,
                        &mut self.frequency,
                        Stage::Score(Measure::Monetary),
                        3,
                    ),
                    Measure::Monetary => (
                        floats(&summary.monetary, |minor| money::to_f64(i128::from(minor), scale))?,
                        &mut self.monetary,
                        Stage::Groups,
                        4,
                    ),
                };
                let rule = self.options.scoring.rule(measure)?;
                self.scored.push(score::score(&values, measure.direction(), rule)?);
                *column = values;
                self.stage = next;
                customers as u64 * part
            }
            Stage::Groups => {
                let [r, f, m] = self.scores();
                let summary = &self.population.summary;
                let columns = Customers {
                    recency_days: &summary.recency,
                    frequency: &summary.frequency,
                    monetary: &summary.monetary,
                    r,
                    f,
                    m,
                };
                let bins = self.options.scoring.bins;
                let grouped = groups::assign(&self.options.groups, bins, &columns)?;
                self.grouped = Some(grouped);
                self.stage = Stage::Result;
                customers as u64 * 5
            }
            Stage::Result => {
                let grouped = self.grouped.as_ref().ok_or_else(unfinished)?;
                self.answer = Some((self.result(grouped), self.warnings(grouped)));
                self.stage = Stage::Done;
                total
            }
            Stage::Done => total,
        };
        Ok(Progress { done, total: total.max(1) })
    }

    fn outcome(mut self, names: &[AllowedNames<'_>]) -> Result<Outcome<RfmResult, RfmOptions>> {
        let grouped = self.grouped.take().ok_or_else(unfinished)?;
        let (result, warnings) = self.answer.take().ok_or_else(unfinished)?;
        let customers = self.customers(grouped, names)?;
        let summary = &self.population.summary;
        self.options.count = Some(self.population.count());
        Ok(Outcome {
            result,
            sets: vec![customers],
            rows: summary.rows,
            customers: summary.len() as u64,
            left_out: self.population.left_out(),
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.population.heap_size()
            + (self.recency.capacity() + self.frequency.capacity() + self.monetary.capacity()) * 8
    }
}

fn floats(values: &[i64], to_float: impl Fn(i64) -> f64) -> Result<Vec<f64>> {
    collected(values.iter().map(|value| to_float(*value)), values.len())
}

/// Exact sums over some customers.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    customers: u64,
    recency: i64,
    frequency: i64,
    monetary: i128,
}

impl Sums {
    fn add(&mut self, other: Sums) {
        self.customers += other.customers;
        // Days and purchases of 2^32 customers stay below 2^63.
        self.recency += other.recency;
        self.frequency += other.frequency;
        self.monetary += other.monetary;
    }

    fn mean(&self, sum: f64) -> Option<f64> {
        (self.customers > 0).then(|| sum / self.customers as f64)
    }
}

impl Rfm {
    /// The finished customers with their groups, once they are.
    pub(crate) fn grouped(&self) -> Option<(&Summary, &Grouped)> {
        Some((&self.population.summary, self.grouped.as_ref()?))
    }

    /// Units of work in all.
    pub(crate) fn units(&self) -> u64 {
        self.population.known() as u64 * 6
    }

    fn scores(&self) -> [&[u8]; 3] {
        let column = |at: usize| self.scored.get(at).map_or(&[][..], |scored| &scored.scores);
        [column(0), column(1), column(2)]
    }

    fn result(&self, grouped: &Grouped) -> RfmResult {
        let bins = self.options.scoring.bins;
        let summary = &self.population.summary;
        let scale = summary.scale;
        let side = usize::from(bins) + 1;
        let mut by_group = vec![Sums::default(); grouped.groups.len()];
        // Row and column 0 take customers without a score.
        let mut grid = Array2::<(Sums, Option<u8>)>::default((side, side));
        let [r, f, _] = self.scores();
        let measures = summary.recency.iter().zip(&summary.frequency).zip(&summary.monetary);
        for (((measures, r), f), group) in measures.zip(r).zip(f).zip(&grouped.codes) {
            let ((recency, frequency), monetary) = measures;
            let one = Sums {
                customers: 1,
                recency: *recency,
                frequency: *frequency,
                monetary: i128::from(*monetary),
            };
            if let Some(sums) = by_group.get_mut(usize::from(*group)) {
                sums.add(one);
            }
            if let Some((sums, only)) = grid.get_mut((usize::from(*r), usize::from(*f))) {
                if sums.customers == 0 {
                    *only = Some(*group);
                } else if *only != Some(*group) {
                    *only = None;
                }
                sums.add(one);
            }
        }
        let mut all = Sums::default();
        for (sums, _) in &grid {
            all.add(*sums);
        }
        let money_of = |sums: &Sums| money::to_f64(sums.monetary, scale);
        let rows = grouped.groups.iter().zip(&by_group).map(|(group, sums)| GroupRow {
            group: group.clone(),
            customers: sums.customers,
            customers_share: all.mean(sums.customers as f64).unwrap_or(0.0),
            revenue: money_of(sums),
            revenue_share: (all.monetary > 0).then(|| sums.monetary as f64 / all.monetary as f64),
            recency_mean: sums.mean(sums.recency as f64),
            frequency_mean: sums.mean(sums.frequency as f64),
            monetary_mean: sums.mean(money_of(sums)),
        });
        let cells = grid.indexed_iter().filter(|((r, f), _)| *r > 0 && *f > 0).map(
            |((r, f), (sums, only))| GridCell {
                r: r as u8,
                f: f as u8,
                customers: sums.customers,
                revenue: money_of(sums),
                monetary_mean: sums.mean(money_of(sums)),
                group: only.filter(|group| *group != NO_GROUP),
            },
        );
        let cuts = |at: usize| self.scored.get(at).and_then(|scored| scored.cuts.clone());
        RfmResult {
            totals: Totals {
                customers: all.customers,
                purchases: all.frequency as u64,
                revenue: money_of(&all),
                revenue_text: money::to_text(all.monetary, scale),
                recency_mean: all.mean(all.recency as f64).unwrap_or(0.0),
                frequency_mean: all.mean(all.frequency as f64).unwrap_or(0.0),
                monetary_mean: all.mean(money_of(&all)).unwrap_or(0.0),
            },
            groups: rows.collect(),
            cuts: MeasureCuts { recency: cuts(0), frequency: cuts(1), monetary: cuts(2) },
            grid: Grid { bins, cells: cells.collect() },
        }
    }

    /// The column set `customers`. Takes the columns out of `self` instead of copying them.
    fn customers(&mut self, grouped: Grouped, names: &[AllowedNames<'_>]) -> Result<ColumnSet> {
        let summary = &self.population.summary;
        let length = summary.len();
        let ids = Population::ids(&summary.codes, names)?;
        let mut mean = floats(&summary.frequency, |purchases| purchases as f64)?;
        for (mean, money) in mean.iter_mut().zip(&self.monetary) {
            *mean = money / *mean;
        }
        let weights = self.options.scoring.weights;
        let [r, f, m] = self.scores();
        let scores = r.iter().zip(f).zip(m);
        let total = scores.map(|((r, f), m)| weights.total(*r, *f, *m).unwrap_or(0.0));
        let total = collected(total, length)?;
        let tenure = floats(&summary.tenure, |days| days as f64)?;
        let first = floats(&summary.first, |instant| instant as f64)?;
        let last = floats(&summary.last, |instant| instant as f64)?;
        let mut scored = std::mem::take(&mut self.scored).into_iter().map(|scored| scored.scores);
        let [r, f, m] =
            [scored.next(), scored.next(), scored.next()].map(Option::unwrap_or_default);
        let columns = [
            ("customer", ids),
            ("recency", Values::F64(std::mem::take(&mut self.recency))),
            ("frequency", Values::F64(std::mem::take(&mut self.frequency))),
            ("monetary", Values::F64(std::mem::take(&mut self.monetary))),
            ("mean", Values::F64(mean)),
            ("tenure", Values::F64(tenure)),
            ("first", Values::F64(first)),
            ("last", Values::F64(last)),
            ("r", Values::U8(r)),
            ("f", Values::U8(f)),
            ("m", Values::U8(m)),
            ("score", Values::F64(total)),
            ("group", Values::U8(grouped.codes)),
        ];
        let columns =
            columns.into_iter().map(|(name, values)| NamedColumn { name, values }).collect();
        Ok(ColumnSet { name: "customers", length, columns })
    }

    fn warnings(&self, grouped: &Grouped) -> Vec<Warning> {
        let bins = self.options.scoring.bins;
        let customers = self.population.summary.len();
        let mut warnings = Vec::new();
        if customers < usize::from(bins) * 4 {
            warnings.push(Warning {
                code: "few-customers",
                count: customers as u64,
                hint: format!("{customers} customers in {bins} bins: scores mean little"),
            });
        }
        let names = ["recency", "frequency", "monetary"];
        for (name, scored) in names.iter().zip(&self.scored) {
            if scored.highest < bins {
                warnings.push(Warning {
                    code: "merged-bins",
                    count: u64::from(bins - scored.highest),
                    hint: format!("too many customers are equal in {name}: fewer scores exist"),
                });
            }
            let unscored = scored.scores.iter().filter(|score| **score == NOT_SCORED).count();
            if unscored > 0 {
                warnings.push(Warning {
                    code: "not-scored",
                    count: unscored as u64,
                    hint: format!("this convention leaves some values of {name} without a score"),
                });
            }
        }
        let ungrouped = grouped.codes.iter().filter(|code| **code == NO_GROUP).count();
        if ungrouped > 0 {
            warnings.push(Warning {
                code: "not-grouped",
                count: ungrouped as u64,
                hint: "customers without a score are in no group".to_owned(),
            });
        }
        warnings
    }
}
