//! `/api/v2/users` with passwords and permissions.

use axum::routing::MethodFilter;
use http::StatusCode;
use secrecy::SecretString;

use super::auth::{Action, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::kind::Api;
use super::plain::body::Body;
use super::plain::list::{By, Filter, List, Paged};
use super::plain::{Deed, Plain, Shown};
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, indented};
use super::session;
use super::store::member;
use super::store::object::Object;
use super::store::{password, user};

/// The Go struct of a body with a password.
const PASSWORD: &str = "tenant.passwordSetRequest";

pub(super) static USERS: Plain = Plain {
    list: List {
        paged: Paged::Always,
        filters: &[Filter { parameter: "id", by: By::ExistingId }, Filter { parameter: "name", by: By::Name }],
        ..List::new("users")
    },
    links: &[("self", "/api/v2/users/{id}")],
    create: Body::new("influxdb.User"),
    patch: Some(Body::new("influxdb.UserUpdate")),
    missing: user::MISSING,
    clash: |user, clash, _| user::clash(user, clash),
    check: |sent, deed| match sent.text("status") {
        Some("active" | "inactive") | None => Ok(()),
        Some(_) if deed == Deed::Create => Ok(()),
        Some(_) => Err(Problem::invalid("invalid status: must be active or inactive")),
    },
    after: |change, user, deed| match deed {
        Deed::Delete => user::clean_up(change, user),
        _ if user.text("name").is_empty() => Err(Problem::new(Code::EmptyValue, "key required").into()),
        _ => Ok(()),
    },
    ..Plain::new(Api { more, ..Api::new("users", ResourceType::Users) }, &user::CLASS)
};

fn more() -> Routes {
    Routes::new()
        .route("/api/v2/users/password", indented(MethodFilter::PUT, change_password))
        .route("/api/v2/users/{id}/permissions", indented(MethodFilter::GET, permissions))
        .route(
            "/api/v2/users/{id}/password",
            indented(MethodFilter::POST, set_password).merge(indented(MethodFilter::PUT, change_password)),
        )
}

/// A user as part of other replies.
pub(super) fn shown(user: Object) -> Shown {
    USERS.bare(user)
}

/// Read or write of one user.
pub(super) fn permission(action: Action, id: Id) -> Permission {
    USERS.right(action, id, None)
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
    let password = new_password(call, PASSWORD).map_err(|error| error.plain().with_code(Code::Invalid))?;
    let id = user_of_route(call)?;
    call.caller()?.require(&permission(Action::Write, id))?;
    password::check(&password)?;
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
    let new = new_password(call, PASSWORD).map_err(|error| refused(error.plain().message))?;
    Ok((old, new))
}

/// Sets a password for somebody who knows the old one.
pub(super) fn replace_password(call: &Call, id: Id, old: &SecretString, new: &SecretString) -> Result<Reply, Problem> {
    call.caller()?.require(&permission(Action::Write, id))?;
    user::compare_password(&call.store().view()?, id, old)?;
    password::check(new)?;
    call.store().change(|change| user::set_password(change, id, new))?;
    Ok(Reply::no_content())
}

/// The password in a body, of which the Go struct is `go`.
pub(super) fn new_password(call: &Call, go: &'static str) -> Result<SecretString, BodyError> {
    let fields = Fields::parse(&call.body, go)?;
    Ok(SecretString::from(fields.text("password")?.unwrap_or_default()))
}

fn user_of_route(call: &Call) -> Result<Id, Problem> {
    call.id("id").map_err(|_| Problem::new(Code::Internal, "invalid user ID provided in route"))
}
