//! Writes the JSON Schema of every option and result type: the single source of the package's
//! TypeScript types.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use siyu::analysis;
use siyu::error::Code;
use siyu::privacy::task;

fn main() {
    let mut read = SchemaSettings::draft2020_12().into_generator();
    let mut written = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let analyses = analysis::schemas(&mut read, &mut written);
    let tasks = task::schemas(&mut read, &mut written);
    read.subschema_for::<siyu::privacy::policy::PolicyDocument>();
    read.subschema_for::<siyu::privacy::release::PseudonymousExport>();
    read.subschema_for::<siyu::read::Options>();
    read.subschema_for::<siyu::read::profile::Profile>();
    written.subschema_for::<siyu::read::quality::Quality>();
    written.subschema_for::<siyu::read::guess::Guess>();
    written.subschema_for::<siyu::read::records::Record>();
    written.subschema_for::<siyu::report::LeftOut>();
    written.subschema_for::<siyu::report::Warning>();
    written.subschema_for::<siyu::report::Method>();
    written.subschema_for::<siyu::report::InputAbout>();
    written.subschema_for::<siyu::report::Used>();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    let all: Value = json!({
        "analyses": analyses,
        "tasks": tasks,
        "errorCodes": codes,
        "options": read.take_definitions(true),
        "results": written.take_definitions(true),
    });
    println!("{all:#}");
}
