//! Plain kinds: what a kind's table says, the handlers of all kinds do.

pub(super) mod body;
pub(super) mod list;
mod show;

use axum::routing::MethodFilter;
use http::StatusCode;

use self::body::{Body, Sent};
use self::list::List;
use super::auth::{Action, Caller, Permission};
use super::id::Id;
use super::kind::{Api, Place};
use super::links::Templates;
use super::problem::Problem;
use super::reply::Reply;
use super::request::Call;
use super::routes::{Handler, Routes, route};
use super::store::column::{Cell, Holds};
use super::store::object::{self, Clash, Class, Object};
use super::store::{Change, Error, Read, View, member};

pub(super) use self::show::Shown;

/// What is done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Read,
    Create,
    Patch,
    Put,
    Delete,
}

/// Answers a request about a plain kind.
type Handle = fn(&'static Plain, &Call) -> Result<Reply, Problem>;

/// The handlers of a kind. One that influxd has something special in may be another function, which goes on with that of
/// [`Plain`].
pub(super) struct Handlers {
    pub(super) list: Handle,
    pub(super) create: Handle,
    pub(super) get: Handle,
    pub(super) patch: Handle,
    pub(super) put: Handle,
    pub(super) delete: Handle,
}

impl Handlers {
    /// Those that do what the table says.
    pub(super) const BY_TABLE: Self = Self {
        list: Plain::list,
        create: Plain::create,
        get: Plain::get,
        patch: Plain::patch,
        put: Plain::put,
        delete: Plain::delete,
    };
}

/// All that is to be said of a plain kind. [`Plain::new`] has what most kinds have.
pub(super) struct Plain {
    pub(super) api: Api,
    /// Its columns, and what is unique.
    pub(super) class: &'static Class,
    pub(super) handlers: Handlers,
    pub(super) list: List,
    /// The links of an object.
    pub(super) links: Templates,
    /// The name under which a reply has the object, beside its links; `None` = the reply is the object.
    pub(super) wrapped: Option<&'static str>,
    pub(super) create: Body,
    pub(super) patch: Option<Body>,
    pub(super) put: Option<Body>,
    /// What is said where there is no such object; `{id}` in it is its ID.
    pub(super) missing: &'static str,
    /// What is said where the ID in the path is malformed, if that is not what is wrong with it.
    pub(super) malformed: Option<&'static str>,
    /// What is said where the org is not sent.
    pub(super) org_needed: &'static str,
    /// What is said where another object is in the way.
    pub(super) clash: fn(&Object, Clash, Deed) -> Problem,
    /// Whether a PUT takes the times from the body too, where they are none from the year 1.
    pub(super) put_sets_times: bool,
    /// Whether it takes the right to read to change or delete an object.
    pub(super) read_to_change: bool,
    /// What a deed needs besides the right on the object itself.
    pub(super) also: fn(&Object, Deed) -> Vec<Permission>,
    /// Judges what was sent, before rights are, and may make it what is kept.
    pub(super) check: fn(&mut Sent, Deed) -> Result<(), Problem>,
    /// What else happens when an object was made, changed or deleted, or why it must not; in the same transaction.
    pub(super) after: fn(&Change, &Object, Deed) -> Result<(), Error>,
}

impl Plain {
    /// A kind whose objects belong to orgs, with nothing special about it.
    pub(super) const fn new(api: Api, class: &'static Class) -> Self {
        Self {
            handlers: Handlers::BY_TABLE,
            list: List::new(api.path),
            api,
            class,
            links: &[],
            wrapped: None,
            create: Body::new(""),
            patch: None,
            put: None,
            missing: "",
            malformed: None,
            org_needed: "invalid org id for permission: invalid ID",
            clash: |_, _, _| unreachable!("invariant: who has unique names or chosen IDs has words for a clash"),
            put_sets_times: false,
            read_to_change: false,
            also: |_, _| Vec::new(),
            check: |_, _| Ok(()),
            after: |_, _, _| Ok(()),
        }
    }

    /// The five routes.
    pub(super) fn routes(&'static self) -> Routes {
        let Handlers { list, create, get, patch, put, delete } = self.handlers;
        let on = |method, handler| route(method, self.api.style, self.bound(handler));
        let all = on(MethodFilter::GET, list).merge(on(MethodFilter::POST, create));
        let mut one = on(MethodFilter::GET, get).merge(on(MethodFilter::DELETE, delete));
        if self.patch.is_some() {
            one = one.merge(on(MethodFilter::PATCH, patch));
        }
        if self.put.is_some() {
            one = one.merge(on(MethodFilter::PUT, put));
        }
        Routes::new().route(&self.api.base(), all).route(&format!("{}/{{id}}", self.api.base()), one)
    }

    fn bound(&'static self, handler: Handle) -> impl Handler {
        move |call: &Call| handler(self, call)
    }

    /// The `Allow` header of a path below the kind's, where it is not that of other kinds.
    pub(super) fn allow(&self, rest: &[&str]) -> Option<&'static str> {
        match (rest, &self.patch, &self.put) {
            ([_], Some(_), Some(_)) => Some("DELETE, GET, OPTIONS, PATCH, PUT"),
            ([_], None, Some(_)) => Some("DELETE, GET, OPTIONS, PUT"),
            ([_, "query"], ..) => Some("GET, OPTIONS"),
            _ => None,
        }
    }

    /// The ID in the path.
    fn id(&self, call: &Call) -> Result<Id, Problem> {
        call.id("id").map_err(|problem| self.malformed.map_or(problem, Problem::invalid))
    }

    pub(super) fn find(&self, read: &impl Read, id: Id) -> Result<Object, Problem> {
        object::find(read, self.class, id)?
            .ok_or_else(|| Problem::not_found(self.missing.replace("{id}", &id.to_string())))
    }

    /// Where an object belongs.
    pub(super) fn place(&self, view: &View, id: Id) -> Result<Place, Problem> {
        let found = self.find(view, id)?;
        Ok(Place { org: found.org.unwrap_or(id), seen: self.right(Action::Read, id, found.org) })
    }

    /// A right on an object.
    pub(super) fn right(&self, action: Action, id: Id, org: Option<Id>) -> Permission {
        match org {
            Some(org) => Permission::at(action, self.api.resource, id, org),
            None => Permission::on(action, self.api.resource, id),
        }
    }

    fn actions(&self, deed: Deed) -> &'static [Action] {
        match deed {
            Deed::Read => &[Action::Read],
            Deed::Patch | Deed::Put | Deed::Delete if self.read_to_change => &[Action::Read, Action::Write],
            _ => &[Action::Write],
        }
    }

    /// All that a deed needs.
    fn rights(&self, deed: Deed, object: &Object) -> impl Iterator<Item = Permission> {
        let Object { id, org, .. } = *object;
        let resource = self.api.resource;
        let right = move |action: &Action| match (deed, org) {
            (Deed::Create, Some(org)) => Permission::in_org(*action, resource, org),
            (Deed::Create, None) => Permission::global(*action, resource),
            _ => self.right(*action, id, org),
        };
        self.actions(deed).iter().map(right).chain((self.also)(object, deed))
    }

    fn require(&self, caller: &Caller, deed: Deed, object: &Object) -> Result<(), Problem> {
        self.rights(deed, object).try_for_each(|right| caller.require(&right))
    }

    /// The object of the path, if the caller may do this with it. Where no org decides, the reply does not tell whether it
    /// exists.
    pub(super) fn allowed(&self, call: &Call, view: &View, id: Id, deed: Deed) -> Result<Object, Problem> {
        if !self.class.has_org() {
            let caller = call.caller()?;
            self.actions(deed).iter().try_for_each(|action| caller.require(&self.right(*action, id, None)))?;
        }
        let found = self.find(view, id)?;
        self.require(call.caller()?, deed, &found)?;
        Ok(found)
    }

    pub(super) fn get(&'static self, call: &Call) -> Result<Reply, Problem> {
        let id = self.id(call)?;
        let view = call.store().view()?;
        let found = self.allowed(call, &view, id, Deed::Read)?;
        self.reply(call, StatusCode::OK, found)
    }

    pub(super) fn create(&'static self, call: &Call) -> Result<Reply, Problem> {
        let mut sent = Sent::read(self.class, &self.create, &call.body, Deed::Create)?;
        (self.check)(&mut sent, Deed::Create)?;
        if self.class.has_org() && sent.org.is_none() {
            return Err(Problem::invalid(self.org_needed));
        }
        let store = call.store();
        let mut object = Object::new(self.class, sent.id.unwrap_or_else(|| store.ids.next()), sent.org);
        sent.apply(&mut object, Deed::Create);
        let caller = call.caller()?;
        if let Some(maker) = self.class.columns.iter().find(|column| matches!(column.holds, Holds::Maker)) {
            *object.value_mut(maker.name) = Cell::Text(caller.user.to_string());
        }
        self.require(caller, Deed::Create, &object)?;
        store.change(|change| match object::insert(change, &object)? {
            Some(clash) => Err((self.clash)(&object, clash, Deed::Create)),
            None => Ok((self.after)(change, &object, Deed::Create)?),
        })?;
        self.reply(call, StatusCode::CREATED, object)
    }

    pub(super) fn patch(&'static self, call: &Call) -> Result<Reply, Problem> {
        self.change(call, self.patch.as_ref(), Deed::Patch)
    }

    pub(super) fn put(&'static self, call: &Call) -> Result<Reply, Problem> {
        self.change(call, self.put.as_ref(), Deed::Put)
    }

    /// Needs no right to read unless the table says so: whoever may write sees the object in the reply.
    fn change(&'static self, call: &Call, body: Option<&'static Body>, deed: Deed) -> Result<Reply, Problem> {
        let id = self.id(call)?;
        let body = body.expect("invariant: a change without a body has no route");
        let mut sent = Sent::read(self.class, body, &call.body, deed)?;
        (self.check)(&mut sent, deed)?;
        let times = if self.put_sets_times && deed == Deed::Put { Some(body::times(&call.body)?) } else { None };
        self.allowed(call, &call.store().view()?, id, deed)?;
        let changed = call.store().change(|change| {
            let before = self.find(change, id)?;
            let mut after = before.clone();
            sent.apply(&mut after, deed);
            if let Some(clash) = object::replace(change, &before, &mut after)? {
                return Err((self.clash)(&after, clash, deed));
            }
            if times.is_some() {
                after.times = times;
                object::amend(change, &after)?;
            }
            (self.after)(change, &after, deed)?;
            Ok(after)
        })?;
        self.reply(call, StatusCode::OK, changed)
    }

    pub(super) fn delete(&'static self, call: &Call) -> Result<Reply, Problem> {
        let id = self.id(call)?;
        self.allowed(call, &call.store().view()?, id, Deed::Delete)?;
        call.store().change(|change| {
            let found = self.find(change, id)?;
            object::remove(change, &found)?;
            if self.api.members {
                member::delete_of_resource(change, id)?;
            }
            Ok::<_, Problem>((self.after)(change, &found, Deed::Delete)?)
        })?;
        Ok(Reply::no_content())
    }
}

#[cfg(test)]
pub(super) mod tests;
