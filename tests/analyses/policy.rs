//! A policy decides which rows reach an analysis, and the report says how many customers it
//! refused and why.

use std::cell::Cell;
use std::rc::Rc;

use crate::tables::{Answer, plain, run_on, table};
use siyu::analysis::{Job, Source};
use siyu::error::{Code, Error, Result};
use siyu::privacy::gate::{Gate, Judge, Policy, Request};
use siyu::privacy::policy::PolicyDocument;
use siyu::table::Table;
use siyu::table::role::Role;

const LOG: &str = "customer,time,amount,city\n\
    a,2025-05-01,1.5,X\nb,2025-05-02,2,Y\nc,2025-05-03,3,X\nb,2025-05-09,40,Y\nd,2025-05-20,9,X\n";

/// A policy in which `segmentation` may read customers, times and amounts.
fn policy(consents: &str) -> String {
    format!(
        r#"{{"version":1,"name":"shop","text":"v2",
            "purposes":[{{"name":"segmentation","automated":true,"retentionDays":365}},
                {{"name":"service","consent":false}}],
            "columns":[
                {{"column":"customer","class":"identifier","purposes":["segmentation","service"]}},
                {{"column":"time","purposes":["segmentation"]}},
                {{"column":"amount","class":"sensitive","purposes":["segmentation"]}}],
            "consents":[{consents}]}}"#
    )
}

fn consent(customer: &str, more: &str) -> String {
    format!(
        r#"{{"customer":"{customer}","purpose":"segmentation","grantedAt":"2025-01-01",
            "separate":["amount"]{more}}}"#
    )
}

fn gate(policy: &str) -> Result<Gate> {
    let document: PolicyDocument = plain(policy).read()?;
    Ok(Gate::with_policy(Box::new(document.checked()?)))
}

const REQUEST: &str = r#"{"analysis":"rfm","purpose":"segmentation","at":"2025-06-01T00:00:00Z",
    "options":{"at":"2025-05-31"}}"#;

fn run(consents: &[String], request: &str) -> Result<Answer> {
    run_on(&table(LOG), request, gate(&policy(&consents.join(",")))?, 1 << 30)
}

fn refusal(policy: &str) -> Error {
    gate(policy).unwrap_err()
}

#[test]
fn only_customers_who_consent_are_there_and_the_others_are_counted_by_reason() {
    let consents = [
        consent("a", ""),
        consent("b", r#","withdrawnAt":"2025-05-30""#),
        consent("c", r#","admOptOut":true"#),
    ];
    let answer = run(&consents, REQUEST).unwrap();
    assert_eq!(answer.customers(), ["a"]);
    let refused = answer.at("/about/inputs/0/refused").as_array().unwrap();
    let mut reasons: Vec<(&str, u64)> = refused
        .iter()
        .map(|one| (one["reason"].as_str().unwrap(), one["customers"].as_u64().unwrap()))
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, [("adm-opt-out", 1), ("no-basis", 1), ("withdrawn", 1)]);
    assert_eq!(answer.at("/about/policy"), "shop");
}

#[test]
fn a_withdrawal_takes_the_customer_out_of_the_next_run() {
    let both = run(&[consent("a", ""), consent("b", "")], REQUEST).unwrap();
    assert_eq!(both.customers(), ["a", "b"]);
    let before = consent("b", r#","withdrawnAt":"2025-06-01T00:00:00Z""#);
    let after = run(&[consent("a", ""), before.clone()], REQUEST).unwrap();
    assert_eq!(after.customers(), ["a"]);
    let alone = run(&[consent("a", "")], REQUEST).unwrap();
    assert_eq!(after.at("/result/totals"), alone.at("/result/totals"));
    // A moment earlier the consent still held.
    let earlier = REQUEST.replace("2025-06-01T00:00:00Z", "2025-05-31T23:59:59Z");
    assert_eq!(run(&[consent("a", ""), before], &earlier).unwrap().customers(), ["a", "b"]);
}

#[test]
fn nothing_runs_without_a_purpose_an_instant_and_declared_columns() {
    for (request, path) in [
        (REQUEST.replace(r#""purpose":"segmentation","#, ""), "purpose"),
        (REQUEST.replace("segmentation", "advertising"), "purpose"),
        (REQUEST.replace(r#""at":"2025-06-01T00:00:00Z","#, ""), "at"),
    ] {
        let error = run(&[consent("a", "")], &request).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::Denied, Some(path)));
    }
    // The purpose `service` does not read amounts.
    let error = run(&[], &REQUEST.replace("segmentation", "service")).unwrap_err();
    assert_eq!(error.code(), Code::Denied);
    let error = run(&[], &REQUEST.replace("2025-06-01T00:00:00Z", "soon")).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::Date, Some("at")));
}

#[test]
fn sensitive_columns_children_and_old_data_need_more() {
    let reason = |record: String| {
        let answer = run(&[record, consent("c", "")], REQUEST).unwrap();
        let refused = answer.at("/about/inputs/0/refused").as_array().unwrap().clone();
        let reasons = refused.iter().map(|one| one["reason"].as_str().unwrap().to_owned());
        reasons.filter(|reason| reason != "no-basis").collect::<Vec<_>>()
    };
    let plain = r#"{"customer":"a","purpose":"segmentation","grantedAt":"2025-01-01"}"#;
    assert_eq!(reason(plain.to_owned()), ["separate-consent-needed"]);
    let child = consent("a", r#","birth":"2011-06-02""#);
    assert_eq!(reason(child), ["guardian-consent-needed"]);
    let guarded = consent("a", r#","birth":"2011-06-02","guardian":true"#);
    assert!(reason(guarded).is_empty());
    let old = consent("a", r#","lastActivity":"2024-06-01""#);
    assert_eq!(reason(old), ["retention-over"]);
}

#[test]
fn a_record_that_is_no_consent_is_refused_with_its_place() {
    for (more, path) in [
        (r#","bundled":true"#, "consents[0].bundled"),
        (r#","preTicked":true"#, "consents[0].preTicked"),
        (r#","birth":"2011-02-30""#, "consents[0].birth"),
        (r#","tick":true"#, "consents[0].tick"),
    ] {
        assert_eq!(refusal(&policy(&consent("a", more))).path(), Some(path));
    }
    let both = consent("a", "").replace(r#""segmentation""#, r#"["segmentation","service"]"#);
    assert_eq!(refusal(&policy(&both)).path(), Some("consents[0].purpose"));
    let other = policy("").replace(r#""column":"time""#, r#""column":"when""#);
    assert_eq!(refusal(&other).path(), Some("columns[1].column"));
    let old = policy("").replace(r#""version":1"#, r#""version":2"#);
    assert_eq!(refusal(&old).code(), Code::UnknownVersion);
}

#[test]
fn a_changed_text_outdates_consent_to_the_old_one() {
    let changed = |text: &str| {
        let one = consent("a", &format!(r#","text":"{text}""#));
        let other = consent("c", r#","text":"v2""#);
        let policy = policy(&format!("{one},{other}"))
            .replace(r#""text":"v2","#, r#""text":"v2","materialChange":true,"#);
        run_on(&table(LOG), REQUEST, gate(&policy).unwrap(), 1 << 30)
    };
    assert_eq!(changed("v2").unwrap().customers(), ["a", "c"]);
    assert_eq!(changed("v1").unwrap().customers(), ["c"]);
}

/// Runs a request over a table in memory through a gate that lives on.
fn run_again(gate: &Rc<Gate>, table: &Rc<Table>, request: &str) -> Answer {
    let tables = vec![("orders".to_owned(), Source::Loaded(Rc::clone(table)))];
    let job = Job::start(plain(request), tables, Rc::clone(gate), 1 << 30).unwrap();
    job.run().map(Answer::new).unwrap()
}

/// Lets everybody through and counts how often it was asked.
struct Counting(Rc<Cell<u32>>);

impl Policy for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn allows_role(&self, _: Request<'_>, _: Role) -> bool {
        true
    }

    fn allows_attribute(&self, _: Request<'_>, _: &str) -> bool {
        true
    }

    fn judge<'p>(&'p self, _: Request<'p>, _: Vec<String>) -> Judge<'p> {
        Box::new(|_| {
            self.0.set(self.0.get() + 1);
            None
        })
    }
}

#[test]
fn customers_are_asked_for_once_for_a_table_and_a_request() {
    let asked = Rc::new(Cell::new(0));
    let gate = Rc::new(Gate::with_policy(Box::new(Counting(Rc::clone(&asked)))));
    let orders = table(LOG);
    let first = run_again(&gate, &orders, REQUEST);
    assert_eq!(asked.get(), 4);
    assert_eq!(run_again(&gate, &orders, REQUEST).customers(), first.customers());
    assert_eq!(asked.get(), 4);
    // Another purpose, another instant, another table: each is a question of its own.
    run_again(&gate, &orders, &REQUEST.replace("\"segmentation\"", "\"service\""));
    run_again(&gate, &orders, &REQUEST.replace("2025-06-01", "2025-06-02"));
    run_again(&gate, &table(LOG), REQUEST);
    assert_eq!(asked.get(), 16);
}

#[test]
fn what_was_decided_holds_for_its_table_and_instant_alone() {
    let consents = [
        consent("a", r#","withdrawnAt":"2025-07-01""#),
        consent("b", "").replace("2025-01-01", "2025-06-10"),
    ];
    let gate = Rc::new(gate(&policy(&consents.join(","))).unwrap());
    let at =
        |table: &Rc<Table>, day: &str| run_again(&gate, table, &REQUEST.replace("2025-06-01", day));
    let orders = table(LOG);
    let first = at(&orders, "2025-06-01");
    assert_eq!(first.customers(), ["a"]);
    assert_eq!(at(&orders, "2025-06-15").customers(), ["a", "b"]);
    assert_eq!(at(&orders, "2025-08-01").customers(), ["b"]);
    let again = at(&orders, "2025-06-01");
    assert_eq!(again.customers(), ["a"]);
    assert_eq!(again.at("/about/inputs"), first.at("/about/inputs"));
    drop(orders);
    // Tables that come and go, in which `b` has the code that `a` had.
    for round in 0..40 {
        let (one, other) = if round % 2 == 0 { ("a", "b") } else { ("b", "a") };
        let orders =
            table(&format!("customer,time,amount\n{one},2025-05-01,1\n{other},2025-05-02,2\n"));
        assert_eq!(at(&orders, "2025-06-01").customers(), ["a"], "round {round}");
    }
}
