//! `bandit`: how to share the next batch of units out, so that little is lost while it is learned which
//! arm is best.
//!
//! When not to use it: to find out how large an effect is, or to ship by it. Units go where the numbers
//! were good, so that later comparisons of the arms are biased and their usual intervals do not hold;
//! an `experiment` with fixed weights answers that. And where the arms change with time, or the outcome
//! comes weeks later: old batches then tell the wrong thing.
//!
//! # References
//! W. R. Thompson, Biometrika 25 (1933). D. Russo, Operations Research 68 (2020): top two. E. Kaufmann, O.
//! Cappé, A. Garivier, AISTATS (2012): the Bayesian upper bound.

use serde::{Deserialize, Serialize};

use super::compare::bayes::{Beta, Normal, best_share, expected_best, probability_best, top_two};
use super::compare::proportions::Share;
use crate::error::{Code, Error, Result};
use crate::job::Calculation;
use crate::report::{Method, Text, short};
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::order::sort_by;
use crate::stats::proportion::Interval;

/// Arms at most.
const MOST_ARMS: usize = 64;

/// Options of `bandit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BanditOptions {
    /// What is known of each arm: of all `successes`, or of all `mean` and `variance`.
    pub arms: Vec<BanditArm>,
    /// How weights are chosen.
    #[serde(default)]
    pub policy: BanditPolicy,
    /// Whether less is better.
    #[serde(default)]
    pub lower: bool,
    /// Units of the next batch.
    pub batch: u32,
    /// The share of the batch that each arm gets at least: it keeps an arm in sight.
    #[serde(default)]
    pub least: f64,
    /// Of `top-two`: how often the best of a draw is taken, and not the next.
    #[serde(default = "usual_beta")]
    pub beta: f64,
    /// Of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

fn usual_beta() -> f64 {
    0.5
}

/// What is known of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BanditArm {
    /// Its name.
    pub arm: String,
    /// Units so far.
    pub units: u32,
    /// Units that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successes: Option<u32>,
    /// Mean per unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Sample variance (n − 1) over the units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<f64>,
}

/// How the weights of a batch are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum BanditPolicy {
    /// Each arm by its chance to be the best: loses little.
    #[default]
    Thompson,
    /// The best and its rivals about equally: learns soonest which is best.
    TopTwo,
    /// All to the arm with the highest upper bound. For small batches.
    Ucb,
}

/// Result of `bandit`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BanditResult {
    /// The arms, in the order of the options.
    pub arms: Vec<ArmOutlook>,
    /// What the batch is expected to lose against giving all of it to the arm that is truly best, with
    /// the weights chosen; in the unit of the outcome.
    pub regret: f64,
    /// The same with equal weights.
    pub even_regret: f64,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// An arm, and its part of the next batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ArmOutlook {
    /// The arm.
    pub arm: String,
    /// What is believed of it: the mean of its posterior.
    pub value: f64,
    /// The equal-tailed interval of the posterior.
    pub interval: Interval,
    /// The chance to be the best of all: its weight by Thompson.
    pub chance_best: f64,
    /// Its weight by top-two sampling.
    pub top_two: f64,
    /// The bound that the posterior passes, on the good side, with probability one over the units so
    /// far.
    pub bound: f64,
    /// Its share of the batch.
    pub weight: f64,
    /// Its units of the batch.
    pub batch: u32,
}

/// What is believed of the arms, turned so that more is better.
#[derive(Debug)]
enum Laws {
    Shares(Vec<Beta>),
    Means(Vec<Normal>),
}

impl Calculation for BanditOptions {
    const NAME: &'static str = "bandit";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Thompson and top-two sampling and Bayes-UCB by exact posteriors",
        reference: "Thompson (1933) Biometrika 25; Russo (2020) Oper. Res. 68; Kaufmann, Cappé, Garivier \
                    (2012) AISTATS.",
    };
    type Result = BanditResult;

    fn check(&self) -> Result<()> {
        check_confidence(self.confidence)?;
        let count = self.arms.len();
        let checks = [
            ("arms", (2..=MOST_ARMS).contains(&count), "2 to 64 arms"),
            ("batch", self.batch > 0, "a batch has units"),
            ("beta", (0.0..=1.0).contains(&self.beta), "between 0 and 1"),
            (
                "least",
                self.least >= 0.0 && self.least * count as f64 <= 1.0,
                "from 0 to one over the number of arms",
            ),
        ];
        for (path, holds, hint) in checks {
            if !holds {
                return Err(Error::new(Code::InvalidOption, hint).at_path(path));
            }
        }
        self.laws().map(drop)
    }

    fn answer(&self) -> Result<BanditResult> {
        let undefined = || Error::new(Code::Overflow, "these numbers are too large to compare");
        self.told(&self.laws()?).ok_or_else(undefined)
    }

    fn customers(&self) -> u64 {
        self.arms.iter().map(|arm| u64::from(arm.units)).sum()
    }
}

impl BanditOptions {
    fn laws(&self) -> Result<Laws> {
        let wrong = |at: usize, field: &str, hint: &'static str| {
            Error::new(Code::InvalidOption, hint).at_path(format!("arms[{at}].{field}"))
        };
        let are_shares = self.arms.iter().any(|arm| arm.successes.is_some());
        let (mut shares, mut means) = (Vec::new(), Vec::new());
        for (at, arm) in self.arms.iter().enumerate() {
            if self.arms.iter().take(at).any(|other| other.arm == arm.arm) {
                return Err(wrong(at, "arm", "arms have different names"));
            }
            if are_shares {
                let known = arm.successes.filter(|hits| *hits <= arm.units);
                let hits = known.ok_or_else(|| wrong(at, "successes", "from 0 to the units"))?;
                let share = Share { successes: hits.into(), trials: arm.units.into() };
                let law = Beta::posterior(share, 1.0, 1.0);
                shares.extend(
                    law.map(|law| if self.lower { Beta { a: law.b, b: law.a } } else { law }),
                );
                continue;
            }
            if arm.units == 0 {
                return Err(wrong(at, "units", "a mean is known of units"));
            }
            let is_number = |value: &f64| value.abs() < 1e100;
            let mean = arm.mean.filter(is_number);
            let mean = mean.ok_or_else(|| {
                wrong(at, "mean", "give `successes` of all arms, or `mean` and `variance`")
            })?;
            let variance = arm.variance.filter(|variance| *variance > 0.0 && is_number(variance));
            let variance = variance
                .ok_or_else(|| wrong(at, "variance", "the variance over the units is above 0"))?;
            let deviation = (variance / f64::from(arm.units)).sqrt();
            means.push(Normal { mean: if self.lower { -mean } else { mean }, deviation });
        }
        Ok(if are_shares { Laws::Shares(shares) } else { Laws::Means(means) })
    }

    fn told(&self, laws: &Laws) -> Option<BanditResult> {
        let units: f64 = self.arms.iter().map(|arm| f64::from(arm.units)).sum();
        // Of one unit or none the bound is the middle.
        let beyond = 1.0 - 2.0 / units.max(2.0);
        let believed: Vec<f64> = match laws {
            Laws::Shares(laws) => laws.iter().map(|law| law.a / (law.a + law.b)).collect(),
            Laws::Means(laws) => laws.iter().map(|law| law.mean).collect(),
        };
        let highest = believed.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let interval = |at: usize, probability: f64| match laws {
            Laws::Shares(laws) => laws.get(at)?.interval(probability),
            Laws::Means(laws) => laws.get(at)?.interval(probability),
        };
        let (chances, above) = match laws {
            Laws::Shares(laws) => best_share(laws, highest)?,
            Laws::Means(laws) => (probability_best(laws)?, expected_best(laws, highest)),
        };
        let two = top_two(&chances, self.beta)?;
        let upper = |at: usize| interval(at, beyond).map(|interval| interval.high);
        let bounds: Vec<f64> = (0..self.arms.len()).map(upper).collect::<Option<_>>()?;
        let count = self.arms.len() as f64;
        let first = bounds.iter().enumerate().rev().max_by(|a, b| a.1.total_cmp(b.1))?.0;
        let chosen: Vec<f64> = match self.policy {
            BanditPolicy::Thompson => chances.clone(),
            BanditPolicy::TopTwo => two.clone(),
            BanditPolicy::Ucb => {
                (0..self.arms.len()).map(|at| f64::from(u8::from(at == first))).collect()
            }
        };
        let weights: Vec<f64> =
            chosen.iter().map(|share| self.least + (1.0 - count * self.least) * share).collect();
        let shared = self.shared(&weights);
        // Against the arm that is believed best, and what the truly best is expected to have above it.
        let regret = |of: &dyn Fn(usize) -> f64| {
            let lost = believed.iter().enumerate().map(|(at, own)| of(at) * (highest - own));
            (above.max(0.0) + lost.sum::<f64>()) * f64::from(self.batch)
        };
        let by_weight = regret(&|at| weights.get(at).copied().unwrap_or(0.0));
        let even = regret(&|_| 1.0 / count);
        // Back to where less is better.
        let turned = |value: f64| match laws {
            _ if !self.lower => value,
            Laws::Shares(_) => 1.0 - value,
            Laws::Means(_) => -value,
        };
        let numbers =
            believed.iter().zip(&chances).zip(&two).zip(&bounds).zip(&weights).zip(&shared);
        let mut arms = Vec::new();
        for ((at, arm), (((((value, chance), two), bound), weight), batch)) in
            self.arms.iter().enumerate().zip(numbers)
        {
            let Interval { low, high } = interval(at, self.confidence)?;
            let (low, high) = (turned(low), turned(high));
            arms.push(ArmOutlook {
                arm: arm.arm.clone(),
                value: turned(*value),
                interval: Interval { low: low.min(high), high: low.max(high) },
                chance_best: *chance,
                top_two: *two,
                bound: turned(*bound),
                weight: *weight,
                batch: *batch,
            });
        }
        let is_told = by_weight.is_finite() && even.is_finite();
        is_told.then(|| BanditResult {
            sentence: sentence(&arms, by_weight, even),
            arms,
            regret: by_weight,
            even_regret: even,
        })
    }

    /// The batch in whole units: what is left after rounding down goes to the largest remainders, of
    /// equal ones to the first.
    fn shared(&self, weights: &[f64]) -> Vec<u32> {
        let exact = |weight: &f64| weight * f64::from(self.batch);
        let mut units: Vec<u32> =
            weights.iter().map(|weight| exact(weight).floor() as u32).collect();
        let mut left = self.batch.saturating_sub(units.iter().sum());
        let mut rests: Vec<(f64, usize)> =
            weights.iter().enumerate().map(|(at, w)| (exact(w) - exact(w).floor(), at)).collect();
        sort_by(&mut rests, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, at) in rests {
            if let Some(own) = units.get_mut(at).filter(|_| left > 0) {
                *own += 1;
                left -= 1;
            }
        }
        units
    }
}

/// The answer in words.
fn sentence(arms: &[ArmOutlook], regret: f64, even: f64) -> Text {
    let best = arms.iter().max_by(|a, b| a.chance_best.total_cmp(&b.chance_best));
    let (name, chance) =
        best.map_or(("", 0.0), |arm| (arm.arm.as_str(), (1000.0 * arm.chance_best).round() / 10.0));
    let (regret, even) = (short(regret), short(even));
    Text {
        en: format!("{name} is the best arm with a chance of {chance} %. The next batch is expected to lose {regret} against the best arm; shared out evenly it would lose {even}.").into(),
        zh: format!("{name} 是最佳方案的概率为 {chance}%。与全部给最佳方案相比，下一批预计损失 {regret}；若平均分配则损失 {even}。").into(),
    }
}
