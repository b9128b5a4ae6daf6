//! Does one change: the object first, then what the ledger has to know of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use tokio::sync::watch;

use super::create::{Come, unfinished};
use super::deliver::{Aftermath, Delivery, Failure};
use super::prepare::PlanSecrets;
use super::record;
use crate::address::Address;
use crate::api::Writer;
use crate::diagnostic::Code;
use crate::diff::{Action, Change, Reason, Target};
use crate::exit::Exit;
use crate::field::{INACTIVE, Role};
use crate::kind::{DEFAULT_OVERLAP, Delete, Desired, Ids, Kind, NO_SECRETS, Secrets};
use crate::ledger::{Entry, Intent, Journal, Ledger, NOT_YET, Update};
use crate::manifest::{Manifest, Resource};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::snapshot::{Server, Snapshot};
use crate::value::{Ref, Value};

/// Everything that a change needs to be done.
pub(super) struct Executor<'a> {
    pub(super) writer: &'a Writer,
    pub(super) server: &'a Server,
    pub(super) manifest: &'a Manifest,
    pub(super) plan: &'a Plan,
    pub(super) snapshot: &'a Snapshot,
    pub(super) ledger: &'a Ledger,
    pub(super) journal: &'a Journal,
    pub(super) intents: &'a BTreeMap<Address, Intent>,
    pub(super) secrets: &'a PlanSecrets,
    /// Becomes a reason when the run is to stop.
    pub(super) stop: watch::Receiver<Option<Exit>>,
    /// ID and org of each resource that exists by now.
    pub(super) objects: Mutex<BTreeMap<Address, (String, Option<String>)>>,
    /// The project that owns an object, for what other projects' ledgers have.
    pub(super) foreign: &'a BTreeMap<(Kind, String), String>,
    pub(super) orgs_of_objects: BTreeMap<(Kind, String), String>,
}

/// What a new or changed object is made from.
struct Inputs<'a> {
    resource: &'a Resource,
    ids: Ids,
    org: String,
    secrets: &'a Secrets,
}

impl<'a> Executor<'a> {
    /// Does `change` and gives the object's ID.
    pub(super) async fn act(&self, change: &'a Change) -> Result<String, Problem> {
        match change.action {
            // What an interrupted rotation left has to go all the same.
            Action::Create => {
                self.delete_hidden(change).await?;
                self.delete_kept(change).await?;
                self.create(change, change.predecessors.clone()).await
            }
            Action::Update => self.update(change).await,
            Action::Replace => self.replace(change).await,
            Action::Delete => self.delete(change).await,
            Action::Forget => {
                self.delete_predecessors(change).await?;
                if change.reason == Reason::AlreadyGone {
                    self.delete_hidden(change).await?;
                    self.delete_kept(change).await?;
                }
                self.journal.record(Update::Remove(self.old_address(change).clone()));
                Ok(String::new())
            }
            Action::None => {
                self.settle(change);
                Ok(String::new())
            }
        }
    }

    /// Records an object to which nothing is done.
    pub(super) fn settle(&self, change: &'a Change) {
        let target = change.object.as_ref().expect("only what exists needs nothing but the ledger");
        self.put(change, self.entry(change, target, None));
    }

    fn old_address(&self, change: &'a Change) -> &'a Address {
        change.moved_from.as_ref().unwrap_or(&change.address)
    }

    fn old_entry(&self, change: &Change) -> Option<&'a Entry> {
        self.ledger.entries.get(change.moved_from.as_ref().unwrap_or(&change.address))
    }

    fn resource(&self, change: &Change) -> &'a Resource {
        &self.manifest.resources[&change.address]
    }

    /// The entry for `target` as it is once the change is done.
    fn entry(&self, change: &Change, target: &Target, created: Option<String>) -> Entry {
        let live = self.snapshot.object(change.address.kind, &target.id);
        let created = created.or_else(|| live.and_then(|live| live.created.clone()));
        record::entry(change, self.resource(change), target, created, self.old_entry(change))
    }

    /// Puts `entry` into the ledger under the change's address.
    fn put(&self, change: &Change, entry: Entry) {
        self.journal.record(self.written(change, entry));
    }

    /// The update that puts `entry` under the change's address, and takes it from the address that it had.
    fn written(&self, change: &Change, entry: Entry) -> Update {
        let address = change.address.clone();
        match &change.moved_from {
            Some(was) => Update::Move(was.clone(), address, Box::new(entry)),
            None => Update::Put(address, Box::new(entry)),
        }
    }

    fn learn(&self, address: &Address, id: &str, org: Option<&str>) {
        let mut objects = self.objects.lock().expect("no one panics while it holds the IDs");
        objects.insert(address.clone(), (id.to_owned(), org.map(str::to_owned)));
    }

    /// The IDs that `resource` refers to, and what else a kind needs to make it.
    fn wanted(&self, change: &Change) -> Inputs<'a> {
        let resource = self.resource(change);
        let home = self.snapshot.home.clone().unwrap_or_default();
        let ids = {
            let objects = self.objects.lock().expect("no one panics while it holds the IDs");
            let known = resource.needs.iter().filter_map(|need| Some((need.clone(), objects.get(need)?.clone())));
            let refs = resource.fields.iter().flat_map(|(_, value)| value.refs());
            let orgs = refs.filter_map(|of| match of {
                Ref::Id(kind, id) => {
                    let of = (*kind, id.clone());
                    let org = self.orgs_of_objects.get(&of)?.clone();
                    Some((of, org))
                }
                Ref::To(_) | Ref::Home => None,
            });
            Ids { home: home.clone(), objects: known.collect(), orgs: orgs.collect() }
        };
        let org = match change.address.kind.org_in(&resource.fields) {
            Some(of) => ids.id(of).unwrap_or_default().to_owned(),
            None => home,
        };
        Inputs { resource, ids, org, secrets: self.secrets.get(&change.address).unwrap_or(&NO_SECRETS) }
    }

    /// Makes the object. `predecessors` still have to go once the new one works, or their overlap has ended.
    async fn create(&self, change: &'a Change, mut predecessors: BTreeSet<String>) -> Result<String, Problem> {
        let kind = change.address.kind;
        predecessors.extend(change.overlapping.iter().cloned());
        let wanted = self.wanted(change);
        let delivery = match kind.get(Role::Delivery, &wanted.resource.fields) {
            Some(Value::Sinks(sinks)) => {
                let probed = Delivery::probe(&self.manifest.root, sinks, self.writer.secrets()).await;
                Some(probed.map_err(|words| secret_problem(&words))?)
            }
            _ => None,
        };
        let intent = self.intents.get(&change.address);
        let desired = Desired {
            fields: &wanted.resource.fields,
            org: &wanted.org,
            ids: &wanted.ids,
            marker: intent.and_then(|intent| intent.marker.as_deref()),
            secrets: wanted.secrets,
        };
        let Come { made, error } = self.make(change, &desired, intent).await?;
        let target =
            Target { id: made.object.id.clone(), org: made.object.org.clone(), name: made.object.name.clone() };
        let entry = self.entry(change, &target, made.object.created.clone());
        let mut entry = Entry { predecessors, worn: self.worn(change), ..entry };
        self.overlap(change, &mut entry, NOT_YET);
        self.learn(&change.address, &target.id, target.org.as_deref());
        if let Err((lacks, failed)) = self.finish(kind, &made, &desired).await {
            entry.fields.retain(|field, _| !lacks.contains(field));
            entry.lacks.extend(lacks.iter().cloned());
            self.put(change, entry);
            // The first error is the one that counts.
            return Err(error.unwrap_or_else(|| unfinished(change, &lacks, failed)));
        }
        let (Some(delivery), Some(secret)) = (delivery, made.secret) else {
            self.put(change, entry);
            return error.map_or(Ok(target.id), Err);
        };
        entry.secret = None;
        self.wait(self.written(change, entry.clone())).await?;
        let relieved = entry.predecessors.iter().any(|id| self.works(change, id));
        let answers = !kind.is_inactive(&wanted.resource.fields);
        let switch = async |on: bool| {
            let mut fields = wanted.resource.fields.clone();
            let roles: &[Role] = if on { &[Role::Status, Role::Title] } else { &[Role::Status] };
            let changed: Vec<&'static str> = roles.iter().filter_map(|role| Some(kind.with(*role)?.name)).collect();
            if let Some(status) = kind.with(Role::Status).filter(|_| !on) {
                fields.set(status.name, Value::Text(INACTIVE.to_owned()));
            }
            let desired = Desired { marker: None, fields: &fields, ..desired };
            kind.update(self.writer, &made.object, &desired, &changed).await
        };
        let fingerprint = match delivery.deliver(self.writer, &secret, (relieved, answers), switch).await {
            Ok(fingerprint) => fingerprint,
            Err(failure) => return Err(self.withdraw(change, &target.id, failure).await),
        };
        entry.secret = Some(fingerprint);
        self.overlap(change, &mut entry, self.writer.server_time().unwrap_or(self.snapshot.at));
        self.drop_predecessors(change, &mut entry).await?;
        self.put(change, entry);
        Ok(target.id)
    }

    /// Takes back a new object whose secret did not get where it was to go, unless it works: then the ledger has what it had
    /// before. If it cannot be deleted, the next run does that.
    async fn withdraw(&self, change: &Change, id: &str, failure: Failure) -> Problem {
        if failure.works() {
            let overlaps = !change.overlapping.is_empty();
            return failure.problem(self.writer, if overlaps { Aftermath::Overlaps } else { Aftermath::Works });
        }
        if change.address.kind.delete(self.writer, id).await.is_err() {
            return failure.problem(self.writer, Aftermath::Inactive);
        }
        let address = change.address.clone();
        self.journal.record(match self.old_entry(change) {
            Some(before) => Update::Put(address.clone(), Box::new(before.clone())),
            None => Update::Remove(address.clone()),
        });
        self.journal.record(Update::ClearIntent(address));
        failure.problem(self.writer, Aftermath::Withdrawn)
    }

    /// Whether the object with this ID, which the one of `change` takes over from, works.
    fn works(&self, change: &Change, id: &str) -> bool {
        let delivered = self.old_entry(change).is_some_and(|old| old.secret.is_some());
        let object = self.snapshot.object(change.address.kind, id);
        object.map_or(delivered, |object| !change.address.kind.is_inactive(&object.fields))
    }

    async fn delete_predecessors(&self, change: &Change) -> Result<(), Problem> {
        for id in &change.predecessors {
            let left = |address: &Address| format!("the one that {address} has replaced (ID {id}) still works");
            self.delete_predecessor(change, id, left).await?;
        }
        Ok(())
    }

    /// Deletes an object that the one of `change` has taken over from; where that fails, `left` says what is left.
    async fn delete_predecessor(
        &self,
        change: &Change,
        id: &str,
        left: impl FnOnce(&Address) -> String,
    ) -> Result<(), Problem> {
        let Err(error) = change.address.kind.delete(self.writer, id).await else { return Ok(()) };
        let mut problem = Problem::from(error);
        let message = &mut problem.diagnostic.message;
        *message = format!("{message}; {}", left(&change.address));
        Err(problem)
    }

    /// Deletes the object that the ledger has and the server does not show. Once the user that something acts as is gone, or its
    /// org, the server hides it and keeps its name, which nothing else can have then (influxd 2.9.1, measured).
    async fn delete_hidden(&self, change: &Change) -> Result<(), Problem> {
        let spec = change.address.kind.spec();
        match self.old_entry(change) {
            Some(entry) if spec.unique_everywhere && spec.acts_as_user && entry.is_ours() => {
                Ok(change.address.kind.delete(self.writer, &entry.id).await?)
            }
            _ => Ok(()),
        }
    }

    /// Deletes what the server has kept of the object that the ledger has and that is gone: an interrupted run, or somebody else,
    /// may have deleted no more than the object.
    async fn delete_kept(&self, change: &Change) -> Result<(), Problem> {
        match self.old_entry(change) {
            Some(entry @ Entry { id, org: Some(org), .. }) if entry.is_ours() => {
                Ok(change.address.kind.delete_kept(self.writer, org, id).await?)
            }
            _ => Ok(()),
        }
    }

    async fn wait(&self, update: Update) -> Result<(), Problem> {
        self.journal.record_and_wait(update).await.map_err(Problem::from)
    }

    /// Notes in `entry` since when and for how long what `change` leaves working for a while does: what was taken over from before
    /// goes on as it did then, and the rest is taken over from at `now`.
    fn overlap(&self, change: &Change, entry: &mut Entry, now: u64) {
        let old = self.old_entry(change);
        let begun = |id: &String| old?.succeeded.get(id).copied().filter(|since| *since != NOT_YET);
        let said = change.rotated.as_ref().map(|rotated| rotated.overlap).filter(|length| *length != DEFAULT_OVERLAP);
        let length = |id: &String| if begun(id).is_some() { old?.overlaps.get(id).copied() } else { said };
        let all = || change.overlapping.iter();
        entry.succeeded = all().map(|id| (id.clone(), begun(id).unwrap_or(now))).collect();
        entry.overlaps = all().filter_map(|id| Some((id.clone(), length(id)?))).collect();
    }

    /// The fingerprints of the secrets of what `change` leaves working for a while, as far as they are known.
    fn worn(&self, change: &Change) -> BTreeMap<String, String> {
        let Some(old) = self.old_entry(change) else { return BTreeMap::new() };
        let of = |id: &String| if *id == old.id { old.secret.clone() } else { old.worn.get(id).cloned() };
        change.overlapping.iter().filter_map(|id| Some((id.clone(), of(id)?))).collect()
    }

    /// Deletes what the object has taken over from, but for what goes on working for a while.
    async fn drop_predecessors(&self, change: &Change, entry: &mut Entry) -> Result<(), Problem> {
        let going = &entry.predecessors - &change.overlapping;
        if going.is_empty() {
            return Ok(());
        }
        self.wait(self.written(change, entry.clone())).await?;
        entry.predecessors = change.overlapping.clone();
        entry.succeeded.retain(|id, _| change.overlapping.contains(id));
        entry.overlaps.retain(|id, _| change.overlapping.contains(id));
        entry.worn.retain(|id, _| change.overlapping.contains(id));
        for id in going {
            let left = |address: &Address| {
                format!(
                    "the new {address} works and its secret is delivered, but the old one (ID {id}) still works too"
                )
            };
            self.delete_predecessor(change, &id, left).await?;
        }
        Ok(())
    }

    async fn update(&self, change: &'a Change) -> Result<String, Problem> {
        let kind = change.address.kind;
        let target = change.object.as_ref().expect("an update has an object");
        let live = self.snapshot.object(kind, &target.id).expect("an update's object was read");
        let changed: Vec<&'static str> = change.fields.iter().map(|field| field.field).collect();
        let wanted = self.wanted(change);
        let mut fields = wanted.resource.fields.clone();
        // What nobody looks at stays, unless the object is yet to be given it.
        for ignored in change.lifecycle.ignore.iter().filter(|ignored| !changed.contains(&ignored.as_str())) {
            fields.remove(ignored);
        }
        let desired =
            Desired { fields: &fields, org: &wanted.org, ids: &wanted.ids, marker: None, secrets: wanted.secrets };
        let before = self.announce(change, target).await?;
        if !changed.is_empty()
            && let Err(error) = kind.update(self.writer, live, &desired, &changed).await
        {
            let (problem, entry) = match before {
                Some(entry) => self.after_failure(change, &desired, &entry, error).await,
                None => (Problem::from(error), None),
            };
            if let Some(entry) = entry {
                self.journal.record(Update::Put(self.old_address(change).clone(), Box::new(entry)));
            }
            return Err(problem);
        }
        let mut entry = self.entry(change, target, None);
        self.drop_predecessors(change, &mut entry).await?;
        self.put(change, entry);
        Ok(target.id.clone())
    }

    /// What the ledger has of the object of `change`, with the note that secrets are to be deleted which the server may keep: a run
    /// that ends in between leaves them to the next one.
    async fn announce(&self, change: &Change, target: &Target) -> Result<Option<Entry>, Problem> {
        let known = self.old_entry(change).filter(|entry| entry.id == target.id).cloned();
        let mut leaves = change.leaves_secrets().map(str::to_owned).peekable();
        if leaves.peek().is_none() {
            return Ok(known);
        }
        let mut entry = known.unwrap_or_else(|| record::as_it_is(change, self.resource(change), target, self.snapshot));
        entry.lacks.extend(leaves);
        self.wait(Update::Put(self.old_address(change).clone(), Box::new(entry.clone()))).await?;
        Ok(Some(entry))
    }

    async fn replace(&self, change: &'a Change) -> Result<String, Problem> {
        let target = change.object.as_ref().expect("a replacement has an object");
        let mut predecessors = change.predecessors.clone();
        if change.address.kind.spec().replace == Delete::Last {
            predecessors.insert(target.id.clone());
            return self.create(change, predecessors).await;
        }
        self.is_still_agreed(change).await?;
        change.address.kind.delete(self.writer, &target.id).await?;
        self.create(change, predecessors).await
    }

    async fn delete(&self, change: &'a Change) -> Result<String, Problem> {
        let target = change.object.as_ref().expect("a delete has an object");
        self.is_still_agreed(change).await?;
        self.delete_predecessors(change).await?;
        change.address.kind.delete(self.writer, &target.id).await?;
        self.journal.record(Update::Remove(self.old_address(change).clone()));
        self.journal.record(Update::ClearIntent(change.address.clone()));
        Ok(target.id.clone())
    }
}

fn secret_problem(words: &str) -> Problem {
    Problem::new(Code::SecretFailed, words)
}
