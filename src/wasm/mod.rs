//! Floor 5: the only room that knows JavaScript. Handles, columns across, error codes. No
//! mathematics and no loops over rows.
//!
//! Everything lives in one registry behind integer handles, so that no JavaScript object owns
//! Rust memory and nothing depends on a garbage collector. Every failure is thrown as a plain
//! object `{ code, hint, table?, file?, column?, row?, byte?, path? }`.

mod columns;
#[cfg(feature = "golden")]
pub mod golden;
mod registry;
mod thrown;

use js_sys::{Array, Float64Array, Int32Array, Object, Reflect, Symbol, Uint8Array, Uint32Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::analysis::{self, Job, StepReport};
use crate::error::{Code, Error};
use crate::plain::{MOST_DEPTH, Value};
use crate::privacy::gate::Gate;
use crate::privacy::policy::PolicyDocument;
use crate::privacy::pseudonym::Pseudonyms;
use crate::privacy::{release, task};
use crate::read;
use crate::table::zone::Zone;
use registry::{Entry, Keep, Reading, with_registry};
use thrown::{set, thrown};

type Thrown<T> = Result<T, JsValue>;

/// Sends the text of a panic to the console before the trap.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// The version of Siyu.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Bytes of linear memory. It grows and never shrinks.
#[wasm_bindgen(js_name = memoryBytes)]
#[must_use]
pub fn memory_bytes() -> f64 {
    core::arch::wasm32::memory_size(0) as f64 * 65_536.0
}

/// Proposes a mapping from the first bytes of a file, as UTF-8; if one of `profiles` is
/// recognised, that one's.
///
/// # Errors
/// As [`read::guess::guess`] and [`read::guess::Guess::recognise`].
#[wasm_bindgen]
pub fn guess(sample: &[u8], options: JsValue, profiles: Vec<JsValue>) -> Thrown<JsValue> {
    let options = plain(options)?.read().map_err(thrown)?;
    let mut known: Vec<read::profile::Profile> = Vec::new();
    for (at, profile) in profiles.into_iter().enumerate() {
        let inside = |error: Error| thrown(error.inside(&format!("profiles[{at}]")));
        known.push(plain(profile)?.read().map_err(inside)?);
    }
    let mut guess = read::guess::guess(sample, &options).map_err(thrown)?;
    guess.recognise(&known).map_err(thrown)?;
    to_js(&guess)
}

/// Starts reading a table; `keep` is `loaded`, `source` or `auto`.
///
/// # Errors
/// A mistake in the options, with its path.
#[wasm_bindgen(js_name = readBegin)]
pub fn read_begin(
    options: JsValue,
    zone_name: &str,
    instants: &Float64Array,
    offsets: &Int32Array,
    keep: &str,
    memory_limit: f64,
) -> Thrown<u32> {
    let options: read::Options = plain(options)?.read().map_err(thrown)?;
    let changes = instants.to_vec().into_iter().map(|ms| ms as i64).zip(offsets.to_vec());
    let zone =
        Zone::new(zone_name, changes.collect()).map_err(|error| thrown(error.at_path("zone")))?;
    let keep = Keep::named(keep).map_err(thrown)?;
    let reading = Reading::new(options, zone, keep, memory_limit as u64).map_err(thrown)?;
    Ok(with_registry(|registry| registry.add(Entry::Reading(reading))))
}

/// Begins the next of several files, or the first: `{ name, format?, delimiter?, encoding?,
/// header?, roles? }`. A table of one file may do without.
///
/// # Errors
/// What the reader meets in the file before; the reading is then over.
#[wasm_bindgen(js_name = readNext)]
pub fn read_next(handle: u32, file: JsValue) -> Thrown<()> {
    let file: read::FileOptions = plain(file)?.read().map_err(thrown)?;
    with_registry(|registry| registry.reading(handle)?.next_file(file)).map_err(thrown)
}

/// Adds bytes of the file, as UTF-8.
///
/// # Errors
/// What the reader meets; the reading is then over.
#[wasm_bindgen(js_name = readPush)]
pub fn read_push(handle: u32, bytes: &[u8]) -> Thrown<()> {
    with_registry(|registry| registry.reading(handle)?.push(bytes)).map_err(thrown)
}

/// Adds some rows as columns: `{ role: { text, ends } | { numbers } | { ints } }`; `@name` is the
/// attribute of that name.
///
/// # Errors
/// What the reader meets; the reading is then over.
#[wasm_bindgen(js_name = readColumns)]
pub fn read_columns(handle: u32, batch: &JsValue) -> Thrown<()> {
    let batch = columns::Batch::from_js(batch).map_err(thrown)?;
    with_registry(|registry| registry.reading(handle)?.push_columns(&batch)).map_err(thrown)
}

/// Ends the reading; the handle becomes the table's.
///
/// # Errors
/// What the reader meets; the handle is then gone.
#[wasm_bindgen(js_name = readFinish)]
pub fn read_finish(handle: u32) -> Thrown<JsValue> {
    let finished = with_registry(|registry| {
        let (entry, finished) = registry.take_reading(handle)?.finish(handle)?;
        registry.put(handle, entry);
        Ok(finished)
    });
    to_js(&finished.map_err(thrown)?)
}

/// Starts to look for the records of one file at `rows`, to be shown in place.
///
/// # Errors
/// As [`read::records::Finder::new`].
#[wasm_bindgen(js_name = rowsBegin)]
pub fn rows_begin(options: JsValue, rows: &Float64Array) -> Thrown<u32> {
    let options: read::Options = plain(options)?.read().map_err(thrown)?;
    let rows: Vec<u64> = rows.to_vec().into_iter().map(|row| row as u64).collect();
    let finder = read::records::Finder::new(&options, &rows).map_err(thrown)?;
    Ok(with_registry(|registry| registry.add(Entry::Finder(Box::new(finder)))))
}

/// Adds bytes of the file, as UTF-8; true once no more are needed.
///
/// # Errors
/// What the reader meets.
#[wasm_bindgen(js_name = rowsPush)]
pub fn rows_push(handle: u32, bytes: &[u8]) -> Thrown<bool> {
    with_registry(|registry| registry.finder(handle)?.push(bytes)).map_err(thrown)
}

/// Takes what was found: `[{ row, cells, cut }]`; the handle is then gone.
///
/// # Errors
/// What the reader meets.
#[wasm_bindgen(js_name = rowsFinish)]
pub fn rows_finish(handle: u32) -> Thrown<JsValue> {
    let found = with_registry(|registry| registry.take_finder(handle)?.finish());
    to_js(&found.map_err(thrown)?)
}

/// Starts a job. `names[i]` is the caller's name for the table with handle `tables[i]`.
///
/// # Errors
/// Every mistake in the request, with its path.
#[wasm_bindgen(js_name = runBegin)]
pub fn run_begin(
    recipe: JsValue,
    names: Vec<String>,
    tables: &Uint32Array,
    memory_limit: f64,
) -> Thrown<u32> {
    let recipe = plain(recipe)?;
    with_registry(|registry| {
        let mut sources = Vec::new();
        for (name, handle) in names.into_iter().zip(tables.to_vec()) {
            let source = registry.source(handle).map_err(|error| error.in_table(name.as_str()))?;
            sources.push((name, source));
        }
        let job = Job::start(recipe, sources, registry.gate(), memory_limit as u64)?;
        Ok(registry.add(Entry::Job(Box::new(job))))
    })
    .map_err(thrown)
}

/// Whether an analysis needs the module's second file to be there.
#[wasm_bindgen(js_name = isLater)]
#[must_use]
pub fn is_later(analysis: &str) -> bool {
    analysis::is_later(analysis)
}

/// Works on about `rows` rows; says how far the job is and whether it wants bytes. Null once it is
/// finished.
///
/// # Errors
/// What the analysis meets; the job is then lost.
#[wasm_bindgen(js_name = runStep)]
pub fn run_step(handle: u32, rows: u32) -> Thrown<JsValue> {
    let step: StepReport =
        with_registry(|registry| registry.job(handle)?.step(rows as usize)).map_err(thrown)?;
    if step.finished { Ok(JsValue::NULL) } else { to_js(&step) }
}

/// Adds bytes of the file that the job wants.
///
/// # Errors
/// What the reader or the analysis meets; the job is then lost.
#[wasm_bindgen(js_name = runPush)]
pub fn run_push(handle: u32, bytes: &[u8]) -> Thrown<()> {
    with_registry(|registry| registry.job(handle)?.push(bytes)).map_err(thrown)
}

/// Says that the file which the job wants has ended.
///
/// # Errors
/// As [`run_push`].
#[wasm_bindgen(js_name = runPushEnd)]
pub fn run_push_end(handle: u32) -> Thrown<()> {
    with_registry(|registry| registry.job(handle)?.push_end()).map_err(thrown)
}

/// Takes the report and its columns: `{ report, sets }`.
///
/// # Errors
/// `closed` if the job is not finished, else what the analysis meets.
#[wasm_bindgen(js_name = runFinish)]
pub fn run_finish(handle: u32) -> Thrown<JsValue> {
    let (report, sets) =
        with_registry(|registry| registry.take_job(handle)?.finish()).map_err(thrown)?;
    let answer = js_sys::Object::new();
    set(&answer, "report", &to_js(&report)?)?;
    set(&answer, "sets", &columns::sets_to_js(sets)?)?;
    Ok(answer.into())
}

/// Starts decompressing a gzip file, within the limits of read options.
///
/// # Errors
/// A mistake in the options, with its path.
#[wasm_bindgen(js_name = inflateBegin)]
pub fn inflate_begin(options: JsValue) -> Thrown<u32> {
    let options: read::Options = plain(options)?.read().map_err(thrown)?;
    let inflate = read::gzip::Inflate::new(options.limits);
    Ok(with_registry(|registry| registry.add(Entry::Inflate(Box::new(inflate)))))
}

/// Takes the next bytes of the compressed file.
///
/// # Errors
/// `limit-memory`.
#[wasm_bindgen(js_name = inflatePush)]
pub fn inflate_push(handle: u32, bytes: &[u8]) -> Thrown<()> {
    with_registry(|registry| registry.inflate(handle)?.push(bytes)).map_err(thrown)
}

/// The next decompressed bytes; none if more must be pushed first.
///
/// # Errors
/// `parse` with the byte, `limit`.
#[wasm_bindgen(js_name = inflatePull)]
pub fn inflate_pull(handle: u32) -> Thrown<Uint8Array> {
    with_registry(|registry| registry.inflate(handle)?.pull().map(Uint8Array::from)).map_err(thrown)
}

/// Says that the compressed file has ended.
///
/// # Errors
/// `parse` if it was cut off.
#[wasm_bindgen(js_name = inflateEnd)]
pub fn inflate_end(handle: u32) -> Thrown<()> {
    with_registry(|registry| registry.inflate(handle)?.finish()).map_err(thrown)
}

/// How much a text looks like one, to tell its encoding by.
#[wasm_bindgen]
#[must_use]
pub fn plausibility(text: &str) -> f64 {
    read::plausible::plausibility(text)
}

/// Forgets a table, a reading, a job or a search. Unknown handles are forgotten already.
#[wasm_bindgen(js_name = drop)]
pub fn forget(handle: u32) {
    with_registry(|registry| registry.remove(handle));
}

/// A CSV file of result columns, safe for spreadsheets: `[{ text, ends } | { numbers }]`. The
/// columns numbered in `hidden` get pseudonyms, as `pseudonyms` says.
///
/// # Errors
/// `type` if the columns do not fit each other, `invalid-option` for a key that is none.
#[wasm_bindgen(js_name = releaseCsv)]
pub fn release_csv(
    names: Vec<String>,
    columns: Vec<JsValue>,
    hidden: &Uint32Array,
    pseudonyms: JsValue,
) -> Thrown<Uint8Array> {
    let columns: Result<Vec<columns::Held>, Error> =
        columns.iter().map(columns::Held::from_js).collect();
    let mut columns = columns.map_err(thrown)?;
    let hidden = hidden.to_vec();
    if !hidden.is_empty() {
        let inside = |error: Error| thrown(error.inside("pseudonyms"));
        let release::PseudonymousExport { key, version, purpose } =
            plain(pseudonyms)?.read().map_err(inside)?;
        let of = Pseudonyms::new(&key, version, &purpose).map_err(inside)?;
        let replaced = (0u32..).zip(columns).map(|(at, column)| match hidden.contains(&at) {
            true => column.pseudonymised(&of),
            false => Ok(column),
        });
        columns = replaced.collect::<Result<_, Error>>().map_err(thrown)?;
    }
    let released: Vec<release::Released<'_>> =
        columns.iter().map(columns::Held::released).collect();
    let file = release::csv(&names, &released).map_err(thrown)?;
    Ok(Uint8Array::from(file.as_slice()))
}

/// Runs a task of privacy by its name: plain data in and out.
///
/// # Errors
/// As [`task::run`].
#[wasm_bindgen]
pub fn privacy(name: &str, options: JsValue) -> Thrown<JsValue> {
    to_js(&task::run(name, plain(options)?).map_err(thrown)?)
}

/// Sets the policy of the gate, or opens it for `null`. Jobs that run keep what they began with.
///
/// # Errors
/// A mistake in the policy, with its path.
#[wasm_bindgen(js_name = setPolicy)]
pub fn set_policy(policy: JsValue) -> Thrown<()> {
    let gate = if policy.is_null() || policy.is_undefined() {
        Gate::open()
    } else {
        // Consents cross one at a time: each is many small pieces of memory until it is read.
        let (rest, mut consents) = (Object::new(), Array::new());
        for field in Object::entries(policy.unchecked_ref()).iter() {
            let field: Array = field.unchecked_into();
            let (name, value) = (field.get(0), field.get(1));
            if name == "consents" && Array::is_array(&value) {
                consents = value.unchecked_into();
            } else {
                Reflect::set(&rest, &name, &value)?;
            }
        }
        let document: PolicyDocument = plain(rest.into())?.read().map_err(thrown)?;
        let mut consents = consents.iter().map(|consent| plain_value(consent)?.read());
        Gate::with_policy(Box::new(document.checked_with(&mut consents).map_err(thrown)?))
    };
    with_registry(|registry| registry.set_gate(gate));
    Ok(())
}

/// Plain data out of a JavaScript value; nothing is an object without fields.
fn plain(value: JsValue) -> Thrown<Value> {
    if value.is_undefined() || value.is_null() {
        return Ok(Value::Object(Vec::new()));
    }
    plain_value(value).map_err(thrown)
}

fn plain_value(value: JsValue) -> Result<Value, Error> {
    crossed(value, 0).ok_or_else(|| {
        Error::new(
            Code::InvalidOption,
            "a request is made of plain values: texts, numbers, booleans, lists and objects",
        )
    })
}

/// What crosses most often is asked for first: a request of thirty fields is most of what a small
/// analysis costs.
fn crossed(value: JsValue, depth: usize) -> Option<Value> {
    if let Some(number) = value.as_f64() {
        return Some(Value::Number(number));
    }
    if let Some(text) = value.as_string() {
        return Some(Value::Text(text));
    }
    let is_list = Array::is_array(&value);
    if is_list || (value.is_object() && !Symbol::iterator().js_in(&value)) {
        if depth >= MOST_DEPTH {
            return None;
        }
        if is_list {
            let list: Array = value.unchecked_into();
            return list
                .iter()
                .map(|item| crossed(item, depth + 1))
                .collect::<Option<_>>()
                .map(Value::List);
        }
        let object: &Object = value.unchecked_ref();
        let (names, values) = (Object::keys(object), Object::values(object));
        let field = |(name, value): (JsValue, JsValue)| {
            Some((name.as_string()?, crossed(value, depth + 1)?))
        };
        return names
            .iter()
            .zip(values.iter())
            .map(field)
            .collect::<Option<_>>()
            .map(Value::Object);
    }
    // The rest: nothing, truths, and what is converted (a `Map`, a large integer) or is not plain.
    serde_wasm_bindgen::from_value(value).ok()
}

/// Never copied into its callers, like the calls into analyses.
#[inline(never)]
fn to_js<T: Serialize>(value: &T) -> Thrown<JsValue> {
    value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|_| thrown(Error::new(Code::Overflow, "a number of the answer is beyond 2^53")))
}
