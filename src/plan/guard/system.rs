//! What belongs to the server itself stays as it is, whatever a ledger says.

use super::refuse;
use crate::diff::{Action, Change};
use crate::exit::Problem;
use crate::kind::Standing;
use crate::snapshot::Snapshot;

pub(super) fn refusal(change: &Change, snapshot: &Snapshot) -> Option<Problem> {
    let target = change.object.as_ref()?;
    let whose = match snapshot.object(change.address.kind, &target.id)?.standing {
        Standing::Ordinary => return None,
        Standing::System => "belongs to the server itself",
        Standing::Record => "is a record that a project keeps of itself",
    };
    let touched = matches!(change.action, Action::Update | Action::Replace | Action::Delete);
    touched.then(|| {
        refuse(
            "guard::system",
            format!("{} is {:?} (ID {}), which {whose}", change.address, target.name, target.id),
            "take the resource out; `fluxform forget` lets go of what the record has",
        )
    })
}
