//! The hidden tasks behind checks and rules: whether they run what these say.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::Kind;
use super::live::{Object, Presence, RUNS, ReadScope, Standing, UNREAD};
use super::schedule::{duration, without_zero};
use super::wire::{Row, Wire};
use crate::api::{ApiError, Class, Client};
use crate::flux::{LiveScript, Spanned, TaskOption};
use crate::value::{Fields, Value};

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

/// `objects` of the kind of `wire`, where those that are `asked` for and whose tasks run something else have a note in the fields in
/// which these differ: in `field` where it is none of the schedule. `script` makes the script out of the row of the object with an ID as
/// the server does; where the task has that one, the server is not asked for it, which takes long.
pub(super) async fn looked_at(
    api: &Client,
    wire: &Wire,
    objects: Vec<(Object, String)>,
    asked: ReadScope<'_>,
    field: &'static str,
    script: impl Fn(&str, &str) -> Option<String>,
) -> Result<Vec<Object>, ApiError> {
    let script = &script;
    let looked_at = objects.into_iter().map(async |(mut object, row)| {
        if is_asked(&object, asked, field) {
            let script = || script(&object.id, &row);
            match runs(api, wire, &object, script).await? {
                Runs::AsSaid => {}
                Runs::At(notes) => notes.into_iter().for_each(|(of, note)| object.fields.set(of, note)),
                Runs::Otherwise => object.fields.set(field, Value::Note("its task runs another script".to_owned())),
                Runs::Unread => object.fields.set(UNREAD, Value::Text(Kind::Task.spec().ty.to_owned())),
            }
        }
        Ok(object)
    });
    stream::iter(looked_at).buffered(AT_ONCE).try_collect().await
}

/// Whether the task of `object` counts, of which `field` is read.
pub(super) fn is_asked(object: &Object, asked: ReadScope<'_>, field: &str) -> bool {
    (asked.field)(field) && (asked.object)(&object.id, &object.name)
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

/// Whether the task runs what the object with these fields says, as far as [`looked_at`] has found.
pub(super) fn is_followed(fields: &Fields) -> bool {
    ["every", "offset", "flux", "endpoint"].iter().all(|field| !matches!(fields.get(field), Some(Value::Note(_))))
}

/// What the task of an object runs.
#[derive(Debug, PartialEq, Eq)]
enum Runs {
    /// What the object says.
    AsSaid,
    /// That, at other times: what is said of these in the fields about them.
    At(Vec<(&'static str, Value)>),
    /// Something else.
    Otherwise,
    /// What the token may not read.
    Unread,
}

/// What the task of `object` runs, of which `script` may know the script.
async fn runs(
    api: &Client,
    wire: &Wire,
    object: &Object,
    script: impl FnOnce() -> Option<String>,
) -> Result<Runs, ApiError> {
    #[derive(serde::Deserialize)]
    struct Said {
        flux: String,
    }
    let Some(task) = object.fields.text(TASK).filter(|task| Kind::Task.is_id(task)) else { return Ok(Runs::AsSaid) };
    let runs = match api.get::<Said>(&format!("{}/{task}", Kind::Task.path()), &[]).await {
        Ok(task) => task.flux,
        Err(error) if error.class == Class::Denied => return Ok(Runs::Unread),
        Err(error) if error.class == Class::NotFound => return Ok(Runs::AsSaid),
        Err(error) => return Err(error),
    };
    if script().is_some_and(|script| script == runs) {
        return Ok(Runs::AsSaid);
    }
    let path = format!("{}/query", wire.at(&object.id));
    match api.get_once::<Said>(&path).await {
        Ok(said) => Ok(compared(&said.flux, &runs)),
        // It says what no script can be made of: a change that failed has left it there, or its endpoint is another one now.
        Err(error) if error.status == Some(500) => Ok(Runs::Otherwise),
        Err(_) => Ok(compared(&api.get::<Said>(&path, &[]).await?.flux, &runs)),
    }
}

/// What a task with the script `runs` does of what `said` says.
fn compared(said: &str, runs: &str) -> Runs {
    if said == runs {
        return Runs::AsSaid;
    }
    let (Ok(said), Ok(runs)) = (LiveScript::read(said, None), LiveScript::read(runs, None)) else {
        return Runs::Otherwise;
    };
    let (Some(as_said), Some(task)) = (&said.task, &runs.task) else { return Runs::Otherwise };
    if said.body != runs.body || rest(as_said) != rest(task) {
        return Runs::Otherwise;
    }
    let time = |text: &Option<Spanned<String>>| without_zero(duration(text.as_ref().map(|text| text.value.as_str())));
    let differs = |field: &'static str, said: &Option<Spanned<String>>, runs: &Option<Spanned<String>>| {
        let note = match time(runs) {
            Value::Unset => format!("its task has no `{field}`"),
            other => format!("its task has {other}"),
        };
        (time(said) != time(runs)).then(|| (field, Value::Note(note)))
    };
    let every = differs("every", &as_said.every, &task.every);
    let notes: Vec<_> = every.into_iter().chain(differs("offset", &as_said.offset, &task.offset)).collect();
    if notes.is_empty() { Runs::AsSaid } else { Runs::At(notes) }
}

/// What `option task` says besides the schedule.
fn rest(task: &TaskOption) -> Vec<(&str, &str)> {
    let of = [("name", &task.name), ("cron", &task.cron)];
    let named = of.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?)));
    let extra = task.extra.iter().map(|(key, text)| (key.as_str(), text));
    named.chain(extra).map(|(key, text)| (key, text.value.as_str())).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_told_from_what_does_not() {
        const SAID: &str = "option task = {name: \"c\", every: 1m, offset: 0s}\n\nx = 1";
        let note = |field, words: &str| (field, Value::Note(words.to_owned()));
        for (runs, is) in [
            (SAID.to_owned(), Runs::AsSaid),
            (SAID.replace("1m, offset: 0s", "60s"), Runs::AsSaid),
            (SAID.replace("x = 1", "// by hand\nx=1"), Runs::AsSaid),
            (SAID.replace("1m", "5m"), Runs::At(vec![note("every", "its task has 5m")])),
            (SAID.replace("every: 1m, offset: 0s", "cron: \"@daily\""), Runs::Otherwise),
            (
                SAID.replace("1m, offset: 0s", "2m, offset: 10s"),
                Runs::At(vec![note("every", "its task has 2m"), note("offset", "its task has 10s")]),
            ),
            (SAID.replace("x = 1", "x = 2"), Runs::Otherwise),
            (SAID.replace("\"c\"", "\"d\""), Runs::Otherwise),
            (SAID.replace("1m", "1m, retry: 3"), Runs::Otherwise),
            ("x = 1".to_owned(), Runs::Otherwise),
            ("x = \"".to_owned(), Runs::Otherwise),
        ] {
            assert_eq!(compared(SAID, &runs), is, "{runs}");
        }
        let later = SAID.replace("0s", "5s");
        assert_eq!(compared(&later, SAID), Runs::At(vec![note("offset", "its task has no `offset`")]));
    }
}
