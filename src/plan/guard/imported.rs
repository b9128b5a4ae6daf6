//! What an `[[import]]` names stays.

use super::{Written, refuse};
use crate::diagnostic::Code;
use crate::diff::{Action, Change};
use crate::problem::Problem;

const REMOVE: &str = "remove the [[import]]";
const REMOVE_AND_DELIVER: &str =
    "remove the [[import]], and set `deliver`: a new token has a secret that must go somewhere";

/// An `[[import]]` that stands names one object for good: another one would contradict it in the next plan. What the command
/// line imports is to be taken over as it is.
pub(super) fn refusal(change: &Change, written: Written<'_>) -> Option<Problem> {
    if !change.imported {
        return None;
    }
    let address = &change.address;
    let place = written.imports.get(address).and_then(|import| import.place.as_ref());
    let delivers = address.kind.delivers();
    let (message, help) = match (change.action, place.is_some()) {
        (Action::Replace, true) => (
            format!("{address} would be replaced, but its [[import]] names the object that would be deleted"),
            if delivers { REMOVE_AND_DELIVER } else { REMOVE },
        ),
        (Action::Create, true) => (
            format!("{address} would be created again, but its [[import]] names the object that is gone"),
            if delivers { REMOVE_AND_DELIVER } else { REMOVE },
        ),
        (Action::Replace, false) => (
            format!("{address} would be replaced by the next apply, which deletes the object that is to be imported"),
            "declare what the object has now in the fields that cannot be changed in place; `fluxform export` writes it down",
        ),
        (Action::Create, false) => (format!("there is no object with this ID to import to {address}"), "check the ID"),
        _ => return None,
    };
    let mut problem = refuse(Code::GuardImported, message, help);
    problem.diagnostic = problem.diagnostic.at_known(place, "imported here");
    Some(problem)
}
