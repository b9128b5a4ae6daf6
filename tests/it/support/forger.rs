//! A server in between that tells what is not so.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::stand::{Stand, client, end_to_end};

/// A reply that may be changed before it goes on.
pub(crate) struct Said {
    /// The request's method, path and query: `GET /api/v2/buckets?orgID=...`.
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Said {
    /// Whether this is the answer to such a request; what follows the path does not count.
    pub(crate) fn is(&self, method_and_path: &str) -> bool {
        self.asked.split('?').next() == Some(method_and_path)
    }

    /// Changes what the reply says as JSON.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Value)) {
        if let Ok(mut json) = serde_json::from_slice(&self.body) {
            change(&mut json);
            self.body = json.to_string().into_bytes();
        }
    }

    /// Another reply altogether.
    pub(crate) fn become_text(&mut self, status: u16, text: &str) {
        (self.status, self.body) = (status, text.as_bytes().to_vec());
    }

    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
}

type Change = Box<dyn Fn(&mut Said) + Send + Sync>;

struct Desk {
    server: String,
    http: reqwest::Client,
    change: Change,
    asked: Mutex<Vec<String>>,
}

/// Stands before one server, and changes its replies.
pub(crate) struct Forger {
    stand: Stand,
    desk: Arc<Desk>,
}

impl Forger {
    /// Stands before the server at this URL.
    pub(crate) fn before(server: &str, change: impl Fn(&mut Said) + Send + Sync + 'static) -> Self {
        let http = client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let asked = Mutex::default();
        let desk = Arc::new(Desk { server: server.to_owned(), http, change: Box::new(change), asked });
        let app = axum::Router::new().fallback(forge).with_state(desk.clone());
        Self { stand: Stand::serve(app), desk }
    }

    pub(crate) fn url(&self) -> &str {
        self.stand.url()
    }

    /// Method, path and query of each request that came in.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.desk.asked.lock().unwrap().clone()
    }
}

async fn forge(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let asked = format!("{} {}", head.method, head.uri);
    desk.asked.lock().unwrap().push(asked.clone());
    let url = format!("{}{}", desk.server, head.uri);
    let reply = desk.http.request(head.method, url).headers(unpacked(head.headers)).body(body).send().await.unwrap();
    let (status, headers) = (reply.status().as_u16(), unpacked(reply.headers().clone()));
    let mut said = Said { asked, status, headers, body: reply.bytes().await.unwrap().to_vec() };
    (desk.change)(&mut said);
    let mut response = Response::builder().status(said.status);
    *response.headers_mut().unwrap() = said.headers;
    response.body(Body::from(said.body)).unwrap()
}

/// The headers that go on, and that hold for a body that is changed.
fn unpacked(headers: HeaderMap) -> HeaderMap {
    let mut headers = end_to_end(headers);
    for name in [ACCEPT_ENCODING, CONTENT_ENCODING] {
        headers.remove(name);
    }
    headers
}
