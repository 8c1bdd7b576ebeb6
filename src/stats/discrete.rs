//! Distributions of counts: binomial, Poisson and hypergeometric, and the exact tests made of them.
//!
//! # References
//! C. Loader, "Fast and accurate computation of binomial probabilities" (2000). R. A. Fisher,
//! "Statistical Methods for Research Workers" (1925).

use super::special::beta::incomplete_beta;
use super::special::gamma::{incomplete_gamma, stirling_error};
use super::special::{Tails, log_ratio_minus};

/// Chances that differ by less than this part are taken for equal: they differ in the last digits
/// of their logarithms alone.
const TIE: f64 = 1e-7;

/// `ln` of the chance of `k` hits in `n` trials with chance `p` each, and `q = 1 − p`. Minus
/// infinity where it is impossible.
#[must_use]
pub fn ln_binomial(k: f64, n: f64, p: f64, q: f64) -> f64 {
    let misses = n - k;
    if k < 0.0 || misses < 0.0 {
        return f64::NEG_INFINITY;
    }
    if k == 0.0 || misses == 0.0 {
        let chance = if k == 0.0 { q } else { p };
        return if n == 0.0 { 0.0 } else { n * libm::log(chance) };
    }
    // k·ln(mean/k) + k − mean, without cancellation near the mean.
    let away = |count: f64, mean: f64| count * log_ratio_minus(mean, count, mean - count);
    let rest = stirling_error(n) - stirling_error(k) - stirling_error(misses);
    rest + away(k, n * p)
        + away(misses, n * q)
        + 0.5 * libm::log(n / (std::f64::consts::TAU * k * misses))
}

/// Both tails of the binomial distribution: `lower` is the chance of `k` hits or fewer in `n`
/// trials, `upper` that of more. `None` unless `0 ≤ p ≤ 1`.
#[must_use]
pub fn binomial(k: u64, n: u64, p: f64) -> Option<Tails> {
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    if k >= n {
        return Some(Tails::BELOW);
    }
    Some(incomplete_beta(k as f64 + 1.0, (n - k) as f64, p)?.swapped())
}

/// Both tails of the Poisson distribution with this mean: `lower` is the chance of `k` or fewer.
/// `None` unless the mean is positive.
#[must_use]
pub fn poisson(k: u64, mean: f64) -> Option<Tails> {
    Some(incomplete_gamma(k as f64 + 1.0, mean)?.swapped())
}

/// The exact two-sided binomial test: the chance of all counts that are no more likely than `k`
/// in `n` trials with chance `p`. `None` if `k > n` or `p` is no probability.
#[must_use]
pub fn binomial_test(k: u64, n: u64, p: f64) -> Option<f64> {
    if k > n || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let weight = |k: u64| ln_binomial(k as f64, n as f64, p, 1.0 - p);
    let mode = (((n as f64) + 1.0) * p) as u64;
    Some(as_unlikely(k, 0, n, mode.min(n), &weight, &|from, to| {
        let below = if from == 0 { 0.0 } else { binomial(from - 1, n, p).map_or(0.0, |t| t.lower) };
        let above = binomial(to, n, p).map_or(0.0, |tails| tails.upper);
        below + above
    }))
}

/// Fisher's exact test of a table of two rows `(hits, all)`, two-sided: the chance, given the
/// margins, of all tables that are no more likely than the one found. `None` where a row has more
/// hits than trials.
#[must_use]
pub fn fisher_exact(first: (u64, u64), second: (u64, u64)) -> Option<f64> {
    let (n, m) = (first.1, second.1);
    if first.0 > n || second.0 > m {
        return None;
    }
    let hits = first.0 + second.0;
    let all = n + m;
    let (least, most) = (hits.saturating_sub(m), hits.min(n));
    if least == most {
        return Some(1.0);
    }
    // Hypergeometric as a product of binomials, which keeps its digits for large margins.
    let p = hits as f64 / all as f64;
    let q = (all - hits) as f64 / all as f64;
    let both = ln_binomial(hits as f64, all as f64, p, q);
    let weight = |k: u64| {
        ln_binomial(k as f64, n as f64, p, q) + ln_binomial((hits - k) as f64, m as f64, p, q)
            - both
    };
    let mode = ((n as f64 + 1.0) * (hits as f64 + 1.0) / (all as f64 + 2.0)) as u64;
    let tails = |from: u64, to: u64| {
        // Away from the mode each chance follows from the one before.
        let up = |k: u64| {
            (n - k) as f64 * (hits - k) as f64 / ((k + 1) as f64 * ((m + k + 1) - hits) as f64)
        };
        let (mut sum, mut term) = (0.0, 0.0);
        for k in (least..from).rev() {
            term = if k + 1 == from { libm::exp(weight(k)) } else { term / up(k) };
            sum += term;
            if term < sum * 1e-18 {
                break;
            }
        }
        for k in to + 1..=most {
            term = if k == to + 1 { libm::exp(weight(k)) } else { term * up(k - 1) };
            sum += term;
            if term < sum * 1e-18 {
                break;
            }
        }
        sum
    };
    Some(as_unlikely(first.0, least, most, mode.clamp(least, most), &weight, &tails))
}

/// The chance of all values from `least` to `most` that are no more likely than `found`, of a law
/// that rises to `mode` and falls. `tails(from, to)` is the chance of what lies below `from` or
/// above `to`.
fn as_unlikely(
    found: u64,
    least: u64,
    most: u64,
    mode: u64,
    weight: &dyn Fn(u64) -> f64,
    tails: &dyn Fn(u64, u64) -> f64,
) -> f64 {
    let limit = weight(found) + TIE;
    if weight(mode) <= limit {
        return 1.0;
    }
    // The first value on each side of the mode that is more likely than the one found.
    let (mut low, mut high) = (least, mode);
    while low < high {
        let middle = low + (high - low) / 2;
        if weight(middle) > limit { high = middle } else { low = middle + 1 }
    }
    let from = low;
    let (mut low, mut high) = (mode, most);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if weight(middle) > limit { low = middle } else { high = middle - 1 }
    }
    tails(from, low).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64) {
        assert!((got / expected - 1.0).abs() < 1e-10, "{got} {expected}");
    }

    #[test]
    fn tails_of_counts_are_those_of_the_sums() {
        close(binomial(2, 10, 0.5).unwrap().lower, 56.0 / 1024.0);
        close(binomial(9, 10, 0.1).unwrap().upper, 1e-10);
        close(poisson(0, 2.0).unwrap().lower, (-2.0_f64).exp());
        assert_eq!(binomial(10, 10, 0.3).unwrap().upper, 0.0);
        close(libm::exp(ln_binomial(3.0, 10.0, 0.5, 0.5)), 120.0 / 1024.0);
    }

    #[test]
    fn exact_tests_count_all_that_is_no_more_likely() {
        close(binomial_test(10, 12, 0.5).unwrap(), 158.0 / 4096.0);
        close(fisher_exact((3, 4), (1, 4)).unwrap(), 34.0 / 70.0);
        close(fisher_exact((4, 4), (0, 4)).unwrap(), 2.0 / 70.0);
        assert_eq!(fisher_exact((0, 4), (0, 9)), Some(1.0));
        assert_eq!(fisher_exact((5, 4), (0, 9)), None);
        assert_eq!(binomial_test(0, 0, 0.5), Some(1.0));
        assert_eq!(binomial_test(3, 3, 1.0), Some(1.0));
        assert_eq!(binomial_test(2, 3, 1.0), Some(0.0));
    }
}
