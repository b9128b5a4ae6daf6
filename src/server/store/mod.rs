//! What the server keeps, without HTTP, in one redb database: [`object`] keeps the objects of all plain kinds by their columns, and
//! each other file one kind or relation that has more to it.
//!
//! Each change is one committed, synced redb transaction, so a killed process loses nothing that was acknowledged.

pub(crate) mod authorization;
mod backend;
pub(crate) mod bucket;
pub(crate) mod column;
mod database;
pub(crate) mod dbrp;
pub(crate) mod error;
pub(crate) mod label;
pub(crate) mod member;
mod migrate;
pub(crate) mod object;
pub(crate) mod open;
pub(crate) mod org;
pub(crate) mod page;
pub(crate) mod password;
pub(crate) mod secret;
mod source;
pub(crate) mod task;
pub(crate) mod user;

use std::ops::{Bound, ControlFlow};

use redb::backends::InMemoryBackend;
use redb::{Database, ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use error::{Error, if_there};

use self::database::Databases;
use self::source::Source;
use super::id::{Id, Snowflakes};
use super::problem::Problem;

/// A table of bytes: keys are big-endian IDs and names, values JSON records or IDs.
pub(crate) type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// What is said of the file itself.
const META: Table = Table::new("fluxform");
/// The form of everything in it: a change that older or newer programs would misread makes it another one.
const FORMAT: (&[u8], &[u8]) = (b"format", b"2");

/// Whether a row can be read.
type Check = fn(&[u8], &[u8]) -> Result<(), Error>;

/// All tables, made when the store is opened, so that reading never meets a missing one, and what their rows are.
const TABLES: &[(Table, Check)] = &[
    (META, |_, _| Ok(())),
    (org::ORGS, is_record::<org::Org>),
    (org::ORG_NAMES, is_id),
    (object::OBJECTS, object::check),
    (object::NAMES, is_id),
    (password::PASSWORDS, is_record::<password::Digest>),
    (bucket::BUCKETS, is_record::<bucket::Bucket>),
    (bucket::BUCKET_NAMES, is_id),
    (dbrp::DBRPS, is_record::<dbrp::Mapping>),
    (dbrp::DEFAULTS, is_id),
    (label::MAPPINGS, has_pair),
    (member::MEMBERS, is_record::<member::Member>),
    (member::MEMBERS_BY_USER, is_record::<member::Member>),
    (task::TASKS, is_record::<task::Task>),
    (task::TASKS_BY_ORG, has_pair),
    (authorization::AUTHORIZATIONS, is_record::<authorization::Authorization>),
    (authorization::SECRET_DIGESTS, is_id),
    (authorization::V1_AUTHORIZATIONS, is_record::<authorization::Authorization>),
    (authorization::V1_USERNAMES, is_id),
    (password::V1_PASSWORDS, is_record::<password::Digest>),
    (secret::SECRETS, secret::check),
];

fn is_record<T: DeserializeOwned>(_: &[u8], value: &[u8]) -> Result<(), Error> {
    decode::<T>(value).map(drop)
}

fn is_id(_: &[u8], value: &[u8]) -> Result<(), Error> {
    decode_id(value).map(drop)
}

fn has_pair(key: &[u8], _: &[u8]) -> Result<(), Error> {
    let (first, second) = key.split_at_checked(8).ok_or(Error::Index)?;
    decode_id(first).and(decode_id(second)).map(drop)
}

/// What one server keeps.
pub(crate) struct Store {
    databases: Databases,
    /// Makes the IDs of everything but orgs and buckets.
    pub(crate) ids: Snowflakes,
}

/// Reading, inside a [`View`] or a [`Change`].
pub(crate) trait Read {
    /// The value under `key`.
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// Visits the rows whose keys begin with `prefix` in key order, from `start` on, until the visitor breaks.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        order: Order,
        start: Option<&[u8]>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error>;

    /// The number of rows.
    fn count(&self, table: Table) -> Result<u64, Error>;

    /// The JSON record under `id`.
    fn record<T: DeserializeOwned>(&self, table: Table, id: Id) -> Result<Option<T>, Error>
    where
        Self: Sized,
    {
        self.get(table, &id.key())?.map(|value| decode(&value)).transpose()
    }

    /// The JSON record under `id`, or else `missing`.
    fn found<T: DeserializeOwned>(&self, table: Table, id: Id, missing: &str) -> Result<T, Error>
    where
        Self: Sized,
    {
        Ok(self.record(table, id)?.ok_or_else(|| Problem::not_found(missing))?)
    }

    /// The ID stored under `key` in an index.
    fn index(&self, table: Table, key: &[u8]) -> Result<Option<Id>, Error> {
        self.get(table, key)?.map(|value| decode_id(&value)).transpose()
    }
}

/// Looks at one row, key and value; a break ends the scan.
pub(crate) type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Error> + 'v;

/// The direction of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// A consistent view of everything; sees no later change.
pub(crate) struct View(ReadTransaction);

/// A change that is made as a whole or not at all.
pub(crate) struct Change(WriteTransaction);

impl Store {
    /// A store that lives as long as the process.
    pub(crate) fn in_memory() -> Result<Self, Error> {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).map_err(redb::Error::from)?;
        Self::prepare(database, None)
    }

    fn prepare(database: Database, source: Option<Source>) -> Result<Self, Error> {
        let store = Self { databases: Databases::new(database, source), ids: Snowflakes::new() };
        store.change(|change| {
            for (table, _) in TABLES {
                change.0.open_table(*table).map_err(redb::Error::from)?;
            }
            migrate::run(change)?;
            change.put(META, FORMAT.0, FORMAT.1)
        })?;
        Ok(store)
    }

    /// A view of what has been committed.
    pub(crate) fn view(&self) -> Result<View, Error> {
        self.databases.begin_read().map(View)
    }

    /// Runs `work` and commits what it did; an error undoes all of it.
    pub(crate) fn change<T, E: From<Error>>(&self, work: impl FnOnce(&Change) -> Result<T, E>) -> Result<T, E> {
        let result = self.databases.begin_write().map_err(E::from).and_then(|transaction| {
            let change = Change(transaction);
            let value = work(&change)?;
            change.0.commit().map_err(|error| Error::from(redb::Error::from(error)))?;
            Ok(value)
        });
        if result.is_err() {
            // So that the next one who only reads finds everything in order.
            self.databases.recover();
        }
        result
    }
}

impl View {
    /// The transaction itself, for tables that other modules keep beside these.
    pub(crate) fn transaction(&self) -> &ReadTransaction {
        &self.0
    }
}

impl Change {
    /// The transaction itself, for tables that other modules keep beside these.
    pub(crate) fn transaction(&self) -> &WriteTransaction {
        &self.0
    }

    /// Stores `value` under `key`.
    pub(crate) fn put(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let mut table = self.0.open_table(table).map_err(redb::Error::from)?;
        table.insert(key, value).map_err(redb::Error::from)?;
        Ok(())
    }

    /// Stores a JSON record under its ID.
    pub(crate) fn put_record<T: Serialize>(&self, table: Table, id: Id, record: &T) -> Result<(), Error> {
        let value = serde_json::to_vec(record).map_err(Error::Record)?;
        self.put(table, &id.key(), &value)
    }

    /// Removes what is under `key`, if anything is.
    pub(crate) fn delete(&self, table: Table, key: &[u8]) -> Result<(), Error> {
        let mut table = self.0.open_table(table).map_err(redb::Error::from)?;
        table.remove(key).map_err(redb::Error::from)?;
        Ok(())
    }
}

/// Where tables are opened for reading.
trait Tables {
    type Opened<'t>: ReadableTable<&'static [u8], &'static [u8]>
    where
        Self: 't;

    fn open(&self, table: Table) -> Result<Self::Opened<'_>, redb::TableError>;
}

impl Tables for View {
    type Opened<'t> = redb::ReadOnlyTable<&'static [u8], &'static [u8]>;

    fn open(&self, table: Table) -> Result<Self::Opened<'_>, redb::TableError> {
        self.0.open_table(table)
    }
}

impl Tables for Change {
    type Opened<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

    fn open(&self, table: Table) -> Result<Self::Opened<'_>, redb::TableError> {
        self.0.open_table(table)
    }
}

impl<T: Tables> Read for T {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let table = self.open(table).map_err(redb::Error::from)?;
        Ok(table.get(key).map_err(redb::Error::from)?.map(|guard| guard.value().to_vec()))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        order: Order,
        start: Option<&[u8]>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Error> {
        let table = self.open(table).map_err(redb::Error::from)?;
        let end = successor(prefix);
        let first = start.unwrap_or(prefix);
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rows = table.range::<&[u8]>((Bound::Included(first), upper)).map_err(redb::Error::from)?;
        loop {
            let row = match order {
                Order::Ascending => rows.next(),
                Order::Descending => rows.next_back(),
            };
            let Some(row) = row else { return Ok(()) };
            let (key, value) = row.map_err(redb::Error::from)?;
            if visit(key.value(), value.value())?.is_break() {
                return Ok(());
            }
        }
    }

    fn count(&self, table: Table) -> Result<u64, Error> {
        let table = self.open(table).map_err(redb::Error::from)?;
        Ok(table.len().map_err(redb::Error::from)?)
    }
}

/// The smallest key above all keys that begin with `prefix`; `None` if there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

/// Reads a JSON record.
pub(crate) fn decode<T: DeserializeOwned>(value: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(value).map_err(Error::Record)
}

/// Reads an ID from its key form.
pub(crate) fn decode_id(value: &[u8]) -> Result<Id, Error> {
    value.try_into().ok().and_then(|bytes| Id::new(u64::from_be_bytes(bytes))).ok_or(Error::Index)
}

/// Two IDs one after the other.
pub(crate) fn pair(first: Id, second: Id) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&first.key());
    key[8..].copy_from_slice(&second.key());
    key
}

/// An ID and a name.
pub(crate) fn named(scope: Id, name: impl AsRef<[u8]>) -> Vec<u8> {
    [scope.key().as_slice(), name.as_ref()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &Store, keys: &[&[u8]]) {
        store.change(|change| keys.iter().try_for_each(|key| change.put(org::ORGS, key, b"v"))).unwrap();
    }

    fn keys(store: &Store, prefix: &[u8], order: Order) -> Vec<Vec<u8>> {
        let mut seen = Vec::new();
        let view = store.view().unwrap();
        view.scan(org::ORGS, prefix, order, None, &mut |key, _| {
            seen.push(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        seen
    }

    #[test]
    fn a_scan_stays_within_its_prefix_even_at_the_largest_byte() {
        let store = Store::in_memory().unwrap();
        put(&store, &[b"a", b"b\xff", b"b\xff\xff", b"c"]);
        assert_eq!(keys(&store, b"b\xff", Order::Ascending), [b"b\xff".to_vec(), b"b\xff\xff".to_vec()]);
        assert_eq!(keys(&store, b"b", Order::Descending), [b"b\xff\xff".to_vec(), b"b\xff".to_vec()]);
    }

    #[test]
    fn a_failed_change_leaves_nothing_behind() {
        let store = Store::in_memory().unwrap();
        let result: Result<(), Error> = store.change(|change| {
            change.put(org::ORGS, b"a", b"v")?;
            Err(Error::Index)
        });
        assert!(result.is_err());
        assert!(keys(&store, b"", Order::Ascending).is_empty());
    }
}
