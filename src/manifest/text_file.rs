//! Text of another language: in a string of a manifest, or in a file of its own.

use super::context::DecodeContext;
use super::node::{Entry, Node, Raw};
use super::text_place::Written;
use super::{named_file, sink, uses};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::TextFile;
use crate::flux::library;
use crate::limits;

/// Reads what is called `name` and is such a text: a string as it stands, or `{ file = "..." }`.
pub(super) fn read<'a>(
    context: &mut DecodeContext<'_, 'a>,
    name: &str,
    of: TextFile,
    node: &Node<'a>,
) -> Option<Written> {
    let whole = context.place(node.span);
    let written = read_plain(context, name, of, node, whole)?;
    if of.uses && !written.at.is_composed() {
        fake_mark(context, &written);
    }
    Some(written)
}

/// Warns of a script without libraries that looks as if it had some: a plan would show what it says as what they say.
fn fake_mark(context: &mut DecodeContext<'_, '_>, script: &Written) {
    let Some(place) = library::mark(&script.text).map(|at| script.place(&at)) else { return };
    let message = "this text marks what comes from libraries, and this script has none: a plan may show what follows as a library's";
    let warning = Diagnostic::warning(Code::FluxLibrary, message).at(place, "not one of fluxform's");
    context.say(warning.help("remove it, or write it in another way"));
}

/// The same without a look at what it says.
fn read_plain<'a>(
    context: &mut DecodeContext<'_, 'a>,
    name: &str,
    of: TextFile,
    node: &Node<'a>,
    whole: Place,
) -> Option<Written> {
    let TextFile { what, ending, named, .. } = of;
    if named {
        let node = context.expand(node)?.into_owned();
        return in_file(context, name, of, &node, whole);
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
    let known = |entry: &Entry<'_>| entry.key == "file" || entry.key == "use" && of.uses;
    let Some(file) = table.get("file").filter(|_| table.0.iter().all(known)) else {
        let help = format!("write `{name} = '''...'''`, or `{name} = {{ file = \"NAME.{ending}\" }}`");
        let message = format!("`{name}` must be a {what}, or one file");
        let label = match table.get("use").filter(|_| of.uses) {
            Some(_) if table.0.iter().all(known) => "expected `file` with `use`",
            _ if of.uses => "expected `file`, and with it only `use`",
            _ => "expected `file` alone",
        };
        return context.fail_with(Code::ManifestTextFile, node.span, message, label, help);
    };
    match table.get("use") {
        None => in_file(context, "file", of, file, whole),
        Some(list) => {
            // Both, so that each mistake is said.
            let own = sink::path(context, "file", file);
            let own = own.and_then(|path| Some((named_file::read(context, of, &path, file.span)?, path)));
            uses::read(context, of, own, list, whole)
        }
    }
}

/// The text in the file that `node` names.
fn in_file(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    of: TextFile,
    node: &Node<'_>,
    whole: Place,
) -> Option<Written> {
    let path = sink::path(context, name, node)?;
    let source = named_file::read(context, of, &path, node.span)?;
    Some(Written::of_file(source, whole))
}

/// Whether a text is nothing but a path of a file with such texts.
fn is_path(text: &str, ending: &str) -> bool {
    let stem = text.strip_suffix(ending).and_then(|text| text.strip_suffix('.'));
    let part = |letter: char| letter.is_alphanumeric() || matches!(letter, '/' | '_' | '-' | '.');
    stem.is_some_and(|stem| !stem.is_empty() && stem.chars().all(part))
}
