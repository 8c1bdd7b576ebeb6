//! What is expected of each customer, with intervals: P(alive), purchases, money, value.
//!
//! Intervals are of the delta method: the gradient by the logarithms of the parameters against their
//! covariance. That of P(alive) is taken of its logit and those of purchases and of a value of their
//! logarithms, so that none leaves its range. They say how well the parameters are known and nothing of chance: what
//! one customer will do scatters far more.

use super::fit::Fit;
use super::gamma_gamma::GammaGamma;
use super::histories::Counts;
use super::{Family, Model, ln_1p_exp};
use crate::error::Result;

/// A number with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranged {
    /// The number.
    pub value: f64,
    /// Lower end; the number itself where the parameters have no covariance.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What is expected of a customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// How likely they are still there.
    pub alive: Ranged,
    /// Purchases expected over the horizon.
    pub purchases: Ranged,
    /// Money expected of each of them.
    pub spend: f64,
    /// Discounted worth of these purchases.
    pub value: Ranged,
    /// What the value would be if they were surely there.
    pub value_if_alive: f64,
}

/// How far is looked, and what is taken off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Steps of the horizon.
    pub steps: u32,
    /// Length of a step, in the model's unit of time.
    pub length: f64,
    /// Discount rate per step.
    pub rate: f64,
    /// Part of the money that is earned.
    pub margin: f64,
    /// Half the width of the intervals, in standard errors.
    pub width: f64,
}

/// The money of purchases.
#[derive(Clone, Debug)]
pub enum Spend {
    /// By Gamma-Gamma.
    Model(GammaGamma, Fit),
    /// A customer's own mean, or without any that of all: where no model of money can be had.
    Mean(f64),
}

/// Computes predictions of customers, best in ascending order of their counts: what they have in
/// common is computed once.
#[derive(Clone, Debug)]
pub struct Predictor {
    model: Model,
    fit: Fit,
    spend: Spend,
    outlook: Outlook,
    unit: f64,
    /// The model with each parameter a little higher and lower.
    shifted: Vec<[Model; 2]>,
    known: Option<((u32, u32), Growth)>,
    /// Later times, in the model's unit, at which P(alive) is told too.
    times: Vec<f64>,
    /// Of customers with the purchases and the age of `known` who are surely there: being there at
    /// these times.
    stays: Vec<Stay>,
    /// P(alive) at these times of the customer told last.
    later: Vec<Ranged>,
    /// Sums of these over customers, with their gradients by the logarithms of the parameters, and how
    /// many customers they are of.
    later_sums: Vec<(f64, [f64; 4])>,
    customers: f64,
    /// Sum of the values, with its gradient by the logarithms of all parameters.
    total: f64,
    slopes: [f64; 7],
}

/// Of customers with the same purchases and age who are surely there.
#[derive(Clone, Copy, Debug)]
struct Growth {
    purchases: f64,
    discounted: f64,
    /// Of the logarithms of both, by the logarithms of the parameters.
    gradients: [[f64; 4]; 2],
}

/// The logarithm of the chance to be there at a later time, with its gradient by the logarithms of the
/// parameters.
#[derive(Clone, Copy, Debug)]
struct Stay {
    ln: f64,
    gradient: [f64; 4],
}

/// Half the distance of differences, in logarithms of parameters.
const SHIFT: f64 = 1e-5;

/// The standard error of something with this gradient; 0 without a covariance.
fn standard_error(covariance: Option<&Vec<f64>>, gradient: &[f64]) -> f64 {
    let Some(covariance) = covariance else { return 0.0 };
    let rows = covariance.chunks_exact(gradient.len()).zip(gradient);
    let row = |row: &[f64]| row.iter().zip(gradient).map(|(c, g)| c * g).sum::<f64>();
    rows.map(|(covariances, g)| g * row(covariances)).sum::<f64>().max(0.0).sqrt()
}

/// A probability with an interval by its logit; `other` is 1 minus it, with all its digits.
fn within_one(value: f64, other: f64, error: f64, width: f64) -> Ranged {
    let spread = value * other;
    if !(spread > 0.0 && error > 0.0) {
        return Ranged { value, low: value, high: value };
    }
    let factor = libm::exp(width * error / spread);
    let end = |factor: f64| value / (value + other * factor);
    Ranged { value, low: end(factor), high: end(1.0 / factor) }
}

impl Predictor {
    /// Starts. `unit` is the model's unit of time in periods of the counts.
    ///
    /// # Errors
    /// `invalid-option` if the parameters are none.
    pub fn new(
        family: Family,
        (model, fit): (Model, Fit),
        spend: Spend,
        outlook: Outlook,
        unit: f64,
    ) -> Result<Self> {
        let mut shifted = Vec::new();
        if let Ok(parameters) = <[f64; 4]>::try_from(fit.parameters.as_slice()) {
            for which in 0..4 {
                let by = |shift: f64| {
                    let mut moved = parameters;
                    if let Some(parameter) = moved.get_mut(which) {
                        *parameter *= libm::exp(shift);
                    }
                    Model::new(family, moved)
                };
                shifted.push([by(SHIFT)?, by(-SHIFT)?]);
            }
        }
        Ok(Predictor {
            model,
            fit,
            spend,
            outlook,
            unit,
            shifted,
            known: None,
            times: Vec::new(),
            stays: Vec::new(),
            later: Vec::new(),
            later_sums: Vec::new(),
            customers: 0.0,
            total: 0.0,
            slopes: [0.0; 7],
        })
    }

    /// Tells P(alive) at later times too, in the model's unit of time from the end of the histories.
    #[must_use]
    pub fn at_times(mut self, times: Vec<f64>) -> Predictor {
        self.later_sums = vec![(0.0, [0.0; 4]); times.len()];
        self.times = times;
        self
    }

    fn growth(&mut self, counts: &Counts) -> Result<Growth> {
        let key = (counts.repeats, counts.age);
        if let Some((_, growth)) = self.known.filter(|(of, _)| *of == key) {
            return Ok(growth);
        }
        let Outlook { steps, length, rate, .. } = self.outlook;
        let (x, age) = (f64::from(counts.repeats), f64::from(counts.age) / self.unit);
        let of = |model: &Model| model.horizon(x, age, steps, length, rate);
        let (purchases, discounted) = of(&self.model)?;
        let mut gradients = [[0.0; 4]; 2];
        if self.fit.maximum.covariance.is_some() {
            let [of_purchases, of_discounted] = &mut gradients;
            let slopes = of_purchases.iter_mut().zip(of_discounted).zip(&self.shifted);
            for ((count, worth), [up, down]) in slopes {
                let (up, down) = (of(up)?, of(down)?);
                *count = libm::log(up.0 / down.0) / (2.0 * SHIFT);
                *worth = libm::log(up.1 / down.1) / (2.0 * SHIFT);
            }
        }
        self.stays.clear();
        for time in &self.times {
            let ln = self.model.ln_stays(x, age, *time)?;
            let mut gradient = [0.0; 4];
            if self.fit.maximum.covariance.is_some() {
                for (slope, [up, down]) in gradient.iter_mut().zip(&self.shifted) {
                    let (up, down) = (up.ln_stays(x, age, *time)?, down.ln_stays(x, age, *time)?);
                    *slope = (up - down) / (2.0 * SHIFT);
                }
            }
            self.stays.push(Stay { ln, gradient });
        }
        let growth = Growth { purchases, discounted, gradients };
        self.known = Some((key, growth));
        Ok(growth)
    }

    /// Money expected of a purchase, with the gradient of its logarithm.
    fn spend(&self, counts: &Counts, mean: f64) -> Result<(f64, [f64; 3])> {
        match &self.spend {
            Spend::Mean(of_all) => Ok((if counts.repeats > 0 { mean } else { *of_all }, [0.0; 3])),
            Spend::Model(model, _) => {
                // Refunds may have left less than nothing of the repeats.
                let mean = mean.max(0.0);
                let value = model.expected(u64::from(counts.repeats), mean)?;
                Ok((value, model.slopes(f64::from(counts.repeats), mean)))
            }
        }
    }

    /// Of a customer whose repeat purchases had this mean money.
    ///
    /// # Errors
    /// As [`Model::expected`] and [`GammaGamma::expected`].
    pub fn customer(&mut self, counts: &Counts, mean: f64) -> Result<Prediction> {
        let odds = self.model.odds(counts.history(self.unit)?);
        let growth = self.growth(counts)?;
        let (spend, spend_slopes) = self.spend(counts, mean)?;
        let width = self.outlook.width;
        let covariance = self.fit.maximum.covariance.as_ref();
        let mut by_odds = odds.gradient;
        by_odds.iter_mut().zip(&self.fit.parameters).for_each(|(slope, value)| *slope *= value);
        let (alive, gone) = (odds.alive(), libm::exp(-ln_1p_exp(-odds.ln)));
        let reach = width * standard_error(covariance, &by_odds);
        let end = |shift: f64| libm::exp(-ln_1p_exp(odds.ln + shift));
        let alive = Ranged { value: alive, low: end(reach), high: end(-reach) };
        let value_if_alive = self.outlook.margin * spend * growth.discounted;
        let value = value_if_alive * alive.value;
        let [mut of_count, mut slopes] = growth.gradients;
        for (slope, odds) in of_count.iter_mut().chain(&mut slopes).zip(by_odds.iter().cycle()) {
            *slope -= gone * odds;
        }
        let purchases = growth.purchases * alive.value;
        let times = libm::exp(width * standard_error(covariance, &of_count));
        let of_purchases = standard_error(covariance, &slopes);
        let of_spend = standard_error(self.spend_covariance(), &spend_slopes);
        let factor = libm::exp(width * libm::hypot(of_purchases, of_spend));
        self.stay(alive.value, gone, &by_odds);
        self.total += value;
        for (sum, slope) in self.slopes.iter_mut().zip(slopes.iter().chain(&spend_slopes)) {
            *sum += value * slope;
        }
        let ends = (value / factor, value * factor);
        Ok(Prediction {
            alive,
            purchases: Ranged { value: purchases, low: purchases / times, high: purchases * times },
            spend,
            value: Ranged { value, low: ends.0.min(ends.1), high: ends.0.max(ends.1) },
            value_if_alive,
        })
    }

    /// P(alive) at the later times of somebody who is there now with `alive`, whose odds to have gone
    /// have this gradient.
    fn stay(&mut self, alive: f64, gone: f64, by_odds: &[f64; 4]) {
        self.customers += 1.0;
        self.later.clear();
        for (Stay { ln, gradient }, sums) in self.stays.iter().zip(&mut self.later_sums) {
            let (value, other) = (alive * libm::exp(*ln), gone - alive * libm::expm1(*ln));
            let mut slopes = *gradient;
            slopes.iter_mut().zip(by_odds).for_each(|(slope, odds)| *slope -= gone * odds);
            sums.0 += value;
            sums.1.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += value * slope);
            let error = standard_error(self.fit.maximum.covariance.as_ref(), &slopes);
            self.later.push(within_one(value, other, value * error, self.outlook.width));
        }
    }

    /// P(alive) at the times of [`at_times`](Self::at_times) of the customer told last.
    #[must_use]
    pub fn later(&self) -> &[Ranged] {
        &self.later
    }

    /// Customers still there at these times: the sums of P(alive) over all customers told so far.
    pub fn later_totals(&self) -> impl Iterator<Item = Ranged> {
        let all = self.customers.max(1.0);
        self.later_sums.iter().map(move |(sum, slopes)| {
            let error = standard_error(self.fit.maximum.covariance.as_ref(), slopes) / all;
            let share = within_one(sum / all, 1.0 - sum / all, error, self.outlook.width);
            Ranged { value: *sum, low: share.low * all, high: share.high * all }
        })
    }

    fn spend_covariance(&self) -> Option<&Vec<f64>> {
        match &self.spend {
            Spend::Model(_, fit) => fit.maximum.covariance.as_ref(),
            Spend::Mean(_) => None,
        }
    }

    /// The sum of all values so far: the parameters are common to all customers, so that its interval
    /// is far wider than if these were independent.
    #[must_use]
    pub fn total(&self) -> Ranged {
        let (purchases, spend) = self.slopes.split_at(4);
        let of_purchases = standard_error(self.fit.maximum.covariance.as_ref(), purchases);
        let of_spend = standard_error(self.spend_covariance(), spend);
        let value = self.total;
        let relative = if value > 0.0 { libm::hypot(of_purchases, of_spend) / value } else { 0.0 };
        let factor = libm::exp(self.outlook.width * relative);
        Ranged { value, low: value / factor, high: value * factor }
    }
}
