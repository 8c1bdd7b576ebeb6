//! What `concentration` promises.

use crate::tables::run;
use siyu::error::Code;

const LOG: &str = "customer,time,amount\n\
    a,2025-05-01,1\nb,2025-05-01,2\nc,2025-05-01,3\nd,2025-05-01,4\ne,2025-05-01,100\n\
    back,2025-05-01,5\nback,2025-05-02,-9\n";

fn request(more: &str) -> String {
    format!(r#"{{"analysis":"concentration","options":{{"at":"2025-05-31"{more}}}}}"#)
}

#[test]
fn the_measures_are_those_of_the_customers_money() {
    let answer = run(LOG, &request(r#","top":[0.2],"parts":[0.9]"#)).unwrap();
    let number = |pointer: &str| answer.at(pointer).as_f64().unwrap();
    assert!((number("/result/gini") - 8.0 / 11.0).abs() < 1e-12);
    assert_eq!(number("/result/total"), 110.0);
    assert!((number("/result/top/0/part") - 100.0 / 110.0).abs() < 1e-12);
    assert_eq!(number("/result/holders/0/customers"), 1.0);
    let curve = answer.at("/result/lorenz").as_array().unwrap();
    assert_eq!((curve.len(), curve[0].as_f64(), curve[100].as_f64()), (101, Some(0.0), Some(1.0)));
    assert!((curve[20].as_f64().unwrap() - 1.0 / 110.0).abs() < 1e-12);
}

#[test]
fn a_customer_below_zero_is_left_out_and_counted() {
    let answer = run(LOG, &request("")).unwrap();
    assert_eq!(answer.at("/result/customers"), 5);
    assert_eq!(answer.at("/about/leftOut/0/reason"), "negative-total");
    assert_eq!(answer.at("/about/leftOut/0/customers"), 1);
}

#[test]
fn purchases_can_be_held_too() {
    let answer = run(LOG, &request(r#","measure":"purchases""#)).unwrap();
    assert_eq!(answer.at("/result/gini"), 0.0);
}

#[test]
fn shares_out_of_range_and_no_money_are_refused() {
    let error = run(LOG, &request(r#","top":[0.1,0]"#)).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.top[1]")));
    let nothing = "customer,time,amount\na,2025-05-01,0\n";
    assert_eq!(run(nothing, &request("")).unwrap_err().code(), Code::NotEnoughData);
}
