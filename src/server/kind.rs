//! The kinds of objects: where the API has each, and what handlers there are. A kind is a file, and a line in `KINDS`.

use axum::routing::MethodFilter;

use super::auth::{Permission, ResourceType};
use super::id::Id;
use super::plain::Plain;
use super::problem::Problem;
use super::reply::{Reply, Style};
use super::request::Call;
use super::routes::{Routes, route};
use super::store::object::Class;
use super::store::{Error, View};
use super::{KINDS, relations};

/// A kind.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// A table says all of it.
    Plain(&'static Plain),
    /// It has handlers of its own.
    Own(&'static Own),
}

/// Where the API has a kind.
pub(super) struct Api {
    /// The segment of paths below `/api/v2`.
    pub(super) path: &'static str,
    /// What permissions call it.
    pub(super) resource: ResourceType,
    /// How replies are spelt. influxd's newer handlers, which indent, check rights on relations; its older ones do not, and
    /// send an `Allow` header.
    pub(super) style: Style,
    /// Whether labels can be attached to it.
    pub(super) labels: bool,
    /// Whether it has members and owners.
    pub(super) members: bool,
    /// The routes that only it has.
    pub(super) more: fn() -> Routes,
}

/// Answers one request.
type Handle = fn(&Call) -> Result<Reply, Problem>;

/// A kind with handlers of its own.
pub(super) struct Own {
    pub(super) api: Api,
    /// List, create, get, update and delete.
    pub(super) handlers: [Handle; 5],
    /// Finds an object for its relations.
    pub(super) place: fn(&View, Id) -> Result<Place, Error>,
    /// The `Allow` header of a path below the kind's, by its segments; `None` = as the other kinds have it.
    pub(super) allow: fn(&[&str]) -> Option<&'static str>,
}

/// Where an object belongs.
pub(super) struct Place {
    pub(super) org: Id,
    /// What it takes to see it.
    pub(super) seen: Permission,
}

impl Api {
    /// A kind without relations, of influxd's newer handlers.
    pub(super) const fn new(path: &'static str, resource: ResourceType) -> Self {
        Self { path, resource, style: Style::Indented, labels: false, members: false, more: Routes::new }
    }

    /// The path of the list.
    pub(super) fn base(&self) -> String {
        format!("/api/v2/{}", self.path)
    }
}

impl Kind {
    pub(super) fn api(self) -> &'static Api {
        match self {
            Self::Plain(plain) => &plain.api,
            Self::Own(own) => &own.api,
        }
    }

    /// Where an object belongs.
    pub(super) fn place(self, view: &View, id: Id) -> Result<Place, Problem> {
        match self {
            Self::Plain(plain) => plain.place(view, id),
            Self::Own(own) => Ok((own.place)(view, id)?),
        }
    }

    fn routes(self) -> Routes {
        let api = self.api();
        let own = match self {
            Self::Plain(plain) => plain.routes(),
            Self::Own(own) => {
                let [list, create, get, update, delete] = own.handlers;
                let on = |method, handler| route(method, api.style, handler);
                let one = on(MethodFilter::GET, get).merge(on(MethodFilter::PATCH, update));
                Routes::new()
                    .route(&api.base(), on(MethodFilter::GET, list).merge(on(MethodFilter::POST, create)))
                    .route(&format!("{}/{{id}}", api.base()), one.merge(on(MethodFilter::DELETE, delete)))
            }
        };
        own.merge((api.more)()).merge(relations::routes(self))
    }
}

/// The routes of all kinds.
pub(super) fn routes() -> Routes {
    KINDS.iter().fold(Routes::new(), |routes, kind| routes.merge(kind.routes()))
}

/// The classes of the plain kinds.
pub(super) fn classes() -> impl Iterator<Item = &'static Class> {
    KINDS.iter().filter_map(|kind| match kind {
        Kind::Plain(plain) => Some(plain.class),
        Kind::Own(_) => None,
    })
}

/// The kind of a path below `/api/v2/`, by its first segment.
pub(super) fn by_path(segment: &str) -> Option<Kind> {
    KINDS.iter().copied().find(|kind| kind.api().path == segment)
}

/// The `Allow` header of a path; only kinds of influxd's older handlers have one.
pub(super) fn allowed_methods(path: &str) -> Option<&'static str> {
    let mut segments = path.strip_prefix("/api/v2/")?.split('/');
    let kind = segments.next().and_then(by_path).filter(|kind| kind.api().style == Style::Compact)?;
    let rest: Vec<&str> = segments.collect();
    let own = match kind {
        Kind::Plain(plain) => plain.allow(&rest),
        Kind::Own(own) => (own.allow)(&rest),
    };
    own.or(Some(match rest.as_slice() {
        [_] => "DELETE, GET, OPTIONS, PATCH",
        [_, _, _] => "DELETE, OPTIONS",
        _ => "GET, OPTIONS, POST",
    }))
}
