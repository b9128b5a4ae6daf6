//! Texts that the server puts into a script of its own, between quotes: `${...}` in them is Flux.

use std::collections::BTreeMap;

use crate::flux::parser::parse;
use crate::value::Value;

/// Why the server can make no string of `text`.
pub(super) fn fault(text: &str) -> Option<String> {
    let script = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    parse(&script).errors().into_iter().next().map(|error| error.message)
}

/// Why a `what` cannot be called `name`, and what its place shows.
pub(super) fn not_a_name(what: &str, name: &str) -> Option<(String, &'static str)> {
    if name.is_empty() {
        Some((format!("a {what}'s name cannot be empty"), "empty"))
    } else if name.contains("${") {
        Some((format!("a {what}'s name cannot contain `${{`"), "begins an expression in Flux"))
    } else if name.contains('\0') {
        Some((format!("a {what}'s name cannot contain a NUL"), "has a NUL"))
    } else {
        None
    }
}

/// Tags as the value of a field. One key twice is nothing that a manifest can say.
pub(super) fn tags(tags: impl Iterator<Item = (String, String)>) -> Value {
    let tags: Vec<_> = tags.collect();
    let map: BTreeMap<_, _> = tags.iter().cloned().collect();
    if map.len() < tags.len() {
        let all: Vec<_> = tags.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        return Value::Text(all.join(", "));
    }
    if map.is_empty() { Value::Unset } else { Value::Map(map) }
}
