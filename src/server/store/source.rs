//! A locked file, and the database that is made of it: more than once, because redb gives a database up after a write that
//! failed.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{Database, DatabaseError};

use super::backend::{InPlace, Overlay};

/// How much of a database is kept in memory, in bytes.
const CACHE: usize = 64 << 20;

/// A file that this process has locked, until it is dropped.
#[derive(Debug)]
pub(super) struct Source {
    file: Arc<File>,
    untouched: bool,
    /// Whether an operation on the file has failed: the database of that time does nothing any more.
    failed: Arc<AtomicBool>,
    #[cfg(test)]
    pub(super) room: Arc<std::sync::atomic::AtomicU64>,
}

impl Source {
    /// A file that is changed.
    pub(super) fn in_place(file: File) -> Self {
        Self {
            file: Arc::new(file),
            untouched: false,
            failed: Arc::default(),
            #[cfg(test)]
            room: Arc::new(u64::MAX.into()),
        }
    }

    /// A file that is not.
    pub(super) fn untouched(file: File) -> Self {
        Self { untouched: true, ..Self::in_place(file) }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Whether an operation has failed since this was last asked.
    pub(super) fn take_failed(&self) -> bool {
        self.failed.swap(false, Ordering::AcqRel)
    }

    /// Whether the file is not to be changed.
    pub(super) fn is_untouched(&self) -> bool {
        self.untouched
    }

    /// The database, to be changed in place; an empty file becomes one.
    pub(super) fn open(&self) -> Result<Database, DatabaseError> {
        let backend = InPlace::new(&self.file, &self.failed);
        #[cfg(test)]
        let backend = backend.with_room(&self.room);
        Database::builder().set_cache_size(CACHE).create_with_backend(backend)
    }

    /// The database as it is in the file, each page of it checked; changes stay in memory.
    pub(super) fn open_over(&self) -> Result<Database, DatabaseError> {
        let backend = Overlay::new(&self.file)?;
        Database::builder().set_cache_size(CACHE).set_check_integrity_on_open(true).create_with_backend(backend)
    }
}
