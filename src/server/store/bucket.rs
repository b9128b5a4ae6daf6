//! Buckets: what the API shows of them, and the durations the storage engine works with.

use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::object::{self, Class};
use super::page::Page;
use super::{Change, Error, Read, Table, dbrp, decode, decode_id, member, named};
use crate::server::go_text;
use crate::server::id::Id;
use crate::server::points;
use crate::server::problem::{Code, Problem};

pub(crate) const BUCKETS: Table = Table::new("buckets");
pub(crate) const BUCKET_NAMES: Table = Table::new("bucket_names");

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Who made the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BucketType {
    /// A user.
    User,
    /// The server, with the org.
    System,
}

/// A bucket. Durations are nanoseconds; 0 = infinite.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bucket {
    pub(crate) id: Id,
    pub(crate) org: Id,
    pub(crate) kind: BucketType,
    pub(crate) name: String,
    pub(crate) description: String,
    /// The v1 retention policy name, kept as sent.
    pub(crate) rp: String,
    /// As reported.
    pub(crate) retention: i64,
    /// As reported; may be 0 for ever after somebody sent 0.
    pub(crate) shard_group: i64,
    /// As the storage engine has it: never 0.
    pub(crate) engine_shard_group: i64,
    /// Whether the storage engine has dropped it, which a refused deletion of a system bucket does.
    pub(crate) engine_dropped: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What to make a bucket from; durations in nanoseconds.
pub(crate) struct NewBucket {
    pub(crate) org: Id,
    pub(crate) kind: BucketType,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) rp: String,
    pub(crate) retention: i64,
    /// 0 = the server chooses.
    pub(crate) shard_group: i64,
}

/// What to change; `None` stays.
#[derive(Default)]
pub(crate) struct BucketUpdate {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) retention: Option<i64>,
    pub(crate) shard_group: Option<i64>,
}

impl Bucket {
    /// One of the two buckets that come with an org.
    pub(super) fn system(org: Id, name: &str, description: &str, days: i64) -> NewBucket {
        NewBucket {
            org,
            kind: BucketType::System,
            name: name.to_owned(),
            description: description.to_owned(),
            rp: String::new(),
            retention: days * DAY,
            shard_group: 0,
        }
    }
}

/// The shard-group duration the server works with when `asked` was sent: 1 h below 2 d of retention, 1 d below 180 d, else 7 d.
fn normalised(asked: i64, retention: i64) -> i64 {
    match asked {
        0 if retention >= 180 * DAY || retention == 0 => 7 * DAY,
        0 if retention >= 2 * DAY => DAY,
        0 => HOUR,
        short if short < HOUR => HOUR,
        long => long,
    }
}

/// The bucket with this ID.
pub(crate) fn find(read: &impl Read, id: Id) -> Result<Bucket, Error> {
    read.found(BUCKETS, id, "bucket not found")
}

/// The bucket of an org with this name.
pub(crate) fn find_by_name(read: &impl Read, org: Id, name: &str) -> Result<Bucket, Error> {
    match read.index(BUCKET_NAMES, &named(org, name))? {
        Some(id) => find(read, id),
        None => Err(Problem::not_found(format!("bucket {} not found", go_text::quote(name))).into()),
    }
}

/// A page of the buckets of all orgs by ID; `name` filters within the page's scan, after `offset` was counted off.
pub(crate) fn list(read: &impl Read, name: Option<&str>, page: &Page) -> Result<Vec<Bucket>, Error> {
    page.read(read, BUCKETS, b"", |value| {
        let bucket: Bucket = decode(value)?;
        Ok(name.is_none_or(|name| name == bucket.name).then_some(bucket))
    })
}

/// A page of an org's buckets by name.
pub(crate) fn list_of_org(read: &impl Read, org: Id, page: &Page) -> Result<Vec<Bucket>, Error> {
    let mut skip = page.offset;
    let mut after = page.after;
    let mut ids = Vec::new();
    read.scan(BUCKET_NAMES, &org.key(), page.order(), None, &mut |_, value| {
        if skip > 0 {
            skip -= 1;
            return Ok(ControlFlow::Continue(()));
        }
        let id = decode_id(value)?;
        if let Some(last) = after {
            if last == id {
                after = None;
            }
            return Ok(ControlFlow::Continue(()));
        }
        ids.push(id);
        Ok(page.full(ids.len()))
    })?;
    ids.into_iter().map(|id| find(read, id)).collect()
}

/// Makes a bucket.
pub(crate) fn create(change: &Change, new: NewBucket) -> Result<Bucket, Error> {
    check_name(&new.name, new.kind)?;
    super::org::find(change, new.org)?;
    if change.get(BUCKET_NAMES, &named(new.org, &new.name))?.is_some() {
        return Err(Problem::conflict(format!("bucket with name {} already exists", new.name)).into());
    }
    let shard_group = normalised(new.shard_group, new.retention);
    check_retention(new.retention)?;
    if new.retention > 0 && new.retention < shard_group {
        return Err(unclassed("retention policy duration must be greater than the shard duration"));
    }
    let bucket = Bucket {
        id: free_id(change)?,
        org: new.org,
        kind: new.kind,
        name: new.name,
        description: new.description,
        rp: new.rp,
        retention: new.retention,
        shard_group,
        engine_shard_group: shard_group,
        engine_dropped: false,
        created_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    };
    change.put(BUCKET_NAMES, &named(bucket.org, &bucket.name), &bucket.id.key())?;
    change.put_record(BUCKETS, bucket.id, &bucket)?;
    Ok(bucket)
}

/// Changes a bucket; only what is sent.
pub(crate) fn update(change: &Change, id: Id, update: BucketUpdate) -> Result<Bucket, Error> {
    let mut bucket = find(change, id)?;
    if bucket.engine_dropped {
        return Err(unclassed(format!("database not found: {id}")));
    }
    check_durations(&bucket, &update)?;
    bucket.updated_at = Timestamp::now();
    if let Some(name) = update.name.filter(|name| *name != bucket.name) {
        if bucket.kind == BucketType::System {
            return Err(Problem::invalid("system buckets cannot be renamed").into());
        }
        check_name(&name, bucket.kind)?;
        if change.get(BUCKET_NAMES, &named(bucket.org, &name))?.is_some() {
            return Err(Problem::conflict("bucket name is not unique").into());
        }
        change.delete(BUCKET_NAMES, &named(bucket.org, &bucket.name))?;
        bucket.name = name;
        change.put(BUCKET_NAMES, &named(bucket.org, &bucket.name), &id.key())?;
    }
    if let Some(description) = update.description {
        bucket.description = description;
    }
    if let Some(retention) = update.retention {
        bucket.retention = retention;
    }
    if let Some(shard_group) = update.shard_group {
        bucket.shard_group = shard_group;
        bucket.engine_shard_group = normalised(shard_group, bucket.retention);
    }
    change.put_record(BUCKETS, id, &bucket)?;
    Ok(bucket)
}

/// What came of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// The bucket is gone; permissions, tasks and labels that name it stay.
    Gone,
    /// A system bucket: its data is gone, and it can no longer be changed, but it stays.
    Emptied,
}

/// Deletes a bucket with those of the plain kinds that go with it, or all but the name of a system bucket, as the real server does before it refuses.
pub(crate) fn delete(change: &Change, id: Id, plain: impl Iterator<Item = &'static Class>) -> Result<Deletion, Error> {
    let mut bucket = find(change, id)?;
    if bucket.kind == BucketType::System {
        points::store::delete_bucket(change.transaction(), bucket.id.number())?;
        bucket.engine_dropped = true;
        change.put_record(BUCKETS, id, &bucket)?;
        return Ok(Deletion::Emptied);
    }
    remove(change, &bucket)?;
    object::remove_with(change, plain, "localBucketID", id)?;
    Ok(Deletion::Gone)
}

/// Deletes any bucket, with its points.
pub(super) fn remove(change: &Change, bucket: &Bucket) -> Result<(), Error> {
    points::store::delete_bucket(change.transaction(), bucket.id.number())?;
    change.delete(BUCKET_NAMES, &named(bucket.org, &bucket.name))?;
    change.delete(BUCKETS, &bucket.id.key())?;
    dbrp::remove_of_bucket(change, bucket)?;
    member::delete_of_resource(change, bucket.id)
}

fn check_durations(bucket: &Bucket, update: &BucketUpdate) -> Result<(), Error> {
    check_retention(update.retention.unwrap_or_default())?;
    let retention = update.retention.unwrap_or(bucket.retention);
    let shard_group = update.shard_group.unwrap_or(bucket.engine_shard_group);
    let checked = update.retention.is_some() || update.shard_group.is_some();
    if checked && retention > 0 && retention < shard_group {
        let message = "shard-group duration must also be updated to be smaller than new retention duration";
        return Err(Problem::new(Code::Unprocessable, message).into());
    }
    Ok(())
}

/// A 500 on the real server too: the storage engine refuses without a class.
fn unclassed(message: impl Into<String>) -> Error {
    Problem::new(Code::Internal, message).into()
}

fn check_retention(retention: i64) -> Result<(), Error> {
    if retention != 0 && retention < HOUR {
        return Err(unclassed("retention policy duration must be at least 1h0m0s"));
    }
    Ok(())
}

fn check_name(name: &str, kind: BucketType) -> Result<(), Error> {
    let invalid = |why: &str| Problem::invalid(format!("bucket name {name} is invalid. {why}")).into();
    if name.starts_with('_') && kind != BucketType::System {
        return Err(invalid("Buckets may not start with underscore"));
    }
    if name.contains('"') {
        return Err(invalid("Bucket names may not include quotation marks"));
    }
    Ok(())
}

fn free_id(read: &impl Read) -> Result<Id, Error> {
    loop {
        let id = Id::random();
        if read.get(BUCKETS, &id.key())?.is_none() {
            return Ok(id);
        }
    }
}
