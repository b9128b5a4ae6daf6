//! Files that belong to a project: inside its directory, however the path gets there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// There is no such file.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// The path leads out of the project directory, by `..`, as an absolute path, or through a symbolic link.
    #[error("{} lies outside the project directory", .0.display())]
    Outside(PathBuf),
    /// A directory, pipe or device.
    #[error("{} is not a plain file", .0.display())]
    NotAFile(PathBuf),
    /// The file is not UTF-8.
    #[error("{} is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// The path as the project has it.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// The real path of a plain file of the project. `path` is relative to the project directory; all symbolic links are
/// followed before it is decided whether the file lies inside.
///
/// # Errors
/// A path that leads outside (also where nothing is there), a file that is missing or no plain file.
pub fn confine(project_dir: &Path, path: &Path) -> Result<PathBuf, ConfineError> {
    let failed = |error| ConfineError::Io { path: path.to_owned(), error };
    let root = fs::canonicalize(project_dir).map_err(failed)?;
    let joined = root.join(path);
    let real = match fs::canonicalize(&joined) {
        Ok(real) => real,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(if leaves(&root, &joined) {
                ConfineError::Outside(path.to_owned())
            } else {
                ConfineError::Missing(path.to_owned())
            });
        }
        Err(error) => return Err(failed(error)),
    };
    if !real.starts_with(&root) {
        return Err(ConfineError::Outside(path.to_owned()));
    }
    if !fs::metadata(&real).map_err(failed)?.is_file() {
        return Err(ConfineError::NotAFile(path.to_owned()));
    }
    Ok(real)
}

/// Whether the part of a path that exists leads outside.
fn leaves(root: &Path, joined: &Path) -> bool {
    let existing = joined.ancestors().skip(1).find_map(|ancestor| fs::canonicalize(ancestor).ok());
    existing.is_some_and(|real| !real.starts_with(root))
}

/// The text of a file of the project.
///
/// # Errors
/// Those of [`confine`], and a file that is not UTF-8.
pub fn read_text(project_dir: &Path, path: &Path) -> Result<String, ConfineError> {
    let real = confine(project_dir, path)?;
    let bytes = fs::read(real).map_err(|error| ConfineError::Io { path: path.to_owned(), error })?;
    String::from_utf8(bytes).map_err(|_| ConfineError::NotUtf8(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// `outside/{x.flux,dir/x.flux}` and `project/{flux/a.flux, in -> flux, out -> ../outside, y.flux -> ../outside/x.flux}`.
    fn tree() -> tempfile::TempDir {
        let tree = tempfile::tempdir().expect("a directory");
        let at = |path: &str| tree.path().join(path);
        fs::create_dir_all(at("project/flux")).expect("a directory");
        fs::create_dir_all(at("outside/dir")).expect("a directory");
        for file in ["project/flux/a.flux", "outside/x.flux", "outside/dir/x.flux"] {
            fs::write(at(file), "x = 1").expect("a file");
        }
        fs::write(at("project/latin1.flux"), b"\xe9").expect("a file");
        symlink("flux", at("project/in")).expect("a link");
        symlink("../outside", at("project/out")).expect("a link");
        symlink("../outside/x.flux", at("project/y.flux")).expect("a link");
        symlink("nowhere", at("project/dangling.flux")).expect("a link");
        tree
    }

    #[test]
    fn what_lies_inside_is_read() {
        let tree = tree();
        let project = tree.path().join("project");
        let absolute = project.join("flux/a.flux");
        for path in ["flux/a.flux", "./flux/../flux/a.flux", "in/a.flux", absolute.to_str().expect("UTF-8")] {
            assert_eq!(read_text(&project, Path::new(path)).expect("a text"), "x = 1", "{path}");
        }
        let linked = tree.path().join("linked");
        symlink(&project, &linked).expect("a link");
        read_text(&linked, Path::new("flux/a.flux")).expect("the project may be reached through a link");
    }

    #[test]
    fn what_leads_outside_is_refused_whether_it_is_there_or_not() {
        let tree = tree();
        let project = tree.path().join("project");
        let absolute = tree.path().join("outside/x.flux");
        let paths = [
            "../outside/x.flux",
            "out/x.flux",
            "out/dir/x.flux",
            "out/dir/../x.flux",
            "y.flux",
            "flux/../../outside/x.flux",
        ];
        let gone = ["../nothing.flux", "out/nothing.flux", "/no/such/file.flux", "flux/../../nothing/x.flux"];
        for path in paths.into_iter().chain(gone).chain([absolute.to_str().expect("UTF-8")]) {
            let error = read_text(&project, Path::new(path)).expect_err(path);
            assert!(matches!(error, ConfineError::Outside(_)), "{path}: {error}");
        }
    }

    #[test]
    fn what_is_no_text_file_says_what_it_is() {
        let tree = tree();
        let project = tree.path().join("project");
        let error = |path: &str| read_text(&project, Path::new(path)).expect_err(path);
        assert!(matches!(error("nothing.flux"), ConfineError::Missing(_)));
        assert!(matches!(error("no/dir/x.flux"), ConfineError::Missing(_)));
        assert!(matches!(error("dangling.flux"), ConfineError::Missing(_)));
        assert!(matches!(error("flux/a.flux/b"), ConfineError::Missing(_)));
        assert!(matches!(error("flux"), ConfineError::NotAFile(_)));
        assert!(matches!(error("latin1.flux"), ConfineError::NotUtf8(_)));
    }
}
