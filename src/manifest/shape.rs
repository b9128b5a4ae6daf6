//! From a written value to the value of a field, by the field's shape.

use std::collections::{BTreeMap, BTreeSet};

use super::node::{Node, Raw, Span};
use super::reference::Resolved;
use super::site::Site;
use super::{scope, sink};
use crate::address::Address;
use crate::diagnostic::nearest;
use crate::duration::{Duration, DurationError};
use crate::field::{Field, Shape};
use crate::kind::Kind;
use crate::value::{Ref, Value};

/// Reads the value of `field`; none where it has an error, which has been said.
pub(super) fn read(site: &mut Site<'_, '_>, field: &'static Field, node: &Node<'_>) -> Option<Value> {
    of_shape(site, field.name, field.shape, node)
}

/// Reads a value of `shape` for the field called `name`.
fn of_shape(site: &mut Site<'_, '_>, name: &str, shape: Shape, node: &Node<'_>) -> Option<Value> {
    match shape {
        // Whether a cron expression is a schedule is a rule of the kind: a script may have it too.
        Shape::Text | Shape::Cron => text(site, name, node).map(|text| Value::Text(text.to_owned())),
        Shape::Choice(words) => choice(site, name, words, node),
        Shape::Integer => match node.value {
            Raw::Integer(number) => Some(Value::Integer(number)),
            _ => site.wrong_type(name, "a whole number", node),
        },
        Shape::Bool => match node.value {
            Raw::Boolean(yes) => Some(Value::Bool(yes)),
            _ => site.wrong_type(name, "true or false", node),
        },
        Shape::List(of) => list(site, name, *of, node),
        Shape::Duration { months } => duration(site, name, months, node).map(Value::Duration),
        Shape::SignedDuration => match Value::signed_duration(duration_text(site, name, "1h", node)?) {
            Ok(duration) => Some(duration),
            Err(error) => not_a_duration(site, name, node, &error),
        },
        Shape::Retention => retention(site, name, node),
        Shape::Ref(kind) => reference(site, name, kind, node),
        Shape::Refs(kind) => references(site, name, kind, node),
        Shape::Map => map(site, name, node),
        Shape::Identifier => identifier(site, name, node),
        Shape::Scopes => scope::read(site, name, node),
        Shape::Source => sink::source(site, name, node).map(Value::Source),
        Shape::Sinks => sink::sinks(site, name, node).map(Value::Sinks),
        Shape::Id => id(site, name, node),
        Shape::Flux | Shape::Params => None,
    }
}

/// The text that a field must be.
pub(super) fn text<'n>(site: &mut Site<'_, '_>, name: &str, node: &'n Node<'_>) -> Option<&'n str> {
    match node.text() {
        Some(text) => Some(text),
        None => {
            let help = node.value.inline().map(|value| format!("put it in quotes: `\"{value}\"`"));
            site.wrong_type_with(name, "a string", node, help)
        }
    }
}

/// The text that a duration must be, such as `sample`; a number lacks a unit.
fn duration_text<'n>(site: &mut Site<'_, '_>, name: &str, sample: &str, node: &'n Node<'_>) -> Option<&'n str> {
    match &node.value {
        Raw::Integer(_) | Raw::Float(_) => {
            let help = format!("write it with a unit, in quotes, such as `\"{sample}\"`");
            site.wrong_type_with(name, "a string", node, Some(help))
        }
        _ => text(site, name, node),
    }
}

/// The text that an item of a list must be.
pub(super) fn item_text<'n>(site: &mut Site<'_, '_>, name: &str, wanted: &str, item: &'n Node<'_>) -> Option<&'n str> {
    match item.text() {
        Some(text) => Some(text),
        None => site.wrong_type(name, &format!("a list of {wanted}"), item),
    }
}

fn choice(site: &mut Site<'_, '_>, name: &str, words: &[&str], node: &Node<'_>) -> Option<Value> {
    let word = text(site, name, node)?;
    if words.contains(&word) {
        return Some(Value::Text(word.to_owned()));
    }
    let message = format!("invalid {name} `{word}`");
    let help = match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if words.len() == 1 => format!("write `{}`", words[0]),
        None => format!("write one of {}", words.join(", ")),
    };
    site.fail_with("manifest::value", node.span, message, "unknown", help)
}

/// A duration, for fields and for what stands outside resources.
fn duration(site: &mut Site<'_, '_>, name: &str, months: bool, node: &Node<'_>) -> Option<Duration> {
    let text = duration_text(site, name, "1h", node)?;
    match text.parse::<Duration>() {
        Ok(duration) if duration.months > 0 && !months => {
            let message = format!("`{name}` cannot have months or years");
            site.fail_with("manifest::duration", node.span, message, "`mo` or `y`", "write days, such as `30d`")
        }
        Ok(duration) => Some(duration),
        Err(error) => not_a_duration(site, name, node, &error),
    }
}

fn not_a_duration<T>(site: &mut Site<'_, '_>, name: &str, node: &Node<'_>, error: &DurationError) -> Option<T> {
    let label = format!("`{name}` is a duration");
    match error.help() {
        Some(help) => site.fail_with("manifest::duration", node.span, error.to_string(), label, help),
        None => site.fail("manifest::duration", node.span, error.to_string(), label),
    }
}

fn retention(site: &mut Site<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    if node.text() == Some("infinite") {
        return Some(Value::Infinite);
    }
    let help = "write a duration such as `30d`, or `infinite`";
    let text = duration_text(site, name, "30d", node)?;
    match text.parse::<Duration>() {
        Err(error @ DurationError::TooLong(_)) => {
            let help = "write `infinite` to keep points forever";
            site.fail_with("manifest::duration", node.span, error.to_string(), "too long", help)
        }
        Err(_) => {
            site.fail_with("manifest::duration", node.span, format!("invalid {name} `{text}`"), "not a duration", help)
        }
        Ok(duration) if duration.months > 0 => {
            let message = format!("`{name}` cannot have months or years");
            site.fail_with("manifest::duration", node.span, message, "`mo` or `y`", help)
        }
        Ok(duration) if duration.nanos == 0 => {
            let message = format!("`{name}` cannot be zero");
            site.fail_with("manifest::duration", node.span, message, "zero", "write `infinite` to keep points forever")
        }
        Ok(duration) if duration.whole_secs().is_none() => {
            let message = format!("`{name}` must be whole seconds");
            site.fail("manifest::duration", node.span, message, "has a fraction of a second")
        }
        Ok(duration) => Some(Value::Duration(duration)),
    }
}

/// The one resource that a text means, which must be of `kind`.
pub(super) fn address(site: &mut Site<'_, '_>, name: &str, kind: Kind, node: &Node<'_>) -> Option<Address> {
    let text = text(site, name, node)?;
    addresses(site, name, kind, text, node.span)?.one(site, node.span)
}

fn addresses(site: &mut Site<'_, '_>, name: &str, kind: Kind, text: &str, span: Span) -> Option<Resolved> {
    let (table, index) = site.parse(text, Some(kind), span)?;
    if table.kind != kind {
        let message = format!("`{name}` expects a resource of kind {kind}, found {table}");
        return site.fail("manifest::kind", span, message, format!("expected {kind}"));
    }
    site.resolve(table, index, span)
}

fn reference(site: &mut Site<'_, '_>, name: &str, kind: Kind, node: &Node<'_>) -> Option<Value> {
    address(site, name, kind, node).map(|address| Value::Ref(Ref::To(address)))
}

fn references(site: &mut Site<'_, '_>, name: &str, kind: Kind, node: &Node<'_>) -> Option<Value> {
    let Raw::Array(items) = &node.value else {
        return site.wrong_type(name, "a list of addresses", node);
    };
    let mut set = BTreeSet::new();
    let mut sound = true;
    for item in items {
        let resolved =
            item_text(site, name, "addresses", item).and_then(|text| addresses(site, name, kind, text, item.span));
        let Some(resolved) = resolved else {
            sound = false;
            continue;
        };
        for address in resolved.all() {
            if !set.insert(Ref::To(address.clone())) {
                let message = format!("duplicate {address} in `{name}`");
                site.fail::<()>("manifest::twice", item.span, message, "again here");
                sound = false;
            }
        }
    }
    sound.then(|| Value::Refs(set.into_iter().collect()))
}

fn list(site: &mut Site<'_, '_>, name: &str, of: Shape, node: &Node<'_>) -> Option<Value> {
    let Raw::Array(items) = &node.value else {
        return site.wrong_type(name, "a list", node);
    };
    // All of them, so that each mistake is said.
    let read: Vec<_> = items
        .iter()
        .map(|item| match of {
            Shape::Text => item_text(site, name, "strings", item).map(|text| Value::Text(text.to_owned())),
            of => of_shape(site, name, of, item),
        })
        .collect();
    read.into_iter().collect::<Option<_>>().map(Value::List)
}

fn map(site: &mut Site<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let Raw::Table(table) = &node.value else {
        return site.wrong_type(name, "a table of strings", node);
    };
    let mut map = BTreeMap::new();
    let mut sound = true;
    for entry in &table.0 {
        match entry.node.text() {
            Some(text) => {
                map.insert(entry.key.clone().into_owned(), text.to_owned());
            }
            None => {
                site.wrong_type::<()>(&entry.key, "a string", &entry.node);
                sound = false;
            }
        }
    }
    sound.then_some(Value::Map(map))
}

fn identifier(site: &mut Site<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let text = text(site, name, node)?;
    if is_identifier(text) {
        return Some(Value::Text(text.to_owned()));
    }
    let message = format!("invalid Flux name `{text}`");
    site.fail_with(
        "manifest::value",
        node.span,
        message,
        "not a name",
        "use a letter or `_`, then letters, digits and `_`",
    )
}

/// Whether `text` is use a letter or `_`, then letters, digits and `_`.
pub(super) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn id(site: &mut Site<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let text = text(site, name, node)?;
    if is_id(text) {
        return Some(Value::Text(text.to_owned()));
    }
    site.fail("manifest::id", node.span, format!("invalid ID `{text}`"), "an ID is 16 hexadecimal digits in lower case")
}

/// Whether `text` is an ID as InfluxDB writes it.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
