//! A model of who leaves: what it asks of a customer, its score, what each feature adds to it, and its
//! form as plain data, which another page can read.
//!
//! The score is in log-odds. Features of numbers enter the logistic model as they are, as the logarithm
//! of their size beside the median, and as whether they are missing; those of texts as whether they are
//! each of their values. Contributions of a feature are what it adds to the score of the mean
//! customer: of the logistic model coefficient times distance from the mean, of trees Shapley values.

use crate::error::{Code, Error, Result};
use crate::learn::boost::{Kind, MOST_CODES, margin};
use crate::learn::calibration::Calibration;
use crate::learn::trees::{self, Tree, check};
use crate::stats::drift::population_stability;
use crate::stats::quantile::{QuantileType, quantiles};
use serde::{Deserialize, Serialize};

/// What the form is called, and its version.
const FORMAT: &str = "siyu-churn-risk";
const VERSION: u32 = 1;
/// Shares of the drift are at least this.
const LEAST_SHARE: f64 = 1e-4;
/// Bins of a drift of numbers.
const BINS: u32 = 10;

/// Which of the two models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "RiskMethod"))]
pub enum Chosen {
    /// Penalised logistic regression.
    Logistic,
    /// Gradient-boosted trees.
    Trees,
}

/// A model as plain data. Its numbers say nothing of any one customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RiskModel {
    /// `siyu-churn-risk`.
    pub format: String,
    /// 1.
    pub version: u32,
    /// Which model it is.
    pub chosen: Chosen,
    /// What it asks, in the order of the columns.
    pub features: Vec<ModelFeature>,
    /// Score before any feature: the logistic intercept, or the trees' start.
    pub base: f64,
    /// Of the logistic model: change of the score per standard deviation of each column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coefficients: Vec<f64>,
    /// The trees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trees: Vec<Tree>,
    /// From the score to the probability.
    pub calibration: Calibration,
    /// Scores of those that it learned from, for their drift.
    pub scores: Spread,
}

/// A feature that a model asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelFeature {
    /// Its name.
    pub name: String,
    /// Values of a text; left out for numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<String>>,
    /// The median size of a number: its unit under the logarithm.
    pub middle: f64,
    /// Mean and standard deviation of each column that the logistic model sees.
    pub columns: Vec<[f64; 2]>,
    /// Its values among those that it learned from.
    pub spread: Spread,
}

/// Shares between cuts. Of a text, of each value; the last one is of what is missing or unknown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ModelSpread"))]
pub struct Spread {
    /// Ascending cuts of numbers, each belonging to the bin above.
    pub cuts: Vec<f64>,
    /// How many fell into each.
    pub counts: Vec<f64>,
}

impl Spread {
    /// Cuts between tenths of numbers, without counts yet.
    pub(super) fn of_numbers(values: impl Iterator<Item = f64>) -> Result<Spread> {
        let known: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
        let shares: Vec<f64> = (1..BINS).map(|at| f64::from(at) / f64::from(BINS)).collect();
        let mut cuts = quantiles(&known, &shares, QuantileType::Linear)?.unwrap_or_default();
        cuts.dedup();
        let counts = vec![0.0; cuts.len() + 2];
        Ok(Spread { cuts, counts })
    }

    fn of_levels(count: usize) -> Spread {
        Spread { cuts: Vec::new(), counts: vec![0.0; count + 1] }
    }

    fn bin(&self, value: f64) -> usize {
        let last = self.counts.len().saturating_sub(1);
        match value {
            _ if value.is_nan() => last,
            _ if self.cuts.is_empty() && self.counts.len() > 2 => (value as usize).min(last),
            _ => self.cuts.partition_point(|cut| *cut <= value),
        }
    }

    /// Counts values.
    pub(super) fn count(&mut self, values: impl Iterator<Item = f64>) {
        for value in values {
            let bin = self.bin(value);
            if let Some(slot) = self.counts.get_mut(bin) {
                *slot += 1.0;
            }
        }
    }

    /// The population stability index of other values against these; `None` without any.
    pub(super) fn drift(&self, values: impl Iterator<Item = f64>) -> Option<f64> {
        let mut now = Spread { cuts: self.cuts.clone(), counts: vec![0.0; self.counts.len()] };
        now.count(values);
        population_stability(&self.counts, &now.counts, LEAST_SHARE).ok()
    }

    fn is_fine(&self, length: usize) -> bool {
        self.counts.len() == length
            && self.counts.iter().all(|count| *count >= 0.0 && count.is_finite())
            && self.cuts.windows(2).all(|pair| pair.first() < pair.last())
            && self.cuts.iter().all(|cut| cut.is_finite())
    }
}

impl ModelFeature {
    /// Learns a feature from the values of those whose rows are `used`.
    pub(super) fn learn(
        name: &str,
        levels: Option<&Vec<String>>,
        values: &[f64],
        used: &[bool],
    ) -> Result<ModelFeature> {
        let learned = || values.iter().zip(used).filter(|(_, used)| **used).map(|(v, _)| *v);
        let mut spread = match levels {
            Some(levels) => Spread::of_levels(levels.len()),
            None => Spread::of_numbers(learned())?,
        };
        spread.count(learned());
        let sizes: Vec<f64> =
            learned().map(f64::abs).filter(|value| *value > 0.0 && value.is_finite()).collect();
        let middle = quantiles(&sizes, &[0.5], QuantileType::Linear)?;
        let middle = middle.and_then(|found| found.first().copied()).unwrap_or(1.0);
        let (name, levels) = (name.to_owned(), levels.cloned());
        let mut feature = ModelFeature { name, levels, middle, columns: Vec::new(), spread };
        let width = feature.width();
        feature.columns = vec![[0.0, 1.0]; width];
        // Sums of known values and of their squares around the mean, one column after the other.
        let (mut sums, mut counts) = (vec![0.0; width], vec![0.0; width]);
        let mut cells = Vec::with_capacity(width);
        let mut walk = |fold: &mut dyn FnMut(usize, f64)| {
            for value in learned() {
                cells.clear();
                feature.raw(value, &mut cells);
                let known = cells.iter().enumerate().filter(|(_, cell)| !cell.is_nan());
                known.for_each(|(at, cell)| fold(at, *cell));
            }
        };
        walk(&mut |at, cell| {
            if let (Some(sum), Some(count)) = (sums.get_mut(at), counts.get_mut(at)) {
                (*sum, *count) = (*sum + cell, *count + 1.0);
            }
        });
        let divide = |sum: &f64, count: &f64| if *count > 0.0 { sum / count } else { 0.0 };
        let means: Vec<f64> = sums.iter().zip(&counts).map(|(s, c)| divide(s, c)).collect();
        let mut squares = vec![0.0; width];
        walk(&mut |at, cell| {
            if let (Some(square), Some(mean)) = (squares.get_mut(at), means.get(at)) {
                *square += (cell - mean) * (cell - mean);
            }
        });
        let deviation = |square: &f64, count: &f64| divide(square, count).sqrt();
        let deviations = squares.iter().zip(&counts).map(|(s, c)| deviation(s, c));
        feature.columns = means.into_iter().zip(deviations).map(|(m, d)| [m, d]).collect();
        Ok(feature)
    }

    /// How many columns it is to the logistic model.
    pub(super) fn width(&self) -> usize {
        self.levels.as_ref().map_or(3, Vec::len)
    }

    /// The kind of its column, and which way the risk may go with it.
    pub(super) fn kind(&self, direction: i8) -> Kind {
        if self.levels.is_some() { Kind::Code } else { Kind::Number(direction) }
    }

    /// The cells of a value before they are standardised; `NaN` for the mean.
    fn raw(&self, value: f64, cells: &mut Vec<f64>) {
        let Some(levels) = &self.levels else {
            let curved = libm::log1p(value.abs() / self.middle).copysign(value);
            cells.extend([value, curved, f64::from(u8::from(value.is_nan()))]);
            return;
        };
        cells.extend((0..levels.len()).map(|level| f64::from(u8::from(level as f64 == value))));
    }

    /// The standardised cells of a value: 0 is the mean, and where nothing varies.
    pub(super) fn cells(&self, value: f64, cells: &mut Vec<f64>) {
        let from = cells.len();
        self.raw(value, cells);
        for (cell, [mean, deviation]) in cells.iter_mut().skip(from).zip(&self.columns) {
            let varies = *deviation > 1e-12 * mean.abs() && !cell.is_nan();
            *cell = if varies { (*cell - mean) / deviation } else { 0.0 };
        }
    }
}

impl RiskModel {
    /// A model without numbers yet.
    pub(super) fn new(chosen: Chosen, features: Vec<ModelFeature>) -> RiskModel {
        RiskModel {
            format: FORMAT.to_owned(),
            version: VERSION,
            chosen,
            features,
            base: 0.0,
            coefficients: Vec::new(),
            trees: Vec::new(),
            calibration: Calibration::None,
            scores: Spread::default(),
        }
    }

    /// Checks a model that came from elsewhere.
    pub(super) fn check(&self) -> Result<()> {
        let invalid = |path: &'static str, hint: &'static str| {
            Err(Error::new(Code::InvalidOption, hint).at_path(path))
        };
        if self.format != FORMAT || self.version != VERSION {
            return Err(Error::new(
                Code::UnknownVersion,
                format!("models are `{FORMAT}` of version {VERSION} here"),
            )
            .at_path("model.version"));
        }
        let is_fine = |feature: &ModelFeature| {
            let length =
                feature.levels.as_ref().map_or(feature.spread.cuts.len() + 2, |l| l.len() + 1);
            let columns = feature.columns.iter().flatten().all(|number| number.is_finite());
            feature.width() <= MOST_CODES as usize
                && feature.columns.len() == feature.width()
                && columns
                && feature.middle > 0.0
                && feature.middle.is_finite()
                && feature.spread.is_fine(length)
        };
        if self.features.is_empty() || !self.features.iter().all(is_fine) {
            return invalid("model.features", "a feature of the model is not whole");
        }
        let width: usize = self.features.iter().map(ModelFeature::width).sum();
        let wanted = if self.chosen == Chosen::Logistic { width } else { 0 };
        let finite = self.coefficients.iter().chain([&self.base]).all(|number| number.is_finite());
        if self.coefficients.len() != wanted || !finite {
            return invalid(
                "model.coefficients",
                "each column of a logistic model has a coefficient",
            );
        }
        for tree in &self.trees {
            check(tree, self.features.len()).map_err(|error| error.at_path("model.trees"))?;
        }
        let of_map: Vec<f64> = match &self.calibration {
            Calibration::None => Vec::new(),
            Calibration::Platt(numbers) => numbers.to_vec(),
            Calibration::Beta(numbers) => numbers.to_vec(),
            Calibration::Isotonic(points) => points.iter().flatten().copied().collect(),
        };
        let rises = match &self.calibration {
            Calibration::Isotonic(points) => {
                let ascending = points.windows(2).all(|pair| {
                    pair.first().zip(pair.last()).is_some_and(|(a, b)| a[0] < b[0] && a[1] <= b[1])
                });
                ascending && points.iter().flatten().all(|number| (0.0..=1.0).contains(number))
            }
            _ => of_map.iter().all(|number| number.is_finite()),
        };
        if !rises {
            return invalid(
                "model.calibration",
                "the way from scores to probabilities is not whole",
            );
        }
        if !self.scores.is_fine(self.scores.cuts.len() + 2) {
            return invalid("model.scores", "the spread of the scores is not whole");
        }
        Ok(())
    }

    /// What the features of a row add to the score, into `parts`; and the score of the mean customer,
    /// to which they add up.
    pub(super) fn explain(&self, row: &[f64], parts: &mut [f64]) -> f64 {
        parts.fill(0.0);
        if self.chosen == Chosen::Trees {
            let each = self.trees.iter().map(|tree| trees::explain(tree, row, parts));
            return self.base + each.sum::<f64>();
        }
        let (mut cells, mut coefficients) = (Vec::new(), self.coefficients.iter());
        for ((feature, value), part) in self.features.iter().zip(row).zip(parts) {
            cells.clear();
            feature.cells(*value, &mut cells);
            *part = cells.iter().zip(&mut coefficients).map(|(cell, b)| cell * b).sum();
        }
        self.base
    }

    /// The score of a row, of trees without a walk through all of their leaves.
    pub(super) fn score(&self, row: &[f64]) -> f64 {
        if self.chosen == Chosen::Trees {
            return margin(self.base, &self.trees, row);
        }
        let mut parts = vec![0.0; self.features.len()];
        self.explain(row, &mut parts) + parts.iter().sum::<f64>()
    }
}
