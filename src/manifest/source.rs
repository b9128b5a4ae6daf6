//! Which files are a project, and their text.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use super::node::Span;
use crate::confine::{self, ConfineError, Project, Root};
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::field::TextFile;
use crate::kind::Kind;
use crate::limits;
use crate::redact::without_secrets_in_argument;

/// How the names of manifests end.
const ENDING: &str = ".toml";

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
    let (names, misnamed) = manifests(path, names);
    if !misnamed.is_empty() {
        return Err(misnamed);
    }
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
    // Much else is JSON: it is read only where a manifest names it.
    named_as(path, |text| !text.named)
}

/// What a manifest can have a file of this name read for, and shown, in words.
pub(super) fn can_read_as(path: &Path) -> Option<&'static str> {
    named_as(path, |_| true)
}

fn named_as(path: &Path, among: impl Fn(&TextFile) -> bool) -> Option<&'static str> {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    let extension = extension.as_ref().and_then(|extension| extension.to_str())?;
    let mut texts = Kind::ALL.iter().flat_map(|kind| kind.spec().fields).filter_map(|field| field.ty.text_file());
    match extension {
        "toml" => Some("manifest"),
        ending => texts.find(|text| text.ending == ending && among(text)).map(|text| text.what),
    }
}

/// Which of `names` in the directory `dir` are manifests, and what is wrong with those that can only be meant as such: what stands in a
/// manifest that is not read would count as removed.
fn manifests(dir: &Path, names: Vec<OsString>) -> (Vec<String>, Vec<Diagnostic>) {
    let (mut manifests, mut misnamed) = (Vec::new(), Vec::new());
    for name in names.into_iter().filter(|name| is_manifest(name.as_bytes())) {
        let (message, help) = match name.into_string() {
            Ok(name) if name.ends_with(ENDING) => {
                manifests.push(name);
                continue;
            }
            Ok(name) => (
                format!("{} is not read: its name does not end in `{ENDING}`", shown(dir, Path::new(&name))),
                format!("rename it to `{}{ENDING}`", &name[..name.len() - ENDING.len()]),
            ),
            Err(name) => (
                format!("{} cannot be read: its name is not UTF-8", shown(dir, Path::new(&escaped(&name)))),
                "rename it".to_owned(),
            ),
        };
        misnamed.push(Diagnostic::error(Code::ManifestUnreadable, message).help(help));
    }
    (manifests, misnamed)
}

/// Whether the file called `name` belongs to the project in its directory, if it is spelled as it must be.
fn is_manifest(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let other = name.starts_with(b".") || name.ends_with(b".vars.toml") || name.ends_with(b".fleet.toml");
    name.ends_with(ENDING.as_bytes()) && !other
}

/// `name` with `\xff` for each byte that is no part of a character.
fn escaped(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// Says why a file was not read.
fn unreadable(error: &ConfineError) -> Diagnostic {
    Diagnostic::error(Code::ManifestUnreadable, error.to_string()).help_known(error.help())
}

#[cfg(test)]
mod tests {
    use super::{is_manifest, manifests, text};
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
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
            ("PROD.VARS.TOML", false),
        ] {
            assert_eq!(is_manifest(name.as_bytes()), wanted, "{name}");
        }
    }

    #[test]
    fn a_manifest_with_a_name_that_is_not_read_is_an_error() {
        let names: Vec<OsString> =
            [&b"a.toml"[..], b"B.TOML", b"b\xff.toml", b"b\xff.Toml", b"b\xff.txt", b".\xff.toml"]
                .into_iter()
                .map(|name| OsString::from_vec(name.to_vec()))
                .collect();
        let (read, misnamed) = manifests(Path::new("p"), names);
        assert_eq!(read, ["a.toml"]);
        let said: Vec<_> = misnamed.into_iter().map(|one| (one.message, one.help.unwrap_or_default())).collect();
        let bytes = |name: &str| (format!("p/{name} cannot be read: its name is not UTF-8"), "rename it".to_owned());
        let case = "p/B.TOML is not read: its name does not end in `.toml`".to_owned();
        assert_eq!(said, [(case, "rename it to `B.toml`".to_owned()), bytes(r"b\xff.toml"), bytes(r"b\xff.Toml")]);
    }

    #[test]
    fn a_token_in_the_place_of_a_project_is_not_said() {
        let errors = super::read(Path::new("INFLUX_TOKEN=S3KRIT")).expect_err("no project");
        assert_eq!(errors[0].message, "no such file or directory: INFLUX_TOKEN=***");
    }
}
