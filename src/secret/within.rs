//! Targets of a manifest start at the project directory, and commands run there.

use std::path::{Path, PathBuf};

use super::Sink;
use crate::confine::{ConfineError, Root, leaves};

impl Sink {
    /// The same with a relative path seen from `root`, and a command that runs there.
    ///
    /// # Errors
    /// A path in the project that is a link, or leads through one: what is written there is what was reviewed, and not what a
    /// link makes of it.
    pub fn within(&self, root: &Root) -> Result<Self, ConfineError> {
        Ok(match self {
            Self::File { path } => Self::File { path: target(root, path)? },
            Self::EnvFile { path, key } => Self::EnvFile { path: target(root, path)?, key: key.clone() },
            Self::Command { argv, timeout, shows_stderr, .. } => Self::Command {
                argv: argv.clone(),
                dir: root.path().to_owned(),
                timeout: *timeout,
                shows_stderr: *shows_stderr,
            },
            Self::Discard => Self::Discard,
        })
    }
}

/// The path of a target, seen from the project directory. What leads out of it is the author's own choice, and as reviewed.
fn target(root: &Root, path: &Path) -> Result<PathBuf, ConfineError> {
    if !leaves(path) {
        root.has(path)?;
    }
    Ok(root.path().join(path))
}
