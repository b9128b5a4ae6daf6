//! `fluxform adopt`.

use super::plan::{RunOptions, make};
use super::record::{Decided, Recording, Words, record};
use super::shell::Shell;
use super::{Ended, applies, project};
use crate::apply::adopted;
use crate::diagnostic::Group;
use crate::diff::Goal;
use crate::plan::Consent;
use crate::problem::Problems;

/// Take over objects that already exist
///
/// Lists the objects that the manifests declare and that no project owns, found by name where names are unique, and by
/// `[[import]]`. After approval, records them in the project's ledger. Nothing changes on the server: the next apply makes
/// the changes that the manifests declare. An adopted object is not deleted when its table is removed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    #[command(flatten)]
    pub(super) flags: Recording,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    let words = Words {
        command: "adopt",
        question: "Take these objects over?",
        preview: applies::like(&["plan", "--adopt"], &arguments.project, &arguments.flags.connection),
        nothing: "Nothing to adopt: no declared resource matches an unmanaged object.".to_owned(),
        values: false,
    };
    record(shell, &project, &arguments.flags, &words, async |session| {
        let consent = Consent { adopt: true, ..Consent::default() };
        let options = RunOptions::of(Goal::Declared, consent);
        let mut planned = make(session, &project, &options).await?;
        // The guards are about changes of the server, of which there are none.
        planned.plan.refusals.retain(|problem| problem.diagnostic.code.group() != Group::Guard);
        Problems::none(planned.plan.refusals)?;
        let mut changes: Vec<_> = planned.plan.changes.into_iter().filter(|change| change.adopts).collect();
        changes.sort_by(|a, b| a.address.cmp(&b.address));
        let update = |change| adopted(change, &project.manifest, &planned.snapshot);
        Ok(Decided { updates: changes.iter().filter_map(update).collect(), changes, state: planned.state })
    })
    .await
}
