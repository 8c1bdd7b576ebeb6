//! Named time zones for the cases: a tz library, natively and in the test build for WebAssembly.

use super::malformed;
use crate::error::Result;
use crate::table::zone::Zone;

/// The zone's offsets from 1900 to 2100.
pub(super) fn zone(name: &str) -> Result<Zone> {
    let unknown = |_| malformed("there is no such zone");
    let zone = jiff::tz::TimeZone::get(name).map_err(unknown)?;
    let begin = jiff::Timestamp::from_second(-2_208_988_800).map_err(unknown)?;
    let mut changes = vec![(begin.as_millisecond(), zone.to_offset(begin).seconds())];
    for change in zone.following(begin) {
        if change.timestamp().as_second() >= 4_102_444_800 {
            break;
        }
        let offset = change.offset().seconds();
        if changes.last().is_none_or(|(_, last)| *last != offset) {
            changes.push((change.timestamp().as_millisecond(), offset));
        }
    }
    Zone::new(name, changes)
}
