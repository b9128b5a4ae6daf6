//! `fluxform lock`: whose the project's lock is, and taking it away.

use serde::Serialize;

use super::connection;
use super::pipeline;
use super::plan::{FileWait, reading, writing};
use super::session::Session;
use super::shell::{Format, Shell};
use super::signal::unless_stopped;
use super::{Ended, applies, approve, project, signal};
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::ledger::{Freed, Hold, Holder};
use crate::manifest::Manifest;
use crate::problem::{Problem, Problems};
use crate::render::{self, Page, Role};

/// Show who holds the project's lock, or release it
///
/// Every run that writes takes the lock, and releases it when it ends. If a run dies, the next run takes over its lock
/// after waiting at most 65 seconds: you do not have to do anything.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Show(Show),
    Release(Release),
}

/// Show who holds the project's lock
///
/// Shows user, host and process, the CI run, and when the lock expires unless it is renewed. Exits with 0 whether the lock
/// is held or free.
#[derive(Debug, clap::Args)]
struct Show {
    #[command(flatten)]
    project: project::Choice,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    connection: connection::Flags,
    #[command(flatten)]
    wait: FileWait,
}

/// Release the project's lock, whoever holds it
///
/// Use this for a lock that nobody can release any more, if you do not want to wait. Shows who holds it, and asks for
/// approval. A run that is still active notices before its next write, writes nothing more, and ends with 7: what it was
/// doing stays half done until the next apply. Exits with 0 if the lock is free afterwards, and with 6 if somebody else
/// holds it by then.
#[derive(Debug, clap::Args)]
struct Release {
    #[command(flatten)]
    project: project::Choice,
    /// Skip the approval prompt
    #[arg(long)]
    auto_approve: bool,
    #[command(flatten)]
    connection: connection::Flags,
    #[command(flatten)]
    wait: FileWait,
}

impl Arguments {
    /// How an error is written.
    pub(super) fn format(&self) -> Format {
        match &self.what {
            What::Show(show) => show.format,
            What::Release(_) => Format::Human,
        }
    }

    pub(super) fn connection(&self) -> &connection::Flags {
        match &self.what {
            What::Show(Show { connection, .. }) | What::Release(Release { connection, .. }) => connection,
        }
    }
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    match &arguments.what {
        What::Show(arguments) => signal::in_time(shell.until, show(shell, arguments)).await,
        What::Release(arguments) => release(shell, arguments).await,
    }
}

#[derive(Serialize)]
struct Form<'a> {
    #[serde(flatten)]
    head: render::Head,
    project: &'a str,
    lock: Option<Lock<'a>>,
}

/// A lock that is held, as it is printed.
#[derive(Serialize)]
pub(super) struct Lock<'a> {
    pub(super) holder: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<String>,
    /// Whether its run has certainly ended.
    pub(super) dead: bool,
}

impl<'a> Lock<'a> {
    pub(super) fn new((holder, hold): &'a (Holder, Hold)) -> Self {
        let time = |seconds| jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok();
        Self {
            holder: &holder.who,
            run: holder.run.as_deref(),
            expires: holder.expires.and_then(time).map(|time| time.to_string()),
            dead: *hold == Hold::Dead,
        }
    }

    /// Puts it onto a page of names and values.
    pub(super) fn lines(lock: Option<&Self>, line: &mut impl FnMut(&str, &str)) {
        let Some(lock) = lock else { return line("lock", "free") };
        let until = lock.expires.as_ref().map_or(String::new(), |time| format!(" until {time}, unless renewed"));
        let (held, until) = if lock.dead {
            ("left by", "; its run has ended: the next apply takes it over".to_owned())
        } else {
            ("held by", until)
        };
        line("lock", &format!("{held} {}{until}", lock.holder));
        if let Some(run) = lock.run {
            line("  run", run);
        }
    }
}

/// A page of names and values.
pub(super) fn lines(mut page: Page, fill: impl FnOnce(&mut dyn FnMut(&str, &str))) -> String {
    fill(&mut |name, value| {
        page.put(Role::Quiet, format_args!("{name:<14}")).say(value).end();
    });
    page.finish()
}

/// Who holds the lock.
async fn holder(session: &Session, manifest: &Manifest) -> Result<Option<(Holder, Hold)>, Problem> {
    let rows = session.labels(manifest).await?;
    Ok(session.lock(&rows, &manifest.project))
}

async fn show(shell: &Shell, arguments: &Show) -> Ended {
    let project = arguments.project.load(shell)?;
    let session = reading(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let name = &project.manifest.project;
    let holder = holder(&session, &project.manifest).await;
    session.close().await;
    let holder = holder?;
    let lock = holder.as_ref().map(Lock::new);
    shell.data(&match arguments.format {
        Format::Human => lines(shell.data_page(), |mut line| {
            line("project", name);
            Lock::lines(lock.as_ref(), &mut line);
        }),
        Format::Json => render::json(&Form { head: render::Head::new(Exit::Ok), project: name, lock }),
    })?;
    Ok(Exit::Ok)
}

async fn release(shell: &Shell, arguments: &Release) -> Ended {
    let show = applies::like(&["lock", "show"], &arguments.project, &arguments.connection);
    approve::possible(shell, arguments.auto_approve, &format!("{show} says whose it is"))?;
    let project = arguments.project.load(shell)?;
    let (session, stop) = writing(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let freed = unless_stopped(&stop, free(shell, arguments, &session, &project.manifest)).await;
    session.close().await;
    shell.data(&format!("{}\n", freed?))?;
    Ok(Exit::Ok)
}

/// Shows, asks, and frees; what came of it.
async fn free(
    shell: &Shell,
    arguments: &Release,
    session: &Session,
    manifest: &Manifest,
) -> Result<&'static str, Problems> {
    let Some(held) = holder(session, manifest).await? else { return Ok("The lock is free: nothing to release.") };
    let lock = Lock::new(&held);
    shell.output.talk(&lines(shell.talk_page(), |mut line| {
        line("project", &manifest.project);
        Lock::lines(Some(&lock), &mut line);
    }));
    if held.1 == Hold::Held {
        shell.say(
            "The run that holds it seems to be alive: it has renewed the lock within the last minute. Once the lock is \
             released, that run stops before its next write, with what it is doing half done; the next apply finishes it.",
        );
    }
    if !arguments.auto_approve {
        approve::yes(shell, "Release the lock?").await?;
    }
    match pipeline::free(&session.client, session.org(), &manifest.project, &held.0).await? {
        Freed::Now => Ok("The lock is free."),
        Freed::Before => Ok("The lock was released in the meantime."),
        Freed::Not(other) => {
            let message = format!("the lock now has another holder: {other}; nothing was changed");
            let show = applies::like(&["lock", "show"], &arguments.project, &arguments.connection);
            let diagnostic = Diagnostic::error(Code::LockChanged, message).help(format!("run {show} to see it"));
            Err(diagnostic.into())
        }
    }
}
