//! Paths of a manifest start at the project directory, and commands run there.

use std::path::Path;

use super::{Sink, Source};

impl Source {
    /// The same with a relative path seen from `dir`, and a command that runs there.
    #[must_use]
    pub fn within(&self, dir: &Path) -> Self {
        match self {
            Self::File { path } => Self::File { path: dir.join(path) },
            Self::Command { argv, .. } => Self::Command { argv: argv.clone(), dir: dir.to_owned() },
            other => other.clone(),
        }
    }
}

impl Sink {
    /// The same with a relative path seen from `dir`, and a command that runs there.
    #[must_use]
    pub fn within(&self, dir: &Path) -> Self {
        match self {
            Self::File { path } => Self::File { path: dir.join(path) },
            Self::EnvFile { path, key } => Self::EnvFile { path: dir.join(path), key: key.clone() },
            Self::Command { argv, timeout, .. } => {
                Self::Command { argv: argv.clone(), dir: dir.to_owned(), timeout: *timeout }
            }
            other => other.clone(),
        }
    }
}
