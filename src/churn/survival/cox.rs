//! Cox's regression: by how much each column makes an end come sooner, whatever the course of the
//! hazard over time.
//!
//! The hazard of a life is `h₀(t)·exp(x·β)`; what maximises the partial likelihood needs no `h₀`. A life
//! may be seen from a later entry on, and may be cut into rows with other columns in each (entry, time],
//! so that columns may change over time. Each stratum has an `h₀` of its own.
//!
//! Ties after Efron or Breslow, the baseline hazard by the same rule. Robust errors sum the residuals of
//! the score within each cluster. The penalty is a ridge, `λ/2·Σ (βⱼ·sⱼ)²` with the standard deviation
//! `sⱼ` of each column. Whether effects stay the same over time is tested by the score of `(t − t̄)·xⱼ`.
//!
//! When not to use it: where effects change with time, or where one column tells ends apart perfectly.
//!
//! # References
//! D. R. Cox, "Regression Models and Life-Tables", JRSS B 34 (1972) 187–220. B. Efron, JASA 72 (1977)
//! 557–565. N. Breslow, Biometrics 30 (1974) 89–99. D. Y. Lin, L. J. Wei, "The Robust Inference for the
//! Cox Proportional Hazards Model", JASA 84 (1989) 1074–1078. P. M. Grambsch, T. M. Therneau, Biometrika 81
//! (1994) 515–526. T. M. Therneau, P. M. Grambsch, "Modeling Survival Data" (2000), §3.4, §10.2.
#![allow(clippy::indexing_slicing)] // Vectors have `size` entries, matrices `size²`, and rows are below the lives.

use super::concordance::concordance;
use super::sample::{Sample, add_square, dot, quadratic};
use crate::error::{Code, Error, Result};
use crate::stats::cholesky::Cholesky;
use crate::stats::distribution::chi_squared;
use crate::stats::order::{arrangement, sort_by};
use crate::stats::peak::peak;
use crate::stats::special::error::normal_quantile;
use serde::{Deserialize, Serialize};

/// What is done where several lives end at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Ties {
    /// As if they had ended one after the other, in a middling order: close to the exact likelihood.
    #[default]
    Efron,
    /// As if all of them were still at risk at each end.
    Breslow,
}

/// A chi-squared test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    /// Chi-squared.
    pub statistic: f64,
    /// Its degrees of freedom.
    pub degrees: u32,
    /// How likely so large a statistic is where there is nothing.
    pub p: f64,
}

impl Test {
    /// `None` without degrees, or where the statistic is not defined.
    pub(super) fn new(statistic: f64, degrees: usize) -> Option<Test> {
        let p = chi_squared(degrees as f64, statistic.max(0.0))?.upper;
        Some(Test { statistic, degrees: degrees as u32, p }).filter(|_| degrees > 0)
    }
}

/// A fitted regression.
#[derive(Clone, Debug)]
pub struct Cox {
    /// Change of the logarithm of the hazard per unit of each column.
    pub coefficients: Vec<f64>,
    /// The covariance of the coefficients, row by row: the inverse of the observed information, or the
    /// robust one.
    pub covariance: Vec<f64>,
    /// Logarithm of the partial likelihood, without the penalty.
    pub log_likelihood: f64,
    /// The same where every coefficient is 0.
    pub null_log_likelihood: f64,
    /// Share of pairs of lives that end in the order told; `None` where no pair counts.
    pub concordance: Option<f64>,
    /// Steps of the search.
    pub steps: u32,
    /// The coefficients and their covariance for columns with a spread of 1.
    beta: Vec<f64>,
    spread: Vec<f64>,
    centres: Vec<f64>,
    spreads: Vec<f64>,
    /// By stratum, then by time.
    instants: Vec<Instant>,
    schoenfeld: Option<Schoenfeld>,
}

/// What is known at a time at which lives ended, summed up to it within its stratum, for a life whose
/// columns all have their means.
#[derive(Clone, Debug)]
struct Instant {
    stratum: u32,
    time: f64,
    hazard: f64,
    variance: f64,
    /// Σ of the hazard's steps times the mean of those at risk.
    first: Vec<f64>,
    /// Of this instant alone: what those who ended then were less at risk, the same times the mean, and
    /// the mean of those at risk.
    less: f64,
    less_first: Vec<f64>,
    mean: Vec<f64>,
}

/// The score and the information of `(t − t̄)·x` beside `x`.
#[derive(Clone, Debug)]
struct Schoenfeld {
    score: Vec<f64>,
    information: Vec<f64>,
}

/// A point of a life's curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// The time.
    pub time: f64,
    /// The probability that it goes on beyond.
    pub survival: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Sums over those at risk, or over those who end.
struct Sums {
    mass: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    fn of(size: usize) -> Sums {
        Sums { mass: 0.0, first: vec![0.0; size], second: vec![0.0; size * size] }
    }

    fn clear(&mut self) {
        self.mass = 0.0;
        self.first.fill(0.0);
        self.second.fill(0.0);
    }

    fn add(&mut self, weight: f64, row: &[f64]) {
        self.mass += weight;
        self.first.iter_mut().zip(row).for_each(|(sum, x)| *sum += weight * x);
        add_square(&mut self.second, row, weight);
    }
}

/// One of the ends at a time, as the rule of ties takes them.
struct Layer<'a> {
    stratum: u32,
    time: f64,
    /// Those who end at this time.
    ends: &'a [u32],
    /// So much of those who end is no longer at risk.
    share: f64,
    /// So many ends are taken together.
    count: f64,
    /// Sum of the relative hazards at risk.
    mass: f64,
    /// Mean of the columns at risk.
    mean: &'a [f64],
    /// Mean of their products, lower half.
    second: &'a [f64],
}

/// The likelihood of a sample.
#[derive(Debug)]
pub struct Likelihood<'a> {
    sample: &'a Sample,
    ties: Ties,
    penalty: f64,
    /// Rows by stratum and descending time.
    by_time: Vec<u32>,
    /// Rows by stratum and descending entry.
    by_entry: Vec<u32>,
}

impl<'a> Likelihood<'a> {
    /// The likelihood of a sample.
    ///
    /// # Errors
    /// `invalid-option` for a penalty below 0 or not finite.
    pub fn new(sample: &'a Sample, ties: Ties, penalty: f64) -> Result<Likelihood<'a>> {
        if !(penalty >= 0.0 && penalty.is_finite()) {
            let hint = "a penalty is zero or more";
            return Err(Error::new(Code::InvalidOption, hint).at_path("penalty"));
        }
        let lives = &sample.lives;
        let order = |of: &dyn Fn(usize) -> f64| {
            arrangement(lives.len(), &|a, b| {
                sample.stratum(a).cmp(&sample.stratum(b)).then(of(b).total_cmp(&of(a)))
            })
        };
        let by_time = order(&|row| lives[row].time);
        let by_entry = order(&|row| lives[row].entry);
        Ok(Likelihood { sample, ties, penalty, by_time, by_entry })
    }

    /// Logarithm of the partial likelihood at given coefficients, per unit of each column.
    #[must_use]
    pub fn at(&self, coefficients: &[f64]) -> f64 {
        let beta: Vec<f64> =
            coefficients.iter().zip(&self.sample.spreads).map(|(b, spread)| b * spread).collect();
        let size = self.sample.size();
        let value = self.derivatives(&beta, &mut vec![0.0; size], &mut vec![0.0; size * size]);
        value + self.penalty / 2.0 * dot(&beta, &beta)
    }

    /// `x·β` of every row less the largest, and the largest.
    fn linear(&self, beta: &[f64]) -> (Vec<f64>, f64) {
        let mut linear: Vec<f64> =
            (0..self.sample.lives.len()).map(|row| dot(self.sample.row(row), beta)).collect();
        let most = linear.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        linear.iter_mut().for_each(|value| *value -= most);
        (linear, most)
    }

    /// Goes back through the times at which lives end, stratum by stratum.
    fn sweep(&self, linear: &[f64], visit: &mut dyn FnMut(&Layer<'_>)) {
        let (sample, size) = (self.sample, self.sample.size());
        let weights: Vec<f64> = linear.iter().map(|value| libm::exp(*value)).collect();
        let (mut at_risk, mut ending) = (Sums::of(size), Sums::of(size));
        let (mut mean, mut second) = (vec![0.0; size], vec![0.0; size * size]);
        let (mut ends, mut leaving, mut from) = (Vec::new(), 0, 0);
        let mut most = 0.0;
        let key = |row: u32| (sample.stratum(row as usize), sample.lives[row as usize].time);
        for now in self.by_time.chunk_by(|a, b| key(*a) == key(*b)) {
            let (stratum, time) = key(now[0]);
            if from == 0 || key(self.by_time[from - 1]).0 != stratum {
                at_risk.clear();
                most = 0.0;
                leaving =
                    self.by_entry.partition_point(|row| sample.stratum(*row as usize) < stratum);
            }
            ending.clear();
            ends.clear();
            for row in now {
                let at = *row as usize;
                at_risk.add(weights[at], sample.row(at));
                if sample.lives[at].has_ended {
                    ending.add(weights[at], sample.row(at));
                    ends.push(*row);
                }
            }
            from += now.len();
            most = f64::max(most, at_risk.mass);
            if ends.is_empty() {
                continue;
            }
            while let Some(row) = self.by_entry.get(leaving).map(|row| *row as usize)
                && sample.stratum(row) == stratum
                && sample.lives[row].entry >= time
            {
                at_risk.add(-weights[row], sample.row(row));
                leaving += 1;
            }
            if at_risk.mass < 1e-3 * most {
                // So much has left again that only rounding might stay: the sums are taken anew.
                at_risk.clear();
                for row in self.by_time[..from].iter().rev() {
                    if key(*row).0 != stratum {
                        break;
                    }
                    if sample.lives[*row as usize].entry < time {
                        at_risk.add(weights[*row as usize], sample.row(*row as usize));
                    }
                }
                most = at_risk.mass;
            }
            let all = ends.len();
            let layers = if self.ties == Ties::Efron { all } else { 1 };
            for layer in 0..layers {
                let share = layer as f64 / all as f64;
                let mass = at_risk.mass - share * ending.mass;
                let part = |risk: &f64, end: &f64| (risk - share * end) / mass;
                for (mean, (risk, end)) in
                    mean.iter_mut().zip(at_risk.first.iter().zip(&ending.first))
                {
                    *mean = part(risk, end);
                }
                let pairs = at_risk.second.iter().zip(&ending.second);
                for (second, (risk, end)) in second.iter_mut().zip(pairs) {
                    *second = part(risk, end);
                }
                let count = if layers == 1 { all as f64 } else { 1.0 };
                let (ends, mean, second) = (&ends[..], &mean[..], &second[..]);
                visit(&Layer { stratum, time, ends, share, count, mass, mean, second });
            }
        }
    }

    /// The penalised value with its gradient and minus its second derivatives.
    fn derivatives(&self, beta: &[f64], gradient: &mut [f64], information: &mut [f64]) -> f64 {
        let (linear, _) = self.linear(beta);
        let mut value = -self.penalty / 2.0 * dot(beta, beta);
        gradient.iter_mut().zip(beta).for_each(|(slope, b)| *slope -= self.penalty * b);
        (0..beta.len()).for_each(|at| information[at * (beta.len() + 1)] += self.penalty);
        for (row, _) in self.sample.lives.iter().enumerate().filter(|(_, life)| life.has_ended) {
            value += linear[row];
            gradient.iter_mut().zip(self.sample.row(row)).for_each(|(slope, x)| *slope += x);
        }
        self.sweep(&linear, &mut |layer| {
            value -= layer.count * libm::log(layer.mass);
            gradient.iter_mut().zip(layer.mean).for_each(|(slope, x)| *slope -= layer.count * x);
            add_variance(information, layer, layer.count);
        });
        value
    }

    /// Fits. `clusters` are numbers from 0 for each life, for robust errors.
    ///
    /// # Errors
    /// `not-identifiable` with the column's name where columns say the same or one separates the lives
    /// that end; `not-enough-data` with fewer than two clusters.
    pub fn fit(&self, clusters: Option<&[u32]>) -> Result<Cox> {
        let (sample, size) = (self.sample, self.sample.size());
        if self.penalty == 0.0 {
            sample.check_columns()?;
        }
        let nothing = vec![0.0; size];
        let null_log_likelihood = self.at(&nothing);
        let found = peak(nothing, &mut |beta, gradient, information| {
            self.derivatives(beta, gradient, information)
        })
        .map_err(|trouble| sample.trouble(trouble))?;
        let (linear, top) = self.linear(&found.point);
        let mut cox = Cox {
            coefficients: found.point.iter().zip(&sample.spreads).map(|(b, s)| b / s).collect(),
            covariance: Vec::new(),
            log_likelihood: found.value + self.penalty / 2.0 * dot(&found.point, &found.point),
            null_log_likelihood,
            concordance: concordance(&sample.lives, &sample.strata, &linear),
            steps: found.steps,
            instants: Vec::new(),
            schoenfeld: None,
            spread: found.covariance,
            beta: found.point,
            centres: sample.centres.clone(),
            spreads: sample.spreads.clone(),
        };
        self.walk(&mut cox, &linear, &found.information)?;
        if let Some(clusters) = clusters {
            cox.spread = self.robust(&cox, &linear, clusters)?;
        }
        for instant in &mut cox.instants {
            instant.variance *= libm::exp(-2.0 * top);
            instant.hazard *= libm::exp(-top);
            instant.first.iter_mut().for_each(|sum| *sum *= libm::exp(-top));
        }
        let scale = |at: usize| sample.spreads[at / size] * sample.spreads[at % size];
        cox.covariance =
            cox.spread.iter().enumerate().map(|(at, entry)| entry / scale(at)).collect();
        Ok(cox)
    }

    /// The hazard at the fitted coefficients, and the test of effects that change.
    fn walk(&self, cox: &mut Cox, linear: &[f64], information: &[f64]) -> Result<()> {
        let (sample, size) = (self.sample, self.sample.size());
        let ends = || sample.lives.iter().filter(|life| life.has_ended).map(|life| life.time);
        let middle = ends().sum::<f64>() / ends().count() as f64;
        let mut score = vec![0.0; size];
        let (mut mixed, mut squares) = (vec![0.0; size * size], vec![0.0; size * size]);
        let instants = &mut cox.instants;
        self.sweep(linear, &mut |layer| {
            if layer.share == 0.0 {
                let zero = || vec![0.0; size];
                let (stratum, time) = (layer.stratum, layer.time);
                let (first, less_first, mean) = (zero(), zero(), zero());
                let (hazard, variance, less) = (0.0, 0.0, 0.0);
                instants.push(Instant {
                    stratum,
                    time,
                    hazard,
                    variance,
                    first,
                    less,
                    less_first,
                    mean,
                });
                for row in layer.ends {
                    let later = layer.time - middle;
                    let row = sample.row(*row as usize);
                    score.iter_mut().zip(row).for_each(|(sum, x)| *sum += later * x);
                }
            }
            let Some(now) = instants.last_mut() else { return };
            let step = layer.count / layer.mass;
            now.hazard += step;
            now.variance += step / layer.mass;
            now.less += layer.share * step;
            let later = layer.time - middle;
            for (at, mean) in layer.mean.iter().enumerate() {
                now.first[at] += step * mean;
                now.less_first[at] += layer.share * step * mean;
                now.mean[at] += layer.count / layer.ends.len() as f64 * mean;
                score[at] -= later * layer.count * mean;
            }
            add_variance(&mut mixed, layer, later * layer.count);
            add_variance(&mut squares, layer, later * later * layer.count);
        });
        sort_by(instants, |a, b| a.stratum.cmp(&b.stratum).then(a.time.total_cmp(&b.time)));
        for at in 1..instants.len() {
            let (before, rest) = instants.split_at_mut(at);
            if let (Some(before), Some(now)) = (before.last(), rest.first_mut())
                && before.stratum == now.stratum
            {
                now.hazard += before.hazard;
                now.variance += before.variance;
                now.first.iter_mut().zip(&before.first).for_each(|(sum, more)| *sum += more);
            }
        }
        if self.penalty > 0.0 {
            return Ok(());
        }
        // squares − mixedᵀ·information⁻¹·mixed.
        let Some(known) = Cholesky::of(information.to_vec(), size, 0.0) else { return Ok(()) };
        for row in 0..size {
            (0..row).for_each(|column| mixed[column * size + row] = mixed[row * size + column]);
        }
        for row in 0..size {
            let solved = known.solved(mixed[row * size..][..size].to_vec());
            for column in 0..size {
                squares[column * size + row] -= dot(&solved, &mixed[column * size..][..size]);
            }
        }
        cox.schoenfeld = Some(Schoenfeld { score, information: squares });
        Ok(())
    }

    /// `A⁻¹·B·A⁻¹` with the sums of squares `B` of the residuals of the score within clusters.
    fn robust(&self, cox: &Cox, linear: &[f64], clusters: &[u32]) -> Result<Vec<f64>> {
        let (sample, size) = (self.sample, self.sample.size());
        let count = clusters.iter().max().map_or(0, |most| *most as usize + 1);
        if clusters.len() != sample.lives.len() || count < 2 {
            let hint = "robust errors need two or more clusters";
            return Err(Error::new(Code::NotEnoughData, hint));
        }
        let mut scores = vec![0.0; count * size];
        for (row, life) in sample.lives.iter().enumerate() {
            let (x, weight) = (sample.row(row), libm::exp(linear[row]));
            let score = &mut scores[clusters[row] as usize * size..][..size];
            let stratum = sample.stratum(row);
            let mut exposed = |instant: Option<&Instant>, sign: f64| {
                let Some(instant) = instant else { return };
                for (at, score) in score.iter_mut().enumerate() {
                    *score -= sign * weight * (x[at] * instant.hazard - instant.first[at]);
                }
            };
            let last = cox.until(stratum, life.time);
            exposed(last, 1.0);
            exposed(cox.until(stratum, life.entry), -1.0);
            if let (true, Some(now)) = (life.has_ended, last) {
                for (at, score) in score.iter_mut().enumerate() {
                    *score +=
                        x[at] - now.mean[at] + weight * (x[at] * now.less - now.less_first[at]);
                }
            }
        }
        let mut middle = vec![0.0; size * size];
        for score in scores.chunks_exact(size.max(1)) {
            let moved: Vec<f64> =
                cox.spread.chunks_exact(size.max(1)).map(|line| dot(line, score)).collect();
            add_square(&mut middle, &moved, 1.0);
        }
        for row in 0..size {
            (0..row).for_each(|column| middle[column * size + row] = middle[row * size + column]);
        }
        Ok(middle)
    }
}

fn add_variance(matrix: &mut [f64], layer: &Layer<'_>, weight: f64) {
    matrix.iter_mut().zip(layer.second).for_each(|(sum, second)| *sum += weight * second);
    add_square(matrix, layer.mean, -weight);
}

impl Cox {
    /// The last instant of a stratum at or before a time.
    fn until(&self, stratum: u32, time: f64) -> Option<&Instant> {
        let after = self.instants.partition_point(|instant| {
            instant.stratum < stratum || (instant.stratum == stratum && instant.time <= time)
        });
        self.instants[..after].last().filter(|instant| instant.stratum == stratum)
    }

    /// The times at which the hazard of a stratum rises.
    pub fn times(&self, stratum: u32) -> impl Iterator<Item = f64> {
        self.instants.iter().filter(move |at| at.stratum == stratum).map(|instant| instant.time)
    }

    /// The cumulative hazard of a stratum where all columns are 0, up to and at a time.
    #[must_use]
    pub fn baseline(&self, stratum: u32, time: f64) -> f64 {
        let scale = self.centres.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum::<f64>();
        self.until(stratum, time).map_or(0.0, |instant| instant.hazard * libm::exp(-scale))
    }

    /// The curve of a life with these columns, at these times. Intervals are of `ln −ln S` and hold
    /// what is not known of the coefficients and of the hazard.
    #[must_use]
    pub fn curve(
        &self,
        row: &[f64],
        stratum: u32,
        times: &[f64],
        confidence: f64,
    ) -> Vec<Forecast> {
        let scale = self.centres.iter().zip(&self.spreads);
        let x: Vec<f64> = row.iter().zip(scale).map(|(x, (c, s))| (x - c) / s).collect();
        let more = libm::exp(dot(&x, &self.beta));
        let z = -normal_quantile((1.0 - confidence) / 2.0).unwrap_or(0.0);
        let at = |time: &f64| {
            let Some(instant) = self.until(stratum, *time).filter(|now| now.hazard > 0.0) else {
                return Forecast { time: *time, survival: 1.0, low: 1.0, high: 1.0 };
            };
            let lever: Vec<f64> =
                x.iter().zip(&instant.first).map(|(x, first)| x * instant.hazard - first).collect();
            let variance = instant.variance + quadratic(&self.spread, &lever);
            let reach = libm::exp(z * variance.max(0.0).sqrt() / instant.hazard);
            let hazard = more * instant.hazard;
            let (low, high) = (libm::exp(-hazard * reach), libm::exp(-hazard / reach));
            Forecast { time: *time, survival: libm::exp(-hazard), low, high }
        };
        times.iter().map(at).collect()
    }

    /// Tests whether the effects of these columns together stay the same over time. `None` with a
    /// penalty, or where nothing tells.
    #[must_use]
    pub fn proportional(&self, columns: &[usize]) -> Option<Test> {
        let Schoenfeld { score, information } = self.schoenfeld.as_ref()?;
        let (size, own) = (score.len(), columns.len());
        let part: Vec<f64> = columns.iter().map(|at| score[*at]).collect();
        let entry = |at: usize| information[columns[at / own] * size + columns[at % own]];
        let matrix = (0..own * own).map(entry).collect();
        let solved = Cholesky::of(matrix, own, 1e-10)?.solved(part.clone());
        Test::new(dot(&part, &solved), own)
    }

    /// Tests whether all coefficients are 0, by the ratio of likelihoods.
    #[must_use]
    pub fn ratio_test(&self) -> Option<Test> {
        Test::new(2.0 * (self.log_likelihood - self.null_log_likelihood), self.beta.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::aft::{Distribution, aft};
    use super::super::curve::Life;
    use super::*;

    const TIMES: [f64; 12] = [4.0, 7.0, 1.5, 9.0, 3.0, 12.0, 5.5, 8.0, 2.5, 10.0, 6.0, 11.0];
    const ENTRIES: [f64; 12] = [0.0, 2.0, 0.0, 1.0, 0.0, 4.0, 0.0, 3.0, 0.0, 0.0, 1.0, 5.0];
    const COLUMNS: [[f64; 12]; 2] = [
        [1.0, 0.2, 2.0, -0.5, 1.5, 0.3, -1.0, 0.7, 0.1, -0.2, 0.9, -1.1],
        [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0],
    ];

    fn lives(is_late: bool) -> Vec<Life> {
        let life = |at: usize| Life {
            entry: if is_late { ENTRIES[at] } else { f64::NEG_INFINITY },
            time: TIMES[at],
            has_ended: ![3, 6, 11].contains(&at),
        };
        (0..12).map(life).collect()
    }

    fn sample(is_late: bool, strata: Vec<u32>) -> Sample {
        let rows = (0..24).map(|at| COLUMNS[at % 2][at / 2]).collect();
        Sample::new(lives(is_late), strata, vec!["x".to_owned(), "z".to_owned()], rows).unwrap()
    }

    fn fit(sample: &Sample, clusters: Option<&[u32]>) -> Cox {
        Likelihood::new(sample, Ties::Efron, 0.0).unwrap().fit(clusters).unwrap()
    }

    fn near(got: &[f64], wanted: &[f64], tolerance: f64) {
        assert_eq!(got.len(), wanted.len());
        for (got, wanted) in got.iter().zip(wanted) {
            assert!((got - wanted).abs() <= tolerance * wanted.abs(), "{got} {wanted}");
        }
    }

    fn errors(covariance: &[f64], size: usize) -> Vec<f64> {
        covariance.iter().step_by(size + 1).map(|variance| variance.sqrt()).collect()
    }

    /// Coefficients, errors and likelihoods of lifelines 0.30.3.
    #[test]
    fn robust_errors_and_strata_are_those_of_lifelines() {
        let plain = sample(false, Vec::new());
        let coefficients = [2.651_239_123_281_545, 1.292_202_853_066_925_4];
        let each: Vec<u32> = (0..12).collect();
        let twos: Vec<u32> = (0..12).map(|at| at / 2).collect();
        for (clusters, wanted) in [
            (None, [1.041_615_712_389_0, 0.923_473_035_595_0]),
            (Some(&each[..]), [1.343_484_697_082_1, 0.704_565_768_205_4]),
            (Some(&twos[..]), [1.214_119_021_889_6, 0.525_353_891_665_7]),
        ] {
            let cox = fit(&plain, clusters);
            near(&cox.coefficients, &coefficients, 1e-9);
            near(&errors(&cox.covariance, 2), &wanted, 1e-9);
            near(&[cox.log_likelihood], &[-9.414_912_932_497_785], 1e-12);
        }
        let halves = sample(false, (0..12).map(|at| u32::from(at > 5)).collect());
        let cox = fit(&halves, None);
        near(&cox.coefficients, &[6.076_180_039_4, 3.356_483_261_5], 1e-7);
        near(&[cox.log_likelihood], &[-3.505_614_329_430_812], 1e-12);
        let cox = fit(&sample(true, Vec::new()), Some(&each));
        // lifelines ends this search early; these are the sums of the definitions, pair by pair.
        near(&cox.coefficients, &[2.460_300_934_904_8, 1.147_780_512_920_7], 1e-9);
        near(&errors(&cox.covariance, 2), &[1.358_880_112_582_2, 0.734_246_401_660_4], 1e-9);
    }

    #[test]
    fn late_entries_of_accelerated_lives_are_those_of_lifelines() {
        let late = sample(true, Vec::new());
        for (distribution, wanted, log_likelihood) in [
            (Distribution::Weibull, [2.569_495, -0.864_554, -0.379_607, -1.381_835], -17.251_315),
            (Distribution::LogNormal, [2.507_906, -0.904_177, -0.533_362, -0.913_789], -19.285_449),
        ] {
            let mut fit = aft(&late, distribution).unwrap();
            fit.coefficients.push(libm::log(fit.scale));
            near(&fit.coefficients, &wanted, 1e-4);
            near(&[fit.log_likelihood], &[log_likelihood], 1e-7);
        }
    }

    /// A life cut in two at any time, with the same columns in both, is the same life.
    #[test]
    fn lives_cut_into_rows_are_the_same_lives() {
        let whole = fit(&sample(true, Vec::new()), None);
        let (mut lives_cut, mut rows, mut people) = (Vec::new(), Vec::new(), Vec::new());
        for (at, life) in lives(true).iter().enumerate() {
            let cut = (life.entry + life.time) / 2.0;
            for part in
                [Life { time: cut, has_ended: false, ..*life }, Life { entry: cut, ..*life }]
            {
                lives_cut.push(part);
                rows.extend([COLUMNS[0][at], COLUMNS[1][at]]);
                people.push(at as u32);
            }
        }
        let names = vec!["x".to_owned(), "z".to_owned()];
        let sample_cut = Sample::new(lives_cut, Vec::new(), names, rows).unwrap();
        let cut = fit(&sample_cut, None);
        near(&cut.coefficients, &whole.coefficients, 1e-10);
        near(&cut.covariance, &whole.covariance, 1e-9);
        near(&[cut.baseline(0, 7.0)], &[whole.baseline(0, 7.0)], 1e-10);
        assert_eq!(cut.concordance, whole.concordance);
        let each: Vec<u32> = (0..12).collect();
        let robust = fit(&sample(true, Vec::new()), Some(&each)).covariance;
        near(&fit(&sample_cut, Some(&people)).covariance, &robust, 1e-9);
    }

    /// At a finite optimum with ties, what single lives add to the score sums to nothing, so that
    /// everybody in one of two clusters, one of them empty of weight, leaves no variance.
    #[test]
    fn residuals_of_the_score_sum_to_nothing_under_both_rules_of_ties() {
        let tied: Vec<Life> =
            lives(true).iter().map(|life| Life { time: life.time.ceil() + 1.0, ..*life }).collect();
        let rows = (0..24).map(|at| COLUMNS[at % 2][at / 2]).collect();
        let names = vec!["x".to_owned(), "z".to_owned()];
        let sample = Sample::new(tied, Vec::new(), names, rows).unwrap();
        for ties in [Ties::Efron, Ties::Breslow] {
            let likelihood = Likelihood::new(&sample, ties, 0.0).unwrap();
            let mut clusters = vec![1; 12];
            let together = likelihood.fit(Some(&clusters)).unwrap().covariance;
            assert!(together.iter().all(|entry| entry.abs() < 1e-12), "{together:?}");
            clusters[3] = 0;
            assert!(likelihood.fit(Some(&clusters)).unwrap().covariance[0] > 1e-6);
        }
    }

    #[test]
    fn a_penalty_draws_coefficients_to_nothing_and_bounds_what_has_no_bound() {
        let plain = sample(false, Vec::new());
        let of = |penalty: f64| {
            let cox = Likelihood::new(&plain, Ties::Efron, penalty).unwrap().fit(None).unwrap();
            cox.coefficients[0].abs()
        };
        assert!(of(0.0) > of(1.0) && of(1.0) > of(100.0) && of(1e6) < 1e-4);
        // Whoever has the mark ends before all others: no bound.
        let rows = TIMES.map(|time| f64::from(u8::from(time < 5.0))).to_vec();
        let split = Sample::new(lives(false), Vec::new(), vec!["mark".to_owned()], rows).unwrap();
        let free = Likelihood::new(&split, Ties::Efron, 0.0).unwrap().fit(None).unwrap_err();
        assert_eq!((free.code(), free.column()), (Code::NotIdentifiable, Some("mark")));
        let held = Likelihood::new(&split, Ties::Efron, 0.5).unwrap().fit(None).unwrap();
        assert!(held.coefficients[0].is_finite() && held.coefficients[0] > 1.0);
    }

    #[test]
    fn what_cannot_be_fitted_names_its_column() {
        let build = |column: &dyn Fn(usize) -> f64, lives: Vec<Life>| {
            let rows = (0..12).flat_map(|at| [COLUMNS[0][at], column(at)]).collect();
            Sample::new(lives, Vec::new(), vec!["x".to_owned(), "y".to_owned()], rows)
        };
        let constant = build(&|_| 0.1, lives(false)).unwrap_err();
        assert_eq!((constant.code(), constant.column()), (Code::NotIdentifiable, Some("y")));
        let same = build(&|at| 3.0 - 2.0 * COLUMNS[0][at], lives(false)).unwrap();
        for error in [
            Likelihood::new(&same, Ties::Efron, 0.0).unwrap().fit(None).unwrap_err(),
            aft(&same, Distribution::LogLogistic).unwrap_err(),
        ] {
            assert_eq!((error.code(), error.column()), (Code::NotIdentifiable, Some("y")));
        }
        let censored = lives(false).iter().map(|life| Life { has_ended: false, ..*life }).collect();
        let error = build(&|at| COLUMNS[1][at], censored).unwrap_err();
        assert_eq!(error.code(), Code::NotEnoughData);
        let error = build(&|_| f64::NAN, lives(false)).unwrap_err();
        assert_eq!((error.code(), error.column()), (Code::Type, Some("y")));
        let equal =
            lives(false).iter().map(|life| Life { time: 3.0, has_ended: true, ..*life }).collect();
        let error = aft(&build(&|at| COLUMNS[1][at], equal).unwrap(), Distribution::Weibull);
        assert_eq!(error.unwrap_err().code(), Code::NotIdentifiable);
    }

    #[test]
    fn relative_hazards_of_any_height_stay_finite() {
        let rows: Vec<f64> = (0..12).map(|at| if at == 0 { 1e8 } else { COLUMNS[0][at] }).collect();
        let wide = Sample::new(lives(true), Vec::new(), vec!["x".to_owned()], rows).unwrap();
        let likelihood = Likelihood::new(&wide, Ties::Efron, 0.0).unwrap();
        assert!(likelihood.at(&[1e-6]).is_finite());
        match likelihood.fit(None) {
            Ok(cox) => assert!(cox.coefficients[0].is_finite() && cox.covariance[0].is_finite()),
            Err(error) => assert_eq!(error.code(), Code::NotIdentifiable),
        }
    }

    #[test]
    fn a_curve_is_the_baseline_to_the_power_of_the_relative_hazard() {
        let cox = fit(&sample(false, Vec::new()), None);
        let row = [0.3, 1.0];
        let curve = cox.curve(&row, 0, &[0.5, 4.0, 10.0], 0.95);
        assert_eq!((curve[0].survival, curve[0].low, curve[0].high), (1.0, 1.0, 1.0));
        let more = libm::exp(dot(&row, &cox.coefficients));
        near(&[curve[1].survival], &[libm::exp(-more * cox.baseline(0, 4.0))], 1e-12);
        assert!(curve.windows(2).all(|two| two[1].survival <= two[0].survival));
        assert!(curve[1..].iter().all(|at| at.low < at.survival && at.survival < at.high));
    }
}
