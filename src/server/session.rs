//! `/api/v2/signin` and `/api/v2/signout`: sessions live in memory, as on the real server.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::routing::MethodFilter;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::authenticate;
use super::id::Id;
use super::problem::Problem;
use super::reply::Reply;
use super::request::Call;
use super::routes::{Routes, indented};
use super::store::{authorization, user};

/// The name of the session cookie.
pub(super) const COOKIE_NAME: &str = "influxdb-oss-session";
const LENGTH: SignedDuration = SignedDuration::from_hours(1);
/// Each use keeps a session alive for at least this long.
const RENEWAL: SignedDuration = SignedDuration::from_mins(5);

/// The open sessions by key.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<String, Session>>);

struct Session {
    user: Id,
    expires: Timestamp,
}

impl Sessions {
    /// The user of a session that has not expired; renews it.
    pub(super) fn user(&self, key: &str) -> Option<Id> {
        let now = Timestamp::now();
        let mut sessions = self.lock();
        sessions.retain(|_, session| session.expires > now);
        let session = sessions.get_mut(key)?;
        session.expires = session.expires.max(now + RENEWAL);
        Some(session.user)
    }

    fn open(&self, key: &SecretString, user: Id) -> Timestamp {
        let expires = Timestamp::now() + LENGTH;
        self.lock().insert(key.expose_secret().to_owned(), Session { user, expires });
        expires
    }

    fn close(&self, key: &str) -> bool {
        self.lock().remove(key).is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Session>> {
        self.0.lock().expect("invariant: nothing panics while it holds the sessions")
    }
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/api/v2/signin", indented(MethodFilter::POST, signin))
        .route("/api/v2/signout", indented(MethodFilter::POST, signout))
}

fn refused() -> Problem {
    Problem::unauthorized("unauthorized access")
}

fn signin(call: &Call) -> Result<Reply, Problem> {
    let (name, password) = basic(&call.headers).ok_or_else(refused)?;
    let view = call.store().view()?;
    let user = user::find_by_name(&view, &name).map_err(|_| refused())?;
    user::compare_password(&view, user.id, &password).map_err(|_| refused())?;
    let key = authorization::new_secret();
    let expires = call.app.sessions.open(&key, user.id);
    let cookie = format!(
        "{COOKIE_NAME}={}; Path=/api/; Expires={}; HttpOnly; SameSite=Strict",
        key.expose_secret(),
        expires.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    );
    let mut cookie = HeaderValue::try_from(cookie).map_err(|_| refused())?;
    cookie.set_sensitive(true);
    Ok(Reply::no_content().with_header(SET_COOKIE, cookie))
}

fn signout(call: &Call) -> Result<Reply, Problem> {
    let key = authenticate::cookie(&call.headers).ok_or_else(refused)?;
    if call.app.sessions.close(key) { Ok(Reply::no_content()) } else { Err(refused()) }
}

/// Name and password of basic authentication.
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, SecretString)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), SecretString::from(password)))
}
