//! Why the store does not do something.

use crate::server::problem::{Code, Problem};

/// A failure of the database, or a refusal, whose words are beside the kind that it is about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database failed.
    #[error("{0}")]
    Database(Box<redb::Error>),
    /// A stored record cannot be written or read.
    #[error("stored record: {0}")]
    Record(serde_json::Error),
    /// An index holds something that is no ID.
    #[error("stored index entry is damaged")]
    Index,
    /// Nothing can be written at the moment.
    #[error("the data cannot be written: {0}")]
    ReadOnly(String),
    /// influxd refuses it too.
    #[error(transparent)]
    Refused(#[from] Problem),
}

impl Error {
    /// Whether something is not there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused(Problem { code: Code::NotFound, .. }))
    }
}

/// What was found, or nothing.
pub(crate) fn if_there<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

impl From<redb::Error> for Error {
    fn from(error: redb::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error {
            redb::Error::Io(error) if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge) => {
                Self::ReadOnly(error.to_string())
            }
            other => Self::Database(Box::new(other)),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(problem) => problem,
            failed => Self::new(Code::Internal, failed.to_string()),
        }
    }
}
