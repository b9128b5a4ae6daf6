//! A server in between that loses replies and refuses requests.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::sync::RwLock;
use tokio::task::JoinHandle;

use super::stand::client;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is passed on, and so is the reply.
    Pass,
    /// It is passed on, and the connection ends without a reply.
    LoseReply,
    /// The connection ends, and the server sees nothing.
    LoseRequest,
    /// The connection ends, and the server sees it later.
    Keep,
    /// The request that was kept reaches the server first, and then this one.
    PassAfterKept,
    /// It is answered here.
    Refuse(u16, &'static str),
    /// It is passed on, and answered with something else than what the server says.
    Belie(u16, &'static str),
}

/// One request, as the proxy sees it.
pub(crate) struct Seen<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
}

/// A request that the server has not seen yet.
type Kept = (Method, Uri, HeaderMap, Bytes);

type Judge = Box<dyn FnMut(&Seen<'_>) -> Fate + Send>;

struct Between {
    target: String,
    client: reqwest::Client,
    judge: Mutex<Judge>,
    /// What the server sees later.
    kept: Mutex<Option<Kept>>,
    /// Held by each request for as long as it is under way.
    under_way: RwLock<()>,
}

/// A proxy on a loopback port; it ends with this value.
pub(crate) struct Proxy {
    url: String,
    between: Arc<Between>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Stands before the server at `target`; `judge` decides over each request, in the order of arrival.
    pub(crate) async fn start(target: &str, judge: impl FnMut(&Seen<'_>) -> Fate + Send + 'static) -> Self {
        let client = client().build().unwrap();
        let between = Between {
            target: target.to_owned(),
            client,
            judge: Mutex::new(Box::new(judge)),
            kept: Mutex::default(),
            under_way: RwLock::new(()),
        };
        let between = Arc::new(between);
        let app = axum::Router::new().fallback(pass).with_state(between.clone());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, between, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Gives the request that was kept another body.
    pub(crate) fn keep_instead(&self, body: &serde_json::Value) {
        self.between.kept.lock().unwrap().as_mut().unwrap().3 = body.to_string().into();
    }

    /// Lets the request that was kept reach the server.
    pub(crate) async fn let_kept_go(&self) {
        self.between.send_kept().await;
    }

    /// Waits until the server has answered everything that was passed on.
    pub(crate) async fn settle(&self) {
        drop(self.between.under_way.write().await);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    State(between): State<Arc<Between>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body_of_request: Bytes,
) -> Response {
    // A task of its own: it goes on when the client has gone, as it does on a server.
    let passing = tokio::spawn(async move {
        let _under_way = between.under_way.read().await;
        let fate = (between.judge.lock().unwrap())(&Seen { method: &method, path: uri.path(), body: &body_of_request });
        match fate {
            Fate::LoseRequest => None,
            Fate::Keep => {
                *between.kept.lock().unwrap() = Some((method, uri, headers, body_of_request));
                None
            }
            Fate::PassAfterKept => {
                between.send_kept().await;
                Some(between.forward(method, &uri, &headers, body_of_request).await)
            }
            Fate::Refuse(status, body) => Some(answer(status, body)),
            Fate::Belie(status, body) => {
                between.forward(method, &uri, &headers, body_of_request).await;
                Some(answer(status, body))
            }
            Fate::Pass | Fate::LoseReply => {
                let reply = between.forward(method, &uri, &headers, body_of_request).await;
                (fate == Fate::Pass).then_some(reply)
            }
        }
    });
    // Without a reply the connection's task ends, and so the connection, without a word.
    passing.await.unwrap().unwrap_or_else(|| std::panic::resume_unwind(Box::new(())))
}

fn answer(status: u16, body: &'static str) -> Response {
    let json = [("content-type", "application/json")];
    (StatusCode::from_u16(status).unwrap(), json, body).into_response()
}

impl Between {
    async fn send_kept(&self) {
        let (method, uri, headers, body) = self.kept.lock().unwrap().take().unwrap();
        let reply = self.forward(method, &uri, &headers, body).await;
        assert!(reply.status().is_success(), "{}", reply.status());
    }

    async fn forward(&self, method: Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> Response {
        let mut request = self.client.request(method, format!("{}{uri}", self.target)).body(body);
        for name in ["authorization", "content-type", "accept"] {
            if let Some(value) = headers.get(name) {
                request = request.header(name, value);
            }
        }
        let reply = request.send().await.unwrap();
        let mut response = Response::builder().status(reply.status());
        for name in ["content-type", "date", "x-influxdb-version", "x-influxdb-build"] {
            if let Some(value) = reply.headers().get(name) {
                response = response.header(name, value);
            }
        }
        response.body(Body::from(reply.bytes().await.unwrap())).unwrap()
    }
}
