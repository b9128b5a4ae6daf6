//! What the client's token can see. Lists show what the token may read and say nothing of the rest, so that it takes proof
//! to know that a list is whole (influxd 2.9.1, measured). Nothing here writes.

mod lack;
mod own;

pub use lack::Lack;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use self::own::{Own, Row, own_rows};
use super::{ApiError, Class, Client, Me, Permission, Resource};

/// The first version in which asking for a token on `instance` is refused to everybody (source).
const FIRST_ORACLE: [u32; 3] = [2, 5, 1];

/// The action of permissions to read.
const READ: &str = "read";
/// The type of permissions on tokens.
const AUTHORIZATIONS: &str = "authorizations";

/// What the oracle has said.
#[derive(Debug)]
enum Oracle {
    /// The token holds exactly these.
    Held(BTreeSet<Permission>),
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
struct Holders {
    users: Vec<Holder>,
}

#[derive(Deserialize)]
struct Holder {
    id: String,
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
/// Where neither the oracle nor the secret in a row decides, all rows that could be the token's own must hold a permission,
/// whatever ID is given: it may be that of another token. That errs only for a token that was made in another org and does not see
/// its own row.
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
        let all = needs(ty, org).into_iter().map(|read| Permission::new(READ, &read.resource.ty, None, None));
        (*ty, all.chain(needs("orgs", org)).collect())
    });
    prove(api, version, org, me, needs.collect(), token_id).await
}

/// The same of all objects of each type in orgs other than `org`, which are known: only rights on the whole server reach there.
pub async fn sight_elsewhere(
    api: &Client,
    version: &str,
    org: &str,
    me: &Me,
    types: &[&str],
    token_id: Option<&str>,
) -> Result<Proof, ApiError> {
    let everywhere = |read: Permission| Permission::new(READ, &read.resource.ty, None, None);
    let needs = types.iter().map(|ty| (*ty, needs(ty, org).into_iter().map(everywhere).collect()));
    prove(api, version, org, me, needs.collect(), token_id).await
}

/// Which of the permissions that each type needs is proven, asked in the org `org`.
async fn prove(
    api: &Client,
    version: &str,
    org: &str,
    me: &Me,
    needs: BTreeMap<&str, Vec<Permission>>,
    token_id: Option<&str>,
) -> Result<Proof, ApiError> {
    let asked = needs.values().flatten().cloned().collect();
    let found = Found::of(api, version, org, me, &asked, token_id).await?;
    let mut proof = Proof { only_reads: found.only_reads(), ..Proof::default() };
    for (ty, reads) in needs {
        let lack = reads.iter().find_map(|read| found.lack(read));
        proof.sees.insert(ty.to_owned(), lack.is_none());
        proof.lacks.extend(lack.map(|lack| (ty.to_owned(), lack)));
    }
    Ok(proof)
}

/// Of each of the permissions `asked`, why the token does not have it or is not proven to; none of one that it has. The rest is as
/// for [`sight`].
pub(crate) async fn lacks(
    api: &Client,
    version: &str,
    org: &str,
    me: &Me,
    asked: BTreeSet<Permission>,
    token_id: Option<&str>,
) -> Result<BTreeMap<Permission, Option<Lack>>, ApiError> {
    let found = Found::of(api, version, org, me, &asked, token_id).await?;
    Ok(asked.into_iter().map(|permission| (permission.clone(), found.lack(&permission))).collect())
}

/// What was found of the permissions of a token.
struct Found<'a> {
    org: &'a str,
    me: &'a Me,
    held: BTreeSet<Permission>,
    /// What the oracle said that the token lacks, if it was silent for that.
    refused: Option<Permission>,
    rows: Vec<Row>,
    own: Own<'a>,
}

impl<'a> Found<'a> {
    async fn of(
        api: &Client,
        version: &str,
        org: &'a str,
        me: &'a Me,
        asked: &BTreeSet<Permission>,
        token_id: Option<&'a str>,
    ) -> Result<Self, ApiError> {
        let oracle = if has_oracle(version) { oracle(api, org, asked).await? } else { Oracle::Silent(String::new()) };
        let refused = match oracle {
            Oracle::Held(held) => {
                return Ok(Self { org, me, held, refused: None, rows: Vec::new(), own: Own::Known });
            }
            Oracle::Silent(why) => {
                // It asks for these before all others.
                let mut first = [(AUTHORIZATIONS, Some(org), None), ("users", None, Some(&*me.id))]
                    .into_iter()
                    .map(|(ty, org, id)| Permission::new("write", ty, org, id));
                first.find(|one| why == format!("{one} is unauthorized"))
            }
        };
        let (rows, own) = own_rows(api, org, me, token_id, refused.as_ref(), asked).await?;
        let by_rows = |one: &&Permission| !rows.is_empty() && rows.iter().all(|row| row.may(one));
        let mut held: BTreeSet<_> = asked.iter().filter(by_rows).cloned().collect();
        for one in asked {
            if !held.contains(one) && asks_first(one) && sees(api, one).await? {
                held.insert(one.clone());
            }
        }
        Ok(Self { org, me, held, refused, rows, own })
    }

    fn only_reads(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(Row::only_reads)
    }

    /// Why it is not proven that the token has `permission`.
    fn lack(&self, permission: &Permission) -> Option<Lack> {
        if self.held.contains(permission) {
            return None;
        }
        Some(match &self.refused {
            Some(refused) if permission.includes(refused) => Lack::Permission(permission.to_string()),
            _ => self.own.lack(&self.rows, permission, self.org, self.me),
        })
    }
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
fn needs(ty: &str, org: &str) -> Vec<Permission> {
    let everywhere = |ty: &str| Permission::new(READ, ty, None, None);
    let here = |ty: &str| Permission::new(READ, ty, Some(org), None);
    let this_org = || Permission::new(READ, "orgs", None, Some(org));
    match ty {
        "orgs" | "users" => vec![everywhere(ty)],
        AUTHORIZATIONS => vec![here(ty), everywhere("users")],
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
async fn oracle(api: &Client, org: &str, asked: &BTreeSet<Permission>) -> Result<Oracle, ApiError> {
    let mut left = asked.clone();
    while !left.is_empty() {
        let instance = Permission::new("write", "instance", None, None);
        let permissions = left.iter().cloned().chain([instance]).collect();
        let error = api.probe_permissions(&Ask { org, status: "inactive", permissions }).await;
        match (error.class, error.status) {
            (Class::Denied, Some(403)) => match refused(&error.message) {
                Some("write:instance") => break,
                Some(named) => {
                    let before = left.len();
                    left.retain(|one| one.to_string() != named);
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

/// Whether `permission` is one to read what the server looks for only after it has asked for permission.
fn asks_first(permission: &Permission) -> bool {
    permission.action == READ && matches!(&*permission.resource.ty, "orgs" | "users")
}

/// Whether the token has the permission `read`, which [`asks_first`]: that to read all if one that is not there is not hidden.
async fn sees(api: &Client, read: &Permission) -> Result<bool, ApiError> {
    let absent = || format!("{:016x}", rand::random::<u64>() | 1);
    let Resource { ty, id, .. } = &read.resource;
    let (is_one, id) = (id.is_some(), id.clone().unwrap_or_else(absent));
    match api.get::<serde_json::Value>(&format!("/api/v2/{ty}/{id}"), &[]).await {
        Err(error) if error.class == Class::NotFound => Ok(!is_one),
        Err(error) if error.class == Class::Denied => Ok(false),
        Err(error) => Err(error),
        Ok(_) => Ok(is_one),
    }
}

#[cfg(test)]
mod tests;
