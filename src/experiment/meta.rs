//! `meta-analysis`: what several experiments say together, and what each is worth in their light.
//!
//! Effects of like experiments vary by more than their errors: their true effects have a spread τ of
//! their own. The mean counts that, and each effect is drawn towards the mean by as much as its error is
//! large against τ (empirical Bayes): the largest of many is large by luck too, and comes out smaller
//! next time.
//!
//! When not to use it: for experiments that have nothing to do with each other; for those that were
//! published because they won.
//!
//! # References
//! R. DerSimonian, N. Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7 (1986). W.
//! Viechtbauer, Journal of Educational and Behavioral Statistics 30 (2005): restricted likelihood. J.
//! Hartung, G. Knapp, Statistics in Medicine 20 (2001). J. P. T. Higgins, S. G. Thompson, Statistics in
//! Medicine 21 (2002): I². J. P. T. Higgins, S. G. Thompson, D. J. Spiegelhalter, JRSS A 172 (2009): the
//! prediction. C. N. Morris, JASA 78 (1983): empirical Bayes with the error of the mean.

use serde::{Deserialize, Serialize};

use super::register::RegisteredMetric;
use crate::error::{Code, Error, Result};
use crate::job::Calculation;
use crate::report::{Method, Text, short};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::distribution::{chi_squared, student_t, student_t_quantile};
use crate::stats::proportion::Interval;
use crate::stats::root::root;
use crate::stats::special::error::{normal, normal_quantile};

/// Options of `meta-analysis`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetaAnalysisOptions {
    /// The effects, all in one unit of measure: with those of `registered` two or more.
    #[serde(default)]
    pub effects: Vec<PastEffect>,
    /// The effects of a metric that stand in a register of experiments; they come after `effects`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<RegisteredMetric>,
    /// How the spread of the true effects is estimated.
    #[serde(default)]
    pub spread: SpreadMethod,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

/// The effect of an experiment that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PastEffect {
    /// Its name.
    pub name: String,
    /// The effect: of shares and means relative ones, or logarithms of ratios, go together best.
    pub effect: f64,
    /// Its standard error, above 0.
    pub error: f64,
}

/// How the spread of the true effects is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SpreadMethod {
    /// The restricted likelihood at its height.
    #[default]
    Reml,
    /// DerSimonian and Laird's, out of Q.
    DersimonianLaird,
}

/// Result of `meta-analysis`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetaAnalysisResult {
    /// The mean of the true effects.
    pub mean: f64,
    /// Its standard error after Hartung and Knapp, never below the usual one.
    pub error: f64,
    /// Its interval by Student's law, one degree less than effects.
    pub interval: Interval,
    /// How likely a mean so far from 0 is if it is 0.
    pub p_value: f64,
    /// Where the true effect of the next such experiment is expected; null with two effects.
    pub prediction: Option<Interval>,
    /// τ², the variance of the true effects.
    pub tau_squared: f64,
    /// I²: the part of the variation that is no chance, 0 to 1.
    pub i_squared: f64,
    /// Cochran's Q.
    pub q: f64,
    /// How likely so large a Q is if all true effects are the same.
    pub q_p_value: f64,
    /// Each effect in the light of all, in the order of the options.
    pub effects: Vec<ShrunkenEffect>,
    /// Effects of the register that have no error, and so take no part.
    pub without_error: u64,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// An effect in the light of the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ShrunkenEffect {
    /// Its name.
    pub name: String,
    /// As it was found.
    pub effect: f64,
    /// Its weight in the mean, 0 to 1; 1 in all.
    pub weight: f64,
    /// What it is expected to be: drawn towards the mean.
    pub shrunken: f64,
    /// The error of that, that of the mean counted.
    pub error: f64,
    /// The interval by the normal law.
    pub interval: Interval,
    /// The chance that it is above 0.
    pub chance_above_zero: f64,
}

impl Calculation for MetaAnalysisOptions {
    const NAME: &'static str = "meta-analysis";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Random-effects meta-analysis with Hartung and Knapp's interval and empirical Bayes",
        reference: "DerSimonian, Laird (1986) Control. Clin. Trials 7; Viechtbauer (2005) JEBS 30; \
                    Hartung, Knapp (2001) Stat. Med. 20; Higgins et al. (2009) JRSS A 172; Morris \
                    (1983) JASA 78.",
    };
    type Result = MetaAnalysisResult;

    fn estimate(&self) -> u64 {
        (1 << 20) + self.effects.len() as u64 * 256
    }

    fn check(&self) -> Result<()> {
        check_confidence(self.confidence)?;
        for (at, own) in self.effects.iter().enumerate() {
            let inside = |error: Error| error.inside(&format!("effects[{at}]"));
            own.check().map_err(inside)?;
        }
        let (registered, _) = self.read()?;
        if self.effects.len() + registered.len() < 2 {
            let hint = "give two effects or more";
            let path = if self.registered.is_some() { "registered.metric" } else { "effects" };
            return Err(Error::new(Code::NotEnoughData, hint).at_path(path));
        }
        Ok(())
    }

    fn answer(&self) -> Result<MetaAnalysisResult> {
        let (registered, without_error) = self.read()?;
        let effects = self.effects.iter().cloned().chain(registered).collect();
        let all = MetaAnalysisOptions { effects, registered: None, ..*self };
        let undefined = || Error::new(Code::NotIdentifiable, "these effects have no finite mean");
        all.told(without_error).ok_or_else(undefined)
    }
}

impl PastEffect {
    fn check(&self) -> Result<()> {
        let wrong = |hint: &'static str, field: &str| {
            Err(Error::new(Code::InvalidOption, hint).at_path(field))
        };
        // Squares of these and their inverses are numbers still.
        if !(self.error > 1e-100 && self.error < 1e100) {
            return wrong("a standard error is above 0", "error");
        }
        if self.effect.is_nan() || self.effect.abs() > 1e100 {
            return wrong("an effect is a number", "effect");
        }
        Ok(())
    }
}

/// Effects weighed by `1/(error² + τ²)`.
struct Weighed {
    weights: Vec<f64>,
    sum: f64,
    mean: f64,
    /// `Σ w·(effect − mean)²`.
    squares: f64,
}

impl MetaAnalysisOptions {
    fn weighed(&self, tau_squared: f64) -> Weighed {
        let weight = |own: &PastEffect| 1.0 / (own.error * own.error + tau_squared);
        let weights: Vec<f64> = self.effects.iter().map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let pairs = || self.effects.iter().zip(&weights);
        let mean = pairs().map(|(own, weight)| weight * own.effect).sum::<f64>() / sum;
        let square = |own: &PastEffect| (own.effect - mean) * (own.effect - mean);
        let squares = pairs().map(|(own, weight)| weight * square(own)).sum();
        Weighed { sum, mean, squares, weights }
    }

    /// Twice the slope of the restricted log-likelihood in τ².
    fn slope(&self, tau_squared: f64) -> f64 {
        let Weighed { weights, sum, mean, .. } = self.weighed(tau_squared);
        let second: f64 = weights.iter().map(|weight| weight * weight).sum();
        let away = self.effects.iter().zip(&weights).map(|(own, weight)| {
            let away = weight * (own.effect - mean);
            away * away
        });
        away.sum::<f64>() - sum + second / sum
    }

    /// The effects of the register, and how many there have no error.
    fn read(&self) -> Result<(Vec<PastEffect>, u64)> {
        let Some(registered) = &self.registered else { return Ok((Vec::new(), 0)) };
        let inside = |error: Error| error.inside("registered");
        let (effects, without_error) = registered.effects().map_err(inside)?;
        effects
            .iter()
            .try_for_each(PastEffect::check)
            .map_err(|error| inside(error.inside("register")))?;
        Ok((effects, without_error))
    }

    fn told(&self, without_error: u64) -> Option<MetaAnalysisResult> {
        let count = self.effects.len() as f64;
        let fixed = self.weighed(0.0);
        let second: f64 = fixed.weights.iter().map(|weight| weight * weight).sum();
        let scale = fixed.sum - second / fixed.sum;
        let tau_squared = match self.spread {
            SpreadMethod::DersimonianLaird => ((fixed.squares - (count - 1.0)) / scale).max(0.0),
            SpreadMethod::Reml if self.slope(0.0) <= 0.0 => 0.0,
            SpreadMethod::Reml => {
                let squares = self.effects.iter().map(|own| (own.effect - fixed.mean).powi(2));
                let mut high = squares.sum::<f64>();
                while self.slope(high) > 0.0 {
                    high *= 4.0;
                }
                root(0.0, high, &|at| self.slope(at))?
            }
        };
        let Weighed { weights, sum, mean, squares } = self.weighed(tau_squared);
        let error = ((squares / (count - 1.0)).max(1.0) / sum).sqrt();
        let miss = (1.0 - self.confidence) / 2.0;
        let around = |degrees: f64, error: f64| {
            let reach = student_t_quantile(degrees, miss)? * error;
            Some(Interval { low: mean - reach, high: mean + reach })
        };
        let typical = (count - 1.0) / scale;
        let z = -normal_quantile(miss)?;
        let of = |(own, weight): (&PastEffect, &f64)| {
            let variance = own.error * own.error;
            let share = tau_squared / (tau_squared + variance);
            let shrunken = share * own.effect + (1.0 - share) * mean;
            let error = (share * variance + (1.0 - share) * (1.0 - share) * error * error).sqrt();
            ShrunkenEffect {
                name: own.name.clone(),
                effect: own.effect,
                weight: weight / sum,
                shrunken,
                error,
                interval: Interval { low: shrunken - z * error, high: shrunken + z * error },
                chance_above_zero: normal(shrunken / error).lower,
            }
        };
        let effects: Vec<ShrunkenEffect> = self.effects.iter().zip(&weights).map(of).collect();
        let interval = around(count - 1.0, error)?;
        let prediction = if count > 2.0 {
            around(count - 2.0, (tau_squared + error * error).sqrt())
        } else {
            None
        };
        let p_value = 2.0 * student_t(count - 1.0, (mean / error).abs())?.upper;
        let is_told = mean.is_finite() && interval.low.is_finite() && tau_squared.is_finite();
        is_told.then(|| MetaAnalysisResult {
            sentence: sentence(mean, interval, &effects),
            mean,
            error,
            interval,
            p_value: p_value.min(1.0),
            prediction,
            tau_squared,
            i_squared: tau_squared / (tau_squared + typical),
            q: fixed.squares,
            q_p_value: chi_squared(count - 1.0, fixed.squares).map_or(1.0, |tails| tails.upper),
            effects,
            without_error,
        })
    }
}

/// The answer in words: the mean, and what becomes of the effect farthest from it.
fn sentence(mean: f64, interval: Interval, effects: &[ShrunkenEffect]) -> Text {
    let count = effects.len();
    let (value, low, high) = (short(mean), short(interval.low), short(interval.high));
    let farthest =
        effects.iter().max_by(|a, b| (a.effect - mean).abs().total_cmp(&(b.effect - mean).abs()));
    let (name, found, rest) = farthest.map_or(("", String::new(), String::new()), |own| {
        (own.name.as_str(), short(own.effect), short(own.shrunken))
    });
    Text {
        en: format!("Over {count} experiments the mean effect is {value} ({low} to {high}). In the light of the others {name}, found at {found}, is expected to be {rest}.").into(),
        zh: format!("{count} 次实验的平均效果为 {value}（{low} 至 {high}）。参照其他实验，{name} 测得 {found}，预计实际为 {rest}。").into(),
    }
}
