//! The straight line from manifests to a plan, and from a plan to an apply, as the commands share it.

mod lease;
mod said;

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use self::lease::leased;
pub(super) use self::lease::{Lock, Traces, free, record, sign};
pub use self::said::unproven_ledger;
use self::said::{another_run, unreadable_ledger, unverified_ledger};
use crate::address::Address;
use crate::api::{Client, Writer};
use crate::apply::{self, Event};
use crate::diff::{self, Action, Change, Comparison, Goal, Reason, Target};
use crate::evidence;
use crate::exit::Exit;
use crate::graph::Graph;
use crate::kind::{Kind, Level};
use crate::ledger::{self, Hold, Holder, Journal, LastApply, Ledger, Owners, State, ThisMachine, Trust};
use crate::manifest::Manifest;
use crate::plan::{self, Consent, Facts, Leftover, Plan, Written};
use crate::problem::{Problem, Problems};
use crate::snapshot::{self, Server, Snapshot};

/// A plan, and everything that it rests on.
pub struct Planned {
    /// What the project knows of itself.
    pub ledger: Ledger,
    /// The ledger as its labels hold it.
    pub(super) state: State,
    /// Who owns what other projects' ledgers have.
    foreign: BTreeMap<(Kind, String), String>,
    /// What the server has.
    pub snapshot: Snapshot,
    /// The objects behind external resources.
    pub external: BTreeMap<Address, Target>,
    /// What an apply would do.
    pub plan: Plan,
}

/// What on the server is this very run's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Own<'a> {
    /// The ID of the home org, if the run has made it.
    pub made: Option<&'a str>,
    /// The ID of the lock's label, while the run holds it.
    pub lock: Option<&'a str>,
}

/// Plans: reads the ledger and the server, compares, reads what is at stake, and orders. Writes nothing.
///
/// # Errors
/// What keeps a plan from being made at all. What a guard refuses is in the plan.
pub async fn plan(
    client: &Client,
    server: &Server,
    manifest: &Manifest,
    graph: &Graph,
    goal: Goal,
    consent: &Consent,
    run: Own<'_>,
) -> Result<Planned, Problem> {
    let rows = match &server.home {
        Some(home) => ledger::rows(client, home).await?,
        None => Vec::new(),
    };
    let home = server.home.as_deref().unwrap_or_default();
    let (ledger, state) = ledger::decode(&rows, &manifest.project, home, &Trust::of(server.ledger_key.as_ref()))?;
    let mut owners = ledger::owners(&rows, &manifest.project);
    let snapshot = snapshot::read(client, server, manifest, &ledger).await?;
    if let Some(lack) = snapshot.ledger_lack.as_ref().filter(|_| !ledger.found) {
        return Err(unproven_ledger(&manifest.project, lack));
    }
    let compare = |owners: &Owners| diff::compare(manifest, graph, &snapshot, &ledger, &owners.objects, goal);
    let mut comparison = compare(&owners);
    // What lives on the server as a whole may be a project's of whatever org.
    let of_server = |change: &Change| {
        (change.adopts || change.action.removes()) && change.address.kind.spec().level == Level::Server
    };
    if comparison.changes.iter().any(of_server) {
        owners.extend(ledger::owners_elsewhere(client, server.home.as_deref()).await?);
        comparison = compare(&owners);
    }
    let Comparison { mut changes, problems, external } = comparison;
    changes.iter_mut().for_each(|change| own(change, run.made));
    evidence::kept(client, &mut changes, &ledger).await?;
    let mut at_stake = evidence::read(client, server, &changes, &snapshot).await?;
    let (dependents, hidden) = evidence::dependents(client, server, &changes, &external, &snapshot).await?;
    for (address, kinds) in hidden {
        at_stake.entry(address).or_default().unseen.extend(kinds);
    }
    let taken = evidence::taken(client, &changes, &snapshot).await?;
    let strangers = evidence::strangers(client, server, &changes, &snapshot).await?;
    let creators = evidence::creators(client, &changes, &snapshot).await?;
    let used = evidence::used(client, &changes, &snapshot, &ledger).await;
    let compiled = evidence::compile(client, server, &changes).await;
    let tried = evidence::tried(client, manifest, &snapshot, &changes, &external).await;
    let comparison = Comparison { changes, problems, external: BTreeMap::new() };
    let facts = Facts {
        project: &manifest.project,
        host: client.host(),
        graph,
        snapshot: &snapshot,
        ledger: &ledger,
        at_stake,
        dependents,
        taken: &taken,
        strangers: &strangers,
        compiled,
        consent,
        policy: &manifest.policy,
        written: Written { resources: &manifest.resources, imports: &manifest.imports },
        // Without any resource, all that the project owns goes, or nothing: that has a guard of its own.
        all_goes: goal == Goal::Destroyed || manifest.resources.is_empty(),
    };
    let mut plan = plan::order(comparison, facts);
    plan.warnings.extend(plan::lost_creators(&creators));
    plan.warnings.extend(plan::still_used(&plan.changes, &used));
    plan.warnings.extend(plan::would_fail(&tried, &manifest.resources));
    plan.warnings.extend(plan::twins(&plan.changes, &snapshot, &ledger, &owners.objects, &external));
    plan.warnings.extend(owners.unreadable.iter().map(|label| unreadable_ledger(label)));
    if let Some((false, _)) = state.signature() {
        plan.warnings.push(unverified_ledger());
    }
    let lock = ledger::held(&rows, &manifest.project, &ThisMachine, snapshot.at);
    let lock = lock.filter(|(holder, _)| run.lock != Some(&*holder.id));
    let leftovers = plan::leftovers(&manifest.project, &snapshot, &ledger, &plan, run.lock.is_some());
    plan.leftovers = if manifest.only_rotates() { plan::in_the_way(leftovers, &plan) } else { leftovers };
    left_over(&mut plan, lock);
    Ok(Planned { ledger, state, foreign: owners.objects, snapshot, external, plan })
}

/// Adds what the lock says to what is left over, and tells of it. What another run is at is nothing that was left.
fn left_over(plan: &mut Plan, lock: Option<(Holder, Hold)>) {
    match lock {
        Some((holder, Hold::Held)) => {
            plan.leftovers.clear();
            plan.warnings.push(another_run(&holder));
        }
        Some((holder, Hold::Dead)) => plan.leftovers.push(Leftover::Lock { holder: holder.to_string() }),
        Some((_, Hold::Ours)) | None => {}
    }
    plan.warnings.extend(plan.leftovers.iter().map(Leftover::warning));
}

/// What this run has made itself is no object of somebody else that is taken over.
fn own(change: &mut Change, made: Option<&str>) {
    let id = change.object.as_ref().map(|object| object.id.as_str());
    if made.is_some() && id == made && change.adopts {
        change.adopts = false;
        if change.action == Action::None {
            change.reason = Reason::Resumed;
        }
    }
}

/// How an apply is done.
pub struct Apply<'a> {
    /// The server.
    pub client: &'a Client,
    /// What is known of it.
    pub server: &'a Server,
    /// What is declared.
    pub manifest: &'a Manifest,
    /// Who refers to whom.
    pub graph: &'a Graph,
    /// Where to get.
    pub goal: Goal,
    /// What the user agreed to.
    pub consent: &'a Consent,
    /// The saved plan, if the plan that was agreed to comes from a review.
    pub reviewed: Option<&'a Plan>,
    /// The secrets that the plan sets, as `apply::prepare` read them.
    pub secrets: &'a apply::PlanSecrets,
    /// The ID of the home org, if this very run has made it.
    pub made: Option<&'a str>,
    /// The digest that the ledger keeps, if it is not that of the plan: what was agreed to before the home org was made.
    pub digest: Option<&'a str>,
    /// Whether what the plan has become under the lock is applied as well, if nothing refuses it: nobody is asked then.
    pub anew: bool,
    /// How many changes may be under way at once.
    pub parallelism: usize,
    /// How long to wait for another run's lock.
    pub lock_timeout: Duration,
    /// The commit that is applied, where it is known.
    pub commit: Option<String>,
    /// The CI run, where there is one.
    pub run: Option<String>,
    /// Becomes a reason when the run is to stop.
    pub stop: watch::Receiver<Option<Exit>>,
}

/// What came of trying to apply a plan that was agreed to.
pub enum Applied {
    /// It was applied, well or not: the events say.
    Done,
    /// Under the lock the change list was another one, or more was at stake; nothing was written.
    Stale(Box<Planned>),
    /// What the plan has become needs what this machine does not have; nothing was written.
    Unready(Problems),
}

impl Apply<'_> {
    /// Takes the lock, plans again, and applies if the change list is still the `agreed` one and no more is at stake; or `anew`.
    ///
    /// # Errors
    /// What keeps the walk from starting, and what keeps the ledger from being finished.
    pub async fn run(&self, agreed: &Plan, tell: &mut (dyn FnMut(Event) + Send)) -> Result<Applied, Problem> {
        let lock = Lock {
            client: self.client,
            project: &self.manifest.project,
            org: self.server.home.as_deref().unwrap_or_default(),
            run: self.run.clone(),
            wait: self.lock_timeout,
            stop: self.stop.clone(),
        };
        let lease = lock.take(tell).await?;
        let result = self.locked(agreed, &lease, tell).await;
        if let Err(error) = lease.release().await
            && result.is_ok()
        {
            tell(Event::Warning(Problem::from(error).diagnostic));
        }
        result
    }

    /// Clears up what is left over where nothing else is to be done: no ledger is made for that, and none says that it was.
    async fn clear_up(
        &self,
        planned: &Planned,
        lease: &ledger::Lease,
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Result<(), Problem> {
        let (writer, permit) = leased(self.client, lease);
        apply::sweep(&writer, &planned.plan, tell).await;
        let notes = planned.plan.leftovers.iter().any(|leftover| matches!(leftover, Leftover::Announced(_)));
        if notes {
            let journal = Journal::begin(writer, planned.state.clone(), BTreeMap::new(), permit).await?;
            apply::strike(&planned.plan, &journal);
            journal.finish(None).await?;
        }
        Ok(())
    }

    /// Whether no more is at stake `now` than was seen by whoever consented: in the saved plan, or at the prompt.
    fn loses_no_more(&self, agreed: &Plan, now: &Plan) -> bool {
        match self.reviewed {
            Some(reviewed) => plan::difference(reviewed, now).iter().all(|difference| difference.stake.is_none()),
            None => !plan::outgrown(agreed, now, &self.consent.typed),
        }
    }

    /// What other projects of the home org own now.
    async fn others(&self) -> Result<Owners, Problem> {
        let rows = ledger::rows(self.client, self.server.home.as_deref().unwrap_or_default()).await?;
        Ok(ledger::owners(&rows, &self.manifest.project))
    }

    async fn locked(
        &self,
        agreed: &Plan,
        lease: &ledger::Lease,
        tell: &mut (dyn FnMut(Event) + Send),
    ) -> Result<Applied, Problem> {
        let own = Own { made: self.made, lock: Some(lease.id()) };
        let planned = plan(self.client, self.server, self.manifest, self.graph, self.goal, self.consent, own).await?;
        let same = planned.plan.digest() == agreed.digest() && self.loses_no_more(agreed, &planned.plan);
        let does = planned.plan.writes() || planned.plan.settles() || self.goal == Goal::Destroyed;
        if !does && planned.plan.refusals.is_empty() {
            self.clear_up(&planned, lease, tell).await?;
        }
        if !planned.plan.refusals.is_empty() || !(same || self.anew && does) {
            return Ok(Applied::Stale(Box::new(planned)));
        }
        if !does {
            return Ok(Applied::Done);
        }
        let mut anew = None;
        if !same {
            tell(Event::Replanned(Box::new(planned.plan.clone())));
            let writer = Writer::new(self.client.clone());
            match apply::prepare(&planned.plan, self.manifest, &writer).await {
                Ok(apply::Prepared { secrets, warnings }) => {
                    warnings.into_iter().for_each(|warning| tell(Event::Warning(warning)));
                    anew = Some(secrets);
                }
                Err(problems) => return Ok(Applied::Unready(problems)),
            }
        }
        let (writer, permit) = leased(self.client, lease);
        // Before the notes: one of them may take the place of the one by which an object is known as left over.
        apply::sweep(&writer, &planned.plan, tell).await;
        let intents = apply::intents(&planned.plan, self.manifest, &planned.snapshot);
        let journal = Journal::begin(writer.clone(), planned.state, intents.clone(), permit.clone()).await?;
        let meets = apply::may_meet(&planned.plan, &intents);
        if meets && let Some(rival) = apply::rivals(&planned.plan, &intents, &self.others().await?).into_iter().next() {
            intents.keys().for_each(|address| journal.record(apply::unsent(&planned.ledger, address)));
            journal.finish(None).await?;
            return Err(rival);
        }
        let run = apply::Run {
            writer: &writer,
            server: self.server,
            manifest: self.manifest,
            snapshot: &planned.snapshot,
            ledger: &planned.ledger,
            plan: &planned.plan,
            external: &planned.external,
            foreign: &planned.foreign,
            journal: &journal,
            intents: &intents,
            secrets: anew.as_ref().unwrap_or(self.secrets),
            parallelism: self.parallelism,
            stop: self.stop.clone(),
        };
        let mut undone = 0;
        let mut watch = |event: Event| {
            undone += usize::from(
                matches!(&event, Event::Ended { outcome, .. } if !matches!(outcome, apply::Outcome::Done { .. })),
            );
            tell(event);
        };
        apply::run(run, &mut watch).await;
        let command = match self.goal {
            Goal::Destroyed => "destroy",
            Goal::Declared if self.manifest.only_rotates() => "rotate",
            Goal::Declared => "apply",
        };
        let from = Traces { commit: self.commit.clone(), run: self.run.clone() };
        let digest = self.digest.filter(|_| same).map_or_else(|| planned.plan.digest(), str::to_owned);
        let last = LastApply { plan_digest: Some(digest), undone, ..from.of(self.client, command) };
        let state = journal.finish(Some(last)).await?;
        if meets && let Some(met) = apply::met(&planned.plan, &self.others().await?) {
            tell(Event::Stopping(met));
        }
        if self.goal == Goal::Destroyed && undone == 0 {
            ledger::remove_all(&writer, state, &permit).await?;
        }
        Ok(Applied::Done)
    }
}
