//! The lock, held: renewed, looked at before what must not be written by two, and freed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::{Anchor, Lost, Timing};
use crate::api::{ApiError, Class, Gate};
use crate::ledger::holder::EXPIRES;
use crate::ledger::journal::Permit;
use crate::ledger::labels::{Labels, remove};
use crate::ledger::machine::Machine;

/// How old the last sight of the lock may be when something other than the ledger is written.
const FRESH: Duration = Duration::from_secs(1);

/// What a lease and its renewal share.
#[derive(Debug)]
struct Term {
    /// The local deadline, in milliseconds of `boottime`.
    deadline: AtomicU64,
    taken: AtomicBool,
    /// When the last request was sent that found the lock, in milliseconds of `boottime`.
    seen: AtomicU64,
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Term {
    fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline.load(Ordering::Acquire))
    }

    fn check(&self, machine: &dyn Machine, need: Duration) -> Result<(), Lost> {
        if self.taken.load(Ordering::Acquire) {
            return Err(Lost::Taken);
        }
        let left = self.deadline().saturating_sub(machine.boottime());
        if left > need { Ok(()) } else { Err(Lost::Expired) }
    }

    fn set(&self, deadline: Duration) {
        self.deadline.store(milliseconds(deadline), Ordering::Release);
    }

    fn saw(&self, sent: Duration) {
        self.seen.fetch_max(milliseconds(sent), Ordering::AcqRel);
    }
}

/// Whether the lock's label is still there.
type Look = Arc<dyn Fn() -> BoxFuture<'static, Result<bool, ApiError>> + Send + Sync>;

/// What is asked before a write.
#[derive(Clone)]
struct Guard {
    machine: Arc<dyn Machine>,
    term: Arc<Term>,
    look: Look,
    /// What must be left of the lease.
    need: Duration,
}

impl Guard {
    /// Whether the lease covers another request. Looks first whether the lock is still there, unless it was seen within
    /// `fresh`: somebody may have released it, and another run may be writing.
    async fn holds(self, fresh: Duration) -> Result<(), Lost> {
        let sent = self.machine.boottime();
        if milliseconds(sent).saturating_sub(self.term.seen.load(Ordering::Acquire)) >= milliseconds(fresh) {
            match (self.look)().await {
                Ok(true) => self.term.saw(sent),
                Ok(false) => self.term.taken.store(true, Ordering::Release),
                // No answer says nothing of the lock; the deadline counts as ever.
                Err(_) => {}
            }
        }
        self.term.check(&*self.machine, self.need)
    }
}

/// The lock, held. Renewed until it is released or dropped; a dropped one stays on the server until it expires.
pub struct Lease {
    id: String,
    machine: Arc<dyn Machine>,
    timing: Timing,
    term: Arc<Term>,
    look: Look,
    release: Option<oneshot::Sender<()>>,
    renewal: JoinHandle<Result<(), ApiError>>,
}

impl Lease {
    pub(super) fn hold<L: Labels>(
        labels: &L,
        machine: Arc<dyn Machine>,
        timing: Timing,
        id: String,
        deadline: Duration,
        anchor: Anchor,
    ) -> Self {
        let term = Arc::new(Term {
            deadline: AtomicU64::new(milliseconds(deadline)),
            taken: AtomicBool::new(false),
            seen: AtomicU64::new(milliseconds(deadline.saturating_sub(timing.ttl))),
        });
        let look: Look = {
            let (labels, id) = (labels.clone(), id.clone());
            Arc::new(move || {
                let (labels, id) = (labels.clone(), id.clone());
                Box::pin(async move { labels.exists(&id).await })
            })
        };
        let (release, released) = oneshot::channel();
        let renewal = Renewal {
            labels: labels.clone(),
            machine: machine.clone(),
            timing,
            id: id.clone(),
            term: term.clone(),
            anchor,
        };
        let renewal = tokio::spawn(renewal.run(released));
        Self { id, machine, timing, term, look, release: Some(release), renewal }
    }

    /// The ID of the lock's label.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether a request that takes `request_timeout` at most may still be sent. To be asked before **each** mutation, with
    /// nothing awaited in between.
    pub fn check(&self, request_timeout: Duration) -> Result<(), Lost> {
        self.term.check(&*self.machine, request_timeout + self.timing.grace)
    }

    fn guard(&self, request_timeout: Duration) -> Guard {
        let need = request_timeout + self.timing.grace;
        Guard { machine: self.machine.clone(), term: self.term.clone(), look: self.look.clone(), need }
    }

    /// The same question for the journal, which is asked of the server as well each time: two runs that write one ledger
    /// damage it.
    pub fn permit(&self, request_timeout: Duration) -> Permit {
        let guard = self.guard(request_timeout);
        Arc::new(move || Box::pin(guard.clone().holds(Duration::ZERO)))
    }

    /// The same question for a [`Writer::gated`](crate::api::Writer::gated), which asks it before each try; it is asked of
    /// the server as well if the run has not seen its lock for a second. The lease's own writer must have none.
    pub fn gate(&self, request_timeout: Duration) -> Gate {
        let guard = self.guard(request_timeout);
        Arc::new(move || {
            let held = guard.clone().holds(FRESH);
            Box::pin(async move { held.await.map_err(|lost| lost.to_string()) })
        })
    }

    /// Frees the lock, if it is still ours.
    pub async fn release(mut self) -> Result<(), ApiError> {
        if let Some(release) = self.release.take() {
            // A renewal that has ended has lost the lease: nothing to free.
            let _ = release.send(());
        }
        (&mut self.renewal).await.expect("invariant: the renewal does not panic")
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({}, {:?})", self.id, self.term)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// The task that renews a lease.
struct Renewal<L> {
    labels: L,
    machine: Arc<dyn Machine>,
    timing: Timing,
    id: String,
    term: Arc<Term>,
    anchor: Anchor,
}

impl<L: Labels> Renewal<L> {
    async fn run(mut self, mut released: oneshot::Receiver<()>) -> Result<(), ApiError> {
        let released = tokio::select! {
            biased;
            released = &mut released => released.is_ok(),
            () = self.renew_until_lost() => false,
        };
        if released && self.machine.boottime() < self.term.deadline() {
            self.term.set(Duration::ZERO);
            return remove(&self.labels, &self.id).await;
        }
        Ok(())
    }

    /// Renews again and again; returns when the lease is lost.
    async fn renew_until_lost(&mut self) {
        let mut wait = self.timing.renew;
        loop {
            sleep(wait).await;
            let sent = self.machine.boottime();
            let deadline = self.term.deadline();
            if sent >= deadline {
                return;
            }
            let expires = self.anchor.expires(sent, self.timing.ttl).to_string();
            let properties = [(EXPIRES.to_owned(), expires)].into();
            // One that hangs is sent again while there is time: both say the same.
            let patience = self.timing.grace.min(deadline - sent);
            match timeout(patience, self.labels.patch(&self.id, &properties)).await {
                Ok(Ok(())) => {
                    // One that returns after the old deadline does not count: another may have taken over in between.
                    if self.machine.boottime() >= deadline {
                        return;
                    }
                    // The lease runs by our own clock: where the server's cannot be told, the last that could is gone on from.
                    self.anchor = Anchor::new(&self.labels, sent).unwrap_or(self.anchor);
                    self.term.set(sent + self.timing.ttl);
                    self.term.saw(sent);
                    wait = self.timing.renew;
                }
                Ok(Err(error)) if error.class == Class::NotFound => {
                    self.term.taken.store(true, Ordering::Release);
                    return;
                }
                // Any other failure may pass before the deadline does.
                Ok(Err(_)) => wait = self.timing.poll,
                Err(_) => wait = Duration::ZERO,
            }
        }
    }
}
