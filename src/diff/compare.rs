//! Compares what is declared with what is there, address by address, dependencies first.

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::Names;
use super::comparison::{Comparison, Goal, forget, target};
use super::differences::{Past, differences};
use super::find::{Finder, Found, org_id, org_of};
use super::follow::follow;
use super::leave::{destroyed, go_with_orgs};
use super::lifecycle::{protection, settings};
use super::moved::{moved, without};
use super::rotation::{self, Asked};
use super::undecided::Undecided;
use super::unfound::{hides_labels, two_owners};
use super::{Action, Cause, Change, FieldChange, Reason};
use crate::address::Address;
use crate::field::{Change as OnChange, Compared, Role, Type};
use crate::graph::Graph;
use crate::kind::{Kind, Level, NaturalKey, Object};
use crate::ledger::{Entry, Ledger, NOT_YET, Origin};
use crate::manifest::{Manifest, Resource, scope_of_another_org};
use crate::problem::Problem;
use crate::snapshot::Snapshot;
use crate::value::{Ref, Value};

/// Compares `manifest` with the server's `snapshot`. `foreign` names the project that owns an object, for objects that
/// other projects' ledgers have.
pub fn compare(
    manifest: &Manifest,
    graph: &Graph,
    snapshot: &Snapshot,
    ledger: &Ledger,
    foreign: &BTreeMap<(Kind, String), String>,
    goal: Goal,
) -> Comparison {
    let mut comparison = match goal {
        Goal::Declared => declared(manifest, graph, snapshot, ledger, foreign),
        Goal::Destroyed => destroyed(manifest, snapshot, ledger, foreign),
    };
    go_with_orgs(&mut comparison.changes);
    let shared = shared(&comparison.changes, manifest, ledger, foreign);
    comparison.problems.extend(shared);
    if let Some(rotating) = manifest.rotating.as_ref().filter(|_| manifest.only_rotates()) {
        rotation::only(&mut comparison, rotating, manifest);
    }
    let protected = manifest.policy.protector();
    for change in &mut comparison.changes {
        // A block that is gone has what its entry has, and what the policy says now.
        change.lifecycle.protected |= protected(&change.address);
    }
    comparison
}

/// Says which objects another project owns too, but for those that this one lets go of.
fn shared(
    changes: &[Change],
    manifest: &Manifest,
    ledger: &Ledger,
    foreign: &BTreeMap<(Kind, String), String>,
) -> Vec<Problem> {
    let said = changes.iter().filter(|change| change.action != Action::Forget).filter_map(|change| {
        let (address, object) = (&change.address, change.object.as_ref()?);
        let was = change.moved_from.as_ref().unwrap_or(address);
        let other = foreign.get(&(address.kind, object.id.clone()))?;
        ledger.entries.get(was).filter(|entry| entry.id == object.id)?;
        Some(two_owners(address, object, other, manifest.resources.get(address).map(|resource| &resource.place)))
    });
    said.collect()
}

fn declared(
    manifest: &Manifest,
    graph: &Graph,
    snapshot: &Snapshot,
    ledger: &Ledger,
    foreign: &BTreeMap<(Kind, String), String>,
) -> Comparison {
    let mut comparison = Comparison::default();
    let home = snapshot.home.as_deref();
    let by_org_name = |kind, resource: &Resource| known_org(kind, resource, manifest, snapshot, ledger);
    let (entries, problems) = moved(manifest, ledger, &by_org_name);
    comparison.problems.extend(problems);
    let finder = Finder::new(manifest, snapshot, ledger, foreign, entries);
    let mut names = Names::new(snapshot);
    let mut names_then = Names::new(snapshot);
    for (address, (was, entry)) in &finder.entries {
        let Some(object) = snapshot.object(address.kind, &entry.id) else { continue };
        names_then.learn(object, was);
    }
    for (address, (_, entry)) in without(&finder.entries, &manifest.resources) {
        if let Some(object) = snapshot.object(address.kind, &entry.id) {
            names.learn(object, address);
        }
    }
    // Of what others live in only: nothing else is asked for.
    let mut found: BTreeMap<Address, Found<'_>> = BTreeMap::new();
    let mut undecided = Undecided::default();
    for address in graph.order() {
        if undecided.waits(address, graph) {
            continue;
        }
        let resource = &manifest.resources[address];
        let org =
            if address.kind.spec().level == Level::Org { org_of(address.kind, resource, home, &found) } else { None };
        let entry = finder.entries.get(address).copied();
        let this = match finder.find(address, resource, entry.map(|(_, entry)| entry), org) {
            Ok(this) => this,
            Err(problem) => {
                undecided.failed(address, comparison.problems.len());
                comparison.problems.push(problem);
                continue;
            }
        };
        if let Some(problem) = hidden_labels(address, resource, &this, snapshot) {
            undecided.failed(address, comparison.problems.len());
            comparison.problems.push(problem);
            continue;
        }
        comparison.problems.extend(scopes_elsewhere(address, resource, org, home, &found));
        if let Found::External(object) = this {
            comparison.external.insert(address.clone(), target(object));
            if let Some((_, entry)) = entry {
                comparison.changes.push(forget(address, entry, Some(target(object)), Reason::External));
            }
        } else {
            let change = Change {
                org: org.map(str::to_owned),
                imported: manifest.imports.contains_key(address),
                ..one(
                    address,
                    resource,
                    &this,
                    entry,
                    snapshot,
                    (&names, &names_then),
                    rotation::asked(manifest, address),
                )
            };
            comparison.changes.push(change);
        }
        let stays = comparison
            .changes
            .last()
            .is_none_or(|change| change.address != *address || change.action != Action::Replace);
        if let Some(object) = this.object().filter(|_| stays) {
            names.learn(object, address);
        }
        if address.kind.spec().level == Level::Server {
            found.insert(address.clone(), this);
        }
    }
    follow(&mut comparison.changes, manifest);
    undecided.tell(&mut comparison.problems);
    for (address, (_, entry)) in without(&finder.entries, &manifest.resources) {
        let reason = if manifest.disabled.contains(&address.table()) { Reason::Disabled } else { Reason::NotDeclared };
        comparison.leave(&finder, (address, entry), manifest.terms(address), reason);
    }
    let undeclared = ledger.intents.keys().filter(|address| !manifest.resources.contains_key(address));
    comparison.leave_unrecorded(&finder, undeclared, &Reason::NotDeclared);
    comparison
}

/// The scopes of `resource` on all of a type in another org than its own, whose ID is `own`: which one the home org is, the
/// manifests alone may not tell.
fn scopes_elsewhere(
    address: &Address,
    resource: &Resource,
    own: Option<&str>,
    home: Option<&str>,
    found: &BTreeMap<Address, Found<'_>>,
) -> Vec<Problem> {
    let is_elsewhere =
        |org: &Ref| address.kind.org_in(&resource.fields) != Some(org) && org_id(org, home, found) != own;
    resource
        .org_wide_scopes()
        .filter(|(_, org, _)| is_elsewhere(org))
        .map(|(field, org, ty)| scope_of_another_org(address, resource, field, org, ty).into())
        .collect()
}

/// That labels are declared for what is there in another org, and the token may not see those that it has: an empty list is none.
fn hidden_labels(address: &Address, resource: &Resource, found: &Found<'_>, snapshot: &Snapshot) -> Option<Problem> {
    let lack = snapshot.labels_lack.as_ref()?;
    let object = found.object().filter(|object| object.org != snapshot.home)?;
    let declared = address.kind.get(Role::Labels, &resource.fields).is_some();
    (declared && address.kind.spec().hides_labels).then(|| hides_labels(address, &object.id, lack))
}

/// The org ID of `resource` before anything else is known: by the ledger, an import, or by name.
fn known_org<'a>(
    kind: Kind,
    resource: &Resource,
    manifest: &Manifest,
    snapshot: &'a Snapshot,
    ledger: &'a Ledger,
) -> Option<&'a str> {
    let Some(address) = kind.org_in(&resource.fields).and_then(Ref::address) else {
        return snapshot.home.as_deref();
    };
    if let Some(entry) = ledger.entries.get(address) {
        return Some(&entry.id);
    }
    let objects = &snapshot.kinds.get(&address.kind)?.objects;
    if let Some(import) = manifest.imports.get(address) {
        return objects.get(&import.id).map(|object| object.id.as_str());
    }
    let key = |name: &str| NaturalKey::<()>::of(address.kind, None, name);
    let wanted = key(&address.kind.name_in(&manifest.resources.get(address)?.fields)?);
    objects.values().find(|object| key(&object.name) == wanted).map(|object| object.id.as_str())
}

/// What must happen to one declared address.
fn one(
    address: &Address,
    resource: &Resource,
    found: &Found<'_>,
    entry: Option<(&Address, &Entry)>,
    snapshot: &Snapshot,
    (names, names_then): (&Names<'_>, &Names<'_>),
    asked: Option<Asked>,
) -> Change {
    let mut change = Change {
        lifecycle: protection(&resource.lifecycle, entry.map(|(_, entry)| &entry.lifecycle)),
        lifecycle_changes: entry.map_or(Vec::new(), |(_, entry)| settings(&entry.lifecycle, &resource.lifecycle)),
        origin: entry.map(|(_, entry)| entry.origin),
        moved_from: entry.filter(|(was, _)| *was != address).map(|(was, _)| was.clone()),
        until: entry
            .map_or_else(BTreeMap::new, |(_, entry)| rotation::overlapping(entry, address, resource, snapshot.at)),
        ..Change::blank(address, Action::None, Reason::InSync)
    };
    change.overlapping = change.until.keys().cloned().collect();
    change.until.retain(|_, until| *until != NOT_YET);
    change.predecessors = entry.map_or_else(BTreeSet::new, |(_, entry)| &entry.predecessors - &change.overlapping);
    let replaced_by_hand = entry.is_some() && matches!(found, Found::Adopted(_));
    let another = replaced_by_hand || matches!(found, Found::Resumed(_));
    // What an entry says of another object says nothing of one that an interrupted run or a person has made in its place.
    let last = entry.filter(|_| !another).map(|(_, entry)| &entry.fields);
    let Some(object) = found.object() else {
        change.action = Action::Create;
        let is_hidden = || entry.is_some_and(|(_, entry)| snapshot.hides(address.kind, &entry.id));
        change.reason = match found {
            Found::Gone if is_hidden() => Reason::Hidden,
            Found::Gone => Reason::Gone,
            _ => Reason::New,
        };
        change.unverified = matches!(found, Found::Nothing { unverified: true });
        change.fields = new_fields(address, resource, snapshot, names);
        return change;
    };
    change.object = Some(target(object));
    if replaced_by_hand {
        change.origin = None;
    }
    change.adopts = matches!(found, Found::Adopted(_) | Found::Imported(_));
    let unfinished = |field: &str| match found {
        Found::Resumed(_) => true,
        Found::Owned(entry, _) => entry.lacks.contains(field) || undelivered(address.kind, entry),
        _ => false,
    };
    differences(&mut change, resource, object, &Past { last, unfinished: &unfinished }, (names, names_then));
    let replaced: BTreeSet<&'static str> = change
        .fields
        .iter()
        .filter(|field| address.kind.field(field.field).is_some_and(|field| field.change == OnChange::Replace))
        .map(|field| field.field)
        .collect();
    let creator_gone = address.kind.spec().runs_as_creator
        && object
            .org
            .as_ref()
            .and_then(|org| snapshot.owners.get(org))
            .is_some_and(|owners| object.user.as_ref().is_none_or(|user| !owners.contains(user)));
    let secret_is_lost = address.kind.delivers()
        && match found {
            Found::Owned(entry, _) => undelivered(address.kind, entry),
            Found::Resumed(_) => true,
            _ => false,
        };
    let unfinished = change.fields.iter().any(|field| field.cause == Cause::Unfinished);
    let (action, reason) = if secret_is_lost {
        (Action::Replace, Reason::Undelivered)
    } else if replaced_by_hand && replaced.is_empty() {
        (if change.fields.is_empty() { Action::None } else { Action::Update }, Reason::Gone)
    } else if !replaced.is_empty() {
        (Action::Replace, Reason::CannotChange(replaced))
    } else if creator_gone {
        (Action::Replace, Reason::CreatorGone)
    } else if !change.fields.is_empty() {
        let reason = match found {
            Found::Resumed(_) => Reason::Resumed,
            _ if unfinished => Reason::Unfinished,
            _ => Reason::Differs,
        };
        (Action::Update, reason)
    } else if let Some((_, entry)) = entry.filter(|_| !change.predecessors.is_empty()) {
        (Action::Update, if entry.left().next().is_some() { Reason::Leftovers } else { Reason::OverlapEnded })
    } else if matches!(found, Found::Resumed(_)) {
        (Action::None, Reason::Resumed)
    } else {
        (Action::None, Reason::InSync)
    };
    (change.action, change.reason) = (action, reason);
    rotation::rotate(&mut change, resource, entry.map(|(_, entry)| entry), object, (snapshot.at, asked));
    if let Some(passes) = passes_on(&change, resource, object, snapshot, names) {
        let at = |field: &str| address.kind.spec().fields.iter().position(|known| known.name == field);
        change.fields.push(passes);
        change.fields.sort_by_key(|change| at(change.field));
    }
    change
}

/// The user that an object which is made anew acts as, where that is the run's own and another one than before. Of a token that can
/// write nothing, as a plan's in CI, nothing is said: whoever applies is somebody else.
fn passes_on(
    change: &Change,
    resource: &Resource,
    object: &Object,
    snapshot: &Snapshot,
    names: &Names<'_>,
) -> Option<FieldChange> {
    let field = change.address.kind.with(Role::Actor)?;
    let user = object.user.as_ref().filter(|user| **user != snapshot.me)?;
    let Type::Ref(kind) = field.ty else { return None };
    let is_said = resource.fields.get(field.name).is_some();
    if change.action != Action::Replace || is_said || snapshot.own_token.only_reads {
        return None;
    }
    let called = |id: &String| names.value(&Value::Ref(Ref::Id(kind, id.clone())), None).into_owned();
    let (live, wanted) = (Some(called(user)), called(&snapshot.me));
    Some(FieldChange { field: field.name, live, wanted, last: None, cause: Cause::Run })
}

/// Whether the secret of an object that this project made has not reached its sinks.
fn undelivered(kind: Kind, entry: &Entry) -> bool {
    kind.delivers() && entry.origin == Origin::Created && entry.secret.is_none()
}

/// All fields that a new object gets.
fn new_fields(address: &Address, resource: &Resource, snapshot: &Snapshot, names: &Names<'_>) -> Vec<FieldChange> {
    let spec = address.kind.spec();
    let shown = |(field, value): (&'static str, &Value)| {
        let known = address.kind.field(field)?;
        let is_seen = known.compared != Compared::Never || known.write_only();
        (is_seen && *value != Value::Unset).then(|| FieldChange {
            field,
            live: None,
            wanted: names.value(value, snapshot.home.as_deref()).into_owned(),
            last: None,
            cause: Cause::New,
        })
    };
    let mut fields: Vec<FieldChange> = resource.fields.iter().filter_map(shown).collect();
    fields.sort_by_key(|change| spec.fields.iter().position(|field| field.name == change.field));
    fields
}
