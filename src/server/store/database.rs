//! The database of a store, which outlives its own failures: a write that the disk refuses ends redb's database, not the server.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use redb::{Database, ReadTransaction, ReadableDatabase as _, WriteTransaction};

use super::Error;
use super::source::Source;

/// How long nothing is written after a file could not be opened for writing again: opening reads all of it.
const PAUSE: Duration = if cfg!(test) { Duration::ZERO } else { Duration::from_secs(1) };

/// The database, and where it comes from.
pub(super) struct Databases {
    current: RwLock<Arc<Current>>,
    source: Option<Source>,
}

enum Current {
    /// All is well.
    Whole(Database),
    /// What is in the file can be read, and nothing can be written.
    ReadOnly {
        database: Database,
        /// Why.
        reason: String,
        since: Instant,
    },
}

impl Current {
    fn database(&self) -> &Database {
        match self {
            Self::Whole(database) | Self::ReadOnly { database, .. } => database,
        }
    }
}

impl Databases {
    pub(super) fn new(database: Database, source: Option<Source>) -> Self {
        Self { current: RwLock::new(Arc::new(Current::Whole(database))), source }
    }

    #[cfg(test)]
    pub(super) fn source(&self) -> &Source {
        self.source.as_ref().expect("a file")
    }

    /// What there is now. Who waits for a turn to write holds this, and not the lock.
    fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn begin_read(&self) -> Result<ReadTransaction, Error> {
        self.recover();
        Ok(self.current().database().begin_read().map_err(redb::Error::from)?)
    }

    pub(super) fn begin_write(&self) -> Result<WriteTransaction, Error> {
        self.recover();
        let since = match self.current().as_ref() {
            Current::Whole(_) => None,
            Current::ReadOnly { since, .. } => Some(*since),
        };
        if since.is_some_and(|since| since.elapsed() >= PAUSE) {
            self.reopen();
        }
        match self.current().as_ref() {
            Current::ReadOnly { reason, .. } => Err(Error::ReadOnly(reason.clone())),
            Current::Whole(database) => {
                let mut transaction = database.begin_write().map_err(redb::Error::from)?;
                // A commit that was acknowledged is then the only one that counts: what is wrong with it is damage, and not
                // a reason to fall back on the one before.
                transaction.set_two_phase_commit(true);
                Ok(transaction)
            }
        }
    }

    /// Opens the file again if an operation on it has failed.
    pub(super) fn recover(&self) {
        if self.source.as_ref().is_some_and(Source::take_failed) {
            self.reopen();
        }
    }

    /// Opens the file again: for writing, or else for reading alone.
    fn reopen(&self) {
        let Some(source) = self.source.as_ref().filter(|source| !source.is_untouched()) else { return };
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        // The old database may still be in somebody's hands, but does nothing any more.
        *current = Arc::new(match source.open() {
            Ok(database) => Current::Whole(database),
            Err(error) => {
                // That it failed is known already.
                source.take_failed();
                let reason = error.to_string();
                tracing::error!(%reason, "the data cannot be written");
                match source.open_over() {
                    Ok(database) => Current::ReadOnly { database, reason, since: Instant::now() },
                    Err(error) => {
                        tracing::error!(%error, "the data cannot be read");
                        return;
                    }
                }
            }
        });
    }
}
