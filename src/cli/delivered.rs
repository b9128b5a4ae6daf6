//! Whether the secrets that were delivered to files of the project are still there.

use crate::address::few;
use crate::confine::leaves;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change};
use crate::ledger::Ledger;
use crate::manifest::Manifest;
use crate::plan::Plan;
use crate::secret::Sink;
use crate::value::Value;

/// Tells of files in the project that should hold the secret of a token that works, and are not there. What is in a file is not
/// looked at, nor whether anything is outside of the project.
pub(super) fn missing(plan: &Plan, manifest: &Manifest, ledger: &Ledger) -> Option<Diagnostic> {
    let stays = |change: &&Change| matches!(change.action, Action::None | Action::Update) && !change.unfinished();
    let mut missing = Vec::new();
    for change in plan.changes.iter().filter(stays) {
        let delivered = ledger.entries.get(&change.address).is_some_and(|entry| entry.secret.is_some());
        let deliver = manifest.resources.get(&change.address).and_then(|resource| resource.fields.get("deliver"));
        let (true, Some(Value::Sinks(sinks))) = (delivered, deliver) else { continue };
        for sink in sinks {
            let (Sink::File { path } | Sink::EnvFile { path, .. }) = sink else { continue };
            // What lies behind a link is no file of the project, and said when it is written.
            if !leaves(path) && matches!(manifest.root.has(path), Ok(false)) {
                missing.push(format!("{} of {}", path.display(), change.address));
            }
        }
    }
    if missing.is_empty() {
        return None;
    }
    let message = format!("files with delivered secrets are missing: {}", few(missing));
    let help = "a secret cannot be read again: `fluxform apply --redeliver` creates new ones and delivers these";
    Some(Diagnostic::warning(Code::PlanSecretMissing, message).help(help))
}
