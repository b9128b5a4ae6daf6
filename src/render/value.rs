//! Values of fields as a manifest writes them.

use std::borrow::Cow;

use crate::address::is_plain_key;
use crate::diff::FieldChange;
use crate::field::Type;
use crate::kind::Kind;
use crate::redact::{Part, beside, without_secrets, without_secrets_in_command};
use crate::secret::{COMMAND_TIMEOUT, Sink};
use crate::value::{Ref, Value, called, masked};

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

/// Whether secrets in texts are hidden. What has them is only for comparing, and never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrets {
    Hidden,
    Plain,
}

/// What is shown of a value in one line, beside the same with its secrets.
pub(super) struct Shown {
    plain: String,
    pub(super) shown: String,
}

impl Shown {
    /// Of the value of `field`.
    pub(super) fn of(field: &str, value: &Value) -> Self {
        Self { plain: one_line(field, value, Secrets::Plain), shown: one_line(field, value, Secrets::Hidden) }
    }

    /// What stands for a value that is not known.
    pub(super) fn words(words: &str) -> Self {
        Self { plain: words.to_owned(), shown: words.to_owned() }
    }

    fn whole(&self) -> Part<'_> {
        Part { plain: &self.plain, shown: &self.shown }
    }

    /// Both as they are shown: where a secret differs, the second says so.
    pub(super) fn beside(self, second: &Self) -> (String, String) {
        let shown = beside(&[self.whole()], &[second.whole()]).concat();
        (self.shown, shown)
    }
}

/// The value of `field` in one line. A script is only named; secrets have no text.
pub(super) fn short(field: &str, value: &Value) -> String {
    one_line(field, value, Secrets::Hidden)
}

/// The same of a field of `kind`: a list may be kept by the keys of its items, and is a list also where it has none.
pub(super) fn short_of(kind: Kind, field: &FieldChange) -> String {
    let is_list = kind.field(field.field).is_some_and(|field| matches!(field.ty, Type::List(_)));
    match &field.wanted {
        Value::Table(items) if is_list && items.is_empty() => "[]".to_owned(),
        value => short(field.field, value),
    }
}

fn one_line(field: &str, value: &Value, secrets: Secrets) -> String {
    match value {
        Value::Text(text) => quoted(&text_of((field, ""), text, secrets)),
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
            let properties: Vec<_> = map.iter().map(|of| property(field, of, secrets)).collect();
            format!("{{ {} }}", properties.join(", "))
        }
        Value::Sinks(sinks) => {
            format!("[{}]", sinks.iter().map(|of| sink(of, secrets)).collect::<Vec<_>>().join(", "))
        }
        Value::List(items) => {
            format!("[{}]", items.iter().map(|item| one_line(field, item, secrets)).collect::<Vec<_>>().join(", "))
        }
        Value::Table(table) => {
            let fields: Vec<_> = table
                .iter()
                .map(|(key, value)| format!("{} = {}", word(key), under((field, called(key)), value, secrets)))
                .collect();
            if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
        }
        Value::Unset | Value::Integer(_) | Value::Number(_) | Value::Bool(_) | Value::Refs(_) | Value::Scopes(_) => {
            value.to_string()
        }
        Value::Source(_) => source(value, secrets),
        Value::Note(words) => format!("({})", text_of((field, ""), words, secrets)),
    }
}

/// Where a secret comes from.
fn source(value: &Value, secrets: Secrets) -> String {
    let text = value.to_string();
    match secrets {
        Secrets::Hidden => without_secrets_in_command(&text).into_owned(),
        Secrets::Plain => text,
    }
}

/// A value that stands in a field under a key.
fn under(at: (&str, &str), value: &Value, secrets: Secrets) -> String {
    match value {
        Value::Text(text) => quoted(&text_of(at, text, secrets)),
        value => one_line(at.0, value, secrets),
    }
}

fn text_of<'t>((field, key): (&str, &str), text: &'t str, secrets: Secrets) -> Cow<'t, str> {
    match secrets {
        Secrets::Hidden => masked(field, key, text),
        Secrets::Plain => text.into(),
    }
}

/// `text`, which stands in a field under a key, where it takes the place of `other`: where a secret differs, that is told.
pub(super) fn text_beside((field, key): (&str, &str), text: &str, other: Option<&str>) -> String {
    masked_beside(|text| masked(field, key, text), text, other)
}

/// The same of a sink, or of where a secret comes from.
pub(super) fn command_beside(text: &str, other: Option<&str>) -> String {
    masked_beside(|text| without_secrets_in_command(text), text, other)
}

fn masked_beside<'t>(mask: impl Fn(&'t str) -> Cow<'t, str>, text: &'t str, other: Option<&'t str>) -> String {
    let part = |plain| (plain, mask(plain));
    let (old, new) = (other.map(part), part(text));
    let old: Vec<_> = old.iter().map(|(plain, shown)| Part { plain, shown }).collect();
    beside(&old, &[Part { plain: new.0, shown: &new.1 }]).concat()
}

fn property(field: &str, (key, value): (&String, &String), secrets: Secrets) -> String {
    format!("{} = {}", quoted(key), quoted(&text_of((field, key), value, secrets)))
}

/// What was last applied, written as [`short`] writes the values of the same field.
pub(super) fn last(field: &FieldChange) -> Option<Shown> {
    let is_text =
        |value: &Value| matches!(value, Value::Text(_) | Value::Duration(_) | Value::Before(_) | Value::Infinite);
    let text = field.live.as_ref().is_some_and(is_text) || is_text(&field.wanted);
    // The ledger writes down what is absent as it is shown.
    let absent = |last: &str| last == Value::Unset.to_string();
    let shown = |last: &str| last_text(field, last).into_owned();
    field.last.as_ref().map(|last| match text && !absent(last) {
        true => Shown { plain: quoted(last), shown: quoted(&shown(last)) },
        false => Shown { plain: last.clone(), shown: shown(last) },
    })
}

/// What the ledger has of a field, without secrets.
pub(super) fn last_text<'t>(field: &FieldChange, last: &'t str) -> Cow<'t, str> {
    match field.wanted {
        Value::Sinks(_) => without_secrets_in_command(last),
        _ => without_secrets(last),
    }
}

/// The lines of the value of `field` that is compared line by line: a script's own, or one for each member of a set.
pub(super) fn lines(field: &str, value: &Value) -> Option<Vec<String>> {
    listed(field, value, Secrets::Hidden)
}

/// The lines of two values that are compared line by line: where only a secret differs, the second says so.
pub(super) fn lines_beside(field: &str, old: Option<&Value>, new: &Value) -> Option<(Vec<String>, Vec<String>)> {
    let shown = lines(field, new)?;
    let Some(old) = old else { return Some((Vec::new(), shown)) };
    let plain = |value| listed(field, value, Secrets::Plain);
    let (plain, old_shown, old_plain) = (plain(new)?, lines(field, old)?, plain(old)?);
    let new = beside(&parts(&old_plain, &old_shown), &parts(&plain, &shown));
    Some((old_shown, new))
}

/// All lines of two values, also of those that would be one line, with what a secret has become.
pub(super) fn nested_beside(field: &str, values: [Option<&Value>; 2]) -> [Option<Vec<String>>; 2] {
    let all = |secrets| values.map(|value| value.map(|value| nested(field, value, secrets)));
    let ([old, new], [plain_old, plain_new]) = (all(Secrets::Hidden), all(Secrets::Plain));
    let (Some(before), Some(after), Some(plain_old), Some(plain_new)) = (&old, &new, plain_old, plain_new) else {
        return [old, new];
    };
    let after = beside(&parts(&plain_old, before), &parts(&plain_new, after));
    [old, Some(after)]
}

fn parts<'t>(plain: &'t [String], shown: &'t [String]) -> Vec<Part<'t>> {
    plain.iter().zip(shown).map(|(plain, shown)| Part { plain, shown }).collect()
}

fn listed(field: &str, value: &Value, secrets: Secrets) -> Option<Vec<String>> {
    match value {
        Value::Script(script) => Some(script_lines(script.text())),
        Value::Refs(set) => Some(set.iter().map(reference).collect()),
        Value::Scopes(scopes) => Some(scopes.iter().map(ToString::to_string).collect()),
        Value::Map(map) => Some(map.iter().map(|of| property(field, of, secrets)).collect()),
        Value::Sinks(sinks) => Some(sinks.iter().map(|of| sink(of, secrets)).collect()),
        Value::List(items) if items.iter().any(|item| matches!(item, Value::Table(_))) => {
            Some(nested(field, value, secrets))
        }
        Value::List(items) if items.len() > IN_ONE_LINE => {
            Some(items.iter().map(|item| one_line(field, item, secrets)).collect())
        }
        Value::Table(table)
            if table.len() > 1 || table.values().any(|value| listed(field, value, secrets).is_some()) =>
        {
            Some(nested(field, value, secrets))
        }
        _ => None,
    }
}

/// The lines of a list or a table with what stands in it: an item begins with `-`, and a field is `key = value`.
fn nested(field: &str, value: &Value, secrets: Secrets) -> Vec<String> {
    let indented = |line: String| format!("    {line}");
    let entry = |(key, value): (&String, &Value)| match listed(field, &below_name(key, value), secrets) {
        None => vec![format!("{} = {}", word(key), under((field, called(key)), value, secrets))],
        Some(lines) => {
            let mut entry = vec![format!("{}:", word(key))];
            entry.extend(lines.into_iter().map(indented));
            entry
        }
    };
    let item = |item: &Value| match item {
        Value::Table(_) => {
            let lines = nested(field, item, secrets);
            let mark = |(n, line)| if n == 0 { format!("- {line}") } else { format!("  {line}") };
            lines.into_iter().enumerate().map(mark).collect()
        }
        plain => vec![format!("- {}", one_line(field, plain, secrets))],
    };
    match value {
        Value::Table(table) => table.iter().flat_map(entry).collect(),
        Value::List(items) => items.iter().flat_map(item).collect(),
        plain => vec![one_line(field, plain, secrets)],
    }
}

/// What stands below the name `key` of an item, which is not said again.
pub(super) fn below_name<'v>(key: &str, value: &'v Value) -> Cow<'v, Value> {
    match value {
        Value::Table(table) if table.get("name").is_some_and(|name| *name == Value::Text(key.to_owned())) => {
            let rest = table.iter().filter(|(field, _)| *field != "name");
            Cow::Owned(Value::Table(rest.map(|(field, value)| (field.clone(), value.clone())).collect()))
        }
        value => Cow::Borrowed(value),
    }
}

/// A key as TOML writes it.
pub(super) fn word(key: &str) -> String {
    if is_plain_key(key) { key.to_owned() } else { quoted(key) }
}

/// A sink with all that can be said of it.
fn sink(sink: &Sink, secrets: Secrets) -> String {
    let mut text = sink.to_string();
    if let Sink::Command { timeout, shows_stderr, .. } = sink {
        if secrets == Secrets::Hidden {
            text = without_secrets_in_command(&text).into_owned();
        }
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
    use std::collections::BTreeMap;

    use super::*;
    use crate::diff::Cause;

    #[test]
    fn what_was_absent_is_in_no_quotes() {
        let cron = |last: Option<&str>| {
            let text = || Value::Text("0 * * * *".into());
            let (live, last) = (Some(text()), last.map(str::to_owned));
            let change = FieldChange { field: "cron", live, wanted: Value::Unset, last, cause: Cause::Drift };
            super::last(&change).map(|side| side.shown)
        };
        assert_eq!(cron(Some("(none)")).as_deref(), Some("(none)"));
        assert_eq!(cron(Some("@daily")).as_deref(), Some("\"@daily\""));
        assert_eq!(cron(None), None);
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_secret_that_changes_is_told_in_one_line() {
        let text = |text: &str| Value::Text(text.to_owned());
        let list = |texts: &[&str]| Value::List(texts.iter().map(|of| text(of)).collect());
        for (before, after, wanted) in [
            (text("token=A1b2"), text("token=C3d4"), "\"token=***\" -> \"token=*** (another secret)\""),
            (text("token=A1b2"), text("token=A1b2 x"), "\"token=***\" -> \"token=*** x\""),
            (
                list(&["pw=A1", "b"]),
                list(&["pw=A2", "c"]),
                "[\"pw=***\", \"b\"] -> [\"pw=*** (another secret)\", \"c\"]",
            ),
            (list(&["pw=A, 1"]), list(&["pw=A2"]), "[\"pw=***, 1\"] -> [\"pw=*** (another secret)\"]"),
            (text("token=A1b2 x"), text("token=C3d4 y"), "\"token=*** x\" -> \"token=*** (another secret) y\""),
            (
                Value::Map(map(&[("token", "A"), ("x", "1")])),
                Value::Map(map(&[("token", "B"), ("x", "2")])),
                "{ \"token\" = \"***\", \"x\" = \"1\" } -> { \"token\" = \"*** (another secret)\", \"x\" = \"2\" }",
            ),
        ] {
            let (before, after) = Shown::of("", &before).beside(&Shown::of("", &after));
            assert_eq!(format!("{before} -> {after}"), wanted);
        }
    }

    #[test]
    fn a_secret_that_changes_is_told_line_by_line() {
        let command = |token: &str| Sink::Command {
            argv: vec!["put".to_owned(), format!("--token={token}")],
            dir: "".into(),
            timeout: COMMAND_TIMEOUT,
            shows_stderr: false,
        };
        for (before, after, wanted) in [
            (
                Value::Map(map(&[("password", "A"), ("x", "1")])),
                Value::Map(map(&[("password", "B"), ("x", "1")])),
                vec!["\"password\" = \"*** (another secret)\"", "\"x\" = \"1\""],
            ),
            (
                Value::Sinks(vec![command("A1B2")]),
                Value::Sinks(vec![command("B3C4")]),
                vec!["command [\"put\", \"--token=*** (another secret)\"]"],
            ),
        ] {
            assert_eq!(lines_beside("", Some(&before), &after).expect("lines").1, wanted);
            assert_eq!(lines_beside("", Some(&before), &before).expect("lines").1, lines("", &before).expect("lines"));
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 1234567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
