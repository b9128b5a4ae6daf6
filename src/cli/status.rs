//! `fluxform status`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::lock::{Lock, lines};
use super::plan::{FileWait, reading};
use super::rotations::{Step, steps};
use super::session::Session;
use super::shell::{Format, Shell};
use super::{Ended, applies, connection, project};
use crate::address::{Address, few};
use crate::exit::Exit;
use crate::kind::{Kind, ReadScope};
use crate::ledger::{self, Entry, Hold, Holder, LastApply, Ledger, Origin};
use crate::manifest::Manifest;
use crate::plan::{self, Leftover, Plan};
use crate::problem::Problem;
use crate::render::{self, Page, count};
use crate::snapshot::{Sight, Snapshot, View};

/// Show who last applied the project and when, and who holds its lock
///
/// Reads the ledger and the lock. Shows the last run that wrote something (time, user and host, command, commit and CI
/// run), the holder of the lock, how many objects of each kind the project owns, and what an interrupted run has left
/// unfinished or left over. After `destroy`, there is no ledger to read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) connection: connection::Flags,
    #[command(flatten)]
    wait: FileWait,
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
    /// What is to be rotated next, and what goes after that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rotations: Vec<Step>,
    /// What an interrupted run has begun, and the next one finishes.
    unfinished: Vec<String>,
    /// What an interrupted run has left, and any apply deletes.
    leftovers: Vec<String>,
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
    let read = read(&session, &project.manifest).await;
    session.close().await;
    let Read { ledger, lock, leftovers, signature } = read?;
    let mut owned = BTreeMap::new();
    for address in ledger.entries.keys() {
        *owned.entry(address.kind.name()).or_insert(0) += 1;
    }
    let form = Form {
        head: render::Head::new(Exit::Ok),
        project: name,
        last_apply: ledger.last_apply.as_ref(),
        lock: lock.as_ref().map(Lock::new),
        owned,
        signature,
        rotations: steps(&ledger, &project.manifest),
        unfinished: unfinished(&ledger, &project.manifest),
        leftovers: leftovers.iter().map(ToString::to_string).collect(),
    };
    shell.data(&match arguments.format {
        Format::Human => {
            let plan = applies::like(&["plan"], &arguments.project, &arguments.connection);
            human(shell.data_page(), &form, &plan)
        }
        Format::Json => render::json(&form),
    })?;
    Ok(Exit::Ok)
}

/// What is known of a project without its manifests.
#[derive(Default)]
struct Read {
    ledger: Ledger,
    lock: Option<(Holder, Hold)>,
    leftovers: Vec<Leftover>,
    signature: Option<Signature>,
}

async fn read(session: &Session, manifest: &Manifest) -> Result<Read, Problem> {
    let Some(home) = &session.home else { return Ok(Read::default()) };
    let client = &session.client;
    let project = &manifest.project;
    let rows = session.labels(manifest).await?;
    let (ledger, state) = ledger::decode(&rows, project, home, &session.trust())?;
    let signature = state.signature().map(|(verified, write)| Signature { verified, write });
    let mut orgs: BTreeSet<&str> = ledger.entries.values().filter_map(|entry| entry.org.as_deref()).collect();
    orgs.insert(home);
    let orgs: Vec<&str> = orgs.into_iter().collect();
    let mut kinds = BTreeMap::new();
    for kind in Kind::ALL.iter().filter(|kind| kind.delivers()) {
        let objects = kind.list(client, &orgs, ReadScope::NOTHING).await?;
        let objects = objects.into_iter().map(|object| (object.id.clone(), object)).collect();
        kinds.insert(*kind, View { sight: Sight::Partial, objects, missing: BTreeMap::new() });
    }
    let at = client.server_time().unwrap_or_default();
    let lock = session.lock(&rows, project);
    // What a run is at that lives is not left over.
    let leftovers = match &lock {
        Some((_, Hold::Held)) => Vec::new(),
        _ => plan::leftovers(project, &Snapshot { at, kinds, ..Snapshot::default() }, &ledger, &Plan::default(), false),
    };
    // Whether what was announced is still to be made, only a plan can tell.
    let leftovers = leftovers.into_iter().filter(|leftover| !matches!(leftover, Leftover::Announced(_))).collect();
    Ok(Read { ledger, lock, leftovers, signature })
}

/// The addresses that an interrupted run has begun with: to make them, to deliver their secrets, to give them all that is
/// declared, or to delete what they take over from.
fn unfinished(ledger: &Ledger, manifest: &Manifest) -> Vec<String> {
    let half = |(address, entry): (&Address, &Entry)| {
        let undelivered = address.kind.delivers() && entry.origin == Origin::Created && entry.secret.is_none();
        let declared = |field: &String| manifest.resources.get(address)?.fields.get(field);
        let lacks = entry.lacks.iter().any(|field| declared(field).is_some());
        (undelivered || lacks || entry.left().next().is_some()).then(|| address.clone())
    };
    let mut all: BTreeSet<Address> = ledger.entries.iter().filter_map(half).collect();
    all.extend(ledger.intents.keys().cloned());
    all.iter().map(ToString::to_string).collect()
}

fn human(page: Page, form: &Form<'_>, plan: &str) -> String {
    lines(page, |mut line| {
        line("project", form.project);
        match form.last_apply {
            None if form.lock.as_ref().is_some_and(|lock| !lock.dead) => {
                line("last apply", "none has ended yet: a run is under way");
            }
            None if !form.owned.is_empty() || !form.unfinished.is_empty() => {
                line("last apply", "none has ended: the first one was interrupted");
            }
            None => line("last apply", "none on record: never applied, or destroyed since"),
            Some(last) => {
                // What changes the ledger alone is no apply.
                let command = last.command.as_deref().unwrap_or("apply");
                line(&format!("last {command}"), &last.at);
                line("  by", last.by.as_deref().unwrap_or("unknown"));
                for (name, value) in [("  commit", &last.commit), ("  run", &last.run), ("  plan", &last.plan_digest)] {
                    if let Some(value) = value {
                        line(name, value);
                    }
                }
                if last.undone > 0 {
                    line("  not done", &format!("{}: the next {command} continues", count(last.undone, "change")));
                }
            }
        }
        Lock::lines(form.lock.as_ref(), &mut line);
        let owned: Vec<_> = form.owned.iter().map(|(kind, number)| count(*number, kind)).collect();
        line("owns", &if owned.is_empty() { "nothing".to_owned() } else { owned.join(", ") });
        if let Some(Signature { verified, write }) = &form.signature {
            let verified = if *verified { "with the key of this run" } else { "not verified: this run has no key" };
            line("signed", &format!("{verified} (write {write})"));
        }
        let (ends, due): (Vec<_>, Vec<_>) = form.rotations.iter().partition(|step| step.is_of_predecessor());
        if !due.is_empty() {
            line("rotation", &few(due.iter().map(|step| step.words())));
        }
        for step in ends {
            line("still works", &step.words());
        }
        if !form.unfinished.is_empty() {
            line("unfinished", &format!("{}: the next apply finishes it", few(&form.unfinished)));
        }
        if !form.leftovers.is_empty() {
            line("left over", &format!("{}: the next apply cleans it up", few(&form.leftovers)));
        }
        if form.last_apply.is_none() && form.owned.is_empty() {
            line("next", &format!("{plan} shows what an apply would create"));
        }
    })
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
            undone: 3,
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
        let held = (holder, Hold::Held);
        let form = Form {
            head: render::Head::new(Exit::Ok),
            project: "iot",
            last_apply: Some(&last),
            lock: Some(Lock::new(&held)),
            owned: BTreeMap::from([("bucket", 2), ("task", 1)]),
            signature: Some(Signature { verified: true, write: 12 }),
            rotations: Vec::new(),
            unfinished: Vec::new(),
            leftovers: Vec::new(),
        };
        insta::assert_snapshot!(human(Page::new(Look::PLAIN), &form, "`fluxform plan iot`"));
        let many = (0..680).map(|n| format!("bucket.b{n:03}")).collect();
        let form = Form { unfinished: many, ..form };
        let text = human(Page::new(Look::PLAIN), &form, "`fluxform plan iot`");
        assert!(text.contains("bucket.b004 and 675 more: the next apply finishes it\n"), "{text}");
        let dead = (held.0.clone(), Hold::Dead);
        let (lock, unfinished) = (Some(Lock::new(&dead)), vec!["token.t".to_owned()]);
        let leftovers =
            vec![Leftover::Object { kind: Kind::Token, id: "0123456789abcdef".into(), of: None }.to_string()];
        let form = Form { last_apply: None, lock, unfinished, leftovers, ..form };
        insta::assert_snapshot!("after_a_run_that_died", human(Page::new(Look::PLAIN), &form, "`fluxform plan iot`"));
        let first = Form { lock: Some(Lock::new(&held)), ..form };
        let text = human(Page::new(Look::PLAIN), &first, "`fluxform plan iot`");
        assert!(text.contains("none has ended yet: a run is under way\n"), "{text}");
        let nothing = Form {
            lock: None,
            owned: BTreeMap::new(),
            signature: None,
            unfinished: Vec::new(),
            leftovers: Vec::new(),
            ..first
        };
        insta::assert_snapshot!(
            "where_nothing_is_left",
            human(Page::new(Look::PLAIN), &nothing, "`fluxform plan iot`")
        );
    }
}
