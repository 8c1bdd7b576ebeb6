//! Both models, fitted in turns: each turn learns from the rows that it does not hold out and scores
//! those that it does; the last one learns from all.
//!
//! How many trees is found inside each turn: a part of its rows (of a log those of the newest cut-off
//! but the one held out, else a fifth) judges trees grown on the rest, and then all its rows grow as
//! many. The last turn takes the mean of the others.
#![allow(clippy::indexing_slicing)] // Lists have a place for every row.

use super::model::{Chosen, ModelFeature, RiskModel};
use super::table::{Part, Table};
use crate::error::{Code, Error, Result};
use crate::job::{collected, filled};
use crate::learn::boost::{Binned, Booster, Growth};
use crate::learn::calibration::Calibration;
use crate::learn::logistic::sigmoid;
use crate::learn::logistic::{FitStatus, Fitting, Logistic, Problem};
use crate::learn::matrix::Matrix;
use crate::learn::ranking::losses;
use crate::learn::trees::Tree;
use crate::stats::random::Random;

/// Trees at most, and how many may bring nothing before a probe ends.
const MOST_TREES: usize = 600;
const PATIENCE: usize = 30;
/// Columns of the logistic model at most.
const MOST_COLUMNS: usize = 300;
/// Newton steps at most.
const MOST_STEPS: u32 = 100;
/// Of the progress, what a turn is.
pub(super) const TURN: u64 = 1000;

/// What is asked of the models.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) turns: u8,
    pub(super) penalty: f64,
    pub(super) growth: Growth,
    pub(super) balanced: bool,
    pub(super) seed: u64,
}

/// The fits.
#[derive(Debug)]
pub(super) struct Learner {
    asked: Asked,
    features: Vec<ModelFeature>,
    width: usize,
    /// Standardised rows of the logistic model.
    design: Vec<f64>,
    binned: Binned,
    labels: Vec<bool>,
    targets: Vec<f64>,
    /// Each row's weight when it is learned from; 0 for rows that are only scored.
    weights: Vec<f64>,
    parts: Vec<Part>,
    turn: u8,
    run: Option<Run>,
    rounds: Vec<usize>,
    /// Scores of rows held out, of the logistic model and of the trees; `NaN` of all others.
    pub(super) held: [Vec<f64>; 2],
    /// Whether every logistic fit ended at its optimum.
    pub(super) converged: bool,
    /// The models of the turns that held rows out: the logistic one, and the trees with their start.
    turns: Vec<(Logistic, f64, Vec<Tree>)>,
    finished: Option<(Logistic, Booster)>,
}

/// One turn.
#[derive(Debug)]
struct Run {
    weights: Vec<f64>,
    rows: Vec<u32>,
    fitting: Fitting,
    is_fitted: bool,
    /// Trees on a part of the rows, the rows that judge them, the least loss and when.
    probe: Option<(Booster, Vec<u32>, f64, usize)>,
    booster: Booster,
    rounds: usize,
}

impl Learner {
    pub(super) fn new(table: &Table, directions: &[i8], asked: Asked) -> Result<Learner> {
        let rows = table.rows();
        let used: Vec<bool> = table.labels.iter().map(Option::is_some).collect();
        let labels: Vec<bool> = table.labels.iter().map(|label| *label == Some(true)).collect();
        let learn = |feature: &super::table::Feature| {
            ModelFeature::learn(&feature.name, feature.levels.as_ref(), &feature.values, &used)
        };
        let features: Vec<ModelFeature> =
            table.features.iter().map(learn).collect::<Result<_>>()?;
        let width: usize = features.iter().map(ModelFeature::width).sum();
        if width == 0 || width > MOST_COLUMNS {
            return Err(Error::new(
                Code::Limit,
                format!("{width} columns; from 1 to {MOST_COLUMNS} can be learned from: texts have one for each value"),
            )
            .at_path("attributes"));
        }
        let mut design: Vec<f64> = collected(std::iter::empty(), rows * width)?;
        let mut row = Vec::new();
        for at in 0..rows {
            table.row(at, &mut row);
            features.iter().zip(&row).for_each(|(f, value)| f.cells(*value, &mut design));
        }
        let kinds = features.iter().zip(directions).zip(&table.features);
        let columns: Vec<_> =
            kinds.map(|((f, way), column)| (f.kind(*way), column.values.clone())).collect();
        let count = used.iter().filter(|used| **used).count() as f64;
        let hits = labels.iter().filter(|label| **label).count() as f64;
        let weight = |(used, label): (&bool, &bool)| {
            let share = if *label { hits } else { count - hits };
            let weight = if asked.balanced && share > 0.0 { count / (2.0 * share) } else { 1.0 };
            f64::from(u8::from(*used)) * weight
        };
        Ok(Learner {
            width,
            design,
            binned: Binned::new(&columns)?,
            targets: crate::learn::logistic::targets(&labels),
            weights: collected(used.iter().zip(&labels).map(weight), rows)?,
            labels,
            parts: table.parts.clone(),
            features,
            turn: 0,
            run: None,
            rounds: Vec::new(),
            held: [filled(f64::NAN, rows)?, filled(f64::NAN, rows)?],
            converged: true,
            turns: Vec::new(),
            finished: None,
            asked,
        })
    }

    fn is_last(&self) -> bool {
        self.turn >= self.asked.turns
    }

    /// Works for about `budget` rows; true once all turns are done.
    pub(super) fn advance(&mut self, budget: usize) -> Result<bool> {
        let mut left = budget;
        while self.finished.is_none() {
            let mut run = match self.run.take() {
                Some(run) => run,
                None => self.started()?,
            };
            let is_done = self.step(&mut run)?;
            if is_done {
                self.ended(run)?
            } else {
                self.run = Some(run)
            }
            let cost = self.labels.len() * self.width / 8 + 1;
            if left <= cost {
                break;
            }
            left -= cost;
        }
        Ok(self.finished.is_some())
    }

    /// How far it is, of [`TURN`] for each turn.
    pub(super) fn done(&self) -> u64 {
        if self.finished.is_some() {
            return (u64::from(self.turn) + 1) * TURN;
        }
        let within = self.run.as_ref().map_or(0, |run| {
            let trees = |booster: &Booster| booster.trees.len() as u64;
            let probe = run.probe.as_ref().map_or(MOST_TREES as u64, |probe| trees(&probe.0));
            let grown = trees(&run.booster);
            u64::from(run.is_fitted)
                + (probe * TURN / 2 + grown * TURN / 2) / (MOST_TREES as u64 + 1)
        });
        u64::from(self.turn) * TURN + within.min(TURN - 1)
    }

    fn started(&self) -> Result<Run> {
        let turn = self.turn;
        let is_used = |row: usize| {
            self.weights[row] > 0.0 && (self.is_last() || self.parts[row] != Part::Turn(turn))
        };
        let rows = self.labels.len();
        let all: Vec<u32> = (0..rows as u32).filter(|row| is_used(*row as usize)).collect();
        let mut weights = filled(0.0, rows)?;
        all.iter().for_each(|row| weights[*row as usize] = self.weights[*row as usize]);
        let mut random = Random::new(self.asked.seed, 1 + u64::from(turn));
        // Of a log, the latest rows that are learned from judge, as the future will.
        let is_log = self.parts.iter().any(|part| matches!(part, Part::Earlier(_)));
        let newest = all.iter().map(|row| self.parts[*row as usize]).min();
        let is_several = all.iter().any(|row| Some(self.parts[*row as usize]) != newest);
        let (mut grow, mut judge) = (Vec::new(), Vec::new());
        for row in &all {
            let judges = if is_log && is_several {
                Some(self.parts[*row as usize]) == newest
            } else {
                random.unit() < 0.2
            };
            if judges { judge.push(*row) } else { grow.push(*row) }
        }
        let booster = |rows| {
            Booster::new(&self.binned, rows, &self.labels, Some(&self.weights), self.asked.growth)
        };
        let mean = self.rounds.iter().sum::<usize>() / self.rounds.len().max(1);
        let probe = if self.is_last() || judge.is_empty() {
            None
        } else {
            // A part without both kinds judges nothing.
            booster(grow).ok().map(|booster| (booster, judge, f64::INFINITY, 0))
        };
        let rounds = if self.is_last() { mean.max(1) } else { MOST_TREES / 4 };
        Ok(Run {
            fitting: Fitting::new(self.problem(&weights)?)?,
            is_fitted: false,
            booster: booster(all.clone())?,
            rows: all,
            weights,
            probe,
            rounds,
        })
    }

    fn problem<'a>(&'a self, weights: &'a [f64]) -> Result<Problem<'a>> {
        let rows = Matrix::seen(&self.design, self.width)?;
        let penalty = self.asked.penalty;
        Ok(Problem { rows, targets: &self.targets, weights: Some(weights), penalty })
    }

    /// One pass over the rows; true when the turn is done.
    fn step(&self, run: &mut Run) -> Result<bool> {
        if !run.is_fitted {
            run.is_fitted = run.fitting.advance(self.problem(&run.weights)?, MOST_STEPS);
            return Ok(false);
        }
        if let Some((booster, judge, least, at)) = &mut run.probe {
            booster.advance(&self.binned, &self.labels, Some(&self.weights));
            let each = |values: &dyn Fn(usize) -> f64| -> Vec<f64> {
                judge.iter().map(|row| values(*row as usize)).collect()
            };
            let p = each(&|row| sigmoid(booster.margins()[row]));
            let labels: Vec<bool> = judge.iter().map(|row| self.labels[*row as usize]).collect();
            let weights = each(&|row| self.weights[row]);
            let loss = losses(&p, &labels, Some(&weights)).map_or(0.0, |losses| losses.0);
            if loss < *least {
                (*least, *at) = (loss, booster.trees.len());
            }
            if booster.trees.len() >= MOST_TREES || booster.trees.len() >= *at + PATIENCE {
                run.rounds = (*at).max(1);
                run.probe = None;
            }
            return Ok(false);
        }
        run.booster.advance(&self.binned, &self.labels, Some(&self.weights));
        Ok(run.booster.trees.len() >= run.rounds)
    }

    fn ended(&mut self, run: Run) -> Result<()> {
        let logistic = run.fitting.finish(self.problem(&run.weights)?);
        self.converged &= logistic.status == FitStatus::Converged;
        if self.is_last() {
            self.finished = Some((logistic, run.booster));
            return Ok(());
        }
        for row in 0..self.labels.len() {
            if self.parts[row] == Part::Turn(self.turn) && self.weights[row] > 0.0 {
                let cells = &self.design[row * self.width..(row + 1) * self.width];
                self.held[0][row] = logistic.logit(cells);
                self.held[1][row] = run.booster.margins()[row];
            }
        }
        self.turns.push((logistic, run.booster.base, run.booster.trees));
        self.rounds.push(run.rounds);
        self.turn += 1;
        drop(run.rows);
        Ok(())
    }

    /// Of the chosen kind the model that learned from all rows, without the spread of its scores, and
    /// those of the turns; all have the same calibration.
    pub(super) fn models(
        self,
        chosen: Chosen,
        calibration: &Calibration,
    ) -> Result<(RiskModel, Vec<RiskModel>)> {
        let model = |logistic: Logistic, base: f64, trees: Vec<Tree>| {
            let mut model = RiskModel::new(chosen, self.features.clone());
            model.calibration = calibration.clone();
            if chosen == Chosen::Trees {
                (model.base, model.trees) = (base, trees);
            } else {
                (model.base, model.coefficients) = (logistic.intercept, logistic.coefficients);
            }
            model
        };
        let Some((logistic, booster)) = self.finished else { return Err(crate::job::unfinished()) };
        let whole = model(logistic, booster.base, booster.trees);
        let turns =
            self.turns.into_iter().map(|(logistic, base, trees)| model(logistic, base, trees));
        Ok((whole, turns.collect()))
    }

    /// Trees of the last turn.
    pub(super) fn trees(&self) -> u32 {
        self.finished.as_ref().map_or(0, |(_, booster)| booster.trees.len() as u32)
    }

    pub(super) fn heap_size(&self) -> usize {
        let run = self.run.as_ref().map_or(0, |run| {
            let probe = run.probe.as_ref().map_or(0, |probe| probe.0.heap_size());
            run.weights.capacity() * 8 + run.booster.heap_size() + probe
        });
        (self.design.capacity() + self.labels.len() * 4) * 8 + self.binned.heap_size() + run
    }
}
