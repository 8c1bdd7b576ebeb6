//! `segments`: what rules mean, row by row, and that nothing but the rows decides.

use std::rc::Rc;

use crate::tables::{Answer, plain, run_streamed, run_tables, shanghai};
use proptest::prelude::*;
use siyu::error::{Code, Error, Result};
use siyu::read::read_table;
use siyu::report::Values;
use siyu::table::Table;

const LOG: &str = r#"{"roles":{"customer":"customer","time":"time","amount":"amount","event":"event",
    "channel":"channel"},"attributes":{"discount":{"column":"discount","type":"number"}}}"#;
const EVENTS: &str = "customer,time,amount,event,channel,discount\n\
    a,2025-05-01 10:00,0,view,app,\na,2025-05-01 12:00,30,order,app,0\na,2025-05-20 09:00,12.5,order,web,3\n\
    a,2025-05-21 09:00,-5,refund,web,\nb,2025-05-30 08:00,0,view,app,\nb,2025-05-30 09:00,0,cart,app,\n\
    c,2025-03-01 08:00,0,view,web,\nc,2025-03-02 08:00,99.99,order,web,\nc,2025-03-05 08:00,0,share,web,\n\
    d,2025-06-01 08:00,7,order,app,\n";
const PROFILES: &str =
    "id,city,age,level\na,成都,31,gold\nb,重庆,,\nx,成都,20,gold\nc,,45,silver\n";
const OF_PROFILES: &str = r#"{"roles":{"customer":"id"},"attributes":{"city":"city","level":"level",
    "age":{"column":"age","type":"number"}}}"#;
const TAGS: &str = "who,what,since,until\na,staff,2025-01-01,\nb,staff,2025-01-01,2025-05-30\n\
    c,staff,2025-06-02,\nc,vip,2025-01-01,2025-05-31\nx,vip,2025-01-01,soon\n";
const OF_TAGS: &str =
    r#"{"roles":{"customer":"who","time":"since"},"attributes":{"tag":"what","expires":"until"}}"#;

fn table(csv: &str, mapping: &str) -> Rc<Table> {
    let options = plain(mapping).read().unwrap();
    Rc::new(read_table([csv.as_bytes()], &options, shanghai(), 1, 1 << 30).unwrap().0)
}

fn request(rules: &[&str], more: &str) -> String {
    let segments: Vec<String> = rules
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let rule = if rule.starts_with('{') {
                (*rule).to_owned()
            } else {
                serde_json::to_string(rule).unwrap()
            };
            format!(r#"{{"name":"s{}","rule":{rule}}}"#, at + 1)
        })
        .collect();
    format!(
        r#"{{"analysis":"segments","inputs":{{"log":"log","customers":"customers","tags":"tags"}},
            "options":{{"at":"2025-05-31","segments":[{}]{more}}}}}"#,
        segments.join(",")
    )
}

/// The rules over the events, the profiles and the tags.
fn asked(rules: &[&str], more: &str) -> Result<Answer> {
    let tables = [
        ("log", table(EVENTS, LOG)),
        ("customers", table(PROFILES, OF_PROFILES)),
        ("tags", table(TAGS, OF_TAGS)),
    ];
    run_tables(&tables, &request(rules, more))
}

/// Who is in the segment of one rule, in the order of the ids.
fn who(rule: &str) -> String {
    let answer = asked(&[rule], "").unwrap_or_else(|error| panic!("{rule}: {error}"));
    let mut ids: Vec<String> = answer
        .customers()
        .into_iter()
        .zip(answer.numbers("segment1"))
        .filter(|(_, is_in)| *is_in == 1.0)
        .map(|(id, _)| id)
        .collect();
    ids.sort();
    ids.concat()
}

fn refused(rule: &str) -> Error {
    asked(&[rule], "").unwrap_err()
}

#[test]
fn every_kind_of_condition_means_what_its_documents_say() {
    let mut wrong = Vec::new();
    for (rule, expected) in [
        ("everyone", "abcx"),
        ("orders >= 1", "ac"),
        ("orders = 0", "bx"),
        ("orders(last 12d) = 1", "a"),
        ("orders(last 11d) = 0", "abcx"),
        ("orders(last 1mo) = 2", "a"),
        ("orders(between 91d and 90d ago) = 1", "c"),
        ("orders(between 2025-03-02 and 2025-03-02) = 1", "c"),
        ("orders(since 2025-05-20) = 1", "a"),
        ("orders(before 2025-05-20) >= 1", "ac"),
        ("events(\"view\") >= 1 and orders = 0", "b"),
        ("events(\"view\", \"share\") = 2", "c"),
        ("events = 4", "a"),
        ("amount >= 37.5 and amount <= 37.5", "a"),
        ("amount(last 30d) = 7.5", "a"),
        ("avg = 18.75", "a"),
        ("min = 12.5 and max = 30", "a"),
        ("max(last 1d) is missing", "abcx"),
        ("amount = 0", "bx"),
        ("amount(channel = \"web\") = 7.5", "a"),
        ("channels = 2", "a"),
        ("days >= 2", "a"),
        ("days(\"view\", \"order\") = 2", "ac"),
        ("sinceLast = 11", "a"),
        ("sinceFirst >= 90", "c"),
        ("sinceLast(\"view\") <= 1", "b"),
        ("orders(discount > 0) / orders = 0.5", "a"),
        ("orders / events(\"cart\") is missing", "acx"),
        ("orders(last 30d) >= orders(before 2025-05-15)", "abx"),
        ("\"view\" then order within 2h", "a"),
        ("view then order within 119min", ""),
        ("view then order", "ac"),
        ("view then not order within 24h", "b"),
        ("view then not order within 23h", "bc"),
        ("view then not order within 48h", ""),
        ("order then order then not \"refund\"", ""),
        ("order then \"share\"", "c"),
        ("cart then not order", "b"),
        ("city = \"成都\"", "ax"),
        ("city != \"成都\"", "b"),
        ("not city = \"成都\"", "bc"),
        ("city in (\"成都\", \"重庆\")", "abx"),
        ("city is missing", "c"),
        ("level starts with \"g\" and level contains \"old\"", "ax"),
        ("age >= 31", "ac"),
        ("not age >= 31", "bx"),
        ("age is not missing", "acx"),
        ("age between 20 and 31", "ax"),
        ("tag(\"staff\")", "a"),
        ("tag(\"vip\")", "cx"),
        ("tag(\"nobody\")", ""),
        ("amount > percentile(50)", "ac"),
        ("amount >= percentile(100)", "c"),
        ("age <= percentile(34)", "ax"),
        ("orders >= 1 minus tag(\"staff\")", "c"),
    ] {
        let found = who(rule);
        if found != expected {
            wrong.push(format!("{rule}: {found} and not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_tree_and_the_text_of_a_rule_are_one() {
    let tree = r#"{"all":[{"compare":{"left":{"measure":{"of":"events","where":[{"field":"event",
        "test":{"in":["view"]}}]}},"op":">=","right":{"number":1}}},
        {"compare":{"left":{"measure":{"of":"orders","window":{"last":"30d"}}},"op":"=","right":{"number":0}}},
        {"not":{"tag":"vip"}}]}"#;
    assert_eq!(who(tree), "b");
    let answer = asked(&[tree], "").unwrap();
    let text = answer.at("/result/segments/0/rule").as_str().unwrap().to_owned();
    assert_eq!(text, "events(\"view\") >= 1 and orders(last 30d) = 0 and not tag(\"vip\")");
    assert_eq!(who(&text), "b");
    let sequence = r#"{"sequence":[{"event":"view"},{"not":true,"within":"23h"}]}"#;
    assert_eq!(
        (who(sequence).as_str(), who("view then not order within 23h").as_str()),
        ("bc", "bc")
    );
}

#[test]
fn segments_refer_to_each_other_in_any_order() {
    let rules = ["segment(\"s2\") and not segment(\"s3\")", "orders >= 1", "tag(\"staff\")"];
    let answer = asked(&rules, "").unwrap();
    let counts: Vec<_> =
        (0..3).map(|at| answer.at(&format!("/result/segments/{at}/customers")).clone()).collect();
    assert_eq!(counts, [1, 2, 1]);
}

#[test]
fn shares_have_their_interval_and_money_its_sum() {
    let answer = asked(&["orders >= 1"], "").unwrap();
    assert_eq!(answer.at("/result/population"), 4);
    assert_eq!(answer.at("/result/revenue"), 137.49);
    let of = |name: &str| answer.at(&format!("/result/segments/0/{name}")).as_f64().unwrap();
    assert_eq!((of("share"), of("revenue"), of("revenueShare")), (0.5, 137.49, 1.0));
    // Wilson, 2 of 4: (2 + z²/2 ± z·√(1 + z²/4)) / (4 + z²) with z = 1.959963984540054.
    assert!((of("interval/low") - 0.150_038_989_152_149_6).abs() < 1e-12);
    assert!((of("interval/high") - 0.849_961_010_847_850_4).abs() < 1e-12);
    assert_eq!(answer.at("/about/leftOut/0/reason"), "after-at");
}

#[test]
fn a_segment_is_explained_by_its_conditions() {
    let answer = asked(
        &["orders(last 30d) >= 2 and city = \"成都\" and not amount > percentile(75) and tag(\"staff\")"],
        r#","explain":"s1""#,
    )
    .unwrap();
    let set = &answer.sets[1];
    let column =
        |name: &str| &set.columns.iter().find(|column| column.name == name).unwrap().values;
    let row = answer.customers().iter().position(|id| id == "b").unwrap();
    let a = answer.customers().iter().position(|id| id == "a").unwrap();
    let Values::F64(orders) = column("value1") else { panic!("a number") };
    assert_eq!((orders[a], orders[row]), (1.0, 0.0));
    let Values::U8(holds) = column("holds2") else { panic!("bits") };
    assert_eq!((holds[a], holds[row]), (1, 0));
    let Values::Text { bytes, .. } = column("value2") else { panic!("texts") };
    assert!(String::from_utf8_lossy(bytes).contains("重庆"));
    let conditions = answer.at("/result/explain/conditions");
    assert_eq!(conditions[0]["condition"], "orders(last 30d) >= 2");
    assert_eq!(conditions[0]["threshold"], 2.0);
    assert_eq!(conditions[2]["threshold"], 37.5);
    assert_eq!(conditions[3]["value"], serde_json::Value::Null);
}

#[test]
fn every_segment_is_a_sentence() {
    let answer = asked(&["orders(last 30d) >= 2 and not city = \"成都\""], "").unwrap();
    assert_eq!(
        answer.at("/result/segments/0/sentence/zh"),
        "近30天购买次数不少于2，且不满足（“city”为成都）"
    );
    assert_eq!(
        answer.at("/result/segments/0/sentence/en"),
        "the number of purchases in the last 30 days is at least 2, and it is not so that (“city” is 成都)"
    );
}

#[test]
fn ready_rules_bring_those_that_they_refer_to() {
    let answer = asked(&[], r#","presets":["decider","loyal","cart-left"]"#).unwrap();
    let segments = answer.at("/result/segments").as_array().unwrap();
    let names: Vec<&str> =
        segments.iter().map(|segment| segment["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["decider", "loyal", "cart-left", "sleeper", "sharer"]);
    assert_eq!(segments[0]["preset"]["called"]["zh"], "决策者");
    assert_eq!(segments[0]["customers"], 1);
}

#[test]
fn a_cart_is_left_whatever_its_event_is_called() {
    for cart in ["cart", "加购", "加入购物车"] {
        let events = format!(
            "customer,time,amount,event,channel,discount\n\
             a,2025-05-10 10:00,0,{cart},app,\na,2025-05-11 10:00,5,order,app,0\n\
             b,2025-05-10 10:00,0,{cart},app,\nc,2025-05-01 10:00,5,order,app,0\n"
        );
        let request =
            r#"{"analysis":"segments","options":{"at":"2025-05-31","presets":["cart-left"]}}"#;
        let answer = run_tables(&[("log", table(&events, LOG))], request).unwrap();
        assert_eq!(answer.at("/result/segments/0/customers"), 1, "{cart}");
        let row = answer.customers().iter().position(|id| id == "b").unwrap();
        let column = answer.at("/result/segments/0/column").as_str().unwrap();
        assert_eq!(answer.numbers(column)[row], 1.0, "b left the {cart}");
    }
}

#[test]
fn every_ready_rule_runs() {
    let names: Vec<String> = siyu::segment::rules::presets::ALL
        .iter()
        .map(|ready| format!("\"{}\"", ready.name.name()))
        .collect();
    let answer = asked(&[], &format!(r#","presets":[{}]"#, names.join(","))).unwrap();
    assert_eq!(answer.at("/result/segments").as_array().unwrap().len(), names.len());
}

#[test]
fn a_slip_names_its_segment_and_its_character() {
    let error = asked(&["orders >= 1", "ordrs(last 3d) >= 1"], "").unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::Parse, Some("options.segments[1].rule")));
    assert_eq!(error.byte(), Some(0));
    for (rule, code, part) in [
        ("citty = \"x\"", Code::MissingRole, "did you mean `city`"),
        ("city >= 3", Code::InvalidOption, "holds texts"),
        ("age = \"x\"", Code::InvalidOption, "holds numbers"),
        ("segment(\"s9\")", Code::InvalidOption, "there is no segment `s9`"),
        ("segment(\"s1\") or orders > 1", Code::InvalidOption, "refers to itself"),
        ("amount > percentile(0)", Code::InvalidOption, "percentile"),
        ("orders(between 30d and 60d ago) > 1", Code::InvalidOption, "ends before"),
        ("orders(since 2025-02-30) > 1", Code::Date, "2025-06-01"),
        ("orders(coupon = \"x\") > 1", Code::MissingRole, "coupon"),
        ("orders(discount = \"x\") > 1", Code::InvalidOption, "holds numbers"),
        ("view then order within 2mo", Code::InvalidOption, "months"),
        (r#"{"sequence":[{"event":"view"}]}"#, Code::InvalidOption, "at least one step"),
        (r#"{"sequence":[{"event":"view","not":true},{}]}"#, Code::InvalidOption, "begins with"),
    ] {
        let error = refused(rule);
        assert_eq!(
            (error.code(), error.path()),
            (code, Some("options.segments[0].rule")),
            "{rule}: {error}"
        );
        assert!(error.hint().contains(part), "{rule}: {error}");
    }
    let cyclic =
        asked(&["segment(\"s2\")", "segment(\"s3\")", "not segment(\"s2\")"], "").unwrap_err();
    assert!(cyclic.hint().contains("refers to itself"), "{cyclic}");
    let error = refused(
        r#"{"all":[{"compare":{"left":{"attribute":"age"},"op":"=>","right":{"number":1}}}]}"#,
    );
    assert_eq!(error.path(), Some("options.segments[0].rule.all[0].compare.op"));
    let error = asked(&["everyone"], r#","explain":"s2""#).unwrap_err();
    assert_eq!(error.path(), Some("options.explain"));
    let log = [("log", table(EVENTS, LOG))];
    let alone =
        request(&["tag(\"staff\")"], "").replace(r#","customers":"customers","tags":"tags""#, "");
    assert_eq!(run_tables(&log, &alone).unwrap_err().code(), Code::UnknownTable);
}

#[test]
fn no_row_before_the_moment_is_an_error() {
    let log = [("log", table(EVENTS, LOG))];
    let request =
        request(&["everyone"], "").replace(r#","customers":"customers","tags":"tags""#, "");
    let error = run_tables(&log, &request.replace("2025-05-31", "2024-05-31")).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::NotEnoughData, Some("options.at")));
}

#[test]
fn a_file_that_streams_by_gives_the_same_as_a_loaded_table() {
    let rules =
        ["orders(last 12d) >= 1", "view then order", "channels = 2", "orders(discount > 0) >= 1"];
    let request = request(&rules, r#","explain":"s1""#)
        .replace(r#""log":"log","customers":"customers","tags":"tags""#, r#""log":"orders""#);
    let loaded = run_tables(&[("orders", table(EVENTS, LOG))], &request).unwrap();
    for (piece, budget) in [(1, 1), (7, 3), (4096, 1 << 20)] {
        let options = plain(LOG).read().unwrap();
        let streamed =
            run_streamed(EVENTS.as_bytes(), &options, shanghai(), &request, piece, budget).unwrap();
        assert_eq!((streamed.at("/result"), &streamed.sets), (loaded.at("/result"), &loaded.sets));
    }
}

/// One row: customer, day of May, hour, cents, whether it is an order.
type Row = (u8, u8, u8, i32, bool);

fn file(rows: &[Row], name: &str, factor: i32) -> String {
    let mut file = String::from("customer,time,amount,event,channel,discount\n");
    for (customer, day, hour, cents, order) in rows {
        let (event, cents) = if *order { ("order", cents * factor) } else { ("view", 0) };
        let amount = f64::from(cents) / 100.0;
        file += &format!("{name}{customer},2025-05-{day:02} {hour:02}:00,{amount},{event},app,\n");
    }
    file
}

const RULES: [&str; 8] = [
    "orders(last 7d) >= 2",
    "amount > percentile(60)",
    "view then not order within 48h",
    "avg(last 20d) >= 10 or sinceLast > 5",
    "days / events >= 0.5",
    "\"view\" then order within 1d then order",
    "min(since 2025-05-10) < 20 minus segment(\"s1\")",
    "events(last 36h) > events(between 4d and 2d ago)",
];

fn members(csv: &str, rules: &[&str]) -> Vec<(String, Vec<u64>)> {
    let request = request(rules, "").replace(r#","customers":"customers","tags":"tags""#, "");
    run_tables(&[("log", table(csv, LOG))], &request).unwrap().by_customer()
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((0u8..12, 1u8..31, 0u8..24, -500i32..5000, any::<bool>()), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn row_order_names_and_scale_of_money_change_nothing(rows in rows(), turn in 0usize..80) {
        let expected = members(&file(&rows, "c", 1), &RULES);
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        turned.reverse();
        prop_assert_eq!(&members(&file(&turned, "c", 1), &RULES), &expected);
        let renamed = members(&file(&rows, "k", 1), &RULES);
        let bits = |all: &[(String, Vec<u64>)]| all.iter().map(|(_, bits)| bits.clone()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&renamed), bits(&expected));
        let scaled = RULES.map(|rule| rule.replace(">= 10 or", ">= 1000 or").replace("< 20", "< 2000"));
        let scaled: Vec<&str> = scaled.iter().map(String::as_str).collect();
        prop_assert_eq!(&members(&file(&rows, "c", 100), &scaled), &expected);
    }

    #[test]
    fn counts_and_sums_are_those_of_the_rows(rows in rows()) {
        let rules = ["orders(last 7d) >= 2", "amount(last 20d) >= 30", "max >= 25", "events(\"view\") = 1"];
        for (customer, bits) in members(&file(&rows, "c", 1), &rules) {
            let own: Vec<&Row> = rows.iter().filter(|row| format!("c{}", row.0) == customer).collect();
            let since = |day: u8| own.iter().filter(move |row| row.1 > 31 - day);
            let orders = since(7).filter(|row| row.4 && row.3 >= 0).count();
            let cents: i32 = since(20).filter(|row| row.4).map(|row| row.3).sum();
            let most = own.iter().filter(|row| row.4 && row.3 >= 0).map(|row| row.3).max();
            let views = own.iter().filter(|row| !row.4).count();
            let expected = [orders >= 2, cents >= 3000, most.is_some_and(|most| most >= 2500), views == 1];
            prop_assert_eq!(bits, expected.map(|holds| f64::from(u8::from(holds)).to_bits()));
        }
    }
}
