//! Programs that give or take a secret, with a limit of time.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::Secret;

/// The most that a command may print: no secret is longer.
const OUTPUT_LIMIT: u64 = 64 * 1024;

/// Why a command gave or took no secret. What it printed is never shown.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The argument list is empty.
    #[error("the command is empty")]
    Empty,
    /// It could not be started.
    #[error("cannot start `{program}`: {error}")]
    Start {
        /// The program.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// It ended with another status than 0.
    #[error("`{program}` failed ({status})")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// It was still running, or had left its output open, after its time; it was killed with its process group.
    #[error("`{program}` did not end within {} s", limit.as_secs_f64())]
    Timeout {
        /// The program.
        program: String,
        /// Its time.
        limit: Duration,
    },
    /// Talking to it failed.
    #[error("cannot talk to `{program}`: {error}")]
    Io {
        /// The program.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// It printed more than a secret can be long.
    #[error("`{program}` printed more than {OUTPUT_LIMIT} bytes")]
    TooMuch {
        /// The program.
        program: String,
    },
}

/// A started command; dropping it kills its process group.
struct Running {
    child: Child,
    ended: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let group = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            // The group may be gone already: then nothing is left to kill.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// Runs a command without a shell, writes `input` to its standard input, and returns what it printed. Its standard error
/// is thrown away. A command that ends with status 0 without reading its input has succeeded.
pub(super) async fn run(
    argv: &[String],
    input: Option<&Secret>,
    limit: Duration,
) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let (program, arguments) = argv.split_first().ok_or(CommandError::Empty)?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(if input.is_some() { Stdio::null() } else { Stdio::piped() })
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| CommandError::Start { program: program.clone(), error })?;
    let mut running = Running { child, ended: false };
    let talked = tokio::time::timeout(limit, talk(&mut running.child, input)).await;
    let (output, status) = match talked {
        Err(_) => return Err(CommandError::Timeout { program: program.clone(), limit }),
        Ok(Err(error)) => return Err(CommandError::Io { program: program.clone(), error }),
        Ok(Ok(None)) => return Err(CommandError::TooMuch { program: program.clone() }),
        Ok(Ok(Some(talked))) => talked,
    };
    running.ended = true;
    if status.success() { Ok(output) } else { Err(CommandError::Failed { program: program.clone(), status }) }
}

/// Writes, reads and waits; None: it printed too much.
async fn talk(child: &mut Child, input: Option<&Secret>) -> io::Result<Option<(Zeroizing<Vec<u8>>, ExitStatus)>> {
    if let (Some(mut stdin), Some(secret)) = (child.stdin.take(), input) {
        match stdin.write_all(secret.expose_secret().as_bytes()).await {
            // Whether it wanted the secret, its exit status says.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    // Full capacity at once: growing would leave copies behind in memory.
    let mut output = Zeroizing::new(Vec::with_capacity(OUTPUT_LIMIT as usize + 1));
    if let Some(stdout) = child.stdout.take() {
        stdout.take(OUTPUT_LIMIT + 1).read_to_end(&mut output).await?;
        if output.len() as u64 > OUTPUT_LIMIT {
            return Ok(None);
        }
    }
    Ok(Some((output, child.wait().await?)))
}
