//! Clears up what an interrupted run has left and nobody goes on with.

use super::Event;
use crate::api::Writer;
use crate::diagnostic::{Code, Diagnostic};
use crate::ledger::{Journal, Update};
use crate::plan::{Leftover, Plan};

/// Clears up what `plan` says is left over. What cannot be deleted is harmless, and is said. Notes in the ledger are taken
/// out by `journal`.
pub async fn sweep(writer: &Writer, plan: &Plan, journal: Option<&Journal>, tell: &mut (dyn FnMut(Event) + Send)) {
    for leftover in &plan.leftovers {
        match leftover {
            Leftover::Object { kind, id } => match kind.delete(writer, id).await {
                Ok(()) => tell(Event::Swept(leftover.clone())),
                Err(error) => {
                    let message = format!("cannot delete {leftover} of an interrupted run: {error}");
                    let warning =
                        Diagnostic::warning(Code::ApplyUnfinished, message).help("it is inactive; delete it by hand");
                    tell(Event::Warning(warning));
                }
            },
            Leftover::Announced(address) => {
                if let Some(journal) = journal {
                    journal.record(Update::ClearIntent(address.clone()));
                }
            }
            // Who sweeps holds the lock, and frees it.
            Leftover::Lock { .. } => {}
        }
    }
}
