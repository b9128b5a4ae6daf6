//! Tokens of the API and of InfluxDB 1.x. A secret itself is never stored, only a digest of it.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};

use super::{Change, Error, Order, Read, Table, bucket, decode, if_there, org, user};
use crate::server::auth::{Permission, ResourceType};
use crate::server::id::{Id, Snowflakes};
use crate::server::problem::{Code, Problem};

pub(crate) const AUTHORIZATIONS: Table = Table::new("authorizations");
/// SHA-512 of a secret to the token's ID.
pub(crate) const SECRET_DIGESTS: Table = Table::new("secret_digests");
pub(crate) const V1_AUTHORIZATIONS: Table = Table::new("v1_authorizations");
/// Username to the token's ID.
pub(crate) const V1_USERNAMES: Table = Table::new("v1_usernames");

/// What the real server's database takes.
const LONGEST_KEY: usize = 32_768;

/// The tokens of one sort.
pub(crate) struct Tokens {
    rows: Table,
    /// What finds a token, to its ID.
    keys: Table,
    /// Whether the buckets of permissions must be there.
    needs_buckets: bool,
}

/// Those of the API: the digest of its secret finds one.
pub(crate) const API: Tokens = Tokens { rows: AUTHORIZATIONS, keys: SECRET_DIGESTS, needs_buckets: false };
/// Those of InfluxDB 1.x: its username finds one.
pub(crate) const V1: Tokens = Tokens { rows: V1_AUTHORIZATIONS, keys: V1_USERNAMES, needs_buckets: true };

/// A token without its secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Authorization {
    pub(crate) id: Id,
    pub(crate) org: Id,
    pub(crate) user: Id,
    /// `active` or `inactive`.
    pub(crate) status: String,
    pub(crate) description: String,
    /// As sent: order and duplicates are kept.
    pub(crate) permissions: Vec<Permission>,
    /// What finds it.
    #[serde(rename = "digest")]
    key: Vec<u8>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What to make a token from.
pub(crate) struct NewAuthorization {
    pub(crate) org: Id,
    pub(crate) user: Id,
    pub(crate) status: String,
    pub(crate) description: String,
    pub(crate) permissions: Vec<Permission>,
}

impl Authorization {
    /// Whether requests with it are let in.
    pub(crate) fn is_active(&self) -> bool {
        self.status == "active"
    }

    /// A token that is stored nowhere yet.
    pub(crate) fn unstored(ids: &Snowflakes, new: NewAuthorization, key: Vec<u8>) -> Self {
        let now = Timestamp::now();
        Self {
            id: ids.next(),
            org: new.org,
            user: new.user,
            status: new.status,
            description: new.description,
            permissions: new.permissions,
            key,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether this is its secret.
    pub(crate) fn has_secret(&self, secret: &SecretString) -> bool {
        self.key == digest(secret)
    }

    /// The username of one of InfluxDB 1.x.
    pub(crate) fn username(&self) -> String {
        String::from_utf8_lossy(&self.key).into_owned()
    }
}

/// A new secret: 64 random bytes, 88 characters.
pub(crate) fn new_secret() -> SecretString {
    let bytes: [u8; 32] = rand::random();
    let more: [u8; 32] = rand::random();
    SecretString::from(URL_SAFE.encode([bytes, more].concat()))
}

/// What finds the token with this secret.
pub(crate) fn digest(secret: &SecretString) -> Vec<u8> {
    Sha512::digest(secret.expose_secret().as_bytes()).to_vec()
}

pub(crate) fn missing() -> Problem {
    Problem::not_found("authorization not found")
}

impl Tokens {
    /// The token with this ID.
    pub(crate) fn find(&self, read: &impl Read, id: Id) -> Result<Authorization, Error> {
        Ok(read.record(self.rows, id)?.ok_or_else(missing)?)
    }

    /// The token that this finds.
    pub(crate) fn find_by_key(&self, read: &impl Read, key: &[u8]) -> Result<Option<Authorization>, Error> {
        match read.index(self.keys, key)? {
            Some(id) => self.find(read, id).map(Some),
            None => Ok(None),
        }
    }

    /// All tokens by ID that `keep` keeps.
    pub(crate) fn list(
        &self,
        read: &impl Read,
        keep: impl Fn(&Authorization) -> bool,
    ) -> Result<Vec<Authorization>, Error> {
        let mut rows = Vec::new();
        read.scan(self.rows, b"", Order::Ascending, None, &mut |_, value| {
            let row: Authorization = decode(value)?;
            if keep(&row) {
                rows.push(row);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(rows)
    }

    /// Makes a token that `key` finds.
    pub(crate) fn create(
        &self,
        change: &Change,
        ids: &Snowflakes,
        new: NewAuthorization,
        key: Vec<u8>,
    ) -> Result<Authorization, Error> {
        if let Some(foreign) = new.permissions.iter().find(|one| one.resource.org_id.is_some_and(|org| org != new.org))
        {
            return Err(Problem::invalid(format!("permission {foreign} is not for org id {}", new.org)).into());
        }
        let exists = user::find(change, new.user).and_then(|_| org::find(change, new.org));
        match exists {
            Err(error) if error.is_missing() => return Err(Problem::invalid("unable to create token").into()),
            other => other?,
        };
        if self.find_by_key(change, &key)?.is_some() {
            return Err(Problem::conflict("token already exists").into());
        }
        if self.needs_buckets {
            find_buckets(change, &new.permissions)?;
        }
        if key.len() > LONGEST_KEY {
            return Err(Problem::new(Code::Internal, "key too large").into());
        }
        let row = Authorization::unstored(ids, new, key);
        change.put(self.keys, &row.key, &row.id.key())?;
        change.put_record(self.rows, row.id, &row)?;
        Ok(row)
    }

    /// Sets status and description.
    pub(crate) fn update(
        &self,
        change: &Change,
        id: Id,
        status: Option<String>,
        description: Option<String>,
    ) -> Result<Authorization, Error> {
        let mut row = self.find(change, id)?;
        row.status = status.unwrap_or(row.status);
        row.description = description.unwrap_or(row.description);
        row.updated_at = Timestamp::now();
        change.put_record(self.rows, id, &row)?;
        Ok(row)
    }

    /// Deletes a token.
    pub(crate) fn delete(&self, change: &Change, id: Id) -> Result<(), Error> {
        let row = self.find(change, id)?;
        change.delete(self.keys, &row.key)?;
        change.delete(self.rows, &id.key())
    }
}

fn find_buckets(read: &impl Read, permissions: &[Permission]) -> Result<(), Error> {
    let buckets = permissions.iter().filter(|permission| permission.resource.kind == ResourceType::Buckets);
    for id in buckets.filter_map(|permission| permission.resource.id) {
        if if_there(bucket::find(read, id))?.is_none() {
            return Err(Problem::not_found("bucket not found when creating auth").into());
        }
    }
    Ok(())
}
