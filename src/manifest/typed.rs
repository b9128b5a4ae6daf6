//! From a written value to the value of a field, by the field's shape.

use std::collections::{BTreeMap, BTreeSet};

use super::context::DecodeContext;
use super::node::{Node, Raw, Span};
use super::reference::Resolved;
use super::text::{is_identifier, item_text, text};
use super::{scope, sink};
use crate::address::Address;
use crate::diagnostic::{Code, nearest};
use crate::duration::{Duration, DurationError};
use crate::field::{Field, Type};
use crate::kind::Kind;
use crate::snowflake::is_id;
use crate::value::{Ref, Value};

/// Reads the value of `field`; none where it has an error, which has been said.
pub(super) fn read(context: &mut DecodeContext<'_, '_>, field: &'static Field, node: &Node<'_>) -> Option<Value> {
    of_type(context, field.name, field.ty, node)
}

/// Reads a value of `shape` for the field called `name`.
fn of_type(context: &mut DecodeContext<'_, '_>, name: &str, ty: Type, node: &Node<'_>) -> Option<Value> {
    match ty {
        // Whether a cron expression is a schedule is a rule of the kind: a script may have it too.
        Type::Text | Type::Cron => text(context, name, node).map(|text| Value::Text(text.to_owned())),
        Type::Choice(words) => choice(context, name, words, node),
        Type::Integer => match node.value {
            Raw::Integer(number) => Some(Value::Integer(number)),
            _ => context.wrong_type(name, "a whole number", node),
        },
        Type::Bool => match node.value {
            Raw::Boolean(yes) => Some(Value::Bool(yes)),
            _ => context.wrong_type(name, "true or false", node),
        },
        Type::List(of) => list(context, name, *of, node),
        Type::Duration { months } => duration(context, name, months, node).map(Value::Duration),
        Type::SignedDuration => match Value::signed_duration(duration_text(context, name, "1h", node)?) {
            Ok(duration) => Some(duration),
            Err(error) => not_a_duration(context, name, node, &error),
        },
        Type::Retention => retention(context, name, node),
        Type::Ref(kind) => reference(context, name, kind, node),
        Type::Refs(kind) => references(context, name, kind, node),
        Type::Map => map(context, name, node),
        Type::Identifier => identifier(context, name, node),
        Type::Scopes => scope::read(context, name, node),
        Type::Source => sink::source(context, name, node).map(Value::Source),
        Type::Sinks => sink::sinks(context, name, node).map(Value::Sinks),
        Type::Id => id(context, name, node),
        Type::Flux | Type::Params => None,
    }
}

/// The text that a duration must be, such as `sample`; a number lacks a unit.
fn duration_text<'n>(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    sample: &str,
    node: &'n Node<'_>,
) -> Option<&'n str> {
    match &node.value {
        Raw::Integer(_) | Raw::Float(_) => {
            let help = format!("write it with a unit, in quotes, such as `\"{sample}\"`");
            context.wrong_type_with(name, "a string", node, Some(help))
        }
        _ => text(context, name, node),
    }
}

fn choice(context: &mut DecodeContext<'_, '_>, name: &str, words: &[&str], node: &Node<'_>) -> Option<Value> {
    let word = text(context, name, node)?;
    if words.contains(&word) {
        return Some(Value::Text(word.to_owned()));
    }
    let message = format!("invalid {name} `{word}`");
    let help = match nearest(word, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if words.len() == 1 => format!("write `{}`", words[0]),
        None => format!("write one of {}", words.join(", ")),
    };
    context.fail_with(Code::ManifestValue, node.span, message, "unknown", help)
}

/// A duration, for fields and for what stands outside resources.
fn duration(context: &mut DecodeContext<'_, '_>, name: &str, months: bool, node: &Node<'_>) -> Option<Duration> {
    let text = duration_text(context, name, "1h", node)?;
    match text.parse::<Duration>() {
        Ok(duration) if duration.months > 0 && !months => {
            let message = format!("`{name}` cannot have months or years");
            context.fail_with(Code::ManifestDuration, node.span, message, "`mo` or `y`", "write days, such as `30d`")
        }
        Ok(duration) => Some(duration),
        Err(error) => not_a_duration(context, name, node, &error),
    }
}

fn not_a_duration<T>(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    node: &Node<'_>,
    error: &DurationError,
) -> Option<T> {
    let label = format!("`{name}` is a duration");
    match error.help() {
        Some(help) => context.fail_with(Code::ManifestDuration, node.span, error.to_string(), label, help),
        None => context.fail(Code::ManifestDuration, node.span, error.to_string(), label),
    }
}

fn retention(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    if node.text() == Some("infinite") {
        return Some(Value::Infinite);
    }
    let help = "write a duration such as `30d`, or `infinite`";
    let text = duration_text(context, name, "30d", node)?;
    match text.parse::<Duration>() {
        Err(error @ DurationError::TooLong(_)) => {
            let help = "write `infinite` to keep points forever";
            context.fail_with(Code::ManifestDuration, node.span, error.to_string(), "too long", help)
        }
        Err(_) => context.fail_with(
            Code::ManifestDuration,
            node.span,
            format!("invalid {name} `{text}`"),
            "not a duration",
            help,
        ),
        Ok(duration) if duration.months > 0 => {
            let message = format!("`{name}` cannot have months or years");
            context.fail_with(Code::ManifestDuration, node.span, message, "`mo` or `y`", help)
        }
        Ok(duration) if duration.nanos == 0 => {
            let message = format!("`{name}` cannot be zero");
            context.fail_with(
                Code::ManifestDuration,
                node.span,
                message,
                "zero",
                "write `infinite` to keep points forever",
            )
        }
        Ok(duration) if duration.whole_secs().is_none() => {
            let message = format!("`{name}` must be whole seconds");
            context.fail(Code::ManifestDuration, node.span, message, "has a fraction of a second")
        }
        Ok(duration) => Some(Value::Duration(duration)),
    }
}

/// The one resource that a text means, which must be of `kind`.
pub(super) fn address(context: &mut DecodeContext<'_, '_>, name: &str, kind: Kind, node: &Node<'_>) -> Option<Address> {
    let text = text(context, name, node)?;
    addresses(context, name, kind, text, node.span)?.one(context, node.span)
}

fn addresses(context: &mut DecodeContext<'_, '_>, name: &str, kind: Kind, text: &str, span: Span) -> Option<Resolved> {
    let (table, index) = context.parse(text, Some(kind), span)?;
    if table.kind != kind {
        let message = format!("`{name}` expects a resource of kind {kind}, found {table}");
        return context.fail(Code::ManifestKind, span, message, format!("expected {kind}"));
    }
    context.resolve(table, index, span)
}

fn reference(context: &mut DecodeContext<'_, '_>, name: &str, kind: Kind, node: &Node<'_>) -> Option<Value> {
    address(context, name, kind, node).map(|address| Value::Ref(Ref::To(address)))
}

fn references(context: &mut DecodeContext<'_, '_>, name: &str, kind: Kind, node: &Node<'_>) -> Option<Value> {
    let Raw::Array(items) = &node.value else {
        return context.wrong_type(name, "a list of addresses", node);
    };
    let mut set = BTreeSet::new();
    let mut sound = true;
    for item in items {
        let resolved = item_text(context, name, "addresses", item)
            .and_then(|text| addresses(context, name, kind, text, item.span));
        let Some(resolved) = resolved else {
            sound = false;
            continue;
        };
        for address in resolved.all() {
            if !set.insert(Ref::To(address.clone())) {
                let message = format!("duplicate {address} in `{name}`");
                context.fail::<()>(Code::ManifestTwice, item.span, message, "again here");
                sound = false;
            }
        }
    }
    sound.then(|| Value::Refs(set.into_iter().collect()))
}

fn list(context: &mut DecodeContext<'_, '_>, name: &str, of: Type, node: &Node<'_>) -> Option<Value> {
    let Raw::Array(items) = &node.value else {
        return context.wrong_type(name, "a list", node);
    };
    // All of them, so that each mistake is said.
    let read: Vec<_> = items
        .iter()
        .map(|item| match of {
            Type::Text => item_text(context, name, "strings", item).map(|text| Value::Text(text.to_owned())),
            of => of_type(context, name, of, item),
        })
        .collect();
    read.into_iter().collect::<Option<_>>().map(Value::List)
}

fn map(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let Raw::Table(table) = &node.value else {
        return context.wrong_type(name, "a table of strings", node);
    };
    let mut map = BTreeMap::new();
    let mut sound = true;
    for entry in &table.0 {
        match entry.node.text() {
            Some(text) => {
                map.insert(entry.key.clone().into_owned(), text.to_owned());
            }
            None => {
                context.wrong_type::<()>(&entry.key, "a string", &entry.node);
                sound = false;
            }
        }
    }
    sound.then_some(Value::Map(map))
}

fn identifier(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let text = text(context, name, node)?;
    if is_identifier(text) {
        return Some(Value::Text(text.to_owned()));
    }
    let message = format!("invalid Flux name `{text}`");
    context.fail_with(
        Code::ManifestValue,
        node.span,
        message,
        "not a name",
        "use a letter or `_`, then letters, digits and `_`",
    )
}

fn id(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let text = text(context, name, node)?;
    if is_id(text) {
        return Some(Value::Text(text.to_owned()));
    }
    context.fail(
        Code::ManifestId,
        node.span,
        format!("invalid ID `{text}`"),
        "an ID is 16 hexadecimal digits in lower case",
    )
}
