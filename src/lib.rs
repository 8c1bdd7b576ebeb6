//! Siyu (私域, "private domain") computes customer segments where the customer data already is:
//! in the page.
//!
//! # The map
//!
//! ```text
//! bytes ──► read ──► table ──► privacy::gate ──► customers ──► segment ──► report ──► privacy::release
//! ```
//!
//! Rooms stand on floors, and imports point down only (`tests/architecture.rs` checks it).
//!
//! * Floor 5, the boundary: `wasm` (only on that target) carries columns and error codes to
//!   JavaScript, and does nothing else. With the feature `sheet` it is that of the second module,
//!   which holds `sheet` alone.
//! * Floor 4: [`analysis`] is the one list of what Siyu can do. A request is plain data, and a
//!   [`analysis::Job`] takes it step by step to a report.
//! * Floor 3, the analyses: [`segment`] (RFM and its kin, the social side, rules and tags,
//!   lifecycle, clusters, comparison, migration and more; `docs/analyses/` has a page for each).
//!   Each implements [`job::Analysis`]. [`churn`]: who is still there, what they will buy and what
//!   that is worth; [`experiment`] plans, assigns and reads experiments.
//! * Floor 2: [`read`] turns bytes into blocks; `sheet` (a feature) turns a sheet of a workbook
//!   into text for it; [`customers`] folds a log into one row per customer; [`learn`] groups rows
//!   of numbers and codes; [`privacy`] holds the gate that every row passes and the release that
//!   every file passes.
//! * Floor 1: [`table`] (typed columns, dictionaries, calendar, zones, money), [`stats`]
//!   (mergeable statistics over slices), [`mod@report`] (what every computation gives back).
//! * Floor 0: [`error`] and [`plain`], the values in which everything goes wrong and everything is
//!   asked for.
//!
//! # Nothing ambient
//!
//! No clock, no time zone, no random source, no network and no storage is used unless it is
//! passed in. The same input gives the same bits, natively and in WebAssembly.

pub mod analysis;
pub mod churn;
pub mod customers;
pub mod error;
pub mod experiment;
#[cfg(feature = "golden")]
pub mod golden;
pub mod job;
pub mod learn;
pub mod plain;
pub mod privacy;
pub mod read;
pub mod report;
pub mod segment;
#[cfg(feature = "sheet")]
pub mod sheet;
pub mod stats;
pub mod table;
#[cfg(all(target_arch = "wasm32", not(feature = "sheet")))]
pub mod wasm;
#[cfg(all(target_arch = "wasm32", feature = "sheet"))]
#[path = "wasm/sheet.rs"]
pub mod wasm;
