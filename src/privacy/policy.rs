//! The policy of a host as a value: purposes, the class of each column and what it may serve,
//! consents, and how long things are kept. Plain JSON with a version, so that it can be reviewed,
//! kept and sent beside the reports that name it.

use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::consent::{Asked, Reason, Record, Stage, Terms, decide, is_retention_over};
use super::gate::{Judge, Policy as Rules, Request};
use crate::error::{Code, Error, Result};
use crate::table::calendar::{DAY_MS, Date};
use crate::table::dictionary::{Dictionary, short_key};
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

/// So many terms are remembered while consents are read, to be shared by those who agree to the same.
const TERMS: usize = 16;

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
        let (mut held, mut known) = (Vec::new(), Vec::<Rc<Terms>>::new());
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
            let terms = Terms {
                basis: consent.basis,
                policy: consent.text,
                columns: consent.columns,
                separate: consent.separate,
                guardian: consent.guardian,
                adm_opt_out: consent.adm_opt_out,
            };
            let same = known.iter().find(|known| ***known == terms).cloned();
            let terms = same.unwrap_or_else(|| {
                let terms = Rc::new(terms);
                known.truncate(TERMS - 1);
                known.insert(0, Rc::clone(&terms));
                terms
            });
            let record = Record {
                granted_at: granted.0,
                withdrawn_at: read(consent.withdrawn_at.as_ref(), "withdrawnAt")?.map(|of| of.0),
                expires_at: read(consent.expires_at.as_ref(), "expiresAt")?.map(|of| of.0),
                terms,
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
        // What was decided last by a single record: most customers agree to the same at some time.
        let mut last: Option<(&Rc<Terms>, Stage, bool, Reason)> = None;
        move |customer| {
            let (Some((number, purpose)), Some((at, today))) = (purpose, at) else {
                return Reason::NoBasis;
            };
            let of_customer = self.held_of(customer);
            let last_activity = of_customer.iter().filter_map(|one| one.last_activity).max();
            let is_over = purpose.retention_days.zip(last_activity);
            if is_over.is_some_and(|(days, last)| is_retention_over(last, days, today)) {
                return Reason::RetentionOver;
            }
            records.clear();
            let of_purpose = of_customer.iter().filter(|one| one.purpose == number);
            records.extend(of_purpose.map(|one| &one.record));
            if !purpose.consent {
                let refuses = records.iter().any(|record| record.terms.adm_opt_out);
                let wins = purpose.automated && refuses;
                return if wins { Reason::AdmOptOut } else { Reason::Basis };
            }
            // Of several dates the youngest decides.
            let birth = of_customer.iter().filter_map(|one| one.birth).max();
            let asked = Asked {
                at,
                today: Some(today),
                columns: &columns,
                sensitive: &sensitive,
                automated: purpose.automated,
                material_change: self.document.material_change,
                policy: self.document.text.as_deref(),
                birth,
            };
            let [record] = records.as_slice() else { return decide(&records, &asked).0 };
            let (terms, stage) = (&record.terms, record.stage(at));
            let is_child = asked.is_child();
            match last {
                Some((of, then, child, reason))
                    if Rc::ptr_eq(of, terms) && (then, child) == (stage, is_child) =>
                {
                    reason
                }
                _ => {
                    let reason = decide(&records, &asked).0;
                    last = Some((terms, stage, is_child, reason));
                    reason
                }
            }
        }
    }

    /// What is held of a customer.
    fn held_of(&self, customer: &[u8]) -> &[Held] {
        let place = |code: u32| self.starts.get(code as usize).map_or(0, |at| *at as usize);
        let code = self.customers.find(customer);
        let held = code.and_then(|code| self.held.get(place(code)..place(code + 1)));
        held.unwrap_or_default()
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

    fn expect(&self, customers: &[&[u8]]) {
        let keys: Vec<u64> = customers.iter().filter_map(|id| short_key(id)).collect();
        self.customers.look_ahead(&keys);
        let first = |id: &&[u8]| self.held_of(id).first().map_or(0, |one| one.record.granted_at);
        std::hint::black_box(customers.iter().map(first).fold(0, |looked, at| looked ^ at));
    }

    fn judge<'p>(&'p self, request: Request<'p>, columns: Vec<String>) -> Judge<'p> {
        let mut judge = CheckedPolicy::judge(self, request, columns);
        Box::new(move |customer| {
            let reason = judge(customer);
            (!reason.allows()).then(|| reason.name())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    /// What is remembered from one customer to the next is never what another's records say.
    #[test]
    fn every_customer_is_judged_by_the_own_records() {
        let mut random = Random::new(5, 0);
        let day = |random: &mut Random, from: u32| {
            format!("20{}-0{}-11", from + random.below(3), 1 + random.below(9))
        };
        let consents = (0..3_000).map(|_| {
            let mut maybe = |one_in: u32| random.below(one_in) == 0;
            let (withdrawn, expires, birth, guardian) = (maybe(3), maybe(3), maybe(3), maybe(2));
            let (opt_out, text, separate, columns) = (maybe(5), maybe(2), maybe(2), maybe(4));
            let mut date = |is: bool, from| is.then(|| day(&mut random, from));
            let (withdrawn_at, expires_at) = (date(withdrawn, 24), date(expires, 24));
            let (granted_at, birth) = (date(true, 23).unwrap(), date(birth, 11));
            serde_json::from_value(serde_json::json!({
                "customer": format!("c{}", random.below(2_000)),
                "purpose": if random.below(2) == 0 { "a" } else { "b" },
                "grantedAt": granted_at, "withdrawnAt": withdrawn_at, "expiresAt": expires_at,
                "birth": birth, "guardian": guardian, "admOptOut": opt_out,
                "text": text.then_some("1"), "separate": if separate { vec!["*"] } else { vec![] },
                "columns": columns.then(|| vec!["time"]),
            }))
            .unwrap()
        });
        let document: PolicyDocument = serde_json::from_value(serde_json::json!({
            "version": 1, "name": "shop", "text": "1", "materialChange": true,
            "purposes": [{ "name": "a", "automated": true }, { "name": "b" }],
            "columns": [
                { "column": "amount", "class": "sensitive", "purposes": ["a"] },
                { "column": "time", "purposes": ["a", "b"] },
            ],
        }))
        .unwrap();
        let policy = document.checked_with(&mut consents.map(Ok)).unwrap();
        let mut found = std::collections::BTreeSet::new();
        for (purpose, columns) in [("a", &["time", "amount"][..]), ("b", &["time"][..])] {
            let ask = Request {
                analysis: "test",
                purpose: Some(purpose),
                at: Some(instant("2025-05-05").unwrap()),
            };
            let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
            let mut judge = policy.judge(ask, columns.clone());
            for customer in 0..2_010 {
                let id = format!("c{customer}");
                let reason = judge(id.as_bytes());
                assert_eq!(reason, policy.judge(ask, columns.clone())(id.as_bytes()), "{id}");
                found.insert(reason.name());
            }
        }
        assert!(found.len() >= 9, "the records differ enough: {found:?}");
    }
}
