//! Mappings of databases and retention policies of InfluxDB 1.x to buckets, and which one of each database is its default.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::{Change, Error, Order, Read, Table, decode, named, pair};
use crate::server::id::Id;
use crate::server::problem::Problem;

/// By org and ID.
pub(crate) const DBRPS: Table = Table::new("dbrps");
/// By org and database, to the ID of the default one.
pub(crate) const DEFAULTS: Table = Table::new("dbrp_defaults");

/// The retention policy of a bucket whose name has none.
const AUTOGEN: &str = "autogen";

/// A mapping, as it is kept and shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mapping {
    pub(crate) id: Id,
    pub(crate) database: String,
    pub(crate) retention_policy: String,
    #[serde(rename = "default")]
    pub(crate) is_default: bool,
    /// Whether nobody made it: it follows from the name of the bucket, whose ID it has.
    #[serde(rename = "virtual")]
    pub(crate) is_virtual: bool,
    #[serde(rename = "orgID")]
    pub(crate) org: Id,
    #[serde(rename = "bucketID")]
    pub(crate) bucket: Id,
}

impl Mapping {
    /// What the name of a bucket says: `DATABASE/POLICY`, or the database alone.
    pub(crate) fn of_bucket(bucket: &Bucket) -> Self {
        let (database, policy) = bucket.name.split_once('/').unwrap_or((&bucket.name, AUTOGEN));
        Self {
            id: bucket.id,
            database: database.to_owned(),
            retention_policy: policy.to_owned(),
            is_default: !bucket.name.contains('/'),
            is_virtual: true,
            org: bucket.org,
            bucket: bucket.id,
        }
    }

    fn key(&self) -> [u8; 16] {
        pair(self.org, self.id)
    }
}

/// The mappings of an org that were made, oldest first.
pub(crate) fn list(read: &impl Read, org: Id) -> Result<Vec<Mapping>, Error> {
    let mut mappings: Vec<Mapping> = Vec::new();
    read.scan(DBRPS, &org.key(), Order::Ascending, None, &mut |_, value| {
        mappings.push(decode(value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    for mapping in &mut mappings {
        let default = read.index(DEFAULTS, &named(org, &mapping.database))?;
        mapping.is_default = default == Some(mapping.id);
    }
    Ok(mappings)
}

/// The mapping with this ID in an org, if somebody made it.
pub(crate) fn find(read: &impl Read, org: Id, id: Id) -> Result<Option<Mapping>, Error> {
    Ok(list(read, org)?.into_iter().find(|mapping| mapping.id == id))
}

/// Stores a mapping, new or changed. One of each database is the default, whatever is sent: the first until another one takes
/// over, and the oldest of the others where it gives that up.
pub(crate) fn put(change: &Change, mapping: &Mapping) -> Result<(), Error> {
    let others = others(change, mapping)?;
    if others.iter().any(|other| other.retention_policy == mapping.retention_policy) {
        return Err(Problem::conflict("another DBRP mapping with same orgID, db, and rp exists").into());
    }
    let value = serde_json::to_vec(mapping).map_err(Error::Record)?;
    change.put(DBRPS, &mapping.key(), &value)?;
    let own = Some(mapping).filter(|mapping| mapping.is_default);
    let default = own.or_else(|| default_of(&others)).unwrap_or(mapping);
    change.put(DEFAULTS, &named(mapping.org, &mapping.database), &default.id.key())
}

/// Deletes a mapping.
pub(crate) fn remove(change: &Change, mapping: &Mapping) -> Result<(), Error> {
    let database = named(mapping.org, &mapping.database);
    change.delete(DBRPS, &mapping.key())?;
    match default_of(&others(change, mapping)?) {
        Some(default) => change.put(DEFAULTS, &database, &default.id.key()),
        None => change.delete(DEFAULTS, &database),
    }
}

/// Deletes the mappings of a bucket, but for those of other orgs.
pub(super) fn remove_of_bucket(change: &Change, bucket: &Bucket) -> Result<(), Error> {
    let mappings = list(change, bucket.org)?;
    mappings.iter().filter(|mapping| mapping.bucket == bucket.id).try_for_each(|mapping| remove(change, mapping))
}

/// The other mappings of the same database.
fn others(read: &impl Read, mapping: &Mapping) -> Result<Vec<Mapping>, Error> {
    let mut mappings = list(read, mapping.org)?;
    mappings.retain(|other| other.database == mapping.database && other.id != mapping.id);
    Ok(mappings)
}

/// The default one of the mappings of a database, or the one that becomes it.
fn default_of(mappings: &[Mapping]) -> Option<&Mapping> {
    mappings.iter().find(|mapping| mapping.is_default).or(mappings.first())
}
