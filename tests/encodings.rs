//! Files in many encodings, compressed or not: read natively as `tests/encodings.json` says. The
//! package is tested against the same list.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

use serde_json::Value as Json;
use siyu::error::Result;
use siyu::plain::Value;
use siyu::read::file::read_file;
use siyu::read::quality::Quality;
use siyu::table::Table;
use siyu::table::role::Role;
use siyu::table::zone::Zone;

fn bytes_of(base64: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for letter in base64.bytes().filter(|letter| *letter != b'=') {
        held = (held << 6) | LETTERS.iter().position(|l| *l == letter).unwrap() as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

fn read(file: &Json, piece: usize) -> Result<(Table, Quality)> {
    let mut options = file["options"].clone();
    options["roles"] = file["roles"].clone();
    let options: Value = serde_json::from_value(options).unwrap();
    let bytes = bytes_of(file["bytes"].as_str().unwrap());
    read_file(bytes.chunks(piece), &options.read()?, Zone::utc(), 1, 1 << 28)
}

#[test]
fn every_file_is_read_as_the_list_says() {
    let list = std::fs::read_to_string("tests/encodings.json").unwrap();
    let list: Json = serde_json::from_str(&list).unwrap();
    let mut wrong = Vec::new();
    for file in list["files"].as_array().unwrap() {
        for piece in [1, 3, 1000, 1 << 20] {
            let name = file["name"].as_str().unwrap();
            let fault = match read(file, piece) {
                Ok((table, quality)) => {
                    let known = table.dictionaries.get(Role::Customer).unwrap();
                    let ids: Vec<String> = (0..known.len() as u32)
                        .map(|code| String::from_utf8(known.get(code).unwrap().to_vec()).unwrap())
                        .collect();
                    let issues = quality.issues.iter();
                    let issues: Json =
                        issues.map(|i| serde_json::json!([i.code, i.rows])).collect();
                    let found = serde_json::json!([ids, quality.encoding, issues]);
                    let wanted = serde_json::json!([file["ids"], file["encoding"], file["issues"]]);
                    (found != wanted).then(|| found.to_string())
                }
                Err(error) => {
                    let same = |wanted: &Json, found: Option<u64>| {
                        wanted.is_null() || wanted.as_u64() == found
                    };
                    let right = file["code"] == error.code().as_str()
                        && same(&file["row"], error.row())
                        && same(&file["byte"], error.byte());
                    (!right).then(|| error.to_string())
                }
            };
            if let Some(fault) = fault {
                wrong.push(format!("{name} in pieces of {piece}: {fault}"));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
