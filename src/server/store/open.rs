//! From a file to a database that can be trusted: locked, whole, ours, and each record readable.
//!
//! redb trusts a file that it finds closed in order, and may panic or lose what it points to if it is not what it was. So each
//! page's checksum is checked when a file is opened, and a panic on the way is damage too.

use std::cell::Cell;
use std::fs::{File, TryLockError};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;
use std::panic::AssertUnwindSafe;

use redb::{Database, DatabaseError, ReadableDatabase as _, StorageError, TableHandle as _};

use super::source::Source;
use super::{Error, FORMAT, META, Order, Read as _, Store, TABLES, View, migrate};
use crate::confine::ConfineError;
use crate::server::place::DataFile;

/// Why a file is not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Another process has it.
    #[error("another process uses it")]
    Locked,
    /// It cannot be reached.
    #[error(transparent)]
    File(#[from] ConfineError),
    /// It is not what a server has left. The text goes on from "it ".
    #[error("it {0}")]
    Damaged(String),
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn damaged(what: impl Into<String>) -> OpenError {
    OpenError::Damaged(what.into())
}

/// Opens the file, or makes it.
pub(crate) fn open(place: &DataFile) -> Result<Store, OpenError> {
    loop {
        match place.open_to_write() {
            Ok(file) => {
                lock(file.try_lock())?;
                return existing(Source::in_place(file));
            }
            Err(ConfineError::Missing(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(store) = make(place)? {
            return Ok(store);
        }
    }
}

/// Opens the file, of which nothing will be changed. Others may do the same at the same time.
pub(crate) fn open_untouched(place: &DataFile) -> Result<Store, OpenError> {
    let file = place.open_to_read()?;
    lock(file.try_lock_shared())?;
    existing(Source::untouched(file))
}

fn lock(locked: Result<(), TryLockError>) -> Result<(), OpenError> {
    match locked {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Makes a new file beside its place and then puts it there, so that there never is half of one; `None` if another process
/// was first.
fn make(place: &DataFile) -> Result<Option<Store>, OpenError> {
    let (file, beside) = place.make_beside()?;
    lock(file.try_lock())?;
    let source = Source::in_place(file);
    let database = source.open().map_err(told)?;
    let store = Store::prepare(database, Some(source)).map_err(unprepared)?;
    Ok(beside.publish()?.then_some(store))
}

fn existing(source: Source) -> Result<Store, OpenError> {
    inspect(source.file())?;
    guarded(|| {
        // Looked at as it is, before anything in it is changed.
        let database = source.open_over().map_err(told)?;
        verify(&database)?;
        let database = if source.is_untouched() {
            database
        } else {
            drop(database);
            source.open().map_err(told)?
        };
        Store::prepare(database, Some(source)).map_err(unprepared)
    })
}

fn unprepared(error: Error) -> OpenError {
    match error {
        Error::Database(error) => match *error {
            redb::Error::Io(error) => error.into(),
            other => damaged(format!("cannot be used: {other}")),
        },
        other => damaged(format!("cannot be used: {other}")),
    }
}

/// What redb says of a file, in our words.
fn told(error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::UpgradeRequired(_) => damaged("was written by another version of fluxform"),
        DatabaseError::Storage(StorageError::Io(error))
            if !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
        {
            error.into()
        }
        other => damaged(format!("is damaged ({other})")),
    }
}

/// The first bytes of a database.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";
/// Where the byte of flags is, the two commits, and in a commit the number of its transaction (redb's file format 3).
const FLAGS: usize = MAGIC.len();
const COMMITS: [usize; 2] = [64, 192];
const TRANSACTION: usize = 104;
const HEADER: usize = 320;
/// The flags: which commit counts, and whether the file is in use or was left behind in use.
const SECOND_COUNTS: u8 = 1;
const IN_USE: u8 = 2;

/// Looks at the first bytes, for what redb would say less clearly, or overlook: which commit counts is one bit without a
/// checksum, and the other commit is what there was before.
fn inspect(file: &File) -> Result<(), OpenError> {
    let length = file.metadata()?.len();
    if length == 0 {
        return Err(damaged("is empty"));
    }
    let mut header = [0; HEADER];
    if length < HEADER as u64 {
        let mut begin = vec![0; usize::try_from(length).unwrap_or_default().min(MAGIC.len())];
        file.read_exact_at(&mut begin, 0)?;
        return Err(damaged(if MAGIC.starts_with(&begin) { "is cut off" } else { "is not a database" }));
    }
    file.read_exact_at(&mut header, 0)?;
    if !header.starts_with(MAGIC) {
        return Err(damaged("is not a database"));
    }
    let [first, second] = COMMITS.map(|commit| {
        let number = header[commit + TRANSACTION..].first_chunk::<8>();
        number.map_or(0, |number| u64::from_le_bytes(*number))
    });
    let flags = header[FLAGS];
    let (counts, other) = if flags & SECOND_COUNTS == 0 { (first, second) } else { (second, first) };
    if flags & IN_USE == 0 && other > counts {
        return Err(damaged("is damaged (its first page names an older state)"));
    }
    Ok(())
}

/// Whether everything in it can be read, and is what a server keeps.
fn verify(database: &Database) -> Result<(), OpenError> {
    let unread = |error: redb::Error| damaged(format!("is damaged ({error})"));
    let transaction = database.begin_read().map_err(|error| unread(error.into()))?;
    let names: Vec<String> =
        transaction.list_tables().map_err(|error| unread(error.into()))?.map(|table| table.name().to_owned()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let ours = |name: &str| names.iter().any(|found| found == name);
    if !ours(super::org::ORGS.name()) {
        return Err(damaged("is a database of another program"));
    }
    let view = View(transaction);
    let record = |error: Error| match error {
        Error::Database(error) => unread(*error),
        other => damaged(format!("is damaged ({other})")),
    };
    if ours(META.name())
        && let format = view.get(META, FORMAT.0).map_err(record)?
        && format.as_deref().is_some_and(|format| !migrate::is_known(format))
    {
        return Err(damaged("was written by another version of fluxform"));
    }
    for (table, check) in TABLES.iter().chain(migrate::FORMER).filter(|(table, _)| ours(table.name())) {
        let mut visit = |key: &[u8], value: &[u8]| check(key, value).map(|()| ControlFlow::Continue(()));
        view.scan(*table, b"", Order::Ascending, None, &mut visit).map_err(record)?;
    }
    crate::server::points::check(view.transaction()).map_err(unread)
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread is taken for damage of a file, and not for a bug.
pub(crate) fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs `work`; a panic in it is damage.
fn guarded<T>(work: impl FnOnce() -> Result<T, OpenError>) -> Result<T, OpenError> {
    GUARDED.set(true);
    let result = std::panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    result.unwrap_or_else(|_| Err(damaged("is damaged (it cannot be read through)")))
}

#[cfg(test)]
mod tests;
