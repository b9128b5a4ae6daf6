//! The hidden tasks behind checks and rules: whether they run what these say.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::Kind;
use super::live::{Object, Presence, RUNS, ReadScope, Standing, UNREAD};
use super::wire::{Row, Wire};
use crate::api::{ApiError, Class, Client};
use crate::value::Value;

/// The key of the task's ID in replies, and of a field that no table has: the task's ID.
pub(super) const TASK: &str = "taskID";
/// Objects whose tasks are looked at, at once.
const AT_ONCE: usize = 8;

/// Puts the ID of the task into `object`, which is in `row`.
pub(super) fn note(row: &Row, object: &mut Object) -> Result<(), String> {
    if let Some(task) = row.get(TASK)? {
        object.fields.set(TASK, Value::Text(task));
    }
    Ok(())
}

/// `objects` of the kind of `wire`, where those that are `asked` for and whose tasks run something else have in `field` what no
/// manifest can say.
pub(super) async fn looked_at(
    api: &Client,
    wire: &Wire,
    objects: Vec<Object>,
    asked: ReadScope<'_>,
    field: &'static str,
) -> Result<Vec<Object>, ApiError> {
    let is_asked = |object: &Object| (asked.field)(field) && (asked.object)(&object.id, &object.name);
    let looked_at = objects.into_iter().map(async |mut object| {
        if is_asked(&object) {
            match is_stale(api, wire, &object).await? {
                Some(true) => object.fields.set(field, Value::Text("(its task runs another script)".to_owned())),
                Some(false) => {}
                None => object.fields.set(UNREAD, Value::Text(Kind::Task.spec().ty.to_owned())),
            }
        }
        Ok(object)
    });
    stream::iter(looked_at).buffered(AT_ONCE).try_collect().await
}

/// Says of `task`, which no list has, what it runs, where that is seen.
pub(super) async fn told(api: &Client, task: &mut Object) -> Result<(), ApiError> {
    let Some(org) = task.org.clone() else { return Ok(()) };
    for kind in [Kind::Check, Kind::NotificationRule] {
        let all = kind.list(api, &[&org], ReadScope::NOTHING).await?;
        let Some(runs) = all.into_iter().find(|object| object.fields.text(TASK) == Some(&task.id)) else { continue };
        task.standing = Standing::System;
        task.fields.set(RUNS, Value::Text(format!("the {kind} {:?} (ID {})", runs.name, runs.id)));
    }
    Ok(())
}

/// Whether what the task of `object` runs is not what the object says; none where the token may not read the task.
async fn is_stale(api: &Client, wire: &Wire, object: &Object) -> Result<Option<bool>, ApiError> {
    #[derive(serde::Deserialize)]
    struct Said {
        flux: String,
    }
    let Some(task) = object.fields.text(TASK).filter(|task| Kind::Task.is_id(task)) else { return Ok(Some(false)) };
    let runs = match api.get::<Said>(&format!("{}/{task}", Kind::Task.path()), &[]).await {
        Ok(task) => task.flux,
        Err(error) if error.class == Class::Denied => return Ok(None),
        Err(error) if error.class == Class::NotFound => return Ok(Some(false)),
        Err(error) => return Err(error),
    };
    let path = format!("{}/query", wire.at(&object.id));
    match api.get_once::<Said>(&path).await {
        Ok(said) => Ok(Some(said.flux != runs)),
        // It says what no script can be made of: a change that failed has left it there, or its endpoint is another one now.
        Err(error) if error.status == Some(500) => Ok(Some(true)),
        Err(_) => Ok(Some(api.get::<Said>(&path, &[]).await?.flux != runs)),
    }
}

/// What a GET by ID has shown. Of an object without its task the server says that the task is missing, to whatever is asked of the
/// object, and keeps its name (influxd 2.9.1, measured of checks).
pub(super) fn presence(reply: Result<Object, ApiError>) -> Result<Presence, ApiError> {
    match reply {
        Err(error) if error.class == Class::NotFound && error.message.ends_with("task not found") => {
            Ok(Presence::Hidden)
        }
        reply => Presence::of(reply),
    }
}
