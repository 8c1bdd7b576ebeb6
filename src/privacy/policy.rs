//! The policy of a host as a value: purposes, the class of each column and what it may serve,
//! consents, and how long things are kept. Plain JSON with a version, so that it can be reviewed,
//! kept and sent beside the reports that name it.

use serde::{Deserialize, Serialize};

use super::consent::{Asked, Reason, Record, decide, is_retention_over};
use super::gate::{Judge, Policy as Rules, Request};
use crate::error::{Code, Error, Result};
use crate::table::calendar::{DAY_MS, Date};
use crate::table::dictionary::Dictionary;
use crate::table::moment::Moment;
use crate::table::role::Role;
use crate::table::zone::Zone;

/// How a column is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "ColumnClass"))]
pub enum Class {
    /// Names a person by itself: a phone number, a member number.
    Identifier,
    /// Names a person together with others: a city, an age.
    QuasiIdentifier,
    /// Its misuse harms: health, accounts, places, all of children under 14 (art. 28 of the
    /// Personal Information Protection Law). Needs a consent of its own.
    Sensitive,
    /// None of these.
    #[default]
    Ordinary,
}

/// A policy. Without one every column of every customer may be used for anything, and reports
/// say so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PolicyDocument {
    /// The version of this form: 1.
    pub version: u32,
    /// The name that reports show.
    pub name: String,
    /// What computations may be for. A request names one of them.
    pub purposes: Vec<Purpose>,
    /// The columns that may be read. One that is not listed is refused.
    pub columns: Vec<ColumnRule>,
    /// The version of the text that customers agree to.
    #[serde(default)]
    pub text: Option<String>,
    /// Whether that text changed so much that consent to an older one does not hold.
    #[serde(default)]
    pub material_change: bool,
    /// Who agreed to what.
    #[serde(default)]
    pub consents: Vec<Consent>,
}

/// What a computation may be for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Purpose {
    /// Its name in requests.
    pub name: String,
    /// Whether it needs a record of each customer. Without, all customers are used.
    #[serde(default = "yes")]
    pub consent: bool,
    /// Whether it decides about customers without a person: then a refusal wins over consent.
    #[serde(default)]
    pub automated: bool,
    /// Days after a customer's last activity for which the data may serve it.
    #[serde(default)]
    pub retention_days: Option<u32>,
}

fn yes() -> bool {
    true
}

/// What one column is and may serve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ColumnRule {
    /// A role such as `amount`, or `@` and the name of an attribute.
    pub column: String,
    /// How it is to be treated.
    #[serde(default)]
    pub class: Class,
    /// The names of the purposes for which it may be read.
    pub purposes: Vec<String>,
}

/// One record of consent: for one purpose. Instants are such as `2025-06-01T12:00:00+08:00`; a
/// date is its first instant in UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Consent {
    /// The customer's id, as in the tables.
    pub customer: String,
    /// The purpose: one. Consent to several at once is none.
    pub purpose: String,
    /// `consent`, or another legal basis such as `contract`.
    #[serde(default = "by_consent")]
    pub basis: String,
    /// From when on.
    pub granted_at: String,
    /// When it was withdrawn.
    #[serde(default)]
    pub withdrawn_at: Option<String>,
    /// When it ends by itself.
    #[serde(default)]
    pub expires_at: Option<String>,
    /// The version of the text that was agreed to.
    #[serde(default)]
    pub text: Option<String>,
    /// Where the record comes from.
    #[serde(default)]
    pub source: Option<String>,
    /// The columns that it covers; all if left out.
    #[serde(default)]
    pub columns: Option<Vec<String>>,
    /// The sensitive columns that were agreed to one by one; `*` stands for all.
    #[serde(default)]
    pub separate: Vec<String>,
    /// Whether a guardian agreed.
    #[serde(default)]
    pub guardian: bool,
    /// Whether the customer refused automated decisions.
    #[serde(default)]
    pub adm_opt_out: bool,
    /// The customer's date of birth, where it decides: under 14 a guardian must agree.
    #[serde(default)]
    pub birth: Option<String>,
    /// The day of the customer's last activity, where a retention is set.
    #[serde(default)]
    pub last_activity: Option<String>,
    /// Whether it was one tick for several things. Such a record is refused.
    #[serde(default)]
    pub bundled: bool,
    /// Whether the tick was there before the customer came. Such a record is refused.
    #[serde(default)]
    pub pre_ticked: bool,
}

fn by_consent() -> String {
    "consent".to_owned()
}

/// A record with what is known of its customer.
#[derive(Debug)]
struct Held {
    customer: u32,
    purpose: usize,
    record: Record,
    birth: Option<Date>,
    last_activity: Option<Date>,
}

/// A policy that was checked, ready to answer for single customers.
#[derive(Debug)]
pub struct CheckedPolicy {
    document: PolicyDocument,
    customers: Dictionary,
    /// By customer.
    held: Vec<Held>,
    /// `starts[customer]` is where its records begin.
    starts: Vec<u32>,
}

/// An instant and its date as written; a date alone is its first instant in UTC.
///
/// # Errors
/// `date`.
pub fn instant(text: &str) -> Result<(i64, Date)> {
    let utc = Zone::utc();
    let moment = Moment::parse(text, &utc)?;
    let at = if text.len() == 10 { moment.until - DAY_MS } else { moment.until - 1 };
    let written = Moment::parse(text.get(..10).unwrap_or_default(), &utc)?;
    Ok((at, Date::of_day_number(written.day)))
}

impl PolicyDocument {
    /// Checks the policy.
    ///
    /// # Errors
    /// `unknown-version`; `invalid-option` with its path for a name that does not exist, a bundled
    /// or pre-ticked consent; `date`; `limit-memory`.
    pub fn checked(mut self) -> Result<CheckedPolicy> {
        let consents = std::mem::take(&mut self.consents);
        self.checked_with(&mut consents.into_iter().map(Ok))
    }

    /// As [`PolicyDocument::checked`], with the consents one by one in place of the document's own:
    /// a million of them are then never there as plain data all at once.
    ///
    /// # Errors
    /// As there, and what a consent comes with in its place.
    pub fn checked_with(
        self,
        consents: &mut dyn Iterator<Item = Result<Consent>>,
    ) -> Result<CheckedPolicy> {
        if self.version != 1 {
            return Err(
                Error::new(Code::UnknownVersion, "the version of a policy is 1").at_path("version")
            );
        }
        let purpose = |name: &str| self.purposes.iter().position(|purpose| purpose.name == name);
        let wrong = |hint: &'static str, path: String| {
            Err(Error::new(Code::InvalidOption, hint).at_path(path))
        };
        for (at, column) in self.columns.iter().enumerate() {
            let is_role = Role::ALL.iter().any(|role| role.as_str() == column.column);
            if !is_role && !column.column.starts_with('@') {
                return wrong(
                    "a column is a role, or `@` and the name of an attribute",
                    format!("columns[{at}].column"),
                );
            }
            if let Some(of) = column.purposes.iter().position(|name| purpose(name).is_none()) {
                return wrong(
                    "the policy has no such purpose",
                    format!("columns[{at}].purposes[{of}]"),
                );
            }
        }
        let mut customers = Dictionary::new(0);
        let mut held = Vec::new();
        for (at, consent) in consents.enumerate() {
            let path = |field: &str| format!("consents[{at}].{field}");
            let consent = consent.map_err(|error| error.inside(&format!("consents[{at}]")))?;
            let bundled = [("bundled", consent.bundled), ("preTicked", consent.pre_ticked)];
            if let Some((field, _)) = bundled.iter().find(|(_, is)| *is) {
                return wrong(
                    "a consent that was bundled or ticked beforehand is none: leave it out",
                    path(field),
                );
            }
            let Some(purpose) = purpose(&consent.purpose) else {
                return wrong(
                    "a consent is for one purpose, and the policy has none of this name",
                    path("purpose"),
                );
            };
            let read = |text: Option<&String>, field: &str| {
                text.map(|text| instant(text).map_err(|e| e.at_path(path(field)))).transpose()
            };
            let granted = instant(&consent.granted_at).map_err(|e| e.at_path(path("grantedAt")))?;
            let record = Record {
                granted_at: granted.0,
                withdrawn_at: read(consent.withdrawn_at.as_ref(), "withdrawnAt")?.map(|of| of.0),
                expires_at: read(consent.expires_at.as_ref(), "expiresAt")?.map(|of| of.0),
                basis: consent.basis,
                policy: consent.text,
                columns: consent.columns,
                separate: consent.separate,
                guardian: consent.guardian,
                adm_opt_out: consent.adm_opt_out,
            };
            let birth = read(consent.birth.as_ref(), "birth")?.map(|of| of.1);
            let last_activity =
                read(consent.last_activity.as_ref(), "lastActivity")?.map(|of| of.1);
            let customer = customers.intern(consent.customer.as_bytes())?;
            held.push(Held { customer, purpose, record, birth, last_activity });
        }
        crate::stats::order::sort_by(&mut held, |a: &Held, b: &Held| a.customer.cmp(&b.customer));
        let start =
            |customer: usize| held.partition_point(|one| (one.customer as usize) < customer);
        let starts = (0..=customers.len()).map(|customer| start(customer) as u32).collect();
        Ok(CheckedPolicy { document: self, customers, held, starts })
    }
}

impl CheckedPolicy {
    fn purpose(&self, request: Request<'_>) -> Option<(usize, &Purpose)> {
        let name = request.purpose?;
        self.document.purposes.iter().enumerate().find(|(_, purpose)| purpose.name == name)
    }

    fn rule(&self, request: Request<'_>, column: &str) -> Option<&ColumnRule> {
        let rule = self.document.columns.iter().find(|rule| rule.column == column)?;
        rule.purposes.iter().any(|name| Some(name.as_str()) == request.purpose).then_some(rule)
    }

    /// Whether a purpose may read a column: a role, or `@` and the name of an attribute.
    #[must_use]
    pub fn grants(&self, request: Request<'_>, column: &str) -> bool {
        self.rule(request, column).is_some()
    }

    /// Decides which customers may be used for a purpose at an instant, by what was granted of
    /// their columns.
    pub fn judge<'p>(
        &'p self,
        request: Request<'_>,
        columns: Vec<String>,
    ) -> impl FnMut(&[u8]) -> Reason + 'p {
        let purpose = self.purpose(request);
        let at = request.at;
        let is_sensitive = |column: &&String| {
            self.rule(request, column).is_some_and(|rule| rule.class == Class::Sensitive)
        };
        let sensitive: Vec<String> = columns.iter().filter(is_sensitive).cloned().collect();
        let mut records: Vec<&Record> = Vec::new();
        move |customer| {
            let (Some((number, purpose)), Some((at, today))) = (purpose, at) else {
                return Reason::NoBasis;
            };
            let place = |code: u32| self.starts.get(code as usize).map_or(0, |at| *at as usize);
            let of_customer = self.customers.find(customer);
            let of_customer =
                of_customer.and_then(|code| self.held.get(place(code)..place(code + 1)));
            let of_customer = of_customer.unwrap_or_default();
            let last = of_customer.iter().filter_map(|one| one.last_activity).max();
            let is_over = purpose.retention_days.zip(last);
            if is_over.is_some_and(|(days, last)| is_retention_over(last, days, today)) {
                return Reason::RetentionOver;
            }
            records.clear();
            let of_purpose = of_customer.iter().filter(|one| one.purpose == number);
            records.extend(of_purpose.map(|one| &one.record));
            if !purpose.consent {
                let refuses = records.iter().any(|record| record.adm_opt_out);
                let wins = purpose.automated && refuses;
                return if wins { Reason::AdmOptOut } else { Reason::Basis };
            }
            let asked = Asked {
                at,
                today: Some(today),
                columns: &columns,
                sensitive: &sensitive,
                automated: purpose.automated,
                material_change: self.document.material_change,
                policy: self.document.text.as_deref(),
                // Of several dates the youngest decides.
                birth: of_customer.iter().filter_map(|one| one.birth).max(),
            };
            decide(&records, &asked).0
        }
    }
}

impl Rules for CheckedPolicy {
    fn name(&self) -> &str {
        &self.document.name
    }

    fn check(&self, request: Request<'_>) -> Result<()> {
        let names = || {
            let names: Vec<&str> =
                self.document.purposes.iter().map(|purpose| purpose.name.as_str()).collect();
            names.join(", ")
        };
        if self.purpose(request).is_none() {
            let hint = format!("the policy asks for a purpose: {}", names());
            return Err(Error::new(Code::Denied, hint).at_path("purpose"));
        }
        if request.at.is_none() {
            let hint = "the policy asks for the instant at which consent must hold";
            return Err(Error::new(Code::Denied, hint).at_path("at"));
        }
        Ok(())
    }

    fn allows_role(&self, request: Request<'_>, role: Role) -> bool {
        self.grants(request, role.as_str())
    }

    fn allows_attribute(&self, request: Request<'_>, name: &str) -> bool {
        self.grants(request, &format!("@{name}"))
    }

    fn judge<'p>(&'p self, request: Request<'p>, columns: Vec<String>) -> Judge<'p> {
        let mut judge = CheckedPolicy::judge(self, request, columns);
        Box::new(move |customer| {
            let reason = judge(customer);
            (!reason.allows()).then(|| reason.name())
        })
    }
}
