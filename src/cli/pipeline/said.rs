//! What a plan says of the ledgers that it rests on, and of another run.

use crate::api::sight::Lack;
use crate::diagnostic::{Code, Diagnostic};
use crate::ledger::Holder;
use crate::problem::Problem;

/// What another run is changing right now is on the server and not yet in the ledger, or the other way round.
pub(super) fn another_run(holder: &Holder) -> Diagnostic {
    let message = format!("another run is changing this project right now: {holder}");
    Diagnostic::warning(Code::PlanAnotherRun, message)
        .help("what it is at may look like drift: look again when it has ended")
}

/// A token that cannot see the ledger must not look like a first run.
pub fn unproven_ledger(project: &str, lack: &Lack) -> Problem {
    let diagnostic = Diagnostic::error(
        Code::SightLedger,
        format!("cannot tell whether the project `{project}` was ever applied: {lack}"),
    )
    .help(format!(
        "the ledger is stored in labels of the home org, and a run must be able to read all of them; {}",
        lack.help()
    ));
    Problem::from(diagnostic)
}

/// A signed ledger, and no key to check it with.
pub(super) fn unverified_ledger() -> Diagnostic {
    Diagnostic::warning(Code::LedgerUnverified, "the ledger is signed, but this run has no key to verify it")
        .help("it may be forged; an apply, which has FLUXFORM_LEDGER_KEY, verifies it")
}

/// What another project owns is not known: an object of it could be taken over.
pub(super) fn unreadable_ledger(label: &str) -> Diagnostic {
    Diagnostic::warning(Code::LedgerUnreadable, format!("the ledger label `{label}` of another project cannot be read"))
        .help("it is unknown what that project owns: check what this plan adopts")
}
