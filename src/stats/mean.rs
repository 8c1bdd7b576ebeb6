//! Means: a confidence interval of one, and Welch's comparison of two.
//!
//! # References
//! Student, "The probable error of a mean", Biometrika 6 (1908). B. L. Welch, "The generalization of
//! Student's problem when several different population variances are involved", Biometrika 34
//! (1947). F. E. Satterthwaite, Biometrics Bulletin 2 (1946).
//!
//! Money is skewed: with a few dozen customers and a long tail the intervals cover less than they
//! say. From about a hundred customers on the mean is near enough to normal.

use super::distribution::{student_t, student_t_quantile};
use super::proportion::Interval;
use serde::Serialize;

/// What a comparison of means needs of one group: sums in fixed order give the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// How many values.
    pub count: u64,
    /// Their mean; 0 without values.
    pub mean: f64,
    /// Sum of squared deviations from the mean.
    pub squares: f64,
}

impl Sample {
    /// Of values: the mean first, then the deviations from it, so that a large mean costs no
    /// digits.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let count = values.clone().count() as u64;
        if count == 0 {
            return Sample::default();
        }
        let mean = values.clone().sum::<f64>() / count as f64;
        let squares = values.map(|value| (value - mean) * (value - mean)).sum();
        Sample { count, mean, squares }
    }

    /// The sample variance. `None` below two values.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// Student's interval of the mean, `x̄ ± t·s/√n`. `None` below two values, and where the
    /// confidence is not between 0 and 1.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        let error = (self.variance()? / self.count as f64).sqrt();
        let t = student_t_quantile((self.count - 1) as f64, (1.0 - confidence) / 2.0)?;
        let interval = Interval { low: self.mean - t * error, high: self.mean + t * error };
        (interval.low.is_finite() && interval.high.is_finite()).then_some(interval)
    }
}

/// The standard error of a difference whose two means have these squared errors and numbers of
/// values, with its degrees of freedom after Welch and Satterthwaite.
#[must_use]
pub fn welch_error((a, n_a): (f64, f64), (b, n_b): (f64, f64)) -> (f64, f64) {
    // Shares of the sum, so that tiny variances do not underflow when squared.
    let part = |own: f64, n: f64| {
        let share = own / (a + b);
        if share == 0.0 { 0.0 } else { share * share / (n - 1.0) }
    };
    ((a + b).sqrt(), 1.0 / (part(a, n_a) + part(b, n_b)))
}

/// Welch's comparison of two means.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MeanDifference {
    /// The first mean less the second.
    pub difference: f64,
    /// Confidence interval of the difference.
    pub interval: Interval,
    /// How likely so large a difference is, either way, if the means are equal.
    pub p_value: f64,
}

/// Compares two means without taking their variances for equal. `None` unless both groups have
/// two values or more and at least one of them varies.
#[must_use]
pub fn welch(first: &Sample, second: &Sample, confidence: f64) -> Option<MeanDifference> {
    let part =
        |sample: &Sample| Some((sample.variance()? / sample.count as f64, sample.count as f64));
    let (error, degrees) = welch_error(part(first)?, part(second)?);
    if error <= 0.0 || !error.is_finite() {
        return None;
    }
    let difference = first.mean - second.mean;
    let t = student_t_quantile(degrees, (1.0 - confidence) / 2.0)?;
    let tails = student_t(degrees, (difference / error).abs())?;
    Some(MeanDifference {
        difference,
        interval: Interval { low: difference - t * error, high: difference + t * error },
        p_value: (2.0 * tails.upper).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy: `ttest_ind([1, 2, 4, 8], [2, 9, 11], equal_var=False)`.
    #[test]
    fn welch_is_that_of_scipy() {
        let first = Sample::of([1.0, 2.0, 4.0, 8.0].into_iter());
        let second = Sample::of([2.0, 9.0, 11.0].into_iter());
        let found = welch(&first, &second, 0.95).unwrap();
        let close =
            |got: f64, expected: f64| assert!((got / expected - 1.0).abs() < 1e-11, "{got}");
        close(found.difference, -43.0 / 12.0);
        close(found.p_value, 0.330_040_699_964_882_56);
        close(found.interval.low, -13.117_758_777_722_955);
        close(found.interval.high, 5.951_092_111_056_29);
        let turned = welch(&second, &first, 0.95).unwrap();
        assert_eq!(turned.p_value, found.p_value);
    }

    #[test]
    fn what_does_not_vary_has_no_test() {
        let same = Sample::of([3.0; 5].into_iter());
        assert_eq!(welch(&same, &same, 0.95), None);
        assert_eq!(Sample::of([3.0].into_iter()).interval(0.95), None);
        assert_eq!(Sample::default().interval(0.95), None);
        let exact = same.interval(0.95).unwrap();
        assert_eq!((exact.low, exact.high), (3.0, 3.0));
    }
}
