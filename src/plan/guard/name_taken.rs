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
    let new_name = change_of_name(change);
    // Of two of one name, the server takes changes of neither.
    let own_name = || (kind.spec().races && change.action == Action::Update).then(|| own.name.clone());
    let renames = new_name.is_some();
    let name = new_name.or_else(own_name)?;
    let wanted = NaturalKey::unique(kind, change.org.as_deref(), &name)?;
    let goes = |id: &str| {
        let same = |other: &&Change| other.address.kind == kind && other.object.as_ref().is_some_and(|of| of.id == id);
        let frees = |other: &Change| other.action == Action::Delete || change_of_name(other).is_some();
        changes.iter().find(same).is_some_and(frees)
    };
    let taken = snapshot.kinds.get(&kind)?.objects.values().find(|object| {
        let same = NaturalKey::unique(kind, object.org.as_deref(), &object.name).as_ref() == Some(&wanted);
        same && object.id != own.id && !goes(&object.id)
    })?;
    let (does, help) = match renames {
        true => (format!("named {name:?}"), "choose another name, or rename or delete the other one first"),
        false => ("changed".to_owned(), "delete the other one first: InfluxDB takes no change of two of one name"),
    };
    let has = if renames { "that name".to_owned() } else { format!("its name, {name:?}, too") };
    let message = format!("{} cannot be {does}: another {kind} has {has} (ID {})", change.address, taken.id);
    Some(refuse(Code::GuardNameTaken, message, help))
}

/// What a change renames its object to.
fn change_of_name(change: &Change) -> Option<String> {
    change.new_name().filter(|_| matches!(change.action, Action::Update | Action::Replace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Reason, Target};
    use crate::kind::{Kind, Object, Standing};
    use crate::snapshot::{Sight, View};
    use crate::value::Fields;

    /// What is said against an update of the first of the objects of `kind` that the server has, all with one name.
    fn said(kind: Kind, objects: usize) -> Option<String> {
        let object = |n: usize| {
            let (id, name, fields) = (format!("{n:016x}"), "db/rp".to_owned(), Fields::default());
            let standing = Standing::Ordinary;
            (id.clone(), Object { id, org: None, name, created: None, fields, standing, user: None })
        };
        let objects = (1..=objects).map(object).collect();
        let view = View { sight: Sight::Complete, objects, missing: [].into() };
        let snapshot = Snapshot { kinds: [(kind, view)].into(), ..Snapshot::default() };
        let own = Target { id: format!("{:016x}", 1), org: None, name: "db/rp".into() };
        let address = format!("{kind}.x").parse().expect("an address");
        let change = Change { object: Some(own), ..Change::blank(&address, Action::Update, Reason::Differs) };
        refusal(&change, std::slice::from_ref(&change), &snapshot).map(|problem| problem.diagnostic.message)
    }

    #[test]
    fn what_has_a_twin_is_not_changed_where_the_server_takes_no_change_of_it() {
        assert_eq!(said(Kind::Dbrp, 1), None);
        let twin = said(Kind::Dbrp, 2);
        let words = "dbrp.x cannot be changed: another dbrp has its name, \"db/rp\", too (ID 0000000000000002)";
        assert_eq!(twin.as_deref(), Some(words));
        assert_eq!(said(Kind::Bucket, 2), None);
    }
}
