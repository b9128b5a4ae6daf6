//! A directory that is held open, and what lies below it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::walk::{self, Links, Purpose, Walk};
use super::{ConfineError, chosen, contents};
use crate::limits::Limit;

/// A project directory. It stays the directory that it was when it was opened, whatever its path leads to later; copies share
/// it.
#[derive(Clone, Debug)]
pub struct Root {
    dir: Arc<OwnedFd>,
    path: PathBuf,
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}

impl Root {
    /// Opens the directory at `path`, which a person has named: see [`super::project`] for the links that may be on the way.
    ///
    /// # Errors
    /// A link where none is followed; a path that is no directory.
    pub fn open(path: &Path) -> Result<Self, ConfineError> {
        Ok(Self::of(chosen::directory(path)?, path))
    }

    pub(super) fn of(walk: Walk, path: &Path) -> Self {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Self { dir: Arc::new(walk.dir), path: path.to_owned() }
    }

    /// The path by which it was opened, for messages and for the programs that are started in it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of what lies right in it, in order.
    ///
    /// # Errors
    /// It may not be listed.
    pub fn names(&self) -> Result<Vec<OsString>, ConfineError> {
        let failed = |error: Errno| walk::io(&self.path, error);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(&self.dir, ".", flags, Mode::empty()).map_err(failed)?;
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::new(dir).map_err(failed)? {
            let name = OsString::from_vec(entry.map_err(failed)?.file_name().to_bytes().to_vec());
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// The bytes of a plain file at `path` in it.
    ///
    /// # Errors
    /// A path that leads outside or through a link, a file that is missing, no plain file or too large.
    pub fn read(&self, path: &Path, limit: &Limit) -> Result<Vec<u8>, ConfineError> {
        // Not the directory on the way that is missing, but what was asked for.
        let whole = |error| match error {
            ConfineError::Missing(_) => ConfineError::Missing(path.to_owned()),
            error => error,
        };
        contents(self.file(path, Purpose::Read).map_err(whole)?, path, limit)
    }

    /// Opens the plain file at `path` in it for reading.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn open_to_read(&self, path: &Path) -> Result<File, ConfineError> {
        self.file(path, Purpose::Read)
    }

    /// Opens the plain file at `path` in it for reading and writing; it must exist.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn open_to_write(&self, path: &Path) -> Result<File, ConfineError> {
        self.file(path, Purpose::Write).map_err(ConfineError::of_writing)
    }

    /// Opens the plain file at `path` in it for reading and writing. If it does not exist it is made, readable by its owner
    /// alone, with the directories above it.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn make(&self, path: &Path) -> Result<File, ConfineError> {
        self.file(path, Purpose::Make).map_err(ConfineError::of_writing)
    }

    /// Whether something lies at `path` in it, if only a link.
    ///
    /// # Errors
    /// A path that leads outside or through a link.
    pub fn has(&self, path: &Path) -> Result<bool, ConfineError> {
        let (walk, name) = match self.walk(path, Purpose::Read) {
            Err(ConfineError::Missing(_)) => return Ok(false),
            walked => walked?,
        };
        match walk::kind(walk.dir.as_fd(), &name) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(error) => Err(walk::io(path, error)),
        }
    }

    /// Gives the plain file `made` in it the name `name` beside it, and takes its own away; false if there is something of that
    /// name. Both survive a loss of power once this returns, or neither.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn publish(&self, made: &Path, name: &OsStr) -> Result<bool, ConfineError> {
        let (walk, from) = self.walk(made, Purpose::Write)?;
        let failed = |error: Errno| walk::io(&walk.shown.join(name), error).of_writing();
        // Unlike a rename, a link never takes the place of what is there.
        let linked = match rustix::fs::linkat(&walk.dir, &from, &walk.dir, name, AtFlags::empty()) {
            Ok(()) => true,
            Err(Errno::EXIST) => false,
            Err(error) => return Err(failed(error)),
        };
        rustix::fs::unlinkat(&walk.dir, &from, AtFlags::empty()).map_err(failed)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::openat(&walk.dir, ".", flags, Mode::empty()).map_err(failed)?;
        rustix::fs::fsync(dir).map_err(failed)?;
        Ok(linked)
    }

    fn file(&self, path: &Path, purpose: Purpose) -> Result<File, ConfineError> {
        let (walk, name) = self.walk(path, purpose)?;
        walk::open(walk.dir.as_fd(), &name, purpose, &walk.shown.join(&name))
    }

    /// The directory that `path` is in, and its name there.
    fn walk(&self, path: &Path, purpose: Purpose) -> Result<(Walk, OsString), ConfineError> {
        let mut parts = self.below(path)?;
        let Some(name) = parts.pop() else {
            return Err(ConfineError::NotAFile { path: path.to_owned(), what: "a directory" });
        };
        let failed = |error| ConfineError::Io { path: path.to_owned(), error };
        let mut walk = Walk { dir: self.dir.try_clone().map_err(failed)?, shown: PathBuf::new() };
        for part in parts {
            if purpose == Purpose::Make {
                self.make_directory(&walk, &part)?;
            }
            walk.enter(&part, Links::Refused)?;
        }
        Ok((walk, name))
    }

    fn make_directory(&self, walk: &Walk, name: &OsStr) -> Result<(), ConfineError> {
        match rustix::fs::mkdirat(&walk.dir, name, Mode::RWXU | Mode::RWXG | Mode::RWXO) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(walk::io(&walk.shown.join(name), error)),
        }
    }

    /// The components of `path` below this directory. An absolute path may name the directory as it was named to us.
    fn below(&self, path: &Path) -> Result<Vec<OsString>, ConfineError> {
        let outside = || ConfineError::Outside(path.to_owned());
        if !path.is_absolute() {
            return walk::below(path).ok_or_else(outside);
        }
        let root = std::path::absolute(&self.path).map_err(|_| outside())?;
        path.strip_prefix(root).ok().and_then(walk::below).ok_or_else(outside)
    }
}
