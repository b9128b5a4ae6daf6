//! The home org of a project that makes it: before ledger and lock, which live in it.

use std::collections::BTreeSet;

use super::create::TRIES;
use crate::address::Address;
use crate::api::{ApiError, Writer};
use crate::kind::{Desired, Ids, ReadScope};
use crate::ledger::{Intent, Resolution, resolve, set_by_post};
use crate::manifest::Manifest;

/// Makes the home org, which is declared as `address` and does not exist; gives its ID. Where the reply is lost, looks
/// before it sends again. A run that dies after this has recorded nothing: the next one finds the org as it is declared,
/// which is why adopting it needs no consent then.
///
/// # Errors
/// The server's.
pub async fn create_home_org(writer: &Writer, manifest: &Manifest, address: &Address) -> Result<String, ApiError> {
    let fields = &manifest.resources[address].fields;
    let ids = Ids::default();
    let desired = Desired::new(fields, "", &ids);
    let name = address.kind.title_in(fields).unwrap_or_default().into_owned();
    let at = writer.server_time().unwrap_or_default();
    let sets = set_by_post(address.kind, fields);
    let intent = Intent { org: None, name, digest: String::new(), at, marker: None, fields: sets, blind: false };
    for attempt in 1.. {
        let error = match address.kind.create(writer, &desired).await {
            Ok(made) => return Ok(made.object.id),
            Err(error) => error,
        };
        if !error.maybe_done || attempt == TRIES {
            return Err(error);
        }
        let there = address.kind.list(writer, &[], ReadScope::NOTHING).await?;
        let resolution = resolve(address.kind, &intent, &there, &BTreeSet::new(), "", &|_| String::new());
        if let Resolution::Made(id) = resolution {
            return Ok(id);
        }
    }
    unreachable!("the loop ends by returning")
}
