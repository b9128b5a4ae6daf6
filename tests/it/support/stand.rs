//! An HTTP server that a test puts before a real one.

use std::time::Duration;

use axum::Router;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, TRANSFER_ENCODING};
use reqwest::ClientBuilder;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// Serves on a port of its own.
pub(super) struct Stand {
    url: String,
    /// Of its own: when it ends, all connections end with it.
    runtime: Option<Runtime>,
}

impl Stand {
    pub(super) fn serve(app: Router) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
        Self { url, runtime: Some(runtime) }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it: connections end, and new ones are refused.
    pub(super) fn go_away(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.go_away();
    }
}

/// What goes on to the real server.
pub(super) fn client() -> ClientBuilder {
    // Fails only if another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A run that is left in the middle lives on as long as this process: its connections must not add up.
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(4).pool_idle_timeout(Duration::from_secs(2))
}

/// The headers that are not about one connection, and that hold for a body that was read whole.
pub(super) fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}
