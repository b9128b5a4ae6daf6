//! The client that writes.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::client::Client;
use super::error::ApiError;
use super::known::Identified;
use super::request::{Request, Verb};
use crate::secret::{Access, Secret};

/// Asked before each try of a write; an error stops it, with the reason.
pub type Gate = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A client that writes. Made by apply only.
#[derive(Clone)]
pub struct Writer {
    client: Client,
    gate: Option<Gate>,
    /// An ID that the server gave out before it makes anything for this writer.
    since: Option<String>,
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

    /// Takes `secret`, which the run has read or been given, out of all that the server says from now on.
    pub(crate) fn conceal(&self, secret: &Secret) {
        self.client.conceal(secret);
    }

    /// The lines that a program has written that may have seen the run's own token, without it.
    pub(crate) fn without_token(&self, lines: &[String]) -> Vec<String> {
        // A token may be wrapped.
        let text = lines.join("\n");
        self.client.clean(&text).lines().map(str::to_owned).collect()
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
        let making = self.client.known().begin();
        let made: T = self.post(path, body).await?;
        self.client.known().admit(path, &made, making, self.since.as_deref())?;
        Ok(made)
    }

    /// `POST path` with a JSON body. Sent once: the caller looks before it sends again (`maybe_done`).
    pub async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ApiError> {
        let request = Request::json(Verb::Post, path, body);
        self.client.decode(&request, &self.client.send(&request, self.gate.as_ref()).await?)
    }

    /// `POST path` with a JSON body, where the reply's body does not matter. Sent once, as [`Writer::post`].
    pub async fn post_only<B: Serialize>(&self, path: &str, body: &B) -> Result<(), ApiError> {
        self.only(&Request::json(Verb::Post, path, body)).await
    }

    /// `PATCH path` with a JSON body of whole fields, where the reply's body does not matter. Retried.
    pub async fn patch_only<B: Serialize>(&self, path: &str, body: &B) -> Result<(), ApiError> {
        self.only(&Request::json(Verb::Patch, path, body)).await
    }

    async fn only(&self, request: &Request<'_>) -> Result<(), ApiError> {
        match self.client.send(request, self.gate.as_ref()).await? {
            empty if empty.is_empty() => Ok(()),
            reply => self.client.decode::<IgnoredAny>(request, &reply).map(drop),
        }
    }

    /// `PATCH path` with a JSON body of whole fields. Retried.
    pub async fn patch<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ApiError> {
        let request = Request::json(Verb::Patch, path, body);
        self.client.decode(&request, &self.client.send(&request, self.gate.as_ref()).await?)
    }

    /// `PUT path` with a JSON body. Retried: it replaces the object with the same again.
    pub async fn put<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ApiError> {
        let request = Request::json(Verb::Put, path, body);
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

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({})", self.host())
    }
}
