//! Where secrets come from and where they go.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

mod orphan;
mod process;
mod sink;
mod source;
mod told;
mod within;

pub use process::{CommandError, kill_commands};
pub use sink::{SinkError, Staged};
pub use source::{Resolved, SecretError, read};

/// A secret: never shown, wiped from memory.
pub use secrecy::SecretString as Secret;

/// The right to read secrets, to deliver them, and to run their commands. Only what may write to a server has it to give:
/// what plans cannot come by one, so it starts no process and resolves no secret.
#[derive(Clone, Copy, Debug)]
pub struct Access(());

impl Access {
    /// For the client that may write, and for nothing else.
    pub(crate) const fn granted() -> Self {
        Self(())
    }
}

/// The right to read what lies in the files of sinks, and to do nothing else. Whoever runs a plan may give it.
#[derive(Clone, Copy, Debug)]
pub struct Look(());

impl Look {
    /// For a run that was told to look.
    pub(crate) const fn asked_for() -> Self {
        Self(())
    }
}

impl From<Access> for Look {
    fn from(_: Access) -> Self {
        Self(())
    }
}

/// How long a command may take that says nothing else.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The first 12 hexadecimal digits of the secret's SHA-256: enough to tell two secrets apart, useless to guess one of
/// the server's random tokens.
pub fn fingerprint(secret: &Secret) -> String {
    Sha256::digest(secret.expose_secret()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Where a secret comes from. Paths start at the project directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        /// Whether what it writes to its standard error is shown where it fails.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shows_stderr: bool,
    },
    /// A sensitive variable of the project.
    Variable {
        /// Its name.
        name: String,
    },
    /// The server, which has it and does not show it.
    Kept,
}

/// Where a new token's secret is delivered. Paths start at the project directory, and may lie outside the project: a sink may name a host's
/// directory for secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        /// Where it runs: the project directory, from [`Sink::within`] on.
        #[serde(skip)]
        dir: PathBuf,
        /// How long it may take.
        timeout: Duration,
        /// Whether what it writes to its standard error is shown where it fails.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shows_stderr: bool,
    },
    /// Nowhere.
    Discard,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env { name } => write!(f, "env {name}"),
            Self::File { path } => write!(f, "file {}", path.display()),
            Self::Command { argv, .. } => write!(f, "command {argv:?}"),
            Self::Variable { name } => write!(f, "var {name}"),
            Self::Kept => f.write_str("the server"),
        }
    }
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
