//! Gauss and Legendre's rule for integrals of smooth functions.
//!
//! # Reference
//! NIST Digital Library of Mathematical Functions, §3.5(v).

/// Nodes and weights of the rule with `count` points on `[−1, 1]`, the nodes ascending: exact for
/// polynomials of a degree below `2·count`.
#[must_use]
pub fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let n = count as f64;
    let mut nodes = Vec::with_capacity(count);
    for at in 0..count {
        // Tricomi's start, and Newton's steps on the polynomial by its recurrence.
        let angle = std::f64::consts::PI * (at as f64 + 0.75) / (n + 0.5);
        let mut x = -libm::cos(angle);
        let mut slope = 1.0;
        for _ in 0..20 {
            let (mut value, mut below) = (1.0, 0.0);
            for degree in 0..count {
                let k = degree as f64;
                (value, below) = (((2.0 * k + 1.0) * x * value - k * below) / (k + 1.0), value);
            }
            slope = n * (x * value - below) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        nodes.push((x, 2.0 / ((1.0 - x * x) * slope * slope)));
    }
    nodes
}

/// The integral of `f` from `low` to `high` by a rule that [`gauss_legendre`] made.
#[must_use]
pub fn integral(rule: &[(f64, f64)], low: f64, high: f64, f: &dyn Fn(f64) -> f64) -> f64 {
    let (half, middle) = (0.5 * (high - low), 0.5 * (high + low));
    half * rule.iter().map(|(x, weight)| weight * f(middle + half * x)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_are_exact_and_weights_sum_to_the_length() {
        for count in [1, 2, 5, 64, 301] {
            let rule = gauss_legendre(count);
            let sum: f64 = rule.iter().map(|(_, weight)| weight).sum();
            assert!((sum - 2.0).abs() < 1e-12, "{count} {sum}");
        }
        let rule = gauss_legendre(4);
        let got = integral(&rule, 0.0, 2.0, &|x| x.powi(7) - x);
        assert!((got - 30.0).abs() < 1e-12, "{got}");
    }
}
