//! `fluxform rotate`.

use super::apply::{Run, write};
use super::plan::{Rotate, RunOptions};
use super::shell::Shell;
use super::{Ended, project};
use crate::diff::Goal;
use crate::plan::Consent;
use crate::render::Verb;

/// Give tokens another secret
///
/// Creates a successor with the permissions that the manifests declare, delivers its secret to all sinks, and checks that it works.
/// Then the predecessor goes on working for the token's `rotate.overlap`, 24 hours if it is not said: the first apply or rotate after
/// that deletes it. Nothing else is changed. Asks for approval and takes the project's lock as apply does; a run that dies in the
/// middle has lost nothing, and the next apply finishes it.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The token, such as token.ingest; `*` matches any characters, as in 'token.*'
    #[arg(value_name = "ADDRESS", value_parser = super::shell::addresses)]
    address: String,
    #[command(flatten)]
    project: project::Choice,
    /// Delete the predecessor as soon as the successor is delivered: whoever has the old secret only is locked out
    #[arg(long)]
    revoke_now: bool,
    /// Rotate only those whose `rotate.every` is over: for a job that runs on a schedule
    #[arg(long, conflicts_with = "revoke_now")]
    due: bool,
    #[command(flatten)]
    pub(super) run: Run,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let Arguments { address, project, revoke_now, due, run } = arguments;
    let rotate = Rotate { address: address.clone(), revoke_now: *revoke_now, due: *due };
    let options = RunOptions { rotate: Some(rotate), ..RunOptions::of(Goal::Declared, Consent::default()) };
    write(shell, project, run, Verb::Rotate, options, None).await
}
