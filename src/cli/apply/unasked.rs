//! An apply that nobody can be asked about.

use super::{Run, Work};
use crate::cli::plan::{RunOptions, make, reading};
use crate::cli::shell::Shell;
use crate::cli::{Ended, project, signal};
use crate::render::Verb;
use crate::report::Report;

/// Plans, and ends the run if there is nothing to do: nobody has to be asked then. None where there is something, or it is not known.
pub(super) async fn idle(
    shell: &Shell,
    choice: &project::Choice,
    arguments: &Run,
    options: RunOptions,
) -> Option<Ended> {
    let project = choice.load(shell).ok()?;
    let session = reading(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await.ok()?;
    let (verb, stop) = (Verb::Apply, signal::listen(shell.until));
    let work = Work {
        shell,
        choice,
        arguments,
        project,
        verb,
        options,
        reviewed: None,
        session,
        data: None,
        stop,
        founding: None,
    };
    let planned = make(&work.session, &work.project, &work.options).await;
    let ended = planned.ok().filter(|planned| work.nothing(&planned.plan)).map(|planned| {
        shell.show(&planned.plan.warnings);
        work.end(&planned.plan, &Report::default())
    });
    work.session.close().await;
    ended
}
