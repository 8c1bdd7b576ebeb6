//! Errors as JavaScript gets them: plain objects `{ code, hint, table?, column?, file?, row?, byte?, path? }`.

use wasm_bindgen::JsValue;

use super::Thrown;
use crate::error::Error;

pub(super) fn set(object: &js_sys::Object, name: &str, value: &JsValue) -> Thrown<()> {
    js_sys::Reflect::set(object, &JsValue::from_str(name), value).map(|_| ())
}

/// The plain object that the package turns into a `SiyuError`.
pub(super) fn thrown(error: Error) -> JsValue {
    let object = js_sys::Object::new();
    let file = error.file().map(u64::from);
    let numbers = [("file", file), ("row", error.row()), ("byte", error.byte())];
    let texts = [
        ("code", Some(error.code().as_str())),
        ("hint", Some(error.hint())),
        ("table", error.table()),
        ("column", error.column()),
        ("path", error.path()),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            // Setting a property of a fresh object cannot fail.
            let _ = set(&object, name, &JsValue::from_str(text));
        }
    }
    for (name, number) in numbers {
        if let Some(number) = number {
            let _ = set(&object, name, &JsValue::from_f64(number as f64));
        }
    }
    object.into()
}
