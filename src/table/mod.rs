//! Floor 1: typed columns in blocks. What every reader makes and every analysis sees (through
//! the gate). Knows no file format, no analysis and no JavaScript.
//!
//! * [`role`] – what a column means (customer, time, amount …)
//! * [`block`] – some rows of every mapped column
//! * [`dictionary`] – text ids as dense `u32` codes
//! * [`money`] – exact decimal amounts as integer minor units
//! * [`zone`], [`calendar`] – instants to local days and back, with the zone as a value
//! * [`period`] – days, weeks and months as numbers that count up
//! * [`fingerprint`] – the fast hash that names the data in a report

pub mod block;
pub mod calendar;
pub mod dictionary;
pub mod fingerprint;
pub mod moment;
pub mod money;
pub mod period;
pub mod role;
pub mod zone;

use crate::error::{Code, Error, Result};
use crate::plain::nearest;
use block::Block;
use dictionary::Dictionary;
use role::Role;
use zone::Zone;

/// One mapped column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What the column means.
    pub role: Role,
    /// The column's name in the file, for messages.
    pub name: String,
    /// The name that the caller gave it, for an attribute.
    pub attribute: Option<String>,
}

/// What stays the same over all blocks of one table: its columns and its zone.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The mapped columns, in the order in which blocks hold them. No role stands twice.
    pub fields: Vec<Field>,
    /// The zone in which naive times were read and in which days are counted.
    pub zone: Zone,
}

impl Schema {
    /// The position of `role` in [`fields`](Self::fields) and in every block.
    #[must_use]
    pub fn position(&self, role: Role) -> Option<usize> {
        self.fields.iter().position(|field| field.role == role)
    }

    /// The role of the attribute with this name, if it is mapped.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Role> {
        let is_it = |field: &&Field| field.attribute.as_deref() == Some(name);
        self.fields.iter().find(is_it).map(|field| field.role)
    }

    /// The names of the attributes that are mapped.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter_map(|field| field.attribute.as_deref())
    }

    /// The role of the attribute with this name.
    ///
    /// # Errors
    /// `missing-role`, with the nearest name that is there.
    pub fn require_attribute(&self, name: &str) -> Result<Role> {
        self.attribute(name).ok_or_else(|| {
            let names: Vec<&str> = self.attributes().collect();
            let there = match nearest(name, &names) {
                Some(near) => format!("; did you mean `{near}`?"),
                None if names.is_empty() => ", which has none now".to_owned(),
                None => format!("; there are `{}`", names.join("`, `")),
            };
            let hint =
                format!("map a column to the attribute `{name}` when reading the table{there}");
            Error::new(Code::MissingRole, hint)
        })
    }

    /// The position of `role`.
    ///
    /// # Errors
    /// `missing-role`, naming the role.
    pub fn require(&self, role: Role) -> Result<usize> {
        self.position(role).ok_or_else(|| {
            Error::new(
                Code::MissingRole,
                format!("map a column to the role `{role}` when reading the table"),
            )
        })
    }
}

/// The text columns' dictionaries, by role.
#[derive(Debug, Default)]
pub struct Dictionaries {
    by_role: Vec<(Role, Dictionary)>,
}

impl Dictionaries {
    /// Empty dictionaries for the text columns of `schema`, hashing with `seed` (see
    /// [`Dictionary::new`]).
    #[must_use]
    pub fn for_schema(schema: &Schema, seed: u64) -> Self {
        let by_role = schema
            .fields
            .iter()
            .filter(|field| field.role.is_text())
            .map(|field| (field.role, Dictionary::new(seed)))
            .collect();
        Dictionaries { by_role }
    }

    /// The dictionary of a text role, if that role is mapped.
    #[must_use]
    pub fn get(&self, role: Role) -> Option<&Dictionary> {
        self.by_role.iter().find(|(r, _)| *r == role).map(|(_, dictionary)| dictionary)
    }

    /// As [`get`](Self::get), to add ids.
    pub fn get_mut(&mut self, role: Role) -> Option<&mut Dictionary> {
        self.by_role.iter_mut().find(|(r, _)| *r == role).map(|(_, dictionary)| dictionary)
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.by_role.iter().map(|(_, dictionary)| dictionary.heap_size()).sum()
    }
}

/// A loaded table: all blocks in memory.
#[derive(Debug)]
pub struct Table {
    /// The mapped columns and the zone.
    pub schema: Schema,
    /// The ids behind the codes.
    pub dictionaries: Dictionaries,
    /// The rows.
    pub blocks: Vec<Block>,
    /// The hash of all typed values, as 16 hexadecimal digits in reports.
    pub fingerprint: u64,
}

impl Table {
    /// Number of usable rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.blocks.iter().map(|block| block.rows() as u64).sum()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.blocks.iter().map(Block::heap_size).sum::<usize>() + self.dictionaries.heap_size()
    }
}
