//! Sums by group as they are published, with one mistake planted in each. Without a mistake this
//! is the shipped mechanism to the bit, which a test holds: each mistake is the only difference.

use siyu::privacy::dp::noise::{Entropy, laplace};

use super::checks::{Row, Session};

/// The mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The noise is half as wide as one customer needs.
    SensitivityOffByTwo,
    /// Every row counts, with noise for one row.
    RowInPlaceOfCustomer,
    /// A customer counts in every group it has rows in, with noise for one group.
    GroupsUnbounded,
    /// One draw of noise for all numbers of the answer.
    NoiseReused,
    /// Amounts count as they are; what comes out is cut to what the bounds allow.
    ClampAfterNoise,
    /// Answers below 0 become 0: no breach, but the law is another and means are biased.
    AnswerCut,
    /// Amounts are added as they are, as floating-point numbers.
    FloatSum,
    /// The noise is the rounded logarithm of a floating-point number.
    RoundedNoise,
    /// Noise beyond one scale is drawn again.
    NoiseTruncated,
}

/// What mechanism and mistakes have in common: ε of 1 and these bounds.
pub(crate) const GROUPS: usize = 2;
/// Amounts are from 0 to this.
pub(crate) const UPPER: f64 = 3.0;
/// Rows of each customer, in one group.
pub(crate) const ROWS: u32 = 2;

/// Customers and sums of each group; amounts in so many units to 1.
pub(crate) fn publish(
    bug: Option<Bug>,
    unit: f64,
    data: &[Row],
    from: &mut dyn Entropy,
) -> Vec<f64> {
    let is = |planted: Bug| bug == Some(planted);
    let mut totals = [(0i128, 0i128, 0.0); GROUPS];
    let mut rows: Vec<&Row> = data.iter().collect();
    rows.sort_by_key(|row| row.customer);
    for of_customer in rows.chunk_by(|a, b| a.customer == b.customer) {
        let mut counted = [0; GROUPS];
        let mut seen: Vec<u32> = Vec::new();
        for row in of_customer {
            let is_new = !seen.contains(&row.group);
            let is_full = is_new && !seen.is_empty() && !is(Bug::GroupsUnbounded);
            let rows = &mut counted[if is(Bug::GroupsUnbounded) { row.group as usize } else { 0 }];
            if !is(Bug::RowInPlaceOfCustomer) && (*rows == ROWS || is_full) {
                continue;
            }
            *rows += 1;
            let amount =
                if is(Bug::ClampAfterNoise) { row.amount } else { row.amount.clamp(0.0, UPPER) };
            let (customers, sum, float) = &mut totals[row.group as usize];
            *customers += i128::from(is_new || is(Bug::RowInPlaceOfCustomer));
            *sum += (amount * unit).round() as i128;
            *float += amount;
            if is_new {
                seen.push(row.group);
            }
        }
    }
    let rows = if is(Bug::RowInPlaceOfCustomer) { 1 } else { u64::from(ROWS) };
    let denominator = if is(Bug::SensitivityOffByTwo) { 2 } else { 1 };
    let widths = [2, 2 * rows * (UPPER * unit) as u64];
    let mut reused: Option<i128> = None;
    let mut noise = |width: u64| {
        let scale = width as f64 / denominator as f64;
        loop {
            let drawn = match reused {
                Some(drawn) => drawn,
                None if is(Bug::RoundedNoise) => {
                    let u = (from.next().unwrap() >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
                    (-scale * (1.0 - 2.0 * u.abs()).ln()).copysign(u).round() as i128
                }
                None => laplace(width, denominator, from).unwrap(),
            };
            if is(Bug::NoiseReused) {
                reused = Some(drawn);
            }
            if !is(Bug::NoiseTruncated) || drawn.unsigned_abs() as f64 <= scale {
                return drawn;
            }
        }
    };
    let mut answer = Vec::new();
    for (customers, sum, float) in totals {
        let count = (customers + noise(widths[0])) as f64;
        let drawn = noise(widths[1]);
        let mut sum = match is(Bug::FloatSum) {
            true => float + drawn as f64 / unit,
            false => (sum + drawn) as f64 / unit,
        };
        if is(Bug::ClampAfterNoise) {
            sum = sum.clamp(-1e4, data.len() as f64 * UPPER);
        }
        let least = if is(Bug::AnswerCut) { 0.0 } else { f64::NEG_INFINITY };
        answer.extend([count.max(least), sum.max(least)]);
    }
    answer
}

/// A session that charges wrongly.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Charge {
    /// The answer is computed, then the budget is asked whether it may be given.
    AfterTheAnswer,
    /// It is given, then charged.
    AfterGiving,
    /// The sum of what was spent is a floating-point number.
    InFloats,
    /// What was asked before is answered anew at no cost.
    NoiseAnew,
}

/// A budget of 1 of which so much is spent.
#[derive(Debug)]
pub(crate) struct Careless(pub(crate) Charge, pub(crate) f64, pub(crate) Vec<(String, Vec<f64>)>);

impl Session for Careless {
    fn ask(&mut self, query: &str, epsilon: &str, from: &mut dyn Entropy) -> Option<Vec<f64>> {
        let Careless(charge, spent, before) = self;
        let amount: f64 = epsilon.parse().unwrap();
        let mut draw = || vec![laplace(1, 1, from).unwrap() as f64];
        let known = before.iter().find(|(known, _)| known == query);
        if let Some((_, answer)) = known {
            return Some(if matches!(charge, Charge::NoiseAnew) { draw() } else { answer.clone() });
        }
        // Of the others each is exact, so that it is only wrong by its own mistake.
        let exact = |amount: f64| (amount * 1e9).ceil() / 1e9;
        let after = match charge {
            Charge::InFloats => *spent + amount,
            _ => ((*spent + exact(amount)) * 1e9).round() / 1e9,
        };
        let answer = match charge {
            Charge::AfterTheAnswer => {
                let answer = draw();
                (after <= 1.0).then_some(answer)?
            }
            Charge::AfterGiving if *spent <= 1.0 => draw(),
            _ if after <= 1.0 => draw(),
            _ => return None,
        };
        *spent = after;
        before.push((query.to_owned(), answer.clone()));
        Some(answer)
    }
}
