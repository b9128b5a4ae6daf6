//! What exists already is taken over only where that was agreed to.

use super::allowed::Agreed;
use super::refuse;
use crate::address::few;
use crate::diagnostic::Code;
use crate::diff::{Action, Change};
use crate::manifest::What;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::snapshot::Snapshot;

pub(super) fn refusal(plan: &Plan, snapshot: &Snapshot, agreed: &mut Agreed<'_>) -> Option<Problem> {
    let needs_consent = |change: &&Change| change.adopts && !change.imported && !is_home_as_declared(change, snapshot);
    let adopted = plan.changes.iter().filter(needs_consent);
    let adopted: Vec<String> = adopted
        .filter(|change| !agreed.allows(What::Adopt, &change.address))
        .map(|change| {
            let object = change.object.as_ref().map_or("", |object| &object.id);
            format!("{} (ID {object})", change.address)
        })
        .collect();
    (!adopted.is_empty()).then(|| {
        refuse(
            Code::GuardAdoption,
            format!("these already exist and would be taken over: {}", few(&adopted)),
            "use --adopt to let the project manage them; adopted objects are never deleted, unless `lifecycle.owned` is set",
        )
    })
}

/// Whether `change` takes over the home org and writes nothing to it. That needs no consent: the manifests name this org
/// twice, it holds the project's record in any case, it is never deleted, and it may be what an interrupted run of this
/// project made before there was a ledger that could tell.
fn is_home_as_declared(change: &Change, snapshot: &Snapshot) -> bool {
    let object = change.object.as_ref().map(|object| object.id.as_str());
    change.action == Action::None && object.is_some() && object == snapshot.home.as_deref()
}
