//! Paths that a person names: on the command line or in the environment.
//!
//! What is named may still be a stranger's: `fluxform plan iot` runs in a checkout where a pull request can turn `iot` into a
//! link to anywhere. Above the working directory, and in an absolute path that leads elsewhere, links are the person's own and
//! are followed. They are not
//! - in a relative path,
//! - in an absolute path from the working directory on, unless that is `/`,
//! - from the top of a Git checkout on.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, CWD, FileType, Stat};
use rustix::io::Errno;

use super::root::Root;
use super::walk::{self, Links, Walk};
use super::{ConfineError, contents};
use crate::limits::Limit;

/// What a person has named as a project.
#[derive(Clone, Debug)]
pub enum Project {
    /// A directory.
    Directory(Root),
    /// A file, by the directory that it is in.
    File(Root),
}

/// The project at `path`.
///
/// # Errors
/// A path where nothing is, and a link where none is followed.
pub fn project(path: &Path) -> Result<Project, ConfineError> {
    let (walk, last) = locate(path)?;
    let Some(Last { name, links }) = last else { return Ok(Project::Directory(Root::of(walk, path))) };
    let found = if links == Links::Followed {
        rustix::fs::statat(&walk.dir, &name, AtFlags::empty()).map(|stat| FileType::from_raw_mode(stat.st_mode))
    } else {
        walk::kind(walk.dir.as_fd(), &name)
    };
    match found {
        Ok(FileType::Directory) => Ok(Project::Directory(Root::of(finish(walk, &name, links)?, path))),
        Ok(FileType::Symlink) => Err(ConfineError::Link(path.to_owned())),
        Ok(_) => Ok(Project::File(Root::of(walk, path.parent().unwrap_or(Path::new("."))))),
        Err(Errno::NOENT | Errno::NOTDIR) => Err(ConfineError::Missing(path.to_owned())),
        Err(error) => Err(walk::io(path, error)),
    }
}

/// The bytes of the file at `path`. Where links are followed, a pipe may be read as well: a shell
/// names one for `<(command)`.
///
/// # Errors
/// A link where none is followed, a file that is missing, no file or too large.
pub fn read(path: &Path, limit: &Limit) -> Result<Vec<u8>, ConfineError> {
    let failed = |error| ConfineError::Io { path: path.to_owned(), error };
    let (walk, Some(Last { name, links })) = locate(path)? else {
        return Err(ConfineError::NotAFile { path: path.to_owned(), what: "a directory" });
    };
    let file = match links {
        Links::Refused => walk.open(&name)?,
        Links::Followed => walk.open_any(&name)?,
    };
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(ConfineError::NotAFile { path: path.to_owned(), what: "a directory" });
    }
    contents(file, path, limit)
}

/// Whether something may be made at `path`: as far as the path exists, it leads through no link where none is followed.
///
/// # Errors
/// Such a link.
pub fn unlinked(path: &Path) -> Result<(), ConfineError> {
    match locate(path) {
        Ok((walk, Some(Last { name, links: Links::Refused })))
            if walk::kind(walk.dir.as_fd(), &name) == Ok(FileType::Symlink) =>
        {
            Err(ConfineError::Link(path.to_owned()))
        }
        Err(error @ ConfineError::Link(_)) => Err(error),
        // Whatever else there is about it, who makes it finds out.
        _ => Ok(()),
    }
}

/// The directory at `path`.
pub(super) fn directory(path: &Path) -> Result<Walk, ConfineError> {
    match locate(path)? {
        (walk, None) => Ok(walk),
        (walk, Some(Last { name, links })) => finish(walk, &name, links),
    }
}

fn finish(mut walk: Walk, name: &OsStr, links: Links) -> Result<Walk, ConfineError> {
    walk.enter(name, links)?;
    Ok(walk)
}

/// The last component of a path.
struct Last {
    name: OsString,
    /// Whether it may be a link.
    links: Links,
}

/// The directory that `path` is in, and its name there; no name: it is that directory.
fn locate(path: &Path) -> Result<(Walk, Option<Last>), ConfineError> {
    if path.is_absolute() { absolute(path) } else { relative(path) }
}

fn relative(path: &Path) -> Result<(Walk, Option<Last>), ConfineError> {
    let mut walk = Walk::begin(Path::new("."))?;
    let mut parts: Vec<&OsStr> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name),
            Component::ParentDir if parts.last().is_none_or(|last| *last == "..") => parts.push(OsStr::new("..")),
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    // `..` is never a link.
    let last = parts.pop_if(|last| *last != "..");
    for part in parts {
        walk.enter(part, Links::Refused)?;
    }
    Ok((walk, last.map(|name| Last { name: name.to_owned(), links: Links::Refused })))
}

fn absolute(path: &Path) -> Result<(Walk, Option<Last>), ConfineError> {
    let mut walk = Walk::begin(Path::new("/"))?;
    walk.shown.push("/");
    let reach = Reach::of_process().map_err(|error| walk::io(path, error))?;
    let mut links = Links::Followed;
    let mut parts: Vec<&OsStr> =
        path.components().filter(|part| !matches!(part, Component::RootDir)).map(Component::as_os_str).collect();
    let last = parts.pop_if(|last| *last != "..");
    for part in parts {
        walk.enter(part, links)?;
        if links == Links::Followed && reach.has(&walk.dir).map_err(|error| walk::io(path, error))? {
            links = Links::Refused;
        }
    }
    Ok((walk, last.map(|name| Last { name: name.to_owned(), links })))
}

/// Where a pull request may have put what is there.
struct Reach {
    /// The working directory.
    here: Stat,
}

impl Reach {
    fn of_process() -> Result<Self, Errno> {
        Ok(Self { here: rustix::fs::statat(CWD, ".", AtFlags::empty())? })
    }

    /// Whether `dir` is in the working directory or in a Git checkout, or is one of them. A link may have led into it, so
    /// that is looked for upwards.
    fn has(&self, dir: &OwnedFd) -> Result<bool, Errno> {
        let mut dir = walk::up(dir, ".")?;
        let mut stat = rustix::fs::fstat(&dir)?;
        loop {
            let above = walk::up(&dir, "..")?;
            let above_stat = rustix::fs::fstat(&above)?;
            let is_top = same(&above_stat, &stat);
            if walk::kind(dir.as_fd(), OsStr::new(".git")).is_ok() || (same(&stat, &self.here) && !is_top) {
                return Ok(true);
            }
            if is_top {
                return Ok(false);
            }
            (dir, stat) = (above, above_stat);
        }
    }
}

fn same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}
