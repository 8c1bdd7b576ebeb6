//! `uplift`: whom does the treatment change, and is choosing by that worth it.
//!
//! From units that were given their arm by chance, with an outcome and what was known of them before:
//! the effect of each is foretold by models that did not see it, and what choosing by these brings is
//! measured on the same units, fold by fold.
//!
//! When not to use it: where arms were not given by chance, or chances differ from unit to unit (there
//! is one `propensity`); with features that were written down after the treatment; to find out whether
//! the treatment works at all (`experiment` does). Some thousand units of each arm are few: effects that
//! differ are seen far later than effects.
#![allow(clippy::indexing_slicing)] // Lists have a place for every unit or feature.

use super::gains::{Estimate, Gains, Judged};
use super::learn::{Ground, Learning};
use super::options::{
    BestShare, Coefficients, CurvePoint, FeatureSpread, Tenth, UpliftArm, UpliftOptions,
    UpliftResult, sentence,
};
use crate::customers::attributes::placed;
use crate::error::{Code, Error, Result};
use crate::experiment::analysis::texts;
use crate::experiment::effects::{Curve, RankedUnit, Ranking};
use crate::experiment::units::Units;
use crate::job::{Analysis, Facts, Progress, collected, ids, no_memory, unfinished};
use crate::learn::boost::{Binned, Kind, MOST_CODES};
use crate::privacy::gate::{Allowed, AllowedNames, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values, Warning};
use crate::stats::confidence::check_confidence;
use crate::stats::distribution::chi_squared;
use crate::stats::order::{arrangement, sort_by};
use crate::stats::random::Random;
use crate::table::block::MISSING;
use crate::table::role::{Kind as RoleKind, Role};

/// Arms at most.
const MOST_ARMS: usize = 64;
/// Features at most.
const MOST_FEATURES: usize = 200;
/// Units of each arm in each fold at least.
const FEW: usize = 10;
/// A feature that tells more of the arm's variance was written down afterwards.
const LEAK: f64 = 0.9;
/// A feature whose values differ so surely between arms is told.
const IMBALANCE: f64 = 0.0001;
/// Replicates of the coefficients.
const REPLICATES: usize = 200;

/// The running analysis.
#[derive(Debug)]
pub struct Uplift {
    options: UpliftOptions,
    units: Units,
    /// Which of the features are texts.
    texts: Vec<bool>,
    /// The unit of each place, in the order of ids.
    codes: Vec<u32>,
    arm_names: [String; 2],
    no_outcome: u64,
    other_arms: u64,
    learning: Option<Learning>,
    judged: Option<(Gains, Option<Ranking>)>,
    replicates: Vec<[Option<f64>; 2]>,
    warnings: Vec<Warning>,
}

fn invalid(path: impl Into<String>, hint: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidOption, hint).at_path(path)
}

impl Analysis for Uplift {
    const NAME: &'static str = "uplift";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Cross-fitted meta-learners on boosted trees, judged by doubly robust effects",
        reference: "Künzel et al. (2019) PNAS 116; Kennedy (2023) Electron. J. Stat. 17; Radcliffe (2007) \
                    Direct Marketing Analytics J.; Gutierrez, Gérardy (2017) PMLR 67; Yadlowsky et al. \
                    (2025) JASA 120; Chernozhukov et al. (2025) Econometrica 93.",
    };
    const INPUTS: &'static [&'static str] = &["units"];

    type Options = UpliftOptions;
    type Result = UpliftResult;

    fn needs(options: &UpliftOptions, _input: usize) -> Result<Needs> {
        let own = [options.variant.as_str(), options.outcome.as_str()];
        let all = own.into_iter().chain(options.features.iter().map(String::as_str));
        Ok(Needs::roles(&[Role::Customer]).and_attributes(all))
    }

    fn estimate(options: &UpliftOptions, inputs: &[Facts<'_>]) -> u64 {
        // Features as they were read, in order, while they are cut, and in bins; what seven models say.
        let each = 40 * options.features.len() as u64 + 450;
        inputs.iter().map(|facts| facts.customers * each).sum()
    }

    fn start(options: UpliftOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let [facts] = inputs else { return Err(Error::new(Code::UnknownTable, "name the units")) };
        check_confidence(options.confidence)?;
        let count = options.features.len();
        if !(1..=MOST_FEATURES).contains(&count) {
            return Err(invalid("features", "name 1 to 200 attributes known before the treatment"));
        }
        for (at, feature) in options.features.iter().enumerate() {
            let path = || format!("features[{at}]");
            if *feature == options.variant || *feature == options.outcome {
                return Err(invalid(path(), "the arm and the outcome cannot foretell themselves"));
            }
            if options.features[..at].contains(feature) {
                return Err(invalid(path(), "this feature is named twice"));
            }
        }
        let rising = options.shares.iter().zip(options.shares.iter().skip(1)).all(|(a, b)| a < b);
        let between = options.shares.iter().all(|share| *share > 0.0 && *share <= 1.0);
        let is_share = |share: f64| share > 0.0 && share < 1.0;
        let checks = [
            ("folds", (2..=20).contains(&options.folds)),
            ("propensity", options.propensity.is_none_or(is_share)),
            ("value", options.value > 0.0 && options.value.is_finite()),
            ("cost", options.cost >= 0.0 && options.cost.is_finite()),
            ("shares", rising && between && (1..=100).contains(&options.shares.len())),
            ("treatment", options.treatment.as_ref() != Some(&options.control)),
        ];
        if let Some((path, _)) = checks.into_iter().find(|(_, holds)| !holds) {
            let hint = "this is beyond what the option can be: see its documentation";
            return Err(invalid(path, hint));
        }
        let is_text = |name: &String| {
            facts.schema.attribute(name).is_some_and(|role| role.kind() != RoleKind::Number)
        };
        let is_texts: Vec<bool> = options.features.iter().map(is_text).collect();
        let named = |wanted: bool| {
            let all = options.features.iter().zip(&is_texts);
            all.filter(move |(_, is_text)| **is_text == wanted).map(|(name, _)| name.as_str())
        };
        let numbers: Vec<&str> = named(false).chain([options.outcome.as_str()]).collect();
        let units = Units::new(&numbers, &named(true).collect::<Vec<_>>(), None);
        Ok(Uplift {
            units,
            texts: is_texts,
            options,
            codes: Vec::new(),
            arm_names: Default::default(),
            no_outcome: 0,
            other_arms: 0,
            learning: None,
            judged: None,
            replicates: Vec::new(),
            warnings: Vec::new(),
        })
    }

    fn update(&mut self, _input: usize, rows: Allowed<'_>) -> Result<()> {
        self.units.update(rows, &self.options.variant)
    }

    fn join(&mut self, names: &[AllowedNames<'_>], _budget: usize) -> Result<Progress> {
        let ground = self.ground(names)?;
        let learning = Learning::new(ground, self.options.seed)?;
        self.check_features(&learning)?;
        self.learning = Some(learning);
        Ok(Progress::default())
    }

    fn finish(&mut self, budget: usize) -> Result<Progress> {
        let Some(learning) = &mut self.learning else { return Err(unfinished()) };
        let stages = Learning::stages(self.options.learner) as u64 * u64::from(self.options.folds);
        let draws = REPLICATES as u64;
        let total = stages * 10 + draws;
        let Some((_, ranking)) = &self.judged else {
            if learning.advance(budget)? {
                self.judged = Some(self.judge()?);
            }
            let done = self.learning.as_ref().map_or(0, Learning::done).min(stages);
            return Ok(Progress { done: (done * 10).min(total - 1), total });
        };
        let Some(ranking) = ranking else { return Ok(Progress { done: total, total }) };
        let mut left = budget.max(1);
        while self.replicates.len() < REPLICATES && left > 0 {
            let stream = 1 + self.replicates.len() as u64;
            let mut random = Random::new(u64::from(self.options.seed), stream);
            let drawn = ranking.redrawn(&mut random);
            self.replicates.push([Curve::Qini, Curve::Uplift].map(|c| drawn.coefficient(c)));
            left = left.saturating_sub(self.codes.len());
        }
        Ok(Progress { done: stages * 10 + self.replicates.len() as u64, total })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<UpliftResult, UpliftOptions>> {
        let (Some(learning), Some((gains, ranking))) = (&self.learning, self.judged.take()) else {
            return Err(unfinished());
        };
        let result = self.result(learning, &gains, ranking.as_ref());
        if result.heterogeneity.is_none() {
            self.warnings.push(Warning {
                code: "constant-scores",
                count: self.codes.len() as u64,
                hint:
                    "the models foretell the same effect for all units: the features tell nothing \
                       of it, or there are too few units"
                        .to_owned(),
            });
        }
        let units = self.codes.len();
        let scores = &learning.scores;
        let order = arrangement(units, &|a, b| {
            let (a_at, b_at) = (gains.position(a), gains.position(b));
            a_at.total_cmp(&b_at).then(scores[b].total_cmp(&scores[a]))
        });
        let of = |value: &dyn Fn(usize) -> f64| {
            collected(order.iter().map(|at| value(*at as usize)), units)
        };
        let codes = collected(order.iter().map(|at| self.codes[*at as usize]), units)?;
        let positions = of(&|at| gains.position(at))?;
        let tenth = |position: &f64| (position * 10.0).floor().min(9.0) as u8 + 1;
        let columns = vec![
            NamedColumn { name: "customer", values: ids(&codes, names)? },
            NamedColumn { name: "effect", values: Values::F64(of(&|at| scores[at])?) },
            NamedColumn {
                name: "tenth",
                values: Values::U8(collected(positions.iter().map(tenth), units)?),
            },
            NamedColumn { name: "position", values: Values::F64(positions) },
        ];
        let mut left_out = self.units.left_out();
        for (reason, count) in [("no-outcome", self.no_outcome), ("other-arm", self.other_arms)] {
            if count > 0 {
                left_out.push(LeftOut { reason, rows: count, customers: count });
            }
        }
        Ok(Outcome {
            result,
            sets: vec![ColumnSet { name: "customers", length: units, columns }],
            rows: units as u64,
            customers: units as u64,
            left_out,
            warnings: self.warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        let learning = self.learning.as_ref().map_or(0, Learning::heap_size);
        let judged = self.judged.as_ref().map_or(0, |_| self.codes.len() * 80);
        self.units.heap_size() + learning + judged + self.codes.capacity() * 4
    }
}

impl Uplift {
    /// The units of both arms, in the order of their ids.
    fn ground(&mut self, names: &[AllowedNames<'_>]) -> Result<Ground> {
        let found = self.units.variants(MOST_ARMS);
        if found.len() > MOST_ARMS {
            let hint = "at most 64 arms can be told apart: is this the right attribute?";
            return Err(Error::new(Code::Limit, hint).at_path("variant"));
        }
        let known = texts(names, &self.options.variant, &found);
        let place = |name: &str| known.iter().position(|known| known == name);
        let no_arm = |path: &'static str| {
            let mut known = known.clone();
            sort_by(&mut known, |a, b| a.cmp(b));
            invalid(path, format!("no unit has this arm: there are {}", known.join(", ")))
        };
        if known.len() < 2 {
            let hint = "an effect needs units with and without the treatment";
            return Err(Error::new(Code::NotEnoughData, hint).at_path("variant"));
        }
        let control = place(&self.options.control).ok_or_else(|| no_arm("control"))?;
        let treatment = match &self.options.treatment {
            Some(name) => place(name).ok_or_else(|| no_arm("treatment"))?,
            None if known.len() == 2 => 1 - control,
            None => {
                return Err(invalid("treatment", "there are several other arms: name one of them"));
            }
        };
        self.arm_names = [known[control].clone(), known[treatment].clone()];
        let arms = self.units.arms(&[found[control], found[treatment]]);
        let every = self.units.arms(&found);
        self.other_arms = every
            .iter()
            .zip(&arms)
            .filter(|(any, own)| **any != MISSING && **own == MISSING)
            .count() as u64;
        let outcomes = self.units.column(&self.options.outcome);
        let (mut codes, mut is_one) = (Vec::new(), true);
        codes.try_reserve_exact(arms.len()).map_err(|_| no_memory())?;
        for ((code, arm), outcome) in (0..).zip(&arms).zip(outcomes) {
            if *arm == MISSING {
                continue;
            }
            if outcome.is_nan() {
                self.no_outcome += 1;
            } else {
                codes.push(code);
                is_one &= *outcome == 0.0 || *outcome == 1.0;
            }
        }
        let dictionary = names.first().and_then(|names| names.get(Role::Customer));
        let dictionary = dictionary.ok_or_else(|| Allowed::refused(Role::Customer))?;
        let order = arrangement(codes.len(), &|a, b| {
            dictionary.get(codes[a]).cmp(&dictionary.get(codes[b]))
        });
        let codes = collected(order.iter().map(|at| codes[*at as usize]), codes.len())?;
        let treated = collected(codes.iter().map(|code| arms[*code as usize] == 1), codes.len())?;
        let count = treated.iter().filter(|treated| **treated).count();
        let least = FEW * usize::from(self.options.folds);
        if count.min(codes.len() - count) < least {
            let hint = format!(
                "{} units of the control and {count} of the treatment have an outcome: with {} folds at \
                 least {least} of each are needed",
                codes.len() - count,
                self.options.folds,
            );
            return Err(Error::new(Code::NotEnoughData, hint).at_path("folds"));
        }
        let mut columns = Vec::new();
        for (name, is_text) in self.options.features.iter().zip(&self.texts) {
            columns.push(if *is_text {
                let held = self.units.label(name);
                let own = codes.iter().map(|code| held[*code as usize]);
                let own = collected(own, codes.len())?;
                let texts = names.first().and_then(|names| names.attribute(name));
                (Kind::Code, placed(&own, texts, None, MOST_CODES as usize)?.1)
            } else {
                let held = self.units.column(name);
                let own = codes.iter().map(|code| held[*code as usize]);
                (Kind::Number(0), collected(own, codes.len())?)
            });
        }
        let share = count as f64 / codes.len() as f64;
        let own = codes.iter().map(|code| outcomes[*code as usize]);
        let outcomes = collected(own, codes.len())?;
        self.codes = codes;
        Ok(Ground {
            columns,
            treated,
            outcomes,
            is_share: is_one,
            learner: self.options.learner,
            folds: self.options.folds,
            propensity: self.options.propensity.unwrap_or(share),
        })
    }

    /// Refuses a feature that is the arm, and tells those whose values differ between the arms.
    fn check_features(&mut self, learning: &Learning) -> Result<()> {
        let ground = learning.ground();
        let arms: Vec<f64> = ground.treated.iter().map(|one| f64::from(u8::from(*one))).collect();
        let mut differing = 0;
        for (at, name) in self.options.features.iter().enumerate() {
            let (share, bins) = between(learning.binned(), at, &arms);
            if share > LEAK {
                return Err(invalid(
                    format!("features[{at}]"),
                    format!("`{name}` tells the arm: it was written down after units had theirs"),
                ));
            }
            let degrees = bins.saturating_sub(1) as f64;
            let p =
                chi_squared(degrees, share * arms.len() as f64).map_or(1.0, |tails| tails.upper);
            differing += u64::from(p < IMBALANCE / self.options.features.len() as f64);
        }
        if differing > 0 {
            self.warnings.push(Warning {
                code: "imbalanced-features",
                count: differing,
                hint:
                    "features differ between the arms more than chance allows: were arms given by \
                       chance, and the features known before?"
                        .to_owned(),
            });
        }
        Ok(())
    }

    fn judge(&self) -> Result<(Gains, Option<Ranking>)> {
        let Some(learning) = &self.learning else { return Err(unfinished()) };
        let judged = |at: usize| Judged {
            score: learning.scores[at],
            effect: learning.effects[at],
            fold: learning.fold_of(at),
        };
        let units = collected((0..self.codes.len()).map(judged), self.codes.len())?;
        let gains =
            Gains::new(units, usize::from(self.options.folds), self.options.confidence, true);
        let ground = learning.ground();
        let ranked = |at: usize| RankedUnit {
            outcome: ground.outcomes[at] == 1.0,
            is_treated: ground.treated[at],
            score: -gains.position(at),
        };
        let ranking = if ground.is_share {
            let ranked = collected((0..self.codes.len()).map(ranked), self.codes.len())?;
            Some(Ranking::new(&ranked)?)
        } else {
            None
        };
        Ok((gains, ranking))
    }

    fn result(
        &self,
        learning: &Learning,
        gains: &Gains,
        ranking: Option<&Ranking>,
    ) -> UpliftResult {
        let options = &self.options;
        let ground = learning.ground();
        let arm = |(name, wanted): (&String, bool)| {
            let all = ground.outcomes.iter().zip(&ground.treated);
            let own = || all.clone().filter(|(_, treated)| **treated == wanted);
            let units = own().count();
            let mean = own().map(|(outcome, _)| outcome).sum::<f64>() / units as f64;
            UpliftArm { arm: name.clone(), units: units as u64, mean }
        };
        let z = gains.quantile();
        let coefficients = ranking.map(|ranking| {
            let of = |curve: Curve, at: usize| {
                let value = ranking.coefficient(curve)?;
                let drawn = || self.replicates.iter().filter_map(|drawn| drawn[at]);
                let count = drawn().count().max(2) as f64;
                let mean = drawn().sum::<f64>() / count;
                let squares: f64 = drawn().map(|value| (value - mean).powi(2)).sum();
                let error = (squares / (count - 1.0)).sqrt();
                Some(Estimate::new(value, gains.widened(error, error), z))
            };
            Coefficients { qini: of(Curve::Qini, 0), auuc: of(Curve::Uplift, 1) }
        });
        let point = |share: &f64| {
            let [effect, gain, value] = gains.at(*share, options.value, options.cost);
            CurvePoint { share: *share, effect, gain, value }
        };
        let tenth = |tenth: u8| {
            let (from, until) = (f64::from(tenth - 1) / 10.0, f64::from(tenth) / 10.0);
            let foretold = gains.foretold(from, until);
            Tenth { tenth, foretold, effect: gains.effect(from, until) }
        };
        let (share, [value, all, advantage]) =
            gains.best(&options.shares, options.value, options.cost);
        let best = BestShare { share, value, all, advantage };
        let centred = gains.centred();
        let spread = |(at, name): (usize, &String)| {
            let (told, bins) = between(learning.binned(), at, &centred);
            let (units, bins) = (centred.len() as f64, bins as f64);
            let by_chance = (1.0 - told) * (bins - 1.0) / (units - bins).max(1.0);
            FeatureSpread { feature: name.clone(), share: (told - by_chance).max(0.0) }
        };
        let mut features: Vec<FeatureSpread> =
            options.features.iter().enumerate().map(spread).collect();
        sort_by(&mut features, |a, b| b.share.total_cmp(&a.share));
        let heterogeneity = gains.heterogeneity();
        let [auuc, qini] = gains.areas();
        UpliftResult {
            arms: self.arm_names.iter().zip([false, true]).map(arm).collect(),
            is_share: ground.is_share,
            effect: gains.effect(0.0, 1.0),
            heterogeneity,
            auuc,
            qini,
            coefficients,
            curve: options.shares.iter().map(point).collect(),
            tenths: (1..=10).map(tenth).collect(),
            sentence: sentence(heterogeneity.as_ref(), &best),
            best,
            features,
        }
    }
}

/// The share of the variance of some numbers that lies between the bins of a column, and how many
/// bins hold a unit. 0 of numbers that are all the same.
fn between(table: &Binned, column: usize, numbers: &[f64]) -> (f64, usize) {
    let mut sums = [(0.0, 0.0); 64];
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    let mut all = 0.0;
    for (row, number) in numbers.iter().enumerate() {
        let (sum, count) = &mut sums[table.bin(row, column)];
        *sum += number - mean;
        *count += 1.0;
        all += (number - mean).powi(2);
    }
    let held = || sums.iter().filter(|(_, count)| *count > 0.0);
    let told: f64 = held().map(|(sum, count)| sum * sum / count).sum();
    (if all > 0.0 { (told / all).min(1.0) } else { 0.0 }, held().count())
}
