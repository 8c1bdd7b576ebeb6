//! Count, mean, variance, skewness, kurtosis and range of a column, mergeable.
//!
//! # Method
//! Within one update the mean comes first and the central moments `M_k = Σ (x − mean)^k`
//! second, over deviations from that mean, so that a large offset (amounts around a million that
//! differ by cents) costs no digits, as `Σx² − (Σx)²/n` would. Two states join by the pairwise
//! formulas of Chan, Golub and LeVeque for the mean and the second moment, and of Pébay for the
//! third and fourth.
//!
//! # References
//! T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance",
//! The American Statistician 37 (1983) 242–247. P. Pébay, "Formulas for robust, one-pass
//! parallel computation of covariances and arbitrary-order statistical moments", Sandia report
//! SAND2008-6212 (2008), equations 1.5, 2.1 and 2.2.

use crate::error::{Code, Error, Result};
use crate::stats::accumulator::{Accumulator, Class};
use serde::Serialize;

/// The mergeable state. Merge blocks through a
/// [`BlockTree`](crate::stats::accumulator::BlockTree) to get the same bits for any number of
/// workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    count: u64,
    mean: f64,
    /// What rounding took from `mean`: the mean is `mean + mean_rest`. Without it the distance
    /// between the means of two states would lose digits when the mean is far from zero.
    mean_rest: f64,
    m2: f64,
    m3: f64,
    m4: f64,
    min: f64,
    max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Moments {
            count: 0,
            mean: 0.0,
            mean_rest: 0.0,
            m2: 0.0,
            m3: 0.0,
            m4: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

/// What [`Moments`] answers. A field is `None` where it is not defined, or lies beyond the
/// range of a float.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MomentSummary {
    /// How many values, `n`.
    pub count: u64,
    /// Arithmetic mean. From one value on.
    pub mean: Option<f64>,
    /// Sample variance, `M₂/(n−1)`: unbiased when the values are a sample. From two values on.
    pub variance: Option<f64>,
    /// Population variance, `M₂/n`: when the values are all there are. From one value on.
    pub population_variance: Option<f64>,
    /// Sample standard deviation, the root of `variance`, in the unit of the values.
    pub standard_deviation: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
    /// Skewness `√n·M₃/M₂^1.5`, without a correction for small samples: 0 for a symmetric
    /// column, positive for a long tail of large values. Undefined if all values are equal.
    /// A handful of extreme values decides it: with money, look at quantiles too.
    pub skewness: Option<f64>,
    /// Excess kurtosis `n·M₄/M₂² − 3`, without a correction for small samples: 0 for a normal
    /// distribution. Undefined if all values are equal.
    pub excess_kurtosis: Option<f64>,
}

impl Moments {
    const VERSION: u8 = 1;

    /// No values yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The state of one block of finite values.
    fn of_block(values: &[f64]) -> Self {
        let Some(first) = values.first().copied() else { return Self::default() };
        let n = values.len() as f64;
        // Differences to the first value are small where the values are close together, and
        // exactly zero where they are all equal.
        let [shift] = sums(values, |x| [x - first]);
        let mut mean = first + shift / n;
        if !mean.is_finite() {
            [mean] = sums(values, |x| [x / n]);
        }
        let [s1, s2, s3, s4] = sums(values, |x| {
            let e = x - mean;
            let square = e * e;
            [e, square, square * e, square * square]
        });
        // The mean was rounded: its error is s1/n, and the moments move to the true mean.
        let d = if s1.is_finite() { s1 / n } else { 0.0 };
        let (min, max) =
            values.iter().fold((first, first), |(min, max), x| (min.min(*x), max.max(*x)));
        Moments {
            count: values.len() as u64,
            mean,
            mean_rest: d,
            m2: not_negative(s2 - d * s1),
            m3: s3 - 3.0 * d * s2 + 2.0 * d * d * s1,
            m4: not_negative(s4 - 4.0 * d * s3 + 6.0 * d * d * s2 - 3.0 * d * d * d * s1),
            min,
            max,
        }
    }

    fn join(&mut self, other: &Moments) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other.clone();
            return;
        }
        let (na, nb) = (self.count as f64, other.count as f64);
        let n = na + nb;
        let delta = (other.mean - self.mean) + (other.mean_rest - self.mean_rest);
        let (share_a, share_b) = (na / n, nb / n);
        // δ²·na·nb/n, the second moment between the two means.
        let between = delta * delta * na * share_b;
        let (m2, m3) = (self.m2, self.m3);
        self.m4 += other.m4
            + between * delta * delta * (share_a * share_a - share_a * share_b + share_b * share_b)
            + 6.0 * delta * delta * (share_a * share_a * other.m2 + share_b * share_b * m2)
            + 4.0 * delta * (share_a * other.m3 - share_b * m3);
        self.m3 += other.m3
            + between * delta * (share_a - share_b)
            + 3.0 * delta * (share_a * other.m2 - share_b * m2);
        self.m2 += other.m2 + between;
        (self.mean, self.mean_rest) = if delta.is_finite() {
            two_sum(self.mean, self.mean_rest + delta * share_b)
        } else {
            // Opposite ends of the range: the difference overflows, the mean does not.
            (self.mean * share_a + other.mean * share_b, 0.0)
        };
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The answer for the values seen so far.
    #[must_use]
    pub fn summary(&self) -> MomentSummary {
        let n = self.count as f64;
        let defined = |enough: bool, value: f64| (enough && value.is_finite()).then_some(value);
        let any = self.count > 0;
        let varies = self.m2 > 0.0;
        let variance = defined(self.count > 1, self.m2 / (n - 1.0));
        MomentSummary {
            count: self.count,
            mean: defined(any, self.mean + self.mean_rest),
            variance,
            population_variance: defined(any, self.m2 / n),
            standard_deviation: variance.map(f64::sqrt),
            min: defined(any, self.min),
            max: defined(any, self.max),
            skewness: defined(varies, self.m3 / self.m2 * (n / self.m2).sqrt()),
            excess_kurtosis: defined(varies, self.m4 / self.m2 * (n / self.m2) - 3.0),
        }
    }
}

/// Zero instead of a rounding error below it. NaN, the mark of an overflow, stays NaN, which
/// `max` would turn into a zero.
fn not_negative(sum: f64) -> f64 {
    if sum < 0.0 { 0.0 } else { sum }
}

/// The rounded sum and what the rounding took (Knuth, *The Art of Computer Programming* 2,
/// section 4.2.2, theorem B).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// Sums of `K` terms per value. The order of the additions is fixed: four lanes side by side
/// over runs of 512 values, then lane by lane, then run by run. Short runs keep the rounding
/// error small; independent lanes let the machine add several at a time.
fn sums<const K: usize>(values: &[f64], terms: impl Fn(f64) -> [f64; K]) -> [f64; K] {
    const LANES: usize = 4;
    let mut total = [0.0; K];
    for run in values.chunks(512) {
        let mut lanes = [[0.0; K]; LANES];
        let (quads, rest) = run.as_chunks::<LANES>();
        for quad in quads {
            for (lane, value) in lanes.iter_mut().zip(quad) {
                add(lane, &terms(*value));
            }
        }
        for (lane, value) in lanes.iter_mut().zip(rest) {
            add(lane, &terms(*value));
        }
        let [mut a, b, mut c, d] = lanes;
        add(&mut a, &b);
        add(&mut c, &d);
        add(&mut a, &c);
        add(&mut total, &a);
    }
    total
}

fn add<const K: usize>(sum: &mut [f64; K], terms: &[f64; K]) {
    for (sum, term) in sum.iter_mut().zip(terms) {
        *sum += term;
    }
}

impl Accumulator for Moments {
    const CLASS: Class = Class::Floating;
    type Input<'a> = &'a [f64];
    type Options = ();
    type Output = MomentSummary;

    /// # Errors
    /// `type` if a value is not finite; nothing of the block is counted then.
    fn update(&mut self, input: &[f64]) -> Result<()> {
        if input.iter().any(|value| !value.is_finite()) {
            return Err(Error::new(Code::Type, "moments need finite numbers"));
        }
        self.join(&Self::of_block(input));
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.join(&other);
        Ok(())
    }

    fn finish(&self, (): &()) -> Result<MomentSummary> {
        Ok(self.summary())
    }

    /// A version byte, the count, then mean, its rest, M₂, M₃, M₄, minimum and maximum:
    /// 65 bytes.
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(Self::VERSION);
        out.extend(self.count.to_le_bytes());
        for value in [self.mean, self.mean_rest, self.m2, self.m3, self.m4, self.min, self.max] {
            out.extend(value.to_le_bytes());
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let wrong = || Error::new(Code::Decode, "these bytes are not a state of moments");
        let Some((&Self::VERSION, rest)) = bytes.split_first() else { return Err(wrong()) };
        let (words, []) = rest.as_chunks::<8>() else { return Err(wrong()) };
        let [count, rest @ ..] = words else { return Err(wrong()) };
        let [mean, mean_rest, m2, m3, m4, min, max] = rest else { return Err(wrong()) };
        let [mean, mean_rest, m2, m3, m4, min, max] =
            [mean, mean_rest, m2, m3, m4, min, max].map(|word| f64::from_le_bytes(*word));
        Ok(Moments { count: u64::from_le_bytes(*count), mean, mean_rest, m2, m3, m4, min, max })
    }

    fn heap_size(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::accumulator::BlockTree;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> Moments {
        let mut state = Moments::new();
        state.update(values).unwrap();
        state
    }

    fn near(got: Option<f64>, want: f64) -> bool {
        got.is_some_and(|got| (got - want).abs() <= 1e-12 * want.abs().max(1.0))
    }

    #[test]
    fn a_small_column_by_hand() {
        // Deviations −3, −2, −1, 6: M2 = 50, M3 = 180, M4 = 1394.
        let got = of(&[1.0, 2.0, 3.0, 10.0]).summary();
        assert_eq!((got.count, got.mean), (4, Some(4.0)));
        assert!(near(got.variance, 50.0 / 3.0) && near(got.population_variance, 12.5));
        assert!(near(got.standard_deviation, (50.0_f64 / 3.0).sqrt()));
        assert!(near(got.skewness, 2.0 * 180.0 / 50.0_f64.powf(1.5)));
        assert!(near(got.excess_kurtosis, 4.0 * 1394.0 / 2500.0 - 3.0));
        assert_eq!((got.min, got.max), (Some(1.0), Some(10.0)));
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        let offset = [4.0, 7.0, 13.0, 16.0].map(|x| x + 1e9);
        assert_eq!(of(&offset).summary().variance, Some(30.0));
        let mut halves = of(&offset[..2]);
        halves.merge(of(&offset[2..])).unwrap();
        assert_eq!(halves.summary().variance, Some(30.0));
    }

    #[test]
    fn equal_values_have_no_variance_and_no_shape() {
        let got = of(&[0.1; 1000]).summary();
        assert_eq!((got.mean, got.variance), (Some(0.1), Some(0.0)));
        assert_eq!((got.skewness, got.excess_kurtosis), (None, None));
    }

    #[test]
    fn what_is_not_defined_is_none() {
        let nothing = Moments::new().summary();
        assert_eq!((nothing.count, nothing.mean, nothing.min), (0, None, None));
        assert_eq!(nothing.population_variance, None);
        let one = of(&[5.0]).summary();
        assert_eq!((one.mean, one.variance, one.population_variance), (Some(5.0), None, Some(0.0)));
        // The mean of values at the end of the range exists, their variance does not.
        let huge = of(&[1.7e308, -1.7e308, 1.7e308, 1.7e308]).summary();
        assert!(huge.mean.is_some_and(|mean| (mean / 0.85e308 - 1.0).abs() < 1e-12));
        assert_eq!((huge.variance, huge.skewness, huge.excess_kurtosis), (None, None, None));
        let mut ends = of(&[1.7e308]);
        ends.merge(of(&[-1.7e308])).unwrap();
        assert_eq!((ends.summary().mean, ends.summary().variance), (Some(0.0), None));
    }

    #[test]
    fn a_value_that_is_not_finite_is_refused_and_leaves_the_state_as_it_was() {
        let mut state = of(&[1.0, 2.0]);
        for bad in [f64::NAN, f64::INFINITY] {
            assert_eq!(state.update(&[3.0, bad]).unwrap_err().code(), Code::Type);
        }
        assert_eq!(state, of(&[1.0, 2.0]));
    }

    #[test]
    fn bytes_that_are_no_state_are_refused() {
        let mut bytes = Vec::new();
        of(&[1.0, 2.0]).encode(&mut bytes);
        assert_eq!(bytes.len(), 65);
        for wrong in [&bytes[..64], &[], &[1], &[2; 65]] {
            assert_eq!(Moments::decode(wrong).unwrap_err().code(), Code::Decode);
        }
    }

    #[test]
    fn the_number_of_workers_does_not_change_bits() {
        let values: Vec<f64> =
            (0..40_000_u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 8) / 97.0).collect();
        let blocks: Vec<&[f64]> = values.chunks(1000).collect();
        let bits = |workers: usize| {
            let mut trees: Vec<BlockTree<Moments>> =
                (0..workers).map(|_| BlockTree::new()).collect();
            for (index, block) in blocks.iter().enumerate() {
                trees[index % workers].insert(index as u64, of(block)).unwrap();
            }
            let mut all = trees.pop().unwrap();
            trees.into_iter().for_each(|tree| all.merge(tree).unwrap());
            let mut bytes = Vec::new();
            all.into_state().unwrap().unwrap().encode(&mut bytes);
            bytes
        };
        assert_eq!(bits(1), bits(3));
        assert_eq!(bits(1), bits(7));
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        (prop_oneof![Just(0.0), -1e6..1e6_f64], prop::collection::vec(-100.0..100.0_f64, 2..400))
            .prop_map(|(offset, values)| values.into_iter().map(|x| x + offset).collect())
    }

    /// Relative to the size of the deviations: what 1e-12 can mean for a difference.
    fn same(a: &Moments, b: &Moments) -> bool {
        let scale = (a.m2 / a.count as f64).sqrt().max(a.mean.abs()).max(1e-300);
        let close = |x: f64, y: f64, size: f64| (x - y).abs() <= 1e-12 * size;
        let (m3, m4) = (a.m2 * scale, a.m2 * scale * scale);
        a.count == b.count
            && (a.min, a.max) == (b.min, b.max)
            && close(a.mean, b.mean, scale)
            && close(a.m2, b.m2, a.m2)
            && close(a.m3, b.m3, m3)
            && close(a.m4, b.m4, m4)
    }

    proptest! {
        #[test]
        fn another_cut_changes_less_than_1e_12(x in values(), cut in any::<prop::sample::Index>(), piece in 1_usize..50) {
            let whole = of(&x);
            let (left, right) = x.split_at(cut.index(x.len()));
            let mut two = of(left);
            two.merge(of(right)).unwrap();
            prop_assert!(same(&whole, &two), "{whole:?} {two:?}");
            let mut pieces = Moments::new();
            x.chunks(piece).for_each(|chunk| pieces.update(chunk).unwrap());
            prop_assert!(same(&whole, &pieces), "{whole:?} {pieces:?}");
        }

        #[test]
        fn an_empty_state_changes_no_bit_and_encoding_keeps_all(x in values()) {
            let state = of(&x);
            let mut left = Moments::new();
            left.merge(state.clone()).unwrap();
            let mut right = state.clone();
            right.merge(Moments::new()).unwrap();
            prop_assert_eq!(&left, &state);
            prop_assert_eq!(&right, &state);
            let mut bytes = Vec::new();
            state.encode(&mut bytes);
            prop_assert_eq!(&Moments::decode(&bytes).unwrap(), &state);
        }

        #[test]
        fn mirrored_values_have_mirrored_skewness(x in values()) {
            let mirrored: Vec<f64> = x.iter().map(|v| -v).collect();
            let (a, b) = (of(&x).summary(), of(&mirrored).summary());
            prop_assert_eq!(a.variance, b.variance);
            prop_assert_eq!(a.skewness, b.skewness.map(|s| -s));
            prop_assert_eq!(a.excess_kurtosis, b.excess_kurtosis);
        }
    }
}
