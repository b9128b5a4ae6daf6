//! The tasks behind checks and rules, which no list of tasks has.

use super::id::Id;
use super::links::Templates;
use super::plain::Deed;
use super::problem::Problem;
use super::request::Call;
use super::store::column::Cell;
use super::store::object::Object;
use super::store::task::{self, NewTask, Schedule, Task, TaskUpdate};
use super::store::{Change, Error, Read, View, org};

/// The links of what a hidden task runs.
pub(super) const LINKS: Templates = &[
    ("self", "{path}/{id}"),
    ("labels", "{path}/{id}/labels"),
    ("members", "{path}/{id}/members"),
    ("owners", "{path}/{id}/owners"),
    ("query", "{path}/{id}/query"),
];
/// The column with the ID of the task.
pub(super) const TASK: &str = "taskID";

/// The ID of the task behind `object`.
pub(super) fn id(object: &Object) -> Option<Id> {
    object.text(TASK).parse().ok()
}

/// The task behind `object`.
pub(super) fn find(read: &impl Read, object: &Object) -> Result<Task, Error> {
    match id(object) {
        Some(id) => task::find(read, id),
        None => Err(Problem::not_found("task not found").into()),
    }
}

/// Its status, which is that of the object.
pub(super) fn status(view: &View, object: &Object) -> Result<Option<Cell>, Error> {
    Ok(Some(Cell::Text(find(view, object)?.status)))
}

/// When it last ran.
pub(super) fn latest(view: &View, object: &Object) -> Result<Option<Cell>, Error> {
    let time = find(view, object)?.latest_completed;
    Ok(Some(Cell::Text(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())))
}

/// What a new task runs, and what it is said to be.
pub(super) struct New {
    pub(super) runs: (String, Schedule),
    pub(super) description: String,
    pub(super) status: String,
}

/// Makes the task of a new object, which `insert` keeps.
pub(super) fn create(
    call: &Call,
    object: &mut Object,
    new: New,
    insert: impl FnOnce(&Change, &Object) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let (store, owner) = (call.store(), call.caller()?.user);
    let org = object.org.expect("invariant: what has a task has an org");
    let org_name = org::find(&store.view()?, org).map_err(|_| Problem::not_found("organization not found"))?.name;
    let New { runs: (flux, schedule), description, status } = new;
    let new = NewTask { org, org_name, owner, description, status, flux, schedule, hidden: true };
    store.change(|change| {
        let task = task::create(change, &store.ids, new)?;
        *object.value_mut(TASK) = Cell::Text(task.id.to_string());
        insert(change, object)
    })
}

/// What is done to the task after `deed` was done to `object`: it goes with it. One without its task cannot be deleted.
pub(super) fn after(change: &Change, object: &Object, deed: Deed) -> Result<(), Error> {
    match (deed, id(object)) {
        (Deed::Delete, Some(id)) => task::delete(change, id),
        _ => Ok(()),
    }
}

/// Changes the task behind `object`.
pub(super) fn follow(
    change: &Change,
    object: &Object,
    script: Option<(String, Schedule)>,
    description: Option<String>,
    status: Option<String>,
) -> Result<(), Error> {
    let Some(id) = id(object) else { return Ok(()) };
    task::update(change, id, TaskUpdate { script, description, status }).map(drop)
}
