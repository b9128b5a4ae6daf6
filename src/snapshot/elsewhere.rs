//! What the token sees in the other orgs in which a project has something.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::api::sight::{self, Lack, Proof};
use crate::api::{ApiError, Client, Me};
use crate::field::Role;
use crate::kind::{Kind, Level, NaturalKey, Object};
use crate::ledger::{LABELS, Ledger};
use crate::manifest::Manifest;

/// The objects of each kind, by ID.
pub(super) type Lists = BTreeMap<Kind, BTreeMap<String, Object>>;

/// What a project has in other orgs than the home org.
#[derive(Default)]
struct Elsewhere {
    /// The types, in InfluxDB's names, of what it has there.
    types: BTreeSet<&'static str>,
    /// Whether something there declares labels that the server may hide.
    labels: bool,
}

/// Whose token it is, and where it is at home.
pub(super) struct Own<'a> {
    /// The server's version.
    pub(super) version: &'a str,
    /// The ID of the home org.
    pub(super) home: &'a str,
    pub(super) token_id: Option<&'a str>,
    pub(super) me: &'a Me,
}

/// Takes from `proven`, which is about the home org, what is not proven of other orgs; why the labels of what is there may be
/// hidden, if something declares them.
pub(super) async fn prove(
    client: &Client,
    Own { version, home, token_id, me }: Own<'_>,
    (manifest, ledger): (&Manifest, &Ledger),
    lists: &Lists,
    proven: &mut Proof,
) -> Result<Option<Lack>, ApiError> {
    let Elsewhere { types, labels } = elsewhere(home, manifest, ledger, lists);
    if types.is_empty() {
        return Ok(None);
    }
    let asked: Vec<&str> = types.iter().copied().chain([LABELS]).collect();
    let there = sight::sight_elsewhere(client, version, home, me, &asked, token_id).await?;
    for ty in types {
        if let Some(lack) = there.lacks.get(ty) {
            proven.lacks.entry(ty.to_owned()).or_insert_with(|| lack.clone());
            proven.sees.insert(ty.to_owned(), false);
        }
    }
    Ok(there.lacks.get(LABELS).filter(|_| labels).cloned())
}

fn elsewhere(home: &str, manifest: &Manifest, ledger: &Ledger, lists: &Lists) -> Elsewhere {
    let mut found = Elsewhere::default();
    let owned = ledger.entries.iter().filter(|(_, entry)| entry.org.as_deref().is_some_and(|org| org != home));
    found.types.extend(owned.map(|(address, _)| address.kind.spec().ty));
    let is_elsewhere = |org: &Address| ids(org, lists, manifest, ledger).iter().any(|id| id != home);
    for (address, resource) in &manifest.resources {
        let kind = address.kind;
        let org = kind.org_in(&resource.fields).and_then(|org| org.address());
        if kind.spec().level == Level::Org && org.is_some_and(is_elsewhere) {
            found.types.insert(kind.spec().ty);
            found.labels |= kind.spec().hides_labels && kind.get(Role::Labels, &resource.fields).is_some();
        }
    }
    found
}

/// The IDs that an address may stand for: its entry's, its import's, and that of its name.
pub(super) fn ids(address: &Address, lists: &Lists, manifest: &Manifest, ledger: &Ledger) -> BTreeSet<String> {
    let key = |name: &str| NaturalKey::<()>::of(address.kind, None, name);
    let by_name = |name: &str| {
        let (objects, wanted) = (lists.get(&address.kind)?, key(name));
        objects.values().find(|object| key(&object.name) == wanted).map(|object| object.id.clone())
    };
    let owned = ledger.entries.get(address).map(|entry| entry.id.clone());
    let imported = manifest.imports.get(address).map(|import| import.id.clone());
    let name = manifest.resources.get(address).and_then(|org| address.kind.name_in(&org.fields));
    [owned, imported, name.and_then(|name| by_name(&name))].into_iter().flatten().collect()
}
