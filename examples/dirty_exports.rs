//! Writes dirty exports with known truth to a folder, for tests, demos and documents:
//! `npm run dirty -- <folder> [--seed 1] [--count 20] [--rows 40]`.
//!
//! The folder has the layout of `tests/bad_inputs`: `manifest.json` says of every file what
//! reading must find, so that the runners of that corpus (native and through the package) can be
//! pointed at it: `SIYU_BAD_INPUTS=<folder> npm test -- bad-inputs package`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // A tool ends with a message.
#![allow(unreachable_pub)] // The generator is shared with a test.

#[path = "../tests/dirty/mod.rs"]
mod dirty;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use sha2::Digest;

use dirty::{Export, Plan, ZONE};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |flag: &str, otherwise: u64| match arguments.iter().position(|a| a == flag) {
        None => Some(otherwise),
        Some(at) => arguments.get(at + 1)?.parse().ok(),
    };
    let (Some(folder), Some(seed), Some(count), Some(rows)) = (
        arguments.first().filter(|first| !first.starts_with('-')),
        number("--seed", 1),
        number("--count", 20),
        number("--rows", 40),
    ) else {
        eprintln!("dirty_exports <folder> [--seed 1] [--count 20] [--rows 40]");
        return ExitCode::FAILURE;
    };
    let plan = Plan { rows: rows as usize, told: false };
    let exports: Vec<(u64, Export)> =
        (seed..seed + count).map(|seed| (seed, dirty::export(seed, plan))).collect();
    match write(Path::new(folder), &exports) {
        Ok(()) => {
            println!("{count} files and manifest.json in {folder}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{folder}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the files and `manifest.json` into a folder.
fn write(folder: &Path, exports: &[(u64, Export)]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    for (seed, export) in exports {
        let file = format!("dirty_{seed}.{}", export.format);
        std::fs::write(folder.join(&file), &export.bytes)?;
        files.push(entry(&file, export));
    }
    let manifest = json!({
        "about": "dirty exports with known truth, made by the project's generator",
        "set": "generated",
        "count": files.len(),
        "files": files,
    });
    std::fs::write(folder.join("manifest.json"), serde_json::to_vec_pretty(&manifest)?)
}

fn entry(file: &str, export: &Export) -> Value {
    // The layout has no room for what only an option tells.
    assert!(export.header.is_none() && export.names.direction.is_none());
    let truth = &export.truth;
    let names = &export.names;
    let mut mapping = json!({ "id": names.customer, "date": names.time, "amount": names.amount });
    if let Some(order) = &names.order {
        mapping["order"] = json!(order);
    }
    let mut options = json!({ "tz": ZONE });
    if let Some(encoding) = export.encoding {
        options["encoding"] = json!(encoding);
    }
    let codes: BTreeSet<String> = truth
        .issues
        .keys()
        .filter(|(_, severity)| *severity != "note")
        .map(|(code, _)| code.replace('-', "_"))
        .collect();
    let outcome = if codes.is_empty() { "ok" } else { "warn" };
    let ids: BTreeSet<&str> = truth.rows.iter().map(|row| row.customer.as_str()).collect();
    let days: Vec<&str> = truth.rows.iter().map(|row| row.day.as_str()).collect();
    let sum: String =
        sha2::Sha256::digest(&export.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut entry = json!({
        "file": file,
        "format": export.format,
        "what": export.about.join(", "),
        "detail": format!("{} of {} records; {:?}", truth.rows.len(), truth.read, truth.issues),
        "mapping": mapping,
        "options": options,
        "expect": outcome,
        "accept": [outcome],
        "rows": truth.rows.len(),
        "customers": ids.len(),
        "sum_amount": truth.sum() as f64 / 1e6,
        "ids": ids,
        "days": days,
        "never": [],
        "bytes": export.bytes.len(),
        "sha256": sum,
    });
    if !codes.is_empty() {
        entry["codes"] = json!(codes);
    }
    entry
}
