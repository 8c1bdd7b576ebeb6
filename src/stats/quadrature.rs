//! Integrals of what falls off about exponentially: Gauss–Legendre in panels whose width follows the
//! rate of the fall.
//!
//! # References
//! NIST Digital Library of Mathematical Functions, §3.5(v): nodes and weights of 16 points, exact for
//! polynomials of degree 31.

/// Nodes in (0, 1) of the interval from −1 to 1, and the weight of each.
const NODES: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_59),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_894),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_096),
];

/// Below `e^−45` of the largest value seen, what is left is below rounding.
const NEGLIGIBLE: f64 = 45.0;

/// Visits the nodes between 0 and `end` (which may be infinite) of an integrand `e^f` with `f`
/// concave. `rate` is `−f′`; `node` is told a place and its weight, adds up what it wants, and
/// returns `f` there. `f` may bend by a factor of e in its slope within one unit of length.
pub(crate) fn exponential(
    end: f64,
    rate: &dyn Fn(f64) -> f64,
    node: &mut dyn FnMut(f64, f64) -> f64,
) {
    let (mut from, mut highest) = (0.0, f64::NEG_INFINITY);
    while from < end {
        let width = f64::min(1.0, 6.0 / rate(from).abs()).min(end - from);
        let middle = from + width / 2.0;
        let mut last = f64::NEG_INFINITY;
        for (place, weight) in NODES {
            let (offset, weight) = (place * width / 2.0, weight * width / 2.0);
            let before = node(middle - offset, weight);
            last = node(middle + offset, weight);
            highest = highest.max(before).max(last);
        }
        let next = from + width;
        if next <= from || (last < highest - NEGLIGIBLE && rate(next) > 0.0) {
            break;
        }
        from = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_and_slow_falls_are_exact() {
        for rate in [1e-3, 0.5, 3.0, 1e4] {
            for end in [1e-6, 1.0, 20.0] {
                let mut sum = 0.0;
                exponential(end, &|_| rate, &mut |y, weight| {
                    sum += weight * libm::exp(-rate * y);
                    -rate * y
                });
                let exact = -libm::expm1(-rate * end) / rate;
                assert!((sum / exact - 1.0).abs() < 1e-13, "{rate} {end}");
            }
        }
    }

    #[test]
    fn an_integral_to_infinity_ends_where_nothing_is_left() {
        // ∫ e^(−c·eʸ) dy from 0 is the exponential integral E₁(c); E₁(1) and E₁(0.01).
        for (c, exact) in [(1.0, 0.219_383_934_395_520_3), (0.01, 4.037_929_576_538_114)] {
            let mut sum = 0.0;
            exponential(f64::INFINITY, &|y| c * libm::exp(y), &mut |y, weight| {
                let f = -c * libm::exp(y);
                sum += weight * libm::exp(f);
                f
            });
            assert!((sum / exact - 1.0).abs() < 1e-13, "{c} {sum}");
        }
    }
}
