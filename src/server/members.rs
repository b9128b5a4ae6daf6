//! `members` and `owners` of orgs, buckets and tasks.

use axum::routing::MethodFilter;
use http::StatusCode;
use serde::Serialize;

use super::auth::{Action, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::orgs::{self, SelfLink};
use super::problem::Problem;
use super::reply::Reply;
use super::request::{Call, parse_id};
use super::routes::{Handler, Routes, indented};
use super::store::member::{self, Member, Role};
use super::store::user::{self, User};
use super::store::{View, bucket, org};
use super::{buckets, store};

/// Of orgs.
pub(super) fn of_orgs() -> Routes {
    mounted(
        "/api/v2/orgs",
        |call| list(call, ResourceType::Orgs),
        |call| add(call, ResourceType::Orgs),
        |call| remove(call, ResourceType::Orgs),
        |call| other(call, ResourceType::Orgs),
    )
}

/// Of buckets.
pub(super) fn of_buckets() -> Routes {
    mounted(
        "/api/v2/buckets",
        |call| list(call, ResourceType::Buckets),
        |call| add(call, ResourceType::Buckets),
        |call| remove(call, ResourceType::Buckets),
        |call| other(call, ResourceType::Buckets),
    )
}

fn mounted(base: &str, list: impl Handler, add: impl Handler, remove: impl Handler, other: impl Handler) -> Routes {
    ["members", "owners"].into_iter().fold(Routes::new(), |routes, roles| {
        let others = MethodFilter::PUT.or(MethodFilter::PATCH);
        routes
            .route(
                &format!("{base}/{{id}}/{roles}"),
                indented(MethodFilter::GET, list)
                    .merge(indented(MethodFilter::POST, add))
                    .merge(indented(others.or(MethodFilter::DELETE), other)),
            )
            .route(
                &format!("{base}/{{id}}/{roles}/{{user}}"),
                indented(MethodFilter::DELETE, remove)
                    .merge(indented(others.or(MethodFilter::GET).or(MethodFilter::POST), other)),
            )
    })
}

/// A method that is not allowed; whether the resource may be seen is decided first.
fn other(call: &Call, kind: ResourceType) -> Result<Reply, Problem> {
    resource(call, &call.store().view()?, kind)?;
    Ok(Reply::empty(StatusCode::METHOD_NOT_ALLOWED))
}

/// A member on the wire.
#[derive(Serialize)]
pub(super) struct MemberReply {
    role: Role,
    links: MemberLinks,
    id: Id,
    name: String,
    #[serde(rename = "oauthID", skip_serializing_if = "String::is_empty")]
    oauth_id: String,
    status: String,
}

#[derive(Serialize)]
struct MemberLinks {
    #[serde(skip_serializing_if = "Option::is_none")]
    logs: Option<String>,
    #[serde(rename = "self")]
    this: String,
}

/// Members on the wire.
#[derive(Serialize)]
pub(super) struct MembersReply {
    links: SelfLink,
    users: Vec<MemberReply>,
}

impl MemberReply {
    /// `logs`: only the older handlers, those of tasks, have that link.
    pub(super) fn new(user: User, role: Role, logs: bool) -> Self {
        let this = format!("/api/v2/users/{}", user.id);
        let links = MemberLinks { logs: logs.then(|| format!("{this}/logs")), this };
        Self { role, links, id: user.id, name: user.name, oauth_id: user.oauth_id, status: user.status }
    }
}

impl MembersReply {
    /// Those of `members` that have the role.
    pub(super) fn new(
        view: &View,
        kind: ResourceType,
        resource: Id,
        role: Role,
        members: Vec<Member>,
        logs: bool,
    ) -> Result<Self, store::Error> {
        let users = members
            .into_iter()
            .filter(|member| member.role == role && member.resource_type == kind)
            .map(|member| Ok(MemberReply::new(user::find(view, member.user)?, role, logs)))
            .collect::<Result<_, store::Error>>()?;
        let links = SelfLink::new(format!("/api/v2/{}/{resource}/{}s", kind.name(), role.word()));
        Ok(Self { links, users })
    }
}

/// The role that the path names.
pub(super) fn role(call: &Call) -> Role {
    let owners = call.path.rsplit('/').take(2).any(|segment| segment == "owners");
    if owners { Role::Owner } else { Role::Member }
}

/// The user that a body names.
pub(super) fn user_in_body(call: &Call) -> Result<Id, Problem> {
    let id = Fields::parse(&call.body, "influxdb.User").and_then(|fields| fields.id("id"));
    id.map_err(BodyError::plain)?.ok_or_else(|| Problem::invalid("user id missing or invalid"))
}

/// The ID of the resource and of its org. Whoever may not see it gets the words of a missing page.
pub(super) fn resource(call: &Call, view: &View, kind: ResourceType) -> Result<(Id, Id), Problem> {
    let id = parse_id(call.param("id")).map_err(|problem| problem.within("corrupt ID provided"))?;
    let caller = call.caller()?;
    let org = match kind {
        ResourceType::Buckets => bucket::find(view, id).map_err(Problem::from).and_then(|bucket| {
            caller.require(&buckets::read_permission(&bucket))?;
            Ok(bucket.org)
        }),
        _ => caller
            .require(&orgs::permission(Action::Read, id))
            .and_then(|()| Ok(org::find(view, id).map(|org| org.id)?)),
    };
    match org {
        Ok(org) => Ok((id, org)),
        Err(_) => Err(Problem::not_found("404 page not found")),
    }
}

fn list(call: &Call, kind: ResourceType) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, org) = resource(call, &view, kind)?;
    let caller = call.caller()?;
    if !caller.holds(&orgs::permission(Action::Read, org)) {
        return Err(Problem::not_found("not found"));
    }
    let seen = caller.holds(&Permission::at(Action::Read, kind, id, org));
    let members = if seen { member::of_resource(&view, id)? } else { Vec::new() };
    Reply::indented(StatusCode::OK, &MembersReply::new(&view, kind, id, role(call), members, false)?)
}

fn add(call: &Call, kind: ResourceType) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, org) = resource(call, &view, kind)?;
    let role = role(call);
    let user = user::find(&view, user_in_body(call)?)?;
    call.caller()?.require(&Permission::at(Action::Write, kind, id, org))?;
    call.store()
        .change(|change| member::create(change, &Member { user: user.id, role, resource_type: kind, resource: id }))?;
    Reply::indented(StatusCode::CREATED, &MemberReply::new(user, role, false))
}

/// Ends either role, whichever the path names; no error if there is none.
fn remove(call: &Call, kind: ResourceType) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let (id, org) = resource(call, &view, kind)?;
    let user = call.id("user")?;
    if member::find(&view, id, user)?.is_some() {
        call.caller()?.require(&Permission::at(Action::Write, kind, id, org))?;
        call.store().change(|change| member::delete(change, id, user))?;
    }
    Ok(Reply::no_content())
}
