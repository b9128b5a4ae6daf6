//! What the client's token can see. Lists show what the token may read and say nothing of the rest, so that it takes proof
//! to know that a list is whole (influxd 2.9.1, measured). Nothing here writes.

mod lack;

pub use lack::Lack;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use super::permission::{Permission, Resource};
use super::{ApiError, Class, Client, Me};
use crate::secret::Secret;

/// The first version in which asking for a token on `instance` is refused to everybody (source).
const FIRST_ORACLE: [u32; 3] = [2, 5, 1];

/// One permission to read: all of a type, in one org or everywhere, or one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Read {
    ty: String,
    org: Option<String>,
    id: Option<String>,
}

/// What the oracle has said.
#[derive(Debug)]
enum Oracle {
    /// The token holds exactly these.
    Held(BTreeSet<Read>),
    /// It does not answer this token, which lacks the permission that is named here, if one is.
    Silent(String),
}

#[derive(Serialize)]
struct Ask<'a> {
    #[serde(rename = "orgID")]
    org: &'a str,
    status: &'static str,
    permissions: Vec<Permission>,
}

#[derive(Deserialize)]
struct Rows {
    authorizations: Vec<Row>,
}

/// A row of the list of tokens.
#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(rename = "orgID")]
    org: String,
    status: String,
    permissions: Vec<Permission>,
    /// Empty where the server keeps only hashes.
    #[serde(default, deserialize_with = "secret")]
    token: Option<Secret>,
}

#[derive(Deserialize)]
struct Holders {
    users: Vec<Holder>,
}

#[derive(Deserialize)]
struct Holder {
    id: String,
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    Ok(Some(String::deserialize(from)?.into()))
}

/// What is proven of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// For each type that was asked about: whether the token sees all objects of it.
    pub sees: BTreeMap<String, bool>,
    /// For each type of which that is not so: why.
    pub lacks: BTreeMap<String, Lack>,
    /// Whether the token may write nothing at all.
    pub only_reads: bool,
}

/// For each of `types` (InfluxDB's names, such as `buckets`): whether it is proven that the token sees all objects of the
/// type in the org `org` (an ID), for `orgs` and `users` on the whole server. `version` is the server's, `me` the token's
/// user, `token_id` the token's own ID where it is known.
///
/// Where neither the oracle nor the token's ID nor the secret in a row decides, all rows that could be the token's own must
/// hold a permission. That errs only for a token that was made in another org and does not see its own row.
pub async fn sight(
    api: &Client,
    version: &str,
    org: &str,
    me: &Me,
    types: &[&str],
    token_id: Option<&str>,
) -> Result<Proof, ApiError> {
    prove(api, version, org, me, types.iter().map(|ty| (*ty, needs(ty, org))).collect(), token_id).await
}

/// The same of all objects of each type on the whole server, in whatever org they are; `org` is the one that is asked in.
pub async fn sight_everywhere(
    api: &Client,
    version: &str,
    org: &str,
    me: &Me,
    types: &[&str],
    token_id: Option<&str>,
) -> Result<Proof, ApiError> {
    // To look in each org it takes to see them all.
    let needs = types.iter().map(|ty| {
        let all = needs(ty, org).into_iter().map(|read| Read { org: None, id: None, ..read });
        (*ty, all.chain(needs("orgs", org)).collect())
    });
    prove(api, version, org, me, needs.collect(), token_id).await
}

/// Which of the permissions that each type needs is proven, asked in the org `org`.
async fn prove(
    api: &Client,
    version: &str,
    org: &str,
    me: &Me,
    needs: BTreeMap<&str, Vec<Read>>,
    token_id: Option<&str>,
) -> Result<Proof, ApiError> {
    let mut open: BTreeSet<Read> = needs.values().flatten().cloned().collect();
    let mut held = BTreeSet::new();
    let (mut only_reads, mut rows, mut own) = (false, Vec::new(), Own::Known);
    let oracle = if has_oracle(version) { oracle(api, org, &open).await? } else { Oracle::Silent(String::new()) };
    match oracle {
        Oracle::Held(all) => held = all,
        Oracle::Silent(lacks) => {
            (rows, own) = own_rows(api, me, token_id, &lacks).await?;
            only_reads = !rows.is_empty() && rows.iter().all(Row::only_reads);
            held.extend(open.iter().filter(|read| !rows.is_empty() && rows.iter().all(|row| row.may(read))).cloned());
            open.retain(|read| !held.contains(read));
            for read in open {
                if asks_first(&read.ty) && sees(api, &read).await? {
                    held.insert(read);
                }
            }
        }
    }
    let mut proof = Proof { only_reads, ..Proof::default() };
    for (ty, reads) in needs {
        let missing = reads.iter().find(|read| !held.contains(read));
        proof.sees.insert(ty.to_owned(), missing.is_none());
        proof.lacks.extend(missing.map(|read| (ty.to_owned(), own.lack(&rows, read, org, me))));
    }
    Ok(proof)
}

/// The IDs of the users that own the org `org`; none if the token may not read the org.
pub async fn owners(api: &Client, org: &str) -> Result<Option<BTreeSet<String>>, ApiError> {
    match api.get::<Holders>(&format!("/api/v2/orgs/{org}/owners"), &[]).await {
        Ok(owners) => Ok(Some(owners.users.into_iter().map(|user| user.id).collect())),
        Err(error) if matches!(error.class, Class::Denied | Class::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What it takes to see all of a type. Tokens are shown only with their user, secrets only with their org, mappings
/// of databases with their buckets.
fn needs(ty: &str, org: &str) -> Vec<Read> {
    let everywhere = |ty: &str| Read { ty: ty.to_owned(), org: None, id: None };
    let here = |ty: &str| Read { ty: ty.to_owned(), org: Some(org.to_owned()), id: None };
    let this_org = || Read { ty: "orgs".to_owned(), org: None, id: Some(org.to_owned()) };
    match ty {
        "orgs" | "users" => vec![everywhere(ty)],
        "authorizations" => vec![here(ty), everywhere("users")],
        "secrets" => vec![here(ty), this_org()],
        "dbrp" => vec![here("buckets")],
        _ => vec![here(ty)],
    }
}

fn has_oracle(version: &str) -> bool {
    let mut parts = version.split(['.', '-', '+']).map(|part| part.parse::<u32>().ok());
    let mut next = || parts.next().flatten();
    match (next(), next(), next()) {
        (Some(major), Some(minor), Some(patch)) => [major, minor, patch] >= FIRST_ORACLE,
        _ => false,
    }
}

/// Asks for a token with the permissions `asked` and one that nobody may give. The server checks them in the order sent and
/// names the first that the asking token lacks; that one is left out, and asked again.
async fn oracle(api: &Client, org: &str, asked: &BTreeSet<Read>) -> Result<Oracle, ApiError> {
    let mut left = asked.clone();
    while !left.is_empty() {
        let mut permissions: Vec<_> = left.iter().map(Read::permission).collect();
        let instance = Resource { ty: "instance".to_owned(), id: None, org: None };
        permissions.push(Permission { action: "write".to_owned(), resource: instance });
        let error = api.probe_permissions(&Ask { org, status: "inactive", permissions }).await;
        match (error.class, error.status) {
            (Class::Denied, Some(403)) => match refused(&error.message) {
                Some("write:instance") => break,
                Some(named) => {
                    let before = left.len();
                    left.retain(|read| read.to_string() != named);
                    if left.len() == before {
                        return Ok(Oracle::Silent(String::new()));
                    }
                }
                None => return Ok(Oracle::Silent(String::new())),
            },
            (Class::Refused, Some(500)) if error.message.contains("with the instance type") => break,
            (Class::Denied, _) => return Ok(Oracle::Silent(error.message)),
            (Class::Refused | Class::NotFound | Class::Conflict | Class::NotOurs, _) => {
                return Ok(Oracle::Silent(String::new()));
            }
            (Class::BadToken | Class::Unavailable | Class::Unexpected | Class::SpeaksTls | Class::Shut, _) => {
                return Err(error);
            }
        }
    }
    Ok(Oracle::Held(left))
}

/// `read:labels` in `permission read:labels is not allowed: ...`.
fn refused(message: &str) -> Option<&str> {
    Some(message.strip_prefix("permission ")?.split_once(" is not allowed")?.0)
}

/// How well the token's own row is known.
#[derive(Clone, Copy)]
enum Own<'a> {
    /// It is this one, or it need not be known.
    Known,
    /// The token does not see it.
    Hidden,
    /// It is one of those that were found.
    OneOf,
    /// It is not the one with this ID, which the user gave.
    Not(&'a str),
}

impl Own<'_> {
    /// Why `missing` is not proven, where `rows` were found for a token of `me`.
    fn lack(self, rows: &[Row], missing: &Read, org: &str, me: &Me) -> Lack {
        match self {
            Self::OneOf if rows.iter().any(|row| row.may(missing)) => Lack::Several(rows.len(), missing.to_string()),
            // Of what is read everywhere, the server itself has shown that the token lacks it.
            Self::Hidden if !asks_first(&missing.ty) => Lack::OwnRights(match me.name {
                Some(_) => format!("read:orgs/{org}/authorizations"),
                None => format!("read:users/{}", me.id),
            }),
            Self::Not(id) if !asks_first(&missing.ty) => Lack::WrongId(id.to_owned()),
            Self::Known | Self::Hidden | Self::OneOf | Self::Not(_) => Lack::Permission(missing.to_string()),
        }
    }
}

/// The rows that are or may be the token's own, and whether they are; `lacks` is what the oracle said that the token may
/// not do.
async fn own_rows<'a>(
    api: &Client,
    me: &Me,
    token_id: Option<&'a str>,
    lacks: &str,
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
    let (rows, found, not_found): (Vec<Row>, _, _) = match token_id {
        Some(id) => (possible.into_iter().filter(|row| row.id == id).collect(), Own::Known, Own::Not(id)),
        None => (possible.into_iter().filter(|row| !row.may_what(lacks)).collect(), Own::OneOf, Own::Hidden),
    };
    let own = if rows.is_empty() { not_found } else { found };
    Ok((rows, own))
}

/// Whether the server asks for permission before it looks whether there is such an object.
fn asks_first(ty: &str) -> bool {
    matches!(ty, "orgs" | "users")
}

/// Whether the token reads what `read` is about, which is of a type that [`asks_first`]: all of it if one that is not there is
/// not hidden.
async fn sees(api: &Client, read: &Read) -> Result<bool, ApiError> {
    let absent = || format!("{:016x}", rand::random::<u64>() | 1);
    let (is_one, id) = (read.id.is_some(), read.id.clone().unwrap_or_else(absent));
    match api.get::<serde_json::Value>(&format!("/api/v2/{}/{id}", read.ty), &[]).await {
        Err(error) if error.class == Class::NotFound => Ok(!is_one),
        Err(error) if error.class == Class::Denied => Ok(false),
        Err(error) => Err(error),
        Ok(_) => Ok(is_one),
    }
}

impl Read {
    fn permission(&self) -> Permission {
        let resource = Resource { ty: self.ty.clone(), id: self.id.clone(), org: self.org.clone() };
        Permission { action: "read".to_owned(), resource }
    }
}

impl std::fmt::Display for Read {
    /// As the server writes it in its refusals.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.org, &self.id) {
            (Some(org), _) => write!(f, "read:orgs/{org}/{}", self.ty),
            (None, Some(id)) => write!(f, "read:{}/{id}", self.ty),
            (None, None) => write!(f, "read:{}", self.ty),
        }
    }
}

impl Row {
    /// Whether it grants `read`: an ID in a permission narrows it, whatever else stands there.
    fn may(&self, read: &Read) -> bool {
        self.permissions.iter().any(|Permission { action, resource }| {
            let wide = resource.id.is_none() && (resource.org.is_none() || resource.org == read.org);
            let this = resource.id.is_some() && resource.id == read.id;
            action == "read" && resource.ty == read.ty && (wide || this)
        })
    }

    fn only_reads(&self) -> bool {
        self.permissions.iter().all(|permission| permission.action == "read")
    }

    fn may_on_user(&self, does: &str, user: &str) -> bool {
        self.permissions.iter().any(|Permission { action, resource }| {
            action == does && resource.ty == "users" && resource.id.as_deref().is_none_or(|id| id == user)
        })
    }

    /// Whether a token with this row sees the row.
    fn shows_itself(&self, me: &Me) -> bool {
        let reads_itself = self.permissions.iter().any(|Permission { action, resource }| {
            action == "read"
                && resource.ty == "authorizations"
                && resource.id.as_deref().is_none_or(|id| id == self.id)
                && resource.org.as_deref().is_none_or(|org| org == self.org)
        });
        self.status == "active" && reads_itself && self.may_on_user("read", &me.id)
    }

    /// Whether it grants what the server said is lacking: `write:orgs/ORG/authorizations is unauthorized`, or
    /// `write:users/USER is unauthorized`.
    fn may_what(&self, lacks: &str) -> bool {
        let Some(named) = lacks.strip_suffix(" is unauthorized") else { return false };
        if let Some(user) = named.strip_prefix("write:users/") {
            return self.may_on_user("write", user);
        }
        let org = named.strip_prefix("write:orgs/").and_then(|rest| rest.strip_suffix("/authorizations"));
        org.is_some_and(|org| {
            self.permissions.iter().any(|Permission { action, resource }| {
                let wide = resource.id.is_none() && resource.org.as_deref().is_none_or(|in_org| in_org == org);
                action == "write" && resource.ty == "authorizations" && wide
            })
        })
    }
}

#[cfg(test)]
mod tests;
