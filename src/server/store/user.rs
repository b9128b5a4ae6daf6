//! Users and their passwords.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::pbkdf2;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::column::{CHOSEN_ID, Column, Holds, LINKS, Shown, text};
use super::object::{self, Clash, Class, Object, Unique};
use super::{Change, Error, Read, Table, member};
use crate::server::id::{Id, Snowflakes};
use crate::server::problem::{Code, Problem};

/// Salted, slow digests by user ID.
pub(crate) const PASSWORDS: Table = Table::new("passwords");

/// Rounds of PBKDF2-HMAC-SHA-256 for a new password.
const ROUNDS: u32 = 120_000;
const SALT_BYTES: usize = 16;
const DIGEST_BYTES: usize = 32;

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
    goes_with_org: false,
};

#[derive(Serialize, Deserialize)]
pub(crate) struct Digest {
    rounds: NonZeroU32,
    salt: String,
    digest: String,
}

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

/// Refuses a password that is too short or too long, in bytes.
pub(crate) fn check_password(password: &SecretString) -> Result<(), Error> {
    if !(8..=72).contains(&password.expose_secret().len()) {
        return Err(Problem::invalid("passwords must be between 8 and 72 characters long").into());
    }
    Ok(())
}

fn forbidden(message: &str) -> Error {
    Problem::new(Code::Forbidden, message).into()
}

/// Sets the password of a user; [`check_password`] comes first.
pub(crate) fn set_password(change: &Change, id: Id, password: &SecretString) -> Result<(), Error> {
    if object::find(change, &CLASS, id)?.is_none() {
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
    if object::find(read, &CLASS, id)?.is_none() {
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
