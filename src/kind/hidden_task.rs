//! The hidden tasks behind checks and rules: whether they run what these say.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::Kind;
use super::live::{Object, ReadScope};
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
        if is_asked(&object) && is_stale(api, wire, &object).await? {
            object.fields.set(field, Value::Text("(its task runs another script)".to_owned()));
        }
        Ok(object)
    });
    stream::iter(looked_at).buffered(AT_ONCE).try_collect().await
}

/// Whether what the task of `object` runs is not what the object says. Not where the token may not read tasks.
async fn is_stale(api: &Client, wire: &Wire, object: &Object) -> Result<bool, ApiError> {
    #[derive(serde::Deserialize)]
    struct Said {
        flux: String,
    }
    let Some(task) = object.fields.text(TASK).filter(|task| Kind::Task.is_id(task)) else { return Ok(false) };
    let runs = match api.get::<Said>(&format!("{}/{task}", Kind::Task.path()), &[]).await {
        Ok(task) => task.flux,
        Err(error) if matches!(error.class, Class::Denied | Class::NotFound) => return Ok(false),
        Err(error) => return Err(error),
    };
    let path = format!("{}/query", wire.at(&object.id));
    match api.get_once::<Said>(&path).await {
        Ok(said) => Ok(said.flux != runs),
        // It says what no script can be made of: a change that failed has left it there, or its endpoint is another one now.
        Err(error) if error.status == Some(500) => Ok(true),
        Err(_) => Ok(api.get::<Said>(&path, &[]).await?.flux != runs),
    }
}
