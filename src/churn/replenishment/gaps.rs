//! The days between purchases of a product: of one customer, and of all of them.
//!
//! The logarithm of a gap is normal around the customer's own mean, and customers' means are normal
//! around that of the product: `y_ij = μ + u_i + e_ij`, `u_i ~ N(0, τ²)`, `e_ij ~ N(0, σ²)`. What a
//! customer's next gap is follows: few own gaps lean on the product's, many speak for themselves.
//!
//! # References
//! S. R. Searle, G. Casella, C. E. McCulloch, "Variance Components" (1992), section 3.6 (the analysis of
//! variance of unequal groups) and section 7.4 (prediction of a group's mean, and its error).

use crate::stats::order::sort_by;

/// The median of the days between these days, which ascend and differ; `None` below two days.
#[must_use]
pub fn median_gap(days: &[i32]) -> Option<f64> {
    let mut gaps: Vec<i64> = gaps(days).collect();
    gaps.sort_unstable();
    let (low, high) = (gaps.get(gaps.len().checked_sub(1)? / 2)?, gaps.get(gaps.len() / 2)?);
    Some((low + high) as f64 / 2.0)
}

fn gaps(days: &[i32]) -> impl Iterator<Item = i64> {
    days.iter().zip(days.iter().skip(1)).map(|(from, to)| i64::from(*to) - i64::from(*from))
}

/// The gaps of one customer: how many, the mean of their logarithms and the sum of squared
/// deviations from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// How many gaps.
    pub count: f64,
    /// Mean of their natural logarithms, in days; 0 without gaps.
    pub mean: f64,
    /// Sum of squared deviations of the logarithms.
    pub squares: f64,
}

impl Pace {
    /// Of days that ascend and differ.
    #[must_use]
    pub fn of(days: &[i32]) -> Pace {
        // In the order of size, so that equal gaps give equal bits.
        let mut own: Vec<i64> = gaps(days).collect();
        own.sort_unstable();
        let logs = || own.iter().map(|gap| libm::log(*gap as f64));
        let count = own.len() as f64;
        let mean = if own.is_empty() { 0.0 } else { logs().sum::<f64>() / count };
        Pace { count, mean, squares: logs().map(|log| (log - mean) * (log - mean)).sum() }
    }
}

/// How the gaps of a product are spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rhythm {
    /// Mean of the logarithm of a gap, `μ`.
    pub mean: f64,
    /// Variance between customers, `τ²`.
    pub between: f64,
    /// Variance of one customer's gaps, `σ²`.
    pub within: f64,
    /// Squared error of the mean.
    pub error: f64,
    /// Customers with a gap.
    pub customers: u64,
}

impl Rhythm {
    /// Learned from customers' gaps, in whatever order: those without a gap count for nothing.
    /// `None` with fewer than `least` customers, or fewer than `least` gaps beyond the first of each,
    /// where nothing tells customers from chance.
    #[must_use]
    pub fn learn(mut paces: Vec<Pace>, least: f64) -> Option<Rhythm> {
        paces.retain(|pace| pace.count > 0.0);
        // Sums in one order, whatever that of the rows was.
        sort_by(&mut paces, |a: &Pace, b: &Pace| {
            let rest = || a.mean.total_cmp(&b.mean).then(a.squares.total_cmp(&b.squares));
            a.count.total_cmp(&b.count).then_with(rest)
        });
        let sum = |of: &dyn Fn(&Pace) -> f64| paces.iter().map(of).sum::<f64>();
        let customers = paces.len() as f64;
        let gaps = sum(&|pace| pace.count);
        let free = gaps - customers;
        if customers < least.max(2.0) || free < least.max(1.0) {
            return None;
        }
        let within = sum(&|pace| pace.squares) / free;
        let middle = sum(&|pace| pace.count * pace.mean) / gaps;
        let spread = sum(&|pace| pace.count * (pace.mean - middle) * (pace.mean - middle));
        let usual = (gaps - sum(&|pace| pace.count * pace.count) / gaps) / (customers - 1.0);
        let between = ((spread / (customers - 1.0) - within) / usual).max(0.0);
        // Customers weigh by how well their means are known.
        // Gaps that never vary are as good as known to a millionth.
        let weight = |pace: &Pace| 1.0 / (between + within / pace.count).max(1e-12);
        let weights = sum(&weight);
        let mean = sum(&|pace| weight(pace) * pace.mean) / weights;
        let (error, customers) = (1.0 / weights, paces.len() as u64);
        let rhythm = Rhythm { mean, between, within, error, customers };
        mean.is_finite().then_some(rhythm)
    }

    /// Mean and variance of the logarithm of a customer's next gap.
    #[must_use]
    pub fn next(&self, own: &Pace) -> (f64, f64) {
        let signal = self.between * own.count;
        let all = signal + self.within;
        let share = if all > 0.0 { signal / all } else { 0.0 };
        let rest = 1.0 - share;
        let mean = share * own.mean + rest * self.mean;
        (mean, self.within + rest * self.between + rest * rest * self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn the_median_of_an_even_number_of_gaps_lies_between_two() {
        assert_eq!(median_gap(&[0, 30, 58, 90]), Some(30.0));
        assert_eq!(median_gap(&[0, 10, 30]), Some(15.0));
        assert_eq!(median_gap(&[7]), None);
        assert_eq!(median_gap(&[]), None);
    }

    #[test]
    fn variances_are_those_of_the_analysis_of_variance() {
        // Three customers with gaps whose logarithms are 1, 3; 2, 4; 6, 8: group means 2, 3, 7, all 4.
        let pace = |mean: f64| Pace { count: 2.0, mean, squares: 2.0 };
        let rhythm = Rhythm::learn(vec![pace(7.0), pace(2.0), pace(3.0)], 2.0).unwrap();
        // Within 6/3 = 2; between (28/2 − 2)/2 = 6.
        assert_eq!((rhythm.within, rhythm.between, rhythm.mean), (2.0, 6.0, 4.0));
        // 12/14 of the own mean, 2/14 of the others'.
        let (mean, variance) = rhythm.next(&pace(2.0));
        assert!((mean - (12.0 * 2.0 + 2.0 * 4.0) / 14.0).abs() < 1e-15);
        assert!((variance - (2.0 + 6.0 / 7.0 + rhythm.error / 49.0)).abs() < 1e-15);
        assert!(Rhythm::learn(vec![pace(1.0)], 2.0).is_none());
    }

    #[test]
    fn the_interval_of_the_next_gap_covers_it() {
        let mut random = Random::new(3, 0);
        let (mut inside, mut all) = (0.0, 0.0);
        for _ in 0..40 {
            let mut next = Vec::new();
            let paces: Vec<Pace> = (0..60)
                .map(|_| {
                    let own = 3.4 + 0.5 * random.normal();
                    let mut draw = || own + 0.3 * random.normal();
                    next.push(draw());
                    let logs: Vec<f64> = (0..1 + next.len() % 6).map(|_| draw()).collect();
                    let count = logs.len() as f64;
                    let mean = logs.iter().sum::<f64>() / count;
                    let squares = logs.iter().map(|log| (log - mean) * (log - mean)).sum();
                    Pace { count, mean, squares }
                })
                .collect();
            let rhythm = Rhythm::learn(paces.clone(), 10.0).unwrap();
            for (pace, next) in paces.iter().zip(next) {
                let (mean, variance) = rhythm.next(pace);
                inside += f64::from(u8::from((next - mean).abs() < 1.959_964 * variance.sqrt()));
                all += 1.0;
            }
        }
        let share = inside / all;
        assert!((0.935..0.965).contains(&share), "{share}");
    }

    #[test]
    fn gaps_that_never_vary_leave_no_doubt() {
        let days: Vec<i32> = (0..5).map(|at| at * 30).collect();
        let rhythm = Rhythm::learn(vec![Pace::of(&days); 4], 2.0).unwrap();
        let (mean, variance) = rhythm.next(&Pace::of(&days));
        assert!((libm::exp(mean) - 30.0).abs() < 1e-12 && variance.abs() < 1e-11);
        assert!(rhythm.next(&Pace::default()).0.is_finite());
    }
}
