//! Concordance: of pairs of lives of which one is known to end first, the share in which it was told
//! to end first.
//!
//! A pair counts where one life ended while the other was seen to go on; also at the same time, if the
//! other was only last seen then. Equal predictions count half. Lives are compared within a stratum, and
//! only while both are at risk.
//!
//! When not to use it: it says nothing of how well the height of a risk is told, only of its order; and
//! with much censoring it depends on who was censored.
//!
//! # Reference
//! F. E. Harrell, K. L. Lee, D. B. Mark, "Multivariable Prognostic Models", Statistics in Medicine 15
//! (1996) 361–387.
#![allow(clippy::indexing_slicing)] // Ranks and rows are below the number of lives.

use super::curve::Life;
use crate::stats::order::arrangement;

/// The concordance of the risks that were told, a larger one for an earlier end. Strata are as many as
/// lives, or none. `None` where no pair counts. O(n log n).
#[must_use]
pub fn concordance(lives: &[Life], strata: &[u32], risks: &[f64]) -> Option<f64> {
    let count = lives.len().min(risks.len());
    let stratum = |row: usize| strata.get(row).copied().unwrap_or(0);
    let mut ranks = vec![0; count];
    let ascending = arrangement(count, &|a, b| risks[a].total_cmp(&risks[b]));
    let mut rank = 0;
    for pair in ascending.windows(2) {
        rank += usize::from(risks[pair[0] as usize] != risks[pair[1] as usize]);
        ranks[pair[1] as usize] = rank;
    }
    let mut at_risk = Tally { nodes: vec![0; rank + 2], all: 0 };
    let of = |row: usize| (stratum(row), -lives[row].time, lives[row].has_ended);
    let by_time = arrangement(count, &|a, b| {
        let (a, b) = (of(a), of(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))
    });
    let by_entry = arrangement(count, &|a, b| {
        let (by, than) = (lives[b].entry, lives[a].entry);
        stratum(a).cmp(&stratum(b)).then(by.total_cmp(&than))
    });
    let (mut pairs, mut halves, mut leaving) = (0_u64, 0_u64, 0);
    for now in by_time.chunk_by(|a, b| {
        let (a, b) = (of(*a as usize), of(*b as usize));
        a.0 == b.0 && a.1 == b.1
    }) {
        let (here, time, _) = of(now[0] as usize);
        // Who enters later is not there yet; nor is anybody of a stratum that is done.
        while let Some(row) = by_entry.get(leaving).map(|row| *row as usize) {
            if stratum(row) > here || (stratum(row) == here && lives[row].entry < -time) {
                break;
            }
            at_risk.add(ranks[row], -1);
            leaving += 1;
        }
        let first_end = now.partition_point(|row| !lives[*row as usize].has_ended);
        now[..first_end].iter().for_each(|row| at_risk.add(ranks[*row as usize], 1));
        for row in &now[first_end..] {
            let rank = ranks[*row as usize];
            let (below, until) = (at_risk.below(rank), at_risk.below(rank + 1));
            pairs += at_risk.all as u64;
            halves += (below + until) as u64;
        }
        now[first_end..].iter().for_each(|row| at_risk.add(ranks[*row as usize], 1));
    }
    (pairs > 0).then(|| halves as f64 / (2 * pairs) as f64)
}

/// Counts by rank, in Fenwick's tree.
struct Tally {
    nodes: Vec<i64>,
    all: i64,
}

impl Tally {
    fn add(&mut self, rank: usize, count: i64) {
        self.all += count;
        let mut at = rank + 1;
        while let Some(node) = self.nodes.get_mut(at) {
            *node += count;
            at += at & at.wrapping_neg();
        }
    }

    /// How many of lower ranks.
    fn below(&self, rank: usize) -> i64 {
        let (mut at, mut sum) = (rank, 0);
        while at > 0 {
            sum += self.nodes[at];
            at &= at - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    /// All pairs, one by one.
    fn by_hand(lives: &[Life], strata: &[u32], risks: &[f64]) -> Option<f64> {
        let (mut pairs, mut good) = (0.0, 0.0);
        for (i, first) in lives.iter().enumerate().filter(|(_, life)| life.has_ended) {
            for (j, other) in lives.iter().enumerate() {
                let goes_on =
                    other.time > first.time || (other.time == first.time && !other.has_ended);
                if strata[i] == strata[j] && goes_on && other.entry < first.time {
                    pairs += 1.0;
                    good += match risks[i].total_cmp(&risks[j]) {
                        std::cmp::Ordering::Greater => 1.0,
                        std::cmp::Ordering::Equal => 0.5,
                        std::cmp::Ordering::Less => 0.0,
                    };
                }
            }
        }
        (pairs > 0.0).then(|| good / pairs)
    }

    #[test]
    fn the_tree_counts_what_pairs_count() {
        let mut random = Random::new(11, 0);
        for _ in 0..200 {
            let count = random.below(30) as usize;
            let life = |random: &mut Random| {
                let time = f64::from(random.below(6) + 1);
                let entry = if random.below(2) == 0 { f64::NEG_INFINITY } else { time - 1.5 };
                Life { entry, time, has_ended: random.below(3) > 0 }
            };
            let lives: Vec<Life> = (0..count).map(|_| life(&mut random)).collect();
            let strata: Vec<u32> = (0..count).map(|_| random.below(2)).collect();
            let risks: Vec<f64> = (0..count).map(|_| f64::from(random.below(5))).collect();
            assert_eq!(concordance(&lives, &strata, &risks), by_hand(&lives, &strata, &risks));
        }
    }
}
