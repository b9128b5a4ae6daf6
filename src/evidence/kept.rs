//! The secrets that the server keeps for what goes, or no longer needs them.

use futures::stream::{self, StreamExt, TryStreamExt};

use crate::api::{ApiError, Client};
use crate::diff::{Action, Change, FieldChange, Reason, Target};
use crate::ledger::{Entry, Ledger};

/// Objects that are asked about at once.
const AT_ONCE: usize = 8;

/// Notes in `changes` what the server keeps for their objects and no longer has to.
///
/// # Errors
/// The server's.
pub async fn kept(client: &Client, changes: &mut [Change], ledger: &Ledger) -> Result<(), ApiError> {
    let asked: Vec<_> = changes
        .iter()
        .enumerate()
        .filter_map(|(n, change)| Some((n, change.address.kind, leaves(change, ledger)?)))
        .collect();
    let found = stream::iter(asked).map(async |(n, kind, Leaves { org, id, sources })| {
        Ok::<_, ApiError>((n, kind.kept(client, &org, &id, sources).await?))
    });
    for (n, kept) in found.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await? {
        changes[n].kept = kept;
    }
    Ok(())
}

/// An object for which the server may keep something, and where it still has secrets from sources.
struct Leaves {
    org: String,
    id: String,
    sources: Vec<String>,
}

/// What a change leaves something of.
fn leaves(change: &Change, ledger: &Ledger) -> Option<Leaves> {
    let is_gone = change.action == Action::Create || change.reason == Reason::AlreadyGone;
    if is_gone {
        let was = change.moved_from.as_ref().unwrap_or(&change.address);
        let Entry { id, org, .. } = ledger.entries.get(was).filter(|entry| entry.is_ours())?;
        return Some(Leaves { org: org.clone()?, id: id.clone(), sources: Vec::new() });
    }
    let has_secrets =
        |field: &FieldChange| change.address.kind.field(field.field).is_some_and(|of| of.secret.is_some());
    let is_outgrown = change.action == Action::Update && change.fields.iter().any(has_secrets);
    let Target { id, org, .. } = change.object.as_ref().filter(|_| change.action.removes() || is_outgrown)?;
    let wanted = change.fields.iter().filter(|_| is_outgrown).flat_map(|field| field.wanted.sources(field.field));
    Some(Leaves { org: org.clone()?, id: id.clone(), sources: wanted.map(|(at, _)| at).collect() })
}
