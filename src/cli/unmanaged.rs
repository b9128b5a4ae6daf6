//! `fluxform plan --unmanaged`: what there is on the server that no project owns.

use std::collections::BTreeSet;

use super::pipeline::Planned;
use super::project::Project;
use super::session::Session;
use crate::coverage::{Coverage, Owned, coverage};
use crate::kind::Kind;
use crate::ledger;
use crate::problem::Problem;
use crate::snapshot::{Extent, Orgs, survey};

/// Reads all that is in the orgs that the project has something in, and on the server as a whole.
pub(super) async fn read(session: &Session, project: &Project, planned: &Planned) -> Result<Coverage, Problem> {
    let objects = planned.plan.changes.iter().filter_map(|change| change.object.as_ref());
    let orgs: BTreeSet<String> = objects
        .chain(planned.external.values())
        .filter_map(|object| object.org.clone())
        .chain(planned.plan.changes.iter().filter_map(|change| change.org.clone()))
        .collect();
    let extent = Extent { kinds: Kind::ALL.iter().copied().collect(), whole: BTreeSet::new(), orgs: Orgs::These(orgs) };
    let server = session.server(&project.manifest);
    let snapshot = survey(&session.client, &server, &extent).await?;
    let labels = snapshot.kinds.get(&Kind::Label).into_iter().flat_map(|view| view.objects.values());
    let rows: Vec<_> = labels.map(ledger::Row::from_object).collect();
    let mut owners = ledger::owners(&rows, &project.manifest.project);
    owners.extend(ledger::owners_elsewhere(&session.client, session.home.as_deref()).await?);
    let changes = planned.plan.changes.iter();
    let ours = changes.filter_map(|change| Some((change.address.kind, change.object.as_ref()?.id.clone())));
    // Also what still has to go: somebody who tidies up must not take it for nobody's.
    let recorded =
        planned.ledger.entries.iter().flat_map(|(address, entry)| {
            entry.predecessors.iter().chain([&entry.id]).map(|id| (address.kind, id.clone()))
        });
    let external = planned.external.iter().map(|(address, target)| (address.kind, target.id.clone()));
    let mut external: BTreeSet<_> = external.collect();
    // The home org need not be declared: `[server]` names it.
    external.extend(session.home.clone().map(|home| (Kind::HOME, home)));
    let owned = Owned { ours: ours.chain(recorded).collect(), theirs: owners.objects.into_keys().collect(), external };
    Ok(coverage(&snapshot, &owned))
}
