//! Labels and what they are attached to.

use std::ops::ControlFlow;

use super::column::{Changes, Column, Holds, ID, ORG, Shown, text};
use super::object::{self, Class, Object, Unique};
use super::{Change, Error, Order, Read, Table, decode_id, pair};
use crate::server::id::Id;
use crate::server::problem::Problem;

/// By resource and label.
pub(crate) const MAPPINGS: Table = Table::new("label_mappings");

pub(crate) const MISSING: &str = "label not found";

pub(crate) static CLASS: Class = Class {
    name: "labels",
    columns: &[
        ID,
        ORG,
        text("name").trimmed().changed(Changes::IfNotEmpty),
        Column::new("properties", Holds::Texts).shown(Shown::UnlessEmpty),
    ],
    unique: Some(Unique { column: "name", per_org: true, fold: key }),
    goes_with: None,
};

/// The label with this ID.
pub(crate) fn find(read: &impl Read, id: Id) -> Result<Object, Error> {
    Ok(object::find(read, &CLASS, id)?.ok_or_else(|| Problem::not_found(MISSING))?)
}

/// The labels attached to a resource, by ID; attachments of deleted labels do not count.
pub(crate) fn of_resource(read: &impl Read, resource: Id) -> Result<Vec<Object>, Error> {
    let mut ids = Vec::new();
    read.scan(MAPPINGS, &resource.key(), Order::Ascending, None, &mut |key, _| {
        ids.push(decode_id(&key[8..])?);
        Ok(ControlFlow::Continue(()))
    })?;
    let mut labels = Vec::new();
    for id in ids {
        labels.extend(object::find(read, &CLASS, id)?);
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
pub(crate) fn folded(name: &str) -> String {
    fn only<I: Iterator<Item = char> + Clone>(mut letters: I, otherwise: char) -> char {
        letters.next().filter(|_| letters.next().is_none()).unwrap_or(otherwise)
    }
    let fold = |letter: char| {
        let upper = only(letter.to_uppercase(), letter);
        only(upper.to_lowercase(), upper)
    };
    name.chars().map(fold).collect()
}
