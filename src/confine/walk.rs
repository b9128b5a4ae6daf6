//! One step at a time: opening what lies in an open directory, and no link.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::ConfineError;

/// How a directory is opened on the way: only to open what is in it, which needs no right to list it.
#[cfg(target_os = "linux")]
const PASSING: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const PASSING: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What a path of a project names, without `.` and `..`, in order; None: it leads out, or is absolute.
pub(super) fn below(path: &Path) -> Option<Vec<OsString>> {
    let mut parts: Vec<OsString> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_owned()),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts)
}

/// Whether links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    Refused,
    Followed,
}

/// A walk from directory to directory. Messages name what it met by `shown`.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) dir: OwnedFd,
    pub(super) shown: PathBuf,
}

impl Walk {
    /// Begins in the directory at `path`, which is nobody's to choose but the person's who started us.
    pub(super) fn begin(path: &Path) -> Result<Self, ConfineError> {
        let shown = PathBuf::new();
        let dir = rustix::fs::openat(CWD, path, PASSING, Mode::empty()).map_err(|error| io(path, error))?;
        Ok(Self { dir, shown })
    }

    /// Goes into the directory `name`.
    pub(super) fn enter(&mut self, name: &OsStr, links: Links) -> Result<(), ConfineError> {
        self.shown.push(name);
        self.dir = enter(self.dir.as_fd(), name, links, &self.shown)?;
        Ok(())
    }

    /// Opens the plain file `name` to read it.
    pub(super) fn open(&self, name: &OsStr) -> Result<File, ConfineError> {
        open(self.dir.as_fd(), name, Purpose::Read, &self.shown.join(name))
    }

    /// Opens whatever `name` leads to, to read it.
    pub(super) fn open_any(&self, name: &OsStr) -> Result<File, ConfineError> {
        let shown = self.shown.join(name);
        let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.dir, name, flags, Mode::empty()).map_err(|error| match error {
            Errno::NOENT | Errno::NOTDIR => ConfineError::Missing(shown),
            _ => io(&shown, error),
        })?;
        Ok(opened.into())
    }
}

/// The directory `name` in `dir`.
pub(super) fn enter(dir: BorrowedFd<'_>, name: &OsStr, links: Links, shown: &Path) -> Result<OwnedFd, ConfineError> {
    let flags = if links == Links::Refused { PASSING.union(OFlags::NOFOLLOW) } else { PASSING };
    rustix::fs::openat(dir, name, flags, Mode::empty()).map_err(|error| match (error, kind(dir, name)) {
        // Linux says ENOTDIR of a link to a directory, others ELOOP. What is a directory now was swapped for one just then.
        (Errno::NOTDIR | Errno::LOOP | Errno::MLINK, Ok(FileType::Symlink | FileType::Directory))
            if links == Links::Refused =>
        {
            ConfineError::Link(shown.to_owned())
        }
        (Errno::NOENT | Errno::NOTDIR, _) => ConfineError::Missing(shown.to_owned()),
        _ => io(shown, error),
    })
}

/// `dir` anew, or the directory above it.
pub(super) fn up(dir: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(dir, name, PASSING, Mode::empty())
}

/// What is to be done with an opened file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It is read.
    Read,
    /// It is read and written.
    Write,
    /// It is read and written, and made if it is not there, for its owner alone.
    Make,
}

/// The plain file `name` in `dir`; never what a link points to.
pub(super) fn open(dir: BorrowedFd<'_>, name: &OsStr, purpose: Purpose, shown: &Path) -> Result<File, ConfineError> {
    // To open a pipe or a device can have an effect of its own: what is known to be one is not opened at all.
    match kind(dir, name) {
        Ok(found) => plain(found, shown)?,
        Err(Errno::NOENT) if purpose == Purpose::Make => {}
        Err(Errno::NOENT | Errno::NOTDIR) => return Err(ConfineError::Missing(shown.to_owned())),
        Err(error) => return Err(io(shown, error)),
    }
    let access = match purpose {
        Purpose::Read => OFlags::RDONLY,
        Purpose::Write => OFlags::RDWR,
        Purpose::Make => OFlags::RDWR | OFlags::CREATE,
    };
    let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(dir, name, flags, Mode::RUSR | Mode::WUSR).map_err(|error| match error {
        Errno::NOENT => ConfineError::Missing(shown.to_owned()),
        Errno::LOOP | Errno::MLINK => ConfineError::Link(shown.to_owned()),
        _ => io(shown, error),
    })?;
    // It may have been swapped since: what was opened counts.
    let stat = rustix::fs::fstat(&opened).map_err(|error| io(shown, error))?;
    plain(FileType::from_raw_mode(stat.st_mode), shown)?;
    Ok(opened.into())
}

/// What `name` in `dir` is, without following it.
pub(super) fn kind(dir: BorrowedFd<'_>, name: &OsStr) -> Result<FileType, Errno> {
    let stat = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}

fn plain(found: FileType, shown: &Path) -> Result<(), ConfineError> {
    let what = match found {
        FileType::RegularFile => return Ok(()),
        FileType::Symlink => return Err(ConfineError::Link(shown.to_owned())),
        FileType::Directory => "a directory",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        _ => "a device",
    };
    Err(ConfineError::NotAFile { path: shown.to_owned(), what })
}

pub(super) fn io(shown: &Path, error: Errno) -> ConfineError {
    ConfineError::Io { path: shown.to_owned(), error: io::Error::from(error) }
}
