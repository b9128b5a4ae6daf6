//! Values of fields as a manifest writes them.

use std::borrow::Cow;

use crate::address::is_plain_key;
use crate::diff::FieldChange;
use crate::redact::{HIDDEN, is_secret, without_secrets};
use crate::secret::{COMMAND_TIMEOUT, Sink};
use crate::value::{Ref, Value};

/// A list of more values is compared line by line.
const IN_ONE_LINE: usize = 5;

/// `text` in quotes, as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One reference.
pub(super) fn reference(of: &Ref) -> String {
    match of {
        Ref::To(address) => address.to_string(),
        Ref::Home => "(home org)".to_owned(),
        Ref::Id(kind, id) => format!("{}-id:{id}", kind.name()),
    }
}

/// A value in one line. A script is only named; secrets have no text.
pub(super) fn short(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(&without_secrets(text)),
        Value::Duration(_) | Value::Before(_) => quoted(&value.to_string()),
        Value::Infinite => quoted("infinite"),
        Value::Ref(of) => reference(of),
        Value::Script(script) => {
            let what = if script.is_flux() { "script" } else { "text" };
            match script.text().lines().count() {
                1 => format!("(a {what} of 1 line)"),
                lines => format!("(a {what} of {lines} lines)"),
            }
        }
        Value::Map(map) => {
            format!("{{ {} }}", map.iter().map(property).collect::<Vec<_>>().join(", "))
        }
        Value::Sinks(sinks) => format!("[{}]", sinks.iter().map(sink).collect::<Vec<_>>().join(", ")),
        Value::List(items) => format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let fields: Vec<_> =
                table.iter().map(|(key, value)| format!("{} = {}", word(key), under(key, value))).collect();
            if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
        }
        Value::Unset
        | Value::Integer(_)
        | Value::Number(_)
        | Value::Bool(_)
        | Value::Refs(_)
        | Value::Scopes(_)
        | Value::Source(_) => value.to_string(),
    }
}

/// A value that stands under `key`.
fn under(key: &str, value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(&text_under(key, text)),
        value => short(value),
    }
}

/// `text` without secrets, or nothing of it if `key` is called like one.
pub(super) fn text_under<'t>(key: &str, text: &'t str) -> Cow<'t, str> {
    if is_secret(key) { HIDDEN.into() } else { without_secrets(text) }
}

fn property((key, value): (&String, &String)) -> String {
    format!("{} = {}", quoted(key), quoted(&text_under(key, value)))
}

/// What was last applied, written as [`short`] writes the values of the same field.
pub(super) fn last(field: &FieldChange) -> Option<String> {
    let is_text =
        |value: &Value| matches!(value, Value::Text(_) | Value::Duration(_) | Value::Before(_) | Value::Infinite);
    let text = field.live.as_ref().is_some_and(is_text) || is_text(&field.wanted);
    // The ledger writes down what is absent as it is shown.
    let absent = |last: &str| last == Value::Unset.to_string();
    let shown = |last: &String| without_secrets(last).into_owned();
    field.last.as_ref().map(|last| if text && !absent(last) { quoted(&shown(last)) } else { shown(last) })
}

/// The lines of a value that is compared line by line: a script's own, or one for each member of a set.
pub(super) fn lines(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Script(script) => Some(script_lines(script.text())),
        Value::Refs(set) => Some(set.iter().map(reference).collect()),
        Value::Scopes(scopes) => Some(scopes.iter().map(ToString::to_string).collect()),
        Value::Map(map) => Some(map.iter().map(property).collect()),
        Value::Sinks(sinks) => Some(sinks.iter().map(sink).collect()),
        Value::List(items) if items.iter().any(|item| matches!(item, Value::Table(_))) => Some(nested(value)),
        Value::List(items) if items.len() > IN_ONE_LINE => Some(items.iter().map(short).collect()),
        Value::Table(table) if table.len() > 1 || table.values().any(|value| lines(value).is_some()) => {
            Some(nested(value))
        }
        _ => None,
    }
}

/// The lines of a list or a table with what stands in it: an item begins with `-`, and a field is `key = value`.
fn nested(value: &Value) -> Vec<String> {
    let indented = |line: String| format!("    {line}");
    let field = |(key, value): (&String, &Value)| match lines(value) {
        None => vec![format!("{} = {}", word(key), under(key, value))],
        Some(lines) => {
            let mut field = vec![format!("{}:", word(key))];
            field.extend(lines.into_iter().map(indented));
            field
        }
    };
    let item = |item: &Value| match item {
        Value::Table(_) => {
            let lines = nested(item);
            let mark = |(n, line)| if n == 0 { format!("- {line}") } else { format!("  {line}") };
            lines.into_iter().enumerate().map(mark).collect()
        }
        plain => vec![format!("- {}", short(plain))],
    };
    match value {
        Value::Table(table) => table.iter().flat_map(field).collect(),
        Value::List(items) => items.iter().flat_map(item).collect(),
        plain => vec![short(plain)],
    }
}

/// A key as TOML writes it.
fn word(key: &str) -> String {
    if is_plain_key(key) { key.to_owned() } else { quoted(key) }
}

/// A sink with all that can be said of it.
fn sink(sink: &Sink) -> String {
    let mut text = sink.to_string();
    if let Sink::Command { timeout, shows_stderr, .. } = sink {
        if *timeout != COMMAND_TIMEOUT {
            text.push_str(&format!(", timeout {} s", timeout.as_secs_f64()));
        }
        if *shows_stderr {
            text.push_str(", stderr shown");
        }
    }
    text
}

/// The lines of a script. A carriage return at the end of one is a part of it.
fn script_lines(text: &str) -> Vec<String> {
    text.strip_suffix('\n').unwrap_or(text).split('\n').map(str::to_owned).collect()
}

/// A number with its thousands apart.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 resource`, `2 resources`.
pub fn count(number: usize, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::Cause;

    #[test]
    fn what_was_absent_is_in_no_quotes() {
        let cron = |last: Option<&str>| {
            let text = || Value::Text("0 * * * *".into());
            let (live, last) = (Some(text()), last.map(str::to_owned));
            super::last(&FieldChange { field: "cron", live, wanted: Value::Unset, last, cause: Cause::Drift })
        };
        assert_eq!(cron(Some("(none)")).as_deref(), Some("(none)"));
        assert_eq!(cron(Some("@daily")).as_deref(), Some("\"@daily\""));
        assert_eq!(cron(None), None);
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1234567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
