//! Text of another language: in a string of a manifest, or in a file of its own.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path};
use std::sync::Arc;

use super::context::DecodeContext;
use super::node::{Node, Raw, Span};
use super::sink;
use crate::confine;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::field::{Field, TextFile};
use crate::limits;

/// A text as its author wrote it.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) text: String,
    source: Arc<Source>,
    /// Where the text begins in the source.
    start: usize,
    /// How the source writes it, if that is with escapes.
    escaped: Option<String>,
    /// The value in the manifest.
    whole: Place,
}

impl Written {
    /// The place of `span` in the text.
    pub(super) fn place(&self, span: &std::ops::Range<usize>) -> Place {
        let (from, to) = (span.start, span.end.max(span.start));
        let span = match &self.escaped {
            None => Some(from..to),
            Some(raw) => written_at(raw, from).zip(written_at(raw, to)).map(|(from, to)| from..to),
        };
        match span {
            Some(span) => {
                Place { source: Arc::clone(&self.source), span: self.start + span.start..self.start + span.end }
            }
            None => self.whole.clone(),
        }
    }
}

/// Where in `raw`, what stands between the quotes of a TOML string, byte `at` of the string's text is written.
fn written_at(raw: &str, at: usize) -> Option<usize> {
    let (mut read, mut rest) = (0, raw);
    while read < at {
        let mut chars = rest.chars();
        let first = chars.next()?;
        let (long, length) = match (first, chars.next()) {
            ('\\', Some('b' | 't' | 'n' | 'f' | 'r' | 'e' | '"' | '\\')) => (2, 1),
            ('\\', Some(escape @ ('x' | 'u' | 'U'))) => {
                let digits = [('x', 2), ('u', 4), ('U', 8)].into_iter().find(|(one, _)| *one == escape)?.1;
                let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
                (2 + digits, char::from_u32(code)?.len_utf8())
            }
            ('\\', None) => return None,
            // The line goes on where the next text is.
            ('\\', Some(_)) => {
                let text = rest[1..].trim_start();
                (rest.len() - text.len(), 0)
            }
            ('\r', Some('\n')) => (2, 1),
            (one, _) => (one.len_utf8(), one.len_utf8()),
        };
        rest = &rest[long..];
        read += length;
    }
    (read == at).then(|| raw.len() - rest.len())
}

/// Reads `field`, which is such a text: a string as it stands, or `{ file = "..." }`.
pub(super) fn read<'a>(
    context: &mut DecodeContext<'_, 'a>,
    field: &Field,
    of: TextFile,
    node: &Node<'a>,
) -> Option<Written> {
    let TextFile { what, ending } = of;
    let name = field.name;
    let whole = context.place(node.span);
    if let Raw::Text(text) = &node.value {
        if limits::TEXT_FILE.exceeded(text.len()) {
            let message = format!("a {what} has at most {}", limits::TEXT_FILE);
            return context.fail(Code::ManifestLimit, node.span, message, format!("has {} bytes", text.len()));
        }
        let source = Arc::clone(context.source);
        let raw = source.text.get(node.span.range()).unwrap_or_default();
        let quotes =
            ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or_default();
        let inner = raw[quotes.len()..].strip_suffix(quotes).unwrap_or_default();
        // A line end right after three quotes is no part of the text.
        let line_end = ["\r\n", "\n"].into_iter().find(|end| quotes.len() == 3 && inner.starts_with(end));
        let inner = line_end.map_or(inner, |end| &inner[end.len()..]);
        let start = node.span.range().end - quotes.len() - inner.len();
        let escaped = (inner != text.as_ref()).then(|| inner.to_owned());
        return Some(Written { text: text.clone().into_owned(), source, start, escaped, whole });
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
    let path = sink::path(context, "file", &entry.node)?;
    let source = file(context, of, &path, entry.node.span)?;
    Some(Written { text: source.text.clone(), source, start: 0, escaped: None, whole })
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
    let TextFile { what, ending } = of;
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

#[cfg(test)]
mod tests {
    use super::written_at;

    #[test]
    fn a_place_in_a_string_with_escapes_is_where_it_is_written() {
        let raw = "a\\\\d \\\"ü\\u00fc\\U0001F600\\x41\\\n   end";
        let text = "a\\d \"üü😀Aend";
        let places = |part: &str, written: &str| {
            let at = text.find(part).expect("a part");
            (written_at(raw, at), raw.find(written))
        };
        for (part, written) in
            [("a", "a"), ("\\", "\\\\"), ("d", "d "), ("\"", "\\\""), ("ü", "ü"), ("😀", "\\U"), ("A", "\\x")]
        {
            let (found, wanted) = places(part, written);
            assert_eq!(found, wanted, "{part}");
        }
        assert_eq!(written_at(raw, text.len()), Some(raw.len()));
        for beyond in [text.len() + 1, text.find('ü').expect("one") + 1] {
            assert_eq!(written_at(raw, beyond), None);
        }
        assert_eq!(written_at("a\\", 2), None);
    }
}
