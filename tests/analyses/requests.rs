//! What a request promises: every slip is named with its place and its cure, and the same
//! request gives the same bytes.

use crate::tables::{options, plain, rfm, rfm_request, run, run_on, run_streamed, shanghai, table};
use siyu::error::Code;
use siyu::privacy::gate::Gate;

const LOG: &str = "customer,time,amount\na,2025-05-01,1\nb,2025-05-02,2\nc,2025-05-03,3\n";

fn refused(request: &str) -> (Code, String, String) {
    let error = run(LOG, request).unwrap_err();
    (error.code(), error.path().unwrap_or_default().to_owned(), error.hint().to_owned())
}

#[test]
fn a_slip_is_named_with_its_place_and_the_nearest_valid_name() {
    let (code, path, hint) = refused(r#"{"analysis":"rmf"}"#);
    assert_eq!((code, &path[..]), (Code::UnknownAnalysis, "analysis"));
    assert!(hint.contains("`rfm`"), "{hint}");

    let (code, path, hint) = refused(&rfm_request(r#""refund":"net""#));
    assert_eq!((code, &path[..]), (Code::UnknownField, "options.refund"));
    assert!(hint.contains("`refunds`"), "{hint}");

    let (code, path, _) = refused(&rfm_request(r#""scoring":{"bins":11}"#));
    assert_eq!((code, &path[..]), (Code::InvalidOption, "options.scoring.bins"));

    let (code, path, _) = refused(r#"{"analysis":"rfm","options":{}}"#);
    assert_eq!((code, &path[..]), (Code::MissingField, "options.at"));

    let (code, path, _) = refused(r#"{"analysis":"rfm","options":{"at":"yesterday"}}"#);
    assert_eq!((code, &path[..]), (Code::Date, "options.at"));

    let (code, path, _) =
        refused(r#"{"analysis":"rfm","inputs":{"log":"ordres"},"options":{"at":"2025-05-31"}}"#);
    assert_eq!((code, &path[..]), (Code::UnknownTable, "inputs.log"));

    let (code, path, _) =
        refused(r#"{"analysis":"rfm","version":9,"options":{"at":"2025-05-31"}}"#);
    assert_eq!((code, &path[..]), (Code::UnknownVersion, "version"));
}

#[test]
fn a_role_that_is_not_mapped_is_named() {
    let error = run("customer,time\na,2025-05-01\n", &rfm_request("")).unwrap_err();
    assert_eq!((error.code(), error.table()), (Code::MissingRole, Some("orders")));
    assert!(error.hint().contains("`amount`"), "{error}");
}

#[test]
fn memory_is_checked_before_work_starts() {
    let error = run_on(&table(LOG), &rfm_request(""), Gate::open(), 1000).unwrap_err();
    assert_eq!(error.code(), Code::LimitMemory);
}

#[test]
fn the_filled_in_options_repeat_the_run() {
    let first = rfm(LOG, r#""scoring":{"convention":"cume-dist"}"#);
    let request = format!(
        r#"{{"analysis":"rfm","version":1,"inputs":{{"log":"orders"}},"options":{}}}"#,
        first.at("/about/options")
    );
    let again = run(LOG, &request).unwrap();
    assert_eq!(first.json.to_string(), again.json.to_string());
    assert_eq!(first.sets, again.sets);
}

#[test]
fn a_purpose_is_kept_in_the_report() {
    let request = r#"{"analysis":"rfm","purpose":"retention","options":{"at":"2025-05-31"}}"#;
    assert_eq!(run(LOG, request).unwrap().at("/about/purpose"), "retention");
}

#[test]
fn a_streamed_file_gives_the_same_bytes_as_a_loaded_table() {
    let rows: String = (0..3000)
        .map(|row| {
            format!(
                "c{},2025-0{}-1{} 0{}:00,{}.5\n",
                row % 211,
                row % 4 + 1,
                row % 9,
                row % 9,
                row * 7 % 300
            )
        })
        .collect();
    let csv = format!("customer,time,amount\n{rows}");
    let loaded = rfm(&csv, "");
    for (piece, budget) in [(7, 1), (4096, 50), (1 << 20, 1 << 20)] {
        let streamed = run_streamed(
            csv.as_bytes(),
            &options(&csv),
            shanghai(),
            &rfm_request(""),
            piece,
            budget,
        )
        .unwrap();
        assert_eq!(loaded.json.to_string(), streamed.json.to_string(), "pieces of {piece} bytes");
        assert_eq!(loaded.sets, streamed.sets);
    }
}

#[test]
fn a_request_is_plain_data_and_nothing_else() {
    let error = plain(r#"["rfm"]"#);
    let started = siyu::analysis::Job::start(error, Vec::new(), Gate::open().into(), 0);
    assert_eq!(started.unwrap_err().code(), Code::InvalidOption);
}
