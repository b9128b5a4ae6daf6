//! The objects of plain kinds: rows of what the kind's table of columns says, all in one table, and their unique names in
//! another one.

use std::ops::ControlFlow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::column::{Cell, Column, Holds, ORG};
use super::page::Page;
use super::{Change, Error, Order, Read, Table, decode_id};
use crate::server::id::Id;

/// By class and ID.
pub(crate) const OBJECTS: Table = Table::new("objects");
/// By class, org, and name as it is compared, to the ID.
pub(crate) const NAMES: Table = Table::new("names");

/// A kind of objects.
#[derive(Debug)]
pub(crate) struct Class {
    /// Its name in the keys of the tables, without zero bytes.
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) unique: Option<Unique>,
    /// The column of the object that each is deleted with: its org, or a bucket.
    pub(crate) goes_with: Option<&'static str>,
}

/// What no two objects of a class may have in common.
#[derive(Debug)]
pub(crate) struct Unique {
    /// A column of text.
    pub(crate) column: &'static str,
    /// Whether another org may have the same.
    pub(crate) per_org: bool,
    /// What is compared.
    pub(crate) fold: fn(&str) -> Vec<u8>,
}

/// Why an object cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clash {
    /// Another one has its name.
    Name,
    /// Another one has its ID.
    Id,
}

/// An object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) class: &'static Class,
    pub(crate) id: Id,
    pub(crate) org: Option<Id>,
    /// When it was made and last changed, if the class shows that.
    pub(crate) times: Option<(Timestamp, Timestamp)>,
    /// As many as there are columns.
    pub(crate) values: Vec<Cell>,
}

/// An object as it is stored, `C` being what is in a column. The values have names, so that columns may come and go.
#[derive(Serialize, Deserialize)]
struct Stored<'a, C> {
    id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<(Timestamp, Timestamp)>,
    #[serde(borrow)]
    values: Vec<(&'a str, C)>,
}

impl Class {
    pub(crate) fn has_org(&self) -> bool {
        self.columns.iter().any(|column| matches!(column.holds, Holds::Org))
    }

    fn position(&self, name: &str) -> usize {
        self.columns
            .iter()
            .position(|column| column.name == name)
            .unwrap_or_else(|| panic!("invariant: {} have a column {name}", self.name))
    }

    fn prefix(&self) -> Vec<u8> {
        [self.name.as_bytes(), b"\0"].concat()
    }

    fn key(&self, id: Id) -> Vec<u8> {
        [self.name.as_bytes(), b"\0", &id.key()].concat()
    }

    fn name_key(&self, unique: &Unique, org: Option<Id>, name: &str) -> Vec<u8> {
        let org = org.filter(|_| unique.per_org).map(Id::key).unwrap_or_default();
        [self.name.as_bytes(), b"\0", &org, &(unique.fold)(name)].concat()
    }
}

impl Object {
    /// An object that is stored nowhere yet, with empty columns.
    pub(crate) fn new(class: &'static Class, id: Id, org: Option<Id>) -> Self {
        let dated =
            class.columns.iter().any(|column| matches!(column.holds, Holds::Created | Holds::Updated | Holds::Times));
        let now = Timestamp::now();
        let values = class.columns.iter().map(Column::empty).collect();
        Self { class, id, org, times: dated.then_some((now, now)), values }
    }

    /// What a column holds.
    pub(crate) fn value(&self, name: &str) -> &Cell {
        &self.values[self.class.position(name)]
    }

    /// What a column of text holds.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.value(name).as_text().unwrap_or_default()
    }

    /// The ID that a column of references holds.
    pub(crate) fn reference(&self, name: &str) -> Option<Id> {
        self.text(name).parse().ok()
    }

    /// What a column holds, to be changed.
    pub(crate) fn value_mut(&mut self, name: &str) -> &mut Cell {
        &mut self.values[self.class.position(name)]
    }

    /// The columns and what they hold, in order.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&'static Column, &Cell)> {
        self.class.columns.iter().zip(&self.values)
    }

    fn decode(class: &'static Class, value: &[u8]) -> Result<Self, Error> {
        let Stored::<&RawValue> { id, org, times, values: mut stored } =
            serde_json::from_slice(value).map_err(Error::Record)?;
        let cell = |column: &Column| match stored.iter().position(|(name, _)| *name == column.name) {
            Some(at) => column.decode(stored.swap_remove(at).1).map_err(Error::Record),
            // Not kept, or a column that there was not when it was stored.
            None => Ok(column.empty()),
        };
        let values = class.columns.iter().map(cell).collect::<Result<_, _>>()?;
        Ok(Self { class, id, org, times, values })
    }

    fn save(&self, change: &Change) -> Result<(), Error> {
        let kept = self.columns().filter(|(column, _)| column.is_kept());
        let values = kept.map(|(column, cell)| (column.name, cell)).collect();
        let stored = Stored::<&Cell> { id: self.id, org: self.org, times: self.times, values };
        let value = serde_json::to_vec(&stored).map_err(Error::Record)?;
        change.put(OBJECTS, &self.class.key(self.id), &value)
    }

    fn name_key(&self) -> Option<Vec<u8>> {
        let unique = self.class.unique.as_ref()?;
        Some(self.class.name_key(unique, self.org, self.text(unique.column)))
    }
}

/// Whether a row of the table of objects can be read, whatever its class.
pub(super) fn check(key: &[u8], value: &[u8]) -> Result<(), Error> {
    let (_, id) = key.split_last_chunk::<8>().ok_or(Error::Index)?;
    let stored: Stored<'_, &RawValue> = serde_json::from_slice(value).map_err(Error::Record)?;
    if decode_id(id)? == stored.id { Ok(()) } else { Err(Error::Index) }
}

/// The object with this ID.
pub(crate) fn find(read: &impl Read, class: &'static Class, id: Id) -> Result<Option<Object>, Error> {
    read.get(OBJECTS, &class.key(id))?.map(|value| Object::decode(class, &value)).transpose()
}

/// The object with this unique name.
pub(crate) fn find_by_name(
    read: &impl Read,
    class: &'static Class,
    org: Option<Id>,
    name: &str,
) -> Result<Option<Object>, Error> {
    let Some(unique) = &class.unique else { return Ok(None) };
    match read.index(NAMES, &class.name_key(unique, org, name))? {
        Some(id) => find(read, class, id),
        None => Ok(None),
    }
}

/// Those objects by ID that `keep` keeps.
pub(crate) fn list(
    read: &impl Read,
    class: &'static Class,
    page: &Page,
    keep: impl Fn(&Object) -> bool,
) -> Result<Vec<Object>, Error> {
    let row = |value: &[u8]| Ok(Some(Object::decode(class, value)?).filter(&keep));
    page.read(read, OBJECTS, &class.prefix(), row)
}

/// How many there are.
pub(crate) fn count(read: &impl Read, class: &Class) -> Result<u64, Error> {
    let mut count = 0;
    read.scan(OBJECTS, &class.prefix(), Order::Ascending, None, &mut |_, _| {
        count += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(count)
}

/// Stores a new object, unless it clashes with another one.
pub(crate) fn insert(change: &Change, object: &Object) -> Result<Option<Clash>, Error> {
    let name = object.name_key();
    if let Some(name) = &name
        && change.get(NAMES, name)?.is_some()
    {
        return Ok(Some(Clash::Name));
    }
    if change.get(OBJECTS, &object.class.key(object.id))?.is_some() {
        return Ok(Some(Clash::Id));
    }
    if let Some(name) = &name {
        change.put(NAMES, name, &object.id.key())?;
    }
    object.save(change)?;
    Ok(None)
}

/// Stores `after` in place of `before`, unless its name clashes with that of another one.
pub(crate) fn replace(change: &Change, before: &Object, after: &mut Object) -> Result<Option<Clash>, Error> {
    let (old, new) = (before.name_key(), after.name_key());
    if let (Some(old), Some(new)) = (&old, &new)
        && old != new
    {
        if change.get(NAMES, new)?.is_some() {
            return Ok(Some(Clash::Name));
        }
        change.delete(NAMES, old)?;
        change.put(NAMES, new, &after.id.key())?;
    }
    if let Some((_, updated)) = &mut after.times {
        *updated = Timestamp::now();
    }
    after.save(change)?;
    Ok(None)
}

/// Stores an object that is there as it is now, without a word of when.
pub(crate) fn amend(change: &Change, object: &Object) -> Result<(), Error> {
    object.save(change)
}

/// Deletes an object.
pub(crate) fn remove(change: &Change, object: &Object) -> Result<(), Error> {
    if let Some(name) = object.name_key() {
        change.delete(NAMES, &name)?;
    }
    change.delete(OBJECTS, &object.class.key(object.id))
}

/// Deletes the objects of these classes that go with what their column `column` names.
pub(crate) fn remove_with(
    change: &Change,
    classes: impl Iterator<Item = &'static Class>,
    column: &str,
    id: Id,
) -> Result<(), Error> {
    let goes = |object: &Object| if column == ORG.name { object.org } else { object.reference(column) } == Some(id);
    let mut going = classes.filter(|class| class.goes_with == Some(column));
    going.try_for_each(|class| {
        list(change, class, &Page::default(), goes)?.iter().try_for_each(|object| remove(change, object))
    })
}
