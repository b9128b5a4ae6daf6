//! `fluxform drift`.

use super::connection;
use super::pipeline::Planned;
use super::plan::{Wait, Wanted, make, reading};
use super::shell::{Format, Shell, worst};
use super::{Ended, project};
use crate::diff::{Change, Goal};
use crate::exit::Exit;
use crate::plan::Consent;
use crate::render;

/// Show what somebody changed on the server since the last apply
///
/// Names exactly the fields whose value on the server is not the one that was last applied, with the old value, and exits
/// with 2 if there are any. What the manifests have changed since is not drift: `fluxform plan` shows it. Writes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    /// How to write the result; as JSON it is the plan, with a cause for each field
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    connection: connection::Flags,
    #[command(flatten)]
    wait: Wait,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    let session = reading(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let wanted = Wanted { goal: Goal::Declared, consent: Consent::default(), allow_empty: true, made: None };
    let planned = make(&session, &project, &wanted).await;
    session.close().await;
    let Planned { mut plan, .. } = planned?;
    // Guards are about applying; what could not be seen or decided stays.
    plan.refusals.retain(|problem| problem.exit != Exit::Refused);
    let drifted = if plan.changes.iter().any(Change::drifted) { Exit::Differences } else { Exit::Ok };
    let exit = worst(&plan.refusals).or(drifted);
    shell.data(&match arguments.format {
        Format::Human => render::drift(&plan, shell.output.out),
        Format::Json => render::document(&render::Document { plan: Some(&plan), ..render::Document::new(exit) }),
    })?;
    super::plan::show_rest(shell, &plan);
    Ok(exit)
}
