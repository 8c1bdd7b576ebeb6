//! `coverage`: which customers their managers reach, and which of the contacts they added count.
//!
//! Contacts added by managers are held against the counting rules of bank programmes (first
//! contact, verified, with an account, own customer, not too many from other provinces) and against
//! the managers' books: the share of each segment that is reached, with an interval, and the list
//! of what did not count and why.
//!
//! When not to use it: a contact is no relationship. What is counted is added to be counted; look at
//! purchases too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Added, Assigned, Covered, NotCounted, Rules, coverage};
use crate::customers::attributes::{AttributeOf, Latest};
use crate::error::{Code, Error, Result};
use crate::job::{Analysis, Facts, Progress};
use crate::privacy::gate::{Allowed, AllowedNames, AttributeValues, Needs};
use crate::report::{ColumnSet, LeftOut, Method, NamedColumn, Outcome, Values, Warning};
use crate::segment::population::no_memory;
use crate::segment::rfm::groups::Text;
use crate::stats::confidence::{check_confidence, usual_confidence};
use crate::stats::order::sort_by;
use crate::stats::proportion::{Interval, ProportionInterval, proportion_interval};
use crate::table::block::MISSING;
use crate::table::calendar::DAY_MS;
use crate::table::dictionary::Dictionary;
use crate::table::moment::Moment;
use crate::table::role::Role;

/// The input with the managers' books.
const BOOK: usize = 1;

/// Options of `coverage`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoverageOptions {
    /// The reference moment: a local day, which still counts whole, or an instant. Contacts after
    /// it are left out.
    pub at: String,
    /// The first moment that counts: contacts before it make later ones of the same customer
    /// second, and count for nobody. Default: all count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The names of the attributes.
    #[serde(default)]
    pub attributes: CoverageAttributes,
    /// Values of `verified` and `account` that mean yes, without regard to case.
    #[serde(default = "usual_yes")]
    pub yes: Vec<String>,
    /// The managers' own provinces. Contacts from others come from outside.
    #[serde(default)]
    pub home_provinces: Vec<String>,
    /// The largest share from outside that a manager may have.
    #[serde(default = "usual_outside")]
    pub most_outside: f64,
    /// The share of each segment to be reached.
    #[serde(default = "usual_target")]
    pub target: f64,
    /// The rules that hold.
    #[serde(default)]
    pub rules: CoverageRules,
    /// Confidence of the intervals, between 0 and 1.
    #[serde(default = "usual_confidence")]
    pub confidence: f64,
}

fn usual_yes() -> Vec<String> {
    ["是", "yes", "y", "true", "1"].map(str::to_owned).to_vec()
}

fn usual_outside() -> f64 {
    0.2
}

fn usual_target() -> f64 {
    0.5
}

/// Names of attributes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoverageAttributes {
    /// Who added the contact, and in the book whose customer it is.
    pub manager: String,
    /// The customer's segment, in the book.
    pub segment: String,
    /// Where the contact came from, in the contacts.
    pub province: String,
    /// Whether the person is verified, in the contacts or in the book.
    pub verified: String,
    /// Whether the person holds an account, in the contacts or in the book.
    pub account: String,
}

impl Default for CoverageAttributes {
    fn default() -> Self {
        CoverageAttributes {
            manager: "manager".to_owned(),
            segment: "segment".to_owned(),
            province: "province".to_owned(),
            verified: "verified".to_owned(),
            account: "account".to_owned(),
        }
    }
}

/// The rules that hold. A rule whose attribute is not mapped cannot be checked and says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoverageRules {
    /// Only the first contact of a customer can count, whoever made it.
    pub first: bool,
    /// The person must be verified.
    pub verified: bool,
    /// The person must hold an account.
    pub account: bool,
    /// The customer must stand in the manager's book.
    pub own: bool,
}

impl Default for CoverageRules {
    fn default() -> Self {
        CoverageRules { first: true, verified: true, account: true, own: true }
    }
}

/// Result of `coverage`. The column set `notCounted` holds each contact that did not count:
/// `customer`, `manager`, `time` (ms UTC) and `reason` (index into `reasons`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoverageResult {
    /// Contacts of the period.
    pub contacts: u64,
    /// Of them, those that count.
    pub counted: u64,
    /// Why the others do not, in the order in which reasons are looked for.
    pub reasons: Vec<ReasonRow>,
    /// Managers in the order of their names.
    pub managers: Vec<ManagerRow>,
    /// Segments of all managers together, in the order of their names.
    pub segments: Vec<CoverageRow>,
    /// Each manager's segments.
    pub cells: Vec<CoverageCell>,
    /// The answer in one sentence.
    pub sentence: Text,
}

/// A reason not to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReasonRow {
    /// The reason.
    pub reason: NotCounted,
    /// Contacts that it holds for first.
    pub contacts: u64,
}

/// How far customers are reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reach {
    /// Customers in the book.
    pub customers: u64,
    /// Of them, those with a contact that counts.
    pub covered: u64,
    /// Their share; null without customers.
    pub coverage: Option<f64>,
    /// Wilson interval of the share; null without customers.
    pub interval: Option<Interval>,
    /// Whether the share reaches the target; null without customers.
    pub is_on_target: Option<bool>,
}

/// One manager.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManagerRow {
    /// The manager.
    pub manager: String,
    /// Contacts that the manager added in the period.
    pub added: u64,
    /// Of them, those that count.
    pub counted: u64,
    /// Of those that count, those from outside the home provinces; null if no province is known.
    pub outside: Option<u64>,
    /// Their share; null if none counts.
    pub outside_share: Option<f64>,
    /// Whether that share is larger than allowed.
    pub is_over_limit: bool,
    /// How many from outside are too many.
    pub excess: u64,
    /// The manager's own customers.
    #[serde(flatten)]
    pub reach: Reach,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoverageRow {
    /// The segment.
    pub segment: String,
    /// Its customers.
    #[serde(flatten)]
    pub reach: Reach,
}

/// One segment of one manager.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CoverageCell {
    /// The manager.
    pub manager: String,
    /// The segment.
    pub segment: String,
    /// Its customers.
    #[serde(flatten)]
    pub reach: Reach,
}

/// One contact, in codes of the contact table.
#[derive(Clone, Copy, Debug)]
struct Contact {
    time: i64,
    customer: u32,
    manager: u32,
    province: u32,
    verified: u32,
    account: u32,
}

/// The running analysis.
#[derive(Debug)]
pub struct CoverageReport {
    options: CoverageOptions,
    from: i64,
    until: i64,
    contacts: Vec<Contact>,
    book: Option<Latest>,
    /// Whether rows of the contacts came with province, verified, account, and those of the book
    /// with the latter two: an attribute that was refused is not there.
    has: [bool; 5],
    after: u64,
    denied: u64,
    unnamed: u64,
    rows: u64,
}

impl Analysis for CoverageReport {
    const NAME: &'static str = "coverage";
    const VERSION: u32 = 1;
    const METHOD: Method = Method {
        name: "Coverage by counting rules, with score intervals",
        reference: "Siyu, docs/analyses/coverage.md. Wilson, E. B. (1927). JASA 22, 209–212.",
    };
    const INPUTS: &'static [&'static str] = &["contacts", "book"];

    type Options = CoverageOptions;
    type Result = CoverageResult;

    fn needs(options: &CoverageOptions, input: usize) -> Result<Needs> {
        let CoverageAttributes { manager, segment, province, verified, account } =
            &options.attributes;
        Ok(if input == BOOK {
            Needs::roles(&[Role::Customer])
                .and_attributes([manager, segment])
                .and_attributes_if_mapped([verified, account])
        } else {
            Needs::roles(&[Role::Customer, Role::Time])
                .and_attributes([manager])
                .and_attributes_if_mapped([province, verified, account])
        })
    }

    fn estimate(_: &CoverageOptions, inputs: &[Facts<'_>]) -> u64 {
        let of = |facts: &Facts<'_>| match facts.input {
            BOOK => Latest::estimate(4, facts.rows, facts.customers) + facts.customers * 200,
            // Each row, its texts, and the sets that tell first contacts.
            _ => facts.rows * (2 * size_of::<Contact>() as u64 + 250),
        };
        inputs.iter().map(of).sum()
    }

    fn start(options: CoverageOptions, inputs: &[Facts<'_>]) -> Result<Self> {
        let facts = |input: usize| {
            inputs
                .iter()
                .find(|facts| facts.input == input)
                .ok_or_else(|| Error::new(Code::UnknownTable, "this reads contacts and a book"))
        };
        let (contacts, book) = (facts(0)?, facts(BOOK)?);
        let shares = [
            ("mostOutside", options.most_outside, 0.0..=1.0),
            ("target", options.target, 0.0..=1.0),
        ];
        for (name, share, range) in shares {
            if !range.contains(&share) {
                return Err(
                    Error::new(Code::InvalidOption, "a share lies between 0 and 1").at_path(name)
                );
            }
        }
        check_confidence(options.confidence)?;
        let zone = &contacts.schema.zone;
        let until = Moment::parse(&options.at, zone).map_err(|error| error.at_path("at"))?.until;
        let from = match &options.from {
            None => i64::MIN,
            // A day counts from its midnight, an instant from itself.
            Some(text) => {
                let moment = Moment::parse(text, zone).map_err(|error| error.at_path("from"))?;
                match text.len() {
                    10 => zone.instant_of(i64::from(moment.day) * DAY_MS).instant(),
                    _ => moment.until - 1,
                }
            }
        };
        if from >= until {
            return Err(
                Error::new(Code::InvalidOption, "the period ends before it begins").at_path("from")
            );
        }
        let CoverageAttributes { manager, segment, verified, account, .. } = &options.attributes;
        let names = [manager, segment, verified, account].map(String::as_str);
        let book = Latest::new(names, book.schema, None);
        Ok(CoverageReport {
            options,
            from,
            until,
            contacts: Vec::new(),
            book: Some(book),
            has: [false; 5],
            after: 0,
            denied: 0,
            unnamed: 0,
            rows: 0,
        })
    }

    fn update(&mut self, input: usize, rows: Allowed<'_>) -> Result<()> {
        self.rows += rows.rows() as u64;
        let CoverageAttributes { province, verified, account, .. } = &self.options.attributes;
        let names = [province, verified, account, verified, account];
        let of_input = if input == BOOK { 3..5 } else { 0..3 };
        for (has, name) in self.has.iter_mut().zip(names).take(of_input.end).skip(of_input.start) {
            *has |= rows.attribute(name).is_some();
        }
        if input == BOOK {
            if let (Some(keep), Some(customers)) = (rows.keep(), rows.codes(Role::Customer)) {
                self.denied += customers.iter().filter(|code| !keep.get(**code)).count() as u64;
            }
            return match &mut self.book {
                Some(book) => book.update(rows),
                None => Ok(()),
            };
        }
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let times = rows.times().ok_or_else(|| Allowed::refused(Role::Time))?;
        let texts = |name: &str| match rows.attribute(name) {
            Some(AttributeValues::Text(codes)) => Some(codes),
            _ => None,
        };
        let names = &self.options.attributes;
        let managers = texts(&names.manager).ok_or_else(|| {
            Error::new(Code::Type, "managers are texts: map the attribute without a type")
        })?;
        let (provinces, verified, account) =
            (texts(&names.province), texts(&names.verified), texts(&names.account));
        for (row, ((customer, time), manager)) in
            customers.iter().zip(times).zip(managers).enumerate()
        {
            if *time >= self.until {
                self.after += 1;
            } else if rows.keep().is_some_and(|keep| !keep.get(*customer)) {
                self.denied += 1;
            } else if *manager == MISSING {
                self.unnamed += 1;
            } else {
                let code = |codes: Option<&[u32]>| {
                    codes.and_then(|codes| codes.get(row)).copied().unwrap_or(MISSING)
                };
                self.contacts.try_reserve(1).map_err(|_| no_memory())?;
                self.contacts.push(Contact {
                    time: *time,
                    customer: *customer,
                    manager: *manager,
                    province: code(provinces),
                    verified: code(verified),
                    account: code(account),
                });
            }
        }
        Ok(())
    }

    fn finish(&mut self, _budget: usize) -> Result<Progress> {
        // The rules compare names, which are at hand only for the outcome.
        Ok(Progress { done: 1, total: 1 })
    }

    fn outcome(
        mut self,
        names: &[AllowedNames<'_>],
    ) -> Result<Outcome<CoverageResult, CoverageOptions>> {
        let [contact_names, book_names] = names else {
            return Err(Error::new(Code::Closed, "the analysis has two inputs"));
        };
        let book = Book::new(self.book.take(), book_names, &self.options)?;
        let ids = customers_of(contact_names)?;
        let names = &self.options.attributes;
        let [managers, provinces, verified, account] =
            [&names.manager, &names.province, &names.verified, &names.account]
                .map(|name| contact_names.attribute(name));
        let mut contacts: Vec<(i64, Added<'_>)> = Vec::new();
        contacts.try_reserve_exact(self.contacts.len()).map_err(|_| no_memory())?;
        let yes = |texts: Option<&Dictionary>, code: u32| {
            let value = texts.and_then(|texts| texts.get(code))?;
            Some(is_yes(&self.options.yes, value))
        };
        for one in &self.contacts {
            let customer = text_of(Some(ids), one.customer);
            let owner = book.row_of(customer);
            contacts.push((
                one.time,
                Added {
                    customer,
                    manager: text_of(managers, one.manager),
                    province: text_of(provinces, one.province),
                    // What the contact itself says counts first.
                    is_verified: yes(verified, one.verified)
                        .or_else(|| owner.and_then(|row| row.is_verified))
                        .unwrap_or(false),
                    has_account: yes(account, one.account)
                        .or_else(|| owner.and_then(|row| row.has_account))
                        .unwrap_or(false),
                },
            ));
        }
        // At the same instant by name, so that the order of rows does not matter.
        sort_by(&mut contacts, |(a, one), (b, other)| {
            let key = |added: &Added<'_>| {
                (added.is_verified, added.has_account, added.province.to_owned())
            };
            a.cmp(b)
                .then_with(|| one.customer.cmp(other.customer))
                .then_with(|| one.manager.cmp(other.manager))
                .then_with(|| key(one).cmp(&key(other)))
        });
        let [province, verified, account, book_verified, book_account] = self.has;
        let can_verify = verified || book_verified;
        let can_account = account || book_account;
        let asked = self.options.rules;
        let home: Vec<&str> = self.options.home_provinces.iter().map(String::as_str).collect();
        let knows_outside = province && !home.is_empty();
        let rules = Rules {
            first: asked.first,
            verified: asked.verified && can_verify,
            account: asked.account && can_account,
            own: asked.own,
            home_provinces: &home,
        };
        let earlier = contacts.partition_point(|(time, _)| *time < self.from);
        let mut warnings = Vec::new();
        let unchecked = [
            ("verified", asked.verified && !can_verify),
            ("account", asked.account && !can_account),
            ("province", !knows_outside),
        ];
        for (name, _) in unchecked.iter().filter(|(_, is_unchecked)| *is_unchecked) {
            warnings.push(Warning {
                code: "rule-not-checked",
                count: (contacts.len() - earlier) as u64,
                hint: match *name {
                    "province" => "give `homeProvinces` and map the attribute of the province to see how many come from outside".to_owned(),
                    name => format!("no table has the attribute for `{name}`: the rule was not checked"),
                },
            });
        }
        let judged = judge(&contacts, earlier, &book, &rules);
        let (result, set) = self.report(&contacts, &judged, &book, knows_outside)?;
        let mut left_out = LeftOut::rows(&[
            ("after-at", self.after),
            ("denied", self.denied),
            ("before-from", earlier as u64),
            ("no-manager", self.unnamed),
        ]);
        if book.incomplete > 0 {
            let customers = book.incomplete;
            left_out.push(LeftOut { reason: "no-manager-or-segment", rows: 0, customers });
        }
        let rows = self.rows - left_out.iter().map(|part| part.rows).sum::<u64>();
        Ok(Outcome {
            result,
            sets: vec![set],
            rows,
            customers: book.rows.len() as u64,
            left_out,
            warnings,
            options: self.options,
        })
    }

    fn heap_size(&self) -> usize {
        self.contacts.capacity() * size_of::<Contact>()
            + self.book.as_ref().map_or(0, Latest::heap_size)
    }
}

/// A customer in the book.
#[derive(Clone, Copy, Debug)]
struct BookRow<'a> {
    customer: &'a str,
    manager: &'a str,
    segment: &'a str,
    is_verified: Option<bool>,
    has_account: Option<bool>,
}

/// The book, in the order of the customers' ids.
struct Book<'a> {
    rows: Vec<BookRow<'a>>,
    /// Customers without a manager or a segment.
    incomplete: u64,
}

impl<'a> Book<'a> {
    fn new(
        latest: Option<Latest>,
        names: &AllowedNames<'a>,
        options: &CoverageOptions,
    ) -> Result<Self> {
        let ids = customers_of(names)?;
        let values = latest.map(|latest| latest.finish(names)).unwrap_or_default();
        let value = |name: &str, customer: u32| {
            let of = |(known, values): &(String, AttributeOf)| {
                (known == name).then(|| values.text(customer)).flatten()
            };
            let code = values.iter().find_map(of)?;
            names.attribute(name)?.get(code)
        };
        let attributes = &options.attributes;
        let mut book = Book { rows: Vec::new(), incomplete: 0 };
        for customer in 0..ids.len() as u32 {
            let text = |name: &str| value(name, customer).map(as_text);
            let flag = |name: &str| value(name, customer).map(|value| is_yes(&options.yes, value));
            let (manager, segment) = (text(&attributes.manager), text(&attributes.segment));
            if let (Some(manager), Some(segment)) = (manager, segment) {
                book.rows.try_reserve(1).map_err(|_| no_memory())?;
                book.rows.push(BookRow {
                    customer: text_of(Some(ids), customer),
                    manager,
                    segment,
                    is_verified: flag(&attributes.verified),
                    has_account: flag(&attributes.account),
                });
            } else if manager.is_some() || segment.is_some() {
                book.incomplete += 1;
            }
        }
        sort_by(&mut book.rows, |a, b| a.customer.cmp(b.customer));
        Ok(book)
    }

    fn row_of(&self, customer: &str) -> Option<&BookRow<'a>> {
        let at = self.rows.binary_search_by_key(&customer, |row| row.customer).ok()?;
        self.rows.get(at)
    }
}

/// What became of every contact of the period, and of every segment.
struct Judged<'a> {
    /// For each contact whether it is in the period, and if it does not count why.
    contacts: Vec<(bool, Option<NotCounted>)>,
    covered: BTreeMap<(&'a str, &'a str), Covered>,
}

/// Applies the rules to all contacts: those before the period decide about first contacts and
/// reach customers too.
fn judge<'a>(
    contacts: &[(i64, Added<'a>)],
    earlier: usize,
    book: &Book<'a>,
    rules: &Rules<'_>,
) -> Judged<'a> {
    let added: Vec<Added<'a>> = contacts.iter().map(|(_, added)| *added).collect();
    let assigned: Vec<Assigned<'a>> = book
        .rows
        .iter()
        .map(|BookRow { manager, customer, segment, .. }| Assigned { manager, customer, segment })
        .collect();
    let found = coverage(&added, &assigned, rules);
    let mut contacts: Vec<_> = (0..added.len()).map(|row| (row >= earlier, None)).collect();
    for (row, reason) in found.not_counted {
        if let Some(contact) = contacts.get_mut(row) {
            contact.1 = Some(reason);
        }
    }
    Judged { contacts, covered: found.covered }
}

/// Contacts of one manager in the period.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    added: u64,
    counted: u64,
    outside: u64,
    own: Covered,
}

impl CoverageReport {
    fn report(
        &self,
        contacts: &[(i64, Added<'_>)],
        judged: &Judged<'_>,
        book: &Book<'_>,
        knows_outside: bool,
    ) -> Result<(CoverageResult, ColumnSet)> {
        let home = &self.options.home_provinces;
        let reasons = [
            NotCounted::NotFirst,
            NotCounted::NotVerified,
            NotCounted::NoAccount,
            NotCounted::NotOwn,
        ];
        let mut counts = [0_u64; 4];
        let mut managers: BTreeMap<&str, Sums> = BTreeMap::new();
        for row in &book.rows {
            managers.entry(row.manager).or_default();
        }
        let (mut customers, mut names) = (TextColumn::default(), TextColumn::default());
        let (mut times, mut codes) = (Vec::new(), Vec::new());
        for ((time, added), (is_counted_here, reason)) in contacts.iter().zip(&judged.contacts) {
            if !is_counted_here {
                continue;
            }
            let sums = managers.entry(added.manager).or_default();
            sums.added += 1;
            let Some(reason) = reason else {
                sums.counted += 1;
                sums.outside += u64::from(!home.iter().any(|home| home == added.province));
                continue;
            };
            let code = *reason as usize;
            if let Some(count) = counts.get_mut(code) {
                *count += 1;
            }
            customers.push(added.customer)?;
            names.push(added.manager)?;
            times.push(*time as f64);
            codes.push(code as u8);
        }
        let (mut segments, mut cells) = (BTreeMap::<&str, Covered>::new(), Vec::new());
        for ((manager, segment), covered) in &judged.covered {
            let sums = managers.entry(manager).or_default();
            for total in [&mut sums.own, segments.entry(segment).or_default()] {
                total.customers += covered.customers;
                total.added += covered.added;
            }
            cells.push(CoverageCell {
                manager: (*manager).to_owned(),
                segment: (*segment).to_owned(),
                reach: self.reach(*covered)?,
            });
        }
        let mut rows = Vec::new();
        for (manager, sums) in &managers {
            let outside = knows_outside.then_some(sums.outside);
            let share = outside
                .filter(|_| sums.counted > 0)
                .map(|outside| outside as f64 / sums.counted as f64);
            rows.push(ManagerRow {
                manager: (*manager).to_owned(),
                added: sums.added,
                counted: sums.counted,
                outside,
                outside_share: share,
                is_over_limit: share.is_some_and(|share| share > self.options.most_outside),
                excess: outside.map_or(0, |outside| self.excess(sums.counted, outside)),
                reach: self.reach(sums.own)?,
            });
        }
        let mut of_segments = Vec::new();
        for (segment, covered) in segments {
            let reach = self.reach(covered)?;
            of_segments.push(CoverageRow { segment: segment.to_owned(), reach });
        }
        let counted: u64 = managers.values().map(|sums| sums.counted).sum();
        let added: u64 = managers.values().map(|sums| sums.added).sum();
        let own = managers.values().fold(Covered::default(), |all, sums| Covered {
            customers: all.customers + sums.own.customers,
            added: all.added + sums.own.added,
        });
        let over = rows.iter().filter(|row| row.is_over_limit).count();
        let result = CoverageResult {
            contacts: added,
            counted,
            reasons: reasons
                .into_iter()
                .zip(counts)
                .map(|(reason, contacts)| ReasonRow { reason, contacts })
                .collect(),
            managers: rows,
            segments: of_segments,
            cells,
            sentence: sentence(added, counted, own, over),
        };
        let columns = vec![
            NamedColumn { name: "customer", values: customers.into_values() },
            NamedColumn { name: "manager", values: names.into_values() },
            NamedColumn { name: "time", values: Values::F64(times) },
            NamedColumn { name: "reason", values: Values::U8(codes) },
        ];
        let length = (added - counted) as usize;
        Ok((result, ColumnSet { name: "notCounted", length, columns }))
    }

    fn reach(&self, covered: Covered) -> Result<Reach> {
        let Covered { customers, added } = covered;
        let (kind, confidence) = (ProportionInterval::Wilson, self.options.confidence);
        Ok(Reach {
            customers,
            covered: added,
            coverage: (customers > 0).then(|| covered.share()),
            interval: match customers {
                0 => None,
                _ => Some(proportion_interval(added, customers, confidence, kind)?),
            },
            is_on_target: (customers > 0).then(|| covered.share() >= self.options.target),
        })
    }

    /// How many contacts from outside would have to go until the share is allowed.
    fn excess(&self, counted: u64, outside: u64) -> u64 {
        let most = self.options.most_outside;
        if most >= 1.0 {
            return 0;
        }
        let inside = (counted - outside) as f64;
        // A hair more than exact, so that 8 of 40 are a fifth.
        let allowed = (inside * most / (1.0 - most) + 1e-9).floor() as u64;
        outside.saturating_sub(allowed)
    }
}

fn sentence(added: u64, counted: u64, own: Covered, over: usize) -> Text {
    let share = own.share() * 100.0;
    let (reached, customers) = (own.added, own.customers);
    Text {
        en: format!(
            "{counted} of {added} contacts count; {reached} of {customers} customers ({share:.1} %) are reached; {over} managers have too many contacts from outside."
        )
        .into(),
        zh: format!(
            "添加 {added} 次，其中 {counted} 次有效；名下 {customers} 位客户已覆盖 {reached} 位（{share:.1} %）；{over} 位经理省外占比超标。"
        )
        .into(),
    }
}

/// A growing column of texts.
#[derive(Debug, Default)]
struct TextColumn {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl TextColumn {
    fn push(&mut self, text: &str) -> Result<()> {
        self.bytes.try_reserve(text.len()).map_err(|_| no_memory())?;
        self.bytes.extend_from_slice(text.as_bytes());
        let end = u32::try_from(self.bytes.len())
            .map_err(|_| Error::new(Code::Limit, "the list takes more than 4 GB"))?;
        self.ends.push(end);
        Ok(())
    }

    fn into_values(self) -> Values {
        Values::Text { bytes: self.bytes, ends: self.ends }
    }
}

fn customers_of<'a>(names: &AllowedNames<'a>) -> Result<&'a Dictionary> {
    names.get(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))
}

/// A text of a dictionary; empty for a code that is missing. Readers check that texts are UTF-8.
fn text_of(texts: Option<&Dictionary>, code: u32) -> &str {
    texts.and_then(|texts| texts.get(code)).map_or("", as_text)
}

fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn is_yes(yes: &[String], value: &[u8]) -> bool {
    let value = String::from_utf8_lossy(value).trim().to_lowercase();
    yes.iter().any(|yes| yes.trim().to_lowercase() == value)
}
