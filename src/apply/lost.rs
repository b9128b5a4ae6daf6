//! Which secrets are not any more where they were delivered: what is in sinks is looked at before an apply that is asked to.

use std::collections::BTreeSet;

use crate::address::Address;
use crate::api::Writer;
use crate::diagnostic::Code;
use crate::field::Role;
use crate::ledger::{Entry, Ledger};
use crate::manifest::Manifest;
use crate::problem::Problem;
use crate::secret::{Access, Sink, fingerprint};
use crate::value::Value;

/// Whose secrets are where they were delivered.
#[derive(Debug, Default)]
pub struct Sought {
    /// Those whose secrets are not in all of their sinks any more.
    pub lost: BTreeSet<Address>,
    /// Those of which it is not known, because a program has the secret.
    pub unread: BTreeSet<Address>,
}

/// Looks for the secrets that `ledger` has as delivered in the sinks that can be read.
///
/// # Errors
/// A sink that is there and cannot be read.
pub async fn seek(writer: &Writer, manifest: &Manifest, ledger: &Ledger) -> Result<Sought, Problem> {
    let access = writer.secrets();
    let mut sought = Sought::default();
    for (address, resource) in manifest.resources.iter().filter(|(_, resource)| !resource.external) {
        let Some(Value::Sinks(sinks)) = address.kind.get(Role::Delivery, &resource.fields) else { continue };
        let Some(Entry { secret: Some(delivered), .. }) = ledger.entries.get(address) else { continue };
        for sink in sinks {
            if sink.is_read() && !holds(sink, manifest, delivered, access).await.map_err(|words| of(address, &words))? {
                sought.lost.insert(address.clone());
            } else if !sink.is_read() && *sink != Sink::Discard {
                sought.unread.insert(address.clone());
            }
        }
    }
    sought.unread.retain(|address| !sought.lost.contains(address));
    Ok(sought)
}

/// Whether `sink` holds the secret with this fingerprint.
async fn holds(sink: &Sink, manifest: &Manifest, delivered: &str, access: Access) -> Result<bool, String> {
    let sink = sink.within(&manifest.root).map_err(|error| error.to_string())?;
    let held = sink.read(access).await.map_err(|error| format!("{sink}: {}", error.unread()))?;
    Ok(held.is_some_and(|secret| fingerprint(&secret) == delivered))
}

fn of(address: &Address, words: &str) -> Problem {
    let message = format!("cannot tell whether the secret of {address} is where it was delivered: {words}");
    Problem::new(Code::SecretFailed, message)
}
