//! Passwords of users, and of tokens of InfluxDB 1.x: salted, slow digests by the ID of what they belong to.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::pbkdf2;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{Change, Error, Read, Table};
use crate::server::id::Id;
use crate::server::problem::Problem;

/// Those of users.
pub(crate) const PASSWORDS: Table = Table::new("passwords");
/// Those of tokens of InfluxDB 1.x.
pub(crate) const V1_PASSWORDS: Table = Table::new("v1_passwords");

/// Rounds of PBKDF2-HMAC-SHA-256 for a new password.
const ROUNDS: u32 = 120_000;
const SALT_BYTES: usize = 16;
const DIGEST_BYTES: usize = 32;

#[derive(Serialize, Deserialize)]
pub(crate) struct Digest {
    rounds: NonZeroU32,
    salt: String,
    digest: String,
}

/// Refuses a password that is too short or too long, in bytes.
pub(crate) fn check(password: &SecretString) -> Result<(), Error> {
    if !(8..=72).contains(&password.expose_secret().len()) {
        return Err(Problem::invalid("passwords must be between 8 and 72 characters long").into());
    }
    Ok(())
}

/// Sets a password; [`check`] comes first.
pub(crate) fn set(change: &Change, table: Table, id: Id, password: &SecretString) -> Result<(), Error> {
    let salt: [u8; SALT_BYTES] = rand::random();
    let rounds = NonZeroU32::new(ROUNDS).expect("invariant: the number of rounds is not 0");
    let mut digest = [0; DIGEST_BYTES];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, password.expose_secret().as_bytes(), &mut digest);
    let record = Digest { rounds, salt: STANDARD_NO_PAD.encode(salt), digest: STANDARD_NO_PAD.encode(digest) };
    change.put_record(table, id, &record)
}

/// Whether there is a password, and it is this one.
pub(crate) fn is(read: &impl Read, table: Table, id: Id, password: &SecretString) -> Result<bool, Error> {
    let Some(record) = read.record::<Digest>(table, id)? else { return Ok(false) };
    let (Ok(salt), Ok(digest)) = (STANDARD_NO_PAD.decode(&record.salt), STANDARD_NO_PAD.decode(&record.digest)) else {
        return Err(Error::Index);
    };
    let password = password.expose_secret().as_bytes();
    Ok(pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, record.rounds, &salt, password, &digest).is_ok())
}
