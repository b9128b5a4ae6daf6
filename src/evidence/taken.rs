//! Names that are taken on the whole server by what no list shows.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};

use crate::address::Address;
use crate::api::{ApiError, Client};
use crate::diff::{Action, Change, Reason};
use crate::kind::Holder;
use crate::snapshot::Snapshot;

/// Names that are asked about at once.
const AT_ONCE: usize = 8;

/// Who has the names that `changes` give to what they make, where the server keeps names unique everywhere and nothing that was read
/// has them: it is in another org, or hidden. What is gone may itself be what is hidden, and is deleted first.
///
/// # Errors
/// The server's.
pub async fn taken(
    client: &Client,
    changes: &[Change],
    snapshot: &Snapshot,
) -> Result<BTreeMap<Address, Holder>, ApiError> {
    let made = changes.iter().filter(|change| {
        let makes = matches!(change.action, Action::Create | Action::Replace) && change.reason != Reason::Gone;
        change.address.kind.spec().unique_everywhere && makes
    });
    let was_read = |change: &Change, name: &str| {
        let view = snapshot.kinds.get(&change.address.kind);
        view.is_some_and(|view| view.objects.values().any(|object| object.name == name))
    };
    let asked =
        made.filter_map(|change| Some((change, change.new_name()?))).filter(|(change, name)| !was_read(change, name));
    let held = stream::iter(asked).map(async |(change, name)| {
        let address = &change.address;
        address.kind.holder(client, &name).await.map(|holder| (address.clone(), holder))
    });
    let held = held.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
    Ok(held.into_iter().filter(|(_, holder)| *holder != Holder::Nobody).collect())
}
