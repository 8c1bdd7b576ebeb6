//! The social dimension: what customers do for the shop besides buying, as one number each.
//!
//! Five kinds of actions are counted, from an event log by the names of its events and from a log
//! of referrals: shares, invitations sent and accepted, comments, posts in groups. Counts of
//! different kinds cannot be added as they are: a shop may see a hundred comments for one accepted
//! invitation. So each kind is first brought to its own usual measure ([`Normalise`]), then
//! weighted, then added: the number is the sum of its parts.
//!
//! Centring at the median over its spread (MAD), as one does with purchases, fails here: most
//! customers do nothing, so that median and spread are both 0. The usual measure is therefore taken
//! among those who did something of the kind, and who did nothing has exactly 0.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::segment::rfm::score::{Convention, Direction, Rule, score};
use crate::stats::quantile::{QuantileType, quantiles};

/// How many kinds there are.
pub const KINDS: usize = 5;

/// What a customer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ActionKind {
    /// Passed something on.
    Share,
    /// Invited somebody.
    InviteSent,
    /// Invited somebody who came.
    InviteAccepted,
    /// Commented or reviewed.
    Comment,
    /// Wrote in a group.
    GroupPost,
}

impl ActionKind {
    /// All, in the order of every list.
    pub const ALL: [ActionKind; KINDS] = [
        ActionKind::Share,
        ActionKind::InviteSent,
        ActionKind::InviteAccepted,
        ActionKind::Comment,
        ActionKind::GroupPost,
    ];
}

/// Which values of the role `event` count as what. Compared without regard to case and to blanks
/// at the ends; a value in two lists counts as the first kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventNames {
    /// Shares.
    pub share: Vec<String>,
    /// Invitations sent.
    pub invite_sent: Vec<String>,
    /// Invitations accepted, counted for the customer who invited.
    pub invite_accepted: Vec<String>,
    /// Comments and reviews.
    pub comment: Vec<String>,
    /// Posts in groups.
    pub group_post: Vec<String>,
}

impl Default for EventNames {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        EventNames {
            share: list(&["share", "forward", "分享", "转发"]),
            invite_sent: list(&["invite", "invite_sent", "invited", "邀请", "发出邀请"]),
            invite_accepted: list(&["invite_accepted", "accepted", "邀请成功", "接受邀请"]),
            comment: list(&["comment", "review", "评论", "评价"]),
            group_post: list(&["group_post", "group_message", "群发言", "社群发言", "群内发言"]),
        }
    }
}

impl EventNames {
    fn lists(&self) -> [&[String]; KINDS] {
        [&self.share, &self.invite_sent, &self.invite_accepted, &self.comment, &self.group_post]
    }

    /// What an event counts as, if anything.
    #[must_use]
    pub fn kind_of(&self, event: &[u8]) -> Option<ActionKind> {
        let text = String::from_utf8_lossy(event);
        let folded = |text: &str| text.trim().to_lowercase();
        let wanted = folded(&text);
        let fits = |list: &&[String]| list.iter().any(|name| folded(name) == wanted);
        let at = self.lists().iter().position(fits)?;
        ActionKind::ALL.get(at).copied()
    }
}

/// How much one usual measure of each kind counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SocialWeights {
    /// Of shares.
    pub share: f64,
    /// Of invitations sent.
    pub invite_sent: f64,
    /// Of invitations accepted.
    pub invite_accepted: f64,
    /// Of comments.
    pub comment: f64,
    /// Of posts in groups.
    pub group_post: f64,
}

impl Default for SocialWeights {
    fn default() -> Self {
        // By what reaches somebody outside: a new customer counts most, a word inside least.
        SocialWeights {
            share: 2.0,
            invite_sent: 1.0,
            invite_accepted: 3.0,
            comment: 1.0,
            group_post: 1.0,
        }
    }
}

impl SocialWeights {
    fn list(&self) -> [f64; KINDS] {
        [self.share, self.invite_sent, self.invite_accepted, self.comment, self.group_post]
    }
}

/// How counts of one kind become comparable with those of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Normalise {
    /// `ln(1 + count)` over its median among the customers with at least one action of the kind:
    /// the middle one of those has 1. One busy customer moves it little.
    #[default]
    Typical,
    /// The share of the customers with at least one action of the kind who have as many or fewer:
    /// above 0, at most 1. Equal counts have equal shares.
    Rank,
    /// The count itself: points, as a membership programme gives them.
    Points,
}

/// Options of the social dimension.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SocialOptions {
    /// Which events count as what.
    pub events: EventNames,
    /// How much each kind counts.
    pub weights: SocialWeights,
    /// How kinds are made comparable.
    pub normalise: Normalise,
    /// Only actions of the last so many days count, the day of `at` included. Default: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Social measures from which on the score is 2, 3, …: one fewer than there are bins, rising.
    /// Default: who did nothing scores 1, and the others are cut into groups of equal size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Vec<f64>>,
}

impl SocialOptions {
    /// Checks every field.
    ///
    /// # Errors
    /// `invalid-option` with the path inside these options.
    pub fn check(&self, bins: u8) -> Result<()> {
        let names = ["share", "inviteSent", "inviteAccepted", "comment", "groupPost"];
        let mut sum = 0.0;
        for (name, weight) in names.iter().zip(self.weights.list()) {
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(Error::new(Code::InvalidOption, "a weight is zero or more")
                    .at_path(format!("weights.{name}")));
            }
            sum += weight;
        }
        if sum <= 0.0 || !sum.is_finite() {
            return Err(Error::new(Code::InvalidOption, "at least one weight is above zero")
                .at_path("weights"));
        }
        if self.days == Some(0) {
            return Err(Error::new(Code::InvalidOption, "at least one day").at_path("days"));
        }
        let Some(thresholds) = &self.thresholds else { return Ok(()) };
        if thresholds.len() + 1 != usize::from(bins) {
            let hint = format!("{bins} bins need {} thresholds", bins.saturating_sub(1));
            return Err(Error::new(Code::InvalidOption, hint).at_path("thresholds"));
        }
        let rises = thresholds.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        if !rises || thresholds.iter().any(|mark| !(mark.is_finite() && *mark > 0.0)) {
            return Err(Error::new(
                Code::InvalidOption,
                "thresholds are numbers above zero, each larger than the one before",
            )
            .at_path("thresholds"));
        }
        Ok(())
    }
}

/// The social dimension of some customers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Social {
    /// For each kind the weighted, normalised part of every customer.
    pub parts: [Vec<f64>; KINDS],
    /// The sum of a customer's parts, added in the order of kinds.
    pub measure: Vec<f64>,
    /// The score, 1 to `bins`.
    pub scores: Vec<u8>,
    /// For each kind what one usual measure is: the median of `ln(1 + count)` with `typical`, the
    /// number of customers with an action with `rank`, 1 with `points`. `None` if nobody did it.
    pub units: [Option<f64>; KINDS],
    /// The measures from which on scores are 2, 3, …. `None` where only one customer or nobody
    /// did anything, so that there is nothing to cut.
    pub cuts: Option<Vec<f64>>,
}

/// Works out the social dimension from the counts of each kind, one entry per customer.
///
/// # Errors
/// `limit-memory`.
pub fn social(options: &SocialOptions, bins: u8, counts: &[Vec<u32>; KINDS]) -> Result<Social> {
    let customers = counts.iter().map(Vec::len).max().unwrap_or(0);
    let mut found = Social::default();
    let weights = options.weights.list();
    let lists = found.parts.iter_mut().zip(&mut found.units).zip(counts.iter().zip(weights));
    for ((part, unit), (counts, weight)) in lists {
        part.try_reserve_exact(customers).map_err(|_| no_memory())?;
        let active: Vec<u32> = counts.iter().copied().filter(|count| *count > 0).collect();
        if active.is_empty() {
            part.resize(customers, 0.0);
            continue;
        }
        *unit = Some(match options.normalise {
            Normalise::Points => {
                part.extend(counts.iter().map(|count| weight * f64::from(*count)));
                1.0
            }
            Normalise::Typical => {
                let logs: Vec<f64> = active.iter().map(|count| log(*count)).collect();
                let median = quantiles(&logs, &[0.5], QuantileType::Linear)?;
                let median = median.and_then(|found| found.first().copied()).unwrap_or(1.0);
                part.extend(counts.iter().map(|count| weight * (log(*count) / median)));
                median
            }
            Normalise::Rank => {
                let mut sorted = active;
                sorted.sort_unstable();
                let all = sorted.len() as f64;
                let share = |count: &u32| match count {
                    0 => 0.0,
                    count => sorted.partition_point(|other| other <= count) as f64 / all,
                };
                part.extend(counts.iter().map(|count| weight * share(count)));
                all
            }
        });
    }
    found.measure.try_reserve_exact(customers).map_err(|_| no_memory())?;
    found.measure.extend((0..customers).map(|row| {
        found.parts.iter().map(|part| part.get(row).copied().unwrap_or(0.0)).sum::<f64>()
    }));
    found.cuts = cuts(options, bins, &found.measure)?;
    let cuts = found.cuts.as_deref().unwrap_or_default();
    found.scores.try_reserve_exact(customers).map_err(|_| no_memory())?;
    let of = |measure: &f64| {
        let passed = cuts.iter().filter(|cut| *measure >= **cut).count() as u8;
        // Without cuts, doing something is still more than nothing.
        if cuts.is_empty() { 1 + u8::from(*measure > 0.0) } else { 1 + passed }
    };
    found.scores.extend(found.measure.iter().map(of));
    Ok(found)
}

/// From which measures on the scores are 2, 3, …: those given, or such that the customers who did
/// something fill the scores above 1 evenly, equal ones together and as low as their lowest rank.
fn cuts(options: &SocialOptions, bins: u8, measure: &[f64]) -> Result<Option<Vec<f64>>> {
    if let Some(given) = &options.thresholds {
        return Ok(Some(given.clone()));
    }
    let active: Vec<f64> = measure.iter().copied().filter(|measure| *measure > 0.0).collect();
    let Some(least) = active.iter().copied().reduce(f64::min) else { return Ok(None) };
    if bins < 3 {
        return Ok(Some(vec![least]));
    }
    let rule = Rule::of_data(Convention::RankMin, bins - 1)?;
    let scores = score(&active, Direction::HigherIsBetter, rule)?.scores;
    // The least measure that has each score; a score that nobody has begins where the next does.
    let begins = |wanted: u8| {
        let of_score = active.iter().zip(&scores).filter(|(_, score)| **score >= wanted);
        of_score.map(|(measure, _)| *measure).reduce(f64::min)
    };
    Ok(Some((1..bins).filter_map(begins).collect()))
}

/// `ln(1 + count)`, the same bits natively and in WebAssembly.
fn log(count: u32) -> f64 {
    libm::log1p(f64::from(count))
}

fn no_memory() -> Error {
    Error::new(Code::LimitMemory, "there is not enough memory for the social dimension")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(shares: &[u32]) -> [Vec<u32>; KINDS] {
        let none = vec![0; shares.len()];
        [shares.to_vec(), none.clone(), none.clone(), none.clone(), none]
    }

    #[test]
    fn who_does_nothing_scores_1_and_the_others_fill_the_rest_evenly() {
        let found = social(&SocialOptions::default(), 5, &counts(&[0, 0, 0, 1, 2, 4, 8])).unwrap();
        assert_eq!(found.scores, [1, 1, 1, 2, 3, 4, 5]);
        let equal = social(&SocialOptions::default(), 5, &counts(&[0, 3, 3, 3])).unwrap();
        assert_eq!(equal.scores, [1, 2, 2, 2], "equal customers share the lowest of their ranks");
        let nobody = social(&SocialOptions::default(), 5, &counts(&[0, 0])).unwrap();
        assert_eq!((nobody.scores, nobody.cuts), (vec![1, 1], None));
    }

    #[test]
    fn the_middle_one_of_the_active_has_the_weight_of_its_kind() {
        let found = social(&SocialOptions::default(), 5, &counts(&[0, 1, 5, 9000])).unwrap();
        assert_eq!(found.measure[2], SocialWeights::default().share);
        assert!(found.measure[3] < 5.1 * found.measure[2], "one busy customer stays within reach");
    }

    #[test]
    fn the_measure_is_the_sum_of_its_parts() {
        let counts = [vec![1, 0], vec![2, 7], vec![0, 1], vec![9, 0], vec![4, 4]];
        for normalise in [Normalise::Typical, Normalise::Rank, Normalise::Points] {
            let options = SocialOptions { normalise, ..SocialOptions::default() };
            let found = social(&options, 5, &counts).unwrap();
            for row in 0..2 {
                let sum: f64 = found.parts.iter().map(|part| part[row]).sum();
                assert_eq!(sum, found.measure[row]);
            }
        }
    }

    #[test]
    fn thresholds_of_your_own_are_points_with_points() {
        let options = SocialOptions {
            normalise: Normalise::Points,
            thresholds: Some(vec![2.0, 20.0]),
            ..SocialOptions::default()
        };
        assert!(options.check(3).is_ok());
        // A share is two points.
        let found = social(&options, 3, &counts(&[0, 1, 9, 10])).unwrap();
        assert_eq!(found.scores, [1, 2, 2, 3]);
        assert_eq!(options.check(5).unwrap_err().path(), Some("thresholds"));
    }

    #[test]
    fn names_of_events_are_read_as_people_write_them() {
        let names = EventNames::default();
        assert_eq!(names.kind_of(b" Share "), Some(ActionKind::Share));
        assert_eq!(names.kind_of("转发".as_bytes()), Some(ActionKind::Share));
        assert_eq!(names.kind_of("群发言".as_bytes()), Some(ActionKind::GroupPost));
        assert_eq!(names.kind_of(b"view"), None);
    }
}
