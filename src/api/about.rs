//! What a server tells of itself and of a token: the questions that are no list of objects.

use serde::{Deserialize, Serialize};

use super::connect::authorization;
use super::limits::{COMPILES, LONGEST_LIST};
use super::request::{Request, Verb};
use super::{ApiError, Class, Client};
use crate::flux::{Mistake, Uncompilable};
use crate::secret::Secret;

/// What a healthy server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its version, such as `2.9.1`.
    pub version: String,
}

/// The user that a token acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The user's ID.
    pub id: String,
    /// The user's name, if the token may read it.
    pub name: Option<String>,
}

#[derive(Deserialize)]
struct Pass {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct Allowed {
    allowed: bool,
}

#[derive(Deserialize)]
struct User {
    id: String,
    name: String,
}

#[derive(Serialize)]
struct Query<'a> {
    query: &'a str,
    #[serde(rename = "type")]
    ty: &'static str,
}

impl Client {
    /// `GET /health`, which needs no token. A server that is no InfluxDB 2.x is an error of class `Unexpected`.
    pub async fn health(&self) -> Result<Health, ApiError> {
        const PATH: &str = "/health";
        let none = |said: String| {
            let message = format!("{} is not an InfluxDB 2.x server: {said}", self.host());
            ApiError { ..ApiError::unexpected("GET", PATH, message) }
        };
        let pass: Pass = self.get(PATH, &[]).await.map_err(|error| match error.class {
            Class::Unavailable | Class::SpeaksTls => error,
            // What would answer from there, nobody knows.
            _ if error.is_redirect() => error,
            _ => ApiError { status: error.status, ..none(error.message) },
        })?;
        let version = pass.version.trim_start_matches('v');
        if pass.name != "influxdb" {
            return Err(none(format!("/health says that it is `{}`", pass.name)));
        }
        if !version.is_empty() && !version.starts_with("2.") {
            return Err(none(format!("its version is {version}")));
        }
        Ok(Health { version: version.to_owned() })
    }

    /// Whether nobody has set the server up yet (`GET /api/v2/setup`, needs no token).
    pub async fn setup_allowed(&self) -> Result<bool, ApiError> {
        Ok(self.get::<Allowed>("/api/v2/setup", &[]).await?.allowed)
    }

    /// The user of the client's token. The server names the user's ID even when the token may not read users
    /// (influxd 2.9.1, measured); a token that is wrong or inactive is an error of class `BadToken`.
    pub async fn me(&self) -> Result<Me, ApiError> {
        self.who(Request::new(Verb::Get, ME)).await
    }

    /// The user of the token `secret`, asked with that token: proves that the secret works.
    pub async fn me_with(&self, secret: &Secret) -> Result<Me, ApiError> {
        let token = authorization(secret).map_err(|error| ApiError {
            class: Class::BadToken,
            ..ApiError::unexpected("GET", ME, error.to_string())
        })?;
        self.who(Request { token: Some(token), ..Request::new(Verb::Get, ME) }).await
    }

    async fn who(&self, request: Request<'_>) -> Result<Me, ApiError> {
        match self.send(&request, None).await {
            Ok(body) => {
                let User { id, name } = self.decode(&request, &body)?;
                Ok(Me { id, name: Some(name) })
            }
            Err(error) if error.class == Class::Denied => match user_in(&error.message) {
                Some(id) => Ok(Me { id: id.to_owned(), name: None }),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// The reply to `POST /api/v2/query`, annotated CSV: for the fixed queries of evidence, never for a user's Flux, since
    /// `to()` writes. A bucket that is not there and one that may not be read look the same: class `Denied`.
    pub async fn evidence_query(&self, org_id: &str, flux: &str) -> Result<String, ApiError> {
        match self.query(org_id, flux).await {
            Err(error) if error.class == Class::NotFound => Err(ApiError { class: Class::Denied, ..error }),
            answer => answer,
        }
    }

    /// The reply to a query that only reads.
    pub(super) async fn query(&self, org_id: &str, flux: &str) -> Result<String, ApiError> {
        let query = [("orgID", org_id)];
        let body = Query { query: flux, ty: "flux" };
        let request =
            Request { query: &query, accept: "application/csv", ..Request::json(Verb::Ask, "/api/v2/query", &body) };
        Ok(String::from_utf8_lossy(&self.send(&request, None).await?).into_owned())
    }

    /// The reply to `POST /api/v2/query/ast` for `flux`: its syntax tree, or the syntax error as class `Refused`.
    pub async fn query_ast(&self, flux: &str) -> Result<serde_json::Value, ApiError> {
        let body = Query { query: flux, ty: "flux" };
        let request = Request::json(Verb::Ask, "/api/v2/query/ast", &body);
        self.decode(&request, &self.send(&request, None).await?)
    }

    /// What the server, which compiles `script`, finds wrong with it (`POST /api/v2/query`; any token may ask). Asked once: a server that
    /// does not answer soon may be busy with it. An answer that says nothing of the script is an error.
    pub async fn compile(&self, org_id: &str, script: &Uncompilable) -> Result<Vec<Mistake>, ApiError> {
        let query = [("orgID", org_id)];
        let body = Query { query: script.text(), ty: "flux" };
        let request = Request {
            query: &query,
            timeout: Some(COMPILES),
            longest_error: LONGEST_LIST,
            ..Request::json(Verb::Ask, "/api/v2/query", &body)
        };
        match self.once(&request, self.url(&request)?).await.map_err(|failure| failure.error) {
            Ok(_) => {
                Err(request.error(Class::Unexpected, None, "a script that cannot compile was not refused".to_owned()))
            }
            Err(error) if error.class == Class::Refused => script.mistakes(&error.message).ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// Asks for a token that the server must refuse, to learn from the refusal what the client's token may do (see
    /// [`super::sight`]). What comes back is always the refusal. A token that is made all the same is an error of class
    /// `Unexpected` with status 201, which names the ID to delete.
    pub(super) async fn probe_permissions<B: Serialize>(&self, body: &B) -> ApiError {
        // As a write: a lost reply is not followed by a second try.
        let request = Request::json(Verb::Post, "/api/v2/authorizations", body);
        match self.send(&request, None).await {
            Err(error) => error,
            Ok(reply) => {
                let id = serde_json::from_slice::<serde_json::Value>(&reply)
                    .ok()
                    .and_then(|made| made.get("id")?.as_str().map(str::to_owned))
                    .unwrap_or_else(|| "(unknown)".to_owned());
                let message = format!("checking the token's permissions created the token {id}: delete it");
                ApiError { status: Some(201), ..ApiError::unexpected("POST", request.path, message) }
            }
        }
    }
}

const ME: &str = "/api/v2/me";

/// The user ID in `read:users/ID is unauthorized`.
fn user_in(message: &str) -> Option<&str> {
    let id = message.strip_prefix("read:users/")?.get(..16)?;
    let id = id.bytes().all(|b| b.is_ascii_hexdigit()).then_some(id)?;
    message.ends_with("is unauthorized").then_some(id)
}
