//! A quantile by the exponential mechanism (Smith 2011): an interval between neighbouring values
//! is chosen with probability ∝ length · e^(−ε|i − qn|/2), and a point of it uniformly.

use serde::{Deserialize, Serialize};

use super::noise::{Entropy, bernoulli_exp, uniform};
use super::question::{Budget, Paid, Receipt, amount};
use super::{demand, units};
use crate::error::{Code, Error, Result};
use crate::plain::Value;
use crate::privacy::ledger::Ledger;

/// More values would take too many draws.
const MOST: usize = 200_000;

/// A quantile to be published: one value of each customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisyQuantileOptions {
    /// The question, and the data it is asked of: the same words get the same answer from the log.
    pub query: String,
    /// The values, one of each customer, at most 200,000. They are rounded to `decimals`.
    pub values: Vec<f64>,
    /// Which quantile: 0.5 is the median. Four places count.
    pub q: f64,
    /// The least value that is possible, known without the data. Lower ones count as this.
    pub lower: f64,
    /// The largest value that is possible, known without the data.
    pub upper: f64,
    /// Places behind the point of the answer, 0 to 4.
    #[serde(default)]
    pub decimals: u8,
    /// ε of this answer, as exact decimal digits.
    pub epsilon: String,
    /// What may be spent in all.
    pub budget: Budget,
    /// The log of what was published before; empty at first.
    #[serde(default)]
    pub ledger: Ledger,
}

/// A quantile that may be published.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NoisyQuantile {
    /// The quantile.
    pub value: f64,
    /// What it cost, and the log with this answer in it.
    pub receipt: Receipt,
}

/// Publishes a quantile.
///
/// # Errors
/// `denied` if the budget does not suffice, `decode` if the log was changed, `invalid-option`,
/// `limit`, `unsupported` without randomness of the platform.
pub fn publish(options: NoisyQuantileOptions, from: &mut dyn Entropy) -> Result<NoisyQuantile> {
    let NoisyQuantileOptions { query, values, q, lower, upper, decimals, epsilon, budget, ledger } =
        options;
    demand((0.0..=1.0).contains(&q), "q", "a quantile is asked for from 0 to 1")?;
    demand(values.iter().all(|value| !value.is_nan()), "values", "all of them are numbers")?;
    let (unit, least, most) = units(lower, upper, decimals)?;
    let number = |value: f64| Value::Number(value);
    let settings = [
        ("quantile", number(q)),
        ("lower", number(lower)),
        ("upper", number(upper)),
        ("decimals", number(f64::from(decimals))),
    ];
    let ratio = amount(&epsilon, "epsilon")?.ratio()?;
    let paid = Paid::charge(&query, &settings, &epsilon, None, &budget, ledger)?;
    let (answer, receipt) = paid.answered(|| {
        let values = values.iter().map(|value| (value * unit).round() as i64).collect();
        let drawn = draw(values, (q * 1e4).round() as u32, (least, most), ratio, from)?;
        Ok(number(drawn as f64 / unit))
    })?;
    let value = if let Value::Number(value) = answer { value } else { lower };
    Ok(NoisyQuantile { value, receipt })
}

/// The edges (bounds and sorted values between them, duplicates kept) and the probability of each
/// interval between two of them.
///
/// # Errors
/// `invalid-option` unless `lower` < `upper`, 0 ≤ q ≤ 1, ε ≥ 0 and all values are numbers.
pub fn intervals(
    values: &[f64],
    q: f64,
    (lower, upper): (f64, f64),
    epsilon: f64,
) -> Result<(Vec<f64>, Vec<f64>)> {
    demand(lower < upper && (upper - lower).is_finite(), "upper", "this is above `lower`")?;
    demand((0.0..=1.0).contains(&q), "q", "a quantile is asked for from 0 to 1")?;
    demand(epsilon >= 0.0 && epsilon.is_finite(), "epsilon", "this is 0 or more")?;
    demand(values.iter().all(|value| !value.is_nan()), "values", "all of them are numbers")?;
    let mut edges: Vec<f64> = values.iter().map(|value| value.clamp(lower, upper)).collect();
    edges.sort_unstable_by(f64::total_cmp);
    edges.insert(0, lower);
    edges.push(upper);
    let target = q * values.len() as f64;
    let lengths = || edges.iter().zip(edges.iter().skip(1)).map(|(from, to)| to - from);
    let distance = |at: usize| epsilon / 2.0 * (at as f64 - target).abs();
    let usable = lengths().enumerate().filter(|(_, length)| *length > 0.0);
    let nearest = usable.map(|(at, _)| distance(at)).fold(f64::INFINITY, f64::min);
    let weights: Vec<f64> = lengths()
        .enumerate()
        .map(
            |(at, length)| {
                if length > 0.0 { length * libm::exp(nearest - distance(at)) } else { 0.0 }
            },
        )
        .collect();
    let total: f64 = weights.iter().sum();
    Ok((edges, weights.into_iter().map(|weight| weight / total).collect()))
}

/// A quantile of integers from `lower` to `upper`, drawn exactly: the integers of the interval
/// `[edge, next edge)`, q in ten-thousandths, ε as a ratio.
///
/// # Errors
/// `limit` for more than 200,000 values, `overflow`, `unsupported`.
pub fn draw(
    mut values: Vec<i64>,
    q: u32,
    (lower, upper): (i64, i64),
    (numerator, denominator): (u64, u64),
    from: &mut dyn Entropy,
) -> Result<i64> {
    if values.len() > MOST {
        return Err(Error::new(Code::Limit, "a quantile is drawn from at most 200,000 values"));
    }
    demand(lower < upper, "upper", "this is above `lower`")?;
    values.iter_mut().for_each(|value| *value = (*value).clamp(lower, upper));
    values.sort_unstable();
    let target = i128::from(q) * values.len() as i128;
    let distance = |at: usize| (at as i128 * 10_000 - target).unsigned_abs();
    let edge = |at: usize| match at.checked_sub(1) {
        None => lower,
        Some(before) => values.get(before).copied().unwrap_or(upper),
    };
    let usable = (0..=values.len()).filter(|at| edge(*at) < edge(at + 1));
    let nearest = usable.map(distance).min().unwrap_or(0);
    let range = (i128::from(upper) - i128::from(lower)).unsigned_abs();
    let below = u128::from(denominator) * 20_000;
    // A point of the range is kept with the weight of its interval over the largest weight.
    loop {
        let point = i128::from(lower) + uniform(range, from)? as i128;
        let rank = values.partition_point(|value| i128::from(*value) <= point);
        let more = distance(rank).saturating_sub(nearest);
        let above = more.checked_mul(u128::from(numerator));
        let above = above.ok_or_else(|| Error::new(Code::Overflow, "ε has too many digits"))?;
        if bernoulli_exp(above, below, from)? {
            return i64::try_from(point).map_err(|_| Error::new(Code::Overflow, "beyond 64 bits"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::noise::tests::Seeded;
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn draws_fall_as_the_probabilities_say() {
        let mut from = Seeded(Random::new(3, 1));
        let values = vec![10, 20, 30, 40, 50, 60, 70, 80, 90];
        let floats: Vec<f64> = values.iter().map(|value| f64::from(*value as i32)).collect();
        let (_, wanted) = intervals(&floats, 0.9, (0.0, 100.0), 2.0).unwrap();
        let n = 20_000;
        let mut counts = [0.0; 10];
        for _ in 0..n {
            let drawn = draw(values.clone(), 9000, (0, 100), (2, 1), &mut from).unwrap();
            counts[(drawn / 10) as usize] += 1.0;
        }
        for (count, wanted) in counts.iter().zip(wanted) {
            let spread = (wanted * f64::from(n)).sqrt().max(1.0);
            assert!((count - wanted * f64::from(n)).abs() < 6.0 * spread, "{counts:?}");
        }
    }

    #[test]
    fn no_value_at_all_is_a_uniform_draw() {
        let mut from = Seeded(Random::new(3, 2));
        let drawn = draw(Vec::new(), 5000, (-5, 5), (1, 1), &mut from).unwrap();
        assert!((-5..5).contains(&drawn));
        assert_eq!(intervals(&[], 0.5, (0.0, 1.0), 1.0).unwrap().1, [1.0]);
    }
}
