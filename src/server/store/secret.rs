//! Secrets of orgs, by key. They have no IDs, and outlive their org, out of anybody's reach (influxd 2.9.1, measured).

use std::ops::ControlFlow;

use super::{Change, Error, Order, Read, Table, named};
use crate::server::id::Id;

/// By org and key, to the value.
pub(crate) const SECRETS: Table = Table::new("secrets");

/// The keys of an org, byte by byte in order.
pub(crate) fn keys(read: &impl Read, org: Id) -> Result<Vec<String>, Error> {
    let mut keys = Vec::new();
    read.scan(SECRETS, &org.key(), Order::Ascending, None, &mut |key, _| {
        keys.push(String::from_utf8(key[org.key().len()..].to_vec()).map_err(|_| Error::Index)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(keys)
}

/// The value of one; none if there is no such key.
pub(crate) fn value(read: &impl Read, org: Id, key: &str) -> Result<Option<Vec<u8>>, Error> {
    read.get(SECRETS, &named(org, key))
}

/// Sets these; the others stay.
pub(crate) fn set(change: &Change, org: Id, secrets: &[(String, String)]) -> Result<(), Error> {
    secrets.iter().try_for_each(|(key, value)| change.put(SECRETS, &named(org, key), value.as_bytes()))
}

/// Deletes those of these keys that there are.
pub(crate) fn delete(change: &Change, org: Id, keys: &[String]) -> Result<(), Error> {
    keys.iter().try_for_each(|key| change.delete(SECRETS, &named(org, key)))
}

/// Whether a row can be read.
pub(super) fn check(key: &[u8], _: &[u8]) -> Result<(), Error> {
    let (org, key) = key.split_at_checked(8).ok_or(Error::Index)?;
    super::decode_id(org)?;
    std::str::from_utf8(key).map(drop).map_err(|_| Error::Index)
}
