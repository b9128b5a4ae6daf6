//! What changes the ledger and nothing else: shown, agreed to, and written under the lock if it is still the same.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use super::connection;
use super::pipeline::{self, Lock};
use super::plan::{Wait, reading, writing};
use super::project::Project;
use super::session::Session;
use super::shell::{Format, Shell};
use super::signal::unless_stopped;
use super::{Ended, approve};
use crate::address::Address;
use crate::apply::Event;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change};
use crate::exit::Exit;
use crate::ledger::{Lease, Ledger, State, Update};
use crate::problem::{Problem, Problems};
use crate::redact::without_secrets;
use crate::render::{self, Look, Page, Progress, Role, count};

/// What every command that changes the ledger can be told.
#[derive(Debug, clap::Args)]
pub(super) struct Recording {
    /// Skip the approval prompt
    #[arg(long)]
    auto_approve: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) connection: connection::Flags,
    #[command(flatten)]
    wait: Wait,
}

impl Recording {
    /// The ID of the home org of `project`.
    pub(super) async fn home_org(&self, shell: &Shell, project: &Project) -> Result<String, Problems> {
        let session = reading(shell, project, &self.connection, self.wait.lock_timeout).await?;
        let org = session.org().to_owned();
        session.close().await;
        Ok(org)
    }
}

/// What is to be recorded.
pub(super) struct Decided {
    /// The ledger that it was decided on.
    pub(super) state: State,
    pub(super) updates: Vec<Update>,
    /// The same for people, with what the manifests say otherwise.
    pub(super) changes: Vec<Change>,
}

/// What a command is called where it asks and tells.
pub(super) struct Words {
    /// The command, as the ledger keeps it.
    pub(super) command: &'static str,
    /// The question.
    pub(super) question: &'static str,
    /// How to see what would be recorded, without being asked.
    pub(super) preview: String,
    /// What is said when there is nothing to do.
    pub(super) nothing: String,
    /// Whether what differs is shown with its values.
    pub(super) values: bool,
}

/// Decides, shows, asks, and records. `decide` is asked again under the lock.
pub(super) async fn record(
    shell: &Shell,
    project: &Project,
    flags: &Recording,
    words: &Words,
    decide: impl AsyncFn(&Session) -> Result<Decided, Problems>,
) -> Ended {
    approve::possible(shell, flags.auto_approve, &words.preview)?;
    let (session, stop) = writing(shell, project, &flags.connection, flags.wait.lock_timeout).await?;
    let run = Run { shell, project, flags, words, session: &session, stop };
    let ended = run.run(&decide).await;
    session.close().await;
    ended
}

/// The lock of a project as a command asks for it.
pub(super) fn lock<'a>(
    shell: &Shell,
    session: &'a Session,
    project: &'a Project,
    wait: Duration,
    stop: &watch::Receiver<Option<Exit>>,
) -> Lock<'a> {
    Lock {
        client: &session.client,
        project: &project.manifest.project,
        org: session.org(),
        run: shell.traces().run,
        wait,
        stop: stop.clone(),
    }
}

/// Does `work` under the lock, and tells who is waited for.
pub(super) async fn under(
    lock: Lock<'_>,
    shell: &Shell,
    work: impl AsyncFnOnce(&Lease) -> Result<(), Problems>,
) -> Result<(), Problems> {
    let mut progress = Progress::start(shell.output.clone());
    let lease = lock.take(&mut |event: Event| progress.tell(&event)).await;
    progress.end();
    let lease = lease?;
    let done = work(&lease).await;
    if let Err(error) = lease.release().await
        && done.is_ok()
    {
        shell.show(&[Problem::from(error).diagnostic]);
    }
    done
}

struct Run<'a> {
    shell: &'a Shell,
    project: &'a Project,
    flags: &'a Recording,
    words: &'a Words,
    session: &'a Session,
    stop: watch::Receiver<Option<Exit>>,
}

impl Run<'_> {
    async fn run(&self, decide: &impl AsyncFn(&Session) -> Result<Decided, Problems>) -> Ended {
        let decided = unless_stopped(&self.stop, decide(self.session)).await?;
        if decided.updates.is_empty() {
            self.end(&decided.changes, || format!("{}\n", self.words.nothing))?;
            return Ok(Exit::Ok);
        }
        decided.state.writable()?;
        if self.flags.format == Format::Human {
            self.shell.data(&shown(self.shell.data_page(), &decided.changes))?;
        }
        if !self.flags.auto_approve {
            unless_stopped(&self.stop, approve::yes(self.shell, self.words.question)).await?;
        }
        let lock = lock(self.shell, self.session, self.project, self.flags.wait.lock_timeout, &self.stop);
        under(lock, self.shell, async |lease| self.write(lease, &decided.updates, decide).await).await?;
        let look = self.words.values.then_some(self.shell.output.out);
        self.end(&decided.changes, || recorded(&decided.changes, look))?;
        Ok(Exit::Ok)
    }

    /// Writes under the lock what was agreed to, if it is still what is to be done.
    async fn write(
        &self,
        lease: &Lease,
        agreed: &[Update],
        decide: &impl AsyncFn(&Session) -> Result<Decided, Problems>,
    ) -> Result<(), Problems> {
        let now = decide(self.session).await?;
        if now.updates != agreed {
            let diagnostic =
                Diagnostic::error(Code::RecordStale, "the server or the ledger has changed since this was shown")
                    .help("nothing was written; run it again");
            return Err(diagnostic.into());
        }
        let last = self.shell.traces().of(&self.session.client, self.words.command);
        pipeline::record(&self.session.client, lease, now.state, agreed, last).await.map_err(Problems::from)
    }

    fn end(&self, changes: &[Change], human: impl FnOnce() -> String) -> Result<(), Problems> {
        self.shell.data(&match self.flags.format {
            Format::Human => human(),
            Format::Json => render::json(&Form {
                head: render::Head::new(Exit::Ok),
                project: &self.project.manifest.project,
                recorded: changes.iter().map(One::new).collect(),
            }),
        })
    }
}

#[derive(Serialize)]
struct Form<'a> {
    #[serde(flatten)]
    head: render::Head,
    project: &'a str,
    recorded: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    address: &'a Address,
    kind: &'static str,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    /// The fields that the manifests say otherwise.
    differs: Vec<&'static str>,
    /// What the server says of the object, where it was asked only for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
}

/// What was signed of the ledger of `project`, and what the server has `said` of each object.
pub(super) fn signed_json(project: &str, ledger: &Ledger, said: &BTreeMap<Address, String>) -> String {
    let signed = ledger.entries.iter().map(|(address, entry)| One {
        id: Some(&entry.id),
        name: Some(without_secrets(&entry.name)),
        server: said.get(address).map(String::as_str),
        ..One::of(address)
    });
    let recorded = signed.collect();
    render::json(&Form { head: render::Head::new(Exit::Ok), project, recorded })
}

/// What is recorded of a change.
const fn word(change: &Change) -> &'static str {
    match change.action {
        Action::Forget => "forget",
        _ => "adopt",
    }
}

impl<'a> One<'a> {
    /// What is signed of it, if no more is known.
    fn of(address: &'a Address) -> Self {
        let kind = address.kind.name();
        Self { address, kind, action: "sign", id: None, name: None, differs: Vec::new(), server: None }
    }

    fn new(change: &'a Change) -> Self {
        Self {
            action: word(change),
            id: change.object.as_ref().map(|object| object.id.as_str()),
            name: change.object.as_ref().map(|object| without_secrets(&object.name)),
            differs: change.fields.iter().map(|field| field.field).collect(),
            ..Self::of(&change.address)
        }
    }
}

/// What would be recorded, before it is.
fn shown(mut page: Page, changes: &[Change]) -> String {
    page.heading("Ledger only (nothing changes on the server):");
    for change in changes {
        page.say("  ").put(Role::Ledger, format_args!("{:<8}", word(change))).put(Role::Strong, &change.address);
        if let Some(object) = &change.object {
            let does = if change.action == Action::Forget { "lets go of" } else { "takes over" };
            page.say(format_args!(": {does} {:?} ", without_secrets(&object.name)));
            page.put(Role::Quiet, format_args!("(id {})", object.id));
        }
        page.end();
    }
    page.finish()
}

/// What was recorded, and what the manifests say otherwise: with `look` each field with both values.
fn recorded(changes: &[Change], look: Option<Look>) -> String {
    let mut text = String::new();
    for (word, done) in [("adopt", "adopted"), ("forget", "forgotten")] {
        let number = changes.iter().filter(|change| self::word(change) == word).count();
        if number > 0 {
            text += &format!("\nDone: {} {done}. Nothing was changed on the server.\n", count(number, "object"));
        }
    }
    let differ: Vec<_> = changes.iter().filter(|change| !change.fields.is_empty()).collect();
    if !differ.is_empty() {
        text += "\nThese differ from the manifests; `fluxform plan` shows how, and the next apply changes them:\n";
    }
    for change in differ {
        if let Some(look) = look {
            text += &render::differences(change, look);
            continue;
        }
        let fields: Vec<_> = change.fields.iter().map(|field| field.field).collect();
        text += &format!("  {}: {}\n", change.address, fields.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Cause, FieldChange, Reason, Target};
    use crate::kind::Kind;
    use crate::value::Value;

    #[test]
    fn what_is_recorded_is_shown_safely() {
        let differs = |field| FieldChange { field, live: None, wanted: Value::Infinite, last: None, cause: Cause::New };
        let change = |action, key: &str, fields| Change {
            object: Some(Target { id: "0123456789abcdef".into(), org: None, name: format!("{key}\u{1b}[31m") }),
            fields,
            ..Change::blank(&Address::new(Kind::Bucket, key), action, Reason::Differs)
        };
        let changes = [
            change(Action::Update, "raw", vec![differs("retention"), differs("labels")]),
            change(Action::None, "same", vec![]),
            change(Action::Forget, "old", vec![]),
        ];
        let shown = shown(Page::new(Look::PLAIN), &changes) + &recorded(&changes, None);
        insta::assert_snapshot!(shown + &recorded(&changes[..1], Some(Look::PLAIN)));
    }
}
