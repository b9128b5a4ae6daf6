//! The rows of the list of tokens that are or may be the run's own.

use serde::{Deserialize, Deserializer};

use super::{AUTHORIZATIONS, Lack, READ, asks_first, sees};
use crate::api::{ApiError, Class, Client, Me, Permission};
use crate::secret::Secret;

#[derive(Deserialize)]
struct Rows {
    authorizations: Vec<Row>,
}

/// A row of the list of tokens.
#[derive(Deserialize)]
pub(super) struct Row {
    id: String,
    #[serde(rename = "orgID")]
    org: String,
    status: String,
    permissions: Vec<Permission>,
    /// Empty where the server keeps only hashes.
    #[serde(default, deserialize_with = "secret")]
    token: Option<Secret>,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Some(String::deserialize(from)?.into()))
}

/// How well the token's own row is known.
#[derive(Clone, Copy)]
pub(super) enum Own<'a> {
    /// It is this one, or it need not be known.
    Known,
    /// The token does not see it.
    Hidden,
    /// It is one of those that were found.
    OneOf,
    /// It cannot be the one with this ID, which the user gave.
    Not(&'a str),
}

impl Own<'_> {
    /// Why `missing` is not proven, where `rows` were found for a token of `me`.
    pub(super) fn lack(self, rows: &[Row], missing: &Permission, org: &str, me: &Me) -> Lack {
        match self {
            Self::OneOf if rows.iter().any(|row| row.may(missing)) => Lack::Several(rows.len(), missing.to_string()),
            // Of what is read everywhere, the server itself has shown that the token lacks it.
            Self::Hidden if !asks_first(missing) => {
                let hides = match me.name {
                    Some(_) => Permission::new(READ, AUTHORIZATIONS, Some(org), None),
                    None => Permission::new(READ, "users", None, Some(&me.id)),
                };
                match missing.includes(&hides) {
                    true => Lack::Permission(missing.to_string()),
                    false => Lack::OwnRights(hides.to_string()),
                }
            }
            Self::Not(id) if !asks_first(missing) => Lack::WrongId(id.to_owned()),
            Self::Known | Self::Hidden | Self::OneOf | Self::Not(_) => Lack::Permission(missing.to_string()),
        }
    }
}

/// The rows that are or may be the token's own, and whether they are; `lacks` is what the oracle said that the token
/// lacks.
pub(super) async fn own_rows<'a>(
    api: &Client,
    me: &Me,
    token_id: Option<&'a str>,
    lacks: Option<&Permission>,
) -> Result<(Vec<Row>, Own<'a>), ApiError> {
    let rows = match api.get::<Rows>("/api/v2/authorizations", &[("userID", &me.id)]).await {
        Ok(rows) => rows.authorizations,
        Err(error) if error.class == Class::Denied => Vec::new(),
        Err(error) => return Err(error),
    };
    // Since the rows are seen, the token's own row grants that.
    let possible: Vec<_> = rows.into_iter().filter(|row| row.shows_itself(me)).collect();
    let is_ours = |row: &Row| row.token.as_ref().is_some_and(|token| api.has_token(token));
    if let Some(ours) = possible.iter().position(is_ours) {
        return Ok((possible.into_iter().skip(ours).take(1).collect(), Own::Known));
    }
    if possible.is_empty() {
        return Ok((possible, Own::Hidden));
    }
    let is_lone = possible.len() == 1;
    let mut rows: Vec<_> = possible.into_iter().filter(|row| !lacks.is_some_and(|lacks| row.may(lacks))).collect();
    let Some(id) = token_id else {
        let own = if rows.is_empty() { Own::Hidden } else { Own::OneOf };
        return Ok((rows, own));
    };
    rows.retain(|row| row.id == id);
    match rows.first() {
        Some(row) if is_lone || is_as_seen(api, row).await? => Ok((rows, Own::Known)),
        _ => Ok((Vec::new(), Own::Not(id))),
    }
}

/// Whether the token reads all orgs and all users just if `row` says so: where not, it is that of another token.
async fn is_as_seen(api: &Client, row: &Row) -> Result<bool, ApiError> {
    for ty in ["orgs", "users"] {
        let all = Permission::new(READ, ty, None, None);
        if row.may(&all) != sees(api, &all).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Row {
    /// Whether it grants `permission`.
    pub(super) fn may(&self, permission: &Permission) -> bool {
        self.permissions.iter().any(|has| has.includes(permission))
    }

    pub(super) fn only_reads(&self) -> bool {
        self.permissions.iter().all(|permission| permission.action == READ)
    }

    /// Whether a token with this row sees the row.
    fn shows_itself(&self, me: &Me) -> bool {
        let reads_itself = self.permissions.iter().any(|Permission { action, resource }| {
            action == READ
                && resource.ty == AUTHORIZATIONS
                && resource.id.as_deref().is_none_or(|id| id == self.id)
                && resource.org.as_deref().is_none_or(|org| org == self.org)
        });
        self.status == "active" && reads_itself && self.may(&Permission::new(READ, "users", None, Some(&me.id)))
    }
}
