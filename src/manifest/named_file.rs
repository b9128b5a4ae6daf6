//! Files of a project that manifests name for their text.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path};
use std::sync::Arc;

use super::check::plain;
use super::context::DecodeContext;
use super::node::Span;
use crate::confine::{self, ConfineError};
use crate::diagnostic::{Code, Diagnostic, Source};
use crate::field::TextFile;
use crate::limits;

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

/// The file at `path`, which is read once.
pub(super) fn read(context: &mut DecodeContext<'_, '_>, of: TextFile, path: &Path, span: Span) -> Option<Arc<Source>> {
    if let Some((message, help)) = called_otherwise(of, path) {
        return context.fail_with(Code::ManifestFile, span, message, "names this file", help);
    }
    let known = plain(path);
    if let Some(source) = context.project.texts.borrow().get(&*known) {
        return Some(Arc::clone(source));
    }
    let bytes = match context.project.known.root.read(path, &limits::TEXT_FILE) {
        Ok(bytes) => bytes,
        Err(error) => {
            let help = match &error {
                ConfineError::Missing(_) => Some("paths are relative to the project directory"),
                error => error.help(),
            };
            let place = context.place(span);
            let problem = Diagnostic::error(Code::ManifestFile, error.to_string()).at(place, "names this file");
            context.say(problem.help_known(help));
            return None;
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
            context.project.texts.borrow_mut().insert(known.into_owned(), Arc::clone(&source));
            Some(source)
        }
        Err(error) => {
            context.say(Diagnostic { code: Code::ManifestFile, ..error }.at(context.place(span), "named here"));
            None
        }
    }
}
