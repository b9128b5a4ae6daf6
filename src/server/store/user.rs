//! Users and their passwords.

use std::num::NonZeroU32;
use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::pbkdf2;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{Change, Error, Order, Read, Table, decode, member};
use crate::server::id::{Id, Snowflakes};
use crate::server::problem::{Code, Problem};
use crate::server::request::Paging;

pub(crate) const USERS: Table = Table::new("users");
pub(crate) const USER_NAMES: Table = Table::new("user_names");
/// Salted, slow digests by user ID.
pub(crate) const PASSWORDS: Table = Table::new("passwords");

const MISSING: &str = "user not found";
/// Rounds of PBKDF2-HMAC-SHA-256 for a new password.
const ROUNDS: u32 = 120_000;
const SALT_BYTES: usize = 16;
const DIGEST_BYTES: usize = 32;

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) oauth_id: String,
    /// Any text: POST does not check it, PATCH does.
    pub(crate) status: String,
}

/// What to make a user from.
pub(crate) struct NewUser {
    /// A chosen ID, which the real server accepts.
    pub(crate) id: Option<Id>,
    pub(crate) name: String,
    pub(crate) oauth_id: String,
    pub(crate) status: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Digest {
    rounds: NonZeroU32,
    salt: String,
    digest: String,
}

/// The user with this ID.
pub(crate) fn find(read: &impl Read, id: Id) -> Result<User, Error> {
    read.found(USERS, id, MISSING)
}

/// The user with this name.
pub(crate) fn find_by_name(read: &impl Read, name: &str) -> Result<User, Error> {
    match read.index(USER_NAMES, name.as_bytes())? {
        Some(id) => find(read, id),
        None => Err(Problem::not_found(MISSING).into()),
    }
}

/// A page of all users by ID.
pub(crate) fn list(read: &impl Read, paging: &Paging) -> Result<Vec<User>, Error> {
    let order = if paging.descending { Order::Descending } else { Order::Ascending };
    let start = paging.after.and_then(|after| Id::new(after.number().wrapping_add(1))).map(Id::key);
    let mut skip = paging.offset;
    let mut users = Vec::new();
    read.scan(USERS, b"", order, start.as_ref().map(<[u8; 8]>::as_slice), &mut |_, value| {
        if skip > 0 {
            skip -= 1;
            return Ok(ControlFlow::Continue(()));
        }
        users.push(decode(value)?);
        Ok(paging.full(users.len()))
    })?;
    Ok(users)
}

fn taken(name: &str) -> Error {
    Problem::conflict(format!("user with name {name} already exists")).into()
}

fn forbidden(message: &str) -> Error {
    Problem::new(Code::Forbidden, message).into()
}

/// Makes a user, without a password.
pub(crate) fn create(change: &Change, ids: &Snowflakes, new: NewUser) -> Result<User, Error> {
    let id = new.id.unwrap_or_else(|| ids.next());
    if change.get(USER_NAMES, new.name.as_bytes())?.is_some() {
        return Err(taken(&new.name));
    }
    if change.get(USERS, &id.key())?.is_some() {
        return Err(Problem::conflict(format!("user with ID {id} already exists")).into());
    }
    if new.name.is_empty() {
        return Err(Problem::new(Code::EmptyValue, "key required").into());
    }
    let user = User { id, name: new.name, oauth_id: new.oauth_id, status: new.status };
    change.put(USER_NAMES, user.name.as_bytes(), &id.key())?;
    change.put_record(USERS, id, &user)?;
    Ok(user)
}

/// Renames a user or sets its status.
pub(crate) fn update(change: &Change, id: Id, name: Option<String>, status: Option<String>) -> Result<User, Error> {
    let mut user = find(change, id)?;
    if let Some(name) = name.filter(|name| *name != user.name) {
        if change.get(USER_NAMES, name.as_bytes())?.is_some() {
            return Err(taken(&name));
        }
        if name.is_empty() {
            return Err(Problem::new(Code::EmptyValue, "key required").into());
        }
        change.delete(USER_NAMES, user.name.as_bytes())?;
        user.name = name;
        change.put(USER_NAMES, user.name.as_bytes(), &id.key())?;
    }
    if let Some(status) = status {
        user.status = status;
    }
    change.put_record(USERS, id, &user)?;
    Ok(user)
}

/// Deletes a user with its password and memberships; its tokens stay, useless and hidden.
pub(crate) fn delete(change: &Change, id: Id) -> Result<(), Error> {
    let user = find(change, id)?;
    change.delete(USER_NAMES, user.name.as_bytes())?;
    change.delete(USERS, &id.key())?;
    change.delete(PASSWORDS, &id.key())?;
    member::delete_of_user(change, id)
}

/// Refuses a password that is too short or too long, in bytes.
pub(crate) fn check_password(password: &SecretString) -> Result<(), Error> {
    if !(8..=72).contains(&password.expose_secret().len()) {
        return Err(Problem::invalid("passwords must be between 8 and 72 characters long").into());
    }
    Ok(())
}

/// Sets the password of a user; [`check_password`] comes first.
pub(crate) fn set_password(change: &Change, id: Id, password: &SecretString) -> Result<(), Error> {
    if change.get(USERS, &id.key())?.is_none() {
        return Err(forbidden("your userID is incorrect"));
    }
    let salt: [u8; SALT_BYTES] = rand::random();
    let rounds = NonZeroU32::new(ROUNDS).expect("invariant: the number of rounds is not 0");
    let mut digest = [0; DIGEST_BYTES];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, password.expose_secret().as_bytes(), &mut digest);
    let record = Digest { rounds, salt: STANDARD_NO_PAD.encode(salt), digest: STANDARD_NO_PAD.encode(digest) };
    change.put_record(PASSWORDS, id, &record)
}

/// Checks the password of a user.
pub(crate) fn compare_password(read: &impl Read, id: Id, password: &SecretString) -> Result<(), Error> {
    if read.get(USERS, &id.key())?.is_none() {
        return Err(forbidden("your userID is incorrect"));
    }
    let wrong = || forbidden("your username or password is incorrect");
    let record: Digest = read.record(PASSWORDS, id)?.ok_or_else(wrong)?;
    let (Ok(salt), Ok(digest)) = (STANDARD_NO_PAD.decode(&record.salt), STANDARD_NO_PAD.decode(&record.digest)) else {
        return Err(Error::Index);
    };
    pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, record.rounds, &salt, password.expose_secret().as_bytes(), &digest)
        .map_err(|_| wrong())
}
