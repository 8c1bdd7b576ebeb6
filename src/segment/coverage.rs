//! Coverage of customers by their managers' contacts, by counting rules that cannot be gamed. The
//! rules are here, the analysis over tables is [`analysis`].
//!
//! The rules are those of bank programmes: an added contact counts only if it is the customer's
//! first, verified, holds an account and belongs to the manager. What does not count is listed
//! with its reason, and the share from another province is reported, because contacts bought in
//! bulk come from elsewhere.

pub mod analysis;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// One added contact, in the order of adding.
#[derive(Clone, Copy, Debug)]
pub struct Added<'a> {
    /// The customer.
    pub customer: &'a str,
    /// The manager who added them.
    pub manager: &'a str,
    /// Where the contact comes from.
    pub province: &'a str,
    /// Whether the person is verified.
    pub is_verified: bool,
    /// Whether the person holds an account.
    pub has_account: bool,
}

/// A customer in a manager's book.
#[derive(Clone, Copy, Debug)]
pub struct Assigned<'a> {
    /// The manager.
    pub manager: &'a str,
    /// The customer.
    pub customer: &'a str,
    /// The customer's segment.
    pub segment: &'a str,
}

/// Why an added contact does not count: the first reason that holds, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum NotCounted {
    /// The customer was added before, by anybody, whether that counted or not.
    NotFirst,
    /// Not verified.
    NotVerified,
    /// Without an account.
    NoAccount,
    /// Not in the manager's book.
    NotOwn,
}

/// Which rules hold.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// Only the first contact of a customer can count.
    pub first: bool,
    /// The person must be verified.
    pub verified: bool,
    /// The person must hold an account.
    pub account: bool,
    /// The customer must stand in the manager's book.
    pub own: bool,
    /// Contacts from other provinces come from outside.
    pub home_provinces: &'a [&'a str],
}

impl<'a> Rules<'a> {
    /// Every rule.
    #[must_use]
    pub fn all(home_provinces: &'a [&'a str]) -> Self {
        Rules { first: true, verified: true, account: true, own: true, home_provinces }
    }
}

/// Contacts of one manager that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many.
    pub valid: u64,
    /// How many of them from another province than the home province.
    pub outside: u64,
}

impl Counted {
    /// Share from another province; `None` if none counts.
    #[must_use]
    pub fn outside_share(self) -> Option<f64> {
        (self.valid > 0).then(|| self.outside as f64 / self.valid as f64)
    }
}

/// Validly added customers of a manager's segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// Customers of the segment.
    pub customers: u64,
    /// Of them, validly added.
    pub added: u64,
}

impl Covered {
    /// The share that was validly added.
    #[must_use]
    pub fn share(self) -> f64 {
        self.added as f64 / self.customers.max(1) as f64
    }
}

/// The answer of [`coverage`], everything in the order of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage<'a> {
    /// Managers with at least one contact that counts.
    pub counted: BTreeMap<&'a str, Counted>,
    /// By manager and segment, for every segment in a manager's book.
    pub covered: BTreeMap<(&'a str, &'a str), Covered>,
    /// Row of each contact that does not count, and why.
    pub not_counted: Vec<(usize, NotCounted)>,
}

/// Applies the counting rules. A customer who stands twice in a manager's book counts once, in the
/// last segment named.
#[must_use]
pub fn coverage<'a>(
    added: &[Added<'a>],
    books: &[Assigned<'a>],
    rules: &Rules<'_>,
) -> Coverage<'a> {
    let segments: BTreeMap<(&str, &str), &'a str> =
        books.iter().map(|entry| ((entry.manager, entry.customer), entry.segment)).collect();
    let mut found = Coverage::default();
    let managers: BTreeMap<&str, &'a str> =
        books.iter().map(|entry| (entry.manager, entry.manager)).collect();
    for ((manager, _), segment) in &segments {
        if let Some(manager) = managers.get(manager) {
            found.covered.entry((*manager, *segment)).or_default().customers += 1;
        }
    }
    let (mut seen, mut reached) = (BTreeSet::new(), BTreeSet::new());
    for (row, contact) in added.iter().enumerate() {
        let segment = segments.get(&(contact.manager, contact.customer));
        let reason = match segment {
            _ if !seen.insert(contact.customer) && rules.first => Some(NotCounted::NotFirst),
            _ if rules.verified && !contact.is_verified => Some(NotCounted::NotVerified),
            _ if rules.account && !contact.has_account => Some(NotCounted::NoAccount),
            None if rules.own => Some(NotCounted::NotOwn),
            _ => None,
        };
        if let Some(reason) = reason {
            found.not_counted.push((row, reason));
            continue;
        }
        let counted = found.counted.entry(contact.manager).or_default();
        counted.valid += 1;
        counted.outside += u64::from(!rules.home_provinces.contains(&contact.province));
        // Without the rule of the first contact a customer may be reached more than once.
        let is_new = reached.insert((contact.manager, contact.customer));
        if let (Some(segment), true) = (segment, is_new) {
            found.covered.entry((contact.manager, *segment)).or_default().added += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add<'a>(customer: &'a str, manager: &'a str, province: &'a str) -> Added<'a> {
        Added { customer, manager, province, is_verified: true, has_account: true }
    }

    #[test]
    fn only_the_first_add_of_a_customer_can_count_even_if_it_does_not() {
        let books = [
            Assigned { manager: "A", customer: "k1", segment: "s" },
            Assigned { manager: "B", customer: "k1", segment: "s" },
        ];
        let first = Added { is_verified: false, ..add("k1", "A", "SC") };
        let found = coverage(&[first, add("k1", "B", "SC")], &books, &Rules::all(&["SC"]));
        assert!(found.counted.is_empty());
        assert_eq!(found.not_counted, [(0, NotCounted::NotVerified), (1, NotCounted::NotFirst)]);
        assert_eq!(found.covered[&("B", "s")], Covered { customers: 1, added: 0 });
    }

    #[test]
    fn contacts_from_elsewhere_count_and_are_named() {
        let books = [Assigned { manager: "A", customer: "k", segment: "s" }];
        let found =
            coverage(&[add("k", "A", "GD"), add("x", "A", "SC")], &books, &Rules::all(&["SC"]));
        assert_eq!(found.counted["A"].outside_share(), Some(1.0));
        assert_eq!(found.not_counted, [(1, NotCounted::NotOwn)]);
    }

    #[test]
    fn a_rule_that_is_off_lets_contacts_count_and_reaches_nobody_twice() {
        let books = [Assigned { manager: "A", customer: "k", segment: "s" }];
        let rules = Rules { first: false, own: false, ..Rules::all(&["SC"]) };
        let adds = [add("k", "A", "SC"), add("k", "A", "SC"), add("x", "A", "SC")];
        let found = coverage(&adds, &books, &rules);
        assert_eq!(found.counted["A"].valid, 3);
        assert_eq!(found.covered[&("A", "s")], Covered { customers: 1, added: 1 });
    }
}
