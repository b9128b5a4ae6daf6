//! Where secrets come from and go: read, never resolved.

use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::Duration;

use super::Reached;
use super::context::DecodeContext;
use super::node::{Entry, Node, Raw, Table};
use super::source::can_read_as;
use super::text::{is_identifier, item_text, text};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::flux::ast::Span;
use crate::flux::refs::{Access, Reference, Target};
use crate::redact::{Language, certain_literals};
use crate::secret::{COMMAND_TIMEOUT, Sink, Source};
use crate::value::Value;

const SOURCE_HELP: &str =
    "write `{ env = \"NAME\" }`, `{ var = \"NAME\" }`, `{ file = \"PATH\" }` or `{ command = [\"PROGRAM\", ...] }`";

const CREDENTIAL_HELP: &str = "write `{ secret = \"KEY\" }` for a secret of the org, or where the value comes from: `{ env = \"NAME\" }`, `{ var = \"NAME\" }`, \
                               `{ file = \"PATH\" }` or `{ command = [\"PROGRAM\", ...] }`";

/// Reads where a secret comes from, or which secret of the org it is: that one is reached as it is from a script.
pub(super) fn credential(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let key = match &node.value {
        Raw::Table(table) => table.get("secret").map(|key| (table, key)),
        _ => None,
    };
    let Some((table, node)) = key else { return source_of(context, name, node, CREDENTIAL_HELP).map(Value::Source) };
    only(context, table, &["secret"], "source")?;
    let key = text(context, "secret", node)?;
    if key.is_empty() {
        return context.fail(Code::ManifestSecret, node.span, format!("`{name}` names no secret"), "empty");
    }
    let span = Span { start: 0, end: 0 };
    let reference = Reference {
        span,
        access: Access::Reads,
        target: Target::Secret,
        name: Some(key.to_owned()),
        elsewhere: None,
        hosts: Vec::new(),
    };
    let place = context.place(node.span);
    context.reaches.push(Reached { reference, place });
    Some(Value::Table([("secret".to_owned(), Value::Text(key.to_owned()))].into()))
}

/// Reads where a secret comes from.
pub(super) fn source(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Source> {
    source_of(context, name, node, SOURCE_HELP)
}

fn source_of(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>, help: &str) -> Option<Source> {
    let Raw::Table(table) = &node.value else {
        let message = format!("`{name}` cannot be in a manifest in plain text");
        return context.fail_with(Code::ManifestSecretLiteral, node.span, message, "a secret in plain text", help);
    };
    if let Some(value) = table.get("command") {
        only(context, table, &["command", "stderr"], "source")?;
        let shows_stderr = shows_stderr(context, table)?;
        return argv(context, value).map(|argv| Source::Command { argv, shows_stderr });
    }
    let Some(Entry { key, at, node: value }) = table.only() else {
        let message = format!("`{name}` must have exactly one source");
        return context.fail_with(Code::ManifestSecret, node.span, message, "expected one key", help);
    };
    match key.as_ref() {
        "env" => {
            let name = text(context, "env", value)?;
            if name.is_empty() || name.contains(['=', '\0']) {
                let message = format!("invalid environment variable name `{name}`");
                return context.fail(Code::ManifestSecret, value.span, message, "not a name");
            }
            Some(Source::Env { name: name.to_owned() })
        }
        "file" => secret_path(context, "file", value).map(|path| Source::File { path }),
        "var" => {
            let name = text(context, "var", value)?;
            match context.project.known.values.is_secret_source(name, || context.place(value.span)) {
                Ok(()) => Some(Source::Variable { name: name.to_owned() }),
                Err(diagnostic) => {
                    context.say(diagnostic);
                    None
                }
            }
        }
        word => {
            let message = format!("unknown secret source `{word}`");
            context.fail_with(Code::ManifestSecret, *at, message, "unknown", help)
        }
    }
}

/// Reads one sink, a list of them, or `"discard"`.
pub(super) fn sinks(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Vec<Sink>> {
    let items = match &node.value {
        Raw::Array(items) if items.is_empty() => {
            let help = "to throw the secret away, write `\"discard\"`";
            return context.fail_with(Code::ManifestSink, node.span, format!("no sink in `{name}`"), "empty", help);
        }
        Raw::Array(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let read: Vec<_> = items.iter().map(|item| sink(context, name, item)).collect();
    let sinks: Vec<Sink> = read.into_iter().collect::<Option<_>>()?;
    if sinks.len() > 1 && sinks.contains(&Sink::Discard) {
        let message = format!("`{name}` both delivers and discards");
        return context.fail(Code::ManifestSink, node.span, message, "`\"discard\"` must be the only one");
    }
    Some(sinks)
}

const SINK_HELP: &str = "write `{ file = \"PATH\" }`, `{ env_file = \"PATH\", key = \"NAME\" }`, `{ command = [\"PROGRAM\", ...] }` or `\"discard\"`";

/// What each sort of sink says of itself: by the first word it is told.
const SINKS: [&[&str]; 3] = [&["file"], &["env_file", "key"], &["command", "timeout", "stderr"]];

/// Looks at the words of sinks whose values cannot be read.
pub(super) fn keys(context: &mut DecodeContext<'_, '_>, node: &Node<'_>) {
    let items = if let Raw::Array(items) = &node.value { items.as_slice() } else { std::slice::from_ref(node) };
    for item in items {
        if let Raw::Table(table) = &item.value {
            own_words(context, table);
        }
    }
}

fn own_words(context: &mut DecodeContext<'_, '_>, table: &Table<'_>) -> Option<()> {
    match SINKS.iter().find(|words| table.get(words[0]).is_some()) {
        Some(words) => only(context, table, words, "sink"),
        None => Some(()),
    }
}

fn sink(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Sink> {
    let table = match &node.value {
        Raw::Text(word) if word == "discard" => return Some(Sink::Discard),
        Raw::Table(table) => table,
        Raw::Text(word) => {
            let message = format!("unknown sink `{word}`");
            return context.fail_with(Code::ManifestSink, node.span, message, "unknown", SINK_HELP);
        }
        _ => return context.wrong_type(name, "a sink", node),
    };
    own_words(context, table)?;
    if let Some(value) = table.get("file") {
        return secret_path(context, "file", value).map(|path| Sink::File { path });
    }
    if let Some(value) = table.get("env_file") {
        let path = secret_path(context, "env_file", value)?;
        let Some(key) = table.get("key") else {
            let message = "an `env_file` sink needs `key`";
            return context.fail(Code::ManifestSink, node.span, message, "which variable of the file?");
        };
        let word = text(context, "key", key)?;
        if !is_identifier(word) {
            let message = format!("invalid environment variable name `{word}`");
            return context.fail(Code::ManifestSink, key.span, message, "letters, digits and `_`");
        }
        return Some(Sink::EnvFile { path, key: word.to_owned() });
    }
    if let Some(value) = table.get("command") {
        let shows_stderr = shows_stderr(context, table)?;
        let argv = argv(context, value)?;
        let timeout = match table.get("timeout") {
            None => COMMAND_TIMEOUT,
            Some(node) => timeout(context, node)?,
        };
        return Some(Sink::Command { argv, dir: PathBuf::new(), timeout, shows_stderr });
    }
    let options = ["key", "timeout", "stderr"];
    let word = table.0.iter().map(|entry| entry.key.as_ref()).find(|key| !options.contains(key));
    let message = format!("unknown sink `{}`", word.unwrap_or("{}"));
    context.fail_with(Code::ManifestSink, node.span, message, "unknown", SINK_HELP)
}

/// Refuses words that a sink or a source does not have.
fn only(context: &mut DecodeContext<'_, '_>, table: &Table<'_>, words: &[&str], what: &str) -> Option<()> {
    for entry in &table.0 {
        if !words.contains(&entry.key.as_ref()) {
            let message = format!("unknown field `{}` in a `{}` {what}", entry.key, words[0]);
            let help = match nearest(&entry.key, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if what == "sink" => SINK_HELP.to_owned(),
                None => SOURCE_HELP.to_owned(),
            };
            let code = if what == "sink" { Code::ManifestSink } else { Code::ManifestSecret };
            return context.fail_with(code, entry.at, message, "unknown", help);
        }
    }
    Some(())
}

/// Reads whether what a command writes to its standard error may be shown.
fn shows_stderr(context: &mut DecodeContext<'_, '_>, table: &Table<'_>) -> Option<bool> {
    let Some(node) = table.get("stderr") else { return Some(false) };
    match text(context, "stderr", node)? {
        "show" => Some(true),
        "hide" => Some(false),
        word => {
            let message = format!("unknown value `{word}` for `stderr`");
            context.fail_with(Code::ManifestSink, node.span, message, "unknown", "write `\"show\"` or `\"hide\"`")
        }
    }
}

fn timeout(context: &mut DecodeContext<'_, '_>, node: &Node<'_>) -> Option<Duration> {
    let word = text(context, "timeout", node)?;
    match exact(word) {
        Some(duration) if !duration.is_zero() => Some(duration),
        _ => {
            let message = format!("invalid timeout `{word}`");
            context.fail(Code::ManifestDuration, node.span, message, "write a duration such as `30s`")
        }
    }
}

/// A duration without months, as the standard library has it.
pub(super) fn exact(text: &str) -> Option<Duration> {
    let duration: crate::duration::Duration = text.parse().ok()?;
    (duration.months == 0).then(|| Duration::from_nanos(duration.nanos))
}

/// Reads the path of a file, which stays as it is written.
pub(super) fn path(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<PathBuf> {
    match text(context, name, node)? {
        "" => context.fail(Code::ManifestPath, node.span, format!("`{name}` is an empty path"), "empty"),
        text if text.contains('\0') => {
            context.fail(Code::ManifestPath, node.span, format!("invalid path in `{name}`"), "has a NUL character")
        }
        text if text.split('/').next().is_some_and(|first| first == "~" || first.starts_with('$')) => {
            let message = format!("no shell expands the path in `{name}`");
            let help = "write an absolute path, one that is relative to the project, or a variable of the manifests: `${var.NAME}`";
            context.fail_with(Code::ManifestPath, node.span, message, "would be a directory of this name", help)
        }
        text => Some(PathBuf::from(text)),
    }
}

/// Reads the path of a file that holds a secret. What has the name of a manifest, a script or another text can be read as one, and shown.
fn secret_path(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<PathBuf> {
    let path = path(context, name, node)?;
    if path.as_os_str().as_bytes().ends_with(b"/") || path.file_name().is_none() {
        let message = format!("cannot keep a secret in {}, which is a directory", path.display());
        return context.fail_with(Code::ManifestPath, node.span, message, "names a directory", "name a file in it");
    }
    let Some(what) = can_read_as(&path) else { return Some(path) };
    let message = format!("cannot keep a secret in {}, which has the name of a {what}", path.display());
    context.fail_with(Code::ManifestPath, node.span, message, "names this file", "choose another file name")
}

fn argv(context: &mut DecodeContext<'_, '_>, node: &Node<'_>) -> Option<Vec<String>> {
    let Raw::Array(items) = &node.value else {
        return context.wrong_type("command", "a list of strings: the program and its arguments", node);
    };
    let read: Vec<_> =
        items.iter().map(|item| item_text(context, "command", "strings", item).map(str::to_owned)).collect();
    let argv: Vec<String> = read.into_iter().collect::<Option<_>>()?;
    if argv.first().is_none_or(String::is_empty) || argv.iter().any(|word| word.contains('\0')) {
        return context.fail(
            Code::ManifestCommand,
            node.span,
            "this command cannot be started",
            "has no program, or a NUL",
        );
    }
    if !certain_literals(&format!("command = {argv:?}"), Language::Config).is_empty() {
        let message =
            "whoever may read this manifest, or see the processes of the machine, can read the secret in this command";
        let help = "let the program read it from a file or a variable of its environment";
        let warning = Diagnostic::warning(Code::ManifestSecretLiteral, message);
        context.say(warning.at(context.place(node.span), "a secret in plain text").help(help));
    }
    Some(argv)
}
