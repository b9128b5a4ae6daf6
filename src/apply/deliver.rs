//! Brings a new secret to its sinks in two phases: what a crash leaves behind is at most an object that does not work yet.

use crate::api::{ApiError, Class, Client, Writer};
use crate::confine::Root;
use crate::diagnostic::Diagnostic;
use crate::exit::{Exit, Problem};
use crate::secret::{Access, Secret, Sink, SinkError, fingerprint};

/// Sinks that can be written.
pub(super) struct Delivery {
    sinks: Vec<Sink>,
    access: Access,
}

/// Why a secret did not get where it was to go.
pub(super) enum Failure {
    /// A sink failed.
    Sink(SinkError),
    /// A sink does not hold what was written to it.
    ReadBack(String),
    /// The server does not know the secret that it gave.
    Probe(ApiError),
    /// The object could not be activated.
    Activate(ApiError),
}

impl Failure {
    pub(super) fn problem(self, writer: &Writer) -> Problem {
        let secret = |words: String| Problem {
            exit: Exit::Secret,
            diagnostic: Diagnostic::error("secret::not-delivered", words)
                .help("the new token stays inactive; the next apply deletes it and makes another one"),
        };
        match self {
            Self::Sink(error) => {
                let mut problem = secret(error.to_string());
                problem.diagnostic = problem.diagnostic.output(writer.without_token(error.said()));
                problem
            }
            Self::ReadBack(sink) => secret(format!("{sink} does not hold the secret that was written to it")),
            Self::Probe(error) => secret(format!("the delivered secret does not work: {error}")),
            Self::Activate(error) => Problem::from(error),
        }
    }
}

impl Delivery {
    /// Checks that each sink can be written, before there is a secret. Relative paths start at `root`.
    pub(super) async fn probe(root: &Root, sinks: &[Sink], access: Access) -> Result<Self, String> {
        let sinks: Result<Vec<Sink>, _> = sinks.iter().map(|sink| sink.within(root)).collect();
        let sinks = sinks.map_err(|error| error.to_string())?;
        for sink in &sinks {
            sink.probe(access).await.map_err(|error| error.to_string())?;
        }
        Ok(Self { sinks, access })
    }

    /// Delivers `secret`, activates its object with `activate`, and gives the secret's fingerprint. Where a `successor`
    /// takes over, the old contents of the sinks stay until it is active.
    pub(super) async fn deliver(
        self,
        client: &Client,
        secret: &Secret,
        successor: bool,
        activate: impl AsyncFn() -> Result<(), ApiError>,
    ) -> Result<String, Failure> {
        let mut staged = Vec::new();
        for sink in &self.sinks {
            let stage = sink.stage(secret, self.access).await.map_err(Failure::Sink)?;
            let held = stage.read_back().await.map_err(Failure::Sink)?;
            if held.is_some_and(|held| fingerprint(&held) != fingerprint(secret)) {
                return Err(Failure::ReadBack(sink.to_string()));
            }
            staged.push(stage);
        }
        probe_secret(client, secret).await?;
        if successor {
            activate().await.map_err(Failure::Activate)?;
        }
        for stage in staged {
            stage.commit().await.map_err(Failure::Sink)?;
        }
        if !successor {
            for sink in &self.sinks {
                let held = sink.read(self.access).await.map_err(Failure::Sink)?;
                if held.is_some_and(|held| fingerprint(&held) != fingerprint(secret)) {
                    return Err(Failure::ReadBack(sink.to_string()));
                }
            }
            activate().await.map_err(Failure::Activate)?;
        }
        Ok(fingerprint(secret))
    }
}

/// An inactive token that the server knows is refused as inactive, and one that it does not know as unauthorized.
async fn probe_secret(client: &Client, secret: &Secret) -> Result<(), Failure> {
    match client.me_with(secret).await {
        Ok(_) => Ok(()),
        Err(error) if error.class == Class::BadToken && error.message.contains("inactive") => Ok(()),
        Err(error) => Err(Failure::Probe(error)),
    }
}
