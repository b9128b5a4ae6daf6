//! The only writer: walks a plan and tells what happens as events.

mod create;
mod deliver;
mod event;
mod failed;
mod home;
mod lost;
mod outgrown;
mod prepare;
mod record;
mod rivals;
mod step;
mod sweep;
mod walk;

pub use event::{Event, Outcome};
pub use home::create_home_org;
pub use lost::{Sought, seek};
pub use prepare::{PlanSecrets, Prepared, prepare};
pub use record::adopted;
pub use rivals::{may_meet, met, rivals};
pub use sweep::{strike, sweep};

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use tokio::sync::watch;

use crate::address::Address;
use crate::api::Writer;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Target};
use crate::exit::Exit;
use crate::kind::Key;
use crate::ledger::{Intent, Journal, Ledger, Update, set_by_post};
use crate::manifest::Manifest;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::snapshot::{Server, Snapshot};
use step::Executor;
use walk::Walk;

/// What an apply works with.
pub struct Run<'a> {
    /// Writes to the server; shut when the lease is lost.
    pub writer: &'a Writer,
    /// What is known of the server.
    pub server: &'a Server,
    /// What is declared.
    pub manifest: &'a Manifest,
    /// What the plan was made from.
    pub snapshot: &'a Snapshot,
    /// What the project knew of itself then.
    pub ledger: &'a Ledger,
    /// What to do.
    pub plan: &'a Plan,
    /// The objects behind external resources.
    pub external: &'a BTreeMap<Address, Target>,
    /// The project that owns an object, for what other projects' ledgers have.
    pub foreign: &'a BTreeMap<(crate::kind::Kind, String), String>,
    /// Takes down what was done.
    pub journal: &'a Journal,
    /// What the ledger already has as intended.
    pub intents: &'a BTreeMap<Address, Intent>,
    /// The secrets that are to be set.
    pub secrets: &'a PlanSecrets,
    /// How many changes may be under way at once.
    pub parallelism: usize,
    /// Becomes a reason when the run is to stop.
    pub stop: watch::Receiver<Option<Exit>>,
}

/// What the plan is about to create: to be in the ledger before the first POST.
pub fn intents(plan: &Plan, manifest: &Manifest, snapshot: &Snapshot) -> BTreeMap<Address, Intent> {
    let creates = plan.changes.iter().filter(|change| matches!(change.action, Action::Create | Action::Replace));
    creates
        .map(|change| {
            let resource = &manifest.resources[&change.address];
            let fields = &resource.fields;
            let marker = change
                .address
                .kind
                .delivers()
                .then(|| format!("{}/{}", plan.project, rand::random_range(0..1_u64 << 48)));
            let intent = Intent {
                org: change.org.clone(),
                name: change.address.kind.title_in(fields).unwrap_or_default().into_owned(),
                digest: match change.address.kind.spec().key {
                    Key::Name(_) => fields.fingerprint(),
                    Key::LoneName | Key::None => fields.script_fingerprint(),
                },
                at: snapshot.at,
                marker,
                fields: if change.address.kind.delivers() {
                    BTreeMap::new()
                } else {
                    set_by_post(change.address.kind, fields)
                },
                blind: change.unverified,
            };
            (change.address.clone(), intent)
        })
        .collect()
}

/// Takes back the note that a run is about to create `address`, when it has sent nothing: what is found under this name later
/// is somebody else's, unless `ledger` says that an earlier run was about to make it too. Its request may still arrive.
pub fn unsent(ledger: &Ledger, address: &Address) -> Update {
    match ledger.intents.get(address) {
        Some(earlier) => Update::Intent(address.clone(), earlier.clone()),
        None => Update::ClearIntent(address.clone()),
    }
}

/// Why a run stops that was told to.
fn stopped_by(exit: Exit) -> Problem {
    let (code, why) = match exit {
        Exit::Unavailable => (Code::ApplyTimeout, "stopped: the run has reached its --timeout"),
        _ => (Code::ApplyInterrupted, "stopped by a signal"),
    };
    let diagnostic = Diagnostic::error(code, why)
        .help("what was under way is finished and recorded; the same command again goes on from there");
    Problem { exit, diagnostic }
}

/// Why a run stops whose server no longer answers: each further request would wait for it in vain.
fn unanswered(problem: &Problem) -> Problem {
    let diagnostic = Diagnostic::error(problem.diagnostic.code, "stopped: the server does not answer")
        .help("when it answers again, the same command goes on from there");
    Problem { exit: problem.exit, diagnostic }
}

/// Applies the plan and tells what happens.
pub async fn run(run: Run<'_>, tell: &mut (dyn FnMut(Event) + Send)) {
    let changes: Vec<_> = run.plan.changes.iter().filter(|change| change.writes()).collect();
    tell(Event::Begin { total: changes.len() });
    let existing = run.plan.changes.iter().filter_map(|change| Some((&change.address, change.object.as_ref()?)));
    let objects = existing
        .chain(run.external.iter())
        .map(|(address, target)| (address.clone(), (target.id.clone(), target.org.clone())))
        .collect();
    strike(run.plan, run.journal);
    let doer = Executor {
        writer: run.writer,
        server: run.server,
        manifest: run.manifest,
        plan: run.plan,
        snapshot: run.snapshot,
        ledger: run.ledger,
        foreign: run.foreign,
        journal: run.journal,
        intents: run.intents,
        secrets: run.secrets,
        stop: run.stop.clone(),
        objects: Mutex::new(objects),
        orgs_of_objects: run.snapshot.orgs_of_objects(),
    };
    run.plan.changes.iter().filter(|change| change.settles && !change.writes()).for_each(|change| doer.settle(change));
    let gone: OnceLock<Problem> = OnceLock::new();
    let stopped = || {
        if let Some(error) = run.journal.failed() {
            return Some(error.clone().into());
        }
        if let Some(problem) = gone.get() {
            return Some(problem.clone());
        }
        let exit = (*run.stop.borrow())?;
        Some(stopped_by(exit))
    };
    let mut heard = |event: Event| {
        if let Event::Ended { address, outcome: Outcome::Skipped { .. } | Outcome::NotStarted, .. } = &event
            && run.intents.contains_key(address)
        {
            run.journal.record(unsent(run.ledger, address));
        }
        tell(event);
    };
    let (doer, gone) = (&doer, &gone);
    let act = |change| async move {
        let result = doer.act(change).await;
        if let Err(problem) = &result
            && problem.diagnostic.code == Code::ServerUnavailable
        {
            gone.get_or_init(|| unanswered(problem));
        }
        result
    };
    Walk::new(changes, &run.plan.after).run(run.parallelism, act, stopped, &mut heard).await;
    tell(Event::End);
}
