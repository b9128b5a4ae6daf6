//! Reads the server, once: one list per kind and page, and one request for each owned object that a list lacks.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Sight, Snapshot, View};
use crate::api::{ApiError, Client, Me, sight};
use crate::kind::{Kind, Place, Presence};
use crate::ledger::Ledger;
use crate::manifest::Manifest;
use crate::value::{Ref, Value};

/// Requests for single objects that are under way at once.
const AT_ONCE: usize = 8;
/// InfluxDB's name of the type that the ledger is made of.
const LABELS: &str = "labels";

/// What is known of the server before its objects are read.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Its version.
    pub version: String,
    /// The home org's ID; none when it does not exist.
    pub home: Option<String>,
    /// The ID of the run's own token, where the user gave it.
    pub token_id: Option<String>,
}

/// Reads what `manifest` and `ledger` name.
///
/// # Errors
/// The server's. A list that may not be read is no error but a matter of sight.
pub async fn read(
    client: &Client,
    server: &Server,
    manifest: &Manifest,
    ledger: &Ledger,
) -> Result<Snapshot, ApiError> {
    let me = client.me().await?;
    let kinds = kinds(manifest, ledger);
    let proven = proven(client, server, &me, &kinds).await?;
    let mut snapshot = Snapshot {
        version: server.version.clone(),
        home: server.home.clone(),
        me: me.id,
        at: client.server_time().unwrap_or_default(),
        labels_proven: proven.get(LABELS).copied().unwrap_or(false),
        ..Snapshot::default()
    };
    let (first, second): (Vec<Kind>, Vec<Kind>) = kinds.iter().partition(|kind| kind.spec().place == Place::Server);
    lists(client, &first, &[], &mut snapshot, manifest, &proven).await?;
    let orgs = orgs(&snapshot, manifest, ledger);
    let orgs: Vec<&str> = orgs.iter().map(String::as_str).collect();
    lists(client, &second, &orgs, &mut snapshot, manifest, &proven).await?;
    missing(client, &mut snapshot, manifest, ledger).await?;
    if kinds.iter().any(|kind| kind.spec().runs_as_creator) {
        for org in orgs {
            if let Some(owners) = sight::owners(client, org).await? {
                snapshot.owners.insert(org.to_owned(), owners);
            }
        }
    }
    Ok(snapshot)
}

/// The kinds that are named anywhere.
fn kinds(manifest: &Manifest, ledger: &Ledger) -> BTreeSet<Kind> {
    let mut kinds: BTreeSet<Kind> = manifest.resources.keys().map(|address| address.kind).collect();
    kinds.extend(ledger.entries.keys().chain(ledger.intents.keys()).map(|address| address.kind));
    kinds
}

/// Which types the token is proven to see all of, and labels among them: the ledger lives in labels.
async fn proven(
    client: &Client,
    server: &Server,
    me: &Me,
    kinds: &BTreeSet<Kind>,
) -> Result<BTreeMap<String, bool>, ApiError> {
    let Some(home) = &server.home else { return Ok(BTreeMap::new()) };
    let types: BTreeSet<&str> = kinds.iter().map(|kind| kind.spec().ty).chain([LABELS]).collect();
    let types: Vec<&str> = types.into_iter().collect();
    sight::sight(client, &server.version, home, me, &types, server.token_id.as_deref()).await
}

/// Reads the lists of `kinds`, side by side.
async fn lists(
    client: &Client,
    kinds: &[Kind],
    orgs: &[&str],
    snapshot: &mut Snapshot,
    manifest: &Manifest,
    proven: &BTreeMap<String, bool>,
) -> Result<(), ApiError> {
    let named = |kind: Kind, field: &str| {
        manifest
            .resources
            .iter()
            .any(|(address, resource)| address.kind == kind && resource.fields.get(field).is_some())
    };
    let reads = kinds.iter().map(|kind| {
        let named = &named;
        async move { kind.list(client, orgs, &|field| named(*kind, field)).await.map(|objects| (*kind, objects)) }
    });
    for (kind, objects) in futures::future::try_join_all(reads).await? {
        let sight = match (proven.get(kind.spec().ty), objects.iter().any(|object| !object.system)) {
            (Some(true), _) => Sight::Complete,
            (_, true) => Sight::Partial,
            (_, false) => Sight::Blind,
        };
        let objects = objects.into_iter().map(|object| (object.id.clone(), object)).collect();
        snapshot.kinds.insert(kind, View { sight, objects, missing: BTreeMap::new() });
    }
    Ok(())
}

/// The IDs of all orgs that the project has something in.
fn orgs(snapshot: &Snapshot, manifest: &Manifest, ledger: &Ledger) -> BTreeSet<String> {
    let mut orgs: BTreeSet<String> = snapshot.home.iter().cloned().collect();
    orgs.extend(ledger.entries.values().filter_map(|entry| entry.org.clone()));
    let addresses = manifest.resources.values().filter_map(|resource| match resource.fields.get("org") {
        Some(Value::Ref(Ref::To(address))) => Some(address),
        _ => None,
    });
    for address in addresses.collect::<BTreeSet<_>>() {
        let by_name = |name: &str| {
            let objects = &snapshot.kinds.get(&address.kind)?.objects;
            objects.values().find(|object| object.name == name).map(|object| object.id.clone())
        };
        orgs.extend(ledger.entries.get(address).map(|entry| entry.id.clone()));
        orgs.extend(manifest.resources.get(address).and_then(|org| org.fields.text("name")).and_then(by_name));
    }
    orgs
}

/// Asks by ID for what is owned, or external by ID, and not listed.
async fn missing(
    client: &Client,
    snapshot: &mut Snapshot,
    manifest: &Manifest,
    ledger: &Ledger,
) -> Result<(), ApiError> {
    let owned = ledger.entries.iter().map(|(address, entry)| (address.kind, entry.id.clone()));
    let external = manifest.resources.iter().filter_map(|(address, resource)| match resource.fields.get("id") {
        Some(Value::Text(id)) => Some((address.kind, id.clone())),
        _ => None,
    });
    let unlisted: BTreeSet<(Kind, String)> =
        owned.chain(external).filter(|(kind, id)| snapshot.object(*kind, id).is_none()).collect();
    let found: Vec<(Kind, String, Presence)> = stream::iter(unlisted)
        .map(|(kind, id)| async move { kind.find(client, &id).await.map(|presence| (kind, id, presence)) })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    for (kind, id, presence) in found {
        let view = snapshot.kinds.get_mut(&kind).expect("each kind of the ledger and the manifest was listed");
        match presence {
            Presence::Found(object) => {
                view.objects.insert(id, *object);
            }
            other => {
                view.missing.insert(id, other);
            }
        }
    }
    Ok(())
}
