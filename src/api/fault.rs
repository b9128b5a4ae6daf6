//! A server for tests that plays a list of replies, good and bad ones, and remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::{Client, Connect, OnWait, Waiting};

/// What it does with one request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Sends these bytes and goes on.
    Bytes(Vec<u8>),
    /// Sends these bytes and closes the connection.
    Cut(Vec<u8>),
    /// Says nothing.
    Hang,
    /// The same, once a request with this line has come in.
    After(String, Box<Reply>),
}

impl Reply {
    pub(crate) fn text(status: u16, headers: &str, body: &str) -> Self {
        Self::Bytes(format!("HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into())
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, "", &body.to_string())
    }

    /// An error as InfluxDB writes it.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, &serde_json::json!({"code": code, "message": message}))
    }
}

/// One request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// Replies in their order, each to any request or to those with this line.
type Replies = Arc<Mutex<VecDeque<(Option<String>, Reply)>>>;

/// The server, and the waits that its client made.
pub(crate) struct Fault {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    waits: Arc<Mutex<Vec<Duration>>>,
    told: Arc<Mutex<Vec<Waiting>>>,
    server: JoinHandle<()>,
}

impl Fault {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::listen(None, replies.into_iter().map(|reply| (None, reply))).await
    }

    /// The same with replies that belong to requests: method and target of each. For requests that are sent side by side.
    pub(crate) async fn start_for(replies: impl IntoIterator<Item = (String, Reply)>) -> Self {
        Self::listen(None, replies.into_iter().map(|(line, reply)| (Some(line), reply))).await
    }

    /// The same behind TLS.
    pub(crate) async fn start_tls(tls: TlsAcceptor, replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::listen(Some(tls), replies.into_iter().map(|reply| (None, reply))).await
    }

    async fn listen(tls: Option<TlsAcceptor>, replies: impl IntoIterator<Item = (Option<String>, Reply)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let replies = Arc::new(Mutex::new(replies.into_iter().collect::<VecDeque<_>>()));
        let log = Log::default();
        let seen = Arc::clone(&log.seen);
        let server = tokio::spawn(async move {
            // Connections end with the server.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, replies, log) = (tls.clone(), Arc::clone(&replies), log.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, replies, log).await,
                        // Else the client does not trust us, or we do not trust it.
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, replies, log).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, seen, waits: Arc::default(), told: Arc::default(), server }
    }

    /// Ends the server: connections are cut, and new ones are refused.
    pub(crate) async fn go_away(&mut self) {
        self.server.abort();
        // That it was told to end is what it says.
        let _ = (&mut self.server).await;
    }

    pub(crate) fn url(&self, path: &str) -> url::Url {
        format!("http://127.0.0.1:{}{path}", self.port).parse().expect("a URL")
    }

    /// A client with the token `t0ken` that does not really wait between tries.
    pub(crate) fn client(&self) -> Client {
        self.connect(&Connect::new(self.url(""), Some("t0ken".into())))
    }

    pub(crate) fn connect(&self, connect: &Connect) -> Client {
        let (waits, told) = (Arc::clone(&self.waits), Arc::clone(&self.told));
        let on_wait = OnWait::new(move |waiting| told.lock().expect("sound").push(waiting.clone()));
        let connect = Connect { on_wait, ..connect.clone() };
        connect.client().expect("a client").with_sleep(Arc::new(move |time| {
            waits.lock().expect("sound").push(time);
            Box::pin(std::future::ready(()))
        }))
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("sound").clone()
    }

    /// Method and target of each request.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    /// What was told of waits: the next try, how many there are, and why.
    pub(crate) fn told(&self) -> Vec<(usize, usize, String)> {
        let told = self.told.lock().expect("sound");
        told.iter().map(|Waiting { error, next, of, .. }| (*next, *of, error.message.clone())).collect()
    }

    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.waits.lock().expect("sound").clone()
    }
}

/// The requests that have come in.
#[derive(Clone, Default)]
struct Log {
    seen: Arc<Mutex<Vec<Seen>>>,
    more: Arc<Notify>,
}

impl Log {
    fn add(&self, seen: Seen) {
        self.seen.lock().expect("sound").push(seen);
        self.more.notify_waiters();
    }

    /// Waits until a request with this line has come in.
    async fn until(&self, line: &str) {
        loop {
            let more = self.more.notified();
            if self.seen.lock().expect("sound").iter().any(|seen| seen.line == line) {
                return;
            }
            more.await;
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, replies: Replies, log: Log) {
    let mut stream = BufReader::new(stream);
    while let Some(seen) = request(&mut stream).await {
        let reply = {
            let mut replies = replies.lock().expect("sound");
            let at = replies.iter().position(|(line, _)| line.as_ref().is_none_or(|line| *line == seen.line));
            at.and_then(|at| replies.remove(at))
        };
        log.add(seen);
        let none = || Reply::text(599, "", "the test's list of replies is at its end");
        let mut reply = reply.map_or_else(none, |(_, reply)| reply);
        while let Reply::After(line, then) = reply {
            log.until(&line).await;
            reply = *then;
        }
        let (bytes, close) = match reply {
            Reply::Bytes(bytes) => (bytes, false),
            Reply::Cut(bytes) => (bytes, true),
            Reply::Hang | Reply::After(..) => return std::future::pending().await,
        };
        if stream.write_all(&bytes).await.is_err() || close {
            return;
        }
    }
}

async fn request<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { line, headers, body: String::from_utf8(body).expect("text") })
}
