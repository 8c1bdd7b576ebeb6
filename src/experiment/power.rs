//! `power`: how many units an experiment needs and how long it takes, what effect it can see, how
//! likely it sees one. From a baseline alone; no table is needed.
//!
//! When not to use it: after the fact, with the effect that was found. That "power" is the p-value
//! in another dress.

use serde::{Deserialize, Serialize};

use super::compare::Alternative;
use super::compare::group_sequential::{Bounds, Spending, bounds};
use super::design::{Arms, Degrees, Shares, Test};
use crate::error::{Code, Error, Result};
use crate::job::Calculation;
use crate::report::Method;
use crate::stats::special::error::normal;

/// Options of `power`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PowerOptions {
    /// The metric without the change: the share of units that do, or the mean per unit.
    pub baseline: f64,
    /// Standard deviation of a mean over the units. Without it the baseline is a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviation: Option<f64>,
    /// The effect to be seen, relative to the baseline: 0.05 for 5 % more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<f64>,
    /// Units in all that there will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<f64>,
    /// Units that enter per day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units_per_day: Option<f64>,
    /// Chance to see the effect where there is one.
    #[serde(default = "usual_power")]
    pub power: f64,
    /// Chance to see one where there is none.
    #[serde(default = "usual_alpha")]
    pub alpha: f64,
    /// Which side counts.
    #[serde(default)]
    pub alternative: Alternative,
    /// Arms beside the control; α is shared between them (Bonferroni).
    #[serde(default = "one_arm")]
    pub treatments: u32,
    /// Units of each of these over those of the control.
    #[serde(default = "equal_arms")]
    pub ratio: f64,
    /// The share of the variance that a covariate explains (CUPED), 0 to below 1.
    #[serde(default)]
    pub explained: f64,
    /// Units per cluster, where clusters are assigned.
    #[serde(default = "equal_arms")]
    pub cluster_size: f64,
    /// How alike units of a cluster are (intraclass correlation), 0 to 1.
    #[serde(default)]
    pub cluster_correlation: f64,
    /// The margin of a test of non-inferiority, relative to the baseline, in place of `effect`: the
    /// arms are taken for equal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Planned looks; their bounds are then in the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks: Option<u32>,
}

fn usual_power() -> f64 {
    0.8
}

fn usual_alpha() -> f64 {
    0.05
}

fn one_arm() -> u32 {
    1
}

fn equal_arms() -> f64 {
    1.0
}

/// Result of `power`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PowerResult {
    /// Units that see `effect` with `power`; null without an effect.
    pub needed: Option<PlannedUnits>,
    /// The smallest relative effect that `units` see with `power`; null without units, and where no
    /// effect up to the largest share is seen.
    pub detectable: Option<f64>,
    /// The power of `units` to see `effect`; null without both.
    pub power: Option<f64>,
    /// How often the variance of independent units there is: by clusters more, by a covariate less.
    pub variance_factor: f64,
    /// α of one arm against the control.
    pub alpha: f64,
    /// The bounds of each look after O'Brien and Fleming's spending; empty without looks. They cost
    /// a few per cent more units than `needed`.
    pub looks: Vec<PlannedLook>,
}

/// Units of a plan, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlannedUnits {
    /// Of the control.
    pub control: f64,
    /// Of each other arm.
    pub treatment: f64,
    /// In all.
    pub total: f64,
    /// Days until they are there; null without `unitsPerDay`.
    pub days: Option<f64>,
}

/// A planned look.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlannedLook {
    /// The share of the units that is there.
    pub share: f64,
    /// The statistic beyond which to stop.
    pub z: f64,
    /// The p-value of one look that this is, two-sided.
    pub p_value: f64,
    /// α that is spent up to here.
    pub spent: f64,
}

impl Calculation for PowerOptions {
    const NAME: &'static str = "power";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Power of Welch's test by the noncentral t, of two shares by the normal law",
        reference: "Cohen (1988) Statistical Power Analysis; Fleiss (1981) Statistical Methods for \
                    Rates and Proportions; Lan, DeMets (1983) Biometrika 70.",
    };
    type Result = PowerResult;

    fn check(&self) -> Result<()> {
        let above = |value: f64| value > 0.0 && value.is_finite();
        let share = |value: f64| (0.0..=1.0).contains(&value);
        match self.deviation {
            Some(deviation) if !above(deviation) => {
                return Err(wrong("a standard deviation is above 0", "deviation"));
            }
            None if !(self.baseline > 0.0 && self.baseline < 1.0) => {
                return Err(wrong(
                    "a share lies between 0 and 1; of a mean say its deviation too",
                    "baseline",
                ));
            }
            _ if !above(self.baseline) => {
                return Err(wrong("effects are relative to a baseline above 0", "baseline"));
            }
            _ => {}
        }
        let positive = [
            (self.units, "units"),
            (self.units_per_day, "unitsPerDay"),
            (Some(self.ratio), "ratio"),
            (self.margin, "margin"),
        ];
        for (value, path) in positive {
            if value.is_some_and(|value| !above(value)) {
                return Err(wrong("this is above 0", path));
            }
        }
        if !(share(self.explained) && self.explained < 1.0) {
            return Err(wrong("a covariate explains from 0 to below 1", "explained"));
        }
        if !share(self.cluster_correlation) {
            return Err(wrong("a correlation in clusters is 0 to 1", "clusterCorrelation"));
        }
        if !(self.cluster_size >= 1.0 && self.cluster_size.is_finite()) {
            return Err(wrong("a cluster has a unit or more", "clusterSize"));
        }
        if self.treatments == 0 || self.treatments > 1000 {
            return Err(wrong("there are 1 to 1000 arms beside the control", "treatments"));
        }
        if self.effect.is_some() && self.margin.is_some() {
            return Err(wrong("a margin takes the place of the effect", "margin"));
        }
        if self.effect.is_none() && self.units.is_none() && self.margin.is_none() {
            return Err(wrong("say the effect to be seen, or the units that there are", "effect"));
        }
        self.test().check()
    }

    fn answer(&self) -> Result<PowerResult> {
        let test = self.test();
        let design = 1.0 + (self.cluster_size - 1.0) * self.cluster_correlation;
        let variance_factor = design * (1.0 - self.explained);
        let control = self.units.map(|units| self.control_of(units));
        // The distance that the test has to see.
        let effect = self.margin.or(self.effect).map(|effect| effect * self.baseline);
        let plan = Plan { options: self, variance_factor, test };
        let needed = effect.map(|effect| plan.size(effect)).transpose()?;
        let detectable = control.map(|control| plan.detectable(control)).transpose()?.flatten();
        let power = match control.zip(effect) {
            Some((control, effect)) => Some(plan.power(effect, control)?),
            None => None,
        };
        let looks = self.looks.map(|looks| self.bounds(looks)).transpose()?.unwrap_or_default();
        Ok(PowerResult {
            needed: needed.map(|control| self.units_of(control)),
            detectable: detectable.map(|effect| effect / self.baseline),
            power,
            variance_factor,
            alpha: test.alpha,
            looks,
        })
    }
}

fn wrong(hint: &'static str, path: &str) -> Error {
    Error::new(Code::InvalidOption, hint).at_path(path)
}

impl PowerOptions {
    fn test(&self) -> Test {
        let alternative =
            if self.margin.is_some() { Alternative::Greater } else { self.alternative };
        Test { alpha: self.alpha / f64::from(self.treatments), alternative }
    }

    /// Units of the control out of those in all.
    fn control_of(&self, total: f64) -> f64 {
        total / (1.0 + self.ratio * f64::from(self.treatments))
    }

    fn units_of(&self, control: f64) -> PlannedUnits {
        let (control, treatment) = (control.ceil(), (control * self.ratio).ceil());
        let total = control + treatment * f64::from(self.treatments);
        let days = self.units_per_day.map(|per_day| (total / per_day).ceil());
        PlannedUnits { control, treatment, total, days }
    }

    fn bounds(&self, looks: u32) -> Result<Vec<PlannedLook>> {
        let count = f64::from(looks);
        if looks == 0 || looks > 50 {
            return Err(wrong("a design has 1 to 50 looks", "looks"));
        }
        let shares: Vec<f64> = (1..=looks).map(|look| f64::from(look) / count).collect();
        let Bounds { z, spent } = bounds(&shares, self.test().alpha, Spending::OBrienFleming)?;
        let look = |((share, z), spent): ((f64, f64), f64)| PlannedLook {
            share,
            z,
            p_value: (2.0 * normal(z).upper).min(1.0),
            spent,
        };
        Ok(shares.into_iter().zip(z).zip(spent).map(look).collect())
    }
}

/// A share or a mean, with one interface.
struct Plan<'a> {
    options: &'a PowerOptions,
    variance_factor: f64,
    test: Test,
}

impl Plan<'_> {
    /// Arms of a mean, or of a share whose arms are equal (non-inferiority) .
    fn arms(&self) -> Option<Arms> {
        let PowerOptions { baseline, deviation, ratio, margin, .. } = *self.options;
        let variance = match deviation {
            Some(deviation) => deviation * deviation,
            None if margin.is_some() => baseline * (1.0 - baseline),
            None => return None,
        } * self.variance_factor;
        Some(Arms { ratio, control_variance: variance, treatment_variance: variance })
    }

    fn shares(&self, effect: f64) -> Shares {
        let PowerOptions { baseline, ratio, .. } = *self.options;
        Shares { control: baseline, treatment: baseline + effect, ratio: 1.0 / ratio }
    }

    /// Units of the control.
    fn size(&self, effect: f64) -> Result<f64> {
        let PowerOptions { power, ratio, .. } = *self.options;
        match self.arms() {
            Some(arms) => arms.sample_size(self.test, effect, power, Degrees::Welch),
            None => {
                let treatment = self.shares(effect).sample_size(self.test, power);
                let treatment = treatment.map_err(|error| match error.path() {
                    Some(_) => error,
                    None => error.at_path("effect"),
                })?;
                Ok(treatment / ratio * self.variance_factor)
            }
        }
    }

    fn power(&self, effect: f64, control: f64) -> Result<f64> {
        match self.arms() {
            Some(arms) => arms.power(self.test, effect, control, Degrees::Welch),
            None => {
                let units = control * self.options.ratio / self.variance_factor;
                self.shares(effect).power(self.test, units)
            }
        }
        .map_err(|error| if error.path().is_some() { error } else { error.at_path("units") })
    }

    fn detectable(&self, control: f64) -> Result<Option<f64>> {
        let PowerOptions { baseline, power, ratio, .. } = *self.options;
        match self.arms() {
            Some(arms) => {
                arms.detectable(self.test, control, power, Degrees::Welch).map(Some).map_err(
                    |error| if error.path().is_some() { error } else { error.at_path("units") },
                )
            }
            None => {
                let units = control * ratio / self.variance_factor;
                let share = Shares::detectable(baseline, 1.0 / ratio, self.test, units, power)?;
                Ok(share.map(|share| share - baseline))
            }
        }
    }
}
