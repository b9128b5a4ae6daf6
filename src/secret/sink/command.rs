//! A program's standard input as a sink.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
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

/// Gives the secret to the command on its standard input; exit status 0 is the delivery.
pub(super) async fn deliver(
    argv: &[String],
    dir: &Path,
    secret: &Secret,
    limit: Duration,
    shows_stderr: bool,
) -> Result<(), SinkError> {
    run(argv, dir, Some(secret), limit, shows_stderr).await?;
    Ok(())
}
