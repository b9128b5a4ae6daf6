//! Users other than the run's whose objects would be changed or deleted: influxd asks for a right on the user that an object acts as.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::address::Address;
use crate::api::sight::{self, Lack};
use crate::api::{ApiError, Class, Client, Permission};
use crate::diff::{Change, Reason};
use crate::field::{Role, Type};
use crate::kind::{Kind, Object};
use crate::snapshot::{Server, Snapshot};

/// Another user than the run's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The user's name, if the token may read it.
    pub name: Option<String>,
    /// Why it is not proven that the token may write the user; none where it may.
    pub lack: Option<Lack>,
}

#[derive(Deserialize)]
struct Row {
    name: String,
}

/// The objects that `change` changes or deletes and that act as a user.
pub fn acting<'a>(change: &'a Change, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a Object> {
    let kind = change.address.kind;
    change.touched().filter_map(move |id| snapshot.object(kind, id).filter(|_| kind.spec().acts_as_user))
}

/// The users other than the run's that the objects act as which `changes` change or delete, by ID.
///
/// # Errors
/// The server's.
pub async fn strangers(
    client: &Client,
    server: &Server,
    changes: &[Change],
    snapshot: &Snapshot,
) -> Result<BTreeMap<String, Stranger>, ApiError> {
    let users = changes.iter().flat_map(|change| {
        let kind = change
            .address
            .kind
            .with(Role::Actor)
            .and_then(|field| if let Type::Ref(kind) = field.ty { Some(kind) } else { None });
        acting(change, snapshot).filter_map(move |object| Some((kind?, object.user.as_deref()?)))
    });
    let users: BTreeSet<(Kind, &str)> = users.filter(|(_, user)| *user != snapshot.me).collect();
    let (Some(home), false) = (&server.home, users.is_empty()) else { return Ok(BTreeMap::new()) };
    let writes = |(kind, user): &(Kind, &str)| Permission::new("write", kind.spec().ty, None, Some(user));
    let asked: BTreeSet<Permission> = users.iter().map(writes).collect();
    let lacks = if snapshot.own_token.only_reads {
        asked.into_iter().map(|write| (write.clone(), Some(Lack::Permission(write.to_string())))).collect()
    } else {
        let me = server.me(client).await?;
        sight::lacks(client, &server.version, home, &me, asked, server.token_id.as_deref()).await?
    };
    let mut strangers = BTreeMap::new();
    for user in &users {
        let lack = lacks.get(&writes(user)).cloned().flatten();
        let (kind, id) = user;
        let name = match snapshot.object(*kind, id) {
            Some(object) => Some(object.name.clone()),
            None => name(client, *kind, id).await?,
        };
        strangers.insert((*id).to_owned(), Stranger { name, lack });
    }
    Ok(strangers)
}

/// The users as whom ran what `changes` make anew because these may no longer run anything: by change, the ID of each, and the name
/// where there is such a user and the token may read it.
///
/// # Errors
/// The server's.
pub async fn creators(
    client: &Client,
    changes: &[Change],
    snapshot: &Snapshot,
) -> Result<BTreeMap<Address, (String, Option<String>)>, ApiError> {
    let (mut names, mut creators) = (BTreeMap::<&str, Option<String>>::new(), BTreeMap::new());
    let Some(users) = Kind::ALL.iter().copied().find(|kind| kind.with(Role::Owns).is_some()) else {
        return Ok(creators);
    };
    for change in changes.iter().filter(|change| change.reason == Reason::CreatorGone) {
        let object = change.object.as_ref().and_then(|object| snapshot.object(change.address.kind, &object.id));
        let Some(user) = object.and_then(|object| object.user.as_deref()) else { continue };
        if !names.contains_key(user) {
            names.insert(user, name(client, users, user).await?);
        }
        creators.insert(change.address.clone(), (user.to_owned(), names[user].clone()));
    }
    Ok(creators)
}

async fn name(client: &Client, kind: Kind, id: &str) -> Result<Option<String>, ApiError> {
    match client.get::<Row>(&format!("/api/v2/{}/{id}", kind.spec().ty), &[]).await {
        Ok(row) => Ok(Some(row.name)),
        Err(error) if matches!(error.class, Class::Denied | Class::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
