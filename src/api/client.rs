//! The two clients: one that cannot write, for everything up to the plan, and one that can, for apply.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue, LOCATION, RETRY_AFTER};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::sync::Semaphore;
use url::Url;

use super::clock::{Clock, Jump};
use super::error::{self, ApiError, Class};
use super::known::{Identified, Known};
use super::limits::{AT_ONCE, LONGEST_ERROR, LONGEST_REPLY};
#[cfg(test)]
use super::retry::Sleep;
use super::retry::{self, Failure, Patience};
use crate::redact::{self, Redaction};
use crate::secret::{Access, Secret, fingerprint};
use crate::snowflake::is_id;

/// A client without write methods. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    base: Url,
    token: Option<HeaderValue>,
    /// Takes the token out of what the server sends.
    redaction: Option<Redaction>,
    timeout: Duration,
    patience: Patience,
    requests: AtomicU64,
    clock: Clock,
    known: Known,
    room: Semaphore,
}

/// Asked before each try of a write; an error stops it, with the reason.
pub type Gate = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// A client that writes. Made by apply only.
#[derive(Clone)]
pub struct Writer {
    client: Client,
    gate: Option<Gate>,
    /// An ID that the server gave out before it makes anything for this writer.
    since: Option<String>,
}

/// What a request does to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    /// A POST that writes nothing.
    Ask,
    Post,
    Patch,
    Delete,
}

impl Verb {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Ask | Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    fn method(self) -> http::Method {
        match self {
            Self::Get => http::Method::GET,
            Self::Ask | Self::Post => http::Method::POST,
            Self::Patch => http::Method::PATCH,
            Self::Delete => http::Method::DELETE,
        }
    }

    fn writes(self) -> bool {
        !matches!(self, Self::Get | Self::Ask)
    }
}

/// One request.
pub(super) struct Request<'a> {
    pub(super) verb: Verb,
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Option<Vec<u8>>,
    pub(super) accept: &'static str,
    /// A token instead of the client's own.
    pub(super) token: Option<HeaderValue>,
    /// How long one try may take, where it is not the client's.
    pub(super) timeout: Option<Duration>,
}

impl<'a> Request<'a> {
    pub(super) fn new(verb: Verb, path: &'a str) -> Self {
        Self { verb, path, query: &[], body: None, accept: "application/json", token: None, timeout: None }
    }

    pub(super) fn json<B: Serialize>(verb: Verb, path: &'a str, body: &B) -> Self {
        let body = serde_json::to_vec(body).expect("invariant: what we send has string keys and no failing parts");
        Self { body: Some(body), ..Self::new(verb, path) }
    }

    /// Takes a token of its own out of the reply.
    fn redaction(&self) -> Option<Redaction> {
        self.token.as_ref().and_then(secret_of).map(Redaction::of)
    }

    fn error(&self, class: Class, status: Option<u16>, message: String) -> ApiError {
        let (method, path) = (self.verb.name(), self.path.to_owned());
        ApiError { class, method, path, status, message, maybe_done: false }
    }
}

impl Client {
    pub(super) fn new(
        http: reqwest::Client,
        base: Url,
        token: Option<HeaderValue>,
        timeout: Duration,
        patience: Patience,
    ) -> Self {
        let redaction = token.as_ref().and_then(secret_of).map(Redaction::of);
        let (requests, clock, known) = (AtomicU64::new(0), Clock::default(), Known::default());
        let room = Semaphore::new(AT_ONCE);
        let inner = Inner { http, base, token, redaction, timeout, patience, requests, clock, known, room };
        Self { inner: Arc::new(inner) }
    }

    /// The server's base URL.
    pub fn host(&self) -> &Url {
        &self.inner.base
    }

    /// How long one try of a request may take.
    pub fn timeout(&self) -> Duration {
        self.inner.timeout
    }

    /// Whether `token`, as a reply has it, is the one that this client uses: where that stood, its mark stands now.
    pub(crate) fn has_token(&self, token: &Secret) -> bool {
        let own = self.inner.token.as_ref().and_then(secret_of);
        own.is_some_and(|own| own == token.expose_secret() || token.expose_secret() == redact::MARK)
    }

    /// The fingerprint of the client's own token.
    pub fn token_print(&self) -> Option<String> {
        let own = secret_of(self.inner.token.as_ref()?)?;
        Some(fingerprint(&own.to_owned().into()))
    }

    /// How many requests have been sent, tries counted.
    pub fn requests(&self) -> u64 {
        self.inner.requests.load(Relaxed)
    }

    /// The highest `Date` of the replies so far, in milliseconds since 1970 (whole seconds); none before the first.
    pub fn server_time(&self) -> Option<u64> {
        self.inner.clock.time()
    }

    /// Where replies disagreed about the time, if they did.
    pub fn clock_jump(&self) -> Option<Jump> {
        self.inner.clock.jump()
    }

    /// There is an object with this ID in the collection at `path`: no request can make it any more.
    pub(crate) fn saw(&self, path: &str, id: &str) {
        self.inner.known.add(path, id);
    }

    /// There are objects with these IDs, by number, in the collection at `path`: no request can make them any more.
    pub(crate) fn saw_all(&self, path: &str, ids: impl IntoIterator<Item = u64>) {
        self.inner.known.extend(path, ids);
    }

    /// `GET path?query`, decoded from JSON. Retried.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, ApiError> {
        self.get_sized(path, query).await.map(|(reply, _)| reply)
    }

    /// The same, with how many bytes the reply has.
    pub(super) async fn get_sized<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<(T, usize), ApiError> {
        let request = Request { query, ..Request::new(Verb::Get, path) };
        let body = self.send(&request, None).await?;
        Ok((self.decode(&request, &body)?, body.len()))
    }

    /// `GET path?query`, as text. Retried.
    pub async fn get_text(&self, path: &str, query: &[(&str, &str)]) -> Result<String, ApiError> {
        let request = Request { query, accept: "*/*", ..Request::new(Verb::Get, path) };
        Ok(String::from_utf8_lossy(&self.send(&request, None).await?).into_owned())
    }

    /// What a reply that is JSON says.
    pub(super) fn decode<T: DeserializeOwned>(&self, request: &Request<'_>, body: &[u8]) -> Result<T, ApiError> {
        serde_json::from_slice(body).map_err(|error| {
            let message = if body.is_empty() {
                "the reply is empty".into()
            } else {
                format!("the reply is not what InfluxDB sends: {error}")
            };
            let maybe_done = request.verb.writes();
            ApiError { maybe_done, ..request.error(Class::Unexpected, None, self.said(request, message)) }
        })
    }

    /// The words `said`, in which something of a reply may stand, without the token.
    fn said(&self, request: &Request<'_>, said: String) -> String {
        let said = match &self.inner.redaction {
            Some(redaction) => redaction.said(&said).into_owned(),
            None => said,
        };
        match request.redaction() {
            Some(redaction) => redaction.said(&said).into_owned(),
            None => said,
        }
    }

    /// A reply without the token.
    fn without_token(&self, request: &Request<'_>, reply: Vec<u8>) -> Vec<u8> {
        let redactions = [self.inner.redaction.as_ref().map(Cow::Borrowed), request.redaction().map(Cow::Owned)];
        redactions.into_iter().flatten().fold(reply, |reply, redaction| redaction.data(reply))
    }

    /// Sends until a try succeeds or no further one may help; the body of the reply.
    pub(super) async fn send(&self, request: &Request<'_>, gate: Option<&Gate>) -> Result<Vec<u8>, ApiError> {
        let url = self.url(request)?;
        let tries = AtomicU32::new(0);
        let attempt = || async {
            if let Some(gate) = gate {
                gate().map_err(|reason| Failure::last(request.error(Class::Shut, None, reason)))?;
            }
            let earlier = tries.fetch_add(1, Relaxed);
            match self.once(request, url.clone()).await {
                // Our own earlier try did it, and its reply was lost.
                Err(failure)
                    if earlier > 0 && request.verb == Verb::Delete && failure.error.class == Class::NotFound =>
                {
                    Ok(Vec::new())
                }
                done => done,
            }
        };
        self.inner.patience.retried(attempt).await
    }

    async fn once(&self, request: &Request<'_>, url: Url) -> Result<Vec<u8>, Failure> {
        let _room = self.inner.room.acquire().await.expect("invariant: nobody closes it");
        let mut sent = self.inner.http.request(request.verb.method(), url).header(ACCEPT, request.accept);
        if let Some(token) = request.token.as_ref().or(self.inner.token.as_ref()) {
            sent = sent.header(AUTHORIZATION, token);
        }
        if let Some(body) = &request.body {
            sent = sent.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        if let Some(timeout) = request.timeout {
            sent = sent.timeout(timeout);
        }
        self.inner.requests.fetch_add(1, Relaxed);
        let mut reply = sent.send().await.map_err(|error| self.lost(request, &error))?;
        let status = reply.status();
        let date = header(&reply, DATE).and_then(retry::date);
        if let Some(date) = date {
            self.inner.clock.hear(date);
        }
        tracing::debug!(method = request.verb.name(), path = request.path, status = status.as_u16());
        let body = self.body(request, &mut reply).await?;
        if status.is_success() {
            self.inner.patience.answer(true);
            // Something in between that shows a page of its own has deleted nothing.
            if request.verb == Verb::Delete && (status != StatusCode::NO_CONTENT || !body.is_empty()) {
                let message = format!("{} is not InfluxDB's reply to a deletion", status.as_u16());
                let error = request.error(Class::Unexpected, Some(status.as_u16()), message);
                return Err(Failure::last(ApiError { maybe_done: true, ..error }));
            }
            return Ok(self.without_token(request, body));
        }
        let (class, message) = match header(&reply, LOCATION).filter(|_| status.is_redirection()) {
            Some(to) => {
                let message = format!("{} redirects to {to}: use that URL", status.as_u16());
                (Class::Unexpected, self.said(request, message))
            }
            None => error::read(status.as_u16(), &body, |said| self.said(request, said)),
        };
        self.inner.patience.answer(class != Class::Unavailable);
        let after = header(&reply, RETRY_AFTER).and_then(|text| retry::retry_after(text, date));
        let writes = request.verb.writes();
        // Too many requests: the one thing among these that the server has certainly not begun.
        let maybe_done = writes && class == Class::Unavailable && status.as_u16() != 429;
        let error = ApiError { maybe_done, ..request.error(class, Some(status.as_u16()), message) };
        Err(Failure { error, again: class == Class::Unavailable && request.verb != Verb::Post, after })
    }

    /// Reads a reply, unpacked. Of an error no more than tells it.
    async fn body(&self, request: &Request<'_>, reply: &mut reqwest::Response) -> Result<Vec<u8>, Failure> {
        let announced = reply.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut body = Vec::with_capacity(announced.min(LONGEST_REPLY));
        while let Some(chunk) = reply.chunk().await.map_err(|error| self.lost(request, &error))? {
            if !reply.status().is_success() {
                body.extend_from_slice(&chunk[..chunk.len().min(LONGEST_ERROR - body.len())]);
                if body.len() == LONGEST_ERROR {
                    break;
                }
                continue;
            }
            if body.len() + chunk.len() > LONGEST_REPLY {
                let message = format!("the reply is longer than {} MiB", LONGEST_REPLY >> 20);
                let error = request.error(Class::Unexpected, Some(reply.status().as_u16()), message);
                return Err(Failure::last(ApiError { maybe_done: request.verb.writes(), ..error }));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// A try without a whole reply.
    fn lost(&self, request: &Request<'_>, error: &reqwest::Error) -> Failure {
        let host = self.inner.base.as_str().trim_end_matches('/');
        let message = match (error.is_connect(), error.is_timeout()) {
            (true, true) => format!("cannot connect to {host}: timed out"),
            (true, false) => format!("cannot connect to {host}: {}", reason(error)),
            (false, true) => format!("no answer from {host} in {:?}", request.timeout.unwrap_or(self.inner.timeout)),
            (false, false) => format!("lost the connection to {host}: {}", reason(error)),
        };
        let maybe_done = request.verb.writes() && !error.is_connect();
        // Where there has never been a server, waiting for it is no help.
        let nobody = error.is_connect() && !self.inner.patience.has_answered();
        let message = self.said(request, message);
        let error = ApiError { maybe_done, ..request.error(Class::Unavailable, None, message) };
        Failure { error, again: request.verb != Verb::Post && !nobody, after: None }
    }

    fn url(&self, request: &Request<'_>) -> Result<Url, ApiError> {
        if !is_path(request.path) {
            return Err(request.error(Class::Refused, None, "not sent: this is not a path of the API".into()));
        }
        let mut url = self.inner.base.clone();
        url.set_path(&format!("{}{}", self.inner.base.path().trim_end_matches('/'), request.path));
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(request.query);
        }
        Ok(url)
    }

    #[cfg(test)]
    pub(super) fn with_sleep(&self, sleep: Sleep) -> Self {
        let Inner { http, base, token, timeout, patience, .. } = &*self.inner;
        Self::new(http.clone(), base.clone(), token.clone(), *timeout, patience.anew(sleep))
    }
}

impl Writer {
    /// The writing side of `client`.
    pub fn new(client: Client) -> Self {
        Self { client, gate: None, since: None }
    }

    /// The writing side of `client`, with a gate that is asked before each try of each write: one that is refused is an
    /// error of class `Shut`, and nothing was sent (by that try).
    pub fn gated(client: Client, gate: Gate) -> Self {
        Self { client, gate: Some(gate), since: None }
    }

    /// The same, and what it makes is newer than the object with the ID `since`.
    #[must_use]
    pub fn since(self, since: &str) -> Self {
        Self { since: Some(since.to_owned()), ..self }
    }

    /// The lines that a program has written that may have seen the run's own token, without it.
    pub(crate) fn without_token(&self, lines: &[String]) -> Vec<String> {
        // A token may be wrapped.
        let text = lines.join("\n");
        let text = match &self.client.inner.redaction {
            Some(redaction) => redaction.said(&text),
            None => text.into(),
        };
        text.lines().map(str::to_owned).collect()
    }

    /// The right to secrets: what may write may deliver, and set passwords.
    pub fn secrets(&self) -> Access {
        Access::granted()
    }

    /// `POST path` with a JSON body, which makes an object. Sent once: the caller looks before it sends again
    /// (`maybe_done`). A reply that names an object that was there before is an error of class `NotOurs`.
    pub(crate) async fn create<B: Serialize, T: DeserializeOwned + Identified>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ApiError> {
        let making = self.client.inner.known.begin();
        let made: T = self.post(path, body).await?;
        self.client.inner.known.admit(path, &made, making, self.since.as_deref())?;
        Ok(made)
    }

    /// `POST path` with a JSON body. Sent once: the caller looks before it sends again (`maybe_done`).
    pub async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ApiError> {
        let request = Request::json(Verb::Post, path, body);
        self.client.decode(&request, &self.client.send(&request, self.gate.as_ref()).await?)
    }

    /// `POST path` with a JSON body, where the reply's body does not matter. Sent once, as [`Writer::post`].
    pub async fn post_only<B: Serialize>(&self, path: &str, body: &B) -> Result<(), ApiError> {
        let request = Request::json(Verb::Post, path, body);
        match self.client.send(&request, self.gate.as_ref()).await? {
            empty if empty.is_empty() => Ok(()),
            reply => self.client.decode::<IgnoredAny>(&request, &reply).map(drop),
        }
    }

    /// `PATCH path` with a JSON body of whole fields. Retried.
    pub async fn patch<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ApiError> {
        let request = Request::json(Verb::Patch, path, body);
        self.client.decode(&request, &self.client.send(&request, self.gate.as_ref()).await?)
    }

    /// `DELETE path`; 404 is an error of class `NotFound`, unless an earlier try was lost. Retried.
    pub async fn delete(&self, path: &str) -> Result<(), ApiError> {
        self.client.send(&Request::new(Verb::Delete, path), self.gate.as_ref()).await.map(drop)
    }
}

impl Deref for Writer {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.inner.base)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({})", self.inner.base)
    }
}

/// Whether `path` is one that the API has: words, with an ID after each but where a word stands for itself. What a server
/// calls an ID must not lead to another object.
fn is_path(path: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    match path.strip_prefix("/api/v2/") {
        Some("query/ast") => true,
        Some(rest) => rest.split('/').enumerate().all(|(at, part)| if at % 2 == 0 { word(part) } else { is_id(part) }),
        None => path.strip_prefix('/').is_some_and(word),
    }
}

/// The token in a header that carries one.
fn secret_of(header: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(header.as_bytes()).ok()?.strip_prefix("Token ")
}

fn header(reply: &reqwest::Response, name: http::HeaderName) -> Option<&str> {
    reply.headers().get(name)?.to_str().ok()
}

/// What lies beneath an error of the network, without the URL.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(error) = source {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return "connection refused".to_owned();
        }
        // What a TLS library says of an answer that is no TLS.
        if error.to_string().contains("InvalidContentType") {
            return "it answers without TLS; for plain HTTP, use http:// instead of https://".to_owned();
        }
        let text = error.to_string();
        if text.starts_with("client error (") {
            source = error.source();
            continue;
        }
        // Some say what their source says.
        if let Some(last) = words.last_mut().filter(|last| last.ends_with(&text) || text.ends_with(last.as_str())) {
            if text.len() > last.len() {
                *last = text;
            }
        } else {
            words.push(text);
        }
        source = error.source();
    }
    if words.is_empty() { error.to_string() } else { words.join(": ") }
}
