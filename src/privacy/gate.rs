//! Purpose before data: every analysis says what it [`Needs`], the gate answers with a
//! [`Grant`], and rows reach a fold only as [`Allowed`], which shows the granted columns and one
//! keep-bit per customer. There is no other way in: `Allowed` has no other constructor.
//!
//! The default gate is open, and the report says so. A host sets its own rules by a
//! [`Policy`].

use std::cell::RefCell;
use std::fmt;
use std::rc::{Rc, Weak};

use crate::error::{Code, Error, Result};
use crate::report::Refused;
use crate::table::block::{Bitmap, Block, Column};
use crate::table::calendar::Date;
use crate::table::dictionary::Dictionary;
use crate::table::role::Role;
use crate::table::{Dictionaries, Schema, Table};

/// The columns an analysis reads of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Without these it cannot run.
    pub required: Vec<Role>,
    /// It uses these if they are mapped and granted.
    pub optional: Vec<Role>,
    /// Without the attributes of these names it cannot run.
    pub required_attributes: Vec<String>,
    /// It uses the attributes of these names if they are mapped and granted.
    pub optional_attributes: Vec<String>,
}

impl Needs {
    /// Needs exactly these roles.
    #[must_use]
    pub fn roles(required: &[Role]) -> Self {
        Needs { required: required.to_vec(), ..Needs::default() }
    }

    /// Also uses these roles if they are there.
    #[must_use]
    pub fn and_if_mapped(mut self, optional: &[Role]) -> Self {
        self.optional.extend_from_slice(optional);
        self
    }

    /// Also needs the attributes of these names.
    #[must_use]
    pub fn and_attributes<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.required_attributes.extend(names.into_iter().map(Into::into));
        self
    }

    /// Also uses the attributes of these names if they are there.
    #[must_use]
    pub fn and_attributes_if_mapped<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.optional_attributes.extend(names.into_iter().map(Into::into));
        self
    }
}

/// What is asked of the gate, once per input of a run.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The analysis.
    pub analysis: &'a str,
    /// What the caller says the computation is for.
    pub purpose: Option<&'a str>,
    /// The instant at which consent must hold, in milliseconds since 1970 UTC, and its date.
    pub at: Option<(i64, Date)>,
}

/// Says of a customer's id why its rows may not be used; `None` if they may.
pub type Judge<'p> = Box<dyn FnMut(&[u8]) -> Option<&'static str> + 'p>;

/// A host's rules. All methods must be pure: the same question has the same answer.
pub trait Policy {
    /// The name that the report shows.
    fn name(&self) -> &str;

    /// Whether the request says what the policy asks for.
    ///
    /// # Errors
    /// `denied` with the path of what is missing.
    fn check(&self, _request: Request<'_>) -> Result<()> {
        Ok(())
    }

    /// Whether this computation may read a column of this role.
    fn allows_role(&self, request: Request<'_>, role: Role) -> bool;

    /// Whether this computation may read the attribute of this name.
    fn allows_attribute(&self, request: Request<'_>, name: &str) -> bool;

    /// Says whom [`Policy::judge`] will be asked about next, so that what is known of them can be
    /// fetched together: it changes no answer.
    fn expect(&self, _customers: &[&[u8]]) {}

    /// Decides which customers' rows this computation may use, given the columns it was granted:
    /// roles, and attributes with an `@` before their names.
    fn judge<'p>(&'p self, request: Request<'p>, columns: Vec<String>) -> Judge<'p>;
}

/// Decides what a computation may see.
#[derive(Default)]
pub struct Gate {
    policy: Option<Box<dyn Policy>>,
    /// What was decided of tables in memory, the last first.
    decided: RefCell<Vec<Decided>>,
}

/// So many decisions are kept.
const DECIDED: usize = 8;

/// Which customers of a table may be used for a request. A policy is pure and neither it nor a
/// table in memory changes, so that this holds as long as both are there; the weak reference keeps
/// another table from taking the place of one that is gone.
struct Decided {
    table: Weak<Table>,
    asked: Asked,
    keep: Keep,
    refused: Vec<Refused>,
}

/// All that a decision depends on: analysis, purpose, instant with its date, columns.
type Asked = (String, Option<String>, Option<(i64, Date)>, Vec<String>);

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("policy", &self.policy_name()).finish()
    }
}

impl Gate {
    /// Every column of every customer, for any purpose.
    #[must_use]
    pub fn open() -> Self {
        Gate::default()
    }

    /// The rules of a host.
    #[must_use]
    pub fn with_policy(policy: Box<dyn Policy>) -> Self {
        Gate { policy: Some(policy), ..Gate::default() }
    }

    /// The policy's name, `none` for an open gate.
    #[must_use]
    pub fn policy_name(&self) -> &str {
        self.policy.as_ref().map_or("none", |policy| policy.name())
    }

    /// Asks for the columns of one input.
    ///
    /// # Errors
    /// `denied` if the policy asks for more than the request says, or refuses a required column;
    /// `missing-role` if one is not mapped. What is said of roles holds for attributes too.
    pub fn ask(&self, request: Request<'_>, needs: &Needs, schema: &Schema) -> Result<Grant> {
        if let Some(policy) = &self.policy {
            policy.check(request)?;
        }
        let mut columns = Vec::new();
        for (role, required) in needs
            .required
            .iter()
            .map(|role| (*role, true))
            .chain(needs.optional.iter().map(|role| (*role, false)))
        {
            let position = match schema.position(role) {
                Some(position) => position,
                None if required => return Err(schema.require(role).err().unwrap_or_else(gone)),
                None => continue,
            };
            let granted =
                self.policy.as_ref().is_none_or(|policy| policy.allows_role(request, role));
            match (granted, required) {
                (true, _) => columns.push((role, position)),
                (false, true) => {
                    return Err(Error::new(
                        Code::Denied,
                        format!(
                            "the policy `{}` does not let this purpose read the role `{role}`",
                            self.policy_name()
                        ),
                    ));
                }
                (false, false) => {}
            }
        }
        let attributes = self.ask_attributes(request, needs, schema, &mut columns)?;
        let keep = self.policy.is_some().then(Keep::default);
        Ok(Grant { columns, attributes, keep, refused: Vec::new() })
    }

    /// Adds the attributes that are granted to `columns`; answers their names and roles.
    fn ask_attributes(
        &self,
        request: Request<'_>,
        needs: &Needs,
        schema: &Schema,
        columns: &mut Vec<(Role, usize)>,
    ) -> Result<Vec<(String, Role)>> {
        let mut attributes: Vec<(String, Role)> = Vec::new();
        for (name, required) in needs
            .required_attributes
            .iter()
            .map(|name| (name, true))
            .chain(needs.optional_attributes.iter().map(|name| (name, false)))
        {
            let role = match schema.attribute(name) {
                Some(role) => role,
                None if required => schema.require_attribute(name)?,
                None => continue,
            };
            let granted =
                self.policy.as_ref().is_none_or(|policy| policy.allows_attribute(request, name));
            if required && !granted {
                return Err(Error::new(
                    Code::Denied,
                    format!(
                        "the policy `{}` does not let this purpose read the attribute `{name}`",
                        self.policy_name()
                    ),
                ));
            }
            let is_known = attributes.iter().any(|(known, _)| known == name);
            if let (true, false, Some(position)) = (granted, is_known, schema.position(role)) {
                columns.push((role, position));
                attributes.push((name.clone(), role));
            }
        }
        Ok(attributes)
    }

    /// The keep-bits of a grant for all customers of a table in memory. What was decided before
    /// for the same table and request is not asked again.
    pub fn admit_table(&self, request: Request<'_>, table: &Rc<Table>, grant: &mut Grant) {
        let customers = table.dictionaries.get(Role::Customer);
        let Some(keep) = grant.keep.as_ref().filter(|_| customers.is_some()) else { return };
        if keep.len > 0 {
            return self.admit(request, customers, grant);
        }
        let asked: Asked = (
            request.analysis.to_owned(),
            request.purpose.map(str::to_owned),
            request.at,
            columns_of(&grant.columns, &grant.attributes).collect(),
        );
        let mut decided = self.decided.borrow_mut();
        let place = Rc::downgrade(table);
        let known = decided.iter().find(|one| one.table.ptr_eq(&place) && one.asked == asked);
        if let Some(Decided { keep, refused, .. }) = known {
            grant.keep = Some(keep.clone());
            grant.refused.clone_from(refused);
            return;
        }
        self.admit(request, customers, grant);
        if let Some(keep) = grant.keep.clone() {
            decided.retain(|one| one.table.strong_count() > 0);
            decided.truncate(DECIDED - 1);
            decided
                .insert(0, Decided { table: place, asked, keep, refused: grant.refused.clone() });
        }
    }

    /// Extends the keep-bits of a grant to the customers that `dictionary` has by now.
    pub fn admit(&self, request: Request<'_>, dictionary: Option<&Dictionary>, grant: &mut Grant) {
        let (Some(policy), Some(keep), Some(dictionary)) =
            (self.policy.as_ref(), grant.keep.as_mut(), dictionary)
        else {
            return;
        };
        if keep.len >= dictionary.len() {
            return;
        }
        let mut judge =
            policy.judge(request, columns_of(&grant.columns, &grant.attributes).collect());
        let mut customers: Vec<&[u8]> = Vec::with_capacity(EXPECTED);
        while keep.len < dictionary.len() {
            let next = (keep.len..dictionary.len()).take(EXPECTED);
            customers.clear();
            customers.extend(next.map(|code| dictionary.get(code as u32).unwrap_or_default()));
            policy.expect(&customers);
            for customer in &customers {
                let refusal = judge(customer);
                keep.push(refusal.is_none());
                if let Some(reason) = refusal {
                    Refused::count(&mut grant.refused, reason);
                }
            }
        }
    }
}

/// So many customers are announced to a policy before it is asked about them.
const EXPECTED: usize = 64;

/// The names of what was granted: roles, and attributes with an `@` before their names.
fn columns_of<'a>(
    columns: &'a [(Role, usize)],
    attributes: &'a [(String, Role)],
) -> impl Iterator<Item = String> + 'a {
    let roles = columns.iter().filter(|(role, _)| !matches!(role, Role::Attribute(_)));
    let names = attributes.iter().map(|(name, _)| format!("@{name}"));
    roles.map(|(role, _)| role.as_str().to_owned()).chain(names)
}

fn gone() -> Error {
    Error::new(Code::MissingRole, "a column that the analysis needs is not mapped")
}

/// What the gate granted for one input.
#[derive(Debug)]
pub struct Grant {
    columns: Vec<(Role, usize)>,
    /// The granted attributes by name.
    attributes: Vec<(String, Role)>,
    keep: Option<Keep>,
    refused: Vec<Refused>,
}

impl Grant {
    /// How many customers the policy refused, by reason.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    fn attribute(&self, name: &str) -> Option<Role> {
        self.attributes.iter().find(|(granted, _)| granted == name).map(|(_, role)| *role)
    }
}

/// The values of a granted attribute in one block.
#[derive(Clone, Copy, Debug)]
pub enum AttributeValues<'a> {
    /// Codes of [`AllowedNames::attribute`]; [`MISSING`](crate::table::block::MISSING) where
    /// there is no value.
    Text(&'a [u32]),
    /// Numbers, and which of them are there.
    Number(&'a [f64], &'a Bitmap),
}

/// One bit per customer code: set where the customer's rows may be used.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    words: Vec<u64>,
    len: usize,
}

impl Keep {
    fn push(&mut self, keep: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        if let (true, Some(word)) = (keep, self.words.last_mut()) {
            *word |= 1 << (self.len % 64);
        }
        self.len += 1;
    }

    /// Whether the rows of this customer may be used; false for a code not asked about.
    #[must_use]
    pub fn get(&self, code: u32) -> bool {
        self.words.get(code as usize / 64).is_some_and(|word| word >> (code % 64) & 1 == 1)
    }
}

/// The granted dictionaries of one input: the ids behind the codes.
#[derive(Clone, Copy, Debug)]
pub struct AllowedNames<'a> {
    dictionaries: &'a Dictionaries,
    grant: &'a Grant,
}

impl<'a> AllowedNames<'a> {
    /// The part of `dictionaries` that `grant` lets through.
    #[must_use]
    pub fn new(dictionaries: &'a Dictionaries, grant: &'a Grant) -> Self {
        AllowedNames { dictionaries, grant }
    }

    /// The ids of a role, if granted.
    #[must_use]
    pub fn get(&self, role: Role) -> Option<&'a Dictionary> {
        let granted = self.grant.columns.iter().any(|(granted, _)| *granted == role);
        if granted { self.dictionaries.get(role) } else { None }
    }

    /// The texts of an attribute, if it holds texts and is granted.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'a Dictionary> {
        self.dictionaries.get(self.grant.attribute(name)?)
    }
}

/// The granted view of one block.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    block: &'a Block,
    grant: &'a Grant,
    known: usize,
    dictionaries: Option<&'a Dictionaries>,
}

impl<'a> Allowed<'a> {
    /// The part of `block` that `grant` lets through. `known` is the number of customers that
    /// the table's dictionary has by now.
    #[must_use]
    pub fn new(block: &'a Block, grant: &'a Grant, known: usize) -> Self {
        Allowed { block, grant, known, dictionaries: None }
    }

    /// The same with the table's dictionaries, which hold every code of the block.
    #[must_use]
    pub fn with_names(self, dictionaries: &'a Dictionaries) -> Self {
        Allowed { dictionaries: Some(dictionaries), ..self }
    }

    /// The granted texts behind the codes of the block, where the caller gave them.
    #[must_use]
    pub fn names(&self) -> Option<AllowedNames<'a>> {
        let of = |dictionaries| AllowedNames::new(dictionaries, self.grant);
        self.dictionaries.map(of)
    }

    /// Every customer code of the block is below this.
    #[must_use]
    pub fn known(&self) -> usize {
        self.known
    }

    /// The position of the block in the fixed cut of its table.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.block.index()
    }

    /// Number of rows, kept or not.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.block.rows()
    }

    /// The keep-bits, or `None` if every customer's rows may be used.
    #[must_use]
    pub fn keep(&self) -> Option<&'a Keep> {
        self.grant.keep.as_ref()
    }

    fn position(&self, role: Role) -> Option<usize> {
        self.grant.columns.iter().find(|(granted, _)| *granted == role).map(|(_, at)| *at)
    }

    fn column(&self, role: Role) -> Option<&'a Column> {
        self.block.column(self.position(role)?)
    }

    /// The least and the greatest instant of the role `time`, or minor units of `amount`, if
    /// granted: of all rows, kept or not.
    #[must_use]
    pub fn extent(&self, role: Role) -> Option<(i64, i64)> {
        self.block.extent(self.position(role)?)
    }

    /// The dictionary codes of a text role, if granted.
    #[must_use]
    pub fn codes(&self, role: Role) -> Option<&'a [u32]> {
        match self.column(role) {
            Some(Column::Codes(values)) => Some(values),
            _ => None,
        }
    }

    /// The instants, if granted.
    #[must_use]
    pub fn times(&self) -> Option<&'a [i64]> {
        match self.column(Role::Time) {
            Some(Column::Times(values)) => Some(values),
            _ => None,
        }
    }

    /// Minor units and their scale, if granted.
    #[must_use]
    pub fn money(&self) -> Option<(&'a [i64], u8)> {
        match self.column(Role::Amount) {
            Some(Column::Money { values, scale }) => Some((values, *scale)),
            _ => None,
        }
    }

    /// Numbers with their validity, if granted.
    #[must_use]
    pub fn numbers(&self, role: Role) -> Option<(&'a [f64], &'a Bitmap)> {
        match self.column(role) {
            Some(Column::Numbers { values, valid }) => Some((values, valid)),
            _ => None,
        }
    }

    /// The values of an attribute, if granted.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<AttributeValues<'a>> {
        match self.column(self.grant.attribute(name)?) {
            Some(Column::Codes(values)) => Some(AttributeValues::Text(values)),
            Some(Column::Numbers { values, valid }) => Some(AttributeValues::Number(values, valid)),
            _ => None,
        }
    }

    /// The error for a column that an analysis asked for and did not get.
    #[must_use]
    pub fn refused(role: Role) -> Error {
        Error::new(Code::Denied, format!("the role `{role}` was not granted"))
    }
}
