//! The directory that a new project is written to: all of it at once, and nothing anywhere else.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::written;
use crate::diagnostic::{Code, Diagnostic};
use crate::export::{Export, HEAD};
use crate::problem::Problem;

/// What a new project has besides manifests.
const GITIGNORE: &str = include_str!("init/gitignore");

/// A directory that does not exist, or has nothing in it.
pub(super) struct Vacant {
    path: PathBuf,
    exists: bool,
}

/// Whether the directory may be written to. Looked at before anything else is done.
pub(super) fn vacant(path: &Path) -> Result<Vacant, Problem> {
    let occupied = |what: &str| {
        let diagnostic = Diagnostic::error(Code::ExportExists, format!("{} {what}", path.display()))
            .help("nothing was written; choose a new or empty directory");
        Problem::from(diagnostic)
    };
    let exists = match std::fs::read_dir(path).map(|mut entries| entries.next()) {
        Ok(None) => true,
        Ok(Some(_)) => return Err(occupied("is not empty")),
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => false,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(match written::no_directory(path) {
                Some(parent) => beneath(path, parent),
                None => occupied("is not a directory"),
            });
        }
        Err(error) => return Err(unwritable(path, &error)),
    };
    Ok(Vacant { path: real(path, exists).unwrap_or_else(|_| path.to_owned()), exists })
}

/// `path` without the links that lead there: whoever names the directory may follow them, and who reads the project in it does not.
fn real(path: &Path, exists: bool) -> io::Result<PathBuf> {
    if exists {
        return path.canonicalize();
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(parent.canonicalize()?.join(name))
}

/// Says that nothing can be at `path`, because `parent` is no directory.
fn beneath(path: &Path, parent: &Path) -> Problem {
    let message = format!("cannot write to {}: {} is not a directory", path.display(), parent.display());
    Diagnostic::error(Code::ExportWrite, message).help("nothing was written; choose a new or empty directory").into()
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::new(Code::ExportWrite, format!("cannot write to {}: {error}", path.display()))
}

impl Vacant {
    /// Has `make` write the project beside, as often as it tries, and puts what it has written last into its place; unless
    /// `go_on` stops it on the way: then nothing is left.
    pub(super) fn fill<T>(
        self,
        go_on: impl Fn() -> Result<(), Problem>,
        make: impl FnOnce(&dyn Fn(&Export) -> Result<PathBuf, Problem>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let failed = |error: io::Error| unwritable(&self.path, &error);
        let beside = self.beside().map_err(failed)?;
        let made = make(&|export| {
            go_on()?;
            // Another try has other files.
            empty(beside.path()).and_then(|()| write(beside.path(), export)).map_err(failed)?;
            Ok(beside.path().to_owned())
        })?;
        go_on()?;
        self.put(beside).map_err(failed)?;
        Ok(made)
    }

    /// A directory on the same file system: in an existing one, else beside the new one.
    fn beside(&self) -> io::Result<TempDir> {
        let parent = match self.path.parent() {
            _ if self.exists => self.path.as_path(),
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(parent)?;
        let mode = std::fs::Permissions::from_mode(0o777);
        tempfile::Builder::new().prefix(".fluxform-export-").permissions(mode).tempdir_in(parent)
    }

    /// A new directory appears as a whole. In one that exists the file that makes it a project comes last.
    fn put(&self, beside: TempDir) -> io::Result<()> {
        if !self.exists {
            std::fs::rename(beside.path(), &self.path)?;
            // It is not there any more.
            let _ = beside.keep();
            return Ok(());
        }
        let mut names: Vec<_> =
            std::fs::read_dir(beside.path())?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
        names.sort_by_key(|name| name.to_str() == Some(HEAD));
        for name in names {
            let to = self.path.join(&name);
            if to.symlink_metadata().is_ok() {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} now exists", to.display())));
            }
            std::fs::rename(beside.path().join(&name), to)?;
        }
        beside.close()
    }
}

fn empty(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn write(dir: &Path, export: &Export) -> io::Result<()> {
    let files = export.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    for (path, text) in files.chain([(".gitignore", GITIGNORE)]) {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(dir))?;
        std::fs::File::create_new(&path)?.write_all(text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::exit::Exit;

    fn export(text: &str) -> Export {
        let files = [(HEAD, text), ("flux/x.flux", "x = 1")].map(|(path, text)| (path.to_owned(), text.to_owned()));
        Export { files: files.into(), ..Export::default() }
    }

    fn put(path: &Path, export: &Export) -> io::Result<()> {
        let vacant = vacant(path).map_err(|problem| io::Error::other(problem.diagnostic.message))?;
        let beside = vacant.beside()?;
        write(beside.path(), export)?;
        vacant.put(beside)
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(dir)
            .expect("a directory")
            .map(|e| e.expect("an entry").file_name().into_string())
            .collect();
        names.sort();
        names.into_iter().map(|name| name.expect("UTF-8")).collect()
    }

    #[test]
    fn new_and_empty_directories_are_filled_and_others_are_not() {
        let dir = tempfile::tempdir().expect("a directory");
        let at = |path: &str| dir.path().join(path);
        std::fs::create_dir(at("empty")).expect("a directory");
        std::fs::write(at("file"), "mine").expect("a file");
        std::os::unix::fs::symlink("nowhere", at("link")).expect("a link");
        for path in ["new", "a/b/c", "empty"] {
            put(&at(path), &export("[project]")).expect(path);
            assert_eq!(names(&at(path)), [".gitignore", "flux", HEAD], "{path}");
            put(&at(path), &export("other")).expect_err("it has files now");
            assert_eq!(std::fs::read_to_string(at(path).join(HEAD)).expect("a file"), "[project]");
        }
        for path in ["file", "link", "file/below", "file/far/below"] {
            put(&at(path), &export("other")).expect_err(path);
            let refused = vacant(&at(path)).err().map(|problem| problem.diagnostic);
            let Some(refused) = refused.filter(|_| path.starts_with("file")) else { continue };
            let is_file = path == "file";
            let code = if is_file { Code::ExportExists } else { Code::ExportWrite };
            assert_eq!(refused.code, code, "{path}");
            assert!(refused.message.ends_with(&format!("{} is not a directory", at("file").display())), "{refused:?}");
        }
        assert_eq!(names(dir.path()), ["a", "empty", "file", "link", "new"], "nothing is left beside them");
    }

    #[test]
    fn an_export_that_is_stopped_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let stopped =
            || Problem { exit: Exit::Interrupted, diagnostic: Diagnostic::error(Code::CliInterrupted, "stop") };
        for times in [0, 1] {
            let asked = Cell::new(0);
            let go_on = || if asked.replace(asked.get() + 1) == times { Err(stopped()) } else { Ok(()) };
            let vacant = vacant(&dir.path().join("out")).map_err(|problem| problem.exit).expect("nothing is there");
            let made = vacant.fill(go_on, |write| write(&export("[project]")));
            let ended = made.map(|_| ()).map_err(|problem| problem.exit);
            assert_eq!((ended, names(dir.path())), (Err(Exit::Interrupted), Vec::new()));
        }
    }
}
