//! What goes along with orgs, users and buckets that are deleted: the server asks nobody about it (protocol, section 6).

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Along, Gone};
use crate::api::sight::{self, Proof};
use crate::api::{ApiError, Client, Me};
use crate::diff::{Change, Target};
use crate::field::{Role, Type};
use crate::kind::{Kind, Level, Object, ReadScope, Standing};
use crate::snapshot::Server;
use crate::value::{Ref, Value};

/// Orgs, or users, that are asked about at once.
const AT_ONCE: usize = 8;

/// What lives in the orgs that go, what acts as the users that go, and what goes with other objects.
#[derive(Default)]
pub(super) struct Bound {
    /// By org (ID): every object in it.
    inside: BTreeMap<String, Vec<(Kind, Object)>>,
    /// By user (ID): what acts as it.
    acting: BTreeMap<String, Vec<(Kind, Object)>>,
    /// By what it goes with: such objects as the server deletes with it.
    hosted: BTreeMap<(Kind, String), Vec<(Kind, Object)>>,
    /// By org: the kinds of which the token may not see everything.
    unseen: BTreeMap<String, BTreeSet<Kind>>,
    /// The kinds of what acts or runs as users, in whatever org, of which the token may not see everything.
    unseen_acting: BTreeSet<Kind>,
}

/// Reads what is bound to the objects that `changes` delete.
///
/// # Errors
/// The server's.
pub(super) async fn read(client: &Client, server: &Server, changes: &[Change]) -> Result<Bound, ApiError> {
    let gone = super::gone(changes);
    let mut bound = Bound { hosted: hosted(client, changes).await?, ..Bound::default() };
    let orgs: Vec<&str> = gone.iter().filter(|(kind, _)| *kind == Kind::HOME).map(|(_, id)| *id).collect();
    let users: Vec<&str> = gone.iter().filter(|(kind, _)| kind.with(Role::Owns).is_some()).map(|(_, id)| *id).collect();
    if orgs.is_empty() && users.is_empty() {
        return Ok(bound);
    }
    let me = server.me(client).await?;
    if !orgs.is_empty() {
        for kind in of_level(Level::Org) {
            for object in kind.list(client, &orgs, ReadScope::NOTHING).await? {
                bound.inside.entry(object.org.clone().unwrap_or_default()).or_default().push((kind, object));
            }
        }
        let kinds: Vec<Kind> = of_level(Level::Org).collect();
        let asked = stream::iter(&orgs)
            .map(async |org| unseen(client, server, &me, org, &kinds).await.map(|unseen| ((*org).to_owned(), unseen)));
        bound.unseen = asked.buffer_unordered(AT_ONCE).try_collect().await?;
    }
    if !users.is_empty() {
        for kind in of_level(Level::Org).filter(|kind| kind.spec().acts_as_user) {
            let asked = stream::iter(&users)
                .map(async |user| kind.acting_as(client, user).await.map(|objects| ((*user).to_owned(), objects)));
            for (user, objects) in asked.buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await? {
                bound.acting.entry(user).or_default().extend(objects.into_iter().map(|object| (kind, object)));
            }
        }
        bound.unseen_acting = unseen_anywhere(client, server, &me).await?;
    }
    Ok(bound)
}

/// Of the kinds whose objects go with others: those in the orgs of what `changes` delete. Who may read what they go with sees them.
async fn hosted(
    client: &Client,
    changes: &[Change],
) -> Result<BTreeMap<(Kind, String), Vec<(Kind, Object)>>, ApiError> {
    let mut hosted: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (kind, host) in Kind::ALL.iter().filter_map(|kind| Some((*kind, kind.with(Role::Host)?))) {
        let removed =
            changes.iter().filter(|change| change.action.removes() && host.ty == Type::Ref(change.address.kind));
        let orgs: BTreeSet<&str> = removed.filter_map(|change| change.object.as_ref()?.org.as_deref()).collect();
        if orgs.is_empty() {
            continue;
        }
        let orgs: Vec<&str> = orgs.into_iter().collect();
        for object in kind.list(client, &orgs, ReadScope::NOTHING).await? {
            if let Some(Value::Ref(Ref::Id(of, id))) = object.fields.get(host.name) {
                hosted.entry((*of, id.clone())).or_default().push((kind, object));
            }
        }
    }
    Ok(hosted)
}

fn of_level(level: Level) -> impl Iterator<Item = Kind> {
    Kind::ALL.iter().copied().filter(move |kind| kind.spec().level == level)
}

/// The kinds of what acts or runs as a user of which it is not proven that the token sees everything on the server: what a
/// user has may be in any org.
async fn unseen_anywhere(client: &Client, server: &Server, me: &Me) -> Result<BTreeSet<Kind>, ApiError> {
    let bound = |kind: &Kind| kind.spec().acts_as_user || kind.spec().runs_as_creator;
    let kinds: Vec<Kind> = Kind::ALL.iter().copied().filter(bound).collect();
    let Some(home) = &server.home else { return Ok(kinds.into_iter().collect()) };
    let types: Vec<&str> = kinds.iter().map(|kind| kind.spec().ty).collect();
    let (version, token) = (&server.version, server.token_id.as_deref());
    let proof = sight::sight_everywhere(client, version, home, me, &types, token).await?;
    Ok(hidden(&proof, kinds))
}

/// Those of `kinds` of which it is not proven that the token sees everything.
fn hidden(proof: &Proof, kinds: impl IntoIterator<Item = Kind>) -> BTreeSet<Kind> {
    let seen = |kind: &Kind| proof.sees.get(kind.spec().ty).copied().unwrap_or(false);
    kinds.into_iter().filter(|kind| !seen(kind)).collect()
}

/// Those of `kinds` of which it is not proven that the token sees everything in the org.
pub(super) async fn unseen(
    client: &Client,
    server: &Server,
    me: &Me,
    org: &str,
    kinds: &[Kind],
) -> Result<BTreeSet<Kind>, ApiError> {
    let types: Vec<&str> = kinds.iter().map(|kind| kind.spec().ty).collect();
    let proof = sight::sight(client, &server.version, org, me, &types, server.token_id.as_deref()).await?;
    Ok(hidden(&proof, kinds.iter().copied()))
}

impl Bound {
    /// The objects in the org `id` that hold data.
    pub(super) fn data_in(&self, id: &str) -> impl Iterator<Item = &Object> {
        let inside = self.inside.get(id).into_iter().flatten();
        let is_log = |kind: Kind, object: &Object| {
            object.standing == Standing::System && kind.spec().logs.contains(&object.name.as_str())
        };
        inside.filter(move |(kind, object)| kind.spec().holds_data && !is_log(*kind, object)).map(|(_, object)| object)
    }

    /// What goes along with the object `id` of `kind`, but for what is `gone` anyway, and the kinds of which there may be
    /// more.
    pub(super) fn along(&self, kind: Kind, id: &str, gone: &Gone<'_>) -> (Vec<Along>, BTreeSet<Kind>) {
        let (objects, unseen) = if kind == Kind::HOME {
            (self.inside.get(id), self.unseen.get(id))
        } else if kind.with(Role::Owns).is_some() {
            (self.acting.get(id), Some(&self.unseen_acting))
        } else {
            (self.hosted.get(&(kind, id.to_owned())), None)
        };
        let others = objects.into_iter().flatten().filter(|(kind, object)| {
            // The server makes its own anew for each org. Another project's ledger is a loss.
            let with_its_org =
                || object.org.as_deref().is_some_and(|org| org != id && gone.contains(&(Kind::HOME, org)));
            object.standing != Standing::System && !gone.contains(&(*kind, object.id.as_str())) && !with_its_org()
        });
        let along = |(kind, object): &(Kind, Object)| {
            let Object { id, org, name, .. } = object.clone();
            Along { kind: *kind, object: Target { id, org, name } }
        };
        (others.map(along).collect(), unseen.cloned().unwrap_or_default())
    }
}
