//! One request, before it is sent.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;
use secrecy::zeroize::Zeroizing;
use serde::Serialize;

use super::error::{ApiError, Class};
use super::limits::LONGEST_ERROR;
use crate::redact::Redaction;
use crate::snowflake::is_id;

/// What a request does to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    /// A POST that writes nothing.
    Ask,
    /// A PATCH that writes nothing.
    AskPatch,
    Post,
    Patch,
    Put,
    Delete,
}

impl Verb {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Ask | Self::Post => "POST",
            Self::AskPatch | Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    pub(super) fn method(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Ask | Self::Post => http::Method::POST,
            Self::AskPatch | Self::Patch => http::Method::PATCH,
            Self::Put => http::Method::PUT,
            Self::Delete => http::Method::DELETE,
        }
    }

    pub(super) fn writes(self) -> bool {
        !matches!(self, Self::Get | Self::Ask | Self::AskPatch)
    }
}

/// One request.
pub(super) struct Request<'a> {
    pub(super) verb: Verb,
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<Vec<u8>>,
    pub(super) accept: &'static str,
    /// A token, or a username and a password, instead of the client's own token.
    pub(super) token: Option<HeaderValue>,
    /// How long one try may take, where it is not the client's.
    pub(super) timeout: Option<Duration>,
    /// How much of an error is read, in bytes.
    pub(super) longest_error: usize,
}

impl<'a> Request<'a> {
    pub(super) fn new(verb: Verb, path: &'a str) -> Self {
        Self {
            verb,
            path,
            query: &[],
            body: None,
            accept: "application/json",
            token: None,
            timeout: None,
            longest_error: LONGEST_ERROR,
        }
    }

    pub(super) fn json<B: Serialize>(verb: Verb, path: &'a str, body: &B) -> Self {
        let body = serde_json::to_vec(body).expect("invariant: what we send has string keys and no failing parts");
        Self { body: Some(body), ..Self::new(verb, path) }
    }

    /// Whether its path is one that the API has.
    pub(super) fn is_path(&self) -> bool {
        is_path(self.path)
    }

    /// Takes a token or a password of its own out of the reply.
    pub(super) fn redaction(&self) -> Option<Redaction> {
        let header = self.token.as_ref()?;
        let password = || Some(Redaction::of(&password_of(header)?));
        secret_of(header).map(Redaction::of).or_else(password)
    }

    pub(super) fn error(&self, class: Class, status: Option<u16>, message: String) -> ApiError {
        let (method, path) = (self.verb.name(), self.path.to_owned());
        ApiError { class, method, path, status, message, maybe_done: false }
    }
}

/// Whether `path` is one that the API has: words, with an ID after each but where a word stands for itself, and the org of an
/// object where that is asked for. What a server calls an ID must not lead to another object.
fn is_path(path: &str) -> bool {
    let (path, org) = path.split_once("?orgID=").map_or((path, None), |(path, org)| (path, Some(org)));
    if org.is_some_and(|org| !is_id(org)) {
        return false;
    }
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let below = ["/api/v2/", "/private/legacy/"].iter().find_map(|prefix| path.strip_prefix(prefix));
    match below.map(|rest| rest.strip_suffix("/secrets/delete").unwrap_or(rest)) {
        Some("query/ast") => true,
        Some(rest) => rest.split('/').enumerate().all(|(at, part)| if at % 2 == 0 { word(part) } else { is_id(part) }),
        None => path.strip_prefix('/').is_some_and(word),
    }
}

/// The token in a header that carries one.
pub(super) fn secret_of(header: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(header.as_bytes()).ok()?.strip_prefix("Token ")
}

/// What stands before the username and the password in a header that carries them.
pub(super) const BASIC: &str = "Basic ";

/// The password in a header that carries one.
fn password_of(header: &HeaderValue) -> Option<Zeroizing<String>> {
    let pair = BASE64_STANDARD.decode(header.to_str().ok()?.strip_prefix(BASIC)?).ok()?;
    let (_, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Some(Zeroizing::new(password.to_owned()))
}
