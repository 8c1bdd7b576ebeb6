//! Tags that stand in a table: one row for each customer and tag, with the time of assignment
//! (the role `time`) and the end (the attribute `expires`), both of which may be missing.

use super::fold::{no_memory, not_granted};
use crate::error::Result;
use crate::privacy::gate::{Allowed, AttributeValues, Needs};
use crate::table::Schema;
use crate::table::block::MISSING;
use crate::table::moment::Moment;
use crate::table::role::{Kind, Role};
use crate::table::zone::Zone;

/// The attribute with the tag.
pub(super) const TAG: &str = "tag";
/// The attribute with the last day on which the tag holds.
pub(super) const EXPIRES: &str = "expires";

/// What a row says at the reference moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The tag holds.
    Current,
    /// It has expired.
    Expired,
    /// It is assigned later.
    Later,
}

/// One row of the table of tags.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assignment {
    pub(super) customer: u32,
    /// The code of the tag's name.
    pub(super) tag: u32,
    /// When it was assigned, if the table says so.
    pub(super) time: Option<i64>,
    pub(super) state: State,
}

/// Reads rows of a table of tags.
#[derive(Clone, Debug)]
pub(super) struct Assignments {
    until: i64,
    zone: Zone,
    has_end: bool,
    /// For each code of `expires` the first instant after it.
    ends: Vec<Option<i64>>,
    pub(super) rows: u64,
    pub(super) denied: u64,
    /// Rows without a tag.
    pub(super) untagged: u64,
    /// Rows whose end cannot be read: they hold as if they had none.
    pub(super) unreadable: u64,
}

impl Assignments {
    /// The columns that are read.
    pub(super) fn needs() -> Needs {
        Needs::roles(&[Role::Customer])
            .and_if_mapped(&[Role::Time])
            .and_attributes([TAG])
            .and_attributes_if_mapped([EXPIRES])
    }

    pub(super) fn new(schema: &Schema, moment: Moment) -> Self {
        let has_end = schema.attribute(EXPIRES).is_some_and(|role| role.kind() == Kind::Text);
        Assignments {
            until: moment.until,
            zone: schema.zone.clone(),
            has_end,
            ends: Vec::new(),
            rows: 0,
            denied: 0,
            untagged: 0,
            unreadable: 0,
        }
    }

    /// Hands every row that has a tag to `each`.
    pub(super) fn read(
        &mut self,
        rows: Allowed<'_>,
        mut each: impl FnMut(Assignment) -> Result<()>,
    ) -> Result<()> {
        let customers =
            rows.codes(Role::Customer).ok_or_else(|| Allowed::refused(Role::Customer))?;
        let Some(AttributeValues::Text(tags)) = rows.attribute(TAG) else {
            return Err(not_granted(TAG));
        };
        let ends = match rows.attribute(EXPIRES) {
            Some(AttributeValues::Text(ends)) => Some(ends),
            _ if self.has_end => return Err(not_granted(EXPIRES)),
            _ => None,
        };
        if let Some(texts) = rows.names().and_then(|names| names.attribute(EXPIRES)) {
            self.ends
                .try_reserve(texts.len().saturating_sub(self.ends.len()))
                .map_err(|_| no_memory())?;
            while self.ends.len() < texts.len() {
                let text = texts.get(self.ends.len() as u32).unwrap_or_default();
                let moment = std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| Moment::parse(text, &self.zone).ok());
                self.ends.push(moment.map(|moment| moment.until));
            }
        }
        let times = rows.times();
        for (row, (customer, tag)) in customers.iter().zip(tags).enumerate() {
            if rows.keep().is_some_and(|keep| !keep.get(*customer)) {
                self.denied += 1;
                continue;
            }
            self.rows += 1;
            if *tag == MISSING {
                self.untagged += 1;
                continue;
            }
            let time = times.and_then(|times| times.get(row)).copied();
            let code = ends.and_then(|ends| ends.get(row)).copied().filter(|code| *code != MISSING);
            let end = match code {
                None => None,
                Some(code) => {
                    let end = self.ends.get(code as usize).copied().flatten();
                    self.unreadable += u64::from(end.is_none());
                    end
                }
            };
            let state = match (time, end) {
                (Some(time), _) if time >= self.until => State::Later,
                (_, Some(end)) if end < self.until => State::Expired,
                _ => State::Current,
            };
            each(Assignment { customer: *customer, tag: *tag, time, state })?;
        }
        Ok(())
    }
}
