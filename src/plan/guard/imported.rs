//! What an `[[import]]` names stays.

use super::refuse;
use crate::diff::{Action, Change};
use crate::exit::Problem;

/// An `[[import]]` that stands names one object for good: another one would contradict it in the next plan.
pub(super) fn refusal(change: &Change) -> Option<Problem> {
    let what = match change.action {
        Action::Replace => "would be replaced, but its [[import]] names the object that would be deleted",
        Action::Create => "would be created again, but its [[import]] names the object that is gone",
        _ => return None,
    };
    let help = if change.address.kind.spec().delivers {
        "remove the [[import]], and set `deliver`: a new token has a secret that must go somewhere"
    } else {
        "remove the [[import]]"
    };
    change.imported.then(|| refuse("guard::imported", format!("{} {what}", change.address), help))
}
