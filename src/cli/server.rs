//! `fluxform server`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Ended;
use super::session::not_started;
use super::shell::Shell;
use super::{signal, written};
use crate::exit::Exit;
use crate::server::{DataFile, Location, Options, Server};

/// Serve the embedded server on a port
///
/// The embedded server is an InfluxDB-2-compatible management API for trying out and for tests. Like a new influxd, it must
/// be set up first: `fluxform setup --host http://127.0.0.1:8086 ...`. Runs until Ctrl-C.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The address to listen on; port 0 picks a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8086")]
    listen: SocketAddr,
    /// The file for the data; created if it does not exist [default: in memory, lost at the end]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// How long to wait while another process uses the file
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = super::shell::duration)]
    lock_timeout: Duration,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    if let Some(path) = &arguments.data {
        written::allowed("data", path)?;
    }
    let location = match &arguments.data {
        None => Location::Memory,
        Some(path) => Location::File(DataFile::chosen(path).map_err(|error| not_started(&error.into(), None))?),
    };
    let stop = signal::listen(None);
    let options = Options { location, listen: arguments.listen, setup: None, lock_wait: arguments.lock_timeout };
    let server = Server::start(options).await.map_err(|error| not_started(&error, None))?;
    // The address is what was asked for: a script that gave port 0 reads it.
    shell.data(&format!("{}\n", server.url()))?;
    shell.say("Serving until Ctrl-C.");
    signal::wait(stop).await;
    server.stop().await;
    Ok(Exit::Ok)
}
