//! A time zone as a value: sorted instants at which the offset from UTC changes.
//!
//! The rules of the world's zones are not in here. The package builds the table from the
//! platform's own rules, the native command line from a tz library; a fixed offset is a zone
//! with one entry.

use std::hash::Hasher;

use crate::error::{Code, Error, Result};

const HOUR_MS: i64 = 3_600_000;

/// A named time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    /// `(first instant, offset in seconds east of UTC)`, ascending; the first entry also holds
    /// for everything before it.
    changes: Vec<(i64, i32)>,
    hash: u64,
}

/// What a naive local time is in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// The one instant.
    Once(i64),
    /// The zone skips this local time; the instant that the offset before the gap gives (the
    /// clock reading is moved forward by the length of the gap).
    Gap(i64),
    /// The zone has this local time twice; the first of both.
    Fold(i64),
}

impl Local {
    /// The instant, in milliseconds since 1970-01-01T00:00Z.
    #[must_use]
    pub fn instant(self) -> i64 {
        match self {
            Local::Once(ms) | Local::Gap(ms) | Local::Fold(ms) => ms,
        }
    }
}

impl Zone {
    /// A zone from its changes of offset: ascending instants in milliseconds UTC and seconds
    /// east of UTC. The package gives those from 1900 to 2100.
    ///
    /// # Errors
    /// `invalid-option` if the table is empty, not ascending, or an offset is beyond 26 hours.
    pub fn new(name: impl Into<String>, changes: Vec<(i64, i32)>) -> Result<Self> {
        let sorted = changes.windows(2).all(|pair| match pair {
            [a, b] => a.0 < b.0,
            _ => true,
        });
        if changes.is_empty() || !sorted || changes.iter().any(|(_, o)| o.abs() > 26 * 3600) {
            return Err(Error::new(
                Code::InvalidOption,
                "a zone is a table of ascending instants with offsets of at most 26 hours",
            ));
        }
        let mut hash = twox_hash::XxHash64::with_seed(0);
        for (instant, offset) in &changes {
            hash.write_i64(*instant);
            hash.write_i32(*offset);
        }
        Ok(Zone { name: name.into(), changes, hash: hash.finish() })
    }

    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Zone { name: "UTC".into(), changes: vec![(i64::MIN, 0)], hash: 0 }
    }

    /// A fixed offset in seconds east of UTC.
    ///
    /// # Errors
    /// `invalid-option` beyond 26 hours.
    pub fn fixed(name: impl Into<String>, offset: i32) -> Result<Self> {
        Zone::new(name, vec![(i64::MIN, offset)])
    }

    /// The name as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash of the table of changes, which tells two versions of the same named zone apart.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The table: `(first instant, seconds east of UTC)`, ascending.
    #[must_use]
    pub fn changes(&self) -> &[(i64, i32)] {
        &self.changes
    }

    /// Seconds east of UTC at an instant.
    #[must_use]
    pub fn offset_at(&self, instant: i64) -> i32 {
        self.span_at(instant).offset
    }

    /// The stretch of constant offset around an instant. Callers that convert many instants
    /// keep it and ask again only outside of it.
    #[must_use]
    pub fn span_at(&self, instant: i64) -> Span {
        let next = self.changes.partition_point(|(from, _)| *from <= instant);
        let at = next.saturating_sub(1);
        Span {
            from: if at == 0 { i64::MIN } else { self.changes.get(at).map_or(i64::MIN, |c| c.0) },
            until: self.changes.get(next.max(1)).map_or(i64::MAX, |c| c.0),
            offset: self.changes.get(at).map_or(0, |c| c.1),
        }
    }

    /// The instant of a local clock reading, given as milliseconds since 1970-01-01T00:00 on
    /// that clock.
    #[must_use]
    pub fn instant_of(&self, local: i64) -> Local {
        // Any instant that can show this clock reading lies within 26 hours of it.
        let mut span = self.span_at(local.saturating_sub(26 * HOUR_MS));
        let mut first = None;
        loop {
            let instant = local.saturating_sub(i64::from(span.offset) * 1000);
            if instant >= span.from && instant < span.until {
                match first {
                    None => first = Some(instant),
                    Some(first) => return Local::Fold(first),
                }
            } else if instant >= span.until && span.until != i64::MAX {
                let next = self.span_at(span.until);
                if first.is_none()
                    && local.saturating_sub(i64::from(next.offset) * 1000) < next.from
                {
                    return Local::Gap(instant);
                }
            }
            if span.until == i64::MAX || span.until > local.saturating_add(26 * HOUR_MS) {
                return first.map_or(Local::Once(instant), Local::Once);
            }
            span = self.span_at(span.until);
        }
    }
}

/// A stretch of time with one offset: `from <= instant < until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First instant, `i64::MIN` for "always before".
    pub from: i64,
    /// First instant of the next stretch, `i64::MAX` for "always after".
    pub until: i64,
    /// Seconds east of UTC.
    pub offset: i32,
}
