//! One run of the program, away from the tests' own environment.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Running, Scene, Terminal, keeps_schema};

/// What a run has left.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A run being prepared: in a home directory of its own, without a terminal, with no variables but those given.
pub(crate) struct Fluxform {
    pub(crate) command: Command,
    home: TempDir,
}

impl Fluxform {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fluxform"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", home.path())
            .env("COLUMNS", "100")
            .current_dir(home.path())
            .stdin(Stdio::null());
        Self { command, home }
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Lets it have so much memory and no more.
    #[cfg(target_os = "linux")]
    pub(crate) fn within(self, mebibytes: u64) -> Self {
        // What each thread reserves for itself is address space, and no memory.
        self.limited(&format!("ulimit -v {}", mebibytes << 10)).var("MALLOC_ARENA_MAX", "1")
    }

    /// Lets it write nothing into files: as on a disk that is full.
    pub(crate) fn without_room(self) -> Self {
        self.limited("trap '' XFSZ && ulimit -f 0")
    }

    /// Starts it from a shell that has run `limit` first.
    fn limited(self, limit: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")]);
        command.arg(self.command.get_program()).args(self.command.get_args()).env_clear();
        let variables = self.command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.envs(variables).current_dir(self.home.path()).stdin(Stdio::null());
        Self { command, ..self }
    }

    /// Starts it without a terminal, and goes on.
    pub(crate) fn start(self) -> Running {
        Running::start(self.command, self.home)
    }

    /// Starts it at a terminal.
    pub(crate) fn at_terminal(self) -> Terminal {
        let Self { mut command, home } = self.var("TERM", "xterm-256color");
        command.stdin(Stdio::inherit());
        Terminal::start(command, home)
    }

    pub(crate) fn run(mut self) -> Ended {
        let output = self.command.output().unwrap();
        let ended = Ended {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        };
        self.keeps_its_schema(&ended);
        ended
    }

    /// Whatever the run prints for machines is what `schemas` describe.
    fn keeps_its_schema(&self, ended: &Ended) {
        let words: Vec<_> = self.command.get_args().filter_map(|word| word.to_str()).collect();
        let schema = match words.first() {
            Some(&("plan" | "drift" | "validate")) => "plan",
            Some(&"flux") if words.get(1) == Some(&"refs") => "flux-refs",
            Some(&"flux") => "plan",
            Some(&("apply" | "destroy" | "rotate")) => "report",
            Some(&"output") if !words.iter().any(|word| word.starts_with("--field")) => "output",
            Some(&("import" | "adopt" | "forget" | "ledger")) => "record",
            Some(
                &command @ ("show"
                | "status"
                | "export"
                | "convert"
                | "lock"
                | "explain"
                | "required-permissions"
                | "preflight"),
            ) => command,
            _ => return,
        };
        let asked = schema == "output"
            || words.contains(&"--format=json")
            || words.windows(2).any(|two| two == ["--format", "json"]);
        // A command line that is wrong has no document.
        if asked && !ended.out.is_empty() && !words.contains(&"--help") {
            // Of a saved plan `show` shows that.
            let schema = if schema == "show" && ended.json()["plan"].is_object() { "plan" } else { schema };
            keeps_schema(schema, &ended.json());
            assert_eq!(ended.json()["exit_code"], ended.code, "{}", ended.out);
        }
    }
}

impl Ended {
    /// The same, if it ended with `code`.
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// The words of standard error, wherever its lines break.
    pub(crate) fn words(&self) -> String {
        self.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
    }

    /// Both streams.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// A project directory with one manifest.
pub(crate) fn project(manifest: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("fluxform.toml"), manifest).unwrap();
    dir
}

/// A project directory whose home org is the scene's.
pub(crate) fn project_of(scene: &Scene, tables: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    declare(dir.path(), scene, tables);
    dir
}

/// Writes the manifest of such a project anew.
pub(crate) fn declare(dir: &Path, scene: &Scene, tables: &str) {
    let head = format!("[project]\nname = \"p\"\n\n[server]\norg = \"{}\"\n", scene.org_name);
    std::fs::write(dir.join("main.toml"), format!("{head}\n{tables}")).unwrap();
}

/// `fluxform COMMAND DIR`.
pub(crate) fn on(command: &str, dir: &Path) -> Fluxform {
    Fluxform::new(&[command]).arg(dir)
}
