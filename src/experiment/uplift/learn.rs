//! Effects foretold by models that did not see the unit.
//!
//! Units are dealt into folds once, evenly within each arm, whatever the arms are called. For each
//! fold, models of the outcome in each arm and the learner's own are grown on the other folds. How many
//! trees is found on a fifth of a model's rows (trees end where these are foretold no better), then all
//! its rows grow as many; none, if the mean foretells best.
#![allow(clippy::indexing_slicing)] // Lists have a place for every unit.

use super::options::Learner;
use crate::error::Result;
use crate::job::{collected, filled};
use crate::learn::boost::{Binned, Booster, Goal, Growth, Kind, margin};
use crate::stats::random::Random;

/// Trees at most, and how many may bring nothing before a probe ends.
const MOST_TREES: usize = 300;
const PATIENCE: usize = 20;

/// The units that are learned from, column by column.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) columns: Vec<(Kind, Vec<f64>)>,
    pub(super) treated: Vec<bool>,
    pub(super) outcomes: Vec<f64>,
    /// Whether every outcome is 0 or 1.
    pub(super) is_share: bool,
    pub(super) learner: Learner,
    pub(super) folds: u8,
    /// The chance of being treated.
    pub(super) propensity: f64,
}

/// How a unit takes part.
#[derive(Clone, Copy, Debug, Default)]
struct Dealt {
    fold: u8,
    /// In which half it learns for the other.
    half: usize,
    /// Whether it judges how many trees.
    judges: bool,
}

/// The fits.
#[derive(Debug)]
pub(super) struct Learning {
    ground: Ground,
    binned: Binned,
    /// With the arm as the last column.
    with_arm: Option<Binned>,
    dealt: Vec<Dealt>,
    fold: u8,
    /// What the fold's models so far say of every unit.
    said: Vec<Vec<f64>>,
    fit: Option<Fit>,
    /// Of each unit, the effect foretold and the unbiased one (see [`super::gains`]).
    pub(super) scores: Vec<f64>,
    pub(super) effects: Vec<f64>,
}

/// A model that grows.
#[derive(Debug)]
struct Fit {
    targets: Vec<f64>,
    growth: Growth,
    /// Trees on a part of the rows, the others, the least loss and when.
    probe: Option<(Booster, Vec<u32>, f64, usize)>,
    rows: Vec<u32>,
    booster: Option<Booster>,
    rounds: usize,
}

impl Learning {
    pub(super) fn new(mut ground: Ground, seed: u32) -> Result<Learning> {
        let units = ground.outcomes.len();
        let binned = Binned::new(&ground.columns)?;
        let arm = ground.treated.iter().map(|treated| f64::from(u8::from(*treated)));
        let arm = collected(arm, units)?;
        let with_arm = if ground.learner == Learner::S {
            ground.columns.push((Kind::Number(0), arm));
            Some(Binned::new(&ground.columns)?)
        } else {
            None
        };
        let mut order: Vec<u32> = collected(0..units as u32, units)?;
        Random::new(u64::from(seed), 0).shuffle(&mut order);
        let mut dealt = filled(Dealt::default(), units)?;
        let (mut counts, folds) = ([0_usize; 2], usize::from(ground.folds));
        for unit in order {
            let count = &mut counts[usize::from(ground.treated[unit as usize])];
            let round = *count / folds;
            dealt[unit as usize] = Dealt {
                fold: (*count % folds) as u8,
                half: round % 2,
                judges: (round / 2).is_multiple_of(5),
            };
            *count += 1;
        }
        Ok(Learning {
            binned,
            with_arm,
            dealt,
            fold: 0,
            said: Vec::new(),
            fit: None,
            scores: filled(0.0, units)?,
            effects: filled(0.0, units)?,
            ground,
        })
    }

    pub(super) fn binned(&self) -> &Binned {
        &self.binned
    }

    pub(super) fn ground(&self) -> &Ground {
        &self.ground
    }

    pub(super) fn fold_of(&self, unit: usize) -> u8 {
        self.dealt[unit].fold
    }

    /// Models for each fold.
    pub(super) fn stages(learner: Learner) -> usize {
        match learner {
            Learner::T => 2,
            Learner::S | Learner::Transformed => 3,
            Learner::X => 4,
            Learner::Dr => 7,
        }
    }

    /// Models that are done.
    pub(super) fn done(&self) -> u64 {
        (usize::from(self.fold) * Learning::stages(self.ground.learner) + self.said.len()) as u64
    }

    /// Works for about `budget` units; true once every unit is scored.
    pub(super) fn advance(&mut self, budget: usize) -> Result<bool> {
        let cost = self.dealt.len() * self.ground.columns.len() / 8 + 1;
        let mut left = budget.max(1);
        while self.fold < self.ground.folds && left > 0 {
            let fit = match self.fit.take() {
                Some(fit) => fit,
                None => self.started()?,
            };
            self.step(fit)?;
            left = left.saturating_sub(cost);
        }
        Ok(self.fold >= self.ground.folds)
    }

    /// The unbiased effect of a unit, by models of the outcome in each arm.
    fn effect(&self, unit: usize, control: f64, treatment: f64) -> f64 {
        let Ground { outcomes, treated, propensity, .. } = &self.ground;
        let rest = if treated[unit] {
            (outcomes[unit] - treatment) / propensity
        } else {
            (control - outcomes[unit]) / (1.0 - propensity)
        };
        treatment - control + rest
    }

    /// The next model of this fold: which units it learns from, and what.
    fn started(&self) -> Result<Fit> {
        let Ground { outcomes, treated, learner, .. } = &self.ground;
        let (units, said) = (outcomes.len(), &self.said);
        let stage = said.len();
        // Which arm a model learns from: 0 and 1, or both.
        let (arm, half) = match (learner, stage) {
            (_, 0 | 1) => (Some(stage == 1), None),
            (Learner::Dr, 2..=5) => (Some(stage % 2 == 1), Some((stage - 2) / 2)),
            (Learner::X, _) => (Some(stage == 3), None),
            _ => (None, None),
        };
        let target = |unit: usize| match (learner, stage) {
            (Learner::Transformed, 2) => self.effect(unit, 0.0, 0.0),
            (Learner::X, 2) => said[1][unit] - outcomes[unit],
            (Learner::X, 3) => outcomes[unit] - said[0][unit],
            // Those of one half are told by models of the other.
            (Learner::Dr, 6) => {
                let other = 2 + 2 * (1 - self.dealt[unit].half);
                self.effect(unit, said[other][unit], said[other + 1][unit])
            }
            _ => outcomes[unit],
        };
        let is_used = |row: &u32| {
            let (unit, dealt) = (*row as usize, self.dealt[*row as usize]);
            dealt.fold != self.fold
                && arm.is_none_or(|arm| treated[unit] == arm)
                && half.is_none_or(|half| dealt.half == half)
        };
        let rows: Vec<u32> = (0..units as u32).filter(is_used).collect();
        let targets = collected((0..units).map(target), units)?;
        // Effects are small beside the noise: leaves hold at least a fiftieth of the rows, up to 200.
        let least = (rows.len() as f64 / 50.0).clamp(5.0, 200.0);
        let growth = Growth { least_curvature: least, ..Growth::default() };
        let (judge, grow): (Vec<u32>, Vec<u32>) =
            rows.iter().partition(|row| self.dealt[**row as usize].judges);
        let probe = if judge.is_empty() || grow.is_empty() {
            None
        } else {
            let booster = Booster::of_numbers(self.table(), grow, &targets, growth)?;
            let loss = loss(&booster, &targets, &judge);
            Some((booster, judge, loss, 0))
        };
        Ok(Fit { targets, growth, probe, rows, booster: None, rounds: 0 })
    }

    /// What this model learns from: the single model of S knows the arm.
    fn table(&self) -> &Binned {
        self.with_arm.as_ref().filter(|_| self.said.len() >= 2).unwrap_or(&self.binned)
    }

    /// One tree more, or the end of a model.
    fn step(&mut self, mut fit: Fit) -> Result<()> {
        let goal = Goal::Numbers(&fit.targets);
        if let Some((booster, judge, least, at)) = &mut fit.probe {
            booster.advance_to(self.table(), goal, None);
            let loss = loss(booster, &fit.targets, judge);
            let trees = booster.trees.len();
            if loss < *least {
                (*least, *at) = (loss, trees);
            }
            if trees >= MOST_TREES || trees >= *at + PATIENCE {
                fit.rounds = *at;
                fit.probe = None;
            }
            self.fit = Some(fit);
            return Ok(());
        }
        let mut booster = match fit.booster.take() {
            Some(booster) => booster,
            None => {
                let rows = std::mem::take(&mut fit.rows);
                Booster::of_numbers(self.table(), rows, &fit.targets, fit.growth)?
            }
        };
        if booster.trees.len() < fit.rounds {
            booster.advance_to(self.table(), goal, None);
            fit.booster = Some(booster);
            self.fit = Some(fit);
            return Ok(());
        }
        let units = self.dealt.len();
        let said = if self.ground.learner == Learner::S && self.said.len() == 2 {
            let mut row = Vec::new();
            let mut change = |unit: usize| {
                row.clear();
                row.extend(self.ground.columns.iter().map(|(_, values)| values[unit]));
                let mut told = |arm: f64| {
                    row.pop();
                    row.push(arm);
                    margin(booster.base, &booster.trees, &row)
                };
                told(1.0) - told(0.0)
            };
            collected((0..units).map(&mut change), units)?
        } else {
            collected(booster.margins().iter().copied(), units)?
        };
        self.said.push(said);
        if self.said.len() == Learning::stages(self.ground.learner) {
            self.end_fold();
        }
        Ok(())
    }

    fn end_fold(&mut self) {
        let said = std::mem::take(&mut self.said);
        let share = self.ground.propensity;
        for unit in (0..self.dealt.len()).filter(|unit| self.dealt[*unit].fold == self.fold) {
            let score = match self.ground.learner {
                Learner::T => said[1][unit] - said[0][unit],
                Learner::X => share * said[2][unit] + (1.0 - share) * said[3][unit],
                Learner::S | Learner::Transformed => said[2][unit],
                Learner::Dr => said[6][unit],
            };
            self.scores[unit] = score;
            self.effects[unit] = self.effect(unit, said[0][unit], said[1][unit]);
        }
        self.fold += 1;
    }

    pub(super) fn heap_size(&self) -> usize {
        let columns = self.ground.columns.len();
        // The columns, their bins, what models said, and two boosters.
        self.dealt.len() * (columns * 10 + self.said.len() * 8 + 140)
    }
}

/// The squared error of some rows.
fn loss(booster: &Booster, targets: &[f64], rows: &[u32]) -> f64 {
    let apart = |row: &u32| booster.margins()[*row as usize] - targets[*row as usize];
    rows.iter().map(|row| apart(row).powi(2)).sum()
}
