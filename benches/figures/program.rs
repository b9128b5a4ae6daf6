//! The program under measurement, as a process.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Result;
use super::project::Project;

/// The `fluxform` that was built for this benchmark.
pub(crate) struct Program {
    path: PathBuf,
}

impl Program {
    /// The one that cargo has just built, with the profile of the benchmark.
    pub(crate) fn built() -> Self {
        Self::at(env!("CARGO_BIN_EXE_fluxform"))
    }

    /// Another one.
    pub(crate) fn at(path: &str) -> Self {
        Self { path: path.into() }
    }

    /// A command, with nothing of this process's environment.
    fn command(&self, arguments: &[&str], project: &Project) -> Command {
        let mut command = self.bare(arguments);
        command.arg(project.path());
        command
    }

    /// A command that is about no project.
    fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// `plan`, `apply` or `destroy` of `project` in `org` of a server.
    pub(crate) fn on(&self, what: &str, project: &Project, url: &str, token: &str, org: &str) -> Command {
        let approve = if what == "plan" { "--detailed-exitcode" } else { "--auto-approve" };
        let mut command = self.command(&[what, approve, "--host", url, "--org", org], project);
        command.env("INFLUX_TOKEN", token);
        command
    }

    /// `plan` of `project`, whatever it finds. The URL `embedded:` is a server of its own, in its own process.
    pub(crate) fn plan_on(&self, project: &Project, url: &str, token: &str, org: &str) -> Command {
        let mut command = self.command(&["plan", "--host", url, "--org", org], project);
        command.env("INFLUX_TOKEN", token);
        command
    }

    /// `export` of an org of a server to the directory `out`.
    pub(crate) fn export(&self, out: &Path, url: &str, token: &str, org: &str) -> Command {
        let mut command = self.bare(&["export", "--project", "exported", "--host", url, "--org", org, "--out"]);
        command.arg(out).env("INFLUX_TOKEN", token);
        command
    }

    pub(crate) fn validate(&self, project: &Project) -> Command {
        self.command(&["validate"], project)
    }

    /// Plans; a change is an error.
    pub(crate) fn plan(&self, project: &Project, url: &str, token: &str, org: &str) -> Result<()> {
        self.run(&mut self.on("plan", project, url, token, org))
    }

    pub(crate) fn apply(&self, project: &Project, url: &str, token: &str, org: &str) -> Result<()> {
        self.run(&mut self.on("apply", project, url, token, org))
    }

    /// Runs a command, which must end with 0.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let output = command.output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
    }

    /// Runs a command, which must end with 0, and gives how long after `began` it wrote to standard output.
    pub(crate) fn first_byte(&self, command: &mut Command, began: Instant) -> Result<Duration> {
        // Nobody reads standard error meanwhile.
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut output = child.stdout.take().ok_or("no standard output")?;
        let read = output.read(&mut [0])?;
        let time = began.elapsed();
        std::io::copy(&mut output, &mut std::io::sink())?;
        let exit = child.wait()?;
        if !exit.success() || read == 0 {
            return Err(format!("{command:?}: {exit}, and {read} bytes").into());
        }
        Ok(time)
    }

    /// Runs a command, which must end with 0, and gives its highest resident memory in bytes: what the kernel last said of
    /// it. Asking takes time, so that this is never measured together with one.
    pub(crate) fn peak(&self, command: &mut Command) -> Result<u64> {
        let mut child = command.spawn()?;
        let status = format!("/proc/{}/status", child.id());
        let mut said = child.stderr.take().ok_or("no standard error")?;
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            said.read_to_string(&mut text).map(|_| text)
        });
        let mut peak = 0;
        let exit = loop {
            if let Some(exit) = child.try_wait()? {
                break exit;
            }
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
            peak = peak.max(kilobytes.unwrap_or(0) * 1024);
            std::thread::sleep(Duration::from_micros(200));
        };
        let said = reader.join().map_err(|_| "the reader of standard error panicked")??;
        if !exit.success() {
            return Err(format!("{command:?}: {exit}\n{said}").into());
        }
        if peak == 0 {
            return Err("this system does not say how much memory a process had (/proc/PID/status)".into());
        }
        Ok(peak)
    }
}
