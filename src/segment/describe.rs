//! `describe`: what is in one numeric column. Counts, moments and exact quantiles.
//!
//! The first look at any export, and the analysis that `CONTRIBUTING.md` builds step by step.
//! Moments are merged block by block in one fixed tree, so that they do not depend on how the
//! work was split; quantiles are exact, of a named Hyndman–Fan type.
//!
//! When not to use it: means and deviations of amounts say little where a few customers hold
//! most of the money. Read the quantiles first.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{LeftOut, Method, Outcome};
use crate::stats::accumulator::{Accumulator, BlockTree};
use crate::stats::moments::{MomentSummary, Moments};
use crate::stats::quantile::{QuantileType, quantiles};
use crate::table::money;
use crate::table::role::{Kind, Role};

/// Options of `describe`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DescribeOptions {
    /// The role of the column: `amount` or `quantity`.
    pub column: Role,
    /// The quantiles to report, each from 0 to 1.
    #[serde(default = "usual_quantiles")]
    pub quantiles: Vec<f64>,
    /// The definition of a quantile, after Hyndman and Fan: 1 to 9. 7 is the default of most
    /// tools.
    #[serde(default)]
    pub quantile_type: QuantileType,
}

fn usual_quantiles() -> Vec<f64> {
    vec![0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
}

/// Result of `describe`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DescribeResult {
    /// Rows without a value.
    pub missing: u64,
    /// Count, mean, spread, shape and range, in the unit of the column.
    pub moments: MomentSummary,
    /// The quantiles, in the order asked for; empty without a value.
    pub quantiles: Vec<Quantile>,
}

/// One quantile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Quantile {
    /// The probability.
    pub p: f64,
    /// The value, in the unit of the column.
    pub value: f64,
}

/// The running analysis.
#[derive(Debug)]
pub struct Describe {
    options: DescribeOptions,
    moments: BlockTree<Moments>,
    values: Vec<f64>,
    missing: u64,
    denied: u64,
    rows: u64,
}

impl Analysis for Describe {
    const NAME: &'static str = "describe";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Moments and exact quantiles",
        reference: "Hyndman, R. J., Fan, Y. (1996). Sample Quantiles in Statistical Packages. \
                    The American Statistician 50, 361–365.",
    };
    const INPUTS: &'static [&'static str] = &["log"];

    type Options = DescribeOptions;
    type Result = DescribeResult;

    fn needs(options: &DescribeOptions, _input: usize) -> Result<Needs> {
        match options.column.kind() {
            // The customer decides which rows a policy lets through.
            Kind::Money | Kind::Number => {
                Ok(Needs::roles(&[options.column]).and_if_mapped(&[Role::Customer]))
            }
            Kind::Text | Kind::Time => Err(Error::new(
                Code::InvalidOption,
                "this column holds no numbers: choose `amount` or `quantity`",
            )
            .at_path("column")),
        }
    }

    fn estimate(_options: &DescribeOptions, inputs: &[Facts<'_>]) -> u64 {
        inputs.iter().map(|log| log.rows * 8).sum()
    }

    fn start(options: DescribeOptions, _inputs: &[Facts<'_>]) -> Result<Self> {
        if let Some(at) = options.quantiles.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return Err(Error::new(Code::InvalidOption, "a quantile is asked for from 0 to 1")
                .at_path(format!("quantiles[{at}]")));
        }
        let moments = BlockTree::new();
        Ok(Describe { options, moments, values: Vec::new(), missing: 0, denied: 0, rows: 0 })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.values.try_reserve(rows.rows()).map_err(|_| {
            Error::new(Code::LimitMemory, "there is not enough memory for exact quantiles")
        })?;
        let before = self.values.len();
        let customers = rows.codes(Role::Customer);
        // Without a customer nobody can say whether a policy lets the row through.
        let is_kept = |row: usize| {
            rows.keep().is_none_or(|keep| {
                customers.and_then(|codes| codes.get(row)).is_some_and(|code| keep.get(*code))
            })
        };
        let mut add = |row: usize, value: Option<f64>| {
            self.rows += 1;
            match value {
                _ if !is_kept(row) => self.denied += 1,
                Some(value) => self.values.push(value),
                None => self.missing += 1,
            }
        };
        if self.options.column == Role::Amount {
            let (values, scale) = rows.money().ok_or_else(|| Allowed::refused(Role::Amount))?;
            for (row, minor) in values.iter().enumerate() {
                add(row, Some(money::to_f64(i128::from(*minor), scale)));
            }
        } else {
            let column = self.options.column;
            let (values, valid) = rows.numbers(column).ok_or_else(|| Allowed::refused(column))?;
            for (row, value) in values.iter().enumerate() {
                add(row, valid.get(row).then_some(*value));
            }
        }
        let mut block = Moments::default();
        block.update(self.values.get(before..).unwrap_or_default())?;
        self.moments.insert(rows.index(), block)
    }

    fn finish(&mut self, _budget: usize) -> Result<Progress> {
        Ok(Progress { done: self.rows.max(1), total: self.rows.max(1) })
    }

    fn outcome(
        self,
        _names: &[AllowedNames<'_>],
    ) -> Result<Outcome<DescribeResult, DescribeOptions>> {
        let moments = self.moments.into_state()?.unwrap_or_default().finish(&())?;
        let used = self.values.len() as u64;
        let found = quantiles(&self.values, &self.options.quantiles, self.options.quantile_type)?
            .unwrap_or_default();
        let quantiles = self
            .options
            .quantiles
            .iter()
            .zip(found)
            .map(|(p, value)| Quantile { p: *p, value })
            .collect();
        let left_out = [("denied", self.denied), ("missing", self.missing)];
        Ok(Outcome {
            result: DescribeResult { missing: self.missing, moments, quantiles },
            sets: Vec::new(),
            rows: used,
            customers: 0,
            left_out: LeftOut::rows(&left_out),
            warnings: Vec::new(),
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.values.capacity() * 8 + self.moments.heap_size()
    }
}
