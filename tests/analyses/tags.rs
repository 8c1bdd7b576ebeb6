//! `tags`: coverage, freshness, accuracy and conflicts, and computed tags beside assigned ones.

use std::rc::Rc;

use crate::tables::{Answer, plain, run_tables, shanghai};
use serde_json::Value as Json;
use siyu::error::{Code, Result};
use siyu::read::read_table;
use siyu::table::Table;

const TAGS: &str = "who,what,since,until\na,vip,2025-05-20,\na,vip,2025-05-21,\nb,vip,2025-03-01,2025-05-31\n\
    b,new,2025-05-30,\nc,new,2025-01-01,2025-05-30\nd,new,2025-06-01,\ne,,2025-05-01,\nz,vip,2025-05-31,never\n";
const OF_TAGS: &str =
    r#"{"roles":{"customer":"who","time":"since"},"attributes":{"tag":"what","expires":"until"}}"#;
const LOG: &str = "customer,time,amount\na,2025-05-01,10\nb,2025-05-02,20\nb,2025-05-12,5\nc,2025-05-03,90\n\
    d,2025-05-03,1\nlate,2025-06-03,1\n";
const OF_LOG: &str = r#"{"roles":{"customer":"customer","time":"time","amount":"amount"}}"#;
const AUDIT: &str = "who,what,right\na,vip,是\nb,vip,yes\nz,vip,0\nb,new,1\nb,new,\nc,gone,错\n";
const OF_AUDIT: &str =
    r#"{"roles":{"customer":"who"},"attributes":{"tag":"what","correct":"right"}}"#;

fn table(csv: &str, mapping: &str) -> Rc<Table> {
    let options = plain(mapping).read().unwrap();
    Rc::new(read_table([csv.as_bytes()], &options, shanghai(), 1, 1 << 30).unwrap().0)
}

fn asked(inputs: &[&str], more: &str) -> Result<Answer> {
    let tables: Vec<(&str, Rc<Table>)> = inputs
        .iter()
        .map(|name| match *name {
            "log" => ("log", table(LOG, OF_LOG)),
            "audit" => ("audit", table(AUDIT, OF_AUDIT)),
            "customers" => {
                let mapping = r#"{"roles":{"customer":"id"},"attributes":{"city":"city"}}"#;
                ("customers", table("id,city\na,成都\nq,成都\n", mapping))
            }
            _ => ("tags", table(TAGS, OF_TAGS)),
        })
        .collect();
    let names: Vec<String> = inputs.iter().map(|name| format!("\"{name}\":\"{name}\"")).collect();
    let request = format!(
        r#"{{"analysis":"tags","inputs":{{{}}},"options":{{"at":"2025-05-31"{more}}}}}"#,
        names.join(",")
    );
    run_tables(&tables, &request)
}

fn tag<'a>(answer: &'a Answer, name: &str) -> &'a Json {
    let tags = answer.at("/result/tags").as_array().unwrap();
    tags.iter().find(|tag| tag["name"] == name).unwrap()
}

#[test]
fn a_tag_counts_from_its_assignment_to_its_last_day() {
    let answer = asked(&["tags", "log"], "").unwrap();
    // b's vip still holds on its last day, c's new ended the day before, d's comes tomorrow.
    assert_eq!(tag(&answer, "vip")["customers"], 2);
    assert_eq!(tag(&answer, "new")["customers"], 1);
    assert_eq!((answer.at("/result/expired"), answer.at("/result/later")), (&1.into(), &1.into()));
    assert_eq!(answer.at("/about/warnings/0/code"), "tag-end");
    assert!(answer.at("/about/leftOut").to_string().contains("no-tag"));
}

#[test]
fn coverage_counts_customers_and_is_held_against_its_target() {
    let answer = asked(&["tags", "log"], "").unwrap();
    // z has a tag and is no customer; `late` bought after the moment.
    assert_eq!(
        (answer.at("/result/population"), answer.at("/result/tagged")),
        (&4.into(), &2.into())
    );
    assert_eq!(answer.at("/result/coverage/share"), 0.5);
    assert_eq!(answer.at("/result/coverage/verdict"), "missed");
    let met = asked(&["tags", "log"], r#","targets":{"coverage":0.5}"#).unwrap();
    assert_eq!(met.at("/result/coverage/verdict"), "met");
    assert_eq!(answer.of("b", "tags"), 2.0);
    let alone = asked(&["tags"], "").unwrap();
    assert_eq!(alone.at("/result/coverage"), &Json::Null);
    let given = asked(&["tags"], r#","population":10"#).unwrap();
    assert_eq!(given.at("/result/coverage/share"), 0.3);
    let error = asked(&["tags"], r#","population":2"#).unwrap_err();
    assert_eq!(error.path(), Some("options.population"));
    let both = asked(&["tags", "log", "customers"], "").unwrap();
    assert_eq!(both.at("/result/population"), 5);
}

#[test]
fn accuracy_is_that_of_the_audited_sample() {
    let answer = asked(&["tags", "log", "audit"], "").unwrap();
    let of = |name: &str| answer.at(&format!("/result/accuracy/{name}")).clone();
    assert_eq!((of("count"), of("of"), of("share")), (3.into(), 5.into(), 0.6.into()));
    // Wilson, 3 of 5 at 95 %.
    assert!((of("interval")["low"].as_f64().unwrap() - 0.230_724_281_276_012_9).abs() < 1e-12);
    assert_eq!(of("verdict"), "missed");
    let few = asked(&["tags", "audit"], r#","targets":{"accuracy":0.85}"#).unwrap();
    assert_eq!(few.at("/result/accuracy/verdict"), "unclear");
    assert_eq!(tag(&answer, "vip")["accuracy"]["count"], 2);
    assert_eq!(tag(&answer, "gone")["accuracy"]["of"], 1);
    assert_eq!(tag(&answer, "gone")["customers"], 0);
    assert!(answer.at("/about/leftOut").to_string().contains("no-finding"));
}

#[test]
fn freshness_is_the_age_of_the_tags_that_hold() {
    let answer = asked(&["tags", "log"], "").unwrap();
    // Ages: 11, 10, 91, 1, 0 days.
    let of = |name: &str| answer.at(&format!("/result/freshness/{name}")).clone();
    assert_eq!((of("medianDays"), of("oldestDays")), (10.into(), 91.into()));
    assert_eq!((of("fresh")["count"].clone(), of("fresh")["of"].clone()), (4.into(), 5.into()));
    let short = asked(&["tags", "log"], r#","freshDays":1"#).unwrap();
    assert_eq!(short.at("/result/freshness/fresh/count"), 2);
}

#[test]
fn tags_that_exclude_each_other_are_counted() {
    let answer = asked(&["tags", "log"], r#","exclusive":[["vip","new"],["vip","none"]]"#).unwrap();
    let of = |at: usize, name: &str| answer.at(&format!("/result/conflicts/{at}/{name}")).clone();
    assert_eq!((of(0, "customers"), of(0, "either")), (1.into(), 2.into()));
    assert_eq!((of(1, "customers"), of(1, "either")), (0.into(), 2.into()));
    assert_eq!((answer.of("b", "conflicts"), answer.of("a", "conflicts")), (1.0, 0.0));
}

#[test]
fn computed_tags_are_tags_like_others() {
    let computed = r#","computed":[{"tag":"often","rule":"orders >= 2"},
        {"tag":"vip","rule":"amount >= 50 or segment(\"often\")"},{"tag":"local","rule":"city = \"成都\""}],
        "exclusive":[["often","new"]]"#;
    let answer = asked(&["tags", "log", "customers"], computed).unwrap();
    assert_eq!(tag(&answer, "often")["customers"], 1);
    // Assigned to a and b, computed for b and c.
    assert_eq!(
        (tag(&answer, "vip")["customers"].clone(), tag(&answer, "vip")["computed"].clone()),
        (3.into(), true.into())
    );
    assert_eq!(tag(&answer, "local")["customers"], 2);
    assert_eq!(answer.at("/result/conflicts/0/customers"), 1);
    assert_eq!((answer.of("q", "tags"), answer.of("c", "tags")), (1.0, 1.0));
    let error = asked(&["tags"], r#","computed":[{"tag":"x","rule":"orders > 1"}]"#).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::UnknownTable, Some("options.computed")));
    let error =
        asked(&["tags", "log"], r#","computed":[{"tag":"x","rule":"orders >"}]"#).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::Parse, Some("options.computed[0].rule")));
    let error = asked(&["tags", "log"], r#","computed":[{"tag":"x","rule":"segment(\"x\")"}]"#)
        .unwrap_err();
    assert_eq!(
        (error.code(), error.path()),
        (Code::InvalidOption, Some("options.computed[0].rule"))
    );
}

#[test]
fn options_that_cannot_be_are_refused_with_their_place() {
    for (more, path) in [
        (r#","targets":{"coverage":1.5}"#, "options.targets.coverage"),
        (r#","exclusive":[["a","a"]]"#, "options.exclusive[0]"),
        (r#","confidence":1"#, "options.confidence"),
        (r#","computed":[{"tag":"","rule":"everyone"}]"#, "options.computed[0].tag"),
    ] {
        let error = asked(&["tags", "log"], more).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some(path)), "{more}");
    }
}
