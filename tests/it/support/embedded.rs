//! The embedded server in this process.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use fluxform::server;

use super::server::Start;

/// A running embedded server that nobody has set up.
pub(crate) struct EmbeddedServer {
    server: server::Server,
    url: String,
}

/// Name of the file in a directory that the caller chose.
const FILE: &str = "embedded.db";
/// Time to wait for a predecessor that still holds the file.
const LOCK_WAIT: Duration = Duration::from_secs(10);

impl EmbeddedServer {
    pub(crate) async fn start(start: &Start) -> Self {
        let location = match &start.directory {
            Some(directory) => server::Location::File(server::DataFile::chosen(&directory.join(FILE)).unwrap()),
            None => server::Location::Memory,
        };
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = server::Server::start(server::Options {
            location,
            listen: start.listen.unwrap_or(any_port),
            setup: None,
            lock_wait: LOCK_WAIT,
        })
        .await
        .unwrap();
        let url = server.url();
        Self { server, url }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }
}
