//! `/private/legacy/authorizations`: tokens of InfluxDB 1.x, which have a name and a password instead of a secret, and who logs in
//! with one (influxd 2.9.1, measured).

use axum::routing::MethodFilter;
use http::header::AUTHORIZATION;
use secrecy::SecretString;

use super::auth::{Action, Caller};
use super::authorizations::Sort;
use super::id::Id;
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, indented};
use super::store::authorization::{self, Authorization};
use super::store::password::{self, V1_PASSWORDS};
use super::store::{View, if_there, user};
use super::{authenticate, session, users};

static V1: Sort = Sort {
    path: "/private/legacy/authorizations",
    links: &[("self", "/private/legacy/authorizations/{id}"), ("user", "/api/v2/users/{user}")],
    kept: authorization::V1,
    named: true,
    unknown_status: "",
};

pub(super) fn routes() -> Routes {
    let all =
        indented(MethodFilter::GET, |call| V1.list(call)).merge(indented(MethodFilter::POST, |call| V1.create(call)));
    let one = indented(MethodFilter::GET, |call| V1.get(call))
        .merge(indented(MethodFilter::PATCH, |call| V1.update(call)))
        .merge(indented(MethodFilter::DELETE, |call| V1.delete(call)));
    Routes::new()
        .route(V1.path, all)
        .route(&format!("{}/{{id}}", V1.path), one)
        .route(&format!("{}/{{id}}/password", V1.path), indented(MethodFilter::POST, set_password))
}

/// Takes the right on the user of the token, and none on the token.
fn set_password(call: &Call) -> Result<Reply, Problem> {
    let password = users::new_password(call, "authorization.passwordSetRequest").map_err(|error| error.bare())?;
    let malformed = |_| Problem::new(Code::Internal, "invalid authorization ID provided in route");
    let id = call.id("id").map_err(malformed)?;
    let row = V1.kept.find(&call.store().view()?, id)?;
    call.caller()?.require(&users::permission(Action::Write, row.user))?;
    password::check(&password)?;
    call.store().change(|change| {
        V1.kept.find(change, id)?;
        password::set(change, V1_PASSWORDS, id, &password)
    })?;
    Ok(Reply::no_content())
}

/// Who asks as clients of InfluxDB 1.x do, and the org of the token: by its name and password, or, whatever the name, by the
/// secret of a token of the API.
pub(super) fn login(call: &Call, view: &View) -> Result<(Caller, Id), Problem> {
    let (name, password) = credentials(call).ok_or_else(|| Problem::unauthorized("unauthorized access"))?;
    let refused = || Problem::unauthorized("Unauthorized");
    let by_name = name.map(|name| V1.kept.find_by_key(view, name.as_bytes())).transpose()?.flatten();
    let found = match by_name {
        Some(row) if password::is(view, V1_PASSWORDS, row.id, &password)? => Some(row),
        Some(_) => None,
        None => authenticate::by_secret(&call.app, view, &password)?,
    };
    let Authorization { user, org, permissions, .. } = found.filter(Authorization::is_active).ok_or_else(refused)?;
    match if_there(user::find(view, user))? {
        Some(owner) if owner.text("status") == "active" => {
            Ok((Caller { user, permissions: Some(permissions), session: false }, org))
        }
        _ => Err(refused()),
    }
}

/// The name, which does not count before a bare token, and the secret.
fn credentials(call: &Call) -> Option<(Option<String>, SecretString)> {
    if let (Some(name), Some(password)) = (call.query.get("u"), call.query.get("p")) {
        return Some((Some(name.to_owned()), password.into()));
    }
    let header = call.headers.get(AUTHORIZATION)?.to_str().ok()?;
    match header.split(' ').collect::<Vec<_>>()[..] {
        ["Token", token] => Some((None, token.split_once(':').map_or(token, |(_, secret)| secret).into())),
        _ => session::basic(&call.headers).map(|(name, password)| (Some(name), password)),
    }
}
