//! Clears up what an interrupted run has left and nobody goes on with.

use super::Event;
use crate::api::Writer;
use crate::diagnostic::{Code, Diagnostic};
use crate::ledger::{Journal, Update};
use crate::plan::{Leftover, Plan};

/// Deletes the objects that `plan` says are left over. What cannot be deleted is harmless, and is said.
pub async fn sweep(writer: &Writer, plan: &Plan, tell: &mut (dyn FnMut(Event) + Send)) {
    for leftover in &plan.leftovers {
        let Leftover::Object { kind, id, .. } = leftover else { continue };
        match kind.delete(writer, id).await {
            Ok(()) => tell(Event::Swept(leftover.clone())),
            Err(error) => {
                let message = format!("cannot delete {leftover} of an interrupted run: {error}");
                let warning =
                    Diagnostic::warning(Code::ApplyUnfinished, message).help("it is inactive; delete it by hand");
                tell(Event::Warning(warning));
            }
        }
    }
}

/// Takes the notes out of the ledger that `plan` says are left over.
pub fn strike(plan: &Plan, journal: &Journal) {
    for leftover in &plan.leftovers {
        if let Leftover::Announced(address) = leftover {
            journal.record(Update::ClearIntent(address.clone()));
        }
    }
}
