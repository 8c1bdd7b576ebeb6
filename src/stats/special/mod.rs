//! Special functions of a real argument: accurate to 1e-12 relative, tails included.
//!
//! * [`gamma`] – log-gamma, digamma, the incomplete gamma function and its inverse
//! * [`beta`] – log-beta, the incomplete beta function and its inverse
//! * [`error`] – the error function, and the normal distribution that is made of it
//!
//! A probability close to 1 has lost the digits that matter. So what is a distribution function
//! comes as both [`Tails`], each with its own relative accuracy, and inverses take both.
//!
//! The products `xᵃ·yᵇ/B(a, b)` and `xᵃ·e⁻ˣ/Γ(a)` in front of the incomplete functions lose
//! `a` units in the last place when they are taken apart into logarithms. Here they are written
//! as their value at the mode times `exp` of a deviance, after C. Loader, "Fast and accurate
//! computation of binomial probabilities" (2000).

pub mod beta;
pub mod error;
pub mod gamma;

/// A probability and its complement, both with full relative accuracy: `lower + upper = 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// The probability at or below the value.
    pub lower: f64,
    /// The probability above it.
    pub upper: f64,
}

impl Tails {
    /// All below.
    pub const BELOW: Tails = Tails { lower: 1.0, upper: 0.0 };
    /// All above.
    pub const ABOVE: Tails = Tails { lower: 0.0, upper: 1.0 };

    /// From the lower tail; the other is what is left.
    #[must_use]
    pub fn of_lower(lower: f64) -> Tails {
        let lower = lower.clamp(0.0, 1.0);
        Tails { lower, upper: 1.0 - lower }
    }

    /// From the upper tail; the other is what is left.
    #[must_use]
    pub fn of_upper(upper: f64) -> Tails {
        Tails::of_lower(upper).swapped()
    }

    /// The same for the negated variable.
    #[must_use]
    pub fn swapped(self) -> Tails {
        Tails { lower: self.upper, upper: self.lower }
    }
}

/// `ln(value/mode) − (value − mode)/mode`, given `distance = value − mode`: minus the deviance of a
/// gamma variable. Without cancellation near the mode, nor where `value` is far below it.
#[must_use]
pub(crate) fn log_ratio_minus(value: f64, mode: f64, distance: f64) -> f64 {
    let t = distance / mode;
    if !(-0.6..=1.5).contains(&t) {
        return libm::log(value / mode) - t;
    }
    // ln(1 + t) = 2·atanh(r) with r = t/(2 + t), and 2r − t = −t·r.
    let r = t / (2.0 + t);
    let square = r * r;
    let (mut sum, mut power, mut odd) = (0.0, square, 3.0);
    loop {
        let term = power / odd;
        sum += term;
        if term <= f64::EPSILON / 8.0 * sum {
            return r * (2.0 * sum - t);
        }
        power *= square;
        odd += 2.0;
    }
}

/// The root of an increasing function `f` by Newton's method inside a bracket: where a step
/// leaves the bracket, or the bracket does not shrink, it is halved instead. `f` returns its value
/// and its derivative. Stops when a step no longer changes the root.
pub(crate) fn increasing_root(
    mut low: f64,
    mut high: f64,
    start: f64,
    f: impl Fn(f64) -> (f64, f64),
) -> f64 {
    let mut root = start.clamp(low, high);
    for _ in 0..200 {
        let (value, slope) = f(root);
        if value == 0.0 {
            break;
        }
        if value < 0.0 {
            low = root;
        } else {
            high = root;
        }
        let newton = root - value / slope;
        let next = if newton > low && newton < high { newton } else { low + (high - low) / 2.0 };
        let step = (next - root).abs();
        root = next;
        if step <= f64::EPSILON * root.abs() {
            break;
        }
    }
    root
}
