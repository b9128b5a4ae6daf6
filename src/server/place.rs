//! Where the data is.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::confine::{ConfineError, Root};

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Location {
    /// Nowhere: it goes with the process.
    Memory,
    /// In this file, which is made if it does not exist, with the directories above it.
    File(DataFile),
    /// In this file, which must exist and is not touched: what is changed stays in memory and goes with the process.
    Untouched(DataFile),
}

/// A file of data: a path below a directory that is held open. No link is followed on the way.
#[derive(Clone, Debug)]
pub struct DataFile {
    root: Root,
    path: PathBuf,
}

impl DataFile {
    /// The file at `path` in a directory.
    pub fn within(root: &Root, path: &Path) -> Self {
        Self { root: root.clone(), path: path.to_owned() }
    }

    /// The file at a path that a person has named; the directories above it are made.
    ///
    /// # Errors
    /// They cannot be made or opened.
    pub fn chosen(path: &Path) -> Result<Self, ConfineError> {
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(|error| ConfineError::Io { path: parent.to_owned(), error })?;
        let name = path.file_name().unwrap_or_default();
        Ok(Self { root: Root::open(parent)?, path: name.into() })
    }

    /// Its path, for messages.
    pub fn shown(&self) -> PathBuf {
        match self.root.path() {
            here if here == Path::new(".") => self.path.clone(),
            root => root.join(&self.path),
        }
    }

    /// Whether something is there.
    ///
    /// # Errors
    /// A path that leads outside or through a link.
    pub fn exists(&self) -> Result<bool, ConfineError> {
        self.root.has(&self.path)
    }

    pub(super) fn open_to_read(&self) -> Result<File, ConfineError> {
        self.root.open_to_read(&self.path)
    }

    pub(super) fn open_to_write(&self) -> Result<File, ConfineError> {
        self.root.open_to_write(&self.path)
    }

    /// Makes an empty file beside it, for this process alone.
    pub(super) fn make_beside(&self) -> Result<(File, Beside<'_>), ConfineError> {
        let name = self.path.file_name().unwrap_or_default();
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{:016x}.new", rand::random::<u64>()));
        let path = self.path.with_file_name(hidden);
        let file = self.root.make(&path)?;
        Ok((file, Beside { place: self, path }))
    }
}

/// A new file beside the one that it is to become. One that is left behind by a killed process is in nobody's way.
pub(super) struct Beside<'p> {
    place: &'p DataFile,
    path: PathBuf,
}

impl Beside<'_> {
    /// Makes it the file; false if another process was first.
    pub(super) fn publish(self) -> Result<bool, ConfineError> {
        self.place.root.publish(&self.path, self.place.path.file_name().unwrap_or_default())
    }
}
