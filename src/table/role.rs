//! What a column means. Tables are read by role, never by column name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The meaning of a column of a log (one row per order line, order or event).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Role {
    /// Who: the customer's id, always text.
    Customer,
    /// When: the instant of the row.
    Time,
    /// How much: money, exact. Negative is a refund.
    Amount,
    /// Which order the row belongs to.
    Order,
    /// What happened (for event logs).
    Event,
    /// Which product.
    Product,
    /// How many pieces.
    Quantity,
    /// Through which channel.
    Channel,
    /// In which currency the amount is.
    Currency,
    /// Whether the amount came in or went out.
    Direction,
    /// A column that the caller named. Which one, only the table's schema knows.
    #[serde(skip)]
    Attribute(Attribute),
}

/// Which attribute of its table a column is, and what it holds. The name stands in the
/// [`Schema`](super::Schema).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attribute {
    /// Its place among the attributes of the table, in the order of their names.
    pub index: u16,
    /// Whether it holds numbers; else texts.
    pub is_number: bool,
}

/// How the values of a role are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Dictionary codes.
    Text,
    /// Milliseconds since 1970-01-01T00:00Z.
    Time,
    /// Integer minor units with the block's scale.
    Money,
    /// 64-bit floating point.
    Number,
}

impl Role {
    /// Every role that has its own meaning, customer first; attributes are not among them.
    pub const ALL: &'static [Role] = &[
        Role::Customer,
        Role::Time,
        Role::Amount,
        Role::Order,
        Role::Event,
        Role::Product,
        Role::Quantity,
        Role::Channel,
        Role::Currency,
        Role::Direction,
    ];

    /// The name on every surface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Customer => "customer",
            Role::Time => "time",
            Role::Amount => "amount",
            Role::Order => "order",
            Role::Event => "event",
            Role::Product => "product",
            Role::Quantity => "quantity",
            Role::Channel => "channel",
            Role::Currency => "currency",
            Role::Direction => "direction",
            Role::Attribute(_) => "attribute",
        }
    }

    /// How its values are stored.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Role::Customer
            | Role::Order
            | Role::Event
            | Role::Product
            | Role::Channel
            | Role::Currency
            | Role::Direction
            | Role::Attribute(Attribute { is_number: false, .. }) => Kind::Text,
            Role::Time => Kind::Time,
            Role::Amount => Kind::Money,
            Role::Quantity | Role::Attribute(Attribute { is_number: true, .. }) => Kind::Number,
        }
    }

    /// Whether its values are dictionary codes.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self.kind(), Kind::Text)
    }

    /// Whether a row without a usable value in this column is left out when reading. Other
    /// columns hold [`MISSING`](super::block::MISSING) or an unset validity bit instead.
    #[must_use]
    pub const fn is_required(self) -> bool {
        matches!(self, Role::Customer | Role::Time | Role::Amount)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
