//! Trees of decisions that add up, and what each feature has to do with their sum: exact Shapley
//! values.
//!
//! A leaf speaks if every decision above it is taken. For a set of known features its voice is its
//! value times, of each feature of the path, either whether the row goes that way (known) or the
//! share of the cover that does (unknown). Shapley values of such a product follow from the
//! coefficients of a polynomial, leaf by leaf; they are those of TreeSHAP in its path-dependent form.
//!
//! # Reference
//! S. M. Lundberg, G. Erion, S.-I. Lee, "Consistent individualized feature attribution for tree
//! ensembles" (2018), algorithm 2.

use crate::error::{Code, Error, Result};
use serde::{Deserialize, Serialize};

/// A node: a leaf, or a decision whose children stand behind it in the tree.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TreeNode"))]
pub struct Node {
    /// The column that is asked; left out of a leaf.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<u32>,
    /// Numbers at or below it go left.
    pub threshold: f64,
    /// Codes of categories that go left; where there are any, `threshold` is not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<u32>,
    /// Whether what is missing goes left.
    pub missing_left: bool,
    /// Place of the left child.
    pub left: u32,
    /// Place of the right child.
    pub right: u32,
    /// What a leaf adds.
    pub value: f64,
    /// Weight of the rows that came through here when it was grown.
    pub cover: f64,
}

impl Node {
    /// Whether a value goes left; `NaN` is missing.
    fn goes_left(&self, value: f64) -> bool {
        if value.is_nan() {
            self.missing_left
        } else if self.codes.is_empty() {
            value <= self.threshold
        } else {
            self.codes.iter().any(|code| f64::from(*code) == value)
        }
    }
}

/// Nodes of one tree, the root first.
pub type Tree = Vec<Node>;

/// Checks a tree that came from elsewhere: children stand behind their parent, so every walk ends.
///
/// # Errors
/// `invalid-option`.
pub fn check(tree: &Tree, features: usize) -> Result<()> {
    let is_fine = |(at, node): (usize, &Node)| {
        let inner = node.feature.is_none_or(|feature| {
            let child = |child: u32| child as usize > at && (child as usize) < tree.len();
            (feature as usize) < features && child(node.left) && child(node.right)
        });
        let numbers = [node.threshold, node.value, node.cover];
        inner && node.cover >= 0.0 && numbers.iter().all(|number| number.is_finite())
    };
    if tree.is_empty() || !tree.iter().enumerate().all(is_fine) {
        return Err(Error::new(Code::InvalidOption, "this is no tree: a node is out of its place"));
    }
    Ok(())
}

/// The value of the leaf that a row comes to.
#[must_use]
pub fn value(tree: &Tree, row: &[f64]) -> f64 {
    let mut at = 0;
    // A checked tree ends sooner.
    for _ in 0..tree.len() {
        let Some(node) = tree.get(at) else { break };
        let Some(feature) = node.feature else { return node.value };
        let value = row.get(feature as usize).copied().unwrap_or(f64::NAN);
        at = if node.goes_left(value) { node.left } else { node.right } as usize;
    }
    0.0
}

/// A feature on the way to a leaf.
#[derive(Clone, Copy, Debug)]
struct Asked {
    feature: u32,
    /// Share of the cover that goes this way.
    share: f64,
    /// Whether the row does.
    goes: bool,
}

/// Adds the Shapley values of one row to `to`, a place per feature, and gives the tree's mean over
/// its cover. O(leaves · depth³).
pub fn explain(tree: &Tree, row: &[f64], to: &mut [f64]) -> f64 {
    let (mut base, mut path) = (0.0, Vec::new());
    descend(tree, 0, row, &mut path, to, &mut base);
    base
}

fn descend(
    tree: &Tree,
    at: u32,
    row: &[f64],
    path: &mut Vec<Asked>,
    to: &mut [f64],
    base: &mut f64,
) {
    let Some(node) = tree.get(at as usize) else { return };
    let Some(feature) = node.feature else {
        return speak(node.value, path, to, base);
    };
    let left = node.goes_left(row.get(feature as usize).copied().unwrap_or(f64::NAN));
    for (child, goes) in [(node.left, left), (node.right, !left)] {
        let cover = tree.get(child as usize).map_or(0.0, |child| child.cover);
        let share = if node.cover > 0.0 { cover / node.cover } else { 0.0 };
        match path.iter().position(|asked| asked.feature == feature) {
            // A feature that is asked twice is known or unknown at both places.
            Some(place) => {
                let Some(asked) = path.get_mut(place) else { continue };
                let before = *asked;
                (asked.share, asked.goes) = (before.share * share, before.goes && goes);
                descend(tree, child, row, path, to, base);
                if let Some(asked) = path.get_mut(place) {
                    *asked = before;
                }
            }
            None => {
                path.push(Asked { feature, share, goes });
                descend(tree, child, row, path, to, base);
                path.pop();
            }
        }
    }
}

/// The part of one leaf.
fn speak(value: f64, path: &[Asked], to: &mut [f64], base: &mut f64) {
    *base += value * path.iter().map(|asked| asked.share).product::<f64>();
    let count = path.len();
    for (own, asked) in path.iter().enumerate() {
        // Of the other features, by how many of them are known: the product of their parts.
        let mut known = vec![1.0];
        for (_, other) in path.iter().enumerate().filter(|(at, _)| *at != own) {
            known.push(0.0);
            let mut before = 0.0;
            for slot in &mut known {
                let now = *slot;
                *slot = now * other.share + if other.goes { before } else { 0.0 };
                before = now;
            }
        }
        // k!·(m − 1 − k)!/m!, from one k to the next.
        let (mut weight, mut sum) = (1.0 / count as f64, 0.0);
        for (k, product) in known.iter().enumerate() {
            sum += weight * product;
            weight *= (k + 1) as f64 / (count - 1 - k).max(1) as f64;
        }
        let goes = f64::from(u8::from(asked.goes));
        if let Some(slot) = to.get_mut(asked.feature as usize) {
            *slot += value * (goes - asked.share) * sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let leaf = |value, cover| Node { value, cover, ..Node::default() };
        let ask = |feature, threshold, left, cover| Node {
            feature: Some(feature),
            threshold,
            left,
            right: left + 1,
            cover,
            ..Node::default()
        };
        vec![
            ask(0, 0.5, 1, 10.0),
            ask(1, 0.0, 3, 6.0),
            leaf(4.0, 4.0),
            leaf(1.0, 2.0),
            Node { codes: vec![7], ..ask(2, 0.0, 5, 4.0) },
            leaf(-3.0, 1.0),
            leaf(2.0, 3.0),
        ]
    }

    #[test]
    fn contributions_and_mean_add_up_to_the_leaf() {
        let tree = tree();
        check(&tree, 3).unwrap();
        for row in [[0.0, 1.0, 7.0], [0.0, -1.0, 0.0], [9.0, 0.0, 0.0], [0.0, 1.0, f64::NAN]] {
            let mut parts = [0.0; 3];
            let base = explain(&tree, &row, &mut parts);
            assert!((base - (4.0 * 4.0 + 2.0 - 3.0 + 6.0) / 10.0).abs() < 1e-12);
            let sum = base + parts.iter().sum::<f64>();
            assert!((sum - value(&tree, &row)).abs() < 1e-12, "{row:?}");
        }
    }

    #[test]
    fn a_tree_that_would_not_end_is_refused() {
        let mut circle = tree();
        circle[1].left = 1;
        assert_eq!(check(&circle, 3).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(check(&tree(), 2).unwrap_err().code(), Code::InvalidOption);
        assert_eq!(check(&Vec::new(), 2).unwrap_err().code(), Code::InvalidOption);
    }
}
