//! Who asks: token or session to [`Caller`], before any route is looked at.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, Method};
use secrecy::SecretString;

use super::App;
use super::auth::{Caller, Permission};
use super::id::Id;
use super::problem::{Code, Problem};
use super::reply::{Style, refuse};
use super::routes::TrailingSlash;
use super::session::COOKIE_NAME;
use super::store::authorization::{self, Authorization};
use super::store::{self, Read, member, user};

/// What needs no token; anything else under `/api/v2` does, even a path that does not exist.
const OPEN: &[(Method, &str)] = &[
    (Method::GET, "/api/v2"),
    (Method::POST, "/api/v2/signin"),
    (Method::POST, "/api/v2/signout"),
    (Method::POST, "/api/v2/setup"),
    (Method::GET, "/api/v2/setup"),
];

/// Finds the caller, or refuses.
pub(super) async fn layer(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let guarded = path.starts_with("/api/v2") || path.starts_with("/private/") || path.starts_with("/v1");
    let open = request.extensions().get::<TrailingSlash>().is_none()
        && OPEN.iter().any(|(method, open)| method == request.method() && *open == path);
    if !guarded || open {
        return next.run(request).await;
    }
    match caller(&app, request.headers()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => refuse(Style::Compact, &problem),
    }
}

fn caller(app: &App, headers: &HeaderMap) -> Result<Caller, Problem> {
    let unauthorized = || Problem::unauthorized("unauthorized access");
    let view = app.store.view()?;
    let caller = if let Some(secret) = token(headers) {
        let row = by_secret(app, &view, &secret)?.ok_or_else(unauthorized)?;
        Caller { user: row.user, permissions: row.is_active().then_some(row.permissions), session: false }
    } else {
        let key = cookie(headers).ok_or_else(unauthorized)?;
        let user = app.sessions.user(key).ok_or_else(unauthorized)?;
        Caller { user, permissions: Some(of_user(&view, user)?), session: true }
    };
    match user::find(&view, caller.user) {
        Ok(user) if user.text("status") != "inactive" => Ok(caller),
        Err(error) if !error.is_missing() => Err(error.into()),
        _ => Err(Problem::new(Code::Forbidden, "User is inactive")),
    }
}

/// The token with this secret.
pub(super) fn by_secret(
    app: &App,
    view: &impl Read,
    secret: &SecretString,
) -> Result<Option<Authorization>, store::Error> {
    match app.operator.as_ref().filter(|operator| operator.has_secret(secret)) {
        Some(operator) => Ok(Some(operator.clone())),
        None => authorization::API.find_by_key(view, &authorization::digest(secret)),
    }
}

/// What a session holds: the user's memberships, all permissions of all its tokens, and itself.
fn of_user(view: &impl Read, user: Id) -> Result<Vec<Permission>, store::Error> {
    let mut held: Vec<Permission> = member::of_user(view, user)?.iter().flat_map(Permission::of_member).collect();
    for row in authorization::API.list(view, |row| row.user == user)? {
        held.extend(row.permissions);
    }
    held.extend(Permission::of_self(user));
    Ok(held)
}

/// The secret in `Authorization: Token ...` or `Bearer ...`.
fn token(headers: &HeaderMap) -> Option<SecretString> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let after = |scheme: &str| {
        let head = value.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| value[scheme.len()..].to_owned())
    };
    after("Token ").or_else(|| after("Bearer ").filter(|rest| !rest.is_empty())).map(SecretString::from)
}

/// The key in the session cookie.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE_NAME)
        .map(|(_, value)| value)
}
