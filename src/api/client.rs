//! The two clients: one that cannot write, for everything up to the plan, and one that can, for apply.

use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ApiError;

/// A client without write methods. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client;

/// A client that writes. Made by apply only.
#[derive(Clone, Debug)]
pub struct Writer {
    client: Client,
}

impl Client {
    /// `GET path?query`, decoded from JSON. Retried.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, ApiError> {
        let _ = (path, query);
        todo!()
    }
}

impl Writer {
    /// The writing side of `client`.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// `POST path` with a JSON body. Sent once: the caller looks before it sends again (`maybe_done`).
    pub async fn post<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ApiError> {
        let _ = (path, body);
        todo!()
    }

    /// `PATCH path` with a JSON body of whole fields. Retried.
    pub async fn patch<B: Serialize, T: DeserializeOwned>(&self, path: &str, body: &B) -> Result<T, ApiError> {
        let _ = (path, body);
        todo!()
    }

    /// `DELETE path`; 404 is an error of class `NotFound`. Retried.
    pub async fn delete(&self, path: &str) -> Result<(), ApiError> {
        let _ = path;
        todo!()
    }
}

impl Deref for Writer {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
