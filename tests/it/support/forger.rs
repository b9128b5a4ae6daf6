//! A server in between that tells what is not so.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

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
    url: String,
    desk: Arc<Desk>,
    /// Of its own: when it ends, all connections end with it.
    runtime: Option<Runtime>,
}

impl Forger {
    /// Stands before the server at this URL.
    pub(crate) fn before(server: &str, change: impl Fn(&mut Said) + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // Fails only if another test was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let asked = Mutex::default();
        let desk = Arc::new(Desk { server: server.to_owned(), http, change: Box::new(change), asked });
        let app = axum::Router::new().fallback(forge).with_state(desk.clone());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
        Self { url, desk, runtime: Some(runtime) }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Method, path and query of each request that came in.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.desk.asked.lock().unwrap().clone()
    }
}

impl Drop for Forger {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn forge(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let asked = format!("{} {}", head.method, head.uri);
    desk.asked.lock().unwrap().push(asked.clone());
    let url = format!("{}{}", desk.server, head.uri);
    let reply = desk.http.request(head.method, url).headers(end_to_end(head.headers)).body(body).send().await.unwrap();
    let (status, headers) = (reply.status().as_u16(), end_to_end(reply.headers().clone()));
    let mut said = Said { asked, status, headers, body: reply.bytes().await.unwrap().to_vec() };
    (desk.change)(&mut said);
    let mut response = Response::builder().status(said.status);
    *response.headers_mut().unwrap() = said.headers;
    response.body(Body::from(said.body)).unwrap()
}

/// The headers that are not about one connection, and that hold for a body that is changed.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, http::header::ACCEPT_ENCODING] {
        headers.remove(name);
    }
    headers.remove(http::header::CONTENT_ENCODING);
    headers
}
