//! Users and their passwords.

use secrecy::SecretString;

use super::column::{CHOSEN_ID, Column, Holds, LINKS, Shown, text};
use super::object::{self, Clash, Class, Object, Unique};
use super::password::{self, PASSWORDS};
use super::{Change, Error, Read, member};
use crate::server::id::{Id, Snowflakes};
use crate::server::problem::{Code, Problem};

pub(crate) const MISSING: &str = "user not found";

pub(crate) static CLASS: Class = Class {
    name: "users",
    columns: &[
        LINKS,
        CHOSEN_ID,
        text("name"),
        text("oauthID").fixed().shown(Shown::UnlessEmpty),
        // Any text: POST does not check it, unlike PATCH.
        Column::new("status", Holds::Text("influxdb.Status")).or("active"),
    ],
    unique: Some(Unique { column: "name", per_org: false, fold: |name| name.as_bytes().to_vec() }),
    goes_with: None,
};

/// The user with this ID.
pub(crate) fn find(read: &impl Read, id: Id) -> Result<Object, Error> {
    Ok(object::find(read, &CLASS, id)?.ok_or_else(missing)?)
}

/// The user with this name.
pub(crate) fn find_by_name(read: &impl Read, name: &str) -> Result<Object, Error> {
    Ok(object::find_by_name(read, &CLASS, None, name)?.ok_or_else(missing)?)
}

fn missing() -> Problem {
    Problem::not_found(MISSING)
}

/// Why a user cannot be made or renamed.
pub(crate) fn clash(user: &Object, clash: Clash) -> Problem {
    Problem::conflict(match clash {
        Clash::Name => format!("user with name {} already exists", user.text("name")),
        Clash::Id => format!("user with ID {} already exists", user.id),
    })
}

/// Makes an active user, without a password.
pub(crate) fn create(change: &Change, ids: &Snowflakes, name: &str) -> Result<Object, Error> {
    let mut user = Object::new(&CLASS, ids.next(), None);
    *user.value_mut("name") = name.into();
    match object::insert(change, &user)? {
        Some(found) => Err(clash(&user, found).into()),
        None => Ok(user),
    }
}

/// Deletes what a user leaves: its password and memberships. Its tokens stay, useless and hidden.
pub(crate) fn clean_up(change: &Change, user: &Object) -> Result<(), Error> {
    change.delete(PASSWORDS, &user.id.key())?;
    member::delete_of_user(change, user.id)
}

fn forbidden(message: &str) -> Error {
    Problem::new(Code::Forbidden, message).into()
}

/// Sets the password of a user; [`password::check`] comes first.
pub(crate) fn set_password(change: &Change, id: Id, password: &SecretString) -> Result<(), Error> {
    if object::find(change, &CLASS, id)?.is_none() {
        return Err(forbidden("your userID is incorrect"));
    }
    password::set(change, PASSWORDS, id, password)
}

/// Checks the password of a user.
pub(crate) fn compare_password(read: &impl Read, id: Id, password: &SecretString) -> Result<(), Error> {
    if object::find(read, &CLASS, id)?.is_none() {
        return Err(forbidden("your userID is incorrect"));
    }
    match password::is(read, PASSWORDS, id, password)? {
        true => Ok(()),
        false => Err(forbidden("your username or password is incorrect")),
    }
}
