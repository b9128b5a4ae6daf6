//! A project of which nothing is declared any more: more often another project's directory than a new design.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change, Reason};
use crate::redact::without_secrets;

/// Tells as whom ran what `changes` make anew because its user may not run it any more: the ID and the name, where there is one.
pub fn lost_creators<'a>(
    creators: &'a BTreeMap<Address, (String, Option<String>)>,
) -> impl Iterator<Item = Diagnostic> + use<'a> {
    creators.iter().map(|(address, (id, name))| {
        let (who, help) = match name {
            Some(name) => (
                format!("{:?} ({id}), who no longer owns the org", without_secrets(name)),
                "where the user is made an owner of the org again, there is nothing to replace",
            ),
            None => {
                (format!("{id}, who is gone or hidden from this token"), "from now on it runs as the user of this run")
            }
        };
        Diagnostic::warning(Code::SightNotAnOwner, format!("{address} ran as the user {who}")).help(help)
    })
}

/// Tells that nothing of what the project `name` owns is declared, though something else is.
pub(super) fn nothing_is_declared(name: &str, changes: &[Change]) -> Option<Diagnostic> {
    let gone = |change: &Change| {
        matches!(
            change.reason,
            // Also what somebody has deleted by hand in the meantime.
            Reason::NotDeclared | Reason::NotOurs | Reason::GoesWithOrg | Reason::AlreadyGone
        )
    };
    let (left, declared): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| gone(change));
    let known = |change: &&Change| change.origin.is_some() || change.moved_from.is_some();
    if left.is_empty() || declared.is_empty() || declared.iter().any(known) {
        return None;
    }
    let deleted = left.iter().filter(|change| change.action == Action::Delete).count();
    let message = format!(
        "nothing that the project `{name}` owns is declared here: {deleted} of {} would be deleted",
        match left.len() {
            1 => "1 object".to_owned(),
            many => format!("{many} objects"),
        }
    );
    let help =
        "if this is another project, give it another `name` in [project]; if resources have new keys, write [[moved]]";
    Some(Diagnostic::warning(Code::PlanNothingDeclared, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::ledger::Origin;

    fn change(key: &str, action: Action, reason: Reason, owned: bool) -> Change {
        let origin = owned.then_some(Origin::Created);
        Change { origin, ..Change::blank(&Address::new(Kind::Bucket, key), action, reason) }
    }

    #[test]
    fn a_project_without_anything_of_its_own_is_told_apart_from_one_that_changes() {
        let old = change("old", Action::Delete, Reason::NotDeclared, true);
        let adopted = change("adopted", Action::Forget, Reason::NotOurs, true);
        let new = change("new", Action::Create, Reason::New, false);
        let kept = change("kept", Action::None, Reason::InSync, true);
        let says = |changes: &[Change]| nothing_is_declared("iot", changes).map(|warning| warning.message);
        assert_eq!(
            says(&[old.clone(), adopted, new.clone()]).as_deref(),
            Some("nothing that the project `iot` owns is declared here: 1 of 2 objects would be deleted")
        );
        let by_hand = change("by_hand", Action::Forget, Reason::AlreadyGone, true);
        assert_eq!(
            says(&[old.clone(), by_hand, new.clone()]).as_deref(),
            Some("nothing that the project `iot` owns is declared here: 1 of 2 objects would be deleted")
        );
        assert_eq!(says(&[old.clone(), new.clone(), kept]), None, "something stays");
        let moved = Change { moved_from: Some(Address::new(Kind::Bucket, "was")), ..new.clone() };
        assert_eq!(says(&[old.clone(), moved]), None, "something moves");
        assert_eq!(says(&[old]), None, "nothing is declared at all: a guard asks");
        assert_eq!(says(&[new]), None, "a first run");
    }
}
