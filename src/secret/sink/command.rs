//! A program's standard input as a sink.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, io};

use super::SinkError;
use crate::secret::Secret;
use crate::secret::process::{CommandError, run};

/// Whether the program can be found and executed.
pub(super) fn probe(argv: &[String], dir: &Path) -> Result<(), SinkError> {
    let program = argv.first().ok_or(CommandError::Empty)?;
    let executable =
        |path: &Path| path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    // As `run` finds it: a path starts at `dir`, a bare name is looked up in `PATH`.
    let found = if program.contains('/') {
        executable(&dir.join(program))
    } else {
        env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|dir| executable(&dir.join(program))))
    };
    if found {
        return Ok(());
    }
    let error = io::Error::new(io::ErrorKind::NotFound, "no such program");
    Err(CommandError::Start { program: program.clone(), error }.into())
}

/// A secret that waits to be given to a program.
#[derive(Debug)]
pub(super) struct Handover {
    pub(super) argv: Vec<String>,
    pub(super) dir: PathBuf,
    pub(super) secret: Secret,
    pub(super) limit: Duration,
    pub(super) shows_stderr: bool,
}

impl Handover {
    /// Gives the secret to the program on its standard input; exit status 0 is the delivery.
    pub(super) async fn run(self) -> Result<(), SinkError> {
        run(&self.argv, &self.dir, Some(&self.secret), self.limit, self.shows_stderr).await?;
        Ok(())
    }
}
