//! What a customer's days of purchase say of a cut-off: features end before it, labels begin at it.

/// Days around a cut-off. What lies before `cutoff` may be known; what comes is asked of the days
/// from `cutoff + gap` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// The first day that is not known.
    pub cutoff: i32,
    /// A customer takes part who bought in so many days before it.
    pub lookback: i32,
    /// Days after it that are not asked: the time to act.
    pub gap: i32,
    /// Days after the gap in which a customer who buys has stayed.
    pub horizon: i32,
}

/// What became of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Bought for the first time at the cut-off or later.
    Later,
    /// Had not bought in the lookback.
    Inactive,
    /// Took part, and did not buy within the horizon.
    Left,
    /// Took part, and bought.
    Stayed,
}

impl Windows {
    /// The standing of a customer with these ascending days of purchase.
    pub fn standing(&self, days: impl Iterator<Item = i32>) -> Standing {
        let (mut known, mut recent, mut stayed) = (false, false, false);
        let day_in = |day: i32, from: i64, until: i64| (from..until).contains(&i64::from(day));
        let cutoff = i64::from(self.cutoff);
        let from = cutoff + i64::from(self.gap);
        for day in days {
            known |= i64::from(day) < cutoff;
            recent |= day_in(day, cutoff - i64::from(self.lookback), cutoff);
            stayed |= day_in(day, from, from + i64::from(self.horizon));
        }
        match (known, recent, stayed) {
            (false, ..) => Standing::Later,
            (true, false, _) => Standing::Inactive,
            (true, true, false) => Standing::Left,
            (true, true, true) => Standing::Stayed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gap_is_asked_of_nobody() {
        let windows = Windows { cutoff: 100, lookback: 10, gap: 5, horizon: 20 };
        let of = |days: &[i32]| windows.standing(days.iter().copied());
        assert_eq!(of(&[95, 100, 104]), Standing::Left);
        assert_eq!(of(&[95, 105]), Standing::Stayed);
        assert_eq!(of(&[95, 124]), Standing::Stayed);
        assert_eq!(of(&[95, 125]), Standing::Left);
        assert_eq!(of(&[89, 110]), Standing::Inactive);
        assert_eq!(of(&[100]), Standing::Later);
        assert_eq!(of(&[]), Standing::Later);
    }
}
