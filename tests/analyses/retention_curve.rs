//! What `retention-curve` promises: the published numbers, a curve that fits what it was told, and
//! refusals with their place.

use siyu::error::{Code, Result};

use crate::tables::{Answer, run_with};

fn ask(options: &str) -> Result<Answer> {
    run_with(&[], &format!(r#"{{"analysis":"retention-curve","options":{options}}}"#))
}

/// Fader and Hardie (2007), table 1, seven years of their twelve: parameters, and the share that is
/// there in year twelve against what came.
#[test]
fn the_cohorts_of_the_paper_have_their_published_parameters() {
    let regular = "[1000,631,468,382,326,289,262,241]";
    let high_end = "[1000,869,743,653,593,551,517,491]";
    for (survivors, [alpha, beta], came) in
        [(regular, [0.704, 1.182], 0.173), (high_end, [0.668, 3.806], 0.394)]
    {
        let answer = ask(&format!(r#"{{"survivors":{survivors},"renewals":12}}"#)).unwrap();
        let at = |pointer: &str| answer.at(pointer).as_f64().unwrap();
        println!("{}", answer.at("/result/model/parameters"));
        println!("{}", answer.at("/result/renewals/11/survival"));
        assert!((at("/result/model/parameters/0/value") - alpha).abs() < 5e-4);
        assert!((at("/result/model/parameters/1/value") - beta).abs() < 5e-4);
        assert!((at("/result/renewals/11/survival/value") - came).abs() < 0.02);
        assert!(answer.at("/result/renewals/11/seen").is_null());
        // Those who are likely to leave go first.
        let retention = |row: usize| at(&format!("/result/renewals/{row}/retention/value"));
        let survival =
            |row: usize, part: &str| at(&format!("/result/renewals/{row}/survival/{part}"));
        let mut product = 1.0;
        for row in 0..12 {
            product *= retention(row);
            assert!((product / survival(row, "value") - 1.0).abs() < 1e-12);
            let value = survival(row, "value");
            assert!(
                survival(row, "interval/low") < value && value < survival(row, "interval/high")
            );
            assert!(row == 0 || retention(row) > retention(row - 1));
        }
    }
}

/// Fader and Hardie (2010), equation 5, at the parameters of the high end.
#[test]
fn renewals_to_come_grow_with_tenure() {
    let answer = ask(r#"{"survivors":[1000,869,743,653,593,551,517,491]}"#).unwrap();
    let to_come = |row: usize| {
        answer.at(&format!("/result/renewals/{row}/discountedRenewals")).as_f64().unwrap()
    };
    assert!((to_come(0) - 5.415).abs() < 0.005 && (to_come(4) - 6.897).abs() < 0.005);
    assert_eq!(answer.at("/result/renewals").as_array().unwrap().len(), 14);
}

#[test]
fn cohorts_that_cannot_be_are_refused_at_their_place() {
    for (options, code, path) in [
        (r#"{"survivors":[10,9]}"#, Code::InvalidOption, "options.survivors"),
        (r#"{"survivors":[10,9,11]}"#, Code::InvalidOption, "options.survivors"),
        (r#"{"survivors":[10,10,10]}"#, Code::NotEnoughData, "options.survivors"),
        (r#"{"survivors":[10,0,0]}"#, Code::NotEnoughData, "options.survivors"),
        (r#"{"survivors":[10,8,7],"discount":0}"#, Code::InvalidOption, "options.discount"),
        (r#"{"survivors":[10,8,7],"renewals":0}"#, Code::InvalidOption, "options.renewals"),
        (r#"{"survivors":[10,8,7],"confidence":1}"#, Code::InvalidOption, "options.confidence"),
    ] {
        let error = ask(options).unwrap_err();
        assert_eq!((error.code(), error.path()), (code, Some(path)), "{options}");
    }
}
