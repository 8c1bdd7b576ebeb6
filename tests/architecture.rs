//! The house keeps its shape: rooms import downwards only, every room says its one job, and no
//! analysis reaches a column around the gate.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and the floor each stands on. Imports go to a lower floor or stay in the room.
const FLOORS: &[(&str, u32)] = &[
    ("error", 0),
    ("plain", 5),
    ("stats", 10),
    ("table", 10),
    ("report", 10),
    ("read", 20),
    ("sheet", 20),
    ("customers", 20),
    ("learn", 20),
    ("privacy", 15),
    ("job", 25),
    ("segment", 30),
    ("churn", 30),
    ("experiment", 30),
    ("behaviour", 30),
    ("outreach", 30),
    ("monitor", 30),
    ("analysis", 40),
    ("wasm", 50),
    ("golden", 45),
    ("bin", 60),
];

fn floor(room: &str) -> u32 {
    FLOORS
        .iter()
        .find(|(name, _)| *name == room)
        .unwrap_or_else(|| panic!("room `{room}` has no floor"))
        .1
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file with the room it is in.
fn rooms() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .filter(|path| path.file_name().unwrap() != "lib.rs")
        .map(|path| {
            let inside = path.strip_prefix(&root).unwrap();
            let room = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
            let text = fs::read_to_string(&path).unwrap();
            // What tests import does not ship.
            let shipped = text.split("#[cfg(test)]").next().unwrap().to_owned();
            (room.to_owned(), path, shipped)
        })
        .collect()
}

#[test]
fn imports_point_down() {
    let mut upward = Vec::new();
    let mut seen = 0;
    for (room, path, text) in rooms() {
        for after in text.split("crate::").skip(1) {
            let target: String =
                after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if target == room || target.is_empty() {
                continue;
            }
            seen += 1;
            if floor(&target) >= floor(&room) {
                upward.push(format!("{}: crate::{target}", path.display()));
            }
        }
    }
    assert!(seen > 20, "the check saw only {seen} imports");
    assert!(upward.is_empty(), "imports that do not point down:\n{}", upward.join("\n"));
}

#[test]
fn every_file_says_its_job() {
    for (_, path, text) in rooms() {
        assert!(text.starts_with("//! "), "{} has no header", path.display());
    }
}

#[test]
fn analyses_see_rows_only_through_the_gate() {
    let ways_around =
        ["table::Table", "table::block::Block", "table::block::Column", "read::Reader"];
    for (room, path, text) in rooms() {
        if floor(&room) == 30 {
            for way in ways_around {
                assert!(!text.contains(way), "{} names {way}", path.display());
            }
        }
    }
}

#[test]
fn no_room_is_a_drawer() {
    for (_, path, _) in rooms() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(!["utils", "util", "misc", "helpers", "common"].contains(&name), "{name}");
    }
}

/// The kernels that may index slices. Each states beside its exception why it cannot miss.
const KERNELS: &[&str] = &[
    "churn/risk/analysis.rs",
    "churn/risk/answer.rs",
    "churn/risk/effects.rs",
    "churn/risk/judge.rs",
    "churn/risk/learn.rs",
    "churn/risk/table.rs",
    "churn/survival/aft.rs",
    "churn/survival/causes.rs",
    "churn/survival/competing.rs",
    "churn/survival/concordance.rs",
    "churn/survival/cox.rs",
    "churn/survival/logrank.rs",
    "churn/survival/regression/mod.rs",
    "churn/survival/sample.rs",
    "customers/pairs.rs",
    "experiment/uplift/analysis.rs",
    "experiment/uplift/gains.rs",
    "experiment/uplift/learn.rs",
    "learn/boost.rs",
    "learn/cluster/choice.rs",
    "learn/cluster/hdbscan.rs",
    "learn/cluster/hierarchical.rs",
    "learn/cluster/kmeans.rs",
    "learn/cluster/kprototypes.rs",
    "learn/cluster/mixture.rs",
    "learn/cluster/quality.rs",
    "learn/logistic.rs",
    "read/csv.rs",
    "read/integers.rs",
    "segment/rules/fold.rs",
    "stats/cholesky.rs",
    "stats/nearest.rs",
    "stats/optimum.rs",
    "stats/peak.rs",
    "stats/regression.rs",
    "table/dictionary.rs",
];

#[test]
fn only_listed_kernels_index_and_each_states_its_bound() {
    let exception = "#![allow(clippy::indexing_slicing)]";
    let mut found = Vec::new();
    for (_, path, text) in rooms() {
        for line in text.lines().filter(|line| line.contains("allow(clippy::indexing_slicing)")) {
            let bound =
                line.strip_prefix(exception).unwrap_or_else(|| panic!("{}", path.display()));
            assert!(bound.trim().len() > 30, "{} does not state its bound", path.display());
            let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
            found.push(inside.unwrap().to_str().unwrap().to_owned());
        }
    }
    assert_eq!(found, KERNELS);
}

/// Functions whose last bit differs between the C library of a machine and that of WebAssembly.
/// (Square roots are exact everywhere.)
const OF_THE_PLATFORM: &[&str] = &[
    "ln", "exp", "ln_1p", "exp_m1", "powf", "log2", "log10", "log", "exp2", "cbrt", "hypot", "sin",
    "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh",
];

#[test]
fn logarithms_and_their_kin_are_those_of_one_library() {
    let mut found = Vec::new();
    let mut from_the_library = 0;
    for (_, path, text) in rooms() {
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            from_the_library += usize::from(line.contains("libm::"));
            for name in OF_THE_PLATFORM {
                if line.contains(&format!(".{name}(")) || line.contains(&format!("f64::{name}")) {
                    found.push(format!("{}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(from_the_library > 40, "the check saw the library {from_the_library} times");
    assert!(found.is_empty(), "take these from libm:\n{}", found.join("\n"));
}
