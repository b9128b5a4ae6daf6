//! `members` and `owners` of objects.

use http::StatusCode;
use serde::Serialize;

use super::{Relation, visible};
use crate::server::auth::{Action, Permission};
use crate::server::id::Id;
use crate::server::json::{BodyError, Fields};
use crate::server::kind::Kind;
use crate::server::links::{Links, SelfLink, Templates};
use crate::server::orgs;
use crate::server::problem::Problem;
use crate::server::reply::{Reply, Style};
use crate::server::request::Call;
use crate::server::store::member::{self, Member, Role};
use crate::server::store::object::Object;
use crate::server::store::{Error, View, user};

pub(super) fn relation(style: Style) -> Relation {
    match style {
        Style::Indented => Relation { list, add, remove, other: Some(other) },
        Style::Compact => Relation { list: list_unchecked, add: add_late, remove: remove_late, other: None },
    }
}

/// Only the older handlers have the first one.
const LINKS: Templates = &[("logs", "/api/v2/users/{id}/logs"), ("self", "/api/v2/users/{id}")];

/// A member on the wire.
#[derive(Serialize)]
struct MemberReply {
    role: Role,
    links: Links,
    id: Id,
    name: String,
    #[serde(rename = "oauthID", skip_serializing_if = "String::is_empty")]
    oauth_id: String,
    status: String,
}

/// Members on the wire.
#[derive(Serialize)]
struct MembersReply {
    links: SelfLink,
    users: Vec<MemberReply>,
}

impl MemberReply {
    fn new(kind: Kind, user: &Object, role: Role) -> Self {
        let links = if kind.api().style == Style::Compact { LINKS } else { &LINKS[1..] };
        let text = |name| user.text(name).to_owned();
        Self {
            role,
            links: Links::new(links, |_| Some(&user.id)),
            id: user.id,
            name: text("name"),
            oauth_id: text("oauthID"),
            status: text("status"),
        }
    }
}

impl MembersReply {
    /// Those of `members` that have the role.
    fn new(view: &View, kind: Kind, id: Id, role: Role, members: Vec<Member>) -> Result<Self, Error> {
        let users = members
            .into_iter()
            .filter(|member| member.role == role && member.resource_type == kind.api().resource)
            .map(|member| Ok(MemberReply::new(kind, &user::find(view, member.user)?, role)))
            .collect::<Result<_, Error>>()?;
        Ok(Self { links: SelfLink::new(format!("{}/{id}/{}s", kind.api().base(), role.word())), users })
    }
}

/// The role that the path names.
fn role(call: &Call) -> Role {
    let owners = call.path.rsplit('/').take(2).any(|segment| segment == "owners");
    if owners { Role::Owner } else { Role::Member }
}

/// The user that a body names.
fn user_in_body(call: &Call, broken: fn(BodyError) -> Problem) -> Result<Id, Problem> {
    let id = Fields::parse(&call.body, "influxdb.User").and_then(|fields| fields.id("id"));
    id.map_err(broken)?.ok_or_else(|| Problem::invalid("user id missing or invalid"))
}

fn write(kind: Kind, id: Id, org: Id) -> Permission {
    Permission::at(Action::Write, kind.api().resource, id, org)
}

/// A method that is not allowed; whether the object may be seen is decided first.
fn other(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    visible(kind, call, &call.store().view()?)?;
    Ok(Reply::empty(StatusCode::METHOD_NOT_ALLOWED))
}

fn list(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, org) = visible(kind, call, &view)?;
    let caller = call.caller()?;
    if !caller.holds(&orgs::permission(Action::Read, org)) {
        return Err(Problem::not_found("not found"));
    }
    let seen = caller.holds(&Permission::at(Action::Read, kind.api().resource, id, org));
    let members = if seen { member::of_resource(&view, id)? } else { Vec::new() };
    Reply::indented(StatusCode::OK, &MembersReply::new(&view, kind, id, role(call), members)?)
}

fn add(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, org) = visible(kind, call, &view)?;
    let user = user::find(&view, user_in_body(call, BodyError::plain)?)?;
    call.caller()?.require(&write(kind, id, org))?;
    added(kind, call, id, &user)
}

fn added(kind: Kind, call: &Call, id: Id, user: &Object) -> Result<Reply, Problem> {
    let role = role(call);
    let member = Member { user: user.id, role, resource_type: kind.api().resource, resource: id };
    call.store().change(|change| member::create(change, &member))?;
    Reply::json(kind.api().style, StatusCode::CREATED, &MemberReply::new(kind, user, role))
}

/// Ends either role, whichever the path names; no error if there is none.
fn remove(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, org) = visible(kind, call, &view)?;
    removed(call, &view, id, call.id("user")?, || Ok(write(kind, id, org)))
}

fn removed(
    call: &Call,
    view: &View,
    id: Id,
    user: Id,
    right: impl FnOnce() -> Result<Permission, Problem>,
) -> Result<Reply, Problem> {
    if member::find(view, id, user)?.is_some() {
        call.caller()?.require(&right()?)?;
        call.store().change(|change| member::delete(change, id, user))?;
    }
    Ok(Reply::no_content())
}

/// An absent object has no members; that is no error. Even its owner is none until somebody posts it.
fn list_unchecked(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let view = call.store().view()?;
    let mut members = member::of_resource(&view, id)?;
    if !members.is_empty() && !call.caller()?.holds(&kind.place(&view, id)?.seen) {
        members.clear();
    }
    Reply::compact(StatusCode::OK, &MembersReply::new(&view, kind, id, role(call), members)?)
}

/// Looks for the object last.
fn add_late(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let view = call.store().view()?;
    let user = user::find(&view, user_in_body(call, BodyError::untold)?)?;
    call.caller()?.require(&write(kind, id, kind.place(&view, id)?.org))?;
    added(kind, call, id, &user)
}

fn remove_late(kind: Kind, call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let view = call.store().view()?;
    removed(call, &view, id, call.id("user")?, || Ok(write(kind, id, kind.place(&view, id)?.org)))
}
