//! What is done under the lock of a project.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::api::{Client, Writer};
use crate::apply::Event;
use crate::cli::signal;
use crate::exit::Exit;
use crate::ledger::{self, Claim, Freed, Holder, Journal, LastApply, Permit, State, ThisMachine, Timing, Update};
use crate::problem::Problem;

/// The project's lock as it is asked for.
pub(in crate::cli) struct Lock<'a> {
    pub(in crate::cli) client: &'a Client,
    pub(in crate::cli) project: &'a str,
    /// The ID of the home org.
    pub(in crate::cli) org: &'a str,
    /// The CI run, where there is one.
    pub(in crate::cli) run: Option<String>,
    /// How long to wait for another run.
    pub(in crate::cli) wait: Duration,
    /// Becomes a reason when the run is to stop.
    pub(in crate::cli) stop: watch::Receiver<Option<Exit>>,
}

impl Lock<'_> {
    /// Takes the lock, or waits for it.
    pub(in crate::cli) async fn take(self, tell: &mut (dyn FnMut(Event) + Send)) -> Result<ledger::Lease, Problem> {
        let labels = Writer::new(self.client.clone());
        let claim = Claim {
            project: self.project.to_owned(),
            org: self.org.to_owned(),
            run: self.run,
            wait: self.wait,
            timing: Timing::default(),
        };
        let mut waiting = |holder: &Holder| tell(Event::Waiting { holder: holder.to_string() });
        tokio::select! {
            lease = ledger::acquire(&labels, Arc::new(ThisMachine), &claim, &mut waiting) => {
                Ok(lease.inspect(|_| signal::begin_to_write())?)
            }
            exit = signal::wait(self.stop) => Err(signal::stopped(exit)),
        }
    }
}

/// What the surroundings say of a run.
pub(in crate::cli) struct Traces {
    /// The commit, where one is known.
    pub(in crate::cli) commit: Option<String>,
    /// The CI run, where there is one.
    pub(in crate::cli) run: Option<String>,
}

impl Traces {
    /// What the ledger keeps of a run of `command` that ends now.
    pub(in crate::cli) fn of(self, client: &Client, command: &str) -> LastApply {
        let Self { commit, run } = self;
        let (by, command) = (Some(ledger::who()), Some(command.to_owned()));
        LastApply { at: server_time(client), commit, run, plan_digest: None, by, command, undone: 0 }
    }
}

/// What writes, and may, as long as the lease is held.
pub(super) fn leased(client: &Client, lease: &ledger::Lease) -> (Writer, Permit) {
    let timeout = client.timeout();
    (Writer::gated(client.clone(), lease.gate(timeout)).since(lease.id()), lease.permit(timeout))
}

/// Takes the lock of a project away from `held`, if that still has it.
pub(in crate::cli) async fn free(client: &Client, org: &str, project: &str, held: &Holder) -> Result<Freed, Problem> {
    Ok(ledger::free(&Writer::new(client.clone()), org, project, held).await?)
}

/// Signs the whole ledger, under the lock.
pub(in crate::cli) async fn sign(client: &Client, lease: &ledger::Lease, state: State) -> Result<(), Problem> {
    let (writer, permit) = leased(client, lease);
    Ok(ledger::sign(writer, state, permit).await?)
}

/// Writes to the ledger alone, under the lock.
pub(in crate::cli) async fn record(
    client: &Client,
    lease: &ledger::Lease,
    state: State,
    updates: &[Update],
    last: LastApply,
) -> Result<(), Problem> {
    let (writer, permit) = leased(client, lease);
    let journal = Journal::begin(writer, state, BTreeMap::new(), permit).await?;
    updates.iter().cloned().for_each(|update| journal.record(update));
    journal.finish(Some(last)).await?;
    Ok(())
}

/// The server's time of its last reply (RFC 3339, whole seconds).
fn server_time(client: &Client) -> String {
    let at = client.server_time().and_then(|at| i64::try_from(at).ok()).unwrap_or_default();
    jiff::Timestamp::from_millisecond(at).map(|at| at.to_string()).unwrap_or_default()
}
