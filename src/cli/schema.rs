//! `fluxform schema`.

use super::Ended;
use super::shell::Shell;
use crate::exit::Exit;
use crate::schema;

/// Write the JSON Schema of manifests, for editors
///
/// Editors with Taplo complete and check a manifest whose first line names the schema: `#:schema ./manifest.schema.json`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(shell: &Shell, _: &Arguments) -> Ended {
    shell.data(&schema::manifest_text())?;
    Ok(Exit::Ok)
}
