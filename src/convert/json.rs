//! JSON with places.

use std::sync::Arc;

use serde_json::Value as Json;

use super::node::{Entry, Inner, Node};
use super::{bad, too_many};
use crate::diagnostic::{Diagnostic, Source};
use crate::json_places as places;
use crate::limits::SOURCE_VALUES;

/// The value that the text of `source` is.
///
/// # Errors
/// The first mistake.
pub(super) fn read(source: &Arc<Source>) -> Result<Node, Diagnostic> {
    let text = &source.text;
    let json: Json = serde_json::from_str(text).map_err(|error| {
        let line = source.lines().get(error.line().saturating_sub(1)).copied().unwrap_or_default();
        let last = text.trim_end().len().saturating_sub(1);
        let at = text.floor_char_boundary((line + error.column().saturating_sub(1)).min(last));
        let length = text[at..].chars().next().map_or(0, char::len_utf8);
        bad(source, at..at + length, "this is no JSON", error.to_string())
    })?;
    let place = places::Node::of(text);
    if let Some((key, at)) = place.repeated().into_iter().next() {
        return Err(bad(source, at, format!("the key `{key}` stands twice in one object"), "again"));
    }
    let node = joined(json, &place);
    if SOURCE_VALUES.exceeded(node.weight) {
        return Err(too_many(source, 0..1));
    }
    Ok(node)
}

/// `json` with the places of what is in it.
fn joined(json: Json, place: &places::Node) -> Node {
    let inner = match (json, place.inner()) {
        (Json::Null, _) => Inner::Null,
        (Json::Bool(yes), _) => Inner::Bool(yes),
        (Json::Number(number), _) => Inner::Number(number),
        (Json::String(text), _) => Inner::Text(text),
        (Json::Array(items), places::Inner::List(places)) => {
            Inner::List(items.into_iter().zip(places).map(|(item, place)| joined(item, place)).collect())
        }
        (Json::Object(mut all), places::Inner::Table(places)) => {
            let entries = places.iter().map(|(key, at, place)| Entry {
                key: key.clone(),
                at: at.clone(),
                value: joined(all.remove(key).unwrap_or_default(), place),
            });
            Inner::Table(entries.collect())
        }
        (Json::Array(_) | Json::Object(_), _) => Inner::Null,
    };
    Node::of(place.span(), inner)
}
