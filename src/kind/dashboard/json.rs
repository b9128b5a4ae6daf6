//! Between JSON as the server has it and values as a manifest has them.

use serde_json::{Value as Json, json};

use crate::value::{Number, Value};

/// Whole numbers up to here are written as such.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value as a manifest writes it; none for `null`.
pub(super) fn value(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => number_of(number.as_f64()?)?,
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().filter_map(value).collect()),
        Json::Object(all) => {
            Value::Table(all.iter().filter_map(|(key, json)| Some((key.clone(), value(json)?))).collect())
        }
    })
}

#[allow(clippy::cast_possible_truncation, reason = "it is a whole number that fits")]
fn number_of(number: f64) -> Option<Value> {
    let is_whole = number.fract() == 0.0 && number.abs() < EXACT;
    if is_whole { Some(Value::Integer(number as i64)) } else { Number::new(number).map(Value::Number) }
}

/// A value as it is sent.
pub(super) fn json(value: &Value) -> Json {
    match value {
        Value::Unset => Json::Null,
        Value::Bool(yes) => json!(yes),
        Value::Integer(number) => json!(number),
        Value::Number(number) => json!(number.get()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
        Value::Script(script) => json!(script.source().unwrap_or_default()),
        other => json!(other.to_string()),
    }
}

/// What stands at a path such as `axes.x.label`; `null` is nothing.
pub(super) fn get<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    let found = path.split('.').try_fold(json, |json, key| json.get(key))?;
    (!found.is_null()).then_some(found)
}

/// Puts `value` at a path.
pub(super) fn set(json: &mut Json, path: &str, value: Json) {
    let mut at = json;
    for key in path.split('.') {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[key];
    }
    *at = value;
}

/// Takes away what stands at a path.
pub(super) fn remove(json: &mut Json, path: &str) {
    let (parent, key) = path.rsplit_once('.').map_or((None, path), |(parent, key)| (Some(parent), key));
    let at = match parent {
        None => Some(json),
        Some(parent) => parent.split('.').try_fold(json, |json, key| json.get_mut(key)),
    };
    if let Some(Json::Object(all)) = at {
        all.remove(key);
    }
}

/// Whether the server takes it for nothing.
pub(super) fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Bool(yes) => !yes,
        Json::Number(number) => number.as_f64() == Some(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(all) => all.is_empty(),
    }
}

/// `json` without what is empty in it: that holds also where it is not said.
pub(super) fn without_empty(json: Json) -> Json {
    match json {
        Json::Object(all) => {
            let all = all.into_iter().map(|(key, json)| (key, without_empty(json)));
            Json::Object(all.filter(|(_, json)| !is_empty(json)).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(without_empty).collect()),
        other => other,
    }
}
