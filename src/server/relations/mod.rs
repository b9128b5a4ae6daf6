//! What objects of all kinds have to do with labels and users: `labels`, `members` and `owners` below their paths.
//!
//! influxd's newer handlers decide first whether the caller may see the object; its older ones ask for hardly any right.

mod labels;
mod members;

use axum::routing::MethodFilter;

use super::auth::Caller;
use super::id::Id;
use super::kind::{Api, Kind, Place};
use super::plain::Shown;
use super::problem::Problem;
use super::reply::{Reply, Style};
use super::request::{Call, parse_id};
use super::routes::{Handler, Routes, route};
use super::store::{Error, View, label};

pub(super) use self::labels::seen as labels_seen;

/// Answers a request about the relations of a kind.
type Related = fn(Kind, &Call) -> Result<Reply, Problem>;

/// The handlers of one relation.
struct Relation {
    list: Related,
    add: Related,
    remove: Related,
    /// Methods that are not allowed, if that is said only to those who may see the object.
    other: Option<Related>,
}

/// The routes of a kind's relations.
pub(super) fn routes(kind: Kind) -> Routes {
    let api = kind.api();
    let mut routes = Routes::new();
    if api.labels {
        routes = routes.merge(mounted(kind, "labels", "label", &labels::relation(api.style)));
    }
    if api.members {
        for roles in ["members", "owners"] {
            routes = routes.merge(mounted(kind, roles, "user", &members::relation(api.style)));
        }
    }
    routes
}

fn mounted(kind: Kind, name: &str, parameter: &str, relation: &Relation) -> Routes {
    let on = |method, handler| route(method, kind.api().style, bound(kind, handler));
    let base = format!("{}/{{id}}/{name}", kind.api().base());
    let mut all = on(MethodFilter::GET, relation.list).merge(on(MethodFilter::POST, relation.add));
    let mut one = on(MethodFilter::DELETE, relation.remove);
    if let Some(other) = relation.other {
        let others = MethodFilter::PUT.or(MethodFilter::PATCH);
        all = all.merge(on(others.or(MethodFilter::DELETE), other));
        one = one.merge(on(others.or(MethodFilter::GET).or(MethodFilter::POST), other));
    }
    Routes::new().route(&base, all).route(&format!("{base}/{{{parameter}}}"), one)
}

fn bound(kind: Kind, handler: Related) -> impl Handler {
    move |call: &Call| handler(kind, call)
}

/// The object of the path, and its org. Whoever may not see it gets the words of a missing page.
pub(super) fn visible(kind: Kind, call: &Call, view: &View) -> Result<(Id, Id), Problem> {
    let id = parse_id(call.param("id")).map_err(|problem| problem.within("corrupt ID provided"))?;
    let caller = call.caller()?;
    match kind.place(view, id) {
        Ok(Place { org, seen }) if caller.holds(&seen) => Ok((id, org)),
        _ => Err(Problem::not_found("404 page not found")),
    }
}

/// The labels that an object of a kind is shown with.
pub(super) fn labels_of(view: &View, api: &Api, caller: &Caller, id: Id) -> Result<Vec<Shown>, Error> {
    let labels = label::of_resource(view, id)?;
    Ok(match api.style {
        Style::Indented => labels_seen(caller, labels),
        Style::Compact => labels.into_iter().map(super::labels::shown).collect(),
    })
}
