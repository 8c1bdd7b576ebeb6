//! Runs every golden case of a folder: `cargo test --release --test golden -- --nocapture`.
//!
//! The folder is `tests/golden`, or `SIYU_GOLDEN`. Prints a line per failed case and, last,
//! `golden: N passed, N failed, N unknown`. A method that is not here yet must stand in
//! `tests/golden/pending.txt` (`file/method` on a line), and one that is here must not: the
//! list only shrinks. The feature `golden` of the crate holds the methods and the rules of
//! comparison, so that the same cases run as WebAssembly.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use siyu::golden::methods::METHODS;
use siyu::golden::{Status, run_file};

#[test]
fn golden_cases_hold() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folder = std::env::var_os("SIYU_GOLDEN").map_or_else(|| own.clone(), PathBuf::from);
    let pending = std::fs::read_to_string(own.join("pending.txt")).expect("the pending list");
    let pending: Vec<&str> =
        pending.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).collect();

    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    files.sort();

    println!();
    let (mut passed, mut failed) = (0, 0);
    // Cases by method.
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = 0;
    for path in &files {
        let file = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(path).expect("a readable file");
        // `join` keeps an absolute path as it is.
        let mut data = |data: &str| {
            std::fs::read_to_string(folder.join(data)).map_err(|error| error.to_string())
        };
        let outcomes = run_file(&file, &text, &mut data).unwrap_or_else(|error| panic!("{error}"));
        for outcome in outcomes {
            match outcome.status {
                Status::Unknown => *unknown.entry(outcome.method).or_default() += 1,
                Status::Passed => {
                    passed += 1;
                    *known.entry(outcome.method).or_default() += 1;
                }
                Status::Failed => {
                    failed += 1;
                    let reasons = outcome.reasons.join("; ");
                    println!("failed {} {}: {reasons}", outcome.method, outcome.id);
                }
            }
        }
    }
    for (method, cases) in unknown.iter().filter(|(method, _)| !pending.contains(&method.as_str()))
    {
        println!("unknown {method} ({cases} cases) is neither here nor pending");
        wrong += 1;
    }
    for method in pending.iter().filter(|method| METHODS.iter().any(|(name, _)| name == *method)) {
        println!("{method} is here: take it off tests/golden/pending.txt");
        wrong += 1;
    }
    if folder == own {
        for method in pending
            .iter()
            .filter(|m| !unknown.contains_key(**m) && !METHODS.iter().any(|(name, _)| name == *m))
        {
            println!("{method} is pending, but no case asks for it");
            wrong += 1;
        }
        for (method, _) in METHODS.iter().filter(|(method, _)| !known.contains_key(*method)) {
            println!("{method} is here, but no case of it passed");
            wrong += 1;
        }
    }
    let unknown: usize = unknown.values().sum();
    println!("golden: {passed} passed, {failed} failed, {unknown} unknown");
    assert!(passed + failed + unknown > 0, "no cases in {}", folder.display());
    assert!(failed == 0 && wrong == 0, "see the lines above");
}
