//! `retention-curve`: how many of a cohort of contracts renew, how many will, and how many renewals are
//! still to come of one. From the numbers of the cohort alone; no table is needed.
//!
//! When not to use it: where customers leave without saying so ([`super::lifetime_value`]), where
//! contracts began at several times and only some have been renewed often (one cohort at a time), or
//! where offers of the last renewals were others than those to come.

use serde::{Deserialize, Serialize};

use super::btyd::fit::renewals;
use super::lifetime_value::fitted::ModelFit;
use super::risk::judge::Measured;
use crate::error::{Code, Error, Result};
use crate::job::Calculation;
use crate::report::Method;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::proportion::Interval;
use crate::stats::special::error::normal_quantile;

/// Options of `retention-curve`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetentionCurveOptions {
    /// How many customers were there at the start and after each renewal; it does not rise. 3 to 200
    /// numbers.
    pub survivors: Vec<u64>,
    /// Renewals that are told, those seen included: 1 to 200. Default: as many again as were seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewals: Option<u32>,
    /// Discount rate from one renewal to the next, 0.001 to 10.
    #[serde(default = "usual_discount")]
    pub discount: f64,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

fn usual_discount() -> f64 {
    0.1
}

/// Result of `retention-curve`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetentionCurveResult {
    /// Customers of the cohort.
    pub customers: u64,
    /// sBG: chances to leave at a renewal are beta with `alpha` and `beta` among customers.
    pub model: ModelFit,
    /// Renewal by renewal, the first one first.
    pub renewals: Vec<Renewal>,
}

/// One renewal. Intervals have no width where the fit did not converge.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Renewal {
    /// Share of the cohort that was there after it; null for renewals to come.
    pub seen: Option<f64>,
    /// The same by the model.
    pub survival: Measured,
    /// Share of those there who renew, by the model.
    pub retention: Measured,
    /// Renewals to come of a customer just before this one, discounted, the next one not
    /// (discounted expected residual lifetime, DERL). Times the margin of a contract it is what the
    /// customer is worth.
    pub discounted_renewals: f64,
}

impl Calculation for RetentionCurveOptions {
    const NAME: &'static str = "retention-curve";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Shifted beta-geometric model of contracts",
        reference: "Fader, P. S., Hardie, B. G. S. (2007). How to Project Customer Retention. Journal of \
                    Interactive Marketing 21, 76–90. Fader, P. S., Hardie, B. G. S. (2010). \
                    Customer-Base Valuation in a Contractual Setting. Marketing Science 29, 85–93.",
    };
    type Result = RetentionCurveResult;

    fn check(&self) -> Result<()> {
        check_confidence(self.confidence)?;
        let bounds = [
            ("survivors", (3..=200).contains(&self.survivors.len())),
            ("renewals", self.renewals.is_none_or(|count| (1..=200).contains(&count))),
            ("discount", (0.001..=10.0).contains(&self.discount)),
        ];
        if let Some((path, _)) = bounds.into_iter().find(|(_, holds)| !holds) {
            let hint = "this is beyond what the option can be: see its documentation";
            return Err(Error::new(Code::InvalidOption, hint).at_path(path));
        }
        Ok(())
    }

    fn customers(&self) -> u64 {
        self.survivors.first().copied().unwrap_or(0)
    }

    fn answer(&self) -> Result<RetentionCurveResult> {
        let survivors = &self.survivors;
        let (model, fit) = renewals(survivors).map_err(|error| error.at_path("survivors"))?;
        let width = -normal_quantile((1.0 - self.confidence) / 2.0).unwrap_or(0.0);
        // Of something with these slopes by the logarithms of both parameters.
        let reach = |[a, b]: [f64; 2]| match fit.maximum.covariance.as_deref() {
            Some([aa, ab, _, bb]) => {
                width * (a * a * aa + 2.0 * a * b * ab + b * b * bb).max(0.0).sqrt()
            }
            _ => 0.0,
        };
        let seen = survivors.len() as u32 - 1;
        let customers = self.customers();
        let row = |at: u32| -> Result<Renewal> {
            let count = survivors.get(at as usize);
            let survival = model.survival(at);
            // The interval of ln(−ln S), which keeps within 0 and 1.
            let size = -libm::log(survival);
            let factor = libm::exp(reach(model.survival_slopes(at)) / size);
            let retention = model.retention(at);
            let logit = libm::log(retention / (1.0 - retention));
            let shift = reach(model.odds_slopes(at));
            let end = |shift: f64| 1.0 / (1.0 + libm::exp(-logit - shift));
            Ok(Renewal {
                seen: count.map(|count| *count as f64 / customers as f64),
                survival: Measured {
                    value: survival,
                    interval: Interval {
                        low: libm::exp(-size * factor),
                        high: libm::exp(-size / factor),
                    },
                },
                retention: Measured {
                    value: retention,
                    interval: Interval { low: end(-shift), high: end(shift) },
                },
                discounted_renewals: model.discounted_renewals(at, self.discount)?,
            })
        };
        let all = (1..=self.renewals.unwrap_or((2 * seen).min(200))).map(row);
        Ok(RetentionCurveResult {
            customers,
            renewals: all.collect::<Result<_>>()?,
            model: ModelFit::of(&["alpha", "beta"], &fit, width),
        })
    }
}
