//! A server in between that loses replies and refuses requests.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::task::JoinHandle;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is passed on, and so is the reply.
    Pass,
    /// It is passed on, and the connection ends without a reply.
    LoseReply,
    /// The connection ends, and the server sees nothing.
    LoseRequest,
    /// It is answered here.
    Refuse(u16, &'static str),
}

/// One request, as the proxy sees it.
pub(crate) struct Seen<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
}

type Judge = Box<dyn FnMut(&Seen<'_>) -> Fate + Send>;

struct Between {
    target: String,
    client: reqwest::Client,
    judge: Mutex<Judge>,
}

/// A proxy on a loopback port; it ends with this value.
pub(crate) struct Proxy {
    url: String,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Stands before the server at `target`; `judge` decides over each request, in the order of arrival.
    pub(crate) async fn start(target: &str, judge: impl FnMut(&Seen<'_>) -> Fate + Send + 'static) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let between = Between { target: target.to_owned(), client, judge: Mutex::new(Box::new(judge)) };
        let app = axum::Router::new().fallback(pass).with_state(Arc::new(between));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, task }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
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
    body: Bytes,
) -> Response {
    let fate = (between.judge.lock().unwrap())(&Seen { method: &method, path: uri.path() });
    match fate {
        Fate::LoseRequest => hang_up(),
        Fate::Refuse(status, body) => {
            let json = [("content-type", "application/json")];
            (StatusCode::from_u16(status).unwrap(), json, body).into_response()
        }
        Fate::Pass | Fate::LoseReply => {
            let url = format!("{}{uri}", between.target);
            let mut request = between.client.request(method, url).body(body);
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
            let body = reply.bytes().await.unwrap();
            if fate == Fate::LoseReply {
                hang_up();
            }
            response.body(Body::from(body)).unwrap()
        }
    }
}

/// Ends the connection's task, and so the connection, without a word.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new(()))
}
