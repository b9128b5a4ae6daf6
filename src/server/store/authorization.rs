//! Tokens. The secret itself is never stored, only a digest of it.

use std::ops::ControlFlow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};

use super::{Change, Error, Order, Read, Table, decode, org, user};
use crate::server::auth::Permission;
use crate::server::id::{Id, Snowflakes};
use crate::server::problem::Problem;

pub(crate) const AUTHORIZATIONS: Table = Table::new("authorizations");
/// SHA-512 of a secret to the token's ID.
pub(crate) const SECRET_DIGESTS: Table = Table::new("secret_digests");

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
    digest: Vec<u8>,
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

    /// A token that is stored nowhere: for the process that runs the server.
    pub(crate) fn unstored(ids: &Snowflakes, new: NewAuthorization, secret: &SecretString) -> Self {
        let now = Timestamp::now();
        Self {
            id: ids.next(),
            org: new.org,
            user: new.user,
            status: new.status,
            description: new.description,
            permissions: new.permissions,
            digest: digest(secret),
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether this is its secret.
    pub(crate) fn has_secret(&self, secret: &SecretString) -> bool {
        self.digest == digest(secret)
    }
}

/// A new secret: 64 random bytes, 88 characters.
pub(crate) fn new_secret() -> SecretString {
    let bytes: [u8; 32] = rand::random();
    let more: [u8; 32] = rand::random();
    SecretString::from(URL_SAFE.encode([bytes, more].concat()))
}

fn digest(secret: &SecretString) -> Vec<u8> {
    Sha512::digest(secret.expose_secret().as_bytes()).to_vec()
}

/// The token with this ID.
pub(crate) fn find(read: &impl Read, id: Id) -> Result<Authorization, Error> {
    read.found(AUTHORIZATIONS, id, "authorization not found")
}

/// The token with this secret.
pub(crate) fn find_by_secret(read: &impl Read, secret: &SecretString) -> Result<Option<Authorization>, Error> {
    match read.index(SECRET_DIGESTS, &digest(secret))? {
        Some(id) => find(read, id).map(Some),
        None => Ok(None),
    }
}

/// All tokens by ID that `keep` keeps.
pub(crate) fn list(read: &impl Read, keep: impl Fn(&Authorization) -> bool) -> Result<Vec<Authorization>, Error> {
    let mut rows = Vec::new();
    read.scan(AUTHORIZATIONS, b"", Order::Ascending, None, &mut |_, value| {
        let row: Authorization = decode(value)?;
        if keep(&row) {
            rows.push(row);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

/// Makes a token with the secret.
pub(crate) fn create(
    change: &Change,
    ids: &Snowflakes,
    new: NewAuthorization,
    secret: &SecretString,
) -> Result<Authorization, Error> {
    if let Some(foreign) = new.permissions.iter().find(|one| one.resource.org_id.is_some_and(|org| org != new.org)) {
        return Err(Problem::invalid(format!("permission {foreign} is not for org id {}", new.org)).into());
    }
    let exists = user::find(change, new.user).and_then(|_| org::find(change, new.org));
    match exists {
        Err(error) if error.is_missing() => return Err(Problem::invalid("unable to create token").into()),
        other => other?,
    };
    if find_by_secret(change, secret)?.is_some() {
        return Err(Problem::conflict("token already exists").into());
    }
    let row = Authorization::unstored(ids, new, secret);
    change.put(SECRET_DIGESTS, &row.digest, &row.id.key())?;
    change.put_record(AUTHORIZATIONS, row.id, &row)?;
    Ok(row)
}

/// Sets status and description.
pub(crate) fn update(
    change: &Change,
    id: Id,
    status: Option<String>,
    description: Option<String>,
) -> Result<Authorization, Error> {
    let mut row = find(change, id)?;
    row.status = status.unwrap_or(row.status);
    row.description = description.unwrap_or(row.description);
    row.updated_at = Timestamp::now();
    change.put_record(AUTHORIZATIONS, id, &row)?;
    Ok(row)
}

/// Deletes a token.
pub(crate) fn delete(change: &Change, id: Id) -> Result<(), Error> {
    let row = find(change, id)?;
    change.delete(SECRET_DIGESTS, &row.digest)?;
    change.delete(AUTHORIZATIONS, &id.key())
}
