//! `fluxform schema`.

use super::Ended;
use super::shell::Shell;
use crate::exit::Exit;

/// What an editor needs to know of a manifest.
pub(super) const MANIFEST: &str = include_str!("../../schemas/manifest.schema.json");

/// Write the JSON Schema of manifests, for editors
///
/// Editors with Taplo complete and check a manifest whose first line names the schema: `#:schema ./manifest.schema.json`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(shell: &Shell, _: &Arguments) -> Ended {
    shell.data(MANIFEST)?;
    Ok(Exit::Ok)
}
