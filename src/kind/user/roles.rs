//! The roles of users in orgs: no list of users has them.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::super::Kind;
use super::super::live::{self, Desired, Object};
use crate::api::{ApiError, Class, Client, Writer, by_offset, repeating};
use crate::value::{Ref, Value};

const ORGS: &str = "/api/v2/orgs";
pub(super) const ROLES: [Role; 2] = [Role::Member, Role::Owner];
/// The roles of more users are read org by org, where the token may read every org.
const FEW: usize = 16;
/// How many requests for roles run at once.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
struct Orgs {
    orgs: Vec<Id>,
}

#[derive(Deserialize)]
struct Holders {
    users: Vec<Id>,
}

#[derive(Deserialize, Serialize)]
struct Id {
    id: String,
}

/// The role that a user has in each org.
pub(super) type Roles = BTreeMap<String, Role>;

/// What a user is in an org. The server keeps one role for each user and org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Member,
    Owner,
}

impl Role {
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Member => "member_of",
            Self::Owner => "owner_of",
        }
    }

    /// The path of those who have the role in `org`.
    fn path(self, org: &str) -> String {
        match self {
            Self::Member => format!("{ORGS}/{org}/members"),
            Self::Owner => format!("{ORGS}/{org}/owners"),
        }
    }
}

/// The roles of `users` (IDs) in all orgs that the token may read, by user; who has none is left out.
pub(super) async fn read(api: &Client, users: BTreeSet<String>) -> Result<BTreeMap<String, Roles>, ApiError> {
    if users.len() <= FEW {
        return by_user(api, users).await;
    }
    let me: Id = api.get("/api/v2/me", &[]).await?;
    let orgs = by_offset(api, ORGS, &[], |page: Orgs| page.orgs, |org: &Id| &org.id).await?;
    let mine = orgs_of(api, &me.id).await?;
    // A token that may not read every org is told of its user's orgs only, not of others that it may read (influxd 2.9.1,
    // measured).
    let is_told_of_all = orgs.iter().any(|org| !mine.contains(&org.id));
    if !is_told_of_all || users.len() < orgs.len() {
        return by_user(api, users).await;
    }
    let asked = orgs.iter().flat_map(|org| ROLES.map(|role| (org.id.as_str(), role)));
    let mut all: BTreeMap<String, Roles> = BTreeMap::new();
    for (org, role, holders) in holders(api, asked).await? {
        for user in holders {
            all.entry(user).or_default().insert(org.to_owned(), role);
        }
    }
    all.retain(|user, _| users.contains(user));
    Ok(all)
}

/// The orgs of each user, and which of them they own.
async fn by_user(api: &Client, users: BTreeSet<String>) -> Result<BTreeMap<String, Roles>, ApiError> {
    let orgs: Vec<(String, BTreeSet<String>)> = stream::iter(users)
        .map(async |user| orgs_of(api, &user).await.map(|orgs| (user, orgs)))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let each: BTreeSet<&str> = orgs.iter().flat_map(|(_, orgs)| orgs).map(String::as_str).collect();
    let owners = holders(api, each.into_iter().map(|org| (org, Role::Owner))).await?;
    let owners: BTreeMap<&str, BTreeSet<String>> = owners.into_iter().map(|(org, _, owners)| (org, owners)).collect();
    let role = |org: &str, user: &str| {
        let owns = owners.get(org)?.contains(user);
        Some((org.to_owned(), if owns { Role::Owner } else { Role::Member }))
    };
    let roles = orgs.iter().map(|(user, orgs)| (user.clone(), orgs.iter().filter_map(|org| role(org, user)).collect()));
    Ok(roles.collect())
}

/// The IDs of all orgs that a user has a role in. The offset counts memberships in other things than orgs too (influxd
/// 2.9.1, measured), so that pages repeat rows.
async fn orgs_of(api: &Client, user: &str) -> Result<BTreeSet<String>, ApiError> {
    let rows = repeating(api, ORGS, &[("userID", user)], |page: Orgs| page.orgs).await?;
    Ok(rows.into_iter().map(|org| org.id).collect())
}

/// Who has each role in each org (IDs); an org that has gone since it was listed is left out.
async fn holders<'a>(
    api: &Client,
    asked: impl Iterator<Item = (&'a str, Role)>,
) -> Result<Vec<(&'a str, Role, BTreeSet<String>)>, ApiError> {
    let lists: Vec<_> = stream::iter(asked)
        .map(async |(org, role)| match api.get::<Holders>(&role.path(org), &[]).await {
            // An org that is listed can be read.
            Err(error) if error.status == Some(404) => Ok(None),
            holders => {
                holders.map(|holders| Some((org, role, holders.users.into_iter().map(|user| user.id).collect())))
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(lists.into_iter().flatten().collect())
}

/// Puts what `roles` says into the object's fields.
pub(super) fn set_roles(object: &mut Object, roles: &Roles) {
    for role in ROLES {
        let orgs = roles.iter().filter(|(_, has)| **has == role);
        object.fields.set(role.field(), Value::Refs(orgs.map(|(org, _)| Ref::Id(Kind::Org, org.clone())).collect()));
    }
}

/// The roles that the live fields show; none if they have not been read.
pub(super) fn live_roles(object: &Object) -> Option<Roles> {
    let mut roles = BTreeMap::new();
    for role in ROLES {
        object.fields.get(role.field())?;
        let orgs = live::ids_in(&object.fields, role.field());
        roles.extend(orgs.into_iter().map(|org| (org.to_owned(), role)));
    }
    Some(roles)
}

/// The roles that are wanted, where the fields `changed` say something new. The others keep what they have, unless a
/// changed one takes the org.
pub(super) fn wanted_roles(
    live: &Roles,
    desired: &Desired<'_>,
    changed: impl Fn(&str) -> bool,
) -> Result<Roles, ApiError> {
    // What is changed and not written loses no more than what the other one gets.
    let says = |role: Role| changed(role.field()) && desired.fields.get(role.field()).is_some();
    let mut wanted = live.clone();
    wanted.retain(|_, role| !says(*role));
    for role in ROLES.into_iter().filter(|role| says(*role)) {
        let orgs = desired.set(role.field())?.into_iter().flatten();
        wanted.extend(orgs.map(|org| (org.to_owned(), role)));
    }
    Ok(wanted)
}

/// Gives and takes what makes the roles `live` into `wanted`.
pub(super) async fn bring(api: &Writer, user: &str, live: &Roles, wanted: &Roles) -> Result<(), ApiError> {
    let orgs: BTreeSet<_> = live.keys().chain(wanted.keys()).collect();
    for org in orgs {
        let (has, wants) = (live.get(org), wanted.get(org));
        if has == wants {
            continue;
        }
        if let Some(has) = has {
            live::delete(api, &format!("{}/{user}", has.path(org))).await?;
        }
        if let Some(wants) = wants {
            let path = wants.path(org);
            let body = Id { id: user.to_owned() };
            match api.post_only(&path, &body).await {
                // It has a role, which one is not said: the DELETE takes either (influxd 2.9.1, measured).
                Err(error) if error.class == Class::Conflict => {
                    live::delete(api, &format!("{path}/{user}")).await?;
                    api.post_only(&path, &body).await?;
                }
                done => done?,
            }
        }
    }
    Ok(())
}
