//! Programs that give or take a secret, with a limit of time.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{env, io};

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::ExposeSecret as _;
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::Secret;
use super::orphan::dies_with_run;
use super::told::told;

/// The most that a command may print: no secret is longer.
pub(super) const OUTPUT_LIMIT: u64 = 64 * 1024;
/// How long the standard error of a command is read that has ended, while something that it started holds it open.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Why a command gave or took no secret. What it printed is never shown, but for its standard error where that is wanted.
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
        /// The last lines of its standard error; none if they are not to be shown.
        said: Option<Vec<String>>,
    },
    /// It was still running, or had left its output open, after its time; it was killed with its process group.
    #[error("`{program}` did not exit within {} s", limit.as_secs_f64())]
    Timeout {
        /// The program.
        program: String,
        /// Its time.
        limit: Duration,
        /// The last lines of its standard error; none if they are not to be shown.
        said: Option<Vec<String>>,
    },
    /// Talking to it failed.
    #[error("cannot communicate with `{program}`: {error}")]
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

impl CommandError {
    /// Whether the command was started, and so may have had its input.
    pub const fn started(&self) -> bool {
        !matches!(self, Self::Empty | Self::Start { .. })
    }

    /// How to learn more, where it ended badly and what it wrote to its standard error was thrown away.
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Failed { said: None, .. } | Self::Timeout { said: None, .. } => {
                Some("add `stderr = \"show\"` beside `command` to see what it writes to its standard error")
            }
            _ => None,
        }
    }

    /// The last lines that the command wrote to its standard error, if they are to be shown.
    pub fn said(&self) -> &[String] {
        match self {
            Self::Failed { said, .. } | Self::Timeout { said, .. } => said.as_deref().unwrap_or_default(),
            Self::Empty | Self::Start { .. } | Self::Io { .. } | Self::TooMuch { .. } => &[],
        }
    }
}

/// The process groups of the commands that run.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

fn running() -> MutexGuard<'static, BTreeSet<i32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kill(group: i32) {
    if let Some(group) = Pid::from_raw(group) {
        // It may be gone already: then nothing is left to kill.
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Kills all commands that run, with all that they have started: for a process that is about to exit without unwinding.
pub fn kill_commands() {
    running().iter().copied().for_each(kill);
}

/// A started command; dropping it kills its process group, unless it has ended.
struct Running {
    child: Child,
    group: Option<i32>,
    ended: bool,
}

impl Running {
    fn new(child: Child) -> Self {
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        running().extend(group);
        Self { child, group, ended: false }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(group) = self.group else { return };
        if !self.ended {
            kill(group);
        }
        running().remove(&group);
    }
}

/// Whether a command does not get the environment variable `name`: the run's own token, and what is only for fluxform
/// itself. A manifest's variables, the commit and the CI run are nobody's secret.
fn is_withheld(name: &str) -> bool {
    const SHARED: [&str; 2] = ["FLUXFORM_COMMIT", "FLUXFORM_RUN_URL"];
    match name {
        "INFLUX_TOKEN" | "INFLUX_TOKEN_FILE" => true,
        _ => name.starts_with("FLUXFORM_") && !name.starts_with("FLUXFORM_VAR_") && !SHARED.contains(&name),
    }
}

/// The command, ready to be started in `dir` without a shell and without the run's own token, as the leader of a process
/// group: a Ctrl-C at the terminal is not its, and it can be killed with all that it starts.
fn command(program: &str, arguments: &[String], dir: &Path) -> io::Result<Command> {
    let dir = if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir.to_owned() };
    // A path would be looked for from where the command runs.
    let dir = std::path::absolute(dir)?;
    let mut command = if program.contains('/') { Command::new(dir.join(program)) } else { Command::new(program) };
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_withheld)) {
        command.env_remove(name);
    }
    command.args(arguments).current_dir(dir).process_group(0).kill_on_drop(true);
    dies_with_run(&mut command);
    Ok(command)
}

/// What a command has written so far.
struct Written {
    output: Zeroizing<Vec<u8>>,
    errors: Zeroizing<Vec<u8>>,
}

/// Runs a command in `dir`, writes `input` to its standard input, and returns what it printed. Its standard error is thrown
/// away, unless `shows_stderr`: then the error has its last lines. A command that ends with status 0 without reading its
/// input has succeeded.
pub(super) async fn run(
    argv: &[String],
    dir: &Path,
    input: Option<&Secret>,
    limit: Duration,
    shows_stderr: bool,
) -> Result<Zeroizing<Vec<u8>>, CommandError> {
    let (program, arguments) = argv.split_first().ok_or(CommandError::Empty)?;
    let start = |error| CommandError::Start { program: program.clone(), error };
    let mut command = command(program, arguments, dir).map_err(start)?;
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(if input.is_some() { Stdio::null() } else { Stdio::piped() });
    command.stderr(if shows_stderr { Stdio::piped() } else { Stdio::null() });
    let mut running = Running::new(command.spawn().map_err(start)?);
    // Full capacity at once: growing would leave copies behind in memory.
    let buffer = || Zeroizing::new(Vec::with_capacity(OUTPUT_LIMIT as usize + 1));
    let mut written = Written { output: buffer(), errors: buffer() };
    let talked = tokio::time::timeout(limit, talk(&mut running.child, input, &mut written)).await;
    let program = program.clone();
    let said = |written: &Written| {
        shows_stderr.then(|| match input {
            Some(secret) => told(&written.errors, &[secret.expose_secret().as_bytes()]),
            // Each line may be a secret, and all of them together.
            None => {
                let whole = written.output.trim_ascii();
                let secrets: Vec<&[u8]> = [whole].into_iter().chain(whole.split(|byte| *byte == b'\n')).collect();
                told(&written.errors, &secrets)
            }
        })
    };
    let status = match talked {
        Err(_) => return Err(CommandError::Timeout { program, limit, said: said(&written) }),
        Ok(Err(error)) => return Err(CommandError::Io { program, error }),
        Ok(Ok(None)) => return Err(CommandError::TooMuch { program }),
        Ok(Ok(Some(status))) => status,
    };
    running.ended = true;
    if status.success() {
        Ok(written.output)
    } else {
        Err(CommandError::Failed { program, status, said: said(&written) })
    }
}

/// Writes, reads and waits; None: it printed too much.
async fn talk(child: &mut Child, input: Option<&Secret>, written: &mut Written) -> io::Result<Option<ExitStatus>> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let (Some(mut stdin), Some(secret)) = (stdin, input) {
            match stdin.write_all(secret.expose_secret().as_bytes()).await {
                // Whether it wanted the secret, its exit status says.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
                _ => {}
            }
        }
        Ok(())
    };
    let Written { output, errors } = written;
    let read = async {
        if let Some(stdout) = stdout {
            stdout.take(OUTPUT_LIMIT + 1).read_to_end(output).await?;
        }
        Ok(output.len() as u64 <= OUTPUT_LIMIT)
    };
    let mut errors = pin!(drain(stderr, errors));
    let mut drained = false;
    let mut told = pin!(async { tokio::try_join!(write, read) });
    let (_, fits) = loop {
        tokio::select! {
            told = &mut told => break told?,
            () = &mut errors, if !drained => drained = true,
        }
    };
    if !fits {
        return Ok(None);
    }
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            () = &mut errors, if !drained => drained = true,
        }
    };
    if !drained {
        // What it wrote is in the pipe; who else holds the pipe open is not waited for.
        let _ = tokio::time::timeout(LAST_WORDS, errors).await;
    }
    Ok(Some(status))
}

/// Reads a stream to its end, and keeps as much of it as a command may print.
async fn drain(stream: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    let Some(mut stream) = stream else { return };
    let mut piece = Zeroizing::new([0; 4096]);
    // What cannot be read is not shown.
    while let Ok(length @ 1..) = stream.read(&mut *piece).await {
        let room = (OUTPUT_LIMIT as usize).saturating_sub(into.len());
        into.extend_from_slice(&piece[..length.min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn the_runs_own_token_is_withheld_and_what_others_need_is_not() {
        for name in
            ["INFLUX_TOKEN", "INFLUX_TOKEN_FILE", "FLUXFORM_SETUP_PASSWORD", "FLUXFORM_TOKEN_ID", "FLUXFORM_LEDGER_KEY"]
        {
            assert!(is_withheld(name), "{name}");
        }
        let shared = ["FLUXFORM_VAR_env", "FLUXFORM_COMMIT", "FLUXFORM_RUN_URL", "INFLUX_HOST", "INFLUX_ORG"];
        for name in shared.into_iter().chain(["PATH", "HOME", "VAULT_TOKEN", "HTTPS_PROXY"]) {
            assert!(!is_withheld(name), "{name}");
        }
    }

    #[tokio::test]
    async fn a_command_runs_in_its_directory_and_is_found_from_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let printed = run(&words(&["pwd", "-P"]), dir.path(), None, LONG, false).await.expect("a directory");
        let real = dir.path().canonicalize().expect("a directory");
        assert_eq!(String::from_utf8_lossy(&printed).trim_end(), real.to_str().expect("UTF-8"));
        std::os::unix::fs::symlink("/bin/pwd", dir.path().join("where")).expect("a link");
        let printed = run(&words(&["./where"]), dir.path(), None, LONG, false).await.expect("a directory");
        assert_eq!(String::from_utf8_lossy(&printed).trim_end(), real.to_str().expect("UTF-8"));
    }

    fn shell(script: &str) -> Vec<String> {
        words(&["sh", "-c", script])
    }

    #[tokio::test]
    async fn standard_error_is_shown_only_where_that_is_wanted_and_never_the_secret() {
        let secret = Secret::from("geheim-0123456789");
        let script = shell("cat >&2; echo >&2; echo permission denied >&2; exit 3");
        for (shows, said) in [(false, &[][..]), (true, &["[the secret]", "permission denied"])] {
            let error = run(&script, Path::new(""), Some(&secret), LONG, shows).await.expect_err("a failure");
            assert_eq!((error.said(), error.to_string().as_str()), (&words(said)[..], "`sh` failed (exit status: 3)"));
        }
        // A source that fails may have printed its secret before.
        let script = shell("echo geheim-0123456789; echo key; echo cannot give geheim-0123456789 >&2; exit 3");
        let error = run(&script, Path::new(""), None, LONG, true).await.expect_err("a failure");
        assert_eq!(error.said(), ["cannot give [the secret]"]);
    }

    #[tokio::test]
    async fn much_on_standard_error_keeps_no_command_from_ending() {
        let script = shell("yes >&2 & head -c 300000 /dev/zero >&2; kill $!; cat >/dev/null; echo done >&2");
        run(&script, Path::new(""), Some(&Secret::from("geheim")), LONG, true).await.expect("delivered");
        // What it has left running holds its standard error open.
        let script = shell("sleep 600 & echo failed >&2; exit 1");
        let error =
            run(&script, Path::new(""), Some(&Secret::from("geheim")), LONG, true).await.expect_err("a failure");
        assert_eq!(error.said(), ["failed"]);
    }

    #[tokio::test]
    async fn what_a_command_said_that_was_killed_is_shown() {
        let script = shell("echo waiting for the vault >&2; sleep 600");
        // However slow the machine is, it has said something by some time.
        for limit in [1, 4, 60] {
            let run = run(&script, Path::new(""), None, Duration::from_secs(limit), true);
            match run.await.expect_err("a timeout").said() {
                [] => {}
                said => return assert_eq!(said, ["waiting for the vault"]),
            }
        }
        panic!("it has said nothing");
    }

    /// Whether the process is gone, or waits for its parent to notice that.
    fn is_gone(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.is_err() || stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
    }

    #[tokio::test]
    async fn a_command_that_is_given_up_is_killed_with_its_children() {
        let dir = tempfile::tempdir().expect("a directory");
        let script = "sleep 600 & echo $! > new && echo $$ >> new && mv new pids && wait";
        let pids = dir.path().join("pids");
        let argv = words(&["sh", "-c", script]);
        tokio::select! {
            ended = run(&argv, dir.path(), None, LONG, false) => panic!("it has ended: {ended:?}"),
            () = async { while !pids.exists() { tokio::task::yield_now().await } } => {}
        }
        let pids = std::fs::read_to_string(pids).expect("two numbers");
        assert_eq!(pids.lines().count(), 2);
        for pid in pids.lines() {
            while !is_gone(pid) {
                tokio::task::yield_now().await;
            }
        }
    }
}
