//! The bodies of all fuzz targets, in one place: libFuzzer runs them with bytes that it makes up
//! (`fuzz_targets/`), and `tests/fuzz_corpus.rs` replays stored bytes with them on stable Rust.
//!
//! A body takes any bytes, makes a call of them (the first bytes choose the options, the rest is
//! the file), and panics when a promise is broken: that no input panics or hangs, and what the
//! claims beside each check say. It knows nothing of the fuzzer.

mod cells;
mod columns;
mod facts;
mod files;
mod input;
mod json;
mod places;
mod requests;
mod rules;
mod sheets;

/// A body: any bytes in, a panic if a promise is broken.
pub type Body = fn(&[u8]);

/// Every target by name. A target has a folder in `corpus/` and a file in `fuzz_targets/`.
pub const TARGETS: &[(&str, Body)] = &[
    ("csv", files::csv),
    ("encodings", files::encodings),
    ("json", json::json),
    ("list", files::list),
    ("sheets", sheets::sheets),
    ("guess", files::guess),
    ("places", places::places),
    ("columns", columns::columns),
    ("amounts", cells::amounts),
    ("times", cells::times),
    ("requests", requests::requests),
    ("rules", rules::rules),
];

/// Runs the target called `name`.
pub fn run(name: &str, data: &[u8]) {
    let body = TARGETS.iter().find(|(target, _)| *target == name);
    let (_, body) = body.unwrap_or_else(|| panic!("there is no target {name}"));
    body(data);
}
