//! Consent as a decision: which records of one customer hold for one purpose at one instant.
//!
//! The rules follow the Personal Information Protection Law of China, art. 13–16 (a basis for each
//! purpose, withdrawal at any time), 24 (refusal of automated decisions), 28–29 (separate consent for
//! sensitive information) and 31 (a guardian's consent under 14). An engineering reading, not legal
//! advice.

use std::rc::Rc;

use serde::Serialize;

use crate::table::calendar::Date;

/// One record: a customer's consent, or another legal basis, for one purpose. Instants are
/// milliseconds since 1970 UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// From this instant on.
    pub granted_at: i64,
    /// Before this instant.
    pub withdrawn_at: Option<i64>,
    /// Before this instant.
    pub expires_at: Option<i64>,
    /// What was agreed to. Most customers agree to the same, and share it.
    pub terms: Rc<Terms>,
}

/// What one agrees to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The legal basis: `consent`, `contract` …
    pub basis: String,
    /// The version of the text that was agreed to.
    pub policy: Option<String>,
    /// The columns that it covers; `None` covers all.
    pub columns: Option<Vec<String>>,
    /// The sensitive columns that were agreed to one by one; `*` stands for all.
    pub separate: Vec<String>,
    /// Whether a guardian agreed.
    pub guardian: bool,
    /// Whether the customer refused automated decisions.
    pub adm_opt_out: bool,
}

/// What has happened of a record by an instant: granted, withdrawn, expired.
pub type Stage = (bool, bool, bool);

impl Record {
    /// What has happened of it by `at`, which is all that [`decide`] asks of its instants if it is
    /// the only one.
    #[must_use]
    pub fn stage(&self, at: i64) -> Stage {
        (self.granted_at <= at, self.is_withdrawn(at), self.is_expired(at))
    }

    fn is_active(&self, at: i64) -> bool {
        self.stage(at) == (true, false, false)
    }

    fn is_withdrawn(&self, at: i64) -> bool {
        self.withdrawn_at.is_some_and(|end| end <= at)
    }

    fn is_expired(&self, at: i64) -> bool {
        self.expires_at.is_some_and(|end| end <= at)
    }
}

/// What is asked of the records of one customer and one purpose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The instant, in milliseconds since 1970 UTC.
    pub at: i64,
    /// The date of that instant where the customer is.
    pub today: Option<Date>,
    /// The columns that will be read.
    pub columns: &'a [String],
    /// Those of them that are sensitive.
    pub sensitive: &'a [String],
    /// Whether it decides about customers without a person.
    pub automated: bool,
    /// Whether the text changed so much that consent to an older version does not hold.
    pub material_change: bool,
    /// The present version of the text.
    pub policy: Option<&'a str>,
    /// The customer's date of birth, if known.
    pub birth: Option<Date>,
}

impl Asked<'_> {
    /// Whether the customer is known to be under 14.
    #[must_use]
    pub fn is_child(&self) -> bool {
        self.birth.zip(self.today).is_some_and(|(birth, today)| {
            // A birthday on 29 February is reached on 1 March of other years.
            (today.year - birth.year, today.month, today.day) < (14, birth.month, birth.day)
        })
    }
}

/// Why a customer may be used, or may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Reason {
    /// Allowed on the basis of the record.
    Basis,
    /// Allowed: a guardian agreed.
    GuardianConsent,
    /// Allowed: the sensitive columns were agreed to.
    SeparateConsent,
    /// No record for this purpose.
    NoBasis,
    /// The customer refused automated decisions.
    AdmOptOut,
    /// The consent was withdrawn.
    Withdrawn,
    /// The consent has expired.
    Expired,
    /// The consent begins later.
    NotYet,
    /// The text has changed since.
    ConsentOutdated,
    /// The record does not cover a column.
    ColumnWithoutPurpose,
    /// Under 14 without a guardian.
    GuardianConsentNeeded,
    /// A sensitive column was not agreed to.
    SeparateConsentNeeded,
    /// The time for which it may be kept is over.
    RetentionOver,
}

impl Reason {
    /// Whether the customer may be used.
    #[must_use]
    pub fn allows(self) -> bool {
        matches!(self, Reason::Basis | Reason::GuardianConsent | Reason::SeparateConsent)
    }

    /// The stable kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Reason::Basis => "basis",
            Reason::GuardianConsent => "guardian-consent",
            Reason::SeparateConsent => "separate-consent",
            Reason::NoBasis => "no-basis",
            Reason::AdmOptOut => "adm-opt-out",
            Reason::Withdrawn => "withdrawn",
            Reason::Expired => "expired",
            Reason::NotYet => "not-yet",
            Reason::ConsentOutdated => "consent-outdated",
            Reason::ColumnWithoutPurpose => "column-without-purpose",
            Reason::GuardianConsentNeeded => "guardian-consent-needed",
            Reason::SeparateConsentNeeded => "separate-consent-needed",
            Reason::RetentionOver => "retention-over",
        }
    }
}

/// Decides by the records of one customer and one purpose; the record it rests on, if allowed.
/// The first rule that applies: no record; refusal of automated decisions; no active record (the
/// state of the one granted last); an outdated text; a column that the record does not cover;
/// under 14 without a guardian; a sensitive column without its own consent.
#[must_use]
pub fn decide<'r>(records: &[&'r Record], asked: &Asked<'_>) -> (Reason, Option<&'r Record>) {
    let no = |reason| (reason, None);
    if records.is_empty() {
        return no(Reason::NoBasis);
    }
    if asked.automated && records.iter().any(|record| record.terms.adm_opt_out) {
        return no(Reason::AdmOptOut);
    }
    let at = asked.at;
    let latest = |active: bool| {
        let granted = records.iter().filter(|record| record.granted_at <= at);
        granted.filter(|r| !active || r.is_active(at)).max_by_key(|record| record.granted_at)
    };
    let Some(record) = latest(true) else {
        return no(match latest(false) {
            Some(record) if record.is_withdrawn(at) => Reason::Withdrawn,
            Some(_) => Reason::Expired,
            None => Reason::NotYet,
        });
    };
    if asked.material_change && record.terms.policy.as_deref() != asked.policy {
        return no(Reason::ConsentOutdated);
    }
    let is_in = |list: &[String], column: &str| list.iter().any(|one| one == column);
    if record
        .terms
        .columns
        .as_ref()
        .is_some_and(|list| !asked.columns.iter().all(|c| is_in(list, c)))
    {
        return no(Reason::ColumnWithoutPurpose);
    }
    let is_child = asked.is_child();
    if is_child && !record.terms.guardian {
        return no(Reason::GuardianConsentNeeded);
    }
    let all = is_in(&record.terms.separate, "*");
    if !all && !asked.sensitive.iter().all(|column| is_in(&record.terms.separate, column)) {
        return no(Reason::SeparateConsentNeeded);
    }
    let reason = match (is_child, asked.sensitive.is_empty()) {
        (true, _) => Reason::GuardianConsent,
        (false, false) => Reason::SeparateConsent,
        (false, true) => Reason::Basis,
    };
    (reason, Some(record))
}

/// Whether the time for which something may be kept is over: whole days since the last activity
/// reach the number of days. Activity in the future is not over.
#[must_use]
pub fn is_retention_over(last_activity: Date, days: u32, today: Date) -> bool {
    let passed = i64::from(today.day_number()) - i64::from(last_activity.day_number());
    passed >= 0 && passed >= i64::from(days)
}
