//! Which files are a project, and their text.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::node::Span;
use crate::confine::confine;
use crate::diagnostic::{Diagnostic, Place, Source};

/// The place of `span` in `source`.
pub(super) fn place(source: &Arc<Source>, span: Span) -> Place {
    Place { source: Arc::clone(source), span: span.range() }
}

/// The files of the project at `path`, which is a directory or one file, and the project directory.
pub(super) fn read(path: &Path) -> Result<(PathBuf, Vec<Arc<Source>>), Vec<Diagnostic>> {
    let unreadable = |error: std::io::Error| vec![unreadable(path, &error)];
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        let dir = match path.parent() {
            Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
            _ => PathBuf::from("."),
        };
        return Ok((dir, vec![file(path, name_of(path)).map_err(|error| vec![error])?]));
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if is_manifest(&name_of(&file)) {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        let message = format!("there is no manifest in {}", path.display());
        let help = "a project is a directory with `*.toml` files, one of which has a `[project]`";
        return Err(vec![Diagnostic::error("manifest::no-file", message).help(help)]);
    }
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    let dir = path;
    for path in files {
        match inside(dir, &path) {
            Ok(source) => sources.push(source),
            Err(error) => problems.push(error),
        }
    }
    if problems.is_empty() { Ok((dir.to_owned(), sources)) } else { Err(problems) }
}

/// Reads a file of the project directory `dir`, which must not lead outside: its lines are shown.
fn inside(dir: &Path, path: &Path) -> Result<Arc<Source>, Diagnostic> {
    let name = name_of(path);
    let real = confine(dir, Path::new(&name));
    let real = real.map_err(|error| Diagnostic::error("manifest::file", error.to_string()))?;
    file(&real, name)
}

/// Reads one file, which messages will call `name`.
pub(super) fn file(path: &Path, name: String) -> Result<Arc<Source>, Diagnostic> {
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    text(path, name, bytes)
}

/// The text in `bytes`, which were read at `path`.
pub(super) fn text(path: &Path, name: String, bytes: Vec<u8>) -> Result<Arc<Source>, Diagnostic> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Arc::new(Source { name, path: path.to_owned(), text })),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let message = format!("{name} is not UTF-8");
            let place = Place {
                source: Arc::new(Source { name, path: path.to_owned(), text }),
                span: at..at + char::REPLACEMENT_CHARACTER.len_utf8(),
            };
            Err(Diagnostic::error("manifest::not-utf8", message).at(place, "the first byte that is none"))
        }
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether the file called `name` belongs to the project in its directory.
fn is_manifest(name: &str) -> bool {
    let other = name.starts_with('.') || name.ends_with(".vars.toml") || name.ends_with(".fleet.toml");
    name.ends_with(".toml") && !other
}

/// Says that `path` cannot be read.
pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error("manifest::unreadable", format!("cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::is_manifest;

    #[test]
    fn variable_files_fleets_and_dot_files_are_no_manifests() {
        for (name, wanted) in [
            ("main.toml", true),
            ("vars.toml", true),
            ("prod.vars.toml", false),
            ("all.fleet.toml", false),
            (".hidden.toml", false),
            ("main.toml~", false),
        ] {
            assert_eq!(is_manifest(name), wanted, "{name}");
        }
    }
}
