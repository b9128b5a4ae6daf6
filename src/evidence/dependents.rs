//! What runs with the role of a user, and would stop if the user lost it.

use std::collections::{BTreeMap, BTreeSet};

use super::along::unseen;
use super::{Gone, all_orgs, gone};
use crate::address::Address;
use crate::api::{ApiError, Client};
use crate::diff::{Action, Change, Target};
use crate::field::{Field, Role};
use crate::kind::{Kind, ReadScope};
use crate::snapshot::{Server, Snapshot};
use crate::value::{Ref, Value};

/// Tasks and the like, by the change that they would stop with; and the kinds of which there may be more.
type Dependents = (BTreeMap<Address, Vec<Target>>, BTreeMap<Address, BTreeSet<Kind>>);

/// What would stop, by the change that takes the role that it runs with; what these same changes delete or make anew does
/// not count. And for each change that only takes a role: the kinds of which more may run than the token sees. `external` has the
/// objects behind external resources.
///
/// # Errors
/// The server's.
pub async fn dependents(
    client: &Client,
    server: &Server,
    changes: &[Change],
    external: &BTreeMap<Address, Target>,
    snapshot: &Snapshot,
) -> Result<Dependents, ApiError> {
    of(client, server, changes, &gone(changes), external, snapshot).await
}

/// The same for some changes of a plan by which all that is in `gone` goes.
pub(super) async fn of(
    client: &Client,
    server: &Server,
    changes: &[Change],
    gone: &Gone<'_>,
    external: &BTreeMap<Address, Target>,
    snapshot: &Snapshot,
) -> Result<Dependents, ApiError> {
    let (mut dependents, mut hidden) = (BTreeMap::new(), BTreeMap::new());
    for change in changes {
        let (Some(owns), Some(object)) = (change.address.kind.with(Role::Owns), &change.object) else { continue };
        let lost = match change.action {
            // The run would end itself: that is refused whatever runs as its user.
            Action::Delete | Action::Replace if object.id == snapshot.me => continue,
            Action::Delete | Action::Replace => all_orgs(client, owns).await?,
            Action::Update => lost(change, owns, snapshot, &|address| id(address, changes, external)),
            Action::None | Action::Create | Action::Forget => continue,
        };
        // Of an org that goes, all that runs in it goes too.
        let stays = |org: &&str| !gone.contains(&(Kind::HOME, *org));
        let lost: Vec<&str> = lost.iter().map(String::as_str).filter(stays).collect();
        if lost.is_empty() {
            continue;
        }
        let running: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| kind.spec().runs_as_creator).collect();
        if change.action == Action::Update {
            let mut unseen_kinds = BTreeSet::new();
            for org in &lost {
                unseen_kinds.extend(unseen(client, server, &server.me(client).await?, org, &running).await?);
            }
            if !unseen_kinds.is_empty() {
                hidden.insert(change.address.clone(), unseen_kinds);
            }
        }
        let mut targets = Vec::new();
        for kind in running {
            let running = kind.list(client, &lost, ReadScope::NOTHING).await?;
            let theirs = running.into_iter().filter(|found| found.user.as_ref() == Some(&object.id));
            let stay = theirs.filter(|found| !gone.contains(&(kind, found.id.as_str())));
            targets.extend(stay.map(|found| Target { id: found.id, org: found.org, name: found.name }));
        }
        if object.id == snapshot.me {
            targets.extend(changes.iter().filter_map(|made| new(made, &lost)));
        }
        if !targets.is_empty() {
            dependents.insert(change.address.clone(), targets);
        }
    }
    Ok((dependents, hidden))
}

/// What `change` makes in one of the orgs `lost`: it would run as the user of this run, which owns that no longer.
fn new(change: &Change, lost: &[&str]) -> Option<Target> {
    let is_made = matches!(change.action, Action::Create | Action::Replace);
    let org = change.org.as_ref().filter(|org| lost.contains(&org.as_str()))?;
    (is_made && change.address.kind.spec().runs_as_creator).then(|| Target {
        id: "none yet".to_owned(),
        org: Some(org.clone()),
        name: change.address.to_string(),
    })
}

/// The ID behind an address, where there is an object.
fn id<'a>(address: &Address, changes: &'a [Change], external: &'a BTreeMap<Address, Target>) -> Option<&'a str> {
    let change = changes.iter().find(|change| change.address == *address);
    let target = change.and_then(|change| change.object.as_ref()).or_else(|| external.get(address));
    target.map(|target| target.id.as_str())
}

/// The orgs (IDs) that an object owns and would not any more: they are taken from its `owns`, or given to another role,
/// because an object has one role in an org.
fn lost<'a>(
    change: &Change,
    owns: &Field,
    snapshot: &Snapshot,
    id: &dyn Fn(&Address) -> Option<&'a str>,
) -> BTreeSet<String> {
    let kind = change.address.kind;
    let object = change.object.as_ref().and_then(|object| snapshot.object(kind, &object.id));
    let Some(Value::Refs(owned)) = object.and_then(|object| object.fields.get(owns.name)) else {
        return BTreeSet::new();
    };
    let owned: BTreeSet<&str> = owned.iter().filter_map(Ref::bare_id).collect();
    let mut lost = BTreeSet::new();
    for field in &change.fields {
        let is_role = |name| kind.field(name).is_some_and(|field| field.ty == owns.ty);
        let Value::Refs(wanted) = &field.wanted else { continue };
        if !is_role(field.field) {
            continue;
        }
        let wanted: BTreeSet<&str> = wanted
            .iter()
            .filter_map(|of| match of {
                Ref::To(address) => id(address),
                Ref::Home => snapshot.home.as_deref(),
                Ref::Id(_, id) => Some(id),
            })
            .collect();
        let gone = owned.iter().filter(|org| (field.field == owns.name) != wanted.contains(*org));
        lost.extend(gone.map(|org| (*org).to_owned()));
    }
    lost
}
