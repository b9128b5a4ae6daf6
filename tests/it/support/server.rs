//! One server of either make, started and set up in the same way.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::embedded::EmbeddedServer;
use super::http::Http;
use super::real::RealServer;

/// Which server a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Embedded,
    Real,
}

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    /// Further arguments of `influxd run`; the embedded server has none.
    pub(crate) influxd: Vec<String>,
    /// Where the data is, kept after the end; a temporary place without it.
    pub(crate) directory: Option<PathBuf>,
    /// The address to listen on; a free loopback port without it.
    pub(crate) listen: Option<SocketAddr>,
}

enum Process {
    Embedded(EmbeddedServer),
    Real(RealServer),
}

/// A running server and, once it is set up, its operator token.
pub(crate) struct Server {
    backend: Backend,
    process: Process,
    token: String,
}

/// A server that tests share, and by how many it is shared.
struct Shared {
    server: Arc<Server>,
    tests: usize,
}

/// How many tests share a server.
const SHARED_BY: usize = 50;

/// Names that setup gives.
pub(crate) const ROOT: &str = "root";
pub(crate) const ROOT_PASSWORD: &str = "root-password";
const FIRST_ORG: &str = "first";
const FIRST_BUCKET: &str = "first-bucket";

impl Server {
    /// Starts a server that nobody has set up.
    pub(crate) async fn virgin(backend: Backend, start: &Start) -> Self {
        let process = match backend {
            Backend::Embedded => Process::Embedded(EmbeddedServer::start(start).await),
            Backend::Real => Process::Real(RealServer::start(start).await),
        };
        Self { backend, process, token: String::new() }
    }

    /// Starts a server and sets it up with a random operator token.
    pub(crate) async fn start(backend: Backend, start: &Start) -> Self {
        let mut server = Self::virgin(backend, start).await;
        server.set_up().await;
        server
    }

    /// A server that other tests on this backend share. After some tests they get another one: what tests leave makes each list of
    /// orgs and users longer, and a thousand orgs make each plan take seconds.
    pub(crate) async fn shared(backend: Backend) -> Arc<Self> {
        static EMBEDDED: Mutex<Option<Shared>> = Mutex::const_new(None);
        static REAL: Mutex<Option<Shared>> = Mutex::const_new(None);
        let mut shared = match backend {
            Backend::Embedded => &EMBEDDED,
            Backend::Real => &REAL,
        }
        .lock()
        .await;
        match &mut *shared {
            Some(Shared { server, tests }) if *tests < SHARED_BY => {
                *tests += 1;
                server.clone()
            }
            _ => {
                let server = Arc::new(Self::start(backend, &Start::default()).await);
                *shared = Some(Shared { server: server.clone(), tests: 1 });
                server
            }
        }
    }

    /// `POST /api/v2/setup`; the reply.
    pub(crate) async fn set_up(&mut self) -> Value {
        self.set_up_with(FIRST_ORG, FIRST_BUCKET).await
    }

    /// The same with the names of the first org and its bucket.
    pub(crate) async fn set_up_with(&mut self, org: &str, bucket: &str) -> Value {
        let token = format!("{:032x}", rand::random::<u128>());
        let body = json!({
            "username": ROOT,
            "password": ROOT_PASSWORD,
            "org": org,
            "bucket": bucket,
            "token": token,
        });
        let reply = self.anonymous().post("setup", body).await.expect(201);
        self.token = token;
        reply
    }

    /// Goes on with data that are set up already.
    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = token.to_owned();
        self
    }

    pub(crate) fn backend(&self) -> Backend {
        self.backend
    }

    pub(crate) fn url(&self) -> &str {
        match &self.process {
            Process::Embedded(server) => server.url(),
            Process::Real(server) => server.url(),
        }
    }

    /// The operator token; empty on a virgin server.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Requests as the operator.
    pub(crate) fn operator(&self) -> Http {
        self.anonymous().with_token(&self.token)
    }

    /// Requests without a token.
    pub(crate) fn anonymous(&self) -> Http {
        Http::new(self.url())
    }

    /// Ends it at once, as `kill -9` does; the data stay if their place was chosen.
    pub(crate) async fn kill(self) {
        match self.process {
            Process::Embedded(server) => server.stop().await,
            Process::Real(mut server) => server.kill(),
        }
    }
}

/// The runtime that shared servers and all requests live on: a test's own would end before them.
pub(crate) fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap())
}

/// Runs `work` on that runtime, for a test that is no body of `both!`.
pub(crate) fn run_alone<T>(work: impl Future<Output = T>) -> T {
    runtime().block_on(work)
}
