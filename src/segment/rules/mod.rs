//! Rules and tags: a small language for conditions on customers, and what is built on it.
//!
//! `docs/rules.md` is the reference of the language.
//!
//! * [`tree`] – a rule as a tree: the JSON form, and the text in its usual writing
//! * [`text`] – the text form, read by hand in linear time
//! * `words` – a rule as a sentence, in Chinese and English
//! * `program` – rules made ready: cells of the fold, conditions, the order of segments
//! * `fold` – the one pass over the log
//! * `sequence` – events one after the other
//! * `assigned` – tags that stand in a table, until they expire
//! * `members` – who is in which segment
//! * [`presets`] – ready rules for usual groups
//! * [`segments`] – the analysis `segments`
//! * [`tags`] – the analysis `tags`
//! * [`tiers`] – the analysis `tiers`

mod assigned;
mod fold;
mod members;
pub mod presets;
mod program;
pub mod segments;
mod sequence;
pub mod tags;
pub mod text;
pub mod tiers;
pub mod tree;
mod words;
