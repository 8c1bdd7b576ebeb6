//! Growth accounting: each period's active customers as new, returning and resurrecting, and those
//! who went dormant.
//!
//! `active = new + returning + resurrecting`, and `active of the period before = returning +
//! dormant`: the sums close, so that a change in active customers is fully explained.

use serde::Serialize;

/// Counts of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Flow {
    /// Active for the first time.
    pub new: u64,
    /// Active now and in the period before.
    pub returning: u64,
    /// Active now, not in the period before, and some time earlier.
    pub resurrecting: u64,
    /// Active in the period before, not now.
    pub dormant: u64,
}

impl Flow {
    /// Customers active in the period.
    #[must_use]
    pub fn active(self) -> u64 {
        self.new + self.returning + self.resurrecting
    }

    /// Gained over lost: `(new + resurrecting)/dormant`, above 1 when the base grows. `None` where
    /// nobody was lost.
    #[must_use]
    pub fn quick_ratio(self) -> Option<f64> {
        (self.dormant > 0).then(|| (self.new + self.resurrecting) as f64 / self.dormant as f64)
    }
}

/// The flows of some periods, one customer after the other.
#[derive(Clone, Debug)]
pub struct Growth {
    first: i32,
    flows: Vec<Flow>,
}

impl Growth {
    /// For the periods from the first to the last, both included.
    #[must_use]
    pub fn new(first: i32, last: i32) -> Self {
        let count = i64::from(last) - i64::from(first) + 1;
        Growth { first, flows: vec![Flow::default(); usize::try_from(count).unwrap_or(0)] }
    }

    /// Adds a customer: the distinct periods of activity in ascending order. Those outside of the
    /// range are not counted.
    pub fn add(&mut self, periods: &[i32]) {
        let first = i64::from(self.first);
        let place = |period: i64| usize::try_from(period - first).ok();
        let mut before: Option<i64> = None;
        for (at, period) in periods.iter().enumerate() {
            let period = i64::from(*period);
            if let Some(flow) = place(period).and_then(|place| self.flows.get_mut(place)) {
                match before {
                    None => flow.new += 1,
                    Some(before) if before == period - 1 => flow.returning += 1,
                    Some(_) => flow.resurrecting += 1,
                }
            }
            let stays = periods.get(at + 1).is_some_and(|next| i64::from(*next) == period + 1);
            let next = place(period + 1).filter(|_| !stays);
            if let Some(flow) = next.and_then(|next| self.flows.get_mut(next)) {
                flow.dormant += 1;
            }
            before = Some(period);
        }
    }

    /// The first period.
    #[must_use]
    pub fn first(&self) -> i32 {
        self.first
    }

    /// The flows, in the order of the periods; periods without anybody too.
    #[must_use]
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }
}

/// The flows of all customers at once; see [`Growth`].
#[must_use]
pub fn growth<'a>(first: i32, last: i32, customers: impl Iterator<Item = &'a [i32]>) -> Vec<Flow> {
    let mut growth = Growth::new(first, last);
    customers.for_each(|periods| growth.add(periods));
    growth.flows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn a_customer_who_comes_back_was_dormant_once() {
        let found = growth(0, 4, [&[0, 1, 3][..]].into_iter());
        let flow =
            |new, returning, resurrecting, dormant| Flow { new, returning, resurrecting, dormant };
        assert_eq!(
            found,
            [
                flow(1, 0, 0, 0),
                flow(0, 1, 0, 0),
                flow(0, 0, 0, 1),
                flow(0, 0, 1, 0),
                flow(0, 0, 0, 1)
            ]
        );
        assert_eq!(found[3].quick_ratio(), None);
        assert_eq!(found[4].quick_ratio(), Some(0.0));
    }

    #[test]
    fn the_sums_close() {
        let mut random = Random::new(1, 0);
        let customers: Vec<Vec<i32>> =
            (0..200).map(|_| (0..30).filter(|_| random.unit() < 0.2).collect()).collect();
        let flows = growth(0, 29, customers.iter().map(Vec::as_slice));
        for (at, pair) in flows.windows(2).enumerate() {
            assert_eq!(pair[0].active(), pair[1].returning + pair[1].dormant);
            let active = customers.iter().filter(|c| c.contains(&(at as i32))).count();
            assert_eq!(pair[0].active(), active as u64);
        }
    }

    #[test]
    fn nobody_and_no_periods_are_fine() {
        assert_eq!(growth(3, 2, [&[1][..]].into_iter()), []);
        assert_eq!(growth(0, 1, std::iter::empty()), [Flow::default(); 2]);
    }
}
