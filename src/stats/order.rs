//! Sorting where it is not what takes the time: one sort for all types and comparisons.
//!
//! A sort of the standard library is compiled anew for each type and each comparison, at three to
//! nine kilobytes of the module. These sort row numbers, once, and then move what they stand for.
//! Loops that sort millions of rows call the standard library themselves.

use std::cmp::Ordering;

/// The places of `count` things in ascending order; equal ones stay in the order they have.
/// O(n log n) comparisons, 4 bytes for each thing and as much again while sorting. At most
/// 4,294,967,295 things, as rows are everywhere.
#[must_use]
pub fn arrangement(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    order.sort_by(|a, b| compare(*a as usize, *b as usize));
    order
}

/// Sorts ascending; equal items stay in the order they have.
pub fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let order = arrangement(items.len(), &|a, b| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    rearrange(items, order);
}

/// Sorts ascending by the order of the type itself.
pub fn sort<T: Ord>(items: &mut [T]) {
    sort_by(items, T::cmp);
}

/// Sorts pairs of a number and a row ascending by the number, then by the row. For millions of
/// pairs: this one is compiled for its type.
pub fn sort_rows(pairs: &mut [(f64, u32)]) {
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
}

/// Puts at each place what `order` names for it, following each cycle of moves once.
fn rearrange<T>(items: &mut [T], mut order: Vec<u32>) {
    for start in 0..items.len() {
        let mut at = start;
        while let Some(from) = order.get_mut(at) {
            let next = *from as usize;
            // A place that is done names itself.
            *from = at as u32;
            if next == start || next >= items.len() {
                break;
            }
            items.swap(at, next);
            at = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_is_that_of_a_stable_sort(keys in proptest::collection::vec(0u8..9, 0..70)) {
            let mut found: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
            let mut expected = found.clone();
            expected.sort_by_key(|(key, _)| *key);
            sort_by(&mut found, |a, b| a.0.cmp(&b.0));
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn texts_and_rows_are_sorted_as_their_types_say(
            mut texts in proptest::collection::vec("[a-c]{0,3}", 0..40),
            mut pairs in proptest::collection::vec((-3i8..3, 0u32..5), 0..40),
        ) {
            let mut expected = texts.clone();
            expected.sort();
            sort(&mut texts);
            prop_assert_eq!(texts, expected);
            let mut numbers: Vec<(f64, u32)> = pairs.iter().map(|(a, b)| (f64::from(*a), *b)).collect();
            sort_rows(&mut numbers);
            pairs.sort_unstable();
            prop_assert_eq!(numbers, pairs.iter().map(|(a, b)| (f64::from(*a), *b)).collect::<Vec<_>>());
        }
    }
}
