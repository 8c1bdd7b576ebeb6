//! The native command line: the same request as in the page, over files.
//!
//! `siyu run recipe.json --table orders=orders.csv --read orders=read.json [--source] [--bytes]
//! [--repeat N]`
//!
//! Several `--table` of one name are the files of one table, in their order. Prints the report
//! with its columns as JSON. It exists to prove that native code and
//! WebAssembly agree, and to time them against each other; the command line for people is the
//! npm package's.

use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use siyu::analysis::{AnyReport, Job, Source, Streamed};
use siyu::error::{Code, Error, Result};
use siyu::plain::Value;
use siyu::privacy::gate::Gate;
use siyu::read::file::Opener;
use siyu::read::{FileOptions, Format, Options, Parts, Reader, quality::Quality};
use siyu::report::{ColumnSet, Values};
use siyu::sheet;
use siyu::table::Table;
use siyu::table::role::Role;
use siyu::table::zone::Zone;

/// Bytes per push: what a browser's file stream typically hands over.
const PUSH: usize = 1 << 16;
const MEMORY_LIMIT: u64 = 8 << 30;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Time that this thread has worked, where the system tells (Linux); else the time that passed.
fn busy() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let passed = START.elapsed();
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse().ok())
        .map_or(passed, Duration::from_nanos)
}

/// `--name left=right` arguments.
fn pairs<'a>(arguments: &'a [String], flag: &str) -> Vec<(&'a str, &'a str)> {
    arguments
        .iter()
        .zip(arguments.iter().skip(1))
        .filter(|(name, _)| *name == flag)
        .filter_map(|(_, pair)| pair.split_once('='))
        .collect()
}

fn unreadable(what: &str) -> Error {
    Error::new(Code::Parse, format!("{what} cannot be read"))
}

fn json_file(path: &str) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|_| unreadable(path))?;
    serde_json::from_str(&text).map_err(|_| unreadable(path))
}

fn run(arguments: &[String]) -> Result<Json> {
    let usage = || {
        Error::new(
            Code::MissingField,
            "siyu run recipe.json --table name=file --read name=options.json",
        )
    };
    let [command, recipe, rest @ ..] = arguments else { return Err(usage()) };
    if command != "run" {
        return Err(usage());
    }
    let recipe = json_file(recipe)?;
    let as_source = rest.iter().any(|argument| argument == "--source");
    let rounds: usize = rest
        .iter()
        .zip(rest.iter().skip(1))
        .find(|(name, _)| *name == "--repeat")
        .map_or(Ok(1), |(_, rounds)| rounds.parse().map_err(|_| usage()))?;
    let mut given: Vec<Given> = Vec::new();
    for (name, path) in pairs(rest, "--table") {
        let read = pairs(rest, "--read").into_iter().find(|(table, _)| *table == name);
        let options: Options = match read {
            Some((_, path)) => json_file(path)?.read()?,
            None => Options::default(),
        };
        let bytes = std::fs::read(path).map_err(|_| unreadable(path))?;
        let (form, text, opener) = as_text(&options, bytes)?;
        // What the file was in is for the opener to say.
        let options = Options { encoding: None, ..options };
        let name_of = |path: &str| Path::new(path).file_name()?.to_str().map(str::to_owned);
        let file = FileOptions { name: name_of(path).unwrap_or_default(), ..form };
        match given.iter_mut().find(|table| table.name == name) {
            Some(table) => table.files.push((file, text, opener)),
            None => given.push(Given {
                name: name.to_owned(),
                options,
                files: vec![(file, text, opener)],
            }),
        }
    }
    // A single file has no name in the package either, unless its caller gives one.
    for table in given.iter_mut().filter(|table| table.files.len() == 1) {
        table.files.iter_mut().for_each(|(file, ..)| file.name.clear());
    }
    let mut answer = Json::Null;
    let (mut read_ms, mut run_ms) = (Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        let began = busy();
        let mut tables = Vec::new();
        let mut qualities = serde_json::Map::new();
        for table in &given {
            let (source, quality) = opened(table, as_source)?;
            qualities.insert(table.name.clone(), json!(quality));
            tables.push((table.name.clone(), source));
        }
        read_ms.push((busy() - began).as_secs_f64() * 1e3);
        let began = busy();
        let mut job = Job::start(recipe.clone(), tables, Rc::new(Gate::open()), MEMORY_LIMIT)?;
        loop {
            let step = job.step(1 << 20)?;
            if step.finished {
                break;
            }
            if let Some(wanted) = step.wants {
                let table = given.iter().find(|table| table.name == wanted);
                for (_, text, _) in table.map_or(&[][..], |table| &table.files) {
                    for chunk in text.chunks(PUSH) {
                        job.push(chunk)?;
                    }
                    job.push_end()?;
                }
            }
        }
        let (report, sets) = job.finish()?;
        run_ms.push((busy() - began).as_secs_f64() * 1e3);
        answer = if rounds > 1 {
            json!({ "readMs": read_ms, "runMs": run_ms })
        } else {
            written(&report, &sets, qualities)
        };
    }
    Ok(answer)
}

/// What the reader takes: of a workbook the text of its sheet, of other files their text and who
/// made it of the bytes.
fn as_text(options: &Options, bytes: Vec<u8>) -> Result<(FileOptions, Vec<u8>, Option<Opener>)> {
    let is_workbook = match options.format {
        Format::Auto => sheet::may_be_workbook(&bytes),
        format => format == Format::Xlsx,
    };
    if is_workbook {
        let limits = sheet::Limits {
            bytes: options.limits.bytes,
            ratio: options.limits.ratio,
            record_bytes: options.limits.record_bytes,
            memory: MEMORY_LIMIT,
        };
        let (name, text) = sheet::csv(bytes, options.sheet.as_deref(), limits)?;
        let form =
            FileOptions { format: Some(Format::Xlsx), sheet: name, ..FileOptions::default() };
        return Ok((form, text, None));
    }
    let mut opener = Opener::new(options)?;
    let mut text = Vec::new();
    let mut to = |part: &[u8]| {
        text.extend_from_slice(part);
        Ok(())
    };
    opener.push(&bytes, &mut to)?;
    opener.finish(&mut to)?;
    Ok((FileOptions::default(), text, Some(opener)))
}

/// A table as it was asked for.
struct Given {
    name: String,
    options: Options,
    files: Vec<(FileOptions, Vec<u8>, Option<Opener>)>,
}

fn opened(given: &Given, as_source: bool) -> Result<(Source, Quality)> {
    let Given { options, files, .. } = given;
    let zone = zone(options.zone.as_deref().unwrap_or("UTC"))?;
    let mut blocks = Vec::new();
    let mut reader = Reader::new(options, zone.clone(), 1)?;
    let mut sink = |block| {
        if !as_source {
            blocks.push(block);
        }
        Ok(())
    };
    let placed = |opener: Option<&Opener>, error| match opener {
        Some(opener) => opener.placed(error),
        None => error,
    };
    let mut current: Option<&Opener> = None;
    for (at, (file, text, opener)) in files.iter().enumerate() {
        // What is wrong now is wrong with the end of the file before.
        reader.next_file(file, &mut sink).map_err(|error| placed(current, error))?;
        current = opener.as_ref();
        for chunk in text.chunks(PUSH) {
            reader.push(chunk, &mut sink).map_err(|error| match error.file() {
                None if files.len() > 1 => placed(current, error).in_file(at as u32),
                _ => placed(current, error),
            })?;
        }
    }
    let mut quality = reader.finish(&mut sink).map_err(|error| placed(current, error))?;
    for (at, (.., opener)) in files.iter().enumerate() {
        if let Some(opener) = opener {
            opener.report(&mut quality, at as u32);
        }
    }
    let fingerprint = reader.fingerprint();
    let customers = reader.dictionaries().get(Role::Customer).map_or(0, |ids| ids.len() as u64);
    let source = if as_source {
        Source::Streamed(Streamed {
            reader: Box::new(Reader::new(options, zone, 1)?),
            files: files.iter().map(|(file, ..)| file.clone()).collect(),
            rows: quality.rows.used,
            customers,
            fingerprint,
        })
    } else {
        let Parts { schema, dictionaries, fingerprint } = reader.into_parts();
        Source::Loaded(Rc::new(Table { schema, dictionaries, blocks, fingerprint }))
    };
    Ok((source, quality))
}

/// The zone's offsets from 1900 to 2100, found by bisection as the package finds them.
fn zone(name: &str) -> Result<Zone> {
    let unknown = || Error::new(Code::InvalidOption, "there is no such zone").at_path("zone");
    let zone = jiff::tz::TimeZone::get(name).map_err(|_| unknown())?;
    let begin = jiff::Timestamp::from_second(-2_208_988_800).map_err(|_| unknown())?;
    let end = 4_102_444_800;
    let mut changes = vec![(begin.as_millisecond(), zone.to_offset(begin).seconds())];
    for change in zone.following(begin) {
        if change.timestamp().as_second() >= end {
            break;
        }
        let offset = change.offset().seconds();
        if changes.last().is_none_or(|(_, last)| *last != offset) {
            changes.push((change.timestamp().as_millisecond(), offset));
        }
    }
    Zone::new(name, changes)
}

fn written(
    report: &AnyReport,
    sets: &[ColumnSet],
    qualities: serde_json::Map<String, Json>,
) -> Json {
    let sets: serde_json::Map<String, Json> = sets
        .iter()
        .map(|set| {
            let columns: serde_json::Map<String, Json> = set
                .columns
                .iter()
                .map(|column| {
                    let values = match &column.values {
                        Values::F64(values) => json!(values),
                        Values::U8(values) => json!(values),
                        Values::U16(values) => json!(values),
                        Values::Text { bytes, ends } => {
                            let starts = std::iter::once(&0).chain(ends);
                            let cells = starts.zip(ends).map(|(start, end)| {
                                let cell = bytes.get(*start as usize..*end as usize);
                                String::from_utf8_lossy(cell.unwrap_or_default()).into_owned()
                            });
                            json!(cells.collect::<Vec<String>>())
                        }
                    };
                    (column.name.to_owned(), values)
                })
                .collect();
            (set.name.to_owned(), Json::Object(columns))
        })
        .collect();
    json!({ "report": report, "sets": sets, "quality": qualities })
}
