//! What `describe` promises.

use crate::tables::{options, run, run_streamed, shanghai};
use siyu::error::Code;

const LOG: &str =
    "customer,time,amount\na,2025-05-01,2\nb,2025-05-01,4\nc,2025-05-01,4\nd,2025-05-01,-10.50\n";

fn request(more: &str) -> String {
    format!(r#"{{"analysis":"describe","options":{{"column":"amount"{more}}}}}"#)
}

#[test]
fn moments_and_quantiles_are_those_of_the_column() {
    let answer = run(LOG, &request(r#","quantiles":[0,0.5,1]"#)).unwrap();
    assert_eq!(answer.at("/result/moments/count"), 4);
    assert_eq!(answer.at("/result/moments/mean"), -0.125);
    assert_eq!(answer.at("/result/moments/min"), -10.5);
    let values: Vec<f64> = (0..3)
        .map(|at| answer.at(&format!("/result/quantiles/{at}/value")).as_f64().unwrap())
        .collect();
    assert_eq!(values, [-10.5, 3.0, 4.0]);
    // Σ(x − mean)² = 4.515625 + 2 · 17.015625 + 107.640625; divided by 3.
    let variance = answer.at("/result/moments/variance").as_f64().unwrap();
    assert!((variance - 146.1875 / 3.0).abs() < 1e-12, "{variance}");
}

#[test]
fn the_definition_of_a_quantile_is_an_option() {
    let of = |kind: u8| {
        let more = format!(r#","quantiles":[0.5],"quantileType":{kind}"#);
        run(LOG, &request(&more)).unwrap().at("/result/quantiles/0/value").as_f64()
    };
    assert_eq!((of(1), of(7)), (Some(2.0), Some(3.0)));
}

#[test]
fn a_file_in_any_pieces_gives_the_same_bits() {
    let rows: String = (0..20_000)
        .map(|row| format!("c{},2025-05-01,{}.{:02}\n", row % 7, row * 31 % 999, row % 100))
        .collect();
    let csv = format!("customer,time,amount\n{rows}");
    let loaded = run(&csv, &request("")).unwrap();
    for piece in [1000, 1 << 20] {
        let streamed =
            run_streamed(csv.as_bytes(), &options(&csv), shanghai(), &request(""), piece, 100)
                .unwrap();
        assert_eq!(loaded.json.to_string(), streamed.json.to_string());
    }
}

#[test]
fn a_column_without_numbers_is_refused_with_its_place() {
    let error = run(LOG, r#"{"analysis":"describe","options":{"column":"customer"}}"#).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.column")));
    let error = run(LOG, &request(r#","quantiles":[0.5,1.5]"#)).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.quantiles[1]")));
}
