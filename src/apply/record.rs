//! What the ledger has to know of an object.

use std::collections::BTreeSet;

use crate::diff::{Action, Change, Target};
use crate::field::{Compared, Field};
use crate::kind::Kind;
use crate::ledger::{Entry, Origin, Update};
use crate::manifest::{Manifest, Resource};
use crate::snapshot::Snapshot;
use crate::value::Value;

/// The entry for `target` as it is once `change` is done; `old` is what the ledger has of the address.
pub(super) fn entry(
    change: &Change,
    resource: &Resource,
    target: &Target,
    created: Option<String>,
    old: Option<&Entry>,
) -> Entry {
    // What has no ID of the server's has the same one again after it was deleted.
    let is_new = matches!(change.action, Action::Create | Action::Replace);
    let same_object = old.filter(|old| !is_new && old.id == target.id);
    let fingerprint = |(field, value): (&'static str, &Value)| {
        let applied = is_recorded(change.address.kind, resource, field);
        applied.then(|| (field.to_owned(), value.fingerprint()))
    };
    let name = change.address.kind.title_in(&resource.fields).unwrap_or(target.name.as_str().into());
    let origin = match (same_object, change.adopts) {
        (Some(old), _) => old.origin,
        (None, true) => Origin::Adopted,
        (None, false) => Origin::Created,
    };
    Entry {
        id: target.id.clone(),
        org: target.org.clone(),
        name: name.into_owned(),
        created,
        origin,
        fields: resource.fields.iter().filter_map(fingerprint).collect(),
        lifecycle: resource.lifecycle.clone(),
        needs: resource.needs.iter().cloned().collect(),
        secret: same_object.and_then(|old| old.secret.clone()),
        lacks: lacks(change, resource, same_object),
        predecessors: same_object.map(|old| old.predecessors.clone()).unwrap_or_default(),
        succeeded: same_object.map(|old| old.succeeded.clone()).unwrap_or_default(),
        overlaps: same_object.map(|old| old.overlaps.clone()).unwrap_or_default(),
        worn: same_object.map(|old| old.worn.clone()).unwrap_or_default(),
    }
}

/// The fields that the object was never given, as far as is known, once `change` is done. Of what was there before this
/// project nothing is known.
fn lacks(change: &Change, resource: &Resource, old: Option<&Entry>) -> BTreeSet<String> {
    let fields = change.address.kind.spec().fields.iter();
    let declared = |field: &str| resource.fields.get(field).is_some();
    match old {
        Some(old) => {
            let changed = |field: &Field| {
                let sets = |change: &str| field.secret.is_some_and(|rule| rule.is_set_with(change));
                change.fields.iter().any(|change| change.field == field.name || sets(change.field))
            };
            let lacking = fields.filter(|field| old.lacks.contains(field.name) && !changed(field));
            let kept = lacking.filter(|field| field.write_only() || declared(field.name));
            kept.map(|field| field.name.to_owned()).collect()
        }
        None if change.adopts => BTreeSet::new(),
        None => {
            let never = fields.filter(|field| field.write_only() && !declared(field.name));
            never.map(|field| field.name.to_owned()).collect()
        }
    }
}

/// Whether the ledger keeps the value of `field`.
fn is_recorded(kind: Kind, resource: &Resource, field: &str) -> bool {
    let known = kind.field(field).is_some_and(|field| field.compared != Compared::Never);
    known && !resource.lifecycle.ignore.contains(field)
}

/// The update that takes the object of `change` into the ledger as it is on the server, and changes nothing of it: what the
/// manifest says otherwise is a change of the next plan. None if the change takes nothing over.
pub fn adopted(change: &Change, manifest: &Manifest, snapshot: &Snapshot) -> Option<Update> {
    let (true, Some(target)) = (change.adopts, &change.object) else { return None };
    let resource = manifest.resources.get(&change.address)?;
    Some(Update::Put(change.address.clone(), Box::new(as_it_is(change, resource, target, snapshot))))
}

/// The entry for `target`, which is on the server and was in no entry, as it is before `change`.
pub(super) fn as_it_is(change: &Change, resource: &Resource, target: &Target, snapshot: &Snapshot) -> Entry {
    let created = snapshot.object(change.address.kind, &target.id).and_then(|object| object.created.clone());
    let mut entry = Entry { name: target.name.clone(), ..entry(change, resource, target, created, None) };
    for differs in &change.fields {
        match &differs.live {
            Some(live) => entry.fields.insert(differs.field.to_owned(), live.fingerprint()),
            // What the server cannot tell was not applied by anybody that we know.
            None => entry.fields.remove(differs.field),
        };
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::diff::{Cause, FieldChange, Reason};

    #[test]
    fn what_is_created_where_something_adopted_was_is_created() {
        let dir = tempfile::tempdir().expect("a directory");
        let all: Vec<_> = Kind::ALL.iter().collect();
        std::fs::write(dir.path().join("main.toml"), "[project]\nname = \"p\"\n[secret.s]\nvalue = { env = \"X\" }\n")
            .expect("written");
        let crate::manifest::Loaded { manifest, .. } =
            crate::manifest::load(dir.path(), &crate::manifest::Inputs::default()).expect("a manifest");
        let resource = manifest.resources.values().next().expect("a resource");
        for kind in all {
            let target = Target { id: "1".into(), org: None, name: "s".into() };
            let old = Entry { origin: Origin::Adopted, ..Entry::blank("1".to_owned(), "s".to_owned()) };
            let origin = |action, reason| {
                let change = Change::blank(&Address::new(*kind, "s"), action, reason);
                entry(&change, resource, &target, None, Some(&old)).origin
            };
            assert_eq!(origin(Action::Create, Reason::Gone), Origin::Created, "{kind}");
            assert_eq!(origin(Action::Update, Reason::Differs), Origin::Adopted, "{kind}");
        }
    }

    #[test]
    fn what_is_adopted_is_recorded_as_it_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let text = "[project]\nname = \"p\"\n[bucket.raw]\nname = \"new\"\nretention = \"30d\"\n[user.u]\npassword = { env = \"X\" }\npassword_version = 2\n";
        std::fs::write(dir.path().join("main.toml"), text).expect("written");
        let crate::manifest::Loaded { manifest, .. } =
            crate::manifest::load(dir.path(), &crate::manifest::Inputs::default()).expect("a manifest");
        let differs = |field, live: Option<Value>| FieldChange {
            field,
            live,
            wanted: Value::Infinite,
            last: None,
            cause: Cause::New,
        };
        let adopts = |kind, key, fields| Change {
            object: Some(Target { id: "1".into(), org: None, name: "old".into() }),
            adopts: true,
            fields,
            ..Change::blank(&Address::new(kind, key), Action::Update, Reason::Differs)
        };
        let entry = |change: &Change| match adopted(change, &manifest, &Snapshot::default()) {
            Some(Update::Put(_, entry)) => *entry,
            other => panic!("{other:?}"),
        };
        let name = differs("name", Some(Value::Text("old".into())));
        let bucket = entry(&adopts(Kind::Bucket, "raw", vec![name]));
        assert_eq!((bucket.name.as_str(), bucket.origin), ("old", Origin::Adopted));
        let of = |entry: &Entry, field: &str| entry.fields.get(field).cloned();
        assert_eq!(of(&bucket, "name").as_deref(), Some("=old"));
        assert_eq!(of(&bucket, "retention").as_deref(), Some("=30d"), "what agrees is as declared");
        let user = entry(&adopts(Kind::User, "u", vec![differs("password_version", None)]));
        assert_eq!(of(&user, "password_version"), None);
        let mut taken = adopts(Kind::Bucket, "raw", vec![]);
        taken.adopts = false;
        assert_eq!(adopted(&taken, &manifest, &Snapshot::default()), None);
    }
}
