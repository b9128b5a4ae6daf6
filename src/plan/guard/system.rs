//! What is one of InfluxDB's own stays as it is, whatever a ledger says.

use super::refuse;
use crate::diagnostic::Code;
use crate::diff::{Action, Change};
use crate::kind::Standing;
use crate::problem::Problem;
use crate::snapshot::Snapshot;

pub(super) fn refusal(change: &Change, snapshot: &Snapshot) -> Option<Problem> {
    let target = change.object.as_ref()?;
    let whose = match snapshot.object(change.address.kind, &target.id)?.standing {
        Standing::Ordinary => return None,
        Standing::System => "is one of InfluxDB's own",
        Standing::Record => "is the ledger or the lock of a project",
    };
    let touched = matches!(change.action, Action::Update | Action::Replace | Action::Delete);
    touched.then(|| {
        refuse(
            Code::GuardSystem,
            format!("{} is {:?} (ID {}), which {whose}", change.address, target.name, target.id),
            "remove the resource; `fluxform forget` removes it from the ledger",
        )
    })
}
