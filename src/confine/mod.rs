//! Files of a project, read so that nothing in the project can lead anywhere else.
//!
//! A manifest may be a stranger's, and so may be what lies beside it: links, pipes, devices, files that are swapped while we
//! look. So nothing is looked at by its path and opened by it later. A directory is held open, what lies below it is opened
//! from there one component after the other without following links, and what was *opened* decides what it is.
//!
//! `openat2` with `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS` would promise the same in one call, but only on newer kernels, and it
//! does not tell which component is the link. Paths are freed from `..` before they are walked, so that there is nothing that
//! the walk would lack.

mod chosen;
mod root;
mod walk;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

pub use chosen::{Project, project, read, unlinked};
pub use root::Root;

use crate::limits::Limit;

/// Why a file is not opened. No message says anything of what is outside, not even whether it exists.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// There is no such file.
    #[error("no such file: {}", .0.display())]
    Missing(PathBuf),
    /// The path leads out of the project directory, by `..` or as an absolute path.
    #[error("{} is outside the project directory", .0.display())]
    Outside(PathBuf),
    /// The path, or a directory on the way, is a symbolic link where none is followed.
    #[error("{} is a symbolic link, which is not followed", .0.display())]
    Link(PathBuf),
    /// It is no plain file.
    #[error("{} is {what}, not a regular file", path.display())]
    NotAFile {
        /// The path as it was given.
        path: PathBuf,
        /// What it is: `a directory`, `a pipe`, ...
        what: &'static str,
    },
    /// It is larger than what may be read.
    #[error("{} is larger than {limit}", path.display())]
    TooLarge {
        /// The path as it was given.
        path: PathBuf,
        /// How much may be read.
        limit: Limit,
    },
    /// It cannot be opened for writing.
    #[error("cannot write {}: {error}", path.display())]
    Unwritable {
        /// The path as it was given.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It cannot be opened or read.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// The path as it was given.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl ConfineError {
    /// What to do about it, where that is not plain.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Link(_) => Some("replace the link with what it points to"),
            Self::Outside(_) => Some("paths are relative to the project directory"),
            Self::Missing(_)
            | Self::NotAFile { .. }
            | Self::TooLarge { .. }
            | Self::Unwritable { .. }
            | Self::Io { .. } => None,
        }
    }

    /// The same where it was to be written.
    fn of_writing(self) -> Self {
        match self {
            Self::Io { path, error } => Self::Unwritable { path, error },
            other => other,
        }
    }
}

/// Whether `path` by its text alone leads out of the directory that it starts in.
pub fn leaves(path: &Path) -> bool {
    walk::below(path).is_none()
}

/// All bytes of an opened file. `path` is for the message.
fn contents(file: File, path: &Path, limit: &Limit) -> Result<Vec<u8>, ConfineError> {
    let failed = |error| ConfineError::Io { path: path.to_owned(), error };
    let size = file.metadata().map_err(failed)?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit.most)).unwrap_or_default());
    // Pipes have no size, and a file may have grown since.
    file.take(limit.most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if limit.exceeded(bytes.len()) {
        return Err(ConfineError::TooLarge { path: path.to_owned(), limit: *limit });
    }
    Ok(bytes)
}
