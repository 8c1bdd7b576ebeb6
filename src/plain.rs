//! Plain data: the JSON-shaped value that every request is made of, and typed options out of it
//! with errors that name the place and the nearest valid field.
//!
//! Requests arrive as JSON text (native command line) or as JavaScript objects (package). Both
//! become a [`Value`] first, so that the reading of options, and every message about them, is
//! the same everywhere.

use std::fmt;

use serde::de::{self, DeserializeOwned, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Code, Error, Result};

/// The deepest nesting of a request.
pub(crate) const MOST_DEPTH: usize = 32;

/// A JSON-shaped value. Objects keep the order of their keys, and a key is only ever compared:
/// `__proto__` is a name like any other.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// Any number. Integers beyond 2^53 are not exact, and no option needs one.
    Number(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Names and values.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The value of a field of an object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(fields) => fields.iter().find(|(key, _)| key == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The typed value. `Null` fields of an object count as absent.
    ///
    /// # Errors
    /// `unknown-field` (with the nearest valid one), `missing-field` or `invalid-option`, each
    /// with the path inside this value.
    pub fn read<T: DeserializeOwned>(self) -> Result<T> {
        T::deserialize(self).map_err(|failure| failure.0)
    }

    fn is_not(&self, expected: &dyn de::Expected) -> Failure {
        de::Error::invalid_type(de::Unexpected::Other(self.type_name()), expected)
    }

    fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::List(items) => serializer.collect_seq(items),
            Value::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(name, value)| (name, value)))
            }
        }
    }
}

/// The error type that serde passes through; it keeps names apart from prose.
#[derive(Debug)]
pub struct Failure(Error);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Failure(Error::new(Code::InvalidOption, message.to_string()))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let hint = match nearest(field, expected) {
            Some(near) => format!("there is no such field here; did you mean `{near}`?"),
            None if expected.is_empty() => "there are no fields here".to_owned(),
            None => format!("there is no such field here; valid are {}", listed(expected)),
        };
        Failure(Error::new(Code::UnknownField, hint).at_path(field))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let hint = match nearest(variant, expected) {
            Some(near) => {
                format!("this is not one of {}; did you mean `{near}`?", listed(expected))
            }
            None => format!("this must be one of {}", listed(expected)),
        };
        Failure(Error::new(Code::InvalidOption, hint))
    }

    fn missing_field(field: &'static str) -> Self {
        Failure(Error::new(Code::MissingField, "this field is required").at_path(field))
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Failure(Error::new(Code::InvalidOption, format!("this must be {expected}")))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Failure(Error::new(Code::InvalidOption, format!("this must be {expected}")))
    }
}

fn no_object(value: &Value) -> Failure {
    de::Error::custom(format!("this must be an object, not {}", value.type_name()))
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The closest of `names`, if it is close enough to be a slip: at most a third of its letters
/// differ (edit distance with case ignored).
#[must_use]
pub fn nearest<'n>(wanted: &str, names: &[&'n str]) -> Option<&'n str> {
    let wanted: Vec<char> = wanted.chars().take(64).map(|c| c.to_ascii_lowercase()).collect();
    names
        .iter()
        .map(|name| {
            let letters: Vec<char> = name.chars().map(|c| c.to_ascii_lowercase()).collect();
            (edits(&wanted, &letters), letters.len().max(wanted.len()), *name)
        })
        .filter(|(edits, length, _)| edits * 3 <= *length)
        .min_by_key(|(edits, ..)| *edits)
        .map(|(.., name)| name)
}

/// Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let at =
                |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&row, j) + usize::from(left != right))
                .min(at(&row, j + 1) + 1)
                .min(at(&next, j) + 1);
            let (earlier_left, earlier_right) = (i.checked_sub(1), j.checked_sub(1));
            if let (Some(i), Some(j)) = (earlier_left, earlier_right)
                && a.get(i) == Some(right)
                && b.get(j) == Some(left)
            {
                best = best.min(at(&before, j) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

impl<'de> Deserializer<'de> for Value {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(value) if value.fract() == 0.0 && value.abs() < 9e15 => {
                visitor.visit_i64(value as i64)
            }
            Value::Number(value) => visitor.visit_f64(value),
            Value::Text(value) => visitor.visit_string(value),
            Value::List(items) => visitor.visit_seq(Items::of(items)),
            Value::Object(fields) => visitor.visit_map(Fields::of(fields)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        match self {
            Value::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    // Each kind of value calls the one visit that fits: what `deserialize_any` can call is compiled
    // for every visitor, and each struct of options is one.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        match self {
            Value::Object(fields) => visitor.visit_map(Fields::of(fields)),
            other => Err(no_object(&other)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        match self {
            Value::Object(fields) => visitor.visit_map(Fields::of(fields)),
            other => Err(no_object(&other)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        match self {
            Value::List(items) => visitor.visit_seq(Items::of(items)),
            other => Err(other.is_not(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        match self {
            Value::Text(value) => visitor.visit_string(value),
            other => Err(other.is_not(&visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        match self {
            Value::Bool(value) => visitor.visit_bool(value),
            other => Err(other.is_not(&visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        match self {
            Value::Text(name) => visitor.visit_enum(name.into_deserializer()),
            Value::Object(mut fields) => match (fields.pop(), fields.is_empty()) {
                (Some((name, value)), true) => visitor.visit_enum(Tagged { name, value }),
                _ => Err(de::Error::custom(format!(
                    "this must be an object with exactly one of {}",
                    listed(variants)
                ))),
            },
            other => Err(de::Error::custom(format!(
                "this must be one of {}, not {}",
                listed(variants),
                other.type_name()
            ))),
        }
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit
        unit_struct tuple_struct identifier ignored_any
    }
}

struct Items {
    items: std::vec::IntoIter<Value>,
    at: usize,
}

impl Items {
    fn of(items: Vec<Value>) -> Self {
        Items { items: items.into_iter(), at: 0 }
    }
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Failure;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> std::result::Result<Option<T::Value>, Failure> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let at = self.at;
        self.at += 1;
        seed.deserialize(item).map(Some).map_err(|f| Failure(f.0.inside(&format!("[{at}]"))))
    }
}

struct Fields {
    fields: std::vec::IntoIter<(String, Value)>,
    held: Option<(String, Value)>,
}

impl Fields {
    fn of(fields: Vec<(String, Value)>) -> Self {
        Fields { fields: fields.into_iter(), held: None }
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Failure;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> std::result::Result<Option<K::Value>, Failure> {
        for (name, value) in self.fields.by_ref() {
            if value == Value::Null {
                continue;
            }
            let key = seed.deserialize(name.as_str().into_deserializer())?;
            self.held = Some((name, value));
            return Ok(Some(key));
        }
        Ok(None)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> std::result::Result<V::Value, Failure> {
        let Some((name, value)) = self.held.take() else {
            return Err(de::Error::custom("a value was asked for before its name"));
        };
        seed.deserialize(value).map_err(|failure| Failure(failure.0.inside(&name)))
    }
}

/// `{ "variant": content }`, for enums that carry data.
struct Tagged {
    name: String,
    value: Value,
}

impl<'de> de::EnumAccess<'de> for Tagged {
    type Error = Failure;
    type Variant = Content;

    fn variant_seed<V: de::DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> std::result::Result<(V::Value, Content), Failure> {
        let variant = seed.deserialize(self.name.as_str().into_deserializer())?;
        Ok((variant, Content { name: self.name, value: self.value }))
    }
}

struct Content {
    name: String,
    value: Value,
}

impl<'de> de::VariantAccess<'de> for Content {
    type Error = Failure;

    fn unit_variant(self) -> std::result::Result<(), Failure> {
        match self.value {
            Value::Null => Ok(()),
            _ => Err(de::Error::custom("this choice takes no further fields")),
        }
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> std::result::Result<T::Value, Failure> {
        seed.deserialize(self.value).map_err(|failure| Failure(failure.0.inside(&self.name)))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        self.value.deserialize_seq(visitor).map_err(|failure| Failure(failure.0.inside(&self.name)))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> std::result::Result<V::Value, Failure> {
        self.value
            .deserialize_struct("", fields, visitor)
            .map_err(|failure| Failure(failure.0.inside(&self.name)))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Builder { depth: 0 })
    }
}

/// Builds a [`Value`] from any format, to a limited depth.
#[derive(Clone, Copy)]
struct Builder {
    depth: usize,
}

impl Builder {
    fn deeper<E: de::Error>(self) -> std::result::Result<Self, E> {
        if self.depth >= MOST_DEPTH {
            return Err(E::custom("the request is nested too deeply"));
        }
        Ok(Builder { depth: self.depth + 1 })
    }
}

impl<'de> de::DeserializeSeed<'de> for Builder {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Builder {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plain data")
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> std::result::Result<Value, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(deeper)? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            fields.push((name, map.next_value_seed(deeper)?));
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Default)]
    #[serde(deny_unknown_fields, rename_all = "camelCase", default)]
    struct Options {
        bins: u8,
        refunds: Refunds,
        map: Vec<Range>,
    }

    #[derive(Debug, Deserialize, PartialEq, Default)]
    #[serde(rename_all = "camelCase")]
    enum Refunds {
        #[default]
        Net,
        Drop,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Range {
        r: [u8; 2],
    }

    fn read(json: &str) -> Result<Options> {
        serde_json::from_str::<Value>(json).unwrap().read()
    }

    #[test]
    fn a_slip_is_named_with_its_place_and_its_cure() {
        let error = read(r#"{"bins":5,"map":[{"r":[1,2]},{"rr":[1,2]}]}"#).unwrap_err();
        assert_eq!(error.code(), Code::UnknownField);
        assert_eq!(error.path(), Some("map[1].rr"));
        let error = read(r#"{"bin":5}"#).unwrap_err();
        assert!(error.hint().contains("`bins`"), "{error}");
        let error = read(r#"{"refunds":"nett"}"#).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("refunds")));
        assert!(error.hint().contains("`net`"), "{error}");
        let error = read(r#"{"bins":"five"}"#).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("bins")));
        let error = read(r#"{"map":[{}]}"#).unwrap_err();
        assert_eq!((error.code(), error.path()), (Code::MissingField, Some("map[0].r")));
    }

    #[test]
    fn null_means_the_default() {
        assert_eq!(read(r#"{"bins":5,"refunds":null}"#).unwrap().refunds, Refunds::Net);
    }

    #[test]
    fn messages_do_not_repeat_the_value() {
        let error = read(r#"{"bins":"secret-13800138000"}"#).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        assert!(serde_json::from_str::<Value>(&deep).is_err());
    }
}
