//! Labels and what they are attached to.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::{Change, Error, Order, Read, Table, decode, decode_id, named, pair};
use crate::server::id::{Id, Snowflakes};
use crate::server::problem::Problem;

pub(crate) const LABELS: Table = Table::new("labels");
/// By org and key.
pub(crate) const LABEL_NAMES: Table = Table::new("label_names");
/// By resource and label.
pub(crate) const MAPPINGS: Table = Table::new("label_mappings");

/// A label.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) id: Id,
    pub(crate) org: Id,
    pub(crate) name: String,
    pub(crate) properties: BTreeMap<String, String>,
}

/// The label with this ID.
pub(crate) fn find(read: &impl Read, id: Id) -> Result<Label, Error> {
    read.found(LABELS, id, "label not found")
}

/// All labels by ID, optionally of one org or with one name in any case.
pub(crate) fn list(read: &impl Read, org: Option<Id>, name: Option<&str>) -> Result<Vec<Label>, Error> {
    let folded = name.map(folded);
    let mut labels: Vec<Label> = Vec::new();
    read.scan(LABELS, b"", Order::Ascending, None, &mut |_, value| {
        let label: Label = decode(value)?;
        let matches = org.is_none_or(|org| org == label.org)
            && folded.as_ref().is_none_or(|folded| *folded == self::folded(&label.name));
        if matches {
            labels.push(label);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(labels)
}

fn taken(name: &str) -> Error {
    Problem::conflict(format!("label with name {name} already exists")).into()
}

/// Makes a label; the org need not exist.
pub(crate) fn create(
    change: &Change,
    ids: &Snowflakes,
    org: Id,
    name: &str,
    properties: BTreeMap<String, String>,
) -> Result<Label, Error> {
    let name = name.trim();
    if change.get(LABEL_NAMES, &named(org, key(name)))?.is_some() {
        return Err(taken(name));
    }
    let label = Label { id: ids.next(), org, name: name.to_owned(), properties };
    save(change, &label)?;
    Ok(label)
}

/// Renames a label and merges properties: an empty value removes its key, an empty name changes nothing.
pub(crate) fn update(
    change: &Change,
    id: Id,
    name: Option<&str>,
    properties: BTreeMap<String, String>,
) -> Result<Label, Error> {
    let mut label = find(change, id)?;
    for (key, value) in properties {
        if value.is_empty() {
            label.properties.remove(&key);
        } else {
            label.properties.insert(key, value);
        }
    }
    if let Some(name) = name.filter(|name| !name.is_empty()).map(str::trim) {
        change.delete(LABEL_NAMES, &named(label.org, key(&label.name)))?;
        if change.get(LABEL_NAMES, &named(label.org, key(name)))?.is_some() {
            return Err(taken(name));
        }
        name.clone_into(&mut label.name);
    }
    if label.name.is_empty() {
        return Err(Problem::invalid("label name is required").into());
    }
    save(change, &label)?;
    Ok(label)
}

/// Deletes a label; its attachments no longer count.
pub(crate) fn delete(change: &Change, id: Id) -> Result<(), Error> {
    let label = find(change, id)?;
    change.delete(LABELS, &id.key())?;
    change.delete(LABEL_NAMES, &named(label.org, key(&label.name)))
}

/// The labels attached to a resource, by ID; attachments of deleted labels do not count.
pub(crate) fn of_resource(read: &impl Read, resource: Id) -> Result<Vec<Label>, Error> {
    let mut ids = Vec::new();
    read.scan(MAPPINGS, &resource.key(), Order::Ascending, None, &mut |key, _| {
        ids.push(decode_id(&key[8..])?);
        Ok(ControlFlow::Continue(()))
    })?;
    let mut labels = Vec::new();
    for id in ids {
        labels.extend(read.record::<Label>(LABELS, id)?);
    }
    Ok(labels)
}

/// Attaches a label to a resource; refused if it is attached.
pub(crate) fn attach(change: &Change, resource: Id, label: Id) -> Result<(), Error> {
    find(change, label)?;
    if change.get(MAPPINGS, &pair(resource, label))?.is_some() {
        return Err(Problem::conflict("Cannot add label, label already exists on resource").into());
    }
    change.put(MAPPINGS, &pair(resource, label), b"")
}

/// Detaches a label from a resource; no error if it was not attached.
pub(crate) fn detach(change: &Change, resource: Id, label: Id) -> Result<(), Error> {
    change.delete(MAPPINGS, &pair(resource, label))
}

/// A name as it is looked up: letter by letter in lower case, in as many bytes as the name has.
fn key(name: &str) -> Vec<u8> {
    let lower: String = name.chars().filter_map(|letter| letter.to_lowercase().next()).collect();
    let mut key = lower.into_bytes();
    key.resize(name.len(), 0);
    key
}

/// A name as a list's filter compares it: with simple case folding, unlike the key.
fn folded(name: &str) -> String {
    fn only<I: Iterator<Item = char> + Clone>(mut letters: I, otherwise: char) -> char {
        letters.next().filter(|_| letters.next().is_none()).unwrap_or(otherwise)
    }
    let fold = |letter: char| {
        let upper = only(letter.to_uppercase(), letter);
        only(upper.to_lowercase(), upper)
    };
    name.chars().map(fold).collect()
}

fn save(change: &Change, label: &Label) -> Result<(), Error> {
    change.put(LABEL_NAMES, &named(label.org, key(&label.name)), &label.id.key())?;
    change.put_record(LABELS, label.id, label)
}
