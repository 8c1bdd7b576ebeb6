//! Rules made ready to run: every distinct number becomes a cell of the fold, every condition a
//! leaf, and segments are put into an order in which each comes after those it refers to.

use super::fold::{Cell, Field, Held, Kind, MOST_SCOPES, Plan, RowFilter, Scope};
use super::sequence::Link;
use super::text::MOST_CONDITIONS;
use super::tree::{
    Comparison, Filter, Measure, Of, Op, Operand, Quantity, Rule, Span, Step, Test, TextTest, Unit,
    Window,
};
use crate::customers::purchases::Count;
use crate::error::{Code, Error, Result};
use crate::plain::nearest;
use crate::privacy::gate::Needs;
use crate::table::Schema;
use crate::table::calendar::{DAY_MS, Date, days_in_month};
use crate::table::moment::Moment;
use crate::table::role::{Kind as Stored, Role};
use crate::table::zone::Zone;

/// What counts as a purchase, and which events are one.
#[derive(Clone, Debug)]
pub(super) struct Purchases {
    /// What counts as one.
    pub(super) count: Count,
    /// The events that are purchases.
    pub(super) events: Vec<String>,
}

/// The tables that attributes may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    Log,
    Customers,
}

/// An attribute of customers that rules use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: String,
    pub(super) from: From,
    pub(super) is_number: bool,
}

/// A number of a customer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// A count in a cell.
    Count(usize),
    /// Money in a cell; missing while it holds its start.
    Money(usize),
    /// A least or most money in a cell.
    Extreme(usize, Held),
    /// Money in a cell by a count in another.
    Mean(usize, usize),
    /// Calendar days from the instant in a cell.
    Since(usize, Held),
    /// An attribute.
    Attribute(usize),
    /// One by the other.
    Ratio(Box<[Expr; 2]>),
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Right {
    Number(f64),
    Percentile(usize),
    Expr(Expr),
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Check {
    Compare { left: Expr, op: Op, right: Right },
    Text { attribute: usize, test: Test },
    MissingNumber(Expr),
    MissingText(usize),
    Tag(usize),
    Sequence(Vec<Link>),
}

/// One condition with its text.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) check: Check,
    pub(super) text: String,
}

/// A rule over leaves.
#[derive(Clone, Debug)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Segment(usize),
    Leaf(usize),
}

/// Everything that runs.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) plan: Plan,
    pub(super) leaves: Vec<Leaf>,
    /// One for each rule, in the order of the request.
    pub(super) roots: Vec<Node>,
    /// The rules, each after those it refers to.
    pub(super) order: Vec<usize>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) tags: Vec<String>,
    /// Distinct percentiles: of what, and which.
    pub(super) percentiles: Vec<(Expr, f64)>,
    /// The cell with all money of a customer, if amounts are mapped.
    pub(super) revenue: Option<usize>,
    pub(super) moment: Moment,
    /// What counts as one purchase.
    pub(super) count: Count,
}

/// The columns of the log that these rules read.
pub(super) fn needs_of_log<'r>(rules: impl Iterator<Item = &'r Rule>, by_order: bool) -> Needs {
    let mut uses = Uses::default();
    rules.for_each(|rule| uses.rule(rule));
    let mut required = vec![Role::Customer, Role::Time];
    let mut add = |role| {
        if !required.contains(&role) {
            required.push(role);
        }
    };
    uses.roles.into_iter().for_each(&mut add);
    if by_order {
        add(Role::Order);
    }
    let optional: Vec<Role> = [Role::Amount, Role::Event, Role::Order]
        .into_iter()
        .filter(|role| !required.contains(role))
        .collect();
    Needs::roles(&required).and_if_mapped(&optional).and_attributes_if_mapped(uses.attributes)
}

/// The attributes that these rules name, of the log or of the customers.
pub(super) fn attributes_of<'r>(rules: impl Iterator<Item = &'r Rule>) -> Vec<String> {
    let mut uses = Uses::default();
    rules.for_each(|rule| uses.rule(rule));
    uses.attributes
}

/// What rules use of the log.
#[derive(Default)]
struct Uses {
    roles: Vec<Role>,
    attributes: Vec<String>,
}

impl Uses {
    fn attribute(&mut self, name: &str) {
        if !self.attributes.iter().any(|known| known == name) {
            self.attributes.push(name.to_owned());
        }
    }

    fn filters(&mut self, filters: &[Filter]) {
        for filter in filters {
            match role_of(&filter.field) {
                Some(role) => self.roles.push(role),
                None => self.attribute(&filter.field),
            }
        }
    }

    fn quantity(&mut self, quantity: &Quantity) {
        match quantity {
            Quantity::Measure(measure) => {
                match measure.of {
                    Of::Amount | Of::Avg | Of::Min | Of::Max => self.roles.push(Role::Amount),
                    Of::Products => self.roles.push(Role::Product),
                    Of::Channels => self.roles.push(Role::Channel),
                    _ => {}
                }
                self.filters(&measure.filters);
            }
            Quantity::Attribute(name) => self.attribute(name),
            Quantity::Ratio(sides) => sides.iter().for_each(|side| self.quantity(side)),
        }
    }

    fn rule(&mut self, rule: &Rule) {
        match rule {
            Rule::All(rules) | Rule::Any(rules) => rules.iter().for_each(|rule| self.rule(rule)),
            Rule::Not(rule) => self.rule(rule),
            Rule::Segment(_) | Rule::Tag(_) => {}
            Rule::Compare(Comparison { left, right, .. }) => {
                self.quantity(left);
                if let Operand::Quantity(right) = right {
                    self.quantity(right);
                }
            }
            Rule::Text(test) => self.attribute(&test.attribute),
            Rule::Missing(quantity) => self.quantity(quantity),
            Rule::Sequence(steps) => {
                for step in steps {
                    if step.event.is_some() {
                        self.roles.push(Role::Event);
                    }
                    self.filters(&step.filters);
                }
            }
        }
    }
}

/// The role that a field of a row filter names.
fn role_of(field: &str) -> Option<Role> {
    match field {
        "event" => Some(Role::Event),
        "product" => Some(Role::Product),
        "channel" => Some(Role::Channel),
        "order" => Some(Role::Order),
        "quantity" => Some(Role::Quantity),
        "amount" => Some(Role::Amount),
        _ => None,
    }
}

/// What a program is made of.
pub(super) struct Source<'s> {
    pub(super) at: &'s str,
    pub(super) log: &'s Schema,
    pub(super) customers: Option<&'s Schema>,
    pub(super) has_tags: bool,
    pub(super) purchases: &'s Purchases,
    /// Names and rules, in the order of the request.
    pub(super) rules: &'s [(String, Rule)],
}

impl Program {
    /// Makes rules ready.
    ///
    /// # Errors
    /// `invalid-option`, `missing-role` and `unknown-table`, with the path `[i]` of the rule;
    /// `limit` for too many conditions or scopes; for the moment with the path `at`.
    pub(super) fn compile(source: &Source<'_>) -> Result<Program> {
        let zone = &source.log.zone;
        let moment = Moment::parse(source.at, zone).map_err(|error| error.at_path("at"))?;
        let has_events = source.log.position(Role::Event).is_some();
        let plan = Plan {
            purchase_events: has_events.then(|| source.purchases.events.clone()),
            has_amounts: source.log.position(Role::Amount).is_some(),
            until: moment.until,
            ..Plan::default()
        };
        let mut compiler = Compiler {
            source,
            zone,
            program: Program {
                plan,
                leaves: Vec::new(),
                roots: Vec::new(),
                order: Vec::new(),
                attributes: Vec::new(),
                tags: Vec::new(),
                percentiles: Vec::new(),
                revenue: None,
                count: source.purchases.count,
                moment,
            },
        };
        for (at, (_, rule)) in source.rules.iter().enumerate() {
            let root = compiler.rule(rule, 0).map_err(|error| error.inside(&format!("[{at}]")))?;
            compiler.program.roots.push(root);
        }
        if source.log.position(Role::Amount).is_some() {
            let scope = compiler.scope(None, Kind::Money, &[])?;
            compiler.program.revenue = Some(compiler.cell(scope, Held::Sum));
        }
        let mut program = compiler.program;
        program.order = sorted(&program.roots).map_err(|at| {
            let name = source.rules.get(at).map_or("", |(name, _)| name.as_str());
            Error::new(
                Code::InvalidOption,
                format!("`{name}` refers to itself, directly or by way of other segments"),
            )
            .at_path(format!("[{at}]"))
        })?;
        Ok(program)
    }
}

/// The rules in an order in which each comes after those it refers to, or one that refers to
/// itself.
fn sorted(roots: &[Node]) -> std::result::Result<Vec<usize>, usize> {
    fn references(node: &Node, found: &mut Vec<usize>) {
        match node {
            Node::All(nodes) | Node::Any(nodes) => {
                nodes.iter().for_each(|node| references(node, found))
            }
            Node::Not(node) => references(node, found),
            Node::Segment(at) => found.push(*at),
            Node::Leaf(_) => {}
        }
    }
    let of: Vec<Vec<usize>> = roots
        .iter()
        .map(|root| {
            let mut found = Vec::new();
            references(root, &mut found);
            found
        })
        .collect();
    let mut order: Vec<usize> = Vec::new();
    while order.len() < roots.len() {
        let is_ready = |at: &usize| {
            let waits_for = of.get(*at).map_or(&[][..], Vec::as_slice);
            !order.contains(at) && waits_for.iter().all(|other| order.contains(other))
        };
        match (0..roots.len()).find(is_ready) {
            Some(at) => order.push(at),
            // All that are left wait for each other; name one that is in a circle.
            None => {
                let mut at = (0..roots.len()).find(|at| !order.contains(at)).unwrap_or(0);
                for _ in 0..roots.len() {
                    let next =
                        of.get(at).and_then(|of| of.iter().find(|other| !order.contains(other)));
                    at = next.copied().unwrap_or(at);
                }
                return Err(at);
            }
        }
    }
    Ok(order)
}

struct Compiler<'s> {
    source: &'s Source<'s>,
    zone: &'s Zone,
    program: Program,
}

/// Rules deeper than this come from no text, and from no request.
const MOST_DEPTH: u32 = 64;

impl Compiler<'_> {
    fn rule(&mut self, rule: &Rule, depth: u32) -> Result<Node> {
        if depth > MOST_DEPTH {
            return Err(invalid("the rule is nested too deeply"));
        }
        let all = |own: &mut Self, rules: &[Rule]| {
            rules.iter().map(|rule| own.rule(rule, depth + 1)).collect::<Result<Vec<Node>>>()
        };
        let check = match rule {
            Rule::All(rules) => return Ok(Node::All(all(self, rules)?)),
            Rule::Any(rules) => return Ok(Node::Any(all(self, rules)?)),
            Rule::Not(rule) => return Ok(Node::Not(Box::new(self.rule(rule, depth + 1)?))),
            Rule::Segment(name) => return self.segment(name),
            Rule::Tag(name) => self.tag(name)?,
            Rule::Compare(comparison) => self.comparison(comparison)?,
            Rule::Text(TextTest { attribute, test }) => self.text(attribute, test)?,
            Rule::Missing(Quantity::Attribute(name)) => {
                let at = self.attribute(name)?;
                match self.is_number(at) {
                    true => Check::MissingNumber(Expr::Attribute(at)),
                    false => Check::MissingText(at),
                }
            }
            Rule::Missing(quantity) => Check::MissingNumber(self.quantity(quantity, 0)?),
            Rule::Sequence(steps) => self.sequence(steps)?,
        };
        if self.program.leaves.len() >= MOST_CONDITIONS * 4 {
            return Err(Error::new(Code::Limit, "the request has too many conditions"));
        }
        self.program.leaves.push(Leaf { check, text: rule.to_string() });
        Ok(Node::Leaf(self.program.leaves.len() - 1))
    }

    fn segment(&self, name: &str) -> Result<Node> {
        let names: Vec<&str> = self.source.rules.iter().map(|(name, _)| name.as_str()).collect();
        match names.iter().position(|known| *known == name) {
            Some(at) => Ok(Node::Segment(at)),
            None => Err(invalid(match nearest(name, &names) {
                Some(near) => format!("there is no segment `{name}`; did you mean `{near}`?"),
                None => format!("there is no segment `{name}` in this request"),
            })),
        }
    }

    fn tag(&mut self, name: &str) -> Result<Check> {
        if !self.source.has_tags {
            let hint = "the rule asks for a tag: give the input `tags`, a table of customers and their tags";
            return Err(Error::new(Code::UnknownTable, hint));
        }
        if name.is_empty() {
            return Err(invalid("a tag has a name"));
        }
        Ok(Check::Tag(place_of(&mut self.program.tags, name.to_owned())))
    }

    /// The attribute of the customers with this name.
    fn attribute(&mut self, name: &str) -> Result<usize> {
        let of = |schema: &Schema, from| {
            let role = schema.attribute(name)?;
            Some(Attribute {
                name: name.to_owned(),
                from,
                is_number: role.kind() == Stored::Number,
            })
        };
        let found = self.source.customers.and_then(|schema| of(schema, From::Customers));
        let found = found.or_else(|| of(self.source.log, From::Log));
        match found {
            Some(attribute) => Ok(place_of(&mut self.program.attributes, attribute)),
            None => {
                let schemas = self.source.customers.into_iter().chain([self.source.log]);
                let mut names: Vec<&str> = schemas.flat_map(Schema::attributes).collect();
                names.extend(Of::ALL.iter().map(|(name, _)| *name));
                let hint = match nearest(name, &names) {
                    Some(near) => format!("there is no attribute `{name}`; did you mean `{near}`?"),
                    None => format!(
                        "there is no attribute `{name}`: map a column to it when reading the table"
                    ),
                };
                Err(Error::new(Code::MissingRole, hint))
            }
        }
    }

    fn is_number(&self, attribute: usize) -> bool {
        self.program.attributes.get(attribute).is_some_and(|attribute| attribute.is_number)
    }

    fn comparison(&mut self, comparison: &Comparison) -> Result<Check> {
        let left = self.quantity(&comparison.left, 0)?;
        let right = match &comparison.right {
            Operand::Number(number) if !number.is_finite() => {
                return Err(invalid("a number must be finite"));
            }
            Operand::Number(number) => Right::Number(*number),
            Operand::Percentile(share) if !(*share > 0.0 && *share <= 100.0) => {
                return Err(invalid("a percentile is above 0 and at most 100"));
            }
            Operand::Percentile(share) => {
                Right::Percentile(place_of(&mut self.program.percentiles, (left.clone(), *share)))
            }
            Operand::Quantity(quantity) => Right::Expr(self.quantity(quantity, 0)?),
        };
        Ok(Check::Compare { left, op: comparison.op, right })
    }

    fn text(&mut self, attribute: &str, test: &Test) -> Result<Check> {
        let at = self.attribute(attribute)?;
        check_test(attribute, test, self.is_number(at))?;
        match test {
            Test::Number(number) => Ok(Check::Compare {
                left: Expr::Attribute(at),
                op: number.op,
                right: Right::Number(number.value),
            }),
            test => Ok(Check::Text { attribute: at, test: test.clone() }),
        }
    }

    fn quantity(&mut self, quantity: &Quantity, depth: u32) -> Result<Expr> {
        match quantity {
            Quantity::Measure(measure) => self.measure(measure),
            Quantity::Attribute(name) => {
                let at = self.attribute(name)?;
                match self.is_number(at) {
                    true => Ok(Expr::Attribute(at)),
                    false => Err(invalid(format!(
                        "`{name}` holds texts: compare it with texts, or map it with the type `number`"
                    ))),
                }
            }
            Quantity::Ratio(_) if depth > 0 => Err(invalid("a ratio has no ratio inside")),
            Quantity::Ratio(sides) => {
                let [above, below] = sides.as_ref();
                let above = self.quantity(above, depth + 1)?;
                Ok(Expr::Ratio(Box::new([above, self.quantity(below, depth + 1)?])))
            }
        }
    }

    fn measure(&mut self, measure: &Measure) -> Result<Expr> {
        let Measure { of, window, filters } = measure;
        let window = window.as_ref();
        let has_event = filters.iter().any(|filter| filter.field == "event");
        let [rows, with_refunds] = match has_event || *of == Of::Events {
            true => [Kind::Any; 2],
            false => [Kind::Purchases, Kind::Money],
        };
        let scope = self.scope(window, rows, filters)?;
        let cell = |own: &mut Self, held| own.cell(scope, held);
        Ok(match of {
            Of::Events => Expr::Count(cell(self, Held::Count)),
            Of::Orders => Expr::Count(self.orders(scope)),
            Of::Amount | Of::Avg => {
                let money = self.scope(window, with_refunds, filters)?;
                let sum = self.cell(money, Held::Sum);
                match of {
                    Of::Amount => Expr::Money(sum),
                    _ => Expr::Mean(sum, self.orders(scope)),
                }
            }
            Of::Min => Expr::Extreme(cell(self, Held::Least), Held::Least),
            Of::Max => Expr::Extreme(cell(self, Held::Most), Held::Most),
            Of::Products => Expr::Count(cell(self, Held::Distinct(Role::Product))),
            Of::Channels => Expr::Count(cell(self, Held::Distinct(Role::Channel))),
            Of::Days => Expr::Count(cell(self, Held::Days)),
            Of::SinceFirst => Expr::Since(cell(self, Held::First), Held::First),
            Of::SinceLast => Expr::Since(cell(self, Held::Last), Held::Last),
        })
    }

    /// The number of orders of a scope.
    fn orders(&mut self, scope: usize) -> usize {
        let held = match self.source.purchases.count {
            Count::Row => Held::Count,
            Count::Order => Held::Distinct(Role::Order),
            Count::Day => Held::Days,
        };
        self.cell(scope, held)
    }

    fn cell(&mut self, scope: usize, held: Held) -> usize {
        place_of(&mut self.program.plan.cells, Cell { scope, held })
    }

    fn scope(&mut self, window: Option<&Window>, kind: Kind, filters: &[Filter]) -> Result<usize> {
        let (from, to) = self.range(window)?;
        let mut passing = Vec::new();
        for Filter { field, test } in filters {
            let log = self.source.log;
            let (field_of, is_number) = match role_of(field) {
                Some(Role::Quantity) => (Field::Quantity, true),
                Some(Role::Amount) => (Field::Amount, true),
                Some(role) => (Field::Text(role), false),
                None => {
                    let role = log.require_attribute(field)?;
                    (Field::Attribute(field.clone()), role.kind() == Stored::Number)
                }
            };
            check_test(field, test, is_number)?;
            let filter = RowFilter { field: field_of, test: test.clone() };
            passing.push(place_of(&mut self.program.plan.filters, filter));
        }
        passing.sort_unstable();
        passing.dedup();
        let scope = Scope { from, to: to.min(self.program.moment.until), kind, filters: passing };
        let at = place_of(&mut self.program.plan.scopes, scope);
        match at < MOST_SCOPES {
            true => Ok(at),
            false => Err(Error::new(
                Code::Limit,
                format!(
                    "one request looks at most at {MOST_SCOPES} different times and conditions on rows"
                ),
            )),
        }
    }

    /// The first instant of a window and the first after it.
    fn range(&self, window: Option<&Window>) -> Result<(i64, i64)> {
        let until = self.program.moment.until;
        let whole = |day: &str| {
            let end = match day.len() {
                10 => Moment::parse(day, self.zone)?,
                _ => return Err(invalid("a day is written 2025-06-01")),
            };
            Ok((self.zone.instant_of(i64::from(end.day) * DAY_MS).instant(), end.until))
        };
        let range = match window {
            None => return Ok((i64::MIN, until)),
            Some(Window::Last(span)) => (self.ago(*span), until),
            Some(Window::Ago([from, to])) => (self.ago(*from), self.ago(*to)),
            Some(Window::Dates([from, to])) => (whole(from)?.0, whole(to)?.1),
            Some(Window::Since(day)) => return Ok((whole(day)?.0, until)),
            Some(Window::Before(day)) => return Ok((i64::MIN, whole(day)?.0)),
        };
        match range.0 < range.1 {
            true => Ok(range),
            false => Err(invalid("this time ends before it begins: the earlier end comes first")),
        }
    }

    /// The instant so long before the reference moment, by the local calendar from days on.
    fn ago(&self, span: Span) -> i64 {
        let until = self.program.moment.until;
        let count = i64::from(span.count);
        let local = until.saturating_add(i64::from(self.zone.offset_at(until)) * 1000);
        let back = match span.unit {
            Unit::Minute => return until - count * 60_000,
            Unit::Hour => return until - count * 3_600_000,
            Unit::Day => local - count * DAY_MS,
            Unit::Week => local - count * 7 * DAY_MS,
            Unit::Month => months_before(local, count),
            Unit::Year => months_before(local, count * 12),
        };
        self.zone.instant_of(back).instant()
    }

    fn sequence(&mut self, steps: &[Step]) -> Result<Check> {
        if steps.len() < 2 || steps.first().is_some_and(|step| step.not || step.within.is_some()) {
            return Err(invalid(
                "a sequence begins with something that happened, and goes on with at least one step",
            ));
        }
        let mut links = Vec::new();
        for step in steps {
            let mut filters = step.filters.clone();
            let kind = match &step.event {
                Some(event) => {
                    let test = Test::In(vec![event.clone()]);
                    filters.push(Filter { field: "event".to_owned(), test });
                    Kind::Any
                }
                None => Kind::Purchases,
            };
            let scope = self.scope(step.window.as_ref(), kind, &filters)?;
            let bit = place_of(&mut self.program.plan.steps, scope);
            let within = step.within.map(milliseconds).transpose()?;
            links.push(Link { bit, not: step.not, within });
        }
        Ok(Check::Sequence(links))
    }
}

/// A span between two events, in milliseconds: a day has 24 hours here.
fn milliseconds(span: Span) -> Result<i64> {
    let unit = match span.unit {
        Unit::Minute => 60_000,
        Unit::Hour => 3_600_000,
        Unit::Day => DAY_MS,
        Unit::Week => 7 * DAY_MS,
        Unit::Month | Unit::Year => {
            return Err(invalid("between two events months have no fixed length: write days"));
        }
    };
    Ok(i64::from(span.count) * unit)
}

/// The same clock so many calendar months before; the last day of the month where it has no such
/// day.
fn months_before(local: i64, months: i64) -> i64 {
    let (day, clock) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
    let date = Date::of_day_number(day as i32);
    let month = i64::from(date.year) * 12 + i64::from(date.month) - 1 - months;
    let (year, month) = (month.div_euclid(12) as i32, month.rem_euclid(12) as u8 + 1);
    let day = date.day.min(days_in_month(year, month));
    Date { year, month, day }.local_ms() + clock
}

/// Whether a test suits what the field holds.
fn check_test(field: &str, test: &Test, is_number: bool) -> Result<()> {
    match (test, is_number) {
        (Test::Number(number), true) if !number.value.is_finite() => {
            Err(invalid("a number must be finite"))
        }
        (Test::Number(_), true) => Ok(()),
        (Test::Number(_), false) => Err(invalid(format!(
            "`{field}` holds texts: compare it with texts, or map it with the type `number`"
        ))),
        (_, true) => Err(invalid(format!("`{field}` holds numbers: compare it with numbers"))),
        (Test::In(values) | Test::NotIn(values), false) if values.is_empty() => {
            Err(invalid("name at least one text to compare with"))
        }
        (_, false) => Ok(()),
    }
}

/// The place of an item in a list, where it is added if it is not there.
fn place_of<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    match list.iter().position(|known| *known == item) {
        Some(at) => at,
        None => {
            list.push(item);
            list.len() - 1
        }
    }
}

pub(super) fn invalid(hint: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidOption, hint)
}
