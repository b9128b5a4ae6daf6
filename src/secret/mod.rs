//! Where secrets come from and where they go.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A secret: never shown, wiped from memory.
pub use secrecy::SecretString as Secret;

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An environment variable.
    Env {
        /// Its name.
        name: String,
    },
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
    },
    /// The standard output of a command.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
    },
}

/// Where a new token's secret is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// A file of its own.
    File {
        /// Its path.
        path: PathBuf,
    },
    /// One key of a dotenv file.
    EnvFile {
        /// The file's path.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// The standard input of a command.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// How long it may take.
        timeout: Duration,
    },
    /// Nowhere.
    Discard,
}

impl fmt::Display for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path } => write!(f, "file {}", path.display()),
            Self::EnvFile { path, key } => write!(f, "env_file {} {key}", path.display()),
            Self::Command { argv, .. } => write!(f, "command {argv:?}"),
            Self::Discard => f.write_str("discard"),
        }
    }
}
