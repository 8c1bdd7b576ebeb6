//! The gate is the only way to rows: for every analysis there is, a refused column is an error
//! and a refused customer leaves no trace in the numbers.

use crate::tables::{Answer, run_on, table};
use siyu::analysis::NAMES;
use siyu::error::{Code, Result};
use siyu::privacy::gate::{Gate, Policy, Request};
use siyu::table::role::Role;

const LOG: &str = "customer,time,amount\n\
    a,2025-05-01,1.5\nb,2025-05-02,2\nc,2025-05-03,3\nb,2025-05-09,40\na,2025-05-12,7\nd,2025-05-20,9\n";

/// A request for each analysis. A new analysis without one fails the tests below.
fn request(analysis: &str) -> &'static str {
    match analysis {
        "rfm" => r#"{"analysis":"rfm","purpose":"test","options":{"at":"2025-05-31"}}"#,
        "describe" => r#"{"analysis":"describe","purpose":"test","options":{"column":"amount"}}"#,
        "lifecycle" => {
            r#"{"analysis":"lifecycle","purpose":"test","options":{"at":"2025-05-31","unit":"week"}}"#
        }
        "migration" => {
            r#"{"analysis":"migration","purpose":"test","options":{"from":"2025-05-10","to":"2025-05-31"}}"#
        }
        "clusters" => {
            r#"{"analysis":"clusters","purpose":"test","options":{"at":"2025-05-31","clusters":2}}"#
        }
        "concentration" => {
            r#"{"analysis":"concentration","purpose":"test","options":{"at":"2025-05-31"}}"#
        }
        "rfms" => r#"{"analysis":"rfms","purpose":"test","options":{"at":"2025-05-31"}}"#,
        "value-score" => {
            r#"{"analysis":"value-score","purpose":"test","options":{"at":"2025-05-31"}}"#
        }
        other => panic!("add a request for `{other}`"),
    }
}

struct Refuses {
    role: Option<Role>,
    attribute: Option<&'static str>,
    customer: Option<&'static str>,
}

const NOTHING: Refuses = Refuses { role: None, attribute: None, customer: None };

impl Policy for Refuses {
    fn name(&self) -> &str {
        "test policy"
    }

    fn allows_role(&self, request: Request<'_>, role: Role) -> bool {
        assert_eq!(request.purpose, Some("test"));
        self.role != Some(role)
    }

    fn allows_attribute(&self, request: Request<'_>, name: &str) -> bool {
        assert_eq!(request.purpose, Some("test"));
        self.attribute != Some(name)
    }

    fn allows_customer(&self, _: Request<'_>, customer: &[u8]) -> bool {
        self.customer.map(str::as_bytes) != Some(customer)
    }
}

fn through(csv: &str, analysis: &str, policy: Option<Refuses>) -> Result<Answer> {
    let gate = policy.map_or_else(Gate::open, |policy| Gate::with_policy(Box::new(policy)));
    run_on(&table(csv), request(analysis), gate, 1 << 30)
}

#[test]
fn a_refused_column_stops_every_analysis() {
    for analysis in NAMES {
        let policy = Refuses { role: Some(Role::Amount), ..NOTHING };
        let error = through(LOG, analysis, Some(policy)).unwrap_err();
        assert_eq!(error.code(), Code::Denied, "{analysis}");
    }
}

#[test]
fn a_refused_customer_leaves_no_trace_in_any_analysis() {
    for analysis in NAMES {
        let policy = Refuses { customer: Some("b"), ..NOTHING };
        let refused = through(LOG, analysis, Some(policy)).unwrap();
        let without: String =
            LOG.lines().filter(|l| !l.starts_with("b,")).map(|l| format!("{l}\n")).collect();
        let absent = through(&without, analysis, None).unwrap();
        assert_eq!(refused.at("/result"), absent.at("/result"), "{analysis}");
        assert_eq!(refused.sets, absent.sets, "{analysis}");
        let denied = refused.at("/about/leftOut").as_array().unwrap();
        assert!(
            denied.iter().any(|entry| entry["reason"] == "denied" && entry["rows"] == 2),
            "{analysis} does not count the rows it left out"
        );
        assert_eq!(refused.at("/about/policy"), "test policy");
        assert_eq!(absent.at("/about/policy"), "none");
    }
}
