//! Flags of followers who do nothing: not activated, asleep, never awake.

pub mod analysis;

use serde::{Deserialize, Serialize};

/// After how many days without interaction a flag is raised; the day itself counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InactivityLimits {
    /// Joined so many days ago and never interacted: greet again.
    pub activation_days: u32,
    /// Last interacted so many days ago: asleep.
    pub sleeping_days: u32,
    /// Joined so many days ago and never interacted: does not count as a follower.
    pub zombie_days: u32,
}

impl Default for InactivityLimits {
    fn default() -> Self {
        InactivityLimits { activation_days: 3, sleeping_days: 30, zombie_days: 30 }
    }
}

/// The flags of one follower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InactivityFlags {
    /// Never interacted, and joined at least `activationDays` ago.
    pub activation_alert: bool,
    /// Interacted, but not for at least `sleepingDays`.
    pub sleeping: bool,
    /// Never interacted, and joined at least `zombieDays` ago.
    pub zombie: bool,
}

/// The flags on day `today` of a follower who joined on day `joined` and interacted last on day
/// `last_interaction`, if ever. Days are local day numbers.
#[must_use]
pub fn inactivity(
    today: i32,
    joined: i32,
    last_interaction: Option<i32>,
    limits: InactivityLimits,
) -> InactivityFlags {
    let since = |day: i32, limit: u32| i64::from(today) - i64::from(day) >= i64::from(limit);
    match last_interaction {
        Some(last) => {
            InactivityFlags { sleeping: since(last, limits.sleeping_days), ..Default::default() }
        }
        None => InactivityFlags {
            activation_alert: since(joined, limits.activation_days),
            sleeping: false,
            zombie: since(joined, limits.zombie_days),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_itself_counts() {
        let flags = |joined, last| inactivity(90, joined, last, InactivityLimits::default());
        assert!(flags(0, Some(60)).sleeping && !flags(0, Some(61)).sleeping);
        assert!(flags(60, None).zombie && !flags(61, None).zombie);
        assert!(flags(87, None).activation_alert && !flags(88, None).activation_alert);
        assert_eq!(flags(0, Some(89)), InactivityFlags::default());
    }
}
