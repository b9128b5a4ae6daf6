//! `/api/v2/users` with passwords and permissions.

use axum::routing::MethodFilter;
use http::StatusCode;
use secrecy::SecretString;
use serde::Serialize;

use super::auth::{Action, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::orgs::SelfLink;
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::{Call, Paging};
use super::routes::{Routes, indented};
use super::session;
use super::store::user::{self, NewUser, User};
use super::store::{Error, member};

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/users", indented(MethodFilter::GET, list).merge(indented(MethodFilter::POST, create)))
        .route("/api/v2/users/password", indented(MethodFilter::PUT, change_password))
        .route(
            "/api/v2/users/{id}",
            indented(MethodFilter::GET, get)
                .merge(indented(MethodFilter::PATCH, update))
                .merge(indented(MethodFilter::DELETE, delete)),
        )
        .route("/api/v2/users/{id}/permissions", indented(MethodFilter::GET, permissions))
        .route(
            "/api/v2/users/{id}/password",
            indented(MethodFilter::POST, set_password).merge(indented(MethodFilter::PUT, change_password)),
        )
}

/// A user on the wire.
#[derive(Serialize)]
pub(super) struct UserReply {
    links: SelfLink,
    id: Id,
    name: String,
    #[serde(rename = "oauthID", skip_serializing_if = "String::is_empty")]
    oauth_id: String,
    status: String,
}

impl UserReply {
    pub(super) fn new(user: User) -> Self {
        let links = SelfLink::new(format!("/api/v2/users/{}", user.id));
        Self { links, id: user.id, name: user.name, oauth_id: user.oauth_id, status: user.status }
    }
}

#[derive(Serialize)]
struct UsersReply {
    links: SelfLink,
    users: Vec<UserReply>,
}

/// Read or write of one user.
pub(super) fn permission(action: Action, id: Id) -> Permission {
    Permission::on(action, ResourceType::Users, id)
}

fn list(call: &Call) -> Result<Reply, Problem> {
    let paging = Paging::parse(&call.query)?;
    let id = call.query.id("id")?;
    let view = call.store().view()?;
    let users = match (id, call.query.get("name")) {
        (Some(id), _) => vec![user::find(&view, id)?],
        (None, Some(name)) => vec![user::find_by_name(&view, name)?],
        (None, None) => user::list(&view, &paging)?,
    };
    let caller = call.caller()?;
    let seen = users.into_iter().filter(|user| caller.holds(&permission(Action::Read, user.id)));
    let reply = UsersReply { links: SelfLink::new("/api/v2/users"), users: seen.map(UserReply::new).collect() };
    Reply::indented(StatusCode::OK, &reply)
}

fn create(call: &Call) -> Result<Reply, Problem> {
    let decode = || {
        let fields = Fields::parse(&call.body, "influxdb.User")?;
        Ok(NewUser {
            id: fields.id("id")?,
            name: fields.text("name")?.unwrap_or_default(),
            oauth_id: fields.text("oauthID")?.unwrap_or_default(),
            // Not checked, as on the real server.
            status: fields
                .text_as("status", "influxdb.Status")?
                .filter(|status| !status.is_empty())
                .unwrap_or_else(|| "active".to_owned()),
        })
    };
    let new = decode().map_err(BodyError::plain)?;
    call.caller()?.require(&Permission::global(Action::Write, ResourceType::Users))?;
    let store = call.store();
    let made = store.change(|change| user::create(change, &store.ids, new))?;
    Reply::indented(StatusCode::CREATED, &UserReply::new(made))
}

/// Authorizes first: the reply to a foreign ID does not tell whether it exists.
fn get(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    call.caller()?.require(&permission(Action::Read, id))?;
    Reply::indented(StatusCode::OK, &UserReply::new(user::find(&call.store().view()?, id)?))
}

fn update(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    let fields = Fields::parse(&call.body, "influxdb.UserUpdate").map_err(BodyError::plain)?;
    let name = fields.text("name").map_err(BodyError::plain)?;
    let status = fields.text_as("status", "influxdb.Status").map_err(BodyError::plain)?;
    if status.as_deref().is_some_and(|status| !matches!(status, "active" | "inactive")) {
        return Err(Problem::invalid("invalid status: must be active or inactive"));
    }
    call.caller()?.require(&permission(Action::Write, id))?;
    let changed = call.store().change(|change| user::update(change, id, name, status))?;
    Reply::indented(StatusCode::OK, &UserReply::new(changed))
}

fn delete(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    call.caller()?.require(&permission(Action::Write, id))?;
    call.store().change(|change| user::delete(change, id))?;
    Ok(Reply::no_content())
}

/// What the user holds through memberships, and on itself; its tokens do not count.
fn permissions(call: &Call) -> Result<Reply, Problem> {
    let id = call.id("id")?;
    call.caller()?.require(&permission(Action::Read, id))?;
    let view = call.store().view()?;
    let mut held: Vec<Permission> = member::of_user(&view, id)?.iter().flat_map(Permission::of_member).collect();
    held.extend(Permission::of_self(id));
    Reply::indented(StatusCode::OK, &held)
}

fn set_password(call: &Call) -> Result<Reply, Problem> {
    let password = new_password(call).map_err(|error| error.plain().with_code(Code::Invalid))?;
    let id = user_of_route(call)?;
    call.caller()?.require(&permission(Action::Write, id))?;
    user::check_password(&password)?;
    call.store().change(|change| user::set_password(change, id, &password))?;
    Ok(Reply::no_content())
}

fn change_password(call: &Call) -> Result<Reply, Problem> {
    let (old, new) = old_and_new(call)?;
    let id = user_of_route(call)?;
    replace_password(call, id, &old, &new)
}

/// The old password from basic authentication, the new one from the body.
pub(super) fn old_and_new(call: &Call) -> Result<(SecretString, SecretString), Problem> {
    let refused =
        |reason: String| Problem::new(Code::Internal, format!("error decoding password reset request: {reason}"));
    let (_, old) = session::basic(&call.headers).ok_or_else(|| refused("invalid basic auth".to_owned()))?;
    let new = new_password(call).map_err(|error| refused(error.plain().message))?;
    Ok((old, new))
}

/// Sets a password for somebody who knows the old one.
pub(super) fn replace_password(call: &Call, id: Id, old: &SecretString, new: &SecretString) -> Result<Reply, Problem> {
    call.caller()?.require(&permission(Action::Write, id))?;
    user::compare_password(&call.store().view()?, id, old)?;
    user::check_password(new)?;
    call.store().change(|change| user::set_password(change, id, new))?;
    Ok(Reply::no_content())
}

fn new_password(call: &Call) -> Result<SecretString, BodyError> {
    let fields = Fields::parse(&call.body, "tenant.passwordSetRequest")?;
    Ok(SecretString::from(fields.text("password")?.unwrap_or_default()))
}

fn user_of_route(call: &Call) -> Result<Id, Problem> {
    call.id("id").map_err(|_| Problem::new(Code::Internal, "invalid user ID provided in route"))
}

/// The user with this ID, for other kinds that show its name; `None` if it is gone.
pub(super) fn name_of(read: &super::store::View, id: Id) -> Result<Option<String>, Error> {
    match user::find(read, id) {
        Ok(user) => Ok(Some(user.name)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}
