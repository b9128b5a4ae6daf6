//! What a plan would make or change and the server says would not work: it tries that, and does nothing of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};

use crate::address::Address;
use crate::api::Client;
use crate::diff::{Action, Change, Target};
use crate::kind::{Desired, Ids};
use crate::manifest::Manifest;
use crate::snapshot::Snapshot;

/// What is tried at once, and for how long: each takes as long as another server does to answer.
const AT_ONCE: usize = 4;
const LONGEST: Duration = Duration::from_secs(20);

/// Why what these `changes` make or change would not work, where the server can try that.
pub async fn tried(
    client: &Client,
    manifest: &Manifest,
    snapshot: &Snapshot,
    changes: &[Change],
    external: &BTreeMap<Address, Target>,
) -> BTreeMap<Address, String> {
    // What is yet to be made or changed cannot be tried with.
    let stays = changes.iter().filter(|change| change.action == Action::None);
    let there = stays.filter_map(|change| Some((&change.address, change.object.as_ref()?))).chain(external);
    let objects = there.map(|(address, target)| (address.clone(), (target.id.clone(), target.org.clone()))).collect();
    let ids = Ids { home: snapshot.home.clone().unwrap_or_default(), objects, orgs: BTreeMap::new() };
    let begun = Instant::now();
    let asked = async |change: &Change| {
        if begun.elapsed() > LONGEST {
            return None;
        }
        let address = &change.address;
        let desired = Desired::new(&manifest.resources.get(address)?.fields, change.org.as_deref()?, &ids);
        let changed: Vec<&'static str> = change.fields.iter().map(|field| field.field).collect();
        let live = change.object.as_ref().filter(|_| change.action == Action::Update);
        let live = live.and_then(|object| snapshot.object(address.kind, &object.id));
        let why = address.kind.would_fail(client, live, &desired, &changed).await?;
        Some((address.clone(), why))
    };
    let makes = |change: &&Change| matches!(change.action, Action::Create | Action::Update | Action::Replace);
    let found = stream::iter(changes.iter().filter(makes)).map(asked).buffered(AT_ONCE);
    found.filter_map(async |found| found).collect().await
}
