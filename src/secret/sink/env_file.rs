//! A line of an env file as a sink.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;
use tempfile::NamedTempFile;

use super::SinkError;
use super::dotenv::{check_key, get, quote, set};
use super::holds;
use super::place::{clean, failed, held, parent, read as read_place, take_place, write_beside};
use crate::secret::Secret;

/// One line that waits to be set in the target.
#[derive(Debug)]
pub(super) struct StagedKey {
    temp: NamedTempFile,
    target: PathBuf,
    key: String,
    /// As it is written, quotes included.
    value: Secret,
}

impl StagedKey {
    /// `KEY=value`, alone in a file beside the target.
    pub(super) fn new(target: PathBuf, key: String, secret: &Secret) -> Result<Self, SinkError> {
        check_key(&key)?;
        let value = quote(secret.expose_secret()).ok_or_else(|| SinkError::Value(target.clone()))?;
        let value = Secret::from(value);
        read_place(&target, holds::env_file)?;
        clean(&target)?;
        let line = Zeroizing::new(format!("{key}={}\n", value.expose_secret()));
        let temp = write_beside(&target, line.as_bytes())?;
        Ok(Self { temp, target, key, value })
    }

    pub(super) fn path(&self) -> &Path {
        self.temp.path()
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Sets the key in what the target holds now. The lock is on the directory: it needs no further file, and readers
    /// are not held up.
    pub(super) fn commit(self) -> Result<(), SinkError> {
        let dir = parent(&self.target);
        let lock = File::open(&dir).map_err(failed("open", &dir))?;
        lock.lock().map_err(failed("lock", &dir))?;
        let contents = read_place(&self.target, holds::env_file)?.map(|held| held.contents).unwrap_or_default();
        let contents = Zeroizing::new(set(&contents, &self.key, self.value.expose_secret()));
        let temp = write_beside(&self.target, &contents)?;
        take_place(temp, &self.target)
    }
}

/// The value of the key; None: there is no file, no such key, or nothing after it.
pub(super) fn read(path: &Path, key: &str) -> Result<Option<Secret>, SinkError> {
    let Some(held) = held(path)? else { return Ok(None) };
    let value = get(&held.contents, key).map(Zeroizing::new).filter(|value| !value.is_empty());
    let text = value.as_ref().map(|value| std::str::from_utf8(value)).transpose();
    let text = text.map_err(|error| failed("read", path)(io::Error::other(error)))?;
    Ok(text.map(Into::into))
}
