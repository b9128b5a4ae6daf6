//! Tasks. They are kept and shown, not run.

use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};
use serde::{Deserialize, Serialize};

use super::{Change, Error, Order, Read, Table, decode_id, pair};
use crate::server::id::{Id, Snowflakes};

pub(crate) const TASKS: Table = Table::new("tasks");
/// By org and task.
pub(crate) const TASKS_BY_ORG: Table = Table::new("tasks_by_org");

/// What a script says about its schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schedule {
    pub(crate) name: String,
    /// As written, `60m` stays `60m`; empty if `cron` is set.
    pub(crate) every: String,
    pub(crate) cron: String,
    pub(crate) offset: SignedDuration,
}

/// A task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: Id,
    pub(crate) org: Id,
    /// The org's name when the task was made; a later rename of the org does not reach it.
    pub(crate) org_name: String,
    pub(crate) owner: Id,
    pub(crate) description: String,
    pub(crate) status: String,
    pub(crate) flux: String,
    pub(crate) schedule: Schedule,
    pub(crate) latest_completed: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
    /// Whether it is behind something else, and no list has it.
    #[serde(default)]
    pub(crate) hidden: bool,
}

/// What to make a task from.
pub(crate) struct NewTask {
    pub(crate) org: Id,
    pub(crate) org_name: String,
    pub(crate) owner: Id,
    pub(crate) description: String,
    pub(crate) status: String,
    pub(crate) flux: String,
    pub(crate) schedule: Schedule,
    pub(crate) hidden: bool,
}

/// What to change; `None` stays.
#[derive(Default)]
pub(crate) struct TaskUpdate {
    pub(crate) script: Option<(String, Schedule)>,
    pub(crate) description: Option<String>,
    pub(crate) status: Option<String>,
}

/// Which tasks to list.
pub(crate) struct TaskFilter {
    pub(crate) org: Option<Id>,
    pub(crate) owner: Option<Id>,
    pub(crate) name: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) after: Option<Id>,
    pub(crate) limit: usize,
}

impl TaskFilter {
    /// With an owner the org does not count, as on the real server.
    fn matches(&self, task: &Task) -> bool {
        !task.hidden
            && self.name.as_ref().is_none_or(|name| *name == task.schedule.name)
            && self.status.as_ref().is_none_or(|status| *status == task.status)
            && self.owner.is_none_or(|owner| owner == task.owner)
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    time.round(TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor)).unwrap_or(time)
}

/// The task with this ID.
pub(crate) fn find(read: &impl Read, id: Id) -> Result<Task, Error> {
    read.found(TASKS, id, "task not found")
}

/// A page of tasks by ID, from the one after `after` on.
pub(crate) fn list(read: &impl Read, filter: &TaskFilter) -> Result<Vec<Task>, Error> {
    let by_org = filter.org.filter(|_| filter.owner.is_none());
    let ids = match by_org {
        Some(org) => ids_of_org(read, org, filter.after)?,
        None => ids_of_all(read, filter.after)?,
    };
    let mut tasks = Vec::new();
    for id in ids {
        let Some(task) = read.record::<Task>(TASKS, id)? else {
            continue;
        };
        if filter.matches(&task) {
            tasks.push(task);
            if tasks.len() >= filter.limit {
                break;
            }
        }
    }
    Ok(tasks)
}

fn ids_of_org(read: &impl Read, org: Id, after: Option<Id>) -> Result<Vec<Id>, Error> {
    let start = after.map(|after| pair(org, after));
    let mut ids = Vec::new();
    read.scan(TASKS_BY_ORG, &org.key(), Order::Ascending, start.as_ref().map(<[u8; 16]>::as_slice), &mut |key, _| {
        ids.push(decode_id(&key[8..])?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(without_first(ids, after))
}

fn ids_of_all(read: &impl Read, after: Option<Id>) -> Result<Vec<Id>, Error> {
    let start = after.map(Id::key);
    let mut ids = Vec::new();
    read.scan(TASKS, b"", Order::Ascending, start.as_ref().map(<[u8; 8]>::as_slice), &mut |key, _| {
        ids.push(decode_id(key)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(without_first(ids, after))
}

/// The real server skips the first row from `after` on, even if it is not the one named.
fn without_first(mut ids: Vec<Id>, after: Option<Id>) -> Vec<Id> {
    if after.is_some() && !ids.is_empty() {
        ids.remove(0);
    }
    ids
}

/// Makes a task.
pub(crate) fn create(change: &Change, ids: &Snowflakes, new: NewTask) -> Result<Task, Error> {
    let created_at = whole_seconds(Timestamp::now());
    let task = Task {
        id: ids.next(),
        org: new.org,
        org_name: new.org_name,
        owner: new.owner,
        description: new.description,
        status: new.status,
        flux: new.flux,
        schedule: new.schedule,
        latest_completed: created_at,
        created_at,
        updated_at: None,
        hidden: new.hidden,
    };
    change.put(TASKS_BY_ORG, &pair(task.org, task.id), b"")?;
    change.put_record(TASKS, task.id, &task)?;
    Ok(task)
}

/// Changes a task; activating it moves `latest_completed`, so that nothing is run for the time between.
pub(crate) fn update(change: &Change, id: Id, update: TaskUpdate) -> Result<Task, Error> {
    let mut task = find(change, id)?;
    let now = Timestamp::now();
    if let Some((flux, schedule)) = update.script {
        task.flux = flux;
        task.schedule = schedule;
        task.updated_at = Some(now);
    }
    if let Some(description) = update.description {
        task.description = description;
        task.updated_at = Some(now);
    }
    if let Some(status) = update.status.filter(|status| *status != task.status) {
        task.status = status;
        task.updated_at = Some(now);
        if task.status == "active" {
            task.latest_completed = whole_seconds(now);
        }
    }
    change.put_record(TASKS, id, &task)?;
    Ok(task)
}

/// Deletes a task.
pub(crate) fn delete(change: &Change, id: Id) -> Result<(), Error> {
    let task = find(change, id)?;
    change.delete(TASKS_BY_ORG, &pair(task.org, id))?;
    change.delete(TASKS, &id.key())
}

/// Deletes all tasks of an org.
pub(super) fn delete_of_org(change: &Change, org: Id) -> Result<(), Error> {
    ids_of_org(change, org, None)?.into_iter().try_for_each(|id| delete(change, id))
}
