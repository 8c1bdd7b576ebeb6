//! Replays the stored bytes of every fuzz target (`fuzz/corpus/<target>/`) on stable Rust, with
//! the very bodies that the fuzzer runs, and a few cuts and flips of each.
//!
//! A target without stored bytes, and stored bytes without a target, fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub)] // It is a library when the fuzzer uses it.
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

/// No stored input may take longer, on the slowest machine.
const MOST_TIME: Duration = Duration::from_secs(20);

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|_| panic!("{} is missing", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Runs a body in a thread, so that neither a panic nor a hang ends the replay.
fn ends_well(target: &'static str, input: Vec<u8>) -> bool {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        targets::run(target, &input);
        tell.send(()).unwrap();
    });
    told.recv_timeout(MOST_TIME).is_ok()
}

#[test]
fn every_target_has_a_body_a_file_and_stored_bytes() {
    let bodies: BTreeSet<String> =
        targets::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let files = names(&files).iter().map(|name| name.trim_end_matches(".rs").to_owned()).collect();
    assert_eq!(bodies, files);
    assert_eq!(bodies, names(&corpus()));
}

#[test]
fn stored_bytes_break_no_promise() {
    let mut failed = Vec::new();
    let mut replayed = 0;
    for (target, _) in targets::TARGETS {
        let folder = corpus().join(target);
        let inputs = names(&folder);
        assert!(!inputs.is_empty(), "{target} has no stored bytes");
        for name in inputs {
            let bytes = fs::read(folder.join(&name)).unwrap();
            if !ends_well(target, bytes.clone()) {
                failed.push(format!("{target}/{name}"));
            }
            replayed += 1;
            // Neighbours of what is interesting are often interesting too.
            let middle = bytes.len() / 2;
            let mut flipped = bytes.clone();
            if let Some(byte) = flipped.get_mut(middle) {
                *byte ^= 0x20;
            }
            for (near, what) in
                [(bytes[..middle].to_vec(), "first half"), (flipped, "one bit other")]
            {
                if !ends_well(target, near) {
                    failed.push(format!("{target}/{name}, {what}"));
                }
            }
        }
    }
    println!("replayed {replayed} stored inputs of {} targets", targets::TARGETS.len());
    assert!(failed.is_empty(), "{failed:#?}");
}
