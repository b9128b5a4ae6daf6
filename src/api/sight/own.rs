//! The rows of the list of tokens that are or may be the run's own.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

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
    /// It is one of those that were found. Which one, as the user says: that can be the ID of another one, and proves no more.
    OneOf(Option<&'a str>),
    /// It cannot be the one with this ID, which the user gave.
    Not(&'a str),
}

impl Own<'_> {
    /// Why `missing` is not proven, where `rows` were found for a token of `me`.
    pub(super) fn lack(self, rows: &[Row], missing: &Permission, org: &str, me: &Me) -> Lack {
        match self {
            Self::OneOf(said) if rows.iter().any(|row| said.is_none_or(|id| row.id == id) && row.may(missing)) => {
                Lack::Several(rows.len(), missing.to_string())
            }
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
            Self::Known | Self::Hidden | Self::OneOf(_) | Self::Not(_) => Lack::Permission(missing.to_string()),
        }
    }
}

/// The rows that are or may be the token's own, and whether they are; `lacks` is what the oracle said that the token
/// lacks, `asked` what is to be proven of it in the org `org`.
pub(super) async fn own_rows<'a>(
    api: &Client,
    org: &str,
    me: &Me,
    token_id: Option<&'a str>,
    lacks: Option<&Permission>,
    asked: &BTreeSet<Permission>,
) -> Result<(Vec<Row>, Own<'a>), ApiError> {
    let rows = match api.get::<Rows>("/api/v2/authorizations", &[("userID", &me.id)]).await {
        Ok(rows) => rows.authorizations,
        Err(error) if error.class == Class::Denied => Vec::new(),
        Err(error) => return Err(error),
    };
    // Since the rows are seen, the token's own row grants that.
    let shows = |id: Option<&str>, org: &str| Permission::new(READ, AUTHORIZATIONS, Some(org), id);
    let each: BTreeSet<_> = rows.iter().map(|row| shows(Some(&row.id), &row.org)).collect();
    let all: BTreeSet<_> = rows.iter().map(|row| shows(None, &row.org)).collect();
    let shows_them = |row: &Row| all.iter().all(|all| row.may(all)) || each.iter().all(|one| row.may(one));
    let mut possible: Vec<_> = rows.into_iter().filter(|row| row.works_for(me) && shows_them(row)).collect();
    let is_ours = |row: &Row| row.token.as_ref().is_some_and(|token| api.has_token(token));
    if let Some(ours) = possible.iter().position(is_ours) {
        return Ok((vec![possible.swap_remove(ours)], Own::Known));
    }
    if possible.is_empty() {
        return Ok((possible, Own::Hidden));
    }
    possible.retain(|row| !lacks.is_some_and(|lacks| row.may(lacks)));
    retain_as_seen(api, org, &mut possible, asked).await?;
    Ok(match token_id {
        Some(id) if !possible.iter().any(|row| row.id == id) => (Vec::new(), Own::Not(id)),
        None if possible.is_empty() => (possible, Own::Hidden),
        said => (possible, Own::OneOf(said)),
    })
}

/// Leaves those of `rows` that grant what the token is seen to read, and no more of what is refused where it is not granted.
async fn retain_as_seen(
    api: &Client,
    org: &str,
    rows: &mut Vec<Row>,
    asked: &BTreeSet<Permission>,
) -> Result<(), ApiError> {
    let differ = |rows: &[Row], what: &Permission| rows.iter().any(|row| row.may(what) != rows[0].may(what));
    for ty in ["orgs", "users"] {
        let all = Permission::new(READ, ty, None, None);
        if differ(rows, &all) {
            let reads = sees(api, &all).await?;
            rows.retain(|row| row.may(&all) == reads);
        }
    }
    for one in asked {
        if one.action == READ && !asks_first(one) && differ(rows, one) {
            for seen in listed(api, &one.resource.ty, org).await? {
                rows.retain(|row| row.may(&seen));
            }
        }
    }
    Ok(())
}

/// What it takes to read each of some objects of the type `ty` that the token sees in the org `org`. What the server made itself is
/// shown to others too.
async fn listed(api: &Client, ty: &str, org: &str) -> Result<Vec<Permission>, ApiError> {
    #[derive(Deserialize)]
    struct Listed {
        id: String,
        #[serde(default, rename = "type")]
        made: Option<String>,
    }
    // Secrets have no IDs, and no list of all orgs.
    if ty == "secrets" {
        return Ok(Vec::new());
    }
    let path = if ty == "dbrp" { "dbrps" } else { ty };
    let mut list = match api.get::<Value>(&format!("/api/v2/{path}"), &[("orgID", org), ("limit", "20")]).await {
        Ok(list) => list,
        Err(error) if matches!(error.class, Class::BadToken | Class::Unavailable) => return Err(error),
        // There is no such list, as of secrets, or none for this token: that tells nothing.
        Err(_) => return Ok(Vec::new()),
    };
    let rows =
        list.as_object_mut().into_iter().flatten().find_map(|(_, value)| value.as_array_mut().map(std::mem::take));
    let rows = rows.into_iter().flatten().filter_map(|row| serde_json::from_value::<Listed>(row).ok());
    let ours = rows.filter(|row| row.made.as_deref() != Some("system"));
    Ok(ours.map(|row| Permission::new(READ, ty, Some(org), Some(&row.id))).collect())
}

impl Row {
    /// Whether it grants `permission`.
    pub(super) fn may(&self, permission: &Permission) -> bool {
        self.permissions.iter().any(|has| has.includes(permission))
    }

    pub(super) fn only_reads(&self) -> bool {
        self.permissions.iter().all(|permission| permission.action == READ)
    }

    /// Whether a token with this row works, and sees its user.
    fn works_for(&self, me: &Me) -> bool {
        self.status == "active" && self.may(&Permission::new(READ, "users", None, Some(&me.id)))
    }
}
