//! What `rfm-periods` promises.

use crate::tables::run;
use siyu::error::Code;

const LOG: &str = "customer,time,amount\n\
    a,2025-02-10,100\na,2025-04-10,50.5\n\
    b,2025-03-20,10\nb,2025-03-21,-2\n\
    c,2025-03-15,20\nc,2025-04-20,500\n\
    d,2025-05-02,30\n";

fn request(more: &str) -> String {
    format!(r#"{{"analysis":"rfm-periods","options":{{"at":"2025-05-10","periods":5{more}}}}}"#)
}

#[test]
fn every_period_is_rfm_at_its_last_day() {
    let answer = run(LOG, &request("")).unwrap();
    let periods = answer.at("/result/periods").as_array().unwrap();
    let days: Vec<_> = periods.iter().map(|p| p["day"].as_str().unwrap()).collect();
    assert_eq!(days, ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-10"]);
    let names: Vec<_> = periods.iter().map(|p| p["period"].as_str().unwrap()).collect();
    assert_eq!(names, ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05"]);
    for period in periods.iter().skip(1) {
        let at = period["day"].as_str().unwrap();
        let rfm = run(LOG, &format!(r#"{{"analysis":"rfm","options":{{"at":"{at}"}}}}"#)).unwrap();
        let groups = rfm.at("/result/groups").as_array().unwrap();
        assert_eq!(groups.len(), period["groups"].as_array().unwrap().len());
        for (group, found) in groups.iter().zip(period["groups"].as_array().unwrap()) {
            assert_eq!(
                (&group["customers"], &group["revenue"]),
                (&found["customers"], &found["revenue"])
            );
        }
        assert_eq!(&period["customers"], rfm.at("/result/totals/customers"));
    }
}

#[test]
fn purchases_and_money_are_those_of_the_period_and_add_up() {
    let answer = run(LOG, &request("")).unwrap();
    let column = |name: &str| -> Vec<f64> {
        let periods = answer.at("/result/periods").as_array().unwrap();
        periods.iter().map(|period| period[name].as_f64().unwrap()).collect()
    };
    assert_eq!(column("purchases"), [0.0, 1.0, 2.0, 2.0, 1.0]);
    assert_eq!(column("revenue"), [0.0, 100.0, 28.0, 550.5, 30.0]);
    // Before the first purchase there is nobody, and nothing to drift from.
    assert_eq!(answer.at("/result/periods/0/groups").as_array().map(Vec::len), Some(0));
    assert!(answer.at("/result/periods/1/drift").is_null());
    assert!(answer.at("/result/periods/2/drift/psi").as_f64().unwrap() > 0.0);
}

#[test]
fn slips_are_named_with_their_place() {
    let refused = |more: &str| {
        let error = run(LOG, &request(more)).unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(r#","confidence":0"#), (Code::InvalidOption, "options.confidence".into()));
    assert_eq!(
        refused(r#","scoring":{"bins":11}"#),
        (Code::InvalidOption, "options.scoring.bins".into())
    );
    let one = r#"{"analysis":"rfm-periods","options":{"at":"2025-05-10","periods":1}}"#;
    assert_eq!(run(LOG, one).unwrap_err().path(), Some("options.periods"));
    let early = r#"{"analysis":"rfm-periods","options":{"at":"2024-05-10"}}"#;
    assert_eq!(run(LOG, early).unwrap_err().code(), Code::NotEnoughData);
}
