//! Exact order statistics and quantiles of a column, by counting instead of a full sort.
//!
//! [`order_statistics`] finds the k-th smallest values, [`quantiles`] the nine sample quantiles
//! of Hyndman and Fan, [`ExactQuantiles`] is the same as a mergeable statistic.
//!
//! # Reference
//! R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American
//! Statistician 50 (1996) 361–365. The type numbers are those of the paper and of R.

use crate::error::{Code, Error, Result};
use crate::stats::accumulator::{Accumulator, Class};
use serde::{Deserialize, Serialize};

/// Which sample quantile: the nine types of Hyndman and Fan (1996), written as their numbers.
///
/// With `n` sorted values `x[1] ≤ … ≤ x[n]` each type turns a probability `p` into a position
/// `n·p + m`; types 1–3 pick a value there, types 4–9 interpolate between its neighbours.
///
/// Which one? 7 is what spreadsheets, NumPy and R do by default. 1 always returns a value that
/// occurs. 8 is nearly unbiased for the median whatever the distribution, and is what the paper
/// recommends. Types 4 and 6 put quantiles of small samples at the extremes: with 9 values or
/// fewer the 0.9-quantile of type 6 is the maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("minimum" = 1, "maximum" = 9)))]
#[repr(u8)]
pub enum QuantileType {
    /// 1: inverse of the empirical distribution function.
    InverseCdf = 1,
    /// 2: as 1, but the mean of both neighbours where the distribution function is flat.
    AveragedInverseCdf = 2,
    /// 3: the value nearest to `n·p`; half-way goes to the even rank.
    NearestEven = 3,
    /// 4: linear interpolation of the empirical distribution function (`m = 0`).
    InterpolatedCdf = 4,
    /// 5: piecewise linear through the middle of each step (`m = 1/2`).
    Hazen = 5,
    /// 6: `p(k) = k/(n+1)` (`m = p`).
    Weibull = 6,
    /// 7: `p(k) = (k−1)/(n−1)` (`m = 1−p`); the usual default.
    #[default]
    Linear = 7,
    /// 8: approximately median-unbiased (`m = (p+1)/3`).
    MedianUnbiased = 8,
    /// 9: approximately unbiased for normal data (`m = p/4 + 3/8`).
    NormalUnbiased = 9,
}

impl QuantileType {
    /// All nine, in the order of their numbers.
    pub const ALL: [QuantileType; 9] = [
        QuantileType::InverseCdf,
        QuantileType::AveragedInverseCdf,
        QuantileType::NearestEven,
        QuantileType::InterpolatedCdf,
        QuantileType::Hazen,
        QuantileType::Weibull,
        QuantileType::Linear,
        QuantileType::MedianUnbiased,
        QuantileType::NormalUnbiased,
    ];
}

impl From<QuantileType> for u8 {
    fn from(kind: QuantileType) -> u8 {
        kind as u8
    }
}

impl TryFrom<u8> for QuantileType {
    type Error = &'static str;

    fn try_from(number: u8) -> std::result::Result<Self, Self::Error> {
        QuantileType::ALL
            .into_iter()
            .find(|kind| *kind as u8 == number)
            .ok_or("the quantile type is a number from 1 to 9")
    }
}

/// Where a quantile lies: between the values of rank `lower` and `upper` (from 0), `share` of
/// the way from the first to the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Rank of the value below, from 0.
    pub lower: usize,
    /// Rank of the value above: `lower` or `lower + 1`.
    pub upper: usize,
    /// How far to go from the one to the other, in `[0, 1)`.
    pub share: f64,
}

impl Position {
    /// The position of the `p`-quantile of `n` values, or `None` if `n` is 0 or `p` is not in
    /// `[0, 1]`.
    ///
    /// `n·p` counts as exact: a probability such as 0.1 has no exact binary form, and
    /// `0.1 * 3.0` is not even the nearest number to 0.3, so `10 · p` may come out as
    /// 3.0000000000000004. A position within 4 units in the last place (`4·2⁻⁵²`, relative, and
    /// at least that much absolute) of a whole number is therefore taken as that number.
    /// Probabilities that differ on purpose by so little are not told apart; for that one
    /// would need more than 2⁴⁹ values.
    #[must_use]
    pub fn of(n: usize, p: f64, kind: QuantileType) -> Option<Position> {
        if n == 0 || !(0.0..=1.0).contains(&p) {
            return None;
        }
        let count = n as f64;
        // n·p + m, each with as few roundings as the formula allows.
        let h = match kind {
            QuantileType::InverseCdf
            | QuantileType::AveragedInverseCdf
            | QuantileType::InterpolatedCdf => count * p,
            QuantileType::NearestEven => count * p - 0.5,
            QuantileType::Hazen => count * p + 0.5,
            QuantileType::Weibull => (count + 1.0) * p,
            QuantileType::Linear => (count - 1.0) * p + 1.0,
            QuantileType::MedianUnbiased => ((3.0 * count + 1.0) * p + 1.0) / 3.0,
            QuantileType::NormalUnbiased => ((8.0 * count + 2.0) * p + 3.0) / 8.0,
        };
        let whole = h.round();
        let tolerance = 4.0 * f64::EPSILON * h.abs().max(1.0);
        let (floor, share) =
            if (h - whole).abs() <= tolerance { (whole, 0.0) } else { (h.floor(), h - h.floor()) };
        let (step, share) = match kind {
            QuantileType::InverseCdf => (f64::from(share > 0.0), 0.0),
            QuantileType::AveragedInverseCdf if share == 0.0 => (0.0, 0.5),
            QuantileType::AveragedInverseCdf => (1.0, 0.0),
            QuantileType::NearestEven => (f64::from(share > 0.0 || floor % 2.0 != 0.0), 0.0),
            _ => (0.0, share),
        };
        // Ranks count from 1 up to here; below 1 and above n stands the extreme value.
        let rank = |k: f64| (k.clamp(1.0, count) - 1.0) as usize;
        let lower = rank(floor + step).min(n - 1);
        let upper = if share > 0.0 { rank(floor + step + 1.0).min(n - 1) } else { lower };
        Some(Position { lower, upper, share: if upper > lower { share } else { 0.0 } })
    }

    /// The position of the quantile of type 7 at the probability `part/whole`, in integers, so
    /// that nothing is rounded. `None` if `n` or `whole` is 0 or `part > whole`.
    #[must_use]
    pub fn linear_at_fraction(n: usize, part: u32, whole: u32) -> Option<Position> {
        if n == 0 || whole == 0 || part > whole {
            return None;
        }
        let steps = (n as u64 - 1) * u64::from(part);
        let lower = (steps / u64::from(whole)) as usize;
        let rest = steps % u64::from(whole);
        if rest == 0 {
            return Some(Position { lower, upper: lower, share: 0.0 });
        }
        Some(Position { lower, upper: lower + 1, share: rest as f64 / f64::from(whole) })
    }

    /// The quantile, from the two values that the position names.
    #[must_use]
    pub fn between(self, below: f64, above: f64) -> f64 {
        if self.share == 0.0 || below == above {
            return below;
        }
        let distance = above - below;
        if distance.is_finite() {
            // Rounding must not lead beyond the upper value.
            (below + distance * self.share).min(above)
        } else {
            // Opposite signs near the end of the range: the two products cannot overflow.
            below * (1.0 - self.share) + above * self.share
        }
    }
}

/// The values of the given ranks (0 is the smallest), in the order of `ranks`.
///
/// No sort, and no copy of the values. Whole numbers close together are counted one by one.
/// Others are counted into 4,096 buckets that keep their order; only the buckets that hold a
/// wanted rank are looked into, in the same way, until few values are left. The time is O(n)
/// for any number of ranks and any distribution: the first round separates values as people see
/// them, each later one 1/4,096 of the *range of bit patterns*, so that after at most seven
/// rounds a bucket holds one value. Ties and both zeros are ordered by [`f64::total_cmp`]. A
/// rank beyond the end gives the largest value.
///
/// Returns an empty vector if there are no values.
///
/// # Errors
/// `limit-memory` if there is no room for the answer or for the values of the buckets.
pub fn order_statistics(values: &[f64], ranks: &[usize]) -> Result<Vec<f64>> {
    let Some(last) = values.len().checked_sub(1) else { return Ok(Vec::new()) };
    let mut wanted = reserve(ranks.len())?;
    wanted.extend(ranks.iter().map(|rank| (*rank).min(last)));
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = reserve(wanted.len())?;
    if !count_whole(values, &wanted, &mut found)? {
        select(values, &wanted, &mut found, visible_key, false)?;
    }
    let mut answer = reserve(ranks.len())?;
    answer.extend(ranks.iter().filter_map(|rank| {
        let at = wanted.binary_search(&(*rank).min(last)).ok()?;
        found.get(at).copied()
    }));
    Ok(answer)
}

/// Up to this many values a sort is faster than counting.
const FEW: usize = 512;
/// The widest range of whole numbers that is counted number by number.
const MOST_NUMBERS: i64 = 1 << 16;
/// Buckets of one round, as a power of two.
const BUCKET_BITS: u32 = 12;

/// Pushes the values of the ascending, distinct `wanted` ranks. `key` keeps the order of the
/// values; `exact` says that only equal values have equal keys.
fn select(
    values: &[f64],
    wanted: &[usize],
    found: &mut Vec<f64>,
    key: impl Fn(f64) -> u64,
    exact: bool,
) -> Result<()> {
    if values.len() <= FEW {
        let mut few = reserve(values.len())?;
        few.extend_from_slice(values);
        few.sort_unstable_by(f64::total_cmp);
        found.extend(wanted.iter().filter_map(|rank| few.get(*rank)));
        return Ok(());
    }
    let (low, high) = values.iter().fold((u64::MAX, 0), |(low, high), value| {
        let key = key(*value);
        (low.min(key), high.max(key))
    });
    if low == high {
        if !exact {
            return select(values, wanted, found, bit_key, true);
        }
        found.extend(wanted.iter().zip(values).map(|(_, value)| value));
        return Ok(());
    }
    let shift = (u64::BITS - (high - low).leading_zeros()).saturating_sub(BUCKET_BITS);
    let bucket_of = |value: f64| ((key(value) - low) >> shift) as usize;
    let mut counts = [0_usize; 1 << BUCKET_BITS];
    for value in values {
        if let Some(count) = counts.get_mut(bucket_of(*value)) {
            *count += 1;
        }
    }
    // How many values lie below it, which wanted ranks are inside, its values.
    let mut open: Vec<(usize, &[usize], Vec<f64>)> = reserve(wanted.len())?;
    // For each bucket 1 plus its index in `open`, or 0; there are 4,096 at most.
    let mut place = [0_u16; 1 << BUCKET_BITS];
    let (mut before, mut rest) = (0, wanted);
    for (count, place) in counts.iter().zip(place.iter_mut()) {
        let (inside, later) = rest.split_at(rest.partition_point(|rank| *rank < before + count));
        if !inside.is_empty() {
            open.push((before, inside, reserve(*count)?));
            *place = open.len() as u16;
            rest = later;
        }
        before += count;
    }
    for value in values {
        let place = place.get(bucket_of(*value)).copied().unwrap_or(0);
        if let Some((_, _, inside)) = open.get_mut(usize::from(place).wrapping_sub(1)) {
            inside.push(*value);
        }
    }
    for (before, ranks, inside) in open {
        let mut within = reserve(ranks.len())?;
        within.extend(ranks.iter().map(|rank| rank - before));
        select(&inside, &within, found, bit_key, true)?;
    }
    Ok(())
}

/// Pushes the values of the ascending `wanted` ranks, if all values are whole numbers close
/// together, such as days and orders: then one count per number is the whole answer. Says
/// whether it did.
fn count_whole(values: &[f64], wanted: &[usize], found: &mut Vec<f64>) -> Result<bool> {
    let (mut low, mut high) = (i32::MAX, i32::MIN);
    for chunk in values.chunks(1024) {
        let mut whole = true;
        for value in chunk {
            let number = *value as i32;
            // By bits, so that -0 is not taken for 0.
            whole &= f64::from(number).to_bits() == value.to_bits();
            low = low.min(number);
            high = high.max(number);
        }
        if !whole {
            return Ok(false);
        }
    }
    let numbers = i64::from(high) - i64::from(low) + 1;
    if numbers > MOST_NUMBERS.min(values.len() as i64) {
        return Ok(false);
    }
    let mut counts: Vec<usize> = reserve(numbers as usize)?;
    counts.resize(numbers as usize, 0);
    for value in values {
        if let Some(count) = counts.get_mut((*value as i32).wrapping_sub(low) as usize) {
            *count += 1;
        }
    }
    let (mut before, mut rest) = (0, wanted);
    for (number, count) in (i64::from(low)..).zip(&counts) {
        before += count;
        let (inside, later) = rest.split_at(rest.partition_point(|rank| *rank < before));
        found.extend(inside.iter().map(|_| number as f64));
        rest = later;
    }
    Ok(true)
}

/// Bits whose order as an integer is that of [`f64::total_cmp`]: negative numbers turned over,
/// positive ones above them.
fn bit_key(value: f64) -> u64 {
    let bits = value.to_bits();
    bits ^ (((bits as i64) >> 63) as u64 | 1 << 63)
}

/// The same, but 1 away from zero: the bits of `1 + |x|`, with the sign, from 0 at zero. Half
/// of all bit patterns are numbers below 1 in size; a single zero among days or amounts would
/// leave the others in a few buckets.
fn visible_key(value: f64) -> u64 {
    let size = (1.0 + value.abs()).to_bits().wrapping_sub(1_f64.to_bits());
    let signed = if value.is_sign_negative() { size.wrapping_neg() } else { size };
    signed ^ 1 << 63
}

/// The quantiles of `values` at each of `probabilities`, or `None` if there are no values.
///
/// `values` must be finite, in any order. Duplicates and a single value are fine: with one value
/// every quantile is that value.
///
/// # Errors
/// `invalid-option` if a probability is not in `[0, 1]`; `limit-memory` if there is no room for
/// the answer.
pub fn quantiles(
    values: &[f64],
    probabilities: &[f64],
    kind: QuantileType,
) -> Result<Option<Vec<f64>>> {
    let positions = positions(values.len(), probabilities, kind)?;
    let Some(positions) = positions else { return Ok(None) };
    let mut ranks = reserve(2 * positions.len())?;
    ranks.extend(positions.iter().flat_map(|position| [position.lower, position.upper]));
    let found = order_statistics(values, &ranks)?;
    let mut answer = reserve(positions.len())?;
    for (position, pair) in positions.iter().zip(found.chunks_exact(2)) {
        if let [below, above] = pair {
            answer.push(position.between(*below, *above));
        }
    }
    Ok(Some(answer))
}

/// The quantiles of values that are already sorted ascending; otherwise as [`quantiles`].
///
/// # Errors
/// As [`quantiles`].
pub fn quantiles_of_sorted(
    sorted: &[f64],
    probabilities: &[f64],
    kind: QuantileType,
) -> Result<Option<Vec<f64>>> {
    let Some(positions) = positions(sorted.len(), probabilities, kind)? else { return Ok(None) };
    let mut answer = reserve(positions.len())?;
    for position in positions {
        if let (Some(below), Some(above)) = (sorted.get(position.lower), sorted.get(position.upper))
        {
            answer.push(position.between(*below, *above));
        }
    }
    Ok(Some(answer))
}

fn positions(n: usize, probabilities: &[f64], kind: QuantileType) -> Result<Option<Vec<Position>>> {
    let mut positions = reserve(probabilities.len())?;
    for (at, p) in probabilities.iter().enumerate() {
        if !(0.0..=1.0).contains(p) {
            return Err(Error::new(Code::InvalidOption, "a probability lies between 0 and 1")
                .at_path(format!("probabilities[{at}]")));
        }
        if n > 0 {
            positions.extend(Position::of(n, *p, kind));
        }
    }
    Ok((n > 0).then_some(positions))
}

/// An empty vector with room for `count` elements.
fn reserve<T>(count: usize) -> Result<Vec<T>> {
    let mut room = Vec::new();
    make_room(&mut room, count)?;
    Ok(room)
}

fn make_room<T>(room: &mut Vec<T>, count: usize) -> Result<()> {
    room.try_reserve(count).map_err(|_| {
        Error::new(Code::LimitMemory, "not enough memory for the values; use fewer rows or columns")
    })
}

/// What [`ExactQuantiles::finish`] answers.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileOptions {
    /// The probabilities, each in `[0, 1]`.
    pub probabilities: Vec<f64>,
    /// The definition.
    pub kind: QuantileType,
}

/// Exact quantiles as a mergeable statistic: keeps every value (8 bytes each).
///
/// Two states that saw the same values in another order are equal, encode to the same bytes and
/// finish to the same bits. For columns beyond memory a sketch is the right tool.
#[derive(Clone, Debug, Default)]
pub struct ExactQuantiles {
    values: Vec<f64>,
}

impl ExactQuantiles {
    const VERSION: u8 = 1;

    /// No values yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many values were seen.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len()
    }

    fn sorted(&self) -> Result<Vec<f64>> {
        let mut sorted = reserve(self.values.len())?;
        sorted.extend_from_slice(&self.values);
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(sorted)
    }
}

impl PartialEq for ExactQuantiles {
    /// Equal if both saw the same values, in whatever order.
    fn eq(&self, other: &Self) -> bool {
        self.count() == other.count()
            && matches!((self.sorted(), other.sorted()), (Ok(a), Ok(b))
                if a.iter().zip(&b).all(|(x, y)| x.to_bits() == y.to_bits()))
    }
}

impl Accumulator for ExactQuantiles {
    const CLASS: Class = Class::Exact;
    type Input<'a> = &'a [f64];
    type Options = QuantileOptions;
    type Output = Option<Vec<f64>>;

    /// # Errors
    /// `type` if a value is not finite; `limit-memory` if the values no longer fit.
    fn update(&mut self, input: &[f64]) -> Result<()> {
        if input.iter().any(|value| !value.is_finite()) {
            return Err(Error::new(Code::Type, "a quantile needs finite numbers"));
        }
        make_room(&mut self.values, input.len())?;
        self.values.extend_from_slice(input);
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        make_room(&mut self.values, other.values.len())?;
        self.values.extend_from_slice(&other.values);
        Ok(())
    }

    /// The quantiles in the order of the probabilities, or `None` if no value was seen.
    fn finish(&self, options: &QuantileOptions) -> Result<Option<Vec<f64>>> {
        quantiles_of_sorted(&self.sorted()?, &options.probabilities, options.kind)
    }

    /// A version byte, then the values ascending.
    fn encode(&self, out: &mut Vec<u8>) {
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        out.push(Self::VERSION);
        out.extend(sorted.iter().flat_map(|value| value.to_le_bytes()));
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let wrong = || Error::new(Code::Decode, "these bytes are not a state of exact quantiles");
        let Some((&Self::VERSION, rest)) = bytes.split_first() else { return Err(wrong()) };
        let (words, rest) = rest.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(wrong());
        }
        let mut values = reserve(words.len())?;
        for word in words {
            let value = f64::from_le_bytes(*word);
            if !value.is_finite() {
                return Err(wrong());
            }
            values.push(value);
        }
        Ok(ExactQuantiles { values })
    }

    fn heap_size(&self) -> usize {
        self.values.capacity() * size_of::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(values: &[f64], p: f64, kind: QuantileType) -> f64 {
        quantiles(values, &[p], kind).unwrap().unwrap()[0]
    }

    #[test]
    fn the_nine_types_differ_as_the_paper_says() {
        // n = 4, p = 0.4: n·p = 1.6.
        let x = [10.0, 20.0, 30.0, 40.0];
        let expected = [
            20.0,
            20.0,
            20.0,
            16.0,
            21.0,
            20.0,
            22.0,
            10.0 * ((13.0 * 0.4 + 1.0) / 3.0),
            10.0 * ((34.0 * 0.4 + 3.0) / 8.0),
        ];
        for (kind, want) in QuantileType::ALL.into_iter().zip(expected) {
            let got = at(&x, 0.4, kind);
            assert!((got - want).abs() < 1e-12, "type {}: {got} instead of {want}", kind as u8);
        }
    }

    #[test]
    fn a_rounding_error_in_the_probability_does_not_move_the_index() {
        // 0.1 * 3.0 is above 0.3, 0.7 * 10.0 is below 7: both must act as the decimal.
        let x: Vec<f64> = (1..=10).map(f64::from).collect();
        for tenth in 1..=9_u32 {
            for p in [
                f64::from(tenth) / 10.0,
                0.1 * f64::from(tenth),
                1.0 - f64::from(10 - tenth) / 10.0,
            ] {
                let k = f64::from(tenth);
                assert_eq!(at(&x, p, QuantileType::InverseCdf), k, "p = {p:e}");
                assert_eq!(at(&x, p, QuantileType::AveragedInverseCdf), k + 0.5, "p = {p:e}");
                assert_eq!(at(&x, p, QuantileType::NearestEven), k, "p = {p:e}");
                assert_eq!(at(&x, p, QuantileType::InterpolatedCdf), k, "p = {p:e}");
            }
        }
        // A million values, so that the error in n·p is a million times larger.
        let n = 1_000_000;
        for tenth in 1..=9 {
            let position = Position::of(n, 0.1 * tenth as f64, QuantileType::InverseCdf).unwrap();
            assert_eq!(position.lower, n / 10 * tenth - 1);
        }
    }

    #[test]
    fn half_way_goes_to_the_even_rank_in_type_3() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        // n·p = 1.5, 2.5, 4.5: ranks 2, 2, 4.
        assert_eq!(at(&x, 0.25, QuantileType::NearestEven), 2.0);
        assert_eq!(at(&x, 2.5 / 6.0, QuantileType::NearestEven), 2.0);
        assert_eq!(at(&x, 0.75, QuantileType::NearestEven), 4.0);
    }

    #[test]
    fn no_values_give_no_quantile_and_one_value_gives_itself() {
        for kind in QuantileType::ALL {
            assert_eq!(quantiles(&[], &[0.5], kind), Ok(None));
            for p in [0.0, 0.3, 0.5, 1.0] {
                assert_eq!(at(&[7.0], p, kind), 7.0);
            }
        }
    }

    #[test]
    fn a_probability_outside_0_to_1_is_refused_by_its_place() {
        for p in [-0.1, 1.0000001, f64::NAN] {
            let error = quantiles(&[1.0], &[0.5, p], QuantileType::Linear).unwrap_err();
            assert_eq!(
                (error.code(), error.path()),
                (Code::InvalidOption, Some("probabilities[1]"))
            );
        }
    }

    #[test]
    fn interpolation_does_not_overflow() {
        let got = at(&[-1.7e308, 1.7e308], 0.75, QuantileType::Linear);
        assert!((got - 0.85e308).abs() <= 1e294, "{got:e}");
    }

    #[test]
    fn the_type_is_written_as_its_number() {
        assert_eq!(serde_json::to_string(&QuantileType::MedianUnbiased).unwrap(), "8");
        assert_eq!(serde_json::from_str::<QuantileType>("3").unwrap(), QuantileType::NearestEven);
        assert!(serde_json::from_str::<QuantileType>("0").is_err());
        assert!(serde_json::from_str::<QuantileType>("10").is_err());
    }

    #[test]
    fn bytes_that_are_no_state_are_refused() {
        assert_eq!(ExactQuantiles::decode(&[]).unwrap_err().code(), Code::Decode);
        assert_eq!(ExactQuantiles::decode(&[9]).unwrap_err().code(), Code::Decode);
        assert_eq!(ExactQuantiles::decode(&[1, 0, 0]).unwrap_err().code(), Code::Decode);
        let mut infinite = vec![1];
        infinite.extend(f64::INFINITY.to_le_bytes());
        assert_eq!(ExactQuantiles::decode(&infinite).unwrap_err().code(), Code::Decode);
    }

    #[test]
    fn a_value_that_is_not_finite_is_refused() {
        let mut state = ExactQuantiles::new();
        assert_eq!(state.update(&[1.0, f64::NAN]).unwrap_err().code(), Code::Type);
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(prop_oneof![(-5..5).prop_map(f64::from), -1e9..1e9], 1..80)
    }

    proptest! {
        #[test]
        fn selection_agrees_with_a_full_sort(
            x in values(),
            ps in prop::collection::vec(0.0..=1.0, 1..6),
            kind in prop::sample::select(QuantileType::ALL.to_vec()),
        ) {
            let mut sorted = x.clone();
            sorted.sort_by(f64::total_cmp);
            let selected = quantiles(&x, &ps, kind).unwrap();
            prop_assert_eq!(selected, quantiles_of_sorted(&sorted, &ps, kind).unwrap());
        }

        #[test]
        fn order_statistics_are_the_sorted_values(x in values(), ranks in prop::collection::vec(0_usize..100, 0..12)) {
            let mut sorted = x.clone();
            sorted.sort_by(f64::total_cmp);
            let want: Vec<f64> = ranks.iter().map(|r| sorted[(*r).min(x.len() - 1)]).collect();
            prop_assert_eq!(order_statistics(&x, &ranks).unwrap(), want);
        }

        #[test]
        fn order_statistics_of_many_values_are_the_sorted_values(
            few in prop::collection::vec(prop_oneof![Just(0.0), Just(-0.0), any::<f64>()].prop_filter("finite", |x| x.is_finite()), 1..8),
            shape in 0..5_u32, seed in any::<u64>(), ranks in prop::collection::vec(0_usize..6000, 0..12),
        ) {
            // Long columns of different shapes: few distinct values, one narrow band, many
            // magnitudes, small whole numbers with and without something else among them.
            let mut state = seed | 1;
            let mut next = || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state };
            let mut x: Vec<f64> = (0..5000).map(|_| { let bits = next(); match shape {
                0 => few[(bits % few.len() as u64) as usize],
                1 => 1e6 + (bits % 100) as f64 * 1e-9,
                2 => f64::from_bits(bits),
                _ => (bits % 7) as f64 - 3.0,
            }}).filter(|v| v.is_finite()).collect();
            if shape != 4 {
                x.extend_from_slice(&few);
            }
            let mut sorted = x.clone();
            sorted.sort_by(f64::total_cmp);
            let want: Vec<u64> = ranks.iter().map(|r| sorted[(*r).min(x.len() - 1)].to_bits()).collect();
            let got: Vec<u64> = order_statistics(&x, &ranks).unwrap().iter().map(|v| v.to_bits()).collect();
            prop_assert_eq!(got, want);
        }

        #[test]
        fn quantiles_rise_with_the_probability_and_stay_in_range(
            x in values(),
            a in 0.0..=1.0_f64,
            b in 0.0..=1.0_f64,
            kind in prop::sample::select(QuantileType::ALL.to_vec()),
        ) {
            let (low, high) = (at(&x, a.min(b), kind), at(&x, a.max(b), kind));
            let minimum = x.iter().copied().fold(f64::INFINITY, f64::min);
            let maximum = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let slack = 1e-6;
            prop_assert!(low <= high + slack);
            prop_assert!(minimum - slack <= low && high <= maximum + slack);
        }

        #[test]
        fn a_fraction_in_integers_agrees_with_its_decimal(n in 1_usize..5000, whole in 2_u32..=10, part in 0_u32..=10) {
            let part = part.min(whole);
            let exact = Position::linear_at_fraction(n, part, whole).unwrap();
            let near = Position::of(n, f64::from(part) / f64::from(whole), QuantileType::Linear).unwrap();
            prop_assert_eq!((exact.lower, exact.upper), (near.lower, near.upper));
            prop_assert!((exact.share - near.share).abs() < 1e-9);
        }

        #[test]
        fn merge_order_and_chunking_do_not_change_bits(x in values(), cut in 0_usize..80) {
            let cut = cut.min(x.len());
            let options = QuantileOptions { probabilities: vec![0.1, 0.5, 0.9], kind: QuantileType::Linear };
            let state = |slice: &[f64]| { let mut s = ExactQuantiles::new(); s.update(slice).unwrap(); s };
            let whole = state(&x);
            let mut forward = state(&x[..cut]);
            forward.merge(state(&x[cut..])).unwrap();
            let mut backward = state(&x[cut..]);
            backward.merge(state(&x[..cut])).unwrap();
            for merged in [&forward, &backward] {
                prop_assert_eq!(merged, &whole);
                prop_assert_eq!(merged.finish(&options).unwrap(), whole.finish(&options).unwrap());
                let (mut a, mut b) = (Vec::new(), Vec::new());
                merged.encode(&mut a);
                whole.encode(&mut b);
                prop_assert_eq!(&a, &b);
                prop_assert_eq!(&ExactQuantiles::decode(&a).unwrap(), &whole);
            }
        }
    }
}
