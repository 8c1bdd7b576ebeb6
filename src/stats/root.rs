//! The root of a function of one number inside a bracket.
//!
//! # Reference
//! R. P. Brent, "Algorithms for Minimization without Derivatives" (1973), chapter 4.

/// A number between `low` and `high` at which `f` is zero, to the last digits. An end at which `f`
/// is zero is the answer. `None` where `f` has the same sign at both ends, or is not a number.
#[must_use]
pub fn root(low: f64, high: f64, f: &dyn Fn(f64) -> f64) -> Option<f64> {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa == 0.0 {
        return Some(a);
    }
    if fb == 0.0 {
        return Some(b);
    }
    if fa.is_nan() || fb.is_nan() || (fa > 0.0) == (fb > 0.0) {
        return None;
    }
    // `b` is the best so far, `c` the end of the bracket on the other side.
    let (mut c, mut fc) = (a, fa);
    let mut step = b - a;
    let mut before = step;
    for _ in 0..300 {
        if (fb > 0.0) == (fc > 0.0) {
            (c, fc) = (a, fa);
            step = b - a;
            before = step;
        }
        if fc.abs() < fb.abs() {
            (a, b, c) = (b, c, b);
            (fa, fb, fc) = (fb, fc, fb);
        }
        let tolerance = 2.0 * f64::EPSILON * b.abs() + f64::MIN_POSITIVE;
        let half = 0.5 * (c - b);
        if half.abs() <= tolerance || fb == 0.0 {
            return Some(b);
        }
        if before.abs() >= tolerance && fa.abs() > fb.abs() {
            // Inverse quadratic interpolation, or the secant where there are two points only.
            let s = fb / fa;
            let (mut p, mut q) = if a == c {
                (2.0 * half * s, 1.0 - s)
            } else {
                let (q, r) = (fa / fc, fb / fc);
                let p = s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0));
                (p, (q - 1.0) * (r - 1.0) * (s - 1.0))
            };
            if p > 0.0 {
                q = -q;
            }
            p = p.abs();
            let most = (3.0 * half * q - (tolerance * q).abs()).min((before * q).abs());
            if 2.0 * p < most {
                before = step;
                step = p / q;
            } else {
                step = half;
                before = half;
            }
        } else {
            step = half;
            before = half;
        }
        (a, fa) = (b, fb);
        b += if step.abs() > tolerance { step } else { tolerance.copysign(half) };
        fb = f(b);
        if fb.is_nan() {
            return None;
        }
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracketed_root_is_found_to_the_last_digits() {
        let cube = root(0.0, 5.0, &|x| x * x * x - 2.0).unwrap();
        assert!((cube * cube * cube - 2.0).abs() < 1e-15);
        let flat = root(-1.0, 3.0, &|x| (x - 1.0).powi(9)).unwrap();
        assert!((flat - 1.0).abs() < 1e-9, "{flat}");
        assert_eq!(root(0.0, 2.0, &|x| x), Some(0.0));
    }

    #[test]
    fn what_is_not_bracketed_has_no_answer() {
        assert_eq!(root(1.0, 2.0, &|x| x), None);
        assert_eq!(root(-1.0, 2.0, &|_| f64::NAN), None);
    }
}
