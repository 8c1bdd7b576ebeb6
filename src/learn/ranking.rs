//! How well a score puts wanted rows first.
//!
//! # References
//! J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver operating
//! characteristic (ROC) curve", Radiology 143 (1982).

use crate::stats::order::sort_by;
/// The area under the ROC curve: how likely a wanted row scores above another, ties counting half.
/// `None` unless both kinds occur.
#[must_use]
pub fn area_under_curve(scores: &[f64], wanted: &[bool]) -> Option<f64> {
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(wanted.iter().copied()).collect();
    sort_by(&mut rows, |a, b| a.0.total_cmp(&b.0));
    let hits = rows.iter().filter(|(_, wanted)| *wanted).count() as f64;
    let others = rows.len() as f64 - hits;
    if hits == 0.0 || others == 0.0 {
        return None;
    }
    let (mut below, mut area) = (0.0, 0.0);
    for tied in rows.chunk_by(|a, b| a.0 == b.0) {
        let own = tied.iter().filter(|(_, wanted)| *wanted).count() as f64;
        let rest = tied.len() as f64 - own;
        area += own * (below + rest / 2.0);
        below += rest;
    }
    Some(area / (hits * others))
}

/// Wanted rows among the best `count` by score. Where the cut falls into equal scores, their
/// expected number, as if these stood in random order.
#[must_use]
pub fn hits_among_best(scores: &[f64], wanted: &[bool], count: usize) -> f64 {
    let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(wanted.iter().copied()).collect();
    sort_by(&mut rows, |a, b| b.0.total_cmp(&a.0));
    let (mut left, mut hits) = (count, 0.0);
    for tied in rows.chunk_by(|a, b| a.0 == b.0) {
        let own = tied.iter().filter(|(_, wanted)| *wanted).count() as f64;
        let taken = left.min(tied.len());
        hits += own * taken as f64 / tied.len() as f64;
        left -= taken;
        if left == 0 {
            break;
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let wanted = [true, false, true, false, false];
        // Pairs: 0.9 beats all three; 0.4 beats 0.3, ties 0.4, loses to 0.5.
        let area = area_under_curve(&[0.9, 0.5, 0.4, 0.4, 0.3], &wanted).unwrap();
        assert!((area - 4.5 / 6.0).abs() < 1e-15);
        assert_eq!(area_under_curve(&[1.0; 5], &wanted), Some(0.5));
        assert_eq!(area_under_curve(&[1.0], &[true]), None);
    }

    #[test]
    fn ties_at_the_cut_count_by_expectation() {
        let wanted = [true, false, true, false];
        assert_eq!(hits_among_best(&[4.0, 3.0, 2.0, 1.0], &wanted, 1), 1.0);
        assert_eq!(hits_among_best(&[1.0; 4], &wanted, 2), 1.0);
        assert_eq!(hits_among_best(&[4.0, 3.0, 2.0, 1.0], &wanted, 9), 2.0);
    }
}
