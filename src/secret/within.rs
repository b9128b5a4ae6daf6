//! Paths of a manifest start at the project directory.

use std::path::Path;

use super::{Sink, Source};

impl Source {
    /// The same with a relative path seen from `dir`.
    #[must_use]
    pub fn within(&self, dir: &Path) -> Self {
        match self {
            Self::File { path } => Self::File { path: dir.join(path) },
            other => other.clone(),
        }
    }
}

impl Sink {
    /// The same with a relative path seen from `dir`.
    #[must_use]
    pub fn within(&self, dir: &Path) -> Self {
        match self {
            Self::File { path } => Self::File { path: dir.join(path) },
            Self::EnvFile { path, key } => Self::EnvFile { path: dir.join(path), key: key.clone() },
            other => other.clone(),
        }
    }
}
