//! Brings a new secret to its sinks in two phases: what a crash leaves behind is at most an object that does not work yet.

use crate::api::{ApiError, Client, Writer};
use crate::confine::Root;
use crate::diagnostic::{Code, Diagnostic};
use crate::problem::Problem;
use crate::redact::without_secrets_in_command;
use crate::secret::{Access, Secret, Sink, SinkError, Staged, fingerprint};

/// Sinks that can be written.
pub(super) struct Delivery {
    sinks: Vec<Sink>,
    access: Access,
}

/// Why a secret did not get where it was to go.
pub(super) struct Failure {
    cause: Cause,
    /// Whether a sink may have it all the same.
    given: bool,
    /// Whether the new object works all the same.
    works: bool,
}

enum Cause {
    /// A sink failed.
    Sink(SinkError),
    /// A sink does not hold what was written to it.
    ReadBack(String),
    /// The server does not know the secret that it gave.
    Probe(ApiError),
    /// The object could not be activated.
    Activate(ApiError),
}

impl Cause {
    /// This, before any sink has the secret.
    const fn early(self) -> Failure {
        Failure { cause: self, given: false, works: false }
    }

    /// This, when a sink may have the secret of an object that `works`, or not.
    const fn late(self, works: bool) -> Failure {
        Failure { cause: self, given: true, works }
    }
}

/// What became of an object whose secret did not get where it was to go.
#[derive(Clone, Copy)]
pub(super) enum Aftermath {
    /// It is deleted.
    Withdrawn,
    /// It is there, and inactive.
    Inactive,
    /// It works, beside the one before; both go as soon as another one is delivered.
    Works,
    /// It works, beside the one before; both go on working for a while after that.
    Overlaps,
}

impl Failure {
    /// Whether the new object works all the same.
    pub(super) const fn works(&self) -> bool {
        self.works
    }

    pub(super) fn problem(self, writer: &Writer, aftermath: Aftermath) -> Problem {
        let help = match (aftermath, self.given) {
            (Aftermath::Withdrawn, false) => "the new token was deleted again; the next apply creates another one",
            (Aftermath::Withdrawn, true) => {
                "the new token was deleted again, so the secret that a sink may have does not work; the next apply \
                 creates another token and delivers it"
            }
            (Aftermath::Inactive, false) => {
                "the new token stays inactive; the next apply deletes it and creates another one"
            }
            (Aftermath::Inactive, true) => {
                "the new token stays inactive, so the secret that a sink may have does not work; the next apply \
                 deletes it, creates another one and delivers that"
            }
            (Aftermath::Works, _) => {
                "both tokens work, because a sink may already have the new one; the next apply creates \
                 and delivers a third one, and then deletes these two"
            }
            (Aftermath::Overlaps, _) => {
                "both tokens work, because a sink may already have the new one; the next apply creates \
                 and delivers a third one, and these two go on working until the overlap ends that begins then"
            }
        };
        let secret = |words: String| Problem::from(Diagnostic::error(Code::SecretNotDelivered, words).help(help));
        match self.cause {
            Cause::Sink(error) => {
                let mut problem = secret(error.to_string());
                problem.diagnostic = problem.diagnostic.output(writer.without_token(error.said()));
                if let Some(hint) = error.hint() {
                    problem.diagnostic = problem.diagnostic.help(format!("{hint}; {help}"));
                }
                problem
            }
            Cause::ReadBack(sink) => secret(format!("{sink} does not contain the secret that was written to it")),
            Cause::Probe(error) => secret(format!("the delivered secret does not work: {error}")),
            Cause::Activate(error) => {
                let mut problem = Problem::from(error);
                // What the server's refusal needs is said first.
                let help = [problem.diagnostic.help.take(), Some(help.to_owned())];
                problem.diagnostic = problem.diagnostic.help(Vec::from_iter(help.into_iter().flatten()).join("; "));
                problem
            }
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

    /// Delivers `secret`, activates its object with `switch`, and gives the secret's fingerprint. What a crash leaves at any
    /// point are sinks that hold a secret that works, if they held one before:
    ///
    /// - Where nothing that works is `relieved`, the object works only when its secret is in all sinks.
    /// - Else it works before any sink has its secret, beside what it relieves, which goes only when all sinks have it. That it
    ///   `answers` then is looked at first, unless it is not to.
    ///
    /// Programs come before files: one that fails leaves the files as they are. What a program was given it may have kept,
    /// however it ended.
    pub(super) async fn deliver(
        self,
        client: &Client,
        secret: &Secret,
        (relieved, answers): (bool, bool),
        switch: impl AsyncFn(bool) -> Result<(), ApiError>,
    ) -> Result<String, Failure> {
        let mut staged = self.stage(secret).await.map_err(Cause::early)?;
        probe_secret(client, secret).await.map_err(Cause::early)?;
        staged.sort_by_key(|stage| !stage.runs());
        if relieved {
            switch(true).await.map_err(|error| Cause::Activate(error).early())?;
            if answers && let Err(cause) = works(client, secret).await {
                return Err(Failure { cause, given: false, works: switch(false).await.is_err() });
            }
        }
        let mut given = false;
        for stage in staged {
            if let Err(error) = stage.commit().await {
                given |= error.may_hold();
                // What nobody has works for nobody; what somebody may have goes on working until the next run.
                let works = relieved && (given || switch(false).await.is_err());
                return Err(Failure { cause: Cause::Sink(error), given, works });
            }
            given = true;
        }
        for sink in &self.sinks {
            let held = sink.read(self.access).await.map_err(Cause::Sink);
            let held = held.and_then(|held| is_held(sink, held.as_ref(), secret));
            held.map_err(|cause| cause.late(relieved))?;
        }
        if !relieved {
            switch(true).await.map_err(|error| Cause::Activate(error).late(false))?;
        }
        Ok(fingerprint(secret))
    }

    /// Puts the secret beside each target, and reads it back.
    async fn stage(&self, secret: &Secret) -> Result<Vec<Staged>, Cause> {
        let mut staged = Vec::new();
        for sink in &self.sinks {
            let stage = sink.stage(secret, self.access).await.map_err(Cause::Sink)?;
            is_held(sink, stage.read_back().await.map_err(Cause::Sink)?.as_ref(), secret)?;
            staged.push(stage);
        }
        Ok(staged)
    }
}

/// Whether what was read back, if anything could be, is the secret.
fn is_held(sink: &Sink, held: Option<&Secret>, secret: &Secret) -> Result<(), Cause> {
    match held {
        Some(held) if fingerprint(held) != fingerprint(secret) => {
            Err(Cause::ReadBack(without_secrets_in_command(&sink.to_string()).into_owned()))
        }
        _ => Ok(()),
    }
}

/// An inactive token that the server knows is refused as inactive, and one that it does not know as unauthorized.
async fn probe_secret(client: &Client, secret: &Secret) -> Result<(), Cause> {
    match client.me_with(secret).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_inactive_token() => Ok(()),
        Err(error) => Err(Cause::Probe(error)),
    }
}

/// Whether the server lets somebody in with `secret`; where the user behind it is inactive, it does for no secret at all.
async fn works(client: &Client, secret: &Secret) -> Result<(), Cause> {
    match client.me_with(secret).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_inactive_token() && error.status == Some(403) => Ok(()),
        Err(error) => Err(Cause::Probe(error)),
    }
}
