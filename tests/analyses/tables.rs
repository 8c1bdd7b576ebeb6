//! Small tables out of CSV text, and requests against them.

use std::rc::Rc;

use serde_json::Value as Json;
use siyu::analysis::{AnyReport, Job, Source, Streamed};
use siyu::error::Result;
use siyu::plain::Value;
use siyu::privacy::gate::Gate;
use siyu::read::{Options, Parts, Reader, read_table};
use siyu::report::{ColumnSet, Values};
use siyu::table::Table;
use siyu::table::role::Role;
use siyu::table::zone::Zone;

const MEMORY: u64 = 1 << 30;

/// Columns whose names are those of roles; others are attributes, of numbers if the name ends in
/// `#`.
pub(crate) fn options(csv: &str) -> Options {
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let is_role = |name: &str| Role::ALL.iter().any(|role| role.as_str() == name);
    let roles: Vec<String> = header
        .iter()
        .filter(|name| is_role(name))
        .map(|name| format!("\"{name}\":\"{name}\""))
        .collect();
    let attributes: Vec<String> = header
        .iter()
        .filter(|name| !is_role(name) && !name.is_empty())
        .map(|name| match name.strip_suffix('#') {
            Some(bare) => format!(r#""{bare}":{{"column":"{name}","type":"number"}}"#),
            None => format!("\"{name}\":\"{name}\""),
        })
        .collect();
    let (roles, attributes) = (roles.join(","), attributes.join(","));
    let json =
        format!(r#"{{"roles":{{{roles}}},"attributes":{{{attributes}}},"zone":"Asia/Shanghai"}}"#);
    plain(&json).read().unwrap()
}

pub(crate) fn shanghai() -> Zone {
    Zone::fixed("Asia/Shanghai", 8 * 3600).unwrap()
}

pub(crate) fn table(csv: &str) -> Rc<Table> {
    Rc::new(read_table([csv.as_bytes()], &options(csv), shanghai(), 1, 1 << 30).unwrap().0)
}

pub(crate) fn plain(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

/// A report as plain JSON, and its columns.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) json: Json,
    pub(crate) sets: Vec<ColumnSet>,
}

impl Answer {
    pub(crate) fn new((report, sets): (AnyReport, Vec<ColumnSet>)) -> Answer {
        Answer { json: serde_json::to_value(report).unwrap(), sets }
    }

    pub(crate) fn at(&self, pointer: &str) -> &Json {
        self.json.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not in the report"))
    }

    pub(crate) fn numbers(&self, name: &str) -> Vec<f64> {
        let column = self.sets[0].columns.iter().find(|column| column.name == name).unwrap();
        match &column.values {
            Values::F64(values) => values.clone(),
            Values::U8(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Values::U16(values) => values.iter().map(|value| f64::from(*value)).collect(),
            other => panic!("{name} is no number: {other:?}"),
        }
    }

    pub(crate) fn customers(&self) -> Vec<String> {
        self.texts(self.sets[0].columns[0].name)
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let column = self.sets[0].columns.iter().find(|column| column.name == name).unwrap();
        let Values::Text { bytes, ends } = &column.values else {
            panic!("{name} is no text");
        };
        let starts = std::iter::once(&0).chain(ends);
        starts
            .zip(ends)
            .map(|(from, to)| {
                String::from_utf8(bytes[*from as usize..*to as usize].to_vec()).unwrap()
            })
            .collect()
    }

    /// One number of one customer.
    pub(crate) fn of(&self, customer: &str, name: &str) -> f64 {
        let row = self.customers().iter().position(|id| id == customer);
        self.numbers(name)[row.unwrap_or_else(|| panic!("{customer} is not in the answer"))]
    }

    /// Every customer's row, in the order of the ids: equal for equal answers whatever the order
    /// of customers in the file.
    pub(crate) fn by_customer(&self) -> Vec<(String, Vec<u64>)> {
        let names: Vec<&str> =
            self.sets[0].columns.iter().skip(1).map(|column| column.name).collect();
        let columns: Vec<Vec<f64>> = names.iter().map(|name| self.numbers(name)).collect();
        let mut rows: Vec<(String, Vec<u64>)> = self
            .customers()
            .into_iter()
            .enumerate()
            .map(|(row, id)| (id, columns.iter().map(|column| column[row].to_bits()).collect()))
            .collect();
        rows.sort();
        rows
    }
}

/// Runs a request over one loaded table called `orders`.
pub(crate) fn run_on(table: &Rc<Table>, request: &str, gate: Gate, memory: u64) -> Result<Answer> {
    let tables = vec![("orders".to_owned(), Source::Loaded(Rc::clone(table)))];
    Job::start(plain(request), tables, Rc::new(gate), memory)?.run().map(Answer::new)
}

pub(crate) fn run(csv: &str, request: &str) -> Result<Answer> {
    run_on(&table(csv), request, Gate::open(), MEMORY)
}

/// Runs a request over several loaded tables through a gate.
pub(crate) fn run_through(
    tables: &[(&str, Rc<Table>)],
    request: &str,
    gate: Gate,
    memory: u64,
) -> Result<Answer> {
    let tables = tables
        .iter()
        .map(|(name, table)| ((*name).to_owned(), Source::Loaded(Rc::clone(table))))
        .collect();
    Job::start(plain(request), tables, Rc::new(gate), memory)?.run().map(Answer::new)
}

/// Runs a request over several loaded tables.
pub(crate) fn run_tables(tables: &[(&str, Rc<Table>)], request: &str) -> Result<Answer> {
    run_through(tables, request, Gate::open(), MEMORY)
}

/// As [`run_tables`], with the text of each table.
pub(crate) fn run_with(tables: &[(&str, &str)], request: &str) -> Result<Answer> {
    let tables: Vec<(&str, Rc<Table>)> =
        tables.iter().map(|(name, csv)| (*name, table(csv))).collect();
    run_tables(&tables, request)
}

/// `rfm` at the end of 2025-05-31 with more options as JSON fields.
pub(crate) fn rfm(csv: &str, more: &str) -> Answer {
    run(csv, &rfm_request(more)).unwrap()
}

pub(crate) fn rfm_request(more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"analysis":"rfm","options":{{"at":"2025-05-31"{comma}{more}}}}}"#)
}

/// Runs a request over a table whose bytes stream by in pieces of `piece` bytes, with steps of
/// `budget` customers.
pub(crate) fn run_streamed(
    csv: &[u8],
    options: &Options,
    zone: Zone,
    request: &str,
    piece: usize,
    budget: usize,
) -> Result<Answer> {
    let mut first = Reader::new(options, zone.clone(), 1)?;
    first.push(csv, &mut |_| Ok(()))?;
    let quality = first.finish(&mut |_| Ok(()))?;
    let Parts { dictionaries, fingerprint, .. } = first.into_parts();
    let source = Source::Streamed(Streamed {
        reader: Box::new(Reader::new(options, zone, 2)?),
        files: Vec::new(),
        rows: quality.rows.used,
        customers: dictionaries
            .get(siyu::table::role::Role::Customer)
            .map_or(0, |d| d.len() as u64),
        fingerprint,
    });
    let tables = vec![("orders".to_owned(), source)];
    let mut job = Job::start(plain(request), tables, Rc::new(Gate::open()), MEMORY)?;
    loop {
        let step = job.step(budget)?;
        if step.finished {
            return job.finish().map(Answer::new);
        }
        if step.wants.is_some() {
            for piece in csv.chunks(piece) {
                job.push(piece)?;
            }
            job.push_end()?;
        }
    }
}
