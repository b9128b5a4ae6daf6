//! Text of another language: in a string of a manifest, or in a file of its own.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path};
use std::sync::Arc;

use super::context::DecodeContext;
use super::node::{Node, Raw, Span};
use super::sink;
use super::text_place::{TextPlace, Written};
use crate::confine;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::field::TextFile;
use crate::limits;

/// Reads what is called `name` and is such a text: a string as it stands, or `{ file = "..." }`.
pub(super) fn read<'a>(
    context: &mut DecodeContext<'_, 'a>,
    name: &str,
    of: TextFile,
    node: &Node<'a>,
) -> Option<Written> {
    let TextFile { what, ending, named } = of;
    let whole = context.place(node.span);
    if named {
        let node = context.expand(node)?.into_owned();
        return named_file(context, name, of, &node, whole);
    }
    if let Raw::Text(text) = &node.value {
        if limits::TEXT_FILE.exceeded(text.len()) {
            let message = format!("a {what} has at most {}", limits::TEXT_FILE);
            return context.fail(Code::ManifestLimit, node.span, message, format!("has {} bytes", text.len()));
        }
        if is_path(text, ending) {
            let message = format!("`{name}` is a {what}, and `{text}` is the name of a file");
            let help = format!("write `{name} = {{ file = \"{text}\" }}`");
            return context.fail_with(Code::ManifestTextFile, node.span, message, "names a file", help);
        }
        return Some(Written::of_string(&whole, text));
    }
    let node = context.expand(node)?.into_owned();
    let Raw::Table(table) = &node.value else {
        return context.wrong_type(name, &format!("a {what}, or `{{ file = \"...\" }}`"), &node);
    };
    let Some(entry) = table.only().filter(|entry| entry.key == "file") else {
        let help = format!("write `{name} = '''...'''`, or `{name} = {{ file = \"NAME.{ending}\" }}`");
        let message = format!("`{name}` must be a {what}, or one file");
        return context.fail_with(Code::ManifestTextFile, node.span, message, "expected `file` alone", help);
    };
    named_file(context, "file", of, &entry.node, whole)
}

/// The text in the file that `node` names.
fn named_file(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    of: TextFile,
    node: &Node<'_>,
    whole: Place,
) -> Option<Written> {
    let path = sink::path(context, name, node)?;
    let source = file(context, of, &path, node.span)?;
    Some(Written { text: source.text.clone(), at: TextPlace::of_file(source), whole })
}

/// Whether a text is nothing but a path of a file with such texts.
fn is_path(text: &str, ending: &str) -> bool {
    let stem = text.strip_suffix(ending).and_then(|text| text.strip_suffix('.'));
    let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '/' | '_' | '-' | '.');
    stem.is_some_and(|stem| !stem.is_empty() && stem.chars().all(part))
}

/// Why `path` names no such text, and what to do: whatever is read as one may be shown, so what is called otherwise is not read.
fn called_otherwise(of: TextFile, path: &Path) -> Option<(String, String)> {
    if confine::leaves(path) {
        return None;
    }
    let hidden = |part: &Component<'_>| matches!(part, Component::Normal(name) if name.as_bytes().starts_with(b"."));
    if path.components().any(|part| hidden(&part)) {
        let message =
            format!("{} is hidden: its name, or that of a directory above it, begins with a dot", path.display());
        return Some((message, "rename or move it: hidden files are not read".to_owned()));
    }
    let TextFile { what, ending, .. } = of;
    if path.extension().is_none_or(|extension| extension != ending) {
        let message = format!("{} is not a {what}: its name does not end in `.{ending}`", path.display());
        return Some((message, "rename it if it is one".to_owned()));
    }
    None
}

fn file(context: &mut DecodeContext<'_, '_>, of: TextFile, path: &Path, span: Span) -> Option<Arc<Source>> {
    if let Some((message, help)) = called_otherwise(of, path) {
        return context.fail_with(Code::ManifestFile, span, message, "names this file", help);
    }
    if let Some(source) = context.project.texts.borrow().get(path) {
        return Some(Arc::clone(source));
    }
    let bytes = match context.project.known.root.read(path, &limits::TEXT_FILE) {
        Ok(bytes) => bytes,
        Err(error) => {
            let help = error.help().unwrap_or("paths are relative to the project directory");
            return context.fail_with(Code::ManifestFile, span, error.to_string(), "names this file", help);
        }
    };
    let length = &context.project.texts_length;
    length.set(length.get() + bytes.len());
    if limits::TEXT_FILES.exceeded(length.get()) {
        let what = || {
            (
                format!("with {} the texts in files of their own are larger than", path.display()),
                Some(context.place(span)),
            )
        };
        context.budget().exceed(&limits::TEXT_FILES, what);
        return None;
    }
    let shown = super::source::shown(context.project.known.root.path(), path);
    match super::source::text(path, shown, bytes) {
        Ok(source) => {
            context.project.texts.borrow_mut().insert(path.to_owned(), Arc::clone(&source));
            Some(source)
        }
        Err(error) => {
            context.say(Diagnostic { code: Code::ManifestFile, ..error }.at(context.place(span), "named here"));
            None
        }
    }
}
