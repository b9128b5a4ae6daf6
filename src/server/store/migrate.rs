//! From the format that earlier versions wrote to the present one, when a file is opened.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use redb::TableHandle as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::column::Cell;
use super::object::{self, Class, Object};
use super::{Change, Check, Error, FORMAT, Order, Read as _, Table, decode, is_id, is_record, label, user};
use crate::server::id::Id;

/// In format 1, labels and users had tables of their own.
const LABELS: Table = Table::new("labels");
const LABEL_NAMES: Table = Table::new("label_names");
const USERS: Table = Table::new("users");
const USER_NAMES: Table = Table::new("user_names");

/// The tables that are no more, and what their rows are.
pub(super) const FORMER: &[(Table, Check)] =
    &[(LABELS, is_record::<Label>), (LABEL_NAMES, is_id), (USERS, is_record::<User>), (USER_NAMES, is_id)];

#[derive(Deserialize)]
struct Label {
    id: Id,
    org: Id,
    name: String,
    properties: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct User {
    id: Id,
    name: String,
    oauth_id: String,
    status: String,
}

/// Whether a file of this format can be opened; files from before there was a mark have the first one.
pub(super) fn is_known(format: &[u8]) -> bool {
    [b"1".as_slice(), FORMAT.1].contains(&format)
}

/// Makes what it finds a database of the present format.
pub(super) fn run(change: &Change) -> Result<(), Error> {
    let is_former =
        change.transaction().list_tables().map_err(redb::Error::from)?.any(|table| table.name() == USERS.name());
    if !is_former {
        return Ok(());
    }
    each(change, LABELS, |label: Label| {
        insert(
            change,
            &label::CLASS,
            label.id,
            Some(label.org),
            [("name", Cell::Text(label.name)), ("properties", Cell::Texts(label.properties))],
        )
    })?;
    each(change, USERS, |user: User| {
        let texts = [("name", user.name), ("oauthID", user.oauth_id), ("status", user.status)];
        insert(change, &user::CLASS, user.id, None, texts.map(|(name, text)| (name, Cell::Text(text))))
    })?;
    for (table, _) in FORMER {
        change.transaction().delete_table(*table).map_err(redb::Error::from)?;
    }
    Ok(())
}

fn each<T: DeserializeOwned>(
    change: &Change,
    table: Table,
    mut row: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    change.scan(table, b"", Order::Ascending, None, &mut |_, value| {
        row(decode(value)?)?;
        Ok(ControlFlow::Continue(()))
    })
}

fn insert<const N: usize>(
    change: &Change,
    class: &'static Class,
    id: Id,
    org: Option<Id>,
    values: [(&str, Cell); N],
) -> Result<(), Error> {
    let mut object = Object::new(class, id, org);
    for (name, value) in values {
        *object.value_mut(name) = value;
    }
    // Names were unique before.
    if object::insert(change, &object)?.is_some() { Err(Error::Index) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
