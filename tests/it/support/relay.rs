//! A relay before a server that holds requests back, loses replies, and goes away when a test says so.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use http::Method;
use http::header::{DATE, HeaderValue};
use tokio::sync::watch;

use super::stand::{Stand, client, end_to_end};

/// How long a test waits for what must come.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A relay; requests to it go to one server. Its writes are counted from the one that makes a lock or an org, with which a
/// run begins to write.
pub(crate) struct Relay {
    stand: Stand,
    desk: Arc<Desk>,
}

/// What the relay's requests share.
struct Desk {
    server: String,
    http: reqwest::Client,
    orders: watch::Sender<Orders>,
    seen: watch::Sender<Seen>,
    requests: Mutex<Vec<String>>,
    ahead: Duration,
}

/// What is let through.
#[derive(Clone, Copy)]
struct Orders {
    /// So many writes reach the server,
    writes: usize,
    /// and so many of them are answered.
    replies: usize,
}

/// What has come.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Writes that have come,
    writes: usize,
    /// those that the server has done,
    done: usize,
    /// and those that it is at.
    under_way: usize,
}

impl Relay {
    /// Lets everything through to the server at this URL.
    pub(crate) fn to(server: &str) -> Self {
        Self::ahead_of(server, Duration::ZERO)
    }

    /// The same, where the server's clock is so much ahead as far as anybody can tell.
    pub(crate) fn ahead_of(server: &str, ahead: Duration) -> Self {
        let http = client().no_gzip().build().unwrap();
        let desk = Arc::new(Desk {
            server: server.to_owned(),
            http,
            orders: watch::channel(Orders { writes: usize::MAX, replies: usize::MAX }).0,
            seen: watch::channel(Seen::default()).0,
            requests: Mutex::default(),
            ahead,
        });
        let app = axum::Router::new().fallback(relay).with_state(desk.clone());
        Self { stand: Stand::serve(app), desk }
    }

    pub(crate) fn url(&self) -> &str {
        self.stand.url()
    }

    /// Holds all writes back after the first `count`.
    pub(crate) fn hold_after(self, count: usize) -> Self {
        self.desk.orders.send_modify(|orders| orders.writes = count);
        self
    }

    /// Keeps all replies to writes back after the first `count`; the writes themselves are done.
    pub(crate) fn lose_replies_after(self, count: usize) -> Self {
        self.desk.orders.send_modify(|orders| orders.replies = count);
        self
    }

    /// Lets everything through that was held back.
    pub(crate) fn release(&self) {
        self.desk.orders.send_replace(Orders { writes: usize::MAX, replies: usize::MAX });
    }

    /// Waits until so many writes have come, held ones included.
    pub(crate) async fn until_writes(&self, count: usize) {
        self.until("come", |seen| seen.writes >= count).await;
    }

    /// Waits until the server has done so many writes.
    pub(crate) async fn until_done(&self, count: usize) {
        self.until("been done", |seen| seen.done >= count).await;
    }

    async fn until(&self, what: &str, enough: impl FnMut(&Seen) -> bool) {
        let mut seen = self.desk.seen.subscribe();
        let waited = tokio::time::timeout(DEADLINE, seen.wait_for(enough)).await.map(drop);
        assert!(waited.is_ok(), "too few writes have {what}: {:#?}", self.requests());
    }

    /// How many writes have come so far.
    pub(crate) fn writes(&self) -> usize {
        self.desk.seen.borrow().writes
    }

    /// Each request so far: method, URL.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.desk.requests.lock().unwrap().clone()
    }

    /// Lets no further write through, and ends when the server has done those that it is at: what a dead run has left
    /// under way does not come in between later.
    pub(crate) async fn end(self) {
        self.desk.orders.send_modify(|orders| orders.writes = 0);
        self.until("ended", |seen| seen.under_way == 0).await;
    }

    /// The server is gone, as far as anybody can tell: connections end, and new ones are refused.
    pub(crate) fn go_away(&mut self) {
        self.stand.go_away();
    }
}

async fn relay(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    // A task of its own: what has begun is done, though the client may go away.
    tokio::spawn(async move { desk.pass(request).await }).await.unwrap()
}

impl Desk {
    async fn pass(&self, request: Request) -> Response {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        self.requests.lock().unwrap().push(format!("{} {}", head.method, head.uri));
        let number = self.number(&head.method, head.uri.path(), &body);
        if let Some(number) = number {
            self.enter(number).await;
        }
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", self.server);
        let reply = self.http.request(head.method, url).headers(end_to_end(head.headers)).body(body).send().await;
        let reply = reply.unwrap();
        let mut response = Response::builder().status(reply.status());
        let mut headers = end_to_end(reply.headers().clone());
        if let Some(date) = headers.get_mut(DATE) {
            *date = later(date, self.ahead);
        }
        *response.headers_mut().unwrap() = headers;
        let body = reply.bytes().await.unwrap();
        if let Some(number) = number {
            self.seen.send_modify(|seen| {
                seen.done += 1;
                seen.under_way -= 1;
            });
            self.allowed(|orders| number <= orders.replies).await;
        }
        response.body(Body::from(body)).unwrap()
    }

    /// Which write of the run a request is.
    fn number(&self, method: &Method, path: &str, body: &[u8]) -> Option<usize> {
        let body = String::from_utf8_lossy(body);
        let begins = path == "/api/v2/orgs" || (path == "/api/v2/labels" && body.contains("/lock\""));
        // The question what the token may do is a POST too.
        let asks = path.contains("/query") || body.contains("\"instance\"");
        let writes = [Method::POST, Method::PATCH, Method::DELETE].contains(method) && !asks;
        let mut number = None;
        self.seen.send_if_modified(|seen| {
            if writes && (seen.writes > 0 || begins) {
                seen.writes += 1;
                number = Some(seen.writes);
            }
            number.is_some()
        });
        number
    }

    /// Waits until the write `number` may reach the server.
    async fn enter(&self, number: usize) {
        loop {
            self.allowed(|orders| number <= orders.writes).await;
            // Counted before the orders are read again: who gives them and then counts misses none.
            self.seen.send_modify(|seen| seen.under_way += 1);
            if number <= self.orders.borrow().writes {
                return;
            }
            self.seen.send_modify(|seen| seen.under_way -= 1);
        }
    }

    async fn allowed(&self, enough: impl FnMut(&Orders) -> bool) {
        // The relay outlives its requests.
        let _ = self.orders.subscribe().wait_for(enough).await;
    }
}

/// A `Date` that is so much later.
fn later(date: &HeaderValue, ahead: Duration) -> HeaderValue {
    const FORM: &str = "%a, %d %b %Y %H:%M:%S GMT";
    let at = jiff::civil::DateTime::strptime(FORM, date.to_str().unwrap()).unwrap();
    let at = at.checked_add(jiff::SignedDuration::try_from(ahead).unwrap()).unwrap();
    HeaderValue::from_str(&at.strftime(FORM).to_string()).unwrap()
}
