//! How well a score puts wanted rows first, and what acting on it earns.
//!
//! # References
//! J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating
//! characteristic (ROC) curve", Radiology 143 (1982). T. Verbraken, W. Verbeke, B. Baesens, "A novel
//! profit maximizing metric for measuring classification performance of customer churn prediction
//! models", IEEE Trans. Knowledge and Data Engineering 25 (2013).

use crate::error::{Code, Error, Result};
use crate::stats::order::arrangement;
use crate::stats::special::beta::incomplete_beta;

/// The area under the ROC curve: how likely a wanted row scores above another, ties counting half.
/// `None` unless both kinds occur.
#[must_use]
pub fn area_under_curve(scores: &[f64], wanted: &[bool]) -> Option<f64> {
    Ranked::new(scores, wanted).curve(None).area()
}

/// Wanted rows among the best `count` by score. Where the cut falls into equal scores, their
/// expected number, as if these stood in random order.
#[must_use]
pub fn hits_among_best(scores: &[f64], wanted: &[bool], count: usize) -> f64 {
    Ranked::new(scores, wanted).curve(None).hits(count as f64)
}

/// Rows by descending score: sorted once, weighed as often as one likes.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// Row, whether it is wanted, and its score.
    rows: Vec<(u32, bool, f64)>,
}

impl Ranked {
    /// Sorts. Scores are numbers; of lists that differ in length the shorter counts.
    #[must_use]
    pub fn new(scores: &[f64], wanted: &[bool]) -> Ranked {
        let score = |row: usize| scores.get(row).copied().unwrap_or(0.0);
        let order =
            arrangement(scores.len().min(wanted.len()), &|a, b| score(b).total_cmp(&score(a)));
        let row = |row: u32| {
            let wanted = wanted.get(row as usize).copied().unwrap_or(false);
            (row, wanted, score(row as usize))
        };
        Ranked { rows: order.into_iter().map(row).collect() }
    }

    /// The curve with these weights of the rows; `None` for one each.
    #[must_use]
    pub fn curve(&self, weights: Option<&[f64]>) -> Curve {
        let mut points: Vec<Point> = Vec::new();
        let mut now = Point { score: f64::INFINITY, hits: 0.0, others: 0.0 };
        for (row, wanted, score) in &self.rows {
            let weight = weights.map_or(1.0, |all| all.get(*row as usize).copied().unwrap_or(0.0));
            if now.score != *score && now.score.is_finite() {
                points.push(now);
            }
            now.score = *score;
            *(if *wanted { &mut now.hits } else { &mut now.others }) += weight;
        }
        if !self.rows.is_empty() {
            points.push(now);
        }
        Curve { points, hits: now.hits, others: now.others }
    }
}

/// What is chosen at one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Rows with this score or more are chosen.
    pub score: f64,
    /// Weight of the wanted among them.
    pub hits: f64,
    /// Weight of the others.
    pub others: f64,
}

/// Every distinct score from the highest down, with what it chooses.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The points; those of nobody are not among them.
    pub points: Vec<Point>,
    /// Weight of all wanted.
    pub hits: f64,
    /// Weight of all others.
    pub others: f64,
}

impl Curve {
    /// Each point with the one before it, beginning with nobody.
    fn pairs(&self) -> impl Iterator<Item = (Point, Point)> {
        let nobody = Point { score: f64::INFINITY, hits: 0.0, others: 0.0 };
        let before = std::iter::once(&nobody).chain(&self.points).copied().collect::<Vec<_>>();
        before.into_iter().zip(self.points.iter().copied())
    }

    fn has_both(&self) -> bool {
        self.hits > 0.0 && self.others > 0.0
    }

    /// Area under the ROC curve, ties half; `None` unless both kinds have weight.
    #[must_use]
    pub fn area(&self) -> Option<f64> {
        let part = |(before, now): (Point, Point)| {
            (now.hits - before.hits) * (self.others - f64::midpoint(now.others, before.others))
        };
        self.has_both().then(|| self.pairs().map(part).sum::<f64>() / (self.hits * self.others))
    }

    /// Average precision `Σ (R − R before)·P` over distinct scores: the area under the
    /// precision–recall curve as steps. `None` without wanted rows.
    #[must_use]
    pub fn average_precision(&self) -> Option<f64> {
        let part = |(before, now): (Point, Point)| {
            let chosen = now.hits + now.others;
            if chosen > 0.0 { (now.hits - before.hits) * now.hits / chosen } else { 0.0 }
        };
        (self.hits > 0.0).then(|| self.pairs().map(part).sum::<f64>() / self.hits)
    }

    /// Kolmogorov–Smirnov: the largest difference of the shares of wanted and of others chosen.
    #[must_use]
    pub fn kolmogorov_smirnov(&self) -> Option<f64> {
        let apart = |most: f64, point: &Point| {
            most.max((point.hits / self.hits - point.others / self.others).abs())
        };
        self.has_both().then(|| self.points.iter().fold(0.0, apart))
    }

    /// Weight of the wanted among the best `weight` of all; of equal scores their share.
    #[must_use]
    pub fn hits(&self, weight: f64) -> f64 {
        for (before, now) in self.pairs() {
            let (from, until) = (before.hits + before.others, now.hits + now.others);
            if until >= weight && until > from {
                return before.hits + (now.hits - before.hits) * (weight - from) / (until - from);
            }
        }
        self.hits
    }

    /// Gain: of the wanted, the share among the best `share` of all. `None` without wanted rows.
    #[must_use]
    pub fn gain(&self, share: f64) -> Option<f64> {
        (self.hits > 0.0).then(|| self.hits(share * (self.hits + self.others)) / self.hits)
    }

    /// The choice that earns most, where a wanted row that is chosen earns `hit`, another costs
    /// `wrong`, and a wanted row that is missed costs `missed`: its score (infinite for nobody), and
    /// what it earns. Of equal ones the highest score.
    #[must_use]
    pub fn best(&self, hit: f64, wrong: f64, missed: f64) -> (Point, f64) {
        let nobody = Point { score: f64::INFINITY, hits: 0.0, others: 0.0 };
        let earns = |point: &Point| {
            hit * point.hits - wrong * point.others - missed * (self.hits - point.hits)
        };
        let mut best = (nobody, earns(&nobody));
        for point in &self.points {
            if earns(point) > best.1 {
                best = (*point, earns(point));
            }
        }
        best
    }

    /// Expected maximum profit per row of a campaign against leaving, over how likely an offer is
    /// accepted, and the share of rows that it contacts.
    ///
    /// # Errors
    /// `invalid-option` where the terms are out of their range; `not-enough-data` unless both kinds
    /// have weight.
    pub fn expected_maximum_profit(&self, terms: Campaign) -> Result<(f64, f64)> {
        let Campaign { alpha, beta, value, incentive, contact } = terms;
        let positive = |x: f64| x > 0.0 && x.is_finite();
        if !(positive(alpha) && positive(beta) && positive(value))
            || !(incentive >= 0.0 && incentive < value && contact >= 0.0 && contact.is_finite())
        {
            let hint = "a campaign needs a value above its incentive, and costs of zero or more";
            return Err(Error::new(Code::InvalidOption, hint));
        }
        if !self.has_both() {
            return Err(Error::new(Code::NotEnoughData, "both kinds of rows are needed"));
        }
        let all = self.hits + self.others;
        // What a point earns is a line in the probability of acceptance.
        // Slope, level, where it becomes the highest, share contacted.
        let mut hull: Vec<(f64, f64, f64, f64)> = vec![(0.0, 0.0, 0.0, 0.0)];
        for point in &self.points {
            let (hits, others) = (point.hits / all, point.others / all);
            let slope = (value - incentive) * hits;
            let level = -contact * hits - (incentive + contact) * others;
            // At an equal slope the point before contacts fewer others.
            while let Some(last) = hull.last().copied().filter(|last| slope > last.0) {
                let start = (last.1 - level) / (slope - last.0);
                if start <= last.2 && hull.len() > 1 {
                    hull.pop();
                } else {
                    hull.push((slope, level, start.max(0.0), hits + others));
                    break;
                }
            }
        }
        let below = |x: f64, a: f64| {
            let tails = if x < 1.0 { incomplete_beta(a, beta, x) } else { None };
            tails.map_or(1.0, |tails| tails.lower)
        };
        let (mut profit, mut contacted) = (0.0, 0.0);
        for (at, line) in hull.iter().enumerate() {
            let until = hull.get(at + 1).map_or(1.0, |next| next.2).min(1.0);
            let start = line.2.min(1.0);
            let mass = below(until, alpha) - below(start, alpha);
            let mean = below(until, alpha + 1.0) - below(start, alpha + 1.0);
            profit += line.0 * mean * alpha / (alpha + beta) + line.1 * mass;
            contacted += line.3 * mass;
        }
        Ok((profit, contacted))
    }
}

/// The terms of a campaign against leaving.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Campaign {
    /// The probability that a leaver accepts is Beta(alpha, beta).
    pub alpha: f64,
    /// See `alpha`.
    pub beta: f64,
    /// What a customer who stays is worth.
    pub value: f64,
    /// What the offer costs when it is taken.
    pub incentive: f64,
    /// What a contact costs.
    pub contact: f64,
}

/// Mean log-loss and Brier score of probabilities. A probability of 0 or 1 counts as the nearest
/// number that is not: 2.2e-16 away. `None` without weight.
#[must_use]
pub fn losses(
    probabilities: &[f64],
    wanted: &[bool],
    weights: Option<&[f64]>,
) -> Option<(f64, f64)> {
    let (mut log, mut square, mut all) = (0.0, 0.0, 0.0);
    for (at, (p, wanted)) in probabilities.iter().zip(wanted).enumerate() {
        let weight = weights.map_or(1.0, |all| all.get(at).copied().unwrap_or(0.0));
        let hit = if *wanted { *p } else { 1.0 - p };
        log -= weight * libm::log(hit.clamp(f64::EPSILON, 1.0 - f64::EPSILON));
        square += weight * (1.0 - hit) * (1.0 - hit);
        all += weight;
    }
    (all > 0.0).then(|| (log / all, square / all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let wanted = [true, false, true, false, false];
        // Pairs: 0.9 beats all three; 0.4 beats 0.3, ties 0.4, loses to 0.5.
        let area = area_under_curve(&[0.9, 0.5, 0.4, 0.4, 0.3], &wanted).unwrap();
        assert!((area - 4.5 / 6.0).abs() < 1e-15);
        assert_eq!(area_under_curve(&[1.0; 5], &wanted), Some(0.5));
        assert_eq!(area_under_curve(&[1.0], &[true]), None);
    }

    #[test]
    fn ties_at_the_cut_count_by_expectation() {
        let wanted = [true, false, true, false];
        assert_eq!(hits_among_best(&[4.0, 3.0, 2.0, 1.0], &wanted, 1), 1.0);
        assert_eq!(hits_among_best(&[1.0; 4], &wanted, 2), 1.0);
        assert_eq!(hits_among_best(&[4.0, 3.0, 2.0, 1.0], &wanted, 9), 2.0);
    }

    #[test]
    fn weights_are_rows_that_stand_more_than_once() {
        let (scores, wanted) = ([0.9, 0.4, 0.4, 0.1], [true, false, true, false]);
        let weighed = Ranked::new(&scores, &wanted).curve(Some(&[2.0, 1.0, 3.0, 0.0]));
        let more = [0.9, 0.9, 0.4, 0.4, 0.4, 0.4];
        let repeated = Ranked::new(&more, &[true, true, false, true, true, true]).curve(None);
        assert_eq!(weighed.area(), repeated.area());
        assert_eq!(weighed.average_precision(), repeated.average_precision());
        assert_eq!(weighed.gain(0.5), repeated.gain(0.5));
    }

    #[test]
    fn what_earns_nothing_contacts_nobody() {
        let curve = Ranked::new(&[0.9, 0.1], &[false, true]).curve(None);
        let (point, profit) = curve.best(1.0, 5.0, 0.0);
        assert_eq!((point.score, profit), (f64::INFINITY, 0.0));
        let dear = Campaign { alpha: 6.0, beta: 14.0, value: 2.0, incentive: 1.0, contact: 9.0 };
        assert_eq!(curve.expected_maximum_profit(dear).unwrap(), (0.0, 0.0));
        let worthless = Campaign { value: 1.0, ..dear };
        assert_eq!(
            curve.expected_maximum_profit(worthless).unwrap_err().code(),
            Code::InvalidOption
        );
    }
}
