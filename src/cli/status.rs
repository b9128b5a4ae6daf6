//! `fluxform status`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::plan::{Wait, reading};
use super::shell::{Format, Shell};
use super::{Ended, connection, project};
use crate::exit::{Exit, Problem};
use crate::ledger::{self, Holder, LastApply, Ledger};
use crate::render::{self, Page, Role, count};

/// Show who last applied the project and when, and who holds its lock
///
/// Reads the ledger and the lock: time, user and host, command, commit and CI run of the last run that wrote something, the
/// lock's holder, and how many objects of each kind the project owns. After `destroy` there is no ledger left to say.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    connection: connection::Flags,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Serialize)]
struct Form<'a> {
    #[serde(flatten)]
    head: render::Head,
    project: &'a str,
    last_apply: Option<&'a LastApply>,
    lock: Option<Lock<'a>>,
    owned: BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct Lock<'a> {
    holder: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    let session = reading(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let name = &project.manifest.project;
    let rows = match &session.home {
        Some(home) => ledger::rows(&session.client, home).await.map(|rows| Some((rows, home.clone()))),
        None => Ok(None),
    };
    session.close().await;
    let (ledger, holder) = match rows.map_err(|error| vec![Problem::from(error)])? {
        None => (Ledger::default(), None),
        Some((rows, home)) => {
            let (ledger, _) = ledger::decode(&rows, name, &home).map_err(|error| vec![Problem::from(error)])?;
            (ledger, ledger::read_lock(&rows, name))
        }
    };
    let mut owned = BTreeMap::new();
    for address in ledger.entries.keys() {
        *owned.entry(address.kind.name()).or_insert(0) += 1;
    }
    let form = Form {
        head: render::Head::new(Exit::Ok),
        project: name,
        last_apply: ledger.last_apply.as_ref(),
        lock: holder.as_ref().map(Lock::new),
        owned,
    };
    shell.data(&match arguments.format {
        Format::Human => human(shell.data_page(), &form),
        Format::Json => render::json(&form),
    })?;
    Ok(Exit::Ok)
}

impl<'a> Lock<'a> {
    fn new(holder: &'a Holder) -> Self {
        let time = |seconds| jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok();
        Self {
            holder: &holder.who,
            run: holder.run.as_deref(),
            expires: holder.expires.and_then(time).map(|time| time.to_string()),
        }
    }
}

fn human(mut page: Page, form: &Form<'_>) -> String {
    let mut line = |name: &str, value: &str| {
        page.put(Role::Quiet, format_args!("{name:<14}")).say(value).end();
    };
    line("project", form.project);
    match form.last_apply {
        None => line("last apply", "never"),
        Some(last) => {
            // What changes the ledger alone is no apply.
            line(&format!("last {}", last.command.as_deref().unwrap_or("apply")), &last.at);
            line("  by", last.by.as_deref().unwrap_or("not known"));
            for (name, value) in [("  commit", &last.commit), ("  run", &last.run), ("  plan", &last.plan_digest)] {
                if let Some(value) = value {
                    line(name, value);
                }
            }
        }
    }
    match &form.lock {
        None => line("lock", "free"),
        Some(lock) => {
            let until = lock.expires.as_ref().map_or(String::new(), |time| format!(" until {time}, unless renewed"));
            line("lock", &format!("held by {}{until}", lock.holder));
            if let Some(run) = lock.run {
                line("  run", run);
            }
        }
    }
    let owned: Vec<_> = form.owned.iter().map(|(kind, number)| count(*number, kind)).collect();
    line("owns", &if owned.is_empty() { "nothing".to_owned() } else { owned.join(", ") });
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Look;

    #[test]
    fn a_project_in_the_middle_of_a_run() {
        let last = LastApply {
            at: "2026-11-23T10:00:00Z".into(),
            commit: Some("0123abc".into()),
            run: None,
            plan_digest: Some("0123456789abcdef".repeat(4)),
            by: Some("ann@laptop".into()),
            command: Some("destroy".into()),
        };
        let holder = Holder {
            id: String::new(),
            is_lock: true,
            nonce: String::new(),
            who: "ci@host pid 1".into(),
            run: Some("https://ci.example/1".into()),
            expires: Some(1_795_428_000),
            process: None,
        };
        let form = Form {
            head: render::Head::new(Exit::Ok),
            project: "iot",
            last_apply: Some(&last),
            lock: Some(Lock::new(&holder)),
            owned: BTreeMap::from([("bucket", 2), ("task", 1)]),
        };
        insta::assert_snapshot!(human(Page::new(Look::PLAIN), &form));
    }
}
