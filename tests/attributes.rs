//! Attributes: columns by names of the caller's choice, from every kind of input to the latest
//! value of each customer, through the gate.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A failed test panics.

use proptest::prelude::*;
use siyu::customers::attributes::Latest;
use siyu::error::{Code, Result};
use siyu::plain::Value;
use siyu::privacy::gate::{Allowed, AllowedNames, Gate, Judge, Needs, Policy, Request};
use siyu::read::columns::{ColumnLoader, Values};
use siyu::read::{Options, Reader, read_table};
use siyu::table::Table;
use siyu::table::role::Role;
use siyu::table::zone::Zone;

const ASK: Request<'_> = Request { analysis: "test", purpose: None, at: None };

fn options(json: &str) -> Options {
    serde_json::from_str::<Value>(json).unwrap().read().unwrap()
}

fn read(file: &str, json: &str) -> Result<Table> {
    read_table([file], &options(json), Zone::utc(), 1, 1 << 28).map(|(table, _)| table)
}

/// The value of every customer, in words, in the order of the ids.
fn latest(table: &Table, gate: &Gate, name: &str, pieces: usize) -> Vec<(String, Option<String>)> {
    let needs = Needs::roles(&[Role::Customer]).and_if_mapped(&[Role::Time]).and_attributes([name]);
    let mut grant = gate.ask(ASK, &needs, &table.schema).unwrap();
    let ids = table.dictionaries.get(Role::Customer).unwrap();
    gate.admit(ASK, Some(ids), &mut grant);
    let mut parts: Vec<Latest> =
        (0..pieces).map(|_| Latest::new([name], &table.schema, None)).collect();
    for (at, block) in table.blocks.iter().enumerate() {
        parts[at % pieces].update(Allowed::new(block, &grant, ids.len())).unwrap();
    }
    let mut all = parts.pop().unwrap();
    for part in parts {
        all.merge(part).unwrap();
    }
    let names = AllowedNames::new(&table.dictionaries, &grant);
    let texts = names.attribute(name);
    let (found, values) = all.finish(&names).pop().unwrap();
    assert_eq!(found, name);
    let word = |code: u32| String::from_utf8(texts.unwrap().get(code).unwrap().to_vec()).unwrap();
    let mut words: Vec<(String, Option<String>)> = (0..ids.len() as u32)
        .map(|customer| {
            let id = String::from_utf8(ids.get(customer).unwrap().to_vec()).unwrap();
            let number = || values.number(customer).map(|value| value.to_string());
            (id, values.text(customer).map(word).or_else(number))
        })
        .collect();
    words.sort();
    words
}

fn words(pairs: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
    pairs.iter().map(|(id, value)| ((*id).to_owned(), value.map(str::to_owned))).collect()
}

const MAPPING: &str = r#"{"roles":{"customer":"id","time":"t"},
    "attributes":{"city":"城市","age":{"column":"age","type":"number"}}}"#;
const LOG: &str = "id,t,城市,age,other\na,2025-05-01,成都,31,x\nb,2025-05-02,,forty,x\n\
                   a,2025-05-09,重庆,,x\nc,2025-05-03,北京,,x\nc,2025-05-03,上海,20,x\nb,2025-05-01,,22.5,x\n";

#[test]
fn a_customer_has_the_value_of_the_latest_row_that_has_one() {
    let table = read(LOG, MAPPING).unwrap();
    let open = Gate::open();
    // c has two cities at the same instant: 北 (E5 8C 97) comes after 上 (E4 B8 8A).
    let cities = words(&[("a", Some("重庆")), ("b", None), ("c", Some("北京"))]);
    assert_eq!(latest(&table, &open, "city", 1), cities);
    let ages = words(&[("a", Some("31")), ("b", Some("22.5")), ("c", Some("20"))]);
    assert_eq!(latest(&table, &open, "age", 1), ages);
}

#[test]
fn a_table_of_customers_has_no_time_and_no_amount() {
    let file = "id,level\na,gold\nb,silver\na,basic\n";
    let table =
        read(file, r#"{"roles":{"customer":"id"},"attributes":{"level":"level"}}"#).unwrap();
    let levels = words(&[("a", Some("gold")), ("b", Some("silver"))]);
    assert_eq!(latest(&table, &Gate::open(), "level", 1), levels);
    let needs = Needs::roles(&[Role::Customer, Role::Time]);
    let error = Gate::open().ask(ASK, &needs, &table.schema).unwrap_err();
    assert_eq!(error.code(), Code::MissingRole);
}

#[test]
fn columns_that_are_not_mapped_are_not_kept() {
    let table = read(LOG, MAPPING).unwrap();
    let names: Vec<&str> = table.schema.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["id", "t", "age", "城市"]);
    assert_eq!(table.schema.attributes().collect::<Vec<_>>(), ["age", "city"]);
}

#[test]
fn what_is_no_number_is_counted_and_missing() {
    let (_, quality) = read_table([LOG], &options(MAPPING), Zone::utc(), 1, 1 << 28).unwrap();
    let issue = &quality.issues[0];
    assert_eq!((issue.code, issue.column, issue.count), ("type", None, 1));
    assert_eq!((issue.attribute.as_deref(), &issue.rows[..]), (Some("age"), &[3][..]));
    let uses: Vec<_> = quality.columns.iter().map(|use_| use_.attribute.as_deref()).collect();
    assert_eq!(uses, [None, None, Some("city"), Some("age"), None]);
}

#[test]
fn any_name_is_a_name() {
    let file = "id,__proto__\na,x\n";
    let json =
        r#"{"roles":{"customer":"id"},"attributes":{"__proto__":"__proto__","constructor":"id"}}"#;
    let table = read(file, json).unwrap();
    assert_eq!(latest(&table, &Gate::open(), "__proto__", 1), words(&[("a", Some("x"))]));
    assert_eq!(latest(&table, &Gate::open(), "constructor", 1), words(&[("a", Some("a"))]));
}

#[test]
fn every_form_of_input_gives_the_same_table() {
    let csv = read(LOG, MAPPING).unwrap();
    let json = r#"[
        {"id":"a","t":"2025-05-01","城市":"成都","age":31},{"id":"b","t":"2025-05-02","age":"forty"},
        {"id":"a","t":"2025-05-09","城市":"重庆","age":null},{"id":"c","t":"2025-05-03","城市":"北京"},
        {"id":"c","t":"2025-05-03","城市":"上海","age":20},{"id":"b","t":"2025-05-01","age":22.5}]"#;
    assert_eq!(read(json, MAPPING).unwrap().fingerprint, csv.fingerprint);
    let day = |day: u32| 1_746_057_600_000.0 + f64::from(day - 1) * 86_400_000.0;
    let mut loader = ColumnLoader::new(&options(MAPPING), Zone::utc(), 7, 1 << 28).unwrap();
    let column = |cells: &[&str]| {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for cell in cells {
            bytes.extend(cell.as_bytes());
            ends.push(bytes.len() as u32);
        }
        (bytes, ends)
    };
    let (ids, id_ends) = column(&["a", "b", "a", "c", "c", "b"]);
    let (cities, city_ends) = column(&["成都", "", "重庆", "北京", "上海", ""]);
    let schema = csv.schema.clone();
    let batch = [
        (Role::Customer, Values::Text { bytes: &ids, ends: &id_ends }),
        (Role::Time, Values::F64(&[day(1), day(2), day(9), day(3), day(3), day(1)])),
        (schema.attribute("city").unwrap(), Values::Text { bytes: &cities, ends: &city_ends }),
        (
            schema.attribute("age").unwrap(),
            Values::F64(&[31.0, f64::NAN, f64::NAN, f64::NAN, 20.0, 22.5]),
        ),
    ];
    loader.push(&batch).unwrap();
    assert_eq!(loader.finish().unwrap().0.fingerprint, csv.fingerprint);
}

#[test]
fn json_booleans_are_texts() {
    let json = r#"[{"id":"a","vip":true},{"id":"b","vip":"false"},{"id":"c","vip":null}]"#;
    let table = read(json, r#"{"roles":{"customer":"id"},"attributes":{"vip":"vip"}}"#).unwrap();
    let vips = words(&[("a", Some("true")), ("b", Some("false")), ("c", None)]);
    assert_eq!(latest(&table, &Gate::open(), "vip", 1), vips);
}

struct Hides;

impl Policy for Hides {
    fn name(&self) -> &str {
        "test policy"
    }

    fn allows_role(&self, _: Request<'_>, _: Role) -> bool {
        true
    }

    fn allows_attribute(&self, _: Request<'_>, name: &str) -> bool {
        name != "city"
    }

    fn judge<'p>(&'p self, _: Request<'p>, _: Vec<String>) -> Judge<'p> {
        Box::new(|customer| (customer == b"a").then_some("denied"))
    }
}

#[test]
fn the_policy_may_refuse_an_attribute_by_its_name() {
    let table = read(LOG, MAPPING).unwrap();
    let gate = Gate::with_policy(Box::new(Hides));
    let needs = Needs::roles(&[Role::Customer]).and_attributes(["city"]);
    let error = gate.ask(ASK, &needs, &table.schema).unwrap_err();
    assert_eq!(error.code(), Code::Denied);
    let needs = Needs::roles(&[Role::Customer]).and_attributes_if_mapped(["city", "age", "shoe"]);
    let grant = gate.ask(ASK, &needs, &table.schema).unwrap();
    let rows = Allowed::new(&table.blocks[0], &grant, 3);
    assert!(rows.attribute("city").is_none() && rows.attribute("age").is_some());
    assert!(rows.attribute("shoe").is_none());
    assert!(AllowedNames::new(&table.dictionaries, &grant).attribute("city").is_none());
}

#[test]
fn rows_of_a_refused_customer_give_no_value() {
    let table = read(LOG, MAPPING).unwrap();
    let ages = latest(&table, &Gate::with_policy(Box::new(Hides)), "age", 1);
    assert_eq!(ages, words(&[("a", None), ("b", Some("22.5")), ("c", Some("20"))]));
}

#[test]
fn an_attribute_that_is_not_there_is_an_error_with_the_nearest_name() {
    let table = read(LOG, MAPPING).unwrap();
    let needs = Needs::roles(&[Role::Customer]).and_attributes(["citty"]);
    let error = Gate::open().ask(ASK, &needs, &table.schema).unwrap_err();
    assert_eq!(error.code(), Code::MissingRole);
    assert!(error.hint().contains("did you mean `city`"), "{error}");
}

#[test]
fn a_slip_in_the_mapping_names_its_place() {
    let slip =
        |json: &str| serde_json::from_str::<Value>(json).unwrap().read::<Options>().unwrap_err();
    let error = slip(r#"{"roles":{"customer":"id"},"attributes":{"age":{"colum":"age"}}}"#);
    assert_eq!((error.code(), error.path()), (Code::UnknownField, Some("attributes.age.colum")));
    let error =
        slip(r#"{"roles":{"customer":"id"},"attributes":{"age":{"column":"age","type":"numbr"}}}"#);
    assert_eq!(error.path(), Some("attributes.age.type"));
    let error = slip(r#"{"roles":{"customer":"id"},"attributes":{"age":7}}"#);
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("attributes.age")));
    let error =
        read("id\na\n", r#"{"roles":{"customer":"id"},"attributes":{"age":"years"}}"#).unwrap_err();
    assert_eq!((error.code(), error.column()), (Code::MissingColumn, Some("years")));
    let error =
        read("id\na\n", r#"{"roles":{"customer":"id"},"attributes":{" ":"id"}}"#).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("attributes")));
}

#[test]
fn streamed_bytes_give_the_same_rows_as_loaded_ones() {
    let loaded = read(LOG, MAPPING).unwrap();
    for piece in [1, 7, 64] {
        let mut reader = Reader::new(&options(MAPPING), Zone::utc(), 3).unwrap();
        let mut blocks = Vec::new();
        let mut sink = |block| {
            blocks.push(block);
            Ok(())
        };
        for bytes in LOG.as_bytes().chunks(piece) {
            reader.push(bytes, &mut sink).unwrap();
        }
        reader.finish(&mut sink).unwrap();
        assert_eq!((blocks, reader.fingerprint()), (loaded.blocks.clone(), loaded.fingerprint));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn neither_the_order_of_rows_nor_the_cut_changes_a_value(
        rows in proptest::collection::vec((0u8..6, 1u8..9, 0u8..5, 0u8..5), 1..60),
        turn in 0usize..60,
        pieces in 1usize..4,
    ) {
        let file = |rows: &[(u8, u8, u8, u8)]| {
            let mut file = String::from("id,t,s,n\n");
            for (id, day, text, number) in rows {
                let text = ["", "x", "y", "zz", "z"][usize::from(*text)];
                let number = ["", "1", "-2", "0.5", "no"][usize::from(*number)];
                file += &format!("c{id},2025-05-0{day},{text},{number}\n");
            }
            file
        };
        let json = r#"{"roles":{"customer":"id","time":"t"},
            "attributes":{"s":"s","n":{"column":"n","type":"number"}}}"#;
        let table = read(&file(&rows), json).unwrap();
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        turned.reverse();
        let turned = read(&file(&turned), json).unwrap();
        for name in ["s", "n"] {
            let expected = latest(&table, &Gate::open(), name, 1);
            prop_assert_eq!(latest(&turned, &Gate::open(), name, pieces), expected);
        }
    }
}
