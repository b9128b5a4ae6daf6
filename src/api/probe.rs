//! Whether a server has a secret: questions that write nothing, and whose replies show nothing.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;
use secrecy::ExposeSecret as _;

use super::request::{BASIC, Request, Verb};
use super::{ApiError, Class, Client};
use crate::flux::digest;
use crate::secret::Secret;

/// A database of InfluxDB 1.x that nobody has: what is written there is refused, and here that is nothing.
const NO_DATABASE: &str = "fluxform, no such database";

impl Client {
    /// Whether `secret` is what the org keeps under `key` (`POST /api/v2/query`, for the digest).
    ///
    /// # Errors
    /// A token that may not read the org's secrets, class `Denied`; a secret that is not there, class `NotFound`.
    pub async fn keeps_secret(&self, org_id: &str, key: &str, secret: &Secret) -> Result<bool, ApiError> {
        const PATH: &str = "/api/v2/query";
        let script = digest::query(key).map_err(|error| ApiError::unsent(error.to_string()))?;
        let csv = self.query(org_id, &script).await?;
        let Some(found) = digest::read_reply(&csv) else {
            return Err(ApiError::unexpected("POST", PATH, "the reply is not the digest of a secret"));
        };
        Ok(found.eq_ignore_ascii_case(&digest::of(secret.expose_secret().as_bytes())))
    }

    /// Whether a client of InfluxDB 1.x is let in with this username and password (`POST /write`, with nothing, to a database that
    /// there is not: 401 says no, 404 and 403 say yes; influxd 2.9.1, measured).
    ///
    /// # Errors
    /// The server's, where it does not say.
    pub async fn lets_in(&self, username: &str, password: &Secret) -> Result<bool, ApiError> {
        let pair = format!("{username}:{}", password.expose_secret());
        let header = HeaderValue::from_str(&format!("{BASIC}{}", BASE64_STANDARD.encode(pair)));
        let mut login = header.expect("invariant: base64 is ASCII");
        login.set_sensitive(true);
        let request = Request {
            query: &[("db", NO_DATABASE)],
            token: Some(login),
            body: Some(Vec::new()),
            ..Request::new(Verb::Ask, "/write")
        };
        match self.send(&request, None).await {
            Ok(_) => Ok(true),
            Err(error) => match (error.class, error.status) {
                (Class::Denied, Some(401)) => Ok(false),
                (Class::NotFound, Some(404)) | (Class::Denied, Some(403)) => Ok(true),
                _ => Err(error),
            },
        }
    }
}
