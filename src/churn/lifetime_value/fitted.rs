//! Fitted models as a report tells them: parameters with standard errors and intervals, and how the
//! search ended.

use serde::Serialize;

use crate::churn::btyd::fit::Fit;
use crate::stats::optimum::Ending;
use crate::stats::proportion::Interval;

/// A fitted model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ModelFit {
    /// Its parameters; rates are per `unit`.
    pub parameters: Vec<Parameter>,
    /// Logarithm of the likelihood of all customers, natural.
    pub log_likelihood: f64,
    /// How the search ended. Without `converged` there are no standard errors.
    pub ending: Ending,
    /// The parameter that the data do not determine, where the search ended without a maximum.
    pub culprit: Option<&'static str>,
    /// Largest entry of the gradient of the mean log-likelihood by the logarithms of the parameters.
    pub gradient: f64,
    /// Condition number of the Hessian by these logarithms: from about a million on the parameters can
    /// hardly be told apart.
    pub condition: Option<f64>,
    /// Evaluations of the likelihood.
    pub evaluations: u32,
}

impl ModelFit {
    /// What a search found; `width` is half that of the intervals, in standard errors.
    pub(in crate::churn) fn of(names: &[&'static str], fit: &Fit, width: f64) -> ModelFit {
        let size = names.len();
        let covariance = fit.maximum.covariance.as_deref();
        let of = |(at, (name, value)): (usize, (&&'static str, &f64))| {
            let error = covariance.and_then(|entries| entries.get(at * (size + 1)));
            let error = error.map(|variance| variance.max(0.0).sqrt());
            Parameter {
                name,
                value: *value,
                standard_error: error.map(|error| value * error),
                interval: error.map(|error| {
                    let factor = libm::exp(width * error);
                    Interval { low: value / factor, high: value * factor }
                }),
            }
        };
        let maximum = &fit.maximum;
        ModelFit {
            parameters: names.iter().zip(&fit.parameters).enumerate().map(of).collect(),
            log_likelihood: maximum.value,
            ending: maximum.ending,
            culprit: maximum.culprit.and_then(|at| names.get(at).copied()),
            gradient: maximum.gradient,
            condition: maximum.condition,
            evaluations: maximum.evaluations,
        }
    }
}

/// A parameter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Parameter {
    /// Its name in the papers.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Its standard error.
    pub standard_error: Option<f64>,
    /// Its interval, from that of its logarithm.
    pub interval: Option<Interval>,
}

/// The model of money.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SpendFit {
    /// Gamma-Gamma; null where it cannot be had.
    pub model: Option<ModelFit>,
    /// Why not: `not-enough-data`, `not-identifiable` (all spend the same), `not-converged`, or
    /// `no-mean` (`q` is 1 or less). Each customer's own mean then takes its place, and that of all
    /// where there is none.
    pub reason: Option<&'static str>,
    /// Mean over repeat buyers of the mean money of a repeat.
    pub mean: f64,
    /// Pearson correlation of repeats and their mean money among repeat buyers: the model supposes 0.
    /// Null with fewer than three of them, or without spread.
    pub correlation: Option<f64>,
}
