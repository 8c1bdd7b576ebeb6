//! What `migration` promises.

use crate::tables::run;
use siyu::error::Code;

const LOG: &str = "customer,time,amount\n\
    a,2025-01-10,100\na,2025-03-10,50.5\n\
    b,2025-01-20,10\n\
    c,2025-01-15,20\nc,2025-03-20,500\nc,2025-03-21,-5\n\
    d,2025-03-25,30\n";

fn request(more: &str) -> String {
    format!(
        r#"{{"analysis":"migration","options":{{"from":"2025-01-31","to":"2025-03-31"{more}}}}}"#
    )
}

#[test]
fn customers_are_grouped_as_rfm_groups_them_at_each_date() {
    let answer = run(LOG, &request("")).unwrap();
    for (date, column) in [("2025-01-31", "from"), ("2025-03-31", "to")] {
        let rfm = format!(r#"{{"analysis":"rfm","options":{{"at":"{date}"}}}}"#);
        let rfm = run(LOG, &rfm).unwrap();
        for customer in rfm.customers() {
            assert_eq!(answer.of(&customer, column), rfm.of(&customer, "group"), "{customer}");
        }
    }
    assert_eq!(answer.of("d", "from"), 255.0);
}

#[test]
fn moves_add_up_to_the_customers_of_both_dates() {
    let answer = run(LOG, &request("")).unwrap();
    let moves = answer.at("/result/moves").as_array().unwrap();
    let customers: u64 = moves.iter().map(|row| row["customers"].as_u64().unwrap()).sum();
    assert_eq!((customers, answer.at("/result/compared").as_u64()), (3, Some(3)));
    // a spent 50.50 between the dates, b nothing, c 500 less the refund of 5.
    let revenue: f64 = moves.iter().map(|row| row["revenue"].as_f64().unwrap()).sum();
    assert!((revenue - 545.5).abs() < 1e-9, "{revenue}");
    let groups = answer.at("/result/groups").as_array().unwrap();
    let sum = |name: &str| groups.iter().map(|row| row[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("before"), sum("after"), sum("entered")), (3, 4, 1));
    for row in moves {
        let at = |pointer: &str| row.pointer(pointer).and_then(|v| v.as_f64()).unwrap();
        assert!(at("/interval/low") <= at("/share") && at("/share") <= at("/interval/high"));
    }
}

#[test]
fn dates_in_the_wrong_order_are_refused() {
    let error =
        run(LOG, r#"{"analysis":"migration","options":{"from":"2025-03-31","to":"2025-01-31"}}"#)
            .unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.to")));
    let error = run(LOG, &request(r#","confidence":1"#)).unwrap_err();
    assert_eq!(error.path(), Some("options.confidence"));
}
