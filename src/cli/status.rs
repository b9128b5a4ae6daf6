//! `fluxform status`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::lock::{Lock, lines};
use super::plan::{Wait, reading};
use super::shell::{Format, Shell};
use super::{Ended, connection, project};
use crate::exit::{Exit, Problem};
use crate::ledger::{self, LastApply, Ledger};
use crate::render::{self, Page, count};

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
    pub(super) connection: connection::Flags,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Signature>,
}

/// That the ledger is signed.
#[derive(Serialize)]
struct Signature {
    /// Whether the signatures were looked at, and are right.
    verified: bool,
    /// The number of its last write.
    write: u64,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    let session = reading(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let name = &project.manifest.project;
    let rows = match &session.home {
        Some(home) => ledger::rows(&session.client, home).await.map(|rows| Some((rows, home.clone()))),
        None => Ok(None),
    };
    let trust = session.trust();
    session.close().await;
    let (ledger, signature, holder) = match rows.map_err(|error| vec![Problem::from(error)])? {
        None => (Ledger::default(), None, None),
        Some((rows, home)) => {
            let decoded = ledger::decode(&rows, name, &home, &trust);
            let (ledger, state) = decoded.map_err(|error| vec![Problem::from(error)])?;
            (ledger, state.signature(), ledger::read_lock(&rows, name))
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
        signature: signature.map(|(verified, write)| Signature { verified, write }),
    };
    shell.data(&match arguments.format {
        Format::Human => human(shell.data_page(), &form),
        Format::Json => render::json(&form),
    })?;
    Ok(Exit::Ok)
}

fn human(page: Page, form: &Form<'_>) -> String {
    lines(page, |mut line| {
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
        Lock::lines(form.lock.as_ref(), &mut line);
        let owned: Vec<_> = form.owned.iter().map(|(kind, number)| count(*number, kind)).collect();
        line("owns", &if owned.is_empty() { "nothing".to_owned() } else { owned.join(", ") });
        if let Some(Signature { verified, write }) = &form.signature {
            let verified = if *verified { "with the key of this run" } else { "not checked: this run has no key" };
            line("signed", &format!("{verified} (write {write})"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Holder;
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
            signature: Some(Signature { verified: true, write: 12 }),
        };
        insta::assert_snapshot!(human(Page::new(Look::PLAIN), &form));
    }
}
