//! The client that cannot write, for everything up to the plan; [`super::Writer`] is the one that can.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue, LOCATION, RETRY_AFTER};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use url::Url;

use super::clock::{Clock, Jump};
use super::error::{self, ApiError, Class, NO_ANSWER};
use super::known::Known;
use super::limits::{AT_ONCE, LONGEST_REPLY};
use super::network;
use super::request::{Request, Verb, secret_of};
#[cfg(test)]
use super::retry::Sleep;
use super::retry::{self, Failure, Patience};
use super::writer::Gate;
use crate::redact::{self, Redaction};
use crate::secret::{Secret, fingerprint};

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
    /// Take out of what the server says the other secrets that the run knows.
    concealed: Mutex<Vec<Redaction>>,
    timeout: Duration,
    patience: Patience,
    requests: AtomicU64,
    clock: Clock,
    known: Known,
    room: Semaphore,
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
        let concealed = Mutex::default();
        let inner = Inner { http, base, token, redaction, concealed, timeout, patience, requests, clock, known, room };
        Self { inner: Arc::new(inner) }
    }

    /// The server's base URL.
    pub fn host(&self) -> &Url {
        &self.inner.base
    }

    /// The same, as messages name it.
    fn host_name(&self) -> &str {
        self.inner.base.as_str().trim_end_matches('/')
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
    pub fn token_fingerprint(&self) -> Option<String> {
        let own = secret_of(self.inner.token.as_ref()?)?;
        Some(fingerprint(&own.to_owned().into()))
    }

    /// Takes `secret`, which the run has read or been given, out of all that the server says from now on: it may repeat what it
    /// was sent.
    pub(crate) fn conceal(&self, secret: &Secret) {
        self.concealed().push(Redaction::with_mark(secret.expose_secret(), redact::SECRET));
    }

    fn concealed(&self) -> MutexGuard<'_, Vec<Redaction>> {
        self.inner.concealed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a program or a server said, without the client's own token and the other secrets that the run knows.
    pub(super) fn clean<'a>(&self, said: &'a str) -> Cow<'a, str> {
        let said = self.inner.redaction.as_ref().map_or(said.into(), |redaction| redaction.said(said));
        self.concealed().iter().fold(said, |said, secret| match secret.said(&said) {
            Cow::Owned(without) => without.into(),
            Cow::Borrowed(_) => said,
        })
    }

    /// The IDs that were seen.
    pub(super) fn known(&self) -> &Known {
        &self.inner.known
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

    /// The same, sent once: how it fails may be what is asked for.
    pub(crate) async fn get_once<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        let request = Request::new(Verb::Get, path);
        let body = self.once(&request, self.url(&request)?).await.map_err(|failure| failure.error)?;
        self.decode(&request, &body)
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
            ApiError { maybe_done, ..request.error(Class::Unexpected, None, self.said(request, &message)) }
        })
    }

    /// The words `said`, in which something of a reply may stand, without the token.
    fn said(&self, request: &Request<'_>, said: &str) -> String {
        let said = self.clean(said);
        match request.redaction() {
            Some(redaction) => redaction.said(&said).into_owned(),
            None => said.into_owned(),
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
                gate().await.map_err(|reason| Failure::last(request.error(Class::Shut, None, reason)))?;
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

    pub(super) async fn once(&self, request: &Request<'_>, url: Url) -> Result<Vec<u8>, Failure> {
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
            Some(to) => (Class::Unexpected, error::redirect(self.host_name(), status, &self.said(request, to))),
            None if self.inner.base.scheme() == "http" && network::asks_for_tls(status, &body) => {
                (Class::SpeaksTls, format!("{} {}", self.host_name(), network::SPEAKS_TLS))
            }
            None => error::read(status.as_u16(), &body, |said| self.said(request, &said)),
        };
        // Whatever answers instead of the server, its address is what there is to look at.
        let message =
            if class == Class::Unavailable { format!("{message} (from {})", self.host_name()) } else { message };
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
                body.extend_from_slice(&chunk[..chunk.len().min(request.longest_error - body.len())]);
                if body.len() == request.longest_error {
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
        let host = self.host_name();
        let answered = self.inner.patience.has_answered();
        let reason = || network::reason(error, self.inner.base.scheme(), answered);
        let message = match (error.is_connect(), error.is_timeout()) {
            (true, true) => format!("cannot connect to {host}: timed out"),
            (true, false) => format!("cannot connect to {host}: {}", reason()),
            (false, true) => format!("{NO_ANSWER} {host} in {:?}", request.timeout.unwrap_or(self.inner.timeout)),
            (false, false) => format!("lost the connection to {host}: {}", reason()),
        };
        let maybe_done = request.verb.writes() && !error.is_connect();
        // Where there has never been a server, waiting for it is no help.
        let nobody = error.is_connect() && !answered;
        let message = self.said(request, &message);
        let error = ApiError { maybe_done, ..request.error(Class::Unavailable, None, message) };
        Failure { error, again: request.verb != Verb::Post && !nobody, after: None }
    }

    pub(super) fn url(&self, request: &Request<'_>) -> Result<Url, ApiError> {
        if !request.is_path() {
            return Err(request.error(Class::Refused, None, "not sent: this is not a path of the API".into()));
        }
        let mut url = self.inner.base.clone();
        let (path, query) =
            request.path.split_once('?').map_or((request.path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}{path}", self.inner.base.path().trim_end_matches('/')));
        url.set_query(query);
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

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.inner.base)
    }
}

fn header(reply: &reqwest::Response, name: http::HeaderName) -> Option<&str> {
    reply.headers().get(name)?.to_str().ok()
}
