//! Rules: any text, and any JSON as the tree of a rule.

use std::rc::Rc;

use siyu::analysis::{Job, Source};
use siyu::plain::Value;
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::segment::rules::text::parse;
use siyu::segment::rules::tree::Rule;
use siyu::table::Table;
use siyu::table::zone::Zone;

use super::facts::{MEMORY, check_error};

/// A small log with everything that a rule can ask for.
fn log() -> Rc<Table> {
    let file = "id,time,amount,event,channel,city,n\nA,2025-05-28,10.50,view,app,成都,1\n\
                B,2025-05-29 10:00,-3,order,web,,2.5\nA,2025-05-30,7,order,app,重庆,\n\
                C,2025-05-30T23:59:59Z,1000000,view,,x,-1\n";
    let options: Value = serde_json::from_str(
        r#"{"roles":{"customer":"id","time":"time","amount":"amount","event":"event","channel":"channel"},
            "attributes":{"city":"city","n":{"column":"n","type":"number"}}}"#,
    )
    .expect("JSON");
    let options: Options = options.read().expect("options");
    let zone = Zone::fixed("Asia/Shanghai", 8 * 3600).expect("a zone");
    let (table, _) = read_table([file], &options, zone, 1, MEMORY).expect("a good file");
    Rc::new(table)
}

/// Who is in the segment of a rule.
fn members(rule: Value) -> siyu::error::Result<String> {
    let field = |name: &str, value| (name.to_owned(), value);
    let text = |text: &str| Value::Text(text.to_owned());
    let segment = Value::Object(vec![field("name", text("s")), field("rule", rule)]);
    let options = vec![
        field("at", text("2025-05-31")),
        field("segments", Value::List(vec![segment])),
        field("explain", text("s")),
    ];
    let request = Value::Object(vec![
        field("analysis", text("segments")),
        field("options", Value::Object(options)),
    ]);
    let tables = vec![("log".to_owned(), Source::Loaded(log()))];
    let (_, sets) = Job::start(request, tables, Rc::new(Gate::open()), MEMORY as u64)?.run()?;
    Ok(format!("{:?}", sets.first()))
}

/// The rule's usual writing is a rule with the same writing and the same members, unless that
/// writing is too long or too deep to be read.
fn check_writing(rule: &Rule, found: &str) {
    let written = rule.to_string();
    match parse(&written) {
        Ok(again) => {
            assert_eq!(again.to_string(), written, "there is one usual writing");
            if let Ok(members) = members(Value::Text(written)) {
                assert_eq!(members, found, "the writing is the same rule");
            }
        }
        Err(error) => {
            let hint = error.hint();
            assert!(hint.contains("at most") || hint.contains("too deeply"), "{written}: {error}");
        }
    }
}

/// Any text, or any JSON.
pub fn rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse(text) {
        Err(error) => {
            check_error(&error);
            let byte = error.byte().unwrap_or(0) as usize;
            assert!(byte <= text.len() && text.is_char_boundary(byte), "{byte} of {text}");
        }
        Ok(rule) => match members(Value::Text(text.to_owned())) {
            Ok(found) => check_writing(&rule, &found),
            Err(error) => check_error(&error),
        },
    }
    let Ok(tree) = serde_json::from_slice::<Value>(data) else { return };
    match members(tree.clone()) {
        Ok(found) => {
            if let Ok(rule) = tree.read::<Rule>() {
                let json = serde_json::to_string(&rule).expect("a rule is plain data");
                let again: Value = serde_json::from_str(&json).expect("JSON");
                assert_eq!(again.read::<Rule>().as_ref(), Ok(&rule), "the tree is read back equal");
                check_writing(&rule, &found);
            }
        }
        Err(error) => check_error(&error),
    }
}
