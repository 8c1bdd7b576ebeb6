//! The golden cases from JavaScript: in the test build (feature `golden`) only.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{Thrown, thrown};
use crate::error::{Code, Error};
use crate::golden;

/// Runs every case of one file and returns its outcomes as JSON. `data` is called with the path
/// of a data file as the case has it and returns its text, or throws.
///
/// # Errors
/// `parse` if the file has neither of the two layouts.
#[wasm_bindgen(js_name = goldenFile)]
pub fn golden_file(file: &str, text: &str, data: &Function) -> Thrown<String> {
    let mut read = |path: &str| {
        data.call1(&JsValue::NULL, &JsValue::from_str(path))
            .ok()
            .and_then(|text| text.as_string())
            .ok_or_else(|| format!("{path} cannot be read"))
    };
    let outcomes = golden::run_file(file, text, &mut read).map_err(thrown)?;
    serde_json::to_string(&outcomes)
        .map_err(|_| thrown(Error::new(Code::Parse, "the outcomes are no JSON")))
}
