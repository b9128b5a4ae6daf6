//! What belongs to the server itself stays as it is, whatever a ledger says.

use super::refuse;
use crate::diff::{Action, Change};
use crate::exit::Problem;
use crate::snapshot::Snapshot;

pub(super) fn refusal(change: &Change, snapshot: &Snapshot) -> Option<Problem> {
    let target = change.object.as_ref()?;
    let system = snapshot.object(change.address.kind, &target.id).is_some_and(|object| object.system);
    let touched = matches!(change.action, Action::Update | Action::Replace | Action::Delete);
    (system && touched).then(|| {
        refuse(
            "guard::system",
            format!("{} is {:?} (ID {}), which belongs to the server itself", change.address, target.name, target.id),
            "take the resource out; `fluxform forget` lets go of what the record has",
        )
    })
}
