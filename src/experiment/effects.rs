//! Whether a score finds those whom the treatment changes: uplift and Qini curves of units that were
//! assigned by chance, ranked by a score from before.
//!
//! # References
//! N. J. Radcliffe, "Using control groups to target on predicted lift", Direct Marketing Analytics
//! Journal (2007), Qini. P. Gutierrez, J.-Y. Gérardy, PMLR 67 (2017), uplift curves.

use crate::error::{Code, Error, Result};
use crate::stats::order::sort_by;
use crate::stats::random::Random;

/// A unit: its outcome (1 if it did), whether it was treated, and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankedUnit {
    /// Whether it did.
    pub outcome: bool,
    /// Whether it was treated.
    pub is_treated: bool,
    /// The higher, the more of an effect is expected.
    pub score: f64,
}

/// Which curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// Successes of the treated less those of as many controls: `Y_t − Y_c·N_t/N_c`.
    Qini,
    /// The difference of the rates times all units: `(Y_t/N_t − Y_c/N_c)·(N_t + N_c)`.
    Uplift,
}

/// Whose first part a cut takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Of all units together.
    Overall,
    /// Of each arm by itself.
    ByArm,
}

/// Units by descending score; of equal scores the later one first.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking(Vec<RankedUnit>);

impl Ranking {
    /// Ranks units.
    ///
    /// # Errors
    /// `type` for a score that is not finite, `not-enough-data` without a unit in either arm.
    pub fn new(units: &[RankedUnit]) -> Result<Ranking> {
        if units.iter().any(|unit| !unit.score.is_finite()) {
            return Err(Error::new(Code::Type, "scores are finite numbers"));
        }
        let has = |wanted: bool| units.iter().any(|unit| unit.is_treated == wanted);
        if !(has(true) && has(false)) {
            return Err(Error::new(Code::NotEnoughData, "there must be units in both arms"));
        }
        let mut units: Vec<RankedUnit> = units.iter().rev().copied().collect();
        sort_by(&mut units, |a, b| b.score.total_cmp(&a.score));
        Ok(Ranking(units))
    }

    /// As many units, each of them drawn again and again by chance (Poisson bootstrap), in the same
    /// order.
    #[must_use]
    pub fn redrawn(&self, random: &mut Random) -> Ranking {
        let mut units = Vec::with_capacity(self.0.len());
        for unit in &self.0 {
            // Poisson of mean 1, by inversion.
            let (mut left, mut share, mut count) = (random.unit(), libm::exp(-1.0), 0.0);
            while left >= share && count < 20.0 {
                units.push(*unit);
                left -= share;
                count += 1.0;
                share /= count;
            }
        }
        Ranking(units)
    }

    /// The curve from (0, 0): units taken, and what they bring, at the end of each run of equal
    /// scores.
    #[must_use]
    pub fn curve(&self, curve: Curve) -> Vec<(f64, f64)> {
        let mut points = vec![(0.0, 0.0)];
        let (mut treated, mut control) = ((0.0, 0.0), (0.0, 0.0));
        for run in self.0.chunk_by(|a, b| a.score == b.score) {
            for unit in run {
                let (count, hits) = if unit.is_treated { &mut treated } else { &mut control };
                *count += 1.0;
                *hits += f64::from(u8::from(unit.outcome));
            }
            let over = |above: f64, below: f64| if below == 0.0 { 0.0 } else { above / below };
            let ((n_t, y_t), (n_c, y_c)) = (treated, control);
            let gain = match curve {
                Curve::Qini => y_t - over(y_c * n_t, n_c),
                Curve::Uplift => (over(y_t, n_t) - over(y_c, n_c)) * (n_t + n_c),
            };
            points.push((n_t + n_c, gain));
        }
        points
    }

    /// The area between the curve and its chord, over that of the perfect ranking: 1 is perfect, 0
    /// as good as chance. `None` where no ranking is better than chance.
    #[must_use]
    pub fn coefficient(&self, curve: Curve) -> Option<f64> {
        let cell = |outcome: bool, is_treated: bool| {
            let same =
                |unit: &&RankedUnit| unit.outcome == outcome && unit.is_treated == is_treated;
            self.0.iter().filter(same).count()
        };
        let outcomes_first = cell(true, false) > cell(false, true);
        let best = |unit: &RankedUnit| {
            let number = |flag: bool| f64::from(u8::from(flag));
            match curve {
                Curve::Qini if unit.is_treated => number(unit.outcome),
                Curve::Qini => -number(unit.outcome),
                Curve::Uplift => {
                    let rest = if outcomes_first { unit.outcome } else { unit.is_treated };
                    2.0 * number(unit.outcome == unit.is_treated) + number(rest)
                }
            }
        };
        let mut perfect: Vec<RankedUnit> =
            self.0.iter().map(|unit| RankedUnit { score: best(unit), ..*unit }).collect();
        sort_by(&mut perfect, |a, b| b.score.total_cmp(&a.score));
        let area = |points: &[(f64, f64)]| {
            let pairs = points.iter().zip(points.iter().skip(1));
            let sum: f64 = pairs.map(|((a, y), (b, z))| (b - a) * (y + z) / 2.0).sum();
            sum - points.last().map_or(0.0, |(x, y)| x * y / 2.0)
        };
        let most = area(&Ranking(perfect).curve(curve));
        (most != 0.0).then(|| area(&self.curve(curve)) / most)
    }

    /// The difference of the rates among the first `share` of units. `None` where an arm has nobody
    /// there.
    #[must_use]
    pub fn uplift_at(&self, share: f64, cut: Cut) -> Option<f64> {
        let top = |count: usize| (share * count as f64).floor() as usize;
        let rate = |is_treated: bool| {
            let arm = |unit: &&RankedUnit| unit.is_treated == is_treated;
            let (mut hits, mut count) = (0.0, 0.0);
            let mut add = |unit: &RankedUnit| {
                hits += f64::from(u8::from(unit.outcome));
                count += 1.0;
            };
            match cut {
                Cut::Overall => {
                    self.0.iter().take(top(self.0.len())).filter(arm).for_each(&mut add);
                }
                Cut::ByArm => {
                    let all = self.0.iter().filter(arm).count();
                    self.0.iter().filter(arm).take(top(all)).for_each(&mut add);
                }
            }
            (count > 0.0).then(|| hits / count)
        };
        Some(rate(true)? - rate(false)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(rows: &[(u8, u8, f64)]) -> Vec<RankedUnit> {
        let unit = |(outcome, treated, score): &(u8, u8, f64)| RankedUnit {
            outcome: *outcome == 1,
            is_treated: *treated == 1,
            score: *score,
        };
        rows.iter().map(unit).collect()
    }

    #[test]
    fn a_ranking_with_a_tie_at_the_top_is_nearly_perfect_and_its_reverse_below_chance() {
        let rows = [(1, 1, 4.0), (0, 0, 4.0), (0, 1, 2.0), (1, 0, 1.0)];
        let ranking = Ranking::new(&units(&rows)).unwrap();
        assert_eq!(ranking.curve(Curve::Qini).last(), Some(&(4.0, 0.0)));
        // By hand: 2.5 under the curve, 3 under the perfect one, chords at 0.
        assert!((ranking.coefficient(Curve::Qini).unwrap() - 2.5 / 3.0).abs() < 1e-15);
        let turned = rows.map(|(y, t, score)| (y, t, -score));
        let turned = Ranking::new(&units(&turned)).unwrap();
        assert!(turned.coefficient(Curve::Qini).unwrap() < 0.0);
        assert_eq!(ranking.uplift_at(0.5, Cut::Overall), Some(1.0));
        assert_eq!(ranking.uplift_at(0.1, Cut::Overall), None);
    }

    #[test]
    fn one_arm_has_no_uplift() {
        assert!(Ranking::new(&units(&[(1, 1, 0.0)])).is_err());
        assert!(Ranking::new(&units(&[(1, 1, f64::NAN), (0, 0, 1.0)])).is_err());
    }
}
