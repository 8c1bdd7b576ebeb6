//! Columns across the boundary: typed arrays in and out, never one object per row.

use js_sys::{Array, Float64Array, Int32Array, Object, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::error::{Code, Error, Result};
use crate::privacy::pseudonym::Pseudonyms;
use crate::privacy::release::{Released, pseudonymised};
use crate::read::columns::Values as Slice;
use crate::report::{ColumnSet, Values};
use crate::table::Schema;
use crate::table::role::Role;

/// One column, copied into linear memory.
#[derive(Debug)]
pub(super) enum Held {
    Text { bytes: Vec<u8>, ends: Vec<u32> },
    Numbers(Vec<f64>),
    Unsigned(Vec<u32>),
    Signed(Vec<i32>),
}

impl Held {
    /// `{ text, ends }`, `{ numbers }` or `{ ints }`.
    pub(super) fn from_js(column: &JsValue) -> Result<Held> {
        let field = |name: &str| Reflect::get(column, &JsValue::from_str(name)).ok();
        if let Some(text) = field("text").and_then(|v| v.dyn_into::<Uint8Array>().ok()) {
            let ends = field("ends").and_then(|v| v.dyn_into::<Uint32Array>().ok());
            let ends = ends.ok_or_else(|| wrong("a text column needs `ends`"))?.to_vec();
            return Ok(Held::Text { bytes: text.to_vec(), ends });
        }
        if let Some(numbers) = field("numbers").and_then(|v| v.dyn_into::<Float64Array>().ok()) {
            return Ok(Held::Numbers(numbers.to_vec()));
        }
        match field("ints") {
            Some(ints) if ints.is_instance_of::<Uint32Array>() => {
                Ok(Held::Unsigned(ints.unchecked_into::<Uint32Array>().to_vec()))
            }
            Some(ints) if ints.is_instance_of::<Int32Array>() => {
                Ok(Held::Signed(ints.unchecked_into::<Int32Array>().to_vec()))
            }
            _ => Err(wrong("a column is `{ text, ends }`, `{ numbers }` or `{ ints }`")),
        }
    }

    pub(super) fn released(&self) -> Released<'_> {
        match self {
            Held::Text { bytes, ends } => Released::Text { bytes, ends },
            Held::Numbers(values) => Released::Numbers(values),
            Held::Unsigned(_) | Held::Signed(_) => Released::Numbers(&[]),
        }
    }

    /// The same with pseudonyms in the place of its texts.
    pub(super) fn pseudonymised(self, of: &Pseudonyms) -> Result<Held> {
        match self {
            Held::Text { bytes, ends } => {
                let (bytes, ends) = pseudonymised(&bytes, &ends, of)?;
                Ok(Held::Text { bytes, ends })
            }
            _ => Err(wrong("pseudonyms stand for texts")),
        }
    }

    fn slice(&self) -> Slice<'_> {
        match self {
            Held::Text { bytes, ends } => Slice::Text { bytes, ends },
            Held::Numbers(values) => Slice::F64(values),
            Held::Unsigned(values) => Slice::U32(values),
            Held::Signed(values) => Slice::I32(values),
        }
    }
}

/// Some rows of several columns, by role and by the names of attributes.
#[derive(Debug)]
pub(super) struct Batch {
    roles: Vec<(Role, Held)>,
    attributes: Vec<(String, Held)>,
}

impl Batch {
    pub(super) fn from_js(batch: &JsValue) -> Result<Batch> {
        let mut columns = Vec::new();
        for role in Role::ALL {
            let column = Reflect::get(batch, &JsValue::from_str(role.as_str()))
                .map_err(|_| wrong("a batch is an object of columns by role"))?;
            if !column.is_undefined() {
                columns
                    .push((*role, Held::from_js(&column).map_err(|e| e.at_column(role.as_str()))?));
            }
        }
        let mut attributes = Vec::new();
        for key in Object::keys(batch.unchecked_ref::<Object>()) {
            let Some(name) =
                key.as_string().and_then(|key| key.strip_prefix('@').map(str::to_owned))
            else {
                continue;
            };
            let column = Reflect::get(batch, &key).unwrap_or(JsValue::UNDEFINED);
            let held = Held::from_js(&column).map_err(|e| e.at_column(name.as_str()))?;
            attributes.push((name, held));
        }
        Ok(Batch { roles: columns, attributes })
    }

    /// The columns for the reader of a table of this schema.
    pub(super) fn slices(&self, schema: &Schema) -> Result<Vec<(Role, Slice<'_>)>> {
        let roles = self.roles.iter().map(|(role, held)| Ok((*role, held.slice())));
        let attributes = self
            .attributes
            .iter()
            .map(|(name, held)| Ok((schema.require_attribute(name)?, held.slice())));
        roles.chain(attributes).collect()
    }
}

fn wrong(hint: &'static str) -> Error {
    Error::new(Code::Type, hint)
}

/// `[{ name, length, columns: [{ name, kind, data } | { name, kind: "text", bytes, ends }] }]`.
pub(super) fn sets_to_js(sets: Vec<ColumnSet>) -> std::result::Result<JsValue, JsValue> {
    let all = Array::new();
    for set in sets {
        let columns = Array::new();
        for column in set.columns {
            let object = Object::new();
            super::set(&object, "name", &column.name.into())?;
            let (kind, data): (&str, JsValue) = match column.values {
                Values::Text { bytes, ends } => {
                    super::set(&object, "bytes", &Uint8Array::from(bytes.as_slice()))?;
                    ("text", Uint32Array::from(ends.as_slice()).into())
                }
                Values::F64(values) => ("f64", Float64Array::from(values.as_slice()).into()),
                Values::U8(values) => ("u8", Uint8Array::from(values.as_slice()).into()),
                Values::U16(values) => ("u16", js_sys::Uint16Array::from(values.as_slice()).into()),
            };
            super::set(&object, "kind", &kind.into())?;
            super::set(&object, if kind == "text" { "ends" } else { "data" }, &data)?;
            columns.push(&object);
        }
        let object = Object::new();
        super::set(&object, "name", &set.name.into())?;
        super::set(&object, "length", &JsValue::from_f64(set.length as f64))?;
        super::set(&object, "columns", &columns)?;
        all.push(&object);
    }
    Ok(all.into())
}
