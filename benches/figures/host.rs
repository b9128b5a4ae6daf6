//! The two servers: the real one, and the one inside fluxform.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fluxform::server::{Location, Options, Server, Setup};
use secrecy::ExposeSecret;

use super::Result;
use super::bare::Bare;
use super::influxd::Influxd;

/// Which servers there are.
pub(crate) struct Hosts {
    /// The program of the real one, where it is built.
    pub(crate) influxd: Option<PathBuf>,
}

/// One of the servers.
#[derive(Clone, Copy)]
pub(crate) enum Which<'a> {
    Embedded,
    Real(&'a Path),
}

impl Hosts {
    pub(crate) fn each(&self) -> impl Iterator<Item = Which<'_>> {
        [Which::Embedded].into_iter().chain(self.influxd.as_deref().map(Which::Real))
    }
}

impl Which<'_> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Embedded => "the embedded server",
            Self::Real(_) => "influxd",
        }
    }
}

/// A running server that is set up, and has nothing in its org.
pub(crate) enum Host {
    Embedded(Box<Server>, String, String),
    Real(Influxd),
}

impl Host {
    /// Starts one, with an org of this name.
    pub(crate) async fn start(which: Which<'_>, org: &str) -> Result<Self> {
        match which {
            Which::Embedded => {
                let setup = Some(Setup { org: org.into(), user: "bench".into() });
                let listen = ([127, 0, 0, 1], 0).into();
                let options = Options { location: Location::Memory, listen, setup, lock_wait: Duration::ZERO };
                let server = Server::start(options).await?;
                let token = server.operator_token().ok_or("the embedded server gave no token")?;
                let (url, token) = (server.url(), token.expose_secret().to_owned());
                Ok(Self::Embedded(Box::new(server), url, token))
            }
            Which::Real(program) => {
                let server = Influxd::start(program).await?;
                Bare::new(server.url(), server.token())?.make_org(org).await?;
                Ok(Self::Real(server))
            }
        }
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Embedded(_, url, _) => url,
            Self::Real(server) => server.url(),
        }
    }

    pub(crate) fn token(&self) -> &str {
        match self {
            Self::Embedded(.., token) => token,
            Self::Real(server) => server.token(),
        }
    }

    pub(crate) async fn stop(self) {
        match self {
            Self::Embedded(server, ..) => server.stop().await,
            Self::Real(server) => drop(server),
        }
    }
}
