//! Paths of a manifest start at the project directory.

use std::path::Path;

use super::{Sink, Source};

impl Source {
    /// The same with a relative path seen from `dir`.
    #[must_use]
    pub fn within(&self, dir: &Path) -> Self {
        match self {
            Self::File { path } => Self::File { path: dir.join(path) },
            Self::Command { argv } => Self::Command { argv: program_from(dir, argv) },
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
            Self::Command { argv, timeout } => Self::Command { argv: program_from(dir, argv), timeout: *timeout },
            other => other.clone(),
        }
    }
}

/// A program that is named by a path; one without a slash is looked up in `PATH`.
fn program_from(dir: &Path, argv: &[String]) -> Vec<String> {
    let mut argv = argv.to_vec();
    if let Some(program) = argv.first_mut().filter(|program| program.contains('/'))
        && let Some(path) = dir.join(&*program).to_str()
    {
        *program = path.to_owned();
    }
    argv
}
