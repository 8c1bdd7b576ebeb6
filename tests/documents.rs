//! The documents stay true: every error code and every analysis has its place in `docs/`.

#![allow(clippy::unwrap_used)] // A failed test panics.

use std::fs;
use std::path::Path;

use siyu::analysis::NAMES;
use siyu::error::Code;

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_error_code_is_documented_in_order() {
    let page = text("docs/errors.md");
    let listed: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once('`').map(|(code, _)| code))
        .collect();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(listed, codes);
}

#[test]
fn every_analysis_has_its_page() {
    let index = text("docs/analyses/README.md");
    for name in NAMES {
        assert!(index.contains(&format!("[`{name}`]({name}.md)")), "{name} is not in the index");
        assert!(text(&format!("docs/analyses/{name}.md")).starts_with(&format!("# `{name}`")));
    }
}

#[test]
fn every_decision_is_listed() {
    let index = text("docs/decisions/README.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/decisions");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || index.contains(&format!("({name})")), "{name}");
    }
}
