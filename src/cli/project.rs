//! The project that a command is about.

use std::path::{Path, PathBuf};

use super::applies::argument;
use super::connection::{self, Connection, Purpose};
use super::known_hosts;
use super::shell::Shell;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::exit::Exit;
use crate::graph::Graph;
use crate::kind::{Kind, NaturalKey};
use crate::manifest::{self, Inputs, Loaded, Manifest, Resource};
use crate::problem::{Problem, Problems};
use crate::redact::without_secrets_in_argument;
use crate::render::count;

/// The commands that send no script: what lints find in these is not said again.
const SEND_NO_SCRIPT: [&str; 4] = ["adopt", "destroy", "forget", "import"];

/// The commands that show what lints find; others say how much it is.
const SHOW_LINTS: [&str; 3] = ["apply", "plan", "validate"];

/// Which project, with which variables.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Choice {
    /// The project: a directory of manifests, or one manifest
    #[arg(value_name = "DIR", default_value = ".")]
    pub(super) dir: PathBuf,
    #[command(flatten)]
    pub(super) variables: Variables,
}

/// What the command line says of a project's variables.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Variables {
    /// Set a variable of the project; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, help_heading = "Variables")]
    pub(super) var: Vec<(String, String)>,
    /// Read variables from a TOML file; may be given several times
    #[arg(long, value_name = "FILE", help_heading = "Variables")]
    pub(super) var_file: Vec<PathBuf>,
}

/// What to do where there is no project at `dir`: an address may stand in its place, or the name of a command.
fn misplaced(dir: &Path, command: &str) -> Option<String> {
    let text = dir.to_str().filter(|text| !text.ends_with(".toml"))?;
    if dir.symlink_metadata().is_ok() {
        return None;
    }
    let takes = format!("`fluxform {command}` takes a project: a directory of manifests, or one manifest");
    if super::command().find_subcommand(text).is_some() {
        return Some(format!("{takes}; `fluxform {text}` is a command of its own"));
    }
    if text.split_once('.').and_then(|(kind, _)| Kind::from_name(kind)).is_none() {
        return Some(format!("{takes}; `fluxform init {}` creates one", without_secrets_in_argument(&argument(dir))));
    }
    Some(match command {
        "show" | "output" => {
            format!("write `fluxform {command} DIR ADDRESS`, with one address; `*` in it stands for anything")
        }
        "forget" => "write `fluxform forget ADDRESS DIR`, with one address; `*` in it stands for anything".to_owned(),
        "rotate" => "write `fluxform rotate ADDRESS DIR`, with one address; `*` in it stands for anything".to_owned(),
        "import" => "write `fluxform import ADDRESS ID DIR`, with one address".to_owned(),
        _ => format!("`fluxform {command}` takes no address, but a project: a directory or a manifest"),
    })
}

/// A project's name made from the directory's.
pub(super) fn name_of(dir: &Path) -> String {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let name = dir.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(41).collect();
    match name.trim_matches('-') {
        "" => "demo".to_owned(),
        name => name.to_owned(),
    }
}

/// A project as loaded.
pub(super) struct Project {
    pub(super) manifest: Manifest,
    pub(super) graph: Graph,
    /// What was said of the manifests.
    pub(super) warnings: Vec<Diagnostic>,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

impl Variables {
    /// What is given to a project.
    pub(super) fn inputs(&self, shell: &Shell) -> Inputs {
        let Self { var, var_file } = self;
        let env = shell
            .around
            .vars
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(Inputs::ENV_PREFIX)?.to_owned(), value.clone())));
        Inputs {
            vars: var.clone(),
            var_files: var_file.clone(),
            env: env.collect(),
            org: shell.org.clone(),
            default_org: shell.around.var("INFLUX_ORG").map(str::to_owned),
        }
    }
}

impl Choice {
    /// Loads the project and shows its warnings.
    pub(super) fn load(&self, shell: &Shell) -> Result<Project, Problems> {
        shell.warn(&[]);
        let inputs = self.variables.inputs(shell);
        let Loaded { manifest, graph, mut warnings } = match manifest::load(&self.dir, &inputs) {
            Ok(loaded) => loaded,
            Err(diagnostics) => {
                let is_warning = |diagnostic: &Diagnostic| diagnostic.severity == Severity::Warning;
                let (warnings, errors): (Vec<_>, Vec<_>) = diagnostics.into_iter().partition(is_warning);
                shell.warn(&warnings);
                let wrong =
                    |diagnostic| Problem { exit: Exit::Manifest, diagnostic: self.explained(shell, diagnostic) };
                return Err(Problems::all(errors.into_iter().map(wrong)));
            }
        };
        if SEND_NO_SCRIPT.contains(&shell.command.as_str()) {
            warnings.retain(|warning| warning.code.level().is_none());
        }
        match SHOW_LINTS.contains(&shell.command.as_str()) {
            true => shell.show(&warnings),
            false => self.count_lints(shell, &warnings),
        }
        shell.keep(&warnings);
        Ok(Project { manifest, graph, warnings })
    }

    /// Shows the warnings, but of what lints find only how much it is.
    fn count_lints(&self, shell: &Shell, warnings: &[Diagnostic]) {
        let is_lint = |warning: &&Diagnostic| warning.code.level().is_some();
        let (lints, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) = warnings.iter().partition(is_lint);
        shell.show(&others.into_iter().cloned().collect::<Vec<_>>());
        if !lints.is_empty() {
            let shows = if lints.len() == 1 { "shows it" } else { "shows them" };
            let dir = if self.dir == Path::new(".") { String::new() } else { format!(" {}", argument(&self.dir)) };
            let count = count(lints.len(), "lint warning");
            shell.say(format_args!("{count}; `fluxform validate{dir}` {shows}"));
        }
    }

    /// The same; where the directory is none because an address stands in its place, with what goes where.
    fn explained(&self, shell: &Shell, diagnostic: Diagnostic) -> Diagnostic {
        match diagnostic.help {
            None if diagnostic.code == Code::ManifestUnreadable => {
                diagnostic.help_known(misplaced(&self.dir, &shell.command))
            }
            _ => diagnostic,
        }
    }
}

impl Project {
    /// Puts the warnings of the manifests before all others in what a document will have, and gives how many they are.
    pub(super) fn warn_in(&self, warnings: &mut Vec<Diagnostic>) -> usize {
        warnings.splice(0..0, self.warnings.iter().cloned());
        self.warnings.len()
    }

    /// The connection of a run about this project; its warnings are shown, and where only a manifest names the server, the person
    /// is asked.
    pub(super) async fn connect(
        &self,
        shell: &Shell,
        flags: &connection::Flags,
        purpose: Purpose,
    ) -> Result<Connection, Problems> {
        let connection = connection::resolve(flags, &self.manifest.server, &shell.around, purpose)?;
        shell.show(&connection.warnings);
        let wrong = self.manifest.in_different_orgs(&connection.org.value);
        Problems::none(wrong)?;
        if connection.unconfirmed {
            known_hosts::confirm(shell, &connection).await?;
        }
        Ok(connection)
    }

    /// Whether the project makes the org called `name`.
    pub(super) fn makes_org(&self, name: &str) -> bool {
        self.org_called(name).is_some()
    }

    /// The address of the org called `name`, if the project manages that.
    pub(super) fn org_called(&self, name: &str) -> Option<&Address> {
        let key = |name: &str| NaturalKey::<()>::of(Kind::HOME, None, name);
        let mut orgs = self.manifest.resources.iter().filter(|(address, _)| address.kind == Kind::HOME);
        let has_name = |org: &Resource| Kind::HOME.name_in(&org.fields).and_then(|own| key(&own)) == key(name);
        let called = orgs.find(|(_, org)| !org.external && has_name(org));
        called.map(|(address, _)| address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_from_any_directory() {
        for (dir, name) in [("/", "demo"), ("a/--", "demo"), ("a/IoT_2", "iot-2"), ("/x/ü", "demo")] {
            assert_eq!(name_of(Path::new(dir)), name, "{dir}");
        }
    }
}
