//! Floor 5 of the sheet's own module: a workbook's bytes in, the text of a sheet out, in steps.
//!
//! The module is built by the feature `sheet` and holds nothing of the engine. An instance
//! converts one sheet and is then let go, with its memory: so there are no handles.

mod thrown;

use std::cell::RefCell;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::error::{Code, Error, Result as Answer};
use crate::sheet::{Limits, Workbook};
use thrown::thrown;

type Thrown<T> = Result<T, JsValue>;

/// What the instance works on.
#[derive(Debug, Default)]
struct Work {
    file: Vec<u8>,
    workbook: Option<Workbook>,
}

thread_local! {
    static WORK: RefCell<Work> = RefCell::default();
}

fn with_workbook<T>(call: impl FnOnce(&mut Workbook) -> Answer<T>) -> Thrown<T> {
    let closed = || Error::new(Code::Closed, "no workbook is open");
    WORK.with_borrow_mut(|work| call(work.workbook.as_mut().ok_or_else(closed)?)).map_err(thrown)
}

/// Adds bytes of the file; `more` are expected in all, or 0.
///
/// # Errors
/// `limit-memory`.
#[wasm_bindgen(js_name = sheetPush)]
pub fn push(bytes: &[u8], more: f64) -> Thrown<()> {
    WORK.with_borrow_mut(|work| {
        let wanted =
            if work.file.is_empty() { bytes.len().max(more as usize) } else { bytes.len() };
        work.file.try_reserve(wanted).map_err(|_| {
            thrown(Error::new(Code::LimitMemory, "there is not enough memory for the workbook"))
        })?;
        work.file.extend_from_slice(bytes);
        Ok(())
    })
}

/// Opens what was pushed; `name` is that of the sheet, the limits are those of reading.
///
/// # Errors
/// As [`Workbook::open`].
#[wasm_bindgen(js_name = sheetOpen)]
pub fn open(
    name: Option<String>,
    bytes: Option<f64>,
    ratio: Option<u32>,
    record_bytes: Option<u32>,
    memory: f64,
) -> Thrown<()> {
    let usual = Limits::default();
    let limits = Limits {
        bytes: bytes.map_or(usual.bytes, |bytes| bytes as u64),
        ratio: ratio.unwrap_or(usual.ratio),
        record_bytes: record_bytes.unwrap_or(usual.record_bytes),
        memory: memory as u64,
    };
    WORK.with_borrow_mut(|work| {
        let file = std::mem::take(&mut work.file);
        work.workbook = Some(Workbook::open(file, name.as_deref(), limits)?);
        Ok(())
    })
    .map_err(thrown)
}

/// Works on for about `work` tags of the workbook; says whether the sheet is over.
///
/// # Errors
/// As [`Workbook::step`].
#[wasm_bindgen(js_name = sheetStep)]
pub fn step(work: u32) -> Thrown<bool> {
    with_workbook(|workbook| workbook.step(work))
}

/// The text since this was called last.
///
/// # Errors
/// `closed` without a workbook.
#[wasm_bindgen(js_name = sheetTake)]
pub fn take() -> Thrown<Uint8Array> {
    with_workbook(|workbook| Ok(Uint8Array::from(workbook.take().as_slice())))
}

/// The name of the sheet, once it is known.
///
/// # Errors
/// `closed` without a workbook.
#[wasm_bindgen(js_name = sheetName)]
pub fn name() -> Thrown<Option<String>> {
    with_workbook(|workbook| Ok(workbook.sheet().map(str::to_owned)))
}

/// The names of all sheets.
///
/// # Errors
/// `closed` without a workbook.
#[wasm_bindgen(js_name = sheetNames)]
pub fn names() -> Thrown<Vec<String>> {
    with_workbook(|workbook| Ok(workbook.names().to_vec()))
}

/// How much of the sheet is read, 0 to 1.
///
/// # Errors
/// `closed` without a workbook.
#[wasm_bindgen(js_name = sheetProgress)]
pub fn progress() -> Thrown<f64> {
    with_workbook(|workbook| {
        let (done, size) = workbook.progress();
        Ok(if size == 0 { 0.0 } else { done as f64 / size as f64 })
    })
}
