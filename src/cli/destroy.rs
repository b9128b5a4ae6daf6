//! `fluxform destroy`.

use super::apply::{Run, write};
use super::plan::{Consents, RunOptions};
use super::shell::Shell;
use super::{Ended, project};
use crate::diff::Goal;
use crate::render::Verb;

/// Delete what the project created
///
/// Deletes every object that the project created, then its ledger. Adopted objects are only forgotten, and stay on the
/// server. The home org is never deleted.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    #[command(flatten)]
    pub(super) run: Run,
    #[command(flatten)]
    consent: Consents,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let Arguments { project, run, consent } = arguments;
    let options = RunOptions::of(Goal::Destroyed, consent.consent());
    write(shell, project, run, Verb::Destroy, options, None).await
}
