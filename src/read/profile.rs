//! Kinds of exports and how they were read: what is worth remembering of a mapping that was
//! confirmed, so that the next export of the same kind need not be mapped again.
//!
//! A profile is plain data that the caller keeps, or does not: nothing is stored here. It holds
//! names of columns and options, no cell.

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use twox_hash::XxHash64;

use crate::error::{Code, Error, Result};
use crate::table::role::Role;

use super::guess::{Guess, GuessRole, Reason};
use super::options::{AttributeColumn, Options};
use crate::stats::order::sort;

/// How one kind of export is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Profile {
    /// The version of this form: 1.
    pub version: u32,
    /// The kind of export, as in [`Guess::kind`].
    pub kind: String,
    /// A name for people.
    pub name: String,
    /// The options that were confirmed, with the roles.
    pub options: Options,
}

/// Why a profile was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ProfileMatch {
    /// The kind is equal: the same format with the same header names, in any order.
    Kind,
    /// Every column that the profile maps is there, among others than those of its kind.
    Columns,
}

/// The kind of an export: 16 hexadecimal digits of a hash of its format and the set of its
/// header names without outer blanks, so that the order of columns does not matter.
#[must_use]
pub fn kind_of<'n>(format: &str, names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<&str> = names.map(str::trim).collect();
    sort(&mut names);
    names.dedup();
    let mut hash = XxHash64::with_seed(0);
    // Tabs and commas are two ways to save one export.
    hash.write(if format == "tsv" { b"csv" } else { format.as_bytes() });
    for name in names {
        hash.write_u8(0);
        hash.write(name.as_bytes());
    }
    format!("{:016x}", hash.finish())
}

impl Guess {
    /// Looks for the profile of this kind of export, or failing that for the first of those
    /// that map most roles to columns which are all there. Its roles are then what is proposed.
    ///
    /// # Errors
    /// `unknown-version` for a profile of another version than 1.
    pub fn recognise(&mut self, profiles: &[Profile]) -> Result<()> {
        if let Some(at) = profiles.iter().position(|profile| profile.version != 1) {
            return Err(Error::new(Code::UnknownVersion, "the version of a profile is 1")
                .at_path(format!("profiles[{at}].version")));
        }
        let is_there = |name: &str| {
            self.columns.iter().filter(|column| column.name == name.trim()).count() == 1
        };
        let mut best: Option<(ProfileMatch, usize, u32, &Profile)> = None;
        for (profile, at) in profiles.iter().zip(0u32..) {
            let roles = &profile.options.roles;
            let mapped = || {
                let attributes = profile.options.attributes.values();
                let roles = Role::ALL.iter().filter_map(|role| roles.get(*role));
                roles.chain(attributes.map(AttributeColumn::column))
            };
            let (count, fits) = (mapped().count(), mapped().all(is_there));
            let found = match fits && count > 0 {
                true if profile.kind == self.kind => ProfileMatch::Kind,
                true => ProfileMatch::Columns,
                false => continue,
            };
            let is_better = best.is_none_or(|(how, roles, ..)| match (found, how) {
                (ProfileMatch::Kind, ProfileMatch::Columns) => true,
                (ProfileMatch::Columns, ProfileMatch::Kind) => false,
                _ => count > roles,
            });
            if is_better {
                best = Some((found, count, at, profile));
            }
        }
        let Some((how, _, at, profile)) = best else { return Ok(()) };
        self.profile = Some(at);
        self.profile_match = Some(how);
        for role in Role::ALL {
            let found = profile.options.roles.get(*role).map(|name| GuessRole {
                column: name.trim().to_owned(),
                confidence: 1.0,
                reason: Reason::Profile,
            });
            self.roles.put(*role, found);
        }
        // What was confirmed once needs no proposal.
        self.proposals.clear();
        // What would be left out depends on the mapping, which is another now.
        self.problems.retain(|problem| {
            profile.options.roles.get(problem.role).is_some() && how == ProfileMatch::Kind
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::guess::guess;
    use crate::read::tests::mapped;

    fn look(header: &str) -> Guess {
        let row = header.split(',').map(|_| "x").collect::<Vec<_>>().join(",");
        guess(format!("{header}\n{row}\n").as_bytes(), &Options::default()).unwrap()
    }

    fn profile(header: &str, roles: &[(Role, &str)]) -> Profile {
        let (kind, name) = (look(header).kind, "shop".to_owned());
        Profile { version: 1, kind, name, options: mapped(roles) }
    }

    #[test]
    fn the_kind_is_the_set_of_the_names() {
        assert_eq!(look("a,b,c").kind, look("c, a ,b").kind);
        assert_eq!(look("a,b,c").kind, look("a\tb\tc".replace('\t', ",").as_str()).kind);
        assert_ne!(look("a,b,c").kind, look("a,b").kind);
        assert_ne!(look("a,bc").kind, look("ab,c").kind);
        assert_eq!(look("a,b").kind.len(), 16);
        assert_eq!(kind_of("tsv", ["a"].into_iter()), kind_of("csv", ["a"].into_iter()));
        assert_ne!(kind_of("json", ["a"].into_iter()), kind_of("csv", ["a"].into_iter()));
    }

    #[test]
    fn a_profile_of_the_kind_goes_before_one_whose_columns_are_there() {
        let other = profile("a,b,c,d", &[(Role::Customer, "a"), (Role::Time, "b")]);
        let same = profile("b,a,c", &[(Role::Customer, "c")]);
        let absent = profile("a,b,c", &[(Role::Customer, "gone")]);
        let mut guess = look("a,b,c");
        guess.recognise(&[absent, other.clone(), same]).unwrap();
        assert_eq!((guess.profile, guess.profile_match), (Some(2), Some(ProfileMatch::Kind)));
        let customer = guess.roles.customer.unwrap();
        assert_eq!((customer.column.as_str(), customer.reason), ("c", Reason::Profile));
        assert_eq!(guess.roles.time, None);

        let mut guess = look("x,b,c,a");
        let fewer = profile("a,b", &[(Role::Customer, "b")]);
        guess.recognise(&[fewer, other]).unwrap();
        assert_eq!((guess.profile, guess.profile_match), (Some(1), Some(ProfileMatch::Columns)));
    }

    #[test]
    fn without_a_fitting_profile_the_guess_stays() {
        let mut guess = look("customer_id,b");
        let before = guess.clone();
        guess.recognise(&[]).unwrap();
        guess.recognise(&[profile("a,b", &[(Role::Customer, "a")])]).unwrap();
        assert_eq!(guess, before);
        let old = Profile { version: 2, ..profile("a,b", &[(Role::Customer, "a")]) };
        let error = guess.recognise(&[old]).unwrap_err();
        assert_eq!(error.path(), Some("profiles[0].version"));
    }
}
