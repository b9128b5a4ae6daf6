//! The ledger while an apply writes: one task owns the state, many report to it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::labels::{Labels, remove};
use super::lock::Lost;
use super::page::Part;
use super::state::{PAGES, State, Update, Write};
use super::{Intent, LastApply, LedgerError};
use crate::address::Address;
use crate::api::{ApiError, Class};

/// A write starts when this many updates wait,
const ENOUGH: usize = 10;
/// or this long after the first of them.
const SOON: Duration = Duration::from_millis(50);
/// How often a page is sent again whose reply was lost.
const TRIES: usize = 3;

/// Asked before each write: whether the lease still covers it.
pub type Permit = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Lost>> + Send + Sync>;

/// Why the ledger could not be written. The run must make nothing more.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// The lease is lost: exit code 7.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// A label could not be written.
    #[error("cannot write the ledger: {0}")]
    Ledger(#[from] LedgerError),
}

impl From<ApiError> for JournalError {
    fn from(error: ApiError) -> Self {
        Self::Ledger(LedgerError::Api(error))
    }
}

type Done<T> = oneshot::Sender<Result<T, JournalError>>;

#[derive(Debug)]
enum Message {
    Record(Update, Instant),
    Wait(Update, Done<()>),
    Idle,
    Finish(Option<LastApply>, Done<State>),
}

/// The ledger while an apply writes. Shared by reference among all its tasks.
#[derive(Debug)]
pub struct Journal {
    inbox: mpsc::UnboundedSender<Message>,
    failed: Arc<OnceLock<JournalError>>,
}

impl Journal {
    /// Makes the ledger if there is none, and writes all intents of the run; after that the first POST may be sent. New
    /// pages first, then the head that lists them.
    pub async fn begin<L: Labels>(
        labels: L,
        state: State,
        intents: BTreeMap<Address, Intent>,
        permit: Permit,
    ) -> Result<Self, JournalError> {
        state.writable()?;
        let mut scribe = Scribe { labels, state, permit };
        scribe.prepare().await?;
        let intents: Vec<_> = intents.into_iter().map(|(address, intent)| Update::Intent(address, intent)).collect();
        scribe.write(&intents).await?;
        let (inbox, messages) = mpsc::unbounded_channel();
        let failed = Arc::new(OnceLock::new());
        tokio::spawn(scribe.run(messages, failed.clone()));
        Ok(Self { inbox, failed })
    }

    /// Takes an update in; it is written soon.
    pub fn record(&self, update: Update) {
        // A task that has ended has failed, and `failed` and `finish` say so.
        let _ = self.inbox.send(Message::Record(update, Instant::now()));
    }

    /// Takes an update in and returns when the server has it.
    pub async fn record_and_wait(&self, update: Update) -> Result<(), JournalError> {
        let (done, written) = oneshot::channel();
        let _ = self.inbox.send(Message::Wait(update, done));
        written.await.unwrap_or_else(|_| Err(self.why()))
    }

    /// Says that nothing is under way that could record more: what waits is written now.
    pub fn idle(&self) {
        let _ = self.inbox.send(Message::Idle);
    }

    /// Why a write has failed, if one has: from then on nothing is written any more.
    pub fn failed(&self) -> Option<&JournalError> {
        self.failed.get()
    }

    /// Writes what waits, and then the head if `last` is given.
    pub async fn finish(self, last: Option<LastApply>) -> Result<State, JournalError> {
        let (done, finished) = oneshot::channel();
        let _ = self.inbox.send(Message::Finish(last, done));
        finished.await.unwrap_or_else(|_| Err(self.why()))
    }

    fn why(&self) -> JournalError {
        self.failed.get().expect("invariant: the journal's task ends early only by a failure").clone()
    }
}

/// Writes the whole ledger anew, signed with the key of its state: pages first, then the head. A run that dies in between
/// leaves a ledger that only [`Trust::Shown`](super::Trust) reads, and this again.
///
/// # Errors
/// The server's, and a lost lease.
pub async fn sign<L: Labels>(labels: L, state: State, permit: Permit) -> Result<(), JournalError> {
    let mut scribe = Scribe { labels, state, permit };
    scribe.prepare().await?;
    let writes = scribe.state.rewrite();
    if writes.is_empty() { scribe.write_head().await } else { scribe.send(writes).await }
}

/// Deletes the ledger, at the end of a destroy: first the head lists no pages, so that a crash leaves no page missing.
pub async fn remove_all<L: Labels>(labels: &L, state: State, permit: &Permit) -> Result<(), JournalError> {
    let Some(head) = state.head.clone() else {
        return Ok(());
    };
    let ids = state.pages.values().filter_map(|page| page.id.clone()).chain(state.leftovers.clone());
    state.writable()?;
    let empty = State { pages: BTreeMap::new(), ..state.clone() };
    let mut properties = empty.head_properties();
    properties.insert(PAGES.to_owned(), String::new());
    permit().await?;
    labels.patch(&head, &properties).await?;
    for id in ids.chain([head]) {
        permit().await?;
        remove(labels, &id).await?;
    }
    Ok(())
}

/// What waits for the next write.
#[derive(Debug, Default)]
struct Group {
    updates: Vec<Update>,
    first: Option<Instant>,
    now: bool,
    waiters: Vec<Done<()>>,
    finish: Option<(Option<LastApply>, Done<State>)>,
    closed: bool,
}

impl Group {
    fn add(&mut self, message: Message) {
        match message {
            Message::Record(update, at) => {
                self.first.get_or_insert(at);
                self.updates.push(update);
            }
            Message::Wait(update, done) => {
                self.updates.push(update);
                self.waiters.push(done);
            }
            Message::Idle => {}
            Message::Finish(last, done) => self.finish = Some((last, done)),
        }
    }

    /// Collects until it is time to write.
    async fn collect(inbox: &mut mpsc::UnboundedReceiver<Message>) -> Self {
        let mut group = Self::default();
        while !group.now {
            let message = match group.first {
                None => inbox.recv().await,
                Some(first) => match timeout_at(first + SOON, inbox.recv()).await {
                    Ok(message) => message,
                    Err(_) => break,
                },
            };
            let Some(message) = message else {
                group.closed = true;
                return group;
            };
            group.now = !matches!(message, Message::Record(..));
            group.add(message);
            group.now |= group.updates.len() >= ENOUGH;
        }
        while let Ok(message) = inbox.try_recv() {
            group.add(message);
        }
        group
    }
}

/// The task that owns the state.
struct Scribe<L> {
    labels: L,
    state: State,
    permit: Permit,
}

impl<L: Labels> Scribe<L> {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Message>, failed: Arc<OnceLock<JournalError>>) {
        loop {
            let group = Group::collect(&mut inbox).await;
            let mut result = self.write(&group.updates).await;
            if let (Ok(()), Some((Some(last), _))) = (&result, &group.finish) {
                self.state.last_apply = Some(last.clone());
                result = self.write_head().await;
            }
            if let Err(error) = &result {
                // Set before anybody is answered: who is told of a failure can see why. Set once: the task ends here.
                let _ = failed.set(error.clone());
            }
            for waiter in group.waiters {
                // A waiter that has gone needs no answer.
                let _ = waiter.send(result.clone());
            }
            match group.finish {
                Some((_, done)) => {
                    let Self { state, permit, labels } = self;
                    // Before the answer: who gets it may go on to take the permit's lease apart.
                    drop((permit, labels));
                    let _ = done.send(result.map(|()| state));
                    return;
                }
                None if group.closed || result.is_err() => return,
                None => {}
            }
        }
    }

    /// Makes the head if there is none, and takes away pages that no head has ever listed.
    async fn prepare(&mut self) -> Result<(), JournalError> {
        self.state.begin_signing(|| format!("{:016x}", rand::random::<u64>()));
        if self.state.head.is_none() {
            let properties = self.state.head_properties();
            self.state.head = Some(self.make(Part::Head, &properties).await?);
            self.state.settled();
        } else if self.state.ahead() {
            self.write_head().await?;
        }
        for id in std::mem::take(&mut self.state.leftovers) {
            (self.permit)().await?;
            remove(&self.labels, &id).await?;
        }
        Ok(())
    }

    async fn write(&mut self, updates: &[Update]) -> Result<(), JournalError> {
        let writes = self.state.change(updates);
        self.send(writes).await
    }

    /// Writes pages, and then the head if that says something else now: of a signed ledger it lists the last writes.
    async fn send(&mut self, writes: Vec<Write>) -> Result<(), JournalError> {
        let mut listed = self.state.stamp.is_some() && !writes.is_empty();
        for write in writes {
            if let Some(id) = write.id {
                (self.permit)().await?;
                self.labels.patch(&id, &write.properties).await?;
            } else {
                let id = self.make(Part::Page(write.number), &write.properties).await?;
                self.state.made(write.number, id);
                listed = true;
            }
        }
        if listed { self.write_head().await } else { Ok(()) }
    }

    async fn write_head(&mut self) -> Result<(), JournalError> {
        (self.permit)().await?;
        let head = self.state.head.as_ref().expect("invariant: a journal has begun by making the head");
        self.labels.patch(head, &self.state.head_properties()).await?;
        self.state.settled();
        Ok(())
    }

    /// Makes a label. A lost reply is looked up by name and content, never guessed.
    async fn make(&self, part: Part, properties: &BTreeMap<String, String>) -> Result<String, JournalError> {
        let name = part.name(&self.state.project);
        let mut tries = 0;
        loop {
            (self.permit)().await?;
            tries += 1;
            let error = match self.labels.create(&self.state.org, &name, properties).await {
                Ok(id) => return Ok(id),
                Err(error) => error,
            };
            if error.class == Class::NotOurs {
                return Err(error.into());
            }
            let conflict = error.class == Class::Conflict;
            if conflict && tries == 1 {
                return Err(LedgerError::Hidden { label: name }.into());
            }
            if !conflict && !error.maybe_done {
                return Err(error.into());
            }
            // An earlier attempt of ours may be what is there now.
            match self.labels.named(&self.state.org, &name).await?.into_iter().next() {
                Some(row) if row.properties == *properties => return Ok(row.id),
                None if !conflict && tries < TRIES => {}
                None if !conflict => return Err(error.into()),
                _ => return Err(LedgerError::Hidden { label: name }.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
