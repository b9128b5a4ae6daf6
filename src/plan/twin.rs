//! Objects that are there twice: a request that was held back until another run had made the same leaves one that no ledger has.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Change, Target};
use crate::kind::{Key, Kind, Object};
use crate::ledger::{Intent, Ledger, Resolution, resolve, set_by_post};
use crate::redact::without_secrets;
use crate::snapshot::Snapshot;

/// Tells which objects that are in no ledger have the name and the content of one of the project, where InfluxDB lets several
/// have one name. `foreign` is what other projects own, `external` what the project only refers to.
pub fn twins(
    changes: &[Change],
    snapshot: &Snapshot,
    ledger: &Ledger,
    foreign: &BTreeMap<(Kind, String), String>,
    external: &BTreeMap<Address, Target>,
) -> Vec<Diagnostic> {
    let mut owned: BTreeSet<(Kind, String)> = foreign.keys().cloned().collect();
    owned.extend(external.iter().map(|(address, target)| (address.kind, target.id.clone())));
    owned.extend(changes.iter().filter_map(|change| Some((change.address.kind, change.object.as_ref()?.id.clone()))));
    for (address, entry) in &ledger.entries {
        owned.extend(entry.predecessors.iter().chain([&entry.id]).map(|id| (address.kind, id.clone())));
    }
    let mut by_name: BTreeMap<(Kind, Option<&str>, &str), Vec<&Object>> = BTreeMap::new();
    for (kind, view) in snapshot.kinds.iter().filter(|(kind, _)| kind.spec().key == Key::LoneName) {
        for object in view.objects.values() {
            by_name.entry((*kind, object.org.as_deref(), &object.name)).or_default().push(object);
        }
    }
    let twins = changes.iter().filter_map(|change| {
        let kind = change.address.kind;
        let object = snapshot.object(kind, &change.object.as_ref()?.id)?;
        let alike = by_name.get(&(kind, object.org.as_deref(), object.name.as_str()))?;
        let ids = match resolve(
            kind,
            &made_like(kind, object),
            alike.iter().copied(),
            &owned,
            object.user.as_deref().unwrap_or_default(),
            &|other| other.fields.script_fingerprint(),
        ) {
            Resolution::NotMade => return None,
            Resolution::Made(id) => vec![id],
            Resolution::Ambiguous(ids) => ids,
        };
        Some(twin(change, object, &ids))
    });
    twins.collect()
}

/// What a run would have noted down before it made `object` as it is now.
fn made_like(kind: Kind, object: &Object) -> Intent {
    Intent {
        org: object.org.clone(),
        name: object.name.clone(),
        digest: object.fields.script_fingerprint(),
        fields: set_by_post(kind, &object.fields),
        ..Intent::default()
    }
}

fn twin(change: &Change, object: &Object, ids: &[String]) -> Diagnostic {
    let (kind, name) = (change.address.kind, without_secrets(&object.name));
    let message =
        format!("another {kind} is like {}: {name:?} (ID {}), and no project owns it", change.address, ids.join(", "));
    Diagnostic::warning(Code::PlanLeftover, message).help(
        "a run that lost its lock can have made it; if nobody needs it, delete it, or it does everything a second time",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Action, Reason};
    use crate::kind::Standing;
    use crate::ledger::Entry;
    use crate::snapshot::{Sight, View};
    use crate::value::Value;

    fn task(id: &str, name: &str, description: &str, user: &str) -> Object {
        Object {
            id: id.to_owned(),
            org: Some("o".to_owned()),
            name: name.to_owned(),
            created: None,
            fields: [("description", Value::Text(description.to_owned()))].into_iter().collect(),
            standing: Standing::Ordinary,
            user: Some(user.to_owned()),
        }
    }

    #[test]
    fn only_what_is_alike_and_nobodys_is_a_twin() {
        let rows = [
            task("1", "hourly", "sums", "me"),
            task("2", "hourly", "sums", "me"),
            task("3", "hourly", "other", "me"),
            task("4", "hourly", "sums", "you"),
            task("5", "hourly", "sums", "me"),
            task("6", "hourly", "sums", "me"),
            task("7", "daily", "sums", "me"),
            task("8", "hourly", "sums", "me"),
        ];
        let objects = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let view = View { sight: Sight::Complete, objects, missing: BTreeMap::new() };
        let snapshot = Snapshot { kinds: [(Kind::Task, view)].into(), ..Snapshot::default() };
        let address = |text: &str| text.parse::<Address>().expect("an address");
        let target = |id: &str| Target { id: id.to_owned(), org: None, name: "hourly".to_owned() };
        let mut change = Change::blank(&address("task.hourly"), Action::None, Reason::InSync);
        change.object = Some(target("1"));
        let entries = [(address("task.second"), Entry::blank("5".to_owned(), "hourly".to_owned()))];
        let ledger = Ledger { entries: entries.into(), ..Ledger::default() };
        let foreign = [((Kind::Task, "6".to_owned()), "other".to_owned())].into();
        let external = [(address("task.ext"), target("8"))].into();
        let found = twins(&[change], &snapshot, &ledger, &foreign, &external);
        let messages: Vec<_> = found.iter().map(|warning| warning.message.as_str()).collect();
        assert_eq!(messages, ["another task is like task.hourly: \"hourly\" (ID 2), and no project owns it"]);
    }
}
