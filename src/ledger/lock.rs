//! The lock of a project: a label as a lease.
//!
//! The server makes a label only if its name is free, in one transaction. The steps are those of the protocol that held
//! on a real influxd 2.9.1 (3,358 acquisitions, no violation): takeover by DELETE of the ID that was read as expired, then
//! POST; expiry in server time; a local deadline counted from the sending of the last renewal.

mod lease;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

pub use self::lease::Lease;
use super::holder::{EXPIRES, Holder, lock_name};
use super::labels::{Labels, remove};
use super::machine::{Machine, who};
use crate::api::{ApiError, Class, Jump};

/// The lengths of time of the protocol.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a lease holds.
    pub ttl: Duration,
    /// When it is renewed.
    pub renew: Duration,
    /// How long after its end another may take it; and what must be left beyond a request's own timeout.
    pub grace: Duration,
    /// How often a waiting run looks, at most; each wait is shortened by chance.
    pub poll: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { ttl: seconds(60), renew: seconds(20), grace: seconds(5), poll: seconds(2) }
    }
}

/// Who wants the lock of what, and how long it waits.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The project.
    pub project: String,
    /// The ID of the home org.
    pub org: String,
    /// The CI run, where there is one.
    pub run: Option<String>,
    /// How long to wait for another holder.
    pub wait: Duration,
    /// The lengths of time of the protocol.
    pub timing: Timing,
}

/// Why the lock was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LockError {
    /// A request failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Somebody else holds it: exit code 7.
    #[error("the project is locked by {0}")]
    Held(Box<Holder>),
    /// The name is taken and no label with it can be seen: exit code 7.
    #[error("the project is locked, and the token cannot read by whom")]
    Hidden,
    /// The server's replies have no `Date`: no InfluxDB.
    #[error("the server's replies have no `Date` header, which the lock needs")]
    NoDate,
    /// The server's replies disagree about the time.
    #[error("the server's replies disagree about the time, so the lock cannot be held: {0}")]
    Clock(Jump),
}

/// The lease does not cover another request: exit code 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// It could not be renewed in time.
    #[error("the lock could not be renewed in time")]
    Expired,
    /// Its label was deleted.
    #[error("the lock was taken away: its label was deleted")]
    Taken,
}

/// What we know of the server's clock: what it showed at the earliest at a moment of ours.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    /// Our time when the request was sent.
    sent: Duration,
    /// The server's time in its reply, in whole seconds since 1970.
    date: u64,
}

impl Anchor {
    fn new<L: Labels>(labels: &L, sent: Duration) -> Result<Self, LockError> {
        match labels.clock_jump() {
            Some(jump) => Err(LockError::Clock(jump)),
            None => Ok(Self { sent, date: labels.server_time().ok_or(LockError::NoDate)? / 1000 }),
        }
    }

    /// The end of a lease whose request is sent at `now`: by the server's clock never earlier than the local deadline
    /// `now + ttl`, but for the second that `Date` leaves out.
    fn expires(self, now: Duration, ttl: Duration) -> u64 {
        let elapsed = now.saturating_sub(self.sent);
        let elapsed = elapsed.as_secs() + u64::from(elapsed.subsec_nanos() > 0);
        self.date.saturating_add(elapsed).saturating_add(ttl.as_secs())
    }
}

/// Waits for the lock of a project and takes it. Calls `waiting` once for each holder that is waited for.
pub async fn acquire<L: Labels>(
    labels: &L,
    machine: Arc<dyn Machine>,
    claim: &Claim,
    waiting: &mut (dyn FnMut(&Holder) + Send),
) -> Result<Lease, LockError> {
    let Claim { project, org, timing, .. } = claim;
    let (name, process) = (lock_name(project), machine.process());
    let who = format!("{} pid {}", who(), std::process::id());
    let start = machine.boottime();
    let mut seen = None;
    let mut watch = Watch::default();
    // Nonce and deadline of our own attempts, whose replies may have been lost.
    let mut attempts: BTreeMap<String, Duration> = BTreeMap::new();
    loop {
        let sent = machine.boottime();
        let found = labels.named(org, &name).await?.first().map(Holder::of);
        let known = machine.boottime();
        let anchor = Anchor::new(labels, sent)?;
        if let Some(holder) = &found {
            let ours = attempts.get(&holder.nonce).copied();
            if let Some(deadline) = ours.filter(|deadline| machine.boottime() < *deadline) {
                return Ok(Lease::hold(labels, machine, *timing, holder.id.clone(), deadline, anchor));
            }
            let grace = timing.grace.as_secs();
            let expired = holder.expires.is_some_and(|end| anchor.date > end.saturating_add(grace));
            let unchanged = watch.unchanged(holder, sent, known);
            let gone = || holder.process.as_ref().is_some_and(|process| ours.is_none() && machine.is_gone(process));
            if holder.is_lock && (expired || unchanged > timing.ttl + timing.grace || gone()) {
                // By the ID that was read: the name may be another's by now.
                remove(labels, &holder.id).await?;
            } else {
                if ours.is_none() && seen.as_ref() != Some(&holder.nonce) {
                    seen = Some(holder.nonce.clone());
                    waiting(holder);
                }
                pause(&*machine, claim, start, Some(holder)).await?;
                continue;
            }
        }
        let nonce = format!("{:016x}", machine.random());
        let mut properties = Holder::properties(project, &who, claim.run.as_deref(), &nonce, process.as_ref());
        let sent = machine.boottime();
        properties.insert(EXPIRES.to_owned(), anchor.expires(sent, timing.ttl).to_string());
        attempts.insert(nonce, sent + timing.ttl);
        match labels.create(org, &name, &properties).await {
            Ok(id) if machine.boottime() < sent + timing.ttl => {
                let anchor = Anchor::new(labels, sent)?;
                return Ok(Lease::hold(labels, machine, *timing, id, sent + timing.ttl, anchor));
            }
            // The reply came too late to count, was lost, or somebody else was faster: look again.
            Ok(_) => {}
            Err(error) if error.class != Class::NotOurs && (error.class == Class::Conflict || error.maybe_done) => {
                pause(&*machine, claim, start, None).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// How long a lock has been as it is, by our own clock. A holder renews its lock long before the lease ends: one that has
/// been the same for longer than a lease holds has no holder, whatever it says of its end, and whatever the server's clock
/// shows.
#[derive(Debug, Default)]
struct Watch {
    /// The lock as it is, and when that was known.
    seen: Option<(Holder, Duration)>,
}

impl Watch {
    /// How long `holder` has been the same, as a request shows that was sent at `sent` and answered at `known`.
    fn unchanged(&mut self, holder: &Holder, sent: Duration, known: Duration) -> Duration {
        match &self.seen {
            Some((seen, since)) if seen == holder => sent.saturating_sub(*since),
            _ => {
                self.seen = Some((holder.clone(), known));
                Duration::ZERO
            }
        }
    }
}

/// Waits a part of the polling interval, unless the claim has waited long enough.
async fn pause(
    machine: &dyn Machine,
    claim: &Claim,
    start: Duration,
    holder: Option<&Holder>,
) -> Result<(), LockError> {
    if machine.boottime().saturating_sub(start) >= claim.wait {
        return Err(holder.map_or(LockError::Hidden, |holder| LockError::Held(Box::new(holder.clone()))));
    }
    let poll = u64::try_from(claim.timing.poll.as_millis()).unwrap_or(u64::MAX).max(2);
    sleep(Duration::from_millis(poll / 2 + machine.random() % (poll / 2))).await;
    Ok(())
}

#[cfg(test)]
mod tests;
