//! What only one object can be, such as the default of a database, and what passes to another one when that object goes.

use std::collections::BTreeSet;

use super::guard::Written;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change};
use crate::field::Role;
use crate::kind::{Kind, Object};
use crate::redact::without_secrets;
use crate::snapshot::Snapshot;
use crate::value::Ref;

/// Tells which objects become what others stop being, where no resource says that it is to be it.
pub(super) fn passes(changes: &[Change], written: Written<'_>, snapshot: &Snapshot) -> Vec<Diagnostic> {
    let removing = changes.iter().filter(|change| change.action.removes());
    removing.filter_map(|change| pass(change, changes, written, snapshot)).collect()
}

/// Tells which new objects become what only one can be though no resource says so, in the place of an object of the kind that they
/// belong to: one of that name stands for it as long as there is no other (influxd 2.9.1, measured).
pub(super) fn takes(changes: &[Change], written: Written<'_>, snapshot: &Snapshot) -> Vec<Diagnostic> {
    let mut taken = BTreeSet::new();
    let creating = changes.iter().filter(|change| change.action == Action::Create);
    creating.filter_map(|change| take(change, changes, written, snapshot, &mut taken)).collect()
}

fn take<'a>(
    change: &'a Change,
    changes: &[Change],
    written: Written<'a>,
    snapshot: &Snapshot,
    taken: &mut BTreeSet<(Kind, &'a str, &'a str)>,
) -> Option<Diagnostic> {
    let (address, kind, org) = (&change.address, change.address.kind, change.org.as_deref()?);
    let resource = written.resources.get(address)?;
    let (field, host) = (kind.with(Role::Lone)?.name, kind.get(Role::Host, &resource.fields)?);
    let name = kind.with(Role::Name)?.name;
    let of = resource.fields.text(name)?;
    let claims = |other: &Change| {
        let fields = written.resources.get(&other.address).map(|resource| &resource.fields);
        other.address.kind == kind
            && other.org.as_deref() == Some(org)
            && fields.and_then(|fields| kind.claimed_in(fields)) == Some((field, of))
    };
    let here = |other: &Object| other.org.as_deref() == Some(org);
    let mut others = snapshot.kinds.get(&kind)?.objects.values();
    if changes.iter().any(claims) || others.any(|other| here(other) && other.fields.text(name) == Some(of)) {
        return None;
    }
    let host = host.refs().first().copied()?;
    let host_kind = match host {
        Ref::To(address) => address.kind,
        Ref::Id(kind, _) => *kind,
        Ref::Home => return None,
    };
    let id = |change: &&Change| Some(&change.address) == host.address();
    let host_id = changes.iter().find(id).and_then(|change| change.object.as_ref()).map(|object| object.id.as_str());
    let stood = snapshot.kinds.get(&host_kind)?.objects.values().find(|other| here(other) && other.name == of)?;
    if host.bare_id().or(host_id) == Some(&stood.id) || !taken.insert((kind, org, of)) {
        return None;
    }
    let message = format!(
        "{address} becomes the {kind} of `{of}` that has `{field} = true`, in the place of the {host_kind} `{of}`"
    );
    let help = format!(
        "if that is meant, write `{field} = true` in it; if not, declare a {kind} with `{field} = true` for the {host_kind} `{of}`"
    );
    Some(Diagnostic::warning(Code::PlanPassesOn, message).at(resource.place.clone(), "the first of them").help(help))
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
    let message = format!(
        "when {address} is deleted, InfluxDB gives its `{field} = true` to the {kind} {:?}",
        without_secrets(&heir.name)
    );
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
