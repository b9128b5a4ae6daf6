//! What only one object can be, such as the default of a database, and what passes to another one when that object goes.

use super::guard::Written;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change};
use crate::field::Role;
use crate::kind::{Kind, Object};
use crate::snapshot::Snapshot;

/// Tells which objects become what others stop being, where no resource says that it is to be it.
pub(super) fn passes(changes: &[Change], written: Written<'_>, snapshot: &Snapshot) -> Vec<Diagnostic> {
    let removing = changes.iter().filter(|change| change.action.removes());
    removing.filter_map(|change| pass(change, changes, written, snapshot)).collect()
}

fn pass(change: &Change, changes: &[Change], written: Written<'_>, snapshot: &Snapshot) -> Option<Diagnostic> {
    let (address, kind) = (&change.address, change.address.kind);
    let object = snapshot.object(kind, &change.object.as_ref()?.id)?;
    let (field, of) = kind.claimed_in(&object.fields)?;
    let is_claimed = |other: &Change| {
        let stays = !matches!(other.action, Action::Delete | Action::Forget) && other.address.kind == kind;
        let fields = written.resources.get(&other.address).map(|resource| &resource.fields);
        stays && other.org == object.org && fields.and_then(|fields| kind.claimed_in(fields)) == Some((field, of))
    };
    if changes.iter().any(is_claimed) {
        return None;
    }
    let heir = heir(kind, object, of, changes, snapshot)?;
    let message =
        format!("when {address} is deleted, InfluxDB gives its `{field} = true` to the {kind} {:?}", heir.name);
    let help = format!("if another one is to have it, write `{field} = true` there");
    let place = written.resources.get(address).map(|resource| &resource.place);
    Some(Diagnostic::warning(Code::PlanPassesOn, message).at_known(place, "made anew").help(help))
}

/// The oldest of the others: it gets what `object` is (influxd 2.9.1, measured).
fn heir<'s>(kind: Kind, object: &Object, of: &str, changes: &[Change], snapshot: &'s Snapshot) -> Option<&'s Object> {
    let name = kind.with(Role::Name)?.name;
    let goes = |id: &str| {
        let is_it = |change: &&Change| change.address.kind == kind && change.action.removes();
        changes.iter().filter(is_it).any(|change| change.object.as_ref().is_some_and(|gone| gone.id == id))
    };
    let others = snapshot.kinds.get(&kind)?.objects.values();
    let stay =
        others.filter(|other| other.org == object.org && other.fields.text(name) == Some(of) && !goes(&other.id));
    stay.min_by_key(|other| kind.own_id(&other.id))
}
