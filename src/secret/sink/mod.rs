//! Delivery in two steps: `stage` puts the secret safely beside its target, `commit` makes it the target.

use std::io;
use std::path::PathBuf;

use super::{Access, CommandError, Look, Secret, Sink};
use crate::confine::ConfineError;

mod command;
mod dotenv;
mod env_file;
mod file;
mod holds;
mod place;
#[cfg(test)]
mod tests;

/// Why a sink did not take a secret.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The target or a directory above it cannot be written or read.
    #[error("cannot {action} {}: {error}", path.display())]
    Io {
        /// What was tried: `write`, `read`, ...
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The target has its secret, but the directory could not be synced: after a power failure it may have the old contents.
    #[error("cannot sync {}: {error}", path.display())]
    Unsynced {
        /// The directory.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The target is there and is no plain file: a directory, a symbolic link, a device.
    #[error("{} is {what}, not a regular file", path.display())]
    NotAFile {
        /// The target.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The target is there, and something else than a secret.
    #[error("cannot write to {}: {why}", path.display())]
    Occupied {
        /// The target.
        path: PathBuf,
        /// What it is; nothing of what it holds.
        why: String,
    },
    /// The target lies behind a link of the project, or is one.
    #[error(transparent)]
    Confined(#[from] ConfineError),
    /// The key of an env file is no name that all readers take.
    #[error("invalid key `{0}` for an env file: use letters, digits and `_`, and no digit first")]
    Key(String),
    /// The secret has characters that readers of env files read differently.
    #[error("the secret contains characters that cannot be written to {} in a way that every reader understands", .0.display())]
    Value(PathBuf),
    /// The command failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A task of the runtime was cancelled.
    #[error("the delivery was interrupted")]
    Interrupted,
}

impl SinkError {
    /// Why what is there could not be read.
    pub fn unread(&self) -> String {
        match self {
            Self::NotAFile { what, .. } => format!("it is {what}"),
            Self::Occupied { why, .. } => why.clone(),
            error => error.to_string(),
        }
    }

    /// Whether the sink may have the secret though `commit` failed: a program that was started may have kept it, however it
    /// ended.
    pub const fn may_hold(&self) -> bool {
        match self {
            Self::Command(error) => error.started(),
            Self::Unsynced { .. } | Self::Interrupted => true,
            Self::Io { .. }
            | Self::NotAFile { .. }
            | Self::Occupied { .. }
            | Self::Confined(_)
            | Self::Key(_)
            | Self::Value(_) => false,
        }
    }

    /// The last lines that a command wrote to its standard error, if they are to be shown; the secret is not in them.
    pub fn said(&self) -> &[String] {
        if let Self::Command(error) = self { error.said() } else { &[] }
    }

    /// How to learn more, where that is known.
    pub const fn hint(&self) -> Option<&'static str> {
        if let Self::Command(error) = self { error.hint() } else { None }
    }
}

/// A secret on its way: safe beside its target, not yet in its place. Dropping it takes it back and leaves the old contents.
#[derive(Debug)]
#[must_use = "dropping a staged secret takes it back"]
pub struct Staged(Stage);

#[derive(Debug)]
enum Stage {
    File(file::StagedFile),
    EnvFile(env_file::StagedKey),
    Command(command::Handover),
    Discard,
}

impl Sink {
    /// Whether the sink could be written, without leaving anything behind: the target is absent or a plain file, and a
    /// file can be made in its directory or, where that is absent, in the nearest one above it. A command is not run,
    /// only looked for. What is to be said of the target, if anything.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn probe(&self, _: Access) -> Result<Option<String>, SinkError> {
        match self {
            Self::File { path } => blocking(path.clone(), |path| place::probe(&path, holds::secret)).await,
            Self::EnvFile { path, key } => {
                dotenv::check_key(key)?;
                blocking(path.clone(), |path| place::probe(&path, holds::env_file)).await
            }
            Self::Command { argv, dir, .. } => command::probe(argv, dir).map(|()| None),
            Self::Discard => Ok(None),
        }
    }

    /// Puts the secret beside its target: a synced temporary file, 0600, missing parents 0700. Leftovers of a crash are
    /// removed first. A command has nothing beside it, and gets the secret when it is committed.
    ///
    /// # Errors
    /// A target that cannot be written; the old contents are untouched then.
    pub async fn stage(&self, secret: &Secret, _: Access) -> Result<Staged, SinkError> {
        let secret = secret.clone();
        Ok(Staged(match self {
            Self::File { path } => {
                Stage::File(blocking(path.clone(), move |path| file::StagedFile::new(path, &secret)).await?)
            }
            Self::EnvFile { path, key } => {
                let key = key.clone();
                Stage::EnvFile(blocking(path.clone(), move |path| env_file::StagedKey::new(path, key, &secret)).await?)
            }
            Self::Command { argv, dir, timeout, shows_stderr } => Stage::Command(command::Handover {
                argv: argv.clone(),
                dir: dir.clone(),
                secret,
                limit: *timeout,
                shows_stderr: *shows_stderr,
            }),
            Self::Discard => Stage::Discard,
        }))
    }

    /// The secret that the sink holds; None if it holds none or cannot be read back (command, discard).
    ///
    /// # Errors
    /// A target that is there and cannot be read.
    pub async fn read(&self, _: impl Into<Look>) -> Result<Option<Secret>, SinkError> {
        match self {
            Self::File { path } => blocking(path.clone(), |path| file::read(&path)).await,
            Self::EnvFile { path, key } => {
                let key = key.clone();
                blocking(path.clone(), move |path| env_file::read(&path, &key)).await
            }
            Self::Command { .. } | Self::Discard => Ok(None),
        }
    }

    /// Whether what it holds can be read back.
    pub const fn is_read(&self) -> bool {
        matches!(self, Self::File { .. } | Self::EnvFile { .. })
    }

    /// Removes what a crash between `stage` and `commit` left beside the target: files named
    /// `.NAME.fluxform-XXXXXX.tmp` that no living process holds. The answer is their number.
    ///
    /// # Errors
    /// A directory that cannot be read, a leftover that cannot be removed.
    pub async fn clean(&self, _: Access) -> Result<usize, SinkError> {
        match self {
            Self::File { path } | Self::EnvFile { path, .. } => {
                blocking(path.clone(), |path| place::clean(&path)).await
            }
            Self::Command { .. } | Self::Discard => Ok(0),
        }
    }
}

impl Staged {
    /// The secret as it was delivered; None where that cannot be read back.
    ///
    /// # Errors
    /// The temporary file cannot be read.
    pub async fn read_back(&self) -> Result<Option<Secret>, SinkError> {
        match &self.0 {
            Stage::File(staged) => blocking(staged.path().to_owned(), |path| file::read(&path)).await,
            Stage::EnvFile(staged) => {
                let key = staged.key().to_owned();
                blocking(staged.path().to_owned(), move |path| env_file::read(&path, &key)).await
            }
            Stage::Command(_) | Stage::Discard => Ok(None),
        }
    }

    /// Whether it goes to a program: what that does with it cannot be taken back.
    pub fn runs(&self) -> bool {
        matches!(self.0, Stage::Command(_))
    }

    /// Puts the secret in its place: an atomic rename, then a sync of the directory. In an env file the key is set in what
    /// the file holds at this moment; writers of one directory wait for each other, also those of other processes. A command
    /// is run, and exit status 0 is the delivery.
    ///
    /// # Errors
    /// What stood in the way. Whether the sink has the secret all the same says `may_hold`.
    pub async fn commit(self) -> Result<(), SinkError> {
        match self.0 {
            Stage::File(staged) => blocking(staged, file::StagedFile::commit).await,
            Stage::EnvFile(staged) => blocking(staged, env_file::StagedKey::commit).await,
            Stage::Command(handover) => handover.run().await,
            Stage::Discard => Ok(()),
        }
    }
}

/// Runs file work where it may block.
async fn blocking<I: Send + 'static, T: Send + 'static>(
    input: I,
    work: impl FnOnce(I) -> Result<T, SinkError> + Send + 'static,
) -> Result<T, SinkError> {
    match tokio::task::spawn_blocking(move || work(input)).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(SinkError::Interrupted),
        },
    }
}
