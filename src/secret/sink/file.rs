//! A file of its own as a sink.

use std::io;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use tempfile::NamedTempFile;

use super::SinkError;
use super::holds::secret as secret_file;
use super::place::{clean, failed, held, read as read_place, take_place, write_beside};
use crate::secret::Secret;
use crate::secret::source::without_line_end;

/// A file that waits to become the target.
#[derive(Debug)]
pub(super) struct StagedFile {
    temp: NamedTempFile,
    target: PathBuf,
}

impl StagedFile {
    /// The secret without a line end, in a file beside the target.
    pub(super) fn new(target: PathBuf, secret: &Secret) -> Result<Self, SinkError> {
        read_place(&target, secret_file)?;
        clean(&target)?;
        let temp = write_beside(&target, secret.expose_secret().as_bytes())?;
        Ok(Self { temp, target })
    }

    pub(super) fn path(&self) -> &Path {
        self.temp.path()
    }

    pub(super) fn commit(self) -> Result<(), SinkError> {
        read_place(&self.target, secret_file)?;
        take_place(self.temp, &self.target)
    }
}

/// The secret in a file; None: there is no file, or nothing in it.
pub(super) fn read(path: &Path) -> Result<Option<Secret>, SinkError> {
    let Some(held) = held(path)? else { return Ok(None) };
    let text = std::str::from_utf8(&held.contents).map_err(|error| failed("read", path)(io::Error::other(error)))?;
    let text = without_line_end(text);
    Ok((!text.is_empty()).then(|| text.into()))
}
