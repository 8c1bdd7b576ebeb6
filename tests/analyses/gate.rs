//! The gate is the only way to rows: for every analysis there is, a refused column is an error
//! and a refused customer leaves no trace in the numbers.

use crate::tables::{Answer, run_through, table};
use siyu::analysis::NAMES;
use siyu::error::{Code, Result};
use siyu::privacy::gate::{Gate, Judge, Policy, Request};
use siyu::table::role::Role;

const LOG: &str = "customer,time,amount\n\
    a,2025-05-01,1.5\nb,2025-05-02,2\nc,2025-05-03,3\nb,2025-05-09,40\na,2025-05-12,7\nd,2025-05-20,9\n";

/// Customers who left or stayed.
const PEOPLE: &str = "customer,visits#,gone\n\
    a,7,no\nb,4,yes\nc,19,no\nd,18,yes\ne0,0,no\ne1,15,no\ne2,7,yes\ne3,15,no\n\
    e4,17,no\ne5,20,no\ne6,7,no\ne7,16,no\ne8,0,yes\ne9,2,yes\ne10,18,yes\ne11,0,yes\n\
    e12,8,yes\ne13,12,no\ne14,13,no\ne15,18,no\ne16,4,no\ne17,3,yes\ne18,15,no\ne19,13,no\n\
    e20,9,yes\ne21,12,no\ne22,17,no\ne23,18,no\ne24,10,no\ne25,0,yes\ne26,19,no\ne27,5,no\n\
    e28,10,no\ne29,18,no\ne30,20,no\ne31,18,no\ne32,3,yes\ne33,20,no\ne34,2,yes\ne35,2,yes\n\
    e36,4,yes\ne37,13,no\ne38,3,yes\ne39,19,no\ne40,12,no\ne41,10,no\ne42,8,no\ne43,1,yes\n\
    e44,2,yes\ne45,17,yes\n";

/// Units of two arms.
const UNITS: &str = "customer,variant,city,age#,bought#\na,x,X,35,0\nb,y,Y,58,0\nc,x,X,24,0\nd,y,Y,50,1\n\
    e0,x,Y,32,0\ne1,y,Y,55,1\ne2,x,X,29,0\ne3,y,Y,53,0\ne4,x,X,24,0\ne5,y,X,57,1\n\
    e6,x,Y,21,0\ne7,y,Y,44,1\ne8,x,Y,56,0\ne9,y,Y,28,1\ne10,x,Y,28,1\ne11,y,Y,47,1\n\
    e12,x,Y,44,0\ne13,y,X,46,0\ne14,x,Y,21,0\ne15,y,Y,30,0\ne16,x,X,56,0\ne17,y,Y,33,1\n\
    e18,x,Y,24,0\ne19,y,X,50,1\ne20,x,Y,24,0\ne21,y,Y,21,0\ne22,x,X,46,1\ne23,y,X,59,1\n\
    e24,x,Y,57,0\ne25,y,X,37,0\ne26,x,X,39,1\ne27,y,X,58,0\ne28,x,Y,46,0\ne29,y,X,29,0\n\
    e30,x,Y,41,0\ne31,y,Y,28,0\ne32,x,Y,53,0\ne33,y,X,58,0\ne34,x,Y,52,0\ne35,y,Y,35,0\n\
    e36,x,Y,36,0\ne37,y,Y,20,0\ne38,x,X,40,0\ne39,y,X,57,1\ne40,x,Y,60,0\ne41,y,Y,42,0\n";

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
        "churn-risk" => {
            r#"{"analysis":"churn-risk","purpose":"test","inputs":{"customers":"orders"},
                "options":{"label":"gone","attributes":["visits"]}}"#
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
        "coverage" => {
            r#"{"analysis":"coverage","purpose":"test","inputs":{"contacts":"orders","book":"book"},
                "options":{"at":"2025-05-31","homeProvinces":["SC"]}}"#
        }
        "inactivity" => {
            r#"{"analysis":"inactivity","purpose":"test","inputs":{"followers":"orders","events":"events"},
                "options":{"at":"2025-05-31"}}"#
        }
        "experiment" => {
            r#"{"analysis":"experiment","purpose":"test","inputs":{"units":"orders"},
                "options":{"control":"x","segments":["city"],"metrics":[{"name":"spend"}]}}"#
        }
        "uplift" => {
            r#"{"analysis":"uplift","purpose":"test","inputs":{"units":"orders"},
                "options":{"control":"x","outcome":"bought","features":["city","age"],"folds":2}}"#
        }
        "panel-effect" => {
            r#"{"analysis":"panel-effect","purpose":"test","inputs":{"panel":"orders"},
                "options":{"treated":["a"],"began":"2025-03-01"}}"#
        }
        "assign" => {
            r#"{"analysis":"assign","purpose":"test","inputs":{"units":"orders"},
                "options":{"seed":"s","variants":[{"name":"x"},{"name":"y"}]}}"#
        }
        "compare-segments" => {
            r#"{"analysis":"compare-segments","purpose":"test","inputs":{"segments":"segments","customers":"customers","log":"orders"},
                "options":{"at":"2025-05-31","attributes":["city","age"]}}"#
        }
        "segments" => {
            r#"{"analysis":"segments","purpose":"test","options":{"at":"2025-05-31",
                "segments":[{"name":"big","rule":"amount >= 3"}]}}"#
        }
        "tags" => {
            r#"{"analysis":"tags","purpose":"test","inputs":{"tags":"orders"},
                "options":{"at":"2025-05-31","exclusive":[["new","vip"]]}}"#
        }
        "tiers" => {
            r#"{"analysis":"tiers","purpose":"test","options":{"at":"2025-05-31",
                "tiers":[{"name":"gold","from":10}]}}"#
        }
        "lrfm" => {
            r#"{"analysis":"lrfm","purpose":"test","inputs":{"log":"orders","customers":"customers"},
                "options":{"at":"2025-05-31","within":"city"}}"#
        }
        "look-alike" => {
            r#"{"analysis":"look-alike","purpose":"test","inputs":{"members":"members","customers":"customers","log":"orders"},
                "options":{"at":"2025-05-31","attributes":["city"]}}"#
        }
        "rfm-periods" => {
            r#"{"analysis":"rfm-periods","purpose":"test","options":{"at":"2025-05-31","unit":"week","periods":3}}"#
        }
        "lifetime-value" => {
            r#"{"analysis":"lifetime-value","purpose":"test","options":{"at":"2025-05-31"}}"#
        }
        "survival" => {
            r#"{"analysis":"survival","purpose":"test","inputs":{"log":"orders","customers":"customers"},
                "options":{"at":"2025-05-31","silenceDays":10,"by":"city"}}"#
        }
        "repeat-purchase" => {
            r#"{"analysis":"repeat-purchase","purpose":"test","options":{"at":"2025-05-31"}}"#
        }
        "activation" => {
            r#"{"analysis":"activation","purpose":"test","inputs":{"joined":"orders","events":"events"},
                "options":{"at":"2025-05-31"}}"#
        }
        "replenishment" => {
            r#"{"analysis":"replenishment","purpose":"test","options":{"at":"2025-05-31"}}"#
        }
        "survival-regression" => {
            r#"{"analysis":"survival-regression","purpose":"test","inputs":{"lives":"orders"},
                "options":{"duration":"days","event":"gone","covariates":["age","city"],"penalty":1}}"#
        }
        "competing-risks" => {
            r#"{"analysis":"competing-risks","purpose":"test","inputs":{"lives":"orders"},
                "options":{"duration":"days","cause":"city"}}"#
        }
        "power" => {
            r#"{"analysis":"power","purpose":"test","options":{"baseline":0.1,"effect":0.1}}"#
        }
        "retention-curve" => {
            r#"{"analysis":"retention-curve","purpose":"test","options":{"survivors":[1000,869,743]}}"#
        }
        "experiment-register" => {
            r#"{"analysis":"experiment-register","purpose":"test","options":{}}"#
        }
        "meta-analysis" => {
            r#"{"analysis":"meta-analysis","purpose":"test","options":{"effects":[
                {"name":"x","effect":0.1,"error":0.1},{"name":"y","effect":0.3,"error":0.1}]}}"#
        }
        "bandit" => {
            r#"{"analysis":"bandit","purpose":"test","options":{"batch":10,"arms":[
                {"arm":"x","units":5,"successes":1},{"arm":"y","units":5,"successes":2}]}}"#
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

    fn judge<'p>(&'p self, _: Request<'p>, _: Vec<String>) -> Judge<'p> {
        Box::new(|customer| {
            (self.customer.map(str::as_bytes) == Some(customer)).then_some("denied")
        })
    }
}

/// The tables of an analysis: most read the log alone.
fn tables(analysis: &str) -> Vec<(&'static str, &'static str)> {
    match analysis {
        _ if WITHOUT_TABLES.contains(&analysis) => Vec::new(),
        "coverage" => vec![
            (
                "orders",
                "customer,time,manager,province\na,2025-05-01,M,SC\nb,2025-05-02,M,GD\nc,2025-05-03,N,SC\n",
            ),
            ("book", "customer,manager,segment\na,M,top\nb,M,top\nc,M,mass\nd,N,mass\n"),
        ],
        "inactivity" | "activation" => vec![
            ("orders", "customer,time\na,2025-01-01\nb,2025-01-02\nc,2025-05-30\nd,2025-03-01\n"),
            ("events", "customer,time\na,2025-05-20\nb,2025-05-21\na,2025-05-22\n"),
        ],
        "compare-segments" => vec![
            ("orders", LOG),
            ("segments", "customer,segment\na,one\nb,one\nc,two\na,two\n"),
            ("customers", "customer,city,age#\na,X,30\nb,Y,40\nc,X,50\nd,Z,60\n"),
        ],
        "experiment" => {
            vec![(
                "orders",
                "customer,variant,city,spend#\na,x,X,1\nb,x,Y,5\nc,x,X,2\nd,y,X,4\ne,y,Y,6\nf,y,Y,7\n",
            )]
        }
        "survival-regression" | "competing-risks" => vec![(
            "orders",
            "customer,days#,gone#,age#,city\na,3,1,30,X\nb,4,1,20,Y\nc,5,0,40,X\nd,6,1,35,Y\ne,9,0,50,X\nf,2,1,31,Y\n",
        )],
        "replenishment" => vec![(
            "orders",
            "customer,time,product\na,2025-01-01,p\na,2025-02-01,p\na,2025-03-05,p\nb,2025-01-01,p\nb,2025-01-21,p\nb,2025-02-09,p\nc,2025-01-01,p\nc,2025-03-21,p\nc,2025-05-09,p\nd,2025-02-11,p\nd,2025-02-21,p\nd,2025-03-09,p\ne,2025-02-11,q\n",
        )],
        "panel-effect" => vec![(
            "orders",
            "customer,time,amount\na,2025-01-01,5\nb,2025-01-01,6\nc,2025-01-02,7\nd,2025-01-02,3\na,2025-02-01,6\nb,2025-02-01,5\nc,2025-02-02,8\nd,2025-02-02,4\na,2025-03-01,9\nb,2025-03-01,5\nc,2025-03-02,8\nd,2025-03-02,3\n",
        )],
        "assign" => vec![("orders", "customer,x\na,1\nb,2\nc,3\n")],
        "churn-risk" => vec![("orders", PEOPLE)],
        "uplift" => vec![("orders", UNITS)],
        "tags" => vec![(
            "orders",
            "customer,time,tag\na,2025-05-01,vip\nb,2025-05-02,vip\nb,2025-05-03,new\nc,2025-05-04,new\n",
        )],
        "lrfm" | "survival" => {
            vec![("orders", LOG), ("customers", "customer,city\na,X\nb,Y\nc,X\nd,X\n")]
        }
        "look-alike" => vec![
            ("orders", LOG),
            ("members", "customer\na\nb\n"),
            ("customers", "customer,city\na,X\nb,Y\nc,X\nd,Z\n"),
        ],
        _ => vec![("orders", LOG)],
    }
}

/// Analyses that read no table.
const WITHOUT_TABLES: [&str; 5] =
    ["bandit", "power", "retention-curve", "experiment-register", "meta-analysis"];

/// A role that the analysis cannot do without.
fn required(analysis: &str) -> Role {
    match analysis {
        "coverage" | "inactivity" | "activation" => Role::Time,
        "replenishment" => Role::Product,
        "tags"
        | "experiment"
        | "uplift"
        | "assign"
        | "churn-risk"
        | "survival-regression"
        | "competing-risks" => Role::Customer,
        _ => Role::Amount,
    }
}

fn through(tables: &[(&str, String)], analysis: &str, policy: Option<Refuses>) -> Result<Answer> {
    let gate = policy.map_or_else(Gate::open, |policy| Gate::with_policy(Box::new(policy)));
    let tables: Vec<_> = tables.iter().map(|(name, csv)| (*name, table(csv))).collect();
    run_through(&tables, request(analysis), gate, 1 << 30)
}

#[test]
fn a_refused_column_stops_every_analysis() {
    for analysis in NAMES.iter().filter(|name| !WITHOUT_TABLES.contains(name)) {
        let policy = Refuses { role: Some(required(analysis)), ..NOTHING };
        let tables: Vec<_> =
            tables(analysis).into_iter().map(|(name, csv)| (name, csv.to_owned())).collect();
        let error = through(&tables, analysis, Some(policy)).unwrap_err();
        assert_eq!(error.code(), Code::Denied, "{analysis}");
    }
}

#[test]
fn a_refused_customer_leaves_no_trace_in_any_analysis() {
    for analysis in NAMES.iter().filter(|name| !WITHOUT_TABLES.contains(name)) {
        let policy = Refuses { customer: Some("b"), ..NOTHING };
        let all: Vec<_> =
            tables(analysis).into_iter().map(|(name, csv)| (name, csv.to_owned())).collect();
        let refused = through(&all, analysis, Some(policy)).unwrap();
        let is_b = |line: &&str| *line == "b" || line.starts_with("b,");
        let rows: usize = all.iter().map(|(_, csv)| csv.lines().filter(is_b).count()).sum();
        let without: Vec<_> = all
            .iter()
            .map(|(name, csv)| {
                let kept = csv.lines().filter(|line| !is_b(line));
                (*name, kept.map(|line| format!("{line}\n")).collect())
            })
            .collect();
        let absent = through(&without, analysis, None).unwrap();
        assert_eq!(refused.at("/result"), absent.at("/result"), "{analysis}");
        assert_eq!(refused.sets, absent.sets, "{analysis}");
        let denied = refused.at("/about/leftOut").as_array().unwrap();
        assert!(
            denied.iter().any(|entry| entry["reason"] == "denied" && entry["rows"] == rows),
            "{analysis} does not count the rows it left out"
        );
        assert_eq!(refused.at("/about/policy"), "test policy");
        assert_eq!(absent.at("/about/policy"), "none");
    }
}

#[test]
fn without_a_policy_every_analysis_runs_and_its_report_says_so() {
    for analysis in NAMES {
        let all: Vec<_> =
            tables(analysis).into_iter().map(|(name, csv)| (name, csv.to_owned())).collect();
        let report = through(&all, analysis, None).unwrap();
        assert_eq!(report.at("/about/analysis"), *analysis);
        assert_eq!(report.at("/about/policy"), "none", "{analysis}");
        let inputs = report.at("/about/inputs").as_array().unwrap();
        assert_eq!(inputs.is_empty(), WITHOUT_TABLES.contains(analysis), "{analysis}");
        assert!(inputs.iter().all(|of| of["refused"] == serde_json::json!([])), "{analysis}");
    }
}

/// Lets the named columns be read and no others.
struct Grants(Vec<String>);

impl Policy for Grants {
    fn name(&self) -> &str {
        "minimum"
    }

    fn allows_role(&self, _: Request<'_>, role: Role) -> bool {
        self.0.iter().any(|name| name == role.as_str())
    }

    fn allows_attribute(&self, _: Request<'_>, name: &str) -> bool {
        self.0.iter().any(|of| of.trim_end_matches('#') == name)
    }

    fn judge<'p>(&'p self, _: Request<'p>, _: Vec<String>) -> Judge<'p> {
        Box::new(|_| None)
    }
}

/// The tables of an analysis with further columns, and only those columns that are kept.
fn tables_of(analysis: &str, keeps: &dyn Fn(&str) -> bool) -> Vec<(&'static str, String)> {
    let more = ["order,product,channel,city", "o1,p,shop,X", "o2,q,web,Y", "o3,p,shop,X"];
    let widen = |(name, csv): (&'static str, &str)| {
        let wider = csv.lines().enumerate().map(|(at, line)| {
            let extra = more[if at == 0 { 0 } else { 1 + at % 3 }];
            if csv == LOG { format!("{line},{extra}") } else { line.to_owned() }
        });
        let lines: Vec<String> = wider.collect();
        let kept: Vec<bool> = lines[0].split(',').map(keeps).collect();
        let cut = lines.iter().map(|line| {
            let cells = line.split(',').zip(&kept).filter(|(_, keep)| **keep);
            cells.map(|(cell, _)| cell).collect::<Vec<_>>().join(",") + "\n"
        });
        (name, cut.collect())
    };
    tables(analysis).into_iter().map(widen).collect()
}

#[test]
fn an_analysis_does_without_every_column_that_it_did_not_declare_to_need() {
    let mut wrong = Vec::new();
    for analysis in NAMES.iter().filter(|name| !WITHOUT_TABLES.contains(name)) {
        let whole = tables_of(analysis, &|_| true);
        let mut columns: Vec<String> = whole
            .iter()
            .flat_map(|(_, csv)| csv.lines().next().unwrap().split(',').map(str::to_owned))
            .collect();
        columns.sort();
        columns.dedup();
        let with = |granted: Vec<String>| {
            let tables: Vec<_> = whole.iter().map(|(name, csv)| (*name, table(csv))).collect();
            let gate = Gate::with_policy(Box::new(Grants(granted)));
            run_through(&tables, request(analysis), gate, 1 << 30)
        };
        let all_but = |left_out: &str| columns.iter().filter(|c| *c != left_out).cloned().collect();
        let needed: Vec<String> = columns
            .iter()
            .filter(|column| match with(all_but(column)) {
                // Who the rows are of the gate itself must know, to ask for each.
                Ok(_) => *column == "customer",
                Err(error) => {
                    assert_eq!(error.code(), Code::Denied, "{analysis} without {column}");
                    true
                }
            })
            .cloned()
            .collect();
        // With these alone it runs, and gives what it gives where the others never were.
        let minimum = with(needed.clone()).unwrap_or_else(|error| panic!("{analysis}: {error}"));
        let narrow = tables_of(analysis, &|column| needed.iter().any(|of| of == column));
        let never = through(&narrow, analysis, None).unwrap();
        if minimum.at("/result") != never.at("/result") || minimum.sets != never.sets {
            wrong.push(*analysis);
        }
        if *analysis == "rfm" {
            assert_eq!(needed, ["amount", "customer", "time"]);
        }
    }
    assert_eq!(wrong, Vec::<&str>::new());
}
