//! `fluxform validate`.

use super::shell::{Format, Shell};
use super::{Ended, project};
use crate::exit::Exit;
use crate::render;

/// Check the manifests without a server
///
/// Reads the manifests, expands variables and `for_each`, and reports every mistake with its place. Starts no process,
/// reads no secret, and asks no server.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    /// How to write the result
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    shell.data(&match arguments.format {
        Format::Human => {
            let (name, count) = (&project.manifest.project, project.manifest.resources.len());
            let mut page = shell.data_page();
            page.say(format_args!("The project `{name}` is valid: {}.", render::count(count, "resource"))).end();
            page.finish()
        }
        Format::Json => render::document(&render::Document::new(Exit::Ok)),
    })?;
    Ok(Exit::Ok)
}
