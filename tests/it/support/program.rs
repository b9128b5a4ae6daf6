//! The program as a user runs it, away from the tests' own environment.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A run being prepared: a home directory of its own, no terminal, no variables but those given.
pub(crate) struct Program {
    command: Command,
    _home: TempDir,
}

/// What a run has left.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    /// In the directory `at`.
    pub(crate) fn new(at: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fluxform"));
        command.args(arguments).env_clear().env("HOME", home.path()).current_dir(at).stdin(Stdio::null());
        Self { command, _home: home }
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn run(mut self) -> Run {
        let output = self.command.output().unwrap();
        Run {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// Standard output, if it ended with `code`.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self.out
    }
}
