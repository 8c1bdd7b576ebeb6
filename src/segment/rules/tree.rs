//! The tree of a rule: its JSON form as types, and its text in the one usual writing.
//!
//! [`text`](super::text) reads the text form into the same tree; `docs/rules.md` describes both.

use std::fmt::{self, Display as _};
use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A condition on a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Rule {
    /// Every one of these holds; with none, everyone.
    All(Vec<Rule>),
    /// At least one of these holds; with none, nobody.
    Any(Vec<Rule>),
    /// This does not hold.
    Not(Box<Rule>),
    /// The customer is in another segment of the same request.
    Segment(String),
    /// The customer has a tag that is assigned and has not expired.
    Tag(String),
    /// A number compared. Does not hold if either side is missing.
    Compare(Comparison),
    /// A text attribute tested. Does not hold if the attribute is missing.
    Text(TextTest),
    /// An attribute or a quantity is missing.
    Missing(Quantity),
    /// Events one after the other.
    Sequence(Vec<Step>),
}

/// A number compared with another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleComparison"))]
pub struct Comparison {
    /// What is compared.
    pub left: Quantity,
    /// How.
    pub op: Op,
    /// With what.
    pub right: Operand,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleOp"))]
pub enum Op {
    /// Equal.
    #[serde(rename = "=")]
    Equal,
    /// Not equal.
    #[serde(rename = "!=")]
    Unequal,
    /// Less.
    #[serde(rename = "<")]
    Less,
    /// Less or equal.
    #[serde(rename = "<=")]
    AtMost,
    /// More.
    #[serde(rename = ">")]
    More,
    /// More or equal.
    #[serde(rename = ">=")]
    AtLeast,
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleOperand"))]
pub enum Operand {
    /// A number.
    Number(f64),
    /// The least value of the left side that at least so many percent of the customers who have
    /// one do not exceed: above 0, at most 100.
    Percentile(f64),
    /// Another quantity of the same customer.
    Quantity(Quantity),
}

/// A number of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleQuantity"))]
pub enum Quantity {
    /// Something counted or summed over rows of the log.
    Measure(Measure),
    /// An attribute.
    Attribute(String),
    /// One quantity divided by another; missing if that is 0.
    Ratio(Box<[Quantity; 2]>),
}

/// Something counted or summed over rows of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleMeasure"))]
pub struct Measure {
    /// What.
    pub of: Of,
    /// Only rows of this time. Absent: all up to the reference moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Only rows for which all of these hold. With one on `event` all rows of those events count,
    /// without one only purchases (and for money refunds).
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
}

/// What is counted or summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleMeasureOf"))]
pub enum Of {
    /// Purchases.
    Orders,
    /// Rows of the log, whatever they are.
    Events,
    /// Money, refunds taken off.
    Amount,
    /// Money for each purchase; missing without one.
    Avg,
    /// The smallest amount of one row, refunds apart; missing without one.
    Min,
    /// The largest amount of one row; missing without one.
    Max,
    /// Distinct products.
    Products,
    /// Distinct channels.
    Channels,
    /// Distinct local days.
    Days,
    /// Calendar days from the first row to the reference day; missing without one.
    SinceFirst,
    /// Calendar days from the last row to the reference day; missing without one.
    SinceLast,
}

impl Of {
    /// All, with the names that they have in the text form.
    pub const ALL: &'static [(&'static str, Of)] = &[
        ("orders", Of::Orders),
        ("events", Of::Events),
        ("amount", Of::Amount),
        ("avg", Of::Avg),
        ("min", Of::Min),
        ("max", Of::Max),
        ("products", Of::Products),
        ("channels", Of::Channels),
        ("days", Of::Days),
        ("sinceFirst", Of::SinceFirst),
        ("sinceLast", Of::SinceLast),
    ];

    /// The name in the text form.
    #[must_use]
    pub fn name(self) -> &'static str {
        Of::ALL.iter().find(|(_, of)| *of == self).map_or("", |(name, _)| name)
    }
}

/// A stretch of time before the reference moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleWindow"))]
pub enum Window {
    /// The last so long: `"30d"`.
    Last(Span),
    /// From the first so long ago to the second so long ago: `["60d", "30d"]`.
    Ago([Span; 2]),
    /// From the first local day to the second, both whole.
    Dates([String; 2]),
    /// From this local day on.
    Since(String),
    /// Before this local day.
    Before(String),
}

/// A length of time, such as `30d`: a whole number of `min`, `h`, `d`, `w`, `mo` (calendar
/// months) or `y` (calendar years).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// Local calendar days.
    Day,
    /// Seven of those.
    Week,
    /// Calendar months.
    Month,
    /// Calendar years.
    Year,
}

impl Unit {
    /// Every name of every unit, the usual one first.
    pub const NAMES: &'static [(&'static str, Unit)] = &[
        ("min", Unit::Minute),
        ("h", Unit::Hour),
        ("d", Unit::Day),
        ("w", Unit::Week),
        ("mo", Unit::Month),
        ("y", Unit::Year),
        ("minutes", Unit::Minute),
        ("minute", Unit::Minute),
        ("hours", Unit::Hour),
        ("hour", Unit::Hour),
        ("days", Unit::Day),
        ("day", Unit::Day),
        ("weeks", Unit::Week),
        ("week", Unit::Week),
        ("months", Unit::Month),
        ("month", Unit::Month),
        ("years", Unit::Year),
        ("year", Unit::Year),
    ];

    fn name(self) -> &'static str {
        Unit::NAMES.iter().find(|(_, unit)| *unit == self).map_or("", |(name, _)| name)
    }
}

/// The most that a span counts.
const MOST_SPAN: u32 = 100_000;

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
        let unit = unit.trim();
        let unit = Unit::NAMES.iter().find(|(name, _)| *name == unit).map(|(_, unit)| *unit);
        match (count.parse(), unit) {
            (Ok(count @ 1..=MOST_SPAN), Some(unit)) => Ok(Span { count, unit }),
            _ => Err("write a time such as 30d, 48h, 2w, 6mo or 1y"),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Span {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

/// A condition on a row of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RowFilter"))]
pub struct Filter {
    /// `event`, `product`, `channel`, `order`, `quantity`, `amount`, or an attribute of the log.
    pub field: String,
    /// What it must be. A missing value passes no test.
    pub test: Test,
}

/// A test of a text or a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ValueTest"))]
pub enum Test {
    /// The text is one of these.
    In(Vec<String>),
    /// The text is there and is none of these.
    NotIn(Vec<String>),
    /// The text contains this.
    Contains(String),
    /// The text starts with this.
    StartsWith(String),
    /// The number compared with another.
    Number(NumberTest),
}

/// A number compared with a fixed one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleNumberTest"))]
pub struct NumberTest {
    /// How.
    pub op: Op,
    /// With what.
    pub value: f64,
}

/// A test of a text attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RuleTextTest"))]
pub struct TextTest {
    /// The attribute.
    pub attribute: String,
    /// What it must be.
    pub test: Test,
}

/// One step of a sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "SequenceStep"))]
pub struct Step {
    /// The event. Absent: a purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Whether it must not happen. The first step must happen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not: bool,
    /// How long after the step before, at most. Absent: any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// Only rows of this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Only rows for which all of these hold.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
}

/// A rule as a request has it: text, or the tree as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RuleSource {
    /// The text form.
    Text(String),
    /// The tree.
    Tree(Rule),
}

impl<'de> Deserialize<'de> for RuleSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RuleSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rule as a text, or as an object")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(RuleSource::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Rule::deserialize(MapAccessDeserializer::new(map)).map(RuleSource::Tree)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.count, self.unit.name())
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Op::Equal => "=",
            Op::Unequal => "!=",
            Op::Less => "<",
            Op::AtMost => "<=",
            Op::More => ">",
            Op::AtLeast => ">=",
        })
    }
}

/// A text in quotes.
struct Quoted<'t>(&'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

/// A name, in backticks where it could be taken for something else.
pub(super) struct Name<'t>(pub(super) &'t str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if super::text::is_plain_name(self.0) {
            return f.write_str(self.0);
        }
        f.write_str("`")?;
        for c in self.0.chars() {
            if matches!(c, '`' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("`")
    }
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    between: &str,
    each: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        each(f, item)?;
    }
    Ok(())
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::Last(span) => write!(f, "last {span}"),
            Window::Ago([from, to]) => write!(f, "between {from} and {to} ago"),
            Window::Dates([from, to]) => write!(f, "between {from} and {to}"),
            Window::Since(day) => write!(f, "since {day}"),
            Window::Before(day) => write!(f, "before {day}"),
        }
    }
}

/// A field or an attribute with its test.
fn tested(f: &mut fmt::Formatter<'_>, name: &str, test: &Test) -> fmt::Result {
    let texts = |f: &mut fmt::Formatter<'_>, values: &[String]| {
        f.write_str("(")?;
        list(f, values, ", ", |f, value| Quoted(value).fmt(f))?;
        f.write_str(")")
    };
    Name(name).fmt(f)?;
    match test {
        Test::In(values) => match values.as_slice() {
            [value] => write!(f, " = {}", Quoted(value)),
            values => {
                f.write_str(" in ")?;
                texts(f, values)
            }
        },
        Test::NotIn(values) => match values.as_slice() {
            [value] => write!(f, " != {}", Quoted(value)),
            values => {
                f.write_str(" not in ")?;
                texts(f, values)
            }
        },
        Test::Contains(part) => write!(f, " contains {}", Quoted(part)),
        Test::StartsWith(part) => write!(f, " starts with {}", Quoted(part)),
        Test::Number(NumberTest { op, value }) => write!(f, " {op} {value}"),
    }
}

/// What stands in the brackets behind a measure or a step.
fn scope(f: &mut fmt::Formatter<'_>, window: Option<&Window>, filters: &[Filter]) -> fmt::Result {
    if window.is_none() && filters.is_empty() {
        return Ok(());
    }
    f.write_str("(")?;
    let mut first = true;
    for filter in filters {
        // Events stand bare at the front, where they are read; further conditions on them must hold too.
        let bare = std::mem::take(&mut first);
        if !bare {
            f.write_str(", ")?;
        }
        match &filter.test {
            Test::In(events) if bare && filter.field == "event" && !events.is_empty() => {
                list(f, events, ", ", |f, event| Quoted(event).fmt(f))?;
            }
            test => tested(f, &filter.field, test)?,
        }
    }
    if let Some(window) = window {
        if !first {
            f.write_str(", ")?;
        }
        window.fmt(f)?;
    }
    f.write_str(")")
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quantity::Measure(measure) => {
                f.write_str(measure.of.name())?;
                scope(f, measure.window.as_ref(), &measure.filters)
            }
            Quantity::Attribute(name) => Name(name).fmt(f),
            Quantity::Ratio(sides) => {
                let [above, below] = sides.as_ref();
                write!(f, "{above} / {below}")
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not {
            f.write_str("not ")?;
        }
        match &self.event {
            Some(event) => Quoted(event).fmt(f)?,
            None => f.write_str("order")?,
        }
        scope(f, self.window.as_ref(), &self.filters)?;
        match &self.within {
            Some(span) => write!(f, " within {span}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = |f: &mut fmt::Formatter<'_>, rule: &Rule| match rule {
            Rule::All(rules) | Rule::Any(rules) if rules.len() != 1 && !rules.is_empty() => {
                write!(f, "({rule})")
            }
            rule => rule.fmt(f),
        };
        match self {
            Rule::All(rules) if rules.is_empty() => f.write_str("everyone"),
            Rule::Any(rules) if rules.is_empty() => f.write_str("not everyone"),
            Rule::All(rules) => list(f, rules, " and ", inner),
            Rule::Any(rules) => list(f, rules, " or ", inner),
            Rule::Not(rule) => {
                f.write_str("not ")?;
                match rule.as_ref() {
                    Rule::All(rules) | Rule::Any(rules) if !rules.is_empty() => {
                        write!(f, "({rule})")
                    }
                    rule => rule.fmt(f),
                }
            }
            Rule::Segment(name) => write!(f, "segment({})", Quoted(name)),
            Rule::Tag(name) => write!(f, "tag({})", Quoted(name)),
            Rule::Compare(Comparison { left, op, right }) => match right {
                Operand::Number(number) => write!(f, "{left} {op} {number}"),
                Operand::Percentile(share) => write!(f, "{left} {op} percentile({share})"),
                Operand::Quantity(right) => write!(f, "{left} {op} {right}"),
            },
            Rule::Text(TextTest { attribute, test }) => tested(f, attribute, test),
            Rule::Missing(quantity) => write!(f, "{quantity} is missing"),
            Rule::Sequence(steps) => list(f, steps, " then ", |f, step| step.fmt(f)),
        }
    }
}
