//! Values that are written as one word, one number or a table of words.

use std::collections::BTreeMap;

use super::context::DecodeContext;
use super::node::{Entry, Node, Raw};
use super::text::{is_identifier, text};
use crate::diagnostic::{Code, nearest};
use crate::duration::{Duration, DurationError};
use crate::snowflake::{self, is_id};
use crate::value::{Number, Value};

/// A number, whole or not.
pub(super) fn number(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let number = match node.value {
        #[allow(clippy::cast_precision_loss, reason = "what follows says whether it is the number that was written")]
        Raw::Integer(number) if (number as f64) as i64 == number => Number::new(number as f64),
        Raw::Float(number) => Number::new(number),
        Raw::Integer(number) => {
            let message = format!("`{name}` cannot be {number}: InfluxDB keeps no number of so many digits exactly");
            return context.fail(Code::ManifestValue, node.span, message, "not exact");
        }
        _ => return context.wrong_type(name, "a number", node),
    };
    match number {
        Some(number) => Some(Value::Number(number)),
        None => context.fail(Code::ManifestValue, node.span, format!("`{name}` must be a finite number"), "not one"),
    }
}

/// A value of any type, in which nothing is expanded.
pub(super) fn any(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    match &node.value {
        Raw::Text(text) => Some(Value::Text(text.clone().into_owned())),
        Raw::Boolean(yes) => Some(Value::Bool(*yes)),
        Raw::Integer(number) => Some(Value::Integer(*number)),
        Raw::Float(_) => number(context, name, node),
        Raw::Datetime(_) => context.wrong_type(name, "no date", node),
        Raw::Array(items) => items.iter().map(|item| any(context, name, item)).collect::<Option<_>>().map(Value::List),
        Raw::Table(table) => {
            let entry = |entry: &Entry<'_>| Some((entry.key.clone().into_owned(), any(context, name, &entry.node)?));
            table.0.iter().map(entry).collect::<Option<_>>().map(Value::Table)
        }
    }
}

/// A duration with a sign before it.
pub(super) fn signed_duration(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    match Value::signed_duration(duration_text(context, name, "1h", node)?) {
        Ok(duration) => Some(duration),
        Err(error) => not_a_duration(context, name, node, &error),
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

pub(super) fn choice(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    words: &[&str],
    node: &Node<'_>,
) -> Option<Value> {
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
pub(super) fn duration(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    months: bool,
    node: &Node<'_>,
) -> Option<Duration> {
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

pub(super) fn retention(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
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

pub(super) fn map(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
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

pub(super) fn identifier(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
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

pub(super) fn id(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let text = text(context, name, node)?;
    if is_id(text) {
        return Some(Value::Text(text.to_owned()));
    }
    context.fail(Code::ManifestId, node.span, format!("invalid ID `{text}`"), snowflake::fault(text))
}
