//! What an `[[import]]` names stays.

use super::refuse;
use crate::diff::{Action, Change};
use crate::exit::Problem;

/// An `[[import]]` that stands names one object for good: another one would contradict it in the next plan.
pub(super) fn refusal(change: &Change) -> Option<Problem> {
    let what = match change.action {
        Action::Replace => "would be replaced, and its [[import]] names the object that would go",
        Action::Create => "would be made anew, and its [[import]] names the object that is gone",
        _ => return None,
    };
    let help = if change.address.kind.spec().delivers {
        "take the [[import]] out, and give `deliver`: a new one has a secret that somebody must get"
    } else {
        "take the [[import]] out"
    };
    change.imported.then(|| refuse("guard::imported", format!("{} {what}", change.address), help))
}
