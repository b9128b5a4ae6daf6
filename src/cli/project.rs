//! The project that a command is about.

use std::path::{Path, PathBuf};

use super::connection::{self, Connection, Purpose};
use super::known_hosts;
use super::shell::Shell;
use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::exit::{Exit, Problem};
use crate::graph::Graph;
use crate::kind::{Kind, NaturalKey};
use crate::manifest::{self, Inputs, Loaded, Manifest, NO_SUCH_PATH};

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

/// The same problems; where an address stands in the place of the project's directory, with what goes where.
pub(super) fn misplaced(mut problems: Vec<Problem>, command: &str) -> Vec<Problem> {
    for Problem { diagnostic, .. } in &mut problems {
        let Some(path) = diagnostic.message.strip_prefix(NO_SUCH_PATH).filter(|_| diagnostic.help.is_none()) else {
            continue;
        };
        let kind = path.split_once('.').and_then(|(kind, _)| Kind::from_name(kind));
        if kind.is_none() || path.ends_with(".toml") {
            continue;
        }
        diagnostic.help = Some(match command {
            "show" | "output" => {
                format!("write `fluxform {command} DIR ADDRESS`, with one address; `*` in it stands for anything")
            }
            "forget" => {
                "write `fluxform forget ADDRESS DIR`, with one address; `*` in it stands for anything".to_owned()
            }
            "import" => "write `fluxform import ADDRESS ID DIR`, with one address".to_owned(),
            _ => format!("`fluxform {command}` takes no address, but a project: a directory or a manifest"),
        });
    }
    problems
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

impl Choice {
    /// Loads the project and shows its warnings.
    pub(super) fn load(&self, shell: &Shell) -> Result<Project, Vec<Problem>> {
        let Variables { var, var_file } = &self.variables;
        let env = shell
            .around
            .vars
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(Inputs::ENV_PREFIX)?.to_owned(), value.clone())));
        let inputs = Inputs { vars: var.clone(), var_files: var_file.clone(), env: env.collect() };
        let wrong = |diagnostic| Problem { exit: Exit::Manifest, diagnostic };
        let Loaded { manifest, graph, warnings } = manifest::load(&self.dir, &inputs)
            .map_err(|diagnostics| diagnostics.into_iter().map(wrong).collect::<Vec<_>>())?;
        shell.show(&warnings);
        Ok(Project { manifest, graph, warnings })
    }
}

impl Project {
    /// The connection of a run about this project; its warnings are shown, and where only a manifest names the server, the person
    /// is asked.
    pub(super) async fn connect(
        &self,
        shell: &Shell,
        flags: &connection::Flags,
        purpose: Purpose,
    ) -> Result<Connection, Vec<Problem>> {
        let connection = connection::resolve(flags, &self.manifest.server, &shell.around, purpose)
            .map_err(|problem| vec![problem])?;
        shell.show(&connection.warnings);
        let wrong = self.manifest.in_different_orgs(&connection.org.value);
        if !wrong.is_empty() {
            return Err(wrong.into_iter().map(|diagnostic| Problem { exit: Exit::Manifest, diagnostic }).collect());
        }
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
        let key = |name| NaturalKey::<()>::of(Kind::HOME, None, name);
        let mut orgs = self.manifest.resources.iter().filter(|(address, _)| address.kind == Kind::HOME);
        let called = orgs.find(|(_, org)| !org.external && Kind::HOME.name_in(&org.fields).and_then(key) == key(name));
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
