//! Reads and writes objects by the table of their kind: which key of the server's JSON holds which field.

mod reply;

use futures::future::try_join_all;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::live::{Desired, Edit, Live, Made, Object, Presence};
use super::{Identity, Kind, Level, label};
use crate::api::{ApiError, Client, Writer, after, by_offset, whole};
use crate::field::{Field, Held, Role};
use crate::value::Value;
use reply::{Item, New, One, Page};

pub(super) use reply::{Row, object};

const ID: &str = "id";
const ORG: &str = "orgID";
const CREATED: &str = "createdAt";

/// How the objects of a kind come and go, beside its fields.
pub(super) struct Wire {
    /// The kind.
    pub(super) kind: Kind,
    /// The path of the collection.
    pub(super) path: &'static str,
    /// The key of the rows in the reply to a list.
    pub(super) rows: &'static str,
    /// The key of the object in a reply that is about one; none where the reply is the object.
    pub(super) one: Option<&'static str>,
    /// Whether the reply to the request that makes an object is the object all the same.
    pub(super) made_bare: bool,
    /// How the list is walked.
    pub(super) pages: Pages,
    /// Whether IDs hold the time when they were given out.
    pub(super) timed: bool,
    /// Whether the server asks for permission before it looks, so that a refusal says nothing.
    pub(super) guarded: bool,
    /// The key of the user that an object runs or acts as.
    pub(super) user: Option<&'static str>,
    /// The keys that [`Live::read`] needs besides those of the fields.
    pub(super) also: &'static [&'static str],
    /// Whether an update resets what it leaves out.
    pub(super) resets: bool,
    /// Whether lists keep each row beside the object that is read of it.
    pub(super) keeps_rows: bool,
}

/// How a list is walked.
#[derive(Clone, Copy)]
pub(super) enum Pages {
    /// It comes whole.
    Whole,
    /// By offset.
    Offset,
    /// By the ID of the last row.
    After,
}

/// What is sent.
pub(super) type Body = Map<String, Json>;

impl Wire {
    /// A kind with nothing special: the list comes whole, and replies are the object.
    pub(super) const fn new(kind: Kind, path: &'static str, rows: &'static str) -> Self {
        Self {
            kind,
            path,
            rows,
            one: None,
            made_bare: false,
            pages: Pages::Whole,
            timed: true,
            guarded: false,
            user: None,
            also: &[],
            resets: false,
            keeps_rows: false,
        }
    }

    /// The path of one object, which says also in which org it is where that is part of its ID.
    pub(super) fn at(&self, id: &str) -> String {
        let at = format!("{}/{}", self.path, self.kind.own_id(id));
        match (self.kind.spec().identity, id.split_once('/')) {
            (Identity::OrgAndId, Some((org, _))) => format!("{at}?{ORG}={org}"),
            _ => at,
        }
    }

    /// `key` if something is read from it.
    fn known(&self, key: &str) -> Option<&'static str> {
        let fields = self.kind.spec().fields.iter().filter_map(Field::key);
        let others = [ORG, CREATED].into_iter().chain(self.user).chain(self.also.iter().copied());
        fields.chain(others).find(|known| *known == key)
    }
}

/// All objects, in the orgs `orgs` where the kind lives in orgs.
pub(super) async fn list<L: Live>(api: &Client, orgs: &[&str]) -> Result<Vec<Object>, ApiError> {
    let lists = match L::WIRE.kind.spec().level {
        Level::Server => vec![walk::<L>(api, &[]).await?],
        Level::Org => try_join_all(orgs.iter().map(async |org| walk::<L>(api, &[(ORG, org)]).await)).await?,
    };
    Ok(lists.into_iter().flatten().collect())
}

/// The objects of the user `id` in whatever org, of a kind whose list takes the key of the user as a filter.
pub(super) async fn of_user<L: Live>(api: &Client, id: &str) -> Result<Vec<Object>, ApiError> {
    let Some(key) = L::WIRE.user else { return Ok(Vec::new()) };
    walk::<L>(api, &[(key, id)]).await
}

/// All objects in `orgs`, each with its row, of a kind that keeps these.
pub(super) async fn list_with_rows<L: Live>(api: &Client, orgs: &[&str]) -> Result<Vec<(Object, String)>, ApiError> {
    let lists = try_join_all(orgs.iter().map(async |org| items::<L>(api, &[(ORG, org)]).await)).await?;
    let with_row = |Item(object, row, _): Item<L>| (object, row.unwrap_or_default());
    Ok(lists.into_iter().flatten().map(with_row).collect())
}

/// All objects in the list that is asked for with `query`.
pub(super) async fn walk<L: Live>(api: &Client, query: &[(&str, &str)]) -> Result<Vec<Object>, ApiError> {
    Ok(items::<L>(api, query).await?.into_iter().map(|Item(object, ..)| object).collect())
}

async fn items<L: Live>(api: &Client, query: &[(&str, &str)]) -> Result<Vec<Item<L>>, ApiError> {
    fn id<L>(row: &Item<L>) -> &str {
        &row.0.id
    }
    let rows = |page: Page<L>| page.0;
    match L::WIRE.pages {
        Pages::Whole => whole(api, L::WIRE.path, query, rows).await,
        Pages::Offset => by_offset(api, L::WIRE.path, query, rows, id::<L>).await,
        Pages::After => after(api, L::WIRE.path, query, rows, id::<L>).await,
    }
}

/// The object with the ID `id`.
pub(super) async fn get<L: Live>(api: &Client, id: &str) -> Result<Object, ApiError> {
    api.get(&L::WIRE.at(id), &[]).await.map(|One::<L>(Item(object, ..))| object)
}

/// What asking for it shows.
pub(super) async fn find<L: Live>(api: &Client, id: &str) -> Result<Presence, ApiError> {
    find_with::<L>(api, id, &[]).await
}

/// The same, asked for with `query`.
pub(super) async fn find_with<L: Live>(api: &Client, id: &str, query: &[(&str, &str)]) -> Result<Presence, ApiError> {
    let reply = api.get(&L::WIRE.at(id), query).await.map(|One::<L>(Item(object, ..))| object);
    if L::WIRE.guarded { Presence::of_guarded(reply) } else { Presence::of(reply) }
}

/// Makes an object with one request.
pub(super) async fn create<L: Live>(api: &Writer, desired: &Desired<'_>) -> Result<Made, ApiError> {
    let rest = L::rest(desired)?;
    let body = body::<L>(&Edit { desired, live: None, changed: &|_| true })?;
    let made = api.create(L::WIRE.path, &body).await;
    let New::<L>(Item(object, ..)) = made.map_err(|error| L::explain(error, &body))?;
    Ok(Made { rest, ..Made::new(L::WIRE.kind, L::WIRE.path, object, desired)? })
}

/// Brings the fields `changed` that one request sets to what is wanted, and the labels.
pub(super) async fn update<L: Live>(
    api: &Writer,
    live: &Object,
    desired: &Desired<'_>,
    changed: &[&'static str],
) -> Result<(), ApiError> {
    patch::<L, One<L>>(api, live, desired, changed, Body::new()).await.map(drop)
}

/// The same with what is sent `also`, unless a field says it; gives the reply, none where nothing was sent.
pub(super) async fn patch<L: Live, T: DeserializeOwned>(
    api: &Writer,
    live: &Object,
    desired: &Desired<'_>,
    changed: &[&'static str],
    also: Body,
) -> Result<Option<T>, ApiError> {
    let path = L::WIRE.at(&live.id);
    let mut body = also;
    body.extend(self::body::<L>(&Edit { desired, live: Some(live), changed: &|field| changed.contains(&field) })?);
    let mut reply = None;
    if !body.is_empty() {
        reply = Some(api.patch(&path, &body).await.map_err(|error| L::explain(error, &body))?);
    }
    label::attach_changed(api, &path, live, desired, changed).await?;
    Ok(reply)
}

/// The same where the server only replaces: sends back all that it has, with that, and with what `edit` makes of it.
pub(super) async fn put<L: Live>(
    api: &Writer,
    live: &Object,
    desired: &Desired<'_>,
    changed: &[&'static str],
    edit: impl FnOnce(&mut Body),
) -> Result<(), ApiError> {
    let path = L::WIRE.at(&live.id);
    if let Some((_, mut all)) = replacement::<L>(api, live, desired, changed).await? {
        edit(&mut all);
        replace::<L>(api, &path, &all).await?;
    }
    label::attach_changed(api, &path, live, desired, changed).await
}

/// All that the server has of the object `live`, and the same with the fields `changed` as they are wanted; none where nothing of
/// that is sent.
pub(super) async fn replacement<L: Live>(
    api: &Writer,
    live: &Object,
    desired: &Desired<'_>,
    changed: &[&'static str],
) -> Result<Option<(Body, Body)>, ApiError> {
    let body = body::<L>(&Edit { desired, live: Some(live), changed: &|field| changed.contains(&field) })?;
    if body.is_empty() {
        return Ok(None);
    }
    let before: Body = api.get(&L::WIRE.at(&live.id), &[]).await?;
    let mut all = before.clone();
    all.extend(body);
    Ok(Some((before, all)))
}

/// Makes the object at `path` what `all` says.
pub(super) async fn replace<L: Live>(api: &Writer, path: &str, all: &Body) -> Result<(), ApiError> {
    api.put::<_, One<L>>(path, all).await.map(drop).map_err(|error| L::explain(error, all))
}

/// The key of the server's JSON that has `field` of a table.
pub(super) const fn key(field: &Field) -> &'static str {
    if let Held::At(key) = field.held { key } else { field.name }
}

/// A value as it is sent; none for what the kind itself sends.
fn json(value: &Value, desired: &Desired<'_>) -> Result<Option<Json>, ApiError> {
    Ok(Some(match value {
        Value::Text(text) => text.as_str().into(),
        Value::Script(script) => return Ok(script.source().map(Json::from)),
        Value::Integer(number) => (*number).into(),
        Value::Bool(yes) => (*yes).into(),
        Value::Map(map) => map.iter().map(|(key, text)| (key.clone(), Json::from(text.as_str()))).collect(),
        Value::Ref(of) => desired.id(of)?.into(),
        Value::List(items) => {
            let items: Result<Option<Vec<Json>>, ApiError> = items.iter().map(|item| json(item, desired)).collect();
            return Ok(items?.map(Json::Array));
        }
        _ => return Ok(None),
    }))
}

/// What to send.
pub(super) fn body<L: Live>(edit: &Edit<'_>) -> Result<Body, ApiError> {
    let Edit { desired, live, changed } = *edit;
    let Wire { kind, resets, .. } = L::WIRE;
    let mut body = Body::new();
    if live.is_none() && kind.spec().level == Level::Org {
        body.insert(ORG.to_owned(), desired.org.into());
    }
    let columns = kind.spec().fields.iter().filter(|field| !matches!(field.role, Role::Org | Role::Labels));
    let columns: Vec<_> = columns.filter_map(|field| Some((field.name, field.key()?))).collect();
    let touched = columns.iter().any(|(field, _)| changed(field));
    for (field, key) in columns {
        let kept = live.filter(|_| resets && touched).and_then(|live| live.fields.get(field));
        let value = desired.fields.get(field).filter(|_| changed(field)).or(kept);
        if let Some(json) = value.map(|value| json(value, desired)).transpose()?.flatten() {
            body.insert(key.to_owned(), json);
        }
    }
    L::write(edit, &mut body)?;
    Ok(body)
}
