//! Requests: any JSON as the request of an analysis, and as the options of reading.

use std::rc::Rc;

use siyu::analysis::{Job, NAMES, Source};
use siyu::plain::Value;
use siyu::privacy::gate::Gate;
use siyu::read::{Options, read_table};
use siyu::table::Table;
use siyu::table::role::Role;
use siyu::table::zone::Zone;

use super::facts::{MEMORY, check_error};
use super::input::Input;

/// A small log that every analysis can use.
fn log() -> Rc<Table> {
    let file = "id,time,amount,order\nA,2025-05-28,10.50,1\nB,2025-05-29 10:00,-3,2\n\
                A,2025-06-01,7,3\n客户,2025-06-02,0,3\nC,2025-06-30T23:59:59Z,1000000,\n";
    let mut options = Options::default();
    let roles = [Role::Customer, Role::Time, Role::Amount, Role::Order];
    for (role, name) in roles.into_iter().zip(["id", "time", "amount", "order"]) {
        options.roles.set(role, name);
    }
    let zone = Zone::fixed("Asia/Shanghai", 8 * 3600).expect("a zone");
    let (table, _) = read_table([file], &options, zone, 1, MEMORY).expect("a good file");
    Rc::new(table)
}

fn start(request: Value, table: &Rc<Table>) -> siyu::error::Result<String> {
    let tables = vec![("log".to_owned(), Source::Loaded(Rc::clone(table)))];
    let job = Job::start(request, tables, Rc::new(Gate::open()), MEMORY as u64)?;
    let (report, _) = job.run()?;
    Ok(serde_json::to_string(&report).expect("a report is plain data"))
}

/// Any JSON: an answer that is plain data, or an error with the place of the mistake.
pub fn requests(data: &[u8]) {
    let mut input = Input::new(data);
    let way = input.byte();
    let Ok(value) = serde_json::from_slice::<Value>(input.rest()) else { return };
    if let Err(error) = value.clone().read::<Options>().and_then(|options| options.check()) {
        check_error(&error);
    }
    let request = match way % 4 {
        0 => value,
        // Straight to the options of an analysis.
        _ => Value::Object(vec![
            ("analysis".to_owned(), Value::Text(NAMES[usize::from(way) % NAMES.len()].to_owned())),
            ("options".to_owned(), value),
        ]),
    };
    let table = log();
    let first = start(request.clone(), &table);
    assert_eq!(first, start(request, &table), "the same question has the same answer");
    if let Err(error) = first {
        check_error(&error);
    }
}
