//! The one mergeable state of an arm: counts, means and central cross moments of the values that
//! each unit has (the metric, its covariate, numerator, denominator). Every comparison derives from
//! it; parts are added by merging.
//!
//! # Method
//! Within a block the means come first and the products of deviations second, so that data far from
//! zero loses no digits; blocks join by the pairwise formula of Chan, Golub and LeVeque, which
//! Pébay gives for covariances (equation 3.1).
//!
//! # References
//! T. F. Chan, G. H. Golub, R. J. LeVeque, The American Statistician 37 (1983). P. Pébay, Sandia
//! report SAND2008-6212 (2008).

use crate::error::{Code, Error, Result};
use crate::stats::accumulator::{Accumulator, Class};

/// Most values per unit in one state.
pub const MOST_VALUES: usize = 64;

/// See the [module](self). A state without units takes the number of values of what it first meets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnitStats {
    count: u64,
    means: Vec<f64>,
    /// What rounding took from each mean.
    rests: Vec<f64>,
    /// `Σ (a − ā)(b − b̄)` for `b ≤ a`, row after row of the lower triangle.
    products: Vec<f64>,
}

impl UnitStats {
    /// No units yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A state out of what a report says: the mean of each value, and the lower triangle of their
    /// sample covariances (`n − 1`), row after row.
    ///
    /// # Errors
    /// `invalid-option` if the lengths do not fit, a number is not finite or a variance negative.
    pub fn of_moments(count: u64, means: &[f64], covariances: &[f64]) -> Result<Self> {
        let size = means.len();
        let all_finite = means.iter().chain(covariances).all(|value| value.is_finite());
        let factor = count.saturating_sub(1) as f64;
        let state = UnitStats {
            count,
            means: means.to_vec(),
            rests: vec![0.0; size],
            products: covariances.iter().map(|value| value * factor).collect(),
        };
        let no_variance_below_zero =
            (0..size).all(|at| state.product(at, at).is_some_and(|square| square >= 0.0));
        if size > MOST_VALUES
            || covariances.len() != triangle(size)
            || !all_finite
            || !no_variance_below_zero
        {
            return Err(Error::new(
                Code::InvalidOption,
                "moments are finite means and the lower triangle of their covariances",
            ));
        }
        Ok(state)
    }

    /// How many units.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean of a value. `None` without units.
    #[must_use]
    pub fn mean(&self, value: usize) -> Option<f64> {
        let mean = self.means.get(value)? + self.rests.get(value)?;
        (self.count > 0 && mean.is_finite()).then_some(mean)
    }

    /// The sample covariance (`n − 1`) of two values; of one with itself its variance. `None` below
    /// two units, and where it is beyond what floats hold.
    #[must_use]
    pub fn covariance(&self, a: usize, b: usize) -> Option<f64> {
        let product = self.product(a, b)?;
        let found = product / (self.count.checked_sub(1).filter(|n| *n > 0)? as f64);
        found.is_finite().then_some(found)
    }

    fn product(&self, a: usize, b: usize) -> Option<f64> {
        let (a, b) = (a.max(b), a.min(b));
        self.products.get(triangle(a) + b).copied()
    }

    /// The state of one block.
    fn of_block(columns: &[&[f64]]) -> Self {
        let count = columns.first().map_or(0, |column| column.len());
        if count == 0 {
            return Self::default();
        }
        let n = count as f64;
        let mut means = Vec::with_capacity(columns.len());
        let mut rests = Vec::with_capacity(columns.len());
        for column in columns {
            // From the first value: exact where all are equal, and no digits lost far from zero.
            let first = column.first().copied().unwrap_or(0.0);
            let mean = first + lanes(column, column, |x, _| x - first) / n;
            means.push(mean);
            rests.push(lanes(column, column, |x, _| x - mean) / n);
        }
        let mut products = Vec::with_capacity(triangle(columns.len()));
        let centred = || columns.iter().zip(&means).zip(&rests);
        for (a, ((x, mean_x), rest_x)) in centred().enumerate() {
            for ((y, mean_y), rest_y) in centred().take(a + 1) {
                let sum = lanes(x, y, |x, y| (x - mean_x) * (y - mean_y));
                products.push(sum - n * rest_x * rest_y);
            }
        }
        UnitStats { count: count as u64, means, rests, products }
    }

    /// Adds the units at the listed places of one column or two.
    ///
    /// One pass of sums about the means so far. Where that would cost a digit, since these are far
    /// from the means of the listed, there is another about those.
    pub(super) fn add_listed(&mut self, list: &[u16], columns: &[&[f64]]) -> Result<()> {
        let (Some(x), Some(y), Some(first)) = (columns.first(), columns.last(), list.first())
        else {
            return Ok(());
        };
        let n = list.len() as f64;
        let start = |column: &[f64], value: usize| {
            let first = column.get(usize::from(*first)).copied();
            self.mean(value).or(first).unwrap_or(0.0)
        };
        let (mut at_x, mut at_y) = (start(x, 0), start(y, columns.len() - 1));
        let mut again = true;
        let found = loop {
            let [x, y, xx, xy, yy] = sums(list, x, y, at_x, at_y);
            let (x, y) = (x / n, y / n);
            let products = [xx - n * x * x, xy - n * x * y, yy - n * y * y];
            let is_far = |product: f64, square: f64| product < 0.1 * square;
            if again && (is_far(products[0], xx) || is_far(products[2], yy)) {
                (at_x, at_y, again) = (at_x + x, at_y + y, false);
                continue;
            }
            let means = [two_sum(at_x, x), two_sum(at_y, y)];
            let means = || means.iter().take(columns.len());
            break UnitStats {
                count: list.len() as u64,
                means: means().map(|(mean, _)| *mean).collect(),
                rests: means().map(|(_, rest)| *rest).collect(),
                products: products.into_iter().take(triangle(columns.len())).collect(),
            };
        };
        self.join(&found)
    }

    /// One of the values alone; without units nothing.
    pub(super) fn part(&self, value: usize) -> Self {
        let pick = |from: &[f64], at: usize| from.get(at).copied().into_iter().collect();
        match self.means.get(value) {
            None => Self::default(),
            Some(_) => UnitStats {
                count: self.count,
                means: pick(&self.means, value),
                rests: pick(&self.rests, value),
                products: pick(&self.products, triangle(value) + value),
            },
        }
    }

    /// With one more value that is the same in all units.
    pub(super) fn with(&self, value: f64) -> Self {
        let mut found = self.clone();
        if self.count > 0 {
            found.products.resize(triangle(self.means.len() + 1), 0.0);
            found.means.push(value);
            found.rests.push(0.0);
        }
        found
    }

    fn join(&mut self, other: &UnitStats) -> Result<()> {
        if other.count == 0 {
            return Ok(());
        }
        if self.count == 0 {
            *self = other.clone();
            return Ok(());
        }
        if self.means.len() != other.means.len() {
            return Err(Error::new(
                Code::InvalidOption,
                "states with different numbers of values cannot be merged",
            ));
        }
        let (n, m) = (self.count as f64, other.count as f64);
        let share = m / (n + m);
        let theirs = other.means.iter().zip(&other.rests);
        let deltas: Vec<f64> = (self.means.iter().zip(&self.rests).zip(theirs))
            .map(|((mean, rest), (other, other_rest))| (other - mean) + (other_rest - rest))
            .collect();
        let mut at = self.products.iter_mut().zip(&other.products);
        for (a, x) in deltas.iter().enumerate() {
            for y in deltas.iter().take(a + 1) {
                if let Some((mine, theirs)) = at.next() {
                    *mine += theirs + x * y * n * share;
                }
            }
        }
        for ((mean, rest), delta) in self.means.iter_mut().zip(&mut self.rests).zip(&deltas) {
            (*mean, *rest) = two_sum(*mean, *rest + delta * share);
        }
        self.count += other.count;
        Ok(())
    }
}

fn triangle(size: usize) -> usize {
    size * (size + 1) / 2
}

/// A sum and what rounding took from it.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

/// `Σx, Σy, Σx², Σxy, Σy²` of the listed values less `at_x` and `at_y`. Not part of what calls it, so
/// that all five stay in registers.
#[inline(never)]
fn sums(list: &[u16], x: &[f64], y: &[f64], at_x: f64, at_y: f64) -> [f64; 5] {
    let (x, y) = (x.split_at(x.len().min(y.len())).0, y.split_at(x.len().min(y.len())).0);
    let (mut a, mut b, mut c, mut d, mut e) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for at in list {
        let at = usize::from(*at);
        if let (Some(x), Some(y)) = (x.get(at), y.get(at)) {
            let (x, y) = (x - at_x, y - at_y);
            a += x;
            b += y;
            c += x * x;
            d += x * y;
            e += y * y;
        }
    }
    [a, b, c, d, e]
}

/// The sum of `term` over two columns in four lanes, in one fixed order.
#[inline(always)]
fn lanes(x: &[f64], y: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut total = 0.0;
    for (x, y) in x.chunks(512).zip(y.chunks(512)) {
        let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<4>(), y.as_chunks::<4>());
        let (mut a, mut b, mut c, mut d) = (0.0, 0.0, 0.0, 0.0);
        for ([x0, x1, x2, x3], [y0, y1, y2, y3]) in xs.iter().zip(ys) {
            a += term(*x0, *y0);
            b += term(*x1, *y1);
            c += term(*x2, *y2);
            d += term(*x3, *y3);
        }
        total += (a + c) + (b + d);
        for (x, y) in x_rest.iter().zip(y_rest) {
            total += term(*x, *y);
        }
    }
    total
}

impl Accumulator for UnitStats {
    const CLASS: Class = Class::Floating;
    /// One column per value, all of one length.
    type Input<'a> = &'a [&'a [f64]];
    type Options = ();
    type Output = UnitStats;

    /// # Errors
    /// `type` if a value is not finite, `invalid-option` if columns differ in length or number;
    /// nothing of the block is counted then.
    fn update(&mut self, input: &[&[f64]]) -> Result<()> {
        let length = input.first().map_or(0, |column| column.len());
        if input.len() > MOST_VALUES || input.iter().any(|column| column.len() != length) {
            return Err(Error::new(Code::InvalidOption, "columns must be of one length"));
        }
        let block = Self::of_block(input);
        // A value that is not finite leaves no mean finite; huge ones may do so, too.
        if block.means.iter().any(|mean| !mean.is_finite())
            && input.iter().any(|column| column.iter().any(|value| !value.is_finite()))
        {
            return Err(Error::new(Code::Type, "moments need finite numbers"));
        }
        self.join(&block)
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.join(&other)
    }

    fn finish(&self, (): &()) -> Result<UnitStats> {
        Ok(self.clone())
    }

    /// A version byte, the number of values, the count, then means, rests and products.
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend([1, self.means.len() as u8]);
        out.extend(self.count.to_le_bytes());
        for value in self.means.iter().chain(&self.rests).chain(&self.products) {
            out.extend(value.to_le_bytes());
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let wrong = || Error::new(Code::Decode, "these bytes are not a state of units");
        let [1, size, rest @ ..] = bytes else { return Err(wrong()) };
        let size = usize::from(*size);
        let (words, []) = rest.as_chunks::<8>() else { return Err(wrong()) };
        let Some((count, words)) = words.split_first() else { return Err(wrong()) };
        if size > MOST_VALUES || words.len() != 2 * size + triangle(size) {
            return Err(wrong());
        }
        let numbers =
            |words: &[[u8; 8]]| words.iter().map(|word| f64::from_le_bytes(*word)).collect();
        let (means, words) = words.split_at(size);
        let (rests, products) = words.split_at(size);
        Ok(UnitStats {
            count: u64::from_le_bytes(*count),
            means: numbers(means),
            rests: numbers(rests),
            products: numbers(products),
        })
    }

    fn heap_size(&self) -> usize {
        (self.means.capacity() + self.rests.capacity() + self.products.capacity()) * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(columns: &[&[f64]]) -> UnitStats {
        let mut state = UnitStats::new();
        state.update(columns).unwrap();
        state
    }

    #[test]
    fn moments_far_from_zero_keep_their_digits_and_merge() {
        let x = [4.0, 7.0, 13.0, 16.0].map(|x| x + 1e9);
        let y = [1.0, 2.0, 3.0, 4.0].map(|y| y - 1e9);
        let whole = of(&[&x, &y]);
        assert_eq!(whole.covariance(0, 0), Some(30.0));
        assert_eq!(whole.covariance(0, 1), Some(7.0));
        assert_eq!(whole.covariance(1, 0), Some(7.0));
        let mut halves = of(&[&x[..1], &y[..1]]);
        halves.merge(of(&[&x[1..], &y[1..]])).unwrap();
        assert_eq!(halves.covariance(0, 1), Some(7.0));
        assert_eq!(halves.mean(0), Some(1e9 + 10.0));
    }

    #[test]
    fn what_is_not_defined_is_none() {
        assert_eq!(UnitStats::new().mean(0), None);
        let one = of(&[&[3.0]]);
        assert_eq!((one.mean(0), one.covariance(0, 0), one.mean(1)), (Some(3.0), None, None));
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        let mut state = of(&[&[1.0, 2.0]]);
        assert_eq!(state.update(&[&[1.0], &[]]).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(state.update(&[&[f64::NAN]]).unwrap_err().code(), Code::Type);
        assert_eq!(state.update(&[&[1.0], &[2.0]]).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(state, of(&[&[1.0, 2.0]]));
        assert!(UnitStats::of_moments(5, &[1.0], &[-1.0]).is_err());
        assert!(UnitStats::of_moments(5, &[1.0], &[]).is_err());
    }
}
