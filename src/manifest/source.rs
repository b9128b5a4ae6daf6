//! Which files are a project, and their text.

use std::path::Path;
use std::sync::Arc;

use super::node::Span;
use crate::confine::{self, ConfineError, Project, Root};
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::kind::Kind;
use crate::limits;
use crate::redact::without_secrets_in_argument;

/// The place of `span` in `source`.
pub(super) fn place(source: &Arc<Source>, span: Span) -> Place {
    Place { source: Arc::clone(source), span: span.range() }
}

/// What messages call the file `name` of the project directory `dir`: its path from where the user stands, who named the
/// directory from there.
pub(super) fn shown(dir: &Path, name: &Path) -> String {
    let here = dir.as_os_str().is_empty() || dir == Path::new(".");
    if here { name.display().to_string() } else { dir.join(name).display().to_string() }
}

/// The files of the project at `path`, which is a directory or one file, and the project directory.
pub(super) fn read(path: &Path) -> Result<(Root, Vec<Arc<Source>>), Vec<Diagnostic>> {
    let missing = |error| match error {
        ConfineError::Missing(path) => {
            let path = path.display().to_string();
            let message = format!("no such file or directory: {}", without_secrets_in_argument(&path));
            vec![Diagnostic::error(Code::ManifestUnreadable, message)]
        }
        error => vec![unreadable(&error)],
    };
    let root = match confine::project(path).map_err(missing)? {
        Project::Directory(root) => root,
        Project::File(root) => {
            let name = path.display().to_string();
            return Ok((root, vec![file(path, name).map_err(|error| vec![error])?]));
        }
    };
    let names = root.names().map_err(|error| vec![unreadable(&error)])?;
    let names: Vec<String> =
        names.into_iter().filter_map(|name| name.into_string().ok()).filter(|name| is_manifest(name)).collect();
    if names.is_empty() {
        let message = format!("no manifest in {}", path.display());
        let help = "a project is a directory with `*.toml` files, one of which has a `[project]`";
        return Err(vec![Diagnostic::error(Code::ManifestNoFile, message).help(help)]);
    }
    if limits::PROJECT_FILES.exceeded(names.len()) {
        let message = format!("{} has more manifests than {}", path.display(), limits::PROJECT_FILES);
        return Err(vec![Diagnostic::error(Code::ManifestLimit, message)]);
    }
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    let mut length = 0;
    for name in names {
        let shown = shown(path, Path::new(&name));
        match root.read(Path::new(&name), &limits::MANIFEST_FILE) {
            Ok(bytes) if limits::PROJECT_TEXT.exceeded(length + bytes.len()) => {
                let message = format!("with {shown} the manifests are larger than {}", limits::PROJECT_TEXT);
                return Err(vec![Diagnostic::error(Code::ManifestLimit, message)]);
            }
            Ok(bytes) => {
                length += bytes.len();
                match text(&path.join(&name), shown, bytes) {
                    Ok(source) => sources.push(source),
                    Err(error) => problems.push(error),
                }
            }
            Err(error) => problems.push(unreadable(&error)),
        }
    }
    if problems.is_empty() { Ok((root, sources)) } else { Err(problems) }
}

/// Reads one file that a person has named, which messages will call `name`.
pub(super) fn file(path: &Path, name: String) -> Result<Arc<Source>, Diagnostic> {
    let bytes = confine::read(path, &limits::MANIFEST_FILE).map_err(|error| unreadable(&error))?;
    text(path, name, bytes)
}

/// The text in `bytes`, which were read at `path`, with `\n` for every line end and without a byte-order mark: a checkout on
/// another system is the same project.
pub(super) fn text(path: &Path, name: String, bytes: Vec<u8>) -> Result<Arc<Source>, Diagnostic> {
    let text = Source::utf8(Code::ManifestNotUtf8, path, &name, bytes)?;
    let text = match text.strip_prefix('\u{feff}') {
        Some(text) => text.replace("\r\n", "\n"),
        None if text.contains("\r\n") => text.replace("\r\n", "\n"),
        None => text,
    };
    Ok(Arc::new(Source::new(name, path, text)))
}

/// What a file of this name is taken for by its ending, in words; none if its ending says nothing.
pub fn reads_as(path: &Path) -> Option<&'static str> {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    let extension = extension.as_ref().and_then(|extension| extension.to_str())?;
    let texts = Kind::ALL.iter().flat_map(|kind| kind.spec().fields).filter_map(|field| field.ty.text_file());
    // Much else is JSON: it is read only where a manifest names it.
    let mut texts = texts.filter(|text| !text.named);
    match extension {
        "toml" => Some("manifest"),
        ending => texts.find(|text| text.ending == ending).map(|text| text.what),
    }
}

/// Whether the file called `name` belongs to the project in its directory.
fn is_manifest(name: &str) -> bool {
    let other = name.starts_with('.') || name.ends_with(".vars.toml") || name.ends_with(".fleet.toml");
    name.ends_with(".toml") && !other
}

/// Says why a file was not read.
fn unreadable(error: &ConfineError) -> Diagnostic {
    Diagnostic::error(Code::ManifestUnreadable, error.to_string()).help_known(error.help())
}

#[cfg(test)]
mod tests {
    use super::{is_manifest, text};
    use std::path::Path;

    #[test]
    fn a_checkout_has_no_line_ends_of_its_own() {
        for (bytes, wanted) in [
            ("\u{feff}a = 1\r\n\r\nb = \"\\r\\n\"\r\n", "a = 1\n\nb = \"\\r\\n\"\n"),
            ("a\r\nb", "a\nb"),
            ("\u{feff}a\u{feff}", "a\u{feff}"),
            ("a\rb\n", "a\rb\n"),
        ] {
            let source = text(Path::new("x"), "x".to_owned(), bytes.into()).expect("UTF-8");
            assert_eq!(source.text, wanted);
        }
    }

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

    #[test]
    fn a_token_in_the_place_of_a_project_is_not_said() {
        let errors = super::read(Path::new("INFLUX_TOKEN=S3KRIT")).expect_err("no project");
        assert_eq!(errors[0].message, "no such file or directory: INFLUX_TOKEN=***");
    }
}
