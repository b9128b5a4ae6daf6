//! Users.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::Kind;
use super::live::{self, Made, Object, Presence, Want};
use super::spec::{Delete, Draft, Fault, Key, Place, Spec};
use crate::api::{ApiError, Class, Client, Writer, by_offset};
use crate::field::{Compared, Field, Omitted, Shape};
use crate::value::{Ref, Value};

pub(super) static SPEC: Spec = Spec {
    doc: "A user of the server.",
    ty: "users",
    key: Key::Name { folded: false },
    place: Place::Server,
    fields: &[
        Field::text("name", Omitted::Key, "The name, unique on the server."),
        Field::text("status", Omitted::Default("active"), "Whether the user may do anything.")
            .shaped(Shape::Choice(&["active", "inactive"])),
        Field::text("password", Omitted::Theirs, "Where the password comes from; 8 to 72 bytes. Set when the user is created and when `password_version` changes.")
            .shaped(Shape::Source)
            .compared(Compared::Never),
        Field::text("password_version", Omitted::Theirs, "Count it up to set the password again.")
            .shaped(Shape::Integer)
            .compared(Compared::Ledger),
        Field::text("member_of", Omitted::Theirs, "All orgs that the user is a member of.").shaped(Shape::Refs(Kind::Org)),
        Field::text("owner_of", Omitted::Theirs, "All orgs that the user owns.").shaped(Shape::Refs(Kind::Org)),
    ],
    check,
    replace: Delete::First,
    delete_rank: 80,
    serial: false,
    holds_data: false,
    keeps_for: None,
    delivers: false,
    runs_as_creator: false,
};

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let fields = &draft.fields;
    if fields.text("name").is_some_and(str::is_empty) {
        faults.push(Fault::new("user::name", "name", "a user's name cannot be empty", "empty"));
    }
    if fields.get("password_version").is_some() && fields.get("password").is_none() {
        let message = "`password_version` says when to set the password again, and there is no `password`";
        faults.push(Fault::new("user::password", "password_version", message, "without a password"));
    }
    if let (Some(Value::Refs(member)), Some(Value::Refs(owner))) = (fields.get("member_of"), fields.get("owner_of"))
        && let Some(org) = member.intersection(owner).next()
    {
        let message = format!("a user has one role in an org, and two in {org}");
        faults.push(Fault::new("user::roles", "member_of", message, "member here").other("owner_of"));
    }
}

/// Users on a server.
pub(super) struct Live;

const USERS: &str = "/api/v2/users";
const ORGS: &str = "/api/v2/orgs";
const ROLES: [Role; 2] = [Role::Member, Role::Owner];
/// How many requests for the members of orgs run at once.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
struct Page {
    users: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: String,
    #[serde(default)]
    status: String,
}

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

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
}

#[derive(Serialize)]
struct Password<'a> {
    password: &'a str,
}

/// What a user is in an org. The server keeps one role for each user and org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Member,
    Owner,
}

impl Role {
    fn field(self) -> &'static str {
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

/// The role in each org, for each user, in all orgs that the token sees.
async fn roles(api: &Client) -> Result<BTreeMap<String, BTreeMap<String, Role>>, ApiError> {
    let orgs = by_offset(api, ORGS, &[], |page: Orgs| page.orgs, |org: &Id| &org.id).await?;
    let asked = orgs.iter().flat_map(|org| ROLES.map(|role| (&org.id, role)));
    let lists: Vec<_> = stream::iter(asked)
        .map(async |(org, role)| match api.get::<Holders>(&role.path(org), &[]).await {
            // An org that is listed can be read: it has gone since.
            Err(error) if error.status == Some(404) => Ok((org, role, Holders { users: Vec::new() })),
            holders => holders.map(|holders| (org, role, holders)),
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let mut all: BTreeMap<String, BTreeMap<String, Role>> = BTreeMap::new();
    for (org, role, holders) in lists {
        for user in holders.users {
            all.entry(user.id).or_default().insert(org.clone(), role);
        }
    }
    Ok(all)
}

impl Row {
    fn object(self) -> Object {
        let fields = [("name", Value::Text(self.name.clone())), ("status", Value::Text(self.status))];
        Object {
            id: self.id,
            org: None,
            name: self.name,
            created: None,
            fields: fields.into_iter().collect(),
            system: false,
            user: None,
        }
    }
}

fn set_roles(object: &mut Object, roles: &BTreeMap<String, Role>) {
    for role in ROLES {
        let orgs = roles.iter().filter(|(_, has)| **has == role);
        object.fields.set(role.field(), Value::Refs(orgs.map(|(org, _)| Ref::Id(Kind::Org, org.clone())).collect()));
    }
}

/// The roles that the live fields show; none if they have not been read.
fn live_roles(object: &Object) -> Option<BTreeMap<String, Role>> {
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
fn wanted_roles(
    live: &BTreeMap<String, Role>,
    want: &Want<'_>,
    changed: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, Role>, ApiError> {
    let mut wanted = live.clone();
    wanted.retain(|_, role| !changed(role.field()));
    for role in ROLES.into_iter().filter(|role| changed(role.field())) {
        let orgs = want.set(role.field())?.into_iter().flatten();
        wanted.extend(orgs.map(|org| (org.to_owned(), role)));
    }
    Ok(wanted)
}

/// Gives and takes what makes the roles `live` into `wanted`.
async fn bring(
    api: &Writer,
    user: &str,
    live: &BTreeMap<String, Role>,
    wanted: &BTreeMap<String, Role>,
) -> Result<(), ApiError> {
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

async fn set_password(api: &Writer, user: &str, want: &Want<'_>) -> Result<(), ApiError> {
    let Some(password) = want.password else { return Ok(()) };
    api.post_only(&format!("{USERS}/{user}/password"), &Password { password: password.expose_secret() }).await
}

impl live::Live for Live {
    async fn list(api: &Client, _: &[&str], fields: &(dyn Fn(&str) -> bool + Sync)) -> Result<Vec<Object>, ApiError> {
        let rows = by_offset(api, USERS, &[], |page: Page| page.users, |row: &Row| &row.id).await?;
        let mut objects: Vec<_> = rows.into_iter().map(Row::object).collect();
        if ROLES.iter().any(|role| fields(role.field())) {
            let roles = roles(api).await?;
            for object in &mut objects {
                set_roles(object, roles.get(&object.id).unwrap_or(&BTreeMap::new()));
            }
        }
        Ok(objects)
    }

    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError> {
        Presence::of_guarded(api.get(&format!("{USERS}/{id}"), &[]).await.map(Row::object))
    }

    async fn create(api: &Writer, want: &Want<'_>) -> Result<Made, ApiError> {
        let none = BTreeMap::new();
        let wanted = wanted_roles(&none, want, |_| true)?;
        let body = Body { name: want.text("name"), status: want.text("status") };
        let mut object = api.post::<_, Row>(USERS, &body).await?.object();
        set_password(api, &object.id, want).await.map_err(live::made)?;
        bring(api, &object.id, &none, &wanted).await.map_err(live::made)?;
        set_roles(&mut object, &wanted);
        Ok(Made { object, secret: None })
    }

    async fn update(api: &Writer, live: &Object, want: &Want<'_>, changed: &[&'static str]) -> Result<(), ApiError> {
        let text = |field| want.text(field).filter(|_| changed.contains(&field));
        let body = Body { name: text("name"), status: text("status") };
        if body.name.is_some() || body.status.is_some() {
            api.patch::<_, Row>(&format!("{USERS}/{}", live.id), &body).await?;
        }
        if changed.contains(&"password_version") {
            set_password(api, &live.id, want).await?;
        }
        if ROLES.iter().any(|role| changed.contains(&role.field())) {
            let has = match live_roles(live) {
                Some(has) => has,
                None => roles(api).await?.remove(&live.id).unwrap_or_default(),
            };
            let wanted = wanted_roles(&has, want, |field| changed.contains(&field))?;
            bring(api, &live.id, &has, &wanted).await?;
        }
        Ok(())
    }

    async fn delete(api: &Writer, id: &str) -> Result<(), ApiError> {
        live::delete(api, &format!("{USERS}/{id}")).await
    }
}
