//! A raw HTTP client for tests: it shares nothing with the client that is under test.

use std::sync::OnceLock;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, redirect};
use serde_json::Value;

/// One server as seen with one token, or with none.
#[derive(Clone)]
pub(crate) struct Http {
    url: String,
    headers: HeaderMap,
}

/// A reply, read whole.
pub(crate) struct Reply {
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body as JSON; `null` if it is none.
    pub(crate) json: Value,
}

fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        // Fails only if another test was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap()
    })
}

impl Http {
    /// Requests to `url` without a token.
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), headers: HeaderMap::new() }
    }

    /// The same server with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self::new(&self.url).with_header("authorization", &format!("Token {token}"))
    }

    /// The same, with one more header on each request.
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        self
    }

    /// The base URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Sends a request. A path without a leading slash is below `/api/v2/`.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Reply {
        let request = format!("{method} {}", self.address(path));
        self.try_send(method, path, body).await.unwrap_or_else(|e| panic!("{request}: {e:?}"))
    }

    /// A GET that may fail to reach the server.
    pub(crate) async fn try_get(&self, path: &str) -> Option<Reply> {
        self.try_send(Method::GET, path, None).await.ok()
    }

    /// A JSON or line-protocol POST that may fail to reach the server, or to be answered.
    pub(crate) async fn try_post(&self, path: &str, body: String) -> Option<Reply> {
        self.try_send(Method::POST, path, Some(body.into_bytes())).await.ok()
    }

    fn address(&self, path: &str) -> String {
        if path.starts_with('/') { format!("{}{path}", self.url) } else { format!("{}/api/v2/{path}", self.url) }
    }

    async fn try_send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> reqwest::Result<Reply> {
        let url = self.address(path);
        let request = format!("{method} {url}");
        let mut builder = client().request(method, &url).headers(self.headers.clone());
        if let Some(body) = body {
            builder = builder.body(body);
        }
        let response = builder.send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Ok(Reply { request, status, headers, text, json })
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send_json(Method::POST, path, &body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send_json(Method::PATCH, path, &body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None).await
    }

    /// A POST whose body is no JSON, or not ours.
    pub(crate) async fn post_text(&self, path: &str, body: &str) -> Reply {
        self.send(Method::POST, path, Some(body.as_bytes().to_vec())).await
    }

    async fn send_json(&self, method: Method, path: &str, body: &Value) -> Reply {
        let mut json = self.clone();
        json.headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        json.send(method, path, Some(body.to_string().into_bytes())).await
    }
}

impl Reply {
    /// The JSON of a reply that must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        self.json
    }

    /// An error in InfluxDB's form: status, `code`, and a part of `message`.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str, message: &str) {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text);
        assert_eq!(self.json["code"], code, "{}: {}", self.request, self.text);
        assert!(self.message().contains(message), "{}: {} lacks {message:?}", self.request, self.text);
    }

    /// `message` of an error, or nothing.
    pub(crate) fn message(&self) -> &str {
        self.json["message"].as_str().unwrap_or_default()
    }

    /// A header's value, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
