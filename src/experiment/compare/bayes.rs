//! What is believed after the data: chance to beat, expected loss, credible intervals, and the
//! weights that bandits draw from.
//!
//! # Method
//! Where no closed form is exact in the tails, the integral is a sum over equal steps in the
//! log-odds, where the integrands of beta laws are smooth and fall off on both sides: the error
//! then falls exponentially with the step.
//!
//! # References
//! C. Stucchio, "Bayesian A/B testing at VWO" (2015), expected loss. D. Russo, "Simple Bayesian
//! algorithms for best-arm identification", Operations Research 68 (2020), top two.

use super::Comparison;
use super::proportions::Share;
use crate::stats::legendre::{gauss_legendre, integral};
use crate::stats::proportion::Interval;
use crate::stats::special::Tails;
use crate::stats::special::beta::{incomplete_beta_of_odds, inverse_incomplete_beta, ln_beta};
use crate::stats::special::error::{normal, normal_density, normal_quantile};

/// A beta law: of a share after `a − prior` successes and `b − prior` failures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beta {
    /// Successes and the prior's.
    pub a: f64,
    /// Failures and the prior's.
    pub b: f64,
}

/// What choosing each of two arms is expected to cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// The chance that treatment is above control.
    pub chance_to_win: f64,
    /// `E max(control − treatment, 0)`: what is lost on average by choosing treatment.
    pub loss_of_treatment: f64,
    /// `E max(treatment − control, 0)`: what is lost by choosing control.
    pub loss_of_control: f64,
}

impl Beta {
    /// The posterior under the prior `Beta(alpha, beta)`. `None` unless both are positive.
    #[must_use]
    pub fn posterior(share: Share, alpha: f64, beta: f64) -> Option<Beta> {
        let is_good = |value: f64| value > 0.0 && value.is_finite();
        let (x, n) = (share.successes as f64, share.trials as f64);
        (is_good(alpha) && is_good(beta)).then_some(Beta { a: alpha + x, b: beta + (n - x) })
    }

    /// The equal-tailed interval that holds with this probability.
    #[must_use]
    pub fn interval(&self, probability: f64) -> Option<Interval> {
        let tail = (1.0 - probability) / 2.0;
        Some(Interval {
            low: inverse_incomplete_beta(self.a, self.b, Tails::of_lower(tail))?,
            high: inverse_incomplete_beta(self.a, self.b, Tails::of_upper(tail))?,
        })
    }

    /// `ln` of the density in the log-odds, and `x` with `1 − x`.
    fn at(&self, log_odds: f64, ln_beta: f64) -> (f64, f64, f64) {
        let odds = libm::exp(-log_odds.abs());
        let (small, large) = (odds / (1.0 + odds), 1.0 / (1.0 + odds));
        let (x, y) = if log_odds < 0.0 { (small, large) } else { (large, small) };
        let rest = libm::log1p(odds);
        let (ln_x, ln_y) =
            if log_odds < 0.0 { (log_odds - rest, -rest) } else { (-rest, -log_odds - rest) };
        (self.a * ln_x + self.b * ln_y - ln_beta, x, y)
    }

    /// Where the density in the log-odds falls below `e^−50` of its height.
    fn range(&self) -> (f64, f64) {
        let mode = libm::log(self.a / self.b);
        let height = self.at(mode, 0.0).0;
        let end = |side: f64| {
            let (mut near, mut far) = (0.0, 1e-9);
            while self.at(mode + side * far, 0.0).0 > height - 50.0 {
                (near, far) = (far, far * 2.0);
            }
            for _ in 0..20 {
                let middle = 0.5 * (near + far);
                if self.at(mode + side * middle, 0.0).0 > height - 50.0 {
                    near = middle;
                } else {
                    far = middle;
                }
            }
            mode + side * far
        };
        (end(-1.0), end(1.0))
    }
}

/// Two independent shares. `None` if a parameter is not positive and finite.
#[must_use]
pub fn compare_shares(control: Beta, treatment: Beta) -> Option<Belief> {
    let (ln_c, ln_t) = (ln_beta(control.a, control.b)?, ln_beta(treatment.a, treatment.b)?);
    let (c, t) = (control.range(), treatment.range());
    let (low, high) = (c.0.min(t.0), c.1.max(t.1));
    let (step, steps) = steps(low, high, control.a + control.b + treatment.a + treatment.b);
    let (mut wins, mut losses, mut of_treatment, mut of_control) = (0.0, 0.0, 0.0, 0.0);
    let mut at = 0.0;
    while at <= steps {
        let log_odds = low + at * step;
        let (density_c, x, y) = control.at(log_odds, ln_c);
        let (density_t, ..) = treatment.at(log_odds, ln_t);
        let below_c = incomplete_beta_of_odds(control.a, control.b, x, y)?;
        let below_t = incomplete_beta_of_odds(treatment.a, treatment.b, x, y)?;
        wins += libm::exp(density_t) * below_c.lower;
        losses += libm::exp(density_c) * below_t.lower;
        of_treatment += below_t.lower * below_c.upper * x * y;
        of_control += below_c.lower * below_t.upper * x * y;
        at += 1.0;
    }
    // Both chances are 1 together: dividing by their sum takes the last rounding out.
    let chance_to_win = wins / (wins + losses);
    chance_to_win.is_finite().then_some(Belief {
        chance_to_win,
        loss_of_treatment: of_treatment * step,
        loss_of_control: of_control * step,
    })
}

/// A normal law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation, above 0.
    pub deviation: f64,
}

impl Normal {
    /// The posterior of an effect, with a normal prior or a flat one.
    #[must_use]
    pub fn posterior(comparison: &Comparison, prior: Option<Normal>) -> Normal {
        let data = 1.0 / (comparison.error * comparison.error);
        let (weight, mean) = prior
            .map_or((0.0, 0.0), |prior| (1.0 / (prior.deviation * prior.deviation), prior.mean));
        let all = data + weight;
        Normal {
            mean: (comparison.effect * data + mean * weight) / all,
            deviation: (1.0 / all).sqrt(),
        }
    }

    /// The equal-tailed interval that holds with this probability.
    #[must_use]
    pub fn interval(&self, probability: f64) -> Option<Interval> {
        let reach = normal_quantile((1.0 - probability) / 2.0)?.abs() * self.deviation;
        Some(Interval { low: self.mean - reach, high: self.mean + reach })
    }

    /// The belief in an effect of this law.
    #[must_use]
    pub fn belief(&self) -> Belief {
        let z = self.mean / self.deviation;
        // E max(−X, 0) in deviations; from one side only, since the other is that plus the mean.
        let small = (normal_density(z) - z.abs() * normal(z.abs()).upper).max(0.0);
        let small = small * self.deviation;
        let large = small + self.mean.abs();
        let (below, above) = if z < 0.0 { (large, small) } else { (small, large) };
        Belief { chance_to_win: normal(z).lower, loss_of_treatment: below, loss_of_control: above }
    }
}

/// The chance of each of several independent normal laws to be the largest: the weights of Thompson
/// sampling. `None` without laws or with a deviation that is not positive.
#[must_use]
pub fn probability_best(laws: &[Normal]) -> Option<Vec<f64>> {
    let is_good = |law: &Normal| law.mean.is_finite() && law.deviation > 0.0;
    if laws.is_empty() || !laws.iter().all(is_good) {
        return None;
    }
    let mut chances: Vec<f64> = over_best(laws, &|_| 1.0);
    chances.iter_mut().for_each(|chance| *chance = chance.clamp(0.0, 1.0));
    let sum: f64 = chances.iter().sum();
    chances.iter_mut().for_each(|chance| *chance /= sum);
    Some(chances)
}

/// By how much the largest of several independent normal laws is expected to lie above `from`. The
/// laws are those of [`probability_best`].
#[must_use]
pub fn expected_best(laws: &[Normal], from: f64) -> f64 {
    over_best(laws, &|x| x - from).iter().sum()
}

/// For each law the mean of a function of it where it is the largest, times the chance of that.
fn over_best(laws: &[Normal], of: &dyn Fn(f64) -> f64) -> Vec<f64> {
    // Panels between the places where any of the laws bends.
    let bends = [-38.0, -9.0, -6.0, -4.0, -2.5, -1.2, 0.0, 1.2, 2.5, 4.0, 6.0, 9.0, 38.0];
    let mut ends: Vec<f64> =
        laws.iter().flat_map(|law| bends.map(|bend| law.mean + bend * law.deviation)).collect();
    ends.sort_unstable_by(f64::total_cmp);
    let rule = gauss_legendre(24);
    let mut found = Vec::with_capacity(laws.len());
    for (own, law) in laws.iter().enumerate() {
        let density = |x: f64| {
            let z = |law: &Normal| (x - law.mean) / law.deviation;
            let others = laws.iter().enumerate().filter(|(at, _)| *at != own);
            let below: f64 = others.map(|(_, other)| normal(z(other)).lower).product();
            normal_density(z(law)) / law.deviation * below * of(x)
        };
        let panels = ends.iter().zip(ends.iter().skip(1));
        found.push(panels.map(|(low, high)| integral(&rule, *low, *high, &density)).sum());
    }
    found
}

/// The same of beta laws: the chance of each to be the largest, and by how much the largest is expected
/// to lie above `from`. `None` without laws, or if a parameter is not positive and finite.
#[must_use]
pub fn best_share(laws: &[Beta], from: f64) -> Option<(Vec<f64>, f64)> {
    let scales: Vec<f64> = laws.iter().map(|law| ln_beta(law.a, law.b)).collect::<Option<_>>()?;
    let ranges: Vec<(f64, f64)> = laws.iter().map(Beta::range).collect();
    let low = ranges.iter().map(|range| range.0).fold(f64::INFINITY, f64::min);
    let high = ranges.iter().map(|range| range.1).fold(f64::NEG_INFINITY, f64::max);
    let all = laws.iter().map(|law| law.a + law.b).sum();
    let (step, steps) = steps(low, high, all);
    let (mut chances, mut above) = (vec![0.0; laws.len()], 0.0);
    let mut at = 0.0;
    while at <= steps {
        let log_odds = low + at * step;
        let mut own = Vec::with_capacity(laws.len());
        let mut share = 0.0;
        for (law, scale) in laws.iter().zip(&scales) {
            let (density, x, y) = law.at(log_odds, *scale);
            let below = incomplete_beta_of_odds(law.a, law.b, x, y)?.lower;
            own.push((libm::exp(density), below));
            share = x;
        }
        for (place, (chance, (density, _))) in chances.iter_mut().zip(&own).enumerate() {
            let others = own.iter().enumerate().filter(|(at, _)| *at != place);
            let part = density * others.map(|(_, (_, below))| below).product::<f64>();
            *chance += part;
            above += part * (share - from);
        }
        at += 1.0;
    }
    let sum: f64 = chances.iter().sum();
    chances.iter_mut().for_each(|chance| *chance /= sum);
    (sum > 0.0).then_some((chances, above / sum))
}

/// The step, and how many there are, of sums over log-odds of laws with so many trials together.
fn steps(low: f64, high: f64, all: f64) -> (f64, f64) {
    // What is summed is a product of the laws and no narrower than the one law of all trials together
    // where that is narrowest: 1/√(n·x·(1 − x)), nearest to even odds.
    let nearest = libm::exp(-low.max(-high).max(0.0));
    let narrow = nearest / ((1.0 + nearest) * (1.0 + nearest));
    let most = 40_000.0;
    let step = (0.4 / (all * narrow).sqrt()).min(0.8).max((high - low) / most);
    (step, ((high - low) / step).ceil().min(most))
}

/// Weights of top-two Thompson sampling: with probability `beta` the best of a draw, else the best
/// of the others; `p·(β + (1 − β)·Σ q/(1 − q))` over the others `q`. An arm that is certainly the best
/// leaves the rest to the others equally. `None` unless `chances` are probabilities that sum to 1.
#[must_use]
pub fn top_two(chances: &[f64], beta: f64) -> Option<Vec<f64>> {
    let sum: f64 = chances.iter().sum();
    let are_chances = chances.iter().all(|p| (0.0..=1.0).contains(p)) && (sum - 1.0).abs() < 1e-6;
    if !are_chances || !(0.0..=1.0).contains(&beta) {
        return None;
    }
    if chances.contains(&1.0) {
        let others = (chances.len() - 1) as f64;
        if others == 0.0 {
            return Some(vec![1.0]);
        }
        let share = |p: &f64| if *p == 1.0 { beta } else { (1.0 - beta) / others };
        return Some(chances.iter().map(share).collect());
    }
    let odds = |p: f64| p / (1.0 - p);
    let all: f64 = chances.iter().map(|p| odds(*p)).sum();
    Some(chances.iter().map(|p| p * (beta + (1.0 - beta) * (all - odds(*p)))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beta(a: f64, b: f64) -> Beta {
        Beta { a, b }
    }

    /// With whole numbers the chance is a finite sum; of Beta(1, 1) against Beta(1, n) it is
    /// n/(n + 1).
    #[test]
    fn chances_are_exact_in_the_tails_too() {
        let close = |got: f64, expected: f64| {
            assert!((got / expected - 1.0).abs() < 1e-10, "{got} {expected}");
        };
        for n in [1.0, 3.0, 1e6] {
            let found = compare_shares(beta(1.0, n), beta(1.0, 1.0)).unwrap();
            close(found.chance_to_win, n / (n + 1.0));
            let turned = compare_shares(beta(1.0, 1.0), beta(1.0, n)).unwrap();
            close(turned.chance_to_win, 1.0 / (n + 1.0));
        }
        // P(t > c) for Beta(50, 1) and Beta(1, 50): ∫ 50 x^49 (1 − (1 − x)^50) dx.
        let far = compare_shares(beta(50.0, 1.0), beta(1.0, 50.0)).unwrap();
        close(far.chance_to_win, 50.0 * libm::exp(ln_beta(50.0, 51.0).unwrap()));
        // The losses differ by the difference of the means.
        let means = 11.0 / 40.0 - 7.0 / 30.0;
        let found = compare_shares(beta(7.0, 23.0), beta(11.0, 29.0)).unwrap();
        assert!((found.loss_of_control - found.loss_of_treatment - means).abs() < 1e-13);
        // Jeffreys's prior with no success at all.
        let half = compare_shares(beta(0.5, 20.5), beta(0.5, 20.5)).unwrap();
        close(half.chance_to_win, 0.5);
    }

    #[test]
    fn certain_arms_keep_top_two_finite() {
        assert_eq!(top_two(&[1.0, 0.0, 0.0], 0.5), Some(vec![0.5, 0.25, 0.25]));
        assert_eq!(top_two(&[0.5, 0.2], 0.5), None);
        assert_eq!(probability_best(&[]), None);
    }
}
