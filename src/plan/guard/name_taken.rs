//! A new name is one that nothing else has.

use super::refuse;
use crate::diagnostic::Code;
use crate::diff::{Action, Change};
use crate::kind::NaturalKey;
use crate::problem::Problem;
use crate::snapshot::Snapshot;

/// The server would refuse it, after a part of the plan was done. What these same changes rename or take away counts as gone.
pub(super) fn refusal(change: &Change, changes: &[Change], snapshot: &Snapshot) -> Option<Problem> {
    let (kind, own) = (change.address.kind, change.object.as_ref()?);
    let name = new_name(change)?;
    let wanted = NaturalKey::unique(kind, change.org.as_deref(), &name)?;
    let goes = |id: &str| {
        let same = |other: &&Change| other.address.kind == kind && other.object.as_ref().is_some_and(|of| of.id == id);
        changes.iter().find(same).is_some_and(|other| other.action == Action::Delete || new_name(other).is_some())
    };
    let taken = snapshot.kinds.get(&kind)?.objects.values().find(|object| {
        let same = NaturalKey::unique(kind, object.org.as_deref(), &object.name).as_ref() == Some(&wanted);
        same && object.id != own.id && !goes(&object.id)
    })?;
    Some(refuse(
        Code::GuardNameTaken,
        format!("{} cannot be named {name:?}: another {kind} has that name (ID {})", change.address, taken.id),
        "choose another name, or rename or delete the other one first",
    ))
}

/// What a change renames its object to.
fn new_name(change: &Change) -> Option<String> {
    change.new_name().filter(|_| matches!(change.action, Action::Update | Action::Replace))
}
