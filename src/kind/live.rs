//! What a kind does with a server: the same few verbs for each.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::address::Address;
use crate::api::{ApiError, Class, Client, Writer};
pub use crate::kind::presence::{Holder, Presence};
use crate::kind::wire::{self, Body, Row, Wire};
use crate::kind::{Kept, Kind, Level, NaturalKey, label};
use crate::secret::Secret;
use crate::snowflake::{is_id, shown};
use crate::value::{Fields, Ref, Value};

/// One thing that exists on the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its ID, in the form of its kind (see [`Kind::is_id`]).
    pub id: String,
    /// The ID of the org it lives in; none for orgs and users.
    pub org: Option<String>,
    /// Its name (a token's description).
    pub name: String,
    /// The server's creation time (RFC 3339), where it keeps one.
    pub created: Option<String>,
    /// Its fields; references are `Ref::Id`, permissions of one object are `Scope::Bare`.
    pub fields: Fields,
    /// Whose it may be.
    pub standing: Standing,
    /// The ID of the user it runs as (tasks) or acts as (tokens).
    pub user: Option<String>,
}

/// Whose an object may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Anybody's.
    #[default]
    Ordinary,
    /// The server's own, like `_monitoring`: it can be referred to, and is never managed.
    System,
    /// A record that projects keep of themselves, a ledger or a lock: no resource has to do with it.
    Record,
}

/// A field that no table has, of an object that is not read whole: InfluxDB's name of the type that the token may not read.
pub(super) const UNREAD: &str = "(unread)";

/// A field that no table has: what a task runs that no list has.
pub(super) const RUNS: &str = "(runs)";

impl Object {
    /// InfluxDB's name of the type that the token may not read, where a part of the object is kept in one.
    pub fn unread(&self) -> Option<&str> {
        self.fields.text(UNREAD)
    }

    /// What it runs, where it is a part of that: such as the check behind which a task is.
    pub fn runs(&self) -> Option<&str> {
        self.fields.text(RUNS)
    }

    /// Whether no project ever manages it.
    pub fn never_managed(&self) -> bool {
        self.standing != Standing::Ordinary
    }
}

/// The IDs that stand behind addresses during an apply.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    /// The home org's ID.
    pub home: String,
    /// ID and org of each resource that exists.
    pub objects: BTreeMap<Address, (String, Option<String>)>,
    /// The org of objects that no resource stands for, where one is known.
    pub orgs: BTreeMap<(Kind, String), String>,
}

impl Ids {
    /// The ID of `of`; none while it does not exist.
    pub fn id<'a>(&'a self, of: &'a Ref) -> Option<&'a str> {
        match of {
            Ref::Home => Some(&self.home),
            Ref::Id(_, id) => Some(id),
            Ref::To(address) => self.objects.get(address).map(|(id, _)| id.as_str()),
        }
    }

    /// The ID of the org that `of` lives in; none for orgs, users, and where it is not known.
    pub fn org(&self, of: &Ref) -> Option<&str> {
        match of {
            Ref::Home => None,
            Ref::Id(kind, id) => self.orgs.get(&(*kind, id.clone())).map(String::as_str),
            Ref::To(address) => self.objects.get(address).and_then(|(_, org)| org.as_deref()),
        }
    }
}

/// What a list is asked for beyond what its reply has, such as the members of orgs: that takes further requests.
#[derive(Clone, Copy)]
pub struct ReadScope<'a> {
    /// Whether a field with this name is asked for.
    pub field: &'a (dyn Fn(&str) -> bool + Sync),
    /// Whether such fields are asked for of the object with this ID and this name.
    pub object: &'a (dyn Fn(&str, &str) -> bool + Sync),
}

impl ReadScope<'static> {
    /// What the reply has will do.
    pub const NOTHING: Self = Self { field: &|_| false, object: &|_, _| false };
}

/// What an object is to become.
#[derive(Debug)]
pub struct Desired<'a> {
    /// The fields that hold for it.
    pub fields: &'a Fields,
    /// The ID of the org it lives in; empty for orgs and users.
    pub org: &'a str,
    /// The IDs behind the references in `fields`.
    pub ids: &'a Ids,
    /// The word to put into the description until the object is finished (kinds that deliver).
    pub marker: Option<&'a str>,
    /// The secrets to set.
    pub secrets: &'a Secrets,
}

/// Secrets that one object gets, by where their sources stand: the name of a field, and in a table the way from there, as
/// `slack.token`.
pub type Secrets = BTreeMap<String, Secret>;

/// None.
pub(crate) static NO_SECRETS: Secrets = Secrets::new();

impl<'a> Desired<'a> {
    /// With these fields, without a secret and a marker.
    pub fn new(fields: &'a Fields, org: &'a str, ids: &'a Ids) -> Self {
        Self { fields, org, ids, marker: None, secrets: &NO_SECRETS }
    }

    /// The text of a text field that holds.
    pub(super) fn text(&self, field: &str) -> Option<&'a str> {
        self.fields.text(field)
    }

    /// The ID behind `of`. It is an error that nothing was sent for if there is none: what is referred to comes first.
    pub(super) fn id(&self, of: &'a Ref) -> Result<&'a str, ApiError> {
        self.ids.id(of).ok_or_else(|| ApiError::unsent(format!("{of} does not exist")))
    }

    /// The IDs of a set of objects that holds.
    pub(super) fn set(&self, field: &str) -> Result<Option<BTreeSet<&'a str>>, ApiError> {
        match self.fields.get(field) {
            Some(Value::Refs(set)) => set.iter().map(|of| self.id(of)).collect::<Result<_, _>>().map(Some),
            _ => Ok(None),
        }
    }
}

/// What a request is to bring about.
pub(super) struct Edit<'a> {
    /// What is wanted.
    pub(super) desired: &'a Desired<'a>,
    /// The object that changes; none where a new one is made.
    pub(super) live: Option<&'a Object>,
    /// Whether a field is to be sent; of a new object each is.
    pub(super) changed: &'a dyn Fn(&str) -> bool,
}

/// The error of something that was done after the object itself was made: it is there.
pub(super) fn made(error: ApiError) -> ApiError {
    ApiError { maybe_done: true, ..error }
}

/// Deletes again what a create has made, which is not what was asked for: `wrong` says why.
pub(super) async fn withdraw(api: &Writer, wire: &Wire, made: &Made, wrong: &str) -> ApiError {
    let (kind, id) = (wire.kind, &made.object.id);
    match delete(api, &wire.at(id)).await {
        Ok(()) => ApiError::unexpected("POST", wire.path, format!("{wrong}; it was deleted again")),
        Err(error) => self::made(ApiError::unexpected(
            "POST",
            wire.path,
            format!("{wrong}; delete the {kind} {id}, which could not be deleted: {error}"),
        )),
    }
}

/// Deletes what may be gone already.
pub(super) async fn delete(api: &Writer, path: &str) -> Result<(), ApiError> {
    match api.delete(path).await {
        Err(error) if error.class == Class::NotFound => Ok(()),
        done => done,
    }
}

/// The IDs in a live set of objects.
pub(super) fn ids_in<'a>(fields: &'a Fields, field: &str) -> BTreeSet<&'a str> {
    match fields.get(field) {
        Some(Value::Refs(set)) => set.iter().filter_map(Ref::bare_id).collect(),
        _ => BTreeSet::new(),
    }
}

/// What a create has made.
#[derive(Debug)]
pub struct Made {
    /// The new object, as the server echoed it.
    pub object: Object,
    /// Its secret, which exists nowhere else.
    pub secret: Option<Secret>,
    /// The fields that it is yet to be given, in this order, each with a [`Kind::update`](super::Kind::update).
    pub rest: Vec<&'static str>,
}

impl Made {
    /// The object of `kind` that the reply to a POST to `path` shows, if it is the one that was asked for: only after this
    /// may anything be done with it.
    ///
    /// # Errors
    /// One of class `NotOurs` that names the object.
    pub(super) fn new(kind: Kind, path: &str, object: Object, desired: &Desired<'_>) -> Result<Self, ApiError> {
        let name = kind.name_in(desired.fields).map(|name| name.trim().to_owned());
        // Of all kinds the server may trim names.
        let key = |name: &str| NaturalKey::<()>::of(kind, None, name.trim());
        let unmarked = desired.marker.is_some_and(|marker| super::marker(&object.name) != Some(marker));
        let wrong = if kind.spec().level == Level::Org && object.org.as_deref() != Some(desired.org) {
            let org = object.org.as_deref().unwrap_or("none");
            format!("belongs to the org with the ID `{org}` instead of {}", desired.org)
        } else if let Some(name) = name.filter(|name| key(&object.name) != key(name)) {
            format!("is named `{}` instead of `{name}`", object.name)
        } else if unmarked {
            "lacks this run's marker".to_owned()
        } else {
            return Ok(Self { object, secret: None, rest: Vec::new() });
        };
        let message = format!("the reply shows the {kind} with the ID {}, which {wrong}", object.id);
        Err(ApiError { class: Class::NotOurs, maybe_done: true, ..ApiError::unexpected("POST", path, message) })
    }
}

/// The rows of a list of `kind`, taken from the orgs `orgs`, if they can be what was asked for.
pub(super) fn sound(api: &Client, kind: Kind, orgs: &[&str], objects: Vec<Object>) -> Result<Vec<Object>, ApiError> {
    let path = kind.path();
    let wrong = |message: String| Err(ApiError::unexpected("GET", path, message));
    let mut seen = HashSet::with_capacity(objects.len());
    for object in &objects {
        if let Some(message) = unsound(kind, object) {
            return wrong(message);
        }
        let org = object.org.as_deref().unwrap_or("none");
        if kind.spec().level == Level::Org && !orgs.contains(&org) {
            let (id, asked) = (&object.id, orgs.join(", "));
            return wrong(format!(
                "the list contains the {kind} {id} of the org {org}, but was requested for the org {asked}"
            ));
        }
        if !seen.insert(object.id.as_str()) {
            return wrong(format!("the list contains the {kind} {} twice", object.id));
        }
        api.saw(path, kind.own_id(&object.id));
    }
    Ok(objects)
}

/// The reply to a GET of the object of `kind` with the ID `id`, if it is about that object.
pub(super) fn about(api: &Client, kind: Kind, id: &str, presence: Presence) -> Result<Presence, ApiError> {
    if let Presence::Found(object) = &presence {
        let collection = kind.path();
        let other = (object.id != id).then(|| format!("the reply is about the {kind} `{}`", object.id));
        if let Some(message) = other.or_else(|| unsound(kind, object)) {
            return Err(ApiError::unexpected("GET", &format!("{collection}/{id}"), message));
        }
        api.saw(collection, kind.own_id(id));
    }
    Ok(presence)
}

/// What is wrong with the IDs of an object, if anything is: they go into requests.
fn unsound(kind: Kind, object: &Object) -> Option<String> {
    let id = Some(&object.id).filter(|id| !kind.is_id(id));
    let bad = id.or(object.org.as_ref().filter(|org| !is_id(org)))?;
    let bad = shown(bad);
    Some(format!("the reply has `{bad}` as an ID ({kind} or its org), which is not an ID"))
}

/// What each kind can do with a server: by its table, but for what is said here.
pub(super) trait Live {
    /// How its objects come and go.
    const WIRE: Wire;

    /// Puts into `object` what its table does not say of `row`; an error says what is wrong with the row.
    fn read(_row: &Row, _object: &mut Object) -> Result<(), String> {
        Ok(())
    }

    /// Puts into `body` what the table does not say of a request that makes or changes an object.
    fn write(_edit: &Edit<'_>, _body: &mut Body) -> Result<(), ApiError> {
        Ok(())
    }

    /// `error` with what else is known of what was sent.
    fn explain(error: ApiError, _sent: &Body) -> ApiError {
        error
    }

    /// See [`Kind::list`](super::Kind::list).
    async fn list(api: &Client, orgs: &[&str], _: ReadScope<'_>) -> Result<Vec<Object>, ApiError>
    where
        Self: Sized,
    {
        wire::list::<Self>(api, orgs).await
    }

    /// See [`Kind::find`](super::Kind::find).
    async fn find(api: &Client, id: &str) -> Result<Presence, ApiError>
    where
        Self: Sized,
    {
        wire::find::<Self>(api, id).await
    }

    /// See [`Kind::holder`](super::Kind::holder).
    async fn holder(_api: &Client, _name: &str) -> Result<Holder, ApiError> {
        Ok(Holder::Nobody)
    }

    /// See [`Kind::create`](super::Kind::create).
    async fn create(api: &Writer, desired: &Desired<'_>) -> Result<Made, ApiError>
    where
        Self: Sized,
    {
        wire::create::<Self>(api, desired).await
    }

    /// See [`Kind::rest`](super::Kind::rest).
    fn rest(desired: &Desired<'_>) -> Result<Vec<&'static str>, ApiError> {
        label::to_attach(desired)
    }

    /// See [`Kind::update`](super::Kind::update).
    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError>
    where
        Self: Sized,
    {
        wire::update::<Self>(api, live, desired, changed).await
    }

    /// See [`Kind::would_fail`](super::Kind::would_fail).
    async fn would_fail(
        _api: &Client,
        _live: Option<&Object>,
        _desired: &Desired<'_>,
        _changed: &[&'static str],
    ) -> Option<String> {
        None
    }

    /// See [`Kind::delete`](super::Kind::delete).
    async fn delete(api: &Writer, id: &str) -> Result<(), ApiError> {
        delete(api, &Self::WIRE.at(id)).await
    }

    /// See [`Kind::kept`](super::Kind::kept).
    async fn kept(_api: &Client, _org: &str, _id: &str, _sources: Vec<String>) -> Result<Vec<Kept>, ApiError> {
        Ok(Vec::new())
    }

    /// See [`Kind::has_secret`](super::Kind::has_secret).
    async fn has_secret(
        _api: &Client,
        (_org, _id): (&str, &str),
        _fields: &Fields,
        (_at, _secret): (&str, &Secret),
    ) -> Result<Option<bool>, ApiError> {
        Ok(None)
    }

    /// See [`Kind::delete_kept`](super::Kind::delete_kept).
    async fn delete_kept(_api: &Writer, _org: &str, _id: &str) -> Result<(), ApiError> {
        Ok(())
    }
}
