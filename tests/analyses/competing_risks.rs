//! What `competing-risks` promises.

use crate::tables::run;
use siyu::error::Code;

const LIVES: &str = "customer,months#,reason,since#\n\
    a,1,cancelled,0\nb,2,unpaid,0\nc,3,cancelled,0\nd,4,unpaid,0\ne,5,,0\nf,6,cancelled,0\n";

fn asked(more: &str) -> String {
    format!(
        r#"{{"analysis":"competing-risks","options":{{"duration":"months","cause":"reason"{more}}}}}"#
    )
}

/// The table of R's `survfit` in the cases of the reference.
#[test]
fn shares_of_causes_are_those_of_aalen_and_johansen() {
    let answer = run(LIVES, &asked(r#","times":[0,1,2.5,4,6,9]"#)).unwrap();
    let shares = |cause: usize| -> Vec<f64> {
        let found = answer.at(&format!("/result/causes/{cause}/shares")).as_array().unwrap();
        found.iter().map(|share| (share.as_f64().unwrap() * 6.0).round()).collect()
    };
    assert_eq!(answer.at("/result/causes/0/name"), "cancelled");
    assert_eq!(answer.at("/result/causes/0/ended"), 3);
    assert_eq!(shares(0), [0.0, 1.0, 1.0, 2.0, 4.0, 4.0]);
    assert_eq!(shares(1), [0.0, 0.0, 1.0, 2.0, 2.0, 2.0]);
    let survival = answer.at("/result/survival").as_array().unwrap();
    assert_eq!(survival[0], 1.0);
    assert!((survival[3].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-12);
    assert!(survival[5].as_f64().unwrap() < 1e-12);
    let interval = answer.at("/result/causes/0/intervals/3");
    let [low, high] = ["low", "high"].map(|end| interval[end].as_f64().unwrap());
    assert!(0.0 < low && low < 1.0 / 3.0 && 1.0 / 3.0 < high && high < 1.0);
}

#[test]
fn a_value_may_say_that_a_life_goes_on_and_order_does_not_matter() {
    let plain = run(LIVES, &asked("")).unwrap();
    assert_eq!(plain.at("/result/times").as_array().unwrap().len(), 25);
    let said = LIVES.replace("e,5,,0", "e,5,here,0");
    assert_eq!(
        run(&said, &asked(r#","stillHere":"here""#)).unwrap().json["result"],
        plain.json["result"]
    );
    let (header, rows) = LIVES.split_once('\n').unwrap();
    let turned: Vec<&str> = rows.lines().rev().collect();
    let turned = format!("{header}\n{}\n", turned.join("\n"));
    assert_eq!(run(&turned, &asked("")).unwrap().json["result"], plain.json["result"]);
}

#[test]
fn who_enters_late_is_at_risk_from_then_on_and_what_is_no_life_is_counted() {
    let late = LIVES.replace("f,6,cancelled,0", "f,6,cancelled,3.5\ng,,unpaid,0\nh,2,unpaid,2");
    let answer = run(&late, &asked(r#","entry":"since","times":[1,3]"#)).unwrap();
    // Five at risk at 1 and three at 3, of whom four fifths and three fifths are left.
    let shares = answer.at("/result/causes/0/shares").as_array().unwrap();
    assert!((shares[0].as_f64().unwrap() - 0.2).abs() < 1e-12);
    assert!((shares[1].as_f64().unwrap() - 0.4).abs() < 1e-12);
    assert_eq!(answer.at("/about/leftOut/0/reason"), "missing");
    assert_eq!(answer.at("/about/leftOut/1/reason"), "no-life");
}

#[test]
fn what_cannot_be_asked_is_refused_with_its_path() {
    for (more, code, path) in [
        (r#","confidence":0"#, Code::InvalidOption, "options.confidence"),
        (r#","times":[-1]"#, Code::InvalidOption, "options.times[0]"),
        (r#","entry":"reason""#, Code::Type, "options.entry"),
    ] {
        let error = run(LIVES, &asked(more)).unwrap_err();
        assert_eq!((error.code(), error.path()), (code, Some(path)));
    }
    let numbers = asked("").replace("\"reason\"", "\"since\"");
    assert_eq!(run(LIVES, &numbers).unwrap_err().path(), Some("options.cause"));
    let nobody = LIVES.replace("cancelled", "").replace("unpaid", "");
    assert_eq!(run(&nobody, &asked("")).unwrap_err().code(), Code::NotEnoughData);
}
