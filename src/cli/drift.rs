//! `fluxform drift`.

use super::connection;
use super::pipeline::Planned;
use super::plan::{FileWait, RunOptions, make, reading};
use super::several::{Choices, Outcome, for_each_project};
use super::shell::{Brevity, PlanFormat, Shell};
use super::{Ended, project};
use crate::diagnostic::{Code, Diagnostic, Group};
use crate::diff::Goal;
use crate::exit::Exit;
use crate::plan::{Consent, Origin};
use crate::problem::{Problem, Problems, worst};
use crate::render::{self, Comment};

/// Show what somebody changed on the server since the last apply
///
/// Shows every field whose value on the server is not the one that was last applied, with the old value, and exits with 2
/// if there are any. Changes in the manifests are not drift: `fluxform plan` shows those. A project that was never applied
/// has nothing to compare with: that is an error. Writes nothing.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    projects: Choices,
    /// Output format; as JSON, the result is a plan with a cause for each field
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: PlanFormat,
    #[command(flatten)]
    brevity: Brevity,
    #[command(flatten)]
    pub(super) connection: connection::Flags,
    #[command(flatten)]
    wait: FileWait,
}

/// Whether a warning is of what an apply would do, or of what lets it.
fn is_about_applying(warning: &Diagnostic) -> bool {
    matches!(warning.code, Code::PlanSecretStays | Code::PlanSecretNotSet | Code::PlanSecretNotMade)
        || warning.code.group() == Group::Policy
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let each = async |choice: &project::Choice| drift_one(shell, arguments, choice).await;
    for_each_project(shell, (arguments.format, Comment::Drift), &arguments.projects, each).await
}

/// A schedule that compares with nothing must not stay green.
fn never_applied(project: &str, origin: &Origin) -> Diagnostic {
    let Origin { server, org, .. } = origin;
    let message =
        format!("the project `{project}` was never applied to the org {org} of {server}, or was destroyed since");
    Diagnostic::error(Code::LedgerAbsent, message)
        .help("run `fluxform apply` first; if it was applied, check the server, the org and the project's name")
}

async fn drift_one(shell: &Shell, arguments: &Arguments, choice: &project::Choice) -> Result<Outcome, Problems> {
    let project = choice.load(shell)?;
    let session = reading(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let options = RunOptions::of(Goal::Declared, Consent::default());
    let planned = make(&session, &project, &options).await;
    let origin = session.origin();
    session.close().await;
    let Planned { mut plan, ledger, .. } = planned?;
    if !ledger.found {
        return Err(never_applied(&project.manifest.project, &origin).into());
    }
    // Guards are about applying; what could not be seen or decided stays.
    let is_about_writing =
        |problem: &Problem| problem.exit == Exit::Refused || problem.diagnostic.code == Code::FluxMissing;
    plan.refusals.retain(|problem| !is_about_writing(problem));
    // So are these, which `plan` says: a schedule would repeat them each hour.
    plan.warnings.retain(|warning| !is_about_applying(warning));
    let shown = project.warn_in(&mut plan.warnings);
    let drifted = if plan.drifted().next().is_some() { Exit::Differences } else { Exit::Ok };
    let exit = worst(&plan.refusals).or(drifted);
    let human = shell.human(arguments.format, |look| render::drift(&plan, look.compact(arguments.brevity.compact)));
    Ok(Outcome { human, plan: Some(plan), shown, origin: Some(origin), exit, ..Outcome::default() })
}
